//! What is said about an alert, as data: a kind fills it in, the renderers put it into their forms.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize, Serializer};

use super::{Alert, AlertId, DigestRecord, ForecastRecord, Kind, SpikeRecord};
use crate::domain::background::Background;
use crate::domain::case::Case;
use crate::domain::charge::{NONE, Scope};
use crate::domain::contributors::{Contributor, Sender};
use crate::domain::money::{Amount, Currency};
use crate::domain::policy::Senders;
use crate::domain::text::label;

/// How grave an alert is, the gravest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// A budget is spent.
    Over,
    /// A subject sends far more than it ever does.
    Spike,
    /// A level is likely to be reached.
    Forecast,
    /// A part of a budget is spent.
    Warning,
    /// Something to know.
    Info,
}

impl Severity {
    /// The word at the beginning of a subject.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Severity::Over => "OVER",
            Severity::Spike => "SPIKE",
            Severity::Forecast => "FORECAST",
            Severity::Warning => "WARNING",
            Severity::Info => "INFO",
        }
    }
}

/// All that forms for people and programs show of an alert. Texts are plain: whoever puts them into a markup language escapes them.
#[derive(Clone, Debug)]
pub struct Wording {
    /// What it is about.
    pub kind: Kind,
    /// How grave it is.
    pub severity: Severity,
    /// The severity in words, or the kind: `OVER`, `50%`, `CORRECTION`.
    pub mark: String,
    /// One line for an e-mail's subject, without the mark.
    pub headline: String,
    /// A shorter one, for a chat.
    pub title: String,
    /// What `title` leaves out.
    pub detail: String,
    /// The line in a list of several.
    pub row: Row,
    /// The first paragraph.
    pub lead: String,
    /// Labels and texts.
    pub facts: Facts,
    /// A table below them, its header first; empty without one.
    pub table: Vec<Vec<String>>,
    /// What follows the table.
    pub facts_below: Facts,
    /// The facts that a chat has room for, a line each.
    pub brief: Vec<String>,
    /// What to do, in sentences.
    pub steps: Vec<String>,
    /// What to do, in a few words, for a message of several.
    pub todo: String,
    /// The exact form.
    pub machine: AlertRecord,
    /// What the machine form says beyond the run's answer.
    pub details: Details,
}

/// Labels and texts; an empty label goes on with the one before.
pub type Facts = Vec<(String, String)>;

/// A line in a list of several alerts.
#[derive(Clone, Debug)]
pub struct Row {
    /// Spent ÷ budget, rounded down; empty for what has no budget.
    pub percent: String,
    /// Who or what; where it is somebody, headline and title begin with it.
    pub who: String,
    /// ` on calls`, if that has to be said.
    pub on: String,
    /// How much.
    pub money: String,
}

impl Row {
    /// Who or what, and on what.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}{}", self.who, self.on)
    }
}

/// What became of an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was published.
    Sent,
    /// An earlier run published it.
    AlreadySent,
    /// It is due and held back by a silence.
    Silenced,
    /// It would be published.
    DryRun,
    /// It is due and was not published; the run's error says why.
    NotSent,
}

/// An alert as the run's answer and the machine form show it. Members that do not apply are left out.
#[derive(Clone, Debug, Serialize)]
pub struct AlertRecord {
    /// The id, the same in every repeat.
    pub id: AlertId,
    /// What became of it.
    pub outcome: Outcome,
    /// What the alert is about.
    pub kind: Kind,
    /// How grave it is.
    pub severity: Severity,
    /// Who hears of it: `default`.
    pub receiver: Arc<str>,
    /// What `subject` is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scope>,
    /// The billing number, department, cost center or account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<Arc<str>>,
    /// ISO 4217.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// `sms`, `call`, `fax` or `all`, where the policy reads more than messages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product: Option<&'static str>,
    /// `2026-11`, `2026-W47` or `2026-11-22`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub period: Option<String>,
    /// The name of the budget.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub budget: Option<String>,
    /// The highest level reached: `80%`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<String>,
    /// The other levels that this alert reports for the first time.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub also_reached: Vec<String>,
    /// The amount at which `level` is reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threshold: Option<Amount>,
    /// What was spent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<Amount>,
    /// Whether `amount` was read in part.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub at_least: bool,
    /// Of a correction: what was reported before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous_amount: Option<Amount>,
    /// Of a correction: the levels that are no longer reached.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub no_longer_reached: Vec<String>,
    /// Of a correction: levels of a changed policy that are reached only now.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub only_now_reached: Vec<String>,
    /// Of a correction: the subject's days that were revised.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub restated_days: Vec<Date>,
    /// Of a forecast.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forecast: Option<ForecastRecord>,
    /// Of a spike.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spike: Option<SpikeRecord>,
    /// Of a digest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<DigestRecord>,
    /// Of a silenced alert: when the silence ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

impl AlertRecord {
    /// What every kind has.
    pub(super) fn of(alert: &Alert<'_>, severity: Severity, case: &Case<'_>) -> AlertRecord {
        AlertRecord {
            id: alert.id.clone(),
            outcome: Outcome::Sent,
            kind: alert.finding.kind(),
            severity,
            receiver: Arc::clone(&case.receiver.name),
            scope: None,
            subject: None,
            currency: None,
            product: case.policy.names_products().then(|| alert.key.products.name()),
            period: None,
            budget: None,
            level: None,
            also_reached: Vec::new(),
            threshold: None,
            amount: None,
            at_least: false,
            previous_amount: None,
            no_longer_reached: Vec::new(),
            only_now_reached: Vec::new(),
            restated_days: Vec::new(),
            forecast: None,
            spike: None,
            digest: None,
            until: None,
        }
    }
}

/// What the machine form says of an alert beyond [`AlertRecord`].
#[derive(Clone, Debug, Default, Serialize)]
pub struct Details {
    /// How many messages, minutes or pages the money was spent on; of a budget for all of them left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub messages: Option<u64>,
    /// What the budget leaves, negative if overspent; `None` if that is not known.
    pub remaining: Option<Amount>,
    /// The part of what the account spent in this currency and period; `None` if that is not known.
    #[serde(serialize_with = "exact")]
    pub share_of_account: Option<Decimal>,
    /// Who spent most.
    #[serde(serialize_with = "contributors")]
    pub top: Vec<Contributor>,
    /// The company's own senders who spent most.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub senders: Vec<SenderRecord>,
}

/// A sender in the machine form.
#[derive(Clone, Debug, Serialize)]
pub struct SenderRecord {
    #[serde(skip_serializing_if = "Option::is_none")]
    extension: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    amount: Amount,
}

impl Details {
    /// What a background says.
    pub(super) fn of(background: &Background, senders: Senders) -> Details {
        let text = |text: &Arc<str>| (&**text != NONE).then(|| label(text).into_owned());
        let record = |sender: &Sender| SenderRecord {
            extension: text(&sender.extension),
            name: text(&sender.name).filter(|_| senders == Senders::Name),
            amount: sender.amount,
        };
        let shown = background.senders.iter().filter(|_| senders != Senders::None);
        let senders = shown.take(super::people::MOST_CONTRIBUTORS).map(record).collect();
        Details { top: background.top.clone(), senders, ..Details::default() }
    }
}

fn exact<S: Serializer>(share: &Option<Decimal>, serializer: S) -> Result<S::Ok, S::Error> {
    share.map(|share| share.to_string()).serialize(serializer)
}

fn contributors<S: Serializer>(top: &[Contributor], serializer: S) -> Result<S::Ok, S::Error> {
    let name = |part: &Contributor| (part.kind.name(), label(&part.name).into_owned());
    let one = |part: &Contributor| {
        let amount = ("amount", part.amount.to_string());
        std::collections::BTreeMap::from([name(part), amount])
    };
    serializer.collect_seq(top.iter().take(super::people::MOST_CONTRIBUTORS).map(one))
}
