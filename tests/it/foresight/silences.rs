//! What a silence holds back comes when it is over, in one message, even if the period is over too.

use super::{Sends, alerts, backfilled, burst};
use crate::support::{Deployment, Effect, at, from_number, setup, spent};

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

/// Spikes of a number that a campaign's silence holds back from the 2nd to the 25th of November.
const CAMPAIGN: &str = r#"
    [[spike]]
    name = "runaway sender"
    scope = "billing_number"
    currency = "USD"
    [[silence]]
    reason = "campaign"
    from = "2026-11-02"
    until = "2026-11-25"
    spike = "runaway sender"
"#;
const QUIET: &str = "+12025550187";

async fn campaign(bursts: &[&str]) -> Deployment {
    let mut rows = Sends { number: QUIET, from: "2026-06-01", to: "2026-12-01", messages: 4, charge: 205 }.rows();
    rows.extend(bursts.iter().flat_map(|from| burst(QUIET, from, 150)));
    let mut deployment = setup().now("2026-11-01T12:00:00Z").policy(CAMPAIGN).rows(rows).deployment().await;
    backfilled(&mut deployment).await;
    deployment
}

/// What a report that is new has to do with: periods that the others are not done with.
#[tokio::test]
async fn a_report_that_is_read_from_now_on_ends_no_period_that_a_silence_holds() {
    let mut deployment = setup().policy(SILENT).rows([spent(110)]).deployment().await;
    deployment.run().await;
    deployment.until(at("2026-12-10T13:00:00Z"));
    deployment.set_policy(format!("products = [\"sms\", \"call\"]\n{SILENT}")).await;
    deployment.run().await;
    deployment.until(at("2026-12-15T13:00:00Z"));
    deployment.run().await;
    assert_eq!(deployment.news().await.len(), 0);
    deployment.until(at("2026-12-20T00:00:00Z"));
    deployment.run().await;
    assert_eq!(alerts(&deployment.news().await), ["budget 100% +12025550143"]);
}

/// The days of the spikes that were reported since, of each alert the latest last.
async fn spikes(deployment: &mut Deployment) -> Vec<String> {
    let day = |spike: &serde_json::Value| Some(spike["day"].as_str()?.to_owned());
    let news = deployment.news().await;
    let alerts = news.iter().flat_map(|message| message.json()["alerts"].as_array().unwrap().clone());
    let spikes = alerts.map(|alert| alert["spike"].clone());
    let of_spike = |spike: serde_json::Value| {
        let earlier: Vec<_> = spike["earlier"].as_array().into_iter().flatten().filter_map(day).collect();
        earlier.into_iter().chain(day(&spike)).collect::<Vec<_>>()
    };
    spikes.flat_map(of_spike).collect()
}

#[tokio::test]
async fn every_episode_that_a_silence_held_back_comes_though_its_days_are_settled() {
    let mut deployment = campaign(&["2026-11-04T10:30:00Z", "2026-11-16T10:30:00Z"]).await;
    while deployment.now < at("2026-11-25T00:00:00Z") {
        deployment.run().await;
        deployment.later(24);
    }
    assert_eq!(spikes(&mut deployment).await, [""; 0]);
    let mut heard = Vec::new();
    for _ in 0..4 {
        deployment.run().await;
        heard.push(spikes(&mut deployment).await);
        deployment.later(1);
    }
    assert_eq!(heard, [vec!["2026-11-04", "2026-11-16"], vec![], vec![], vec![]]);
    // Then settled days are judged no longer.
    assert!(deployment.run().await["periods"].as_array().unwrap().len() < 9);
}

#[tokio::test]
async fn a_run_without_baselines_forgets_no_spike_that_a_silence_holds_back() {
    let mut deployment = campaign(&["2026-11-04T10:30:00Z"]).await;
    while deployment.now < at("2026-11-25T00:00:00Z") {
        // The head, then days whose figures have changed; then the baselines.
        let fails = deployment.now == at("2026-11-15T12:00:00Z");
        if fails {
            let forbidden = Effect::Fail { status: 400, code: "AccessDeniedException" };
            deployment.proxy.from("DynamoDB.BatchGetItem", 2, forbidden);
        }
        deployment.run().await;
        deployment.proxy.clear();
        deployment.later(24);
    }
    deployment.run().await;
    assert_eq!(spikes(&mut deployment).await, ["2026-11-04"]);
}
