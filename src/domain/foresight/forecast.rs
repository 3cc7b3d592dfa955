//! Where a period will end, from a subject's own past days.
//!
//! What is still to come is a **mean**: the level of the past 4 and 13 weeks, with weights of weekdays, times the days left. Around it lies a
//! **variance**, of two sources: the spread of weekly sums, and the errors that the same rule would have made on every past day. The more
//! past days there are, the more the second counts. Mean and variance together are taken for a gamma distribution, which is never negative
//! and leans to the right as charges do.
//!
//! The outlook is made of complete days, so it holds all day: [`Outlook::later`] takes the gone part of today out of it.
#![allow(clippy::disallowed_types, clippy::float_arithmetic, reason = "a probability is no money")]

use serde::{Deserialize, Serialize};

use super::special::{gamma_quantile, gamma_tail, sane};

/// An alert is due from this probability on that the threshold is reached.
pub const FORECAST_AT: f64 = 0.8;
/// Complete days of history that a forecast needs.
pub const LEAST_DAYS: u32 = 7;
/// The period's first day, counted from 1, on which a forecast is made.
pub const FIRST_DAY: u32 = 3;
/// Below so many complete days, a message says how short the history is.
pub const SHORT_HISTORY: u32 = 28;
/// Older days are not looked at.
pub const MOST_DAYS: u32 = 395;

/// The days of the level: the mean of the last 4 weeks and the mean of the last 13 count half each.
const LEVEL_DAYS: [usize; 2] = [28, 91];
/// Weekdays are weighed by so many days at most, and not at all below [`LEAST_WEEKDAY_DAYS`].
const WEEKDAY_DAYS: usize = 56;
const LEAST_WEEKDAY_DAYS: usize = 14;
/// So many weeks' worth of equal weekdays are added to those seen, so that a few odd days weigh little.
const EQUAL_WEEKS: f64 = 2.0;
/// Weekly sums that the spread is measured on.
const WEEKS: usize = 26;
/// So many weeks' worth of the spread that is expected before any is seen.
const EXPECTED_WEEKS: f64 = 4.0;
/// The expected spread: of single messages, which cost this many times the average, squares included …
const MESSAGE_SPREAD: f64 = 1.3;
/// … and of the week itself, as a share of its level.
const WEEK_SPREAD: f64 = 0.35;
/// The level itself is wrong by this share.
const LEVEL_ERROR: f64 = 0.1;
/// So many periods' worth of the variance of weekly sums beside the one of past errors.
const EXPECTED_PERIODS: f64 = 5.0;
/// What the variance was found to be short of.
const VARIANCE_FACTOR: f64 = 1.15;
/// Past errors are looked for from so many days of history on, and this many days back.
const LEAST_PAST: usize = 28;
const MOST_PAST: usize = 365;

/// What is still to come in a period, today included, seen from the start of today.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outlook {
    /// Complete days of history that it is made of.
    pub days: u32,
    /// What is expected, in the charges' unit.
    pub mean: f64,
    /// Its variance, in the square of the charges' unit.
    pub variance: f64,
    /// The part of `mean` that is expected today, 0 to 1.
    pub today: f64,
}

/// What is still to come in a period, seen from some hour.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rest {
    /// What is expected, in the charges' unit.
    pub mean: f64,
    /// Its variance.
    pub variance: f64,
}

impl Outlook {
    /// Looks ahead `days_left` days, today included, from the daily `charges` before today. `message_charge` is the average charge of one
    /// message in this history.
    ///
    /// A day whose charges are below zero (a credit) counts as a day without charges. [`None`] below [`LEAST_DAYS`] days.
    #[must_use]
    pub fn new(charges: &[f64], days_left: u32, message_charge: f64) -> Option<Outlook> {
        let past = Past::new(charges);
        let days = past.charges.len();
        if days < LEAST_DAYS as usize {
            return None;
        }
        let weights = past.weekday_weights();
        let [today, ..] = weights;
        let weight: f64 = weights.iter().cycle().take(days_left as usize).sum();
        let level = past.level(days);
        let mean = level * weight;
        let expected = past.variance_of_weeks(level, sane(message_charge), days_left) + (LEVEL_ERROR * mean).powi(2);
        let (seen, periods) = past.variance_of_errors(weight, days_left).unwrap_or((expected, 0.0));
        let short = 1.0 + 2.0 * (1.0 - count(days) / f64::from(SHORT_HISTORY)).max(0.0);
        let mixed = (periods * seen + EXPECTED_PERIODS * expected) / (periods + EXPECTED_PERIODS);
        let today = if weight > 0.0 { today / weight } else { 0.0 };
        let days = u32::try_from(days).unwrap_or(u32::MAX);
        Some(Outlook { days, mean, variance: VARIANCE_FACTOR * short * mixed, today })
    }

    /// What is still to come when this share of today, 0 to 1, has passed.
    #[must_use]
    pub fn later(&self, gone: f64) -> Rest {
        let left = (1.0 - sane(gone).min(1.0) * self.today).clamp(0.0, 1.0);
        Rest { mean: left * self.mean, variance: left * self.variance }
    }
}

impl Rest {
    /// The probability that at least `needed` is still to come: a threshold less what was spent.
    #[must_use]
    pub fn probability(&self, needed: f64) -> f64 {
        gamma_tail(self.mean, self.variance, needed)
    }

    /// What is still to come with probability `p` at most.
    #[must_use]
    pub fn quantile(&self, p: f64) -> f64 {
        gamma_quantile(p, self.mean, self.variance)
    }
}

/// The most that can still be needed for a likely alert. What is never negative is at least `x` with a probability of at most its mean
/// divided by `x` (Markov), so this costs little and loses nothing.
#[must_use]
pub fn within_reach(charges: &[f64], days_left: u32) -> f64 {
    let past = Past::new(charges.get(charges.len().saturating_sub(LEVEL_DAYS[1])..).unwrap_or_default());
    let weight: f64 = past.weekday_weights().iter().cycle().take(days_left as usize).sum();
    past.level(past.charges.len()) * weight / FORECAST_AT
}

/// The level of daily charges: what one more day is expected to cost, whatever its weekday. Zero without days.
#[must_use]
pub fn level(charges: &[f64]) -> f64 {
    let past = Past::new(charges);
    past.level(past.charges.len())
}

/// Past days, with their running sums, so that the sum of any days is one subtraction.
struct Past {
    charges: Vec<f64>,
    sums: Vec<f64>,
}

impl Past {
    fn new(charges: &[f64]) -> Past {
        let charges: Vec<f64> = charges.iter().rev().take(MOST_DAYS as usize).rev().copied().map(sane).collect();
        let running = charges.iter().scan(0.0, |sum, charge| {
            *sum += charge;
            Some(*sum)
        });
        let sums = std::iter::once(0.0).chain(running).collect();
        Past { charges, sums }
    }

    /// The sum of the `days` days before day `end`.
    fn sum(&self, end: usize, days: usize) -> f64 {
        let until = |day: usize| self.sums.get(day).copied().unwrap_or_default();
        until(end) - until(end.saturating_sub(days))
    }

    /// The mean of the `days` days before day `end`, or of as many as there are.
    fn mean(&self, end: usize, days: usize) -> f64 {
        self.sum(end, days) / count(days.min(end).max(1))
    }

    fn level(&self, end: usize) -> f64 {
        let [month, quarter] = LEVEL_DAYS.map(|days| self.mean(end, days));
        0.5 * month + 0.5 * quarter
    }

    /// How much more than the average is charged on today's weekday, tomorrow's and so on.
    fn weekday_weights(&self) -> [f64; 7] {
        let days = WEEKDAY_DAYS.min(self.charges.len() / 7 * 7);
        let average = self.mean(self.charges.len(), days);
        if days < LEAST_WEEKDAY_DAYS || average <= 0.0 {
            return [1.0; 7];
        }
        let mut sums = [0.0; 7];
        // The last seven days begin with today's weekday.
        for week in self.charges.rchunks_exact(7).take(days / 7) {
            sums.iter_mut().zip(week).for_each(|(sum, charge)| *sum += charge);
        }
        sums.map(|sum| (sum + EQUAL_WEEKS * average) / ((count(days / 7) + EQUAL_WEEKS) * average))
    }

    /// The variance of the days left as weekly sums show it, and of the level that is taken from no more than 28 such days.
    fn variance_of_weeks(&self, level: f64, message_charge: f64, days_left: u32) -> f64 {
        let weeks = WEEKS.min(self.charges.len() / 7);
        let sums = || self.charges.rchunks_exact(7).take(weeks).map(|week| week.iter().sum::<f64>());
        let average = sums().sum::<f64>() / count(weeks);
        let squares: f64 = sums().map(|sum| (sum - average).powi(2)).sum();
        let week = 7.0 * level;
        let expected = MESSAGE_SPREAD * message_charge * week + (WEEK_SPREAD * week).powi(2);
        let variance = (squares + EXPECTED_WEEKS * expected) / (count(weeks.saturating_sub(1)) + EXPECTED_WEEKS);
        let days = f64::from(days_left);
        variance / 7.0 * (days + days * days / count(self.charges.len().clamp(1, LEVEL_DAYS[0])))
    }

    /// The variance that the errors of past days show, and how many whole periods these are worth. None if they show nothing.
    fn variance_of_errors(&self, weight: f64, days_left: u32) -> Option<(f64, f64)> {
        let (days, ahead) = (self.charges.len(), days_left as usize);
        let first = LEAST_PAST.max(days.saturating_sub(MOST_PAST));
        let base = |end: usize| 0.5 * (self.level(end) + self.mean(end, LEVEL_DAYS[1]));
        let (mut errors, mut bases, mut seen) = (0.0, 0.0, 0.0);
        for day in first..(days + 1).saturating_sub(ahead) {
            let ahead_days = f64::from(days_left);
            errors += (self.sum(day + ahead, ahead) - ahead_days * self.level(day)).powi(2);
            bases += (ahead_days * base(day)).powi(2);
            seen += 1.0;
        }
        let periods = seen / f64::from(days_left.max(1));
        (bases > 0.0).then(|| (errors / bases * (weight * base(days)).powi(2), periods))
    }
}

/// A number of days or weeks, for arithmetic.
fn count(number: usize) -> f64 {
    u32::try_from(number).unwrap_or(u32::MAX).into()
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{PRICE, assert_close, counts, fixtures};
    use super::*;
    use proptest::prelude::*;

    fn charges(series: &str, days: usize) -> Vec<f64> {
        counts(series, days).iter().map(|count| PRICE * count).collect()
    }

    #[test]
    fn forecasts_are_those_of_the_reference() {
        for case in fixtures().forecast.cases {
            let what = |figure| format!("{figure} of {}", case.series);
            let charges = charges(&case.series, case.n);
            let outlook = Outlook::new(&charges, case.days_left, PRICE).unwrap();
            assert_eq!(outlook.days as usize, case.n);
            assert_close(level(&charges), case.m, &what("level"));
            assert_close(outlook.mean, case.mean, &what("mean"));
            assert_close(outlook.variance, case.variance, &what("variance"));
            let rest = outlook.later(0.0);
            for (name, expected) in &case.figures {
                let number: Option<f64> = name.get(2..).and_then(|number| number.parse().ok());
                match (name.get(..2), number) {
                    (Some("P_"), Some(times)) => {
                        let needed = times * (case.mtd + case.mean) - case.mtd;
                        assert_close(rest.probability(needed), *expected, &what(name));
                    }
                    _ if name.starts_with('q') => {
                        let percent: f64 = name.trim_start_matches('q').parse().unwrap();
                        assert_close(case.mtd + rest.quantile(percent / 100.0), *expected, &what(name));
                    }
                    _ => {}
                }
            }
        }
    }

    #[test]
    fn a_week_is_the_least_history() {
        let charges = charges("weekday", 7);
        assert!(Outlook::new(&charges, 20, PRICE).is_some());
        assert_eq!(Outlook::new(&charges[1..], 20, PRICE), None);
    }

    #[test]
    fn what_is_gone_of_today_is_not_expected_again() {
        // Day 120 is the second day of a week, a Tuesday, and two days are left.
        let outlook = Outlook::new(&charges("weekday", 120), 2, PRICE).unwrap();
        assert!(outlook.today > 0.4 && outlook.today < 0.6, "{outlook:?}");
        let [start, noon, end] = [0.0, 0.5, 1.0].map(|gone| outlook.later(gone).mean);
        assert_eq!(start, outlook.mean);
        assert_close(noon, (start + end) / 2.0, "noon");
        let tomorrow = Outlook::new(&charges("weekday", 120), 1, PRICE).unwrap();
        assert_eq!((tomorrow.today, tomorrow.later(1.0).mean, tomorrow.later(1.0).probability(0.01)), (1.0, 0.0, 0.0));
    }

    #[test]
    fn weekdays_are_known_after_two_weeks() {
        // Charges on one day of seven, and that day is today.
        let weekly: Vec<f64> = (0..70).map(|day| if day % 7 == 0 { 7.0 } else { 0.0 }).collect();
        let today = |days: usize| Outlook::new(&weekly[..days], 7, PRICE).unwrap().today;
        assert_close(today(7), 1.0 / 7.0, "one week");
        assert!(today(14) > 0.5 && today(70) > today(14), "{} {}", today(14), today(70));
    }

    #[test]
    fn nothing_charged_or_no_day_left_is_nothing_to_come() {
        for (charges, days_left) in [(vec![0.0; 60], 10), (charges("weekday", 60), 0)] {
            let rest = Outlook::new(&charges, days_left, PRICE).unwrap().later(0.3);
            assert_eq!((rest.mean, rest.variance, rest.quantile(0.9)), (0.0, 0.0, 0.0));
            assert_eq!((rest.probability(0.01), rest.probability(0.0), rest.probability(-1.0)), (0.0, 1.0, 1.0));
        }
    }

    #[test]
    fn a_credit_counts_as_nothing_charged() {
        let mut credited = charges("weekday", 60);
        let mut nothing = credited.clone();
        (credited[40], nothing[40]) = (-3.0, 0.0);
        assert_eq!(Outlook::new(&credited, 9, PRICE), Outlook::new(&nothing, 9, PRICE));
    }

    proptest! {
        #[test]
        fn the_more_is_needed_the_less_likely(
            charges in proptest::collection::vec(0.0..50.0, 7..120),
            days_left in 0_u32..31,
            gone in 0.0..1.0,
            needed in proptest::collection::vec(-10.0..2_000.0_f64, 2),
        ) {
            let rest = Outlook::new(&charges, days_left, PRICE).unwrap().later(gone);
            let (less, more) = (needed[0].min(needed[1]), needed[0].max(needed[1]));
            let (likely, less_likely) = (rest.probability(less), rest.probability(more));
            prop_assert!((0.0..=1.0).contains(&likely) && (0.0..=1.0).contains(&less_likely));
            prop_assert!(less_likely <= likely + 1e-12, "{likely} {less_likely}");
            prop_assert!(rest.quantile(0.1) <= rest.quantile(0.9));
        }

        #[test]
        fn no_input_gives_what_is_no_number(
            charges in proptest::collection::vec(proptest::num::f64::ANY, 0..80),
            days_left: u32,
            others in proptest::array::uniform3(proptest::num::f64::ANY),
        ) {
            let [price, gone, needed] = others;
            let Some(outlook) = Outlook::new(&charges, days_left % 1_000, price) else { return Ok(()) };
            let rest = outlook.later(gone);
            let figures = [outlook.mean, outlook.variance, rest.mean, rest.variance, rest.quantile(0.9)];
            prop_assert!(figures.iter().all(|figure| figure.is_finite() && *figure >= 0.0), "{figures:?}");
            prop_assert!((0.0..=1.0).contains(&rest.probability(needed)) && (0.0..=1.0).contains(&outlook.today));
        }
    }
}
