use super::*;
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::sync::Arc;

const SMS: Products = Products::One(Product::Sms);

fn faults(document: &str) -> Vec<String> {
    match Policy::parse(document) {
        Ok(_) => Vec::new(),
        Err(PolicyFaults(faults)) => faults.iter().map(|fault| format!("{} {fault}", fault.code)).collect(),
    }
}

fn budget(lines: &str) -> String {
    format!("[[budget]]\nname = \"b\"\nscope = \"account\"\ncurrency = \"USD\"\namount = 10\n{lines}")
}

#[test]
fn the_contracts_policy_is_read() {
    let policy = Policy::parse(include_str!("../../../events/policy.toml")).unwrap();
    insta::assert_debug_snapshot!((&policy.time_zone_name, policy.late_charges_days, policy.unwatched, policy.group_by, &policy.budgets[0]), @r#"
    (
        "America/New_York",
        3,
        Notify,
        Run,
        Budget {
            name: "every number",
            scope: BillingNumber,
            only: Everyone,
            products: One(
                Sms,
            ),
            currency: Currency(
                "USD",
            ),
            amount: Amount(
                100,
            ),
            period: Month,
            levels: [
                Level {
                    percent: 50,
                    threshold: Amount(
                        50,
                    ),
                },
                Level {
                    percent: 80,
                    threshold: Amount(
                        80,
                    ),
                },
                Level {
                    percent: 100,
                    threshold: Amount(
                        100,
                    ),
                },
            ],
            forecasts: [],
            owners: [
                "default",
            ],
        },
    )
    "#);
    assert_eq!(policy.budgets.len(), 4);
}

#[test]
fn an_amount_is_read_from_the_digits_written() {
    for (written, expected) in [
        ("\"100.00\"", "100"),
        ("500", "500"),
        ("1_000.25", "1000.25"),
        ("0.1", "0.1"),
        ("1e3", "1000"),
        ("999999999998.123456", "999999999998.123456"),
        ("\" 7 \"", "7"),
    ] {
        let document = budget("").replace("amount = 10", &format!("amount = {written}"));
        let policy = Policy::parse(&document).unwrap_or_else(|faults| panic!("{written}: {faults}"));
        assert_eq!(policy.budgets[0].amount.to_string(), expected, "{written}");
    }
}

#[test]
fn levels_are_sorted_and_exact() {
    let policy = Policy::parse(&budget("alert_at = [100, 33.33, \"50\"]")).unwrap();
    let levels: Vec<_> = policy.budgets[0].levels.iter().map(|level| format!("{level} {}", level.threshold)).collect();
    assert_eq!(levels, ["33.33% 3.333", "50% 5", "100% 10"]);
}

#[test]
fn every_fault_has_its_place_and_its_fix() {
    let cases = [
        "",
        "budget = []",
        "[budget]\nname = \"x\"",
        "time_zone = \"Mars/Olympus\"\nlate_charges_days = -1\nunwatched = \"shout\"\ngroup_by = 3\ncolour = \"red\"\n",
        "[[budget]]\n",
        &budget("thresholds = [50]"),
        &budget("").replace("USD", "EURO"),
        &budget("").replace("\"USD\"", "5"),
        &budget("").replace("amount = 10", "amount = -5"),
        &budget("").replace("amount = 10", "amount = 0.0000001"),
        &budget("").replace("amount = 10", "amount = nan"),
        &budget("").replace("amount = 10", "amount = 0x10"),
        &budget("").replace("amount = 10", "amount = \"1,000\""),
        &budget("").replace("amount = 10", "amount = 1e30"),
        &budget("").replace("amount = 10", "amount = [1]"),
        &budget("").replace("account", "planet"),
        &budget("period = \"year\""),
        &budget("alert_at = []"),
        &budget("alert_at = [0, 50]"),
        &budget("alert_at = [50, 50.0]"),
        &budget("alert_at = 80"),
        &budget("only = []"),
        &budget("only = [\"\"]"),
        &budget("only = [\"*\"]"),
        &budget("only = [\"+1*8\"]"),
        &budget("only = [\"a\", \"a\"]"),
        &format!("{}\n{}", budget(""), budget("")),
        &format!("{}\n{}", budget("only = [\"+1*\", \"+2\"]"), budget("only = [\"+2\"]").replace("\"b\"", "\"c\"")),
        "budget = [1]",
        "time_zone = \n",
        "time_zone = \"UTC\"\ntime_zone = \"UTC\"\n",
    ];
    let refused: Vec<_> = cases.iter().map(|case| (case.to_string(), faults(case))).collect();
    insta::assert_debug_snapshot!("policy_faults", refused);
}

fn with(table: &str) -> String {
    format!("{}\n{table}", budget(""))
}

#[test]
fn every_fault_of_owners_spikes_and_silences_has_its_place_and_its_fix() {
    let owner = |lines: &str| with(&format!("[[owner]]\nname = \"marketing\"\n{lines}"));
    let spike = |lines: &str| with(&format!("[[spike]]\nname = \"s\"\nscope = \"extension\"\n{lines}"));
    let silence = |lines: &str| with(&format!("[[silence]]\nreason = \"sale\"\n{lines}"));
    const ARN: &str = "topic_arn = \"arn:aws:sns:us-east-1:123456789012:marketing\"";
    let cases = [
        budget("forecast_at = [100]\nperiod = \"day\""),
        budget("forecast_at = [0]"),
        budget("owner = \"marketting\"") + &owner(ARN)[budget("").len()..],
        budget("owner = []"),
        budget("product = \"call\""),
        format!("products = [\"call\", \"telex\"]\n{}", budget("")),
        format!("products = [\"call\", \"call\"]\n{}", budget("")),
        format!("products = []\n{}", budget("")),
        "products = [\"fax\"]\n[[spike]]\nname = \"s\"\nscope = \"account\"\ncurrency = \"USD\"".to_owned(),
        owner(""),
        owner("topic_arn = \"marketing\""),
        owner(ARN).replace("\"marketing\"", "\"default\""),
        owner(ARN) + &owner(ARN)[budget("").len()..],
        spike(""),
        spike("currency = \"USD\"\nmin_extra = \"-1\"\nperiod = \"day\""),
        spike("currency = \"USD\"") + &spike("currency = \"USD\"")[budget("").len()..],
        with("[[silence]]"),
        silence("all = true"),
        silence("until = \"2026-12-01\""),
        silence("until = \"soon\"\nall = true"),
        silence("until = \"2026-12-01\"\nfrom = \"2026-08-30\"\nall = true"),
        silence("until = \"2026-12-01\"\nfrom = \"2026-12-01\"\nall = true"),
        silence("until = \"2026-12-01\"\nall = false"),
        silence("until = \"2026-12-01\"\nall = true\nkinds = [\"spike\"]"),
        silence("until = \"2026-12-01\"\nkinds = [\"correction\"]"),
        silence("until = \"2026-12-01\"\nonly = [\"+14085550000\"]"),
        silence("until = \"2026-12-01\"\nbudget = \"c\""),
    ];
    let refused: Vec<_> =
        cases.iter().map(|case| (case.strip_prefix(&budget("")).unwrap_or(case), faults(case))).collect();
    insta::assert_debug_snapshot!("watch_faults", refused);
}

#[test]
fn what_is_nearly_right_is_guessed() {
    const ARN: &str = "topic_arn = \"arn:aws:sns:us-east-1:123456789012:marketing\"";
    let owner = format!("[[owner]]\nname = \"marketing\"\n{ARN}");
    let silence = |line: &str| with(&format!("[[silence]]\nreason = \"sale\"\nuntil = \"2026-12-01\"\n{line}"));
    let spike = "[[spike]]\nname = \"runaway\"\nscope = \"account\"\ncurrency = \"USD\"";
    for (document, guess) in [
        (format!("time_zone = \"America/New_Yrok\"\n{}", budget("")), "America/New_York"),
        (format!("late_charge_days = 3\n{}", budget("")), "late_charges_days"),
        (format!("[[bugdet]]\nname = \"a\"\n{}", budget("")), "budget"),
        (format!("unwatched = \"notfy\"\n{}", budget("")), "notify"),
        (format!("group_by = \"subjects\"\n{}", budget("")), "subject"),
        (budget("alert_to = [50]"), "alert_at"),
        (budget("").replace("account", "acount"), "account"),
        (budget("period = \"moth\""), "month"),
        (format!("{}{owner}", budget("owner = \"marketin\"\n")), "marketing"),
        (with(&owner.replace("topic_arn", "topic-arn")), "topic_arn"),
        (with(&spike.replace("scope", "scop")), "scope"),
        (silence("budgt = \"b\""), "budget"),
        (silence("budget = \"bb\""), "b"),
        (format!("{}\n{spike}", silence("spike = \"run away\"")), "runaway"),
        (silence("kinds = [\"spikes\"]"), "spike"),
        (silence("scope = \"departement\""), "department"),
    ] {
        let faults = faults(&document);
        let guess = format!("did you mean {guess:?}?");
        assert!(faults.iter().any(|fault| fault.contains(&guess)), "{document}\n{faults:#?}");
    }
}

#[test]
fn owners_that_share_a_topic_are_one_receiver() {
    let owner = |name: &str, topic: &str| {
        format!("[[owner]]\nname = {name:?}\ntopic_arn = \"arn:aws:sns:us-east-1:123456789012:{topic}\"\n")
    };
    let owners = [owner("a", "one"), owner("b", "two"), owner("c", "one"), owner("d", "main")].concat();
    let policy = Policy::parse(&with(&owners)).unwrap();
    let receivers = policy.receivers("arn:aws:sns:us-east-1:123456789012:main");
    let names: Vec<_> = receivers.iter().map(|receiver| &*receiver.name).collect();
    assert_eq!(names, ["default", "a", "b"]);
    let hears = |owner: &str| {
        let owners = [owner.to_owned()];
        receivers.iter().filter(|receiver| receiver.is_of(&owners)).map(|receiver| &*receiver.name).collect::<Vec<_>>()
    };
    assert_eq!([hears("default"), hears("d"), hears("c"), hears("b")], [["default"], ["default"], ["a"], ["b"]]);
}

#[test]
fn a_silence_selects_by_all_that_it_names() {
    let silence = |lines: &str| {
        let document = with(&format!("[[silence]]\nreason = \"sale\"\nuntil = \"2026-12-01\"\n{lines}"));
        Policy::parse(&document).unwrap_or_else(|faults| panic!("{faults}")).silences.remove(0)
    };
    let number = |watch, name| Watched { watch, name, scope: Scope::BillingNumber, subject: "+14085550000" };
    let (level, spike) = (number(Watch::Budget, "b"), number(Watch::Spike, "b"));
    for (lines, selects) in [
        ("all = true", [true, true, true]),
        ("budget = \"b\"", [true, false, false]),
        ("kinds = [\"spike\"]", [false, true, false]),
        ("scope = \"billing_number\"\nonly = [\"+1408*\"]", [true, true, false]),
        ("scope = \"department\"", [false, false, false]),
        ("scope = \"billing_number\"\nkinds = [\"budget\", \"forecast\"]", [true, false, false]),
    ] {
        let silence = silence(lines);
        let found = [Some(level), Some(spike), None].map(|watched| silence.selects(watched));
        assert_eq!(found, selects, "{lines}");
    }
    // A date is its beginning in the zone; without a beginning, a silence lasts as long as one may.
    let silence = silence("all = true");
    assert_eq!(silence.until.to_string(), "2026-12-01T00:00:00Z");
    assert_eq!(silence.from.to_string(), "2026-08-31T00:00:00Z");
    assert!(silence.is_active("2026-11-30T23:59:59Z".parse().unwrap()) && !silence.is_active(silence.until));
}

#[test]
fn the_most_specific_budget_alone_applies() {
    let named = |name: &str, only: &str| {
        format!("{}\n", budget(only).replace("\"b\"", &format!("{name:?}")).replace("account", "billing_number"))
    };
    let document = [
        named("all", ""),
        named("short", "only = [\"+1*\"]"),
        named("long", "only = [\"+14*\"]"),
        named("one", "only = [\"+1408\"]"),
    ]
    .concat();
    let policy = Policy::parse(&document).unwrap();
    let applies = |subject: &str| {
        policy
            .budget_for(SMS, Scope::BillingNumber, (subject, Currency::parse("USD").unwrap()), PeriodKind::Month)
            .map(|budget| budget.name.as_str())
    };
    assert_eq!(applies("+1408"), Some("one"));
    assert_eq!(applies("+1409"), Some("long"));
    assert_eq!(applies("+1300"), Some("short"));
    assert_eq!(applies("(none)"), Some("all"));
    assert_eq!(
        policy.budget_for(SMS, Scope::Department, ("+1408", Currency::parse("USD").unwrap()), PeriodKind::Month),
        None
    );
    assert_eq!(
        policy.budget_for(SMS, Scope::BillingNumber, ("+1408", Currency::parse("EUR").unwrap()), PeriodKind::Month),
        None
    );
    assert_eq!(
        policy.budget_for(SMS, Scope::BillingNumber, ("+1408", Currency::parse("USD").unwrap()), PeriodKind::Day),
        None
    );
}

/// The rule as it is written down: a look at each.
fn closest<'p, T>(
    all: &'p [T],
    is_among: impl Fn(&T) -> bool,
    only: impl Fn(&T) -> &Only,
    subject: (Scope, &str),
) -> Option<&'p T> {
    let number = number_of(subject.0, subject.1);
    let named = all.iter().filter(|each| is_among(each));
    let named = named.filter_map(|each| Some((only(each).closeness(subject.1, number.as_ref())?, each)));
    named.max_by_key(|(closeness, _)| *closeness).map(|(_, each)| each)
}

const SCOPES: [Scope; 2] = [Scope::BillingNumber, Scope::Department];
const PERIODS: [PeriodKind; 2] = [PeriodKind::Month, PeriodKind::Day];

/// Texts of few characters, so that they meet: numbers with and without an extension, names, and beginnings of both.
fn only() -> impl Strategy<Value = Option<Vec<String>>> {
    let entry = prop_oneof![
        "[12]{3,5}",
        "[12]{3,4} Ext. [12]",
        "[12]{1,3}\\*",
        "[aé]{1,3}",
        "[aé]{1,2}\\*",
        Just("(none)".to_owned())
    ];
    proptest::option::of(proptest::collection::vec(entry, 1..5))
}

fn subject() -> impl Strategy<Value = String> {
    prop_oneof!["\\+[12]{1,6}", "\\+[12]{3,4} Ext. [12]{1,2}", "[aé]{1,4}", Just("(none)".to_owned())]
}

proptest! {
    /// Looked up as if each budget had been looked at; of budgets that tie, the parser has refused all but one.
    #[test]
    fn what_applies_is_found_as_by_a_look_at_each(
        tables in proptest::collection::vec((any::<bool>(), 0_usize..2, 0_usize..2, any::<bool>(), only()), 1..12),
        subjects in proptest::collection::vec(subject(), 1..20),
    ) {
        let mut document = String::new();
        for (index, (is_budget, scope, period, is_usd, only)) in tables.iter().enumerate() {
            let (scope, period) = (SCOPES[*scope].name(), PERIODS[*period].name());
            let currency = if *is_usd { "USD" } else { "EUR" };
            let only = only.as_ref().map_or_else(String::new, |only| format!("only = {only:?}\n"));
            let (what, amount) = if *is_budget { ("budget", format!("amount = 1\nperiod = {period:?}\n")) } else { ("spike", String::new()) };
            let table = format!("[[{what}]]\nname = \"{index}\"\nscope = {scope:?}\ncurrency = {currency:?}\n{amount}{only}");
            let longer = document.clone() + &table;
            if Policy::parse(&longer).is_ok() {
                document = longer;
            }
        }
        prop_assume!(!document.is_empty());
        let policy = Policy::parse(&document).unwrap();
        for subject in &subjects {
            for (scope, currency) in SCOPES.into_iter().flat_map(|scope| ["USD", "EUR"].map(|currency| (scope, Currency::parse(currency).unwrap()))) {
                for period in PERIODS {
                    let is_among = |it: &Budget| (it.scope, it.currency, it.period) == (scope, currency, period);
                    let slow = closest(&policy.budgets, is_among, |it| &it.only, (scope, subject));
                    prop_assert_eq!(policy.budget_for(SMS, scope, (subject, currency), period), slow, "{} {}", subject, &document);
                }
                let is_among = |it: &Spike| (it.scope, it.currency) == (scope, currency);
                let slow = closest(&policy.spikes, is_among, |it| &it.only, (scope, subject));
                prop_assert_eq!(policy.spike_for(Product::Sms, scope, (subject, currency)), slow, "{} {}", subject, &document);
            }
        }
        for scope in SCOPES {
            let seen = Subjects::of(scope, subjects.iter().map(|subject| Arc::from(subject.as_str())).collect::<BTreeSet<_>>());
            for selector in policy.selectors().filter(|selector| selector.scope == scope) {
                let slow = subjects.iter().any(|subject| selector.only.names(scope, subject));
                prop_assert_eq!(seen.any(selector.only), slow, "{:?} {:?}", selector, &subjects);
            }
        }
    }
}

#[test]
fn a_budget_counts_what_is_read_or_the_product_that_it_names() {
    let of = |products: &str, product: &str| {
        let policy = Policy::parse(&format!("{products}\n{}", budget(product))).unwrap();
        (policy.budgets[0].products.name(), policy.all().name(), policy.names_products())
    };
    let three = "products = [\"fax\", \"sms\", \"call\"]";
    assert_eq!(of("", ""), ("sms", "sms", false));
    assert_eq!(of("products = [\"sms\"]", "product = \"all\""), ("sms", "sms", false));
    assert_eq!(of("products = [\"call\"]", ""), ("call", "call", true));
    assert_eq!(of(three, ""), ("all", "all", true));
    assert_eq!(of(three, "product = \"fax\""), ("fax", "all", true));
    // Budgets that count something else are no tie.
    let each = ["sms", "call", "all"].map(|product| budget(&format!("product = {product:?}")));
    let each: String =
        each.iter().enumerate().map(|(place, text)| text.replace("\"b\"", &format!("\"b{place}\"")) + "\n").collect();
    let policy = Policy::parse(&format!("{three}\n{each}")).unwrap();
    let usd = Currency::parse("USD").unwrap();
    let name =
        |products| policy.budget_for(products, Scope::Account, ("acc", usd), PeriodKind::Month).map(|it| &*it.name);
    assert_eq!(name(SMS), Some("b0"));
    assert_eq!(name(Products::One(Product::Call)), Some("b1"));
    assert_eq!(name(Products::One(Product::Fax)), None);
    assert_eq!(name(Products::All), Some("b2"));
}
