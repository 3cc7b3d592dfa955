use std::collections::HashSet;

use jiff::ToSpan as _;
use jiff::civil::date;
use proptest::prelude::*;

use super::*;
use crate::domain::charge::{Line, NONE};
use crate::domain::money::Currency;
use crate::domain::totals::Sum;

/// A past of so many days from 1 January 2026 on, from what each line sends on each day, at 2 cents.
fn past(days: i64, lines: &[(&str, &str, &str)], count: impl Fn(usize, i64) -> u64) -> Past {
    let line = |(number, department, currency): &(&str, &str, &str)| Line {
        number: (*number).into(),
        department: (*department).into(),
        cost_center: NONE.into(),
        extension: NONE.into(),
        name: NONE.into(),
        currency: Currency::parse(currency).unwrap(),
    };
    let day = |day: i64| {
        let sum = |index: usize| {
            let messages = count(index, day);
            Sum { amount: Amount::parse(&format!("{}e-2", 2 * messages)).unwrap(), messages }
        };
        let sums = lines.iter().enumerate().map(|(index, of)| (line(of), sum(index)));
        (date(2026, 1, 1).saturating_add(day.days()), sums.filter(|(_, sum)| sum.messages > 0).collect())
    };
    let products = [(Product::Sms, (0..days).map(day).collect())].into();
    Past { account: "acc".to_owned(), zone: "UTC".to_owned(), products }
}

fn suggested(past: &Past, most: u32) -> Suggestion {
    let suggestion = suggest(past, most, date(2026, 1, 1), &|_| {}).unwrap();
    let currencies: HashSet<_> = past.days(Product::Sms).values().flatten().map(|(line, _)| line.currency).collect();
    for currency in currencies {
        let is_whole =
            |budget: &crate::domain::policy::Budget| budget.scope == Scope::Account && budget.currency == currency;
        assert!(suggestion.policy.budgets.iter().any(is_whole), "{currency}: {}", suggestion.document);
    }
    let days = past.days(Product::Sms).len() as u64;
    assert!(
        suggestion.replay.most_of_a_receiver() <= (u64::from(most) * days).div_ceil(365),
        "{}",
        suggestion.document
    );
    suggestion
}

#[test]
fn the_largest_get_amounts_of_their_own_and_the_rest_is_shared() {
    let lines = [
        ("+12025550101", "Sales", "USD"),
        ("+12025550102", "Sales", "USD"),
        ("+12025550103", "Support", "USD"),
        ("+12025550104", "Support", "USD"),
        ("+493012345678", "Sales", "EUR"),
        ("(none)", "(none)", "USD"),
    ];
    let past = past(390, &lines, |index, day| [60, 30, 40, 2, 8, 5][index] * if day % 7 > 4 { 1 } else { 2 } / 2);
    insta::assert_snapshot!(suggested(&past, 12).document, @r#"
    # A proposal of cost-alerts init, from the past of account acc. Change what you know better.
    #
    # Expect at most 12 alerts a year in 8 years of 10, if the account goes on as before; this is no
    # prediction of a month. On the days from 1 January 2026 to 25 January 2027 it would have sent no
    # alert, from final figures.
    #
    # 3 subjects have a budget by name; what is not named is watched by the budgets of the whole
    # account. An amount is what a month of the subject exceeds once a year at most, in 8 years of 10,
    # rounded up.
    # Receivers of your own, levels below 100% and silences: see docs/policy.md.

    time_zone = "UTC"

    # the whole account: 12 whole months, EUR 3.84 to EUR 4.32, the last EUR 4.16.
    [[budget]]
    name        = "whole account in EUR"
    scope       = "account"
    currency    = "EUR"
    amount      = "5.7"
    forecast_at = [100]

    # the whole account: 12 whole months, USD 65.68 to USD 73.90, the last USD 71.14.
    [[budget]]
    name        = "whole account in USD"
    scope       = "account"
    currency    = "USD"
    amount      = "97"
    forecast_at = [100]

    # department Sales: 12 whole months, USD 43.20 to USD 48.60, the last USD 46.80.
    [[budget]]
    name        = "Sales in USD"
    scope       = "department"
    only        = ["Sales"]
    currency    = "USD"
    amount      = "64"
    forecast_at = [100]

    # +12025550101: 12 whole months, USD 28.80 to USD 32.40, the last USD 31.20.
    [[budget]]
    name        = "+12025550101 in USD"
    scope       = "billing_number"
    only        = ["+12025550101"]
    currency    = "USD"
    amount      = "43"
    forecast_at = [100]

    # department Support: 12 whole months, USD 20.16 to USD 22.68, the last USD 21.84.
    [[budget]]
    name        = "Support in USD"
    scope       = "department"
    only        = ["Support"]
    currency    = "USD"
    amount      = "30"
    forecast_at = [100]

    # Each number. A day with far more messages than usual is reported.
    [[spike]]
    name      = "unusual in EUR"
    scope     = "billing_number"
    currency  = "EUR"
    min_extra = "1"

    [[spike]]
    name      = "unusual in USD"
    scope     = "billing_number"
    currency  = "USD"
    min_extra = "1"
    "#);
}

#[test]
fn a_past_of_one_number_or_of_a_few_days_makes_a_policy() {
    let one = past(60, &[("+12025550101", "Sales", "USD")], |_, _| 10);
    let suggestion = suggested(&one, 12);
    assert_eq!((suggestion.policy.budgets.len(), suggestion.named), (1, 0), "one number is the account");
    let week = past(7, &[("+12025550101", "Sales", "JPY"), ("+12025550102", "Ops", "JPY")], |_, _| 900);
    let suggestion = suggested(&week, 1);
    assert!(suggestion.policy.spikes.is_empty() && suggestion.document.contains("Spikes need 28 days"));
    assert!(suggestion.policy.budgets.iter().all(|budget| budget.forecasts.is_empty()));
}

#[test]
fn nothing_to_go_by_is_said_with_what_to_do() {
    let fault = |past: &Past| suggest(past, 12, date(2026, 1, 1), &|_| {}).unwrap_err().to_string();
    assert!(
        fault(&Past::default())
            .starts_with("the past has 0 whole days, and a policy needs 7 at least; wait, or load more")
    );
    assert!(fault(&past(6, &[("+1202", "", "USD")], |_, _| 1)).starts_with("the past has 6 whole days"));
    assert!(fault(&past(30, &[("+1202", "", "USD")], |_, _| 0)).starts_with("nothing was charged in the past"));
}

#[test]
fn names_that_a_policy_could_not_hold_are_left_to_the_shared_budgets() {
    let lines =
        [("+12", "A\"\\b\u{7f}*", "USD"), ("+12025550102", "quo\"te\\", "USD"), ("+12025550103", "(folded)", "USD")];
    let suggestion = suggested(&past(120, &lines, |_, _| 10), 40);
    let named: Vec<_> = suggestion.policy.budgets.iter().flat_map(|budget| budget.only.entries()).collect();
    assert_eq!(named, ["quo\"te\\", "+12025550103"], "{}", suggestion.document);
}

#[test]
fn three_hundred_numbers_keep_to_the_alerts_of_a_year() {
    let names: Vec<(String, String)> =
        (0..300).map(|n| (format!("+1202555{n:04}"), format!("Department {}", n % 12))).collect();
    let lines: Vec<_> =
        names.iter().map(|(number, department)| (number.as_str(), department.as_str(), "USD")).collect();
    let past = past(390, &lines, |index, day| {
        let index = index as u64;
        let noise = (index * 7_919 + day.unsigned_abs() * 104_729) % 11;
        if (index + day.unsigned_abs()).is_multiple_of(997) { 400 } else { index / 20 + noise }
    });
    let suggestion = suggested(&past, 12);
    assert!((3..=12).contains(&suggestion.named), "{}", suggestion.document);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]
    #[test]
    fn whatever_was_sent_the_policy_is_valid_covers_all_and_keeps_to_its_alerts(
        days in 7_i64..200,
        most in 1_u32..30,
        levels in proptest::collection::vec(0_u64..80, 1..8),
        burst in (0_i64..200, 0_usize..8, 0_u64..3_000),
    ) {
        let names: Vec<_> = (0..levels.len()).map(|n| format!("+1202555010{n}")).collect();
        let lines: Vec<_> = names.iter().enumerate().map(|(n, name)| {
            (name.as_str(), ["Sales", "Ops", "(none)"][n % 3], ["USD", "EUR", "USD", "JPY"][n % 4])
        }).collect();
        let past = past(days, &lines, |index, day| {
            let extra = if (day, index) == (burst.0, burst.1) { burst.2 } else { 0 };
            levels[index] * u64::from(day % 5 != 0) + extra
        });
        if past.days(Product::Sms).values().all(Vec::is_empty) { return Ok(()) }
        suggested(&past, most);
    }
}
