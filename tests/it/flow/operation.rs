//! How a run is asked for, what it leaves alone, and what it says of itself.

use crate::support::{Effect, Moto, NOW, Policy, World, setup, spent};
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_ssm::{
    config::{Credentials, SharedCredentialsProvider},
    types::ParameterType,
};
use jiff::Timestamp;
use serde_json::{Value, json};
use zoom_sms_cost_alerts::VERSION;
use zoom_sms_cost_alerts::clients::sdk_http_client;
use zoom_sms_cost_alerts::sandbox::{Observed, ObservedKind};

fn count(observed: &[Observed], kind: ObservedKind) -> usize {
    observed.iter().filter(|request| request.kind == kind).count()
}

fn has_calls_to(world: &World, service: &str) -> bool {
    world.proxy.actions().iter().any(|action| action.starts_with(service))
}

async fn ledger_states(world: &World) -> Vec<(Value, Value)> {
    let items = world.aws.ledger_items().await.into_iter();
    items.map(|item| (item["kind"].clone(), item["state"].clone())).collect()
}

#[tokio::test]
async fn a_dry_run_judges_and_leaves_no_trace() {
    let world = setup().rows([spent(60)]).world().await;
    for _ in 0..2 {
        let outcome = world.run(json!({ "as_of": NOW, "dry_run": true })).await;
        let alert = &outcome.answer()["alerts"][0];
        assert_eq!([&alert["outcome"], &alert["level"], &alert["amount"]], ["dry_run", "50%", "60"]);
    }
    assert!(!has_calls_to(&world, "SNS") && !has_calls_to(&world, "DynamoDB"));
    assert_eq!(world.judge().await.answer()["alerts"][0]["outcome"], "sent");
}

#[tokio::test]
async fn a_test_alert_goes_the_whole_way_and_reads_no_report() {
    let world = setup().rows([spent(60)]).world().await;
    let outcome = world.run(json!({ "test_alert": true, "dry_run": true })).await;
    let alerts = outcome.answer()["alerts"].as_array().unwrap();
    assert_eq!([&alerts[0]["kind"], &alerts[0]["outcome"]], ["test", "dry_run"]);
    assert!(!has_calls_to(&world, "SNS") && !has_calls_to(&world, "DynamoDB"));

    let outcome = world.run(json!({ "test_alert": true })).await;
    let alerts = outcome.answer()["alerts"].as_array().unwrap();
    assert_eq!(alerts.len(), 1);
    assert_eq!([&alerts[0]["kind"], &alerts[0]["outcome"]], ["test", "sent"]);
    let messages = world.aws.messages().await;
    assert_eq!(messages.len(), 1);
    let told = messages[0].json();
    assert_eq!(told["kind"], "test");
    assert_eq!(told["id"], alerts[0]["id"]);
    assert_eq!(ledger_states(&world).await, [(json!("test"), json!("sent"))]);
    assert_eq!([&told["alerts"][0]["kind"], &told["alerts"][0]["id"]], [&told["kind"], &told["id"]]);
    assert!(messages[0].subject.as_deref().unwrap().starts_with("TEST: "), "{messages:?}");
    assert!(world.zoom.observed().is_empty());

    // A test silences no alert.
    assert_eq!(world.judge().await.answer()["alerts"][0]["outcome"], "sent");
}

#[tokio::test]
async fn a_warm_function_keeps_its_token_and_reads_the_secret_anew() {
    let world = setup().rows([spent(10)]).world().await;
    let mut function = world.function().await;
    for _ in 0..2 {
        function.invoke(world.event()).await.answer();
    }
    function.kill().await;
    let observed = world.zoom.observed();
    assert_eq!(count(&observed, ObservedKind::Token), 1);
    assert_eq!(count(&observed, ObservedKind::Other), 0);
    let actions = world.proxy.actions();
    let reads = actions.iter().filter(|action| *action == "SecretsManager.GetSecretValue");
    assert_eq!(reads.count(), 2);
}

#[tokio::test]
async fn a_policy_may_be_a_file_a_parameter_or_an_item_of_the_table() {
    let mut world = setup().rows([spent(60)]).world().await;
    let credentials = Credentials::new("test", "test", None, None, "test");
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .http_client(sdk_http_client())
        .endpoint_url(Moto::shared().endpoint())
        .region(Region::from_static("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .build();
    let parameters = aws_sdk_ssm::Client::new(&config);
    let mut sources = vec!["policy.toml".to_owned()];
    for kind in [ParameterType::String, ParameterType::SecureString] {
        let name = format!("{}/{kind}", world.aws.parameter);
        let put = parameters.put_parameter().name(&name).value(Policy::default().to_string()).r#type(kind);
        put.send().await.unwrap();
        sources.push(format!("ssm:{name}"));
    }
    world.aws.put_policy_item("budgets", [("document", AttributeValue::S(Policy::default().to_string()))]).await;
    sources.push("table:budgets".to_owned());
    for source in sources {
        world.env.set("POLICY", &source);
        let outcome = world.run(json!({ "as_of": NOW, "dry_run": true })).await;
        assert_eq!(outcome.answer()["alerts"][0]["budget"], "every number", "{source}");
    }
}

/// One run for each event, in one process; the lines of its standard output, then of its standard error.
async fn lines(world: &World, events: &[Value]) -> Vec<Value> {
    let mut function = world.function().await;
    for (run, event) in events.iter().enumerate() {
        function.invoke_as(&format!("run-{run}"), event.clone()).await;
    }
    function.kill().await;
    let logs = function.logs();
    let parsed = |line| serde_json::from_str(line).unwrap_or_else(|_| panic!("not JSON: {line}"));
    logs.lines().map(parsed).collect()
}

#[tokio::test]
async fn each_run_measures_itself_in_one_line() {
    // A present run judges the real present.
    let now = Timestamp::now();
    let world = setup().now(now).sample().world().await;
    let runs = [
        (json!({}), (1, 0), None),
        (json!({ "as_of": now }), (0, 0), None),
        (json!({ "dry_run": true }), (0, 0), None),
        (json!({ "test_alert": true }), (0, 0), None),
        (json!({ "colour": 1 }), (0, 1), Some("EventInvalid")),
    ];
    let events: Vec<_> = runs.iter().map(|(event, ..)| event.clone()).collect();
    let lines = lines(&world, &events).await;
    let (metrics, logs) = lines.split_at(runs.len());
    assert!(logs.iter().all(|line| line.get("_aws").is_none()));
    assert_eq!((&logs[0]["message"], &logs[0]["version"]), (&json!("the run starts"), &json!(VERSION)));
    for (run, (event, (completed, failed), error_type)) in runs.iter().enumerate() {
        let line = &metrics[run];
        assert_eq!((&line["request_id"], &line["version"]), (&json!(format!("run-{run}")), &json!(VERSION)));
        assert_eq!((&line["RunCompleted"], &line["RunFailed"]), (&json!(completed), &json!(failed)), "{event}");
        assert_eq!(line.get("error_type").and_then(Value::as_str), *error_type, "{event}");
        let written = line["_aws"]["Timestamp"].as_i64().unwrap();
        assert!((now.as_millisecond()..now.as_millisecond() + 600_000).contains(&written));
        for directive in line["_aws"]["CloudWatchMetrics"].as_array().unwrap() {
            assert!(directive["Namespace"].is_string());
            assert_eq!(directive["Dimensions"], json!([["FunctionName"]]), "a dimension set is billed");
            assert!(line["FunctionName"].is_string());
            for metric in directive["Metrics"].as_array().unwrap() {
                assert!(line[metric["Name"].as_str().unwrap()].is_number(), "{metric}");
                assert!(["Count", "Milliseconds", "None"].contains(&metric["Unit"].as_str().unwrap()));
            }
        }
    }
    assert!(metrics[0]["ChargedRows"].as_u64() > Some(0));
    assert!(metrics[0]["ReportRequests"].as_u64() > Some(0));
}

#[tokio::test]
async fn the_metric_line_tells_how_many_alerts_were_sent() {
    let world = setup().rows([spent(60)]).world().await;
    let lines = lines(&world, &[world.event(), world.event()]).await;
    assert_eq!([&lines[0]["AlertsSent"], &lines[1]["AlertsSent"]], [1, 0]);
}

fn levels(logs: &[Value]) -> Vec<&str> {
    let mut levels: Vec<_> = logs.iter().map(|line| line["level"].as_str().unwrap()).collect();
    levels.sort_unstable();
    levels.dedup();
    levels
}

#[tokio::test]
async fn logs_are_lines_of_json_at_the_level_asked_for() {
    for (level, bad, good) in [
        (None, &["ERROR", "INFO"][..], &["INFO"][..]),
        (Some("INFO"), &["ERROR", "INFO"], &["INFO"]),
        (Some("WARN"), &["ERROR"], &[]),
        (Some("ERROR"), &["ERROR"], &[]),
        (Some("FATAL"), &["ERROR"], &[]),
    ] {
        let mut world = setup().rows([spent(60)]).world().await;
        if let Some(level) = level {
            world.env.set("AWS_LAMBDA_LOG_LEVEL", level);
        }
        world.proxy.always("SNS.Publish", Effect::Fail { status: 403, code: "AuthorizationError" });
        for expected in [bad, good] {
            let lines = lines(&world, &[world.event()]).await;
            world.proxy.clear();
            let logs = &lines[1..];
            assert_eq!(levels(logs), expected, "{level:?} {logs:?}");
            for line in logs {
                assert!(line["timestamp"].as_str().unwrap().parse::<Timestamp>().is_ok(), "{line}");
                assert!(line["message"].is_string(), "{line}");
            }
        }
    }
}

#[tokio::test]
async fn every_line_of_a_log_says_whose_run_it_is_of() {
    let mut nameless = Vec::new();
    for level in ["INFO", "ERROR"] {
        let mut world = setup().rows([spent(60)]).world().await;
        world.env.set("AWS_LAMBDA_LOG_LEVEL", level);
        world.aws.delete_topic().await;
        let lines = lines(&world, &[world.event()]).await;
        let lines = lines.into_iter().filter(|line| !line.to_string().contains("run-0"));
        nameless.extend(lines.map(|line| format!("at {level}: {line}")));
    }
    assert!(nameless.is_empty(), "{}", nameless.join("\n"));
}

#[tokio::test]
async fn the_finest_log_names_no_secret_and_nobody() {
    for line in ["", "--fault bad-charge@1", "--fault unauthorized@1", "--fault cut-body@1"] {
        let mut world = setup().sample().zoom(line).world().await;
        world.env.set("AWS_LAMBDA_LOG_LEVEL", "TRACE");
        let lines = lines(&world, &[world.event(), json!({ "test_alert": true })]).await;
        assert!(levels(&lines[2..]).contains(&"INFO"));
        world.assert_discreet();
    }
}
