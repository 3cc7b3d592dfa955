use super::{Ending, say};
use crate::domain::policy::schema;

/// Prints the JSON Schema of the policy.
pub(super) fn run() -> Ending {
    say(&format!("{:#}", schema()));
    Ending::Fine
}
