//! From alerts to messages: who hears what, in how many messages, in which forms.
//!
//! One SNS publish carries all forms (`MessageStructure=json`): e-mail, chat, machine. Each is a pure function of the same [`Wording`]s.
//! Whatever the data, a form stays within its receiver's limits; an alert that people do not see in full is still in some machine form,
//! because a message that SNS refuses, or an alert that no message names, would be a silent breach.

mod chat;
mod email;
mod machine;
mod text;

use std::cmp::Reverse;

use serde::Serialize;
use serde_json::json;

use super::alert::{
    Alert, AlertId, AlertRecord, Decision, Finding, Kind, Outcome, Severity, Threads, Wording, decide, moment,
};
use super::background::backgrounds;
use super::case::Case;
use super::policy::GroupBy;

/// SNS's limit for all forms together, in bytes.
pub const MOST_BYTES: usize = 262_144;
/// Zoom's own page of the report.
const PORTAL: &str = "https://zoom.us/pbx/page/report/system#/report/phone-system";
/// What a mark that is known only when a message is sent may add.
const ROOM_FOR_MARKS: usize = 2_048;
/// Messages a run and receiver, as long as all alerts fit into them.
const MOST_MESSAGES: usize = 20;
/// Alerts in a message, as long as that needs no more than [`MOST_MESSAGES`]: few enough to be claimed, sent and recorded in a few seconds
/// by a slow ledger.
const EASY_ALERTS: usize = 50;

/// Which of several messages about the same run this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Part {
    /// From 1.
    pub number: usize,
    /// How many there are.
    pub of: usize,
}

/// A message to one receiver.
#[derive(Clone, Debug)]
pub struct Message<'a> {
    /// What was judged.
    pub case: Case<'a>,
    /// The alerts, the worst first.
    pub alerts: Vec<Alert<'a>>,
    /// Set if the alerts needed several messages.
    pub part: Option<Part>,
}

/// Alerts put into messages.
#[derive(Clone, Debug)]
pub struct Composed<'a> {
    /// What is to be sent, the gravest first.
    pub messages: Vec<Message<'a>>,
    /// The alerts that are not due, with what was judged.
    pub others: Vec<(Case<'a>, Vec<Alert<'a>>)>,
}

impl<'a> Composed<'a> {
    /// Messages to several receivers: to each its gravest first, in turn, so that no receiver waits for another.
    #[must_use]
    pub fn of_all(composed: impl IntoIterator<Item = Composed<'a>>) -> Composed<'a> {
        let mut all = Composed { messages: Vec::new(), others: Vec::new() };
        let mut turns = Vec::new();
        for Composed { messages, others } in composed {
            turns.extend(messages.into_iter().enumerate());
            all.others.extend(others);
        }
        turns.sort_by_key(|(turn, _)| *turn);
        all.messages.extend(turns.into_iter().map(|(_, message)| message));
        all
    }

    /// All alerts with what was judged, those that are due first.
    pub fn alerts(&self) -> impl Iterator<Item = (&Case<'a>, &Alert<'a>)> {
        let due = self.messages.iter().map(|message| (&message.case, &message.alerts));
        let all = due.chain(self.others.iter().map(|(case, alerts)| (case, alerts)));
        all.flat_map(|(case, alerts)| alerts.iter().map(move |alert| (case, alert)))
    }
}

/// How much of each alert the forms show.
#[derive(Clone, Copy, Debug)]
struct Fit {
    /// Alerts that the e-mail shows in full.
    in_full: usize,
    /// Further alerts to which the e-mail gives a line.
    lines: usize,
    /// Whether the machine form names contributors.
    top: bool,
    /// Whether the machine form has more of an alert than the run's answer.
    details: bool,
}

/// From what is shown as a rule to what always fits.
const FITS: [Fit; 4] = [
    Fit { in_full: 10, lines: 50, top: true, details: true },
    Fit { in_full: 10, lines: 50, top: false, details: true },
    Fit { in_full: 5, lines: 30, top: false, details: false },
    Fit { in_full: 1, lines: 10, top: false, details: false },
];

/// A message as SNS takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publication {
    /// ASCII, under 100 characters, no control characters.
    pub subject: String,
    /// Plain text, lines under 76 columns.
    pub email: String,
    /// The chat notification (JSON).
    pub chat: String,
    /// The machine form (JSON).
    pub machine: String,
}

/// What the renderers read.
struct Sheet<'m, 'a> {
    message: &'m Message<'a>,
    id: AlertId,
    wordings: Vec<Wording>,
    possible_repeat: bool,
    outcome: Outcome,
}

/// Puts the alerts that are due into messages.
#[must_use]
pub fn compose<'a>(alerts: Vec<Alert<'a>>, case: &Case<'a>) -> Composed<'a> {
    // Few are due; the many others stay where they are.
    let mut others = alerts;
    let mut due: Vec<_> = others.extract_if(.., |alert| alert.decision == Decision::Due).collect();
    let backgrounds = backgrounds(due.iter().filter_map(|alert| alert.finding.whose()).collect(), case);
    for alert in &mut due {
        let background = alert.finding.whose().and_then(|whose| backgrounds.get(&whose));
        alert.background = background.cloned().unwrap_or_default();
    }
    due.sort_by_cached_key(weight);
    // A digest is a letter of its own.
    let (digests, due): (Vec<_>, Vec<_>) = due.into_iter().partition(|alert| alert.finding.kind() == Kind::Digest);
    let (corrections, news): (Vec<_>, Vec<_>) =
        due.into_iter().partition(|alert| alert.finding.kind() == Kind::Correction);
    let most_news = shares(news.len(), corrections.len());
    let mut messages = in_messages(news, most_news, case);
    messages.extend(in_messages(corrections, MOST_MESSAGES - most_news, case));
    messages.extend(digests.into_iter().map(|alert| Message { case: *case, alerts: vec![alert], part: None }));
    Composed { messages, others: vec![(*case, others)] }
}

/// Decides about the findings for each receiver, and puts what is due into messages.
#[must_use]
pub fn compose_all<'a>(
    findings: &[Finding<'a>],
    threads: &Threads,
    cases: impl IntoIterator<Item = Case<'a>>,
) -> Composed<'a> {
    Composed::of_all(cases.into_iter().map(|case| compose(decide(findings, threads, &case), &case)))
}

/// How many messages the news may have, so that both have their share.
fn shares(news: usize, corrections: usize) -> usize {
    match (news, corrections) {
        (_, 0) => MOST_MESSAGES,
        (0, _) => 0,
        _ => (MOST_MESSAGES * news / (news + corrections)).clamp(1, MOST_MESSAGES - 1),
    }
}

/// Budgets before all else, the worst by spent ÷ budget first.
fn weight(alert: &Alert<'_>) -> impl Ord + use<> {
    let (severity, ratio) = match &alert.finding {
        Finding::Spent(spent) if spent.sum.amount >= spent.budget.amount => (Severity::Over, Some(spent.ratio())),
        Finding::Spike(_) => (Severity::Spike, None),
        Finding::Forecast(forecast) => (Severity::Forecast, Some(forecast.spent.ratio())),
        Finding::Spent(spent) => (Severity::Warning, Some(spent.ratio())),
        Finding::Correction(correction) => (Severity::Info, Some(correction.spent.ratio())),
        _ => (Severity::Info, None),
    };
    (severity, Reverse(ratio), alert.key.clone())
}

fn in_messages<'a>(alerts: Vec<Alert<'a>>, most: usize, case: &Case<'a>) -> Vec<Message<'a>> {
    let mut messages = Vec::new();
    match case.policy.group_by {
        GroupBy::Run => {
            fill(alerts, EASY_ALERTS, most, case, &mut messages);
            number(&mut messages);
        }
        GroupBy::Subject => {
            // What a silence has held back comes in one message.
            let (held, others) = alerts.into_iter().partition(|alert: &Alert<'_>| alert.finding.was_silenced(case));
            fill(held, EASY_ALERTS, 1, case, &mut messages);
            number(&mut messages);
            let left = most.saturating_sub(messages.len());
            fill(others, 1, left, case, &mut messages);
        }
    }
    messages
}

/// Puts alerts into messages: so many each as is easy, or more if the messages have to be fewer.
fn fill<'a>(alerts: Vec<Alert<'a>>, easy: usize, most: usize, case: &Case<'a>, messages: &mut Vec<Message<'a>>) {
    let size = alerts.len().div_ceil(most.max(1)).max(easy);
    let mut rest = alerts;
    while !rest.is_empty() {
        let after = rest.split_off(size.min(rest.len()));
        fitting(Message { case: *case, alerts: rest, part: None }, messages);
        rest = after;
    }
}

fn number(messages: &mut [Message<'_>]) {
    let of = messages.len();
    if of > 1 {
        for (message, number) in messages.iter_mut().zip(1..) {
            message.part = Some(Part { number, of });
        }
    }
}

/// Halves a message until each of its parts is within SNS's limit.
fn fitting<'a>(mut message: Message<'a>, messages: &mut Vec<Message<'a>>) {
    let is_small = message.alerts.len() <= 1
        || Publication::of(&message, true, Outcome::Sent).message().len() <= MOST_BYTES - ROOM_FOR_MARKS;
    if is_small {
        messages.push(message);
        return;
    }
    let after = message.alerts.split_off(message.alerts.len() / 2);
    let case = message.case;
    fitting(message, messages);
    fitting(Message { case, alerts: after, part: None }, messages);
}

impl<'a> Message<'a> {
    /// The id that a reader knows a repeat by.
    #[must_use]
    pub fn id(&self) -> AlertId {
        AlertId::of_group(self.alerts.iter().map(|alert| &alert.id))
    }

    /// The alerts as the answer shows them.
    #[must_use]
    pub fn records(&self, outcome: Outcome) -> Vec<AlertRecord> {
        self.alerts.iter().map(|alert| record(alert, &self.case, outcome)).collect()
    }
}

/// An alert as the answer shows it.
#[must_use]
pub fn record<'a>(alert: &Alert<'a>, case: &Case<'a>, outcome: Outcome) -> AlertRecord {
    let until = if let Decision::Silenced { until } = alert.decision { Some(until) } else { None };
    AlertRecord { outcome, until, ..alert.finding.wording(alert, case).machine }
}

impl Publication {
    /// Puts a message into all its forms, within all limits.
    #[must_use]
    pub fn of(message: &Message<'_>, possible_repeat: bool, outcome: Outcome) -> Publication {
        let wordings = message.alerts.iter().map(|alert| alert.finding.wording(alert, &message.case)).collect();
        let sheet = Sheet { message, id: message.id(), wordings, possible_repeat, outcome };
        let (subject, chat) = (email::subject(&sheet), chat::notification(&sheet).to_string());
        let mut publication = Publication { subject, email: String::new(), chat, machine: String::new() };
        for fit in FITS {
            publication.email = email::body(&sheet, fit);
            publication.machine = machine::form(&sheet, fit);
            if publication.message().len() <= MOST_BYTES {
                break;
            }
        }
        publication
    }

    /// The body of the publish: a JSON object with one text for each protocol.
    #[must_use]
    pub fn message(&self) -> String {
        json!({
            "default": self.email,
            "email": self.email,
            "http": self.chat,
            "https": self.chat,
            "sqs": self.machine,
            "lambda": self.machine,
        })
        .to_string()
    }
}

impl Sheet<'_, '_> {
    fn kind(&self) -> Kind {
        let weightiest = self.wordings.iter().map(|wording| (wording.severity, wording.kind)).min();
        weightiest.map_or(Kind::Test, |(_, kind)| kind)
    }

    fn severity(&self) -> Severity {
        self.wordings.iter().map(|wording| wording.severity).min().unwrap_or(Severity::Info)
    }

    /// `; 2 more`, and what kind of repetition the message is.
    fn suffix(&self) -> String {
        let more = self.wordings.len().saturating_sub(1);
        let mut suffix = if more > 0 { format!("; {more} more") } else { String::new() };
        if let Some(Part { number, of }) = self.message.part {
            suffix += &format!(" (message {number} of {of})");
        }
        if self.message.case.rerun {
            suffix += " (rerun)";
        }
        if self.possible_repeat {
            suffix += " (possible repeat)";
        }
        suffix
    }

    /// What is said before all else, a sentence each.
    fn marks(&self) -> Vec<String> {
        let mut marks = Vec::new();
        if self.possible_repeat {
            marks.push(format!(
                "POSSIBLE REPEAT: an earlier run may have sent this already, with the same id {}.",
                self.id
            ));
        }
        if self.message.case.rerun {
            let case = &self.message.case;
            let at = case.as_of.to_zoned(case.policy.time_zone.clone()).strftime("%-d %B %Y, %H:%M %Z");
            marks.push(format!("RERUN: somebody asked for what was due on {at}."));
        }
        if self.outcome == Outcome::DryRun {
            marks.push("DRY RUN: nothing is sent.".to_owned());
        }
        marks
    }

    /// Where to see more, by label: Zoom's own report, the charts, and why the message was sent.
    fn links(&self) -> Vec<(&'static str, String)> {
        let is_test = self.kind() == Kind::Test;
        let zoom = (!is_test).then(|| ("Zoom", PORTAL.to_owned()));
        let chart = self.message.case.link.map(|link| ("Chart", link.to_owned()));
        let why = (!is_test).then(|| ("Why", format!("cost-alerts explain {}", self.id)));
        zoom.into_iter().chain(chart).chain(why).collect()
    }

    /// How far the figures can be trusted: one line if the report was read whole.
    fn trust(&self) -> String {
        if self.kind() == Kind::Test {
            return "No report was read for it.".to_owned();
        }
        let case = &self.message.case;
        let as_of = moment(case.as_of, case);
        if !case.coverage.is_complete() {
            return format!("Read in part as of {as_of}.");
        }
        let mut days: Vec<_> = case.coverage.unconfirmed.iter().map(|fall| fall.day).collect();
        days.sort_unstable();
        days.dedup();
        let waits = match days.as_slice() {
            [] => String::new(),
            [day] => format!(" A figure of {} fell and waits for a second reading.", day.strftime("%-d %B")),
            days => format!(" Figures of {} days fell and wait for a second reading.", days.len()),
        };
        format!("Complete as of {as_of}.{waits}")
    }
}

#[cfg(test)]
mod tests;
