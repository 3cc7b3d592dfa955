//! The digest: what it says of a week, to whom, and at its edges.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::readers::{campaign, date};
use super::*;
use crate::domain::alert::{Lately, decide_one};
use crate::domain::evaluate;
use crate::domain::period::Period;
use crate::domain::product::Product;

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
    assert!(!some.contains("The rest") && some.contains("Known in part as of"), "{some}");
    let none = text(&world(&[])).unwrap();
    assert!(none.contains("WEEK 47: no spending known on Zoom SMS  Zoom SMS and MMS"), "{none}");
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

/// The digest's e-mail in one line; empty if there is none.
fn line(world: &World) -> String {
    digest_of(world).map_or_else(String::new, |digest| email(&digest).split_whitespace().collect::<Vec<_>>().join(" "))
}

#[test]
fn a_digest_says_so_far_until_late_charges_have_ended() {
    let lead = |at: &str| {
        let world = campaign(OWNERS).day(22, &[]).at(at);
        let (case, zone) = (world.case(), &world.policy.time_zone);
        let week = Period::containing(PeriodKind::Week, "2026-11-20T12:00:00Z".parse().unwrap(), zone).unwrap();
        let digest = evaluate::digest(&case, week, &world.findings(), &world.history, Some("1".to_owned()));
        let alert = decide_one(digest, None, &case);
        alert.finding.wording(&alert, &case).lead
    };
    // The week ends on Monday at 5:00 UTC, and its late listings on Friday at noon.
    assert_eq!(lead("2026-11-23T04:59:59Z"), "Zoom SMS and MMS, 16 to 22 November, so far.");
    let late = "Zoom SMS and MMS, 16 to 22 November, so far: Zoom may still list charges late.";
    assert_eq!([lead("2026-11-23T05:00:00Z"), lead("2026-11-27T11:59:59Z")], [late, late]);
    assert_eq!(lead("2026-11-27T12:00:00Z"), "Zoom SMS and MMS, 16 to 22 November.");
}

#[test]
fn a_digest_has_the_budgets_of_its_own_week_and_no_more_than_fit() {
    let monday = |policy: &str| World::new(policy).at("2026-11-30T13:00:00Z");
    // Weekly budgets: the week that is judged besides is another one.
    let weekly = OWNERS.replace("amount = 100\n", "amount = 100\nperiod = \"week\"\n");
    let mut world = monday(&weekly).usually(20, "+12025550187", 1, "2.00").day(30, &[]);
    let before = world.periods[0].before(&world.policy.time_zone).unwrap();
    world.periods.extend([before, before.before(&world.policy.time_zone).unwrap()]);
    let text = line(&world);
    assert_eq!(text.matches("+12025550187, the week").count(), 1, "{text}");
    // A week of two months, of whose budgets the first fifteen are listed.
    let numbers: Vec<_> = (10..32).map(|number| format!("+120255501{number}")).collect();
    let sums: Vec<_> = numbers.iter().map(|number| (number.as_str(), "Sales", "USD", "1")).collect();
    let mut world = World::new(OWNERS).at("2026-11-02T13:00:00Z").day(1, &sums);
    for day in 18..=31 {
        world.totals.set(Product::Sms, date(10, day), &Vec::new());
    }
    let text = line(&world);
    assert!(text.contains("26 October to 1 November"), "{text}");
    assert!(text.contains("and 8 more"), "{text}");
    let few = line(&world.day(1, &sums[..2]));
    assert!(few.contains("26 October to 1 November") && !few.contains(" more"), "{few}");
}

#[test]
fn a_digest_says_nothing_of_what_nobody_knows_or_spent() {
    let week = |world: World| world.day(22, &[]).at("2026-11-23T12:00:00Z");
    // Of the week's euros, which no budget covers, a credit took all back; of the month's some are left.
    let euros = |money| [("+33199005521", "Sales", "EUR", money)];
    let spent = line(&week(campaign(OWNERS).day(17, &euros("2"))));
    assert!(spent.contains("No budget EUR 2.00"), "{spent}");
    let month = campaign(OWNERS).day(11, &euros("3"));
    let credited = line(&week(month.day(17, &euros("2")).day(18, &euros("-2"))));
    assert!(credited.contains("EUR 0.00") && !credited.contains("No budget"), "{credited}");
    // No run was counted.
    let mut world = week(campaign(OWNERS));
    world.history.lately = Some(Arc::new(Lately { alerts: BTreeMap::new(), runs: 0, complete_runs: 0 }));
    let text = line(&world);
    assert!(!text.contains("Runs") && !text.contains("runs"), "{text}");
    // A part of the week before is not compared with.
    let text = line(&week(campaign(OWNERS)).unread(10, 11));
    assert!(text.contains("The week USD") && !text.contains("week before"), "{text}");
    // All of a week is known, and nothing was spent in it.
    let nothing = (9..=22).fold(World::new(OWNERS), |world, day| world.day(day, &[]));
    let text = line(&nothing.at("2026-11-23T12:00:00Z"));
    assert!(text.contains("WEEK 47: nothing spent on Zoom SMS"), "{text}");
    // An owner without a budget that is judged gets none.
    let mut world = week(campaign(OWNERS));
    world.receiver = world.policy.receivers("arn:aws:sns:us-east-1:123456789012:alerts").iter().nth(1).unwrap().clone();
    assert!(line(&world).contains("The whole account"));
    world.periods.clear();
    assert_eq!(line(&world), "");
}
