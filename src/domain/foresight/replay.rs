//! The past, day by day, as it would have been watched: a spike must not hide the next one.
//!
//! What is usual after a spike is what was usual before it. So on a day of a spike, what was usual goes into the baseline in place of its
//! count, and the critical count goes into the record. Of a short history more is believed, because the first days of a number say little
//! about it: there the critical count goes into the baseline, and the count itself into the record.
//!
//! Everything is computed again for every day. It takes less than a microsecond a day, and a result that can be checked by hand.
#![allow(clippy::disallowed_types, clippy::float_arithmetic, reason = "a critical count is no money")]

use serde::{Deserialize, Serialize};

use super::special::sane;
use super::spike::{Sensitivity, Usual};

/// Below so many days a history is short.
const SHORT_HISTORY: usize = 91;
/// An episode ends after so many days in a row without a spike.
const CALM_DAYS: u32 = 7;
/// In an episode, a count is reported again from so many times the reported one on.
const AGAIN_AT: f64 = 2.0;

/// A day in the past whose count was critical.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spike {
    /// The day, counted from 0 at the first of the history.
    pub day: u32,
    /// Messages that day.
    pub count: f64,
    /// What was usual.
    pub usual: f64,
    /// The count from which on the day was a spike.
    pub critical: f64,
    /// Whether an alert would have been sent: not for every day of an episode.
    pub due: bool,
}

/// Spikes that belong together: an episode lasts until seven days in a row have none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Episode {
    /// The last count that was reported; none if no episode is open.
    pub reported: Option<f64>,
    /// Complete days in a row without a spike.
    pub calm: u32,
}

impl Episode {
    /// Whether today's count is to be reported.
    #[must_use]
    pub fn is_due(&self, count: f64, critical: f64) -> bool {
        count >= critical && self.reported.is_none_or(|reported| count >= AGAIN_AT * reported)
    }

    /// Today's count was reported.
    pub fn report(&mut self, count: f64) {
        self.reported = Some(count);
    }

    /// Today is over, and was a spike or was none.
    pub fn end_day(&mut self, spike: bool) {
        self.calm = if spike { 0 } else { self.calm.saturating_add(1) };
        if self.calm >= CALM_DAYS {
            self.reported = None;
        }
    }
}

/// A history that is watched day by day, from the first day with a charge on.
#[derive(Clone, Debug, Default)]
pub struct Replay {
    baseline: Vec<f64>,
    records: Vec<f64>,
    spikes: Vec<Spike>,
    episode: Episode,
    /// What is usual on the next day.
    usual: Option<Usual>,
}

impl Replay {
    /// Adds complete days, oldest first: the messages of each.
    pub fn days(&mut self, counts: &[f64], sensitivity: &Sensitivity) {
        counts.iter().for_each(|count| self.day(*count, sensitivity));
    }

    /// Adds the next complete day, watched with the sensitivity that it had.
    pub fn day(&mut self, count: f64, sensitivity: &Sensitivity) {
        let count = sane(count);
        let spike = self.usual.filter(|usual| usual.is_spike(count, sensitivity));
        let (mut baseline, mut record) = (count, count);
        if let Some(usual) = spike {
            let critical = usual.critical(sensitivity);
            (baseline, record) = match self.baseline.len() < SHORT_HISTORY {
                true => (critical.min(count), count),
                false => (usual.mean, critical),
            };
            let due = self.episode.is_due(count, critical);
            if due {
                self.episode.report(count);
            }
            self.spikes.push(Spike { day: usual.days, count, usual: usual.mean, critical, due });
        }
        self.episode.end_day(spike.is_some());
        self.baseline.push(baseline);
        self.records.push(record);
        self.usual = Usual::after(&self.baseline, &self.records);
    }

    /// What is usual on the day after the last that was added. [`None`] below [`super::spike::LEAST_DAYS`] days.
    #[must_use]
    pub fn usual(&self) -> Option<Usual> {
        self.usual
    }

    /// Whether so many messages on the next day are a spike, at less cost than finding the critical count.
    #[must_use]
    pub fn is_spike(&self, count: f64, sensitivity: &Sensitivity) -> bool {
        self.usual.is_some_and(|usual| usual.is_spike(sane(count), sensitivity))
    }

    /// The spikes so far, oldest first.
    #[must_use]
    pub fn spikes(&self) -> &[Spike] {
        &self.spikes
    }

    /// The episode as it is when the day after the last begins.
    #[must_use]
    pub fn episode(&self) -> Episode {
        self.episode
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{assert_close, counts, fixtures};
    use super::*;

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
        replay.days(&counts, &sensitivity);
        assert_close(replay.baseline[100], spike.with_spike.z100, "baseline of the spike");
        assert_close(replay.records[100], spike.with_spike.rec100, "record of the spike");
        let [found] = replay.spikes() else { panic!("{:?}", replay.spikes()) };
        assert_eq!((found.day, found.count, found.due), (100, 400.0, true));
    }

    #[test]
    fn a_short_history_believes_more_of_a_spike() {
        let mut counts = counts("weekday", 60);
        counts[59] = 400.0;
        let mut replay = Replay::default();
        replay.days(&counts, &SENSITIVITY);
        let critical = replay.spikes()[0].critical;
        assert_eq!((replay.baseline[59], replay.records[59]), (critical, 400.0));
    }

    #[test]
    fn a_permanent_change_is_usual_after_some_days_and_reported_once() {
        let mut counts = counts("weekday", 400);
        counts[200..].iter_mut().for_each(|count| *count *= 4.0);
        let mut replay = Replay::default();
        replay.days(&counts, &SENSITIVITY);
        let days: Vec<u32> = replay.spikes().iter().map(|spike| spike.day).collect();
        assert_eq!(replay.spikes().iter().filter(|spike| spike.due).count(), 1, "{days:?}");
        assert!(days.first() == Some(&200) && days.last().is_some_and(|last| *last < 230), "{days:?}");
        assert_eq!(replay.episode().reported, None);
    }

    #[test]
    fn an_episode_is_silent_until_the_count_doubles_or_a_week_was_calm() {
        let mut episode = Episode::default();
        // (today's count, whether it is due), the critical count being 50.
        let days = [(49.0, false), (60.0, true), (119.0, false), (120.0, true), (130.0, false)];
        for (count, due) in days {
            assert_eq!(episode.is_due(count, 50.0), due, "{count}");
            if due {
                episode.report(count);
            }
            episode.end_day(count >= 50.0);
        }
        (0..6).for_each(|_| episode.end_day(false));
        assert!(!episode.is_due(60.0, 50.0));
        episode.end_day(false);
        assert!(episode.is_due(60.0, 50.0));
    }
}
