//! A model: random runs over figures that rise, fall, are revised or read in part, policies that change, two receivers, and a ledger and a
//! topic that fail, lose replies or let the run die at any call. After each sequence one undisturbed run over the complete truth must leave
//! every receiver knowing it.

use proptest::prelude::*;

use super::*;
/// How the figure was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reading {
    Whole,
    InPart,
    Unconfirmed,
}

#[derive(Clone, Debug)]
struct Step {
    spent: u32,
    reading: Reading,
    budget: u32,
    topic: &'static str,
    fates: Vec<Fate>,
    minutes: i64,
}

fn world(step: &Step, at: Timestamp) -> World {
    let policy = NUMBERS.replace("100.00", &step.budget.to_string());
    let world = World::new(&policy).at(&at.to_string()).topic(step.topic).spent(&step.spent.to_string());
    match step.reading {
        Reading::Whole => world,
        Reading::InPart => world.unread(20, 22),
        Reading::Unconfirmed => world.unconfirmed(),
    }
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        12 => Just(Fate::Works),
        2 => Just(Fate::Fails),
        2 => Just(Fate::LosesReply),
        1 => Just(Fate::DiesBefore),
        1 => Just(Fate::DiesAfter),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let spent = prop_oneof![Just(20_u32), Just(49), Just(55), Just(85), Just(110), Just(160)];
    let reading = prop_oneof![4 => Just(Reading::Whole), 1 => Just(Reading::InPart), 1 => Just(Reading::Unconfirmed)];
    let budget = prop_oneof![4 => Just(100_u32), 1 => Just(50), 1 => Just(200)];
    let topic = prop_oneof![3 => Just("one"), 1 => Just("other")];
    let fates = prop_oneof![2 => Just(Vec::new()), 3 => proptest::collection::vec(fate(), 0..14)];
    let minutes = prop_oneof![4 => 60..70_i64, 1 => 0..2_i64, 1 => 1_400..1_600_i64];
    (spent, reading, budget, topic, fates, minutes).prop_map(|(spent, reading, budget, topic, fates, minutes)| Step {
        spent,
        reading,
        budget,
        topic,
        fates,
        minutes,
    })
}

/// What a reader of a topic knows.
#[derive(Debug, Default)]
struct Reader {
    /// Percent and money of the highest level, by the last message.
    known: Option<(u32, u32)>,
    /// Ids, and the runs that published them.
    ids: BTreeMap<String, Vec<usize>>,
    /// A correction was published that no later run can know of.
    has_unknown_correction: bool,
}

/// Runs a sequence, and answers what was wrong with it.
fn check(steps: &[Step]) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let mut stage = Stage::new();
        let mut readers: BTreeMap<&str, Reader> = BTreeMap::new();
        let mut silent_ledger: BTreeSet<usize> = BTreeSet::new();
        // Runs that may have published what neither a record nor a claim shows: of these only the ids are known.
        let mut unrecorded: BTreeSet<usize> = BTreeSet::new();
        let mut at: Timestamp = NOW.parse().unwrap();
        let last = steps.last().cloned().unwrap();
        let undisturbed =
            |topic| Step { reading: Reading::Whole, fates: Vec::new(), minutes: 1_500, topic, ..last.clone() };
        // The first undisturbed run may begin the day for which a further correction waits.
        let ends = ["one", "other", "one", "other"].map(undisturbed);
        for (number, step) in steps.iter().chain(&ends).enumerate() {
            at += SignedDuration::from_mins(step.minutes);
            // All within the month.
            stage.script.at(at);
            stage.script.next(step.fates.clone());
            let world = world(step, at.min("2026-11-30T12:00:00Z".parse().unwrap()));
            let delivered = stage.run(&world, TIME).await;
            let ended_well = delivered.is_some_and(|delivered| {
                !delivered.faults.iter().any(|fault| fault.message.contains("published and not recorded"))
            });
            if !ended_well && step.fates.iter().any(|fate| matches!(fate, Fate::Fails | Fate::LosesReply)) {
                unrecorded.insert(number);
            }
            if stage.script.writes_done() == 0 {
                silent_ledger.insert(number);
            }
            let reader = readers.entry(step.topic).or_default();
            hear(reader, &stage, number, step, &silent_ledger, &unrecorded)?;
            let is_end = number + 2 >= steps.len() + ends.len();
            if is_end && !reader.has_unknown_correction {
                knows_the_truth(reader, step)?;
            }
        }
        Ok(())
    })
}

fn hear(
    reader: &mut Reader,
    stage: &Stage,
    run: usize,
    step: &Step,
    silent_ledger: &BTreeSet<usize>,
    unrecorded: &BTreeSet<usize>,
) -> Result<(), String> {
    for (topic, publication) in std::mem::take(&mut *stage.scripted().published.lock().unwrap()) {
        assert!(topic.ends_with(step.topic));
        let machine: Value = serde_json::from_str(&publication.machine).unwrap();
        for alert in machine["alerts"].as_array().unwrap() {
            let text = |name: &str| alert[name].as_str().unwrap_or_default().to_owned();
            let percent: u32 = text("level").trim_end_matches('%').parse().unwrap_or_default();
            let money = percent * step.budget / 100;
            let earlier = reader.ids.entry(text("id")).or_default();
            // Of a run none of whose writes the ledger took, nobody can know.
            let is_known = earlier.iter().any(|run| !silent_ledger.contains(run));
            let marked = machine["possible_repeat"].as_bool().unwrap();
            if is_known && !marked {
                return Err(format!("run {run} publishes {} again without a mark", text("id")));
            }
            let is_new = earlier.is_empty();
            earlier.push(run);
            if text("kind") == "correction" {
                reader.known = Some((percent, money));
                reader.has_unknown_correction |= silent_ledger.contains(&run) || unrecorded.contains(&run);
                continue;
            }
            let (known_percent, known_money) = reader.known.unwrap_or_default();
            if percent <= known_percent
                && money <= known_money
                && is_new
                && !marked
                && earlier_is_known(reader, unrecorded)
            {
                return Err(format!(
                    "run {run} publishes {percent}% of {} after {known_percent}% or {known_money}",
                    step.budget
                ));
            }
            reader.known = Some((percent.max(known_percent), money.max(known_money)));
        }
    }
    Ok(())
}

fn earlier_is_known(reader: &Reader, unrecorded: &BTreeSet<usize>) -> bool {
    reader.ids.values().flatten().all(|run| !unrecorded.contains(run))
}

/// After an undisturbed run over the whole report: no level that is reached is above what the reader knows.
fn knows_the_truth(reader: &Reader, step: &Step) -> Result<(), String> {
    let highest = [100, 80, 50].into_iter().find(|percent| step.spent * 100 >= step.budget * percent);
    let Some(percent) = highest else { return Ok(()) };
    let (known_percent, known_money) = reader.known.unwrap_or_default();
    let money = percent * step.budget / 100;
    if percent > known_percent || money > known_money {
        return Err(format!(
            "{percent}% of {} is reached, and {:?} knows of {known_percent}%, {known_money}",
            step.budget, step.topic
        ));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, ..ProptestConfig::default() })]

    #[test]
    fn every_level_is_published_and_nothing_twice_unmarked(steps in proptest::collection::vec(step(), 1..9)) {
        if let Err(problem) = check(&steps) {
            prop_assert!(false, "{problem}");
        }
    }
}

/// Sequences that the model once found, each of which broke a rule of deciding or of recording.
#[test]
fn what_the_model_has_found_stays_found() {
    use Fate::{DiesAfter, Fails, LosesReply, Works};
    // What was spent, the budget, the fates of the calls; all of topic "one", read whole, an hour apart.
    let sequences: [&[(u32, u32, &[Fate])]; 12] = [
        // Neither the claim nor the publish was answered, and the figure falls.
        &[(110, 100, &[Works, Works, Fails, LosesReply]), (55, 100, &[])],
        // A publish without an answer, and a lower budget.
        &[(110, 100, &[Works, Works, Works, LosesReply]), (110, 50, &[]), (20, 100, &[])],
        &[(110, 100, &[Works, Works, Works, LosesReply]), (110, 50, &[]), (85, 100, &[])],
        // A claim without a publish, a higher budget, and the lower one again.
        &[(55, 50, &[Works, Works, DiesAfter]), (55, 100, &[]), (55, 50, &[])],
        // A level published by a run that could not read, over a thread that knows a higher one.
        &[(110, 100, &[]), (49, 50, &[Fails, Fails]), (49, 50, &[])],
        // A correction without an answer, and the figure is back.
        &[(110, 100, &[]), (20, 100, &[Works, Works, Works, LosesReply, Works]), (110, 50, &[]), (110, 100, &[])],
        &[(110, 100, &[]), (20, 100, &[Works, Works, Works, LosesReply, Works]), (160, 200, &[]), (160, 100, &[])],
        // A run that reads the thread only later, whose claim and publish are not answered.
        &[(55, 100, &[]), (20, 100, &[]), (49, 50, &[Fails, Works, Works, Fails, LosesReply, Fails])],
        &[(85, 100, &[]), (55, 50, &[Fails, Works, Works, Fails]), (55, 50, &[])],
        &[
            (110, 100, &[]),
            (55, 100, &[Fails, Works, Works, Works, Works, LosesReply, Works]),
            (55, 100, &[Fails, Works, Works, Fails]),
        ],
        // Two publishes in a row without an answer.
        &[
            (55, 100, &[]),
            (20, 100, &[Works, Works, Works, LosesReply]),
            (85, 100, &[Works, Works, Works, LosesReply]),
            (20, 100, &[]),
        ],
        // A correction that only its run's intent shows, and a run that cannot read it.
        &[(160, 100, &[]), (20, 100, &[Works, Fails, Works, LosesReply]), (55, 100, &[Fails, Works, Fails])],
    ];
    for sequence in sequences {
        let step = |(spent, budget, fates): &(u32, u32, &[Fate])| Step {
            spent: *spent,
            reading: Reading::Whole,
            budget: *budget,
            topic: "one",
            fates: fates.to_vec(),
            minutes: 60,
        };
        let steps: Vec<_> = sequence.iter().map(step).collect();
        assert_eq!(check(&steps), Ok(()), "{sequence:?}");
    }
}
