//! Forecasts and spikes as people read them.

use super::*;

const FORESIGHT: &str = r#"
    time_zone = "America/New_York"
    [[budget]]
    name = "every number"
    scope = "billing_number"
    currency = "USD"
    amount = "500.00"
    forecast_at = [100]
    [[spike]]
    name = "runaway sender"
    scope = "billing_number"
    currency = "USD"
"#;
const NUMBER: &str = "+12025550187";

#[test]
fn a_level_is_likely_to_be_reached() {
    let world = World::new(FORESIGHT).at("2026-11-18T13:00:00Z").usually(120, NUMBER, 900, "18.00");
    let [message] = &published(&world)[..] else { panic!("one message") };
    insta::assert_snapshot!(email(message), @r#"
    Subject: FORECAST: Marketing +12025550187 likely over USD 500 by 30 November

    Marketing's number +12025550187 has spent USD 306.00 of its USD 500 budget
    for November. At the pace of the past 4 and 13 weeks it will be USD 499 to
    572 by 30 November (4 chances in 5), most likely 534.

      So far        USD 306.00, on day 18 of 30
      Last 7 days   USD 126.00; the 7 before USD 126.00
      History       120 days
      Budget        "every number": USD 500 a month, alerts at 100%

    There is time to act: about USD 14.92 a day for 13 days, today included,
    would keep it within USD 500. This is an estimate from past days. A sudden
    jump cannot be foreseen, and no further forecast follows for this level; if
    it is reached, that is an alert of its own.

      Zoom    https://zoom.us/pbx/page/report/system#/report/phone-system
      Chart   https://console.aws.amazon.com/cloudwatch/home#dashboards:name=costs
      Why     cost-alerts explain 6f2be79043af

    Complete as of 18 November, 08:00 EST. Alert 6f2be79043af.
    "#);
    insta::assert_snapshot!(chat(message), @r#"
    :chart_with_upwards_trend: FORECAST · Marketing +12025550187 likely over USD 500
    *FORECAST · Marketing +12025550187 likely over USD 500* — USD 499 to 572 by 30 November
    So far USD 306.00 of 500 · last 7 days 126.00, the 7 before 126.00
    <https://console.aws.amazon.com/cloudwatch/home#dashboards:name=costs|Chart> · Complete as of 18 November, 08:00 EST · 6f2be79043af
    - There is time to act: about USD 14.92 a day for 13 days, today included, would keep it within USD 500.
    - This is an estimate from past days. A sudden jump cannot be foreseen, and no further forecast follows for this level; if it is reached, that is an alert of its own.
    "#);
    let machine: Value = serde_json::from_str(&message.machine).unwrap();
    insta::assert_snapshot!(pretty(&machine["alerts"][0].to_string()), @r#"
    {
      "amount": "306",
      "budget": "every number",
      "currency": "USD",
      "forecast": {
        "by": "2026-11-30",
        "high": "571.09",
        "likely": "534",
        "low": "498.43",
        "probability": 0.88
      },
      "id": "6f2be79043af",
      "kind": "forecast",
      "level": "100%",
      "messages": 15300,
      "outcome": "sent",
      "period": "2026-11",
      "receiver": "default",
      "remaining": "194",
      "scope": "billing_number",
      "severity": "forecast",
      "share_of_account": "1",
      "subject": "+12025550187",
      "threshold": "500",
      "top": [
        {
          "amount": "306",
          "department": "Marketing"
        }
      ]
    }
    "#);
}

#[test]
fn a_short_history_is_said_to_be_short() {
    let world = World::new(FORESIGHT).at("2026-11-18T13:00:00Z").usually(20, NUMBER, 900, "25.00");
    let [message] = &published(&world)[..] else { panic!("one message") };
    assert!(message.email.replace('\n', " ").contains("There are only 20 days of history, so the estimate is rough."));
    let six_days = World::new(FORESIGHT).at("2026-11-18T13:00:00Z").usually(6, NUMBER, 900, "80.00");
    assert!(published(&six_days).is_empty());
}

#[test]
fn a_level_that_is_reached_is_not_foreseen_and_four_weeks_are_history_enough() {
    let of_days = |days: i64| World::new(FORESIGHT).at("2026-11-18T13:00:00Z").usually(days, NUMBER, 900, "18.00");
    let kinds = |world: &World| {
        let alerts = world.decided(&Threads::default()).into_iter();
        let due = alerts.filter(|alert| alert.decision == crate::domain::alert::Decision::Due);
        due.map(|alert| alert.finding.kind().name()).collect::<Vec<_>>()
    };
    assert_eq!(kinds(&of_days(120)), ["forecast"]);
    // Seventeen days of 18, and what is missing to 500.
    let at = |today: &str| World::new(FORESIGHT).at("2026-11-18T13:00:00Z").sent(18, NUMBER, 9, today);
    assert_eq!(kinds(&at("193.99").usually(120, NUMBER, 900, "18.00")), ["forecast"]);
    assert_eq!(kinds(&at("194").usually(120, NUMBER, 900, "18.00")), ["budget"]);
    let of_days = |days: i64| World::new(FORESIGHT).at("2026-11-18T13:00:00Z").usually(days, NUMBER, 900, "25.00");
    let is_rough = |days| published(&of_days(days))[0].email.contains("There are only");
    assert_eq!([is_rough(27), is_rough(28)], [true, false]);
}

#[test]
fn a_number_sends_far_more_than_usual() {
    let world = World::new(FORESIGHT).at("2026-11-24T19:00:00Z").sent(24, NUMBER, 412, "8.45");
    let world = world.in_hours(24, NUMBER, &[(8, 5), (10, 140), (11, 160), (13, 107)]);
    let world = world.usually(120, NUMBER, 12, "0.25");
    let [message] = &published(&world)[..] else { panic!("one message") };
    insta::assert_snapshot!(email(message), @r#"
    Subject: SPIKE: Marketing +12025550187 sent 412 messages today, usually 12

    Marketing's number +12025550187 has sent 412 messages today by 14:00. On a
    usual Tuesday it sends 12. The extra costs about USD 8.20 so far.

      Since         10:00 today
      Watch         "runaway sender"

    If this is a campaign, silence it in the policy until it is over. If not,
    suspend the sender in Zoom now: a stolen login or an automation gone wrong
    looks like this. You hear of it again if twice as many are sent in a day,
    or if it happens again after seven usual days.

      Zoom    https://zoom.us/pbx/page/report/system#/report/phone-system
      Chart   https://console.aws.amazon.com/cloudwatch/home#dashboards:name=costs
      Why     cost-alerts explain a05858bfdc1b

    Complete as of 24 November, 14:00 EST. Alert a05858bfdc1b.
    "#);
    insta::assert_snapshot!(chat(message), @r#"
    :rotating_light: SPIKE · Marketing +12025550187 sent 412 messages today
    *SPIKE · Marketing +12025550187 sent 412 messages today* — usually 12; the extra costs about USD 8.20 so far
    Since 10:00 today
    <https://console.aws.amazon.com/cloudwatch/home#dashboards:name=costs|Chart> · Complete as of 24 November, 14:00 EST · a05858bfdc1b
    - If this is a campaign, silence it in the policy until it is over. If not, suspend the sender in Zoom now: a stolen login or an automation gone wrong looks like this.
    - You hear of it again if twice as many are sent in a day, or if it happens again after seven usual days.
    "#);
    let machine: Value = serde_json::from_str(&message.machine).unwrap();
    insta::assert_snapshot!(pretty(&machine["alerts"][0].to_string()), @r#"
    {
      "amount": "8.45",
      "currency": "USD",
      "id": "a05858bfdc1b",
      "kind": "spike",
      "messages": 412,
      "outcome": "sent",
      "period": "2026-11-24",
      "receiver": "default",
      "remaining": null,
      "scope": "billing_number",
      "severity": "spike",
      "share_of_account": null,
      "spike": {
        "count": 412,
        "day": "2026-11-24",
        "extra": "8.2",
        "factor": 34.3,
        "name": "runaway sender",
        "since": "2026-11-24",
        "started": "2026-11-24T15:00:00Z",
        "usual": 12.0
      },
      "subject": "+12025550187",
      "top": [
        {
          "amount": "8.45",
          "department": "Marketing"
        }
      ]
    }
    "#);
}

#[test]
fn a_spike_of_an_earlier_day_names_it() {
    let mut world = World::new(FORESIGHT).at("2026-11-24T19:00:00Z").sent(22, NUMBER, 412, "8.45").unread(20, 24);
    let (zone, day) = (world.policy.time_zone.clone(), jiff::civil::date(2026, 11, 22));
    world.periods.push(crate::domain::period::Period::of_day(PeriodKind::Day, day, &zone).unwrap());
    let world = world.usually(120, NUMBER, 12, "0.25");
    let [message] = &published(&world)[..] else { panic!("one message") };
    assert_eq!(message.subject, "SPIKE: Marketing +12025550187 sent 412 messages on 22 November, usually 12");
    let text = message.email.replace('\n', " ");
    assert!(
        text.contains("sent 412 messages on 22 November in the part of Zoom's report that could be read"),
        "{text}"
    );
    // An earlier day is a part of the episode, until twice as many are sent.
    let mut threads = recorded(&Threads::default(), &world.decided(&Threads::default()), &world.case());
    assert!(composed(&world, &threads).messages.is_empty());
    let mut later = world;
    for (messages, due) in [(800, 0), (824, 1), (1_600, 0)] {
        later = later.sent(24, NUMBER, messages, "20");
        let composed = composed(&later, &threads);
        assert_eq!(composed.messages.len(), due, "{messages}");
        threads = recorded(&threads, &later.decided(&threads), &later.case());
    }
}

/// What the 18th looks like where the month usually ends at 540 of 500.
fn eighteenth() -> World {
    World::new(FORESIGHT).at("2026-11-18T13:00:00Z")
}

#[test]
fn a_forecast_needs_a_known_figure_below_the_level_and_the_third_day() {
    let kinds = |world: World, a_day: &str| -> Vec<&str> {
        let world = world.usually(120, NUMBER, 900, a_day);
        let composed = composed(&world, &Threads::default());
        composed.messages.iter().flat_map(|message| &message.alerts).map(|alert| alert.finding.kind().name()).collect()
    };
    let nothing: Vec<&str> = Vec::new();
    assert_eq!(kinds(eighteenth(), "18.00"), ["forecast"]);
    // What was read in part, or fell, is no ground for a forecast.
    assert_eq!(kinds(eighteenth().unread(20, 22), "18.00"), nothing);
    assert_eq!(kinds(eighteenth().unconfirmed(), "18.00"), nothing);
    // The level is reached already: that is an alert of its own.
    assert_eq!(kinds(eighteenth().sent(2, NUMBER, 900, "500"), "18.00"), ["budget"]);
    // From the third day of the period on, by the policy's zone.
    for (now, expected) in [("2026-11-03T04:59:59Z", &[][..]), ("2026-11-03T05:00:00Z", &["forecast"])] {
        assert_eq!(kinds(World::new(FORESIGHT).at(now), "36.00"), expected, "{now}");
    }
}

#[test]
fn a_forecast_is_sent_once_and_the_level_all_the_same() {
    let policy = FORESIGHT.replace("forecast_at = [100]", "forecast_at = [60, 100]");
    let world = |now: &str| World::new(&policy).at(now).usually(120, NUMBER, 900, "18.00");
    let mut threads = Threads::default();
    let mut story = Vec::new();
    for now in ["2026-11-04T13:00:00Z", "2026-11-05T13:00:00Z", "2026-11-18T13:00:00Z", "2026-11-19T13:00:00Z"] {
        let world = world(now);
        let alerts = world.decided(&threads);
        let due = alerts.iter().filter(|alert| alert.decision == Decision::Due);
        let shown = |alert: &Alert<'_>| alert.finding.wording(alert, &world.case()).machine.level.unwrap_or_default();
        story.push(
            due.map(|alert| format!("{} {}", alert.finding.kind().name(), shown(alert))).collect::<Vec<_>>().join(", "),
        );
        threads = recorded(&threads, &alerts, &world.case());
    }
    assert_eq!(story, ["forecast 60%", "", "forecast 100%", ""]);
    let over =
        World::new(&policy).at("2026-11-20T13:00:00Z").sent(2, NUMBER, 900, "500").usually(120, NUMBER, 900, "18.00");
    let due: Vec<_> = over.decided(&threads).into_iter().filter(|alert| alert.decision == Decision::Due).collect();
    assert_eq!(due.iter().map(|alert| alert.finding.kind().name()).collect::<Vec<_>>(), ["budget"]);
}
