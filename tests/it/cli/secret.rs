use super::doctor::Practice;
use super::{Ended, cost_alerts};
use aws_sdk_ssm::types::ParameterType;
use serde_json::{Value, json};
use std::process::Stdio;
use tokio::io::AsyncWriteExt;
use zoom_sms_cost_alerts::sandbox::{ACCOUNT_ID, CLIENT_ID, CLIENT_SECRET};

/// `secret put`, which reads these lines.
pub(super) async fn put(practice: &Practice, lines: &str, more: &[&str]) -> Ended {
    let mut command = cost_alerts(&[&["secret", "put"], more].concat(), &practice.environment);
    let mut put = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    put.stdin.take().unwrap().write_all(lines.as_bytes()).await.unwrap();
    let output = put.wait_with_output().await.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let ended = Ended { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) };
    assert!(!ended.out.contains(CLIENT_SECRET) && !ended.err.contains(CLIENT_SECRET), "{}{}", ended.out, ended.err);
    ended
}

#[tokio::test]
async fn credentials_that_zoom_accepts_are_put_and_others_are_not() {
    let practice = Practice::new(None).await;
    practice.world.aws.put_secret("before").await;
    for (lines, code, part) in [
        (format!("{ACCOUNT_ID}\n{CLIENT_ID}\n"), 2, "before the line with the client secret; nothing was put"),
        (format!("{ACCOUNT_ID}\n \n{CLIENT_SECRET}\n"), 2, "the client id is empty; nothing was put"),
        (format!("{ACCOUNT_ID}\n{CLIENT_ID}\nanother\n"), 1, "the client id or the client secret is wrong"),
    ] {
        let ended = put(&practice, &lines, &[]).await;
        assert_eq!((ended.code, ended.out.as_str()), (code, ""), "{}", ended.err);
        assert!(ended.err.contains(part) && ended.err.contains("nothing was put"), "{}", ended.err);
        assert_eq!(practice.world.aws.secret_value().await.as_deref(), Some("before"));
    }
    let lines = format!("{ACCOUNT_ID}\n  {CLIENT_ID}\n{CLIENT_SECRET}\r\n");
    let ended = put(&practice, &lines, &["--json"]).await;
    assert_eq!((ended.code, ended.err.as_str()), (0, ""));
    let secret_id = &practice.world.aws.secret_id;
    assert_eq!(ended.json(), [json!({"put": true, "secret_id": secret_id, "account_id": ACCOUNT_ID})]);
    let value: Value = serde_json::from_str(&practice.world.aws.secret_value().await.unwrap()).unwrap();
    let expected = json!({"account_id": ACCOUNT_ID, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET});
    assert_eq!(value, expected);
}

#[tokio::test]
async fn a_secret_that_is_not_there_is_said_with_its_fix() {
    let practice = Practice::new(None).await;
    let lines = format!("{ACCOUNT_ID}\n{CLIENT_ID}\n{CLIENT_SECRET}\n");
    let ended = put(&practice, &lines, &["--secret-id", "nowhere"]).await;
    assert_eq!(ended.code, 1);
    assert!(ended.err.starts_with("error[SecretUnreadable]: secret \"nowhere\" cannot be written: "), "{}", ended.err);
    assert!(ended.err.contains("secretsmanager:PutSecretValue"), "{}", ended.err);
}

#[tokio::test]
async fn credentials_are_put_into_a_parameter_which_keeps_its_key_and_the_doctor_finds_them_there() {
    let mut practice = Practice::new(None).await;
    let place = format!("ssm:{}", practice.world.aws.zoom_parameter);
    practice.environment.insert("ZOOM_SECRET_ID", place.clone());
    let lines = format!("{ACCOUNT_ID}\n{CLIENT_ID}\n{CLIENT_SECRET}\n");
    let expected = json!({"account_id": ACCOUNT_ID, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET});

    assert_eq!(practice.world.aws.zoom_parameter().await, None);
    let ended = put(&practice, &lines, &["--json"]).await;
    assert_eq!((ended.code, ended.err.as_str()), (0, ""));
    assert_eq!(ended.json(), [json!({"put": true, "secret_id": place, "account_id": ACCOUNT_ID})]);
    let (kind, value, _) = practice.world.aws.zoom_parameter().await.unwrap();
    assert_eq!((kind, serde_json::from_str(&value).ok()), (ParameterType::SecureString, Some(expected.clone())));
    let ended = practice.doctor(&[]).await;
    assert!(ended.out.contains("ok          secret       readable and well-formed"), "{}", ended.out);

    practice.world.aws.put_zoom_parameter("before", ParameterType::SecureString, Some("alias/own")).await;
    let ended = put(&practice, &lines, &[]).await;
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert!(ended.out.contains(&format!("parameter {:?} holds", practice.world.aws.zoom_parameter)), "{}", ended.out);
    let (_, value, key) = practice.world.aws.zoom_parameter().await.unwrap();
    assert_eq!((serde_json::from_str(&value).ok(), key.as_deref()), (Some(expected), Some("alias/own")));
}

#[tokio::test]
async fn nothing_is_put_into_a_parameter_that_is_not_encrypted() {
    let practice = Practice::new(None).await;
    let place = format!("ssm:{}", practice.world.aws.zoom_parameter);
    practice.world.aws.put_zoom_parameter("before", ParameterType::String, None).await;
    let lines = format!("{ACCOUNT_ID}\n{CLIENT_ID}\n{CLIENT_SECRET}\n");
    let ended = put(&practice, &lines, &["--secret-id", &place]).await;
    assert_eq!(ended.code, 1);
    assert!(ended.err.contains("is of type String, whose value AWS keeps unencrypted"), "{}", ended.err);
    assert_eq!(practice.world.aws.zoom_parameter().await.unwrap().1, "before");
}

/// On a terminal the three are asked for, and nothing of the answers is shown.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_terminal_shows_nothing_of_what_is_typed() {
    const TYPE: &str = r#"
import os, pty, sys, termios, time
lines, seen = sys.argv[1:4], b""
child, terminal = pty.fork()
if child == 0:
    os.execv(sys.argv[4], [sys.argv[4], "secret", "put"])
for line, prompt in zip(lines, [b"account id: ", b"Client id: ", b"Client secret: "]):
    while prompt not in seen:
        seen += os.read(terminal, 1024)
    while termios.tcgetattr(terminal)[3] & termios.ECHO:
        time.sleep(0.001)
    os.write(terminal, line.encode() + b"\n")
try:
    while data := os.read(terminal, 1024):
        seen += data
except OSError:
    pass
sys.stdout.buffer.write(seen)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"#;
    let practice = Practice::new(None).await;
    let mut typing = tokio::process::Command::new("python3");
    typing.args(["-c", TYPE, ACCOUNT_ID, CLIENT_ID, CLIENT_SECRET, env!("CARGO_BIN_EXE_cost-alerts")]);
    let path = std::env::var("PATH").unwrap();
    typing.env_clear().env("PATH", path).env("TERM", "xterm").envs(&practice.environment);
    let ended = Ended::of(typing).await;
    assert_eq!(ended.code, 0, "{}{}", ended.out, ended.err);
    assert!(ended.out.contains("holds its credentials now"), "{}", ended.out);
    for typed in [CLIENT_ID, CLIENT_SECRET] {
        assert!(!ended.out.contains(typed), "{}", ended.out);
    }
}
