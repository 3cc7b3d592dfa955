//! What is to be done about findings: each becomes an alert with its decision, by its thread and by the silences.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;

use super::{AlertId, Finding, Kind, Record, Reported, Thread, ThreadKey, Threads, due};
use crate::domain::background::Background;
use crate::domain::case::Case;
use crate::domain::contributors::Among;

/// What is to be done about a finding, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It is sent.
    Due,
    /// It is held back, and due if it is still true then.
    Silenced {
        /// When the silence ends.
        until: Timestamp,
    },
    /// No level is reached.
    BelowLevels,
    /// This level, or a higher one, was sent before.
    AlreadySent,
    /// The figure is lower than what was sent, but not proven: it was read in part, or waits for a second reading.
    FallNotProven,
    /// The figure is lower than what was sent; a second correction waits until readings have agreed for 24 hours.
    WaitsToCorrect {
        /// Since when they agree.
        since: Timestamp,
    },
}

/// A finding with the decision about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Alert<'a> {
    /// The same in every repeat.
    pub id: AlertId,
    /// The thread that it belongs to.
    pub key: ThreadKey,
    /// What was found; a [`Finding::Correction`] where one is due.
    pub finding: Finding<'a>,
    /// What to do, and why.
    pub decision: Decision,
    /// The thread as it was read. Of ten thousand alerts few have one, so that none has room for one.
    pub thread: Option<Box<Thread>>,
    /// What the thread has to remember while the alert is on its way.
    pub base: Record,
    /// What the thread has to remember: once the alert is sent, or at once if none is due.
    pub next: Option<Record>,
    /// What the receiver may know besides once the alert is sent: an earlier run claimed it, and nobody can know whether it was sent.
    pub doubt: Option<Record>,
    /// Whether an earlier run may have sent it.
    pub may_repeat: bool,
    /// What a reader holds the figures against; filled in for alerts that are due.
    pub background: Background,
}

/// What a kind decides.
pub(super) struct Verdict<'a> {
    pub(super) decision: Decision,
    pub(super) finding: Finding<'a>,
    pub(super) id: AlertId,
    pub(super) base: Record,
    pub(super) next: Option<Record>,
    pub(super) doubt: Option<Record>,
    pub(super) may_repeat: bool,
}

impl Alert<'_> {
    /// Whether its period is not done with: a silence holds it back, a correction waits, or it is a spike, after which those of later episodes
    /// are due.
    #[must_use]
    pub fn holds_its_period(&self) -> bool {
        match self.decision {
            Decision::Silenced { .. } | Decision::WaitsToCorrect { .. } => true,
            Decision::Due => self.finding.kind() == Kind::Spike,
            _ => false,
        }
    }

    /// Whether it is sent, or would be without a silence.
    #[must_use]
    pub fn is_news(&self) -> bool {
        matches!(self.decision, Decision::Due | Decision::Silenced { .. })
    }

    /// Whether a silence holds it back.
    #[must_use]
    pub fn is_silenced(&self) -> bool {
        matches!(self.decision, Decision::Silenced { .. })
    }
}

/// Due, if it is news to a receiver who knows what is recorded, or what a run claimed that died. Of the two, the one to whom it is news
/// stands if this run dies as well; what the receiver may know by the other stays in doubt.
pub(super) fn by_news<'a>(
    finding: Finding<'a>,
    id: AlertId,
    reported: Reported,
    thread: Option<&Thread>,
    is_news: impl Fn(&Record) -> bool,
) -> Verdict<'a> {
    let record = Record::of(thread);
    let claimed = thread.and_then(|thread| thread.claim.as_ref()).map(|claim| &claim.next);
    let is_known = |record: &Record| !is_news(record);
    if is_known(record) && claimed.is_none_or(is_known) {
        let base = record.clone();
        return Verdict {
            decision: Decision::AlreadySent,
            finding,
            id,
            base,
            next: None,
            doubt: None,
            may_repeat: false,
        };
    }
    let (base, other) = match claimed {
        Some(next) if is_known(record) => (next, Some(record)),
        next => (record, next),
    };
    let corrections = Record::possible(thread).map(|record| record.corrections).max();
    let next =
        |reported| Record { reported: Some(reported), corrections: corrections.unwrap_or_default(), lower_since: None };
    let doubt = other.map(|other| reported.clone().raised_to(other));
    let reported = reported.raised_to(base);
    let doubt = doubt.filter(|doubt| *doubt != reported).map(next);
    // If the receiver knows what a run claimed, or does not know it, this may be nothing new.
    let may_repeat = is_known(record) || claimed.is_some_and(is_known);
    let base = base.clone();
    Verdict { decision: Decision::Due, finding, id, base, next: Some(next(reported)), doubt, may_repeat }
}

/// Decides about one finding, by the thread as it is.
#[must_use]
pub fn decide_one<'a>(finding: Finding<'a>, thread: Option<&Thread>, case: &Case<'a>) -> Alert<'a> {
    let key = finding.key(case);
    let Verdict { mut decision, finding, id, base, mut next, mut doubt, may_repeat } =
        finding.verdict(&key, thread, case);
    if decision == Decision::Due
        && let Some(until) = finding.silenced_until(case)
    {
        // Nothing is recorded, so that it is due as ever when the silence is over.
        (decision, next, doubt) = (Decision::Silenced { until }, None, None);
    }
    Alert {
        id,
        key,
        finding,
        decision,
        thread: thread.cloned().map(Box::new),
        base,
        next,
        doubt,
        may_repeat,
        background: Background::default(),
    }
}

/// Decides about these findings alone: what else was reported stays as it is.
#[must_use]
pub fn decide_these<'a>(findings: &[Finding<'a>], threads: &Threads, case: &Case<'a>) -> Vec<Alert<'a>> {
    let findings = findings.iter().filter(|finding| finding.is_for(case.receiver)).cloned();
    findings.map(|finding| decide_by(finding, threads, case)).collect()
}

/// Decides about all that is true, and about the subjects that were reported and whose charges are all gone.
#[must_use]
pub fn decide<'a>(findings: &[Finding<'a>], threads: &Threads, case: &Case<'a>) -> Vec<Alert<'a>> {
    let mut findings: Vec<_> = findings.iter().filter(|finding| finding.is_for(case.receiver)).cloned().collect();
    let found: HashSet<ThreadKey> = findings.iter().map(|finding| finding.key(case)).collect();
    let gone = threads.iter().filter(|thread| !found.contains(&thread.key));
    findings.extend(gone.filter_map(|thread| due::gone(&thread.key, case)));
    add_days(&mut findings, threads, case);
    findings.into_iter().map(|finding| decide_by(finding, threads, case)).collect()
}

/// Decides about one finding, by all that is known of its thread and of what other runs were about to send.
#[must_use]
pub fn decide_by<'a>(finding: Finding<'a>, threads: &Threads, case: &Case<'a>) -> Alert<'a> {
    let thread = threads.of(&finding.key(case));
    let mut alert = decide_one(finding, thread, case);
    alert.may_repeat |= alert.decision == Decision::Due && threads.may_have_sent(&alert.id);
    alert
}

/// Adds the sums by civil day to the findings that may be sent, all subjects of a period and scope in one pass.
fn add_days<'a>(findings: &mut [Finding<'a>], threads: &Threads, case: &Case<'a>) {
    let mut wanted = HashMap::<Among, HashSet<_>>::new();
    for finding in &*findings {
        if let Finding::Spent(spent) = finding
            && (spent.highest().is_some() || threads.of(&spent.key(case)).is_some())
        {
            let whose = spent.whose();
            wanted.entry(whose.among()).or_default().insert(whose.key());
        }
    }
    let days: HashMap<_, _> = wanted
        .into_iter()
        .map(|(among, subjects)| {
            let (period, products, scope) = among;
            (among, case.totals.figures(products).days_of(period.days(), scope, &subjects))
        })
        .collect();
    for finding in findings {
        if let Finding::Spent(spent) = finding {
            let whose = spent.whose();
            let found = days.get(&whose.among()).and_then(|days| days.get(&whose.key()));
            spent.days = found.into_iter().flatten().map(|(day, sum)| (*day, sum.amount)).collect();
        }
    }
}
