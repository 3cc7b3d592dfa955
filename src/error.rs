//! The one error that a run can end with.

use std::error::Error;
use std::fmt;

use serde::Serialize;

/// The stable codes of [`RunError`]: what Lambda reports as `errorType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Code {
    /// The environment is missing a variable or has a malformed one.
    ConfigInvalid,
    /// The policy cannot be read, or is not a policy.
    PolicyInvalid,
    /// The secret cannot be read, or is not a secret of the expected form.
    SecretUnreadable,
    /// Zoom does not accept the credentials or the account.
    ZoomUnauthorized,
    /// The Zoom app lacks the scope of the report.
    ZoomScopeMissing,
    /// Zoom's rate limit stands in the way, for longer than the run can wait.
    ZoomRateLimited,
    /// Zoom does not answer, or not as Zoom.
    ZoomUnavailable,
    /// Some of the report could not be read.
    ReportIncomplete,
    /// The report was read, and some of it makes no sense.
    ReportInvalid,
    /// The ledger cannot be read or written, or another run holds an alert.
    LedgerUnavailable,
    /// An alert could not be published.
    PublishFailed,
    /// A topic that something is due for has no confirmed subscription.
    NobodyListens,
    /// The event is not one of the accepted forms.
    EventInvalid,
    /// A defect of the program.
    Internal,
}

impl fmt::Display for Code {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, out)
    }
}

/// Why a run failed: a stable code, and a sentence with what was given, what is allowed and what to do.
/// Holds no secret, no customer's number and no response body.
#[derive(Clone, PartialEq, Eq)]
pub struct RunError {
    /// The stable code.
    pub code: Code,
    /// For people.
    pub message: String,
}

impl RunError {
    /// An error of the given code.
    pub fn new(code: Code, message: impl Into<String>) -> RunError {
        RunError { code, message: message.into() }
    }

    /// The error of two things done side by side, of which at least one failed.
    #[must_use]
    pub fn of_either(one: Option<RunError>, other: Option<RunError>) -> RunError {
        let faults = one.into_iter().chain(other).collect();
        RunError::join(faults).unwrap_or_else(|| RunError::new(Code::Internal, "a failure without a cause"))
    }

    /// Joins the faults of a run: the first gives the code, all are named, what is the same only once. `None` without a fault.
    #[must_use]
    pub fn join(faults: Vec<RunError>) -> Option<RunError> {
        let code = faults.first()?.code;
        let mut lines: Vec<String> = Vec::new();
        for fault in faults {
            let line = if fault.code == code { fault.message } else { format!("{}: {}", fault.code, fault.message) };
            if !lines.contains(&line) {
                lines.push(line);
            }
        }
        let mut message = lines.join(" | ");
        if let Some((end, _)) = message.char_indices().nth(MOST_MESSAGE) {
            message.truncate(end);
            message += "… (cut; the log has all)";
        }
        Some(RunError::new(code, message))
    }
}

/// Characters; Lambda hands errors on within its limits for answers, and nobody reads more.
const MOST_MESSAGE: usize = 4_000;

/// One line: it is what the Lambda runtime logs.
impl fmt::Debug for RunError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.code, self.message.replace(['\n', '\r'], " "))
    }
}

impl fmt::Display for RunError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, out)
    }
}

impl Error for RunError {}

/// An error with the causes behind it, outermost first, each once: `no connection: dns error: no such host`.
#[must_use]
pub fn with_causes(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let line = error.to_string();
        // Many errors repeat their cause.
        if !text.contains(&line) {
            text += ": ";
            text += &line;
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{0}")]
    struct Failure(&'static str, #[source] Option<Box<Failure>>);

    #[test]
    fn causes_are_printed_once() {
        let host = Failure("no such host", None);
        let dns = Failure("dns error: no such host", Some(Box::new(host)));
        assert_eq!(
            with_causes(&Failure("no connection", Some(Box::new(dns)))),
            "no connection: dns error: no such host"
        );
    }

    #[test]
    fn the_first_fault_gives_the_code_and_all_are_named_once() {
        let fault = |code, message: &str| RunError::new(code, message);
        let joined = RunError::join(vec![
            fault(Code::PublishFailed, "a"),
            fault(Code::LedgerUnavailable, "b"),
            fault(Code::PublishFailed, "a"),
        ]);
        assert_eq!(joined, Some(fault(Code::PublishFailed, "a | LedgerUnavailable: b")));
        assert_eq!(RunError::join(Vec::new()), None);
    }
}
