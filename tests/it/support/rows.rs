//! Rows of Zoom's report, and the moments at which they are looked at.

use clap::{Args, FromArgMatches};
use jiff::Timestamp;
use zoom_sms_cost_alerts::sandbox::{Row, Switches};

/// The moment that is judged unless a test says otherwise: a Sunday afternoon in November.
pub const NOW: &str = "2026-11-22T13:00:00Z";
/// The billing number that spends unless a test says otherwise.
pub const NUMBER: &str = "+12025550143";

pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// The sandbox's switches, written as for its command.
pub fn switches(line: &str) -> Switches {
    let command = Switches::augment_args(clap::Command::new("sandbox")).no_binary_name(true);
    let matches = command.get_matches_from(line.split_whitespace());
    Switches::from_arg_matches(&matches).unwrap()
}

/// A message of Sales to a customer, from [`NUMBER`]; the charge is in ten-thousandths of a dollar.
pub fn row(id: &str, sent: &str, charge: i64) -> Row {
    Row {
        billing_number: Some(NUMBER.to_owned()),
        department: Some("Sales".to_owned()),
        to_number: Some("442079460123".to_owned()),
        to_display_name: Some("Customer Ines Okafor".to_owned()),
        ..Row::new(id, at(sent), charge)
    }
}

/// One message in November that costs so many dollars.
pub fn spent(dollars: i64) -> Row {
    spent_on("2026-11-10", dollars)
}

/// One message at ten o'clock of this day that costs so many dollars.
pub fn spent_on(day: &str, dollars: i64) -> Row {
    row(&format!("spent on {day}"), &format!("{day}T10:00:00Z"), dollars * 10_000)
}

pub fn from_number(number: &str, row: Row) -> Row {
    Row {
        billing_number: Some(number.to_owned()),
        message_id: row.message_id.map(|id| format!("{id} of {number}")),
        ..row
    }
}
