//! What a policy watches: budgets and spikes.

use rust_decimal::Decimal;

use super::index::Among;
use super::subjects::Only;
use crate::domain::charge::Scope;
use crate::domain::money::{Amount, Currency};
use crate::domain::period::PeriodKind;
use crate::domain::product::{Product, Products};

/// What each subject of a scope may spend in a period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Budget {
    /// The name by which people know it.
    pub name: String,
    /// What it is for.
    pub scope: Scope,
    /// Which subjects of the scope.
    pub only: Only,
    /// What is counted.
    pub products: Products,
    /// The currency of `amount`.
    pub currency: Currency,
    /// What each subject may spend a period.
    pub amount: Amount,
    /// Day, week or month.
    pub period: PeriodKind,
    /// The levels at which to alert, lowest first; at least one.
    pub levels: Vec<Level>,
    /// The levels whose likely reaching is reported ahead, lowest first.
    pub forecasts: Vec<Level>,
    /// Who hears of it; at least one.
    pub owners: Vec<String>,
}

/// A part of a budget whose reaching is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level {
    /// Percent of the budget's amount.
    pub percent: Decimal,
    /// The amount itself: reached when spent ≥ threshold.
    pub threshold: Amount,
}

/// The level as people write it: `80%`.
impl std::fmt::Display for Level {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}%", self.percent.normalize())
    }
}

/// Watches for days on which a subject sends far more than it ever does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spike {
    /// The name by which people know it.
    pub name: String,
    /// What it is for.
    pub scope: Scope,
    /// Which subjects of the scope.
    pub only: Only,
    /// What is counted.
    pub product: Product,
    /// The currency of the charges that are counted.
    pub currency: Currency,
    /// Money above the usual below which nothing is reported.
    pub min_extra: Amount,
    /// Who hears of it; at least one.
    pub owners: Vec<String>,
}

impl Budget {
    pub(super) fn among(&self) -> (Among, &Only) {
        ((self.products, self.scope, self.currency, Some(self.period)), &self.only)
    }
}

impl Spike {
    pub(super) fn among(&self) -> (Among, &Only) {
        ((Products::One(self.product), self.scope, self.currency, None), &self.only)
    }
}
