//! A row of a report becomes a charge, or a fault that names the row.
//!
//! Zoom documents every field as a string and none as required. A row without a charge ("0") is not counted. A row whose charge, currency or
//! time cannot be read is a fault, never a zero.

mod identity;
mod values;

use std::collections::HashMap;
use std::ops::Range;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use xxhash_rust::xxh3::xxh3_128;

use self::identity::identity;
use self::values::{Fault, Places, Values, named, number, time};
use super::digest::ByDigest;
use super::page::Fields;
use super::reports::{MOST_FIELDS, Report, Role};
use crate::domain::charge::{Line, NONE};
use crate::domain::coverage::RowFault;
use crate::domain::money::{Amount, Currency};
use crate::domain::period::start_of;

/// A row as far as sums need it.
#[derive(Debug)]
pub(super) struct Row {
    /// Tells the row from every other.
    pub(super) identity: u128,
    pub(super) sent: Option<Timestamp>,
    pub(super) content: Content,
}

/// What a row comes to.
#[derive(Debug)]
pub(super) enum Content {
    /// No charge, or one of another time than is asked for.
    Nothing,
    /// A charge, and how many messages, minutes or pages it is for.
    Charge { day: Date, line: u32, amount: Amount, units: u64 },
    /// A row whose price Zoom does not know yet.
    NotPriced { day: Date, line: u32 },
    /// A row that cannot be read.
    Fault(Box<RowFault>),
}

/// The rows that count: sent before `until`, on `first_day` or later.
#[derive(Clone, Debug)]
pub(super) struct Window {
    pub(super) zone: TimeZone,
    pub(super) first_day: Date,
    pub(super) until: Timestamp,
}

/// Reads rows of one report.
#[derive(Debug)]
pub(super) struct RowReader {
    report: &'static Report,
    window: Window,
    lines: Lines,
    places: Places,
    /// When the day of `until` starts, on which rows are counted by hour too.
    open_since: Timestamp,
    /// The last currency as it was written: the standard's list is long, and nearly all rows have the same.
    currency: Option<(Box<str>, Currency)>,
    /// Civil days that rows had so far, and when each starts and ends: to ask the time zone for every row takes as long as to parse it.
    days: Vec<(Range<Timestamp>, Date)>,
    /// What a digest is made of, kept to be filled again.
    known_by: Vec<u8>,
}

/// Lines that were seen.
#[derive(Debug, Default)]
struct Lines {
    /// By a digest of their texts as Zoom wrote them.
    written: HashMap<u128, u32, ByDigest>,
    known: HashMap<Line, u32>,
    /// By id.
    lines: Vec<Line>,
}

/// Past so many lines, charges of new ones are summed without their sender: a report in which every row has one of its own must not fill
/// the memory. No budget rests on it.
const MOST_LINES: usize = 100_000;
/// More civil days than the rows of a report have, as a rule.
const MOST_DAYS: usize = 100;

impl Lines {
    /// The id of a line, given a digest of how it was written.
    fn id(&mut self, written: u128, line: impl FnOnce() -> Line) -> u32 {
        if let Some(id) = self.written.get(&written) {
            return *id;
        }
        let mut line = line();
        if self.lines.len() >= MOST_LINES && !self.known.contains_key(&line) {
            line = Line { extension: NONE.into(), name: NONE.into(), ..line };
        }
        let next = u32::try_from(self.lines.len()).unwrap_or(u32::MAX);
        let id = *self.known.entry(line.clone()).or_insert(next);
        if id == next {
            self.lines.push(line);
        }
        self.written.insert(written, id);
        id
    }
}

impl RowReader {
    pub(super) fn of(report: &'static Report, window: Window) -> RowReader {
        let places = Places::of(report);
        let last = window.until.saturating_sub(1.nanosecond()).unwrap_or(window.until);
        let open_since = start_of(window.zone.to_datetime(last).date(), &window.zone).unwrap_or(window.until);
        RowReader {
            report,
            window,
            open_since,
            lines: Lines::default(),
            places,
            currency: None,
            days: Vec::new(),
            known_by: Vec::new(),
        }
    }

    /// The report that is read.
    pub(super) fn report(&self) -> &'static Report {
        self.report
    }

    /// The hour of the day of `until` at which a row was sent; `None` for other days.
    pub(super) fn hour(&self, sent: Timestamp) -> Option<u32> {
        u32::try_from(sent.duration_since(self.open_since).as_hours()).ok().filter(|_| sent >= self.open_since)
    }

    /// The line with this id.
    pub(super) fn line(&self, id: u32) -> Option<&Line> {
        self.lines.lines.get(id as usize)
    }

    /// `None` stands for a row that is no object, or has a field twice.
    pub(super) fn read(&mut self, fields: Option<&Fields<'_>>) -> Row {
        let Some(fields) = fields else {
            let fields: Fields<'_> = [None; MOST_FIELDS];
            let row = Values { report: self.report, places: &self.places, fields: &fields };
            let problem = "is no object of fields, each of them once".to_owned();
            let fault = RowFault::of_any(row.fault(None, "(row)", problem));
            return Row { identity: 0, sent: None, content: Content::Fault(Box::new(fault)) };
        };
        let places = self.places;
        let row = Values { report: self.report, places: &places, fields };
        let sent = row.text(Role::Time).and_then(|text| time(&text));
        let identity = identity(&row, &mut self.known_by);
        let content = match sent {
            Some(sent) if sent >= self.window.until => Content::Nothing,
            _ => self
                .content(&row, sent)
                .unwrap_or_else(|(field, problem)| Content::Fault(Box::new(row.fault(sent, field, problem)))),
        };
        Row { identity, sent, content }
    }

    fn content(&mut self, row: &Values<'_>, sent: Option<Timestamp>) -> Result<Content, Fault> {
        let day = sent.map(|sent| self.day(sent));
        if day.is_some_and(|day| day < self.window.first_day) {
            return Ok(Content::Nothing);
        }
        let Some(amount) = row.amount()? else {
            row.is_somebodys()?;
            let Some(day) = day else { return Err(row.time_fault()) };
            // A row without a price may be without a currency.
            let currency = self.currency(row).unwrap_or(Currency::NONE);
            return Ok(Content::NotPriced { day, line: self.line_of(row, currency) });
        };
        if amount.is_zero() {
            return Ok(Content::Nothing);
        }
        let Some(day) = day else { return Err(row.time_fault()) };
        let currency = self.currency(row)?;
        row.is_somebodys()?;
        Ok(Content::Charge { day, line: self.line_of(row, currency), amount, units: row.units()? })
    }

    fn line_of(&mut self, row: &Values<'_>, currency: Currency) -> u32 {
        let (extension, name) = row.sender();
        let texts = [row.text(Role::Number), row.text(Role::Department), row.text(Role::CostCenter), extension, name];
        self.known_by.clear();
        for text in &texts {
            self.known_by.extend_from_slice(text.as_deref().unwrap_or_default().as_bytes());
            self.known_by.push(0xFF);
        }
        self.known_by.extend_from_slice(currency.code().as_bytes());
        self.lines.id(xxh3_128(&self.known_by), || {
            let [billed, department, cost_center, extension, name] = texts.each_ref().map(Option::as_deref);
            Line {
                number: number(billed),
                department: named(department),
                cost_center: named(cost_center),
                extension: named(extension),
                name: named(name),
                currency,
            }
        })
    }

    fn day(&mut self, sent: Timestamp) -> Date {
        if let Some((_, day)) = self.days.iter().find(|(times, _)| times.contains(&sent)) {
            return *day;
        }
        let zone = &self.window.zone;
        let day = zone.to_datetime(sent).date();
        let times = start_of(day, zone).and_then(|start| Ok(start..start_of(day.tomorrow()?, zone)?));
        if self.days.len() >= MOST_DAYS {
            self.days.clear();
        }
        self.days.extend(times.ok().map(|times| (times, day)));
        day
    }

    fn currency(&mut self, row: &Values<'_>) -> Result<Currency, Fault> {
        let text = row.text(Role::Currency);
        let is_last = |(written, _): &&(Box<str>, Currency)| text.as_deref() == Some(&**written);
        if let Some((_, currency)) = self.currency.as_ref().filter(is_last) {
            return Ok(*currency);
        }
        let currency = row.currency()?;
        self.currency = text.map(|text| (text.into(), currency));
        Ok(currency)
    }
}

#[cfg(test)]
mod tests;
