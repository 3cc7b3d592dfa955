//! How baselines are made: a pass over the past, a day at a time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::ToSpan as _;
use jiff::civil::Date;

use super::{Baseline, Baselines, Episode, FORECAST_KINDS, Foreseen, WatchedDay, days_left};
use crate::domain::charge::{Line, Scope};
use crate::domain::estimates::{Series, Tracker};
use crate::domain::foresight::forecast::MOST_DAYS;
use crate::domain::money::Amount;
use crate::domain::period::PeriodKind;
use crate::domain::places::Places;
use crate::domain::policy::{Budget, Policy};
use crate::domain::product::Products;
use crate::domain::totals::Sum;

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
