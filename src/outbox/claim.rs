//! Claiming the threads of a message, side by side.

use futures_util::{StreamExt, stream};
use jiff::Timestamp;

use super::recording::Recording;
use super::{AT_ONCE, MOST_TURNS, Outbox, PATIENCE, PUBLISH_RESERVE};
use crate::clients::Deadline;
use crate::clients::ledger::{LEASE, LedgerError, Write};
use crate::domain::alert::{Alert, Claim, Decision, Thread, decide_one};
use crate::domain::case::Case;

/// What happened to an alert that was to be claimed.
pub(super) enum Claimed<'a> {
    /// It is ours to publish.
    Held(Recording<'a>),
    /// The ledger failed: it is published all the same.
    Unheld(Recording<'a>, LedgerError),
    /// By the thread as it is, it is not due any more.
    Settled(Alert<'a>),
    /// Another run is about to publish it.
    Elsewhere(Alert<'a>, Timestamp),
}

impl Outbox<'_> {
    pub(super) async fn claim<'a>(&mut self, alerts: Vec<Alert<'a>>, case: &Case<'a>) -> Vec<Claimed<'a>> {
        let alerts = match self.intended(alerts, case).await {
            Ok(alerts) => alerts,
            Err((alerts, error)) => {
                let mut error = Some(error);
                let mut error = || error.take().unwrap_or_else(LedgerError::out_of_time);
                return alerts
                    .into_iter()
                    .map(|alert| Claimed::Unheld(Recording::new(alert, None, case), error()))
                    .collect();
            }
        };
        let deadline = self.deadline.less_reserve(PUBLISH_RESERVE);
        let before = self.deadline.left();
        let rounds = u32::try_from(alerts.len().div_ceil(AT_ONCE)).unwrap_or(u32::MAX).max(1);
        let claims = stream::iter(alerts).map(|alert| self.claim_one(alert, case, deadline));
        let claims: Vec<_> = claims.buffered(AT_ONCE).collect().await;
        let unheld = claims.iter().filter_map(|claimed| match claimed {
            Claimed::Unheld(recording, _) => Some(recording.alert.clone()),
            _ => None,
        });
        let unheld: Vec<_> = unheld.collect();
        self.ledger_works = unheld.is_empty();
        if self.ledger_works {
            self.slowest_write = self.slowest_write.max(before.saturating_sub(self.deadline.left()) / rounds);
        }
        // A thread that was not as it was read can have led to another alert.
        if let Err(error) = self.intend_more(case.totals.account(), &unheld).await {
            tracing::warn!(%error, "an alert is sent that neither a claim nor the run's intent shows");
        }
        claims
    }

    /// Claims an alert's thread. If another run has changed it since it was read, decides again.
    async fn claim_one<'a>(&self, alert: Alert<'a>, case: &Case<'a>, deadline: Deadline) -> Claimed<'a> {
        let mut alert = alert;
        for _ in 0..MOST_TURNS {
            if alert.decision != Decision::Due {
                return Claimed::Settled(alert);
            }
            let now = self.ledger.now();
            let read = alert.thread.as_deref();
            let claim = read.and_then(|thread| thread.claim.as_ref()).filter(|claim| now < claim.lease_until);
            if let Some(claim) = claim.filter(|claim| claim.owner != self.owner) {
                let until = claim.lease_until;
                return Claimed::Elsewhere(alert, until);
            }
            let thread = self.claimed(&alert, case, now.saturating_add(LEASE).unwrap_or(now));
            let written =
                deadline.at_most(PATIENCE).bound(self.ledger.write(&thread, read.map(|thread| thread.version))).await;
            match written.unwrap_or_else(|| Err(LedgerError::out_of_time())) {
                Ok(Write::Done) => return Claimed::Held(Recording::new(alert, Some(thread), case)),
                Ok(Write::Refused(found)) => {
                    alert = anew(alert, found.as_deref(), case);
                    // What other runs intended could not be read: they may have sent this very alert.
                    alert.may_repeat |= !self.was_read;
                }
                Err(error) => return Claimed::Unheld(Recording::new(alert, None, case), error),
            }
        }
        Claimed::Unheld(Recording::new(alert, None, case), LedgerError::out_of_time())
    }

    /// The thread once the alert is claimed.
    pub(super) fn claimed<'a>(&self, alert: &Alert<'a>, case: &Case<'a>, lease_until: Timestamp) -> Thread {
        let next = alert.doubt.clone().or_else(|| alert.next.clone()).unwrap_or_default();
        let claim = Claim { owner: self.owner.to_owned(), lease_until, alert: alert.id.clone(), next };
        Thread::after(alert.thread.as_deref(), &alert.key, alert.base.clone(), Some(claim), self.ends(alert, case))
    }

    /// Until when the thread of an alert matters at least; of a moment long past that is rerun, from now on.
    pub(super) fn ends<'a>(&self, alert: &Alert<'a>, case: &Case<'a>) -> Timestamp {
        alert.finding.ends(case).max(self.ledger.now())
    }
}

/// Decides again about an alert whose thread is not as it was read.
fn anew<'a>(alert: Alert<'a>, thread: Option<&Thread>, case: &Case<'a>) -> Alert<'a> {
    let Alert { finding, background, may_repeat, id, .. } = alert;
    let mut again = decide_one(finding, thread, case);
    again.background = background;
    again.may_repeat |= may_repeat && again.id == id;
    again
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::alert::Threads;
    use crate::domain::world::{BEFORE, NUMBERS, World, recorded};

    #[test]
    fn a_decision_made_again_may_repeat_what_the_same_alert_may_have_repeated() {
        let world = World::new(NUMBERS).spent("85");
        let (case, nothing) = (world.case(), Threads::default());
        let alert = |may_repeat| Alert { may_repeat, ..world.decided(&nothing).remove(0) };
        assert_eq!([true, false].map(|known| anew(alert(known), None, &case).may_repeat), [true, false]);
        // By the thread that was found another alert is due: the correction of what was reported.
        let before = World::new(NUMBERS).at(BEFORE).spent("110");
        let threads = recorded(&nothing, &before.decided(&nothing), &before.case());
        let correction = anew(alert(true), threads.iter().next(), &case);
        assert_eq!((correction.decision, correction.may_repeat), (Decision::Due, false));
    }
}
