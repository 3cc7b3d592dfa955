//! What the commands print: tables, and messages as their readers see them.

use std::collections::BTreeSet;

use indicatif::{ProgressBar, ProgressFinish, ProgressStyle};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use rust_decimal::Decimal;
use serde_json::Value;

use super::table::{Cell, Column, Table};
use super::terminal::Terminal;
use crate::domain::alert::{Alert, Finding, count, limit, money};
use crate::domain::case::Case;
use crate::domain::charge::Scope;
use crate::domain::coverage::Receipt;
use crate::domain::matches::meant;
use crate::domain::message::Publication;
use crate::domain::money::{Amount, Currency};
use crate::domain::past::Past;
use crate::domain::policy::{Budget, DEFAULT_OWNER, Level, Only, Owner, Policy, Selector, Silence, Spike};
use crate::domain::replay::Summary;
use crate::domain::text::label;

/// A spinner on a terminal, nothing elsewhere.
pub(super) fn spinner(what: &str) -> ProgressBar {
    let spinner = ProgressBar::new_spinner().with_message(what.to_owned()).with_finish(ProgressFinish::AndClear);
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {elapsed}") {
        spinner.set_style(style);
    }
    spinner.enable_steady_tick(std::time::Duration::from_millis(100));
    spinner
}

/// Whether an alert is about a budget's level.
pub(super) fn is_budget(alert: &Alert<'_>) -> bool {
    matches!(alert.finding, Finding::Spent(_))
}

/// What the figures rest on, in a line.
pub(super) fn receipt(receipt: &Receipt, requests: u64, policy: &Policy) -> String {
    let Receipt { complete, rows, pages, days, .. } = receipt;
    let whole = if *complete { "Read whole" } else { "Read in part" };
    let what = if policy.names_products() { "charged row" } else { "charged message" };
    let (rows, pages) = (count(*rows, what), count(*pages, "page"));
    let (days, requests) = (count(*days, "day"), count(requests, "request"));
    format!("{whole}: {rows} on {pages} for {days}, {requests}.")
}

/// The budgets and spikes of a policy.
pub(super) fn budgets(policy: &Policy, terminal: &Terminal) -> Vec<String> {
    let watches = |scope: Scope, only: &Only| match (scope, only) {
        (Scope::Account, _) => scope.of(""),
        (_, Only::Everyone) => format!("each {}", scope.name().replace('_', " ")),
        (Scope::BillingNumber, only) => only.entries().join(", "),
        (_, only) => format!("{} {}", scope.name().replace('_', " "), only.entries().join(", ")),
    };
    let levels = |levels: &[Level]| levels.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let owners = |owners: &[String]| if owners == [DEFAULT_OWNER] { String::new() } else { owners.join(", ") };
    let budget = |budget: &Budget| {
        let Budget { name, currency, amount, period, .. } = budget;
        let amount = format!("{currency} {}", limit(*amount, *currency));
        let ahead = if budget.forecasts.is_empty() {
            String::new()
        } else {
            format!(", forecast at {}", levels(&budget.forecasts))
        };
        [
            label(name).into_owned(),
            watches(budget.scope, &budget.only),
            format!("{amount} a {}", period.name()),
            format!("{}{ahead}", levels(&budget.levels)),
            owners(&budget.owners),
        ]
    };
    let spike = |spike: &Spike| {
        let extra = format!("{} {} extra a day", spike.currency, spike.min_extra);
        let (name, watched) = (label(&spike.name).into_owned(), watches(spike.scope, &spike.only));
        [name, watched, extra, "spikes".to_owned(), owners(&spike.owners)]
    };
    let rows = policy.budgets.iter().map(budget).chain(policy.spikes.iter().map(spike));
    let [name, watches, at, owner] = ["Budget", "Watches", "Alerts at", "Owner"].map(Column::Left);
    let columns = [name, watches, Column::Right("Amount"), at, owner];
    Table::new(&columns, rows.map(|row| row.map(Cell::from).to_vec())).lines(terminal)
}

/// A silence of a policy, in a sentence.
pub(super) fn silence(silence: &Silence, now: Timestamp, zone: &TimeZone) -> String {
    let reason = label(&silence.reason);
    let ends = [silence.from, silence.until];
    let [from, until] = ends.map(|at| at.to_zoned(zone.clone()).strftime("%-d %B %Y, %H:%M %Z").to_string());
    match silence.status(now) {
        "active" => format!("Silence {reason:?} is active until {until}."),
        "over" => format!("Silence {reason:?} ended on {until}; remove it from the policy."),
        _ if silence.is_longest(zone) => format!(
            "Silence {reason:?} starts on {from}, as many days before its end as a silence may last. Give an earlier `until` to silence from now on."
        ),
        _ => format!("Silence {reason:?} starts on {from}."),
    }
}

/// What the reader of a policy should know about it, without a report at hand.
pub(super) fn remarks(policy: &Policy, now: Timestamp) -> Vec<String> {
    let silences = policy.silences.iter();
    let mut remarks: Vec<_> = silences.map(|of| silence(of, now, &policy.time_zone)).collect();
    let is_used = |owner: &&Owner| {
        let mut owners = policy.budgets.iter().map(|budget| &budget.owners);
        let mut others = policy.spikes.iter().map(|spike| &spike.owners);
        owners.any(|owners| owners.contains(&owner.name)) || others.any(|owners| owners.contains(&owner.name))
    };
    let idle = policy.owners.iter().filter(|owner| !is_used(owner));
    remarks.extend(idle.map(|owner| format!("Owner {:?} has no budget and no spike.", owner.name)));
    remarks.extend(policy.budgets.iter().filter_map(levels_in_doubt));
    remarks
}

/// Levels that are hardly meant so.
fn levels_in_doubt(budget: &Budget) -> Option<String> {
    let (name, levels) = (label(&budget.name), &budget.levels);
    let shown = levels.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let highest = levels.iter().map(|level| level.percent).max()?;
    if highest <= Decimal::TWO {
        return Some(format!(
            "Budget {name:?} alerts at {shown} of its amount: `alert_at` is in percent, so write 80 for four fifths of it."
        ));
    }
    (highest < Decimal::ONE_HUNDRED)
        .then(|| format!("Budget {name:?} alerts at {shown}, and not when it is spent: add 100 if it should."))
}

/// That a policy names what a report does not have.
pub(super) fn matches_nothing(selector: &Selector<'_>, case: &Case<'_>) -> String {
    let meant = meant(selector, case).map_or_else(String::new, |meant| format!(" Did you mean {meant:?}?"));
    format!("{:?} matches nothing: its `only` names no subject of this report.{meant}", selector.name)
}

/// What a policy names that a report does not have, and what it leaves open.
pub(super) fn open_ends(unmatched: &[Selector<'_>], past: &Past, case: &Case<'_>) -> Vec<String> {
    let mut open: Vec<_> = unmatched.iter().map(|selector| matches_nothing(selector, case)).collect();
    for ((product, currency), sum) in past.uncovered(case) {
        let (amount, units) = (money(sum.amount, currency, &[]), count(sum.messages, product.unit()));
        open.push(format!("No budget applies to {currency} {amount} of this past, in {units}."));
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
pub(super) fn summary(summary: &Summary, terminal: &Terminal) -> Vec<String> {
    let receivers: BTreeSet<_> = summary.rows.iter().map(|row| &row.receiver).collect();
    let table = |with_period: bool| {
        let rows = summary.rows.iter().map(|row| -> Vec<Cell> {
            let money = |amount: Amount| {
                let money = |currency: Currency| format!("{currency} {}", amount.shown(currency.minor_places()));
                row.currency.map_or_else(String::new, money)
            };
            let each =
                row.scope.map_or("", |scope| if scope == Scope::BillingNumber { "number" } else { scope.name() });
            // The one receiver is named elsewhere.
            let receiver = if receivers.len() > 1 { row.receiver.to_string() } else { String::new() };
            let period = row.period.filter(|_| with_period).map_or("", |period| period.name());
            vec![
                receiver.into(),
                row.kind.name().into(),
                each.replace('_', " ").into(),
                period.into(),
                row.alerts.to_string().into(),
                money(row.at_alert).into(),
                money(row.after_alert).into(),
            ]
        });
        let [receiver, kind, each, period] = ["Receiver", "Kind", "For each", "Period"].map(Column::Left);
        let [alerts, at, after] = ["Alerts", "Spent at it", "After it"].map(Column::Right);
        Table::new(&[receiver, kind, each, period, alerts, at, after], rows)
    };
    let whole = table(true);
    if whole.fits(terminal) { whole.lines(terminal) } else { table(false).lines(terminal) }
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
