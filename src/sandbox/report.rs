//! The report's endpoint: limits first, then the fault that is due, then what Zoom checks, then a page.

use std::time::Duration;

use axum::extract::{Path, Query, State};
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use serde_json::json;

use super::answer::{self, Answer, Limit};
use super::fault::{Fault, FaultKind};
use super::question::Question;
use super::traffic::ObservedKind;
use super::{ACCOUNT_ID, SCOPE, Shared, Zoom};

pub(super) async fn of_own_account(
    State(zoom): State<Shared>,
    uri: Uri,
    Query(query): Query<Vec<(String, String)>>,
    headers: HeaderMap,
) -> Response {
    report(zoom, "me", uri.path(), query, headers).await
}

pub(super) async fn of_account(
    State(zoom): State<Shared>,
    Path(account): Path<String>,
    uri: Uri,
    Query(query): Query<Vec<(String, String)>>,
    headers: HeaderMap,
) -> Response {
    report(zoom, &account, uri.path(), query, headers).await
}

async fn report(zoom: Shared, account: &str, path: &str, query: Vec<(String, String)>, headers: HeaderMap) -> Response {
    let visit = zoom.traffic.arrive(ObservedKind::Report, "GET", path, &query);
    let admitted = zoom.traffic.admit(&zoom.switches);
    tokio::time::sleep(Duration::from_millis(zoom.switches.latency_ms)).await;
    let fault = Fault::met(&zoom.switches.faults, visit.number);
    let answer = match admitted {
        Ok(()) => answer(&zoom, account, &query, &headers, fault),
        Err(refusal) => Err(refusal),
    };
    visit.leave(answer.unwrap_or_else(|refusal| refusal))
}

fn answer(
    zoom: &Zoom,
    account: &str,
    query: &[(String, String)],
    headers: &HeaderMap,
    fault: Option<FaultKind>,
) -> Result<Answer, Answer> {
    fault.map_or(Ok(()), |kind| refused(kind, zoom, query, headers))?;
    if !zoom.access.allows(headers) {
        return Err(Answer::unauthorized(StatusCode::UNAUTHORIZED));
    }
    if account != "me" && account != ACCOUNT_ID && !zoom.switches.any_credentials {
        return Err(Answer::no_account(2001, account));
    }
    let data = zoom.data();
    let question = Question::read(query, data.today(), &zoom.switches)?;
    let of_dates = zoom.date_faults.met(&zoom.switches.date_faults, &question.range);
    let fault = fault.or(of_dates);
    of_dates.map_or(Ok(()), |kind| refused(kind, zoom, query, headers))?;
    let page = zoom.walks.answer(&data, &question, &zoom.switches, fault)?;
    zoom.move_on();
    Ok(if fault == Some(FaultKind::CutBody) { page.cut() } else { page })
}

/// The refusal of a fault that leaves no page, after what else it does.
fn refused(kind: FaultKind, zoom: &Zoom, query: &[(String, String)], headers: &HeaderMap) -> Result<(), Answer> {
    match kind {
        FaultKind::Unauthorized | FaultKind::Unauthorized400 => zoom.access.revoke(headers),
        FaultKind::PageTokenExpired | FaultKind::PageTokenExpired300 => zoom.walks.forget(query),
        _ => {}
    }
    refusal(kind, zoom).map_or(Ok(()), Err)
}

/// The answer of a fault that leaves no page.
fn refusal(kind: FaultKind, zoom: &Zoom) -> Option<Answer> {
    let limited = |limit: Limit| limit.refusal(10, zoom.switches.rate_headers);
    let not_enabled = "Zoom Phone has not been enabled for this account.";
    Some(match kind {
        FaultKind::Unauthorized => Answer::unauthorized(StatusCode::UNAUTHORIZED),
        FaultKind::Unauthorized400 => Answer::unauthorized(StatusCode::BAD_REQUEST),
        FaultKind::ScopeMissing => {
            let message = format!("Invalid access token, does not contain scopes:[{SCOPE}].");
            Answer::refusal(StatusCode::BAD_REQUEST, 4711, &message)
        }
        FaultKind::PhoneDisabled => Answer::refusal(StatusCode::FORBIDDEN, 403, not_enabled),
        FaultKind::PhoneDisabled400 => Answer::refusal(StatusCode::BAD_REQUEST, 124, not_enabled),
        FaultKind::NoAccount => Answer::no_account(2001, ACCOUNT_ID),
        FaultKind::NoAccount124 => Answer::no_account(124, ACCOUNT_ID),
        FaultKind::RateSecond => limited(Limit::Second),
        FaultKind::RateDay => limited(Limit::Day),
        FaultKind::RateConcurrent => limited(Limit::Concurrent),
        FaultKind::RetryAfterSeconds => limited(Limit::Second).with(RETRY_AFTER, "1"),
        FaultKind::RetryAfterHttpDate => limited(Limit::Second).with(RETRY_AFTER, &answer::http_date_soon()),
        FaultKind::Server500 => Answer::refusal(StatusCode::INTERNAL_SERVER_ERROR, 500, "Internal server error."),
        FaultKind::Server502Html => Answer::html(StatusCode::BAD_GATEWAY),
        FaultKind::Server503 => Answer::empty(StatusCode::SERVICE_UNAVAILABLE),
        FaultKind::Envelope200 => Answer::refusal(StatusCode::OK, 500, "Internal server error."),
        FaultKind::Envelope200Empty => Answer::failure_with_rows(&json!(300)),
        FaultKind::Envelope200Text => Answer::failure_with_rows(&json!("300")),
        FaultKind::NotJson200 => Answer::html(StatusCode::OK),
        FaultKind::Drop => Answer::closed(),
        FaultKind::PageTokenExpired => Answer::page_token(400),
        FaultKind::PageTokenExpired300 => Answer::page_token(300),
        FaultKind::Validation300 => Answer::invalid("from", "Invalid field."),
        FaultKind::Redirect => Answer::redirect(&format!("{}/signin", zoom.origin)),
        _ => return None,
    })
}
