//! The policy: which subjects may spend how much, what is unusual, who hears of it, and when not.
//!
//! A policy is read whole or not at all ([`Policy::parse`]); every fault is reported with its place and its fix, all at once.

mod fault;
#[cfg(any(test, feature = "cli"))]
mod foreseeing;
mod index;
mod owners;
mod parse;
#[cfg(feature = "cli")]
mod schema;
mod silence;
mod subjects;
mod watches;

use std::collections::BTreeSet;

use jiff::tz::TimeZone;

pub use fault::{PolicyFault, PolicyFaults};
pub use index::Indexed;
pub use owners::{DEFAULT_OWNER, Owner, Receiver, Receivers, topic_arn};
#[cfg(feature = "cli")]
pub use schema::schema;
pub use silence::{Selection, Silence, Watch, Watched};
pub use subjects::{Only, Pattern, Subjects};
pub use watches::{Budget, Level, Spike};

use super::charge::Scope;
use super::money::Currency;
use super::period::PeriodKind;
use super::product::{Product, Products};
use subjects::number_of;

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
    /// How messages name who sent.
    pub senders: Senders,
    /// The kind of period after which each receiver gets a summary.
    pub digest: Option<PeriodKind>,
    /// The reports that are read, each once, in the order of [`Product::ALL`]; at least one.
    pub products: Vec<Product>,
    /// No two of one name; no two equally specific. At least one, or a spike.
    pub budgets: Indexed<Budget>,
    /// No two of one name; no two equally specific.
    pub spikes: Indexed<Spike>,
    /// All owners but [`DEFAULT_OWNER`].
    pub owners: Vec<Owner>,
    /// What is held back, and until when.
    pub silences: Vec<Silence>,
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

/// How messages name who sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Senders {
    /// By extension and name.
    Name,
    /// By extension.
    Extension,
    /// Not at all.
    None,
}

/// Something that names subjects by `only`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Selector<'p> {
    /// `budget`, `spike` or `silence`.
    pub what: &'static str,
    /// Its name; of a silence, its reason.
    pub name: &'p str,
    /// What the subjects are.
    pub scope: Scope,
    /// The subjects.
    pub only: &'p Only,
}

impl Policy {
    /// The one budget that applies to a subject: an exact name before the longest prefix before no `only`.
    #[must_use]
    pub fn budget_for(
        &self,
        products: Products,
        scope: Scope,
        (subject, currency): (&str, Currency),
        period: PeriodKind,
    ) -> Option<&Budget> {
        self.budgets.closest((products, scope, currency, Some(period)), subject, number_of(scope, subject).as_ref())
    }

    /// The one spike that watches a subject, chosen as a budget is.
    #[must_use]
    pub fn spike_for(&self, product: Product, scope: Scope, (subject, currency): (&str, Currency)) -> Option<&Spike> {
        let among = (Products::One(product), scope, currency, None);
        self.spikes.closest(among, subject, number_of(scope, subject).as_ref())
    }

    /// All that is read: a policy that reads one product means that one.
    #[must_use]
    pub fn all(&self) -> Products {
        match self.products.as_slice() {
            [only] => Products::One(*only),
            _ => Products::All,
        }
    }

    /// Whether more is read than messages, so that answers and messages have to say what is meant.
    #[must_use]
    pub fn names_products(&self) -> bool {
        self.products != [Product::Sms]
    }

    /// What budgets and spikes count, each once.
    #[must_use]
    pub fn counted(&self) -> BTreeSet<Products> {
        let spikes = self.spikes.iter().map(|spike| Products::One(spike.product));
        self.budgets.iter().map(|budget| budget.products).chain(spikes).collect()
    }

    /// All that names subjects by `only`: budgets, spikes and silences.
    pub fn selectors(&self) -> impl Iterator<Item = Selector<'_>> {
        let budgets = self.budgets.iter().map(|Budget { name, scope, only, .. }| ("budget", name, *scope, only));
        let spikes = self.spikes.iter().map(|Spike { name, scope, only, .. }| ("spike", name, *scope, only));
        let silences = self.silences.iter().filter_map(|silence| match &silence.what {
            Selection::Some { scope: Some(scope), only, .. } => Some(("silence", &silence.reason, *scope, only)),
            _ => None,
        });
        let all =
            budgets.chain(spikes).chain(silences).map(|(what, name, scope, only)| Selector { what, name, scope, only });
        all.filter(|selector| *selector.only != Only::Everyone)
    }

    /// All receivers, `default` first.
    #[must_use]
    pub fn receivers(&self, default_topic_arn: &str) -> Receivers {
        Receivers::of(&self.owners, default_topic_arn)
    }

    /// Whether anything is forecast or watched for spikes.
    #[must_use]
    pub fn looks_ahead(&self) -> bool {
        !self.spikes.is_empty() || self.budgets.iter().any(|budget| !budget.forecasts.is_empty())
    }

    /// The kinds of period that any budget has, shortest first. Spikes are judged by the day. Without a budget, currencies that none covers are
    /// reported by the month.
    #[must_use]
    pub fn period_kinds(&self) -> Vec<PeriodKind> {
        let days = self.spikes.first().map(|_| PeriodKind::Day);
        let month = self.budgets.is_empty().then_some(PeriodKind::Month);
        let budgets = self.budgets.iter().map(|budget| budget.period);
        let mut kinds: Vec<_> = budgets.chain(days).chain(month).collect();
        kinds.sort_unstable();
        kinds.dedup();
        kinds
    }
}

#[cfg(test)]
mod tests;
