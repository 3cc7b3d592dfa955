//! What the widget says: the page, or why there is none and what to do.

use jiff::{SignedDuration, Timestamp};
use maud::{Markup, PreEscaped, html};
use serde_json::json;

use super::{Found, View};
use crate::daybook::Listed;
use crate::domain::text::label;
use crate::page;

/// The documentation that CloudWatch shows.
pub(super) const DESCRIPTION: &str = include_str!("description.md");

/// A page of a stack that runs every day is never so old.
const OLD: SignedDuration = SignedDuration::from_hours(25);
/// Accounts in a list.
const MOST_LISTED: usize = 100;

/// The words, for one view.
pub(super) struct Say<'a> {
    pub(super) view: &'a View,
    /// The ARN by which links call this function again.
    pub(super) function: &'a str,
    pub(super) now: Timestamp,
}

impl Say<'_> {
    /// What the table has.
    pub(super) fn found(&self, found: &Found) -> String {
        match found {
            Found { page: Some((listed, page)), listed: all } => html! {
                (self.age(listed))
                (PreEscaped(page::widget(page, self.view.theme, self.view.width)))
                @if all.len() > 1 { p { (self.link("All Zoom accounts", None)) } }
            },
            Found { listed, .. } if listed.is_empty() => html! {
                h2 { "No run has stored a page yet" }
                p {
                    "The next run stores one. To have it now, start a run: the stack's output RunNowCommand says how. If runs fail, the \
                     alarms on this dashboard say why."
                }
            },
            Found { listed, .. } => self.accounts(listed),
        }
        .into_string()
    }

    /// Why the table cannot be read. The problem holds AWS's code.
    #[expect(clippy::unused_self, reason = "it is said as everything else")]
    pub(super) fn unreadable(&self, problem: &str) -> String {
        html! {
            h2 { "The stored page cannot be read" }
            p { "Reason: " (problem) "." }
            p { "Alerts do not depend on it: runs, and what they send, are on the alarms and charts of this dashboard." }
        }
        .into_string()
    }

    /// That no run has stored a page for long.
    fn age(&self, listed: &Listed) -> Markup {
        let age = self.now.duration_since(listed.as_of);
        html! {
            @if age > OLD {
                p {
                    b { "This page is " (age.as_hours()) " hours old." }
                    " No later run has stored one: see the alarms on this dashboard."
                }
            }
        }
    }

    /// All accounts of the table, each with what its page says first.
    fn accounts(&self, listed: &[Listed]) -> Markup {
        let left_out = listed.len().saturating_sub(MOST_LISTED);
        html! {
            @match &self.view.account {
                Some(account) => h2 { "No page of the Zoom account " (label(account)) " is stored" },
                None => h2 { "The pages of " (listed.len()) " Zoom accounts are stored" },
            }
            table {
                thead { tr { th scope="col" { "Zoom account" } th scope="col" { "As of" } th scope="col" { "State" } } }
                tbody {
                    @for Listed { account, as_of, verdict } in listed.iter().skip(left_out) {
                        tr {
                            th scope="row" { (self.link(account, Some(account))) }
                            td { (as_of.strftime("%-d %B %Y, %H:%M UTC")) }
                            td { (label(verdict)) }
                        }
                    }
                }
            }
            @if left_out > 0 { p { (left_out) " more are not listed, those with the oldest pages." } }
            p { "To show one account always, give its id as the widget's parameter: " code { "account: \"…\"" } }
        }
    }

    /// A link that calls this function again, in this widget. CloudWatch ties the action to the element before it.
    fn link(&self, words: &str, account: Option<&str>) -> Markup {
        let parameters = account.map_or_else(|| json!({"account": ""}), |account| json!({"account": account}));
        html! {
            a { (label(words)) }
            cwdb-action action="call" display="widget" endpoint=(self.function) { (parameters.to_string()) }
        }
    }
}
