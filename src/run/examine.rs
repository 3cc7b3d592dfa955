//! A report that was read, and all that judging it rests on.

use std::sync::Arc;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::foresight::foresight;
use super::prepare::zoom_failed;
use super::report::{Question, Report, read_report};
use super::{Foresight, Made, Places, Prepared, Services};
use crate::clients::Deadline;
use crate::clients::zoom::Pages;
use crate::domain::alert::{Alert, Finding, Threads, decide, decide_these};
use crate::domain::case::Case;
use crate::domain::charge::Scope;
use crate::domain::evaluate::{History, digest, evaluate};
use crate::domain::message::{Composed, compose};
use crate::domain::period::{Period, PeriodKind};
use crate::domain::policy::{Policy, Receiver, Receivers, Silence};
use crate::domain::product::{Product, Products};
use crate::error::{Code, RunError};
use crate::outbox::Delivered;
use crate::request::Judge;
use crate::response::Judged;
use crate::telemetry::Spending;

/// Faulty rows, or subjects, that an error names.
const MOST_NAMED: usize = 5;

/// A report that was read, ready to be judged for a receiver.
#[derive(Debug)]
pub struct Examination<'p> {
    /// The moment judged.
    pub as_of: Timestamp,
    /// The policy.
    pub policy: &'p Policy,
    /// What was read, and what is believed.
    pub report: Report,
    /// What earlier runs have seen.
    pub history: History,
    /// Baselines that this run made, to keep.
    pub made: Vec<Made>,
    /// Who hears of it.
    pub receivers: Receivers,
    /// The address that every message ends with.
    pub link: Option<Arc<str>>,
    /// Whether a moment of the past is judged, and published.
    pub rerun: bool,
    /// The request that asked for a digest, and for nothing else.
    pub digest_request: Option<String>,
}

/// Reads what a task judges. `on_page` is called after each page.
///
/// # Errors
/// Only what leaves nothing to judge.
pub async fn examine<'p>(
    services: &Services,
    prepared: &'p Prepared,
    task: Judge,
    places: &Places,
    now: Timestamp,
    deadline: Deadline,
    on_page: &dyn Fn(Pages),
) -> Result<Examination<'p>, RunError> {
    let as_of = match task {
        Judge::Past(moment) | Judge::Rerun(moment) => moment.resolve(&prepared.policy.time_zone)?,
        // Zoom's rows have whole seconds, and people read this.
        Judge::Live | Judge::DryRun | Judge::Digest { .. } => Timestamp::from_second(now.as_second()).unwrap_or(now),
    };
    let until = match task {
        // Rows have whole seconds; one of the very moment belongs to it.
        Judge::Past(_) | Judge::Rerun(_) => as_of.saturating_add(SignedDuration::from_secs(1)).unwrap_or(as_of),
        Judge::Live | Judge::DryRun | Judge::Digest { .. } => now,
    };
    let question = Question { until, now, deadline, memory: task.memory(), on_page };
    let report = read_report(services, prepared, &question).await?;
    let Foresight { baselines, made } = foresight(services, prepared, (&report, task.memory()), deadline).await;
    let history = History {
        baselines,
        freshness: report.freshness(&prepared.policy.time_zone, as_of),
        matched: report.head().matched().clone(),
        known_from: report.known_from(),
        lately: None,
    };
    let receivers = prepared.policy.receivers(&places.topic_arn);
    let rerun = matches!(task, Judge::Rerun(_));
    Ok(Examination {
        as_of,
        policy: &prepared.policy,
        report,
        history,
        made,
        receivers,
        link: places.link.clone(),
        rerun,
        digest_request: None,
    })
}

impl Examination<'_> {
    /// All that judging rests on, for the receiver `default`.
    #[must_use]
    pub fn case(&self) -> Case<'_> {
        self.case_of(&self.receivers.default)
    }

    fn case_of<'e>(&'e self, receiver: &'e Receiver) -> Case<'e> {
        let judged = &self.report.judged;
        Case {
            policy: self.policy,
            totals: &judged.totals,
            coverage: &judged.coverage,
            receipt: &judged.receipt,
            periods: &self.report.periods,
            receiver,
            as_of: self.as_of,
            link: self.link.as_deref(),
            rerun: self.rerun,
        }
    }

    /// What is true.
    #[must_use]
    pub fn findings(&self) -> Vec<Finding<'_>> {
        let (case, findings) = (self.case(), evaluate(&self.case(), &self.history));
        let Some(request) = &self.digest_request else { return findings };
        let kind = self.policy.digest.unwrap_or(PeriodKind::Month);
        let running = Period::containing(kind, case.as_of, &self.policy.time_zone);
        running.iter().map(|period| digest(&case, *period, &findings, &self.history, Some(request.clone()))).collect()
    }

    /// What is to be done for each receiver, by the ledger.
    pub(super) fn decided(&self, threads: &Threads) -> impl Iterator<Item = (Case<'_>, Vec<Alert<'_>>)> {
        let findings = self.findings();
        // A digest that was asked for is no look at anything else.
        let decide = if self.digest_request.is_some() { decide_these } else { decide };
        self.receivers.iter().map(move |receiver| {
            let case = self.case_of(receiver);
            (case, decide(&findings, threads, &case))
        })
    }

    /// What is due to each receiver by the ledger, and what is not.
    #[must_use]
    pub fn composed(&self, threads: &Threads) -> Composed<'_> {
        Composed::of_all(self.decided(threads).map(|(case, alerts)| compose(alerts, &case)))
    }

    /// Why the figures are not proven; empty if they are.
    #[must_use]
    pub fn faults(&self) -> Vec<RunError> {
        faults(&self.report)
    }

    /// The days of which this run does not know whether a silence holds a spike back: it has no baselines for them.
    pub(super) fn days_in_doubt(&self) -> impl Iterator<Item = Period> {
        let (policy, today) = (self.policy, self.policy.time_zone.to_datetime(self.as_of).date());
        let holds = |silence: &Silence| silence.is_active(self.as_of) || silence.has_just_ended(self.as_of);
        let may_hold = !policy.spikes.is_empty() && policy.silences.iter().any(holds);
        // Of each product that is watched.
        let watched = policy.spikes.iter().map(|spike| self.history.baselines.get(&Products::One(spike.product)));
        let known_from = watched.map(|baselines| baselines.map_or(Date::MAX, |known| known.known_from(today))).max();
        let known_from = known_from.unwrap_or(Date::MIN);
        let days = self.report.periods.iter().filter(|period| period.kind() == PeriodKind::Day).copied();
        days.filter(move |day| may_hold && day.first_day() < known_from)
    }

    /// The answer, with what became of the alerts.
    #[must_use]
    pub fn answer(&self, delivered: &Delivered) -> Judged {
        let restated = self.report.judged.restated.clone();
        Judged::of(&self.case(), &self.history, self.report.requests, restated, delivered.alerts.clone())
    }

    /// What the account spent in the running period of the longest kind, by currency, beside the highest budget for it.
    pub(super) fn spending(&self) -> Vec<Spending> {
        let running = self.report.periods.iter().filter(|period| self.as_of < period.to());
        let Some(period) = running.max_by_key(|period| period.kind()) else { return Vec::new() };
        let all = self.policy.all();
        let highest = |currency| {
            let of_kind = |budget: &&crate::domain::policy::Budget| {
                (budget.products, budget.currency, budget.period) == (all, currency, period.kind())
            };
            self.policy.budgets.iter().filter(of_kind).map(|budget| budget.amount).max()
        };
        let sums = self.case().figures().by_subject(period, Scope::Account).into_iter();
        let spending = |((_, currency), sum): ((Arc<str>, _), crate::domain::totals::Sum)| Spending {
            currency,
            to_date: sum.amount,
            highest_budget: highest(currency),
        };
        sums.map(spending).collect()
    }
}

/// Why the figures are not proven; empty if they are.
pub(super) fn faults(report: &Report) -> Vec<RunError> {
    let coverage = &report.judged.coverage;
    // The failures that weigh most are known with their fixes.
    let failures = report.books.iter().filter_map(|book| Some((book.product, book.failure.as_ref()?)));
    let failures: Vec<_> =
        failures.map(|(product, failure)| (product, failure.to_string(), zoom_failed(failure).message)).collect();
    let gap = |gap: &crate::domain::coverage::Gap| {
        let known = failures.iter().find(|(product, problem, _)| (*product, problem) == (gap.product, &gap.problem));
        let problem = known.map_or(&gap.problem, |(.., with_fix)| with_fix);
        let what = if gap.product == Product::Sms { String::new() } else { format!("{} of ", gap.product.charged()) };
        RunError::new(gap.code, format!("{what}{} to {} could not be read: {problem}", gap.dates.from, gap.dates.to))
    };
    let mut faults: Vec<_> = coverage.gaps.iter().take(MOST_NAMED).map(gap).collect();
    let rows = &coverage.row_faults;
    if !rows.is_empty() {
        let named: Vec<_> = rows.iter().take(MOST_NAMED).map(ToString::to_string).collect();
        let more = rows.len().saturating_sub(MOST_NAMED);
        let more = if more > 0 { format!("; and {more} more") } else { String::new() };
        let count = if rows.len() == 1 { "1 row".to_owned() } else { format!("{} rows", rows.len()) };
        faults.push(RunError::new(
            Code::ReportInvalid,
            format!(
                "{count} of Zoom's report cannot be read, so the sums are not whole: {}{more}. Give Zoom's support the message ids",
                named.join("; ")
            ),
        ));
    }
    faults
}
