use super::{Ended, Environment, run, with_aws};
use crate::support::{Aws, Budget, NOW, Policy, Setup, setup, spent, spent_on};
use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};
use tempfile::TempDir;
use zoom_sms_cost_alerts::sandbox::{ACCOUNT_ID, CLIENT_ID, CLIENT_SECRET, Sandbox};

/// A Zoom, a policy, and what tells the command of them.
pub(super) struct Desk {
    directory: TempDir,
    environment: Environment,
    pub(super) zoom: Sandbox,
}

impl Desk {
    pub(super) async fn new(setup: Setup) -> Self {
        let zoom = setup.sandbox().await;
        let environment = Environment::from([
            ("ZOOM_API_URL", zoom.api_url()),
            ("ZOOM_TOKEN_URL", zoom.token_url()),
            ("ZOOM_REQUESTS_PER_SECOND", "1000".to_owned()),
            ("ZOOM_ACCOUNT_ID", ACCOUNT_ID.to_owned()),
            ("ZOOM_CLIENT_ID", CLIENT_ID.to_owned()),
            ("ZOOM_CLIENT_SECRET", CLIENT_SECRET.to_owned()),
        ]);
        let directory = tempfile::tempdir().unwrap();
        let desk = Self { directory, environment, zoom };
        std::fs::write(desk.policy(), Policy::default().to_string()).unwrap();
        desk
    }

    pub(super) fn environment(&self) -> &Environment {
        &self.environment
    }

    pub(super) fn policy(&self) -> String {
        self.directory.path().join("policy.toml").to_str().unwrap().to_owned()
    }

    pub(super) async fn check(&self, more: &[&str]) -> Ended {
        let policy = self.policy();
        let arguments = [&["check", "--policy", &policy, "--as-of", NOW], more].concat();
        let ended = run(&arguments, &self.environment).await;
        for text in [&ended.out, &ended.err] {
            assert!(!text.contains(CLIENT_SECRET), "{text}");
        }
        ended
    }
}

#[tokio::test]
async fn a_reached_budget_ends_with_3_and_shows_what_would_be_sent() {
    let desk = Desk::new(setup().rows([spent(60)])).await;
    let ended = desk.check(&["--messages"]).await;
    assert_eq!((ended.code, ended.err.as_str()), (3, ""));
    let (figures, message) = ended.out.split_once("── E-mail").unwrap();
    insta::assert_snapshot!(figures, @r#"
    No budget is over; the only one has reached a level.
    Read whole: 1 charged message on 2 pages for 22 days, 2 requests.

    State  Budget                  Spent  Limit  Used
    ◐ 50%  Sales +12025550143  USD 60.00    100   60%

    Nothing was sent. 1 message would be, if not sent before:
    "#);
    assert!(message.contains("Subject: 50%: Sales +12025550143 at 60% (USD 60.00 of 100), November"), "{message}");
    let ended = desk.check(&["--json"]).await;
    assert_eq!(ended.code, 3);
    let [answer] = &ended.json()[..] else { panic!("{}", ended.out) };
    assert_eq!(answer["alerts"][0]["outcome"], "dry_run");
    assert_eq!(answer["verdict"], "No budget is over; the only one has reached a level.");
    let budget = &answer["budgets"][0];
    let (state, used, who) = (&budget["state"], &budget["used_percent"], &budget["who"]);
    assert_eq!((state, used, who), (&json!("level"), &json!(60), &json!("Sales +12025550143")));
}

#[tokio::test]
async fn no_reached_budget_ends_with_0() {
    let desk = Desk::new(setup().rows([spent(10)])).await;
    let ended = desk.check(&[]).await;
    assert_eq!((ended.code, ended.err.as_str()), (0, ""));
    assert!(ended.out.contains("Nothing was sent, and nothing would be."), "{}", ended.out);
}

#[tokio::test]
async fn a_zoom_that_fails_ends_with_1() {
    for (fault, code) in [("scope-missing@1", "ZoomScopeMissing"), ("bad-charge@1xall", "ReportInvalid")] {
        for json in [false, true] {
            // Even where a budget is reached: the figures are not proven.
            let desk =
                Desk::new(setup().rows([spent(60), spent_on("2026-11-11", 60)]).zoom(&format!("--fault {fault}")))
                    .await;
            let ended = desk.check(if json { &["--json"] } else { &[] }).await;
            assert_eq!(ended.code, 1, "{fault}");
            assert!(ended.err.starts_with(&format!("error[{code}]: ")), "{}", ended.err);
            if json {
                let [answer] = &ended.json()[..] else { panic!("{}", ended.out) };
                assert_eq!((&answer["complete"], &answer["error"]["code"]), (&json!(false), &json!(code)));
            }
        }
    }
}

#[tokio::test]
async fn what_is_missing_or_malformed_ends_with_2() {
    let desk = Desk::new(setup()).await;
    let without = |names: &[&str]| {
        let mut environment = desk.environment.clone();
        environment.retain(|name, _| !names.contains(name));
        environment
    };
    let with = |name, value: &str| {
        let mut environment = desk.environment.clone();
        environment.insert(name, value.to_owned());
        environment
    };
    let policy = desk.policy();
    let good = ["check", "--policy", &policy];
    for (arguments, environment, parts) in [
        (
            &good[..],
            without(&["ZOOM_CLIENT_ID", "ZOOM_CLIENT_SECRET"]),
            &["ZOOM_CLIENT_ID, ZOOM_CLIENT_SECRET missing", "--secret-id"][..],
        ),
        (&good, with("ZOOM_ACCOUNT_ID", " "), &["ZOOM_ACCOUNT_ID missing"]),
        (&good, with("ZOOM_API_URL", "http://api.zoom.us"), &["ZOOM_API_URL", "is not https"]),
        (
            &[&good[..], &["--as-of", "yesterday"]].concat(),
            without(&[]),
            &["--as-of = \"yesterday\" is neither a date"],
        ),
        (&[&good[..], &["--as-of", "2999-01-01T00:00:00Z"]].concat(), without(&[]), &["in the future"]),
        (&["check", "--policy", "table:budgets"], without(&[]), &["LEDGER_TABLE is missing"]),
        (&[&good[..], &["--publish"]].concat(), without(&[]), &["unexpected argument '--publish'"]),
    ] {
        let ended = run(arguments, &environment).await;
        assert_eq!(ended.code, 2, "{arguments:?}: {}", ended.err);
        for part in parts {
            assert!(ended.err.contains(part), "{part} in {}", ended.err);
        }
    }
}

#[tokio::test]
async fn a_faulty_policy_ends_with_1_and_shows_the_place() {
    let desk = Desk::new(setup()).await;
    std::fs::write(desk.policy(), Policy::of(Budget::each("billing_number").currency("DOLLAR")).to_string()).unwrap();
    let ended = desk.check(&[]).await;
    assert_eq!(ended.code, 1);
    assert!(ended.err.contains("policy.toml:4:12"), "{}", ended.err);
    let ended = desk.check(&["--json"]).await;
    assert_eq!((ended.code, &ended.json()[0]["error"]["code"]), (1, &json!("PolicyInvalid")));
}

/// Secret and policy by way of AWS, and the very answer of the function.
#[tokio::test]
async fn the_check_for_machines_is_the_functions_answer_and_sends_nothing() {
    let world = setup().sample().world().await;
    let source = world.aws.put_parameter(include_str!("../../../events/policy.toml")).await;
    let mut environment = with_aws(&world.aws);
    environment.extend([("ZOOM_API_URL", world.zoom.api_url()), ("ZOOM_TOKEN_URL", world.zoom.token_url())]);
    let secret_id = &world.aws.secret_id;
    let arguments = ["check", "--json", "--as-of", NOW, "--policy", &source, "--secret-id", secret_id];
    let ended = run(&arguments, &environment).await;
    assert_eq!((ended.code, ended.err.as_str()), (3, ""));
    let answer = world.run(json!({ "as_of": NOW, "policy": source, "dry_run": true })).await;
    // A check has no topic, and an alert's id is of its receiver.
    // The command's answer has more: all that its table shows.
    let without_ids = |mut answer: Value| {
        for shown in ["verdict", "budgets", "news", "not_covered", "silenced", "notes"] {
            answer.as_object_mut().unwrap().remove(shown);
        }
        let alerts = answer["alerts"].as_array_mut().unwrap().iter_mut();
        alerts.for_each(|alert| assert!(alert.as_object_mut().unwrap().remove("id").is_some()));
        answer
    };
    let [checked] = <[Value; 1]>::try_from(ended.json()).unwrap();
    assert_eq!(without_ids(checked), without_ids(answer.answer().clone()));
    assert!(world.aws.messages().await.is_empty());
    assert!(world.aws.ledger_items().await.is_empty());
}

#[tokio::test]
async fn a_policy_in_the_table_is_checked_as_a_file_is() {
    let desk = Desk::new(setup().rows([spent(60)])).await;
    let aws = Aws::new().await;
    let document = AttributeValue::S(Policy::default().to_string());
    aws.put_policy_item("budgets", [("document", document), ("revision", AttributeValue::N("1".to_owned()))]).await;
    let mut environment = with_aws(&aws);
    environment.extend(desk.environment.clone());
    let ended = run(&["check", "--policy", "table:budgets", "--as-of", NOW], &environment).await;
    assert_eq!((ended.code, ended.err.as_str()), (3, ""));
    assert_eq!(ended.out, desk.check(&[]).await.out);
}

#[tokio::test]
async fn what_is_missing_of_which_report_is_said_and_figures_are_at_least() {
    let policy = format!("products = ['sms', 'call']\n{}", Policy::default());
    let desk = Desk::new(setup().policy(&policy).rows([spent(10)]).zoom("--fault call:server-500@1xall")).await;
    std::fs::write(desk.policy(), policy).unwrap();
    let ended = desk.check(&[]).await;
    assert_eq!(ended.code, 1);
    let said = ended.out.split_whitespace().collect::<Vec<_>>().join(" ");
    let expected = "Read in part: 22 days of calls are missing; figures are at least what is shown.";
    assert!(said.contains(expected), "{}", ended.out);
}
