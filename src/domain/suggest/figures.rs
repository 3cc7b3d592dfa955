//! Between money and statistics: a subject's past becomes a distribution, and an amount becomes money, rounded up once.
#![allow(
    clippy::disallowed_types,
    clippy::float_arithmetic,
    reason = "an amount that is proposed is an estimate until it is rounded, here"
)]

use crate::domain::estimates::number;
use crate::domain::foresight::amount::{CONFIDENCE, MONTH_DAYS, Year, round_up};
use crate::domain::foresight::forecast::level;
use crate::domain::foresight::load::Load;
use crate::domain::money::Amount;

/// A budget of its own amount alerts so often a year, at most, in 8 years of 10.
const ALERTS_OF_A_BUDGET: u32 = 1;
/// By so much an amount is raised at once, if the past would have sent too much.
const STEP: f64 = 1.25;
/// No budget is smaller: the policy takes amounts above zero only.
const LEAST: f64 = 0.01;

/// What a subject spends, as a distribution.
#[derive(Clone, Copy, Debug)]
pub(super) struct Figures(Year);

impl Figures {
    /// From whole months and complete days, oldest first; `None` if nothing was charged on balance.
    pub(super) fn of(months: &[Amount], days: &[Amount]) -> Option<Figures> {
        let [mut months, days] = [months, days].map(|amounts| amounts.iter().copied().map(number).collect::<Vec<_>>());
        let level = level(&days);
        if months.is_empty() {
            months.push(MONTH_DAYS * level);
        }
        Year::after(&months, level).map(Figures)
    }

    /// The amount that keeps the alerts few, raised by so many steps.
    pub(super) fn amount(&self, steps: i32) -> Amount {
        let amount = self.0.amount(&[1.0], ALERTS_OF_A_BUDGET, CONFIDENCE).unwrap_or(self.0.month);
        let amount = round_up(amount * STEP.powi(steps)).max(LEAST);
        Amount::parse(&format!("{amount}")).unwrap_or_default()
    }

    /// A load with a budget of this amount.
    pub(super) fn added_to(&self, load: &Load, amount: Amount, forecast: bool) -> Load {
        load.with_budget(&self.0, number(amount), forecast)
    }
}
