//! What all questions of a reading share: the access token, the rate, the number of requests, and whether to stop.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use backon::Retryable;
use futures_util::future::LocalBoxFuture;
use jiff::Timestamp;
use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use secrecy::ExposeSecret;
use tokio::time::Instant;

use super::reports::Report;
use super::retry::{LEAST_PAUSE, MOST_PAUSE, backoff};
use super::token::Authorized;
use super::{Zoom, ZoomError, ZoomErrorKind};
use crate::clients::{Credentials, Deadline};
use crate::domain::dates::Dates;

/// The most rows that Zoom puts on a page.
const PAGE_SIZE: &str = "300";
/// However slowly Zoom answers, no more questions than these count as needed for the whole rate limit.
const MOST_AT_ONCE: u128 = 10;

/// How far a reading is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pages {
    /// Pages read.
    pub read: u64,
    /// About how many there are, those that were read included; 0 if that is not known.
    pub all: u64,
}

/// What a reading needs from outside.
pub struct Source<'r> {
    /// The access token and its account.
    pub authorized: Authorized,
    /// Reads the credentials again, if possible. Called at most once, when Zoom rejects those of `authorized`.
    pub renew: &'r dyn Fn() -> LocalBoxFuture<'r, Option<Credentials>>,
    /// Called after each page.
    pub on_page: &'r dyn Fn(Pages),
    /// How many requests may be made; `None`: no limit.
    pub most_requests: Option<u64>,
    /// When reading must be over.
    pub deadline: Deadline,
}

/// A page of a report.
#[derive(Clone, Copy)]
pub(super) struct PageRequest<'p> {
    pub(super) report: &'static Report,
    pub(super) question: Dates,
    /// The token of the page; `None` for the first.
    pub(super) token: Option<&'p str>,
}

/// One reading of a report.
pub(super) struct Session<'r> {
    zoom: &'r Zoom,
    source: Source<'r>,
    authorized: RefCell<Authorized>,
    /// Locked while a new token is fetched. Whether the credentials were read again.
    renewed: tokio::sync::Mutex<bool>,
    requests: Cell<u64>,
    refusals: Cell<u64>,
    pages: Cell<u64>,
    /// See [`Pages::all`].
    expected: Cell<u64>,
    /// The shortest time that an answer took. Others may have waited for each other.
    latency: Cell<Option<Duration>>,
    stopped: RefCell<Option<ZoomError>>,
}

impl<'r> Session<'r> {
    pub(super) fn new(zoom: &'r Zoom, source: Source<'r>) -> Session<'r> {
        let authorized = RefCell::new(source.authorized.clone());
        Session {
            zoom,
            source,
            authorized,
            renewed: tokio::sync::Mutex::default(),
            requests: Cell::default(),
            refusals: Cell::default(),
            pages: Cell::default(),
            expected: Cell::default(),
            latency: Cell::default(),
            stopped: RefCell::default(),
        }
    }

    pub(super) fn requests(&self) -> u64 {
        self.requests.get()
    }

    pub(super) fn refusals(&self) -> u64 {
        self.refusals.get()
    }

    /// Takes note of how many pages there will be.
    pub(super) fn expect(&self, pages: u64) {
        self.expected.set(pages);
    }

    pub(super) fn pages(&self) -> u64 {
        self.pages.get()
    }

    /// How many questions must be under way at the same time to use the whole rate limit.
    pub(super) fn at_once(&self) -> usize {
        let rate = u128::from(self.zoom.config.requests_per_second);
        let latency = self.latency.get().unwrap_or_default().as_millis();
        // A question more for less than a tenth of its use would cost the date that it shares.
        let under_way = (latency * rate + 900) / 1_000;
        usize::try_from(under_way.clamp(1, MOST_AT_ONCE)).unwrap_or(1)
    }

    /// How many requests the time that is left allows.
    pub(super) fn requests_left(&self) -> u64 {
        let left = self.source.deadline.left().as_secs().saturating_mul(self.zoom.config.requests_per_second.into());
        left.min(self.source.most_requests.map_or(u64::MAX, |most| most.saturating_sub(self.requests.get())))
    }

    /// Stops all other questions, if none of them can succeed either.
    pub(super) fn stop(&self, error: &ZoomError) {
        if error.stops_everything() {
            self.stopped.borrow_mut().get_or_insert_with(|| error.clone());
        }
    }

    /// Fails if no further request can succeed.
    fn can_continue(&self) -> Result<(), ZoomError> {
        if self.source.most_requests.is_some_and(|most| self.requests.get() >= most) {
            self.stop(&ZoomError::new(ZoomErrorKind::RequestsSpent, "as many requests as were allowed were made"));
        }
        self.stopped.borrow().clone().map_or(Ok(()), Err)
    }

    /// Requests a page, and returns what `read` makes of its body. An access token that Zoom rejects is replaced once.
    pub(super) async fn page<T>(
        &self,
        request: PageRequest<'_>,
        read: impl Fn(&[u8]) -> Result<T, Option<ZoomError>>,
    ) -> Result<T, ZoomError> {
        let authorized = self.authorized.borrow().clone();
        let page = async {
            match self.with_retries(request, &authorized, &read).await {
                Err(error) if error.kind == ZoomErrorKind::TokenExpired => {
                    let authorized = self.replacement(&authorized).await?;
                    self.with_retries(request, &authorized, &read).await
                }
                result => result,
            }
        };
        let out_of_time = || {
            let message = "the run's time was up before the report was read; the next run goes on; if none gets to the end, raise ZOOM_REQUESTS_PER_SECOND";
            Err(ZoomError::new(ZoomErrorKind::OutOfTime, message))
        };
        let page = self.source.deadline.bound(page).await.unwrap_or_else(out_of_time);
        match &page {
            Ok(_) => {
                self.pages.set(self.pages.get() + 1);
                let (read, expected) = (self.pages.get(), self.expected.get());
                let all = if expected == 0 { 0 } else { expected.max(read) };
                (self.source.on_page)(Pages { read, all });
            }
            Err(error) => self.stop(error),
        }
        page
    }

    async fn with_retries<T>(
        &self,
        request: PageRequest<'_>,
        authorized: &Authorized,
        read: impl Fn(&[u8]) -> Result<T, Option<ZoomError>>,
    ) -> Result<T, ZoomError> {
        (|| self.ask(request, authorized, &read))
            .retry(backoff())
            .when(ZoomError::is_transient)
            .adjust(|error, delay| {
                let wait = match error.kind {
                    ZoomErrorKind::RateLimited(wait) => wait.unwrap_or_default().max(LEAST_PAUSE),
                    _ => Duration::ZERO,
                };
                // After a longer wait the run would be over.
                delay
                    .map(|delay| delay.max(wait))
                    .filter(|delay| *delay < self.source.deadline.left() && *delay <= MOST_PAUSE)
            })
            .await
    }

    async fn ask<T>(
        &self,
        request: PageRequest<'_>,
        authorized: &Authorized,
        read: impl Fn(&[u8]) -> Result<T, Option<ZoomError>>,
    ) -> Result<T, ZoomError> {
        self.can_continue()?;
        self.zoom.pace.turn().await;
        self.can_continue()?;
        self.requests.set(self.requests.get() + 1);
        let (status, headers, body) = self.answered(request, authorized).await?;
        let page = if status.is_success() { read(&body) } else { Err(None) };
        let error = match page {
            Ok(read) => return Ok(read),
            Err(Some(error)) => error.with_tracking_id(&headers),
            Err(None) => ZoomError::of_answer(status.as_u16(), &headers, &body, request.report.scope, Timestamp::now()),
        };
        match error.kind {
            ZoomErrorKind::RateLimited(wait) => self.refused(wait.unwrap_or_default().clamp(LEAST_PAUSE, MOST_PAUSE)),
            ZoomErrorKind::DailyLimit(_) => self.refused(LEAST_PAUSE),
            _ => {}
        }
        Err(error)
    }

    async fn answered(
        &self,
        request: PageRequest<'_>,
        authorized: &Authorized,
    ) -> Result<(StatusCode, HeaderMap, Vec<u8>), ZoomError> {
        let (from, to) = (request.question.from.to_string(), request.question.to.to_string());
        let mut query = vec![("from", from.as_str()), ("to", to.as_str()), ("page_size", PAGE_SIZE)];
        query.extend(request.report.parameters);
        query.extend(request.token.map(|token| ("next_page_token", token)));
        let http_request = self
            .zoom
            .http
            .get(format!("{}{}", self.zoom.config.api_url, request.report.path))
            .bearer_auth(authorized.token.expose_secret())
            .query(&query);
        let sent = Instant::now();
        let answer = self.zoom.answered(http_request).await?;
        let quickest = self.latency.get().unwrap_or(Duration::MAX);
        self.latency.set(Some(quickest.min(sent.elapsed())));
        Ok(answer)
    }

    fn refused(&self, pause: Duration) {
        self.refusals.set(self.refusals.get() + 1);
        self.zoom.pace.refused(pause);
    }

    /// An access token in place of one that Zoom rejects: the one that another question got meanwhile, or a new one. If Zoom rejects the
    /// credentials too, they may have been rotated, and are read again once.
    async fn replacement(&self, refused: &Authorized) -> Result<Authorized, ZoomError> {
        let mut renewed = self.renewed.lock().await;
        let now = self.authorized.borrow().clone();
        if now.token.expose_secret() != refused.token.expose_secret() {
            return Ok(now);
        }
        let mut fresh = self.zoom.reauthorize(refused, self.source.deadline).await;
        let is_invalid = fresh.as_ref().is_err_and(|error| error.kind == ZoomErrorKind::InvalidClient);
        if is_invalid
            && !std::mem::replace(&mut *renewed, true)
            && let Some(credentials) = (self.source.renew)().await
        {
            fresh = self.zoom.authorize(&credentials, self.source.deadline).await;
        }
        let fresh = fresh?;
        self.authorized.replace(fresh.clone());
        Ok(fresh)
    }
}
