//! One window of the report, page by page to its proven end.
//!
//! The end is a page whose next token is empty or absent; never an empty page, never a count. A token seen before, or page after page
//! without a new row, is no end but a failure. Page tokens live 15 minutes, so pages are summed as they come and nothing else is done
//! between them; if one expires all the same, the window is begun anew, since the rest of the old walk cannot be had.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::fetch::Source;
use super::token::Authorized;
use super::window::Window;
use super::{Zoom, ZoomError, ZoomErrorKind};
use crate::clients::Deadline;
use crate::domain::charge::{Row, RowFault};
use crate::domain::totals::Totals;

/// The most that Zoom gives.
const PAGE_SIZE: &str = "300";
/// How often a window is begun anew after its page token expired.
const MOST_RESTARTS: u32 = 2;
/// More pages than a window can have: fifteen million rows.
const MOST_PAGES: u64 = 50_000;
/// The longest that a rate limit is waited for; whoever asks for more is told until when.
const MOST_PAUSE: Duration = Duration::from_secs(60);
/// Pages in a row without a single new row before the report is taken to be endless.
const MOST_PAGES_WITHOUT_NEWS: usize = 20;
/// What the limit's other users are left in peace for, if Zoom does not say how long.
const LEAST_PAUSE: Duration = Duration::from_secs(1);

/// How long to wait before another try: 0.3 s, doubled each time, with jitter.
pub(super) fn backoff() -> ExponentialBuilder {
    ExponentialBuilder::new()
        .with_min_delay(Duration::from_millis(300))
        .with_max_delay(Duration::from_secs(8))
        .with_max_times(5)
        .with_jitter()
}

/// What a run asked of the report endpoint.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    pub(super) requests: AtomicU64,
    pub(super) refusals: AtomicU64,
    pub(super) pages: AtomicU64,
    /// Whether the credentials were read anew.
    pub(super) renewed: AtomicBool,
}

/// What was read of one window.
#[derive(Debug, Default)]
pub(super) struct WindowReading {
    pub(super) totals: Totals,
    pub(super) rows: u64,
    pub(super) pages: u64,
    pub(super) newest_row: Option<Timestamp>,
    pub(super) total_records: Option<u64>,
    pub(super) faults: Vec<RowFault>,
    /// Identities of the rows seen, charged or faulty.
    seen: HashSet<u128>,
}

#[derive(Deserialize)]
struct Page<'a> {
    next_page_token: Option<String>,
    #[serde(borrow)]
    total_records: Option<&'a RawValue>,
    #[serde(borrow)]
    sms_charges: Option<Vec<Row<'a>>>,
}

impl WindowReading {
    /// Adds a page's rows. Says the next page's token, and whether any row of the page was new.
    fn take(&mut self, page: Page<'_>, window: &Window, zone: &TimeZone) -> (Option<String>, bool) {
        self.pages += 1;
        let told = page.total_records.and_then(|raw| raw.get().trim_matches('"').parse().ok());
        self.total_records = self.total_records.max(told);
        let mut news = false;
        let mut nameless = HashMap::<u128, u128>::new();
        for row in page.sms_charges.iter().flatten() {
            let mut identity = row.identity();
            if !row.has_message_id() {
                // Equal rows on one page are as many messages; the same again on another page are a repeat.
                let nth = nameless.entry(identity).or_default();
                identity = identity.wrapping_add(*nth);
                *nth += 1;
            }
            // Rows of other windows count as news too: they show that the walk goes on.
            if self.seen.insert(identity) {
                news = true;
                self.take_row(row, window, zone);
            }
        }
        (page.next_page_token.filter(|token| !token.trim().is_empty()), news)
    }

    fn take_row(&mut self, row: &Row<'_>, window: &Window, zone: &TimeZone) {
        match row.charge(&window.owned) {
            Ok(None) => {}
            Ok(Some(charge)) => match self.totals.add(&charge, zone) {
                Ok(()) => {
                    self.rows += 1;
                    self.newest_row = self.newest_row.max(Some(charge.sent));
                }
                Err(error) => self.faults.push(row.fault("total_charge", format!("cannot be added: {error}"))),
            },
            Err(fault) => self.faults.push(fault),
        }
    }
}

/// Reads one window.
pub(super) struct WindowReader<'r> {
    pub(super) zoom: &'r Zoom,
    pub(super) window: &'r Window,
    pub(super) zone: &'r TimeZone,
    pub(super) traffic: &'r Traffic,
    pub(super) deadline: Deadline,
}

impl WindowReader<'_> {
    /// Reads the window to its end. Every walk that was begun is in `walks`, the last one whole if all went well.
    pub(super) async fn drain(&self, source: &mut Source<'_>, walks: &mut Vec<WindowReading>) -> Result<(), ZoomError> {
        for _ in 0..MOST_RESTARTS {
            match self.walk(source, begun(walks)).await {
                Err(error) if error.kind == ZoomErrorKind::PageTokenExpired => {
                    tracing::warn!("the page token expired; the window is read anew");
                }
                result => return result,
            }
        }
        self.walk(source, begun(walks)).await
    }

    async fn walk(&self, source: &mut Source<'_>, walk: &mut WindowReading) -> Result<(), ZoomError> {
        let endless = |what: &str| ZoomError::new(ZoomErrorKind::Endless, format!("Zoom's report has no end: {what}"));
        let mut tokens = HashSet::new();
        let mut token = None;
        let mut without_news = 0;
        loop {
            let body = self.page(source, token.as_deref()).await?;
            let (next, news) = walk.take(parse(&body)?, self.window, self.zone);
            (source.on_page)(self.traffic.pages.fetch_add(1, Ordering::Relaxed) + 1);
            without_news = if news { 0 } else { without_news + 1 };
            let Some(next) = next else { return Ok(()) };
            if !tokens.insert(next.clone()) {
                return Err(endless("the same page token came twice"));
            }
            if walk.pages >= MOST_PAGES {
                return Err(endless("a window came to more pages than it can have"));
            }
            if without_news >= MOST_PAGES_WITHOUT_NEWS {
                return Err(endless(&format!("{MOST_PAGES_WITHOUT_NEWS} pages in a row held no new row")));
            }
            token = Some(next);
        }
    }

    /// The body of one page. An access token that Zoom no longer takes is replaced once.
    async fn page(&self, source: &mut Source<'_>, token: Option<&str>) -> Result<Vec<u8>, ZoomError> {
        match self.page_with_retries(&source.authorized, token).await {
            Err(error) if error.kind == ZoomErrorKind::TokenExpired => {
                source.authorized = self.authorize_anew(source).await?;
                self.page_with_retries(&source.authorized, token).await
            }
            result => result,
        }
    }

    /// A new token; with credentials read anew, once, if Zoom no longer takes the old ones: they may have been rotated.
    async fn authorize_anew(&self, source: &Source<'_>) -> Result<Authorized, ZoomError> {
        let anew = self.zoom.authorize_anew(&source.authorized, self.deadline).await;
        let is_invalid = anew.as_ref().is_err_and(|error| error.kind == ZoomErrorKind::InvalidClient);
        if is_invalid
            && !self.traffic.renewed.swap(true, Ordering::Relaxed)
            && let Some(credentials) = (source.renew)().await
        {
            return self.zoom.authorize(&credentials, self.deadline).await;
        }
        anew
    }

    async fn page_with_retries(&self, authorized: &Authorized, token: Option<&str>) -> Result<Vec<u8>, ZoomError> {
        (|| self.ask(authorized, token))
            .retry(backoff())
            .when(ZoomError::is_transient)
            .adjust(|error, delay| {
                let wait = match error.kind {
                    ZoomErrorKind::RateLimited(wait) => wait.unwrap_or_default().max(LEAST_PAUSE),
                    _ => Duration::ZERO,
                };
                // No use in waiting for longer than the run lives.
                delay.map(|delay| delay.max(wait)).filter(|delay| *delay < self.deadline.left() && *delay <= MOST_PAUSE)
            })
            .await
    }

    async fn ask(&self, authorized: &Authorized, token: Option<&str>) -> Result<Vec<u8>, ZoomError> {
        let Zoom { http, config, pace, .. } = self.zoom;
        pace.turn().await;
        self.traffic.requests.fetch_add(1, Ordering::Relaxed);
        let (from, to) = (self.window.from.to_string(), self.window.to.to_string());
        let mut query =
            vec![("from", from.as_str()), ("to", to.as_str()), ("page_size", PAGE_SIZE), ("show_charges_only", "true")];
        query.extend(token.map(|token| ("next_page_token", token)));
        let request = http
            .get(format!("{}/phone/reports/sms_charges", config.api_url))
            .bearer_auth(authorized.token.expose_secret())
            .query(&query);
        let (status, headers, body) = self.zoom.answered(request).await?;
        if status.is_success() && parse(&body).is_ok() {
            return Ok(body);
        }
        let error = ZoomError::of_answer(status.as_u16(), &headers, &body, Timestamp::now());
        match error.kind {
            ZoomErrorKind::RateLimited(wait) => {
                self.traffic.refusals.fetch_add(1, Ordering::Relaxed);
                pace.pause(wait.unwrap_or_default().clamp(LEAST_PAUSE, MOST_PAUSE)).await;
            }
            ZoomErrorKind::DailyLimit(_) => _ = self.traffic.refusals.fetch_add(1, Ordering::Relaxed),
            _ => {}
        }
        Err(error)
    }
}

fn begun(walks: &mut Vec<WindowReading>) -> &mut WindowReading {
    walks.push_mut(WindowReading::default())
}

/// A page, if the body is one: a JSON object with an array `sms_charges`.
fn parse(body: &[u8]) -> Result<Page<'_>, ZoomError> {
    let broken = || ZoomError::new(ZoomErrorKind::Unavailable, "Zoom's answer is no page of the report");
    let page: Page<'_> = serde_json::from_slice(body).map_err(|_| broken())?;
    if page.sms_charges.is_none() {
        return Err(broken());
    }
    Ok(page)
}
