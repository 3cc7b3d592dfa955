//! What ledger and topic do in tests: by default what they should; by script they fail, lose a reply, take long, or never return.

use std::sync::Mutex;
use std::time::Duration;

use jiff::Timestamp;

/// What becomes of one call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It works.
    #[default]
    Works,
    /// It fails without effect.
    Fails,
    /// It has its effect, and its reply is lost.
    LosesReply,
    /// The ledger never answers; a topic works.
    Hangs,
    /// The run dies before it.
    DiesBefore,
    /// The run dies after it.
    DiesAfter,
}

#[derive(Debug, Default)]
struct State {
    now: Timestamp,
    calls: usize,
    fates: Vec<Fate>,
    reads_fail: bool,
    writes_fail: bool,
    writes_done: usize,
    fails_until: Option<tokio::time::Instant>,
    slow: Duration,
}

/// The fates of the calls to come.
#[derive(Debug, Default)]
pub(crate) struct Script {
    state: Mutex<State>,
    death: tokio::sync::Notify,
}

impl Script {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.state().now
    }

    pub(crate) fn at(&self, now: Timestamp) {
        self.state().now = now;
    }

    /// Sets the fates of the next calls, to ledger and topic alike; after them all works.
    pub(crate) fn next(&self, fates: Vec<Fate>) {
        let mut state = self.state();
        state.calls = 0;
        state.fates = fates;
        state.writes_done = 0;
    }

    /// Makes all reads or writes of the ledger fail.
    pub(crate) fn break_ledger(&self, reads: bool, writes: bool) {
        let mut state = self.state();
        (state.reads_fail, state.writes_fail) = (reads, writes);
    }

    /// Makes the ledger fail for so long from now on.
    pub(crate) fn ledger_fails_for(&self, time: Duration) {
        self.state().fails_until = Some(tokio::time::Instant::now() + time);
    }

    /// Makes each write of the ledger take so long.
    pub(crate) fn slow_ledger(&self, time: Duration) {
        self.state().slow = time;
    }

    /// How many writes of the ledger were done since [`Script::next`].
    pub(crate) fn writes_done(&self) -> usize {
        self.state().writes_done
    }

    fn fate(&self) -> Fate {
        let mut state = self.state();
        let fate = state.fates.get(state.calls).copied().unwrap_or_default();
        state.calls += 1;
        fate
    }

    pub(crate) async fn ledger<T>(&self, write: bool, effect: impl FnOnce() -> T) -> Option<T> {
        let fate = self.fate();
        let slow = self.state().slow;
        if write && !slow.is_zero() {
            tokio::time::sleep(slow).await;
        }
        let is_down = {
            let state = self.state();
            (if write { state.writes_fail } else { state.reads_fail })
                || state.fails_until.is_some_and(|until| tokio::time::Instant::now() < until)
        };
        if is_down {
            tokio::time::sleep(Duration::from_millis(100)).await;
            return None;
        }
        let counted = || {
            let value = effect();
            self.state().writes_done += usize::from(write);
            value
        };
        self.call(fate, counted).await
    }

    pub(crate) async fn call<T>(&self, fate: Fate, effect: impl FnOnce() -> T) -> Option<T> {
        match fate {
            Fate::Works => Some(effect()),
            Fate::Hangs => std::future::pending().await,
            Fate::Fails => None,
            Fate::LosesReply => {
                effect();
                None
            }
            Fate::DiesBefore => self.die().await,
            Fate::DiesAfter => {
                effect();
                self.die().await
            }
        }
    }

    async fn die<T>(&self) -> T {
        self.death.notify_one();
        std::future::pending().await
    }

    /// Runs until the end or until a call lets the run die.
    pub(crate) async fn alive<T>(&self, run: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            () = self.death.notified() => None,
            end = run => Some(end),
        }
    }

    /// The fate of a publish.
    pub(crate) fn publish(&self) -> Fate {
        match self.fate() {
            Fate::Hangs => Fate::Works,
            fate => fate,
        }
    }
}
