//! The server side of Lambda's Runtime API (version 2018-06-01): it hands events to one function and hears what became of them.

use super::{Clock, serve};
use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, State},
    http::StatusCode,
    response::IntoResponse,
    routing::{get, post},
};
use jiff::Timestamp;
use serde_json::Value;
use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::sync::{SetOnce, mpsc, oneshot};

/// What an invocation came to.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    Answer(Value),
    Error {
        error_type: String,
        error_message: String,
    },
    /// The process ended before it said anything.
    Exited,
}

impl Outcome {
    fn error(diagnostic: &[u8]) -> Self {
        let diagnostic: Value = serde_json::from_slice(diagnostic).unwrap();
        let text = |name: &str| diagnostic[name].as_str().unwrap_or_default().to_owned();
        Self::Error { error_type: text("errorType"), error_message: text("errorMessage") }
    }

    /// The answer of a run that must have succeeded.
    #[track_caller]
    pub fn answer(&self) -> &Value {
        match self {
            Self::Answer(answer) => answer,
            other => panic!("expected an answer, not {other:?}"),
        }
    }

    /// The stable code of a run that must have failed.
    #[track_caller]
    pub fn code(&self) -> &str {
        match self {
            Self::Error { error_type, .. } => error_type,
            other => panic!("expected an error, not {other:?}"),
        }
    }

    /// The message of a run that must have failed.
    #[track_caller]
    pub fn error_message(&self) -> &str {
        match self {
            Self::Error { error_message, .. } => error_message,
            other => panic!("expected an error, not {other:?}"),
        }
    }
}

struct Invocation {
    request_id: String,
    event: Value,
    deadline: Duration,
}

struct Shared {
    queue: mpsc::UnboundedSender<Invocation>,
    waiting: tokio::sync::Mutex<mpsc::UnboundedReceiver<Invocation>>,
    outcomes: Mutex<HashMap<String, oneshot::Sender<Outcome>>>,
    init_error: SetOnce<Outcome>,
    clock: Option<Clock>,
}

pub struct RuntimeApi {
    /// The value of `AWS_LAMBDA_RUNTIME_API`.
    pub address: SocketAddr,
    shared: Arc<Shared>,
}

impl RuntimeApi {
    /// Serves a function that has this clock, or the test's own.
    pub async fn start(clock: Option<Clock>) -> Self {
        let (queue, waiting) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared {
            queue,
            waiting: waiting.into(),
            outcomes: Mutex::default(),
            init_error: SetOnce::new(),
            clock,
        });
        let runtime = Router::new()
            .route("/invocation/next", get(next))
            .route("/invocation/{id}/response", post(response))
            .route("/invocation/{id}/error", post(error))
            .route("/init/error", post(init_error))
            .with_state(Arc::clone(&shared));
        Self { address: serve(Router::new().nest("/2018-06-01/runtime", runtime)).await, shared }
    }

    /// Hands over an event under a request id that no other invocation has.
    pub async fn invoke(&self, event: Value, deadline: Duration) -> Outcome {
        static COUNT: AtomicU64 = AtomicU64::new(1);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        self.invoke_as(&format!("00000000-0000-4000-8000-{count:012}"), event, deadline).await
    }

    /// The same under a given request id: Lambda keeps it when it retries or delivers twice.
    pub async fn invoke_as(&self, request_id: &str, event: Value, deadline: Duration) -> Outcome {
        let (sender, outcome) = oneshot::channel();
        self.shared.outcomes.lock().unwrap().insert(request_id.to_owned(), sender);
        let invocation = Invocation { request_id: request_id.to_owned(), event, deadline };
        assert!(self.shared.queue.send(invocation).is_ok(), "the queue lives as long as its server");
        tokio::select! {
            biased;
            outcome = outcome => outcome.expect("each invocation is answered once"),
            error = self.shared.init_error.wait() => error.clone(),
        }
    }
}

async fn next(State(shared): State<Arc<Shared>>) -> impl IntoResponse {
    let invocation = shared.waiting.lock().await.recv().await.expect("the queue lives as long as its server");
    let deadline = shared.clock.as_ref().map_or_else(Timestamp::now, Clock::now) + invocation.deadline;
    let headers = [
        ("lambda-runtime-aws-request-id", invocation.request_id),
        ("lambda-runtime-deadline-ms", deadline.as_millisecond().to_string()),
        ("lambda-runtime-invoked-function-arn", "arn:aws:lambda:us-east-1:123456789012:function:under-test".to_owned()),
        ("lambda-runtime-trace-id", "Root=1-00000000-000000000000000000000000;Sampled=0".to_owned()),
    ];
    (headers, Json(invocation.event))
}

// The runtime's client names no content type, so the bodies are read without one.

async fn response(state: State<Arc<Shared>>, id: Path<String>, answer: Bytes) -> StatusCode {
    settle(&state, &id, Outcome::Answer(serde_json::from_slice(&answer).unwrap()))
}

async fn error(state: State<Arc<Shared>>, id: Path<String>, diagnostic: Bytes) -> StatusCode {
    settle(&state, &id, Outcome::error(&diagnostic))
}

async fn init_error(State(shared): State<Arc<Shared>>, diagnostic: Bytes) -> StatusCode {
    let _ = shared.init_error.set(Outcome::error(&diagnostic));
    StatusCode::ACCEPTED
}

fn settle(shared: &Shared, id: &str, outcome: Outcome) -> StatusCode {
    let waiting = shared.outcomes.lock().unwrap().remove(id);
    match waiting.map(|sender| sender.send(outcome)) {
        Some(_) => StatusCode::ACCEPTED,
        None => StatusCode::BAD_REQUEST,
    }
}
