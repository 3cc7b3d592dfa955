//! What version 0.1.0 wrote and was given, as frozen under `fixtures/`: every later version must read it.

use crate::{
    flow::{NOW, NUMBER, NUMBERS, alerts, rows, run, spent, world},
    support::{Aws, Moto},
};
use aws_sdk_dynamodb::{
    config::{Credentials, Region},
    types::AttributeValue,
};
use serde_json::{Value, json};
use zoom_sms_cost_alerts::clients::sdk_http_client;

const LEDGER_ITEM: &str = include_str!("fixtures/ledger-item-0.1.0.json");
const POLICY: &str = include_str!("fixtures/policy-0.1.0.toml");
const SCHEDULER_INPUT: &str = include_str!("fixtures/scheduler-input-0.1.0.json");

/// The item of [`NUMBER`]'s half of USD 100 in 2026-11.
fn ledger_item() -> Value {
    let mut item: Value = serde_json::from_str(LEDGER_ITEM).unwrap();
    // An item counts until it expires, and this test is to hold for longer.
    assert!(item["expires_at"].is_u64());
    item["expires_at"] = json!(4_102_444_800_u64);
    item
}

async fn put(aws: &Aws, item: &Value) {
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(aws_config::BehaviorVersion::v2026_01_12())
        .http_client(sdk_http_client())
        .endpoint_url(Moto::shared().endpoint())
        .region(Region::from_static("us-east-1"))
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .build();
    let typed = |value: &Value| match value {
        Value::String(text) => AttributeValue::S(text.clone()),
        Value::Number(number) => AttributeValue::N(number.to_string()),
        other => panic!("the ledger holds strings and numbers, not {other}"),
    };
    let item = item.as_object().unwrap().iter().map(|(name, value)| (name.clone(), typed(value)));
    let put = aws_sdk_dynamodb::Client::from_conf(config).put_item().table_name(&aws.table);
    put.set_item(Some(item.collect())).send().await.unwrap();
}

#[tokio::test]
async fn what_0_1_0_has_sent_is_not_sent_again() {
    let item = ledger_item();
    let world = setup().rows([spent(60)]).world().await;
    put(&world.aws, &item).await;
    let outcome = world.judge().await;
    let told = format!("already_sent 50% () of {NUMBER} in 2026-11");
    assert_eq!(alerts(outcome.answer()), [told]);
    assert_eq!(outcome.answer()["alerts"][0]["id"], item["pk"]);
    assert!(world.aws.messages().await.is_empty());
    assert_eq!(world.aws.ledger_items().await, [item]);

    // It silences its own level only.
    world.show([spent(85)]);
    let outcome = world.judge().await;
    let told = alerts(outcome.answer());
    assert!(told.contains(&format!("sent 80% () of {NUMBER} in 2026-11")), "{told:?}");
    assert_eq!(world.aws.messages().await.len(), 1);
}

#[tokio::test]
async fn a_policy_written_for_0_1_0_is_accepted() {
    let world = world(POLICY, rows([spent(60)])).await;
    let outcome = world.judge().await;
    assert_eq!(alerts(outcome.answer()), [format!("sent 50% () of {NUMBER} in 2026-11")]);
    assert_eq!(outcome.answer()["alerts"][0]["budget"], "every number");
}

#[tokio::test]
async fn the_input_of_a_schedule_made_with_0_1_0_is_taken() {
    let arn = "arn:aws:scheduler:us-east-1:123456789012:schedule/default/zoom-sms-cost-alerts";
    let replaced =
        SCHEDULER_INPUT.replace("<aws.scheduler.schedule-arn>", arn).replace("<aws.scheduler.scheduled-time>", NOW);
    assert!(!replaced.contains('<'), "{replaced}");
    let world = setup().rows([]).world().await;
    let mut function = world.function().await;
    for (name, input) in [("replaced", replaced.as_str()), ("unreplaced", SCHEDULER_INPUT)] {
        let outcome = function.invoke_as(name, serde_json::from_str(input).unwrap()).await;
        assert_eq!(outcome.answer()["complete"], true, "{name}");
    }
    function.kill().await;
    let logs = function.logs();
    let begun = |name: &str| -> Value {
        let mut lines = logs.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines.find(|line| line["message"] == "run begins" && line["span"]["requestId"] == name).unwrap()
    };
    let (replaced, unreplaced) = (begun("replaced"), begun("unreplaced"));
    assert_eq!([&replaced["trigger"], &replaced["scheduled_time"]], ["schedule", NOW]);
    assert_eq!([&unreplaced["trigger"], &unreplaced["scheduled_time"]], [&json!("schedule"), &Value::Null]);
}
