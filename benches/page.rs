//! How many rows a second are parsed, known and summed, against a bare serde_json pass over the same pages.
//!
//! Both take each page by turns, so that what else the machine does weighs on both alike; of each page's times the median counts.
//! `cargo bench --bench page` measures with the settings of `[profile.release]`, which is what is deployed.
#![allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    clippy::float_arithmetic,
    clippy::print_stdout,
    reason = "a measurement reads the clock and prints"
)]

mod baseline;

use std::error::Error;
use std::time::{Duration, Instant};

use jiff::tz::TimeZoneDatabase;
use zoom_sms_cost_alerts::clients::zoom::{PageReader, SMS};

const PAGES: u64 = 64;
const ROUNDS: usize = 31;

fn main() -> Result<(), Box<dyn Error>> {
    let zone = TimeZoneDatabase::bundled().get("America/New_York")?;
    let (first_day, until) = ("2026-10-31".parse()?, "2026-12-01T00:00:00Z".parse()?);
    let bodies: Vec<String> = (0..PAGES).map(baseline::pages::page).collect();
    let rows = PAGES * baseline::pages::ROWS;

    let mut times = vec![(Vec::new(), Vec::new()); bodies.len()];
    for _ in 0..ROUNDS {
        let mut reader = PageReader::of(&SMS, zone.clone(), first_day, until);
        let mut passed = 0;
        for (body, (ours, bare)) in bodies.iter().map(String::as_bytes).zip(&mut times) {
            let start = Instant::now();
            passed += baseline::pass(body)?;
            bare.push(start.elapsed());

            let start = Instant::now();
            reader.take(body)?;
            ours.push(start.elapsed());
        }
        if (reader.rows(), passed) != (rows, rows) {
            return Err(format!("of {rows} rows {} were summed, and {passed} passed over", reader.rows()).into());
        }
    }

    let (ours, bare): (Vec<_>, Vec<_>) = times.into_iter().map(|(ours, bare)| (median(ours), median(bare))).unzip();
    let (ours, bare) = (rows_a_second(rows, &ours), rows_a_second(rows, &bare));
    println!("page: ours {:.3} M rows/s, baseline {:.3} M rows/s, ratio {:.3}", ours / 1e6, bare / 1e6, ours / bare);
    Ok(())
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

fn rows_a_second(rows: u64, times: &[Duration]) -> f64 {
    rows as f64 / times.iter().sum::<Duration>().as_secs_f64()
}
