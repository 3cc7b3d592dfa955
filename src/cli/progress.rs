//! How far a job is: a line that changes on a terminal, a line every ten seconds elsewhere.

use std::cell::{Cell, RefCell};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::ProgressBar;
use rust_decimal::Decimal;

use super::terminal::Terminal;
use super::{complain, show};
use crate::clients::zoom::Pages;
use crate::domain::product::Product;

const EVERY: Duration = Duration::from_secs(10);
/// An estimate from less than this is none.
const LEAST: Duration = Duration::from_secs(3);
/// The length of a bar.
const BAR: u32 = 24;

/// Months that Zoom keeps, the running one and the last days included.
const MONTHS: u64 = 15;

/// The months of so many reports, as parts of a job.
pub(super) fn months(reports: &[Product]) -> u64 {
    MONTHS * reports.len() as u64
}

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

/// A job on its way.
pub(super) struct Progress {
    spinner: ProgressBar,
    started: Instant,
    /// What goes on, for the lines where there is no terminal. They end when the job does.
    lines: Option<(Arc<Mutex<String>>, Sender<()>)>,
}

impl Progress {
    pub(super) fn new(what: &str) -> Progress {
        let spinner = show::spinner(what);
        let lines = spinner.is_hidden().then(|| lines(what, EVERY, complain));
        Progress { spinner, started: Instant::now(), lines }
    }

    /// `done` of `all` parts are done; `what` goes on. 0 parts are as many as nobody knows.
    pub(super) fn at(&self, what: &str, done: u64, all: u64) {
        let left = left(self.started.elapsed(), done, all);
        match &self.lines {
            Some((text, _)) => {
                let of = if all > 0 { format!(", {done} of about {all} parts") } else { String::new() };
                let left = left.map_or_else(String::new, |left| format!("; {left} to go"));
                *text.lock().unwrap_or_else(PoisonError::into_inner) = format!("{what}{of}{left}");
            }
            None => {
                let bar = if all > 0 { Terminal::of_errors().gauge(done, all, BAR) } else { String::new() };
                let left = left.unwrap_or_default();
                self.spinner.set_message([what, &bar, &left].join("  ").trim_end().to_owned());
            }
        }
    }

    /// A report of so many pages is read.
    pub(super) fn at_page(&self, Pages { read, all }: Pages) {
        self.at(&format!("reading Zoom's report, page {read}"), read, if all > 1 { all } else { 0 });
    }

    pub(super) fn end(self) {
        self.spinner.finish_and_clear();
    }
}

/// `about 40 s`, if enough is done to say that.
fn left(gone: Duration, done: u64, all: u64) -> Option<String> {
    let (done, left) = (u32::try_from(done).ok()?, u32::try_from(all.saturating_sub(done)).ok()?);
    let seconds = (done > 0 && left > 0 && gone >= LEAST).then(|| (gone / done * left).as_secs())?;
    Some(if seconds < 120 { format!("about {seconds} s") } else { format!("about {} min", seconds.div_ceil(60)) })
}

/// Says from time to time what goes on, however long it takes.
fn lines(what: &str, every: Duration, say: impl Fn(&str) + Send + 'static) -> (Arc<Mutex<String>>, Sender<()>) {
    let text = Arc::new(Mutex::new(what.to_owned()));
    let (end, ended) = channel();
    let (now, started) = (Arc::clone(&text), Instant::now());
    std::thread::spawn(move || {
        while ended.recv_timeout(every) == Err(RecvTimeoutError::Timeout) {
            let text = now.lock().unwrap_or_else(PoisonError::into_inner).clone();
            say(&format!("{text} ({} s)", started.elapsed().as_secs()));
        }
    });
    (text, end)
}

impl Terminal {
    /// A bar whose part that is done is filled.
    fn gauge(&self, done: u64, all: u64, length: u32) -> String {
        let filled = self.bar(Decimal::from(done), Decimal::from(all), length);
        let open = usize::try_from(length).unwrap_or_default().saturating_sub(filled.chars().count());
        format!("{filled}{}  {done} of {all}", self.open_bar().repeat(open))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_estimate_is_of_what_is_left_and_needs_some_seconds() {
        let left = |seconds, done, all| left(Duration::from_secs(seconds), done, all);
        assert_eq!(left(10, 5, 15).as_deref(), Some("about 20 s"));
        assert_eq!(left(100, 1, 4).as_deref(), Some("about 5 min"));
        assert_eq!((left(2, 5, 15), left(10, 0, 15), left(10, 15, 15), left(10, 3, 0)), (None, None, None, None));
    }

    #[test]
    fn lines_come_from_time_to_time_until_the_job_ends() {
        let (said, heard) = channel();
        let (text, end) = lines("starting", Duration::from_millis(1), move |line| _ = said.send(line.to_owned()));
        assert_eq!(heard.recv().unwrap(), "starting (0 s)");
        "page 2".clone_into(&mut text.lock().unwrap());
        assert!(heard.iter().any(|line| line == "page 2 (0 s)"));
        drop(end);
        // The sender is gone once the thread has ended.
        heard.iter().for_each(drop);
    }

    #[test]
    fn a_bar_is_never_longer_than_its_length() {
        let terminal = Terminal::of_errors();
        let bar = |done: i64, all: i64| terminal.bar(done.into(), all.into(), BAR).chars().count();
        assert_eq!([bar(5, 10), bar(1, 1_000), bar(42, 15), bar(-10, -1), bar(1, 0)], [12, 1, 24, 24, 0]);
    }

    #[test]
    fn parts_are_counted_by_their_names() {
        let steps = Steps::default();
        assert_eq!(["a", "a", "b", "b", "c"].map(|name| steps.before(name)), [0, 0, 1, 1, 2]);
    }
}
