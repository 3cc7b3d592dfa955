//! Loads the past months into the history, so that the first runs of a large account find there what they judge.
//!
//! A month after the other, the newest first, each kept as soon as it is read. A backfill that is cut short, by its time, by Zoom's daily
//! limit or by its own bound on requests, is gone on with by the next one: what is in the history is not read again.

use std::collections::BTreeSet;
use std::ops::Range;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

use super::{Prepared, Question, Services, memory, zoom_failed};
use crate::answer::{Answer, Backfilled};
use crate::clients::Deadline;
use crate::clients::history::Whose;
use crate::domain::history::dates_of;
use crate::domain::period::{Period, PeriodKind, start_of};
use crate::error::{Code, RunError};
use crate::telemetry::Metrics;

/// Half of what Zoom allows a Pro account in a day: the alerts need some too, and so do the account's other apps.
const MOST_REQUESTS: u64 = 7_500;
/// Zoom's report goes back so far.
const MONTHS: i64 = 13;

/// Loads all settled days of the past 13 months that are not in the history yet. `progress` is told the month and the page of it.
///
/// # Errors
/// Why it could not be finished, and how far it came.
pub async fn backfill(
    services: &Services,
    prepared: &Prepared,
    now: Timestamp,
    deadline: Deadline,
    metrics: &mut Metrics,
    progress: &dyn Fn(&Period, u64),
) -> Result<Answer, RunError> {
    let policy = &prepared.policy;
    let months = months(now, &policy.time_zone, policy.late_charges_days)
        .map_err(|error| RunError::new(Code::Internal, format!("the past months: {error}")))?;
    let all: u64 = months.iter().map(|(_, span)| dates_of(span, &policy.time_zone).len() as u64).sum();
    let whose = Whose { account: prepared.authorized.account_id(), zone: &policy.time_zone_name };
    // However old what is in the history, it is not read again.
    let patient = SignedDuration::MAX;
    let mut done = Backfilled { days: 0, days_read: 0, since: policy.time_zone.to_datetime(now).date() };
    let mut faults = Vec::new();
    for (month, span) in &months {
        let on_page = |page: u64| progress(month, page);
        let question = Question { as_of: now, deadline, with_history: true, on_page: &on_page };
        let memory = memory::recall(services, prepared, span, &question, patient).await;
        let memory =
            memory.ok_or_else(|| RunError::new(Code::Internal, format!("{month} lies beyond the calendar")))?;
        let left = MOST_REQUESTS.saturating_sub(metrics.requests);
        let mut reading = super::read(services, prepared, &memory.plan.spans(), &question, Some(left)).await;
        metrics.requests += reading.requests;
        metrics.refusals += reading.refusals;
        metrics.rows += reading.receipt.rows;
        let recalled = memory.plan.recall(&mut reading.totals, &reading.unread);
        let recalled = recalled.map_err(|error| RunError::new(Code::ReportInvalid, error.to_string()))?;
        let days = memory.plan.to_remember(&recalled, &reading.totals, &policy.time_zone, &BTreeSet::new());
        let saved = deadline.bound(services.history.save(whose, &days)).await;
        match saved {
            Some(Ok(())) => {}
            Some(Err(error)) => faults.push(RunError::new(Code::LedgerUnavailable, error.to_string())),
            None => faults
                .push(RunError::new(Code::ReportIncomplete, "the run's time was up before the history was written")),
        }
        done.days_read += days.len() as u64;
        done.days += days.len() as u64 + recalled.from_history;
        done.since = policy.time_zone.to_datetime(span.start).date();
        faults.extend(reading.row_faults.iter().take(1).map(|fault| {
            RunError::new(
                Code::ReportInvalid,
                format!("{fault}; its day is left out. Tell Zoom's support the message id"),
            )
        }));
        if let Some(failure) = &reading.failure {
            faults.push(zoom_failed(failure));
            break;
        }
    }
    metrics.report_incomplete = done.days < all;
    match RunError::join(faults) {
        None => {
            let answer =
                Answer { requests: metrics.requests, rows: metrics.rows, ..Answer::without_report(now, Vec::new()) };
            Ok(Answer { backfill: Some(done), ..answer })
        }
        Some(RunError { code, message }) => {
            let message = format!(
                "{message} | {} of {all} days are in the history; another backfill goes on from there",
                done.days
            );
            Err(RunError { code, message })
        }
    }
}

/// The months that Zoom still has, newest first, each with the settled days of it.
fn months(
    now: Timestamp,
    zone: &TimeZone,
    late_charges_days: u32,
) -> Result<Vec<(Period, Range<Timestamp>)>, jiff::Error> {
    let today = zone.to_datetime(now).date();
    let settled = start_of(today.checked_sub(i64::from(late_charges_days).days())?, zone)?;
    // The report is asked for a day more, which must not be too old either.
    let oldest = start_of(today.checked_sub(MONTHS.months())?.checked_add(2.days())?, zone)?;
    let mut months = Vec::new();
    let mut at = settled.checked_sub(SignedDuration::from_secs(1))?;
    while at >= oldest {
        let month = Period::containing(PeriodKind::Month, at, zone)?;
        months.push((month, month.from().max(oldest)..month.to().min(settled)));
        at = month.from().checked_sub(SignedDuration::from_secs(1))?;
    }
    Ok(months)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_settled_days_of_thirteen_months_are_loaded_newest_first() {
        let now = "2026-11-22T13:00:00Z".parse().unwrap();
        let months = months(now, &TimeZone::UTC, 3).unwrap();
        let told: Vec<_> =
            months.iter().map(|(month, span)| format!("{}: {} {}", month.label(), span.start, span.end)).collect();
        assert_eq!(told.len(), 14);
        assert_eq!(told[0], "2026-11: 2026-11-01T00:00:00Z 2026-11-19T00:00:00Z");
        assert_eq!(told[1], "2026-10: 2026-10-01T00:00:00Z 2026-11-01T00:00:00Z");
        assert_eq!(told[13], "2025-10: 2025-10-24T00:00:00Z 2025-11-01T00:00:00Z");
    }
}
