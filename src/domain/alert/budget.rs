//! A level of a budget is reached (see [`super::due`] for when that is reported).

use super::counted::{charged, not_priced, on, on_one, units};
use super::due::is_above;
use super::people::{ask, sent_by, sent_by_in_a_line};
use super::spent::Spent;
use super::words::{days_left, last, period_name, range, this};
use super::{Alert, AlertRecord, Facts, Kind, Row, Severity, Wording, money};
use crate::domain::background::Background;
use crate::domain::case::Case;
use crate::domain::money::Amount;
use crate::domain::policy::Level;
use crate::domain::text::capitalised;
use crate::domain::totals::Sum;

impl<'a> Spent<'a> {
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
        let is_over = case.as_of >= self.period.to();
        let this = this(self.scope);
        let when = if is_over {
            format!("for {}", period_name(&self.period, case))
        } else {
            format!("this {}", self.period.kind().name())
        };
        let next = self.budget.levels.iter().find(|level| self.sum.amount < level.threshold);
        let next = next.map_or_else(String::new, |level| format!("{level} is reached, "));
        let comma = if next.is_empty() { "" } else { "," };
        let ask = ask(&charged(self.budget.products, case), &alert.background, case);
        vec![
            format!(
                "If you expected this, do nothing: this budget reports {this} again {when} only if {next}Zoom revises its report{comma} or the \
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
