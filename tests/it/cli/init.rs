use super::{Ended, Environment, cost_alerts, run};
use serde_json::{Value, json};
use std::process::Stdio;
use tokio::io::AsyncWriteExt;

#[tokio::test]
async fn a_policy_of_the_sample_account_passes_as_it_is_and_is_replayed_as_promised() {
    let (directory, nothing) = (tempfile::tempdir().unwrap(), Environment::new());
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let past = path("demo.past");
    let ended = run(&["init", "--source", "demo", "--save", &past], &nothing).await;
    assert_eq!(ended.code, 0, "{}", ended.err);
    insta::assert_snapshot!(ended.out, @r#"
    # A proposal of cost-alerts init, from the past of account sandbox-account. Change what you know
    # better.
    #
    # Expect at most 12 alerts a year in 8 years of 10, if the account goes on as before; this is no
    # prediction of a month. On the days from 1 November 2025 to 21 November 2026 it would have sent 3
    # alerts (1 budget, 1 spike, 1 forecast), from final figures.
    #
    # 3 subjects have a budget by name; what is not named is watched by the budgets of the whole
    # account. An amount is what a month of the subject exceeds once a year at most, in 8 years of 10,
    # rounded up.
    # Receivers of your own, levels below 100% and silences: see docs/policy.md.

    time_zone = "America/New_York"

    # the whole account: 12 whole months, EUR 25.66 to EUR 31.02, the last EUR 26.59.
    [[budget]]
    name        = "whole account in EUR"
    scope       = "account"
    currency    = "EUR"
    amount      = "36"
    forecast_at = [100]

    # the whole account: 12 whole months, GBP 3.86 to GBP 6.87, the last GBP 6.31.
    [[budget]]
    name        = "whole account in GBP"
    scope       = "account"
    currency    = "GBP"
    amount      = "8.9"
    forecast_at = [100]

    # the whole account: 12 whole months, USD 326.91 to USD 552.44, the last USD 371.50.
    [[budget]]
    name        = "whole account in USD"
    scope       = "account"
    currency    = "USD"
    amount      = "590"
    forecast_at = [100]

    # department Marketing: 12 whole months, USD 167.76 to USD 368.06, the last USD 191.29.
    [[budget]]
    name        = "Marketing in USD"
    scope       = "department"
    only        = ["Marketing"]
    currency    = "USD"
    amount      = "360"
    forecast_at = [100]

    # department Sales: 12 whole months, USD 80.65 to USD 104.44, the last USD 94.04.
    [[budget]]
    name        = "Sales in USD"
    scope       = "department"
    only        = ["Sales"]
    currency    = "USD"
    amount      = "130"
    forecast_at = [100]

    # department Sales: 12 whole months, EUR 18.12 to EUR 24.06, the last EUR 20.97.
    [[budget]]
    name        = "Sales in EUR"
    scope       = "department"
    only        = ["Sales"]
    currency    = "EUR"
    amount      = "29"
    forecast_at = [100]

    # Each department: numbers are too many for so few alerts. A day with far more messages than usual
    # is reported.
    [[spike]]
    name      = "unusual in EUR"
    scope     = "department"
    currency  = "EUR"
    min_extra = "1"

    [[spike]]
    name      = "unusual in GBP"
    scope     = "department"
    currency  = "GBP"
    min_extra = "1"

    [[spike]]
    name      = "unusual in USD"
    scope     = "department"
    currency  = "USD"
    min_extra = "1"
    "#);
    insta::assert_snapshot!(ended.err, @r#"
    6 budgets and 3 spike watches. On your past 13 months they would have sent 3
    alerts, from final figures.
    Expect at most 12 alerts a year in 8 years of 10, if the account goes on as
    before; this is no prediction of a month.

    whole account in EUR
      watches the whole account  amount EUR 36 a month
      alerts at 100%, forecast at 100%
    whole account in GBP
      watches the whole account  amount GBP 8.90 a month
      alerts at 100%, forecast at 100%
    whole account in USD
      watches the whole account  amount USD 590 a month
      alerts at 100%, forecast at 100%
    Marketing in USD
      watches department Marketing  amount USD 360 a month
      alerts at 100%, forecast at 100%
    Sales in USD
      watches department Sales  amount USD 130 a month
      alerts at 100%, forecast at 100%
    Sales in EUR
      watches department Sales  amount EUR 29 a month
      alerts at 100%, forecast at 100%
    unusual in EUR
      watches each department  amount EUR 1 extra a day  alerts at spikes
    unusual in GBP
      watches each department  amount GBP 1 extra a day  alerts at spikes
    unusual in USD
      watches each department  amount USD 1 extra a day  alerts at spikes

    Kind      For each    Period  Alerts  Spent at it    After it
    budget    department  month        1   USD 368.06    USD 0.00
    spike     department  day          1    USD 48.40    USD 0.00
    forecast  department  month        1   USD 250.44  USD 108.54

    Next: cost-alerts check --policy FILE, with the file that you keep this in
    "#);

    // `init | policy -`
    let mut policy = cost_alerts(&["policy", "-"], &nothing);
    let mut policy = policy.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    policy.stdin.take().unwrap().write_all(ended.out.as_bytes()).await.unwrap();
    let policy = policy.wait_with_output().await.unwrap();
    assert!(policy.status.success(), "{}", String::from_utf8_lossy(&policy.stderr));

    // What init says of the past is what a replay of its policy says.
    let file = path("policy.toml");
    let written = run(&["init", "--source", &past, "--out", &file], &nothing).await;
    assert_eq!((written.code, written.err.as_str()), (0, ""));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), ended.out);
    assert!(
        written.out.ends_with(&format!(" Written to {file}. Next: cost-alerts check --policy {file}\n")),
        "{}",
        written.out
    );
    let [proposed] = json_of(&run(&["init", "--source", &past, "--json"], &nothing).await);
    let [replayed] = json_of(&run(&["replay", "--source", &past, "--policy", &file, "--json"], &nothing).await);
    assert_eq!((&proposed["replay"]["total"], &proposed["policy"]), (&replayed["total"], &json!(ended.out)));
    assert!(replayed["total"]["alerts"].as_u64().unwrap() <= 13, "12 a year, in 13 months: {replayed}");

    let again = run(&["init", "--source", &past, "--out", &file, "--alerts-a-year", "50"], &nothing).await;
    assert_eq!(again.code, 2);
    assert!(again.err.contains("is there already; give --force to replace it"), "{}", again.err);
    let forced = run(&["init", "--source", &past, "--out", &file, "--alerts-a-year", "50", "--force"], &nothing).await;
    assert_eq!(forced.code, 0, "{}", forced.err);
    assert!(std::fs::read_to_string(&file).unwrap().contains("at most 50 alerts a year"));
}

fn json_of(ended: &Ended) -> [Value; 1] {
    assert_eq!((ended.code, ended.err.as_str()), (0, ""));
    ended.json().try_into().unwrap()
}

#[tokio::test]
async fn what_cannot_be_proposed_says_why() {
    let nothing = Environment::new();
    for (arguments, code, part) in [
        (
            &["init", "--source", "demo", "--time-zone", "Mars/Olympus"][..],
            2,
            "time zone \"Mars/Olympus\" is not known",
        ),
        (&["init", "--source", "demo", "--alerts-a-year", "0"], 2, "0 is not in 1..=1000"),
        (&["init", "--source", "nowhere"], 2, "--source is zoom, table, demo, or a file"),
        (&["init", "--force"], 2, "--out <FILE>"),
        (&["init"], 2, "ZOOM_ACCOUNT_ID, ZOOM_CLIENT_ID, ZOOM_CLIENT_SECRET missing"),
        (&["init", "--source", "demo", "--out", "/nowhere/policy.toml"], 2, "there is no such directory"),
        (&["init", "--source", "demo", "--save", "Cargo.toml"], 2, "is there, and is no past that --save has written"),
    ] {
        let ended = run(arguments, &nothing).await;
        assert_eq!((ended.code, ended.out.as_str()), (code, ""), "{arguments:?}: {}", ended.err);
        assert!(ended.err.contains(part), "{arguments:?}: {}", ended.err);
    }
}
