//! What a subject with a budget has spent: what alerts, forecasts, corrections and digests of it share.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;
use rust_decimal::Decimal;

use super::counted::number_of_units;
use super::people::{who, whose};
use super::words::period_name;
use super::{
    Alert, AlertRecord, Decision, Details, Finding, Kind, Record, Reported, Severity, ThreadKey, Verdict, limit, money,
};
use crate::domain::case::Case;
use crate::domain::charge::Scope;
use crate::domain::contributors::Whose;
use crate::domain::coverage::Certainty;
use crate::domain::estimates::{Ahead, Estimate};
use crate::domain::money::Amount;
use crate::domain::period::{Period, PeriodKind};
use crate::domain::policy::{Budget, Level};
use crate::domain::text::label;
use crate::domain::totals::Sum;

/// What a subject with a budget has spent.
#[derive(Clone, Debug, PartialEq)]
pub struct Spent<'a> {
    /// What `subject` is.
    pub scope: Scope,
    /// The billing number, department, cost center or account.
    pub subject: Arc<str>,
    /// The period of `sum`.
    pub period: Period,
    /// What was spent, in the budget's currency.
    pub sum: Sum,
    /// Rows beside it whose price Zoom does not know yet.
    pub not_priced: u64,
    /// How far `sum` can be trusted.
    pub certainty: Certainty,
    /// The budget that applies.
    pub budget: &'a Budget,
    /// What the whole account spent in this currency and period.
    pub account_amount: Amount,
    /// What is still to come in the period, if that can be estimated.
    pub ahead: Option<Ahead>,
    /// The sums by civil day; filled in where they are needed.
    pub days: BTreeMap<Date, Amount>,
}

impl<'a> Spent<'a> {
    pub(super) fn key(&self, case: &Case<'a>) -> ThreadKey {
        ThreadKey {
            account: Arc::clone(case.totals.account()),
            topic_arn: Arc::clone(&case.receiver.topic_arn),
            kind: Kind::Budget,
            scope: self.scope,
            subject: Arc::clone(&self.subject),
            currency: Some(self.budget.currency),
            products: self.budget.products,
            period: self.period.label(),
        }
    }

    /// Whom it is about, and what is counted.
    #[must_use]
    pub fn whose(&self) -> Whose {
        Whose {
            period: self.period,
            products: self.budget.products,
            scope: self.scope,
            subject: Arc::clone(&self.subject),
            currency: self.budget.currency,
        }
    }

    /// The levels that are reached, lowest first.
    pub fn reached(&self) -> impl Iterator<Item = &'a Level> {
        let amount = self.sum.amount;
        self.budget.levels.iter().filter(move |level| amount >= level.threshold)
    }

    /// The highest level that is reached.
    #[must_use]
    pub fn highest(&self) -> Option<&'a Level> {
        self.reached().last()
    }

    /// Whether the figure was read in part.
    #[must_use]
    pub fn at_least(&self) -> bool {
        self.certainty == Certainty::AtLeast
    }

    /// Whether what was reported is no longer so: its level is no longer reached, or it was read in part and the whole is less.
    pub(super) fn is_below(&self, known: &Reported) -> bool {
        let spent = self.sum.amount;
        (known.money > Amount::ZERO && spent < known.money) || (known.at_least && spent < known.amount)
    }

    pub(super) fn reported(&self, case: &Case<'a>) -> Reported {
        let (amount, at_least, days) = (self.sum.amount, self.at_least(), self.days.clone());
        Reported { amount, at_least, days, ..Reported::once(case.as_of) }
    }

    /// What a whole reading that does not fall short settles: it ends a wait, and proves what was read in part.
    pub(super) fn settled(&self, record: &Record) -> Option<Record> {
        let was_in_part = record.reported.as_ref().is_some_and(|known| known.at_least);
        let waited = record.lower_since.is_some();
        if self.certainty != Certainty::Exact || !(was_in_part || waited) {
            return None;
        }
        let reported = record.reported.clone().map(|known| Reported { at_least: false, ..known });
        Some(Record { reported, lower_since: None, ..record.clone() })
    }

    pub(super) fn without_alert(self, key: &ThreadKey, decision: Decision, next: Option<Record>) -> Verdict<'a> {
        let id = key.alert_id("none", 0);
        let (finding, base) = (Finding::Spent(Box::new(self)), Record::default());
        Verdict { decision, finding, id, base, next, doubt: None, may_repeat: false }
    }

    /// Spent ÷ budget: what alerts are ordered by.
    #[must_use]
    pub fn ratio(&self) -> Decimal {
        self.sum.amount.decimal().checked_div(self.budget.amount.decimal()).unwrap_or_default()
    }

    /// `USD 121.23`, without the currency.
    pub(super) fn amount(&self) -> String {
        let beside: Vec<Amount> =
            self.budget.levels.iter().map(|level| level.threshold).chain([self.budget.amount]).collect();
        money(self.sum.amount, self.budget.currency, &beside)
    }

    pub(super) fn limit(&self) -> String {
        limit(self.budget.amount, self.budget.currency)
    }

    /// `, 20 November` in a list, for a period that is not the running month.
    pub(super) fn other_period(&self, case: &Case<'_>) -> String {
        let is_month = self.period.kind() == PeriodKind::Month && case.as_of < self.period.to();
        if is_month { String::new() } else { format!(", {}", period_name(&self.period, case)) }
    }

    pub(super) fn percent(&self) -> String {
        let percent = self.sum.amount.percent_of(self.budget.amount).unwrap_or_default();
        format!("{percent}%")
    }

    pub(super) fn severity(&self) -> Severity {
        if self.sum.amount >= self.budget.amount { Severity::Over } else { Severity::Warning }
    }

    pub(super) fn who(&self, alert: &Alert<'_>, case: &Case<'_>) -> String {
        who(self.scope, &self.subject, &alert.background, case.policy.senders)
    }

    pub(super) fn whose_number(&self, alert: &Alert<'_>, case: &Case<'_>) -> String {
        whose(self.scope, &self.subject, &alert.background, case.policy.senders)
    }

    pub(super) fn budget_text(&self) -> String {
        let Budget { name, currency, period, levels, .. } = self.budget;
        let levels: Vec<_> = levels.iter().map(|level| level.percent.normalize().to_string()).collect();
        let (name, limit, period) = (label(name), self.limit(), period.name());
        format!("\"{name}\": {currency} {limit} a {period}, alerts at {}%", levels.join(", "))
    }

    pub(super) fn machine(&self, alert: &Alert<'a>, case: &Case<'a>) -> AlertRecord {
        AlertRecord {
            scope: Some(self.scope),
            subject: Some(label(&self.subject).into()),
            currency: Some(self.budget.currency),
            period: Some(self.period.label()),
            budget: Some(label(&self.budget.name).into_owned()),
            level: self.highest().map(ToString::to_string),
            threshold: self.highest().map(|level| level.threshold),
            amount: Some(self.sum.amount),
            at_least: self.at_least(),
            ..AlertRecord::of(alert, self.severity(), case)
        }
    }

    pub(super) fn details(&self, alert: &Alert<'_>, case: &Case<'_>) -> Details {
        let whole = self.certainty == Certainty::Exact;
        Details {
            messages: number_of_units(self.budget.products, self.sum),
            remaining: if whole { self.budget.amount.checked_sub(self.sum.amount) } else { None },
            share_of_account: if whole { self.sum.amount.share_of(self.account_amount) } else { None },
            ..Details::of(&alert.background, case.policy.senders)
        }
    }

    /// Where the period will end, if that can be estimated.
    #[must_use]
    pub fn estimate(&self) -> Option<Estimate> {
        Some(self.ahead?.estimate(self.sum.amount, self.budget.currency))
    }
}
