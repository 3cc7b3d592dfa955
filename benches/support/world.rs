//! The far ends of a quiet run: Zoom is the embedded one, AWS says what it must. Both answer over TLS, without latency.

use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};
use tempfile::TempDir;
use zoom_sms_cost_alerts::sandbox::{ACCOUNT_ID, CLIENT_ID, CLIENT_SECRET, Dataset, Sandbox};

use super::Program;
use super::tls::Authority;

/// A level that is not reached, so that the ledger is asked and nothing is sent.
const POLICY: &str = r#"
[[budget]]
name     = "every number"
scope    = "billing_number"
currency = "USD"
amount   = "999999.00"
"#;
/// Where Linux distributions keep their roots in one file: Amazon Linux, then Debian.
const BUNDLES: [&str; 2] = ["/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/certs/ca-certificates.crt"];

/// Zoom and AWS for one benchmark.
pub struct World {
    far: Arc<Far>,
    port: u16,
    files: TempDir,
    as_of: Timestamp,
}

struct Far {
    sandbox: Sandbox,
    http: reqwest::Client,
    /// What the sandbox said before: it shall not be measured.
    known: tokio::sync::Mutex<HashMap<(Method, String), (StatusCode, Bytes)>>,
    calls: Mutex<Vec<String>>,
}

impl World {
    /// With so many rows in the month that is judged.
    pub async fn new(rows: usize) -> World {
        // The middle of a month, so that one window holds it, whatever day it is.
        let today = Timestamp::now().to_zoned(TimeZone::UTC).start_of_day().unwrap();
        let month = today.first_of_month().unwrap();
        let month = if today.day() > 16 { month } else { &month - 1.month() };
        let as_of = (&month + 14.days()).timestamp();
        let sandbox = Sandbox::start(0, Dataset::generated(rows, 1, as_of), Default::default()).await.unwrap();
        let (known, calls) = Default::default();
        let far = Arc::new(Far { sandbox, http: reqwest::Client::builder().no_proxy().build().unwrap(), known, calls });
        let authority = Authority::new();
        let port = authority.serve(Router::new().fallback(answer).with_state(Arc::clone(&far))).await;
        let files = tempfile::tempdir().unwrap();
        fs::write(files.path().join("policy.toml"), POLICY).unwrap();
        // Among as many roots as there are in earnest.
        let roots = BUNDLES.iter().find_map(|path| fs::read_to_string(path).ok()).unwrap_or_default();
        fs::write(files.path().join("roots.pem"), format!("{roots}\n{}", authority.pem)).unwrap();
        World { far, port, files, as_of }
    }

    /// The event of the run.
    pub fn event(&self) -> Value {
        json!({ "as_of": self.as_of.to_string() })
    }

    /// All requests since the last call, in order of arrival.
    pub fn take_calls(&self) -> Vec<String> {
        std::mem::take(&mut self.far.calls.lock().unwrap())
    }

    /// The program with the variables of the deployment.
    pub fn deploy(&self, program: Program) -> Program {
        let origin = format!("https://localhost:{}", self.port);
        let (zoom, token) = (format!("{origin}/v2"), format!("{origin}/oauth/token"));
        let (policy, roots) = (self.file("policy.toml"), self.file("roots.pem"));
        program.set([
            ("ZOOM_SECRET_ID", "zoom"),
            ("ALERT_TOPIC_ARN", "arn:aws:sns:us-east-1:123456789012:alerts"),
            ("LEDGER_TABLE", "ledger"),
            ("POLICY", policy.to_str().unwrap()),
            ("ZOOM_API_URL", zoom.as_str()),
            ("ZOOM_TOKEN_URL", token.as_str()),
            // Its pace is Zoom's to set, not the machine's.
            ("ZOOM_REQUESTS_PER_SECOND", "1000"),
            ("AWS_ENDPOINT_URL", origin.as_str()),
            ("SSL_CERT_FILE", roots.to_str().unwrap()),
            ("AWS_CA_BUNDLE", roots.to_str().unwrap()),
            ("REQUESTS_CA_BUNDLE", roots.to_str().unwrap()),
        ])
    }

    fn file(&self, name: &str) -> PathBuf {
        self.files.path().join(name)
    }
}

async fn answer(State(far): State<Arc<Far>>, method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let action = headers.get("x-amz-target").map(|target| target.to_str().unwrap().to_owned());
    far.calls.lock().unwrap().push(action.clone().unwrap_or_else(|| format!("{method} {}", uri.path())));
    match action.as_deref() {
        Some("secretsmanager.GetSecretValue") => {
            let secret = json!({"account_id": ACCOUNT_ID, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET});
            Json(json!({"Name": "zoom", "SecretString": secret.to_string()})).into_response()
        }
        Some("DynamoDB_20120810.BatchGetItem") => {
            Json(json!({"Responses": {"ledger": []}, "UnprocessedKeys": {}})).into_response()
        }
        Some("DynamoDB_20120810.Query") => Json(json!({"Items": [], "Count": 0, "ScannedCount": 0})).into_response(),
        None if body.windows(18).any(|part| part == b"GetTopicAttributes") => super::listeners(),
        Some(_) => StatusCode::NOT_IMPLEMENTED.into_response(),
        None => far.zoom(method, &uri, headers, body).await,
    }
}

impl Far {
    async fn zoom(&self, method: Method, uri: &Uri, headers: HeaderMap, body: Bytes) -> Response {
        let mut known = self.known.lock().await;
        let question = (method.clone(), uri.to_string());
        if !known.contains_key(&question) {
            let url = format!("{}{uri}", self.sandbox.api_url().trim_end_matches("/v2"));
            let mut request = self.http.request(method, url).body(body);
            for name in [header::AUTHORIZATION, header::CONTENT_TYPE] {
                request =
                    headers.get(&name).map(|value| (name, value)).into_iter().fold(request, |r, (n, v)| r.header(n, v));
            }
            let answer = request.send().await.unwrap();
            let said = (answer.status(), answer.bytes().await.unwrap());
            known.insert(question.clone(), said);
        }
        let (status, body) = known[&question].clone();
        (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
    }
}
