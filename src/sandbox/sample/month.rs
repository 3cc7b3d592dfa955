//! The account of the demo: twelve quiet months, and a November in which something happens.
//!
//! Every count of November is written down, because each has a part in the story: Marketing reaches its levels, the front desk's telephone
//! runs wild for an hour, Support grows beyond its budget, and Zoom revises what it charged for a day. Messages are few and dear, so that
//! seven hundred runs that read them all take seconds.

use jiff::civil::{Date, date};
use jiff::{Timestamp, ToSpan as _};

use super::super::data::Dataset;
use super::super::dice::Dice;
use super::super::row::{Row, plain};
use super::MONTHS;
use super::lines::{ANY_DAY, BRITAIN, Day, Destination, Line};

/// The first day of the month that the story is about.
const FIRST: Date = date(2026, 11, 1);
/// Seconds by which the account's clock is behind UTC, all the year: it is in Arizona.
const BEHIND: i64 = 7 * 3_600;
/// Purposes of a day's dice; the account's senders have those from here on.
const SENDERS: u64 = 200;

/// The day in November on which the front desk's telephone runs wild for an hour, the hour, and its messages.
const WILD: (i8, i64, i64) = (12, 13, 164);
/// The day that Zoom revises, when it does, and the part of its price that each message costs then.
const REVISED: i8 = 17;
const REVISED_SINCE: (i8, i64) = (21, 7 * 3_600 + 1_800);
const REVISED_TO: i64 = 12;

const INDIA: &[Destination] = &[Destination("922155500", 4_795)];
const INDONESIA: &[Destination] = &[Destination("628115550", 4_414)];
const GERMANY: &[Destination] = &[Destination("493023125", 1_092)];
const NEAR: &[Destination] = &[BRITAIN];

/// A line of the account.
struct Sender {
    line: Line<'static>,
    /// Parts of each of its messages.
    parts: u32,
    /// Messages of a usual day, from Monday on.
    usual: [u32; 7],
    /// Messages of each day of November; the 1st is a Sunday.
    november: [u32; 30],
}

const fn line(
    [billing, from, extension, name, department]: [&'static str; 5],
    currency: &'static str,
    to: &'static [Destination],
) -> Line<'static> {
    Line {
        billing: Some(billing),
        from,
        extension,
        name,
        department: Some(department),
        cost_center: None,
        currency,
        to,
        week: ANY_DAY,
        charged_in_7_days: 0,
        free_a_day: 0,
    }
}

const MARKETING: Sender = Sender {
    line: line(["+12025550187", "2025550187", "1003", "Campaigns", "Marketing"], "USD", INDIA),
    parts: 4,
    usual: [1, 1, 1, 1, 1, 0, 0],
    november: [0, 3, 4, 3, 3, 3, 0, 0, 3, 3, 5, 4, 4, 1, 1, 5, 10, 2, 2, 2, 0, 1, 2, 2, 2, 0, 1, 0, 0, 2],
};

const SUPPORT: Sender = Sender {
    line: line(["+12025550112", "2025550112", "2001", "Ticket bot", "Support"], "USD", INDIA),
    parts: 8,
    usual: [4, 4, 4, 4, 4, 2, 2],
    november: [3, 5, 5, 6, 5, 5, 3, 3, 7, 7, 7, 7, 8, 4, 4, 6, 5, 5, 5, 6, 3, 3, 5, 5, 4, 2, 5, 3, 3, 5],
};

const SALES: Sender = Sender {
    line: line(["+12025550143", "2025550143", "1001", "Dana Whitfield", "Sales"], "USD", INDONESIA),
    parts: 4,
    usual: [2, 2, 2, 2, 2, 0, 0],
    november: [0, 3, 3, 3, 3, 3, 0, 0, 3, 3, 3, 3, 3, 0, 0, 4, 2, 2, 2, 2, 0, 0, 2, 2, 2, 0, 1, 0, 0, 2],
};

const SALES_IN_EUROPE: Sender = Sender {
    line: line(["+33199005521", "33199005521", "1010", "Camille Roche", "Sales"], "EUR", GERMANY),
    parts: 4,
    usual: [2, 2, 2, 2, 2, 0, 0],
    november: [0, 2, 2, 3, 2, 2, 0, 0, 2, 3, 2, 2, 2, 0, 0, 3, 2, 2, 3, 2, 0, 0, 2, 2, 3, 0, 2, 0, 0, 2],
};

const FRONT_DESK: Sender = Sender {
    line: line(["+12025550109", "2025550109", "1100", "Reception", "Front desk"], "USD", NEAR),
    parts: 1,
    usual: [4, 4, 4, 4, 4, 3, 3],
    november: [3, 4, 5, 4, 4, 4, 3, 3, 4, 5, 4, 4, 4, 3, 3, 4, 5, 4, 4, 4, 3, 3, 4, 5, 4, 4, 4, 3, 3, 4],
};

const ACCOUNT: [&Sender; 5] = [&MARKETING, &SUPPORT, &SALES, &SALES_IN_EUROPE, &FRONT_DESK];

impl Dataset {
    /// The account of the demo: the twelve months before November 2026, and that month to its end; seen at `now`.
    pub fn story(now: Timestamp) -> Dataset {
        let start = FIRST.saturating_sub(MONTHS.months());
        let end = FIRST.saturating_add(1.month());
        let mut rows = Vec::new();
        for date in start.series(1.day()).take_while(|date| *date < end) {
            let day = Day::of(date);
            for (number, sender) in (SENDERS..).zip(ACCOUNT) {
                sender.day(day, &mut day.dice(number), &mut rows);
            }
        }
        Dataset::of(rows, now)
    }
}

impl Sender {
    fn day(&self, day: Day, dice: &mut Dice, rows: &mut Vec<Row>) {
        let place = |number: i8| usize::try_from(number).unwrap_or_default();
        let is_of_story = day.date >= FIRST;
        let messages = if is_of_story {
            self.november.get(place(day.date.day() - 1)).copied().unwrap_or_default()
        } else {
            let usual = self.usual.get(place(day.date.weekday().to_monday_zero_offset())).copied().unwrap_or_default();
            // A message more or less, but none on a day of rest.
            if usual == 0 { 0 } else { usual + dice.below(3) - 1 }
        };
        for message in 0..i64::from(messages) {
            let (start, work) = (8 * 3_600, 9 * 3_600);
            let second = start + work * (2 * message + 1) / (2 * i64::from(messages)) + i64::from(dice.below(240));
            let row = self.row(day, second, dice);
            if is_of_story && day.date.day() == REVISED && self.is(&MARKETING) {
                rows.extend(revised(row));
            } else {
                rows.push(row);
            }
        }
        let (wild_day, hour, messages) = WILD;
        if is_of_story && day.date.day() == wild_day && self.is(&FRONT_DESK) {
            let seconds = (0..messages).map(|message| 3_600 * hour + 60 + 20 * message);
            rows.extend(seconds.map(|second| self.row(day, second, dice)));
        }
    }

    fn is(&self, other: &Sender) -> bool {
        self.line.extension == other.line.extension
    }

    /// A message at this second of the account's day.
    fn row(&self, day: Day, second: i64, dice: &mut Dice) -> Row {
        self.line.row(day.second(BEHIND + second), self.line.to.first().unwrap_or(&BRITAIN), self.parts, dice)
    }
}

/// The message as Zoom charges it at first, and as it charges it later.
fn revised(row: Row) -> [Row; 2] {
    let (day, second) = REVISED_SINCE;
    let since = Day::of(FIRST.saturating_add(i64::from(day - 1).days())).second(BEHIND + second);
    row.revised(since, |row| {
        let charge = row.charge / REVISED_TO;
        Row { charge, rate: Some(plain(charge.into())), ..row }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spent(from: &str, to: &str) -> String {
        let [from, to] = [from, to].map(|day| format!("{day}T07:00:00Z").parse::<Timestamp>().unwrap());
        let truth = Dataset::story(to).truth(from, to);
        let sums = truth
            .iter()
            .map(|((number, currency), truth)| format!("{number} {currency} {} in {}", truth.amount, truth.messages));
        sums.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn the_month_spends_what_its_story_needs() {
        insta::assert_snapshot!(spent("2026-11-01", "2026-12-01"), @"
        +12025550109 USD 13.4757 in 279
        +12025550112 USD 552.384 in 144
        +12025550143 USD 90.0456 in 51
        +12025550187 USD 112.842 in 68
        +33199005521 EUR 19.656 in 45
        ");
    }

    #[test]
    fn the_months_before_are_quiet() {
        insta::assert_snapshot!(spent("2026-10-01", "2026-11-01"), @"
        +12025550109 USD 5.2647 in 109
        +12025550112 USD 395.108 in 103
        +12025550143 USD 84.7488 in 48
        +12025550187 USD 44.114 in 23
        +33199005521 EUR 18.7824 in 43
        ");
    }

    #[test]
    fn zoom_revises_a_day_after_it_was_reported() {
        let sum = |seen: &str| {
            let [from, to] = ["2026-11-17T07:00:00Z", "2026-11-18T07:00:00Z"].map(|at| at.parse().unwrap());
            let truth = Dataset::story(seen.parse().unwrap()).truth(from, to);
            let marketing = &truth[&("+12025550187".to_owned(), "USD".to_owned())];
            (marketing.amount.clone(), marketing.messages)
        };
        assert_eq!(sum("2026-11-21T14:29:59Z"), ("19.18".to_owned(), 10));
        assert_eq!(sum("2026-11-21T14:30:00Z"), ("1.598".to_owned(), 10));
    }
}
