//! Which budget keeps the alerts to so many a year.
//!
//! A year's months are draws from one gamma distribution, whose mean is not known well: it drifts, and a year may lie above or below all
//! that was seen. So the chances are averaged over nine such years. What is stated is a confidence ("at most 4 in 8 years of 10"), never
//! what the past would have given: an amount chosen on the past fits the past, and was found to give 1.4 to 2 times as many alerts later.
#![allow(clippy::disallowed_types, clippy::float_arithmetic, reason = "an estimate, rounded up once at the end")]

use serde::{Deserialize, Serialize};

use super::special::{gamma_tail, sane};

/// How often the promise of an amount is to be kept, unless asked otherwise.
pub const CONFIDENCE: f64 = 0.8;
/// Days in a month, on average.
pub const MONTH_DAYS: f64 = 30.4;
/// The expected month is at least this share of the mean of past months, however quiet the last weeks were.
const LEAST_OF_PAST: f64 = 0.3;
/// The spread of months before any are seen (a variation coefficient of 0.5), and for how many months it counts.
const EXPECTED_SPREAD: f64 = 0.25;
const EXPECTED_MONTHS: f64 = 4.0;
/// How far a year's mean lies from the expected one, at least.
const LEAST_DRIFT: f64 = 0.15;
/// Months in a year.
const YEAR: usize = 12;
/// Nodes and weights of the Gauss–Hermite rule for the mean over a standard normal distribution.
const HERMITE: [(f64, f64); 9] = [
    (-4.512_745_863_399_783, 2.234_584_400_774_660_7e-5),
    (-3.205_429_002_856_47, 0.002_789_141_321_231_769_2),
    (-2.076_847_978_677_83, 0.049_916_406_765_217_82),
    (-1.023_255_663_789_132_6, 0.244_097_502_894_939_53),
    (0.0, 0.406_349_206_349_206_35),
    (1.023_255_663_789_132_6, 0.244_097_502_894_939_53),
    (2.076_847_978_677_83, 0.049_916_406_765_217_82),
    (3.205_429_002_856_47, 0.002_789_141_321_231_769_2),
    (4.512_745_863_399_783, 2.234_584_400_774_660_7e-5),
];

/// The months of the year to come, as one distribution.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Year {
    /// What a month is expected to cost.
    pub month: f64,
    /// The variance of a month, in squares of its mean.
    pub spread: f64,
    /// The standard deviation of the logarithm of the year's mean month.
    pub drift: f64,
}

impl Year {
    /// From the totals of whole past months, oldest first, and the level of daily charges ([`super::forecast::level`]). [`None`] if nothing
    /// was ever charged.
    #[must_use]
    pub fn after(months: &[f64], level: f64) -> Option<Year> {
        let months: Vec<f64> = months.iter().copied().map(sane).collect();
        let number = f64::from(u32::try_from(months.len()).unwrap_or(u32::MAX));
        let mean = months.iter().sum::<f64>() / number;
        // Also without any month: then the mean is no number.
        if mean.is_nan() || mean <= 0.0 {
            return None;
        }
        let others = (number - 1.0).max(1.0);
        let steps: f64 = months.iter().zip(months.iter().skip(1)).map(|(one, next)| (next - one).powi(2)).sum();
        let steps = steps / (2.0 * others) / (mean * mean);
        let variance = months.iter().map(|month| (month - mean).powi(2)).sum::<f64>() / others / (mean * mean);
        let spread = ((number - 1.0) * steps + EXPECTED_SPREAD) / (number - 1.0 + EXPECTED_MONTHS);
        // What neighboring months do not show and all months together do is drift.
        let drift = (LEAST_DRIFT * LEAST_DRIFT + spread / 3.0 + 0.5 * (variance - steps).max(0.0)).sqrt();
        Some(Year { month: (MONTH_DAYS * sane(level)).max(LEAST_OF_PAST * mean), spread, drift })
    }

    /// The probability that a year has at most so many alerts. `levels` are the fractions of `amount` at which a month alerts.
    #[must_use]
    pub fn probability(&self, amount: f64, levels: &[f64], alerts: u32) -> f64 {
        self.average(|mean| {
            let month = self.alerts_a_month(mean, amount, levels);
            let year = (0..YEAR).fold(vec![1.0], |year, _| convolve(&year, &month));
            year.iter().take(alerts as usize + 1).sum()
        })
    }

    /// The alerts that a year is expected to have.
    #[must_use]
    pub fn alerts(&self, amount: f64, levels: &[f64]) -> f64 {
        let months = YEAR as f64;
        months * self.average(|mean| levels.iter().map(|level| self.reaches(mean, level * amount)).sum())
    }

    /// The smallest amount with which a year has at most so many alerts, with this confidence. [`None`] if any amount does: there are as many
    /// as months and levels, or there are no levels.
    #[must_use]
    pub fn amount(&self, levels: &[f64], alerts: u32, confidence: f64) -> Option<f64> {
        if alerts as usize >= YEAR * levels.len() {
            return None;
        }
        let confidence = confidence.clamp(0.0, 0.999);
        let keeps = |amount: f64| self.probability(amount, levels, alerts) >= confidence;
        let (mut less, mut enough) = (0.0, sane(self.month).max(f64::MIN_POSITIVE));
        for _ in 0..100 {
            if keeps(enough) {
                break;
            }
            (less, enough) = (enough, 2.0 * enough);
        }
        // Until halving no longer changes a number.
        for _ in 0..60 {
            let middle = less + (enough - less) / 2.0;
            if keeps(middle) { enough = middle } else { less = middle }
        }
        Some(enough)
    }

    /// How many of the levels a month reaches: the probability of none, one, two and so on.
    fn alerts_a_month(&self, mean: f64, amount: f64, levels: &[f64]) -> Vec<f64> {
        let mut reached: Vec<f64> = levels.iter().map(|level| self.reaches(mean, level * amount)).collect();
        reached.sort_by(|one, other| other.total_cmp(one));
        let at_least = std::iter::once(1.0).chain(reached.iter().copied());
        let more = reached.iter().copied().chain(std::iter::once(0.0));
        at_least.zip(more).map(|(this, next)| this - next).collect()
    }

    fn reaches(&self, mean: f64, money: f64) -> f64 {
        gamma_tail(mean, self.spread * mean * mean, money)
    }

    /// The average over the years that may come, of a function of the mean month.
    fn average(&self, of: impl Fn(f64) -> f64) -> f64 {
        HERMITE.iter().map(|(node, weight)| weight * of(self.month * (self.drift * node).exp())).sum()
    }
}

/// The distribution of the sum of two independent counts.
fn convolve(one: &[f64], other: &[f64]) -> Vec<f64> {
    let mut sum = vec![0.0; one.len() + other.len() - 1];
    for (first, p) in one.iter().enumerate() {
        sum.iter_mut().skip(first).zip(other).for_each(|(sum, q)| *sum += p * q);
    }
    sum
}

/// Rounded up to two significant digits, the way people choose a budget: 126.5 gives 130, and 0.0123 gives 0.013.
#[must_use]
pub fn round_up(amount: f64) -> f64 {
    /// What bisection leaves above a round amount is not a reason for the next one.
    const NOISE: f64 = 1e-9;
    if !amount.is_finite() || amount <= 0.0 {
        return 0.0;
    }
    let digits = amount.log10().floor() as i32 - 1;
    let (up, down) = (10_f64.powi(digits.max(0)), 10_f64.powi((-digits).max(0)));
    // One of the two is 1: dividing by a power of ten is exact where multiplying by its reciprocal is not.
    (amount * (1.0 - NOISE) * down / up).ceil() * up / down
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{assert_close, fixtures};
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn amounts_are_those_of_the_reference() {
        let amount = fixtures().amount;
        for (ours, expected) in HERMITE.iter().zip(amount.nodes.iter().zip(&amount.weights)) {
            assert_close(ours.0, *expected.0, "node");
            assert_close(ours.1, *expected.1, "weight");
        }
        for case in amount.cases {
            let what = format!("{} at {:?}", case.k, case.levels);
            let year = Year { month: case.mean, spread: case.cv2, drift: case.sd };
            let found = year.amount(&case.levels, case.k, case.conf).unwrap();
            assert_close(found, case.amount, &what);
            assert_close(year.alerts(found, &case.levels), case.expected_alerts, &what);
            assert_close(year.probability(1.3 * case.mean, &case.levels, case.k), case.kept_at_1_3, &what);
        }
    }

    #[test]
    fn months_become_a_year() {
        // Steps of 2 and 1 around a mean of 10: s² = 5/(2·2)/100, variance 1/100.
        let year = Year::after(&[9.0, 11.0, 10.0], 0.5).unwrap();
        assert_close(year.month, 15.2, "month");
        assert_close(year.spread, (2.0 * 0.0125 + 0.25) / 6.0, "spread");
        assert_close(year.drift, (0.15_f64.powi(2) + year.spread / 3.0).sqrt(), "drift");
        // A trend: all months together vary more than neighbors do.
        let trend = Year::after(&[5.0, 10.0, 15.0], 0.5).unwrap();
        let steps = 50.0 / 4.0 / 100.0;
        assert_close(trend.drift, (0.15_f64.powi(2) + trend.spread / 3.0 + 0.5 * (0.25 - steps)).sqrt(), "trend");
        assert_close(Year::after(&[10.0], 0.0).unwrap().month, 3.0, "a quiet month");
        assert_eq!((Year::after(&[], 1.0), Year::after(&[0.0, 0.0], 0.0)), (None, None));
    }

    #[test]
    fn what_cannot_be_exceeded_needs_no_amount() {
        let year = Year { month: 100.0, spread: 0.04, drift: 0.2 };
        assert_eq!(year.amount(&[1.0], 12, CONFIDENCE), None);
        assert_eq!(year.amount(&[], 0, CONFIDENCE), None);
        assert!(year.amount(&[0.8, 1.0], 12, CONFIDENCE).is_some());
    }

    #[test]
    fn amounts_are_rounded_up_to_what_people_write() {
        let written = [(126.5, "130"), (130.0, "130"), (130.000_000_000_1, "130"), (9.91, "10"), (99.2, "100")];
        let small = [(0.0123, "0.013"), (0.7, "0.7"), (1_234_567.0, "1300000"), (0.0, "0"), (f64::NAN, "0")];
        for (amount, expected) in written.into_iter().chain(small) {
            assert_eq!(round_up(amount).to_string(), expected);
        }
    }

    proptest! {
        #[test]
        fn more_money_is_fewer_alerts(
            months in proptest::collection::vec(0.0..900.0, 1..15),
            level in 0.0..40.0,
            amounts in proptest::array::uniform2(0.01..2_000.0_f64),
            alerts in 0_u32..24,
        ) {
            let Some(year) = Year::after(&months, level) else { return Ok(()) };
            let (levels, less, more) = ([0.8, 1.0], amounts[0].min(amounts[1]), amounts[0].max(amounts[1]));
            prop_assert!(year.alerts(more, &levels) <= year.alerts(less, &levels) + 1e-9);
            let [kept, kept_with_more] = [less, more].map(|amount| year.probability(amount, &levels, alerts));
            prop_assert!(kept >= 0.0 && kept_with_more <= 1.0 + 1e-9 && kept <= kept_with_more + 1e-9);
        }

        #[test]
        fn no_input_gives_what_is_no_number(
            months in proptest::collection::vec(proptest::num::f64::ANY, 0..5),
            [level, amount, of, confidence] in proptest::array::uniform4(proptest::num::f64::ANY),
        ) {
            let Some(year) = Year::after(&months, level) else { return Ok(()) };
            let figures = [year.month, year.spread, year.drift, year.alerts(amount, &[of, 1.0])];
            prop_assert!(figures.iter().all(|figure| figure.is_finite() && *figure >= 0.0), "{figures:?}");
            prop_assert!((0.0..=1.000_001).contains(&year.probability(amount, &[of, 1.0], 3)));
            prop_assert!(year.amount(&[0.8, 1.0], 3, confidence).is_some_and(f64::is_finite));
        }
    }
}
