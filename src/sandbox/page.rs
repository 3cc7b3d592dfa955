//! A page of a report as it goes over the wire.

use std::sync::Arc;

use serde::{Serialize, Serializer};
use serde_json::Value;

use super::dice::Dice;
use super::fault::FaultKind;
use super::question::Question;
use super::row::Row;
use super::switches::{Switches, TotalRecords};
use super::walk::Walk;
use super::wire::{WireRow, missing, spoiled};

const COUNT_SEED: u64 = 0x5A4D_0005;

#[derive(Serialize)]
pub(super) struct Page<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'static str>,
    /// `None` for no field at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_page_token: Option<Value>,
    page_size: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    total_records: Option<usize>,
    from: &'a str,
    to: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    report_revision: Option<&'static str>,
    #[serde(flatten)]
    rows: Rows<'a>,
}

/// The rows, in a field whose name the report has.
struct Rows<'a> {
    name: &'static str,
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
            rows: Rows {
                name: question.report.array,
                rows: rows.iter().map(|row| WireRow { row, switches, answer, spoiled: None }).collect(),
            },
        }
    }

    /// What a fault makes of the page.
    pub(super) fn after(mut self, fault: Option<FaultKind>) -> Page<'a> {
        if let Some(last) = self.rows.rows.last_mut() {
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
                rows: Rows { rows: Vec::new(), ..self.rows },
                ..self
            },
            _ => self,
        }
    }
}

impl Serialize for Rows<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map([(self.name, &self.rows)])
    }
}
