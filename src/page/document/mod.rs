//! The report as a document of its own.

mod budgets;
mod days;
mod months;
mod senders;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::STYLE;
use super::parts::{colour, estimate, heard, known, sign, text, word};
use crate::domain::alert::{in_thousands, money};
use crate::domain::page::{Page, Rest, Sign, Statement};

/// Nothing is loaded from anywhere, whatever a text says.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

pub(super) fn document(page: &Page) -> Markup {
    let words = &page.words;
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width,initial-scale=1";
                meta name="color-scheme" content="light dark";
                link rel="icon" href="data:,";
                title { (words.title) ", " (words.period) ": " (words.budgets) }
                style { (PreEscaped(STYLE)) }
            }
            body.zc.auto {
                header.in {
                    div.top {
                        span { b { (words.title) } ", " (words.period) }
                        span { "as of " (words.as_of) }
                    }
                }
                main.in {
                    (verdict(page))
                    (budgets::budgets(page))
                    (budgets::month(page))
                    (alerts(page))
                    (days::days(page))
                    (months::months(page))
                    (senders::senders(page))
                    (not_in_full(page))
                }
                footer.in { div.foot { @for note in &page.footnotes { span { (note) } } } }
            }
        }
    }
}

fn section(id: &str, heading: &str, content: &Markup) -> Markup {
    html! {
        section aria-labelledby=(id) {
            h2 id=(id) { (text(heading)) }
            (content)
        }
    }
}

fn verdict(page: &Page) -> Markup {
    html! {
        div.verdict {
            div {
                h1 { (text(&page.verdict)) }
                @if !page.statements.is_empty() {
                    ul.todo { @for statement in &page.statements { (todo(statement)) } }
                }
                p.rest {
                    (page.rest)
                    @if !page.not_in_full.is_empty() { " " a href="#gaps" { "What is not shown in full" } }
                }
            }
            (sums(page))
            p.full {
                (sign(if page.completeness.whole { Sign::Plain } else { Sign::NotRead }))
                span { b { (page.completeness.lead) } " " (page.completeness.text) }
            }
        }
    }
}

fn todo(statement: &Statement) -> Markup {
    html! {
        li {
            (sign(statement.sign))
            span class={ "k " (colour(statement.sign)) } { (word(statement.sign)) }
            span { b { (text(&statement.lead)) } " " (text(&statement.text)) }
        }
    }
}

/// `, at least` where something was not read.
fn bound(page: &Page) -> &'static str {
    if page.completeness.whole { "" } else { ", at least" }
}

fn sums(page: &Page) -> Markup {
    let words = &page.words;
    let has_estimates = page.sums.iter().any(|sum| sum.estimate.is_some());
    html! {
        @if !page.sums.is_empty() {
            table.totals {
                caption { "The whole account" }
                thead { tr {
                    th scope="col" { (heard("Currency")) }
                    th.n scope="col" { (words.month) (bound(page)) }
                    @if has_estimates { th.n scope="col" { "By " (words.end) } }
                    th.n scope="col" { (words.last_month) }
                } }
                tbody { @for sum in &page.sums { tr {
                    th scope="row" { (sum.currency.code()) }
                    td.n.strong { (money(sum.spent, sum.currency, &[])) }
                    @if has_estimates { td.n.fc { (estimate(sum.estimate.as_ref(), sum.currency)) } }
                    td.n { (known(sum.last, sum.currency)) }
                } } }
            }
        }
    }
}

fn alerts(page: &Page) -> Markup {
    let has_ids = page.alerts.iter().any(|row| !row.id.is_empty());
    let are_ids = page.alerts.iter().any(|row| !row.id.is_empty() && row.sign != Sign::Silenced);
    let content = html! {
        p.key { (page.alerts_note) }
        @if !page.alerts.is_empty() {
            table.alerts.cards {
                caption.vh { "Alerts, the newest first" }
                thead { tr {
                    th.n scope="col" { "No." }
                    th scope="col" { "When" }
                    th scope="col" { "Kind" }
                    th scope="col" { "Who" }
                    th scope="col" { "What" }
                    th.rc scope="col" { "Receiver" }
                    @if has_ids { th scope="col" { (if are_ids { "Id" } else { "Held" }) } }
                } }
                tbody { @for row in &page.alerts { tr {
                    td.n.no { (row.number) }
                    td.when { (row.when) }
                    td.st { (sign(row.sign)) span class=(colour(row.sign)) { (row.kind) } }
                    th scope="row" { (text(&row.who)) }
                    td.txt { (text(&row.what)) }
                    td.rc { (row.receiver) }
                    @if has_ids {
                        td.idc { @if row.sign == Sign::Silenced { span.mut { (row.id) } } @else { code { (row.id) } } }
                    }
                } } }
            }
        }
    };
    section("alerts", &page.words.alerts, &content)
}

fn not_in_full(page: &Page) -> Markup {
    let content = html! {
        @if page.not_in_full.is_empty() {
            p.key { "Nothing is held back, nothing is missing, and every charge has a budget." }
        } @else {
            ul.gaps { @for statement in &page.not_in_full { li {
                h3 { (sign(statement.sign)) " " (word(statement.sign)) }
                p { b { (text(&statement.lead)) } " " (text(&statement.text)) }
            } } }
        }
    };
    section("gaps", "What this page does not show in full", &content)
}

/// `and 9,900 more numbers: …`
fn more(rest: &Rest, what: &str) -> Markup {
    let plural = if rest.count == 1 { "" } else { "s" };
    html! {
        p.more {
            "And " (counted(rest.count)) " more " (what) (plural)
            @if !rest.text.is_empty() { ", " (rest.text) }
            @for (place, (currency, amount)) in rest.sums.iter().enumerate() {
                (if place == 0 { ": " } else { ", " }) (currency.code()) " " (money(*amount, *currency, &[]))
            }
            "."
        }
    }
}

fn counted(count: u64) -> String {
    in_thousands(&count.to_string())
}
