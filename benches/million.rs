//! What a million rows a month cost: the memory of the function that is deployed, beside ten thousand rows and beside a client that keeps
//! its rows; the requests of the hourly runs between two that read everything; and the memory and requests of three reports against one.
//!
//! `cargo bench --bench million` builds the function, prints tables and draws `benches/pictures/million.svg`; with `-- hourly` it counts
//! requests alone, with `-- products` it holds three reports against one.
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

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use zoom_sms_cost_alerts::clients::{Deadline, sdk_http_client};
use zoom_sms_cost_alerts::config::{
    Config, DEFAULT_FULL_READ_HOURS, DEFAULT_LATE_READ_HOURS, PolicySource, SecretSource,
};
use zoom_sms_cost_alerts::request::Request;
use zoom_sms_cost_alerts::run::{Invocation, Places, Services, run};
use zoom_sms_cost_alerts::sandbox::{Dataset, Order, ReportKind, Row, Switches};
use zoom_sms_cost_alerts::telemetry::Metrics;

use far::{Far, SECRET, TABLE, TOPIC};
use picture::Curve;
use support::{Program, build};

const FEWEST: usize = 10_000;
const MOST: usize = 1_000_000;
/// Rows of each of three reports.
const OF_EACH: usize = 100_000;
const ROWS: [usize; 3] = [FEWEST, 100_000, MOST];
const OURS: &str = "zoom-sms-cost-alerts";
/// Its pace is Zoom's to set, not the machine's.
const A_SECOND: u32 = 100;
/// A budget that nobody reaches: alerts are measured elsewhere.
const POLICY: &str = r#"
unwatched = "ignore"
[[budget]]
name     = "account"
scope    = "account"
currency = "USD"
amount   = 999999999
"#;

fn main() {
    let arguments: Vec<_> = std::env::args().collect();
    // The plain client's memory is its own, so it is a process of its own: this program, started with the word.
    if let [_, word, api_url, token_url, from, to] = arguments.as_slice()
        && word == "sequential"
    {
        return keep_rows(api_url, token_url, from, to);
    }
    let files = tempfile::tempdir().unwrap();
    let policy = files.path().join("policy.toml");
    std::fs::write(&policy, POLICY).unwrap();
    let runtime = runtime();
    let asked = |word: &str| arguments.iter().any(|argument| argument == word);
    if !asked("hourly") && !asked("products") {
        runtime.block_on(memory(&policy));
    }
    if !asked("products") {
        runtime.block_on(hourly(&policy));
    }
    if !asked("hourly") {
        runtime.block_on(products(files.path()));
    }
}

/// Three reports of as many rows each against the one of messages.
async fn products(files: &Path) {
    let as_of: Timestamp = "2026-10-31T23:59:59Z".parse().unwrap();
    let function = build::programs(&[OURS]).remove(OURS).unwrap();
    let messages = charged(OF_EACH, as_of);
    let of_kind = |kind: ReportKind| {
        // The report of faxes lists those without a charge too, which would be pages more.
        let rows = messages.rows().filter(|row| row.charge != 0);
        let rows = rows.map(|row| Row { report: kind, units: Some(2), ..row.clone() });
        rows.collect::<Vec<_>>()
    };
    let rows: Vec<Row> = ReportKind::ALL.into_iter().flat_map(of_kind).collect();
    let far = Far::start(Dataset::of(rows, as_of), Switches::default());
    let mut costs = Vec::new();
    for read in ["[\"sms\"]", "[\"sms\", \"call\", \"fax\"]"] {
        let policy = files.join("products.toml");
        std::fs::write(&policy, format!("products = {read}\n{POLICY}")).unwrap();
        let before = far.statuses().len();
        let event = json!({ "as_of": as_of.to_string() });
        let run = support::run(&deployed(&function, &policy, &far), Some(event)).await;
        let statuses = far.statuses().split_off(before);
        let refused = statuses.iter().filter(|status| **status == Some(429)).count();
        costs.push((run.peak_kib as f64 / 1024.0, statuses.len(), refused));
    }
    let [(one, of_one, refused_one), (three, of_three, refused_three)] = costs[..] else { unreachable!() };
    println!(
        "\n{OF_EACH} charged rows in each report: messages alone {one:.1} MiB and {of_one} requests ({refused_one} refused),"
    );
    println!("messages, calls and faxes {three:.1} MiB and {of_three} requests ({refused_three} refused).");
    println!(
        "That is {:.2} × the memory and {:.2} × the requests; targets: 1.2 × and 3 ×",
        three / one,
        of_three as f64 / of_one as f64
    );
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// So many charged rows of the month until `now`: one row in eight has no charge.
fn charged(rows: usize, now: Timestamp) -> Dataset {
    Dataset::generated(rows * 8 / 7, 1, now)
}

/// The memory of whole processes.
async fn memory(policy: &Path) {
    let as_of: Timestamp = "2026-10-31T23:59:59Z".parse().unwrap();
    let function = build::programs(&[OURS]).remove(OURS).unwrap();
    let ours_of = async |far: &Far, rows: usize| {
        let run = support::run(&deployed(&function, policy, far), Some(json!({ "as_of": as_of.to_string() }))).await;
        let took = run.answered - run.first_poll;
        Cost { kib: run.peak_kib, took, rows, requests: far.statuses().len() }
    };
    let (mut ours, mut plain) = (Vec::new(), Vec::new());
    for rows in ROWS {
        let far = Far::start(charged(rows, as_of), Switches::default());
        ours.push(ours_of(&far, rows).await);
        plain.push(sequential(&far, rows));
    }
    let shuffled = Switches { order: Order::Shuffled, ..Switches::default() };
    let shuffled = ours_of(&Far::start(charged(MOST, as_of), shuffled), MOST).await;
    println!("\nReading one month, without latency, at {A_SECOND} requests a second. Peak memory is VmHWM.\n");
    let row = |(name, of): (&str, &Cost)| {
        let seconds = of.took.as_secs_f64();
        let requests = if of.requests > 0 { of.requests.to_string() } else { "-".to_owned() };
        let rate = format!("{:.0} k", of.rows as f64 / seconds / 1e3);
        [
            name.to_owned(),
            of.rows.to_string(),
            requests,
            format!("{:.1} MiB", of.mib()),
            format!("{seconds:.2} s"),
            rate,
        ]
    };
    let all = ours.iter().map(|of| ("the function", of)).chain([("the function, rows in no order", &shuffled)]);
    let all = all.chain(plain.iter().map(|of| ("rows in a Vec", of)));
    support::table(["program", "rows", "requests", "peak memory", "seconds", "rows/s"], all.map(row).collect());
    let grows = |of: &[Cost]| of.last().unwrap().mib() / of.first().unwrap().mib();
    println!(
        "a hundred times the rows: the function's memory × {:.2}, with rows in a Vec × {:.1}",
        grows(&ours),
        grows(&plain)
    );
    println!("target: a million rows in any order in less than 64 MiB\n");
    let curve = |name, of: &[Cost]| Curve { name, points: of.iter().map(|of| (of.rows as f64, of.mib())).collect() };
    picture::draw(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/pictures/million.svg"),
        "Peak memory for a month's report",
        ["charged rows", "MiB"],
        &[curve("the function", &ours), curve("a client that keeps its rows", &plain)],
    )
    .unwrap();
}

struct Cost {
    rows: usize,
    requests: usize,
    kib: u64,
    took: Duration,
}

impl Cost {
    fn mib(&self) -> f64 {
        self.kib as f64 / 1024.0
    }
}

fn deployed(function: &Path, policy: &Path, far: &Far) -> Program {
    let zoom = far.zoom(A_SECOND);
    Program::new(function).set([
        ("ZOOM_SECRET_ID", SECRET),
        ("ALERT_TOPIC_ARN", TOPIC),
        ("LEDGER_TABLE", TABLE),
        ("POLICY", policy.to_str().unwrap()),
        ("ZOOM_API_URL", &zoom.api_url),
        ("ZOOM_TOKEN_URL", &zoom.token_url),
        ("ZOOM_REQUESTS_PER_SECOND", &A_SECOND.to_string()),
        ("AWS_ENDPOINT_URL", &far.aws),
    ])
}

fn sequential(far: &Far, rows: usize) -> Cost {
    let zoom = far.zoom(A_SECOND);
    let (before, begun) = (far.statuses().len(), Instant::now());
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["sequential", &zoom.api_url, &zoom.token_url, "2026-10-01", "2026-10-31"])
        .output()
        .unwrap();
    let took = begun.elapsed();
    let kib = String::from_utf8_lossy(&output.stdout).trim().parse();
    let kib = kib.unwrap_or_else(|_| panic!("it said: {}", String::from_utf8_lossy(&output.stderr)));
    Cost { rows, requests: far.statuses().len() - before, kib, took }
}

/// Reads and sums all rows as the plain client does, and prints the memory that it took.
fn keep_rows(api_url: &str, token_url: &str, from: &str, to: &str) {
    let rows = runtime().block_on(sequential::rows(api_url, token_url, from, to));
    assert!(!sequential::sums(&rows).is_empty());
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"));
    println!("{}", peak.unwrap());
}

/// The requests of the hourly runs of a day, from the 22nd on, and of the run before them that reads everything.
async fn hourly(policy: &Path) {
    let start: Timestamp = "2026-11-22T00:00:00Z".parse().unwrap();
    let dataset = charged(MOST, start + SignedDuration::from_hours(24));
    let far = Far::start(dataset.clone(), Switches::default());
    let policy = PolicySource::File(PathBuf::from(policy));
    let aws = SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .http_client(sdk_http_client())
        .endpoint_url(&far.aws)
        .region(Region::from_static("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(Credentials::new("test", "test", None, None, "test")))
        .build();
    let config = Config {
        secret_id: SecretSource::Secret(SECRET.to_owned()),
        topic_arn: TOPIC.to_owned(),
        ledger_table: TABLE.to_owned(),
        policy: policy.clone(),
        zoom: far.zoom(A_SECOND),
        full_read_hours: DEFAULT_FULL_READ_HOURS,
        late_read_hours: DEFAULT_LATE_READ_HOURS,
        link: None,
    };
    let services = Services::deployed(&aws, &config).unwrap();
    let places =
        Places { secret_id: SecretSource::Secret(SECRET.to_owned()), policy, topic_arn: TOPIC.to_owned(), link: None };
    let mut requests = Vec::new();
    // The first run finds an empty table; a day later everything is read again, and 23 runs follow.
    for hours in std::iter::once(-24).chain(0..24) {
        let now = start + SignedDuration::from_hours(hours);
        let dataset = dataset.clone().at(now);
        far.sandbox.replace(dataset.clone());
        let name = format!("run {hours}");
        let invocation = Invocation { request_id: name.clone(), owner: name, now, deadline: Deadline::never() };
        let request = Request::read(json!({}), now).unwrap();
        let answer = run(&services, &places, &request, &invocation, &mut Metrics::default()).await.unwrap();
        let answer = serde_json::to_value(answer).unwrap();
        if ![0, 1, 23].contains(&hours) {
            requests.push(answer["requests"].as_u64().unwrap());
            continue;
        }
        let truth = dataset.truth("2026-11-01T00:00:00Z".parse().unwrap(), now);
        let totals = answer["totals"].as_array().unwrap();
        assert_eq!(totals.len(), truth.len(), "at {now}");
        for total in totals {
            let key = ["billing_number", "currency"].map(|name| total[name].as_str().unwrap().to_owned());
            assert_eq!(total["amount"], truth[&key.into()].amount, "{total} at {now}");
        }
        requests.push(answer["requests"].as_u64().unwrap());
    }
    let [first, whole, between @ ..] = requests.as_slice() else { unreachable!() };
    let average = between.iter().sum::<u64>() as f64 / between.len() as f64;
    println!("A million rows a month, on the 22nd: the first run made {first} requests, the next whole one {whole}.");
    println!("The 23 runs between made {between:?}: {average:.0} on average.");
    println!("That is {:.1} % of a whole one; target: at most 7 %", 100.0 * average / *whole as f64);
}
