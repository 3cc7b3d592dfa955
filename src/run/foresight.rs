//! The baselines of the day: made by its first run, read by the others.
//!
//! Without them nothing is forecast and no spike is found; budgets never wait for them. So whatever fails here is a warning, and the next run
//! tries again.

use std::collections::BTreeMap;
use std::ops::Range;

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _};

use super::report::Report;
use super::{Memory, Prepared, Services};
use crate::clients::Deadline;
use crate::daybook::{StoreError, encode};
use crate::domain::alert::hash;
use crate::domain::baselines::{Baselines, Maker};
use crate::domain::period::{Period, PeriodKind};
use crate::domain::product::Products;

/// The version of methods and format.
const VERSION: &str = "2";
/// Days of the daybook that are in memory at once.
const DAYS_AT_ONCE: i64 = 3;
/// A day that is so much older than the latest charges may be is not expected to change.
const LATE_LISTING_DAYS: i64 = 5;

/// Baselines, and what to keep of them.
#[derive(Debug, Default)]
pub struct Foresight {
    /// The baselines, by what is counted.
    pub baselines: BTreeMap<Products, Baselines>,
    /// Those that were made by this run.
    pub made: Vec<Made>,
}

/// Baselines that this run made, to keep.
#[derive(Debug)]
pub struct Made {
    products: Products,
    bytes: Vec<u8>,
    /// What they were made of.
    state: String,
}

/// The baselines of the day that is judged; empty if the policy needs none, or if they cannot be had.
pub(super) async fn foresight(
    services: &Services,
    prepared: &Prepared,
    (report, memory): (&Report, Memory),
    deadline: Deadline,
) -> Foresight {
    let mut foresight = Foresight::default();
    if memory == Memory::Unused {
        return foresight;
    }
    let deadline = deadline.share_of(2);
    for products in Maker::needed(&prepared.policy) {
        // Without the daybook, the few days that were read would pass for the whole history.
        if report.books_of(products).any(|book| book.is_without_daybook) {
            tracing::warn!("without its daybook the run estimates nothing and looks for no spikes");
            continue;
        }
        let day = Day::of(prepared, products, report);
        let problem = match deadline.bound(day.foresight(services, deadline)).await {
            Some(Ok(Some((baselines, made)))) => {
                foresight.baselines.insert(products, baselines);
                foresight.made.extend(made);
                continue;
            }
            Some(Ok(None)) | None => {
                "the run's time was not enough; the next run tries again, and more memory makes it faster".to_owned()
            }
            Some(Err(error)) => error.to_string(),
        };
        tracing::warn!(
            problem,
            "without baselines nothing is forecast and no spike is found; the next run tries again"
        );
    }
    foresight
}

/// The day that is judged.
struct Day<'d> {
    prepared: &'d Prepared,
    products: Products,
    report: &'d Report,
    today: Date,
    /// The first day that is judged for spikes.
    judged: Date,
    /// What the baselines are made of.
    state: String,
}

impl<'d> Day<'d> {
    fn of(prepared: &'d Prepared, products: Products, report: &'d Report) -> Day<'d> {
        let policy = &prepared.policy;
        let last = report.until.saturating_sub(1.nanosecond()).unwrap_or(report.until);
        let today = policy.time_zone.to_datetime(last).date();
        let days = report.periods.iter().filter(|period| period.kind() == PeriodKind::Day);
        let judged = days.map(Period::first_day).min().unwrap_or(today);
        let Range { start, .. } = Maker::wanted(today);
        let settled = today.saturating_sub((i64::from(policy.late_charges_days) + LATE_LISTING_DAYS).days());
        let states = report.books_of(products).map(|book| book.remembered.head.state_of(start..settled));
        let days = states.collect::<Vec<_>>().join("; ");
        // A budget without forecasts counts too: its subjects may be another's, that has some, once it is gone.
        let watches = format!("{:?} {:?}", &*policy.budgets, &*policy.spikes);
        let state = hash(&[VERSION, &today.to_string(), &days, &watches], 32);
        Day { prepared, products, report, today, judged, state }
    }

    async fn foresight(
        &self,
        services: &Services,
        deadline: Deadline,
    ) -> Result<Option<(Baselines, Option<Made>)>, StoreError> {
        let whose = self.prepared.whose(self.products);
        let kept = services.daybook.baselines(whose, self.today, &self.state).await?;
        // Days that were judged when they were made may be settled by now.
        if let Some(baselines) = kept.filter(|kept| kept.judged <= self.judged) {
            return Ok(Some((baselines, None)));
        }
        let made = self.make(services, deadline).await?;
        // Of days that this run could not read, the next one may know more.
        let mut gaps = self.report.judged.coverage.gaps.iter();
        let is_kept = !gaps.any(|gap| self.products.include(gap.product));
        Ok(made.map(|baselines| {
            let (bytes, state) = (encode(&baselines, self.today), self.state.clone());
            let made = is_kept.then_some(Made { products: self.products, bytes, state });
            (baselines, made)
        }))
    }

    async fn make(&self, services: &Services, deadline: Deadline) -> Result<Option<Baselines>, StoreError> {
        let Day { prepared, products, report, .. } = *self;
        let (policy, totals) = (&prepared.policy, &report.judged.totals);
        let mut maker = Maker::new(policy, products, totals.account(), self.today, self.judged);
        let Range { start, end } = Maker::wanted(self.today);
        let mut day = start;
        while day < report.first_day.min(end) {
            let next = day.saturating_add(DAYS_AT_ONCE.days()).min(report.first_day).min(end);
            let days: Vec<_> = day.series(1.day()).take_while(|day| *day < next).collect();
            let mut known = Vec::new();
            for book in report.books_of(products) {
                let whose = prepared.whose(Products::One(book.product));
                known.push(services.daybook.days(whose, &book.remembered.head, &days).await?);
            }
            for day in days {
                match known.iter().map(|known| known.get(&day)).collect::<Option<Vec<_>>>() {
                    Some(sums) => maker.add(day, sums.into_iter().flatten()),
                    None => maker.restart(),
                }
            }
            day = next;
        }
        for day in day.series(1.day()).take_while(|day| *day < end) {
            if report.was_listed(products, day, &policy.time_zone) {
                let sums: Vec<_> = report.books_of(products).map(|book| totals.believed(book.product, day)).collect();
                maker.add(day, sums.iter().flatten());
            } else {
                maker.restart();
            }
        }
        Ok(maker.finish(|| !deadline.left().is_zero()))
    }
}

impl Made {
    /// Keeps them for the day's other runs.
    pub(super) async fn keep(&self, services: &Services, prepared: &Prepared, now: Timestamp) {
        let whose = prepared.whose(self.products);
        if let Err(error) = services.daybook.keep_baselines(whose, &self.bytes, &self.state, now).await {
            tracing::warn!(%error, "the baselines of the day are not kept; the next run makes them anew");
        }
    }
}
