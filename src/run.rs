//! A run, from the event to the answer.

mod backfill;
mod prepare;
mod report;

use jiff::SignedDuration;

use crate::clients::parameters::Parameters;
use crate::clients::secrets::Secrets;
use crate::clients::zoom::Zoom;
use crate::daybook::Store;

pub use backfill::{Backfill, backfill};
pub use prepare::{Places, Prepared, prepare};
pub use report::{Memory, Question, Report, read_report};

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
    /// How old what was read may become.
    pub full_read_every: SignedDuration,
    /// How old what was read of dates that are over but not settled may become.
    pub late_read_every: SignedDuration,
}

#[cfg(all(test, feature = "cli"))]
mod tests;
