//! How long a year of daily sums takes to be judged, and how much memory, by the number of billing numbers.
//!
//! Each size is a process of its own, so that its peak is its own. The year is put together from daily sums as the daybook hands them out,
//! and each of its months is judged against a budget for each number and one for the account. Times are CPU times, which the machine's other
//! work does not lengthen. The baseline of each size is the one before, ten times as large: linear growth.
//! `cargo bench --bench judge` prints a table and draws `benches/pictures/judge.svg`.
#![allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    clippy::float_arithmetic,
    clippy::print_stdout,
    reason = "a measurement reads the clock and prints"
)]

#[path = "support/picture.rs"]
mod picture;

use std::error::Error;
use std::path::Path;
use std::process::Command;

use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use picture::Curve;
use zoom_sms_cost_alerts::domain::case::Case;
use zoom_sms_cost_alerts::domain::charge::Line;
use zoom_sms_cost_alerts::domain::coverage::{Coverage, Receipt};
use zoom_sms_cost_alerts::domain::evaluate::{History, evaluate};
use zoom_sms_cost_alerts::domain::money::{Amount, Currency};
use zoom_sms_cost_alerts::domain::period::{Period, PeriodKind};
use zoom_sms_cost_alerts::domain::policy::{Policy, Receiver};
use zoom_sms_cost_alerts::domain::totals::{DaySums, Sum, Totals};

const SIZES: [u32; 4] = [10, 100, 1_000, 10_000];
const DAYS: i32 = 365;
const POLICY: &str = r#"
    [[budget]]
    name = "every number"
    scope = "billing_number"
    currency = "USD"
    amount = 50
    alert_at = [50, 80, 100]
    [[budget]]
    name = "all"
    scope = "account"
    currency = "USD"
    amount = 1000
"#;

fn main() -> Result<(), Box<dyn Error>> {
    match std::env::var("NUMBERS") {
        Ok(numbers) => year(numbers.parse()?),
        Err(_) => all(),
    }
}

/// Starts a process for each size, and puts together what they say.
fn all() -> Result<(), Box<dyn Error>> {
    println!("numbers     cells   put together      judged   peak memory   growth of CPU time, 10 = linear");
    let mut figures: Vec<(f64, f64, f64)> = Vec::new();
    for numbers in SIZES {
        let child = Command::new(std::env::current_exe()?).env("NUMBERS", numbers.to_string()).output()?;
        let said = String::from_utf8(child.stdout)?;
        let values: Vec<f64> = said.split_whitespace().map(str::parse).collect::<Result<_, _>>()?;
        let [loaded, judged, peak] = values[..] else { return Err(format!("{numbers}: {said}").into()) };
        let growth =
            figures.last().map_or_else(String::new, |(_, before, _)| format!("{:.1}", (loaded + judged) / before));
        let cells = numbers * DAYS.unsigned_abs();
        println!("{numbers:>7} {cells:>9} {loaded:>11.1} ms {judged:>8.1} ms {peak:>9.1} MiB   {growth}");
        figures.push((numbers.into(), loaded + judged, peak));
    }
    let curve = |name, value: fn(&(f64, f64, f64)) -> f64| Curve {
        name,
        points: figures.iter().map(|figure| (figure.0, value(figure))).collect(),
    };
    picture::draw(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/pictures/judge.svg"),
        "A year of daily sums, put together and judged",
        ["billing numbers", "CPU time (ms), peak memory (MiB)"],
        &[curve("CPU time (ms)", |figure| figure.1), curve("peak memory of the process (MiB)", |figure| figure.2)],
    )
}

/// Judges the year of so many numbers. Prints milliseconds to put it together, milliseconds to judge it, and the process's peak in MiB.
fn year(numbers: u32) -> Result<(), Box<dyn Error>> {
    let policy = Policy::parse(POLICY).map_err(|faults| faults.to_string())?;
    let first: Date = "2025-11-01".parse()?;
    let (mut to_load, mut to_judge) = (0.0, 0.0);
    // The scheduler's books are kept by the tick: few numbers are done often enough for many of them.
    let rounds = (SIZES[2] / numbers).max(1);
    for _ in 0..rounds {
        let started = cpu_ms()?;
        let mut totals = Totals::of("account".into());
        for day in 0..DAYS {
            totals.set(first.checked_add(day.days())?, &sums(numbers, day)?);
        }
        let loaded = cpu_ms()?;
        let mut findings = 0;
        let receiver = Receiver::default_at("topic");
        let (coverage, receipt, history) = (Coverage::default(), Receipt::default(), History::default());
        for month in 0..12 {
            let at = TimeZone::UTC.to_timestamp(first.checked_add(month.months())?.at(0, 0, 0, 0))?;
            let period = Period::containing(PeriodKind::Month, at, &TimeZone::UTC)?;
            let case = Case {
                policy: &policy,
                totals: &totals,
                coverage: &coverage,
                receipt: &receipt,
                periods: &[period],
                receiver: &receiver,
                as_of: at,
                rerun: false,
            };
            findings += evaluate(&case, &history).len();
        }
        to_load += loaded - started;
        to_judge += cpu_ms()? - loaded;
        if findings != 12 * (numbers as usize + 1) {
            return Err(format!("{findings} findings of {numbers} numbers").into());
        }
    }
    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no peak")?;
    let peak: f64 = peak.trim().trim_end_matches(" kB").parse()?;
    println!("{} {} {}", to_load / f64::from(rounds), to_judge / f64::from(rounds), peak / 1024.0);
    Ok(())
}

/// A day's sums, as the daybook hands them out.
fn sums(numbers: u32, day: i32) -> Result<DaySums, Box<dyn Error>> {
    let currency = Currency::parse("USD")?;
    let sum = |number: u32| {
        let line = Line {
            number: format!("+1202{number:07}").into(),
            department: format!("Department {}", number % 50).into(),
            cost_center: format!("CC-{}", number % 20).into(),
            extension: format!("{}", 1000 + number).into(),
            name: format!("Desk {number}").into(),
            currency,
        };
        let amount = Amount::parse(&format!("{}.{:04}", number % 3, 1 + (number + day.unsigned_abs()) % 9_999))?;
        Ok((line, Sum { amount, messages: u64::from(1 + number % 90) }))
    };
    (0..numbers).map(sum).collect()
}

/// The CPU time that this process has had, from the scheduler's own books.
fn cpu_ms() -> Result<f64, Box<dyn Error>> {
    let books = std::fs::read_to_string("/proc/self/schedstat")?;
    let nanoseconds: f64 = books.split_whitespace().next().ok_or("no schedule")?.parse()?;
    Ok(nanoseconds / 1e6)
}
