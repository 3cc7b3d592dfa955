//! Reads a report: asks questions about its dates, several at the same time, and adds up what they list.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, VecDeque};

use futures_util::future::{FutureExt as _, LocalBoxFuture};
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use jiff::ToSpan as _;
use jiff::civil::Date;

use super::digest::digest;
use super::division::{Division, Length, STRIDE, runs};
use super::page;
use super::questions::{Tries, Try, days, last_started, split};
use super::reading::{Ask, Reading};
use super::row::{RowReader, Window};
use super::session::{PageRequest, Session, Source};
use super::walk::{Step, Walk};
use super::{Zoom, ZoomError, ZoomErrorKind};
use crate::domain::coverage::Gap;
use crate::domain::dates::{Dates, utc_date};
use crate::error::Code;

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

/// Identifies a walk among those of a reading.
type Place = usize;
/// A walk, and whether it has more pages.
type Advance = (Place, Result<Step, ZoomError>);

struct Reader<'r> {
    session: Session<'r>,
    ask: &'r Ask,
    rows: RefCell<RowReader>,
    walks: RefCell<HashMap<Place, Walk>>,
    /// Dates that Zoom refused as too old, each range up to the first date that Zoom accepted.
    too_old: RefCell<Vec<Dates>>,
    /// Rows of the longest page.
    page_rows: Cell<u64>,
    /// See [`Division::longest`].
    longest: Cell<u64>,
}

/// The walks that are over.
#[derive(Default)]
struct Ended {
    whole: Vec<Place>,
    failed: Vec<(Place, ZoomError)>,
}

impl Ended {
    /// Records a walk that is over, and returns one that is not.
    fn sort(&mut self, (place, step): Advance) -> Option<Place> {
        match step {
            Ok(Step::More) => return Some(place),
            Ok(Step::End) => self.whole.push(place),
            Err(error) => self.failed.push((place, error)),
        }
        None
    }
}

impl Reader<'_> {
    async fn read(self) -> Reading {
        let mut ended = Ended::default();
        let (mut waiting, mut opened) = self.first_pages(&mut ended).await;
        let mut under_way = FuturesUnordered::<LocalBoxFuture<'_, Advance>>::new();
        loop {
            // No more at the same time than use the rate, so that some are read to their end if there is no time for all.
            while under_way.len() < self.division().most_under_way() {
                if let Some(place) = opened.pop_front() {
                    under_way.push(self.advance(place).boxed_local());
                } else if let Some(question) = waiting.pop_front() {
                    under_way.push(self.open(question).boxed_local());
                } else {
                    break;
                }
            }
            let Some(advance) = under_way.next().await else { break };
            let Some(place) = ended.sort(advance) else { continue };
            let others_wait = !(opened.is_empty() && waiting.is_empty());
            match self.questions_instead(place, under_way.len(), others_wait) {
                Some(questions) => {
                    self.walks.borrow_mut().remove(&place);
                    waiting.extend(questions);
                    waiting.make_contiguous().sort_by(|one, other| other.cmp(one));
                }
                None => under_way.push(self.advance(place).boxed_local()),
            }
        }
        drop(under_way);
        self.finish(ended)
    }

    /// Reads the first page of each question, which shows how long the report is and how long a page takes. Returns the questions that take the
    /// place of others, newest first, and the walks to continue.
    async fn first_pages(&self, ended: &mut Ended) -> (VecDeque<Dates>, VecDeque<Place>) {
        let newest_first = self.ask.dates.iter().rev();
        let questions = newest_first.flat_map(|dates| split(*dates, 1, self.ask.now));
        let first: FuturesUnordered<_> = questions.map(|question| self.open(question)).collect();
        let mut opened: Vec<_> = first.collect().await;
        opened.sort_by_key(|(place, _)| *place);
        let opened_questions = opened.len();
        let open: Vec<_> = opened.into_iter().filter_map(|advance| ended.sort(advance)).collect();
        self.longest.set(self.division().longest_of(self.session.requests_left()));
        let lengths: Vec<_> = open.iter().map(|place| self.length(*place)).collect();
        let ended_pages = (opened_questions - open.len()) as u64;
        self.session.expect(ended_pages + lengths.iter().map(|length| length.total.max(length.read)).sum::<u64>());
        let starts: Vec<_> = self.ask.dates.iter().map(|dates| dates.from).collect();
        let runs = runs(&lengths, &starts);
        let (mut waiting, mut continued) = (VecDeque::new(), VecDeque::new());
        let mut places = open.into_iter();
        for (run, divided) in runs.iter().zip(self.division().of_runs(&runs)) {
            let of_run = places.by_ref().take(run.len());
            if let Some(questions) = divided {
                of_run.for_each(|place| drop(self.walks.borrow_mut().remove(&place)));
                waiting.extend(questions);
            } else {
                continued.extend(of_run);
            }
        }
        (waiting, continued)
    }

    /// Starts a walk: asks a question, and reads its first page. If Zoom refuses the dates, it tries the nearest ones that may be accepted.
    async fn open(&self, question: Dates) -> Advance {
        let place = {
            let mut walks = self.walks.borrow_mut();
            let place = walks.keys().max().map_or(0, |place| place + 1);
            walks.insert(place, Walk::of(question));
            place
        };
        let mut tries = Tries::of(question, self.ask.now);
        let opened = loop {
            let error = match self.page(place).await {
                Ok(step) => break Ok(step),
                Err(error) => error,
            };
            let asked = self.with_walk(place, |walk| walk.question);
            match tries.after(error.kind, asked) {
                Try::Dates(dates) => self.with_walk(place, |walk| *walk = Walk::moved(tries.question, dates)),
                Try::Open => {
                    self.with_walk(place, |walk| walk.answered_to = last_started(self.ask.now));
                    break Ok(Step::End);
                }
                Try::Nothing => break Err(error),
            }
        };
        if tries.question.from > question.from {
            self.too_old.borrow_mut().push(Dates { from: question.from, to: tries.question.from });
        }
        (place, opened)
    }

    /// Reads up to [`STRIDE`] more pages of a question.
    async fn advance(&self, place: Place) -> Advance {
        for _ in 0..STRIDE {
            match self.page(place).await {
                Ok(Step::More) => {}
                ended => return (place, ended),
            }
        }
        (place, Ok(Step::More))
    }

    /// Reads the next page of a question, or its first page again if the page token expired.
    async fn page(&self, place: Place) -> Result<Step, ZoomError> {
        loop {
            let (question, token) = self.with_walk(place, |walk| (walk.question, walk.next.clone()));
            let request = PageRequest { report: self.ask.report, question, token: token.as_deref() };
            let page = self.session.page(request, |body| self.take(place, question, body)).await;
            let step = page.and_then(std::convert::identity).map_err(|error| self.of_its_age(error, question));
            let has_expired = step.as_ref().is_err_and(|error| error.kind == ZoomErrorKind::PageTokenExpired);
            if !has_expired || !self.with_walk(place, Walk::restart) {
                return step;
            }
            tracing::warn!("the page token expired; the question is read again from its first page");
        }
    }

    /// A question that starts within the last year is not refused for its age, whatever Zoom says of its start date.
    fn of_its_age(&self, mut error: ZoomError, question: Dates) -> ZoomError {
        let is_young = question.from > utc_date(self.ask.now, 0).saturating_sub(1.year());
        if error.kind == ZoomErrorKind::TooOld && is_young {
            error.kind = ZoomErrorKind::Refused;
        }
        error
    }

    /// Counts the rows of a page that were not counted before. `Err(None)`: the body is not a page.
    fn take(&self, place: Place, question: Dates, body: &[u8]) -> Result<Result<Step, ZoomError>, Option<ZoomError>> {
        // A byte that is no text is one character of one field.
        let text = String::from_utf8_lossy(body);
        let page = page::read(text.as_bytes(), self.ask.report).map_err(|_| None)?;
        let answered_to = page.to.unwrap_or(question.to).min(question.to);
        let open = last_started(self.ask.now);
        let is_newest = self.with_walk(place, |walk| walk.asked.to > open);
        // The last date of an older question also belongs to the next one, so Zoom may leave it out.
        let needed = if is_newest { question.to.min(open) } else { question.to.yesterday().unwrap_or(question.to) };
        let is_narrow = page.from.is_some_and(|from| from > question.from) || answered_to < needed;
        self.page_rows.set(self.page_rows.get().max(page.rows.len() as u64));
        let mut walks = self.walks.borrow_mut();
        let Some(mut walk) = walks.remove(&place) else { return Err(None) };
        let elsewhere = |identity: u128| {
            let earlier = self.ask.counted.get(&digest(identity)).copied().unwrap_or_default();
            earlier + walks.values().map(|walk| walk.times(identity)).sum::<u32>()
        };
        let identities = walk.count_page(&mut self.rows.borrow_mut(), &page, elsewhere);
        if is_narrow {
            // What it lists counts all the same.
            walks.insert(place, walk);
            return Err(Some(narrowed([page.from, page.to], question)));
        }
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

    /// See [`Division::of_question`].
    fn questions_instead(&self, place: Place, under_way: usize, others_wait: bool) -> Option<Vec<Dates>> {
        if self.with_walk(place, |walk| walk.may_be_endless()) {
            return None;
        }
        self.division().of_question(&self.length(place), under_way, others_wait)
    }

    fn division(&self) -> Division {
        Division { at_once: self.session.at_once(), longest: self.longest.get(), now: self.ask.now }
    }

    /// A question's length: by Zoom's own count, if it is more than a page; else by what earlier runs found.
    fn length(&self, place: Place) -> Length {
        let rows = self.page_rows.get();
        let (question, read, total) = self.with_walk(place, |walk| (walk.question, walk.pages, walk.total_records));
        let dates = days(question.from, question.to.min(last_started(self.ask.now))).unsigned_abs() + 1;
        let total = total.filter(|total| *total > rows).or_else(|| Some(dates * self.ask.rows_a_date?));
        Length { question, read, total: total.unwrap_or_default().div_ceil(rows) }
    }

    fn finish(self, ended: Ended) -> Reading {
        let mut reading = Reading {
            requests: self.session.requests(),
            refusals: self.session.refusals(),
            pages: self.session.pages(),
            ..Reading::default()
        };
        let rows = self.rows.into_inner();
        let mut walks = self.walks.into_inner();
        for (place, error) in ended.failed {
            if let Some(walk) = walks.remove(&place) {
                reading.add_failed(walk, error, &rows, self.ask);
            }
        }
        reading.gaps.extend(self.too_old.into_inner().into_iter().map(|dates| {
            let problem = "Zoom keeps its report for 13 months, and refuses earlier dates".to_owned();
            Gap { product: self.ask.report.product, dates, code: Code::ReportIncomplete, problem }
        }));
        for walk in ended.whole.iter().filter_map(|place| walks.remove(place)) {
            reading.add_whole(walk, &rows, self.ask);
        }
        reading.add_refused(self.ask);
        reading.join_gaps();
        reading
    }
}

fn narrowed(answered: [Option<Date>; 2], question: Dates) -> ZoomError {
    let [from, to] = answered.map(|date| date.map_or_else(|| "?".to_owned(), |date| date.to_string()));
    let Dates { from: first, to: last } = question;
    let message = format!("Zoom answered for {from} to {to} where {first} to {last} were asked for");
    ZoomError::new(ZoomErrorKind::Narrowed, message)
}
