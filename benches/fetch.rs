//! How long a report takes that Zoom answers slowly, a second a page, and no oftener than ten times a second: against the time that the limit
//! itself asks for, and against a client that reads one page after the other.
//!
//! ```sh
//! cargo bench --bench fetch                             # about two minutes, all of it waiting; draws benches/pictures/fetch.svg
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

use picture::Curve;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Instant;

use futures_util::FutureExt;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use zoom_sms_cost_alerts::clients::Deadline;
use zoom_sms_cost_alerts::clients::zoom::{Source, Zoom};
use zoom_sms_cost_alerts::domain::period::{Period, PeriodKind};
use zoom_sms_cost_alerts::domain::totals::Scope;
use zoom_sms_cost_alerts::sandbox::{Dataset, NONE, Switches};

use far::{Far, credentials};

const AS_OF: &str = "2026-11-22T13:00:00Z";
const PAGES: [usize; 4] = [10, 30, 100, 300];
/// The plain client is not waited for any longer.
const MOST_SEQUENTIAL: usize = 100;
const A_SECOND: u32 = 10;
const LATENCY_MS: u64 = 1_000;
const PICTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/pictures/fetch.svg");

/// Amounts by billing number and currency.
type Sums = BTreeMap<(String, String), String>;

/// What one report took.
struct Figures {
    pages: usize,
    requests: usize,
    refusals: usize,
    seconds: f64,
    sequential: Option<f64>,
}

impl Figures {
    /// What the limit itself asks for.
    fn limit(&self) -> f64 {
        self.pages as f64 / f64::from(A_SECOND)
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let as_of: Timestamp = AS_OF.parse().unwrap();
    let span = "2026-11-01T00:00:00Z".parse().unwrap()..as_of + 1.second();
    // The plain clients wait for most of the time, so they may do it side by side with ours, each on a thread of its own.
    let started: Vec<_> = PAGES
        .into_iter()
        .map(|pages| {
            let dataset = charged(pages, &span);
            let sequential = (pages <= MOST_SEQUENTIAL).then(|| plain(dataset.clone()));
            (dataset, sequential)
        })
        .collect();
    let mut measured = Vec::new();
    for (dataset, sequential) in started {
        measured.push((ours(&dataset, &span).await, truth(&dataset, &span), sequential));
    }
    let mut figures = Vec::new();
    for ((mut ours, sums), (truth, rows), sequential) in measured {
        assert_eq!(sums, truth, "our sums of {rows} rows");
        ours.pages = rows.div_ceil(300);
        if let Some((seconds, sums)) = sequential.map(|sequential| sequential.join().unwrap()) {
            assert_eq!(sums, truth, "the plain client's sums of {rows} rows");
            ours.sequential = Some(seconds);
        }
        figures.push(ours);
    }

    println!(
        "\nPages of 300 rows, each {LATENCY_MS} ms on its way; more than {A_SECOND} requests in any second are refused.\n"
    );
    let row = |of: &Figures| {
        [
            of.pages.to_string(),
            of.requests.to_string(),
            format!("{} ({:.1} %)", of.refusals, 100.0 * of.refusals as f64 / of.requests as f64),
            format!("{:.2} s", of.seconds),
            format!("{:.1} s", of.limit()),
            format!("{:.2}", of.seconds / of.limit()),
            of.sequential.map_or("-".to_owned(), |seconds| format!("{seconds:.1} s")),
        ]
    };
    let heading = ["pages", "requests", "refused", "seconds", "the limit's own", "× the limit's", "page after page"];
    support::table(heading, figures.iter().map(row).collect());
    println!("targets: 100 pages in at most 1.25 × the limit's own time; less than 1 % refused");
    draw(&figures).unwrap();
    println!("drawn: {PICTURE}");
}

/// A month to date with so many full pages, but for the last: one row in eight has no charge, by chance, so seeds are tried in turn.
fn charged(pages: usize, span: &Range<Timestamp>) -> Dataset {
    let generated = |seed| Dataset::generated((pages * 300 - 150) * 8 / 7, seed, span.end - 1.second());
    (1..).map(generated).find(|dataset| truth(dataset, span).1.div_ceil(300) == pages).unwrap()
}

fn slow(dataset: Dataset) -> Far {
    Far::start(dataset, Switches { latency_ms: LATENCY_MS, rate_per_second: A_SECOND, ..Switches::default() })
}

async fn ours(dataset: &Dataset, span: &Range<Timestamp>) -> (Figures, Sums) {
    let far = slow(dataset.clone());
    let zoom = Zoom::new(far.zoom(A_SECOND)).unwrap();
    let begun = Instant::now();
    let authorized = zoom.authorize(&credentials(), Deadline::never()).await.unwrap();
    let renew = || async { None }.boxed_local();
    let source = Source { authorized, renew: &renew, on_page: &|_| {}, most_requests: None };
    let reading = zoom.fetch(source, std::slice::from_ref(span), &TimeZone::UTC, Deadline::never()).await;
    let seconds = begun.elapsed().as_secs_f64();
    assert!(reading.receipt.complete, "{:?} {:?}", reading.failure, reading.unread);

    let month = Period::containing(PeriodKind::Month, span.start, &TimeZone::UTC).unwrap();
    let sums = reading.totals.by_subject(&month, Scope::BillingNumber, &Arc::from(""));
    let told = sums
        .into_iter()
        .map(|((number, currency), sum)| ((number.to_string(), currency.to_string()), sum.amount.to_string()));
    let statuses = far.statuses();
    let refusals = statuses.iter().filter(|status| **status == Some(429)).count();
    (Figures { pages: 0, requests: statuses.len(), refusals, seconds, sequential: None }, told.collect())
}

fn plain(dataset: Dataset) -> JoinHandle<(f64, Sums)> {
    std::thread::spawn(move || {
        let far = slow(dataset);
        let zoom = far.zoom(A_SECOND);
        let begun = Instant::now();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let rows = runtime.block_on(sequential::rows(&zoom.api_url, &zoom.token_url, "2026-11-01", "2026-11-22"));
        let sums = sequential::sums(&rows).into_iter().map(|((number, currency), sum)| {
            let number = if number.is_empty() { NONE.to_owned() } else { number };
            ((number, currency), sum.normalize().to_string())
        });
        let sums = sums.collect();
        (begun.elapsed().as_secs_f64(), sums)
    })
}

/// What the rows truly add up to, and how many they are.
fn truth(dataset: &Dataset, span: &Range<Timestamp>) -> (Sums, usize) {
    let truth = dataset.truth(span.start, span.end);
    let rows: u64 = truth.values().map(|truth| truth.messages).sum();
    (truth.into_iter().map(|(key, truth)| (key, truth.amount)).collect(), usize::try_from(rows).unwrap())
}

fn draw(figures: &[Figures]) -> Result<(), Box<dyn std::error::Error>> {
    let curve = |name, seconds: fn(&Figures) -> Option<f64>| Curve {
        name,
        points: figures.iter().filter_map(|of| Some((of.pages as f64, seconds(of)?))).collect(),
    };
    picture::draw(
        std::path::Path::new(PICTURE),
        &format!("A report at {A_SECOND} requests a second, each answered after {} s", LATENCY_MS / 1_000),
        ["pages of 300 rows", "seconds"],
        &[
            curve("this project", |of| Some(of.seconds)),
            curve("one page after the other", |of| of.sequential),
            curve("the limit's own time", |of| Some(of.limit())),
        ],
    )
}
