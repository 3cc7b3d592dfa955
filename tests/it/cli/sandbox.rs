use super::{Environment, cost_alerts, run};
use serde_json::Value;
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};

#[tokio::test]
async fn the_sandbox_serves_any_client_until_it_is_stopped() {
    let arguments = ["sandbox", "--json", "--today", "2026-11-22T13:00:00Z", "--rows", "400"];
    let mut command = cost_alerts(&arguments, &Environment::new());
    let mut served = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(served.stdout.take().unwrap()).lines();
    let place: Value = serde_json::from_str(&lines.next_line().await.unwrap().unwrap()).unwrap();
    let served_truth = place["truth"].clone();
    let place = |name: &str| place[name].as_str().unwrap();

    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let token = http
        .post(place("token_url"))
        .basic_auth(place("client_id"), Some(place("client_secret")))
        .form(&[("grant_type", "account_credentials"), ("account_id", place("account_id"))]);
    let token: Value = token.send().await.unwrap().json().await.unwrap();
    let report = http
        .get(format!("{}/phone/reports/sms_charges", place("api_url")))
        .query(&[("from", "2026-11-01"), ("to", "2026-11-22"), ("page_size", "300")])
        .bearer_auth(token["access_token"].as_str().unwrap());
    let report: Value = report.send().await.unwrap().json().await.unwrap();
    assert_eq!(report["sms_charges"].as_array().unwrap().len(), 300);
    assert_ne!(report["next_page_token"], "");

    // What it says that the reports add up to is what they hold.
    let charged = http
        .get(format!("{}/phone/reports/sms_charges", place("api_url")))
        .query(&[("from", "2026-11-01"), ("to", "2026-11-22"), ("show_charges_only", "true")])
        .bearer_auth(token["access_token"].as_str().unwrap());
    let charged: Value = charged.send().await.unwrap().json().await.unwrap();
    let [sms, call, fax] = &served_truth["reports"].as_array().unwrap()[..] else { panic!("{served_truth}") };
    let counts = sms["sums"].as_array().unwrap().iter().map(|sum| sum["count"].as_u64().unwrap());
    assert_eq!(charged["total_records"].as_u64(), Some(counts.sum()));
    assert_eq!([&sms["report"], &call["report"], &fax["report"]], ["sms", "call", "fax"]);

    // Clients that put the grant into the query are served alike.
    let grant = [("grant_type", "account_credentials"), ("account_id", place("account_id"))];
    let asked = http.post(place("token_url")).basic_auth(place("client_id"), Some(place("client_secret")));
    assert_eq!(asked.query(&grant).send().await.unwrap().status(), 200);
    assert_eq!(http.post(format!("{}/nowhere", place("api_url"))).send().await.unwrap().status(), 404);

    assert!(served.try_wait().unwrap().is_none(), "it serves on");
    served.kill().await.unwrap();
    assert_eq!(lines.next_line().await.unwrap(), None, "one line and no more");
    let mut log = String::new();
    served.stderr.take().unwrap().read_to_string(&mut log).await.unwrap();
    insta::assert_snapshot!(log, @"
    POST /oauth/token: 200
    GET /v2/phone/reports/sms_charges from=2026-11-01 to=2026-11-22: 200
    GET /v2/phone/reports/sms_charges from=2026-11-01 to=2026-11-22: 200
    POST /oauth/token: 200
    POST /v2/nowhere: 404
    ");
}

#[tokio::test]
async fn a_port_that_is_taken_is_told() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let ended = run(&["sandbox", "--port", &port], &Environment::new()).await;
    assert_eq!(ended.code, 1);
    assert!(ended.err.contains(&format!("port {port} of 127.0.0.1 cannot be served")), "{}", ended.err);
}

/// What it prints can be typed: the program as it was called, and no file that only a clone of the sources has.
#[tokio::test]
async fn what_the_sandbox_prints_can_be_typed() {
    let mut command = cost_alerts(&["sandbox", "--today", "2026-11-22T13:00:00Z"], &Environment::new());
    let mut served = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(served.stdout.take().unwrap()).lines();
    let mut said = String::new();
    while let Some(line) = lines.next_line().await.unwrap() {
        said += &format!("{line}\n");
        if line.starts_with("It answers only") {
            break;
        }
    }
    served.kill().await.unwrap();
    let program = env!("CARGO_BIN_EXE_cost-alerts");
    assert!(said.contains(&format!("\n{program} check --as-of 2026-11-22T13:00:00Z\n")), "{said}");
    for report in ["sms", "call", "fax"] {
        assert!(said.contains(&format!("/v2/phone/reports/{report}_charges\n")), "{said}");
    }
    assert!(!said.contains("cargo") && !said.contains("events/"), "{said}");
}
