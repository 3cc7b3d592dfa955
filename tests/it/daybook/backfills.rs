//! The past months, loaded month by month.

use super::*;

#[tokio::test]
async fn a_backfill_loads_thirteen_months_once() {
    for line in [
        "",
        "--date-zone Pacific/Kiritimati --to-dates exclusive",
        "--date-zone Etc/GMT+12 --month days28 --listed-off 30",
    ] {
        let mut deployment = setup().rows(daily("2025-10-20", "2026-11-22")).zoom(line).deployment().await;
        let answer = backfill(&mut deployment).await;
        let all = json!({ "days": 386, "days_read": 386, "since": "2025-10-27", "finished": true });
        assert_eq!(answer, all, "{line}");
        let kept = items(&deployment).await;
        let days: Vec<_> = kept.iter().filter(|(key, _)| key.contains("#day#")).collect();
        assert_eq!(days.len(), 386, "{line}: a row on every day");
        // For longer than Zoom keeps its report.
        let expires =
            |item: &HashMap<String, AttributeValue>| item["expires_at"].as_n().unwrap().parse::<i64>().unwrap();
        let most = (at(NOW) + SignedDuration::from_hours(24 * 396)).as_second();
        assert!(days.iter().all(|(_, item)| expires(item) > most), "{line}");
        let before = deployment.zoom.observed().len();
        assert_eq!(
            backfill(&mut deployment).await,
            json!({ "days": 386, "days_read": 0, "since": "2025-10-27", "finished": true })
        );
        assert_eq!(asked(&deployment, before).1, 0, "{line}");
        // A run of the present finds what it needs, and changes nothing of it.
        let answer = deployment.run().await;
        assert_eq!(
            (amount(&answer).as_str(), answer.get("unconfirmed"), answer.get("restated")),
            ("22", None, None),
            "{line}"
        );
    }
}

#[tokio::test]
async fn the_last_rows_of_a_month_are_loaded_however_late_they_are_listed() {
    // Listed under the last date at which a row of the 16th may be found, in the zone where that date comes first.
    let line = "--to-dates exclusive --date-zone Pacific/Kiritimati --listed-off 100 --listed-off-days 3";
    let rows = [row("last", "2026-11-16T23:59:59Z", 10_000), row("month's last", "2026-10-31T23:59:59Z", 20_000)];
    let mut deployment = setup().rows(rows).zoom(line).deployment().await;
    assert_eq!(backfill(&mut deployment).await["finished"], true);
    let head = head(&deployment).await;
    assert_eq!(head["days"]["2026-11-16"]["sums"], json!([["USD", "1", 1]]));
    assert_eq!(head["days"]["2026-10-31"]["sums"], json!([["USD", "2", 1]]));
}

#[tokio::test]
async fn a_backfill_that_cannot_be_saved_ends_at_once() {
    let mut deployment = setup().rows(daily("2025-10-20", "2026-11-22")).deployment().await;
    deployment.proxy.always("DynamoDB.BatchWriteItem", Effect::Fail { status: 400, code: "AccessDeniedException" });
    let error = deployment.ends(json!({ "backfill": true })).await.unwrap_err().to_string();
    assert!(error.starts_with("LedgerUnavailable"), "{error}");
    assert_eq!(asked(&deployment, 0).1, 1, "only the newest month was asked for");
    deployment.proxy.clear();
    assert_eq!(backfill(&mut deployment).await["days_read"], 386);
}

#[tokio::test]
async fn a_backfill_that_is_cut_short_by_time_is_no_error_and_goes_on_where_it_was() {
    let mut deployment = setup().rows(daily("2025-10-20", "2026-11-22")).zoom("--latency-ms 120").deployment().await;
    deployment.time = Some(Duration::from_millis(2_000));
    let (mut days, mut calls) = (0, 0);
    loop {
        let answer = backfill(&mut deployment).await;
        calls += 1;
        days += answer["days_read"].as_u64().unwrap();
        assert_eq!(answer["days"], days);
        if answer["finished"] == true {
            break;
        }
        assert!(calls < 60, "no end in sight: {answer}");
    }
    assert!(calls > 1, "one call's time was enough");
    assert_eq!(days, 386);
}

#[tokio::test]
async fn backfills_of_a_day_share_what_they_may_ask_for() {
    let mut deployment = setup().rows(daily("2025-10-20", "2026-11-22")).zoom("--page-limit 3").deployment().await;
    deployment.run().await;
    let mut known = head(&deployment).await;
    let live = known["requests"][1].as_u64().unwrap();
    assert_eq!(known["requests"], json!(["2026-11-22", live]));
    assert!(live > 0);
    known["requests"][1] = json!(7_480);
    set_head(&deployment, &known).await;
    let mut made = 0;
    for _ in 0..3 {
        let before = deployment.zoom.observed().len();
        let answer = backfill(&mut deployment).await;
        assert_eq!(answer["finished"], false);
        made += asked(&deployment, before).1;
    }
    assert_eq!(made, 20, "what is left of 7,500");
    assert_eq!(head(&deployment).await["requests"], json!(["2026-11-22", 7_500]));
    // Runs that alert are not held back by it.
    deployment.later(1);
    assert_eq!(deployment.run().await["complete"], true);
    // The next day has a share of its own.
    deployment.later(24);
    assert_eq!(backfill(&mut deployment).await["finished"], true);
}

#[tokio::test]
async fn a_daybook_forgets_days_that_zoom_has_forgotten_long_ago() {
    let mut deployment = setup().rows(daily("2026-10-20", "2026-11-22")).deployment().await;
    backfill(&mut deployment).await;
    deployment.run().await;
    assert!(head(&deployment).await["days"].get("2026-10-25").is_some());
    deployment.until("2028-02-10T13:00:00Z");
    deployment.run().await;
    let days = head(&deployment).await["days"].clone();
    assert!(days.get("2026-10-25").is_none() && days.get("2028-02-10").is_some(), "{days}");
}

#[tokio::test]
async fn a_day_that_was_read_before_it_was_over_is_loaded_again() {
    let daily = Policy::of(Budget::each("billing_number").period("day"));
    let rows = [row("early", "2026-10-04T05:00:00Z", 70_000), row("late", "2026-10-04T20:00:00Z", 170_000)];
    let mut deployment = setup().policy(daily).rows(rows).now("2026-10-04T06:30:00Z").deployment().await;
    assert_eq!(amount(&deployment.run().await), "7");
    deployment.set_policy(Policy::default()).await;
    deployment.until(NOW);
    backfill(&mut deployment).await;
    // What a replay reads of the day: a digest of October compares with it.
    deployment.set_policy(Policy::default().key("digest", "\"monthly\"")).await;
    deployment.ends(json!({})).await.unwrap();
    let emails: Vec<_> = deployment.news().await.iter().map(|message| message.json()["alerts"].to_string()).collect();
    assert!(emails.iter().any(|alerts| alerts.contains("\"24\"")), "{emails:?}");
}

#[tokio::test]
async fn a_day_that_cannot_be_read_or_that_fell_is_loaded_by_a_later_backfill() {
    let rows = daily("2025-10-20", "2026-11-22");
    let given = setup().rows(rows.clone()).now("2026-10-06T13:00:00Z");
    let mut deployment = given.clone().deployment().await;
    // So that days of October are known which were not settled yet.
    deployment.run().await;
    deployment.until("2026-11-22T13:00:00Z");
    zoom_becomes(&mut deployment, "--fail-dates 2026-10-04=validation-300").await;
    deployment.ends(json!({ "backfill": true })).await.unwrap_err();
    assert!(head(&deployment).await["days"]["2026-10-04"]["read_at"].as_str() < Some("2026-10-07"));
    // Zoom has removed a row of the 3rd for good.
    zoom_becomes(&mut deployment, "").await;
    let removed = at("2026-10-03T00:00:00Z")..at("2026-10-04T00:00:00Z");
    deployment.show(rows.into_iter().filter(|row| !removed.contains(&row.sent)).collect::<Vec<_>>());
    let mut read = Vec::new();
    for _ in 0..3 {
        deployment.later(1);
        read.push(backfill(&mut deployment).await["days_read"].as_u64().unwrap());
    }
    assert!(read[0] > 0 && read[1..] == [1, 0], "{read:?}");
    assert_eq!(head(&deployment).await["days"]["2026-10-03"]["sums"], json!([]));
}

#[tokio::test]
async fn a_month_that_fails_keeps_no_older_one_away() {
    let given = setup().rows(daily("2025-10-20", "2026-11-22"));
    let mut deployment = given.clone().zoom("--fail-dates 2026-06-10=validation-300").deployment().await;
    let error = deployment.ends(json!({ "backfill": true })).await.unwrap_err().to_string();
    assert!(error.starts_with("ReportInvalid"), "{error}");
    let days = head(&deployment).await["days"].as_object().unwrap().clone();
    assert!(days.contains_key("2025-11-05") && days.contains_key("2026-07-05") && !days.contains_key("2026-06-10"));
    // Nothing that works is asked for twice.
    deployment.zoom = given.clone().sandbox().await;
    assert_eq!(backfill(&mut deployment).await["finished"], true);
    // Nor do several months that fail, one here and one there.
    let dates = ["2026-10-10", "2026-08-10", "2026-06-10", "2026-04-10"]
        .map(|date| format!("--fail-dates {date}=phone-disabled"));
    let mut deployment = given.clone().zoom(&dates.join(" ")).deployment().await;
    deployment.ends(json!({ "backfill": true })).await.unwrap_err();
    let known = async |deployment: &Deployment| head(deployment).await["days"].as_object().unwrap().len();
    let first = known(&deployment).await;
    // And of each more is read by the next one.
    deployment.ends(json!({ "backfill": true })).await.unwrap_err();
    assert!(first > 200 && known(&deployment).await > first, "{first}, {}", known(&deployment).await);
    // A Zoom that is out of order is left alone.
    let mut deployment = setup().zoom("--fault validation-300@1xall").deployment().await;
    deployment.ends(json!({ "backfill": true })).await.unwrap_err();
    assert!(asked(&deployment, 0).1 <= 6, "of three months, in two questions each");
}
