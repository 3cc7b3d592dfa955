//! A charged row of one of Zoom's reports, as the rest of the program knows it: when, how much, and whose.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::money::{Amount, Currency};

/// What a subject without a value is called: charges without a department are a department's.
pub const NONE: &str = "(none)";

/// What detail is called that was too much to be kept.
pub const FOLDED: &str = "(folded)";

/// What the charges of a day are summed by. A text without a value is [`NONE`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Line {
    /// The company's number that is billed (see [`super::number`]).
    pub number: Arc<str>,
    /// The department.
    pub department: Arc<str>,
    /// The cost center.
    pub cost_center: Arc<str>,
    /// The company's own extension that sent the message, or received it.
    pub extension: Arc<str>,
    /// The name of that extension.
    pub name: Arc<str>,
    /// The currency of the sum.
    pub currency: Currency,
}

/// A charged row. It counts in the period of `sent`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charge {
    /// When the message was sent.
    pub sent: Timestamp,
    /// What it cost; negative for a credit.
    pub amount: Amount,
    /// Whose it is.
    pub line: Line,
}

/// What a budget is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Each billing number.
    BillingNumber,
    /// Each department.
    Department,
    /// Each cost center.
    CostCenter,
    /// Each of the company's own extensions.
    Extension,
    /// The Zoom account as a whole.
    Account,
}

impl Scope {
    /// All scopes.
    pub const ALL: [Scope; 5] =
        [Scope::BillingNumber, Scope::Department, Scope::CostCenter, Scope::Extension, Scope::Account];

    /// The name in the policy and in answers.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Scope::BillingNumber => "billing_number",
            Scope::Department => "department",
            Scope::CostCenter => "cost_center",
            Scope::Extension => "extension",
            Scope::Account => "account",
        }
    }

    /// A subject of this scope in words: `+14085550000`, `department Sales`, `the whole account`.
    #[must_use]
    pub fn of(self, subject: &str) -> String {
        match self {
            Scope::BillingNumber if subject == NONE => "charges without a billing number".to_owned(),
            Scope::BillingNumber => subject.to_owned(),
            Scope::Department => format!("department {subject}"),
            Scope::CostCenter => format!("cost center {subject}"),
            Scope::Extension if subject == NONE => "charges without an extension".to_owned(),
            Scope::Extension => format!("extension {subject}"),
            Scope::Account => "the whole account".to_owned(),
        }
    }

    /// The subject of this scope that a line belongs to; `None` for the account, which all lines belong to.
    #[must_use]
    pub fn subject(self, line: &Line) -> Option<&Arc<str>> {
        match self {
            Scope::BillingNumber => Some(&line.number),
            Scope::Department => Some(&line.department),
            Scope::CostCenter => Some(&line.cost_center),
            Scope::Extension => Some(&line.extension),
            Scope::Account => None,
        }
    }
}
