//! The report of some spans of time: a small one in one window after the other, a large one in many side by side.

use std::ops::Range;

use futures_util::future::LocalBoxFuture;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::plan::FirstPage;
use super::report::{Next, Walk, Walks, WindowReader};
use super::seen::Span;
use super::session::Session;
use super::tiles::read_tiled;
use super::token::Authorized;
use super::window::windows;
use super::{Zoom, ZoomError, ZoomErrorKind};
use crate::clients::{Credentials, Deadline};
use crate::domain::charge::RowFault;
use crate::domain::totals::{Receipt, Totals};

/// What was read of the report, whole or not.
#[derive(Debug, Default)]
pub struct Reading {
    /// The sums of all rows read.
    pub totals: Totals,
    /// What they rest on; of which days, whoever asked knows.
    pub receipt: Receipt,
    /// The instants of which rows may be missing.
    pub unread: Vec<Range<Timestamp>>,
    /// Rows that cannot be read.
    pub row_faults: Vec<RowFault>,
    /// Why the report was not read whole.
    pub failure: Option<ZoomError>,
    /// Requests for the report, repeated ones included.
    pub requests: u64,
    /// Of these, those that Zoom's rate limit refused.
    pub refusals: u64,
}

/// What a reading needs from outside.
pub struct Source<'r> {
    /// The right to read.
    pub authorized: Authorized,
    /// Reads the credentials anew, if that can be done: called once, when Zoom no longer takes those of `authorized`.
    pub renew: &'r dyn Fn() -> LocalBoxFuture<'r, Option<Credentials>>,
    /// Told the number of pages read so far.
    pub on_page: &'r dyn Fn(u64),
    /// How many requests may be made; `None`: as many as it takes.
    pub most_requests: Option<u64>,
}

/// The sums of the windows read so far, and what is wrong with them.
#[derive(Clone, Debug, Default)]
pub(super) struct Part {
    totals: Totals,
    receipt: Receipt,
    unread: Vec<Range<Timestamp>>,
    row_faults: Vec<RowFault>,
    failure: Option<ZoomError>,
}

/// What a window added.
pub(super) struct Added {
    /// When the earliest and the latest of its rows were sent.
    pub(super) sent: Option<Span>,
    /// Whether all its rows are there.
    pub(super) whole: bool,
}

impl Zoom {
    /// Reads all rows sent within the spans, which do not overlap, one span after the other. Never fails as a whole: what could be read is in
    /// the answer, and so is why the rest could not.
    pub async fn fetch<'r>(
        &'r self,
        source: Source<'r>,
        spans: &[Range<Timestamp>],
        zone: &'r TimeZone,
        deadline: Deadline,
    ) -> Reading {
        let session = Session::new(self, source, zone, deadline);
        let mut part = Part::default();
        for span in spans {
            read_span(&session, span, &mut part).await;
        }
        let Part { totals, mut receipt, unread, mut row_faults, failure } = part;
        receipt.complete = unread.is_empty();
        // A row without a readable time is a fault of every window that it came in.
        row_faults.sort_unstable_by_key(|fault| (fault.sent, fault.identity));
        row_faults.dedup_by_key(|fault| fault.identity);
        let (requests, refusals) = (session.requests(), session.refusals());
        Reading { totals, receipt, unread, row_faults, failure, requests, refusals }
    }
}

async fn read_span(session: &Session<'_>, span: &Range<Timestamp>, part: &mut Part) {
    let Ok(windows) = windows(span) else {
        let error = ZoomError::new(ZoomErrorKind::Refused, "the span to read lies beyond the calendar");
        part.unread.push(span.clone());
        return part.fail(error);
    };
    let mut may_tile = true;
    for window in &windows {
        if session.is_stopped() {
            part.unread.push(window.owned.clone());
            continue;
        }
        let walks = Walks::default();
        let reader = WindowReader { session, window, walks: &walks };
        let begun = session.deadline.bound(reader.begin()).await.unwrap_or_else(|| Err(out_of_time()));
        let first_page = walks.borrow().last().map(FirstPage::of);
        if let (Ok(Next::Page), Some(first_page), true) = (&begun, first_page, may_tile) {
            let rest = span.start..window.owned.end;
            if let Some(tiled) = read_tiled(session, &rest, &first_page, part.clone()).await {
                if !tiled.contradicts_itself() {
                    let covered = tiled.covered();
                    *part = tiled.part;
                    part.unread.extend(without(&rest, &covered));
                    return;
                }
                tracing::warn!(
                    "Zoom's answers for neighbouring dates share rows; the report is read again in one piece"
                );
                may_tile = false;
            }
        }
        let reading = session.deadline.bound(reader.finish(begun)).await;
        let result = reading.unwrap_or_else(|| Err(out_of_time()));
        if let Err(error) = &result {
            session.stop(error);
        }
        if !part.add(walks.into_inner(), result, Some(window.owned.clone())).whole {
            part.unread.push(window.owned.clone());
        }
    }
}

pub(super) fn out_of_time() -> ZoomError {
    ZoomError::new(
        ZoomErrorKind::OutOfTime,
        "the run's time was up before the report was read; the next run goes on from there, or raise the function's timeout",
    )
}

impl Part {
    /// Adds what a window came to: its last walk, or of broken ones the longest. `owned` is where a row without a readable time may belong.
    pub(super) fn add(
        &mut self,
        mut walks: Vec<Walk>,
        result: Result<(), ZoomError>,
        owned: Option<Range<Timestamp>>,
    ) -> Added {
        let mut whole = result.is_ok();
        let walk = match result {
            Ok(()) => walks.pop(),
            Err(error) => {
                self.fail(error);
                walks.into_iter().max_by_key(|walk| walk.rows)
            }
        };
        let Some(walk) = walk else { return Added { sent: None, whole } };
        if self.totals.add(&walk.tally).is_err() {
            let problem = "the charges add up to more digits than can be kept exactly";
            self.fail(ZoomError::new(ZoomErrorKind::Refused, problem));
            whole = false;
        }
        for fault in &walk.faults {
            let unread = fault.sent.map(|sent| sent..sent + SignedDuration::from_secs(1));
            self.unread.extend(unread.or_else(|| owned.clone()));
        }
        self.row_faults.extend(walk.faults);
        let receipt = &mut self.receipt;
        receipt.rows += walk.rows;
        receipt.pages += walk.pages;
        receipt.newest_row = receipt.newest_row.max(walk.newest_row);
        receipt.total_records = match (receipt.total_records, walk.total_records) {
            (Some(before), Some(more)) => Some(before.saturating_add(more)),
            (before, more) => before.or(more),
        };
        Added { sent: walk.sent, whole }
    }

    fn fail(&mut self, error: ZoomError) {
        // One that stops everything weighs more than one that concerns a window.
        if self.failure.as_ref().is_none_or(|first| error.stops_everything() && !first.stops_everything()) {
            self.failure = Some(error);
        }
    }
}

/// What of the span is in none of the others.
fn without(span: &Range<Timestamp>, others: &[Range<Timestamp>]) -> Vec<Range<Timestamp>> {
    let mut others = others.to_vec();
    others.sort_unstable_by_key(|other| other.start);
    let mut left = Vec::new();
    let mut start = span.start;
    for other in others {
        if start < other.start {
            left.push(start..other.start.min(span.end));
        }
        start = start.max(other.end);
    }
    if start < span.end {
        left.push(start..span.end);
    }
    left
}
