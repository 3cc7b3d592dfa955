//! Days of one number that usually sends twelve messages, and what is reported.

use super::*;
use crate::domain::period::Period;
use crate::domain::period::PeriodKind;

const WATCH: &str = "late_charges_days = 31\n[[spike]]\nname = \"all\"\nscope = \"billing_number\"\ncurrency = \"USD\"";

#[test]
fn an_episode_is_silent_until_the_count_doubles_or_a_week_was_calm() {
    let days = [
        (2, 20, false),
        (3, 300, true),
        (4, 599, false),
        (5, 600, true),
        (6, 650, false),
        // Six calm days before it, then seven.
        (13, 300, false),
        (21, 300, true),
    ];
    let mut threads = Threads::default();
    for (run, (today, _, due)) in days.iter().enumerate() {
        let mut world = World::new(WATCH);
        for (day, messages, _) in &days[..=run] {
            world = world.sent(*day, "+1202", *messages, "20");
        }
        let world = world.at(&format!("2026-11-{today:02}T20:00:00Z")).usually(120, "+1202", 12, "0.24");
        let alerts = world.decided(&threads);
        let is_due = alerts.iter().any(|alert| alert.finding.kind() == Kind::Spike && alert.decision == Decision::Due);
        assert_eq!(is_due, *due, "{today}");
        threads = recorded(&threads, &alerts, &world.case());
    }
}

#[test]
fn one_alert_names_all_episodes_of_which_nothing_was_heard() {
    let mut world = World::new(WATCH).sent(3, "+1202", 900, "18").sent(17, "+1202", 300, "6");
    let days = (1..=22).map(|day| jiff::civil::date(2026, 11, day));
    let days = days.map(|day| Period::of_day(PeriodKind::Day, day, &world.policy.time_zone).unwrap());
    world.periods = days.collect();
    let world = world.usually(120, "+1202", 12, "0.24");
    let mut threads = Threads::default();
    let mut heard = Vec::new();
    for _ in 0..6 {
        let alerts = world.decided(&threads);
        let [alert] = alerts.iter().filter(|alert| alert.finding.kind() == Kind::Spike).collect::<Vec<_>>()[..] else {
            panic!("{alerts:?}")
        };
        let day = alert.finding.whose().map(|whose| whose.period.label()).unwrap();
        let wording = alert.finding.wording(alert, &world.case());
        let earlier =
            wording.facts.iter().filter(|(name, _)| name == "Before that").map(|(_, earlier)| earlier.as_str());
        heard.push(if alert.decision == Decision::Due {
            format!("{day}, before that {}", earlier.collect::<String>())
        } else {
            String::new()
        });
        threads = recorded(&threads, &alerts, &world.case());
    }
    assert_eq!(heard[0], "2026-11-17, before that 900 messages on 3 November, usually 12");
    assert_eq!(heard[1..], ["", "", "", "", ""]);
}

#[test]
fn a_spike_that_was_read_in_part_says_so_and_its_thread_keeps_what_it_cost() {
    let world = |messages| World::new(WATCH).sent(22, "+1202", messages, "8.45").usually(120, "+1202", 12, "0.24");
    let whole = world(412);
    let alerts = whole.decided(&Threads::default());
    let spike = |alerts: &[Alert<'_>]| alerts.iter().position(|alert| alert.finding.kind() == Kind::Spike).unwrap();
    let alert = &alerts[spike(&alerts)];
    let reported = alert.next.clone().unwrap().reported.unwrap();
    assert_eq!((reported.amount, reported.peaks[0].count), (amount("8.45"), 412));
    assert!(!alert.finding.wording(alert, &whole.case()).machine.at_least);
    let part = world(412).unread(21, 22);
    let alerts = part.decided(&Threads::default());
    let alert = &alerts[spike(&alerts)];
    assert!(alert.finding.wording(alert, &part.case()).machine.at_least);
}

#[test]
fn the_id_of_a_doubled_spike_is_another_one() {
    let sent = |messages| World::new(WATCH).sent(22, "+1202", messages, "20").usually(120, "+1202", 12, "0.24");
    let (first, doubled) = (sent(300), sent(600));
    let mut threads = Threads::default();
    let mut ids = Vec::new();
    for world in [&first, &doubled] {
        let alerts = world.decided(&threads);
        let alert = alerts.iter().find(|alert| alert.finding.kind() == Kind::Spike).unwrap();
        assert_eq!(alert.decision, Decision::Due);
        ids.push(alert.id.clone());
        threads = recorded(&threads, &alerts, &world.case());
    }
    // A run that knows nothing of the first one gives the id of an episode's first alert.
    let unknown = doubled.decided(&Threads::default());
    let unknown = unknown.iter().find(|alert| alert.finding.kind() == Kind::Spike).unwrap();
    assert_ne!(ids[0], ids[1]);
    assert_eq!(unknown.id, ids[0]);
}

#[test]
fn a_spike_that_is_listed_after_a_later_one_was_reported_is_news() {
    let sent = |days: &[(i8, u64)]| {
        let mut world = World::new(WATCH);
        for (day, messages) in days {
            world = world.sent(*day, "+1202", *messages, "20");
        }
        let days = (1..=22).map(|day| jiff::civil::date(2026, 11, day));
        let days = days.map(|day| Period::of_day(PeriodKind::Day, day, &world.policy.time_zone).unwrap());
        world.periods = days.collect();
        world.usually(120, "+1202", 12, "0.24")
    };
    let mut threads = Threads::default();
    let (mut heard, mut ids) = (Vec::new(), std::collections::BTreeSet::new());
    for world in
        [sent(&[(20, 300)]), sent(&[(3, 900), (20, 300)]), sent(&[(3, 900), (20, 310)]), sent(&[(3, 1_800), (20, 310)])]
    {
        let alerts = world.decided(&threads);
        let alert = alerts.iter().find(|alert| alert.finding.kind() == Kind::Spike).unwrap();
        let day = alert.finding.whose().unwrap().period.label();
        assert!(alert.decision != Decision::Due || ids.insert(alert.id.as_str().to_owned()), "an id of its own");
        heard.push(if alert.decision == Decision::Due { day } else { String::new() });
        threads = recorded(&threads, &alerts, &world.case());
    }
    assert_eq!(heard, ["2026-11-20", "2026-11-03", "", "2026-11-03"]);
}
