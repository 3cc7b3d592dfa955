//! The events on file are events that the function takes.

use crate::support::{Aws, Policy, setup, spent};
use aws_sdk_ssm::types::ParameterType;
use serde_json::{Value, json};
use std::{collections::BTreeMap, fs, path::Path};
use zoom_sms_cost_alerts::sandbox::{ACCOUNT_ID, CLIENT_ID, CLIENT_SECRET};

/// Every event on file, by its name.
fn events() -> BTreeMap<String, Value> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("events");
    let files = fs::read_dir(directory).unwrap().map(|file| file.unwrap().path());
    let events = files.filter(|file| file.extension().is_some_and(|extension| extension == "json"));
    let named = events.map(|file| {
        let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
        (name, serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap())
    });
    named.collect()
}

#[tokio::test]
async fn credentials_may_be_in_a_parameter_that_the_environment_or_the_event_names() {
    let mut world = setup().rows([spent(60)]).world().await;
    let credentials = json!({ "account_id": ACCOUNT_ID, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET });
    world.aws.put_zoom_parameter(&credentials.to_string(), ParameterType::SecureString, None).await;
    let place = format!("ssm:{}", world.aws.zoom_parameter);
    let by_event = world.function().await.invoke(json!({ "dry_run": true, "zoom_secret_id": place })).await;
    world.env.set("ZOOM_SECRET_ID", &place);
    let by_environment = world.function().await.invoke(json!({ "dry_run": true })).await;
    assert_eq!(by_event.answer()["totals"], by_environment.answer()["totals"]);
    assert_eq!(by_environment.answer()["rows"], 1);
    assert!(
        !world.proxy.actions().iter().any(|action| action.contains("GetSecretValue")),
        "the secret is not asked for"
    );
}

#[tokio::test]
async fn every_event_on_file_is_taken() {
    let world = setup().rows([]).world().await;
    let other = Aws::new().await;
    let secret = json!({ "account_id": ACCOUNT_ID, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET });
    other.put_secret(&secret.to_string()).await;
    let places = [
        ("zoom_secret_id", other.secret_id.clone()),
        ("policy", other.put_parameter(&Policy::default().to_string()).await),
        ("alert_topic_arn", other.topic_arn.clone()),
    ];
    let mut events = events();
    // What the file names exists in the reader's account, not in this one.
    for (name, place) in places {
        let given = events.get_mut("other-account").unwrap().get_mut(name).unwrap();
        assert!(given.is_string());
        *given = json!(place);
    }
    let mut function = world.function().await;
    let mut answers = BTreeMap::new();
    for (name, event) in events {
        let outcome = function.invoke_as(&name, event).await;
        answers.insert(name, outcome.answer().clone());
    }
    function.kill().await;
    let names: Vec<_> = answers.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "as-of",
            "backfill",
            "dry-run",
            "empty",
            "eventbridge-rule",
            "eventbridge-scheduler",
            "other-account",
            "schedule-own-input",
            "test-alert",
        ]
    );
    assert_eq!(answers["as-of"]["periods"][0]["from"], "2026-10-01T00:00:00Z");
    assert_eq!(answers["backfill"]["backfill"]["finished"], true);
    assert_eq!(answers["test-alert"]["alerts"][0]["kind"], "test");

    let logs = function.logs();
    let begun = |name: &str| -> Value {
        let lines = logs.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let mut lines = lines.filter(|line| line["message"] == "the run starts");
        lines.find(|line| line["span"]["requestId"] == name).unwrap()
    };
    for name in ["schedule-own-input", "eventbridge-rule", "eventbridge-scheduler", "other-account"] {
        let line = begun(name);
        assert_eq!([&line["trigger"], &line["scheduled_time"]], ["schedule", "2026-11-22T13:00:00Z"], "{name}");
    }
    assert_eq!(begun("dry-run")["task"], "Judge(DryRun)");
    let actions = world.proxy.actions();
    assert!(actions.contains(&"SSM.GetParameter".to_owned()));
}
