//! The operator's command.

use std::process::ExitCode;

fn main() -> ExitCode {
    zoom_sms_cost_alerts::cli::main()
}
