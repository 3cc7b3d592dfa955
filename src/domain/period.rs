//! Calendar periods in the policy's time zone.
//!
//! A period is a run of whole civil days, half open as instants: from the first instant of its first day up to, not including, the first
//! instant of the day after its last. So a day may have 23 or 25 hours, and every kind of period is a union of civil days, which is why
//! sums are kept by civil day (see [`super::totals`]).

use std::fmt;

use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use super::dates::Dates;

/// The kinds of period a budget can have, shortest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PeriodKind {
    /// A civil day.
    Day,
    /// Monday to Sunday (ISO 8601).
    Week,
    /// A calendar month.
    Month,
}

impl PeriodKind {
    /// The name in the policy and in messages.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            PeriodKind::Day => "day",
            PeriodKind::Week => "week",
            PeriodKind::Month => "month",
        }
    }

    /// The first day of the period of this kind that holds `day`.
    fn first_day(self, day: Date) -> Result<Date, jiff::Error> {
        match self {
            PeriodKind::Day => Ok(day),
            PeriodKind::Week => day.checked_sub(i64::from(day.weekday().since(Weekday::Monday)).days()),
            PeriodKind::Month => Ok(day.first_of_month()),
        }
    }

    /// The first day after the period of this kind that holds `day`.
    ///
    /// # Errors
    /// Only at the end of the calendar.
    pub fn end_day(self, day: Date) -> Result<Date, jiff::Error> {
        self.first_day(day)?.checked_add(self.length())
    }

    fn length(self) -> Span {
        match self {
            PeriodKind::Day => 1.day(),
            PeriodKind::Week => 1.week(),
            PeriodKind::Month => 1.month(),
        }
    }
}

/// One period: civil days and the instants between which they lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Period {
    kind: PeriodKind,
    first: Date,
    end: Date,
    from: Timestamp,
    to: Timestamp,
}

impl Period {
    /// The period of `kind` that holds the instant `at` in `zone`.
    ///
    /// # Errors
    /// Only at the ends of the calendar (years -9999 and 9999).
    pub fn containing(kind: PeriodKind, at: Timestamp, zone: &TimeZone) -> Result<Period, jiff::Error> {
        Period::of_day(kind, zone.to_datetime(at).date(), zone)
    }

    /// The period of `kind` that holds a day.
    ///
    /// # Errors
    /// Only at the ends of the calendar.
    pub fn of_day(kind: PeriodKind, day: Date, zone: &TimeZone) -> Result<Period, jiff::Error> {
        let first = kind.first_day(day)?;
        let end = first.checked_add(kind.length())?;
        Ok(Period { kind, first, end, from: start_of(first, zone)?, to: start_of(end, zone)? })
    }

    /// The kind of the period.
    #[must_use]
    pub fn kind(&self) -> PeriodKind {
        self.kind
    }

    /// The first instant of the period.
    #[must_use]
    pub fn from(&self) -> Timestamp {
        self.from
    }

    /// The first instant after the period.
    #[must_use]
    pub fn to(&self) -> Timestamp {
        self.to
    }

    /// The first civil day.
    #[must_use]
    pub fn first_day(&self) -> Date {
        self.first
    }

    /// The first civil day after the period.
    #[must_use]
    pub fn end_day(&self) -> Date {
        self.end
    }

    /// The last civil day.
    #[must_use]
    pub fn last_day(&self) -> Date {
        self.end.yesterday().unwrap_or(self.end)
    }

    /// Its first and its last civil day.
    #[must_use]
    pub fn days(&self) -> (Date, Date) {
        (self.first, self.last_day())
    }

    /// The period of the same kind before it.
    ///
    /// # Errors
    /// Only at the beginning of the calendar.
    pub fn before(&self, zone: &TimeZone) -> Result<Period, jiff::Error> {
        Period::of_day(self.kind, self.first.yesterday()?, zone)
    }

    /// The name of the period: `2026-11-22`, `2026-W47` or `2026-11`.
    #[must_use]
    pub fn label(&self) -> String {
        match self.kind {
            PeriodKind::Day => self.first.to_string(),
            PeriodKind::Week => {
                let week = self.first.iso_week_date();
                format!("{}-W{:02}", week.year(), week.week())
            }
            PeriodKind::Month => format!("{}-{:02}", self.first.year(), self.first.month()),
        }
    }
}

/// The period as people say it: `November 2026`, `the week from 16 November 2026`, `22 November 2026`.
impl fmt::Display for Period {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            PeriodKind::Day => write!(out, "{}", self.first.strftime("%-d %B %Y")),
            PeriodKind::Week => write!(out, "the week from {}", self.first.strftime("%-d %B %Y")),
            PeriodKind::Month => write!(out, "{}", self.first.strftime("%B %Y")),
        }
    }
}

/// The first instant of a civil day.
///
/// # Errors
/// Only at the ends of the calendar.
pub fn start_of(day: Date, zone: &TimeZone) -> Result<Timestamp, jiff::Error> {
    zone.to_timestamp(day.at(0, 0, 0, 0))
}

/// When a closed period is judged for the last time: once its late listings have ended everywhere (a date of Zoom's report is over twelve
/// hours after its end in UTC) and `late_charges_days` civil days have passed.
///
/// # Errors
/// Only at the ends of the calendar.
pub fn final_at(period: &Period, zone: &TimeZone, late_charges_days: u32) -> Result<Timestamp, jiff::Error> {
    let listed_until = Dates::listing(period.from, period.to).to.checked_add(1.day())?;
    let over = start_of(listed_until, &TimeZone::UTC)?.checked_add(SignedDuration::from_hours(12))?;
    let patience = start_of(period.end.checked_add(i64::from(late_charges_days).days())?, zone)?;
    Ok(over.max(patience))
}

/// Months for which Zoom keeps its report.
const MONTHS_KEPT: i64 = 13;

/// The periods to judge at `as_of`: each kind's current one first, then the closed ones that no run has judged for the last time.
/// `finished` tells up to which day that was done; `None` if nothing is known of earlier runs.
///
/// # Errors
/// Only at the ends of the calendar.
pub fn judged_periods(
    kinds: impl IntoIterator<Item = PeriodKind>,
    as_of: Timestamp,
    zone: &TimeZone,
    late_charges_days: u32,
    finished: impl Fn(PeriodKind) -> Option<Date>,
) -> Result<Vec<Period>, jiff::Error> {
    let kept_since = zone.to_datetime(as_of).date().checked_sub(MONTHS_KEPT.months())?;
    let mut periods = Vec::new();
    for kind in kinds {
        let mut period = Period::containing(kind, as_of, zone)?;
        periods.push(period);
        loop {
            period = period.before(zone)?;
            let is_finished = match finished(kind) {
                Some(day) => period.end <= day,
                None => as_of >= final_at(&period, zone, late_charges_days)?,
            };
            if is_finished || period.first < kept_since {
                break;
            }
            periods.push(period);
        }
    }
    Ok(periods)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(name: &str) -> TimeZone {
        jiff::tz::TimeZoneDatabase::bundled().get(name).unwrap()
    }

    fn period(kind: PeriodKind, at: &str, name: &str) -> (String, String, String) {
        let period = Period::containing(kind, at.parse().unwrap(), &zone(name)).unwrap();
        (period.label(), period.from().to_string(), period.to().to_string())
    }

    #[test]
    fn a_period_turns_in_the_policys_zone() {
        let strings = |label: &str, from: &str, to: &str| (label.to_owned(), from.to_owned(), to.to_owned());
        for (kind, at, name, expected) in [
            // The month turns at local midnight, not at UTC's.
            (
                PeriodKind::Month,
                "2026-11-01T03:59:59Z",
                "America/New_York",
                strings("2026-10", "2026-10-01T04:00:00Z", "2026-11-01T04:00:00Z"),
            ),
            (
                PeriodKind::Month,
                "2026-11-01T04:00:00Z",
                "America/New_York",
                strings("2026-11", "2026-11-01T04:00:00Z", "2026-12-01T05:00:00Z"),
            ),
            // 25 hours: the clock goes back on 1 November 2026.
            (
                PeriodKind::Day,
                "2026-11-01T12:00:00Z",
                "America/New_York",
                strings("2026-11-01", "2026-11-01T04:00:00Z", "2026-11-02T05:00:00Z"),
            ),
            // 23 hours: the clock goes forward on 8 March 2026.
            (
                PeriodKind::Day,
                "2026-03-08T12:00:00Z",
                "America/New_York",
                strings("2026-03-08", "2026-03-08T05:00:00Z", "2026-03-09T04:00:00Z"),
            ),
            // A day whose midnight does not exist begins at one o'clock.
            (
                PeriodKind::Day,
                "2026-04-24T12:00:00Z",
                "Africa/Cairo",
                strings("2026-04-24", "2026-04-23T22:00:00Z", "2026-04-24T21:00:00Z"),
            ),
            // A quarter-hour zone.
            (
                PeriodKind::Day,
                "2026-11-22T18:15:00Z",
                "Asia/Kathmandu",
                strings("2026-11-23", "2026-11-22T18:15:00Z", "2026-11-23T18:15:00Z"),
            ),
            (
                PeriodKind::Week,
                "2026-11-22T23:59:59Z",
                "UTC",
                strings("2026-W47", "2026-11-16T00:00:00Z", "2026-11-23T00:00:00Z"),
            ),
            // The ISO week's year is not always the calendar's.
            (
                PeriodKind::Week,
                "2027-01-01T00:00:00Z",
                "UTC",
                strings("2026-W53", "2026-12-28T00:00:00Z", "2027-01-04T00:00:00Z"),
            ),
        ] {
            assert_eq!(period(kind, at, name), expected, "{kind:?} at {at} in {name}");
        }
    }

    #[test]
    fn a_closed_period_is_judged_until_its_late_listings_have_ended() {
        let labels = |kind, at: &str, late, finished: Option<&str>| {
            let finished = finished.map(|day| day.parse().unwrap());
            judged_periods([kind], at.parse().unwrap(), &TimeZone::UTC, late, |_| finished)
                .unwrap()
                .iter()
                .map(Period::label)
                .collect::<Vec<_>>()
        };
        let month = |at, late| labels(PeriodKind::Month, at, late, None);
        // 31 October may be listed up to 4 November, a date that is over everywhere on the 5th at noon.
        assert_eq!(month("2026-11-05T11:59:59Z", 3), ["2026-11", "2026-10"]);
        assert_eq!(month("2026-11-05T12:00:00Z", 3), ["2026-11"]);
        assert_eq!(month("2026-11-05T12:00:00Z", 0), ["2026-11"]);
        assert_eq!(month("2026-11-10T23:59:59Z", 10), ["2026-11", "2026-10"]);
        assert_eq!(
            labels(PeriodKind::Day, "2026-11-22T00:00:01Z", 0, None),
            ["2026-11-22", "2026-11-21", "2026-11-20", "2026-11-19", "2026-11-18", "2026-11-17"]
        );
        // What no run has judged for the last time waits, however long ago it closed.
        assert_eq!(labels(PeriodKind::Month, "2026-11-20T12:00:00Z", 3, Some("2026-10-01")), ["2026-11", "2026-10"]);
        assert_eq!(labels(PeriodKind::Month, "2026-11-02T12:00:00Z", 3, Some("2026-11-01")), ["2026-11"]);
        assert_eq!(labels(PeriodKind::Month, "2026-11-20T12:00:00Z", 3, Some("2020-01-01")).len(), 13);
    }
}
