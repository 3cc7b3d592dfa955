//! What the commands print: tables, and messages as their readers see them.

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, ContentArrangement, Table};
use indicatif::{ProgressBar, ProgressFinish, ProgressStyle};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::Value;

use crate::domain::alert::{Alert, Finding, Outcome, count};
use crate::domain::case::Case;
use crate::domain::charge::Scope;
use crate::domain::coverage::Receipt;
use crate::domain::foresight::{forecast, spike};
use crate::domain::matches::uncovered;
use crate::domain::message::Publication;
use crate::domain::money::Amount;
use crate::domain::policy::{Budget, DEFAULT_OWNER, Level, Only, Owner, Policy, Spike};
use crate::domain::replay::Summary;
use crate::response::Judged;

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

/// Whether an alert is about a budget's level.
pub(super) fn is_budget(alert: &Alert<'_>) -> bool {
    matches!(alert.finding, Finding::Spent(_))
}

/// What every subject with a budget has spent, the worst first, and what no budget covers.
pub(super) fn findings(findings: &[Finding<'_>], case: &Case<'_>) -> String {
    let mut table = table(&["Period", "Who", "Spent", "Budget", "Used", "Reached"], &[2, 3, 4]);
    let mut spent: Vec<_> = findings
        .iter()
        .filter_map(|finding| match finding {
            Finding::Spent(spent) => Some(spent),
            _ => None,
        })
        .collect();
    spent.sort_by_key(|spent| std::cmp::Reverse(spent.ratio()));
    for spent in spent {
        let (budget, currency) = (spent.budget, spent.budget.currency);
        let at_least = if spent.at_least() { "at least " } else { "" };
        let used = spent.sum.amount.percent_of(budget.amount).map_or_else(String::new, |percent| format!("{percent}%"));
        table.add_row([
            spent.period.label(),
            spent.scope.of(&spent.subject),
            format!("{at_least}{currency} {}", spent.sum.amount),
            format!("{currency} {}", budget.amount),
            used,
            spent.highest().map_or_else(String::new, |level| format!("{level} of {:?}", budget.name)),
        ]);
    }
    for (currency, sum) in uncovered(case) {
        table.add_row(["", "not covered by a budget", &format!("{currency} {}", sum.amount), "none", "", ""]);
    }
    table.to_string()
}

/// What the reader should know besides the figures. `history` is the number of complete days before the one that is judged.
pub(super) fn warnings(answer: &Judged, case: &Case<'_>, history: u32) -> Vec<String> {
    let mut warnings = open_ends(&answer.unmatched, case);
    let zone = &case.policy.time_zone;
    let silences = answer.silences.iter();
    warnings.extend(silences.map(|of| silence(&of.reason, of.status, [of.from, of.until], zone)));
    let held = answer.alerts.iter().filter(|alert| alert.outcome == Outcome::Silenced).count() as u64;
    if held > 0 {
        warnings.push(format!("Silences hold back {}.", count(held, "alert")));
    }
    if case.policy.looks_ahead() && history < spike::LEAST_DAYS {
        warnings.push(format!(
            "Not enough history yet: {} are known. Forecasts need {} and spikes {}; --source table has a deployment's.",
            count(history.into(), "complete day"),
            forecast::LEAST_DAYS,
            spike::LEAST_DAYS,
        ));
    }
    for unread in &answer.unread {
        warnings.push(match (unread.from, unread.to) {
            (Some(from), Some(to)) => format!("Not read, {from} to {to}: {}.", unread.problem),
            _ => format!("Not read: {}.", unread.problem),
        });
    }
    warnings
}

/// What the figures rest on, in a line.
pub(super) fn receipt(receipt: &Receipt, requests: u64) -> String {
    let Receipt { complete, rows, pages, days, .. } = receipt;
    let whole = if *complete { "read whole" } else { "NOT read whole" };
    let (rows, pages) = (count(*rows, "charged message"), count(*pages, "page"));
    let (days, requests) = (count(*days, "day"), count(requests, "request"));
    format!("Zoom's report was {whole}: {rows} on {pages} for {days}, {requests}.")
}

/// The budgets and spikes of a policy, without columns that would be empty.
pub(super) fn budgets(policy: &Policy) -> String {
    let only = |only: &Only| match only {
        Only::Everyone => "all".to_owned(),
        Only::These(_) => only.entries().join(", "),
    };
    let levels = |levels: &[Level]| levels.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let owners = |owners: &[String]| if owners == [DEFAULT_OWNER] { String::new() } else { owners.join(", ") };
    let scope = |scope: Scope| scope.name().replace('_', " ");
    let budget = |budget: &Budget| {
        let Budget { name, currency, amount, period, .. } = budget;
        let (name, amount, period) = (name.clone(), format!("{currency} {amount}"), period.name().to_owned());
        let (at, ahead) = (levels(&budget.levels), levels(&budget.forecasts));
        [name, scope(budget.scope), only(&budget.only), amount, period, at, ahead, owners(&budget.owners)]
    };
    let spike = |spike: &Spike| {
        let extra = format!("{} {} extra", spike.currency, spike.min_extra);
        let [day, at] = ["day", "a spike"].map(str::to_owned);
        [
            spike.name.clone(),
            scope(spike.scope),
            only(&spike.only),
            extra,
            day,
            at,
            String::new(),
            owners(&spike.owners),
        ]
    };
    let rows: Vec<_> = policy.budgets.iter().map(budget).chain(policy.spikes.iter().map(spike)).collect();
    let header = ["Budget", "For each", "Only", "Amount", "Period", "Alert at", "Ahead at", "Owner"];
    let is_filled = |column: &usize| rows.iter().any(|row| row.get(*column).is_some_and(|cell| !cell.is_empty()));
    let columns: Vec<usize> = (0..header.len()).filter(is_filled).collect();
    let header: Vec<_> = columns.iter().filter_map(|column| header.get(*column).copied()).collect();
    let mut table = table(&header, &[3]);
    for row in &rows {
        table.add_row(columns.iter().filter_map(|column| row.get(*column)));
    }
    table.to_string()
}

/// A silence of a policy, in a sentence.
fn silence(reason: &str, status: &str, [from, until]: [Timestamp; 2], zone: &TimeZone) -> String {
    let [from, until] = [from, until].map(|at| at.to_zoned(zone.clone()).strftime("%-d %B %Y, %H:%M %Z").to_string());
    match status {
        "active" => format!("Silence {reason:?} is active until {until}."),
        "over" => format!("Silence {reason:?} ended on {until}; remove it from the policy."),
        _ => format!("Silence {reason:?} starts on {from}."),
    }
}

/// What the reader of a policy should know about it, without a report at hand.
pub(super) fn remarks(policy: &Policy, now: Timestamp) -> Vec<String> {
    let zone = &policy.time_zone;
    let silences = policy.silences.iter();
    let mut remarks: Vec<_> =
        silences.map(|of| silence(&of.reason, of.status(now), [of.from, of.until], zone)).collect();
    let is_used = |owner: &&Owner| {
        let mut owners = policy.budgets.iter().map(|budget| &budget.owners);
        let mut others = policy.spikes.iter().map(|spike| &spike.owners);
        owners.any(|owners| owners.contains(&owner.name)) || others.any(|owners| owners.contains(&owner.name))
    };
    let idle = policy.owners.iter().filter(|owner| !is_used(owner));
    remarks.extend(idle.map(|owner| format!("Owner {:?} has no budget and no spike.", owner.name)));
    remarks
}

/// What a policy names that a report does not have, and what it leaves open.
pub(super) fn open_ends(unmatched: &[String], case: &Case<'_>) -> Vec<String> {
    let nothing = |name: &String| format!("{name:?} matches nothing: its `only` names no subject of this report.");
    let mut open: Vec<_> = unmatched.iter().map(nothing).collect();
    for (currency, sum) in uncovered(case) {
        open.push(format!("No budget covers {currency} {} in {}.", sum.amount, count(sum.messages, "message")));
    }
    open
}

/// `March 2026`, or the part of it that is known.
pub(super) fn month(month: &Summary, last: Date) -> String {
    let Summary { from, to, .. } = month;
    let name = from.strftime("%B %Y");
    match (from.day() > 1, *to == last && *to < to.last_of_month()) {
        (false, false) => name.to_string(),
        (_, true) => format!("{name}, up to the {}", to.strftime("%-d")),
        (true, false) => format!("{name}, from the {}", from.strftime("%-d")),
    }
}

/// What would have been sent, by kind and receiver.
pub(super) fn summary(name: &str, summary: &Summary) -> String {
    let Summary { alerts, messages, rows, .. } = summary;
    if *alerts == 0 {
        return format!("{name}: nothing would have been sent.");
    }
    let mut table =
        table(&["Receiver", "Kind", "For each", "Period", "Alerts", "Spent at the alert", "after it"], &[4, 5, 6]);
    for row in rows {
        let money = |amount: Amount| {
            row.currency
                .map_or_else(String::new, |currency| format!("{currency} {}", amount.shown(currency.minor_places())))
        };
        table.add_row([
            row.receiver.to_string(),
            row.kind.name().to_owned(),
            row.scope.map_or_else(String::new, |scope| scope.name().replace('_', " ")),
            row.period.map_or_else(String::new, |period| period.name().to_owned()),
            row.alerts.to_string(),
            money(row.at_alert),
            money(row.after_alert),
        ]);
    }
    format!("{name}: {} in {}\n{table}", count(*alerts, "alert"), count(*messages, "message"))
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
