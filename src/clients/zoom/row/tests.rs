use serde_json::{Value, json};

use super::super::page;
use super::super::reports::{SMS, report};
use super::*;
use crate::domain::coverage::Known;
use crate::domain::product::Product;

fn reader() -> RowReader {
    let (first_day, until) = (Date::constant(2026, 11, 1), "2026-12-01T00:00:00Z".parse().unwrap());
    RowReader::of(&SMS, Window { zone: TimeZone::UTC, first_day, until })
}

fn read_text(row: &str) -> (RowReader, Row) {
    let body = format!("{{\"sms_charges\":[{row}]}}");
    let page = page::read(body.as_bytes(), &SMS).unwrap();
    let mut reader = reader();
    let row = reader.read(page.rows[0].as_ref());
    (reader, row)
}

fn read(row: &Value) -> Result<Option<String>, String> {
    let (reader, row) = read_text(&row.to_string());
    match row.content {
        Content::Nothing => Ok(None),
        Content::Fault(fault) => Err(fault.to_string()),
        Content::NotPriced { day, line } => Ok(Some(format!("{day} not priced {}", reader.line(line).unwrap().number))),
        Content::Charge { day, line, amount, .. } => {
            let line = reader.line(line).unwrap();
            Ok(Some(format!(
                "{day} {amount} {} {} {} {} {}",
                line.currency, line.number, line.department, line.extension, line.name
            )))
        }
    }
}

fn identity(row: &Value) -> u128 {
    read_text(&row.to_string()).1.identity
}

fn row() -> Value {
    json!({"message_id": "M-1", "from_number": "12025550100", "to_number": "447700900123", "sent_time": "2026-11-05T10:00:00Z",
           "billing_number": " +14085550000 ", "department": "", "currency": "usd", "total_charge": "0.0205", "rate": "0.0205",
           "delivery_status": "Sent"})
}

fn with(name: &str, value: Value) -> Value {
    let mut row = row();
    row[name] = value;
    row
}

const FINE: &str = "2026-11-05 0.0205 USD +14085550000 (none) (none) (none)";

#[test]
fn a_row_is_read_or_named_with_what_is_wrong() {
    let fine = Ok(Some(FINE.to_owned()));
    let fault = |text: &str| Err(format!("the row of message M-1: {text}"));
    for (row, expected) in [
        (row(), fine.clone()),
        // Zoom adds fields without notice, and numbers may come as JSON numbers.
        (with("segments", json!({"new": [1, 2.5]})), fine.clone()),
        (serde_json::from_str(&row().to_string().replace("\"0.0205\"", "0.0205")).unwrap(), fine.clone()),
        (with("sent_time", json!("2026-11-05T10:00:00")), fine.clone()),
        (with("sent_time", json!("2026-11-05T12:00:00+02:00")), fine.clone()),
        (with("billing_number", json!("14085550000")), fine),
        // No charge, nothing to count, whatever else is wrong with the row.
        (with("total_charge", json!("0.00")), Ok(None)),
        // Another time's row.
        (with("sent_time", json!("2026-10-31T23:59:59Z")), Ok(None)),
        (with("sent_time", json!("2026-12-01T00:00:00Z")), Ok(None)),
        (with("sent_time", json!("9999-12-31T23:59:59Z")), Ok(None)),
        // Unknown is never zero.
        (with("total_charge", json!(null)), fault("total_charge is missing; a charge that is not known is not zero")),
        (with("total_charge", json!(" ")), fault("total_charge is missing; a charge that is not known is not zero")),
        (with("total_charge", json!("0,02")), fault("total_charge \"0,02\" is not a decimal number")),
        (with("total_charge", json!(true)), fault("total_charge is missing; a charge that is not known is not zero")),
        (with("total_charge", json!("1e9")), fault("total_charge is 1000000000 or more")),
        (with("total_charge", json!("0.0000000000001")), fault("total_charge has more than 12 decimal places")),
        (with("currency", json!(null)), fault("currency is missing")),
        (
            with("currency", json!("DOLLARS AND MANY OTHER WORDS")),
            fault("currency \"DOLLARS AND MANY OTHER W…\" is not an ISO 4217 currency code"),
        ),
        (
            with("sent_time", json!("2026-11-05")),
            fault("sent_time \"2026-11-05\" is not a time such as 2026-11-22T02:58:01Z"),
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
fn a_fault_knows_what_can_be_read_of_its_row() {
    let fault = |row: Value| match read_text(&row.to_string()).1.content {
        Content::Fault(fault) => *fault,
        other => panic!("{other:?}"),
    };
    let bad = fault(with("total_charge", json!("abc")));
    assert_eq!((bad.number, bad.department), (Known::Value("+14085550000".into()), Known::Value(NONE.into())));
    let mut worse = with("total_charge", json!("abc"));
    worse["billing_number"] = json!({"text": "+1"});
    worse["currency"] = json!("ZZZ1");
    let worse = fault(worse);
    assert_eq!((worse.number, worse.currency), (Known::Unknown, Known::Unknown));
}

/// What a row of another report says.
#[test]
fn a_charge_whose_owner_cannot_be_read_may_be_anybodys() {
    for field in ["billing_number", "department", "cost_center", "from_extension_number", "to_extension_number"] {
        for value in [json!({"id": 7}), json!(["Sales"]), json!(true)] {
            let (_, read) = read_text(&with(field, value).to_string());
            let Content::Fault(fault) = read.content else { panic!("{field}") };
            assert_eq!((fault.field, fault.problem.as_str()), (field, "is neither a text nor a number"));
        }
        // Nothing is a value: none.
        let (_, read) = read_text(&with(field, Value::Null).to_string());
        assert!(matches!(read.content, Content::Charge { .. }), "{field}");
    }
    // A name decides no figure, and ids tell rows apart, whatever they are.
    let (_, named) = read_text(&with("from_display_name", json!({"first": "Ada"})).to_string());
    assert!(matches!(named.content, Content::Charge { .. }));
    let of = |id: Value| read_text(&with("message_id", id).to_string()).1.identity;
    assert_ne!(of(json!({"id": 1})), of(json!({"id": 2})));
    assert_eq!(of(json!(null)), of(json!("")));
}

#[test]
fn a_row_that_is_no_object_may_be_of_anybody_at_any_time() {
    let Content::Fault(fault) = reader().read(None).content else { panic!("no fault") };
    assert_eq!(
        fault.to_string(),
        "the row of message (no message_id): (row) is no object of fields, each of them once"
    );
    assert_eq!((fault.number, fault.currency, fault.sent), (Known::Unknown, Known::Unknown, Known::Unknown));
}

fn read_of(report: &'static Report, row: &Value) -> Content {
    let body = format!("{{\"{}\":[{row}]}}", report.array);
    let page = page::read(body.as_bytes(), report).unwrap();
    let window = Window { first_day: Date::constant(2026, 11, 1), ..reader().window };
    RowReader::of(report, window).read(page.rows[0].as_ref()).content
}

#[test]
fn a_charge_is_for_as_many_minutes_or_pages_as_it_says_and_for_one_if_it_does_not_say_so() {
    let of = |duration: &Value| {
        let row = json!({"call_id": "C-1", "end_time": "2026-11-05T10:00:00Z", "duration": duration, "currency": "USD",
                         "total_charge": "0.0205"});
        match read_of(report(Product::Call), &row) {
            Content::Charge { units, .. } => Some(units),
            _ => None,
        }
    };
    let whole = [(json!(12), 12), (json!("12"), 12), (json!(0), 0), (Value::Null, 1), (json!(""), 1)];
    for (duration, units) in whole.into_iter().chain([(json!(2.0), 2), (json!("2.1"), 3)]) {
        assert_eq!(of(&duration), Some(units), "{duration}");
    }
    // More than all of them together can be, or no number at all, is a row that cannot be read.
    for duration in [json!(-1), json!("many"), json!(u64::MAX), json!("1000000000"), json!([12])] {
        assert_eq!(of(&duration), if duration.is_array() { Some(1) } else { None }, "{duration}");
    }
}

#[test]
fn a_call_whose_caller_cannot_be_read_may_be_of_any_extension() {
    let extension = |caller: Value| {
        let row =
            json!({"call_id": "C-1", "caller_number": caller, "end_time": "2026-11-05T10:00:00Z", "currency": "USD"});
        let Content::Fault(fault) = read_of(report(Product::Call), &row) else { panic!("{row}") };
        fault.extension
    };
    assert_eq!(extension(json!("1001")), Known::Value("1001".into()));
    assert_eq!(extension(json!("12025550143")), Known::Value("(none)".into()), "a customer's number is none");
    assert_eq!(extension(Value::Null), Known::Value("(none)".into()));
    assert_eq!(extension(json!(["1001"])), Known::Unknown);
}

#[test]
fn a_fax_has_no_price_yet_or_none_at_all_and_is_a_fault_otherwise() {
    let read = |more: Value| {
        let mut row = json!({"fax_id": "F-1", "end_time": "2026-11-05T10:00:00Z"});
        row.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        match read_of(report(Product::Fax), &row) {
            Content::Nothing => "nothing",
            Content::Charge { .. } => "charge",
            Content::NotPriced { .. } => "not priced",
            Content::Fault(_) => "fault",
        }
    };
    assert_eq!(read(json!({"charge_status": "pending"})), "not priced", "without a currency too");
    assert_eq!(read(json!({"charge_status": "Pending", "total_charge": "0", "currency": "USD"})), "not priced");
    assert_eq!(read(json!({"charge_status": "pending", "total_charge": "0.2", "currency": "USD"})), "charge");
    assert_eq!(read(json!({"charge_status": "pending", "unlimited": true})), "nothing");
    assert_eq!(read(json!({"charge_status": "calculated", "unlimited": "true"})), "nothing");
    assert_eq!(read(json!({"charge_status": "calculated", "total_charge": "0"})), "nothing");
    assert_eq!(read(json!({"charge_status": "calculated"})), "fault");
    assert_eq!(read(json!({"charge_status": "pending", "end_time": "soon"})), "fault");
}

#[test]
fn the_sender_is_the_side_whose_extension_is_set() {
    let sent = json!({"from_extension_number": "1001", "from_display_name": "Dana", "to_display_name": "Customer"});
    let received = json!({"from_display_name": "Customer", "to_extension_number": 1002, "to_display_name": "Desk"});
    let neither = json!({"from_display_name": "Customer", "to_display_name": "Other"});
    for (sides, expected) in [(sent, "1001 Dana"), (received, "1002 Desk"), (neither, "(none) (none)")] {
        let mut row = row();
        row.as_object_mut().unwrap().extend(sides.as_object().unwrap().clone());
        let problem = read(&row).unwrap().unwrap();
        assert!(problem.ends_with(expected), "{problem}");
    }
}

#[test]
fn text_with_escapes_is_read_as_what_it_says() {
    let text = r#"{"message\u005fid":"M-1","sent_time":"2026\u002d11-05T10:00:00Z","currency":"\u0055SD","total_charge":"\u0030.5",
                   "department":"R\u0026D\u2028x"}"#;
    let (reader, row) = read_text(text);
    let Content::Charge { line, amount, .. } = row.content else { panic!("{row:?}") };
    assert_eq!((amount.to_string().as_str(), &*reader.line(line).unwrap().department), ("0.5", "R&D x"));
}

#[test]
fn a_row_is_known_however_it_is_written() {
    let known = identity(&row());
    for (field, value) in [
        ("billing_number", json!("14085550000")),
        ("from_number", json!("+1 202 555-0100")),
        ("total_charge", json!("0.02050")),
        ("total_charge", json!("2.05e-2")),
        ("sent_time", json!("2026-11-05T10:00:00.000Z")),
        ("sent_time", json!("2026-11-05T10:00:00")),
        ("currency", json!("USD")),
        ("delivery_status", json!("Delivered")),
        ("department", json!("moved")),
        ("cost_center", json!("moved")),
        ("from_display_name", json!("renamed")),
        ("session_id", json!(" ")),
    ] {
        assert_eq!(known, identity(&with(field, value.clone())), "{field} {value}");
    }
    let forth = r#"{"message_id":"A","rate":"0.1","total_charge":"0.2","to_number":"1","from_number":"2"}"#;
    let back = r#"{"from_number":"2","to_number":"1","total_charge":"0.2","rate":"0.1","message_id":"A"}"#;
    assert_eq!(read_text(forth).1.identity, read_text(back).1.identity);
}

#[test]
fn a_row_is_known_by_all_that_belongs_to_the_message_and_its_charge() {
    let known = identity(&row());
    for field in ["message_id", "session_id", "message_type", "from_number", "to_number", "billing_number", "currency"]
    {
        assert_ne!(known, identity(&with(field, json!("7"))), "{field}");
    }
    for (field, value) in [("rate", "0.0206"), ("total_charge", "-0.0205"), ("sent_time", "2026-11-05T10:00:01Z")] {
        assert_ne!(known, identity(&with(field, json!(value))), "{field}");
    }
}

#[test]
fn a_row_counts_on_its_civil_day_whatever_rows_came_before() {
    let zone = TimeZone::get("America/New_York").unwrap();
    let window = Window { zone: zone.clone(), first_day: Date::constant(2026, 1, 1), until: Timestamp::MAX };
    let mut reader = RowReader::of(&SMS, window);
    // Every 13 hours and back again: more days than are kept, and the two on which the clock changes.
    let start: Timestamp = "2026-01-01T05:00:00Z".parse().unwrap();
    for place in (0..600_i64).chain((0..600).rev()) {
        let sent = start + jiff::SignedDuration::from_hours(13 * place);
        assert_eq!(reader.day(sent), zone.to_datetime(sent).date(), "{sent}");
    }
    assert!(reader.days.len() <= MOST_DAYS);
}

#[test]
fn the_hours_of_the_day_that_is_not_over_are_counted_from_its_start() {
    let hours = |until: &str, times: &[&str]| {
        let zone = TimeZone::get("America/New_York").unwrap();
        let window = Window { zone, first_day: Date::constant(2026, 11, 1), until: until.parse().unwrap() };
        let reader = RowReader::of(&SMS, window);
        times.iter().map(|time| reader.hour(time.parse().unwrap())).collect::<Vec<_>>()
    };
    let times = ["2026-11-05T04:59:59Z", "2026-11-05T05:00:00Z", "2026-11-05T19:59:59Z"];
    assert_eq!(hours("2026-11-05T20:00:00Z", &times), [None, Some(0), Some(14)]);
    // Midnight is the end of the day before.
    assert_eq!(hours("2026-11-05T05:00:00Z", &times[..1]), [Some(23)]);
    // The day on which the clock is set back has 25 hours.
    assert_eq!(hours("2026-11-02T05:00:00Z", &["2026-11-01T04:00:00Z", "2026-11-02T04:59:59Z"]), [Some(0), Some(24)]);
}
