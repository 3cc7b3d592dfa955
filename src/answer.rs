//! What a run answers.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use crate::domain::budget::JudgedPeriod;
use crate::domain::history::Restated;
use crate::domain::message::AlertRecord;
use crate::domain::money::{Amount, Currency};
use crate::domain::period::PeriodKind;
use crate::domain::totals::{Receipt, Scope, Totals};

/// The most totals that an answer holds; Lambda's answers are bounded.
const MOST_TOTALS: usize = 1_000;
/// The most alerts that an answer holds.
const MOST_ALERTS: usize = 2_000;

/// The most restated sums that an answer holds.
const MOST_RESTATED: usize = 1_000;

fn beyond(count: usize, most: usize) -> u64 {
    count.saturating_sub(most) as u64
}

/// What a backfill has loaded into the history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Backfilled {
    /// Past days that are in the history now.
    pub days: u64,
    /// Of these, those that were read by this run.
    pub days_read: u64,
    /// The earliest of them.
    pub since: Date,
}

/// What a run answers, and logs. Every decision can be explained from it.
#[derive(Clone, Debug, Serialize)]
pub struct Answer {
    /// The moment judged.
    pub as_of: Timestamp,
    /// Whether the report was read whole.
    pub complete: bool,
    /// Distinct rows with a charge.
    pub rows: u64,
    /// Requests for the report, repeated ones included.
    pub requests: u64,
    /// The periods judged.
    pub periods: Vec<PeriodAnswer>,
    /// Sums by billing number, largest first where some had to be left out.
    pub totals: Vec<TotalAnswer>,
    /// How many totals are left out.
    #[serde(skip_serializing_if = "is_zero")]
    pub totals_left_out: u64,
    /// Civil days of the periods that were taken from the history in place of Zoom's report.
    #[serde(skip_serializing_if = "is_zero")]
    pub days_from_history: u64,
    /// Sums of past days that Zoom has changed since they were read before.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub restated: Vec<Restated>,
    /// How many restated sums are left out.
    #[serde(skip_serializing_if = "is_zero")]
    pub restated_left_out: u64,
    /// Of a backfill: what it came to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backfill: Option<Backfilled>,
    /// The alerts due, and what became of each.
    pub alerts: Vec<AlertRecord>,
    /// How many alerts are left out.
    #[serde(skip_serializing_if = "is_zero")]
    pub alerts_left_out: u64,
}

/// A judged period in an [`Answer`].
#[derive(Clone, Debug, Serialize)]
pub struct PeriodAnswer {
    kind: PeriodKind,
    from: Timestamp,
    to: Timestamp,
    complete: bool,
}

/// The sum of a billing number in an [`Answer`].
#[derive(Clone, Debug, Serialize)]
pub struct TotalAnswer {
    /// The period's label.
    pub period: String,
    /// The number, or `(none)`.
    pub billing_number: Arc<str>,
    /// ISO 4217.
    pub currency: Currency,
    /// The exact sum of the rows read.
    pub amount: Amount,
    /// How many rows.
    pub messages: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl Answer {
    /// The answer to a test or other run that judged nothing.
    #[must_use]
    pub fn without_report(as_of: Timestamp, alerts: Vec<AlertRecord>) -> Answer {
        Answer {
            as_of,
            complete: true,
            rows: 0,
            requests: 0,
            periods: Vec::new(),
            totals: Vec::new(),
            totals_left_out: 0,
            days_from_history: 0,
            restated: Vec::new(),
            restated_left_out: 0,
            backfill: None,
            alerts,
            alerts_left_out: 0,
        }
    }

    /// The answer to a run that read the report, as yet without alerts.
    #[must_use]
    pub fn of(as_of: Timestamp, requests: u64, receipt: &Receipt, periods: &[JudgedPeriod], totals: &Totals) -> Answer {
        let mut sums = Vec::new();
        for JudgedPeriod { period, .. } in periods {
            let label = period.label();
            sums.extend(totals.by_subject(period, Scope::BillingNumber, &Arc::from("")).into_iter().map(
                |((number, currency), sum)| TotalAnswer {
                    period: label.clone(),
                    billing_number: number,
                    currency,
                    amount: sum.amount,
                    messages: sum.messages,
                },
            ));
        }
        let totals_left_out = beyond(sums.len(), MOST_TOTALS);
        if totals_left_out > 0 {
            sums.sort_by_key(|total| std::cmp::Reverse(total.amount));
            sums.truncate(MOST_TOTALS);
        }
        let periods = periods
            .iter()
            .map(|JudgedPeriod { period, complete }| PeriodAnswer {
                kind: period.kind(),
                from: period.from(),
                to: period.to(),
                complete: *complete,
            })
            .collect();
        Answer {
            complete: receipt.complete,
            rows: receipt.rows,
            requests,
            periods,
            totals: sums,
            totals_left_out,
            days_from_history: receipt.days_from_history,
            ..Answer::without_report(as_of, Vec::new())
        }
    }

    /// Adds what Zoom has changed.
    #[must_use]
    pub fn with_restated(mut self, mut restated: Vec<Restated>) -> Answer {
        self.restated_left_out = beyond(restated.len(), MOST_RESTATED);
        restated.truncate(MOST_RESTATED);
        self.restated = restated;
        self
    }

    /// Adds what became of the alerts.
    #[must_use]
    pub fn with_alerts(mut self, mut alerts: Vec<AlertRecord>) -> Answer {
        self.alerts_left_out = beyond(alerts.len(), MOST_ALERTS);
        alerts.truncate(MOST_ALERTS);
        self.alerts = alerts;
        self
    }
}
