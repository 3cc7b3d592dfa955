//! What a check has found, worst first: what the table shows, and the same for programs.

use std::collections::{BTreeMap, BTreeSet};

use jiff::ToSpan as _;
use jiff::civil::Date;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;
use serde::Serialize;

use super::beside::{Held, News, NotCovered, held, news, not_covered, notes};
use crate::domain::alert::{Finding, Kind, Spent, count, on_one, who};
use crate::domain::background::Background;
use crate::domain::case::Case;
use crate::domain::charge::Scope;
use crate::domain::contributors::{Contributors, Whose};
use crate::domain::coverage::Gap;
use crate::domain::estimates::Estimate;
use crate::domain::evaluate::History;
use crate::domain::message::Composed;
use crate::domain::money::{Amount, Currency};
use crate::domain::period::{Period, PeriodKind};
use crate::domain::product::Product;
use crate::domain::text::{capitalised, label};

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_none(count: &u64) -> bool {
    *count == 0
}

/// How it stands with a budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::cli) enum State {
    /// All of it is spent.
    Over,
    /// A level is likely to be reached.
    Forecast,
    /// A level is reached.
    Level,
    /// What would be sent is held back.
    Silenced,
    /// No level is reached.
    Within,
}

/// A budget and what was spent of it.
#[derive(Clone, Debug, Serialize)]
pub(in crate::cli) struct Row {
    pub(super) state: State,
    /// The highest level that is reached; of a forecast, the one that is likely.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) level: Option<String>,
    pub(super) who: String,
    scope: Scope,
    subject: String,
    period: String,
    budget: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    product: Option<&'static str>,
    pub(super) currency: Currency,
    /// Faxes without a price yet: they are not in the amount.
    #[serde(skip_serializing_if = "is_none")]
    not_priced: u64,
    pub(super) amount: Amount,
    at_least: bool,
    pub(super) limit: Amount,
    /// Rounded down.
    pub(super) used_percent: Option<i64>,
    /// Where the period will end, as far as there is history.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) estimate: Option<Outlook>,
    /// The amounts on whose other side rounding must not put the sum.
    #[serde(skip)]
    pub(super) thresholds: Vec<Amount>,
}

/// Where a period will end: lower with one chance in ten, and higher with one in ten.
#[derive(Clone, Debug, Serialize)]
pub(in crate::cli) struct Outlook {
    pub(super) low: Amount,
    pub(super) likely: Amount,
    pub(super) high: Amount,
    /// The last day of the period.
    pub(super) by: Date,
}

/// What a check has found.
#[derive(Clone, Debug, Serialize)]
pub(in crate::cli) struct Sheet {
    pub(in crate::cli) verdict: String,
    /// The worst first.
    pub(super) budgets: Vec<Row>,
    /// Spikes, a stale report and other news that is about no budget, in a line each.
    pub(super) news: Vec<News>,
    pub(super) not_covered: Vec<NotCovered>,
    pub(super) silenced: Vec<Held>,
    /// What else the reader of a policy should know.
    pub(super) notes: Vec<String>,
}

impl Sheet {
    pub(in crate::cli) fn of(
        case: &Case<'_>,
        findings: &[Finding<'_>],
        composed: &Composed<'_>,
        history: &History,
    ) -> Sheet {
        let mut rows = Rows::of(case, findings, composed);
        let mut budgets: Vec<_> = findings.iter().filter_map(|finding| rows.row(finding)).collect();
        budgets.sort_by_key(|(key, _)| std::cmp::Reverse(*key));
        let budgets: Vec<_> = budgets.into_iter().map(|(_, row)| row).collect();
        let (silenced, news) = (held(composed, case), news(composed));
        Sheet {
            verdict: verdict(&budgets, &news, case),
            budgets,
            news,
            not_covered: not_covered(case),
            notes: notes(case, history, &silenced),
            silenced,
        }
    }
}

/// What makes a row of a budget's finding.
struct Rows<'s, 'a> {
    case: &'s Case<'a>,
    /// The likely level by subject and period.
    likely: BTreeMap<Whose, (String, bool)>,
    silenced: BTreeSet<Whose>,
    contributors: Contributors<'a>,
}

impl<'s, 'a> Rows<'s, 'a> {
    fn of(case: &'s Case<'a>, findings: &[Finding<'_>], composed: &Composed<'_>) -> Rows<'s, 'a> {
        let likely = findings.iter().filter_map(|finding| match finding {
            Finding::Forecast(forecast) => {
                let is_all = forecast.level.threshold >= forecast.spent.budget.amount;
                Some((forecast.spent.whose(), (forecast.level.to_string(), is_all)))
            }
            _ => None,
        });
        let silenced = composed.alerts().filter(|(_, alert)| alert.is_silenced());
        let silenced = silenced.filter_map(|(_, alert)| match &alert.finding {
            Finding::Spent(_) | Finding::Forecast(_) => alert.finding.whose(),
            _ => None,
        });
        let (likely, silenced) = (likely.collect(), silenced.collect());
        Rows { case, likely, silenced, contributors: Contributors::of(case.totals) }
    }

    /// The row of a finding about a budget, and what it is sorted by.
    fn row(&mut self, finding: &Finding<'_>) -> Option<((u8, Decimal), Row)> {
        let Finding::Spent(spent) = finding else { return None };
        let Spent { scope, subject, period, budget, .. } = &**spent;
        let (state, level) = self.state(spent);
        let rank = match state {
            State::Over => 2,
            State::Forecast => 1,
            _ => 0,
        };
        let whose = spent.whose();
        let (top, senders) = (self.contributors.behind(&whose), self.contributors.senders(&whose));
        let background = Background { top, senders, ..Background::default() };
        let name = capitalised(&who(*scope, subject, &background, self.case.policy.senders));
        let row = Row {
            state,
            level,
            who: format!("{name}{}{}", on_one(budget.products, self.case), self.suffix(period)),
            scope: *scope,
            subject: label(subject).into_owned(),
            period: period.label(),
            budget: label(&budget.name).into_owned(),
            product: self.case.policy.names_products().then(|| budget.products.name()),
            currency: budget.currency,
            not_priced: spent.not_priced,
            amount: spent.sum.amount,
            at_least: spent.at_least(),
            limit: budget.amount,
            used_percent: spent.sum.amount.percent_of(budget.amount).and_then(|percent| percent.to_i64()),
            estimate: spent.estimate().map(|Estimate { low, likely, high }| Outlook {
                low,
                likely,
                high,
                by: spent.period.last_day(),
            }),
            thresholds: budget.levels.iter().map(|level| level.threshold).chain([budget.amount]).collect(),
        };
        Some(((rank, spent.ratio()), row))
    }

    /// How a budget stands, and the level that says so.
    fn state(&self, spent: &Spent<'_>) -> (State, Option<String>) {
        let whose = spent.whose();
        if self.silenced.contains(&whose) {
            (State::Silenced, None)
        } else if spent.sum.amount >= spent.budget.amount {
            (State::Over, None)
        } else if let Some((level, is_all)) = self.likely.get(&whose) {
            (State::Forecast, (!is_all).then(|| level.clone()))
        } else {
            let level = spent.highest().map(ToString::to_string);
            (if level.is_some() { State::Level } else { State::Within }, level)
        }
    }

    /// Which period is meant, where it is not the running one of the longest kind.
    fn suffix(&self, period: &Period) -> String {
        if Some(*period) == main_period(self.case) {
            return String::new();
        }
        let first = period.first_day();
        match period.kind() {
            PeriodKind::Day => format!(", {}", first.strftime("%-d %b")),
            PeriodKind::Week => format!(", week from {}", first.strftime("%-d %b")),
            PeriodKind::Month => format!(", {}", first.strftime("%B")),
        }
    }
}

/// The running period of the longest kind that a budget has.
pub(super) fn main_period(case: &Case<'_>) -> Option<Period> {
    let kinds: Vec<_> = case.policy.budgets.iter().map(|budget| budget.period).collect();
    let running = case.periods.iter().filter(|period| case.as_of < period.to() && kinds.contains(&period.kind()));
    running.max_by_key(|period| period.kind()).copied()
}

/// The days of a report that are judged and were not read.
pub(super) fn unread_days(case: &Case<'_>, product: Product) -> BTreeSet<Date> {
    let today = case.policy.time_zone.to_datetime(case.as_of).date();
    let first = case.periods.iter().map(Period::first_day).min().unwrap_or(today);
    let days = |gap: &Gap| {
        let (from, to) = (gap.dates.from.max(first), gap.dates.to.min(today));
        from.series(1.day()).take_while(move |day| *day <= to)
    };
    case.coverage.gaps.iter().filter(|gap| gap.product == product).flat_map(days).collect()
}

/// `1 budget is over and 1 more will probably be by 30 November; 6 are within. There is 1 spike.`
fn verdict(budgets: &[Row], news: &[News], case: &Case<'_>) -> String {
    let is_unread = |product: &Product| unread_days(case, *product).len() as u64 >= case.receipt.days;
    if budgets.is_empty() && case.receipt.rows == 0 && case.policy.products.iter().all(is_unread) {
        return "Nothing could be read, so that nobody knows whether a budget is over.".to_owned();
    }
    let spikes = news.iter().filter(|news| news.kind == Kind::Spike).count() as u64;
    let spikes = match spikes {
        0 => String::new(),
        1 => " There is 1 spike.".to_owned(),
        spikes => format!(" There are {spikes} spikes."),
    };
    let is_over = |row: &&Row| row.amount >= row.limit;
    let is_likely = |row: &&Row| row.state == State::Forecast && row.level.is_none();
    let over = budgets.iter().filter(is_over).count() as u64;
    let likely = budgets.iter().filter(is_likely).count() as u64;
    let levels = budgets.iter().filter(|row| row.state == State::Level).count() as u64;
    let within = (budgets.len() as u64) - over - likely;
    let are = |number: u64| if number == 1 { "is" } else { "are" };
    let by = budgets.iter().filter(is_likely).filter_map(|row| row.estimate.as_ref()).map(|end| end.by).max();
    let by = by.map_or_else(String::new, |by| format!(" by {}", by.strftime("%-d %B")));
    let start = match (over, likely) {
        (0, 0) => "No budget is over".to_owned(),
        (over, 0) => format!("{} {} over", count(over, "budget"), are(over)),
        (0, likely) => format!("No budget is over; {likely} will probably be{by}"),
        (over, likely) => {
            format!("{} {} over and {likely} more will probably be{by}", count(over, "budget"), are(over))
        }
    };
    // What was not read may be anything.
    let start = if over == 0 && !case.coverage.is_complete() {
        format!("As far as could be read, {}", start.replacen('N', "n", 1))
    } else {
        start
    };
    let end = match (within, levels) {
        (0, _) if budgets.is_empty() => ": nothing was charged that one covers".to_owned(),
        (0, _) => String::new(),
        (1, 0) if budgets.len() == 1 => "; the only one is within".to_owned(),
        (within, 0) if over + likely == 0 => format!("; all {within} are within"),
        (within, _) if over + likely > 0 => format!("; {within} {} within", are(within)),
        (_, _) if budgets.len() == 1 => "; the only one has reached a level".to_owned(),
        (_, levels) => {
            let have = if levels == 1 { "has" } else { "have" };
            format!("; {levels} of {} {have} reached a level", budgets.len())
        }
    };
    format!("{start}{end}.{spikes}")
}
