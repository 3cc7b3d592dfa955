//! A row of Zoom's report becomes a [`Charge`], or a fault that names the row.
//!
//! Zoom documents every field as a string and none as required, and has no identity for a row: rows of one group message may share their
//! message id, and a row near the edge of a page may come again on the next. A row is therefore known by *all* its fields but the delivery
//! status, the one that is known to change while a report is read. Two rows with a message id that differ in nothing else are one row.
//! Of rows without a message id, a page shows as many as there are, and another page repeats them or not: see the walk of the report.
//!
//! What a row is known by is kept as a digest of 128 bits (XXH3), so that two rows are taken for one by chance less often than disks err:
//! among a thousand million rows with a chance below 1 in 10^20.
//!
//! A row without a charge ("0") is not counted. A row whose charge, currency or time cannot be read is a fault, never a zero.

use std::borrow::Cow;
use std::fmt;
use std::hash::Hasher;
use std::ops::Range;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{Offset, TimeZone};
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use xxhash_rust::xxh3::xxh3_128_with_seed;

use super::money::{Amount, Currency, MoneyFault, trimmed};

/// What a text field of a row holds. Absent, null and blank are the same.
#[derive(Debug, Default)]
enum Field<'a> {
    #[default]
    Nothing,
    /// Without blanks around it, and never empty.
    Text(Cow<'a, str>),
    /// A JSON value that is neither text nor a whole number.
    Unreadable,
}

impl Field<'_> {
    fn text(&self) -> Option<&str> {
        match self {
            Field::Text(text) => Some(text),
            Field::Nothing | Field::Unreadable => None,
        }
    }
}

impl<'de> Field<'de> {
    /// Reads the field's value, and answers its part of the row's identity.
    fn take<A: MapAccess<'de>>(&mut self, key: Key, members: &mut A) -> Result<u128, A::Error> {
        *self = members.next_value_seed(FieldReader(|given: Given<'de, '_>| match given {
            Given::Borrowed(text) => Field::Text(Cow::Borrowed(text)),
            Given::Passing(text) => Field::Text(Cow::Owned(text.to_owned())),
            Given::Nothing => Field::Nothing,
            Given::Unreadable => Field::Unreadable,
        }))?;
        Ok(self.text().map_or(0, |text| digest(key, text)))
    }
}

/// What the parser has in hand: text of the page itself, or text that is gone after the call, since it had escapes.
enum Given<'de, 's> {
    Nothing,
    Borrowed(&'de str),
    Passing(&'s str),
    Unreadable,
}

/// Reads a field, and makes of it what is asked for; so what is only looked at is not kept, and not copied.
struct FieldReader<F>(F);

impl<'de, T, F: for<'s> FnOnce(Given<'de, 's>) -> T> Visitor<'de> for FieldReader<F> {
    type Value = T;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("any JSON value")
    }
    #[inline]
    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<T, E> {
        let text = trimmed(text);
        Ok(self.0(if text.is_empty() { Given::Nothing } else { Given::Borrowed(text) }))
    }
    fn visit_str<E>(self, text: &str) -> Result<T, E> {
        let text = trimmed(text);
        Ok(self.0(if text.is_empty() { Given::Nothing } else { Given::Passing(text) }))
    }
    fn visit_u64<E>(self, number: u64) -> Result<T, E> {
        Ok(self.0(Given::Passing(&number.to_string())))
    }
    fn visit_i64<E>(self, number: i64) -> Result<T, E> {
        Ok(self.0(Given::Passing(&number.to_string())))
    }
    #[expect(clippy::disallowed_types, reason = "serde's signature; the number is not used")]
    fn visit_f64<E>(self, _: f64) -> Result<T, E> {
        Ok(self.0(Given::Unreadable))
    }
    fn visit_bool<E>(self, _: bool) -> Result<T, E> {
        Ok(self.0(Given::Unreadable))
    }
    fn visit_unit<E>(self) -> Result<T, E> {
        Ok(self.0(Given::Nothing))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<T, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(self.0(Given::Unreadable))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<T, A::Error> {
        while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(self.0(Given::Unreadable))
    }
}

impl<'de, T, F: for<'s> FnOnce(Given<'de, 's>) -> T> DeserializeSeed<'de> for FieldReader<F> {
    type Value = T;

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        deserializer.deserialize_any(self)
    }
}

/// The fields that a row is known by, as the API page "Get SMS/MMS charges usage report" names them (e-mail fields since February 2026).
#[derive(Clone, Copy)]
enum Key {
    SessionId,
    MessageId,
    MessageType,
    FromNumber,
    FromExtensionNumber,
    FromDisplayName,
    FromEmail,
    ToNumber,
    ToExtensionNumber,
    ToDisplayName,
    ToEmail,
    SentTime,
    BillingNumber,
    CostCenter,
    Department,
    Rate,
    Currency,
    TotalCharge,
    /// The delivery's fields, and whatever Zoom adds.
    Other,
}

impl<'de> Deserialize<'de> for Key {
    #[inline]
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Key, D::Error> {
        deserializer.deserialize_identifier(KeyVisitor)
    }
}

struct KeyVisitor;

impl Visitor<'_> for KeyVisitor {
    type Value = Key;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("the name of a field")
    }
    #[inline]
    fn visit_str<E>(self, name: &str) -> Result<Key, E> {
        // Length and first letter tell the known names apart, so that one comparison is enough.
        Ok(match (name.len(), name.as_bytes().first()) {
            (10, Some(b's')) if name == "session_id" => Key::SessionId,
            (10, Some(b'm')) if name == "message_id" => Key::MessageId,
            (12, Some(b'm')) if name == "message_type" => Key::MessageType,
            (11, Some(b'f')) if name == "from_number" => Key::FromNumber,
            (21, Some(b'f')) if name == "from_extension_number" => Key::FromExtensionNumber,
            (17, Some(b'f')) if name == "from_display_name" => Key::FromDisplayName,
            (10, Some(b'f')) if name == "from_email" => Key::FromEmail,
            (9, Some(b't')) if name == "to_number" => Key::ToNumber,
            (19, Some(b't')) if name == "to_extension_number" => Key::ToExtensionNumber,
            (15, Some(b't')) if name == "to_display_name" => Key::ToDisplayName,
            (8, Some(b't')) if name == "to_email" => Key::ToEmail,
            (9, Some(b's')) if name == "sent_time" => Key::SentTime,
            (14, Some(b'b')) if name == "billing_number" => Key::BillingNumber,
            (11, Some(b'c')) if name == "cost_center" => Key::CostCenter,
            (10, Some(b'd')) if name == "department" => Key::Department,
            (4, Some(b'r')) if name == "rate" => Key::Rate,
            (8, Some(b'c')) if name == "currency" => Key::Currency,
            (12, Some(b't')) if name == "total_charge" => Key::TotalCharge,
            _ => Key::Other,
        })
    }
}

/// One element of `sms_charges`: what a charge is made of, and what the whole row is known by.
#[derive(Debug, Default)]
pub struct Row<'a> {
    message_id: Field<'a>,
    from_extension_number: Field<'a>,
    to_extension_number: Field<'a>,
    sent_time: Field<'a>,
    billing_number: Field<'a>,
    cost_center: Field<'a>,
    department: Field<'a>,
    currency: Field<'a>,
    /// Raw, so that a JSON number is read from its own digits.
    total_charge: Option<&'a RawValue>,
    identity: u128,
}

impl<'de> Deserialize<'de> for Row<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Row<'de>, D::Error> {
        let mut row = Row::default();
        RowReader(&mut row).deserialize(deserializer)?;
        Ok(row)
    }
}

/// Reads a row in place, into one that is empty: a row is large to hand on.
pub(crate) struct RowReader<'r, 'de>(pub(crate) &'r mut Row<'de>);

impl<'de> DeserializeSeed<'de> for RowReader<'_, 'de> {
    type Value = ();

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for RowReader<'_, 'de> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a row of the report")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let row = self.0;
        let mut seen = 0_u32;
        while let Some(key) = members.next_key::<Key>()? {
            let part = match key {
                Key::Other => {
                    members.next_value::<IgnoredAny>()?;
                    continue;
                }
                Key::MessageId => row.message_id.take(key, &mut members)?,
                Key::FromExtensionNumber => row.from_extension_number.take(key, &mut members)?,
                Key::ToExtensionNumber => row.to_extension_number.take(key, &mut members)?,
                Key::SentTime => row.sent_time.take(key, &mut members)?,
                Key::BillingNumber => row.billing_number.take(key, &mut members)?,
                Key::CostCenter => row.cost_center.take(key, &mut members)?,
                Key::Department => row.department.take(key, &mut members)?,
                Key::Currency => row.currency.take(key, &mut members)?,
                Key::Rate => members.next_value::<Option<&'de RawValue>>()?.map_or(0, |raw| digest(key, figure(raw))),
                Key::TotalCharge => {
                    row.total_charge = members.next_value()?;
                    row.total_charge.map_or(0, |raw| digest(key, figure(raw)))
                }
                // The others are only known by.
                _ => members.next_value_seed(FieldReader(|given: Given<'de, '_>| match given {
                    Given::Borrowed(text) | Given::Passing(text) => digest(key, text),
                    Given::Nothing | Given::Unreadable => 0,
                }))?,
            };
            let bit = 1 << key as u32;
            if seen & bit != 0 {
                return Err(A::Error::custom("a field stands twice in a row"));
            }
            seen |= bit;
            row.identity = row.identity.wrapping_add(part);
        }
        Ok(())
    }
}

/// The hash of an identity, which is one already: some of its bits.
#[derive(Clone, Copy, Debug, Default)]
pub struct IdentityHasher(u64);

impl Hasher for IdentityHasher {
    fn write_u128(&mut self, identity: u128) {
        self.0 = identity as u64;
    }
    fn write(&mut self, bytes: &[u8]) {
        self.0 = bytes.iter().fold(self.0, |hash, byte| hash.rotate_left(8) ^ u64::from(*byte));
    }
    fn finish(&self) -> u64 {
        self.0
    }
}

/// A field's part of a row's identity: nothing if it holds nothing. Parts are added up, so that the order of the fields does not matter.
#[inline(never)] // It is large, and called for each of many fields.
fn digest(key: Key, text: &str) -> u128 {
    if text.is_empty() { 0 } else { xxh3_128_with_seed(text.as_bytes(), key as u64) }
}

/// A figure's digits, whether it was written as text or as a number.
#[inline]
fn figure(raw: &RawValue) -> &str {
    let raw = raw.get();
    trimmed(unquoted(raw).unwrap_or(raw))
}

/// What stands between the quotation marks, if it is text.
fn unquoted(raw: &str) -> Option<&str> {
    raw.strip_prefix('"')?.strip_suffix('"')
}

/// A charged message, counted in the period of its `sent`.
#[derive(Debug, PartialEq, Eq)]
pub struct Charge<'a> {
    /// When the message was sent.
    pub sent: Timestamp,
    /// What it cost; negative for a credit.
    pub amount: Amount,
    /// The currency of `amount`.
    pub currency: Currency,
    /// The company's number that is billed; `None` without one.
    pub billing_number: Option<&'a str>,
    /// The department; `None` without one.
    pub department: Option<&'a str>,
    /// The cost center; `None` without one.
    pub cost_center: Option<&'a str>,
    /// The company's own extension that sent (or, of an inbound message, received) it.
    pub extension: Option<&'a str>,
}

/// A row that might carry a charge and cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the row of message {message_id}: {field} {problem}")]
pub struct RowFault {
    /// Zoom's id of the message, or `(no message_id)`.
    pub message_id: String,
    /// The field that cannot be read.
    pub field: &'static str,
    /// What is wrong with it, with what was given.
    pub problem: String,
    /// When the message was sent; `None` if that is what cannot be read.
    pub sent: Option<Timestamp>,
    /// Tells the row from every other.
    pub identity: u128,
}

/// A row with more would leave the sums of its currency too few digits.
const MOST_PLACES: u32 = 22;
const LONGEST_GIVEN: usize = 24;
const LONGEST_ID: usize = 64;

impl Row<'_> {
    /// The row's charge if it has one and was sent within `window`.
    ///
    /// # Errors
    /// A [`RowFault`] if the row's charge, time or currency cannot be read, and the row may belong to the window.
    pub fn charge(&self, window: &Range<Timestamp>) -> Result<Option<Charge<'_>>, RowFault> {
        let sent = self.sent();
        if sent.as_ref().is_ok_and(|sent| !window.contains(sent)) {
            return Ok(None);
        }
        let amount = self.amount()?;
        if amount.places() > MOST_PLACES {
            return Err(self.fault("total_charge", format!("has more than {MOST_PLACES} decimal places")));
        }
        if amount.is_zero() {
            return Ok(None);
        }
        let sent = sent?;
        let currency = self.text("currency", &self.currency)?;
        let currency = Currency::parse(currency).map_err(|fault| self.money_fault("currency", currency, fault))?;
        Ok(Some(Charge {
            sent,
            amount,
            currency,
            billing_number: self.billing_number.text(),
            department: self.department.text(),
            cost_center: self.cost_center.text(),
            extension: self.from_extension_number.text().or(self.to_extension_number.text()),
        }))
    }

    fn sent(&self) -> Result<Timestamp, RowFault> {
        let given = self.text("sent_time", &self.sent_time)?;
        self.sent_at().ok_or_else(|| {
            let problem = format!("{} is not a time such as 2026-11-22T02:58:01Z", shown(given));
            self.fault("sent_time", problem)
        })
    }

    /// When the message was sent, if that can be read. Zoom's times are UTC; one without its Z is read so too.
    #[must_use]
    pub fn sent_at(&self) -> Option<Timestamp> {
        let given = self.sent_time.text()?;
        plain_time(given).or_else(|| any_time(given))
    }

    fn amount(&self) -> Result<Amount, RowFault> {
        const FIELD: &str = "total_charge";
        let missing = || self.fault(FIELD, "is missing; a charge that is not known is not zero".to_owned());
        let raw = self.total_charge.ok_or_else(missing)?;
        let text: Cow<'_, str> = match unquoted(raw.get()) {
            None => Cow::Borrowed(raw.get()),
            Some(plain) if !plain.contains('\\') => Cow::Borrowed(plain),
            Some(_) => serde_json::from_str(raw.get())
                .map(Cow::Owned::<str>)
                .map_err(|_| self.fault(FIELD, "is not readable text".to_owned()))?,
        };
        let text = trimmed(&text);
        if text.is_empty() {
            return Err(missing());
        }
        Amount::parse(text).map_err(|fault| self.money_fault(FIELD, text, fault))
    }

    fn text<'s>(&self, field: &'static str, value: &'s Field<'_>) -> Result<&'s str, RowFault> {
        value.text().ok_or_else(|| {
            let problem =
                if matches!(value, Field::Unreadable) { "is neither text nor a whole number" } else { "is missing" };
            self.fault(field, problem.to_owned())
        })
    }

    fn money_fault(&self, field: &'static str, given: &str, fault: MoneyFault) -> RowFault {
        self.fault(field, format!("{} {fault}", shown(given)))
    }

    /// A fault of this row, which it names.
    pub(crate) fn fault(&self, field: &'static str, problem: String) -> RowFault {
        let message_id = match self.message_id.text() {
            Some(id) => cut(&id.replace(char::is_control, " "), LONGEST_ID),
            None => "(no message_id)".to_owned(),
        };
        RowFault { message_id, field, problem, sent: self.sent_at(), identity: self.identity() }
    }

    /// Whether Zoom gave the message an id.
    pub(crate) fn has_message_id(&self) -> bool {
        self.message_id.text().is_some()
    }

    /// Tells the row from every other (see the module's text).
    pub(crate) fn identity(&self) -> u128 {
        self.identity
    }
}

/// A time as Zoom writes it, `2026-11-22T02:58:01Z`; all else is [`any_time`]'s.
fn plain_time(text: &str) -> Option<Timestamp> {
    let &[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, b'T', h1, h2, b':', n1, n2, b':', s1, s2, b'Z'] =
        text.as_bytes().first_chunk::<20>().filter(|_| text.len() == 20)?
    else {
        return None;
    };
    let two = |tens: u8, ones: u8| {
        let both = [tens, ones].iter().all(u8::is_ascii_digit);
        both.then(|| i8::try_from((tens - b'0') * 10 + (ones - b'0')).ok()).flatten()
    };
    let year = i16::from(two(y1, y2)?) * 100 + i16::from(two(y3, y4)?);
    let date = Date::new(year, two(m1, m2)?, two(d1, d2)?).ok()?;
    let time = Time::new(two(h1, h2)?, two(n1, n2)?, two(s1, s2)?, 0).ok()?;
    Offset::UTC.to_timestamp(DateTime::from_parts(date, time)).ok()
}

fn any_time(given: &str) -> Option<Timestamp> {
    // A bare date would be read as its midnight.
    if !given.contains(':') {
        return None;
    }
    let utc = |time| TimeZone::UTC.to_timestamp(time);
    given.parse().or_else(|_| given.parse::<DateTime>().and_then(utc)).ok()
}

fn shown(given: &str) -> String {
    format!("{:?}", cut(given, LONGEST_GIVEN))
}

fn cut(text: &str, longest: usize) -> String {
    match text.char_indices().nth(longest) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn window() -> Range<Timestamp> {
        "2026-11-01T00:00:00Z".parse().unwrap().."2026-12-01T00:00:00Z".parse().unwrap()
    }

    fn row() -> serde_json::Value {
        json!({"message_id": "M-1", "from_number": "12025550100", "to_number": "447700900123", "sent_time": "2026-11-05T10:00:00Z",
               "billing_number": " +14085550000 ", "department": "", "currency": "usd", "total_charge": "0.0205", "delivery_status": "Sent"})
    }

    fn read(row: &serde_json::Value) -> Result<Option<String>, String> {
        let text = row.to_string();
        let row: Row = serde_json::from_str(&text).unwrap();
        let charge = row.charge(&window()).map_err(|fault| fault.to_string())?;
        Ok(charge.map(|charge| {
            format!("{} {} {:?} {:?}", charge.amount, charge.currency, charge.billing_number, charge.department)
        }))
    }

    fn with(name: &str, value: serde_json::Value) -> serde_json::Value {
        let mut row = row();
        row[name] = value;
        row
    }

    fn identity(row: &serde_json::Value) -> u128 {
        let text = row.to_string();
        serde_json::from_str::<Row>(&text).unwrap().identity()
    }

    #[test]
    fn a_row_is_read_or_named_with_what_is_wrong() {
        let fine = Ok(Some("0.0205 USD Some(\"+14085550000\") None".to_owned()));
        let fault = |text: &str| Err(format!("the row of message M-1: {text}"));
        for (row, expected) in [
            (row(), fine.clone()),
            // Zoom adds fields without notice, and numbers may come as JSON numbers.
            (with("segments", json!({"new": [1, 2.5]})), fine.clone()),
            (serde_json::from_str(&row().to_string().replace("\"0.0205\"", "0.0205")).unwrap(), fine.clone()),
            (with("sent_time", json!("2026-11-05T10:00:00")), fine.clone()),
            (with("sent_time", json!("2026-11-05T12:00:00+02:00")), fine),
            // No charge, nothing to count, whatever else is wrong with the row.
            (with("total_charge", json!("0.00")), Ok(None)),
            // Another window's row: its own window will speak of its faults.
            (with("sent_time", json!("2026-10-31T23:59:59Z")), Ok(None)),
            // Unknown is never zero.
            (
                with("total_charge", json!(null)),
                fault("total_charge is missing; a charge that is not known is not zero"),
            ),
            (
                with("total_charge", json!(" ")),
                fault("total_charge is missing; a charge that is not known is not zero"),
            ),
            (with("total_charge", json!("0,02")), fault("total_charge \"0,02\" is not a decimal number")),
            (with("total_charge", json!(true)), fault("total_charge \"true\" is not a decimal number")),
            (with("currency", json!(null)), fault("currency is missing")),
            (with("currency", json!({"code": "USD"})), fault("currency is neither text nor a whole number")),
            (
                with("currency", json!("DOLLARS AND MANY OTHER WORDS")),
                fault("currency \"DOLLARS AND MANY OTHER W…\" is not an ISO 4217 currency code"),
            ),
            (
                with("sent_time", json!("2026-11-05")),
                fault("sent_time \"2026-11-05\" is not a time such as 2026-11-22T02:58:01Z"),
            ),
            (
                with("total_charge", json!("0.00000000000000000000001")),
                fault("total_charge has more than 22 decimal places"),
            ),
            (
                with("sent_time", json!("yesterday")),
                fault("sent_time \"yesterday\" is not a time such as 2026-11-22T02:58:01Z"),
            ),
        ] {
            assert_eq!(read(&row), expected, "{row}");
        }
    }

    #[test]
    fn a_json_number_is_read_from_its_digits() {
        let text = r#"{"sent_time":"2026-11-05T10:00:00Z","currency":"USD","total_charge":0.1000000000000000000001}"#;
        let row: Row = serde_json::from_str(text).unwrap();
        assert_eq!(row.charge(&window()).unwrap().unwrap().amount.to_string(), "0.1000000000000000000001");
    }

    #[test]
    fn text_with_escapes_is_read_as_what_it_says() {
        let text = r#"{"message\u005fid":"M-1","sent_time":"2026\u002d11-05T10:00:00Z","currency":"\u0055SD","total_charge":"\u0030.5",
                       "department":"R\u0026D"}"#;
        let row: Row = serde_json::from_str(text).unwrap();
        let charge = row.charge(&window()).unwrap().unwrap();
        assert_eq!((charge.amount.to_string().as_str(), charge.department), ("0.5", Some("R&D")));
        assert!(row.has_message_id());
    }

    #[test]
    fn a_field_that_stands_twice_makes_no_row() {
        for name in ["message_id", "rate", "total_charge", "to_email"] {
            let text = format!(r#"{{"{name}":null,"{name}":"1"}}"#);
            assert!(serde_json::from_str::<Row>(&text).is_err(), "{name}");
        }
        assert!(serde_json::from_str::<Row>(r#"{"new":1,"new":2}"#).is_ok());
    }

    #[test]
    fn a_row_is_known_whatever_the_order_of_its_fields() {
        let forth = r#"{"message_id":"A","department":"B","rate":"0.1","total_charge":"0.2","to_number":"1","from_number":"2"}"#;
        let back = r#"{"from_number":"2","to_number":"1","total_charge":"0.2","rate":"0.1","department":"B","message_id":"A"}"#;
        let other = r#"{"from_number":"1","to_number":"2","total_charge":"0.2","rate":"0.1","department":"B","message_id":"A"}"#;
        let known = |text| serde_json::from_str::<Row>(text).unwrap().identity();
        assert_eq!(known(forth), known(back));
        assert_ne!(known(forth), known(other), "the same values, but of other fields");
    }

    #[test]
    fn a_row_is_known_whichever_way_nothing_is_written() {
        for field in ["message_id", "to_email", "rate", "total_charge", "cost_center"] {
            let mut absent = row();
            absent.as_object_mut().unwrap().remove(field);
            for nothing in [json!(null), json!(""), json!(" ")] {
                assert_eq!(identity(&absent), identity(&with(field, nothing)), "{field}");
            }
        }
        assert_eq!(identity(&with("rate", json!("7"))), identity(&with("rate", json!(7))));
        assert_eq!(identity(&with("to_number", json!("7"))), identity(&with("to_number", json!(7))));
    }

    #[test]
    fn a_row_is_known_by_all_but_its_delivery() {
        let known = identity(&row());
        assert_eq!(known, identity(&with("delivery_status", json!("Delivered"))));
        assert_eq!(known, identity(&with("delivery_detail", json!("at the handset"))));
        for field in [
            "message_id",
            "to_number",
            "to_extension_number",
            "to_email",
            "sent_time",
            "total_charge",
            "message_type",
            "rate",
        ] {
            assert_ne!(known, identity(&with(field, json!("other"))), "{field}");
        }
    }

    #[test]
    fn a_plain_time_is_read_only_if_there_is_such_a_time() {
        assert_eq!(plain_time("2026-11-22T02:58:01Z"), "2026-11-22T02:58:01Z".parse().ok());
        assert_eq!(plain_time("2024-02-29T23:59:59Z"), "2024-02-29T23:59:59Z".parse().ok());
        for text in [
            "2026-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-00-10T00:00:00Z",
            "2026-11-22T24:00:00Z",
            "2026-11-22T02:60:01Z",
            "2026-11-22T02:58:60Z",
            "2026-11-22 02:58:01Z",
            "2026-11-22T02:58:01z",
            "2026-11-22T02:58:01",
            "2026-11-22T02:58:01Z ",
            "2026-11-22T02:58:01.5Z",
            "+026-11-22T02:58:01Z",
            "",
        ] {
            assert_eq!(plain_time(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_plain_time_is_the_one_that_any_time_would_be(second in -62_135_596_800_i64..253_402_207_200) {
            let at = Timestamp::from_second(second).unwrap();
            let text = at.to_string();
            prop_assert_eq!(plain_time(&text), Some(at));
            prop_assert_eq!(any_time(&text), Some(at));
        }

        #[test]
        fn what_is_no_plain_time_is_left_to_any_time(text in "[0-9]{4}-[0-9]{2}-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]:[0-6][0-9]Z") {
            if let Some(at) = plain_time(&text) {
                prop_assert_eq!(any_time(&text), Some(at));
            }
        }
    }
}
