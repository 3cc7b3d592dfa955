//! Reads pages without a connection, as a reading does: for benchmarks and fuzzers.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::page;
use super::questions::last_date;
use super::reports::Report;
use super::row::{RowReader, Window};
use super::walk::Walk;
use super::{ZoomError, ZoomErrorKind};
use crate::domain::dates::Dates;

/// Pages of one question, and what they come to.
#[derive(Debug)]
pub struct PageReader {
    rows: RowReader,
    walk: Walk,
}

impl PageReader {
    /// A reader of rows sent before `until`, on `first_day` or later.
    #[must_use]
    pub fn of(report: &'static Report, zone: TimeZone, first_day: Date, until: Timestamp) -> PageReader {
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
