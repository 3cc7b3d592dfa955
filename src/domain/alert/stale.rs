//! A report without new rows: to read an old report well is no good news. Reported once an episode, which is known by its newest row.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::counted::on;
use super::{Alert, AlertRecord, Details, Kind, Row, Severity, ThreadKey, Wording, count, moment};
use crate::domain::case::Case;
use crate::domain::charge::Scope;
use crate::domain::evaluate::Freshness;
use crate::domain::product::{Product, Products};

/// No report is stale before this.
const LEAST: SignedDuration = SignedDuration::from_hours(3 * 24);

/// A report that lacks new rows for longer than ever.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stale {
    /// Which report.
    pub product: Product,
    /// When the newest row was sent.
    pub newest_row: Timestamp,
    /// The longest time without a row that is usual.
    pub longest_gap: SignedDuration,
}

impl Stale {
    /// Finds a report whose newest row is older than twice the longest usual gap.
    pub(in crate::domain) fn find(freshness: &Freshness, as_of: Timestamp) -> Option<Stale> {
        let Freshness { product, newest_row, longest_gap } = *freshness;
        let usual = longest_gap.checked_mul(2).unwrap_or(SignedDuration::MAX).max(LEAST);
        (as_of.duration_since(newest_row) > usual).then_some(Stale { product, newest_row, longest_gap })
    }

    pub(super) fn key(&self, case: &Case<'_>) -> ThreadKey {
        ThreadKey {
            account: Arc::clone(case.totals.account()),
            topic_arn: Arc::clone(&case.receiver.topic_arn),
            kind: Kind::Stale,
            scope: Scope::Account,
            subject: Arc::clone(case.totals.account()),
            currency: None,
            products: Products::One(self.product),
            period: self.newest_row.to_zoned(case.policy.time_zone.clone()).date().to_string(),
        }
    }

    pub(super) fn wording<'a>(&self, alert: &Alert<'a>, case: &Case<'a>) -> Wording {
        let newest = self.newest_row.to_zoned(case.policy.time_zone.clone()).strftime("%-d %B").to_string();
        let (charged, of) = (self.product.charged(), on(Products::One(self.product), case));
        let days = |span: SignedDuration| count(span.as_hours().unsigned_abs() / 24, "day");
        let age = days(case.as_of.duration_since(self.newest_row));
        Wording {
            kind: Kind::Stale,
            severity: Severity::Info,
            mark: "STALE".to_owned(),
            headline: format!("no new charge in Zoom's report{of} since {newest}, for {age}"),
            title: format!("no new charge in Zoom's report{of} since {newest}"),
            detail: format!("for {age}"),
            row: Row {
                percent: String::new(),
                who: format!("Zoom's report{of}"),
                on: String::new(),
                money: format!("no new charge for {age}"),
            },
            lead: format!(
                "Zoom's report{of} was read, and its newest charge is of {newest}, {age} ago. If there were charges since, Zoom does not list \
                 them, and no budget counts them."
            ),
            facts: vec![
                ("Newest".to_owned(), moment(self.newest_row, case)),
                ("Usual".to_owned(), format!("at most {} without a charge", days(self.longest_gap))),
            ],
            table: Vec::new(),
            facts_below: Vec::new(),
            brief: Vec::new(),
            steps: vec![
                format!(
                    "If there were no {charged} since, do nothing: no further alert follows until there is a new charge."
                ),
                format!(
                    "If there were {charged}, compare with the {} Charges Usage Report in Zoom's web portal, and ask Zoom's support.",
                    self.product.report()
                ),
            ],
            todo: format!("if there were {charged}, ask Zoom's support"),
            machine: AlertRecord {
                period: Some(alert.key.period.clone()),
                ..AlertRecord::of(alert, Severity::Info, case)
            },
            details: Details::default(),
        }
    }
}
