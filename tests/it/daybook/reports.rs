//! What runs read of small and of large reports, and of those that fail in part.

use super::*;

#[tokio::test]
async fn a_small_report_is_read_whole_every_hour_by_one_request_or_two() {
    let rows = daily("2026-09-20", "2026-12-10");
    for day in 1..=30 {
        let now = at(&format!("2026-11-{day:02}T13:00:00Z"));
        let mut deployment = setup().rows(rows.clone()).now(now).deployment().await;
        for hour in 0..2 {
            let answer = deployment.run().await;
            // Until the 5th at noon October is judged too, which is more than a question can have.
            let most = if (5..=18).contains(&day) { 1 } else { 2 };
            assert!(requests(&answer) <= most, "{} requests on day {day} at hour {hour}", requests(&answer));
            assert_eq!((totals(&answer), remembered_days(&answer)), (truth(&deployment, "2026-11-01T00:00:00Z"), 0));
            deployment.later(1);
        }
    }
}

#[tokio::test]
async fn a_run_soon_after_another_reads_what_is_open_and_says_the_same() {
    let mut deployment = setup().rows(daily("2026-10-01", "2026-11-29")).deployment().await;
    let mut froms = Vec::new();
    for _ in 0..4 {
        let (answer, from) = run_asking(&mut deployment).await;
        assert_eq!(amount(&answer), "22");
        froms.push((from, remembered_days(&answer) > 0));
        // Two requests are too many for every minute.
        deployment.until(deployment.now + 1.minute());
    }
    let whole = ("2026-10-28".to_owned(), false);
    assert_eq!(froms[..2], [whole.clone(), whole.clone()]);
    assert_eq!(froms[2..], [("2026-11-22".to_owned(), true), ("2026-11-22".to_owned(), true)]);
    // But not for every five.
    deployment.until(deployment.now + 5.minutes());
    assert_eq!(run_asking(&mut deployment).await.1, "2026-10-28");
}

#[tokio::test]
async fn a_large_report_is_read_in_parts_between_whole_readings() {
    let mut deployment = large_and_known().await;
    deployment.full_read_hours = 0;
    let (whole, from) = run_asking(&mut deployment).await;
    deployment.full_read_hours = 24;
    assert!(requests(&whole) > 60, "{}", requests(&whole));
    assert_eq!((from.as_str(), remembered_days(&whole)), ("2026-10-28", 0));
    // Rows that come late, under a date that is not settled and under one that is.
    let late = |day: &str| Row { appears: Some(at(NOW) + 2.hours()), ..spent_on(day, 7) };
    let (unsettled, settled) = (late("2026-11-20"), late("2026-11-05"));
    let rows: Vec<_> = deployment.zoom.dataset().rows().cloned().chain([unsettled, settled]).collect();
    deployment.show(rows);
    let mut seen = Vec::new();
    for hour in 1..=25 {
        deployment.later(1);
        let (answer, from) = run_asking(&mut deployment).await;
        let late = {
            let messages = |sums: &Sums| sums.values().map(|sum| sum.1).sum::<u64>();
            messages(&truth(&deployment, "2026-11-01T00:00:00Z")) - messages(&totals(&answer))
        };
        seen.push((hour, from, late, requests(&answer)));
        assert_eq!(answer["complete"], true);
        assert_eq!(answer.get("unconfirmed"), None, "{hour}");
    }
    for (hour, from, missing, requests_made) in &seen {
        let open = if *hour < 23 { "2026-11-22" } else { "2026-11-23" };
        let (expected, lacking) = match hour {
            // On the 23rd at noon the 22nd is over: its part, which was open, is read once more.
            23 => ("2026-11-22", 1),
            24 => ("2026-10-28", 0),
            6 | 12 | 18 => ("2026-11-19", 1),
            1 => (open, 0),
            2..6 => (open, 2),
            25 => (open, 0),
            _ => (open, 1),
        };
        assert_eq!((from.as_str(), *missing), (expected, lacking), "at hour {hour}: {seen:?}");
        assert!(*hour == 24 || *requests_made * 3 < requests(&whole), "{requests_made} requests at hour {hour}");
    }
}

#[tokio::test]
async fn a_question_that_must_start_earlier_takes_no_row_from_a_part_that_is_kept() {
    // Neither today nor the future may be asked for: the newest question has to start on the day before.
    let line = "--page-limit 3 --date-zone Asia/Kolkata --to-dates exclusive --future-dates refused";
    let rows = many(10, "2026-09-25", "2026-11-05");
    let mut deployment = setup().rows(rows).zoom(line).now("2026-10-29T10:22:00Z").deployment().await;
    for hour in 0..16 {
        // The first run does not know yet where later ones need a part to end.
        deployment.full_read_hours = if hour < 2 { 0 } else { 24 };
        let answer = deployment.run().await;
        let listed = deployment.zoom.listed();
        let listed = listed.iter().flat_map(|question| question.without_faults.iter().map(|row| &**row));
        let ever_listed = plain(Truth::of(listed, at("2026-10-01T00:00:00Z"), deployment.now));
        assert_eq!(totals(&answer), ever_listed, "at hour {hour}");
        assert_eq!(answer.get("unconfirmed"), None, "at hour {hour}");
        deployment.later(1);
    }
}

#[tokio::test]
async fn a_question_that_had_to_start_earlier_and_failed_leaves_no_row_unread() {
    // As above, in a zone whose date turns at 8:00 UTC; each request in turn fails in the run before.
    let line = "--page-limit 3 --date-zone Etc/GMT+8 --future-dates refused --same-date refused --order by-listing";
    for failing in 5..=10 {
        let setup = setup().rows(many(10, "2026-08-20", "2026-09-04")).now("2026-09-04T05:20:00Z");
        let mut deployment = setup.zoom(line).deployment().await;
        for full_read_hours in [0, 0, 24] {
            deployment.full_read_hours = full_read_hours;
            deployment.run().await;
            deployment.until(deployment.now + 30.minutes());
        }
        zoom_becomes(&mut deployment, &format!("{line} --fault validation-300@{failing}x1")).await;
        let ended = deployment.ends(json!({})).await;
        zoom_becomes(&mut deployment, line).await;
        for moment in ["2026-09-04T08:10:00Z", "2026-09-04T08:40:00Z"] {
            deployment.until(moment);
            let answer = deployment.run().await;
            let case = format!("request {failing} failed: {ended:?}, at {moment}");
            assert_eq!(totals(&answer), truth(&deployment, "2026-09-01T00:00:00Z"), "{case}");
            assert_eq!((&answer["complete"], answer.get("unconfirmed")), (&json!(true), None), "{case}");
        }
    }
}

#[tokio::test]
async fn how_often_dates_are_read_again_is_the_deployments_choice() {
    let mut deployment = large_and_known().await;
    (deployment.full_read_hours, deployment.late_read_hours) = (4, 2);
    let mut froms = Vec::new();
    for _ in 0..5 {
        deployment.later(1);
        froms.push(run_asking(&mut deployment).await.1);
    }
    assert_eq!(froms, ["2026-11-22", "2026-11-19", "2026-11-22", "2026-10-28", "2026-11-22"]);
    deployment.full_read_hours = 0;
    assert_eq!(run_asking(&mut deployment).await.1, "2026-10-28");
    assert_eq!(run_asking(&mut deployment).await.1, "2026-10-28");
}

#[tokio::test]
async fn a_reading_that_does_not_fit_into_a_run_goes_on_in_the_next_one() {
    for total_records in ["overall", "absent", "per-page"] {
        let mut deployment = setup()
            .rows(many(13, "2026-10-25", "2026-11-29"))
            .zoom(&format!("--page-limit 2 --total-records {total_records}"))
            .deployment()
            .await;
        // Some 180 pages, of which the rate leaves a run some 60.
        (deployment.requests_per_second, deployment.time) = (60, Some(Duration::from_millis(1_500)));
        let mut froms = Vec::new();
        let answer = loop {
            let before = deployment.zoom.observed().len();
            match deployment.ends(json!({})).await {
                Ok(answer) => break answer,
                Err(error) => {
                    assert!(error.to_string().starts_with("ReportIncomplete"), "{total_records}: {error}");
                    assert!(error.to_string().contains("could not be read"), "{total_records}: {error}");
                }
            }
            froms.push(asked(&deployment, before).0);
            assert!(froms.len() < 60, "{total_records}: no end in sight");
            deployment.later(1);
        };
        assert_eq!(answer["complete"], true, "{total_records}");
        assert_eq!(totals(&answer), truth(&deployment, "2026-11-01T00:00:00Z"), "{total_records}");
        assert!(!froms.is_empty(), "{total_records}: one run's time was enough");
        // The newest dates are kept; the oldest were never read before.
        assert!(froms.iter().all(|from| from == "2026-10-28"), "{total_records}: {froms:?}");
        assert!(remembered_days(&answer) > 0, "{total_records}");
    }
}

#[tokio::test]
async fn a_question_that_fails_names_its_dates_and_what_was_read_counts_beside_what_is_remembered() {
    let policy = Policy::of(Budget::each("billing_number").alert_at(&[100, 150])).only_watched();
    let mut deployment = setup().policy(policy).rows([spent_on("2026-11-02", 120)]).deployment().await;
    deployment.run().await;
    assert_eq!(deployment.subjects().await.len(), 1);
    // What is remembered of the 2nd and what is read of the 22nd exceed the second level.
    deployment.show([spent_on("2026-11-02", 120), spent_on("2026-11-22", 40)]);
    zoom_becomes(&mut deployment, "--fail-dates 2026-11-02=validation-300").await;
    deployment.later(1);
    let error = deployment.fails().await.to_string();
    assert!(error.starts_with("ReportInvalid") && error.contains("2026-10-28 to 2026-11-"), "{error}");
    let news = deployment.news().await;
    assert_eq!(news.len(), 1);
    let alert = news[0].json()["alerts"][0].clone();
    assert_eq!((&alert["amount"], &alert["level"], &alert["at_least"]), (&json!("160"), &json!("150%"), &json!(true)));
    // Nothing was forgotten for it.
    zoom_becomes(&mut deployment, "").await;
    deployment.later(1);
    assert_eq!(amount(&deployment.run().await), "160");
    assert!(deployment.subjects().await.is_empty());
}

#[tokio::test]
async fn a_small_report_with_a_date_that_fails_is_read_whole_all_the_same() {
    let rows = daily("2026-10-01", "2026-11-29");
    let mut deployment = setup().rows(rows.clone()).zoom("--fail-dates 2026-11-02=validation-300").deployment().await;
    for _ in 0..7 {
        deployment.fails().await;
        deployment.later(1);
    }
    deployment.subjects().await;
    // A charge of a settled day comes late, beside the date that fails.
    let late = Row { message_id: Some("late".to_owned()), ..spent_on("2026-11-09", 60) };
    deployment.show([rows, vec![late]].concat());
    deployment.fails().await;
    let alert = deployment.news().await[0].json()["alerts"][0].clone();
    assert_eq!((&alert["amount"], &alert["level"], &alert["at_least"]), (&json!("81"), &json!("80%"), &json!(true)));
    zoom_becomes(&mut deployment, "").await;
    deployment.later(1);
    let (answer, from) = run_asking(&mut deployment).await;
    assert_eq!((amount(&answer).as_str(), from.as_str(), &answer["complete"]), ("82", "2026-10-28", &json!(true)));
    deployment.later(1);
    let (answer, _) = run_asking(&mut deployment).await;
    assert_eq!((requests(&answer), remembered_days(&answer)), (2, 0));
}

#[tokio::test]
async fn a_date_that_fails_is_found_though_another_policy_runs_that_does_not_read_it() {
    let [month, day] = ["month", "day"].map(|period| Policy::of(Budget::each("billing_number").period(period)));
    let given = setup().rows(daily("2026-10-01", "2026-11-22"));
    let mut deployment = given.zoom("--fail-dates 2026-11-08=validation-300").deployment().await;
    let mut gap = String::new();
    for _ in 0..6 {
        deployment.set_policy(&month).await;
        gap = deployment.fails().await.to_string();
        deployment.later(1);
        deployment.set_policy(&day).await;
        deployment.run().await;
        deployment.later(1);
    }
    assert!(gap.starts_with("ReportInvalid: 2026-11-07 to 2026-11-08 could not be read"), "{gap}");
}

#[tokio::test]
async fn todays_date_is_a_gap_if_zoom_refuses_it_after_it_has_answered_for_it() {
    for line in ["--to-dates inclusive", "--to-dates exclusive"] {
        let given = setup().rows(daily("2026-10-01", "2026-11-22")).now("2026-11-22T05:00:00Z");
        let mut deployment = given.zoom(line).deployment().await;
        deployment.run().await;
        zoom_becomes(&mut deployment, &format!("{line} --fail-dates 2026-11-22=validation-300")).await;
        for _ in 0..4 {
            deployment.later(1);
            let error = deployment.fails().await.to_string();
            assert!(
                error.contains("ReportInvalid: 2026-11-2") && error.contains("has answered before"),
                "{line} {error}"
            );
        }
    }
}

#[tokio::test]
async fn a_reading_that_takes_several_runs_comes_to_its_end_though_a_date_fails() {
    // Some 140 pages, of which the rate leaves a run some 60. All its dates in questions of their own would come to no end.
    let mut deployment = large().await;
    zoom_becomes(&mut deployment, "--page-limit 5 --fail-dates 2026-11-03=validation-300").await;
    (deployment.requests_per_second, deployment.time) = (60, Some(Duration::from_millis(1_500)));
    let mut gaps = Vec::new();
    while gaps.len() < 20 {
        gaps.push(deployment.fails().await.to_string());
        if gaps.last().is_some_and(|gap| gap.starts_with("ReportInvalid: 2026-11-02 to 2026-11-03 could not be read")) {
            return;
        }
        deployment.later(1);
    }
    panic!("{gaps:#?}");
}

#[tokio::test]
async fn after_a_failure_open_dates_that_zoom_refuses_are_no_gap() {
    let line = "--future-dates refused --same-date refused --date-zone Etc/GMT+8";
    let given = setup().rows(daily("2026-10-01", "2026-11-22")).now("2026-11-22T06:00:00Z");
    let mut deployment = given.zoom(&format!("{line} --fail-dates 2026-11-02=validation-300")).deployment().await;
    deployment.fails().await;
    zoom_becomes(&mut deployment, line).await;
    deployment.later(1);
    let answer = deployment.run().await;
    assert_eq!((amount(&answer).as_str(), &answer["complete"]), ("21", &json!(true)));
}

#[tokio::test]
async fn a_zoom_that_answers_nothing_is_not_asked_for_more_each_hour() {
    let given = setup().rows(daily("2026-10-20", "2026-11-29"));
    let mut deployment = given.clone().zoom("--fault validation-300@1xall").deployment().await;
    let mut asked = Vec::new();
    for _ in 0..5 {
        let before = deployment.zoom.observed().len();
        deployment.fails().await;
        asked.push(deployment.zoom.observed().len() - before);
        deployment.later(1);
    }
    assert!(asked[1..].iter().all(|requests| *requests == asked[1]), "{asked:?}");
    // And then it is read whole again.
    deployment.zoom = given.sandbox().await;
    for _ in 0..2 {
        assert_eq!(amount(&deployment.run().await), "22");
        deployment.later(1);
    }
    let (answer, from) = run_asking(&mut deployment).await;
    assert_eq!(from, "2026-10-28");
    assert!(requests(&answer) <= 2, "{}", requests(&answer));
}
