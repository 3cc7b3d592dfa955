//! What became of the alerts, and what went wrong on the way.

use crate::clients::ledger::LedgerError;
use crate::domain::alert::{Alert, AlertRecord, Decision, Outcome};
use crate::domain::case::Case;
use crate::domain::message::{Composed, Publication, record};
use crate::error::{Code, RunError};

/// What became of the alerts.
#[derive(Debug, Default)]
pub struct Delivered {
    /// Every alert that is due or was sent before, with its outcome.
    pub alerts: Vec<AlertRecord>,
    /// What would be published; of a preview only.
    pub publications: Vec<Publication>,
    /// What went wrong.
    pub faults: Vec<RunError>,
    /// How the ledger failed, and what follows from it.
    ledger: Vec<(LedgerError, Vec<&'static str>)>,
}

impl Delivered {
    /// How many alerts were published.
    #[must_use]
    pub fn sent(&self) -> u64 {
        self.alerts.iter().filter(|alert| alert.outcome == Outcome::Sent).count() as u64
    }

    /// One broken ledger is one fault, however many alerts and calls it concerns.
    pub(super) fn ledger_fault(&mut self, error: &LedgerError, consequence: &'static str) {
        tracing::error!(%error, consequence, "the ledger failed");
        if self.ledger.iter().any(|(_, consequences)| consequences.contains(&consequence)) {
            return;
        }
        for (known, consequences) in &mut self.ledger {
            if let Some(joined) = known.joined(error) {
                *known = joined;
                consequences.push(consequence);
                return;
            }
        }
        self.ledger.push((error.clone(), vec![consequence]));
    }

    /// Puts the ledger's failures among the faults, now that all are known.
    pub(super) fn close(mut self) -> Delivered {
        let faults = std::mem::take(&mut self.ledger).into_iter().map(|(error, consequences)| {
            RunError::new(Code::LedgerUnavailable, format!("{error}; {}", consequences.join("; ")))
        });
        self.faults.extend(faults);
        self
    }

    pub(super) fn fault(&mut self, code: Code, message: String) {
        tracing::error!(message, %code, "alerts were not published");
        self.faults.push(RunError::new(code, message));
    }
}

/// What a run that sends nothing would send.
#[must_use]
pub fn preview(composed: &Composed<'_>, case: &Case<'_>) -> Delivered {
    let mut delivered = Delivered::default();
    for message in &composed.messages {
        delivered.alerts.extend(message.records(Outcome::DryRun));
        delivered.publications.push(Publication::of(message, false, Outcome::DryRun));
    }
    delivered.alerts.extend(already_sent(&composed.others, case));
    delivered
}

pub(super) fn already_sent<'a>(others: &[Alert<'a>], case: &Case<'a>) -> Vec<AlertRecord> {
    let sent = others.iter().filter(|alert| alert.decision == Decision::AlreadySent);
    sent.map(|alert| record(alert, case, Outcome::AlreadySent)).collect()
}
