//! What estimates, forecasts and spikes of a day rest on: a few numbers for each subject, made from its past days once a day.
//!
//! A run of every hour cannot look through thirteen months. The first run of a civil day does, and leaves what the methods need (see
//! [`super::foresight`]); the others use that. Past days are **complete and consecutive**: a day that no run has read is not a day without
//! charges, so the history of all subjects starts after the last such day.

mod maker;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::ToSpan as _;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::charge::Scope;
use super::estimates::{Bound, Watch};
use super::foresight::forecast::Outlook;
use super::foresight::spike::LEAST_DAYS;
use super::money::{Amount, Currency};
use super::period::PeriodKind;
pub use super::places::Subject;
#[cfg(any(test, feature = "cli"))]
use super::policy::Level;
use super::policy::{Policy, Spike};
use super::product::Products;
pub use maker::Maker;

/// What forecasts and spikes of one civil day rest on.
#[derive(Clone, Debug, PartialEq)]
pub struct Baselines {
    /// Complete, consecutive days before it that are known.
    pub days: u32,
    /// The first day that is judged for spikes; the baseline's own day is the last.
    pub judged: Date,
    /// By subject; those alone that a spike, or a budget of a week or a month, is for.
    pub subjects: BTreeMap<Subject, Baseline>,
}

/// What is known of one subject.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Baseline {
    /// What is still to come in the running week, if the subject has a budget for it.
    pub week: Option<Outlook>,
    /// What is still to come in the running month, if the subject has a budget for it.
    pub month: Option<Outlook>,
    /// What was spent on the last 7 complete days, and on the 7 before.
    pub pace: [Amount; 2],
    /// The days that are judged for spikes, oldest first and today last, as far as the subject is watched.
    pub watched: Vec<WatchedDay>,
}

/// What a day is held against.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct WatchedDay {
    /// What is usual, if there is enough history.
    pub bound: Option<Bound>,
    /// The spikes before it that one on this day may belong to.
    pub episode: Option<Episode>,
}

impl Default for Baselines {
    fn default() -> Baselines {
        Baselines { days: 0, judged: Date::MAX, subjects: BTreeMap::new() }
    }
}

/// Spikes that belong together: no seven days in a row without one are between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Episode {
    /// The day of the first.
    pub first: Date,
    /// The day of the last so far.
    pub last: Date,
}

/// Days without a spike that end an episode.
const CALM_DAYS: i32 = 7;
/// In an episode, a count is reported again from so many times the reported one on.
pub const AGAIN_AT: u64 = 2;

impl Episode {
    /// The episode that a spike on this day belongs to.
    #[must_use]
    pub fn with(before: Option<Episode>, day: Date) -> Episode {
        let is_near = |episode: &Episode| episode.last.until(day).is_ok_and(|span| span.get_days() <= CALM_DAYS);
        let first = before.filter(is_near).map_or(day, |episode| episode.first);
        Episode { first, last: day }
    }
}

impl Baseline {
    /// What is still to come in the running period of this kind.
    #[must_use]
    pub fn outlook(&self, kind: PeriodKind) -> Option<&Outlook> {
        match kind {
            PeriodKind::Day => None,
            PeriodKind::Week => self.week.as_ref(),
            PeriodKind::Month => self.month.as_ref(),
        }
    }

    /// What a day that is judged for spikes is held against.
    #[must_use]
    pub fn watched_on(&self, day: Date, today: Date) -> Option<&WatchedDay> {
        let back = usize::try_from(day.until(today).ok()?.get_days()).ok()?;
        self.watched.iter().rev().nth(back)
    }
}

impl Baselines {
    /// The first day that a subject of all these days could be judged on for spikes.
    #[must_use]
    pub fn known_from(&self, today: Date) -> Date {
        let first = today.saturating_sub(i64::from(self.days).days());
        self.judged.max(first.saturating_add(i64::from(LEAST_DAYS).days()))
    }

    /// The baseline of a subject.
    #[must_use]
    pub fn of(&self, scope: Scope, subject: &Arc<str>, currency: Currency) -> Option<&Baseline> {
        self.subjects.get(&(scope, Arc::clone(subject), currency))
    }
}

/// The kinds of period that are forecast.
pub(super) const FORECAST_KINDS: [PeriodKind; 2] = [PeriodKind::Week, PeriodKind::Month];

/// What a policy foresees for one subject.
#[derive(Clone, Copy, Debug)]
pub(super) struct Foreseen<'p> {
    pub(super) spike: Option<&'p Spike>,
    /// Whether there is a budget, of each of the [`FORECAST_KINDS`]: its readers hear where the period will end.
    has_budget: [bool; 2],
    /// The levels that are forecast, lowest first, of each of the [`FORECAST_KINDS`].
    #[cfg(any(test, feature = "cli"))]
    pub(super) forecasts: [&'p [Level]; 2],
}

impl<'p> Foreseen<'p> {
    /// `None` if neither a spike nor a budget of a week or a month is for the subject.
    pub(super) fn of(
        policy: &'p Policy,
        products: Products,
        (scope, subject, currency): &Subject,
    ) -> Option<Foreseen<'p>> {
        let budget = |kind| policy.budget_for(products, *scope, (subject, *currency), kind);
        let budgets = FORECAST_KINDS.map(budget);
        let spike = match products {
            Products::One(product) => policy.spike_for(product, *scope, (subject, *currency)),
            Products::All => None,
        };
        let has_budget = budgets.map(|budget| budget.is_some());
        (spike.is_some() || has_budget.contains(&true)).then_some(Foreseen {
            spike,
            has_budget,
            #[cfg(any(test, feature = "cli"))]
            forecasts: budgets.map(|budget| budget.map_or(&[][..], |budget| &budget.forecasts)),
        })
    }

    /// Whether a forecast or a spike is for the subject.
    #[cfg(any(test, feature = "cli"))]
    pub(super) fn leads_to_alerts(&self) -> bool {
        self.spike.is_some() || self.forecasts.iter().any(|levels| !levels.is_empty())
    }

    /// The watch for spikes, if there is one, among so many subjects that are watched.
    pub(super) fn watch(&self, watched: usize) -> Option<Watch> {
        self.spike.map(|spike| Watch { min_extra: spike.min_extra, watched })
    }
}

/// Whole days left in the running period, today included.
pub(super) fn days_left(kind: PeriodKind, today: Date) -> u32 {
    let end = kind.end_day(today).unwrap_or(today);
    today.until(end).map_or(0, |span| span.get_days().unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seven_days_without_a_spike_end_an_episode() {
        let day = |day: i8| jiff::civil::date(2026, 11, day);
        let first = Episode::with(None, day(2));
        assert_eq!(first, Episode { first: day(2), last: day(2) });
        assert_eq!(Episode::with(Some(first), day(9)), Episode { first: day(2), last: day(9) });
        assert_eq!(Episode::with(Some(first), day(10)), Episode { first: day(10), last: day(10) });
    }

    #[test]
    fn today_is_among_the_days_left() {
        let day = |day: i8| jiff::civil::date(2026, 11, day);
        for (today, week, month) in [(day(1), 1, 30), (day(2), 7, 29), (day(18), 5, 13), (day(30), 7, 1)] {
            assert_eq!(
                (days_left(PeriodKind::Week, today), days_left(PeriodKind::Month, today)),
                (week, month),
                "{today}"
            );
        }
    }
}
