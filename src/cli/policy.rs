use std::io::Read;

use clap::Args;
use miette::{GraphicalReportHandler, LabeledSpan, MietteDiagnostic, NamedSource, Report};
use serde_json::json;

use super::{Ending, complain, say, show};
use crate::clients::parameters::Parameters;
use crate::clients::sdk_config;
use crate::config::PolicySource;
use crate::domain::policy::{Policy, PolicyFault, PolicyFaults};

/// Validates a policy and shows its budgets, or all its faults with line, column and fix.
///
/// `cost-alerts check` warns of budgets that match nothing in the report, and shows what no budget covers.
#[derive(Args)]
pub(super) struct Validate {
    /// The policy (TOML): a file, - for standard input, or ssm:NAME
    #[arg(value_name = "FILE|-|ssm:NAME")]
    source: String,
    /// Answer in JSON
    #[arg(long)]
    json: bool,
}

impl Validate {
    pub(super) async fn run(&self) -> Ending {
        let name = if self.source == "-" { "standard input" } else { &self.source };
        let document = match self.document().await {
            Ok(document) => document,
            Err(problem) => {
                complain(&format!("error: {problem}"));
                return Ending::UsedWrongly;
            }
        };
        let policy = Policy::parse(&document);
        if self.json {
            let faults = policy.as_ref().err().map_or(&[][..], |PolicyFaults(faults)| faults);
            let faults: Vec<_> = faults
                .iter()
                .map(|PolicyFault { code, message, fix, line, column, .. }| {
                    json!({"code": code, "line": line, "column": column, "message": message, "fix": fix})
                })
                .collect();
            say(&json!({"valid": faults.is_empty(), "faults": faults}).to_string());
            return if faults.is_empty() { Ending::Fine } else { Ending::Failed };
        }
        match policy {
            Ok(policy) => {
                let (zone, late) = (&policy.time_zone_name, policy.late_charges_days);
                say(&show::budgets(&policy));
                say(&format!(
                    "{name} is valid. Days and months turn in {zone}; a closed period is judged for at least {late} more days."
                ));
                Ending::Fine
            }
            Err(faults) => {
                complain(&render(name, &document, &faults));
                Ending::Failed
            }
        }
    }

    async fn document(&self) -> Result<String, String> {
        if self.source == "-" {
            let mut document = String::new();
            let read = std::io::stdin().read_to_string(&mut document);
            return read.map(|_| document).map_err(|error| format!("standard input cannot be read: {error}"));
        }
        let source = PolicySource::parse(&self.source).map_err(|problem| format!("{:?} {problem}", self.source))?;
        let parameters = match &source {
            PolicySource::Parameter(_) => Parameters::manager(&sdk_config().await),
            PolicySource::File(_) => Parameters::Files,
        };
        parameters.read(&source).await.map_err(|error| error.to_string())
    }
}

/// Every fault with the line it stands on.
pub(super) fn render(name: &str, document: &str, PolicyFaults(faults): &PolicyFaults) -> String {
    let handler = GraphicalReportHandler::new().with_links(false);
    let mut rendered = String::new();
    for fault in faults {
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
    rendered + &format!("{name} is not valid: {count} fault{}", if count == 1 { "" } else { "s" })
}
