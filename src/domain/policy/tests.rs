use super::*;

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
            .budget_for(Scope::BillingNumber, subject, Currency::parse("USD").unwrap(), PeriodKind::Month)
            .map(|budget| budget.name.as_str())
    };
    assert_eq!(applies("+1408"), Some("one"));
    assert_eq!(applies("+1409"), Some("long"));
    assert_eq!(applies("+1300"), Some("short"));
    assert_eq!(applies("(none)"), Some("all"));
    assert_eq!(policy.budget_for(Scope::Department, "+1408", Currency::parse("USD").unwrap(), PeriodKind::Month), None);
    assert_eq!(
        policy.budget_for(Scope::BillingNumber, "+1408", Currency::parse("EUR").unwrap(), PeriodKind::Month),
        None
    );
    assert_eq!(
        policy.budget_for(Scope::BillingNumber, "+1408", Currency::parse("USD").unwrap(), PeriodKind::Day),
        None
    );
}
