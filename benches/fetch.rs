//! How long a report of 100 pages takes that Zoom answers slowly, a second a page, against the time that the rate limit itself asks for: by the
//! days that the rows are spread over, their order, the meaning of `to`, and the limit; and against a client that reads page after page.
//!
//! ```sh
//! cargo bench --profile dev --bench fetch               # about eight minutes, all of it waiting; draws benches/pictures/fetch.svg
//! ```
#![allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    clippy::float_arithmetic,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    unreachable_pub,
    missing_docs,
    reason = "a benchmark"
)]

#[allow(dead_code, reason = "each benchmark needs another part of it")]
#[path = "support/far.rs"]
mod far;
#[path = "support/picture.rs"]
mod picture;
#[path = "baseline/sequential.rs"]
mod sequential;
#[allow(dead_code, reason = "shared with benchmarks of whole processes")]
mod support;

use std::collections::BTreeMap;
use std::path::Path;
use std::thread::JoinHandle;
use std::time::Instant;

use futures_util::FutureExt;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use picture::Curve;
use zoom_sms_cost_alerts::clients::Deadline;
use zoom_sms_cost_alerts::clients::zoom::{Ask, Digests, SMS, Source, Zoom};
use zoom_sms_cost_alerts::domain::dates::{Dates, utc_date};
use zoom_sms_cost_alerts::domain::totals::by_currency;
use zoom_sms_cost_alerts::sandbox::{Bound, Dataset, Order, Row, Switches};

use far::{Far, credentials};

const START: &str = "2026-10-01T00:00:00Z";
const DAYS: [i64; 4] = [22, 28, 30, 31];
const PAGES: i64 = 100;
const ROWS: i64 = PAGES * 300;
const LATENCY_MS: u64 = 1_000;
/// Reports that are read at the same time: most of it is waiting.
const AT_ONCE: usize = 2;
const PICTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/pictures/fetch.svg");

#[derive(Clone, Copy)]
struct Case {
    days: i64,
    a_second: u32,
    order: Order,
    bound: Bound,
}

struct Figures {
    case: Case,
    requests: usize,
    refusals: usize,
    seconds: f64,
}

impl Figures {
    /// The time against what the limit itself asks for.
    fn ratio(&self) -> f64 {
        self.seconds / (PAGES as f64 / f64::from(self.case.a_second))
    }
}

fn main() {
    let plain = plain();
    let mut cases = Vec::new();
    for a_second in [10, 4] {
        for days in DAYS {
            for bound in [Bound::Exclusive, Bound::Inclusive] {
                for order in [Order::NewestFirst, Order::OldestFirst, Order::Shuffled] {
                    cases.push(Case { days, a_second, order, bound });
                }
            }
        }
    }
    let mut figures = Vec::new();
    for together in cases.chunks(AT_ONCE) {
        let started: Vec<JoinHandle<Figures>> =
            together.iter().copied().map(|case| std::thread::spawn(move || read(case))).collect();
        figures.extend(started.into_iter().map(|read| read.join().unwrap()));
    }
    let plain = plain.join().unwrap();
    let row = |of: &Figures| {
        [
            of.case.a_second.to_string(),
            of.case.days.to_string(),
            format!("{:?}", of.case.bound).to_lowercase(),
            format!("{:?}", of.case.order),
            of.requests.to_string(),
            of.refusals.to_string(),
            format!("{:.1} s", of.seconds),
            format!("{:.2}", of.ratio()),
        ]
    };
    println!(
        "\n{PAGES} pages of 300 rows, each {LATENCY_MS} ms on its way. A client that reads page after page: {plain:.1} s.\n"
    );
    let heading = ["a second", "days", "to", "order", "requests", "refused", "seconds", "× the limit's own"];
    support::table(heading, figures.iter().map(row).collect());
    println!("targets: at 10 a second 1.5 × and 152 requests, at 4 a second 1.2 × and 127; less than 1 % refused");
    let curve = |name, bound, a_second| Curve {
        name,
        points: figures
            .iter()
            .filter(|of| of.case.bound == bound && of.case.a_second == a_second && of.case.order == Order::NewestFirst)
            .map(|of| (of.case.days as f64, of.ratio()))
            .collect(),
    };
    picture::draw(
        Path::new(PICTURE),
        "100 pages: time against what the rate limit itself asks for",
        ["days", "× the limit's own time"],
        &[
            curve("10 a second, `to` inclusive", Bound::Inclusive, 10),
            curve("10 a second, `to` exclusive", Bound::Exclusive, 10),
            curve("4 a second, `to` inclusive", Bound::Inclusive, 4),
            curve("4 a second, `to` exclusive", Bound::Exclusive, 4),
        ],
    )
    .unwrap();
    println!("drawn: {PICTURE}");
}

/// Rows spread evenly over so many days.
fn spread(days: i64) -> (Dataset, Timestamp) {
    let start: Timestamp = START.parse().unwrap();
    let length = 24 * 3_600 * days;
    let row = |number: i64| {
        let sent = start + SignedDuration::from_secs(number * (length - 2) / ROWS);
        Row { billing_number: Some("+14085550000".to_owned()), ..Row::new(&format!("M-{number}"), sent, 205) }
    };
    let now = start + SignedDuration::from_secs(length - 1);
    (Dataset::of((0..ROWS).map(row).collect(), now), now)
}

fn read(case: Case) -> Figures {
    let (dataset, now) = spread(case.days);
    let far = Far::start(
        dataset,
        Switches {
            latency_ms: LATENCY_MS,
            rate_per_second: case.a_second,
            order: case.order,
            to_dates: case.bound,
            ..Switches::default()
        },
    );
    let start: Timestamp = START.parse().unwrap();
    let first_day = utc_date(start, 0);
    let ask = Ask {
        report: &SMS,
        dates: vec![Dates {
            from: Dates::listing(start, start).from,
            to: Dates::listing(now, now).to.tomorrow().unwrap(),
        }],
        until: now,
        now,
        zone: TimeZone::UTC,
        first_day,
        counted: Digests::new(),
        rows_a_date: None,
        answered_before: None,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (reading, seconds) = runtime.block_on(async {
        let zoom = Zoom::new(far.zoom(case.a_second)).unwrap();
        let started = Instant::now();
        let authorized = zoom.authorize(&credentials(), Deadline::never()).await.unwrap();
        let renew = || async { None }.boxed_local();
        let deadline = Deadline::never();
        let source = Source { authorized, renew: &renew, on_page: &|_| {}, most_requests: None, deadline };
        let reading = zoom.read(source, &ask).await;
        (reading, started.elapsed().as_secs_f64())
    });
    assert!(reading.gaps.is_empty(), "{:?}", reading.gaps);
    let mut sums = BTreeMap::new();
    for (currency, sum) in reading.parts.values().flat_map(|part| part.days.values()).flat_map(by_currency) {
        sums.entry(currency.to_string()).or_insert_with(Vec::new).push(sum);
    }
    let messages: u64 = sums["USD"].iter().map(|sum| sum.messages).sum();
    assert_eq!(messages, ROWS.unsigned_abs(), "each row once");
    let statuses = far.statuses();
    let refusals = statuses.iter().filter(|status| **status == Some(429)).count();
    Figures { case, requests: statuses.len(), refusals, seconds }
}

/// The time of a client that reads page after page.
fn plain() -> JoinHandle<f64> {
    std::thread::spawn(|| {
        let far = Far::start(spread(22).0, Switches { latency_ms: LATENCY_MS, ..Switches::default() });
        let zoom = far.zoom(10);
        let started = Instant::now();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let rows = runtime.block_on(sequential::rows(&zoom.api_url, &zoom.token_url, "2026-10-01", "2026-10-22"));
        assert!(!sequential::sums(&rows).is_empty());
        started.elapsed().as_secs_f64()
    })
}
