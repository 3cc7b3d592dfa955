//! The sample account's calls: each line makes some, at the rates of its destinations, and a toll-free number that
//! customers call takes most of the minutes.

use jiff::Timestamp;

use super::super::dice::Dice;
use super::super::row::{Row, plain};
use super::lines::{CUSTOMERS, Day, Destination, HOME, LINES, Line, SHIFTS, on_day};

/// Purposes of a day's dice; the lines have those from here on, by their place.
const CALLS: u64 = 300;
const TOLL_FREE: u64 = 399;

/// Charged calls of each line in seven usual days.
const IN_7_DAYS: [u32; 8] = [8, 2, 6, 3, 2, 7, 3, 3];
/// Those to the toll-free number.
const TOLL_FREE_IN_7_DAYS: u32 = 45;
/// The charge of a minute there.
const TOLL_FREE_RATE: i64 = 415;

/// Where calls go, and the charge of a minute.
const ABROAD: &[Destination] = &[
    Destination("442079460", 120),
    Destination("493023125", 205),
    Destination("331990011", 180),
    Destination("912255501", 790),
];

/// The calls of a day.
pub(super) fn day(day: Day, rows: &mut Vec<Row>) {
    for ((purpose, line), in_7_days) in (CALLS..).zip(LINES).zip(IN_7_DAYS) {
        let mut dice = day.dice(purpose);
        for _ in 0..on_day(day, line.week, 10 * in_7_days, &mut dice) {
            let minutes = 1 + dice.below(12);
            // A call at night ends on the date after the one on which it began.
            let ended = match line.billing {
                None => day.second(dice.below(600).into()),
                Some(_) => day.office_hours(&mut dice),
            };
            if let Some(to) = dice.pick(ABROAD) {
                rows.push(outgoing(line, ended, to, minutes, &mut dice));
            }
        }
        let minutes = 1 + dice.below(9);
        let ended = day.office_hours(&mut dice);
        rows.push(Row { message_type: Some("local".to_owned()), ..outgoing(line, ended, &HOME, minutes, &mut dice) });
    }
    let mut dice = day.dice(TOLL_FREE);
    for _ in 0..on_day(day, SHIFTS, 10 * TOLL_FREE_IN_7_DAYS, &mut dice) {
        let ended = day.office_hours(&mut dice);
        rows.push(incoming(day, ended, &mut dice));
    }
}

/// A call of the line to this destination.
fn outgoing(line: &Line<'_>, ended: Timestamp, to: &Destination, minutes: u32, dice: &mut Dice) -> Row {
    let Destination(prefix, rate) = to;
    Row {
        from_number: Some(line.from.to_owned()),
        from_extension_number: Some(line.extension.to_owned()),
        from_display_name: Some(line.name.to_owned()),
        to_number: Some(format!("{prefix}{:03}", 100 + dice.below(100))),
        // This report writes numbers without their plus.
        billing_number: line.billing.map(|number| number.trim_start_matches('+').to_owned()),
        department: line.department.map(str::to_owned),
        cost_center: line.cost_center.map(str::to_owned),
        employee_id: Some(format!("E-{}", line.extension)),
        message_type: Some("international".to_owned()),
        currency: Some(line.currency.to_owned()),
        ..call(ended, *rate, minutes, dice)
    }
}

/// A customer's call to the toll-free number, which Support answers; the name is the customer's.
fn incoming(day: Day, ended: Timestamp, dice: &mut Dice) -> Row {
    let minutes = 2 + dice.below(14);
    // Some calls go on for long.
    let minutes = if day.date.day() % 7 == 3 && dice.below(8) == 0 { minutes * 4 } else { minutes };
    Row {
        from_number: Some(format!("1202555{:04}", 7_000 + dice.below(1_000))),
        from_display_name: dice.pick(CUSTOMERS).map(|name| (*name).to_owned()),
        to_number: Some("18335550100".to_owned()),
        to_extension_number: Some("1003".to_owned()),
        billing_number: Some("18335550100".to_owned()),
        department: Some("Support".to_owned()),
        cost_center: Some("CC-300".to_owned()),
        employee_id: Some("E-1003".to_owned()),
        message_type: Some("tollfree".to_owned()),
        ..call(ended, TOLL_FREE_RATE, minutes, dice)
    }
}

/// A call at this charge a minute, with ids in the form of Zoom's.
fn call(ended: Timestamp, rate: i64, minutes: u32, dice: &mut Dice) -> Row {
    let charge_id = format!("{}-{}", ended.strftime("%Y%m%d"), dice.message_id().to_lowercase());
    Row {
        session_id: Some(format!("{:019x}", dice.next())),
        rate: Some(plain(rate.into())),
        ..Row::call(&charge_id, ended, rate * i64::from(minutes), minutes)
    }
}
