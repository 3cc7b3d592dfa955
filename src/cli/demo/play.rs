//! Plays the story's month: every hour a run of the function's own code, over HTTP, against the embedded Zoom.
//!
//! Nothing is acted but the clock, the account's data, and one death: a run is dropped between publishing and recording. What follows from
//! that is what the code does.

use std::cell::RefCell;

use jiff::civil::date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::mail::Mail;
use super::status::{Status, statuses};
use crate::cli::embedded::{credentials, zoom};
use crate::cli::source::offline;
use crate::clients::Deadline;
use crate::clients::ledger::{Ledger, Simulated};
use crate::clients::parameters::Parameters;
use crate::clients::secrets::Secrets;
use crate::config::{PolicySource, SecretSource};
use crate::domain::policy::Policy;
use crate::error::{Code, RunError};
use crate::response::Judged;
use crate::run::{Invocation, Places, Services, backfill, prepare, watched};
use crate::sandbox::{Dataset, Sandbox, Switches};
use crate::telemetry::Metrics;

/// The story's policy.
const POLICY: &str = include_str!("../../../events/demo.toml");
/// Runs of the story's month, one an hour.
pub(super) const RUNS: u32 = 24 * DAYS;
/// Days of the story's month.
pub(super) const DAYS: u32 = 30;
/// The run that dies.
const DIES: u32 = 17 * 24 + 11;
/// As often as a whole read needs, and as the function's own default.
const FULL_READ: SignedDuration = SignedDuration::from_hours(24);
const LATE_READ: SignedDuration = SignedDuration::from_hours(6);
/// Before the story's month this much of the account's past can matter to a run: what the runs ask for.
const RECENT: SignedDuration = SignedDuration::from_hours(24 * 40);

/// What a run saw, and what became of it.
#[derive(Clone, Debug)]
pub(super) struct Step {
    /// From 1; 0 is the run that closes the month before.
    pub(super) run: u32,
    /// When it ran.
    pub(super) at: Timestamp,
    /// What each budget had spent.
    pub(super) statuses: Vec<Status>,
    /// What it published.
    pub(super) mails: Vec<Mail>,
    /// Its answer; `None` of the run that died.
    pub(super) answer: Option<Box<Judged>>,
}

/// The world in which the runs happen.
pub(super) struct Play {
    sandbox: Sandbox,
    account: Dataset,
    services: Services,
    places: Places,
    policy: Policy,
    start: Timestamp,
}

/// The story's policy.
pub(super) fn policy() -> Result<Policy, RunError> {
    Policy::parse(POLICY).map_err(|faults| internal("the story's policy", &faults))
}

/// The first moment of the story's month.
pub(super) fn start(zone: &TimeZone) -> Result<Timestamp, RunError> {
    zone.to_timestamp(date(2026, 11, 1).at(0, 0, 0, 0)).map_err(|error| internal("the story's month", &error))
}

fn internal(what: &str, problem: &dyn std::fmt::Display) -> RunError {
    RunError::new(Code::Internal, format!("{what}: {problem}"))
}

impl Play {
    /// Starts the embedded Zoom, loads the past months, and lets a run close the month before: what that run sends is no part of the story.
    pub(super) async fn begin() -> Result<Play, RunError> {
        let policy = policy()?;
        let start = start(&policy.time_zone)?;
        let account = Dataset::story(start);
        let sandbox = Sandbox::start(0, account.clone(), Switches::default())
            .await
            .map_err(|error| internal("the embedded Zoom finds no port on loopback", &error))?;
        let services = offline(zoom(&sandbox, u32::MAX), Secrets::Given(credentials()), Parameters::Given(POLICY))?;
        let services = Services {
            ledger: Ledger::Simulated(Simulated::at(start)),
            full_read_every: FULL_READ,
            late_read_every: LATE_READ,
            ..services
        };
        let places = Places {
            secret_id: SecretSource::Secret("demo".to_owned()),
            policy: PolicySource::File("events/demo.toml".into()),
            topic_arn: "mailbox".to_owned(),
            link: None,
        };
        let prepared = prepare(&services, &places, Deadline::never()).await?;
        backfill(&services, &prepared, start, Deadline::never(), &mut Metrics::default(), &|_, _| {}).await?;
        let recent = start.saturating_sub(RECENT).unwrap_or(start);
        let account = Dataset::of(account.rows().filter(|row| row.sent >= recent).cloned().collect(), start);
        let play = Play { sandbox, account, services, places, policy, start };
        play.step(0).await?;
        Ok(play)
    }

    /// The run of this number.
    pub(super) async fn step(&self, run: u32) -> Result<Step, RunError> {
        let at = self.start.saturating_add(SignedDuration::from_hours(run.into())).unwrap_or(self.start);
        let Ledger::Simulated(ledger) = &self.services.ledger else {
            return Err(internal("the demo", &"its ledger has no clock"));
        };
        self.sandbox.replace(self.account.clone().at(at));
        ledger.move_to(at);
        if run == DIES {
            ledger.fall_silent_once_published();
        }
        let seen = RefCell::new(Vec::new());
        let look = |examination: &crate::run::Examination<'_>| {
            seen.replace(statuses(&self.policy, examination));
        };
        let owner = format!("run {run}");
        let invocation = Invocation { request_id: owner.clone(), owner, now: at, deadline: Deadline::never() };
        let answer = {
            let running = watched(&self.services, &self.places, &invocation, &look);
            tokio::select! {
                biased;
                // The run is dropped here: what it has published is out, and nothing of it is recorded.
                () = ledger.silenced() => None,
                answer = running => Some(Box::new(answer?)),
            }
        };
        let mails = self.services.topic.take_kept().into_iter().map(Mail::of).collect();
        Ok(Step { run, at, statuses: seen.into_inner(), mails, answer })
    }
}
