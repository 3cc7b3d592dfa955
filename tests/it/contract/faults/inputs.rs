//! Environment, event and policy.

use super::{REFUSED, Told, good};
use crate::support::{Budget, NOW, Policy};
use serde_json::json;

#[tokio::test]
async fn an_empty_environment_is_told_whole() {
    let mut world = good().await;
    world.env.unset("ZOOM_SECRET_ID").set("ALERT_TOPIC_ARN", "").set("LEDGER_TABLE", "  ").unset("POLICY");
    let mut told = Told::by(&world).await;
    told.run("everything is missing", json!({ "as_of": NOW })).await;
    insta::assert_snapshot!(told.text, @"
    everything is missing
      ConfigInvalid
        environment: ZOOM_SECRET_ID is missing (set it to the name or ARN of the secret with Zoom's credentials, or ssm:NAME);
        ALERT_TOPIC_ARN is missing (set it to the ARN of the SNS topic);
        LEDGER_TABLE is missing (set it to the name of the DynamoDB table);
        POLICY is missing (set it to ssm:NAME, table:NAME or the path of a TOML file)
    ");
    assert!(world.proxy.actions().is_empty());
}

#[tokio::test]
async fn a_malformed_environment_is_told_whole() {
    let mut world = good().await;
    world
        .env
        .set("ALERT_TOPIC_ARN", "arn:aws:sns:us-east-1:123456789012:alerts.fifo")
        .set("POLICY", "ssm:")
        .set("ZOOM_API_URL", "http://api.zoom.us/v2")
        .set("ZOOM_TOKEN_URL", "zoom.us/oauth/token")
        .set("ZOOM_REQUESTS_PER_SECOND", "4.5");
    let mut told = Told::by(&world).await;
    told.run("everything is malformed", json!({ "as_of": NOW })).await;
    insta::assert_snapshot!(told.text, @r#"
    everything is malformed
      ConfigInvalid
        environment: ALERT_TOPIC_ARN = "arn:aws:sns:us-east-1:123456789012:alerts.fifo" is a FIFO topic, which reaches neither e-mail nor chat;
        use a standard topic;
        POLICY = "ssm:" names no parameter;
        write ssm:NAME, such as ssm:/zoom-sms-cost-alerts/policy;
        ZOOM_API_URL = "http://api.zoom.us/v2" is not https (http is accepted for loopback hosts only);
        ZOOM_TOKEN_URL = "zoom.us/oauth/token" is not a URL;
        ZOOM_REQUESTS_PER_SECOND = "4.5" is not a whole number from 1 to 1000
    "#);
}

#[tokio::test]
async fn a_policy_that_is_none_is_told_with_line_and_column() {
    let world = good().await;
    let mut told = Told::by(&world).await;
    told.run("no file", json!({ "policy": "nowhere.toml" })).await;
    told.run("no parameter", json!({ "policy": "ssm:/nowhere" })).await;
    world.proxy.always("SSM.GetParameter", REFUSED);
    told.run("access denied", json!({ "policy": "ssm:/policy" })).await;
    world.proxy.always("DynamoDB.BatchGetItem", REFUSED);
    told.run("no access to the table", json!({ "policy": "table:budgets" })).await;
    world.proxy.clear();
    for (case, policy) in [
        ("empty", "".to_owned()),
        ("not TOML", "[[budget]\nname = 1".to_owned()),
        (
            "all wrong",
            Policy::of(Budget::each("billing_number").currency("DOLLAR").amount("-1"))
                .zone("Mars/Olympus")
                .key("colour", "\"red\"")
                .to_string(),
        ),
        ("a tie", Policy::default().and(Budget::each("billing_number").name("again")).to_string()),
    ] {
        world.write_policy(&policy);
        told.run(case, json!({})).await;
    }
    insta::assert_snapshot!(told.text, @r#"
    no file
      PolicyInvalid
        the policy file "nowhere.toml" cannot be read: No such file or directory (os error 2);
        give the path of a TOML file, relative to the working directory
    no parameter
      PolicyInvalid
        the policy parameter "/nowhere" cannot be read: ParameterNotFound (Parameter /nowhere not found.);
        check the name, and that the caller may call ssm:GetParameter on it
    access denied
      PolicyInvalid
        the policy parameter "/policy" cannot be read: AccessDeniedException (refused by a rule);
        check the name, and that the caller may call ssm:GetParameter on it
    no access to the table
      PolicyInvalid
        the policy item "budgets" of table "TABLE" cannot be read: AccessDeniedException (refused by a rule);
        check LEDGER_TABLE, and that dynamodb:BatchGetItem on it is allowed
    empty
      PolicyInvalid
        the policy is not valid: line 1, column 1: the policy has no budget and would watch nothing;
        add a [[budget]] with name, scope, currency and amount
    not TOML
      PolicyInvalid
        the policy is not valid: line 1, column 10: unclosed array table, expected `]`;
        see https://toml.io for how TOML is written
    all wrong
      PolicyInvalid
        the policy is not valid: line 1, column 13: time zone "Mars/Olympus" is not known;
        write an IANA name such as "America/New_York", or leave the key out for UTC |
        line 2, column 1: a policy has no key "colour";
        allowed are time_zone, late_charges_days, unwatched, group_by, senders, digest, products, budget, spike, owner, silence |
        line 6, column 12: currency "DOLLAR" is not a code of ISO 4217;
        write three letters such as "USD" |
        line 7, column 10: amount "-1" is not greater than 0;
        write a number greater than 0 and at most 999999999999, with at most 6 decimal places, such as "100.00"
    a tie
      PolicyInvalid
        the policy is not valid: line 8, column 1: every billing_number has a USD budget a month twice: "every number" on line 1 and "again" here;
        keep one of the two, or name the subject more closely in one of them
    "#);
}

#[tokio::test]
async fn an_event_that_is_none_is_told_with_what_is_accepted() {
    let world = good().await;
    let mut told = Told::by(&world).await;
    for (case, event) in [
        ("an unknown field", json!({ "dryrun": true })),
        ("not an object", json!("run")),
        ("a list", json!([{}])),
        ("a wrong type", json!({ "dry_run": "yes" })),
        ("not a time", json!({ "as_of": "yesterday" })),
        ("the future", json!({ "as_of": "2999-01-01T00:00:00Z" })),
        ("blank", json!({ "policy": " " })),
        ("not a topic", json!({ "alert_topic_arn": "alerts" })),
        ("an envelope of something else", json!({ "detail-type": "x", "source": "y", "detail": { "colour": 1 } })),
        ("an envelope of text", json!({ "detail-type": "x", "source": "y", "detail": "now" })),
    ] {
        told.run(case, event).await;
    }
    // The list of what is accepted is told each time.
    let (told, accepted) = (told.text, ". Accepted are ");
    let list = told.split_once(accepted).unwrap().1.lines().next().unwrap();
    insta::assert_snapshot!(list, @r#"{}, an EventBridge rule's or scheduler's event, and an object with any of as_of, publish, dry_run, test_alert, backfill, digest, trigger, schedule_arn, scheduled_time, zoom_secret_id, policy, alert_topic_arn"#);
    insta::assert_snapshot!(told.replace(&format!("{accepted}{list}"), ""), @r#"
    an unknown field
      EventInvalid
        the event cannot be used: it has an unknown field "dryrun";
        did you mean "dry_run"?
    not an object
      EventInvalid
        the event cannot be used: it is not a JSON object
    a list
      EventInvalid
        the event cannot be used: it is not a JSON object
    a wrong type
      EventInvalid
        the event cannot be used: dry_run is neither true nor false
    not a time
      EventInvalid
        the event cannot be used: as_of = "yesterday" is neither a date such as 2026-10-31 nor a time such as 2026-10-31T23:59:59Z
    the future
      EventInvalid
        the event cannot be used: as_of 2999-01-01T00:00:00Z lies in the future, of which nothing is known;
        give a past moment or leave it out
    blank
      EventInvalid
        the event cannot be used: policy is empty;
        leave it out to use the environment's
    not a topic
      EventInvalid
        the event cannot be used: alert_topic_arn = "alerts" is not the ARN of an SNS topic;
        write arn:aws:sns:REGION:ACCOUNT:NAME
    an envelope of something else
      EventInvalid
        the event cannot be used: it has an unknown field "colour"
    an envelope of text
      EventInvalid
        the event cannot be used: its detail is no JSON
    "#);
    assert!(world.proxy.actions().is_empty());
}
