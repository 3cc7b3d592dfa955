//! Three months of days, a strip for each number.

use maud::{Markup, html};

use super::{counted, section};
use crate::domain::page::{NumberRow, Page, Sign};
use crate::domain::text::capitalised;
use crate::page::parts::{self, heard, sign};
use crate::page::strips;

pub(super) fn days(page: &Page) -> Markup {
    let cell = |class: &str| html! { svg viewBox="0 0 10 12" width="10" height="12" aria-hidden="true" { rect class=(class) width="9" height="12" {} } };
    let rows = parts::rows(page);
    let units = units(page);
    let firsts: Vec<usize> = page
        .day_months
        .iter()
        .scan(0, |first, month| Some(std::mem::replace(first, *first + month.days as usize)))
        .collect();
    // On small screens the older months give way.
    let age = |place: usize| match page.day_months.len() - place {
        1 => "now",
        2 => "old1",
        _ => "old2",
    };
    let content = html! {
        p.key {
            span { (cell("l1")) "under half of a usual day" }
            span { (cell("l2")) "usual" }
            span { (cell("l3")) "over 1½ times" }
            span { (cell("l4")) "over 3 times" }
            @if rows.iter().any(|(_, row)| !row.spikes.is_empty()) { span { (sign(Sign::Spike)) "spike, with its " (page.words.unit) "s" } }
            @if rows.iter().any(|(_, row)| row.days.contains('?')) { span { (sign(Sign::NotRead)) "not read" } }
            "Dates are Mondays."
        }
        table.days.cards {
            caption.vh { (units) " a day and number" }
            thead { tr {
                th scope="col" { "Number" }
                @for (place, month) in page.day_months.iter().enumerate() {
                    th scope="col" class=(age(place)) { (month.name) (strips::mondays(month)) }
                }
                th.n scope="col" { "Usual day" }
                th.n.yd scope="col" { "Yesterday" }
            } }
            tbody { @for (department, row) in &rows { tr {
                th scope="row" { (parts::number_of(department, row)) }
                @for ((place, month), first) in page.day_months.iter().enumerate().zip(&firsts) {
                    td class=(age(place)) { (heard(&strips::days_heard(row, *first, month))) (strips::days(row, *first, month)) }
                }
                td.n data-l="usual day" { (row.usual_day) }
                td.n.yd data-l="yesterday" { (yesterday(row)) }
            } } }
        }
        (figures(page, &rows))
    };
    section("days", &page.words.days, &content)
}

/// `Messages`, `Minutes`, `Pages`.
fn units(page: &Page) -> String {
    capitalised(&format!("{}s", page.words.unit))
}

fn yesterday(row: &NumberRow) -> Markup {
    let yesterday = row.messages.len().checked_sub(2).and_then(|place| row.messages.get(place)).copied().flatten();
    yesterday.map_or_else(parts::none, |messages| html! { (counted(messages)) })
}

/// The days of the month in figures, for those who do not see the strip.
fn figures(page: &Page, rows: &[(&str, &NumberRow)]) -> Markup {
    let days = rows.iter().map(|(_, row)| row.messages.len()).max().unwrap_or_default();
    let units = units(page);
    html! {
        @if days > 0 {
            details {
                summary { "The figures of " (page.words.month) ", day by day" }
                div.scroll tabindex="0" role="region" aria-label={ (units) " on each day of " (page.words.month) } {
                    table.plain {
                        caption.vh { (units) " on each day of " (page.words.month) }
                        thead { tr { th scope="col" { "Number" } @for day in 1..=days { th.n scope="col" { (day) } } } }
                        tbody { @for (department, row) in rows { tr {
                            th scope="row" { (parts::number_of(department, row)) }
                            @for messages in &row.messages { td.n { @match messages { Some(messages) => (counted(*messages)), None => "?" } } }
                        } } }
                    }
                }
            }
        }
    }
}
