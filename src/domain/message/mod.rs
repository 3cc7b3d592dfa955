//! From alerts to messages (`composed.rs`), and from messages to the forms that receivers read.
//!
//! One SNS publish carries all forms (`MessageStructure=json`): e-mail, chat, machine. Each is a pure function of the same [`Wording`]s.
//! Whatever the data, a form stays within its receiver's limits; an alert that people do not see in full is still in some machine form,
//! because a message that SNS refuses, or an alert that no message names, would be a silent breach.

mod chat;
mod composed;
mod email;
mod machine;
mod text;

use serde::Serialize;
use serde_json::json;

pub use composed::{Composed, compose, compose_all};

use super::alert::{Alert, AlertId, AlertRecord, Decision, Kind, Outcome, Severity, Wording, gaps, moment};
use super::case::Case;

/// SNS's limit for all forms together, in bytes.
pub const MOST_BYTES: usize = 262_144;
/// Zoom's own page of the report.
const PORTAL: &str = "https://zoom.us/pbx/page/report/system#/report/phone-system";

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

    /// Whether a figure is of a part.
    fn is_part(&self) -> bool {
        self.wordings.iter().any(|wording| wording.machine.at_least)
    }

    /// What of the report could not be read, if a figure lacks it.
    fn rest(&self) -> Option<String> {
        // Only what a budget's thread remembers is corrected.
        let is_corrected = |wording: &Wording| matches!(wording.kind, Kind::Budget | Kind::Correction);
        let promise =
            if self.wordings.iter().all(is_corrected) { "; if the whole says otherwise, you will hear" } else { "" };
        (self.is_part() && !self.message.case.coverage.is_complete())
            .then(|| format!("{}{promise}.", gaps(&self.message.case)))
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
        if self.is_part() {
            return format!("Known in part as of {as_of}.");
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
