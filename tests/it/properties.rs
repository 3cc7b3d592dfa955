//! What holds for every input.

use crate::readings::{Reader, plain, sums};
use crate::support::{Budget, Policy as PolicyText};
use axum::{
    Json, Router,
    extract::{Query, State},
    routing::{get, post},
};
use jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZone};
use proptest::{
    collection::vec,
    prelude::*,
    sample::{Index, select},
    test_runner::{Config, TestRunner},
};
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};
use tokio::net::TcpListener;
use zoom_sms_cost_alerts::clients::zoom::{PageReader, SMS};
use zoom_sms_cost_alerts::domain::policy::Policy;
use zoom_sms_cost_alerts::sandbox::{Dataset, Row};

const DAY: &str = "2026-11-05T00:00:00Z";

fn day() -> Timestamp {
    DAY.parse().unwrap()
}

type Pages = Arc<Mutex<Vec<Value>>>;

/// A Zoom that serves these pages, whatever it is asked.
async fn serve(pages: Pages) -> Reader {
    async fn page(State(pages): State<Pages>, Query(query): Query<HashMap<String, String>>) -> Json<Value> {
        let place = query.get("next_page_token").map_or(0, |token| token.parse().unwrap());
        let pages = pages.lock().unwrap();
        let next = place + 1;
        let token = if next < pages.len() { next.to_string() } else { String::new() };
        Json(json!({ "next_page_token": token, "sms_charges": pages[place] }))
    }
    let token = || async { Json(json!({ "access_token": "token", "expires_in": 3600 })) };
    let routes =
        Router::new().route("/token", post(token)).route("/phone/reports/sms_charges", get(page)).with_state(pages);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, routes).await });
    Reader::at(origin.clone(), format!("{origin}/token"), 1_000)
}

/// A row of a few recipients, numbers and currencies, so that rows are alike in much but never in all.
fn row() -> impl Strategy<Value = Row> {
    let numbers = select(vec![None, Some("+12025550101"), Some("+12025550102")]);
    let currencies = select(vec!["USD", "usd", "EUR"]);
    let seconds = -3_600_i64..90_000;
    (0..6_u8, 0..3_u8, -5_000_i64..1_000_000, numbers, currencies, seconds).prop_map(
        |(message, recipient, charge, number, currency, second)| Row {
            to_number: Some(format!("44207946000{recipient}")),
            billing_number: number.map(str::to_owned),
            currency: Some(currency.to_owned()),
            ..Row::new(&format!("M-{message}"), day() + second.seconds(), charge)
        },
    )
}

/// The row as Zoom writes it, with a delivery status that may differ from time to time.
fn written(row: &Row, status: &str) -> Value {
    let sign = if row.charge < 0 { "-" } else { "" };
    let units = row.charge.unsigned_abs();
    json!({
        "message_id": row.message_id,
        "to_number": row.to_number,
        "sent_time": row.sent.to_string(),
        "billing_number": row.billing_number,
        "currency": row.currency,
        "total_charge": format!("{sign}{}.{:04}", units / 10_000, units % 10_000),
        "delivery_status": status,
    })
}

/// Rows in the order of the report, the same rows, where pages end, and which pages' last rows come again on which later page.
type Report = (Vec<Row>, Vec<Row>, Vec<Index>, Vec<(Index, Index)>);

#[test]
fn no_split_order_or_repetition_changes_the_totals() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let pages = Pages::default();
    let client = runtime.block_on(serve(Arc::clone(&pages)));
    let report = vec(row(), 0..60).prop_flat_map(|rows| {
        let repeats = vec((any::<Index>(), any::<Index>()), 0..8);
        let cuts = vec(any::<Index>(), 0..8);
        (Just(rows.clone()).prop_shuffle(), Just(rows), cuts, repeats)
    });
    let cases = Config::with_cases(64);
    let property = |(shuffled, rows, cuts, repeats): Report| {
        let mut served: Vec<Vec<Value>> = vec![Vec::new()];
        let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(shuffled.len() + 1)).collect();
        cuts.sort_unstable();
        for (place, row) in shuffled.iter().enumerate() {
            // A cut that comes twice is an empty page in the middle.
            for _ in cuts.iter().filter(|cut| **cut == place) {
                served.push(Vec::new());
            }
            served.last_mut().unwrap().push(written(row, "Sent"));
        }
        // Rows come again at the head of the next page, or of a later one, perhaps delivered by now.
        for (from, to) in &repeats {
            let page = from.index(served.len());
            let later = (page + 1 + to.index(2)).min(served.len() - 1);
            let Some(mut last) = served[page].last().cloned() else { continue };
            last["delivery_status"] = "Delivered".into();
            // Twice on one page they would be two messages.
            let is_same = |row: &Value| {
                ["message_id", "to_number", "sent_time", "total_charge"].iter().all(|name| row[name] == last[name])
            };
            if !served[later].iter().any(is_same) {
                served[later].insert(0, last);
            }
        }
        *pages.lock().unwrap() = served.into_iter().map(Value::from).collect();

        let until = day() + 24.hours();
        let policy = PolicyText::of(Budget::each("account").period("day")).to_string();
        let report = runtime.block_on(client.read(&policy, until, until));
        let dataset = Dataset::of(rows, until + 1.hour());
        prop_assert_eq!(report.books[0].failure.as_ref(), None);
        for period in &report.periods {
            let truth = plain(dataset.truth(period.from(), period.to().min(until)));
            prop_assert_eq!(sums(&report, period), truth);
        }
        let counted = dataset.truth(day() - 24.hours(), until).into_values().map(|truth| truth.messages).sum::<u64>();
        prop_assert_eq!(report.judged.receipt.rows, counted);
        Ok(())
    };
    TestRunner::new(cases).run(&report, property).unwrap();
}

/// A reader of the rows of one day.
fn reader() -> PageReader {
    PageReader::of(&SMS, TimeZone::UTC, Date::constant(2026, 11, 5), day() + 24.hours())
}

/// A page with these rows.
fn page(rows: &[u8]) -> Vec<u8> {
    [br#"{"next_page_token":"","sms_charges":["#.as_slice(), rows, b"]}"].concat()
}

/// Any JSON value, with texts and numbers that come near to what a row holds.
fn value() -> impl Strategy<Value = Value> {
    let texts = ["", " ", "USD", "0.0205", "-1e-29", "9e999999999", "2026-11-05T10:00:00Z", "9999-12-31T23:59:60Z"];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        select(texts.to_vec()).prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "[-+]?[0-9]{0,40}(\\.[0-9]{0,40})?([eE][-+]?[0-9]{1,20})?".prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 8, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::hash_map(any::<String>(), inner, 0..4)
                .prop_map(|members| members.into_iter().collect()),
        ]
    })
}

const FIELDS: &[&str] = &[
    "message_id",
    "to_number",
    "sent_time",
    "billing_number",
    "currency",
    "total_charge",
    "rate",
    "department",
    "from_extension_number",
    "new",
];

const POLICY: &str = r#"
time_zone = "America/New_York"
late_charges_days = 3
unwatched = "notify"
group_by = "subject"

[[budget]]
name = "every number"
scope = "billing_number"
currency = "USD"
amount = "100.00"
period = "week"
alert_at = [50, 80.5, 100]

[[budget]]
name = "support"
scope = "department"
only = ["Support", "Sup*"]
currency = "EUR"
amount = 500
"#;

/// A document with bytes put in the place of others.
fn mutated(document: &'static [u8]) -> impl Strategy<Value = Vec<u8>> {
    vec((any::<Index>(), 0..4_usize, vec(any::<u8>(), 0..4)), 1..6).prop_map(move |edits| {
        edits.into_iter().fold(document.to_vec(), |mut bytes, (place, cut, put)| {
            let from = place.index(bytes.len() + 1);
            let to = (from + cut).min(bytes.len());
            bytes.splice(from..to, put);
            bytes
        })
    })
}

const ROW: &str = r#"{"message_id":"M-1","to_number":"442079460001","sent_time":"2026-11-05T10:00:00Z","billing_number":"+12025550101","currency":"USD","rate":0.0205,"total_charge":"0.0205"}"#;

proptest! {
    #![proptest_config(Config::with_cases(512))]

    #[test]
    fn objects_of_any_values_are_rows_that_count_once(
        objects in vec(vec((select(FIELDS), value()), 0..10), 0..4),
    ) {
        let object = |values: Vec<(&str, Value)>| {
            let row: serde_json::Map<_, _> = values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
            Value::from(row).to_string()
        };
        let rows = objects.into_iter().map(object).collect::<Vec<_>>().join(",");
        let mut reader = reader();
        let taken = reader.take(&page(rows.as_bytes()));
        prop_assert!(taken.is_ok(), "{:?} of {}", taken.err(), rows);
        let counted = reader.rows();
        reader.take(&page(rows.as_bytes())).unwrap();
        prop_assert_eq!(reader.rows(), counted, "{}", rows);
    }

    #[test]
    fn no_bytes_make_the_page_panic(bytes in prop_oneof![vec(any::<u8>(), 0..200), mutated(ROW.as_bytes())]) {
        let mut reader = reader();
        let _ = reader.take(&bytes);
        let _ = reader.take(&page(&bytes));
    }

    #[test]
    fn no_text_makes_the_policy_panic(
        text in prop_oneof![
            any::<String>(),
            mutated(POLICY.as_bytes()).prop_map(|bytes| String::from_utf8_lossy(&bytes).into_owned()),
        ]
    ) {
        if let Err(faults) = Policy::parse(&text) {
            prop_assert!(!faults.to_string().is_empty());
        }
    }
}

#[test]
fn the_documents_that_are_mutated_are_good_ones() {
    let mut reader = reader();
    reader.take(&page(ROW.as_bytes())).unwrap();
    assert_eq!(reader.rows(), 1);
    Policy::parse(POLICY).unwrap();
}
