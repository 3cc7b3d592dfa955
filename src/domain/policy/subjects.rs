//! Which subjects of a scope something is for, and how closely it names them.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::domain::charge::Scope;
use crate::domain::number::Number;

/// Which subjects of a scope a budget, a spike or a silence is for.
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

/// The subjects of a scope that were seen, to be asked by many an `only`.
#[derive(Clone, Debug)]
pub struct Subjects {
    names: BTreeSet<Arc<str>>,
    numbers: BTreeSet<Number>,
}

impl Subjects {
    /// These subjects of a scope.
    #[must_use]
    pub fn of(scope: Scope, names: BTreeSet<Arc<str>>) -> Subjects {
        let numbers = names.iter().filter_map(|name| number_of(scope, name)).collect();
        Subjects { names, numbers }
    }

    /// Whether one of them is named.
    #[must_use]
    pub fn any(&self, only: &Only) -> bool {
        match only {
            Only::Everyone => !self.names.is_empty(),
            Only::These(patterns) => patterns.iter().any(|pattern| self.any_of(pattern)),
        }
    }

    fn any_of(&self, pattern: &Pattern) -> bool {
        let first_with = |digits: &str| self.numbers.range(Number::first_with(digits)..).next();
        match pattern {
            Pattern::Exactly(text) => self.names.contains(text.as_str()),
            // Numbers are ordered by their digits, and without an extension before those with one.
            Pattern::Number(entry) => self.numbers.range(entry..).next().is_some_and(|number| entry.covers(number)),
            Pattern::Prefix(start) => {
                let from = (std::ops::Bound::Included(start.as_str()), std::ops::Bound::Unbounded);
                self.names.range::<str, _>(from).next().is_some_and(|name| name.starts_with(start.as_str()))
            }
            Pattern::Digits(start) => first_with(start).is_some_and(|number| number.digits().starts_with(start)),
        }
    }
}

/// How closely a subject is named; of several budgets, or spikes, the closest alone applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Closeness {
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

impl Only {
    /// The entries as they are written in a policy.
    #[must_use]
    pub fn entries(&self) -> Vec<String> {
        match self {
            Only::Everyone => Vec::new(),
            Only::These(patterns) => patterns.iter().map(ToString::to_string).collect(),
        }
    }

    /// How closely a subject is named, with its number if it is one.
    pub(super) fn closeness(&self, subject: &str, number: Option<&Number>) -> Option<Closeness> {
        match self {
            Only::Everyone => Some(Closeness::Everyone),
            Only::These(patterns) => patterns.iter().filter_map(|pattern| pattern.closeness(subject, number)).max(),
        }
    }

    /// Whether this subject of a scope is named.
    #[must_use]
    pub fn names(&self, scope: Scope, subject: &str) -> bool {
        self.closeness(subject, number_of(scope, subject).as_ref()).is_some()
    }
}

/// The number that a subject is, in the one scope whose subjects are numbers.
pub(super) fn number_of(scope: Scope, subject: &str) -> Option<Number> {
    if scope == Scope::BillingNumber { Number::parse(subject) } else { None }
}
