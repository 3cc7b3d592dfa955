//! A run, from the event to the answer: read → judge → decide → compose → send → remember.
//!
//! A run never stops at the first fault. What the rows at hand prove is sent; then the run ends as an error that names all that went wrong,
//! so that Lambda tries again and alarms fire.

mod backfill;
mod examine;
mod foresight;
mod freshness;
mod judge;
mod load;
mod look_back;
mod page;
#[cfg(feature = "cli")]
mod past;
mod prepare;
mod report;

use std::time::Duration;

use aws_config::SdkConfig;
use jiff::{SignedDuration, Timestamp};

use crate::clients::Deadline;
use crate::clients::ledger::Ledger;
use crate::clients::parameters::Parameters;
use crate::clients::secrets::Secrets;
use crate::clients::topic::Topic;
use crate::clients::zoom::Zoom;
use crate::config::Config;
use crate::daybook::Store;
use crate::error::{Code, RunError};
use crate::request::{Judge, Request, Task};
#[cfg(feature = "cli")]
use crate::response::Judged;
use crate::response::{Backfilled, Response};
use crate::telemetry::Metrics;

pub use backfill::backfill;
pub use examine::{Examination, examine};
pub use foresight::{Foresight, Made};
pub use judge::deliver;
#[cfg(feature = "cli")]
pub use past::{Wanted, past};
pub use prepare::{Places, Prepared, policy, prepare};
pub use report::{Memory, Question, Report, read_report};

/// Of the run's time, what is kept to publish and record what the report proves; at most a third.
const RESERVE: Duration = Duration::from_secs(20);

/// All outside parties of a run.
#[derive(Debug)]
pub struct Services {
    /// Credentials.
    pub secrets: Secrets,
    /// Policies.
    pub parameters: Parameters,
    /// The report.
    pub zoom: Zoom,
    /// What was read of past days.
    pub daybook: Store,
    /// What was sent.
    pub ledger: Ledger,
    /// Where alerts go.
    pub topic: Topic,
    /// How old what was read may become.
    pub full_read_every: SignedDuration,
    /// How old what was read of dates that are over but not settled may become.
    pub late_read_every: SignedDuration,
}

impl Services {
    /// The services of a deployment.
    ///
    /// # Errors
    /// [`Code::Internal`] if the system offers no TLS.
    pub fn deployed(aws: &SdkConfig, config: &Config) -> Result<Services, RunError> {
        let zoom = Zoom::new(config.zoom.clone());
        Ok(Services {
            secrets: Secrets::aws(aws),
            parameters: Parameters::aws(aws, Some(&config.ledger_table)),
            zoom: zoom.map_err(|error| RunError::new(Code::Internal, error.to_string()))?,
            daybook: Store::table(aws, &config.ledger_table),
            ledger: Ledger::table(aws, &config.ledger_table),
            topic: Topic::sns(aws),
            full_read_every: SignedDuration::from_hours(config.full_read_hours.into()),
            late_read_every: SignedDuration::from_hours(config.late_read_hours.into()),
        })
    }
}

/// What is particular to one run.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// The same for all tries of one event.
    pub request_id: String,
    /// Unlike that of every other run, tries of the same event included: it fences the ledger.
    pub owner: String,
    /// When the run started.
    pub now: Timestamp,
    /// When it must be over.
    pub deadline: Deadline,
}

/// Does what the event asks for.
///
/// # Errors
/// The faults of the run, joined, after everything was sent that is proven.
pub async fn run(
    services: &Services,
    places: &Places,
    request: &Request,
    invocation: &Invocation,
    metrics: &mut Metrics,
) -> Result<Response, RunError> {
    let deadline = invocation.deadline.less_reserve(RESERVE);
    match request.task {
        Task::Test { dry_run } => judge::test(services, places, dry_run, invocation).await.map(Response::Tested),
        Task::Backfill => {
            let prepared = prepare(services, places, deadline).await?;
            let backfill = backfill(services, &prepared, invocation.now, deadline, metrics, &|_, _| {}).await?;
            Ok(Response::Backfilled(Backfilled { backfill }))
        }
        Task::Judge(task) => {
            let prepared = prepare(services, places, deadline).await?;
            judge::judge(services, places, &prepared, (task, &|_| {}), invocation, metrics)
                .await
                .map(|judged| Response::Judged(Box::new(judged)))
        }
    }
}

/// A run of the present, whose figures `look` sees before anything is sent.
///
/// # Errors
/// As [`run`].
#[cfg(feature = "cli")]
pub async fn watched(
    services: &Services,
    places: &Places,
    invocation: &Invocation,
    look: &dyn Fn(&Examination<'_>),
) -> Result<Judged, RunError> {
    let prepared = prepare(services, places, invocation.deadline.less_reserve(RESERVE)).await?;
    judge::judge(services, places, &prepared, (Judge::Live, look), invocation, &mut Metrics::default()).await
}

impl Judge {
    /// Whether what is due is published.
    fn publishes(self) -> bool {
        matches!(self, Judge::Live | Judge::Rerun(_) | Judge::Digest { dry_run: false })
    }

    fn memory(self) -> Memory {
        match self {
            Judge::Live => Memory::Kept,
            Judge::DryRun | Judge::Digest { .. } => Memory::Read,
            // Whoever asks for a moment of the past hears what Zoom says of it now.
            Judge::Past(_) | Judge::Rerun(_) => Memory::Unused,
        }
    }
}

#[cfg(all(test, feature = "cli"))]
mod tests;
