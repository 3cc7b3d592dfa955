//! What a day's first run makes of thirteen months, and what the others pay for it, by the number of billing numbers.
//!
//! Each size is a process of its own, so that its peak is its own. Every number has a budget with a forecast and is watched for spikes. Times
//! are CPU times, which the machine's other work does not lengthen. The baseline is the same run without foresight: a month of daily sums that
//! is put together and judged. Loading the days from the table is not in it: that is measured of the function as deployed, whose peak must
//! stay under 128 MiB.
//! `cargo bench --bench baselines` prints two tables; with `-- function` it prints the function's alone.
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
    reason = "a measurement reads the clock and prints, and what it shares with others panics"
)]

#[allow(dead_code, reason = "each benchmark needs another part of it")]
#[path = "support/far.rs"]
mod far;
#[path = "baselines/function.rs"]
mod function;

#[path = "support/judging.rs"]
mod judging;
#[path = "support/sizes.rs"]
mod sizes;
#[allow(dead_code, reason = "shared with benchmarks of whole processes")]
mod support;

use std::error::Error;

use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, ToSpan};
use judging::cpu_ms;
use zoom_sms_cost_alerts::daybook::{decode, encode};
use zoom_sms_cost_alerts::domain::baselines::{Baselines, Maker};
use zoom_sms_cost_alerts::domain::case::Case;
use zoom_sms_cost_alerts::domain::coverage::{Coverage, Receipt};
use zoom_sms_cost_alerts::domain::evaluate::{History, evaluate};
use zoom_sms_cost_alerts::domain::period::{Period, PeriodKind};
use zoom_sms_cost_alerts::domain::policy::{Policy, Receiver};
use zoom_sms_cost_alerts::domain::product::{Product, Products};
use zoom_sms_cost_alerts::domain::totals::{DaySums, Totals};

const SIZES: [u32; 3] = [200, 1_000, 10_000];
const TODAY: Date = date(2026, 11, 22);
/// Days that are judged for spikes beside today.
const LATE: i64 = 7;
const POLICY: &str = r#"
    [[budget]]
    name = "every number"
    scope = "billing_number"
    currency = "USD"
    amount = 5000
    forecast_at = [100]
    [[spike]]
    name = "every number"
    scope = "billing_number"
    currency = "USD"
"#;

fn main() -> Result<(), Box<dyn Error>> {
    match std::env::var("NUMBERS") {
        Ok(numbers) => a_day(numbers.parse()?),
        Err(_) => {
            if !std::env::args().any(|argument| argument == "function") {
                all()?;
            }
            function::measured()
        }
    }
}

fn all() -> Result<(), Box<dyn Error>> {
    println!("numbers   made once a day   kept   a run without       with   more an hour   peak memory");
    for numbers in SIZES {
        let [made, kept, without, with, peak] = sizes::measured(numbers)?;
        println!(
            "{numbers:>7} {:>15.2} s {:>6.2} MB {without:>10.1} ms {with:>7.1} ms {:>11.2} × {peak:>9.1} MiB",
            made / 1e3,
            kept / 1e6,
            with / without
        );
    }
    Ok(())
}

const SMS: Products = Products::One(Product::Sms);

/// Makes the baselines of so many numbers, keeps and reads them, and judges a month with and without them. Prints milliseconds, bytes and MiB.
fn a_day(numbers: u32) -> Result<(), Box<dyn Error>> {
    let policy = Policy::parse(POLICY).map_err(|faults| faults.to_string())?;
    let judged = TODAY.saturating_sub(LATE.days());
    let mut maker = Maker::new(&policy, SMS, &"account".into(), TODAY, judged);
    let mut making = 0.0;
    for day in TODAY.saturating_sub(395.days()).series(1.day()).take_while(|day| *day < TODAY) {
        let sums = sums(numbers, day)?;
        let started = cpu_ms()?;
        maker.add(day, sums.iter());
        making += cpu_ms()? - started;
    }
    let started = cpu_ms()?;
    let bytes = encode(&maker.finish(|| true).ok_or("no time")?, TODAY);
    making += cpu_ms()? - started;
    let mut totals = Totals::of("account".into(), &[Product::Sms]);
    for day in TODAY.first_of_month().series(1.day()).take_while(|day| *day <= TODAY) {
        totals.set(Product::Sms, day, &sums(numbers, day)?);
    }
    let rounds = (10_000 / numbers).max(1);
    let judge = |read: &dyn Fn() -> Option<Baselines>| -> Result<f64, Box<dyn Error>> {
        let started = cpu_ms()?;
        for _ in 0..rounds {
            evaluated(&policy, &totals, read().ok_or("damaged")?)?;
        }
        Ok((cpu_ms()? - started) / f64::from(rounds))
    };
    let without = judge(&|| Some(Baselines::default()))?;
    let with = judge(&|| decode(&bytes, TODAY))?;
    println!("{making} {} {without} {with} {}", bytes.len(), sizes::peak_mib()?);
    Ok(())
}

/// Judges the running month, and the days that are not settled.
fn evaluated(policy: &Policy, totals: &Totals, baselines: Baselines) -> Result<(), Box<dyn Error>> {
    let end = TimeZone::UTC.to_timestamp(TODAY.at(20, 0, 0, 0))?;
    let mut periods = vec![Period::of_day(PeriodKind::Month, TODAY, &TimeZone::UTC)?];
    for day in TODAY.saturating_sub(LATE.days()).series(1.day()).take_while(|day| *day <= TODAY) {
        periods.push(Period::of_day(PeriodKind::Day, day, &TimeZone::UTC)?);
    }
    let (coverage, receipt, receiver) = (Coverage::default(), Receipt::default(), Receiver::default_at("topic"));
    let case = Case {
        policy,
        totals,
        coverage: &coverage,
        receipt: &receipt,
        periods: &periods,
        receiver: &receiver,
        as_of: end - SignedDuration::from_secs(1),
        link: None,
        rerun: false,
    };
    let findings = evaluate(&case, &History { baselines: [(SMS, baselines)].into(), ..History::default() });
    if findings.is_empty() { Err("nothing was found".into()) } else { Ok(()) }
}

fn sums(numbers: u32, day: Date) -> Result<DaySums, Box<dyn Error>> {
    let seed = u32::from(day.day_of_year().unsigned_abs());
    judging::sums(numbers, |number| {
        let messages = u64::from(1 + (number * 7 + seed * 13) % 90);
        (messages * 205, messages)
    })
}
