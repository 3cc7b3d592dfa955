//! A page of a report as it goes over the wire.

use std::sync::Arc;

use serde::ser::{Serialize, SerializeMap as _, Serializer};
use serde_json::Value;

use super::dice::Dice;
use super::fault::FaultKind;
use super::question::Question;
use super::row::Row;
use super::switches::{Switches, TotalRecords};
use super::walk::Walk;
use super::wire::{WireRow, missing, spoiled};

const COUNT_SEED: u64 = 0x5A4D_0005;

/// A page; a field that is `None` is not written.
pub(super) struct Page<'a> {
    code: Option<u32>,
    message: Option<&'static str>,
    next_page_token: Option<Value>,
    page_size: usize,
    total_records: Option<usize>,
    from: &'a str,
    to: &'a str,
    report_revision: Option<&'static str>,
    /// The name of the field with the rows.
    array: &'static str,
    rows: Vec<WireRow<'a>>,
}

impl<'a> Page<'a> {
    /// The page with these rows of the walk, in the answer of this number.
    pub(super) fn new(
        walk: &'a Walk,
        rows: &'a [Arc<Row>],
        question: &Question,
        next: Option<String>,
        answer: u64,
        switches: &'a Switches,
    ) -> Page<'a> {
        Page {
            code: None,
            message: None,
            next_page_token: next.map(Value::from).or_else(|| missing(switches.last_page_token)),
            page_size: question.page_size,
            total_records: match switches.total_records {
                TotalRecords::Overall => Some(walk.rows.len()),
                TotalRecords::PerPage => Some(rows.len()),
                TotalRecords::Absent => None,
                TotalRecords::UnchargedToo => Some(walk.uncharged_too),
                TotalRecords::Zero => Some(0),
                TotalRecords::Random => {
                    let end = u32::try_from(2 * walk.rows.len() + 600).unwrap_or(u32::MAX);
                    usize::try_from(Dice::new(COUNT_SEED ^ answer).below(end)).ok()
                }
            },
            from: &walk.range.from,
            to: &walk.range.to,
            report_revision: switches.new_fields.then_some("2"),
            array: question.report.array,
            rows: rows.iter().map(|row| WireRow { row, switches, answer, spoiled: None }).collect(),
        }
    }

    /// What a fault makes of the page.
    pub(super) fn after(mut self, fault: Option<FaultKind>) -> Page<'a> {
        if let Some(last) = self.rows.last_mut() {
            last.spoiled = spoiled(fault);
        }
        match fault {
            Some(FaultKind::CodeZero) => Page { code: Some(0), message: Some("Success"), ..self },
            Some(FaultKind::Envelope200Rows) => Page { code: Some(300), message: Some("Internal failure"), ..self },
            Some(FaultKind::Envelope200Page) => Page {
                code: Some(300),
                message: Some("Internal failure"),
                next_page_token: Some("".into()),
                total_records: Some(0),
                rows: Vec::new(),
                ..self
            },
            _ => self,
        }
    }
}

impl Serialize for Page<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if let Some(code) = self.code {
            map.serialize_entry("code", &code)?;
        }
        if let Some(message) = self.message {
            map.serialize_entry("message", message)?;
        }
        if let Some(token) = &self.next_page_token {
            map.serialize_entry("next_page_token", token)?;
        }
        map.serialize_entry("page_size", &self.page_size)?;
        if let Some(count) = self.total_records {
            map.serialize_entry("total_records", &count)?;
        }
        map.serialize_entry("from", self.from)?;
        map.serialize_entry("to", self.to)?;
        if let Some(revision) = self.report_revision {
            map.serialize_entry("report_revision", revision)?;
        }
        map.serialize_entry(self.array, &self.rows)?;
        map.end()
    }
}
