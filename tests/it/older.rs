//! What earlier versions were given, as frozen under `fixtures/`: every later version must take it.

use crate::{
    flow::alerts,
    support::{NOW, NUMBER, setup, spent},
};
use serde_json::{Value, json};

const POLICY: &str = include_str!("fixtures/policy-0.1.0.toml");
const SCHEDULER_INPUT: &str = include_str!("fixtures/scheduler-input-0.1.0.json");

#[tokio::test]
async fn a_policy_written_for_0_1_0_or_0_2_0_is_accepted() {
    let world = setup().policy(POLICY).rows([spent(60)]).world().await;
    let outcome = world.judge().await;
    assert_eq!(alerts(outcome.answer()), [format!("sent 50% () of {NUMBER} in 2026-11")]);
    assert_eq!(outcome.answer()["alerts"][0]["budget"], "every number");
}

#[tokio::test]
async fn the_input_of_a_schedule_made_with_0_1_0_or_0_2_0_is_taken() {
    let arn = "arn:aws:scheduler:us-east-1:123456789012:schedule/default/zoom-sms-cost-alerts";
    let replaced =
        SCHEDULER_INPUT.replace("<aws.scheduler.schedule-arn>", arn).replace("<aws.scheduler.scheduled-time>", NOW);
    assert!(!replaced.contains('<'), "{replaced}");
    let world = setup().world().await;
    let mut function = world.function().await;
    for (name, input) in [("replaced", replaced.as_str()), ("unreplaced", SCHEDULER_INPUT)] {
        let outcome = function.invoke_as(name, serde_json::from_str(input).unwrap()).await;
        assert_eq!(outcome.answer()["complete"], true, "{name}");
    }
    function.kill().await;
    let logs = function.logs();
    let begun = |name: &str| -> Value {
        let mut lines = logs.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines.find(|line| line["message"] == "the run starts" && line["span"]["requestId"] == name).unwrap()
    };
    let (replaced, unreplaced) = (begun("replaced"), begun("unreplaced"));
    assert_eq!([&replaced["trigger"], &replaced["scheduled_time"]], ["schedule", NOW]);
    assert_eq!([&unreplaced["trigger"], &unreplaced["scheduled_time"]], [&json!("schedule"), &Value::Null]);
}
