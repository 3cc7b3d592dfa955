//! What a check has found beside the budgets: news, money that none covers, silences, and notes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

use crate::cli::show;
use crate::domain::alert::{Decision, Kind, count, on_one};
use crate::domain::case::Case;
use crate::domain::charge::Scope;
use crate::domain::contributors::{Contributors, Whose};
use crate::domain::evaluate::History;
use crate::domain::foresight::{forecast, spike};
use crate::domain::matches::uncovered;
use crate::domain::message::Composed;
use crate::domain::money::{Amount, Currency};
use crate::domain::policy::Silence;
use crate::domain::product::{Product, Products};
use crate::domain::text::{capitalised, label};
use crate::domain::totals::Sum;

/// Money that no budget covers.
#[derive(Clone, Debug, Serialize)]
pub(in crate::cli) struct NotCovered {
    pub(super) currency: Currency,
    pub(super) amount: Amount,
    #[serde(skip_serializing_if = "Option::is_none")]
    product: Option<&'static str>,
    /// ` on calls`, where a policy reads more than messages.
    #[serde(skip)]
    pub(super) on: String,
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
    pub(super) kind: Kind,
    pub(super) mark: String,
    pub(super) headline: String,
}

/// What is due or held back that is about no budget.
pub(super) fn news(composed: &Composed<'_>) -> Vec<News> {
    let mut seen = BTreeSet::new();
    let mut news = Vec::new();
    for (case, alert) in composed.alerts() {
        let kind = alert.finding.kind();
        if matches!(kind, Kind::Spike | Kind::Stale) && alert.is_news() {
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
    let one = |((product, currency), Sum { amount, messages }): ((Product, Currency), Sum)| {
        let has_budget = case.policy.budgets.iter().any(|budget| budget.currency == currency);
        let (products, scope, subject) = (Products::One(product), Scope::Account, Arc::clone(case.totals.account()));
        let top = period
            .filter(|_| !has_budget)
            .map(|period| contributors.behind(&Whose { period: *period, products, scope, subject, currency }));
        let (on, product) = (on_one(products, case), case.policy.names_products().then(|| product.name()));
        let most = top.unwrap_or_default().first().map(|top| label(&top.name).into_owned());
        NotCovered { currency, amount, product, on, messages, most, has_budget }
    };
    uncovered(case).into_iter().map(one).collect()
}

/// What each silence holds back.
pub(super) fn held(composed: &Composed<'_>, case: &Case<'_>) -> Vec<Held> {
    let mut by_end = BTreeMap::<Timestamp, u64>::new();
    for (_, alert) in composed.alerts() {
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
    let days = history.days();
    let not_priced: u64 = case.coverage.not_priced.iter().map(|rows| rows.rows).sum();
    // Of a silence that holds something back, it is shown already that it is active.
    let is_idle = |silence: &&Silence| !held.iter().any(|held| held.until == silence.until);
    let idle = case.policy.silences.iter().filter(is_idle);
    let mut notes: Vec<_> = idle.map(|silence| show::silence(silence, case.as_of, &case.policy.time_zone)).collect();
    if not_priced > 0 {
        let are = if not_priced == 1 { "fax has" } else { "faxes have" };
        notes.push(format!("{not_priced} {are} no price yet: Zoom sets it at the end of its billing cycle."));
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
