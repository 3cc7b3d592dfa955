//! Plain text for a person at seven in the morning: what passed which limit, how much, who spent it, what to do.

use super::text::{ascii, short, wrap};
use super::{Fit, Sheet};
use crate::domain::alert::{Kind, Wording, count};
use crate::domain::text::capitalised;

/// Lines stay under 76 columns (RFC 2045's line length, which SNS's e-mail keeps).
const WIDTH: usize = 75;
/// SNS wants subjects under 100 characters.
const MOST_SUBJECT: usize = 99;
/// Characters of a name in the list of several.
const MOST_WHO: usize = 34;
/// The same at least, where a subject has more than who and how much.
const LEAST_WHO: usize = 24;
/// Characters of a department before a number, and a blank.
const LEAST_START: usize = 5;

pub(super) fn subject(sheet: &Sheet<'_, '_>) -> String {
    let Some(worst) = sheet.wordings.first() else {
        return String::new();
    };
    let suffix = sheet.suffix();
    let room = MOST_SUBJECT.saturating_sub(suffix.len());
    let name = if worst.headline.starts_with(&worst.row.who) { worst.row.who.as_str() } else { "" };
    let without = |text: &str| ascii(text.strip_prefix(name).unwrap_or(text));
    let mark = format!("{}: ", worst.mark);
    let left = |text: &str| room.saturating_sub(mark.len() + without(text).len());
    // A long name must not push out the figures, of which a part would be another figure. With too little of it, the rest goes first.
    let is_enough = mark.len() + without(&worst.headline).len() <= room
        && left(&worst.headline) >= name.chars().count().min(LEAST_WHO);
    let text = if is_enough { &worst.headline } else { &worst.title };
    short(&(mark.clone() + &ascii(&shortened(name, left(text))) + &without(text)), room) + &suffix
}

/// A name that keeps the number at its end, which tells the numbers of a department apart.
fn shortened(name: &str, most: usize) -> String {
    match name.rsplit_once(' ') {
        Some((start, number)) if number.starts_with('+') && number.len() + LEAST_START < most => {
            format!("{} {number}", short(start, most - number.len() - 1))
        }
        _ => short(name, most),
    }
}

pub(super) fn body(sheet: &Sheet<'_, '_>, fit: Fit) -> String {
    let mut body = String::new();
    for mark in sheet.marks() {
        body += &wrap("", &mark, WIDTH);
        body.push('\n');
    }
    match sheet.wordings.as_slice() {
        [only] => {
            let lead = [Some(only.lead.clone()), sheet.rest()].into_iter().flatten().collect::<Vec<_>>().join(" ");
            in_full(&lead, only, &mut body);
            if !only.steps.is_empty() {
                body.push('\n');
                body += &wrap("", &only.steps.join(" "), WIDTH);
            }
        }
        several => list(sheet, several, fit, &mut body),
    }
    body.push('\n');
    let links = sheet.links();
    for (label, link) in &links {
        // A link that is broken leads nowhere, so it is never wrapped.
        body += &format!("  {label:<6}  {link}\n");
    }
    if !links.is_empty() {
        body.push('\n');
    }
    let is_alert = sheet.wordings.len() == 1 && sheet.kind() != Kind::Digest;
    let what = if is_alert { "Alert" } else { "Message" };
    body += &wrap("", &format!("{} {what} {}.", sheet.trust(), sheet.id), WIDTH);
    body
}

fn list(sheet: &Sheet<'_, '_>, wordings: &[Wording], fit: Fit, body: &mut String) {
    let all = count(wordings.len() as u64, "alert");
    let part = sheet.message.part.map_or_else(String::new, |part| format!(" (message {} of {})", part.number, part.of));
    *body += &format!("{all}{part}, the worst first:\n\n");
    let listed = || wordings.iter().take(fit.in_full + fit.lines);
    let width =
        |text: fn(&Wording) -> String| listed().map(|wording| text(wording).chars().count()).max().unwrap_or_default();
    let (mark, percent) = (width(|wording| wording.mark.clone()), width(|wording| wording.row.percent.clone()));
    let who = width(|wording| wording.row.name()).min(MOST_WHO);
    for wording in listed() {
        let (row, name) = (&wording.row, wording.row.name());
        let start = format!("  {:<mark$}  {:>percent$}  ", wording.mark, row.percent);
        let line = format!("{start}{:<who$}  {}", short(&name, MOST_WHO), row.money);
        *body += &if line.chars().count() <= WIDTH {
            line + "\n"
        } else {
            wrap(&start, &format!("{name}  {}", row.money), WIDTH)
        };
    }
    let left_out = wordings.len().saturating_sub(fit.in_full + fit.lines);
    if left_out > 0 {
        *body += &wrap("  ", &format!("and {left_out} more, all of them in this message's form for programs"), WIDTH);
    }
    if let Some(rest) = sheet.rest() {
        body.push('\n');
        *body += &wrap("", &rest, WIDTH);
    }
    for (wording, number) in wordings.iter().take(fit.in_full).zip(1..) {
        body.push('\n');
        in_full(&format!("{number}. {}", capitalised(&wording.lead)), wording, body);
        facts(&[("To do".to_owned(), wording.todo.clone())], body);
    }
}

fn in_full(lead: &str, wording: &Wording, body: &mut String) {
    *body += &wrap("", &capitalised(lead), WIDTH);
    if !wording.facts.is_empty() {
        body.push('\n');
    }
    facts(&wording.facts, body);
    if !wording.table.is_empty() {
        body.push('\n');
        *body += &columns(&wording.table);
    }
    if !wording.facts_below.is_empty() {
        body.push('\n');
        facts(&wording.facts_below, body);
    }
}

fn facts(facts: &[(String, String)], body: &mut String) {
    for (label, text) in facts {
        let start = format!("  {label:<12}  ");
        // Columns stay columns where there is room for them.
        *body += &if start.chars().count() + text.chars().count() <= WIDTH {
            format!("{start}{text}\n")
        } else {
            wrap(&start, text, WIDTH)
        };
    }
}

/// A table: the first column to the left, the others to the right. The first gives way.
fn columns(table: &[Vec<String>]) -> String {
    let length = |text: &String| text.chars().count();
    let count = table.first().map_or(0, Vec::len);
    let width = |column: usize| table.iter().filter_map(|row| row.get(column)).map(length).max().unwrap_or_default();
    let widths: Vec<usize> = (1..count).map(width).collect();
    let room = WIDTH.saturating_sub(2 + widths.iter().map(|width| width + 2).sum::<usize>());
    let first = width(0).min(room);
    let mut text = String::new();
    for row in table {
        let mut cells = row.iter();
        let mut line = format!("  {:<first$}", short(cells.next().map_or("", String::as_str), first));
        for (cell, width) in cells.zip(&widths) {
            line += &format!("  {cell:>width$}");
        }
        text += line.trim_end();
        text.push('\n');
    }
    text
}
