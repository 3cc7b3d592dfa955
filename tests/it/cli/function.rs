//! The function's own binary, started by hand.

use super::Ended;
use tokio::process::Command;
use zoom_sms_cost_alerts::VERSION;

async fn started(arguments: &[&str]) -> Ended {
    let mut command = Command::new(env!("CARGO_BIN_EXE_zoom-sms-cost-alerts"));
    command.args(arguments).env_clear();
    Ended::of(command).await
}

#[tokio::test]
async fn the_function_on_a_laptop_says_what_it_is_and_names_the_command() {
    let ended = started(&[]).await;
    assert_eq!((ended.code, ended.out.as_str()), (2, ""));
    assert!(ended.err.contains("is an AWS Lambda function") && ended.err.contains("cost-alerts demo"), "{}", ended.err);
    let ended = started(&["--version"]).await;
    let version = format!("zoom-sms-cost-alerts {VERSION}\n");
    assert_eq!((ended.code, ended.out, ended.err.as_str()), (0, version, ""));
}
