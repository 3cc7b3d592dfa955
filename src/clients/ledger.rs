//! The ledger: which alerts were sent, so that no run sends them again.
//!
//! claim → publish → confirm. A claim is a lease: it says who is about to publish and until when. Every later write is fenced by the claim's
//! owner and attempt, so that a run that was slow cannot confirm or release what another has taken over. A run that dies between publish and
//! confirm leaves a claim behind that looks like one of a run that died before publishing; when its lease is over the next run publishes
//! again and marks the message as a possible repeat: rather twice than never.

mod file;
mod table;

use std::collections::HashSet;
use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp};

use crate::domain::alert::AlertId;
use table::Table;

/// How long a claim protects its run.
pub const LEASE: SignedDuration = SignedDuration::from_secs(60);
/// The longest that a publish takes, with all its tries.
const LONGEST_PUBLISH: SignedDuration = SignedDuration::from_secs(25);

/// Where the ledger is kept.
#[derive(Debug)]
pub enum Ledger {
    /// A table of Amazon DynamoDB.
    Table(Table),
    /// A file, for one process at a time.
    File(PathBuf),
}

/// What is written of an alert, for those who look into the ledger.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The key.
    pub id: AlertId,
    /// Names and values in words: account, scope, subject, currency, period, threshold, budget.
    pub facts: Vec<(&'static str, String)>,
    /// When the entry may be forgotten.
    pub expires_at: Timestamp,
}

/// What became of the wish to publish an alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// It is ours to publish.
    Held(Held),
    /// It was published before.
    AlreadySent,
    /// Another run is about to publish it, or died doing so.
    HeldElsewhere {
        /// When its lease is over.
        until: Timestamp,
    },
}

/// A claim of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// The alert.
    pub id: AlertId,
    /// How often the alert was claimed. More than once: it may have been published before.
    pub attempt: u64,
    /// When its lease is over.
    pub until: Timestamp,
}

impl Held {
    /// Whether the lease may end before a publish that begins now does: another run may then publish too.
    #[must_use]
    pub fn is_nearly_over(&self) -> bool {
        self.until.duration_since(Timestamp::now()) < LONGEST_PUBLISH
    }
}

/// Why the ledger cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[error("{place} cannot be {action}: {problem}; check that it exists and that the function may read and write it")]
pub struct LedgerError {
    place: String,
    action: &'static str,
    problem: String,
}

impl Ledger {
    /// A table of Amazon DynamoDB.
    #[must_use]
    pub fn table(config: &aws_config::SdkConfig, name: &str) -> Ledger {
        Ledger::Table(Table::new(config, name))
    }

    /// Which of these alerts were sent.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn sent(&self, ids: &[AlertId]) -> Result<HashSet<AlertId>, LedgerError> {
        match self {
            Ledger::Table(table) => table.sent(ids, Timestamp::now()).await,
            Ledger::File(path) => file::sent(path, ids),
        }
    }

    /// Claims an alert for the run `owner`.
    ///
    /// # Errors
    /// [`LedgerError`]; whether the claim was written is then not known.
    pub async fn claim(&self, entry: &Entry, owner: &str) -> Result<Claim, LedgerError> {
        match self {
            Ledger::Table(table) => table.claim(entry, owner, Timestamp::now()).await,
            Ledger::File(path) => file::claim(path, &entry.id, Timestamp::now()),
        }
    }

    /// Records that a claimed alert was published as SNS's `message_id`.
    ///
    /// # Errors
    /// [`LedgerError`], also if the claim is no longer ours.
    pub async fn confirm(&self, held: &Held, owner: &str, message_id: &str) -> Result<(), LedgerError> {
        match self {
            Ledger::Table(table) => table.confirm(held, owner, message_id, Timestamp::now()).await,
            Ledger::File(path) => file::confirm(path, &held.id, message_id),
        }
    }

    /// Gives a claim back, because it is certain that this run published nothing.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn release(&self, held: &Held, owner: &str) -> Result<(), LedgerError> {
        match self {
            Ledger::Table(table) => table.release(held, owner).await,
            Ledger::File(path) => file::release(path, &held.id),
        }
    }
}
