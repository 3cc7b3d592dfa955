//! Periods that have ended, and reports that have no new rows.

use super::*;

#[tokio::test]
async fn a_closed_period_is_judged_until_it_was_read_whole_after_its_late_listings_ended() {
    let periods = |answer: &Value| answer["periods"].as_array().unwrap().len();
    let mut deployment = setup().rows(daily("2026-10-01", "2026-11-29")).now("2026-11-01T13:00:00Z").deployment().await;
    assert_eq!(periods(&deployment.run().await), 2);
    deployment.until("2026-11-05T11:00:00Z");
    assert_eq!(periods(&deployment.run().await), 2);
    // October's last listings have ended, but cannot be read.
    zoom_becomes(&mut deployment, "--fail-dates 2026-10-20=validation-300").await;
    for day in ["2026-11-05T13:00:00Z", "2026-11-12T13:00:00Z"] {
        deployment.until(day);
        let error = deployment.fails().await.to_string();
        assert!(error.contains("could not be read"), "{error}");
    }
    // A charge that came late is found, however late.
    zoom_becomes(&mut deployment, "").await;
    let rows: Vec<_> = daily("2026-10-01", "2026-11-29").into_iter().chain([spent_on("2026-10-31", 99)]).collect();
    deployment.show(rows);
    deployment.later(1);
    let answer = deployment.run().await;
    assert_eq!(periods(&answer), 2);
    assert!(
        deployment.subjects().await.iter().any(|subject| subject.contains("2026-10") || subject.contains("October"))
    );
    deployment.later(1);
    assert_eq!(periods(&deployment.run().await), 1);
}

#[tokio::test]
async fn a_first_run_after_a_long_silence_judges_what_no_run_has_judged() {
    let mut deployment = setup().rows(daily("2026-06-01", "2026-11-29")).now("2026-08-20T13:00:00Z").deployment().await;
    deployment.run().await;
    deployment.until(NOW);
    let answer = deployment.run().await;
    let complete: Vec<_> =
        answer["periods"].as_array().unwrap().iter().map(|period| period["complete"].clone()).collect();
    assert_eq!(complete, [json!(true), json!(true), json!(true), json!(true)]);
    assert_eq!(answer["rows"], 22 + 31 + 30 + 31);
    deployment.later(1);
    assert_eq!(deployment.run().await["periods"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_report_without_new_rows_is_reported_once_91_days_are_known() {
    let mut deployment =
        setup().policy(Policy::default().only_watched()).rows(daily("2026-07-01", "2026-11-15")).deployment().await;
    deployment.run().await;
    assert!(deployment.subjects().await.is_empty(), "too little is known");
    backfill(&mut deployment).await;
    deployment.later(1);
    deployment.run().await;
    let subjects = deployment.subjects().await;
    assert!(subjects.len() == 1 && subjects[0].contains("since 15 November"), "{subjects:?}");
    deployment.later(1);
    deployment.run().await;
    assert!(deployment.subjects().await.is_empty(), "once an episode");
    // Rows again, and again none.
    deployment.show(daily("2026-07-01", "2026-11-22"));
    deployment.later(1);
    deployment.run().await;
    deployment.until("2026-11-28T13:00:00Z");
    deployment.run().await;
    let subjects = deployment.subjects().await;
    assert!(subjects.len() == 1 && subjects[0].contains("since 22 November"), "{subjects:?}");
}

/// Of a report that is read in parts, a row of October comes under November's dates, between the reading of that part and October's end.
#[tokio::test]
async fn a_month_is_done_with_once_all_its_parts_were_read_after_its_late_listings_ended() {
    let late = Row {
        appears: Some(at("2026-11-05T10:30:00Z")),
        listed: Some(Listing::Days(3)),
        ..spent_on("2026-10-31", 120)
    };
    let rows = [many(10, "2026-10-20", "2026-11-06"), vec![late]].concat();
    let setup = setup().now("2026-11-04T22:05:00Z").rows(rows).zoom("--page-limit 2");
    let mut deployment = setup.deployment().await;
    let mut reported = Vec::new();
    for _ in 0..24 {
        let answer = deployment.run().await;
        assert_eq!(answer["complete"], true);
        let sent = deployment.news().await;
        let subjects = sent.iter().filter_map(|message| message.subject.clone());
        reported.extend(subjects.map(|subject| format!("{} {subject}", deployment.now)));
        deployment.later(1);
    }
    assert_eq!(reported.len(), 1, "{reported:?}");
    assert!(reported[0].contains("October"), "{reported:?}");
    // Then it is done with.
    deployment.until("2026-11-07T13:05:00Z");
    deployment.run().await;
    deployment.later(1);
    assert_eq!(deployment.run().await["periods"].as_array().unwrap().len(), 1);
}

/// What one judge is done with says nothing of another: neither of another topic, nor of another policy.
#[tokio::test]
async fn a_run_for_another_receiver_ends_no_period_for_the_others() {
    let mut deployment = setup().now("2026-10-30T12:00:00Z").rows([spent_on("2026-10-20", 120)]).deployment().await;
    deployment.proxy.always("SNS.Publish", Effect::Fail { status: 403, code: "AuthorizationError" });
    for day in ["2026-10-30T12:00:00Z", "2026-11-07T12:00:00Z"] {
        deployment.until(day);
        deployment.fails().await;
    }
    deployment.proxy.clear();
    let other = Aws::new().await;
    let answer = deployment.ends(json!({ "alert_topic_arn": other.topic_arn })).await.unwrap();
    assert_eq!(answer["alerts"][0]["outcome"], "sent");
    deployment.later(1);
    deployment.run().await;
    assert_eq!(deployment.news().await.len(), 1);
    // And days in another zone are the same days.
    deployment.set_policy(Policy::default().zone("Europe/Berlin")).await;
    deployment.later(1);
    assert_eq!(deployment.run().await["periods"].as_array().unwrap().len(), 1);
}
