//! The page that a run leaves for the dashboard's widget.
//!
//! A run that could not read everything leaves one too, which names what is missing: an old page would look as if all were well. Nobody is
//! alerted by it, so that a failure is a warning.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::examine::Examination;
use super::{Prepared, Services};
use crate::clients::Deadline;
use crate::daybook::{Head, Listed, Months, StoreError};
use crate::domain::alert::hash;
use crate::domain::case::Case;
use crate::domain::page::{Page, Sent, Story};
use crate::domain::period::start_of;
use crate::domain::product::{Product, Products};
use crate::domain::totals::{DaySums, Totals};
use crate::outbox::Delivered;

/// Bytes of a stored page; an item of DynamoDB takes 400 KB.
const MOST_BYTES: usize = 300 * 1024;
/// Longer than a run takes.
const A_RUN: SignedDuration = SignedDuration::from_hours(1);
/// Days of the daybook that are in memory at once.
const DAYS_AT_ONCE: usize = 3;
/// The version of what is kept of past months.
const VERSION: &str = "1";

/// The sums of past days.
type Days = BTreeMap<Date, DaySums>;
/// Those of each product.
type Past = BTreeMap<Product, Days>;

/// What a run stores its page from.
pub(super) struct Kept<'a> {
    pub(super) services: &'a Services,
    pub(super) prepared: &'a Prepared,
    pub(super) examination: &'a Examination<'a>,
    /// The daybooks' heads, as this run leaves them, in the order of the report's books.
    pub(super) heads: &'a [Head],
    pub(super) delivered: &'a Delivered,
    pub(super) now: Timestamp,
}

impl Kept<'_> {
    /// Stores the page, in place of that of the last run.
    pub(super) async fn keep(&self, deadline: Deadline) {
        let examination = self.examination;
        let Some(sent) = deadline.share_of(3).bound(self.sent()).await.flatten() else {
            // An empty list would say that nothing was sent.
            tracing::warn!(
                "without what was sent no page is stored; the dashboard's widget shows that of an earlier run"
            );
            return;
        };
        let months = self.months_in_time(deadline.share_of(2)).await;
        let Some(page) = self.page(&sent, &months) else { return };
        let account = examination.report.judged.totals.account().to_string();
        let listed = Listed { account, as_of: examination.as_of, verdict: page.verdict.clone() };
        let text = serde_json::to_string(&page).unwrap_or_default();
        match deadline.bound(self.services.daybook.keep_page(&listed, &text)).await {
            Some(Ok(())) => {}
            Some(Err(error)) => {
                tracing::warn!(%error, "the dashboard's widget goes on showing the page of an earlier run");
            }
            None => tracing::warn!("the run's time was up before the page of the dashboard's widget was stored"),
        }
    }

    /// What was sent in the running month, so far as the ledger has kept it.
    async fn sent(&self) -> Option<Vec<Sent>> {
        let report = &self.examination.report;
        let (zone, as_of) = (&self.prepared.policy.time_zone, self.examination.as_of);
        let from = start_of(zone.to_datetime(as_of).date().first_of_month(), zone).ok()?;
        // What this run has sent is among it.
        let until = as_of.saturating_add(A_RUN).unwrap_or(as_of);
        let messages = self.services.ledger.messages(report.judged.totals.account(), (from, until)).await;
        let messages = messages.map_err(|error| tracing::warn!(%error, "what was sent is not known")).ok()?;
        Some(messages.iter().flat_map(Sent::of_message).collect())
    }

    fn page(&self, sent: &[Sent], months: &Past) -> Option<Page> {
        let examination = self.examination;
        let findings = examination.findings();
        let with_months: Totals;
        let case = if months.is_empty() {
            examination.case()
        } else {
            let mut totals = examination.report.judged.totals.clone();
            for (product, days) in months {
                let days = days.iter().filter(|(day, _)| **day < examination.report.first_day);
                days.for_each(|(day, sums)| totals.set(*product, *day, sums));
            }
            with_months = totals;
            Case { totals: &with_months, ..examination.case() }
        };
        let story = Story {
            case,
            findings: &findings,
            history: &examination.history,
            sent,
            alerts: &self.delivered.alerts,
            is_replayed: false,
        };
        Page::of(&story).map(|page| page.fitting(MOST_BYTES))
    }

    /// The past months; none if they cannot be had, so that the page shows the running period alone.
    async fn months_in_time(&self, deadline: Deadline) -> Past {
        if self.examination.report.books.iter().any(|book| book.is_without_daybook) {
            return Past::new();
        }
        let problem = match deadline.bound(self.months()).await {
            Some(Ok(months)) => return months,
            Some(Err(error)) => error.to_string(),
            None => "no answer in time".to_owned(),
        };
        tracing::warn!(problem, "the page of the dashboard's widget shows the running period alone");
        Past::new()
    }

    /// The past months: made by the day's first run, read by the others.
    async fn months(&self) -> Result<Past, StoreError> {
        let mut past = Past::new();
        for (book, head) in self.examination.report.books.iter().zip(self.heads) {
            past.insert(book.product, self.months_of(Products::One(book.product), head).await?);
        }
        Ok(past)
    }

    async fn months_of(&self, products: Products, head: &Head) -> Result<Days, StoreError> {
        let (daybook, whose) = (&self.services.daybook, self.prepared.whose(products));
        let today = self.prepared.policy.time_zone.to_datetime(self.examination.as_of).date();
        let first = Months::first(today);
        let days: Vec<Date> = head.known_days().map(|(day, _)| day).collect();
        let days: Vec<_> = days.into_iter().filter(|day| (first..today).contains(day)).collect();
        // A backfill makes more of them known within a day.
        let state = hash(&[VERSION, &today.to_string(), &days.len().to_string()], 32);
        if let Some(months) = daybook.months(whose, &state).await? {
            return Ok(months);
        }
        let mut months = Months::before(today);
        for some in days.chunks(DAYS_AT_ONCE) {
            if months.is_too_much() {
                break;
            }
            let sums = daybook.days(whose, head, some).await?;
            sums.iter().for_each(|(day, sums)| months.add(*day, sums));
        }
        let months = months.finish();
        daybook.keep_months(whose, &months, &state, self.now).await?;
        Ok(months)
    }
}
