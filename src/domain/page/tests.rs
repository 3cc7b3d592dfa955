use jiff::ToSpan as _;

use super::*;
use crate::domain::alert::AlertRecord;
use crate::domain::charge::Scope;
use crate::domain::money::{Amount, Currency};
use crate::domain::product::{Product, Products};
use crate::domain::totals::Sum;
use crate::domain::world::{NUMBERS, World, amount};

const POLICY: &str = r#"
    time_zone = "America/New_York"
    [[budget]]
    name = "every number"
    scope = "billing_number"
    currency = "USD"
    amount = "100.00"
    alert_at = [50, 80, 100]
    [[budget]]
    name = "Sales, weekly"
    scope = "department"
    only = ["Sales"]
    currency = "EUR"
    amount = 10
    period = "week"
"#;

fn page_with(world: &World, sent: &[Sent], alerts: &[AlertRecord]) -> Page {
    let findings = world.findings();
    let (case, history) = (world.case(), &world.history);
    let story = Story { case, findings: &findings, history, sent, alerts, is_replayed: false };
    Page::of(&story).unwrap()
}

fn page(world: &World) -> Page {
    page_with(world, &[], &[])
}

/// What a reader sees first, as text.
fn shown(page: &Page) -> String {
    let mut lines = vec![page.verdict.clone()];
    let statement = |statement: &Statement| format!("{:?}: {} {}", statement.sign, statement.lead, statement.text);
    lines.extend(page.statements.iter().map(statement));
    lines.push(page.rest.clone());
    lines.push(format!("{} {}", page.completeness.lead, page.completeness.text));
    lines.push(page.words.budgets.clone());
    let row = |row: &BudgetRow| {
        let least = if row.at_least { "at least " } else { "" };
        format!(
            "{} | {} | {} | {}% | {least}{} {} of {}",
            row.who, row.name, row.state, row.used, row.currency, row.spent, row.limit
        )
    };
    lines.extend(page.budgets.iter().map(row));
    lines.extend(page.not_in_full.iter().map(statement));
    lines.join("\n")
}

/// November up to the 22nd, every day known.
fn known(mut world: World) -> World {
    for day in 1..=22 {
        if !world.totals.figures(Products::All).knows(jiff::civil::date(2026, 11, day)) {
            world.totals.set(Product::Sms, jiff::civil::date(2026, 11, day), &Vec::new());
        }
    }
    world
}

#[test]
fn the_worst_comes_first_and_all_else_in_one_line() {
    let world = World::new(POLICY)
        .day(5, &[("+12025550187", "Marketing", "USD", "121.23"), ("+12025550143", "Sales", "USD", "64.31")])
        .day(17, &[("+33199005521", "Sales", "EUR", "14.86"), ("+442079460018", "Sales", "GBP", "3.21")]);
    insta::assert_snapshot!(shown(&page(&known(world))), @"
    Department Sales and Marketing’s +12025550187 are over their budgets.
    Over: Department Sales has spent EUR 14.86 of 10. If you did not expect this, look at the messages in Zoom’s report.
    Over: Marketing +12025550187 has spent USD 121.23 of 100. If you did not expect this, look at the messages in Zoom’s report.
    1 other budget is within its limit. No alert in November.
    22 of 22 days read. Every figure of November is complete up to the moment above, as far as Zoom has listed it.
    Budgets: 2 over, 1 within
    Department Sales | Sales, weekly, the week from 16 November | over | 148% | EUR 14.86 of 10
    Marketing +12025550187 | every number | over | 121% | USD 121.23 of 100
    Sales +12025550143 | every number | 50% reached | 64% | USD 64.31 of 100
    NotCovered: GBP 3.21 has no budget. 3 messages in all. Add a budget to the policy that covers it.
    ");
}

#[test]
fn charges_without_a_budget_are_those_of_their_report_alone() {
    let policy = r#"
        products = ["sms", "call"]
        [[budget]]
        name = "messages"
        scope = "account"
        product = "sms"
        currency = "USD"
        amount = 100
    "#;
    let world = World::new(policy)
        .senders_on(5, "+12025550187", "Marketing", &[("1003", "Campaigns", "40", 9)])
        .of(Product::Call)
        .senders_on(5, "+12025550187", "Marketing", &[("1004", "Hotline", "7", 30)]);
    let page = page(&world);
    let texts: Vec<_> = page.not_in_full.iter().map(|it| format!("{} {}", it.lead, it.text)).collect();
    let expected =
        "USD 7.00 on calls has no budget. 30 minutes in all. Most by Hotline, ext. 1004: USD 7.00. Add a budget";
    assert!(texts.iter().any(|text| text.starts_with(expected)), "{texts:#?}");
}

#[test]
fn what_is_not_known_is_said_and_never_a_zero() {
    let world = World::new(NUMBERS).day(5, &[("+12025550187", "Marketing", "USD", "30")]).unread(18, 19);
    let page = page(&known(world));
    insta::assert_snapshot!(shown(&page), @"
    No budget is over in the part of the report that could be read.
    No alert in November.
    20 of 22 days read. 18 and 19 November are missing (Zoom answered with errors, ZoomUnavailable). All figures of November are at least what is shown.
    Budgets: none is over in what was read
    Marketing +12025550187 | every number | within | 30% | at least USD 30 of 100
    NotRead: 18 and 19 November, all numbers. Zoom answered with errors, ZoomUnavailable. A day that is not known is drawn as a gap, never as zero, and no estimate is made from it. The next run reads it again.
    ");
    let curve = page.curves.first().unwrap();
    assert_eq!(curve.days.get(16..19).unwrap(), [Some(Amount::ZERO), None, None]);
    // Of the month before, and of all months before it, nothing is known.
    assert!(curve.last.iter().all(Option::is_none));
    let row = page.departments.first().and_then(|department| department.numbers.first()).unwrap();
    assert_eq!(row.spent.months.iter().flatten().count(), 1);
    let days: String = row.days.chars().skip(61).collect();
    assert_eq!(days, "00002000000000000??000........");
}

#[test]
fn currencies_are_never_added() {
    let world = World::new(NUMBERS).day(5, &[("+1202555", "Ops", "USD", "1"), ("+1202555", "Ops", "EUR", "2")]);
    let page = page(&known(world));
    let sums: Vec<_> = page.sums.iter().map(|sum| format!("{} {}", sum.currency, sum.spent)).collect();
    assert_eq!(sums, ["EUR 2", "USD 1"]);
    let of_department = page.departments.first().unwrap();
    assert_eq!((of_department.sums.len(), of_department.numbers.len()), (2, 2));
}

#[test]
fn alerts_are_numbered_in_the_order_of_time_and_mark_their_curves() {
    let world = known(World::new(NUMBERS).spent("121.23"));
    let sent = |level: &str, day: i8, sign| Sent {
        id: format!("id-{day}"),
        at: jiff::civil::date(2026, 11, day).at(15, 0, 0, 0).in_tz("UTC").unwrap().timestamp(),
        is_alert: true,
        sign,
        kind: "over",
        whose: Some((Scope::BillingNumber, "+12025550187".into(), Currency::parse("USD").unwrap())),
        products: Products::One(Product::Sms),
        what: format!("{level} of USD 100"),
        receiver: "default".into(),
        spike: None,
    };
    let before = Sent { at: "2026-10-30T12:00:00Z".parse().unwrap(), ..sent("50%", 1, Sign::Level) };
    let page = page_with(&world, &[sent("100%", 8, Sign::Over), before, sent("50%", 5, Sign::Level)], &[]);
    let rows: Vec<_> = page.alerts.iter().map(|row| (row.number, row.when.as_str(), row.id.as_str())).collect();
    assert_eq!(rows, [(2, "8 Nov 10:00", "id-8"), (1, "5 Nov 10:00", "id-5")]);
    assert_eq!(page.curves.first().unwrap().marks, [(1, 5, Sign::Level), (2, 8, Sign::Over)]);
    assert_eq!(page.words.alerts, "2 alerts sent in November");
}

#[test]
fn a_stored_page_is_the_same_page() {
    let page = page(&known(World::new(POLICY).spent("121.23")));
    let text = serde_json::to_string(&page).unwrap();
    assert_eq!(serde_json::from_str::<Page>(&text).unwrap(), page);
}

/// Ten thousand numbers whose names are as long and as awkward as they can be.
fn hostile() -> World {
    let mut world = World::new(NUMBERS);
    let numbers: Vec<(String, String)> = (0..10_000)
        .map(|index| (format!("+1202{index:07}"), format!("\"\\<{}>{index}", "\u{1F9E8}".repeat(300))))
        .collect();
    for back in (0..30).rev() {
        let day = jiff::civil::date(2026, 11, 22).saturating_sub(back.days());
        let line = |(index, (number, name)): (usize, &(String, String))| {
            let text = |text: &str| std::sync::Arc::<str>::from(text);
            let [department, extension, none] = [text(name), text(&index.to_string()), text("(none)")];
            let currency = Currency::parse(["USD", "EUR", "JPY"][index % 3]).unwrap();
            let line = crate::domain::charge::Line {
                number: text(number),
                department,
                cost_center: none,
                extension,
                name: text(name),
                currency,
            };
            (line, Sum { amount: amount(&format!("{}.0205", index % 97)), messages: index as u64 % 17 + 1 })
        };
        // A tenth of them sends on a day.
        let sums = numbers.iter().enumerate().filter(|(index, _)| (index + back as usize).is_multiple_of(10)).map(line);
        world.totals.set(Product::Sms, day, &sums.collect());
    }
    world
}

#[test]
fn a_page_of_ten_thousand_numbers_is_held_to_what_can_be_stored() {
    let page = page(&hostile());
    let rows = |page: &Page| page.departments.iter().map(|department| department.numbers.len()).sum::<usize>();
    assert_eq!((page.budgets.len(), rows(&page)), (MOST_ROWS, MOST_ROWS));
    let counted = page.more_numbers.as_ref().unwrap().count;
    let all = page.clone().fitting(300_000);
    assert!(all.bytes() <= 300_000);
    let small = page.clone().fitting(60_000);
    assert!(small.bytes() <= 60_000, "{}", small.bytes());
    assert_eq!(small.more_numbers.as_ref().unwrap().count, counted + (MOST_ROWS - rows(&small)) as u64);
    assert_eq!(small.budgets.first(), page.budgets.first());
    assert_eq!((&small.verdict, &small.completeness), (&page.verdict, &page.completeness));
    let longest = serde_json::to_value(&page).unwrap();
    assert!(most_characters(&longest) < 1_000, "{}", most_characters(&longest));
}

/// The longest text of a value.
fn most_characters(value: &serde_json::Value) -> usize {
    match value {
        serde_json::Value::String(text) => text.chars().count(),
        serde_json::Value::Array(all) => all.iter().map(most_characters).max().unwrap_or_default(),
        serde_json::Value::Object(all) => all.values().map(most_characters).max().unwrap_or_default(),
        _ => 0,
    }
}
