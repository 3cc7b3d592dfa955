//! What runs remember of past days: fewer requests, the same figures, and restatements told.
//!
//! Runs are made in process, with the product's own clients, so that a test says what time it is.

use crate::readings::at;
use crate::support::{Aws, AwsProxy, Effect};
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::{SignedDuration, Timestamp, ToSpan, civil::Date, tz::TimeZone};
use serde_json::{Value, json};
use zoom_sms_cost_alerts::{
    clients::Deadline,
    config::{Config, PolicySource, ZoomConfig},
    event::Event,
    handler::{Invocation, Places, Services, run},
    sandbox::{ACCOUNT_ID, CLIENT_ID, CLIENT_SECRET, Dataset, ObservedKind, Row, Sandbox, Switches},
    telemetry::Metrics,
};

const NOW: &str = "2026-11-22T13:00:00Z";

const POLICY: &str = r#"
    unwatched = "ignore"
    [[budget]]
    name = "each"
    scope = "billing_number"
    currency = "USD"
    amount = 100
    alert_at = [50, 100]
"#;

/// A deployment, its Zoom, and the time.
struct Deployment {
    aws: Aws,
    zoom: Sandbox,
    policy: PolicySource,
    now: Timestamp,
    runs: u32,
    full_read_hours: u32,
    requests_per_second: u32,
}

impl Deployment {
    async fn new(policy: &str, dataset: Dataset, switches: Switches) -> Self {
        let aws = Aws::new().await;
        let secret = json!({ "account_id": ACCOUNT_ID, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET });
        aws.put_secret(&secret.to_string()).await;
        let policy = PolicySource::parse(&aws.put_parameter(policy).await).unwrap();
        let zoom = Sandbox::start(0, dataset, switches).await.unwrap();
        Self { aws, zoom, policy, now: at(NOW), runs: 0, full_read_hours: 24, requests_per_second: 1_000 }
    }

    async fn set_policy(&mut self, policy: &str) {
        self.policy = PolicySource::parse(&self.aws.put_parameter(policy).await).unwrap();
    }

    fn services(&self) -> Services {
        let config = Config {
            secret_id: self.aws.secret_id.clone(),
            topic_arn: self.aws.topic_arn.clone(),
            ledger_table: self.aws.table.clone(),
            policy: self.policy.clone(),
            zoom: ZoomConfig {
                api_url: self.zoom.api_url(),
                token_url: self.zoom.token_url(),
                requests_per_second: self.requests_per_second,
            },
            full_read_hours: self.full_read_hours,
        };
        Services::deployed(&self.aws.config, &config).unwrap()
    }

    async fn ends(&mut self, event: Event) -> Result<Value, String> {
        self.runs += 1;
        let places = Places {
            secret_id: self.aws.secret_id.clone(),
            policy: self.policy.clone(),
            topic_arn: self.aws.topic_arn.clone(),
        };
        let invocation = Invocation {
            request_id: format!("run-{}", self.runs),
            owner: format!("run-{}", self.runs),
            now: self.now,
            deadline: Deadline::never(),
        };
        let services = self.services();
        let answer = run(&services, &places, &event, &invocation, &mut Metrics::default()).await;
        answer.map(|answer| serde_json::to_value(answer).unwrap()).map_err(|error| error.to_string())
    }

    async fn run(&mut self) -> Value {
        self.ends(Event::default()).await.unwrap()
    }

    /// What a run costs and where its days came from: `requests/days from the history`.
    async fn cost(&mut self) -> String {
        let answer = self.run().await;
        format!("{}/{}", answer["requests"], answer["days_from_history"].as_u64().unwrap_or(0))
    }

    /// Goes on by so many hours.
    fn later(&mut self, hours: i64) {
        self.now += SignedDuration::from_hours(hours);
    }

    fn show(&self, rows: &[Row]) {
        self.zoom.replace(Dataset::of(rows.to_vec(), self.now));
    }

    /// Subject lines of the messages so far.
    async fn subjects(&self) -> Vec<String> {
        self.aws.messages().await.into_iter().map(|message| message.subject.unwrap()).collect()
    }
}

/// A charged row on each day of October and November at ten o'clock, and many today.
fn rows(cents: i64) -> Vec<Row> {
    let first: Date = "2026-10-01".parse().unwrap();
    let row = |day: i32| {
        let sent = (first + day.days()).at(10, 0, 0, 0).to_zoned(TimeZone::UTC).unwrap().timestamp();
        row(&format!("d{day}"), sent, cents)
    };
    (0..60).map(row).collect()
}

fn row(id: &str, sent: Timestamp, cents: i64) -> Row {
    Row { billing_number: Some("+12025550143".to_owned()), ..Row::new(id, sent, cents * 100) }
}

fn total(answer: &Value) -> String {
    let totals: Vec<_> =
        answer["totals"].as_array().unwrap().iter().map(|total| total["amount"].as_str().unwrap()).collect();
    totals.join(" ")
}

#[tokio::test]
async fn an_hourly_run_reads_the_open_and_the_late_days_and_tells_the_same() {
    let mut deployment = Deployment::new(POLICY, Dataset::of(rows(100), at(NOW)), Switches::default()).await;
    let first = deployment.run().await;
    assert_eq!((total(&first), first["days_from_history"].clone()), ("22".to_owned(), Value::Null));
    deployment.later(1);
    let second = deployment.run().await;
    // 19, 20 and 21 November may still get late charges; the 22nd is open.
    assert_eq!((total(&second), second["days_from_history"].clone()), ("22".to_owned(), json!(18)));
    let mut same = second.clone();
    same["as_of"] = first["as_of"].clone();
    same.as_object_mut().unwrap().remove("days_from_history");
    assert_eq!(same, first);
    let asked = deployment.zoom.observed();
    let last = asked.iter().rfind(|request| request.kind == ObservedKind::Report).unwrap();
    assert_eq!((last.parameter("from"), last.parameter("to")), (Some("2026-11-18"), Some("2026-11-24")));
}

#[tokio::test]
async fn a_large_account_is_read_hourly_at_a_fraction_of_its_requests() {
    let now = at("2026-11-30T13:00:00Z");
    let dataset = Dataset::generated(30_000, 5, now);
    let mut deployment = Deployment::new(POLICY, dataset, Switches::default()).await;
    deployment.now = now;
    let full = deployment.run().await;
    deployment.later(1);
    let hourly = deployment.run().await;
    assert_eq!(full["totals"], hourly["totals"]);
    let requests = |answer: &Value| answer["requests"].as_u64().unwrap();
    assert!(requests(&hourly) * 100 <= requests(&full) * 15, "{} of {}", requests(&hourly), requests(&full));
}

#[tokio::test]
async fn all_days_are_read_again_once_a_day_and_whenever_the_history_does_not_fit() {
    let mut deployment =
        Deployment::new(POLICY, Dataset::of(rows(100), at("2026-11-30T00:00:00Z")), Switches::default()).await;
    assert_eq!(deployment.cost().await, "1/0");
    deployment.later(1);
    assert_eq!(deployment.cost().await, "1/18");
    // At midnight a day has settled; what is known of it is not.
    deployment.later(10);
    assert_eq!(deployment.cost().await, "1/18");
    deployment.later(1);
    assert_eq!(deployment.cost().await, "1/19");
    // A day after the first run.
    deployment.later(12);
    assert_eq!(deployment.cost().await, "1/0");
    deployment.later(1);
    assert_eq!(deployment.cost().await, "1/19");
    // Days of another zone are other days.
    deployment.set_policy(&format!("time_zone = \"Asia/Kathmandu\"\n{POLICY}")).await;
    assert_eq!(deployment.cost().await, "1/0");
    assert_eq!(deployment.cost().await, "1/19");
    // As often as is wished.
    deployment.full_read_hours = 0;
    assert_eq!(deployment.cost().await, "1/0");
}

#[tokio::test]
async fn a_damaged_day_or_a_lost_table_costs_requests_and_no_figure() {
    let mut deployment = Deployment::new(POLICY, Dataset::of(rows(100), at(NOW)), Switches::default()).await;
    deployment.run().await;
    let keys = deployment.aws.history_keys().await;
    assert_eq!(keys.len(), 18, "{keys:?}");
    assert_eq!(keys[0], format!("history/{ACCOUNT_ID}/UTC/2026-11-01/0"));
    // Part of a day that two runs wrote, a document of nobody's, a part that is missing.
    deployment.aws.damage(&keys[4], "digest", AttributeValue::S("0".repeat(64))).await;
    deployment.aws.damage(&keys[9], "document", AttributeValue::S("{}".to_owned())).await;
    deployment.aws.damage(&keys[14], "parts", AttributeValue::N("2".to_owned())).await;
    let answer = deployment.run().await;
    assert_eq!((total(&answer), answer["days_from_history"].clone()), ("22".to_owned(), json!(15)));
    let answer = deployment.run().await;
    assert_eq!((total(&answer), answer["days_from_history"].clone()), ("22".to_owned(), json!(18)));
    deployment.aws.delete_ledger().await;
    assert_eq!(deployment.cost().await, "1/0");
}

#[tokio::test]
async fn what_dynamodb_leaves_unprocessed_is_asked_for_again() {
    let mut deployment = Deployment::new(POLICY, Dataset::of(rows(100), at(NOW)), Switches::default()).await;
    let proxy = AwsProxy::new();
    let door = proxy.door().await;
    deployment.aws.config = deployment.aws.config.to_builder().endpoint_url(&door.url).build();
    proxy.always("DynamoDB.BatchWriteItem", Effect::Half);
    proxy.always("DynamoDB.BatchGetItem", Effect::Half);
    deployment.run().await;
    assert_eq!(deployment.aws.history_keys().await.len(), 18);
    assert_eq!(deployment.cost().await, "1/18");
    proxy.clear();
    // Batches that are never done cost requests, no figure.
    let nothing = Effect::Fail { status: 400, code: "ProvisionedThroughputExceededException" };
    proxy.always("DynamoDB.BatchGetItem", nothing.clone());
    proxy.always("DynamoDB.BatchWriteItem", nothing);
    let answer = deployment.run().await;
    assert_eq!((total(&answer), answer.get("days_from_history")), ("22".to_owned(), None));
    proxy.clear();
}

#[tokio::test]
async fn a_day_of_ten_thousand_lines_is_kept_whole() {
    let sent = at("2026-11-10T10:00:00Z");
    let line = |line: i64| Row {
        billing_number: Some(format!("+1202555{line:05}")),
        department: Some(format!("Department \"{}\"\t\u{1F4B8}", line % 40)),
        ..Row::new(&format!("m{line}"), sent, 10_000 + line)
    };
    let rows: Vec<_> = (0..10_000).map(line).collect();
    let policy = "[[budget]]\nname = \"all\"\nscope = \"department\"\ncurrency = \"USD\"\namount = 100";
    let mut deployment = Deployment::new(policy, Dataset::of(rows, at(NOW)), Switches::default()).await;
    let first = deployment.run().await;
    assert!(deployment.aws.history_keys().await.len() > 20, "more than one item a day");
    let second = deployment.run().await;
    assert_eq!(second["days_from_history"], 18);
    for member in ["rows", "totals", "totals_left_out", "periods"] {
        assert_eq!(first[member], second[member], "{member}");
    }
    assert_eq!(first["alerts"].as_array().unwrap().len(), 40);
}

#[tokio::test]
async fn a_restatement_is_told_in_the_answer_and_once_to_those_who_were_alerted() {
    let mut zoom = rows(0);
    zoom.push(row("big", at("2026-11-10T10:00:00Z"), 12_000));
    let mut deployment = Deployment::new(POLICY, Dataset::of(zoom.clone(), at(NOW)), Switches::default()).await;
    deployment.run().await;
    assert_eq!(
        deployment.subjects().await,
        ["Zoom SMS cost: +12025550143: USD 120, 100% of USD 100 reached (2026-11)"]
    );
    // Zoom takes two thirds of it back; the run of the next hour does not look there.
    zoom.pop();
    zoom.push(row("big", at("2026-11-10T10:00:00Z"), 4_000));
    deployment.later(1);
    deployment.show(&zoom);
    let unaware = deployment.run().await;
    assert_eq!((total(&unaware), unaware.get("restated")), ("120".to_owned(), None));
    deployment.later(23);
    let restated = deployment.run().await;
    assert_eq!(total(&restated), "40");
    assert_eq!(
        restated["restated"],
        json!([{"day": "2026-11-10", "billing_number": "+12025550143", "currency": "USD", "before": "120", "after": "40"}])
    );
    let mut correction = restated["alerts"][0].clone();
    correction.as_object_mut().unwrap().remove("id");
    insta::assert_json_snapshot!(correction, @r#"
    {
      "amount": "40",
      "budget": "each",
      "currency": "USD",
      "kind": "correction",
      "level": "100%",
      "no_longer_reached": [
        "50%",
        "100%"
      ],
      "outcome": "sent",
      "period": "2026-11",
      "previous_amount": "120",
      "restated_days": [
        "2026-11-10"
      ],
      "scope": "billing_number",
      "subject": "+12025550143",
      "threshold": "100"
    }
    "#);
    let messages = deployment.aws.messages().await;
    assert_eq!(messages.len(), 2);
    let machine = messages[1].json();
    assert_eq!((machine["kind"].clone(), machine["alerts"][0]["amount"].clone()), (json!("correction"), json!("40")));
    // Known now.
    deployment.later(1);
    let after = deployment.run().await;
    assert_eq!((total(&after), after.get("restated"), after["alerts"].clone()), ("40".to_owned(), None, json!([])));
    // And up again, past both levels, of which the higher one was told before: only a correction says so.
    zoom.pop();
    zoom.push(row("big", at("2026-11-10T10:00:00Z"), 15_000));
    deployment.later(24);
    deployment.show(&zoom);
    let outcomes = |answer: &Value| -> Vec<String> {
        let told =
            |alert: &Value| format!("{} {}", alert["kind"].as_str().unwrap(), alert["outcome"].as_str().unwrap());
        answer["alerts"].as_array().unwrap().iter().map(told).collect()
    };
    assert_eq!(outcomes(&deployment.run().await), ["budget already_sent", "correction sent"]);
    assert_eq!(deployment.subjects().await[2], "Zoom SMS cost: correction: +12025550143: USD 150, not 40 (2026-11)");
}

#[tokio::test]
async fn a_restatement_that_crosses_nothing_told_is_not_told_to_people() {
    let mut zoom = rows(0);
    zoom.push(row("big", at("2026-11-10T10:00:00Z"), 4_000));
    let mut deployment = Deployment::new(POLICY, Dataset::of(zoom.clone(), at(NOW)), Switches::default()).await;
    deployment.run().await;
    zoom.pop();
    deployment.later(24);
    deployment.show(&zoom);
    let answer = deployment.run().await;
    assert_eq!(answer["restated"][0]["after"], "0");
    assert_eq!(deployment.subjects().await, [""; 0]);
}

#[tokio::test]
async fn a_correction_that_cannot_be_sent_is_found_again() {
    let mut zoom = rows(0);
    zoom.push(row("big", at("2026-11-10T10:00:00Z"), 12_000));
    let mut deployment = Deployment::new(POLICY, Dataset::of(zoom.clone(), at(NOW)), Switches::default()).await;
    deployment.run().await;
    zoom.pop();
    deployment.later(24);
    deployment.show(&zoom);
    let topic = deployment.aws.topic_arn.clone();
    deployment.aws.topic_arn = "arn:aws:sns:us-east-1:123456789012:nowhere".to_owned();
    let error = deployment.ends(Event::default()).await.unwrap_err();
    assert!(error.starts_with("PublishFailed"), "{error}");
    deployment.aws.topic_arn = topic;
    deployment.later(1);
    let answer = deployment.run().await;
    assert_eq!(answer["alerts"][0]["kind"], "correction");
    assert_eq!(deployment.subjects().await.len(), 2);
}

#[tokio::test]
async fn a_run_that_is_cut_short_keeps_what_is_whole_and_the_next_goes_on_from_there() {
    let dataset = Dataset::generated(20_000, 9, at(NOW));
    let limited = || Switches { rate_per_day: 35, ..Switches::default() };
    let mut deployment = Deployment::new(&POLICY.replace("100\n", "100000\n"), dataset.clone(), limited()).await;
    // Few enough windows side by side that some are whole when the limit is met.
    deployment.requests_per_second = 20;
    let mut runs = 1;
    let answer = loop {
        match deployment.ends(Event::default()).await {
            Ok(answer) => break answer,
            Err(error) => assert!(error.starts_with("ZoomRateLimited"), "{error}"),
        }
        runs += 1;
        assert!(runs < 9, "no end in sight");
        // Tried again a minute later, when Zoom answers as often again.
        deployment.now += SignedDuration::from_mins(1);
        deployment.zoom = Sandbox::start(0, dataset.clone(), limited()).await.unwrap();
    };
    assert!(runs > 1, "one run's requests were enough");
    let truth = dataset.truth(at("2026-11-01T00:00:00Z"), at(NOW) + 1.second());
    let told = answer["totals"].as_array().unwrap().iter().map(|total| {
        let text = |name: &str| total[name].as_str().unwrap().to_owned();
        ((text("billing_number"), text("currency")), text("amount"))
    });
    let truth: Vec<_> = truth.into_iter().map(|(key, truth)| (key, truth.amount)).collect();
    assert_eq!(told.collect::<Vec<_>>(), truth);
    // The days that the unfinished runs read are taken over for an hour and a half, no longer.
    assert!(answer["days_from_history"].as_u64().unwrap() > 0, "{answer}");
    deployment.zoom = Sandbox::start(0, dataset, Switches::default()).await.unwrap();
    deployment.later(2);
    assert_eq!(deployment.run().await["days_from_history"], 18);
}

#[tokio::test]
async fn a_backfill_loads_thirteen_months_once_and_goes_on_where_it_was_stopped() {
    let first: Date = "2025-10-20".parse().unwrap();
    let row = |day: i32| {
        row(&format!("d{day}"), (first + day.days()).at(10, 0, 0, 0).to_zoned(TimeZone::UTC).unwrap().timestamp(), 100)
    };
    let dataset = Dataset::of((0..399).map(row).collect(), at(NOW));
    let switches = Switches { rate_per_day: 10, ..Switches::default() };
    let mut deployment = Deployment::new(POLICY, dataset.clone(), switches).await;
    let backfill = Event { backfill: true, ..Event::default() };
    let error = deployment.ends(backfill.clone()).await.unwrap_err();
    assert!(
        error.contains("daily rate limit") && error.contains("days are in the history; another backfill goes on"),
        "{error}"
    );
    let loaded = deployment.aws.history_keys().await.len();
    assert!(loaded > 100, "{loaded}");
    // The next day.
    deployment.zoom = Sandbox::start(0, dataset, Switches::default()).await.unwrap();
    let answer = deployment.ends(backfill.clone()).await.unwrap();
    assert_eq!(answer["backfill"]["since"], "2025-10-24");
    assert_eq!(answer["backfill"]["days"], 391);
    assert_eq!(answer["backfill"]["days_read"], 391 - loaded);
    let again = deployment.ends(backfill).await.unwrap();
    assert_eq!((again["requests"].clone(), again["backfill"]["days_read"].clone()), (json!(0), json!(0)));
    // And a run finds them.
    assert_eq!(deployment.run().await["days_from_history"], 18);
}
