//! The rows of an account, of all its reports, and the moment at which they are looked at.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jiff::Timestamp;

use super::reports::ReportKind;
use super::row::Row;
use super::truth::Truth;

/// Rows, and the moment at which they are looked at.
#[derive(Clone, Debug)]
pub struct Dataset {
    /// In order of arrival.
    rows: Arc<[Arc<Row>]>,
    today: Timestamp,
}

impl Dataset {
    /// These rows, seen at `now`: those that were sent or appear later are not in the report yet.
    pub fn of(rows: Vec<Row>, now: Timestamp) -> Dataset {
        let mut rows: Vec<_> = rows.into_iter().map(Arc::new).collect();
        // Each key once: to compare times is slow in a build for tests.
        rows.sort_by_cached_key(|row| row.arrival().as_nanosecond());
        Dataset { rows: rows.into(), today: now }
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

    /// Every row of every report, in order of arrival, with those that are not in the report yet and those that have left it.
    pub fn rows(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().map(AsRef::as_ref)
    }

    /// The rows that are in their report at `moment`, in order of arrival.
    pub(super) fn in_report(&self, moment: Timestamp) -> impl Iterator<Item = &Arc<Row>> {
        let arrived = self.rows.iter().take_while(move |row| row.arrival() <= moment);
        arrived.filter(move |row| row.is_in_report(moment))
    }

    /// What messages add up to: see [`Dataset::truth_of`].
    pub fn truth(&self, from: Timestamp, to: Timestamp) -> BTreeMap<(String, String), Truth> {
        self.truth_of(ReportKind::Sms, from, to)
    }

    /// Exact sums and counts by billing number and currency, as [`Truth::of_report`] has them, of the distinct rows
    /// with a charge that were sent from `from` on and before `to` and are in this report.
    pub fn truth_of(&self, report: ReportKind, from: Timestamp, to: Timestamp) -> BTreeMap<(String, String), Truth> {
        Truth::of_report(report, self.in_report(self.today).map(AsRef::as_ref), from, to)
    }

    /// How many rows in this report have no charge yet, of those that were sent from `from` on and before `to`.
    pub fn pending_of(&self, report: ReportKind, from: Timestamp, to: Timestamp) -> usize {
        let is_asked_for = |row: &&Arc<Row>| row.report == report && row.sent >= from && row.sent < to;
        self.in_report(self.today).filter(is_asked_for).filter(|row| row.pending).count()
    }

    /// The same rows, each changed.
    pub(super) fn map(self, change: impl FnMut(Row) -> Row) -> Dataset {
        let rows = self.rows.iter().map(|row| Row::clone(row)).map(change).map(Arc::new);
        Dataset { rows: rows.collect(), ..self }
    }

    /// The same rows, where messages that share a `message_id` are given one each.
    pub(super) fn with_own_ids(self) -> Dataset {
        let mut seen: HashMap<String, u32> = HashMap::new();
        self.map(|mut row| {
            let Some(id) = row.message_id.clone().filter(|_| row.report == ReportKind::Sms) else {
                return row;
            };
            let times = seen.entry(id.clone()).or_default();
            if *times > 0 {
                row.message_id = Some(format!("{id}-{times}"));
            }
            *times += 1;
            row
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::truth::NONE;
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn the_truth_is_the_sum_of_distinct_charged_rows_in_the_half_open_range() {
        let sent = at("2026-11-02T10:00:00Z");
        let (from, to) = (at("2026-11-01T00:00:00Z"), at("2026-12-01T00:00:00Z"));
        let number = |row: Row| Row { billing_number: Some("+2100000980".to_owned()), ..row };
        let rows = vec![
            number(Row::new("A", sent, 205)),
            number(Row::new("A", sent, 205)), // the same row again
            number(Row { appears: Some(to), ..Row::new("A", sent, 205) }), // and again, later
            number(Row { to_number: Some("442079460001".to_owned()), ..Row::new("A", sent, 205) }),
            number(Row::new("B", from, 205)),
            number(Row::new("C", to, 9_999)), // belongs to the next period
            number(Row::new("D", sent, 0)),
            number(Row { currency: Some("EUR".to_owned()), ..Row::new("E", sent, 1_000) }),
            Row::new("F", sent, 500),
            Row::new("G", sent, -1_700),
            Row { appears: Some(at("2026-12-20T00:00:00Z")), ..Row::new("H", sent, 7) },
            Row { gone: Some(at("2026-12-04T00:00:00Z")), ..Row::new("I", sent, 70) },
        ];
        let truth = Dataset::of(rows, at("2026-12-05T00:00:00Z")).truth(from, to);
        let sums: Vec<_> = truth
            .iter()
            .map(|((number, currency), truth)| {
                (number.as_str(), currency.as_str(), truth.amount.as_str(), truth.messages)
            })
            .collect();
        assert_eq!(
            sums,
            [(NONE, "USD", "-0.12", 2), ("+2100000980", "EUR", "0.1", 1), ("+2100000980", "USD", "0.0615", 3)]
        );
    }

    #[test]
    fn a_row_is_seen_from_its_arrival_until_it_is_gone() {
        let sent = at("2026-11-14T09:15:00Z");
        let (appears, gone) = (at("2026-11-20T06:00:00Z"), at("2026-11-21T06:00:00Z"));
        let late = Row { appears: Some(appears), gone: Some(gone), ..Row::new("late", sent, 1) };
        let seen = |now: Timestamp| Dataset::of(vec![late.clone()], now).truth(sent, now).len();
        assert_eq!(seen(at("2026-11-20T05:59:59Z")), 0);
        assert_eq!(seen(appears), 1);
        assert_eq!(seen(gone), 0);
    }
}
