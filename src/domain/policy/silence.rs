//! Silences: findings that are held back until a moment.
//!
//! A silenced finding is decided as ever and recorded nowhere, so that it is due as soon as the silence is over, if it is still true.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};

use super::subjects::Only;
use crate::domain::charge::Scope;

/// The longest silence, in civil days.
pub(super) const MOST_SILENT_DAYS: i64 = 92;
/// For so long after a silence, what it may have held back goes out in one message.
const AFTERMATH: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What a silence that selects can hold back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Watch {
    /// A level of a budget.
    Budget,
    /// A forecast of a budget.
    Forecast,
    /// A spike.
    Spike,
}

/// What a finding is about, as far as a silence can select it.
#[derive(Clone, Copy, Debug)]
pub struct Watched<'f> {
    /// What was found.
    pub watch: Watch,
    /// The name of the budget or spike.
    pub name: &'f str,
    /// What `subject` is.
    pub scope: Scope,
    /// The billing number, department, cost center, extension or account.
    pub subject: &'f str,
}

/// Holds findings back for a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Silence {
    /// Why, in the words of the policy.
    pub reason: String,
    /// The first moment.
    pub from: Timestamp,
    /// The first moment after it.
    pub until: Timestamp,
    /// What it holds back.
    pub what: Selection,
}

/// What a silence holds back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selection {
    /// Every finding, corrections and unwatched currencies too.
    All,
    /// Findings of budgets, forecasts and spikes that all of these select.
    Some {
        /// The name of a budget.
        budget: Option<String>,
        /// The name of a spike.
        spike: Option<String>,
        /// A scope.
        scope: Option<Scope>,
        /// Subjects.
        only: Only,
        /// Kinds; empty for all three.
        kinds: Vec<Watch>,
    },
}

impl Silence {
    /// Whether it lasts as long as a silence may.
    #[must_use]
    pub fn is_longest(&self, zone: &TimeZone) -> bool {
        self.from == earliest_start(self.until, zone)
    }

    /// Whether it holds back what it selects.
    #[must_use]
    pub fn is_active(&self, at: Timestamp) -> bool {
        self.from <= at && at < self.until
    }

    /// Whether it is over.
    #[must_use]
    pub fn is_over(&self, at: Timestamp) -> bool {
        self.until <= at
    }

    /// `later`, `active` or `over`.
    #[must_use]
    pub fn status(&self, at: Timestamp) -> &'static str {
        match (self.is_active(at), self.is_over(at)) {
            (true, _) => "active",
            (_, true) => "over",
            _ => "later",
        }
    }

    /// Whether it has just ended, so that what it held back comes out now.
    #[must_use]
    pub fn has_just_ended(&self, at: Timestamp) -> bool {
        self.is_over(at) && at.duration_since(self.until) < AFTERMATH
    }

    /// Whether it selects a finding; `None` stands for one that only `all` selects.
    #[must_use]
    pub fn selects(&self, watched: Option<Watched<'_>>) -> bool {
        let Selection::Some { budget, spike, scope, only, kinds } = &self.what else { return true };
        let Some(Watched { watch, name, scope: its_scope, subject }) = watched else { return false };
        let names =
            |wanted: &Option<String>, is_one: bool| wanted.as_deref().is_none_or(|wanted| is_one && wanted == name);
        names(budget, watch != Watch::Spike)
            && names(spike, watch == Watch::Spike)
            && scope.is_none_or(|scope| scope == its_scope)
            && only.names(its_scope, subject)
            && (kinds.is_empty() || kinds.contains(&watch))
    }
}

/// The earliest beginning of a silence that ends at a moment.
#[must_use]
pub(super) fn earliest_start(until: Timestamp, zone: &TimeZone) -> Timestamp {
    let start = until.to_zoned(zone.clone()).checked_sub(MOST_SILENT_DAYS.days());
    start.map_or(Timestamp::MIN, |start| start.timestamp())
}
