//! Every alert arrives, once: receivers, the outbox, and a ledger that fails.

use super::{heard, news};
use crate::support::{Aws, Budget, Deployment, Effect, Policy, from_number, setup, spent};
use serde_json::{Value, json};
use std::{collections::BTreeSet, time::Duration};
use zoom_sms_cost_alerts::sandbox::Row;

const BROKEN: Effect = Effect::Fail { status: 500, code: "InternalServerError" };

/// So many numbers, each over its budget.
async fn breaches(count: usize) -> Deployment {
    let policy = Policy::of(Budget::each("billing_number").amount("1")).only_watched();
    let rows: Vec<Row> = (0..count).map(|number| from_number(&format!("+1202{number:07}"), spent(2))).collect();
    setup().policy(policy).rows(rows).deployment().await
}

/// The subjects of all alerts in these machine forms, and whether any is marked.
async fn named(deployment: &mut Deployment) -> (Vec<String>, usize, bool) {
    let messages: Vec<Value> = deployment.news().await.iter().map(|message| message.json()).collect();
    let alerts = messages.iter().flat_map(|message| message["alerts"].as_array().unwrap());
    let subjects = alerts.map(|alert| alert["subject"].as_str().unwrap().to_owned()).collect();
    (subjects, messages.len(), messages.iter().any(|message| message["possible_repeat"] == true))
}

#[tokio::test]
async fn with_the_ledgers_reads_failing_nothing_lower_than_what_was_sent_goes_out() {
    let mut deployment = setup().rows([spent(130)]).deployment().await;
    assert_eq!(heard(&mut deployment).await, ["budget 100% 130"]);
    for dollars in [130, 85] {
        deployment.later(1);
        deployment.show([spent(dollars)]);
        deployment.proxy.always("DynamoDB.Query", BROKEN);
        let error = deployment.fails().await;
        deployment.proxy.clear();
        assert!(error.to_string().starts_with("LedgerUnavailable"), "{error}");
        assert_eq!(news(&deployment.news().await), [""; 0], "{dollars}");
    }
    // What is higher goes out, by the claim alone.
    deployment.later(1);
    deployment.show([spent(130), from_number("+12025550187", spent(90))]);
    deployment.proxy.always("DynamoDB.Query", BROKEN);
    deployment.fails().await;
    deployment.proxy.clear();
    assert_eq!(news(&deployment.news().await), ["budget 80% 90"]);
}

#[tokio::test]
async fn what_one_topic_got_silences_no_other() {
    let mut deployment = setup().rows([spent(60)]).deployment().await;
    let other = Aws::new().await;
    let to_other = json!({ "alert_topic_arn": other.topic_arn });
    assert_eq!(heard(&mut deployment).await, ["budget 50% 60"]);
    for expected in [&["budget 50% 60"][..], &[]] {
        let before = other.messages().await.len();
        deployment.ends(to_other.clone()).await.unwrap();
        assert_eq!(news(&other.messages().await[before..]), expected);
    }
    assert_eq!(heard(&mut deployment).await, [""; 0]);
    // A correction goes to both that have heard of it.
    for _ in 0..2 {
        deployment.later(1);
        deployment.show([spent(20)]);
        deployment.run().await;
    }
    assert_eq!(news(&deployment.news().await), ["correction 20"]);
    deployment.later(1);
    deployment.ends(to_other).await.unwrap();
    assert_eq!(news(&other.messages().await[1..]), ["correction 20"]);
}

#[tokio::test]
async fn a_thousand_alerts_with_a_slow_ledger_arrive_in_the_first_run_and_the_next_ones() {
    let mut deployment = breaches(1_000).await;
    deployment.time = Some(Duration::from_secs(25));
    deployment.proxy.always("DynamoDB.PutItem", Effect::Delay(Duration::from_millis(500)));
    let mut all = BTreeSet::new();
    let mut runs = 0;
    while all.len() < 1_000 {
        runs += 1;
        assert!(runs <= 8, "{} alerts in {runs} runs", all.len());
        let ended = deployment.ends(json!({})).await;
        let (subjects, messages, marked) = named(&mut deployment).await;
        assert!(messages > 0, "run {runs} sends: {ended:?}");
        assert!(!marked, "run {runs}");
        for subject in subjects {
            assert!(all.insert(subject), "once");
        }
        deployment.later(1);
    }
    deployment.proxy.clear();
    assert_eq!(heard(&mut deployment).await, [""; 0]);
}

#[tokio::test]
async fn three_thousand_breaches_at_once_are_each_named_in_at_most_twenty_messages() {
    let mut deployment = breaches(3_000).await;
    let answer = deployment.run().await;
    assert_eq!(
        answer["alerts"].as_array().unwrap().len() + answer["alerts_left_out"].as_u64().unwrap() as usize,
        3_000
    );
    let (subjects, messages, marked) = named(&mut deployment).await;
    assert!(messages <= 20, "{messages}");
    assert_eq!((subjects.len(), BTreeSet::from_iter(subjects).len(), marked), (3_000, 3_000, false));
    let threads = deployment.aws.ledger_items().await;
    assert!(threads.len() == 3_000 && threads.iter().all(|thread| thread["state"] == "sent"));
}

#[tokio::test]
async fn what_is_published_while_the_ledger_is_down_is_recorded_once_it_is_back() {
    let mut deployment = breaches(12).await;
    deployment.set_policy(Policy::of(Budget::each("billing_number").amount("1")).key("group_by", "\"subject\"")).await;
    // The ledger fails at first, the SDK's own tries included.
    for call in 1..=9 {
        deployment.proxy.on("DynamoDB.PutItem", call, BROKEN);
    }
    let error = deployment.fails().await;
    deployment.proxy.clear();
    assert!(error.to_string().starts_with("LedgerUnavailable"), "{error}");
    assert!(!error.to_string().contains("not recorded"), "{error}");
    let messages = deployment.news().await;
    let marks: Vec<_> = messages.iter().map(|message| message.json()["possible_repeat"] == true).collect();
    assert_eq!(marks.len(), 12);
    let marked = marks.iter().filter(|mark| **mark).count();
    assert!(marked > 0 && marked < 12 && marks[..marked].iter().all(|mark| *mark), "the first ones alone: {marks:?}");
    assert!(deployment.aws.ledger_items().await.iter().all(|item| item["state"] == "sent"));
    assert_eq!(deployment.aws.intents().await, 0);
    assert_eq!(heard(&mut deployment).await, [""; 0]);
}

#[tokio::test]
async fn while_nobody_listens_nothing_is_claimed_and_a_new_subscriber_hears_it_once() {
    let mut deployment = setup().rows([spent(60)]).deployment().await;
    deployment.aws.unsubscribe().await;
    for _ in 0..2 {
        let error = deployment.fails().await;
        assert!(error.to_string().starts_with("NobodyListens"), "{error}");
        assert!(deployment.metrics.nobody_listens);
        assert_eq!(deployment.aws.ledger_items().await, Vec::<Value>::new());
        deployment.later(1);
    }
    deployment.aws.subscribe_again().await;
    assert_eq!(heard(&mut deployment).await, ["budget 50% 60"]);
    assert!(!deployment.metrics.nobody_listens);
    deployment.later(1);
    assert_eq!(heard(&mut deployment).await, [""; 0]);
}

#[tokio::test]
async fn the_binary_says_that_nobody_listens_in_error_and_metric() {
    let world = setup().rows([spent(60)]).world().await;
    world.aws.unsubscribe().await;
    assert_eq!(world.judge().await.code(), "NobodyListens");
    assert_eq!([&world.metrics()[0]["NobodyListens"], &world.metrics()[0]["AlertsSent"]], [1, 0]);
    world.aws.subscribe_again().await;
    assert_eq!(world.judge().await.answer()["alerts"][0]["outcome"], "sent");
    assert_eq!(world.metrics()[1]["NobodyListens"], 0);
}

#[tokio::test]
async fn a_pending_subscription_is_no_listener() {
    let mut deployment = setup().rows([spent(60)]).deployment().await;
    deployment.aws.unsubscribe().await;
    deployment.aws.subscribe("email", "finance@example.com").await;
    assert!(deployment.fails().await.to_string().starts_with("NobodyListens"));
}

#[tokio::test]
async fn a_full_read_checks_who_listens_though_nothing_is_due() {
    let mut deployment = setup().rows([spent(1)]).deployment().await;
    deployment.aws.unsubscribe().await;
    assert!(deployment.fails().await.to_string().starts_with("NobodyListens"));
}

#[tokio::test]
async fn a_denied_look_at_the_subscriptions_never_fails_a_run() {
    let mut deployment = setup().rows([spent(60)]).deployment().await;
    // Which lasts, so that somebody has to know; what passes is asked again.
    for (code, is_measured) in [("AuthorizationError", true), ("NotFound", true), ("Throttling", false)] {
        deployment.proxy.always("SNS.GetTopicAttributes", Effect::Fail { status: 403, code });
        deployment.run().await;
        assert_eq!(deployment.metrics.nobody_listens, is_measured, "{code}");
        deployment.proxy.clear();
        deployment.later(1);
    }
    assert_eq!(news(&deployment.news().await), ["budget 50% 60"]);
}

/// What must be in no form: controls, line and paragraph separators, and what turns the direction of text.
fn is_dangerous(character: char) -> bool {
    let spoils =
        matches!(character, '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    spoils || (character.is_control() && character != '\n')
}

/// All texts of a JSON document.
fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        Value::Object(members) => members.values().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

#[tokio::test]
async fn text_from_zoom_is_markup_in_no_field_and_spoils_no_form() {
    let hostile =
        "<!channel> *Sales* & <https://evil.example|click>\u{202e}\u{2028}\u{85}\u{7}\r\nSubject: hi `x` ~y~ _z_";
    let policy = Policy::of(Budget::each("department").amount("1")).and(Budget::each("account").amount("1"));
    for rows in [1, 2] {
        let rows: Vec<_> = (0..rows)
            .map(|place| Row {
                department: Some(format!("{place} {hostile}")),
                ..from_number(&format!("+120255501{place:02}"), spent(2))
            })
            .collect();
        let world = setup().policy(&policy).rows(rows).world().await;
        world.judge().await.answer();
        for forms in crate::flow::published(&world) {
            let mut all = vec![];
            for (protocol, form) in forms.as_object().unwrap() {
                let form = form.as_str().unwrap();
                let parts =
                    serde_json::from_str::<Value>(form).map_or_else(|_| vec![form.to_owned()], |form| texts(&form));
                if ["http", "https"].contains(&protocol.as_str()) {
                    assert!(parts.iter().any(|text| text.contains("&lt;!channel&gt;")), "{form}");
                    for text in &parts {
                        assert!(!text.contains('<') && !text.contains("& "), "{protocol}: {text}");
                        assert!(
                            !text.contains("*Sales*") && !text.contains("`x`") && !text.contains("~y~"),
                            "{protocol}: {text}"
                        );
                    }
                }
                all.extend(parts);
            }
            for text in all {
                assert!(!text.contains(is_dangerous), "{text:?}");
                assert!(!text.lines().any(|line| line.starts_with("Subject: hi")), "{text:?}");
            }
        }
        for message in world.aws.messages().await {
            assert!(
                !message.subject.unwrap().contains(|character: char| character.is_control() || !character.is_ascii())
            );
        }
    }
}
