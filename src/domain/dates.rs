//! Dates of Zoom's report. They are no civil days: nobody knows in which time zone Zoom means them.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use serde::{Deserialize, Serialize};

/// Dates, the first and the last included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Dates {
    /// The first date.
    pub from: Date,
    /// The last date.
    pub to: Date,
}

impl Dates {
    /// The dates of Zoom's report under which rows sent in `[from, to)` may be listed: three to either side of all dates that any time zone
    /// gives these moments (see docs/design.md, "Reading").
    #[must_use]
    pub fn listing(from: Timestamp, to: Timestamp) -> Dates {
        Dates { from: utc_date(from, -12).saturating_sub(3.days()), to: utc_date(to, 14).saturating_add(3.days()) }
    }

    /// Whether both have a date in common.
    #[must_use]
    pub fn overlap(&self, other: &Dates) -> bool {
        self.from <= other.to && other.from <= self.to
    }

    /// Whether both have more than one date in common: neighboring questions share one.
    #[must_use]
    pub fn cross(&self, other: &Dates) -> bool {
        self.from < other.to && other.from < self.to
    }
}

/// The date in UTC so many hours after a moment (before it, if negative).
#[must_use]
pub fn utc_date(at: Timestamp, hours: i64) -> Date {
    let moved = at.saturating_add(SignedDuration::from_hours(hours)).unwrap_or(at);
    moved.to_zoned(jiff::tz::TimeZone::UTC).date()
}
