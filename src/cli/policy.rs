mod given;
mod put;

use std::io::Read;

use clap::{Args, Subcommand};
use jiff::Timestamp;
use miette::{GraphicalReportHandler, LabeledSpan, MietteDiagnostic, NamedSource, Report};
use serde_json::json;

use super::fault::Fault;
use super::source::{Place, Source};
use super::terminal::Terminal;
use super::{Ending, complain, help, say, show, variable};
use crate::clients::parameters::{ParameterError, Parameters};
use crate::clients::sdk_config;
use crate::config::PolicySource;
use crate::domain::alert::count;
use crate::domain::matches::never_matched;
use crate::domain::policy::{Policy, PolicyFault, PolicyFaults, Receiver};
use crate::error::{Code, RunError};
use crate::run::Wanted;
pub(super) use given::{given, is_sound, place_of};

/// Faults that are shown; a file that is no policy has hundreds.
const MOST_FAULTS: usize = 20;
/// Characters of a line; no policy has longer ones.
const LONGEST_LINE: usize = 1_000;

/// Validate a policy, or put it where the deployment reads it
///
/// Validating shows the budgets, or all faults with line, column and fix. With --source, warns of budgets that match nothing in the past,
/// and of currencies that no budget covers.
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true, after_long_help = help::POLICY)]
pub(super) struct PolicyCommand {
    #[command(subcommand)]
    action: Option<Action>,
    #[command(flatten)]
    validate: Validate,
}

#[derive(Subcommand)]
enum Action {
    Put(put::Put),
}

impl PolicyCommand {
    pub(super) async fn run(&self, now: Timestamp) -> Ending {
        match &self.action {
            Some(Action::Put(put)) => put.run(now).await,
            None => self.validate.run(now).await,
        }
    }
}

#[derive(Args)]
struct Validate {
    /// The policy (TOML): a file (./put if it has that name), - for standard input, ssm:NAME, or table:NAME in the table of LEDGER_TABLE
    #[arg(value_name = "FILE|-|ssm:NAME|table:NAME", required = true)]
    policy: Option<String>,
    #[command(flatten)]
    report: Source,
    /// Answer in JSON
    #[arg(long)]
    json: bool,
}

impl Validate {
    async fn run(&self, now: Timestamp) -> Ending {
        let (document, name) = match read(self.policy.as_deref().unwrap_or("-")).await {
            Ok(read) => read,
            Err(fault) => return fault.end(self.json),
        };
        let policy = Policy::parse(&document);
        let mut remarks = policy.as_ref().map_or_else(|_| Vec::new(), |policy| show::remarks(policy, now));
        if let (Ok(policy), Some(place)) = (&policy, &self.report.place) {
            match self.open_ends(policy, place, now).await {
                Ok(open) => remarks.extend(open),
                Err(fault) => return fault.end(self.json),
            }
        }
        if self.json {
            let faults = policy.as_ref().err().map_or(&[][..], |PolicyFaults(faults)| faults);
            let faults: Vec<_> = faults
                .iter()
                .map(|PolicyFault { code, message, fix, line, column, .. }| {
                    json!({"code": code, "line": line, "column": column, "message": message, "fix": fix})
                })
                .collect();
            say(&json!({"valid": faults.is_empty(), "faults": faults, "remarks": remarks}).to_string());
            return if faults.is_empty() { Ending::Fine } else { Ending::Failed };
        }
        match policy {
            Ok(policy) => {
                let (zone, late) = (&policy.time_zone_name, count(policy.late_charges_days.into(), "more day"));
                let terminal = Terminal::of_output();
                show::budgets(&policy, &terminal).iter().for_each(|line| say(line));
                let valid = format!(
                    "{name} is valid. Days and months turn in {zone}; a period that is over is judged for at least {late}."
                );
                let lines = std::iter::once(&valid).chain(&remarks);
                lines.flat_map(|line| terminal.prose(line)).for_each(|line| say(&line));
                Ending::Fine
            }
            Err(faults) => {
                complain(&render(&name, &document, &faults));
                Ending::Failed
            }
        }
    }
}

impl Validate {
    /// What the policy names that the past does not have, and what it leaves open.
    async fn open_ends(&self, policy: &Policy, place: &Place, now: Timestamp) -> Result<Vec<String>, Fault> {
        let saved = self.report.load(place, &Wanted::from(policy), now).await?;
        let day = saved.past.last_day(saved.until, policy);
        let day = day.map_err(|error| RunError::new(Code::Internal, format!("the past's last day: {error}")))?;
        let Some(day) = day else { return Ok(Vec::new()) };
        let receiver = Receiver::default_at("");
        let unmatched = never_matched(policy, &day.history.matched);
        Ok(show::open_ends(&unmatched, &saved.past, &day.case(policy, &receiver)))
    }
}

/// The text of a policy, and what to call it.
async fn read(source: &str) -> Result<(String, String), Fault> {
    if source == "-" {
        let mut document = String::new();
        let read = std::io::stdin().read_to_string(&mut document);
        let read = read.map_err(|error| Fault::wrong_use(format!("standard input cannot be read: {error}")));
        return read.map(|_| (document, "standard input".to_owned()));
    }
    let place = place_of(source)?;
    let document = parameters(&place).await.read(&place).await.map_err(|error| unreadable(&error))?;
    Ok((document, source.to_owned()))
}

/// A missing file or variable is wrong use; what AWS refuses is a failure.
pub(super) fn unreadable(error: &ParameterError) -> Fault {
    let code = if let ParameterError::NoTable(_) = error { Code::ConfigInvalid } else { Code::PolicyInvalid };
    let run_error = RunError::new(code, error.to_string());
    match error {
        ParameterError::File { .. } | ParameterError::NoTable(_) => Fault::used_wrongly(run_error),
        ParameterError::Parameter { .. } | ParameterError::Item { .. } => run_error.into(),
    }
}

/// What a policy at this place is read with.
pub(super) async fn parameters(place: &PolicySource) -> Parameters {
    match place {
        PolicySource::File(_) => Parameters::Files,
        PolicySource::Parameter(_) | PolicySource::Table(_) => {
            Parameters::aws(&sdk_config().await, variable("LEDGER_TABLE").as_deref())
        }
    }
}

/// Every fault with the line it stands on.
pub(super) fn render(name: &str, document: &str, PolicyFaults(faults): &PolicyFaults) -> String {
    let handler = GraphicalReportHandler::new().with_links(false);
    let mut rendered = String::new();
    // A file that is no policy is not shown.
    let is_shown = document.lines().all(|line| line.len() <= LONGEST_LINE);
    for fault in faults.iter().take(MOST_FAULTS) {
        if !is_shown {
            rendered += &format!("{name}: {fault}\n");
            continue;
        }
        let mut diagnostic =
            MietteDiagnostic::new(fault.message.clone()).with_code(fault.code).with_help(fault.fix.clone());
        if fault.code != "no_budget" {
            diagnostic = diagnostic.with_label(LabeledSpan::new_with_span(None, fault.span.clone()));
        }
        let report = Report::new(diagnostic).with_source_code(NamedSource::new(name, document.to_owned()));
        if handler.render_report(&mut rendered, report.as_ref()).is_err() {
            rendered += &format!("{name}: {fault}");
        }
        rendered.push('\n');
    }
    let count = faults.len();
    if count > MOST_FAULTS {
        rendered += &format!("… and {} more\n\n", count - MOST_FAULTS);
    }
    rendered + &format!("{name} is not valid: {count} fault{}", if count == 1 { "" } else { "s" })
}
