//! The past, day by day, as it would have been watched: a spike must not hide the next one.
//!
//! What is usual after a spike is what was usual before it. So on a day of a spike, what was usual goes into the baseline in place of its
//! count, and the critical count goes into the record. Of a short history more is believed, because the first days of a number say little
//! about it: there the critical count goes into the baseline, and the count itself into the record.
//!
//! What is usual is computed anew from all days, a result that can be checked by hand, and only for a count that may be a spike: one that is
//! above the busiest days. Few are.
#![allow(clippy::disallowed_types, clippy::float_arithmetic, reason = "a critical count is no money")]

use super::special::sane;
use super::spike::{Busiest, Sensitivity, Usual};

/// Below so many days a history is short.
const SHORT_HISTORY: usize = 91;

/// A history that is watched day by day, from the first day with a charge on.
#[derive(Clone, Debug, Default)]
pub struct Replay {
    baseline: Vec<f64>,
    records: Vec<f64>,
    /// The busiest days of the records.
    busiest: Busiest,
}

impl Replay {
    /// Adds complete days, oldest first: the messages of each.
    pub fn days(&mut self, counts: &[f64], sensitivity: &Sensitivity) {
        for count in counts {
            self.day(*count, sensitivity);
        }
    }

    /// Adds the next complete day, watched with the sensitivity that it had; answers whether it was a spike.
    pub fn day(&mut self, count: f64, sensitivity: &Sensitivity) -> bool {
        let count = sane(count);
        let spike = self.spike(count, sensitivity);
        let (mut baseline, mut record) = (count, count);
        if let Some(usual) = spike {
            let critical = usual.critical(sensitivity);
            (baseline, record) = match self.baseline.len() < SHORT_HISTORY {
                true => (critical.min(count), count),
                false => (usual.mean, critical),
            };
        }
        self.baseline.push(baseline);
        self.records.push(record);
        self.busiest = self.busiest.with_last_of(&self.records);
        spike.is_some()
    }

    /// What is usual on the day after the last that was added. [`None`] below [`super::spike::LEAST_DAYS`] days.
    #[must_use]
    pub fn usual(&self) -> Option<Usual> {
        Usual::after(&self.baseline, self.busiest)
    }

    /// Whether so many messages on the next day are a spike, at less cost than finding the critical count.
    #[must_use]
    pub fn is_spike(&self, count: f64, sensitivity: &Sensitivity) -> bool {
        self.spike(sane(count), sensitivity).is_some()
    }

    /// What is usual on the next day, if so many messages are a spike on it.
    fn spike(&self, count: f64, sensitivity: &Sensitivity) -> Option<Usual> {
        if count < self.busiest.least_critical(self.baseline.len()) {
            return None;
        }
        self.usual().filter(|usual| usual.is_spike(count, sensitivity))
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{assert_close, counts, fixtures};
    use super::*;
    use proptest::prelude::*;

    const SENSITIVITY: Sensitivity = Sensitivity { alpha: 1e-4, floor: 40.0 };

    #[test]
    fn a_spike_does_not_hide_the_next_one() {
        let spike = fixtures().spike;
        let sensitivity = Sensitivity { alpha: spike.alpha, floor: spike.floor_msgs };
        let mut counts = counts("weekday", 130);
        counts[100] = 400.0;
        for (day, expected) in [99, 100, 101, 107, 129].into_iter().zip(spike.with_spike.c) {
            let mut replay = Replay::default();
            replay.days(&counts[..day], &sensitivity);
            assert_close(replay.usual().unwrap().critical(&sensitivity), expected, &format!("day {day}"));
        }
        let mut replay = Replay::default();
        let spikes: Vec<_> = (0..130).filter(|day| replay.day(counts[*day], &sensitivity)).collect();
        assert_close(replay.baseline[100], spike.with_spike.z100, "baseline of the spike");
        assert_close(replay.records[100], spike.with_spike.rec100, "record of the spike");
        assert_eq!(spikes, [100]);
    }

    #[test]
    fn a_short_history_believes_more_of_a_spike() {
        let mut counts = counts("weekday", 60);
        counts[59] = 400.0;
        let mut replay = Replay::default();
        replay.days(&counts[..59], &SENSITIVITY);
        let critical = replay.usual().unwrap().critical(&SENSITIVITY);
        assert!(replay.day(counts[59], &SENSITIVITY));
        assert_eq!((replay.baseline[59], replay.records[59]), (critical, 400.0));
    }

    #[test]
    fn a_permanent_change_is_usual_after_some_days_and_one_episode() {
        let mut counts = counts("weekday", 400);
        counts[200..].iter_mut().for_each(|count| *count *= 4.0);
        let mut replay = Replay::default();
        let days: Vec<_> = (0..400).filter(|day| replay.day(counts[*day], &SENSITIVITY)).collect();
        assert!(days.first() == Some(&200) && days.last().is_some_and(|last| *last < 230), "{days:?}");
        // No seven days without a spike are between them, and none has twice as many messages as the first: it is reported once.
        assert!(days.windows(2).all(|pair| pair[1] - pair[0] <= 7), "{days:?}");
        assert!(days.iter().all(|day| counts[*day] < 2.0 * counts[200]), "{days:?}");
    }

    proptest! {
        #[test]
        fn a_spike_is_a_count_that_is_critical_on_its_day(
            quiet in proptest::collection::vec(0_u32..30, 380..460),
            bursts in proptest::collection::vec((0_usize..380, 30_u32..2_000), 0..12),
            floor in 0.0..60.0,
        ) {
            let sensitivity = Sensitivity { alpha: 1e-4, floor };
            let mut counts: Vec<f64> = quiet.into_iter().map(f64::from).collect();
            bursts.into_iter().for_each(|(day, count)| counts[day] += f64::from(count));
            let mut replay = Replay::default();
            for count in counts {
                let critical = replay.usual().map(|usual| usual.critical(&sensitivity));
                let expected = critical.is_some_and(|critical| count >= critical);
                prop_assert_eq!(replay.is_spike(count, &sensitivity), expected, "{} {:?}", count, critical);
                prop_assert_eq!(replay.day(count, &sensitivity), expected, "{} {:?}", count, critical);
                // The busiest days that are kept are those of all records that count.
                prop_assert_eq!(replay.usual(), Usual::after(&replay.baseline, Busiest::of(&replay.records)));
            }
        }
    }
}
