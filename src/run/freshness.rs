//! How new the reports of a run are.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::report::{Book, Report};
use crate::domain::evaluate::Freshness;
use crate::domain::product::Products;

/// Days from which the longest time without a row is known.
const DAYS_JUDGED: i64 = 91;

impl Report {
    /// How new each report is. One with a gap from its newest row on is left out: the gap may hold newer rows.
    #[must_use]
    pub fn freshness(&self, zone: &jiff::tz::TimeZone, as_of: Timestamp) -> Vec<Freshness> {
        let was_read = |freshness: &Freshness| {
            let product = Products::One(freshness.product);
            self.judged.coverage.has_no_gap(product, freshness.newest_row, as_of)
        };
        self.books.iter().filter_map(|book| book.freshness(zone, as_of)).filter(was_read).collect()
    }
}

impl Book {
    /// How new the report is: nothing is said of it before 91 days and two of them with a row are known.
    fn freshness(&self, zone: &jiff::tz::TimeZone, as_of: Timestamp) -> Option<Freshness> {
        let head = &self.remembered.head;
        let today = zone.to_datetime(as_of).date();
        let since = today.checked_sub(jiff::Span::new().days(DAYS_JUDGED)).ok()?;
        if head.first_day()? > since {
            return None;
        }
        let active: Vec<Date> = head.active_days().filter(|day| *day >= since && *day <= today).collect();
        let hours = |pair: &[Date]| match pair {
            [one, other] => one.until(*other).map_or(0, |span| 24 * i64::from(span.get_days())),
            _ => 0,
        };
        let longest = active.windows(2).map(hours).max()?;
        let longest_gap = SignedDuration::from_hours(longest);
        Some(Freshness { product: self.product, newest_row: head.newest_row()?, longest_gap })
    }
}
