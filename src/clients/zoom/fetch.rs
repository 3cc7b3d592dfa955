use std::ops::Range;
use std::sync::atomic::Ordering;

use futures_util::future::LocalBoxFuture;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::report::{Traffic, WindowReader, WindowReading};
use super::token::Authorized;
use super::window::{Window, windows};
use super::{Zoom, ZoomError, ZoomErrorKind};
use crate::clients::{Credentials, Deadline};
use crate::domain::charge::RowFault;
use crate::domain::totals::{Receipt, Totals};

/// What was read of the report, whole or not.
#[derive(Debug, Default)]
pub struct Reading {
    /// The sums of all rows read.
    pub totals: Totals,
    /// What they rest on.
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
}

impl Zoom {
    /// Reads all rows sent within `span`. Never fails as a whole: what could be read is in the answer, and so is why the rest could not.
    pub async fn fetch(
        &self,
        mut source: Source<'_>,
        span: Range<Timestamp>,
        zone: &TimeZone,
        deadline: Deadline,
    ) -> Reading {
        let traffic = Traffic::default();
        let mut reading = Reading::default();
        let windows = windows(&span).unwrap_or_else(|_| {
            reading.fail(
                span.clone(),
                ZoomError::new(ZoomErrorKind::Refused, "the span to read lies beyond the calendar"),
            );
            Vec::new()
        });
        for window in &windows {
            if reading.failure.as_ref().is_some_and(ZoomError::stops_everything) {
                reading.unread.push(window.owned.clone());
                continue;
            }
            let mut walks = Vec::new();
            let reader = WindowReader { zoom: self, window, zone, traffic: &traffic, deadline };
            let drained = deadline.bound(reader.drain(&mut source, &mut walks)).await;
            let result = drained.unwrap_or_else(|| {
                Err(ZoomError::new(
                    ZoomErrorKind::OutOfTime,
                    "the run's time was up before the report was read; raise the function's timeout",
                ))
            });
            reading.add(window, walks, result);
        }
        reading.requests = traffic.requests.load(Ordering::Relaxed);
        reading.refusals = traffic.refusals.load(Ordering::Relaxed);
        reading.receipt.days = days(&span, zone);
        reading.receipt.complete = reading.unread.is_empty();
        // A row without a readable time is a fault of every window that it came in.
        reading.row_faults.sort_unstable_by_key(|fault| (fault.sent, fault.identity));
        reading.row_faults.dedup_by_key(|fault| fault.identity);
        reading
    }
}

impl Reading {
    fn add(&mut self, window: &Window, mut walks: Vec<WindowReading>, result: Result<(), ZoomError>) {
        let walk = match result {
            Ok(()) => walks.pop(),
            Err(error) => {
                self.fail(window.owned.clone(), error);
                walks.into_iter().max_by_key(|walk| walk.rows)
            }
        };
        let Some(walk) = walk else { return };
        if self.totals.merge(&walk.totals).is_err() {
            let problem = "the charges add up to more digits than can be kept exactly";
            return self.fail(window.owned.clone(), ZoomError::new(ZoomErrorKind::Refused, problem));
        }
        for fault in &walk.faults {
            self.unread.push(match fault.sent {
                Some(sent) => sent..sent + SignedDuration::from_secs(1),
                None => window.owned.clone(),
            });
        }
        self.row_faults.extend(walk.faults);
        self.receipt.rows += walk.rows;
        self.receipt.pages += walk.pages;
        self.receipt.newest_row = self.receipt.newest_row.max(walk.newest_row);
        self.receipt.total_records = match (self.receipt.total_records, walk.total_records) {
            (Some(before), Some(more)) => Some(before.saturating_add(more)),
            (before, more) => before.or(more),
        };
    }

    fn fail(&mut self, span: Range<Timestamp>, error: ZoomError) {
        self.unread.push(span);
        // One that stops everything weighs more than one that concerns a window.
        if self.failure.as_ref().is_none_or(|first| error.stops_everything() && !first.stops_everything()) {
            self.failure = Some(error);
        }
    }
}

/// How many civil days of `zone` the span touches.
fn days(span: &Range<Timestamp>, zone: &TimeZone) -> u64 {
    let first = zone.to_datetime(span.start).date();
    let last = zone.to_datetime(span.end - SignedDuration::from_nanos(1)).date();
    first.until(last).map_or(0, |between| u64::from(between.get_days().unsigned_abs()) + 1)
}
