//! How large the report page is and how long it takes, by the number of billing numbers; loading the past is not in it.
//!
//! Each size is a process of its own. The baseline is what nothing can do without: the past parsed from its file once. Limits: 200 numbers
//! under 1 MB and 1 s, 10,000 under 3 MB and 5 s. `cargo bench --bench report` prints a table.
#![allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    clippy::float_arithmetic,
    clippy::print_stdout,
    reason = "a measurement reads the clock and prints"
)]

use std::error::Error;
use std::process::Command;
use std::time::Instant;

use jiff::ToSpan;
use jiff::civil::Date;
use zoom_sms_cost_alerts::daybook::{Saved, read_file, write_file};
use zoom_sms_cost_alerts::domain::charge::Line;
use zoom_sms_cost_alerts::domain::money::{Amount, Currency};
use zoom_sms_cost_alerts::domain::page::Page;
use zoom_sms_cost_alerts::domain::policy::Policy;
use zoom_sms_cost_alerts::domain::replay::Past;
use zoom_sms_cost_alerts::domain::totals::{DaySums, Sum};
use zoom_sms_cost_alerts::page::{Theme, document, widget};

const SIZES: [u32; 3] = [200, 2_000, 10_000];
const DAYS: i32 = 395;
/// What a run stores.
const MOST_STORED: usize = 300_000;
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
    if let Ok(numbers) = std::env::var("NUMBERS") {
        return one(numbers.parse()?);
    }
    println!("numbers   past parsed   page made   times   drawn in   page      widget    stored");
    for numbers in SIZES {
        let out = Command::new(std::env::current_exe()?).env("NUMBERS", numbers.to_string()).output()?;
        print!("{}", String::from_utf8(out.stdout)?);
    }
    Ok(())
}

fn one(numbers: u32) -> Result<(), Box<dyn Error>> {
    let policy = Policy::parse(POLICY).map_err(|faults| faults.to_string())?;
    let mut file = Vec::new();
    write_file(&mut file, &saved(numbers)?)?;
    let started = Instant::now();
    let saved = read_file(file.as_slice())?;
    let parsed = started.elapsed().as_secs_f64();
    let started = Instant::now();
    let page = Page::of_past(&saved.past, saved.until, &policy)?.ok_or("no day")?;
    let made = started.elapsed().as_secs_f64();
    let started = Instant::now();
    let html = document(&page);
    let drawn = started.elapsed().as_secs_f64();
    let widget = widget(&page, Theme::Light, 1_200);
    let stored = page.fitting(MOST_STORED).bytes();
    let kilobytes = |bytes: usize| bytes.div_ceil(1_000);
    println!(
        "{numbers:>7} {parsed:>11.3} s {made:>9.3} s {:>7.1} {:>8.1} ms {:>6} kB {:>6} kB {:>6} kB",
        (made + drawn) / parsed,
        drawn * 1_000.0,
        kilobytes(html.len()),
        kilobytes(widget.len()),
        kilobytes(stored),
    );
    Ok(())
}

fn saved(numbers: u32) -> Result<Saved, Box<dyn Error>> {
    let first: Date = "2025-11-01".parse()?;
    let currency = Currency::parse("USD")?;
    let line = |number: u32| Line {
        number: format!("+1202{number:07}").into(),
        department: format!("Department {}", number % 50).into(),
        cost_center: "CC-1".into(),
        extension: format!("{}", 1_000 + number).into(),
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
                sums.push((line.clone(), Sum { amount: Amount::parse(&format!("{}e-4", 205 * messages))?, messages }));
            }
        }
        Ok((first.checked_add(day.days())?, sums))
    };
    let days = (0..DAYS).map(&mut day).collect::<Result<_, _>>()?;
    let past = Past { account: "account".to_owned(), zone: "UTC".to_owned(), days };
    Ok(Saved { past, until: "2026-12-01T00:00:00Z".parse()? })
}
