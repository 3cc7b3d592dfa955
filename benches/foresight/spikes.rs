//! Days of the past, and days with a burst put into them, under rules that look for spikes.

use jiff::ToSpan as _;
use zoom_sms_cost_alerts::domain::baselines::{AGAIN_AT, Episode};
use zoom_sms_cost_alerts::domain::foresight::replay::Replay;
use zoom_sms_cost_alerts::domain::foresight::spike::Sensitivity;

use crate::series::Series;

/// The first day that is watched: this index, but not before so many days of the number's own.
const FIRST: usize = 395;
const HISTORY: usize = 28;
/// A burst is put into every so many days of those.
const EVERY: usize = 37;
/// A burst is this many times what is usual.
pub(crate) const FACTORS: [f64; 4] = [3.0, 5.0, 10.0, 20.0];
/// What is usual, for a burst and for simpler rules: the days before.
const BEFORE: usize = 91;
/// A spike costs this many USD more than what is usual, …
const FLOOR: f64 = 1.0;
/// … and a burst that is put in, this many.
const LEAST_BURST: f64 = 2.0;
/// What a message costs at least, in USD.
const LEAST_PRICE: f64 = 0.0205;
/// Days in a month, on average.
const MONTH: f64 = 30.4;

/// A rule that looks for spikes.
#[derive(Clone, Copy)]
pub(crate) enum Rule {
    /// The product's, with this alpha.
    Usual(f64),
    /// So many times the mean.
    Ratio(f64),
    /// So many standard deviations above the mean.
    ZScore(f64),
    /// So many median absolute deviations, scaled to standard deviations, above the median.
    MedianDeviation(f64),
}

/// What came of one rule.
#[derive(Clone, Copy, Default)]
pub(crate) struct Score {
    pub(crate) days: u32,
    /// Alerts without a burst: false ones.
    pub(crate) alerts: u32,
    /// Bursts found and bursts put in, of each factor.
    pub(crate) found: [(u32, u32); 4],
}

impl Score {
    pub(crate) fn months(&self) -> f64 {
        f64::from(self.days) / MONTH
    }

    pub(crate) fn per_100_months(&self) -> f64 {
        100.0 * f64::from(self.alerts) / self.months()
    }

    /// The percent of bursts found, of each factor.
    pub(crate) fn recall(&self) -> [f64; 4] {
        self.found.map(|(found, put_in)| 100.0 * f64::from(found) / f64::from(put_in))
    }
}

/// Every series under one rule.
pub(crate) fn judge(all: &[Series], rule: Rule) -> Score {
    let mut score = Score::default();
    for series in all {
        let price = series.price().max(LEAST_PRICE);
        let first = FIRST.max(series.first + HISTORY) - series.first;
        let watched = match rule {
            Rule::Usual(alpha) => watch(&series.counts, first, &Sensitivity { alpha, floor: FLOOR / price }),
            _ => watch_simply(&series.counts, first, rule, FLOOR / price),
        };
        score.days += u32::try_from(series.counts.len().saturating_sub(first)).unwrap_or_default();
        score.alerts += watched.alerts;
        for (day, critical) in watched.critical {
            add_bursts(&series.counts, day, critical, price, &mut score);
        }
    }
    score
}

/// What a rule made of one number.
#[derive(Default)]
struct Watched {
    alerts: u32,
    /// The days that get a burst, and the critical count of each.
    critical: Vec<(usize, f64)>,
}

/// What a receiver has heard of one number.
#[derive(Default)]
struct Heard {
    episode: Option<Episode>,
    /// The count that was reported last in it.
    reported: f64,
}

impl Heard {
    /// Whether a spike on the day with this index is reported.
    fn reports(&mut self, day: usize, count: f64) -> bool {
        let date = jiff::civil::date(2020, 1, 1).saturating_add((day as i64).days());
        let now = Episode::with(self.episode, date);
        let is_new = self.episode.is_none_or(|before| before.first != now.first);
        let is_reported = is_new || count >= AGAIN_AT as f64 * self.reported;
        self.episode = Some(now);
        if is_reported {
            self.reported = count;
        }
        is_reported
    }
}

fn gets_burst(day: usize, first: usize) -> bool {
    day >= first && (day - first).is_multiple_of(EVERY)
}

fn watch(counts: &[f64], first: usize, sensitivity: &Sensitivity) -> Watched {
    let (mut replay, mut heard, mut watched) = (Replay::default(), Heard::default(), Watched::default());
    for (day, count) in counts.iter().enumerate() {
        if let Some(usual) = replay.usual().filter(|_| gets_burst(day, first)) {
            watched.critical.push((day, usual.critical(sensitivity)));
        }
        let is_reported = replay.day(*count, sensitivity) && heard.reports(day, *count);
        watched.alerts += u32::from(is_reported && day >= first);
    }
    watched
}

/// The same under a rule that knows no more than the days before, in episodes as well.
fn watch_simply(counts: &[f64], first: usize, rule: Rule, floor: f64) -> Watched {
    let (mut heard, mut watched) = (Heard::default(), Watched::default());
    for (day, count) in counts.iter().enumerate().skip(HISTORY) {
        let critical = simple(&counts[day.saturating_sub(BEFORE)..day], rule, floor);
        let is_reported = *count >= critical && heard.reports(day, *count);
        watched.alerts += u32::from(is_reported && day >= first);
        if gets_burst(day, first) {
            watched.critical.push((day, critical));
        }
    }
    watched
}

fn add_bursts(counts: &[f64], day: usize, critical: f64, price: f64, score: &mut Score) {
    let before = &counts[day.saturating_sub(BEFORE)..day];
    let mean = before.iter().sum::<f64>() / before.len() as f64;
    for (factor, (found, put_in)) in FACTORS.iter().zip(&mut score.found) {
        if (factor - 1.0) * mean * price >= LEAST_BURST {
            *put_in += 1;
            *found += u32::from(counts[day] + (factor - 1.0) * mean.round().max(1.0) >= critical);
        }
    }
}

/// The critical count of rules that look at the days before and no further.
pub(crate) fn simple(before: &[f64], rule: Rule, floor: f64) -> f64 {
    let number = before.len() as f64;
    let mean = before.iter().sum::<f64>() / number;
    let (center, critical) = match rule {
        Rule::Usual(_) => (mean, f64::INFINITY),
        Rule::Ratio(times) => (mean, times * mean),
        Rule::ZScore(deviations) => {
            let variance = before.iter().map(|count| (count - mean).powi(2)).sum::<f64>() / (number - 1.0);
            (mean, mean + deviations * variance.sqrt())
        }
        Rule::MedianDeviation(deviations) => {
            let center = median(before.to_vec());
            let deviation = median(before.iter().map(|count| (count - center).abs()).collect());
            (center, center + deviations * 1.4826 * deviation)
        }
    };
    critical.max(center + floor).max(1.0)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    f64::midpoint(values[(values.len() - 1) / 2], values[values.len() / 2])
}
