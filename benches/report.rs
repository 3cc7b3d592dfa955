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

#[path = "support/past.rs"]
mod past;

use std::error::Error;
use std::process::Command;
use std::time::Instant;

use past::{POLICY, past};
use zoom_sms_cost_alerts::daybook::{Saved, read_file, write_file};
use zoom_sms_cost_alerts::domain::page::Page;
use zoom_sms_cost_alerts::domain::policy::Policy;
use zoom_sms_cost_alerts::page::{Theme, document, widget};

const SIZES: [u32; 3] = [200, 2_000, 10_000];
/// What a run stores.
const MOST_STORED: usize = 300_000;

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
    write_file(&mut file, &Saved { past: past(numbers)?, until: "2026-12-01T00:00:00Z".parse()? })?;
    let started = Instant::now();
    let saved = read_file(file.as_slice())?;
    let parsed = started.elapsed().as_secs_f64();
    let started = Instant::now();
    let page = Page::of_past(&saved.past, saved.until, &policy, None)?.ok_or("no day")?;
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
