//! Runs that are killed, meet each other, or lose their ledger, their topic or a reply: no alert is lost, and none comes twice unmarked but
//! where no one can know better.
//!
//! A run is written as its outcome and what it put into the queue: `sent: 1 2 | 3*` is a run that answered `sent` after a message with alerts
//! 1 and 2 and another with alert 3, which is marked as a possible repeat.

mod contended;
mod failing;
mod killed;

use crate::foresight::{Sends, burst};
use crate::support::{Aws, Budget, Effect, Function, Gate, NOW, Outcome, Policy, World, at, from_number, setup, spent};
use futures_util::{StreamExt, stream};
use jiff::ToSpan as _;
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    pin::Pin,
};

const SECRET: &str = "SecretsManager.GetSecretValue";
const READ: &str = "DynamoDB.Query";
const WRITE: &str = "DynamoDB.PutItem";
/// What a run writes: what it is about to send, what it claims and then records, and the message for later questions.
const INTENT: &str = "DynamoDB.PutItem run";
const THREAD: &str = "DynamoDB.PutItem thread";
const MESSAGE: &str = "DynamoDB.PutItem message";
/// All that was published is recorded.
const SETTLE: &str = "DynamoDB.DeleteItem run";
const LISTENERS: &str = "SNS.GetTopicAttributes";
const PUBLISH: &str = "SNS.Publish";
const BROKEN: Effect = Effect::Fail { status: 500, code: "InternalServerError" };
const FORBIDDEN: Effect = Effect::Fail { status: 403, code: "AuthorizationError" };

/// Worlds at a time: moto is one process, and a held call must not wait so long that the SDK gives it up.
const WORLDS_AT_ONCE: usize = 4;

/// The one subject that spikes.
const WILD: &str = "+14085550001";
const SPIKES: &str = r#"
    unwatched = "ignore"
    [[spike]]
    name = "runaway sender"
    scope = "billing_number"
    currency = "USD"
"#;

/// A world in which a number of alerts is due, and what its runs put into the queue.
struct Story {
    world: World,
    /// The subjects of the alerts by their ids.
    subjects: BTreeMap<String, String>,
    /// Messages seen so far.
    seen: usize,
}

impl Story {
    async fn new(group_by: &str, alerts: usize) -> Self {
        let policy = Policy::of(Budget::each("billing_number").amount("1")).only_watched();
        let policy = policy.key("group_by", format!("{group_by:?}"));
        let rows: Vec<_> = (1..=alerts).map(|number| from_number(&format!("+1408555000{number}"), spent(2))).collect();
        Self { world: setup().policy(policy).rows(rows).world().await, subjects: BTreeMap::new(), seen: 0 }
    }

    /// An episode that has begun on a day which an earlier run has looked at: scheduled runs, since those of a given moment know no past.
    async fn of_episode() -> Self {
        let mut rows = Sends { number: WILD, from: "2026-09-01", to: "2026-12-01", messages: 4, charge: 205 }.rows();
        rows.extend(burst(WILD, "2026-11-22T12:30:00Z", 150));
        let setup = setup().now(at(NOW) - 1.hour()).policy(SPIKES).rows(rows).live();
        let mut story = Self { world: setup.world().await, subjects: BTreeMap::new(), seen: 0 };
        let backfill = story.world.run(json!({ "backfill": true })).await;
        assert_eq!(backfill.answer()["backfill"]["finished"], true);
        assert_eq!(story.run().await, "");
        story.world.until(NOW);
        story
    }

    /// The same episode has grown so much by the next hour.
    async fn grows(&mut self, messages: i64) {
        let rows: Vec<_> = self.world.zoom.dataset().rows().cloned().collect();
        let more = burst(WILD, &(self.world.now + 1.minute()).to_string(), messages);
        self.world.show([rows, more].concat());
        self.an_hour_passes();
    }

    fn an_hour_passes(&mut self) {
        self.world.until(self.world.now + 1.hour());
    }

    /// Claims that were not recorded are over.
    async fn leases_end(&mut self) {
        if self.world.env.clock.is_some() {
            self.an_hour_passes();
        } else {
            self.world.aws.expire_leases().await;
        }
    }

    /// One try for each call, where the SDK's own would only take time.
    async fn of_single_tries(group_by: &str, alerts: usize) -> Self {
        let mut story = Self::new(group_by, alerts).await;
        story.world.env.set("AWS_MAX_ATTEMPTS", 1);
        story
    }

    /// Two that may run at the same time.
    async fn functions(&self) -> [Function; 2] {
        [self.world.function().await, self.world.function().await]
    }

    async fn run(&mut self) -> String {
        self.run_with(self.event()).await
    }

    fn event(&self) -> Value {
        self.world.event()
    }

    fn event_for(&self, topic_arn: &str) -> Value {
        let mut event = self.event();
        event["alert_topic_arn"] = json!(topic_arn);
        event
    }

    async fn run_with(&mut self, event: Value) -> String {
        let outcome = self.world.run(event).await;
        self.told(&outcome).await
    }

    /// A run that is killed with its nth call of a kind on the way, `after` AWS has done it or before.
    async fn killed_run(&mut self, deed: &str, nth: usize, after: bool) -> String {
        let done = if after { nth } else { nth - 1 };
        self.killed(deed, nth, after, &BTreeMap::from([(deed.to_owned(), done)])).await
    }

    /// The same, where so many calls of each kind are `done`. Of calls made side by side the earlier ones have been done by then, and the later
    /// ones never are: a write that lands after its run's death would be seen or not by chance.
    async fn killed(&mut self, deed: &str, nth: usize, after: bool, done: &BTreeMap<String, usize>) -> String {
        let (proxy, gate) = (&self.world.proxy, Gate::default());
        if after {
            proxy.on(deed, nth, Effect::KillAfter);
        }
        for (deed, done) in done {
            proxy.from(deed, done + 1, Effect::Hold(gate.clone()));
        }
        let mut function = self.world.function().await;
        let process = function.process.clone();
        let kill = async {
            if !after {
                gate.reached().await;
                self.ledger_is_at_rest().await;
                process.kill().await;
            }
            std::future::pending::<Outcome>().await
        };
        let outcome = tokio::select! {
            outcome = function.invoke(self.event()) => outcome,
            outcome = kill => outcome,
        };
        function.kill().await;
        proxy.clear();
        assert_eq!(outcome, Outcome::Exited);
        self.told(&outcome).await
    }

    /// Returns when all writes that came so far are done: the proxy lets the calls to DynamoDB pass one by one, in their order.
    async fn ledger_is_at_rest(&self) {
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let last = http.post(self.world.proxy.door().await.url);
        last.header("x-amz-target", "DynamoDB_20120810.ListTables").body("{}").send().await.unwrap();
    }

    /// The same alerts to another topic, once and without a mark, whatever became of this one's.
    async fn another_receiver_gets_its_own(&self, alerts: usize) {
        let other = Aws::new().await;
        for outcome in ["sent", "already_sent"] {
            let answer = self.world.run(self.event_for(&other.topic_arn)).await;
            let answered = answer.answer()["alerts"].as_array().unwrap();
            assert_eq!(answered.len(), alerts);
            assert!(answered.iter().all(|alert| alert["outcome"] == outcome), "{outcome}: {answered:?}");
        }
        let messages: Vec<_> = other.messages().await.iter().map(|message| message.json()).collect();
        let told: usize = messages.iter().map(|message| message["alerts"].as_array().unwrap().len()).sum();
        assert_eq!(told, alerts);
        assert!(messages.iter().all(|message| message["possible_repeat"] == false));
    }

    /// The states of this topic's threads by subject.
    async fn states(&self) -> BTreeMap<String, String> {
        let mut items = self.world.aws.ledger_items().await;
        items.retain(|item| item["topic_arn"] == self.world.aws.topic_arn.as_str());
        items.iter().map(|item| (subject(item), item["state"].as_str().unwrap().to_owned())).collect()
    }

    /// Writes down an outcome with the messages that came since the last one was.
    async fn told(&mut self, outcome: &Outcome) -> String {
        let mut told = match outcome {
            Outcome::Answer(answer) => {
                let alerts = answer["alerts"].as_array().unwrap().iter();
                let outcomes: BTreeSet<_> = alerts.map(|alert| alert["outcome"].as_str().unwrap()).collect();
                Vec::from_iter(outcomes).join("+")
            }
            Outcome::Error { error_type, .. } => error_type.clone(),
            Outcome::Exited => "killed".to_owned(),
        };
        let messages = self.world.aws.messages().await;
        for (index, message) in messages[self.seen..].iter().enumerate() {
            let message = message.json();
            let mark = if message["possible_repeat"].as_bool().unwrap() { "*" } else { "" };
            let mut alerts: Vec<_> = message["alerts"]
                .as_array()
                .unwrap()
                .iter()
                .map(|alert| {
                    let (id, subject) = (alert["id"].as_str().unwrap(), subject(alert));
                    let known = self.subjects.entry(id.to_owned()).or_insert(subject.clone());
                    assert_eq!(*known, subject, "an id is of one alert");
                    format!("{subject}{mark}")
                })
                .collect();
            alerts.sort();
            let before = if index == 0 { ": " } else { " | " };
            write!(told, "{before}{}", alerts.join(" ")).unwrap();
        }
        self.seen = messages.len();
        let distinct: BTreeSet<_> = self.subjects.values().collect();
        assert_eq!(distinct.len(), self.subjects.len(), "an alert has one id");
        told
    }
}

/// The last digit of the billing number names the alert.
fn subject(item: &Value) -> String {
    item["subject"].as_str().unwrap()[11..].to_owned()
}

/// What a run told of one alert: nothing, or with or without the mark.
fn mention<'t>(told: &'t str, subject: &str) -> Vec<&'t str> {
    told.split([' ', ':', '|']).filter(|word| word.trim_end_matches('*') == subject).collect()
}

/// An invocation whose call waits at the gate.
async fn held_at<'f>(
    gate: &Gate,
    function: &'f Function,
    request_id: &'f str,
    event: Value,
) -> Pin<Box<dyn Future<Output = Outcome> + 'f>> {
    let mut invocation = Box::pin(function.invoke_as(request_id, event));
    tokio::select! {
        outcome = &mut invocation => panic!("ended before the gate: {outcome:?}"),
        () = gate.reached() => invocation,
    }
}
