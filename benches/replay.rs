//! How long a replay of thirteen months takes, and how much memory, by the number of billing numbers.
//!
//! Each size is a process of its own, so that its peak is its own. The policy has a budget with levels and a forecast for each number, one for
//! the account, and watches each number for spikes. The baseline is what nothing can do without: each cell added up once.
//! `cargo bench --bench replay` prints a table.
#![allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    clippy::float_arithmetic,
    clippy::print_stdout,
    reason = "a measurement reads the clock and prints"
)]

#[path = "support/past.rs"]
mod past;
#[path = "support/sizes.rs"]
mod sizes;

use std::collections::BTreeMap;
use std::error::Error;
use std::time::Instant;

use jiff::civil::Date;

use past::{POLICY, past};
use zoom_sms_cost_alerts::domain::money::Currency;
use zoom_sms_cost_alerts::domain::policy::Policy;
use zoom_sms_cost_alerts::domain::replay::replay;
use zoom_sms_cost_alerts::domain::totals::Sum;

const SIZES: [u32; 3] = [200, 2_000, 10_000];

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
    let cells: usize = past.cells(&policy, Date::MIN, Date::MAX).count();
    let before = sizes::peak_mib()?;
    let started = Instant::now();
    let mut sums = BTreeMap::<Currency, Sum>::new();
    for (line, sum) in past.cells(&policy, Date::MIN, Date::MAX) {
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
