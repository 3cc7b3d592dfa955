//! A test of the way to the readers. It goes the way of an alert, so that tries of one request are one test.

use std::sync::Arc;

use super::{Alert, AlertRecord, Details, Kind, Row, Severity, ThreadKey, Wording};
use crate::domain::case::Case;
use crate::domain::charge::Scope;
use crate::domain::product::{Product, Products};
use crate::domain::text::label;

/// Somebody asked for a test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Test {
    /// The request: what its repeats are known by.
    pub request: String,
}

impl Test {
    pub(super) fn key(&self, case: &Case<'_>) -> ThreadKey {
        ThreadKey {
            account: Arc::clone(case.totals.account()),
            topic_arn: Arc::clone(&case.receiver.topic_arn),
            kind: Kind::Test,
            scope: Scope::Account,
            subject: Arc::clone(case.totals.account()),
            currency: None,
            products: Products::One(Product::Sms),
            period: self.request.clone(),
        }
    }

    pub(super) fn wording<'a>(&self, alert: &Alert<'a>, case: &Case<'a>) -> Wording {
        let account = label(case.totals.account()).into_owned();
        Wording {
            kind: Kind::Test,
            severity: Severity::Info,
            mark: "TEST".to_owned(),
            headline: "Zoom SMS cost alerts reach you, nothing is wrong".to_owned(),
            title: "Zoom SMS cost alerts reach you".to_owned(),
            detail: "nothing is wrong".to_owned(),
            row: Row { percent: String::new(), who: "test".to_owned(), on: String::new(), money: String::new() },
            lead: format!(
                "This is a test of the Zoom SMS cost alerts of account {account}. Somebody asked for it. Nothing is wrong: alerts about real charges \
                 will reach you the same way."
            ),
            facts: Vec::new(),
            table: Vec::new(),
            facts_below: Vec::new(),
            brief: Vec::new(),
            steps: vec!["There is nothing to do.".to_owned()],
            todo: "nothing".to_owned(),
            machine: AlertRecord::of(alert, Severity::Info, case),
            details: Details::default(),
        }
    }
}
