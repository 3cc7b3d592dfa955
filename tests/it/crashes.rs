//! Runs that are killed, meet each other, or lose their ledger, their topic or a reply: no alert is lost, and none comes twice unmarked but
//! where no one can know better.
//!
//! A run is written as its outcome and what it put into the queue: `sent: 1 2 | 3*` is a run that answered `sent` after a message with alerts
//! 1 and 2 and another with alert 3, which is marked as a possible repeat.

use crate::support::{Aws, Budget, Effect, Function, Gate, Outcome, Policy, World, from_number, setup, spent};
use futures_util::{StreamExt, stream};
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

/// The calls of a run in an order that is always the same: those that are made side by side come by their names, but the kept message comes
/// before what is recorded with it.
fn in_order(mut deeds: Vec<String>) -> Vec<String> {
    let sides: [&[&str]; 2] = [&["DynamoDB.Query run", "DynamoDB.Query thread"], &[MESSAGE, THREAD]];
    for side in sides {
        let mut from = 0;
        while let Some(start) = deeds.iter().skip(from).position(|deed| side.contains(&deed.as_str())) {
            let start = from + start;
            let length = deeds[start..].iter().take_while(|deed| side.contains(&deed.as_str())).count();
            let rank = |deed: &String| side.iter().position(|kind| kind == deed);
            deeds[start..start + length].sort_by_key(rank);
            from = start + length;
        }
    }
    deeds
}

/// Kills a run around each call that a clean one makes, has the same report sent to another topic, lets the lease run out, and runs twice
/// more. A line for each: how many alerts shared which fate.
async fn fates_of_killed_runs(group_by: &str, alerts: usize) -> String {
    let mut clean = Story::new(group_by, alerts).await;
    let told = clean.run().await;
    assert!(told.starts_with("sent: 1") && !told.contains('*'), "{told}");
    let order = in_order(clean.world.proxy.calls().into_iter().map(|call| call.deed).collect());
    assert_eq!(clean.run().await, "already_sent");

    let count = |deeds: &[String], deed: &String| deeds.iter().filter(|other| *other == deed).count();
    let rows: Vec<_> = (0..order.len()).flat_map(|place| [(place, false), (place, true)]).collect();
    let fates = stream::iter(rows).map(async |(place, after)| {
        let (deed, when) = (&order[place], if after { "after" } else { "before" });
        let nth = count(&order[..=place], deed);
        let row = format!("{when} {deed} {nth}");
        let before = &order[..if after { place + 1 } else { place }];
        let done = order.iter().map(|deed| (deed.clone(), count(before, deed))).collect();
        let mut story = Story::new(group_by, alerts).await;
        let killed = story.killed(deed, nth, after, &done).await;
        let states = story.states().await;
        story.another_receiver_gets_its_own(alerts).await;
        story.world.aws.expire_leases().await;
        let next = story.run().await;
        assert!(next.starts_with("sent") || next.starts_with("already_sent"), "{row}: {next}");
        assert_eq!(story.run().await, "already_sent", "{row}: the third run");
        let mut fates = BTreeMap::<_, usize>::new();
        for alert in 1..=alerts {
            let alert = alert.to_string();
            let state = states.get(&alert).map_or("unknown", String::as_str);
            let fate = match (state, &*mention(&killed, &alert), &*mention(&next, &alert)) {
                ("unknown", [], [again]) if !again.ends_with('*') => "unclaimed, then sent",
                ("unknown", [], [_]) => "intended, then sent marked",
                ("claimed", [], [again]) if again.ends_with('*') => "claimed, then sent marked",
                ("claimed", [first], [again]) if !first.ends_with('*') && again.ends_with('*') => {
                    "sent, then again marked"
                }
                ("sent", [first], []) if !first.ends_with('*') => "sent and recorded",
                _ => panic!("{row}: alert {alert} is {state}: {killed}; then {next}"),
            };
            *fates.entry(fate).or_default() += 1;
        }
        let fates: Vec<_> = fates.iter().map(|(fate, count)| format!("{count} {fate}")).collect();
        format!("{row}: {}", fates.join("; "))
    });
    let fates: Vec<_> = fates.buffered(WORLDS_AT_ONCE).collect().await;
    fates.join("\n")
}

#[tokio::test]
async fn a_run_killed_around_any_call_loses_no_alert_of_its_message_and_repeats_only_marked_ones() {
    insta::assert_snapshot!(fates_of_killed_runs("run", 3).await, @"
    before SecretsManager.GetSecretValue 1: 3 unclaimed, then sent
    after SecretsManager.GetSecretValue 1: 3 unclaimed, then sent
    before DynamoDB.Query run 1: 3 unclaimed, then sent
    after DynamoDB.Query run 1: 3 unclaimed, then sent
    before DynamoDB.Query thread 1: 3 unclaimed, then sent
    after DynamoDB.Query thread 1: 3 unclaimed, then sent
    before SNS.GetTopicAttributes 1: 3 unclaimed, then sent
    after SNS.GetTopicAttributes 1: 3 unclaimed, then sent
    before DynamoDB.PutItem run 1: 3 unclaimed, then sent
    after DynamoDB.PutItem run 1: 3 intended, then sent marked
    before DynamoDB.PutItem thread 1: 3 intended, then sent marked
    after DynamoDB.PutItem thread 1: 1 claimed, then sent marked; 2 intended, then sent marked
    before DynamoDB.PutItem thread 2: 1 claimed, then sent marked; 2 intended, then sent marked
    after DynamoDB.PutItem thread 2: 2 claimed, then sent marked; 1 intended, then sent marked
    before DynamoDB.PutItem thread 3: 2 claimed, then sent marked; 1 intended, then sent marked
    after DynamoDB.PutItem thread 3: 3 claimed, then sent marked
    before SNS.Publish 1: 3 claimed, then sent marked
    after SNS.Publish 1: 3 sent, then again marked
    before DynamoDB.PutItem message 1: 3 sent, then again marked
    after DynamoDB.PutItem message 1: 3 sent, then again marked
    before DynamoDB.PutItem thread 4: 3 sent, then again marked
    after DynamoDB.PutItem thread 4: 1 sent and recorded; 2 sent, then again marked
    before DynamoDB.PutItem thread 5: 1 sent and recorded; 2 sent, then again marked
    after DynamoDB.PutItem thread 5: 2 sent and recorded; 1 sent, then again marked
    before DynamoDB.PutItem thread 6: 2 sent and recorded; 1 sent, then again marked
    after DynamoDB.PutItem thread 6: 3 sent and recorded
    before DynamoDB.DeleteItem run 1: 3 sent and recorded
    after DynamoDB.DeleteItem run 1: 3 sent and recorded
    ");
}

#[tokio::test]
async fn a_run_killed_around_any_call_loses_no_message_and_repeats_only_marked_ones() {
    insta::assert_snapshot!(fates_of_killed_runs("subject", 2).await, @"
    before SecretsManager.GetSecretValue 1: 2 unclaimed, then sent
    after SecretsManager.GetSecretValue 1: 2 unclaimed, then sent
    before DynamoDB.Query run 1: 2 unclaimed, then sent
    after DynamoDB.Query run 1: 2 unclaimed, then sent
    before DynamoDB.Query thread 1: 2 unclaimed, then sent
    after DynamoDB.Query thread 1: 2 unclaimed, then sent
    before SNS.GetTopicAttributes 1: 2 unclaimed, then sent
    after SNS.GetTopicAttributes 1: 2 unclaimed, then sent
    before DynamoDB.PutItem run 1: 2 unclaimed, then sent
    after DynamoDB.PutItem run 1: 2 intended, then sent marked
    before DynamoDB.PutItem thread 1: 2 intended, then sent marked
    after DynamoDB.PutItem thread 1: 1 claimed, then sent marked; 1 intended, then sent marked
    before SNS.Publish 1: 1 claimed, then sent marked; 1 intended, then sent marked
    after SNS.Publish 1: 1 intended, then sent marked; 1 sent, then again marked
    before DynamoDB.PutItem message 1: 1 intended, then sent marked; 1 sent, then again marked
    after DynamoDB.PutItem message 1: 1 intended, then sent marked; 1 sent, then again marked
    before DynamoDB.PutItem thread 2: 1 intended, then sent marked; 1 sent, then again marked
    after DynamoDB.PutItem thread 2: 1 intended, then sent marked; 1 sent and recorded
    before DynamoDB.PutItem thread 3: 1 intended, then sent marked; 1 sent and recorded
    after DynamoDB.PutItem thread 3: 1 claimed, then sent marked; 1 sent and recorded
    before SNS.Publish 2: 1 claimed, then sent marked; 1 sent and recorded
    after SNS.Publish 2: 1 sent and recorded; 1 sent, then again marked
    before DynamoDB.PutItem message 2: 1 sent and recorded; 1 sent, then again marked
    after DynamoDB.PutItem message 2: 1 sent and recorded; 1 sent, then again marked
    before DynamoDB.PutItem thread 4: 1 sent and recorded; 1 sent, then again marked
    after DynamoDB.PutItem thread 4: 2 sent and recorded
    before DynamoDB.DeleteItem run 1: 2 sent and recorded
    after DynamoDB.DeleteItem run 1: 2 sent and recorded
    ");
}

#[tokio::test]
async fn a_live_claim_of_a_dead_run_holds_back_its_alert_alone() {
    // The others may have been sent too, for all that the dead run's intent tells.
    for (group_by, separator, action, after) in [("run", " ", THREAD, true), ("subject", " | ", PUBLISH, false)] {
        let mut story = Story::new(group_by, 3).await;
        assert_eq!(story.killed_run(action, 1, after).await, "killed");
        let claimed = story.states().await;
        let (held, free): (Vec<_>, Vec<_>) =
            ["1", "2", "3"].into_iter().partition(|&alert| claimed.contains_key(alert));
        assert_eq!(held.len(), 1, "{group_by}");
        let others: Vec<_> = free.iter().map(|alert| format!("{alert}*")).collect();
        let others = others.join(separator);
        assert_eq!(story.run().await, format!("LedgerUnavailable: {others}"));
        assert_eq!(story.run().await, "LedgerUnavailable");
        assert_eq!(story.world.aws.expire_leases().await, 1);
        let last = format!("already_sent+sent: {}*", held[0]);
        assert_eq!(story.run().await, last);
        assert_eq!(story.run().await, "already_sent");
    }
}

#[tokio::test]
async fn runs_at_the_same_time_send_each_alert_once() {
    // Lambda may deliver an event twice: both deliveries then have the same request id.
    for [slow_id, quick_id] in [["slow", "quick"], ["the-same", "the-same"]] {
        for (group_by, quick_told, slow_told) in [
            ("run", "LedgerUnavailable", "sent: 1 2 3"),
            // The slow run is about to send them, too.
            ("subject", "LedgerUnavailable: 2* | 3*", "already_sent+sent: 1"),
        ] {
            let mut story = Story::new(group_by, 3).await;
            let gate = Gate::default();
            story.world.proxy.on(PUBLISH, 1, Effect::Hold(gate.clone()));
            let [slow, quick] = story.functions().await;
            let slow = held_at(&gate, &slow, slow_id, story.event()).await;
            let outcome = quick.invoke_as(quick_id, story.event()).await;
            assert_eq!(story.told(&outcome).await, quick_told);
            gate.open();
            assert_eq!(story.told(&slow.await).await, slow_told);
            let retry = quick.invoke_as(quick_id, story.event()).await;
            assert_eq!(story.told(&retry).await, "already_sent");
            assert!(story.states().await.values().all(|state| state == "sent"));
        }
    }
}

#[tokio::test]
async fn a_slow_run_cannot_undo_what_another_took_over_and_confirmed() {
    for (effect, slow_told) in
        [(Effect::Hold as fn(Gate) -> Effect, "sent: 1"), (Effect::HoldAndForbid, "PublishFailed")]
    {
        let mut story = Story::new("run", 1).await;
        let gate = Gate::default();
        story.world.proxy.on(PUBLISH, 1, effect(gate.clone()));
        let [slow, quick] = story.functions().await;
        let slow = held_at(&gate, &slow, "slow", story.event()).await;
        assert_eq!(story.world.aws.expire_leases().await, 1);
        let outcome = quick.invoke(story.event()).await;
        assert_eq!(story.told(&outcome).await, "sent: 1*");
        let items = story.world.aws.ledger_items().await;
        gate.open();
        assert_eq!(story.told(&slow.await).await, slow_told);
        assert_eq!(story.world.aws.ledger_items().await, items);
        assert_eq!(items[0]["state"], "sent");
        assert_eq!(story.run().await, "already_sent");
    }
}

#[tokio::test]
async fn a_slow_run_cannot_settle_a_claim_that_another_holds() {
    for (effect, slow_told) in
        [(Effect::Hold as fn(Gate) -> Effect, "sent: 1"), (Effect::HoldAndForbid, "PublishFailed")]
    {
        let mut story = Story::new("run", 1).await;
        let gates = [Gate::default(), Gate::default()];
        story.world.proxy.on(PUBLISH, 1, effect(gates[0].clone()));
        story.world.proxy.on(PUBLISH, 2, Effect::Hold(gates[1].clone()));
        let [slow, quick] = story.functions().await;
        let slow = held_at(&gates[0], &slow, "slow", story.event()).await;
        assert_eq!(story.world.aws.expire_leases().await, 1);
        let quick = held_at(&gates[1], &quick, "quick", story.event()).await;
        let items = story.world.aws.ledger_items().await;
        gates[0].open();
        assert_eq!(story.told(&slow.await).await, slow_told);
        assert_eq!(story.world.aws.ledger_items().await, items);
        gates[1].open();
        assert_eq!(story.told(&quick.await).await, "sent: 1*");
        assert_eq!(story.run().await, "already_sent");
    }
}

#[tokio::test]
async fn a_lost_reply_is_made_up_for_by_the_next_try() {
    for (action, nth, told) in [
        (SECRET, 1, "sent: 1"),
        (READ, 1, "sent: 1"),
        (LISTENERS, 1, "sent: 1"),
        (INTENT, 1, "sent: 1"),
        (THREAD, 1, "sent: 1"),
        // SNS does not know a repeated call; the alert's id in both messages tells it.
        (PUBLISH, 1, "sent: 1 | 1*"),
        (THREAD, 2, "sent: 1"),
        (MESSAGE, 1, "sent: 1"),
        (SETTLE, 1, "sent: 1"),
    ] {
        let mut story = Story::new("run", 1).await;
        story.world.proxy.on(action, nth, Effect::LoseReply);
        assert_eq!(story.run().await, told, "{action} {nth}");
        story.world.proxy.clear();
        assert_eq!(story.run().await, "already_sent", "{action} {nth}");
    }
}

#[tokio::test]
async fn a_reply_lost_for_good_fails_the_run_and_loses_no_alert() {
    for (action, nth, [first, next, after_lease]) in [
        (SECRET, None, ["SecretUnreadable", "sent: 1", "already_sent"]),
        (READ, None, ["LedgerUnavailable: 1*", "already_sent", "already_sent"]),
        (LISTENERS, None, ["sent: 1", "already_sent", "already_sent"]),
        (INTENT, Some(1), ["LedgerUnavailable: 1*", "already_sent", "already_sent"]),
        (THREAD, Some(1), ["LedgerUnavailable: 1*", "already_sent", "already_sent"]),
        (PUBLISH, None, ["PublishFailed: 1 | 1* | 1*", "LedgerUnavailable", "sent: 1*"]),
        // It is recorded once more.
        (THREAD, Some(2), ["sent: 1", "already_sent", "already_sent"]),
        (MESSAGE, None, ["sent: 1", "already_sent", "already_sent"]),
        (SETTLE, None, ["sent: 1", "already_sent", "already_sent"]),
    ] {
        let mut story = Story::of_single_tries("run", 1).await;
        match nth {
            Some(nth) => story.world.proxy.on(action, nth, Effect::LoseReply),
            None => story.world.proxy.always(action, Effect::LoseReply),
        }
        assert_eq!(story.run().await, first, "{action} {nth:?}");
        story.world.proxy.clear();
        assert_eq!(story.run().await, next, "{action} {nth:?}");
        story.world.aws.expire_leases().await;
        assert_eq!(story.run().await, after_lease, "{action} {nth:?}");
        assert_eq!(story.run().await, "already_sent", "{action} {nth:?}");
    }
}

#[tokio::test]
async fn without_a_ledger_every_alert_is_published_marked_and_the_run_fails_once() {
    let denied = Effect::Fail { status: 400, code: "AccessDeniedException" };
    for fault in [None, Some(denied), Some(BROKEN)] {
        for (group_by, marked, plain) in [
            ("run", "LedgerUnavailable: 1* 2* 3*", "sent: 1 2 3"),
            ("subject", "LedgerUnavailable: 1* | 2* | 3*", "sent: 1 | 2 | 3"),
        ] {
            let mut story = Story::of_single_tries(group_by, 3).await;
            match &fault {
                None => story.world.aws.delete_ledger().await,
                Some(fault) => {
                    story.world.proxy.always(READ, fault.clone());
                    story.world.proxy.always(WRITE, fault.clone());
                }
            }
            let outcome = story.world.judge().await;
            assert_eq!(story.told(&outcome).await, marked);
            let message = outcome.error_message();
            assert!(!message.contains(" | "), "one fault: {message}");
            assert!(message.contains(&story.world.aws.table), "{message}");
            if fault.is_some() {
                story.world.proxy.clear();
                assert_eq!(story.run().await, plain);
                assert_eq!(story.run().await, "already_sent");
            }
        }
    }
}

#[tokio::test]
async fn an_alert_that_cannot_be_claimed_is_published_marked_and_apart_from_the_others() {
    let mut story = Story::of_single_tries("run", 2).await;
    story.world.proxy.on(THREAD, 1, BROKEN);
    let told = story.run().await;
    // Claims are made side by side: either may be the first.
    assert!(["LedgerUnavailable: 1 | 2*", "LedgerUnavailable: 2 | 1*"].contains(&&*told), "{told}");
    assert_eq!(story.run().await, "already_sent", "both were recorded when the ledger was back");
}

#[tokio::test]
async fn a_ledger_that_takes_claims_but_cannot_be_read_has_all_marked_and_says_so() {
    let mut story = Story::of_single_tries("run", 2).await;
    story.world.proxy.always(READ, BROKEN);
    let outcome = story.world.judge().await;
    assert_eq!(story.told(&outcome).await, "LedgerUnavailable: 1* 2*");
    assert_eq!(story.run().await, "LedgerUnavailable", "the claims tell");
    let message = outcome.error_message();
    assert!(message.contains("marked as possible repeats"), "{message}");
}

#[tokio::test]
async fn a_refused_publish_gives_its_claim_back() {
    let invalid = Effect::Fail { status: 400, code: "InvalidParameter" };
    for fault in [FORBIDDEN, invalid] {
        let mut story = Story::new("run", 2).await;
        story.world.proxy.always(PUBLISH, fault);
        assert_eq!(story.run().await, "PublishFailed");
        story.world.proxy.clear();
        assert_eq!(story.run().await, "sent: 1 2");
        assert_eq!(story.run().await, "already_sent");
    }
}

#[tokio::test]
async fn a_claim_is_given_back_once_though_the_reply_is_lost() {
    let mut story = Story::new("run", 1).await;
    story.world.proxy.always(PUBLISH, FORBIDDEN);
    story.world.proxy.on(THREAD, 2, Effect::LoseReply);
    assert_eq!(story.run().await, "PublishFailed");
    story.world.proxy.clear();
    assert_eq!(story.run().await, "sent: 1");
}

#[tokio::test]
async fn a_refused_repeat_is_still_a_possible_repeat_in_the_next_run() {
    // Killed on either side of its publish, a run leaves the same behind.
    for (after, killed) in [(false, "killed"), (true, "killed: 1")] {
        let mut story = Story::new("run", 1).await;
        assert_eq!(story.killed_run(PUBLISH, 1, after).await, killed);
        assert_eq!(story.world.aws.expire_leases().await, 1);
        story.world.proxy.always(PUBLISH, FORBIDDEN);
        assert_eq!(story.run().await, "PublishFailed");
        story.world.proxy.clear();
        assert_eq!(story.run().await, "sent: 1*");
        assert_eq!(story.run().await, "already_sent");
    }
}

#[tokio::test]
async fn a_publish_that_may_have_been_done_keeps_its_claim() {
    let mut story = Story::of_single_tries("run", 2).await;
    story.world.proxy.always(PUBLISH, BROKEN);
    assert_eq!(story.run().await, "PublishFailed");
    story.world.proxy.clear();
    assert_eq!(story.run().await, "LedgerUnavailable");
    assert_eq!(story.world.aws.expire_leases().await, 2);
    assert_eq!(story.run().await, "sent: 1* 2*");
    assert_eq!(story.run().await, "already_sent");
}

#[tokio::test]
async fn a_refused_try_does_not_prove_that_the_try_before_it_published_nothing() {
    let mut story = Story::new("run", 1).await;
    story.world.proxy.on(PUBLISH, 1, Effect::LoseReply);
    story.world.proxy.on(PUBLISH, 2, FORBIDDEN);
    assert_eq!(story.run().await, "PublishFailed: 1");
    story.world.proxy.clear();
    story.world.aws.expire_leases().await;
    assert_eq!(story.run().await, "sent: 1*");
    assert_eq!(story.run().await, "already_sent");
}

#[tokio::test]
async fn an_alert_published_but_not_recorded_fails_the_run_and_comes_again_marked() {
    let mut story = Story::of_single_tries("run", 2).await;
    story.world.proxy.from(THREAD, 3, BROKEN);
    assert_eq!(story.run().await, "LedgerUnavailable: 1 2");
    story.world.proxy.clear();
    assert_eq!(story.run().await, "LedgerUnavailable");
    assert_eq!(story.world.aws.expire_leases().await, 2);
    assert_eq!(story.run().await, "sent: 1* 2*");
    assert_eq!(story.run().await, "already_sent");
}
