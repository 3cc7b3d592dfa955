//! A row of a report becomes a charge, or a fault that names the row.
//!
//! Zoom documents every field as a string and none as required, and has no identity for a row: rows of one group message may share their
//! message id, and a row may come again on another page or in the answer to another question. A row is therefore known by all that belongs
//! to the message and its charge (see [`Role::identifies`]), numbers and decimals written one way, as a digest of 128 bits.
//!
//! A row without a charge ("0") is not counted. A row whose charge, currency or time cannot be read is a fault, never a zero.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use serde_json::value::RawValue;
use xxhash_rust::xxh3::xxh3_128;

use super::digest::ByDigest;
use super::page::{Fields, text};
use super::reports::{ROLES, Report, Role};
use crate::domain::charge::{Line, NONE};
use crate::domain::coverage::{Known, RowFault};
use crate::domain::money::{Amount, Currency};
use crate::domain::number::{self, Number};
use crate::domain::period::start_of;
use crate::domain::text::label;
use crate::domain::totals::{MOST_MAGNITUDE, MOST_PLACES};

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
/// What a row without a price says of its charge.
const PENDING: &str = "pending";
/// Digits of an extension: a caller with more is a telephone number, which may be a customer's.
const LONGEST_EXTENSION: usize = 6;
const LONGEST_GIVEN: usize = 24;
const LONGEST_ID: usize = 64;

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

fn named(text: Option<&str>) -> Arc<str> {
    text.map_or_else(|| NONE.into(), |text| Arc::from(&*label(text)))
}

fn number(text: Option<&str>) -> Arc<str> {
    text.map_or_else(|| NONE.into(), |text| number::identity(text).into())
}

impl RowReader {
    pub(super) fn of(report: &'static Report, window: Window) -> RowReader {
        let places = Places::of(report);
        RowReader {
            report,
            window,
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

    /// The line with this id.
    pub(super) fn line(&self, id: u32) -> Option<&Line> {
        self.lines.lines.get(id as usize)
    }

    pub(super) fn read(&mut self, fields: &Fields<'_>) -> Row {
        let places = self.places;
        let row = Values { report: self.report, places: &places, fields };
        let sent = row.text(Role::Time).and_then(|text| time(&text));
        let identity = self.identity(&row);
        let content = match sent {
            Some(sent) if sent >= self.window.until => Content::Nothing,
            _ => self.content(&row, sent).unwrap_or_else(|(field, problem)| {
                Content::Fault(Box::new(RowReader::fault(&row, sent, field, problem)))
            }),
        };
        Row { identity, sent, content }
    }

    fn content(&mut self, row: &Values<'_>, sent: Option<Timestamp>) -> Result<Content, Fault> {
        let day = sent.map(|sent| self.day(sent));
        if day.is_some_and(|day| day < self.window.first_day) {
            return Ok(Content::Nothing);
        }
        let Some(amount) = row.amount()? else {
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
        Ok(Content::Charge { day, line: self.line_of(row, currency), amount, units: row.units() })
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

    fn fault(row: &Values<'_>, sent: Option<Timestamp>, field: &'static str, problem: String) -> RowFault {
        let message_id = row
            .text(Role::MessageId)
            .map_or_else(|| "(no message_id)".to_owned(), |id| label(&id).chars().take(LONGEST_ID).collect());
        // A text without a value is a value: none. One that is neither text nor number may be any.
        let readable = |role: Role| row.raw(role).is_none_or(|raw| raw.get() == "null" || is_text(raw));
        let value = |role, name| if readable(role) { Known::Value(name) } else { Known::Unknown };
        RowFault {
            product: row.report.product,
            message_id,
            field,
            problem,
            sent: sent.map_or(Known::Unknown, Known::Value),
            number: value(Role::Number, number(row.text(Role::Number).as_deref())),
            department: value(Role::Department, named(row.text(Role::Department).as_deref())),
            cost_center: value(Role::CostCenter, named(row.text(Role::CostCenter).as_deref())),
            extension: if readable(Role::FromExtension) {
                value(Role::ToExtension, named(row.sender().0.as_deref()))
            } else {
                Known::Unknown
            },
            currency: row.currency().map_or(Known::Unknown, Known::Value),
        }
    }

    /// See the module's text.
    fn identity(&mut self, row: &Values<'_>) -> u128 {
        let known_by = &mut self.known_by;
        known_by.clear();
        for (place, (_, role)) in (0_u8..).zip(self.report.fields).filter(|(_, (_, role))| role.identifies()) {
            let Some(text) = row.fields.get(usize::from(place)).copied().flatten().and_then(text) else {
                continue;
            };
            known_by.extend([0xFF, place]);
            match role {
                Role::Number | Role::Party | Role::Caller => write_number(known_by, &text),
                Role::Rate | Role::Amount => write_decimal(known_by, &text),
                Role::Time => write_time(known_by, &text),
                Role::Currency => known_by.extend(text.bytes().map(|byte| byte.to_ascii_uppercase())),
                _ => known_by.extend_from_slice(text.as_bytes()),
            }
        }
        xxh3_128(known_by)
    }
}

fn is_text(raw: &RawValue) -> bool {
    matches!(raw.get().as_bytes().first(), Some(b'"' | b'-' | b'0'..=b'9'))
}

fn write_number(known_by: &mut Vec<u8>, text: &str) {
    let plain = text.strip_prefix('+').unwrap_or(text);
    if plain.bytes().all(|byte| byte.is_ascii_digit()) {
        known_by.extend_from_slice(plain.as_bytes());
    } else if let Some(number) = Number::parse(text) {
        known_by.extend(number.digits().bytes());
        known_by
            .extend(number.extension().into_iter().flat_map(|extension| [b'x'].into_iter().chain(extension.bytes())));
    } else {
        known_by.extend_from_slice(text.as_bytes());
    }
}

fn write_decimal(known_by: &mut Vec<u8>, text: &str) {
    let is_short = text.len() < 20 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    // As `Amount` writes it: no leading zero but one, no trailing zero behind the point.
    if is_short && !fraction.contains('.') && !whole.is_empty() && (whole.len() == 1 || !whole.starts_with('0')) {
        known_by.extend_from_slice(whole.as_bytes());
        let fraction = fraction.trim_end_matches('0');
        if !fraction.is_empty() {
            known_by.push(b'.');
            known_by.extend_from_slice(fraction.as_bytes());
        }
        return;
    }
    match Amount::parse(text) {
        Ok(amount) => known_by.extend(amount.to_string().bytes()),
        Err(_) => known_by.extend_from_slice(text.as_bytes()),
    }
}

fn write_time(known_by: &mut Vec<u8>, text: &str) {
    let is_plain = text.len() == 20 && text.ends_with('Z') && text.as_bytes().get(10) == Some(&b'T');
    match if is_plain { None } else { time(text) } {
        Some(time) => known_by.extend(time.to_string().bytes()),
        None => known_by.extend_from_slice(text.as_bytes()),
    }
}

/// Zoom's times are UTC; one without its Z is read so too. A bare date is no time.
fn time(text: &str) -> Option<Timestamp> {
    if !text.contains(':') {
        return None;
    }
    // The last hours of the year 9999 are a time too, though no instant that can be reckoned with.
    let utc = |time| TimeZone::UTC.to_timestamp(time).unwrap_or(Timestamp::MAX);
    text.parse().or_else(|_| text.trim_end_matches(['Z', 'z']).parse::<DateTime>().map(utc)).ok()
}

/// The field that cannot be read, and what is wrong with it.
type Fault = (&'static str, String);

/// Where the roles stand in a report's table.
#[derive(Clone, Copy, Debug)]
struct Places([Option<u8>; ROLES]);

impl Places {
    fn of(report: &Report) -> Places {
        let mut places = [None; ROLES];
        for (place, (_, role)) in (0_u8..).zip(report.fields) {
            if let Some(first @ None) = places.get_mut(*role as usize) {
                *first = Some(place);
            }
        }
        Places(places)
    }

    fn place(&self, role: Role) -> Option<usize> {
        self.0.get(role as usize).copied().flatten().map(usize::from)
    }
}

/// The fields of a row by their roles.
struct Values<'a> {
    report: &'static Report,
    places: &'a Places,
    fields: &'a Fields<'a>,
}

impl<'a> Values<'a> {
    fn place(&self, role: Role) -> Option<usize> {
        self.places.place(role)
    }

    fn name(&self, role: Role) -> &'static str {
        self.place(role).and_then(|place| self.report.fields.get(place)).map_or("", |(name, _)| name)
    }

    fn raw(&self, role: Role) -> Option<&'a RawValue> {
        self.fields.get(self.place(role)?).copied().flatten()
    }

    fn text(&self, role: Role) -> Option<Cow<'a, str>> {
        self.raw(role).and_then(text)
    }

    /// The company's own side: the one whose extension is set. Its name is the company's own too; any other name is a customer's.
    fn sender(&self) -> (Option<Cow<'a, str>>, Option<Cow<'a, str>>) {
        for (extension, name) in [(Role::FromExtension, Role::FromName), (Role::ToExtension, Role::ToName)] {
            if let Some(extension) = self.text(extension) {
                return (Some(extension), self.text(name));
            }
        }
        let is_extension =
            |text: &Cow<'_, str>| text.len() <= LONGEST_EXTENSION && text.bytes().all(|byte| byte.is_ascii_digit());
        match self.text(Role::Caller).filter(is_extension) {
            Some(extension) => (Some(extension), self.text(Role::FromName)),
            None => (None, None),
        }
    }

    /// How many messages, minutes or pages the row is for: one, if the report counts none.
    fn units(&self) -> u64 {
        match self.place(Role::Units) {
            Some(_) => self.text(Role::Units).and_then(|text| text.parse().ok()).unwrap_or_default(),
            None => 1,
        }
    }

    /// Whether a field has this value, whatever its type.
    fn says(&self, role: Role, value: &str) -> bool {
        self.raw(role).is_some_and(|raw| raw.get().trim_matches('"').eq_ignore_ascii_case(value))
    }

    /// What the row costs; `None` if Zoom does not know that yet.
    fn amount(&self) -> Result<Option<Amount>, Fault> {
        let field = self.name(Role::Amount);
        let Some(text) = self.text(Role::Amount) else {
            return match () {
                () if self.says(Role::Included, "true") => Ok(Some(Amount::ZERO)),
                () if self.says(Role::Status, PENDING) => Ok(None),
                () => Err((field, "is missing; a charge that is not known is not zero".to_owned())),
            };
        };
        let amount = Amount::parse(&text).map_err(|fault| (field, format!("{} {fault}", shown(&text))))?;
        if amount.places() > MOST_PLACES {
            return Err((field, format!("has more than {MOST_PLACES} decimal places")));
        }
        if amount.abs().decimal() >= MOST_MAGNITUDE.into() {
            return Err((field, format!("is {MOST_MAGNITUDE} or more")));
        }
        // A price that is to come may be written as zero.
        let is_open = amount.is_zero() && self.says(Role::Status, PENDING) && !self.says(Role::Included, "true");
        Ok((!is_open).then_some(amount))
    }

    fn currency(&self) -> Result<Currency, Fault> {
        let field = self.name(Role::Currency);
        let text = self.text(Role::Currency).ok_or_else(|| (field, "is missing".to_owned()))?;
        Currency::parse(&text).map_err(|fault| (field, format!("{} {fault}", shown(&text))))
    }

    fn time_fault(&self) -> Fault {
        let problem = match self.text(Role::Time) {
            Some(text) => format!("{} is not a time such as 2026-11-22T02:58:01Z", shown(&text)),
            None => "is missing".to_owned(),
        };
        (self.name(Role::Time), problem)
    }
}

fn shown(given: &str) -> String {
    let given = label(given);
    match given.char_indices().nth(LONGEST_GIVEN) {
        Some((end, _)) => format!("\"{}…\"", given.get(..end).unwrap_or_default()),
        None => format!("{given:?}"),
    }
}

#[cfg(test)]
mod tests;
