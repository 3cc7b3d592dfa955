//! An alert that was sent, as far as the page shows it.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use rust_decimal::Decimal;

use super::{Sign, shown, shown_limit};
use crate::domain::alert::{AlertRecord, Kind, Severity};
use crate::domain::charge::Scope;
use crate::domain::money::{Amount, Currency};

/// An alert that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The id by which `cost-alerts explain` finds it; empty for none.
    pub id: String,
    /// When it was sent.
    pub at: Timestamp,
    /// Whether it is an alert: summaries and tests are none.
    pub is_alert: bool,
    /// Its sign.
    pub sign: Sign,
    /// Its kind in a word: `over`, `forecast`, `correction`.
    pub kind: &'static str,
    /// Whom it is about; `None` for what concerns no subject.
    pub whose: Option<(Scope, Arc<str>, Currency)>,
    /// What it said: `100% of USD 100`.
    pub what: String,
    /// Who got it.
    pub receiver: Arc<str>,
    /// Of a spike: the day, and its messages.
    pub spike: Option<(Date, u64)>,
}

impl Sent {
    /// An alert as answers and messages have it. What was sent before a subject was renamed is shown by its name of then.
    #[must_use]
    pub fn of(record: &AlertRecord, at: Timestamp) -> Sent {
        let AlertRecord { scope, subject, currency, .. } = record;
        let (sign, kind) = match (record.kind, record.severity) {
            (Kind::Budget, Severity::Over) => (Sign::Over, "over"),
            (Kind::Budget, _) => (Sign::Level, "warning"),
            (Kind::Spike, _) => (Sign::Spike, "spike"),
            (Kind::Forecast, _) => (Sign::Likely, "forecast"),
            (Kind::Unwatched, _) => (Sign::NotCovered, "not covered"),
            (kind, _) => (Sign::Plain, kind.name()),
        };
        Sent {
            id: record.id.to_string(),
            at,
            is_alert: !matches!(record.kind, Kind::Digest | Kind::Test),
            sign,
            kind,
            whose: scope
                .zip(subject.clone())
                .zip(*currency)
                .map(|((scope, subject), currency)| (scope, subject, currency)),
            what: what(record),
            receiver: Arc::clone(&record.receiver),
            spike: record.spike.as_ref().map(|spike| (spike.day, spike.count)),
        }
    }
}

/// What an alert said, without whom it is about.
fn what(record: &AlertRecord) -> String {
    let Some(currency) = record.currency else { return String::new() };
    let money = |amount: Option<Amount>| format!("{currency} {}", shown(amount.unwrap_or_default(), currency, &[]));
    match (record.kind, &record.spike) {
        (_, Some(spike)) => format!("{} messages, usually {}", spike.count, spike.usual.in_words()),
        (Kind::Budget, _) => {
            let level = record.level.as_deref().unwrap_or_default();
            let of = amount_of(record).map(|amount| format!("{level} of {currency} {}", shown_limit(amount, currency)));
            of.unwrap_or_else(|| money(record.amount))
        }
        (Kind::Forecast, _) => {
            let threshold = shown_limit(record.threshold.unwrap_or_default(), currency);
            format!("likely over {currency} {threshold}")
        }
        (Kind::Unwatched, _) => format!("{} that no budget covers", money(record.amount)),
        (Kind::Correction, _) => format!("{}, not {}", money(record.amount), money(record.previous_amount)),
        _ => money(record.amount),
    }
}

/// The amount of the budget behind a level: its threshold is so many percent of it.
fn amount_of(record: &AlertRecord) -> Option<Amount> {
    let percent: Decimal = record.level.as_ref()?.strip_suffix('%')?.parse().ok()?;
    let amount = record.threshold?.decimal().checked_mul(Decimal::ONE_HUNDRED)?.checked_div(percent)?;
    Amount::parse(&amount.normalize().to_string()).ok()
}
