//! What runs remember: fewer requests, the same figures, doubts that a later run settles.
//!
//! Runs are made in process, with the product's own clients, so that a test says what time it is.

mod backfills;
mod falls;
mod periods;
mod reports;
mod table;

use crate::readings::{Sums, plain};
use crate::support::{
    Aws, Budget, Deployment, Effect, Gate, NOW, NUMBER, Policy, at, from_number, row, setup, spent_on, switches,
};
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::{SignedDuration, ToSpan, civil::Date, tz::TimeZone};
use serde_json::{Value, json};
use std::{collections::HashMap, time::Duration};
use zoom_sms_cost_alerts::sandbox::{Listing, ObservedKind, Row, Sandbox, Truth};

/// A dollar at ten o'clock of each day from `first` to `last`.
fn daily(first: &str, last: &str) -> Vec<Row> {
    let (first, last): (Date, Date) = (first.parse().unwrap(), last.parse().unwrap());
    first.series(1.day()).take_while(|day| *day <= last).map(|day| spent_on(&day.to_string(), 1)).collect()
}

/// So many rows a day, from `first` to `last`, evenly.
fn many(a_day: i32, first: &str, last: &str) -> Vec<Row> {
    let (first, last): (Date, Date) = (first.parse().unwrap(), last.parse().unwrap());
    let days = first.series(1.day()).take_while(|day| *day <= last);
    let rows = days.flat_map(|day| {
        (0..a_day).map(move |place| {
            let sent = day.to_zoned(TimeZone::UTC).unwrap().timestamp();
            let sent = sent + SignedDuration::from_secs(i64::from(place) * 86_400 / i64::from(a_day) + 60);
            let row = row(&format!("{day} {place}"), &sent.to_string(), 100 + i64::from(place));
            from_number(["+12025550143", "12025550144"][usize::try_from(place % 2).unwrap()], row)
        })
    });
    rows.collect()
}

fn requests(answer: &Value) -> u64 {
    answer["requests"].as_u64().unwrap()
}

fn remembered_days(answer: &Value) -> u64 {
    answer["days_from_history"].as_u64().unwrap_or_default()
}

/// The totals of the newest period.
fn totals(answer: &Value) -> Sums {
    let label = answer["totals"].as_array().unwrap().iter().map(|total| total["period"].as_str().unwrap()).max();
    let totals = answer["totals"].as_array().unwrap().iter().filter(|total| total["period"].as_str() == label);
    let text = |total: &Value, name: &str| total[name].as_str().unwrap().to_owned();
    let sums = totals.map(|total| {
        let key = (text(total, "billing_number"), text(total, "currency"));
        (key, (text(total, "amount"), total["messages"].as_u64().unwrap()))
    });
    sums.collect()
}

/// The amount of [`NUMBER`], or nothing.
fn amount(answer: &Value) -> String {
    totals(answer).get(&(NUMBER.to_owned(), "USD".to_owned())).map_or_else(String::new, |(amount, _)| amount.clone())
}

/// What November holds that was sent before now.
fn truth(deployment: &Deployment, from: &str) -> Sums {
    plain(deployment.zoom.dataset().at(deployment.now).truth(at(from), deployment.now))
}

/// The first date that the last run asked for, and how many requests it made for the report.
fn asked(deployment: &Deployment, before: usize) -> (String, usize) {
    let observed = deployment.zoom.observed();
    let reports = observed[before..].iter().filter(|request| request.kind == ObservedKind::Report);
    let from: Vec<_> = reports.map(|request| request.parameter("from").unwrap().to_owned()).collect();
    (from.iter().min().cloned().unwrap_or_default(), from.len())
}

/// A run, with the first date that it asked for.
async fn run_asking(deployment: &mut Deployment) -> (Value, String) {
    let before = deployment.zoom.observed().len();
    let answer = deployment.run().await;
    let (from, requests) = asked(deployment, before);
    assert_eq!(answer["requests"], requests);
    (answer, from)
}

/// Zoom goes on with the same rows and other switches.
async fn zoom_becomes(deployment: &mut Deployment, line: &str) {
    deployment.zoom = Sandbox::start(0, deployment.zoom.dataset(), switches(line)).await.unwrap();
}

/// The items of the daybook, by sort key.
async fn items(deployment: &Deployment) -> HashMap<String, HashMap<String, AttributeValue>> {
    let client = aws_sdk_dynamodb::Client::new(&deployment.aws.config);
    let scan = client.scan().table_name(&deployment.aws.table).consistent_read(true);
    let items: Vec<_> = scan.into_paginator().items().send().collect::<Result<_, _>>().await.unwrap();
    let keyed = items.into_iter().map(|item| (item["sk"].as_s().unwrap().clone(), item));
    keyed.filter(|(key, _)| key.starts_with("daybook#")).collect()
}

const HEAD: &str = "daybook#sms#UTC#head";

async fn head(deployment: &Deployment) -> Value {
    serde_json::from_str(items(deployment).await[HEAD]["head"].as_s().unwrap()).unwrap()
}

async fn set_head(deployment: &Deployment, head: &Value) {
    deployment.aws.damage(HEAD, "head", AttributeValue::S(head.to_string())).await;
}

async fn delete(deployment: &Deployment, sort_key: &str) {
    let client = aws_sdk_dynamodb::Client::new(&deployment.aws.config);
    let item = items(deployment).await.remove(sort_key).unwrap();
    let delete = client.delete_item().table_name(&deployment.aws.table);
    delete.key("pk", item["pk"].clone()).key("sk", item["sk"].clone()).send().await.unwrap();
}

/// A report of November that takes more than 60 requests.
async fn large() -> Deployment {
    setup().rows(many(20, "2026-10-25", "2026-11-29")).zoom("--page-limit 5").deployment().await
}

/// The same after two runs: the first one does not know yet where later ones need a part to end.
async fn large_and_known() -> Deployment {
    let mut deployment = large().await;
    deployment.run().await;
    deployment.full_read_hours = 0;
    deployment.run().await;
    deployment.full_read_hours = 24;
    deployment
}

async fn backfill(deployment: &mut Deployment) -> Value {
    deployment.ends(json!({ "backfill": true })).await.unwrap()["backfill"].clone()
}
