//! Checks all that a run needs, step by step. A failing step does not hide the next: those that need it are listed as not checked.

mod aws;
mod zoom;

use anstyle::{AnsiColor, Style};
use clap::Args;
use jiff::Timestamp;
use serde_json::json;

use super::terminal::{Terminal, coloured, wrapped};
use super::{Ending, help, say, show, variable};
use crate::clients::ledger::Ledger;
use crate::clients::parameters::ParameterError;
use crate::clients::{Deadline, sdk_config};
use crate::config::Config;
use crate::daybook::{Head, Whose};
use crate::domain::alert::count;
use crate::domain::foresight::{forecast, spike};
use crate::domain::matches::never_matched;
use crate::domain::policy::{Policy, topic_arn};
use crate::domain::product::{Product, Products};
use crate::request::Request;
use crate::run::{Invocation, Places, Services, run};
use crate::telemetry::Metrics;

/// Check a deployment step by step, each with a fix
///
/// Environment, AWS identity and Region, secret, token, clock, scope, report, policy, topics with their subscribers, the table with its keys
/// and expiry, budgets that match nothing. Sends nothing, unless --send-test is given. AWS is asked with your rights, not with the
/// function's: what you may do, the function's role may be denied, and the other way round.
#[derive(Args)]
#[command(after_long_help = help::DOCTOR)]
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

impl Step {
    /// A line; on a terminal in as many lines as it needs.
    fn lines(&self, terminal: &Terminal) -> Vec<String> {
        let Step { name, verdict, finding } = self;
        let (mark, style) = match verdict {
            Verdict::Fine => ("ok", coloured(AnsiColor::Green)),
            Verdict::Attention => ("attention", coloured(AnsiColor::Yellow)),
            Verdict::Failed => ("FAILED", coloured(AnsiColor::Red)),
            Verdict::NotChecked => ("not checked", Style::new()),
        };
        let start = format!("{}{} {name:<12} ", terminal.paint(style, mark), " ".repeat(11 - mark.len()));
        if !terminal.is_terminal {
            return vec![format!("{start}{finding}")];
        }
        let found = wrapped(finding, terminal.width.saturating_sub(START));
        let blank = " ".repeat(START);
        let lines = found.iter().enumerate();
        lines.map(|(index, line)| format!("{}{line}", if index == 0 { &start } else { &blank })).collect()
    }
}

/// Columns before what was found.
const START: usize = 25;

impl Doctor {
    pub(super) async fn run(&self, now: Timestamp) -> Ending {
        let spinner = show::spinner("looking");
        let mut examined = Examined { steps: Vec::new(), now, is_misused: false };
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
            let terminal = Terminal::of_output();
            examined.steps.iter().flat_map(|step| step.lines(&terminal)).for_each(|line| say(&line));
        }
        match (failed, examined.is_misused) {
            (true, true) => Ending::UsedWrongly,
            (true, false) => Ending::Failed,
            (false, _) => Ending::Fine,
        }
    }
}

struct Examined {
    steps: Vec<Step>,
    now: Timestamp,
    /// Whether a variable, or a file that one names, is missing or malformed.
    is_misused: bool,
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

    /// Nothing else can be looked at without the environment.
    fn without_environment(&mut self, has_operations_topic: bool, send_test: bool) {
        self.is_misused = true;
        let steps = [
            "identity", "secret", "token", "clock", "scope", "report", "policy", "topic", "ledger", "table", "budgets",
        ];
        let others = [("operations", has_operations_topic), ("test", send_test)];
        let others = others.into_iter().filter(|(_, asked)| *asked).map(|(step, _)| step);
        for step in steps.into_iter().chain(others) {
            self.note(step, Verdict::NotChecked, "needs the environment");
        }
    }

    async fn all(&mut self, operations_topic: Option<&str>, send_test: bool) {
        let config = Config::read(variable).map(|config| (config, "all variables are well-formed".to_owned()));
        let Some(config) = self.settle("environment", config.map_err(|error| error.message)) else {
            return self.without_environment(operations_topic.is_some(), send_test);
        };
        let aws = sdk_config().await;
        let services = match Services::deployed(&aws, &config) {
            Ok(services) => services,
            Err(error) => return self.note("environment", Verdict::Failed, error.message),
        };
        self.identity(&aws, &config.topic_arn).await;
        let policy = services.parameters.read(&config.policy).await.map_err(|error| {
            self.is_misused |= matches!(error, ParameterError::File { .. });
            error.to_string()
        });
        let policy = policy.and_then(|document| Policy::parse(&document).map_err(|faults| faults.to_string()));
        // Without a policy nobody knows of more than messages.
        let products = policy.as_ref().map_or_else(|_| vec![Product::Sms], |policy| policy.products.clone());
        let account = self.zoom(&services, &config, &products).await;
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
        if is_usable {
            self.table(&services.ledger).await;
        } else {
            self.note("table", Verdict::NotChecked, "needs the ledger");
        }
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
        let products = Products::One(policy.products.first().copied().unwrap_or(Product::Sms));
        let whose = Whose { account, products, zone: &policy.time_zone_name };
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
