//! The sheet as people read it: the verdict first, then how far the figures can be trusted, then a line a budget.

use std::collections::BTreeSet;

use anstyle::{AnsiColor, Style};
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::beside::{Held, NotCovered};
use super::sheet::{Row, Sheet, State, main_period, unread_days};
use crate::cli::table::{Cell, Column, Table};
use crate::cli::terminal::{Sign, Terminal, coloured};
use crate::domain::alert::{about, count, limit, money};
use crate::domain::case::Case;
use crate::domain::coverage::Gap;
use crate::domain::product::Product;
use crate::domain::text::label;

/// Budgets that are shown; the others are counted.
const MOST_ROWS: usize = 100;
/// Days, or rows of the report, that are named.
const MOST_NAMED: usize = 5;
/// Below so many columns, words that can be found elsewhere are left out.
const WIDE: usize = 72;

/// Which columns a table has: what is least missed gives way first.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Full,
    WithoutLimit,
    /// Signs in place of words.
    Signs,
}

/// What was read, and what it came to.
pub(in crate::cli) fn lines(sheet: &Sheet, case: &Case<'_>, receipt: &str, terminal: &Terminal) -> Vec<String> {
    let style = verdict_style(sheet, case);
    let mut lines: Vec<_> = terminal
        .prose(&sheet.verdict)
        .iter()
        .map(|line| format!(" {}", terminal.paint(style, line.trim_start())))
        .collect();
    lines.extend(terminal.prose(&completeness(case, receipt)));
    if !sheet.budgets.is_empty() {
        lines.push(String::new());
        lines.extend(budgets(sheet, case, terminal));
    }
    let below = below(sheet, case, terminal);
    if !below.is_empty() {
        lines.push(String::new());
        let below: Vec<_> = below.iter().map(|(label, text)| (label.as_str(), text.clone())).collect();
        lines.extend(terminal.labelled(&below));
    }
    lines
}

fn verdict_style(sheet: &Sheet, case: &Case<'_>) -> Style {
    let has = |state| sheet.budgets.iter().any(|row| row.state == state);
    let colour = if sheet.budgets.iter().any(|row| row.amount >= row.limit) {
        AnsiColor::Red
    } else if has(State::Forecast) || has(State::Level) || !case.coverage.is_complete() {
        AnsiColor::Yellow
    } else {
        AnsiColor::Green
    };
    coloured(colour).bold()
}

/// `21 of 22 days read: 19 November is missing, figures are at least what is shown.`
fn completeness(case: &Case<'_>, receipt: &str) -> String {
    if case.coverage.is_complete() {
        return receipt.to_owned();
    }
    let (days, products) = (case.receipt.days, &case.policy.products);
    let rows = case.coverage.row_faults.len() as u64;
    let (mut problems, mut read) = (Vec::new(), Vec::new());
    for product in products.iter().copied() {
        let missing = unread_days(case, product);
        let of = if products.len() == 1 { String::new() } else { format!(" of {}", product.charged()) };
        read.push(days.saturating_sub(missing.len() as u64));
        match missing.first() {
            Some(day) if missing.len() == 1 => problems.push(format!("{}{of} is missing", day.strftime("%-d %B"))),
            Some(_) => problems.push(format!("{}{of} are missing", count(missing.len() as u64, "day"))),
            None if case.coverage.gaps.iter().any(|gap| gap.product == product) => {
                problems.push(format!("late listings{of} are missing"));
            }
            None => {}
        }
    }
    if rows > 0 {
        problems.push(format!("{} cannot be read", count(rows, "row")));
    }
    let least = if read.iter().any(|read| *read > 0) { "; figures are at least what is shown" } else { "" };
    let read = match read.as_slice() {
        [read] => format!("{read} of {} read", count(days, "day")),
        read if read.iter().all(|read| *read == 0) => "Not read".to_owned(),
        _ => "Read in part".to_owned(),
    };
    format!("{read}: {}{least}.", problems.join(", "))
}

fn budgets(sheet: &Sheet, case: &Case<'_>, terminal: &Terminal) -> Vec<String> {
    let shown = sheet.budgets.get(..MOST_ROWS).unwrap_or(&sheet.budgets);
    let heading = estimate_heading(shown, case);
    let table = |form: Form| {
        let columns = match form {
            Form::Signs => vec![Column::Left("Budget")],
            Form::Full | Form::WithoutLimit => vec![Column::Left("State"), Column::Left("Budget")],
        };
        let limit = (form == Form::Full).then_some(Column::Right("Limit"));
        let columns = [columns, vec![Column::Right("Spent")], limit.into_iter().collect()].concat();
        let columns = [columns, vec![Column::Right("Used"), Column::Right(&heading)]].concat();
        Table::new(&columns, shown.iter().map(|row| cells(row, form, terminal)))
    };
    let forms = [Form::Full, Form::WithoutLimit, Form::Signs];
    let form = forms.into_iter().find(|form| table(*form).fits(terminal)).unwrap_or(Form::Signs);
    let mut lines = table(form).lines(terminal);
    if let Some(rest) = sheet.budgets.get(MOST_ROWS..).filter(|rest| !rest.is_empty()) {
        let most = rest.iter().filter_map(|row| row.used_percent).max().unwrap_or_default();
        let more = count(rest.len() as u64, "budget");
        lines.push(format!(" … and {more} more, of which at most {most}% is used; --json has them all"));
    }
    if form == Form::Signs {
        lines.push(String::new());
        lines.extend(key(shown, terminal));
    }
    lines
}

/// `By 30 Nov`, if all estimates are for one day.
fn estimate_heading(rows: &[Row], case: &Case<'_>) -> String {
    let ends: BTreeSet<Date> = rows.iter().filter_map(|row| row.estimate.as_ref()).map(|end| end.by).collect();
    let main = main_period(case).map(|period| period.last_day());
    match (ends.len(), ends.first().copied().or(main)) {
        (0 | 1, Some(day)) => format!("By {}", day.strftime("%-d %b")),
        _ => "By its end".to_owned(),
    }
}

fn cells(row: &Row, form: Form, terminal: &Terminal) -> Vec<Cell> {
    let Row { state, currency, .. } = row;
    let (sign, style) = sign(*state, terminal);
    let spent = format!("{currency} {}", money(row.amount, *currency, &row.thresholds));
    let used = row.used_percent.map_or_else(String::new, |percent| format!("{percent}%"));
    let end = row.estimate.as_ref().map_or_else(String::new, |end| {
        let [low, high] = [end.low, end.high].map(|end| about(end, *currency));
        if low == high { low } else { format!("{low} to {high}") }
    });
    let mut cells = match form {
        Form::Signs => vec![Cell::marked(sign, style, format!(" {}", row.who))],
        _ => vec![Cell::marked(format!("{sign} {}", word(row)), style, ""), row.who.clone().into()],
    };
    cells.push(spent.into());
    if form == Form::Full {
        cells.push(limit(row.limit, *currency).into());
    }
    cells.extend([used.into(), end.into()]);
    cells
}

fn word(row: &Row) -> String {
    let level = row.level.as_deref().unwrap_or_default();
    match row.state {
        State::Over => "OVER".to_owned(),
        State::Forecast => format!("FORECAST {level}").trim_end().to_owned(),
        State::Level => level.to_owned(),
        State::Silenced => "silenced".to_owned(),
        State::Within => "within".to_owned(),
    }
}

fn sign(state: State, terminal: &Terminal) -> (&'static str, Style) {
    match state {
        State::Over => (terminal.sign(Sign::Over), coloured(AnsiColor::Red)),
        State::Forecast => (terminal.sign(Sign::Forecast), coloured(AnsiColor::Yellow)),
        State::Level => (terminal.sign(Sign::Level), Style::new()),
        State::Silenced => (terminal.sign(Sign::Silenced), Style::new()),
        State::Within => (" ", Style::new()),
    }
}

/// What the signs that are used mean.
fn key(rows: &[Row], terminal: &Terminal) -> Vec<String> {
    let words = [
        (State::Over, "over"),
        (State::Forecast, "forecast"),
        (State::Level, "level reached"),
        (State::Silenced, "silenced"),
    ];
    let used = words.into_iter().filter(|(state, _)| rows.iter().any(|row| row.state == *state));
    let key: Vec<_> = used.map(|(state, word)| format!("{} {word}", sign(state, terminal).0)).collect();
    if key.is_empty() { Vec::new() } else { vec![format!(" {}", key.join("  "))] }
}

/// What is below the table: labels and texts.
fn below(sheet: &Sheet, case: &Case<'_>, terminal: &Terminal) -> Vec<(String, String)> {
    let is_wide = terminal.width >= WIDE;
    let news = sheet.news.iter().map(|news| (news.mark.clone(), news.headline.clone()));
    let not_covered = sheet.not_covered.iter().map(|open| ("Not covered".to_owned(), not_covered(open, is_wide)));
    let zone = &case.policy.time_zone;
    let silenced = sheet.silenced.iter().map(|held| ("Silenced".to_owned(), silenced(held, zone, is_wide)));
    let mut below: Vec<_> = news.chain(not_covered).chain(silenced).collect();
    let gaps = case.coverage.gaps.iter();
    below.extend(gaps.take(MOST_NAMED).map(|gap| ("Not read".to_owned(), not_read(gap, is_wide))));
    let faults = case.coverage.row_faults.iter().take(MOST_NAMED);
    below.extend(faults.map(|fault| ("Not read".to_owned(), format!("{fault} (ReportInvalid)"))));
    let more = case.coverage.gaps.len().saturating_sub(MOST_NAMED);
    let more = more + case.coverage.row_faults.len().saturating_sub(MOST_NAMED);
    if more > 0 {
        below.push(("Not read".to_owned(), format!("and {more} more; --json has them all")));
    }
    below.extend(sheet.notes.iter().map(|note| ("Note".to_owned(), note.clone())));
    below
}

fn not_covered(open: &NotCovered, is_wide: bool) -> String {
    let sum = format!("{} {}{}", open.currency, money(open.amount, open.currency, &[]), open.on);
    let most = open.most.as_ref().map_or_else(String::new, |most| format!(", {most}"));
    let why = match (is_wide, open.has_budget) {
        (false, _) => "",
        (true, false) => ": no budget in this currency",
        (true, true) => ": spent by those for whom there is no budget",
    };
    format!("{sum}{most}{why}")
}

fn silenced(Held { alerts, until, reason }: &Held, zone: &TimeZone, is_wide: bool) -> String {
    let until = until.to_zoned(zone.clone()).strftime("%-d %B");
    let held = format!("{} until {until}", count(*alerts, "alert"));
    if is_wide && !reason.is_empty() { format!("{held}: {reason}") } else { held }
}

fn not_read(Gap { product, dates, code, problem }: &Gap, is_wide: bool) -> String {
    let [from, to] = [dates.from, dates.to].map(|day| day.strftime("%-d %B").to_string());
    let dates = if from == to { to } else { format!("{from} to {to}") };
    let dates = if *product == Product::Sms { dates } else { format!("{}, {dates}", product.charged()) };
    if is_wide { format!("{dates}: {} ({code})", label(problem)) } else { format!("{dates} ({code})") }
}
