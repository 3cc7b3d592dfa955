//! Whether a number sends far more today than it ever does, from its daily message counts.
//!
//! A day's count is taken for a draw from a negative binomial distribution around what is **usual** on such a day. A spike is a count that
//! has a chance of α, and that is far above everything lately seen, and whose cost matters: the **critical count** is the largest of all
//! these bounds. A running count never falls, so today's count may be held against it every hour without one more false alarm.
//!
//! Looking for spikes in the past, which must not raise the bounds of the next one, is in [`super::replay`].
#![allow(clippy::disallowed_types, clippy::float_arithmetic, reason = "a critical count is no money")]

use serde::{Deserialize, Serialize};

use super::special::{negative_binomial_tail, sane};

/// Complete days of history that it takes to say what is usual.
pub const LEAST_DAYS: u32 = 28;
/// The chance that a usual day reaches the critical count, for few numbers.
pub const ALPHA: f64 = 1e-4;
/// The false alarms a day that the chance alone would give for many numbers. The other bounds keep most of them away.
const FALSE_A_DAY: f64 = 0.03;

/// What is usual is measured on this many days.
const BASELINE_DAYS: usize = 91;
/// The busiest day is looked for in this many.
const RECORD_DAYS: usize = 395;
/// So many weeks' worth of equal weekdays are added to those seen.
const EQUAL_WEEKS: f64 = 2.0;
/// Weekdays matter if they leave at most this part of the variance.
const LEFT_BY_WEEKDAYS: f64 = 0.7;
/// What is lost of the days by estimating a mean for every weekday.
const WEEKDAYS_ESTIMATED: f64 = 6.0;
/// A number that sends nothing is taken for one that sends this much a day.
const LEAST_MEAN: f64 = 0.1;
/// The variance is above the mean by this factor at least: the distribution needs it.
const LEAST_VARIANCE: f64 = 1.0001;
/// How far above the busiest day a spike is, …
const ABOVE_RECORD: f64 = 1.25;
/// … and how many times the usual count.
const ABOVE_USUAL: f64 = 2.0;
/// A day without a message is no spike.
const LEAST_CRITICAL: f64 = 1.0;

/// What is usual on one day, from all the complete days before it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Usual {
    /// Complete days of history.
    pub days: u32,
    /// The expected count on a day of this weekday.
    pub mean: f64,
    /// Its variance.
    pub variance: f64,
    /// The count that the busiest days demand.
    pub record: f64,
}

/// How unlikely and how expensive a spike must be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sensitivity {
    /// The chance that a usual day reaches the critical count: see [`alpha`].
    pub alpha: f64,
    /// The messages above what is usual that cost enough to be reported.
    pub floor: f64,
}

/// The chance to allow each of so many watched numbers: [`ALPHA`], and less above 300 of them, because rates are a number's.
#[must_use]
pub fn alpha(numbers: usize) -> f64 {
    ALPHA.min(FALSE_A_DAY / count(numbers.max(1)))
}

impl Usual {
    /// What is usual on the day after these, given their counts as the baseline takes them, and the busiest as the record takes them. [`None`]
    /// below [`LEAST_DAYS`] days.
    pub(super) fn after(baseline: &[f64], busiest: Busiest) -> Option<Usual> {
        if baseline.len() < LEAST_DAYS as usize {
            return None;
        }
        let days = u32::try_from(baseline.len()).unwrap_or(u32::MAX);
        let (mean, variance) = mean_and_variance(last(baseline, BASELINE_DAYS));
        let record = busiest.record(days);
        Some(Usual { days, mean, variance: variance.max(LEAST_VARIANCE * mean), record })
    }

    /// The count from which on this day is a spike.
    #[must_use]
    pub fn critical(&self, sensitivity: &Sensitivity) -> f64 {
        let bound = self.bound(sensitivity.floor);
        let unlikely = |count: f64| self.chance(count) <= sensitivity.alpha;
        let start = bound.floor();
        if unlikely(start) {
            return bound;
        }
        // Steps that double lead past the smallest unlikely count, halving leads back to it. The chance of a count falls to zero, so that
        // both end; the bounds of the loops are for an alpha that is no number.
        let (mut likely, mut found) = (start, start + 1.0);
        for _ in 0..64 {
            if unlikely(found) {
                break;
            }
            (likely, found) = (found, found + (found - start));
        }
        for _ in 0..64 {
            let middle = ((likely + found) / 2.0).floor();
            if middle <= likely {
                break;
            }
            if unlikely(middle) { found = middle } else { likely = middle }
        }
        found
    }

    /// Whether the count is critical: `count >= self.critical(…)`, for whole counts and at less cost.
    pub(super) fn is_spike(&self, count: f64, sensitivity: &Sensitivity) -> bool {
        count >= self.bound(sensitivity.floor) && self.chance(count) <= sensitivity.alpha
    }

    /// The chance that a usual day has at least this count.
    #[must_use]
    pub fn chance(&self, count: f64) -> f64 {
        let mean = sane(self.mean).max(LEAST_MEAN);
        negative_binomial_tail(count, mean, sane(self.variance).max(LEAST_VARIANCE * mean))
    }

    /// What is critical however unlikely it is: above the busiest days, above the usual count, and expensive.
    fn bound(&self, floor: f64) -> f64 {
        let (mean, record) = (sane(self.mean).max(LEAST_MEAN), sane(self.record));
        record.max(ABOVE_USUAL * mean).max(mean + sane(floor)).max(LEAST_CRITICAL)
    }
}

/// Mean and variance of a day like the one after these: of its weekday, if weekdays matter.
fn mean_and_variance(days: &[f64]) -> (f64, f64) {
    let number = count(days.len());
    let mean = days.iter().sum::<f64>() / number;
    let squares: f64 = days.iter().map(|day| (day - mean).powi(2)).sum();
    // From the last day back: the day after these has the weekday of the seventh.
    let mut sums = [(0.0, 0.0); 7];
    for week in days.rchunks(7) {
        for ((sum, days), day) in sums.iter_mut().zip(week.iter().rev()) {
            *sum += day;
            *days += 1.0;
        }
    }
    let means = sums.map(|(sum, days)| (sum + EQUAL_WEEKS * mean) / (days + EQUAL_WEEKS));
    let of_weekday = || days.rchunks(7).flat_map(|week| means.iter().zip(week.iter().rev()));
    let left: f64 = of_weekday().map(|(mean, day)| (day - mean).powi(2)).sum();
    if mean <= 0.0 || left > LEFT_BY_WEEKDAYS * squares {
        return (mean.max(LEAST_MEAN), squares / (number - 1.0));
    }
    let above_poisson: f64 = of_weekday().map(|(mean, day)| (day - mean).powi(2) - mean).sum();
    let scale: f64 = of_weekday().map(|(mean, _)| mean * mean).sum();
    let [.., today] = means.map(|mean| mean.max(LEAST_MEAN));
    let dispersion = (above_poisson / scale).max(0.0) * number / (number - WEEKDAYS_ESTIMATED);
    (today, today + today * today * dispersion)
}

/// The counts of the three busiest days that count, the busiest first.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Busiest([f64; 3]);

impl Busiest {
    /// Of these days, as far as they count.
    pub(super) fn of(days: &[f64]) -> Busiest {
        last(days, RECORD_DAYS).iter().fold(Busiest::default(), |busiest, day| busiest.with(*day))
    }

    /// With the last of these days; they are those of all days before it.
    pub(super) fn with_last_of(self, days: &[f64]) -> Busiest {
        match days {
            [.., last] if days.len() <= RECORD_DAYS => self.with(*last),
            // One of them may count no longer.
            _ => Busiest::of(days),
        }
    }

    fn with(self, mut count: f64) -> Busiest {
        Busiest(self.0.map(|busy| {
            let busier = busy.max(count);
            count = busy.min(count);
            busier
        }))
    }

    /// The count that they demand after so many days: of a long history the third busiest, so that one odd day does not count for a year.
    fn record(self, known: u32) -> f64 {
        let Busiest([first, second, third]) = self;
        let demanded = match known {
            0..91 => first,
            91..182 => second,
            _ => third,
        };
        ABOVE_RECORD * (2.0 - (f64::from(known) / count(BASELINE_DAYS)).min(1.0)) * demanded
    }

    /// What is critical after so many days is no less, whatever is usual.
    pub(super) fn least_critical(self, known: usize) -> f64 {
        sane(self.record(u32::try_from(known).unwrap_or(u32::MAX))).max(LEAST_CRITICAL)
    }
}

fn last(days: &[f64], number: usize) -> &[f64] {
    days.get(days.len().saturating_sub(number)..).unwrap_or(days)
}

fn count(number: usize) -> f64 {
    u32::try_from(number).unwrap_or(u32::MAX).into()
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{assert_close, counts, fixtures};
    use super::super::replay::Replay;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn critical_counts_are_those_of_the_reference() {
        let spike = fixtures().spike;
        let sensitivity = Sensitivity { alpha: spike.alpha, floor: spike.floor_msgs };
        for case in spike.cases {
            let what = |figure| format!("{figure} of {} at {}", case.series, case.n);
            let mut replay = Replay::default();
            replay.days(&counts(&case.series, case.n), &sensitivity);
            let usual = replay.usual().unwrap();
            assert_eq!(usual.days as usize, case.n);
            assert_close(usual.mean, case.u, &what("mean"));
            assert_close(usual.variance, case.v, &what("variance"));
            assert_close(usual.record, case.record, &what("record"));
            assert_close(usual.critical(&sensitivity), case.c, &what("critical count"));
            // The chance alone: the smallest unlikely count is the reference's.
            assert!(usual.chance(case.nb) <= spike.alpha && usual.chance(case.nb - 1.0) > spike.alpha, "{}", case.nb);
        }
    }

    #[test]
    fn the_critical_count_is_unlikely_where_nothing_else_holds_it_up() {
        let usual = Usual { days: 100, mean: 10.0, variance: 60.0, record: 0.0 };
        let critical = usual.critical(&Sensitivity { alpha: ALPHA, floor: 0.0 });
        assert!(usual.chance(critical) <= ALPHA && usual.chance(critical - 1.0) > ALPHA, "{critical}");
        // A bound between two counts, far below: the critical count is still a whole one.
        let usual = Usual { days: 100, mean: 200.25, variance: 20_000.0, record: 0.0 };
        let critical = usual.critical(&Sensitivity { alpha: ALPHA, floor: 0.0 });
        assert!(usual.chance(critical) <= ALPHA && usual.chance(critical - 1.0) > ALPHA, "{critical}");
        assert_eq!(critical.fract(), 0.0);
    }

    #[test]
    fn many_numbers_are_watched_less_closely() {
        let alphas = [0, 100, 300, 1_000, 10_000].map(alpha);
        for (alpha, expected) in alphas.into_iter().zip([1e-4, 1e-4, 1e-4, 3e-5, 3e-6]) {
            assert_close(alpha, expected, "alpha");
        }
    }

    #[test]
    fn four_weeks_are_the_least_history() {
        let counts = counts("weekday", 28);
        assert!(Usual::after(&counts, Busiest::of(&counts)).is_some());
        assert_eq!(Usual::after(&counts[1..], Busiest::of(&counts[1..])), None);
    }

    #[test]
    fn of_a_long_history_one_odd_day_does_not_count() {
        let mut days = vec![4.0; 200];
        days[150] = 900.0;
        days[151] = 800.0;
        let demanded = |known: usize| {
            let days = &days[200 - known..];
            Usual::after(days, Busiest::of(days)).unwrap().record
        };
        assert_eq!([60, 100, 182].map(demanded)[1..], [1.25 * 800.0, 1.25 * 4.0]);
        assert_close(demanded(60), 1.25 * (2.0 - 60.0 / 91.0) * 900.0, "first of 60");
    }

    proptest! {
        #[test]
        fn a_spike_is_above_every_bound(
            days in proptest::collection::vec(0_u32..500, 28..120),
            alpha in 1e-12..0.5,
            floor in 0.0..500.0,
        ) {
            let days: Vec<f64> = days.into_iter().map(f64::from).collect();
            let (usual, sensitivity) = (Usual::after(&days, Busiest::of(&days)).unwrap(), Sensitivity { alpha, floor });
            let critical = usual.critical(&sensitivity);
            for bound in [usual.record, 2.0 * usual.mean, usual.mean + floor, 1.0] {
                prop_assert!(critical >= bound, "{critical} {bound}");
            }
            prop_assert!(usual.chance(critical.floor()) <= alpha || critical == usual.bound(floor));
            for count in [critical.floor() - 1.0, critical.ceil() - 1.0, critical.ceil(), critical.ceil() + 1.0] {
                prop_assert_eq!(usual.is_spike(count, &sensitivity), count >= critical, "{} {}", count, critical);
            }
        }

        #[test]
        fn no_input_gives_what_is_no_number(
            days in proptest::collection::vec(proptest::num::f64::ANY, 0..60),
            [alpha, floor, mean, variance, record] in proptest::array::uniform5(proptest::num::f64::ANY),
        ) {
            let sensitivity = Sensitivity { alpha, floor };
            let mut replay = Replay::default();
            replay.days(&days, &sensitivity);
            for usual in replay.usual().into_iter().chain([Usual { days: 30, mean, variance, record }]) {
                let critical = usual.critical(&sensitivity);
                prop_assert!(critical.is_finite() && critical >= 1.0, "{critical}");
                prop_assert!((0.0..=1.0).contains(&usual.chance(alpha)));
            }
        }
    }
}
