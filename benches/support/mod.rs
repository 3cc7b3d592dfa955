//! What benchmarks of whole processes share: a Runtime API, the way to start a function and to time it, far ends behind TLS, a table.

pub mod build;
pub mod tls;
pub mod world;

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::serve::ListenerExt as _;
use axum::{Json, Router};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// What a function that hangs may take.
const PATIENCE: Duration = Duration::from_secs(300);

/// A program and all that it sees of the world: nothing of this process's own environment reaches it.
#[derive(Clone, Debug)]
pub struct Program {
    pub path: PathBuf,
    pub arguments: Vec<String>,
    pub directory: PathBuf,
    pub variables: Vec<(String, String)>,
}

impl Program {
    pub fn new(path: impl Into<PathBuf>) -> Program {
        let lambdas = [
            ("AWS_LAMBDA_FUNCTION_NAME", "measured"),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
            ("AWS_REGION", "us-east-1"),
            ("AWS_DEFAULT_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
            ("AWS_SESSION_TOKEN", "test"),
            ("LANG", "en_US.UTF-8"),
            ("PATH", "/usr/local/bin:/usr/bin:/bin"),
        ];
        Program { path: path.into(), arguments: Vec::new(), directory: std::env::temp_dir(), variables: Vec::new() }
            .set(lambdas)
    }

    #[must_use]
    pub fn set<'v>(mut self, variables: impl IntoIterator<Item = (&'v str, &'v str)>) -> Program {
        self.variables.extend(variables.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())));
        self
    }

    #[must_use]
    pub fn unset(mut self, variable: &str) -> Program {
        self.variables.retain(|(name, _)| name != variable);
        self
    }
}

/// What was seen of one process.
#[derive(Clone, Debug)]
pub struct Run {
    /// From exec until it asked for its first event.
    pub first_poll: Duration,
    /// From exec until its answer was there whole; of a run with an event.
    pub answered: Duration,
    /// The most memory that it held (VmHWM), in KiB.
    pub peak_kib: u64,
}

/// Starts the program and waits until it has asked for an event and, if there is one to give, answered it; then ends it.
pub async fn run(program: &Program, event: Option<Value>) -> Run {
    let api = RuntimeApi::start(event.clone()).await;
    let log = tempfile::NamedTempFile::new().unwrap();
    let mut command = Command::new(&program.path);
    command
        .args(&program.arguments)
        .env_clear()
        .envs(program.variables.iter().cloned())
        .env("AWS_LAMBDA_RUNTIME_API", api.address.to_string())
        .current_dir(&program.directory)
        .stdin(Stdio::null())
        .stdout(log.reopen().unwrap())
        .stderr(log.reopen().unwrap());
    let begun = Instant::now();
    let mut process = Process(command.spawn().unwrap());
    let told = || fs::read_to_string(log.path()).unwrap_or_default();
    let first_poll = within(api.polled).await.unwrap_or_else(|| panic!("no first poll; it said:\n{}", told())) - begun;
    let mut answered = Duration::ZERO;
    if event.is_some() {
        let (at, failure) = within(api.answered).await.unwrap_or_else(|| panic!("no answer; it said:\n{}", told()));
        assert!(failure.is_none(), "it failed: {}\n{}", failure.unwrap_or_default(), told());
        answered = at - begun;
    }
    Run { first_poll, answered, peak_kib: process.peak_kib() }
}

async fn within<T>(receiver: oneshot::Receiver<T>) -> Option<T> {
    tokio::time::timeout(PATIENCE, receiver).await.ok()?.ok()
}

/// A process that does not outlive its measurement.
struct Process(Child);

impl Process {
    fn peak_kib(&mut self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse().ok()).unwrap_or_default()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        _ = self.0.kill();
        _ = self.0.wait();
    }
}

/// The server side of Lambda's Runtime API for one process: it gives one event, or none, and notes when.
struct RuntimeApi {
    address: SocketAddr,
    polled: oneshot::Receiver<Instant>,
    answered: oneshot::Receiver<Told>,
}

/// When the process told how its run ended, and the failure if it was one.
type Told = (Instant, Option<String>);

struct Notes {
    event: Mutex<Option<Value>>,
    polled: Mutex<Option<oneshot::Sender<Instant>>>,
    answered: Mutex<Option<oneshot::Sender<Told>>>,
}

impl RuntimeApi {
    async fn start(event: Option<Value>) -> RuntimeApi {
        let ((polled_sender, polled), (answered_sender, answered)) = (oneshot::channel(), oneshot::channel());
        let notes = Arc::new(Notes {
            event: Mutex::new(event),
            polled: Mutex::new(Some(polled_sender)),
            answered: Mutex::new(Some(answered_sender)),
        });
        let runtime = Router::new()
            .route("/invocation/next", get(next))
            .route("/invocation/{id}/response", post(response))
            .route("/invocation/{id}/error", post(error))
            .route("/init/error", post(error))
            .with_state(notes);
        let address = serve(Router::new().nest("/2018-06-01/runtime", runtime)).await;
        RuntimeApi { address, polled, answered }
    }
}

async fn next(State(notes): State<Arc<Notes>>) -> Response {
    let now = Instant::now();
    notes.polled.lock().unwrap().take().map(|polled| polled.send(now));
    let event = notes.event.lock().unwrap().take();
    let Some(event) = event else {
        return std::future::pending().await;
    };
    let deadline = SystemTime::now().duration_since(UNIX_EPOCH).unwrap() + PATIENCE;
    let headers = [
        ("lambda-runtime-aws-request-id", "00000000-0000-4000-8000-000000000001".to_owned()),
        ("lambda-runtime-deadline-ms", deadline.as_millis().to_string()),
        ("lambda-runtime-invoked-function-arn", "arn:aws:lambda:us-east-1:123456789012:function:measured".to_owned()),
        ("lambda-runtime-trace-id", "Root=1-00000000-000000000000000000000000;Sampled=0".to_owned()),
    ];
    (headers, Json(event)).into_response()
}

async fn response(State(notes): State<Arc<Notes>>, _body: Bytes) -> StatusCode {
    settle(&notes, None)
}

async fn error(State(notes): State<Arc<Notes>>, body: Bytes) -> StatusCode {
    settle(&notes, Some(String::from_utf8_lossy(&body).into_owned()))
}

fn settle(notes: &Notes, failure: Option<String>) -> StatusCode {
    let now = Instant::now();
    notes.answered.lock().unwrap().take().map(|answered| answered.send((now, failure)));
    StatusCode::ACCEPTED
}

/// Serves `routes` on a free loopback port, without Nagle's delay.
pub async fn serve(routes: Router) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let listener = listener.tap_io(|connection| _ = connection.set_nodelay(true));
    tokio::spawn(async move { axum::serve(listener, routes).await });
    address
}

/// The value in the middle.
pub fn median<T: Ord + Copy>(values: impl IntoIterator<Item = T>) -> T {
    let mut values: Vec<_> = values.into_iter().collect();
    values.sort_unstable();
    values[values.len() / 2]
}

/// Milliseconds, for people.
pub fn ms(duration: Duration) -> String {
    format!("{:.2} ms", duration.as_secs_f64() * 1e3)
}

/// How many times as long.
pub fn times(duration: Duration, baseline: Duration) -> String {
    format!("{:.2}", duration.as_secs_f64() / baseline.as_secs_f64())
}

/// Prints rows under a heading, in columns of Markdown.
pub fn table<const COLUMNS: usize>(heading: [&str; COLUMNS], rows: Vec<[String; COLUMNS]>) {
    println!("| {} |\n|{}", heading.join(" | "), "---|".repeat(COLUMNS));
    rows.iter().for_each(|row| println!("| {} |", row.join(" | ")));
    println!();
}

/// One confirmed subscription.
pub fn listeners() -> axum::response::Response {
    let entry = "<entry><key>SubscriptionsConfirmed</key><value>1</value></entry>";
    let result = format!("<GetTopicAttributesResult><Attributes>{entry}</Attributes></GetTopicAttributesResult>");
    axum::response::IntoResponse::into_response(format!(
        "<GetTopicAttributesResponse>{result}</GetTopicAttributesResponse>"
    ))
}
