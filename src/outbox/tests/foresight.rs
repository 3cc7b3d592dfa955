//! Spikes, forecasts and silences on their way: an episode at every crash, several receivers, and what a silence never changes.

use proptest::prelude::*;

use super::*;
use crate::domain::alert::Decision;
use crate::domain::message::Composed;

const SPIKE: &str = r#"
    unwatched = "ignore"
    [[spike]]
    name = "runaway sender"
    scope = "billing_number"
    currency = "USD"
"#;

/// As of the last of these days, with so many messages on each.
fn sent(days: &[(i8, u64)]) -> World {
    let (today, _) = days.last().unwrap();
    let world = World::new(SPIKE).at(&format!("2026-11-{today:02}T19:00:00Z"));
    let world = days.iter().fold(world, |world, (day, messages)| world.sent(*day, "+1202", *messages, "8"));
    world.usually(120, "+1202", 12, "0.25")
}

impl Stage {
    fn lease_ends(&self) {
        self.script.next(Vec::new());
        self.script.at(self.script.now() + LEASE + SignedDuration::from_secs(1));
    }
}

/// A run that dies at any of its calls while it reports an episode: the next one reports it, marked if it may be a repeat; the same episode is
/// silent until twice as many are sent, and the next episode is a new alert.
#[tokio::test(start_paused = true)]
async fn an_episode_is_reported_once_whatever_call_a_run_dies_at() {
    for fate in [Fate::DiesBefore, Fate::DiesAfter, Fate::LosesReply] {
        for call in 0..9 {
            let mut stage = Stage::new();
            let mut fates = vec![Fate::Works; call];
            fates.push(fate);
            stage.script.next(fates);
            stage.run(&sent(&[(10, 400)]), TIME).await;
            let before = stage.heard();
            stage.lease_ends();
            stage.run(&sent(&[(10, 420)]), TIME).await.unwrap();
            let after = stage.heard();
            let what = format!("{fate:?} at call {call}: {before:?}, then {after:?}");
            let ids: BTreeSet<_> = before.iter().chain(&after).map(|heard| heard.id.clone()).collect();
            assert_eq!(ids.len(), 1, "{what}");
            assert!(before.is_empty() || after.iter().all(|heard| heard.marked), "{what}");
            let mut days = vec![(10, 420)];
            for (day, messages, expected) in [(10, 600, 0), (12, 500, 0), (12, 900, 1), (13, 1_000, 0), (21, 400, 1)] {
                days.retain(|(known, _)| *known != day);
                days.push((day, messages));
                stage.lease_ends();
                stage.run(&sent(&days), TIME).await.unwrap();
                let heard = stage.heard();
                let is_new = heard.iter().all(|heard| !heard.marked && !ids.contains(&heard.id));
                assert!(heard.len() == expected && is_new, "{what}; {messages} on the {day}th: {heard:?}");
            }
        }
    }
}

/// One topic hangs or fails: the others get their messages in the same run, and nothing of theirs comes again.
#[tokio::test(start_paused = true)]
async fn one_topic_that_fails_neither_stops_nor_repeats_another() {
    for fate in [Fate::Fails, Fate::LosesReply] {
        let mut stage = Stage::new();
        let [one, other] = ["one", "other"].map(|topic| many(3).topic(topic));
        let both = async |stage: &Stage, owner: &str| {
            let mut outbox = Outbox::new(&stage.ledger, &stage.topic, owner, Deadline::after(TIME));
            let threads = outbox.threads("acc").await;
            let worlds = [&one, &other];
            let composed = worlds.map(|world| compose(world.decided(&threads), &world.case()));
            outbox.send(Composed::of_all(composed), "acc").await
        };
        // Reading, intent, three claims, then the publish to the first topic.
        let mut fates = vec![Fate::Works; 5];
        fates.push(fate);
        stage.script.next(fates);
        let delivered = both(&stage, "run-1").await;
        assert_eq!(codes(&delivered), [Code::PublishFailed], "{fate:?}");
        let heard = stage.heard();
        assert_eq!(heard.iter().filter(|heard| heard.topic == "other" && !heard.marked).count(), 3, "{heard:?}");
        stage.lease_ends();
        let delivered = both(&stage, "run-2").await;
        assert_eq!((codes(&delivered), delivered.sent()), (Vec::new(), 3), "{fate:?}");
        let heard = stage.heard();
        assert!(heard.iter().all(|heard| heard.topic == "one" && heard.marked == (fate == Fate::LosesReply)));
        stage.runs += 2;
    }
}

#[derive(Clone, Copy, Debug)]
struct Run {
    dollars: u32,
    /// Whether nobody listens to the one topic.
    fails: bool,
}

fn runs() -> impl Strategy<Value = Vec<Run>> {
    let run = (0_u32..140, any::<bool>()).prop_map(|(dollars, fails)| Run { dollars, fails });
    proptest::collection::vec(run, 1..8)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// Whatever becomes of one owner's topic, another hears exactly what it hears beside an owner whose topic works.
    #[test]
    fn an_owners_failure_changes_nothing_for_the_others(runs in runs()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let heard = |with_failures: bool| {
            runtime.block_on(async {
                let mut stage = Stage::new();
                let mut heard = Vec::new();
                for (day, run) in (3_i8..).zip(&runs) {
                    stage.lease_ends();
                    let worlds = ["one", "other"].map(|topic| at(day, run.dollars, "").topic(topic));
                    stage.runs += 1;
                    let owner = format!("run-{}", stage.runs);
                    let is_deaf = with_failures && run.fails;
                    let deaf = is_deaf.then(|| worlds[0].receiver.topic_arn.to_string());
                    *stage.scripted().deaf.lock().unwrap() = deaf.into_iter().collect();
                    let mut outbox = Outbox::new(&stage.ledger, &stage.topic, &owner, Deadline::after(TIME));
                    let threads = outbox.threads("acc").await;
                    let composed = worlds.each_ref().map(|world| compose(world.decided(&threads), &world.case()));
                    outbox.send(Composed::of_all(composed), "acc").await;
                    heard.extend(stage.heard().into_iter().filter(|heard| heard.topic == "other"));
                }
                heard
            })
        };
        prop_assert_eq!(heard(true), heard(false));
    }
}

const LEVELS: &str = r#"
    [[budget]]
    name = "every number"
    scope = "billing_number"
    currency = "USD"
    amount = 100
    alert_at = [50, 80, 100]
"#;

/// Dollars spent at each run, a day apart; nothing is ever revised downwards.
fn at(day: i8, dollars: u32, silence: &str) -> World {
    let now = format!("2026-11-{day:02}T19:00:00Z");
    World::new(&format!("{LEVELS}{silence}")).at(&now).sent(2, "+1202", 9, &dollars.to_string())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// With and without a silence, a reader knows the same level once it is over, and nothing comes while it lasts.
    #[test]
    fn a_silence_never_changes_what_is_due_after_it(
        mut spent in proptest::collection::vec(0_u32..130, 3..20),
        from in 3_i8..12,
        length in 1_i8..10,
    ) {
        spent.sort_unstable();
        let until = from + length;
        let silence = format!(
            "[[silence]]\nreason = \"quiet\"\nfrom = \"2026-11-{from:02}\"\nuntil = \"2026-11-{until:02}\"\nkinds = [\"budget\"]"
        );
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let levels = |silence: &str| {
            runtime.block_on(async {
                let mut stage = Stage::new();
                let mut highest: Vec<(i8, Option<String>)> = Vec::new();
                let mut known = None;
                for (day, dollars) in (3..).zip(&spent) {
                    stage.script.at(format!("2026-11-{day:02}T19:00:00Z").parse().unwrap());
                    stage.run(&at(day, *dollars, silence), TIME).await.unwrap();
                    let heard = stage.heard();
                    assert!(heard.len() <= 1 && heard.iter().all(|heard| !heard.marked));
                    let is_silent = !silence.is_empty() && (from..until).contains(&day);
                    assert!(!is_silent || heard.is_empty());
                    known = heard.last().map(|heard| heard.level.clone()).or(known);
                    highest.push((day, known.clone()));
                }
                highest
            })
        };
        let (with, without) = (levels(&silence), levels(""));
        for (one, other) in with.iter().zip(&without).filter(|((day, _), _)| *day >= until || *day < from) {
            prop_assert_eq!(one, other);
        }
    }
}

#[test]
fn only_all_holds_back_corrections_and_unwatched_currencies() {
    let silenced = |silence: &str| {
        let silence = format!("[[silence]]\nreason = \"quiet\"\nuntil = \"2026-12-01\"\n{silence}");
        let euros = [("+1202", "", "EUR", "3")];
        let world = World::new(&format!("{LEVELS}{silence}")).day(5, &euros);
        let unwatched = world.decided(&Threads::default()).pop().unwrap().decision;
        // The figure was 110 once, and is 20 now.
        let before = World::new(LEVELS).at(BEFORE).spent("110");
        let threads =
            crate::domain::world::recorded(&Threads::default(), &before.decided(&Threads::default()), &before.case());
        let corrected = World::new(&format!("{LEVELS}{silence}")).spent("20").decided(&threads).remove(0).decision;
        [unwatched, corrected].map(|decision| decision != Decision::Due)
    };
    assert_eq!(silenced("all = true"), [true, true]);
    assert_eq!(silenced("kinds = [\"budget\", \"forecast\", \"spike\"]"), [false, false]);
    assert_eq!(silenced("scope = \"billing_number\""), [false, false]);
}
