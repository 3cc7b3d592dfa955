//! A thread as text: what an item of the table, or of the demo, holds. Money and time are strings, exact to the last digit.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::domain::alert::{AlertId, Claim, Kind, Peak, Record, Reported, Thread, ThreadKey};
use crate::domain::charge::Scope;
use crate::domain::money::{Amount, Currency};
use crate::domain::product::Products;

#[derive(Deserialize, Serialize)]
struct StoredThread {
    account: String,
    topic_arn: String,
    kind: String,
    scope: String,
    subject: String,
    currency: Option<String>,
    product: String,
    period: String,
    version: u64,
    expires_at: Timestamp,
    record: StoredRecord,
    claim: Option<StoredClaim>,
}

#[derive(Deserialize, Serialize)]
struct StoredRecord {
    reported: Option<StoredReported>,
    corrections: u32,
    lower_since: Option<Timestamp>,
}

#[derive(Deserialize, Serialize)]
struct StoredReported {
    percent: String,
    money: String,
    amount: String,
    at_least: bool,
    days: BTreeMap<Date, String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    peaks: Vec<(Date, u64)>,
    /// What earlier versions wrote.
    #[serde(default, skip_serializing)]
    peak: Option<(Date, u64)>,
    at: Timestamp,
}

#[derive(Deserialize, Serialize)]
struct StoredClaim {
    owner: String,
    lease_until: Timestamp,
    alert: String,
    next: StoredRecord,
}

/// The thread as text.
pub(super) fn text(thread: &Thread) -> String {
    let Thread { key, version, record, claim, expires_at } = thread;
    let stored = StoredThread {
        account: key.account.to_string(),
        topic_arn: key.topic_arn.to_string(),
        kind: key.kind.name().to_owned(),
        scope: key.scope.name().to_owned(),
        subject: key.subject.to_string(),
        currency: key.currency.map(|currency| currency.code().to_owned()),
        product: key.products.name().to_owned(),
        period: key.period.clone(),
        version: *version,
        expires_at: *expires_at,
        record: StoredRecord::of(record),
        claim: claim.as_ref().map(|claim| StoredClaim {
            owner: claim.owner.clone(),
            lease_until: claim.lease_until,
            alert: claim.alert.to_string(),
            next: StoredRecord::of(&claim.next),
        }),
    };
    serde_json::to_string(&stored).unwrap_or_default()
}

/// The thread in a text; `None` if it holds none.
pub(super) fn thread(text: &str) -> Option<Thread> {
    let stored: StoredThread = serde_json::from_str(text).ok()?;
    let currency = match &stored.currency {
        Some(code) => Some(Currency::parse(code).ok()?),
        None => None,
    };
    let key = ThreadKey {
        account: stored.account.into(),
        topic_arn: stored.topic_arn.into(),
        kind: Kind::ALL.into_iter().find(|kind| kind.name() == stored.kind)?,
        scope: Scope::ALL.into_iter().find(|scope| scope.name() == stored.scope)?,
        subject: stored.subject.into(),
        currency,
        products: Products::named(&stored.product)?,
        period: stored.period,
    };
    let claim = match stored.claim {
        Some(claim) => Some(Claim {
            owner: claim.owner,
            lease_until: claim.lease_until,
            alert: AlertId::stored(&claim.alert),
            next: claim.next.record()?,
        }),
        None => None,
    };
    Some(Thread { key, version: stored.version, record: stored.record.record()?, claim, expires_at: stored.expires_at })
}

impl StoredRecord {
    fn of(record: &Record) -> StoredRecord {
        let reported = record.reported.as_ref().map(|reported| StoredReported {
            percent: reported.percent.normalize().to_string(),
            money: reported.money.to_string(),
            amount: reported.amount.to_string(),
            at_least: reported.at_least,
            days: reported.days.iter().map(|(day, amount)| (*day, amount.to_string())).collect(),
            peaks: reported.peaks.iter().map(|peak| (peak.day, peak.count)).collect(),
            peak: None,
            at: reported.at,
        });
        StoredRecord { reported, corrections: record.corrections, lower_since: record.lower_since }
    }

    fn record(self) -> Option<Record> {
        let reported = match self.reported {
            Some(stored) => Some(Reported {
                percent: stored.percent.parse::<Decimal>().ok()?,
                money: Amount::parse(&stored.money).ok()?,
                amount: Amount::parse(&stored.amount).ok()?,
                at_least: stored.at_least,
                days: stored
                    .days
                    .into_iter()
                    .map(|(day, amount)| Some((day, Amount::parse(&amount).ok()?)))
                    .collect::<Option<_>>()?,
                peaks: stored.peaks.into_iter().chain(stored.peak).map(|(day, count)| Peak { day, count }).collect(),
                at: stored.at,
            }),
            None => None,
        };
        Some(Record { reported, corrections: self.corrections, lower_since: self.lower_since })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::product::Product;

    #[test]
    fn a_thread_is_read_as_it_was_written() {
        let amount = |text| Amount::parse(text).unwrap();
        let reported = Reported {
            percent: "33.50".parse().unwrap(),
            money: amount("33.5"),
            amount: amount("121.230000000001"),
            at_least: true,
            days: BTreeMap::from([("2026-11-05".parse().unwrap(), amount("-0.0205"))]),
            peaks: vec![Peak { day: "2026-11-05".parse().unwrap(), count: 412 }],
            at: "2026-11-22T13:00:00.123456789Z".parse().unwrap(),
        };
        let record = Record { reported: Some(reported), corrections: 2, lower_since: Some(Timestamp::UNIX_EPOCH) };
        let claim = Claim {
            owner: "request/1".to_owned(),
            lease_until: "2026-11-22T13:01:00.5Z".parse().unwrap(),
            alert: AlertId::stored("0123456789ab"),
            next: Record::default(),
        };
        for currency in [None, Currency::parse("USD").ok()] {
            for claim in [None, Some(claim.clone())] {
                let key = ThreadKey {
                    account: "acc".into(),
                    topic_arn: "arn:aws:sns:us-east-1:1:t".into(),
                    kind: Kind::Budget,
                    scope: Scope::Department,
                    subject: "Vertrieb \"Köln\"".into(),
                    currency,
                    products: Products::One(Product::Sms),
                    period: "2026-11".to_owned(),
                };
                let thread_ = Thread::after(None, &key, record.clone(), claim, Timestamp::UNIX_EPOCH);
                assert_eq!(thread(&text(&thread_)), Some(thread_));
            }
        }
        assert_eq!(thread("{}"), None);
    }

    #[test]
    fn a_spike_that_an_earlier_version_reported_is_known() {
        let peak = |text: &str| {
            let mut stored: serde_json::Value = serde_json::from_str(text).unwrap();
            let reported = stored["record"]["reported"].as_object_mut().unwrap();
            let peaks = reported.remove("peaks").unwrap();
            reported.insert("peak".to_owned(), peaks[0].clone());
            thread(&stored.to_string()).unwrap().record.reported.unwrap().peaks
        };
        let key = ThreadKey {
            account: "acc".into(),
            topic_arn: "arn:aws:sns:us-east-1:1:t".into(),
            kind: Kind::Spike,
            scope: Scope::BillingNumber,
            subject: "+1".into(),
            currency: None,
            products: Products::One(Product::Sms),
            period: String::new(),
        };
        let peaks = vec![Peak { day: "2026-11-05".parse().unwrap(), count: 412 }];
        let reported = Reported {
            percent: Decimal::ZERO,
            money: Amount::ZERO,
            amount: Amount::ZERO,
            at_least: false,
            days: BTreeMap::new(),
            peaks: peaks.clone(),
            at: Timestamp::UNIX_EPOCH,
        };
        let record = Record { reported: Some(reported), ..Record::default() };
        assert_eq!(peak(&text(&Thread::after(None, &key, record, None, Timestamp::UNIX_EPOCH))), peaks);
    }
}
