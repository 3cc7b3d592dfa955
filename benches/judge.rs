//! How long a year of daily sums takes to be judged, and how much memory, by the number of billing numbers.
//!
//! Each size is a process of its own, so that its peak is its own. The year is put together from daily sums as the daybook hands them out,
//! and each of its months is judged against a budget for each number and one for the account. Times are CPU times, which the machine's other
//! work does not lengthen. The baseline of each size is the one before, ten times as large: linear growth.
//! Then the budgets grow: ten thousand numbers are judged against 10 and against 1,000 budgets in one process, most of which name numbers. The
//! baseline is 10 budgets. Both policies are parsed; the baselines are the short one, and what toml alone takes to read the same document.
//! `cargo bench --bench judge` prints a table and draws `benches/pictures/judge.svg`.
#![allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    clippy::float_arithmetic,
    clippy::print_stdout,
    reason = "a measurement reads the clock and prints"
)]

#[path = "support/judging.rs"]
mod judging;
#[path = "support/picture.rs"]
mod picture;
#[path = "support/sizes.rs"]
mod sizes;

use std::error::Error;
use std::path::Path;

use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use judging::cpu_ms;
use picture::Curve;
use zoom_sms_cost_alerts::domain::case::Case;
use zoom_sms_cost_alerts::domain::coverage::{Coverage, Receipt};
use zoom_sms_cost_alerts::domain::evaluate::{History, evaluate};
use zoom_sms_cost_alerts::domain::period::{Period, PeriodKind};
use zoom_sms_cost_alerts::domain::policy::{Policy, Receiver};
use zoom_sms_cost_alerts::domain::product::Product;
use zoom_sms_cost_alerts::domain::totals::{DaySums, Totals};

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
        Err(_) => {
            // Only the budgets, where the figures by size are known already.
            if std::env::var_os("BUDGETS").is_none() {
                all()?;
            }
            budgets()
        }
    }
}

/// So many budgets on numbers: all but two name some each, every fourth by the beginning of a hundred.
fn policy_of(budgets: usize) -> String {
    let budget = |place: usize| {
        let only = if place.is_multiple_of(4) {
            format!("[\"+1202{:05}*\"]", place / 4)
        } else {
            let numbers = (0..5).map(|number| format!("\"+1202{:07}\"", number * 1_000 + place));
            format!("[{}]", numbers.collect::<Vec<_>>().join(", "))
        };
        format!(
            "[[budget]]\nname = \"desk {place}\"\nscope = \"billing_number\"\nonly = {only}\ncurrency = \"USD\"\namount = 50\nalert_at = [50, 80, 100]\n"
        )
    };
    (2..budgets).map(budget).fold(POLICY.to_owned(), |policy, budget| policy + &budget)
}

/// Ten thousand numbers against few and many budgets, and what a long policy takes to parse.
fn budgets() -> Result<(), Box<dyn Error>> {
    const NUMBERS: u32 = 10_000;
    const ROUNDS: u32 = 20;
    const BUDGETS: [usize; 2] = [10, 1_000];
    let totals = totals(NUMBERS)?;
    println!("\nbudgets   policy         parsed   toml alone   judged, {NUMBERS} numbers, one month");
    let mut judged = Vec::new();
    for budgets in BUDGETS {
        let document = policy_of(budgets);
        let policy = Policy::parse(&document).map_err(|faults| faults.to_string())?;
        // The scheduler's books are kept by the tick: a short policy is parsed often enough for many of them.
        let rounds = ROUNDS * u32::try_from(BUDGETS[1] / budgets)?;
        let parsed = per_round(rounds, || Policy::parse(&document).map(drop).map_err(|faults| faults.to_string()))?;
        let toml =
            per_round(rounds, || toml::de::DeTable::parse(&document).map(drop).map_err(|error| error.to_string()))?;
        let judging = per_round(ROUNDS, || judge(&policy, &totals, NUMBERS, 11).map_err(|error| error.to_string()))?;
        println!("{budgets:>7} {:>5} KiB {parsed:>11.2} ms {toml:>9.2} ms {judging:>9.2} ms", document.len() / 1024);
        judged.push((judging, parsed, toml));
    }
    let [(few, short, _), (many, parsed, toml)] = judged[..] else { return Err("two sizes".into()) };
    println!(
        "1,000 budgets / 10: judging {:.2}, parsing {:.1}; parsing 1,000 / toml alone: {:.2}; parsing / judging once: {:.2}",
        many / few,
        parsed / short,
        parsed / toml,
        parsed / many
    );
    Ok(())
}

/// CPU milliseconds of one of so many rounds.
fn per_round(rounds: u32, mut work: impl FnMut() -> Result<(), String>) -> Result<f64, Box<dyn Error>> {
    work()?;
    let started = cpu_ms()?;
    for _ in 0..rounds {
        work()?;
    }
    Ok((cpu_ms()? - started) / f64::from(rounds))
}

fn totals(numbers: u32) -> Result<Totals, Box<dyn Error>> {
    let mut totals = Totals::of("account".into(), &[Product::Sms]);
    for day in 0..DAYS {
        totals.set(Product::Sms, first_day()?.checked_add(day.days())?, &sums(numbers, day)?);
    }
    Ok(totals)
}

fn first_day() -> Result<Date, Box<dyn Error>> {
    Ok("2025-11-01".parse()?)
}

/// Judges one month: each number, and the account.
fn judge(policy: &Policy, totals: &Totals, numbers: u32, month: i32) -> Result<(), Box<dyn Error>> {
    let receiver = Receiver::default_at("topic");
    let (coverage, receipt, history) = (Coverage::default(), Receipt::default(), History::default());
    let at = TimeZone::UTC.to_timestamp(first_day()?.checked_add(month.months())?.at(0, 0, 0, 0))?;
    let period = Period::containing(PeriodKind::Month, at, &TimeZone::UTC)?;
    let case = Case {
        policy,
        totals,
        coverage: &coverage,
        receipt: &receipt,
        periods: &[period],
        receiver: &receiver,
        as_of: at,
        link: None,
        rerun: false,
    };
    let findings = evaluate(&case, &history).len();
    if findings != numbers as usize + 1 {
        Err(format!("{findings} findings of {numbers} numbers").into())
    } else {
        Ok(())
    }
}

fn all() -> Result<(), Box<dyn Error>> {
    println!("numbers     cells   put together      judged   peak memory   growth of CPU time, 10 = linear");
    let mut figures: Vec<(f64, f64, f64)> = Vec::new();
    for numbers in SIZES {
        let [loaded, judged, peak] = sizes::measured(numbers)?;
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
    let (mut to_load, mut to_judge) = (0.0, 0.0);
    // The scheduler's books are kept by the tick: few numbers are done often enough for many of them.
    let rounds = (SIZES[2] / numbers).max(1);
    for _ in 0..rounds {
        let started = cpu_ms()?;
        let totals = totals(numbers)?;
        let loaded = cpu_ms()?;
        for month in 0..12 {
            judge(&policy, &totals, numbers, month)?;
        }
        to_load += loaded - started;
        to_judge += cpu_ms()? - loaded;
    }
    println!("{} {} {}", to_load / f64::from(rounds), to_judge / f64::from(rounds), sizes::peak_mib()?);
    Ok(())
}

fn sums(numbers: u32, day: i32) -> Result<DaySums, Box<dyn Error>> {
    judging::sums(numbers, |number| {
        let money = number % 3 * 10_000 + 1 + (number + day.unsigned_abs()) % 9_999;
        (money.into(), u64::from(1 + number % 90))
    })
}
