//! A level of a budget is reached (see [`super::due`] for when that is reported).

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;
use rust_decimal::Decimal;

use super::counted::{charged, not_priced, number_of_units, on, on_one, units};
use super::due::is_above;
use super::words::{ask, days_left, last, period_name, range, sent_by, sent_by_in_a_line, this, who, whose};
use super::{
    Alert, AlertRecord, Decision, Details, Facts, Finding, Kind, Record, Reported, Row, Severity, ThreadKey, Verdict,
    Wording, limit, money,
};
use crate::domain::background::Background;
use crate::domain::case::Case;
use crate::domain::charge::Scope;
use crate::domain::contributors::Whose;
use crate::domain::coverage::Certainty;
use crate::domain::estimates::{Ahead, Estimate};
use crate::domain::money::Amount;
use crate::domain::period::{Period, PeriodKind};
use crate::domain::policy::{Budget, Level};
use crate::domain::text::{capitalised, label};
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

    /// The levels below the highest that no message has named.
    fn also_reached(&self, alert: &Alert<'_>) -> Vec<String> {
        let known = alert.thread.as_deref().map(|thread| &thread.record);
        let is_new = |level: &&Level| known.is_none_or(|record| is_above(level, record));
        self.reached().filter(|level| Some(*level) != self.highest()).filter(is_new).map(ToString::to_string).collect()
    }

    fn lead(&self, alert: &Alert<'a>, case: &Case<'a>) -> String {
        let (amount, limit, percent) = (self.amount(), self.limit(), self.percent());
        let (currency, period) = (self.budget.currency, period_name(&self.period, case));
        let whose = self.whose_number(alert, case);
        let on = on(self.budget.products, case);
        let spent = format!("{whose} has spent {currency} {amount} of its {currency} {limit} budget for {period}{on}");
        if self.at_least() {
            return format!("{spent} in the part of Zoom's report that could be read.");
        }
        let with = if case.as_of < self.period.to() { "with" } else { "and" };
        let again = if alert.base.corrections > 0 {
            " We corrected an earlier alert when Zoom revised its report; more has been spent since."
        } else {
            ""
        };
        format!("{spent}. That is {percent}, {with} {}.{again}", days_left(&self.period, case))
    }

    /// Where the period will end, if that can be estimated.
    #[must_use]
    pub fn estimate(&self) -> Option<Estimate> {
        Some(self.ahead?.estimate(self.sum.amount, self.budget.currency))
    }

    fn facts(&self, alert: &Alert<'a>, case: &Case<'a>, also: &[String]) -> Facts {
        let (currency, kind) = (self.budget.currency, self.period.kind());
        let Background { today, yesterday, usual, before, .. } = &alert.background;
        let shown = |amount: Amount| format!("{currency} {}", money(amount, currency, &[]));
        let mut facts = Facts::new();
        let mut fact = |label: &str, text: Option<String>| facts.extend(text.map(|text| (label.to_owned(), text)));
        let usual = usual.map_or_else(String::new, |usual| format!("; a usual day is {}", shown(usual)));
        let day = |sum: &Sum| {
            let units = units(self.budget.products, *sum).map(|units| format!(" ({units})")).unwrap_or_default();
            format!("{}{units}", shown(sum.amount))
        };
        fact("Today", today.as_ref().map(|sum| format!("{} so far", day(sum))));
        fact("Yesterday", yesterday.as_ref().map(|sum| format!("{}{usual}", day(sum))));
        let end = format!("By {} end", kind.name());
        fact(&end, self.estimate().map(|estimate| format!("probably {}", range(&estimate, currency))));
        facts.extend(sent_by(&self.whose(), &alert.background, case));
        let mut fact = |label: &str, text: Option<String>| facts.extend(text.map(|text| (label.to_owned(), text)));
        fact(last(kind), before.map(shown));
        fact("Not priced", not_priced(self.not_priced));
        fact("Also reached", (!also.is_empty()).then(|| also.join(", ")));
        fact("Budget", Some(self.budget_text()));
        facts
    }

    fn brief(&self, alert: &Alert<'a>, case: &Case<'a>) -> Vec<String> {
        let currency = self.budget.currency;
        let Background { yesterday, usual, .. } = &alert.background;
        let shown = |amount: Amount| money(amount, currency, &[]);
        let usual = usual.map_or_else(String::new, |usual| format!(" (usual {})", shown(usual)));
        let day = yesterday.map(|sum| format!("Yesterday {currency} {}{usual}", shown(sum.amount)));
        let end = |estimate| format!("by {} end probably {}", self.period.kind().name(), range(&estimate, currency));
        let now: Vec<_> = day.into_iter().chain(self.estimate().map(end)).collect();
        let now = (!now.is_empty()).then(|| capitalised(&now.join(" · ")));
        let senders = sent_by_in_a_line(&self.whose(), &alert.background, case);
        now.into_iter().chain(senders).collect()
    }

    fn steps(&self, alert: &Alert<'a>, case: &Case<'a>) -> Vec<String> {
        let (this, kind) = (this(self.scope), self.period.kind().name());
        let next = self.budget.levels.iter().find(|level| self.sum.amount < level.threshold);
        let next = next.map_or_else(String::new, |level| format!("{level} is reached, "));
        let comma = if next.is_empty() { "" } else { "," };
        let ask = ask(&charged(self.budget.products, case), &alert.background, case);
        vec![
            format!(
                "If you expected this, do nothing: this budget reports {this} again this {kind} only if {next}Zoom revises its report{comma} or the \
                 budget changes."
            ),
            format!("If not, {ask}."),
        ]
    }

    pub(super) fn wording(&self, alert: &Alert<'a>, case: &Case<'a>) -> Wording {
        let (amount, limit, percent) = (self.amount(), self.limit(), self.percent());
        let currency = self.budget.currency;
        let (period, on) = (period_name(&self.period, case), on_one(self.budget.products, case));
        let (who, left) = (self.who(alert, case), days_left(&self.period, case));
        let severity = self.severity();
        let also = self.also_reached(alert);
        let least = if self.at_least() { " at least" } else { "" };
        let mark = match (severity, self.highest()) {
            (Severity::Warning, Some(level)) => level.to_string(),
            _ => severity.word().to_owned(),
        };
        Wording {
            kind: Kind::Budget,
            severity,
            mark,
            headline: format!("{who} at {percent}{least}{on} ({currency} {amount} of {limit}), {period}"),
            title: format!("{who} at {percent}{least}{on}"),
            detail: format!("{currency} {amount} of {limit}, {period}, {left}"),
            row: Row {
                percent,
                who,
                on,
                money: format!("{currency} {amount} of {limit}{least}{}", self.other_period(case)),
            },
            lead: self.lead(alert, case),
            facts: self.facts(alert, case, &also),
            table: Vec::new(),
            facts_below: Facts::new(),
            brief: self.brief(alert, case),
            steps: self.steps(alert, case),
            todo: format!(
                "if nobody expected it, {}",
                ask(&charged(self.budget.products, case), &alert.background, case)
            ),
            machine: AlertRecord { also_reached: also, ..self.machine(alert, case) },
            details: self.details(alert, case),
        }
    }
}
