//! Between the report and the history: what need not be read, and what is to be remembered.
//!
//! The history saves requests and never decides a figure: if it cannot be read, everything is read from Zoom; if it cannot be written, the
//! next run reads more. Neither fails the run; the log says so, and the answer tells how many days came from the history.

use std::collections::BTreeSet;
use std::ops::Range;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::{Examination, Prepared, Question, Services};
use crate::clients::Deadline;
use crate::clients::history::Whose;
use crate::domain::history::{Plan, Recalled, Remembered, Trust, dates_of};

/// What the history may take of a run's time before the report is read.
const LOAD_TIME: Duration = Duration::from_secs(10);
/// What saving must leave of a run's time, to answer.
const ANSWER_RESERVE: Duration = Duration::from_secs(1);

/// What a run remembers.
#[derive(Debug)]
pub(super) struct Memory {
    pub(super) plan: Plan,
    pub(super) recalled: Recalled,
}

/// What to read of a span, if no remembered day may be older than `full_read_every`; `None` if it lies beyond the calendar.
pub(super) async fn recall(
    services: &Services,
    prepared: &Prepared,
    span: &Range<Timestamp>,
    question: &Question<'_>,
    full_read_every: SignedDuration,
) -> Option<Memory> {
    let policy = &prepared.policy;
    let trust = Trust { as_of: question.as_of, late_charges_days: policy.late_charges_days, full_read_every };
    let mut remembered = Remembered::default();
    if question.with_history {
        let whose = Whose { account: prepared.authorized.account_id(), zone: &policy.time_zone_name };
        let days = dates_of(span, &policy.time_zone);
        let loading = services.history.load(whose, &days, |document| {
            if !remembered.take(document, &policy.time_zone) {
                tracing::warn!("a day of the history is of another version or zone and is read anew");
            }
        });
        match question.deadline.at_most(LOAD_TIME).bound(loading).await {
            Some(Ok(())) => {}
            Some(Err(error)) => tracing::warn!(%error, "without its history the run reads all days"),
            None => tracing::warn!("the history did not answer in time; the run reads the days that it lacks"),
        }
    }
    Some(Memory { plan: Plan::of(span, &policy.time_zone, &trust, remembered)?, recalled: Recalled::default() })
}

/// Keeps the days that were read whole; restated ones only once those who were alerted on them have been told.
pub(super) async fn remember(
    services: &Services,
    examination: &Examination<'_>,
    restatements_are_told: bool,
    deadline: Deadline,
) {
    let (policy, Memory { plan, recalled }) = (examination.policy, &examination.memory);
    let judged = examination.reading.receipt.complete && restatements_are_told;
    let except = if judged { BTreeSet::new() } else { recalled.restated_days() };
    let days = plan.to_remember(recalled, &examination.reading.totals, &policy.time_zone, &except);
    let whose = Whose { account: &examination.account, zone: &policy.time_zone_name };
    match deadline.sooner(ANSWER_RESERVE).bound(services.history.save(whose, &days)).await {
        Some(Ok(())) => tracing::debug!(days = days.len(), "kept in the history"),
        Some(Err(error)) => tracing::warn!(%error, "the next run reads these days again"),
        None => {
            tracing::warn!("the run's time was up before the history was written; the next run reads these days again")
        }
    }
}
