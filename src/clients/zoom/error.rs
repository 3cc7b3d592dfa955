//! What Zoom's failures mean, and which of them are transient. How long to wait is decided in `retry.rs`.
//!
//! The same failure comes with different HTTP statuses (an expired token as 401 or 400, any failure as 200), so the code in Zoom's envelope
//! `{"code", "message"}` decides before the status.

use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::HeaderMap;
use serde::Deserialize;

use super::retry::MOST_PAUSE;
use crate::domain::text::{label, quoted};
use crate::error::Code;

/// The kind of a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ZoomErrorKind {
    /// The client id or secret is wrong: the secret may have been rotated.
    InvalidClient,
    /// Zoom rejects the account or the app.
    Unauthorized,
    /// The access token is no longer valid.
    TokenExpired,
    /// The app lacks the scope of the report.
    ScopeMissing,
    /// Too many requests per second. How long to wait, if Zoom says it.
    RateLimited(Option<Duration>),
    /// Too many requests per day. When the limit ends.
    DailyLimit(Timestamp),
    /// No answer, or one that is not Zoom's.
    Unavailable,
    /// The address is not that of Zoom's API. A retry does not help.
    Broken,
    /// The page token is no longer valid. The question can be read again from its first page.
    PageTokenExpired,
    /// Zoom rejects the request.
    Refused,
    /// The question starts more than 13 months ago.
    TooOld,
    /// Zoom answered for fewer dates than were asked for.
    Narrowed,
    /// The report's pages do not end.
    Endless,
    /// The run's time is up.
    OutOfTime,
    /// The run has made as many requests as it was allowed.
    RequestsSpent,
}

/// A failure of Zoom's, with what Zoom said and its tracking id, for Zoom's support.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem}{}", .tracking_id.as_ref().map_or_else(String::new, |id| format!(" (x-zm-trackingid {id})")))]
pub struct ZoomError {
    /// What kind of failure it is.
    pub kind: ZoomErrorKind,
    problem: String,
    tracking_id: Option<String>,
}

impl ZoomError {
    pub(super) fn new(kind: ZoomErrorKind, problem: impl Into<String>) -> ZoomError {
        ZoomError { kind, problem: problem.into(), tracking_id: None }
    }

    /// Whether the same request may succeed a moment later.
    #[must_use]
    pub(super) fn is_transient(&self) -> bool {
        matches!(self.kind, ZoomErrorKind::RateLimited(_) | ZoomErrorKind::Unavailable | ZoomErrorKind::Narrowed)
    }

    /// Whether no other request of this run can succeed either. A refused account is no such failure: another question may be answered, and a
    /// request for each tells.
    #[must_use]
    pub(super) fn stops_everything(&self) -> bool {
        matches!(
            self.kind,
            ZoomErrorKind::InvalidClient
                | ZoomErrorKind::TokenExpired
                | ZoomErrorKind::DailyLimit(_)
                | ZoomErrorKind::OutOfTime
                | ZoomErrorKind::RequestsSpent
        )
    }

    /// Whether one of the question's dates may be the reason, so that questions about fewer dates are answered.
    #[must_use]
    pub fn may_be_of_a_date(&self) -> bool {
        let is_limited = matches!(self.kind, ZoomErrorKind::RateLimited(_) | ZoomErrorKind::TooOld);
        !is_limited && !self.stops_everything()
    }

    /// How much a failure weighs among those of a reading: most, if it stopped the others; least, if the question was too old.
    pub(super) fn weight(&self) -> u8 {
        if self.stops_everything() { 2 } else { u8::from(self.kind != ZoomErrorKind::TooOld) }
    }

    /// A failure below HTTP, with its cause down to the system's words (DNS, TLS, refused). The error's own text would hold the address with
    /// its query, so the host alone is named.
    pub(super) fn of_transport(error: &reqwest::Error) -> ZoomError {
        let host = error.url().and_then(|url| {
            let port = url.port().map_or_else(String::new, |port| format!(":{port}"));
            Some(format!("{}{port}", url.host_str()?))
        });
        let host = host.unwrap_or_else(|| "Zoom".to_owned());
        let problem = if error.is_timeout() {
            format!("no answer from {host} in time")
        } else if error.is_connect() {
            format!("no connection to {host}")
        } else if error.is_body() || error.is_decode() {
            format!("the answer of {host} broke off")
        } else {
            format!("the connection to {host} failed")
        };
        let causes = std::iter::successors(std::error::Error::source(error), |cause| cause.source());
        let cause = causes.map(|cause| quoted(&cause.to_string())).last().unwrap_or_default();
        let problem = if cause.is_empty() || error.is_timeout() { problem } else { format!("{problem}: {cause}") };
        ZoomError::new(ZoomErrorKind::Unavailable, problem)
    }

    /// The code of a run that fails for this.
    #[must_use]
    pub fn code(&self) -> Code {
        match self.kind {
            ZoomErrorKind::InvalidClient | ZoomErrorKind::Unauthorized | ZoomErrorKind::TokenExpired => {
                Code::ZoomUnauthorized
            }
            ZoomErrorKind::ScopeMissing => Code::ZoomScopeMissing,
            ZoomErrorKind::RateLimited(_) | ZoomErrorKind::DailyLimit(_) => Code::ZoomRateLimited,
            ZoomErrorKind::Unavailable | ZoomErrorKind::Broken => Code::ZoomUnavailable,
            ZoomErrorKind::Refused => Code::ReportInvalid,
            ZoomErrorKind::PageTokenExpired
            | ZoomErrorKind::Endless
            | ZoomErrorKind::TooOld
            | ZoomErrorKind::Narrowed
            | ZoomErrorKind::OutOfTime
            | ZoomErrorKind::RequestsSpent => Code::ReportIncomplete,
        }
    }

    /// What an answer means that is not what was asked for; `scope` is what the question needs.
    pub(super) fn of_answer(status: u16, headers: &HeaderMap, body: &[u8], scope: &str, now: Timestamp) -> ZoomError {
        let envelope: Option<Envelope> = serde_json::from_slice(body).ok();
        let said = envelope.as_ref().map_or_else(String::new, Envelope::said);
        let code = envelope.as_ref().and_then(|envelope| envelope.code);
        let kind = ZoomErrorKind::of(status, code, &said.to_lowercase(), headers, now);
        let what = kind.meaning(status, scope, envelope.is_some());
        let problem = if said.is_empty() { what } else { format!("{what}. Zoom says: {said}") };
        ZoomError { kind, problem, tracking_id: tracking_id(headers) }
    }

    pub(super) fn with_tracking_id(mut self, headers: &HeaderMap) -> ZoomError {
        self.tracking_id = tracking_id(headers);
        self
    }
}

impl ZoomErrorKind {
    /// By status, code and words of an answer, the words in lower case.
    fn of(status: u16, code: Option<i64>, said: &str, headers: &HeaderMap, now: Timestamp) -> ZoomErrorKind {
        let wait = header(headers, "retry-after").and_then(|text| retry_after(text, now));
        match (status, code) {
            (_, Some(4711)) => ZoomErrorKind::ScopeMissing,
            (429, _) | (_, Some(429)) => {
                let daily = header(headers, "x-ratelimit-type")
                    .is_some_and(|kind| kind.to_lowercase().contains("daily"))
                    || said.contains("daily");
                if daily {
                    ZoomErrorKind::DailyLimit(wait.filter(|until| *until > now).unwrap_or_else(|| next_midnight(now)))
                } else {
                    ZoomErrorKind::RateLimited(
                        wait.map(|until| Duration::try_from(until.duration_since(now)).unwrap_or_default()),
                    )
                }
            }
            // "This API endpoint is not recognized": the address is wrong, not the account.
            (404, Some(2300)) => ZoomErrorKind::Broken,
            (404, _) if said.contains("not recognized") => ZoomErrorKind::Broken,
            (404, Some(_)) | (403, _) => ZoomErrorKind::Unauthorized,
            (401, _) | (200 | 400, Some(124)) => ZoomErrorKind::TokenExpired,
            (_, Some(300 | 400)) if said.contains("page token") => ZoomErrorKind::PageTokenExpired,
            (400, _) if said.contains("13 months") || said.contains("start date") => ZoomErrorKind::TooOld,
            (408 | 425 | 500..=599, _) => ZoomErrorKind::Unavailable,
            // Zoom reports some transient failures with a status of success.
            (200..=299, _) => ZoomErrorKind::Unavailable,
            (404, None) | (300..=399, _) => ZoomErrorKind::Broken,
            _ => ZoomErrorKind::Refused,
        }
    }

    /// What it means, and what to do; `scope` is what the question needs.
    fn meaning(&self, status: u16, scope: &str, is_readable: bool) -> String {
        match self {
            ZoomErrorKind::ScopeMissing => {
                format!("the Zoom app lacks the scope of the report; add {scope} (granular) or {CLASSIC_SCOPE} (classic) to it")
            }
            ZoomErrorKind::DailyLimit(until) => {
                format!("Zoom's daily rate limit is used up until {until}; the limit is shared with the account's other apps")
            }
            ZoomErrorKind::RateLimited(Some(wait)) if *wait > MOST_PAUSE => {
                format!("Zoom's rate limit asks to wait for {} s", wait.as_secs())
            }
            ZoomErrorKind::RateLimited(_) => {
                "Zoom's rate limit was reached again and again; lower ZOOM_REQUESTS_PER_SECOND, or see what other apps of the account ask for".to_owned()
            }
            ZoomErrorKind::Unauthorized => {
                format!("Zoom refused the account (HTTP {status}); see that account_id is right and that the account has Zoom Phone")
            }
            ZoomErrorKind::TokenExpired => format!("Zoom refused a fresh access token (HTTP {status}); see that the app is activated"),
            ZoomErrorKind::Broken => format!("HTTP {status} where Zoom's API should be: the base address is wrong, not the account; check ZOOM_API_URL"),
            ZoomErrorKind::Unavailable if !is_readable => format!("Zoom answered HTTP {status} without a readable answer"),
            ZoomErrorKind::PageTokenExpired => "Zoom let the page token expire before the report was read".to_owned(),
            _ => format!("Zoom answered HTTP {status}"),
        }
    }
}

fn header<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim)
}

/// The scope of all reports of Zoom Phone.
pub(super) const CLASSIC_SCOPE: &str = "phone:read:admin";

/// Zoom's error envelope, and that of its token endpoint.
#[derive(Deserialize)]
struct Envelope {
    /// A number, though it was seen as text too.
    #[serde(default, deserialize_with = "whole_number")]
    code: Option<i64>,
    message: Option<String>,
    errors: Option<Vec<FieldError>>,
}

fn whole_number<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    let value = serde_json::Value::deserialize(deserializer)?;
    Ok(value.as_i64().or_else(|| value.as_str()?.trim().parse().ok()))
}

#[derive(Deserialize)]
struct FieldError {
    field: Option<String>,
    message: Option<String>,
}

impl Envelope {
    fn said(&self) -> String {
        let mut said = self.message.clone().unwrap_or_default();
        for error in self.errors.iter().flatten() {
            let (field, message) = (error.field.as_deref().unwrap_or("?"), error.message.as_deref().unwrap_or("?"));
            said += &format!(" {field}: {message}");
        }
        quoted(&said)
    }
}

/// What Zoom's support finds a request by.
fn tracking_id(headers: &HeaderMap) -> Option<String> {
    header(headers, "x-zm-trackingid").map(|id| label(id).into_owned())
}

/// Zoom writes `Retry-After` as an ISO datetime; HTTP has whole seconds and dates as well.
fn retry_after(text: &str, now: Timestamp) -> Option<Timestamp> {
    if let Ok(seconds) = text.parse::<u32>() {
        return now.checked_add(jiff::SignedDuration::from_secs(i64::from(seconds))).ok();
    }
    text.parse::<Timestamp>().ok().or_else(|| http_date(text))
}

/// A date of HTTP: `Sun, 22 Nov 2026 13:00:09 GMT`.
pub(super) fn http_date(text: &str) -> Option<Timestamp> {
    jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok()
}

/// Zoom counts days in UTC.
fn next_midnight(now: Timestamp) -> Timestamp {
    let zone = jiff::tz::TimeZone::UTC;
    let tomorrow = zone.to_datetime(now).date().tomorrow();
    tomorrow.and_then(|day| zone.to_timestamp(day.at(0, 0, 0, 0))).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::super::reports::SMS;
    use super::*;

    const NOW: &str = "2026-11-22T13:00:00Z";

    fn answer(status: u16, headers: &[(&'static str, &str)], body: &str) -> ZoomError {
        let headers = headers
            .iter()
            .map(|(name, value)| (reqwest::header::HeaderName::from_static(name), value.parse().unwrap()))
            .collect();
        ZoomError::of_answer(status, &headers, body.as_bytes(), SMS.scope, NOW.parse().unwrap())
    }

    #[test]
    fn every_status_code_is_retried_or_not() {
        let mut table = Vec::new();
        for status in (200..=208).chain(300..=308).chain(400..=431).chain([451, 499]).chain(500..=511).chain(520..=530)
        {
            let error = answer(status, &[], "<html>");
            let line = format!("{:?}{}", error.kind, if error.is_transient() { ", retried" } else { "" });
            match table.last_mut() {
                Some((_, to, last)) if *last == line && *to + 1 == status => *to = status,
                _ => table.push((status, status, line)),
            }
        }
        let lines: Vec<_> = table.iter().map(|(from, to, line)| format!("{from}-{to} {line}")).collect();
        insta::assert_snapshot!(lines.join("\n"), @"
        200-208 Unavailable, retried
        300-308 Broken
        400-400 Refused
        401-401 TokenExpired
        402-402 Refused
        403-403 Unauthorized
        404-404 Broken
        405-407 Refused
        408-408 Unavailable, retried
        409-424 Refused
        425-425 Unavailable, retried
        426-428 Refused
        429-429 RateLimited(None), retried
        430-431 Refused
        451-451 Refused
        499-499 Refused
        500-511 Unavailable, retried
        520-530 Unavailable, retried
        ");
    }

    #[test]
    fn zooms_code_counts_for_more_than_the_status() {
        let lines: Vec<_> = [
            (200, 124, "Invalid access token."),
            (400, 124, "Invalid access token."),
            (401, 124, "Access token is expired."),
            (403, 200, "Zoom Phone has not been enabled for this account"),
            (404, 2001, "Account does not exist"),
            (404, 2300, "This API endpoint is not recognized."),
            (400, 4711, "Invalid access token, does not contain scopes:[phone:read:sms_charges:admin]."),
            (400, 400, "The next page token is invalid or expired."),
            (400, 300, "The next page token is invalid or expired."),
            (400, 400, "Invalid start date. Report is provided only for recent 13 months"),
            (400, 300, "Validation Failed."),
            (200, 429, "You have reached the maximum per-second rate limit for this API. Try again later."),
            (429, 429, "You have reached the maximum daily rate limit for this API. Refer to the response header…"),
            (429, 429, "Too many concurrent requests."),
            (200, 500, "Something went wrong"),
        ]
        .iter()
        .map(|(status, code, message)| {
            let error = answer(
                *status,
                &[("x-zm-trackingid", "T-1")],
                &serde_json::json!({"code": code, "message": message}).to_string(),
            );
            format!("{status}/{code} {:?} {error}", error.kind)
        })
        .collect();
        insta::assert_snapshot!(lines.join("\n"), @r#"
        200/124 TokenExpired Zoom refused a fresh access token (HTTP 200); see that the app is activated. Zoom says: Invalid access token. (x-zm-trackingid T-1)
        400/124 TokenExpired Zoom refused a fresh access token (HTTP 400); see that the app is activated. Zoom says: Invalid access token. (x-zm-trackingid T-1)
        401/124 TokenExpired Zoom refused a fresh access token (HTTP 401); see that the app is activated. Zoom says: Access token is expired. (x-zm-trackingid T-1)
        403/200 Unauthorized Zoom refused the account (HTTP 403); see that account_id is right and that the account has Zoom Phone. Zoom says: Zoom Phone has not been enabled for this account (x-zm-trackingid T-1)
        404/2001 Unauthorized Zoom refused the account (HTTP 404); see that account_id is right and that the account has Zoom Phone. Zoom says: Account does not exist (x-zm-trackingid T-1)
        404/2300 Broken HTTP 404 where Zoom's API should be: the base address is wrong, not the account; check ZOOM_API_URL. Zoom says: This API endpoint is not recognized. (x-zm-trackingid T-1)
        400/4711 ScopeMissing the Zoom app lacks the scope of the report; add phone:read:sms_charges:admin (granular) or phone:read:admin (classic) to it. Zoom says: Invalid access token, does not contain scopes:[phone:read:sms_charges:admin]. (x-zm-trackingid T-1)
        400/400 PageTokenExpired Zoom let the page token expire before the report was read. Zoom says: The next page token is invalid or expired. (x-zm-trackingid T-1)
        400/300 PageTokenExpired Zoom let the page token expire before the report was read. Zoom says: The next page token is invalid or expired. (x-zm-trackingid T-1)
        400/400 TooOld Zoom answered HTTP 400. Zoom says: Invalid start date. Report is provided only for recent 13 months (x-zm-trackingid T-1)
        400/300 Refused Zoom answered HTTP 400. Zoom says: Validation Failed. (x-zm-trackingid T-1)
        200/429 RateLimited(None) Zoom's rate limit was reached again and again; lower ZOOM_REQUESTS_PER_SECOND, or see what other apps of the account ask for. Zoom says: You have reached the maximum per-second rate limit for this API. Try again later. (x-zm-trackingid T-1)
        429/429 DailyLimit(2026-11-23T00:00:00Z) Zoom's daily rate limit is used up until 2026-11-23T00:00:00Z; the limit is shared with the account's other apps. Zoom says: You have reached the maximum daily rate limit for this API. Refer to the response header… (x-zm-trackingid T-1)
        429/429 RateLimited(None) Zoom's rate limit was reached again and again; lower ZOOM_REQUESTS_PER_SECOND, or see what other apps of the account ask for. Zoom says: Too many concurrent requests. (x-zm-trackingid T-1)
        200/500 Unavailable Zoom answered HTTP 200. Zoom says: Something went wrong (x-zm-trackingid T-1)
        "#);
    }

    #[test]
    fn retry_after_is_read_in_all_its_forms() {
        let kind = |headers: &[(&'static str, &str)]| answer(429, headers, "").kind;
        assert_eq!(kind(&[("retry-after", "7")]), ZoomErrorKind::RateLimited(Some(Duration::from_secs(7))));
        assert_eq!(
            kind(&[("retry-after", "Sun, 22 Nov 2026 13:00:09 GMT")]),
            ZoomErrorKind::RateLimited(Some(Duration::from_secs(9)))
        );
        assert_eq!(
            kind(&[("retry-after", "2026-11-22T13:01:00Z")]),
            ZoomErrorKind::RateLimited(Some(Duration::from_secs(60)))
        );
        assert_eq!(kind(&[("retry-after", "2026-11-22T12:00:00Z")]), ZoomErrorKind::RateLimited(Some(Duration::ZERO)));
        assert_eq!(kind(&[("retry-after", "soon")]), ZoomErrorKind::RateLimited(None));
        let daily = |text| kind(&[("retry-after", text), ("x-ratelimit-type", "Daily-limit")]);
        assert_eq!(daily("2026-11-23T00:00:00Z"), ZoomErrorKind::DailyLimit("2026-11-23T00:00:00Z".parse().unwrap()));
        assert_eq!(daily("whenever"), ZoomErrorKind::DailyLimit("2026-11-23T00:00:00Z".parse().unwrap()));
    }
}
