//! The ledger of the demo: a JSON object, alert id → SNS message id, or null while claimed.

use std::collections::{BTreeMap, HashSet};
use std::io::ErrorKind;
use std::path::Path;

use jiff::Timestamp;

use super::{Claim, Held, LEASE, LedgerError};
use crate::domain::alert::AlertId;

type Entries = BTreeMap<String, Option<String>>;

pub(super) fn sent(path: &Path, ids: &[AlertId]) -> Result<HashSet<AlertId>, LedgerError> {
    let entries = load(path)?;
    let was_sent = |id: &&AlertId| entries.get(id.as_str()).is_some_and(Option::is_some);
    Ok(ids.iter().filter(was_sent).cloned().collect())
}

pub(super) fn claim(path: &Path, id: &AlertId, now: Timestamp) -> Result<Claim, LedgerError> {
    let mut entries = load(path)?;
    let attempt = match entries.insert(id.to_string(), None) {
        Some(Some(_)) => return Ok(Claim::AlreadySent),
        Some(None) => 2,
        None => 1,
    };
    save(path, &entries)?;
    Ok(Claim::Held(Held { id: id.clone(), attempt, until: now + LEASE }))
}

pub(super) fn confirm(path: &Path, id: &AlertId, message_id: &str) -> Result<(), LedgerError> {
    let mut entries = load(path)?;
    entries.insert(id.to_string(), Some(message_id.to_owned()));
    save(path, &entries)
}

pub(super) fn release(path: &Path, id: &AlertId) -> Result<(), LedgerError> {
    let mut entries = load(path)?;
    entries.remove(id.as_str());
    save(path, &entries)
}

fn load(path: &Path) -> Result<Entries, LedgerError> {
    match std::fs::read(path) {
        Ok(text) => serde_json::from_slice(&text).map_err(|_| error(path, "read", "it is not a ledger")),
        Err(problem) if problem.kind() == ErrorKind::NotFound => Ok(Entries::new()),
        Err(problem) => Err(error(path, "read", problem.kind().to_string())),
    }
}

fn save(path: &Path, entries: &Entries) -> Result<(), LedgerError> {
    let text = serde_json::to_vec_pretty(entries).map_err(|problem| error(path, "written", problem.to_string()))?;
    std::fs::write(path, text).map_err(|problem| error(path, "written", problem.kind().to_string()))
}

fn error(path: &Path, action: &'static str, problem: impl Into<String>) -> LedgerError {
    LedgerError { place: format!("the ledger {}", path.display()), action, problem: problem.into() }
}
