//! What a run keeps for the next one: the figures of the days, the parts that save requests, and which periods are done with.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};

use super::{Head, KnownDay, KnownPart, Plan, VERSION, codec};
use crate::clients::zoom::{Part, Reading};
use crate::domain::coverage::{Coverage, Gap, NotPriced, Unconfirmed};
use crate::domain::dates::{Dates, utc_date};
use crate::domain::money::Currency;
use crate::domain::period::{Period, final_at};
use crate::domain::product::{Product, Products};
use crate::domain::totals::{DaySums, Sum, by_currency};
use crate::error::Code;

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
        let is_unfinished = !reading.gaps.is_empty();
        if plan.is_whole() {
            head.whole_requests = reading.requests;
        } else if head.unfinished && head.failures == 0 {
            // A reading that takes several runs. One that fails is no longer for it.
            head.whole_requests += reading.requests;
        }
        head.unfinished = is_unfinished;
        let may_be_of_a_date = |gap: &Gap| matches!(gap.code, Code::ZoomUnavailable | Code::ReportInvalid);
        head.failures = match head.failures {
            _ if !reading.gaps.iter().any(may_be_of_a_date) => 0,
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
        if plan.keeps_parts || is_unfinished || reading.requests > plan.small {
            for (dates, part) in reading.parts {
                if !part.is_open {
                    self.parts.push((KnownPart::of(dates, &part, first_day, until), part));
                }
            }
            head.parts = plan.keep;
            self.remove_overlapping_parts();
        }
    }

    /// Removes parts that share more than a date with a newer one, which may have counted rows of theirs. This happens where a question had to
    /// start a date earlier than planned.
    fn remove_overlapping_parts(&mut self) {
        let all = self.head.parts.iter().chain(self.parts.iter().map(|(known, _)| known));
        let all: Vec<_> = all.map(KnownPart::dates).collect();
        let is_apart = |part: &KnownPart| !all.iter().any(|newer| newer.from < part.to && newer.to > part.to);
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

    /// Keeps the new days only, which were read at this moment. The rest of the head stays as it was.
    pub fn keep_days_only(&mut self, before: &Head, read: &[Date], read_at: Timestamp) {
        let mut days = std::mem::take(&mut self.head.days);
        for day in read {
            days.entry(*day).and_modify(|known| known.read_at = read_at);
        }
        self.parts.clear();
        self.head = Head { version: VERSION, days, ..before.clone() };
    }

    /// Adds fingerprints of budgets whose `only` matched something.
    pub fn matched(&mut self, fingerprints: impl IntoIterator<Item = String>) {
        self.head.matched.extend(fingerprints);
    }
}
