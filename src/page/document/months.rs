//! Thirteen months, by department and number.

use maud::{Markup, html};

use super::{counted, more, section};
use crate::domain::alert::money;
use crate::domain::page::{Department, NumberRow, Page, Thirteen};
use crate::page::parts::{self, estimate, heard, known, text, with_currency};
use crate::page::strips;

pub(super) fn months(page: &Page) -> Markup {
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
            ". A usual month is the median of the whole ones before. A number stands once, with all its charges, under the department that it is used for most."
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
                    (if place == 0 { "" } else { ", " }) (sum.currency.code()) " " (money(now, sum.currency, &[]))
                }
            }
        } } }
        @for sum in department.sums.iter().filter(|sum| has_several(department, sum)) { tr.all {
            @let [last, now] = ends(&sum.months);
            th scope="row" { "all in " (sum.currency.code()) }
            td.sp { (heard(&strips::months_heard(sum, page))) (strips::months(sum, None, page)) }
            td.n {}
            td.n.oc data-l=(page.words.last_month) { (known(last, sum.currency)) }
            td.n data-l=(page.words.month) { @match now { Some(now) => (with_currency(now, sum.currency, &[])), None => (parts::none()) } }
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
            td.n.strong data-l=(words.month) { @match now { Some(now) => (with_currency(now, currency, &[])), None => (parts::none()) } }
            td.n.fc data-l={ "by " (words.end) } { (estimate(row.estimate.as_ref(), currency)) }
            td.n data-l="against usual" { (against(row.against)) }
        }
    }
}

/// `+18%`, `-20%`; from ten times on, how many times.
fn against(against: Option<i64>) -> Markup {
    match against {
        Some(much @ 1_000..) => html! { (counted(much.unsigned_abs() / 100 + 1)) " times" },
        Some(more @ 1..) => html! { "+" (more) "%" },
        Some(less) => html! { (less) "%" },
        None => parts::none(),
    }
}
