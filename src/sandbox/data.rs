//! What the sandbox's account has sent, and what it truly owes for it.
//!
//! Charges are whole ten-thousandths of their currency, and [`Dataset::truth`] adds them as integers: it shares no code
//! with the product's own money, so the two can be held against each other.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

/// The name that [`Dataset::truth`] has for a row without a billing number or a currency.
pub const NONE: &str = "(none)";

/// A row of the report. A field that is `None` has no value.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Row {
    /// When the message was sent; also the order of the report, unless `appears` says otherwise.
    pub sent: Timestamp,
    /// When the row comes into the report, if that is later than `sent`: a late charge.
    pub appears: Option<Timestamp>,
    /// What the message truly costs, in ten-thousandths of the currency; negative for a credit.
    pub charge: i64,
    /// Written as `total_charge` in place of the plain form of `charge`.
    pub charge_text: Option<String>,
    /// `session_id`
    pub session_id: Option<String>,
    /// `message_id`
    pub message_id: Option<String>,
    /// `message_type`
    pub message_type: Option<String>,
    /// `from_number`
    pub from_number: Option<String>,
    /// `from_extension_number`
    pub from_extension_number: Option<String>,
    /// `from_display_name`
    pub from_display_name: Option<String>,
    /// `from_email`
    pub from_email: Option<String>,
    /// `to_number`
    pub to_number: Option<String>,
    /// `to_extension_number`
    pub to_extension_number: Option<String>,
    /// `to_display_name`
    pub to_display_name: Option<String>,
    /// `to_email`
    pub to_email: Option<String>,
    /// `billing_number`
    pub billing_number: Option<String>,
    /// `cost_center`
    pub cost_center: Option<String>,
    /// `department`
    pub department: Option<String>,
    /// `rate`
    pub rate: Option<String>,
    /// `currency`
    pub currency: Option<String>,
    /// `delivery_status`
    pub delivery_status: Option<String>,
    /// `delivery_detail`
    pub delivery_detail: Option<String>,
}

impl Default for Row {
    /// An SMS in USD, delivered, free of charge, sent at the epoch; the rest has no value.
    fn default() -> Row {
        Row {
            sent: Timestamp::UNIX_EPOCH,
            appears: None,
            charge: 0,
            charge_text: None,
            session_id: None,
            message_id: None,
            message_type: Some("SMS".to_owned()),
            from_number: None,
            from_extension_number: None,
            from_display_name: None,
            from_email: None,
            to_number: None,
            to_extension_number: None,
            to_display_name: None,
            to_email: None,
            billing_number: None,
            cost_center: None,
            department: None,
            rate: None,
            currency: Some("USD".to_owned()),
            delivery_status: Some("Delivered".to_owned()),
            delivery_detail: None,
        }
    }
}

impl Row {
    /// A delivered SMS in USD with this message id, sent at `sent`, at this charge in ten-thousandths.
    pub fn new(message_id: &str, sent: Timestamp, charge: i64) -> Row {
        Row { message_id: Some(message_id.to_owned()), sent, charge, ..Row::default() }
    }

    /// `total_charge` as it is written.
    pub(super) fn charge_text(&self) -> String {
        self.charge_text.clone().unwrap_or_else(|| plain(self.charge.into()))
    }

    /// Whether the row stays when only charges are asked for.
    pub(super) fn is_charged(&self) -> bool {
        self.charge != 0 || self.charge_text.is_some()
    }

    pub(super) fn arrival(&self) -> Timestamp {
        self.appears.map_or(self.sent, |appears| appears.max(self.sent))
    }
}

/// What is truly owed for one billing number in one currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Truth {
    /// The exact sum, in plain notation without trailing zeros.
    pub amount: String,
    /// Distinct rows with a charge that is not zero.
    pub messages: u64,
}

/// Rows, and the moment at which they are looked at.
#[derive(Clone, Debug)]
pub struct Dataset {
    rows: Vec<Arc<Row>>,
    today: Timestamp,
}

impl Dataset {
    /// These rows, seen at `now`: those that were sent or appear later are not in the report yet.
    pub fn of(rows: Vec<Row>, now: Timestamp) -> Dataset {
        let mut rows: Vec<_> = rows.into_iter().map(Arc::new).collect();
        rows.sort_by_key(|row| row.arrival());
        Dataset { rows, today: now }
    }

    /// The same rows seen at another moment.
    #[must_use]
    pub fn at(mut self, now: Timestamp) -> Dataset {
        self.today = now;
        self
    }

    /// The moment at which the rows are looked at.
    pub fn today(&self) -> Timestamp {
        self.today
    }

    /// Every row, in order of arrival, with those that are not in the report yet.
    pub fn rows(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().map(AsRef::as_ref)
    }

    /// The rows that came into the report at least `lag` ago, in order of arrival.
    pub(super) fn arrived(&self, lag: SignedDuration) -> impl Iterator<Item = &Arc<Row>> {
        let until = self.today.saturating_sub(lag).unwrap_or(self.today);
        self.rows.iter().take_while(move |row| row.arrival() <= until)
    }

    /// Exact sums and counts by billing number (or [`NONE`]) and currency, of the distinct rows with a charge that
    /// were sent from `from` on and before `to` and are in the report.
    pub fn truth(&self, from: Timestamp, to: Timestamp) -> BTreeMap<(String, String), Truth> {
        let rows: BTreeSet<&Row> = self
            .arrived(SignedDuration::ZERO)
            .map(AsRef::as_ref)
            .filter(|row| row.charge != 0 && row.sent >= from && row.sent < to)
            .collect();
        let mut sums: BTreeMap<(String, String), (i128, u64)> = BTreeMap::new();
        for row in rows {
            let key = (named(&row.billing_number), named(&row.currency).to_uppercase());
            let (sum, messages) = sums.entry(key).or_default();
            *sum += i128::from(row.charge);
            *messages += 1;
        }
        let told = |(key, (sum, messages))| (key, Truth { amount: plain(sum), messages });
        sums.into_iter().map(told).collect()
    }

    /// The same rows, where those that share a `message_id` are given one each.
    pub(super) fn with_own_ids(mut self) -> Dataset {
        let mut seen: HashMap<String, u32> = HashMap::new();
        for row in &mut self.rows {
            let Some(id) = row.message_id.clone() else {
                continue;
            };
            let times = seen.entry(id.clone()).or_default();
            if *times > 0 {
                Arc::make_mut(row).message_id = Some(format!("{id}-{times}"));
            }
            *times += 1;
        }
        self
    }
}

fn named(value: &Option<String>) -> String {
    let value = value.as_deref().map_or("", str::trim);
    if value.is_empty() { NONE.to_owned() } else { value.to_owned() }
}

/// Ten-thousandths as a plain decimal without trailing zeros.
pub(super) fn plain(units: i128) -> String {
    let sign = if units < 0 { "-" } else { "" };
    let (whole, rest) = (units.unsigned_abs() / 10_000, units.unsigned_abs() % 10_000);
    if rest == 0 {
        return format!("{sign}{whole}");
    }
    let digits = format!("{rest:04}");
    format!("{sign}{whole}.{}", digits.trim_end_matches('0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    type Outcome = Result<(), Box<dyn std::error::Error>>;

    #[test]
    fn units_are_written_plainly() {
        let written: Vec<_> = [0, 205, -205, 10_000, 10_500, -41_000, 1].map(plain).into();
        assert_eq!(written, ["0", "0.0205", "-0.0205", "1", "1.05", "-4.1", "0.0001"]);
    }

    #[test]
    fn the_truth_is_the_sum_of_distinct_charged_rows_in_the_half_open_range() -> Outcome {
        let sent: Timestamp = "2026-11-02T10:00:00Z".parse()?;
        let (from, to) = ("2026-11-01T00:00:00Z".parse()?, "2026-12-01T00:00:00Z".parse()?);
        let number = |row: Row| Row { billing_number: Some("+2100000980".to_owned()), ..row };
        let rows = vec![
            number(Row::new("A", sent, 205)),
            number(Row::new("A", sent, 205)), // the same row again
            number(Row { to_number: Some("442079460001".to_owned()), ..Row::new("A", sent, 205) }),
            number(Row::new("B", from, 205)),
            number(Row::new("C", to, 9_999)), // belongs to the next period
            number(Row::new("D", sent, 0)),
            number(Row { currency: Some("EUR".to_owned()), ..Row::new("E", sent, 1_000) }),
            Row::new("F", sent, 500),
            Row::new("G", sent, -1_700),
            Row { appears: Some("2026-12-20T00:00:00Z".parse()?), ..Row::new("H", sent, 7) },
        ];
        let truth = Dataset::of(rows, "2026-12-05T00:00:00Z".parse()?).truth(from, to);
        let told: Vec<_> = truth
            .iter()
            .map(|((number, currency), truth)| {
                (number.as_str(), currency.as_str(), truth.amount.as_str(), truth.messages)
            })
            .collect();
        assert_eq!(
            told,
            [(NONE, "USD", "-0.12", 2), ("+2100000980", "EUR", "0.1", 1), ("+2100000980", "USD", "0.0615", 3),]
        );
        Ok(())
    }

    #[test]
    fn a_late_charge_is_seen_once_it_appears() -> Outcome {
        let sent: Timestamp = "2026-11-14T09:15:00Z".parse()?;
        let appears: Timestamp = "2026-11-20T06:00:00Z".parse()?;
        let late = Row { appears: Some(appears), ..Row::new("late", sent, 1) };
        let seen = |now: Timestamp| Dataset::of(vec![late.clone()], now).truth(sent, now).len();
        assert_eq!(seen("2026-11-20T05:59:59Z".parse()?), 0);
        assert_eq!(seen(appears), 1);
        Ok(())
    }
}
