//! Checks all that a run needs, step by step. A failing step does not hide the next: those that need it are told as not checked.

use clap::Args;
use futures_util::FutureExt;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::{Ending, say, show, variable};
use crate::clients::ledger::{Claim, Entry, Ledger};
use crate::clients::topic::{Subscription, Topic};
use crate::clients::zoom::{Authorized, Source, Zoom, ZoomErrorKind};
use crate::clients::{Credentials, Deadline, sdk_config};
use crate::config::Config;
use crate::domain::alert::AlertId;
use crate::domain::policy::Policy;
use crate::event::Event;
use crate::handler::{Invocation, Places, Services, run};
use crate::telemetry::Metrics;

/// Checks a deployment before its first run: environment, secret, token, scope, report, policy, topic, ledger, clock. Sends nothing.
///
/// Set the function's variables (ZOOM_SECRET_ID, ALERT_TOPIC_ARN, LEDGER_TABLE, POLICY, …) and AWS credentials that may do what the
/// function does and list the topic's subscriptions. Exit code: 0 fine or worth a look, 1 a step failed.
#[derive(Args)]
pub(super) struct Doctor {
    /// Also send one marked test notification, the way an alert goes
    #[arg(long)]
    send_test: bool,
    /// Answer in JSON
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Fine,
    Attention,
    Failed,
    NotChecked,
}

impl Verdict {
    fn name(self) -> &'static str {
        match self {
            Verdict::Fine => "ok",
            Verdict::Attention => "attention",
            Verdict::Failed => "failed",
            Verdict::NotChecked => "not_checked",
        }
    }
}

struct Step {
    name: &'static str,
    verdict: Verdict,
    finding: String,
}

/// A clock this far off makes AWS refuse requests.
const MOST_SKEW: SignedDuration = SignedDuration::from_mins(5);
const NOTABLE_SKEW: SignedDuration = SignedDuration::from_secs(60);
/// What the report is probed with.
const PROBED: SignedDuration = SignedDuration::from_hours(24);

impl Doctor {
    pub(super) async fn run(&self, now: Timestamp) -> Ending {
        let spinner = show::spinner("looking");
        let mut examined = Examined { steps: Vec::new(), now };
        examined.all(self.send_test).await;
        spinner.finish_and_clear();
        let failed = examined.steps.iter().any(|step| step.verdict == Verdict::Failed);
        if self.json {
            let steps: Vec<_> = examined
                .steps
                .iter()
                .map(|step| json!({"step": step.name, "verdict": step.verdict.name(), "finding": step.finding}))
                .collect();
            say(&json!({"healthy": !failed, "steps": steps}).to_string());
        } else {
            for Step { name, verdict, finding } in &examined.steps {
                let mark = match verdict {
                    Verdict::Fine => "ok         ",
                    Verdict::Attention => "attention  ",
                    Verdict::Failed => "FAILED     ",
                    Verdict::NotChecked => "not checked",
                };
                say(&format!("{mark} {name:<12} {finding}"));
            }
        }
        if failed { Ending::Failed } else { Ending::Fine }
    }
}

struct Examined {
    steps: Vec<Step>,
    now: Timestamp,
}

impl Examined {
    fn tell(&mut self, name: &'static str, verdict: Verdict, finding: impl Into<String>) {
        self.steps.push(Step { name, verdict, finding: finding.into() });
    }

    fn settle<T>(&mut self, name: &'static str, result: Result<(T, String), String>) -> Option<T> {
        match result {
            Ok((value, finding)) => {
                self.tell(name, Verdict::Fine, finding);
                Some(value)
            }
            Err(problem) => {
                self.tell(name, Verdict::Failed, problem);
                None
            }
        }
    }

    async fn all(&mut self, send_test: bool) {
        let config = Config::read(variable).map(|config| (config, "all variables are well-formed".to_owned()));
        let Some(config) = self.settle("environment", config.map_err(|error| error.message)) else {
            let steps = ["secret", "token", "clock", "scope", "report", "policy", "topic", "ledger", "test"];
            for step in steps.iter().take(steps.len() - usize::from(!send_test)) {
                self.tell(step, Verdict::NotChecked, "needs the environment");
            }
            return;
        };
        let aws = sdk_config().await;
        let services = match Services::deployed(&aws, &config) {
            Ok(services) => services,
            Err(error) => return self.tell("environment", Verdict::Failed, error.message),
        };
        self.zoom(&services, &config).await;
        let policy = services.parameters.read(&config.policy).await.map_err(|error| error.to_string());
        let policy = policy.and_then(|document| Policy::parse(&document).map_err(|faults| faults.to_string()));
        self.settle("policy", policy.map(|policy| ((), format!("{} budgets", policy.budgets.len()))));
        self.topic(&services.topic, &config.topic_arn).await;
        let ledger = probe(&services.ledger, self.now).await;
        self.settle("ledger", ledger.map(|()| ((), format!("table {:?} can be written", config.ledger_table))));
        if send_test {
            self.send_test(&services, config).await;
        }
    }

    async fn zoom(&mut self, services: &Services, config: &Config) {
        let credentials = services.secrets.read(&config.secret_id).await;
        let credentials = credentials.map(|credentials| (credentials, "readable and well-formed".to_owned()));
        let Some(credentials) = self.settle("secret", credentials.map_err(|error| error.to_string())) else {
            for step in ["token", "clock", "scope", "report"] {
                self.tell(step, Verdict::NotChecked, "needs the secret");
            }
            return;
        };
        let Some(authorized) = self.token(&services.zoom, &credentials).await else {
            for step in ["clock", "scope", "report"] {
                self.tell(step, Verdict::NotChecked, "needs the token");
            }
            return;
        };
        self.clock(&authorized);
        self.report(&services.zoom, authorized).await;
    }

    async fn token(&mut self, zoom: &Zoom, credentials: &Credentials) -> Option<Authorized> {
        let authorized = zoom.authorize(credentials, Deadline::never()).await.map_err(|error| error.to_string());
        self.settle(
            "token",
            authorized.map(|token| (token, format!("Zoom gave one for account {}", credentials.account_id))),
        )
    }

    fn clock(&mut self, authorized: &Authorized) {
        let Some(skew) = authorized.clock_skew() else {
            return self.tell("clock", Verdict::Attention, "Zoom did not tell the time");
        };
        let off = format!("{} s off Zoom's", skew.as_secs());
        if skew.abs() > MOST_SKEW {
            self.tell("clock", Verdict::Failed, format!("{off}: AWS refuses requests from such a clock; set it"));
        } else if skew.abs() > NOTABLE_SKEW {
            self.tell("clock", Verdict::Attention, format!("{off}; set it"));
        } else {
            self.tell("clock", Verdict::Fine, off);
        }
    }

    async fn report(&mut self, zoom: &Zoom, authorized: Authorized) {
        let utc = jiff::tz::TimeZone::UTC;
        let source =
            Source { authorized, renew: &|| async { None }.boxed_local(), on_page: &|_| {}, most_requests: None };
        let reading = zoom.fetch(source, &[self.now - PROBED..self.now], &utc, Deadline::never()).await;
        match &reading.failure {
            Some(error) if error.kind == ZoomErrorKind::ScopeMissing => {
                self.tell("scope", Verdict::Failed, error.to_string());
                self.tell("report", Verdict::NotChecked, "needs the scope");
            }
            Some(error) => {
                self.tell("scope", Verdict::NotChecked, "needs the report");
                self.tell("report", Verdict::Failed, error.to_string());
            }
            None => {
                self.tell("scope", Verdict::Fine, "the app may read the report");
                let rows = reading.receipt.rows;
                match reading.row_faults.as_slice() {
                    [] => self.tell(
                        "report",
                        Verdict::Fine,
                        format!("readable; {rows} charged messages in the last 24 hours"),
                    ),
                    [first, ..] => self.tell(
                        "report",
                        Verdict::Failed,
                        format!("{} rows cannot be read; {first}", reading.row_faults.len()),
                    ),
                }
            }
        }
    }

    async fn topic(&mut self, topic: &Topic, topic_arn: &str) {
        const CONFIRM: &str = "receives nothing until its owner follows the link in SNS's confirmation mail";
        let subscriptions = match topic.subscriptions(topic_arn).await {
            Ok(subscriptions) => subscriptions,
            Err(problem) => {
                let mend = "check ALERT_TOPIC_ARN, and that you may call sns:ListSubscriptionsByTopic on it";
                return self.tell(
                    "topic",
                    Verdict::Failed,
                    format!("its subscriptions cannot be listed: {problem}; {mend}"),
                );
            }
        };
        let names = |confirmed| {
            let some = subscriptions.iter().filter(|subscription| subscription.confirmed == confirmed);
            some.map(|Subscription { protocol, endpoint, .. }| format!("{protocol} {endpoint}"))
                .collect::<Vec<_>>()
                .join(", ")
        };
        let (confirmed, pending) = (names(true), names(false));
        match (confirmed.is_empty(), pending.is_empty()) {
            (true, true) => self.tell(
                "topic",
                Verdict::Failed,
                "nobody is subscribed, so that alerts reach nobody; subscribe an e-mail address or a Slack channel",
            ),
            (true, false) => self.tell("topic", Verdict::Failed, format!("nobody has confirmed: {pending} {CONFIRM}")),
            (false, false) => {
                self.tell("topic", Verdict::Attention, format!("reaches {confirmed}; {pending} {CONFIRM}"))
            }
            (false, true) => self.tell("topic", Verdict::Fine, format!("reaches {confirmed}")),
        }
    }

    async fn send_test(&mut self, services: &Services, config: Config) {
        let places = Places { secret_id: config.secret_id, policy: config.policy, topic_arn: config.topic_arn };
        let event = Event { test_alert: true, ..Event::default() };
        let owner = format!("doctor {}", self.now);
        let invocation = Invocation { request_id: owner.clone(), owner, now: self.now, deadline: Deadline::never() };
        let sent = run(services, &places, &event, &invocation, &mut Metrics::default()).await;
        let sent = sent.map(|_| ((), "sent; see that it arrives".to_owned())).map_err(|error| error.to_string());
        self.settle("test", sent);
    }
}

/// Claims an entry that stands for nothing and gives it back. It expires within a day.
async fn probe(ledger: &Ledger, now: Timestamp) -> Result<(), String> {
    let id = AlertId::of_test("doctor", &now.to_string());
    let entry =
        Entry { id, facts: vec![("kind", "doctor".to_owned())], expires_at: now + SignedDuration::from_hours(24) };
    let owner = format!("doctor {now}");
    ledger.sent(std::slice::from_ref(&entry.id)).await.map_err(|error| error.to_string())?;
    match ledger.claim(&entry, &owner).await.map_err(|error| error.to_string())? {
        Claim::Held(held) => ledger.release(&held, &owner).await.map_err(|error| error.to_string()),
        Claim::AlreadySent | Claim::HeldElsewhere { .. } => Ok(()),
    }
}
