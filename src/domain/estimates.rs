//! Between money and statistics: charges become numbers here, and estimates become money again, rounded once.
#![allow(
    clippy::disallowed_types,
    clippy::float_arithmetic,
    reason = "estimates are no money until they are rounded, here"
)]

use std::fmt;

use rust_decimal::prelude::ToPrimitive as _;
use serde::{Serialize, Serializer};

use super::foresight::forecast::{FORECAST_AT, Outlook, Rest};
use super::foresight::replay::Replay;
use super::foresight::spike::{ALPHA, LEAST_DAYS, Sensitivity, Usual};
use super::money::{Amount, Currency};
use super::totals::Sum;

/// No message costs less than this, in the currency's main unit, as far as the smallest worthwhile spike goes.
const LEAST_PRICE: f64 = 0.0205;
/// Of all watched subjects together, the chance that a usual day of one of them is reported.
const CHANCE_OF_ALL: f64 = 0.03;

fn number(amount: Amount) -> f64 {
    amount.decimal().to_f64().unwrap_or_default()
}

/// An estimate as money, in the currency's minor units.
fn money(estimate: f64, currency: Currency) -> Amount {
    let places = currency.minor_places() as usize;
    Amount::parse(&format!("{:.places$}", estimate.max(0.0))).unwrap_or_default()
}

/// How sensitive the watch for spikes is: the more subjects are watched, the rarer a chance has to be.
#[must_use]
pub fn sensitivity(min_extra: Amount, watched: u32, price: Price) -> Sensitivity {
    let alpha = ALPHA.min(CHANCE_OF_ALL / f64::from(watched.max(1)));
    Sensitivity { alpha, floor: number(min_extra) / price.0.max(LEAST_PRICE) }
}

/// What a message costs on average, in the currency's main unit.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Price(pub(crate) f64);

/// Charges and messages by day, from the first day with a charge on; in single precision, since those of ten thousand subjects are held at
/// once.
#[derive(Debug, Default)]
pub(super) struct Series {
    /// Days before it.
    before: usize,
    charges: Vec<f32>,
    counts: Vec<f32>,
}

impl Series {
    /// Adds the sum of the day that so many days came before.
    #[expect(clippy::cast_precision_loss, reason = "a day's messages are below 2^24, or rounded")]
    pub(super) fn push(&mut self, days: usize, sum: Sum) {
        if self.counts.is_empty() {
            self.before = days;
        }
        self.pad(days);
        self.charges.push(sum.amount.decimal().to_f32().unwrap_or_default());
        self.counts.push(sum.messages as f32);
    }

    /// Adds days without a charge, so that there are so many with those before.
    pub(super) fn pad(&mut self, days: usize) {
        self.charges.resize(days - self.before, 0.0);
        self.counts.resize(days - self.before, 0.0);
    }

    /// Whether there are enough days to say what is usual.
    pub(super) fn is_long(&self) -> bool {
        self.counts.len() >= LEAST_DAYS
    }

    /// The days as the methods take them.
    pub(super) fn numbers(&self) -> Numbers {
        let wide = |numbers: &[f32]| numbers.iter().map(|number| f64::from(*number)).collect();
        Numbers { charges: wide(&self.charges), counts: wide(&self.counts) }
    }
}

/// A subject's days, ready for the methods.
#[derive(Debug)]
pub(super) struct Numbers {
    charges: Vec<f64>,
    counts: Vec<f64>,
}

/// What the days before today say about spikes.
#[derive(Debug)]
pub(super) struct Watch {
    /// What is usual on each day that is judged, oldest first and today last.
    pub(super) usual: Vec<Option<Usual>>,
    /// The spikes before the days that are judged, oldest first, in days before today.
    pub(super) spikes: Vec<usize>,
}

impl Numbers {
    pub(super) fn price(&self) -> Price {
        let messages: f64 = self.counts.iter().sum();
        Price(if messages > 0.0 { self.charges.iter().sum::<f64>() / messages } else { 0.0 })
    }

    pub(super) fn outlook(&self, days_left: u32) -> Option<Outlook> {
        Outlook::new(&self.charges, days_left, self.price().0)
    }

    /// Watches the past; `judged` days before today are judged anew by every run.
    pub(super) fn watch(&self, judged: usize, sensitivity: &Sensitivity) -> Watch {
        let days = self.counts.len();
        let (settled, open) = self.counts.split_at(days.saturating_sub(judged));
        let mut replay = Replay::new(*sensitivity);
        replay.days(settled);
        let spikes = replay.spikes().iter().map(|spike| days - spike.day as usize).collect();
        // Before its first day, nothing was usual for a subject.
        let mut usual = vec![None; judged - open.len()];
        usual.push(replay.usual());
        for count in open {
            replay.day(*count);
            usual.push(replay.usual());
        }
        Watch { usual, spikes }
    }
}

/// Where a period will end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Estimate {
    /// It will be more with nine chances in ten.
    pub low: Amount,
    /// It is most likely this.
    pub likely: Amount,
    /// It will be less with nine chances in ten.
    pub high: Amount,
}

/// What is still to come, as of a moment of the day.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ahead {
    rest: Rest,
    /// Complete days of history.
    pub days: u32,
}

impl Ahead {
    /// As of a moment: `gone` of the day's seconds have passed.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a day has fewer than 2^53 seconds")]
    pub fn of(outlook: &Outlook, gone: i64, of_day: i64) -> Ahead {
        let [gone, of_day] = [gone, of_day.max(1)].map(|seconds| seconds as f64);
        Ahead { rest: outlook.later(gone / of_day), days: outlook.days }
    }

    /// How likely it is that so much more is spent.
    #[must_use]
    pub fn chance(&self, needed: Amount) -> Chance {
        let hundredths = (self.rest.probability(number(needed)) * 100.0).floor().clamp(0.0, 100.0);
        Chance { hundredths: hundredths as u8 }
    }

    /// Where the period will end, given what is spent.
    #[must_use]
    pub fn estimate(&self, spent: Amount, currency: Currency) -> Estimate {
        let end = |more: f64| money(number(spent) + more, currency);
        Estimate { low: end(self.rest.quantile(0.1)), likely: end(self.rest.mean), high: end(self.rest.quantile(0.9)) }
    }
}

/// A probability, rounded down to a hundredth: what is decided by is what is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Chance {
    hundredths: u8,
}

impl Chance {
    /// Whether it is worth an alert: four chances in five.
    #[must_use]
    pub fn is_likely(self) -> bool {
        f64::from(self.hundredths) >= FORECAST_AT * 100.0
    }
}

impl Serialize for Chance {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(f64::from(self.hundredths) / 100.0)
    }
}

/// An estimate to a tenth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tenths(u64);

impl Tenths {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bounded before")]
    fn of(number: f64) -> Tenths {
        Tenths((number.clamp(0.0, 1e15) * 10.0).round() as u64)
    }

    /// As people say it: whole, or `less than 1`.
    #[must_use]
    pub fn in_words(self) -> String {
        if self.0 < 10 { "less than 1".to_owned() } else { ((self.0 + 5) / 10).to_string() }
    }
}

impl fmt::Display for Tenths {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 % 10 {
            0 => write!(out, "{}", self.0 / 10),
            tenths => write!(out, "{}.{tenths}", self.0 / 10),
        }
    }
}

impl Serialize for Tenths {
    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.0 as f64 / 10.0)
    }
}

/// How far a day's count is above the usual.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Excess {
    /// What is usual on such a day.
    pub usual: Tenths,
    /// Count ÷ usual.
    pub factor: Tenths,
    /// What the messages above the usual cost.
    pub extra: Amount,
}

impl Excess {
    /// Of a day's sum.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a count of messages is below 2^53")]
    pub fn of(usual: &Usual, sum: Sum, currency: Currency) -> Excess {
        let count = sum.messages as f64;
        let share = if count > 0.0 { (1.0 - usual.mean / count).clamp(0.0, 1.0) } else { 0.0 };
        let extra = money(number(sum.amount) * share, currency);
        Excess { usual: Tenths::of(usual.mean), factor: Tenths::of(count / usual.mean.max(0.1)), extra }
    }
}

/// Whether a day's count is a spike.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "a count of messages is below 2^53")]
pub fn is_spike(usual: &Usual, messages: u64, sensitivity: &Sensitivity) -> bool {
    usual.is_spike(messages as f64, sensitivity)
}
