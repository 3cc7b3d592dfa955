//! An alert that was sent, as far as the page shows it.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::Deserialize;

use super::Sign;
use crate::domain::alert::{AlertRecord, Kind, Severity, SpikeRecord, count, limit, money};
use crate::domain::charge::Scope;
use crate::domain::estimates::Tenths;
use crate::domain::money::{Amount, Currency};
use crate::domain::product::{Product, Products};

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
    /// What is counted.
    pub products: Products,
    /// What it said: `100% of USD 100`.
    pub what: String,
    /// Who got it.
    pub receiver: Arc<str>,
    /// Of a spike, the day.
    pub spike: Option<SentSpike>,
}

/// What the page needs of an alert, as answers, messages and the ledger have it.
#[derive(Deserialize)]
struct Kept {
    id: String,
    kind: Kind,
    severity: Severity,
    receiver: String,
    scope: Option<Scope>,
    subject: Option<String>,
    currency: Option<Currency>,
    product: Option<String>,
    level: Option<String>,
    threshold: Option<Amount>,
    amount: Option<Amount>,
    previous_amount: Option<Amount>,
    spike: Option<SentSpike>,
}

/// A day that was a spike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct SentSpike {
    /// The day.
    pub day: Date,
    /// Its messages, minutes or pages.
    pub count: u64,
    /// Those of a usual day.
    pub usual: Tenths,
}

impl Sent {
    /// An alert as answers and messages have it. What was sent before a subject was renamed is shown by its name of then.
    #[must_use]
    pub fn of(record: &AlertRecord, at: Timestamp) -> Sent {
        Kept::of(record).sent(at)
    }

    /// The alerts of a message that the ledger has kept, but for those of another version.
    #[must_use]
    pub fn of_message(message: &serde_json::Value) -> Vec<Sent> {
        let Some(at) = message["sent_at"].as_str().and_then(|at| at.parse().ok()) else { return Vec::new() };
        message["alerts"].as_array().into_iter().flatten().filter_map(|alert| Sent::kept(alert, at)).collect()
    }

    fn kept(alert: &serde_json::Value, at: Timestamp) -> Option<Sent> {
        Kept::deserialize(alert).ok().map(|kept| kept.sent(at))
    }
}

impl Kept {
    fn of(record: &AlertRecord) -> Kept {
        let spike = |spike: &SpikeRecord| SentSpike { day: spike.day, count: spike.count, usual: spike.usual };
        Kept {
            id: record.id.to_string(),
            kind: record.kind,
            severity: record.severity,
            receiver: record.receiver.to_string(),
            scope: record.scope,
            subject: record.subject.as_ref().map(ToString::to_string),
            currency: record.currency,
            product: record.product.map(str::to_owned),
            level: record.level.clone(),
            threshold: record.threshold,
            amount: record.amount,
            previous_amount: record.previous_amount,
            spike: record.spike.as_ref().map(spike),
        }
    }

    fn sent(self, at: Timestamp) -> Sent {
        let (sign, kind) = match (self.kind, self.severity) {
            (Kind::Budget, Severity::Over) => (Sign::Over, "over"),
            (Kind::Budget, _) => (Sign::Level, "warning"),
            (Kind::Spike, _) => (Sign::Spike, "spike"),
            (Kind::Forecast, _) => (Sign::Likely, "forecast"),
            (Kind::Unwatched, _) => (Sign::NotCovered, "not covered"),
            (kind, _) => (Sign::Plain, kind.name()),
        };
        let (what, products) = (self.what(), self.products());
        let whose = self.scope.zip(self.subject).zip(self.currency);
        Sent {
            id: self.id,
            at,
            is_alert: !matches!(self.kind, Kind::Digest | Kind::Test),
            sign,
            kind,
            whose: whose.map(|((scope, subject), currency)| (scope, subject.into(), currency)),
            products,
            what,
            receiver: self.receiver.into(),
            spike: self.spike,
        }
    }

    /// Alerts name what is counted where more than messages are read.
    fn products(&self) -> Products {
        self.product.as_deref().and_then(Products::named).unwrap_or(Products::One(Product::Sms))
    }

    /// What the alert said, without whom it is about.
    fn what(&self) -> String {
        let Some(currency) = self.currency else { return String::new() };
        let with_currency =
            |amount: Option<Amount>| format!("{currency} {}", money(amount.unwrap_or_default(), currency, &[]));
        match (self.kind, &self.spike) {
            (_, Some(spike)) => {
                let unit = match self.products() {
                    Products::One(product) => product.unit(),
                    Products::All => Product::Sms.unit(),
                };
                format!("{}, usually {}", count(spike.count, unit), spike.usual.in_words())
            }
            (Kind::Budget, _) => {
                let level = self.level.as_deref().unwrap_or_default();
                let of = self.budget().map(|amount| format!("{level} of {currency} {}", limit(amount, currency)));
                of.unwrap_or_else(|| with_currency(self.amount))
            }
            (Kind::Forecast, _) => {
                let threshold = limit(self.threshold.unwrap_or_default(), currency);
                format!("likely over {currency} {threshold}")
            }
            (Kind::Unwatched, _) => format!("{} that no budget covers", with_currency(self.amount)),
            (Kind::Correction, _) => {
                format!("{}, not {}", with_currency(self.amount), with_currency(self.previous_amount))
            }
            _ => with_currency(self.amount),
        }
    }

    /// The amount of the budget behind a level: its threshold is so many percent of it.
    fn budget(&self) -> Option<Amount> {
        let percent: Decimal = self.level.as_ref()?.strip_suffix('%')?.parse().ok()?;
        let amount = self.threshold?.decimal().checked_mul(Decimal::ONE_HUNDRED)?.checked_div(percent)?;
        Amount::parse(&amount.normalize().to_string()).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::alert::{Outcome, Threads};
    use crate::domain::message::record;
    use crate::domain::world::{NUMBERS, World};

    #[test]
    fn what_was_kept_of_an_alert_is_shown_as_the_alert_itself() {
        let world = World::new(NUMBERS).spent("121.23");
        let alerts = world.decided(&Threads::default());
        assert!(!alerts.is_empty());
        for alert in &alerts {
            let record = record(alert, &world.case(), Outcome::Sent);
            let kept = serde_json::to_value(&record).unwrap();
            let sent = Sent::of(&record, world.as_of);
            assert_eq!(Sent::kept(&kept, world.as_of), Some(sent.clone()), "{kept}");
            assert_eq!((sent.kind, sent.what.as_str()), ("over", "100% of USD 100"));
        }
        let of_a_later_version =
            serde_json::json!({"id": "1", "kind": "other", "severity": "over", "receiver": "default"});
        assert_eq!(Sent::kept(&of_a_later_version, world.as_of), None);
    }
}
