//! The function as deployed, while it loads thirteen months from the table: the first run of a day makes the baselines, the next one reads
//! them. The first run of all also reads the report whole, as one run of a day does.

use std::error::Error;
use std::path::Path;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde_json::json;
use zoom_sms_cost_alerts::clients::sdk_http_client;
use zoom_sms_cost_alerts::clients::zoom::Reading;
use zoom_sms_cost_alerts::daybook::{Judged, Plan, Read, Store, Whose, merge};
use zoom_sms_cost_alerts::domain::product::{Product, Products};
use zoom_sms_cost_alerts::domain::totals::DaySums;
use zoom_sms_cost_alerts::sandbox::{ACCOUNT_ID, Dataset, Row, Switches};

use crate::far::{Far, SECRET, TABLE, TOPIC};
use crate::support::{self, Program, Run, build};
use crate::{POLICY, judging};

const OURS: &str = "zoom-sms-cost-alerts";
/// The pace of the embedded Zoom is not what is measured.
const A_SECOND: u32 = 1_000;
const MOST_MIB: u64 = 128;
const SIZES: [u32; 3] = [200, 1_000, 10_000];
/// Of a day nothing is foreseen.
const PLAIN: &str =
    "[[budget]]\nname = 'every number'\nscope = 'billing_number'\ncurrency = 'USD'\namount = 5000\nperiod = 'day'\n";
/// Part of the baselines' keys.
const BASELINES: &str = "#baselines#";

/// Prints what each kind of run takes, by the number of billing numbers.
pub(crate) fn measured() -> Result<(), Box<dyn Error>> {
    let function = build::programs(&[OURS]).remove(OURS).ok_or("no function")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut rows = Vec::new();
    let mut peak = 0;
    for numbers in SIZES {
        for (name, run) in runtime.block_on(runs(&function, numbers))? {
            peak = peak.max(run.peak_kib);
            let took = (run.answered - run.first_poll).as_secs_f64();
            let mib = run.peak_kib as f64 / 1024.0;
            rows.push([name.to_owned(), numbers.to_string(), format!("{mib:.1} MiB"), format!("{took:.2} s")]);
        }
    }
    println!("\nThe function, with thirteen months of these numbers in its table; each of them sends every day.\n");
    support::table(["run", "numbers", "peak memory", "from event to answer"], rows);
    println!("target: less than {MOST_MIB} MiB");
    if peak < MOST_MIB * 1024 { Ok(()) } else { Err(format!("{} MiB", peak / 1024).into()) }
}

/// A run that reads the report whole and makes the baselines, the next one, one that only makes them, and one without foresight.
async fn runs(function: &Path, numbers: u32) -> Result<Vec<(&'static str, Run)>, Box<dyn Error>> {
    let now = Timestamp::now();
    let today = TimeZone::UTC.to_datetime(now).date();
    let far = Far::start(Dataset::of(rows(numbers, today)?, now), Switches::default());
    fill(&far, numbers, today, now).await?;
    let files = tempfile::tempdir()?;
    let mut runs = Vec::new();
    for (name, policy) in [
        ("reads the report whole and makes the baselines", POLICY),
        ("reads the baselines", POLICY),
        ("makes the baselines", POLICY),
        ("without foresight", PLAIN),
    ] {
        if name == "makes the baselines" || policy == PLAIN {
            far.forget(BASELINES);
        }
        let document = files.path().join("policy.toml");
        std::fs::write(&document, policy)?;
        let (zoom, a_second) = (far.zoom(A_SECOND), A_SECOND.to_string());
        let program = Program::new(function).set([
            ("ZOOM_SECRET_ID", SECRET),
            ("ALERT_TOPIC_ARN", TOPIC),
            ("LEDGER_TABLE", TABLE),
            ("POLICY", document.to_str().ok_or("no path")?),
            ("ZOOM_API_URL", &zoom.api_url),
            ("ZOOM_TOKEN_URL", &zoom.token_url),
            ("ZOOM_REQUESTS_PER_SECOND", &a_second),
            ("AWS_ENDPOINT_URL", &far.aws),
        ]);
        let had = far.has(BASELINES);
        runs.push((name, support::run(&program, Some(json!({}))).await));
        let is_as_named = (had, far.has(BASELINES)) == (name == "reads the baselines", policy == POLICY);
        if !is_as_named {
            return Err(format!("{name}: the table's baselines say otherwise").into());
        }
    }
    Ok(runs)
}

/// The charge of the message that a number sends on a day, in ten-thousandths.
fn charge(number: u32, day: Date) -> u32 {
    205 * (1 + (number + day.day_of_year().unsigned_abs() as u32) % 3)
}

/// What Zoom lists: all that may be judged, and what belongs to it.
fn rows(numbers: u32, today: Date) -> Result<Vec<Row>, Box<dyn Error>> {
    let first = today.first_of_month().checked_sub(40.days())?;
    let mut rows = Vec::new();
    for day in first.series(1.day()).take_while(|day| *day <= today) {
        let sent = TimeZone::UTC.to_timestamp(day.at(0, 0, 0, 0))?;
        for number in 0..numbers {
            let row = Row {
                billing_number: Some(format!("+1202{number:07}")),
                department: Some(format!("Department {}", number % 50)),
                cost_center: Some(format!("CC-{}", number % 20)),
                ..Row::new(&format!("{day} {number}"), sent, charge(number, day).into())
            };
            rows.push(row);
        }
    }
    Ok(rows)
}

/// Fills the table as a backfill does: all days up to yesterday.
async fn fill(far: &Far, numbers: u32, today: Date, now: Timestamp) -> Result<(), Box<dyn Error>> {
    const DAYS_AT_ONCE: i64 = 14;
    let aws = SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .http_client(sdk_http_client())
        .endpoint_url(&far.aws)
        .region(Region::from_static("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(Credentials::new("test", "test", None, None, "test")))
        .build();
    let store = Store::table(&aws, TABLE);
    let whose = Whose { account: ACCOUNT_ID, products: Products::One(Product::Sms), zone: "UTC" };
    let mut first_day = today.checked_sub(396.days())?;
    while first_day < today {
        let end = first_day.checked_add(DAYS_AT_ONCE.days())?.min(today);
        let days = first_day.series(1.day()).take_while(|day| *day < end);
        let sums = days.map(|day| Ok((day, sums(numbers, day)?))).collect::<Result<_, Box<dyn Error>>>()?;
        let until = TimeZone::UTC.to_timestamp(end.at(0, 0, 0, 0))?;
        let loaded = store.load(whose).await?;
        let head = loaded.head.clone().unwrap_or_default();
        let read = Read {
            product: Product::Sms,
            zone: &TimeZone::UTC,
            late_charges_days: 3,
            first_day,
            until,
            read_at: until,
            head: head.clone(),
            plan: Plan::default(),
            reading: Reading::default(),
            sums,
        };
        let mut remembered = merge(read, Default::default(), &mut Judged::of(ACCOUNT_ID.into(), &[Product::Sms]));
        remembered.keep_days_only(&head);
        // Long before the runs that are measured.
        store.save(whose, &loaded, remembered, now - SignedDuration::from_hours(24)).await?;
        first_day = end;
    }
    Ok(())
}

/// The day's sums, as the rows say; detail of senders is not in them.
fn sums(numbers: u32, day: Date) -> Result<DaySums, Box<dyn Error>> {
    let mut sums = judging::sums(numbers, |number| (charge(number, day).into(), 1))?;
    for (line, _) in &mut sums {
        (line.extension, line.name) = ("(none)".into(), "(none)".into());
    }
    Ok(sums)
}
