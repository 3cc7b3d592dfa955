//! What people and programs read, side by side, and the limits of those who carry it.

mod digests;
mod foresight;
mod gallery;
mod products;
mod readers;
mod rules;

use serde_json::Value;

use super::*;
use crate::domain::alert::{Finding, Test, Threads};
use crate::domain::period::PeriodKind;
use crate::domain::world::{BEFORE, NUMBERS, World, recorded};

const SALES: &str = r#"
    [[budget]]
    name = "sales"
    scope = "department"
    only = ["Sales"]
    currency = "EUR"
    amount = 10
"#;

fn composed<'w>(world: &'w World, threads: &Threads) -> Composed<'w> {
    compose(world.decided(threads), &world.case())
}

fn published(world: &World) -> Vec<Publication> {
    let composed = composed(world, &Threads::default());
    composed.messages.iter().map(|message| Publication::of(message, false, Outcome::Sent)).collect()
}

fn email(publication: &Publication) -> String {
    format!("Subject: {}\n\n{}", publication.subject, publication.email)
}

fn chat(publication: &Publication) -> String {
    let chat: Value = serde_json::from_str(&publication.chat).unwrap();
    let content = &chat["content"];
    let steps: Vec<_> =
        content["nextSteps"].as_array().unwrap().iter().map(|step| format!("- {}", step.as_str().unwrap())).collect();
    format!(
        "{}\n{}\n{}",
        content["title"].as_str().unwrap(),
        content["description"].as_str().unwrap(),
        steps.join("\n")
    )
}

fn pretty(json: &str) -> String {
    serde_json::to_string_pretty(&serde_json::from_str::<Value>(json).unwrap()).unwrap()
}

fn marketing() -> World {
    let day = ("+12025550187", "Marketing", "USD", "40.41");
    World::new(NUMBERS).day(5, &[day]).day(7, &[day]).day(21, &[day])
}

#[test]
fn one_budget_passed() {
    let [message] = &published(&marketing())[..] else { panic!("one message") };
    insta::assert_snapshot!(email(message), @r#"
    Subject: OVER: Marketing +12025550187 at 121% (USD 121.23 of 100), November

    Marketing's number +12025550187 has spent USD 121.23 of its USD 100 budget
    for November. That is 121%, with 8 days left.

      Yesterday     USD 40.41 (3 messages)
      Also reached  50%, 80%
      Budget        "every number": USD 100 a month, alerts at 50, 80, 100%

    If you expected this, do nothing: this budget reports this number again
    this month only if Zoom revises its report or the budget changes. If not,
    look at the messages in Zoom.

      Zoom    https://zoom.us/pbx/page/report/system#/report/phone-system
      Chart   https://console.aws.amazon.com/cloudwatch/home#dashboards:name=costs
      Why     cost-alerts explain 7ac46aea9399

    Complete as of 22 November, 08:00 EST. Alert 7ac46aea9399.
    "#);
    insta::assert_snapshot!(chat(message), @r#"
    :rotating_light: OVER · Marketing +12025550187 at 121%
    *OVER · Marketing +12025550187 at 121%* — USD 121.23 of 100, November, 8 days left
    Yesterday USD 40.41
    <https://console.aws.amazon.com/cloudwatch/home#dashboards:name=costs|Chart> · Complete as of 22 November, 08:00 EST · 7ac46aea9399
    - If you expected this, do nothing: this budget reports this number again this month only if Zoom revises its report or the budget changes.
    - If not, look at the messages in Zoom.
    "#);
    insta::assert_snapshot!(pretty(&message.machine), @r#"
    {
      "account": "acc",
      "alerts": [
        {
          "also_reached": [
            "50%",
            "80%"
          ],
          "amount": "121.23",
          "budget": "every number",
          "currency": "USD",
          "id": "7ac46aea9399",
          "kind": "budget",
          "level": "100%",
          "messages": 9,
          "outcome": "sent",
          "period": "2026-11",
          "receiver": "default",
          "remaining": "-21.23",
          "scope": "billing_number",
          "severity": "over",
          "share_of_account": "1",
          "subject": "+12025550187",
          "threshold": "100",
          "top": [
            {
              "amount": "121.23",
              "department": "Marketing"
            }
          ]
        }
      ],
      "as_of": "2026-11-22T13:00:00Z",
      "id": "7ac46aea9399",
      "kind": "budget",
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
      "severity": "over"
    }
    "#);
}

fn several() -> World {
    World::new(&format!("{NUMBERS}{SALES}")).day(
        21,
        &[
            ("+12025550187", "Marketing", "USD", "121.23"),
            ("+12025550143", "Sales", "USD", "64.3149"),
            ("+12025550143", "Sales", "EUR", "14.86"),
            ("+12025550199", "", "GBP", "3.21"),
        ],
    )
}

#[test]
fn several_at_once() {
    let [message] = &published(&several())[..] else { panic!("one message") };
    insta::assert_snapshot!(email(message), @r#"
    Subject: OVER: department Sales at 148% (EUR 14.86 of 10), November; 3 more

    4 alerts, the worst first:

      OVER       148%  department Sales        EUR 14.86 of 10
      OVER       121%  Marketing +12025550187  USD 121.23 of 100
      50%         64%  Sales +12025550143      USD 64.31 of 100
      UNWATCHED        no budget covers GBP    GBP 3.21

    1. Department Sales has spent EUR 14.86 of its EUR 10 budget for November.
    That is 148%, with 8 days left.

      Yesterday     EUR 14.86 (3 messages)
      Sent by       +12025550143  EUR 14.86
      Budget        "sales": EUR 10 a month, alerts at 100%
      To do         if nobody expected it, look at the messages in Zoom

    2. Marketing's number +12025550187 has spent USD 121.23 of its USD 100
    budget for November. That is 121%, with 8 days left.

      Yesterday     USD 121.23 (3 messages)
      Also reached  50%, 80%
      Budget        "every number": USD 100 a month, alerts at 50, 80, 100%
      To do         if nobody expected it, look at the messages in Zoom

    3. Sales' number +12025550143 has spent USD 64.31 of its USD 100 budget for
    November. That is 64%, with 8 days left.

      Yesterday     USD 64.31 (3 messages)
      Budget        "every number": USD 100 a month, alerts at 50, 80, 100%
      To do         if nobody expected it, look at the messages in Zoom

    4. Your account has spent GBP 3.21 in November, and no budget of the policy
    covers GBP.

      Sent by       ext. 1003  GBP 3.21
      Messages      3
      To do         add a budget in GBP to the policy

      Zoom    https://zoom.us/pbx/page/report/system#/report/phone-system
      Chart   https://console.aws.amazon.com/cloudwatch/home#dashboards:name=costs
      Why     cost-alerts explain 267b24b5c272

    Complete as of 22 November, 08:00 EST. Message 267b24b5c272.
    "#);
    insta::assert_snapshot!(chat(message), @r#"
    :rotating_light: OVER · department Sales at 148%; 3 more
    *OVER · Department Sales at 148%* — EUR 14.86 of 10, November, 8 days left
    *OVER · Marketing +12025550187 at 121%* — USD 121.23 of 100, November, 8 days left
    *50% · Sales +12025550143 at 64%* — USD 64.31 of 100, November, 8 days left
    *UNWATCHED · GBP 3.21 spent that no budget covers* — November, 8 days left
    <https://console.aws.amazon.com/cloudwatch/home#dashboards:name=costs|Chart> · Complete as of 22 November, 08:00 EST · 267b24b5c272
    - Department Sales: if nobody expected it, look at the messages in Zoom
    - Marketing +12025550187: if nobody expected it, look at the messages in Zoom
    - Sales +12025550143: if nobody expected it, look at the messages in Zoom
    - No budget covers GBP: add a budget in GBP to the policy
    "#);
}

#[test]
fn a_correction() {
    let before = marketing();
    let threads = recorded(&Threads::default(), &before.decided(&Threads::default()), &before.case());
    let day = ("+12025550187", "Marketing", "USD", "23.90");
    let after = marketing().day(7, &[day]).day(5, &[day]).at("2026-11-23T13:00:00Z");
    let composed = composed(&after, &threads);
    let [message] = &composed.messages[..] else { panic!("one message") };
    let message = Publication::of(message, true, Outcome::Sent);
    insta::assert_snapshot!(email(&message), @r#"
    Subject: CORRECTION: Marketing +12025550187 spent USD 88.21 in November, not 121.23 (possible repeat)

    POSSIBLE REPEAT: an earlier run may have sent this already, with the same
    id e0d4d53cc226.

    Zoom has revised its report: Marketing's number +12025550187 has spent USD
    88.21 of USD 100 in November, not USD 121.23 as we wrote on 22 November.
    100% is no longer reached. Use this figure instead.

      Revised days  5 November, 7 November (USD 33.02 less)
      Budget        "every number": USD 100 a month, alerts at 50, 80, 100%

    If the difference matters to your bill, ask Zoom's support about it.

      Zoom    https://zoom.us/pbx/page/report/system#/report/phone-system
      Chart   https://console.aws.amazon.com/cloudwatch/home#dashboards:name=costs
      Why     cost-alerts explain e0d4d53cc226

    Complete as of 23 November, 08:00 EST. Alert e0d4d53cc226.
    "#);
    insta::assert_snapshot!(chat(&message), @r#"
    :information_source: CORRECTION · Marketing +12025550187 spent USD 88.21, not 121.23 (possible repeat)
    POSSIBLE REPEAT: an earlier run may have sent this already, with the same id e0d4d53cc226.
    *CORRECTION · Marketing +12025550187 spent USD 88.21, not 121.23* — USD 88.21 of 100, November
    Zoom has revised its report: Marketing's number +12025550187 has spent USD 88.21 of USD 100 in November, not USD 121.23 as we wrote on 22 November. 100% is no longer reached. Use this figure instead.
    <https://console.aws.amazon.com/cloudwatch/home#dashboards:name=costs|Chart> · Complete as of 23 November, 08:00 EST · e0d4d53cc226
    - If the difference matters to your bill, ask Zoom's support about it.
    "#);
    insta::assert_snapshot!(pretty(&message.machine), @r#"
    {
      "account": "acc",
      "alerts": [
        {
          "amount": "88.21",
          "budget": "every number",
          "currency": "USD",
          "id": "e0d4d53cc226",
          "kind": "correction",
          "level": "80%",
          "messages": 9,
          "no_longer_reached": [
            "100%"
          ],
          "outcome": "sent",
          "period": "2026-11",
          "previous_amount": "121.23",
          "receiver": "default",
          "remaining": "11.79",
          "restated_days": [
            "2026-11-05",
            "2026-11-07"
          ],
          "scope": "billing_number",
          "severity": "info",
          "share_of_account": "1",
          "subject": "+12025550187",
          "threshold": "80",
          "top": [
            {
              "amount": "88.21",
              "department": "Marketing"
            }
          ]
        }
      ],
      "as_of": "2026-11-23T13:00:00Z",
      "id": "e0d4d53cc226",
      "kind": "correction",
      "possible_repeat": true,
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
fn a_correction_of_what_was_read_in_part() {
    let before = marketing().unread(20, 22);
    let threads = recorded(&Threads::default(), &before.decided(&Threads::default()), &before.case());
    let after = marketing().day(7, &[("+12025550187", "Marketing", "USD", "30")]).at("2026-11-22T14:00:00Z");
    let composed = composed(&after, &threads);
    insta::assert_snapshot!(email(&Publication::of(&composed.messages[0], false, Outcome::Sent)), @r#"
    Subject: CORRECTION: Marketing +12025550187 spent USD 110.82 in November, not 121.23

    Zoom's report has been read whole now: Marketing's number +12025550187 has
    spent USD 110.82 of USD 100 in November, not USD 121.23 as we wrote on 22
    November from a part of it. Use this figure instead.

      Budget        "every number": USD 100 a month, alerts at 50, 80, 100%

      Zoom    https://zoom.us/pbx/page/report/system#/report/phone-system
      Chart   https://console.aws.amazon.com/cloudwatch/home#dashboards:name=costs
      Why     cost-alerts explain e0d4d53cc226

    Complete as of 22 November, 09:00 EST. Alert e0d4d53cc226.
    "#);
}

#[test]
fn a_report_read_in_part() {
    let [message] = &published(&marketing().unread(20, 22))[..] else { panic!("one message") };
    insta::assert_snapshot!(email(message), @r#"
    Subject: OVER: Marketing +12025550187 at 121% at least (USD 121.23 of 100), November

    Marketing's number +12025550187 has spent USD 121.23 of its USD 100 budget
    for November in the part of Zoom's report that could be read. The rest (20
    to 22 November: Zoom answered with errors, ZoomUnavailable) is read again
    by the next run; if the whole says otherwise, you will hear.

      Also reached  50%, 80%
      Budget        "every number": USD 100 a month, alerts at 50, 80, 100%

    If you expected this, do nothing: this budget reports this number again
    this month only if Zoom revises its report or the budget changes. If not,
    look at the messages in Zoom.

      Zoom    https://zoom.us/pbx/page/report/system#/report/phone-system
      Chart   https://console.aws.amazon.com/cloudwatch/home#dashboards:name=costs
      Why     cost-alerts explain 7ac46aea9399

    Read in part as of 22 November, 08:00 EST. Alert 7ac46aea9399.
    "#);
    insta::assert_snapshot!(chat(message), @r#"
    :rotating_light: OVER · Marketing +12025550187 at 121% at least
    *OVER · Marketing +12025550187 at 121% at least* — USD 121.23 of 100, November, 8 days left
    Marketing's number +12025550187 has spent USD 121.23 of its USD 100 budget for November in the part of Zoom's report that could be read.
    The rest (20 to 22 November: Zoom answered with errors, ZoomUnavailable) is read again by the next run; if the whole says otherwise, you will hear.
    <https://console.aws.amazon.com/cloudwatch/home#dashboards:name=costs|Chart> · Read in part as of 22 November, 08:00 EST · 7ac46aea9399
    - If you expected this, do nothing: this budget reports this number again this month only if Zoom revises its report or the budget changes.
    - If not, look at the messages in Zoom.
    "#);
}

#[test]
fn what_else_is_reported() {
    let mut stale = World::new(NUMBERS);
    stale.history.freshness = vec![crate::domain::evaluate::Freshness {
        product: crate::domain::product::Product::Sms,
        newest_row: "2026-11-18T21:12:00Z".parse().unwrap(),
        longest_gap: jiff::SignedDuration::from_hours(31),
    }];
    insta::assert_snapshot!(email(&published(&stale)[0]), @r#"
    Subject: STALE: no new charge in Zoom's report since 18 November, for 3 days

    Zoom's report was read, and its newest charge is of 18 November, 3 days
    ago. If there were charges since, Zoom does not list them, and no budget
    counts them.

      Newest        18 November, 16:12 EST
      Usual         at most 1 day without a charge

    If there were no messages since, do nothing: no further alert follows until
    there is a new charge. If there were messages, compare with the SMS/MMS
    Charges Usage Report in Zoom's web portal, and ask Zoom's support.

      Zoom    https://zoom.us/pbx/page/report/system#/report/phone-system
      Chart   https://console.aws.amazon.com/cloudwatch/home#dashboards:name=costs
      Why     cost-alerts explain a903abc50483

    Complete as of 22 November, 08:00 EST. Alert a903abc50483.
    "#);
    let unwatched = World::new(NUMBERS).day(21, &[("+12025550199", "", "GBP", "3.21")]);
    insta::assert_snapshot!(email(&published(&unwatched)[0]), @r#"
    Subject: UNWATCHED: GBP 3.21 spent that no budget covers, November

    Your account has spent GBP 3.21 in November, and no budget of the policy
    covers GBP.

      Sent by       ext. 1003  GBP 3.21
      Messages      3

    Add a budget in GBP to the policy, or set unwatched = "ignore". No further
    alert follows for GBP this month.

      Zoom    https://zoom.us/pbx/page/report/system#/report/phone-system
      Chart   https://console.aws.amazon.com/cloudwatch/home#dashboards:name=costs
      Why     cost-alerts explain 5c5e6917512b

    Complete as of 22 November, 08:00 EST. Alert 5c5e6917512b.
    "#);
    let test = World::new(NUMBERS);
    let case = Case { rerun: true, ..test.case() };
    let alerts = vec![crate::domain::alert::decide_one(Finding::Test(Test { request: "r-1".to_owned() }), None, &case)];
    let composed = compose(alerts, &case);
    let message = Publication::of(&composed.messages[0], true, Outcome::DryRun);
    insta::assert_snapshot!(email(&message), @r#"
    Subject: TEST: Zoom SMS cost alerts reach you, nothing is wrong (rerun) (possible repeat)

    POSSIBLE REPEAT: an earlier run may have sent this already, with the same
    id 22fe0fbbd66c.

    RERUN: somebody asked for what was due on 22 November 2026, 08:00 EST.

    DRY RUN: nothing is sent.

    This is a test of the Zoom SMS cost alerts of account acc. Somebody asked
    for it. Nothing is wrong: alerts about real charges will reach you the same
    way.

    There is nothing to do.

      Chart   https://console.aws.amazon.com/cloudwatch/home#dashboards:name=costs

    No report was read for it. Alert 22fe0fbbd66c.
    "#);
    insta::assert_snapshot!(chat(&message), @r#"
    :information_source: TEST · Zoom SMS cost alerts reach you (rerun) (possible repeat)
    POSSIBLE REPEAT: an earlier run may have sent this already, with the same id 22fe0fbbd66c.
    RERUN: somebody asked for what was due on 22 November 2026, 08:00 EST.
    DRY RUN: nothing is sent.
    *TEST · Zoom SMS cost alerts reach you* — nothing is wrong
    This is a test of the Zoom SMS cost alerts of account acc. Somebody asked for it. Nothing is wrong: alerts about real charges will reach you the same way.
    <https://console.aws.amazon.com/cloudwatch/home#dashboards:name=costs|Chart> · No report was read for it · 22fe0fbbd66c
    - There is nothing to do.
    "#);
}
