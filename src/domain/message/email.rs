//! Plain text for a person at seven in the morning: what passed which limit, how much, who spent it, what to do.

use std::collections::BTreeSet;

use super::text::{ascii, capitalised, short, wrap};
use super::{Fit, Sheet};
use crate::domain::alert::{Wording, count};

/// Lines stay under 76 columns (RFC 2045's line length, which SNS's e-mail keeps).
const WIDTH: usize = 75;
/// SNS wants subjects under 100 characters.
const MOST_SUBJECT: usize = 99;
/// Characters of a name in the list of several.
const MOST_WHO: usize = 34;
/// What to do, in a message of several.
const MOST_STEPS: usize = 6;

pub(super) fn subject(sheet: &Sheet<'_, '_>) -> String {
    let Some(worst) = sheet.wordings.first() else {
        return String::new();
    };
    let suffix = sheet.suffix();
    let headline = ascii(&format!("{}: {}", worst.mark, worst.headline));
    short(&headline, MOST_SUBJECT - suffix.len().min(MOST_SUBJECT)) + &suffix
}

pub(super) fn body(sheet: &Sheet<'_, '_>, fit: Fit) -> String {
    let mut body = String::new();
    for mark in sheet.marks() {
        body += &wrap("", &mark, WIDTH);
        body.push('\n');
    }
    match sheet.wordings.as_slice() {
        [only] => {
            in_full("", only, &mut body);
            body.push('\n');
            body += &wrap("", &only.steps.join(" "), WIDTH);
        }
        several => list(sheet, several, fit, &mut body),
    }
    body.push('\n');
    let what = if sheet.wordings.len() == 1 { "Alert" } else { "Message" };
    body += &wrap("", &format!("{} {what} {}.", sheet.trust(), sheet.id), WIDTH);
    body
}

fn list(sheet: &Sheet<'_, '_>, wordings: &[Wording], fit: Fit, body: &mut String) {
    let all = count(wordings.len() as u64, "alert");
    let part = sheet.message.part.map_or_else(String::new, |part| format!(" (message {} of {})", part.number, part.of));
    *body += &format!("{all}{part}, the worst first:\n\n");
    let listed = || wordings.iter().take(fit.in_full + fit.lines);
    let width =
        |text: fn(&Wording) -> &str| listed().map(|wording| text(wording).chars().count()).max().unwrap_or_default();
    let (mark, percent) = (width(|wording| &wording.mark), width(|wording| &wording.row.percent));
    let who = width(|wording| &wording.row.who).min(MOST_WHO);
    for wording in listed() {
        let row = &wording.row;
        let start = format!("  {:<mark$}  {:>percent$}  ", wording.mark, row.percent);
        let line = format!("{start}{:<who$}  {}", short(&row.who, MOST_WHO), row.money);
        *body += &if line.chars().count() <= WIDTH {
            line + "\n"
        } else {
            wrap(&start, &format!("{} {}", row.who, row.money), WIDTH)
        };
    }
    let left_out = wordings.len().saturating_sub(fit.in_full + fit.lines);
    if left_out > 0 {
        *body += &wrap("  ", &format!("and {left_out} more, all of them in this message's form for programs"), WIDTH);
    }
    for (wording, number) in wordings.iter().take(fit.in_full).zip(1..) {
        body.push('\n');
        in_full(&format!("{number}. "), wording, body);
    }
    let mut seen = BTreeSet::new();
    let steps = wordings.iter().flat_map(|wording| &wording.steps).filter(|step| seen.insert(*step));
    body.push('\n');
    for step in steps.take(MOST_STEPS) {
        *body += &wrap("- ", step, WIDTH);
    }
}

fn in_full(number: &str, wording: &Wording, body: &mut String) {
    *body += &wrap("", &format!("{number}{}", capitalised(&wording.lead)), WIDTH);
    if wording.facts.is_empty() {
        return;
    }
    body.push('\n');
    for (label, text) in &wording.facts {
        *body += &wrap(&format!("  {label:<12}  "), text, WIDTH);
    }
}
