//! The month to date of a budget, and where it will end. The limit is at one height in all curves.

use std::fmt::Write as _;

use maud::{Markup, PreEscaped, html};

use super::geometry::{scaled, tenths};
use super::parts;
use crate::domain::alert::{limit, money};
use crate::domain::money::Amount;
use crate::domain::page::{BudgetRow, Curve, Page, Sign, range};

/// The size of the picture, and where it is drawn in it; in tenths.
const WIDTH: i64 = 2_800;
const HEIGHT: i64 = 1_560;
const LEFT: i64 = 40;
const RIGHT: i64 = 2_700;
const TOP: i64 = 100;
const BASE: i64 = 1_380;
/// The limit is at most so high above the base, and at least so high: what is far beyond it is cut.
const LIMITS: std::ops::RangeInclusive<i64> = 400..=700;

/// How high above the base the limit of all these curves is, so that they all fit.
pub(super) fn height(page: &Page) -> i64 {
    let highest = |curve: &Curve| {
        let row = page.budgets.get(curve.budget)?;
        let last = summed(&curve.last).last().map_or(Amount::ZERO, |(amount, _)| *amount);
        let high = row.estimate.map_or(row.spent, |estimate| estimate.high);
        Some(scaled(high.max(row.spent).max(last), row.limit, 100))
    };
    let highest = page.curves.iter().filter_map(highest).max().unwrap_or_default();
    ((BASE - TOP) * 100 / highest.max(1)).clamp(*LIMITS.start(), *LIMITS.end())
}

/// A curve in points of the picture.
struct Points<'c> {
    /// How high above the base the limit is.
    limit: i64,
    curve: &'c Curve,
    row: &'c BudgetRow,
    /// What was spent by the end of each day that has started, and whether the day is known.
    spent: Vec<(Amount, bool)>,
}

impl<'c> Points<'c> {
    fn of(curve: &'c Curve, row: &'c BudgetRow, limit: i64) -> Points<'c> {
        Points { limit, curve, row, spent: summed(&curve.days) }
    }

    fn x(&self, day: i64) -> i64 {
        LEFT + day * (RIGHT - LEFT) / i64::from(self.curve.length.max(1))
    }

    fn y(&self, amount: Amount) -> i64 {
        (BASE - scaled(amount, self.row.limit, self.limit)).max(TOP)
    }

    fn today(&self) -> i64 {
        i64::try_from(self.spent.len()).unwrap_or_default()
    }

    fn now(&self) -> Amount {
        self.spent.last().map_or(Amount::ZERO, |(amount, _)| *amount)
    }

    /// The line of known days, and that of days that are not known.
    fn lines(&self) -> [String; 2] {
        let [mut known, mut gap] = [String::new(), String::new()];
        let (mut before, mut pen_up) = ((LEFT, BASE), true);
        for (day, (amount, is_known)) in (1..).zip(&self.spent) {
            let here = (self.x(day), self.y(*amount));
            if *is_known {
                if pen_up {
                    to(&mut known, 'M', before);
                }
                to(&mut known, 'L', here);
            } else {
                to(&mut gap, 'M', before);
                to(&mut gap, 'L', here);
            }
            (before, pen_up) = (here, !*is_known);
        }
        [known, gap]
    }

    /// The month before, if all of it is known; its days take the width of this month's.
    fn last(&self) -> Option<String> {
        let days: Vec<_> = summed(&self.curve.last);
        if days.is_empty() || days.iter().any(|(_, is_known)| !is_known) {
            return None;
        }
        let mut path = String::new();
        to(&mut path, 'M', (LEFT, BASE));
        let length = i64::from(self.curve.length);
        for (day, (amount, _)) in (1..=length).zip(&days) {
            to(&mut path, 'L', (self.x(day), self.y(*amount)));
        }
        Some(path)
    }

    /// The fan of the forecast and its middle.
    fn fan(&self) -> Option<[String; 2]> {
        let estimate = self.row.estimate.as_ref()?;
        let (start, end) = ((self.x(self.today()), self.y(self.now())), self.x(i64::from(self.curve.length)));
        let [mut fan, mut middle] = [String::new(), String::new()];
        to(&mut fan, 'M', start);
        to(&mut fan, 'L', (end, self.y(estimate.high)));
        to(&mut fan, 'L', (end, self.y(estimate.low)));
        fan.push('z');
        to(&mut middle, 'M', start);
        to(&mut middle, 'L', (end, self.y(estimate.likely)));
        Some([fan, middle])
    }

    /// Where the mark of a day stands.
    fn on(&self, day: u32) -> (i64, i64) {
        let day = i64::from(day).min(self.today());
        let amount =
            usize::try_from(day - 1).ok().and_then(|place| self.spent.get(place)).map_or(Amount::ZERO, |it| it.0);
        (self.x(day), self.y(amount))
    }
}

fn to(path: &mut String, command: char, (x, y): (i64, i64)) {
    _ = write!(path, "{command}{} {}", tenths(x), tenths(y));
}

fn summed(days: &[Option<Amount>]) -> Vec<(Amount, bool)> {
    let mut sum = Amount::ZERO;
    let add = |day: &Option<Amount>| {
        sum = sum.checked_add(day.unwrap_or_default()).unwrap_or(sum);
        (sum, day.is_some())
    };
    days.iter().map(add).collect()
}

/// A curve's picture. `id` makes the ids of its title and description; without one it is labelled by itself.
pub(super) fn picture(curve: &Curve, (row, limit): (&BudgetRow, i64), page: &Page, id: Option<usize>) -> Markup {
    let points = Points::of(curve, row, limit);
    let (title, description) = (format!("Month to date: {}", row.who), described(curve, row, page));
    let (height, is_small) = if id.is_some() { (HEIGHT, false) } else { (BASE + 40, true) };
    let view = format!("0 0 {} {}", tenths(WIDTH), tenths(height));
    let (limit_at, end) = (tenths(BASE - limit), tenths(RIGHT));
    let [known, gap] = points.lines();
    let colour = match row.sign {
        Sign::Silenced => "c-hold",
        _ if row.used >= 100 => "c-over",
        _ => "c-bar",
    };
    let labels = id.map(|id| (format!("c{id}t"), format!("c{id}d")));
    let labelled = labels.as_ref().map(|(title, description)| format!("{title} {description}"));
    let label = labels.is_none().then(|| format!("{title}. {description}"));
    html! {
        svg viewBox=(view) role="img" aria-labelledby=[labelled] aria-label=[label] {
            @if let Some((of_title, of_description)) = &labels {
                title id=(of_title) { (title) }
                desc id=(of_description) { (description) }
            }
            path.axis d=(format!("M{} {}H{end}", tenths(LEFT), tenths(BASE))) {}
            path.limit d=(format!("M{} {limit_at}H{end}", tenths(LEFT))) {}
            @if let Some(last) = points.last() { path.prev d=(last) {} }
            @if let Some([fan, middle]) = points.fan() { path.fan d=(fan) {} path.mid d=(middle) {} }
            path class={ "curve " (colour) } d=(known) {}
            @if !gap.is_empty() { path class={ "curve gap " (colour) } d=(gap) {} }
            (marks(&points, is_small))
            @if !is_small { (labels_of_axes(&points, page)) }
        }
    }
}

fn labels_of_axes(points: &Points<'_>, page: &Page) -> Markup {
    let row = points.row;
    let (today, length) = (points.today(), i64::from(points.curve.length));
    let below = tenths(BASE + 140);
    // The label of today gives way to that of the end.
    let is_apart = length - today > 5 && today > 2;
    html! {
        text x=(tenths(LEFT)) y=(tenths(BASE - points.limit - 50)) { (row.currency.code()) " " (limit(row.limit, row.currency)) }
        text x=(tenths(LEFT)) y=(below) { "1" }
        @if is_apart { text.tod x=(tenths(points.x(today))) y=(below) text-anchor="middle" { "today" } }
        text x=(tenths(RIGHT)) y=(below) text-anchor="end" { (page.words.end) }
    }
}

/// Marks of alerts with their numbers, of days that are not known, and of today.
fn marks(points: &Points<'_>, is_small: bool) -> Markup {
    let (x, y) = (points.x(points.today()), points.y(points.now()));
    // A small picture is drawn at less than half its size, its marks at nearly the whole.
    let (scale, half) = if is_small { (" scale(1.9)", 114) } else { ("", 60) };
    let place = |(x, y): (i64, i64)| format!("translate({} {}){scale}", tenths(x - half), tenths(y - half));
    let unknown = (1..).zip(&points.spent).filter(|(_, (_, is_known))| !is_known).map(|(day, _)| points.x(day));
    html! {
        @for x in unknown {
            g transform=(format!("translate({} {}) scale(.7)", tenths(x - 40), tenths(BASE - 40))) { (PreEscaped(STRUCK)) }
        }
        circle.dot cx=(tenths(x)) cy=(tenths(y)) r=(if is_small { "5" } else { "3.4" }) {}
        @for ((number, _, sign), (x, y)) in points.curve.marks.iter().zip(beside(points)) {
            g transform=(place((x, y))) { (parts::shape(*sign)) }
            @if !is_small { text.no x=(tenths(x - 70)) y=(tenths(y - 70)) text-anchor="end" { (number) } }
        }
    }
}

/// Where the marks stand: those of one day side by side.
fn beside(points: &Points<'_>) -> Vec<(i64, i64)> {
    let mut taken = 0;
    let place = |(_, day, _): &(u64, u32, Sign)| {
        let (x, y) = points.on(*day);
        taken = if x <= taken { taken + 110 } else { x };
        (taken, y)
    };
    points.curve.marks.iter().map(place).collect()
}

const STRUCK: &str = r#"<path d="M1.5 1.5h9v9h-9zM1.5 10.5l9-9" class="o-ink b-bg"/>"#;

/// The figures of a curve, for those who do not see it.
fn described(curve: &Curve, row: &BudgetRow, page: &Page) -> String {
    let bound = if row.at_least { "at least " } else { "" };
    let spent = money(row.spent, row.currency, &[row.limit]);
    let mut text = format!("{bound}{} {spent} of {}, {}%.", row.currency, limit(row.limit, row.currency), row.used);
    if let Some(estimate) = &row.estimate {
        let likely = money(estimate.likely, row.currency, &[]);
        _ = write!(text, " By {} {}, most likely {likely}.", row.by, range(estimate, row.currency));
    }
    for (number, day, _) in &curve.marks {
        let what = page.alerts.iter().find(|alert| alert.number == *number).map_or("", |alert| &alert.what);
        _ = write!(text, " Alert {number} on the {day}: {what}.");
    }
    text
}
