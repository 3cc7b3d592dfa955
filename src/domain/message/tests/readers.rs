//! What a reader asks beyond the figure: who sent it, what is usual, where it ends, what last month was; and the digest.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::*;
use crate::domain::alert::Lately;
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

fn date(month: i8, day: i8) -> jiff::civil::Date {
    jiff::civil::date(2026, month, day)
}

const OWNERS: &str = r#"
    digest = "weekly"
    time_zone = "America/New_York"
    [[budget]]
    name = "every number"
    scope = "billing_number"
    currency = "USD"
    amount = 100
    [[budget]]
    name = "the account"
    scope = "account"
    currency = "USD"
    amount = 1000
    owner = "finance"
    [[owner]]
    name = "finance"
    topic_arn = "arn:aws:sns:us-east-1:123456789012:finance"
"#;

fn lately(world: &World) -> Option<Arc<Lately>> {
    let alerts = BTreeMap::from([(Arc::clone(&world.receiver.topic_arn), (4, 1))]);
    Some(Arc::new(Lately { alerts, runs: 168, complete_runs: 168 }))
}

fn digest_of(world: &World) -> Option<Publication> {
    let messages = published(world);
    messages.into_iter().find(|message| message.machine.contains("\"kind\":\"digest\""))
}

/// The digest of the campaign's week.
pub(super) fn weekly() -> Publication {
    let mut world = campaign(OWNERS).at("2026-11-23T12:00:00Z").senders_on(
        22,
        "+442079460018",
        "Sales",
        &[("3001", "Priya Nair", "3.21", 9)],
    );
    world.history.lately = lately(&world);
    digest_of(&world).unwrap()
}

#[test]
fn a_weekly_digest() {
    let digest = weekly();
    insta::assert_snapshot!(email(&digest), @r#"
    Subject: WEEK 47: USD 69.81 on Zoom SMS, 1 budget over, all runs complete

    Zoom SMS and MMS, 16 to 22 November, so far: Zoom may still list charges
    late.

      The week      USD 69.81 (week before: 22.40, up 211%)

      Budget, November             Spent  Limit  Used  By month end
      Marketing +12025550187  USD 114.60    100  114%    132 to 175
      The whole account       USD 117.81  1,000   11%    135 to 179
      Sales +442079460018       USD 3.21    100    3%

      Rose most     Campaigns, ext. 1003: USD 60.30 (was 15.05)
                    Priya Nair, ext. 3001: USD 3.21 (was 0.00)
      Alerts        4 sent, 1 silenced
      Runs          168 of 168 complete

      Zoom    https://zoom.us/pbx/page/report/system#/report/phone-system
      Chart   https://console.aws.amazon.com/cloudwatch/home#dashboards:name=costs
      Why     cost-alerts explain 654160cd2333

    Complete as of 23 November, 07:00 EST. Message 654160cd2333.
    "#);
    insta::assert_snapshot!(chat(&digest), @r#"
    :information_source: WEEK 47 · USD 69.81 on Zoom SMS, 1 budget over
    *WEEK 47 · USD 69.81 on Zoom SMS, 1 budget over* — 16 to 22 November
    The week USD 69.81 (week before: 22.40, up 211%)
    Marketing +12025550187: USD 114.60 of 100, 114%, by the end 132 to 175
    The whole account: USD 117.81 of 1,000, 11%, by the end 135 to 179
    Sales +442079460018: USD 3.21 of 100, 3%
    Rose most Campaigns, ext. 1003: USD 60.30 (was 15.05)
    Alerts 4 sent, 1 silenced
    Runs 168 of 168 complete
    <https://console.aws.amazon.com/cloudwatch/home#dashboards:name=costs|Chart> · Complete as of 23 November, 07:00 EST · 654160cd2333
    "#);
    insta::assert_snapshot!(pretty(&digest.machine), @r#"
    {
      "account": "acc",
      "alerts": [
        {
          "digest": {
            "alerts_sent": 4,
            "alerts_silenced": 1,
            "budgets": [
              {
                "amount": "114.6",
                "budget": "every number",
                "currency": "USD",
                "limit": "100",
                "period": "2026-11",
                "scope": "billing_number",
                "subject": "+12025550187"
              },
              {
                "amount": "117.81",
                "budget": "the account",
                "currency": "USD",
                "limit": "1000",
                "period": "2026-11",
                "scope": "account",
                "subject": "acc"
              },
              {
                "amount": "3.21",
                "budget": "every number",
                "currency": "USD",
                "limit": "100",
                "period": "2026-11",
                "scope": "billing_number",
                "subject": "+442079460018"
              }
            ],
            "complete_runs": 168,
            "runs": 168,
            "totals": [
              {
                "amount": "69.81",
                "before": "22.4",
                "currency": "USD",
                "messages": 413
              }
            ]
          },
          "id": "654160cd2333",
          "kind": "digest",
          "outcome": "sent",
          "period": "2026-W47",
          "receiver": "default",
          "remaining": null,
          "severity": "info",
          "share_of_account": null,
          "top": []
        }
      ],
      "as_of": "2026-11-23T12:00:00Z",
      "id": "654160cd2333",
      "kind": "digest",
      "possible_repeat": false,
      "receipt": {
        "complete": true,
        "days": 22,
        "days_from_history": 0,
        "newest_row": null,
        "pages": 6,
        "read_to": null,
        "rows": 1443
      },
      "receiver": "default",
      "rerun": false,
      "schema": 1,
      "severity": "info"
    }
    "#);
}

#[test]
fn a_digest_is_due_once_from_seven_in_the_morning_after_its_period() {
    let due = |at: &str| {
        let world = campaign(OWNERS).at(at);
        let digest = digest_of(&world)?;
        let machine: serde_json::Value = serde_json::from_str(&digest.machine).unwrap();
        machine["alerts"][0]["period"].as_str().map(str::to_owned)
    };
    // Monday the 23rd at seven in New York.
    assert_eq!(due("2026-11-23T11:59:59Z"), None);
    assert_eq!(due("2026-11-23T12:00:00Z").as_deref(), Some("2026-W47"));
    assert_eq!(due("2026-11-29T20:00:00Z").as_deref(), Some("2026-W47"));
    let world = campaign(OWNERS).at("2026-11-23T12:00:00Z");
    let threads = recorded(&Threads::default(), &world.decided(&Threads::default()), &world.case());
    let again = world.decided(&threads);
    let digests: Vec<_> =
        again.iter().filter(|alert| alert.finding.kind() == Kind::Digest).map(|alert| alert.decision).collect();
    assert_eq!(digests, [Decision::AlreadySent]);
}

#[test]
fn an_owner_gets_its_own_budgets_and_nothing_of_the_others() {
    let mut world = campaign(OWNERS).day(22, &[]).at("2026-11-23T12:00:00Z");
    world.receiver = world.policy.receivers("arn:aws:sns:us-east-1:123456789012:alerts").iter().nth(1).unwrap().clone();
    world.history.lately = lately(&world);
    let digest = digest_of(&world).unwrap();
    insta::assert_snapshot!(email(&digest), @r#"
    Subject: WEEK 47: no budget over, all runs complete

    Zoom SMS and MMS, 16 to 22 November, so far: Zoom may still list charges
    late.

      Budget, November        Spent  Limit  Used  By month end
      The whole account  USD 114.60  1,000   11%    132 to 175

      Alerts        4 sent, 1 silenced
      Runs          168 of 168 complete

      Zoom    https://zoom.us/pbx/page/report/system#/report/phone-system
      Chart   https://console.aws.amazon.com/cloudwatch/home#dashboards:name=costs
      Why     cost-alerts explain b228eba18ded

    Complete as of 23 November, 07:00 EST. Message b228eba18ded.
    "#);
}

#[test]
fn a_digest_of_what_was_read_in_part_says_so() {
    let mut world = campaign(OWNERS).day(22, &[]).at("2026-11-23T12:00:00Z").unread(20, 21);
    world.history.lately = Some(Arc::new(Lately { alerts: BTreeMap::new(), runs: 168, complete_runs: 161 }));
    let digest = digest_of(&world).unwrap();
    insta::assert_snapshot!(email(&digest), @r#"
    Subject: WEEK 47: at least USD 66.60 on Zoom SMS, 1 budget over, 7 runs incomplete

    Zoom SMS and MMS, 16 to 22 November, so far: Zoom may still list charges
    late. Every figure is at least what is shown. The rest (20 to 21 November:
    Zoom answered with errors, ZoomUnavailable) is read again by the next run.

      The week      USD 66.60 (week before: 22.40, up 197%)

      Budget, November             Spent  Limit  Used  By month end
      Marketing +12025550187  USD 114.60    100  114%
      The whole account       USD 114.60  1,000   11%

      Rose most     Campaigns, ext. 1003: USD 60.30 (was 15.05)
      Alerts        none sent
      Runs          161 of 168 complete

      Zoom    https://zoom.us/pbx/page/report/system#/report/phone-system
      Chart   https://console.aws.amazon.com/cloudwatch/home#dashboards:name=costs
      Why     cost-alerts explain 654160cd2333

    Read in part as of 23 November, 07:00 EST. Message 654160cd2333.
    "#);
}

#[test]
fn a_digest_says_of_how_many_days_nothing_is_known_and_nothing_of_a_period_that_nobody_knows() {
    let world = |days: &[i8]| {
        let world = World::new(OWNERS).at("2026-11-23T12:00:00Z");
        days.iter().fold(world, |world, day| world.day(*day, &[("+12025550187", "Marketing", "USD", "2")]))
    };
    let text = |world: &World| digest_of(world).map(|digest| email(&digest).replace('\n', " "));
    let some = text(&world(&[20, 21, 22])).unwrap();
    assert!(some.contains("WEEK 47: at least USD 6.00 on Zoom SMS, no budget known to be over"), "{some}");
    assert!(some.contains("Of 4 of its days nothing is known. Every figure is at least what is shown."), "{some}");
    assert!(!some.contains("The rest") && some.contains("Read in part as of"), "{some}");
    let none = text(&world(&[])).unwrap();
    assert!(none.contains("WEEK 47: nothing known of the spending on Zoom SMS  Zoom SMS and MMS"), "{none}");
    let mut new = world(&[23]);
    new.history.known_from = Some(jiff::civil::date(2026, 11, 23));
    assert_eq!(text(&new), None);
    new.history.known_from = Some(jiff::civil::date(2026, 11, 22));
    assert!(text(&new).is_some());
}

#[test]
fn a_digest_speaks_of_its_own_period_and_of_an_extension_by_its_latest_name() {
    let renamed = [("1003", "Campaigns EU", "20.00", 110)];
    // Pounds have no budget: 2 of the week, 7 of the month.
    let world = World::new(OWNERS)
        .senders_on(12, "+12025550187", "Marketing", &[("1003", "Campaigns", "15.00", 90)])
        .day(13, &[("+442079460018", "Sales", "GBP", "5")])
        .senders_on(19, "+12025550187", "Marketing", &renamed)
        .day(18, &[("+442079460018", "Sales", "GBP", "2"), ("+33199005521", "Sales", "EUR", "0.01")])
        .day(11, &[("+33199005521", "Sales", "EUR", "0.0001")])
        .day(22, &[])
        .usually(30, "+12025550143", 1, "1.00")
        .at("2026-11-23T12:00:00Z");
    let digest = email(&digest_of(&world).unwrap());
    for part in [
        "Rose most     Campaigns EU, ext. 1003: USD 20.00 (was 15.00)",
        "No budget     EUR 0.01\n                GBP 2.00",
        "EUR 0.01 (week before: 0.00, more than ten times as much)",
    ] {
        assert!(digest.contains(part), "{part}: {digest}");
    }
}

#[test]
fn a_digest_names_faxes_that_have_no_price() {
    use crate::domain::coverage::NotPriced;
    use crate::domain::product::Product;
    let policy = OWNERS.replacen("time_zone", "products = [\"sms\", \"fax\"]\ntime_zone", 1);
    let mut world = World::new(&policy).day(19, &[("+1202", "Sales", "USD", "1")]).at("2026-11-23T12:00:00Z");
    let date = |day| jiff::civil::date(2026, 11, day);
    let line = world.totals.believed(Product::Sms, date(19)).remove(0).0;
    // Of the week before, and of the digest's.
    for (day, rows) in [(12, 4), (19, 2)] {
        let (product, day, line) = (Product::Fax, date(day), line.clone());
        world.coverage.not_priced.push(NotPriced { product, day, line, rows });
    }
    let digest = email(&digest_of(&world).unwrap()).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(digest.contains("Not in it: 2 faxes; Zoom sets the price"), "{digest}");
}
