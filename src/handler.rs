//! A run, from the event to the answer: prepare → fetch → sum → judge → plan → claim → publish → confirm → report.
//!
//! A run never stops at the first fault. What the rows at hand prove is sent; then the run ends as an error that tells all that went wrong,
//! so that Lambda tries again and alarms fire.

mod backfill;
mod deliver;
mod memory;
mod test_alert;

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use aws_config::SdkConfig;
use futures_util::FutureExt;
use jiff::{SignedDuration, Timestamp};

use crate::answer::Answer;
use crate::clients::Deadline;
use crate::clients::history::History;
use crate::clients::ledger::Ledger;
use crate::clients::parameters::Parameters;
use crate::clients::secrets::{SecretError, Secrets};
use crate::clients::topic::Topic;
use crate::clients::zoom::{Authorized, Reading, Source, Zoom, ZoomError, ZoomErrorKind};
use crate::config::{Config, PolicySource};
use crate::domain::budget::{JudgedPeriod, Standing, judge};
use crate::domain::correction::{Correction, corrections};
use crate::domain::history::Restated;
use crate::domain::money::Currency;
use crate::domain::period::judged_periods;
use crate::domain::policy::Policy;
use crate::domain::totals::{Scope, Sum};
use crate::error::{Code, RunError};
use crate::event::Event;
use crate::telemetry::{Metrics, Spending};

use memory::Memory;

pub use backfill::backfill;
pub use deliver::{Delivery, deliver, preview};

/// Of the run's time, what is kept to publish and record what the report proves; at most a third.
const RESERVE: Duration = Duration::from_secs(20);
/// Faulty rows, or subjects, that an error names.
const MOST_NAMED: usize = 5;
/// Faulty rows that are logged.
const MOST_ROWS_LOGGED: usize = 100;

/// All outside parties of a run.
#[derive(Debug)]
pub struct Services {
    /// Credentials.
    pub secrets: Secrets,
    /// Policies.
    pub parameters: Parameters,
    /// The report.
    pub zoom: Zoom,
    /// What was sent.
    pub ledger: Ledger,
    /// What was read of past days.
    pub history: History,
    /// How old what was read may become.
    pub full_read_every: SignedDuration,
    /// Where alerts go.
    pub topic: Topic,
}

impl Services {
    /// The services of a deployment.
    ///
    /// # Errors
    /// [`Code::Internal`] if the system offers no TLS.
    pub fn deployed(aws: &SdkConfig, config: &Config) -> Result<Services, RunError> {
        let zoom = Zoom::new(config.zoom.clone());
        Ok(Services {
            secrets: Secrets::manager(aws),
            parameters: Parameters::manager(aws),
            zoom: zoom.map_err(|error| RunError::new(Code::Internal, error.to_string()))?,
            ledger: Ledger::table(aws, &config.ledger_table),
            history: History::table(aws, &config.ledger_table),
            full_read_every: SignedDuration::from_hours(config.full_read_hours.into()),
            topic: Topic::sns(aws),
        })
    }
}

/// What is particular to one run.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// The same for all tries of one event.
    pub request_id: String,
    /// Unlike that of every other run, tries of the same event included: it fences the ledger.
    pub owner: String,
    /// When the run began.
    pub now: Timestamp,
    /// When it must be over.
    pub deadline: Deadline,
}

/// Where the things of a run are to be found, the event's choice before the environment's.
#[derive(Clone, Debug)]
pub struct Places {
    /// The secret's name or ARN.
    pub secret_id: String,
    /// The policy.
    pub policy: PolicySource,
    /// The topic's ARN.
    pub topic_arn: String,
}

/// A run's account and policy, ready to read the report.
#[derive(Debug)]
pub struct Prepared {
    /// The secret that the right comes from.
    pub secret_id: String,
    /// The right to read the report.
    pub authorized: Authorized,
    /// The policy.
    pub policy: Policy,
}

/// What the report says, judged by the policy.
#[derive(Debug)]
pub struct Examination<'p> {
    /// The moment judged.
    pub as_of: Timestamp,
    /// Zoom's account id.
    pub account: Arc<str>,
    /// The policy.
    pub policy: &'p Policy,
    /// The periods judged.
    pub periods: Vec<JudgedPeriod>,
    /// The report, with what is remembered of it.
    pub reading: Reading,
    /// The days that were restated since they were remembered.
    pub restated: Vec<Restated>,
    /// The figures that are across other levels than before the restatement.
    pub corrections: Vec<Correction<'p>>,
    memory: Memory,
    /// Where every watched subject stands.
    pub standings: Vec<Standing<'p>>,
}

/// What is asked of the report.
#[derive(Clone, Copy)]
pub struct Question<'q> {
    /// The moment to judge.
    pub as_of: Timestamp,
    /// When reading must be over.
    pub deadline: Deadline,
    /// Whether the history may be used.
    pub with_history: bool,
    /// Told the number of pages read so far.
    pub on_page: &'q dyn Fn(u64),
}

/// Does what the event asks for.
///
/// # Errors
/// The faults of the run, joined, after everything was sent that is proven.
pub async fn run(
    services: &Services,
    places: &Places,
    event: &Event,
    invocation: &Invocation,
    metrics: &mut Metrics,
) -> Result<Answer, RunError> {
    // Zoom's rows have whole seconds, and people read this.
    let now = Timestamp::from_second(invocation.now.as_second()).unwrap_or(invocation.now);
    let as_of = event.as_of.unwrap_or(now);
    if event.test_alert {
        return test_alert::test_alert(services, places, event.dry_run, invocation).await;
    }
    let deadline = invocation.deadline.less_reserve(RESERVE);
    let prepared = prepare(services, places, deadline).await?;
    if event.backfill {
        return backfill(services, &prepared, now, deadline, metrics, &|_, _| {}).await;
    }
    // Whoever asks for a moment of the past, or only looks, is told what Zoom says of it now.
    let with_history = !event.dry_run && event.as_of.is_none();
    let question = Question { as_of, deadline, with_history, on_page: &|_| {} };
    let examination = examine(services, &prepared, &question).await?;
    for row in examination.reading.row_faults.iter().take(MOST_ROWS_LOGGED) {
        tracing::warn!(%row, "a row cannot be read");
    }
    let mut faults = examination.faults();
    let answer = examination.answer();
    let delivery = if event.dry_run {
        preview(&examination)
    } else {
        deliver(services, &places.topic_arn, &examination, invocation).await
    };
    if with_history {
        memory::remember(services, &examination, delivery.restatements_are_told(), invocation.deadline).await;
    }
    let reading = &examination.reading;
    metrics.report_incomplete = !reading.receipt.complete;
    metrics.rows = reading.receipt.rows;
    metrics.requests = reading.requests;
    metrics.refusals = reading.refusals;
    metrics.alerts_sent = delivery.sent();
    if reading.receipt.complete && event.as_of.is_none() {
        metrics.spending = examination.spending();
    }
    let answer = answer.with_alerts(delivery.alerts);
    tracing::info!(answer = serde_json::to_string(&answer).unwrap_or_default(), "judged the report");
    faults.extend(delivery.faults);
    // An alert that did not go out weighs most.
    faults.sort_by_key(|fault| fault.code != Code::PublishFailed);
    match RunError::join(faults) {
        Some(error) => Err(error),
        None => Ok(answer),
    }
}

/// Gets the token (with the secret) and the policy, side by side.
///
/// # Errors
/// What is wrong with either, or both.
pub async fn prepare(services: &Services, places: &Places, deadline: Deadline) -> Result<Prepared, RunError> {
    let both =
        async { tokio::join!(authorize(services, &places.secret_id, deadline), policy(services, &places.policy)) };
    let Some(both) = deadline.bound(both).await else {
        let message = "the run's time was up before secret, policy and token were there; raise the function's timeout";
        return Err(RunError::new(Code::ReportIncomplete, message));
    };
    match both {
        (Ok(authorized), Ok(policy)) => Ok(Prepared { secret_id: places.secret_id.clone(), authorized, policy }),
        (authorized, policy) => Err(RunError::of_either(authorized.err(), policy.err())),
    }
}

async fn authorize(services: &Services, secret_id: &str, deadline: Deadline) -> Result<Authorized, RunError> {
    let read = async || services.secrets.read(secret_id).await.map_err(|error| secret_unreadable(&error));
    let mut authorized = services.zoom.authorize(&read().await?, deadline).await;
    // The secret may have been rotated between its reading and its use.
    if authorized.as_ref().is_err_and(|error| error.kind == ZoomErrorKind::InvalidClient) {
        authorized = services.zoom.authorize(&read().await?, deadline).await;
    }
    authorized.map_err(|error| zoom_failed(&error))
}

async fn policy(services: &Services, source: &PolicySource) -> Result<Policy, RunError> {
    let invalid = |problem: String| RunError::new(Code::PolicyInvalid, format!("the policy {problem}"));
    let document = services.parameters.read(source).await.map_err(|error| invalid(error.to_string()))?;
    Policy::parse(&document).map_err(|faults| invalid(format!("is not valid: {faults}")))
}

/// Reads the report as of a moment, as far as it is not remembered, and judges it.
///
/// # Errors
/// Only what leaves nothing to judge.
pub async fn examine<'p>(
    services: &Services,
    prepared: &'p Prepared,
    question: &Question<'_>,
) -> Result<Examination<'p>, RunError> {
    let Question { as_of, .. } = *question;
    let Prepared { authorized, policy, .. } = prepared;
    let account: Arc<str> = authorized.account_id().into();
    let beyond = || {
        RunError::new(
            Code::EventInvalid,
            format!("as_of {as_of} lies beyond the calendar; give a moment of the last 13 months"),
        )
    };
    let periods = judged_periods(policy.period_kinds(), as_of, &policy.time_zone, policy.late_charges_days)
        .map_err(|_| beyond())?;
    let start = periods.iter().map(|period| period.from()).min().unwrap_or(as_of);
    // Rows have whole seconds; one of the very moment belongs to it.
    let end = as_of.saturating_add(SignedDuration::from_secs(1)).unwrap_or(as_of);
    let memory = memory::recall(services, prepared, &(start..end), question, services.full_read_every)
        .await
        .ok_or_else(beyond)?;
    let mut reading = read(services, prepared, &memory.plan.spans(), question, None).await;
    let recalled = memory.plan.recall(&mut reading.totals, &reading.unread);
    let recalled = recalled.map_err(|error| RunError::new(Code::ReportInvalid, error.to_string()))?;
    reading.receipt.complete = recalled.unread.is_empty();
    reading.receipt.rows = reading.totals.messages();
    reading.receipt.days = memory.plan.days();
    reading.receipt.days_from_history = recalled.from_history;
    reading.unread.clone_from(&recalled.unread);
    let overlaps = |span: &Range<Timestamp>, from: Timestamp, to: Timestamp| span.start < to && from < span.end;
    let periods: Vec<_> = periods
        .into_iter()
        .map(|period| JudgedPeriod {
            period,
            complete: !reading.unread.iter().any(|span| overlaps(span, period.from(), period.to())),
        })
        .collect();
    let standings = judge(&reading.totals, policy, &periods, &account);
    let corrections = match &recalled.before {
        Some(before) if reading.receipt.complete => {
            let before = judge(before, policy, &periods, &account);
            corrections(&before, &standings, &memory.plan.restated(&recalled))
        }
        _ => Vec::new(),
    };
    let restated = recalled.restated.clone();
    let memory = Memory { recalled, ..memory };
    Ok(Examination { as_of, account, policy, periods, reading, restated, corrections, memory, standings })
}

async fn read(
    services: &Services,
    prepared: &Prepared,
    spans: &[Range<Timestamp>],
    question: &Question<'_>,
    most_requests: Option<u64>,
) -> Reading {
    let Prepared { secret_id, authorized, policy } = prepared;
    let renew = || async { services.secrets.read(secret_id).await.ok() }.boxed_local();
    let source = Source { authorized: authorized.clone(), renew: &renew, on_page: question.on_page, most_requests };
    services.zoom.fetch(source, spans, &policy.time_zone, question.deadline).await
}

impl Examination<'_> {
    /// Why the figures are not proven; empty if they are.
    #[must_use]
    pub fn faults(&self) -> Vec<RunError> {
        // What was only to be read again is remembered.
        let failure = self.reading.failure.iter().filter(|_| !self.reading.receipt.complete);
        let mut faults: Vec<_> = failure.map(zoom_failed).collect();
        let rows = &self.reading.row_faults;
        if !rows.is_empty() {
            let named: Vec<_> = rows.iter().take(MOST_NAMED).map(ToString::to_string).collect();
            faults.push(RunError::new(
                Code::ReportInvalid,
                format!(
                    "{} of Zoom's report cannot be read, so the sums are not whole: {}{}. Tell Zoom's support the message ids",
                    if rows.len() == 1 { "1 row".to_owned() } else { format!("{} rows", rows.len()) },
                    named.join("; "),
                    more(rows.len()),
                ),
            ));
        }
        let unproven: Vec<_> = self.standings.iter().filter(|standing| standing.is_unproven()).collect();
        if !unproven.is_empty() {
            let named = |standing: &&Standing<'_>| {
                format!("{} ({})", standing.scope.of(&standing.subject), standing.period.label())
            };
            let names: Vec<_> = unproven.iter().take(MOST_NAMED).map(named).collect();
            let message = format!(
                "nothing can be said of {}{}: rows are missing, and credits are among those at hand",
                names.join(", "),
                more(unproven.len())
            );
            faults.push(RunError::new(Code::ReportIncomplete, message));
        }
        faults
    }

    /// What the account spent in the running period of the longest kind, by currency, beside the highest budget for it.
    fn spending(&self) -> Vec<Spending> {
        let running = self.periods.iter().map(|judged| judged.period).filter(|period| self.as_of < period.to());
        let Some(period) = running.max_by_key(|period| period.kind()) else {
            return Vec::new();
        };
        let sums = self.reading.totals.by_subject(&period, Scope::Account, &self.account);
        let highest = |currency| {
            let budgets = self
                .policy
                .budgets
                .iter()
                .filter(|budget| budget.currency == currency && budget.period == period.kind());
            budgets.map(|budget| budget.amount).max()
        };
        let spending = |((_, currency), sum): ((_, Currency), Sum)| Spending {
            currency,
            to_date: sum.amount,
            highest_budget: highest(currency),
        };
        sums.into_iter().map(spending).collect()
    }

    /// The answer, as yet without alerts.
    #[must_use]
    pub fn answer(&self) -> Answer {
        let reading = &self.reading;
        Answer::of(self.as_of, reading.requests, &reading.receipt, &self.periods, &reading.totals)
            .with_restated(self.restated.clone())
    }
}

fn more(all: usize) -> String {
    let more = all.saturating_sub(MOST_NAMED);
    if more > 0 { format!("; and {more} more") } else { String::new() }
}

fn secret_unreadable(error: &SecretError) -> RunError {
    RunError::new(Code::SecretUnreadable, error.to_string())
}

fn zoom_failed(error: &ZoomError) -> RunError {
    const LATER: &str = "the next run tries again; if it lasts, see Zoom's status page";
    const SUPPORT: &str = "the next run tries again; if it comes again, tell Zoom's support";
    let (code, mend) = match error.kind {
        ZoomErrorKind::InvalidClient | ZoomErrorKind::Unauthorized | ZoomErrorKind::TokenExpired => {
            (Code::ZoomUnauthorized, None)
        }
        ZoomErrorKind::ScopeMissing => (Code::ZoomScopeMissing, None),
        ZoomErrorKind::RateLimited(_) | ZoomErrorKind::DailyLimit(_) => (Code::ZoomRateLimited, None),
        ZoomErrorKind::Unavailable => (Code::ZoomUnavailable, Some(LATER)),
        ZoomErrorKind::Broken => (Code::ZoomUnavailable, None),
        ZoomErrorKind::PageTokenExpired | ZoomErrorKind::Endless => (Code::ReportIncomplete, Some(SUPPORT)),
        ZoomErrorKind::OutOfTime | ZoomErrorKind::RequestsSpent => (Code::ReportIncomplete, None),
        ZoomErrorKind::Refused => {
            (Code::ReportInvalid, Some("if as_of was given, give a later one; else tell Zoom's support"))
        }
    };
    RunError::new(code, mend.map_or_else(|| error.to_string(), |mend| format!("{error}; {mend}")))
}
