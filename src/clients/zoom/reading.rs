//! Reads the dates of a report that it is asked for, in as many questions at the same time as the rate limit bears.
//!
//! The first pages tell how long the report is and how long a page takes. A short report is read in the questions that it was begun with; a
//! long one is divided, so that enough questions are under way to use the rate, and so that each can be finished in the time that is left.
//! Nothing but speed rests on what is expected.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap, VecDeque};

use futures_util::StreamExt as _;
use futures_util::future::LocalBoxFuture;
use futures_util::stream::FuturesUnordered;
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _};

use super::page;
use super::questions::{begun, days, last_date, other_ends, split};
use super::reports::Report;
use super::row::{RowReader, Window};
use super::session::{Session, Source};
use super::walk::{Digests, Step, Walk, digest};
use super::{Zoom, ZoomError, ZoomErrorKind};
use crate::domain::coverage::{Dates, Gap, RowFault};
use crate::domain::totals::{DaySums, Sum};

/// Pages that are read before it is asked again whether to divide the question.
const STRIDE: u64 = 8;
/// Pages after which a question of unknown length is divided, if others are done.
const MOST_ALONE: u64 = 48;
/// Into how many a question is divided that is longer than one should be: one for each date.
const MOST_SHARES: usize = 64;
/// Dates by which a question that starts too early is moved.
const MOST_MOVES: u32 = 3;

/// What is asked of a report.
#[derive(Clone, Debug)]
pub struct Ask {
    /// The report.
    pub report: &'static Report,
    /// The dates, of which none overlap.
    pub dates: Vec<Dates>,
    /// Rows sent at this moment or later belong to the next run.
    pub until: Timestamp,
    /// The moment of the run.
    pub now: Timestamp,
    /// Where civil days turn.
    pub zone: jiff::tz::TimeZone,
    /// Rows of earlier days do not count.
    pub first_day: Date,
    /// Rows that earlier runs have counted under other dates.
    pub counted: Digests,
    /// How many rows earlier runs found under a date, if that is known: what is planned by where Zoom does not count.
    pub rows_a_date: Option<u64>,
}

/// What one question listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// Charged rows.
    pub rows: u64,
    /// Their sums by civil day.
    pub days: BTreeMap<Date, DaySums>,
    /// Digests of the rows that a question about neighboring dates may list too.
    pub edges: Vec<u64>,
    /// Whether it holds rows that cannot be read.
    pub has_faults: bool,
}

/// What was read of a report, whole or not.
#[derive(Debug, Default)]
pub struct Reading {
    /// What was read whole, by the dates asked for.
    pub parts: BTreeMap<Dates, Part>,
    /// What was read of the questions that failed.
    pub partial: Part,
    /// The dates that were not read whole, each with its reason.
    pub gaps: Vec<Gap>,
    /// Rows that cannot be read.
    pub row_faults: Vec<RowFault>,
    /// Requests for the report, repeated ones included.
    pub requests: u64,
    /// Of these, those that Zoom's rate limit refused.
    pub refusals: u64,
    /// Pages read.
    pub pages: u64,
    /// When the newest charged row was sent.
    pub newest_row: Option<Timestamp>,
    /// The last date that Zoom answered for.
    pub read_to: Option<Date>,
    /// The failure that weighs most.
    pub failure: Option<ZoomError>,
}

impl Zoom {
    /// Reads a report.
    pub async fn read<'r>(&'r self, source: Source<'r>, ask: &'r Ask) -> Reading {
        let window = Window { zone: ask.zone.clone(), first_day: ask.first_day, until: ask.until };
        let reader = Reader {
            session: Session::new(self, source),
            ask,
            rows: RefCell::new(RowReader::of(ask.report, window)),
            walks: RefCell::default(),
            too_old: RefCell::default(),
            page_rows: Cell::new(1),
            longest: Cell::new(u64::MAX),
        };
        reader.read().await
    }
}

/// Reads pages of one question, without a connection: what benchmarks and fuzzers do.
#[derive(Debug)]
pub struct PageReader {
    rows: RowReader,
    walk: Walk,
}

impl PageReader {
    /// A reader of rows sent before `until`, on `first_day` or later.
    #[must_use]
    pub fn of(report: &'static Report, zone: jiff::tz::TimeZone, first_day: Date, until: Timestamp) -> PageReader {
        let question = Dates { from: first_day, to: last_date(until) };
        PageReader { rows: RowReader::of(report, Window { zone, first_day, until }), walk: Walk::of(question) }
    }

    /// Counts the rows of a page.
    ///
    /// # Errors
    /// The body is no page, or the pages have no end.
    pub fn take(&mut self, body: &[u8]) -> Result<(), ZoomError> {
        let no_page = |_| ZoomError::new(ZoomErrorKind::Unavailable, "no page of the report");
        let page = page::read(body, self.rows.report()).map_err(no_page)?;
        let identities = self.walk.count_page(&mut self.rows, &page, |_| 0);
        self.walk.turn(&identities, page.next_page_token).map(drop)
    }

    /// Charged rows so far.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.walk.rows
    }
}

/// The place of a walk among those of a reading.
type Place = usize;
/// What became of some pages of a walk.
type Advance = (Place, Result<Step, ZoomError>);

struct Reader<'r> {
    session: Session<'r>,
    ask: &'r Ask,
    rows: RefCell<RowReader>,
    walks: RefCell<HashMap<Place, Walk>>,
    /// Dates that Zoom refuses for being too old, up to the first one that it does not.
    too_old: RefCell<Vec<Dates>>,
    /// Rows of the longest page.
    page_rows: Cell<u64>,
    /// The most pages of a question that can be finished beside as many others as are under way.
    longest: Cell<u64>,
}

impl Reader<'_> {
    async fn read(self) -> Reading {
        let mut failures = Vec::new();
        let mut done = Vec::new();
        let mut opened: Vec<Advance> = {
            let newest_first = self.ask.dates.iter().rev();
            let first =
                newest_first.flat_map(|dates| split(*dates, 1, self.ask.now)).map(|question| self.open(question));
            let first: FuturesUnordered<_> = first.collect();
            first.collect().await
        };
        opened.sort_by_key(|(place, _)| *place);
        let mut waiting = VecDeque::new();
        let mut under_way: FuturesUnordered<LocalBoxFuture<'_, Advance>> = FuturesUnordered::new();
        let mut open = Vec::new();
        for (place, step) in opened {
            match step {
                Ok(Step::More) => open.push(place),
                Ok(Step::End) => done.push(place),
                Err(error) => failures.push((place, error)),
            }
        }
        self.longest.set((self.session.requests_left() / (2 * self.most_under_way() as u64)).max(1));
        let runs = self.runs(&open);
        let expected: Vec<u64> = runs.iter().map(|run| self.pages_expected(run)).collect();
        for (run, pages) in runs.iter().zip(&expected) {
            let pieces = self.pieces(*pages, expected.iter().sum());
            if pieces > run.len() && self.parts_of(run, pieces).len() > run.len() {
                waiting.extend(self.divided(run, pieces));
            } else {
                under_way
                    .extend(run.iter().map(|place| -> LocalBoxFuture<'_, Advance> { Box::pin(self.advance(*place)) }));
            }
        }
        loop {
            while under_way.len() < self.most_under_way() {
                let Some(question) = waiting.pop_front() else { break };
                under_way.push(Box::pin(self.open(question)));
            }
            let Some((place, step)) = under_way.next().await else { break };
            match step {
                // Others are done, and this one is longer than was expected.
                Ok(Step::More) if waiting.is_empty() && self.is_worth_dividing(place, under_way.len()) => {
                    waiting.extend(self.divided(&[place], self.session.at_once() - under_way.len()));
                }
                Ok(Step::More) if self.is_too_long(place) => {
                    waiting.extend(self.divided(&[place], MOST_SHARES));
                    waiting.make_contiguous().sort_by(|one, other| other.cmp(one));
                }
                Ok(Step::More) => under_way.push(Box::pin(self.advance(place))),
                Ok(Step::End) => done.push(place),
                Err(error) => failures.push((place, error)),
            }
        }
        drop(under_way);
        self.finish(&done, failures)
    }

    /// Asks a question: its first page.
    async fn open(&self, mut question: Dates) -> Advance {
        let first = question.from;
        let place = {
            let mut walks = self.walks.borrow_mut();
            let place = walks.keys().max().map_or(0, |place| place + 1);
            walks.insert(place, Walk::of(question));
            place
        };
        let mut ends = VecDeque::from(other_ends(question, self.ask.now));
        let (mut moves, mut is_earlier) = (0, false);
        let opened = loop {
            let error = match self.page(place).await {
                Ok(step) => break Ok(step),
                Err(error) => error,
            };
            let asked = self.question(place);
            let moved = match error.kind {
                // No end after its start may be had: it starts a date earlier.
                ZoomErrorKind::Refused if ends.is_empty() && !is_earlier && question.to > begun(self.ask.now) => {
                    is_earlier = true;
                    question.from = question.from.saturating_sub(1.day());
                    ends.extend(other_ends(question, self.ask.now));
                    ends.pop_front().map(|to| Dates { to, ..question })
                }
                ZoomErrorKind::Refused => ends.pop_front().map(|to| Dates { to, ..asked }),
                ZoomErrorKind::TooOld if moves < MOST_MOVES => {
                    moves += 1;
                    question.from = asked.from.saturating_add(1.day());
                    Some(Dates { from: question.from, ..asked })
                }
                _ => None,
            };
            match moved.filter(|moved| moved.from < moved.to) {
                Some(moved) => self.with_walk(place, |walk| *walk = Walk::moved(question, moved)),
                None => break Err(error),
            }
        };
        if question.from > first {
            self.too_old.borrow_mut().push(Dates { from: first, to: question.from });
        }
        (place, opened)
    }

    /// Reads some more pages of a question.
    async fn advance(&self, place: Place) -> Advance {
        for _ in 0..STRIDE {
            match self.page(place).await {
                Ok(Step::More) => {}
                Ok(Step::End) => return (place, Ok(Step::End)),
                Err(error) => return (place, Err(error)),
            }
        }
        (place, Ok(Step::More))
    }

    /// The next page of a question; the first one again if the page token expired.
    async fn page(&self, place: Place) -> Result<Step, ZoomError> {
        loop {
            let (question, token) = self.with_walk(place, |walk| (walk.question, walk.next.clone()));
            let read = |body: &[u8]| self.take(place, question, body);
            let page = self.session.page(self.ask.report, question, token.as_deref(), read).await;
            let step = page.and_then(std::convert::identity);
            let has_expired = step.as_ref().is_err_and(|error| error.kind == ZoomErrorKind::PageTokenExpired);
            if !has_expired || !self.with_walk(place, Walk::restart) {
                return step;
            }
            tracing::warn!("the page token expired; the question is asked anew");
        }
    }

    /// Counts the rows of a page that did not count before. `Err(None)`: the body is no page.
    fn take(&self, place: Place, question: Dates, body: &[u8]) -> Result<Result<Step, ZoomError>, Option<ZoomError>> {
        let page = page::read(body, self.ask.report).map_err(|_| None)?;
        let answered_to = page.to.unwrap_or(question.to).min(question.to);
        // The last date of an older question is listed by the next one too.
        let open = begun(self.ask.now);
        let is_newest = self.with_walk(place, |walk| walk.asked.to > open);
        let needed = if is_newest { question.to.min(open) } else { question.to.yesterday().unwrap_or(question.to) };
        let narrower = page.from.is_some_and(|from| from > question.from) || answered_to < needed;
        if narrower {
            let answered =
                [page.from, page.to].map(|date| date.map_or_else(|| "?".to_owned(), |date| date.to_string()));
            let message = format!(
                "Zoom answered for {} to {} where {} to {} were asked for",
                answered[0], answered[1], question.from, question.to
            );
            return Err(Some(ZoomError::new(ZoomErrorKind::Narrowed, message)));
        }
        self.page_rows.set(self.page_rows.get().max(page.rows.len() as u64));
        let mut walks = self.walks.borrow_mut();
        let Some(mut walk) = walks.remove(&place) else { return Err(None) };
        let elsewhere = |identity: u128| {
            let earlier = self.ask.counted.get(&digest(identity)).copied().unwrap_or_default();
            earlier + walks.values().map(|walk| walk.times(identity)).sum::<u32>()
        };
        let identities = walk.count_page(&mut self.rows.borrow_mut(), &page, elsewhere);
        walk.answered_to = answered_to;
        walk.total_records = walk.total_records.max(page.total_records);
        let turned = walk.turn(&identities, page.next_page_token);
        walks.insert(place, walk);
        Ok(turned)
    }

    fn with_walk<T>(&self, place: Place, act: impl FnOnce(&mut Walk) -> T) -> T {
        let mut walks = self.walks.borrow_mut();
        let nothing = Dates { from: Date::ZERO, to: Date::ZERO };
        act(walks.entry(place).or_insert_with(|| Walk::of(nothing)))
    }

    fn question(&self, place: Place) -> Dates {
        self.with_walk(place, |walk| walk.question)
    }

    /// Runs of neighboring questions, which can be divided together: those about dates that were asked for together. Where they were not, later
    /// runs need a part to end.
    fn runs(&self, open: &[Place]) -> Vec<Vec<Place>> {
        let is_next = |one: &Place, other: &Place| {
            let shared = self.question(*one).from;
            shared == self.question(*other).to && !self.ask.dates.iter().any(|dates| dates.from == shared)
        };
        open.chunk_by(is_next).map(<[Place]>::to_vec).collect()
    }

    /// How many more pages questions seem to have. If nothing is known, a report is taken to be long enough for all that can be under way.
    fn pages_expected(&self, run: &[Place]) -> u64 {
        let guess = self.most_under_way() as u64 * STRIDE;
        run.iter().map(|place| self.length(*place).2).map(|pages| if pages > 1 { pages - 1 } else { guess }).sum()
    }

    /// One more than use the whole rate: some are shorter than others.
    fn most_under_way(&self) -> usize {
        match self.session.at_once() {
            1 => 1,
            many => many + 1,
        }
    }

    /// Into how many questions those that have so many of all expected pages are divided: as many as use the whole rate, and can be finished
    /// in the time that is left.
    fn pieces(&self, pages: u64, all: u64) -> usize {
        let most_under_way = self.most_under_way() as u64;
        let for_speed = if all > most_under_way { (pages * most_under_way).div_ceil(all) } else { 1 };
        usize::try_from(for_speed.max(pages.div_ceil(self.longest.get()))).unwrap_or(1)
    }

    /// Whether a question that is read while others are done should be divided: what is left of it, as far as that is known, is more than
    /// what has to be read again.
    fn is_worth_dividing(&self, place: Place, under_way: usize) -> bool {
        let (question, read, total) = self.length(place);
        let is_long = if total > read { total > 3 * read } else { read >= MOST_ALONE };
        is_long && 2 * (under_way + 1) <= self.session.at_once() && self.is_divisible(question)
    }

    /// Whether a question of unknown length turns out to be so long that it may not be finished in the time that is left. What is read of it
    /// in vain is less than what would be if it is not.
    fn is_too_long(&self, place: Place) -> bool {
        let (question, read, total) = self.length(place);
        total <= read && read >= (self.longest.get() / 2).max(STRIDE) && self.is_divisible(question)
    }

    /// Whether there are other questions about the same dates: the newest may start at the last date that has begun, and can be no other then.
    fn is_divisible(&self, question: Dates) -> bool {
        split(question, 2, self.ask.now).len() > 1
    }

    /// A question, how many of its pages were read, and how many there are: by Zoom's own count, if it is one of more than a page, or by what
    /// earlier runs found; 0 or 1 if nobody knows.
    fn length(&self, place: Place) -> (Dates, u64, u64) {
        let rows = self.page_rows.get();
        let (question, read, total) = self.with_walk(place, |walk| (walk.question, walk.pages, walk.total_records));
        let dates = days(question.from, question.to.min(begun(self.ask.now))).unsigned_abs() + 1;
        let total = total.filter(|total| *total > rows).or_else(|| Some(dates * self.ask.rows_a_date?));
        (question, read, total.unwrap_or_default().div_ceil(rows))
    }

    /// Questions that cover the dates of neighboring ones, newest first.
    fn parts_of(&self, run: &[Place], pieces: usize) -> Vec<Dates> {
        let questions: Vec<_> = run.iter().map(|place| self.question(*place)).collect();
        let (Some(newest), Some(oldest)) = (questions.first(), questions.last()) else { return Vec::new() };
        split(Dates { from: oldest.from, to: newest.to }, i64::try_from(pieces).unwrap_or(1), self.ask.now)
    }

    /// Gives questions up for others that cover the same dates. They list the rows again.
    fn divided(&self, run: &[Place], pieces: usize) -> Vec<Dates> {
        let parts = self.parts_of(run, pieces);
        let mut walks = self.walks.borrow_mut();
        run.iter().for_each(|place| drop(walks.remove(place)));
        parts
    }

    fn finish(self, done: &[Place], failures: Vec<(Place, ZoomError)>) -> Reading {
        let mut reading = Reading {
            requests: self.session.requests(),
            refusals: self.session.refusals(),
            pages: self.session.pages(),
            ..Reading::default()
        };
        let rows = self.rows.into_inner();
        let mut walks = self.walks.into_inner();
        let mut partial = BTreeMap::new();
        for (place, error) in failures {
            let Some(walk) = walks.remove(&place) else { continue };
            let to = walk.asked.to.min(last_date(self.ask.until).saturating_sub(4.days())).max(walk.asked.from);
            let dates = Dates { from: walk.asked.from, to };
            reading.gaps.push(Gap { dates, code: error.code(), problem: error.to_string() });
            reading.failure = Some(reading.failure.take().filter(ZoomError::stops_everything).unwrap_or(error));
            reading.partial.rows += walk.rows;
            sums_of(&walk, &rows, &mut partial);
            reading.newest_row = reading.newest_row.max(walk.newest_row);
            reading.row_faults.extend(walk.faults);
        }
        reading.partial.days = days_of(partial);
        reading.gaps.extend(self.too_old.into_inner().into_iter().map(|dates| {
            let problem = "Zoom keeps its report for 13 months, and refuses earlier dates".to_owned();
            Gap { dates, code: crate::error::Code::ReportIncomplete, problem }
        }));
        for walk in done.iter().filter_map(|place| walks.remove(place)) {
            let mut sums = BTreeMap::new();
            sums_of(&walk, &rows, &mut sums);
            reading.newest_row = reading.newest_row.max(walk.newest_row);
            reading.read_to = reading.read_to.max(Some(walk.answered_to));
            let has_faults = !walk.faults.is_empty();
            let part = Part { rows: walk.rows, days: days_of(sums), edges: walk.edges, has_faults };
            reading.row_faults.extend(walk.faults);
            reading.parts.insert(walk.asked, part);
        }
        reading.gaps.sort_by_key(|gap| gap.dates);
        reading
    }
}

type SumsByDay = BTreeMap<Date, BTreeMap<crate::domain::charge::Line, Sum>>;

fn sums_of(walk: &Walk, rows: &RowReader, sums: &mut SumsByDay) {
    for ((day, line), sum) in &walk.sums {
        if let Some(line) = rows.line(*line) {
            sums.entry(*day).or_default().entry(line.clone()).or_default().add(*sum);
        }
    }
}

fn days_of(sums: SumsByDay) -> BTreeMap<Date, DaySums> {
    sums.into_iter().map(|(day, sums)| (day, sums.into_iter().collect())).collect()
}
