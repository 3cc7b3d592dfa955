//! The page that a run leaves for the dashboard's widget.
//!
//! A run that could not read everything leaves one too, which names what is missing: an old page would look as if all were well. Nobody is
//! alerted by it, so that a failure is a warning.

use super::Services;
use super::examine::Examination;
use crate::clients::Deadline;
use crate::daybook::Listed;
use crate::domain::page::{Page, Story};
use crate::outbox::Delivered;

/// Bytes of a stored page; an item of DynamoDB takes 400 KB.
const MOST_BYTES: usize = 300 * 1024;

/// Stores the page, in place of that of the last run.
pub(super) async fn keep(
    services: &Services,
    examination: &Examination<'_>,
    delivered: &Delivered,
    deadline: Deadline,
) {
    let findings = examination.findings();
    let story = Story {
        case: examination.case(),
        findings: &findings,
        history: &examination.history,
        sent: &[],
        alerts: &delivered.alerts,
        is_replayed: false,
    };
    let Some(page) = Page::of(&story).map(|page| page.fitting(MOST_BYTES)) else { return };
    let account = examination.report.judged.totals.account().to_string();
    let listed = Listed { account, as_of: examination.as_of, verdict: page.verdict.clone() };
    let text = serde_json::to_string(&page).unwrap_or_default();
    match deadline.bound(services.daybook.keep_page(&listed, &text)).await {
        Some(Ok(())) => {}
        Some(Err(error)) => tracing::warn!(%error, "the dashboard's widget goes on showing the page of an earlier run"),
        None => tracing::warn!("the run's time was up before the page of the dashboard's widget was stored"),
    }
}
