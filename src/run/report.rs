//! From an account and a policy to figures: what to read, what to believe, and what of it is certain.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::{Prepared, Services};
use crate::clients::Deadline;
use crate::clients::zoom::{Ask, Digests, Pages, Reading, SMS, Source, ZoomError};
use crate::daybook::{Judged, Loaded, Plan, Read, Remembered, Rules, Whose, merge};
use crate::domain::charge::Line;
use crate::domain::dates::Dates;
use crate::domain::evaluate::Freshness;
use crate::domain::period::{Period, PeriodKind, judged_periods};
use crate::domain::policy::Policy;
use crate::domain::totals::{DaySums, Sum};
use crate::error::{Code, RunError};

/// What the daybook may take of a run's time before the report is read.
const LOAD_TIME: Duration = Duration::from_secs(10);
/// What it may take of the time to publish, after the report was read.
const LEAST_TIME: Duration = Duration::from_secs(3);

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

/// A report, read and compared with what is believed.
#[derive(Debug)]
pub struct Report {
    /// Rows sent at this moment or later do not count.
    pub until: Timestamp,
    /// The first civil day that was read.
    pub first_day: Date,
    /// The periods to judge.
    pub periods: Vec<Period>,
    /// The figures.
    pub judged: Judged,
    /// What the next run needs.
    pub remembered: Remembered,
    /// The daybook as it was.
    pub loaded: Loaded,
    /// Whether the daybook could not be read.
    pub is_without_daybook: bool,
    /// Requests for the report, repeated ones included.
    pub requests: u64,
    /// Of these, those that Zoom's rate limit refused.
    pub refusals: u64,
    /// Whether nothing was taken from earlier readings.
    pub is_whole: bool,
    /// The failure that weighs most.
    pub failure: Option<ZoomError>,
}

/// Reads what is to be judged.
///
/// # Errors
/// [`Code::EventInvalid`] if the moment lies beyond the calendar.
pub async fn read_report(
    services: &Services,
    prepared: &Prepared,
    question: &Question<'_>,
) -> Result<Report, RunError> {
    let Question { until, now, deadline, memory, .. } = *question;
    let policy = &prepared.policy;
    let (zone, late_charges_days) = (&policy.time_zone, policy.late_charges_days);
    let whose = prepared.whose();
    let loaded = if memory == Memory::Unused { Some(Loaded::default()) } else { load(services, whose, deadline).await };
    let (is_without_daybook, loaded) = (loaded.is_none(), loaded.unwrap_or_default());
    let head = loaded.head.clone().unwrap_or_default();
    let periods =
        judged_periods(policy.period_kinds(), last_moment(until), zone, late_charges_days, |kind| head.finished(kind))
            .map_err(|_| beyond_the_calendar(until))?;
    let start = periods.iter().map(Period::from).min().unwrap_or(until);
    let first_day = periods.iter().map(Period::first_day).min().unwrap_or_else(|| zone.to_datetime(until).date());
    let rules = Rules { full_every: services.full_read_every, late_every: services.late_read_every, late_charges_days };
    let first = Dates::listing(start, start).from;
    let mut plan = Plan::of(loaded.head.as_ref(), &rules, first, until, zone);
    let parts = deadline.at_most(LOAD_TIME).bound(services.daybook.parts(whose, &plan)).await;
    let (kept, counted) = match parts {
        Some(Ok(parts)) => parts,
        failed => {
            let problem =
                failed.and_then(Result::err).map_or_else(|| "no answer in time".to_owned(), |error| error.to_string());
            tracing::warn!(problem, "without the parts of earlier readings the run reads everything");
            plan = Plan::of(None, &rules, first, until, zone);
            (BTreeMap::new(), Digests::new())
        }
    };
    let (dates, rows_a_date) = (plan.ask.clone(), plan.rows_a_date());
    let ask = Ask { report: &SMS, dates, until, now, zone: zone.clone(), first_day, counted, rows_a_date };
    let renew = || async { services.secrets.read(&prepared.secret_id).await.ok() }.boxed_local();
    let authorized = prepared.authorized.clone();
    let source = Source { authorized, renew: &renew, on_page: question.on_page, most_requests: None, deadline };
    let mut reading = services.zoom.read(source, &ask).await;
    let (requests, refusals, failure) = (reading.requests, reading.refusals, reading.failure.take());
    let is_whole = plan.is_whole();
    let sums = sums_of(&reading, &kept, first_day);
    let account = Arc::from(prepared.authorized.account_id());
    let read = Read { account, zone, late_charges_days, first_day, until, head, plan, reading, sums };
    let believed = believed(services, whose, &read, deadline).await;
    let (judged, remembered) = merge(read, believed);
    Ok(Report {
        until,
        first_day,
        periods,
        judged,
        remembered,
        loaded,
        is_without_daybook,
        requests,
        refusals,
        is_whole,
        failure,
    })
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

async fn load(services: &Services, whose: Whose<'_>, deadline: Deadline) -> Option<Loaded> {
    match deadline.at_most(LOAD_TIME).bound(services.daybook.load(whose)).await {
        Some(Ok(loaded)) => Some(loaded),
        Some(Err(error)) => {
            tracing::warn!(%error, "without its daybook the run reads everything and compares nothing");
            None
        }
        None => {
            tracing::warn!("the daybook did not answer in time; the run reads everything and compares nothing");
            None
        }
    }
}

/// What is believed of the days that need it. Without it they are judged by what was read.
///
/// The report may have taken all of the run's time for reading: then it has a little of what is left to publish.
async fn believed(
    services: &Services,
    whose: Whose<'_>,
    read: &Read<'_>,
    deadline: Deadline,
) -> BTreeMap<Date, DaySums> {
    let days = read.days_to_load();
    let time = deadline.left().clamp(LEAST_TIME, LOAD_TIME);
    let problem = match Deadline::after(time).bound(services.daybook.days(whose, &read.head, &days)).await {
        Some(Ok(believed)) => return believed,
        Some(Err(error)) => error.to_string(),
        None => "no answer in time".to_owned(),
    };
    tracing::warn!(problem, "days that were read in part, or whose figures fell, are judged by what was read");
    BTreeMap::new()
}

/// The figures by civil day of what was read, whole questions and parts of them, and of what is kept.
pub(super) fn sums_of(reading: &Reading, kept: &BTreeMap<Date, DaySums>, first_day: Date) -> BTreeMap<Date, DaySums> {
    let mut sums = BTreeMap::<Date, BTreeMap<&Line, Sum>>::new();
    let read = reading.parts.values().chain([&reading.partial]).flat_map(|part| &part.days);
    for (day, figures) in read.chain(kept).filter(|(day, _)| **day >= first_day) {
        let day = sums.entry(*day).or_default();
        for (line, sum) in figures {
            day.entry(line).or_default().add(*sum);
        }
    }
    let owned = |figures: BTreeMap<&Line, Sum>| figures.into_iter().map(|(line, sum)| (line.clone(), sum)).collect();
    sums.into_iter().map(|(day, figures)| (day, owned(figures))).collect()
}

/// Days from which the longest time without a row is known.
const DAYS_JUDGED: i64 = 91;

impl Report {
    /// Marks closed periods that were judged for the last time, now that what was due for them was sent. Those in `held` are
    /// judged on.
    pub fn finish(&mut self, policy: &Policy, held: &BTreeSet<Period>) {
        let Report { until, periods, judged, remembered, .. } = self;
        remembered.finish(periods, held, &judged.coverage, &policy.time_zone, policy.late_charges_days, *until);
    }

    /// Whether all rows of a civil day were listed. One that cannot be read is missing from its figures, as it is from the daybook's.
    pub(super) fn was_listed(&self, day: Date, zone: &jiff::tz::TimeZone) -> bool {
        let coverage = &self.judged.coverage;
        Period::of_day(PeriodKind::Day, day, zone).is_ok_and(|day| coverage.has_no_gap(day.from(), day.to()))
    }

    /// How new the report is: nothing is said of it before 91 days and two of them with a row are known.
    #[must_use]
    pub fn freshness(&self, zone: &jiff::tz::TimeZone, as_of: Timestamp) -> Option<Freshness> {
        let head = &self.remembered.head;
        let today = zone.to_datetime(as_of).date();
        let since = today.checked_sub(jiff::Span::new().days(DAYS_JUDGED)).ok()?;
        if head.first_day()? > since {
            return None;
        }
        let active: Vec<Date> = head.active_days().filter(|day| *day >= since && *day <= today).collect();
        let hours = |pair: &[Date]| match pair {
            [one, other] => one.until(*other).map_or(0, |span| 24 * i64::from(span.get_days())),
            _ => 0,
        };
        let longest = active.windows(2).map(hours).max()?;
        Some(Freshness { newest_row: head.newest_row()?, longest_gap: SignedDuration::from_hours(longest) })
    }
}
