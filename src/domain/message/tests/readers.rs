//! What a reader asks beyond the figure: who sent it, what is usual, where it ends, and what last month was.

use super::*;
use crate::domain::period::Period;

/// Marketing's number: usually a few dollars a day, and a campaign of three days.
pub(super) fn campaign(policy: &str) -> World {
    let sent = |campaign: &'static str, messages| {
        [("1003", "Campaigns", campaign, messages), ("1007", "Dana Whitfield", "1.05", 6)]
    };
    World::new(policy)
        .senders_on(19, "+12025550187", "Marketing", &sent("18.20", 111))
        .senders_on(20, "+12025550187", "Marketing", &sent("22.60", 138))
        .senders_on(21, "+12025550187", "Marketing", &sent("13.05", 80))
        .senders(70, "+12025550187", "Marketing", &sent("2.15", 13))
        .learned(70)
}

#[test]
fn a_number_over_its_budget_with_all_that_a_reader_asks() {
    let [message] = &published(&campaign(NUMBERS))[..] else { panic!("one message") };
    insta::assert_snapshot!(email(message), @r#"
    Subject: OVER: Marketing +12025550187 at 114% (USD 114.60 of 100), November

    Marketing's number +12025550187 has spent USD 114.60 of its USD 100 budget
    for November. That is 114%, with 8 days left.

      Yesterday     USD 14.10 (86 messages); a usual day is USD 4.50
      By month end  probably USD 132 to 175
      Sent by       Campaigns, ext. 1003       USD 92.55
                    Dana Whitfield, ext. 1007  USD 22.05
      Last month    USD 99.20
      Also reached  50%, 80%
      Budget        "every number": USD 100 a month, alerts at 50, 80, 100%

    If you expected this, do nothing: this budget reports this number again
    this month only if Zoom revises its report or the budget changes. If not,
    ask Campaigns (ext. 1003), or look at the messages in Zoom.

      Zoom    https://zoom.us/pbx/page/report/system#/report/phone-system
      Chart   https://console.aws.amazon.com/cloudwatch/home#dashboards:name=costs
      Why     cost-alerts explain 7ac46aea9399

    Complete as of 22 November, 08:00 EST. Alert 7ac46aea9399.
    "#);
    insta::assert_snapshot!(chat(message), @r#"
    :rotating_light: OVER · Marketing +12025550187 at 114%
    *OVER · Marketing +12025550187 at 114%* — USD 114.60 of 100, November, 8 days left
    Yesterday USD 14.10 (usual 4.50) · by month end probably USD 132 to 175
    Sent by Campaigns (ext. 1003) USD 92.55, Dana Whitfield (ext. 1007) USD 22.05
    <https://console.aws.amazon.com/cloudwatch/home#dashboards:name=costs|Chart> · Complete as of 22 November, 08:00 EST · 7ac46aea9399
    - If you expected this, do nothing: this budget reports this number again this month only if Zoom revises its report or the budget changes.
    - If not, ask Campaigns (ext. 1003), or look at the messages in Zoom.
    "#);
    let machine: serde_json::Value = serde_json::from_str(&message.machine).unwrap();
    insta::assert_snapshot!(machine["alerts"][0]["senders"], @r#"[{"amount":"92.55","extension":"1003","name":"Campaigns"},{"amount":"22.05","extension":"1007","name":"Dana Whitfield"}]"#);
}

#[test]
fn what_was_spent_today_is_said_if_it_was_read_whole() {
    let today = |world: World| {
        let email = published(&world.sent(22, "+12025550187", 31, "4.20")).remove(0).email;
        email.lines().find(|line| line.contains("Today")).map(str::to_owned)
    };
    assert_eq!(today(campaign(NUMBERS)).as_deref(), Some("  Today         USD 4.20 (31 messages) so far"));
    assert_eq!(today(campaign(NUMBERS).unread(22, 22)), None);
}

#[test]
fn a_level_that_is_reached_again_after_a_correction_says_so() {
    let after = |threads: &Threads, world: &World| recorded(threads, &world.decided(threads), &world.case());
    let over = campaign(NUMBERS);
    let corrected = campaign(NUMBERS).senders_on(20, "+12025550187", "Marketing", &[("1003", "Campaigns", "2.60", 16)]);
    let corrected = corrected.at("2026-11-23T13:00:00Z");
    let threads = after(&after(&Threads::default(), &over), &corrected);
    let again = corrected.sent(23, "+12025550187", 60, "8.10").at("2026-11-23T15:00:00Z");
    let message = composed(&again, &threads).messages.remove(0);
    let email = Publication::of(&message, false, Outcome::Sent).email.replace('\n', " ");
    assert!(
        email.contains("left. We corrected an earlier alert when Zoom revised its report; more has been spent since."),
        "{email}"
    );
}

#[test]
fn what_could_not_be_read_is_said_once_for_several_alerts() {
    let world = || World::new(NUMBERS).day(5, &[("+12025550187", "", "USD", "120"), ("+12025550143", "", "USD", "64")]);
    let [message] = &published(&world().unread(20, 22))[..] else { panic!("one message") };
    let (email, chat) = (email(message), chat(message));
    insta::assert_snapshot!(email.lines().skip(2).take(8).collect::<Vec<_>>().join("\n"), @r#"
    2 alerts, the worst first:

      OVER  120%  +12025550187  USD 120.00 of 100 at least
      50%    64%  +12025550143  USD 64.00 of 100 at least

    The rest (20 to 22 November: Zoom answered with errors, ZoomUnavailable) is
    read again by the next run; if the whole says otherwise, you will hear.
    "#);
    assert_eq!([&email, &chat].map(|text| text.matches("The rest").count()), [1, 1], "{email}\n{chat}");
    // Dates before the days that are judged say nothing to a reader.
    let mut early = world().unread(1, 13);
    early.coverage.gaps[0].dates.from = jiff::civil::date(2026, 10, 28);
    let [message] = &published(&early)[..] else { panic!("one message") };
    assert!(message.email.contains("The rest (1 to 13 November"), "{}", message.email);
}

#[test]
fn a_list_names_the_periods_that_are_not_the_running_month() {
    let policy = NUMBERS.replace("amount", "period = \"day\"\namount");
    let mut world = World::new(&policy)
        .day(21, &[("+12025550187", "", "USD", "120")])
        .day(22, &[("+12025550187", "", "USD", "99")]);
    world
        .periods
        .push(Period::of_day(PeriodKind::Day, jiff::civil::date(2026, 11, 21), &world.policy.time_zone).unwrap());
    let [message] = &published(&world)[..] else { panic!("one message") };
    for line in ["USD 120.00 of 100, 21 November", "USD 99.00 of 100, 22 November"] {
        assert!(message.email.contains(line), "{}", message.email);
    }
}

#[test]
fn senders_are_named_as_the_policy_says() {
    let sent_by = |senders: &str| {
        let message = &published(&campaign(&format!("senders = {senders:?}\n{NUMBERS}")))[0];
        let lines = message
            .email
            .lines()
            .filter(|line| line.contains("ext. ") || line.contains("Sent by") || line.contains("If not"));
        let machine: serde_json::Value = serde_json::from_str(&message.machine).unwrap();
        format!("{}\n{}", lines.collect::<Vec<_>>().join("\n"), machine["alerts"][0]["senders"])
    };
    insta::assert_snapshot!(sent_by("extension"), @r#"
      Sent by       ext. 1003  USD 92.55
                    ext. 1007  USD 22.05
    this month only if Zoom revises its report or the budget changes. If not,
    ask ext. 1003, or look at the messages in Zoom.
    [{"amount":"92.55","extension":"1003"},{"amount":"22.05","extension":"1007"}]
    "#);
    insta::assert_snapshot!(sent_by("none"), @r#"
    this month only if Zoom revises its report or the budget changes. If not,
    null
    "#);
}

/// A day that no run has read is neither yesterday's zero nor a part of last month.
#[test]
fn what_is_not_known_is_not_said() {
    let world = World::new(NUMBERS).day(5, &[("+12025550187", "Marketing", "USD", "121.23")]);
    let message = &published(&world)[0].email;
    assert!(!message.contains("Yesterday") && !message.contains("Last month"), "{message}");
    let known = campaign(NUMBERS).unread(21, 21);
    let message = &published(&known)[0].email;
    assert!(!message.contains("Yesterday") && message.contains("Last month"), "{message}");
    let known = campaign(NUMBERS);
    let mut unread = known.unread(1, 1);
    unread.coverage.gaps[0].dates = crate::domain::dates::Dates { from: date(10, 12), to: date(10, 12) };
    let message = &published(&unread)[0].email;
    assert!(message.contains("Yesterday") && !message.contains("Last month"), "{message}");
}

pub(super) fn date(month: i8, day: i8) -> jiff::civil::Date {
    jiff::civil::date(2026, month, day)
}

#[test]
fn a_message_about_a_period_that_is_over_says_for_which_it_would_come_again() {
    let step = |at: &str| {
        let mut world = World::new(NUMBERS).day(5, &[("+12025550187", "Marketing", "USD", "121.23")]);
        let november = world.periods.clone();
        world = world.at(at);
        world.periods = november;
        published(&world)[0].email.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert!(step("2026-11-22T13:00:00Z").contains("reports this number again this month only if"));
    assert!(step("2026-12-02T13:00:00Z").contains("reports this number again for November only if"));
}
