//! A replay in figures: how many alerts, of what, to whom, and what they could have saved at most.
//!
//! A line counts the alerts of one kind, receiver, scope, length of period and currency, so that its money is never the same money twice: of
//! several alerts of one subject and period, the first one's counts. Lines are not added up: a number's money is its department's too.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use jiff::civil::Date;
use serde::Serialize;

use super::{Replay, Sent};
use crate::domain::alert::Kind;
use crate::domain::charge::Scope;
use crate::domain::money::{Amount, Currency};
use crate::domain::period::PeriodKind;
use crate::domain::policy::GroupBy;

/// Alerts of one sort.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    /// Who would have heard of them.
    pub receiver: Arc<str>,
    /// What they are about.
    pub kind: Kind,
    /// What their subjects are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scope>,
    /// The length of their periods; of spikes, the day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub period: Option<PeriodKind>,
    /// The currency of the amounts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// How many.
    pub alerts: u64,
    /// What had been spent at the first alert of each subject and period.
    pub at_alert: Amount,
    /// What was spent after it until the period's end.
    pub after_alert: Amount,
}

/// What would have been sent in a month, or in all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// The first and the last day.
    pub from: Date,
    /// The last day.
    pub to: Date,
    /// How many alerts.
    pub alerts: u64,
    /// In how many messages, if none had to be split.
    pub messages: u64,
    /// The alerts by sort.
    pub rows: Vec<Row>,
}

impl Summary {
    fn of<'s>(from: Date, to: Date, sent: impl Iterator<Item = &'s Sent>, group_by: GroupBy) -> Summary {
        let mut rows = BTreeMap::new();
        let mut counted = HashSet::new();
        let mut messages = BTreeSet::new();
        let mut alerts = 0;
        for (index, sent) in (0_u64..).zip(sent) {
            alerts += 1;
            let receiver = &sent.alert.receiver;
            messages.insert((sent.day, receiver, if group_by == GroupBy::Run { 0 } else { index }));
            let (period, scope, currency) = match &sent.whose {
                Some(whose) => (Some(whose.period.kind()), Some(whose.scope), Some(whose.currency)),
                None => (None, None, None),
            };
            let key = (receiver, sent.alert.kind, scope, period, currency);
            let row = rows.entry(key).or_insert_with(|| Row {
                receiver: Arc::clone(receiver),
                kind: sent.alert.kind,
                scope,
                period,
                currency,
                alerts: 0,
                at_alert: Amount::ZERO,
                after_alert: Amount::ZERO,
            });
            row.alerts += 1;
            if let (Some((at, end)), true) = (sent.spent, counted.insert((key, &sent.whose))) {
                let after = end.checked_sub(at).unwrap_or_default();
                row.at_alert = row.at_alert.checked_add(at).unwrap_or(row.at_alert);
                row.after_alert = row.after_alert.checked_add(after).unwrap_or(row.after_alert);
            }
        }
        Summary { from, to, alerts, messages: messages.len() as u64, rows: rows.into_values().collect() }
    }
}

impl Replay {
    /// Each month, and all of them together; `None` if no day was judged.
    #[must_use]
    pub fn summaries(&self, group_by: GroupBy) -> Option<(Vec<Summary>, Summary)> {
        let (first, last) = self.days?;
        let mut months = Vec::new();
        let mut from = first;
        while from <= last {
            let to = from.last_of_month().min(last);
            let sent = self.sent.iter().filter(|sent| (from..=to).contains(&sent.day));
            months.push(Summary::of(from, to, sent, group_by));
            let Ok(next) = to.tomorrow() else { break };
            from = next;
        }
        Some((months, Summary::of(first, last, self.sent.iter(), group_by)))
    }

    /// The most alerts that a receiver would have had.
    #[must_use]
    pub fn most_of_a_receiver(&self) -> u64 {
        let mut counts = BTreeMap::<&Arc<str>, u64>::new();
        self.sent.iter().for_each(|sent| *counts.entry(&sent.alert.receiver).or_default() += 1);
        counts.into_values().max().unwrap_or_default()
    }
}
