use std::fmt;
use std::ops::Range;

/// One thing wrong with a policy: where, what was given, what is allowed, what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyFault {
    /// Stable code, such as `unknown_key`.
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub fix: String,
    /// Bytes of the document.
    pub span: Range<usize>,
    /// Counted from 1.
    pub line: usize,
    /// Characters, counted from 1.
    pub column: usize,
}

impl PolicyFault {
    pub(super) fn at(
        document: &str,
        span: Range<usize>,
        code: &'static str,
        message: String,
        fix: String,
    ) -> PolicyFault {
        let before = document.get(..span.start).unwrap_or(document);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = before.matches('\n').count() + 1;
        let column = before.get(line_start..).unwrap_or_default().chars().count() + 1;
        PolicyFault { code, message, fix, span, line, column }
    }
}

impl fmt::Display for PolicyFault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "line {}, column {}: {}; {}", self.line, self.column, self.message, self.fix)
    }
}

/// All that is wrong with a policy, in the order of the document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyFaults(pub Vec<PolicyFault>);

impl fmt::Display for PolicyFaults {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.0.iter().enumerate() {
            if index > 0 {
                out.write_str(" | ")?;
            }
            fault.fmt(out)?;
        }
        Ok(())
    }
}

impl std::error::Error for PolicyFaults {}
