//! How the dates of a long report are divided into questions that are read at the same time.
//!
//! A short report is read in the questions that it was first asked in. A long one is divided for two reasons: so that enough questions are
//! under way to use the whole rate limit, and so that each can be finished in the time that is left. Only speed depends on the estimates made
//! here, never a figure.

use jiff::Timestamp;
use jiff::civil::Date;

use super::questions::split;
use crate::domain::dates::Dates;

/// Pages of a question that are read before dividing it is considered again.
pub(super) const STRIDE: u64 = 8;
/// After so many pages a question of unknown length is divided, if no other question waits.
const MOST_ALONE: u64 = 48;
/// A question that may not be finished in time is divided into so many: one for each date.
const MOST_SHARES: usize = 64;

/// A question and its pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Length {
    pub(super) question: Dates,
    /// Pages read.
    pub(super) read: u64,
    /// Pages of the whole question; 0 or 1 if that is not known.
    pub(super) total: u64,
}

/// What a division depends on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Division {
    /// How many questions use the whole rate limit.
    pub(super) at_once: usize,
    /// The longest question that can be finished in time, in pages.
    pub(super) longest: u64,
    pub(super) now: Timestamp,
}

impl Length {
    fn left(&self, most_under_way: u64) -> u64 {
        // A report of unknown length is taken to be long enough for all questions that can be under way.
        if self.total > 1 { self.total - 1 } else { most_under_way * STRIDE }
    }
}

impl Division {
    /// The most questions to have under way: a quarter more than use the whole rate, since some are shorter than others.
    pub(super) fn most_under_way(&self) -> usize {
        if self.at_once == 1 { 1 } else { self.at_once + self.at_once.div_ceil(4) }
    }

    /// The longest question that can be finished beside all others under way, if so many requests are left.
    pub(super) fn longest_of(&self, requests_left: u64) -> u64 {
        (requests_left / (2 * self.most_under_way() as u64)).max(1)
    }

    /// After the first pages, for each run of neighboring questions the questions to ask in its place; `None` to read it as it is.
    pub(super) fn of_runs(&self, runs: &[&[Length]]) -> Vec<Option<Vec<Dates>>> {
        let most_under_way = self.most_under_way() as u64;
        let pages = |run: &&[Length]| run.iter().map(|length| length.left(most_under_way)).sum::<u64>();
        let all: u64 = runs.iter().map(pages).sum();
        let divided = |run: &&[Length]| {
            let pages = pages(run);
            let for_speed = if all > most_under_way { (pages * most_under_way).div_ceil(all) } else { 1 };
            let pieces = usize::try_from(for_speed.max(pages.div_ceil(self.longest))).unwrap_or(1);
            let (newest, oldest) = (run.first()?, run.last()?);
            let dates = Dates { from: oldest.question.from, to: newest.question.to };
            self.split(dates, pieces).filter(|questions| questions.len() > run.len())
        };
        runs.iter().map(divided).collect()
    }

    /// The questions to ask in place of one that is under way beside others, whether or not more wait; `None` to go on with it.
    pub(super) fn of_question(&self, length: &Length, under_way: usize, others_wait: bool) -> Option<Vec<Dates>> {
        let Length { question, read, total } = *length;
        // What was read of the question is read again, so what is left must be more.
        let is_long = if total > read { total > 3 * read } else { read >= MOST_ALONE };
        if !others_wait && is_long && 2 * (under_way + 1) <= self.at_once {
            return self.split(question, self.at_once - under_way);
        }
        // A question of unknown length that may not be finished in time loses less if it is divided early.
        let is_too_long = total <= read && read >= (self.longest / 2).max(STRIDE);
        if is_too_long { self.split(question, MOST_SHARES) } else { None }
    }

    fn split(&self, dates: Dates, pieces: usize) -> Option<Vec<Dates>> {
        let questions = split(dates, i64::try_from(pieces).unwrap_or(1), self.now);
        (questions.len() > 1).then_some(questions)
    }
}

/// Groups questions, newest first, into runs of neighbors. A run is divided as a whole. It does not cross the start of dates that were asked
/// for apart, because later runs need a part to end there.
pub(super) fn runs<'l>(lengths: &'l [Length], starts: &[Date]) -> Vec<&'l [Length]> {
    let are_together = |newer: &Length, older: &Length| {
        let shared = newer.question.from;
        shared == older.question.to && !starts.contains(&shared)
    };
    lengths.chunk_by(are_together).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn length(from: i8, to: i8, read: u64, total: u64) -> Length {
        let date = |day| Date::constant(2026, 11, day);
        Length { question: Dates { from: date(from), to: date(to) }, read, total }
    }

    fn division(at_once: usize, longest: u64) -> Division {
        Division { at_once, longest, now: "2026-11-22T13:00:00Z".parse().unwrap() }
    }

    fn shown(questions: Option<Vec<Dates>>) -> String {
        let shown = |dates: Dates| format!("{}-{}", dates.from.day(), dates.to.day());
        questions.map_or_else(|| "as it is".to_owned(), |all| all.into_iter().map(shown).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn a_long_report_is_divided_by_its_share_of_all_pages() {
        let of = |at_once, longest, runs: &[&[Length]]| {
            let divided = division(at_once, longest).of_runs(runs);
            divided.into_iter().map(shown).collect::<Vec<_>>()
        };
        // As long as all that can be under way: no question more.
        assert_eq!(of(3, 100, &[&[length(1, 20, 1, 4)]]), ["as it is"]);
        assert_eq!(of(3, 100, &[&[length(1, 20, 1, 40)]]), ["15-20 10-15 5-10 1-5"]);
        // Two neighbors that are enough already, and two that are too few.
        assert_eq!(of(1, 100, &[&[length(10, 20, 1, 40), length(1, 10, 1, 40)]]), ["as it is"]);
        assert_eq!(of(2, 100, &[&[length(10, 20, 1, 40), length(1, 10, 1, 40)]]), ["13-20 7-13 1-7"]);
        // The rate is shared by pages.
        assert_eq!(of(3, 100, &[&[length(10, 20, 1, 31)], &[length(1, 9, 1, 11)]]), ["16-20 13-16 10-13", "as it is"]);
        // One at a time uses the rate, and time is short.
        assert_eq!(of(1, 10, &[&[length(1, 20, 1, 31)]]), ["13-20 7-13 1-7"]);
        // Nobody knows its length.
        assert_eq!(of(2, 100, &[&[length(1, 20, 1, 1)]]), ["13-20 7-13 1-7"]);
    }

    #[test]
    fn a_question_under_way_is_divided_if_that_saves_time() {
        let of = |read, total, under_way, others_wait| {
            shown(division(6, 200).of_question(&length(1, 20, read, total), under_way, others_wait))
        };
        assert_eq!(of(8, 25, 2, false), "15-20 10-15 5-10 1-5");
        // More would be read again than is left.
        assert_eq!(of(8, 24, 2, false), "as it is");
        // Enough others wait or are under way.
        assert_eq!(of(8, 25, 2, true), "as it is");
        assert_eq!(of(8, 25, 3, false), "as it is");
        // Of unknown length.
        assert_eq!(of(40, 0, 2, false), "as it is");
        assert_eq!(of(48, 0, 2, false), "15-20 10-15 5-10 1-5");
        // It may not be finished in time: one question for each date.
        assert_eq!(of(99, 0, 5, true), "as it is");
        assert_eq!(of(104, 0, 5, true).split(' ').count(), 19);
        // A question that starts at the last date that has started everywhere cannot be divided.
        assert_eq!(shown(division(6, 8).of_question(&length(22, 27, 104, 0), 0, false)), "as it is");
    }

    #[test]
    fn questions_are_divided_with_their_neighbors_only() {
        let lengths = [length(20, 25, 1, 0), length(15, 20, 1, 0), length(8, 15, 1, 0), length(1, 7, 1, 0)];
        let sizes = |starts: &[Date]| runs(&lengths, starts).iter().map(|run| run.len()).collect::<Vec<_>>();
        assert_eq!(sizes(&[Date::constant(2026, 11, 1)]), [3, 1]);
        assert_eq!(sizes(&[Date::constant(2026, 11, 1), Date::constant(2026, 11, 20)]), [1, 2, 1]);
    }
}
