//! Reads the report, judges it, and sends what is due.

use std::sync::Arc;
use std::time::Duration;

use super::examine::{Examination, examine};
use super::look_back::look_back;
use super::page::Kept;
use super::prepare::{late, secret_unreadable};
use super::report::Report;
use super::{Invocation, Places, Prepared, Services, policy};
use crate::daybook::Finished;
use crate::domain::alert::{Finding, Test, Threads, decide_one, decide_these};
use crate::domain::case::Case;
use crate::domain::coverage::{Coverage, Receipt};
use crate::domain::matches::matched;
use crate::domain::message::compose;
use crate::domain::policy::Receiver;
use crate::domain::product::Products;
use crate::domain::totals::Totals;
use crate::error::{Code, RunError};
use crate::outbox::{Deaf, Delivered, Outbox, preview};
use crate::request::Judge;
use crate::response::{Judged, Tested};
use crate::telemetry::Metrics;

/// What saving the daybook must leave of a run's time, to answer.
const ANSWER_RESERVE: Duration = Duration::from_secs(1);
/// Faulty rows that are logged.
const MOST_ROWS_LOGGED: usize = 100;

/// Decides what is due by the ledger, and sends it.
pub async fn deliver(services: &Services, examination: &mut Examination<'_>, invocation: &Invocation) -> Delivered {
    let account = Arc::clone(examination.report.judged.totals.account());
    let mut outbox = Outbox::new(&services.ledger, &services.topic, &invocation.owner, invocation.deadline);
    let threads = outbox.threads(&account).await;
    look_back(services, examination, &threads, invocation.deadline).await;
    outbox.send(examination.composed(&threads), &account).await
}

/// A run of the present, or of a moment of the past; `look` sees its figures before anything is sent.
pub(super) async fn judge(
    services: &Services,
    places: &Places,
    prepared: &Prepared,
    (task, look): (Judge, &dyn Fn(&Examination<'_>)),
    invocation: &Invocation,
    metrics: &mut Metrics,
) -> Result<Judged, RunError> {
    let deadline = invocation.deadline.less_reserve(super::RESERVE);
    let mut examination = examine(services, prepared, task, places, invocation.now, deadline, &|_| {}).await?;
    for row in examination.report.judged.coverage.row_faults.iter().take(MOST_ROWS_LOGGED) {
        tracing::warn!(%row, "a row cannot be read");
    }
    if let Judge::Digest { .. } = task {
        examination.digest_request = Some(invocation.request_id.clone());
    }
    look(&examination);
    let mut delivered = if task.publishes() {
        deliver(services, &mut examination, invocation).await
    } else {
        look_back(services, &mut examination, &Threads::default(), deadline).await;
        preview(&examination.composed(&Threads::default()))
    };
    let mut faults = examination.faults();
    if task == Judge::Live && examination.report.is_whole() && delivered.faults.is_empty() {
        let topics = examination.receivers.iter().map(|receiver| Arc::clone(&receiver.topic_arn)).collect();
        let deaf = Deaf::among(&services.topic, topics, invocation.deadline).await;
        faults.extend(deaf.topics.into_values());
        delivered.deaf_unknown |= deaf.may_be_more;
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
        let held = delivered.held.iter().copied().chain(examination.days_in_doubt()).collect();
        let finished = examination.report.finished_now(examination.policy, delivered.faults.is_empty(), &held);
        remember(services, prepared, &mut examination, (&delivered, finished), invocation).await;
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
    let nobody = delivered.faults.iter().chain(faults).any(|fault| fault.code == Code::NobodyListens);
    metrics.nobody_listens = nobody || delivered.deaf_unknown;
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
    (delivered, finished): (&Delivered, Option<Finished>),
    invocation: &Invocation,
) {
    let seen = matched(examination.policy, &examination.report.judged.totals, &examination.report.periods);
    let (now, is_complete) = (invocation.now, examination.report.judged.receipt.complete);
    let today = examination.policy.time_zone.to_datetime(examination.as_of).date();
    // What runs have in common is kept by the first.
    if let Some(book) = examination.report.books.first_mut() {
        book.remembered.matched(seen);
        book.remembered.head.count_run(today, is_complete);
    }
    let heads: Vec<_> = examination.report.books.iter().map(|book| book.remembered.head.clone()).collect();
    let remembered: Vec<_> =
        examination.report.books.iter_mut().map(|book| std::mem::take(&mut book.remembered)).collect();
    let saving = async {
        for (book, remembered) in examination.report.books.iter().zip(remembered) {
            let whose = prepared.whose(Products::One(book.product));
            if let Err(error) = services.daybook.save(whose, &book.loaded, remembered, now).await {
                let product = book.product.name();
                tracing::warn!(product, %error, "the next run reads and compares with what is there");
            }
        }
        if let Some(finished) = &finished {
            let account = prepared.authorized.account_id();
            if let Err(error) = services.daybook.keep_finished(account, &prepared.judge, finished, now).await {
                tracing::warn!(%error, "closed periods are judged once more by the next run");
            }
        }
        for made in &examination.made {
            made.keep(services, prepared, now).await;
        }
    };
    let deadline = invocation.deadline.less_reserve(ANSWER_RESERVE);
    if deadline.bound(saving).await.is_none() {
        tracing::warn!("the run's time was up before the daybook was written");
    }
    Kept { services, prepared, examination, heads: &heads, delivered, now }.keep(deadline).await;
}

/// Sends a test the way an alert goes: secret and policy are read, the ledger is written, the topic published to. Tries of one event are one
/// test.
pub(super) async fn test(
    services: &Services,
    places: &Places,
    dry_run: bool,
    invocation: &Invocation,
) -> Result<Tested, RunError> {
    let both =
        async { tokio::join!(services.secrets.read(&places.secret_id), policy(&services.parameters, &places.policy)) };
    let (credentials, policy) = invocation.deadline.bound(both).await.ok_or_else(late)?;
    let (account, policy) = match (credentials.map_err(|error| secret_unreadable(&error)), policy) {
        (Ok(credentials), Ok(policy)) => (credentials.account_id, policy),
        (credentials, policy) => return Err(RunError::of_either(credentials.err(), policy.err())),
    };
    let (totals, coverage, receipt) =
        (Totals::of(account.into(), &policy.products), Coverage::default(), Receipt::default());
    let receiver = Receiver::default_at(&places.topic_arn);
    let case = Case {
        policy: &policy,
        totals: &totals,
        coverage: &coverage,
        receipt: &receipt,
        periods: &[],
        receiver: &receiver,
        as_of: invocation.now,
        link: places.link.as_deref(),
        rerun: false,
    };
    let finding = Finding::Test(Test { request: invocation.request_id.clone() });
    let tested = |alerts| Tested { as_of: invocation.now, alerts };
    if dry_run {
        return Ok(tested(preview(&compose(vec![decide_one(finding, None, &case)], &case)).alerts));
    }
    let mut outbox = Outbox::new(&services.ledger, &services.topic, &invocation.owner, invocation.deadline);
    let threads = outbox.threads(totals.account()).await;
    let composed = compose(decide_these(&[finding], &threads, &case), &case);
    let delivered = outbox.send(composed, totals.account()).await;
    RunError::join(delivered.faults).map_or(Ok(tested(delivered.alerts)), Err)
}
