//! The real binary as a child process under a Runtime API server of its own.

use super::{Clock, Outcome, RuntimeApi, aws::REGION, clock::inherited};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    path::PathBuf,
    process::Stdio,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    process::{Child, Command},
    sync::{Notify, SetOnce},
    task::JoinHandle,
    time::timeout,
};

/// The AWS secret key of the function, recognisable should it ever be logged.
pub const SECRET_KEY: &str = "stand-in-secret-access-key";

const DEADLINE: Duration = Duration::from_secs(60);
/// How far past its deadline a function may be before the test gives it up.
const GRACE: Duration = Duration::from_secs(15);

/// All that the function sees of the world: nothing of the test's own environment reaches it.
#[derive(Clone, Debug)]
pub struct FunctionEnv {
    variables: BTreeMap<String, String>,
    pub directory: PathBuf,
    /// The time of the functions, where it is not the test's own.
    pub clock: Option<Clock>,
}

impl FunctionEnv {
    /// What Lambda itself sets, and credentials that the stand-in takes.
    pub fn new() -> Self {
        let variables = [
            ("AWS_LAMBDA_FUNCTION_NAME", "under-test"),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
            ("AWS_REGION", REGION),
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", SECRET_KEY),
            ("AWS_EC2_METADATA_DISABLED", "true"),
            ("NO_PROXY", "127.0.0.1"),
        ];
        let variables = variables.map(|(name, value)| (name, value.to_owned())).into_iter().chain(inherited());
        let variables = variables.map(|(name, value)| (name.to_owned(), value)).collect();
        Self { variables, directory: std::env::temp_dir(), clock: None }
    }

    pub fn set(&mut self, name: &str, value: impl ToString) -> &mut Self {
        self.variables.insert(name.to_owned(), value.to_string());
        self
    }

    pub fn unset(&mut self, name: &str) -> &mut Self {
        self.variables.remove(name);
        self
    }
}

/// A handle by which anyone may end the process and learn that it ended.
#[derive(Clone)]
pub struct Process(Arc<Life>);

#[derive(Default)]
struct Life {
    kill: Notify,
    ended: SetOnce<()>,
}

impl Process {
    pub fn supervise(mut child: Child) -> (Self, JoinHandle<()>) {
        let life = Arc::new(Life::default());
        let process = Self(Arc::clone(&life));
        let supervisor = tokio::spawn(async move {
            let killed = tokio::select! {
                _ = child.wait() => false,
                () = life.kill.notified() => true,
            };
            if killed {
                child.kill().await.unwrap();
            }
            let _ = life.ended.set(());
        });
        (process, supervisor)
    }

    /// SIGKILL; returns when the process is gone.
    pub async fn kill(&self) {
        self.0.kill.notify_one();
        self.ended().await;
    }

    pub async fn ended(&self) {
        self.0.ended.wait().await;
    }
}

/// What the process wrote so far; shared, so that it outlives the function.
#[derive(Clone, Default)]
pub struct Output(Arc<[Mutex<Vec<u8>>; 2]>);

impl Output {
    /// Standard output, then standard error.
    pub fn text(&self) -> String {
        self.0.iter().map(|stream| String::from_utf8_lossy(&stream.lock().unwrap()).into_owned()).collect()
    }

    fn collect(&self, stream: usize, mut source: impl AsyncRead + Unpin + Send + 'static) -> JoinHandle<()> {
        let output = self.clone();
        tokio::spawn(async move {
            let mut chunk = Vec::with_capacity(8192);
            while source.read_buf(&mut chunk).await.is_ok_and(|length| length > 0) {
                output.0[stream].lock().unwrap().append(&mut chunk);
            }
        })
    }
}

pub struct Function {
    pub api: RuntimeApi,
    pub process: Process,
    pub output: Output,
    supervisor: JoinHandle<()>,
    readers: Option<[JoinHandle<()>; 2]>,
}

impl Function {
    /// Starts the process; it may ask for its first event from now on.
    pub async fn spawn(env: &FunctionEnv) -> Self {
        let api = RuntimeApi::start(env.clock.clone()).await;
        let mut child = Command::new(env!("CARGO_BIN_EXE_zoom-sms-cost-alerts"))
            .env_clear()
            .envs(&env.variables)
            .env("AWS_LAMBDA_RUNTIME_API", api.address.to_string())
            .current_dir(&env.directory)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let output = Output::default();
        let readers =
            [output.collect(0, child.stdout.take().unwrap()), output.collect(1, child.stderr.take().unwrap())];
        let (process, supervisor) = Process::supervise(child);
        Self { api, process, output, supervisor, readers: Some(readers) }
    }

    pub async fn invoke(&self, event: Value) -> Outcome {
        self.invoke_within(event, DEADLINE).await
    }

    pub async fn invoke_within(&self, event: Value, deadline: Duration) -> Outcome {
        self.settled(deadline, self.api.invoke(event, deadline)).await
    }

    /// Under a given request id, as when Lambda delivers an event for a second time.
    pub async fn invoke_as(&self, request_id: &str, event: Value) -> Outcome {
        self.settled(DEADLINE, self.api.invoke_as(request_id, event, DEADLINE)).await
    }

    async fn settled(&self, deadline: Duration, outcome: impl Future<Output = Outcome>) -> Outcome {
        let settled = async {
            tokio::select! {
                biased;
                outcome = outcome => outcome,
                () = self.process.ended() => Outcome::Exited,
            }
        };
        timeout(deadline + GRACE, settled).await.unwrap_or_else(|_| {
            panic!("no outcome {GRACE:?} after the deadline; the function's output:\n{}", self.output.text())
        })
    }

    /// SIGKILL; when this returns, the output is complete.
    pub async fn kill(&mut self) {
        self.process.kill().await;
        for reader in self.readers.take().into_iter().flatten() {
            reader.await.unwrap();
        }
    }

    /// What the process wrote so far; complete after [`Self::kill`].
    pub fn logs(&self) -> String {
        self.output.text()
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        self.supervisor.abort(); // drops the child, which kills it
    }
}
