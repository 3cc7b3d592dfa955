//! What a user may trust in: no breach stays silent, nothing is believed too soon, and every alert arrives, once.

mod deciding;
mod delivering;
mod reading;

use crate::support::{Deployment, Notification};
use serde_json::Value;

/// `kind percent amount`, for each alert of these messages; a level of a budget by its percent.
fn news(messages: &[Notification]) -> Vec<String> {
    let line = |alert: &Value| {
        let text = |name: &str| alert[name].as_str().unwrap_or_default().to_owned();
        let words = [text("kind"), text("level"), text("amount")];
        words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
    };
    let alerts = messages.iter().flat_map(|message| message.json()["alerts"].as_array().unwrap().clone());
    alerts.map(|alert| line(&alert)).collect()
}

/// A run that must succeed, and the news that it sends.
async fn heard(deployment: &mut Deployment) -> Vec<String> {
    deployment.run().await;
    news(&deployment.news().await)
}
