//! The demo's mailbox: what was published, read the way a program reads it, by the machine form.

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::Number;

use crate::domain::message::Publication;
use crate::domain::money::Amount;

/// A message in the mailbox.
#[derive(Clone, Debug)]
pub(super) struct Mail {
    /// The id that a reader knows a repeat by.
    pub(super) id: String,
    /// Whether the message says that an earlier run may have sent it.
    pub(super) possible_repeat: bool,
    /// What it reports.
    pub(super) alerts: Vec<Notice>,
    /// All its forms.
    pub(super) publication: Publication,
}

/// What the demo reads of an alert.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Notice {
    /// The id.
    pub(super) id: String,
    /// `budget`, `forecast`, …
    pub(super) kind: String,
    /// `over`, `warning`, …
    pub(super) severity: String,
    /// The name of the budget.
    pub(super) budget: Option<String>,
    /// The number, department or account.
    pub(super) subject: Option<String>,
    /// The highest level reached.
    pub(super) level: Option<String>,
    amount: Option<String>,
    previous_amount: Option<String>,
    /// Of a spike.
    pub(super) spike: Option<Spike>,
}

/// What the demo reads of a spike.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Spike {
    /// Messages of the day.
    pub(super) count: u64,
    usual: Number,
    extra: String,
    /// When the first hour with more than a usual day's messages started.
    pub(super) started: Option<Timestamp>,
}

#[derive(Default, Deserialize)]
struct Machine {
    id: String,
    possible_repeat: bool,
    alerts: Vec<Notice>,
}

fn money(text: Option<&str>) -> Amount {
    text.and_then(|text| Amount::parse(text).ok()).unwrap_or_default()
}

impl Notice {
    /// What was spent.
    pub(super) fn amount(&self) -> Amount {
        money(self.amount.as_deref())
    }

    /// Of a correction: what was reported before.
    pub(super) fn previous(&self) -> Amount {
        money(self.previous_amount.as_deref())
    }
}

impl Spike {
    /// Messages of a usual day, rounded.
    pub(super) fn usual(&self) -> Decimal {
        self.usual.to_string().parse::<Decimal>().unwrap_or_default().round()
    }

    /// What the messages above the usual cost.
    pub(super) fn extra(&self) -> Amount {
        money(Some(&self.extra))
    }
}

impl Mail {
    /// A published message.
    pub(super) fn of(publication: Publication) -> Mail {
        let machine: Machine = serde_json::from_str(&publication.machine).unwrap_or_default();
        let Machine { id, possible_repeat, alerts } = machine;
        Mail { id, possible_repeat, alerts, publication }
    }
}
