//! What is written after a publish: confirmed, released, or recorded late; and the notes of threads whose alerts are not due.

use futures_util::{StreamExt, stream};
use jiff::{SignedDuration, Timestamp};

use super::{AT_ONCE, MOST_TURNS, Outbox};
use crate::clients::ledger::{LedgerError, SentMessage, Write};
use crate::domain::alert::{Alert, Claim, Record, Thread};
use crate::domain::case::Case;

/// A thread that is still judged is written anew when it would be forgotten within this time.
const RENEWED: SignedDuration = SignedDuration::from_hours(24 * 31);

/// An alert on its way, with its claim if there is one.
#[derive(Clone, Debug)]
pub(super) struct Recording<'a> {
    pub(super) alert: Alert<'a>,
    pub(super) held: Option<Thread>,
    pub(super) case: Case<'a>,
    /// Whether it may not have been published: then it is recorded as a claim, which a later run holds against it as that.
    pub(super) is_in_doubt: bool,
}

impl<'a> Recording<'a> {
    pub(super) fn new(alert: Alert<'a>, held: Option<Thread>, case: &Case<'a>) -> Recording<'a> {
        Recording { alert, held, case: *case, is_in_doubt: false }
    }

    fn sent(&self) -> Record {
        self.alert.next.clone().unwrap_or_default()
    }
}

/// What a publish leaves to be written.
#[derive(Clone, Debug)]
pub(super) struct Published<'a> {
    pub(super) recordings: Vec<Recording<'a>>,
    /// The message, for those who ask later; `None` if it may not have been published.
    pub(super) message: Option<SentMessage>,
}

/// The thread once an alert is sent. What the receiver may know besides stays as a claim that is over.
fn sent<'a>(alert: &Alert<'a>, read: Option<&Thread>, case: &Case<'a>, owner: &str, now: Timestamp) -> Thread {
    let doubt = alert.doubt.clone();
    let claim = doubt.map(|next| Claim { owner: owner.to_owned(), lease_until: now, alert: alert.id.clone(), next });
    let ends = alert.finding.ends(case).max(now);
    Thread::after(read, &alert.key, alert.next.clone().unwrap_or_default(), claim, ends)
}

impl Outbox<'_> {
    /// Records a published message.
    pub(super) async fn confirm<'a>(&mut self, published: Published<'a>, unrecorded: &mut Vec<Published<'a>>) {
        // Without our intent nothing is written (see the module): what cannot be recorded now is tried again later.
        let is_held = published.recordings.iter().any(|recording| recording.held.is_some());
        if !self.has_intent || !(is_held || self.ledger_works) {
            unrecorded.push(published);
            return;
        }
        unrecorded.extend(self.write_down(published).await);
    }

    /// Tries again to record what was published; without success it stays in the list.
    pub(super) async fn catch_up<'a>(&mut self, unrecorded: &mut Vec<Published<'a>>) {
        let account = unrecorded.iter().flat_map(|published| &published.recordings).next();
        let Some(account) = account.map(|recording| recording.alert.key.account.clone()) else { return };
        if let Err(error) = self.intend(&account).await {
            self.not_recorded = Some(error);
            return;
        }
        let mut rest = std::mem::take(unrecorded).into_iter();
        for published in rest.by_ref() {
            unrecorded.extend(self.write_down(published).await);
            if !self.ledger_works {
                break;
            }
        }
        unrecorded.extend(rest);
    }

    /// Writes the message and its threads side by side; answers what the ledger failed at, whose last error is kept for the end.
    async fn write_down<'a>(&mut self, published: Published<'a>) -> Option<Published<'a>> {
        let Published { recordings, message } = published;
        let account = recordings.first().map(|recording| recording.alert.key.account.clone());
        let (ledger, patience) = (self.ledger, self.patience());
        let keeping = async {
            let (account, message) = account.zip(message.as_ref())?;
            let kept = patience.bound(ledger.keep(&account, message)).await;
            let error = kept.unwrap_or_else(|| Err(LedgerError::out_of_time())).err()?;
            tracing::warn!(%error, id = message.id.as_str(), "the message was not kept for later questions");
            Some(error)
        };
        let (not_kept, left) = tokio::join!(keeping, self.record_all(recordings));
        self.ledger_works = left.is_empty();
        let (recordings, mut errors): (Vec<_>, Vec<_>) = left.into_iter().unzip();
        self.not_recorded = errors.pop().or(self.not_recorded.take());
        let message = message.filter(|_| not_kept.is_some());
        (!recordings.is_empty()).then_some(Published { recordings, message })
    }

    /// Records side by side; answers what the ledger failed at, and how.
    async fn record_all<'a>(&self, recordings: Vec<Recording<'a>>) -> Vec<(Recording<'a>, LedgerError)> {
        let recording = |recording: Recording<'a>| async {
            let outcome = self.patience().bound(self.record(&recording)).await;
            match outcome.unwrap_or_else(|| Err(LedgerError::out_of_time())) {
                Ok(()) => None,
                Err(error) => {
                    tracing::warn!(%error, alert = recording.alert.id.as_str(), "a published alert is not recorded as yet");
                    Some((recording, error))
                }
            }
        };
        let left: Vec<_> = stream::iter(recordings).map(recording).buffered(AT_ONCE).collect().await;
        left.into_iter().flatten().collect()
    }

    async fn record(&self, recording: &Recording<'_>) -> Result<(), LedgerError> {
        if let Some(held) = &recording.held {
            // Refused, if another run has taken the thread over: it knows that the alert may have been sent.
            let thread = sent(&recording.alert, Some(held), &recording.case, self.owner, self.ledger.now());
            self.ledger.write(&thread, Some(held.version)).await?;
            return Ok(());
        }
        let mut alert = recording.alert.clone();
        // The claim of a run that died says what else the receiver may know.
        let mut kept: Option<Claim> = None;
        for _ in 0..MOST_TURNS {
            let read = alert.thread.as_deref();
            let mut thread = if recording.is_in_doubt {
                self.claimed(&alert, &recording.case, self.ledger.now())
            } else {
                sent(&alert, read, &recording.case, self.owner, self.ledger.now())
            };
            thread.claim = kept.take().or(thread.claim);
            let Write::Refused(found) = self.ledger.write(&thread, read.map(|thread| thread.version)).await? else {
                return Ok(());
            };
            let is_ours = |thread: &Thread| thread.claim.as_ref().is_some_and(|claim| claim.owner == self.owner);
            alert.thread = found;
            match &alert.thread {
                // Our own claim, whose reply was lost.
                Some(found) if is_ours(found) => {}
                // One claim is all that a thread can hold: then the run's intent has to show that this may have been sent.
                Some(found) if found.is_held(self.ledger.now()) || (recording.is_in_doubt && found.claim.is_some()) => {
                    break;
                }
                Some(found) => {
                    kept = found.claim.clone();
                    alert.base = found.record.clone();
                    alert.next = Some(found.record.with(&recording.sent(), recording.alert.finding.kind()));
                }
                None => {}
            }
        }
        Err(LedgerError::out_of_time())
    }

    /// Gives claims back, because it is certain that this run published nothing: the threads are again as they were read, so that an earlier
    /// claim, which may have published, still counts.
    pub(super) async fn release(&mut self, recordings: &[Recording<'_>]) {
        let before = |recording: &Recording<'_>| {
            let (held, before) = (recording.held.as_ref()?, recording.alert.thread.as_deref());
            let record = before.map_or_else(Record::default, |thread| thread.record.clone());
            let claim = before.and_then(|thread| thread.claim.clone());
            let (key, ends) = (&recording.alert.key, self.ends(&recording.alert, &recording.case));
            Some((Thread::after(Some(held), key, record, claim, ends), Some(held.version)))
        };
        let failed = self.write_all(recordings.iter().filter_map(before).collect()).await;
        if let Some(error) = failed {
            self.delivered.ledger_fault(&error, "the alerts wait until their claims are over");
        }
    }

    /// Writes what threads have to remember though nothing is sent: since when a fall is agreed on, or that a figure is proven; and all of a
    /// thread that would be forgotten soon, though its period is judged on. What cannot be written is found again by the next run.
    pub(super) async fn take_notes<'a>(&mut self, others: &[Alert<'a>], case: &Case<'a>) {
        let note = |alert: &Alert<'a>| {
            // A thread that another run holds is left to it.
            let read = alert.thread.as_deref().filter(|thread| !thread.is_held(self.ledger.now()))?;
            let is_old = || read.expires_at.duration_since(self.ledger.now()) < RENEWED;
            let record = alert.next.clone().or_else(|| is_old().then(|| read.record.clone()))?;
            let claim = read.claim.clone();
            let thread = Thread::after(Some(read), &alert.key, record, claim, self.ends(alert, case));
            Some((thread, Some(read.version)))
        };
        let failed = self.write_all(others.iter().filter_map(note).collect()).await;
        if let Some(error) = failed {
            tracing::warn!(%error, "a thread's note was not written; the next run writes it");
        }
    }

    /// Writes threads side by side; answers one of the failures. A refused write is none.
    async fn write_all(&self, threads: Vec<(Thread, Option<u64>)>) -> Option<LedgerError> {
        let write = |(thread, read): (Thread, Option<u64>)| async move {
            self.patience().bound(self.ledger.write(&thread, read)).await?.err()
        };
        let failed: Vec<_> = stream::iter(threads).map(write).buffered(AT_ONCE).collect().await;
        failed.into_iter().flatten().next()
    }
}
