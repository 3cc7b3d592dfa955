//! Combines what was read with the daybook, into figures to judge and a daybook for the next run.
//!
//! If all rows of a civil day were listed, the figure that was read counts, with one exception, a **fall**: the day has fewer messages or less
//! money in a currency than the daybook says. Zoom's answer may be wrong, and nothing in it shows that, so a fall waits for a later run:
//!
//! | a later run reads | then |
//! |---|---|
//! | the old figure or more | the fall is over |
//! | a figure between the fallen one and the old one | the fall is confirmed |
//! | less than the fallen figure | the fall waits again |
//!
//! While a fall waits, each subject is judged by the larger of its two sums, and the daybook keeps the old figure.
//!
//! If a day was read in part, each subject is judged by the larger of the sum in the daybook and the sum that was read. The daybook does not
//! change.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

use super::plan::listing_of;
use super::{Fall, Head, KnownDay, KnownPart, Plan, Remembered, codec};
use crate::clients::zoom::Reading;
use crate::domain::charge::Line;
use crate::domain::coverage::{Coverage, Receipt, Restated, Unconfirmed};
use crate::domain::dates::Dates;
use crate::domain::money::Currency;
use crate::domain::product::{Product, Products};
use crate::domain::totals::{DaySums, Sum, Totals, by_currency, merged};

/// Figures to judge.
#[derive(Debug)]
pub struct Judged {
    /// The sums by civil day.
    pub totals: Totals,
    /// What was read, and what was not.
    pub coverage: Coverage,
    /// Sums of settled days that Zoom has changed.
    pub restated: Vec<Restated>,
    /// What the sums rest on.
    pub receipt: Receipt,
}

/// What was read and what is known, as one run has it.
#[derive(Debug)]
pub struct Read<'r> {
    /// Which report.
    pub product: Product,
    /// Where civil days turn.
    pub zone: &'r TimeZone,
    /// For so many days a day's figures may still grow.
    pub late_charges_days: u32,
    /// The first civil day that is judged.
    pub first_day: Date,
    /// Rows sent at this moment or later do not count.
    pub until: Timestamp,
    /// When the report was read. A backfill reads days that ended long before.
    pub read_at: Timestamp,
    /// The daybook as it was.
    pub head: Head,
    /// What was to be read.
    pub plan: Plan,
    /// What was read.
    pub reading: Reading,
    /// The figures by civil day of what was read and of the parts that are believed.
    pub sums: BTreeMap<Date, DaySums>,
}

impl Read<'_> {
    fn days(&self) -> impl Iterator<Item = Date> + use<> {
        let last = self.zone.to_datetime(self.until.saturating_sub(1.nanosecond()).unwrap_or(self.until)).date();
        self.first_day.series(1.day()).take_while(move |day| *day <= last)
    }

    fn has_gap(&self, day: Date) -> bool {
        listing_of(day, self.zone)
            .is_none_or(|listing: Dates| self.reading.gaps.iter().any(|gap| gap.dates.overlap(&listing)))
    }

    /// The days whose believed lines are needed to judge: those with a gap, and those that differ from what is believed.
    #[must_use]
    pub fn days_to_load(&self) -> Vec<Date> {
        let nothing = DaySums::new();
        let differs = |day: &Date| {
            let Some(known) = self.head.days.get(day) else { return false };
            let sums = self.sums.get(day).unwrap_or(&nothing);
            self.has_gap(*day)
                || self.fall_of(*day)
                || known.content != codec::digest(&codec::folded(sums).unwrap_or_else(|| sums.clone()))
        };
        self.days().filter(differs).collect()
    }

    /// When the figures of a day were read that this run found in the daybook; never, if this run has not read all of the day again.
    fn read_before(&self, day: Date) -> Timestamp {
        let known = self.head.days.get(&day).map(|known| known.read_at);
        let (Some(known), Some(listing)) = (known, listing_of(day, self.zone)) else { return Timestamp::MIN };
        let is_again = |part: &KnownPart| part.read_at > known || !part.dates().overlap(&listing);
        if self.plan.keep.iter().all(is_again) { known } else { Timestamp::MIN }
    }

    fn fall_of(&self, day: Date) -> bool {
        self.head.falls.iter().any(|fall| fall.day == day)
    }
}

impl Judged {
    /// Nothing as yet of these products.
    #[must_use]
    pub fn of(account: Arc<str>, products: &[Product]) -> Judged {
        Judged {
            totals: Totals::of(account, products),
            coverage: Coverage::default(),
            restated: Vec::new(),
            receipt: Receipt::default(),
        }
    }
}

/// Judges what was read by what is believed, and adds it to what was judged of other reports; `believed` has the lines of
/// [`Read::days_to_load`].
#[must_use]
pub fn merge(mut read: Read<'_>, mut believed: BTreeMap<Date, DaySums>, judged: &mut Judged) -> Remembered {
    let product = read.product;
    let Judged { totals, coverage, restated, receipt } = judged;
    coverage.gaps.extend(read.reading.gaps.iter().cloned());
    coverage.kept_at.insert(product, read.head.kept_at.clone());
    coverage.row_faults.append(&mut read.reading.row_faults);
    coverage.not_priced.append(&mut read.reading.not_priced);
    let mut remembered = Remembered { head: read.head.clone(), ..Remembered::default() };
    let days: Vec<_> = read.days().collect();
    // Falls of days that this run does not judge stay: another policy's run does.
    let mut falls: Vec<_> = read.head.falls.iter().filter(|fall| !days.contains(&fall.day)).cloned().collect();
    for day in &days {
        let sums = read.sums.remove(day).unwrap_or_default();
        let before = believed.remove(day);
        coverage.read_before.insert((product, *day), read.read_before(*day));
        if read.has_gap(*day) {
            falls.extend(read.head.falls.iter().filter(|fall| fall.day == *day).cloned());
            match before {
                Some(before) => totals.set_doubtful(product, *day, &before, &sums),
                None => totals.set(product, *day, &sums),
            }
            continue;
        }
        let known = read.head.days.get(day);
        let fallen = fallen(&read, *day, known, &sums, &mut falls, &mut coverage.unconfirmed);
        if fallen.is_empty() {
            totals.set(product, *day, &sums);
            let was_settled = known.is_some_and(|known| known.was_settled(*day, read.zone, read.late_charges_days));
            restated.extend(
                before.filter(|_| was_settled).iter().flat_map(|before| restatements(product, *day, before, &sums)),
            );
            remembered.keep_day(*day, sums, read.read_at);
        } else if let Some(before) = before {
            let kept: DaySums = before.into_iter().filter(|(line, _)| fallen.contains(&line.currency)).collect();
            let others: DaySums = sums.iter().filter(|(line, _)| !fallen.contains(&line.currency)).cloned().collect();
            let stored = merged(&kept, &others);
            totals.set_doubtful(product, *day, &stored, &sums);
            remembered.keep_day(*day, stored, read.read_at);
        } else {
            // The head has the old figure, but the day's lines cannot be loaded. The daybook keeps both.
            totals.set(product, *day, &sums);
        }
    }
    if let Some(today) = days.last() {
        totals.set_hours(product, *today, std::mem::take(&mut read.reading.hours));
    }
    remembered.head.falls = falls;
    let newest_row = read.reading.newest_row.max(read.head.newest_row.filter(|newest| *newest < read.until));
    receipt.complete = coverage.is_complete();
    receipt.newest_row = receipt.newest_row.max(newest_row);
    add_to_receipt(receipt, &read, &days, totals);
    remembered.keep_reading(read.plan, read.reading, read.first_day, read.until, newest_row);
    remembered
}

/// Adds what the sums rest on.
fn add_to_receipt(receipt: &mut Receipt, read: &Read<'_>, days: &[Date], totals: &Totals) {
    let from_history = days.iter().filter(|day| read.plan.is_remembered(**day, read.zone)).count() as u64;
    receipt.rows += rows(read, days, totals);
    receipt.pages += read.reading.pages;
    receipt.days = days.len() as u64;
    receipt.days_from_history = receipt.days_from_history.max(from_history);
    // Of several reports, what was answered for all of them.
    receipt.read_to = receipt.read_to.into_iter().chain(read.reading.read_to).min();
}

/// The charged rows that the sums are of.
fn rows(read: &Read<'_>, days: &[Date], totals: &Totals) -> u64 {
    let (Some(first), Some(last)) = (days.first(), days.last()) else { return 0 };
    if read.product.counts_rows() {
        return totals.figures(Products::One(read.product)).messages(*first, *last);
    }
    let parts = read.reading.parts.values().chain([&read.reading.partial]).map(|part| part.rows);
    parts.chain(read.plan.keep.iter().map(|part| part.rows)).sum()
}

/// The currencies in which a day's figure fell and waits for a later reading.
fn fallen(
    read: &Read<'_>,
    day: Date,
    known: Option<&KnownDay>,
    sums: &DaySums,
    falls: &mut Vec<Fall>,
    unconfirmed: &mut Vec<Unconfirmed>,
) -> BTreeSet<Currency> {
    let Some(known) = known else { return BTreeSet::new() };
    let (was, is) = (known.by_currency(), by_currency(sums));
    let mut fallen = BTreeSet::new();
    // A day without a charge may fall too: to a credit.
    for currency in was.keys().chain(is.keys()).copied().collect::<BTreeSet<_>>() {
        let of = |sums: &BTreeMap<Currency, Sum>| sums.get(&currency).copied().unwrap_or_default();
        let (before, after) = (of(&was), of(&is));
        if !after.fell_from(before) {
            continue;
        }
        let waiting = read.head.falls.iter().find(|fall| fall.day == day && fall.currency == currency.code());
        // A second reading agrees that the figure fell.
        if waiting.is_some_and(|fall| fall.after().is_some_and(|fallen| !after.fell_from(fallen))) {
            continue;
        }
        fallen.insert(currency);
        falls.push(Fall::of(day, currency, before, after));
        unconfirmed.push(Unconfirmed { product: read.product, day, currency, before, after });
    }
    fallen
}

/// The sums by billing number that differ.
fn restatements(product: Product, day: Date, before: &DaySums, after: &DaySums) -> Vec<Restated> {
    let mut sums = BTreeMap::<(Arc<str>, Currency), (Sum, Sum)>::new();
    let key = |line: &Line| (Arc::clone(&line.number), line.currency);
    before.iter().for_each(|(line, sum)| sums.entry(key(line)).or_default().0.add(*sum));
    after.iter().for_each(|(line, sum)| sums.entry(key(line)).or_default().1.add(*sum));
    let differs = sums.into_iter().filter(|(_, (before, after))| before != after);
    differs
        .map(|((billing_number, currency), (before, after))| Restated {
            product,
            day,
            billing_number,
            currency,
            before,
            after,
        })
        .collect()
}
