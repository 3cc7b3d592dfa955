//! What a silence holds back comes when it is over, in one message, even if the period is over too.

use super::alerts;
use crate::support::{at, from_number, setup, spent};

const SILENT: &str = r#"
    group_by = "subject"
    [[budget]]
    name = "every number"
    scope = "billing_number"
    currency = "USD"
    amount = 100
    [[silence]]
    reason = "Black Friday campaign"
    from = "2026-11-20"
    until = "2026-12-20"
    budget = "every number"
    [[silence]]
    reason = "long ago"
    until = "2026-02-01"
    all = true
    [[silence]]
    reason = "nobody"
    until = "2026-12-01"
    scope = "department"
    only = ["Nobody"]
"#;

#[tokio::test]
async fn what_a_silence_held_back_comes_in_one_message_when_it_is_over() {
    let rows = [spent(110), from_number("+12025550187", spent(120)), from_number("+12025550188", spent(20))];
    let mut deployment = setup().policy(SILENT).rows(rows).deployment().await;
    let answer = deployment.run().await;
    let outcomes: Vec<_> = answer["alerts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|alert| format!("{} {} until {}", alert["subject"], alert["outcome"], alert["until"]))
        .collect();
    insta::assert_debug_snapshot!(outcomes, @r#"
    [
        "\"+12025550143\" \"silenced\" until \"2026-12-20T00:00:00Z\"",
        "\"+12025550187\" \"silenced\" until \"2026-12-20T00:00:00Z\"",
    ]
    "#);
    insta::assert_json_snapshot!(answer["silences"], @r#"
    [
      {
        "from": "2026-11-20T00:00:00Z",
        "reason": "Black Friday campaign",
        "status": "active",
        "until": "2026-12-20T00:00:00Z"
      },
      {
        "from": "2025-11-01T00:00:00Z",
        "reason": "long ago",
        "status": "over",
        "until": "2026-02-01T00:00:00Z"
      },
      {
        "from": "2026-08-31T00:00:00Z",
        "reason": "nobody",
        "status": "active",
        "until": "2026-12-01T00:00:00Z"
      }
    ]
    "#);
    assert_eq!(answer["unmatched"], serde_json::json!(["nobody"]));
    for day in ["2026-11-30T13:00:00Z", "2026-12-09T13:00:00Z", "2026-12-15T13:00:00Z", "2026-12-19T23:59:59Z"] {
        deployment.until(at(day));
        deployment.run().await;
    }
    assert_eq!(deployment.news().await.len(), 0);
    deployment.until(at("2026-12-20T00:00:00Z"));
    deployment.run().await;
    let news = deployment.news().await;
    assert_eq!((news.len(), alerts(&news).len()), (1, 2));
    let texts: Vec<_> = news.iter().map(|message| message.json()["alerts"][0]["period"].clone()).collect();
    assert_eq!(texts, ["2026-11"]);
    // Nothing is held back any more, so that November is judged no longer.
    for day in ["2026-12-20T01:00:00Z", "2026-12-20T02:00:00Z"] {
        deployment.until(at(day));
        let answer = deployment.run().await;
        assert_eq!(deployment.news().await.len(), 0);
        if day.ends_with("02:00:00Z") {
            assert_eq!(answer["periods"].as_array().unwrap().len(), 1);
        }
    }
}
