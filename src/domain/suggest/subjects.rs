//! Who may get a budget, and the months and days of each.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use jiff::ToSpan as _;
use jiff::civil::Date;

use super::figures::Figures;
use crate::domain::charge::Scope;
use crate::domain::foresight::forecast::SHORT_HISTORY;
use crate::domain::money::{Amount, Currency};
use crate::domain::past::Past;
use crate::domain::product::Product;
use crate::domain::totals::{DaySums, Sum};

/// A subject that may get a budget.
#[derive(Clone, Debug)]
pub(super) struct Subject {
    pub(super) scope: Scope,
    pub(super) name: Arc<str>,
    pub(super) currency: Currency,
    /// Of a number: its department.
    pub(super) department: Option<Arc<str>>,
    /// Recent charges.
    pub(super) recent: Sum,
    pub(super) months: Vec<Amount>,
    pub(super) figures: Option<Figures>,
    /// Whether its history is long enough for a forecast.
    pub(super) forecast: bool,
}

/// Adds whole months and days to subjects.
pub(super) fn add_figures(past: &Past, mut subjects: Vec<&mut Subject>) {
    let places: HashMap<_, _> = (0..)
        .zip(&subjects)
        .map(|(place, subject)| ((subject.scope, Arc::clone(&subject.name), subject.currency), place))
        .collect();
    let account: Arc<str> = past.account.as_str().into();
    let mut days = vec![Vec::<Amount>::new(); subjects.len()];
    let mut months = vec![BTreeMap::<Date, Amount>::new(); subjects.len()];
    let whole = whole_months(past);
    let known = past.days(Product::Sms);
    for (index, (day, lines)) in known.iter().enumerate() {
        for (place, sum) in sums_of(lines, &places, &account) {
            let (Some(days), Some(months)) = (days.get_mut(place), months.get_mut(place)) else { continue };
            // Days are counted from the first charge on.
            if days.is_empty() {
                days.resize(known.len() - index, Amount::ZERO);
            }
            let before = known.len() - days.len();
            days.iter_mut().skip(index - before).take(1).for_each(|day| *day = sum);
            let so_far = months.entry(day.first_of_month()).or_default();
            *so_far = so_far.checked_add(sum).unwrap_or(*so_far);
        }
    }
    for (subject, (days, months)) in subjects.iter_mut().zip(days.into_iter().zip(months)) {
        let first = months.keys().next().copied();
        let since = whole.iter().filter(|month| first.is_some_and(|first| **month >= first));
        subject.months = since.map(|month| months.get(month).copied().unwrap_or_default()).collect();
        subject.figures = Figures::of(&subject.months, &days);
        subject.forecast = days.len() >= SHORT_HISTORY as usize;
    }
}

fn sums_of(
    lines: &DaySums,
    places: &HashMap<(Scope, Arc<str>, Currency), usize>,
    account: &Arc<str>,
) -> HashMap<usize, Amount> {
    let mut sums = HashMap::<usize, Amount>::new();
    for (line, sum) in lines {
        for scope in [Scope::Account, Scope::Department, Scope::BillingNumber] {
            let name = scope.subject(line).unwrap_or(account);
            if let Some(place) = places.get(&(scope, Arc::clone(name), line.currency)) {
                let so_far = sums.entry(*place).or_default();
                *so_far = so_far.checked_add(sum.amount).unwrap_or(*so_far);
            }
        }
    }
    sums
}

/// The months of which every day is known, by their first day.
fn whole_months(past: &Past) -> Vec<Date> {
    let months: HashSet<Date> = past.days(Product::Sms).keys().map(|day| day.first_of_month()).collect();
    let is_known = |day: Date| past.days(Product::Sms).contains_key(&day);
    let mut whole: Vec<_> = months
        .into_iter()
        .filter(|month| month.series(1.day()).take_while(|day| *day <= month.last_of_month()).all(is_known))
        .collect();
    whole.sort_unstable();
    whole
}
