//! The figures: exact, whole, and in the right period.

use crate::support::{Budget, NOW, Policy, at, row, setup};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use zoom_sms_cost_alerts::sandbox::{Dataset, ObservedKind, Row};

/// All kinds of period, and so little to say that only figures matter.
fn every_period(zone: &str) -> Policy {
    let budget = |period| Budget::each("account").name(period).amount("1000000").period(period);
    Policy::of(budget("month")).and(budget("week")).and(budget("day")).zone(zone).only_watched()
}

fn moment(value: &Value) -> Timestamp {
    at(value.as_str().unwrap())
}

fn label(period: &Value, zone: &str) -> String {
    let first = moment(&period["from"]).in_tz(zone).unwrap();
    let form = match period["kind"].as_str().unwrap() {
        "month" => "%Y-%m",
        "week" => "%G-W%V",
        _ => "%Y-%m-%d",
    };
    first.strftime(form).to_string()
}

/// What the answer must hold for the periods that it lists, by the sandbox's own arithmetic.
fn true_totals(dataset: &Dataset, answer: &Value, zone: &str) -> Vec<Value> {
    let end = moment(&answer["as_of"]) + SignedDuration::from_secs(1);
    let periods = answer["periods"].as_array().unwrap().iter();
    let totals = periods.flat_map(|period| {
        let truth = dataset.truth(moment(&period["from"]), moment(&period["to"]).min(end));
        truth.into_iter().map(|((number, currency), truth)| {
            json!({ "period": label(period, zone), "billing_number": number, "currency": currency,
                "amount": truth.amount, "messages": truth.messages })
        })
    });
    totals.collect()
}

#[track_caller]
fn assert_true(dataset: &Dataset, answer: &Value, zone: &str) {
    let totals = answer["totals"].as_array().unwrap();
    assert_eq!(totals, &true_totals(dataset, answer, zone));
    let periods = answer["periods"].as_array().unwrap();
    let start = periods.iter().map(|period| moment(&period["from"])).min();
    let end = moment(&answer["as_of"]) + SignedDuration::from_secs(1);
    let all = dataset.truth(start.unwrap(), end);
    let rows: u64 = all.values().map(|truth| truth.messages).sum();
    assert!(rows > 0);
    assert_eq!((&answer["rows"], &answer["complete"]), (&json!(rows), &json!(true)));
    assert!(periods.iter().all(|period| period["complete"] == true));
}

#[tokio::test]
async fn the_samples_totals_are_true_to_the_last_digit() {
    let world = setup().sample().world().await;
    let dataset = world.zoom.dataset();
    let function = world.function().await;
    for (zone, as_of, expected) in [
        (
            "America/New_York",
            NOW,
            &[
                "day 2026-11-22 from 2026-11-22T05:00:00Z to 2026-11-23T05:00:00Z",
                "day 2026-11-21 from 2026-11-21T05:00:00Z to 2026-11-22T05:00:00Z",
                "day 2026-11-20 from 2026-11-20T05:00:00Z to 2026-11-21T05:00:00Z",
                "day 2026-11-19 from 2026-11-19T05:00:00Z to 2026-11-20T05:00:00Z",
                // It may still be listed under dates that are not over everywhere.
                "day 2026-11-18 from 2026-11-18T05:00:00Z to 2026-11-19T05:00:00Z",
                "week 2026-W47 from 2026-11-16T05:00:00Z to 2026-11-23T05:00:00Z",
                "month 2026-11 from 2026-11-01T04:00:00Z to 2026-12-01T05:00:00Z",
            ][..],
        ),
        // Just after the turn of week and month, the day of 25 hours among the judged.
        (
            "America/New_York",
            "2026-11-02T12:00:00Z",
            &[
                "day 2026-11-02 from 2026-11-02T05:00:00Z to 2026-11-03T05:00:00Z",
                "day 2026-11-01 from 2026-11-01T04:00:00Z to 2026-11-02T05:00:00Z",
                "day 2026-10-31 from 2026-10-31T04:00:00Z to 2026-11-01T04:00:00Z",
                "day 2026-10-30 from 2026-10-30T04:00:00Z to 2026-10-31T04:00:00Z",
                "day 2026-10-29 from 2026-10-29T04:00:00Z to 2026-10-30T04:00:00Z",
                "week 2026-W45 from 2026-11-02T05:00:00Z to 2026-11-09T05:00:00Z",
                "week 2026-W44 from 2026-10-26T04:00:00Z to 2026-11-02T05:00:00Z",
                "month 2026-11 from 2026-11-01T04:00:00Z to 2026-12-01T05:00:00Z",
                "month 2026-10 from 2026-10-01T04:00:00Z to 2026-11-01T04:00:00Z",
            ],
        ),
        // A past month, as it is rerun.
        (
            "UTC",
            "2026-10-31T23:59:59Z",
            &[
                "day 2026-10-31 from 2026-10-31T00:00:00Z to 2026-11-01T00:00:00Z",
                "day 2026-10-30 from 2026-10-30T00:00:00Z to 2026-10-31T00:00:00Z",
                "day 2026-10-29 from 2026-10-29T00:00:00Z to 2026-10-30T00:00:00Z",
                "day 2026-10-28 from 2026-10-28T00:00:00Z to 2026-10-29T00:00:00Z",
                "day 2026-10-27 from 2026-10-27T00:00:00Z to 2026-10-28T00:00:00Z",
                "week 2026-W44 from 2026-10-26T00:00:00Z to 2026-11-02T00:00:00Z",
                "month 2026-10 from 2026-10-01T00:00:00Z to 2026-11-01T00:00:00Z",
            ],
        ),
    ] {
        world.write_policy(every_period(zone));
        let outcome = function.invoke(json!({ "as_of": as_of })).await;
        let answer = outcome.answer();
        let listed = answer["periods"].as_array().unwrap().iter().map(|period| {
            let text = |name: &str| period[name].as_str().unwrap();
            format!("{} {} from {} to {}", text("kind"), label(period, zone), text("from"), text("to"))
        });
        assert_eq!(listed.collect::<Vec<_>>(), expected);
        assert_true(&dataset, answer, zone);
    }
}

#[tokio::test]
async fn many_pages_add_up_however_they_are_cut() {
    let dataset = Dataset::generated(2_000, 7, at(NOW));
    for line in ["", "--repeat-rows 7 --order oldest-first", "--repeat-rows 40 --numbers json --new-fields"] {
        let world = setup().policy(every_period("UTC")).data(dataset.clone()).zoom(line).world().await;
        let outcome = world.judge().await;
        assert_true(&dataset, outcome.answer(), "UTC");
        let observed = world.zoom.observed();
        let asked = observed.iter().filter(|request| request.kind == ObservedKind::Report);
        let pages = asked.count();
        assert!(pages >= 6, "{pages}");
        assert_eq!(outcome.answer()["requests"], pages);
    }
}

/// `period number currency amount (messages)`
fn totals(answer: &Value) -> Vec<String> {
    let told = |total: &Value| {
        let text = |name: &str| total[name].as_str().unwrap();
        let (period, number) = (text("period"), text("billing_number"));
        format!("{period} {number} {} {} ({})", text("currency"), text("amount"), total["messages"])
    };
    answer["totals"].as_array().unwrap().iter().map(told).collect()
}

#[tokio::test]
async fn each_row_counts_once_and_exactly() {
    let sent = "2026-11-10T10:00:00Z";
    let to = |number: &str, row: Row| Row { to_number: Some(number.to_owned()), ..row };
    let world = setup().rows([]).world().await;
    let function = world.function().await;
    for (case, given, expected) in [
        (
            "0.0205 three times",
            vec![row("a", sent, 205), row("b", sent, 205), row("c", sent, 205)],
            &["2026-11 +12025550143 USD 0.0615 (3)"][..],
        ),
        (
            "no trailing zeros",
            vec![row("a", sent, 5_000), row("b", sent, 995_000)],
            &["2026-11 +12025550143 USD 100 (2)"],
        ),
        (
            "credits are summed",
            vec![row("a", sent, 10_000), row("b", sent, -12_500)],
            &["2026-11 +12025550143 USD -0.25 (2)"],
        ),
        (
            "free messages are not counted",
            vec![row("a", sent, 10_000), row("b", sent, 0)],
            &["2026-11 +12025550143 USD 1 (1)"],
        ),
        (
            "a group message costs once for each recipient",
            vec![row("a", sent, 205), to("442079460124", row("a", sent, 205)), to("442079460125", row("a", sent, 205))],
            &["2026-11 +12025550143 USD 0.0615 (3)"],
        ),
        (
            "equal rows side by side are several",
            vec![row("a", sent, 205), row("a", sent, 205)],
            &["2026-11 +12025550143 USD 0.041 (2)"],
        ),
        (
            "no number is a subject too, and currencies stay apart",
            vec![
                Row { billing_number: None, ..row("a", sent, 205) },
                Row { billing_number: Some("  ".to_owned()), ..row("b", sent, 205) },
                Row { currency: Some(" eur ".to_owned()), ..row("c", sent, 300) },
                row("d", sent, 700),
            ],
            &["2026-11 (none) USD 0.041 (2)", "2026-11 +12025550143 EUR 0.03 (1)", "2026-11 +12025550143 USD 0.07 (1)"],
        ),
        (
            "a row of the very moment counts, a later one does not",
            vec![row("a", NOW, 1), row("b", "2026-11-22T13:00:01Z", 10), row("c", "2026-10-31T23:59:59Z", 100)],
            &["2026-11 +12025550143 USD 0.0001 (1)"],
        ),
        (
            "larger than any float holds",
            ["900719925.47409931", "0.00000002"]
                .map(|text| Row { charge_text: Some(text.to_owned()), ..row(text, sent, 1) })
                .into(),
            &["2026-11 +12025550143 USD 900719925.47409933 (2)"],
        ),
    ] {
        // Seen a day later, so that rows after the moment are in the report.
        world.replace(Dataset::of(given, at("2026-11-23T13:00:00Z")));
        let outcome = function.invoke(json!({ "as_of": NOW, "dry_run": true })).await;
        assert_eq!(totals(outcome.answer()), expected, "{case}");
    }
}

#[tokio::test]
async fn days_of_23_and_25_hours_hold_their_rows() {
    let policy = Policy::of(Budget::each("account").period("day")).zone("America/New_York").key("late_charges_days", 1);
    let world = setup().policy(policy).world().await;
    let function = world.function().await;
    for (as_of, sent, expected) in [
        (
            "2026-03-09T12:00:00Z",
            ["2026-03-08T04:59:59Z", "2026-03-08T05:00:00Z", "2026-03-09T03:59:59Z", "2026-03-09T04:00:00Z"],
            [("2026-03-09", "0.8 (1)"), ("2026-03-08", "0.06 (2)"), ("2026-03-07", "0.01 (1)")],
        ),
        (
            "2026-11-02T12:00:00Z",
            ["2026-11-01T03:59:59Z", "2026-11-01T04:00:00Z", "2026-11-02T04:59:59Z", "2026-11-02T05:00:00Z"],
            [("2026-11-02", "0.8 (1)"), ("2026-11-01", "0.06 (2)"), ("2026-10-31", "0.01 (1)")],
        ),
    ] {
        let charged = [100, 200, 400, 8_000].into_iter().zip(sent);
        let charged = charged.map(|(charge, sent)| row(sent, sent, charge));
        world.show(charged.collect::<Vec<_>>());
        let outcome = function.invoke(json!({ "as_of": as_of })).await;
        let expected = expected.map(|(day, sum)| format!("{day} +12025550143 USD {sum}"));
        assert_eq!(totals(outcome.answer()), expected);
    }
}

#[tokio::test]
async fn group_messages_count_whatever_identifies_their_rows() {
    for ids in ["shared-id", "own-ids"] {
        let recipients = (100..108).map(|digits| Row {
            to_number: Some(format!("442079460{digits}")),
            ..row("group", "2026-11-10T10:00:00Z", 483)
        });
        let given = setup().rows(recipients.collect::<Vec<_>>());
        let world = given.zoom(&format!("--group-messages {ids}")).world().await;
        let outcome = world.judge().await;
        assert_eq!(totals(outcome.answer()), ["2026-11 +12025550143 USD 0.3864 (8)"]);
    }
}
