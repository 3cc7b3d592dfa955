//! What happens in the sample account beyond every day's messages: a campaign, a new number, a slow ramp, devices that
//! send little until one of them runs away, and what a tidy report never shows.
//!
//! Every part follows from the date alone, over and over, so that an account seen at any time has each in its past.

use jiff::civil::Date;
use jiff::{SignedDuration, ToSpan as _};

use super::super::dice::Dice;
use super::super::row::Row;
use super::lines::{ANY_DAY, BRITAIN, Day, FAR, Line, NEAR};

/// Purposes of a day's dice; the lines have those from 1 on.
const ODDITIES: u64 = 0;
const DEVICES: u64 = 100;
const RAMP: u64 = 110;
const NEW_NUMBER: u64 = 111;

/// How many months before its last month a device starts to send.
const DEVICE_MONTHS: i32 = 2;
/// How many days a new number sends.
const NEW_NUMBER_DAYS: i32 = 170;

/// The campaign: five days in March, June, September and December, with five times the usual messages.
pub(super) fn campaign_tenths(date: Date) -> u32 {
    if date.month() % 3 == 0 && (8..=12).contains(&date.day()) { 50 } else { 10 }
}

/// What the changing lines send on a day.
pub(super) fn day(day: Day, rows: &mut Vec<Row>) {
    devices(day, rows);
    ramp(day, rows);
    new_number(day, rows);
}

/// Devices send a message or two a week. Each is in service for three months, and in the last of them, between the 9th
/// and the 20th, it runs away from 14:00 to 18:00.
fn devices(day: Day, rows: &mut Vec<Row>) {
    for (ahead, purpose) in (0..=DEVICE_MONTHS).zip(DEVICES..) {
        let last_month = day.date.first_of_month().saturating_add(ahead.months());
        let number = (i32::from(last_month.year()) * 12 + i32::from(last_month.month())).rem_euclid(30);
        let (billing, from) = (format!("+12025550{:03}", 200 + number), format!("2025550{:03}", 200 + number));
        let extension = format!("60{number:02}");
        let device = Line {
            billing: Some(&billing),
            from: &from,
            extension: &extension,
            name: "Door Phone",
            department: Some("Facilities"),
            cost_center: Some("CC-600"),
            currency: "USD",
            to: NEAR,
            week: ANY_DAY,
            charged_in_7_days: 2,
            free_a_day: 0,
        };
        let mut dice = day.dice(purpose);
        device.day(day, 10, &mut dice, rows);
        let runs_away = 9 + Dice::new(u64::from(number.unsigned_abs())).below(12);
        if ahead == 0 && day.date.day().unsigned_abs() == u8::try_from(runs_away).unwrap_or_default() {
            for message in 0..96 {
                let (sent, to) = (day.second(14 * 3_600 + 150 * message), dice.pick(FAR));
                rows.extend(to.map(|to| device.row(sent, to, 1, &mut dice)));
            }
        }
    }
}

/// Reminders start in February and grow until the next one: from one message a day to some eight.
fn ramp(day: Day, rows: &mut Vec<Row>) {
    let reminders = Line {
        billing: Some("+12025550131"),
        from: "2025550131",
        extension: "1006",
        name: "Appointment Reminders",
        department: Some("Operations"),
        cost_center: Some("CC-400"),
        currency: "USD",
        to: NEAR,
        week: ANY_DAY,
        charged_in_7_days: 7,
        free_a_day: 0,
    };
    let day_of_year = u32::try_from(day.date.day_of_year()).unwrap_or_default();
    let days = (day_of_year + 365 - 31) % 365;
    reminders.day(day, 10 + days * 10 / 45, &mut day.dice(RAMP), rows);
}

/// A number that is new: one from each 9th of May and of November on.
fn new_number(day: Day, rows: &mut Vec<Row>) {
    let first_days = [-1, 0].into_iter().flat_map(|years| [(years, 5), (years, 11)]);
    for (years, month) in first_days {
        let year = day.date.year().saturating_add(years);
        let Ok(first) = Date::new(year, month, 9) else {
            continue;
        };
        if day.date < first || day.date >= first.saturating_add(NEW_NUMBER_DAYS.days()) {
            continue;
        }
        let number = (2 * i32::from(year) + i32::from(month / 11)).rem_euclid(50);
        let (billing, from) = (format!("+12025550{:03}", 300 + number), format!("2025550{:03}", 300 + number));
        let extension = format!("11{number:02}");
        let newcomer = Line {
            billing: Some(&billing),
            from: &from,
            extension: &extension,
            name: "Robin Castellan",
            department: Some("Customer Success"),
            cost_center: Some("CC-500"),
            currency: "USD",
            to: NEAR,
            week: ANY_DAY,
            charged_in_7_days: 16,
            free_a_day: 1,
        };
        newcomer.day(day, 10, &mut day.dice(NEW_NUMBER), rows);
    }
}

/// What is odd on a few days of every month: charges that come into the report long after their message, a status that
/// changes, figures in other forms than usual, and a credit in the last month of each quarter.
pub(super) fn oddities(line: &Line<'_>, day: Day, rows: &mut Vec<Row>) {
    let mut dice = day.dice(ODDITIES);
    let mut row = |hour: i64| line.row(day.hour(hour), &BRITAIN, 3, &mut dice);
    let next_month = Day::of(day.date.first_of_month().saturating_add(1.month()));
    match day.date.day() {
        5 if day.date.month() % 3 == 0 => rows.push(Row {
            charge: -41_000,
            rate: None,
            delivery_status: None,
            delivery_detail: Some("Credit".to_owned()),
            ..row(10)
        }),
        7 => rows
            .push(Row { json: vec![("total_charge", "0.1449".to_owned()), ("rate", "0.0483".to_owned())], ..row(8) }),
        8 => rows.push(Row { charge_text: Some("0.144900".to_owned()), ..row(8) }),
        11 => {
            let sent = Row { delivery_status: Some("Sent".to_owned()), ..row(11) };
            let since = sent.sent.saturating_add(SignedDuration::from_hours(26)).unwrap_or(sent.sent);
            rows.extend(sent.revised(since, |row| Row { delivery_status: Some("Delivered".to_owned()), ..row }));
        }
        14 => rows.push(Row { appears: Some(day.hour(6 * 24 + 6)), ..row(9) }),
        16 => rows.push(Row { json: vec![("delivery_detail", "null".to_owned())], ..row(9) }),
        19 => rows.push(Row { appears: Some(day.hour(3 * 24 + 18)), ..row(16) }),
        28 => rows.push(Row { appears: Some(next_month.hour(54)), ..row(23) }),
        _ => {}
    }
}
