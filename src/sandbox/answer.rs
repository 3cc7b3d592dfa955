//! Answers in Zoom's words, and those that no API would give.

use std::io;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, LOCATION, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use futures_util::{StreamExt as _, future, stream};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use serde::Serialize;
use serde_json::{Value, json};

use super::clock;
use super::reports::Report;
use super::switches::RateHeaders;

const TRACKING_ID: HeaderName = HeaderName::from_static("x-zm-trackingid");
const HTML: &[u8] = b"<html><head><title>Zoom</title></head><body><h1>Something went wrong</h1></body></html>";

enum Content {
    Json(Vec<u8>),
    Html,
    Nothing,
    /// The first half of the bytes, after which the connection is closed.
    Cut(Vec<u8>),
    /// The connection is closed in place of an answer.
    Closed,
}

pub(super) struct Answer {
    status: StatusCode,
    headers: Vec<(HeaderName, HeaderValue)>,
    content: Content,
}

impl Answer {
    fn new(status: StatusCode, content: Content) -> Answer {
        Answer { status, headers: Vec::new(), content }
    }

    pub(super) fn json(status: StatusCode, body: &impl Serialize) -> Answer {
        Answer::new(status, Content::Json(serde_json::to_vec(body).unwrap_or_default()))
    }

    /// Zoom's error envelope.
    pub(super) fn refusal(status: StatusCode, code: u32, message: &str) -> Answer {
        Answer::json(status, &json!({ "code": code, "message": message }))
    }

    /// Zoom's envelope for a parameter that is not valid.
    pub(super) fn invalid(field: &str, message: &str) -> Answer {
        let errors = json!([{ "field": field, "message": message }]);
        let body = json!({ "code": 300, "message": "Validation Failed.", "errors": errors });
        Answer::json(StatusCode::BAD_REQUEST, &body)
    }

    /// HTTP 200 with an error's code and message, and with the array of a page, which is empty.
    pub(super) fn failure_with_rows(code: &Value, array: &str) -> Answer {
        Answer::json(StatusCode::OK, &json!({ "code": code, "message": "Internal failure", (array): [] }))
    }

    pub(super) fn html(status: StatusCode) -> Answer {
        Answer::new(status, Content::Html)
    }

    pub(super) fn empty(status: StatusCode) -> Answer {
        Answer::new(status, Content::Nothing)
    }

    pub(super) fn closed() -> Answer {
        Answer::new(StatusCode::OK, Content::Closed)
    }

    /// The same, but for the second half of its body.
    pub(super) fn cut(mut self) -> Answer {
        if let Content::Json(bytes) = self.content {
            self.content = Content::Cut(bytes);
        }
        self
    }

    pub(super) fn redirect(to: &str) -> Answer {
        Answer::empty(StatusCode::FOUND).with(LOCATION, to)
    }

    pub(super) fn unauthorized(status: StatusCode) -> Answer {
        Answer::refusal(status, 124, "Invalid access token.")
    }

    pub(super) fn page_token(code: u32) -> Answer {
        let message = "The next page token is invalid or expired";
        Answer::refusal(StatusCode::BAD_REQUEST, code, message)
    }

    /// The report has nothing of this account.
    pub(super) fn no_account(code: u32, account: &str, report: &Report) -> Answer {
        Answer::refusal(StatusCode::NOT_FOUND, code, &report.no_account.replace("{}", account))
    }

    pub(super) fn no_scope(report: &Report) -> Answer {
        let message = format!("Invalid access token, does not contain scopes:[{}].", report.scope);
        Answer::refusal(StatusCode::BAD_REQUEST, 4711, &message)
    }

    pub(super) fn with(mut self, name: HeaderName, value: &str) -> Answer {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.push((name, value));
        }
        self
    }

    /// The status that the client sees; `None` if the connection is closed before.
    pub(super) fn status(&self) -> Option<u16> {
        (!matches!(self.content, Content::Closed)).then(|| self.status.as_u16())
    }

    pub(super) fn into_response(self, tracking_id: &str) -> Response {
        let kind = match self.content {
            Content::Json(_) | Content::Cut(_) => Some("application/json;charset=UTF-8"),
            Content::Html => Some("text/html;charset=utf-8"),
            Content::Nothing | Content::Closed => None,
        };
        let mut answer = self.with(TRACKING_ID, tracking_id);
        if let Some(kind) = kind {
            answer = answer.with(CONTENT_TYPE, kind);
        }
        if let Content::Cut(bytes) = &answer.content {
            let promised = bytes.len().to_string();
            answer = answer.with(CONTENT_LENGTH, &promised);
        }
        let body = match answer.content {
            Content::Json(bytes) => Body::from(bytes),
            Content::Html => Body::from(HTML),
            Content::Nothing => Body::empty(),
            Content::Cut(bytes) => first_half(bytes),
            Content::Closed => Body::from_stream(stream::once(future::ready(broken()))),
        };
        let headers: HeaderMap = answer.headers.into_iter().collect();
        (answer.status, headers, body).into_response()
    }
}

/// A body that fails makes the server close the connection; if it fails at once, before the head is written.
fn broken() -> io::Result<Bytes> {
    Err(io::ErrorKind::ConnectionReset.into())
}

fn first_half(mut bytes: Vec<u8>) -> Body {
    bytes.truncate(bytes.len() / 2);
    let sent = stream::once(future::ready(Ok(Bytes::from(bytes))));
    // The pause lets the first half leave.
    let end = stream::once(async {
        tokio::time::sleep(Duration::from_millis(20)).await;
        broken()
    });
    Body::from_stream(sent.chain(end))
}

/// The limit that a request ran into.
#[derive(Clone, Copy)]
pub(super) enum Limit {
    Second,
    Day,
    Concurrent,
}

impl Limit {
    /// HTTP 429 for this limit of `allowed` requests.
    pub(super) fn refusal(self, allowed: u32, headers: RateHeaders) -> Answer {
        let (message, kind) = match self {
            Limit::Second => {
                ("You have reached the maximum per-second rate limit for this API. Try again later.", Some("QPS"))
            }
            Limit::Day => (
                "You have reached the maximum daily rate limit for this API. Refer to the response header for details \
                 on when you can make another request.",
                Some("Daily-limit"),
            ),
            Limit::Concurrent => ("Too many concurrent requests. Try again later.", None),
        };
        let answer = Answer::refusal(StatusCode::TOO_MANY_REQUESTS, 429, message);
        let (Some(kind), RateHeaders::Sent) = (kind, headers) else {
            return answer;
        };
        let answer = answer
            .with(HeaderName::from_static("x-ratelimit-category"), "Heavy")
            .with(HeaderName::from_static("x-ratelimit-type"), kind)
            .with(HeaderName::from_static("x-ratelimit-limit"), &allowed.to_string())
            .with(HeaderName::from_static("x-ratelimit-remaining"), "0");
        match self {
            Limit::Day => answer.with(RETRY_AFTER, &next_midnight()),
            Limit::Second | Limit::Concurrent => answer,
        }
    }
}

// A client waits by the clock on the wall, whatever day the data says it is.
fn next_midnight() -> String {
    let now = clock::wall().to_zoned(TimeZone::UTC);
    let midnight = now.tomorrow().and_then(|tomorrow| tomorrow.start_of_day());
    midnight.unwrap_or(now).timestamp().to_string()
}

/// An HTTP date two seconds ahead.
pub(super) fn http_date_soon() -> String {
    let soon = clock::wall().saturating_add(2.seconds()).unwrap_or(Timestamp::MAX);
    soon.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}
