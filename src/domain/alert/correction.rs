//! A figure that was reported is lower now, by a complete and confirmed reading.
//!
//! It sets the thread back to the highest level that is still reached, so that reaching more again is due again.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::counted::on_one;
use super::due::is_above;
use super::spent::Spent;
use super::words::period_name;
use super::{Alert, AlertRecord, Facts, Kind, Record, Reported, Row, Severity, Wording, money};
use crate::domain::case::Case;
use crate::domain::money::Amount;
use crate::domain::period::PeriodKind;
use crate::domain::policy::Level;

/// Days that people read; the machine form has all.
const MOST_DAYS: usize = 10;

/// A figure that replaces one that was reported.
#[derive(Clone, Debug, PartialEq)]
pub struct Correction<'a> {
    /// What the subject has spent.
    pub spent: Spent<'a>,
    /// What was reported before.
    pub previous: Reported,
    /// The levels that are no longer reached, lowest first.
    pub no_longer: Vec<&'a Level>,
    /// Levels of a policy that has changed since, which the lower figure reaches.
    pub only_now: Vec<&'a Level>,
    /// The subject's days whose sum has changed since.
    pub days: Vec<Date>,
}

impl<'a> Correction<'a> {
    pub(super) fn of(spent: Spent<'a>, previous: Reported, record: &Record, case: &Case<'a>) -> Correction<'a> {
        let levels = spent.budget.levels.iter();
        let (before, now) = (previous.amount, spent.sum.amount);
        let no_longer = levels.filter(|level| now < level.threshold && level.threshold <= before).collect();
        let only_now = spent.reached().filter(|level| record.reported.is_some() && is_above(level, record)).collect();
        let days = revised_days(&spent, &previous, case);
        Correction { spent, previous, no_longer, only_now, days }
    }

    /// ` (USD 17.58 less)`: what the days that were revised came to, and come to now.
    fn revised_by(&self) -> String {
        let sum =
            |sums: &BTreeMap<Date, Amount>| self.days.iter().filter_map(|day| sums.get(day)).copied().sum::<Amount>();
        let currency = self.spent.budget.currency;
        let difference = sum(&self.spent.days).checked_sub(sum(&self.previous.days)).unwrap_or_default();
        let more = if difference < Amount::ZERO { "less" } else { "more" };
        format!(" ({currency} {} {more})", money(difference.abs(), currency, &[Amount::ZERO]))
    }

    /// Whether all that changed is of days after that of the alert: nothing that it said was wrong.
    fn is_later(&self, case: &Case<'_>) -> bool {
        let written_on = case.policy.time_zone.to_datetime(self.previous.at).date();
        !self.days.is_empty() && self.days.iter().all(|day| *day > written_on)
    }

    fn facts(&self, only_now: &[String], case: &Case<'_>) -> Facts {
        let mut facts = Vec::new();
        if !self.days.is_empty() && !self.previous.at_least {
            let days: Vec<_> = self.days.iter().take(MOST_DAYS).map(|day| day.strftime("%-d %B").to_string()).collect();
            let more = self.days.len().saturating_sub(MOST_DAYS);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            let label = if self.is_later(case) { "Credits on" } else { "Revised days" };
            facts.push((label.to_owned(), days.join(", ") + &more + &self.revised_by()));
        }
        if !only_now.is_empty() {
            facts.push(("Reached now".to_owned(), only_now.join(", ")));
        }
        facts.push(("Budget".to_owned(), self.spent.budget_text()));
        facts
    }

    /// ` on calls in October`.
    fn on_and_when(&self, case: &Case<'_>) -> String {
        let Spent { budget, period, .. } = &self.spent;
        let within = if period.kind() == PeriodKind::Day { "on" } else { "in" };
        format!("{} {within} {}", on_one(budget.products, case), period_name(period, case))
    }

    fn lead(&self, [was, is]: &[String; 2], no_longer: &[String], alert: &Alert<'a>, case: &Case<'a>) -> String {
        let Correction { spent, previous, .. } = self;
        let (currency, limit, whose) = (spent.budget.currency, spent.limit(), spent.whose_number(alert, case));
        let on_and_when = self.on_and_when(case);
        let written = previous.at.to_zoned(case.policy.time_zone.clone()).strftime("%-d %B");
        let cause = if previous.at_least {
            "Zoom's report has been read whole now"
        } else if self.is_later(case) {
            "Zoom has listed credits since"
        } else {
            "Zoom has revised its report"
        };
        let source = if previous.at_least { " from a part of it" } else { "" };
        let still = if no_longer.is_empty() {
            String::new()
        } else {
            let verb = if no_longer.len() == 1 { "is" } else { "are" };
            format!(" {} {verb} no longer reached.", no_longer.join(", "))
        };
        format!(
            "{cause}: {whose} has spent {currency} {is} of {currency} {limit}{on_and_when}, not {currency} {was} as we wrote on {written}{source}.{still} Use this \
             figure instead."
        )
    }

    pub(super) fn wording(&self, alert: &Alert<'a>, case: &Case<'a>) -> Wording {
        let Correction { spent, previous, .. } = self;
        let currency = spent.budget.currency;
        let amounts = [previous.amount, spent.sum.amount];
        let beside: Vec<_> = spent.budget.levels.iter().map(|level| level.threshold).chain(amounts).collect();
        let shown = amounts.map(|amount| money(amount, currency, &beside));
        let [was, is] = &shown;
        let (who, limit) = (spent.who(alert, case), spent.limit());
        let (period, on) = (period_name(&spent.period, case), on_one(spent.budget.products, case));
        let names = |levels: &[&Level]| levels.iter().map(ToString::to_string).collect::<Vec<_>>();
        let (no_longer, only_now) = (names(&self.no_longer), names(&self.only_now));
        let lead = self.lead(&shown, &no_longer, alert, case);
        Wording {
            kind: Kind::Correction,
            severity: Severity::Info,
            mark: "CORRECTION".to_owned(),
            headline: format!("{who} spent {currency} {is}{}, not {was}", self.on_and_when(case)),
            title: format!("{who} spent {currency} {is}{on}, not {was}"),
            detail: format!("{currency} {is} of {limit}, {period}"),
            row: Row {
                percent: spent.percent(),
                who,
                on,
                money: format!("{currency} {is}, not {was}{}", spent.other_period(case)),
            },
            lead,
            facts: self.facts(&only_now, case),
            table: Vec::new(),
            facts_below: Vec::new(),
            brief: Vec::new(),
            steps: if previous.at_least {
                Vec::new()
            } else {
                vec!["If the difference matters to your bill, ask Zoom's support about it.".to_owned()]
            },
            todo: "use this figure instead".to_owned(),
            machine: AlertRecord {
                severity: Severity::Info,
                previous_amount: Some(previous.amount),
                no_longer_reached: no_longer,
                only_now_reached: only_now,
                restated_days: self.days.clone(),
                ..spent.machine(alert, case)
            },
            details: spent.details(alert, case),
        }
    }
}

/// The days of the subject that Zoom has revised: those whose sum fell, and those that were over at the time and rose.
fn revised_days(spent: &Spent<'_>, previous: &Reported, case: &Case<'_>) -> Vec<Date> {
    let written_on = case.policy.time_zone.to_datetime(previous.at).date();
    let mut days: Vec<Date> = previous.days.keys().chain(spent.days.keys()).copied().collect();
    days.sort_unstable();
    days.dedup();
    let sum = |sums: &BTreeMap<Date, Amount>, day: &Date| sums.get(day).copied().unwrap_or_default();
    days.retain(|day| {
        let (was, is) = (sum(&previous.days, day), sum(&spent.days, day));
        is < was || (is > was && *day < written_on)
    });
    days
}
