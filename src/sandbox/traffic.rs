//! What arrives: kept in order, counted, and held against the limits.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use super::answer::{Answer, Limit};
use super::clock;
use super::fault::Number;
use super::reports::ReportKind;
use super::switches::Switches;

/// What a request was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ObservedKind {
    /// An access token.
    Token,
    /// A page of a report.
    Report,
    /// Anything else: an address that Zoom does not have.
    Other,
}

/// A request that the sandbox has seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observed {
    /// What it was for.
    pub kind: ObservedKind,
    /// The report that it was for, if it was for one.
    pub report: Option<ReportKind>,
    /// Its method.
    pub method: String,
    /// Its path.
    pub path: String,
    /// Its query parameters, decoded, in their order.
    pub query: Vec<(String, String)>,
    /// The status answered; `None` as long as there is no answer, or if the connection was closed in its place.
    pub status: Option<u16>,
    /// When it arrived, since the sandbox was started.
    pub at: Duration,
}

impl Observed {
    /// The value of the query parameter with this name.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        let found = self.query.iter().find(|(given, _)| given == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// What a request asks for.
#[derive(Clone, Copy)]
pub(super) enum Asked {
    Token,
    Report(ReportKind),
    Other,
}

#[derive(Default)]
struct Log {
    observed: Vec<Observed>,
    tokens: u32,
    reports: BTreeMap<ReportKind, u32>,
    in_flight: usize,
    peak: usize,
    admitted: u32,
    recent: VecDeque<Instant>,
}

impl Log {
    fn count(&mut self, asked: Asked) -> Number {
        match asked {
            Asked::Token => {
                self.tokens += 1;
                Number { of_all: self.tokens, of_report: 0 }
            }
            Asked::Report(report) => {
                self.in_flight += 1;
                self.peak = self.peak.max(self.in_flight);
                let of_report = self.reports.entry(report).or_default();
                *of_report += 1;
                Number { of_report: *of_report, of_all: self.reports.values().sum() }
            }
            Asked::Other => Number::default(),
        }
    }
}

pub(super) struct Traffic {
    started: Instant,
    log: Mutex<Log>,
    on_answer: OnceLock<OnAnswer>,
}

type OnAnswer = Box<dyn Fn(&Observed) + Send + Sync>;

impl Traffic {
    pub(super) fn new() -> Traffic {
        Traffic { started: clock::instant(), log: Mutex::default(), on_answer: OnceLock::new() }
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn on_answer(&self, call: impl Fn(&Observed) + Send + Sync + 'static) {
        _ = self.on_answer.set(Box::new(call));
    }

    pub(super) fn observed(&self) -> Vec<Observed> {
        self.log().observed.clone()
    }

    pub(super) fn peak(&self) -> usize {
        self.log().peak
    }

    pub(super) fn arrive(
        self: &Arc<Self>,
        asked: Asked,
        method: &str,
        path: &str,
        query: &[(String, String)],
    ) -> Visit {
        let mut log = self.log();
        let number = log.count(asked);
        let (kind, report) = match asked {
            Asked::Token => (ObservedKind::Token, None),
            Asked::Report(report) => (ObservedKind::Report, Some(report)),
            Asked::Other => (ObservedKind::Other, None),
        };
        log.observed.push(Observed {
            kind,
            report,
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.to_vec(),
            status: None,
            at: clock::instant().duration_since(self.started),
        });
        let place = log.observed.len() - 1;
        Visit { traffic: Arc::clone(self), kind, place, number }
    }

    /// Whether the limits let one more request for a report pass; if not, the refusal.
    pub(super) fn admit(&self, switches: &Switches) -> Result<(), Answer> {
        let mut log = self.log();
        let now = clock::instant();
        let second = Duration::from_secs(1);
        while log.recent.front().is_some_and(|at| now.duration_since(*at) >= second) {
            log.recent.pop_front();
        }
        let (per_second, per_day) = (switches.rate_per_second, switches.rate_per_day);
        let refused = |limit: Limit, allowed| Err(limit.refusal(allowed, switches.rate_headers));
        if switches.concurrent > 0 && log.in_flight > switches.concurrent {
            return refused(Limit::Concurrent, 0);
        }
        if per_day > 0 && log.admitted >= per_day {
            return refused(Limit::Day, per_day);
        }
        if per_second > 0 && u32::try_from(log.recent.len()).is_ok_and(|recent| recent >= per_second) {
            return refused(Limit::Second, per_second);
        }
        log.admitted += 1;
        log.recent.push_back(now);
        Ok(())
    }
}

/// A request from its arrival to its answer, or until its client goes away.
pub(super) struct Visit {
    traffic: Arc<Traffic>,
    kind: ObservedKind,
    place: usize,
    pub(super) number: Number,
}

impl Visit {
    pub(super) fn tracking_id(&self) -> String {
        format!("v=2.0;clid=sandbox;rid=WEB_{:08x}", self.place + 1)
    }

    pub(super) fn leave(self, answer: Answer) -> axum::response::Response {
        let seen = self.traffic.log().observed.get_mut(self.place).map(|observed| {
            observed.status = answer.status();
            observed.clone()
        });
        if let (Some(call), Some(observed)) = (self.traffic.on_answer.get(), seen) {
            call(&observed);
        }
        answer.into_response(&self.tracking_id())
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        if self.kind == ObservedKind::Report {
            let mut log = self.traffic.log();
            log.in_flight = log.in_flight.saturating_sub(1);
        }
    }
}
