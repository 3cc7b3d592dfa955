//! The operator's command, as a process: what it prints, and how it ends.

mod backfill;
mod check;
mod demo;
mod doctor;
mod documents;
mod explain;
mod export;
mod faults;
mod function;
mod init;
mod output;
mod past;
mod policy;
mod report;
mod sandbox;
mod schema;
mod secret;
mod version;

use crate::support::{Aws, Moto, inherited};
use serde_json::Value;
use std::{collections::BTreeMap, process::Stdio};
use tokio::process::Command;

type Environment = BTreeMap<&'static str, String>;

/// The command with these arguments, which sees nothing of the test's own environment.
fn cost_alerts(arguments: &[&str], environment: &Environment) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cost-alerts"));
    command.args(arguments).env_clear().envs(inherited()).envs(environment).stdin(Stdio::null()).kill_on_drop(true);
    command
}

/// What makes the command a caller of the stand-in, where this table is the ledger's.
fn with_aws(aws: &Aws) -> Environment {
    Environment::from([
        ("AWS_ENDPOINT_URL", Moto::shared().endpoint().to_owned()),
        ("AWS_REGION", "us-east-1".to_owned()),
        ("AWS_ACCESS_KEY_ID", "test".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
        ("LEDGER_TABLE", aws.table.clone()),
    ])
}

struct Ended {
    code: i32,
    out: String,
    err: String,
}

impl Ended {
    async fn of(mut command: Command) -> Self {
        let output = command.output().await.unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
    }

    /// The lines of standard output, each of which must be JSON.
    fn json(&self) -> Vec<Value> {
        let parsed = |line| serde_json::from_str(line).unwrap_or_else(|_| panic!("not JSON: {line}"));
        self.out.lines().map(parsed).collect()
    }
}

async fn run(arguments: &[&str], environment: &Environment) -> Ended {
    Ended::of(cost_alerts(arguments, environment)).await
}

#[tokio::test]
async fn wrong_use_ends_with_2_and_says_what_is_right() {
    for (arguments, part) in [
        (&[][..], "Usage: cost-alerts"),
        (&["polcy"], "some similar subcommands exist: 'replay', 'policy'"),
        (&["demo", "--colour"], "unexpected argument '--colour'"),
        (&["check", "--policy"], "a value is required"),
        (&["policy"], "<FILE|-|ssm:NAME|table:NAME>"),
        (&["policy", "a.toml", "put", "b.toml"], "the subcommand 'put' cannot be used with"),
        (&["policy", "put"], "<FILE|->"),
        (&["policy", "put", "a.toml", "--to", "table:"], "names no item of the ledger's table"),
        (&["sandbox", "--port", "70000"], "70000 is not in 0..=65535"),
        (&["sandbox", "--fault", "earthquake"], "invalid value 'earthquake'"),
        (&["sandbox", "--fault", "mail:drop"], "no report is called \"mail\""),
    ] {
        let ended = run(arguments, &Environment::new()).await;
        assert_eq!((ended.code, ended.out.as_str()), (2, ""), "{arguments:?}");
        assert!(ended.err.contains(part), "{arguments:?}: {}", ended.err);
    }
}
