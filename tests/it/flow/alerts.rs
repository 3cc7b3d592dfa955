//! The alerts: to everybody, once, and no more than is new.

use super::{alerts, published};
use crate::support::{
    Budget, NOW, NUMBER, Notification, Policy, Subscriber, at, from_number, row, setup, spent, spent_on,
};
use serde_json::{Value, json};
use zoom_sms_cost_alerts::sandbox::{ACCOUNT_ID, Row};

/// 84 of 100 dollars from one number, by two departments, and 16 from another.
fn three_rows() -> [Row; 3] {
    let sent = "2026-11-10T10:00:00Z";
    let marketing = Row { department: Some("Marketing".to_owned()), ..row("b", sent, 240_000) };
    let other = from_number("+12025550187", row("c", "2026-11-12T09:30:00Z", 160_000));
    [row("a", sent, 600_000), marketing, other]
}

#[tokio::test]
async fn an_alert_reaches_every_kind_of_subscriber_with_the_answers_figures() {
    let world = setup().rows(three_rows()).world().await;
    let http = Subscriber::to(&world.aws, "http").await;
    let https = Subscriber::to(&world.aws, "https").await;
    let outcome = world.judge().await;
    let answer = outcome.answer();

    let queued = world.aws.messages().await;
    assert_eq!(queued.len(), 1);
    let id = answer["alerts"][0]["id"].as_str().unwrap();
    let alert = json!({
        "id": id, "outcome": "sent", "kind": "budget", "severity": "warning", "receiver": "default", "scope": "billing_number", "subject": NUMBER, "currency": "USD",
        "period": "2026-11", "budget": "every number", "level": "80%", "also_reached": ["50%"], "threshold": "80",
        "amount": "84",
    });
    assert_eq!(answer["alerts"], json!([alert]));
    let mut told = alert;
    told["messages"] = json!(2);
    told["remaining"] = json!("16");
    told["share_of_account"] = json!("0.84");
    told["top"] = json!([{ "department": "Sales", "amount": "60" }, { "department": "Marketing", "amount": "24" }]);
    let machine = json!({
        "schema": 1, "id": id, "kind": "budget", "severity": "warning", "receiver": "default", "as_of": NOW,
        "account": ACCOUNT_ID, "possible_repeat": false, "rerun": true, "alerts": [told],
        "receipt": { "complete": true, "rows": 3, "pages": answer["requests"], "days": 22, "days_from_history": 0,
            "newest_row": "2026-11-12T09:30:00Z", "read_to": "2026-11-27" },
    });
    assert_eq!(queued[0].json(), machine);

    let forms = &published(&world)[0];
    let mut protocols: Vec<_> = forms.as_object().unwrap().keys().collect();
    protocols.sort();
    assert_eq!(protocols, ["default", "email", "http", "https", "lambda", "sqs"]);
    assert_eq!(forms["default"], forms["email"]);
    assert_eq!(forms["lambda"], forms["sqs"]);

    let (http, https) = (http.notifications(), https.notifications());
    assert_eq!((http.len(), https.len()), (1, 1));
    assert_eq!(http[0].message, https[0].message);
    let chat = https[0].json();
    assert_eq!((&chat["version"], &chat["source"], &chat["id"]), (&json!("1.0"), &json!("custom"), &json!(id)));
    assert_eq!(chat["metadata"]["additionalContext"]["alert_id"], id);

    let email = forms["email"].as_str().unwrap();
    let subject = queued[0].subject.as_deref().unwrap();
    assert!(subject.is_ascii() && subject.len() < 100, "{subject}");
    assert!(email.lines().all(|line| line.chars().count() < 76), "{email}");
    for form in [email, chat["content"]["description"].as_str().unwrap()] {
        for part in [id, NUMBER, "USD 84", "84%", "Sales", "omplete as of"] {
            assert!(form.contains(part), "{part} in {form}");
        }
        assert!(!form.contains("Okafor") && !form.contains("442079460123"), "{form}");
    }

    let ledger = world.aws.ledger_items().await;
    assert_eq!(ledger.len(), 1);
    assert_eq!(
        [&ledger[0]["state"], &ledger[0]["subject"], &ledger[0]["record"]["reported"]["percent"]],
        ["sent", NUMBER, "80"]
    );
    let [kept] = <[Value; 1]>::try_from(world.aws.kept_messages().await).unwrap();
    assert_eq!(
        [&kept["id"], &kept["message_id"], &kept["topic_arn"], &kept["alerts"][0]["amount"]],
        [&json!(id), &json!(queued[0].message_id), &json!(world.aws.topic_arn), &json!("84")]
    );
}

#[tokio::test]
async fn each_level_is_sent_once_with_the_lower_ones_that_nobody_was_told() {
    let world = setup().rows([]).world().await;
    for (dollars, expected, messages) in [
        (49, None, 0),
        (50, Some("sent 50% ()"), 1),
        (79, Some("already_sent 50% ()"), 1),
        // Two at once: the higher one names the other.
        (130, Some("sent 100% (80%)"), 2),
        (130, Some("already_sent 100% ()"), 2),
    ] {
        world.show([spent(dollars)]);
        let expected = expected.map(|alert| format!("{alert} of {NUMBER} in 2026-11"));
        let outcome = world.judge().await;
        assert_eq!(alerts(outcome.answer()), Vec::from_iter(expected), "{dollars}");
        assert_eq!(world.aws.messages().await.len(), messages, "{dollars}");
        assert_eq!(published(&world).len(), messages, "{dollars}");
    }
    let last = &world.aws.messages().await[1];
    let told = &last.json()["alerts"][0];
    assert_eq!(told["also_reached"], json!(["80%"]));
    assert_eq!(told["remaining"], "-30");
    assert!(!last.message.contains("50%"), "{}", last.message);
}

#[tokio::test]
async fn alerts_of_a_run_come_together_or_singly_as_the_policy_says() {
    let numbers = [(NUMBER, 60), ("+12025550187", 120), ("+12025550112", 90)];
    let rows = numbers.map(|(number, dollars)| from_number(number, spent(dollars)));
    for (group_by, sizes) in [("run", &[3][..]), ("subject", &[1, 1, 1])] {
        let policy = Policy::default().key("group_by", format!("{group_by:?}"));
        let world = setup().policy(policy).rows(rows.clone()).world().await;
        let outcome = world.judge().await;
        let answer = outcome.answer();
        let queued = world.aws.messages().await;
        let told: Vec<_> = queued.iter().map(|message| message.json()).collect();
        let size = |message: &Value| message["alerts"].as_array().unwrap().len();
        assert_eq!(told.iter().map(size).collect::<Vec<_>>(), sizes);
        let ids = |alerts: &Value| -> Vec<String> {
            let ids = alerts.as_array().unwrap().iter();
            ids.map(|alert| alert["id"].as_str().unwrap().to_owned()).collect()
        };
        let mut sent: Vec<_> = told.iter().flat_map(|message| ids(&message["alerts"])).collect();
        let mut answered = ids(&answer["alerts"]);
        sent.sort();
        answered.sort();
        assert_eq!(sent, answered);
        if group_by == "run" {
            // A reader of the subject alone sees the worst.
            let subject = queued[0].subject.as_deref().unwrap();
            assert!(subject.contains("+12025550187") && subject.contains("2 more"), "{subject}");
        } else {
            assert!(told.iter().all(|message| message["id"] == message["alerts"][0]["id"]));
        }
        assert_eq!(world.judge().await.answer()["alerts"][0]["outcome"], "already_sent");
        assert_eq!(published(&world).len(), sizes.len());
    }
}

#[tokio::test]
async fn charges_that_no_budget_covers_are_told_once_or_ignored() {
    let euros = Row { currency: Some("EUR".to_owned()), ..row("eur", "2026-11-10T10:00:00Z", 12_345) };
    for unwatched in ["notify", "ignore"] {
        let policy = Policy::default().key("unwatched", format!("{unwatched:?}"));
        let world = setup().policy(policy).rows([euros.clone(), spent(50)]).world().await;
        let mut outcomes = Vec::new();
        for _ in 0..2 {
            let outcome = world.judge().await;
            let alerts = outcome.answer()["alerts"].as_array().unwrap().clone();
            let told = alerts.iter().filter(|alert| alert["kind"] == "unwatched");
            outcomes.extend(told.map(|alert| alert["outcome"].as_str().unwrap().to_owned()));
        }
        let [message] = <[Notification; 1]>::try_from(world.aws.messages().await).unwrap();
        let message = message.json();
        let alerts = message["alerts"].as_array().unwrap();
        let kinds: Vec<_> = alerts.iter().map(|alert| alert["kind"].clone()).collect();
        if unwatched == "ignore" {
            assert!(outcomes.is_empty(), "{outcomes:?}");
            assert_eq!(kinds, ["budget"]);
            continue;
        }
        assert_eq!(outcomes, ["sent", "already_sent"]);
        assert_eq!((&message["kind"], kinds), (&json!("budget"), vec![json!("budget"), json!("unwatched")]));
        let alert = &alerts[1];
        assert_eq!(
            [&alert["scope"], &alert["subject"], &alert["currency"], &alert["amount"], &alert["period"]],
            ["account", ACCOUNT_ID, "EUR", "1.2345", "2026-11"]
        );
        assert!(alert.get("budget").is_none() && alert.get("level").is_none(), "{alert}");
    }
}

#[tokio::test]
async fn a_late_charge_is_reported_while_its_period_is_still_judged() {
    for (appears, expected) in
        [("2026-11-03T06:00:00Z", Some("sent 50% () of +12025550143 in 2026-10")), ("2026-11-05T23:00:00Z", None)]
    {
        let late = Row { appears: Some(at(appears)), ..spent_on("2026-10-31", 1) };
        let before = setup().rows([spent_on("2026-10-20", 49), late]).now("2026-11-01T12:00:00Z");
        let mut deployment = before.deployment().await;
        assert!(alerts(&deployment.run().await).is_empty());
        // What was read whole once its late listings had ended everywhere is not judged again.
        for moment in ["2026-11-05T12:00:00Z", "2026-11-06T00:00:00Z"].iter().filter(|_| expected.is_none()) {
            deployment.until(*moment);
            assert!(alerts(&deployment.run().await).is_empty(), "{moment}");
        }
        if expected.is_some() {
            deployment.until("2026-11-03T07:00:00Z");
            assert_eq!(alerts(&deployment.run().await), Vec::from_iter(expected), "{appears}");
        }
        assert_eq!(deployment.news().await.len(), expected.iter().count());
    }
}

#[tokio::test]
async fn a_rerun_of_a_past_month_reports_that_month_alone() {
    let world = setup().rows([spent_on("2026-10-20", 80), spent(120)]).world().await;
    let october = json!({ "as_of": "2026-10-31T23:59:59Z", "publish": true });
    assert_eq!(alerts(world.run(october).await.answer()), ["sent 80% (50%) of +12025550143 in 2026-10"]);
    assert_eq!(alerts(world.judge().await.answer()), ["sent 100% (50%, 80%) of +12025550143 in 2026-11"]);
}

#[tokio::test]
async fn a_rerun_of_a_month_long_past_is_sent_once_and_says_that_it_is_a_rerun() {
    let world = setup().rows([spent_on("2026-02-20", 80)]).world().await;
    for outcome in ["sent", "already_sent"] {
        let answer = world.run(json!({ "as_of": "2026-02-28", "publish": true })).await;
        assert_eq!(alerts(answer.answer())[0].split(' ').next(), Some(outcome));
    }
    let messages = world.aws.messages().await;
    assert_eq!(messages.len(), 1);
    assert_eq!(messages[0].json()["rerun"], true);
    assert!(published(&world)[0]["email"].as_str().unwrap().to_lowercase().contains("rerun"));
}

#[tokio::test]
async fn who_has_no_value_is_judged_as_none() {
    let [number, department, cost_center] =
        ["billing_number", "department", "cost_center"].map(|scope| Budget::each(scope).amount("1"));
    let policy = Policy::of(number).and(department).and(cost_center);
    let nobody =
        Row { billing_number: None, department: Some(String::new()), ..row("a", "2026-11-10T10:00:00Z", 10_000) };
    let somebody =
        Row { cost_center: Some("CC-100".to_owned()), ..from_number(NUMBER, row("b", "2026-11-10T10:00:00Z", 20_000)) };
    let world = setup().policy(policy).rows([nobody, somebody]).world().await;
    let outcome = world.judge().await;
    let alerts = outcome.answer()["alerts"].as_array().unwrap().iter();
    let mut told: Vec<_> = alerts
        .map(|alert| {
            let text = |name: &str| alert[name].as_str().unwrap().to_owned();
            [text("scope"), text("subject"), text("amount")].join(" ")
        })
        .collect();
    told.sort();
    assert_eq!(
        told,
        [
            "billing_number (none) 1",
            "billing_number +12025550143 2",
            "cost_center (none) 1",
            "cost_center CC-100 2",
            "department (none) 1",
            "department Sales 2",
        ]
    );
}
