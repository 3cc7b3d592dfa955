//! A level of a budget is likely to be reached by the period's end: reported once a thread, while it is not reached.
//!
//! Nothing corrects a forecast, and it does not silence the level itself, which has a thread of its own.

use jiff::civil::Date;
use serde::Serialize;

use super::counted::{not_priced, on, on_one};
use super::due::is_above;
use super::people::{sent_by, sent_by_in_a_line};
use super::spent::Spent;
use super::words::{a_day, about, count, days_between, money, period_name, range};
use super::{
    Alert, AlertRecord, Facts, Finding, Kind, Record, Reported, Row, Severity, Thread, ThreadKey, Verdict, Wording,
};
use crate::domain::baselines::Baseline;
use crate::domain::case::Case;
use crate::domain::estimates::{Ahead, Chance, Estimate};
use crate::domain::foresight::forecast::{FIRST_DAY, SHORT_HISTORY};
use crate::domain::money::Amount;
use crate::domain::period::{Period, start_of};
use crate::domain::policy::Level;

/// A level that is likely to be reached.
#[derive(Clone, Debug, PartialEq)]
pub struct Forecast<'a> {
    /// What the subject has spent so far.
    pub spent: Spent<'a>,
    /// The highest level that is likely to be reached.
    pub level: &'a Level,
    /// How likely.
    pub chance: Chance,
    /// Where the period will end.
    pub estimate: Estimate,
    /// Complete days of history.
    pub days: u32,
    /// What was spent on the last 7 complete days, and on the 7 before.
    pub pace: [Amount; 2],
}

/// A forecast in the answer and the machine form.
#[derive(Clone, Debug, Serialize)]
pub struct ForecastRecord {
    low: Amount,
    likely: Amount,
    high: Amount,
    probability: Chance,
    by: Date,
}

/// Where a running period will end, as of a moment of it; `None` for a period that is over, or that has just started.
#[must_use]
pub fn ahead(period: &Period, baseline: &Baseline, case: &Case<'_>) -> Option<Ahead> {
    let zone = &case.policy.time_zone;
    let today = zone.to_datetime(case.as_of).date();
    let age = u32::try_from(period.first_day().until(today).ok()?.get_days()).ok()?;
    if case.as_of >= period.to() || age + 1 < FIRST_DAY {
        return None;
    }
    let (start, end) = (start_of(today, zone).ok()?, start_of(today.tomorrow().ok()?, zone).ok()?);
    let seconds = |from: jiff::Timestamp, to: jiff::Timestamp| to.as_second() - from.as_second();
    Some(Ahead::of(baseline.outlook(period.kind())?, seconds(start, case.as_of), seconds(start, end)))
}

impl<'a> Forecast<'a> {
    /// Finds the highest level that is likely and not reached.
    pub(in crate::domain) fn find(spent: &Spent<'a>, pace: [Amount; 2]) -> Option<Forecast<'a>> {
        let (budget, ahead) = (spent.budget, spent.ahead?);
        let so_far = spent.sum.amount;
        let open = budget.forecasts.iter().filter(|level| so_far < level.threshold);
        let mut likely = open.filter_map(|level| {
            let chance = ahead.chance(level.threshold.checked_sub(so_far)?);
            chance.is_likely().then_some((level, chance))
        });
        let (level, chance) = likely.next_back()?;
        let estimate = ahead.estimate(so_far, budget.currency);
        Some(Forecast { spent: spent.clone(), level, chance, estimate, days: ahead.days, pace })
    }

    pub(super) fn key(&self, case: &Case<'a>) -> ThreadKey {
        ThreadKey { kind: Kind::Forecast, ..self.spent.key(case) }
    }

    pub(super) fn verdict(self, key: &ThreadKey, thread: Option<&Thread>, case: &Case<'a>) -> Verdict<'a> {
        let level = self.level;
        let reported = Reported { percent: level.percent, money: level.threshold, ..self.spent.reported(case) };
        let id = key.alert_id(&format!("{level} {}", level.threshold), 0);
        let is_news = |record: &Record| is_above(level, record);
        super::by_news(Finding::Forecast(Box::new(self)), id, reported, thread, is_news)
    }

    pub(super) fn wording(&self, alert: &Alert<'a>, case: &Case<'a>) -> Wording {
        let Forecast { spent, level, estimate, pace, .. } = self;
        let (budget, currency) = (spent.budget, spent.budget.currency);
        let (who, whose) = (spent.who(alert, case), spent.whose_number(alert, case));
        let threshold = super::limit(level.threshold, currency);
        let by = spent.period.last_day();
        let (range, likely) = (range(estimate, currency), about(estimate.likely, currency));
        let (period, on) = (period_name(&spent.period, case), on(budget.products, case));
        let on_one = on_one(budget.products, case);
        let part = if level.threshold == budget.amount { String::new() } else { format!(" ({level} of its budget)") };
        let short = if self.days < SHORT_HISTORY {
            format!(" There are only {} of history, so the estimate is rough.", count(self.days.into(), "day"))
        } else {
            String::new()
        };
        let lead = format!(
            "{whose} has spent {currency} {} of its {currency} {} budget for {period}{on}. At the pace of the past 4 and 13 weeks it will be \
             {range} by {} (4 chances in 5), most likely {likely}.{short}",
            spent.amount(),
            spent.limit(),
            by.strftime("%-d %B"),
        );
        Wording {
            kind: Kind::Forecast,
            severity: Severity::Forecast,
            mark: Severity::Forecast.word().to_owned(),
            headline: format!("{who} likely over {currency} {threshold}{on_one} by {}", by.strftime("%-d %B")),
            title: format!("{who} likely over {currency} {threshold}{on_one}"),
            detail: format!("{range} by {}{part}", by.strftime("%-d %B")),
            row: Row { percent: spent.percent(), who, on: on_one, money: format!("probably {range} of {threshold}") },
            lead,
            facts: self.facts(alert, case, pace),
            table: Vec::new(),
            facts_below: Vec::new(),
            brief: self.brief(alert, case, pace),
            steps: self.steps(case),
            todo: self.a_day(case),
            machine: AlertRecord {
                severity: Severity::Forecast,
                level: Some(level.to_string()),
                threshold: Some(level.threshold),
                forecast: Some(ForecastRecord {
                    low: estimate.low,
                    likely: estimate.likely,
                    high: estimate.high,
                    probability: self.chance,
                    by,
                }),
                ..spent.machine(alert, case)
            },
            details: spent.details(alert, case),
        }
    }

    fn brief(&self, alert: &Alert<'a>, case: &Case<'a>, [last, before]: &[Amount; 2]) -> Vec<String> {
        let Forecast { spent, .. } = self;
        let currency = spent.budget.currency;
        let [last, before] = [last, before].map(|amount| money(*amount, currency, &[]));
        let (so_far, limit) = (spent.amount(), spent.limit());
        let pace = format!("So far {currency} {so_far} of {limit} · last 7 days {last}, the 7 before {before}");
        let senders = sent_by_in_a_line(&spent.whose(), &alert.background, case);
        std::iter::once(pace).chain(senders).collect()
    }

    fn facts(&self, alert: &Alert<'a>, case: &Case<'a>, [last, before]: &[Amount; 2]) -> Facts {
        let Forecast { spent, .. } = self;
        let currency = spent.budget.currency;
        let today = case.policy.time_zone.to_datetime(case.as_of).date();
        let (first, end) = (spent.period.first_day(), spent.period.end_day());
        let (gone, all) = (days_between(first, today) + 1, days_between(first, end));
        let shown = |amount: &Amount| format!("{currency} {}", money(*amount, currency, &[]));
        let mut facts = vec![
            ("So far".to_owned(), format!("{currency} {}, on day {gone} of {all}", spent.amount())),
            ("Last 7 days".to_owned(), format!("{}; the 7 before {}", shown(last), shown(before))),
        ];
        facts.extend(sent_by(&spent.whose(), &alert.background, case));
        facts.extend(not_priced(spent.not_priced).map(|faxes| ("Not priced".to_owned(), faxes)));
        facts.push(("History".to_owned(), count(self.days.into(), "day")));
        facts.push(("Budget".to_owned(), spent.budget_text()));
        facts
    }

    /// What a day may cost from now on.
    fn a_day(&self, case: &Case<'a>) -> String {
        let Forecast { spent, level, .. } = self;
        let currency = spent.budget.currency;
        let today = case.policy.time_zone.to_datetime(case.as_of).date();
        let left = days_between(today, spent.period.end_day());
        let a_day = a_day(level.threshold, spent.sum.amount, left, currency);
        let limit = super::limit(level.threshold, currency);
        let days = match left {
            1 => "today".to_owned(),
            left => format!("a day for {left} days, today included,"),
        };
        format!("about {currency} {a_day} {days} would keep it within {currency} {limit}")
    }

    fn steps(&self, case: &Case<'a>) -> Vec<String> {
        vec![
            format!("There is time to act: {}.", self.a_day(case)),
            "This is an estimate from past days. A sudden jump cannot be foreseen, and no further forecast follows for this level; if it is \
             reached, that is an alert of its own."
                .to_owned(),
        ]
    }
}
