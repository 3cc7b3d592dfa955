//! What was reported about one subject to one receiver: a value that deciding reads and the ledger keeps.
//!
//! A thread remembers the highest percent and the highest money of a reported level. A **claim** on it says what is about to be sent. A run
//! that dies between publish and confirm leaves its claim behind, and nobody can know whether it published: then both what was recorded and
//! what was claimed may be what readers know ([`Record::possible`]), and deciding holds against both.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use rust_decimal::Decimal;

use super::{AlertId, Kind, ThreadKey};
use crate::domain::money::Amount;

/// A thread is kept for this long after its period and after its last change. It is known for 130 days which closed periods are done with: when
/// no run comes for so long, the last ones are judged again, and their threads have to be there.
pub(crate) const KEPT: SignedDuration = SignedDuration::from_hours(24 * 200);
/// Days for which the peaks of spikes are remembered: longer than a silence keeps a day judged.
const PEAKS_KEPT: i64 = 130;

/// What the receiver knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reported {
    /// The highest percent of a reported level.
    pub percent: Decimal,
    /// The highest money of a reported level: budget × percent, not what was spent.
    pub money: Amount,
    /// What had been spent, as the last message said.
    pub amount: Amount,
    /// Whether that was read in part.
    pub at_least: bool,
    /// The subject's sums by civil day at that time.
    pub days: BTreeMap<Date, Amount>,
    /// Of spikes: of each episode that was reported, oldest first.
    pub peaks: Vec<Peak>,
    /// The moment that was judged.
    pub at: Timestamp,
}

/// The day of a spike that was reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Peak {
    /// The day.
    pub day: Date,
    /// Messages on it.
    pub count: u64,
}

impl Reported {
    /// Something that has neither level nor figure.
    pub(super) fn once(at: Timestamp) -> Reported {
        let (percent, money, amount) = (Decimal::ZERO, Amount::ZERO, Amount::ZERO);
        Reported { percent, money, amount, at_least: false, days: BTreeMap::new(), peaks: Vec::new(), at }
    }

    /// The same with the highest percent and money of both, and the peaks of both.
    #[must_use]
    pub(super) fn raised_to(self, record: &Record) -> Reported {
        let Some(other) = &record.reported else { return self };
        let forgotten = self.peaks.iter().map(|peak| peak.day).max().map(|day| day.saturating_sub(PEAKS_KEPT.days()));
        let peaks = other.peaks.iter().chain(&self.peaks).filter(|peak| Some(peak.day) > forgotten);
        let peaks = peaks.copied().collect::<BTreeSet<_>>().into_iter().collect();
        Reported { percent: self.percent.max(other.percent), money: self.money.max(other.money), peaks, ..self }
    }
}

/// All that a thread remembers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// `None` if nothing was sent.
    pub reported: Option<Reported>,
    /// How many corrections were sent.
    pub corrections: u32,
    /// Since when complete readings agree that a further correction is due.
    pub lower_since: Option<Timestamp>,
}

static NOTHING: Record = Record { reported: None, corrections: 0, lower_since: None };

impl Record {
    /// What is remembered of a subject: nothing, if there is no thread.
    pub(super) fn of(thread: Option<&Thread>) -> &Record {
        thread.map_or(&NOTHING, |thread| &thread.record)
    }

    /// What its receiver may know: what is recorded, and what a run claimed that did not confirm.
    pub(super) fn possible(thread: Option<&Thread>) -> impl Iterator<Item = &Record> + Clone {
        let claim = thread.and_then(|thread| thread.claim.as_ref());
        std::iter::once(Record::of(thread)).chain(claim.map(|claim| &claim.next))
    }

    /// What is remembered once `sent` went out though the thread was not known to be so: nothing of what the receiver knows is lost.
    #[must_use]
    pub fn with(&self, sent: &Record, kind: Kind) -> Record {
        if kind == Kind::Correction {
            return Record { corrections: self.corrections + 1, ..sent.clone() };
        }
        let reported = sent.reported.clone().map(|reported| reported.raised_to(self));
        Record { reported, corrections: self.corrections.max(sent.corrections), lower_since: None }
    }
}

/// A run is about to send something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The run.
    pub owner: String,
    /// Until when no other run takes over.
    pub lease_until: Timestamp,
    /// What is about to be sent.
    pub alert: AlertId,
    /// What the thread remembers once it is sent.
    pub next: Record,
}

/// A thread as the ledger holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thread {
    /// Which thread.
    pub key: ThreadKey,
    /// Counts the writes; a write holds only if the version is as it was read.
    pub version: u64,
    /// What is remembered.
    pub record: Record,
    /// Who is about to change that.
    pub claim: Option<Claim>,
    /// When the thread may be forgotten.
    pub expires_at: Timestamp,
}

impl Thread {
    /// Whether a run holds the thread at this moment.
    #[must_use]
    pub fn is_held(&self, now: Timestamp) -> bool {
        self.claim.as_ref().is_some_and(|claim| now < claim.lease_until)
    }

    /// The thread after the next write.
    #[must_use]
    pub fn after(
        read: Option<&Thread>,
        key: &ThreadKey,
        record: Record,
        claim: Option<Claim>,
        until: Timestamp,
    ) -> Thread {
        let expires_at = until.saturating_add(KEPT).unwrap_or(until);
        let version = read.map_or(0, |thread| thread.version) + 1;
        Thread { key: key.clone(), version, record, claim, expires_at }
    }
}

/// What the ledger knows of an account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Threads {
    known: HashMap<String, Thread>,
    /// Alerts that runs were about to send which did not record all that they sent.
    intended: BTreeSet<AlertId>,
    /// Not all could be read: what is not found here may exist all the same.
    unread: bool,
}

impl Threads {
    /// What was read.
    #[must_use]
    pub fn new(threads: Vec<Thread>, intended: BTreeSet<AlertId>, unread: bool) -> Threads {
        let known = threads.into_iter().map(|thread| (thread.key.sort_key(), thread)).collect();
        Threads { known, intended, unread }
    }

    /// The thread with this key, as far as it was read.
    #[must_use]
    pub fn of(&self, key: &ThreadKey) -> Option<&Thread> {
        self.known.get(&key.sort_key()).filter(|thread| thread.key == *key)
    }

    /// Adds threads, in place of those with the same key.
    pub fn extend(&mut self, threads: impl IntoIterator<Item = Thread>) {
        self.known.extend(threads.into_iter().map(|thread| (thread.key.sort_key(), thread)));
    }

    /// Forgets threads of periods that were over by then, and that nothing was sent for since. A spike's has no period.
    #[cfg(any(test, feature = "cli"))]
    pub(in crate::domain) fn forget_periods_before(&mut self, moment: Timestamp) {
        let until = moment.saturating_add(KEPT).unwrap_or(moment);
        self.known.retain(|_, thread| thread.key.period.is_empty() || thread.expires_at > until);
    }

    /// All threads that were read.
    pub fn iter(&self) -> impl Iterator<Item = &Thread> {
        self.known.values()
    }

    /// Whether all was read.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        !self.unread
    }

    /// Whether a run that left no record may have sent this alert.
    #[must_use]
    pub fn may_have_sent(&self, alert: &AlertId) -> bool {
        self.unread || self.intended.contains(alert)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::world::{NOW, NUMBERS, World, amount};

    fn now() -> Timestamp {
        NOW.parse().unwrap()
    }

    /// Percent and money of the highest level, and how many corrections were sent.
    fn record(percent: i64, money: &str, corrections: u32) -> Record {
        let reported = Reported {
            percent: percent.into(),
            money: amount(money),
            amount: amount(money),
            peaks: Vec::new(),
            at_least: false,
            days: BTreeMap::new(),
            at: now(),
        };
        Record { reported: Some(reported), corrections, lower_since: None }
    }

    fn thread(claim: Option<Claim>) -> Thread {
        let key = World::new(NUMBERS).spent("85").decided(&Threads::default()).remove(0).key;
        Thread::after(None, &key, Record::default(), claim, now())
    }

    #[test]
    fn what_was_sent_beside_a_thread_loses_nothing_that_was_reported() {
        let known = Record { lower_since: Some(now()), ..record(100, "40", 1) };
        let both = known.with(&record(50, "500", 0), Kind::Budget);
        let highest = both.reported.unwrap();
        assert_eq!((highest.percent, highest.money), (100.into(), amount("500")));
        assert_eq!((highest.amount, both.corrections, both.lower_since), (amount("500"), 1, None));
        let highest = record(50, "500", 0).with(&known, Kind::Budget).reported.unwrap();
        assert_eq!((highest.percent, highest.money, highest.amount), (100.into(), amount("500"), amount("40")));
        // A correction sets back, and is one more.
        assert_eq!(known.with(&record(0, "0", 1), Kind::Correction), record(0, "0", 2));
    }

    #[test]
    fn a_claim_holds_until_its_lease_is_over() {
        let alert = AlertId::stored("553eb78b4468");
        let claim = Claim { owner: "run".to_owned(), lease_until: now(), alert, next: Record::default() };
        let second = SignedDuration::from_secs(1);
        let held = thread(Some(claim));
        assert_eq!([now() - second, now(), now() + second].map(|at| held.is_held(at)), [true, false, false]);
        assert!(!thread(None).is_held(now() - second));
    }

    #[test]
    fn each_write_has_a_version_of_its_own() {
        let first = thread(None);
        let write = |read: &Thread| Thread::after(Some(read), &read.key, Record::default(), None, now());
        assert_eq!([first.version, write(&first).version, write(&write(&first)).version], [1, 2, 3]);
    }

    #[test]
    fn what_could_not_be_read_may_exist() {
        let known = |unread| Threads::new(Vec::new(), BTreeSet::new(), unread).is_complete();
        assert_eq!([known(false), known(true)], [true, false]);
    }
}
