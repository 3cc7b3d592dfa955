//! What is coming, what is odd, who hears of it, and when not: over simulated months, with real HTTP and real AWS calls.

mod holes;
mod months;
mod owners;
mod silences;

use crate::support::{Deployment, Notification, row};
use jiff::{Timestamp, ToSpan as _, civil::Date, tz::TimeZone};
use serde_json::{Value, json};
use zoom_sms_cost_alerts::sandbox::Row;

/// What a number sends: so many messages a day, at so many ten-thousandths of a dollar, from `from` to before `to`.
pub struct Sends {
    pub number: &'static str,
    pub from: &'static str,
    pub to: &'static str,
    pub messages: i64,
    pub charge: i64,
}

impl Sends {
    /// Its rows, spread over the hours from eight to six in UTC.
    pub fn rows(&self) -> Vec<Row> {
        let day = |date: &str| date.parse::<Date>().unwrap();
        let days = day(self.from).series(1.day()).take_while(|date| *date < day(self.to));
        let sent = |(date, index): (Date, i64)| {
            let at = date.at(8, 0, 0, 0).to_zoned(TimeZone::UTC).unwrap().timestamp();
            let sent = at + (36_000 / self.messages * index).seconds();
            let id = format!("{date} {index} {} {}", self.number, self.charge);
            Row { billing_number: Some(self.number.to_owned()), ..row(&id, &sent.to_string(), self.charge) }
        };
        days.flat_map(|date| (0..self.messages).map(move |index| (date, index))).map(sent).collect()
    }
}

/// So many messages from a moment on, a second each.
pub fn burst(number: &str, from: &str, messages: i64) -> Vec<Row> {
    let from: Timestamp = from.parse().unwrap();
    let sent = |index: i64| {
        let id = format!("burst {number} {from} {index}");
        Row { billing_number: Some(number.to_owned()), ..row(&id, &(from + index.seconds()).to_string(), 205) }
    };
    (0..messages).map(sent).collect()
}

/// `kind subject`, for each alert of these messages.
fn alerts(messages: &[Notification]) -> Vec<String> {
    let line = |alert: &Value| {
        let text = |name: &str| alert[name].as_str().unwrap_or_default().to_owned();
        format!("{} {} {}", text("kind"), text("level"), text("subject")).replace("  ", " ")
    };
    let alerts = messages.iter().flat_map(|message| message.json()["alerts"].as_array().unwrap().clone());
    alerts.map(|alert| line(&alert)).collect()
}

/// Loads the past months.
async fn backfilled(deployment: &mut Deployment) {
    let answer = deployment.ends(json!({ "backfill": true })).await.unwrap();
    assert_eq!(answer["backfill"]["finished"], true);
}
