//! What readers hear of calls and faxes, and of all that is read.

use super::*;
use crate::domain::charge::Line;
use crate::domain::coverage::NotPriced;
use crate::domain::money::Currency;
use crate::domain::product::Product;

const POLICY: &str = r#"
    time_zone = "America/New_York"
    products = ["sms", "call", "fax"]
    [[budget]]
    name = "every number"
    scope = "billing_number"
    currency = "USD"
    amount = 100
    alert_at = [50, 100]
    forecast_at = [100]
    [[budget]]
    name = "calls"
    scope = "billing_number"
    product = "call"
    currency = "USD"
    amount = 50
    [[spike]]
    name = "runaway caller"
    scope = "billing_number"
    product = "call"
    currency = "USD"
"#;
const NUMBER: &str = "+12025550187";

fn spent() -> World {
    let world = World::new(POLICY).usually(120, NUMBER, 10, "0.20").of(Product::Call).usually(120, NUMBER, 60, "1.20");
    world.sent(21, NUMBER, 60, "45.00")
}

#[test]
fn a_budget_for_calls_and_one_for_all_say_what_they_count() {
    let world = spent();
    insta::assert_snapshot!(email(&published(&world)[0]), @r#"
    Subject: OVER: Marketing +12025550187 at 138% on calls (USD 69.00 of 50), November; 1 more

    2 alerts, the worst first:

      OVER  138%  Marketing +12025550187 on calls  USD 69.00 of 50
      50%    73%  Marketing +12025550187           USD 73.20 of 100

    1. Marketing's number +12025550187 has spent USD 69.00 of its USD 50 budget
    for November on calls. That is 138%, with 8 days left.

      Yesterday     USD 45.00 (60 minutes); a usual day is USD 1.20
      By month end  probably USD 78 to 82
      Last month    USD 37.20
      Budget        "calls": USD 50 a month, alerts at 100%
      To do         if nobody expected it, look at the calls in Zoom

    2. Marketing's number +12025550187 has spent USD 73.20 of its USD 100
    budget for November on messages, calls and faxes. That is 73%, with 8 days
    left.

      By month end  probably USD 84 to 88
      Budget        "every number": USD 100 a month, alerts at 50, 100%
      To do         if nobody expected it, look at the messages, calls and
                    faxes in Zoom

      Zoom    https://zoom.us/pbx/page/report/system#/report/phone-system
      Chart   https://console.aws.amazon.com/cloudwatch/home#dashboards:name=costs
      Why     cost-alerts explain 9f881bd54b80

    Complete as of 22 November, 08:00 EST. Message 9f881bd54b80.
    "#);
}

#[test]
fn a_number_that_calls_far_more_than_ever_is_reported_in_minutes() {
    let world = World::new(POLICY).of(Product::Call).sent(22, NUMBER, 900, "18").usually(120, NUMBER, 60, "1.20");
    let message = published(&world).remove(0);
    insta::assert_snapshot!(format!("{}\n\n{}", email(&message), chat(&message)), @r#"
    Subject: SPIKE: Marketing +12025550187 used 900 minutes today, usually 60

    Marketing's number +12025550187 has used 900 minutes today by 08:00. On a
    usual Sunday it uses 60. The extra costs about USD 16.80 so far.

      Since         today
      Watch         "runaway caller"

    If this is a campaign, silence it in the policy until it is over. If not,
    suspend the sender in Zoom now: a stolen login or an automation gone wrong
    looks like this. You hear of it again if twice as many are used in a day,
    or if it happens again after seven usual days.

      Zoom    https://zoom.us/pbx/page/report/system#/report/phone-system
      Chart   https://console.aws.amazon.com/cloudwatch/home#dashboards:name=costs
      Why     cost-alerts explain 5b6d595dcd08

    Complete as of 22 November, 08:00 EST. Alert 5b6d595dcd08.


    :rotating_light: SPIKE · Marketing +12025550187 used 900 minutes today
    *SPIKE · Marketing +12025550187 used 900 minutes today* — usually 60; the extra costs about USD 16.80 so far
    Since today
    <https://console.aws.amazon.com/cloudwatch/home#dashboards:name=costs|Chart> · Complete as of 22 November, 08:00 EST · 5b6d595dcd08
    - If this is a campaign, silence it in the policy until it is over. If not, suspend the sender in Zoom now: a stolen login or an automation gone wrong looks like this.
    - You hear of it again if twice as many are used in a day, or if it happens again after seven usual days.
    "#);
}

#[test]
fn faxes_without_a_price_and_without_a_budget_are_said() {
    let policy =
        POLICY.replace("name = \"every number\"", "name = \"faxes\"\nproduct = \"fax\"\nonly = [\"+12025550187\"]");
    let mut world =
        World::new(&policy).of(Product::Fax).sent(21, NUMBER, 5, "60").of(Product::Sms).sent(21, NUMBER, 7, "0.14");
    let line = world.totals.believed(Product::Fax, jiff::civil::date(2026, 11, 21)).remove(0).0;
    let (product, day) = (Product::Fax, jiff::civil::date(2026, 11, 20));
    // Before there is a price, there may be no currency.
    let without = Line { currency: Currency::NONE, ..line.clone() };
    world.coverage.not_priced.push(NotPriced { product, day, line, rows: 2 });
    world.coverage.not_priced.push(NotPriced { product, day, line: without, rows: 1 });
    let messages = published(&world);
    insta::assert_snapshot!(email(&messages[0]), @r#"
    Subject: 50%: Marketing +12025550187 at 60% on faxes (USD 60.00 of 100), November; 1 more

    2 alerts, the worst first:

      50%        60%  Marketing +12025550187 on faxes   USD 60.00 of 100
      UNWATCHED       no budget covers USD on messages  USD 0.14

    1. Marketing's number +12025550187 has spent USD 60.00 of its USD 100
    budget for November on faxes. That is 60%, with 8 days left.

      Yesterday     USD 60.00 (5 pages)
      Not priced    3 faxes; Zoom sets the price at the end of its billing
                    cycle, so the sum is so far
      Budget        "faxes": USD 100 a month, alerts at 50, 100%
      To do         if nobody expected it, look at the faxes in Zoom

    2. Your account has spent USD 0.14 on messages in November, and no budget
    of the policy covers USD on messages.

      Sent by       +12025550187  USD 0.14
      Messages      7
      To do         add a budget in USD to the policy; without `product` it
                    counts all that is read

      Zoom    https://zoom.us/pbx/page/report/system#/report/phone-system
      Chart   https://console.aws.amazon.com/cloudwatch/home#dashboards:name=costs
      Why     cost-alerts explain 4f132e02bafe

    Complete as of 22 November, 08:00 EST. Message 4f132e02bafe.
    "#);
    let machine: Value = serde_json::from_str(&messages[0].machine).unwrap();
    let alerts = machine["alerts"].as_array().unwrap();
    let shown: Vec<_> =
        alerts.iter().map(|alert| (alert["kind"].as_str(), alert["product"].as_str(), &alert["messages"])).collect();
    assert_eq!(
        format!("{shown:?}"),
        r#"[(Some("budget"), Some("fax"), Number(5)), (Some("unwatched"), Some("sms"), Number(7))]"#
    );
}

#[test]
fn a_correction_says_what_it_counts() {
    let before = spent();
    let threads = recorded(&Threads::default(), &before.decided(&Threads::default()), &before.case());
    let fallen = World::new(POLICY).usually(120, NUMBER, 10, "0.20").of(Product::Call).usually(120, NUMBER, 60, "1.20");
    let fallen = fallen.at("2026-11-23T13:00:00Z");
    let composed = composed(&fallen, &threads);
    let [message] = &composed.messages[..] else { panic!("one message") };
    let message = Publication::of(message, true, Outcome::Sent);
    let subject = message.subject.replace(" (possible repeat)", "");
    assert_eq!(subject, "CORRECTION: Marketing +12025550187 spent USD 25.20 on calls, not 69.00; 1 more");
    assert!(message.email.contains("+12025550187 on calls"), "{}", message.email);
}
