//! A deployment whose runs are made in process, with the product's own clients, so that a test says what time it is.

use super::{Aws, AwsProxy, Moment, Notification, Setup};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::time::Duration;
use zoom_sms_cost_alerts::{
    clients::Deadline,
    config::{Config, PolicySource, SecretSource, ZoomConfig},
    error::RunError,
    request::Request,
    run::{Invocation, Places, Services, run},
    sandbox::{ACCOUNT_ID, CLIENT_ID, CLIENT_SECRET, Dataset, Row, Sandbox},
    telemetry::Metrics,
};

/// A deployment, its Zoom, and the time.
pub struct Deployment {
    pub aws: Aws,
    /// All calls to AWS come through it.
    pub proxy: AwsProxy,
    pub zoom: Sandbox,
    pub policy: PolicySource,
    pub now: Timestamp,
    pub full_read_hours: u32,
    pub late_read_hours: u32,
    pub requests_per_second: u32,
    /// How long a run may take; for ever if none.
    pub time: Option<Duration>,
    /// What the last run measured.
    pub metrics: Metrics,
    runs: u32,
    seen: usize,
}

impl Deployment {
    pub(super) async fn of(setup: Setup) -> Self {
        let mut aws = Aws::new().await;
        let secret = json!({ "account_id": ACCOUNT_ID, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET });
        aws.put_secret(&secret.to_string()).await;
        let policy = PolicySource::parse(&aws.put_parameter(&setup.policy).await).unwrap();
        let zoom = Sandbox::start(0, setup.dataset(), setup.switches).await.unwrap();
        let proxy = AwsProxy::new();
        aws.config = aws.config.to_builder().endpoint_url(proxy.door().await.url).build();
        Self {
            aws,
            proxy,
            zoom,
            policy,
            now: setup.now,
            full_read_hours: 24,
            late_read_hours: 6,
            requests_per_second: 1_000,
            time: None,
            metrics: Metrics::default(),
            runs: 0,
            seen: 0,
        }
    }

    pub async fn set_policy(&mut self, policy: impl ToString) {
        self.policy = PolicySource::parse(&self.aws.put_parameter(&policy.to_string()).await).unwrap();
    }

    /// The product's clients, made anew as by a cold start.
    pub fn services(&self) -> Services {
        let config = Config {
            secret_id: SecretSource::Secret(self.aws.secret_id.clone()),
            topic_arn: self.aws.topic_arn.clone(),
            ledger_table: self.aws.table.clone(),
            policy: self.policy.clone(),
            zoom: ZoomConfig {
                api_url: self.zoom.api_url(),
                token_url: self.zoom.token_url(),
                requests_per_second: self.requests_per_second,
            },
            full_read_hours: self.full_read_hours,
            late_read_hours: self.late_read_hours,
            link: None,
        };
        Services::deployed(&self.aws.config, &config).unwrap()
    }

    /// A run of this event at this moment, whatever becomes of it.
    pub async fn ends(&mut self, event: Value) -> Result<Value, RunError> {
        self.runs += 1;
        let request = Request::read(event, self.now)?;
        let places = Places {
            secret_id: request.secret_id.clone().unwrap_or_else(|| SecretSource::Secret(self.aws.secret_id.clone())),
            policy: request.policy.clone().unwrap_or_else(|| self.policy.clone()),
            topic_arn: request.topic_arn.clone().unwrap_or_else(|| self.aws.topic_arn.clone()),
            link: None,
        };
        let invocation = Invocation {
            request_id: format!("run-{}", self.runs),
            owner: format!("run-{}", self.runs),
            now: self.now,
            deadline: self.time.map_or_else(Deadline::never, Deadline::after),
        };
        let services = self.services();
        self.metrics = Metrics::default();
        let answer = run(&services, &places, &request, &invocation, &mut self.metrics).await;
        answer.map(|answer| serde_json::to_value(answer).unwrap())
    }

    /// A scheduled run that must succeed.
    #[track_caller]
    pub fn run(&mut self) -> impl Future<Output = Value> {
        let place = std::panic::Location::caller();
        async move { self.ends(json!({})).await.unwrap_or_else(|error| panic!("{place}: {error}")) }
    }

    /// A scheduled run that must fail.
    #[track_caller]
    pub fn fails(&mut self) -> impl Future<Output = RunError> {
        let place = std::panic::Location::caller();
        async move {
            match self.ends(json!({})).await {
                Ok(answer) => panic!("{place}: {answer}"),
                Err(error) => error,
            }
        }
    }

    /// Goes on by so many hours; Zoom's report goes with it.
    pub fn later(&mut self, hours: i64) {
        self.until(self.now + SignedDuration::from_hours(hours));
    }

    /// Goes on to this moment; Zoom's report goes with it.
    pub fn until(&mut self, moment: impl Into<Moment>) {
        self.now = moment.into().0;
        self.zoom.replace(self.zoom.dataset().at(self.now));
    }

    /// From now on Zoom's report holds these rows.
    pub fn show(&self, rows: impl Into<Vec<Row>>) {
        self.zoom.replace(Dataset::of(rows.into(), self.now));
    }

    /// The messages since the last time that this was asked.
    pub async fn news(&mut self) -> Vec<Notification> {
        let messages = self.aws.messages().await;
        let news = messages[self.seen..].to_vec();
        self.seen = messages.len();
        news
    }

    /// The subject lines of the messages since the last time that this was asked.
    pub async fn subjects(&mut self) -> Vec<String> {
        self.news().await.into_iter().map(|message| message.subject.unwrap()).collect()
    }
}
