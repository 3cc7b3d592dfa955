//! Forecast, level and spike in their order, and what they rest on.

use super::{Sends, alerts, backfilled, burst};
use crate::support::{Aws, Deployment, Setup, at, setup, spent_on};
use jiff::{ToSpan as _, civil::Date, tz::TimeZone};
use serde_json::json;
use std::collections::BTreeMap;
use zoom_sms_cost_alerts::domain::product::Product;
use zoom_sms_cost_alerts::{
    domain::{
        charge::Line,
        money::{Amount, Currency},
        policy::Policy,
        replay::{Past, Sent, replay},
        totals::{DaySums, Sum},
    },
    sandbox::{ACCOUNT_ID, Row},
};

const STEADY: &str = "+12025550143";
const QUIET: &str = "+12025550187";

/// Each number may spend USD 40 a month; spikes go to `security`.
fn policy(security: &str) -> String {
    format!(
        r#"
        time_zone = "America/New_York"
        [[budget]]
        name = "every number"
        scope = "billing_number"
        currency = "USD"
        amount = 40
        forecast_at = [100]
        [[spike]]
        name = "runaway sender"
        scope = "billing_number"
        currency = "USD"
        owner = "security"
        [[owner]]
        name = "security"
        topic_arn = "{security}"
        "#
    )
}

/// The real function, hour by hour through a month: a number that sends more than it used to, and one that runs wild on an afternoon.
#[tokio::test]
#[cfg_attr(not(target_os = "linux"), ignore = "the clock is moved by a preloaded library")]
async fn forecast_spike_and_level_come_in_their_order_each_once_each_to_its_receivers() {
    let security = Aws::new().await;
    let mut rows = Sends { number: STEADY, from: "2026-06-01", to: "2026-11-03", messages: 5, charge: 2_000 }.rows();
    rows.extend(Sends { number: STEADY, from: "2026-11-03", to: "2026-12-01", messages: 8, charge: 2_000 }.rows());
    rows.extend(Sends { number: QUIET, from: "2026-06-01", to: "2026-12-01", messages: 4, charge: 205 }.rows());
    rows.extend(burst(QUIET, "2026-11-17T19:10:00Z", 150));
    let first = "2026-11-01T05:30:00Z";
    let setup = setup().now(first).policy(policy(&security.topic_arn)).rows(rows).live();
    let mut world = setup.world().await;
    let function = world.function().await;
    let backfill = function.invoke(json!({ "backfill": true })).await;
    assert_eq!(backfill.answer()["backfill"]["finished"], true);
    let mut runs = 0;
    while world.now < at("2026-12-01T05:00:00Z") {
        let outcome = function.invoke(json!({})).await;
        assert_eq!(outcome.answer()["complete"], true);
        runs += 1;
        world.until(world.now + 1.hour());
    }
    assert_eq!(runs, 30 * 24);
    let mut story = Vec::new();
    for (receiver, aws) in [("default", &world.aws), ("security", &security)] {
        for message in aws.messages().await {
            let sent = at(message.json()["as_of"].as_str().unwrap()).strftime("%F %H:%M").to_string();
            story.extend(alerts(&[message]).into_iter().map(|alert| format!("{sent} {receiver}: {alert}")));
        }
    }
    story.sort();
    insta::assert_snapshot!(story.join("\n"), @r#"
    2026-11-17 19:30 security: spike +12025550187
    2026-11-18 13:30 default: forecast 100% +12025550143
    2026-11-26 14:30 default: budget 100% +12025550143
    "#);
}

/// The first run of a day looks through the past; the others read what it left.
#[tokio::test]
async fn the_past_is_looked_through_once_a_day() {
    let rows = Sends { number: STEADY, from: "2026-06-01", to: "2026-12-01", messages: 5, charge: 2_000 }.rows();
    let security = Aws::new().await;
    let mut deployment =
        setup().now("2026-11-10T12:00:00Z").policy(policy(&security.topic_arn)).rows(rows).deployment().await;
    backfilled(&mut deployment).await;
    let mut reads = Vec::new();
    for hours in [1, 1, 24, 1] {
        let count = |actions: Vec<String>| actions.iter().filter(|action| *action == "DynamoDB.BatchGetItem").count();
        let before = count(deployment.proxy.actions());
        deployment.run().await;
        reads.push(count(deployment.proxy.actions()) - before);
        deployment.later(hours);
    }
    assert!(deployment.aws.daybook_keys().await.iter().any(|key| key.ends_with("#baselines#0")));
    let looks_back: Vec<_> = reads.iter().map(|count| *count > 8).collect();
    assert_eq!(looks_back, [true, false, false, true], "{reads:?}");
}

/// Runs on a day on which a number runs wild early.
async fn wild_morning(rows: impl IntoIterator<Item = Row>) -> (Setup, Deployment, Aws) {
    let security = Aws::new().await;
    let mut all = Sends { number: QUIET, from: "2026-06-01", to: "2026-12-01", messages: 4, charge: 205 }.rows();
    all.extend(burst(QUIET, "2026-11-10T10:30:00Z", 150));
    all.extend(rows);
    let setup = setup().now("2026-11-09T12:00:00Z").policy(policy(&security.topic_arn)).rows(all);
    let mut deployment = setup.clone().deployment().await;
    backfilled(&mut deployment).await;
    (setup, deployment, security)
}

#[tokio::test]
async fn a_gap_in_the_days_first_reading_hides_no_spike_from_the_others() {
    let (setup, mut deployment, security) = wild_morning([]).await;
    deployment.run().await;
    deployment.zoom = setup.clone().zoom("--fail-dates 2026-11-10=server-500").sandbox().await;
    deployment.until("2026-11-10T06:00:00Z");
    deployment.fails().await;
    deployment.zoom = setup.sandbox().await;
    deployment.until("2026-11-10T11:00:00Z");
    deployment.run().await;
    let sent = security.messages().await;
    assert_eq!(alerts(&sent), [format!("spike {QUIET}")]);
    assert_eq!(sent[0].json()["alerts"][0]["spike"]["started"], "2026-11-10T10:00:00Z");
}

#[tokio::test]
async fn a_row_that_cannot_be_read_hides_no_spike() {
    let odd = Row { charge_text: Some("odd".to_owned()), ..spent_on("2026-11-05", 1) };
    let (_, mut deployment, security) = wild_morning([odd]).await;
    deployment.fails().await;
    deployment.until("2026-11-10T11:00:00Z");
    deployment.fails().await;
    assert_eq!(alerts(&security.messages().await), [format!("spike {QUIET}")]);
}

#[tokio::test]
async fn a_budget_that_a_subject_falls_to_is_forecast_on_the_same_day() {
    let rows = Sends { number: STEADY, from: "2026-06-01", to: "2026-12-01", messages: 8, charge: 2_000 }.rows();
    let security = Aws::new().await;
    let all = policy(&security.topic_arn).replace("[[spike]]", &format!("[[spike]]\nonly = [{QUIET:?}]"));
    let own = format!(
        "{all}\n[[budget]]\nname = \"own\"\nscope = \"billing_number\"\nonly = [{STEADY:?}]\ncurrency = \"USD\"\namount = 90"
    );
    let mut deployment = setup().now("2026-11-12T12:00:00Z").policy(own).rows(rows).deployment().await;
    backfilled(&mut deployment).await;
    deployment.run().await;
    assert_eq!(alerts(&deployment.news().await), [""; 0]);
    deployment.set_policy(all).await;
    deployment.later(1);
    deployment.run().await;
    assert_eq!(alerts(&deployment.news().await), [format!("forecast 100% {STEADY}")]);
}

/// Without history nothing is foreseen, and nothing fails.
#[tokio::test]
async fn without_history_budgets_work_as_ever() {
    let rows = burst(QUIET, "2026-11-10T10:00:00Z", 2_000);
    let security = Aws::new().await;
    let mut deployment =
        setup().now("2026-11-10T12:00:00Z").policy(policy(&security.topic_arn)).rows(rows).deployment().await;
    deployment.run().await;
    assert_eq!(alerts(&deployment.news().await), [format!("budget 100% {QUIET}")]);
    deployment.later(1);
    let answer = deployment.ends(json!({})).await.unwrap();
    assert_eq!(answer["complete"], true);
    assert!(security.messages().await.is_empty());
}

/// Runs at each day's end, over rows that are listed at once and never revised, send what a replay of these days says.
#[tokio::test]
async fn a_replay_says_what_the_runs_have_sent() {
    let security = Aws::new().await;
    let mut rows = Sends { number: STEADY, from: "2026-08-01", to: "2026-11-25", messages: 6, charge: 2_000 }.rows();
    rows.extend(Sends { number: QUIET, from: "2026-09-10", to: "2026-11-25", messages: 4, charge: 205 }.rows());
    rows.extend(burst(QUIET, "2026-11-04T16:00:00Z", 90));
    rows.extend(burst(QUIET, "2026-11-16T03:00:00Z", 2_000));
    let policy = policy(&security.topic_arn);
    let first = "2026-11-01T04:59:59Z";
    let mut deployment = setup().now(first).policy(&policy).rows(rows.clone()).deployment().await;
    backfilled(&mut deployment).await;
    deployment.later(24);
    let mut seen = 0;
    let mut sent = Vec::new();
    while deployment.now < at("2026-11-25T05:00:00Z") {
        deployment.run().await;
        let zone = TimeZone::get("America/New_York").unwrap();
        let day = deployment.now.to_zoned(zone).date();
        let to_security = security.messages().await;
        for messages in [deployment.news().await, to_security[seen..].to_vec()] {
            sent.extend(alerts(&messages).into_iter().map(|alert| format!("{day} {alert}")));
        }
        seen = to_security.len();
        deployment.later(24);
    }
    sent.sort();
    let policy = Policy::parse(&policy).unwrap();
    let replay = replay(&past(&rows, &policy), &policy, "2026-11-01".parse().unwrap(), &|_| {}).unwrap();
    let shown = |sent: &Sent| {
        let alert = &sent.alert;
        let words = [alert.kind.name(), alert.level.as_deref().unwrap_or_default(), alert.subject.as_deref().unwrap()];
        format!("{} {}", sent.day, words.join(" ").replace("  ", " "))
    };
    let mut replayed: Vec<_> = replay.sent.iter().map(shown).collect();
    replayed.sort();
    assert_eq!(replayed, sent);
    assert!(replayed.len() >= 3, "{replayed:?}");
}

/// The sums of the rows by civil day, as the daybook has them.
fn past(rows: &[Row], policy: &Policy) -> Past {
    let first: Date = "2026-08-01".parse().unwrap();
    let mut days: BTreeMap<_, DaySums> = first.series(1.day()).take(116).map(|day| (day, DaySums::new())).collect();
    for row in rows {
        let day = row.sent.to_zoned(policy.time_zone.clone()).date();
        let [number, department] = [&row.billing_number, &row.department].map(|text| text.as_deref().unwrap().into());
        let [cost_center, extension, name] = [(); 3].map(|()| "(none)".into());
        let line = Line { number, department, cost_center, extension, name, currency: Currency::parse("USD").unwrap() };
        let charge = Amount::parse(&format!("{}e-4", row.charge)).unwrap();
        let sums = days.get_mut(&day).unwrap();
        match sums.iter_mut().find(|(known, _)| *known == line) {
            Some((_, sum)) => sum.add(Sum::of(charge)),
            None => sums.push((line, Sum::of(charge))),
        }
    }
    days.values_mut().for_each(|sums| sums.sort_by(|(one, _), (other, _)| one.cmp(other)));
    let products = [(Product::Sms, days)].into();
    Past { account: ACCOUNT_ID.to_owned(), zone: policy.time_zone_name.clone(), products }
}
