//! From what was judged to what was sent: plan → claim → publish → confirm.

use std::collections::{BTreeSet, HashSet};
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream;
use jiff::{Timestamp, ToSpan};

use super::{Examination, Invocation, Services};
use crate::clients::Deadline;
use crate::clients::ledger::{Claim, Entry, Held, LedgerError};
use crate::clients::topic::PublishError;
use crate::domain::alert::{AlertId, AlertKind, Decision, Planned, ids_to_ask, ids_to_ask_of, plan, plan_corrections};
use crate::domain::message::{AlertRecord, Notice, NoticedAlert, Publication};
use crate::domain::policy::GroupBy;
use crate::domain::totals::Spenders;
use crate::error::{Code, RunError};

/// Claims made side by side.
const CLAIMS_AT_ONCE: usize = 16;
/// Time that one message needs from claim to confirmation; none is begun with less.
const MESSAGE_TIME: Duration = Duration::from_secs(1);
/// What the ledger must leave of the run's time, to publish; at most a third of what there is.
const PUBLISH_RESERVE: Duration = Duration::from_secs(10);
/// What a publish must leave of the run's time, to settle and to answer.
const SETTLE_RESERVE: Duration = Duration::from_secs(1);
/// After so many failed claims the ledger is down, and no other is tried.
const MOST_FAILED_CLAIMS: usize = 3;
/// A sent alert is remembered for longer than Zoom's report goes back (13 months).
const REMEMBERED_MONTHS: i32 = 14;

const CLAIMS_TELL: &str = "each alert's claim told whether it was sent before";
const NO_ANSWER: &str = "the ledger did not answer in time";
const PUBLISHED_WITHOUT: &str = "alerts were published without it and marked as possible repeats";

pub(super) const SENT: &str = "sent";
pub(super) const ALREADY_SENT: &str = "already_sent";
pub(super) const DRY_RUN: &str = "dry_run";
const NOT_SENT: &str = "not_sent";

/// What became of the alerts.
#[derive(Debug, Default)]
pub struct Delivery {
    /// Every alert due, with its outcome.
    pub alerts: Vec<AlertRecord>,
    /// What would be published; of a preview only.
    pub publications: Vec<Publication>,
    /// What went wrong.
    pub faults: Vec<RunError>,
    held_elsewhere: usize,
    held_until: Option<Timestamp>,
    ledger_unread: bool,
}

impl Delivery {
    /// How many alerts were published.
    #[must_use]
    pub fn sent(&self) -> u64 {
        self.alerts.iter().filter(|alert| alert.outcome == SENT).count() as u64
    }

    /// Whether whoever should know of a restatement was told: only then it may be forgotten how things were before.
    pub(super) fn restatements_are_told(&self) -> bool {
        let is_untold = |alert: &AlertRecord| alert.kind == AlertKind::Correction && alert.outcome == NOT_SENT;
        !self.ledger_unread && !self.alerts.iter().any(is_untold)
    }

    fn record(&mut self, alerts: &[NoticedAlert<'_>], outcome: &'static str) {
        self.alerts.extend(alerts.iter().map(|alert| AlertRecord::of(alert, outcome)));
    }

    pub(super) fn ledger_fault(&mut self, error: &dyn fmt::Display, consequence: &str) {
        tracing::error!(%error, consequence, "the ledger failed");
        // One broken ledger is one fault for each consequence, however many alerts it concerns.
        let told = |fault: &RunError| fault.code == Code::LedgerUnavailable && fault.message.ends_with(consequence);
        if !self.faults.iter().any(told) {
            self.faults.push(RunError::new(Code::LedgerUnavailable, format!("{error}; {consequence}")));
        }
    }

    fn publish_fault(&mut self, message: String) {
        tracing::error!(message, "an alert was not published");
        self.faults.push(RunError::new(Code::PublishFailed, message));
    }
}

/// What a run that has sent nothing yet would send.
#[must_use]
pub fn preview(examination: &Examination<'_>) -> Delivery {
    let mut delivery = Delivery::default();
    for group in examination.due(&HashSet::new(), &mut delivery) {
        delivery.record(&group, DRY_RUN);
        let notice = examination.notice(group, false, true);
        delivery.publications.push(Publication::of(&notice));
    }
    delivery
}

/// Sends what is due and was not sent before. What goes wrong is among the delivery's faults.
pub async fn deliver(
    services: &Services,
    topic_arn: &str,
    examination: &Examination<'_>,
    invocation: &Invocation,
) -> Delivery {
    let mut delivery = Delivery::default();
    let desk = Desk::new(services, topic_arn, invocation);
    let ids = examination.ids_to_ask();
    let (sent, unread) = match desk.ledger_deadline.bound(services.ledger.sent(&ids)).await {
        Some(Ok(sent)) => (sent, None),
        Some(Err(error)) => (HashSet::new(), Some(error.to_string())),
        None => {
            desk.failed_claims.store(MOST_FAILED_CLAIMS, Ordering::Relaxed);
            (HashSet::new(), Some(NO_ANSWER.to_owned()))
        }
    };
    let groups = examination.due(&sent, &mut delivery);
    let mut out_of_time = 0;
    for group in groups {
        // While the ledger works, an alert that cannot be claimed in time waits for the next run, rather than be sent now and again then.
        let no_time_to_claim = !desk.ledger_is_down() && desk.ledger_deadline.left().is_zero();
        if no_time_to_claim || invocation.deadline.left() < MESSAGE_TIME {
            out_of_time += group.len();
            delivery.record(&group, NOT_SENT);
            continue;
        }
        desk.send(examination, group, &mut delivery).await;
    }
    if out_of_time > 0 {
        let mend = "the next run sends them; raise the function's timeout";
        delivery.publish_fault(format!("the run's time was up with {out_of_time} alerts to send; {mend}"));
    }
    delivery.ledger_unread = unread.is_some();
    if let Some(problem) = unread
        && !delivery.faults.iter().any(|fault| fault.code == Code::LedgerUnavailable)
    {
        delivery.ledger_fault(&problem, CLAIMS_TELL);
    }
    if let Some(until) = delivery.held_until {
        let count = delivery.held_elsewhere;
        let message = format!(
            "another run is about to send {count} of the alerts, until {until}; if it does not, the next run does"
        );
        delivery.faults.push(RunError::new(Code::LedgerUnavailable, message));
    }
    delivery
}

impl<'p> Examination<'p> {
    fn ids_to_ask(&self) -> Vec<AlertId> {
        let of_standings = self.standings.iter().flat_map(|standing| ids_to_ask(standing, &self.account));
        let of_corrections = self.corrections.iter().flat_map(|correction| ids_to_ask_of(correction, &self.account));
        let ids: BTreeSet<_> = of_standings.chain(of_corrections).collect();
        ids.into_iter().collect()
    }

    /// The alerts to send, in groups of one message each. Those sent before go into the delivery's records.
    fn due(&self, sent: &HashSet<AlertId>, delivery: &mut Delivery) -> Vec<Vec<NoticedAlert<'p>>> {
        let mut groups: Vec<Vec<NoticedAlert<'p>>> = Vec::new();
        let mut spenders = Spenders::of(&self.reading.totals);
        let alerts = plan(self.standings.clone(), &self.account, sent);
        for planned in alerts.into_iter().chain(plan_corrections(&self.corrections, &self.account, sent)) {
            match &planned.decision {
                // The unproven are told among the examination's faults.
                Decision::BelowLevels | Decision::Unproven => {}
                Decision::AlreadySent { .. } => {
                    let told = NoticedAlert { planned, top: Vec::new(), top_left_out: 0 };
                    delivery.record(&[told], ALREADY_SENT);
                }
                Decision::Send { .. } | Decision::Correct(_) => {
                    let alert = NoticedAlert::new(planned, &mut spenders);
                    let joins = |group: &&mut Vec<NoticedAlert<'p>>| {
                        (self.policy.group_by == GroupBy::Run || alert.planned.kind == AlertKind::Correction)
                            && group.first().is_some_and(|first| first.planned.kind == alert.planned.kind)
                    };
                    match groups.iter_mut().find(joins) {
                        Some(group) => group.push(alert),
                        None => groups.push(vec![alert]),
                    }
                }
            }
        }
        groups
    }

    fn notice(&self, alerts: Vec<NoticedAlert<'p>>, possible_repeat: bool, dry_run: bool) -> Notice<'p> {
        Notice {
            id: AlertId::of_group(alerts.iter().map(|alert| &alert.planned.id)),
            kind: alerts.first().map_or(AlertKind::Test, |alert| alert.planned.kind),
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

/// Claims, publishes and settles.
pub(super) struct Desk<'r> {
    services: &'r Services,
    topic_arn: &'r str,
    invocation: &'r Invocation,
    ledger_deadline: Deadline,
    failed_claims: AtomicUsize,
}

/// An alert on its way out, with its claim if there is one.
pub(super) struct Outgoing {
    entry: Entry,
    held: Option<Held>,
}

impl<'r> Desk<'r> {
    pub(super) fn new(services: &'r Services, topic_arn: &'r str, invocation: &'r Invocation) -> Desk<'r> {
        let ledger_deadline = invocation.deadline.less_reserve(PUBLISH_RESERVE);
        Desk { services, topic_arn, invocation, ledger_deadline, failed_claims: AtomicUsize::new(0) }
    }

    fn ledger_is_down(&self) -> bool {
        self.failed_claims.load(Ordering::Relaxed) >= MOST_FAILED_CLAIMS
    }

    /// Claims the alerts of a group, and publishes those that are ours: those that may have been published before in a message of their own,
    /// so that the mark of a possible repeat is on no other.
    async fn send<'p>(&self, examination: &Examination<'p>, group: Vec<NoticedAlert<'p>>, delivery: &mut Delivery) {
        let claims = stream::iter(&group).map(|alert| self.claim(entry(&examination.account, &alert.planned)));
        let claims: Vec<_> = claims.buffered(CLAIMS_AT_ONCE).collect().await;
        let (mut fresh, mut repeats) = (Vec::new(), Vec::new());
        for (alert, (entry, claim)) in group.into_iter().zip(claims) {
            match claim {
                Some(Ok(Claim::Held(held))) => {
                    let batch = if held.attempt == 1 { &mut fresh } else { &mut repeats };
                    batch.push((alert, Outgoing::new(entry, Some(held))));
                }
                Some(Ok(Claim::AlreadySent)) => delivery.record(&[alert], ALREADY_SENT),
                Some(Ok(Claim::HeldElsewhere { until })) => {
                    delivery.record(&[alert], NOT_SENT);
                    delivery.held_elsewhere += 1;
                    delivery.held_until = delivery.held_until.max(Some(until));
                }
                Some(Err(error)) => {
                    delivery.ledger_fault(&error, PUBLISHED_WITHOUT);
                    repeats.push((alert, Outgoing::new(entry, None)));
                }
                None => {
                    delivery.ledger_fault(&NO_ANSWER, PUBLISHED_WITHOUT);
                    repeats.push((alert, Outgoing::new(entry, None)));
                }
            }
        }
        for (batch, possible_repeat) in [(fresh, false), (repeats, true)] {
            if batch.is_empty() {
                continue;
            }
            let (alerts, outgoing): (Vec<_>, Vec<_>) = batch.into_iter().unzip();
            let notice = examination.notice(alerts, possible_repeat, false);
            let outcome = self.publish(&notice, outgoing, delivery).await;
            delivery.record(&notice.alerts, outcome);
        }
    }

    /// Claims an alert; `None` if the ledger is known to be down.
    pub(super) async fn claim(&self, entry: Entry) -> (Entry, Option<Result<Claim, LedgerError>>) {
        if self.ledger_is_down() {
            return (entry, None);
        }
        let claim = self.services.ledger.claim(&entry, &self.invocation.owner).await;
        self.failed_claims.fetch_add(usize::from(claim.is_err()), Ordering::Relaxed);
        (entry, Some(claim))
    }

    /// Publishes a message and settles the claims behind it. Answers the outcome for its alerts.
    pub(super) async fn publish(
        &self,
        notice: &Notice<'_>,
        outgoing: Vec<Outgoing>,
        delivery: &mut Delivery,
    ) -> &'static str {
        // A claim that may end under way protects no more: another run may publish too.
        let at_risk = outgoing.iter().filter_map(|outgoing| outgoing.held.as_ref()).any(Held::is_nearly_over);
        let message = |again: bool| {
            let possible_repeat = notice.possible_repeat || at_risk || again;
            Publication::of(&Notice { possible_repeat, ..notice.clone() })
        };
        let publishing = self.services.topic.publish(self.topic_arn, message);
        let published = self.invocation.deadline.sooner(SETTLE_RESERVE).bound(publishing).await;
        let published = published.unwrap_or_else(|| Err(PublishError::out_of_time(self.topic_arn)));
        let settling = stream::iter(outgoing).map(|outgoing| self.settle(outgoing, &published));
        let settled: Vec<_> = settling.buffered(CLAIMS_AT_ONCE).collect().await;
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

    async fn settle(&self, outgoing: Outgoing, published: &Result<String, PublishError>) -> Result<(), LedgerError> {
        let (ledger, owner) = (&self.services.ledger, &self.invocation.owner);
        match (published, outgoing.held) {
            (Ok(message_id), Some(held)) => ledger.confirm(&held, owner, message_id).await,
            // The ledger failed before and may be back: then this alert need not come again.
            (Ok(message_id), None) => match self.claim(outgoing.entry).await.1 {
                Some(Ok(Claim::Held(held))) => ledger.confirm(&held, owner, message_id).await,
                _ => Ok(()),
            },
            (Err(error), Some(held)) if error.refused => ledger.release(&held, owner).await,
            // It may have been published: the claim stays, and the next run marks its message.
            (Err(_), _) => Ok(()),
        }
    }
}

impl Outgoing {
    pub(super) fn new(entry: Entry, held: Option<Held>) -> Outgoing {
        Outgoing { entry, held }
    }
}

fn entry(account: &str, planned: &Planned<'_>) -> Entry {
    let standing = &planned.standing;
    let expires_at =
        standing.period.to().to_zoned(jiff::tz::TimeZone::UTC).saturating_add(REMEMBERED_MONTHS.months()).timestamp();
    Entry {
        id: planned.id.clone(),
        facts: vec![
            ("account", account.to_owned()),
            ("kind", planned.kind.name().to_owned()),
            ("scope", standing.scope.name().to_owned()),
            ("subject", standing.subject.to_string()),
            ("currency", standing.currency.code().to_owned()),
            ("period", standing.period.label()),
            ("threshold", planned.level().map_or_else(String::new, |level| level.threshold.to_string())),
            ("amount", standing.amount.to_string()),
            ("budget", standing.budget.map_or_else(String::new, |budget| budget.name.clone())),
        ],
        expires_at,
    }
}
