//! Every subject of a policy, followed day by day: what [`super::baselines`] makes of thirteen months at once, made anew for each day.
//!
//! A replay asks for the baselines of four hundred days. So what cannot lead to an alert is left out: the bound of a day that is no spike, and
//! the outlook of a period whose levels are out of reach.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use jiff::civil::Date;

use super::baselines::{Baseline, Baselines, Episode, Subject, WatchedDay, days_left, grouped, watched_scopes};
use super::charge::Scope;
use super::estimates::{Day, Tracker, Watch};
use super::money::Amount;
use super::period::PeriodKind;
use super::policy::{Policy, Spike};
use super::totals::{DaySums, Sum};

/// The kinds of period that are forecast.
const KINDS: [PeriodKind; 2] = [PeriodKind::Week, PeriodKind::Month];
/// Days whose money a forecast reports; twice, the ones before too.
const WEEK: usize = 7;

/// All subjects that a forecast or a spike of a policy is for.
#[derive(Debug)]
pub(super) struct Trackers<'p> {
    policy: &'p Policy,
    account: Arc<str>,
    scopes: Vec<Scope>,
    days: u32,
    subjects: HashMap<Subject, Option<Tracked<'p>>>,
}

#[derive(Debug)]
struct Tracked<'p> {
    tracker: Tracker,
    spike: Option<&'p Spike>,
    /// The thresholds that are forecast, by kind of period.
    thresholds: [Vec<Amount>; 2],
    /// What was spent in the running periods, today not counted.
    so_far: [Amount; 2],
    /// What was spent on each of the last days, the newest last.
    recent: VecDeque<Amount>,
    episode: Option<Episode>,
}

impl<'p> Trackers<'p> {
    pub(super) fn new(policy: &'p Policy, account: &Arc<str>) -> Trackers<'p> {
        let scopes = watched_scopes(policy);
        Trackers { policy, account: Arc::clone(account), scopes, days: 0, subjects: HashMap::new() }
    }

    /// Forgets all days: one was not known.
    pub(super) fn restart(&mut self) {
        self.subjects.clear();
        self.days = 0;
    }

    /// The sums of a day by all subjects of the scopes that are followed.
    pub(super) fn sums(&self, sums: &DaySums) -> HashMap<Subject, Sum> {
        let of_scope = |scope: &Scope| {
            let scope = *scope;
            let sums = grouped(sums, scope, &self.account).into_iter();
            sums.map(move |((subject, currency), sum)| ((scope, subject, currency), sum))
        };
        self.scopes.iter().flat_map(of_scope).collect()
    }

    fn watched(&self) -> usize {
        let all = self.subjects.values().flatten();
        all.filter(|tracked| tracked.spike.is_some() && tracked.tracker.has_usual()).count()
    }

    /// The baselines of a day, as far as they can lead to an alert with the sums of this day.
    pub(super) fn baselines(&self, today: Date, sums: &HashMap<Subject, Sum>) -> Baselines {
        let watched = self.watched();
        let mut subjects = BTreeMap::new();
        for (key, tracked) in &self.subjects {
            let Some(tracked) = tracked else { continue };
            let sum = sums.get(key).copied().unwrap_or_default();
            let day = tracked.spike.and_then(|spike| {
                let watch = Watch { min_extra: spike.min_extra, watched };
                let bound = tracked.tracker.is_spike(sum, watch).then(|| tracked.tracker.bound(watch))?;
                Some(WatchedDay { bound, episode: tracked.episode })
            });
            let outlooks: Vec<_> = KINDS
                .iter()
                .zip(tracked.thresholds.iter().zip(tracked.so_far))
                .map(|(kind, (thresholds, so_far))| {
                    let left = days_left(*kind, today);
                    let open = |amount: &&Amount| so_far.checked_add(sum.amount).is_some_and(|spent| spent < **amount);
                    let next = thresholds.iter().find(open)?;
                    let needed = next.checked_sub(so_far)?.checked_sub(sum.amount)?;
                    tracked.tracker.may_reach(needed, left).then(|| tracked.tracker.outlook(left))?
                })
                .collect();
            let [week, month] = <[_; 2]>::try_from(outlooks).unwrap_or_default();
            if day.is_none() && week.is_none() && month.is_none() {
                continue;
            }
            let watched = day.into_iter().collect();
            let baseline = Baseline { week, month, pace: tracked.pace(), watched };
            subjects.insert(key.clone(), baseline);
        }
        Baselines { days: self.days, judged: today, subjects }
    }

    /// Adds a complete day.
    pub(super) fn add(&mut self, day: Date, mut sums: HashMap<Subject, Sum>) {
        let watched = self.watched();
        for key in sums.keys() {
            if !self.subjects.contains_key(key) {
                let tracked = Tracked::of(self.policy, key);
                self.subjects.insert(key.clone(), tracked);
            }
        }
        let starts = KINDS.map(|kind| day.tomorrow().ok() == kind.end_day(day).ok());
        for (key, tracked) in &mut self.subjects {
            let Some(tracked) = tracked else { continue };
            tracked.add(day, sums.remove(key).unwrap_or_default(), watched, starts);
        }
        self.days += 1;
    }
}

impl<'p> Tracked<'p> {
    fn of(policy: &'p Policy, (scope, subject, currency): &Subject) -> Option<Tracked<'p>> {
        let thresholds = KINDS.map(|kind| {
            let budget = policy.budget_for(*scope, subject, *currency, kind);
            budget.into_iter().flat_map(|budget| &budget.forecasts).map(|level| level.threshold).collect::<Vec<_>>()
        });
        let spike = policy.spike_for(*scope, subject, *currency);
        let is_watched = spike.is_some() || thresholds.iter().any(|thresholds| !thresholds.is_empty());
        is_watched.then(|| Tracked {
            tracker: Tracker::default(),
            spike,
            thresholds,
            so_far: [Amount::ZERO; 2],
            recent: VecDeque::new(),
            episode: None,
        })
    }

    /// `ends` tells which of the running periods end with the day.
    fn add(&mut self, day: Date, sum: Sum, watched: usize, ends: [bool; 2]) {
        let watch = self.spike.map(|spike| Watch { min_extra: spike.min_extra, watched });
        if self.tracker.add(Day::of(sum), watch) {
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
