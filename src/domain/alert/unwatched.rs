//! Charges in a currency that no budget covers: reported once for the account, in the longest kind of period that the policy has.

use std::sync::Arc;

use super::counted::on;
use super::people::{sent_by, sent_by_in_a_line};
use super::words::{days_left, period_name};
use super::{Alert, AlertRecord, Details, Kind, Row, Severity, ThreadKey, Wording, money};
use crate::domain::case::Case;
use crate::domain::charge::Scope;
use crate::domain::contributors::Whose;
use crate::domain::coverage::Certainty;
use crate::domain::money::{Amount, Currency};
use crate::domain::period::Period;
use crate::domain::product::{Product, Products};
use crate::domain::text::capitalised;
use crate::domain::totals::Sum;

/// What an account has spent in a currency without a budget.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unwatched {
    /// What was charged.
    pub product: Product,
    /// Zoom's account id.
    pub account: Arc<str>,
    /// The currency.
    pub currency: Currency,
    /// The period of `sum`.
    pub period: Period,
    /// What was spent.
    pub sum: Sum,
    /// How far `sum` can be trusted.
    pub certainty: Certainty,
}

impl Unwatched {
    pub(super) fn key(&self, case: &Case<'_>) -> ThreadKey {
        ThreadKey {
            account: Arc::clone(&self.account),
            topic_arn: Arc::clone(&case.receiver.topic_arn),
            kind: Kind::Unwatched,
            scope: Scope::Account,
            subject: Arc::clone(&self.account),
            currency: Some(self.currency),
            products: Products::One(self.product),
            period: self.period.label(),
        }
    }

    pub(super) fn whose(&self) -> Whose {
        Whose {
            period: self.period,
            products: Products::One(self.product),
            scope: Scope::Account,
            subject: Arc::clone(&self.account),
            currency: self.currency,
        }
    }

    pub(super) fn wording<'a>(&self, alert: &Alert<'a>, case: &Case<'a>) -> Wording {
        let Unwatched { product, currency, period, sum, .. } = self;
        let on = on(Products::One(*product), case);
        let at_least = self.certainty == Certainty::AtLeast;
        let amount = money(sum.amount, *currency, &[Amount::ZERO]);
        let (name, left) = (period_name(period, case), days_left(period, case));
        let bound = if at_least { " in the part of Zoom's report that could be read" } else { "" };
        let mut facts = sent_by(&self.whose(), &alert.background, case);
        facts.push((capitalised(&product.units()), sum.messages.to_string()));
        let kind = period.kind().name();
        let all = if case.policy.names_products() { "; without `product` it counts all that is read" } else { "" };
        Wording {
            kind: Kind::Unwatched,
            severity: Severity::Info,
            mark: "UNWATCHED".to_owned(),
            headline: format!("{currency} {amount} spent{on} that no budget covers, {name}"),
            title: format!("{currency} {amount} spent{on} that no budget covers"),
            detail: format!("{name}, {left}"),
            row: Row {
                percent: String::new(),
                who: format!("no budget covers {currency}{on}"),
                on: String::new(),
                money: format!("{currency} {amount}"),
            },
            lead: format!(
                "Your account has spent {currency} {amount}{on} in {name}{bound}, and no budget of the policy covers {currency}{on}."
            ),
            facts,
            table: Vec::new(),
            facts_below: Vec::new(),
            brief: sent_by_in_a_line(&self.whose(), &alert.background, case).into_iter().collect(),
            steps: vec![format!(
                "Add a budget in {currency} to the policy{all}, or set unwatched = \"ignore\". No further alert follows for {currency}{on} this {kind}."
            )],
            todo: format!("add a budget in {currency} to the policy{all}"),
            machine: AlertRecord {
                scope: Some(Scope::Account),
                subject: Some(Arc::clone(&self.account)),
                currency: Some(*currency),
                period: Some(period.label()),
                amount: Some(sum.amount),
                at_least,
                ..AlertRecord::of(alert, Severity::Info, case)
            },
            details: Details { messages: Some(sum.messages), ..Details::of(&alert.background, case.policy.senders) },
        }
    }
}
