//! The page of a past's last day, with the alerts that the policy would have sent.

use std::collections::{BTreeSet, HashSet};
use std::thread;

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _};

use super::{Page, Sent, Story};
use crate::domain::alert::{Outcome, Threads, decide};
use crate::domain::evaluate::evaluate;
use crate::domain::message::record;
use crate::domain::money::Currency;
use crate::domain::period::start_of;
use crate::domain::policy::Policy;
use crate::domain::replay::{Past, replay};

/// Days before the running month that are replayed, so that a spike of then is not reported anew.
const DAYS_BEFORE: i64 = 14;

impl Page {
    /// The page of the last day of a past, as of `until` at the latest; `None` without a day. `sent` is what was sent in its month; without it,
    /// the page shows what the policy would have sent.
    ///
    /// # Errors
    /// Only at the ends of the calendar.
    pub fn of_past(
        past: &Past,
        until: Timestamp,
        policy: &Policy,
        sent: Option<Vec<Sent>>,
    ) -> Result<Option<Page>, jiff::Error> {
        let foreseen = policy.foreseeing(&currencies(past, policy));
        let is_replayed = sent.is_none();
        // Neither needs the other, and with ten thousand numbers each takes seconds.
        let (day, sent) = thread::scope(|scope| {
            let sent = scope.spawn(|| sent.map_or_else(|| replayed(past, policy, until), Ok));
            (past.last_day_foreseen(until, policy, &foreseen), sent.join())
        });
        let Some(day) = day? else { return Ok(None) };
        let sent = sent.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        let receivers = policy.receivers("");
        let case = day.case(policy, &receivers.default);
        let findings = evaluate(&case, &day.history);
        let mut silenced = Vec::new();
        for case in receivers.iter().map(|receiver| day.case(policy, receiver)) {
            let alerts = decide(&findings, &Threads::default(), &case);
            let held = alerts.iter().filter(|alert| alert.is_silenced());
            silenced.extend(held.map(|alert| record(alert, &case, Outcome::Silenced)));
        }
        silenced.retain(|held| !sent.iter().any(|sent| is_one(sent, &Sent::of(held, day.as_of))));
        let (findings, history) = (&findings, &day.history);
        Ok(Page::of(&Story { case, findings, history, sent: &sent, alerts: &silenced, is_replayed }))
    }
}

fn currencies(past: &Past, policy: &Policy) -> BTreeSet<Currency> {
    let all: HashSet<_> = past.cells(policy, Date::MIN, Date::MAX).map(|(line, _)| line.currency).collect();
    all.into_iter().collect()
}

/// What the policy would have sent in the month of the last day, and when.
fn replayed(past: &Past, policy: &Policy, until: Timestamp) -> Result<Vec<Sent>, jiff::Error> {
    let zone = &policy.time_zone;
    let Some((_, today)) = past.ends() else { return Ok(Vec::new()) };
    let first = today.first_of_month();
    let replayed = replay(past, policy, first.saturating_sub(DAYS_BEFORE.days()), &|_| {})?;
    let mut sent = Vec::new();
    for of_day in replayed.sent.into_iter().filter(|sent| sent.day >= first) {
        let end = start_of(of_day.day.tomorrow()?, zone)?;
        let at = end.saturating_sub(1.second()).unwrap_or(end).min(until);
        sent.push(Sent::of(&of_day.alert, at));
    }
    Ok(sent)
}

/// Whether what a silence holds back now was sent before it began.
fn is_one(sent: &Sent, held: &Sent) -> bool {
    let of = |sent: &'_ Sent| {
        // The count of a spike may have grown.
        let what = sent.spike.map_or_else(|| sent.what.clone(), |spike| spike.day.to_string());
        (sent.kind, sent.whose.clone(), sent.products, sent.receiver.clone(), what)
    };
    of(sent) == of(held)
}
