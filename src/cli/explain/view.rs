//! The explanation as people read it.

use anstyle::Style;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;

use super::behind::Behind;
use super::{Explained, Found, at, text_at, text_of};
use crate::cli::table::{Cell, Column, Table};
use crate::cli::terminal::Terminal;
use crate::domain::alert::{count, money, units};
use crate::domain::charge::Scope;
use crate::domain::money::{Amount, Currency};
use crate::domain::product::{Product, Products};
use crate::domain::text::capitalised;
use crate::domain::totals::Sum;

/// Contributors and days that are shown.
const MOST_CONTRIBUTORS: usize = 10;
const MOST_DAYS: usize = 31;
/// The longest bar.
const BAR: u32 = 24;

/// What was sent, when and why.
pub(super) fn lines(
    found: &[Found],
    policy: Option<&str>,
    notes: &[String],
    zone: &TimeZone,
    terminal: &Terminal,
) -> Vec<String> {
    let mut lines = Vec::new();
    let mut explained = Vec::<&Value>::new();
    for Found { message, alerts } in found {
        let is_again = alerts.iter().all(|alert| explained.contains(&at(&alert.alert, "/id")));
        for Explained { alert, line, behind } in alerts.iter().filter(|_| !is_again) {
            explained.push(at(alert, "/id"));
            let headline = headline(alert);
            lines.extend(
                terminal
                    .prose(&headline)
                    .iter()
                    .map(|line| format!(" {}", terminal.paint(Style::new().bold(), line.trim_start()))),
            );
            let mut parts = vec![("Sent", sent(message, zone)), ("Id", id(alert, message))];
            parts.extend(facts(alert));
            match (line, policy) {
                (Some(line), Some(place)) => parts.push(("Policy", format!("{place}, line {}:", line.line))),
                (None, Some(place)) if at(alert, "/budget").is_string() || at(alert, "/spike").is_object() => {
                    parts.push(("Policy", format!("{place} no longer has what watched this")));
                }
                _ => {}
            }
            lines.extend(terminal.labelled(&parts));
            let text = line.iter().flat_map(|line| line.text.lines());
            lines.extend(text.map(|line| format!("   {line}")));
            if let Some(behind) = behind {
                lines.push(String::new());
                lines.extend(days(behind, alert, terminal));
            }
            lines.push(String::new());
        }
        if is_again {
            // The same alert once more: what it rests on is the same.
            lines.extend(terminal.labelled(&[("Sent again", sent(message, zone))]));
            lines.push(String::new());
        }
    }
    lines.extend(notes.iter().flat_map(|note| terminal.prose(note)));
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    lines
}

/// What an alert said, in a sentence.
pub(super) fn headline(alert: &Value) -> String {
    let text = |name: &str| text_of(alert, name);
    let scope = Scope::ALL.into_iter().find(|scope| scope.name() == text("scope"));
    let who = scope.map_or_else(String::new, |scope| scope.of(text("subject")));
    let (currency, period) = (text("currency"), text("period"));
    let product = Product::named(text("product"));
    let on = product.map_or_else(String::new, |product| format!(" on {}", product.charged()));
    let (amount, at_least) = (shown(alert, "amount"), if at(alert, "/at_least") == true { "at least " } else { "" });
    match text("kind") {
        "budget" => format!(
            "{}: {who} had spent {at_least}{amount}{on} in {period}, {} of budget {:?} ({})",
            if text("severity") == "over" { "OVER" } else { text("level") },
            text("level"),
            text("budget"),
            shown(alert, "threshold"),
        ),
        "forecast" => {
            let ahead = at(alert, "/forecast");
            format!(
                "FORECAST: {who} was likely to reach {}{on} by {}: {} to {}, most likely {}",
                shown(alert, "threshold"),
                text_at(ahead, "/by"),
                shown_in(at(ahead, "/low"), currency),
                shown_in(at(ahead, "/high"), currency),
                shown_in(at(ahead, "/likely"), currency),
            )
        }
        "spike" => {
            let spike = at(alert, "/spike");
            let product = product.unwrap_or(Product::Sms);
            let [sent, _] = product.verbs();
            let units = count(at(spike, "/count").as_u64().unwrap_or_default(), product.unit());
            format!("SPIKE: {who} had {sent} {units} on {}, usually {}", text_at(spike, "/day"), at(spike, "/usual"))
        }
        "correction" => {
            let before = shown(alert, "previous_amount");
            format!("CORRECTION: {who} had spent {at_least}{amount}{on} in {period}, not {before}")
        }
        "unwatched" => {
            format!("UNWATCHED: {at_least}{amount}{on} in {period}, and no budget covered {currency}{on}")
        }
        "stale" => "STALE: Zoom's report had no new row for longer than usual".to_owned(),
        "test" => "TEST: somebody asked for a test".to_owned(),
        kind => kind.to_uppercase(),
    }
}

/// What an alert said besides.
fn facts(alert: &Value) -> Vec<(&'static str, String)> {
    let list = |name: &str| {
        let items = alert.get(name).unwrap_or(&Value::Null).as_array().into_iter().flatten();
        items.filter_map(Value::as_str).collect::<Vec<_>>().join(", ")
    };
    let earlier = at(alert, "/spike/earlier").as_array().into_iter().flatten().map(|spike| {
        let (day, usual) = (text_at(spike, "/day"), at(spike, "/usual"));
        format!("{} on {day}, usually {usual}", at(spike, "/count"))
    });
    let earlier: Vec<_> = earlier.collect();
    let named = [
        ("Also reached", list("also_reached")),
        ("Not any more", list("no_longer_reached")),
        ("Only now", list("only_now_reached")),
        ("Revised days", list("restated_days")),
        ("Before that", earlier.join("; ")),
    ];
    named.into_iter().filter(|(_, text)| !text.is_empty()).collect()
}

fn sent(message: &Value, zone: &TimeZone) -> String {
    let text = |name: &str| text_of(message, name);
    let moment = text("sent_at").parse::<Timestamp>();
    let moment = moment.map(|moment| moment.to_zoned(zone.clone()).strftime("%-d %B %Y, %H:%M %Z").to_string());
    let alerts = at(message, "/alerts").as_array();
    let first = alerts.and_then(|alerts| alerts.first());
    let receiver = first.and_then(|alert| at(alert, "/receiver").as_str()).unwrap_or_default();
    let moment = moment.unwrap_or_else(|_| text("sent_at").to_owned());
    format!("{moment}, to {receiver} ({}), SNS message {}", text("topic_arn"), text("message_id"))
}

fn id(alert: &Value, message: &Value) -> String {
    let (alert, of) = (text_at(alert, "/id"), text_at(message, "/id"));
    let others = at(message, "/alerts").as_array().map_or(0, Vec::len).saturating_sub(1) as u64;
    if others == 0 {
        alert.to_owned()
    } else {
        format!("{alert}, in message {of} with {}", count(others, "other alert"))
    }
}

/// An amount of the alert, in its currency's minor units.
fn shown(alert: &Value, name: &str) -> String {
    shown_in(alert.get(name).unwrap_or(&Value::Null), text_at(alert, "/currency"))
}

fn shown_in(amount: &Value, currency: &str) -> String {
    let text = amount.as_str().unwrap_or_default();
    match (Amount::parse(text), Currency::parse(currency)) {
        (Ok(amount), Ok(currency)) => format!("{currency} {}", money(amount, currency, &[])),
        _ => format!("{currency} {text}"),
    }
}

/// The days as bars, and who spent.
fn days(behind: &Behind, alert: &Value, terminal: &Terminal) -> Vec<String> {
    let Ok(currency) = Currency::parse(text_at(alert, "/currency")) else { return Vec::new() };
    let sum = |amount: Amount| format!("{currency} {}", money(amount, currency, &[]));
    let most = behind.days.iter().map(|day| day.amount).max().unwrap_or_default();
    let rows = behind.days.iter().rev().take(MOST_DAYS).rev().map(|day| -> Vec<Cell> {
        let bar = terminal.bar(day.amount.decimal(), most.decimal(), BAR);
        let mut row: Vec<Cell> = vec![day.day.strftime("%a %-d %b").to_string().into(), sum(day.amount).into()];
        row.extend(day.messages.map(|messages| messages.to_string().into()));
        row.push(bar.into());
        row
    });
    let heading = match behind.products {
        Products::One(product) => Some(capitalised(&product.units())),
        Products::All => None,
    };
    let mut columns = vec![Column::Left("Day"), Column::Right("Spent")];
    columns.extend(heading.as_deref().map(Column::Right));
    columns.push(Column::Left(""));
    let mut lines = Table::new(&columns, rows).lines(terminal);
    let unknown = match behind.unknown_days {
        0 => String::new(),
        days => format!("; {} not known", count(days, "day")),
    };
    let in_units = units(behind.products, Sum { amount: behind.amount, messages: behind.messages.unwrap_or_default() });
    let in_units = in_units.map_or_else(String::new, |units| format!(" in {units}"));
    let sums = format!("{}{in_units} as of today{unknown}", sum(behind.amount));
    let mut parts = vec![("In all", sums)];
    let shown = behind.contributors.iter().take(MOST_CONTRIBUTORS);
    parts.extend(shown.map(|part| {
        let kind = if part.kind == "billing_number" { "" } else { part.kind };
        ("Sent by", format!("{kind} {}: {}", part.name, sum(part.amount)).trim_start().to_owned())
    }));
    lines.push(String::new());
    lines.extend(terminal.labelled(&parts));
    lines
}
