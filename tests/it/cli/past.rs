//! The past: `--source` and `--save` of `check`, `replay` and `init`.

use super::doctor::Practice;
use super::{Environment, run};
use crate::support::setup;
use jiff::Timestamp;
use serde_json::json;
use tempfile::TempDir;
use zoom_sms_cost_alerts::sandbox::{ACCOUNT_ID, CLIENT_ID, CLIENT_SECRET};

const SAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/events/policy.toml");

/// What tells the command of a deployment, and the credentials that `check` takes.
pub(super) fn with_credentials(practice: &Practice) -> Environment {
    let mut environment = practice.environment.clone();
    environment.extend([
        ("ZOOM_ACCOUNT_ID", ACCOUNT_ID.to_owned()),
        ("ZOOM_CLIENT_ID", CLIENT_ID.to_owned()),
        ("ZOOM_CLIENT_SECRET", CLIENT_SECRET.to_owned()),
    ]);
    environment
}

/// A directory, and the paths of files in it.
struct Desk(TempDir);

impl Desk {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().unwrap().to_owned()
    }

    fn file(&self, name: &str, text: &str) -> String {
        std::fs::write(self.path(name), text).unwrap();
        self.path(name)
    }

    /// The sample account's past, saved.
    async fn past(&self) -> String {
        let past = self.path("demo.past");
        let ended = run(&["replay", "--source", "demo", "--save", &past], &Environment::new()).await;
        assert_eq!((ended.code, ended.err.as_str()), (0, ""));
        past
    }
}

#[tokio::test]
async fn a_replay_shows_a_table_a_month_and_the_same_from_a_file() {
    let (desk, nothing) = (Desk::new(), Environment::new());
    let past = desk.path("demo.past");
    let ended = run(&["replay", "--source", "demo", "--save", &past, "--since", "2026-10"], &nothing).await;
    assert_eq!((ended.code, ended.err.as_str()), (0, ""));
    insta::assert_snapshot!(ended.out, @r#"
    On the past 2 months this policy would have sent 12 messages to default. Final
    figures; not a forecast of the future.
    Each day from 1 October 2026 to 21 November 2026 was judged at its end in
    America/New_York, with 339 days before as history. A run at that time may have
    seen a charge some days later.

    Month     Messages    Over  Forecast  Spike  Levels  Other       Spent
    Oct 2026  ████████ 7     2         ·      ·       4      1  USD 371.50
    Nov       ██████ 5       2         ·      ·       3      1  USD 257.75

    Worst month  October 2026: 7 messages
    Money        department Sales in 2026-10: EUR 10.04 when over, 20.97 in the end

    Kind       For each    Period  Alerts  Spent at it    After it
    budget     number      month        9   USD 206.85  USD 259.78
    budget     department  month        2    EUR 20.11   EUR 14.65
    unwatched  account     month        2     GBP 0.29   GBP 10.52
    Of several alerts of one subject and period, the first counts for what was
    spent at it, and after it until the period's end. Lines are not to be added up:
    a number's money is its department's and the account's too.

    Against another policy: cost-alerts replay --against old.toml
    "#);
    let again = run(&["replay", "--source", &past, "--policy", SAMPLE, "--since", "2026-10"], &nothing).await;
    assert_eq!((again.code, again.err.as_str(), again.out), (0, "", ended.out));

    let ended = run(&["replay", "--source", &past, "--policy", SAMPLE, "--json"], &nothing).await;
    let [answer] = ended.json().try_into().unwrap();
    assert_eq!((ended.code, &answer["figures"], &answer["from"]), (0, &json!("final"), &json!("2025-11-01")));
    let (months, alerts) = (answer["months"].as_array().unwrap(), answer["alerts"].as_array().unwrap());
    let of_months: u64 = months.iter().map(|month| month["alerts"].as_u64().unwrap()).sum();
    assert_eq!((months.len(), of_months, answer["total"]["alerts"].as_u64().unwrap()), (13, of_months, of_months));
    assert_eq!(alerts.len() as u64, of_months);
    assert_eq!((&alerts[0]["outcome"], &alerts[0]["day"]), (&json!("dry_run"), &json!("2025-11-02")));
}

#[tokio::test]
async fn against_another_policy_alerts_are_new_gone_earlier_or_later() {
    let (desk, nothing) = (Desk::new(), Environment::new());
    let past = desk.past().await;
    let sample = std::fs::read_to_string(SAMPLE).unwrap();
    let other =
        desk.file("other.toml", &sample.replace("\"100.00\"", "\"80.00\"").replace("only     = [\"Sales\"]", ""));
    let arguments = ["replay", "--source", &past, "--policy", &other, "--against", SAMPLE, "--since", "2026-11"];
    let ended = run(&arguments, &nothing).await;
    assert_eq!((ended.code, ended.err.as_str()), (0, ""));
    let (_, difference) = ended.out.split_once("\nAgainst ").unwrap();
    insta::assert_snapshot!(difference.replace(SAMPLE, "SAMPLE"), @"
    SAMPLE: 1 new, 0 gone, 4 earlier, 0 later, 2 on the same day.
      new     2026-11-20  default  80%: +12025550143 at 81% (USD 65.07 of 80), November
      earlier 2026-11-09  default  50%: +12025550187 at 51% (USD 41.55 of 80), November (1 day earlier)
      earlier 2026-11-12  default  80%: +12025550187 at 85% (USD 68.19 of 80), November (4 days earlier)
      earlier 2026-11-14  default  50%: +12025550143 at 51% (USD 41.00 of 80), November (3 days earlier)
      earlier 2026-11-16  default  OVER: +12025550187 at 109% (USD 87.81 of 80), November (2 days earlier)
    ");
    let [answer] = run(&[&arguments[..], &["--json"]].concat(), &nothing).await.json().try_into().unwrap();
    let against = &answer["against"];
    for list in ["new", "gone", "earlier", "later"] {
        assert_eq!(json!(against[list].as_array().unwrap().len()), against["counts"][list], "{against}");
    }
}

#[tokio::test]
async fn a_check_of_a_past_judges_its_last_day() {
    let (desk, nothing) = (Desk::new(), Environment::new());
    let past = desk.path("demo.past");
    let ended = run(&["check", "--policy", SAMPLE, "--source", "demo", "--save", &past], &nothing).await;
    assert_eq!((ended.code, ended.err.as_str()), (3, ""));
    let judged = "Judged as of 22 November 2026, 08:00 EST: 902 charged messages of 22 days.";
    assert!(ended.out.contains(judged), "{}", ended.out);
    let again = run(&["check", "--policy", SAMPLE, "--source", &past], &nothing).await;
    assert_eq!((again.code, again.out), (3, ended.out));

    // The same totals and alerts as by the report itself, and forecasts and spikes from the days before besides.
    let practice = Practice::of(setup().now("2026-11-22T13:00:00Z").sample()).await;
    let environment = with_credentials(&practice);
    let read = ["check", "--policy", SAMPLE, "--as-of", "2026-11-22T13:00:00Z", "--json"];
    let [read] = run(&read, &environment).await.json().try_into().unwrap();
    let [checked] =
        run(&["check", "--policy", SAMPLE, "--source", &past, "--json"], &nothing).await.json().try_into().unwrap();
    assert_eq!((&checked["totals"], &checked["as_of"]), (&read["totals"], &read["as_of"]));
    assert_eq!(checked["alerts"].as_array().unwrap().len(), read["alerts"].as_array().unwrap().len());
    let watchful = desk.file(
        "watchful.toml",
        "time_zone = 'America/New_York'\n[[budget]]\nname = 'a'\nscope = 'account'\ncurrency = 'USD'\namount = 300\nforecast_at = [100]\n",
    );
    let [checked] =
        run(&["check", "--policy", &watchful, "--source", &past, "--json"], &nothing).await.json().try_into().unwrap();
    let kinds: Vec<_> = checked["alerts"].as_array().unwrap().iter().map(|alert| alert["kind"].clone()).collect();
    assert!(kinds.contains(&json!("forecast")), "{checked}");
}

#[tokio::test]
async fn a_past_that_cannot_be_used_says_why() {
    let (desk, nothing) = (Desk::new(), Environment::new());
    let past = desk.past().await;
    let text = std::fs::read_to_string(&past).unwrap();
    let cut = desk.file("cut", &text[..text.len() / 2]);
    let damaged = desk.file("damaged", &text.replacen("+12025550143", "+12025550144", 1));
    let policy = desk.file("utc.toml", "[[budget]]\nname = 'a'\nscope = 'account'\ncurrency = 'USD'\namount = 1\n");
    let faulty = desk.file("faulty.toml", "[[budget]]\nname = 'a'\n");
    let nowhere = desk.path("no/where");
    let wanted = |command: &'static str, source: &str, more: &[&str]| {
        [&[command, "--source", source], more].concat().into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let cases: &[(Vec<String>, i32, &str)] = &[
        (wanted("replay", &cut, &["--policy", SAMPLE]), 1, "is cut: it ends after line"),
        (wanted("check", &damaged, &["--policy", SAMPLE]), 1, "does not fit what stands before it; save it again"),
        (wanted("replay", SAMPLE, &["--policy", SAMPLE]), 1, "is no past that --save has written"),
        (wanted("replay", "tabel", &["--policy", SAMPLE]), 2, "--source is zoom, table, demo, or a file"),
        (wanted("replay", &past, &["--policy", &policy]), 2, "use a policy with time_zone = \"America/New_York\""),
        (wanted("check", &past, &["--policy", &policy]), 2, "use a policy with time_zone = \"America/New_York\""),
        (wanted("replay", &past, &["--policy", SAMPLE, "--against", &policy]), 2, "with the same time_zone"),
        (wanted("replay", &past, &["--policy", &faulty]), 1, "faulty.toml is not valid"),
        (wanted("replay", &past, &[]), 2, "the policy \"policy.toml\" cannot be read"),
        (wanted("replay", &past, &["--policy", SAMPLE, "--since", "2024-01"]), 2, "the past begins on 2025-10-27"),
        (
            wanted("replay", "zoom", &["--policy", SAMPLE, "--since", "2024-01"]),
            2,
            "Zoom keeps its report for 13 months",
        ),
        (wanted("replay", &past, &["--policy", SAMPLE, "--since", "May"]), 2, "write a month such as 2026-03"),
        (
            wanted("replay", "zoom", &["--policy", SAMPLE]),
            2,
            "ZOOM_ACCOUNT_ID, ZOOM_CLIENT_ID, ZOOM_CLIENT_SECRET missing",
        ),
        (wanted("replay", "table", &["--policy", SAMPLE]), 2, "LEDGER_TABLE missing"),
        (wanted("replay", "demo", &["--save", &nowhere]), 2, "cannot be written"),
        (wanted("check", &past, &["--policy", SAMPLE, "--as-of", "2026-11-01"]), 2, "cannot be used with"),
    ];
    for (arguments, code, part) in cases {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let ended = run(&arguments, &nothing).await;
        assert_eq!(ended.code, *code, "{arguments:?}: {}", ended.err);
        assert!(ended.err.contains(part), "{arguments:?}: {}", ended.err);
    }
    let ended = run(&["check", "--policy", SAMPLE, "--save", &past], &nothing).await;
    assert!(ended.code == 2 && ended.err.contains("--save saves what --source has read"), "{}", ended.err);
}

#[tokio::test]
async fn the_past_of_a_table_is_that_of_zoom_once_it_is_loaded() {
    let practice = Practice::of(setup().now(Timestamp::now()).sample()).await;
    let policy = practice.environment["POLICY"].clone();
    let environment = with_credentials(&practice);
    let of_table = ["replay", "--source", "table", "--policy", &policy, "--json"];
    let ended = run(&of_table, &environment).await;
    assert_eq!(ended.code, 1, "{}", ended.err);
    assert!(ended.err.contains("yet; run cost-alerts backfill"), "{}", ended.err);

    assert_eq!(run(&["backfill"], &practice.environment).await.code, 0);
    let ended = run(&of_table, &environment).await;
    assert_eq!((ended.code, ended.err.as_str()), (0, ""));
    let [table] = ended.json().try_into().unwrap();
    let of_zoom = ["replay", "--source", "zoom", "--policy", &policy, "--json"];
    let ended = run(&of_zoom, &environment).await;
    // Where it takes longer than ten seconds, it says how far it is.
    let is_quiet = ended.err.lines().all(|line| line.starts_with("reading Zoom's report of "));
    assert!(ended.code == 0 && is_quiet, "{}", ended.err);
    let [zoom] = ended.json().try_into().unwrap();
    let month = |answer: &serde_json::Value| answer["months"][3].clone();
    assert_eq!(month(&table), month(&zoom));
    assert!(month(&table)["alerts"].as_u64().unwrap() > 0, "{table}");

    let desk = Desk::new();
    let tokyo = "time_zone = 'Asia/Tokyo'\n[[budget]]\nname = 'a'\nscope = 'account'\ncurrency = 'USD'\namount = 1\n";
    let tokyo = desk.file("tokyo.toml", tokyo);
    // Whose history it is tells the secret of the deployment too.
    let ended = run(&["check", "--source", "table", "--policy", &tokyo], &practice.environment).await;
    assert_eq!(ended.code, 2, "{}", ended.err);
    assert!(
        ended.err.contains("has no history of account") && ended.err.contains("use a policy with time_zone"),
        "{}",
        ended.err
    );
}

#[tokio::test]
async fn a_past_replaces_a_past_and_nothing_else() {
    let (desk, nothing) = (Desk::new(), Environment::new());
    let (past, mine) = (desk.past().await, desk.file("policy.toml", "mine"));
    let saved = run(&["check", "--source", &past, "--policy", SAMPLE, "--save", &past], &nothing).await;
    assert!(saved.code != 2 && saved.err.is_empty(), "{}", saved.err);
    for (path, problem) in
        [(mine.as_str(), "is no past that --save has written"), ("no/such/past", "no such directory")]
    {
        let refused = run(&["check", "--source", &past, "--policy", SAMPLE, "--save", path], &nothing).await;
        assert_eq!((refused.code, refused.out.as_str()), (2, ""), "{path}");
        assert!(refused.err.contains(problem), "{}", refused.err);
    }
    assert_eq!(std::fs::read_to_string(&mine).unwrap(), "mine");
}
