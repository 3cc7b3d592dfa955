//! One window of the report, page by page to its proven end.
//!
//! The end is a page whose next token is empty or absent; never an empty page, never a count. A token seen before, or page after page
//! without a new row, is no end but a failure. Page tokens live 15 minutes, so pages are summed as they come and nothing else is done
//! between them; if one expires all the same, the window is begun anew, since the rest of the old walk cannot be had.
//!
//! Rows are summed while their page is parsed. If it breaks off and is asked for again, its rows are known by their identities.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use secrecy::ExposeSecret;

use super::page::{self, NotAPage, PageEnd};
use super::seen::{Seen, Sight, Span, joined};
use super::session::Session;
use super::token::Authorized;
use super::window::Window;
use super::{ZoomError, ZoomErrorKind};
use crate::domain::charge::{Row, RowFault};
use crate::domain::totals::Tally;

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

/// What was read of one window from its first page on.
#[derive(Debug)]
pub struct Walk {
    pub(super) tally: Tally,
    /// Charged rows of the window's own, each once.
    pub rows: u64,
    pub(super) pages: u64,
    pub(super) newest_row: Option<Timestamp>,
    pub(super) total_records: Option<u64>,
    pub(super) faults: Vec<RowFault>,
    /// How many different rows came, charged or not, of the window's own or not.
    pub(super) rows_seen: u64,
    /// When the earliest and the latest of these were sent.
    pub(super) sent: Option<Span>,
    /// When the rows of the first page were sent, in their order; until the next page comes.
    pub(super) first_page: Vec<Timestamp>,
    seen: Seen,
    /// Whether a row came of which cannot be told whether it came before.
    unsure: bool,
    /// Page tokens, the last of which is the next page's.
    tokens: HashSet<String>,
    next: Option<String>,
    pages_without_news: usize,
}

/// All walks of a window that were begun; the last is the one under way.
pub(super) type Walks = RefCell<Vec<Walk>>;

impl Walk {
    /// Nothing as yet, to be summed by the civil days of `zone`. Rows that cannot come again if they come in order are forgotten.
    #[must_use]
    pub fn of(zone: TimeZone) -> Walk {
        Walk {
            tally: Tally::of(zone),
            rows: 0,
            pages: 0,
            newest_row: None,
            total_records: None,
            faults: Vec::new(),
            rows_seen: 0,
            sent: None,
            first_page: Vec::new(),
            seen: Seen::nothing(true),
            unsure: false,
            tokens: HashSet::new(),
            next: None,
            pages_without_news: 0,
        }
    }

    /// Adds the rows of a page that were sent within `owned` and did not come before, as far as the body is a page.
    ///
    /// # Errors
    /// If it is none.
    pub fn take(&mut self, body: &[u8], owned: &Range<Timestamp>) -> Result<PageEnd, NotAPage> {
        let (mut nameless, before) = (HashMap::new(), self.rows_seen);
        if self.pages > 0 {
            self.first_page = Vec::new();
        }
        let end = page::read(body, |row| self.take_row(row, owned, &mut nameless));
        if self.rows_seen > before {
            self.pages_without_news = 0;
        }
        let end = end?;
        self.seen.turn_page();
        self.pages += 1;
        self.pages_without_news += usize::from(self.rows_seen == before);
        self.total_records = self.total_records.max(end.total_records);
        Ok(end)
    }

    /// `nameless` counts how often each row without a message id came on this page.
    fn take_row(&mut self, row: &Row<'_>, owned: &Range<Timestamp>, nameless: &mut HashMap<u128, u128>) {
        let mut identity = row.identity();
        if !row.has_message_id() {
            // Equal rows on one page are as many messages; the same again on another page are a repeat.
            let nth = nameless.entry(identity).or_default();
            identity = identity.wrapping_add(*nth);
            *nth += 1;
        }
        let sent = row.sent_at();
        match self.seen.note(identity, sent) {
            Sight::First => {}
            Sight::Again => return,
            Sight::Unsure => {
                self.unsure = true;
                return;
            }
        }
        // Rows of other windows count as news too: they show that the walk goes on.
        self.rows_seen += 1;
        if let Some(sent) = sent {
            self.sent = joined(self.sent, Some((sent, sent)));
            if self.pages == 0 {
                self.first_page.push(sent);
            }
        }
        match row.charge(owned) {
            Ok(None) => {}
            Ok(Some(charge)) => match self.tally.add(&charge) {
                Ok(()) => {
                    self.rows += 1;
                    self.newest_row = self.newest_row.max(Some(charge.sent));
                }
                Err(error) => self.faults.push(row.fault("total_charge", format!("cannot be added: {error}"))),
            },
            Err(fault) => self.faults.push(fault),
        }
    }

    /// Goes on to the next page.
    fn turn(&mut self, next: Option<String>) -> Result<Next, ZoomError> {
        if self.unsure {
            return Ok(Next::Anew);
        }
        let endless =
            |what: &str| Err(ZoomError::new(ZoomErrorKind::Endless, format!("Zoom's report has no end: {what}")));
        let Some(next) = next else { return Ok(Next::End) };
        if !self.tokens.insert(next.clone()) {
            return endless("the same page token came twice");
        }
        if self.pages >= MOST_PAGES {
            return endless("a window came to more pages than it can have");
        }
        if self.pages_without_news >= MOST_PAGES_WITHOUT_NEWS {
            return endless(&format!("{MOST_PAGES_WITHOUT_NEWS} pages in a row held no new row"));
        }
        self.next = Some(next);
        Ok(Next::Page)
    }
}

/// What a walk goes on with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    Page,
    /// Nothing: it was the last page.
    End,
    /// The first page, since a row came of which nobody can tell whether it came before.
    Anew,
}

/// Reads one window.
pub(super) struct WindowReader<'w, 'r> {
    pub(super) session: &'w Session<'r>,
    pub(super) window: &'w Window,
    pub(super) walks: &'w Walks,
}

impl WindowReader<'_, '_> {
    /// Begins a walk with the window's first page.
    pub(super) async fn begin(&self) -> Result<Next, ZoomError> {
        {
            let mut walks = self.walks.borrow_mut();
            // One that was given up takes no more rows.
            if let Some(given_up) = walks.last_mut() {
                given_up.seen = Seen::nothing(true);
            }
            let seen = Seen::nothing(!self.session.keeps_rows());
            walks.push(Walk { seen, ..Walk::of(self.session.zone.clone()) });
        }
        self.next_page().await
    }

    /// Reads the window from its first page to its end.
    pub(super) async fn read(&self) -> Result<(), ZoomError> {
        let begun = self.begin().await;
        self.finish(begun).await
    }

    /// Reads what is left of the window after its first page, anew if need be. If all goes well, the last of the walks is whole.
    pub(super) async fn finish(&self, begun: Result<Next, ZoomError>) -> Result<(), ZoomError> {
        let (mut next, mut restarts) = (begun, 0);
        loop {
            next = match next {
                Ok(Next::Page) => self.next_page().await,
                Ok(Next::End) => return Ok(()),
                Ok(Next::Anew) => {
                    tracing::warn!("a row came out of order, perhaps not for the first time; the window is read anew");
                    self.begin().await
                }
                Err(error) if error.kind == ZoomErrorKind::PageTokenExpired && restarts < MOST_RESTARTS => {
                    tracing::warn!("the page token expired; the window is read anew");
                    restarts += 1;
                    self.begin().await
                }
                Err(error) => return Err(error),
            };
        }
    }

    async fn next_page(&self) -> Result<Next, ZoomError> {
        let token = self.with_walk(|walk| walk.next.clone());
        let end = self.page(token.as_deref()).await?;
        self.session.page_read();
        if self.with_walk(|walk| !walk.seen.forgets()) {
            self.session.keep_rows();
        }
        self.with_walk(|walk| walk.turn(end.next_page_token))
    }

    fn with_walk<T>(&self, act: impl FnOnce(&mut Walk) -> T) -> T {
        let mut walks = self.walks.borrow_mut();
        match walks.last_mut() {
            Some(walk) => act(walk),
            None => act(walks.push_mut(Walk::of(self.session.zone.clone()))),
        }
    }

    /// Reads one page. An access token that Zoom no longer takes is replaced once.
    async fn page(&self, token: Option<&str>) -> Result<PageEnd, ZoomError> {
        let authorized = self.session.authorized();
        match self.page_with_retries(&authorized, token).await {
            Err(error) if error.kind == ZoomErrorKind::TokenExpired => {
                let authorized = self.session.authorized_anew(&authorized).await?;
                self.page_with_retries(&authorized, token).await
            }
            result => result,
        }
    }

    async fn page_with_retries(&self, authorized: &Authorized, token: Option<&str>) -> Result<PageEnd, ZoomError> {
        (|| self.ask(authorized, token))
            .retry(backoff())
            .when(ZoomError::is_transient)
            .adjust(|error, delay| {
                let wait = match error.kind {
                    ZoomErrorKind::RateLimited(wait) => wait.unwrap_or_default().max(LEAST_PAUSE),
                    _ => Duration::ZERO,
                };
                // No use in waiting for longer than the run lives.
                delay
                    .map(|delay| delay.max(wait))
                    .filter(|delay| *delay < self.session.deadline.left() && *delay <= MOST_PAUSE)
            })
            .await
    }

    async fn ask(&self, authorized: &Authorized, token: Option<&str>) -> Result<PageEnd, ZoomError> {
        let session = self.session;
        session.turn().await?;
        let (from, to) = (self.window.from.to_string(), self.window.to.to_string());
        let mut query =
            vec![("from", from.as_str()), ("to", to.as_str()), ("page_size", PAGE_SIZE), ("show_charges_only", "true")];
        query.extend(token.map(|token| ("next_page_token", token)));
        let request = session
            .zoom
            .http
            .get(format!("{}/phone/reports/sms_charges", session.zoom.config.api_url))
            .bearer_auth(authorized.token.expose_secret())
            .query(&query);
        let (status, headers, body) = session.answered(request).await?;
        if status.is_success()
            && let Ok(end) = self.with_walk(|walk| walk.take(&body, &self.window.owned))
        {
            return Ok(end);
        }
        let error = ZoomError::of_answer(status.as_u16(), &headers, &body, Timestamp::now());
        match error.kind {
            ZoomErrorKind::RateLimited(wait) => {
                session.refused(wait.unwrap_or_default().clamp(LEAST_PAUSE, MOST_PAUSE));
            }
            ZoomErrorKind::DailyLimit(_) => session.refused(LEAST_PAUSE),
            _ => {}
        }
        Err(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A page of messages with these numbers, each sent so many seconds after a moment.
    fn page(numbers: &[u32]) -> String {
        let row = |number: &u32| {
            let sent = Timestamp::from_second(1_795_000_000 + i64::from(*number)).unwrap();
            format!(r#"{{"message_id":"M-{number}","sent_time":"{sent}","currency":"USD","total_charge":"0.5"}}"#)
        };
        format!(r#"{{"sms_charges":[{}]}}"#, numbers.iter().map(row).collect::<Vec<_>>().join(","))
    }

    fn walk(seen: Seen, pages: &[&[u32]]) -> (u64, Result<Next, ZoomError>) {
        let mut walk = Walk { seen, ..Walk::of(TimeZone::UTC) };
        for numbers in pages {
            walk.take(page(numbers).as_bytes(), &(Timestamp::MIN..Timestamp::MAX)).unwrap();
        }
        (walk.rows, walk.turn(None))
    }

    #[test]
    fn a_walk_that_cannot_tell_a_row_from_a_forgotten_one_is_not_whole() {
        let repeated: [&[u32]; 5] = [&[1, 2], &[3, 4], &[5, 6], &[7, 8], &[9, 1]];
        assert_eq!(walk(Seen::nothing(true), &repeated), (9, Ok(Next::Anew)));
        assert_eq!(walk(Seen::nothing(false), &repeated), (9, Ok(Next::End)));
        let repeated_soon: [&[u32]; 4] = [&[1, 2], &[3, 4], &[4, 5], &[6, 7]];
        assert_eq!(walk(Seen::nothing(true), &repeated_soon), (7, Ok(Next::End)));
    }
}
