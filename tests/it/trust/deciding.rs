//! When an alert or a correction is due (contract, "When an alert is due").

use super::{heard, news};
use crate::support::{Budget, Deployment, NUMBER, Policy, at, from_number, setup, spent, spent_on};
use serde_json::json;
use zoom_sms_cost_alerts::sandbox::Row;

const OTHER: &str = "+12025550187";

#[tokio::test]
async fn after_a_correction_the_same_level_is_reported_again_once_it_is_reached_again() {
    let mut deployment = setup().rows([spent(110)]).deployment().await;
    assert_eq!(heard(&mut deployment).await, ["budget 100% 110"]);
    deployment.show([spent(20)]);
    for expected in [&[][..], &["correction 20"]] {
        deployment.later(1);
        deployment.show([spent(20)]);
        assert_eq!(heard(&mut deployment).await, expected);
    }
    deployment.later(1);
    deployment.show([spent(520)]);
    assert_eq!(heard(&mut deployment).await, ["budget 100% 520"]);
    deployment.later(1);
    assert_eq!(heard(&mut deployment).await, [""; 0]);
}

#[tokio::test]
async fn a_lowered_budget_does_not_silence_its_own_breach() {
    let each = Budget::each("billing_number").alert_at(&[50]);
    let mut deployment = setup().policy(Policy::of(each.clone())).rows([spent(60)]).deployment().await;
    assert_eq!(heard(&mut deployment).await, ["budget 50% 60"]);
    // By its percent nothing is new, but the budget is passed.
    deployment.set_policy(Policy::of(each.amount("50").alert_at(&[50, 100]))).await;
    deployment.later(1);
    deployment.show([spent(85)]);
    assert_eq!(heard(&mut deployment).await, ["budget 100% 85"]);
}

#[tokio::test]
async fn a_raised_budget_does_not_silence_the_breach_of_its_new_amount() {
    let each = Budget::each("billing_number");
    let mut deployment = setup().policy(Policy::of(each.clone())).rows([spent(110)]).deployment().await;
    assert_eq!(heard(&mut deployment).await, ["budget 100% 110"]);
    deployment.set_policy(Policy::of(each.amount("200"))).await;
    for (dollars, expected) in [(190, &[][..]), (205, &["budget 100% 205"])] {
        deployment.later(1);
        deployment.show([spent(dollars)]);
        assert_eq!(heard(&mut deployment).await, expected, "{dollars}");
    }
}

#[tokio::test]
async fn a_revision_upwards_is_one_alert_and_no_correction() {
    let policy = Policy::of(Budget::each("billing_number").alert_at(&[100, 150]));
    let mut deployment = setup().policy(policy).rows([spent(110)]).deployment().await;
    assert_eq!(heard(&mut deployment).await, ["budget 100% 110"]);
    for (dollars, expected) in [(160, &["budget 150% 160"][..]), (190, &[])] {
        deployment.later(1);
        deployment.show([spent(dollars)]);
        assert_eq!(heard(&mut deployment).await, expected, "{dollars}");
    }
}

#[tokio::test]
async fn a_correction_names_the_days_of_its_own_subject_only() {
    let rows = |mine: i64, others: i64| {
        [spent_on("2026-11-05", mine), from_number(OTHER, spent_on("2026-11-07", others)), spent_on("2026-11-09", 10)]
    };
    let mut deployment = setup().rows(rows(110, 30)).deployment().await;
    assert_eq!(heard(&mut deployment).await, ["budget 100% 120"]);
    for _ in 0..2 {
        deployment.later(1);
        deployment.show(rows(10, 20));
        deployment.run().await;
    }
    let messages = deployment.news().await;
    assert_eq!(news(&messages), ["correction 20"]);
    let alert = &messages[0].json()["alerts"][0];
    assert_eq!([&alert["subject"], &alert["previous_amount"]], [NUMBER, "120"]);
    assert_eq!(alert["restated_days"], json!(["2026-11-05"]));
    assert_eq!(alert["no_longer_reached"], json!(["50%", "80%", "100%"]));
}

#[tokio::test]
async fn a_second_correction_waits_for_24_hours_of_agreeing_readings() {
    let mut deployment = setup().rows([spent(110)]).deployment().await;
    let mut hours = Vec::new();
    // Up and down again, hour by hour; then it stays down.
    for hour in 0..40 {
        let dollars = if [0, 3].contains(&hour) { 110 } else { 20 };
        deployment.show([spent(dollars)]);
        hours.extend(heard(&mut deployment).await.into_iter().map(|news| format!("{hour} h: {news}")));
        deployment.later(1);
    }
    assert_eq!(hours, ["0 h: budget 100% 110", "2 h: correction 20", "3 h: budget 100% 110", "29 h: correction 20"]);
}

/// The month is over for good after eleven hours of the wait.
#[tokio::test]
async fn a_correction_that_waits_comes_though_its_month_is_settled_meanwhile() {
    let mut deployment = setup().now("2026-12-04T12:00:00Z").rows([spent(110)]).deployment().await;
    let mut hours = Vec::new();
    for hour in 0..40 {
        let dollars = if [0, 3].contains(&hour) { 110 } else { 20 };
        deployment.show([spent(dollars)]);
        hours.extend(heard(&mut deployment).await.into_iter().map(|news| format!("{hour} h: {news}")));
        deployment.later(1);
    }
    assert_eq!(hours, ["0 h: budget 100% 110", "2 h: correction 20", "3 h: budget 100% 110", "29 h: correction 20"]);
    assert_eq!(deployment.run().await["periods"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_report_read_in_part_proves_at_least_and_the_whole_corrects_it() {
    let credit = Row { charge: -500_000, ..spent_on("2026-11-20", 1) };
    let given = setup().rows([spent_on("2026-11-05", 120), credit]);
    let mut deployment = given.clone().zoom("--fail-dates 2026-11-20=server-500").deployment().await;
    let error = deployment.fails().await;
    assert!(error.to_string().starts_with("ZoomUnavailable"), "{error}");
    let messages = deployment.news().await;
    assert_eq!(news(&messages), ["budget 100% 120"]);
    let alert = &messages[0].json()["alerts"][0];
    assert_eq!([&alert["at_least"], &alert["remaining"]], [&json!(true), &json!(null)]);
    // The rest can be read, and says less.
    deployment.later(1);
    deployment.zoom = given.sandbox().await;
    let answer = deployment.run().await;
    assert_eq!(answer["totals"][0]["amount"], "70");
    let messages = deployment.news().await;
    assert_eq!(news(&messages), ["correction 50% 70"]);
    assert_eq!(messages[0].json()["alerts"][0]["previous_amount"], "120");
    deployment.later(1);
    assert_eq!(heard(&mut deployment).await, [""; 0]);
}

#[tokio::test]
async fn a_budget_that_matches_nothing_is_named_and_covers_nothing() {
    let misspelt = Budget::each("department").name("europe").only(&["Slaes"]).currency("EUR");
    let euros = Row { currency: Some("EUR".to_owned()), ..spent(5) };
    let mut deployment = setup().policy(Policy::default().and(misspelt)).rows([euros]).deployment().await;
    let answer = deployment.run().await;
    assert_eq!(answer["unmatched"], json!(["europe"]));
    assert_eq!(news(&deployment.news().await), ["unwatched 5"]);
    // It has matched something once, and is named no more.
    let right = Row { department: Some("Slaes".to_owned()), currency: Some("EUR".to_owned()), ..spent(6) };
    deployment.later(1);
    deployment.show([right]);
    assert_eq!(deployment.run().await.get("unmatched"), None);
    deployment.later(1);
    deployment.show([]);
    assert_eq!(deployment.run().await.get("unmatched"), None);
}

#[tokio::test]
async fn without_late_days_the_last_hours_of_a_day_are_judged_by_the_first_run_after_it() {
    let policy = Policy::of(Budget::each("billing_number").period("day")).key("late_charges_days", 0);
    let evening = Row { sent: at("2026-11-22T23:40:00Z"), ..spent(120) };
    let mut deployment = setup().policy(policy).rows([evening]).now("2026-11-22T23:30:00Z").deployment().await;
    assert_eq!(heard(&mut deployment).await, [""; 0]);
    deployment.until("2026-11-23T00:30:00Z");
    deployment.run().await;
    let messages = deployment.news().await;
    assert_eq!(news(&messages), ["budget 100% 120"]);
    assert_eq!(messages[0].json()["alerts"][0]["period"], "2026-11-22");
}

#[tokio::test]
async fn the_worst_by_spent_over_budget_comes_first_and_never_by_amount_across_currencies() {
    let europe = Budget::each("department").name("europe").currency("EUR").amount("10");
    let euros = Row { currency: Some("EUR".to_owned()), ..from_number(OTHER, spent(15)) };
    let mut deployment = setup().policy(Policy::default().and(europe)).rows([spent(120), euros]).deployment().await;
    deployment.run().await;
    let messages = deployment.news().await;
    assert_eq!(news(&messages), ["budget 100% 15", "budget 100% 120"]);
    let message = messages[0].json();
    assert_eq!([&message["severity"], &message["kind"]], ["over", "budget"]);
    assert_eq!(
        messages[0].subject.as_deref(),
        Some("OVER: department Sales at 150% (EUR 15.00 of 10), November; 1 more")
    );
}

/// What so many runs send that fail, an hour apart.
async fn news_of_failing(deployment: &mut Deployment, runs: usize) -> Vec<String> {
    let mut sent = Vec::new();
    for _ in 0..runs {
        deployment.fails().await;
        sent.extend(news(&deployment.news().await));
        deployment.later(1);
    }
    sent
}

#[tokio::test]
async fn yesterdays_date_that_fails_does_not_hide_today() {
    let policy = Policy::of(Budget::each("billing_number").period("day"));
    for fault in ["server-500", "validation-300"] {
        let given = setup().policy(policy.clone()).rows([spent_on("2026-11-22", 110)]).now("2026-11-22T11:00:00Z");
        let mut deployment = given.zoom(&format!("--fail-dates 2026-11-21={fault}")).deployment().await;
        assert_eq!(news_of_failing(&mut deployment, 2).await, ["budget 100% 110"], "{fault}");
    }
}

#[tokio::test]
async fn one_date_that_zoom_fails_for_hides_its_neighbors_for_some_runs_only() {
    for fault in ["validation-300", "page-token-expired", "phone-disabled"] {
        let given = setup().rows([spent_on("2026-11-03", 60), spent_on("2026-11-12", 50)]);
        let mut deployment = given.zoom(&format!("--fail-dates 2026-10-30={fault}")).deployment().await;
        // Half of the dates are enough for a level, all but the one with its neighbors for the truth.
        assert_eq!(news_of_failing(&mut deployment, 6).await, ["budget 50% 50", "budget 100% 110"], "{fault}");
    }
}
