//! Secret, Zoom, topic and ledger.

use super::{REFUSED, Told, good};
use crate::support::{NOW, setup};
use aws_sdk_ssm::types::ParameterType::{SecureString, String as Plain};
use serde_json::json;
use zoom_sms_cost_alerts::sandbox::{CLIENT_ID, CLIENT_SECRET};

#[tokio::test]
async fn a_secret_that_is_none_is_told_without_its_value() {
    let world = good().await;
    let mut told = Told::by(&world).await;
    told.run("missing", json!({ "zoom_secret_id": "nowhere" })).await;
    for (case, value) in [
        ("not JSON", CLIENT_SECRET.to_owned()),
        ("not an object", json!([CLIENT_ID, CLIENT_SECRET]).to_string()),
        ("without a field", json!({ "account_id": "a", "client_secret": CLIENT_SECRET }).to_string()),
        (
            "with blank fields",
            json!({ "account_id": " ", "client_id": "", "client_secret": CLIENT_SECRET }).to_string(),
        ),
        (
            "with a field that is no text",
            json!({ "account_id": "a", "client_id": 7, "client_secret": CLIENT_SECRET }).to_string(),
        ),
    ] {
        world.aws.put_secret(&value).await;
        told.run(case, json!({})).await;
    }
    world.proxy.always("SecretsManager.GetSecretValue", REFUSED);
    told.run("access denied", json!({})).await;
    world.proxy.clear();
    insta::assert_snapshot!(told.text, @r#"
    missing
      SecretUnreadable
        secret "nowhere" cannot be read: ResourceNotFoundException (Secrets Manager can't find the specified secret.);
        check the name, and that the caller may call secretsmanager:GetSecretValue on it
    not JSON
      SecretUnreadable
        secret "SECRET" is not a JSON object of texts (line 1, column 1);
        it must be a JSON text with the members account_id, client_id and client_secret, each a non-empty text
    not an object
      SecretUnreadable
        secret "SECRET" is not a JSON object of texts (line 1, column 45);
        it must be a JSON text with the members account_id, client_id and client_secret, each a non-empty text
    without a field
      SecretUnreadable
        secret "SECRET" lacks client_id;
        it must be a JSON text with the members account_id, client_id and client_secret, each a non-empty text
    with blank fields
      SecretUnreadable
        secret "SECRET" lacks account_id, client_id;
        it must be a JSON text with the members account_id, client_id and client_secret, each a non-empty text
    with a field that is no text
      SecretUnreadable
        secret "SECRET" is not a JSON object of texts (line 1, column 31);
        it must be a JSON text with the members account_id, client_id and client_secret, each a non-empty text
    access denied
      SecretUnreadable
        secret "SECRET" cannot be read: AccessDeniedException (refused by a rule);
        check the name, and that the caller may call secretsmanager:GetSecretValue on it
    "#);
    assert!(world.zoom.observed().is_empty());
}

#[tokio::test]
async fn a_parameter_that_holds_no_credentials_is_told_with_its_own_fix_and_without_its_value() {
    let world = good().await;
    let from_parameter = json!({ "zoom_secret_id": format!("ssm:{}", world.aws.zoom_parameter) });
    let mut told = Told::by(&world).await;
    told.run("missing", from_parameter.clone()).await;
    world.aws.put_zoom_parameter(CLIENT_SECRET, SecureString, None).await;
    told.run("not JSON", from_parameter.clone()).await;
    let placeholder = json!({ "account_id": "REPLACE_ME", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET });
    world.aws.put_zoom_parameter(&placeholder.to_string(), SecureString, None).await;
    told.run("placeholder", from_parameter.clone()).await;
    world.proxy.always("SSM.GetParameter", REFUSED);
    told.run("access denied", from_parameter.clone()).await;
    world.proxy.clear();
    world.aws.put_zoom_parameter(CLIENT_SECRET, Plain, None).await;
    told.run("not encrypted", from_parameter).await;
    insta::assert_snapshot!(told.text, @r#"
    missing
      SecretUnreadable
        parameter "/ZOOM" cannot be read: ParameterNotFound (Parameter /ZOOM not found.);
        check the name, and that the caller may call ssm:GetParameter on it and kms:Decrypt with its key
    not JSON
      SecretUnreadable
        parameter "/ZOOM" is not a JSON object of texts (line 1, column 1);
        it must be a JSON text with the members account_id, client_id and client_secret, each a non-empty text
    placeholder
      SecretUnreadable
        parameter "/ZOOM" still holds the placeholder REPLACE_ME;
        put the Zoom app's credentials into it;
        it must be a JSON text with the members account_id, client_id and client_secret, each a non-empty text
    access denied
      SecretUnreadable
        parameter "/ZOOM" cannot be read: AccessDeniedException (refused by a rule);
        check the name, and that the caller may call ssm:GetParameter on it and kms:Decrypt with its key
    not encrypted
      SecretUnreadable
        parameter "/ZOOM" is of type String, whose value AWS keeps unencrypted;
        Zoom's credentials need a SecureString, and AWS changes no type: put them under another name by cost-alerts secret put --secret-id ssm:NAME, delete this parameter, and make a new client secret in Zoom if it held one
    "#);
    assert!(world.zoom.observed().is_empty());
}

#[tokio::test]
async fn secret_and_policy_are_told_together() {
    let world = good().await;
    world.write_policy("");
    let mut told = Told::by(&world).await;
    told.run("both wrong", json!({ "zoom_secret_id": "nowhere" })).await;
    insta::assert_snapshot!(told.text, @r#"
    both wrong
      SecretUnreadable
        secret "nowhere" cannot be read: ResourceNotFoundException (Secrets Manager can't find the specified secret.);
        check the name, and that the caller may call secretsmanager:GetSecretValue on it |
        PolicyInvalid: the policy is not valid: line 1, column 1: the policy has no budget and would watch nothing;
        add a [[budget]] with name, scope, currency and amount
    "#);
}

#[tokio::test]
async fn credentials_that_zoom_refuses_are_told() {
    let wrong = setup().world().await;
    let mut told = Told::by(&wrong).await;
    for (case, member) in [("a wrong account", "account_id"), ("a wrong client", "client_id")] {
        let mut secret =
            json!({ "account_id": "sandbox-account", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET });
        secret[member] = json!("wrong");
        wrong.aws.put_secret(&secret.to_string()).await;
        told.run(case, json!({ "as_of": NOW })).await;
    }
    let mut text = told.text;
    for (case, fault) in [("no scope", "scope-missing@1"), ("no phone", "phone-disabled@1")] {
        // A moment of a month that one question covers.
        let world = setup().now("2026-11-18T13:00:00Z").zoom(&format!("--fault {fault}")).world().await;
        let mut told = Told::by(&world).await;
        told.run(case, world.event()).await;
        text += &told.text;
    }
    insta::assert_snapshot!(text, @r#"
    a wrong account
      ZoomUnauthorized
        Zoom gave no access token: the account id is wrong, or the app is not a Server-to-Server OAuth app (HTTP 400, Zoom says: Bad Request) (x-zm-trackingid v=2.0;clid=sandbox;rid=WEB_00000001)
    a wrong client
      ZoomUnauthorized
        Zoom gave no access token: the client id or the client secret is wrong, or the app is not activated (HTTP 400, Zoom says: Invalid client_id or client_secret) (x-zm-trackingid v=2.0;clid=sandbox;rid=WEB_00000003);
        correct it where it is kept: in the secret, or in ZOOM_ACCOUNT_ID, ZOOM_CLIENT_ID and ZOOM_CLIENT_SECRET
    no scope
      ZoomScopeMissing
        2026-10-28 to 2026-11-19 could not be read: the Zoom app lacks the scope of the report;
        add phone:read:sms_charges:admin (granular) or phone:read:admin (classic) to it. Zoom says: Invalid access token, does not contain scopes:[phone:read:sms_charges:admin]. (x-zm-trackingid v=2.0;clid=sandbox;rid=WEB_00000002)
    no phone
      ZoomUnauthorized
        2026-10-28 to 2026-11-19 could not be read: Zoom refused the account (HTTP 403);
        see that account_id is right and that the account has Zoom Phone. Zoom says: Zoom Phone has not been enabled for this account. (x-zm-trackingid v=2.0;clid=sandbox;rid=WEB_00000002)
    "#);
}

#[tokio::test]
async fn a_topic_or_table_that_is_missing_is_told() {
    let world = good().await;
    world.aws.delete_topic().await;
    let mut told = Told::by(&world).await;
    told.run("no topic", world.event()).await;
    let without_topic = told.text;
    // The claim was given back: the next run may send.
    assert_ne!(world.aws.ledger_items().await[0]["state"], "sent");

    let world = good().await;
    world.aws.delete_ledger().await;
    let mut told = Told::by(&world).await;
    told.run("no table", world.event()).await;
    insta::assert_snapshot!(without_topic + &told.text, @r#"
    no topic
      PublishFailed
        topic TOPIC: NotFound (Endpoint does not exist);
        check that it exists and that the caller may call sns:Publish on it
    no table
      LedgerUnavailable
        the ledger table "TABLE" cannot be read or written: ResourceNotFoundException (Requested resource not found);
        check that it exists and that the function may read and write it;
        what earlier runs have sent was not all known, so that alerts may have come again, marked as possible repeats;
        alerts were published without it and marked as possible repeats;
        alerts were published and not recorded, so that they will come again with the same ids
    "#);
    let messages = world.aws.messages().await;
    assert_eq!(messages.len(), 1);
    assert_eq!(messages[0].json()["possible_repeat"], true);
}
