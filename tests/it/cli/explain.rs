use super::doctor::Practice;
use super::run;
use crate::support::{NUMBER, Policy, row, setup};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use zoom_sms_cost_alerts::sandbox::{ACCOUNT_ID, Row};

/// A deployment whose run has just sent an alert: 60 dollars of 100, spent an hour ago.
pub(super) async fn alerted() -> Practice {
    let now = Timestamp::now();
    let spent = row("spent", &(now - SignedDuration::from_hours(1)).to_string(), 600_000);
    let practice = Practice::of(setup().now(now).rows([spent])).await;
    practice.world.run(json!({})).await;
    practice
}

#[tokio::test]
async fn an_alert_is_explained_by_its_message_its_policy_and_its_days() {
    let practice = alerted().await;
    let [message] = &practice.world.aws.kept_messages().await[..] else { panic!("one message") };
    let id = message["id"].as_str().unwrap();
    let ended = run(&["explain", id], &practice.environment).await;
    assert_eq!((ended.code, ended.err.as_str()), (0, ""));
    for part in [
        format!("50%: {NUMBER} had spent USD 60.00 in "),
        "50% of budget \"every number\" (USD 50.00)".to_owned(),
        format!("to default ({})", practice.world.aws.topic_arn),
        format!("SNS message {}", message["message_id"].as_str().unwrap()),
        "line 1:\n   [[budget]]\n   name = \"every number\"".to_owned(),
        "USD 60.00 in 1 message as of today".to_owned(),
        "Sent by  department Sales: USD 60.00".to_owned(),
    ] {
        let said = ended.out.split_whitespace().collect::<Vec<_>>().join(" ");
        let part = part.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains(&part), "{part}: {}", ended.out);
    }
    let ended = run(&["explain", &id.to_uppercase(), "--json"], &practice.environment).await;
    let [answer] = &ended.json()[..] else { panic!("{}", ended.out) };
    let explained = &answer["messages"][0]["alerts"][0];
    assert_eq!((&explained["alert"]["id"], &explained["alert"]["kind"]), (&json!(id), &json!("budget")), "{answer}");
    assert_eq!((&explained["policy"]["line"], &explained["behind"]["amount"]), (&json!(1), &json!("60")), "{answer}");
    assert_eq!(explained["behind"]["days"][0]["messages"], 1, "{answer}");
}

#[tokio::test]
async fn an_alert_on_calls_is_explained_in_minutes_and_one_on_all_in_none() {
    let now = Timestamp::now();
    let call = Row::call("C", now - SignedDuration::from_hours(1), 600_000, 40);
    let call = Row { billing_number: Some(NUMBER.to_owned()), ..call };
    for (products, product, units) in [("['call']", "call", " in 40 minutes"), ("['sms', 'call']", "all", "")] {
        let policy = format!("products = {products}\n{}", Policy::default());
        let practice = Practice::of(setup().now(now).policy(&policy).rows([call.clone()])).await;
        practice.write_policy(&policy);
        practice.world.run(json!({})).await;
        let [message] = &practice.world.aws.kept_messages().await[..] else { panic!("one message") };
        let alert = &message["alerts"][0];
        assert_eq!(alert["product"], product, "{alert}");
        let ended = run(&["explain", alert["id"].as_str().unwrap()], &practice.environment).await;
        assert_eq!((ended.code, ended.err.as_str()), (0, ""));
        let said = ended.out.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains(&format!("In all USD 60.00{units} as of today")), "{}", ended.out);
        // The id of the message stands above.
        let (_, days) = said.split_once(" Day ").unwrap();
        assert!(!days.to_lowercase().contains("message"), "{}", ended.out);
    }
}

#[tokio::test]
async fn what_is_not_known_is_said() {
    let mut practice = alerted().await;
    let id = practice.world.aws.kept_messages().await[0]["id"].as_str().unwrap().to_owned();
    let ended = run(&["explain", "0123456789ab"], &practice.environment).await;
    assert_eq!((ended.code, ended.out.as_str()), (2, ""));
    let unknown =
        format!("remembers no message or alert 0123456789ab of account {ACCOUNT_ID}; its latest are {id} of ");
    assert!(ended.err.contains(&unknown), "{}", ended.err);
    let ended = run(&["explain", "latest"], &practice.environment).await;
    assert!(ended.code == 2 && ended.err.contains("twelve hexadecimal digits"), "{}", ended.err);

    practice.environment.insert("POLICY", "nowhere.toml".to_owned());
    let ended = run(&["explain", &id], &practice.environment).await;
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert!(ended.out.contains("The policy is not known"), "{}", ended.out);

    practice.environment.insert("ZOOM_ACCOUNT_ID", "another".to_owned());
    let ended = run(&["explain", &id], &practice.environment).await;
    assert_eq!(ended.code, 2);
    assert!(ended.err.contains("it remembers no message at all"), "{}", ended.err);
}
