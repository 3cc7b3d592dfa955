//! Each decision as a table: what one number had spent at each run, and what is sent.

mod spikes;

use std::collections::BTreeSet;

use jiff::SignedDuration;

use super::*;
use crate::domain::evaluate::Freshness;
use crate::domain::product::Product;
use crate::domain::world::{NOW, NUMBERS, World, amount, recorded, shown};

/// One run: hours after the first, what was spent (`-` before a figure: read in part; `?`: it waits for a second reading), the budget.
struct Run(i64, &'static str, &'static str);

const BUDGET: &str = "100 at [50, 80, 100]";

fn world(run: &Run) -> World {
    let Run(hours, spent, budget) = run;
    let (amount, levels) = budget.split_once(" at ").unwrap();
    let policy = NUMBERS.replace("[50, 80, 100]", levels).replace("100.00", amount);
    let now = NOW.parse::<Timestamp>().unwrap() + SignedDuration::from_hours(*hours);
    let world = World::new(&policy).at(&now.to_string());
    match spent.split_at(1) {
        ("-", money) => world.spent(money).unread(20, 22),
        ("?", money) => world.spent(money).unconfirmed(),
        _ if *spent == "0" => world,
        _ => world.spent(spent),
    }
}

/// What each of a sequence of runs does, all that is due being sent.
fn story(runs: &[Run]) -> Vec<String> {
    let mut threads = Threads::default();
    runs.iter()
        .map(|run| {
            let world = world(run);
            let alerts = world.decided(&threads);
            threads = recorded(&threads, &alerts, &world.case());
            let lines: Vec<_> = alerts.iter().map(|alert| shown(alert, &world.case())).collect();
            lines.join("; ")
        })
        .collect()
}

#[test]
fn a_level_is_due_above_the_highest_percent_or_the_highest_money() {
    for (runs, expected) in [
        // Of several newly reached levels the highest is sent and names the others.
        (
            &[Run(0, "49.99", BUDGET), Run(1, "50", BUDGET), Run(2, "101", BUDGET), Run(3, "140", BUDGET)][..],
            &["BelowLevels", "send 50%, also []", "send 100%, also [80%]", "AlreadySent"][..],
        ),
        // A lowered budget does not silence its own breach: 50% of 100, then 85 of 50.
        (&[Run(0, "50", BUDGET), Run(1, "85", "50 at [100]")], &["send 50%, also []", "send 100%, also []"]),
        // A raised budget does not silence it either: half of 1,000 is more money than 100% of 100.
        (
            &[Run(0, "110", BUDGET), Run(1, "520", "1000 at [50, 100]"), Run(2, "521", "1000 at [50, 100]")],
            &["send 100%, also [50% 80%]", "send 50%, also []", "AlreadySent"],
        ),
        // 10% of 1,000 is as much money as 100% of 100, and less percent: nothing higher.
        (&[Run(0, "110", BUDGET), Run(1, "110", "1000 at [10, 100]")], &["send 100%, also [50% 80%]", "AlreadySent"]),
    ] {
        assert_eq!(story(runs), expected);
    }
}

#[test]
fn a_correction_sets_the_thread_back() {
    let runs = [
        Run(0, "110", BUDGET),
        // 100 → 20: no level is reached any more, so reaching any is due again; 520 of 100 is not silent.
        Run(1, "20", BUDGET),
        Run(2, "21", BUDGET),
        Run(3, "520", BUDGET),
    ];
    assert_eq!(
        story(&runs),
        [
            "send 100%, also [50% 80%]",
            "correct 110 to 20, still [], no longer [50% 80% 100%], days [5]",
            "BelowLevels",
            "send 100%, also [50% 80%]"
        ]
    );
    // 80% is still reached: it is not due again, 100% is.
    assert_eq!(
        story(&[Run(0, "110", BUDGET), Run(1, "85", BUDGET), Run(2, "86", BUDGET), Run(3, "100", BUDGET)]),
        [
            "send 100%, also [50% 80%]",
            "correct 110 to 85, still [80%], no longer [100%], days [5]",
            "AlreadySent",
            "send 100%, also []"
        ]
    );
    // A level that is met exactly is reached, before and after.
    assert_eq!(
        story(&[Run(0, "100", BUDGET), Run(1, "80", BUDGET), Run(2, "80", BUDGET)]),
        ["send 100%, also [50% 80%]", "correct 100 to 80, still [80%], no longer [100%], days [5]", "AlreadySent"]
    );
    // All charges are gone.
    assert_eq!(
        story(&[Run(0, "85", BUDGET), Run(1, "0", BUDGET), Run(2, "0", BUDGET)]),
        ["send 80%, also [50%]", "correct 85 to 0, still [], no longer [50% 80%], days [5]", "BelowLevels"]
    );
    // A fall that leaves the reported level reached is none that readers have to know.
    assert_eq!(story(&[Run(0, "140", BUDGET), Run(1, "110", BUDGET)]), ["send 100%, also [50% 80%]", "AlreadySent"]);
}

#[test]
fn a_fall_is_corrected_only_once_it_is_proven() {
    assert_eq!(
        story(&[Run(0, "110", BUDGET), Run(1, "?20", BUDGET), Run(2, "-20", BUDGET), Run(3, "20", BUDGET)]),
        [
            "send 100%, also [50% 80%]",
            "FallNotProven",
            "FallNotProven",
            "correct 110 to 20, still [], no longer [50% 80% 100%], days [5]"
        ]
    );
    // Of a lowered budget a level is reached that no reader can have heard of: it does not wait for the proof of the fall.
    assert_eq!(
        story(&[Run(0, "110", BUDGET), Run(1, "?90", "50 at [100, 150]")]),
        ["send 100%, also [50% 80%]", "send 150%, also []"]
    );
    // A run as of the same moment says nothing against what was reported.
    assert_eq!(story(&[Run(0, "110", BUDGET), Run(0, "20", BUDGET)]), ["send 100%, also [50% 80%]", "BelowLevels"]);
    // Upwards counts at once, whatever the certainty.
    assert_eq!(
        story(&[Run(0, "?55", BUDGET), Run(1, "-85", BUDGET), Run(2, "85", BUDGET)]),
        ["send 50%, also []", "send at least 80%, also []", "AlreadySent"]
    );
}

#[test]
fn a_fall_is_not_proven_by_figures_that_were_read_before_the_report() {
    let reported = world(&Run(1, "110", BUDGET));
    let threads = recorded(&Threads::default(), &reported.decided(&Threads::default()), &reported.case());
    // When the daybook's figures of the 5th were read, and of the 6th, on which nothing fell.
    let decided = |of_5th: i64, of_6th: i64| {
        let mut world = world(&Run(3, "20", BUDGET));
        for (day, hours) in [(5, of_5th), (6, of_6th)] {
            let since = NOW.parse::<Timestamp>().unwrap() + SignedDuration::from_hours(hours);
            world.coverage.read_before.insert((Product::Sms, jiff::civil::date(2026, 11, day)), since);
        }
        world.decided(&threads)[0].decision
    };
    // The run of hour 1 died before it kept what it had reported, and that of hour 2 was the first to read less.
    assert_eq!([decided(0, 2), decided(2, 0), decided(1, 0)], [Decision::FallNotProven, Decision::Due, Decision::Due]);
}

#[test]
fn what_was_read_in_part_is_corrected_if_the_whole_says_less() {
    assert_eq!(
        story(&[Run(0, "-110", BUDGET), Run(1, "105", BUDGET), Run(2, "104", BUDGET)]),
        [
            "send at least 100%, also [50% 80%]",
            "correct 110 to 105, still [100%], no longer [], days [5]",
            "AlreadySent"
        ]
    );
    // The whole says as much: settled, and a later fall above the level is no correction.
    assert_eq!(
        story(&[Run(0, "-110", BUDGET), Run(1, "112", BUDGET), Run(2, "105", BUDGET)]),
        ["send at least 100%, also [50% 80%]", "AlreadySent", "AlreadySent"]
    );
}

#[test]
fn after_the_first_correction_the_next_waits_for_a_day_of_agreeing_readings() {
    let runs = [
        Run(0, "110", BUDGET),
        Run(1, "20", BUDGET),
        Run(2, "110", BUDGET),
        Run(3, "20", BUDGET),
        Run(10, "21", BUDGET),
        // A reading that does not agree: the day begins anew.
        Run(11, "110", BUDGET),
        Run(12, "20", BUDGET),
        Run(20, "-20", BUDGET),
        Run(35, "20", BUDGET),
        Run(36, "20", BUDGET),
    ];
    assert_eq!(
        story(&runs),
        [
            "send 100%, also [50% 80%]",
            "correct 110 to 20, still [], no longer [50% 80% 100%], days [5]",
            "send 100%, also [50% 80%]",
            "waits since 2026-11-22T16:00:00Z",
            "waits since 2026-11-22T16:00:00Z",
            "AlreadySent",
            "waits since 2026-11-23T01:00:00Z",
            "FallNotProven",
            "waits since 2026-11-23T01:00:00Z",
            "correct 110 to 20, still [], no longer [50% 80% 100%], days [5]"
        ]
    );
}

#[test]
fn a_policy_changed_meanwhile_is_in_the_correction() {
    // 110 of 100 was reported; the budget is 40 now, and 50 was really spent: 120% of 40 is reached only by today's policy.
    let world = world(&Run(1, "50", "40 at [100, 120]"));
    let first = self::world(&Run(0, "110", BUDGET));
    let threads = recorded(&Threads::default(), &first.decided(&Threads::default()), &first.case());
    let alerts = world.decided(&threads);
    let record = alerts[0].finding.wording(&alerts[0], &world.case()).machine;
    assert_eq!((record.kind, record.only_now_reached), (Kind::Correction, vec!["120%".to_owned()]));
    let threads = recorded(&threads, &alerts, &world.case());
    let known = threads.iter().next().unwrap().record.reported.clone().unwrap();
    assert_eq!((known.percent.to_string(), known.money), ("120".to_owned(), amount("48")));
}

#[test]
fn what_one_topic_got_says_nothing_of_another() {
    let [one, other] = ["one", "other"].map(|topic| World::new(NUMBERS).spent("85").topic(topic));
    let threads = recorded(&Threads::default(), &one.decided(&Threads::default()), &one.case());
    assert_eq!(one.decided(&threads)[0].decision, Decision::AlreadySent);
    assert_eq!(other.decided(&threads)[0].decision, Decision::Due);
    // A subject of another receiver is not corrected because this one does not know it.
    let other = World::new(NUMBERS).topic("other");
    assert!(other.decided(&threads).is_empty());
}

/// The thread and the alert's id after a run that died between its claim and the end of its publish.
fn claimed(run: &Run, threads: &Threads) -> (Threads, AlertId) {
    let world = world(run);
    let alert = world.decided(threads).remove(0);
    assert_eq!(alert.decision, Decision::Due);
    let claim = Claim {
        owner: "dead".to_owned(),
        lease_until: world.as_of,
        alert: alert.id.clone(),
        next: alert.doubt.or(alert.next).unwrap(),
    };
    let thread = Thread::after(alert.thread.as_deref(), &alert.key, alert.base.clone(), Some(claim), world.as_of);
    (Threads::new(vec![thread], BTreeSet::new(), false), alert.id)
}

/// What is decided, whether an earlier run may have sent it, and its id.
fn decided(run: &Run, threads: &Threads) -> (String, bool, AlertId) {
    let world = world(run);
    let alert = world.decided(threads).remove(0);
    (shown(&alert, &world.case()), alert.may_repeat, alert.id)
}

#[test]
fn a_run_that_died_leaves_open_what_readers_know() {
    let nothing = Threads::default();
    let (threads, id) = claimed(&Run(0, "110", BUDGET), &nothing);
    // The same again, with the same id and the mark.
    let (line, may_repeat, again) = decided(&Run(1, "111", BUDGET), &threads);
    assert_eq!((line.as_str(), may_repeat, again), ("send 100%, also [50% 80%]", true, id.clone()));
    // It may have been read that 100% is reached: nothing lower follows but a correction.
    let (line, may_repeat, _) = decided(&Run(1, "85", BUDGET), &threads);
    assert_eq!((line.as_str(), may_repeat), ("correct 110 to 85, still [80%], no longer [100%], days [5]", false));
    // Nor may it have been read: as long as the fall is not proven, what is reached is sent.
    let (line, may_repeat, _) = decided(&Run(1, "-85", BUDGET), &threads);
    assert_eq!((line.as_str(), may_repeat), ("send at least 80%, also [50%]", true));
    assert_eq!(decided(&Run(1, "-20", BUDGET), &threads).0, "FallNotProven");
    // A higher one is no repeat.
    let (threads, id) = claimed(&Run(0, "85", BUDGET), &nothing);
    let (line, may_repeat, other) = decided(&Run(1, "110", BUDGET), &threads);
    assert_eq!((line.as_str(), may_repeat), ("send 100%, also [50% 80%]", false));
    assert_ne!(other, id);
    // A correction that may have been read, and a figure that is back: it is sent again, and marked.
    let first = world(&Run(0, "110", BUDGET));
    let sent = recorded(&nothing, &first.decided(&nothing), &first.case());
    let (threads, id) = claimed(&Run(1, "20", BUDGET), &sent);
    assert_eq!(
        decided(&Run(2, "20", BUDGET), &threads),
        ("correct 110 to 20, still [], no longer [50% 80% 100%], days [5]".to_owned(), true, id)
    );
    let (line, may_repeat, _) = decided(&Run(2, "110", BUDGET), &threads);
    assert_eq!((line.as_str(), may_repeat), ("send 100%, also []", true));
}

#[test]
fn two_runs_that_died_leave_open_what_readers_know() {
    let nothing = Threads::default();
    // The first may have sent 100%, the second its correction: a reader may still know 100%.
    let (threads, _) = claimed(&Run(0, "110", BUDGET), &nothing);
    let (threads, id) = claimed(&Run(1, "85", BUDGET), &threads);
    let correction = "correct 110 to 85, still [80%], no longer [100%], days [5]";
    assert_eq!(decided(&Run(2, "85", BUDGET), &threads), (correction.to_owned(), true, id));
    // A correction, a level and a correction, none of which is known to have been sent: the second correction is not sent as a third.
    let first = world(&Run(0, "55", BUDGET));
    let sent = recorded(&nothing, &first.decided(&nothing), &first.case());
    let (threads, _) = claimed(&Run(1, "20", BUDGET), &sent);
    let (threads, _) = claimed(&Run(2, "110", BUDGET), &threads);
    let (threads, _) = claimed(&Run(3, "20", BUDGET), &threads);
    assert_eq!(decided(&Run(4, "20", BUDGET), &threads).0, "waits since 2026-11-22T17:00:00Z");
}

#[test]
fn what_stands_if_the_next_run_dies_too() {
    // Percent and money of the highest level, as far as there is one: what stands while the alert is on its way, and what a reader may know
    // once it is sent, by what is recorded and by what was claimed.
    let known = |record: &Record| {
        record.reported.as_ref().map_or_else(String::new, |known| format!("{}% {}", known.percent, known.money))
    };
    let verdict = |run: &Run, threads: &Threads| {
        let world = world(run);
        let alert = world.decided(threads).remove(0);
        [Some(alert.base), alert.next, alert.doubt].map(|record| record.map_or("-".to_owned(), |record| known(&record)))
    };
    let after = |run: &Run| {
        let world = world(run);
        recorded(&Threads::default(), &world.decided(&Threads::default()), &world.case())
    };
    // Above both: what is recorded stands.
    let (threads, _) = claimed(&Run(1, "85", BUDGET), &after(&Run(0, "55", BUDGET)));
    assert_eq!(verdict(&Run(2, "110", BUDGET), &threads), ["50% 50", "100% 100", "-"]);
    // Not above what is recorded, but above the correction that was claimed: that stands.
    let (threads, _) = claimed(&Run(1, "20", BUDGET), &after(&Run(0, "110", BUDGET)));
    assert_eq!(verdict(&Run(2, "110", BUDGET), &threads), ["0% 0", "100% 100", "-"]);
    // Above both, by the money of a raised budget. By what is recorded a reader knows 100% too; by the correction that was claimed only 50%.
    assert_eq!(verdict(&Run(2, "520", "1000 at [50]"), &threads), ["100% 100", "100% 500", "50% 500"]);
}

#[test]
fn what_an_unrecorded_run_intended_may_have_been_sent() {
    let world = World::new(NUMBERS).spent("85");
    let id = world.decided(&Threads::default())[0].id.clone();
    let may_repeat = |threads: Threads| world.decided(&threads)[0].may_repeat;
    assert!(!may_repeat(Threads::default()));
    assert!(may_repeat(Threads::new(Vec::new(), BTreeSet::from([id]), false)));
    assert!(may_repeat(Threads::new(Vec::new(), BTreeSet::new(), true)));
}

#[test]
fn a_stale_report_is_reported_once_an_episode() {
    let gap = |hours| SignedDuration::from_hours(hours);
    let decisions = |newest: &str, longest_gap: SignedDuration, threads: &Threads| {
        let mut world = World::new(NUMBERS);
        world.history.freshness =
            vec![Freshness { product: Product::Sms, newest_row: newest.parse().unwrap(), longest_gap }];
        let alerts = world.decided(threads);
        let threads = recorded(threads, &alerts, &world.case());
        (alerts.iter().map(|alert| alert.decision).collect::<Vec<_>>(), threads)
    };
    let nothing = Threads::default();
    // NOW is the 22nd at 13:00 UTC.
    for (newest, longest_gap, expected) in [
        ("2026-11-19T13:00:00Z", gap(1), &[][..]),
        ("2026-11-19T12:59:59Z", gap(1), &[Decision::Due]),
        ("2026-11-18T13:00:00Z", gap(48), &[]),
        ("2026-11-18T12:59:59Z", gap(48), &[Decision::Due]),
    ] {
        assert_eq!(decisions(newest, longest_gap, &nothing).0, expected, "{newest}");
    }
    let (_, threads) = decisions("2026-11-18T12:00:00Z", gap(1), &nothing);
    assert_eq!(decisions("2026-11-18T12:00:00Z", gap(1), &threads).0, [Decision::AlreadySent]);
    assert_eq!(decisions("2026-11-17T12:00:00Z", gap(1), &threads).0, [Decision::Due]);
}

#[test]
fn a_currency_without_a_budget_is_reported_once_and_an_unmatched_budget_covers_none() {
    let euros = || World::new(NUMBERS).day(5, &[("+1", "Sales", "EUR", "3")]);
    let alerts = |world: &World, threads: &Threads| {
        let alerts = world.decided(threads);
        alerts.iter().map(|alert| (alert.finding.kind(), alert.decision)).collect::<Vec<_>>()
    };
    let world = euros();
    assert_eq!(alerts(&world, &Threads::default()), [(Kind::Unwatched, Decision::Due)]);
    let threads = recorded(&Threads::default(), &world.decided(&Threads::default()), &world.case());
    assert_eq!(alerts(&world, &threads), [(Kind::Unwatched, Decision::AlreadySent)]);
    let with = |only: &str| {
        let budget = format!(
            "{NUMBERS}\n[[budget]]\nname = \"euros\"\nscope = \"department\"\nonly = [{only:?}]\ncurrency = \"EUR\"\namount = 9"
        );
        World::new(&budget).day(5, &[("+1", "Sales", "EUR", "3")])
    };
    assert_eq!(alerts(&with("Sales"), &Threads::default()), [(Kind::Budget, Decision::BelowLevels)]);
    let mut misspelt = with("Slaes");
    let names = |world: &World| {
        let unmatched =
            crate::domain::matches::unmatched(&world.policy, &world.totals, &world.periods, &world.history.matched);
        unmatched.iter().map(|selector| selector.name.to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names(&misspelt), ["euros"]);
    assert_eq!(alerts(&misspelt, &Threads::default()), [(Kind::Unwatched, Decision::Due)]);
    // It has matched in an earlier run: then it covers its currency.
    let selector = misspelt.policy.selectors().next().unwrap();
    let known = crate::domain::matches::fingerprint(&selector);
    misspelt.history.matched.insert(known);
    assert!(names(&misspelt).is_empty() && alerts(&misspelt, &Threads::default()).is_empty());
}

#[test]
fn a_thread_matters_until_its_period_ends_or_until_now() {
    let open = World::new(NUMBERS).spent("85");
    let end = open.periods[0].to();
    assert_eq!(open.findings().remove(0).ends(&open.case()), end);
    let key = open.decided(&Threads::default()).remove(0).key;
    let thread = Thread::after(None, &key, Record::default(), None, end);
    assert_eq!(thread.expires_at.duration_since(end), SignedDuration::from_hours(200 * 24));
    let mut closed = World::new(NUMBERS).spent("85");
    closed.as_of = end + SignedDuration::from_hours(30);
    assert_eq!(closed.findings().remove(0).ends(&closed.case()), closed.as_of);
}

#[test]
fn a_threads_key_never_changes() {
    // Ledgers in use hold these; a change here would send every open alert again.
    let world = World::new(NUMBERS).spent("85");
    let alert = world.decided(&Threads::default()).remove(0);
    insta::assert_snapshot!(format!("{} {}", alert.key.sort_key(), alert.id), @"thread#a021c0736d2254703f933cd3b1e0c4b2 553eb78b4468");
}

#[test]
fn a_moment_before_what_was_reported_corrects_nothing() {
    let first = world(&Run(0, "110", BUDGET));
    let threads = recorded(&Threads::default(), &first.decided(&Threads::default()), &first.case());
    // Somebody asks for what was due ten days before.
    let earlier = world(&Run(-240, "85", BUDGET));
    let case = Case { rerun: true, ..earlier.case() };
    let alerts = decide(&earlier.findings(), &threads, &case);
    assert_eq!(shown(&alerts[0], &case), "AlreadySent");
    let nothing_yet = world(&Run(-480, "0", BUDGET));
    let case = Case { rerun: true, ..nothing_yet.case() };
    let alerts = decide(&nothing_yet.findings(), &threads, &case);
    assert_eq!(alerts.iter().map(|alert| shown(alert, &case)).collect::<Vec<_>>(), ["BelowLevels"]);
    // It does not prove what was read in part since.
    let part = world(&Run(0, "-110", BUDGET));
    let threads = recorded(&Threads::default(), &part.decided(&Threads::default()), &part.case());
    let threads = recorded(&threads, &earlier.decided(&threads), &earlier.case());
    let whole = world(&Run(1, "105", BUDGET));
    assert!(shown(&whole.decided(&threads)[0], &whole.case()).starts_with("correct 110 to 105"));
}

#[test]
fn a_figure_that_falls_below_nothing_is_corrected_once() {
    let runs = [Run(0, "110", BUDGET), Run(1, "20", BUDGET), Run(40, "-5", BUDGET)];
    let mut threads = Threads::default();
    let mut decisions = Vec::new();
    for run in &runs {
        let world = if run.1 == "-5" { world(&Run(run.0, "0", BUDGET)).spent("-5") } else { world(run) };
        let alerts = world.decided(&threads);
        threads = recorded(&threads, &alerts, &world.case());
        decisions.extend(alerts.iter().map(|alert| alert.decision));
    }
    assert_eq!(decisions, [Decision::Due, Decision::Due, Decision::BelowLevels]);
}

#[test]
fn what_was_read_in_part_is_proven_by_a_whole_reading_and_by_no_other() {
    let after = |runs: &[Run]| {
        let mut threads = Threads::default();
        for run in runs {
            let world = world(run);
            let alerts = world.decided(&threads);
            threads = recorded(&threads, &alerts, &world.case());
        }
        let thread = threads.iter().next().unwrap().clone();
        thread.record.reported.unwrap().at_least
    };
    assert!(after(&[Run(0, "-110", BUDGET)]));
    assert!(after(&[Run(0, "-110", BUDGET), Run(1, "-110", BUDGET)]));
    assert!(after(&[Run(0, "-110", BUDGET), Run(1, "?110", BUDGET)]));
    assert!(!after(&[Run(0, "-110", BUDGET), Run(1, "110", BUDGET)]));
}

#[test]
fn a_message_says_which_level_is_next_and_whether_the_period_runs() {
    let text = |spent: &str, at: &str| {
        let mut world = World::new(NUMBERS).at("2026-11-22T13:00:00Z").spent(spent);
        world.as_of = at.parse().unwrap();
        let case = world.case();
        let alert = &world.decided(&Threads::default())[0];
        let wording = alert.finding.wording(alert, &case);
        (wording.lead, wording.steps.concat())
    };
    let contains = |(lead, steps): (String, String), parts: [&str; 2]| {
        assert!(lead.contains(parts[0]) && steps.contains(parts[1]), "{lead} {steps}");
    };
    contains(text("79.99", NOW), ["That is 79%, with 8 days left.", "only if 80% is reached, Zoom revises"]);
    contains(text("80", NOW), ["That is 80%, with 8 days left.", "only if 100% is reached, Zoom revises"]);
    contains(text("100", NOW), ["That is 100%, with 8 days left.", "only if Zoom revises its report or the budget"]);
    contains(text("60", "2026-12-01T04:59:59Z"), ["with hours left.", "80%"]);
    contains(text("60", "2026-12-01T05:00:00Z"), ["and the month is over.", "80%"]);
}
