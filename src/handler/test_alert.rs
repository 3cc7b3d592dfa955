use jiff::SignedDuration;

use super::deliver::{ALREADY_SENT, DRY_RUN, Delivery, Desk, Outgoing};
use super::{Invocation, Places, Services, policy, secret_unreadable};
use crate::answer::Answer;
use crate::clients::ledger::{Claim, Entry};
use crate::domain::alert::{AlertId, AlertKind};
use crate::domain::message::{AlertRecord, Notice};
use crate::domain::totals::Receipt;
use crate::error::{Code, RunError};

/// Sends a test notification the way an alert goes: secret and policy are read, the ledger is written, the topic published to.
/// Tries of one event are one test.
pub(super) async fn test_alert(
    services: &Services,
    places: &Places,
    dry_run: bool,
    invocation: &Invocation,
) -> Result<Answer, RunError> {
    let (credentials, policy) =
        tokio::join!(services.secrets.read(&places.secret_id), policy(services, &places.policy));
    let (account, policy) = match (credentials.map_err(|error| secret_unreadable(&error)), policy) {
        (Ok(credentials), Ok(policy)) => (credentials.account_id, policy),
        (credentials, policy) => return Err(RunError::of_either(credentials.err(), policy.err())),
    };
    let id = AlertId::of_test(&account, &invocation.request_id);
    let answer = |outcome| Answer::without_report(invocation.now, vec![AlertRecord::of_test(id.clone(), outcome)]);
    if dry_run {
        return Ok(answer(DRY_RUN));
    }
    let expires_at = invocation.now.saturating_add(SignedDuration::from_hours(24)).unwrap_or(invocation.now);
    let facts = vec![("account", account.clone()), ("kind", AlertKind::Test.name().to_owned())];
    let desk = Desk::new(services, &places.topic_arn, invocation);
    let mut delivery = Delivery::default();
    let (entry, claim) = desk.claim(Entry { id: id.clone(), facts, expires_at }).await;
    let held = match claim {
        Some(Ok(Claim::Held(held))) => Some(held),
        Some(Ok(Claim::AlreadySent)) => return Ok(answer(ALREADY_SENT)),
        Some(Ok(Claim::HeldElsewhere { until })) => {
            let message = format!("another run is about to send this test, until {until}");
            return Err(RunError::new(Code::LedgerUnavailable, message));
        }
        Some(Err(error)) => {
            delivery.ledger_fault(&error, "the test notification was published without it");
            None
        }
        None => None,
    };
    let notice = Notice {
        id: id.clone(),
        kind: AlertKind::Test,
        as_of: invocation.now,
        account: account.into(),
        zone: policy.time_zone.clone(),
        zone_name: policy.time_zone_name.clone(),
        possible_repeat: held.as_ref().is_none_or(|held| held.attempt > 1),
        dry_run,
        alerts: Vec::new(),
        receipt: Receipt::default(),
    };
    let outcome = desk.publish(&notice, vec![Outgoing::new(entry, held)], &mut delivery).await;
    match RunError::join(delivery.faults) {
        Some(error) => Err(error),
        None => Ok(answer(outcome)),
    }
}
