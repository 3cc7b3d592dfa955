//! What became of the alerts, and what went wrong on the way.

use std::collections::BTreeSet;

use crate::clients::ledger::LedgerError;
use crate::domain::alert::{Alert, AlertRecord, Decision, Outcome};
use crate::domain::case::Case;
use crate::domain::message::{Composed, Publication, record};
use crate::domain::period::Period;
use crate::error::{Code, RunError};

/// What became of the alerts.
#[derive(Debug, Default)]
pub struct Delivered {
    /// Every alert that is due or was sent before, with its outcome.
    pub alerts: Vec<AlertRecord>,
    /// What would be published; of a preview only.
    pub publications: Vec<Publication>,
    /// The periods that have to be judged again, though they may be over: see [`Alert::holds_its_period`].
    pub held: BTreeSet<Period>,
    /// Whether a topic may have no listeners, and nobody can tell: it is not there, or the function may not ask.
    pub deaf_unknown: bool,
    /// What went wrong.
    pub faults: Vec<RunError>,
    /// How the ledger failed, and what follows from it.
    ledger: Vec<(LedgerError, Vec<&'static str>)>,
}

impl Delivered {
    /// Notes the alerts that are not due, and the periods that are not done with.
    pub(super) fn hold(&mut self, composed: &Composed<'_>) {
        self.alerts.extend(not_due(&composed.others));
        let holding = composed.alerts().filter(|(_, alert)| alert.holds_its_period());
        self.held.extend(holding.flat_map(|(_, alert)| alert.finding.periods()));
    }

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
        tracing::error!(problem = message, %code, "alerts were not published");
        self.faults.push(RunError::new(code, message));
    }
}

/// What a run that sends nothing would send.
#[must_use]
pub fn preview(composed: &Composed<'_>) -> Delivered {
    let mut delivered = Delivered::default();
    for message in &composed.messages {
        delivered.alerts.extend(message.records(Outcome::DryRun));
        delivered.publications.push(Publication::of(message, false, Outcome::DryRun));
    }
    delivered.hold(composed);
    delivered
}

/// What the answer says of alerts that are not due: those that were sent before, and those that wait for the end of a silence.
pub(super) fn not_due<'a>(others: &[(Case<'a>, Vec<Alert<'a>>)]) -> Vec<AlertRecord> {
    let shown = |alert: &Alert<'a>, case: &Case<'a>| {
        let outcome = match alert.decision {
            Decision::AlreadySent => Outcome::AlreadySent,
            Decision::Silenced { .. } => Outcome::Silenced,
            _ => return None,
        };
        Some(record(alert, case, outcome))
    };
    others.iter().flat_map(|(case, alerts)| alerts.iter().filter_map(move |alert| shown(alert, case))).collect()
}
