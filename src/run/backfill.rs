//! Loads the past months into the daybook, so that what rests on history has some from the first day on.
//!
//! A month after the other, the newest first, each kept as soon as it is read. What cannot be finished, for the run's time or for the day's
//! share of Zoom's limit, is finished by the next backfill: days that are in the daybook are not read again.

use std::collections::BTreeMap;

use futures_util::FutureExt;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

use super::prepare::zoom_failed;
use super::report::sums_of;
use super::{Prepared, Services};
use crate::clients::Deadline;
use crate::clients::zoom::{Ask, Digests, Pages, Reading, Source, ZoomErrorKind, report};
use crate::daybook::{Head, Judged, Plan, Read, Remembered, StoreError, merge};
use crate::domain::dates::{Dates, utc_date};
use crate::domain::period::{Period, PeriodKind, start_of};
use crate::domain::product::{Product, Products};
use crate::error::{Code, RunError};
use crate::response::Backfill;
use crate::telemetry::Metrics;

/// Half of what Zoom allows a Pro account in a day: the alerts need some too, and so do the account's other apps.
const MOST_REQUESTS: u64 = 7_500;
/// Months one after the other that may fail before a backfill takes Zoom to be out of order.
const MOST_FAILED: usize = 2;
/// Zoom's report goes back so far.
const MONTHS: i64 = 13;

/// Loads all settled days of the past 13 months that are not in the daybook yet. `progress` is called with the month and the page of it.
///
/// # Errors
/// The daybook cannot be read or written, or Zoom does not give the report.
pub async fn backfill(
    services: &Services,
    prepared: &Prepared,
    now: Timestamp,
    deadline: Deadline,
    metrics: &mut Metrics,
    progress: &dyn Fn(&Period, u64),
) -> Result<Backfill, RunError> {
    let policy = &prepared.policy;
    let months = months(now, &policy.time_zone, policy.late_charges_days).map_err(calendar)?;
    let mut done = Backfill { days: 0, days_read: 0, since: None, finished: true };
    let (products, mut failed, mut in_a_row) = (policy.products.iter(), None, 0);
    for (product, month) in products.flat_map(|product| months.iter().map(move |month| (*product, month))) {
        let step = Step { services, prepared, product, now, deadline, month };
        match step.take(&mut done, metrics, progress).await {
            Ok(None) => in_a_row = 0,
            Ok(Some(Ended::Early)) => done.finished = false,
            // A date that Zoom fails for does not keep the months before it away.
            Ok(Some(Ended::Failed(error))) => {
                failed = failed.or(Some(error));
                in_a_row += 1;
            }
            Err(error) => return Err(error),
        }
        if !done.finished || in_a_row > MOST_FAILED {
            break;
        }
    }
    metrics.report_incomplete = !done.finished || failed.is_some();
    failed.map_or(Ok(done), Err)
}

/// A month of a backfill.
struct Step<'s> {
    services: &'s Services,
    prepared: &'s Prepared,
    product: Product,
    now: Timestamp,
    deadline: Deadline,
    month: &'s Month,
}

/// Why days of a month were not read.
enum Ended {
    /// There was no time, or no request, for all of them.
    Early,
    /// Zoom failed for some.
    Failed(RunError),
}

/// The settled days of a month.
#[derive(Debug)]
struct Month {
    period: Period,
    days: Vec<Date>,
}

impl Step<'_> {
    /// Reads and saves the days of the month that are not in the daybook; `None` if that was all of them.
    async fn take(
        &self,
        done: &mut Backfill,
        metrics: &mut Metrics,
        progress: &dyn Fn(&Period, u64),
    ) -> Result<Option<Ended>, RunError> {
        let daybook = &self.services.daybook;
        let whose = self.prepared.whose(Products::One(self.product));
        let loaded = daybook.load(whose).await.map_err(unusable)?;
        let head = loaded.head.clone().unwrap_or_default();
        let open = self.open_days(&head, done);
        let (Some(first), Some(last)) = (open.first(), open.last()) else { return Ok(None) };
        let today = utc_date(self.now, 0);
        let left = MOST_REQUESTS.saturating_sub(self.requests_of(today).await?);
        if left == 0 || self.deadline.left().is_zero() {
            return Ok(Some(Ended::Early));
        }
        let ask = self.ask(*first, *last, &head).map_err(calendar)?;
        let reading = self.read(&ask, left, progress).await;
        metrics.requests += reading.requests;
        metrics.refusals += reading.refusals;
        metrics.rows += reading.parts.values().map(|part| part.rows).sum::<u64>();
        let (failure, requests) = (reading.failure.clone(), reading.requests);
        let mut remembered = self.merged(&ask, reading, &head);
        remembered.keep_days_only(&head);
        remembered.head.count_requests(today, requests);
        let saved = open.iter().filter(|day| self.is_known(&remembered.head, **day)).count() as u64;
        daybook.save(whose, &loaded, remembered, self.now).await.map_err(unusable)?;
        done.days_read += saved;
        done.days += saved;
        if saved > 0 {
            done.since = done.since.into_iter().chain([*first]).min();
        }
        match failure {
            None => Ok(None),
            Some(error) if matches!(error.kind, ZoomErrorKind::OutOfTime | ZoomErrorKind::RequestsSpent) => {
                Ok(Some(Ended::Early))
            }
            // The edge of the 13 months: what Zoom no longer has cannot be loaded.
            Some(error) if error.kind == ZoomErrorKind::TooOld => Ok(None),
            Some(error) if error.may_be_of_a_date() => Ok(Some(Ended::Failed(zoom_failed(&error)))),
            Some(error) => Err(zoom_failed(&error)),
        }
    }

    /// The days that are to be read; notes the others.
    fn open_days(&self, head: &Head, done: &mut Backfill) -> Vec<Date> {
        let (known, open): (Vec<_>, Vec<_>) = self.month.days.iter().partition(|day| self.is_known(head, **day));
        done.days += known.len() as u64;
        done.since = done.since.into_iter().chain(known.into_iter().min()).min();
        open
    }

    /// Whether the day does not have to be read. One that was read before it was settled may have grown since.
    fn is_known(&self, head: &Head, day: Date) -> bool {
        let policy = &self.prepared.policy;
        head.knows_settled(day, &policy.time_zone, policy.late_charges_days)
    }

    fn ask(&self, first: Date, last: Date, head: &Head) -> Result<Ask, jiff::Error> {
        let zone = self.prepared.policy.time_zone.clone();
        let (start, until) = (start_of(first, &zone)?, start_of(last.tomorrow()?, &zone)?);
        let listing = Dates::listing(start, until);
        // A date more, since nobody knows whether the last one belongs to the answer.
        let dates = head.divided(Dates { to: listing.to.tomorrow()?, ..listing }, self.now);
        let (report, now, counted) = (report(self.product), self.now, Digests::new());
        Ok(Ask { report, dates, until, now, zone, first_day: first, counted, rows_a_date: None, answered_before: None })
    }

    async fn read(&self, ask: &Ask, left: u64, progress: &dyn Fn(&Period, u64)) -> Reading {
        let Step { services, prepared, month, .. } = self;
        let on_page = |pages: Pages| progress(&month.period, pages.read);
        let renew = || async { services.secrets.read(&prepared.secret_id).await.ok() }.boxed_local();
        let source = Source {
            authorized: prepared.authorized.clone(),
            renew: &renew,
            on_page: &on_page,
            most_requests: Some(left),
            deadline: self.deadline,
        };
        services.zoom.read(source, ask).await
    }

    fn merged(&self, ask: &Ask, reading: Reading, head: &Head) -> Remembered {
        let account = self.prepared.whose(Products::One(self.product)).account;
        let read = Read {
            product: self.product,
            zone: &ask.zone,
            late_charges_days: self.prepared.policy.late_charges_days,
            first_day: ask.first_day,
            until: ask.until,
            read_at: self.now,
            head: head.clone(),
            plan: Plan::default(),
            sums: sums_of(&reading, BTreeMap::new(), ask.first_day),
            reading,
        };
        merge(read, BTreeMap::new(), &mut Judged::of(account.into(), &[self.product]))
    }

    /// The requests of a day for all reports: they share Zoom's limit.
    async fn requests_of(&self, day: Date) -> Result<u64, RunError> {
        let mut requests = 0;
        for product in &self.prepared.policy.products {
            let whose = self.prepared.whose(Products::One(*product));
            let loaded = self.services.daybook.load(whose).await.map_err(unusable)?;
            requests += loaded.head.map_or(0, |head| head.requests_of(day));
        }
        Ok(requests)
    }
}

fn calendar(error: jiff::Error) -> RunError {
    RunError::new(Code::Internal, format!("the past months: {error}"))
}

fn unusable(error: StoreError) -> RunError {
    RunError::new(Code::LedgerUnavailable, error.to_string())
}

/// The months that Zoom still has, newest first, each with its settled days.
fn months(now: Timestamp, zone: &TimeZone, late_charges_days: u32) -> Result<Vec<Month>, jiff::Error> {
    let today = zone.to_datetime(now).date();
    // The dates under which a day's rows may be listed have all passed, and so have the days in which a charge may come late.
    let settled = today.checked_sub((i64::from(late_charges_days).max(5) + 1).days())?;
    // A day's rows may be listed three dates before it, which must not be too old either.
    let oldest = today.checked_sub(MONTHS.months())?.checked_add(5.days())?;
    let mut months = Vec::<Month>::new();
    for day in settled.series(-1.day()).take_while(|day| *day >= oldest) {
        match months.last_mut() {
            Some(month) if month.period.first_day() <= day => month.days.insert(0, day),
            _ => {
                let period = Period::containing(PeriodKind::Month, start_of(day, zone)?, zone)?;
                months.push(Month { period, days: vec![day] });
            }
        }
    }
    Ok(months)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_settled_days_of_thirteen_months_are_loaded_newest_first() {
        let months = months("2026-11-22T13:00:00Z".parse().unwrap(), &TimeZone::UTC, 3).unwrap();
        let shown =
            |month: &Month| format!("{}: {} {}", month.period.label(), month.days[0], month.days.last().unwrap());
        let shown: Vec<_> = months.iter().map(shown).collect();
        assert_eq!(shown.len(), 14);
        assert_eq!(shown[0], "2026-11: 2026-11-01 2026-11-16");
        assert_eq!(shown[1], "2026-10: 2026-10-01 2026-10-31");
        assert_eq!(shown[13], "2025-10: 2025-10-27 2025-10-31");
    }
}
