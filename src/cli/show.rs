//! What the commands print: tables, and messages as their readers see them.

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, ContentArrangement, Table};
use indicatif::{ProgressBar, ProgressFinish, ProgressStyle};
use serde_json::Value;

use crate::domain::budget::{Proof, Standing};
use crate::domain::message::{Publication, count};
use crate::domain::policy::{Only, Pattern, Policy};
use crate::domain::totals::Receipt;

/// A spinner on a terminal, nothing elsewhere.
pub(super) fn spinner(what: &str) -> ProgressBar {
    let spinner = ProgressBar::new_spinner().with_message(what.to_owned()).with_finish(ProgressFinish::AndClear);
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {elapsed}") {
        spinner.set_style(style);
    }
    spinner.enable_steady_tick(std::time::Duration::from_millis(100));
    spinner
}

fn table(header: &[&str], numbers: &[usize]) -> Table {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Dynamic).set_header(header);
    for column in numbers {
        if let Some(column) = table.column_mut(*column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

/// Where every watched subject stands.
pub(super) fn standings(standings: &[Standing<'_>]) -> String {
    let mut table = table(&["Period", "Who", "Spent", "Budget", "Used", "Reached"], &[2, 3, 4]);
    for standing in standings {
        let who = standing.scope.of(&standing.subject);
        let spent = format!("{} {}", standing.currency, standing.amount);
        let spent = match standing.proof {
            Proof::Exact => spent,
            Proof::AtLeast => format!("at least {spent}"),
            Proof::Nothing => format!("unknown; read so far {spent}"),
        };
        let (limit, used) = standing.budget.map_or_else(
            || ("none".to_owned(), String::new()),
            |budget| {
                let used =
                    standing.amount.percent_of(budget.amount).map_or_else(String::new, |percent| format!("{percent}%"));
                (format!("{} {}", budget.currency, budget.amount), used)
            },
        );
        let reached = match (standing.budget, standing.reached().last()) {
            (None, _) => "no budget in this currency".to_owned(),
            (Some(budget), Some(level)) => format!("{level} of {:?}", budget.name),
            (Some(_), None) => String::new(),
        };
        table.add_row([standing.period.label(), who, spent, limit, used, reached]);
    }
    table.to_string()
}

/// What the figures rest on, in a line.
pub(super) fn receipt(receipt: &Receipt, requests: u64) -> String {
    let Receipt { complete, rows, pages, days, .. } = receipt;
    let whole = if *complete { "read whole" } else { "NOT read whole" };
    let (rows, pages) = (count(*rows, "charged message"), count(*pages, "page"));
    let (days, requests) = (count(*days, "day"), count(requests, "request"));
    format!("Zoom's report was {whole}: {rows} on {pages} for {days}, {requests}.")
}

/// The budgets of a policy.
pub(super) fn budgets(policy: &Policy) -> String {
    let mut table = table(&["Budget", "For each", "Only", "Amount", "Period", "Alert at"], &[3]);
    for budget in &policy.budgets {
        let only = match &budget.only {
            Only::Everyone => "all".to_owned(),
            Only::These(patterns) => patterns
                .iter()
                .map(|pattern| match pattern {
                    Pattern::Exactly(text) => text.clone(),
                    Pattern::Prefix(text) => format!("{text}*"),
                })
                .collect::<Vec<_>>()
                .join(", "),
        };
        let levels: Vec<_> = budget.levels.iter().map(ToString::to_string).collect();
        table.add_row([
            budget.name.clone(),
            budget.scope.name().replace('_', " "),
            only,
            format!("{} {}", budget.currency, budget.amount),
            budget.period.name().to_owned(),
            levels.join(", "),
        ]);
    }
    table.to_string()
}

/// A message as its readers see it in their mail and in Slack.
pub(super) fn message(publication: &Publication) -> String {
    let rule = "─".repeat(76);
    let chat = chat(&publication.chat);
    format!(
        "── E-mail {}\nSubject: {}\n\n{}\n── Slack {}\n{chat}{rule}",
        "─".repeat(66),
        publication.subject,
        publication.email,
        "─".repeat(67)
    )
}

fn chat(form: &str) -> String {
    let form: Value = serde_json::from_str(form).unwrap_or_default();
    let text = |pointer: &str| form.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut shown = format!("{}\n\n{}\n\nNext steps\n", text("/content/title"), text("/content/description"));
    for step in form.pointer("/content/nextSteps").and_then(Value::as_array).into_iter().flatten() {
        shown += &format!("  - {}\n", step.as_str().unwrap_or_default());
    }
    shown
}
