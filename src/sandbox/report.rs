//! The reports' endpoints: limits first, then the fault that is due, then what Zoom checks, then a page.

use std::time::Duration;

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use axum::routing::get;
use serde_json::json;

use super::answer::{self, Answer, Limit};
use super::fault::{Fault, FaultKind};
use super::question::Question;
use super::reports::Report;
use super::traffic::Asked;
use super::{ACCOUNT_ID, Shared, Zoom};

type Pairs = Vec<(String, String)>;

/// The routes with those of the report: of the account itself, and of an account in the path.
pub(super) fn routes(router: Router<Shared>, report: &'static Report) -> Router<Shared> {
    let of_own_account = move |State(zoom): State<Shared>, uri: Uri, Query(query): Query<Pairs>, headers: HeaderMap| {
        let request = Request { report, account: "me".to_owned(), query, headers };
        async move { respond(zoom, uri.path(), request).await }
    };
    let of_account = move |State(zoom): State<Shared>,
                           Path(account): Path<String>,
                           uri: Uri,
                           Query(query): Query<Pairs>,
                           headers: HeaderMap| {
        let request = Request { report, account, query, headers };
        async move { respond(zoom, uri.path(), request).await }
    };
    let path = report.path;
    router
        .route(&format!("/v2{path}"), get(of_own_account))
        .route(&format!("/v2/accounts/{{account}}{path}"), get(of_account))
}

/// What is asked, of which report.
struct Request {
    report: &'static Report,
    account: String,
    query: Pairs,
    headers: HeaderMap,
}

async fn respond(zoom: Shared, path: &str, request: Request) -> Response {
    let kind = request.report.kind;
    let visit = zoom.traffic.arrive(Asked::Report(kind), "GET", path, &request.query);
    let admitted = zoom.traffic.admit(&zoom.switches);
    tokio::time::sleep(Duration::from_millis(zoom.switches.latency_ms)).await;
    let fault = Fault::met(&zoom.switches.faults, kind, visit.number);
    let answer = match admitted {
        Ok(()) => request.answer(&zoom, fault),
        Err(refusal) => Err(refusal),
    };
    visit.leave(answer.unwrap_or_else(|refusal| refusal))
}

impl Request {
    fn answer(&self, zoom: &Zoom, fault: Option<FaultKind>) -> Result<Answer, Answer> {
        let Request { report, account, .. } = self;
        fault.map_or(Ok(()), |kind| self.refused(kind, zoom))?;
        if !zoom.access.allows(&self.headers) {
            return Err(Answer::unauthorized(StatusCode::UNAUTHORIZED));
        }
        if !zoom.switches.scopes.contains(&report.kind) {
            return Err(Answer::no_scope(report));
        }
        if account != "me" && account != ACCOUNT_ID && !zoom.switches.any_credentials {
            return Err(Answer::no_account(2001, account, report));
        }
        let data = zoom.data();
        let question = Question::read(report, &self.query, data.today(), &zoom.switches)?;
        let of_dates = zoom.date_faults.met(&zoom.switches.date_faults, report.kind, &question.range);
        let fault = fault.or(of_dates);
        of_dates.map_or(Ok(()), |kind| self.refused(kind, zoom))?;
        let page = zoom.walks.answer(&data, &question, &zoom.switches, fault)?;
        zoom.move_on();
        Ok(if fault == Some(FaultKind::CutBody) { page.cut() } else { page })
    }

    /// The refusal of a fault that leaves no page, after what else it does.
    fn refused(&self, kind: FaultKind, zoom: &Zoom) -> Result<(), Answer> {
        match kind {
            FaultKind::Unauthorized | FaultKind::Unauthorized400 => zoom.access.revoke(&self.headers),
            FaultKind::PageTokenExpired | FaultKind::PageTokenExpired300 => zoom.walks.forget(&self.query),
            _ => {}
        }
        refusal(kind, self.report, zoom).map_or(Ok(()), Err)
    }
}

/// The answer of a fault that leaves no page.
fn refusal(kind: FaultKind, report: &Report, zoom: &Zoom) -> Option<Answer> {
    let limited = |limit: Limit| limit.refusal(10, zoom.switches.rate_headers);
    let not_enabled = "Zoom Phone has not been enabled for this account.";
    Some(match kind {
        FaultKind::Unauthorized => Answer::unauthorized(StatusCode::UNAUTHORIZED),
        FaultKind::Unauthorized400 => Answer::unauthorized(StatusCode::BAD_REQUEST),
        FaultKind::ScopeMissing => Answer::no_scope(report),
        FaultKind::PhoneDisabled => Answer::refusal(StatusCode::FORBIDDEN, 403, not_enabled),
        FaultKind::PhoneDisabled400 => Answer::refusal(StatusCode::BAD_REQUEST, 124, not_enabled),
        FaultKind::NoAccount => Answer::no_account(2001, ACCOUNT_ID, report),
        FaultKind::NoAccount124 => Answer::no_account(124, ACCOUNT_ID, report),
        FaultKind::RateSecond => limited(Limit::Second),
        FaultKind::RateDay => limited(Limit::Day),
        FaultKind::RateConcurrent => limited(Limit::Concurrent),
        FaultKind::RetryAfterSeconds => limited(Limit::Second).with(RETRY_AFTER, "1"),
        FaultKind::RetryAfterHttpDate => limited(Limit::Second).with(RETRY_AFTER, &answer::http_date_soon()),
        FaultKind::Server500 => Answer::refusal(StatusCode::INTERNAL_SERVER_ERROR, 500, "Internal server error."),
        FaultKind::Server502Html => Answer::html(StatusCode::BAD_GATEWAY),
        FaultKind::Server503 => Answer::empty(StatusCode::SERVICE_UNAVAILABLE),
        FaultKind::Envelope200 => Answer::refusal(StatusCode::OK, 500, "Internal server error."),
        FaultKind::Envelope200Empty => Answer::failure_with_rows(&json!(300), report.array),
        FaultKind::Envelope200Text => Answer::failure_with_rows(&json!("300"), report.array),
        FaultKind::NotJson200 => Answer::html(StatusCode::OK),
        FaultKind::Drop => Answer::closed(),
        FaultKind::PageTokenExpired => Answer::page_token(400),
        FaultKind::PageTokenExpired300 => Answer::page_token(300),
        FaultKind::Validation300 => Answer::invalid("from", "Invalid field."),
        FaultKind::Redirect => Answer::redirect(&format!("{}/signin", zoom.origin)),
        _ => return None,
    })
}
