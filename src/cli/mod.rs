//! The operator's command: the function's own code on a laptop, with an embedded Zoom.
#![expect(clippy::disallowed_methods, reason = "a composition root, where time and environment are read")]

mod backfill;
mod check;
mod demo;
mod doctor;
mod embedded;
mod init;
mod policy;
mod progress;
mod replay;
mod sandbox;
mod schema;
mod show;
mod source;

use std::io::{ErrorKind, Write};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use jiff::Timestamp;

use crate::error::RunError;

/// Alerts on Zoom Phone SMS and MMS charges before the bill does.
#[derive(Parser)]
#[command(name = "cost-alerts", version, about, arg_required_else_help = true)]
struct Command {
    #[command(subcommand)]
    subcommand: Subcommands,
}

#[derive(Subcommand)]
enum Subcommands {
    Demo(demo::Demo),
    /// Propose a policy from the past months that keeps to so many alerts a year
    Init(init::Init),
    /// Read the real Zoom's report, and show totals against budgets and what would be sent; sends nothing
    Check(check::Check),
    /// Validate a policy, or put it where the deployment reads it
    ///
    /// Validating shows the budgets, or all faults with line, column and fix. `cost-alerts check` warns of budgets that match nothing in the
    /// report, and shows what no budget covers. Exit code: 0 valid, 1 not valid, 2 used wrongly.
    Policy(policy::PolicyCommand),
    /// Print the JSON Schema of the policy, for editors that complete and check TOML by one
    Schema,
    /// Show what a policy would have sent over the past months, from final figures
    Replay(replay::Replay),
    /// Check a deployment before its first run, step by step, each with a fix
    Doctor(doctor::Doctor),
    /// Load the past months into a deployment's daybook
    Backfill(backfill::Backfill),
    /// Serve the embedded Zoom for any client, with a switch for each open question and fault
    Sandbox(Box<sandbox::Serve>),
}

/// How a command ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    Fine,
    Failed,
    UsedWrongly,
    BudgetReached,
}

impl From<Ending> for ExitCode {
    fn from(ending: Ending) -> ExitCode {
        ExitCode::from(match ending {
            Ending::Fine => 0,
            Ending::Failed => 1,
            Ending::UsedWrongly => 2,
            Ending::BudgetReached => 3,
        })
    }
}

/// Runs the command that the process was started with.
#[must_use]
pub fn main() -> ExitCode {
    let command = Command::parse();
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            complain(&format!("error: the system gives no event loop: {error}"));
            return Ending::Failed.into();
        }
    };
    let ending = runtime.block_on(async {
        match command.subcommand {
            Subcommands::Demo(demo) => demo.run().await,
            Subcommands::Init(init) => init.run(Timestamp::now()).await,
            Subcommands::Check(check) => check.run(Timestamp::now()).await,
            Subcommands::Policy(policy) => policy.run(Timestamp::now()).await,
            Subcommands::Schema => schema::run(),
            Subcommands::Replay(replay) => replay.run(Timestamp::now()).await,
            Subcommands::Doctor(doctor) => doctor.run(Timestamp::now()).await,
            Subcommands::Backfill(backfill) => backfill.run(Timestamp::now()).await,
            Subcommands::Sandbox(serve) => serve.run(Timestamp::now()).await,
        }
    });
    ending.into()
}

/// Writes to standard output. A reader who has seen enough (`| head`) is no fault.
fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    if let Err(error) = writeln!(out, "{text}").and_then(|()| out.flush())
        && error.kind() != ErrorKind::BrokenPipe
    {
        complain(&format!("error: standard output cannot be written: {error}"));
    }
}

/// Writes to standard error, as far as there is one.
fn complain(text: &str) {
    _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Says why the job failed.
fn failed(error: &RunError, json: bool) -> Ending {
    if json {
        say(&serde_json::json!({"error": {"code": error.code.to_string(), "message": error.message}}).to_string());
    }
    complain(&format!("error[{}]: {}", error.code, error.message));
    Ending::Failed
}

/// An environment variable that is set and not blank.
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
}
