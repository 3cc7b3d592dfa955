//! What a run takes from the daybook, within a part of its time. A run goes on without what it cannot have.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::time::Duration;

use jiff::civil::Date;

use super::{Prepared, Services};
use crate::clients::Deadline;
use crate::clients::zoom::Digests;
use crate::daybook::{Finished, Loaded, Plan, Read, Whose};
use crate::domain::totals::DaySums;

/// What the daybook may take of a run's time before the report is read.
const MOST_TIME: Duration = Duration::from_secs(10);
/// What it may take of the time to publish, after the report was read.
const LEAST_TIME: Duration = Duration::from_secs(3);

/// What the work came to; `None`, with a warning of what the run does without it, if it failed or took too long.
async fn in_time<T, E: Display>(
    deadline: Deadline,
    work: impl Future<Output = Result<T, E>>,
    without_it: &str,
) -> Option<T> {
    let problem = match deadline.at_most(MOST_TIME).bound(work).await {
        Some(Ok(loaded)) => return Some(loaded),
        Some(Err(error)) => error.to_string(),
        None => "no answer in time".to_owned(),
    };
    tracing::warn!(problem, "{without_it}");
    None
}

/// The head of a report's daybook.
pub(super) async fn head(services: &Services, whose: Whose<'_>, deadline: Deadline) -> Option<Loaded> {
    let without_it = "without its daybook the run reads everything and compares nothing";
    in_time(deadline, services.daybook.load(whose), without_it).await
}

/// Which closed periods earlier runs are done with.
pub(super) async fn finished(services: &Services, prepared: &Prepared, deadline: Deadline) -> Option<Finished> {
    let finished = services.daybook.finished(prepared.authorized.account_id(), &prepared.judge);
    let without_it = "what closed periods earlier runs are not done with is not known; the next run asks again";
    in_time(deadline, finished, without_it).await
}

/// The figures of the parts that are not read again, and the rows that both they and their neighbors may list.
pub(super) async fn parts(
    services: &Services,
    whose: Whose<'_>,
    plan: &Plan,
    deadline: Deadline,
) -> Option<(BTreeMap<Date, DaySums>, Digests)> {
    let without_it = "without the parts of earlier readings the run reads everything";
    in_time(deadline, services.daybook.parts(whose, plan), without_it).await
}

/// What is believed of the days that need it. Without it they are judged by what was read.
///
/// The report may have taken all of the run's time for reading: then it has a little of what is left to publish.
pub(super) async fn believed(
    services: &Services,
    whose: Whose<'_>,
    read: &Read<'_>,
    deadline: Deadline,
) -> BTreeMap<Date, DaySums> {
    let days = read.days_to_load();
    let deadline = Deadline::after(deadline.left().clamp(LEAST_TIME, MOST_TIME));
    let without_it = "days that were read in part, or whose figures fell, are judged by what was read";
    in_time(deadline, services.daybook.days(whose, &read.head, &days), without_it).await.unwrap_or_default()
}
