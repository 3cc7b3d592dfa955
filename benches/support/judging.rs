//! What it takes to judge daily sums: a day of many numbers, and the CPU time that was spent.

use std::error::Error;

use zoom_sms_cost_alerts::domain::charge::Line;
use zoom_sms_cost_alerts::domain::money::{Amount, Currency};
use zoom_sms_cost_alerts::domain::totals::{DaySums, Sum};

/// A day's sums, as the daybook hands them out; `sent` tells what each number sent: the money in ten-thousandths, and the messages.
pub(crate) fn sums(numbers: u32, sent: impl Fn(u32) -> (u64, u64)) -> Result<DaySums, Box<dyn Error>> {
    let currency = Currency::parse("USD")?;
    let sum = |number: u32| {
        let line = Line {
            number: format!("+1202{number:07}").into(),
            department: format!("Department {}", number % 50).into(),
            cost_center: format!("CC-{}", number % 20).into(),
            extension: format!("{}", 1000 + number).into(),
            name: format!("Desk {number}").into(),
            currency,
        };
        let (money, messages) = sent(number);
        let amount = Amount::parse(&format!("{}.{:04}", money / 10_000, money % 10_000))?;
        Ok((line, Sum { amount, messages }))
    };
    (0..numbers).map(sum).collect()
}

/// The CPU time that this process has had, from the scheduler's own books.
pub(crate) fn cpu_ms() -> Result<f64, Box<dyn Error>> {
    let books = std::fs::read_to_string("/proc/self/schedstat")?;
    let nanoseconds: f64 = books.split_whitespace().next().ok_or("no schedule")?.parse()?;
    Ok(nanoseconds / 1e6)
}
