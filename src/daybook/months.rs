//! The past months as the stored page shows them, made once a day: the days of the last months, and of older months their sums.
//!
//! A run of every hour cannot look through thirteen months. Its page needs little of them: sums by number and department, day by day as far
//! as days are drawn. So the day's first run leaves that, and the others use it. An account with too many numbers has none, and its page
//! shows the running period alone.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _};

use super::{Store, StoreError, Whose, codec};
use crate::domain::charge::{Line, NONE};
use crate::domain::totals::{DaySums, Sum};

/// Sums that are kept: about a thousand numbers. In DynamoDB they take 3 MB.
const MOST_SUMS: usize = 60_000;
/// Months before the running one.
const MONTHS: i64 = 12;
/// Of these, the months whose days stay apart.
const DAILY_MONTHS: i64 = 2;

/// The past months, while they are put together.
#[derive(Debug)]
pub struct Months {
    /// The first day that stays apart.
    daily_from: Date,
    days: BTreeMap<Date, BTreeMap<Line, Sum>>,
    sums: usize,
}

impl Months {
    /// No months as yet, as seen from a day.
    #[must_use]
    pub fn before(today: Date) -> Months {
        let daily_from = today.first_of_month().saturating_sub(DAILY_MONTHS.months());
        Months { daily_from, days: BTreeMap::new(), sums: 0 }
    }

    /// The first day that is wanted.
    #[must_use]
    pub fn first(today: Date) -> Date {
        today.first_of_month().saturating_sub(MONTHS.months())
    }

    /// Adds the sums of a day, after those of all earlier ones. Of an older month, they go to its first known day.
    pub fn add(&mut self, day: Date, sums: &DaySums) {
        if self.is_too_much() {
            return;
        }
        let is_daily = day >= self.daily_from;
        self.days.entry(day).or_default();
        let first = if is_daily { day } else { day.first_of_month() };
        let Some((_, kept)) = self.days.range_mut(first..=day).next() else { return };
        let before = kept.len();
        for (line, sum) in sums {
            let none = || Arc::<str>::from(NONE);
            let line = if is_daily {
                Line { name: none(), ..line.clone() }
            } else {
                Line { cost_center: none(), extension: none(), name: none(), ..line.clone() }
            };
            kept.entry(line).or_default().add(*sum);
        }
        self.sums += kept.len() - before;
    }

    /// Whether nothing can be kept.
    #[must_use]
    pub fn is_too_much(&self) -> bool {
        self.sums > MOST_SUMS
    }

    /// What is kept of each day; nothing if it is too much.
    #[must_use]
    pub fn finish(self) -> BTreeMap<Date, DaySums> {
        if self.is_too_much() {
            return BTreeMap::new();
        }
        self.days.into_iter().map(|(day, sums)| (day, sums.into_iter().collect())).collect()
    }
}

impl Store {
    /// The past months that a run of this `state` has left.
    ///
    /// # Errors
    /// The table cannot be read.
    pub async fn months(&self, whose: Whose<'_>, state: &str) -> Result<Option<BTreeMap<Date, DaySums>>, StoreError> {
        let bytes = self.cached(whose, "months", state).await?;
        Ok(bytes.and_then(|bytes| decode(&bytes)))
    }

    /// Keeps the past months for the day's other runs.
    ///
    /// # Errors
    /// The table cannot be written.
    pub async fn keep_months(
        &self,
        whose: Whose<'_>,
        months: &BTreeMap<Date, DaySums>,
        state: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.cache(whose, "months", &encode(months), state, now).await
    }
}

/// All days, since those without sums are in no chunk, and the chunks.
fn encode(months: &BTreeMap<Date, DaySums>) -> Vec<u8> {
    let days: Vec<Date> = months.keys().copied().collect();
    let chunks = codec::encode(months.iter().map(|(day, sums)| (*day, sums)));
    postcard::to_allocvec(&(days, chunks)).unwrap_or_default()
}

fn decode(bytes: &[u8]) -> Option<BTreeMap<Date, DaySums>> {
    let (days, chunks): (Vec<Date>, Vec<String>) = postcard::from_bytes(bytes).ok()?;
    let mut sums = codec::decode(chunks.iter().map(String::as_str))?;
    Some(days.into_iter().map(|day| (day, sums.remove(&day).unwrap_or_default())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::money::{Amount, Currency};
    use crate::domain::product::{Product, Products};

    const WHOSE: Whose<'_> = Whose { account: "acc", products: Products::One(Product::Sms), zone: "UTC" };

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    fn sums(numbers: usize, extension: &str) -> DaySums {
        let line = |number: usize| Line {
            number: format!("+1{number}").into(),
            department: "Sales".into(),
            cost_center: "7".into(),
            extension: extension.into(),
            name: "Dana".into(),
            currency: Currency::parse("USD").unwrap(),
        };
        (0..numbers).map(|number| (line(number), Sum::of(Amount::parse("0.25").unwrap()))).collect()
    }

    #[tokio::test]
    async fn recent_days_stay_apart_and_older_ones_become_the_sums_of_their_months() {
        let mut months = Months::before(day("2026-11-22"));
        assert_eq!(Months::first(day("2026-11-22")), day("2025-11-01"));
        for (at, extension) in [("2026-08-30", "1"), ("2026-08-31", "2"), ("2026-09-01", "1"), ("2026-10-31", "1")] {
            months.add(day(at), &sums(1, extension));
        }
        months.add(day("2026-10-30"), &DaySums::new());
        let months = months.finish();
        let shown = |at: &str| {
            let sums = months.get(&day(at)).map(|sums| {
                let shown = |(line, sum): &(Line, Sum)| {
                    format!(
                        "{} {} {} {}: {} of {}",
                        line.number, line.department, line.extension, line.name, sum.messages, sum.amount
                    )
                };
                sums.iter().map(shown).collect::<Vec<_>>().join("; ")
            });
            sums.unwrap_or_else(|| "not known".to_owned())
        };
        for (at, expected) in [
            // The month's sum stands at its first known day.
            ("2026-08-29", "not known"),
            ("2026-08-30", "+10 Sales (none) (none): 2 of 0.5"),
            ("2026-08-31", ""),
            ("2026-09-01", "+10 Sales 1 (none): 1 of 0.25"),
            ("2026-10-30", ""),
            ("2026-10-31", "+10 Sales 1 (none): 1 of 0.25"),
        ] {
            assert_eq!(shown(at), expected, "{at}");
        }
        let store = Store::memory();
        store.keep_months(WHOSE, &months, "state", Timestamp::UNIX_EPOCH).await.unwrap();
        assert_eq!(store.months(WHOSE, "state").await.unwrap(), Some(months));
        assert_eq!(store.months(WHOSE, "another").await.unwrap(), None);
        assert_eq!(decode(b"damaged"), None);
    }

    #[test]
    fn too_many_numbers_leave_nothing() {
        let mut months = Months::before(day("2026-11-22"));
        for day in day("2026-10-01").series(1.day()).take(7) {
            months.add(day, &sums(10_000, "1"));
        }
        assert!(months.is_too_much() && months.finish().is_empty());
    }
}
