//! What a policy would have sent over past months, a day at a time, by the same rules as a run: evaluate, then decide.
//!
//! Every day is judged at its end, from **final figures**: what Zoom lists today, not what it listed then. So a replay shows how loud a policy
//! is; it is no prediction, and a run of the time may have heard of a charge days later. Two things are left out: whether the report was
//! stale, which final figures do not show, and a spike that a silence held back until another day.

mod difference;
mod summary;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::thread;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan as _};

use super::alert::{Alert, AlertRecord, Decision, Kind, Outcome, Thread, ThreadKey, Threads, decide};
use super::baselines::Baselines;
use super::case::Case;
use super::contributors::{Among, Whose};
use super::coverage::{Coverage, Receipt};
use super::evaluate::{History, evaluate};
use super::matches::{matched, never_matched};
use super::money::Amount;
use super::period::{Period, PeriodKind, start_of};
use super::policy::{Policy, Receivers};
use super::product::Products;
use super::totals::Totals;
use super::trackers::Trackers;

pub use super::past::Past;
pub use difference::{Counts, Difference, Moved};
pub use summary::{Row, Summary};

/// An alert that would have been sent.
#[derive(Clone, Debug)]
pub struct Sent {
    /// The day at whose end.
    pub day: Date,
    /// What the run's answer would have said of it.
    pub alert: AlertRecord,
    /// Its line in a message.
    pub headline: String,
    /// What its repeats and others of its kind have in common, but for the receiver.
    pub key: ThreadKey,
    /// What had been spent by then, and what was in the end; of an alert that has a period.
    pub spent: Option<(Amount, Amount)>,
    whose: Option<Whose>,
}

/// What a policy would have sent.
#[derive(Clone, Debug, Default)]
pub struct Replay {
    /// The alerts, in the order of time.
    pub sent: Vec<Sent>,
    /// The first and the last day that was judged.
    pub days: Option<(Date, Date)>,
    /// Days between them of which nothing is known.
    pub unknown: u32,
}

/// Replays the days from `since` on; those before are history. `progress` is called with each day.
///
/// # Errors
/// Only at the ends of the calendar.
pub fn replay(past: &Past, policy: &Policy, since: Date, progress: &dyn Fn(Date)) -> Result<Replay, jiff::Error> {
    let account: Arc<str> = past.account.as_str().into();
    let Some((first, last)) = past.ends() else { return Ok(Replay::default()) };
    // What is usual on a day depends on the days before it alone, so that it is found beside the judging of earlier days.
    thread::scope(|scope| {
        let (ahead, baselines) = sync_channel(DAYS_AHEAD);
        let of_products = |products| (products, Trackers::new(policy, products, &account));
        let mut all: Vec<_> = policy.counted().into_iter().map(of_products).collect();
        let known = past.known();
        scope.spawn(move || {
            for day in first.series(1.day()).take_while(|day| *day <= last) {
                let baselines =
                    all.iter_mut().map(|(products, trackers)| (*products, trackers.day(past, day, day >= since)));
                let baselines: BTreeMap<_, _> =
                    baselines.filter_map(|(key, baselines)| Some((key, baselines?))).collect();
                // Nobody listens after a fault.
                if day >= since && known.contains(&day) && ahead.send((day, baselines)).is_err() {
                    break;
                }
            }
        });
        let mut judge = Judge {
            policy,
            receivers: policy.receivers("default"),
            totals: Totals::of(Arc::clone(&account), &policy.products),
            threads: Threads::default(),
            matched: BTreeSet::new(),
            reported: HashSet::new(),
            held: BTreeSet::new(),
            open: Vec::new(),
        };
        for product in policy.products.iter().copied() {
            past.days(product)
                .range(looked_at_from(since)..since)
                .for_each(|(day, sums)| judge.totals.set(product, *day, sums));
        }
        let mut replay = Replay::default();
        for (day, baselines) in baselines {
            for product in policy.products.iter().copied() {
                past.days(product).get(&day).into_iter().for_each(|sums| judge.totals.set(product, day, sums));
            }
            judge.day(day, baselines, &mut replay.sent)?;
            if day.tomorrow()?.day() == 1 {
                judge.forget(day, &mut replay.sent)?;
            }
            let (first, before) = replay.days.unwrap_or((day, since.max(first).yesterday()?));
            replay.unknown += before.until(day)?.get_days().unsigned_abs().saturating_sub(1);
            replay.days = Some((first, day));
            progress(day);
        }
        add_ends(&mut replay.sent, &judge.open, &judge.totals);
        Ok(replay)
    })
}

/// The first day that alerts from this one on look at: the month before the running one, or four weeks before yesterday.
fn looked_at_from(since: Date) -> Date {
    since.first_of_month().saturating_sub(2.months())
}

/// So many days' baselines are made ahead.
const DAYS_AHEAD: usize = 4;

/// A policy, and what its receivers have heard so far.
struct Judge<'p> {
    policy: &'p Policy,
    receivers: Receivers,
    totals: Totals,
    threads: Threads,
    matched: BTreeSet<String>,
    /// Whose alerts were sent.
    reported: HashSet<Whose>,
    /// Closed periods with a finding that a silence holds back.
    held: BTreeSet<Period>,
    /// The places of alerts whose periods were not over when they were looked at last.
    open: Vec<usize>,
}

impl Judge<'_> {
    /// The periods of a day that the policy judges.
    fn periods_of(&self, day: Date) -> Result<Vec<Period>, jiff::Error> {
        let period = |kind| Period::of_day(kind, day, &self.policy.time_zone);
        self.policy.period_kinds().into_iter().map(period).collect()
    }

    /// Judges a day at its end.
    fn day(
        &mut self,
        day: Date,
        baselines: BTreeMap<Products, Baselines>,
        sent: &mut Vec<Sent>,
    ) -> Result<(), jiff::Error> {
        let zone = &self.policy.time_zone;
        let as_of: Timestamp = start_of(day.tomorrow()?, zone)?.checked_sub(SignedDuration::from_secs(1))?;
        let mut periods = self.periods_of(day)?;
        periods.extend(self.held.iter().filter(|period| period.to() <= as_of && period.kind() != PeriodKind::Day));
        let (coverage, receipt) = (Coverage::default(), Receipt { complete: true, ..Receipt::default() });
        let history = History { baselines, matched: self.matched.clone(), ..History::default() };
        let totals = &self.totals;
        let case = |receiver| Case {
            policy: self.policy,
            totals,
            coverage: &coverage,
            receipt: &receipt,
            periods: &periods,
            receiver,
            as_of,
            link: None,
            rerun: false,
        };
        let mut findings = evaluate(&case(&self.receivers.default), &history);
        // Of ten thousand subjects, few have a level or had one.
        findings.retain(|finding| {
            let was_reported = || finding.whose().is_some_and(|whose| self.reported.contains(&whose));
            // A digest comes whatever was spent.
            finding.kind() != Kind::Digest && (finding.may_matter() || was_reported())
        });
        let mut held = BTreeSet::new();
        let mut threads = Vec::new();
        for receiver in self.receivers.iter() {
            let case = case(receiver);
            for alert in decide(&findings, &self.threads, &case) {
                match alert.decision {
                    Decision::Due => {
                        threads.extend(after(&alert, &case));
                        self.reported.extend(alert.finding.whose());
                        self.open.push(sent.len());
                        sent.push(Sent::of(alert, &case, day));
                    }
                    Decision::Silenced { .. } => held.extend(alert.finding.whose().map(|whose| whose.period)),
                    _ => {}
                }
            }
        }
        if !never_matched(self.policy, &self.matched).is_empty() {
            self.matched.extend(matched(self.policy, totals, &periods));
        }
        self.threads.extend(threads);
        self.held = held;
        Ok(())
    }

    /// At the end of a month: what was spent in periods that are over is known, and their days and threads are not needed any more.
    fn forget(&mut self, day: Date, sent: &mut [Sent]) -> Result<(), jiff::Error> {
        let next = day.tomorrow()?;
        let needed = self.periods_of(next)?.iter().chain(&self.held).map(Period::first_day).min().unwrap_or(next);
        let is_over = |place: &usize| {
            sent.get(*place).and_then(|sent| sent.whose.as_ref()).is_some_and(|whose| whose.period.last_day() < next)
        };
        let (over, open) = self.open.iter().partition(|place| is_over(place));
        self.open = open;
        let over: Vec<usize> = over;
        add_ends(sent, &over, &self.totals);
        self.totals.forget_before(needed);
        let starts = start_of(needed, &self.policy.time_zone)?;
        self.threads.forget_periods_before(starts);
        self.reported.retain(|whose| whose.period.last_day() >= needed);
        Ok(())
    }
}

/// The thread once an alert is sent.
fn after(alert: &Alert<'_>, case: &Case<'_>) -> Option<Thread> {
    let record = alert.next.clone()?;
    Some(Thread::after(alert.thread.as_deref(), &alert.key, record, None, alert.finding.ends(case)))
}

impl Sent {
    fn of(alert: Alert<'_>, case: &Case<'_>, day: Date) -> Sent {
        let wording = alert.finding.wording(&alert, case);
        let whose = alert.finding.whose();
        let spent = wording.machine.amount.map(|amount| (amount, amount));
        let Alert { key, .. } = alert;
        let headline = format!("{}: {}", wording.mark, wording.headline);
        let alert = AlertRecord { outcome: Outcome::DryRun, ..wording.machine };
        Sent { day, alert, headline, key, spent, whose }
    }
}

/// Adds what was spent by the end of the periods of these alerts.
fn add_ends(sent: &mut [Sent], places: &[usize], totals: &Totals) {
    let mut known = BTreeMap::new();
    for place in places {
        let Some(Sent { whose: Some(whose), spent: Some((_, end)), .. }) = sent.get_mut(*place) else { continue };
        let of = |(period, products, scope): Among| totals.figures(products).by_subject(&period, scope);
        let sums = known.entry(whose.among()).or_insert_with_key(|among| of(*among));
        if let Some(sum) = sums.get(&whose.key()) {
            *end = sum.amount;
        }
    }
}

#[cfg(test)]
mod tests;
