//! The alerts of the running month: those that were sent, and those that a silence holds back.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;

use super::view::{View, short};
use super::{AlertRow, MOST_ROWS, Page, Sent, SentSpike, Sign};
use crate::domain::alert::{Outcome, count, on_one};
use crate::domain::charge::Scope;
use crate::domain::money::Currency;
use crate::domain::product::Products;

/// An alert with what else is known of it.
pub(super) struct Shown {
    pub(super) row: AlertRow,
    pub(super) whose: Option<(Scope, Arc<str>, Currency)>,
    /// What is counted.
    pub(super) products: Products,
    day: Date,
    spike: Option<SentSpike>,
}

impl Shown {
    /// The day of the month that its mark stands on.
    pub(super) fn day_of_month(&self) -> u32 {
        u32::from(self.spike.map_or(self.day, |spike| spike.day).day().unsigned_abs())
    }
}

/// The alerts of the running month, the oldest first, numbered from 1.
pub(super) fn alerts(view: &View<'_>) -> Vec<Shown> {
    let story = view.story;
    let mut sent: Vec<(&Sent, Option<Timestamp>)> = Vec::new();
    sent.extend(
        story.sent.iter().filter(|sent| sent.at >= view.month.from() && sent.is_alert).map(|sent| (sent, None)),
    );
    sent.sort_by_key(|(sent, _)| sent.at);
    let held: Vec<_> = story
        .alerts
        .iter()
        .filter(|alert| alert.outcome == Outcome::Silenced)
        .map(|alert| (Sent::of(alert, story.case.as_of), alert.until))
        .collect();
    let all = sent.into_iter().chain(held.iter().map(|(sent, until)| (sent, Some(until.unwrap_or(story.case.as_of)))));
    all.zip(1..).map(|((sent, held_until), number)| shown(sent, held_until, number, view)).collect()
}

fn shown(sent: &Sent, held_until: Option<Timestamp>, number: u64, view: &View<'_>) -> Shown {
    let zoned = sent.at.to_zoned(view.story.case.policy.time_zone.clone());
    let when = if view.story.is_replayed && held_until.is_none() { "%-d %b" } else { "%-d %b %H:%M" };
    let until = held_until.map(|until| {
        let day = until.to_zoned(view.story.case.policy.time_zone.clone()).date();
        format!("held until {}", View::short_day(day))
    });
    let on = on_one(sent.products, &view.story.case);
    let who = match (&sent.whose, sent.sign) {
        (Some((_, _, currency)), Sign::NotCovered) => format!("Charges in {currency}{on}"),
        (Some((scope, subject, _)), _) => view.who(*scope, subject) + &on,
        (None, _) => format!("Zoom’s report{on}"),
    };
    let row = AlertRow {
        number,
        when: zoned.strftime(when).to_string(),
        sign: if until.is_some() { Sign::Silenced } else { sent.sign },
        kind: if until.is_some() { "silenced" } else { sent.kind }.to_owned(),
        who,
        what: sent.what.clone(),
        receiver: short(&sent.receiver),
        // Threads of a replay have no topic, and an id is of its topic.
        id: until.unwrap_or_else(|| if view.story.is_replayed { String::new() } else { sent.id.clone() }),
    };
    Shown { row, whose: sent.whose.clone(), products: sent.products, day: zoned.date(), spike: sent.spike }
}

/// Puts the alerts on the page.
pub(super) fn add(page: &mut Page, alerts: &[Shown], view: &View<'_>) {
    let held = alerts.iter().filter(|alert| alert.row.sign == Sign::Silenced).count() as u64;
    let sent = alerts.len() as u64 - held;
    let would = if view.story.is_replayed { "the policy would have sent" } else { "sent" };
    let held_back = if held > 0 { format!(", {held} held back") } else { String::new() };
    page.words.alerts = match (sent, view.story.is_replayed) {
        (0, _) if held == 0 => format!("No alert in {}", page.words.month),
        (_, true) => format!("{} that {would} in {}{held_back}", count(sent, "alert"), page.words.month),
        (_, false) => format!("{} {would} in {}{held_back}", count(sent, "alert"), page.words.month),
    };
    page.alerts = alerts.iter().rev().take(MOST_ROWS).map(|alert| alert.row.clone()).collect();
    let older = alerts.len().saturating_sub(MOST_ROWS) as u64;
    page.alerts_note = if view.story.is_replayed {
        "From final figures, as the policy would have sent them at each day’s end: a past keeps no record of what was sent.".to_owned()
    } else {
        "What each said, to whom and why: cost-alerts explain ID".to_owned()
    };
    if older > 0 {
        page.alerts_note += &format!(" {} of the month are not listed.", count(older, "earlier alert"));
    }
}
