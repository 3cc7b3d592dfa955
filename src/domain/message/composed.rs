//! Who hears what, in how many messages: alerts that are due are put into messages to one receiver, the gravest first.

use std::cmp::Reverse;

use super::{MOST_BYTES, Message, Part, Publication};
use crate::domain::alert::{Alert, Decision, Finding, Kind, Outcome, Severity, Threads, decide};
use crate::domain::background::backgrounds;
use crate::domain::case::Case;
use crate::domain::policy::GroupBy;

/// What a mark that is known only when a message is sent may add.
const ROOM_FOR_MARKS: usize = 2_048;
/// Messages a run and receiver, as long as all alerts fit into them.
const MOST_MESSAGES: usize = 20;
/// Alerts in a message, as long as that needs no more than [`MOST_MESSAGES`]: few enough to be claimed, sent and recorded in a few seconds
/// by a slow ledger.
const EASY_ALERTS: usize = 50;

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
    // A correction too, unless a silence has held it back: all that a silence held back comes in one message.
    let is_apart = |alert: &Alert<'_>| alert.finding.kind() == Kind::Correction && !alert.finding.was_silenced(case);
    let (corrections, news): (Vec<_>, Vec<_>) = due.into_iter().partition(is_apart);
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
    // What a silence has held back comes in one message, which the others join.
    let was_held = |alert: &Alert<'_>| alert.finding.was_silenced(case);
    let has_held = alerts.iter().any(was_held);
    let (together, apart): (Vec<_>, Vec<_>) = match case.policy.group_by {
        GroupBy::Run => (alerts, Vec::new()),
        GroupBy::Subject => alerts.into_iter().partition(was_held),
    };
    fill(together, if has_held { usize::MAX } else { EASY_ALERTS }, most, case, &mut messages);
    number(&mut messages);
    let left = most.saturating_sub(messages.len());
    fill(apart, 1, left, case, &mut messages);
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
