//! The client that most people would write: one question for the whole span, one page after the other, all rows in memory, exact sums.
//!
//! It trusts that a date range means what it seems to mean, that no row comes twice and that nothing fails.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::Deserialize;
use zoom_sms_cost_alerts::sandbox::{ACCOUNT_ID, CLIENT_ID, CLIENT_SECRET};

#[derive(Deserialize)]
struct Token {
    access_token: String,
}

#[derive(Deserialize)]
struct Page {
    next_page_token: Option<String>,
    sms_charges: Vec<Row>,
}

/// A row with all its documented fields.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Row {
    pub session_id: String,
    pub message_id: String,
    pub message_type: String,
    pub from_number: String,
    pub from_extension_number: String,
    pub from_display_name: String,
    pub from_email: String,
    pub to_number: String,
    pub to_extension_number: String,
    pub to_display_name: String,
    pub to_email: String,
    pub sent_time: String,
    pub billing_number: String,
    pub cost_center: String,
    pub department: String,
    pub rate: String,
    pub currency: String,
    pub total_charge: String,
    pub delivery_status: String,
    pub delivery_detail: String,
}

/// All charged rows from one date to another.
pub async fn rows(api_url: &str, token_url: &str, from: &str, to: &str) -> Vec<Row> {
    let http = reqwest::Client::new();
    let grant = [("grant_type", "account_credentials"), ("account_id", ACCOUNT_ID)];
    let request = http.post(token_url).basic_auth(CLIENT_ID, Some(CLIENT_SECRET)).form(&grant);
    let token: Token = request.send().await.unwrap().json().await.unwrap();
    let (mut rows, mut next) = (Vec::new(), String::new());
    loop {
        let query = [("from", from), ("to", to), ("page_size", "300"), ("show_charges_only", "true")];
        let mut request = http.get(format!("{api_url}/phone/reports/sms_charges")).query(&query);
        if !next.is_empty() {
            request = request.query(&[("next_page_token", &next)]);
        }
        let answer = request.bearer_auth(&token.access_token).send().await.unwrap().error_for_status().unwrap();
        let page: Page = answer.json().await.unwrap();
        rows.extend(page.sms_charges);
        next = page.next_page_token.unwrap_or_default();
        if next.is_empty() {
            return rows;
        }
    }
}

/// What the rows add up to, by billing number and currency.
pub fn sums(rows: &[Row]) -> BTreeMap<(String, String), Decimal> {
    let mut sums: BTreeMap<_, Decimal> = BTreeMap::new();
    for row in rows {
        *sums.entry((row.billing_number.clone(), row.currency.clone())).or_default() +=
            row.total_charge.parse::<Decimal>().unwrap();
    }
    sums
}
