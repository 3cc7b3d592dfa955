//! A page of the report as it goes over the wire.

use serde::ser::{Serialize, SerializeMap as _, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;

use super::data::Row;
use super::fault::FaultKind;
use super::switches::{Missing, Numbers, Switches};

#[derive(serde::Serialize)]
pub(super) struct Page<'a> {
    /// `None` for no field at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) next_page_token: Option<Value>,
    pub(super) page_size: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) total_records: Option<usize>,
    pub(super) from: &'a str,
    pub(super) to: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) report_revision: Option<&'static str>,
    pub(super) sms_charges: Vec<WireRow<'a>>,
}

pub(super) struct WireRow<'a> {
    pub(super) row: &'a Row,
    pub(super) switches: &'a Switches,
    /// The field that a fault has spoiled, and what stands in its place.
    pub(super) spoiled: Option<(&'static str, Value)>,
}

/// The field that a fault spoils, and what stands in its place.
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
        let sent = row.sent.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let charge = row.charge_text();
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
            ("billing_number", row.billing_number.as_deref()),
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
            if let Some((_, stead)) = self.spoiled.as_ref().filter(|(spoiled, _)| *spoiled == name) {
                map.serialize_entry(name, stead)?;
                continue;
            }
            let number = matches!(name, "rate" | "total_charge") && self.switches.numbers == Numbers::Json;
            match (value, self.switches.missing_fields) {
                (Some(value), _) => match number.then(|| RawValue::from_string(value.to_owned())) {
                    Some(Ok(digits)) => map.serialize_entry(name, &digits)?,
                    _ => map.serialize_entry(name, value)?,
                },
                (None, _) if name == "tax_region" => {}
                (None, Missing::Absent) => {}
                (None, Missing::Null) => map.serialize_entry(name, &())?,
                (None, Missing::Empty) => map.serialize_entry(name, "")?,
            }
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(switches: &Switches, spoiled: Option<(&'static str, Value)>) -> String {
        let row = Row { rate: Some("0.0205".to_owned()), ..Row::new("A", jiff::Timestamp::UNIX_EPOCH, 410) };
        let row = Row { message_type: None, delivery_status: None, ..row };
        serde_json::to_string(&WireRow { row: &row, switches, spoiled }).unwrap_or_default()
    }

    #[test]
    fn a_row_is_written_as_strings() {
        let told = written(&Switches::default(), None);
        let expected = r#"{"message_id":"A","sent_time":"1970-01-01T00:00:00Z","rate":"0.0205","currency":"USD","total_charge":"0.041"}"#;
        assert_eq!(told, expected);
    }

    #[test]
    fn figures_can_be_json_numbers_with_the_same_digits() {
        let switches = Switches { numbers: Numbers::Json, ..Switches::default() };
        let told = written(&switches, None);
        assert!(told.ends_with(r#""rate":0.0205,"currency":"USD","total_charge":0.041}"#), "{told}");
    }

    #[test]
    fn a_field_without_a_value_is_written_as_the_switch_says() {
        let null = Switches { missing_fields: Missing::Null, ..Switches::default() };
        let empty = Switches { missing_fields: Missing::Empty, ..Switches::default() };
        assert!(written(&null, None).contains(r#""department":null"#));
        assert!(written(&empty, None).contains(r#""department":"""#));
    }

    #[test]
    fn a_spoiled_field_stands_in_its_place() {
        let told = written(&Switches::default(), spoiled(Some(FaultKind::NoCharge)));
        assert!(told.ends_with(r#""total_charge":null}"#), "{told}");
    }
}
