//! A row of a report: what it says, and when and where the report shows it.
//!
//! What a row truly is (`sent`, `charge`) is apart from what it looks like on the wire (`sent_text`, `charge_text`,
//! `json`), so that the truth stays known while a client reads an absurd time or a broken charge.

use jiff::{SignedDuration, Timestamp};

use super::reports::ReportKind;

/// How long a call rings before it is answered.
const RING: SignedDuration = SignedDuration::from_secs(20);

/// Where a row stands in the report: the moment that the range of a question is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Listing {
    /// So many days (of 24 hours) after `sent`, or before it if negative.
    Days(i8),
    /// This moment, whatever `sent` says.
    At(Timestamp),
}

impl Listing {
    fn of(self, sent: Timestamp) -> Timestamp {
        match self {
            Listing::Days(days) => {
                let off = SignedDuration::from_hours(24 * i64::from(days));
                sent.saturating_add(off).unwrap_or(sent)
            }
            Listing::At(moment) => moment,
        }
    }
}

/// A row of a report. A field that is `None` has no value. Fields have the names that they have in the report of messages; which of them the
/// other reports write, and where, says the table of reports (`reports.rs`).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Row {
    /// The report that holds the row.
    pub report: ReportKind,
    /// When the message was sent, or the call or the fax ended.
    pub sent: Timestamp,
    /// When the row comes into the report, if that is later than `sent`: a late charge.
    pub appears: Option<Timestamp>,
    /// When the row leaves the report.
    pub gone: Option<Timestamp>,
    /// Where the row is listed, if that is not at `sent`.
    pub listed: Option<Listing>,
    /// Where the row is listed later: from each of these moments on at that place. The latest moment that has passed
    /// counts.
    pub relisted: Vec<(Timestamp, Listing)>,
    /// What it truly costs, in ten-thousandths of the currency; negative for a credit.
    pub charge: i64,
    /// Minutes of a call, or pages of a fax.
    pub units: Option<u32>,
    /// Whether Zoom has not set the charge yet: it is not written, whatever it will be. Faxes say so in `charge_status`.
    pub pending: bool,
    /// Whether a fax is included in the plan.
    pub unlimited: bool,
    /// Written as `total_charge` in place of the plain form of `charge`.
    pub charge_text: Option<String>,
    /// Written as `sent_time` (calls and faxes: `end_time`) in place of `sent`.
    pub sent_text: Option<String>,
    /// Fields (by their names in the report) that are written as this JSON in place of their value.
    pub json: Vec<(&'static str, String)>,
    /// `session_id`; `call_id` and `call_log_id` of a call
    pub session_id: Option<String>,
    /// `message_id`, `charge_id` or `fax_id`
    pub message_id: Option<String>,
    /// `message_type`, or `call_type`
    pub message_type: Option<String>,
    /// `from_number`, `sender_number`; `caller_number` without an extension
    pub from_number: Option<String>,
    /// `from_extension_number`, or `caller_number`
    pub from_extension_number: Option<String>,
    /// `from_display_name`, or `calling_party_name`
    pub from_display_name: Option<String>,
    /// `from_email`
    pub from_email: Option<String>,
    /// `to_number`, `receiver_number`; `callee_number` without an extension
    pub to_number: Option<String>,
    /// `to_extension_number`, or `callee_number`
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
    /// `employee_id`
    pub employee_id: Option<String>,
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
            report: ReportKind::Sms,
            sent: Timestamp::UNIX_EPOCH,
            appears: None,
            gone: None,
            listed: None,
            relisted: Vec::new(),
            charge: 0,
            units: None,
            pending: false,
            unlimited: false,
            charge_text: None,
            sent_text: None,
            json: Vec::new(),
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
            employee_id: None,
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

    /// A local call in USD with this charge id, ended at `ended` after so many minutes.
    pub fn call(charge_id: &str, ended: Timestamp, charge: i64, minutes: u32) -> Row {
        Row {
            report: ReportKind::Call,
            units: Some(minutes),
            session_id: Some(format!("call of {charge_id}")),
            message_type: Some("local".to_owned()),
            delivery_status: None,
            ..Row::new(charge_id, ended, charge)
        }
    }

    /// A fax in USD with this id and so many pages, all of them charged.
    pub fn fax(fax_id: &str, ended: Timestamp, charge: i64, pages: u32) -> Row {
        Row {
            report: ReportKind::Fax,
            units: Some(pages),
            message_type: None,
            delivery_status: None,
            ..Row::new(fax_id, ended, charge)
        }
    }

    /// Two versions of one row: this one until `since`, and what `change` makes of it from then on.
    #[must_use]
    pub fn revised(self, since: Timestamp, change: impl FnOnce(Row) -> Row) -> [Row; 2] {
        let after = Row { appears: Some(since), ..change(self.clone()) };
        [Row { gone: Some(since), ..self }, after]
    }

    /// `total_charge` as it is written, if it is.
    pub(super) fn charge_text(&self) -> Option<String> {
        let text = || self.charge_text.clone().unwrap_or_else(|| plain(self.charge.into()));
        (!self.pending).then(text)
    }

    /// The time of the row as it is written.
    pub(super) fn sent_text(&self) -> String {
        self.sent_text.clone().unwrap_or_else(|| written(self.sent))
    }

    /// When a call was answered: its minutes before its end.
    pub(super) fn answered(&self) -> Timestamp {
        let minutes = SignedDuration::from_mins(self.units.unwrap_or_default().into());
        self.sent.saturating_sub(minutes).unwrap_or(self.sent)
    }

    /// When a call began to ring.
    pub(super) fn started(&self) -> Timestamp {
        let answered = self.answered();
        answered.saturating_sub(RING).unwrap_or(answered)
    }

    /// Whether the row stays when only charges are asked for.
    pub(super) fn is_charged(&self) -> bool {
        self.charge != 0 || self.charge_text.is_some() || self.pending
    }

    /// When the row comes into the report.
    pub(super) fn arrival(&self) -> Timestamp {
        self.appears.map_or(self.sent, |appears| appears.max(self.sent))
    }

    /// Whether the report holds the row at `moment`.
    pub(super) fn is_in_report(&self, moment: Timestamp) -> bool {
        self.arrival() <= moment && self.gone.is_none_or(|gone| moment < gone)
    }

    /// Where the row itself says that it is listed at `moment`, if it does.
    pub(super) fn listing(&self, moment: Timestamp) -> Option<Timestamp> {
        let moved = self.relisted.iter().filter(|(since, _)| *since <= moment).max_by_key(|(since, _)| *since);
        let listing = moved.map(|(_, listing)| *listing).or(self.listed)?;
        Some(listing.of(self.sent))
    }

    /// A number that follows from which message this is: the same for all versions of a row.
    pub(super) fn seed(&self) -> u64 {
        let ids = [&self.session_id, &self.message_id, &self.from_number, &self.to_number];
        let texts = ids.map(|id| id.as_deref().unwrap_or_default());
        let sent = self.sent.as_second().to_le_bytes();
        let bytes = texts.iter().flat_map(|text| text.bytes().chain([0xFF])).chain(sent);
        // FNV-1a
        bytes.fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3))
    }

    /// What the row says, without what only decides when and where the report shows it: rows with the same content
    /// are one.
    pub(super) fn content(&self) -> impl Ord + '_ {
        let texts = [
            &self.charge_text,
            &self.sent_text,
            &self.session_id,
            &self.message_id,
            &self.message_type,
            &self.from_number,
            &self.from_extension_number,
            &self.from_display_name,
            &self.from_email,
            &self.to_number,
            &self.to_extension_number,
            &self.to_display_name,
            &self.to_email,
            &self.billing_number,
            &self.cost_center,
            &self.department,
            &self.employee_id,
            &self.rate,
            &self.currency,
            &self.delivery_status,
            &self.delivery_detail,
        ];
        let units = (self.units, self.pending, self.unlimited);
        (self.report, self.sent, self.charge, units, texts, &self.json)
    }
}

/// A moment as it is written in a row.
pub(super) fn written(moment: Timestamp) -> String {
    moment.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
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

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn units_are_written_plainly() {
        let written: Vec<_> = [0, 205, -205, 10_000, 10_500, -41_000, 1].map(plain).into();
        assert_eq!(written, ["0", "0.0205", "-0.0205", "1", "1.05", "-4.1", "0.0001"]);
    }

    #[test]
    fn a_row_is_listed_where_the_latest_move_put_it() {
        let sent = at("2026-11-09T10:00:00Z");
        let (first, second) = (at("2026-11-12T00:00:00Z"), at("2026-11-14T00:00:00Z"));
        let elsewhere = at("2026-10-31T23:00:00Z");
        let row = Row {
            listed: Some(Listing::Days(-1)),
            relisted: vec![(second, Listing::At(elsewhere)), (first, Listing::Days(2))],
            ..Row::new("A", sent, 1)
        };
        assert_eq!(Row::new("B", sent, 1).listing(second), None);
        assert_eq!(row.listing(sent), Some(at("2026-11-08T10:00:00Z")));
        assert_eq!(row.listing(first), Some(at("2026-11-11T10:00:00Z")));
        assert_eq!(row.listing(second), Some(elsewhere));
    }

    #[test]
    fn a_revised_row_is_in_the_report_in_one_version_at_a_time() {
        let (sent, since) = (at("2026-11-09T10:00:00Z"), at("2026-11-12T00:00:00Z"));
        let versions = Row::new("A", sent, 100).revised(since, |row| Row { charge: 300, ..row });
        let charges = |moment| {
            let there = versions.iter().filter(|row| row.is_in_report(moment));
            there.map(|row| row.charge).collect::<Vec<_>>()
        };
        assert_eq!(charges(sent - SignedDuration::from_secs(1)), [0; 0]);
        assert_eq!(charges(since - SignedDuration::from_secs(1)), [100]);
        assert_eq!(charges(since), [300]);
        assert_eq!(versions[0].seed(), versions[1].seed());
    }
}
