//! The sample account's faxes: a few a week from two numbers. Zoom sets their charges at the end of the billing cycle;
//! until then they are pending.

use jiff::{Timestamp, ToSpan as _};

use super::super::dice::Dice;
use super::super::row::{Row, plain};
use super::lines::{Day, LINES, Line, on_day};

/// Purposes of a day's dice.
const FAXES: u64 = 400;
/// The extensions of the lines that send faxes, and how many in seven usual days.
const SENDERS: [(&str, u32); 2] = [("1004", 3), ("2002", 1)];
/// The charge of a page.
const RATE: i64 = 406;
/// The day of the month, and its hour, at which charges are set.
const BILLED: (i8, i64) = (12, 6);

/// The faxes of a day.
pub(super) fn day(day: Day, rows: &mut Vec<Row>) {
    for (purpose, (extension, in_7_days)) in (FAXES..).zip(SENDERS) {
        let mut dice = day.dice(purpose);
        for line in LINES.iter().filter(|line| line.extension == extension) {
            for _ in 0..on_day(day, line.week, 10 * in_7_days, &mut dice) {
                rows.extend(fax(line, day, &mut dice));
            }
        }
    }
}

/// A fax: one in five is included in the plan; the others are pending until they are billed.
fn fax(line: &Line<'_>, day: Day, dice: &mut Dice) -> Vec<Row> {
    let (ended, pages) = (day.office_hours(dice), 1 + dice.below(6));
    let id = dice.message_id().replace('-', "");
    let unlimited = dice.below(5) == 0;
    let fax = Row {
        from_number: Some(line.from.to_owned()),
        to_number: Some(format!("1202555{:04}", 6_000 + dice.below(1_000))),
        billing_number: line.billing.map(str::to_owned),
        rate: Some(plain(RATE.into())),
        currency: Some(line.currency.to_owned()),
        ..Row::fax(&format!("FD{id}"), ended, RATE * i64::from(pages), pages)
    };
    if unlimited {
        return vec![Row { charge: 0, unlimited, ..fax }];
    }
    let pending = Row { pending: true, ..fax };
    pending.revised(billed(day), |row| Row { pending: false, ..row }).into()
}

/// When the faxes of a day are billed.
fn billed(day: Day) -> Timestamp {
    let (date, hour) = BILLED;
    let month = day.date.first_of_month();
    let month = if day.date.day() < date { month } else { month.saturating_add(1.month()) };
    Day::of(month.saturating_add(i64::from(date - 1).days())).hour(hour)
}
