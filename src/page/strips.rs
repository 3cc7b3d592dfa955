//! Days as cells and months as bars. All cells of one level are one path, so that many numbers stay small.

use std::fmt::Write as _;

use maud::{Markup, html};

use super::geometry::{percent, scaled, tenths};
use crate::domain::alert::money;
use crate::domain::money::Amount;
use crate::domain::page::{Cell, DayMonth, NumberRow, Page, Sender, SenderGroup, Thirteen};

/// A day's cell: width with its gap.
const CELL: usize = 8;
/// A month's bar: width with its gap, and the height of the highest.
const BAR: i64 = 16;
const HIGHEST: i64 = 320;
const FLOOR: i64 = 335;

/// The width of a month's days.
pub(super) fn width(month: &DayMonth) -> usize {
    month.days as usize * CELL
}

/// The Mondays of a month, above its days.
pub(super) fn mondays(month: &DayMonth) -> Markup {
    let width = width(month);
    html! {
        svg viewBox=(format!("0 0 {width} 14")) width=(width) height="14" aria-hidden="true" {
            @for day in (month.monday..=month.days).step_by(7) {
                text x=(tenths(i64::from(day) * 80 - 45)) y="11" text-anchor="middle" { (day) }
            }
        }
    }
}

/// The days of a month, of all days that are shown, from the place of its first on.
pub(super) fn days(row: &NumberRow, first: usize, month: &DayMonth) -> Markup {
    let length = month.days as usize;
    let cells: Vec<Cell> = row.days.chars().skip(first).take(length).map(Cell::of).collect();
    let spikes: Vec<(usize, u64)> = row
        .spikes
        .iter()
        .filter_map(|(place, messages)| Some(((*place as usize).checked_sub(first)?, *messages)))
        .filter(|(place, _)| *place < length)
        .collect();
    let path = |wanted: Cell, shape: &str| {
        let mut path = String::new();
        let is_spike = |place: usize| spikes.iter().any(|(spike, _)| *spike == place);
        for (place, _) in cells.iter().enumerate().filter(|(place, cell)| **cell == wanted && !is_spike(*place)) {
            _ = write!(path, "M{} {shape}", place * CELL);
        }
        path
    };
    const FULL: &str = "9h7v16h-7z";
    let levels = [
        ("l0", path(Cell::Nothing, "23h7v2h-7z")),
        ("l1", path(Cell::Little, FULL)),
        ("l2", path(Cell::Usual, FULL)),
        ("l3", path(Cell::Much, FULL)),
        ("l4", path(Cell::VeryMuch, FULL)),
        ("o-ink thin", path(Cell::Unknown, "9.6h6.4v14.8h-6.4zm0 14.8l6.4-14.8")),
    ];
    let width = width(month);
    html! {
        svg viewBox=(format!("0 0 {width} 26")) width=(width) height="26" aria-hidden="true" {
            @for (class, path) in levels.iter().filter(|(_, path)| !path.is_empty()) { path class=(class) d=(path) {} }
            @for (place, messages) in &spikes {
                @let x = place * CELL;
                // Above the cell, so that it stands on its day.
                path.f-spk d=(format!("M{x} 9h7v16h-7zM{} 1l4 6h-8z", x + 3)) {}
                @let (at, anchor) = if *place * 2 < length { (x + 9, "start") } else { (x.saturating_sub(2), "end") };
                text.no x=(at) y="8" text-anchor=(anchor) { (messages) }
            }
        }
    }
}

/// Thirteen months as bars on a scale of their own, with what is likely and the limit.
pub(super) fn months(of: &Thirteen, row: Option<&NumberRow>, page: &Page) -> Markup {
    let likely = row.and_then(|row| row.estimate).map(|estimate| estimate.likely);
    let highest = of.months.iter().flatten().copied().chain(likely).max().unwrap_or_default();
    let limit = row.and_then(|row| row.limit).filter(|limit| scaled(*limit, highest, 100) <= 115);
    let highest = highest.max(limit.unwrap_or_default());
    let top = |amount: Amount| FLOOR - scaled(amount, highest, HIGHEST);
    let last = of.months.len().saturating_sub(1);
    let (width, mut past, mut part, mut unknown) =
        (i64::try_from(of.months.len()).unwrap_or_default() * BAR - 3, String::new(), String::new(), String::new());
    for ((place, month), known) in (0_i64..).zip(&of.months).zip(&page.months).take(last) {
        let x = place * BAR;
        match month {
            None => _ = write!(unknown, "M{x} 26.5h13"),
            Some(amount) if known.whole => _ = write!(past, "M{x} {}h13V33.5h-13z", tenths(top(*amount))),
            Some(amount) => _ = write!(part, "M{x} {}h13V33.5h-13z", tenths(top(*amount))),
        }
    }
    let now = of.months.last().copied().flatten();
    let x = i64::try_from(last).unwrap_or_default() * BAR;
    html! {
        svg viewBox=(format!("0 0 {width} 34")) width=(width) height="34" aria-hidden="true" {
            @if !past.is_empty() { path.f-past d=(past) {} }
            @if !part.is_empty() { path.o-hold d=(part) {} }
            @if !unknown.is_empty() { path.lead d=(unknown) {} }
            @if let Some(likely) = likely { path.band d=(format!("M{x} {}h13V33.5h-13z", tenths(top(likely)))) {} }
            @if let Some(now) = now { path.f-bar d=(format!("M{x} {}h13V33.5h-13z", tenths(top(now)))) {} }
            @if let Some(limit) = limit { path class="limit thin" d=(format!("M0 {}H{width}", tenths(top(limit)))) {} }
            path.axis d=(format!("M0 33.5H{width}")) {}
        }
    }
}

/// The same months in words.
pub(super) fn months_heard(of: &Thirteen, page: &Page) -> String {
    let first = page.months.first().map_or("", |month| &month.name);
    let amount =
        |month: &Option<Amount>| month.map_or_else(|| "not known".to_owned(), |amount| money(amount, of.currency, &[]));
    let all: Vec<_> = of.months.iter().map(amount).collect();
    format!("Monthly sums in {} from {first} on: {}", of.currency, all.join(", "))
}

/// The messages of a month in words.
pub(super) fn days_heard(row: &NumberRow, first: usize, month: &DayMonth) -> String {
    let cells = row.days.chars().skip(first).take(month.days as usize).map(Cell::of);
    let (mut much, mut nothing, mut unknown) = (0, 0, 0);
    for cell in cells {
        match cell {
            Cell::Much | Cell::VeryMuch => much += 1,
            Cell::Nothing => nothing += 1,
            Cell::Unknown => unknown += 1,
            Cell::Ahead | Cell::Little | Cell::Usual => {}
        }
    }
    let mut parts = Vec::new();
    let mut say = |count: u32, what: &str| {
        if count > 0 {
            parts.push(format!("{count} {} {what}", if count == 1 { "day" } else { "days" }));
        }
    };
    say(much, "over 1½ times the usual");
    say(nothing, "without a charge");
    say(unknown, "not known");
    if parts.is_empty() { "all days about as usual".to_owned() } else { parts.join(", ") }
}

/// A sender's bar within its currency, with a tick at the month before.
pub(super) fn sender(sender: &Sender, group: &SenderGroup) -> Markup {
    let highest = group.senders.iter().flat_map(|sender| [Some(sender.spent), sender.last]).flatten().max();
    let at = |amount: Amount| percent(scaled(amount, highest.unwrap_or_default(), 1_000));
    html! {
        svg.bar width="100%" height="14" aria-hidden="true" {
            rect.f-bar y="2" height="10" width=(at(sender.spent)) {}
            @if let Some(last) = sender.last.filter(|last| !last.is_zero()) {
                line.likely x1=(at(last)) x2=(at(last)) y1="0" y2="14" {}
            }
        }
    }
}
