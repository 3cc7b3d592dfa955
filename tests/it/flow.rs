//! The main job, end to end: fetch, sum, judge, alert once, and prove it.

mod accounts;
mod alerts;
mod figures;
mod operation;

use crate::support::{Outcome, World};
use jiff::Timestamp;
use serde_json::{Value, json};
use zoom_sms_cost_alerts::sandbox::{Dataset, Row, Switches};

pub const NOW: &str = "2026-11-22T13:00:00Z";
pub const NUMBER: &str = "+12025550143";

/// A limit for each number, at three levels.
pub const NUMBERS: &str = r#"
    [[budget]]
    name = "every number"
    scope = "billing_number"
    currency = "USD"
    amount = "100.00"
    alert_at = [50, 80, 100]
"#;

pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A message of Sales to a customer, from [`NUMBER`]; the charge is in ten-thousandths of a dollar.
pub fn row(id: &str, sent: &str, charge: i64) -> Row {
    Row {
        billing_number: Some(NUMBER.to_owned()),
        department: Some("Sales".to_owned()),
        to_number: Some("442079460123".to_owned()),
        to_display_name: Some("Customer Ines Okafor".to_owned()),
        ..Row::new(id, at(sent), charge)
    }
}

/// One message in November that costs so many dollars.
pub fn spent(dollars: i64) -> Row {
    row("spent", "2026-11-10T10:00:00Z", dollars * 10_000)
}

pub fn from_number(number: &str, row: Row) -> Row {
    Row {
        billing_number: Some(number.to_owned()),
        message_id: row.message_id.map(|id| format!("{id} of {number}")),
        ..row
    }
}

pub fn rows(rows: impl Into<Vec<Row>>) -> Dataset {
    Dataset::of(rows.into(), at(NOW))
}

pub async fn world(policy: &str, dataset: Dataset) -> World {
    World::new(policy, dataset, Switches::default()).await
}

/// The bodies of all publishes, whatever the topic: a JSON object with a text for each protocol.
pub fn published(world: &World) -> Vec<Value> {
    let calls = world.proxy.calls().into_iter();
    let publishes = calls.filter(|call| call.action == "SNS.Publish");
    let body = |text: &Value| serde_json::from_str(text.as_str().unwrap()).unwrap();
    publishes.map(|call| body(&call.input["Message"])).collect()
}

/// One run at [`NOW`].
pub async fn run(world: &World) -> Outcome {
    world.run(json!({ "as_of": NOW })).await
}

/// `outcome level (others newly reached) of subject in period`, for each of the answer's alerts.
pub fn alerts(answer: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let alerts = answer["alerts"].as_array().unwrap().iter();
    let told = |alert: &Value| {
        let also = alert["also_reached"].as_array().into_iter().flatten();
        let also: Vec<_> = also.map(text).collect();
        format!(
            "{} {} ({}) of {} in {}",
            text(&alert["outcome"]),
            text(&alert["level"]),
            also.join(", "),
            text(&alert["subject"]),
            text(&alert["period"])
        )
    };
    alerts.map(told).collect()
}
