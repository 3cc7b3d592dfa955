//! The ledger: one item for each thread, so that no run sends again what was sent.
//!
//! claim → publish → confirm. Every write is conditional on the version of the thread as it was read, so of two runs only one writes, a slow
//! run can neither confirm nor release what another has taken over, and a run that is refused gets the current thread and decides again. A claim
//! is a lease; while it lasts no other run takes the thread.
//!
//! A run also leaves the ids of all that it is about to send ([`Ledger::intend`]) and takes them away once all that it published is
//! recorded. So what was published while the ledger failed is known to a later run as a possible repeat.

#[cfg(any(test, feature = "cli"))]
mod items;
#[cfg(test)]
pub(crate) mod memory;
#[cfg(feature = "cli")]
mod simulated;
mod stored;
mod table;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::domain::alert::{AlertId, AlertRecord, KEPT, Thread, Threads, hash};
#[cfg(feature = "cli")]
pub use simulated::Simulated;
use table::Table;

/// How long a claim protects its run.
pub const LEASE: SignedDuration = SignedDuration::from_secs(60);
/// A message is remembered for `explain` for longer than Zoom's report goes back.
const MESSAGE_KEPT: SignedDuration = SignedDuration::from_hours(24 * 400);
/// Ids of an intent: what fits into an item of 400 KB.
const MOST_INTENDED: usize = 25_000;

/// Where the ledger is kept.
#[derive(Debug)]
pub enum Ledger {
    /// A table of Amazon DynamoDB.
    Table(Table),
    /// A map with a clock of its own.
    #[cfg(feature = "cli")]
    Simulated(Simulated),
    /// A map that fails on command.
    #[cfg(test)]
    Memory(memory::Memory),
}

/// What became of a conditional write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Write {
    /// It is written.
    Done,
    /// The thread is not as it was read, but so; `None` if there is none.
    Refused(Option<Box<Thread>>),
}

/// A published message, for those who ask later what it said.
#[derive(Clone, Debug, Serialize)]
pub struct SentMessage {
    /// The id that readers know it by.
    pub id: AlertId,
    /// SNS's id.
    pub message_id: String,
    /// The topic.
    pub topic_arn: String,
    /// When it was sent.
    pub sent_at: Timestamp,
    /// What it said.
    pub alerts: Vec<AlertRecord>,
}

impl SentMessage {
    fn sort_key(&self) -> String {
        format!("message#{}#{}", self.sent_at, self.id)
    }
}

/// Why the ledger cannot be read or written.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{place} cannot be {action}: {problem}; check that it exists and that the function may read and write it")]
pub struct LedgerError {
    place: String,
    action: &'static str,
    problem: String,
}

impl LedgerError {
    /// The ledger did not answer in the time that the run has for it.
    #[must_use]
    pub fn out_of_time() -> LedgerError {
        let problem = "no answer in time".to_owned();
        LedgerError { place: "the ledger".to_owned(), action: "read or written", problem }
    }

    /// Both failures as one, if they have the same cause.
    #[must_use]
    pub fn joined(&self, other: &LedgerError) -> Option<LedgerError> {
        let is_one = self.place == other.place && self.problem == other.problem;
        let action = if self.action == other.action { self.action } else { "read or written" };
        is_one.then(|| LedgerError { action, ..self.clone() })
    }
}

impl Ledger {
    /// A table of Amazon DynamoDB.
    #[must_use]
    pub fn table(config: &aws_config::SdkConfig, name: &str) -> Ledger {
        Ledger::Table(Table::new(config, name))
    }

    /// The present, by which leases end.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        match self {
            #[cfg(feature = "cli")]
            Ledger::Simulated(simulated) => simulated.now(),
            #[cfg(test)]
            Ledger::Memory(memory) => memory.now(),
            Ledger::Table(_) => Timestamp::now(),
        }
    }

    /// All that is known of an account, and what other runs than `owner` were about to send.
    ///
    /// # Errors
    /// [`LedgerError`]; what was read before it is in [`Threads`] all the same.
    pub async fn load(&self, account: &str, owner: &str) -> (Threads, Option<LedgerError>) {
        match self {
            Ledger::Table(table) => table.load(account, owner, self.now()).await,
            #[cfg(feature = "cli")]
            Ledger::Simulated(simulated) => (simulated.load(account, owner).await, None),
            #[cfg(test)]
            Ledger::Memory(memory) => memory.load(account, owner).await,
        }
    }

    /// Writes a thread if it is still at the version `read`; `None` if there was none. A write whose reply was lost counts as done.
    ///
    /// # Errors
    /// [`LedgerError`]; whether the thread was written is then not known.
    pub async fn write(&self, thread: &Thread, read: Option<u64>) -> Result<Write, LedgerError> {
        let write = match self {
            Ledger::Table(table) => table.write(thread, read, self.now()).await?,
            #[cfg(feature = "cli")]
            Ledger::Simulated(simulated) => simulated.write(thread, read).await,
            #[cfg(test)]
            Ledger::Memory(memory) => memory.write(thread, read).await?,
        };
        Ok(match write {
            Write::Refused(Some(found)) if *found == *thread => Write::Done,
            write => write,
        })
    }

    /// Records which alerts the run `owner` is about to send.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn intend(&self, account: &str, owner: &str, alerts: &[AlertId]) -> Result<(), LedgerError> {
        let ids: Vec<_> = alerts.iter().take(MOST_INTENDED).map(AlertId::as_str).collect();
        // It is of no use once its threads are forgotten.
        let (key, ids, expires_at) = (intent_key(owner), ids.join(","), later(self.now(), KEPT));
        match self {
            Ledger::Table(table) => table.put(account, &key, "intends", ids, expires_at).await,
            #[cfg(feature = "cli")]
            Ledger::Simulated(simulated) => {
                simulated.put(account, &key, ids).await;
                Ok(())
            }
            #[cfg(test)]
            Ledger::Memory(memory) => memory.put(account, &key, ids).await,
        }
    }

    /// Takes back what [`Ledger::intend`] recorded: all that was published is in its threads.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn settle(&self, account: &str, owner: &str) -> Result<(), LedgerError> {
        let key = intent_key(owner);
        match self {
            Ledger::Table(table) => table.delete(account, &key).await,
            #[cfg(feature = "cli")]
            Ledger::Simulated(simulated) => {
                simulated.delete(account, &key).await;
                Ok(())
            }
            #[cfg(test)]
            Ledger::Memory(memory) => memory.delete(account, &key).await,
        }
    }

    /// How the table is made; `None` where there is none.
    ///
    /// # Errors
    /// AWS's code and message.
    #[cfg(feature = "cli")]
    pub async fn form(&self) -> Result<Option<crate::clients::table::TableForm>, String> {
        match self {
            Ledger::Table(table) => table.form().await.map(Some),
            _ => Ok(None),
        }
    }

    /// Keeps a published message.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn keep(&self, account: &str, message: &SentMessage) -> Result<(), LedgerError> {
        let (key, text) = (message.sort_key(), serde_json::to_string(message).unwrap_or_default());
        match self {
            Ledger::Table(table) => {
                table.put(account, &key, "message", text, later(message.sent_at, MESSAGE_KEPT)).await
            }
            #[cfg(feature = "cli")]
            Ledger::Simulated(simulated) => {
                simulated.keep(account, &key, text).await;
                Ok(())
            }
            #[cfg(test)]
            Ledger::Memory(memory) => memory.put(account, &key, text).await,
        }
    }

    /// The messages that were published from one moment on, before another, oldest first, as [`SentMessage`] was kept.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn messages(
        &self,
        account: &str,
        (from, to): (Timestamp, Timestamp),
    ) -> Result<Vec<serde_json::Value>, LedgerError> {
        let [first, last] = [from, to].map(|at| format!("message#{at}"));
        let same = first.bytes().zip(last.bytes()).take_while(|(one, other)| one == other).count();
        let prefix = first.get(..same).unwrap_or("message#");
        let texts = match self {
            Ledger::Table(table) => table.texts(account, prefix, "message").await?,
            #[cfg(feature = "cli")]
            Ledger::Simulated(simulated) => simulated.texts(account, prefix).await,
            #[cfg(test)]
            Ledger::Memory(memory) => memory.texts(account, prefix),
        };
        let messages = texts.iter().filter_map(|text| serde_json::from_str::<serde_json::Value>(text).ok());
        let sent_at = |message: &serde_json::Value| message["sent_at"].as_str()?.parse::<Timestamp>().ok();
        Ok(messages.filter(|message| sent_at(message).is_some_and(|at| (from..to).contains(&at))).collect())
    }
}

/// An owner is of any form; keys are not.
fn intent_key(owner: &str) -> String {
    format!("run#{}", hash(&[owner], 32))
}

fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.saturating_add(by).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::alert::{Claim, Record};
    use crate::domain::world::{NUMBERS, World};

    fn thread(record: Record, read: Option<&Thread>) -> Thread {
        let world = World::new(NUMBERS).spent("85");
        let alert = world.decided(&Threads::default()).remove(0);
        let until = Timestamp::now();
        let claim = Claim { owner: "one".to_owned(), lease_until: until, alert: alert.id, next: Record::default() };
        Thread::after(read, &alert.key, record, Some(claim), until)
    }

    /// The conditional write on which everything rests, by the demo's ledger; the table's is held to the same on the stand-in.
    #[tokio::test]
    async fn a_write_holds_only_if_the_thread_is_as_it_was_read() {
        let ledger = Ledger::Simulated(Simulated::at(Timestamp::now()));
        let first = thread(Record::default(), None);
        assert_eq!(ledger.write(&first, None).await.unwrap(), Write::Done);
        // The same again: our own, whose reply was lost.
        assert_eq!(ledger.write(&first, None).await.unwrap(), Write::Done);
        let other = thread(Record { corrections: 1, ..Record::default() }, None);
        let refused = || Write::Refused(Some(Box::new(first.clone())));
        assert_eq!(ledger.write(&other, None).await.unwrap(), refused());
        let second = thread(Record { corrections: 2, ..Record::default() }, Some(&first));
        assert_eq!(ledger.write(&second, Some(7)).await.unwrap(), refused());
        assert_eq!(ledger.write(&second, Some(1)).await.unwrap(), Write::Done);
        let (threads, problem) = ledger.load("acc", "two").await;
        assert_eq!((threads.of(&first.key), problem.is_none()), (Some(&second), true));
        // What has expired is as if it were not there.
        let old = Thread { expires_at: Timestamp::UNIX_EPOCH, version: 3, ..second };
        assert_eq!(ledger.write(&old, Some(2)).await.unwrap(), Write::Done);
        assert_eq!(ledger.load("acc", "two").await.0.of(&first.key), None);
        assert_eq!(ledger.write(&first, None).await.unwrap(), Write::Done);
    }

    #[tokio::test]
    async fn other_runs_see_what_a_run_intends_until_it_has_settled() {
        let ledger = Ledger::Simulated(Simulated::at(Timestamp::now()));
        let ids = ["0123456789ab", "ba9876543210"].map(AlertId::stored);
        ledger.intend("acc", "one", &ids).await.unwrap();
        let may_have_sent = async |owner: &str| ledger.load("acc", owner).await.0.may_have_sent(&ids[1]);
        assert!(!may_have_sent("one").await && may_have_sent("two").await);
        ledger.settle("acc", "one").await.unwrap();
        assert!(!may_have_sent("two").await);
    }
}
