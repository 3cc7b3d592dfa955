//! The run's intent: all that it is about to send, left in the ledger before any other write.

use std::collections::HashSet;

use super::{LITTLE_PATIENCE, Outbox};
use crate::clients::ledger::LedgerError;
use crate::domain::alert::{Alert, Threads, decide_by};
use crate::domain::case::Case;

impl Outbox<'_> {
    /// Leaves our intent, before any other write. While the ledger fails, this one call shows whether it is back.
    pub(super) async fn intend(&mut self, account: &str) -> Result<(), LedgerError> {
        if self.has_intent && self.ledger_works {
            return Ok(());
        }
        if !self.ledger_works && self.ledger_deadline.left().is_zero() {
            return Err(LedgerError::out_of_time());
        }
        let (ledger, owner, intended) = (self.ledger, self.owner, std::mem::take(&mut self.intended));
        let written = self.patiently(ledger.intend(account, owner, &intended)).await;
        self.intended = intended;
        written?;
        self.has_intent = true;
        if !self.was_read {
            self.read_again(account).await;
        }
        Ok(())
    }

    /// The ledger is back: what it knows keeps marks off what was never sent.
    async fn read_again(&mut self, account: &str) {
        let loaded = self.ledger_deadline.at_most(LITTLE_PATIENCE).bound(self.ledger.load(account, self.owner)).await;
        self.threads = loaded.map(|(threads, _)| threads).filter(Threads::is_complete);
        self.was_read = self.threads.is_some();
    }

    /// Records what this run is about to send. If the ledger could not be read at first and now can, decides again with what it says.
    pub(super) async fn intended<'a>(
        &mut self,
        alerts: Vec<Alert<'a>>,
        case: &Case<'a>,
    ) -> Result<Vec<Alert<'a>>, (Vec<Alert<'a>>, LedgerError)> {
        let account = case.totals.account();
        if let Err(error) = self.intend(account).await {
            return Err((alerts, error));
        }
        let Some(threads) = &self.threads else {
            return Ok(alerts);
        };
        let again =
            |alert: Alert<'a>| Alert { background: alert.background, ..decide_by(alert.finding, threads, case) };
        let decided: Vec<_> = alerts.iter().cloned().map(again).collect();
        match self.intend_more(account, &decided).await {
            Ok(()) => Ok(decided),
            Err(error) => Err((alerts, error)),
        }
    }

    /// Adds to our intent the alerts that are not in it.
    pub(super) async fn intend_more(&mut self, account: &str, alerts: &[Alert<'_>]) -> Result<(), LedgerError> {
        let known: HashSet<_> = self.intended.iter().collect();
        let more: Vec<_> = alerts.iter().map(|alert| &alert.id).filter(|id| !known.contains(id)).cloned().collect();
        if more.is_empty() {
            return Ok(());
        }
        self.intended.extend(more);
        let (ledger, owner, intended) = (self.ledger, self.owner, self.intended.clone());
        self.patiently(ledger.intend(account, owner, &intended)).await
    }
}
