//! The harness itself: what the other tests rely on without looking.

use crate::support::{
    Aws, AwsProxy, Budget, Effect, Gate, NOW, Outcome, Policy, Process, RuntimeApi, Setup, Subscriber, World, setup,
    spent,
};
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::{error::ProvideErrorMetadata, types::AttributeValue};
use aws_sdk_sns::config::{Credentials, SharedCredentialsProvider, retry::RetryConfig};
use serde_json::{Value, json};
use std::{process::Stdio, time::Duration};
use tokio::process::Command;
use zoom_sms_cost_alerts::clients::sdk_http_client;
use zoom_sms_cost_alerts::sandbox::CLIENT_SECRET;

/// Clients that call through a door and try once.
fn through(url: &str) -> SdkConfig {
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .http_client(sdk_http_client())
        .endpoint_url(url)
        .region(Region::from_static("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(Credentials::new("test", "test", None, None, "test")))
        .retry_config(RetryConfig::disabled())
        .build()
}

/// A process that lives until it is killed.
fn bystander() -> Process {
    let mut idle = Command::new("cat");
    Process::supervise(idle.stdin(Stdio::piped()).kill_on_drop(true).spawn().unwrap()).0
}

async fn publish(config: &SdkConfig, aws: &Aws) -> Result<String, String> {
    let forms = json!({ "default": "plain", "sqs": "{\"form\":\"sqs\"}", "http": "web", "https": "secure web" });
    let publish = aws_sdk_sns::Client::new(config).publish().topic_arn(&aws.topic_arn).subject("a subject");
    match publish.message_structure("json").message(forms.to_string()).send().await {
        Ok(published) => Ok(published.message_id.unwrap()),
        Err(error) => Err(error.code().unwrap_or("no answer").to_owned()),
    }
}

/// A thread with a claim that lasts.
async fn put_claim(config: &SdkConfig, aws: &Aws) -> Result<(), String> {
    let thread = json!({ "subject": "Sales", "claim": { "lease_until": "2100-01-01T00:00:00Z" }, "record": {} });
    let put = aws_sdk_dynamodb::Client::new(config).put_item().table_name(&aws.table);
    let put = [("pk", "account"), ("sk", "thread#1"), ("thread", &thread.to_string())]
        .into_iter()
        .fold(put, |put, (name, text)| put.item(name, AttributeValue::S(text.to_owned())));
    put.send().await.map(drop).map_err(|error| error.code().unwrap_or("no answer").to_owned())
}

#[tokio::test]
async fn each_subscriber_gets_the_form_of_its_protocol() {
    let (aws, proxy) = (Aws::new().await, AwsProxy::new());
    let web = Subscriber::to(&aws, "http").await;
    let secure_web = Subscriber::to(&aws, "https").await;
    let id = publish(&through(&proxy.door().await.url), &aws).await.unwrap();

    let queued = aws.messages().await;
    assert_eq!(queued.len(), 1);
    assert_eq!((queued[0].message_id.as_str(), queued[0].subject.as_deref()), (id.as_str(), Some("a subject")));
    assert_eq!(queued[0].json(), json!({ "form": "sqs" }));
    assert_eq!(web.notifications()[0].message, "web");
    assert_eq!(secure_web.notifications()[0].message, "secure web");
    assert_eq!(aws.messages().await, queued, "asking again adds nothing");

    let call = &proxy.calls()[0];
    assert_eq!((call.action.as_str(), call.resource.as_deref()), ("SNS.Publish", Some(aws.topic_arn.as_str())));
}

#[tokio::test]
async fn a_refused_call_carries_the_code_in_both_protocols() {
    let (aws, proxy) = (Aws::new().await, AwsProxy::new());
    let config = through(&proxy.door().await.url);
    proxy.on("SNS.Publish", 2, Effect::Fail { status: 403, code: "AuthorizationError" });
    proxy.always("DynamoDB.PutItem", Effect::Fail { status: 400, code: "ResourceNotFoundException" });

    publish(&config, &aws).await.unwrap();
    assert_eq!(publish(&config, &aws).await, Err("AuthorizationError".to_owned()));
    publish(&config, &aws).await.unwrap();
    assert_eq!(put_claim(&config, &aws).await, Err("ResourceNotFoundException".to_owned()));
    assert_eq!(aws.messages().await.len(), 2);

    proxy.clear();
    put_claim(&config, &aws).await.unwrap();
    assert_eq!(aws.ledger_items().await.len(), 1);
}

#[tokio::test]
async fn a_lost_reply_is_a_done_deed_and_a_dropped_call_is_none() {
    let (aws, proxy) = (Aws::new().await, AwsProxy::new());
    let config = through(&proxy.door().await.url);
    proxy.on("SNS.Publish", 1, Effect::LoseReply);
    assert_eq!(publish(&config, &aws).await, Err("no answer".to_owned()));
    assert_eq!(aws.messages().await.len(), 1);

    proxy.clear();
    proxy.on("SNS.Publish", 1, Effect::Drop);
    assert_eq!(publish(&config, &aws).await, Err("no answer".to_owned()));
    assert_eq!(aws.messages().await.len(), 1);
    assert_eq!(proxy.actions(), ["SNS.Publish", "SNS.Publish"]);
}

#[tokio::test]
async fn a_caller_is_killed_on_either_side_of_the_deed() {
    for (effect, deeds) in [(Effect::KillBefore, 0), (Effect::KillAfter, 1)] {
        let (aws, proxy) = (Aws::new().await, AwsProxy::new());
        let door = proxy.door().await;
        let config = through(&door.url);
        let caller = bystander();
        door.admit(&caller);
        proxy.on("SNS.Publish", 1, effect);
        assert_eq!(publish(&config, &aws).await, Err("no answer".to_owned()));
        caller.ended().await;
        assert_eq!(aws.messages().await.len(), deeds);
    }
}

#[tokio::test]
async fn a_held_call_waits_for_the_test() {
    let (aws, proxy) = (Aws::new().await, AwsProxy::new());
    let config = through(&proxy.door().await.url);
    let gate = Gate::default();
    proxy.on("SNS.Publish", 1, Effect::Hold(gate.clone()));
    let meanwhile = async {
        gate.reached().await;
        assert!(aws.messages().await.is_empty());
        gate.open();
    };
    let (published, ()) = tokio::join!(publish(&config, &aws), meanwhile);
    published.unwrap();
    assert_eq!(aws.messages().await.len(), 1);
}

#[tokio::test]
#[should_panic(expected = "no call met the rule for SNS.Publish")]
async fn a_rule_that_met_no_call_fails_the_test() {
    let proxy = AwsProxy::new();
    proxy.on("SNS.Publish", 1, Effect::Drop);
    proxy.clear();
}

#[tokio::test]
async fn leases_run_out_when_the_test_says_so() {
    let aws = Aws::new().await;
    put_claim(&through(&AwsProxy::new().door().await.url), &aws).await.unwrap();
    let [thread] = <[Value; 1]>::try_from(aws.ledger_items().await).unwrap();
    assert_eq!([&thread["sk"], &thread["subject"], &thread["state"]], ["thread#1", "Sales", "claimed"]);
    assert_eq!(aws.expire_leases().await, 1);
    assert_eq!(aws.ledger_items().await[0]["claim"]["lease_until"], "1970-01-01T00:00:00Z");
    assert_eq!(aws.expire_leases().await, 0, "it has run out");
}

#[tokio::test]
async fn the_runtime_api_hands_out_events_and_takes_what_became_of_them() {
    let api = RuntimeApi::start(None).await;
    let base = format!("http://{}/2018-06-01/runtime", api.address);
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let function = async {
        let mut seen = Vec::new();
        for (last, body) in [("response", json!("done")), ("error", json!({ "errorType": "T", "errorMessage": "m" }))] {
            let next = http.get(format!("{base}/invocation/next")).send().await.unwrap();
            let header = |name: &str| next.headers()[name].to_str().unwrap().to_owned();
            let id = header("lambda-runtime-aws-request-id");
            assert!(header("lambda-runtime-deadline-ms").parse::<u64>().unwrap() > 1_700_000_000_000);
            seen.push((id.clone(), next.json::<Value>().await.unwrap()));
            let said = http.post(format!("{base}/invocation/{id}/{last}")).body(body.to_string());
            assert_eq!(said.send().await.unwrap().status(), 202);
        }
        let error = json!({ "errorType": "Init", "errorMessage": "early" });
        http.post(format!("{base}/init/error")).body(error.to_string()).send().await.unwrap();
        seen
    };
    let invoker = async {
        let minute = Duration::from_secs(60);
        let given = api.invoke_as("the-same", json!({ "n": 1 }), minute).await;
        [given, api.invoke(json!({}), minute).await, api.invoke(json!({}), minute).await]
    };
    let (seen, [answer, error, early]) = tokio::join!(function, invoker);
    assert_eq!(seen[0], ("the-same".to_owned(), json!({ "n": 1 })));
    assert_eq!(answer.answer(), "done");
    assert_eq!(error, Outcome::Error { error_type: "T".to_owned(), error_message: "m".to_owned() });
    assert_eq!(early.code(), "Init");
}

/// The sample account, whose whole spending is over its budget.
fn over_budget() -> Setup {
    setup().policy(Policy::of(Budget::each("account").amount("1")).only_watched()).sample()
}

async fn world() -> World {
    over_budget().world().await
}

#[tokio::test]
async fn a_run_meets_all_the_parties() {
    let world = world().await;
    let outcome = world.judge().await;
    assert_eq!(outcome.answer()["complete"], true);
    assert!(!world.zoom.observed().is_empty());
    assert!(world.proxy.actions().contains(&"SNS.Publish".to_owned()));
    assert_eq!(world.aws.messages().await.len(), 1);
    assert_eq!(world.aws.ledger_items().await[0]["state"], "sent");
    assert_eq!(world.metrics().len(), 1);
}

#[tokio::test]
async fn a_killed_run_has_exited() {
    let world = world().await;
    world.proxy.on("SecretsManager.GetSecretValue", 1, Effect::KillBefore);
    assert_eq!(world.run(json!({})).await, Outcome::Exited);
    world.proxy.clear();
}

/// A fault in the environment is logged with what was given, whatever that is.
async fn run_with_the_policy_called(given: &str) {
    let mut world = world().await;
    world.env.set("POLICY", given);
    world.run(json!({})).await;
}

#[tokio::test]
#[should_panic(expected = "the logs tell")]
async fn a_world_whose_logs_tell_a_secret_fails_its_test() {
    run_with_the_policy_called(CLIENT_SECRET).await;
}

#[tokio::test]
#[should_panic(expected = "the logs tell")]
async fn a_world_whose_logs_name_a_recipient_fails_its_test() {
    let world = world().await;
    let dataset = world.zoom.dataset();
    let recipient = dataset.rows().find_map(|row| row.to_number.as_ref()).unwrap();
    run_with_the_policy_called(recipient).await;
}

#[tokio::test]
async fn a_policy_may_be_a_parameter_and_the_rows_may_change() {
    let mut world = world().await;
    let policy = world.aws.put_parameter(&Policy::default().to_string()).await;
    world.env.set("POLICY", policy);
    let as_of = json!({ "as_of": NOW, "dry_run": true });
    let before = world.run(as_of.clone()).await;
    assert!(before.answer()["rows"].as_u64() > Some(0));
    world.show([]);
    assert_eq!(world.run(as_of).await.answer()["rows"], 0);
    assert!(world.proxy.actions().contains(&"SSM.GetParameter".to_owned()));
    assert!(world.aws.messages().await.is_empty());
}

#[tokio::test]
async fn nothing_but_the_tests_environment_reaches_the_function() {
    let mut world = world().await;
    world.env.unset("LEDGER_TABLE").unset("ZOOM_SECRET_ID");
    let outcome = world.run(json!({})).await;
    assert_eq!(outcome.code(), "ConfigInvalid");
    for name in ["LEDGER_TABLE", "ZOOM_SECRET_ID"] {
        assert!(outcome.error_message().contains(name), "{}", outcome.error_message());
    }
}

#[tokio::test]
async fn a_second_delivery_may_keep_its_request_id() {
    let world = world().await;
    let mut function = world.function().await;
    let dry_run = json!({ "as_of": NOW, "dry_run": true });
    let first = function.invoke_as("delivered-twice", dry_run.clone()).await;
    assert_eq!(first, function.invoke_as("delivered-twice", dry_run).await);
    function.kill().await;
    assert!(function.logs().contains("delivered-twice"));
}

#[tokio::test]
async fn topic_and_ledger_can_be_taken_away() {
    let without_topic = world().await;
    without_topic.aws.delete_topic().await;
    assert_eq!(without_topic.judge().await.code(), "PublishFailed");
    let without_ledger = world().await;
    without_ledger.aws.delete_ledger().await;
    assert_eq!(without_ledger.judge().await.code(), "LedgerUnavailable");
}

#[tokio::test]
async fn a_topic_may_lose_its_listener_and_find_it_again() {
    let (aws, proxy) = (Aws::new().await, AwsProxy::new());
    let config = through(&proxy.door().await.url);
    aws.unsubscribe().await;
    publish(&config, &aws).await.unwrap();
    assert!(aws.messages().await.is_empty());
    aws.subscribe_again().await;
    publish(&config, &aws).await.unwrap();
    assert_eq!(aws.messages().await.len(), 1);
}

#[tokio::test]
async fn time_goes_on_when_the_test_says_so() {
    let mut deployment = setup().rows([spent(60)]).deployment().await;
    assert_eq!(deployment.run().await["as_of"], NOW);
    assert_eq!(deployment.subjects().await.len(), 1);
    deployment.later(1);
    assert_eq!(deployment.run().await["as_of"], "2026-11-22T14:00:00Z");
    assert!(deployment.subjects().await.is_empty());
    assert_eq!(deployment.aws.kept_messages().await.len(), 1);
    assert_eq!(deployment.aws.intents().await, 0);
    assert!(!deployment.aws.daybook_keys().await.is_empty());
}
