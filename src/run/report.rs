//! From an account and a policy to figures: what to read, what to believe, and what of it is certain.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::join_all;
use jiff::Timestamp;
use jiff::civil::Date;

use super::{Prepared, Services, load};
use crate::clients::Deadline;
use crate::clients::zoom::{self, Ask, Digests, Pages, Reading, Source, ZoomError};
use crate::daybook::{Finished, Head, Judged, Loaded, Plan, Read, Remembered, Rules, Whose, merge};
use crate::domain::period::{Period, PeriodKind, judged_periods};
use crate::domain::policy::Policy;
use crate::domain::product::{Product, Products};
use crate::domain::totals::{DaySums, merged};
use crate::error::{Code, RunError};

/// Whether a run uses what others remember.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Memory {
    /// It reads the daybook and writes what the next run needs.
    Kept,
    /// It only looks.
    Read,
    /// It asks Zoom for everything.
    Unused,
}

/// What is asked of a report.
#[derive(Clone, Copy)]
pub struct Question<'q> {
    /// Rows sent at this moment or later do not count.
    pub until: Timestamp,
    /// The moment of the run.
    pub now: Timestamp,
    /// When reading must be over.
    pub deadline: Deadline,
    /// Whether the daybook is used.
    pub memory: Memory,
    /// Called after each page.
    pub on_page: &'q dyn Fn(Pages),
}

/// The reports of a run, read and compared with what is believed.
#[derive(Debug)]
pub struct Report {
    /// Rows sent at this moment or later do not count.
    pub until: Timestamp,
    /// The first civil day that was read.
    pub first_day: Date,
    /// The periods to judge.
    pub periods: Vec<Period>,
    /// Which closed periods earlier runs are done with, and this one; `None` if that could not be read, or was not asked.
    pub finished: Option<Finished>,
    /// The figures of all of them.
    pub judged: Judged,
    /// What each of them leaves for the next run; at least one.
    pub books: Vec<Book>,
    /// Requests for the reports, repeated ones included.
    pub requests: u64,
    /// Of these, those that Zoom's rate limit refused.
    pub refusals: u64,
}

/// What a report leaves for the next run.
#[derive(Debug)]
pub struct Book {
    /// What the report is of.
    pub product: Product,
    /// What the next run needs.
    pub remembered: Remembered,
    /// The daybook as it was.
    pub loaded: Loaded,
    /// Whether the daybook could not be read.
    pub is_without_daybook: bool,
    /// Whether nothing was taken from earlier readings.
    pub is_whole: bool,
    /// The failure that weighs most.
    pub failure: Option<ZoomError>,
}

/// Reads what is to be judged, one report after the other. One that fails leaves the others alone.
///
/// # Errors
/// [`Code::EventInvalid`] if the moment lies beyond the calendar.
pub async fn read_report(
    services: &Services,
    prepared: &Prepared,
    question: &Question<'_>,
) -> Result<Report, RunError> {
    let Question { until, deadline, memory, .. } = *question;
    let policy = &prepared.policy;
    let (zone, late_charges_days) = (&policy.time_zone, policy.late_charges_days);
    let load = |product: &Product| {
        let whose = prepared.whose(Products::One(*product));
        async move {
            if memory == Memory::Unused { Some(Loaded::default()) } else { load::head(services, whose, deadline).await }
        }
    };
    let finished =
        async { if memory == Memory::Unused { None } else { load::finished(services, prepared, deadline).await } };
    let (loaded, finished) = tokio::join!(join_all(policy.products.iter().map(load)), finished);
    let is_finished = |kind: PeriodKind| finished.as_ref()?.of(kind);
    let periods = judged_periods(policy.period_kinds(), last_moment(until), zone, late_charges_days, is_finished)
        .map_err(|_| beyond_the_calendar(until))?;
    let first_day = periods.iter().map(Period::first_day).min().unwrap_or_else(|| zone.to_datetime(until).date());
    // What came between is known to no run yet.
    let heads = loaded.iter().flatten().filter_map(|loaded| loaded.head.as_ref());
    let first_day = heads.filter_map(|head| head.hole_before(first_day, zone, until)).min().unwrap_or(first_day);
    let account: Arc<str> = prepared.authorized.account_id().into();
    let judged = Judged::of(account, &policy.products);
    let mut report =
        Report { until, first_day, periods, finished, judged, books: Vec::new(), requests: 0, refusals: 0 };
    for (place, (product, loaded)) in policy.products.iter().zip(loaded).enumerate() {
        // Those after it have a sixth of the time each at least, and what this one leaves.
        let others = u32::try_from(policy.products.len() - place - 1).unwrap_or_default();
        let deadline = deadline.earlier(deadline.left() / 6 * others);
        let question = Question { deadline, ..*question };
        let reader = Reader { services, prepared, question: &question, product: *product };
        let book = reader.read(loaded, &mut report).await;
        report.books.push(book);
    }
    Ok(report)
}

/// Reads one report.
struct Reader<'r> {
    services: &'r Services,
    prepared: &'r Prepared,
    question: &'r Question<'r>,
    product: Product,
}

impl Reader<'_> {
    async fn read(&self, loaded: Option<Loaded>, report: &mut Report) -> Book {
        let Reader { services, prepared, product, .. } = *self;
        let Question { until, now, deadline, on_page, .. } = *self.question;
        let policy = &prepared.policy;
        let (zone, late_charges_days, first_day) = (&policy.time_zone, policy.late_charges_days, report.first_day);
        let whose = prepared.whose(Products::One(product));
        let (is_without_daybook, loaded) = (loaded.is_none(), loaded.unwrap_or_default());
        let head = loaded.head.clone().unwrap_or_default();
        let (plan, kept, counted) = self.plan(whose, &loaded, first_day).await;
        let (dates, rows_a_date) = (plan.ask.clone(), plan.rows_a_date());
        let asked = zoom::report(product);
        let (of_days, answered_before) = (zone.clone(), head.answered_to());
        let ask =
            Ask { report: asked, dates, until, now, zone: of_days, first_day, counted, rows_a_date, answered_before };
        let renew = || async { services.secrets.read(&prepared.secret_id).await.ok() }.boxed_local();
        let authorized = prepared.authorized.clone();
        let source = Source { authorized, renew: &renew, on_page, most_requests: None, deadline };
        report.judged.coverage.is_blind |= is_without_daybook || self.question.memory == Memory::Unused;
        let mut reading = services.zoom.read(source, &ask).await;
        report.requests += reading.requests;
        report.refusals += reading.refusals;
        let (failure, is_whole) = (reading.failure.take(), plan.is_whole());
        let sums = sums_of(&reading, kept, first_day);
        let read =
            Read { product, zone, late_charges_days, first_day, until, read_at: until, head, plan, reading, sums };
        let believed = load::believed(services, whose, &read, deadline).await;
        let remembered = merge(read, believed, &mut report.judged);
        Book { product, remembered, loaded, is_without_daybook, is_whole, failure }
    }

    /// What to read, and what earlier runs have read; everything, if that cannot be had.
    async fn plan(
        &self,
        whose: Whose<'_>,
        loaded: &Loaded,
        first_day: Date,
    ) -> (Plan, BTreeMap<Date, DaySums>, Digests) {
        let Reader { services, prepared, .. } = *self;
        let Question { until, deadline, .. } = *self.question;
        let policy = &prepared.policy;
        let rules = Rules {
            full_every: services.full_read_every,
            late_every: services.late_read_every,
            late_charges_days: policy.late_charges_days,
            reports: policy.products.len() as u64,
        };
        let plan = Plan::of(loaded.head.as_ref(), &rules, first_day, until, &policy.time_zone);
        match load::parts(services, whose, &plan, deadline).await {
            Some((kept, counted)) => (plan, kept, counted),
            None => {
                let everything = Plan::of(None, &rules, first_day, until, &policy.time_zone);
                (everything, BTreeMap::new(), Digests::new())
            }
        }
    }
}

/// The last moment whose rows count.
fn last_moment(until: Timestamp) -> Timestamp {
    until.saturating_sub(jiff::SignedDuration::from_nanos(1)).unwrap_or(until)
}

fn beyond_the_calendar(at: Timestamp) -> RunError {
    RunError::new(
        Code::EventInvalid,
        format!("as_of {at} lies beyond the calendar; give a moment of the last 13 months"),
    )
}

/// The figures by civil day of what was read, whole questions and parts of them, and of what is kept.
pub(super) fn sums_of(reading: &Reading, kept: BTreeMap<Date, DaySums>, first_day: Date) -> BTreeMap<Date, DaySums> {
    // Most days of a large report are kept ones, which are not copied.
    let mut sums = kept;
    let read = reading.parts.values().chain([&reading.partial]).flat_map(|part| &part.days);
    for (day, figures) in read {
        let day = sums.entry(*day).or_default();
        *day = merged(day, figures);
    }
    sums.split_off(&first_day)
}

impl Report {
    /// Which closed periods were judged for the last time, if that is not as before: none, unless all that was due for them was sent, and none
    /// of `held`, which are judged on.
    #[must_use]
    pub fn finished_now(&self, policy: &Policy, all_was_sent: bool, held: &BTreeSet<Period>) -> Option<Finished> {
        let (zone, late, until) = (&policy.time_zone, policy.late_charges_days, self.until);
        let is_done = |period: &Period| {
            let is_done_with = |book: &Book| {
                book.remembered.is_done_with(period, (book.product, &self.judged.coverage), zone, late, until)
            };
            let is_judged = all_was_sent && !held.contains(period) && !self.judged.coverage.is_blind;
            is_judged && self.books.iter().all(is_done_with)
        };
        let before = self.finished.as_ref()?;
        let after = before.after(&self.periods, zone.to_datetime(until).date(), is_done);
        (after != *before).then_some(after)
    }

    /// Whether all rows of a civil day were listed. One that cannot be read is missing from its figures, as it is from the daybook's.
    pub(super) fn was_listed(&self, products: Products, day: Date, zone: &jiff::tz::TimeZone) -> bool {
        let has_no_gap = |day: Period| self.judged.coverage.has_no_gap(products, day.from(), day.to());
        Period::of_day(PeriodKind::Day, day, zone).is_ok_and(has_no_gap)
    }

    /// Whether nothing was taken from earlier readings.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.books.iter().all(|book| book.is_whole)
    }

    /// The books of what is counted.
    pub(super) fn books_of(&self, products: Products) -> impl Iterator<Item = &Book> {
        self.books.iter().filter(move |book| products.include(book.product))
    }

    /// The head that keeps what runs have in common: how they went, and what budgets have matched.
    #[must_use]
    pub fn head(&self) -> Head {
        self.books.first().map(|book| book.remembered.head.clone()).unwrap_or_default()
    }

    /// The first day of which the figures of all reports are known.
    #[must_use]
    pub fn known_from(&self) -> Option<Date> {
        let known = |book: &Book| book.remembered.head.first_day().unwrap_or(self.first_day).min(self.first_day);
        self.books.iter().map(known).max()
    }
}
