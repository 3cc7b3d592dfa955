//! The main job, end to end: fetch, sum, judge, alert once, and prove it.

mod accounts;
mod alerts;
mod figures;
mod operation;
mod products;
mod readers;

use crate::support::World;
use serde_json::Value;

/// The bodies of all publishes, whatever the topic: a JSON object with a text for each protocol.
pub fn published(world: &World) -> Vec<Value> {
    let calls = world.proxy.calls().into_iter();
    let publishes = calls.filter(|call| call.action == "SNS.Publish");
    let body = |text: &Value| serde_json::from_str(text.as_str().unwrap()).unwrap();
    publishes.map(|call| body(&call.input["Message"])).collect()
}

/// `outcome level (others newly reached) of subject in period`, for each of the answer's alerts.
pub fn alerts(answer: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let alerts = answer["alerts"].as_array().unwrap().iter();
    let line = |alert: &Value| {
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
    alerts.map(line).collect()
}
