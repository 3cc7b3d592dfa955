//! The report as a document of its own.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::bars::Scale;
use super::parts::{self, colour, estimate, heard, known, money, sign, text, word};
use super::{STYLE, curves, strips};
use crate::domain::page::{
    BudgetRow, Department, NumberRow, Page, Rest, Sender, SenderGroup, Sign, Statement, Thirteen, shown, shown_limit,
};

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
                    (budgets(page))
                    (month(page))
                    (alerts(page))
                    (days(page))
                    (months(page))
                    (senders(page))
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
                    td.n.strong { (shown(sum.spent, sum.currency, &[])) }
                    @if has_estimates { td.n.fc { (estimate(sum.estimate.as_ref(), sum.currency)) } }
                    td.n { (known(sum.last, sum.currency)) }
                } } }
            }
        }
    }
}

fn budgets(page: &Page) -> Markup {
    let scale = Scale::of(&page.budgets);
    let first = page.budgets.first().map_or("", |row| &row.by);
    let ends =
        if page.budgets.iter().all(|row| row.by == first) { format!("By {first}") } else { "By its end".to_owned() };
    let spent = if page.completeness.whole { "Spent" } else { "At least" };
    let content = html! {
        @if !page.budgets.is_empty() {
            p.key {
                span { svg viewBox="0 0 26 12" width="26" height="12" aria-hidden="true" { rect.f-bar y="2" width="26" height="8" {} path.notch d="M12 2v8" {} } "spent, notched at each level that was passed" }
                span { svg viewBox="0 0 26 12" width="26" height="12" aria-hidden="true" { rect.band x="1" y="2.5" width="24" height="7" {} path.likely d="M13 0v12" {} } "end of the period, 4 chances in 5, and most likely" }
                span { svg viewBox="0 0 10 12" width="10" height="12" aria-hidden="true" { path.limit d="M5 0v12" {} } "limit" }
            }
            table.budgets.cards {
                caption.vh { "Budgets, the most used first" }
                thead { tr {
                    th scope="col" { "Budget" }
                    th scope="col" { "State" }
                    th.barc scope="col" { (heard("Spent and forecast as percent of the limit")) (scale.labels(16)) }
                    th.n scope="col" { "Used" }
                    th.n scope="col" { (spent) }
                    th.n scope="col" { "Limit" }
                    th.n scope="col" { (ends) }
                } }
                tbody { @for row in &page.budgets { (budget(row, scale)) } }
            }
            @if let Some(rest) = &page.more_budgets { (more(rest, "budget")) }
        } @else {
            p.key { "A budget stands here as soon as something is sent that it covers." }
        }
    };
    section("budgets", &page.words.budgets, &content)
}

fn budget(row: &BudgetRow, scale: Scale) -> Markup {
    let label = if row.at_least { "at least" } else { "spent" };
    html! {
        tr {
            th scope="row" { (text(&row.who)) small { (text(&row.name)) } }
            td.st { (sign(row.sign)) span class=(colour(row.sign)) { (row.state) } }
            td.barc { (scale.bar(row, 42)) }
            td.n.used { (row.used) "%" }
            td.n data-l=(label) { (money(row.spent, row.currency, &[row.limit])) }
            td.n data-l="of" { (shown_limit(row.limit, row.currency)) }
            td.n.fc data-l={ "by " (row.by) } { (estimate(row.estimate.as_ref(), row.currency)) }
        }
    }
}

/// `and 9,900 more numbers: …`
fn more(rest: &Rest, what: &str) -> Markup {
    let plural = if rest.count == 1 { "" } else { "s" };
    html! {
        p.more {
            "And " (shown_count(rest.count)) " more " (what) (plural)
            @if !rest.text.is_empty() { ", " (rest.text) }
            @for (place, (currency, amount)) in rest.sums.iter().enumerate() {
                (if place == 0 { ": " } else { ", " }) (currency.code()) " " (shown(*amount, *currency, &[]))
            }
            "."
        }
    }
}

fn shown_count(count: u64) -> String {
    crate::domain::page::in_groups(&count.to_string())
}

fn month(page: &Page) -> Markup {
    let line = |class: &str| html! { svg viewBox="0 0 26 12" width="26" height="12" aria-hidden="true" { path class=(class) d="M0 6h26" {} } };
    let marks: std::collections::BTreeSet<Sign> =
        page.curves.iter().flat_map(|curve| &curve.marks).map(|mark| mark.2).collect();
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
            @if !marks.is_empty() { "Digits: the alerts below." }
        }
        ul.panels { @for (id, curve) in page.curves.iter().enumerate() {
            @if let Some(row) = page.budgets.get(curve.budget) {
                li {
                    h3 { (text(&row.who)) }
                    p.sub {
                        span { (money(row.spent, row.currency, &[row.limit])) " " span.mut { "of " (shown_limit(row.limit, row.currency)) } }
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

fn alerts(page: &Page) -> Markup {
    let has_ids = page.alerts.iter().any(|row| !row.id.is_empty());
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
                    @if has_ids { th scope="col" { "Id" } }
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

fn days(page: &Page) -> Markup {
    let cell = |class: &str| html! { svg viewBox="0 0 10 12" width="10" height="12" aria-hidden="true" { rect class=(class) width="9" height="12" {} } };
    let rows: Vec<&NumberRow> = page.departments.iter().flat_map(|department| &department.numbers).collect();
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
            @if rows.iter().any(|row| !row.spikes.is_empty()) { span { (sign(Sign::Spike)) "spike, with its messages" } }
            @if rows.iter().any(|row| row.days.contains('?')) { span { (sign(Sign::NotRead)) "not read" } }
            "Dates are Mondays."
        }
        table.days.cards {
            caption.vh { "Messages a day and number" }
            thead { tr {
                th scope="col" { "Number" }
                @for (place, month) in page.day_months.iter().enumerate() {
                    th scope="col" class=(age(place)) { (month.name) (strips::mondays(month)) }
                }
                th.n scope="col" { "Usual day" }
                th.n.yd scope="col" { "Yesterday" }
            } }
            tbody { @for row in &rows { tr {
                th scope="row" { (text(&row.number)) }
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

fn yesterday(row: &NumberRow) -> Markup {
    let yesterday = row.messages.len().checked_sub(2).and_then(|place| row.messages.get(place)).copied().flatten();
    yesterday.map_or_else(parts::none, |messages| html! { (shown_count(messages)) })
}

/// The days of the month in figures, for those who do not see the strip.
fn figures(page: &Page, rows: &[&NumberRow]) -> Markup {
    let days = rows.iter().map(|row| row.messages.len()).max().unwrap_or_default();
    html! {
        @if days > 0 {
            details {
                summary { "The figures of " (page.words.month) ", day by day" }
                div.scroll tabindex="0" role="region" aria-label={ "Messages on each day of " (page.words.month) } {
                    table.plain {
                        caption.vh { "Messages on each day of " (page.words.month) }
                        thead { tr { th scope="col" { "Number" } @for day in 1..=days { th.n scope="col" { (day) } } } }
                        tbody { @for row in rows { tr {
                            th scope="row" { (text(&row.number)) }
                            @for messages in &row.messages { td.n { @match messages { Some(messages) => (shown_count(*messages)), None => "?" } } }
                        } } }
                    }
                }
            }
        }
    }
}

fn months(page: &Page) -> Markup {
    let words = &page.words;
    let [first, last] = [page.months.first(), page.months.last()].map(|month| month.map_or("", |month| &month.name));
    let so_far = if page.completeness.whole { "so far" } else { "at least" };
    let content = html! {
        p.key {
            "Bars have each row’s own scale; "
            svg viewBox="0 0 12 12" width="12" height="12" aria-hidden="true" { rect.band y="1" width="11" height="11" {} rect.f-bar y="5" width="11" height="7" {} }
            " " (words.month) " so far and most likely; "
            svg viewBox="0 0 26 12" width="26" height="12" aria-hidden="true" { path class="limit thin" d="M0 6h26" {} }
            " limit"
            @if page.months.iter().any(|month| !month.whole) { "; dotted or pale: not known, or known in part" }
            ". A usual month is the median of those before."
        }
        table.months.cards {
            caption.vh { "Thirteen months by department and number" }
            thead { tr {
                th scope="col" { "Number" }
                th.sp scope="col" { span.lr { span { (first) } span { (last) } } }
                th.n scope="col" { "Usual month" }
                th.n.oc scope="col" { (words.last_month) }
                th.n scope="col" { (words.month) " " (so_far) }
                th.n scope="col" { "By " (words.end) }
                th.n scope="col" { "Against usual" }
            } }
            tbody { @for department in &page.departments {
                (group(department, page))
                @for row in &department.numbers { (number(row, page)) }
            } }
        }
        @if let Some(rest) = &page.more_numbers { (more(rest, "number")) }
    };
    section("months", &words.months, &content)
}

/// A department; with several numbers, its own months too.
fn group(department: &Department, page: &Page) -> Markup {
    html! {
        tr.grp { th scope="rowgroup" colspan="7" { (text(&department.name)) span.mut {
            @for (place, sum) in department.sums.iter().enumerate() {
                @if let Some(now) = sum.months.last().copied().flatten() {
                    (if place == 0 { "" } else { ", " }) (sum.currency.code()) " " (shown(now, sum.currency, &[]))
                }
            }
        } } }
        @for sum in department.sums.iter().filter(|sum| has_several(department, sum)) { tr.all {
            @let [last, now] = ends(&sum.months);
            th scope="row" { "all in " (sum.currency.code()) }
            td.sp { (heard(&strips::months_heard(sum, page))) (strips::months(sum, None, page)) }
            td.n {}
            td.n.oc data-l=(page.words.last_month) { (known(last, sum.currency)) }
            td.n data-l=(page.words.month) { @match now { Some(now) => (money(now, sum.currency, &[])), None => (parts::none()) } }
            td.n {}
            td.n {}
        } }
    }
}

/// Whether a department's months say more than those of its one number.
fn has_several(department: &Department, sum: &Thirteen) -> bool {
    department.numbers.iter().filter(|row| row.spent.currency == sum.currency).count() > 1
}

/// The month before, and the running one.
fn ends<T: Copy>(months: &[Option<T>]) -> [Option<T>; 2] {
    match months {
        [.., last, now] => [*last, *now],
        _ => [None, None],
    }
}

fn number(row: &NumberRow, page: &Page) -> Markup {
    let (words, currency) = (&page.words, row.spent.currency);
    let [last, now] = ends(&row.spent.months);
    html! {
        tr {
            th scope="row" { (text(&row.number)) }
            td.sp { (heard(&strips::months_heard(&row.spent, page))) (strips::months(&row.spent, Some(row), page)) }
            td.n data-l="usual month" { (known(row.usual, currency)) }
            td.n.oc data-l=(words.last_month) { (known(last, currency)) }
            td.n.strong data-l=(words.month) { @match now { Some(now) => (money(now, currency, &[])), None => (parts::none()) } }
            td.n.fc data-l={ "by " (words.end) } { (estimate(row.estimate.as_ref(), currency)) }
            td.n data-l="against usual" { (against(row.against)) }
        }
    }
}

/// `+18%`, `-20%`; from ten times on, how many times.
fn against(against: Option<i64>) -> Markup {
    match against {
        Some(much @ 1_000..) => html! { (shown_count(much.unsigned_abs() / 100 + 1)) " times" },
        Some(more @ 1..) => html! { "+" (more) "%" },
        Some(less) => html! { (less) "%" },
        None => parts::none(),
    }
}

fn senders(page: &Page) -> Markup {
    let words = &page.words;
    let content = html! {
        p.key { "Only the company’s own extensions and numbers are shown, never a recipient. Bars are scaled within a currency; the tick is " (words.last_month) "." }
        table.send.cards {
            caption.vh { "Senders by currency, most first" }
            thead { tr {
                th scope="col" { "Sender" }
                th.on scope="col" { "On number" }
                th.barc scope="col" { (heard("Bar; the tick is the month before")) }
                th.n scope="col" { (words.month) }
                th.n scope="col" { "Share" }
                th.n.oc scope="col" { (words.last_month) }
                th.n scope="col" { "Messages" }
            } }
            tbody { @for group in &page.senders {
                tr.grp { th scope="rowgroup" colspan="7" { (group.currency.code()) span.mut { (shown(group.spent, group.currency, &[])) } } }
                @for sender in &group.senders { (sender_row(sender, group, page)) }
                @if let Some((count, amount)) = &group.more { tr {
                    th scope="row" { (shown_count(*count)) " more" }
                    td.on {} td.barc {}
                    td.n data-l=(words.month) { (shown(*amount, group.currency, &[])) }
                    td.n {} td.n.oc {} td.n {}
                } }
            } }
        }
    };
    if page.senders.is_empty() {
        html! {}
    } else {
        section("senders", &words.senders, &content)
    }
}

fn sender_row(sender: &Sender, group: &SenderGroup, page: &Page) -> Markup {
    html! {
        tr {
            th scope="row" {
                (text(&sender.name))
                @if let Some(extension) = &sender.extension { span.mut { " ext. " (extension) } }
            }
            td.on { @for (place, number) in sender.numbers.iter().enumerate() { (if place == 0 { "" } else { ", " }) (text(number)) } }
            td.barc { (strips::sender(sender, group)) }
            td.n.strong data-l=(page.words.month) { (shown(sender.spent, group.currency, &[])) }
            td.n data-l="share" { @match sender.share { Some(share) => { (share) "%" }, None => (parts::none()) } }
            td.n.oc data-l=(page.words.last_month) { (known(sender.last, group.currency)) }
            td.n data-l="messages" { (shown_count(sender.messages)) }
        }
    }
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
