//! Owners hear what is theirs, and one owner's failure changes nothing for the others.

use super::alerts;
use crate::support::{Aws, at, from_number, row, setup, spent};

fn policy(marketing: &str, sales: &str) -> String {
    format!(
        r#"
        [[budget]]
        name = "marketing's number"
        scope = "billing_number"
        only = ["+12025550187"]
        currency = "USD"
        amount = 100
        owner = ["marketing", "default"]
        [[budget]]
        name = "sales' number"
        scope = "billing_number"
        only = ["+12025550143"]
        currency = "USD"
        amount = 100
        alert_at = [100, 150]
        owner = "sales"
        [[owner]]
        name = "marketing"
        topic_arn = "{marketing}"
        [[owner]]
        name = "sales"
        topic_arn = "{sales}"
        "#
    )
}

#[tokio::test]
async fn one_owners_topic_fails_and_the_others_hear_theirs_once() {
    let (marketing, sales) = (Aws::new().await, Aws::new().await);
    let rows = [spent(110), from_number("+12025550187", spent(120))];
    let mut deployment = setup().policy(policy(&marketing.topic_arn, &sales.topic_arn)).rows(rows).deployment().await;
    // Nobody has subscribed to Marketing's topic yet.
    marketing.unsubscribe().await;
    for _ in 0..2 {
        let error = deployment.fails().await;
        assert!(error.to_string().starts_with("NobodyListens"), "{error}");
        assert!(error.to_string().contains(&marketing.topic_arn), "{error}");
        deployment.later(1);
    }
    assert_eq!(alerts(&deployment.news().await), ["budget 100% +12025550187"]);
    assert_eq!(alerts(&sales.messages().await), ["budget 100% +12025550143"]);
    marketing.subscribe_again().await;
    let answer = deployment.run().await;
    assert_eq!(alerts(&marketing.messages().await), ["budget 100% +12025550187"]);
    let receivers: Vec<_> = answer["alerts"].as_array().unwrap().iter().map(|alert| &alert["receiver"]).collect();
    assert_eq!(receivers, ["default", "sales", "marketing"]);
    // A second message to each, and a topic that is gone.
    sales.delete_topic().await;
    deployment.until(at("2026-11-25T13:00:00Z"));
    deployment.show([
        spent(110),
        from_number("+12025550187", spent(120)),
        row("more", "2026-11-24T10:00:00Z", 500_000),
    ]);
    deployment.fails().await;
    assert_eq!((deployment.news().await.len(), marketing.messages().await.len()), (0, 1));
}
