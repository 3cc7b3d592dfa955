//! Thirteen months and three months of days, by department and number.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use rust_decimal::Decimal;

use super::days::{Days, OfNumber};
use super::view::{View, by_currency, grouped, percent, ratio, short};
use super::{Department, MOST_ROWS, Month, NumberRow, Page, Rest, Thirteen};
use crate::domain::alert::count;
use crate::domain::charge::{NONE, Scope};
use crate::domain::money::{Amount, Currency};
use crate::domain::period::PeriodKind;
use crate::domain::totals::Sums;

type Key = (Arc<str>, Currency);

/// The sums of each month; `None` for one of which nothing is known.
type Months = Vec<Option<Sums>>;

/// Puts the numbers on the page.
pub(super) fn add(page: &mut Page, view: &View<'_>) {
    let of = |scope| view.months.iter().map(|month| view.sums(month, scope)).collect::<Months>();
    let (numbers, departments) = (of(Scope::BillingNumber), of(Scope::Department));
    page.months = view
        .months
        .iter()
        .map(|month| Month { name: month.first_day().strftime("%b %Y").to_string(), whole: view.is_whole(month) })
        .collect();
    let (ranked, idle) = ranked(&numbers, view);
    let (top, rest) = ranked.split_at(ranked.len().min(MOST_ROWS));
    let days = Days::of(view, &top.iter().cloned().collect::<HashSet<_>>());
    page.first_day = days.first().map(|day| day.to_string()).unwrap_or_default();
    page.day_months = days.months();
    // Departments stand in the order of their most used numbers.
    let mut places = HashMap::new();
    for key in top {
        let department = view.department(&key.0);
        let place = *places.entry(department).or_insert_with(|| {
            let sums = of_department(department, &departments);
            page.departments.push(Department {
                name: department_name(department),
                is_known: department != NONE,
                sums,
                numbers: Vec::new(),
            });
            page.departments.len() - 1
        });
        if let Some(department) = page.departments.get_mut(place) {
            department.numbers.push(number(key, &numbers, days.of_number(key), view));
        }
    }
    page.more_numbers = (rest.len() + idle > 0).then(|| {
        let now = numbers.last().and_then(Option::as_ref);
        let sums = rest.iter().filter_map(|key| Some((key.1, now?.get(key)?.amount)));
        let since = page.day_months.first().map_or("", |month| &month.name);
        let text = match (rest.len(), idle) {
            (0, _) => format!("without a charge since {since}"),
            (_, 0) => String::new(),
            _ => format!("{} without a charge since {since}", grouped(idle as u64)),
        };
        Rest { count: (rest.len() + idle) as u64, text, sums: by_currency(sums) }
    });
    words(page, &days, top, view);
}

/// The numbers of the months whose days are shown: those with a budget first, the most used first; the others by their part of what the
/// account spent. And how many numbers have charges in earlier months alone.
fn ranked(months: &Months, view: &View<'_>) -> (Vec<Key>, usize) {
    let now = months.last().and_then(Option::as_ref);
    let (before, recent) = months.split_at(months.len().saturating_sub(super::days::MONTHS));
    let of = |months: &'_ [Option<Sums>]| -> HashSet<Key> {
        months.iter().flatten().flat_map(BTreeMap::keys).cloned().collect()
    };
    let (keys, before) = (of(recent), of(before));
    let idle = before.difference(&keys).count();
    let mut account = BTreeMap::<Currency, Amount>::new();
    for ((_, currency), sum) in now.into_iter().flatten() {
        super::view::add(account.entry(*currency).or_default(), sum.amount);
    }
    let rank = |key: &Key| {
        let spent = now.and_then(|now| now.get(key)).map_or(Amount::ZERO, |sum| sum.amount);
        let limit = limit_of(key, view);
        let whole = limit.unwrap_or_else(|| account.get(&key.1).copied().unwrap_or_default());
        (limit.is_some() && spent > Amount::ZERO, ratio(spent, whole), spent)
    };
    let mut ranked: Vec<_> = keys.into_iter().map(|key| (Reverse(rank(&key)), key)).collect();
    ranked.sort();
    (ranked.into_iter().map(|(_, key)| key).collect(), idle)
}

fn limit_of((number, currency): &Key, view: &View<'_>) -> Option<Amount> {
    let policy = view.story.case.policy;
    let budget = policy.budget_for(policy.all(), Scope::BillingNumber, (number, *currency), PeriodKind::Month);
    budget.map(|budget| budget.amount)
}

fn of_department(department: &str, months: &Months) -> Vec<Thirteen> {
    let name: Arc<str> = department.into();
    let currencies: std::collections::BTreeSet<_> = months
        .iter()
        .flatten()
        .flat_map(|month| month.keys().filter(|(of, _)| *of == name).map(|(_, currency)| *currency))
        .collect();
    currencies.into_iter().map(|currency| thirteen(&(Arc::clone(&name), currency), months)).collect()
}

fn thirteen(key: &Key, months: &Months) -> Thirteen {
    let month = |month: &Option<Sums>| Some(month.as_ref()?.get(key).map_or(Amount::ZERO, |sum| sum.amount));
    Thirteen { currency: key.1, months: months.iter().map(month).collect() }
}

fn number(key: &Key, months: &Months, of_number: OfNumber, view: &View<'_>) -> NumberRow {
    let spent = thirteen(key, months);
    let so_far = spent.months.last().copied().flatten().unwrap_or_default();
    let estimate = view.estimate(Scope::BillingNumber, &key.0, key.1, so_far);
    let before = spent.months.split_last().map_or(&[][..], |(_, before)| before);
    // A month that is known in part would be a small one.
    let whole = before.iter().zip(&view.months).map(|(amount, month)| amount.filter(|_| view.is_whole(month)));
    let usual = usual(whole);
    let against = estimate.zip(usual).filter(|(_, usual)| !usual.is_zero() && !usual.is_negative());
    let OfNumber { days, usual_day, spikes, messages } = of_number;
    NumberRow {
        number: if &*key.0 == NONE { "Without a number".to_owned() } else { short(&key.0) },
        limit: limit_of(key, view),
        against: against.map(|(estimate, usual)| percent(estimate.likely, usual).saturating_sub(100)),
        spent,
        estimate,
        usual,
        days,
        usual_day,
        spikes,
        messages,
    }
}

/// The median of the known months, from the first one with charges on.
fn usual(months: impl Iterator<Item = Option<Amount>>) -> Option<Amount> {
    let mut known: Vec<_> = months.flatten().skip_while(|amount| amount.is_zero()).collect();
    known.sort();
    let (middle, is_even) = (known.len() / 2, known.len().is_multiple_of(2));
    let upper = *known.get(middle)?;
    let lower = if is_even { *known.get(middle.checked_sub(1)?)? } else { upper };
    let mean = lower.checked_add(upper)?.decimal().checked_div(Decimal::TWO)?;
    Amount::parse(&mean.normalize().to_string()).ok()
}

fn department_name(department: &str) -> String {
    if department == NONE { "Without a department".to_owned() } else { short(department) }
}

/// Headings that state what was found.
fn words(page: &mut Page, days: &Days<'_>, top: &[Key], view: &View<'_>) {
    let spikes = days.all_spikes(top);
    page.words.days = match spikes.as_slice() {
        [] if view.story.case.policy.spikes.is_empty() => "The days, compared with a usual day".to_owned(),
        [] => "The days: no spike".to_owned(),
        [(day, (number, _))] => {
            format!("The days: one spike, {} on {}", view.who(Scope::BillingNumber, number), day.strftime("%-d %B"))
        }
        [.., (day, (number, _))] => format!(
            "The days: {}, the last of {} on {}",
            count(spikes.len() as u64, "spike"),
            view.who(Scope::BillingNumber, number),
            day.strftime("%-d %B")
        ),
    };
    let rows = page.departments.iter().flat_map(|department| department.numbers.iter());
    let known = page.months.iter().filter(|month| month.whole).count();
    // A heading of few known months would compare nothing.
    let highest = rows.filter(|_| known > 2).filter_map(|row| {
        let likely = row.estimate?.likely;
        let before = row.spent.months.split_last()?.1.iter().flatten().max().copied()?;
        (likely > before && !before.is_zero() && !before.is_negative()).then(|| (ratio(likely, before), row))
    });
    page.words.months = match highest.max_by(|a, b| a.0.cmp(&b.0)) {
        Some((ratio, row)) => {
            let times = match ratio.trunc() {
                one if one < Decimal::TWO => "its highest month".to_owned(),
                two if two == Decimal::TWO => "twice its highest month".to_owned(),
                times => format!("{times} times its highest month"),
            };
            format!("Thirteen months: {} heads for {times}", row.number)
        }
        None => "Thirteen months".to_owned(),
    };
}
