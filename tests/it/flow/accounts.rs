//! Several Zoom accounts through one function.

use crate::support::{Aws, Budget, NOW, Policy, setup, spent};
use serde_json::json;
use zoom_sms_cost_alerts::sandbox::ACCOUNT_ID;

#[tokio::test]
async fn one_function_serves_two_accounts() {
    let world = setup().rows([spent(60)]).zoom("--any-credentials").world().await;
    let other = Aws::new().await;
    let secret =
        json!({ "account_id": "branch-account", "client_id": "branch", "client_secret": "branch-secret-value" });
    other.put_secret(&secret.to_string()).await;
    let strict = Policy::of(Budget::each("billing_number").name("strict").amount("60")).to_string();
    let own = world.event();
    let others = json!({
        "as_of": NOW, "publish": true, "zoom_secret_id": other.secret_id, "policy": other.put_parameter(&strict).await,
        "alert_topic_arn": other.topic_arn,
    });

    let mut function = world.function().await;
    for outcome in ["sent", "already_sent"] {
        for (event, level) in [(&own, "50%"), (&others, "100%")] {
            let answer = function.invoke(event.clone()).await;
            let alert = &answer.answer()["alerts"][0];
            assert_eq!([&alert["outcome"], &alert["level"]], [outcome, level]);
        }
    }
    function.kill().await;
    for (aws, account, budget) in [(&world.aws, ACCOUNT_ID, "every number"), (&other, "branch-account", "strict")] {
        let messages = aws.messages().await;
        assert_eq!(messages.len(), 1);
        let told = messages[0].json();
        assert_eq!([&told["account"], &told["alerts"][0]["budget"]], [account, budget]);
    }
    let ledger = world.aws.ledger_items().await;
    let mut accounts: Vec<_> = ledger.iter().map(|item| item["account"].as_str().unwrap()).collect();
    accounts.sort_unstable();
    assert_eq!(accounts, ["branch-account", ACCOUNT_ID]);
    assert!(other.ledger_items().await.is_empty());

    assert!(!function.logs().contains("branch-secret-value"));
}

/// The same limit, spending and month in two accounts are two alerts.
#[tokio::test]
async fn accounts_do_not_silence_each_other() {
    let world = setup().rows([spent(60)]).zoom("--any-credentials").world().await;
    let other = Aws::new().await;
    other.put_secret(r#"{"account_id":"branch-account","client_id":"c","client_secret":"branch-secret-value"}"#).await;
    for event in [world.event(), json!({ "as_of": NOW, "publish": true, "zoom_secret_id": other.secret_id })] {
        assert_eq!(world.run(event).await.answer()["alerts"][0]["outcome"], "sent");
    }
    assert_eq!(world.aws.messages().await.len(), 2);
}
