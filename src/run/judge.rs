//! Reads the report, judges it, and sends what is due.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::prepare::{secret_unreadable, zoom_failed};
use super::report::{Question, Report, read_report};
use super::{Foresight, Invocation, Made, Places, Prepared, Services, policy};
use crate::clients::Deadline;
use crate::clients::zoom::SMS;
use crate::daybook::Whose;
use crate::domain::alert::{Finding, Test, Threads, decide, decide_one};
use crate::domain::case::Case;
use crate::domain::charge::Scope;
use crate::domain::coverage::{Coverage, Receipt};
use crate::domain::evaluate::{History, evaluate};
use crate::domain::matches::matched;
use crate::domain::message::{Composed, compose};
use crate::domain::policy::{Policy, Receiver, Receivers};
use crate::domain::totals::Totals;
use crate::error::{Code, RunError};
use crate::outbox::{Delivered, Outbox, nobody_listens, preview};
use crate::request::Judge;
use crate::response::{Judged, Tested};
use crate::telemetry::{Metrics, Spending};

/// What saving the daybook must leave of a run's time, to answer.
const ANSWER_RESERVE: Duration = Duration::from_secs(1);
/// Faulty rows, or subjects, that an error names.
const MOST_NAMED: usize = 5;
/// Faulty rows that are logged.
const MOST_ROWS_LOGGED: usize = 100;

/// A report that was read, ready to be judged for a receiver.
#[derive(Debug)]
pub struct Examination<'p> {
    /// The moment judged.
    pub as_of: Timestamp,
    /// The policy.
    pub policy: &'p Policy,
    /// What was read, and what is believed.
    pub report: Report,
    /// What earlier runs have seen.
    pub history: History,
    /// Baselines that this run made, to keep.
    pub made: Option<Made>,
    /// Who hears of it.
    pub receivers: Receivers,
    /// Whether a moment of the past is judged, and published.
    pub rerun: bool,
}

/// Reads what a task judges. `on_page` is called with the number of pages read so far.
///
/// # Errors
/// Only what leaves nothing to judge.
pub async fn examine<'p>(
    services: &Services,
    prepared: &'p Prepared,
    task: Judge,
    topic_arn: &str,
    now: Timestamp,
    deadline: Deadline,
    on_page: &dyn Fn(u64),
) -> Result<Examination<'p>, RunError> {
    let as_of = match task {
        Judge::Past(moment) | Judge::Rerun(moment) => moment.resolve(&prepared.policy.time_zone)?,
        // Zoom's rows have whole seconds, and people read this.
        Judge::Live | Judge::DryRun => Timestamp::from_second(now.as_second()).unwrap_or(now),
    };
    let until = match task {
        // Rows have whole seconds; one of the very moment belongs to it.
        Judge::Past(_) | Judge::Rerun(_) => as_of.saturating_add(SignedDuration::from_secs(1)).unwrap_or(as_of),
        Judge::Live | Judge::DryRun => now,
    };
    let question = Question { until, now, deadline, memory: task.memory(), on_page };
    let report = read_report(services, prepared, &question).await?;
    let whose = Whose {
        account: prepared.authorized.account_id(),
        product: SMS.product,
        zone: &prepared.policy.time_zone_name,
    };
    let foresight =
        super::foresight::foresight(services, whose, &prepared.policy, (&report, task.memory()), deadline).await;
    let Foresight { baselines, made } = foresight;
    let history = History {
        baselines,
        freshness: report.freshness(&prepared.policy.time_zone, as_of),
        matched: report.remembered.head.matched().clone(),
    };
    let receivers = prepared.policy.receivers(topic_arn);
    let rerun = matches!(task, Judge::Rerun(_));
    Ok(Examination { as_of, policy: &prepared.policy, report, history, made, receivers, rerun })
}

impl Examination<'_> {
    /// All that judging rests on, for the receiver `default`.
    #[must_use]
    pub fn case(&self) -> Case<'_> {
        self.case_of(&self.receivers.default)
    }

    fn case_of<'e>(&'e self, receiver: &'e Receiver) -> Case<'e> {
        let judged = &self.report.judged;
        Case {
            policy: self.policy,
            totals: &judged.totals,
            coverage: &judged.coverage,
            receipt: &judged.receipt,
            periods: &self.report.periods,
            receiver,
            as_of: self.as_of,
            rerun: self.rerun,
        }
    }

    /// What is true.
    #[must_use]
    pub fn findings(&self) -> Vec<Finding<'_>> {
        evaluate(&self.case(), &self.history)
    }

    /// What is due to each receiver by the ledger, and what is not.
    #[must_use]
    pub fn composed(&self, threads: &Threads) -> Composed<'_> {
        let findings = self.findings();
        let composed = |receiver| {
            let case = self.case_of(receiver);
            compose(decide(&findings, threads, &case), &case)
        };
        Composed::of_all(self.receivers.iter().map(composed))
    }

    /// Why the figures are not proven; empty if they are.
    #[must_use]
    pub fn faults(&self) -> Vec<RunError> {
        faults(&self.report)
    }

    /// The answer, with what became of the alerts.
    #[must_use]
    pub fn answer(&self, delivered: &Delivered) -> Judged {
        let restated = self.report.judged.restated.clone();
        Judged::of(&self.case(), &self.history, self.report.requests, restated, delivered.alerts.clone())
    }

    /// What the account spent in the running period of the longest kind, by currency, beside the highest budget for it.
    fn spending(&self) -> Vec<Spending> {
        let running = self.report.periods.iter().filter(|period| self.as_of < period.to());
        let Some(period) = running.max_by_key(|period| period.kind()) else { return Vec::new() };
        let highest = |currency| {
            let of_kind =
                |budget: &&crate::domain::policy::Budget| budget.currency == currency && budget.period == period.kind();
            self.policy.budgets.iter().filter(of_kind).map(|budget| budget.amount).max()
        };
        let sums = self.report.judged.totals.by_subject(period, Scope::Account).into_iter();
        let spending = |((_, currency), sum): ((Arc<str>, _), crate::domain::totals::Sum)| Spending {
            currency,
            to_date: sum.amount,
            highest_budget: highest(currency),
        };
        sums.map(spending).collect()
    }
}

/// Why the figures are not proven; empty if they are.
pub(super) fn faults(report: &Report) -> Vec<RunError> {
    let coverage = &report.judged.coverage;
    // The failure that weighs most is known with its fix.
    let failure = report.failure.as_ref().map(|failure| (failure.to_string(), zoom_failed(failure).message));
    let gap = |gap: &crate::domain::coverage::Gap| {
        let known = failure.as_ref().filter(|(problem, _)| *problem == gap.problem);
        let problem = known.map_or(&gap.problem, |(_, with_fix)| with_fix);
        RunError::new(gap.code, format!("{} to {} could not be read: {problem}", gap.dates.from, gap.dates.to))
    };
    let mut faults: Vec<_> = coverage.gaps.iter().take(MOST_NAMED).map(gap).collect();
    let rows = &coverage.row_faults;
    if !rows.is_empty() {
        let named: Vec<_> = rows.iter().take(MOST_NAMED).map(ToString::to_string).collect();
        let more = rows.len().saturating_sub(MOST_NAMED);
        let more = if more > 0 { format!("; and {more} more") } else { String::new() };
        let count = if rows.len() == 1 { "1 row".to_owned() } else { format!("{} rows", rows.len()) };
        faults.push(RunError::new(
            Code::ReportInvalid,
            format!(
                "{count} of Zoom's report cannot be read, so the sums are not whole: {}{more}. Give Zoom's support the message ids",
                named.join("; ")
            ),
        ));
    }
    faults
}

/// Decides what is due by the ledger, and sends it.
pub async fn deliver(services: &Services, examination: &Examination<'_>, invocation: &Invocation) -> Delivered {
    let account = examination.report.judged.totals.account();
    let mut outbox = Outbox::new(&services.ledger, &services.topic, &invocation.owner, invocation.deadline);
    let threads = outbox.threads(account).await;
    outbox.send(examination.composed(&threads), account).await
}

/// A run of the present, or of a moment of the past.
pub(super) async fn judge(
    services: &Services,
    places: &Places,
    prepared: &Prepared,
    task: Judge,
    invocation: &Invocation,
    metrics: &mut Metrics,
) -> Result<Judged, RunError> {
    let deadline = invocation.deadline.less_reserve(super::RESERVE);
    let mut examination =
        examine(services, prepared, task, &places.topic_arn, invocation.now, deadline, &|_| {}).await?;
    for row in examination.report.judged.coverage.row_faults.iter().take(MOST_ROWS_LOGGED) {
        tracing::warn!(%row, "a row cannot be read");
    }
    let delivered = if task.publishes() {
        deliver(services, &examination, invocation).await
    } else {
        preview(&examination.composed(&Threads::default()))
    };
    let mut faults = examination.faults();
    if task == Judge::Live && examination.report.is_whole && delivered.faults.is_empty() {
        for receiver in examination.receivers.iter() {
            faults.extend(nobody_listens(&services.topic, &receiver.topic_arn, invocation.deadline).await);
        }
    }
    let judged = examination.answer(&delivered);
    for budget in &judged.unmatched {
        tracing::warn!(budget, "its `only` matches nothing that was ever seen");
    }
    for silence in examination.policy.silences.iter().filter(|silence| silence.is_over(examination.as_of)) {
        tracing::warn!(reason = silence.reason, until = %silence.until, "the silence is over; remove it from the policy");
    }
    measure(metrics, &examination, task, &delivered, &faults);
    tracing::info!(answer = serde_json::to_string(&judged).unwrap_or_default(), "judged the report");
    if task == Judge::Live {
        if delivered.faults.is_empty() {
            examination.report.finish(examination.policy, &delivered.held);
        }
        remember(services, prepared, &mut examination, invocation).await;
    }
    faults.extend(delivered.faults);
    // An alert that did not go out weighs most, and one that nobody would read.
    faults.sort_by_key(|fault| match fault.code {
        Code::PublishFailed => 0,
        Code::NobodyListens => 1,
        _ => 2,
    });
    RunError::join(faults).map_or(Ok(judged), Err)
}

fn measure(
    metrics: &mut Metrics,
    examination: &Examination<'_>,
    task: Judge,
    delivered: &Delivered,
    faults: &[RunError],
) {
    let Report { judged, requests, refusals, .. } = &examination.report;
    metrics.report_incomplete = !judged.receipt.complete;
    metrics.rows = judged.receipt.rows;
    metrics.requests = *requests;
    metrics.refusals = *refusals;
    metrics.alerts_sent = delivered.sent();
    metrics.nobody_listens = delivered.faults.iter().chain(faults).any(|fault| fault.code == Code::NobodyListens);
    metrics.report_stale = examination.history.is_stale(examination.as_of);
    if judged.receipt.complete && matches!(task, Judge::Live | Judge::DryRun) {
        metrics.spending = examination.spending();
    }
}

/// Writes what the next run needs. It saves requests and settles doubts, so that a failure is no reason to fail.
async fn remember(
    services: &Services,
    prepared: &Prepared,
    examination: &mut Examination<'_>,
    invocation: &Invocation,
) {
    let seen = matched(examination.policy, &examination.report.judged.totals, &examination.report.periods);
    let mut remembered = std::mem::take(&mut examination.report.remembered);
    remembered.matched(seen);
    let zone = &prepared.policy.time_zone_name;
    let whose = Whose { account: prepared.authorized.account_id(), product: SMS.product, zone };
    let saving = services.daybook.save(whose, &examination.report.loaded, remembered, invocation.now);
    match invocation.deadline.less_reserve(ANSWER_RESERVE).bound(saving).await {
        Some(Ok(())) => {
            if let Some(made) = &examination.made {
                let keeping = made.keep(services, whose, invocation.now);
                _ = invocation.deadline.less_reserve(ANSWER_RESERVE).bound(keeping).await;
            }
        }
        Some(Err(error)) => tracing::warn!(%error, "the next run reads and compares with what is there"),
        None => tracing::warn!("the run's time was up before the daybook was written"),
    }
}

/// Sends a test the way an alert goes: secret and policy are read, the ledger is written, the topic published to. Tries of one event are one
/// test.
pub(super) async fn test(
    services: &Services,
    places: &Places,
    dry_run: bool,
    invocation: &Invocation,
) -> Result<Tested, RunError> {
    let (credentials, policy) =
        tokio::join!(services.secrets.read(&places.secret_id), policy(services, &places.policy));
    let (account, policy) = match (credentials.map_err(|error| secret_unreadable(&error)), policy) {
        (Ok(credentials), Ok(policy)) => (credentials.account_id, policy),
        (credentials, policy) => return Err(RunError::of_either(credentials.err(), policy.err())),
    };
    let (totals, coverage, receipt) = (Totals::of(account.into()), Coverage::default(), Receipt::default());
    let receiver = Receiver::default_at(&places.topic_arn);
    let case = Case {
        policy: &policy,
        totals: &totals,
        coverage: &coverage,
        receipt: &receipt,
        periods: &[],
        receiver: &receiver,
        as_of: invocation.now,
        rerun: false,
    };
    let finding = Finding::Test(Test { request: invocation.request_id.clone() });
    let tested = |alerts| Tested { as_of: invocation.now, alerts };
    if dry_run {
        return Ok(tested(preview(&compose(vec![decide_one(finding, None, &case)], &case)).alerts));
    }
    let mut outbox = Outbox::new(&services.ledger, &services.topic, &invocation.owner, invocation.deadline);
    let threads = outbox.threads(totals.account()).await;
    let composed = compose(decide(&[finding], &threads, &case), &case);
    let delivered = outbox.send(composed, totals.account()).await;
    RunError::join(delivered.faults).map_or(Ok(tested(delivered.alerts)), Err)
}
