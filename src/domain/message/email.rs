//! Plain text for a person at seven in the morning: what passed which limit, how much, since when, who spent it, what to do, and how far
//! the figures can be trusted.

use super::text::{ascii, capitalised, name, wrap};
use super::{Notice, NoticedAlert, count};
use crate::domain::alert::AlertKind;
use crate::domain::correction::Correction;
use crate::domain::policy::Budget;
use crate::domain::totals::Scope;

/// Lines stay under 76 columns (RFC 2045's line length, which SNS's e-mail keeps).
const WIDTH: usize = 75;
/// SNS wants subjects under 100 characters.
const MOST_SUBJECT: usize = 99;
const MOST_NAME: usize = 60;
/// Alerts told in full; the next ones get a line each, the rest a count.
const MOST_IN_FULL: usize = 10;
const MOST_LINES: usize = 100;
/// Restated days that are named.
const MOST_DAYS: usize = 10;

pub(super) fn subject(notice: &Notice<'_>) -> String {
    name(&ascii(&notice.headline()), MOST_SUBJECT)
}

pub(super) fn body(notice: &Notice<'_>) -> String {
    let mut body = String::new();
    if notice.possible_repeat {
        body += &wrap(
            "",
            "POSSIBLE REPEAT: an earlier run may already have sent this. The alert id at the end tells.",
            WIDTH,
        );
        body += "\n";
    }
    match notice.kind {
        AlertKind::Test => {
            let text = format!(
                "This is a test of the Zoom SMS cost alerts of account {}. Somebody asked for it. Nothing is wrong, and there is nothing to do: \
                 alerts about real charges will reach you the same way.",
                name(&notice.account, MOST_NAME)
            );
            body += &wrap("", &text, WIDTH);
        }
        AlertKind::Budget | AlertKind::Unwatched | AlertKind::Correction => alerts(notice, &mut body),
    }
    body += "\nHow far to trust the figures\n";
    body += &wrap("  ", &notice.receipt_text(), WIDTH);
    body += "\n";
    body += &wrap("Zoom account  ", &name(&notice.account, MOST_NAME), WIDTH);
    body += &wrap("Alert id      ", notice.id.as_str(), WIDTH);
    body
}

fn alerts(notice: &Notice<'_>, body: &mut String) {
    let alerts = notice.by_weight();
    for (index, alert) in alerts.iter().take(MOST_IN_FULL).enumerate() {
        if index > 0 {
            body.push('\n');
        }
        match alert.correction() {
            Some(correction) => corrected(notice, alert, correction, body),
            None => in_full(notice, alert, body),
        }
    }
    let more: Vec<_> = alerts.iter().skip(MOST_IN_FULL).collect();
    if !more.is_empty() {
        *body += "\nAlso\n";
        for alert in more.iter().take(MOST_LINES) {
            *body += &wrap("  - ", &name(&alert.headline(), 140), WIDTH);
        }
        let left_out = more.len().saturating_sub(MOST_LINES);
        if left_out > 0 {
            let text = format!(
                "{} left out of this message; the answer of the run, in the function's log, has all.",
                count(left_out as u64, "alert")
            );
            *body += &wrap("  - ", &text, WIDTH);
        }
    }
    *body += "\nWhat to do\n";
    let steps: &[&str] = match notice.kind {
        AlertKind::Unwatched => &[
            "Expected? Add a budget in this currency to the policy, or set unwatched = \"ignore\".",
            "Not expected? Open the SMS/MMS Charges Usage Report in Zoom's web portal and see who sends.",
        ],
        AlertKind::Correction => &[
            "Nothing, if you take Zoom's word for it: put these figures in the place of those told before.",
            "Compare the days with the SMS/MMS Charges Usage Report in Zoom's web portal, and ask Zoom's support if they matter to your bill.",
        ],
        AlertKind::Budget | AlertKind::Test => &[
            "Expected? Nothing to do: each level is told once a period. To allow more, raise the budget in the policy.",
            "Not expected? Open the SMS/MMS Charges Usage Report in Zoom's web portal, and speak with those named above.",
        ],
    };
    for step in steps {
        *body += &wrap("  - ", step, WIDTH);
    }
}

fn corrected(notice: &Notice<'_>, alert: &NoticedAlert<'_>, correction: &Correction<'_>, body: &mut String) {
    let standing = &alert.planned.standing;
    let (who, spent, period) = (name(&alert.who(), MOST_NAME), alert.spent(), standing.period);
    let lead = format!(
        "{who} has spent {spent} on SMS and MMS in {period}, not {} {}: Zoom has restated its report. You were alerted on the earlier figure.",
        standing.currency, correction.before
    );
    *body += &wrap("", &capitalised(&lead), WIDTH);
    body.push('\n');
    let mut line = |label: &str, text: &str| *body += &wrap(&format!("  {label:<11}"), text, WIDTH);
    for (label, levels) in [("No longer", &correction.no_longer), ("Only now", &correction.only_now)] {
        for level in levels {
            line(label, &format!("{level} = {} {}", standing.currency, level.threshold));
        }
    }
    if let Some(budget) = standing.budget {
        line("Budget", &limit(budget));
    }
    let days: Vec<_> =
        correction.days.iter().take(MOST_DAYS).map(|(day, _)| day.strftime("%-d %B").to_string()).collect();
    let more = correction.days.len().saturating_sub(MOST_DAYS);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    line("Restated", &format!("{}{more}", days.join(", ")));
    if notice.alerts.len() > 1 {
        line("Alert id", alert.planned.id.as_str());
    }
}

/// `"every number", USD 100 a month`.
fn limit(budget: &Budget) -> String {
    let (name, period) = (name(&budget.name, MOST_NAME), budget.period.name());
    format!("\"{name}\", {} {} a {period}", budget.currency, budget.amount)
}

fn in_full(notice: &Notice<'_>, alert: &NoticedAlert<'_>, body: &mut String) {
    let standing = &alert.planned.standing;
    let who = name(&alert.who(), MOST_NAME);
    let (spent, period) = (alert.spent(), standing.period);
    let bound = alert.bound();
    let lead = match standing.budget {
        Some(budget) => {
            let limit = format!("{} {}", budget.currency, budget.amount);
            let share = standing
                .amount
                .percent_of(budget.amount)
                .map_or_else(String::new, |percent| format!("{bound}{percent}% of "));

            format!("{who} has spent {spent} on SMS and MMS in {period}: {share}its budget of {limit}.")
        }
        None => format!(
            "Your account has spent {spent} on SMS and MMS in {period}, and no budget covers {}.",
            standing.currency
        ),
    };
    *body += &wrap("", &capitalised(&lead), WIDTH);
    body.push('\n');
    let mut line = |label: &str, text: &str| *body += &wrap(&format!("  {label:<11}"), text, WIDTH);
    if let (Some(budget), Some(level)) = (standing.budget, alert.level()) {
        line("Reached", &format!("{level} = {} {}{}", budget.currency, level.threshold, also(alert)));
        line("Budget", &limit(budget));
        if let Some(remaining) = alert.remaining() {
            let text = if remaining.is_negative() {
                format!("over by {} {}", standing.currency, remaining.to_string().trim_start_matches('-'))
            } else {
                format!("{} {remaining}", standing.currency)
            };
            line("Left", &text);
        }
    }
    line("Since", &since(notice, alert));
    line("Messages", &format!("{bound}{}", standing.messages));
    if let Some(share) = alert.share_of_account().filter(|_| standing.scope != Scope::Account) {
        let percent = (share * rust_decimal::Decimal::ONE_HUNDRED).normalize();
        line("Share", &format!("{percent}% of all that the account spent in {}", standing.currency));
    }
    for (index, spender) in alert.top.iter().enumerate() {
        let kind = spender.kind.label();
        let text = format!("{kind} {}: {} {}", name(&spender.name, MOST_NAME), standing.currency, spender.amount);
        line(if index == 0 { "Spent by" } else { "" }, &text);
    }
    if alert.top_left_out > 0 {
        line("", &format!("and {} more", alert.top_left_out));
    }
    if notice.alerts.len() > 1 {
        line("Alert id", alert.planned.id.as_str());
    }
}

fn also(alert: &NoticedAlert<'_>) -> String {
    if alert.also().is_empty() {
        return String::new();
    }
    let levels: Vec<_> = alert.also().iter().map(ToString::to_string).collect();
    format!(" (passed too: {})", levels.join(", "))
}

fn since(notice: &Notice<'_>, alert: &NoticedAlert<'_>) -> String {
    let period = alert.planned.standing.period;
    let until = if notice.as_of < period.to() {
        let today = notice.zone.to_datetime(notice.as_of).date();
        let days = today.until(period.last_day()).map_or(0, |span| span.get_days()).unsigned_abs();
        format!("{} left", count(u64::from(days), "day"))
    } else {
        "closed; late charges may still come".to_owned()
    };
    format!("{} ({}), {until}", period.first_day().strftime("%-d %B %Y"), notice.zone_name)
}
