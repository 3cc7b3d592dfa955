//! The policy as a JSON Schema, for editors that complete and check TOML by one.
//!
//! Keys, choices and bounds are the parser's own; a test feeds both the same documents. A schema says less than the parser: it cannot compare
//! two tables, know the names that another table has, or read what a text stands for.

use serde_json::{Map, Value, json};

use super::owners::DEFAULT_OWNER;
use super::parse::budget::{BUDGET_KEYS, BUDGET_REQUIRED, PERIODS, SCOPES, SPIKE_KEYS, SPIKE_REQUIRED};
use super::parse::owners::OWNER_KEYS;
use super::parse::products::{countable, readable};
use super::parse::silence::{SELECTORS, SILENCE_KEYS, SILENCE_REQUIRED, WATCHES};
use super::parse::values::{MOST_AMOUNT, MOST_LATE_DAYS, MOST_PERCENT};
use super::parse::{DIGEST, GROUP_BY, POLICY_KEYS, SENDERS, UNWATCHED};
use crate::domain::charge::{NONE, Scope};
use crate::domain::money::Currency;

/// A text of at least one character that is not blank.
const FILLED: &str = r"\S";
/// A name, or a beginning with a star at its end.
const PATTERN: &str = r"^\s*[^*\s][^*]*\*?\s*$";
/// A number in plain or scientific notation that has a digit other than 0.
const NUMBER: &str = r"^\s*\+?(?=[0-9.]*[1-9])([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\s*$";
/// A date, or what has a time and an offset.
const MOMENT: &str = r"^\s*([0-9]{4}-[0-9]{2}-[0-9]{2}|\S+[Tt ].*([Zz]|[+-][0-9]{2}).*)\s*$";
const TOPIC_ARN: &str = r"^\s*arn:aws[^:]*:sns:[^:]+:[^:]+:[^:]+\s*$";

/// The JSON Schema (draft 2020-12) of a policy.
#[must_use]
pub fn schema() -> Value {
    let watches = |key: &str| json!({"required": [key], "properties": {key: {"minItems": 1}}});
    let mut schema = table(&POLICY_KEYS, &[], "What may be spent, who hears of it, and when not", |key| match key {
        "time_zone" => json!({
            "type": "string",
            "default": "UTC",
            "examples": ["America/New_York", "Europe/Berlin"],
            "description": "Where days and months turn: an IANA name",
        }),
        "late_charges_days" => json!({
            "type": "integer",
            "minimum": 0,
            "maximum": MOST_LATE_DAYS,
            "default": 3,
            "description": "For so many days a closed period is still judged, since charges may come late",
        }),
        "unwatched" => one_of(&UNWATCHED, "What becomes of charges in a currency that no budget covers"),
        "group_by" => one_of(&GROUP_BY, "One message for all new alerts of a run, or one for each subject"),
        "senders" => one_of(&SENDERS, "How messages name who sent: by extension and name, by extension, or not at all"),
        "digest" => one_of(&DIGEST, "A summary for each receiver, the morning after each day, week or month"),
        "products" => {
            let products = one_of(&readable(), "A report of Zoom's");
            json!({
                "type": "array",
                "items": products,
                "minItems": 1,
                "uniqueItems": true,
                "default": ["sms"],
                "description": "The reports to read: messages, calls, faxes",
            })
        }
        "budget" => {
            json!({"type": "array", "items": budget(), "description": "What each subject may spend in a period"})
        }
        "spike" => json!({"type": "array", "items": spike(), "description": "Days with far more messages than usual"}),
        "owner" => json!({"type": "array", "items": owner(), "description": "Teams with a topic of their own"}),
        "silence" => json!({"type": "array", "items": silence(), "description": "What is held back, and until when"}),
        _ => Value::Bool(false),
    });
    let about = [
        ("$schema", json!("https://json-schema.org/draft/2020-12/schema")),
        ("title", json!("Policy of zoom-sms-cost-alerts")),
        ("anyOf", json!([watches("budget"), watches("spike")])),
        ("$defs", json!({"currency": {"enum": currencies()}})),
    ];
    extend(&mut schema, about);
    schema
}

fn budget() -> Value {
    let mut budget =
        table(&BUDGET_KEYS, &BUDGET_REQUIRED, "What each subject may spend in a period", |key| match key {
            "amount" => {
                number(&MOST_AMOUNT.to_string(), "What each subject may spend a period, read exactly", "100.00")
            }
            "period" => {
                let mut period = one_of(&PERIODS, "Weeks begin on Monday");
                extend(&mut period, [("default", json!("month"))]);
                period
            }
            "product" => one_of(&countable(), "What is counted; default all that is read"),
            "alert_at" => percents("Percent of the amount at which to alert; default 100"),
            "forecast_at" => percents("Percent of the amount whose likely reaching is reported ahead; default none"),
            other => watch(other, "budget"),
        });
    let daily = json!({"required": ["period", "forecast_at"], "properties": {"period": {"const": "day"}}});
    let rules = [("allOf", json!([only_of_numbers(), {"not": daily}]))];
    extend(&mut budget, rules);
    budget
}

fn spike() -> Value {
    let mut spike = table(&SPIKE_KEYS, &SPIKE_REQUIRED, "Days with far more messages than usual", |key| match key {
        "min_extra" => {
            let what = "Money above the usual below which nothing is reported; default 1";
            number(&MOST_AMOUNT.to_string(), what, "1")
        }
        "product" => one_of(&readable(), "What is counted; default sms"),
        other => watch(other, "spike"),
    });
    extend(&mut spike, [("allOf", json!([only_of_numbers()]))]);
    spike
}

/// The keys that budgets and spikes have in common.
fn watch(key: &str, what: &str) -> Value {
    match key {
        "name" => filled(&format!("The name by which people know the {what}; no two have the same")),
        "scope" => one_of(&SCOPES, "What a subject is"),
        "only" => {
            let mut only =
                only("Which subjects: exact names, or beginnings with a star at the end. Leave it out for all");
            extend(&mut only, [("uniqueItems", json!(true))]);
            only
        }
        "currency" => json!({"$ref": "#/$defs/currency", "description": "A code of ISO 4217"}),
        "owner" => {
            let name = json!({"type": "string", "pattern": FILLED});
            json!({
                "anyOf": [name, {"type": "array", "items": name, "minItems": 1}],
                "default": DEFAULT_OWNER,
                "description": "Who hears of it: the name of an [[owner]], or several",
            })
        }
        _ => Value::Bool(false),
    }
}

fn owner() -> Value {
    table(&OWNER_KEYS, &OWNER_KEYS, "A team with a topic of its own", |key| match key {
        "name" => json!({
            "type": "string",
            "pattern": FILLED,
            "not": {"pattern": format!(r"^\s*{DEFAULT_OWNER}\s*$")},
            "description": "The name that budgets and spikes use",
        }),
        "topic_arn" => json!({
            "type": "string",
            "pattern": TOPIC_ARN,
            "not": {"pattern": r"\.fifo\s*$"},
            "examples": ["arn:aws:sns:us-east-1:123456789012:marketing-alerts"],
            "description": "The SNS standard topic: the output TopicArn of infra/owner.yaml",
        }),
        _ => Value::Bool(false),
    })
}

fn silence() -> Value {
    let mut silence = table(&SILENCE_KEYS, &SILENCE_REQUIRED, "Holds findings back for a time", |key| match key {
        "reason" => filled("Why; it is shown beside what is held back"),
        "until" => moment("When it ends: a date, whose beginning in the zone counts, or an instant"),
        "from" => moment("When it starts; default 92 days before its end, the longest that it may last"),
        "budget" => filled("The name of a budget"),
        "spike" => filled("The name of a spike"),
        "scope" => one_of(&SCOPES, "What a subject is"),
        "only" => only("Which subjects of the scope"),
        "kinds" => json!({
            "type": "array",
            "items": one_of(&WATCHES, "What was found"),
            "minItems": 1,
            "description": "Which kinds; default all three",
        }),
        "all" => json!({"const": true, "description": "Everything, corrections and unwatched currencies too"}),
        _ => Value::Bool(false),
    });
    let selectors: Vec<_> = SELECTORS.iter().map(|key| json!({"required": [key]})).collect();
    let rules = [
        ("oneOf", json!([{"required": ["all"]}, {"anyOf": selectors}])),
        ("dependentRequired", json!({"only": ["scope"]})),
        ("allOf", json!([only_of_numbers()])),
    ];
    extend(&mut silence, rules);
    silence
}

fn table(keys: &[&str], required: &[&str], description: &str, of: impl Fn(&str) -> Value) -> Value {
    let properties: Map<_, _> = keys.iter().map(|key| ((*key).to_owned(), of(key))).collect();
    json!({
        "type": "object",
        "description": description,
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

fn filled(description: &str) -> Value {
    json!({"type": "string", "pattern": FILLED, "description": description})
}

fn moment(description: &str) -> Value {
    json!({"type": "string", "pattern": MOMENT, "examples": ["2026-12-01", "2026-12-01T08:00:00-05:00"], "description": description})
}

fn only(description: &str) -> Value {
    json!({
        "type": "array",
        "items": {"type": "string", "pattern": PATTERN},
        "minItems": 1,
        "examples": [["+14085550000", "+1408556*"]],
        "description": description,
    })
}

/// An entry of a scope whose subjects are numbers has digits.
fn only_of_numbers() -> Value {
    let numbers = Scope::BillingNumber.name();
    let none = NONE.replace('(', r"\(").replace(')', r"\)");
    let pattern = format!(r"^\s*{none}\s*$|[0-9][^0-9]*[0-9][^0-9]*[0-9]|[0-9].*\*\s*$");
    json!({
        "if": {"required": ["scope"], "properties": {"scope": {"const": numbers}}},
        "then": {"properties": {"only": {"items": {"pattern": pattern}}}},
    })
}

/// A number greater than 0, as one of TOML or as a text, which keeps every digit.
fn number(most: &str, description: &str, example: &str) -> Value {
    let most: Value = most.parse::<u64>().map_or(Value::Null, Value::from);
    json!({
        "anyOf": [
            {"type": "number", "exclusiveMinimum": 0, "maximum": most},
            {"type": "string", "pattern": NUMBER},
        ],
        "examples": [example],
        "description": description,
    })
}

fn percents(description: &str) -> Value {
    json!({
        "type": "array",
        "items": number(&MOST_PERCENT.to_string(), "Percent", "80"),
        "minItems": 1,
        "uniqueItems": true,
        "examples": [[50, 80, 100]],
        "description": description,
    })
}

fn one_of<T>(choices: &[(&str, T)], description: &str) -> Value {
    let names: Vec<_> = choices.iter().map(|(name, _)| *name).collect();
    json!({"enum": names, "description": description})
}

/// All codes that the parser knows.
fn currencies() -> Vec<&'static str> {
    let letters = || b'A'..=b'Z';
    let codes = letters().flat_map(|a| letters().flat_map(move |b| letters().map(move |c| [a, b, c])));
    let known = codes.filter_map(|code| Currency::parse(std::str::from_utf8(&code).ok()?).ok());
    known.map(Currency::code).collect()
}

fn extend<const N: usize>(schema: &mut Value, members: [(&str, Value); N]) {
    if let Some(object) = schema.as_object_mut() {
        object.extend(members.map(|(name, value)| (name.to_owned(), value)));
    }
}

#[cfg(test)]
mod tests;
