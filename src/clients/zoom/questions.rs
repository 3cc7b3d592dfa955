//! Which dates to ask a report for, so that every row is listed at least once.
//!
//! Zoom does not document whether `to` belongs to the range, which time zone its dates have, or how it treats `from` = `to`, ranges of more
//! than a month and dates in the future. It may list a row under a date up to three dates from the row's time. This module is right under
//! every reading of these: **questions share a date with their neighbors, and rows are known by their identity**, so a row that is listed
//! twice counts once. No question has only one date or more than 28, the length of the shortest month. The newest question ends in the
//! future, so no row depends on whether `to` belongs to it.
//!
//! A date has *started everywhere* if it has started in every time zone. Zoom may refuse or leave out later dates: they are open, not a gap.

use std::collections::VecDeque;

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _};

use super::ZoomErrorKind;
use crate::domain::dates::{Dates, utc_date};

/// `to` − `from` of a question.
pub(super) const MOST_DAYS: i64 = 27;
/// How many dates later a question may start than it should, if Zoom refuses its first dates as too old.
const MOST_MOVES: u32 = 3;

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

/// What to do after Zoom refused the dates of a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Try {
    /// Ask for these.
    Dates(Dates),
    /// Nothing: none of them has started everywhere, so that Zoom may refuse them all.
    Open,
    /// Nothing else can be asked.
    Nothing,
}

/// The dates that were tried in place of a question's.
pub(super) struct Tries {
    /// What is to be read: less than was asked for, where Zoom refuses the first dates as too old; a date more, where it refuses all ends.
    pub(super) question: Dates,
    ends: VecDeque<Date>,
    moves: u32,
    is_earlier: bool,
    now: Timestamp,
}

impl Tries {
    pub(super) fn of(question: Dates, now: Timestamp) -> Tries {
        Tries { question, ends: other_ends(question, now).into(), moves: 0, is_earlier: false, now }
    }

    /// What to try after this failure of the dates that were asked for last.
    pub(super) fn after(&mut self, failure: ZoomErrorKind, asked: Dates) -> Try {
        let open = last_started(self.now);
        let next = match failure {
            ZoomErrorKind::Refused if self.ends.is_empty() && self.question.from > open => return Try::Open,
            // Every end after the start was refused. A start one date earlier leaves one more end to try.
            ZoomErrorKind::Refused if self.ends.is_empty() && !self.is_earlier && self.question.to > open => {
                self.is_earlier = true;
                self.question.from = self.question.from.saturating_sub(1.day());
                self.ends.extend(other_ends(self.question, self.now));
                self.ends.pop_front().map(|to| Dates { to, ..self.question })
            }
            ZoomErrorKind::Refused => self.ends.pop_front().map(|to| Dates { to, ..asked }),
            ZoomErrorKind::TooOld if self.moves < MOST_MOVES => {
                self.moves += 1;
                self.question.from = asked.from.saturating_add(1.day());
                Some(Dates { from: self.question.from, ..asked })
            }
            _ => None,
        };
        next.filter(|dates| dates.from < dates.to).map_or(Try::Nothing, Try::Dates)
    }
}

/// Earlier ends to try if Zoom refuses the end of the newest question, latest first. All dates that have started everywhere stay covered.
/// Other questions have no earlier end.
fn other_ends(question: Dates, now: Timestamp) -> Vec<Date> {
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

    /// What is tried, one after the other, of a question that is refused again and again; and what is to be read in the end.
    fn tried(from: &str, to: &str, failure: ZoomErrorKind) -> (String, Try) {
        let mut tries = Tries::of(dates(from, to), at("2026-11-22T13:00:00Z"));
        let (mut asked, mut all) = (tries.question, Vec::new());
        loop {
            match tries.after(failure, asked) {
                Try::Dates(dates) => (asked, _) = (dates, all.extend(shown(&[dates]))),
                end => return (format!("{} of {}", all.join(" "), shown(&[tries.question])[0]), end),
            }
        }
    }

    #[test]
    fn refused_dates_are_asked_for_to_earlier_ends_then_from_a_date_earlier() {
        let refused = ZoomErrorKind::Refused;
        let newest = "11-22..11-24 11-22..11-23 11-21..11-24 11-21..11-23 11-21..11-22 of 11-21..11-27";
        assert_eq!(tried("2026-11-22", "2026-11-27", refused), (newest.to_owned(), Try::Nothing));
        // No date of it has started everywhere: Zoom may refuse them all.
        assert_eq!(tried("2026-11-23", "2026-11-27", refused), ("11-23..11-24 of 11-23..11-27".to_owned(), Try::Open));
        assert_eq!(tried("2026-11-02", "2026-11-09", refused), (" of 11-02..11-09".to_owned(), Try::Nothing));
    }

    #[test]
    fn dates_that_are_too_old_are_asked_for_from_up_to_three_dates_later() {
        let old = "10-28..11-09 10-29..11-09 10-30..11-09 of 10-30..11-09";
        assert_eq!(tried("2025-10-27", "2025-11-09", ZoomErrorKind::TooOld), (old.to_owned(), Try::Nothing));
        assert_eq!(tried("2025-10-27", "2025-10-28", ZoomErrorKind::TooOld).1, Try::Nothing);
        assert_eq!(tried("2025-10-27", "2025-11-09", ZoomErrorKind::Unavailable).1, Try::Nothing);
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
