//! Which dates to ask a report for, so that every row is listed at least once.
//!
//! Zoom does not document whether `to` belongs to the range, which time zone its dates have, or how it treats `from` = `to`, ranges of more
//! than a month and dates in the future. It may list a row under a date up to three dates from the row's time. This module is right under
//! every reading of these: **questions share a date with their neighbors, and rows are known by their identity**, so a row that is listed
//! twice counts once. No question has only one date or more than 28, the length of the shortest month. The newest question ends in the
//! future, so no row depends on whether `to` belongs to it.
//!
//! A date has *started everywhere* if it has started in every time zone. Zoom may refuse or leave out later dates: they are open, not a gap.

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _};

use crate::domain::dates::{Dates, utc_date};

/// `to` − `from` of a question.
pub(super) const MOST_DAYS: i64 = 27;

/// The last date that has started everywhere: the UTC date of twelve hours ago.
#[must_use]
pub(crate) fn last_started(now: Timestamp) -> Date {
    utc_date(now, -12)
}

/// The last date to ask for. No row sent before `until` is listed under a later one.
#[must_use]
pub(crate) fn last_date(until: Timestamp) -> Date {
    utc_date(until, 14).saturating_add(4.days())
}

/// Days from one date to another.
pub(super) fn days(from: Date, to: Date) -> i64 {
    from.until(to).map_or(0, |span| i64::from(span.get_days()))
}

/// The questions that cover these dates, newest first. None has more dates than the longest of `pieces` equal ones, or more than
/// [`MOST_DAYS`]. There are no more of them than that takes, because Zoom may list the date that two of them share twice.
pub(super) fn split(dates: Dates, pieces: i64, now: Timestamp) -> Vec<Dates> {
    // Zoom may refuse dates that have not started everywhere, so no question starts at one. The newest question covers them all.
    let last_start = dates.to.yesterday().unwrap_or(dates.to).min(last_started(now)).max(dates.from);
    let rounded_up = |dates: i64, by: i64| (dates + by - 1).div_euclid(by);
    let starts = days(dates.from, last_start) + 1;
    let longest = rounded_up(starts, pieces.clamp(1, starts));
    let least = rounded_up(days(dates.from, dates.to), MOST_DAYS);
    let mut pieces = rounded_up(starts, longest).max(least).min(starts);
    loop {
        let start = |piece: i64| dates.from.saturating_add((starts * piece / pieces).days());
        let end = |piece: i64| if piece + 1 == pieces { dates.to } else { start(piece + 1) };
        let questions: Vec<_> = (0..pieces).rev().map(|piece| Dates { from: start(piece), to: end(piece) }).collect();
        if pieces == starts || questions.iter().all(|question| days(question.from, question.to) <= MOST_DAYS) {
            return questions;
        }
        pieces += 1;
    }
}

/// Earlier ends to try if Zoom refuses the end of the newest question, latest first. All dates that have started everywhere stay covered.
/// Other questions have no earlier end.
pub(super) fn other_ends(question: Dates, now: Timestamp) -> Vec<Date> {
    let open = last_started(now);
    if question.to <= open {
        return Vec::new();
    }
    let moments = [utc_date(now, 14), utc_date(now, 0), open];
    let mut ends: Vec<_> = moments.into_iter().flat_map(|date| [date.saturating_add(1.day()), date]).collect();
    ends.sort_unstable();
    ends.dedup();
    ends.retain(|end| *end > question.from && *end < question.to);
    ends.reverse();
    ends
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn dates(from: &str, to: &str) -> Dates {
        Dates { from: from.parse().unwrap(), to: to.parse().unwrap() }
    }

    fn shown(questions: &[Dates]) -> Vec<String> {
        questions
            .iter()
            .map(|question| format!("{}..{}", question.from.strftime("%m-%d"), question.to.strftime("%m-%d")))
            .collect()
    }

    #[test]
    fn a_month_is_one_question_until_the_19th_and_then_two() {
        let of = |now: &str| {
            let now = at(now);
            shown(&split(Dates { from: "2026-10-28".parse().unwrap(), to: last_date(now) }, 1, now))
        };
        assert_eq!(of("2026-11-05T13:00:00Z"), ["10-28..11-10"]);
        assert_eq!(of("2026-11-19T09:00:00Z"), ["10-28..11-23"]);
        assert_eq!(of("2026-11-20T13:00:00Z"), ["11-09..11-25", "10-28..11-09"]);
        assert_eq!(of("2026-11-30T13:00:00Z"), ["11-14..12-05", "10-28..11-14"]);
    }

    #[test]
    fn more_pieces_share_a_date_each() {
        let now = at("2026-11-30T13:00:00Z");
        let questions = split(dates("2026-10-28", "2026-12-05"), 5, now);
        assert_eq!(shown(&questions), ["11-24..12-05", "11-17..11-24", "11-10..11-17", "11-03..11-10", "10-28..11-03"]);
    }

    #[test]
    fn no_more_questions_are_asked_than_keep_the_longest_as_short() {
        let now = at("2026-11-20T13:00:00Z");
        let lengths = |pieces| {
            let questions = split(dates("2026-11-01", "2026-11-25"), pieces, now);
            questions.iter().map(|question| days(question.from, question.to)).collect::<Vec<_>>()
        };
        // Of 20 dates, nine questions would have up to three each, and so do seven; eleven up to two, and so do ten.
        assert_eq!(lengths(9), lengths(7));
        assert_eq!(lengths(7)[1..], [3, 3, 3, 3, 3, 2]);
        assert_eq!(lengths(11), lengths(10));
        assert_eq!((lengths(0).len(), lengths(99).len()), (1, 20));
    }

    #[test]
    fn other_ends_keep_every_date_that_has_started_everywhere() {
        let now = at("2026-11-22T13:00:00Z");
        let question = dates("2026-11-09", "2026-11-27");
        let ends = |question| other_ends(question, now).iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(ends(question), ["2026-11-24", "2026-11-23", "2026-11-22"]);
        assert_eq!(ends(dates("2026-10-09", "2026-11-09")), [""; 0]);
        // A run as of the 20th: rows of that day may be listed under the 22nd too.
        assert_eq!(ends(dates("2026-11-09", "2026-11-25")), ["2026-11-24", "2026-11-23", "2026-11-22"]);
    }

    proptest! {
        #[test]
        fn questions_cover_all_dates_and_share_one_each(
            start in 0_i64..400, length in 1_i64..60, pieces in 1_i64..40, ahead in -40_i64..40, hour in 0_i64..24,
        ) {
            let from = Date::constant(2026, 1, 1).saturating_add(start.days());
            let whole = Dates { from, to: from.saturating_add(length.days()) };
            let now = whole.to.saturating_add(ahead.days()).to_zoned(jiff::tz::TimeZone::UTC).unwrap();
            let now = now.saturating_add(hour.hours()).timestamp();
            let questions = split(whole, pieces, now);
            prop_assert_eq!(questions.first().map(|question| question.to), Some(whole.to));
            prop_assert_eq!(questions.last().map(|question| question.from), Some(whole.from));
            for pair in questions.windows(2) {
                prop_assert_eq!(pair[0].from, pair[1].to);
            }
            for question in &questions {
                prop_assert!(question.from < question.to);
            }
            // More than a month only where the future is longer than that.
            let newest = questions[0];
            prop_assert!(questions[1..].iter().all(|question| days(question.from, question.to) <= MOST_DAYS));
            prop_assert!(days(newest.from, newest.to) <= MOST_DAYS || days(last_started(now).max(newest.from), newest.to) > 20);
        }
    }
}
