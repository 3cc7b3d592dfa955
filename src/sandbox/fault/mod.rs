//! Planned faults: which one, at which request, how many times in a row.
//!
//! `rate-second@2x3` happens to the second, third and fourth request for any report, `call:rate-second@2x3` to those
//! for the report of calls. Requests are counted in order of arrival, the refused ones too, so the number of a fault is
//! the place at which [`Sandbox::observed`](super::Sandbox::observed) shows it. A [`DateFault`] counts only the requests
//! for its dates.

mod dates;
mod kinds;

use std::str::FromStr;

use clap::ValueEnum;

use super::reports::ReportKind;

pub use dates::DateFault;
pub(super) use dates::DateFaults;
pub use kinds::{FaultKind, TokenFaultKind};

/// A kind of fault and the requests that meet it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Planned<K> {
    /// What goes wrong.
    pub kind: K,
    /// The first request that meets it, counted from 1.
    pub first: u32,
    /// How many requests in a row meet it; `None` for every one from the first on.
    pub times: Option<u32>,
}

/// A fault of the reports, written `KIND[@K[xN]]`, or of one of them, written `REPORT:KIND[@K[xN]]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The one report that meets it, and whose requests are counted; all of them if it is `None`.
    pub report: Option<ReportKind>,
    /// What happens, and when.
    pub planned: Planned<FaultKind>,
}

/// A fault of the token endpoint, written `KIND[@K[xN]]`.
pub type TokenFault = Planned<TokenFaultKind>;

/// The place of a request among others, from 1.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Number {
    /// Among those for the token, or for any report.
    pub(super) of_all: u32,
    /// Among those for the same report.
    pub(super) of_report: u32,
}

impl<K: Copy> Planned<K> {
    fn covers(&self, number: u32) -> bool {
        number >= self.first && self.times.is_none_or(|times| number - self.first < times)
    }

    /// The kind of the first of `faults` that the request with this number meets.
    pub(super) fn met(faults: &[Planned<K>], number: u32) -> Option<K> {
        let fault = faults.iter().find(|fault| fault.covers(number));
        fault.map(|fault| fault.kind)
    }
}

impl Fault {
    /// The kind of the first of `faults` that the request with this number for this report meets.
    pub(super) fn met(faults: &[Fault], report: ReportKind, number: Number) -> Option<FaultKind> {
        let meets = |fault: &&Fault| match fault.report {
            None => fault.planned.covers(number.of_all),
            Some(of) => of == report && fault.planned.covers(number.of_report),
        };
        faults.iter().find(meets).map(|fault| fault.planned.kind)
    }
}

/// Why a fault could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FaultError {
    /// No fault has this name.
    #[error("no fault is called {given:?}; there are: {allowed}")]
    Kind {
        /// The name given.
        given: String,
        /// Every name there is.
        allowed: String,
    },
    /// The part before `:` is not a report.
    #[error("no report is called {given:?}; before \":\" comes sms, call or fax, as in \"call:server-500@2\"")]
    Report {
        /// The name given.
        given: String,
    },
    /// The part after `@` is not `K`, `KxN` or `Kxall`.
    #[error(
        "{given:?} does not say when: after \"@\" comes the first request to meet the fault (1 or more), then perhaps \
         \"x\" and how many in a row do (1 or more, or \"all\"), as in \"rate-second@2x3\""
    )]
    When {
        /// The part given after `@`.
        given: String,
    },
    /// The part before `=` is not a date or two.
    #[error(
        "{given:?} does not say which dates: write \"FROM..TO=KIND\" or \"DATE=KIND\", as in \
         \"2026-11-05..2026-11-07=server-500\""
    )]
    Dates {
        /// What was given.
        given: String,
    },
}

impl FromStr for Fault {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        Fault::read(text, FaultKind::lasts)
    }
}

impl Fault {
    fn read(text: &str, lasts: impl Fn(FaultKind) -> bool) -> Result<Fault, FaultError> {
        let Some((report, planned)) = text.split_once(':') else {
            return Ok(Fault { report: None, planned: read(text, lasts)? });
        };
        let unknown = |_| FaultError::Report { given: report.to_owned() };
        let report = ReportKind::from_str(report, false).map_err(unknown)?;
        Ok(Fault { report: Some(report), planned: read(planned, lasts)? })
    }
}

impl FromStr for Planned<TokenFaultKind> {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        read(text, |_| false)
    }
}

fn read<K: ValueEnum + Copy + 'static>(text: &str, lasts: impl Fn(K) -> bool) -> Result<Planned<K>, FaultError> {
    let (name, when) = match text.split_once('@') {
        Some((name, when)) => (name, Some(when)),
        None => (text, None),
    };
    let kind = K::from_str(name, false).map_err(|_| FaultError::Kind {
        given: name.to_owned(),
        allowed: names::<K>().map(|(name, _)| name).collect::<Vec<_>>().join(", "),
    })?;
    let unclear = |when: &str| FaultError::When { given: when.to_owned() };
    let positive = |number: &str| number.parse().ok().filter(|number: &u32| *number > 0);
    let usual = if lasts(kind) { None } else { Some(1) };
    let Some(when) = when else {
        return Ok(Planned { kind, first: 1, times: usual });
    };
    let (first, times) = match when.split_once('x') {
        None => (when, usual),
        Some((first, "all")) => (first, None),
        Some((first, times)) => (first, Some(positive(times).ok_or_else(|| unclear(when))?)),
    };
    let first = positive(first).ok_or_else(|| unclear(when))?;
    Ok(Planned { kind, first, times })
}

fn names<K: ValueEnum + 'static>() -> impl Iterator<Item = (String, String)> {
    let values = K::value_variants().iter().filter_map(K::to_possible_value);
    values.map(|value| {
        let help = value.get_help().map(ToString::to_string);
        (value.get_name().to_owned(), help.unwrap_or_default())
    })
}

/// The help text of the switch for faults of reports.
pub(super) fn help_of_reports() -> String {
    help::<FaultKind>("reports; with sms:, call: or fax: before KIND, of that report, whose requests alone are counted")
}

/// The help text of a switch that takes such faults: the form, then every kind with its meaning.
pub(super) fn help<K: ValueEnum + 'static>(of: &str) -> String {
    let mut help = format!(
        "A fault of the {of}: KIND happens at the K-th request (default 1) and N times in a row (default 1; xall: \
         for ever), as in KIND@2x3. Repeatable; the first that fits happens. Kinds:"
    );
    for (name, meaning) in names::<K>() {
        help.push_str(&format!("\n  {name}: {meaning}"));
    }
    help
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_says_what_and_when() {
        let read = |text: &str| text.parse::<Fault>().map(|f| (f.planned.kind, f.planned.first, f.planned.times));
        assert_eq!(read("drop"), Ok((FaultKind::Drop, 1, Some(1))));
        assert_eq!(read("rate-second@2"), Ok((FaultKind::RateSecond, 2, Some(1))));
        assert_eq!(read("rate-second@2x3"), Ok((FaultKind::RateSecond, 2, Some(3))));
        assert_eq!(read("server-500@4xall"), Ok((FaultKind::Server500, 4, None)));
        assert_eq!(read("endless@3"), Ok((FaultKind::Endless, 3, None)));
        assert_eq!(read("endless@3x2"), Ok((FaultKind::Endless, 3, Some(2))));
    }

    #[test]
    fn a_fault_that_cannot_be_read_says_what_was_given_and_what_is_allowed() {
        let fault = |text: &str| text.parse::<TokenFault>().err().map(|fault| fault.to_string());
        assert_eq!(
            fault("oops@2").as_deref(),
            Some(
                "no fault is called \"oops\"; there are: invalid-client, invalid-request, server-500, html, no-token-field"
            )
        );
        for when in ["", "0", "x2", "2x", "2x0", "two", "2xsome"] {
            let message = fault(&format!("html@{when}")).unwrap_or_default();
            assert!(message.starts_with(&format!("{when:?} does not say when")), "{message}");
        }
    }

    #[test]
    fn a_fault_is_met_by_the_requests_of_its_stretch() {
        let faults = ["drop@2x2", "server-503@3xall"].map(|text| text.parse().unwrap());
        let met = (1..=5).map(|of_all| Fault::met(&faults, ReportKind::Sms, Number { of_all, of_report: 1 }));
        let (drop, down) = (Some(FaultKind::Drop), Some(FaultKind::Server503));
        assert_eq!(met.collect::<Vec<_>>(), [None, drop, drop, down, down]);
    }

    #[test]
    fn a_fault_of_one_report_is_met_and_counted_there_alone() {
        let faults = ["call:drop@2"].map(|text| text.parse().unwrap());
        let met = |report, of_report| Fault::met(&faults, report, Number { of_all: 2, of_report });
        assert_eq!(met(ReportKind::Call, 2), Some(FaultKind::Drop));
        assert_eq!(met(ReportKind::Call, 1), None);
        assert_eq!(met(ReportKind::Fax, 2), None);
        let message = "mail:drop".parse::<Fault>().unwrap_err().to_string();
        let help = "before \":\" comes sms, call or fax, as in \"call:server-500@2\"";
        assert_eq!(message, format!("no report is called \"mail\"; {help}"));
    }
}
