//! What the report page and the console widget show, as data: already worded, or exact.
//!
//! A [`Page`] is made from what a run or a past has, holds no markup and no geometry, and can be stored. Texts from Zoom are labels of at most
//! [`MOST_TEXT`] characters; money stays exact; currencies are never added. A day of which nothing is known is a gap, never a zero, and a figure
//! that was read in part says so. Of many numbers and budgets, the [`MOST_ROWS`] most used stand for themselves, and the rest are one row.

mod alerts;
mod budgets;
mod curves;
mod days;
mod fitting;
mod gaps;
mod numbers;
mod senders;
mod sent;
mod story;
mod verdict;
mod view;

use serde::{Deserialize, Serialize};

use super::alert::days_left;
use super::estimates::Estimate;
use super::money::{Amount, Currency};

pub use sent::Sent;
pub use story::Story;
pub use view::{in_groups, range, shown, shown_limit};

/// Budgets, numbers and alerts that stand for themselves.
pub const MOST_ROWS: usize = 100;
/// Characters of a text.
pub const MOST_TEXT: usize = 60;
/// The format of a stored page. A page of another format is not read.
pub const FORMAT: u32 = 1;

/// All that the report page shows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// [`FORMAT`].
    pub format: u32,
    /// The words that headings and columns share.
    pub words: Words,
    /// Who is over and who will be, in a sentence.
    pub verdict: String,
    /// What to do, and whom to ask, the gravest first.
    pub statements: Vec<Statement>,
    /// What is well, in a sentence.
    pub rest: String,
    /// How much was read.
    pub completeness: Completeness,
    /// What the whole account spent, by currency.
    pub sums: Vec<AccountSum>,
    /// The budgets, the most used first.
    pub budgets: Vec<BudgetRow>,
    /// The budgets that do not stand for themselves.
    pub more_budgets: Option<Rest>,
    /// The month to date of the most used monthly budgets.
    pub curves: Vec<Curve>,
    /// The alerts of the period, the newest first.
    pub alerts: Vec<AlertRow>,
    /// What is to be known of the list of alerts.
    pub alerts_note: String,
    /// The running month and the twelve before it, oldest first.
    pub months: Vec<Month>,
    /// The first day of the days that the numbers show.
    pub first_day: String,
    /// How many days of each of these months the numbers show, oldest first.
    pub day_months: Vec<DayMonth>,
    /// Departments, each with its numbers, the most used first.
    pub departments: Vec<Department>,
    /// The numbers that do not stand for themselves.
    pub more_numbers: Option<Rest>,
    /// Who sent it, by currency.
    pub senders: Vec<SenderGroup>,
    /// What is silenced, not read or not covered.
    pub not_in_full: Vec<Statement>,
    /// What figures rest on, in short sentences.
    pub footnotes: Vec<String>,
}

/// The words that headings and columns share.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Words {
    /// `Zoom SMS charges`.
    pub title: String,
    /// `November 2026`.
    pub period: String,
    /// `22 November 2026, 08:00 EST; 8 days left`.
    pub as_of: String,
    /// `November`.
    pub month: String,
    /// `October`.
    pub last_month: String,
    /// `30 Nov`.
    pub end: String,
    /// `Budgets: 1 over, 1 likely to be, 6 within`.
    pub budgets: String,
    /// `8 alerts sent, 1 held back`.
    pub alerts: String,
    /// `The days: one spike, …`.
    pub days: String,
    /// `Thirteen months: …`.
    pub months: String,
    /// `Who sent it: …`.
    pub senders: String,
}

/// What a line is about: each has a sign and a word of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sign {
    /// A budget is spent.
    Over,
    /// A limit is likely to be passed.
    Likely,
    /// Far more was sent than usual.
    Spike,
    /// A level is reached.
    Level,
    /// A silence holds an alert back.
    Silenced,
    /// Something was not read.
    NotRead,
    /// No budget covers it.
    NotCovered,
    /// Nothing is wrong, or it is only to be known.
    #[default]
    Plain,
}

/// One finding: a sign, whom it is about, and what to know and do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    /// What it is about.
    pub sign: Sign,
    /// Its beginning, which stands out.
    pub lead: String,
    /// The rest of it.
    pub text: String,
}

/// How much was read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Completeness {
    /// Whether all was read, so that no figure is an "at least".
    pub whole: bool,
    /// `21 of 22 days read.`
    pub lead: String,
    /// What is missing, and why.
    pub text: String,
}

/// What the whole account spent in a currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountSum {
    /// The currency.
    pub currency: Currency,
    /// In the running month.
    pub spent: Amount,
    /// In the month before, as far as it is known.
    pub last: Option<Amount>,
    /// By the end of the month.
    pub estimate: Option<Estimate>,
}

/// A budget and what its subject has spent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BudgetRow {
    /// Whose it is.
    pub who: String,
    /// The name of the budget, with its period where that is no month.
    pub name: String,
    /// How it stands.
    pub sign: Sign,
    /// The same in words: `over`, `50% reached`, `within`.
    pub state: String,
    /// The currency of all amounts.
    pub currency: Currency,
    /// What was spent.
    pub spent: Amount,
    /// Whether that was read in part.
    pub at_least: bool,
    /// The budget's amount.
    pub limit: Amount,
    /// Spent ÷ limit in percent, rounded down.
    pub used: i64,
    /// The levels that were passed, in percent.
    pub levels: Vec<Amount>,
    /// Where its period will end.
    pub estimate: Option<Estimate>,
    /// The last day of its period: `30 Nov`.
    pub by: String,
}

/// The rows that do not stand for themselves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rest {
    /// How many.
    pub count: u64,
    /// How they stand: `all under 12% of their limit`.
    pub text: String,
    /// What they have spent, by currency.
    pub sums: Vec<(Currency, Amount)>,
}

/// The month to date of a budget.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Curve {
    /// The place of the budget in [`Page::budgets`].
    pub budget: usize,
    /// What was spent on each day up to today; `None` for a day that is not known.
    pub days: Vec<Option<Amount>>,
    /// The same of all days of the month before.
    pub last: Vec<Option<Amount>>,
    /// The days of the whole month.
    pub length: u32,
    /// Alerts: number, day of the month from 1, sign.
    pub marks: Vec<(u64, u32, Sign)>,
}

/// An alert that was sent, or is held back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertRow {
    /// Its number, the same in curves; the first of the month is 1.
    pub number: u64,
    /// `18 Nov 15:00`.
    pub when: String,
    /// Its sign.
    pub sign: Sign,
    /// Its kind in a word.
    pub kind: String,
    /// Whom it is about.
    pub who: String,
    /// What it said.
    pub what: String,
    /// Who got it.
    pub receiver: String,
    /// Its id, or until when it is held back.
    pub id: String,
}

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
    pub messages: u64,
}

impl Page {
    /// The page of a story; `None` only at the ends of the calendar.
    #[must_use]
    pub fn of(story: &Story<'_>) -> Option<Page> {
        let view = view::View::of(story)?;
        let mut page = Page { format: FORMAT, words: Words::of(&view), ..Page::default() };
        let (budgets, alerts) = (budgets::budgets(&view), alerts::alerts(&view));
        gaps::add(&mut page, &view);
        verdict::add(&mut page, &budgets, &alerts, &view);
        budgets::add(&mut page, &budgets);
        curves::add(&mut page, &budgets, &alerts, &view);
        alerts::add(&mut page, &alerts, &view);
        numbers::add(&mut page, &view);
        senders::add(&mut page, &view);
        Some(page)
    }
}

impl Words {
    fn of(view: &view::View<'_>) -> Words {
        let case = &view.story.case;
        let at = case.as_of.to_zoned(case.policy.time_zone.clone());
        let month = view.month.first_day();
        let name = |month: jiff::civil::Date| month.strftime("%B").to_string();
        Words {
            title: "Zoom SMS charges".to_owned(),
            period: month.strftime("%B %Y").to_string(),
            as_of: format!("{}; {}", at.strftime("%-d %B %Y, %H:%M %Z"), days_left(&view.month, case)),
            month: name(month),
            last_month: name(view.last_month().first_day()),
            end: view::View::short_day(view.month.last_day()),
            ..Words::default()
        }
    }
}
