//! The page that live runs leave, and the function that shows it on the dashboard: the same binary with `MODE=widget`.

use crate::support::{Budget, Call, Effect, NUMBER, Outcome, Policy, Setup, World, row, setup, spent, spent_on};
use jiff::Timestamp;
use serde_json::{Value, json};
use zoom_sms_cost_alerts::sandbox::{ACCOUNT_ID, Row};

/// What the console sends.
fn event(theme: &str) -> Value {
    json!({ "widgetContext": {
        "dashboardName": "alerts-us-east-1", "widgetId": "widget-1", "accountId": "123456789012", "locale": "en",
        "timezone": { "label": "UTC", "offsetISO": "+00:00", "offsetInMinutes": 0 }, "period": 300, "isAutoPeriod": true,
        "timeRange": { "mode": "relative", "start": 1, "end": 2 }, "theme": theme, "linkCharts": true, "title": "",
        "forms": { "all": {} }, "params": {}, "width": 1155, "height": 600 } })
}

/// The real present, which live runs judge.
fn live() -> Setup {
    setup().now(Timestamp::now())
}

/// A message of this minute that costs so many dollars.
fn now(dollars: i64) -> Row {
    let second = Timestamp::from_second(Timestamp::now().as_second() - 1).unwrap();
    row("now", &second.to_string(), dollars * 10_000)
}

/// The functions from now on are the widget's, with what the template gives them and no more.
fn become_widget(world: &mut World) {
    for variable in
        ["ZOOM_SECRET_ID", "ALERT_TOPIC_ARN", "POLICY", "ZOOM_API_URL", "ZOOM_TOKEN_URL", "ZOOM_REQUESTS_PER_SECOND"]
    {
        world.env.unset(variable);
    }
    world.env.set("MODE", "widget");
}

async fn html(world: &World, event: Value) -> String {
    let outcome = world.run(event).await;
    outcome.answer().as_str().expect("a text").to_owned()
}

/// What a reader sees: without tags and styles.
fn words(html: &str) -> String {
    let without_styles: String =
        html.split("<style>").map(|part| part.rsplit("</style>").next().unwrap_or_default()).collect();
    without_styles.split('<').map(|part| part.split_once('>').map_or(part, |(_, text)| text)).collect()
}

#[tokio::test]
async fn a_live_run_leaves_the_page_that_the_widget_shows() {
    let mut world = live().rows([now(121)]).world().await;
    assert_eq!(world.run(json!({})).await.answer()["alerts"][0]["outcome"], "sent");
    become_widget(&mut world);
    let (before, calls) = (world.metrics().len(), world.proxy.calls().len());
    for theme in ["light", "dark"] {
        let html = html(&world, event(theme)).await;
        let words = words(&html);
        assert!(words.contains(NUMBER) && words.contains("121"), "{words}");
        assert!(words.contains("1 alert sent in ") && words.contains("100% of USD 100"), "{words}");
        assert!(html.len() < 1_000_000 && !html.contains("<script"), "{} bytes", html.len());
    }
    // It asks for pages and for nothing else.
    for call in &world.proxy.calls()[calls..] {
        assert_eq!(call.action, "DynamoDB.Query");
        assert_eq!(call.input["ExpressionAttributeValues"][":pk"]["S"], "page", "{call:?}");
    }
    assert_eq!(world.metrics().len(), before, "each metric of the widget's function would be billed");
}

#[tokio::test]
async fn a_run_that_could_not_read_everything_leaves_a_page_that_names_the_gap() {
    let today = Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let line = format!("--fail-dates {today}=server-500");
    let mut world = live().rows([now(121)]).zoom(&line).world().await;
    assert_eq!(world.run(json!({})).await.code(), "ZoomUnavailable");
    become_widget(&mut world);
    let words = words(&html(&world, event("light")).await);
    let day = today.strftime("%-d %B").to_string();
    assert!(words.contains(&day) && words.contains("Zoom answered with errors"), "{words}");
}

#[tokio::test]
async fn only_a_run_of_the_present_leaves_a_page_and_its_failure_is_a_warning() {
    let mut world = live().rows([now(60)]).world().await;
    world.run(json!({ "dry_run": true })).await.answer();
    world.run(json!({ "as_of": Timestamp::now(), "publish": true })).await.answer();
    world.run(json!({ "test_alert": true })).await.answer();
    world.proxy.always("DynamoDB.BatchWriteItem", Effect::Fail { status: 400, code: "AccessDeniedException" });
    world.run(json!({})).await.answer();
    assert!(world.logs().contains("the dashboard's widget goes on showing the page of an earlier run"));
    world.proxy.clear();
    become_widget(&mut world);
    let words = words(&html(&world, event("light")).await);
    assert!(words.starts_with("No run has stored a page yet"), "{words}");
}

#[tokio::test]
async fn what_keeps_the_table_from_being_read_is_shown_with_its_code() {
    let mut world = live().rows([]).world().await;
    become_widget(&mut world);
    world.proxy.always("DynamoDB.Query", Effect::Fail { status: 400, code: "AccessDeniedException" });
    let denied = words(&html(&world, event("light")).await);
    assert!(
        denied.starts_with("The stored page cannot be read") && denied.contains("AccessDeniedException"),
        "{denied}"
    );
    world.proxy.clear();
    world.env.set("LEDGER_TABLE", "nowhere");
    let missing = words(&html(&world, event("light")).await);
    assert!(missing.contains("nowhere") && missing.contains("ResourceNotFoundException"), "{missing}");
}

#[tokio::test]
async fn each_of_the_two_functions_refuses_the_events_of_the_other() {
    let mut world = live().rows([]).world().await;
    for event in [event("light"), json!({ "describe": true })] {
        let outcome = world.run(event).await;
        assert_eq!(outcome.code(), "EventInvalid");
        assert!(outcome.error_message().contains("The function with MODE = widget answers it"), "{outcome:?}");
    }
    become_widget(&mut world);
    for event in [json!({}), json!({ "test_alert": true }), json!({ "trigger": "schedule" })] {
        let outcome = world.run(event).await;
        assert_eq!(outcome.code(), "EventInvalid");
        assert!(outcome.error_message().contains("are for the function without MODE"), "{outcome:?}");
    }
    let text = html(&world, json!({ "describe": true })).await;
    assert!(text.starts_with("## ") && text.contains("**account**"), "{text}");
    assert!(world.proxy.actions().is_empty());
}

#[tokio::test]
async fn an_unknown_mode_and_a_missing_table_are_faults_of_the_environment() {
    let mut world = live().rows([]).world().await;
    world.env.set("MODE", "other");
    let refused = |outcome: Outcome, words: &str| {
        assert_eq!(outcome.code(), "ConfigInvalid");
        assert!(outcome.error_message().contains(words), "{outcome:?}");
    };
    refused(world.run(json!({})).await, "MODE = \"other\" is not known");
    become_widget(&mut world);
    world.env.unset("LEDGER_TABLE");
    refused(world.run(event("light")).await, "LEDGER_TABLE is missing");
}

/// The keys of daily figures that calls to the table have asked for.
fn days_read(calls: &[Call]) -> Vec<String> {
    let tables = calls.iter().filter_map(|call| call.input["RequestItems"].as_object());
    let keys = tables.flat_map(|tables| tables.values()).filter_map(|table| table["Keys"].as_array()).flatten();
    let keys = keys.filter_map(|key| key["sk"]["S"].as_str()).filter(|key| key.contains("#day#"));
    keys.map(str::to_owned).collect()
}

#[tokio::test]
async fn the_page_has_thirteen_months_that_the_days_first_run_puts_together() {
    let rows = [spent_on("2026-03-10", 30), spent_on("2026-03-20", 12), spent_on("2026-09-10", 50), spent(121)];
    let mut deployment = setup().rows(rows).deployment().await;
    deployment.ends(json!({ "backfill": true })).await.unwrap();
    let mut pages = Vec::new();
    for is_first_of_the_day in [true, false] {
        let calls = deployment.proxy.calls().len();
        deployment.run().await;
        let days = days_read(&deployment.proxy.calls()[calls..]);
        assert_eq!(days.iter().any(|key| key.contains("#day#2026-03-10#")), is_first_of_the_day, "{days:?}");
        let page = deployment.services().daybook.page(ACCOUNT_ID).await.unwrap().unwrap();
        pages.push(serde_json::from_str::<Value>(&page).unwrap());
        deployment.later(1);
    }
    for page in &pages {
        let months = &page["departments"][0]["numbers"][0]["spent"]["months"];
        let expected = ["0", "0", "0", "0", "42", "0", "0", "0", "0", "0", "50", "0", "121"];
        assert_eq!(months, &json!(expected), "November 2025 to November 2026");
        assert!(page["months"].as_array().unwrap().iter().all(|month| month["whole"] == true), "{}", page["months"]);
    }
}

/// The measurement that the contract speaks of, printed with `--nocapture`: the page of 200 numbers, from the table to HTML.
#[tokio::test]
#[expect(clippy::print_stdout, reason = "a measurement")]
async fn a_page_of_200_numbers_is_answered_by_a_warm_function() {
    let rows: Vec<Row> = (0..200)
        .map(|number| {
            let id = format!("+1202555{number:04}");
            crate::support::from_number(&id, now(50 + number % 60))
        })
        .collect();
    let policy = Policy::of(Budget::each("billing_number").alert_at(&[100])).only_watched();
    let mut world = live().policy(policy).rows(rows).world().await;
    world.run(json!({})).await.answer();
    become_widget(&mut world);
    let mut function = world.function().await;
    let mut times = Vec::new();
    let mut bytes = 0;
    for _ in 0..6 {
        let started = std::time::Instant::now();
        bytes = function.invoke(event("light")).await.answer().as_str().unwrap().len();
        times.push(started.elapsed());
    }
    function.kill().await;
    println!("the widget of 200 numbers: {bytes} bytes, first {:?}, then {:?}", times[0], &times[1..]);
    assert!(bytes < 1_000_000, "{bytes}");
}
