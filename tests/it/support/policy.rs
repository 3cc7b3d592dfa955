//! Policies as texts, put together for one test.

use std::fmt;

/// A policy; by default each billing number may spend USD 100 a month, with alerts at 50, 80 and 100%.
#[derive(Clone)]
pub struct Policy {
    keys: Vec<String>,
    budgets: Vec<Budget>,
}

impl Default for Policy {
    fn default() -> Self {
        Self::of(Budget::each("billing_number").alert_at(&[50, 80, 100]))
    }
}

impl Policy {
    /// One budget, and the defaults.
    pub fn of(budget: Budget) -> Self {
        Self { keys: Vec::new(), budgets: vec![budget] }
    }

    /// One more budget.
    pub fn and(mut self, budget: Budget) -> Self {
        self.budgets.push(budget);
        self
    }

    /// One more key of the policy itself, as TOML writes it: `key("late_charges_days", 0)`.
    pub fn key(mut self, name: &str, value: impl fmt::Display) -> Self {
        self.keys.push(format!("{name} = {value}"));
        self
    }

    /// Days and months turn in this zone.
    pub fn zone(self, name: &str) -> Self {
        self.key("time_zone", format!("{name:?}"))
    }

    /// Charges that no budget covers are not reported.
    pub fn only_watched(self) -> Self {
        self.key("unwatched", "\"ignore\"")
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for key in &self.keys {
            writeln!(out, "{key}")?;
        }
        self.budgets.iter().try_for_each(|budget| write!(out, "{budget}"))
    }
}

/// A budget; by default of USD 100 a month, with an alert at 100%.
#[derive(Clone)]
pub struct Budget {
    name: String,
    scope: String,
    only: Option<String>,
    currency: String,
    amount: String,
    period: String,
    alert_at: Vec<u32>,
}

impl Budget {
    /// For each subject of a scope; it is called so, too.
    pub fn each(scope: &str) -> Self {
        let name = format!("every {}", scope.replace("billing_", ""));
        let (scope, currency) = (scope.to_owned(), "USD".to_owned());
        let (amount, period) = ("100.00".to_owned(), "month".to_owned());
        Self { name, scope, only: None, currency, amount, period, alert_at: vec![100] }
    }

    pub fn name(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self
    }

    /// For these subjects alone.
    pub fn only(mut self, subjects: &[&str]) -> Self {
        self.only = Some(format!("{subjects:?}"));
        self
    }

    pub fn currency(mut self, code: &str) -> Self {
        code.clone_into(&mut self.currency);
        self
    }

    pub fn amount(mut self, amount: &str) -> Self {
        amount.clone_into(&mut self.amount);
        self
    }

    pub fn period(mut self, kind: &str) -> Self {
        kind.clone_into(&mut self.period);
        self
    }

    pub fn alert_at(mut self, percents: &[u32]) -> Self {
        self.alert_at = percents.to_vec();
        self
    }
}

impl fmt::Display for Budget {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, scope, only, currency, amount, period, alert_at } = self;
        writeln!(out, "[[budget]]\nname = {name:?}\nscope = {scope:?}")?;
        if let Some(only) = only {
            writeln!(out, "only = {only}")?;
        }
        writeln!(out, "currency = {currency:?}\namount = {amount:?}\nperiod = {period:?}\nalert_at = {alert_at:?}")
    }
}
