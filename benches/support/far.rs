//! The far ends over plain HTTP, on a thread of their own, so that they take nothing from the runtime that is measured: the embedded Zoom,
//! and AWS as far as a run without alerts asks for it, in memory.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, mpsc};

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use serde_json::{Value, json};
use zoom_sms_cost_alerts::clients::Credentials;
use zoom_sms_cost_alerts::config::ZoomConfig;
use zoom_sms_cost_alerts::sandbox::{ACCOUNT_ID, CLIENT_ID, CLIENT_SECRET, Dataset, ObservedKind, Sandbox, Switches};

pub const SECRET: &str = "zoom";
pub const TOPIC: &str = "arn:aws:sns:us-east-1:123456789012:alerts";
pub const TABLE: &str = "ledger";

/// Zoom and AWS for one measurement.
pub struct Far {
    pub sandbox: Sandbox,
    /// The endpoint of every AWS service.
    pub aws: String,
    table: Table,
}

impl Far {
    pub fn start(dataset: Dataset, switches: Switches) -> Far {
        let (sender, started) = mpsc::channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let sandbox = Sandbox::start(0, dataset, switches).await.unwrap();
                let table = Table::default();
                let routes =
                    Router::new().fallback(answer).layer(DefaultBodyLimit::disable()).with_state(Arc::clone(&table));
                let aws = format!("http://{}", crate::support::serve(routes).await);
                sender.send(Far { sandbox, aws, table }).unwrap();
                std::future::pending::<()>().await;
            });
        });
        started.recv().unwrap()
    }

    pub fn zoom(&self, requests_per_second: u32) -> ZoomConfig {
        let (api_url, token_url) = (self.sandbox.api_url(), self.sandbox.token_url());
        ZoomConfig { api_url, token_url, requests_per_second }
    }

    /// Whether the table has an item whose key contains this.
    pub fn has(&self, part: &str) -> bool {
        self.table.lock().unwrap().keys().any(|key| key.contains(part))
    }

    /// Removes the items whose keys contain this.
    pub fn forget(&self, part: &str) {
        self.table.lock().unwrap().retain(|key, _| !key.contains(part));
    }

    /// The statuses of all requests for the report, as Zoom answered them.
    pub fn statuses(&self) -> Vec<Option<u16>> {
        let observed = self.sandbox.observed().into_iter();
        observed.filter(|request| request.kind == ObservedKind::Report).map(|request| request.status).collect()
    }
}

pub fn credentials() -> Credentials {
    let [account_id, client_id, client_secret] = [ACCOUNT_ID, CLIENT_ID, CLIENT_SECRET].map(str::to_owned);
    Credentials { account_id, client_id, client_secret: client_secret.into() }
}

/// The items by their keys.
type Table = Arc<Mutex<HashMap<String, Value>>>;

async fn answer(State(table): State<Table>, headers: HeaderMap, body: Bytes) -> Response {
    let asked: Value = serde_json::from_slice(&body).unwrap_or_default();
    let (mut table, asked_items) = (table.lock().unwrap(), &asked["RequestItems"][TABLE]);
    let key = |item: &Value| format!("{} {}", item["pk"]["S"].as_str().unwrap(), item["sk"]["S"].as_str().unwrap());
    match headers.get("x-amz-target").and_then(|target| target.to_str().ok()) {
        Some("secretsmanager.GetSecretValue") => {
            let secret = json!({"account_id": ACCOUNT_ID, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET});
            Json(json!({"Name": SECRET, "SecretString": secret.to_string()})).into_response()
        }
        Some("DynamoDB_20120810.BatchGetItem") => {
            let keys = asked_items["Keys"].as_array().unwrap().iter();
            let items: Vec<_> = keys.filter_map(|asked| table.get(&key(asked))).collect();
            Json(json!({"Responses": {TABLE: items}, "UnprocessedKeys": {}})).into_response()
        }
        Some("DynamoDB_20120810.BatchWriteItem") => {
            let items = asked_items.as_array().unwrap().iter().map(|write| &write["PutRequest"]["Item"]);
            table.extend(items.map(|item| (key(item), item.clone())));
            Json(json!({"UnprocessedItems": {}})).into_response()
        }
        Some("DynamoDB_20120810.PutItem") => {
            table.insert(key(&asked["Item"]), asked["Item"].clone());
            Json(json!({})).into_response()
        }
        // The ledger knows of no alert.
        Some("DynamoDB_20120810.Query") => Json(json!({"Items": [], "Count": 0, "ScannedCount": 0})).into_response(),
        // SNS speaks its older protocol.
        None if body.windows(18).any(|part| part == b"GetTopicAttributes") => crate::support::listeners(),
        // Whatever sends an alert measures something else.
        _ => StatusCode::NOT_IMPLEMENTED.into_response(),
    }
}
