//! What a run answers, one type a task. Lambda's answers are bounded, so long lists are cut, and the number left out is said.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use crate::domain::alert::AlertRecord;
use crate::domain::case::Case;
use crate::domain::charge::Scope;
use crate::domain::coverage::{Coverage, Known, Restated, Unconfirmed};
use crate::domain::evaluate::History;
use crate::domain::matches::unmatched;
use crate::domain::money::{Amount, Currency};
use crate::domain::period::PeriodKind;
use crate::domain::policy::Silence;
use crate::domain::product::{Product, Products};
use crate::domain::text::label;
use crate::error::{Code, RunError};

const MOST_TOTALS: usize = 1_000;
const MOST_ALERTS: usize = 2_000;
const MOST_RESTATED: usize = 1_000;
const MOST_UNREAD: usize = 100;

/// The answer to an event.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum Response {
    /// The report was judged.
    Judged(Box<Judged>),
    /// A test was sent.
    Tested(Tested),
    /// The past was loaded.
    Backfilled(Backfilled),
    /// What CloudWatch shows in the widget.
    Shown(String),
}

/// A list that is cut to what an answer can hold.
#[derive(Clone, Debug)]
struct Cut<T> {
    kept: Vec<T>,
    left_out: u64,
}

impl<T> Cut<T> {
    fn to(mut list: Vec<T>, most: usize) -> Cut<T> {
        let left_out = list.len().saturating_sub(most) as u64;
        list.truncate(most);
        Cut { kept: list, left_out }
    }
}

/// What the report says. Every decision can be explained from it.
#[derive(Clone, Debug, Serialize)]
pub struct Judged {
    /// The moment judged.
    pub as_of: Timestamp,
    /// Whether the report was read whole.
    pub complete: bool,
    /// Distinct rows with a charge.
    pub rows: u64,
    /// Requests for the report, repeated ones included.
    pub requests: u64,
    /// The periods judged.
    pub periods: Vec<PeriodAnswer>,
    /// Sums by billing number, largest first where some had to be left out.
    pub totals: Vec<TotalAnswer>,
    #[serde(skip_serializing_if = "is_zero")]
    totals_left_out: u64,
    /// Civil days of the periods that were taken from the history in place of Zoom's report.
    #[serde(skip_serializing_if = "is_zero")]
    pub days_from_history: u64,
    /// What could not be read, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unread: Vec<Unread>,
    #[serde(skip_serializing_if = "is_zero")]
    unread_left_out: u64,
    /// Figures that fell and wait for a second reading.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unconfirmed: Vec<Unconfirmed>,
    /// Budgets, spikes and silences (by their reason) whose `only` matches nothing that was ever seen.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unmatched: Vec<String>,
    /// The policy's silences.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub silences: Vec<SilenceAnswer>,
    /// Sums of past days that Zoom has changed since they were read before.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub restated: Vec<Restated>,
    #[serde(skip_serializing_if = "is_zero")]
    restated_left_out: u64,
    /// The alerts due or sent before, and what became of each.
    pub alerts: Vec<AlertRecord>,
    #[serde(skip_serializing_if = "is_zero")]
    alerts_left_out: u64,
}

/// A judged period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PeriodAnswer {
    kind: PeriodKind,
    from: Timestamp,
    to: Timestamp,
    complete: bool,
}

/// The sum of a billing number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TotalAnswer {
    /// The period's label.
    pub period: String,
    /// The number, or `(none)`.
    pub billing_number: Arc<str>,
    /// ISO 4217.
    pub currency: Currency,
    /// What is charged, where the policy reads more than messages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product: Option<&'static str>,
    /// The exact sum.
    pub amount: Amount,
    /// How many messages, minutes or pages.
    pub messages: u64,
    /// Rows whose price Zoom does not know yet: they are not in the sum.
    #[serde(skip_serializing_if = "is_zero")]
    pub not_priced: u64,
}

/// Dates that were not read, or a row that cannot be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unread {
    /// Which report, where the policy reads more than messages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product: Option<&'static str>,
    /// The first date; `None` for a row without a readable time.
    pub from: Option<Date>,
    /// The last date.
    pub to: Option<Date>,
    /// What the failure is called.
    pub code: Code,
    /// The failure in words.
    pub problem: String,
}

/// A silence of the policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SilenceAnswer {
    /// Why.
    pub reason: String,
    /// Its first moment.
    pub from: Timestamp,
    /// The first moment after it.
    pub until: Timestamp,
    /// `later`, `active` or `over`.
    pub status: &'static str,
}

impl SilenceAnswer {
    fn of(silence: &Silence, at: Timestamp) -> SilenceAnswer {
        let status = silence.status(at);
        SilenceAnswer { reason: label(&silence.reason).into_owned(), from: silence.from, until: silence.until, status }
    }
}

/// What became of a test.
#[derive(Clone, Debug, Serialize)]
pub struct Tested {
    /// When the test was asked for.
    pub as_of: Timestamp,
    /// The one alert.
    pub alerts: Vec<AlertRecord>,
}

/// The answer of a backfill.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Backfilled {
    /// What it came to.
    pub backfill: Backfill,
}

/// How far the past is loaded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Backfill {
    /// Past days that are in the daybook now.
    pub days: u64,
    /// Of these, those that this run read and saved.
    pub days_read: u64,
    /// The earliest of them; `None` without any.
    pub since: Option<Date>,
    /// Whether all are there that Zoom still has; if not, another backfill goes on.
    pub finished: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl Judged {
    /// The answer of a run that judged the report, with what became of the alerts.
    #[must_use]
    pub fn of(
        case: &Case<'_>,
        history: &History,
        requests: u64,
        restated: Vec<Restated>,
        alerts: Vec<AlertRecord>,
    ) -> Judged {
        let mut sums = totals(case);
        if sums.len() > MOST_TOTALS {
            sums.sort_by_key(|total| std::cmp::Reverse(total.amount));
        }
        let coverage = case.coverage;
        let (sums, unread) = (Cut::to(sums, MOST_TOTALS), Cut::to(unread(coverage, case), MOST_UNREAD));
        let (restated, alerts) = (Cut::to(restated, MOST_RESTATED), Cut::to(alerts, MOST_ALERTS));
        let period = |period: &crate::domain::period::Period| PeriodAnswer {
            kind: period.kind(),
            from: period.from(),
            to: period.to(),
            complete: coverage.is_whole(case.policy.all(), period),
        };
        let unmatched = unmatched(case.policy, case.totals, case.periods, &history.matched);
        Judged {
            as_of: case.as_of,
            complete: coverage.is_complete(),
            rows: case.receipt.rows,
            requests,
            periods: case.periods.iter().map(period).collect(),
            totals: sums.kept,
            totals_left_out: sums.left_out,
            days_from_history: case.receipt.days_from_history,
            unread: unread.kept,
            unread_left_out: unread.left_out,
            unconfirmed: coverage.unconfirmed.clone(),
            unmatched: unmatched.into_iter().map(|selector| selector.name.to_owned()).collect(),
            silences: case.policy.silences.iter().map(|silence| SilenceAnswer::of(silence, case.as_of)).collect(),
            restated: restated.kept,
            restated_left_out: restated.left_out,
            alerts: alerts.kept,
            alerts_left_out: alerts.left_out,
        }
    }
}

/// Of the periods that budgets have: the days on which spikes are looked for have sums of their own in no budget.
fn totals(case: &Case<'_>) -> Vec<TotalAnswer> {
    let mut sums = Vec::new();
    let kinds: Vec<_> = case.policy.budgets.iter().map(|budget| budget.period).collect();
    for period in case.periods.iter().filter(|period| kinds.is_empty() || kinds.contains(&period.kind())) {
        for product in case.policy.products.iter().copied() {
            let figures = case.totals.figures(Products::One(product));
            let mut by_number = figures.by_subject(period, Scope::BillingNumber);
            let numbers = Scope::BillingNumber;
            let not_priced = case.coverage.not_priced(Products::One(product), period, numbers, figures.account());
            not_priced.keys().for_each(|key| _ = by_number.entry(key.clone()).or_default());
            sums.extend(by_number.into_iter().map(|(key, sum)| TotalAnswer {
                period: period.label(),
                product: case.policy.names_products().then(|| product.name()),
                not_priced: not_priced.get(&key).copied().unwrap_or_default(),
                billing_number: key.0,
                currency: key.1,
                amount: sum.amount,
                messages: sum.messages,
            }));
        }
    }
    sums
}

/// Gaps and rows. Of a row only what is wrong with it is said, never what it holds.
fn unread(coverage: &Coverage, case: &Case<'_>) -> Vec<Unread> {
    let named = |product: Product| case.policy.names_products().then(|| product.name());
    let gap = |gap: &crate::domain::coverage::Gap| Unread {
        product: named(gap.product),
        from: Some(gap.dates.from),
        to: Some(gap.dates.to),
        code: gap.code,
        problem: gap.problem.clone(),
    };
    let row = |fault: &crate::domain::coverage::RowFault| {
        let day = match &fault.sent {
            Known::Value(sent) => Some(case.policy.time_zone.to_datetime(*sent).date()),
            Known::Unknown => None,
        };
        Unread {
            product: named(fault.product),
            from: day,
            to: day,
            code: Code::ReportInvalid,
            problem: fault.to_string(),
        }
    };
    coverage.gaps.iter().map(gap).chain(coverage.row_faults.iter().map(row)).collect()
}

impl From<RunError> for lambda_runtime::Diagnostic {
    fn from(error: RunError) -> Self {
        lambda_runtime::Diagnostic { error_type: error.code.to_string(), error_message: error.message }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::alert::Threads;
    use crate::domain::coverage::RowFault;
    use crate::domain::message::compose;
    use crate::domain::world::{NUMBERS, World};
    use crate::outbox::preview;

    #[test]
    fn a_judged_report_is_answered_as_the_contract_says() {
        let only = "[[budget]]\nname = \"misspelt\"\nscope = \"department\"\nonly = [\"Slaes\"]\ncurrency = \"USD\"\namount = 1";
        let mut world = World::new(&format!("{NUMBERS}{only}")).spent("85").unread(20, 22).unconfirmed();
        world.coverage.row_faults.push(RowFault {
            product: Product::Sms,
            message_id: "M-1".to_owned(),
            field: "total_charge",
            problem: "is missing".to_owned(),
            sent: Known::Value(world.as_of),
            number: Known::Unknown,
            department: Known::Unknown,
            cost_center: Known::Unknown,
            extension: Known::Unknown,
            currency: Known::Unknown,
        });
        let case = world.case();
        let delivered = preview(&compose(world.decided(&Threads::default()), &case));
        let judged = Judged::of(&case, &world.history, 7, Vec::new(), delivered.alerts);
        insta::assert_json_snapshot!(Response::Judged(Box::new(judged)), @r#"
        {
          "as_of": "2026-11-22T13:00:00Z",
          "complete": false,
          "rows": 1443,
          "requests": 7,
          "periods": [
            {
              "kind": "month",
              "from": "2026-11-01T04:00:00Z",
              "to": "2026-12-01T05:00:00Z",
              "complete": false
            }
          ],
          "totals": [
            {
              "period": "2026-11",
              "billing_number": "+12025550187",
              "currency": "USD",
              "amount": "85",
              "messages": 3
            }
          ],
          "unread": [
            {
              "from": "2026-11-20",
              "to": "2026-11-22",
              "code": "ZoomUnavailable",
              "problem": "HTTP 500"
            },
            {
              "from": "2026-11-22",
              "to": "2026-11-22",
              "code": "ReportInvalid",
              "problem": "the row of message M-1: total_charge is missing"
            }
          ],
          "unconfirmed": [
            {
              "day": "2026-11-05",
              "currency": "USD",
              "before": "2",
              "after": "1"
            }
          ],
          "unmatched": [
            "misspelt"
          ],
          "alerts": [
            {
              "id": "553eb78b4468",
              "outcome": "dry_run",
              "kind": "budget",
              "severity": "warning",
              "receiver": "default",
              "scope": "billing_number",
              "subject": "+12025550187",
              "currency": "USD",
              "period": "2026-11",
              "budget": "every number",
              "level": "80%",
              "also_reached": [
                "50%"
              ],
              "threshold": "80",
              "amount": "85",
              "at_least": true
            }
          ]
        }
        "#);
    }

    #[test]
    fn a_backfill_never_claims_to_be_complete() {
        let backfill =
            Backfill { days: 390, days_read: 30, since: Some("2025-10-25".parse().unwrap()), finished: false };
        assert_eq!(
            json!(Response::Backfilled(Backfilled { backfill })),
            json!({"backfill": {"days": 390, "days_read": 30, "since": "2025-10-25", "finished": false}})
        );
    }
}
