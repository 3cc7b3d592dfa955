//! What the answers held: for tests that ask what a client could have known.

use std::sync::Arc;

use jiff::Timestamp;

use super::reports::ReportKind;
use super::row::Row;

/// A question that was answered, and the rows that its pages held.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The report that was asked.
    pub report: ReportKind,
    /// `from` as it was asked for.
    pub from: String,
    /// `to` as it was asked for.
    pub to: String,
    /// What the answer said of its `from` and `to`.
    pub said: (String, String),
    /// The time that was answered for: rows are listed from this moment on …
    pub start: Timestamp,
    /// … and before this one.
    pub end: Timestamp,
    /// The account's present when the question was asked.
    pub today: Timestamp,
    /// The moment whose state was shown: earlier than `today` if the report lags, flaps or has stalled.
    pub shown: Timestamp,
    /// Whether only charged rows were asked for.
    pub charges_only: bool,
    /// The rows of all pages answered, in their order; repeated rows repeatedly.
    pub rows: Vec<Arc<Row>>,
    /// The rows that the question would have listed then without any fault.
    pub without_faults: Arc<[Arc<Row>]>,
    /// Whether a last page was answered.
    pub ended: bool,
}
