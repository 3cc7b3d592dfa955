use super::{Ended, Environment, cost_alerts, run, with_aws};
use crate::support::Aws;
use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::json;
use std::process::Stdio;
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;

const GOOD: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/events/policy.toml");
const BAD: &str = r#"time_zone = "Mars/Olympus"

[[budget]]
name = "all"
scope = "account"
currency = "DOLLAR"
amount = 100
alert_at = [0, 100]
"#;

#[tokio::test]
async fn a_valid_policy_is_shown() {
    let ended = run(&["policy", GOOD], &Environment::new()).await;
    assert_eq!((ended.code, ended.err.as_str()), (0, ""));
    // Where lines are wrapped depends on the directory that this is in.
    let (table, valid) = ended.out.split_at(ended.out.find(GOOD).unwrap());
    insta::assert_snapshot!(table, @r#"
    Budget           Watches                             Amount  Alerts at
    every number     each billing number        USD 100 a month  50%, 80%, 100%
    support lines    +12025550112, +1202556*    USD 500 a month  80%, 100%, 150%
    whole account    the whole account        USD 1,000 a month  50%, 80%, 100%
    sales in Europe  department Sales            EUR 10 a month  100%
    "#);
    let valid = valid.replace(GOOD, "POLICY").split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(
        valid,
        "POLICY is valid. Days and months turn in America/New_York; a period that is over is judged for at least 3 more days."
    );
    let ended = run(&["policy", "--json", GOOD], &Environment::new()).await;
    assert_eq!((ended.code, ended.json()), (0, vec![json!({ "valid": true, "faults": [], "remarks": [] })]));
}

#[tokio::test]
async fn all_faults_of_a_policy_are_shown_where_they_are() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("policy.toml");
    std::fs::write(&file, BAD).unwrap();
    let file = file.to_str().unwrap();
    let ended = run(&["policy", file], &Environment::new()).await;
    assert_eq!((ended.code, ended.out.as_str()), (1, ""));
    insta::assert_snapshot!(ended.err.replace(file, "POLICY"), @r#"
    bad_value

      x time zone "Mars/Olympus" is not known
       ,-[POLICY:1:13]
     1 | time_zone = "Mars/Olympus"
       :             ^^^^^^^^^^^^^^
     2 | 
       `----
      help: write an IANA name such as "America/New_York", or leave the key out for UTC

    bad_currency

      x currency "DOLLAR" is not a code of ISO 4217
       ,-[POLICY:6:12]
     5 | scope = "account"
     6 | currency = "DOLLAR"
       :            ^^^^^^^^
     7 | amount = 100
       `----
      help: write three letters such as "USD"

    bad_value

      x a level of alert_at 0 is not greater than 0
       ,-[POLICY:8:13]
     7 | amount = 100
     8 | alert_at = [0, 100]
       :             ^
       `----
      help: write a number greater than 0 and at most 100000, with at most 2 decimal places, such as 80

    POLICY is not valid: 3 faults
    "#);

    let ended = run(&["policy", "--json", file], &Environment::new()).await;
    assert_eq!(ended.code, 1);
    let told = &ended.json()[0];
    assert_eq!(told["valid"], false);
    let faults = told["faults"].as_array().unwrap().iter();
    let places: Vec<_> = faults
        .map(|fault| {
            assert!(fault["message"].is_string() && fault["fix"].is_string(), "{fault}");
            format!("{} {}:{}", fault["code"].as_str().unwrap(), fault["line"], fault["column"])
        })
        .collect();
    insta::assert_snapshot!(places.join("\n"), @"
    bad_value 1:13
    bad_currency 6:12
    bad_value 8:13
    ");
}

#[tokio::test]
async fn a_policy_that_is_not_there_is_wrong_use() {
    let ended = run(&["policy", "nowhere.toml"], &Environment::new()).await;
    assert_eq!((ended.code, ended.out.as_str()), (2, ""));
    assert!(ended.err.contains("\"nowhere.toml\" cannot be read"), "{}", ended.err);
}

/// A file with a policy, and a deployment's AWS to put it to.
struct Desk {
    directory: TempDir,
    aws: Aws,
    environment: Environment,
}

impl Desk {
    async fn new() -> Self {
        let aws = Aws::new().await;
        Self { directory: tempfile::tempdir().unwrap(), environment: with_aws(&aws), aws }
    }

    fn write(&self, document: &str) -> String {
        let file = self.directory.path().join("policy.toml");
        std::fs::write(&file, document).unwrap();
        file.to_str().unwrap().to_owned()
    }

    /// Puts the document and shows what the command said, without the directory's name.
    async fn put(&self, document: &str, more: &[&str]) -> Ended {
        let file = self.write(document);
        let mut ended = run(&[&["policy", "put", &file], more].concat(), &self.environment).await;
        ended.out = ended.out.replace(&file, "policy.toml");
        ended
    }
}

/// So many bytes of a valid policy.
fn long(bytes: usize) -> String {
    let good = std::fs::read_to_string(GOOD).unwrap();
    let comment = "# a line that only makes the policy longer, with its end here\n";
    let long = good.clone() + &comment.repeat((bytes - good.len()) / comment.len());
    long.clone() + &"\n".repeat(bytes - long.len())
}

#[tokio::test]
async fn a_policy_is_put_into_the_table_and_read_from_it() {
    let desk = Desk::new().await;
    let good = std::fs::read_to_string(GOOD).unwrap();
    let to = ["--to", "table:budgets", "--yes"];
    let ended = desk.put(&good, &to).await;
    assert_eq!((ended.code, ended.err.as_str()), (0, ""));
    insta::assert_snapshot!(ended.out, @r#"
    There is no policy yet.
    table:budgets is now version 1: 4 budgets and 0 spikes. The next run reads it.
    "#);
    // What is there is shown beside what is to come.
    let changed = good.replace("amount   = 500", "amount   = 600").replace("sales in Europe", "sales abroad");
    let ended = desk.put(&changed, &to).await;
    assert_eq!((ended.code, ended.err.as_str()), (0, ""));
    insta::assert_snapshot!(ended.out, @r#"
    --- table:budgets, version 1
    +++ policy.toml
    @@ -15,7 +15,7 @@
     scope    = "billing_number"
     only     = ["+12025550112", "+1202556*"]
     currency = "USD"
    -amount   = 500
    +amount   = 600
     alert_at = [80, 100, 150]
     
     [[budget]]
    @@ -26,7 +26,7 @@
     alert_at = [50, 80, 100]
     
     [[budget]]
    -name     = "sales in Europe"
    +name     = "sales abroad"
     scope    = "department"
     only     = ["Sales"]
     currency = "EUR"
    table:budgets is now version 2: 1 budget added ("sales abroad"); 1 budget removed ("sales in Europe"); 1 budget changed ("support lines"). The next run reads it.
    "#);
    let ended = desk.put(&changed, &to).await;
    assert_eq!(ended.code, 0);
    insta::assert_snapshot!(ended.out, @"table:budgets holds this policy already; nothing to put.");
    let ended = run(&["policy", "table:budgets"], &desk.environment).await;
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert!(ended.out.contains("sales abroad") && ended.out.contains("table:budgets is valid"), "{}", ended.out);
}

#[tokio::test]
async fn a_policy_is_put_where_the_deployment_reads_it() {
    let mut desk = Desk::new().await;
    desk.environment.insert("POLICY", format!("ssm:{}", desk.aws.parameter));
    let good = std::fs::read_to_string(GOOD).unwrap();
    for document in [&good, &good.replace("amount   = 500", "amount   = 600"), &long(5_000)] {
        let ended = desk.put(document, &["--yes", "--json"]).await;
        assert_eq!((ended.code, ended.err.as_str(), &ended.json()[0]["put"]), (0, "", &json!(true)));
        assert_eq!(&desk.aws.parameter_value().await, document);
    }
    let ended = desk.put(&long(5_000), &["--json"]).await;
    assert_eq!(
        (ended.code, &ended.json()[0]),
        (0, &json!({"put": false, "to": desk.environment["POLICY"], "version": 3, "diff": ""}))
    );
    // An encrypted parameter keeps its key.
    desk.aws.put_secure_parameter(&good, "alias/policies").await;
    assert_eq!(desk.put(&long(5_000), &["--yes"]).await.code, 0);
    assert_eq!(desk.aws.parameter_key().await.as_deref(), Some("alias/policies"));
}

#[tokio::test]
async fn nothing_is_put_without_a_yes() {
    let desk = Desk::new().await;
    let good = std::fs::read_to_string(GOOD).unwrap();
    let ended = desk.put(&good, &["--to", "table:budgets"]).await;
    assert_eq!((ended.code, ended.out.as_str()), (2, "There is no policy yet.\n"));
    assert!(ended.err.contains("give --yes"), "{}", ended.err);
    let ended = run(&["policy", "table:budgets"], &desk.environment).await;
    assert_eq!(ended.code, 1);
    insta::assert_snapshot!(ended.err.replace(&desk.aws.table, "TABLE"), @r#"error[PolicyInvalid]: item "budgets" of table "TABLE" cannot be read: there is none of that name; `cost-alerts policy put FILE --to table:budgets` puts one"#);
}

#[tokio::test]
async fn a_policy_that_does_not_fit_is_not_put() {
    let desk = Desk::new().await;
    let parameter = format!("ssm:{}", desk.aws.parameter);
    for (bytes, to, code) in [
        (8 * 1024, parameter.as_str(), 0),
        (8 * 1024 + 1, &parameter, 1),
        (300 * 1024, "table:budgets", 0),
        (300 * 1024 + 1, "table:budgets", 1),
    ] {
        let ended = desk.put(&long(bytes), &["--to", to, "--yes"]).await;
        assert_eq!(ended.code, code, "{bytes} {}", ended.err);
        assert!(code == 0 || ended.err.contains(&format!("the policy has {bytes} bytes")), "{}", ended.err);
    }
}

#[tokio::test]
async fn what_cannot_be_put_is_said_with_its_fix() {
    let mut desk = Desk::new().await;
    let good = std::fs::read_to_string(GOOD).unwrap();
    let ended = desk.put(BAD, &["--to", "table:budgets", "--yes"]).await;
    assert_eq!(ended.code, 1);
    assert!(ended.err.contains("is not valid: 3 faults"), "{}", ended.err);
    let ended = desk.put(&good, &["--yes"]).await;
    assert_eq!((ended.code, ended.err.contains("POLICY is missing")), (2, true), "{}", ended.err);
    let ended = desk.put(&good, &["--to", "policy.toml", "--yes"]).await;
    assert_eq!((ended.code, ended.err.contains("give --to ssm:NAME or --to table:NAME")), (2, true), "{}", ended.err);
    desk.environment.remove("LEDGER_TABLE");
    for arguments in [&["policy", "put", GOOD, "--to", "table:budgets"][..], &["policy", "table:budgets"]] {
        let ended = run(arguments, &desk.environment).await;
        assert_eq!((ended.code, ended.err.contains("LEDGER_TABLE is missing")), (2, true), "{}", ended.err);
    }
}

#[tokio::test]
async fn what_somebody_else_put_meanwhile_is_not_overwritten() {
    use zoom_sms_cost_alerts::{clients::parameters::Parameters, config::PolicySource};
    let desk = Desk::new().await;
    let parameters = Parameters::aws(&desk.aws.config, Some(&desk.aws.table));
    let now = "2026-11-22T13:00:00Z".parse().unwrap();
    for place in ["table:budgets", &format!("ssm:{}", desk.aws.parameter)] {
        let place = PolicySource::parse(place).unwrap();
        for round in 0..2 {
            let kept = parameters.kept(&place).await.unwrap();
            assert_eq!(parameters.put(&place, &format!("# mine {round}"), &kept, now).await.unwrap(), kept.version + 1);
            let error = parameters.put(&place, "# yours", &kept, now).await.unwrap_err().to_string();
            assert!(error.contains("was changed by somebody else meanwhile"), "{error}");
            assert_eq!(parameters.read(&place).await.unwrap(), format!("# mine {round}"));
        }
        // What this command has written itself, but whose answer was lost, is put.
        let before = parameters.kept(&place).await.unwrap();
        parameters.put(&place, "# again", &before, now).await.unwrap();
        if matches!(place, PolicySource::Table(_)) {
            assert_eq!(parameters.put(&place, "# again", &before, now).await.unwrap(), before.version + 1);
        }
    }
}

#[tokio::test]
async fn a_policy_from_standard_input_needs_a_yes() {
    let desk = Desk::new().await;
    for (more, code) in [(&[][..], 2), (&["--yes"], 0)] {
        let arguments = [&["policy", "put", "-", "--to", "table:budgets"], more].concat();
        let mut command = cost_alerts(&arguments, &desk.environment);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(&std::fs::read(GOOD).unwrap()).await.unwrap();
        drop(stdin);
        let output = child.wait_with_output().await.unwrap();
        assert_eq!(output.status.code(), Some(code), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

#[tokio::test]
async fn an_item_that_is_no_policy_is_said_to_be_none() {
    let desk = Desk::new().await;
    let text = |text: &str| AttributeValue::S(text.to_owned());
    for (name, attributes, part) in [
        ("missing", None, "there is none of that name"),
        ("empty", Some(vec![]), "missing or not a text"),
        ("number", Some(vec![("document", AttributeValue::N("1".to_owned()))]), "missing or not a text"),
        ("large", Some(vec![("document", text(&long(300 * 1024 + 1)))]), "at most 307200 are read"),
    ] {
        if let Some(attributes) = attributes {
            desk.aws.put_policy_item(name, attributes).await;
        }
        let ended = run(&["policy", &format!("table:{name}")], &desk.environment).await;
        assert_eq!(ended.code, 1, "{name}");
        assert!(ended.err.contains(part) && ended.err.contains(name), "{name}: {}", ended.err);
    }
    // An item without a revision is replaced, not only looked at.
    let ended = desk.put(&std::fs::read_to_string(GOOD).unwrap(), &["--to", "table:empty", "--yes"]).await;
    assert_eq!(ended.code, 0, "{}", ended.err);
}
