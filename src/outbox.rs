//! Claim → publish → confirm, message by message, within the deadline.
//!
//! A ledger that fails never silences an alert: what cannot be claimed is published all the same, marked as a possible repeat, and recorded
//! as soon as the ledger is back. It is tried again with every message, so a short failure costs nothing later. Before the first write comes
//! the intent (see [`Ledger::intend`]): so whatever this run leaves unrecorded, the next one knows of it.

mod claim;
mod delivered;
mod intent;
mod listeners;
mod recording;

use std::collections::{BTreeSet, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::clients::Deadline;
use crate::clients::ledger::{Ledger, LedgerError, SentMessage};
use crate::clients::topic::{PublishError, Topic};
use crate::domain::alert::{Alert, AlertId, Outcome, Thread, Threads};
use crate::domain::case::Case;
use crate::domain::message::{Composed, Message, Publication, record};
use crate::error::Code;
pub use delivered::{Delivered, preview};
pub use listeners::Deaf;

use claim::Claimed;
use delivered::not_due;
use recording::{Published, Recording};

/// Writes to the ledger made side by side.
const AT_ONCE: usize = 32;
/// How often a decision is repeated because another run changed the thread.
const MOST_TURNS: usize = 4;
/// Time without which no message is started.
const LEAST_TIME: Duration = Duration::from_secs(1);
/// What a failing ledger must leave of the run's time, to publish; at most a third of what there is.
const PUBLISH_RESERVE: Duration = Duration::from_secs(10);
/// What a publish must leave of the run's time, to record it and to answer.
const SETTLE_RESERVE: Duration = Duration::from_secs(1);
/// How long a working ledger is waited for, and one that failed last time.
const PATIENCE: Duration = Duration::from_secs(5);
const LITTLE_PATIENCE: Duration = Duration::from_secs(1);
/// The longest that a publish takes, with all its tries.
const LONGEST_PUBLISH: SignedDuration = SignedDuration::from_secs(25);

const PUBLISHED_WITHOUT: &str = "alerts were published without it and marked as possible repeats";
const NOT_RECORDED: &str = "alerts were published and not recorded, so that they will come again with the same ids";
const NOT_RECORDED_BUT_INTENDED: &str =
    "alerts were published and not recorded, so that they will come again, marked as possible repeats";
const NOT_READ: &str =
    "what earlier runs have sent was not all known, so that alerts may have come again, marked as possible repeats";

fn topic_of<'m>(message: &'m Message<'_>) -> &'m Arc<str> {
    &message.case.receiver.topic_arn
}

/// Sends what is due, and keeps the ledger true.
#[derive(Debug)]
pub struct Outbox<'r> {
    ledger: &'r Ledger,
    topic: &'r Topic,
    owner: &'r str,
    deadline: Deadline,
    ledger_deadline: Deadline,
    delivered: Delivered,
    /// Topics that a publish failed to.
    failed: HashSet<Arc<str>>,
    /// All that is about to be sent.
    intended: Vec<AlertId>,
    /// What a ledger that could not be read at first says later.
    threads: Option<Threads>,
    was_read: bool,
    /// Whether the ledger has our intent.
    has_intent: bool,
    /// Whether the last call of the ledger worked.
    ledger_works: bool,
    slowest_write: Duration,
    slowest_publish: Duration,
    out_of_time: usize,
    held_elsewhere: Option<(usize, Timestamp)>,
    /// Why something that was published is not recorded, as yet.
    not_recorded: Option<LedgerError>,
}

impl<'r> Outbox<'r> {
    /// An outbox of the run `owner`, which must be over by `deadline`.
    #[must_use]
    pub fn new(ledger: &'r Ledger, topic: &'r Topic, owner: &'r str, deadline: Deadline) -> Outbox<'r> {
        Outbox {
            ledger,
            topic,
            owner,
            deadline,
            ledger_deadline: deadline.less_reserve(PUBLISH_RESERVE),
            delivered: Delivered::default(),
            failed: HashSet::new(),
            intended: Vec::new(),
            threads: None,
            was_read: true,
            has_intent: false,
            ledger_works: true,
            slowest_write: Duration::ZERO,
            slowest_publish: Duration::ZERO,
            out_of_time: 0,
            held_elsewhere: None,
            not_recorded: None,
        }
    }

    /// What is known of an account. A ledger that cannot be read is among the faults at the end.
    pub async fn threads(&mut self, account: &str) -> Threads {
        let loading = self.ledger_deadline.bound(self.ledger.load(account, self.owner)).await;
        let (threads, problem) = loading
            .unwrap_or_else(|| (Threads::new(Vec::new(), BTreeSet::new(), true), Some(LedgerError::out_of_time())));
        if let Some(error) = problem {
            self.ledger_works = false;
            self.was_read = false;
            self.delivered.ledger_fault(&error, NOT_READ);
        }
        threads
    }

    /// Sends the messages, and writes down what the other alerts' threads have to remember.
    pub async fn send(mut self, composed: Composed<'_>, account: &str) -> Delivered {
        self.delivered.hold(&composed);
        let Composed { messages, others } = composed;
        let messages = self.without_deaf(messages).await;
        self.intended = messages.iter().flat_map(|message| &message.alerts).map(|alert| alert.id.clone()).collect();
        let mut unrecorded = Vec::new();
        let mut waiting: VecDeque<_> = messages.into();
        while let Some(message) = self.next_of(&mut waiting) {
            if !self.has_time_for(message.alerts.len()) {
                self.out_of_time += message.alerts.len();
                self.delivered.alerts.extend(message.records(Outcome::NotSent));
                continue;
            }
            let topics = waiting.iter().chain([&message]).map(topic_of).collect::<BTreeSet<_>>().len();
            self.send_one(message, topics, &mut unrecorded).await;
        }
        self.finish(others, unrecorded, account).await
    }

    /// The next message. A topic that failed is last from then on, so that no other waits for it.
    fn next_of<'a>(&self, waiting: &mut VecDeque<Message<'a>>) -> Option<Message<'a>> {
        let place = waiting.iter().position(|message| !self.failed.contains(topic_of(message)));
        waiting.remove(place.unwrap_or_default())
    }

    /// Whether a message of so many alerts can be claimed, published and recorded before the deadline, going by what came before.
    fn has_time_for(&self, alerts: usize) -> bool {
        let rounds = u32::try_from(alerts.div_ceil(AT_ONCE)).unwrap_or(u32::MAX);
        // A ledger that works is worth its time: what cannot be claimed waits for the next run, rather than come now and again then.
        let writes = if self.ledger_works { self.slowest_write.saturating_mul(2 * rounds + 1) } else { Duration::ZERO };
        self.deadline.left() >= LEAST_TIME + self.slowest_publish + writes
    }

    /// Waits for the ledger, no longer than it deserves.
    async fn patiently<T>(&mut self, call: impl Future<Output = Result<T, LedgerError>>) -> Result<T, LedgerError> {
        let before = self.deadline.left();
        let answer = self.patience().bound(call).await.unwrap_or_else(|| Err(LedgerError::out_of_time()));
        self.ledger_works = answer.is_ok();
        if self.ledger_works {
            self.slowest_write = self.slowest_write.max(before.saturating_sub(self.deadline.left()));
        }
        answer
    }

    /// Until when a call of the ledger that starts now is waited for.
    fn patience(&self) -> Deadline {
        self.deadline.at_most(if self.ledger_works { PATIENCE } else { LITTLE_PATIENCE })
    }

    /// Sends a message while so many topics wait for messages, this one's included.
    async fn send_one<'a>(&mut self, message: Message<'a>, topics: usize, unrecorded: &mut Vec<Published<'a>>) {
        let Message { case, alerts, part } = message;
        let (mut fresh, mut repeats) = (Vec::new(), Vec::new());
        for claimed in self.claim(alerts, &case).await {
            match claimed {
                Claimed::Held(recording) if recording.alert.may_repeat => repeats.push(recording),
                Claimed::Held(recording) => fresh.push(recording),
                Claimed::Unheld(recording, error) => {
                    self.delivered.ledger_fault(&error, PUBLISHED_WITHOUT);
                    repeats.push(recording);
                }
                Claimed::Settled(alert) => self.delivered.alerts.extend(not_due(&[(case, vec![alert])])),
                Claimed::Elsewhere(alert, until) => {
                    self.delivered.alerts.push(record(&alert, &case, Outcome::NotSent));
                    let (count, latest) = self.held_elsewhere.unwrap_or((0, until));
                    self.held_elsewhere = Some((count + 1, latest.max(until)));
                }
            }
        }
        // Those that may have come before have a message of their own, so that the mark is on no other.
        for (recordings, possible_repeat) in [(fresh, false), (repeats, true)] {
            if !recordings.is_empty() {
                let alerts = recordings.iter().map(|recording| recording.alert.clone()).collect();
                let patience = self.deadline.earlier(SETTLE_RESERVE).share_of(topics);
                self.publish(Message { case, alerts, part }, recordings, possible_repeat, patience, unrecorded).await;
            }
        }
        if self.ledger_works {
            self.catch_up(unrecorded).await;
        }
    }

    /// Publishes a message and records what became of it.
    async fn publish<'a>(
        &mut self,
        message: Message<'a>,
        recordings: Vec<Recording<'a>>,
        possible_repeat: bool,
        patience: Deadline,
        unrecorded: &mut Vec<Published<'a>>,
    ) {
        // A claim that may end under way protects no more: another run may publish too.
        let now = self.ledger.now();
        let ends_soon = |thread: &Thread| {
            thread.claim.as_ref().is_some_and(|claim| claim.lease_until.duration_since(now) < LONGEST_PUBLISH)
        };
        let possible_repeat =
            possible_repeat || recordings.iter().filter_map(|recording| recording.held.as_ref()).any(ends_soon);
        let topic_arn = message.case.receiver.topic_arn.clone();
        let form = |again: bool| Publication::of(&message, possible_repeat || again, Outcome::Sent);
        let before = self.deadline.left();
        let published = patience.bound(self.topic.publish(&topic_arn, form)).await;
        self.slowest_publish = self.slowest_publish.max(before.saturating_sub(self.deadline.left()));
        match published.unwrap_or_else(|| Err(PublishError::out_of_time(&topic_arn))) {
            Ok(message_id) => {
                self.delivered.alerts.extend(message.records(Outcome::Sent));
                let sent = SentMessage {
                    id: message.id(),
                    message_id,
                    topic_arn: topic_arn.to_string(),
                    sent_at: self.ledger.now(),
                    alerts: message.records(Outcome::Sent),
                };
                self.confirm(Published { recordings, message: Some(sent) }, unrecorded).await;
            }
            Err(error) => {
                self.failed.insert(Arc::clone(&topic_arn));
                self.delivered.alerts.extend(message.records(Outcome::NotSent));
                // Where it may have been published all the same, the claims stay, and the next run marks its message.
                if error.refused {
                    self.release(&recordings).await;
                } else {
                    let unclaimed = recordings.into_iter().filter(|recording| recording.held.is_none());
                    let in_doubt = unclaimed.map(|recording| Recording { is_in_doubt: true, ..recording });
                    let recordings: Vec<_> = in_doubt.collect();
                    if !recordings.is_empty() {
                        unrecorded.push(Published { recordings, message: None });
                    }
                }
                self.delivered.fault(Code::PublishFailed, error.to_string());
            }
        }
    }

    /// Ends the run: what was published is recorded if at all possible, then threads get their notes, then the intent goes.
    async fn finish<'a>(
        mut self,
        others: Vec<(Case<'a>, Vec<Alert<'a>>)>,
        mut unrecorded: Vec<Published<'a>>,
        account: &str,
    ) -> Delivered {
        self.catch_up(&mut unrecorded).await;
        if !unrecorded.is_empty() {
            let consequence = if self.has_intent { NOT_RECORDED_BUT_INTENDED } else { NOT_RECORDED };
            let error = self.not_recorded.take().unwrap_or_else(LedgerError::out_of_time);
            self.delivered.ledger_fault(&error, consequence);
        }
        // A note is not worth a write without our intent.
        if unrecorded.is_empty() && self.ledger_works {
            for (case, alerts) in &others {
                self.take_notes(alerts, case).await;
            }
        }
        if self.has_intent && unrecorded.is_empty() {
            let (ledger, owner) = (self.ledger, self.owner);
            if let Err(error) = self.patiently(ledger.settle(account, owner)).await {
                tracing::warn!(%error, "the run's intent stays; it does no harm, since all is recorded");
            }
        }
        if self.out_of_time > 0 {
            let count = self.out_of_time;
            let message = format!(
                "the run's time was up with {count} alerts to send; the next run sends them; if that goes on, see what makes the ledger or the topic slow"
            );
            self.delivered.fault(Code::PublishFailed, message);
        }
        if let Some((count, until)) = self.held_elsewhere {
            let message = format!(
                "another run is about to send {count} of the alerts, until {until}; if it does not, the next run does"
            );
            self.delivered.fault(Code::LedgerUnavailable, message);
        }
        self.delivered.close()
    }
}

#[cfg(test)]
mod tests;
