//! The baselines of the day: made by its first run, read by the others.
//!
//! Without them nothing is forecast and no spike is found; budgets never wait for them. So whatever fails here is a warning, and the next run
//! tries again.

use std::ops::Range;

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _};

use super::report::Report;
use super::{Memory, Prepared, Services};
use crate::clients::Deadline;
use crate::daybook::{StoreError, Whose, encode};
use crate::domain::alert::hash;
use crate::domain::baselines::{Baselines, Maker};
use crate::domain::period::{Period, PeriodKind};
use crate::domain::policy::Policy;

/// The version of methods and format.
const VERSION: &str = "2";
/// Days of the daybook that are in memory at once.
const DAYS_AT_ONCE: i64 = 3;
/// A day that is so much older than the latest charges may be is not expected to change.
const LATE_LISTING_DAYS: i64 = 5;

/// Baselines, and what to keep of them.
#[derive(Debug, Default)]
pub struct Foresight {
    /// The baselines.
    pub baselines: Baselines,
    /// Set if they were made by this run.
    pub made: Option<Made>,
}

/// Baselines that this run made, to keep.
#[derive(Debug)]
pub struct Made {
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
    let (whose, policy) = (prepared.whose(), &prepared.policy);
    if !Maker::is_needed(policy) || memory == Memory::Unused {
        return Foresight::default();
    }
    // Without the daybook, the few days that were read would pass for the whole history.
    if report.is_without_daybook {
        tracing::warn!("without its daybook the run estimates nothing and looks for no spikes");
        return Foresight::default();
    }
    let deadline = deadline.share_of(2);
    let day = Day::of(policy, report);
    let problem = match deadline.bound(day.foresight(services, whose, policy, report, deadline)).await {
        Some(Ok(Some(foresight))) => return foresight,
        Some(Ok(None)) | None => "the run's time was not enough; raise the function's timeout or memory".to_owned(),
        Some(Err(error)) => error.to_string(),
    };
    tracing::warn!(problem, "without baselines nothing is forecast and no spike is found; the next run tries again");
    Foresight::default()
}

/// The day that is judged.
struct Day {
    today: Date,
    /// The first day that is judged for spikes.
    judged: Date,
    /// What the baselines are made of.
    state: String,
}

impl Day {
    fn of(policy: &Policy, report: &Report) -> Day {
        let last = report.until.saturating_sub(1.nanosecond()).unwrap_or(report.until);
        let today = policy.time_zone.to_datetime(last).date();
        let days = report.periods.iter().filter(|period| period.kind() == PeriodKind::Day);
        let judged = days.map(Period::first_day).min().unwrap_or(today);
        let Range { start, .. } = Maker::wanted(today);
        let settled = today.saturating_sub((i64::from(policy.late_charges_days) + LATE_LISTING_DAYS).days());
        let days = report.remembered.head.state_of(start..settled);
        // A budget without forecasts counts too: its subjects may be another's, that has some, once it is gone.
        let watches = format!("{:?} {:?}", &*policy.budgets, &*policy.spikes);
        let state = hash(&[VERSION, &today.to_string(), &days, &watches], 32);
        Day { today, judged, state }
    }

    async fn foresight(
        &self,
        services: &Services,
        whose: Whose<'_>,
        policy: &Policy,
        report: &Report,
        deadline: Deadline,
    ) -> Result<Option<Foresight>, StoreError> {
        let kept = services.daybook.baselines(whose, self.today, &self.state).await?;
        // Days that were judged when they were made may be settled by now.
        if let Some(baselines) = kept.filter(|kept| kept.judged <= self.judged) {
            return Ok(Some(Foresight { baselines, made: None }));
        }
        let made = self.make(services, whose, policy, report, deadline).await?;
        // Of days that this run could not read, the next one may know more.
        let is_kept = report.judged.coverage.gaps.is_empty();
        Ok(made.map(|baselines| {
            let made = is_kept.then(|| Made { bytes: encode(&baselines, self.today), state: self.state.clone() });
            Foresight { baselines, made }
        }))
    }

    async fn make(
        &self,
        services: &Services,
        whose: Whose<'_>,
        policy: &Policy,
        report: &Report,
        deadline: Deadline,
    ) -> Result<Option<Baselines>, StoreError> {
        let totals = &report.judged.totals;
        let mut maker = Maker::new(policy, totals.account(), self.today, self.judged);
        let Range { start, end } = Maker::wanted(self.today);
        let head = &report.remembered.head;
        let mut day = start;
        while day < report.first_day.min(end) {
            let next = day.saturating_add(DAYS_AT_ONCE.days()).min(report.first_day).min(end);
            let days: Vec<_> = day.series(1.day()).take_while(|day| *day < next).collect();
            let mut known = services.daybook.days(whose, head, &days).await?;
            for day in days {
                match known.remove(&day) {
                    Some(sums) => maker.add(day, &sums),
                    None => maker.restart(),
                }
            }
            day = next;
        }
        for day in day.series(1.day()).take_while(|day| *day < end) {
            if report.was_listed(day, &policy.time_zone) {
                maker.add(day, &totals.believed(day));
            } else {
                maker.restart();
            }
        }
        Ok(maker.finish(|| !deadline.left().is_zero()))
    }
}

impl Made {
    /// Keeps them for the day's other runs.
    pub(super) async fn keep(&self, services: &Services, whose: Whose<'_>, now: Timestamp) {
        if let Err(error) = services.daybook.keep_baselines(whose, &self.bytes, &self.state, now).await {
            tracing::warn!(%error, "the baselines of the day are not kept; the next run makes them anew");
        }
    }
}
