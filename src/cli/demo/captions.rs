//! What is said of each scene.

use jiff::Zoned;

use super::entry::{Entry, Sort};
use super::look::Role;
use super::play::DAYS;
use super::status::Status;
use crate::domain::alert::{a_day, count, days_between, limit, money};

/// Some sentences about a scene.
#[derive(Clone, Debug, Default)]
pub(super) struct Caption {
    /// The time of day that stands before them; empty where the whole scene is one moment.
    pub(super) time: String,
    /// The sign before them.
    pub(super) sign: Option<(Role, char)>,
    /// The sentences.
    pub(super) text: String,
}

fn time(at: &Zoned) -> String {
    at.strftime("%H:%M").to_string()
}

/// Before the first run.
pub(super) fn loading() -> Caption {
    let text =
        "First the account's past thirteen months are loaded: they show what is usual, and where a month will end.";
    Caption { text: text.to_owned(), ..Caption::default() }
}

/// Before anything is due.
pub(super) fn beginning() -> Caption {
    let text = "Every hour the function reads Zoom's report and adds it up. As long as no budget reaches a level, it says nothing.";
    Caption { text: text.to_owned(), ..Caption::default() }
}

/// An alert came into the mailbox.
pub(super) fn came(entry: &Entry, status: &Status, mailbox: &[Entry]) -> Caption {
    let (name, currency) = (&status.name, status.currency);
    let whole = limit(status.limit, currency);
    let text = match entry.sort {
        Sort::Over => over(entry, status, mailbox),
        Sort::Spike => spike(entry, status),
        Sort::Forecast => forecast(entry, status),
        Sort::Level | Sort::Correction => format!(
            "{name} has spent {} of {currency} {whole}: one message to the budget's owner. The next runs find the same and say nothing.",
            entry.mark
        ),
    };
    Caption { sign: Some((entry.sort.role(), entry.sort.sign())), text, ..Caption::default() }
}

fn spike(entry: &Entry, status: &Status) -> String {
    let Some(spike) = &entry.spike else { return String::new() };
    let (name, currency) = (&status.name, status.currency);
    let began = spike.started.map(|started| started.to_zoned(entry.at.time_zone().clone()));
    let began = began.map_or_else(String::new, |began| format!(" It began at {}.", time(&began)));
    format!(
        "{name} has sent {} messages today; a usual day has {}.{began} That is {currency} {} more: far from any limit, so no budget would have \
         noticed. The message says what to do.",
        spike.count,
        spike.usual(),
        money(spike.extra(), currency, &[]),
    )
}

fn over(entry: &Entry, status: &Status, mailbox: &[Entry]) -> String {
    let (name, currency) = (&status.name, status.currency);
    let whole = limit(status.limit, currency);
    let earlier = |sort: Sort| {
        mailbox.iter().find(|earlier| earlier.sort == sort && earlier.place == entry.place && earlier.id != entry.id)
    };
    if earlier(Sort::Over).is_some() {
        return format!(
            "{name} has passed {currency} {whole} again. The correction took the first alert back, so this one is due."
        );
    }
    match earlier(Sort::Forecast) {
        Some(forecast) => {
            let days = in_days(&forecast.at, &entry.at);
            format!("{name} has passed {currency} {whole}, {days} after the forecast said that it would.")
        }
        None => {
            format!("{name} has spent its budget of {currency} {whole}. Nothing more follows unless Zoom revises it.")
        }
    }
}

/// `14 days`.
pub(super) fn in_days(from: &Zoned, to: &Zoned) -> String {
    count(days_between(from.date(), to.date()).into(), "day")
}

fn forecast(entry: &Entry, status: &Status) -> String {
    let (name, currency) = (&status.name, status.currency);
    // As the message counts them, today included.
    let left = DAYS.saturating_sub(entry.at.day().unsigned_abs().into()) + 1;
    let a_day = a_day(status.limit, status.spent, left, currency);
    format!(
        "{name} has spent {}% of {currency} {}, and will pass it by the {DAYS}th in 4 cases of 5. {} are left to act, today included: about \
         {currency} {a_day} a day keeps it within.",
        status.percent(),
        limit(status.limit, currency),
        count(left.into(), "day"),
    )
}

/// A run died between publishing and recording.
pub(super) fn died(at: &Zoned, run: u32, id: &str) -> Caption {
    let text = format!("run {run} was killed: {id} was published, not yet recorded.");
    Caption { time: time(at), sign: Some((Role::Over, '✗')), text }
}

/// What it had published came again.
pub(super) fn came_again(at: &Zoned, run: u32) -> Caption {
    let text = format!(
        "run {run} finds a claim that nobody confirmed. Was it published? Nobody can know, so it goes out again: same id, marked \"possible \
         repeat\"."
    );
    Caption { time: time(at), sign: None, text }
}

/// The run after that has nothing to send.
pub(super) fn nothing_more(run: u32) -> Caption {
    let text = format!("Going by the id, the mailbox shows it once. Run {run} sends nothing.");
    Caption { time: " ".to_owned(), sign: Some((Role::Good, '✓')), text }
}

/// A figure fell.
pub(super) fn fell(at: &Zoned, less: &str) -> Caption {
    let text = format!("Zoom now lists {less}. One answer is no proof: the larger figure stands.");
    Caption { time: time(at), sign: None, text }
}

/// The fall is confirmed.
pub(super) fn corrected(at: &Zoned) -> Caption {
    let text = "A second reading says the same. One correction goes to those who got the wrong figure; if 100% is passed again, they hear of it \
                again.";
    Caption { time: time(at), sign: None, text: text.to_owned() }
}
