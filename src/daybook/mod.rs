//! The daybook: what runs keep of a report.
//!
//! It holds, for an account, a product and a time zone:
//!
//! - **days**: the figures of each civil day, by line. Only a reading that lists all rows of a day replaces them. Past months are judged,
//!   forecast and reported from them, and each reading is compared with them: a figure that falls waits for a second reading, and if a day
//!   cannot be read whole, each subject is judged by the larger of the two sums.
//! - **parts**: what the questions of earlier runs listed, if a report is too long for every run to read it whole, with the digests of the
//!   rows that a neighboring question may list too. Parts save requests and decide no figure. A part that is damaged is read again.
//! - the **head**, one item that names the days and parts. It is written before them, with the days marked that are about to be written, and
//!   after them; only if no other run wrote it in between.
//!
//! Beside it lie which closed periods are done with (`finished.rs`), and the page that the dashboard's widget shows (`pages.rs`).
//!
//! A fault of the daybook never fails a run: the run reads everything from Zoom.

mod baselines;
mod codec;
#[cfg(feature = "cli")]
mod file;
mod finished;
mod items;
mod merge;
mod months;
mod pages;
mod plan;
mod remembered;
mod store;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use serde::{Deserialize, Serialize};

use crate::clients::zoom::Part;
use crate::domain::dates::Dates;
use crate::domain::money::{Amount, Currency};
use crate::domain::period::start_of;
use crate::domain::totals::Sum;

pub use baselines::{decode, encode};
#[cfg(feature = "cli")]
pub use file::{
    BEGINNING, FileDays, FileFault, Saved, Texts, read as read_file, verify as verify_file, write as write_file,
};
pub use finished::Finished;
pub use items::{Loaded, Whose};
pub use merge::{Judged, Read, merge};
pub use months::Months;
pub use pages::{Listed, PARTITION};
pub use plan::{Plan, Rules};
pub use remembered::Remembered;
pub use store::{Store, StoreError};

/// Days whose runs are counted: two months.
const RUN_DAYS_KEPT: usize = 64;
/// Days without a run that the next one reads.
const LONGEST_HOLE: i64 = 31;
/// The version of the format. A head of another version counts as none.
const VERSION: u32 = 1;

/// What there is in a daybook.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    version: u32,
    /// Days whose figures are known, those without charges too.
    pub(crate) days: BTreeMap<Date, KnownDay>,
    parts: Vec<KnownPart>,
    falls: Vec<Fall>,
    /// When the last run read the report.
    read_at: Option<Timestamp>,
    /// How many pages the last whole reading had, in one run or in several. Those that failed took more requests.
    #[serde(rename = "whole_requests")]
    whole_pages: u64,
    /// Whether the last run left something unread. Then the next run continues from its parts.
    #[serde(default)]
    unfinished: bool,
    /// The dates of questions that failed, though Zoom answered others.
    #[serde(default)]
    failed: Vec<Dates>,
    /// When the last runs read the report.
    #[serde(default)]
    kept_at: Vec<Timestamp>,
    /// Fingerprints of the budgets whose `only` matched something.
    matched: BTreeSet<String>,
    /// When the newest row was sent that is charged, or waits for its price.
    newest_row: Option<Timestamp>,
    /// The last date for which Zoom has answered, as far as it had started somewhere, and the next one.
    #[serde(default)]
    answered_to: Option<Date>,
    /// The report's requests of a day, in UTC.
    requests: (Date, u64),
    /// Runs by civil day: all, and those that read the report whole.
    #[serde(default)]
    runs: BTreeMap<Date, (u64, u64)>,
}

impl Head {
    /// Fingerprints of the budgets whose `only` matched something.
    #[must_use]
    pub fn matched(&self) -> &BTreeSet<String> {
        &self.matched
    }

    /// When the newest row was sent that is charged, or waits for its price.
    #[must_use]
    pub fn newest_row(&self) -> Option<Timestamp> {
        self.newest_row
    }

    /// The last date for which Zoom has answered, as far as it had started somewhere, and the next one.
    #[must_use]
    pub fn answered_to(&self) -> Option<Date> {
        self.answered_to
    }

    /// How many requests for the report were made on this day, in UTC.
    #[must_use]
    pub fn requests_of(&self, day: Date) -> u64 {
        if self.requests.0 == day { self.requests.1 } else { 0 }
    }

    /// Counts requests for the report.
    pub fn count_requests(&mut self, day: Date, requests: u64) {
        self.requests = (day, self.requests_of(day) + requests);
    }

    /// Counts a run of this day.
    pub fn count_run(&mut self, day: Date, is_complete: bool) {
        let (runs, complete) = self.runs.entry(day).or_default();
        *runs += 1;
        *complete += u64::from(is_complete);
        while self.runs.len() > RUN_DAYS_KEPT {
            self.runs.pop_first();
        }
    }

    /// How many runs there were on these days, and how many read the report whole.
    #[must_use]
    pub fn runs_of(&self, (first, last): (Date, Date)) -> (u64, u64) {
        let days = self.runs.range(first..=last);
        days.fold((0, 0), |(runs, complete), (_, of_day)| (runs + of_day.0, complete + of_day.1))
    }

    /// The first day that is not known between the last known one and `first_day`, if it is a month back at most. A run that judges from
    /// `first_day` on reads from there: foresight uses no past with a hole in it. Only the first run of a day does, since a day may stay
    /// unreadable.
    #[must_use]
    pub fn hole_before(&self, first_day: Date, zone: &TimeZone, until: Timestamp) -> Option<Date> {
        let is_first =
            self.read_at.is_none_or(|read_at| zone.to_datetime(read_at).date() < zone.to_datetime(until).date());
        let (known, _) = self.days.range(..first_day).next_back().filter(|_| is_first)?;
        let hole = known.tomorrow().ok()?;
        (hole < first_day && hole >= first_day.saturating_sub(LONGEST_HOLE.days())).then_some(hole)
    }

    /// The known days on which something was charged.
    pub fn active_days(&self) -> impl Iterator<Item = Date> {
        self.days.iter().filter(|(_, known)| !known.sums.is_empty()).map(|(day, _)| *day)
    }

    /// What is known of these days, as a text that changes with it.
    #[must_use]
    pub fn state_of(&self, days: std::ops::Range<Date>) -> String {
        let known = self.days.range(days).map(|(day, known)| format!("{day} {:x}", known.content));
        known.collect::<Vec<_>>().join(" ")
    }

    /// How many known days end right before this one, without a gap.
    #[must_use]
    pub fn days_before(&self, today: Date) -> u32 {
        let mut expected = today;
        let mut count = 0;
        for day in self.days.range(..today).rev().map(|(day, _)| *day) {
            let Ok(yesterday) = expected.yesterday() else { break };
            if day != yesterday {
                break;
            }
            (expected, count) = (yesterday, count + 1);
        }
        count
    }

    /// The days of which figures are known, each with when it was read.
    pub fn known_days(&self) -> impl Iterator<Item = (Date, Timestamp)> {
        self.days.iter().map(|(day, known)| (*day, known.read_at))
    }

    /// Whether the figures of a day are known, were settled when they were read, and do not wait for a second reading.
    #[must_use]
    pub fn knows_settled(&self, day: Date, zone: &TimeZone, late_charges_days: u32) -> bool {
        let waits = self.falls.iter().any(|fall| fall.day == day);
        !waits && self.days.get(&day).is_some_and(|known| known.was_settled(day, zone, late_charges_days))
    }

    /// The questions to ask about these dates, of which some may have failed before.
    #[must_use]
    pub fn divided(&self, dates: Dates, now: Timestamp) -> Vec<Dates> {
        plan::divided(dates, &self.failed, now)
    }

    /// The first day of which figures are known.
    #[must_use]
    pub fn first_day(&self) -> Option<Date> {
        self.days.keys().next().copied()
    }
}

/// A day's figures as the head knows them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KnownDay {
    /// How many items hold its lines.
    chunks: usize,
    /// A digest of its lines.
    content: u64,
    /// Over all that counts: currency, money, messages.
    sums: Vec<(String, String, u64)>,
    /// When it was read.
    read_at: Timestamp,
}

impl KnownDay {
    /// Whether the figures of the day were settled when they were read.
    fn was_settled(&self, day: Date, zone: &TimeZone, late_charges_days: u32) -> bool {
        let settled = day.checked_add((i64::from(late_charges_days) + 1).days());
        settled.and_then(|day| start_of(day, zone)).is_ok_and(|settled| self.read_at >= settled)
    }

    fn by_currency(&self) -> BTreeMap<Currency, Sum> {
        let sum = |(currency, amount, messages): &(String, String, u64)| {
            Some((Currency::parse(currency).ok()?, Sum { amount: Amount::parse(amount).ok()?, messages: *messages }))
        };
        self.sums.iter().filter_map(sum).collect()
    }
}

/// The first day of a part that does not say so: it is not used.
fn never() -> Date {
    Date::MAX
}

/// What an earlier run's question listed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct KnownPart {
    from: Date,
    to: Date,
    /// Rows of earlier civil days were not counted.
    #[serde(default = "never")]
    first_day: Date,
    read_at: Timestamp,
    rows: u64,
    /// Minutes or pages of its figures, where they are not as many as its rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    units: Option<u64>,
    chunks: usize,
}

impl KnownPart {
    fn of(dates: Dates, part: &Part, first_day: Date, read_at: Timestamp) -> KnownPart {
        let units = part.days.values().flatten().map(|(_, sum)| sum.messages).sum();
        let (Dates { from, to }, rows) = (dates, part.rows);
        KnownPart { from, to, first_day, read_at, rows, units: (units != rows).then_some(units), chunks: 0 }
    }

    fn dates(&self) -> Dates {
        Dates { from: self.from, to: self.to }
    }
}

/// A day's figure in a currency that fell, and waits for a later reading.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Fall {
    day: Date,
    currency: String,
    before: (String, u64),
    after: (String, u64),
}

impl Fall {
    fn of(day: Date, currency: Currency, before: Sum, after: Sum) -> Fall {
        let figure = |sum: Sum| (sum.amount.to_string(), sum.messages);
        Fall { day, currency: currency.to_string(), before: figure(before), after: figure(after) }
    }

    fn after(&self) -> Option<Sum> {
        Some(Sum { amount: Amount::parse(&self.after.0).ok()?, messages: self.after.1 })
    }
}
