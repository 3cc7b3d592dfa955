//! The way from due alerts to readers, with a ledger and a topic that fail on command.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex};

use serde_json::Value;

use super::*;
use crate::clients::ledger::LEASE;
use crate::clients::ledger::memory::Memory;
use crate::clients::script::{Fate, Script};
use crate::clients::topic::Scripted;
use crate::domain::alert::Kind;
use crate::domain::message::compose;
use crate::domain::world::{BEFORE, NOW, NUMBERS, World};

/// Ledger, topic, and what was published.
struct Stage {
    script: Arc<Script>,
    ledger: Ledger,
    topic: Topic,
    runs: usize,
}

/// An alert as a reader gets it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Heard {
    id: String,
    kind: String,
    topic: String,
    marked: bool,
    level: String,
}

impl Stage {
    fn new() -> Stage {
        let script = Arc::new(Script::default());
        script.at(NOW.parse().unwrap());
        let ledger = Ledger::Memory(Memory::new(Arc::clone(&script)));
        let topic =
            Scripted { script: Arc::clone(&script), published: Mutex::default(), deaf: Mutex::new(HashSet::new()) };
        Stage { script, ledger, topic: Topic::Scripted(topic), runs: 0 }
    }

    fn scripted(&self) -> &Scripted {
        let Topic::Scripted(topic) = &self.topic else { unreachable!() };
        topic
    }

    /// A run as run.rs does it; `None` if it died.
    async fn run(&mut self, world: &World, time: Duration) -> Option<Delivered> {
        self.runs += 1;
        let owner = format!("run-{}", self.runs);
        let deadline = Deadline::after(time);
        let case = world.case();
        let run = async {
            let mut outbox = Outbox::new(&self.ledger, &self.topic, &owner, deadline);
            let threads = outbox.threads("acc").await;
            outbox.send(compose(world.decided(&threads), &case), "acc").await
        };
        self.script.alive(deadline.bound(run)).await.flatten()
    }

    /// All that was published since the last call, in order.
    fn heard(&self) -> Vec<Heard> {
        let published = std::mem::take(&mut *self.scripted().published.lock().unwrap());
        let mut heard = Vec::new();
        for (topic, publication) in published {
            let machine: Value = serde_json::from_str(&publication.machine).unwrap();
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            for alert in machine["alerts"].as_array().unwrap() {
                heard.push(Heard {
                    id: text(&alert["id"]),
                    kind: text(&alert["kind"]),
                    topic: topic.rsplit(':').next().unwrap().to_owned(),
                    marked: machine["possible_repeat"].as_bool().unwrap(),
                    level: text(&alert["level"]),
                });
            }
        }
        heard
    }

    fn keys(&self, prefix: &str) -> usize {
        let Ledger::Memory(memory) = &self.ledger else { unreachable!() };
        memory.keys().iter().filter(|key| key.starts_with(prefix)).count()
    }
}

const TIME: Duration = Duration::from_secs(60);

fn many(alerts: usize) -> World {
    let numbers: Vec<String> = (0..alerts).map(|index| format!("+1202{index:07}")).collect();
    let sums: Vec<_> = numbers.iter().map(|number| (number.as_str(), "", "USD", "110")).collect();
    World::new(NUMBERS).day(5, &sums)
}

fn codes(delivered: &Delivered) -> Vec<Code> {
    delivered.faults.iter().map(|fault| fault.code).collect()
}

#[tokio::test(start_paused = true)]
async fn what_is_due_is_sent_once() {
    let mut stage = Stage::new();
    let world = many(3);
    let first = stage.run(&world, TIME).await.unwrap();
    assert_eq!((first.sent(), first.faults), (3, Vec::new()));
    assert!(stage.heard().iter().all(|heard| !heard.marked));
    assert_eq!((stage.keys("thread#"), stage.keys("run#"), stage.keys("message#")), (3, 0, 1));
    let second = stage.run(&world, TIME).await.unwrap();
    assert!(second.alerts.iter().all(|alert| alert.outcome == Outcome::AlreadySent) && second.alerts.len() == 3);
    assert!(stage.heard().is_empty());
}

/// What holds a period open, as a silence of another subject does, is no reason to forget what was sent of it.
#[tokio::test(start_paused = true)]
async fn what_is_judged_on_is_not_forgotten() {
    let mut stage = Stage::new();
    let mut world = many(2);
    for months in 0..12 {
        world.as_of = NOW.parse::<Timestamp>().unwrap() + SignedDuration::from_hours(24 * 30 * months);
        stage.script.at(world.as_of);
        let delivered = stage.run(&world, TIME).await.unwrap();
        assert_eq!(delivered.sent(), if months == 0 { 2 } else { 0 }, "after {months} months");
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_ledger_delays_some_messages_and_stops_none() {
    let mut stage = Stage::new();
    stage.script.slow_ledger(Duration::from_millis(500));
    let world = many(1_000);
    let (mut heard, mut runs) = (Vec::new(), 0);
    while heard.len() < 1_000 && runs < 5 {
        let delivered = stage.run(&world, Duration::from_secs(25)).await.expect("a run that ends before its deadline");
        let got = stage.heard();
        assert!(got.len() >= 200, "{} alerts", got.len());
        assert_eq!(delivered.sent(), got.len() as u64);
        heard.extend(got);
        runs += 1;
    }
    assert!(heard.iter().all(|heard| !heard.marked));
    let ids: BTreeSet<_> = heard.iter().map(|heard| &heard.id).collect();
    assert_eq!((ids.len(), heard.len()), (1_000, 1_000));
}

#[tokio::test(start_paused = true)]
async fn three_thousand_breaches_are_named_in_twenty_messages() {
    let mut stage = Stage::new();
    let delivered = stage.run(&many(3_000), TIME).await.unwrap();
    assert_eq!(delivered.sent(), 3_000);
    assert_eq!(stage.scripted().published.lock().unwrap().len(), 20);
    assert_eq!(stage.heard().len(), 3_000);
}

#[tokio::test(start_paused = true)]
async fn a_ledger_that_comes_back_records_what_was_published_meanwhile() {
    let mut stage = Stage::new();
    let policy = format!("group_by = \"subject\"\n{NUMBERS}");
    let mut world = many(20);
    world.policy = crate::domain::policy::Policy::parse(&policy).unwrap();
    stage.script.ledger_fails_for(Duration::from_millis(1_500));
    let delivered = stage.run(&world, TIME).await.unwrap();
    assert_eq!(codes(&delivered), [Code::LedgerUnavailable]);
    let heard = stage.heard();
    assert_eq!(heard.len(), 20);
    // The first ones went out without a claim, and marked; the ledger is back, and all are recorded, each with its message.
    assert!(heard[0].marked && !heard[19].marked);
    assert_eq!((stage.keys("thread#"), stage.keys("run#"), stage.keys("message#")), (20, 0, 20));
    assert!(stage.run(&world, TIME).await.unwrap().faults.is_empty());
    assert!(stage.heard().is_empty());
}

/// A ledger that never answers costs its patience, once long and then shortly, and every message goes out.
#[tokio::test(start_paused = true)]
async fn a_ledger_that_never_answers_leaves_time_to_publish() {
    for answered in [0, 1, 2, 40] {
        let mut stage = Stage::new();
        let mut fates = vec![Fate::Works; answered];
        fates.extend(vec![Fate::Hangs; 5_000]);
        stage.script.next(fates);
        let delivered =
            stage.run(&many(300), Duration::from_secs(30)).await.expect("a run that ends before its deadline");
        assert_eq!(delivered.sent(), 300, "after {answered} answers");
        assert_eq!(stage.heard().len(), 300);
    }
}

#[tokio::test(start_paused = true)]
async fn a_ledger_that_is_down_silences_nothing() {
    let mut stage = Stage::new();
    stage.script.break_ledger(true, true);
    let delivered = stage.run(&many(120), Duration::from_secs(30)).await.unwrap();
    let heard = stage.heard();
    assert!(heard.len() == 120 && heard.iter().all(|heard| heard.marked));
    assert!(codes(&delivered).iter().all(|code| *code == Code::LedgerUnavailable) && !delivered.faults.is_empty());
}

#[tokio::test(start_paused = true)]
async fn with_the_ledgers_reads_failing_nothing_lower_than_what_was_sent_goes_out() {
    let mut stage = Stage::new();
    stage.run(&World::new(NUMBERS).at(BEFORE).spent("110"), TIME).await.unwrap();
    stage.heard();
    stage.script.break_ledger(true, false);
    // The claim is refused, and the decision made anew: from a part of the report nothing follows.
    stage.run(&World::new(NUMBERS).spent("85").unread(20, 22), TIME).await.unwrap();
    assert_eq!(stage.heard(), []);
    stage.run(&World::new(NUMBERS).spent("85"), TIME).await.unwrap();
    let heard = stage.heard();
    assert_eq!(heard.iter().map(|heard| heard.kind.as_str()).collect::<Vec<_>>(), [Kind::Correction.name()]);
}

#[tokio::test(start_paused = true)]
async fn nobody_listens_to_one_topic_and_the_other_is_served() {
    let mut stage = Stage::new();
    let [deaf, other] = ["deaf", "other"].map(|topic| many(2).topic(topic));
    stage.scripted().deaf.lock().unwrap().insert(deaf.receiver.topic_arn.to_string());
    let composed = |world| compose(World::decided(world, &Threads::default()), &World::case(world));
    let mut both: Composed<'_> = composed(&deaf);
    both.messages.extend(composed(&other).messages);
    let outbox = Outbox::new(&stage.ledger, &stage.topic, "run-0", Deadline::after(TIME));
    let delivered = outbox.send(both, "acc").await;
    assert_eq!(codes(&delivered), [Code::NobodyListens]);
    assert_eq!(delivered.sent(), 2);
    assert!(stage.heard().iter().all(|heard| heard.topic == "other"));
    assert_eq!(stage.keys("thread#"), 2);
    // Once somebody listens, it comes.
    stage.scripted().deaf.lock().unwrap().clear();
    assert_eq!(stage.run(&deaf, TIME).await.unwrap().sent(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_refused_publish_is_given_back_and_a_doubtful_one_is_marked() {
    for (fate, marked) in [(Fate::Fails, false), (Fate::LosesReply, true)] {
        let mut stage = Stage::new();
        let world = many(2);
        // Reading, intent, two claims, then the publish.
        stage.script.next(vec![Fate::Works, Fate::Works, Fate::Works, Fate::Works, fate]);
        let delivered = stage.run(&world, TIME).await.unwrap();
        assert_eq!(codes(&delivered), [Code::PublishFailed], "{fate:?}");
        assert_eq!(delivered.sent(), 0);
        let before = stage.heard();
        stage.script.at(stage.script.now() + SignedDuration::from_secs(90));
        assert_eq!(stage.run(&world, TIME).await.unwrap().sent(), 2);
        let after = stage.heard();
        assert!(after.iter().all(|heard| heard.marked == marked), "{fate:?}");
        assert!(before.iter().all(|one| after.iter().any(|other| other.id == one.id)));
    }
}

#[tokio::test(start_paused = true)]
async fn a_live_claim_of_another_run_is_left_alone_and_reported() {
    let mut stage = Stage::new();
    let world = many(1);
    // The run dies after its claim.
    stage.script.next(vec![Fate::Works, Fate::Works, Fate::DiesAfter]);
    assert!(stage.run(&world, TIME).await.is_none());
    let delivered = stage.run(&world, TIME).await.unwrap();
    assert_eq!((codes(&delivered), delivered.sent()), (vec![Code::LedgerUnavailable], 0));
    stage.script.at(stage.script.now() + LEASE);
    assert_eq!(stage.run(&world, TIME).await.unwrap().sent(), 1);
    assert!(stage.heard()[0].marked);
}

#[tokio::test(start_paused = true)]
async fn a_lost_reply_of_the_ledger_changes_nothing() {
    // The calls of a run by their place; 0 is the reading and 3 the publish.
    for lost in [1, 2, 4, 5, 6] {
        let mut stage = Stage::new();
        let world = many(1);
        let mut fates = vec![Fate::Works; lost];
        fates.push(Fate::LosesReply);
        stage.script.next(fates);
        stage.run(&world, TIME).await.unwrap();
        stage.script.at(stage.script.now() + LEASE + SignedDuration::from_secs(1));
        stage.run(&world, TIME).await.unwrap();
        assert_eq!(stage.heard().len(), 1, "call {lost}");
    }
}

/// A run that dies at any of its calls, before or after its effect, and the run after it: nothing is lost, and what may be a repeat is marked.
#[tokio::test(start_paused = true)]
async fn a_run_may_die_at_any_call() {
    for fate in [Fate::DiesBefore, Fate::DiesAfter] {
        for call in 0..12 {
            let mut stage = Stage::new();
            let world = many(2);
            let mut fates = vec![Fate::Works; call];
            fates.push(fate);
            stage.script.next(fates);
            stage.run(&world, TIME).await;
            let before = stage.heard();
            stage.script.next(Vec::new());
            stage.script.at(stage.script.now() + LEASE + SignedDuration::from_secs(1));
            stage.run(&world, TIME).await.unwrap();
            let after = stage.heard();
            let ids: BTreeSet<_> = before.iter().chain(&after).map(|heard| heard.id.clone()).collect();
            assert_eq!(ids.len(), 2, "{fate:?} at call {call}");
            let repeats: BTreeMap<_, _> = after.iter().map(|heard| (&heard.id, heard.marked)).collect();
            assert!(before.iter().all(|heard| repeats.get(&heard.id) != Some(&false)), "{fate:?} at call {call}");
            // Another receiver of the same account is not touched by it.
            stage.run(&many(2).topic("other"), TIME).await.unwrap();
            let other = stage.heard();
            assert!(other.len() == 2 && other.iter().all(|heard| !heard.marked), "{fate:?} at call {call}");
        }
    }
}

mod claims;
mod foresight;
mod model;
