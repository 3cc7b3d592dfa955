//! What estimates, forecasts and spikes of a day rest on: a few numbers for each subject, made from its past days once a day.
//!
//! A run of every hour cannot look through thirteen months. The first run of a civil day does, and leaves what the methods need (see
//! [`super::foresight`]); the others use that. Past days are **complete and consecutive**: a day that no run has read is not a day without
//! charges, so the history of all subjects starts after the last such day.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::ToSpan as _;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::charge::{Line, Scope};
use super::estimates::{Bound, Series, Tracker, Watch};
use super::foresight::forecast::{MOST_DAYS, Outlook};
use super::foresight::spike::LEAST_DAYS;
use super::money::{Amount, Currency};
use super::period::PeriodKind;
use super::places::Places;
pub use super::places::Subject;
#[cfg(any(test, feature = "cli"))]
use super::policy::Level;
use super::policy::{Budget, Policy, Spike};
use super::product::Products;
use super::totals::Sum;

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

/// Makes baselines, from days that are added oldest first and without a gap.
#[derive(Debug)]
pub struct Maker<'p> {
    policy: &'p Policy,
    products: Products,
    /// The day that the baselines are for.
    today: Date,
    /// The first day that is judged for spikes.
    judged: Date,
    days: usize,
    places: Places,
    /// By place; `None` for a subject that neither a spike nor a budget of a week or a month is for.
    subjects: Vec<Option<Past<'p>>>,
}

/// The past of one subject.
#[derive(Debug)]
struct Past<'p> {
    foreseen: Foreseen<'p>,
    series: Series,
    /// What was spent on the last 7 days, and on the 7 before.
    pace: [Amount; 2],
}

impl<'p> Maker<'p> {
    /// For `today`, of what is counted; spikes are judged on the days from `judged` to today.
    #[must_use]
    pub fn new(policy: &'p Policy, products: Products, account: &Arc<str>, today: Date, judged: Date) -> Maker<'p> {
        Maker {
            policy,
            products,
            today,
            judged: judged.min(today),
            days: 0,
            places: Places::of(foreseen_scopes(policy, products), account),
            subjects: Vec::new(),
        }
    }

    /// What the policy counts that needs baselines.
    #[must_use]
    pub fn needed(policy: &Policy) -> BTreeSet<Products> {
        policy.counted().into_iter().filter(|products| foreseen_scopes(policy, *products).next().is_some()).collect()
    }

    /// The days that history is made of.
    #[must_use]
    pub fn wanted(today: Date) -> std::ops::Range<Date> {
        today.saturating_sub(i64::from(MOST_DAYS).days())..today
    }

    /// Forgets all days: one was not known.
    pub fn restart(&mut self) {
        self.places.clear();
        self.subjects.clear();
        self.days = 0;
    }

    /// Adds the next complete day: the cells of all that is counted.
    pub fn add<'s>(&mut self, day: Date, cells: impl Iterator<Item = &'s (Line, Sum)>) {
        let sums = self.places.sums(cells);
        for subject in self.places.subjects().iter().skip(self.subjects.len()) {
            let past = |foreseen| Past { foreseen, series: Series::after(self.days), pace: [Amount::ZERO; 2] };
            self.subjects.push(Foreseen::of(self.policy, self.products, subject).map(past));
        }
        let age = day.until(self.today).map_or(0, |span| span.get_days());
        for (past, sum) in self.subjects.iter_mut().zip(sums) {
            let Some(past) = past else { continue };
            past.series.push(sum);
            let week = match age {
                1..=7 => past.pace.first_mut(),
                8..=14 => past.pace.last_mut(),
                _ => None,
            };
            if let Some(week) = week {
                *week = week.checked_add(sum.amount).unwrap_or(*week);
            }
        }
        self.days += 1;
    }

    /// The baselines; `None` if there was no time to make them all.
    #[must_use]
    pub fn finish(mut self, has_time: impl Fn() -> bool) -> Option<Baselines> {
        let (days, all) = (self.days, std::mem::take(&mut self.subjects));
        let mut watched = vec![0; days + 1];
        for past in all.iter().flatten().filter(|past| past.foreseen.spike.is_some()) {
            watched.iter_mut().skip(past.series.usual_from()).for_each(|watched| *watched += 1);
        }
        let mut subjects = BTreeMap::new();
        for (key, past) in self.places.subjects().iter().zip(all) {
            let Some(past) = past else { continue };
            if !has_time() {
                return None;
            }
            subjects.insert(key.clone(), self.baseline(&past, &watched));
        }
        Some(Baselines { days: u32::try_from(days).unwrap_or(u32::MAX), judged: self.judged, subjects })
    }

    /// The baseline of a subject; `watched` tells how many were watched on each day, today included.
    fn baseline(&self, past: &Past<'p>, watched: &[usize]) -> Baseline {
        let (days, mut tracker, mut episode) = (self.days, Tracker::default(), None);
        let watch = |day: usize| past.foreseen.watch(watched.get(day).copied().unwrap_or_default());
        let date = |day: usize| self.today.saturating_sub(i64::try_from(days - day).unwrap_or(i64::MAX).days());
        let judged_days = self.judged.until(self.today).map_or(0, |span| span.get_days().unsigned_abs() as usize);
        let held_against = |day: usize, tracker: &Tracker, episode| {
            watch(day).map(|watch| WatchedDay { bound: tracker.bound(watch), episode })
        };
        let mut judged = Vec::new();
        for (day, figures) in past.series.days() {
            if day + judged_days >= days {
                judged.extend(held_against(day, &tracker, episode));
            }
            if tracker.add(figures, watch(day)) {
                episode = Some(Episode::with(episode, date(day)));
            }
        }
        judged.extend(held_against(days, &tracker, episode));
        let outlook = |kind, wanted: bool| if wanted { tracker.outlook(days_left(kind, self.today)) } else { None };
        let [week, month] = past.foreseen.has_budget;
        Baseline {
            week: outlook(PeriodKind::Week, week),
            month: outlook(PeriodKind::Month, month),
            pace: past.pace,
            watched: judged,
        }
    }
}

/// The scopes that have spikes, or budgets of a week or a month.
fn foreseen_scopes(policy: &Policy, products: Products) -> impl Iterator<Item = Scope> {
    let is_foreseen = move |budget: &&Budget| FORECAST_KINDS.contains(&budget.period) && budget.products == products;
    let budgets = policy.budgets.iter().filter(is_foreseen).map(|budget| budget.scope);
    let spikes = policy.spikes.iter().filter(move |spike| Products::One(spike.product) == products);
    budgets.chain(spikes.map(|spike| spike.scope))
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
