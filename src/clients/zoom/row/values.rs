//! What the fields of a row say, by their roles; a field that cannot be read is a fault that names it.

use std::borrow::Cow;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use rust_decimal::prelude::ToPrimitive as _;
use serde_json::value::RawValue;

use crate::clients::zoom::page::{Fields, is_readable, text};
use crate::clients::zoom::reports::{ROLES, Report, Role};
use crate::domain::charge::NONE;
use crate::domain::coverage::{Known, RowFault};
use crate::domain::money::{Amount, Currency};
use crate::domain::number;
use crate::domain::text::{label, quoted};
use crate::domain::totals::{MOST_MAGNITUDE, MOST_PLACES};

/// What a row without a price says of its charge.
const PENDING: &str = "pending";
/// Digits of an extension: a caller with more is a telephone number, which may be a customer's.
const LONGEST_EXTENSION: usize = 6;
/// Whose a charge is.
const WHOSE: [Role; 6] =
    [Role::Number, Role::Department, Role::CostCenter, Role::FromExtension, Role::ToExtension, Role::Caller];
const LONGEST_GIVEN: usize = 24;
const LONGEST_ID: usize = 64;

/// The field that cannot be read, and what is wrong with it.
pub(super) type Fault = (&'static str, String);

/// Where the roles stand in a report's table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Places([Option<u8>; ROLES]);

impl Places {
    pub(super) fn of(report: &Report) -> Places {
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
pub(super) struct Values<'a> {
    pub(super) report: &'static Report,
    pub(super) places: &'a Places,
    pub(super) fields: &'a Fields<'a>,
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

    pub(super) fn text(&self, role: Role) -> Option<Cow<'a, str>> {
        self.raw(role).and_then(text)
    }

    /// The company's own side: the one whose extension is set. Its name is the company's own too; any other name is a customer's.
    pub(super) fn sender(&self) -> (Option<Cow<'a, str>>, Option<Cow<'a, str>>) {
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

    /// How many messages, minutes or pages the row is for: one, if it does not say so. A part of one counts as one.
    pub(super) fn units(&self) -> Result<u64, Fault> {
        let Some(text) = self.text(Role::Units) else { return Ok(1) };
        let units = Amount::parse(&text).ok().filter(|units| units.abs().decimal() < MOST_MAGNITUDE.into());
        let units = units.and_then(|units| units.decimal().ceil().to_u64());
        units.ok_or_else(|| (self.name(Role::Units), format!("{} is no number of them", shown(&text))))
    }

    /// Whether a field has this value, whatever its type.
    fn says(&self, role: Role, value: &str) -> bool {
        self.raw(role).is_some_and(|raw| raw.get().trim_matches('"').eq_ignore_ascii_case(value))
    }

    /// What the row costs; `None` if Zoom does not know that yet.
    pub(super) fn amount(&self) -> Result<Option<Amount>, Fault> {
        let field = self.name(Role::Amount);
        let Some(text) = self.text(Role::Amount) else {
            if self.says(Role::Included, "true") {
                return Ok(Some(Amount::ZERO));
            }
            let missing = (field, "is missing; a charge that is not known is not zero".to_owned());
            return if self.says(Role::Status, PENDING) { Ok(None) } else { Err(missing) };
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

    pub(super) fn currency(&self) -> Result<Currency, Fault> {
        let field = self.name(Role::Currency);
        let text = self.text(Role::Currency).ok_or_else(|| (field, "is missing".to_owned()))?;
        Currency::parse(&text).map_err(|fault| (field, format!("{} {fault}", shown(&text))))
    }

    /// That the row can be whoever's its fields say: a field that is neither a text nor a number may be any.
    pub(super) fn is_somebodys(&self) -> Result<(), Fault> {
        let is_unreadable = |role: &Role| self.raw(*role).is_some_and(|raw| !is_readable(raw));
        match WHOSE.iter().find(|role| is_unreadable(role)) {
            Some(role) => Err((self.name(*role), "is neither a text nor a number".to_owned())),
            None => Ok(()),
        }
    }

    pub(super) fn time_fault(&self) -> Fault {
        let problem = match self.text(Role::Time) {
            Some(text) => format!("{} is not a time such as 2026-11-22T02:58:01Z", shown(&text)),
            None => "is missing".to_owned(),
        };
        (self.name(Role::Time), problem)
    }

    /// The row as a fault: what is wrong with one of its fields, and which charges it can belong to.
    pub(super) fn fault(&self, sent: Option<Timestamp>, field: &'static str, problem: String) -> RowFault {
        let message_id = self
            .text(Role::MessageId)
            .map_or_else(|| "(no message_id)".to_owned(), |id| label(&id).chars().take(LONGEST_ID).collect());
        let readable = |role: Role| self.raw(role).is_none_or(is_readable);
        let value = |role, name| if readable(role) { Known::Value(name) } else { Known::Unknown };
        RowFault {
            product: self.report.product,
            message_id,
            field,
            problem,
            sent: sent.map_or(Known::Unknown, Known::Value),
            number: value(Role::Number, number(self.text(Role::Number).as_deref())),
            department: value(Role::Department, named(self.text(Role::Department).as_deref())),
            cost_center: value(Role::CostCenter, named(self.text(Role::CostCenter).as_deref())),
            extension: if [Role::FromExtension, Role::ToExtension, Role::Caller].into_iter().all(readable) {
                Known::Value(named(self.sender().0.as_deref()))
            } else {
                Known::Unknown
            },
            currency: self.currency().map_or(Known::Unknown, Known::Value),
        }
    }
}

/// Zoom's times are UTC; one without its Z is read so too. A bare date is no time.
pub(super) fn time(text: &str) -> Option<Timestamp> {
    if !text.contains(':') {
        return None;
    }
    // The last hours of the year 9999 are a time too, though no instant that can be reckoned with.
    let utc = |time| TimeZone::UTC.to_timestamp(time).unwrap_or(Timestamp::MAX);
    text.parse().or_else(|_| text.trim_end_matches(['Z', 'z']).parse::<DateTime>().map(utc)).ok()
}

pub(super) fn named(text: Option<&str>) -> Arc<str> {
    // A text of signs that show nothing is none.
    let label = text.map(label).filter(|label| !label.is_empty());
    label.map_or_else(|| NONE.into(), |label| Arc::from(&*label))
}

pub(super) fn number(text: Option<&str>) -> Arc<str> {
    text.map_or_else(|| NONE.into(), |text| number::identity(text).into())
}

fn shown(given: &str) -> String {
    let given = quoted(given);
    match given.char_indices().nth(LONGEST_GIVEN) {
        Some((end, _)) => format!("\"{}…\"", given.get(..end).unwrap_or_default()),
        None => format!("{given:?}"),
    }
}
