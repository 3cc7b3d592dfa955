//! Every subject of a policy, followed day by day: what [`super::baselines`] makes of thirteen months at once, made anew for each day.
//!
//! A replay asks for the baselines of four hundred days. So what cannot lead to an alert is left out: the bound of a day that is no spike, and
//! the outlook of a period whose levels are out of reach.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use jiff::civil::Date;

use super::baselines::{Baseline, Baselines, Episode, FORECAST_KINDS, Foreseen, WatchedDay, days_left};
use super::estimates::{Day, Tracker};
use super::money::Amount;
use super::past::Past;
use super::period::PeriodKind;
use super::places::Places;
use super::policy::{Budget, Level, Policy};
use super::product::Products;
use super::totals::Sum;

/// Days whose money a forecast reports; twice, the ones before too.
const WEEK: usize = 7;

/// All subjects that a forecast or a spike of a policy is for.
#[derive(Debug)]
pub(super) struct Trackers<'p> {
    policy: &'p Policy,
    products: Products,
    days: u32,
    places: Places,
    /// By place; `None` for a subject that cannot lead to an alert.
    subjects: Vec<Option<Tracked<'p>>>,
}

#[derive(Debug)]
struct Tracked<'p> {
    tracker: Tracker,
    foreseen: Foreseen<'p>,
    /// What was spent in the running periods of the [`FORECAST_KINDS`], today not counted.
    so_far: [Amount; 2],
    /// What was spent on each of the last days, the newest last.
    recent: VecDeque<Amount>,
    episode: Option<Episode>,
}

impl<'p> Trackers<'p> {
    pub(super) fn new(policy: &'p Policy, products: Products, account: &Arc<str>) -> Trackers<'p> {
        let is_forecast = |budget: &&Budget| !budget.forecasts.is_empty() && budget.products == products;
        let budgets = policy.budgets.iter().filter(is_forecast).map(|budget| budget.scope);
        let spikes = policy.spikes.iter().filter(|spike| Products::One(spike.product) == products);
        let scopes = budgets.chain(spikes.map(|spike| spike.scope));
        Trackers { policy, products, days: 0, places: Places::of(scopes, account), subjects: Vec::new() }
    }

    /// Forgets all days: one was not known.
    fn restart(&mut self) {
        self.places.clear();
        self.subjects.clear();
        self.days = 0;
    }

    /// Takes in a day, and returns its baselines if they are wanted and the day is known.
    pub(super) fn day(&mut self, past: &Past, day: Date, are_wanted: bool) -> Option<Baselines> {
        let Some(sums) = past.day(self.products, day) else {
            self.restart();
            return None;
        };
        let sums = self.places.sums(sums.into_iter().flatten());
        let baselines = are_wanted.then(|| self.baselines(day, &sums));
        self.add(day, &sums);
        baselines
    }

    fn watched(&self) -> usize {
        let all = self.subjects.iter().flatten();
        all.filter(|tracked| tracked.foreseen.spike.is_some() && tracked.tracker.has_usual()).count()
    }

    /// The baselines of a day, as far as they can lead to an alert with the sums of this day.
    fn baselines(&self, today: Date, sums: &[Sum]) -> Baselines {
        let watched = self.watched();
        let mut subjects = BTreeMap::new();
        for ((key, tracked), sum) in self.places.subjects().iter().zip(&self.subjects).zip(sums) {
            let (Some(tracked), sum) = (tracked, *sum) else { continue };
            let day = tracked.foreseen.watch(watched).and_then(|watch| {
                let bound = tracked.tracker.is_spike(sum, watch).then(|| tracked.tracker.bound(watch))?;
                Some(WatchedDay { bound, episode: tracked.episode })
            });
            let outlook = |kind, levels: &[Level], so_far: Amount| {
                let (left, spent) = (days_left(kind, today), so_far.checked_add(sum.amount)?);
                let next = levels.iter().find(|level| spent < level.threshold)?;
                let needed = next.threshold.checked_sub(spent)?;
                tracked.tracker.may_reach(needed, left).then(|| tracked.tracker.outlook(left))?
            };
            let ([weekly, monthly], [week, month]) = (tracked.foreseen.forecasts, tracked.so_far);
            let week = outlook(PeriodKind::Week, weekly, week);
            let month = outlook(PeriodKind::Month, monthly, month);
            if day.is_none() && week.is_none() && month.is_none() {
                continue;
            }
            let watched = day.into_iter().collect();
            let baseline = Baseline { week, month, pace: tracked.pace(), watched };
            subjects.insert(key.clone(), baseline);
        }
        Baselines { days: self.days, judged: today, subjects }
    }

    /// Adds a complete day, by the places of its sums.
    fn add(&mut self, day: Date, sums: &[Sum]) {
        let watched = self.watched();
        for subject in self.places.subjects().iter().skip(self.subjects.len()) {
            let foreseen = Foreseen::of(self.policy, self.products, subject).filter(Foreseen::leads_to_alerts);
            self.subjects.push(foreseen.map(Tracked::of));
        }
        let ends = FORECAST_KINDS.map(|kind| day.tomorrow().ok() == kind.end_day(day).ok());
        for (tracked, sum) in self.subjects.iter_mut().zip(sums) {
            let Some(tracked) = tracked else { continue };
            tracked.add(day, *sum, watched, ends);
        }
        self.days += 1;
    }
}

impl<'p> Tracked<'p> {
    fn of(foreseen: Foreseen<'p>) -> Tracked<'p> {
        Tracked {
            tracker: Tracker::default(),
            foreseen,
            so_far: [Amount::ZERO; 2],
            recent: VecDeque::new(),
            episode: None,
        }
    }

    /// `ends` tells which of the running periods end with the day.
    fn add(&mut self, day: Date, sum: Sum, watched: usize, ends: [bool; 2]) {
        if self.tracker.add(Day::of(sum), self.foreseen.watch(watched)) {
            self.episode = Some(Episode::with(self.episode, day));
        }
        for (so_far, ends) in self.so_far.iter_mut().zip(ends) {
            *so_far = if ends { Amount::ZERO } else { so_far.checked_add(sum.amount).unwrap_or(*so_far) };
        }
        self.recent.push_back(sum.amount);
        if self.recent.len() > 2 * WEEK {
            self.recent.pop_front();
        }
    }

    fn pace(&self) -> [Amount; 2] {
        let sum = |amounts: &mut dyn Iterator<Item = &Amount>| {
            amounts.fold(Amount::ZERO, |sum, amount| sum.checked_add(*amount).unwrap_or(sum))
        };
        let mut newest = self.recent.iter().rev();
        let last = sum(&mut newest.by_ref().take(WEEK));
        [last, sum(&mut newest)]
    }
}
