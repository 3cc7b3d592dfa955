//! How well forecasts and spikes do on a hundred synthetic numbers, beside simpler rules, and how long they take.
//!
//! Forecasts: 13 months of each number, judged after each day from the third on against thresholds at multiples of the typical month.
//! Spikes: each number's days from its fourteenth month on, as they are (every alert is false) and with bursts put in.
//! `cargo bench --profile dev --bench foresight` prints tables, draws `docs/images/foresight-*.svg`, and fails if a figure of the product's
//! two methods is not the reference's. Times depend on the profile: without `--profile dev` they are those of optimized code.
//! `FORESIGHT_DATA` names another file of the same format; then nothing is expected.
#![allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    clippy::float_arithmetic,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a benchmark reads the clock, computes and prints"
)]

#[path = "foresight/forecasts.rs"]
mod forecasts;
#[path = "foresight/pictures.rs"]
mod pictures;
#[path = "foresight/series.rs"]
mod series;
#[path = "foresight/spikes.rs"]
mod spikes;

use std::error::Error;
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use zoom_sms_cost_alerts::domain::foresight::forecast::Outlook;
use zoom_sms_cost_alerts::domain::foresight::replay::Replay;
use zoom_sms_cost_alerts::domain::foresight::spike::{ALPHA, Sensitivity, alpha};

use pictures::Curve;
use series::Series;
use spikes::Rule;

/// What the reference gives on the same data, as it is printed.
const EXPECTED: [&str; 7] = [
    "coverage 81.98 Brier 0.12181",
    "precision 89.96 recall 80.25 false 0.6925",
    "precision 89.75 recall 75.72 false 0.5407",
    "precision 86.90 recall 72.13 false 0.5217",
    "precision 88.83 recall 66.55 false 0.2182",
    "precision 79.17 recall 29.23 false 0.0474",
    "7 alerts in 1291.91 subject-months, found 48/467 197/516 363/593 500/701",
];
/// Numbers that a year of watching is timed for.
const MANY: f64 = 10_000.0;

fn main() -> Result<(), Box<dyn Error>> {
    let all = series::read()?;
    let images = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/images");
    let mut figures = forecast_tables(&all, &images)?;
    figures.push(spike_tables(&all, &images)?);
    times(&all);
    let missed: Vec<_> = figures.iter().zip(EXPECTED).filter(|(figure, expected)| figure != expected).collect();
    if std::env::var_os("FORESIGHT_DATA").is_some() || missed.is_empty() {
        return Ok(());
    }
    Err(format!("not the reference's figures (ours, its own): {missed:#?}").into())
}

/// Prints what rules made of the months. Returns the figures of the product's rule.
fn forecast_tables(all: &[Series], images: &Path) -> Result<Vec<String>, Box<dyn Error>> {
    let rules: [(&str, forecasts::Rule); 3] = [
        ("G*, P ≥ 0.8", forecasts::outlook),
        ("run-rate", forecasts::run_rate),
        ("mean of 28 days", forecasts::mean_of_28),
    ];
    let (scores, calibration) = forecasts::judge(all, &rules.map(|(_, rule)| rule))?;
    println!("Forecasts: precision % / recall before the breach % / false alerts a number and year");
    println!("| rule | {} |\n|---|{}", forecasts::MULTIPLES.map(|of| format!("{of:.1}")).join(" | "), "---|".repeat(5));
    for ((name, _), scores) in rules.iter().zip(&scores) {
        let cell = |score: &forecasts::Score| {
            format!("{:.2} / {:.2} / {:.4}", score.precision(), score.recall(), score.false_a_year())
        };
        println!("| {name} | {} |", scores.each_ref().map(cell).join(" | "));
    }
    let known = format!("coverage {:.2} Brier {:.5}", calibration.coverage(), calibration.brier());
    println!(
        "G* after 5, 10, 15 and 20 days: {known}; with the days after which nothing more was charged, coverage {:.2}\n",
        calibration.coverage_of_all()
    );
    let percent = |(number, stated, happened): (f64, f64, f64)| (100.0 * stated / number, 100.0 * happened / number);
    let points = calibration.tenths.into_iter().filter(|tenth| tenth.0 > 0.0).map(percent).collect();
    pictures::calibration(&images.join("foresight-calibration.svg"), Curve { name: "G*", points })?;
    let figure = |score: &forecasts::Score| {
        let (precision, recall, a_year) = (score.precision(), score.recall(), score.false_a_year());
        format!("precision {precision:.2} recall {recall:.2} false {a_year:.4}")
    };
    Ok(std::iter::once(known).chain(scores.iter().take(1).flatten().map(figure)).collect())
}

/// Prints what rules made of the days. Returns the figures of the product's rule.
fn spike_tables(all: &[Series], images: &Path) -> Result<String, Box<dyn Error>> {
    println!(
        "Spikes, floor 1 USD\n| rule | alerts | per 100 subject-months | recall of ×3 / ×5 / ×10 / ×20 |\n|---|---|---|---|"
    );
    let print = |name: &str, rule: Rule| {
        let score = spikes::judge(all, rule);
        let recall = score.recall().map(|percent| format!("{percent:.1}")).join(" / ");
        println!("| {name} | {} | {:.2} | {recall} |", score.alerts, score.per_100_months());
        score
    };
    let score = print("S*, N = 100: α = 1e-4", Rule::Usual(alpha(100)));
    print("S*, N = 1,000: α = 3e-5", Rule::Usual(alpha(1_000)));
    print("S*, N = 10,000: α = 3e-6", Rule::Usual(alpha(10_000)));
    print("ratio ≥ 2", Rule::Ratio(2.0));
    print("z ≥ 3", Rule::ZScore(3.0));
    print("median deviation ≥ 3.5", Rule::MedianDeviation(3.5));
    println!();
    let curve = |name, rule: fn(f64) -> Rule, at: &[f64]| {
        let scores = at.iter().map(|at| spikes::judge(all, rule(*at))).filter(|score| score.alerts > 0);
        Curve { name, points: scores.map(|score| (score.per_100_months(), score.recall()[2])).collect() }
    };
    let curves = [
        curve("S*, α 1e-2 to 3e-6", Rule::Usual, &[1e-2, 1e-3, 1e-4, 3e-5, 3e-6]),
        curve("ratio, 2 to 12", Rule::Ratio, &[2.0, 3.0, 4.0, 6.0, 8.0, 12.0]),
        curve("z, 3 to 20", Rule::ZScore, &[3.0, 4.0, 6.0, 8.0, 12.0, 20.0]),
        curve("median deviation, 3.5 to 50", Rule::MedianDeviation, &[3.5, 6.0, 10.0, 15.0, 25.0, 50.0]),
    ];
    pictures::alarms(&images.join("foresight-spikes.svg"), "One-day bursts of ×10: found, and at what price", &curves)?;
    let found = score.found.map(|(found, put_in)| format!("{found}/{put_in}")).join(" ");
    Ok(format!("{} alerts in {:.2} subject-months, found {found}", score.alerts, score.months()))
}

/// Prints how long one forecast and one year of a replay take, beside the simplest rule of each kind.
fn times(all: &[Series]) {
    let years = || all.iter().filter(|series| series.counts.len() >= 365);
    let number = years().count() as f64;
    let time = |work: &dyn Fn(&Series)| {
        let round = || {
            let started = Instant::now();
            years().for_each(work);
            started.elapsed()
        };
        // The least disturbed of some rounds.
        (0..5).map(|_| round()).min().unwrap_or(Duration::ZERO).as_secs_f64() * 1e6 / number
    };
    let forecast = time(&|series| {
        black_box(Outlook::new(black_box(&series.charges[..365]), 20, series.price()));
    });
    let mean = time(&|series| {
        black_box(black_box(&series.charges[..365]).iter().rev().take(28).sum::<f64>());
    });
    let replay = time(&|series| {
        let mut replay = Replay::default();
        let sensitivity = Sensitivity { alpha: ALPHA, floor: 1.0 / series.price() };
        replay.days(black_box(&series.counts[..365]), &sensitivity);
        black_box(replay.usual());
    });
    let z_score = time(&|series| {
        for day in 28..365 {
            black_box(spikes::simple(&series.counts[day.max(91) - 91..day], Rule::ZScore(3.0), 40.0));
        }
    });
    println!("Times, the least of five rounds\n| | µs a number | beside | for 10,000 numbers |\n|---|---|---|---|");
    for (name, ours, theirs) in [("forecast, 365 days", forecast, mean), ("spikes, a year replayed", replay, z_score)] {
        println!("| {name} | {ours:.2} | {theirs:.2} ({:.0} ×) | {:.2} s |", ours / theirs, ours * MANY / 1e6);
    }
}
