//! Who may get a budget, and the months and days of each.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use jiff::ToSpan as _;
use jiff::civil::Date;
use rust_decimal::Decimal;

use super::figures::Figures;
use crate::domain::charge::{NONE, Scope};
use crate::domain::foresight::forecast::SHORT_HISTORY;
use crate::domain::money::{Amount, Currency};
use crate::domain::number::Number;
use crate::domain::past::Past;
use crate::domain::product::Product;
use crate::domain::totals::{DaySums, Sum};

/// The days that say who is large.
const RECENT_DAYS: i64 = 91;
/// Percent of the account's, or of the department's, money from which on a budget of its own says nothing new.
const SAME_MONEY: u32 = 90;
/// Names looked at for each alert that there is room for.
const CANDIDATES_FOR_EACH: usize = 2;

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

/// Those of an account that may get a budget.
#[derive(Debug)]
pub(super) struct Subjects {
    /// The account in each currency.
    pub(super) accounts: Vec<Subject>,
    /// Departments and numbers, the largest first.
    pub(super) others: Vec<Subject>,
    /// Numbers and departments with recent charges, in each currency once.
    pub(super) watched: BTreeMap<Scope, u32>,
}

/// Recent charges.
struct Recent {
    /// Of the account, in each currency that it ever had.
    currencies: BTreeMap<Currency, Sum>,
    /// Of each department and number.
    sums: HashMap<(Scope, Arc<str>, Currency), Sum>,
    /// The department of each number.
    departments: HashMap<Arc<str>, Arc<str>>,
}

impl Recent {
    fn of(past: &Past, last: Date, account: &Arc<str>) -> Recent {
        let before = last.saturating_sub(RECENT_DAYS.days());
        let mut recent = Recent { currencies: BTreeMap::new(), sums: HashMap::new(), departments: HashMap::new() };
        for (day, lines) in past.days(Product::Sms) {
            for (line, sum) in lines {
                let of_currency = recent.currencies.entry(line.currency).or_default();
                if *day <= before {
                    continue;
                }
                of_currency.add(*sum);
                for scope in [Scope::Department, Scope::BillingNumber] {
                    let name = scope.subject(line).unwrap_or(account);
                    recent.sums.entry((scope, Arc::clone(name), line.currency)).or_default().add(*sum);
                }
                recent.departments.insert(Arc::clone(&line.number), Arc::clone(&line.department));
            }
        }
        recent
    }
}

impl Subjects {
    /// Those of a past that ends with the day `last`, if there may be so many alerts; `None` if nothing was ever charged.
    pub(super) fn of(past: &Past, last: Date, most: u32) -> Option<Subjects> {
        let account: Arc<str> = past.account.as_str().into();
        let Recent { currencies, sums, departments } = Recent::of(past, last, &account);
        if currencies.is_empty() {
            return None;
        }
        let mut watched = BTreeMap::<Scope, u32>::new();
        sums.keys().for_each(|(scope, ..)| *watched.entry(*scope).or_default() += 1);
        let messages: u64 = currencies.values().map(|sum| sum.messages).sum();
        let size = |currency: Currency, sum: Sum| size(sum, currencies.get(&currency).copied(), messages);
        let subject = |(scope, name, currency): (Scope, Arc<str>, Currency), recent: Sum| Subject {
            scope,
            department: departments.get(&name).filter(|_| scope == Scope::BillingNumber).cloned(),
            name,
            currency,
            recent,
            months: Vec::new(),
            figures: None,
            forecast: false,
        };
        let mut accounts: Vec<_> = currencies
            .iter()
            .map(|(currency, sum)| subject((Scope::Account, Arc::clone(&account), *currency), *sum))
            .collect();
        let mut others: Vec<_> = sums.into_iter().map(|(key, sum)| subject(key, sum)).collect();
        others.retain(|subject| can_be_named(subject) && is_new(subject, currencies.get(&subject.currency)));
        others.sort_by_cached_key(|subject| {
            (Reverse(size(subject.currency, subject.recent)), Reverse(subject.scope), Arc::clone(&subject.name))
        });
        others.truncate(CANDIDATES_FOR_EACH * most as usize);
        add_figures(past, accounts.iter_mut().chain(&mut others).collect());
        Some(Subjects { accounts, others, watched })
    }
}

impl Subject {
    /// Whether a budget of this number would alert about the same money as its department's.
    pub(super) fn is_most_of(&self, department: &Subject) -> bool {
        department.scope == Scope::Department
            && self.department.as_ref() == Some(&department.name)
            && self.currency == department.currency
            && is_most(self.recent, department.recent)
    }
}

/// Adds whole months and days to subjects.
fn add_figures(past: &Past, mut subjects: Vec<&mut Subject>) {
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

fn is_most(part: Sum, whole: Sum) -> bool {
    part.amount.percent_of(whole.amount).is_none_or(|percent| percent >= Decimal::from(SAME_MONEY))
}

/// Whether an entry of `only` can name it, and nothing else.
fn can_be_named(Subject { scope, name, .. }: &Subject) -> bool {
    let is_text = **name != *NONE && !name.starts_with('(') && !name.ends_with('*') && name.trim() == &**name;
    let is_number = || Number::parse(name).is_some_and(|number| number.is_possible());
    let is_text = is_text && !name.chars().any(char::is_control);
    is_text && !name.is_empty() && (*scope != Scope::BillingNumber || is_number())
}

fn is_new(subject: &Subject, account: Option<&Sum>) -> bool {
    subject.recent.amount > Amount::ZERO && account.is_some_and(|account| !is_most(subject.recent, *account))
}

/// How large a subject is, compared with those of other currencies: its part of its currency's money, times that currency's part of all
/// messages. Money of different currencies is not compared.
fn size(sum: Sum, account: Option<Sum>, messages: u64) -> Decimal {
    let account = account.unwrap_or_default();
    let money = sum.amount.decimal().checked_div(account.amount.decimal()).unwrap_or_default();
    let messages = Decimal::from(account.messages).checked_div(Decimal::from(messages)).unwrap_or_default();
    money.checked_mul(messages).unwrap_or_default()
}
