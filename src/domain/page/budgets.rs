//! Budgets and what their subjects have spent, the most used first.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::Arc;

use super::view::{View, percent, short};
use super::{BudgetRow, MOST_ROWS, Page, Rest, Sign};
use crate::domain::alert::{Finding, Kind, Outcome, Spent, on_one, period_name};
use crate::domain::coverage::Certainty;
use crate::domain::money::Amount;
use crate::domain::period::PeriodKind;
use crate::domain::text::label;

/// A budget's row with what else is known of it.
pub(super) struct Budget<'a> {
    pub(super) spent: &'a Spent<'a>,
    pub(super) row: BudgetRow,
    /// Whether its limit is likely to be passed.
    pub(super) is_likely: bool,
}

impl Budget<'_> {
    /// Whether its limit is passed.
    pub(super) fn is_over(&self) -> bool {
        self.spent.sum.amount >= self.spent.budget.amount
    }
}

/// All budgets of running periods, the most used first.
pub(super) fn budgets<'a>(view: &View<'a>) -> Vec<Budget<'a>> {
    let mut budgets: Vec<_> = view
        .story
        .findings
        .iter()
        .filter_map(|finding| match finding {
            Finding::Spent(spent) if view.story.case.as_of < spent.period.to() => Some(budget(spent, view)),
            _ => None,
        })
        .collect();
    budgets.sort_by_cached_key(|budget| (Reverse(budget.spent.ratio()), budget.row.who.clone()));
    tell_apart(&mut budgets);
    budgets
}

fn budget<'a>(spent: &'a Spent<'a>, view: &View<'a>) -> Budget<'a> {
    let (budget, amount) = (spent.budget, spent.sum.amount);
    // Of a period with a day that is not known, no estimate is made.
    let ahead = spent.ahead.filter(|_| view.is_whole(&spent.period));
    let estimate = ahead.as_ref().map(|ahead| super::view::estimate(ahead, amount, budget.currency));
    let is_over = amount >= budget.amount;
    let needed = budget.amount.checked_sub(amount);
    let is_likely = !is_over && ahead.zip(needed).is_some_and(|(ahead, needed)| ahead.chance(needed).is_likely());
    let highest = spent.highest().map(ToString::to_string);
    let (mut sign, mut state) = match (is_over, is_likely, &highest) {
        (true, ..) => (Sign::Over, "over".to_owned()),
        (_, true, _) => (Sign::Likely, "likely over".to_owned()),
        (_, _, Some(level)) => (Sign::Level, format!("{level} reached")),
        _ => (Sign::Plain, "within".to_owned()),
    };
    if is_silenced(spent, view) {
        state = if is_over {
            "over, silenced".to_owned()
        } else {
            format!("{}, silenced", highest.as_deref().unwrap_or("likely over"))
        };
        sign = Sign::Silenced;
    }
    let name = match budget.period {
        PeriodKind::Month => short(&budget.name),
        _ => format!("{}, {}", short(&budget.name), period_name(&spent.period, &view.story.case)),
    };
    let row = BudgetRow {
        who: view.who(spent.scope, &spent.subject) + &on_one(budget.products, &view.story.case),
        name,
        sign,
        state,
        currency: budget.currency,
        spent: amount,
        at_least: spent.certainty == Certainty::AtLeast,
        limit: budget.amount,
        used: percent(amount, budget.amount),
        levels: spent.reached().filter_map(|level| Amount::parse(&level.percent.to_string()).ok()).collect(),
        estimate,
        by: View::short_day(spent.period.last_day()),
    };
    Budget { spent, row, is_likely }
}

/// Whether a silence holds an alert of this budget back.
fn is_silenced(spent: &Spent<'_>, view: &View<'_>) -> bool {
    let period = spent.period.label();
    view.story.alerts.iter().any(|alert| {
        alert.outcome == Outcome::Silenced
            && matches!(alert.kind, Kind::Budget | Kind::Forecast)
            && alert.scope == Some(spent.scope)
            && alert.subject.as_deref() == Some(&*label(&spent.subject))
            && alert.currency == Some(spent.budget.currency)
            && alert.product.is_none_or(|product| product == spent.budget.products.name())
            && alert.period.as_deref() == Some(&period)
    })
}

/// A subject with budgets in several currencies is named with each.
fn tell_apart(budgets: &mut [Budget<'_>]) {
    let mut currencies = HashMap::<(_, Arc<str>), Vec<_>>::new();
    for budget in &*budgets {
        let of_subject = currencies.entry((budget.spent.scope, Arc::clone(&budget.spent.subject))).or_default();
        if !of_subject.contains(&budget.row.currency) {
            of_subject.push(budget.row.currency);
        }
    }
    for budget in budgets {
        let key = (budget.spent.scope, Arc::clone(&budget.spent.subject));
        if currencies.get(&key).is_some_and(|currencies| currencies.len() > 1) {
            budget.row.who = format!("{}, in {}", budget.row.who, budget.row.currency);
        }
    }
}

/// Puts the budgets on the page.
pub(super) fn add(page: &mut Page, budgets: &[Budget<'_>]) {
    let of = |sign: Sign| budgets.iter().filter(|budget| budget.row.sign == sign).count();
    let over = budgets.iter().filter(|budget| budget.is_over()).count();
    let likely = budgets.iter().filter(|budget| budget.is_likely).count();
    let within = budgets.len() - over - likely;
    let is_part = budgets.iter().any(|budget| budget.row.at_least && !budget.is_over());
    page.words.budgets = match (over, likely, within) {
        _ if budgets.is_empty() => "Budgets: none applies to what was sent".to_owned(),
        (0, 0, _) if is_part => "Budgets: none is over in what was read".to_owned(),
        _ if is_part => format!("Budgets: {over} over in what was read"),
        (0, 0, 1) => "Budgets: the one that applies is within its limit".to_owned(),
        (0, 0, within) => format!("Budgets: all {within} within their limits"),
        _ => {
            let likely = if likely > 0 { format!(", {likely} likely to be") } else { String::new() };
            format!("Budgets: {over} over{likely}, {within} within")
        }
    };
    if of(Sign::Silenced) > 0 {
        page.words.budgets += &format!("; {} silenced", of(Sign::Silenced));
    }
    let (shown, rest) = budgets.split_at(budgets.len().min(MOST_ROWS));
    page.budgets = shown.iter().map(|budget| budget.row.clone()).collect();
    // Budgets of several scopes have the same money in them, so that their sums say nothing.
    page.more_budgets = rest.first().map(|first| {
        let text = format!("each at {}% of its limit or less", first.row.used);
        Rest { count: rest.len() as u64, text, sums: Vec::new() }
    });
}
