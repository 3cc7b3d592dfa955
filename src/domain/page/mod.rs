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
mod model;
mod numbers;
#[cfg(any(test, feature = "cli"))]
mod past;
mod rows;
mod senders;
mod sent;
mod story;
mod verdict;
mod view;

use super::alert::days_left;

pub use model::{AccountSum, AlertRow, BudgetRow, Completeness, Curve, Page, Rest, Sign, Statement, Words};
pub use rows::{Cell, DayMonth, Department, Month, NumberRow, Sender, SenderGroup, Thirteen};
pub use sent::{Sent, SentSpike};
pub use story::Story;
pub use view::range;

/// Budgets, numbers and alerts that stand for themselves.
pub const MOST_ROWS: usize = 100;
/// Characters of a text.
pub const MOST_TEXT: usize = 60;
/// The format of a stored page. A page of another format is not read.
pub const FORMAT: u32 = 1;

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
            title: if case.policy.names_products() { "Zoom charges" } else { "Zoom SMS charges" }.to_owned(),
            unit: view.product().unit().to_owned(),
            period: month.strftime("%B %Y").to_string(),
            as_of: format!("{}; {}", at.strftime("%-d %B %Y, %H:%M %Z"), days_left(&view.month, case)),
            month: name(month),
            last_month: name(view.last_month().first_day()),
            end: view::View::short_day(view.month.last_day()),
            ..Words::default()
        }
    }
}

#[cfg(test)]
mod tests;
