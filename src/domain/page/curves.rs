//! The month to date of the most used monthly budgets.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use jiff::ToSpan as _;
use jiff::civil::Date;

use super::alerts::Shown;
use super::budgets::Budget;
use super::view::View;
use super::{Curve, MOST_ROWS, Page, Sign};
use crate::domain::charge::Scope;
use crate::domain::money::{Amount, Currency};
use crate::domain::period::{Period, PeriodKind};
use crate::domain::product::Products;
use crate::domain::totals::Sum;

/// Budgets with a curve.
const MOST_CURVES: usize = 8;

type Days = BTreeMap<Date, Sum>;
type OfScope = HashMap<(Arc<str>, Currency), Days>;

/// Puts the curves on the page, with the alerts that are shown.
pub(super) fn add(page: &mut Page, budgets: &[Budget<'_>], alerts: &[Shown], view: &View<'_>) {
    let monthly = budgets.iter().enumerate().take(MOST_ROWS).filter(|(_, budget)| budget.row_is_monthly());
    let monthly: Vec<_> = monthly.take(MOST_CURVES).collect();
    let mut wanted = BTreeMap::<(Products, Scope), HashSet<_>>::new();
    for (_, Budget { spent, .. }) in &monthly {
        wanted
            .entry((spent.budget.products, spent.scope))
            .or_default()
            .insert((Arc::clone(&spent.subject), spent.budget.currency));
    }
    let last = view.last_month();
    let of_scopes: BTreeMap<(Products, Scope), [OfScope; 2]> = wanted
        .into_iter()
        .map(|((products, scope), wanted)| {
            let figures = view.story.case.totals.figures(products);
            let days_of = |period: &Period| figures.days_of(period.days(), scope, &wanted);
            ((products, scope), [days_of(&view.month), days_of(&last)])
        })
        .collect();
    let curve = |(place, budget): (usize, &Budget<'_>)| {
        let key = (Arc::clone(&budget.spent.subject), budget.spent.budget.currency);
        let [now, before] = of_scopes.get(&(budget.spent.budget.products, budget.spent.scope))?;
        let days = |of_scope: &OfScope, period: &Period| {
            let days = of_scope.get(&key);
            view.started(period).map(|day| view.knows(day).then(|| amount(days, day))).collect()
        };
        let marks = alerts
            .iter()
            .filter(|alert| alert.is_of(budget))
            .map(|alert| (alert.row.number, alert.day_of_month(), alert.row.sign));
        let length = u32::from(view.today.days_in_month().unsigned_abs());
        Some(Curve {
            budget: place,
            days: days(now, &view.month),
            last: days(before, &last),
            length,
            marks: marks.collect(),
        })
    };
    page.curves = monthly.into_iter().filter_map(curve).collect();
}

fn amount(days: Option<&Days>, day: Date) -> Amount {
    days.and_then(|days| days.get(&day)).map_or(Amount::ZERO, |sum| sum.amount)
}

impl Budget<'_> {
    fn row_is_monthly(&self) -> bool {
        self.spent.budget.period == PeriodKind::Month
    }
}

impl View<'_> {
    /// The month before the running one.
    pub(super) fn last_month(&self) -> Period {
        let last = self.month.first_day().saturating_sub(1.day());
        self.months.iter().find(|month| month.last_day() == last).copied().unwrap_or(self.month)
    }
}

impl Shown {
    /// Whether it marks the curve of a budget.
    fn is_of(&self, budget: &Budget<'_>) -> bool {
        let spent = budget.spent;
        let is_one = |(scope, subject, currency): &(Scope, Arc<str>, Currency)| {
            *scope == spent.scope && *subject == spent.subject && *currency == spent.budget.currency
        };
        self.whose.as_ref().is_some_and(is_one)
            && self.products == spent.budget.products
            && !matches!(self.row.sign, Sign::NotCovered | Sign::Plain)
    }
}
