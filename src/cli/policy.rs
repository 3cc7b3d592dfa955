use std::path::PathBuf;

use clap::Args;
use miette::{GraphicalReportHandler, LabeledSpan, MietteDiagnostic, NamedSource, Report};
use serde_json::json;

use super::{Ending, complain, say, show};
use crate::domain::policy::{Policy, PolicyFault, PolicyFaults};

/// Validates a policy file and shows its budgets, or all its faults with line, column and mend.
#[derive(Args)]
pub(super) struct Validate {
    /// The policy (TOML)
    file: PathBuf,
    /// Answer in JSON
    #[arg(long)]
    json: bool,
}

impl Validate {
    pub(super) fn run(&self) -> Ending {
        let name = self.file.display().to_string();
        let document = match std::fs::read_to_string(&self.file) {
            Ok(document) => document,
            Err(error) => {
                complain(&format!("error: {name} cannot be read: {error}; give the path of a policy (TOML)"));
                return Ending::UsedWrongly;
            }
        };
        let policy = Policy::parse(&document);
        if self.json {
            let faults = policy.as_ref().err().map_or(&[][..], |PolicyFaults(faults)| faults);
            let faults: Vec<_> = faults
                .iter()
                .map(|PolicyFault { code, message, mend, line, column, .. }| {
                    json!({"code": code, "line": line, "column": column, "message": message, "mend": mend})
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
                    "{name} is valid. Days and months turn in {zone}; a closed period is judged for {late} more days."
                ));
                Ending::Fine
            }
            Err(faults) => {
                complain(&render(&name, &document, &faults));
                Ending::Failed
            }
        }
    }
}

/// The faults with the lines they are on.
pub(super) fn render(name: &str, document: &str, PolicyFaults(faults): &PolicyFaults) -> String {
    let handler = GraphicalReportHandler::new().with_links(false);
    let mut rendered = String::new();
    for fault in faults {
        let mut diagnostic =
            MietteDiagnostic::new(fault.message.clone()).with_code(fault.code).with_help(fault.mend.clone());
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
