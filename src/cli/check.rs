use std::path::PathBuf;

use clap::Args;
use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;

use super::{Ending, complain, failed, policy, say, show, variable};
use crate::clients::history::History;
use crate::clients::ledger::Ledger;
use crate::clients::parameters::Parameters;
use crate::clients::secrets::Secrets;
use crate::clients::topic::Topic;
use crate::clients::zoom::Zoom;
use crate::clients::{Credentials, Deadline, sdk_config};
use crate::config::{PolicySource, ZoomConfig, secret_id};
use crate::domain::alert::AlertKind;
use crate::domain::policy::Policy;
use crate::error::{Code, RunError};
use crate::event::Event;
use crate::handler::{Places, Question, Services, examine, prepare, preview};

/// Reads the report and shows totals against budgets and what would be sent. Sends nothing and writes nothing.
///
/// Credentials come from ZOOM_ACCOUNT_ID, ZOOM_CLIENT_ID and ZOOM_CLIENT_SECRET, or from --secret-id. ZOOM_API_URL, ZOOM_TOKEN_URL and
/// ZOOM_REQUESTS_PER_SECOND are those of the function. Exit code: 0 fine, 1 the job failed, 2 used wrongly, 3 a budget's level is reached.
#[derive(Args)]
pub(super) struct Check {
    /// The policy: a TOML file, or ssm:NAME
    #[arg(long, value_name = "FILE", default_value = "policy.toml")]
    policy: String,
    /// Judge as if it were this moment (2026-10-31T23:59:59Z)
    #[arg(long, value_name = "TIME", value_parser = time)]
    as_of: Option<Timestamp>,
    /// Name or ARN of a secret in AWS Secrets Manager with Zoom's credentials
    #[arg(long, value_name = "ID", value_parser = secret_id)]
    secret_id: Option<String>,
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
        let event = match Event::read(event, now) {
            Ok(event) => event,
            Err(error) => return wrong(&error),
        };
        let source = event.policy.clone().unwrap_or(PolicySource::File(PathBuf::from(&self.policy)));
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
        match self.examined(&services, &places, event.as_of.unwrap_or(now)).await {
            Ok(ending) => ending,
            Err(error) => failed(&error, self.json),
        }
    }

    async fn services(&self, source: &PolicySource) -> Result<Services, RunError> {
        let zoom = ZoomConfig::read(variable)?;
        let with_aws = self.secret_id.is_some() || matches!(source, PolicySource::Parameter(_));
        let aws = if with_aws { Some(sdk_config().await) } else { None };
        let secrets = match (&aws, &self.secret_id) {
            (Some(aws), Some(_)) => Secrets::manager(aws),
            _ => Secrets::Given(credentials()?),
        };
        Ok(Services {
            secrets,
            parameters: aws.as_ref().map_or(Parameters::Files, Parameters::manager),
            zoom: Zoom::new(zoom).map_err(|error| RunError::new(Code::Internal, error.to_string()))?,
            ledger: Ledger::File(PathBuf::new()),
            history: History::None,
            full_read_every: SignedDuration::ZERO,
            topic: Topic::kept(),
        })
    }

    async fn examined(&self, services: &Services, places: &Places, as_of: Timestamp) -> Result<Ending, RunError> {
        let spinner = show::spinner("reading Zoom's report");
        let prepared = prepare(services, places, Deadline::never()).await?;
        let on_page = |pages: u64| spinner.set_message(format!("reading Zoom's report, page {pages}"));
        let deadline = Deadline::never();
        let question = Question { as_of, deadline, with_history: false, on_page: &on_page };
        let examination = examine(services, &prepared, &question).await?;
        spinner.finish_and_clear();
        let delivery = preview(&examination);
        let reached = delivery.alerts.iter().any(|alert| alert.kind == AlertKind::Budget);
        let answer = examination.answer().with_alerts(delivery.alerts);
        if self.json {
            say(&serde_json::to_string(&answer).unwrap_or_default());
        } else {
            say(&show::standings(&examination.standings));
            say(&show::receipt(&examination.reading.receipt, examination.reading.requests));
            say(&match delivery.publications.len() {
                0 if !answer.complete => "Nothing can be said: the report was not read whole.".to_owned(),
                0 => "Nothing would be sent.".to_owned(),
                1 => "This would be sent, if it was not sent before:".to_owned(),
                count => {
                    format!("These {count} messages would be sent, if they were not sent before:")
                }
            });
            for publication in &delivery.publications {
                say(&show::message(publication));
            }
        }
        match RunError::join(examination.faults()) {
            // The answer is printed already, and says that it is not complete.
            Some(error) => Ok(failed(&error, false)),
            None if reached => Ok(Ending::BudgetReached),
            None => Ok(Ending::Fine),
        }
    }
}

fn time(text: &str) -> Result<Timestamp, String> {
    text.parse().map_err(|_| "it is not a time; write one such as 2026-10-31T23:59:59Z".to_owned())
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
