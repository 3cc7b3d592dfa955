//! The pace of requests under a limit of so many a second, which the account's other apps share.
//!
//! No span of a second ever holds more requests than the limit, with some room for requests that were slower on their way than those after
//! them. What was not used of a second may be used in the next, but not all at once. When the limit's owner refuses all the same, somebody else is using it: everybody pauses, goes on a quarter slower, and gains one
//! request a second for every second without a refusal.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// A second, and 3% for requests that were slower on their way than those after them.
const SPAN: Duration = Duration::from_millis(1_030);

/// Requests follow each other ten times as fast as the limit at most, so that those of a second do not arrive in a heap.
const HASTE: u32 = 10;

/// Lets callers through in the order in which they come, so many a second.
#[derive(Debug)]
pub(super) struct Pace {
    limit: usize,
    /// Held by whoever is next, so that turns are counted when they are taken, not when they were due.
    next: tokio::sync::Mutex<()>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// Requests allowed in a [`SPAN`] just now, at most the limit.
    allowed: usize,
    /// When the last requests were let through.
    turns: VecDeque<Instant>,
    /// Nobody is let through before.
    paused_until: Instant,
    /// Since when nothing was refused.
    calm_since: Instant,
}

impl Pace {
    pub(super) fn per_second(requests: u32) -> Pace {
        let limit = usize::try_from(requests).unwrap_or(usize::MAX).max(1);
        let now = Instant::now();
        let state = State { allowed: limit, turns: VecDeque::new(), paused_until: now, calm_since: now };
        Pace { limit, next: tokio::sync::Mutex::default(), state: Mutex::new(state) }
    }

    /// Returns when the caller may send its request.
    pub(super) async fn turn(&self) {
        let _next = self.next.lock().await;
        loop {
            let due = self.state().due(self.limit);
            sleep_until(due).await;
            let mut state = self.state();
            // A pause may have begun since.
            if state.paused_until <= due {
                state.turns.push_back(Instant::now());
                return;
            }
        }
    }

    /// Holds everyone back for a while and slows the pace down.
    pub(super) fn refused(&self, pause: Duration) {
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
    fn due(&mut self, limit: usize) -> Instant {
        let now = Instant::now();
        while self.allowed < limit && now >= self.calm_since + SPAN {
            self.allowed += 1;
            self.calm_since += SPAN;
        }
        while self.turns.front().is_some_and(|turn| *turn + SPAN <= now) {
            self.turns.pop_front();
        }
        let full_until = self.turns.len().checked_sub(self.allowed).and_then(|index| self.turns.get(index));
        let free = full_until.map_or(now, |turn| *turn + SPAN).max(self.paused_until).max(now);
        let apart = SPAN / (HASTE * u32::try_from(limit).unwrap_or(u32::MAX / HASTE));
        self.turns.back().map_or(free, |last| free.max(*last + apart))
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
        let turns = turns(&Pace::per_second(3), 10).await;
        assert_eq!(turns, [0, 35, 70, 1_030, 1_065, 1_100, 2_060, 2_095, 2_130, 3_090]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_holds_everyone_back_and_the_pace_comes_back() {
        let pace = Pace::per_second(4);
        assert_eq!(turns(&pace, 4).await, [0, 26, 52, 78]);
        // Refusals of requests that were on their way together count once.
        pace.refused(Duration::from_secs(2));
        pace.refused(Duration::from_secs(2));
        assert_eq!(turns(&pace, 9).await, [2_000, 2_026, 2_052, 3_030, 3_056, 3_082, 3_108, 4_060, 4_086]);
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
        assert_eq!(tokio::join!(waiting, refusing).0, [5_500, 6_530]);
    }

    #[tokio::test(start_paused = true)]
    async fn the_slowest_pace_is_one_a_second() {
        let pace = Pace::per_second(2);
        for _ in 0..5 {
            pace.refused(Duration::from_secs(1));
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        assert_eq!(turns(&pace, 2).await, [0, 1_030]);
    }
}
