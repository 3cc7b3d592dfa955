//! A page of the report as it goes over the wire.

use std::sync::Arc;

use serde::ser::{Serialize, SerializeMap as _, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;

use super::dice::Dice;
use super::fault::FaultKind;
use super::row::Row;
use super::spelling;
use super::switches::{Missing, Numbers, Switches, TotalRecords};
use super::walk::Walk;

const COUNT_SEED: u64 = 0x5A4D_0005;

#[derive(serde::Serialize)]
pub(super) struct Page<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'static str>,
    /// `None` for no field at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_page_token: Option<Value>,
    page_size: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    total_records: Option<usize>,
    from: &'a str,
    to: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    report_revision: Option<&'static str>,
    sms_charges: Vec<WireRow<'a>>,
}

struct WireRow<'a> {
    row: &'a Row,
    switches: &'a Switches,
    /// The number of the answer that it is in.
    answer: u64,
    /// The field that a fault spoils, and what is written in its place.
    spoiled: Option<(&'static str, Value)>,
}

impl<'a> Page<'a> {
    /// The page with these rows of the walk, in the answer of this number.
    pub(super) fn new(
        walk: &'a Walk,
        rows: &'a [Arc<Row>],
        page_size: usize,
        next: Option<String>,
        answer: u64,
        switches: &'a Switches,
    ) -> Page<'a> {
        Page {
            code: None,
            message: None,
            next_page_token: next.map(Value::from).or_else(|| written(switches.last_page_token)),
            page_size,
            total_records: match switches.total_records {
                TotalRecords::Overall => Some(walk.rows.len()),
                TotalRecords::PerPage => Some(rows.len()),
                TotalRecords::Absent => None,
                TotalRecords::UnchargedToo => Some(walk.uncharged_too),
                TotalRecords::Zero => Some(0),
                TotalRecords::Random => {
                    let end = u32::try_from(2 * walk.rows.len() + 600).unwrap_or(u32::MAX);
                    usize::try_from(Dice::new(COUNT_SEED ^ answer).below(end)).ok()
                }
            },
            from: &walk.range.from,
            to: &walk.range.to,
            report_revision: switches.new_fields.then_some("2"),
            sms_charges: rows.iter().map(|row| WireRow { row, switches, answer, spoiled: None }).collect(),
        }
    }

    /// What a fault makes of the page.
    pub(super) fn after(mut self, fault: Option<FaultKind>) -> Page<'a> {
        if let Some(last) = self.sms_charges.last_mut() {
            last.spoiled = spoiled(fault);
        }
        match fault {
            Some(FaultKind::CodeZero) => Page { code: Some(0), message: Some("Success"), ..self },
            Some(FaultKind::Envelope200Rows) => Page { code: Some(300), message: Some("Internal failure"), ..self },
            Some(FaultKind::Envelope200Page) => Page {
                code: Some(300),
                message: Some("Internal failure"),
                next_page_token: Some("".into()),
                total_records: Some(0),
                sms_charges: Vec::new(),
                ..self
            },
            _ => self,
        }
    }
}

/// How a value that is not there is written; `None` for no field at all.
fn written(missing: Missing) -> Option<Value> {
    match missing {
        Missing::Empty => Some("".into()),
        Missing::Absent => None,
        Missing::Null => Some(Value::Null),
    }
}

/// The field that a fault spoils, and what is written in its place.
pub(super) fn spoiled(fault: Option<FaultKind>) -> Option<(&'static str, Value)> {
    match fault? {
        FaultKind::BadCharge => Some(("total_charge", "abc".into())),
        FaultKind::NoCharge => Some(("total_charge", Value::Null)),
        FaultKind::BadCurrency => Some(("currency", "ZZZ1".into())),
        FaultKind::NoCurrency => Some(("currency", Value::Null)),
        FaultKind::BadTime => Some(("sent_time", "yesterday".into())),
        FaultKind::NoTime => Some(("sent_time", Value::Null)),
        _ => None,
    }
}

impl Serialize for WireRow<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let row = self.row;
        let sent = row.sent_text();
        let charge = row.charge_text();
        let billing_number = spelling::billing_number(row, self.answer, self.switches);
        let new = self.switches.new_fields.then(|| "7".to_owned());
        let fields: [(&'static str, Option<&str>); 21] = [
            ("session_id", row.session_id.as_deref()),
            ("message_id", row.message_id.as_deref()),
            ("message_type", row.message_type.as_deref()),
            ("from_number", row.from_number.as_deref()),
            ("from_extension_number", row.from_extension_number.as_deref()),
            ("from_display_name", row.from_display_name.as_deref()),
            ("from_email", row.from_email.as_deref()),
            ("to_number", row.to_number.as_deref()),
            ("to_extension_number", row.to_extension_number.as_deref()),
            ("to_display_name", row.to_display_name.as_deref()),
            ("to_email", row.to_email.as_deref()),
            ("sent_time", Some(&sent)),
            ("billing_number", billing_number.as_deref()),
            ("cost_center", row.cost_center.as_deref()),
            ("department", row.department.as_deref()),
            ("rate", row.rate.as_deref()),
            ("currency", row.currency.as_deref()),
            ("total_charge", Some(&charge)),
            ("delivery_status", row.delivery_status.as_deref()),
            ("delivery_detail", row.delivery_detail.as_deref()),
            ("tax_region", new.as_deref()),
        ];
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in fields {
            if let Some((_, value)) = self.spoiled.as_ref().filter(|(spoiled, _)| *spoiled == name) {
                map.serialize_entry(name, value)?;
                continue;
            }
            if let Some(json) = row.json.iter().find(|(field, _)| *field == name).and_then(|(_, json)| raw(json)) {
                map.serialize_entry(name, &json)?;
                continue;
            }
            let number = matches!(name, "rate" | "total_charge") && self.switches.numbers == Numbers::Json;
            if let Some(value) = value {
                match number.then(|| raw(value)).flatten() {
                    Some(digits) => map.serialize_entry(name, &digits)?,
                    None => map.serialize_entry(name, value)?,
                }
            } else if name != "tax_region"
                && let Some(nothing) = written(self.switches.missing_fields)
            {
                map.serialize_entry(name, &nothing)?;
            }
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

    fn json(row: &Row, switches: &Switches, spoiled: Option<(&'static str, Value)>) -> String {
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
