//! What a run keeps for the next one: the figures of the days, the parts that save requests, and which periods are done with.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};

use super::{Head, KnownDay, KnownPart, Plan, VERSION, codec};
use crate::clients::zoom::{Part, Reading};
use crate::domain::coverage::{Coverage, NotPriced, Unconfirmed};
use crate::domain::dates::{Dates, utc_date};
use crate::domain::money::Currency;
use crate::domain::period::{Period, final_at};
use crate::domain::product::{Product, Products};
use crate::domain::totals::{DaySums, Sum, by_currency};

/// A period with rows that have no price is judged on for so long after its end: two billing cycles.
const PRICED_LATE: SignedDuration = SignedDuration::from_hours(24 * 62);
/// Days that are known: a little more than the 13 months for which Zoom keeps its report.
const DAYS_KEPT: i64 = 430;

/// What the next run needs.
#[derive(Debug, Default)]
pub struct Remembered {
    /// What there is in the daybook.
    pub head: Head,
    /// Days whose figures have changed.
    pub(super) days: BTreeMap<Date, DaySums>,
    /// New parts.
    pub(super) parts: Vec<(KnownPart, Part)>,
}

impl Remembered {
    /// Keeps a day's figures.
    pub(super) fn keep_day(&mut self, day: Date, sums: DaySums, read_at: Timestamp) {
        let sums = match codec::folded(&sums) {
            Some(folded) => {
                tracing::warn!(%day, lines = sums.len(), "the day has too many lines; their detail is folded in the daybook, sums by number stay exact");
                folded
            }
            None => sums,
        };
        let content = codec::digest(&sums);
        let chunks = codec::encode([(day, &sums)]).len();
        let figure = |(currency, sum): (Currency, Sum)| (currency.to_string(), sum.amount.to_string(), sum.messages);
        let known = KnownDay { chunks, content, sums: by_currency(&sums).into_iter().map(figure).collect(), read_at };
        let before = self.head.days.insert(day, known);
        if before.is_none_or(|before| before.content != content) && chunks > 0 {
            self.days.insert(day, sums);
        }
    }

    /// Keeps what is known of the reading, and of its parts those that save the next run requests.
    pub(super) fn keep_reading(
        &mut self,
        plan: Plan,
        reading: Reading,
        first_day: Date,
        until: Timestamp,
        newest_row: Option<Timestamp>,
    ) {
        let head = &mut self.head;
        head.version = VERSION;
        head.read_at = Some(until);
        head.newest_row = newest_row;
        head.count_requests(utc_date(until, 0), reading.requests);
        if plan.is_whole() {
            // A small report stays small though its dates are divided because one may fail.
            let divided = if plan.keeps_parts { 0 } else { (plan.ask.len() as u64).saturating_sub(1) };
            head.whole_requests = reading.requests.saturating_sub(divided);
        } else if head.unfinished && head.failures == 0 {
            // A reading that takes several runs. One that fails is no longer for it.
            head.whole_requests += reading.requests;
        }
        head.unfinished = reading.stopped_early;
        head.failures = match head.failures {
            _ if !reading.may_divide => 0,
            0 => 1,
            // Zoom answered no question at all: smaller ones would only be more of them.
            failures if reading.parts.is_empty() => failures,
            failures => failures.saturating_add(1),
        };
        head.read_to = head.read_to.max(reading.read_to);
        let forgotten = utc_date(until, 0).saturating_sub(DAYS_KEPT.days());
        head.days.retain(|day, _| *day >= forgotten);
        head.falls.retain(|fall| fall.day >= forgotten);
        head.parts.clear();
        if plan.keeps_parts || reading.stopped_early || reading.requests > plan.small {
            for (dates, part) in reading.parts {
                if !part.is_open {
                    self.parts.push((KnownPart::of(dates, &part, first_day, until), part));
                }
            }
            head.parts = plan.keep;
            self.remove_overlapping_parts(&reading.asked);
        }
    }

    /// Removes parts that share more than a date with any other question, read whole or not: a row listed under those dates may have been
    /// counted there, and the next run would not ask for it again. This happens where a question had to start a date earlier than
    /// planned.
    fn remove_overlapping_parts(&mut self, asked: &[Dates]) {
        let kept: Vec<_> = self.head.parts.iter().map(KnownPart::dates).collect();
        let is_apart = |part: &KnownPart| {
            let others = kept.iter().chain(asked).filter(|other| **other != part.dates());
            others.into_iter().all(|other| other.to.min(part.to) <= other.from.max(part.from))
        };
        self.head.parts.retain(is_apart);
        self.parts.retain(|(known, _)| is_apart(known));
    }

    /// Whether a closed period was judged for the last time, as far as this report goes: all of it was read once its late listings had ended,
    /// no figure of it waits for a second reading, and no row for a price.
    #[must_use]
    pub fn is_done_with(
        &self,
        period: &Period,
        (product, coverage): (Product, &Coverage),
        zone: &TimeZone,
        late_charges_days: u32,
        until: Timestamp,
    ) -> bool {
        let Ok(final_at) = final_at(period, zone, late_charges_days) else { return false };
        let days = period.first_day()..=period.last_day();
        let listing = Dates::listing(period.from(), period.to());
        let unconfirmed = |fall: &Unconfirmed| fall.product == product && days.contains(&fall.day);
        let not_priced = |rows: &NotPriced| rows.product == product && days.contains(&rows.day);
        let is_priced = period.to().duration_since(until) < -PRICED_LATE || !coverage.not_priced.iter().any(not_priced);
        let was_read_before = |part: &KnownPart| part.read_at < final_at && part.dates().overlap(&listing);
        until >= final_at
            && is_priced
            && coverage.is_whole(Products::One(product), period)
            && !coverage.unconfirmed.iter().any(unconfirmed)
            && !self.head.parts.iter().any(was_read_before)
    }

    /// Keeps the days only, and which of them fell. The rest of the head stays as it was.
    pub fn keep_days_only(&mut self, before: &Head) {
        self.parts.clear();
        let Head { days, falls, .. } = std::mem::take(&mut self.head);
        self.head = Head { version: VERSION, days, falls, ..before.clone() };
    }

    /// Adds fingerprints of budgets whose `only` matched something.
    pub fn matched(&mut self, fingerprints: impl IntoIterator<Item = String>) {
        self.head.matched.extend(fingerprints);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dates(from: i8, to: i8) -> Dates {
        let date = |day| Date::constant(2026, 11, day);
        Dates { from: date(from), to: date(to) }
    }

    /// The dates of the parts that are kept, of those that were kept before and those that were read now, given what was asked besides.
    fn kept(before: &[Dates], read: &[Dates], besides: &[Dates]) -> Vec<Dates> {
        let known = |dates: &Dates| KnownPart::of(*dates, &Part::default(), dates.from, Timestamp::UNIX_EPOCH);
        let plan = Plan { keep: before.iter().map(known).collect(), keeps_parts: true, ..Plan::default() };
        let parts = read.iter().map(|dates| (*dates, Part::default())).collect();
        let reading = Reading { parts, asked: [read, besides].concat(), ..Reading::default() };
        let mut remembered = Remembered::default();
        remembered.keep_reading(plan, reading, dates(1, 2).from, Timestamp::UNIX_EPOCH, None);
        let parts = remembered.head.parts.iter().chain(remembered.parts.iter().map(|(known, _)| known));
        parts.map(KnownPart::dates).collect()
    }

    /// How a reading went: its requests, the questions of its plan, whether parts were used, and whether anything was answered.
    #[derive(Clone, Copy)]
    struct Went {
        requests: u64,
        questions: usize,
        is_whole: bool,
        failed: bool,
        stopped_early: bool,
        answered: bool,
    }

    const WELL: Went =
        Went { requests: 2, questions: 1, is_whole: true, failed: false, stopped_early: false, answered: true };

    /// What is known of the report after such readings: requests of a whole reading, failures, and whether one is unfinished.
    fn after(readings: &[Went]) -> (u64, u32, bool) {
        let mut remembered = Remembered::default();
        for went in readings {
            let part = (dates(1, 10), Part::default());
            let known = KnownPart::of(part.0, &part.1, part.0.from, Timestamp::UNIX_EPOCH);
            let plan = Plan {
                ask: vec![dates(10, 20); went.questions],
                keep: if went.is_whole { Vec::new() } else { vec![known] },
                keeps_parts: !went.is_whole,
                small: 60,
            };
            let reading = Reading {
                requests: went.requests,
                may_divide: went.failed,
                stopped_early: went.stopped_early,
                parts: if went.answered { [part].into() } else { BTreeMap::new() },
                ..Reading::default()
            };
            remembered.keep_reading(plan, reading, dates(1, 2).from, Timestamp::UNIX_EPOCH, None);
        }
        (remembered.head.whole_requests, remembered.head.failures, remembered.head.unfinished)
    }

    #[test]
    fn what_is_known_of_a_report_follows_from_how_its_readings_went() {
        let failed = Went { failed: true, ..WELL };
        assert_eq!(after(&[WELL]), (2, 0, false));
        // Each failure divides its dates further; one that answers nothing does not, and a good reading ends it.
        assert_eq!(after(&[failed, failed, failed]), (2, 3, false));
        assert_eq!(after(&[failed, failed, Went { answered: false, ..failed }]), (2, 2, false));
        assert_eq!(after(&[failed, failed, WELL]), (2, 0, false));
        // What only division costs is not counted.
        assert_eq!(after(&[failed, Went { requests: 28, questions: 27, ..failed }]), (2, 2, false));
        // A reading of several runs is as long as all of them; one that reads what is open says nothing of it.
        let begun = Went { requests: 900, stopped_early: true, ..WELL };
        let goes_on = Went { is_whole: false, ..begun };
        let ends = Went { requests: 50, is_whole: false, ..WELL };
        assert_eq!(after(&[begun, goes_on]), (1_800, 0, true));
        assert_eq!(after(&[begun, goes_on, ends, ends]), (1_850, 0, false));
        // Nor does one that tries again what failed.
        let tries = Went { failed: true, ..goes_on };
        assert_eq!(after(&[begun, tries, tries]), (1_800, 2, true));
    }

    #[test]
    fn a_part_is_kept_if_no_other_question_lists_dates_within_it() {
        let (old, middle, newest) = (dates(1, 10), dates(10, 20), dates(20, 25));
        assert_eq!(kept(&[old], &[middle, newest], &[]), [old, middle, newest]);
        // The newest question had to start a date earlier. Whether it was read whole or not, it may have counted rows of its neighbor.
        assert_eq!(kept(&[old, middle], &[dates(19, 25)], &[]), [old]);
        assert_eq!(kept(&[old], &[middle], &[dates(19, 25)]), [old]);
        assert_eq!(kept(&[old, middle], &[], &[dates(20, 25)]), [old, middle]);
    }
}
