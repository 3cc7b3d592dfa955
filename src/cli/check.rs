mod beside;
mod sheet;
#[cfg(test)]
mod tests;
mod view;

use clap::Args;
use jiff::Timestamp;
use serde::Serialize;

use super::fault::Fault;
use super::progress::Progress;
use super::source::{Place, Source, offline};
use super::terminal::Terminal;
use super::{Ending, failed, help, policy, say, show, variable};
use crate::clients::Deadline;
use crate::clients::zoom::Pages;
use crate::config::{PolicySource, ZoomConfig};
use crate::domain::alert::{Finding, Threads, count};
use crate::domain::case::Case;
use crate::domain::coverage::Gap;
use crate::domain::evaluate::{History, evaluate};
use crate::domain::matches::unmatched;
use crate::domain::message::{Composed, Publication, compose_all};
use crate::domain::policy::Policy;
use crate::error::{Code, RunError};
use crate::outbox::{Delivered, preview};
use crate::request::{Judge, moment};
use crate::response::Judged;
use crate::run::{Places, Services, Wanted, examine, prepare};
use sheet::Sheet;

/// Days without figures that are named.
const MOST_NAMED: usize = 5;

/// Compare this month's report with the budgets, the worst first; sends nothing
///
/// Reads Zoom's report of the periods that are judged, and writes nothing. With --source, the last known day of a past is judged, with
/// forecasts and spikes from the days before it.
#[derive(Args)]
#[command(after_long_help = help::CHECK)]
pub(super) struct Check {
    /// The policy: a TOML file, ssm:NAME, or table:NAME in the table that LEDGER_TABLE names [default: policy.toml; with --source demo the
    /// sample policy]
    #[arg(long, value_name = "FILE")]
    policy: Option<String>,
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
    history: &'s History,
    /// What the figures rest on, in words.
    receipt: String,
}

/// All that the table shows, beside the function's answer.
#[derive(Serialize)]
struct Answer<'c> {
    #[serde(flatten)]
    judged: &'c Judged,
    #[serde(flatten)]
    sheet: &'c Sheet,
    /// Why the figures are not proven.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Problem<'c>>,
}

#[derive(Serialize)]
struct Problem<'c> {
    code: Code,
    message: &'c str,
}

impl Check {
    pub(super) async fn run(&self, now: Timestamp) -> Ending {
        self.checked(now).await.unwrap_or_else(|fault| fault.end(self.json))
    }

    async fn checked(&self, now: Timestamp) -> Result<Ending, Fault> {
        if let Some(place) = &self.source.place {
            return match policy::given(self.policy.as_deref(), place, self.json).await? {
                Some(policy) => self.of_past(place, policy, now).await,
                None => Ok(Ending::Failed),
            };
        }
        if self.source.save.is_some() {
            return Err(Fault::wrong_use(
                "--save saves what --source has read; give --source zoom, table or demo with it",
            ));
        }
        let name = self.policy.as_deref().unwrap_or("policy.toml");
        let moment = self.as_of.as_deref().map(|text| moment(text, now)).transpose();
        let moment = moment.map_err(|problem| Fault::wrong_use(format!("--as-of {problem}")))?;
        let task = moment.map_or(Judge::DryRun, Judge::Past);
        let source = policy::place_of(name)?;
        if !policy::is_sound(name, &source, self.json)? {
            return Ok(Ending::Failed);
        }
        let services = self.services(&source).await?;
        let places =
            Places { secret_id: self.source.secret_id(), policy: source, topic_arn: String::new(), link: None };
        Ok(self.examined(&services, &places, task, now).await?)
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
        let progress = Progress::new("reading Zoom's report");
        let prepared = prepare(services, places, Deadline::never()).await?;
        let on_page = |pages: Pages| progress.at_page(pages);
        let examination = examine(services, &prepared, task, places, now, Deadline::never(), &on_page).await?;
        progress.end();
        let composed = examination.composed(&Threads::default());
        let preview = preview(&composed);
        let answer = examination.answer(&preview);
        let receipt = show::receipt(&examination.report.judged.receipt, answer.requests, examination.policy);
        let faults = examination.faults();
        let (case, findings, history) = (&examination.case(), &examination.findings(), &examination.history);
        let seen = Seen { case, findings, history, receipt };
        Ok(self.show(&seen, &composed, (&preview.publications, &answer), faults))
    }

    /// Judges the last day of a past.
    async fn of_past(&self, place: &Place, policy: Policy, now: Timestamp) -> Result<Ending, Fault> {
        let saved = self.source.load(place, &Wanted::from(&policy), now).await?;
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
        let days = count(day.receipt.days, "day");
        let rows = count(day.receipt.rows, "charged message");
        let what = if policy.names_products() { days } else { format!("{rows} of {days}") };
        let receipt = format!("Judged as of {at}: {what}.");
        let gap = |gap: &Gap| RunError::new(gap.code, format!("{}: {}", gap.dates.from, gap.problem));
        let faults = day.coverage.gaps.iter().take(MOST_NAMED).map(gap).collect();
        let seen = Seen { case: &case, findings: &findings, history: &day.history, receipt };
        Ok(self.show(&seen, &composed, (&publications, &answer), faults))
    }

    /// Shows what was found.
    fn show(
        &self,
        Seen { case, findings, history, receipt }: &Seen<'_, '_>,
        composed: &Composed<'_>,
        (publications, judged): (&[Publication], &Judged),
        faults: Vec<RunError>,
    ) -> Ending {
        let is_reached = composed.alerts().any(|(_, alert)| alert.is_news() && show::is_budget(alert));
        let sheet = Sheet::of(case, findings, composed, history);
        let error = RunError::join(faults);
        if self.json {
            let problem = error.as_ref().map(|RunError { code, message }| Problem { code: *code, message });
            say(&serde_json::to_string(&Answer { judged, sheet: &sheet, error: problem }).unwrap_or_default());
        } else {
            let terminal = Terminal::of_output();
            view::lines(&sheet, case, receipt, &terminal).iter().for_each(|line| say(line));
            let unmatched = unmatched(case.policy, case.totals, case.periods, &history.matched);
            let unmatched = unmatched.iter().map(|selector| ("Note", show::matches_nothing(selector, case)));
            terminal.labelled(&unmatched.collect::<Vec<_>>()).iter().for_each(|line| say(line));
            say("");
            self.would_be_sent(publications, judged.complete, &terminal).iter().for_each(|line| say(line));
            if self.messages {
                publications.iter().for_each(|publication| say(&show::message(publication)));
            }
        }
        match error {
            // The answer is printed already, and says that it is not complete.
            Some(error) => failed(&error, false),
            None if is_reached => Ending::BudgetReached,
            None => Ending::Fine,
        }
    }

    /// A check knows no ledger, so that it cannot tell what was sent before.
    fn would_be_sent(&self, publications: &[Publication], complete: bool, terminal: &Terminal) -> Vec<String> {
        let count = count(publications.len() as u64, "message");
        let text = match publications.len() {
            0 if !complete => "Nothing was sent. What could be read reaches no level; the rest is unknown.".to_owned(),
            0 => "Nothing was sent, and nothing would be.".to_owned(),
            _ if self.messages => format!("Nothing was sent. {count} would be, if not sent before:"),
            _ => format!("Nothing was sent. {count} would be, if not sent before: cost-alerts check --messages"),
        };
        match text.split_once(": cost-alerts") {
            // A command is not broken.
            Some((text, command)) if text.len() + command.len() + 15 > terminal.width => {
                let mut lines = terminal.prose(&format!("{text}:"));
                lines.push(format!("   cost-alerts{command}"));
                lines
            }
            _ => terminal.prose(&text),
        }
    }
}
