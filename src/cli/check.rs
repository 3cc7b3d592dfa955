use std::path::PathBuf;

use clap::Args;
use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;

use super::{Ending, complain, failed, policy, say, show, variable};
use crate::clients::ledger::Ledger;
use crate::clients::parameters::{ParameterError, Parameters};
use crate::clients::secrets::Secrets;
use crate::clients::topic::Topic;
use crate::clients::zoom::Zoom;
use crate::clients::{Credentials, Deadline, sdk_config};
use crate::config::{PolicySource, ZoomConfig, secret_id};
use crate::daybook::Store;
use crate::domain::alert::Threads;
use crate::domain::policy::Policy;
use crate::error::{Code, RunError};
use crate::outbox::preview;
use crate::request::{Judge, Request, Task};
use crate::run::{Places, Services, examine, prepare};

/// Reads the report and shows totals against budgets and what would be sent. Sends nothing and writes nothing.
///
/// Credentials come from ZOOM_ACCOUNT_ID, ZOOM_CLIENT_ID and ZOOM_CLIENT_SECRET, or from --secret-id. ZOOM_API_URL, ZOOM_TOKEN_URL and
/// ZOOM_REQUESTS_PER_SECOND are those of the function. Exit code: 0 fine, 1 the job failed, 2 used wrongly, 3 a budget's level is reached.
#[derive(Args)]
pub(super) struct Check {
    /// The policy: a TOML file, ssm:NAME, or table:NAME in the table that LEDGER_TABLE names
    #[arg(long, value_name = "FILE", default_value = "policy.toml")]
    policy: String,
    /// Judge as of this moment (2026-10-31T23:59:59Z), or the end of this date
    #[arg(long, value_name = "TIME")]
    as_of: Option<String>,
    /// Name or ARN of a secret in AWS Secrets Manager with Zoom's credentials
    #[arg(long, value_name = "ID", value_parser = secret_id)]
    secret_id: Option<String>,
    /// Also show the messages that would be sent
    #[arg(long)]
    messages: bool,
    /// Answer in JSON, in the form of the function's answer
    #[arg(long)]
    json: bool,
}

impl Check {
    pub(super) async fn run(&self, now: Timestamp) -> Ending {
        let wrong = |error: &RunError| {
            failed(error, self.json);
            Ending::UsedWrongly
        };
        let event = serde_json::json!({"as_of": self.as_of, "policy": self.policy});
        let request = match Request::read(event, now) {
            Ok(request) => request,
            Err(error) => return wrong(&error),
        };
        let task = match request.task {
            Task::Judge(Judge::Live) => Judge::DryRun,
            Task::Judge(task) => task,
            Task::Test { .. } | Task::Backfill => Judge::DryRun,
        };
        let source = request.policy.unwrap_or(PolicySource::File(PathBuf::from(&self.policy)));
        if let PolicySource::File(path) = &source {
            match std::fs::read_to_string(path) {
                Ok(document) => {
                    if let (Err(faults), false) = (Policy::parse(&document), self.json) {
                        complain(&policy::render(&self.policy, &document, &faults));
                        return Ending::Failed;
                    }
                }
                Err(error) => {
                    let message =
                        format!("the policy {:?} cannot be read: {error}; give a TOML file with --policy", self.policy);
                    return wrong(&RunError::new(Code::PolicyInvalid, message));
                }
            }
        }
        let services = match self.services(&source).await {
            Ok(services) => services,
            Err(error) => return wrong(&error),
        };
        let places =
            Places { secret_id: self.secret_id.clone().unwrap_or_default(), policy: source, topic_arn: String::new() };
        self.examined(&services, &places, task, now).await.unwrap_or_else(|error| failed(&error, self.json))
    }

    async fn services(&self, source: &PolicySource) -> Result<Services, RunError> {
        let zoom = ZoomConfig::read(variable)?;
        let ledger_table = variable("LEDGER_TABLE");
        if let (PolicySource::Table(name), None) = (source, &ledger_table) {
            let missing = ParameterError::NoTable(name.clone());
            return Err(RunError::new(Code::ConfigInvalid, format!("environment: {missing}")));
        }
        let with_aws = self.secret_id.is_some() || !matches!(source, PolicySource::File(_));
        let aws = if with_aws { Some(sdk_config().await) } else { None };
        let secrets = match (&aws, &self.secret_id) {
            (Some(aws), Some(_)) => Secrets::manager(aws),
            _ => Secrets::Given(credentials()?),
        };
        Ok(Services {
            secrets,
            parameters: aws.as_ref().map_or(Parameters::Files, |aws| Parameters::aws(aws, ledger_table.as_deref())),
            zoom: Zoom::new(zoom).map_err(|error| RunError::new(Code::Internal, error.to_string()))?,
            daybook: Store::memory(),
            ledger: Ledger::file(PathBuf::new()),
            topic: Topic::kept(),
            full_read_every: SignedDuration::ZERO,
            late_read_every: SignedDuration::ZERO,
        })
    }

    async fn examined(
        &self,
        services: &Services,
        places: &Places,
        task: Judge,
        now: Timestamp,
    ) -> Result<Ending, RunError> {
        let spinner = show::spinner("reading Zoom's report");
        let prepared = prepare(services, places, Deadline::never()).await?;
        let on_page = |pages: u64| spinner.set_message(format!("reading Zoom's report, page {pages}"));
        let examination =
            examine(services, &prepared, task, &places.topic_arn, now, Deadline::never(), &on_page).await?;
        spinner.finish_and_clear();
        let case = examination.case();
        let composed = examination.composed(&Threads::default());
        let due = composed.messages.iter().flat_map(|message| &message.alerts);
        let silenced = composed.others.iter().flat_map(|(_, alerts)| alerts).filter(|alert| alert.is_silenced());
        let is_reached = due.chain(silenced).any(show::is_budget);
        let delivered = preview(&composed);
        let answer = examination.answer(&delivered);
        if self.json {
            say(&serde_json::to_string(&answer).unwrap_or_default());
        } else {
            say(&show::findings(&examination.findings(), &case));
            say(&show::receipt(case.receipt, answer.requests));
            show::warnings(&answer, &case).iter().for_each(|warning| say(warning));
            say(&match delivered.publications.len() {
                0 if !answer.complete => "What could be read reaches no level; the rest is unknown.".to_owned(),
                0 => "Nothing would be sent.".to_owned(),
                1 => "One message would be sent, if it was not sent before.".to_owned(),
                count => format!("{count} messages would be sent, if they were not sent before."),
            });
            if self.messages {
                delivered.publications.iter().for_each(|publication| say(&show::message(publication)));
            } else if !delivered.publications.is_empty() {
                say("--messages shows them.");
            }
        }
        match RunError::join(examination.faults()) {
            // The answer is printed already, and says that it is not complete.
            Some(error) => Ok(failed(&error, false)),
            None if is_reached => Ok(Ending::BudgetReached),
            None => Ok(Ending::Fine),
        }
    }
}

fn credentials() -> Result<Credentials, RunError> {
    let names = ["ZOOM_ACCOUNT_ID", "ZOOM_CLIENT_ID", "ZOOM_CLIENT_SECRET"];
    if let [Some(account_id), Some(client_id), Some(client_secret)] = names.map(variable) {
        return Ok(Credentials { account_id, client_id, client_secret: SecretString::from(client_secret) });
    }
    let missing: Vec<_> = names.into_iter().filter(|name| variable(name).is_none()).collect();
    let message = format!(
        "environment: {} missing; set them to the Zoom app's credentials, or give --secret-id",
        missing.join(", ")
    );
    Err(RunError::new(Code::ConfigInvalid, message))
}
