//! The policy: which subjects may spend how much, and when to say so.
//!
//! A policy is read whole or not at all ([`Policy::parse`]); every fault is reported with its place and its fix, all at once.

mod fault;
mod parse;

use jiff::tz::TimeZone;
use rust_decimal::Decimal;

pub use fault::{PolicyFault, PolicyFaults};

use super::charge::Scope;
use super::money::{Amount, Currency};
use super::number::Number;
use super::period::PeriodKind;

/// A policy without fault.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Where days and months turn.
    pub time_zone: TimeZone,
    /// The IANA name of `time_zone`.
    pub time_zone_name: String,
    /// For how many civil days a closed period is still judged.
    pub late_charges_days: u32,
    /// What becomes of charges in a currency that no budget covers.
    pub unwatched: Unwatched,
    /// How alerts are put into messages.
    pub group_by: GroupBy,
    /// At least one; no two of one name; no two equally specific.
    pub budgets: Vec<Budget>,
}

/// What becomes of charges in a currency that no budget covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unwatched {
    /// Reported once a period.
    Notify,
    /// Not reported.
    Ignore,
}

/// How alerts are put into messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupBy {
    /// One message for all of a run's new alerts.
    Run,
    /// One message for each.
    Subject,
}

/// What each subject of a scope may spend in a period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Budget {
    /// The name by which people know it.
    pub name: String,
    /// What it is for.
    pub scope: Scope,
    /// Which subjects of the scope.
    pub only: Only,
    /// The currency of `amount`.
    pub currency: Currency,
    /// What each subject may spend a period.
    pub amount: Amount,
    /// Day, week or month.
    pub period: PeriodKind,
    /// The levels at which to alert, lowest first; at least one.
    pub levels: Vec<Level>,
}

/// A part of a budget whose reaching is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level {
    /// Percent of the budget's amount.
    pub percent: Decimal,
    /// The amount itself: reached when spent ≥ threshold.
    pub threshold: Amount,
}

/// The level as people write it: `80%`.
impl std::fmt::Display for Level {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}%", self.percent.normalize())
    }
}

/// Which subjects a budget is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Only {
    /// Each subject of the scope.
    Everyone,
    /// Those that a pattern names.
    These(Vec<Pattern>),
}

/// One entry of `only`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pattern {
    /// This subject.
    Exactly(String),
    /// This billing number, with all its extensions if the entry names none.
    Number(Number),
    /// Every subject that begins so (written with a star at the end).
    Prefix(String),
    /// Every billing number whose digits begin so.
    Digits(String),
}

/// The entry as it is written in a policy.
impl std::fmt::Display for Pattern {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Pattern::Exactly(text) => out.write_str(text),
            Pattern::Number(number) => number.fmt(out),
            Pattern::Prefix(text) => write!(out, "{text}*"),
            Pattern::Digits(text) => write!(out, "+{text}*"),
        }
    }
}

/// How closely a budget names a subject; the closest alone applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Closeness {
    Everyone,
    Prefix(usize),
    /// The number without its extension.
    Number,
    Exactly,
}

impl Pattern {
    fn closeness(&self, subject: &str, number: Option<&Number>) -> Option<Closeness> {
        match self {
            Pattern::Exactly(text) => (text == subject).then_some(Closeness::Exactly),
            Pattern::Number(entry) => {
                let covered = number.filter(|number| entry.covers(number))?;
                Some(if covered == entry { Closeness::Exactly } else { Closeness::Number })
            }
            Pattern::Prefix(start) => subject.starts_with(start.as_str()).then_some(Closeness::Prefix(start.len())),
            Pattern::Digits(start) => {
                let digits = number?.digits();
                digits.starts_with(start.as_str()).then_some(Closeness::Prefix(start.len()))
            }
        }
    }
}

impl Budget {
    fn closeness(&self, subject: &str, number: Option<&Number>) -> Option<Closeness> {
        match &self.only {
            Only::Everyone => Some(Closeness::Everyone),
            Only::These(patterns) => patterns.iter().filter_map(|pattern| pattern.closeness(subject, number)).max(),
        }
    }

    /// Whether the budget names this subject of its scope.
    #[must_use]
    pub fn names(&self, subject: &str) -> bool {
        self.closeness(subject, number_of(self.scope, subject).as_ref()).is_some()
    }
}

fn number_of(scope: Scope, subject: &str) -> Option<Number> {
    if scope == Scope::BillingNumber { Number::parse(subject) } else { None }
}

impl Policy {
    /// The one budget that applies to a subject: an exact name before the longest prefix before no `only`.
    #[must_use]
    pub fn budget_for(&self, scope: Scope, subject: &str, currency: Currency, period: PeriodKind) -> Option<&Budget> {
        let number = number_of(scope, subject);
        self.budgets
            .iter()
            .filter(|budget| budget.scope == scope && budget.currency == currency && budget.period == period)
            .filter_map(|budget| Some((budget.closeness(subject, number.as_ref())?, budget)))
            .max_by_key(|(closeness, _)| *closeness)
            .map(|(_, budget)| budget)
    }

    /// The kinds of period that any budget has, shortest first.
    #[must_use]
    pub fn period_kinds(&self) -> Vec<PeriodKind> {
        let mut kinds: Vec<_> = self.budgets.iter().map(|budget| budget.period).collect();
        kinds.sort_unstable();
        kinds.dedup();
        kinds
    }
}

#[cfg(test)]
mod tests;
