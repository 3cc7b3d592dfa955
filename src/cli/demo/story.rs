//! The story so far: what the runs have done, and what is said of it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Zoned;
use jiff::tz::TimeZone;

use super::captions::{self, Caption};
use super::entry::{Entry, Sort};
use super::mail::Mail;
use super::play::Step;
use super::status::{Status, unspent};
use crate::domain::alert::{Outcome, money};
use crate::domain::money::Currency;
use crate::domain::policy::Policy;

/// What a run brings into the story.
#[derive(Clone, Debug)]
pub(super) enum Event {
    /// An alert came.
    Came(Entry),
    /// It came again, with the same id.
    CameAgain {
        /// The alert.
        entry: Entry,
        /// Whether the message says that it may be a repeat.
        is_marked: bool,
    },
    /// The run published, and died before it recorded that.
    Died {
        /// The ids of its messages.
        ids: Vec<String>,
    },
    /// A figure fell, and is not believed yet.
    Fell {
        /// `USD 26.21 less for 17 November`.
        text: String,
    },
}

/// What it all comes to.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    /// Runs that ended.
    pub(super) runs: u32,
    /// Of these, those that published nothing.
    pub(super) silent: u32,
    /// Messages published.
    pub(super) messages: u32,
    /// Repeats of an alert whose message says so.
    pub(super) marked: u32,
    /// Repeats of an alert whose message does not say so.
    pub(super) unmarked: u32,
    /// Alerts that a run was to send and did not.
    unsent: BTreeSet<String>,
}

/// The story so far.
#[derive(Clone, Debug)]
pub(super) struct State {
    zone: TimeZone,
    /// The moment of the last run.
    pub(super) at: Zoned,
    /// The last run.
    pub(super) run: u32,
    /// How the budgets stand.
    pub(super) statuses: Vec<Status>,
    /// The alerts in the mailbox, each once.
    pub(super) entries: Vec<Entry>,
    /// What is said of the scene.
    pub(super) captions: Vec<Caption>,
    /// The id that eyes should find.
    pub(super) shown_id: String,
    /// The budget that an alert was about just now.
    pub(super) changed: Option<usize>,
    /// The budget whose bar is shrinking, and what it was.
    pub(super) shrinking: Option<(usize, Status)>,
    /// What it all comes to.
    pub(super) tally: Tally,
    /// The run whose alerts came again: the one after it has something to prove.
    repeated_by: Option<u32>,
}

impl State {
    /// The story before its first run.
    pub(super) fn new(policy: &Policy, start: jiff::Timestamp) -> State {
        State {
            at: start.to_zoned(policy.time_zone.clone()),
            zone: policy.time_zone.clone(),
            run: 0,
            statuses: policy.budgets.iter().map(unspent).collect(),
            entries: Vec::new(),
            captions: vec![captions::loading()],
            shown_id: String::new(),
            changed: None,
            shrinking: None,
            tally: Tally::default(),
            repeated_by: None,
        }
    }

    /// The day of the month, from 1.
    pub(super) fn day(&self) -> u32 {
        // The run at midnight judges the day before it.
        let last = self.at.timestamp().saturating_sub(jiff::SignedDuration::from_secs(1)).unwrap_or_default();
        let date = if self.run == 0 { self.at.date() } else { self.zone.to_datetime(last).date() };
        u32::from(date.day().unsigned_abs())
    }

    /// Adds a run; answers what it brings.
    pub(super) fn add(&mut self, step: &Step) -> Vec<Event> {
        (self.run, self.at) = (step.run, step.at.to_zoned(self.zone.clone()));
        let before = std::mem::replace(&mut self.statuses, step.statuses.clone());
        self.count(step);
        if step.run == 1 {
            self.captions = vec![captions::beginning()];
        }
        let mut events: Vec<_> = step.mails.iter().flat_map(|mail| self.read(mail)).collect();
        if step.answer.is_none() {
            events.push(Event::Died { ids: step.mails.iter().map(|mail| mail.id.clone()).collect() });
        }
        events.extend(fall(step).map(|text| Event::Fell { text }));
        for event in &events {
            self.describe(event, &before);
        }
        if self.repeated_by.is_some_and(|run| run + 1 == step.run) && step.mails.is_empty() {
            self.captions.push(captions::nothing_more(step.run));
        }
        events
    }

    fn count(&mut self, step: &Step) {
        let tally = &mut self.tally;
        tally.runs += 1;
        tally.silent += u32::from(step.mails.is_empty());
        tally.messages += u32::try_from(step.mails.len()).unwrap_or_default();
        let alerts = step.answer.iter().flat_map(|answer| &answer.alerts);
        let unsent = alerts.filter(|alert| alert.outcome == Outcome::NotSent);
        tally.unsent.extend(unsent.map(|alert| alert.id.as_str().to_owned()));
    }

    /// Puts a message into the mailbox, which shows every id once.
    fn read(&mut self, mail: &Mail) -> Vec<Event> {
        let mut events = Vec::new();
        for notice in &mail.alerts {
            let entry = Entry::of(notice, &self.statuses, &self.at);
            if self.entries.iter().any(|known| known.id == entry.id) {
                let is_marked = mail.possible_repeat;
                self.tally.marked += u32::from(is_marked);
                self.tally.unmarked += u32::from(!is_marked);
                events.push(Event::CameAgain { entry, is_marked });
            } else {
                self.entries.push(entry.clone());
                events.push(Event::Came(entry));
            }
        }
        events
    }

    /// Says what happens, in the place of what was said before.
    fn describe(&mut self, event: &Event, before: &[Status]) {
        self.shown_id.clear();
        match event {
            Event::Came(entry) => {
                self.changed = entry.place;
                let status = entry.place.and_then(|place| self.statuses.get(place));
                let Some(status) = status else { return };
                match entry.sort {
                    Sort::Correction => {
                        self.captions.truncate(1);
                        self.captions.push(captions::corrected(&self.at));
                        self.shrinking = entry.place.zip(entry.place.and_then(|place| before.get(place)).cloned());
                    }
                    _ => self.captions = vec![captions::came(entry, status, &self.entries)],
                }
            }
            Event::CameAgain { entry, .. } => {
                self.changed = entry.place;
                self.shown_id.clone_from(&entry.id);
                self.captions.truncate(1);
                self.captions.push(captions::came_again(&self.at, self.run));
                self.repeated_by = Some(self.run);
            }
            Event::Died { ids } => {
                self.shown_id = ids.first().cloned().unwrap_or_default();
                self.captions = vec![captions::died(&self.at, self.run, &self.shown_id)];
            }
            Event::Fell { text } => self.captions = vec![captions::fell(&self.at, text)],
        }
    }

    /// Alerts that a run was to send and that no message has brought.
    pub(super) fn lost(&self) -> usize {
        self.tally.unsent.iter().filter(|id| !self.entries.iter().any(|entry| entry.id == **id)).count()
    }

    /// How many alerts of each sort are in the mailbox.
    pub(super) fn counts(&self) -> BTreeMap<Sort, usize> {
        let mut counts = BTreeMap::new();
        for entry in &self.entries {
            *counts.entry(entry.sort).or_default() += 1;
        }
        counts
    }

    /// Alerts of a sort, in the order in which they came.
    pub(super) fn of(&self, sort: Sort) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(move |entry| entry.sort == sort)
    }
}

/// What fell since the last reading, and is not believed yet: `USD 26.21 less for 17 November`.
fn fall(step: &Step) -> Option<String> {
    let fall = step.answer.as_ref()?.unconfirmed.first()?;
    let by = fall.before.amount.checked_sub(fall.after.amount)?;
    let by = money(by, fall.currency, &[]);
    let currency: Currency = fall.currency;
    Some(format!("{currency} {by} less for {}", fall.day.strftime("%-d %B")))
}
