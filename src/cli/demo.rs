use std::path::{Path, PathBuf};

use clap::Args;
use jiff::Timestamp;

use super::embedded::Embedded;
use super::source::offline;
use super::{Ending, failed, say, show};
use crate::clients::Deadline;
use crate::clients::ledger::Ledger;
use crate::clients::parameters::Parameters;
use crate::clients::secrets::Secrets;
use crate::config::PolicySource;
use crate::domain::alert::count;
use crate::error::RunError;
use crate::request::{Judge, Moment};
use crate::run::{Invocation, Places, Services, deliver, examine, prepare};

const FIRST_RUN: &str = "First run";
pub(super) const POLICY: &str = include_str!("../../events/policy.toml");

/// Does the whole job twice against the embedded Zoom: the second run sends nothing again.
#[derive(Args)]
pub(super) struct Demo {
    /// Keep the ledger of sent alerts in this file, for the next demo too [default: a new file]
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// Print the two answers in JSON, a line each
    #[arg(long)]
    json: bool,
}

impl Demo {
    pub(super) async fn run(&self) -> Ending {
        let own_state = std::env::temp_dir().join(format!("cost-alerts-demo-{}.json", std::process::id()));
        let result = self.both_runs(self.state.as_deref().unwrap_or(&own_state)).await;
        if self.state.is_none() {
            _ = std::fs::remove_file(&own_state);
        }
        match result {
            Ok(()) => Ending::Fine,
            Err(error) => failed(&error, self.json),
        }
    }

    async fn both_runs(&self, state: &Path) -> Result<(), RunError> {
        let Embedded { sandbox, zoom, credentials, as_of } = Embedded::start().await?;
        let ledger = Ledger::file(state.to_owned());
        let services = offline(zoom, Secrets::Given(credentials), Parameters::Given(POLICY))?;
        let services = Services { ledger, ..services };
        if !self.json {
            say(&format!("An embedded Zoom answers on {}. The moment judged is {as_of}.", sandbox.api_url()));
            say(&format!("The policy is events/policy.toml; the ledger of what was sent is {}.", state.display()));
        }
        for run in [FIRST_RUN, "Second run"] {
            self.one_run(run, &services, as_of).await?;
        }
        Ok(())
    }

    async fn one_run(&self, run: &str, services: &Services, as_of: Timestamp) -> Result<(), RunError> {
        let spinner = show::spinner("reading the embedded Zoom's report");
        let places = Places {
            secret_id: "demo".to_owned(),
            policy: PolicySource::File("events/policy.toml".into()),
            topic_arn: "terminal".to_owned(),
            link: None,
        };
        let prepared = prepare(services, &places, Deadline::never()).await?;
        let task = Judge::Past(Moment::Instant(as_of));
        let mut examination = examine(services, &prepared, task, &places, as_of, Deadline::never(), &|_| {}).await?;
        spinner.finish_and_clear();
        let invocation =
            Invocation { request_id: run.to_owned(), owner: run.to_owned(), now: as_of, deadline: Deadline::never() };
        let delivery = deliver(services, &mut examination, &invocation).await;
        let (sent, due) = (delivery.sent(), delivery.alerts.len() as u64);
        let answer = examination.answer(&delivery);
        let faults = examination.faults().into_iter().chain(delivery.faults).collect();
        let kept = services.topic.take_kept();
        if self.json {
            say(&serde_json::to_string(&answer).unwrap_or_default());
        } else {
            say(&format!("\n{run}\n{}", "═".repeat(76)));
            say(&show::receipt(&examination.report.judged.receipt, answer.requests));
            if run == FIRST_RUN {
                say(&show::findings(&examination.findings(), &examination.case()));
                show::warnings(&answer, &examination.case(), examination.history.baselines.days)
                    .iter()
                    .for_each(|warning| say(warning));
            }
            for publication in &kept {
                say(&show::message(publication));
            }
            say(&match sent {
                0 => format!("Sent nothing: the {due} alerts that are due were sent before."),
                _ => format!("Sent {} in {}.", count(sent, "alert"), count(kept.len() as u64, "message")),
            });
        }
        RunError::join(faults).map_or(Ok(()), Err)
    }
}
