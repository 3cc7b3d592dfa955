//! One notice in three dresses: e-mail, chat, machine.
//!
//! A [`Notice`] holds all that is to be said, without regard to who reads it; each dress is a pure function of it. One SNS publish carries
//! all dresses (`MessageStructure=json`). Whatever the data, a dress stays within its receiver's limits: too long is cut, and the reader is
//! told how much was left out, because a refused publish would be a silent breach.

mod chat;
mod email;
mod machine;
mod text;

use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rust_decimal::Decimal;
use serde_json::json;

use super::alert::{AlertId, AlertKind, Decision, Planned};
use super::budget::Proof;
use super::correction::Correction;
use super::money::Amount;
use super::policy::Level;
use super::totals::{Receipt, Spender, Spenders};

pub use machine::AlertRecord;

/// SNS's limit for all dresses together, in bytes.
pub const MOST_BYTES: usize = 262_144;

/// An alert with all that its readers are told.
#[derive(Clone, Debug)]
pub struct NoticedAlert<'p> {
    /// What was planned.
    pub planned: Planned<'p>,
    /// Who spent most, largest first.
    pub top: Vec<Spender>,
    /// How many more spenders there are.
    pub top_left_out: usize,
}

/// The most spenders that a message names.
const MOST_SPENDERS: usize = 5;

impl<'p> NoticedAlert<'p> {
    /// Adds to a planned alert who spent the money.
    #[must_use]
    pub fn new(planned: Planned<'p>, spenders: &mut Spenders<'_>) -> NoticedAlert<'p> {
        let mut top = planned.standing.spenders(spenders);
        let top_left_out = top.len().saturating_sub(MOST_SPENDERS);
        top.truncate(MOST_SPENDERS);
        NoticedAlert { planned, top, top_left_out }
    }

    fn level(&self) -> Option<&'p Level> {
        self.planned.level()
    }

    fn correction(&self) -> Option<&Correction<'p>> {
        match &self.planned.decision {
            Decision::Correct(correction) => Some(correction),
            _ => None,
        }
    }

    fn also(&self) -> &[&'p Level] {
        match &self.planned.decision {
            Decision::Send { also, .. } => also,
            _ => &[],
        }
    }

    fn at_least(&self) -> bool {
        self.planned.standing.proof != Proof::Exact
    }

    /// What goes before a figure that may be higher.
    fn bound(&self) -> &'static str {
        match self.planned.standing.proof {
            Proof::Exact => "",
            Proof::AtLeast => "at least ",
            Proof::Nothing => "(as far as read) ",
        }
    }

    /// `USD 66.2023` or `at least USD 66.2023`.
    fn spent(&self) -> String {
        let standing = &self.planned.standing;
        format!("{}{} {}", self.bound(), standing.currency, standing.amount)
    }

    fn who(&self) -> String {
        self.planned.standing.scope.of(&self.planned.standing.subject)
    }

    /// `+14085550000: USD 66.2, 100% of USD 50 reached (2026-11)`.
    fn headline(&self) -> String {
        let standing = &self.planned.standing;
        let (spent, period) = (self.spent(), standing.period.label());
        let who = text::name(&self.who(), 30);
        if let Some(correction) = self.correction() {
            return format!("{who}: {spent}, not {} ({period})", correction.before);
        }
        match (standing.budget, self.level()) {
            (Some(budget), Some(level)) => {
                format!("{who}: {spent}, {level} of {} {} reached ({period})", budget.currency, budget.amount)
            }
            _ => format!("{spent} spent that no budget covers ({period})"),
        }
    }

    /// What the budget leaves, negative if overspent; `None` if that is not known.
    fn remaining(&self) -> Option<Amount> {
        let budget = self.planned.standing.budget?;
        if self.at_least() {
            return None;
        }
        budget.amount.checked_sub(self.planned.standing.amount)
    }

    /// Its part of what the account spent in this currency and period; `None` where it is not known.
    fn share_of_account(&self) -> Option<Decimal> {
        let standing = &self.planned.standing;
        if self.at_least() {
            return None;
        }
        standing.amount.share_of(standing.account_amount)
    }
}

/// All that one message says.
#[derive(Clone, Debug)]
pub struct Notice<'p> {
    /// The identity that a reader knows a repeat by.
    pub id: AlertId,
    /// What all of `alerts` are about.
    pub kind: AlertKind,
    /// The moment that was judged.
    pub as_of: Timestamp,
    /// Zoom's account id.
    pub account: Arc<str>,
    /// The zone in which times are written.
    pub zone: TimeZone,
    /// Its IANA name.
    pub zone_name: String,
    /// Whether an earlier run may have published the same.
    pub possible_repeat: bool,
    /// Whether this is what would be sent, rather than what is.
    pub dry_run: bool,
    /// The alerts; empty for a test.
    pub alerts: Vec<NoticedAlert<'p>>,
    /// What the figures rest on.
    pub receipt: Receipt,
}

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

impl Publication {
    /// Puts a notice into all its dresses, within all limits.
    #[must_use]
    pub fn of(notice: &Notice<'_>) -> Publication {
        let mut shown = notice.alerts.len();
        let mut publication = Publication {
            subject: email::subject(notice),
            email: email::body(notice),
            chat: chat::notification(notice).to_string(),
            machine: machine::form(notice, shown).to_string(),
        };
        while shown > 0 && publication.message().len() > MOST_BYTES {
            shown /= 2;
            publication.machine = machine::form(notice, shown).to_string();
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

impl Notice<'_> {
    /// The alerts with the highest level first: what a reader should see if they see only one.
    fn by_weight(&self) -> Vec<&NoticedAlert<'_>> {
        let mut alerts: Vec<_> = self.alerts.iter().collect();
        alerts.sort_by_key(|alert| {
            std::cmp::Reverse((alert.level().map(|level| level.percent), alert.planned.standing.amount))
        });
        alerts
    }

    /// What a reader should know who reads one line.
    fn headline(&self) -> String {
        let alerts = self.by_weight();
        let first = alerts.first().map(|alert| alert.headline());
        let what = match (self.kind, first) {
            (AlertKind::Test, _) | (_, None) => "test notification, nothing is wrong".to_owned(),
            (AlertKind::Correction, Some(first)) if alerts.len() == 1 => format!("correction: {first}"),
            (_, Some(first)) if alerts.len() == 1 => first,
            (AlertKind::Correction, Some(first)) => format!("{} corrections; {first}", alerts.len()),
            (_, Some(first)) => format!("{} alerts; {first}", alerts.len()),
        };
        let repeat = if self.possible_repeat { "(possible repeat) " } else { "" };
        format!("Zoom SMS cost: {repeat}{what}")
    }

    /// `22 November 2026 08:00 EST`.
    fn time(&self, at: Timestamp) -> String {
        at.to_zoned(self.zone.clone()).strftime("%-d %B %Y %H:%M %Z").to_string()
    }

    /// How complete the figures are, in one or two sentences.
    fn receipt_text(&self) -> String {
        if self.kind == AlertKind::Test {
            return "This is a test: no report was read for it.".to_owned();
        }
        let Receipt { complete, rows, pages, days, days_from_history, newest_row, .. } = &self.receipt;
        let newest =
            newest_row.map_or_else(String::new, |newest| format!(" The newest was sent {}.", self.time(newest)));
        let (rows, pages, read_now) =
            (count(*rows, "charged message"), count(*pages, "page"), days - days_from_history);
        let days = count(*days, "day");
        let as_of = self.time(self.as_of);
        if *complete && *days_from_history > 0 {
            let read_now = count(read_now, "day");
            format!(
                "Zoom's report was read whole as of {as_of}: {rows} for {days}, of which {read_now} ({pages}) were read now and {days_from_history} by earlier \
                 runs.{newest} Zoom may still add late charges."
            )
        } else if *complete {
            format!(
                "Zoom's report was read whole as of {as_of}: {rows} on {pages} for {days}.{newest} Zoom may still add late charges."
            )
        } else {
            format!(
                "INCOMPLETE: Zoom's report could not be read whole as of {as_of}. What was read, {rows} on {pages}, proves the amounts above; \
                 those marked \"at least\" may be higher.{newest}"
            )
        }
    }
}

/// `1 page`, `2 pages`.
#[must_use]
pub fn count(number: u64, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {what}{plural}")
}

#[cfg(test)]
mod tests;
