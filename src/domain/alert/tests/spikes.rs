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
fn an_episode_that_was_reported_is_no_news_beside_a_later_smaller_one() {
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
        heard.push(if alert.decision == Decision::Due { day } else { String::new() });
        threads = recorded(&threads, &alerts, &world.case());
    }
    assert_eq!(heard, ["2026-11-03", "2026-11-17", "", "", "", ""]);
}
