//! Numbers and senders on the page.

use serde::{Deserialize, Serialize};

use crate::domain::estimates::Estimate;
use crate::domain::money::{Amount, Currency};

/// A month of the past thirteen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Month {
    /// `Nov 2025`.
    pub name: String,
    /// Whether every day of it is known, up to today.
    pub whole: bool,
}

/// A month whose days are shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayMonth {
    /// `November`.
    pub name: String,
    /// How many days it has.
    pub days: u32,
    /// The day of the month of its first Monday.
    pub monday: u32,
}

/// A department, and its numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Department {
    /// Its name.
    pub name: String,
    /// Whether it is one: charges without a department stand under a name too.
    pub is_known: bool,
    /// Its months, by currency.
    pub sums: Vec<Thirteen>,
    /// Its numbers, the most used first.
    pub numbers: Vec<NumberRow>,
}

/// Thirteen months in a currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thirteen {
    /// The currency.
    pub currency: Currency,
    /// By month, oldest first; `None` for a month of which nothing is known.
    pub months: Vec<Option<Amount>>,
}

/// A number, its months and its days.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NumberRow {
    /// The number.
    pub number: String,
    /// Its months.
    pub spent: Thirteen,
    /// The limit of its monthly budget.
    pub limit: Option<Amount>,
    /// Where the running month will end.
    pub estimate: Option<Estimate>,
    /// The median of the known months before the running one.
    pub usual: Option<Amount>,
    /// What is likely by the end of the month, against that, in percent.
    pub against: Option<i64>,
    /// A character a day: see [`Cell`].
    pub days: String,
    /// Messages on a usual day.
    pub usual_day: String,
    /// Days that are spikes: the place in `days`, and the messages.
    pub spikes: Vec<(u32, u64)>,
    /// Messages on each day of the running month, up to today.
    pub messages: Vec<Option<u64>>,
}

/// What is known of a number's day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell {
    /// Nothing.
    Unknown,
    /// The day is still to come.
    Ahead,
    /// Nothing was sent.
    Nothing,
    /// Under half of a usual day.
    Little,
    /// About a usual day.
    Usual,
    /// Over one and a half times a usual day.
    Much,
    /// Over three times a usual day.
    VeryMuch,
}

impl Cell {
    const ALL: [(Cell, char); 7] = [
        (Cell::Unknown, '?'),
        (Cell::Ahead, '.'),
        (Cell::Nothing, '0'),
        (Cell::Little, '1'),
        (Cell::Usual, '2'),
        (Cell::Much, '3'),
        (Cell::VeryMuch, '4'),
    ];

    /// The cell of a character; what no cell is, is not known.
    #[must_use]
    pub fn of(character: char) -> Cell {
        Cell::ALL.into_iter().find(|(_, known)| *known == character).map_or(Cell::Unknown, |(cell, _)| cell)
    }

    /// Its character.
    #[must_use]
    pub fn character(self) -> char {
        Cell::ALL.into_iter().find(|(cell, _)| *cell == self).map_or('?', |(_, character)| character)
    }
}

/// Who sent what was spent in a currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SenderGroup {
    /// The currency.
    pub currency: Currency,
    /// What the whole account spent in it.
    pub spent: Amount,
    /// The senders, most first.
    pub senders: Vec<Sender>,
    /// The senders that do not stand for themselves: how many, and what they spent.
    pub more: Option<(u64, Amount)>,
}

/// One of the company's own senders.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sender {
    /// The name of its extension; the number where no extension is known.
    pub name: String,
    /// Its extension.
    pub extension: Option<String>,
    /// The numbers that are billed.
    pub numbers: Vec<String>,
    /// What it spent in the running month.
    pub spent: Amount,
    /// What it spent in the month before.
    pub last: Option<Amount>,
    /// The part of the whole account, in percent; `None` where credits make it meaningless.
    pub share: Option<i64>,
    /// Its messages in the running month.
    pub messages: Option<u64>,
}
