//! What messages say beside the figure, from the daybook and the ledger: yesterday and last month, and the digest.

use super::published;
use crate::foresight::Sends;
use crate::support::{World, setup};
use jiff::ToSpan as _;
use serde_json::{Value, json};

const NUMBER: &str = "+12025550143";

fn policy(digest: &str) -> String {
    format!(
        "time_zone = \"America/New_York\"\ndigest = {digest:?}\n[[budget]]\nname = \"every number\"\nscope = \"billing_number\"\n\
         currency = \"USD\"\namount = 40\n"
    )
}

/// A number that sends two dollars a day, seen at this moment by a function whose daybook has the past.
async fn world(now: &str, digest: &str) -> World {
    let rows = Sends { number: NUMBER, from: "2026-06-01", to: "2026-12-01", messages: 10, charge: 2_000 }.rows();
    let world = setup().now(now).policy(policy(digest)).rows(rows).live().world().await;
    let backfill = world.run(json!({ "backfill": true })).await;
    assert_eq!(backfill.answer()["backfill"]["finished"], true);
    world
}

fn emails(world: &World) -> Vec<String> {
    published(world).iter().map(|forms| forms["email"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
#[cfg_attr(not(target_os = "linux"), ignore = "the clock is moved by a preloaded library")]
async fn a_message_compares_with_yesterday_and_last_month() {
    let world = world("2026-11-22T13:00:00Z", "none").await;
    world.run(json!({})).await.answer();
    let [email] = &emails(&world)[..] else { panic!("one message") };
    for part in [
        "Yesterday     USD 2.00 (10 messages); a usual day is USD 2.00",
        "Last month    USD 62.00",
        "By month end  probably USD",
    ] {
        assert!(email.contains(part), "{part}\n{email}");
    }
}

#[tokio::test]
#[cfg_attr(not(target_os = "linux"), ignore = "the clock is moved by a preloaded library")]
async fn a_weekly_digest_comes_once_on_monday_at_seven_and_counts_what_was_sent() {
    // Sunday evening in New York; the budget is over since Friday.
    let mut world = world("2026-11-23T01:00:00Z", "weekly").await;
    let mut runs = 0;
    while world.now < crate::support::at("2026-11-23T15:00:00Z") {
        world.run(json!({})).await.answer();
        runs += 1;
        world.until(world.now + 1.hour());
    }
    assert_eq!(runs, 14);
    let digests: Vec<_> = emails(&world).into_iter().filter(|email| email.contains("16 to 22 November")).collect();
    let [digest] = &digests[..] else { panic!("{} digests", digests.len()) };
    // The four runs of Sunday: one sent the alert.
    for part in [
        "The week      USD 14.00 (week before: 14.00, about the same)",
        "Alerts        1 sent",
        "Runs          4 of 4 complete",
        "112%",
    ] {
        assert!(digest.contains(part), "{part}\n{digest}");
    }
}

#[tokio::test]
#[cfg_attr(not(target_os = "linux"), ignore = "the clock is moved by a preloaded library")]
async fn a_digest_that_is_asked_for_sends_nothing_else_and_is_not_recorded() {
    let world = world("2026-11-22T13:00:00Z", "weekly").await;
    let kinds = |answer: &Value| {
        let alerts = answer["alerts"].as_array().unwrap().iter();
        alerts.map(|alert| alert["kind"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let preview = world.run(json!({ "digest": true, "dry_run": true })).await;
    assert_eq!(preview.answer()["alerts"][0]["outcome"], "dry_run");
    assert!(published(&world).is_empty());
    for _ in 0..2 {
        assert_eq!(kinds(world.run(json!({ "digest": true })).await.answer()), ["digest"]);
    }
    // The regular one and the alerts are due all the same.
    assert_eq!(kinds(world.run(json!({})).await.answer()), ["budget", "digest"]);
    // What was reported is not looked at either, and stays as it is.
    assert_eq!(kinds(world.run(json!({ "digest": true })).await.answer()), ["digest"]);
    let after = world.run(json!({})).await.answer().clone();
    assert_eq!(after["alerts"].as_array().unwrap().iter().filter(|alert| alert["outcome"] == "sent").count(), 0);
    let digests = emails(&world).into_iter().filter(|email| email.contains("16 to 22 November, so far."));
    assert_eq!(digests.count(), 3);
}
