//! What a policy would have sent over past months, a day at a time, by the same rules as a run: evaluate, then decide.
//!
//! Every day is judged at its end, from **final figures**: what Zoom lists today, not what it listed then. So a replay shows how loud a policy
//! is; it is no prediction, and a run of the time may have heard of a charge days later. Two things are left out: whether the report was
//! stale, which final figures do not show, and a spike that a silence held back until another day.

mod difference;
mod summary;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan as _};

use super::alert::{Alert, AlertRecord, Decision, Outcome, Severity, Thread, ThreadKey, Threads, decide};
use super::case::Case;
use super::charge::Scope;
use super::coverage::{Coverage, Receipt};
use super::evaluate::{History, evaluate};
use super::matches::{matched, never_matched};
use super::money::{Amount, Currency};
use super::period::{Period, PeriodKind, start_of};
use super::policy::{Policy, Receivers};
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
    whose: Option<(Period, Scope, Arc<str>, Currency)>,
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
    let mut totals = Totals::of(Arc::clone(&account));
    let mut trackers = Trackers::new(policy, &account);
    let mut judge = Judge {
        policy,
        receivers: policy.receivers("default"),
        threads: Threads::default(),
        matched: BTreeSet::new(),
        reported: HashSet::new(),
        held: BTreeSet::new(),
    };
    let mut replay = Replay::default();
    let Some((first, last)) = past.days.keys().next().zip(past.days.keys().next_back()) else { return Ok(replay) };
    for day in first.series(1.day()).take_while(|day| day <= last) {
        let Some(sums) = past.days.get(&day) else {
            trackers.restart();
            replay.unknown += u32::from(day >= since);
            continue;
        };
        totals.set(day, sums);
        if day >= since {
            let baselines = trackers.baselines(day, sums);
            judge.day(day, &totals, baselines, &mut replay.sent)?;
            replay.days = Some((replay.days.map_or(day, |(first, _)| first), day));
            progress(day);
        }
        trackers.add(day, sums);
    }
    add_ends(&mut replay.sent, &totals);
    Ok(replay)
}

/// A policy, and what its receivers have heard so far.
struct Judge<'p> {
    policy: &'p Policy,
    receivers: Receivers,
    threads: Threads,
    matched: BTreeSet<String>,
    /// Whose alerts were sent.
    reported: HashSet<(Period, Scope, Arc<str>, Currency)>,
    /// Closed periods with a finding that a silence holds back.
    held: BTreeSet<Period>,
}

impl Judge<'_> {
    /// Judges a day at its end.
    fn day(
        &mut self,
        day: Date,
        totals: &Totals,
        baselines: super::baselines::Baselines,
        sent: &mut Vec<Sent>,
    ) -> Result<(), jiff::Error> {
        let zone = &self.policy.time_zone;
        let as_of: Timestamp = start_of(day.tomorrow()?, zone)?.checked_sub(SignedDuration::from_secs(1))?;
        let mut periods: Vec<_> = self
            .policy
            .period_kinds()
            .into_iter()
            .map(|kind| Period::of_day(kind, day, zone))
            .collect::<Result<_, _>>()?;
        periods.extend(self.held.iter().filter(|period| period.to() <= as_of && period.kind() != PeriodKind::Day));
        let (coverage, receipt) = (Coverage::default(), Receipt { complete: true, ..Receipt::default() });
        let history = History { baselines, matched: self.matched.clone(), ..History::default() };
        let case = |receiver| Case {
            policy: self.policy,
            totals,
            coverage: &coverage,
            receipt: &receipt,
            periods: &periods,
            receiver,
            as_of,
            rerun: false,
        };
        let mut findings = evaluate(&case(&self.receivers.default), &history);
        // Of ten thousand subjects, few have a level or had one.
        findings.retain(|finding| {
            finding.may_matter() || finding.whose().is_some_and(|whose| self.reported.contains(&whose))
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
                        sent.push(Sent::of(alert, &case, day));
                    }
                    Decision::Silenced { .. } => held.extend(alert.finding.whose().map(|(period, ..)| period)),
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
}

/// The thread once an alert is sent.
fn after(alert: &Alert<'_>, case: &Case<'_>) -> Option<Thread> {
    let record = alert.next.clone()?;
    Some(Thread::after(alert.thread.as_ref(), &alert.key, record, None, alert.finding.ends(case)))
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

    /// Whether it weighs as much as a budget that is spent.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.alert.severity == Severity::Over
    }
}

/// Adds what was spent by the end of each alert's period.
fn add_ends(sent: &mut [Sent], totals: &Totals) {
    let mut known = BTreeMap::new();
    for sent in sent {
        let (Some((period, scope, subject, currency)), Some((_, end))) = (&sent.whose, &mut sent.spent) else {
            continue;
        };
        let sums = known.entry((*period, *scope)).or_insert_with(|| totals.by_subject(period, *scope));
        if let Some(sum) = sums.get(&(Arc::clone(subject), *currency)) {
            *end = sum.amount;
        }
    }
}

#[cfg(test)]
mod tests;
