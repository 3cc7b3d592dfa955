//! The page, its verdict, budgets and alerts.

use serde::{Deserialize, Serialize};

#[cfg(doc)]
use super::FORMAT;
use super::rows::{DayMonth, Department, Month, SenderGroup};
use crate::domain::estimates::Estimate;
use crate::domain::money::{Amount, Currency};

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

fn message() -> String {
    crate::domain::product::Product::Sms.unit().to_owned()
}

/// The words that headings and columns share.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Words {
    /// `Zoom SMS charges`.
    pub title: String,
    /// What days are counted in: `message`, `minute`, `page`. Pages of version 0.5 had messages alone.
    #[serde(default = "message")]
    pub unit: String,
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
