//! Checks all that a run needs, step by step. A failing step does not hide the next: those that need it are listed as not checked.

mod zoom;

use clap::Args;
use jiff::Timestamp;
use serde_json::json;

use super::{Ending, say, show, variable};
use crate::clients::ledger::Ledger;
use crate::clients::topic::{Subscription, Topic};
use crate::clients::zoom::SMS;
use crate::clients::{Deadline, sdk_config};
use crate::config::Config;
use crate::daybook::{Head, Whose};
use crate::domain::alert::count;
use crate::domain::foresight::{forecast, spike};
use crate::domain::matches::never_matched;
use crate::domain::policy::{Policy, topic_arn};
use crate::domain::text::label;
use crate::request::Request;
use crate::run::{Invocation, Places, Services, run};
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
    /// The topic that alarms are sent to: who is subscribed to it
    #[arg(long, value_name = "ARN", value_parser = topic_arn)]
    operations_topic: Option<String>,
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

impl Doctor {
    pub(super) async fn run(&self, now: Timestamp) -> Ending {
        let spinner = show::spinner("looking");
        let mut examined = Examined { steps: Vec::new(), now };
        examined.all(self.operations_topic.as_deref(), self.send_test).await;
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
    fn note(&mut self, name: &'static str, verdict: Verdict, finding: impl Into<String>) {
        self.steps.push(Step { name, verdict, finding: finding.into() });
    }

    fn settle<T>(&mut self, name: &'static str, result: Result<(T, String), String>) -> Option<T> {
        match result {
            Ok((value, finding)) => {
                self.note(name, Verdict::Fine, finding);
                Some(value)
            }
            Err(problem) => {
                self.note(name, Verdict::Failed, problem);
                None
            }
        }
    }

    async fn all(&mut self, operations_topic: Option<&str>, send_test: bool) {
        let config = Config::read(variable).map(|config| (config, "all variables are well-formed".to_owned()));
        let Some(config) = self.settle("environment", config.map_err(|error| error.message)) else {
            let steps = ["secret", "token", "clock", "scope", "report", "policy", "topic", "ledger", "budgets"];
            let others = [("operations", operations_topic.is_some()), ("test", send_test)];
            let others = others.into_iter().filter(|(_, asked)| *asked).map(|(step, _)| step);
            for step in steps.into_iter().chain(others) {
                self.note(step, Verdict::NotChecked, "needs the environment");
            }
            return;
        };
        let aws = sdk_config().await;
        let services = match Services::deployed(&aws, &config) {
            Ok(services) => services,
            Err(error) => return self.note("environment", Verdict::Failed, error.message),
        };
        let account = self.zoom(&services, &config).await;
        let policy = services.parameters.read(&config.policy).await.map_err(|error| error.to_string());
        let policy = policy.and_then(|document| Policy::parse(&document).map_err(|faults| faults.to_string()));
        let budgets = |policy: Policy| {
            let count = policy.budgets.len();
            (policy, format!("{count} budget{}", if count == 1 { "" } else { "s" }))
        };
        let policy = self.settle("policy", policy.map(budgets));
        self.topic("topic", None, &services.topic, &config.topic_arn).await;
        for owner in policy.iter().flat_map(|policy| &policy.owners) {
            self.topic("owner", Some(&owner.name), &services.topic, &owner.topic_arn).await;
        }
        if let Some(topic_arn) = operations_topic {
            self.topic("operations", None, &services.topic, topic_arn).await;
        }
        let account = account.unwrap_or_else(|| "doctor".to_owned());
        let ledger = probe(&services.ledger, &account, self.now).await;
        let is_usable = self
            .settle("ledger", ledger.map(|()| ((), format!("table {:?} can be read and written", config.ledger_table))))
            .is_some();
        if let (Some(policy), true) = (policy, is_usable) {
            self.matches(&services, &account, &policy).await;
        } else {
            self.note("budgets", Verdict::NotChecked, "needs the policy and the ledger");
        }
        if send_test {
            self.send_test(&services, config).await;
        }
    }

    /// Budgets whose `only` matched nothing in any run so far.
    async fn matches(&mut self, services: &Services, account: &str, policy: &Policy) {
        let whose = Whose { account, product: SMS.product, zone: &policy.time_zone_name };
        let head = match services.daybook.load(whose).await {
            Ok(loaded) => loaded.head,
            Err(error) => return self.note("budgets", Verdict::Failed, error.to_string()),
        };
        let Some(head) = head else {
            return self.note("budgets", Verdict::NotChecked, "no run has read the report yet");
        };
        self.history(&head, policy);
        let unmatched = never_matched(policy, head.matched());
        let unmatched: Vec<_> =
            unmatched.iter().map(|selector| format!("{} {:?}", selector.what, selector.name)).collect();
        if unmatched.is_empty() {
            self.note("budgets", Verdict::Fine, "each has matched something");
        } else {
            let finding = format!("{} matched nothing so far; check its `only`", unmatched.join(", "));
            self.note("budgets", Verdict::Attention, finding);
        }
    }

    /// Whether there are enough past days to forecast, and to find spikes.
    fn history(&mut self, head: &Head, policy: &Policy) {
        if !policy.looks_ahead() {
            return;
        }
        let days = head.days_before(policy.time_zone.to_datetime(self.now).date());
        let (verdict, finding) = match days {
            0..forecast::LEAST_DAYS => (Verdict::Attention, "no history yet"),
            forecast::LEAST_DAYS..spike::LEAST_DAYS => (Verdict::Attention, "enough to forecast, not to find spikes"),
            _ => (Verdict::Fine, "enough to forecast and to find spikes"),
        };
        let fix = if verdict == Verdict::Fine {
            String::new()
        } else {
            format!(
                "; forecasts need {} days and spikes {}, and the daybook fills day by day, or at once by cost-alerts backfill",
                forecast::LEAST_DAYS,
                spike::LEAST_DAYS
            )
        };
        self.note("history", verdict, format!("{}: {finding}{fix}", count(days.into(), "complete day")));
    }

    /// Who is subscribed to the topic of an owner, or to one that has none.
    async fn topic(&mut self, step: &'static str, owner: Option<&str>, topic: &Topic, topic_arn: &str) {
        let whose = owner.map_or_else(String::new, |owner| format!("{}: ", label(owner)));
        const CONFIRM: &str = "receives nothing until its owner follows the link in SNS's confirmation mail";
        let subscriptions = match topic.subscriptions(topic_arn).await {
            Ok(subscriptions) => subscriptions,
            Err(problem) => {
                let fix = "check the ARN, and that you may call sns:ListSubscriptionsByTopic on it";
                return self.note(
                    step,
                    Verdict::Failed,
                    format!("{whose}its subscriptions cannot be listed: {problem}; {fix}"),
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
            (true, true) => self.note(
                step,
                Verdict::Failed,
                format!("{whose}nobody is subscribed, so that alerts reach nobody; subscribe an e-mail address or a Slack channel"),
            ),
            (true, false) => self.note(step, Verdict::Failed, format!("{whose}nobody has confirmed: {pending} {CONFIRM}")),
            (false, false) => self.note(step, Verdict::Attention, format!("{whose}reaches {confirmed}; {pending} {CONFIRM}")),
            (false, true) => self.note(step, Verdict::Fine, format!("{whose}reaches {confirmed}")),
        }
    }

    async fn send_test(&mut self, services: &Services, config: Config) {
        let places = Places::of(&config);
        let request = Request::read(json!({"test_alert": true}), self.now);
        let request = match request {
            Ok(request) => request,
            Err(error) => return self.note("test", Verdict::Failed, error.message),
        };
        let owner = format!("doctor {}", self.now);
        let invocation = Invocation { request_id: owner.clone(), owner, now: self.now, deadline: Deadline::never() };
        let sent = run(services, &places, &request, &invocation, &mut Metrics::default()).await;
        let sent = sent.map(|_| ((), "sent; see that it arrives".to_owned())).map_err(|error| error.to_string());
        self.settle("test", sent);
    }
}

/// Reads the account's threads, and writes an intent to send nothing and settles it.
async fn probe(ledger: &Ledger, account: &str, now: Timestamp) -> Result<(), String> {
    let owner = format!("doctor {now}");
    let (_, problem) = ledger.load(account, &owner).await;
    if let Some(error) = problem {
        return Err(error.to_string());
    }
    ledger.intend(account, &owner, &[]).await.map_err(|error| error.to_string())?;
    ledger.settle(account, &owner).await.map_err(|error| error.to_string())
}
