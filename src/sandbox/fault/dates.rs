//! Faults of some dates: they happen to every question (of one report, if it is named) that covers one of them, whatever
//! the order of the requests.

use std::str::FromStr;
use std::sync::{Mutex, PoisonError};

use jiff::civil::Date;

use super::super::range::Range;
use super::super::reports::ReportKind;
use super::{Fault, FaultError, FaultKind};

/// A fault of the questions that cover any of these dates, written `FROM..TO=KIND[@K[xN]]` or `DATE=KIND[@K[xN]]`, where
/// `REPORT:` may stand before the kind. It lasts unless its number of times is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DateFault {
    /// The first date.
    pub first: Date,
    /// The last date.
    pub last: Date,
    /// What happens, and to which report; K counts the requests for these dates alone.
    pub fault: Fault,
}

impl FromStr for DateFault {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<DateFault, FaultError> {
        let unclear = || FaultError::Dates { given: text.to_owned() };
        let (dates, fault) = text.split_once('=').ok_or_else(unclear)?;
        let (first, last) = dates.split_once("..").unwrap_or((dates, dates));
        let date = |text: &str| Date::strptime("%Y-%m-%d", text).map_err(|_| unclear());
        let (first, last) = (date(first)?, date(last)?);
        if first > last {
            return Err(unclear());
        }
        Ok(DateFault { first, last, fault: Fault::read(fault, |_| true)? })
    }
}

/// How many requests each fault of dates has seen.
pub(in crate::sandbox) struct DateFaults(Mutex<Vec<u32>>);

impl DateFaults {
    pub(in crate::sandbox) fn new(faults: &[DateFault]) -> DateFaults {
        DateFaults(Mutex::new(vec![0; faults.len()]))
    }

    /// The kind of the first of `faults` that happens to a request for this range of this report. Each request is asked
    /// about once.
    pub(in crate::sandbox) fn met(&self, faults: &[DateFault], report: ReportKind, range: &Range) -> Option<FaultKind> {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut kind = None;
        for (fault, seen) in faults.iter().zip(seen.iter_mut()) {
            let Fault { report: of, planned } = fault.fault;
            if of.is_none_or(|of| of == report) && range.covers_any(fault.first, fault.last) {
                *seen += 1;
                kind = kind.or_else(|| planned.covers(*seen).then_some(planned.kind));
            }
        }
        kind
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_of_dates_says_which_and_lasts() {
        let read = |text: &str| {
            let fault = text.parse::<DateFault>();
            fault.map(|DateFault { first, last, fault }| {
                (first.to_string(), last.to_string(), fault.planned.kind, fault.planned.times)
            })
        };
        let (first, last) = ("2026-11-05".to_owned(), "2026-11-07".to_owned());
        assert_eq!(read("2026-11-05..2026-11-07=server-500"), Ok((first.clone(), last, FaultKind::Server500, None)));
        assert_eq!(
            read("2026-11-05=page-token-expired@2x3"),
            Ok((first.clone(), first, FaultKind::PageTokenExpired, Some(3)))
        );
    }

    #[test]
    fn a_fault_of_dates_that_cannot_be_read_says_how_it_is_written() {
        for text in ["server-500", "2026-11-05", "5..6=drop", "2026-11-07..2026-11-05=drop", "..=drop"] {
            let message = text.parse::<DateFault>().unwrap_err().to_string();
            assert!(message.starts_with(&format!("{text:?} does not say which dates")), "{message}");
        }
        assert!(matches!("2026-11-05=oops".parse::<DateFault>(), Err(FaultError::Kind { .. })));
        assert!(matches!("2026-11-05=drop@0".parse::<DateFault>(), Err(FaultError::When { .. })));
    }
}
