//! The public contract: codes and messages of bad input, the shape of the answer, the events on file.

mod events;
mod faults;

use crate::support::{NOW, from_number, row, setup, spent};
use serde_json::{Map, Value, json};
use zoom_sms_cost_alerts::sandbox::{Dataset, Row};

/// The value with each text in place of its kind, and each array in place of what its members are.
fn shape(value: &Value) -> Value {
    match value {
        Value::Null => json!("null"),
        Value::Bool(_) => json!("boolean"),
        Value::Number(number) => json!(if number.is_u64() { "whole number" } else { "number" }),
        Value::String(text) if text.parse::<jiff::Timestamp>().is_ok() => json!("time"),
        Value::String(text) if is_plain(text) => json!("decimal"),
        Value::String(_) => json!("text"),
        Value::Array(items) => {
            let mut shapes: Vec<_> = items.iter().map(shape).collect();
            shapes.sort_by_key(Value::to_string);
            shapes.dedup();
            Value::Array(shapes)
        }
        Value::Object(members) => {
            let members = members.iter().map(|(name, value)| (name.clone(), shape(value)));
            Value::Object(Map::from_iter(members))
        }
    }
}

/// Plain notation without trailing zeros.
fn is_plain(text: &str) -> bool {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, rest) = unsigned.split_once('.').unwrap_or((unsigned, "1"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits(whole) && digits(rest) && !rest.ends_with('0') && (whole == "0" || !whole.starts_with('0'))
}

#[tokio::test]
async fn the_answer_has_the_contracts_shape() {
    let euros = Row { currency: Some("EUR".to_owned()), ..row("eur", NOW, 100) };
    let world = setup().rows([euros, spent(85)]).world().await;
    let outcome = world.judge().await;
    insta::assert_json_snapshot!(shape(outcome.answer()), @r#"
    {
      "alerts": [
        {
          "also_reached": [
            "text"
          ],
          "amount": "decimal",
          "budget": "text",
          "currency": "text",
          "id": "text",
          "kind": "text",
          "level": "text",
          "outcome": "text",
          "period": "text",
          "receiver": "text",
          "scope": "text",
          "severity": "text",
          "subject": "text",
          "threshold": "decimal"
        },
        {
          "amount": "decimal",
          "currency": "text",
          "id": "text",
          "kind": "text",
          "outcome": "text",
          "period": "text",
          "receiver": "text",
          "scope": "text",
          "severity": "text",
          "subject": "text"
        }
      ],
      "as_of": "time",
      "complete": "boolean",
      "periods": [
        {
          "complete": "boolean",
          "from": "time",
          "kind": "text",
          "to": "time"
        }
      ],
      "requests": "whole number",
      "rows": "whole number",
      "totals": [
        {
          "amount": "decimal",
          "billing_number": "text",
          "currency": "text",
          "messages": "whole number",
          "period": "text"
        }
      ]
    }
    "#);
}

#[tokio::test]
async fn amounts_are_plain_however_zoom_writes_them() {
    let number = |index: usize| format!("+1202555{index:04}");
    let texts = ["100.50000", "000.0205", "1000000", "0.00000001", "-3.10", " 7 ", "123456789.0123456789"];
    let written = texts.iter().enumerate().map(|(index, text)| {
        let charge_text = Some((*text).to_owned());
        from_number(&number(index), Row { charge_text, ..row("a", NOW, 0) })
    });
    let world = setup().rows(written.collect::<Vec<_>>()).world().await;
    let outcome = world.run(json!({ "as_of": NOW, "dry_run": true })).await;
    let totals = outcome.answer()["totals"].as_array().unwrap().iter();
    let amounts: Vec<_> = totals.map(|total| total["amount"].as_str().unwrap()).collect();
    assert_eq!(amounts, ["100.5", "0.0205", "1000000", "0.00000001", "-3.1", "7", "123456789.0123456789"]);

    world.replace(Dataset::sample(world.now));
    let outcome = world.run(json!({ "as_of": NOW, "dry_run": true })).await;
    for list in ["totals", "alerts"] {
        let amounts = outcome.answer()[list].as_array().unwrap().iter();
        let mut amounts = amounts.map(|entry| entry["amount"].as_str().unwrap());
        assert!(amounts.all(is_plain), "{}", outcome.answer()[list]);
    }
}

#[tokio::test]
async fn of_more_than_a_thousand_totals_the_largest_are_kept() {
    let spender = |index: i64| from_number(&format!("+1202{index:07}"), row("a", NOW, index));
    let spenders: Vec<_> = (1..=1_200).map(spender).collect();
    let world = setup().rows(spenders).world().await;
    let outcome = world.judge().await;
    let answer = outcome.answer();
    let totals = answer["totals"].as_array().unwrap();
    let mut numbers: Vec<_> = totals.iter().map(|total| total["billing_number"].as_str().unwrap()).collect();
    numbers.sort_unstable();
    let kept: Vec<_> = (201..=1_200).map(|index| format!("+1202{index:07}")).collect();
    assert_eq!(numbers, kept);
    assert_eq!((&answer["totals_left_out"], &answer["rows"]), (&json!(200), &json!(1_200)));
}

#[tokio::test]
async fn a_machine_form_has_the_contracts_shape() {
    let world = setup().rows([spent(85)]).world().await;
    world.judge().await.answer();
    insta::assert_json_snapshot!(shape(&world.aws.messages().await[0].json()), @r#"
    {
      "account": "text",
      "alerts": [
        {
          "also_reached": [
            "text"
          ],
          "amount": "decimal",
          "budget": "text",
          "currency": "text",
          "id": "text",
          "kind": "text",
          "level": "text",
          "messages": "whole number",
          "outcome": "text",
          "period": "text",
          "receiver": "text",
          "remaining": "decimal",
          "scope": "text",
          "severity": "text",
          "share_of_account": "decimal",
          "subject": "text",
          "threshold": "decimal",
          "top": [
            {
              "amount": "decimal",
              "department": "text"
            }
          ]
        }
      ],
      "as_of": "time",
      "id": "text",
      "kind": "text",
      "possible_repeat": "boolean",
      "receipt": {
        "complete": "boolean",
        "days": "whole number",
        "days_from_history": "whole number",
        "newest_row": "time",
        "pages": "whole number",
        "read_to": "text",
        "rows": "whole number"
      },
      "receiver": "text",
      "rerun": "boolean",
      "schema": "whole number",
      "severity": "text"
    }
    "#);
    world.run(json!({ "test_alert": true })).await.answer();
    insta::assert_json_snapshot!(shape(&world.aws.messages().await[1].json()), @r#"
    {
      "account": "text",
      "alerts": [
        {
          "id": "text",
          "kind": "text",
          "outcome": "text",
          "receiver": "text",
          "remaining": "null",
          "severity": "text",
          "share_of_account": "null",
          "top": []
        }
      ],
      "as_of": "time",
      "id": "text",
      "kind": "text",
      "possible_repeat": "boolean",
      "receipt": {
        "complete": "boolean",
        "days": "whole number",
        "days_from_history": "whole number",
        "newest_row": "null",
        "pages": "whole number",
        "read_to": "null",
        "rows": "whole number"
      },
      "receiver": "text",
      "rerun": "boolean",
      "schema": "whole number",
      "severity": "text"
    }
    "#);
}
