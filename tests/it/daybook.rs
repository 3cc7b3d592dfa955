//! What runs remember: fewer requests, the same figures, doubts that a later run settles.
//!
//! Runs are made in process, with the product's own clients, so that a test says what time it is.

use crate::readings::{Sums, plain};
use crate::support::{
    Budget, Deployment, Effect, Gate, NOW, NUMBER, Policy, at, from_number, row, setup, spent_on, switches,
};
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::{SignedDuration, ToSpan, civil::Date, tz::TimeZone};
use serde_json::{Value, json};
use std::{collections::HashMap, time::Duration};
use zoom_sms_cost_alerts::sandbox::{ObservedKind, Row, Sandbox, Truth};

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

// Small reports.

#[tokio::test]
async fn a_small_report_is_read_whole_every_hour_by_one_request_or_two() {
    let rows = daily("2026-09-20", "2026-12-10");
    for day in 1..=30 {
        let now = at(&format!("2026-11-{day:02}T13:00:00Z"));
        let mut deployment = setup().rows(rows.clone()).now(now).deployment().await;
        for hour in 0..2 {
            let answer = deployment.run().await;
            // Until the 5th at noon October is judged too, which is more than a question can have.
            let most = if (5..=18).contains(&day) { 1 } else { 2 };
            assert!(requests(&answer) <= most, "{} requests on day {day} at hour {hour}", requests(&answer));
            assert_eq!((totals(&answer), remembered_days(&answer)), (truth(&deployment, "2026-11-01T00:00:00Z"), 0));
            deployment.later(1);
        }
    }
}

#[tokio::test]
async fn a_run_soon_after_another_reads_what_is_open_and_says_the_same() {
    let mut deployment = setup().rows(daily("2026-10-01", "2026-11-29")).deployment().await;
    let mut froms = Vec::new();
    for _ in 0..4 {
        let (answer, from) = run_asking(&mut deployment).await;
        assert_eq!(amount(&answer), "22");
        froms.push((from, remembered_days(&answer) > 0));
        deployment.until(deployment.now + 5.minutes());
    }
    let whole = ("2026-10-28".to_owned(), false);
    assert_eq!(froms[..2], [whole.clone(), whole.clone()]);
    assert_eq!(froms[2..], [("2026-11-22".to_owned(), true), ("2026-11-22".to_owned(), true)]);
    deployment.later(1);
    assert_eq!(run_asking(&mut deployment).await.1, "2026-10-28");
}

// Large reports.

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

#[tokio::test]
async fn a_large_report_is_read_in_parts_between_whole_readings() {
    let mut deployment = large_and_known().await;
    deployment.full_read_hours = 0;
    let (whole, from) = run_asking(&mut deployment).await;
    deployment.full_read_hours = 24;
    assert!(requests(&whole) > 60, "{}", requests(&whole));
    assert_eq!((from.as_str(), remembered_days(&whole)), ("2026-10-28", 0));
    // Rows that come late, under a date that is not settled and under one that is.
    let late = |day: &str| Row { appears: Some(at(NOW) + 2.hours()), ..spent_on(day, 7) };
    let (unsettled, settled) = (late("2026-11-20"), late("2026-11-05"));
    let rows: Vec<_> = deployment.zoom.dataset().rows().cloned().chain([unsettled, settled]).collect();
    deployment.show(rows);
    let mut seen = Vec::new();
    for hour in 1..=25 {
        deployment.later(1);
        let (answer, from) = run_asking(&mut deployment).await;
        let late = {
            let messages = |sums: &Sums| sums.values().map(|sum| sum.1).sum::<u64>();
            messages(&truth(&deployment, "2026-11-01T00:00:00Z")) - messages(&totals(&answer))
        };
        seen.push((hour, from, late, requests(&answer)));
        assert_eq!(answer["complete"], true);
        assert_eq!(answer.get("unconfirmed"), None, "{hour}");
    }
    for (hour, from, missing, requests_made) in &seen {
        let open = if *hour < 23 { "2026-11-22" } else { "2026-11-23" };
        let (expected, lacking) = match hour {
            // On the 23rd at noon the 22nd is over: its part, which was open, is read once more.
            23 => ("2026-11-22", 1),
            24 => ("2026-10-28", 0),
            6 | 12 | 18 => ("2026-11-19", 1),
            1 => (open, 0),
            2..6 => (open, 2),
            25 => (open, 0),
            _ => (open, 1),
        };
        assert_eq!((from.as_str(), *missing), (expected, lacking), "at hour {hour}: {seen:?}");
        assert!(*hour == 24 || *requests_made * 3 < requests(&whole), "{requests_made} requests at hour {hour}");
    }
}

#[tokio::test]
async fn a_question_that_must_start_earlier_takes_no_row_from_a_part_that_is_kept() {
    // Neither today nor the future may be asked for: the newest question has to start on the day before.
    let line = "--page-limit 3 --date-zone Asia/Kolkata --to-dates exclusive --future-dates refused";
    let rows = many(10, "2026-09-25", "2026-11-05");
    let mut deployment = setup().rows(rows).zoom(line).now("2026-10-29T10:22:00Z").deployment().await;
    for hour in 0..16 {
        // The first run does not know yet where later ones need a part to end.
        deployment.full_read_hours = if hour < 2 { 0 } else { 24 };
        let answer = deployment.run().await;
        let listed = deployment.zoom.listed();
        let listed = listed.iter().flat_map(|question| question.without_faults.iter().map(|row| &**row));
        let ever_listed = plain(Truth::of(listed, at("2026-10-01T00:00:00Z"), deployment.now));
        assert_eq!(totals(&answer), ever_listed, "at hour {hour}");
        assert_eq!(answer.get("unconfirmed"), None, "at hour {hour}");
        deployment.later(1);
    }
}

#[tokio::test]
async fn how_often_dates_are_read_again_is_the_deployments_choice() {
    let mut deployment = large_and_known().await;
    (deployment.full_read_hours, deployment.late_read_hours) = (4, 2);
    let mut froms = Vec::new();
    for _ in 0..5 {
        deployment.later(1);
        froms.push(run_asking(&mut deployment).await.1);
    }
    assert_eq!(froms, ["2026-11-22", "2026-11-19", "2026-11-22", "2026-10-28", "2026-11-22"]);
    deployment.full_read_hours = 0;
    assert_eq!(run_asking(&mut deployment).await.1, "2026-10-28");
    assert_eq!(run_asking(&mut deployment).await.1, "2026-10-28");
}

#[tokio::test]
async fn a_reading_that_does_not_fit_into_a_run_goes_on_in_the_next_one() {
    for total_records in ["overall", "absent", "per-page"] {
        let mut deployment = setup()
            .rows(many(40, "2026-10-25", "2026-11-29"))
            .zoom(&format!("--page-limit 2 --total-records {total_records}"))
            .deployment()
            .await;
        // Some 550 pages, of which a run has the time for some 200.
        (deployment.requests_per_second, deployment.time) = (200, Some(Duration::from_millis(1_500)));
        let mut froms = Vec::new();
        let answer = loop {
            let before = deployment.zoom.observed().len();
            match deployment.ends(json!({})).await {
                Ok(answer) => break answer,
                Err(error) => {
                    assert!(error.to_string().starts_with("ReportIncomplete"), "{total_records}: {error}");
                    assert!(error.to_string().contains("could not be read"), "{total_records}: {error}");
                }
            }
            froms.push(asked(&deployment, before).0);
            assert!(froms.len() < 20, "{total_records}: no end in sight");
            deployment.later(1);
        };
        assert_eq!(answer["complete"], true, "{total_records}");
        assert_eq!(totals(&answer), truth(&deployment, "2026-11-01T00:00:00Z"), "{total_records}");
        assert!(!froms.is_empty(), "{total_records}: one run's time was enough");
        // The newest dates are kept; the oldest were never read before.
        assert!(froms.iter().all(|from| from == "2026-10-28"), "{total_records}: {froms:?}");
        assert!(remembered_days(&answer) > 0, "{total_records}");
    }
}

// What fails.

#[tokio::test]
async fn a_question_that_fails_names_its_dates_and_what_was_read_counts_beside_what_is_remembered() {
    let policy = Policy::of(Budget::each("billing_number").alert_at(&[100, 150])).only_watched();
    let mut deployment = setup().policy(policy).rows([spent_on("2026-11-02", 120)]).deployment().await;
    deployment.run().await;
    assert_eq!(deployment.subjects().await.len(), 1);
    // What is remembered of the 2nd and what is read of the 22nd exceed the second level.
    deployment.show([spent_on("2026-11-02", 120), spent_on("2026-11-22", 40)]);
    zoom_becomes(&mut deployment, "--fail-dates 2026-11-02=validation-300").await;
    deployment.later(1);
    let error = deployment.fails().await.to_string();
    assert!(error.starts_with("ReportInvalid") && error.contains("2026-10-28 to 2026-11-"), "{error}");
    let news = deployment.news().await;
    assert_eq!(news.len(), 1);
    let alert = news[0].json()["alerts"][0].clone();
    assert_eq!((&alert["amount"], &alert["level"], &alert["at_least"]), (&json!("160"), &json!("150%"), &json!(true)));
    // Nothing was forgotten for it.
    zoom_becomes(&mut deployment, "").await;
    deployment.later(1);
    assert_eq!(amount(&deployment.run().await), "160");
    assert!(deployment.subjects().await.is_empty());
}

#[tokio::test]
async fn a_small_report_that_was_read_in_part_is_read_on_and_then_whole_again() {
    let rows = daily("2026-10-01", "2026-11-29");
    let mut deployment = setup().rows(rows).zoom("--fail-dates 2026-11-02=validation-300").deployment().await;
    deployment.fails().await;
    zoom_becomes(&mut deployment, "").await;
    deployment.later(1);
    let (answer, from) = run_asking(&mut deployment).await;
    assert_eq!((amount(&answer).as_str(), from.as_str(), &answer["complete"]), ("22", "2026-10-28", &json!(true)));
    deployment.later(1);
    let (answer, _) = run_asking(&mut deployment).await;
    assert_eq!((requests(&answer), remembered_days(&answer)), (2, 0));
}

// Falls.

/// A number that spent so many dollars on the 10th, as Zoom has it in one run after the other, an hour apart: what each run answers, how many
/// figures wait for confirmation, and the first words of the messages sent.
async fn told(dollars: &[i64]) -> Vec<(String, usize, Vec<String>)> {
    let mut deployment = setup().rows([]).deployment().await;
    let mut told = Vec::new();
    for dollars in dollars {
        let rest = spent_on("2026-11-03", 5);
        deployment.show(if *dollars == 0 { vec![rest] } else { vec![rest, spent_on("2026-11-10", *dollars)] });
        let answer = deployment.run().await;
        let unconfirmed = answer.get("unconfirmed").map_or(0, |falls| falls.as_array().unwrap().len());
        let subjects = deployment.subjects().await;
        let kinds = subjects.iter().map(|subject| subject.split(':').next().unwrap().to_owned()).collect();
        told.push((amount(&answer), unconfirmed, kinds));
        deployment.later(1);
    }
    told
}

/// The same without the messages.
async fn figures(dollars: &[i64]) -> Vec<(String, usize)> {
    told(dollars).await.into_iter().map(|(amount, unconfirmed, _)| (amount, unconfirmed)).collect()
}

fn expected(figures: &[(&str, usize)]) -> Vec<(String, usize)> {
    figures.iter().map(|(amount, unconfirmed)| ((*amount).to_owned(), *unconfirmed)).collect()
}

#[tokio::test]
async fn a_figure_that_falls_waits_for_a_later_run() {
    // Confirmed by the same figure, or by one between the fallen and the old.
    assert_eq!(figures(&[120, 0, 0, 0]).await, expected(&[("125", 0), ("125", 1), ("5", 0), ("5", 0)]));
    assert_eq!(figures(&[120, 40, 60, 60]).await, expected(&[("125", 0), ("125", 1), ("65", 0), ("65", 0)]));
    // Ended by the old figure or more.
    assert_eq!(figures(&[120, 0, 120, 120]).await, expected(&[("125", 0), ("125", 1), ("125", 0), ("125", 0)]));
    assert_eq!(figures(&[120, 0, 130]).await, expected(&[("125", 0), ("125", 1), ("135", 0)]));
    // A lower one waits anew.
    assert_eq!(figures(&[120, 60, 20, 20]).await, expected(&[("125", 0), ("125", 1), ("125", 1), ("25", 0)]));
}

#[tokio::test]
async fn one_wrong_answer_sends_nothing_and_a_true_one_sends_one_correction() {
    let kinds =
        |told: Vec<(String, usize, Vec<String>)>| told.into_iter().flat_map(|(_, _, kinds)| kinds).collect::<Vec<_>>();
    assert_eq!(kinds(told(&[120, 0, 120, 120]).await).len(), 1);
    assert_eq!(kinds(told(&[120, 0, 0, 0]).await).len(), 2);
    // Answers that change back and forth for hours: an alert, a correction, and the alert that is due again.
    let flapping = kinds(told(&[110, 20, 20, 110, 20, 20, 110, 20, 20, 110]).await);
    assert!(flapping.len() <= 3, "{flapping:?}");
}

#[tokio::test]
async fn one_numbers_fall_does_not_hide_anothers_rise() {
    let other = |dollars: i64| from_number("+12025550177", spent_on("2026-11-10", dollars));
    let mut deployment = setup().rows([spent_on("2026-11-10", 90), other(10)]).deployment().await;
    deployment.run().await;
    deployment.subjects().await;
    deployment.show([other(60)]);
    deployment.later(1);
    let answer = deployment.run().await;
    assert_eq!(answer["unconfirmed"][0]["day"], "2026-11-10");
    assert_eq!(amount(&answer), "90");
    let subjects = deployment.subjects().await;
    assert!(subjects.len() == 1 && subjects[0].contains("0177"), "{subjects:?}");
}

#[tokio::test]
async fn a_large_reports_fall_is_looked_at_again_by_the_next_run() {
    let mut deployment = large().await;
    let mut rows: Vec<_> = deployment.zoom.dataset().rows().cloned().collect();
    deployment.run().await;
    // Of a settled date; the next runs do not look there until everything is read.
    rows.retain(|row| row.message_id.as_deref() != Some("2026-11-06 4 of +12025550143"));
    deployment.show(rows);
    for hour in 1..24 {
        deployment.later(1);
        assert_eq!(deployment.run().await.get("unconfirmed"), None, "{hour}");
    }
    deployment.later(1);
    assert_eq!(deployment.run().await["unconfirmed"][0]["day"], "2026-11-06");
    deployment.later(1);
    let (answer, from) = run_asking(&mut deployment).await;
    assert!(from.as_str() <= "2026-11-06", "{from}");
    assert_eq!((answer.get("unconfirmed"), totals(&answer)), (None, truth(&deployment, "2026-11-01T00:00:00Z")));
    deployment.later(1);
    assert_eq!(run_asking(&mut deployment).await.1, "2026-11-23");
}

#[tokio::test]
async fn what_a_reading_finds_as_it_was_is_not_restated_and_what_changed_is() {
    let mut deployment = setup().rows(daily("2026-11-01", "2026-11-22")).deployment().await;
    for _ in 0..3 {
        let answer = deployment.run().await;
        assert_eq!(answer.get("restated"), None, "{answer}");
        deployment.later(1);
    }
    let mut rows = daily("2026-11-01", "2026-11-22");
    rows[4] = spent_on("2026-11-05", 3);
    deployment.show(rows);
    let answer = deployment.run().await;
    let restated =
        json!([{"day": "2026-11-05", "billing_number": NUMBER, "currency": "USD", "before": "1", "after": "3"}]);
    assert_eq!(answer["restated"], restated);
}

// The table.

#[tokio::test]
async fn a_daybook_that_is_damaged_costs_requests_and_no_figure() {
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let other_version = json!({ "version": 99, "days": {} }).to_string();
    for (kind, attribute, value, reads_all) in [
        ("#head", "head", text("{"), true),
        ("#head", "head", text(&other_version), true),
        ("#head", "revision", text("many"), false),
        ("#part#", "figures", text("{}"), true),
        ("#part#", "figures", text("nothing"), true),
        ("#part#", "digests", text("none"), true),
        ("#day#", "figures", text("{}"), false),
    ] {
        let mut deployment = large_and_known().await;
        let items = items(&deployment).await;
        // Of a part that the next run believes.
        let head = head(&deployment).await;
        let settled =
            head["parts"].as_array().unwrap().iter().filter(|part| part["to"].as_str().unwrap() <= "2026-11-19");
        let part = settled.max_by_key(|part| part["rows"].as_u64()).unwrap();
        let part = format!("#part#{}#{}#", part["from"].as_str().unwrap(), part["to"].as_str().unwrap());
        let wanted = if kind == "#part#" { part.as_str() } else { kind };
        let mut keys: Vec<_> =
            items.iter().filter(|(key, item)| key.contains(wanted) && item.contains_key(attribute)).collect();
        keys.sort_by_key(|(key, _)| (*key).clone());
        let key = keys[0].0;
        deployment.aws.damage(key, attribute, value.clone()).await;
        for hour in 1..=2 {
            deployment.later(1);
            let (answer, from) = run_asking(&mut deployment).await;
            let case = format!("{key} {attribute} {value:?} at hour {hour}, from {from}: {answer}");
            assert_eq!(totals(&answer), truth(&deployment, "2026-11-01T00:00:00Z"), "{case}");
            let whole = (&json!(true), None, None);
            assert_eq!((&answer["complete"], answer.get("unconfirmed"), answer.get("restated")), whole, "{case}");
            // What is damaged costs one reading.
            assert_eq!(from == "2026-10-28", reads_all && hour == 1, "{case}");
        }
    }
    let mut deployment = large_and_known().await;
    let part = items(&deployment).await.into_keys().filter(|key| key.contains("#part#")).min().unwrap();
    // An item that is gone.
    delete(&deployment, &part).await;
    deployment.later(1);
    let answer = deployment.run().await;
    assert_eq!(totals(&answer), truth(&deployment, "2026-11-01T00:00:00Z"));
}

#[tokio::test]
async fn a_figure_that_falls_while_its_lines_cannot_be_had_is_not_believed_for_that() {
    let mut deployment = setup().rows([spent_on("2026-11-10", 120)]).deployment().await;
    deployment.run().await;
    deployment.subjects().await;
    delete(&deployment, "daybook#sms#UTC#day#2026-11-10#0").await;
    // An answer that lacks the row, once; and once more much later.
    for _ in 0..2 {
        deployment.later(1);
        deployment.show([]);
        let answer = deployment.run().await;
        assert_eq!(answer["unconfirmed"][0]["before"], "120");
        assert!(deployment.subjects().await.is_empty());
        deployment.later(1);
        deployment.show([spent_on("2026-11-10", 120)]);
        assert_eq!(amount(&deployment.run().await), "120");
    }
}

#[tokio::test]
async fn a_table_that_fails_fails_no_reading() {
    let forbidden = || Effect::Fail { status: 400, code: "AccessDeniedException" };
    for action in ["DynamoDB.BatchGetItem", "DynamoDB.BatchWriteItem", "DynamoDB.PutItem daybook"] {
        let mut deployment = large().await;
        let first = deployment.run().await;
        deployment.proxy.always(action, forbidden());
        for _ in 0..2 {
            deployment.later(1);
            let answer = deployment.run().await;
            assert_eq!(totals(&answer), truth(&deployment, "2026-11-01T00:00:00Z"), "{action}");
            assert_eq!(answer["complete"], true, "{action}");
        }
        deployment.proxy.clear();
        deployment.later(1);
        let answer = deployment.run().await;
        assert_eq!(totals(&answer), truth(&deployment, "2026-11-01T00:00:00Z"), "{action}");
        assert!(requests(&answer) <= requests(&first), "{action}");
    }
}

#[tokio::test]
async fn what_dynamodb_leaves_unprocessed_is_asked_for_again() {
    let mut deployment = large_and_known().await;
    deployment.proxy.always("DynamoDB.BatchWriteItem", Effect::Half);
    deployment.full_read_hours = 0;
    deployment.run().await;
    deployment.full_read_hours = 24;
    deployment.proxy.clear();
    deployment.proxy.always("DynamoDB.BatchGetItem", Effect::Half);
    deployment.later(1);
    let answer = deployment.run().await;
    assert!(remembered_days(&answer) > 10);
    assert_eq!(totals(&answer), truth(&deployment, "2026-11-01T00:00:00Z"));
    deployment.proxy.clear();
}

#[tokio::test]
async fn of_two_runs_at_the_same_time_one_is_remembered() {
    let mut deployment = large().await;
    deployment.run().await;
    let gate = Gate::default();
    deployment.proxy.on("DynamoDB.PutItem daybook", 1, Effect::Hold(gate.clone()));
    deployment.later(1);
    let (aws, revision) = (aws_sdk_dynamodb::Client::new(&deployment.aws.config), AttributeValue::N("50".to_owned()));
    let (table, item) = (deployment.aws.table.clone(), items(&deployment).await.remove(HEAD).unwrap());
    let other = async {
        gate.reached().await;
        // The other run's head.
        let update = aws.update_item().table_name(&table).key("pk", item["pk"].clone()).key("sk", item["sk"].clone());
        let update = update.update_expression("SET revision = :other").expression_attribute_values(":other", revision);
        update.send().await.unwrap();
        gate.open();
    };
    let (answer, ()) = tokio::join!(deployment.run(), other);
    assert_eq!(answer["complete"], true);
    deployment.proxy.clear();
    assert_eq!(items(&deployment).await[HEAD]["revision"], AttributeValue::N("50".to_owned()));
    deployment.later(1);
    let answer = deployment.run().await;
    assert_eq!(totals(&answer), truth(&deployment, "2026-11-01T00:00:00Z"));
    assert_eq!(items(&deployment).await[HEAD]["revision"], AttributeValue::N("51".to_owned()));
}

#[tokio::test]
async fn days_of_another_zone_are_other_days() {
    let mut deployment = large().await;
    deployment.run().await;
    deployment.set_policy(Policy::default().zone("Asia/Kathmandu")).await;
    for whole in [true, false] {
        deployment.later(1);
        let answer = deployment.run().await;
        assert_eq!(totals(&answer), truth(&deployment, "2026-10-31T18:15:00Z"));
        assert_eq!(remembered_days(&answer) == 0, whole);
    }
    // Budgets of another period, and back in the first zone.
    let daily = Budget::each("billing_number").name("daily").period("day");
    deployment.set_policy(Policy::default().and(daily)).await;
    deployment.later(1);
    let answer = deployment.run().await;
    let month = answer["totals"].as_array().unwrap().iter().filter(|total| total["period"] == "2026-11");
    let messages: u64 = month.map(|total| total["messages"].as_u64().unwrap()).sum();
    let expected: u64 = truth(&deployment, "2026-11-01T00:00:00Z").values().map(|sum| sum.1).sum();
    assert_eq!(messages, expected);
}

#[tokio::test]
async fn a_day_of_more_lines_than_are_kept_apart_is_folded_and_its_sums_stay() {
    let line = |line: i64| Row {
        department: Some(format!("Department \"{line}\"\t\u{1F4B8}")),
        ..from_number(
            &format!("+120255501{:02}", line % 40),
            row(&format!("m{line}"), "2026-11-10T10:00:00Z", 10_000 + line),
        )
    };
    let rows: Vec<_> = (0..21_000).map(line).collect();
    let mut deployment = setup().policy(Policy::default().only_watched()).rows(rows).deployment().await;
    for _ in 0..2 {
        let answer = deployment.run().await;
        assert_eq!(totals(&answer), truth(&deployment, "2026-11-01T00:00:00Z"));
        assert_eq!((answer.get("unconfirmed"), answer.get("restated")), (None, None));
        deployment.later(1);
    }
    assert_eq!(deployment.aws.messages().await.len(), 1);
}

#[tokio::test]
async fn a_run_as_of_a_moment_of_the_past_and_a_dry_run_leave_the_daybook_alone() {
    let mut deployment = large().await;
    deployment.run().await;
    let before = items(&deployment).await;
    deployment.later(2);
    for event in
        [json!({ "as_of": "2026-11-10" }), json!({ "as_of": NOW, "publish": true }), json!({ "dry_run": true })]
    {
        deployment.ends(event.clone()).await.unwrap();
        assert_eq!(items(&deployment).await, before, "{event}");
    }
    let past = deployment.ends(json!({ "as_of": "2026-11-10" })).await.unwrap();
    assert_eq!(remembered_days(&past), 0);
    let truth =
        deployment.zoom.dataset().at(deployment.now).truth(at("2026-11-01T00:00:00Z"), at("2026-11-11T00:00:00Z"));
    assert_eq!(totals(&past), plain(truth));
}

// Periods that have ended.

#[tokio::test]
async fn a_closed_period_is_judged_until_it_was_read_whole_after_its_late_listings_ended() {
    let periods = |answer: &Value| answer["periods"].as_array().unwrap().len();
    let mut deployment = setup().rows(daily("2026-10-01", "2026-11-29")).now("2026-11-01T13:00:00Z").deployment().await;
    assert_eq!(periods(&deployment.run().await), 2);
    deployment.until("2026-11-05T11:00:00Z");
    assert_eq!(periods(&deployment.run().await), 2);
    // October's last listings have ended, but cannot be read.
    zoom_becomes(&mut deployment, "--fail-dates 2026-10-20=validation-300").await;
    for day in ["2026-11-05T13:00:00Z", "2026-11-12T13:00:00Z"] {
        deployment.until(day);
        let error = deployment.fails().await.to_string();
        assert!(error.contains("could not be read"), "{error}");
    }
    // A charge that came late is found, however late.
    zoom_becomes(&mut deployment, "").await;
    let rows: Vec<_> = daily("2026-10-01", "2026-11-29").into_iter().chain([spent_on("2026-10-31", 99)]).collect();
    deployment.show(rows);
    deployment.later(1);
    let answer = deployment.run().await;
    assert_eq!(periods(&answer), 2);
    assert!(
        deployment.subjects().await.iter().any(|subject| subject.contains("2026-10") || subject.contains("October"))
    );
    deployment.later(1);
    assert_eq!(periods(&deployment.run().await), 1);
}

#[tokio::test]
async fn a_first_run_after_a_long_silence_judges_what_no_run_has_judged() {
    let mut deployment = setup().rows(daily("2026-06-01", "2026-11-29")).now("2026-08-20T13:00:00Z").deployment().await;
    deployment.run().await;
    deployment.until(NOW);
    let answer = deployment.run().await;
    let complete: Vec<_> =
        answer["periods"].as_array().unwrap().iter().map(|period| period["complete"].clone()).collect();
    assert_eq!(complete, [json!(true), json!(true), json!(true), json!(true)]);
    assert_eq!(answer["rows"], 22 + 31 + 30 + 31);
    deployment.later(1);
    assert_eq!(deployment.run().await["periods"].as_array().unwrap().len(), 1);
}

// Backfills.

async fn backfill(deployment: &mut Deployment) -> Value {
    deployment.ends(json!({ "backfill": true })).await.unwrap()["backfill"].clone()
}

#[tokio::test]
async fn a_backfill_loads_thirteen_months_once() {
    for line in [
        "",
        "--date-zone Pacific/Kiritimati --to-dates exclusive",
        "--date-zone Etc/GMT+12 --month days28 --listed-off 30",
    ] {
        let mut deployment = setup().rows(daily("2025-10-20", "2026-11-22")).zoom(line).deployment().await;
        let answer = backfill(&mut deployment).await;
        let all = json!({ "days": 386, "days_read": 386, "since": "2025-10-27", "finished": true });
        assert_eq!(answer, all, "{line}");
        let kept = items(&deployment).await;
        let days: Vec<_> = kept.iter().filter(|(key, _)| key.contains("#day#")).collect();
        assert_eq!(days.len(), 386, "{line}: a row on every day");
        // For longer than Zoom keeps its report.
        let expires =
            |item: &HashMap<String, AttributeValue>| item["expires_at"].as_n().unwrap().parse::<i64>().unwrap();
        let most = (at(NOW) + SignedDuration::from_hours(24 * 396)).as_second();
        assert!(days.iter().all(|(_, item)| expires(item) > most), "{line}");
        let before = deployment.zoom.observed().len();
        assert_eq!(
            backfill(&mut deployment).await,
            json!({ "days": 386, "days_read": 0, "since": "2025-10-27", "finished": true })
        );
        assert_eq!(asked(&deployment, before).1, 0, "{line}");
        // A run of the present finds what it needs, and changes nothing of it.
        let answer = deployment.run().await;
        assert_eq!(
            (amount(&answer).as_str(), answer.get("unconfirmed"), answer.get("restated")),
            ("22", None, None),
            "{line}"
        );
    }
}

#[tokio::test]
async fn the_last_rows_of_a_month_are_loaded_however_late_they_are_listed() {
    // Listed under the last date at which a row of the 16th may be found, in the zone where that date comes first.
    let line = "--to-dates exclusive --date-zone Pacific/Kiritimati --listed-off 100 --listed-off-days 3";
    let rows = [row("last", "2026-11-16T23:59:59Z", 10_000), row("month's last", "2026-10-31T23:59:59Z", 20_000)];
    let mut deployment = setup().rows(rows).zoom(line).deployment().await;
    assert_eq!(backfill(&mut deployment).await["finished"], true);
    let head = head(&deployment).await;
    assert_eq!(head["days"]["2026-11-16"]["sums"], json!([["USD", "1", 1]]));
    assert_eq!(head["days"]["2026-10-31"]["sums"], json!([["USD", "2", 1]]));
}

#[tokio::test]
async fn a_backfill_that_cannot_be_saved_ends_at_once() {
    let mut deployment = setup().rows(daily("2025-10-20", "2026-11-22")).deployment().await;
    deployment.proxy.always("DynamoDB.BatchWriteItem", Effect::Fail { status: 400, code: "AccessDeniedException" });
    let error = deployment.ends(json!({ "backfill": true })).await.unwrap_err().to_string();
    assert!(error.starts_with("LedgerUnavailable"), "{error}");
    assert_eq!(asked(&deployment, 0).1, 1, "only the newest month was asked for");
    deployment.proxy.clear();
    assert_eq!(backfill(&mut deployment).await["days_read"], 386);
}

#[tokio::test]
async fn a_backfill_that_is_cut_short_by_time_is_no_error_and_goes_on_where_it_was() {
    let mut deployment = setup().rows(daily("2025-10-20", "2026-11-22")).zoom("--latency-ms 120").deployment().await;
    deployment.time = Some(Duration::from_millis(2_000));
    let (mut days, mut calls) = (0, 0);
    loop {
        let answer = backfill(&mut deployment).await;
        calls += 1;
        days += answer["days_read"].as_u64().unwrap();
        assert_eq!(answer["days"], days);
        if answer["finished"] == true {
            break;
        }
        assert!(calls < 60, "no end in sight: {answer}");
    }
    assert!(calls > 1, "one call's time was enough");
    assert_eq!(days, 386);
}

#[tokio::test]
async fn backfills_of_a_day_share_what_they_may_ask_for() {
    let mut deployment = setup().rows(daily("2025-10-20", "2026-11-22")).zoom("--page-limit 3").deployment().await;
    deployment.run().await;
    let mut known = head(&deployment).await;
    let live = known["requests"][1].as_u64().unwrap();
    assert_eq!(known["requests"], json!(["2026-11-22", live]));
    assert!(live > 0);
    known["requests"][1] = json!(7_480);
    set_head(&deployment, &known).await;
    let mut made = 0;
    for _ in 0..3 {
        let before = deployment.zoom.observed().len();
        let answer = backfill(&mut deployment).await;
        assert_eq!(answer["finished"], false);
        made += asked(&deployment, before).1;
    }
    assert_eq!(made, 20, "what is left of 7,500");
    assert_eq!(head(&deployment).await["requests"], json!(["2026-11-22", 7_500]));
    // Runs that alert are not held back by it.
    deployment.later(1);
    assert_eq!(deployment.run().await["complete"], true);
    // The next day has a share of its own.
    deployment.later(24);
    assert_eq!(backfill(&mut deployment).await["finished"], true);
}

#[tokio::test]
async fn a_daybook_forgets_days_that_zoom_has_forgotten_long_ago() {
    let mut deployment = setup().rows(daily("2026-10-20", "2026-11-22")).deployment().await;
    backfill(&mut deployment).await;
    deployment.run().await;
    assert!(head(&deployment).await["days"].get("2026-10-25").is_some());
    deployment.until("2028-02-10T13:00:00Z");
    deployment.run().await;
    let days = head(&deployment).await["days"].clone();
    assert!(days.get("2026-10-25").is_none() && days.get("2028-02-10").is_some(), "{days}");
}

// Age.

#[tokio::test]
async fn a_report_without_new_rows_is_reported_once_91_days_are_known() {
    let mut deployment =
        setup().policy(Policy::default().only_watched()).rows(daily("2026-07-01", "2026-11-15")).deployment().await;
    deployment.run().await;
    assert!(deployment.subjects().await.is_empty(), "too little is known");
    backfill(&mut deployment).await;
    deployment.later(1);
    deployment.run().await;
    let subjects = deployment.subjects().await;
    assert!(subjects.len() == 1 && subjects[0].contains("since 15 November"), "{subjects:?}");
    deployment.later(1);
    deployment.run().await;
    assert!(deployment.subjects().await.is_empty(), "once an episode");
    // Rows again, and again none.
    deployment.show(daily("2026-07-01", "2026-11-22"));
    deployment.later(1);
    deployment.run().await;
    deployment.until("2026-11-28T13:00:00Z");
    deployment.run().await;
    let subjects = deployment.subjects().await;
    assert!(subjects.len() == 1 && subjects[0].contains("since 22 November"), "{subjects:?}");
}

#[tokio::test]
async fn answers_that_change_between_an_old_and_a_new_state_never_fall_below_what_was_believed() {
    let rows = many(4, "2026-11-01", "2026-11-29");
    let mut deployment = setup().rows(rows).zoom("--flap 2 --flap-hours 48").deployment().await;
    let mut highest = 0;
    for _ in 0..8 {
        let answer = deployment.run().await;
        let messages: u64 = totals(&answer).values().map(|sum| sum.1).sum();
        assert!(messages >= highest, "{messages} after {highest}: {answer}");
        highest = highest.max(messages);
        deployment.later(1);
    }
}
