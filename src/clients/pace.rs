//! The pace of requests under a limit of so many a second, which the account's other apps share.
//!
//! Requests follow each other evenly, a little slower than the limit allows, so that no second holds too many even if some are slower on their
//! way than those after them. When the limit's owner refuses all the same, somebody else is using it: everybody pauses, goes on a quarter
//! slower, and gains one request a second for every second without a refusal.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// A second, and 2% for requests that were slower on their way than those after them.
const SPAN: Duration = Duration::from_millis(1_020);

/// Lets callers through in the order in which they come, so many a second.
#[derive(Debug)]
pub(crate) struct Pace {
    limit: u32,
    /// Locked by the request that is next, so that a turn counts when it is taken, not when it was due.
    next: tokio::sync::Mutex<()>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// Requests allowed in a [`SPAN`] just now, at most the limit.
    allowed: u32,
    /// When the last request was let through.
    last: Option<Instant>,
    /// Nobody is let through before.
    paused_until: Instant,
    /// Since when nothing was refused.
    calm_since: Instant,
}

impl Pace {
    pub(crate) fn per_second(requests: u32) -> Pace {
        let (limit, now) = (requests.max(1), Instant::now());
        let state = State { allowed: limit, last: None, paused_until: now, calm_since: now };
        Pace { limit, next: tokio::sync::Mutex::default(), state: Mutex::new(state) }
    }

    /// Returns when the caller may send its request.
    pub(crate) async fn turn(&self) {
        let _next = self.next.lock().await;
        loop {
            let due = self.state().due(self.limit);
            sleep_until(due).await;
            let mut state = self.state();
            // A pause may have started since.
            if state.paused_until <= due {
                state.last = Some(Instant::now());
                return;
            }
        }
    }

    /// Holds everyone back for a while and slows the pace down.
    pub(crate) fn refused(&self, pause: Duration) {
        let mut state = self.state();
        let now = Instant::now();
        // Refusals of requests that were under way together are one.
        if state.paused_until <= now {
            state.allowed = (state.allowed - state.allowed.div_ceil(4)).max(1);
        }
        if now + pause > state.paused_until {
            state.paused_until = now + pause;
            state.calm_since = now + pause;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// When the next request may be sent.
    fn due(&mut self, limit: u32) -> Instant {
        let now = Instant::now();
        while self.allowed < limit && now >= self.calm_since + SPAN {
            self.allowed += 1;
            self.calm_since += SPAN;
        }
        let free = self.last.map_or(now, |last| last + SPAN / self.allowed);
        free.max(self.paused_until).max(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Milliseconds at which so many requests are let through.
    async fn turns(pace: &Pace, requests: usize) -> Vec<u128> {
        let start = Instant::now();
        let mut turns = Vec::new();
        for _ in 0..requests {
            pace.turn().await;
            turns.push(start.elapsed().as_millis());
        }
        turns
    }

    #[tokio::test(start_paused = true)]
    async fn no_second_holds_more_than_the_limit_and_none_is_wasted() {
        let turns = turns(&Pace::per_second(3), 6).await;
        assert_eq!(turns, [0, 340, 680, 1_020, 1_360, 1_700]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_holds_everyone_back_and_the_pace_comes_back() {
        let pace = Pace::per_second(4);
        assert_eq!(turns(&pace, 4).await, [0, 255, 510, 765]);
        // Refusals of requests that were on their way together count once.
        pace.refused(Duration::from_secs(2));
        pace.refused(Duration::from_secs(2));
        assert_eq!(turns(&pace, 6).await, [2_000, 2_340, 2_680, 3_020, 3_275, 3_530]);
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_waits_when_a_pause_begins_waits_through_it() {
        let pace = Pace::per_second(1);
        pace.turn().await;
        let waiting = async { turns(&pace, 2).await };
        let refusing = async {
            tokio::time::sleep(Duration::from_millis(500)).await;
            pace.refused(Duration::from_secs(5));
        };
        assert_eq!(tokio::join!(waiting, refusing).0, [5_500, 6_520]);
    }

    #[tokio::test(start_paused = true)]
    async fn the_slowest_pace_is_one_a_second() {
        let pace = Pace::per_second(2);
        for _ in 0..5 {
            pace.refused(Duration::from_secs(1));
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        assert_eq!(turns(&pace, 2).await, [0, 1_020]);
    }
}
