//! Reads one question page by page, to its end.
//!
//! The last page is the one whose next page token is empty or absent. An empty page is not the end, and neither is a count. Zoom may leave out
//! free messages after it has cut the report into pages: then a month of domestic messages is page after page without a row. So only what
//! cannot be such a month is a report without end: a token that comes twice, pages that repeat earlier ones, or more empty pages in a row than
//! a very large account has. Page tokens expire after 15 minutes; then the question is read anew from its first page, since Zoom may have
//! revised a row that was counted. What was read before counts if the new reading fails earlier than that.
//!
//! Equal rows on one page are different messages. Equal rows on different pages, or in the answers to different questions, are the same
//! message. So a row counts as often as it occurs on the page where it occurs most.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::digest::{ByDigest, digest};
use super::page::Page;
use super::row::{Content, Row, RowReader};
use super::{ZoomError, ZoomErrorKind};
use crate::domain::coverage::RowFault;
use crate::domain::dates::Dates;
use crate::domain::totals::Sum;

/// More pages than a question can have: fifteen million rows.
const MOST_PAGES: u64 = 50_000;
/// How often a question is read again from its first page after a page token expired.
const MOST_RESTARTS: u32 = 2;
/// Pages in a row that repeat earlier ones before the report is taken to be endless.
const MOST_REPEATED_PAGES: u64 = 20;
/// Empty pages in a row before the report is taken to be endless: 300,000 free messages without a charge among them.
const MOST_EMPTY_PAGES: u64 = 1_000;
/// After so many empty pages in a row a report may be endless.
const MANY_EMPTY_PAGES: u64 = 20;
/// A row may be listed under a date within so many days of its time, in any time zone.
const DAYS_OFF: i64 = 5;

/// Rows that were counted.
#[derive(Debug, Default)]
struct Seen {
    rows: HashSet<u128, ByDigest>,
    /// Those that count more than once.
    often: HashMap<u128, u32, ByDigest>,
}

impl Seen {
    fn times(&self, identity: u128) -> u32 {
        if !self.rows.contains(&identity) {
            return 0;
        }
        self.often.get(&identity).copied().unwrap_or(1)
    }

    fn count(&mut self, identity: u128) {
        if !self.rows.insert(identity) {
            *self.often.entry(identity).or_insert(1) += 1;
        }
    }
}

/// What was read of one question.
#[derive(Debug)]
pub(super) struct Walk {
    /// The dates that were to be read.
    pub(super) asked: Dates,
    /// The dates asked for: fewer, where Zoom refuses the first or the last ones.
    pub(super) question: Dates,
    pub(super) sums: HashMap<(Date, u32), Sum, ByDigest>,
    /// What of them was sent in each hour of the day that is not over, by line and hour.
    pub(super) hours: HashMap<(u32, u32), u64, ByDigest>,
    /// Rows without a price, by day and line.
    pub(super) not_priced: HashMap<(Date, u32), u64, ByDigest>,
    pub(super) faults: Vec<RowFault>,
    /// Digests of the counted rows that another question may list too.
    pub(super) edges: Vec<u64>,
    /// Charged rows.
    pub(super) rows: u64,
    pub(super) pages: u64,
    pub(super) newest_row: Option<Timestamp>,
    pub(super) total_records: Option<u64>,
    /// The last date answered for.
    pub(super) answered_to: Date,
    /// The token of the next page.
    pub(super) next: Option<String>,
    /// When rows were sent that another question may list too.
    edge_times: [Range<Timestamp>; 2],
    seen: Seen,
    tokens: HashSet<String>,
    /// Digests of the pages read.
    contents: HashSet<u128>,
    /// Pages since the last new one.
    repeated_pages: u64,
    empty_pages: u64,
    restarts: u32,
    /// The earlier reading of the question that got furthest before its page token expired.
    before: Option<Box<Walk>>,
}

/// Whether a question has more pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    More,
    End,
}

impl Walk {
    pub(super) fn of(question: Dates) -> Walk {
        Walk {
            asked: question,
            question,
            sums: HashMap::default(),
            hours: HashMap::default(),
            not_priced: HashMap::default(),
            faults: Vec::new(),
            edges: Vec::new(),
            rows: 0,
            pages: 0,
            newest_row: None,
            total_records: None,
            answered_to: question.to,
            next: None,
            edge_times: [question.from, question.to].map(near),
            seen: Seen::default(),
            tokens: HashSet::new(),
            contents: HashSet::new(),
            repeated_pages: 0,
            empty_pages: 0,
            restarts: 0,
            before: None,
        }
    }

    /// A walk for dates of which Zoom refuses some, so that others are asked for.
    pub(super) fn moved(asked: Dates, question: Dates) -> Walk {
        Walk { asked, ..Walk::of(question) }
    }

    /// How often a row was counted in this walk, before its page token expired or since.
    pub(super) fn times(&self, identity: u128) -> u32 {
        let before = self.before.as_ref().map_or(0, |before| before.times(identity));
        self.seen.times(identity).max(before)
    }

    /// Counts the rows of a page that were not counted before. `elsewhere` returns how often other questions counted a row. Returns the
    /// identities of the page's rows.
    pub(super) fn count_page(
        &mut self,
        rows: &mut RowReader,
        page: &Page<'_>,
        elsewhere: impl Fn(u128) -> u32,
    ) -> Vec<u128> {
        let mut on_page =
            HashMap::<u128, u32, ByDigest>::with_capacity_and_hasher(page.rows.len(), ByDigest::default());
        let mut identities = Vec::with_capacity(page.rows.len());
        for fields in &page.rows {
            let row = rows.read(fields.as_ref());
            identities.push(row.identity);
            let times = on_page.entry(row.identity).or_default();
            *times += 1;
            if *times > self.seen.times(row.identity) + elsewhere(row.identity) {
                let hour = row.sent.and_then(|sent| rows.hour(sent));
                self.count(row, hour);
            }
        }
        identities
    }

    /// Counts a row that is new; `hour` is that of a row of the day that is not over.
    fn count(&mut self, row: Row, hour: Option<u32>) {
        self.seen.count(row.identity);
        match row.content {
            Content::Nothing => {}
            Content::Fault(fault) => self.faults.push(*fault),
            Content::NotPriced { day, line } => {
                *self.not_priced.entry((day, line)).or_default() += 1;
                self.newest_row = self.newest_row.max(row.sent);
            }
            Content::Charge { day, line, amount, units } => {
                self.sums.entry((day, line)).or_default().add(Sum { amount, messages: units });
                if let Some(hour) = hour {
                    *self.hours.entry((line, hour)).or_default() += units;
                }
                self.rows += 1;
                self.newest_row = self.newest_row.max(row.sent);
                if row.sent.is_some_and(|sent| self.edge_times.iter().any(|near| near.contains(&sent))) {
                    self.edges.push(digest(row.identity));
                }
            }
        }
    }

    /// Goes to the next page. `identities` are the rows of this one.
    pub(super) fn turn(&mut self, identities: &[u128], next: Option<String>) -> Result<Step, ZoomError> {
        self.pages += 1;
        let content =
            identities.iter().fold(0_u128, |content, identity| content.rotate_left(1).wrapping_add(*identity));
        if identities.is_empty() {
            self.empty_pages += 1;
        } else if self.contents.insert(content) {
            (self.repeated_pages, self.empty_pages) = (0, 0);
        } else {
            self.repeated_pages += 1;
        }
        let endless =
            |what: &str| Err(ZoomError::new(ZoomErrorKind::Endless, format!("Zoom's report has no end: {what}")));
        let Some(next) = next else {
            self.next = None;
            return Ok(Step::End);
        };
        if !self.tokens.insert(next.clone()) {
            return endless("the same page token came twice");
        }
        if self.pages >= MOST_PAGES {
            return endless("a question came to more pages than it can have");
        }
        if self.repeated_pages >= MOST_REPEATED_PAGES {
            return endless("page after page repeats earlier ones");
        }
        if self.empty_pages >= MOST_EMPTY_PAGES {
            return endless(&format!("{MOST_EMPTY_PAGES} pages in a row are empty"));
        }
        self.next = Some(next);
        Ok(Step::More)
    }

    /// Whether the report may be endless. Then what was read must not be given up to read it in other questions.
    pub(super) fn may_be_endless(&self) -> bool {
        self.empty_pages >= MANY_EMPTY_PAGES
    }

    /// What is wrong with this question, given the error that ended it.
    pub(super) fn problem(&self, error: &ZoomError) -> String {
        if self.may_be_endless() && error.kind != ZoomErrorKind::Endless {
            return format!("{error}; the last {} pages were empty", self.empty_pages);
        }
        error.to_string()
    }

    /// Goes back to the first page; `false` if that was done too often.
    pub(super) fn restart(&mut self) -> bool {
        if self.restarts == MOST_RESTARTS {
            return false;
        }
        let anew = Walk { restarts: self.restarts + 1, ..Walk::moved(self.asked, self.question) };
        let before = std::mem::replace(self, anew);
        self.before = Some(Box::new(before.furthest()));
        true
    }

    /// What counts of a question that failed: the reading that got furthest.
    pub(super) fn furthest(mut self) -> Walk {
        match self.before.take() {
            Some(before) if before.rows > self.rows => *before,
            _ => self,
        }
    }
}

/// The times of rows that may be listed under a date.
fn near(date: Date) -> Range<Timestamp> {
    let midnight = date.to_zoned(TimeZone::UTC).map_or(Timestamp::UNIX_EPOCH, |date| date.timestamp());
    let off = SignedDuration::from_hours(24 * DAYS_OFF);
    midnight.saturating_sub(off).unwrap_or(Timestamp::MIN)..midnight.saturating_add(off).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::money::Amount;

    fn charge() -> Content {
        Content::Charge { day: Date::constant(2026, 11, 5), line: 0, amount: Amount::ZERO, units: 1 }
    }

    fn walk() -> Walk {
        Walk::of(Dates { from: Date::constant(2026, 11, 1), to: Date::constant(2026, 11, 20) })
    }

    #[test]
    fn a_report_without_end_is_a_failure() {
        let token = |number: u32| Some(number.to_string());
        let mut repeated = walk();
        assert_eq!(repeated.turn(&[1], token(1)), Ok(Step::More));
        assert_eq!(repeated.turn(&[2], token(1)).unwrap_err().kind, ZoomErrorKind::Endless);
        // The same page again and again; the same two; nothing at all.
        for (pages, at_page) in [(&[&[7][..]][..], 20), (&[&[7], &[8]], 21), (&[&[7], &[]], 40), (&[&[]], 999)] {
            let mut walk = walk();
            let turned = (0..).zip(pages.iter().cycle()).map(|(page, rows)| (page, walk.turn(rows, token(page))));
            let (page, ended) = turned.into_iter().find(|(_, turned)| turned.is_err()).unwrap();
            assert_eq!((page, ended.unwrap_err().kind), (at_page, ZoomErrorKind::Endless), "{pages:?}");
        }
    }

    #[test]
    fn a_month_of_free_messages_is_page_after_page_without_a_row() {
        let mut walk = walk();
        for page in 0..5_000 {
            let rows: &[u128] = if page % 990 == 0 { &[page] } else { &[] };
            assert_eq!(walk.turn(rows, Some(page.to_string())), Ok(Step::More), "page {page}");
        }
        assert_eq!(walk.turn(&[], None), Ok(Step::End));
    }

    #[test]
    fn a_question_that_failed_among_empty_pages_says_so() {
        let error = ZoomError::new(ZoomErrorKind::OutOfTime, "time was up");
        let mut walk = walk();
        let mut after = |pages: u32| {
            (0..pages).for_each(|_| assert!(walk.turn(&[], Some(walk.pages.to_string())).is_ok()));
            walk.problem(&error)
        };
        assert_eq!([after(19), after(1)], ["time was up", "time was up; the last 20 pages were empty"]);
    }

    #[test]
    fn an_empty_page_is_no_end_and_no_token_is() {
        let mut walk = walk();
        assert_eq!(walk.turn(&[], Some("1".to_owned())), Ok(Step::More));
        assert_eq!(walk.turn(&[5], Some("2".to_owned())), Ok(Step::More));
        assert_eq!(walk.turn(&[], None), Ok(Step::End));
    }

    #[test]
    fn a_question_whose_page_tokens_expire_again_and_again_is_given_up() {
        let mut walk = walk();
        assert_eq!([walk.restart(), walk.restart(), walk.restart()], [true, true, false]);
    }

    #[test]
    fn a_question_that_is_read_anew_counts_what_the_new_reading_lists() {
        let row = |identity| Row { identity, sent: None, content: charge() };
        let mut walk = walk();
        [1, 2, 3].into_iter().for_each(|identity| walk.count(row(identity), None));
        assert!(walk.restart());
        // Row 2 was revised meanwhile.
        [1, 4].into_iter().for_each(|identity| walk.count(row(identity), None));
        assert_eq!((walk.rows, walk.sums.values().map(|sum| sum.messages).sum::<u64>()), (2, 2));
        // Neighbors leave it what it counted at any time.
        assert_eq!([1, 2, 3, 4, 5].map(|identity| walk.times(identity)), [1, 1, 1, 1, 0]);
        // If it fails, the reading counts that got furthest.
        walk.count(row(5), None);
        assert!(walk.restart());
        walk.count(row(1), None);
        assert_eq!(walk.furthest().rows, 3);
        let mut longer = self::walk();
        longer.count(row(1), None);
        assert!(longer.restart());
        [1, 2].into_iter().for_each(|identity| longer.count(row(identity), None));
        assert_eq!(longer.furthest().rows, 2);
    }

    #[test]
    fn a_row_counts_as_often_as_it_is_counted() {
        let mut walk = walk();
        let row = |identity| Row { identity, sent: None, content: Content::Nothing };
        assert_eq!(walk.times(1), 0);
        walk.count(row(1), None);
        walk.count(row(1), None);
        walk.count(row(2), None);
        assert_eq!((walk.times(1), walk.times(2), walk.times(3)), (2, 1, 0));
    }

    #[test]
    fn a_row_that_waits_for_its_price_is_news_of_the_report() {
        let sent: Timestamp = "2026-11-05T10:00:00Z".parse().unwrap();
        let day = Date::constant(2026, 11, 5);
        let mut walk = walk();
        walk.count(Row { identity: 1, sent: Some(sent), content: Content::NotPriced { day, line: 0 } }, None);
        assert_eq!(walk.newest_row, Some(sent));
    }
}
