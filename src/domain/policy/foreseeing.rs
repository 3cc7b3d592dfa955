//! The same budgets, and one for each number and for the account: what a picture of a month needs beyond what alerts do.

use std::collections::BTreeSet;

use super::index::Indexed;
use super::{Budget, Only, Policy, Spike};
use crate::domain::charge::Scope;
use crate::domain::money::{Amount, Currency};
use crate::domain::period::PeriodKind;
use crate::domain::product::Products;

/// The scopes whose months are estimated with or without a budget.
const ALWAYS: [Scope; 2] = [Scope::BillingNumber, Scope::Account];

impl Policy {
    /// The policy with an estimate for each budget, each number and the account in these currencies, and without spikes. It is for making
    /// baselines alone, never for judging.
    #[must_use]
    pub fn foreseeing(&self, currencies: &BTreeSet<Currency>) -> Policy {
        let mut budgets: Vec<_> = self.budgets.iter().cloned().collect();
        for (scope, currency) in
            ALWAYS.into_iter().flat_map(|scope| currencies.iter().map(move |currency| (scope, *currency)))
        {
            let is_for_all = |budget: &Budget| {
                (budget.products, budget.scope) == (self.all(), scope)
                    && (budget.currency, budget.period) == (currency, PeriodKind::Month)
                    && budget.only == Only::Everyone
            };
            if !budgets.iter().any(is_for_all) {
                budgets.push(for_all(self.all(), scope, currency));
            }
        }
        let budgets = Indexed::new(budgets, Budget::among);
        let spikes = Indexed::new(Vec::new(), Spike::among);
        Policy { budgets, spikes, ..self.clone() }
    }
}

fn for_all(products: Products, scope: Scope, currency: Currency) -> Budget {
    Budget {
        name: String::new(),
        scope,
        only: Only::Everyone,
        products,
        currency,
        amount: Amount::HUNDRED,
        period: PeriodKind::Month,
        levels: Vec::new(),
        forecasts: Vec::new(),
        owners: Vec::new(),
    }
}
