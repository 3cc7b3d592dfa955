//! Messages, calls and faxes under one policy: each report by itself, all of them together, and what has no price yet.

use crate::support::{Deployment, NOW, at, row, setup};
use jiff::SignedDuration;
use serde_json::{Value, json};
use zoom_sms_cost_alerts::sandbox::{ReportKind, Row};

/// What each number, and the account by product, may spend in a month.
const POLICY: &str = r#"
    products = ["sms", "call", "fax"]
    [[budget]]
    name = "every number"
    scope = "billing_number"
    currency = "USD"
    amount = 1000
    alert_at = [50, 100]
    [[budget]]
    name = "calls"
    scope = "account"
    product = "call"
    currency = "USD"
    amount = 100
    [[budget]]
    name = "faxes"
    scope = "account"
    product = "fax"
    currency = "USD"
    amount = 10
"#;
const NUMBER: &str = "+12025550143";

fn call(id: &str, day: &str, dollars: i64, minutes: u32) -> Row {
    let row = Row::call(id, at(&format!("{day}T10:00:00Z")), dollars * 10_000, minutes);
    // The report of calls writes numbers without a plus.
    Row { billing_number: Some(NUMBER[1..].to_owned()), department: Some("Sales".to_owned()), ..row }
}

fn fax(id: &str, day: &str, dollars: i64) -> Row {
    let row = Row::fax(id, at(&format!("{day}T10:00:00Z")), dollars * 10_000, 3);
    Row { billing_number: Some(NUMBER.to_owned()), ..row }
}

fn pending(row: Row) -> Row {
    Row { pending: true, ..row }
}

async fn deployment(rows: Vec<Row>, line: &str) -> Deployment {
    setup().rows(rows).policy(POLICY).zoom(line).deployment().await
}

/// `product amount of units, not priced` of each total.
fn totals(answer: &Value) -> Vec<String> {
    let one = |total: &Value| {
        let text = |name: &str| total[name].as_str().unwrap_or("-").to_owned();
        format!("{} {} of {}, {} not priced", text("product"), text("amount"), total["messages"], total["not_priced"])
    };
    answer["totals"].as_array().unwrap().iter().map(one).collect()
}

#[tokio::test]
async fn the_samples_totals_of_each_report_are_true_to_the_last_digit() {
    let mut deployment = setup().sample().policy(POLICY).deployment().await;
    let answer = deployment.run().await;
    let (from, now) = (at("2026-11-01T00:00:00Z"), at(NOW));
    let dataset = deployment.zoom.dataset();
    let mut expected = Vec::new();
    for (kind, name) in [(ReportKind::Sms, "sms"), (ReportKind::Call, "call"), (ReportKind::Fax, "fax")] {
        let truth = dataset.truth_of(kind, from, now + SignedDuration::from_secs(1)).into_iter();
        expected.extend(truth.map(|((number, currency), truth)| (name, number, currency, truth.amount)));
    }
    let text = |total: &Value, name: &str| total[name].as_str().unwrap().to_owned();
    let all = answer["totals"].as_array().unwrap();
    let priced = all.iter().filter(|total| total["amount"] != "0");
    let found: Vec<_> = priced
        .map(|total| {
            let name = ["sms", "call", "fax"].into_iter().find(|name| total["product"] == *name).unwrap();
            (name, text(total, "billing_number"), text(total, "currency"), text(total, "amount"))
        })
        .collect();
    assert_eq!(found, expected);
    let not_priced: u64 = all.iter().filter_map(|total| total["not_priced"].as_u64()).sum();
    assert_eq!(not_priced, dataset.pending_of(ReportKind::Fax, from, now) as u64);
    assert!(not_priced > 0 && answer["complete"] == true);
}

#[tokio::test]
async fn a_number_is_judged_by_all_that_is_read_and_the_account_by_each_product() {
    let rows = vec![
        row("M", "2026-11-05T10:00:00Z", 300 * 10_000),
        call("C", "2026-11-06", 250, 40),
        fax("F", "2026-11-07", 9),
    ];
    let mut deployment = deployment(rows, "").await;
    let answer = deployment.run().await;
    assert_eq!(
        totals(&answer),
        ["sms 300 of 1, null not priced", "call 250 of 40, null not priced", "fax 9 of 3, null not priced"]
    );
    let messages = deployment.news().await;
    let subjects: Vec<_> = messages.iter().map(|message| message.subject.as_deref().unwrap()).collect();
    assert_eq!(subjects, ["OVER: the whole account at 250% on calls (USD 250.00 of 100), November; 1 more"]);
    let alerts = answer["alerts"].as_array().unwrap();
    let shown: Vec<_> = alerts.iter().map(|alert| json!([alert["product"], alert["level"], alert["amount"]])).collect();
    assert_eq!(shown, [json!(["call", "100%", "250"]), json!(["all", "50%", "559"])]);
    // Nothing of it is due again.
    assert_eq!(deployment.run().await["alerts"].as_array().unwrap().len(), 2);
    assert!(deployment.news().await.is_empty());
}

#[tokio::test]
async fn a_report_that_fails_leaves_the_others_alone_and_is_named() {
    let rows = vec![
        row("M", "2026-11-05T10:00:00Z", 600 * 10_000),
        call("C", "2026-11-06", 250, 40),
        fax("F", "2026-11-07", 20),
    ];
    for (line, code) in [("--fault call:server-500@1x99", "ZoomUnavailable"), ("--scopes sms,fax", "ZoomScopeMissing")]
    {
        let mut deployment = deployment(rows.clone(), line).await;
        let error = deployment.fails().await;
        assert_eq!(error.code.to_string(), code, "{error}");
        let gaps = error.message.matches("could not be read").count();
        assert_eq!((error.message.matches("calls of 2026-").count(), gaps > 0), (gaps, true), "{error}");
        let subjects = deployment.subjects().await;
        assert_eq!(subjects.len(), 1, "{subjects:?}");
        assert!(subjects[0].contains("at 200% on faxes"), "{subjects:?}");
        let last = deployment.aws.messages().await.pop().unwrap();
        // The number's budget counts all of them, so that its figure is a part.
        let machine: Value = serde_json::from_str(&last.message).unwrap();
        let of_number = machine["alerts"].as_array().unwrap().iter().find(|alert| alert["product"] == "all").unwrap();
        assert_eq!((&of_number["at_least"], &of_number["amount"]), (&json!(true), &json!("620")));
    }
}

#[tokio::test]
async fn a_fax_without_a_price_is_neither_zero_nor_a_fault_and_counts_once_it_has_one() {
    let priced = at("2026-12-20T00:00:00Z");
    let mut rows = vec![row("M", "2026-11-05T10:00:00Z", 10_000), fax("first", "2026-11-07", 4)];
    let late = fax("late", "2026-11-09", 8);
    rows.extend(pending(late).revised(priced, |row| Row { pending: false, ..row }));
    let mut deployment = deployment(rows, "").await;
    let answer = deployment.run().await;
    assert_eq!(totals(&answer)[1], "fax 4 of 3, 1 not priced");
    assert_eq!((&answer["complete"], answer.get("unread")), (&json!(true), None));
    assert!(deployment.news().await.is_empty());
    // November is over for long and settled, and still waits for its price.
    for moment in ["2026-12-01T12:00:00Z", "2026-12-09T12:00:00Z", "2026-12-15T12:00:00Z"] {
        deployment.until(moment);
        deployment.run().await;
    }
    assert!(deployment.news().await.is_empty());
    deployment.until("2026-12-20T12:00:00Z");
    deployment.run().await;
    let subjects = deployment.subjects().await;
    assert_eq!(subjects, ["OVER: the whole account at 120% on faxes (USD 12.00 of 10), November"]);
    // Now it is done with.
    deployment.until("2026-12-28T12:00:00Z");
    deployment.run().await;
    deployment.until("2026-12-28T13:00:00Z");
    let answer = deployment.run().await;
    let months: Vec<_> = answer["periods"].as_array().unwrap().iter().map(|period| &period["from"]).collect();
    assert_eq!(months, ["2026-12-01T00:00:00Z"]);
}

#[tokio::test]
async fn messages_alone_cost_no_request_more_and_three_reports_three_times_as_many() {
    let rows = vec![row("M", "2026-11-05T10:00:00Z", 10_000), call("C", "2026-11-06", 1, 4), fax("F", "2026-11-07", 1)];
    let alone = "[[budget]]\nname = 'all'\nscope = 'account'\ncurrency = 'USD'\namount = 100";
    let mut requests = Vec::new();
    for policy in [alone.to_owned(), format!("products = ['sms', 'call', 'fax']\n{alone}")] {
        let mut deployment = setup().rows(rows.clone()).policy(policy).deployment().await;
        let first = deployment.run().await["requests"].as_u64().unwrap();
        deployment.later(1);
        let second = deployment.run().await["requests"].as_u64().unwrap();
        let asked = |kind| deployment.zoom.observed().iter().filter(|request| request.report == Some(kind)).count();
        let counts = ReportKind::ALL.map(asked);
        requests.push((first, second, counts));
    }
    let [(first, second, alone), (thrice, again, all)] = requests[..] else { panic!("{requests:?}") };
    assert_eq!((thrice, again), (3 * first, 3 * second));
    assert_eq!((alone[1], alone[2]), (0, 0));
    assert_eq!(all, [alone[0]; 3]);
}

#[tokio::test]
async fn a_backfill_loads_all_reports_and_shares_a_days_limit_among_them() {
    let days = |row: &dyn Fn(&str) -> Row| {
        let first = jiff::civil::date(2025, 10, 20);
        first.series(jiff::Span::new().days(1)).take(399).map(|day| row(&day.to_string())).collect::<Vec<_>>()
    };
    let mut rows = days(&|day| row(day, &format!("{day}T10:00:00Z"), 10_000));
    rows.extend(days(&|day| call(&format!("C {day}"), day, 2, 3)));
    rows.extend(days(&|day| fax(&format!("F {day}"), day, 3)));
    let mut deployment = deployment(rows, "").await;
    let answer = deployment.ends(json!({ "backfill": true })).await.unwrap();
    let expected = json!({ "days": 3 * 386, "days_read": 3 * 386, "since": "2025-10-27", "finished": true });
    assert_eq!(answer["backfill"], expected);
    let before = deployment.zoom.observed().len();
    let again = deployment.ends(json!({ "backfill": true })).await.unwrap();
    assert_eq!((&again["backfill"]["days_read"], deployment.zoom.observed().len() - before), (&json!(0), 1));
}
