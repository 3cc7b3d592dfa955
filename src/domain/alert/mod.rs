//! The kinds of alert, and when one is due.
//!
//! A kind is one file: what it found, how it is found, its thread, and its wording. [`Finding`] is the one place that names them all, so a
//! further kind is one file and one line in each `match` below. Renderers (see [`super::message`]) read a [`Wording`] and know no kind.

mod budget;
mod correction;
mod counted;
mod digest;
mod due;
mod forecast;
mod routing;
mod spike;
mod stale;
mod test;
mod thread;
mod unwatched;
mod wording;
mod words;

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

pub use budget::Spent;
pub use correction::Correction;
pub use counted::on_one;
pub use digest::{Digest, DigestRecord, Lately, due_digest};
pub use forecast::{Forecast, ForecastRecord, ahead};
pub use spike::{SpikeDay, SpikeRecord, Spiking};
pub use stale::Stale;
pub use test::Test;
pub(crate) use thread::hash;
pub use thread::{AlertId, Claim, Peak, Record, Reported, Thread, ThreadKey, Threads};
pub use unwatched::Unwatched;
pub use wording::{AlertRecord, Details, Facts, Outcome, Row, Severity, Wording};
pub use words::{a_day, about, count, days_between, in_thousands, limit, moment, money, who};
pub(in crate::domain) use words::{cause, days_left, period_name};

use super::background::{Background, first_day};
use super::case::Case;
use super::contributors::{Among, Whose};
use super::money::Amount;

/// The kinds of alert, the weightiest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A level of a budget was reached.
    Budget,
    /// A subject sends far more than it ever does.
    Spike,
    /// A level is likely to be reached.
    Forecast,
    /// There are charges in a currency that no budget covers.
    Unwatched,
    /// A figure that was reported is lower now.
    Correction,
    /// Zoom's report has no new row.
    Stale,
    /// A summary of a period.
    Digest,
    /// A test of the way to the readers.
    Test,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Kind; 8] = [
        Kind::Budget,
        Kind::Spike,
        Kind::Forecast,
        Kind::Unwatched,
        Kind::Correction,
        Kind::Stale,
        Kind::Digest,
        Kind::Test,
    ];

    /// The name in answers and keys.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Kind::Budget => "budget",
            Kind::Spike => "spike",
            Kind::Forecast => "forecast",
            Kind::Unwatched => "unwatched",
            Kind::Correction => "correction",
            Kind::Stale => "stale",
            Kind::Digest => "digest",
            Kind::Test => "test",
        }
    }
}

/// Something that is true, and that a receiver may have to hear of.
#[derive(Clone, Debug, PartialEq)]
pub enum Finding<'a> {
    /// What a subject with a budget has spent.
    Spent(Box<Spent<'a>>),
    /// Days on which a subject sent far more than it ever does.
    Spike(Box<Spiking<'a>>),
    /// A level that is likely to be reached.
    Forecast(Box<Forecast<'a>>),
    /// A currency that no budget covers.
    Unwatched(Unwatched),
    /// A figure that was reported is lower now; found by deciding.
    Correction(Box<Correction<'a>>),
    /// A report without new rows.
    Stale(Stale),
    /// A period is over, or somebody asked for a summary.
    Digest(Box<Digest<'a>>),
    /// Somebody asked for a test.
    Test(Test),
}

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
struct Verdict<'a> {
    decision: Decision,
    finding: Finding<'a>,
    id: AlertId,
    base: Record,
    next: Option<Record>,
    doubt: Option<Record>,
    may_repeat: bool,
}

impl<'a> Finding<'a> {
    /// The kind of alert.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Finding::Spent(_) => Kind::Budget,
            Finding::Spike(_) => Kind::Spike,
            Finding::Forecast(_) => Kind::Forecast,
            Finding::Unwatched(_) => Kind::Unwatched,
            Finding::Correction(_) => Kind::Correction,
            Finding::Stale(_) => Kind::Stale,
            Finding::Digest(_) => Kind::Digest,
            Finding::Test(_) => Kind::Test,
        }
    }

    /// The thread that the finding belongs to.
    #[must_use]
    pub fn key(&self, case: &Case<'a>) -> ThreadKey {
        match self {
            Finding::Spent(spent) => spent.key(case),
            Finding::Spike(spiking) => spiking.key(case),
            Finding::Forecast(forecast) => forecast.key(case),
            Finding::Unwatched(unwatched) => unwatched.key(case),
            Finding::Correction(correction) => correction.spent.key(case),
            Finding::Stale(stale) => stale.key(case),
            Finding::Digest(digest) => digest.key(case),
            Finding::Test(test) => test.key(case),
        }
    }

    fn verdict(self, key: &ThreadKey, thread: Option<&Thread>, case: &Case<'a>) -> Verdict<'a> {
        match self {
            Finding::Spent(spent) => due::verdict(*spent, key, thread, case),
            // A correction that was refused by the ledger is decided anew, from the figure behind it.
            Finding::Correction(correction) => due::verdict(correction.spent, key, thread, case),
            Finding::Spike(spiking) => spiking.verdict(key, thread, case),
            Finding::Forecast(forecast) => forecast.verdict(key, thread, case),
            Finding::Unwatched(_) | Finding::Stale(_) | Finding::Digest(_) | Finding::Test(_) => {
                let amount = if let Finding::Unwatched(found) = &self { found.sum.amount } else { Amount::ZERO };
                let (id, reported) = (key.alert_id("once", 0), Reported { amount, ..Reported::once(case.as_of) });
                by_news(self, id, reported, thread, |record| record.reported.is_none())
            }
        }
    }

    /// What readers get to know.
    #[must_use]
    pub fn wording(&self, alert: &Alert<'a>, case: &Case<'a>) -> Wording {
        match self {
            Finding::Spent(spent) => spent.wording(alert, case),
            Finding::Spike(spiking) => spiking.wording(alert, case),
            Finding::Forecast(forecast) => forecast.wording(alert, case),
            Finding::Unwatched(unwatched) => unwatched.wording(alert, case),
            Finding::Correction(correction) => correction.wording(alert, case),
            Finding::Stale(stale) => stale.wording(alert, case),
            Finding::Digest(digest) => digest.wording(alert, case),
            Finding::Test(test) => test.wording(alert, case),
        }
    }

    /// The period and the subject that it is about; `None` for what concerns no subject.
    #[must_use]
    pub fn whose(&self) -> Option<Whose> {
        match self {
            Finding::Spent(spent) => Some(spent.whose()),
            Finding::Forecast(forecast) => Some(forecast.spent.whose()),
            Finding::Spike(found) => Some(found.whose()),
            Finding::Correction(correction) => Some(correction.spent.whose()),
            Finding::Unwatched(found) => Some(found.whose()),
            Finding::Stale(_) | Finding::Digest(_) | Finding::Test(_) => None,
        }
    }

    /// The first day that its message looks back to, before the period that it is about.
    #[must_use]
    pub fn looks_back_to(&self, case: &Case<'a>) -> Option<Date> {
        let period = match self {
            Finding::Digest(digest) => digest.period,
            _ => self.whose()?.period,
        };
        Some(first_day(&period, case))
    }

    /// Until when the thread matters at least.
    #[must_use]
    pub fn ends(&self, case: &Case<'a>) -> Timestamp {
        let end = match self {
            Finding::Spent(spent) => spent.period.to(),
            Finding::Forecast(forecast) => forecast.spent.period.to(),
            Finding::Unwatched(unwatched) => unwatched.period.to(),
            Finding::Correction(correction) => correction.spent.period.to(),
            Finding::Spike(_) | Finding::Stale(_) | Finding::Digest(_) | Finding::Test(_) => case.as_of,
        };
        end.max(case.as_of)
    }
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
fn by_news<'a>(
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

/// Decides about all findings, and about the subjects that were reported and whose charges are all gone.
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

#[cfg(test)]
mod tests;
