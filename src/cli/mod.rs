//! The operator's command: the function's own code on a laptop, with an embedded Zoom.
#![expect(clippy::disallowed_methods, reason = "a composition root, where time and environment are read")]

mod backfill;
mod check;
mod completions;
mod demo;
mod doctor;
mod embedded;
mod explain;
mod export;
mod fault;
mod help;
mod init;
mod policy;
mod progress;
mod replay;
mod report;
mod sandbox;
mod schema;
mod secret;
mod show;
mod source;
mod table;
mod terminal;
mod verbose;
mod whole;

use std::io::{ErrorKind, Write};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::{Parser, Subcommand};
use jiff::Timestamp;

use crate::VERSION;
use crate::error::{Code, RunError};

/// Warns about Zoom Phone charges before the bill does.
#[derive(Parser)]
#[command(name = "cost-alerts", version = VERSION, about, arg_required_else_help = true, after_help = help::GENERAL)]
struct Command {
    /// Show requests to Zoom and AWS, and causes of failures, on standard error
    #[arg(short, long, global = true)]
    verbose: bool,
    #[command(subcommand)]
    subcommand: Subcommands,
}

// What each says of itself stands at its arguments.
#[derive(Subcommand)]
enum Subcommands {
    Demo(demo::Demo),
    Init(init::Init),
    Check(check::Check),
    Policy(policy::PolicyCommand),
    /// Print the JSON Schema of the policy, for editors that check TOML against a schema
    #[command(after_long_help = help::SCHEMA)]
    Schema,
    Replay(replay::Replay),
    Report(report::Report),
    Export(export::Export),
    Explain(explain::Explain),
    Doctor(doctor::Doctor),
    Backfill(backfill::Backfill),
    Secret(secret::SecretCommand),
    Sandbox(Box<sandbox::Serve>),
    Completions(completions::Completions),
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
    let command = match Command::try_parse() {
        Ok(command) => command,
        // The help that was asked for is output like any other.
        Err(asked) if !asked.use_stderr() => {
            let printed = asked.print();
            return printed.map_or_else(|error| output_failed(&error), |()| Ending::Fine).into();
        }
        Err(wrong) => {
            _ = wrong.print();
            return Ending::UsedWrongly.into();
        }
    };
    if command.verbose {
        verbose::start();
    }
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
            Subcommands::Report(report) => report.run(Timestamp::now()).await,
            Subcommands::Export(export) => export.run(Timestamp::now()).await,
            Subcommands::Explain(explain) => explain.run().await,
            Subcommands::Doctor(doctor) => doctor.run(Timestamp::now()).await,
            Subcommands::Backfill(backfill) => backfill.run(Timestamp::now()).await,
            Subcommands::Secret(secret) => secret.run().await,
            Subcommands::Sandbox(serve) => serve.run(Timestamp::now()).await,
            Subcommands::Completions(completions) => completions.run(),
        }
    });
    // Whoever could not be answered was not served, however well the job went.
    if OUTPUT_FAILED.load(Ordering::Relaxed) { Ending::Failed.into() } else { ending.into() }
}

/// Whether some of standard output was lost.
static OUTPUT_FAILED: AtomicBool = AtomicBool::new(false);

/// Writes to standard output. A reader who has seen enough (`| head`) is no fault; a full disk is.
fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    if let Err(error) = writeln!(out, "{text}").and_then(|()| out.flush())
        && output_failed(&error) == Ending::Failed
        && !OUTPUT_FAILED.swap(true, Ordering::Relaxed)
    {
        complain(&format!("error: standard output cannot be written: {error}"));
    }
}

/// What becomes of a command whose output could not be written.
fn output_failed(error: &std::io::Error) -> Ending {
    if error.kind() == ErrorKind::BrokenPipe { Ending::Fine } else { Ending::Failed }
}

/// Writes to standard error, as far as there is one.
fn complain(text: &str) {
    _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Says why the job failed. What was asked for wrongly ends as such, whichever command was asked.
fn failed(error: &RunError, json: bool) -> Ending {
    if json {
        say(&serde_json::json!({"error": {"code": error.code.to_string(), "message": error.message}}).to_string());
    }
    complain(&format!("error[{}]: {}", error.code, error.message));
    match error.code {
        Code::ConfigInvalid | Code::EventInvalid => Ending::UsedWrongly,
        _ => Ending::Failed,
    }
}

/// An environment variable that is set and not blank.
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
}
