//! An alert in the mailbox.

use jiff::Zoned;

use super::look::Role;
use super::mail::{Notice, Spike};
use super::status::Status;
use crate::domain::alert::{limit, money};

/// What an alert is about, as the demo counts them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sort {
    Over,
    Forecast,
    Spike,
    Level,
    Correction,
}

impl Sort {
    fn of(notice: &Notice) -> Sort {
        match (notice.kind.as_str(), notice.severity.as_str()) {
            ("spike", _) => Sort::Spike,
            ("forecast", _) => Sort::Forecast,
            ("correction", _) => Sort::Correction,
            (_, "over") => Sort::Over,
            _ => Sort::Level,
        }
    }

    /// The sign that stands for it.
    pub(super) fn sign(self) -> char {
        match self {
            Sort::Over => '■',
            Sort::Forecast => '◆',
            Sort::Spike => '▲',
            Sort::Level => '◐',
            Sort::Correction => '↺',
        }
    }

    /// The colour of its word and its sign.
    pub(super) fn role(self) -> Role {
        match self {
            Sort::Over => Role::Over,
            Sort::Forecast => Role::Forecast,
            Sort::Spike => Role::Spike,
            Sort::Level => Role::Plain,
            Sort::Correction => Role::Correction,
        }
    }
}

/// An alert in the mailbox.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// When it came.
    pub(super) at: Zoned,
    /// The alert's id.
    pub(super) id: String,
    /// What it is about.
    pub(super) sort: Sort,
    /// `OVER`, `50%`, …
    pub(super) mark: String,
    /// Whose budget it is, by its place; `None` for what has none.
    pub(super) place: Option<usize>,
    /// Subject and sum.
    pub(super) text: String,
    /// Of a spike.
    pub(super) spike: Option<Spike>,
}

impl Entry {
    /// What an alert says, while the budgets stand so.
    pub(super) fn of(notice: &Notice, statuses: &[Status], at: &Zoned) -> Entry {
        let sort = Sort::of(notice);
        let is_of = |status: &Status| match &notice.budget {
            Some(budget) => status.name == *budget,
            None => status.number.is_some() && status.number == notice.subject,
        };
        let place = statuses.iter().position(is_of);
        let status = place.and_then(|place| statuses.get(place));
        let who = status.map_or_else(String::new, |status| match &status.number {
            Some(number) => format!("{} {number}", status.name),
            None => status.name.clone(),
        });
        let text = status.map_or_else(String::new, |status| said(sort, notice, status));
        let mark = match sort {
            Sort::Over => "OVER".to_owned(),
            Sort::Forecast => "FORECAST".to_owned(),
            Sort::Spike => "SPIKE".to_owned(),
            Sort::Correction => "CORRECTION".to_owned(),
            Sort::Level => notice.level.clone().unwrap_or_default(),
        };
        Entry {
            at: at.clone(),
            id: notice.id.clone(),
            sort,
            mark,
            place,
            text: format!("{who}: {text}"),
            spike: notice.spike.clone(),
        }
    }
}

/// What an alert says of its subject.
fn said(sort: Sort, notice: &Notice, status: &Status) -> String {
    let (currency, amount) = (status.currency, notice.amount());
    let whole = limit(status.limit, currency);
    let shown = |amount, beside| money(amount, currency, &[beside, status.limit]);
    match (sort, &notice.spike) {
        (Sort::Spike, Some(spike)) => format!("{} messages, usually {}", spike.count, spike.usual()),
        (Sort::Forecast, _) => format!("likely over {currency} {whole}"),
        (Sort::Correction, _) => {
            let previous = notice.previous();
            format!("{currency} {}, not {}", shown(amount, previous), shown(previous, amount))
        }
        _ => format!("{currency} {} of {whole}", shown(amount, amount)),
    }
}
