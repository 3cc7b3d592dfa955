use super::{Environment, run};
use serde_json::json;

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
    insta::assert_snapshot!(ended.out.replace(GOOD, "POLICY"), @"
    ┌─────────────────┬────────────────┬─────────────────────────┬──────────┬────────┬─────────────────┐
    │ Budget          ┆ For each       ┆ Only                    ┆   Amount ┆ Period ┆ Alert at        │
    ╞═════════════════╪════════════════╪═════════════════════════╪══════════╪════════╪═════════════════╡
    │ every number    ┆ billing number ┆ all                     ┆  USD 100 ┆ month  ┆ 50%, 80%, 100%  │
    │ support lines   ┆ billing number ┆ +12025550112, +1202556* ┆  USD 500 ┆ month  ┆ 80%, 100%, 150% │
    │ whole account   ┆ account        ┆ all                     ┆ USD 1000 ┆ month  ┆ 50%, 80%, 100%  │
    │ sales in Europe ┆ department     ┆ Sales                   ┆   EUR 10 ┆ month  ┆ 100%            │
    └─────────────────┴────────────────┴─────────────────────────┴──────────┴────────┴─────────────────┘
    POLICY is valid. Days and months turn in America/New_York; a closed period is judged for at least 3 more days.
    ");
    let ended = run(&["policy", "--json", GOOD], &Environment::new()).await;
    assert_eq!((ended.code, ended.json()), (0, vec![json!({ "valid": true, "faults": [] })]));
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
