//! How far a job is: a line that changes on a terminal, a line every ten seconds elsewhere.

use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

use indicatif::ProgressBar;

use super::{complain, show};

const EVERY: Duration = Duration::from_secs(10);
/// An estimate from less than this is none.
const LEAST: Duration = Duration::from_secs(3);

/// Months that Zoom keeps, the running one and the last days included, as steps.
pub(super) const MONTHS: u64 = 15;

/// Counts the parts of a job by their names.
#[derive(Default)]
pub(super) struct Steps {
    done: Cell<u64>,
    now: RefCell<Option<String>>,
}

impl Steps {
    /// How many parts were done before this one.
    pub(super) fn before(&self, name: &str) -> u64 {
        let mut now = self.now.borrow_mut();
        if now.as_deref() != Some(name) {
            if now.is_some() {
                self.done.set(self.done.get() + 1);
            }
            *now = Some(name.to_owned());
        }
        self.done.get()
    }
}

pub(super) struct Progress {
    spinner: ProgressBar,
    started: Instant,
    said: Cell<Instant>,
}

impl Progress {
    pub(super) fn new(what: &str) -> Progress {
        let now = Instant::now();
        Progress { spinner: show::spinner(what), started: now, said: Cell::new(now) }
    }

    /// `done` of `all` parts are done; `what` goes on.
    pub(super) fn at(&self, what: &str, done: u64, all: u64) {
        let gone = self.started.elapsed();
        let text = || match u32::try_from(done).ok().zip(u32::try_from(all.saturating_sub(done)).ok()) {
            Some((done, left)) if done > 0 && gone >= LEAST => {
                format!("{what}; about {} s to go", (gone / done * left).as_secs())
            }
            _ => what.to_owned(),
        };
        if !self.spinner.is_hidden() {
            self.spinner.set_message(text());
        } else if self.said.get().elapsed() >= EVERY {
            self.said.set(Instant::now());
            complain(&text());
        }
    }

    pub(super) fn end(self) {
        self.spinner.finish_and_clear();
    }
}
