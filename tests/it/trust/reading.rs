//! Every row once, every gap with its reason, nothing believed too soon.

use super::{heard, news};
use crate::support::{Budget, Policy, from_number, row, setup, spent, spent_on};
use jiff::{ToSpan, civil::Date, tz::TimeZone};
use serde_json::{Value, json};
use zoom_sms_cost_alerts::error::Code;
use zoom_sms_cost_alerts::sandbox::Row;

const OTHER: &str = "+12025550187";

/// The answer that a run logged, though it failed.
fn logged(logs: &str) -> Value {
    let mut lines = logs.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let line = lines.rfind(|line| line["message"] == "judged the report").unwrap();
    serde_json::from_str(line["answer"].as_str().unwrap()).unwrap()
}

#[tokio::test]
async fn a_gap_has_its_reason_and_what_was_read_beside_it_proves_a_breach() {
    let rows = [spent_on("2026-11-05", 120), from_number(OTHER, spent_on("2026-11-20", 120))];
    for (fault, code) in
        [("server-500", "ZoomUnavailable"), ("envelope-200-rows", "ZoomUnavailable"), ("narrow", "ReportIncomplete")]
    {
        let world = setup().rows(rows.clone()).zoom(&format!("--fail-dates 2026-11-20={fault}")).world().await;
        let outcome = world.judge().await;
        assert_eq!(outcome.code(), code, "{fault}");
        let answer = logged(&world.logs());
        assert_eq!(answer["complete"], false, "{fault}");
        let gap = &answer["unread"][0];
        assert_eq!(gap["code"], code, "{fault}");
        assert!(gap["from"].as_str() <= Some("2026-11-20") && gap["to"].as_str() >= Some("2026-11-20"), "{gap}");
        assert!(!gap["problem"].as_str().unwrap().is_empty(), "{gap}");
        let messages = world.aws.messages().await;
        // An answer for fewer dates lists rows all the same.
        let expected = if fault == "narrow" { vec!["budget 100% 120"; 2] } else { vec!["budget 100% 120"] };
        assert_eq!(news(&messages), expected, "{fault}");
        assert_eq!(messages[0].json()["alerts"][0]["at_least"], true);
        assert_eq!(messages[0].json()["receipt"]["complete"], false);
    }
}

#[tokio::test]
async fn a_figure_that_falls_waits_for_a_second_reading_and_nobody_is_corrected_meanwhile() {
    let mut deployment = setup().rows([spent(110)]).deployment().await;
    assert_eq!(heard(&mut deployment).await, ["budget 100% 110"]);
    deployment.later(1);
    deployment.show([]);
    let answer = deployment.run().await;
    assert_eq!(
        answer["unconfirmed"],
        json!([{ "day": "2026-11-10", "currency": "USD", "before": "110", "after": "0" }])
    );
    assert_eq!(answer["totals"][0]["amount"], "110", "judged by the larger");
    // A breach beside it is not hidden by the fall.
    deployment.later(1);
    deployment.show([from_number(OTHER, spent(105)), spent(110)]);
    let answer = deployment.run().await;
    assert_eq!(answer.get("unconfirmed"), None);
    assert_eq!(news(&deployment.news().await), ["budget 100% 105"]);
}

#[tokio::test]
async fn flapping_answers_neither_alert_nor_correct_again_and_again() {
    let mut deployment = setup().rows([spent(110)]).deployment().await;
    let mut sent = Vec::new();
    for dollars in [110, 20, 20, 110].into_iter().cycle().take(16) {
        deployment.show([spent(dollars)]);
        sent.extend(heard(&mut deployment).await);
        deployment.later(1);
    }
    assert_eq!(sent, ["budget 100% 110", "correction 20", "budget 100% 110"]);
}

#[tokio::test]
async fn a_row_that_cannot_be_read_makes_no_other_number_unproven() {
    let bad = Row { charge_text: Some("abc".to_owned()), ..from_number(OTHER, spent_on("2026-11-12", 1)) };
    let credit = Row { charge: -100_000, ..spent_on("2026-11-11", 1) };
    let world = setup().rows([spent(120), credit, bad, from_number(OTHER, spent(60))]).world().await;
    assert_eq!(world.judge().await.code(), "ReportInvalid");
    let messages = world.aws.messages().await;
    assert_eq!(news(&messages), ["budget 100% 110", "budget 50% 60"]);
    let message = messages[0].json();
    let at_least = |place: usize| message["alerts"][place].get("at_least").cloned();
    assert_eq!((at_least(0), at_least(1)), (None, Some(json!(true))));
}

#[tokio::test]
async fn a_number_is_one_however_it_is_written() {
    let spellings = ["+14085550000", "14085550000", "(1408) 555-0000"];
    let rows = spellings.map(|number| from_number(number, spent(40)));
    let desk = from_number("14085550000 Ext. 1001", spent(1));
    let policy = Policy::of(Budget::each("billing_number").only(&["1 (408) 555-0000"]));
    let world = setup().policy(policy).rows(rows.into_iter().chain([desk]).collect::<Vec<_>>()).world().await;
    let outcome = world.judge().await;
    let totals = outcome.answer()["totals"].as_array().unwrap().iter();
    let totals: Vec<_> = totals.map(|total| [&total["billing_number"], &total["amount"]]).collect();
    assert_eq!(totals, [["+14085550000", "120"], ["+14085550000 Ext. 1001", "1"]]);
    assert_eq!(news(&world.aws.messages().await), ["budget 100% 120"]);
    assert_eq!(outcome.answer().get("unmatched"), None);
}

/// A row on each of so many days from 1 July on.
fn daily(days: i32) -> Vec<Row> {
    let first: Date = "2026-07-01".parse().unwrap();
    let sent = |day: i32| (first + day.days()).at(10, 0, 0, 0).to_zoned(TimeZone::UTC).unwrap().timestamp();
    (0..days)
        .map(|day| Row { sent: sent(day), ..spent_on("2026-11-10", 0) })
        .map(|row| Row { charge: 100, message_id: Some(row.sent.to_string()), ..row })
        .collect()
}

#[tokio::test]
async fn a_report_whose_newer_dates_cannot_be_read_is_not_called_stale() {
    let failing = setup().rows(daily(134)).zoom("--fail-dates 2026-11-11=server-500");
    let mut deployment = failing.now("2026-11-10T13:00:00Z").deployment().await;
    deployment.ends(json!({ "backfill": true })).await.unwrap();
    for _ in 0..5 {
        deployment.later(24);
        assert_eq!(deployment.fails().await.code, Code::ZoomUnavailable);
        assert_eq!(news(&deployment.news().await), [""; 0]);
        assert!(!deployment.metrics.report_stale);
    }
}

#[tokio::test]
async fn a_report_that_stays_as_it_was_is_reported_once_an_episode() {
    // Up to 10 November, then nothing new.
    let until_stall = daily(133);
    let mut deployment = setup().rows(until_stall.clone()).now("2026-11-10T13:00:00Z").deployment().await;
    deployment.ends(json!({ "backfill": true })).await.unwrap();
    let mut sent = Vec::new();
    for hour in 0..8 * 4 {
        sent.extend(heard(&mut deployment).await.into_iter().map(|news| format!("after {} h: {news}", 6 * hour)));
        deployment.later(6);
    }
    assert_eq!(sent, ["after 72 h: stale"]);
    assert!(deployment.metrics.report_stale);
    // New rows end the episode.
    deployment.show(daily(141));
    assert_eq!(heard(&mut deployment).await, [""; 0]);
    assert!(!deployment.metrics.report_stale);
    deployment.later(24 * 4);
    assert_eq!(heard(&mut deployment).await, ["stale"]);
}

#[tokio::test]
async fn hostile_rows_lose_no_run_and_no_cent() {
    let long = "Ünited \u{1f4b8} ".repeat(250);
    let absurd = ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2026-11-31T25:61:61Z"].map(|text| Row {
        sent_text: Some(text.to_owned()),
        message_id: Some(text.to_owned()),
        ..spent(7)
    });
    let policy = Policy::of(Budget::each("department").amount("1")).and(Budget::each("billing_number").amount("1"));
    let rows = [Row { department: Some(long.clone()), cost_center: Some(long.clone()), ..spent(3) }];
    let mut deployment = setup().policy(policy).rows(rows.clone()).deployment().await;
    deployment.run().await;
    let messages = deployment.news().await;
    assert_eq!(news(&messages).len(), 2);
    let alerts = messages[0].json()["alerts"].clone();
    let longest =
        alerts.as_array().unwrap().iter().map(|alert| alert["subject"].as_str().unwrap().chars().count()).max();
    assert!(longest <= Some(256), "{longest:?}");
    deployment.later(1);
    assert_eq!(heard(&mut deployment).await, [""; 0]);
    // Rows of the years 1 and 9999 are of no period; one whose time is none is named.
    deployment.show([rows.to_vec(), absurd.to_vec()].concat());
    let error = deployment.fails().await;
    assert!(error.to_string().starts_with("ReportInvalid: 1 row "), "{error}");
}

#[tokio::test]
async fn fifty_thousand_distinct_lines_in_a_day_are_summed_exactly() {
    let line = |line: i64| Row {
        billing_number: Some(format!("+1202555{:04}", line % 500)),
        department: Some(format!("Department {}", line / 500)),
        ..row(&format!("m{line}"), "2026-11-10T10:00:00Z", 10_000 + line)
    };
    let rows: Vec<_> = (0..50_000).map(line).collect();
    let policy = Policy::of(Budget::each("account").amount("1"));
    let mut deployment = setup().policy(policy).rows(rows).deployment().await;
    let first = deployment.run().await;
    assert_eq!(news(&deployment.news().await), ["budget 100% 174997.5"]);
    deployment.later(1);
    let second = deployment.run().await;
    assert_eq!((&first["rows"], &second["rows"]), (&json!(50_000), &json!(50_000)));
    assert_eq!(first["totals"], second["totals"]);
    assert_eq!(news(&deployment.news().await), [""; 0]);
}

#[tokio::test]
async fn a_moment_of_the_past_is_judged_and_published_only_if_asked_for() {
    let world = setup().rows([spent_on("2026-10-31", 60), spent(120)]).world().await;
    for (event, outcome, amount) in [
        (json!({ "as_of": "2026-10-31" }), "dry_run", "60"),
        (json!({ "as_of": "2026-10-31", "publish": true }), "sent", "60"),
        (json!({ "as_of": "2026-10-31", "publish": true }), "already_sent", "60"),
        (json!({ "as_of": "2026-10-31" }), "dry_run", "60"),
    ] {
        let answer = world.run(event.clone()).await;
        assert_eq!(answer.answer()["as_of"], "2026-10-31T23:59:59Z");
        let alert = &answer.answer()["alerts"][0];
        assert_eq!([&alert["outcome"], &alert["amount"]], [outcome, amount], "{event}");
    }
    let messages = world.aws.messages().await;
    assert_eq!((messages.len(), &messages[0].json()["rerun"]), (1, &json!(true)));
    assert!(world.aws.daybook_keys().await.is_empty(), "the history is left alone");
}

#[tokio::test]
async fn the_end_of_a_date_is_its_end_in_the_policys_zone() {
    let policy = Policy::default().zone("America/New_York");
    // In New York it is the evening of the 31st.
    let evening = row("evening", "2026-11-01T02:00:00Z", 600_000);
    let world = setup().policy(policy).rows([evening]).world().await;
    let outcome = world.run(json!({ "as_of": "2026-10-31" })).await;
    assert_eq!(outcome.answer()["as_of"], "2026-11-01T03:59:59Z");
    assert_eq!(outcome.answer()["alerts"][0]["period"], "2026-10");
}
