//! Months of the past, forecast day by day.

use std::error::Error;

use zoom_sms_cost_alerts::domain::foresight::forecast::{FIRST_DAY, FORECAST_AT, LEAST_DAYS, Outlook, Rest};

use crate::series::{MONTHS, Series, month_start, total};

/// A month that is judged has so many before it, less one.
const FIRST_MONTH: usize = 13;
/// Days of history before the month.
const BEFORE: usize = 365;
/// A threshold is a multiple of the typical month: the median of so many whole months before, …
const MOST_TYPICAL: usize = 6;
/// … of so many at least.
const LEAST_TYPICAL: usize = 2;
/// Calibration is measured after so many days of a month.
const CALIBRATED: [usize; 4] = [5, 10, 15, 20];
/// Below this many USD, a typical month is not worth an alert.
const LEAST_TYPICAL_MONTH: f64 = 0.10;
/// The multiples.
pub(crate) const MULTIPLES: [f64; 5] = [0.9, 1.0, 1.1, 1.3, 2.0];

/// What a rule sees on one day.
pub(crate) struct Day<'a> {
    /// Charges of the history and of the month so far.
    pub(crate) history: &'a [f64],
    /// Charges of the month so far.
    pub(crate) so_far: f64,
    /// Days of the month that have passed.
    pub(crate) passed: usize,
    /// Charges of the days that are left: what a rule must not look at.
    pub(crate) to_come: f64,
    /// Days of the month that are left.
    pub(crate) left: usize,
    /// What a message of this number costs on average.
    pub(crate) price: f64,
}

/// A rule: whether the month ends at the threshold or above.
pub(crate) type Rule = fn(&Day<'_>, Option<&Outlook>, f64) -> bool;

/// The rule of the product.
pub(crate) fn outlook(day: &Day<'_>, outlook: Option<&Outlook>, threshold: f64) -> bool {
    outlook.is_some_and(|outlook| outlook.later(0.0).probability(threshold - day.so_far) >= FORECAST_AT)
}

/// The month goes on as it began.
pub(crate) fn run_rate(day: &Day<'_>, _: Option<&Outlook>, threshold: f64) -> bool {
    day.so_far / day.passed as f64 * (day.passed + day.left) as f64 >= threshold
}

/// The days left are like the last 28.
pub(crate) fn mean_of_28(day: &Day<'_>, _: Option<&Outlook>, threshold: f64) -> bool {
    let days = day.history.len().min(28);
    let mean = day.history[day.history.len() - days..].iter().sum::<f64>() / days as f64;
    day.so_far + mean * day.left as f64 >= threshold
}

/// What came of one rule, for each of the multiples.
pub(crate) type Scores = [Score; MULTIPLES.len()];

/// What came of one rule and one multiple.
#[derive(Clone, Copy, Default)]
pub(crate) struct Score {
    pub(crate) months: u32,
    pub(crate) breaches: u32,
    pub(crate) right: u32,
    pub(crate) wrong: u32,
}

impl Score {
    pub(crate) fn precision(&self) -> f64 {
        100.0 * f64::from(self.right) / f64::from(self.right + self.wrong)
    }

    pub(crate) fn recall(&self) -> f64 {
        100.0 * f64::from(self.right) / f64::from(self.breaches)
    }

    /// False alerts a subject and year.
    pub(crate) fn false_a_year(&self) -> f64 {
        12.0 * f64::from(self.wrong) / f64::from(self.months)
    }
}

/// How well stated probabilities were kept, on some days of each month.
#[derive(Default)]
pub(crate) struct Calibration {
    /// Days after which something was still charged; how many of their months ended within the stated 80 percent.
    pub(crate) open: u32,
    pub(crate) open_covered: u32,
    /// The same of all days.
    pub(crate) days: u32,
    pub(crate) covered: u32,
    /// Probabilities of months with charges, and their sum of squared errors.
    pub(crate) stated: u32,
    pub(crate) squares: f64,
    /// The same by tenths: number, sum of probabilities, months that reached the threshold.
    pub(crate) tenths: [(f64, f64, f64); 10],
}

impl Calibration {
    pub(crate) fn coverage(&self) -> f64 {
        100.0 * f64::from(self.open_covered) / f64::from(self.open)
    }

    pub(crate) fn coverage_of_all(&self) -> f64 {
        100.0 * f64::from(self.covered) / f64::from(self.days)
    }

    pub(crate) fn brier(&self) -> f64 {
        self.squares / f64::from(self.stated)
    }

    fn cover(&mut self, to_come: f64, rest: &Rest) {
        let covered = (rest.quantile(0.1)..=rest.quantile(0.9)).contains(&to_come);
        let open = to_come > 0.0;
        self.days += 1;
        self.covered += u32::from(covered);
        self.open += u32::from(open);
        self.open_covered += u32::from(open && covered);
    }

    fn state(&mut self, probability: f64, reached: bool) {
        let outcome = f64::from(u8::from(reached));
        self.stated += 1;
        self.squares += (probability - outcome).powi(2);
        let (number, stated, happened) = &mut self.tenths[((probability * 10.0) as usize).min(9)];
        *number += 1.0;
        *stated += probability;
        *happened += outcome;
    }
}

/// Every month of every series, under every rule: a score for each rule and multiple.
pub(crate) fn judge(all: &[Series], rules: &[Rule]) -> Result<(Vec<Scores>, Calibration), Box<dyn Error>> {
    let mut scores = vec![Scores::default(); rules.len()];
    let mut calibration = Calibration::default();
    for series in all {
        for month in FIRST_MONTH..MONTHS {
            let Some(past) = Past::of(series, month)? else { continue };
            past.calibrate(&mut calibration);
            for (rule, scores) in rules.iter().zip(&mut scores) {
                past.judge(*rule, scores);
            }
        }
    }
    Ok((scores, calibration))
}

/// A month of the past.
struct Past<'a> {
    /// The typical month before it, if it is worth an alert.
    typical: Option<f64>,
    total: f64,
    /// The days on which a forecast is made, each with its outlook.
    days: Vec<(Day<'a>, Option<Outlook>)>,
}

impl Past<'_> {
    /// None if the series began after the month did.
    fn of(series: &Series, month: usize) -> Result<Option<Past<'_>>, Box<dyn Error>> {
        let (start, end) = (month_start(month)?, month_start(month + 1)?);
        if start < series.first {
            return Ok(None);
        }
        let days = days(series, start - series.first, end - series.first);
        let outlook = |day: &Day<'_>| Outlook::new(day.history, day.left as u32, day.price);
        let days = days
            .into_iter()
            .map(|day| {
                let outlook = outlook(&day);
                (day, outlook)
            })
            .collect();
        let total = total(&series.charges[start - series.first..end - series.first]);
        let typical = typical(series, month)?.filter(|typical| *typical >= LEAST_TYPICAL_MONTH);
        Ok(Some(Past { typical, total, days }))
    }

    fn calibrate(&self, calibration: &mut Calibration) {
        for (day, outlook) in &self.days {
            let Some(rest) = outlook.map(|outlook| outlook.later(0.0)) else { continue };
            if !CALIBRATED.contains(&day.passed) {
                continue;
            }
            calibration.cover(day.to_come, &rest);
            let Some(typical) = self.typical.filter(|_| self.total > 0.0) else { continue };
            for threshold in MULTIPLES.map(|multiple| multiple * typical) {
                if day.so_far < threshold {
                    calibration.state(rest.probability(threshold - day.so_far), self.total >= threshold);
                }
            }
        }
    }

    fn judge(&self, rule: Rule, scores: &mut Scores) {
        let Some(typical) = self.typical else { return };
        for (multiple, score) in MULTIPLES.iter().zip(scores) {
            let threshold = multiple * typical;
            let mut open = self.days.iter().take_while(|(day, _)| day.so_far < threshold);
            let alert = open.any(|(day, outlook)| {
                day.history.len() >= LEAST_DAYS as usize && rule(day, outlook.as_ref(), threshold)
            });
            let breach = self.total >= threshold;
            score.months += 1;
            score.breaches += u32::from(breach);
            score.right += u32::from(alert && breach);
            score.wrong += u32::from(alert && !breach);
        }
    }
}

/// The days of a month on which a forecast is made, seen from their ends.
pub(crate) fn days(series: &Series, start: usize, end: usize) -> Vec<Day<'_>> {
    let day = |passed: usize| Day {
        history: &series.charges[start.saturating_sub(BEFORE)..start + passed],
        so_far: series.charges[start..start + passed].iter().sum(),
        to_come: total(&series.charges[start + passed..end]),
        passed,
        left: end - start - passed,
        price: series.price(),
    };
    (FIRST_DAY as usize..end - start).map(day).collect()
}

/// The median of the whole months before this one.
fn typical(series: &Series, month: usize) -> Result<Option<f64>, Box<dyn Error>> {
    let mut totals = Vec::new();
    for before in month.saturating_sub(MOST_TYPICAL)..month {
        let (start, end) = (month_start(before)?, month_start(before + 1)?);
        if start >= series.first {
            totals.push(total(&series.charges[start - series.first..end - series.first]));
        }
    }
    totals.sort_by(f64::total_cmp);
    let middle = totals.len() / 2;
    let median = |totals: &[f64]| match totals.len() % 2 {
        0 => (totals[middle - 1] + totals[middle]) / 2.0,
        _ => totals[middle],
    };
    Ok((totals.len() >= LEAST_TYPICAL).then(|| median(&totals)))
}
