//! What to read of a report, and what was read of it: each question that ended adds its figures, or its gap.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _};

use super::ZoomError;
use super::digest::Digests;
use super::questions::{last_date, last_started};
use super::reports::Report;
use super::row::RowReader;
use super::walk::Walk;
use crate::domain::charge::Line;
use crate::domain::coverage::{Gap, NotPriced, RowFault};
use crate::domain::dates::Dates;
use crate::domain::totals::{DaySums, Hours, Sum, merged};
use crate::error::Code;

/// What to read of a report.
#[derive(Clone, Debug)]
pub struct Ask {
    /// The report.
    pub report: &'static Report,
    /// The dates, oldest first. Neighbors share a date.
    pub dates: Vec<Dates>,
    /// Rows sent at this moment or later do not count.
    pub until: Timestamp,
    /// The moment of the run.
    pub now: Timestamp,
    /// The time zone of civil days.
    pub zone: jiff::tz::TimeZone,
    /// Rows of earlier days do not count.
    pub first_day: Date,
    /// Rows that earlier runs counted under neighboring dates.
    pub counted: Digests,
    /// How many rows earlier runs found under a date, if known. It is used to plan where Zoom gives no count.
    pub rows_a_date: Option<u64>,
    /// The last date for which earlier runs had an answer, if known.
    pub answered_before: Option<Date>,
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
    /// Whether it holds rows that cannot be read, or have no price yet: then it is read again.
    pub is_open: bool,
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
    /// What was sent in each hour of the day that is not over.
    pub hours: Hours,
    /// Rows that cannot be read.
    pub row_faults: Vec<RowFault>,
    /// Rows without a price yet.
    pub not_priced: Vec<NotPriced>,
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
    /// The same of questions that start at a date which has started everywhere: of others, Zoom may answer for their first date.
    pub answered_to: Option<Date>,
    /// The most important failure.
    pub failure: Option<ZoomError>,
    /// Whether the run had to stop before every question was answered or had failed.
    pub stopped_early: bool,
    /// The dates of the questions that failed where questions about fewer dates may be answered.
    pub failed: Vec<Dates>,
    /// The dates of all questions, read whole or not.
    pub asked: Vec<Dates>,
}

impl Reading {
    /// Adds a question that was read whole.
    pub(super) fn add_whole(&mut self, mut walk: Walk, rows: &RowReader, ask: &Ask) {
        self.asked.push(walk.asked);
        // Of dates that Zoom refused, as it may, nothing is known.
        if walk.pages == 0 {
            return;
        }
        let (days, edges) = (days_of(&walk, rows), std::mem::take(&mut walk.edges));
        let is_open = !walk.faults.is_empty() || !walk.not_priced.is_empty();
        self.parts.insert(walk.asked, Part { rows: walk.rows, days, edges, is_open });
        self.read_to = self.read_to.max(Some(walk.answered_to));
        if walk.question.from <= last_started(ask.now) {
            self.answered_to = self.answered_to.max(Some(walk.answered_to));
        }
        self.add_rows(walk, rows);
    }

    /// Adds what was read of a question that failed, and the gap that it leaves.
    pub(super) fn add_failed(&mut self, walk: Walk, error: ZoomError, rows: &RowReader, ask: &Ask) {
        let to = walk.asked.to.min(last_date(ask.until).saturating_sub(4.days())).max(walk.asked.from);
        let dates = Dates { from: walk.asked.from, to };
        let (product, code, problem) = (ask.report.product, error.code(), walk.problem(&error));
        self.gaps.push(Gap { product, dates, code, problem });
        self.asked.push(walk.asked);
        self.stopped_early |= error.stops_everything();
        self.failed.extend(error.may_be_of_a_date().then_some(walk.asked));
        if self.failure.as_ref().is_none_or(|known| known.weight() < error.weight()) {
            self.failure = Some(error);
        }
        let walk = walk.furthest();
        self.partial.rows += walk.rows;
        for (day, sums) in days_of(&walk, rows) {
            let so_far = self.partial.days.entry(day).or_default();
            *so_far = merged(so_far, &sums);
        }
        self.add_rows(walk, rows);
    }

    /// Adds a gap if Zoom refused dates for which it has answered before. Others that have not started everywhere it may refuse.
    pub(super) fn add_refused(&mut self, ask: &Ask) {
        let asked_to = self.asked.iter().map(|dates| dates.to).max().filter(|to| *to > last_started(ask.now));
        let (Some(asked_to), Some(before), Some(from)) = (asked_to, ask.answered_before, self.read_to) else { return };
        let dates = Dates { from, to: before.min(asked_to) };
        if dates.from < dates.to && !self.gaps.iter().any(|gap| gap.dates.overlap(&dates)) {
            let problem = format!(
                "Zoom refuses dates up to {} for which it has answered before; if it lasts, tell Zoom's support",
                dates.to
            );
            self.gaps.push(Gap { product: ask.report.product, dates, code: Code::ReportInvalid, problem });
        }
    }

    /// Makes one gap of neighbors that failed alike.
    pub(super) fn join_gaps(&mut self) {
        self.gaps.sort_by_key(|gap| gap.dates);
        self.gaps.dedup_by(|next, gap| {
            let is_alike = (next.code, &next.problem) == (gap.code, &gap.problem) && next.dates.from <= gap.dates.to;
            if is_alike {
                gap.dates.to = gap.dates.to.max(next.dates.to);
            }
            is_alike
        });
    }

    /// Adds the hours of rows, those without a price, those that cannot be read, and the time of the newest one.
    fn add_rows(&mut self, walk: Walk, rows: &RowReader) {
        let product = rows.report().product;
        let not_priced = |((day, line), rows_of): (&(Date, u32), &u64)| {
            Some(NotPriced { product, day: *day, line: rows.line(*line)?.clone(), rows: *rows_of })
        };
        self.not_priced.extend(walk.not_priced.iter().filter_map(not_priced));
        for ((line, hour), sent) in &walk.hours {
            let line = rows.line(*line).cloned();
            line.into_iter().for_each(|line| *self.hours.entry((line, *hour)).or_default() += sent);
        }
        self.newest_row = self.newest_row.max(walk.newest_row);
        self.row_faults.extend(walk.faults);
    }
}

/// The sums by civil day.
fn days_of(walk: &Walk, rows: &RowReader) -> BTreeMap<Date, DaySums> {
    let mut sums = BTreeMap::<Date, BTreeMap<Line, Sum>>::new();
    for ((day, line), sum) in &walk.sums {
        if let Some(line) = rows.line(*line) {
            sums.entry(*day).or_default().entry(line.clone()).or_default().add(*sum);
        }
    }
    sums.into_iter().map(|(day, sums)| (day, sums.into_iter().collect())).collect()
}
