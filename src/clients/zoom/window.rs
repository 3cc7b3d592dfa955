//! How the report is asked for a span of time, so that the answer holds all its rows under every reading of Zoom's documentation.
//!
//! Undocumented are: whether `to` is inclusive, in which zone a date is read, whether datetimes are taken at face value, and what becomes of
//! a range of more than "a month". So a window *owns* a span of instants and *asks* for whole dates around it: from a date that has begun
//! everywhere when the span begins, to one that has begun nowhere when it ends, since `to` may be exclusive. All dates of a question lie
//! within 28 days, the shortest month. Rows outside the owned span are left out by their own time; windows of this kind own every instant
//! once. (For windows that ask for neighbouring dates, without a margin, see [`super::tiles`].)

use std::ops::Range;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

/// Days that a question spans at most, the first and the last included.
pub(super) const MOST_DAYS_ASKED: i64 = 28;
/// The clocks that are furthest behind UTC's.
const WEST: SignedDuration = SignedDuration::from_hours(12);
/// The clocks that are furthest ahead of UTC's.
const EAST: SignedDuration = SignedDuration::from_hours(14);

/// A part of the report, read in one go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Window {
    /// The instants whose rows are the window's own.
    pub(super) owned: Range<Timestamp>,
    /// The dates asked for.
    pub(super) from: Date,
    pub(super) to: Date,
}

/// The windows that together own `span`, newest first: the running period matters most if time runs out.
pub(super) fn windows(span: &Range<Timestamp>) -> Result<Vec<Window>, jiff::Error> {
    let mut windows = Vec::new();
    let mut start = span.start;
    while start < span.end {
        let from = date(start.checked_sub(WEST)?);
        let end = begins_first(from.checked_add((MOST_DAYS_ASKED - 1).days())?)?.min(span.end);
        let to = date(last_instant(end)?.checked_add(EAST)?).tomorrow()?;
        windows.push(Window { owned: start..end, from, to });
        start = end;
    }
    windows.reverse();
    Ok(windows)
}

/// The date of UTC.
pub(super) fn date(at: Timestamp) -> Date {
    TimeZone::UTC.to_datetime(at).date()
}

/// The last instant before `end`.
pub(super) fn last_instant(end: Timestamp) -> Result<Timestamp, jiff::Error> {
    end.checked_sub(SignedDuration::from_nanos(1))
}

/// When a date begins where it begins first.
pub(super) fn begins_first(date: Date) -> Result<Timestamp, jiff::Error> {
    TimeZone::UTC.to_timestamp(date.at(0, 0, 0, 0))?.checked_sub(EAST)
}

/// When a date begins where it begins last.
pub(super) fn begins_last(date: Date) -> Result<Timestamp, jiff::Error> {
    TimeZone::UTC.to_timestamp(date.at(0, 0, 0, 0))?.checked_add(WEST)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_short_span_is_one_question() {
        let windows = windows(&(at("2026-11-01T04:00:00Z")..at("2026-11-22T13:00:00Z"))).unwrap();
        let asked: Vec<_> = windows.iter().map(|window| format!("{} {}", window.from, window.to)).collect();
        assert_eq!(asked, ["2026-10-31 2026-11-24"]);
    }

    #[test]
    fn a_month_is_one_question_until_its_last_days() {
        let asked = |end: &str| windows(&(at("2026-11-01T00:00:00Z")..at(end))).unwrap().len();
        assert_eq!(asked("2026-11-26T10:00:00Z"), 1);
        assert_eq!(asked("2026-11-26T10:00:01Z"), 2);
    }

    #[test]
    fn an_end_at_midnight_does_not_ask_for_the_day_it_begins() {
        let windows = windows(&(at("2026-11-01T00:00:00Z")..at("2026-11-22T00:00:00Z"))).unwrap();
        assert_eq!(windows[0].to.to_string(), "2026-11-23");
        let windows = super::windows(&(at("2026-11-01T12:00:00Z")..at("2026-11-22T10:00:00Z"))).unwrap();
        assert_eq!(
            (windows[0].from.to_string(), windows[0].to.to_string()),
            ("2026-11-01".to_owned(), "2026-11-23".to_owned())
        );
    }

    proptest! {
        #[test]
        fn windows_own_every_instant_once_and_ask_for_it_under_every_reading(start in 0_i64..4_000_000, length in 1_i64..10_000_000) {
            let base = at("2026-01-01T00:00:00Z");
            let span = base + SignedDuration::from_secs(start)..base + SignedDuration::from_secs(start + length);
            let mut windows = windows(&span).unwrap();
            windows.reverse();
            prop_assert_eq!(windows.first().unwrap().owned.start, span.start);
            prop_assert_eq!(windows.last().unwrap().owned.end, span.end);
            for pair in windows.windows(2) {
                prop_assert_eq!(pair[0].owned.end, pair[1].owned.start);
            }
            for Window { owned, from, to } in windows {
                // The most eastern and western zones; `to` read as exclusive.
                let east = TimeZone::fixed(jiff::tz::offset(14));
                let west = TimeZone::fixed(jiff::tz::offset(-12));
                prop_assert!(west.to_timestamp(from.at(0, 0, 0, 0)).unwrap() <= owned.start);
                prop_assert!(east.to_timestamp(to.at(0, 0, 0, 0)).unwrap() >= owned.end);
                prop_assert!((to - from).get_days() < 28);
            }
        }
    }
}
