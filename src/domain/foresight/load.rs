//! How many alerts a receiver gets a year from all that is watched together.
//!
//! Each budget, forecast and spike has a distribution of its alerts a year. They are taken for independent, so the sum's distribution is their
//! convolution. Budgets follow [`super::amount`]. Forecasts and spikes follow rates that were measured: what a threshold so many times the
//! expected month brings, and what a watched number brings, campaigns that were planned among them (see `docs/methods.md`).
#![allow(clippy::disallowed_types, clippy::float_arithmetic, reason = "a probability is no money")]

use super::amount::{CONFIDENCE, Year};

/// Threshold ÷ expected month, false forecasts a year, and the share of reached thresholds that are forecast.
const FORECASTS: [(f64, f64, f64); 5] =
    [(0.9, 0.69, 0.80), (1.0, 0.54, 0.76), (1.1, 0.52, 0.72), (1.3, 0.22, 0.67), (2.0, 0.05, 0.29)];
/// A budget a month alerts so often a year at most.
const MONTHS: u32 = 12;
/// Spikes of a watched number a year: 0.80 in 100 months.
const SPIKES: f64 = 0.096;
/// So many numbers can be watched before the chance of each is made smaller.
const FULL_CHANCE: f64 = 300.0;

/// The probabilities of no alert a year, of one, two and so on, up to the most that is asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Load {
    chances: Vec<f64>,
}

impl Load {
    /// No alert at all. `most` is the largest number of alerts a year whose chance is kept.
    #[must_use]
    pub fn none(most: u32) -> Load {
        let mut chances = vec![0.0; most as usize + 1];
        chances.iter_mut().take(1).for_each(|chance| *chance = 1.0);
        Load { chances }
    }

    /// With the alerts of a budget of this amount, and of a forecast of it.
    #[must_use]
    pub fn with_budget(&self, year: &Year, amount: f64, forecast: bool) -> Load {
        let mut below = 0.0;
        let reached = (0..=self.most().min(MONTHS)).map(|alerts| {
            let upto = year.probability(amount, &[1.0], alerts);
            let chance = (upto - below).max(0.0);
            below = upto;
            chance
        });
        let load = self.and(&reached.collect::<Vec<_>>());
        if !forecast {
            return load;
        }
        let (wrong, seen) = forecasts(amount / year.month.max(f64::MIN_POSITIVE));
        load.and(&poisson(wrong + seen * year.alerts(amount, &[1.0]), self.most()))
    }

    /// With the alerts of a watch of so many numbers for spikes.
    #[must_use]
    pub fn with_spikes(&self, watched: u32) -> Load {
        self.and(&poisson(SPIKES * f64::from(watched).min(FULL_CHANCE), self.most()))
    }

    /// Whether a year has at most so many alerts as were asked for, in 8 years of 10.
    #[must_use]
    pub fn is_kept(&self) -> bool {
        self.chances.iter().sum::<f64>() >= CONFIDENCE
    }

    fn most(&self) -> u32 {
        u32::try_from(self.chances.len() - 1).unwrap_or(u32::MAX)
    }

    fn and(&self, other: &[f64]) -> Load {
        let mut chances = vec![0.0; self.chances.len()];
        for (first, chance) in self.chances.iter().enumerate() {
            chances.iter_mut().skip(first).zip(other).for_each(|(sum, more)| *sum += chance * more);
        }
        Load { chances }
    }
}

/// False forecasts a year, and the share of reached thresholds that are forecast, for a threshold so many times the expected month; straight
/// lines between what was measured.
fn forecasts(times: f64) -> (f64, f64) {
    let [first, .., last] = FORECASTS;
    let found = FORECASTS.iter().zip(FORECASTS.iter().skip(1)).find(|(_, next)| times <= next.0);
    let (one, next) = found.unwrap_or((&last, &last));
    let width = next.0 - one.0;
    let share = if width > 0.0 { ((times.max(first.0) - one.0) / width).clamp(0.0, 1.0) } else { 0.0 };
    (one.1 + share * (next.1 - one.1), one.2 + share * (next.2 - one.2))
}

/// The probabilities of none, one, two … of what happens so often on average.
fn poisson(mean: f64, most: u32) -> Vec<f64> {
    let mut chance = (-mean).exp();
    let mut chances = vec![chance];
    for count in 1..=most {
        chance *= mean / f64::from(count);
        chances.push(chance);
    }
    chances
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::assert_close;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn rates_are_those_that_were_measured() {
        for (times, wrong, seen) in FORECASTS {
            let found = forecasts(times);
            assert_close(found.0, wrong, "false forecasts");
            assert_close(found.1, seen, "forecasts");
        }
        assert_eq!((forecasts(0.1), forecasts(9.0)), ((0.69, 0.80), (0.05, 0.29)));
        assert_close(forecasts(1.2).0, 0.37, "between");
        let chances = poisson(2.0, 3);
        assert_close(chances[0], 0.135_335_283_236_6, "none");
        assert_close(chances[3], 0.180_447_044_315_5, "three");
    }

    #[test]
    fn one_budget_of_its_own_amount_is_kept_and_twenty_are_not() {
        let year = Year { month: 100.0, spread: 0.04, drift: 0.2 };
        let amount = year.amount(&[1.0], 4, CONFIDENCE).unwrap();
        let one = Load::none(4).with_budget(&year, amount, false);
        assert!(one.is_kept());
        assert!(!Load::none(4).with_budget(&year, amount * 0.99, false).is_kept());
        assert!(!(0..20).fold(Load::none(12), |load, _| load.with_budget(&year, amount, false)).is_kept());
        // Some 29 false spikes a year, and no more however many are watched.
        assert!(!Load::none(12).with_spikes(300).is_kept());
        assert_eq!(Load::none(40).with_spikes(300), Load::none(40).with_spikes(10_000));
        assert!(Load::none(12).with_spikes(80).is_kept());
    }

    proptest! {
        #[test]
        fn whatever_is_added_makes_no_year_quieter(
            month in 0.1..1_000.0, spread in 0.01..2.0, drift in 0.15..1.0, amount in 0.01..5_000.0, watched in 0_u32..500,
        ) {
            let year = Year { month, spread, drift };
            let sum = |load: &Load| load.chances.iter().sum::<f64>();
            let none = Load::none(12);
            let budget = none.with_budget(&year, amount, false);
            let forecast = none.with_budget(&year, amount, true);
            let all = forecast.with_spikes(watched);
            prop_assert!(sum(&none) >= sum(&budget) - 1e-9 && sum(&budget) >= sum(&forecast) - 1e-9);
            prop_assert!(sum(&forecast) >= sum(&all) - 1e-9 && sum(&all) >= 0.0);
        }
    }
}
