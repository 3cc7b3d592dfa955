//! What a run answers.

use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

use crate::domain::budget::JudgedPeriod;
use crate::domain::message::AlertRecord;
use crate::domain::money::{Amount, Currency};
use crate::domain::period::PeriodKind;
use crate::domain::totals::{Receipt, Scope, Totals};

/// The most totals that an answer holds; Lambda's answers are bounded.
const MOST_TOTALS: usize = 1_000;
/// The most alerts that an answer holds.
const MOST_ALERTS: usize = 2_000;

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
    pub totals_left_out: usize,
    /// The alerts due, and what became of each.
    pub alerts: Vec<AlertRecord>,
    /// How many alerts are left out.
    #[serde(skip_serializing_if = "is_zero")]
    pub alerts_left_out: usize,
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
fn is_zero(count: &usize) -> bool {
    *count == 0
}

impl Answer {
    /// The answer to a test or other run that read nothing.
    #[must_use]
    pub fn without_report(as_of: Timestamp, alerts: Vec<AlertRecord>) -> Answer {
        let (periods, totals) = (Vec::new(), Vec::new());
        Answer {
            as_of,
            complete: true,
            rows: 0,
            requests: 0,
            periods,
            totals,
            totals_left_out: 0,
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
        let totals_left_out = sums.len().saturating_sub(MOST_TOTALS);
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
        let (complete, rows) = (receipt.complete, receipt.rows);
        Answer {
            as_of,
            complete,
            rows,
            requests,
            periods,
            totals: sums,
            totals_left_out,
            alerts: Vec::new(),
            alerts_left_out: 0,
        }
    }

    /// Adds what became of the alerts.
    #[must_use]
    pub fn with_alerts(mut self, mut alerts: Vec<AlertRecord>) -> Answer {
        self.alerts_left_out = alerts.len().saturating_sub(MOST_ALERTS);
        alerts.truncate(MOST_ALERTS);
        self.alerts = alerts;
        self
    }
}
