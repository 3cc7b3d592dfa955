//! Who sent it, by currency.

use maud::{Markup, html};

use super::{counted, section};
use crate::domain::alert::money;
use crate::domain::page::{Page, Sender, SenderGroup};
use crate::page::parts::{self, heard, known, text};
use crate::page::strips;

pub(super) fn senders(page: &Page) -> Markup {
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
                tr.grp { th scope="rowgroup" colspan="7" { (group.currency.code()) span.mut { (money(group.spent, group.currency, &[])) } } }
                @for sender in &group.senders { (sender_row(sender, group, page)) }
                @if let Some((count, amount)) = &group.more { tr {
                    th scope="row" { (counted(*count)) " more" }
                    td.on {} td.barc {}
                    td.n data-l=(words.month) { (money(*amount, group.currency, &[])) }
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
            td.n.strong data-l=(page.words.month) { (money(sender.spent, group.currency, &[])) }
            td.n data-l="share" { @match sender.share { Some(share) => { (share) "%" }, None => (parts::none()) } }
            td.n.oc data-l=(page.words.last_month) { (known(sender.last, group.currency)) }
            td.n data-l="messages" { @match sender.messages { Some(messages) => (counted(messages)), None => (parts::none()) } }
        }
    }
}
