//! What all commands have in common: where output goes, what help says, and what `-v` shows.

use super::check::Desk;
use super::{Ended, Environment, cost_alerts, run};
use crate::support::{NOW, setup, spent};
use std::{fs::File, process::Stdio};
use zoom_sms_cost_alerts::sandbox::CLIENT_SECRET;

const COMMANDS: [&[&str]; 17] = [
    &["demo"],
    &["init"],
    &["check"],
    &["policy"],
    &["policy", "put"],
    &["schema"],
    &["replay"],
    &["report"],
    &["export"],
    &["explain"],
    &["doctor"],
    &["backfill"],
    &["secret"],
    &["secret", "put"],
    &["sandbox"],
    &["completions"],
    &[],
];

#[tokio::test]
async fn help_names_exit_codes_and_the_variables_that_are_read() {
    for command in COMMANDS {
        // What only leads to others, and what another test looks at.
        if matches!(command, ["demo" | "secret"]) {
            continue;
        }
        let ended = run(&[command, &["--help"]].concat(), &Environment::new()).await;
        assert_eq!((ended.code, ended.err.as_str()), (0, ""), "{command:?}");
        assert!(
            ended.out.contains("Exit codes: ") || ended.out.contains("Exit codes:\n"),
            "{command:?}: {}",
            ended.out
        );
    }
    for (command, variables) in [
        (
            "check",
            &["ZOOM_ACCOUNT_ID, ZOOM_CLIENT_ID, ZOOM_CLIENT_SECRET", "ZOOM_API_URL", "LEDGER_TABLE", "NO_COLOR"][..],
        ),
        ("init", &["ZOOM_REQUESTS_PER_SECOND"]),
        ("replay", &["ZOOM_ACCOUNT_ID"]),
        ("report", &["ZOOM_ACCOUNT_ID", "LEDGER_TABLE"]),
        ("export", &["ZOOM_ACCOUNT_ID", "LEDGER_TABLE", "AWS_REGION"]),
        ("doctor", &["ZOOM_SECRET_ID", "ALERT_TOPIC_ARN", "LEDGER_TABLE", "POLICY"]),
        ("backfill", &["ZOOM_SECRET_ID", "FULL_READ_HOURS"]),
        ("explain", &["LEDGER_TABLE", "POLICY"]),
    ] {
        let help = run(&[command, "--help"], &Environment::new()).await.out;
        variables.iter().for_each(|name| assert!(help.contains(name), "{command} {name}: {help}"));
    }
}

/// Whoever cannot be answered was not served; whoever has seen enough was.
#[tokio::test]
async fn a_full_disk_is_an_error_and_a_closed_pipe_is_none() {
    let desk = Desk::new(setup().rows([spent(60)])).await;
    let policy = desk.policy();
    let check = ["check", "--policy", &policy, "--as-of", NOW];
    let export = ["export", "--format", "csv", "--source", "demo"];
    for arguments in [&["schema"][..], &["completions", "bash"], &["--help"], &["check", "--help"], &check, &export] {
        let mut command = cost_alerts(arguments, desk.environment());
        command.stdout(File::options().write(true).open("/dev/full").unwrap()).stderr(Stdio::piped());
        let output = command.spawn().unwrap().wait_with_output().await.unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {err}");

        let mut command = cost_alerts(arguments, desk.environment());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().await.unwrap();
        let expected = if arguments == check { 3 } else { 0 };
        assert_eq!((output.status.code(), output.stderr), (Some(expected), Vec::new()), "{arguments:?}");
    }
}

#[tokio::test]
async fn verbose_shows_requests_and_no_secret() {
    let desk = Desk::new(setup().rows([spent(60)])).await;
    let policy = desk.policy();
    let ended = run(&["check", "-v", "--policy", &policy, "--as-of", NOW], desk.environment()).await;
    assert_eq!(ended.code, 3);
    let api = &desk.environment()["ZOOM_API_URL"];
    for part in [
        format!("POST {}: HTTP 200 in ", desk.environment()["ZOOM_TOKEN_URL"]),
        format!("GET {api}/phone/reports/sms_charges from=2026-"),
    ] {
        assert!(ended.err.contains(&part), "{part}: {}", ended.err);
    }
    for secret in desk.zoom.access_tokens().iter().map(String::as_str).chain([CLIENT_SECRET, "Basic", "Bearer"]) {
        assert!(!ended.err.contains(secret), "{}", ended.err);
    }
    // Without it, standard error has nothing.
    assert_eq!(desk.check(&[]).await.err, "");
}

#[tokio::test]
async fn completions_know_the_subcommands_of_each_shell() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let ended = run(&["completions", shell], &Environment::new()).await;
        assert_eq!((ended.code, ended.err.as_str()), (0, ""), "{shell}");
        for name in ["explain", "export", "backfill", "secret"] {
            assert!(ended.out.contains(name), "{shell} {name}");
        }
    }
    let Ended { code, err, .. } = run(&["completions", "dos"], &Environment::new()).await;
    assert!(code == 2 && err.contains("possible values: bash"), "{err}");
}
