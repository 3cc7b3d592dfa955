//! What all windows of a reading share: the right to read, the pace, the count of requests, and the end of it all.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use jiff::tz::TimeZone;
use reqwest::header::HeaderMap;
use reqwest::{RequestBuilder, StatusCode};
use secrecy::ExposeSecret;
use tokio::time::Instant;

use super::fetch::Source;
use super::token::Authorized;
use super::{Zoom, ZoomError, ZoomErrorKind};
use crate::clients::Deadline;

/// One reading of the report.
pub(super) struct Session<'r> {
    pub(super) zoom: &'r Zoom,
    pub(super) zone: &'r TimeZone,
    pub(super) deadline: Deadline,
    source: Source<'r>,
    authorized: RefCell<Authorized>,
    /// Held while a new right is fetched; whether the credentials were read anew.
    renewed: tokio::sync::Mutex<bool>,
    requests: Cell<u64>,
    refusals: Cell<u64>,
    pages: Cell<u64>,
    /// What the quickest answer took. Slower ones may only have waited for each other.
    latency: Cell<Option<Duration>>,
    /// Whether rows come late, or in no order, so that they have to be kept to be known.
    keeps_rows: Cell<bool>,
    stopped: RefCell<Option<ZoomError>>,
}

impl<'r> Session<'r> {
    pub(super) fn new(zoom: &'r Zoom, source: Source<'r>, zone: &'r TimeZone, deadline: Deadline) -> Session<'r> {
        let authorized = RefCell::new(source.authorized.clone());
        Session {
            zoom,
            zone,
            deadline,
            source,
            authorized,
            renewed: tokio::sync::Mutex::default(),
            requests: Cell::default(),
            refusals: Cell::default(),
            pages: Cell::default(),
            latency: Cell::default(),
            keeps_rows: Cell::default(),
            stopped: RefCell::default(),
        }
    }

    /// Waits until a request may be sent, and counts it.
    pub(super) async fn turn(&self) -> Result<(), ZoomError> {
        self.goes_on()?;
        self.zoom.pace.turn().await;
        self.goes_on()?;
        self.requests.set(self.requests.get() + 1);
        Ok(())
    }

    /// Nothing more is asked for once there is no use in it.
    fn goes_on(&self) -> Result<(), ZoomError> {
        if self.source.most_requests.is_some_and(|most| self.requests.get() >= most) {
            self.stop(&ZoomError::new(ZoomErrorKind::RequestsSpent, "as many requests as were allowed were made"));
        }
        self.stopped.borrow().clone().map_or(Ok(()), Err)
    }

    /// Makes all other windows stop, if none of them can succeed either.
    pub(super) fn stop(&self, error: &ZoomError) {
        if error.stops_everything() {
            self.stopped.borrow_mut().get_or_insert_with(|| error.clone());
        }
    }

    /// Whether no further request will be sent.
    pub(super) fn is_stopped(&self) -> bool {
        self.stopped.borrow().is_some()
    }

    /// Sends a request and takes in all of its answer, whatever it says.
    pub(super) async fn answered(
        &self,
        request: RequestBuilder,
    ) -> Result<(StatusCode, HeaderMap, Vec<u8>), ZoomError> {
        let sent = Instant::now();
        let answer = self.zoom.answered(request).await?;
        let quickest = self.latency.get().unwrap_or(Duration::MAX);
        self.latency.set(Some(quickest.min(sent.elapsed())));
        Ok(answer)
    }

    /// How many requests have to be under way at the same time to use the whole rate.
    pub(super) fn at_once(&self) -> usize {
        const MOST: u128 = 12;
        let rate = u128::from(self.zoom.config.requests_per_second);
        let latency = self.latency.get().unwrap_or_default().as_millis();
        // A tenth more, since a page is also parsed.
        let under_way = (latency * rate * 11).div_ceil(10_000);
        usize::try_from(under_way.clamp(1, MOST)).unwrap_or(1)
    }

    /// From now on no window that begins forgets its rows.
    pub(super) fn keep_rows(&self) {
        self.keeps_rows.set(true);
    }

    pub(super) fn keeps_rows(&self) -> bool {
        self.keeps_rows.get()
    }

    pub(super) fn refused(&self, pause: Duration) {
        self.refusals.set(self.refusals.get() + 1);
        self.zoom.pace.refused(pause);
    }

    pub(super) fn page_read(&self) {
        self.pages.set(self.pages.get() + 1);
        (self.source.on_page)(self.pages.get());
    }

    pub(super) fn requests(&self) -> u64 {
        self.requests.get()
    }

    pub(super) fn refusals(&self) -> u64 {
        self.refusals.get()
    }

    /// The right to read that was good when last heard of.
    pub(super) fn authorized(&self) -> Authorized {
        self.authorized.borrow().clone()
    }

    /// A right in place of one that Zoom no longer takes: the one that another window got meanwhile, or a new one; with credentials read
    /// anew, once, if Zoom no longer takes the old ones: they may have been rotated.
    pub(super) async fn authorized_anew(&self, refused: &Authorized) -> Result<Authorized, ZoomError> {
        let mut renewed = self.renewed.lock().await;
        let now = self.authorized();
        if now.token.expose_secret() != refused.token.expose_secret() {
            return Ok(now);
        }
        let mut anew = self.zoom.authorize_anew(refused, self.deadline).await;
        let is_invalid = anew.as_ref().is_err_and(|error| error.kind == ZoomErrorKind::InvalidClient);
        if is_invalid
            && !std::mem::replace(&mut *renewed, true)
            && let Some(credentials) = (self.source.renew)().await
        {
            anew = self.zoom.authorize(&credentials, self.deadline).await;
        }
        let anew = anew?;
        self.authorized.replace(anew.clone());
        Ok(anew)
    }
}
