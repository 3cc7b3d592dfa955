use std::collections::HashSet;

use jiff::Timestamp;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::*;

mod changes;
mod readings;
mod reports;

const NOW: &str = "2026-11-22T13:00:00Z";
const NOVEMBER: &str = "from=2026-11-01&to=2026-11-22&show_charges_only=true&page_size=300";

async fn started(dataset: Dataset, faults: &[&str], switches: Switches) -> Sandbox {
    let faults = faults.iter().map(|fault| fault.parse().unwrap()).collect();
    Sandbox::start(0, dataset, Switches { faults, ..switches }).await.unwrap()
}

async fn sample(faults: &[&str]) -> Sandbox {
    let dataset = Dataset::sample(NOW.parse().unwrap());
    started(dataset, faults, Switches::default()).await
}

async fn token(sandbox: &Sandbox) -> String {
    let grant = [("grant_type", "account_credentials"), ("account_id", ACCOUNT_ID)];
    let answer =
        reqwest::Client::new().post(sandbox.token_url()).basic_auth(CLIENT_ID, Some(CLIENT_SECRET)).form(&grant);
    let body: Value = answer.send().await.unwrap().json().await.unwrap();
    body["access_token"].as_str().unwrap().to_owned()
}

/// Status and body of one request for the report of messages.
async fn ask(sandbox: &Sandbox, token: &str, query: &str) -> (u16, Value) {
    ask_at(sandbox, "/phone/reports/sms_charges", token, query).await
}

/// Status and body of one request for the report at this path.
async fn ask_at(sandbox: &Sandbox, path: &str, token: &str, query: &str) -> (u16, Value) {
    let url = format!("{}{path}?{query}", sandbox.api_url());
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
    let request = client.build().unwrap().get(url).bearer_auth(token);
    let answer = request.send().await.unwrap();
    assert!(answer.headers().contains_key("x-zm-trackingid"));
    let status = answer.status().as_u16();
    (status, answer.json().await.unwrap_or_default())
}

/// The rows of a whole report, page by page, at most `pages`.
async fn walk(sandbox: &Sandbox, query: &str, pages: usize) -> Vec<Value> {
    let access = token(sandbox).await;
    let (mut rows, mut next) = (Vec::new(), String::new());
    for _ in 0..pages {
        let (status, body) = ask(sandbox, &access, &format!("{query}&next_page_token={next}")).await;
        assert_eq!(status, 200, "{body}");
        rows.extend(body["sms_charges"].as_array().unwrap().clone());
        next = body["next_page_token"].as_str().unwrap_or_default().to_owned();
        if next.is_empty() {
            break;
        }
    }
    rows
}

#[tokio::test]
async fn the_pages_hold_every_charged_row_once() {
    let sandbox = sample(&[]).await;
    let rows = walk(&sandbox, NOVEMBER, 99).await;
    let distinct: HashSet<_> = rows.iter().map(Value::to_string).collect();
    assert_eq!(distinct.len(), rows.len());
    let truth =
        Dataset::sample(NOW.parse().unwrap()).truth("2026-11-01T00:00:00Z".parse().unwrap(), NOW.parse().unwrap());
    let messages: u64 = truth.values().map(|truth| truth.messages).sum();
    assert_eq!(u64::try_from(rows.len()).unwrap(), messages);

    let observed = sandbox.observed();
    assert_eq!(observed[0].kind, ObservedKind::Token);
    assert!(observed[1..].iter().all(|seen| seen.kind == ObservedKind::Report));
    assert!(observed.iter().all(|seen| seen.status == Some(200)));
    assert_eq!(observed[1].parameter("page_size"), Some("300"));
    assert_eq!(sandbox.peak(), 1);
    assert_eq!(sandbox.access_tokens().len(), 1);
}

#[tokio::test]
async fn repeated_rows_and_an_empty_page_lose_nothing() {
    let dataset = Dataset::generated(700, 7, NOW.parse().unwrap());
    let plain = started(dataset.clone(), &[], Switches::default()).await;
    let repeating = Switches { repeat_rows: 3, order: Order::OldestFirst, ..Switches::default() };
    let unsteady = started(dataset, &["empty-page@2"], repeating).await;
    let query = "from=2026-11-01&to=2026-11-22&page_size=100";
    let (once, again) = (walk(&plain, query, 99).await, walk(&unsteady, query, 99).await);
    let set = |rows: &[Value]| rows.iter().map(Value::to_string).collect::<HashSet<_>>();
    assert_eq!((once.len(), again.len()), (700, 721));
    assert_eq!(set(&once), set(&again));
}

#[tokio::test]
async fn reports_without_an_end_go_on() {
    let (query, dataset) = ("page_size=300", Dataset::generated(400, 7, NOW.parse().unwrap()));
    for (fault, rows) in [("endless", 300 + 6 * 100), ("endless-empty", 400), ("same-page-token", 7 * 300)] {
        let sandbox = started(dataset.clone(), &[fault], Switches::default()).await;
        assert_eq!(walk(&sandbox, query, 7).await.len(), rows, "{fault}");
    }
}

#[tokio::test]
async fn every_refusal_has_its_status_and_code() {
    let answers = [
        ("unauthorized", 401, 124),
        ("unauthorized-400", 400, 124),
        ("scope-missing", 400, 4711),
        ("phone-disabled", 403, 403),
        ("phone-disabled-400", 400, 124),
        ("no-account", 404, 2001),
        ("no-account-124", 404, 124),
        ("rate-second", 429, 429),
        ("rate-day", 429, 429),
        ("rate-concurrent", 429, 429),
        ("retry-after-seconds", 429, 429),
        ("retry-after-http-date", 429, 429),
        ("server-500", 500, 500),
        ("server-502-html", 502, 0),
        ("server-503", 503, 0),
        ("envelope-200", 200, 500),
        ("envelope-200-empty", 200, 300),
        ("envelope-200-page", 200, 300),
        ("envelope-200-rows", 200, 300),
        ("not-json-200", 200, 0),
        ("page-token-expired", 400, 400),
        ("page-token-expired-300", 400, 300),
        ("validation-300", 400, 300),
        ("redirect", 302, 0),
    ];
    for (fault, status, code) in answers {
        let sandbox = sample(&[fault]).await;
        let access = token(&sandbox).await;
        let (answered, body) = ask(&sandbox, &access, NOVEMBER).await;
        assert_eq!((answered, body["code"].as_u64().unwrap_or_default()), (status, code), "{fault}");
        let again = ask(&sandbox, &access, NOVEMBER).await.0;
        // A token said to be bad is bad from then on.
        assert_eq!(again, if fault.starts_with("unauthorized") { 401 } else { 200 }, "{fault}");
    }
}

/// What comes back over the wire, to the last byte before the connection is closed.
async fn raw(sandbox: &Sandbox) -> String {
    let access = token(sandbox).await;
    let address = sandbox.api_url().replace("http://", "").replace("/v2", "");
    let mut connection = TcpStream::connect(address).await.unwrap();
    let path = format!("/v2/phone/reports/sms_charges?{NOVEMBER}");
    let request =
        format!("GET {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {access}\r\nconnection: close\r\n\r\n");
    connection.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    _ = connection.read_to_end(&mut bytes).await;
    String::from_utf8(bytes).unwrap()
}

#[tokio::test]
async fn a_dropped_connection_carries_nothing_and_a_cut_body_half() {
    let dropped = sample(&["drop"]).await;
    assert_eq!(raw(&dropped).await, "");
    assert_eq!(dropped.observed().last().unwrap().status, None);

    let (whole, cut) = (raw(&sample(&[]).await).await, raw(&sample(&["cut-body"]).await).await);
    let (head, body) = cut.split_once("\r\n\r\n").unwrap();
    let promised = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    let whole = whole.split_once("\r\n\r\n").unwrap().1;
    assert_eq!(promised, whole.len().to_string());
    // Page tokens differ from walk to walk only in their digits; the rows begin alike.
    assert_eq!(body.len(), whole.len() / 2);
}

#[tokio::test]
async fn limits_are_enforced() {
    let dataset = Dataset::sample(NOW.parse().unwrap());
    let limits = Switches { rate_per_second: 2, rate_per_day: 3, ..Switches::default() };
    let sandbox = started(dataset, &[], limits).await;
    let access = token(&sandbox).await;
    let mut answered = Vec::new();
    for pause in [0, 0, 0, 1_050, 0] {
        tokio::time::sleep(std::time::Duration::from_millis(pause)).await;
        let (status, body) = ask(&sandbox, &access, NOVEMBER).await;
        let message = body["message"].as_str().unwrap_or_default();
        answered.push((status, message.contains("per-second"), message.contains("daily")));
    }
    let fine = (200, false, false);
    assert_eq!(answered, [fine, fine, (429, true, false), fine, (429, false, true)]);
}

#[tokio::test]
async fn page_tokens_age_and_stick_to_their_question() {
    let dataset = Dataset::generated(90, 7, NOW.parse().unwrap());
    let short = Switches { page_token_lives: Some(1), ..Switches::default() };
    let sandbox = started(dataset, &[], short).await;
    let access = token(&sandbox).await;
    let query = "from=2026-11-01&to=2026-11-22";
    let first = ask(&sandbox, &access, query).await.1;
    let next = first["next_page_token"].as_str().unwrap().to_owned();
    let other = ask(&sandbox, &access, &format!("{query}&page_size=20&next_page_token={next}")).await;
    assert_eq!((other.0, other.1["code"].as_u64()), (400, Some(300)));
    assert_eq!(ask(&sandbox, &access, &format!("{query}&next_page_token={next}")).await.0, 200);
    let aged = ask(&sandbox, &access, &format!("{query}&next_page_token={next}")).await;
    assert_eq!((aged.0, aged.1["code"].as_u64()), (400, Some(400)));
}

#[tokio::test]
async fn a_late_charge_comes_with_other_data() {
    let sandbox = sample(&[]).await;
    let before = walk(&sandbox, NOVEMBER, 9).await.len();
    let later: Timestamp = "2026-11-22T18:30:00Z".parse().unwrap();
    sandbox.replace(Dataset::sample(NOW.parse().unwrap()).at(later));
    assert!(walk(&sandbox, NOVEMBER, 9).await.len() > before);
}

#[tokio::test]
async fn a_stranger_gets_no_token_and_no_report() {
    let sandbox = sample(&[]).await;
    let ask_as = async |client: &str, account: &str| {
        let grant = [("grant_type", "account_credentials"), ("account_id", account)];
        let request = reqwest::Client::new().post(sandbox.token_url());
        let request = request.basic_auth(client, Some(CLIENT_SECRET)).form(&grant);
        let body: Value = request.send().await.unwrap().json().await.unwrap();
        body["error"].as_str().map(str::to_owned)
    };
    assert_eq!(ask_as("stranger", ACCOUNT_ID).await.as_deref(), Some("invalid_client"));
    assert_eq!(ask_as(CLIENT_ID, "stranger").await.as_deref(), Some("invalid_request"));
    assert_eq!(ask_as(CLIENT_ID, ACCOUNT_ID).await, None);
    assert_eq!(ask(&sandbox, "stranger", NOVEMBER).await.0, 401);
}

#[tokio::test]
async fn a_dropped_sandbox_serves_no_more() {
    let sandbox = sample(&[]).await;
    let address = sandbox.api_url().replace("http://", "").replace("/v2", "");
    drop(sandbox);
    let mut tries = 0..100;
    while TcpStream::connect(&address).await.is_ok() {
        assert!(tries.next().is_some(), "still there");
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
}
