//! The account that comes with the sandbox: a few lines that send every day, at the rates of their destinations, and
//! what a tidy report never shows: credits, late charges, group messages, texts in place of numbers.
//!
//! Everything follows from the date alone, so that a later `now` adds rows and changes none.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ToSpan as _};

use super::data::Dataset;
use super::dice::Dice;
use super::row::{Row, plain};

/// Where a message goes (digits to which three are added) and the charge of one part of it.
struct Destination(&'static str, i64);

const HOME: Destination = Destination("1202555", 0);
const NEAR: &[Destination] = &[
    Destination("442079460", 483),
    Destination("493023125", 1_092),
    Destination("331990011", 745),
    Destination("912255501", 205),
];
const FAR: &[Destination] = &[
    Destination("628115550", 4_414),
    Destination("922155500", 4_795),
    Destination("551195550", 525),
    Destination("201005550", 3_784),
];

/// A line of the account and what it sends on a day.
struct Line {
    billing: Option<&'static str>,
    from: &'static str,
    extension: &'static str,
    name: &'static str,
    department: Option<&'static str>,
    cost_center: Option<&'static str>,
    currency: &'static str,
    to: &'static [Destination],
    /// Messages at a charge, within one in seven days.
    charged_in_7_days: u32,
    /// Free messages on a day, and messages received.
    free_a_day: u32,
}

const LINES: &[Line] = &[
    Line {
        billing: Some("+12025550143"),
        from: "2025550143",
        extension: "1001",
        name: "Dana Whitfield",
        department: Some("Sales"),
        cost_center: Some("CC-100"),
        currency: "USD",
        to: FAR,
        charged_in_7_days: 29,
        free_a_day: 4,
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
        charged_in_7_days: 56,
        free_a_day: 6,
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
        charged_in_7_days: 24,
        free_a_day: 8,
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
        charged_in_7_days: 6,
        free_a_day: 2,
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
        charged_in_7_days: 9,
        free_a_day: 0,
    },
];

impl Line {
    fn row(&self, sent: Timestamp, to: &Destination, parts: u32, dice: &mut Dice) -> Row {
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

    fn day(&self, date: Date, dice: &mut Dice, rows: &mut Vec<Row>) {
        let charged = self.charged_in_7_days / 7 + u32::from(dice.below(7) < self.charged_in_7_days % 7);
        for _ in 0..charged {
            let Some(to) = dice.pick(self.to) else {
                continue;
            };
            let parts = 1 + dice.below(3);
            let sent = office_hours(date, dice);
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
        for _ in 0..self.free_a_day {
            let sent = office_hours(date, dice);
            let row = self.row(sent, &HOME, 1, dice);
            rows.push(match dice.below(4) {
                0 => received(row),
                1 => Row { message_type: Some("MMS".to_owned()), ..row },
                _ => row,
            });
        }
    }
}

fn received(row: Row) -> Row {
    Row {
        from_number: row.to_number,
        to_number: row.from_number,
        to_extension_number: row.from_extension_number,
        to_display_name: row.from_display_name,
        from_extension_number: None,
        from_display_name: None,
        delivery_status: Some("Received".to_owned()),
        ..row
    }
}

fn office_hours(date: Date, dice: &mut Dice) -> Timestamp {
    let second = i64::from(7 * 3_600 + dice.below(12 * 3_600));
    moment(date, second.seconds())
}

/// So long after midnight (UTC); a date at the end of time stays at midnight.
fn moment(date: Date, after: Span) -> Timestamp {
    let midnight = date.to_zoned(TimeZone::UTC).map(|zoned| zoned.timestamp());
    let midnight = midnight.unwrap_or(Timestamp::UNIX_EPOCH);
    midnight.checked_add(after).unwrap_or(midnight)
}

impl Dataset {
    /// The sample account: from the first of the month before last up to `now`.
    pub fn sample(now: Timestamp) -> Dataset {
        let today = now.to_zoned(TimeZone::UTC).date();
        let start = today.first_of_month().saturating_sub(2.months());
        let mut rows = Vec::new();
        for date in start.series(1.day()).take_while(|date| *date <= today) {
            let day = moment(date, Span::new()).as_second().unsigned_abs();
            for (number, line) in (1_u64..).zip(LINES) {
                let mut dice = Dice::new(day ^ (number << 48));
                line.day(date, &mut dice, &mut rows);
            }
            if let Some(line) = LINES.first() {
                rows.extend(oddity(line, date, date.first_of_month() == start));
            }
        }
        Dataset::of(rows, now)
    }

    /// `rows` rows over the month of `now` up to `now`, seven in eight at a charge; the same for the same seed.
    pub fn generated(rows: usize, seed: u64, now: Timestamp) -> Dataset {
        let mut dice = Dice::new(seed);
        let start = moment(now.to_zoned(TimeZone::UTC).date().first_of_month(), Span::new());
        let length = u32::try_from(now.duration_since(start).as_secs()).unwrap_or_default();
        let rows = (0..rows).filter_map(|_| {
            let after = i64::from(dice.below(length)).seconds();
            let sent = start.checked_add(after).unwrap_or(start);
            let line = dice.pick(LINES)?;
            let to = if dice.below(8) == 0 { &HOME } else { dice.pick(line.to)? };
            let parts = 1 + dice.below(9);
            Some(line.row(sent, to, parts, &mut dice))
        });
        Dataset::of(rows.collect(), now)
    }
}

/// What happens on a few days of every month: charges that come into the report long after their message, and in the
/// first month a credit.
fn oddity(line: &Line, date: Date, first_month: bool) -> Option<Row> {
    let mut dice = Dice::new(moment(date, Span::new()).as_second().unsigned_abs());
    let mut row = |at: Span| line.row(moment(date, at), &Destination("442079460", 483), 3, &mut dice);
    let next_month = date.first_of_month().saturating_add(1.month());
    match date.day() {
        5 if first_month => Some(Row {
            charge: -41_000,
            rate: None,
            delivery_status: None,
            delivery_detail: Some("Credit".to_owned()),
            ..row(10.hours())
        }),
        14 => Some(Row { appears: Some(moment(date, (6 * 24 + 6).hours())), ..row(9.hours()) }),
        19 => Some(Row { appears: Some(moment(date, (3 * 24 + 18).hours())), ..row(16.hours()) }),
        28 => Some(Row { appears: Some(moment(next_month, 54.hours())), ..row(23.hours()) }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Outcome = Result<(), Box<dyn std::error::Error>>;

    fn now() -> Result<Timestamp, jiff::Error> {
        "2026-11-22T13:00:00Z".parse()
    }

    #[test]
    fn the_sample_is_the_same_twice() -> Outcome {
        let (one, two) = (Dataset::sample(now()?), Dataset::sample(now()?));
        assert!(one.rows().eq(two.rows()));
        Ok(())
    }

    #[test]
    fn a_later_sample_changes_no_row() -> Outcome {
        let later: Timestamp = "2026-11-30T23:00:00Z".parse()?;
        let later: Vec<_> = Dataset::sample(later).rows().cloned().collect();
        assert!(Dataset::sample(now()?).rows().all(|row| later.contains(row)));
        Ok(())
    }

    #[test]
    fn the_sample_spends_what_the_demonstration_needs() -> Outcome {
        let truth = Dataset::sample(now()?).truth("2026-11-01T00:00:00Z".parse()?, now()?);
        let told: Vec<_> = truth
            .iter()
            .map(|((number, currency), truth)| format!("{number}: {} {currency} in {}", truth.amount, truth.messages))
            .collect();
        insta::assert_snapshot!(told.join("\n"), @r"
        (none): 1.6756 USD in 17
        +12025550112: 10.1763 USD in 79
        +12025550143: 64.3146 USD in 105
        +12025550187: 121.2324 USD in 176
        +2100000980 Ext. 1001: 2.6914 USD in 22
        +33199005521: 14.8629 EUR in 117
        +442079460018: 3.2132 GBP in 27
        +493023125017: 5.6858 EUR in 37
        ");
        Ok(())
    }

    #[test]
    fn generated_rows_are_as_many_as_asked_and_depend_on_the_seed() -> Outcome {
        let rows = |seed| now().map(|now| Dataset::generated(500, seed, now));
        assert_eq!(rows(1)?.rows().count(), 500);
        assert!(rows(1)?.rows().eq(rows(1)?.rows()));
        assert!(!rows(1)?.rows().eq(rows(2)?.rows()));
        Ok(())
    }
}
