//! A digest in the machine form.

use std::sync::Arc;

use serde::Serialize;

use super::super::counted::number_of_units;
use super::figures::Figures;
use super::{Digest, MOST_BUDGETS, Spent};
use crate::domain::case::Case;
use crate::domain::charge::Scope;
use crate::domain::money::{Amount, Currency};
use crate::domain::totals::Sum;

/// What a digest says, exactly.
#[derive(Clone, Debug, Serialize)]
pub struct DigestRecord {
    totals: Vec<TotalRecord>,
    budgets: Vec<BudgetRecord>,
    #[serde(skip_serializing_if = "Option::is_none")]
    alerts_sent: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    alerts_silenced: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    runs: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    complete_runs: Option<u64>,
}

#[derive(Clone, Debug, Serialize)]
struct TotalRecord {
    currency: Currency,
    amount: Amount,
    /// Messages, minutes or pages; left out where they would be added.
    #[serde(skip_serializing_if = "Option::is_none")]
    messages: Option<u64>,
    /// Of the period before, if it is known whole.
    before: Option<Amount>,
}

#[derive(Clone, Debug, Serialize)]
struct BudgetRecord {
    budget: String,
    scope: Scope,
    subject: Arc<str>,
    currency: Currency,
    period: String,
    amount: Amount,
    limit: Amount,
}

impl<'a> Digest<'a> {
    pub(super) fn record(&self, figures: &Figures, case: &Case<'a>) -> DigestRecord {
        let total = |(currency, sum): (&Currency, &Sum)| TotalRecord {
            currency: *currency,
            amount: sum.amount,
            messages: number_of_units(case.policy.all(), *sum),
            before: figures.before.as_ref().map(|before| before.get(currency).copied().unwrap_or_default().amount),
        };
        let budget = |spent: &Spent<'a>| BudgetRecord {
            budget: spent.budget.name.clone(),
            scope: spent.scope,
            subject: Arc::clone(&spent.subject),
            currency: spent.budget.currency,
            period: spent.period.label(),
            amount: spent.sum.amount,
            limit: spent.budget.amount,
        };
        let totals = figures.now.iter().filter(|_| case.receiver.is_default()).map(total).collect();
        let (alerts, lately) = (self.alerts(case), self.lately.as_deref());
        DigestRecord {
            totals,
            budgets: self.of_receiver(case.receiver).take(MOST_BUDGETS).map(budget).collect(),
            alerts_sent: alerts.map(|(sent, _)| sent),
            alerts_silenced: alerts.map(|(_, silenced)| silenced),
            runs: lately.map(|lately| lately.runs),
            complete_runs: lately.map(|lately| lately.complete_runs),
        }
    }
}
