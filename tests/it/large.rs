//! Large reports, which are read in several questions side by side: whole under every reading, and at hardly more requests than pages.

use crate::readings::{READINGS, Reader, plain, sums};
use crate::support::{Budget, NOW, NUMBER, Policy, at, from_number, row, setup, switches};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;
use zoom_sms_cost_alerts::sandbox::{Dataset, ObservedKind, Row, Sandbox, Switches};

/// So many charged rows from the middle of October on, evenly until `now` and a week beyond.
fn even(rows: usize, now: Timestamp) -> Dataset {
    let (start, end) = (at("2026-10-15T00:00:00Z"), now + SignedDuration::from_hours(24 * 7));
    let apart = end.duration_since(start) / i32::try_from(rows).unwrap();
    let row = |place: usize| {
        let place = i32::try_from(place).unwrap();
        Row {
            billing_number: Some(format!("+1202555{:04}", place % 7)),
            ..Row::new(&format!("L-{place}"), start + apart * place, 100_003 + i64::from(place))
        }
    };
    Dataset::of((0..rows).map(row).collect(), end)
}

/// Requests that a report of so many rows may cost.
fn most_requests(rows: usize) -> usize {
    rows.div_ceil(300) * 14 / 10 + 12
}

struct Read {
    requests: usize,
    /// Rows that the questions could list.
    rows: usize,
    peak: usize,
}

/// Reads November at a moment, holds it against the truth, and says what it cost.
async fn november(dataset: &Dataset, switches: Switches, requests_per_second: u32, zone: &str, case: &str) -> Read {
    let now = at(NOW);
    let dataset = dataset.clone().at(now);
    let zoom = Sandbox::start(0, dataset.clone(), switches).await.unwrap();
    let policy = Policy::of(Budget::each("account")).zone(zone).to_string();
    let report = Reader::at(zoom.api_url(), zoom.token_url(), requests_per_second).read(&policy, now, now).await;
    assert_eq!(report.books[0].failure, None, "{case}");
    assert!(report.judged.receipt.complete, "{case}: {:?}", report.judged.coverage.gaps);
    for period in &report.periods {
        let truth = plain(zoom.dataset().truth(period.from(), period.to().min(now)));
        assert_eq!(sums(&report, period), truth, "{case}");
    }
    let observed = zoom.observed();
    let requests = observed.iter().filter(|request| request.kind == ObservedKind::Report).count();
    assert_eq!(report.requests, u64::try_from(requests).unwrap(), "{case}");
    let listed: BTreeSet<_> = zoom.listed().iter().flat_map(|question| question.without_faults.to_vec()).collect();
    Read { requests, rows: listed.len(), peak: zoom.peak() }
}

#[tokio::test]
async fn a_large_report_is_whole_under_every_reading() {
    let dataset = even(8_000, at(NOW));
    for (line, zone) in READINGS.iter().zip(["UTC", "America/New_York", "Asia/Kathmandu"].iter().cycle()) {
        // Rows that come late are another test's, and so is a present that goes on. Answers that take a moment are worth asking for side by
        // side.
        let apart = ["--stalled-at", "--arrive-per-answer", "--fault"];
        let lacks_today = line.contains("--to-dates exclusive") && line.contains("--future-dates");
        // A row is not listed under a date that has yet to come.
        let lacks_future = line.contains("--listed-off") && line.contains("--future-dates");
        if apart.iter().any(|other| line.contains(other)) || lacks_today || lacks_future {
            continue;
        }
        let small_pages = line.contains("--page-limit");
        let limit = if small_pages { 100 } else { 0 };
        let switches = Switches { lag_minutes: 0, latency_ms: 5, page_limit: limit, ..switches(line) };
        let read = november(&dataset, switches, 1_000, zone, &format!("{line} in {zone}")).await;
        assert!(read.peak > 1, "{line}: not side by side");
    }
}

#[tokio::test]
async fn a_report_costs_hardly_more_requests_than_it_has_pages() {
    for rows in [1, 299, 300, 301, 1_000, 3_000, 6_000, 12_000] {
        let dataset = even(rows * 8 / 7, at(NOW));
        for total_records in ["overall", "per-page", "absent", "uncharged-too", "zero", "random"] {
            for to_dates in ["inclusive", "exclusive"] {
                let line = format!("--total-records {total_records} --to-dates {to_dates}");
                let case = format!("{rows} rows, {line}");
                let read = november(&dataset, switches(&line), 60, "UTC", &case).await;
                let most = if read.rows <= 300 { 2 } else { most_requests(read.rows) };
                assert!(read.requests <= most, "{case}: {} requests for {} rows", read.requests, read.rows);
            }
        }
    }
}

#[tokio::test]
async fn at_zooms_pace_a_report_costs_hardly_more_requests_than_it_has_pages() {
    let now = at(NOW);
    let dataset = even(9_000, now);
    let mut cases = Vec::new();
    for total_records in ["overall", "absent", "random"] {
        for order in ["newest-first", "shuffled"] {
            for to_dates in ["inclusive", "exclusive"] {
                let line = format!(
                    "--total-records {total_records} --order {order} --to-dates {to_dates} --latency-ms 300 --rate-per-second 10"
                );
                let dataset = &dataset;
                cases.push(async move {
                    let read = november(dataset, switches(&line), 10, "UTC", &line).await;
                    let most = most_requests(read.rows);
                    assert!(read.requests <= most, "{line}: {} requests for {} rows", read.requests, read.rows);
                    assert!(read.peak > 1, "{line}: not side by side");
                });
            }
        }
    }
    futures_util::future::join_all(cases).await;
}

#[tokio::test]
async fn a_count_of_many_rows_without_charge_costs_hardly_more_requests() {
    let now = at(NOW);
    for rows in [1_500, 6_000] {
        let charged = even(rows, now);
        let free = charged.rows().flat_map(|row| {
            let free = |nth: u32| Row {
                message_id: row.message_id.as_ref().map(|id| format!("{id}-{nth}")),
                charge: 0,
                ..row.clone()
            };
            (0..9).map(free)
        });
        let dataset = Dataset::of(free.chain(charged.rows().cloned()).collect(), charged.today());
        let line = "--total-records uncharged-too";
        let read = november(&dataset, switches(line), 60, "UTC", &rows.to_string()).await;
        assert!(read.requests <= most_requests(read.rows), "{} requests for {} rows", read.requests, read.rows);
    }
}

#[tokio::test]
async fn free_messages_that_zoom_leaves_out_after_paging_hide_no_charge() {
    // Three weeks of domestic messages, 60 pages a week, and a charge before, among and after them.
    let start = at("2026-11-01T00:00:00Z");
    let message = |place: i32, charge| {
        let sent = start + SignedDuration::from_mins(16) * place;
        from_number(NUMBER, row(&format!("D-{place}"), &sent.to_string(), charge))
    };
    let is_charged = |place: i32| [2, 1_000, 1_797].contains(&place);
    let rows: Vec<_> = (0..1_800).map(|place| message(place, if is_charged(place) { 20_000 } else { 0 })).collect();
    for line in ["--total-records overall", "--total-records absent --to-dates exclusive", "--total-records zero"] {
        let zoom = format!("--free-rows after-paging --page-limit 10 {line}");
        let policy = Policy::of(Budget::each("billing_number").amount("5"));
        let world = setup().policy(policy).rows(rows.clone()).zoom(&zoom).world().await;
        let answer = world.run(world.event()).await.answer().clone();
        assert_eq!((&answer["complete"], &answer["rows"]), (&true.into(), &3.into()), "{line}: {answer}");
        assert_eq!(answer["totals"][0]["amount"], "6", "{line}");
        assert_eq!(world.aws.messages().await.len(), 1, "{line}");
    }
}

#[tokio::test]
async fn late_rows_among_others_cost_no_second_reading() {
    let now = at(NOW);
    // Of every hundred rows one is late by most of a day, which is some pages.
    let late = |(place, row): (usize, &Row)| {
        let appears = Some(row.sent + SignedDuration::from_hours(20)).filter(|_| place % 100 == 0);
        Row { appears, ..row.clone() }
    };
    let dataset = Dataset::of(even(12_000, now).rows().enumerate().map(late).collect(), now);
    for order in ["newest-first", "oldest-first", "shuffled", "by-listing"] {
        let read = november(&dataset, switches(&format!("--order {order}")), 60, "UTC", order).await;
        assert!(read.requests <= most_requests(read.rows), "{order}: {} requests for {}", read.requests, read.rows);
    }
}

/// So many pages, of two rows each, in November.
fn pages(pages: i64) -> Vec<Row> {
    let apart = SignedDuration::from_secs(21 * 86_400 / (2 * pages));
    let start = at("2026-11-01T00:00:30Z");
    let one = |place: i64| {
        let sent = start + apart * i32::try_from(place).unwrap();
        from_number(NUMBER, row(&format!("P-{place}"), &sent.to_string(), 100))
    };
    (0..2 * pages).map(one).collect()
}

#[tokio::test]
async fn a_report_of_up_to_sixty_requests_is_read_whole_by_every_hourly_run() {
    // A shared date is read twice, and a question of its own has a page that is not full: a dozen questions at most.
    for (count, is_small) in [(20, true), (32, true), (90, false)] {
        let mut deployment = setup().rows(pages(count)).zoom("--page-limit 2").deployment().await;
        let first = deployment.run().await;
        assert_eq!(first["requests"].as_u64().unwrap() <= 60, is_small, "{count} pages: {first}");
        for _ in 0..3 {
            deployment.later(1);
            let answer = deployment.run().await;
            let is_whole = answer.get("days_from_history").is_none();
            assert_eq!(is_whole, is_small, "{count} pages: {answer}");
            assert_eq!(answer["totals"], first["totals"], "{count} pages");
        }
    }
}

#[tokio::test]
async fn the_runs_between_two_whole_readings_ask_for_a_small_share() {
    let rows: Vec<_> = even(9_000, at(NOW)).rows().cloned().collect();
    for to_dates in ["inclusive", "exclusive"] {
        let zoom = format!("--page-limit 30 --to-dates {to_dates}");
        let mut deployment = setup().rows(rows.clone()).zoom(&zoom).deployment().await;
        deployment.run().await;
        deployment.full_read_hours = 0;
        let whole = deployment.run().await["requests"].as_u64().unwrap();
        deployment.full_read_hours = 24;
        let mut between = 0;
        for hour in 1..24 {
            deployment.later(1);
            let answer = deployment.run().await;
            assert_eq!(answer["complete"], true);
            between += answer["requests"].as_u64().unwrap();
            assert!(answer["days_from_history"].as_u64() > Some(10), "hour {hour}: {answer}");
        }
        let share = format!("{to_dates}: {between} requests in 23 runs, {whole} for all");
        assert!(between * 100 <= 7 * 23 * whole, "{share}");
    }
}
