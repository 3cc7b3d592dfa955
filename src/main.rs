//! The Lambda function: builds the clients once and runs the runtime's loop.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "the composition root, where time, environment and metrics line are"
)]

use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::Write as _;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, LocalBoxFuture, Shared};
use jiff::Timestamp;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::Value;
use tokio::runtime::Handle;
use zoom_sms_cost_alerts::VERSION;
use zoom_sms_cost_alerts::clients::{Deadline, sdk_config};
use zoom_sms_cost_alerts::config::{Config, Mode};
use zoom_sms_cost_alerts::error::{Code, RunError};
use zoom_sms_cost_alerts::request::Request;
use zoom_sms_cost_alerts::response::Response;
use zoom_sms_cost_alerts::run::{Invocation, Places, Services, run};
use zoom_sms_cost_alerts::telemetry::{Metrics, subscriber};
use zoom_sms_cost_alerts::widget::{Question, Widget};

/// Says what it is to somebody who starts it by hand.
const NO_COMMAND: &str = "zoom-sms-cost-alerts is an AWS Lambda function and runs inside Lambda alone (AWS_LAMBDA_RUNTIME_API is not set). \
    The command for people is cost-alerts: `cost-alerts demo` needs no account, `cost-alerts --help` lists the rest.";

fn main() -> ExitCode {
    if variable("AWS_LAMBDA_RUNTIME_API").is_some() {
        return match serve() {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                _ = writeln!(std::io::stderr(), "Error: {error:?}");
                ExitCode::FAILURE
            }
        };
    }
    if std::env::args().nth(1).is_some_and(|argument| argument == "--version" || argument == "-V") {
        println!("zoom-sms-cost-alerts {VERSION}");
        return ExitCode::SUCCESS;
    }
    _ = writeln!(std::io::stderr(), "{NO_COMMAND}");
    ExitCode::from(2)
}

#[tokio::main(flavor = "current_thread")]
async fn serve() -> Result<(), Error> {
    let level = variable("AWS_LAMBDA_LOG_LEVEL");
    tracing::subscriber::set_global_default(subscriber(level.as_deref(), std::io::stderr))?;
    let function = made_beside().boxed().shared();
    tokio::spawn(function.clone());
    // Boxed as `dyn`: the futures of the SDK calls nest deeper than the compiler's query limit.
    let invoked =
        |event| -> LocalBoxFuture<'_, Result<Response, RunError>> { invoke(function.clone(), event).boxed_local() };
    lambda_runtime::run(service_fn(invoked)).await
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// A function on its way: its clients, and what they need.
type Building = BoxFuture<'static, Result<Arc<Function>, RunError>>;

/// What this process is for.
enum Function {
    /// It judges and sends.
    Alerts(Box<Alerts>),
    /// It shows what the last run stored.
    Widget(Widget),
}

struct Alerts {
    config: Config,
    services: Services,
}

/// Turns of the runtime in which the first poll goes out, with some to spare.
const TURNS: usize = 8;

/// Makes ready, while Lambda answers the first poll, what the first run needs. On a thread, which must not compete with the poll itself: to
/// read the root certificates takes longer than all that comes before it.
async fn made_beside() -> Result<Arc<Function>, RunError> {
    for _ in 0..TURNS {
        tokio::task::yield_now().await;
    }
    let building = tokio::task::spawn_blocking(|| Handle::current().block_on(build()));
    building.await.unwrap_or_else(|panic| Err(RunError::new(Code::Internal, panic.to_string())))
}

async fn build() -> Result<Arc<Function>, RunError> {
    let mode = Mode::read(variable)?;
    let aws = sdk_config().await;
    Ok(Arc::new(match mode {
        Mode::Alerts(config) => {
            let services = Services::deployed(&aws, &config)?;
            Function::Alerts(Box::new(Alerts { config: *config, services }))
        }
        Mode::Widget { ledger_table } => Function::Widget(Widget::deployed(&aws, &ledger_table)),
    }))
}

async fn invoke(function: Shared<Building>, event: LambdaEvent<Value>) -> Result<Response, RunError> {
    let (now, started) = (Timestamp::now(), Instant::now());
    let left = Duration::from_millis(event.context.deadline)
        .saturating_sub(now.duration_since(Timestamp::UNIX_EPOCH).unsigned_abs());
    let deadline = Deadline::after(left);
    let function = function.await;
    let alerts = match function.as_deref() {
        Ok(Function::Alerts(alerts)) => Ok(&**alerts),
        // Without a line of metrics: each metric is billed, and what goes wrong is shown in the widget.
        Ok(Function::Widget(widget)) => return show(widget, &event, now, deadline).await,
        Err(error) => Err(error.clone()),
    };
    let (request_id, name) = (event.context.request_id, event.context.env_config.function_name.clone());
    let invocation = Invocation {
        request_id: request_id.clone(),
        // Lambda's tries of one event share its request id.
        owner: format!("{request_id}/{:016x}", RandomState::new().build_hasher().finish()),
        now,
        deadline,
    };
    let mut metrics = Metrics::default();
    let result = answer(alerts, event.payload, &invocation, &mut metrics).await;
    metrics.run_failed = result.is_err();
    metrics.duration = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    println!("{}", metrics.line(now, &name, &request_id, result.as_ref().err().map(|error| error.code.to_string())));
    result
}

async fn show(
    widget: &Widget,
    event: &LambdaEvent<Value>,
    now: Timestamp,
    deadline: Deadline,
) -> Result<Response, RunError> {
    let question = Question::read(&event.payload)?;
    Ok(Response::Shown(widget.answer(&question, &event.context.invoked_function_arn, now, deadline).await))
}

async fn answer(
    alerts: Result<&Alerts, RunError>,
    event: Value,
    invocation: &Invocation,
    metrics: &mut Metrics,
) -> Result<Response, RunError> {
    let Alerts { config, services } = alerts?;
    let request = Request::read(event, invocation.now)?;
    tracing::info!(
        trigger = request.trigger,
        schedule_arn = request.schedule_arn,
        scheduled_time = request.scheduled_time.map(|time| time.to_string()),
        task = ?request.task,
        version = VERSION,
        "the run starts"
    );
    let places = Places::of(config).with(&request);
    let response = run(services, &places, &request, invocation, metrics).await?;
    metrics.run_completed = request.task.is_live();
    Ok(response)
}
