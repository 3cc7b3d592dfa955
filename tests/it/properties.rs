//! What holds for every input.

use crate::readings::{Client, sums, truth};
use axum::{
    Json, Router,
    extract::{Query, State},
    routing::{get, post},
};
use jiff::{Timestamp, ToSpan, tz::TimeZone};
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
use zoom_sms_cost_alerts::domain::{
    charge,
    period::{Period, PeriodKind},
    policy::Policy,
};
use zoom_sms_cost_alerts::sandbox::{Dataset, Row};

const DAY: &str = "2026-11-05T00:00:00Z";

fn day() -> Timestamp {
    DAY.parse().unwrap()
}

type Pages = Arc<Mutex<Vec<Value>>>;

/// A Zoom that serves these pages, whatever it is asked.
async fn serve(pages: Pages) -> Client {
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
    Client::at(origin.clone(), format!("{origin}/token"))
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
            if let Some(last) = served[page].last().cloned() {
                let mut last = last;
                last["delivery_status"] = "Delivered".into();
                let later = (page + 1 + to.index(2)).min(served.len() - 1);
                served[later].insert(0, last);
            }
        }
        *pages.lock().unwrap() = served.into_iter().map(Value::from).collect();

        let zone = TimeZone::UTC;
        let period = Period::containing(PeriodKind::Day, day(), &zone).unwrap();
        let reading = runtime.block_on(client.read(period.from()..period.to(), "UTC"));
        let dataset = Dataset::of(rows, period.to() + 1.hour());
        prop_assert_eq!(reading.failure, None);
        let truth = truth(&dataset, period.from(), period.to());
        let counted: u64 = truth.values().map(|(_, messages)| messages).sum();
        prop_assert_eq!(sums(&reading.totals, &period), truth);
        prop_assert_eq!(reading.receipt.rows, counted);
        Ok(())
    };
    TestRunner::new(cases).run(&report, property).unwrap();
}

/// Reads a row to the end; what comes of it does not matter.
fn read_row(bytes: &[u8]) {
    if let Ok(row) = serde_json::from_slice::<charge::Row<'_>>(bytes) {
        let _ = row.charge(&(day()..day() + 24.hours()));
    }
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
    fn an_object_of_any_values_is_a_row_that_is_read_or_named(values in vec((select(FIELDS), value()), 0..10)) {
        let row: serde_json::Map<_, _> = values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let text = Value::from(row).to_string();
        let row = serde_json::from_str::<charge::Row<'_>>(&text);
        prop_assert!(row.is_ok(), "{:?} of {}", row.err(), text);
        if let Err(fault) = row.unwrap().charge(&(day()..day() + 24.hours())) {
            prop_assert!(!fault.to_string().is_empty());
        }
    }

    #[test]
    fn no_bytes_make_the_row_panic(bytes in prop_oneof![vec(any::<u8>(), 0..200), mutated(ROW.as_bytes())]) {
        read_row(&bytes);
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
    let row: charge::Row<'_> = serde_json::from_str(ROW).unwrap();
    assert!(row.charge(&(day()..day() + 24.hours())).unwrap().is_some());
    Policy::parse(POLICY).unwrap();
}
