//! How a budget stands after a run.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;

use crate::domain::alert::Finding;
use crate::domain::charge::Scope;
use crate::domain::money::{Amount, Currency};
use crate::domain::period::PeriodKind;
use crate::domain::policy::{Budget, Policy};
use crate::run::Examination;

/// How a budget stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Status {
    /// Whose budget it is: `Marketing +12025550187`.
    pub(super) who: String,
    /// What people call them in a sentence: `Marketing`.
    pub(super) name: String,
    /// The billing number, where it is one.
    pub(super) number: Option<String>,
    /// The currency.
    pub(super) currency: Currency,
    /// The budget.
    pub(super) limit: Amount,
    /// What is spent.
    pub(super) spent: Amount,
    /// Whether a level is reached.
    pub(super) is_reached: bool,
    /// Where the month will end, in four cases of five; `None` while nobody can say.
    pub(super) ends: Option<(Amount, Amount)>,
}

impl Status {
    /// The part of the budget that is spent, in hundredths, rounded down.
    pub(super) fn percent(&self) -> Decimal {
        self.spent.percent_of(self.limit).unwrap_or_default()
    }

    /// An amount as cells of a bar of which so many are the whole budget.
    pub(super) fn cells(&self, amount: Amount, whole: u32) -> usize {
        let cells = amount.decimal().checked_mul(whole.into()).and_then(|part| part.checked_div(self.limit.decimal()));
        cells.unwrap_or_default().round().max(Decimal::ZERO).to_usize().unwrap_or_default()
    }
}

/// How every budget of the policy stands in the running month, in the policy's order.
pub(super) fn statuses(policy: &Policy, examination: &Examination<'_>) -> Vec<Status> {
    let months = examination.report.periods.iter().filter(|period| period.kind() == PeriodKind::Month);
    let running = months.max().copied();
    let findings = examination.findings();
    let found = |budget: &Budget| {
        findings.iter().find_map(|finding| match finding {
            Finding::Spent(spent) if spent.budget.name == budget.name && Some(spent.period) == running => Some(spent),
            _ => None,
        })
    };
    let status = |budget: &Budget| {
        let spent = found(budget);
        let ends = spent.and_then(|spent| spent.estimate()).map(|estimate| (estimate.low, estimate.high));
        Status {
            spent: spent.map_or(Amount::ZERO, |spent| spent.sum.amount),
            is_reached: spent.is_some_and(|spent| spent.highest().is_some()),
            ends,
            ..unspent(budget)
        }
    };
    policy.budgets.iter().map(status).collect()
}

/// The budget before anything is spent.
pub(super) fn unspent(budget: &Budget) -> Status {
    let subject = budget.only.entries().into_iter().next().unwrap_or_default();
    let number = (budget.scope == Scope::BillingNumber).then(|| subject.clone());
    let (name, currency) = (budget.name.clone(), budget.currency);
    let who = match budget.scope {
        Scope::BillingNumber => format!("{name} {subject}"),
        _ if subject.is_empty() => format!("{name}, {currency}"),
        _ => format!("{subject}, {currency}"),
    };
    Status { who, name, number, currency, limit: budget.amount, spent: Amount::ZERO, is_reached: false, ends: None }
}
