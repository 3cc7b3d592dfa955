use std::path::PathBuf;

use clap::Args;
use jiff::Timestamp;

use super::source::{Fault, Place, Source, offline};
use super::{Ending, complain, failed, policy, say, show, variable};
use crate::clients::Deadline;
use crate::clients::parameters::ParameterError;
use crate::config::{PolicySource, ZoomConfig};
use crate::domain::alert::{Finding, Threads, count};
use crate::domain::case::Case;
use crate::domain::coverage::Gap;
use crate::domain::evaluate::evaluate;
use crate::domain::message::{Composed, Publication, compose_all};
use crate::domain::policy::Policy;
use crate::error::{Code, RunError};
use crate::outbox::{Delivered, preview};
use crate::request::{Judge, Request, Task};
use crate::response::Judged;
use crate::run::{self, Places, Services, examine, prepare};

/// Days without figures that are named.
const MOST_NAMED: usize = 5;

/// Reads the report and shows totals against budgets and what would be sent. Sends nothing and writes nothing.
///
/// Credentials come from ZOOM_ACCOUNT_ID, ZOOM_CLIENT_ID and ZOOM_CLIENT_SECRET, or from --secret-id. ZOOM_API_URL, ZOOM_TOKEN_URL and
/// ZOOM_REQUESTS_PER_SECOND are those of the function. With --source, the last known day of a past is judged, with forecasts and spikes from
/// the days before it. Exit code: 0 fine, 1 the job failed, 2 used wrongly, 3 a budget's level is reached.
#[derive(Args)]
pub(super) struct Check {
    /// The policy: a TOML file, ssm:NAME, or table:NAME in the table that LEDGER_TABLE names
    #[arg(long, value_name = "FILE", default_value = "policy.toml")]
    policy: String,
    /// Judge as of this moment (2026-10-31T23:59:59Z), or the end of this date
    #[arg(long, value_name = "TIME", conflicts_with = "place")]
    as_of: Option<String>,
    #[command(flatten)]
    source: Source,
    /// Also show the messages that would be sent
    #[arg(long)]
    messages: bool,
    /// Answer in JSON, in the form of the function's answer
    #[arg(long)]
    json: bool,
}

/// What was read and found.
struct Seen<'s, 'p> {
    case: &'s Case<'p>,
    findings: &'s [Finding<'p>],
    /// What the figures rest on, in words.
    receipt: String,
    /// Complete days before the one that is judged.
    history: u32,
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
        match is_sound(&self.policy, &source, self.json) {
            Ok(true) => {}
            Ok(false) => return Ending::Failed,
            Err(fault) => return fault.end(self.json),
        }
        if let Some(place) = &self.source.place {
            return self.of_past(place, &source, now).await.unwrap_or_else(|fault| fault.end(self.json));
        }
        if self.source.save.is_some() {
            let message = "--save saves what --source has read; give --source zoom, table or demo with it";
            return wrong(&RunError::new(Code::ConfigInvalid, message));
        }
        let services = match self.services(&source).await {
            Ok(services) => services,
            Err(error) => return wrong(&error),
        };
        let places = Places {
            secret_id: self.source.secret_id.clone().unwrap_or_default(),
            policy: source,
            topic_arn: String::new(),
            link: None,
        };
        self.examined(&services, &places, task, now).await.unwrap_or_else(|error| failed(&error, self.json))
    }

    async fn services(&self, source: &PolicySource) -> Result<Services, RunError> {
        offline(ZoomConfig::read(variable)?, self.source.secrets().await?, policy::parameters(source).await)
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
        let examination = examine(services, &prepared, task, &places, now, Deadline::never(), &on_page).await?;
        spinner.finish_and_clear();
        let composed = examination.composed(&Threads::default());
        let preview = preview(&composed);
        let answer = examination.answer(&preview);
        let receipt = show::receipt(&examination.report.judged.receipt, answer.requests);
        let faults = examination.faults();
        let history = examination.history.baselines.days;
        let seen = Seen { case: &examination.case(), findings: &examination.findings(), receipt, history };
        Ok(self.show(&seen, &composed, (&preview.publications, &answer), faults))
    }

    /// Judges the last day of a past.
    async fn of_past(&self, place: &Place, source: &PolicySource, now: Timestamp) -> Result<Ending, Fault> {
        let policy = read_policy(source).await?;
        let zone = Some(policy.time_zone_name.as_str());
        let saved = self.source.load(place, zone, policy.late_charges_days, now).await?;
        let day = saved.past.last_day(saved.until, &policy);
        let day = day.map_err(|error| RunError::new(Code::Internal, format!("the past's last day: {error}")))?;
        let Some(day) = day else {
            return Err(RunError::new(Code::ReportIncomplete, "the past has no day to judge").into());
        };
        let receivers = policy.receivers("");
        let case = |receiver| day.case(&policy, receiver);
        let findings = evaluate(&case(&receivers.default), &day.history);
        let composed = compose_all(&findings, &Threads::default(), receivers.iter().map(case));
        let case = case(&receivers.default);
        let Delivered { alerts, publications, .. } = preview(&composed);
        let answer = Judged::of(&case, &day.history, 0, Vec::new(), alerts);
        let at = day.as_of.to_zoned(policy.time_zone.clone()).strftime("%-d %B %Y, %H:%M %Z");
        let (rows, days) = (count(day.receipt.rows, "charged message"), count(day.receipt.days, "day"));
        let receipt = format!("The past is judged as of {at}: {rows} of {days}.");
        let gap = |gap: &Gap| RunError::new(gap.code, format!("{}: {}", gap.dates.from, gap.problem));
        let faults = day.coverage.gaps.iter().take(MOST_NAMED).map(gap).collect();
        let seen = Seen { case: &case, findings: &findings, receipt, history: day.history.baselines.days };
        Ok(self.show(&seen, &composed, (&publications, &answer), faults))
    }

    /// Shows what was found.
    fn show(
        &self,
        Seen { case, findings, receipt, history }: &Seen<'_, '_>,
        composed: &Composed<'_>,
        (publications, answer): (&[Publication], &Judged),
        faults: Vec<RunError>,
    ) -> Ending {
        let due = composed.messages.iter().flat_map(|message| &message.alerts);
        let silenced = composed.others.iter().flat_map(|(_, alerts)| alerts).filter(|alert| alert.is_silenced());
        let is_reached = due.chain(silenced).any(show::is_budget);
        if self.json {
            say(&serde_json::to_string(answer).unwrap_or_default());
        } else {
            say(&show::findings(findings, case));
            say(receipt);
            show::warnings(answer, case, *history).iter().for_each(|warning| say(warning));
            say(&match publications.len() {
                0 if !answer.complete => "What could be read reaches no level; the rest is unknown.".to_owned(),
                0 => "Nothing would be sent.".to_owned(),
                1 => "One message would be sent, if it was not sent before.".to_owned(),
                count => format!("{count} messages would be sent, if they were not sent before."),
            });
            if self.messages {
                publications.iter().for_each(|publication| say(&show::message(publication)));
            } else if !publications.is_empty() {
                say("--messages shows them.");
            }
        }
        match RunError::join(faults) {
            // The answer is printed already, and says that it is not complete.
            Some(error) => failed(&error, false),
            None if is_reached => Ending::BudgetReached,
            None => Ending::Fine,
        }
    }
}

/// Whether a policy in a file is valid; if not, its faults are shown where they are. In JSON, and for what is no file, reading it tells.
pub(super) fn is_sound(name: &str, source: &PolicySource, json: bool) -> Result<bool, Fault> {
    if let (PolicySource::Table(name), None) = (source, variable("LEDGER_TABLE")) {
        let missing = ParameterError::NoTable(name.clone());
        let error = RunError::new(Code::ConfigInvalid, format!("environment: {missing}"));
        return Err(Fault::used_wrongly(error));
    }
    let PolicySource::File(path) = source else { return Ok(true) };
    let document = std::fs::read_to_string(path).map_err(|error| {
        let message = format!("the policy {name:?} cannot be read: {error}; give a TOML file with --policy");
        Fault::used_wrongly(RunError::new(Code::PolicyInvalid, message))
    })?;
    match Policy::parse(&document) {
        Err(faults) if !json => {
            complain(&policy::render(name, &document, &faults));
            Ok(false)
        }
        _ => Ok(true),
    }
}

/// The policy at a place.
pub(super) async fn read_policy(source: &PolicySource) -> Result<Policy, RunError> {
    run::policy(&policy::parameters(source).await, source).await
}
