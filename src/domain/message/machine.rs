//! The form for programs: exact, stable, versioned.

use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

use super::{Fit, Part, Sheet};
use crate::domain::alert::{AlertId, AlertRecord, Details, Kind, Severity, Wording};
use crate::domain::coverage::Receipt;

#[derive(Serialize)]
struct Form<'m> {
    schema: u32,
    id: &'m AlertId,
    kind: Kind,
    severity: Severity,
    receiver: &'m Arc<str>,
    as_of: Timestamp,
    account: &'m Arc<str>,
    possible_repeat: bool,
    rerun: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    part: Option<Part>,
    alerts: Vec<AlertForm>,
    receipt: &'m Receipt,
}

#[derive(Serialize)]
struct AlertForm {
    #[serde(flatten)]
    record: AlertRecord,
    #[serde(flatten)]
    details: Option<Details>,
}

pub(super) fn form(sheet: &Sheet<'_, '_>, fit: Fit) -> String {
    let case = &sheet.message.case;
    let alert = |wording: &Wording| {
        let mut details = fit.details.then(|| wording.details.clone());
        if !fit.top
            && let Some(details) = &mut details
        {
            details.top.clear();
            details.senders.clear();
        }
        AlertForm { record: AlertRecord { outcome: sheet.outcome, ..wording.machine.clone() }, details }
    };
    let form = Form {
        schema: 1,
        id: &sheet.id,
        kind: sheet.kind(),
        severity: sheet.severity(),
        receiver: &case.receiver.name,
        as_of: case.as_of,
        account: case.totals.account(),
        possible_repeat: sheet.possible_repeat,
        rerun: case.rerun,
        part: sheet.message.part,
        alerts: sheet.wordings.iter().map(alert).collect(),
        receipt: case.receipt,
    };
    serde_json::to_string(&form).unwrap_or_default()
}
