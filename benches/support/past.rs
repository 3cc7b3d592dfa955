//! Thirteen months of so many billing numbers, and a policy that looks at all of them. Data are generated: weekdays, noise, growth, and a burst
//! now and then.

use std::error::Error;
use std::sync::Arc;

use jiff::ToSpan;
use jiff::civil::Date;
use zoom_sms_cost_alerts::domain::charge::Line;
use zoom_sms_cost_alerts::domain::money::{Amount, Currency};
use zoom_sms_cost_alerts::domain::product::Product;
use zoom_sms_cost_alerts::domain::replay::Past;
use zoom_sms_cost_alerts::domain::totals::{DaySums, Sum};

const DAYS: i32 = 395;
/// Levels and a forecast for each number, one for the account, and a watch for spikes on each number.
pub(crate) const POLICY: &str = r#"
    [[budget]]
    name = "every number"
    scope = "billing_number"
    currency = "USD"
    amount = 60
    alert_at = [50, 80, 100]
    forecast_at = [100]
    [[budget]]
    name = "all"
    scope = "account"
    currency = "USD"
    amount = 100000
    forecast_at = [100]
    [[spike]]
    name = "runaway"
    scope = "billing_number"
    currency = "USD"
"#;

/// Each text once, as loading leaves it.
pub(crate) fn past(numbers: u32) -> Result<Past, Box<dyn Error>> {
    let first: Date = "2025-11-01".parse()?;
    let currency = Currency::parse("USD")?;
    let departments: Vec<Arc<str>> = (0..50).map(|department| format!("Department {department}").into()).collect();
    let line = |number: u32| Line {
        number: format!("+1202{number:07}").into(),
        department: departments.get(number as usize % 50).cloned().unwrap_or_default(),
        cost_center: "CC-1".into(),
        extension: format!("{}", 1000 + number).into(),
        name: format!("Desk {number}").into(),
        currency,
    };
    let lines: Vec<Line> = (0..numbers).map(line).collect();
    let mut dice = 1_u64;
    let mut next = move || {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        dice >> 33
    };
    let mut day = |day: i32| -> Result<(Date, DaySums), Box<dyn Error>> {
        let mut sums = DaySums::new();
        for (number, line) in (0_u64..).zip(&lines) {
            let usual = 4 + number % 60 + u64::from(day.unsigned_abs()) * (number % 7) / 60;
            let usual = if day % 7 > 4 { usual / 4 } else { usual };
            let messages = usual / 2 + next() % (usual + 1) + if next() % 5_000 == 0 { 30 * usual } else { 0 };
            if messages > 0 {
                let amount = Amount::parse(&format!("{}e-4", 205 * messages))?;
                sums.push((line.clone(), Sum { amount, messages }));
            }
        }
        sums.shrink_to_fit();
        Ok((first.checked_add(day.days())?, sums))
    };
    let days = (0..DAYS).map(&mut day).collect::<Result<_, _>>()?;
    let products = [(Product::Sms, days)].into();
    Ok(Past { account: "account".to_owned(), zone: "UTC".to_owned(), products })
}
