//! What rows truly add up to: an oracle that shares no code with the product.
//!
//! Charges are whole ten-thousandths of their currency and are added as integers. A billing number is known by its
//! digits and the extension that is written behind them, whatever else its text holds.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::reports::ReportKind;
use super::row::{Row, plain};

/// The name that [`Dataset::truth`](super::Dataset::truth) has for a row without a billing number or a currency.
pub const NONE: &str = "(none)";

/// What is truly owed for one billing number in one currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Truth {
    /// The exact sum, in plain notation without trailing zeros.
    pub amount: String,
    /// Distinct rows with a charge that is not zero.
    pub messages: u64,
}

impl Truth {
    /// What the messages among `rows` add up to: see [`Truth::of_report`].
    pub fn of<'a>(
        rows: impl IntoIterator<Item = &'a Row>,
        from: Timestamp,
        to: Timestamp,
    ) -> BTreeMap<(String, String), Truth> {
        Truth::of_report(ReportKind::Sms, rows, from, to)
    }

    /// Exact sums and counts by billing number ([`billing_identity`]) and currency, of those among `rows` that are of
    /// this report, have a charge that is known and were sent from `from` on and before `to`. Rows that say the same
    /// are counted once, wherever they are listed.
    pub fn of_report<'a>(
        report: ReportKind,
        rows: impl IntoIterator<Item = &'a Row>,
        from: Timestamp,
        to: Timestamp,
    ) -> BTreeMap<(String, String), Truth> {
        let is_charged = |row: &Row| row.report == report && row.charge != 0 && !row.pending;
        let counted = |row: &&Row| is_charged(row) && row.sent >= from && row.sent < to;
        let mut seen = BTreeSet::new();
        let mut sums: BTreeMap<(String, String), (i128, u64)> = BTreeMap::new();
        for row in rows.into_iter().filter(counted) {
            if !seen.insert(row.content()) {
                continue;
            }
            let currency = named(row.currency.as_deref()).to_uppercase();
            let (sum, messages) = sums.entry((billing_identity(row.billing_number.as_deref()), currency)).or_default();
            *sum += i128::from(row.charge);
            *messages += 1;
        }
        let sum = |(key, (sum, messages))| (key, Truth { amount: plain(sum), messages });
        sums.into_iter().map(sum).collect()
    }
}

/// A billing number by its identity: `+` and its digits, and ` Ext. ` with the digits of an extension if one is
/// written. `+14085550000`, `14085550000` and `1 (408) 555-0000` are one number. Text without any digit stays as it
/// is; no text is [`NONE`].
pub fn billing_identity(text: Option<&str>) -> String {
    let text = named(text);
    let digits = |part: &str| part.chars().filter(char::is_ascii_digit).collect::<String>();
    let (number, extension) = text.split_at(text.find(char::is_alphabetic).unwrap_or(text.len()));
    match (digits(number), digits(extension)) {
        (number, _) if number.is_empty() => text,
        (number, extension) if extension.is_empty() => format!("+{number}"),
        (number, extension) => format!("+{number} Ext. {extension}"),
    }
}

fn named(value: Option<&str>) -> String {
    let value = value.map_or("", str::trim);
    if value.is_empty() { NONE.to_owned() } else { value.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_known_by_its_digits_and_its_extension() {
        for (text, identity) in [
            ("+14085550000", "+14085550000"),
            ("14085550000", "+14085550000"),
            (" (1408) 555-0000 ", "+14085550000"),
            ("14085550000 Ext. 1001", "+14085550000 Ext. 1001"),
            ("+1 408 555 0000 ext 1001", "+14085550000 Ext. 1001"),
            ("1408-555-0000x1001", "+14085550000 Ext. 1001"),
            ("Front Desk 2", "Front Desk 2"),
            ("  ", NONE),
        ] {
            assert_eq!(billing_identity(Some(text)), identity, "{text:?}");
        }
        assert_eq!(billing_identity(None), NONE);
    }
}
