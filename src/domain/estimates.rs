//! Between money and statistics: charges become numbers here, and estimates become money again, rounded once.
#![allow(
    clippy::disallowed_types,
    clippy::float_arithmetic,
    reason = "estimates are no money until they are rounded, here"
)]

use std::collections::BTreeMap;
use std::fmt;

use rust_decimal::prelude::ToPrimitive as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

#[cfg(any(test, feature = "cli"))]
use super::foresight::forecast::within_reach;
use super::foresight::forecast::{FORECAST_AT, MOST_DAYS, Outlook, Rest};
use super::foresight::replay::Replay;
use super::foresight::spike::{LEAST_DAYS, Sensitivity, alpha};
use super::money::{Amount, Currency};
use super::totals::Sum;

/// No message costs less than this, in the currency's main unit, as far as the smallest worthwhile spike goes.
const LEAST_PRICE: f64 = 0.0205;
const HOURS_A_DAY: u64 = 24;
/// Room for what is lost in single precision.
#[cfg(any(test, feature = "cli"))]
const ROUNDING: f64 = 1.001;

pub(super) fn number(amount: Amount) -> f64 {
    amount.decimal().to_f64().unwrap_or_default()
}

/// An estimate as money, in the currency's minor units.
fn money(estimate: f64, currency: Currency) -> Amount {
    let places = currency.minor_places() as usize;
    Amount::parse(&format!("{:.places$}", estimate.max(0.0))).unwrap_or_default()
}

/// What a watch for spikes depends on, beyond the counts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Watch {
    /// Money above the usual below which nothing is reported.
    pub(super) min_extra: Amount,
    /// Subjects that are watched: the more there are, the rarer a chance has to be.
    pub(super) watched: usize,
}

/// What is usual on a day, and the count from which on it is a spike; in single precision, as it is kept.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bound {
    pub(crate) usual: f32,
    pub(crate) critical: f32,
}

impl Bound {
    /// Whether a day with so many messages is a spike.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a count of messages is below 2^53")]
    pub fn is_spike(&self, messages: u64) -> bool {
        messages as f64 >= f64::from(self.critical)
    }

    /// How far a day's sum is above the usual.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a count of messages is below 2^53")]
    pub fn excess(&self, sum: Sum, currency: Currency) -> Excess {
        let (usual, count) = (f64::from(self.usual), sum.messages as f64);
        let share = if count > 0.0 { (1.0 - usual / count).clamp(0.0, 1.0) } else { 0.0 };
        let extra = money(number(sum.amount) * share, currency);
        Excess { usual: Tenths::of(usual), factor: Tenths::of(count / usual.max(0.1)), extra }
    }
}

/// Charges and messages by day, from the first day with a charge on; in single precision, since those of ten thousand subjects are held at
/// once.
#[derive(Debug)]
pub(super) struct Series {
    /// Days before it.
    before: usize,
    days: Vec<Day>,
}

impl Series {
    /// No days as yet, after so many. Room is made once: lists that grow by turns leave gaps between each other.
    pub(super) fn after(days: usize) -> Series {
        Series { before: days, days: Vec::with_capacity((MOST_DAYS as usize).saturating_sub(days)) }
    }

    /// Adds the sum of the next day.
    pub(super) fn push(&mut self, sum: Sum) {
        self.days.push(Day::of(sum));
    }

    /// The first day on which there is enough history to say what is usual.
    pub(super) fn usual_from(&self) -> usize {
        self.before + LEAST_DAYS as usize
    }

    /// The days, each with the number of days before it.
    pub(super) fn days(&self) -> impl Iterator<Item = (usize, Day)> {
        (self.before..).zip(self.days.iter().copied())
    }
}

/// A day of one subject, as the methods take it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Day {
    charge: f32,
    count: f32,
}

impl Day {
    /// Of a day's sum.
    #[expect(clippy::cast_precision_loss, reason = "a day's messages are below 2^24, or rounded")]
    pub(super) fn of(sum: Sum) -> Day {
        Day { charge: sum.amount.decimal().to_f32().unwrap_or_default(), count: sum.messages as f32 }
    }
}

/// Follows one subject day by day.
#[derive(Clone, Debug, Default)]
pub(super) struct Tracker {
    replay: Replay,
    charges: Vec<f64>,
    spent: f64,
    sent: f64,
}

impl Tracker {
    /// What a message costs on average.
    fn price(&self) -> f64 {
        if self.sent > 0.0 { self.spent / self.sent } else { 0.0 }
    }

    fn sensitivity(&self, watch: Watch) -> Sensitivity {
        let floor = number(watch.min_extra) / self.price().max(LEAST_PRICE);
        Sensitivity { alpha: alpha(watch.watched), floor }
    }

    /// Adds the next complete day; answers whether it was a spike.
    pub(super) fn add(&mut self, day: Day, watch: Option<Watch>) -> bool {
        let [charge, count] = [day.charge, day.count].map(f64::from);
        let sensitivity = watch.map(|watch| self.sensitivity(watch));
        let is_spike = sensitivity.is_some_and(|sensitivity| self.replay.day(count, &sensitivity));
        self.charges.push(charge);
        (self.spent, self.sent) = (self.spent + charge, self.sent + count);
        is_spike
    }

    /// The bound of the day after the last.
    #[expect(clippy::cast_possible_truncation, reason = "kept in single precision")]
    pub(super) fn bound(&self, watch: Watch) -> Option<Bound> {
        let usual = self.replay.usual()?;
        let critical = usual.critical(&self.sensitivity(watch));
        Some(Bound { usual: usual.mean as f32, critical: critical as f32 })
    }

    /// What is still to come in so many days, in single precision, as it is kept.
    #[expect(clippy::cast_possible_truncation, reason = "kept in single precision")]
    pub(super) fn outlook(&self, days_left: u32) -> Option<Outlook> {
        let Outlook { days, mean, variance, today } = Outlook::new(&self.charges, days_left, self.price())?;
        let [mean, variance, today] = [mean, variance, today].map(|number| f64::from(number as f32));
        Some(Outlook { days, mean, variance, today })
    }
}

/// What lets a replay leave out what cannot lead to an alert.
#[cfg(any(test, feature = "cli"))]
impl Tracker {
    /// Whether there is enough history to say what is usual.
    pub(super) fn has_usual(&self) -> bool {
        self.charges.len() >= LEAST_DAYS as usize
    }

    /// Whether a day of this sum after the last would be a spike.
    pub(super) fn is_spike(&self, sum: Sum, watch: Watch) -> bool {
        self.replay.is_spike(f64::from(Day::of(sum).count), &self.sensitivity(watch))
    }

    /// Whether it can be likely at all that so much more is spent in so many days.
    pub(super) fn may_reach(&self, needed: Amount, days_left: u32) -> bool {
        number(needed) <= within_reach(&self.charges, days_left) * ROUNDING
    }
}

/// Where a period will end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
        let end = |more: f64| money(number(spent) + more.max(0.0), currency).max(spent);
        let (low, high) = (end(self.rest.quantile(0.1)), end(self.rest.quantile(0.9)));
        // The mean of a subject that rarely sends lies beyond what nine chances in ten have.
        Estimate { low, likely: end(self.rest.mean).clamp(low, high), high }
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

impl<'de> Deserialize<'de> for Tenths {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Tenths, D::Error> {
        f64::deserialize(deserializer).map(Tenths::of)
    }
}

/// How far a day's count is above the usual.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Excess {
    /// What is usual on such a day.
    pub usual: Tenths,
    /// Count ÷ usual.
    pub factor: Tenths,
    /// What the messages above the usual cost, in minor units: what is held against the policy's `min_extra` is what is shown.
    pub extra: Amount,
}

impl Excess {
    /// The first hour in which more was sent than on a whole usual day, and more than in a mean hour of this day. `None` if there is none, or if
    /// the hours are not all of the day's `messages`.
    #[must_use]
    pub fn first_hour(&self, hours: &BTreeMap<u32, u64>, messages: u64) -> Option<u32> {
        let is_first = |sent: u64| sent * 10 > self.usual.0 && sent * HOURS_A_DAY > messages;
        let first = || hours.iter().find(|(_, sent)| is_first(**sent)).map(|(hour, _)| *hour);
        (hours.values().sum::<u64>() == messages).then(first)?
    }
}
