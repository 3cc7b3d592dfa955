//! The ledger of the demo: a map with a clock of its own, so that a month passes in seconds, and so that a run can die at the worst moment.

use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use tokio::sync::Notify;

use super::Write;
use super::items::Items;
use crate::domain::alert::{Thread, Threads};

/// A map with a clock of its own.
#[derive(Debug)]
pub struct Simulated {
    state: Mutex<State>,
    silenced: Notify,
}

#[derive(Debug)]
struct State {
    items: Items,
    now: Timestamp,
    voice: Voice,
}

/// Whether the ledger answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Voice {
    Answers,
    /// Until a published message is to be recorded.
    AnswersUntilPublished,
    Silent,
}

impl Simulated {
    /// An empty ledger at this moment.
    #[must_use]
    pub fn at(now: Timestamp) -> Simulated {
        let state = State { items: Items::default(), now, voice: Voice::Answers };
        Simulated { state: Mutex::new(state), silenced: Notify::new() }
    }

    /// Moves its clock. It answers again, if it did not.
    pub fn move_to(&self, now: Timestamp) {
        let mut state = self.state();
        (state.now, state.voice) = (now, Voice::Answers);
    }

    /// From the moment on at which a published message is to be recorded, no call returns: whoever drops the run then has let it die
    /// between publishing and recording.
    pub fn fall_silent_once_published(&self) {
        self.state().voice = Voice::AnswersUntilPublished;
    }

    /// Waits for that moment.
    pub async fn silenced(&self) {
        self.silenced.notified().await;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn now(&self) -> Timestamp {
        self.state().now
    }

    async fn call<T>(&self, call: impl FnOnce(&mut Items, Timestamp) -> T) -> T {
        let answer = {
            let mut state = self.state();
            let now = state.now;
            (state.voice != Voice::Silent).then(|| call(&mut state.items, now))
        };
        match answer {
            Some(answer) => answer,
            None => std::future::pending().await,
        }
    }

    pub(super) async fn load(&self, account: &str, owner: &str) -> Threads {
        self.call(|items, now| items.threads(account, owner, now)).await
    }

    pub(super) async fn write(&self, thread: &Thread, read: Option<u64>) -> Write {
        self.call(|items, now| items.write(thread, read, now)).await
    }

    pub(super) async fn put(&self, account: &str, key: &str, text: String) {
        self.call(|items, _| items.put(account, key, text)).await;
    }

    /// Keeps a message that was published.
    pub(super) async fn keep(&self, account: &str, key: &str, text: String) {
        {
            let mut state = self.state();
            if state.voice == Voice::AnswersUntilPublished {
                state.voice = Voice::Silent;
                self.silenced.notify_one();
            }
        }
        self.put(account, key, text).await;
    }

    pub(super) async fn texts(&self, account: &str, prefix: &str) -> Vec<String> {
        self.call(|items, _| items.texts(account, prefix)).await
    }

    pub(super) async fn delete(&self, account: &str, key: &str) {
        self.call(|items, _| items.delete(account, key)).await;
    }
}
