//! A row of Zoom's report becomes a [`Charge`], or a fault that names the row.
//!
//! Zoom documents every field as a string and none as required, and has no identity for a row: rows of one group message may share their
//! message id, and a row near the edge of a page may come again on the next. A row is therefore known by *all* its fields but the delivery
//! status, the one that is known to change while a report is read. Two rows with a message id that differ in nothing else are one row.
//! Of rows without a message id, a page shows as many as there are, and another page repeats them or not: see the walk of the report.
//!
//! A row without a charge ("0") is not counted. A row whose charge, currency or time cannot be read is a fault, never a zero.

use std::borrow::Cow;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Range;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::money::{Amount, Currency, MoneyFault};

/// What a text field of a row holds. Absent, null and blank are the same.
#[derive(Debug, Default, Hash)]
enum Field<'a> {
    #[default]
    Nothing,
    Text(Cow<'a, str>),
    /// A JSON value that is neither text nor a whole number.
    Unreadable,
}

impl Field<'_> {
    fn text(&self) -> Option<&str> {
        match self {
            Field::Text(text) => Some(text.trim()).filter(|text| !text.is_empty()),
            Field::Nothing | Field::Unreadable => None,
        }
    }
}

struct FieldVisitor;

impl<'de> Visitor<'de> for FieldVisitor {
    type Value = Field<'de>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("any JSON value")
    }
    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Field<'de>, E> {
        Ok(Field::Text(Cow::Borrowed(text)))
    }
    fn visit_str<E>(self, text: &str) -> Result<Field<'de>, E> {
        Ok(Field::Text(Cow::Owned(text.to_owned())))
    }
    fn visit_u64<E>(self, number: u64) -> Result<Field<'de>, E> {
        Ok(Field::Text(Cow::Owned(number.to_string())))
    }
    fn visit_i64<E>(self, number: i64) -> Result<Field<'de>, E> {
        Ok(Field::Text(Cow::Owned(number.to_string())))
    }
    #[expect(clippy::disallowed_types, reason = "serde's signature; the number is not used")]
    fn visit_f64<E>(self, _: f64) -> Result<Field<'de>, E> {
        Ok(Field::Unreadable)
    }
    fn visit_bool<E>(self, _: bool) -> Result<Field<'de>, E> {
        Ok(Field::Unreadable)
    }
    fn visit_unit<E>(self) -> Result<Field<'de>, E> {
        Ok(Field::Nothing)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Field<'de>, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Field::Unreadable)
    }
    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Field<'de>, A::Error> {
        while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Field::Unreadable)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Field<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FieldVisitor)
    }
}

/// One element of `sms_charges` as Zoom writes it (API page "Get SMS/MMS charges usage report"; e-mail fields since February 2026).
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Row<'a> {
    #[serde(borrow)]
    session_id: Field<'a>,
    #[serde(borrow)]
    message_id: Field<'a>,
    #[serde(borrow)]
    message_type: Field<'a>,
    #[serde(borrow)]
    from_number: Field<'a>,
    #[serde(borrow)]
    from_extension_number: Field<'a>,
    #[serde(borrow)]
    from_display_name: Field<'a>,
    #[serde(borrow)]
    from_email: Field<'a>,
    #[serde(borrow)]
    to_number: Field<'a>,
    #[serde(borrow)]
    to_extension_number: Field<'a>,
    #[serde(borrow)]
    to_display_name: Field<'a>,
    #[serde(borrow)]
    to_email: Field<'a>,
    #[serde(borrow)]
    sent_time: Field<'a>,
    #[serde(borrow)]
    billing_number: Field<'a>,
    #[serde(borrow)]
    cost_center: Field<'a>,
    #[serde(borrow)]
    department: Field<'a>,
    #[serde(borrow)]
    rate: Option<&'a RawValue>,
    #[serde(borrow)]
    currency: Field<'a>,
    /// Raw, so that a JSON number is read from its own digits.
    #[serde(borrow)]
    total_charge: Option<&'a RawValue>,
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
        // A bare date would be read as its midnight.
        let given = self.sent_time.text().filter(|given| given.contains(':'))?;
        let utc = |time| TimeZone::UTC.to_timestamp(time);
        given.parse().or_else(|_| given.parse::<DateTime>().and_then(utc)).ok()
    }

    fn amount(&self) -> Result<Amount, RowFault> {
        const FIELD: &str = "total_charge";
        let missing = || self.fault(FIELD, "is missing; a charge that is not known is not zero".to_owned());
        let raw = self.total_charge.map(RawValue::get).filter(|raw| *raw != "null").ok_or_else(missing)?;
        let text: Cow<'_, str> = if raw.starts_with('"') {
            serde_json::from_str(raw)
                .map(Cow::Owned::<str>)
                .map_err(|_| self.fault(FIELD, "is not readable text".to_owned()))?
        } else {
            Cow::Borrowed(raw)
        };
        if text.trim().is_empty() {
            return Err(missing());
        }
        Amount::parse(&text).map_err(|fault| self.money_fault(FIELD, &text, fault))
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
        let half = |seed: u8| {
            let mut hasher = DefaultHasher::new();
            seed.hash(&mut hasher);
            for field in [
                &self.session_id,
                &self.message_id,
                &self.message_type,
                &self.from_number,
                &self.from_extension_number,
                &self.from_display_name,
                &self.from_email,
                &self.to_number,
                &self.to_extension_number,
                &self.to_display_name,
                &self.to_email,
                &self.sent_time,
                &self.billing_number,
                &self.cost_center,
                &self.department,
                &self.currency,
            ] {
                field.text().hash(&mut hasher);
            }
            self.rate.map(RawValue::get).hash(&mut hasher);
            self.total_charge.map(RawValue::get).hash(&mut hasher);
            u128::from(hasher.finish())
        };
        (half(0) << 64) | half(1)
    }
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
}
