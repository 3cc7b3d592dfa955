//! A row of a report as it goes over the wire: the fields that the table of reports has for it, as the switches write
//! them.

use std::borrow::Cow;

use serde::ser::{Serialize, SerializeMap as _, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;

use super::fault::FaultKind;
use super::reports::Fact;
use super::row::{Row, written};
use super::spelling;
use super::switches::{Missing, Numbers, Switches};

/// A field that the documentation does not know.
const NEW_FIELD: (&str, &str) = ("tax_region", "7");

pub(super) struct WireRow<'a> {
    pub(super) row: &'a Row,
    pub(super) switches: &'a Switches,
    /// The number of the answer that it is in.
    pub(super) answer: u64,
    /// The fact that a fault spoils, and what is written in its place.
    pub(super) spoiled: Option<(Fact, Value)>,
}

/// How a value that is not there is written; `None` for no field at all.
pub(super) fn missing(missing: Missing) -> Option<Value> {
    match missing {
        Missing::Empty => Some("".into()),
        Missing::Absent => None,
        Missing::Null => Some(Value::Null),
    }
}

/// The fact that a fault spoils, and what is written in its place.
pub(super) fn spoiled(fault: Option<FaultKind>) -> Option<(Fact, Value)> {
    match fault? {
        FaultKind::BadCharge => Some((Fact::Charge, "abc".into())),
        FaultKind::NoCharge => Some((Fact::Charge, Value::Null)),
        FaultKind::BadCurrency => Some((Fact::Currency, "ZZZ1".into())),
        FaultKind::NoCurrency => Some((Fact::Currency, Value::Null)),
        FaultKind::BadTime => Some((Fact::Time, "yesterday".into())),
        FaultKind::NoTime => Some((Fact::Time, Value::Null)),
        _ => None,
    }
}

/// The fact as text, if it is one and has a value.
pub(super) fn text(row: &Row, fact: Fact) -> Option<Cow<'_, str>> {
    let moment = |moment| Some(Cow::Owned(written(moment)));
    let borrowed = match fact {
        Fact::Session => &row.session_id,
        Fact::Id => &row.message_id,
        Fact::Kind => &row.message_type,
        Fact::FromNumber => &row.from_number,
        Fact::FromExtension => &row.from_extension_number,
        Fact::FromName => &row.from_display_name,
        Fact::FromEmail => &row.from_email,
        Fact::ToNumber => &row.to_number,
        Fact::ToExtension => &row.to_extension_number,
        Fact::ToName => &row.to_display_name,
        Fact::ToEmail => &row.to_email,
        Fact::Caller if row.from_extension_number.is_some() => &row.from_extension_number,
        Fact::Caller => &row.from_number,
        Fact::Callee if row.to_extension_number.is_some() => &row.to_extension_number,
        Fact::Callee => &row.to_number,
        Fact::BillingNumber => &row.billing_number,
        Fact::CostCenter => &row.cost_center,
        Fact::Department => &row.department,
        Fact::Employee => &row.employee_id,
        Fact::Rate => &row.rate,
        Fact::Currency => &row.currency,
        Fact::DeliveryStatus => &row.delivery_status,
        Fact::DeliveryDetail => &row.delivery_detail,
        Fact::Direction => return direction(row).map(Cow::Borrowed),
        Fact::Start => return moment(row.started()),
        Fact::Answer => return moment(row.answered()),
        Fact::Time => return Some(row.sent_text().into()),
        Fact::CurrencySign => return row.currency.as_deref().and_then(sign).map(Cow::Borrowed),
        Fact::Charge => return row.charge_text().map(Cow::Owned),
        Fact::ChargeStatus => return Some(if row.pending { "pending" } else { "calculated" }.into()),
        Fact::Always(text) => return Some(text.into()),
        Fact::Units | Fact::Unlimited => return None,
    };
    borrowed.as_deref().map(Cow::Borrowed)
}

fn direction(row: &Row) -> Option<&'static str> {
    match (&row.from_extension_number, &row.to_extension_number) {
        (Some(_), _) => Some("outbound"),
        (None, Some(_)) => Some("inbound"),
        (None, None) => None,
    }
}

fn sign(currency: &str) -> Option<&'static str> {
    match currency {
        "USD" => Some("$"),
        "EUR" => Some("€"),
        "GBP" => Some("£"),
        _ => None,
    }
}

impl WireRow<'_> {
    /// What is written for the fact; `None` for no field at all.
    fn value(&self, name: &str, fact: Fact) -> Option<Written<'_>> {
        let WireRow { row, switches, .. } = self;
        if let Some((_, value)) = self.spoiled.as_ref().filter(|(spoiled, _)| *spoiled == fact) {
            return Some(Written::Value(value.clone()));
        }
        if let Some(json) = row.json.iter().find(|(field, _)| *field == name).and_then(|(_, json)| raw(json)) {
            return Some(Written::Raw(json));
        }
        let text = match fact {
            Fact::Units => {
                return row.units.map(Value::from).or_else(|| missing(switches.missing_fields)).map(Written::Value);
            }
            Fact::Unlimited => return Some(Written::Value(row.unlimited.into())),
            Fact::BillingNumber => spelling::billing_number(row, self.answer, switches),
            _ => text(row, fact),
        };
        let is_figure = matches!(fact, Fact::Rate | Fact::Charge) && switches.numbers == Numbers::Json;
        match text {
            Some(digits) if is_figure => Some(raw(&digits).map_or(Written::Text(digits), Written::Raw)),
            Some(text) => Some(Written::Text(text)),
            None => missing(switches.missing_fields).map(Written::Value),
        }
    }
}

enum Written<'a> {
    Text(Cow<'a, str>),
    Value(Value),
    Raw(Box<RawValue>),
}

impl Serialize for WireRow<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, fact) in self.row.report.report().fields {
            match self.value(name, *fact) {
                Some(Written::Text(text)) => map.serialize_entry(name, &text)?,
                Some(Written::Value(value)) => map.serialize_entry(name, &value)?,
                Some(Written::Raw(json)) => map.serialize_entry(name, &json)?,
                None => {}
            }
        }
        if self.switches.new_fields {
            let (name, text) = NEW_FIELD;
            map.serialize_entry(name, text)?;
        }
        map.end()
    }
}

fn raw(json: &str) -> Option<Box<RawValue>> {
    RawValue::from_string(json.to_owned()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> Row {
        let row = Row { rate: Some("0.0205".to_owned()), ..Row::new("A", jiff::Timestamp::UNIX_EPOCH, 410) };
        Row { message_type: None, delivery_status: None, ..row }
    }

    fn json(row: &Row, switches: &Switches, spoiled: Option<(Fact, Value)>) -> String {
        serde_json::to_string(&WireRow { row, switches, answer: 1, spoiled }).unwrap()
    }

    #[test]
    fn a_row_is_written_as_strings() {
        let expected = r#"{"message_id":"A","sent_time":"1970-01-01T00:00:00Z","rate":"0.0205","currency":"USD","total_charge":"0.041"}"#;
        assert_eq!(json(&row(), &Switches::default(), None), expected);
    }

    #[test]
    fn figures_can_be_json_numbers_with_the_same_digits() {
        let switches = Switches { numbers: Numbers::Json, ..Switches::default() };
        let text = json(&row(), &switches, None);
        assert!(text.ends_with(r#""rate":0.0205,"currency":"USD","total_charge":0.041}"#), "{text}");
    }

    #[test]
    fn a_field_without_a_value_is_written_as_the_switch_says() {
        let null = Switches { missing_fields: Missing::Null, ..Switches::default() };
        let empty = Switches { missing_fields: Missing::Empty, ..Switches::default() };
        assert!(json(&row(), &null, None).contains(r#""department":null"#));
        assert!(json(&row(), &empty, None).contains(r#""department":"""#));
    }

    #[test]
    fn a_spoiled_field_stands_in_its_place() {
        let text = json(&row(), &Switches::default(), spoiled(Some(FaultKind::NoCharge)));
        assert!(text.ends_with(r#""total_charge":null}"#), "{text}");
    }

    #[test]
    fn a_row_can_say_what_it_is_not() {
        let absurd = Row {
            sent_text: Some("9999-12-31T23:59:60Z".to_owned()),
            charge_text: Some("1e999999999".to_owned()),
            json: vec![
                ("message_id", "[7]".to_owned()),
                ("rate", "null".to_owned()),
                ("currency", "not JSON".to_owned()),
            ],
            ..row()
        };
        assert_eq!(
            json(&absurd, &Switches::default(), None),
            r#"{"message_id":[7],"sent_time":"9999-12-31T23:59:60Z","rate":null,"currency":"USD","total_charge":"1e999999999"}"#
        );
    }
}
