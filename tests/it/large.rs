//! Large reports, which are read in several windows side by side.

use crate::readings::{Client, READINGS, at, sums, switches, truth};
use jiff::{SignedDuration, Timestamp, ToSpan, tz::TimeZone};
use zoom_sms_cost_alerts::{
    domain::period::{Period, PeriodKind},
    sandbox::{Dataset, ObservedKind, Row, Sandbox, Switches},
};

const NOW: &str = "2026-11-22T13:00:00Z";

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

/// Requests that the report of so many rows may cost.
fn most_requests(rows: usize) -> usize {
    rows.div_ceil(300) * 11 / 10 + 2
}

struct Read {
    requests: usize,
    rows: usize,
    peak: usize,
}

/// Reads November as of a moment, holds it against the truth, and tells what it cost.
async fn november(dataset: &Dataset, switches: Switches, as_of: Timestamp, zone: &str, case: &str) -> Read {
    let zoom = Sandbox::start(0, dataset.clone(), switches).await.unwrap();
    let tz = TimeZone::get(zone).unwrap();
    let period = Period::containing(PeriodKind::Month, as_of, &tz).unwrap();
    let end = as_of + 1.second();
    let reading = Client::of(&zoom).read(period.from()..end, zone).await;
    assert_eq!(reading.failure, None, "{case}");
    assert!(reading.receipt.complete, "{case}: {:?}", reading.unread);
    assert_eq!(sums(&reading.totals, &period), truth(dataset, period.from(), end), "{case}");
    let observed = zoom.observed();
    let requests = observed.iter().filter(|request| request.kind == ObservedKind::Report).count();
    assert_eq!(reading.requests, u64::try_from(requests).unwrap(), "{case}");
    Read { requests, rows: usize::try_from(reading.receipt.rows).unwrap(), peak: zoom.peak() }
}

#[tokio::test]
async fn a_large_report_is_whole_under_every_reading() {
    let now = at(NOW);
    let dataset = even(15_000, now);
    for (line, zone) in READINGS.iter().zip(["UTC", "America/New_York", "Asia/Kathmandu"].iter().cycle()) {
        // Rows that come late are another test's. Answers that take a moment are worth asking for side by side.
        let switches = Switches { lag_minutes: 0, latency_ms: 5, ..switches(line) };
        let read = november(&dataset, switches, now, zone, &format!("{line} in {zone}")).await;
        assert!(read.peak > 1, "{line}: not side by side");
    }
}

#[tokio::test]
async fn a_report_costs_hardly_more_requests_than_it_has_pages() {
    let now = at(NOW);
    for rows in [1, 299, 300, 301, 1_000, 3_000, 6_000, 20_000, 60_000] {
        let dataset = Dataset::generated(rows * 8 / 7, 3, now);
        for total_records in ["overall", "per-page", "absent", "uncharged-too"] {
            let case = format!("{rows} rows, total_records {total_records}");
            let switches = switches(&format!("--total-records {total_records}"));
            let read = november(&dataset, switches, now, "UTC", &case).await;
            let most = if read.rows <= 300 { 1 } else { most_requests(read.rows) };
            assert!(read.requests <= most, "{case}: {} requests for {} rows", read.requests, read.rows);
        }
    }
}

#[tokio::test]
async fn a_count_of_many_rows_without_charge_costs_hardly_more_requests() {
    let now = at(NOW);
    for rows in [1_500, 6_000, 20_000] {
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
        let read = november(&dataset, switches("--total-records uncharged-too"), now, "UTC", &rows.to_string()).await;
        assert!(read.requests <= most_requests(read.rows), "{} requests for {} rows", read.requests, read.rows);
    }
}

/// Of every so many rows one is late by most of a day, which is some pages; or it comes again then.
fn with_late(dataset: &Dataset, every: usize, again: bool) -> Dataset {
    let mut rows: Vec<_> = dataset.rows().cloned().collect();
    let late: Vec<_> = (0..rows.len()).step_by(every).collect();
    for place in late {
        let appears = Some(rows[place].sent + SignedDuration::from_hours(20));
        if again {
            rows.push(Row { appears, ..rows[place].clone() });
        } else {
            rows[place].appears = appears;
        }
    }
    Dataset::of(rows, dataset.today())
}

#[tokio::test]
async fn late_rows_among_others_cost_no_second_reading() {
    let now = at(NOW);
    let late = with_late(&Dataset::generated(30_000, 3, now), 100, false);
    for order in ["newest-first", "oldest-first"] {
        let read = november(&late, switches(&format!("--order {order}")), now, "UTC", order).await;
        let most = most_requests(read.rows);
        assert!(read.requests <= most, "{order}: {} requests for {} rows", read.requests, read.rows);
    }
}

#[tokio::test]
async fn a_row_that_comes_again_long_after_is_summed_once() {
    let now = at(NOW);
    let dataset = Dataset::generated(30_000, 3, now);
    let repeating = with_late(&dataset, 3_000, true);
    let (start, end) = (at("2026-11-01T00:00:00Z"), now + 1.second());
    for order in ["newest-first", "oldest-first", "shuffled"] {
        let zoom = Sandbox::start(0, repeating.clone(), switches(&format!("--order {order}"))).await.unwrap();
        let reading = Client::of(&zoom).read(start..end, "UTC").await;
        assert!(reading.receipt.complete, "{order}: {:?}", reading.failure);
        let period = Period::containing(PeriodKind::Month, now, &TimeZone::UTC).unwrap();
        assert_eq!(sums(&reading.totals, &period), truth(&dataset, start, end), "{order}");
        // What was forgotten is read anew.
        let pages = zoom.observed().iter().filter(|request| request.kind == ObservedKind::Report).count();
        let rows = usize::try_from(reading.receipt.rows).unwrap();
        assert_eq!(pages > most_requests(rows), order == "oldest-first", "{order}: {pages} requests for {rows} rows");
    }
}
