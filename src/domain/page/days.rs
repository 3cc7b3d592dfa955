//! The days of numbers: messages against a usual day, spikes, and days that are not known.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use jiff::ToSpan as _;
use jiff::civil::{Date, Weekday};

use super::view::{View, grouped};
use super::{Cell, DayMonth};
use crate::domain::charge::Scope;
use crate::domain::money::Currency;
use crate::domain::period::Period;

/// Months whose days are shown, the running one included.
pub(super) const MONTHS: usize = 3;

type Key = (Arc<str>, Currency);

/// The days of some numbers.
pub(super) struct Days<'a> {
    view: &'a View<'a>,
    months: Vec<Period>,
    messages: HashMap<Key, BTreeMap<Date, u64>>,
    spikes: HashMap<Key, BTreeMap<Date, u64>>,
}

/// What is shown of one number.
pub(super) struct OfNumber {
    pub(super) days: String,
    pub(super) usual_day: String,
    pub(super) spikes: Vec<(u32, u64)>,
    pub(super) messages: Vec<Option<u64>>,
}

impl<'a> Days<'a> {
    pub(super) fn of(view: &'a View<'a>, wanted: &HashSet<Key>) -> Days<'a> {
        let months: Vec<_> = view.months.iter().rev().take(MONTHS).rev().copied().collect();
        let mut messages = HashMap::<Key, BTreeMap<Date, u64>>::new();
        for month in &months {
            for (key, days) in view.counted().days_of(month.days(), Scope::BillingNumber, wanted) {
                messages.entry(key).or_default().extend(days.into_iter().map(|(day, sum)| (day, sum.messages)));
            }
        }
        Days { view, months, messages, spikes: spikes(view) }
    }

    /// The first day that is shown.
    pub(super) fn first(&self) -> Option<Date> {
        self.months.first().map(Period::first_day)
    }

    /// The months that are shown.
    pub(super) fn months(&self) -> Vec<DayMonth> {
        let month = |month: &Period| {
            let first = month.first_day();
            DayMonth {
                name: first.strftime("%B").to_string(),
                days: u32::from(first.days_in_month().unsigned_abs()),
                monday: 1 + u32::from(Weekday::Monday.since(first.weekday()).unsigned_abs()) % 7,
            }
        };
        self.months.iter().map(month).collect()
    }

    /// What is shown of a number.
    pub(super) fn of_number(&self, key: &Key) -> OfNumber {
        let empty = BTreeMap::new();
        let sent = self.messages.get(key).unwrap_or(&empty);
        let today = self.view.today;
        // A number is new until its first message: the days before say nothing about a usual day.
        let first = sent.keys().next().copied().unwrap_or(today);
        let count = |day: Date| sent.get(&day).copied().unwrap_or_default();
        let (mut days, mut messages, mut active) = (0_u64, 0_u64, 0_u64);
        for day in first.series(1.day()).take_while(|day| *day < today).filter(|day| self.view.knows(*day)) {
            let count = count(day);
            (days, messages, active) = (days + 1, messages.saturating_add(count), active + u64::from(count > 0));
        }
        // Of a number that rarely sends, a day with messages is held against such days.
        let held_against = if messages < days { active } else { days };
        let cell = |day: Date| match () {
            () if day > today => Cell::Ahead,
            () if !self.view.knows(day) => Cell::Unknown,
            () => against(count(day), messages, held_against),
        };
        let all = || {
            self.months
                .iter()
                .flat_map(|month| month.first_day().series(1.day()).take_while(|day| *day <= month.last_day()))
        };
        let of_month = self.view.started(&self.view.month);
        OfNumber {
            days: all().map(|day| cell(day).character()).collect(),
            usual_day: usual(messages, days),
            spikes: self.spikes_of(key, all()),
            messages: of_month.map(|day| self.view.knows(day).then(|| count(day))).collect(),
        }
    }

    fn spikes_of(&self, key: &Key, days: impl Iterator<Item = Date>) -> Vec<(u32, u64)> {
        let Some(spikes) = self.spikes.get(key) else { return Vec::new() };
        (0..).zip(days).filter_map(|(place, day)| Some((place, *spikes.get(&day)?))).collect()
    }

    /// The days of these numbers that are spikes, the latest last.
    pub(super) fn all_spikes(&self, numbers: &[Key]) -> Vec<(Date, Key)> {
        let of = |key: &Key| {
            let days = self.spikes.get(key).into_iter().flatten();
            days.map(|(day, _)| (*day, key.clone())).collect::<Vec<_>>()
        };
        let first = self.first().unwrap_or(Date::MIN);
        let mut all: Vec<_> = numbers.iter().flat_map(of).filter(|(day, _)| *day >= first).collect();
        all.sort();
        all
    }
}

/// A day's messages against a usual day: so many messages in so many days.
fn against(count: u64, messages: u64, days: u64) -> Cell {
    let [times_days, messages] = [count.saturating_mul(days), messages];
    match count {
        0 => Cell::Nothing,
        _ if times_days > messages.saturating_mul(3) => Cell::VeryMuch,
        _ if times_days.saturating_mul(2) > messages.saturating_mul(3) => Cell::Much,
        _ if times_days.saturating_mul(2) < messages => Cell::Little,
        _ => Cell::Usual,
    }
}

fn usual(messages: u64, days: u64) -> String {
    match messages.saturating_add(days / 2).checked_div(days) {
        None => "not known".to_owned(),
        Some(0) if messages > 0 => "under 1".to_owned(),
        Some(usual) => grouped(usual),
    }
}

/// The spikes of numbers.
fn spikes(view: &View<'_>) -> HashMap<Key, BTreeMap<Date, u64>> {
    let mut spikes = HashMap::<Key, BTreeMap<Date, u64>>::new();
    for ((day, product, scope, subject, currency), spike) in &view.spikes {
        if *scope == Scope::BillingNumber && *product == view.product() {
            spikes.entry((Arc::clone(subject), *currency)).or_default().insert(*day, spike.count);
        }
    }
    spikes
}
