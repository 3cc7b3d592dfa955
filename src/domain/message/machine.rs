//! The form for programs: exact, stable, versioned.

use std::sync::Arc;

use jiff::civil::Date;
use serde::Serialize;
use serde_json::{Value, json};

use super::{Notice, NoticedAlert};
use crate::domain::alert::{AlertId, AlertKind};
use crate::domain::money::{Amount, Currency};
use crate::domain::policy::Level;
use crate::domain::totals::{Scope, Spender};

/// An alert as the run's answer and the machine form tell it. Members that do not apply are left out.
#[derive(Clone, Debug, Serialize)]
pub struct AlertRecord {
    /// The identity, the same in every run.
    pub id: AlertId,
    /// `sent`, `already_sent`, `dry_run`, or `not_sent` after a failure that the run's error tells.
    pub outcome: &'static str,
    /// What the alert is about.
    pub kind: AlertKind,
    /// What `subject` is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scope>,
    /// The billing number, department, cost center or account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<Arc<str>>,
    /// ISO 4217.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// `2026-11`, `2026-W47` or `2026-11-22`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub period: Option<String>,
    /// The name of the budget.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub budget: Option<String>,
    /// The highest level reached: `80%`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<String>,
    /// The other levels that this alert tells for the first time.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub also_reached: Vec<String>,
    /// The amount at which `level` is reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threshold: Option<Amount>,
    /// What was spent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<Amount>,
    /// Of a correction: what was spent by the report as it was before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous_amount: Option<Amount>,
    /// Of a correction: the levels that are no longer reached.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub no_longer_reached: Vec<String>,
    /// Of a correction: the levels that are reached only now.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub only_now_reached: Vec<String>,
    /// Of a correction: the days that were restated.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub restated_days: Vec<Date>,
    /// Whether `amount` is only a lower bound.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub at_least: bool,
}

impl AlertRecord {
    /// The record of a judged alert.
    #[must_use]
    pub fn of(alert: &NoticedAlert<'_>, outcome: &'static str) -> AlertRecord {
        let standing = &alert.planned.standing;
        let correction = alert.correction();
        let levels = |levels: Option<&Vec<&Level>>| levels.into_iter().flatten().map(ToString::to_string).collect();
        AlertRecord {
            id: alert.planned.id.clone(),
            outcome,
            kind: alert.planned.kind,
            scope: Some(standing.scope),
            subject: Some(Arc::clone(&standing.subject)),
            currency: Some(standing.currency),
            period: Some(standing.period.label()),
            budget: standing.budget.map(|budget| budget.name.clone()),
            level: alert.level().map(ToString::to_string),
            also_reached: alert.also().iter().map(ToString::to_string).collect(),
            threshold: alert.level().map(|level| level.threshold),
            amount: Some(standing.amount),
            previous_amount: correction.map(|correction| correction.before),
            no_longer_reached: levels(correction.map(|correction| &correction.no_longer)),
            only_now_reached: levels(correction.map(|correction| &correction.only_now)),
            restated_days: correction
                .map_or_else(Vec::new, |correction| correction.days.iter().map(|(day, _)| *day).collect()),
            at_least: alert.at_least(),
        }
    }

    /// The record of a test notification.
    #[must_use]
    pub fn of_test(id: AlertId, outcome: &'static str) -> AlertRecord {
        AlertRecord {
            id,
            outcome,
            kind: AlertKind::Test,
            scope: None,
            subject: None,
            currency: None,
            period: None,
            budget: None,
            level: None,
            also_reached: Vec::new(),
            threshold: None,
            amount: None,
            previous_amount: None,
            no_longer_reached: Vec::new(),
            only_now_reached: Vec::new(),
            restated_days: Vec::new(),
            at_least: false,
        }
    }
}

pub(super) fn form(notice: &Notice<'_>, shown: usize) -> Value {
    let alerts: Vec<_> =
        notice.by_weight().into_iter().take(shown).map(|alert| alert_form(alert, notice.dry_run)).collect();
    let mut form = json!({
        "schema": 1,
        "id": notice.id,
        "kind": notice.kind,
        "as_of": notice.as_of,
        "account": &*notice.account,
        "possible_repeat": notice.possible_repeat,
        "alerts": alerts,
        "receipt": notice.receipt,
    });
    let left_out = notice.alerts.len().saturating_sub(shown);
    if left_out > 0
        && let Some(form) = form.as_object_mut()
    {
        form.insert("alerts_left_out".to_owned(), left_out.into());
    }
    form
}

fn alert_form(alert: &NoticedAlert<'_>, dry_run: bool) -> Value {
    let mut form = json!(AlertRecord::of(alert, if dry_run { "dry_run" } else { "sent" }));
    if let Some(form) = form.as_object_mut() {
        form.insert("messages".to_owned(), alert.planned.standing.messages.into());
        form.insert("remaining".to_owned(), json!(alert.remaining()));
        let share = alert.share_of_account().map(|share| share.to_string());
        form.insert("share_of_account".to_owned(), json!(share));
        form.insert("top".to_owned(), alert.top.iter().map(spender).collect());
        if alert.top_left_out > 0 {
            form.insert("top_left_out".to_owned(), alert.top_left_out.into());
        }
    }
    form
}

fn spender(spender: &Spender) -> Value {
    json!({ spender.kind.name(): &*spender.name, "amount": spender.amount })
}
