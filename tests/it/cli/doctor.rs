use super::{Ended, Environment, run};
use crate::support::{Aws, Budget, Effect, Moto, Policy, Setup, World, setup};
use jiff::Timestamp;
use serde_json::{Value, json};
use tempfile::TempDir;
use zoom_sms_cost_alerts::sandbox::{ACCOUNT_ID, CLIENT_ID, CLIENT_SECRET};

/// Recognisable, should it ever be shown.
const SECRET_KEY: &str = "doctors-secret-access-key";

/// A deployment, and what tells the command of it.
pub(super) struct Practice {
    pub(super) world: World,
    directory: TempDir,
    pub(super) environment: Environment,
}

impl Practice {
    pub(super) async fn new(fault: Option<&str>) -> Self {
        let line = fault.map_or_else(String::new, |fault| format!("--fault {fault}"));
        Self::of(setup().now(Timestamp::now()).zoom(&line)).await
    }

    pub(super) async fn of(setup: Setup) -> Self {
        let world = setup.world().await;
        world.aws.delete_by("expires_at").await;
        let directory = tempfile::tempdir().unwrap();
        let policy = directory.path().join("policy.toml").to_str().unwrap().to_owned();
        let environment = Environment::from([
            ("ZOOM_SECRET_ID", world.aws.secret_id.clone()),
            ("ALERT_TOPIC_ARN", world.aws.topic_arn.clone()),
            ("LEDGER_TABLE", world.aws.table.clone()),
            ("POLICY", policy),
            ("ZOOM_API_URL", world.zoom.api_url()),
            ("ZOOM_TOKEN_URL", world.zoom.token_url()),
            ("ZOOM_REQUESTS_PER_SECOND", "1000".to_owned()),
            ("AWS_ENDPOINT_URL", Moto::shared().endpoint().to_owned()),
            ("AWS_REGION", "us-east-1".to_owned()),
            ("AWS_ACCESS_KEY_ID", "test".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", SECRET_KEY.to_owned()),
        ]);
        let practice = Self { world, directory, environment };
        practice.write_policy(&Policy::default().to_string());
        practice
    }

    pub(super) fn write_policy(&self, policy: &str) {
        std::fs::write(self.directory.path().join("policy.toml"), policy).unwrap();
    }

    pub(super) async fn doctor(&self, more: &[&str]) -> Ended {
        let ended = run(&[&["doctor"], more].concat(), &self.environment).await;
        let secrets = [CLIENT_SECRET.to_owned(), SECRET_KEY.to_owned()];
        for secret in self.world.zoom.access_tokens().iter().chain(&secrets) {
            assert!(!ended.out.contains(secret) && !ended.err.contains(secret), "{}{}", ended.out, ended.err);
        }
        assert_eq!(ended.err, "");
        ended
    }

    /// The same for machines, in one line.
    async fn examined(&self, more: &[&str]) -> (i32, Value) {
        let ended = self.doctor(&[&["--json"], more].concat()).await;
        let [examined] = <[Value; 1]>::try_from(ended.json()).unwrap();
        (ended.code, examined)
    }
}

/// `step verdict`, for each.
fn verdicts(examined: &Value) -> Vec<String> {
    let steps = examined["steps"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    steps.map(|step| format!("{} {}", text(&step["step"]), text(&step["verdict"]))).collect()
}

fn finding<'e>(examined: &'e Value, name: &str) -> &'e str {
    let mut steps = examined["steps"].as_array().unwrap().iter();
    steps.find(|step| step["step"] == name).unwrap()["finding"].as_str().unwrap()
}

/// No run has read the report yet, so nothing can be said of what budgets match.
const ALL_FINE: [&str; 12] = [
    "environment ok",
    "identity ok",
    "secret ok",
    "token ok",
    "clock ok",
    "scope ok",
    "report ok",
    "policy ok",
    "topic ok",
    "ledger ok",
    "table ok",
    "budgets not_checked",
];

#[tokio::test]
async fn a_sound_deployment_ends_with_0_and_nothing_is_sent() {
    let practice = Practice::new(None).await;
    let (code, examined) = practice.examined(&[]).await;
    assert_eq!((code, &examined["healthy"]), (0, &json!(true)), "{examined}");
    assert_eq!(verdicts(&examined), ALL_FINE);
    assert!(finding(&examined, "token").contains(ACCOUNT_ID), "{examined}");
    assert!(finding(&examined, "topic").starts_with("reaches sqs arn:"), "{examined}");
    assert!(practice.world.aws.messages().await.is_empty());

    // What was written to try the ledger is gone.
    let aws = &practice.world.aws;
    assert_eq!((aws.ledger_items().await, aws.intents().await), (Vec::new(), 0));
    assert!(aws.daybook_keys().await.is_empty());

    let identity = finding(&examined, "identity");
    assert!(
        identity.starts_with("arn:aws:sts::123456789012:") && identity.contains(" in us-east-1; your rights"),
        "{identity}"
    );
    assert_eq!(finding(&examined, "table"), "keys pk (S), sk (S); items go by expires_at");
}

/// Rights and Regions are the caller's own, and a table whose items never go is worth a look.
#[tokio::test]
async fn another_region_and_a_table_without_expiry_are_worth_a_look() {
    let mut practice = Practice::new(None).await;
    practice.environment.insert("AWS_REGION", "eu-central-1".to_owned());
    let (_, examined) = practice.examined(&[]).await;
    assert!(verdicts(&examined).contains(&"identity attention".to_owned()), "{examined}");
    assert!(
        finding(&examined, "identity").contains("but the topic is in us-east-1 of account 123456789012"),
        "{examined}"
    );

    let mut practice = Practice::new(None).await;
    practice.environment.insert("LEDGER_TABLE", Aws::new().await.table);
    let (code, examined) = practice.examined(&[]).await;
    assert_eq!(code, 0, "{examined}");
    assert!(verdicts(&examined).contains(&"table attention".to_owned()), "{examined}");
    assert!(finding(&examined, "table").contains("switch on its time to live"), "{examined}");
}

/// Each owner's topic is looked at as the function's own is, and a policy that looks ahead needs a past.
#[tokio::test]
async fn owners_without_readers_and_a_policy_without_history_are_said() {
    let practice = Practice::new(None).await;
    let (heard, deaf) = (Aws::new().await, Aws::new().await);
    deaf.unsubscribe().await;
    let owner = |name: &str, topic: &Aws| format!("[[owner]]\nname = {name:?}\ntopic_arn = {:?}\n", topic.topic_arn);
    let spike = "[[spike]]\nname = \"s\"\nscope = \"account\"\ncurrency = \"USD\"\nowner = [\"sales\", \"ops\"]\n";
    let owners = [owner("sales", &heard), owner("ops", &deaf)].concat();
    // Of days alone a run reads few, on whatever day this test runs.
    let days = Policy::of(Budget::each("billing_number").period("day"));
    let policy = format!("{days}\n{spike}{owners}");
    practice.write_policy(&policy);
    practice.world.write_policy(&policy);
    practice.world.run(json!({})).await;
    let (code, examined) = practice.examined(&[]).await;
    assert_eq!(code, 1, "{examined}");
    let steps = examined["steps"].as_array().unwrap().iter().filter(|step| step["step"] == "owner");
    let owners: Vec<_> = steps.map(|step| (&step["verdict"], step["finding"].as_str().unwrap())).collect();
    assert_eq!((owners[0].0, owners[1].0), (&json!("ok"), &json!("failed")), "{owners:?}");
    assert!(owners[0].1.starts_with("sales: reaches sqs arn:") && owners[1].1.starts_with("ops: nobody is subscribed"));
    let history = finding(&examined, "history");
    assert!(history.contains("complete day") && history.contains("cost-alerts backfill"), "{history}");
}

#[tokio::test]
async fn a_topic_that_nobody_listens_to_is_a_failure_with_its_fix() {
    let practice = Practice::new(None).await;
    practice.world.aws.unsubscribe().await;
    let (code, examined) = practice.examined(&[]).await;
    assert_eq!(code, 1, "{examined}");
    assert!(verdicts(&examined).contains(&"topic failed".to_owned()), "{examined}");
    assert!(finding(&examined, "topic").contains("alerts reach nobody"), "{examined}");
}

#[tokio::test]
async fn a_failing_step_hides_no_other_that_does_not_need_it() {
    let practice = Practice::new(None).await;
    let aws = &practice.world.aws;
    let secret = json!({ "account_id": "REPLACE_ME", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET });
    aws.put_secret(&secret.to_string()).await;
    practice.write_policy(&Policy::of(Budget::each("billing_number").currency("DOLLAR")).to_string());
    aws.delete_topic().await;
    aws.delete_ledger().await;
    let (code, examined) = practice.examined(&[]).await;
    assert_eq!((code, &examined["healthy"]), (1, &json!(false)), "{examined}");
    assert_eq!(
        verdicts(&examined),
        [
            "environment ok",
            "identity ok",
            "secret failed",
            "token not_checked",
            "clock not_checked",
            "scope not_checked",
            "report not_checked",
            "policy failed",
            "topic failed",
            "ledger failed",
            "table not_checked",
            "budgets not_checked",
        ]
    );
    assert!(practice.world.zoom.observed().is_empty());

    let ended = practice.doctor(&[]).await;
    assert_eq!(ended.code, 1);
    let shown = ended.out.replace(&aws.secret_id, "SECRET").replace(&aws.topic_arn, "TOPIC");
    let shown = shown.replace(&aws.table, "TABLE");
    insta::assert_snapshot!(shown, @r#"
    ok          environment  all variables are well-formed
    ok          identity     arn:aws:sts::123456789012:user/moto in us-east-1; your rights are tested, not those of the function's role
    FAILED      secret       secret "SECRET" still holds the placeholder REPLACE_ME; put the Zoom app's credentials into it; it must be a JSON text with the members account_id, client_id and client_secret, each a non-empty text
    not checked token        needs the secret
    not checked clock        needs the secret
    not checked scope        needs the secret
    not checked report       needs the secret
    FAILED      policy       line 4, column 12: currency "DOLLAR" is not a code of ISO 4217; write three letters such as "USD"
    FAILED      topic        its subscriptions cannot be listed: NotFound (Topic does not exist); check the ARN, and that you may call sns:ListSubscriptionsByTopic on it
    FAILED      ledger       the ledger table "TABLE" cannot be read: ResourceNotFoundException (Requested resource not found); check that it exists and that the function may read and write it
    not checked table        needs the ledger
    not checked budgets      needs the policy and the ledger
    "#);
}

#[tokio::test]
async fn a_daybook_that_may_not_be_read_is_a_failure_of_its_own() {
    let mut practice = Practice::new(None).await;
    let proxy = &practice.world.proxy;
    proxy.always("DynamoDB.BatchGetItem", Effect::Fail { status: 400, code: "AccessDeniedException" });
    let url = proxy.door().await.url;
    practice.environment.insert("AWS_ENDPOINT_URL", url);
    let (code, examined) = practice.examined(&[]).await;
    assert_eq!(code, 1, "{examined}");
    let mut expected = ALL_FINE;
    expected[11] = "budgets failed";
    assert_eq!(verdicts(&examined), expected);
    assert!(finding(&examined, "budgets").contains("the function may use it"), "{examined}");
}

#[tokio::test]
async fn a_missing_scope_is_told_as_such_and_the_report_is_not_judged() {
    let practice = Practice::new(Some("scope-missing@1xall")).await;
    let (code, examined) = practice.examined(&[]).await;
    assert_eq!(code, 1, "{examined}");
    let mut expected = ALL_FINE;
    (expected[5], expected[6]) = ("scope failed", "report not_checked");
    assert_eq!(verdicts(&examined), expected);
    assert!(finding(&examined, "scope").contains("scope"), "{examined}");
}

#[tokio::test]
async fn each_report_that_the_policy_reads_is_looked_at() {
    let three =
        "products = ['sms', 'call', 'fax']\n[[budget]]\nname = 'a'\nscope = 'account'\ncurrency = 'USD'\namount = 9";
    let practice = Practice::of(setup().now(Timestamp::now()).zoom("--scopes sms,fax")).await;
    practice.write_policy(three);
    let (code, examined) = practice.examined(&[]).await;
    assert_eq!(code, 1, "{examined}");
    let steps = examined["steps"].as_array().unwrap();
    let of = |name: &str| {
        let found = steps.iter().filter(|step| step["step"] == name);
        found.map(|step| format!("{} {}", step["verdict"], step["finding"])).collect::<Vec<_>>()
    };
    let [messages, calls, faxes] = &of("scope")[..] else { panic!("{examined}") };
    assert!(messages.contains("\"ok\"") && faxes.contains("the app may read the report of faxes"), "{examined}");
    assert!(calls.contains("\"failed\"") && calls.contains("add phone:read:call_charges:admin"), "{examined}");
}

#[tokio::test]
async fn an_empty_environment_is_one_failure_that_names_all_that_is_missing() {
    let required = ["ZOOM_SECRET_ID", "ALERT_TOPIC_ARN", "LEDGER_TABLE", "POLICY"];
    let mut practice = Practice::new(None).await;
    practice.environment.retain(|name, _| !required.contains(name));
    let (code, examined) = practice.examined(&["--send-test"]).await;
    assert_eq!((code, &examined["healthy"]), (2, &json!(false)), "{examined}");
    for name in required {
        assert!(finding(&examined, "environment").contains(&format!("{name} is missing")), "{name}: {examined}");
    }
    let verdicts = verdicts(&examined);
    let (first, others) = verdicts.split_first().unwrap();
    assert_eq!((first.as_str(), others.len()), ("environment failed", ALL_FINE.len()), "the test is not hidden either");
    assert!(others.iter().all(|step| step.ends_with(" not_checked")), "{others:?}");
}

#[tokio::test]
async fn a_test_is_sent_once_and_only_when_asked_for() {
    let practice = Practice::new(None).await;
    let (code, examined) = practice.examined(&["--send-test"]).await;
    assert_eq!(code, 0, "{examined}");
    assert_eq!(verdicts(&examined), [&ALL_FINE[..], &["test ok"]].concat());
    let messages = practice.world.aws.messages().await;
    let [message] = messages.as_slice() else { panic!("{messages:?}") };
    let message = message.json();
    assert_eq!([&message["kind"], &message["account"]], ["test", ACCOUNT_ID]);
    assert_eq!([&message["alerts"][0]["kind"], &message["possible_repeat"]], [&json!("test"), &json!(false)]);
    let items = practice.world.aws.ledger_items().await;
    let states: Vec<_> = items.iter().map(|item| [&item["kind"], &item["state"]]).collect();
    assert_eq!(states, [["test", "sent"]]);
}
