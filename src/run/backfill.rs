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
use crate::clients::zoom::{Ask, Digests, Pages, Source, ZoomErrorKind, report};
use crate::daybook::{Judged, Plan, Read, StoreError, merge};
use crate::domain::dates::{Dates, utc_date};
use crate::domain::period::{Period, PeriodKind, start_of};
use crate::domain::product::{Product, Products};
use crate::error::{Code, RunError};
use crate::response::Backfill;
use crate::telemetry::Metrics;

/// Half of what Zoom allows a Pro account in a day: the alerts need some too, and so do the account's other apps.
const MOST_REQUESTS: u64 = 7_500;
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
    let calendar = |error: jiff::Error| RunError::new(Code::Internal, format!("the past months: {error}"));
    let months = months(now, &policy.time_zone, policy.late_charges_days).map_err(calendar)?;
    let mut done = Backfill { days: 0, days_read: 0, since: None, finished: true };
    let products = policy.products.iter();
    for (product, month) in products.flat_map(|product| months.iter().map(move |month| (*product, month))) {
        let step = Step { services, prepared, product, now, deadline, month };
        done.finished = step.take(&mut done, metrics, progress).await?;
        if !done.finished {
            break;
        }
    }
    metrics.report_incomplete = !done.finished;
    Ok(done)
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

/// The settled days of a month.
#[derive(Debug)]
struct Month {
    period: Period,
    days: Vec<Date>,
}

impl Step<'_> {
    /// Reads and saves the days of the month that are not in the daybook; `false` if there was no time, or no request, for all of them.
    async fn take(
        &self,
        done: &mut Backfill,
        metrics: &mut Metrics,
        progress: &dyn Fn(&Period, u64),
    ) -> Result<bool, RunError> {
        let Step { services, prepared, product, now, deadline, month } = self;
        let (policy, daybook) = (&prepared.policy, &services.daybook);
        let whose = prepared.whose(Products::One(*product));
        let loaded = daybook.load(whose).await.map_err(unusable)?;
        let head = loaded.head.clone().unwrap_or_default();
        // A day that was read before it was settled may have grown since.
        let is_known = |day: &Date| head.knows_settled(*day, &policy.time_zone, policy.late_charges_days);
        let open: Vec<_> = month.days.iter().copied().filter(|day| !is_known(day)).collect();
        done.days += (month.days.len() - open.len()) as u64;
        let known = month.days.iter().filter(|day| is_known(day)).min();
        done.since = done.since.into_iter().chain(known.copied()).min();
        let (Some(first), Some(last)) = (open.first(), open.last()) else { return Ok(true) };
        let today = utc_date(*now, 0);
        let left = MOST_REQUESTS.saturating_sub(self.requests_of(today).await?);
        if left == 0 || deadline.left().is_zero() {
            return Ok(false);
        }
        let calendar = |error: jiff::Error| RunError::new(Code::Internal, format!("the past months: {error}"));
        let start = start_of(*first, &policy.time_zone).map_err(calendar)?;
        let until = start_of(last.tomorrow().map_err(calendar)?, &policy.time_zone).map_err(calendar)?;
        let listing = Dates::listing(start, until);
        // A date more, since nobody knows whether the last one belongs to the answer.
        let dates = Dates { to: listing.to.tomorrow().map_err(calendar)?, ..listing };
        let on_page = |pages: Pages| progress(&month.period, pages.read);
        let renew = || async { services.secrets.read(&prepared.secret_id).await.ok() }.boxed_local();
        let source = Source {
            authorized: prepared.authorized.clone(),
            renew: &renew,
            on_page: &on_page,
            most_requests: Some(left),
            deadline: *deadline,
        };
        let (zone, counted) = (policy.time_zone.clone(), Digests::new());
        let (dates, first_day) = (vec![dates], *first);
        let ask =
            Ask { report: report(*product), dates, until, now: *now, zone, first_day, counted, rows_a_date: None };
        let reading = services.zoom.read(source, &ask).await;
        metrics.requests += reading.requests;
        metrics.refusals += reading.refusals;
        metrics.rows += reading.parts.values().map(|part| part.rows).sum::<u64>();
        let (failure, requests) = (reading.failure.clone(), reading.requests);
        let sums = sums_of(&reading, BTreeMap::new(), *first);
        let mut remembered = {
            let read = Read {
                product: *product,
                zone: &policy.time_zone,
                late_charges_days: policy.late_charges_days,
                first_day: *first,
                until,
                head: head.clone(),
                plan: Plan::default(),
                reading,
                sums,
            };
            merge(read, BTreeMap::new(), &mut Judged::of(whose.account.into(), &[*product]))
        };
        remembered.keep_days_only(&head, &open, *now);
        remembered.head.count_requests(today, requests);
        let saved = open.iter().filter(|day| remembered.head.days.contains_key(*day)).count() as u64;
        daybook.save(whose, &loaded, remembered, *now).await.map_err(unusable)?;
        done.days_read += saved;
        done.days += saved;
        if saved > 0 {
            done.since = done.since.into_iter().chain([*first]).min();
        }
        match failure {
            None => Ok(true),
            Some(error) if matches!(error.kind, ZoomErrorKind::OutOfTime | ZoomErrorKind::RequestsSpent) => Ok(false),
            // The edge of the 13 months: what Zoom no longer has cannot be loaded.
            Some(error) if error.kind == ZoomErrorKind::TooOld => Ok(true),
            Some(error) => Err(zoom_failed(&error)),
        }
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
