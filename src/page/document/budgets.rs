//! Budgets as bars, and the month to date of the most used.

use std::collections::BTreeSet;

use maud::{Markup, html};

use super::{more, section};
use crate::domain::alert::limit;
use crate::domain::page::{BudgetRow, Page, Sign};
use crate::page::bars::Scale;
use crate::page::curves;
use crate::page::parts::{self, colour, estimate, heard, sign, text, with_currency};

pub(super) fn budgets(page: &Page) -> Markup {
    let scale = Scale::of(&page.budgets);
    let first = page.budgets.first().map_or("", |row| &row.by);
    let has_ends = parts::has_estimates(&page.budgets);
    let ends =
        if page.budgets.iter().all(|row| row.by == first) { format!("By {first}") } else { "By its end".to_owned() };
    let spent = if page.completeness.whole { "Spent" } else { "At least" };
    let content = html! {
        @if !page.budgets.is_empty() {
            p.key {
                span { svg viewBox="0 0 26 12" width="26" height="12" aria-hidden="true" { rect.f-bar y="2" width="26" height="8" {} path.notch d="M12 2v8" {} } "spent, notched at each level that was passed" }
                @if has_ends { span { svg viewBox="0 0 26 12" width="26" height="12" aria-hidden="true" { rect.band x="1" y="2.5" width="24" height="7" {} path.likely d="M13 0v12" {} } "end of the period, 4 chances in 5, and most likely" } }
                span { svg viewBox="0 0 10 12" width="10" height="12" aria-hidden="true" { path.limit d="M5 0v12" {} } "limit" }
            }
            table.budgets.cards {
                caption.vh { "Budgets, the most used first" }
                thead { tr {
                    th scope="col" { "Budget" }
                    th scope="col" { "State" }
                    th.barc scope="col" { (heard("Percent of the limit")) (scale.labels(16)) }
                    th.n scope="col" { "Used" }
                    th.n scope="col" { (spent) }
                    th.n scope="col" { "Limit" }
                    @if has_ends { th.n scope="col" { (ends) } }
                } }
                tbody { @for row in &page.budgets { (budget(row, scale, has_ends)) } }
            }
            @if let Some(rest) = &page.more_budgets { (more(rest, "budget")) }
        } @else {
            p.key { "A budget stands here as soon as something is sent that it covers." }
        }
    };
    section("budgets", &page.words.budgets, &content)
}

fn budget(row: &BudgetRow, scale: Scale, has_ends: bool) -> Markup {
    let label = if row.at_least { "at least" } else { "spent" };
    html! {
        tr {
            th scope="row" { (text(&row.who)) small { (text(&row.name)) } }
            td.st { (sign(row.sign)) span class=(colour(row.sign)) { (row.state) } }
            td.barc { (scale.bar(row, 42)) }
            td.n.used { (row.used) "%" }
            td.n data-l=(label) { (with_currency(row.spent, row.currency, &[row.limit])) }
            td.n data-l="of" { (limit(row.limit, row.currency)) }
            @if has_ends { td.n.fc data-l={ "by " (row.by) } { (estimate(row.estimate.as_ref(), row.currency)) } }
        }
    }
}

pub(super) fn month(page: &Page) -> Markup {
    let line = |class: &str| html! { svg viewBox="0 0 26 12" width="26" height="12" aria-hidden="true" { path class=(class) d="M0 6h26" {} } };
    let marks: BTreeSet<Sign> = page.curves.iter().flat_map(|curve| &curve.marks).map(|mark| mark.2).collect();
    let height = curves::height(page);
    let content = html! {
        p.key {
            span { (line("curve c-bar")) "spent" }
            span { (line("prev")) (page.words.last_month) }
            @if page.curves.iter().any(|curve| page.budgets.get(curve.budget).is_some_and(|row| row.estimate.is_some())) {
                span { svg viewBox="0 0 26 12" width="26" height="12" aria-hidden="true" { path.fan d="M0 6 26 1v10z" {} path.mid d="M0 6h26" {} } "forecast, 4 chances in 5" }
            }
            @for mark in &marks { span { (sign(*mark)) (mark_word(*mark)) } }
            @if page.curves.iter().any(|curve| curve.days.contains(&None)) { span { (sign(Sign::NotRead)) "day not read" } }
            @if !marks.is_empty() { "Numbers mark the alerts below." }
        }
        ul.panels { @for (id, curve) in page.curves.iter().enumerate() {
            @if let Some(row) = page.budgets.get(curve.budget) {
                li {
                    h3 { (text(&row.who)) }
                    p.sub {
                        span { (with_currency(row.spent, row.currency, &[row.limit])) " " span.mut { "of " (limit(row.limit, row.currency)) } }
                        span class={ "n " (colour(row.sign)) } { (sign(row.sign)) (row.used) "%" }
                    }
                    (curves::picture(curve, (row, height), page, Some(id)))
                }
            }
        } }
    };
    if page.curves.is_empty() {
        html! {}
    } else {
        section("month", "The month so far, and where it will end", &content)
    }
}

/// What a mark on a curve means.
fn mark_word(sign: Sign) -> &'static str {
    match sign {
        Sign::Over => "limit passed",
        Sign::Level => "level passed",
        Sign::Silenced => "silenced",
        Sign::Likely => "forecast",
        Sign::Spike => "spike",
        Sign::NotRead | Sign::NotCovered | Sign::Plain => "other",
    }
}
