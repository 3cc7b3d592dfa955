//! The lines of the sample account: who sends, at which rates, and how much on which day of the week.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::super::dice::Dice;
use super::super::row::{Row, plain};

/// Where a message goes (digits to which three are added) and the charge of one part of it.
pub(super) struct Destination(pub(super) &'static str, pub(super) i64);

pub(super) const HOME: Destination = Destination("1202555", 0);
pub(super) const BRITAIN: Destination = Destination("442079460", 483);
pub(super) const NEAR: &[Destination] =
    &[BRITAIN, Destination("493023125", 1_092), Destination("331990011", 745), Destination("912255501", 205)];
pub(super) const FAR: &[Destination] = &[
    Destination("628115550", 4_414),
    Destination("922155500", 4_795),
    Destination("551195550", 525),
    Destination("201005550", 3_784),
];

/// Tenths of a usual day's messages on each day from Monday on.
pub(super) type Week = [u32; 7];

const OFFICE: Week = [12, 13, 13, 13, 12, 5, 2];
pub(super) const SHIFTS: Week = [11, 11, 11, 11, 11, 8, 7];
const NIGHTS: Week = [7, 7, 7, 7, 9, 17, 16];
pub(super) const ANY_DAY: Week = [10; 7];

pub(super) const CUSTOMERS: &[&str] = &["Mara Lindqvist", "Tomas Okafor", "Aiko Brandt", "Elif Moreau", "Joao Petrov"];

/// A line of the account and what it sends.
pub(super) struct Line<'a> {
    pub(super) billing: Option<&'a str>,
    pub(super) from: &'a str,
    pub(super) extension: &'a str,
    pub(super) name: &'a str,
    pub(super) department: Option<&'a str>,
    pub(super) cost_center: Option<&'a str>,
    pub(super) currency: &'a str,
    pub(super) to: &'static [Destination],
    pub(super) week: Week,
    /// Messages at a charge in seven usual days.
    pub(super) charged_in_7_days: u32,
    /// Free messages on a day, and messages received.
    pub(super) free_a_day: u32,
}

/// The lines that send all the time.
pub(super) const LINES: &[Line<'static>] = &[
    Line {
        billing: Some("+12025550143"),
        from: "2025550143",
        extension: "1001",
        name: "Dana Whitfield",
        department: Some("Sales"),
        cost_center: Some("CC-100"),
        currency: "USD",
        to: FAR,
        week: OFFICE,
        charged_in_7_days: 29,
        free_a_day: 2,
    },
    Line {
        billing: Some("+12025550187"),
        from: "2025550187",
        extension: "1002",
        name: "Campaigns",
        department: Some("Marketing"),
        cost_center: Some("CC-200"),
        currency: "USD",
        to: FAR,
        week: OFFICE,
        charged_in_7_days: 60,
        free_a_day: 3,
    },
    Line {
        billing: Some("+12025550112"),
        from: "2025550112",
        extension: "1003",
        name: "Help Desk",
        department: Some("Support"),
        cost_center: Some("CC-300"),
        currency: "USD",
        to: NEAR,
        week: SHIFTS,
        charged_in_7_days: 24,
        free_a_day: 4,
    },
    Line {
        billing: Some("2100000980 Ext. 1001"),
        from: "2100000980",
        extension: "1004",
        name: "Front Desk",
        department: None,
        cost_center: Some("CC-100"),
        currency: "USD",
        to: NEAR,
        week: OFFICE,
        charged_in_7_days: 6,
        free_a_day: 1,
    },
    Line {
        billing: None,
        from: "2025550166",
        extension: "1005",
        name: "Night Duty",
        department: Some("Support"),
        cost_center: None,
        currency: "USD",
        to: NEAR,
        week: NIGHTS,
        charged_in_7_days: 5,
        free_a_day: 1,
    },
    Line {
        billing: Some("+33199005521"),
        from: "33199005521",
        extension: "2001",
        name: "Camille Roche",
        department: Some("Sales"),
        cost_center: Some("CC-110"),
        currency: "EUR",
        to: NEAR,
        week: OFFICE,
        charged_in_7_days: 36,
        free_a_day: 0,
    },
    Line {
        billing: Some("+493023125017"),
        from: "493023125017",
        extension: "2002",
        name: "Jonas Adler",
        department: Some("Support"),
        cost_center: Some("CC-300"),
        currency: "EUR",
        to: NEAR,
        week: SHIFTS,
        charged_in_7_days: 11,
        free_a_day: 0,
    },
    Line {
        billing: Some("+442079460018"),
        from: "442079460018",
        extension: "3001",
        name: "Priya Nair",
        department: Some("Sales"),
        cost_center: None,
        currency: "GBP",
        to: NEAR,
        week: OFFICE,
        charged_in_7_days: 9,
        free_a_day: 0,
    },
];

/// A day of the account (of UTC).
#[derive(Clone, Copy)]
pub(super) struct Day {
    pub(super) date: Date,
    /// Its first second, counted from the epoch.
    start: i64,
}

impl Day {
    pub(super) fn of(date: Date) -> Day {
        let midnight = date.to_zoned(TimeZone::UTC).map(|zoned| zoned.timestamp());
        Day { date, start: midnight.unwrap_or_default().as_second() }
    }

    /// So many seconds after midnight.
    pub(super) fn second(self, second: i64) -> Timestamp {
        Timestamp::from_second(self.start + second).unwrap_or_default()
    }

    pub(super) fn hour(self, hour: i64) -> Timestamp {
        self.second(3_600 * hour)
    }

    /// The day's own dice for a purpose of this number.
    pub(super) fn dice(self, purpose: u64) -> Dice {
        Dice::new(self.start.unsigned_abs() ^ (purpose << 48))
    }

    pub(super) fn office_hours(self, dice: &mut Dice) -> Timestamp {
        self.second(i64::from(7 * 3_600 + dice.below(12 * 3_600)))
    }
}

impl Line<'_> {
    /// A message to this destination.
    pub(super) fn row(&self, sent: Timestamp, to: &Destination, parts: u32, dice: &mut Dice) -> Row {
        let Destination(prefix, rate) = to;
        Row {
            session_id: Some(format!("{:016x}", dice.next())),
            from_number: Some(self.from.to_owned()),
            from_extension_number: Some(self.extension.to_owned()),
            from_display_name: Some(self.name.to_owned()),
            to_number: Some(format!("{prefix}{:03}", 100 + dice.below(100))),
            billing_number: self.billing.map(str::to_owned),
            cost_center: self.cost_center.map(str::to_owned),
            department: self.department.map(str::to_owned),
            rate: Some(plain((*rate).into())),
            currency: Some(self.currency.to_owned()),
            delivery_status: Some(if dice.below(20) == 0 { "Sent" } else { "Delivered" }.to_owned()),
            ..Row::new(&dice.message_id(), sent, rate * i64::from(parts))
        }
    }

    /// What the line sends on a day, if it sends so many tenths of what is usual.
    pub(super) fn day(&self, day: Day, tenths: u32, dice: &mut Dice, rows: &mut Vec<Row>) {
        for _ in 0..on_day(day, self.week, self.charged_in_7_days * tenths, dice) {
            self.charged(day.office_hours(dice), dice, rows);
        }
        for _ in 0..self.free_a_day {
            let row = self.row(day.office_hours(dice), &HOME, 1, dice);
            rows.push(match dice.below(4) {
                0 => received(row, dice),
                1 => Row { message_type: Some("MMS".to_owned()), ..row },
                _ => row,
            });
        }
    }

    fn charged(&self, sent: Timestamp, dice: &mut Dice, rows: &mut Vec<Row>) {
        let Some(to) = dice.pick(self.to) else {
            return;
        };
        let parts = 1 + dice.below(3);
        let first = self.row(sent, to, parts, dice);
        // Now and then a group message: the same id, one charge for each recipient.
        if dice.below(40) == 0 {
            for _ in 0..2 {
                let other = self.row(sent, to, parts, dice);
                let message_id = first.message_id.clone();
                rows.push(Row { message_id, session_id: first.session_id.clone(), ..other });
            }
        }
        rows.push(first);
    }
}

/// How many of something there are on a day, if there are so many tenths of one in seven usual days of this week.
pub(super) fn on_day(day: Day, week: Week, tenths_in_7_days: u32, dice: &mut Dice) -> u32 {
    let weekday = usize::try_from(day.date.weekday().to_monday_zero_offset()).unwrap_or_default();
    let share = week.get(weekday).copied().unwrap_or_default();
    // Some days bring three fifths of that, some seven fifths.
    let mood = 60 + dice.below(81);
    let hundredths = tenths_in_7_days * share * mood;
    let whole = 7 * 10 * 10 * 100;
    hundredths / whole + u32::from(dice.below(whole) < hundredths % whole)
}

/// The message as an answer to the line; the name of its sender is a customer's.
fn received(row: Row, dice: &mut Dice) -> Row {
    Row {
        from_number: row.to_number,
        to_number: row.from_number,
        to_extension_number: row.from_extension_number,
        to_display_name: row.from_display_name,
        from_extension_number: None,
        from_display_name: dice.pick(CUSTOMERS).map(|name| (*name).to_owned()),
        delivery_status: Some("Received".to_owned()),
        ..row
    }
}
