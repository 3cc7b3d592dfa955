//! Why a command fails, and whether it was used wrongly: then it ends with 2.

use super::{Ending, failed};
use crate::daybook::StoreError;
use crate::error::{Code, RunError};

/// Why a command ends without what it was to do.
pub(super) struct Fault {
    error: RunError,
    /// Another use of the command would have been right.
    wrong_use: bool,
}

impl Fault {
    pub(super) fn wrong_use(message: impl Into<String>) -> Fault {
        Fault::used_wrongly(RunError::new(Code::ConfigInvalid, message))
    }

    pub(super) fn used_wrongly(error: RunError) -> Fault {
        Fault { error, wrong_use: true }
    }

    pub(super) fn end(&self, json: bool) -> Ending {
        let ending = failed(&self.error, json);
        if self.wrong_use { Ending::UsedWrongly } else { ending }
    }
}

impl From<RunError> for Fault {
    fn from(error: RunError) -> Fault {
        Fault { error, wrong_use: false }
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Fault {
        RunError::new(Code::LedgerUnavailable, error.to_string()).into()
    }
}
