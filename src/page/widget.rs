//! The page as a part of a dashboard: a fragment under one class, without ids, that asks for nothing and needs no script.

use maud::{Markup, PreEscaped, html};

use super::bars::Scale;
use super::parts::{self, colour, estimate, heard, sign, text, with_currency};
use super::{STYLE, Theme, curves, strips};
use crate::domain::alert::limit;
use crate::domain::page::{BudgetRow, Page, Sign};

/// What fits into a dashboard's height; the report has the rest.
const MOST_BUDGETS: usize = 10;
const MOST_CURVES: usize = 8;
const MOST_NUMBERS: usize = 10;
const MOST_ALERTS: usize = 6;
const MOST_NOTES: usize = 4;

/// Below these widths, columns give way.
const NARROW: u32 = 800;
const VERY_NARROW: u32 = 560;

pub(super) fn widget(page: &Page, theme: Theme, width: u32) -> Markup {
    let theme = match theme {
        Theme::Light => "light",
        Theme::Dark => "dark",
    };
    let width = match width {
        ..VERY_NARROW => "w narrow tiny",
        VERY_NARROW..NARROW => "w narrow",
        _ => "w",
    };
    let words = &page.words;
    html! {
        style { (PreEscaped(STYLE)) }
        div class={ "zc " (theme) " " (width) } role="region" aria-label={ (words.title) ", " (words.period) } {
            div.hd {
                h2 { (text(&page.verdict)) }
                p.full {
                    (sign(if page.completeness.whole { Sign::Plain } else { Sign::NotRead }))
                    span { b { (page.completeness.lead) } " " (page.completeness.text) }
                }
                p.mut { "as of " (words.as_of) }
            }
            div.a { (budgets(page)) }
            div.b { (month(page)) }
            div.c { (numbers(page)) }
            div.d { (notes(page)) }
        }
    }
}

fn budgets(page: &Page) -> Markup {
    let shown = page.budgets.get(..MOST_BUDGETS).unwrap_or(&page.budgets);
    let scale = Scale::of(shown);
    let ends = parts::has_estimates(shown);
    let spent = if page.completeness.whole { "Spent" } else { "At least" };
    let left = page.budgets.len() - shown.len();
    let left = left as u64 + page.more_budgets.as_ref().map_or(0, |rest| rest.count);
    html! {
        h3 { "Budgets" span { "most used first; bar: spent" @if ends { ", box: by its end (4 chances in 5)" } ", line: limit" } }
        table.wb {
            thead { tr {
                th scope="col" { "Budget" }
                th.barc scope="col" { (heard("Percent of the limit")) (scale.labels(14)) }
                th.n scope="col" { "Used" }
                th.n scope="col" { (spent) }
                th.n.oc scope="col" { "Limit" }
                @if ends { th.n scope="col" { "By its end" } }
            } }
            tbody { @for row in shown { (budget(row, scale, ends)) } }
        }
        @if left > 0 { p.mut { "and " (left) " more" } }
    }
}

fn budget(row: &BudgetRow, scale: Scale, ends: bool) -> Markup {
    html! {
        tr {
            th scope="row" title=(row.name) {
                (sign(row.sign))
                @if row.sign == Sign::Plain { span.nosym {} } @else { (heard(&row.state)) }
                (text(&row.who))
            }
            td.barc { (scale.bar(row, 24)) }
            td class={ "n used " (colour(row.sign)) } { (row.used) "%" }
            td.n { (with_currency(row.spent, row.currency, &[row.limit])) }
            td.n.oc { (limit(row.limit, row.currency)) }
            @if ends { td.n.fc { (estimate(row.estimate.as_ref(), row.currency)) } }
        }
    }
}

fn month(page: &Page) -> Markup {
    let height = curves::height(page);
    html! {
        @if !page.curves.is_empty() {
            h3 { "Month to date" span { "thin: " (page.words.last_month) "; straight: limit; fan: forecast" } }
            ul.wp { @for curve in page.curves.iter().take(MOST_CURVES) { @if let Some(row) = page.budgets.get(curve.budget) { li {
                span.pl { (parts::narrow(&row.who)) }
                (curves::picture(curve, (row, height), page, None))
            } } } }
        }
    }
}

fn numbers(page: &Page) -> Markup {
    let rows = parts::rows(page);
    let before: usize = page.day_months.iter().rev().skip(1).map(|month| month.days as usize).sum();
    html! {
        h3 { "Numbers" span { "darker: more than usual; triangle: spike; box: not read" } }
        table.wn {
            thead { tr {
                th scope="col" { "Number" }
                th.sp scope="col" { "13 months" }
                th.n scope="col" { (page.words.month) }
                th.ds scope="col" { "Days of " (page.words.month) }
            } }
            tbody { @for (department, row) in rows.iter().take(MOST_NUMBERS) { tr {
                th scope="row" { (parts::number_of(department, row)) }
                td.sp { (strips::months(&row.spent, Some(row), page)) }
                td.n { @if let Some(now) = row.spent.months.last().copied().flatten() { (with_currency(now, row.spent.currency, &[])) } }
                td.ds { @if let Some(month) = page.day_months.last() { (heard(&strips::days_heard(row, before, month))) (strips::days(row, before, month)) } }
            } } }
        }
    }
}

fn notes(page: &Page) -> Markup {
    html! {
        h3 { "Alerts" span { (page.words.alerts) } }
        ul.wa { @for row in page.alerts.iter().take(MOST_ALERTS) { li {
            (sign(row.sign))
            @if row.sign == Sign::Plain { span.nosym {} }
            span.wd { (row.when) }
            span { (text(&row.who)) ": " (text(&row.what)) }
        } } }
        @if !page.not_in_full.is_empty() {
            h3.wg { "Not shown in full" }
            ul { @for statement in page.not_in_full.iter().take(MOST_NOTES) { li.gl {
                (sign(statement.sign))
                span { b { (text(&statement.lead)) } " " (text(&statement.text)) }
            } } }
        }
    }
}
