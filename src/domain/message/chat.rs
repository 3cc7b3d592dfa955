//! The custom notification of Amazon Q Developer in chat applications, for Slack and Microsoft Teams.
//!
//! It drops in silence what is not its schema, so every limit of the schema is kept here (AWS, "Custom notifications using Amazon Q Developer
//! in chat applications").

use serde_json::{Value, json};

use super::text::{self, capitalised, cut, name};
use super::{Notice, NoticedAlert};
use crate::domain::alert::AlertKind;

const MOST_TITLE: usize = 250;
const MOST_DESCRIPTION: usize = 8_000;
const MOST_STEP: usize = 350;
const MOST_KEYWORD: usize = 75;
const MOST_NAME: usize = 60;

pub(super) fn notification(notice: &Notice<'_>) -> Value {
    let thread = notice.alerts.first().map_or_else(|| "test".to_owned(), |alert| alert.planned.standing.period.label());
    json!({
        "version": "1.0",
        "source": "custom",
        "id": notice.id,
        "content": {
            "textType": "client-markdown",
            "title": cut(&title(notice), MOST_TITLE),
            "description": cut(&description(notice), MOST_DESCRIPTION),
            "nextSteps": steps(notice).iter().map(|step| cut(step, MOST_STEP)).collect::<Vec<_>>(),
            "keywords": [cut("Zoom SMS cost", MOST_KEYWORD), cut(notice.kind.name(), MOST_KEYWORD)],
        },
        "metadata": {
            "threadId": format!("zoom-sms-cost-{}-{thread}", notice.account),
            "summary": cut(&notice.headline(), MOST_TITLE),
            "eventType": format!("zoom-sms-cost-{}", notice.kind.name()),
            "relatedResources": [],
            "additionalContext": {
                "alert_id": notice.id,
                "account": &*notice.account,
                "possible_repeat": notice.possible_repeat.to_string(),
            },
            "enableCustomActions": false,
        },
    })
}

fn title(notice: &Notice<'_>) -> String {
    let icon = match notice.kind {
        AlertKind::Test => ":white_check_mark:",
        AlertKind::Unwatched => ":grey_question:",
        AlertKind::Budget => ":rotating_light:",
        AlertKind::Correction => ":pencil2:",
    };
    format!("{icon} {}", notice.headline())
}

fn description(notice: &Notice<'_>) -> String {
    let mut lines = Vec::new();
    if notice.kind == AlertKind::Test {
        lines.push(format!(
            "Somebody asked for this test for Zoom account {}. Nothing is wrong.",
            escaped(&notice.account)
        ));
    }
    let tail = format!("_{}_\nAlert id `{}`", notice.receipt_text(), notice.id);
    let left_out = |count: usize| {
        format!("… and {count} more alerts, left out here; the e-mail has more, the run's answer has all.")
    };
    let mut room = MOST_DESCRIPTION.saturating_sub(tail.chars().count() + left_out(usize::MAX).chars().count() + 2);
    let alerts = notice.by_weight();
    for (index, alert) in alerts.iter().enumerate() {
        let line = line(alert);
        let Some(rest) = room.checked_sub(line.chars().count() + 1) else {
            lines.push(left_out(alerts.len() - index));
            break;
        };
        room = rest;
        lines.push(line);
    }
    lines.push(tail);
    lines.join("\n")
}

fn line(alert: &NoticedAlert<'_>) -> String {
    let standing = &alert.planned.standing;
    let who = escaped(&capitalised(&alert.who()));
    let spent = alert.spent();
    let mut text = match (standing.budget, alert.level()) {
        (Some(_), _) if let Some(correction) = alert.correction() => format!(
            "• *{who}* spent *{spent}* in {}, not {} {}: Zoom has restated its report{}",
            standing.period,
            standing.currency,
            correction.before,
            text::crossed(correction)
        ),
        (Some(budget), Some(level)) => format!(
            "• *{who}* spent *{spent}* in {}: reached *{level}* of {} {} (budget {})",
            standing.period,
            budget.currency,
            budget.amount,
            escaped(&budget.name)
        ),
        _ => format!("• *{who}* spent *{spent}* in {}; no budget covers {}", standing.period, standing.currency),
    };
    let spenders: Vec<_> = alert
        .top
        .iter()
        .map(|spender| format!("{} {} {}", escaped(&spender.name), standing.currency, spender.amount))
        .collect();
    if !spenders.is_empty() {
        let more = if alert.top_left_out > 0 { format!(" and {} more", alert.top_left_out) } else { String::new() };
        text += &format!(
            "\n   by {}: {}{more}",
            alert.top.first().map_or("", |spender| spender.kind.label()),
            spenders.join(", ")
        );
    }
    text
}

fn steps(notice: &Notice<'_>) -> Vec<String> {
    let steps: &[&str] = match notice.kind {
        AlertKind::Test => &["Nothing: alerts about real charges will arrive here too."],
        AlertKind::Unwatched => &["Add a budget in this currency to the policy, or set unwatched to ignore."],
        AlertKind::Correction => {
            &["Put these figures in the place of those told before; ask Zoom's support if they matter to you."]
        }
        AlertKind::Budget => &[
            "Expected? Nothing to do, or raise the budget in the policy.",
            "Not expected? See the SMS/MMS Charges Usage Report in Zoom's web portal, and speak with those named.",
        ],
    };
    steps.iter().map(ToString::to_string).collect()
}

/// A name as Slack's mrkdwn takes it: its three control characters escaped, its marks of formatting gone.
fn escaped(text: &str) -> String {
    let text: String = text.chars().map(|c| if matches!(c, '*' | '`' | '~') { ' ' } else { c }).collect();
    name(&text, MOST_NAME).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
