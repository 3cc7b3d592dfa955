//! Another stand-in for Zoom, which shares no code with the sandbox: what it does differently must not change a figure either.

use crate::readings::{Reader, sums};
use crate::support::{Budget, NOW, Policy, at};
use axum::{
    Json, Router,
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use jiff::{SignedDuration, Timestamp, ToSpan, civil::Date, tz::TimeZone};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};
use tokio::net::TcpListener;
use zoom_sms_cost_alerts::domain::product::Products;
use zoom_sms_cost_alerts::run::Report;

/// How the other Zoom answers.
#[derive(Clone)]
struct Manners {
    /// Rows by the date under which they are listed.
    rows: Vec<(Date, Value)>,
    /// Whether the date `to` is listed.
    inclusive: bool,
    /// What the answer says of its dates, by the date asked for: `from`, then `to`.
    echo: fn(Date, Date) -> (Value, Value),
    page_rows: usize,
    /// What the last page has for a token.
    end: Value,
    /// Earlier dates are refused.
    oldest: Date,
    /// The page, counted from 1, whose token has always expired.
    expires: usize,
}

impl Manners {
    fn of(rows: Vec<(Date, Value)>) -> Manners {
        let echo = |from: Date, to: Date| (json!(from), json!(to));
        let (oldest, expires) = ("2025-01-01".parse().unwrap(), usize::MAX);
        Manners { rows, inclusive: true, echo, page_rows: 300, end: json!(""), oldest, expires }
    }

    fn answer(&self, query: &HashMap<String, String>, count: usize) -> Response {
        let date = |name: &str| query[name].parse::<Date>().unwrap();
        let (from, to) = (date("from"), date("to"));
        let refused =
            |message: &str| (StatusCode::BAD_REQUEST, Json(json!({ "code": 400, "message": message }))).into_response();
        if from < self.oldest {
            return refused("Invalid start date. Report is provided only for recent 13 months");
        }
        let after = if self.inclusive { to.tomorrow().unwrap() } else { to };
        let listed: Vec<_> = self.rows.iter().filter(|(date, _)| *date >= from && *date < after).collect();
        let start: usize =
            query.get("next_page_token").map_or(0, |token| token.split('.').next().unwrap().parse().unwrap());
        if start / self.page_rows + 1 >= self.expires {
            return refused("The next page token is invalid or expired");
        }
        let end = (start + self.page_rows).min(listed.len());
        // Another token for the same page each time.
        let token = if end < listed.len() { json!(format!("{end}.{count}")) } else { self.end.clone() };
        let rows: Vec<_> = listed[start..end].iter().map(|(_, row)| row).collect();
        let echo = (self.echo)(from, to);
        Json(json!({ "from": echo.0, "to": echo.1, "next_page_token": token, "sms_charges": rows })).into_response()
    }

    /// What is read of it, and how many requests that took.
    async fn read(self, policy: &str, until: Timestamp, now: Timestamp) -> (Report, usize) {
        type Shared = Arc<(Manners, AtomicUsize)>;
        async fn page(State(zoom): State<Shared>, Query(query): Query<HashMap<String, String>>) -> Response {
            zoom.0.answer(&query, zoom.1.fetch_add(1, Ordering::Relaxed))
        }
        let token = || async { Json(json!({ "access_token": "token", "expires_in": 3600 })) };
        let zoom: Shared = Arc::new((self, AtomicUsize::new(0)));
        let routes = Router::new().route("/token", post(token)).route("/phone/reports/sms_charges", get(page));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let served = routes.with_state(Arc::clone(&zoom));
        tokio::spawn(async move { axum::serve(listener, served).await });
        let reader = Reader::at(origin.clone(), format!("{origin}/token"), 1_000);
        let report = reader.read(policy, until, now).await;
        (report, zoom.1.load(Ordering::Relaxed))
    }
}

/// So many rows of two numbers, evenly from `first` until `until`, each listed under the date of its time in UTC.
fn rows(count: i32, first: &str, until: Timestamp) -> Vec<(Date, Value)> {
    let first = at(first);
    let apart = until.duration_since(first) / count;
    let row = |place: i32| {
        let sent = Timestamp::from_second((first + apart * place).as_second()).unwrap();
        let row = json!({
            "message_id": format!("O-{place}"),
            "sent_time": sent,
            "billing_number": if place % 2 == 0 { "+12025550101" } else { "12025550102" },
            "currency": "USD",
            "total_charge": format!("1.{:04}", place % 10_000),
        });
        (sent.to_zoned(TimeZone::UTC).date(), row)
    };
    (0..count).map(row).collect()
}

/// How many rows of each number were sent in `[from, until)`, as the rows say.
fn counts(rows: &[(Date, Value)], from: Timestamp, until: Timestamp) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for (_, row) in rows {
        if (from..until).contains(&at(row["sent_time"].as_str().unwrap())) {
            let number = row["billing_number"].as_str().unwrap();
            *counts.entry(format!("+{}", number.trim_start_matches('+'))).or_default() += 1;
        }
    }
    counts
}

#[track_caller]
fn assert_counts(report: &Report, rows: &[(Date, Value)], case: &str) {
    for period in &report.periods {
        let read = sums(report, period).into_iter().map(|((number, _), (_, messages))| (number, messages));
        let expected = counts(rows, period.from(), period.to().min(report.until));
        assert_eq!(read.collect::<BTreeMap<_, _>>(), expected, "{case}: {period}");
    }
}

fn monthly(zone: &str) -> String {
    Policy::of(Budget::each("account")).zone(zone).to_string()
}

/// A date's beginning in a zone so many hours ahead of UTC, as UTC.
fn begins(date: Date, hours: i64) -> Timestamp {
    date.to_zoned(TimeZone::UTC).unwrap().timestamp() - SignedDuration::from_hours(hours)
}

/// What an answer to a question says of its dates.
type Echo = fn(Date, Date) -> (Value, Value);

#[tokio::test]
async fn an_answer_may_say_its_dates_in_any_way_that_covers_what_was_asked() {
    let echoes: [(&str, Echo); 9] = [
        ("dates", |from, to| (json!(from), json!(to))),
        ("the last second", |from, to| (json!(begins(from, 0)), json!(begins(to, 0) + 86_399.seconds()))),
        ("the last second before an exclusive end", |from, to| {
            (json!(begins(from, 0)), json!(begins(to, 0) - 1.second()))
        }),
        ("far east, exclusive", |from, to| (json!(begins(from, 14)), json!(begins(to, 14)))),
        ("far west, inclusive", |from, to| (json!(begins(from, -12)), json!(begins(to, -12) + 86_399.seconds()))),
        ("the last date of an exclusive end", |from, to| (json!(from), json!(to.yesterday().unwrap()))),
        ("nothing", |_, _| (Value::Null, Value::Null)),
        ("empty texts", |_, _| (json!(""), json!(""))),
        ("another calendar", |from, to| {
            (json!(from.strftime("%m/%d/%Y").to_string()), json!(to.strftime("%m/%d/%Y").to_string()))
        }),
    ];
    let now = at(NOW);
    for (count, page_rows) in [(40, 300), (2_000, 100)] {
        let rows = rows(count, "2026-10-20T00:00:00Z", now);
        for (name, echo) in echoes {
            for inclusive in [true, false] {
                let manners = Manners { echo, inclusive, page_rows, ..Manners::of(rows.clone()) };
                let (report, _) = manners.read(&monthly("America/New_York"), now, now).await;
                let case = format!("{name}, inclusive {inclusive}, {count} rows");
                assert!(report.judged.receipt.complete, "{case}: {:?}", report.judged.coverage.gaps);
                assert_counts(&report, &rows, &case);
            }
        }
    }
}

#[tokio::test]
async fn an_answer_for_two_dates_less_is_none() {
    let now = at(NOW);
    for (name, echo) in [
        ("from", (|from, to| (json!(from + 1.day()), json!(to))) as fn(Date, Date) -> (Value, Value)),
        ("to", |from, to| (json!(from), json!(to - 10.days()))),
    ] {
        let manners = Manners { echo, ..Manners::of(rows(40, "2026-10-20T00:00:00Z", now)) };
        let (report, _) = manners.read(&monthly("UTC"), now, now).await;
        assert!(!report.judged.receipt.complete, "{name}");
        let gap = &report.judged.coverage.gaps[0];
        assert!(gap.problem.contains("were asked for"), "{name}: {}", gap.problem);
        assert!(report.periods.iter().all(|period| !report.judged.coverage.is_whole(Products::All, period)), "{name}");
    }
}

#[tokio::test]
async fn pages_may_be_longer_or_shorter_than_was_asked_for() {
    let now = at(NOW);
    let rows = rows(2_500, "2026-10-20T00:00:00Z", now);
    for page_rows in [1, 30, 299, 1_000, 5_000] {
        for end in [Value::Null, json!(""), json!("  ")] {
            let rows = if page_rows == 1 { &rows[2_300..] } else { &rows[..] };
            let manners = Manners { page_rows, end: end.clone(), ..Manners::of(rows.to_vec()) };
            let (report, requests) = manners.read(&monthly("Asia/Kathmandu"), now, now).await;
            let case = format!("{page_rows} rows a page, {end} at the end");
            assert!(report.judged.receipt.complete, "{case}");
            assert_counts(&report, rows, &case);
            let pages = rows.len().div_ceil(page_rows);
            assert!(requests <= pages * 14 / 10 + 12, "{case}: {requests} requests for {pages} pages");
        }
    }
}

#[tokio::test]
async fn page_tokens_that_always_expire_end_as_a_gap_and_not_never() {
    let now = at(NOW);
    let rows = rows(2_000, "2026-10-20T00:00:00Z", now);
    // Past the pages after which it is asked again whether to divide a question, and before.
    for expires in [3, 9, 12] {
        let manners = Manners { page_rows: 20, expires, ..Manners::of(rows.clone()) };
        let (report, requests) = manners.read(&monthly("UTC"), now, now).await;
        assert!(!report.judged.receipt.complete, "{expires}");
        assert!(report.judged.coverage.gaps.iter().all(|gap| gap.problem.contains("page token")), "{expires}");
        assert!(requests < 400, "{expires}: {requests} requests");
    }
}

#[tokio::test]
async fn dates_that_are_too_old_stay_a_gap_when_the_report_is_divided() {
    let until = at("2025-11-11T00:00:00Z");
    for count in [40, 4_000] {
        let rows = rows(count, "2025-10-20T00:00:00Z", until);
        for (oldest, is_whole) in
            [("2025-10-28", true), ("2025-10-29", false), ("2025-10-31", false), ("2025-11-05", false)]
        {
            let manners = Manners { page_rows: 50, oldest: oldest.parse().unwrap(), ..Manners::of(rows.clone()) };
            let (report, _) = manners.read(&monthly("UTC"), until, at(NOW)).await;
            let november = &report.periods[0];
            let case = format!("{count} rows, kept since {oldest}");
            assert_eq!(
                report.judged.coverage.is_whole(Products::All, november),
                is_whole,
                "{case}: {:?}",
                report.judged.coverage.gaps
            );
            if is_whole {
                assert_counts(&report, &rows, &case);
            } else {
                assert_eq!(report.judged.coverage.gaps[0].dates.from.to_string(), "2025-10-28", "{case}");
            }
        }
    }
}
