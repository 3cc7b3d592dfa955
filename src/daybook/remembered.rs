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
/// Runs of which it is known that they kept what they read.
const MOST_KEPT_AT: usize = 64;
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
        // The moment that is judged has whole seconds.
        head.kept_at.extend(Timestamp::from_second(until.as_second()));
        let forgotten = head.kept_at.len().saturating_sub(MOST_KEPT_AT);
        head.kept_at.drain(..forgotten);
        if plan.is_whole() {
            head.whole_pages = reading.pages;
        } else if head.unfinished {
            // A reading that takes several runs.
            head.whole_pages += reading.pages;
        }
        head.unfinished = reading.stopped_early;
        // A date that starts somewhere is asked for up to the next one, which may not belong to the answer.
        let starts = utc_date(until, 14).saturating_add(1.day());
        head.answered_to = head.answered_to.max(reading.answered_to.map(|to| to.min(starts)));
        let forgotten = utc_date(until, 0).saturating_sub(DAYS_KEPT.days());
        // If Zoom answered no question at all, smaller ones would only be more of them.
        if head.failed.is_empty() || !reading.parts.is_empty() {
            let tried: Vec<_> = reading.parts.keys().chain(&reading.failed).copied().collect();
            head.failed.retain(|failed| failed.to >= forgotten && !tried.iter().any(|tried| tried.cross(failed)));
            head.failed.extend(reading.failed);
        }
        head.days.retain(|day, _| *day >= forgotten);
        head.falls.retain(|fall| fall.day >= forgotten);
        head.parts.clear();
        if plan.keeps_parts || reading.stopped_early || reading.pages > plan.small {
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
            let mut others = kept.iter().chain(asked).filter(|other| **other != part.dates());
            others.all(|other| !other.cross(&part.dates()))
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

    /// Keeps the days only, which of them fell, and which dates failed. The rest of the head stays as it was.
    pub fn keep_days_only(&mut self, before: &Head) {
        self.parts.clear();
        let Head { days, falls, failed, .. } = std::mem::take(&mut self.head);
        self.head = Head { version: VERSION, days, falls, failed, ..before.clone() };
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

    /// A reading: its pages, whether it used parts, whether it was stopped early, and the dates of what was answered and of what failed.
    type Went<'w> = (u64, bool, bool, &'w [Dates], &'w [Dates]);

    /// What is known of the report after such readings: pages of a whole one, whether one is unfinished, and the dates that failed.
    fn after(readings: &[Went<'_>]) -> (u64, bool, Vec<Dates>) {
        let mut remembered = Remembered::default();
        for (pages, is_whole, stopped_early, answered, failed) in readings.iter().copied() {
            let known = KnownPart::of(dates(1, 2), &Part::default(), dates(1, 2).from, Timestamp::UNIX_EPOCH);
            let plan = Plan { keep: if is_whole { Vec::new() } else { vec![known] }, small: 60, ..Plan::default() };
            let parts = answered.iter().map(|dates| (*dates, Part::default())).collect();
            let reading = Reading { pages, stopped_early, parts, failed: failed.to_vec(), ..Reading::default() };
            remembered.keep_reading(plan, reading, dates(1, 2).from, Timestamp::UNIX_EPOCH, None);
        }
        (remembered.head.whole_pages, remembered.head.unfinished, remembered.head.failed)
    }

    #[test]
    fn what_is_known_of_a_report_follows_from_how_its_readings_went() {
        let (all, old, new) = (dates(1, 20), dates(1, 10), dates(10, 20));
        assert_eq!(after(&[(2, true, false, &[all], &[])]), (2, false, vec![]));
        // What failed is known until it is answered, also if a run asks for other dates; what fails in halves is known as that.
        let failed: Went<'_> = (1, true, false, &[new], &[old]);
        assert_eq!(after(&[failed]).2, [old]);
        assert_eq!(after(&[failed, (1, false, false, &[dates(20, 25)], &[])]).2, [old]);
        assert_eq!(after(&[failed, (2, true, false, &[dates(1, 5), new], &[dates(5, 10)])]).2, [dates(5, 10)]);
        assert_eq!(after(&[failed, (2, true, false, &[all], &[])]).2, []);
        // If nothing is answered, nothing is asked for in smaller questions.
        let nothing: Went<'_> = (0, true, false, &[], &[dates(1, 5), dates(5, 10), new]);
        assert_eq!(after(&[failed, nothing]).2, [old]);
        assert_eq!(after(&[nothing, nothing]).2.len(), 3);
        // A reading of several runs is as long as all of them; one that reads what is open says nothing of it.
        let starts: Went<'_> = (900, true, true, &[new], &[]);
        let goes_on: Went<'_> = (900, false, true, &[old], &[]);
        let ends: Went<'_> = (50, false, false, &[old], &[]);
        assert_eq!(after(&[starts, goes_on]), (1_800, true, vec![]));
        assert_eq!(after(&[starts, goes_on, ends, ends]), (1_850, false, vec![]));
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
