//! What people and programs read, side by side, and the limits of those who carry it.

use serde_json::Value;

use super::*;
use crate::domain::alert::{Finding, Test, Threads};
use crate::domain::world::{NUMBERS, World, recorded};

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

      Also reached  50%, 80%
      Messages      9
      Budget        "every number": USD 100 a month, alerts at 50, 80, 100%

    If you expected this, do nothing: no further alert follows this month,
    unless Zoom revises it or the budget changes. If nobody expected it, ask
    those who sent most, or look at the messages: the SMS/MMS Charges Usage
    Report in Zoom's web portal.

    Complete as of 22 November, 08:00 EST. Alert 7ac46aea9399.
    "#);
    insta::assert_snapshot!(chat(message), @r#"
    :rotating_light: OVER · Marketing +12025550187 at 121%
    *OVER · Marketing +12025550187 at 121%* — USD 121.23 of 100, November, 8 days left
    Also reached 50%, 80%
    Messages 9
    Budget "every number": USD 100 a month, alerts at 50, 80, 100%
    Complete as of 22 November, 08:00 EST · 7ac46aea9399
    - If you expected this, do nothing: no further alert follows this month, unless Zoom revises it or the budget changes.
    - If nobody expected it, ask those who sent most, or look at the messages: the SMS/MMS Charges Usage Report in Zoom's web portal.
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

      Sent by       +12025550143: EUR 14.86
      Messages      3
      Budget        "sales": EUR 10 a month, alerts at 100%

    2. Marketing's number +12025550187 has spent USD 121.23 of its USD 100
    budget for November. That is 121%, with 8 days left.

      Also reached  50%, 80%
      Messages      3
      Budget        "every number": USD 100 a month, alerts at 50, 80, 100%

    3. Sales' number +12025550143 has spent USD 64.31 of its USD 100 budget for
    November. That is 64%, with 8 days left.

      Messages      3
      Budget        "every number": USD 100 a month, alerts at 50, 80, 100%

    4. Your account has spent GBP 3.21 in November, and no budget of the policy
    covers GBP.

      Sent by       +12025550199: GBP 3.21
      Messages      3

    - If you expected this, do nothing: no further alert follows this month,
      unless Zoom revises it or the budget changes.
    - If nobody expected it, ask those who sent most, or look at the messages:
      the SMS/MMS Charges Usage Report in Zoom's web portal.
    - If you expected this, do nothing: the next alert comes at 80% this month,
      unless Zoom revises it or the budget changes.
    - Add a budget in GBP to the policy, or set unwatched = "ignore". No
      further alert follows for GBP this month.

    Complete as of 22 November, 08:00 EST. Message 267b24b5c272.
    "#);
    insta::assert_snapshot!(chat(message), @r#"
    :rotating_light: OVER · department Sales at 148%; 3 more
    *OVER · Department Sales at 148%* — EUR 14.86 of 10, November, 8 days left
    *OVER · Marketing +12025550187 at 121%* — USD 121.23 of 100, November, 8 days left
    *50% · Sales +12025550143 at 64%* — USD 64.31 of 100, November, 8 days left
    *UNWATCHED · GBP 3.21 spent that no budget covers* — November, 8 days left
    Complete as of 22 November, 08:00 EST · 267b24b5c272
    - If you expected this, do nothing: no further alert follows this month, unless Zoom revises it or the budget changes.
    - If nobody expected it, ask those who sent most, or look at the messages: the SMS/MMS Charges Usage Report in Zoom's web portal.
    - If you expected this, do nothing: the next alert comes at 80% this month, unless Zoom revises it or the budget changes.
    - Add a budget in GBP to the policy, or set unwatched = "ignore". No further alert follows for GBP this month.
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

    Zoom has revised its report: Marketing +12025550187 has spent USD 88.21 of
    USD 100 in November, not USD 121.23 as we wrote on 22 November. 100% is no
    longer reached. Use this figure instead.

      Revised days  5 November, 7 November
      Budget        "every number": USD 100 a month, alerts at 50, 80, 100%

    If the difference matters to your bill, ask Zoom's support about it.

    Complete as of 23 November, 08:00 EST. Alert e0d4d53cc226.
    "#);
    insta::assert_snapshot!(chat(&message), @r#"
    :information_source: CORRECTION · Marketing +12025550187 spent USD 88.21, not 121.23 (possible repeat)
    POSSIBLE REPEAT: an earlier run may have sent this already, with the same id e0d4d53cc226.
    *CORRECTION · Marketing +12025550187 spent USD 88.21, not 121.23* — USD 88.21 of 100, November
    Zoom has revised its report: Marketing +12025550187 has spent USD 88.21 of USD 100 in November, not USD 121.23 as we wrote on 22 November. 100% is no longer reached. Use this figure instead.
    Revised days 5 November, 7 November
    Budget "every number": USD 100 a month, alerts at 50, 80, 100%
    Complete as of 23 November, 08:00 EST · e0d4d53cc226
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

    Zoom's report has been read whole now: Marketing +12025550187 has spent USD
    110.82 of USD 100 in November, not USD 121.23 as we wrote on 22 November
    from a part of it. Use this figure instead.

      Budget        "every number": USD 100 a month, alerts at 50, 80, 100%

    If the difference matters to your bill, ask Zoom's support about it.

    Complete as of 22 November, 09:00 EST. Alert e0d4d53cc226.
    "#);
}

#[test]
fn a_report_read_in_part() {
    let [message] = &published(&marketing().unread(20, 22))[..] else { panic!("one message") };
    insta::assert_snapshot!(email(message), @r#"
    Subject: OVER: Marketing +12025550187 at 121% (USD 121.23 of 100), November

    Marketing's number +12025550187 has spent USD 121.23 of its USD 100 budget
    for November in the part of Zoom's report that could be read. The rest (20
    to 22 November: Zoom answered with errors, ZoomUnavailable) is read again
    by the next run; if the whole says otherwise, you will hear.

      Also reached  50%, 80%
      Messages      9
      Budget        "every number": USD 100 a month, alerts at 50, 80, 100%

    If you expected this, do nothing: no further alert follows this month,
    unless Zoom revises it or the budget changes. If nobody expected it, ask
    those who sent most, or look at the messages: the SMS/MMS Charges Usage
    Report in Zoom's web portal.

    Read in part as of 22 November, 08:00 EST. Alert 7ac46aea9399.
    "#);
    insta::assert_snapshot!(chat(message), @r#"
    :rotating_light: OVER · Marketing +12025550187 at 121%
    *OVER · Marketing +12025550187 at 121%* — USD 121.23 of 100, November, 8 days left
    Marketing's number +12025550187 has spent USD 121.23 of its USD 100 budget for November in the part of Zoom's report that could be read. The rest (20 to 22 November: Zoom answered with errors, ZoomUnavailable) is read again by the next run; if the whole says otherwise, you will hear.
    Also reached 50%, 80%
    Messages 9
    Budget "every number": USD 100 a month, alerts at 50, 80, 100%
    Read in part as of 22 November, 08:00 EST · 7ac46aea9399
    - If you expected this, do nothing: no further alert follows this month, unless Zoom revises it or the budget changes.
    - If nobody expected it, ask those who sent most, or look at the messages: the SMS/MMS Charges Usage Report in Zoom's web portal.
    "#);
}

#[test]
fn what_else_is_reported() {
    let mut stale = World::new(NUMBERS);
    stale.history.freshness = Some(crate::domain::evaluate::Freshness {
        newest_row: "2026-11-18T21:12:00Z".parse().unwrap(),
        longest_gap: jiff::SignedDuration::from_hours(31),
    });
    insta::assert_snapshot!(email(&published(&stale)[0]), @r#"
    Subject: STALE: no new row in Zoom's report since 18 November, for 3 days

    Zoom's report was read, and its newest row was sent on 18 November, 3 days
    ago. Charges since then, if there are any, are not in it, and no budget can
    see them.

      Newest row    18 November, 16:12 EST
      Usual         at most 1 day without a row

    If nobody has sent a message since, do nothing: no further alert follows
    until rows come again. If messages were sent, compare with the SMS/MMS
    Charges Usage Report in Zoom's web portal, and ask Zoom's support.

    Complete as of 22 November, 08:00 EST. Alert a903abc50483.
    "#);
    let unwatched = World::new(NUMBERS).day(21, &[("+12025550199", "", "GBP", "3.21")]);
    insta::assert_snapshot!(email(&published(&unwatched)[0]), @r#"
    Subject: UNWATCHED: GBP 3.21 spent that no budget covers, November

    Your account has spent GBP 3.21 in November, and no budget of the policy
    covers GBP.

      Sent by       +12025550199: GBP 3.21
      Messages      3

    Add a budget in GBP to the policy, or set unwatched = "ignore". No further
    alert follows for GBP this month.

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

    No report was read for it. Alert 22fe0fbbd66c.
    "#);
    insta::assert_snapshot!(chat(&message), @r#"
    :information_source: TEST · Zoom SMS cost alerts reach you (rerun) (possible repeat)
    POSSIBLE REPEAT: an earlier run may have sent this already, with the same id 22fe0fbbd66c.
    RERUN: somebody asked for what was due on 22 November 2026, 08:00 EST.
    DRY RUN: nothing is sent.
    *TEST · Zoom SMS cost alerts reach you* — nothing is wrong
    This is a test of the Zoom SMS cost alerts of account acc. Somebody asked for it. Nothing is wrong: alerts about real charges will reach you the same way.
    No report was read for it · 22fe0fbbd66c
    - There is nothing to do.
    "#);
}

#[test]
fn money_is_shown_in_minor_units_unless_that_would_mislead() {
    use crate::domain::alert::money;
    use crate::domain::money::Currency;
    use crate::domain::world::amount;
    for (given, currency, beside, expected) in [
        ("66.2023", "USD", &[][..], "66.20"),
        ("66.2", "USD", &[], "66.20"),
        ("0.0205", "USD", &[], "0.02"),
        ("1234.5", "JPY", &[], "1235"),
        ("1.2345", "KWD", &[], "1.235"),
        // Rounding must not touch a threshold.
        ("99.996", "USD", &["100"], "99.996"),
        ("99.994", "USD", &["100"], "99.99"),
        ("100", "USD", &["100"], "100.00"),
        ("100.004", "USD", &["100"], "100.004"),
        // Nor make two amounts one.
        ("5.001", "USD", &["5.002"], "5.001"),
        ("-0.004", "USD", &["0"], "-0.004"),
    ] {
        let beside: Vec<_> = beside.iter().map(|text| amount(text)).collect();
        assert_eq!(money(amount(given), Currency::parse(currency).unwrap(), &beside), expected, "{given} {currency}");
    }
}

#[test]
fn the_worst_by_spent_against_budget_is_first_whatever_the_currency() {
    let world = several();
    let composed = composed(&world, &Threads::default());
    let order: Vec<_> = composed.messages[0]
        .records(Outcome::Sent)
        .iter()
        .map(|record| format!("{:?} {}", record.severity, record.amount.unwrap()))
        .collect();
    assert_eq!(order, ["Over 14.86", "Over 121.23", "Warning 64.3149", "Info 3.21"]);
}

#[test]
fn corrections_have_messages_of_their_own_and_subjects_too_where_the_policy_says_so() {
    let before = marketing();
    let threads = recorded(&Threads::default(), &before.decided(&Threads::default()), &before.case());
    let numbers: Vec<String> = (0..3).map(|index| format!("+1202555010{index}")).collect();
    let mut sums: Vec<_> = numbers.iter().map(|number| (number.as_str(), "", "USD", "60")).collect();
    sums.push(("+12025550187", "Marketing", "USD", "60"));
    for (group_by, expected) in [("run", &[3, 1][..]), ("subject", &[1, 1, 1, 1])] {
        let world = World::new(&format!("group_by = {group_by:?}\n{NUMBERS}")).day(21, &sums);
        let composed = composed(&world, &threads);
        let sizes: Vec<_> = composed.messages.iter().map(|message| message.alerts.len()).collect();
        assert_eq!(sizes, expected, "{group_by}");
        let kinds: Vec<_> =
            composed.messages.last().unwrap().records(Outcome::Sent).iter().map(|record| record.kind).collect();
        assert_eq!(kinds, [Kind::Correction]);
    }
}

/// Every receiver's limits, whatever stands in the data (AWS documentation of SNS and of Amazon Q Developer in chat applications).
fn within_limits(publication: &Publication) {
    let characters = |text: &Value| text.as_str().unwrap().chars().count();
    assert!(publication.message().len() <= MOST_BYTES, "{} bytes", publication.message().len());
    assert!(publication.subject.len() < 100 && publication.subject.chars().all(|c| c.is_ascii_graphic() || c == ' '));
    assert!(publication.email.lines().all(|line| line.chars().count() < 76), "{}", publication.email);
    let chat: Value = serde_json::from_str(&publication.chat).unwrap();
    let content = &chat["content"];
    assert!(characters(&content["title"]) <= 250);
    assert!((1..=8_000).contains(&characters(&content["description"])));
    assert!(content["nextSteps"].as_array().unwrap().iter().all(|step| characters(step) <= 350));
    assert!(content["keywords"].as_array().unwrap().iter().all(|keyword| characters(keyword) <= 75));
    let machine: Value = serde_json::from_str(&publication.machine).unwrap();
    let id = machine["id"].as_str().unwrap();
    assert!(publication.email.contains(id) && content["description"].as_str().unwrap().contains(id));
}

#[test]
fn every_alert_is_named_in_some_machine_form_in_at_most_twenty_messages() {
    for (alerts, name, messages) in [
        (1, "Sales", 1..=1),
        (50, "Sales", 1..=1),
        (51, "Sales", 2..=2),
        (1_000, "Sales", 20..=20),
        (3_000, "Sales", 20..=20),
        (5_000, "Sales", 20..=40),
        (400, &*"名前 & <b>*`\"\\".repeat(30), 8..=40),
    ] {
        let numbers: Vec<String> = (0..alerts).map(|index| format!("+1202{index:07}")).collect();
        let sums: Vec<_> = numbers.iter().map(|number| (number.as_str(), name, "USD", "123.456789")).collect();
        let world = World::new(NUMBERS).day(21, &sums);
        let composed = composed(&world, &Threads::default());
        let count = composed.messages.len();
        assert!(messages.contains(&count), "{alerts} alerts in {count} messages");
        let mut named = std::collections::BTreeSet::new();
        for (message, number) in composed.messages.iter().zip(1..) {
            let publication = Publication::of(message, true, Outcome::Sent);
            within_limits(&publication);
            let machine: Value = serde_json::from_str(&publication.machine).unwrap();
            assert_eq!(machine["part"]["number"].as_u64(), (count > 1).then_some(number));
            assert_eq!(machine["part"]["of"].as_u64(), (count > 1).then_some(count as u64));
            named.extend(
                machine["alerts"].as_array().unwrap().iter().map(|alert| alert["subject"].as_str().unwrap().to_owned()),
            );
        }
        assert_eq!(named.len(), alerts);
    }
}

#[test]
fn no_text_from_zoom_is_markup_or_moves_the_text_around_it() {
    let hostile =
        "*bold* _it_ ~no~ `code` <!channel> [x](http://e.example) & <http://e.example|y>\u{202E}\u{2028}\u{85}\n# head";
    let policy = NUMBERS.replace("billing_number", "department");
    let world = World::new(&policy).day(21, &[("+1", hostile, "USD", "120")]);
    let publication = &published(&world)[0];
    within_limits(publication);
    let chat: Value = serde_json::from_str(&publication.chat).unwrap();
    let mut texts = vec![&chat["content"]["description"], &chat["content"]["title"], &chat["metadata"]["summary"]];
    texts.extend(chat["content"]["nextSteps"].as_array().unwrap());
    texts.extend(chat["content"]["keywords"].as_array().unwrap());
    for text in texts {
        // The one pair of stars is ours.
        let text = text.as_str().unwrap().replacen("*OVER · ", "", 1).replacen("at 120%*", "", 1);
        let text = text.replace(":rotating_light:", "").replace("&amp;", "").replace("&lt;", "").replace("&gt;", "");
        assert!(!text.contains(['*', '_', '~', '`', '<', '>', '&', '[']), "{text}");
    }
    for form in [&publication.email, &publication.machine, &publication.chat, &publication.subject] {
        assert!(!form.contains(['\u{202E}', '\u{2028}', '\u{85}']), "{form}");
        assert!(!form.contains("\\n#") && !form.contains("\n#"), "{form}");
    }
}

#[test]
fn one_publish_carries_every_form() {
    let publication = &published(&marketing())[0];
    let message: Value = serde_json::from_str(&publication.message()).unwrap();
    assert_eq!(message["default"], message["email"]);
    assert_eq!((&message["http"], &message["https"]), (&message["https"], &Value::from(publication.chat.clone())));
    assert_eq!((&message["sqs"], &message["lambda"]), (&message["lambda"], &Value::from(publication.machine.clone())));
}
