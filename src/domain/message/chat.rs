//! The custom notification of Amazon Q Developer in chat applications, for Slack and Microsoft Teams.
//!
//! It drops in silence what is not its schema, so every limit of the schema is kept here (AWS, "Custom notifications using Amazon Q Developer
//! in chat applications"). Wordings hold text from Zoom, so each of them is [`plain`] before it gets into any field.

use serde_json::{Value, json};

use super::Sheet;
use super::text::{cut, short};
use crate::domain::alert::{Severity, Wording, hash};
use crate::domain::text::capitalised;

const MOST_TITLE: usize = 250;
const MOST_DESCRIPTION: usize = 8_000;
const MOST_STEP: usize = 350;
const MOST_STEPS: usize = 4;
/// Characters of each text of an alert in a description.
const MOST_TEXT: usize = 400;

pub(super) fn notification(sheet: &Sheet<'_, '_>) -> Value {
    let case = &sheet.message.case;
    let first = sheet.wordings.first();
    let mark = first.map_or("", |wording| &wording.mark);
    let headline = first.map_or_else(String::new, |wording| format!("{mark} · {}{}", wording.title, sheet.suffix()));
    let title = format!("{} {}", icon(sheet.severity()), plain(&short(&headline, MOST_TITLE / 2)));
    let thread = first.map_or_else(String::new, |wording| {
        let machine = &wording.machine;
        let period = machine.period.as_deref().unwrap_or_default();
        hash(&[case.totals.account(), sheet.kind().name(), machine.budget.as_deref().unwrap_or_default(), period], 16)
    });
    let steps: Vec<_> = match sheet.wordings.as_slice() {
        [only] => only.steps.clone(),
        several => several.iter().take(MOST_STEPS).map(todo).collect(),
    };
    json!({
        "version": "1.0",
        "source": "custom",
        "id": sheet.id,
        "content": {
            "textType": "client-markdown",
            "title": cut(&title, MOST_TITLE),
            "description": description(sheet),
            "nextSteps": steps.iter().take(MOST_STEPS).map(|step| cut(&plain(step), MOST_STEP)).collect::<Vec<_>>(),
            "keywords": ["Zoom SMS cost", sheet.kind().name()],
        },
        "metadata": {
            "threadId": format!("zoom-sms-cost-{thread}"),
            "summary": cut(&plain(&short(&headline, MOST_TITLE / 2)), MOST_TITLE),
            "eventType": format!("zoom-sms-cost-{}", sheet.kind().name()),
            "relatedResources": [],
            "additionalContext": {
                "alert_id": sheet.id,
                "account": plain(&short(case.totals.account(), MOST_TITLE)),
                "possible_repeat": sheet.possible_repeat.to_string(),
            },
            "enableCustomActions": false,
        },
    })
}

fn icon(severity: Severity) -> &'static str {
    match severity {
        Severity::Over | Severity::Spike => ":rotating_light:",
        Severity::Forecast => ":chart_with_upwards_trend:",
        Severity::Warning => ":large_yellow_circle:",
        Severity::Info => ":information_source:",
    }
}

fn description(sheet: &Sheet<'_, '_>) -> String {
    let mut lines: Vec<String> = sheet.marks().iter().map(|mark| plain(mark)).collect();
    let tail = format!("{}{} · {}", chart(sheet), plain(sheet.trust().trim_end_matches('.')), sheet.id);
    let left_out = |count: usize| format!("… and {count} more; the form for programs names them all.");
    let rest = sheet.rest().map(|rest| plain(&short(&rest, MOST_TEXT)));
    let used: usize = lines.iter().chain(&rest).map(|line| line.chars().count() + 1).sum();
    let mut room =
        MOST_DESCRIPTION.saturating_sub(used + tail.chars().count() + left_out(usize::MAX).chars().count() + 2);
    let single = sheet.wordings.len() == 1;
    for (index, wording) in sheet.wordings.iter().enumerate() {
        let text = alert(wording, single);
        let Some(rest) = room.checked_sub(text.chars().count() + 1) else {
            lines.push(left_out(sheet.wordings.len() - index));
            break;
        };
        room = rest;
        lines.push(text);
    }
    lines.extend(rest);
    lines.push(tail);
    lines.join("\n")
}

/// What to do, and about whom.
fn todo(wording: &Wording) -> String {
    format!("{}: {}", capitalised(&wording.row.name()), wording.todo)
}

/// A link to the charts. Our own text, but for what would end the link.
fn chart(sheet: &Sheet<'_, '_>) -> String {
    let link = sheet.message.case.link;
    link.map_or_else(String::new, |link| format!("<{}|Chart> · ", link.replace('|', "%7C").replace('>', "%3E")))
}

/// The alert in a line; the only one of a message with its facts. Its headline stands in the title too, which not every client shows.
fn alert(wording: &Wording, single: bool) -> String {
    let part = |text: &str| plain(&short(text, MOST_TEXT));
    let (mark, title, detail) = (part(&wording.mark), part(&wording.title), part(&wording.detail));
    let line = format!("*{mark} · {}* — {detail}", capitalised(&title));
    if !single {
        return line;
    }
    let facts = wording.brief.iter().map(|text| part(text));
    let lead = (wording.machine.at_least || wording.brief.is_empty()).then(|| part(&wording.lead));
    std::iter::once(line).chain(lead).chain(facts).collect::<Vec<_>>().join("\n")
}

/// The text as no markup, neither Slack's nor Markdown: its control characters are escaped, its marks of formatting replaced by characters
/// that look like them.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => plain.push_str("&amp;"),
            '<' => plain.push_str("&lt;"),
            '>' => plain.push_str("&gt;"),
            '*' => plain.push('∗'),
            '_' => plain.push('＿'),
            '`' => plain.push('ˋ'),
            '~' => plain.push('∼'),
            '[' => plain.push('［'),
            c => plain.push(c),
        }
    }
    plain
}
