//! How long a replay of thirteen months takes, and how much memory, by the number of billing numbers.
//!
//! Each size is a process of its own, so that its peak is its own. The policy has a budget with levels and a forecast for each number, one for
//! the account, and watches each number for spikes. The baseline is what nothing can do without: each cell added up once. Data are generated:
//! weekdays, noise, growth, and a burst now and then. `cargo bench --bench replay` prints a table.
#![allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    clippy::float_arithmetic,
    clippy::print_stdout,
    reason = "a measurement reads the clock and prints"
)]

#[path = "support/sizes.rs"]
mod sizes;

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::Arc;
use std::time::Instant;

use jiff::ToSpan;
use jiff::civil::Date;
use zoom_sms_cost_alerts::domain::charge::Line;
use zoom_sms_cost_alerts::domain::money::{Amount, Currency};
use zoom_sms_cost_alerts::domain::policy::Policy;
use zoom_sms_cost_alerts::domain::replay::{Past, replay};
use zoom_sms_cost_alerts::domain::totals::{DaySums, Sum};

const SIZES: [u32; 3] = [200, 2_000, 10_000];
const DAYS: i32 = 395;
const POLICY: &str = r#"
    [[budget]]
    name = "every number"
    scope = "billing_number"
    currency = "USD"
    amount = 60
    alert_at = [50, 80, 100]
    forecast_at = [100]
    [[budget]]
    name = "all"
    scope = "account"
    currency = "USD"
    amount = 100000
    forecast_at = [100]
    [[spike]]
    name = "runaway"
    scope = "billing_number"
    currency = "USD"
"#;

fn main() -> Result<(), Box<dyn Error>> {
    match std::env::var("NUMBERS") {
        Ok(numbers) => one(numbers.parse()?),
        Err(_) => all(),
    }
}

fn all() -> Result<(), Box<dyn Error>> {
    println!("numbers     cells    summed once    replayed   times   alerts   peak memory   of it the past");
    for numbers in SIZES {
        let [cells, once, replayed, alerts, peak, past] = sizes::measured(numbers)?;
        let times = replayed / once;
        println!(
            "{numbers:>7} {cells:>9} {once:>11.3} s {replayed:>9.2} s {times:>7.0} {alerts:>8} {peak:>9.0} MiB {past:>10.0} MiB"
        );
    }
    Ok(())
}

/// Prints cells, seconds to add them up, seconds to replay, alerts, and the process's peak in MiB, after and before the replay.
fn one(numbers: u32) -> Result<(), Box<dyn Error>> {
    let policy = Policy::parse(POLICY).map_err(|faults| faults.to_string())?;
    let past = past(numbers)?;
    let cells: usize = past.days.values().map(Vec::len).sum();
    let before = sizes::peak_mib()?;
    let started = Instant::now();
    let mut sums = BTreeMap::<Currency, Sum>::new();
    for (line, sum) in past.days.values().flatten() {
        sums.entry(line.currency).or_default().add(*sum);
    }
    let once = started.elapsed().as_secs_f64();
    let first = past.ends().ok_or("no day")?.0;
    let started = Instant::now();
    let replayed = replay(&past, &policy, first, &|_| {})?;
    let took = started.elapsed().as_secs_f64();
    println!("{cells} {once} {took} {} {} {before}", replayed.sent.len(), sizes::peak_mib()?);
    Ok(())
}

/// Each text once, as loading leaves it.
fn past(numbers: u32) -> Result<Past, Box<dyn Error>> {
    let first: Date = "2025-11-01".parse()?;
    let currency = Currency::parse("USD")?;
    let departments: Vec<Arc<str>> = (0..50).map(|department| format!("Department {department}").into()).collect();
    let line = |number: u32| Line {
        number: format!("+1202{number:07}").into(),
        department: departments.get(number as usize % 50).cloned().unwrap_or_default(),
        cost_center: "CC-1".into(),
        extension: format!("{}", 1000 + number).into(),
        name: format!("Desk {number}").into(),
        currency,
    };
    let lines: Vec<Line> = (0..numbers).map(line).collect();
    let mut dice = 1_u64;
    let mut next = move || {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        dice >> 33
    };
    let mut day = |day: i32| -> Result<(Date, DaySums), Box<dyn Error>> {
        let mut sums = DaySums::new();
        for (number, line) in (0_u64..).zip(&lines) {
            let usual = 4 + number % 60 + u64::from(day.unsigned_abs()) * (number % 7) / 60;
            let usual = if day % 7 > 4 { usual / 4 } else { usual };
            let messages = usual / 2 + next() % (usual + 1) + if next() % 5_000 == 0 { 30 * usual } else { 0 };
            if messages > 0 {
                let amount = Amount::parse(&format!("{}e-4", 205 * messages))?;
                sums.push((line.clone(), Sum { amount, messages }));
            }
        }
        sums.shrink_to_fit();
        Ok((first.checked_add(day.days())?, sums))
    };
    let days = (0..DAYS).map(&mut day).collect::<Result<_, _>>()?;
    Ok(Past { account: "account".to_owned(), zone: "UTC".to_owned(), days })
}
