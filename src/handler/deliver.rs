//! From what was judged to what was sent: plan → claim → publish → confirm.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream;
use jiff::{SignedDuration, Timestamp, ToSpan};

use super::{Examination, Invocation, Places, Services, prepare_account};
use crate::answer::Answer;
use crate::clients::ledger::{Claim, Entry, Held, LedgerError};
use crate::domain::alert::{AlertId, AlertKind, Decision, Planned, Recorded, ids_to_ask, plan};
use crate::domain::message::{AlertRecord, Notice, NoticedAlert, Publication};
use crate::domain::policy::GroupBy;
use crate::domain::totals::{Receipt, SumTooLong};
use crate::error::{Code, RunError};

/// Claims made side by side.
const CLAIMS_AT_ONCE: usize = 16;
/// Time that one message needs from claim to confirmation; none is begun with less.
const MESSAGE_TIME: Duration = Duration::from_secs(1);
/// A sent alert is remembered for longer than Zoom's report goes back (13 months).
const REMEMBERED_MONTHS: i32 = 14;

const PUBLISHED_WITHOUT: &str = "alerts were published without it and marked as possible repeats";

const SENT: &str = "sent";
const ALREADY_SENT: &str = "already_sent";
const DRY_RUN: &str = "dry_run";
const NOT_SENT: &str = "not_sent";

/// What became of the alerts.
#[derive(Debug, Default)]
pub struct Delivery {
    /// Every alert due, with its outcome.
    pub alerts: Vec<AlertRecord>,
    /// What was published, or would be in a dry run.
    pub publications: Vec<Publication>,
    /// What went wrong.
    pub faults: Vec<RunError>,
    held_elsewhere: usize,
    held_until: Option<Timestamp>,
}

impl Delivery {
    /// How many alerts were published.
    #[must_use]
    pub fn sent(&self) -> u64 {
        self.alerts
            .iter()
            .filter(|alert| alert.outcome == SENT)
            .count() as u64
    }

    fn record(&mut self, alerts: &[NoticedAlert<'_>], outcome: &'static str) {
        self.alerts
            .extend(alerts.iter().map(|alert| AlertRecord::of(alert, outcome)));
    }

    fn ledger_fault(&mut self, error: &LedgerError, consequence: &str) {
        tracing::error!(%error, consequence, "the ledger failed");
        // One broken ledger is one fault, however many alerts it concerns.
        if !self
            .faults
            .iter()
            .any(|fault| fault.code == Code::LedgerUnavailable)
        {
            self.faults.push(RunError::new(
                Code::LedgerUnavailable,
                format!("{error}; {consequence}"),
            ));
        }
    }

    fn publish_fault(&mut self, message: String) {
        tracing::error!(message, "an alert was not published");
        self.faults
            .push(RunError::new(Code::PublishFailed, message));
    }
}

/// What a run that has sent nothing yet would send.
///
/// # Errors
/// [`SumTooLong`].
pub fn preview(examination: &Examination<'_>) -> Result<Delivery, SumTooLong> {
    let mut delivery = Delivery::default();
    for group in examination.due(&HashMap::new(), &mut delivery)? {
        delivery.record(&group, DRY_RUN);
        let notice = examination.notice(group, false, true);
        delivery.publications.push(Publication::of(&notice));
    }
    Ok(delivery)
}

/// Sends what is due and was not sent before.
///
/// # Errors
/// [`SumTooLong`]; everything else is among the delivery's faults.
pub async fn deliver(
    services: &Services,
    topic_arn: &str,
    examination: &Examination<'_>,
    invocation: &Invocation,
) -> Result<Delivery, SumTooLong> {
    let mut delivery = Delivery::default();
    let ids: Vec<_> = examination
        .standings
        .iter()
        .flat_map(|standing| ids_to_ask(standing, &examination.account))
        .collect();
    let recorded = match services.ledger.recorded(&ids).await {
        Ok(recorded) => recorded,
        Err(error) => {
            delivery.ledger_fault(&error, PUBLISHED_WITHOUT);
            HashMap::new()
        }
    };
    let groups = examination.due(&recorded, &mut delivery)?;
    let sender = Sender {
        services,
        topic_arn,
        examination,
        invocation,
        ledger_is_down: AtomicBool::new(false),
    };
    let mut out_of_time = 0;
    for group in groups {
        if invocation.deadline.left() < MESSAGE_TIME {
            out_of_time += group.len();
            delivery.record(&group, NOT_SENT);
            continue;
        }
        sender.send(group, &mut delivery).await;
    }
    if out_of_time > 0 {
        let mend = "the next run sends them; raise the function's timeout";
        delivery.publish_fault(format!(
            "the run's time was up with {out_of_time} alerts to send; {mend}"
        ));
    }
    if let Some(until) = delivery.held_until {
        let count = delivery.held_elsewhere;
        let message = format!(
            "another run is about to send {count} of the alerts, until {until}; if it does not, the next run does"
        );
        delivery
            .faults
            .push(RunError::new(Code::LedgerUnavailable, message));
    }
    Ok(delivery)
}

impl<'p> Examination<'p> {
    /// The alerts to send, in groups of one message each. Those sent before go into the delivery's records.
    fn due(
        &self,
        recorded: &HashMap<AlertId, Recorded>,
        delivery: &mut Delivery,
    ) -> Result<Vec<Vec<NoticedAlert<'p>>>, SumTooLong> {
        let mut groups: Vec<Vec<NoticedAlert<'p>>> = Vec::new();
        for planned in plan(self.standings.clone(), &self.account, recorded) {
            match &planned.decision {
                Decision::BelowLevels => {}
                Decision::Unproven => tracing::warn!(
                    scope = planned.standing.scope.name(),
                    period = planned.standing.period.label(),
                    "rows are missing and credits are at hand: whether a level is reached cannot be told"
                ),
                Decision::AlreadySent { .. } => {
                    let told = NoticedAlert {
                        planned,
                        top: Vec::new(),
                        top_left_out: 0,
                    };
                    delivery.record(&[told], ALREADY_SENT);
                }
                Decision::Send { .. } => {
                    let alert = NoticedAlert::new(planned, &self.reading.totals)?;
                    let joins = |group: &&mut Vec<NoticedAlert<'p>>| {
                        self.policy.group_by == GroupBy::Run
                            && group
                                .first()
                                .is_some_and(|first| first.planned.kind() == alert.planned.kind())
                    };
                    match groups.iter_mut().find(joins) {
                        Some(group) => group.push(alert),
                        None => groups.push(vec![alert]),
                    }
                }
            }
        }
        Ok(groups)
    }

    fn notice(
        &self,
        alerts: Vec<NoticedAlert<'p>>,
        possible_repeat: bool,
        dry_run: bool,
    ) -> Notice<'p> {
        Notice {
            id: AlertId::of_group(alerts.iter().map(|alert| &alert.planned.id)),
            kind: alerts
                .first()
                .map_or(AlertKind::Test, |alert| alert.planned.kind()),
            as_of: self.as_of,
            account: self.account.clone(),
            zone: self.policy.time_zone.clone(),
            zone_name: self.policy.time_zone_name.clone(),
            possible_repeat,
            dry_run,
            alerts,
            receipt: self.reading.receipt.clone(),
        }
    }
}

struct Sender<'r, 'p> {
    services: &'r Services,
    topic_arn: &'r str,
    examination: &'r Examination<'p>,
    invocation: &'r Invocation,
    /// Once a claim failed no other is tried: waiting for each would use up the time to publish.
    ledger_is_down: AtomicBool,
}

impl<'p> Sender<'_, 'p> {
    /// Claims the alerts of a group, and publishes those that are ours: those that may have been published before in a message of their own,
    /// so that the mark of a possible repeat is on no other.
    async fn send(&self, group: Vec<NoticedAlert<'p>>, delivery: &mut Delivery) {
        let claims = stream::iter(&group).map(|alert| async {
            if self.ledger_is_down.load(Ordering::Relaxed) {
                return None;
            }
            let entry = entry(&self.examination.account, &alert.planned);
            let claim = self
                .services
                .ledger
                .claim(&entry, &self.invocation.owner)
                .await;
            self.ledger_is_down
                .fetch_or(claim.is_err(), Ordering::Relaxed);
            Some(claim)
        });
        let claims: Vec<_> = claims.buffered(CLAIMS_AT_ONCE).collect().await;
        let (mut fresh, mut repeats) = (Vec::new(), Vec::new());
        for (alert, claim) in group.into_iter().zip(claims) {
            match claim {
                Some(Ok(Claim::Held(held))) if held.attempt == 1 => fresh.push((alert, Some(held))),
                Some(Ok(Claim::Held(held))) => repeats.push((alert, Some(held))),
                Some(Ok(Claim::AlreadySent)) => delivery.record(&[alert], ALREADY_SENT),
                Some(Ok(Claim::HeldElsewhere { until })) => {
                    delivery.record(&[alert], NOT_SENT);
                    delivery.held_elsewhere += 1;
                    delivery.held_until = delivery.held_until.max(Some(until));
                }
                Some(Err(error)) => {
                    delivery.ledger_fault(&error, PUBLISHED_WITHOUT);
                    repeats.push((alert, None));
                }
                None => repeats.push((alert, None)),
            }
        }
        for (alerts, possible_repeat) in [(fresh, false), (repeats, true)] {
            if !alerts.is_empty() {
                self.publish(alerts, possible_repeat, delivery).await;
            }
        }
    }

    async fn publish(
        &self,
        alerts: Vec<(NoticedAlert<'p>, Option<Held>)>,
        possible_repeat: bool,
        delivery: &mut Delivery,
    ) {
        let (alerts, held): (Vec<_>, Vec<_>) = alerts.into_iter().unzip();
        let notice = self.examination.notice(alerts, possible_repeat, false);
        let publication = Publication::of(&notice);
        let outcome = publish(
            self.services,
            self.topic_arn,
            &publication,
            held.iter().flatten(),
            &self.invocation.owner,
            delivery,
        )
        .await;
        delivery.record(&notice.alerts, outcome);
        delivery.publications.push(publication);
    }
}

/// Publishes a message and settles the claims behind it.
async fn publish(
    services: &Services,
    topic_arn: &str,
    publication: &Publication,
    held: impl Iterator<Item = &Held>,
    owner: &str,
    delivery: &mut Delivery,
) -> &'static str {
    let published = services.topic.publish(topic_arn, publication).await;
    let settled = stream::iter(held).map(|held| {
        let published = &published;
        async move {
            match published {
                Ok(message_id) => services.ledger.confirm(held, owner, message_id).await,
                Err(error) if error.refused => services.ledger.release(held, owner).await,
                // It may have been published: the claim stays, and the next run marks its message.
                Err(_) => Ok(()),
            }
        }
    });
    let settled: Vec<_> = settled.buffered(CLAIMS_AT_ONCE).collect().await;
    for error in settled.into_iter().filter_map(Result::err) {
        let consequence = match &published {
            Ok(_) => {
                "an alert was published and not recorded, so that it will come again, marked as a possible repeat"
            }
            Err(_) => "the alert waits until its claim is over",
        };
        delivery.ledger_fault(&error, consequence);
    }
    match published {
        Ok(_) => SENT,
        Err(error) => {
            delivery.publish_fault(error.to_string());
            NOT_SENT
        }
    }
}

fn entry(account: &str, planned: &Planned<'_>) -> Entry {
    let standing = &planned.standing;
    let level = match &planned.decision {
        Decision::Send { level, .. } => *level,
        _ => None,
    };
    let expires_at = standing
        .period
        .to()
        .to_zoned(jiff::tz::TimeZone::UTC)
        .saturating_add(REMEMBERED_MONTHS.months())
        .timestamp();
    Entry {
        id: planned.id.clone(),
        facts: vec![
            ("account", account.to_owned()),
            ("kind", planned.kind().name().to_owned()),
            ("scope", standing.scope.name().to_owned()),
            ("subject", standing.subject.to_string()),
            ("currency", standing.currency.code().to_owned()),
            ("period", standing.period.label()),
            (
                "threshold",
                level.map_or_else(String::new, |level| level.threshold.to_string()),
            ),
            ("amount", standing.amount.to_string()),
            (
                "budget",
                standing
                    .budget
                    .map_or_else(String::new, |budget| budget.name.clone()),
            ),
        ],
        expires_at,
    }
}

/// Sends a test notification the way an alert goes: secret and policy are read, the ledger is written, the topic published to.
pub(super) async fn test(
    services: &Services,
    places: &Places,
    dry_run: bool,
    invocation: &Invocation,
) -> Result<Answer, RunError> {
    let (account, policy) = prepare_account(services, places).await?;
    let id = AlertId::of_test(&account, invocation.now);
    let answer = |outcome| {
        Answer::without_report(
            invocation.now,
            vec![AlertRecord::of_test(id.clone(), outcome)],
        )
    };
    if dry_run {
        return Ok(answer(DRY_RUN));
    }
    let notice = Notice {
        id: id.clone(),
        kind: AlertKind::Test,
        as_of: invocation.now,
        account: account.clone().into(),
        zone: policy.time_zone.clone(),
        zone_name: policy.time_zone_name.clone(),
        possible_repeat: false,
        dry_run,
        alerts: Vec::new(),
        receipt: Receipt::default(),
    };
    let mut delivery = Delivery::default();
    let expires_at = invocation
        .now
        .saturating_add(SignedDuration::from_hours(24))
        .unwrap_or(invocation.now);
    let facts = vec![
        ("account", account),
        ("kind", AlertKind::Test.name().to_owned()),
    ];
    let held = match services
        .ledger
        .claim(
            &Entry {
                id: id.clone(),
                facts,
                expires_at,
            },
            &invocation.owner,
        )
        .await
    {
        Ok(Claim::Held(held)) => Some(held),
        Ok(Claim::AlreadySent | Claim::HeldElsewhere { .. }) => return Ok(answer(ALREADY_SENT)),
        Err(error) => {
            delivery.ledger_fault(&error, "the test notification was published without it");
            None
        }
    };
    let outcome = publish(
        services,
        &places.topic_arn,
        &Publication::of(&notice),
        held.iter(),
        &invocation.owner,
        &mut delivery,
    )
    .await;
    match RunError::join(delivery.faults) {
        Some(error) => Err(error),
        None => Ok(answer(outcome)),
    }
}
