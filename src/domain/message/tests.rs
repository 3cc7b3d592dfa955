use jiff::tz::TimeZoneDatabase;
use serde_json::Value;

use super::*;
use crate::domain::alert::plan;
use crate::domain::budget::{JudgedPeriod, judge};
use crate::domain::charge::Charge;
use crate::domain::money::Currency;
use crate::domain::period::{Period, PeriodKind};
use crate::domain::policy::Policy;
use crate::domain::totals::{Tally, Totals};

const POLICY: &str = r#"
    time_zone = "America/New_York"
    [[budget]]
    name = "every number"
    scope = "billing_number"
    currency = "USD"
    amount = "50.00"
    alert_at = [50, 80, 100]
    [[budget]]
    name = "sales"
    scope = "department"
    only = ["Sales"]
    currency = "USD"
    amount = 60
"#;
const AS_OF: &str = "2026-11-22T13:00:00Z";

fn charges() -> Vec<Charge<'static>> {
    [
        ("+14085550000", Some("Sales"), "1001", "41.2"),
        ("+14085550000", Some("Support"), "1002", "25.0023"),
        ("+14085550001", None, "1003", "26"),
        ("+14085550001", None, "1004", "3.5"),
        ("+14085550002", Some("Sales"), "1005", "19.9"),
    ]
    .into_iter()
    .map(|(number, department, extension, amount)| Charge {
        sent: "2026-11-22T12:58:01Z".parse().unwrap(),
        amount: Amount::parse(amount).unwrap(),
        currency: Currency::parse("USD").unwrap(),
        billing_number: Some(number),
        department,
        cost_center: None,
        extension: Some(extension),
    })
    .collect()
}

struct Given {
    charges: Vec<Charge<'static>>,
    complete: bool,
    kind: AlertKind,
    possible_repeat: bool,
}

impl Default for Given {
    fn default() -> Given {
        Given { charges: charges(), complete: true, kind: AlertKind::Budget, possible_repeat: false }
    }
}

/// Runs the given charges through judging and planning and hands the notice to `read`.
fn noticed<T>(given: &Given, read: impl Fn(&Notice<'_>) -> T) -> T {
    let policy = Policy::parse(POLICY).unwrap();
    let (mut tally, mut totals) = (Tally::of(policy.time_zone.clone()), Totals::default());
    for charge in &given.charges {
        tally.add(charge).unwrap();
    }
    totals.add(&tally).unwrap();
    let mut spenders = Spenders::of(&totals);
    let as_of: Timestamp = AS_OF.parse().unwrap();
    let period = Period::containing(PeriodKind::Month, as_of, &policy.time_zone).unwrap();
    let periods = [JudgedPeriod { period, complete: given.complete }];
    let standings = judge(&totals, &policy, &periods, &"account-1".into());
    let alerts: Vec<_> = plan(standings, "account-1", &std::collections::HashSet::new())
        .into_iter()
        .filter(|planned| matches!(planned.decision, Decision::Send { .. }) && planned.kind == given.kind)
        .map(|planned| NoticedAlert::new(planned, &mut spenders))
        .collect();
    read(&Notice {
        id: AlertId::of_group(alerts.iter().map(|alert| &alert.planned.id)),
        kind: given.kind,
        as_of,
        account: "account-1".into(),
        zone: TimeZoneDatabase::bundled().get("America/New_York").unwrap(),
        zone_name: "America/New_York".to_owned(),
        possible_repeat: given.possible_repeat,
        dry_run: false,
        alerts,
        receipt: Receipt {
            complete: given.complete,
            rows: 1443,
            pages: 6,
            days: 22,
            days_from_history: 0,
            newest_row: Some("2026-11-22T12:58:01Z".parse().unwrap()),
            total_records: Some(1443),
        },
    })
}

fn published(given: &Given) -> Publication {
    noticed(given, Publication::of)
}

fn one() -> Given {
    let mut given = Given::default();
    given.charges.retain(|charge| charge.department == Some("Support") || charge.extension == Some("1001"));
    given
}

fn pretty(json: &str) -> String {
    serde_json::to_string_pretty(&serde_json::from_str::<Value>(json).unwrap()).unwrap()
}

#[test]
fn an_email_tells_what_where_who_and_what_to_do() {
    let Publication { subject, email, .. } = published(&one());
    insta::assert_snapshot!(format!("{subject}\n\n{email}"), @r#"
    Zoom SMS cost: +14085550000: USD 66.2023, 100% of USD 50 reached (2026-11)

    +14085550000 has spent USD 66.2023 on SMS and MMS in November 2026: 132% of
    its budget of USD 50.

      Reached    100% = USD 50 (passed too: 50%, 80%)
      Budget     "every number", USD 50 a month
      Left       over by USD 16.2023
      Since      1 November 2026 (America/New_York), 8 days left
      Messages   2
      Share      100% of all that the account spent in USD
      Spent by   department Sales: USD 41.2
                 department Support: USD 25.0023

    What to do
      - Expected? Nothing to do: each level is told once a period. To allow
        more, raise the budget in the policy.
      - Not expected? Open the SMS/MMS Charges Usage Report in Zoom's web
        portal, and speak with those named above.

    How far to trust the figures
      Zoom's report was read whole as of 22 November 2026 08:00 EST: 1443
      charged messages on 6 pages for 22 days. The newest was sent 22 November
      2026 07:58 EST. Zoom may still add late charges.

    Zoom account  account-1
    Alert id      42c20d575977403e1afcae21e96bd16e
    "#);
}

#[test]
fn several_alerts_are_told_with_the_highest_level_first() {
    let Publication { subject, email, .. } = published(&Given { possible_repeat: true, ..Given::default() });
    insta::assert_snapshot!(format!("{subject}\n\n{email}"), @r#"
    Zoom SMS cost: (possible repeat) 3 alerts; +14085550000: USD 66.2023, 100% of USD 50 reached (20...

    POSSIBLE REPEAT: an earlier run may already have sent this. The alert id at
    the end tells.

    +14085550000 has spent USD 66.2023 on SMS and MMS in November 2026: 132% of
    its budget of USD 50.

      Reached    100% = USD 50 (passed too: 50%, 80%)
      Budget     "every number", USD 50 a month
      Left       over by USD 16.2023
      Since      1 November 2026 (America/New_York), 8 days left
      Messages   2
      Share      57% of all that the account spent in USD
      Spent by   department Sales: USD 41.2
                 department Support: USD 25.0023
      Alert id   42c20d575977403e1afcae21e96bd16e

    Department Sales has spent USD 61.1 on SMS and MMS in November 2026: 101%
    of its budget of USD 60.

      Reached    100% = USD 60
      Budget     "sales", USD 60 a month
      Left       over by USD 1.1
      Since      1 November 2026 (America/New_York), 8 days left
      Messages   2
      Share      53% of all that the account spent in USD
      Spent by   number +14085550000: USD 41.2
                 number +14085550002: USD 19.9
      Alert id   83228cdc51acf881a0120216c58c0efc

    +14085550001 has spent USD 29.5 on SMS and MMS in November 2026: 59% of its
    budget of USD 50.

      Reached    50% = USD 25
      Budget     "every number", USD 50 a month
      Left       USD 20.5
      Since      1 November 2026 (America/New_York), 8 days left
      Messages   2
      Share      26% of all that the account spent in USD
      Spent by   extension 1003: USD 26
                 extension 1004: USD 3.5
      Alert id   1cbc07958f05e73524f912928a69deaa

    What to do
      - Expected? Nothing to do: each level is told once a period. To allow
        more, raise the budget in the policy.
      - Not expected? Open the SMS/MMS Charges Usage Report in Zoom's web
        portal, and speak with those named above.

    How far to trust the figures
      Zoom's report was read whole as of 22 November 2026 08:00 EST: 1443
      charged messages on 6 pages for 22 days. The newest was sent 22 November
      2026 07:58 EST. Zoom may still add late charges.

    Zoom account  account-1
    Alert id      2a472ba92f834ebe4249c35d7490c7d3
    "#);
}

#[test]
fn an_incomplete_report_is_never_told_as_whole() {
    let given = Given { complete: false, ..one() };
    let Publication { subject, email, chat, machine } = published(&given);
    insta::assert_snapshot!(format!("{subject}\n\n{email}\n{}\n{}", pretty(&chat), pretty(&machine)), @r#"
    Zoom SMS cost: +14085550000: at least USD 66.2023, 100% of USD 50 reached (2026-11)

    +14085550000 has spent at least USD 66.2023 on SMS and MMS in November
    2026: at least 132% of its budget of USD 50.

      Reached    100% = USD 50 (passed too: 50%, 80%)
      Budget     "every number", USD 50 a month
      Since      1 November 2026 (America/New_York), 8 days left
      Messages   at least 2
      Spent by   department Sales: USD 41.2
                 department Support: USD 25.0023

    What to do
      - Expected? Nothing to do: each level is told once a period. To allow
        more, raise the budget in the policy.
      - Not expected? Open the SMS/MMS Charges Usage Report in Zoom's web
        portal, and speak with those named above.

    How far to trust the figures
      INCOMPLETE: Zoom's report could not be read whole as of 22 November 2026
      08:00 EST. What was read, 1443 charged messages on 6 pages, proves the
      amounts above; those marked "at least" may be higher. The newest was sent
      22 November 2026 07:58 EST.

    Zoom account  account-1
    Alert id      42c20d575977403e1afcae21e96bd16e

    {
      "content": {
        "description": "• *+14085550000* spent *at least USD 66.2023* in November 2026: reached *100%* of USD 50 (budget every number)\n   by department: Sales USD 41.2, Support USD 25.0023\n_INCOMPLETE: Zoom's report could not be read whole as of 22 November 2026 08:00 EST. What was read, 1443 charged messages on 6 pages, proves the amounts above; those marked \"at least\" may be higher. The newest was sent 22 November 2026 07:58 EST._\nAlert id `42c20d575977403e1afcae21e96bd16e`",
        "keywords": [
          "Zoom SMS cost",
          "budget"
        ],
        "nextSteps": [
          "Expected? Nothing to do, or raise the budget in the policy.",
          "Not expected? See the SMS/MMS Charges Usage Report in Zoom's web portal, and speak with those named."
        ],
        "textType": "client-markdown",
        "title": ":rotating_light: Zoom SMS cost: +14085550000: at least USD 66.2023, 100% of USD 50 reached (2026-11)"
      },
      "id": "42c20d575977403e1afcae21e96bd16e",
      "metadata": {
        "additionalContext": {
          "account": "account-1",
          "alert_id": "42c20d575977403e1afcae21e96bd16e",
          "possible_repeat": "false"
        },
        "enableCustomActions": false,
        "eventType": "zoom-sms-cost-budget",
        "relatedResources": [],
        "summary": "Zoom SMS cost: +14085550000: at least USD 66.2023, 100% of USD 50 reached (2026-11)",
        "threadId": "zoom-sms-cost-account-1-2026-11"
      },
      "source": "custom",
      "version": "1.0"
    }
    {
      "account": "account-1",
      "alerts": [
        {
          "also_reached": [
            "50%",
            "80%"
          ],
          "amount": "66.2023",
          "at_least": true,
          "budget": "every number",
          "currency": "USD",
          "id": "42c20d575977403e1afcae21e96bd16e",
          "kind": "budget",
          "level": "100%",
          "messages": 2,
          "outcome": "sent",
          "period": "2026-11",
          "remaining": null,
          "scope": "billing_number",
          "share_of_account": null,
          "subject": "+14085550000",
          "threshold": "50",
          "top": [
            {
              "amount": "41.2",
              "department": "Sales"
            },
            {
              "amount": "25.0023",
              "department": "Support"
            }
          ]
        }
      ],
      "as_of": "2026-11-22T13:00:00Z",
      "id": "42c20d575977403e1afcae21e96bd16e",
      "kind": "budget",
      "possible_repeat": false,
      "receipt": {
        "complete": false,
        "days": 22,
        "newest_row": "2026-11-22T12:58:01Z",
        "pages": 6,
        "rows": 1443,
        "total_records": 1443
      },
      "schema": 1
    }
    "#);
}

#[test]
fn an_unwatched_currency_is_told() {
    let mut given = Given { kind: AlertKind::Unwatched, ..one() };
    for charge in &mut given.charges {
        charge.currency = Currency::parse("GBP").unwrap();
    }
    let Publication { subject, email, .. } = published(&given);
    insta::assert_snapshot!(format!("{subject}\n\n{email}"), @r#"
    Zoom SMS cost: GBP 66.2023 spent that no budget covers (2026-11)

    Your account has spent GBP 66.2023 on SMS and MMS in November 2026, and no
    budget covers GBP.

      Since      1 November 2026 (America/New_York), 8 days left
      Messages   2
      Spent by   number +14085550000: GBP 66.2023

    What to do
      - Expected? Add a budget in this currency to the policy, or set unwatched
        = "ignore".
      - Not expected? Open the SMS/MMS Charges Usage Report in Zoom's web
        portal and see who sends.

    How far to trust the figures
      Zoom's report was read whole as of 22 November 2026 08:00 EST: 1443
      charged messages on 6 pages for 22 days. The newest was sent 22 November
      2026 07:58 EST. Zoom may still add late charges.

    Zoom account  account-1
    Alert id      008ece8d5fb384404e3f36d4921c4353
    "#);
}

#[test]
fn a_test_is_marked_as_one() {
    let given = Given { charges: Vec::new(), kind: AlertKind::Test, ..Given::default() };
    let Publication { subject, email, chat, machine } = published(&given);
    insta::assert_snapshot!(format!("{subject}\n\n{email}\n{}\n{}", pretty(&chat), pretty(&machine)), @r#"
    Zoom SMS cost: test notification, nothing is wrong

    This is a test of the Zoom SMS cost alerts of account account-1. Somebody
    asked for it. Nothing is wrong, and there is nothing to do: alerts about
    real charges will reach you the same way.

    How far to trust the figures
      This is a test: no report was read for it.

    Zoom account  account-1
    Alert id      e3b0c44298fc1c149afbf4c8996fb924

    {
      "content": {
        "description": "Somebody asked for this test for Zoom account account-1. Nothing is wrong.\n_This is a test: no report was read for it._\nAlert id `e3b0c44298fc1c149afbf4c8996fb924`",
        "keywords": [
          "Zoom SMS cost",
          "test"
        ],
        "nextSteps": [
          "Nothing: alerts about real charges will arrive here too."
        ],
        "textType": "client-markdown",
        "title": ":white_check_mark: Zoom SMS cost: test notification, nothing is wrong"
      },
      "id": "e3b0c44298fc1c149afbf4c8996fb924",
      "metadata": {
        "additionalContext": {
          "account": "account-1",
          "alert_id": "e3b0c44298fc1c149afbf4c8996fb924",
          "possible_repeat": "false"
        },
        "enableCustomActions": false,
        "eventType": "zoom-sms-cost-test",
        "relatedResources": [],
        "summary": "Zoom SMS cost: test notification, nothing is wrong",
        "threadId": "zoom-sms-cost-account-1-test"
      },
      "source": "custom",
      "version": "1.0"
    }
    {
      "account": "account-1",
      "alerts": [],
      "as_of": "2026-11-22T13:00:00Z",
      "id": "e3b0c44298fc1c149afbf4c8996fb924",
      "kind": "test",
      "possible_repeat": false,
      "receipt": {
        "complete": true,
        "days": 22,
        "newest_row": "2026-11-22T12:58:01Z",
        "pages": 6,
        "rows": 1443,
        "total_records": 1443
      },
      "schema": 1
    }
    "#);
}

#[test]
fn the_chat_form_is_the_schema() {
    insta::assert_snapshot!(pretty(&published(&one()).chat), @r#"
    {
      "content": {
        "description": "• *+14085550000* spent *USD 66.2023* in November 2026: reached *100%* of USD 50 (budget every number)\n   by department: Sales USD 41.2, Support USD 25.0023\n_Zoom's report was read whole as of 22 November 2026 08:00 EST: 1443 charged messages on 6 pages for 22 days. The newest was sent 22 November 2026 07:58 EST. Zoom may still add late charges._\nAlert id `42c20d575977403e1afcae21e96bd16e`",
        "keywords": [
          "Zoom SMS cost",
          "budget"
        ],
        "nextSteps": [
          "Expected? Nothing to do, or raise the budget in the policy.",
          "Not expected? See the SMS/MMS Charges Usage Report in Zoom's web portal, and speak with those named."
        ],
        "textType": "client-markdown",
        "title": ":rotating_light: Zoom SMS cost: +14085550000: USD 66.2023, 100% of USD 50 reached (2026-11)"
      },
      "id": "42c20d575977403e1afcae21e96bd16e",
      "metadata": {
        "additionalContext": {
          "account": "account-1",
          "alert_id": "42c20d575977403e1afcae21e96bd16e",
          "possible_repeat": "false"
        },
        "enableCustomActions": false,
        "eventType": "zoom-sms-cost-budget",
        "relatedResources": [],
        "summary": "Zoom SMS cost: +14085550000: USD 66.2023, 100% of USD 50 reached (2026-11)",
        "threadId": "zoom-sms-cost-account-1-2026-11"
      },
      "source": "custom",
      "version": "1.0"
    }
    "#);
}

#[test]
fn the_machine_form_is_exact() {
    insta::assert_snapshot!(pretty(&published(&Given::default()).machine), @r#"
    {
      "account": "account-1",
      "alerts": [
        {
          "also_reached": [
            "50%",
            "80%"
          ],
          "amount": "66.2023",
          "budget": "every number",
          "currency": "USD",
          "id": "42c20d575977403e1afcae21e96bd16e",
          "kind": "budget",
          "level": "100%",
          "messages": 2,
          "outcome": "sent",
          "period": "2026-11",
          "remaining": "-16.2023",
          "scope": "billing_number",
          "share_of_account": "0.57",
          "subject": "+14085550000",
          "threshold": "50",
          "top": [
            {
              "amount": "41.2",
              "department": "Sales"
            },
            {
              "amount": "25.0023",
              "department": "Support"
            }
          ]
        },
        {
          "amount": "61.1",
          "budget": "sales",
          "currency": "USD",
          "id": "83228cdc51acf881a0120216c58c0efc",
          "kind": "budget",
          "level": "100%",
          "messages": 2,
          "outcome": "sent",
          "period": "2026-11",
          "remaining": "-1.1",
          "scope": "department",
          "share_of_account": "0.53",
          "subject": "Sales",
          "threshold": "60",
          "top": [
            {
              "amount": "41.2",
              "billing_number": "+14085550000"
            },
            {
              "amount": "19.9",
              "billing_number": "+14085550002"
            }
          ]
        },
        {
          "amount": "29.5",
          "budget": "every number",
          "currency": "USD",
          "id": "1cbc07958f05e73524f912928a69deaa",
          "kind": "budget",
          "level": "50%",
          "messages": 2,
          "outcome": "sent",
          "period": "2026-11",
          "remaining": "20.5",
          "scope": "billing_number",
          "share_of_account": "0.26",
          "subject": "+14085550001",
          "threshold": "25",
          "top": [
            {
              "amount": "26",
              "extension": "1003"
            },
            {
              "amount": "3.5",
              "extension": "1004"
            }
          ]
        }
      ],
      "as_of": "2026-11-22T13:00:00Z",
      "id": "2a472ba92f834ebe4249c35d7490c7d3",
      "kind": "budget",
      "possible_repeat": false,
      "receipt": {
        "complete": true,
        "days": 22,
        "newest_row": "2026-11-22T12:58:01Z",
        "pages": 6,
        "rows": 1443,
        "total_records": 1443
      },
      "schema": 1
    }
    "#);
}

#[test]
fn one_publish_carries_every_form() {
    let publication = published(&one());
    let message: Value = serde_json::from_str(&publication.message()).unwrap();
    assert_eq!(message["default"], message["email"]);
    assert_eq!(message["https"], publication.chat);
    assert_eq!(message["sqs"], message["lambda"]);
    for form in message.as_object().unwrap().values() {
        let form = form.as_str().unwrap();
        assert!(form.contains(noticed(&one(), |notice| notice.id.clone()).as_str()), "a form lacks the id: {form}");
        assert!(form.contains("1443"), "a form lacks the receipt: {form}");
    }
}

/// Every receiver's limits, whatever stands in the data (AWS documentation of SNS and of Amazon Q Developer in chat applications).
#[test]
fn no_limit_is_ever_passed() {
    let names: [&'static str; 4] = [
        "a",
        Box::leak("Zahlungsverkehr & Öffentlichkeitsarbeit <b>*`".repeat(40).into_boxed_str()),
        Box::leak("名前\u{0}\n\t\"\\".repeat(60).into_boxed_str()),
        Box::leak("x".repeat(2_000).into_boxed_str()),
    ];
    for alerts in [1, 9, 30, 400, 2_000] {
        for name in names.into_iter().skip(if alerts > 400 { 2 } else { 0 }).take(3) {
            let charges = (0..alerts).map(|index| Charge {
                billing_number: Some(Box::leak(format!("{index}{name}").into_boxed_str())),
                department: Some(name),
                amount: Amount::parse("12345678901234567.123456").unwrap(),
                ..charges().remove(0)
            });
            let given = Given { charges: charges.collect(), possible_repeat: true, ..Given::default() };
            let publication = published(&given);
            within_limits(&publication, alerts);
        }
    }
}

fn within_limits(publication: &Publication, alerts: usize) {
    let characters = |text: &Value| text.as_str().unwrap().chars().count();
    assert!(publication.message().len() <= MOST_BYTES, "{} bytes", publication.message().len());
    assert!(publication.subject.len() < 100 && publication.subject.chars().all(|c| c.is_ascii_graphic() || c == ' '));
    assert!(publication.email.lines().all(|line| line.chars().count() < 76));
    assert!(publication.email.chars().all(|c| c == '\n' || !c.is_control()));
    let chat: Value = serde_json::from_str(&publication.chat).unwrap();
    let content = &chat["content"];
    assert_eq!((chat["version"].as_str(), chat["source"].as_str()), (Some("1.0"), Some("custom")));
    assert_eq!(content["textType"], "client-markdown");
    assert!(characters(&content["title"]) <= 250);
    assert!((1..=8_000).contains(&characters(&content["description"])));
    assert!(content["description"].as_str().unwrap().contains("Alert id"), "the id was cut off");
    assert!(content["nextSteps"].as_array().unwrap().iter().all(|step| characters(step) <= 350));
    assert!(content["keywords"].as_array().unwrap().iter().all(|keyword| characters(keyword) <= 75));
    assert!(chat["metadata"]["additionalContext"].as_object().unwrap().values().all(Value::is_string));
    let machine: Value = serde_json::from_str(&publication.machine).unwrap();
    let shown = machine["alerts"].as_array().unwrap().len();
    let left_out = machine["alerts_left_out"].as_u64().unwrap_or_default();
    // One more alert is the department's.
    assert_eq!(shown as u64 + left_out, alerts as u64, "alerts were lost without a word");
}

/// The alert as if so much had been told before Zoom restated two days.
fn restated<'p>(alert: &NoticedAlert<'p>, before: &str) -> NoticedAlert<'p> {
    let standing = alert.planned.standing.clone();
    let before = Amount::parse(before).unwrap();
    let levels = |reached: bool| -> Vec<&'p Level> {
        let crossed = |level: &&Level| {
            let (was, is) = (before >= level.threshold, standing.amount >= level.threshold);
            was != is && is == reached
        };
        standing.budget.unwrap().levels.iter().filter(crossed).collect()
    };
    let days = [3, 17].map(|day| (jiff::civil::date(2026, 11, day), AS_OF.parse().unwrap())).to_vec();
    let (no_longer, only_now) = (levels(false), levels(true));
    let decision = Decision::Correct(Correction { before, no_longer, only_now, days, standing: standing.clone() });
    let planned = Planned { id: alert.planned.id.clone(), kind: AlertKind::Correction, standing, decision };
    NoticedAlert { planned, top: Vec::new(), top_left_out: 0 }
}

/// One figure that rose past levels, one that fell below some.
fn corrected<T>(read: impl Fn(&Notice<'_>) -> T) -> T {
    noticed(&Given::default(), |notice| {
        let alerts = notice.alerts.iter().zip(["24.9", "103"]).map(|(alert, before)| restated(alert, before)).collect();
        read(&Notice { kind: AlertKind::Correction, alerts, ..notice.clone() })
    })
}

#[test]
fn a_correction_tells_both_figures_and_what_no_longer_holds() {
    let Publication { subject, email, .. } = corrected(Publication::of);
    insta::assert_snapshot!(format!("{subject}\n\n{email}"), @r#"
    Zoom SMS cost: 2 corrections; +14085550000: USD 66.2023, not 24.9 (2026-11)

    +14085550000 has spent USD 66.2023 on SMS and MMS in November 2026, not USD
    24.9: Zoom has restated its report. You were alerted on the earlier figure.

      Only now   50% = USD 25
      Only now   80% = USD 40
      Only now   100% = USD 50
      Budget     "every number", USD 50 a month
      Restated   3 November, 17 November
      Alert id   42c20d575977403e1afcae21e96bd16e

    +14085550001 has spent USD 29.5 on SMS and MMS in November 2026, not USD
    103: Zoom has restated its report. You were alerted on the earlier figure.

      No longer  80% = USD 40
      No longer  100% = USD 50
      Budget     "every number", USD 50 a month
      Restated   3 November, 17 November
      Alert id   1cbc07958f05e73524f912928a69deaa

    What to do
      - Nothing, if you take Zoom's word for it: put these figures in the place
        of those told before.
      - Compare the days with the SMS/MMS Charges Usage Report in Zoom's web
        portal, and ask Zoom's support if they matter to your bill.

    How far to trust the figures
      Zoom's report was read whole as of 22 November 2026 08:00 EST: 1443
      charged messages on 6 pages for 22 days. The newest was sent 22 November
      2026 07:58 EST. Zoom may still add late charges.

    Zoom account  account-1
    Alert id      2a472ba92f834ebe4249c35d7490c7d3
    "#);
}

#[test]
fn the_chat_and_the_machine_form_of_a_correction_tell_the_same() {
    let Publication { chat, machine, .. } = corrected(Publication::of);
    let chat: Value = serde_json::from_str(&chat).unwrap();
    insta::assert_snapshot!(format!("{}\n{}", chat["content"]["title"], chat["content"]["description"].as_str().unwrap()), @r#"
    ":pencil2: Zoom SMS cost: 2 corrections; +14085550000: USD 66.2023, not 24.9 (2026-11)"
    • *+14085550000* spent *USD 66.2023* in November 2026, not USD 24.9: Zoom has restated its report; 50%, 80%, 100% reached only now
    • *+14085550001* spent *USD 29.5* in November 2026, not USD 103: Zoom has restated its report; 80%, 100% no longer reached
    _Zoom's report was read whole as of 22 November 2026 08:00 EST: 1443 charged messages on 6 pages for 22 days. The newest was sent 22 November 2026 07:58 EST. Zoom may still add late charges._
    Alert id `2a472ba92f834ebe4249c35d7490c7d3`
    "#);
    let machine: Value = serde_json::from_str(&machine).unwrap();
    insta::assert_json_snapshot!(machine["alerts"][0], @r#"
    {
      "amount": "66.2023",
      "budget": "every number",
      "currency": "USD",
      "id": "42c20d575977403e1afcae21e96bd16e",
      "kind": "correction",
      "level": "100%",
      "messages": 2,
      "only_now_reached": [
        "50%",
        "80%",
        "100%"
      ],
      "outcome": "sent",
      "period": "2026-11",
      "previous_amount": "24.9",
      "remaining": "-16.2023",
      "restated_days": [
        "2026-11-03",
        "2026-11-17"
      ],
      "scope": "billing_number",
      "share_of_account": "0.57",
      "subject": "+14085550000",
      "threshold": "50",
      "top": []
    }
    "#);
}

#[test]
fn a_receipt_tells_what_earlier_runs_read() {
    let text = noticed(&one(), |notice| {
        let receipt = Receipt { days_from_history: 18, pages: 1, ..notice.receipt.clone() };
        Notice { receipt, ..notice.clone() }.receipt_text()
    });
    insta::assert_snapshot!(text, @"Zoom's report was read whole as of 22 November 2026 08:00 EST: 1443 charged messages for 22 days, of which 4 days (1 page) were read now and 18 by earlier runs. The newest was sent 22 November 2026 07:58 EST. Zoom may still add late charges.");
}
