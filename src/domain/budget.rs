//! Totals × policy → where every watched subject stands.
//!
//! A sum is only as good as the reading behind it. Of a period that was read whole, it is exact. Of one that was not, the rows at hand still
//! prove that *at least* so much was spent, unless a credit is among them: then more rows could mean less, and nothing is proven.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::money::{Amount, Currency};
use super::period::Period;
use super::policy::{Budget, Level, Policy, Unwatched};
use super::totals::{Scope, Spender, Spenders, Totals};

/// What a sum proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// The sum is what was spent.
    Exact,
    /// The sum or more was spent.
    AtLeast,
    /// Rows are missing and credits are at hand: nothing.
    Nothing,
}

/// Where a subject stands against what is said of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing<'p> {
    /// The kind of subject.
    pub scope: Scope,
    /// The billing number, department, cost center or account.
    pub subject: Arc<str>,
    /// The currency of `amount`.
    pub currency: Currency,
    /// The period of `amount`.
    pub period: Period,
    /// What was spent.
    pub amount: Amount,
    /// How many messages it was spent on.
    pub messages: u64,
    /// What `amount` proves.
    pub proof: Proof,
    /// The budget that applies; `None` for charges in a currency that no budget covers.
    pub budget: Option<&'p Budget>,
    /// What the whole account spent in this currency and period.
    pub account_amount: Amount,
}

impl<'p> Standing<'p> {
    /// The levels that the sum proves to be reached, lowest first.
    #[must_use]
    pub fn reached(&self) -> Vec<&'p Level> {
        if self.proof == Proof::Nothing {
            return Vec::new();
        }
        self.budget.map_or_else(Vec::new, |budget| {
            budget.levels.iter().filter(|level| self.amount >= level.threshold).collect()
        })
    }

    /// Whether it cannot be told which levels of its budget are reached.
    #[must_use]
    pub fn is_unproven(&self) -> bool {
        self.budget.is_some() && self.proof == Proof::Nothing
    }

    /// Who spent it, largest first.
    #[must_use]
    pub fn spenders(&self, spenders: &mut Spenders<'_>) -> Vec<Spender> {
        spenders.behind(&self.period, self.scope, &self.subject, self.currency)
    }
}

/// A period, and whether all its rows were read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JudgedPeriod {
    /// The period.
    pub period: Period,
    /// Whether the report was read whole over the part of it that lies before the run's `as_of`.
    pub complete: bool,
}

/// Every subject that a budget applies to, and every currency that none covers, in the order of `periods`, then scope, subject, currency.
#[must_use]
pub fn judge<'p>(
    totals: &Totals,
    policy: &'p Policy,
    periods: &[JudgedPeriod],
    account: &Arc<str>,
) -> Vec<Standing<'p>> {
    let mut standings = Vec::new();
    let longest_kind = policy.period_kinds().into_iter().max();
    for JudgedPeriod { period, complete } in periods {
        let of_account = totals.by_subject(period, Scope::Account, account);
        let account_amounts: BTreeMap<_, _> =
            of_account.iter().map(|((_, currency), sum)| (*currency, sum.amount)).collect();
        for scope in [Scope::BillingNumber, Scope::Department, Scope::CostCenter, Scope::Account] {
            if scope != Scope::Account
                && !policy.budgets.iter().any(|budget| budget.scope == scope && budget.period == period.kind())
            {
                continue;
            }
            for ((subject, currency), sum) in totals.by_subject(period, scope, account) {
                let budget = policy.budget_for(scope, &subject, currency, period.kind());
                // An unwatched currency is told once, for the account, in the longest period that the policy knows.
                let unwatched = scope == Scope::Account
                    && policy.unwatched == Unwatched::Notify
                    && Some(period.kind()) == longest_kind
                    && !policy.covers(currency);
                if budget.is_none() && !unwatched {
                    continue;
                }
                let proof = match (complete, sum.has_credit) {
                    (true, _) => Proof::Exact,
                    (false, false) => Proof::AtLeast,
                    (false, true) => Proof::Nothing,
                };
                standings.push(Standing {
                    scope,
                    subject,
                    currency,
                    period: *period,
                    amount: sum.amount,
                    messages: sum.messages,
                    proof,
                    budget,
                    account_amount: account_amounts.get(&currency).copied().unwrap_or_default(),
                });
            }
        }
    }
    standings
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::super::charge::Charge;
    use super::super::period::PeriodKind;
    use super::super::totals::Tally;
    use super::*;

    const POLICY: &str = r#"
        [[budget]]
        name = "numbers"
        scope = "billing_number"
        currency = "USD"
        amount = "10.00"
        alert_at = [50, 100]
        [[budget]]
        name = "sales"
        scope = "department"
        only = ["Sales"]
        currency = "USD"
        amount = 5
        period = "day"
    "#;

    fn charge<'a>(
        sent: &str,
        amount: &str,
        currency: &str,
        number: Option<&'a str>,
        department: Option<&'a str>,
    ) -> Charge<'a> {
        Charge {
            sent: sent.parse().unwrap(),
            amount: Amount::parse(amount).unwrap(),
            currency: Currency::parse(currency).unwrap(),
            billing_number: number,
            department,
            cost_center: None,
            extension: None,
        }
    }

    fn judged(charges: &[Charge<'_>], complete: bool) -> Vec<String> {
        let policy = Policy::parse(POLICY).unwrap();
        let (mut tally, mut totals) = (Tally::of(TimeZone::UTC), Totals::default());
        for charge in charges {
            tally.add(charge).unwrap();
        }
        totals.add(&tally).unwrap();
        let at = "2026-11-05T12:00:00Z".parse().unwrap();
        let periods: Vec<_> = [PeriodKind::Day, PeriodKind::Month]
            .into_iter()
            .map(|kind| JudgedPeriod { period: Period::containing(kind, at, &TimeZone::UTC).unwrap(), complete })
            .collect();
        let standings = judge(&totals, &policy, &periods, &"acc".into());
        standings
            .iter()
            .map(|standing| {
                let reached: Vec<_> = standing.reached().iter().map(ToString::to_string).collect();
                format!(
                    "{} {} {} {} {} {:?} [{}]",
                    standing.period.label(),
                    standing.scope.name(),
                    standing.subject,
                    standing.amount,
                    standing.currency,
                    standing.proof,
                    reached.join(" ")
                )
            })
            .collect()
    }

    #[test]
    fn a_level_is_reached_at_its_threshold_not_below() {
        assert_eq!(
            judged(&[charge("2026-11-02T00:00:00Z", "4.9999", "USD", Some("+1"), None)], true),
            ["2026-11 billing_number +1 4.9999 USD Exact []"]
        );
        assert_eq!(
            judged(&[charge("2026-11-02T00:00:00Z", "5", "USD", Some("+1"), None)], true),
            ["2026-11 billing_number +1 5 USD Exact [50%]"]
        );
        assert_eq!(
            judged(&[charge("2026-11-02T00:00:00Z", "10.0000", "USD", None, None)], true),
            ["2026-11 billing_number (none) 10 USD Exact [50% 100%]"]
        );
    }

    #[test]
    fn each_period_and_scope_has_its_own_sum() {
        let charges = [
            charge("2026-11-05T00:00:00Z", "3", "USD", Some("+1"), Some("Sales")),
            charge("2026-11-05T23:59:59Z", "2", "USD", Some("+2"), Some("Sales")),
            charge("2026-11-06T00:00:00Z", "9", "USD", Some("+1"), Some("Sales")),
        ];
        assert_eq!(
            judged(&charges, true),
            [
                "2026-11-05 department Sales 5 USD Exact [100%]",
                "2026-11 billing_number +1 12 USD Exact [50% 100%]",
                "2026-11 billing_number +2 2 USD Exact []"
            ]
        );
    }

    #[test]
    fn an_unwatched_currency_is_told_once_for_the_longest_period() {
        let charges = [charge("2026-11-05T00:00:00Z", "3", "EUR", Some("+1"), Some("Sales"))];
        assert_eq!(judged(&charges, true), ["2026-11 account acc 3 EUR Exact []"]);
    }

    #[test]
    fn an_incomplete_reading_proves_a_lower_bound_unless_a_credit_is_in_it() {
        let mut charges = vec![charge("2026-11-02T00:00:00Z", "6", "USD", Some("+1"), None)];
        assert_eq!(judged(&charges, false), ["2026-11 billing_number +1 6 USD AtLeast [50%]"]);
        charges.push(charge("2026-11-02T00:00:00Z", "-0.01", "USD", Some("+1"), None));
        assert_eq!(judged(&charges, false), ["2026-11 billing_number +1 5.99 USD Nothing []"]);
        assert_eq!(judged(&charges, true), ["2026-11 billing_number +1 5.99 USD Exact [50%]"]);
    }
}
