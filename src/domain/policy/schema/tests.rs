use std::sync::LazyLock;

use jsonschema::Validator;
use proptest::prelude::*;
use toml::de::{DeTable, DeValue};

use super::*;
use crate::domain::policy::Policy;

static VALIDATOR: LazyLock<Validator> = LazyLock::new(|| {
    let schema = schema();
    jsonschema::draft202012::meta::validate(&schema).unwrap_or_else(|error| panic!("{error}"));
    jsonschema::draft202012::new(&schema).unwrap()
});

/// A document as an editor hands it to the schema: numbers as numbers, dates as texts.
fn as_json(value: &DeValue<'_>) -> Value {
    match value {
        DeValue::String(text) => json!(text),
        DeValue::Integer(number) => json!(i64::from_str_radix(number.as_str(), number.radix()).unwrap()),
        DeValue::Float(number) => number.as_str().parse::<serde_json::Number>().map_or(Value::Null, Value::Number),
        DeValue::Boolean(is_true) => json!(is_true),
        DeValue::Datetime(moment) => json!(moment.to_string()),
        DeValue::Array(entries) => entries.iter().map(|entry| as_json(entry.get_ref())).collect(),
        DeValue::Table(table) => of_table(table),
    }
}

fn of_table(table: &DeTable<'_>) -> Value {
    let members = table.iter().map(|(key, value)| (key.get_ref().to_string(), as_json(value.get_ref())));
    Value::Object(members.collect())
}

/// What parser and schema say of a document: whether it is a policy.
fn verdicts(document: &str) -> (bool, bool) {
    let json = of_table(DeTable::parse(document).unwrap_or_else(|error| panic!("{document}: {error}")).get_ref());
    (Policy::parse(document).is_ok(), VALIDATOR.is_valid(&json))
}

const BUDGET: &str = "[[budget]]\nname = \"b\"\nscope = \"billing_number\"\ncurrency = \"USD\"\namount = 10\n";
const SPIKE: &str = "[[spike]]\nname = \"s\"\nscope = \"department\"\ncurrency = \"EUR\"\n";
const OWNER: &str = "[[owner]]\nname = \"o\"\ntopic_arn = \"arn:aws:sns:us-east-1:123456789012:topic\"\n";
const SILENCE: &str = "[[silence]]\nreason = \"sale\"\nuntil = \"2026-12-01\"\n";

#[test]
fn good_policies_are_good_to_both() {
    let sample = include_str!("../../../../events/policy.toml");
    let budget = |lines: &str| format!("{BUDGET}{lines}");
    let spike = |lines: &str| format!("{SPIKE}{lines}");
    let with_owner = |lines: &str| format!("{BUDGET}{lines}\n{OWNER}");
    let silence = |lines: &str| format!("{BUDGET}{SILENCE}{lines}");
    let documents = [
        sample.to_owned(),
        format!(
            "time_zone = \"Asia/Kathmandu\"\nlate_charges_days = 31\nunwatched = \"ignore\"\ngroup_by = \"subject\"\n{BUDGET}"
        ),
        spike(""),
        spike("min_extra = 0.5\nonly = [\"Sales\"]"),
        spike("product = \"sms\""),
        budget("product = \"sms\""),
        format!("products = [\"fax\", \"sms\"]\n{BUDGET}product = \"fax\""),
        budget("").replace("= 10", "= \"100.00\""),
        budget("").replace("= 10", "= 999_999_999_999"),
        budget("").replace("= 10", "= \" +1.5e3 \""),
        budget("").replace("= 10", "= \"0.01\""),
        budget("").replace("billing_number", "extension"),
        budget("only = [\"+14085550000\", \"(408) 555*\", \"(none)\", \"110\", \"2100000980 Ext. 1001\"]"),
        budget("period = \"week\"\nalert_at = [50, 80.5, \"100\"]\nforecast_at = [100]"),
        budget("period = \"day\""),
        with_owner("owner = \"o\""),
        with_owner("owner = [\"o\", \"default\"]"),
        silence("all = true"),
        silence("budget = \"b\""),
        silence("kinds = [\"budget\", \"forecast\", \"spike\"]"),
        silence("scope = \"billing_number\"\nonly = [\"+1408*\"]\nfrom = 2026-11-20"),
        silence("all = true").replace("\"2026-12-01\"", "2026-12-01T08:00:00-05:00"),
        silence("all = true").replace("\"2026-12-01\"", "\"2026-12-01T08:00:00Z\""),
    ];
    for document in documents {
        assert_eq!(verdicts(&document), (true, true), "{document}");
    }
}

/// What a schema can express: keys, types, choices, bounds, forms of texts, and which keys go together.
#[test]
fn bad_policies_are_bad_to_both() {
    let budget = |lines: &str| format!("{BUDGET}{lines}");
    let without = |text: &str, key: &str| {
        text.lines().filter(|line| !line.starts_with(key)).map(|line| format!("{line}\n")).collect::<String>()
    };
    let silence = |lines: &str| format!("{BUDGET}{SILENCE}{lines}");
    let mut documents = vec![
        String::new(),
        "budget = []".to_owned(),
        "budget = [1]".to_owned(),
        BUDGET.replace("[[budget]]", "[budget]"),
        format!("colour = \"red\"\n{BUDGET}"),
        format!("products = []\n{BUDGET}"),
        format!("products = \"sms\"\n{BUDGET}"),
        format!("products = [\"all\"]\n{BUDGET}"),
        format!("products = [\"fax\", \"fax\"]\n{BUDGET}"),
        format!("time_zone = 1\n{BUDGET}"),
        format!("late_charges_days = 32\n{BUDGET}"),
        format!("late_charges_days = -1\n{BUDGET}"),
        format!("late_charges_days = \"3\"\n{BUDGET}"),
        format!("unwatched = \"shout\"\n{BUDGET}"),
        format!("group_by = \"Run\"\n{BUDGET}"),
        budget("thresholds = [50]"),
        budget("product = \"telex\""),
        format!("{SPIKE}product = \"all\""),
        budget("").replace("\"b\"", "\" \""),
        budget("").replace("\"b\"", "1"),
        budget("").replace("billing_number", "planet"),
        budget("").replace("USD", "ZZZ"),
        budget("").replace("USD", "DOLLAR"),
        budget("period = \"year\""),
        budget("period = \"day\"\nforecast_at = [100]"),
        budget("owner = []"),
        budget("owner = [\"\"]"),
        budget("owner = 1"),
        budget("only = \"+1\""),
        SPIKE.replace("currency = \"EUR\"", "currency = \"EUR\"\namount = 1"),
        format!("{SPIKE}min_extra = 0"),
        format!("{BUDGET}[[owner]]\nname = \"o\"\ntopic_arn = \"marketing\""),
        format!("{BUDGET}{OWNER}").replace("\"o\"", "\"default\""),
        format!("{BUDGET}{OWNER}").replace(":topic", ":topic.fifo"),
        format!("{BUDGET}{OWNER}").replace("name = \"o\"\n", ""),
        format!("{BUDGET}{OWNER}email = \"a@example.com\""),
        silence(""),
        silence("all = false"),
        silence("all = true\nbudget = \"b\""),
        silence("only = [\"+1408*\"]"),
        silence("kinds = []"),
        silence("kinds = [\"correction\"]"),
        silence("all = true").replace("\"2026-12-01\"", "\"soon\""),
        silence("all = true").replace("\"2026-12-01\"", "2026-12-01T08:00:00"),
        silence("all = true").replace("\"sale\"", "\"\""),
    ];
    for amount in [
        "0",
        "-5",
        "\"0.00\"",
        "\"-1\"",
        "\"1,000\"",
        "\"\"",
        "1e30",
        "999_999_999_999.5",
        "[1]",
        "nan",
        "true",
        "\"e5\"",
    ] {
        documents.push(budget("").replace("= 10", &format!("= {amount}")));
    }
    for only in [
        "[]",
        "[\"\"]",
        "[\"*\"]",
        "[\"+1*8\"]",
        "[\"Sales\"]",
        "[\"12\"]",
        "[\"a*\"]",
        "[\"+1408*\", \"+1408*\"]",
        "[1]",
    ] {
        documents.push(budget(&format!("only = {only}")));
    }
    for levels in ["[]", "[0, 50]", "[50, 50.0]", "80", "[100_001]", "[\"eighty\"]"] {
        documents.push(budget(&format!("alert_at = {levels}")));
    }
    for (table, keys) in [(BUDGET, &BUDGET_REQUIRED[..]), (SPIKE, &SPIKE_REQUIRED)] {
        documents.extend(keys.iter().map(|key| without(table, key)));
    }
    documents.extend(SILENCE_REQUIRED.iter().map(|key| without(&silence("all = true"), key)));
    for document in documents {
        assert_eq!(verdicts(&document), (false, false), "{document}");
    }
}

/// Every key of the parser has a description, and no other is known.
#[test]
fn every_key_is_described() {
    let schema = schema();
    let tables = [
        ("", &POLICY_KEYS[..]),
        ("/properties/budget/items", &BUDGET_KEYS),
        ("/properties/spike/items", &SPIKE_KEYS),
        ("/properties/owner/items", &OWNER_KEYS),
        ("/properties/silence/items", &SILENCE_KEYS),
    ];
    for (table, keys) in tables {
        for key in keys {
            let description = schema.pointer(&format!("{table}/properties/{key}/description"));
            assert!(description.is_some_and(Value::is_string), "{table} {key}");
        }
    }
}

/// Keys with values, right and wrong, of which a table has some.
fn lines(choices: &'static [(&'static str, &'static [&'static str])]) -> impl Strategy<Value = String> {
    let choices: Vec<_> = choices
        .iter()
        .map(|(key, values)| {
            proptest::option::weighted(0.8, proptest::sample::select(*values))
                .prop_map(move |value| value.map_or_else(String::new, |value| format!("{key} = {value}\n")))
        })
        .collect();
    choices.prop_map(|lines| lines.concat())
}

const SCOPE_VALUES: &[&str] = &["\"billing_number\"", "\"department\"", "\"account\"", "\"extension\"", "\"city\""];
const ONLY_VALUES: &[&str] = &["[\"+14085550000\"]", "[\"+1408*\"]", "[\"Sales\"]", "[\"(none)\"]", "[\"*\"]", "[]"];
const NUMBERS: &[&str] = &["10", "\"10.50\"", "0.25", "0", "\"ten\"", "-1"];
const CURRENCIES: &[&str] = &["\"USD\"", "\"EUR\"", "\"JPY\"", "\"XYZ\""];
const NAMES: &[&str] = &["\"b\"", "\"every number\"", "\"\"", "7"];
const MOMENTS: &[&str] = &["\"2026-12-01\"", "2026-12-01", "\"2026-12-01T00:00:00Z\"", "\"soon\""];

proptest! {
    #[test]
    fn small_policies_are_the_same_to_both(
        top in lines(&[
            ("time_zone", &["\"UTC\"", "\"Asia/Kathmandu\"", "3"]),
            ("late_charges_days", &["0", "31", "32"]),
            ("unwatched", &["\"notify\"", "\"ignore\"", "\"no\""]),
        ]),
        budget in proptest::option::of(lines(&[
            ("name", NAMES), ("scope", SCOPE_VALUES), ("currency", CURRENCIES), ("amount", NUMBERS), ("only", ONLY_VALUES),
            ("period", &["\"day\"", "\"week\"", "\"month\"", "\"year\""]), ("alert_at", &["[50, 100]", "[\"80\"]", "[]"]),
            ("forecast_at", &["[100]", "[0]"]), ("owner", &["\"default\"", "[]"]),
        ])),
        spike in proptest::option::of(lines(&[
            ("name", NAMES), ("scope", SCOPE_VALUES), ("currency", CURRENCIES), ("min_extra", NUMBERS), ("only", ONLY_VALUES),
        ])),
        silence in proptest::option::of(lines(&[
            ("reason", NAMES), ("until", MOMENTS), ("scope", SCOPE_VALUES), ("only", ONLY_VALUES), ("kinds", &["[\"budget\"]", "[]"]),
        ])),
    ) {
        let table = |name: &str, lines: &Option<String>| {
            lines.as_ref().map_or_else(String::new, |lines| format!("[[{name}]]\n{lines}"))
        };
        let document = format!("{top}{}{}{}", table("budget", &budget), table("spike", &spike), table("silence", &silence));
        let (parsed, valid) = verdicts(&document);
        prop_assert_eq!(parsed, valid, "{}", &document);
    }
}
