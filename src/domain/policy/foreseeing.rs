//! The same budgets, all of them forecast: what a picture of a month needs beyond what alerts do.

use std::collections::BTreeSet;

use rust_decimal::Decimal;

use super::index::Indexed;
use super::{Budget, Level, Only, Policy};
use crate::domain::charge::Scope;
use crate::domain::money::{Amount, Currency};
use crate::domain::period::PeriodKind;

/// The scopes whose months are forecast with or without a budget.
const ALWAYS: [Scope; 2] = [Scope::BillingNumber, Scope::Account];

impl Policy {
    /// The policy with a forecast for each budget, for each number and for the account in these currencies, and without spikes. It is for
    /// making baselines alone, never for judging.
    #[must_use]
    pub fn foreseeing(&self, currencies: &BTreeSet<Currency>) -> Policy {
        let mut budgets: Vec<_> = self.budgets.iter().cloned().collect();
        for budget in budgets.iter_mut().filter(|budget| budget.forecasts.is_empty()) {
            budget.forecasts = vec![Level { percent: Decimal::ONE_HUNDRED, threshold: budget.amount }];
        }
        for (scope, currency) in
            ALWAYS.into_iter().flat_map(|scope| currencies.iter().map(move |currency| (scope, *currency)))
        {
            let is_for_all = |budget: &Budget| {
                (budget.scope, budget.currency, budget.period, &budget.only)
                    == (scope, currency, PeriodKind::Month, &Only::Everyone)
            };
            if !budgets.iter().any(is_for_all) {
                budgets.push(for_all(scope, currency));
            }
        }
        let budgets = Indexed::new(budgets, |it| ((it.scope, it.currency, Some(it.period)), &it.only));
        let spikes = Indexed::new(Vec::new(), |it: &super::Spike| ((it.scope, it.currency, None), &it.only));
        Policy { budgets, spikes, ..self.clone() }
    }
}

fn for_all(scope: Scope, currency: Currency) -> Budget {
    let level = Level { percent: Decimal::ONE_HUNDRED, threshold: Amount::HUNDRED };
    Budget {
        name: String::new(),
        scope,
        only: Only::Everyone,
        currency,
        amount: Amount::HUNDRED,
        period: PeriodKind::Month,
        levels: vec![level],
        forecasts: vec![level],
        owners: Vec::new(),
    }
}
