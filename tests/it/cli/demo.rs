use super::{Ended, Environment, cost_alerts, run};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::Command;

#[tokio::test]
async fn without_a_terminal_the_demo_prints_a_line_an_event_always_the_same() {
    let ended = run(&["demo"], &Environment::new()).await;
    assert_eq!((ended.code, ended.err.as_str()), (0, ""));
    insta::assert_snapshot!(ended.out, @r#"
    11 Nov 17:00  50%         Marketing +12025550187: USD 51.79 of 100
    12 Nov 14:00  SPIKE       Front desk +12025550109: 167 messages, usually 4
    14 Nov 00:00  FORECAST    Support +12025550112: likely over USD 500
    16 Nov 16:00  50%         Sales +12025550143: USD 60.03 of 120
    16 Nov 17:00  80%         Marketing +12025550187: USD 80.56 of 100
    17 Nov 13:00  50%         The whole account: USD 500.52 of 1,000
    18 Nov 11:00  OVER        Marketing +12025550187: USD 101.65 of 100
    18 Nov 11:00  KILLED      run 419 published 6956d2b9b63d and was killed before it recorded that
    18 Nov 12:00  OVER        Marketing +12025550187: USD 101.65 of 100; again as 6956d2b9b63d, marked as a possible repeat
    21 Nov 08:00  UNCONFIRMED Zoom lists USD 17.58 less for 17 November; the larger figure stands until another reading agrees
    21 Nov 09:00  CORRECTION  Marketing +12025550187: USD 93.66, not 101.65
    24 Nov 11:00  OVER        Marketing +12025550187: USD 101.33 of 100
    27 Nov 13:00  OVER        Support +12025550112: USD 502.52 of 500

     cost-alerts demo: done, 30 days

       720 runs     10 alerts     0 lost     0 unmarked repeats

       ■ OVER        3   Marketing +12025550187, again after the correction
                         Support +12025550112, as forecast
       ◆ FORECAST    1   Support +12025550112, 13 days before it was over
       ▲ SPIKE       1   Front desk +12025550109: 167 messages, usually 4
       ◐ levels      4   50% and 80% on the way
       ↺ CORRECTION  1   after two readings that agree

     Read the alerts as their readers got them:
       cost-alerts demo --messages

     See an account as a page in your browser:
       cost-alerts report --source demo --out report.html

     Your own account, read only, nothing is sent:
       export ZOOM_ACCOUNT_ID=... ZOOM_CLIENT_ID=... ZOOM_CLIENT_SECRET=...
       cost-alerts init > policy.toml
       cost-alerts check
    "#);
}

#[tokio::test]
async fn the_demo_for_machines_is_the_answers_of_the_runs_that_sent_something() {
    let mut demo = cost_alerts(&["demo", "--json"], &Environment::new()).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(demo.stdout.take().unwrap()).lines();
    let mut answers = Vec::new();
    for _ in 0..2 {
        let line = lines.next_line().await.unwrap().unwrap();
        answers.push(serde_json::from_str::<serde_json::Value>(&line).unwrap());
    }
    for (answer, (at, kind)) in
        answers.iter().zip([("2026-11-12T00:00:00Z", "budget"), ("2026-11-12T21:00:00Z", "spike")])
    {
        assert_eq!((answer["as_of"].as_str(), answer["complete"].as_bool()), (Some(at), Some(true)));
        let sent = answer["alerts"].as_array().unwrap().iter().filter(|alert| alert["outcome"] == "sent");
        assert_eq!(sent.map(|alert| alert["kind"].as_str().unwrap()).collect::<Vec<_>>(), [kind]);
    }
    // Whoever has seen enough closes the pipe, which is no fault.
    drop(lines);
    assert_eq!(demo.wait().await.unwrap().code(), Some(0));
}

#[tokio::test]
async fn messages_follow_their_event_as_their_readers_got_them() {
    let mut demo = cost_alerts(&["demo", "--messages"], &Environment::new()).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(demo.stdout.take().unwrap()).lines();
    let mut shown = Vec::new();
    while !shown.iter().any(|line: &String| line.starts_with("Subject: ")) {
        shown.push(lines.next_line().await.unwrap().unwrap());
    }
    assert!(shown[0].starts_with("11 Nov 17:00  50%"), "{shown:?}");
    let subject = shown.last().unwrap();
    assert!(subject.starts_with("Subject: 50%") && subject.contains("Marketing +12025550187"), "{subject}");
}

/// The demo on a terminal of 80 x 24: as soon as it shows its first day, this key is pressed.
async fn on_a_terminal(key: &str) -> Ended {
    let demo = format!("stty rows 24 cols 80; exec {} demo", env!("CARGO_BIN_EXE_cost-alerts"));
    let mut terminal = Command::new("script")
        .args(["-qec", &demo, "/dev/null"])
        .env("TERM", "xterm-256color")
        .env_remove("COLUMNS")
        .env("LANG", "C.UTF-8")
        .env_remove("LC_ALL")
        .env_remove("NO_COLOR")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let (mut keys, mut screen) = (terminal.stdin.take().unwrap(), terminal.stdout.take().unwrap());
    let mut seen = Vec::new();
    let watching = async {
        while !String::from_utf8_lossy(&seen).contains("day 1 of 30") {
            assert!(screen.read_buf(&mut seen).await.unwrap() > 0, "{}", String::from_utf8_lossy(&seen));
        }
        keys.write_all(key.as_bytes()).await.unwrap();
        keys.flush().await.unwrap();
        screen.read_to_end(&mut seen).await.unwrap();
    };
    tokio::time::timeout(Duration::from_secs(120), watching).await.unwrap();
    let code = terminal.wait().await.unwrap().code().unwrap();
    Ended { code, out: String::from_utf8(seen).unwrap(), err: String::new() }
}

/// What is on the screen that stays, after the picture is gone.
fn left(shown: &str) -> &str {
    let (picture, left) = shown.split_once("\x1b[?1049l").expect("the screen is given back");
    let (before, after) = picture.split_once("\x1b[?25l").expect("the cursor is hidden");
    assert!(before.contains("\x1b[?1049h") && after.contains("\x1b[?25h"), "{picture:?}");
    assert!(picture.contains("The whole account, USD") && picture.contains("\x1b[34m"), "{picture:?}");
    left
}

#[tokio::test]
async fn q_leads_to_the_last_picture_and_gives_the_terminal_back() {
    let ended = on_a_terminal("q").await;
    let left = left(&ended.out);
    assert_eq!(ended.code, 0, "{left}");
    assert!(left.contains("stopped after 0 of 30 days") && left.contains("cost-alerts init > policy.toml"), "{left}");
    assert!(!left.contains("\x1b[?25l"), "{left:?}");
}

#[tokio::test]
async fn ctrl_c_gives_the_terminal_back() {
    let ended = on_a_terminal("\x03").await;
    assert_eq!((ended.code, left(&ended.out).trim()), (1, ""));
}
