//! What a check has found beside the budgets: news, money that none covers, silences, and notes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

use super::sheet::alerts;
use crate::domain::alert::{Decision, Kind, count};
use crate::domain::case::Case;
use crate::domain::charge::Scope;
use crate::domain::contributors::Contributors;
use crate::domain::evaluate::History;
use crate::domain::foresight::{forecast, spike};
use crate::domain::matches::uncovered;
use crate::domain::message::Composed;
use crate::domain::money::{Amount, Currency};
use crate::domain::policy::Silence;
use crate::domain::text::{capitalised, label};
use crate::domain::totals::Sum;

/// Money that no budget covers.
#[derive(Clone, Debug, Serialize)]
pub(in crate::cli) struct NotCovered {
    pub(super) currency: Currency,
    pub(super) amount: Amount,
    messages: u64,
    /// Who spent most of it, where all of the currency is meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) most: Option<String>,
    /// Whether there is a budget in this currency, for others.
    pub(super) has_budget: bool,
}

/// Alerts that a silence holds back.
#[derive(Clone, Debug, Serialize)]
pub(in crate::cli) struct Held {
    pub(super) alerts: u64,
    pub(super) until: Timestamp,
    pub(super) reason: String,
}

/// An alert that is about no budget.
#[derive(Clone, Debug, Serialize)]
pub(in crate::cli) struct News {
    kind: Kind,
    pub(super) mark: String,
    pub(super) headline: String,
}

/// What is due or held back that is about no budget.
pub(super) fn news(composed: &Composed<'_>) -> Vec<News> {
    let cases = composed.messages.iter().map(|message| (&message.case, &message.alerts));
    let cases = cases.chain(composed.others.iter().map(|(case, alerts)| (case, alerts)));
    let mut seen = BTreeSet::new();
    let mut news = Vec::new();
    for (case, alert) in cases.flat_map(|(case, alerts)| alerts.iter().map(move |alert| (case, alert))) {
        let kind = alert.finding.kind();
        let is_shown = matches!(kind, Kind::Spike | Kind::Stale);
        let is_true = matches!(alert.decision, Decision::Due | Decision::Silenced { .. });
        if is_shown && is_true {
            let wording = alert.finding.wording(alert, case);
            // Owners of one spike hear of it each.
            if seen.insert(wording.headline.clone()) {
                news.push(News { kind, mark: capitalised(&wording.mark.to_lowercase()), headline: wording.headline });
            }
        }
    }
    news
}

pub(super) fn not_covered(case: &Case<'_>) -> Vec<NotCovered> {
    let mut contributors = Contributors::of(case.totals);
    let open = case.periods.iter().filter(|period| case.as_of < period.to());
    let period = open.max_by_key(|period| period.kind());
    let one = |(currency, Sum { amount, messages }): (Currency, Sum)| {
        let has_budget = case.policy.budgets.iter().any(|budget| budget.currency == currency);
        let account = case.totals.account();
        let top = period.filter(|_| !has_budget);
        let top = top.map(|period| contributors.behind(&(*period, Scope::Account, Arc::clone(account), currency)));
        let most = top.unwrap_or_default().first().map(|top| label(&top.name).into_owned());
        NotCovered { currency, amount, messages, most, has_budget }
    };
    uncovered(case).into_iter().map(one).collect()
}

/// What each silence holds back.
pub(super) fn held(composed: &Composed<'_>, case: &Case<'_>) -> Vec<Held> {
    let mut by_end = BTreeMap::<Timestamp, u64>::new();
    for alert in alerts(composed) {
        if let Decision::Silenced { until } = alert.decision {
            *by_end.entry(until).or_default() += 1;
        }
    }
    let reason = |until: &Timestamp| {
        let is_it = |silence: &&Silence| silence.until == *until && silence.is_active(case.as_of);
        case.policy.silences.iter().find(is_it).map(|silence| label(&silence.reason).into_owned())
    };
    let held = by_end.into_iter();
    held.map(|(until, alerts)| Held { alerts, reason: reason(&until).unwrap_or_default(), until }).collect()
}

pub(super) fn notes(case: &Case<'_>, history: &History, held: &[Held]) -> Vec<String> {
    let days = history.baselines.days;
    let zone = &case.policy.time_zone;
    let day = |at: Timestamp| at.to_zoned(zone.clone()).strftime("%-d %B %Y, %H:%M %Z").to_string();
    let mut notes = Vec::new();
    // What a silence holds back tells that it is active.
    let is_told = |silence: &&Silence| !held.iter().any(|held| held.until == silence.until);
    for silence in case.policy.silences.iter().filter(is_told) {
        let reason = label(&silence.reason);
        notes.push(match silence.status(case.as_of) {
            "active" => format!("Silence {reason:?} is active until {}.", day(silence.until)),
            "over" => format!("Silence {reason:?} ended on {}; remove it from the policy.", day(silence.until)),
            _ => format!("Silence {reason:?} starts on {}.", day(silence.from)),
        });
    }
    if case.policy.looks_ahead() && days < spike::LEAST_DAYS {
        notes.push(format!(
            "Not enough history yet: {} are known. Forecasts need {} and spikes {}; --source table has a deployment's.",
            count(days.into(), "complete day"),
            forecast::LEAST_DAYS,
            spike::LEAST_DAYS,
        ));
    }
    notes
}
