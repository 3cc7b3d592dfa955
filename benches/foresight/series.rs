//! The benchmark's numbers: synthetic, one a line, daily counts and charges.

use std::error::Error;
use std::path::PathBuf;

use jiff::ToSpan as _;
use jiff::civil::{Date, date};

/// Index 0 of every series.
const DAY_0: Date = date(2024, 1, 1);
/// Months of the data.
pub(crate) const MONTHS: usize = 26;

/// One billing number: a day's count and charges for every day from its first charge to the data's end.
pub(crate) struct Series {
    /// The index of its first day.
    pub(crate) first: usize,
    /// Messages.
    pub(crate) counts: Vec<f64>,
    /// Charges in USD.
    pub(crate) charges: Vec<f64>,
}

impl Series {
    /// What a message costs on average.
    pub(crate) fn price(&self) -> f64 {
        self.charges.iter().sum::<f64>() / self.counts.iter().sum::<f64>()
    }
}

/// Reads the series from the file that `FORESIGHT_DATA` names, or from the one beside the benchmark.
pub(crate) fn read() -> Result<Vec<Series>, Box<dyn Error>> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("benches/data/foresight/open_100.csv");
    let path = std::env::var_os("FORESIGHT_DATA").map_or_else(beside, PathBuf::from);
    let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    text.lines().map(series).collect()
}

/// `seed,first day's index,counts,charges in 1e-4 USD`; the days are separated by spaces.
fn series(line: &str) -> Result<Series, Box<dyn Error>> {
    let [_seed, first, counts, charges] = line.split(',').collect::<Vec<_>>()[..] else {
        return Err(format!("not a series: {line:.40}").into());
    };
    let days = |text: &str, unit: f64| -> Result<Vec<f64>, std::num::ParseFloatError> {
        text.split(' ').map(|day| day.parse::<f64>().map(|day| day / unit)).collect()
    };
    Ok(Series { first: first.parse()?, counts: days(counts, 1.0)?, charges: days(charges, 1e4)? })
}

/// The index of a month's first day; the month counted from 0.
pub(crate) fn month_start(month: usize) -> Result<usize, Box<dyn Error>> {
    let start = DAY_0.checked_add(i32::try_from(month)?.months())?;
    Ok(usize::try_from(DAY_0.until(start)?.get_days())?)
}

/// The total of a month, added in eight lanes as numpy does. Of the months that end exactly at a threshold, rounding decides, and only so does
/// it decide as in the reference.
pub(crate) fn total(days: &[f64]) -> f64 {
    let (lanes, rest) = days.as_chunks::<8>();
    let Some((first, others)) = lanes.split_first() else { return days.iter().sum() };
    let mut sums = *first;
    for lane in others {
        sums.iter_mut().zip(lane).for_each(|(sum, day)| *sum += day);
    }
    let [a, b, c, d, e, f, g, h] = sums;
    rest.iter().fold(((a + b) + (c + d)) + ((e + f) + (g + h)), |sum, day| sum + day)
}
