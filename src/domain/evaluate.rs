//! Totals × policy → what is true. A pure function: a run, `check` and `demo` find the same through it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::alert::{Finding, Spent, Stale, Unwatched, hash};
use super::case::Case;
use super::charge::{Line, Scope};
use super::money::{Amount, Currency};
use super::period::Period;
use super::policy::{self, Budget, Only, Policy};
use super::totals::{Sum, Totals};

/// What earlier runs have seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// How new the report is; `None` if that cannot be judged.
    pub freshness: Option<Freshness>,
    /// Fingerprints of budgets whose `only` has matched a subject.
    pub matched: BTreeSet<String>,
}

impl History {
    /// The report, if it has had no new row for much longer than is usual.
    fn stale(&self, as_of: Timestamp) -> Option<Stale> {
        Stale::find(self.freshness.as_ref()?, as_of)
    }

    /// Whether the report has had no new row for much longer than is usual.
    #[must_use]
    pub fn is_stale(&self, as_of: Timestamp) -> bool {
        self.stale(as_of).is_some()
    }
}

/// How new a report is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Freshness {
    /// When the newest row was sent.
    pub newest_row: Timestamp,
    /// The longest time between two rows of the past 91 days.
    pub longest_gap: SignedDuration,
}

/// What was spent in the longest period that applies to no budget, by currency: neither by its number, nor by its department, its cost center
/// or the account.
#[must_use]
pub fn uncovered(case: &Case<'_>) -> BTreeMap<Currency, Sum> {
    let mut sums = BTreeMap::<Currency, Sum>::new();
    let open = case.periods.iter().filter(|period| case.as_of < period.to());
    let Some(period) = open.max_by_key(|period| period.kind()) else { return sums };
    let kinds = case.policy.period_kinds();
    let is_covered = |line: &Line| {
        Scope::ALL.into_iter().any(|scope| {
            let subject = scope.subject(line).unwrap_or(case.totals.account());
            kinds.iter().any(|kind| case.policy.budget_for(scope, subject, line.currency, *kind).is_some())
        })
    };
    for (_, line, sum) in case.totals.cells(period.first_day(), period.last_day()) {
        if !is_covered(line) {
            sums.entry(line.currency).or_default().add(sum);
        }
    }
    sums
}

/// What a budget's `only` is known by: its scope and its entries, in any order.
pub(super) fn fingerprint(budget: &Budget) -> String {
    let mut entries = match &budget.only {
        Only::Everyone => Vec::new(),
        Only::These(patterns) => patterns.iter().map(ToString::to_string).collect(),
    };
    entries.sort_unstable();
    let mut parts = vec![budget.scope.name()];
    parts.extend(entries.iter().map(String::as_str));
    hash(&parts, 16)
}

/// The fingerprints of the budgets whose `only` matches a subject of these periods: what the next run's [`History`] keeps.
#[must_use]
pub fn matched(policy: &Policy, totals: &Totals, periods: &[Period]) -> BTreeSet<String> {
    let budgets = policy.budgets.iter().filter(|budget| budget.only != Only::Everyone);
    matching(budgets, totals, periods).into_iter().map(fingerprint).collect()
}

/// The budgets whose `only` has matched nothing so far, by the fingerprints of those that have.
#[must_use]
pub fn never_matched<'p>(policy: &'p Policy, matched: &BTreeSet<String>) -> Vec<&'p Budget> {
    let is_open = |budget: &&Budget| budget.only != Only::Everyone && !matched.contains(&fingerprint(budget));
    policy.budgets.iter().filter(is_open).collect()
}

/// The budgets whose `only` matches nothing that this run or an earlier one has seen.
#[must_use]
pub fn unmatched<'p>(policy: &'p Policy, totals: &Totals, periods: &[Period], history: &History) -> Vec<&'p Budget> {
    let mut open = never_matched(policy, &history.matched);
    let matching = matching(open.iter().copied(), totals, periods);
    open.retain(|budget| !matching.iter().any(|other| other.name == budget.name));
    open
}

/// Those of the budgets that name a subject of these periods.
fn matching<'p>(budgets: impl Iterator<Item = &'p Budget>, totals: &Totals, periods: &[Period]) -> Vec<&'p Budget> {
    let mut subjects: BTreeMap<Scope, BTreeSet<Arc<str>>> = BTreeMap::new();
    let mut names = |budget: &&Budget| {
        let of_scope = subjects.entry(budget.scope).or_insert_with(|| {
            let sums = periods.iter().flat_map(|period| totals.by_subject(period, budget.scope).into_keys());
            sums.map(|(subject, _)| subject).collect()
        });
        of_scope.iter().any(|subject| budget.names(subject))
    };
    budgets.filter(|budget| names(budget)).collect()
}

/// Every subject that a budget applies to, every currency that none covers, and whether the report is stale.
#[must_use]
pub fn evaluate<'a>(case: &Case<'a>, history: &History) -> Vec<Finding<'a>> {
    let mut findings = Vec::new();
    for period in case.periods {
        let of_account = case.totals.by_subject(period, Scope::Account);
        let account_amounts: BTreeMap<Currency, Amount> =
            of_account.into_iter().map(|((_, currency), sum)| (currency, sum.amount)).collect();
        for scope in Scope::ALL {
            let mut budgets = case.policy.budgets.iter();
            if budgets.any(|budget| budget.scope == scope && budget.period == period.kind()) {
                findings.extend(spent(case, period, scope, &account_amounts));
            }
        }
    }
    findings.extend(unwatched(case, history));
    findings.extend(history.stale(case.as_of).map(Finding::Stale));
    findings
}

fn spent<'a>(
    case: &Case<'a>,
    period: &Period,
    scope: Scope,
    account_amounts: &BTreeMap<Currency, Amount>,
) -> Vec<Finding<'a>> {
    let mut findings = Vec::new();
    for ((subject, currency), sum) in case.totals.by_subject(period, scope) {
        let Some(budget) = case.policy.budget_for(scope, &subject, currency, period.kind()) else {
            continue;
        };
        let certainty = case.coverage.certainty(period, scope, &subject, currency);
        let account_amount = account_amounts.get(&currency).copied().unwrap_or_default();
        let days = BTreeMap::new();
        let spent = Spent { scope, subject, period: *period, sum, certainty, budget, account_amount, days };
        findings.push(Finding::Spent(Box::new(spent)));
    }
    findings
}

fn unwatched<'a>(case: &Case<'a>, history: &History) -> Vec<Finding<'a>> {
    let policy = case.policy;
    if policy.unwatched == policy::Unwatched::Ignore {
        return Vec::new();
    }
    let longest = policy.period_kinds().into_iter().max();
    let without = unmatched(policy, case.totals, case.periods, history);
    let is_covered = |currency: Currency| {
        let counts = |budget: &&Budget| !without.iter().any(|unmatched| unmatched.name == budget.name);
        policy.budgets.iter().filter(counts).any(|budget| budget.currency == currency)
    };
    let mut findings = Vec::new();
    for period in case.periods.iter().filter(|period| Some(period.kind()) == longest) {
        for ((account, currency), sum) in case.totals.by_subject(period, Scope::Account) {
            if !is_covered(currency) {
                let certainty = case.coverage.certainty(period, Scope::Account, &account, currency);
                findings.push(Finding::Unwatched(Unwatched { account, currency, period: *period, sum, certainty }));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::super::alert::{Finding, Threads};
    use super::super::world::{World, recorded};
    use super::*;
    use proptest::prelude::*;

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

    fn found(world: &World) -> Vec<String> {
        let shown = |finding: Finding<'_>| match finding {
            Finding::Spent(spent) => {
                let reached: Vec<_> = spent.reached().map(ToString::to_string).collect();
                let (period, subject, money) = (spent.period.label(), &spent.subject, spent.sum.amount);
                format!("{period} {subject} {money} {:?} [{}]", spent.certainty, reached.join(" "))
            }
            other => format!("{:?}", other.kind()),
        };
        world.findings().into_iter().map(shown).collect()
    }

    #[test]
    fn a_level_is_reached_at_its_threshold_not_below() {
        for (money, expected) in [("4.9999", "[]"), ("5", "[50%]"), ("9.999999", "[50%]"), ("10.0000", "[50% 100%]")] {
            let world = World::new(POLICY).day(5, &[("+1", "", "USD", money)]);
            assert!(found(&world)[0].ends_with(expected), "{money}");
        }
    }

    #[test]
    fn each_period_and_scope_has_its_own_sum() {
        let world = World::new(POLICY)
            .day(21, &[("+1", "Sales", "USD", "9")])
            .day(22, &[("+1", "Sales", "USD", "3"), ("+2", "Sales", "USD", "2"), ("+2", "Ops", "USD", "1")]);
        assert_eq!(
            found(&world),
            ["2026-11-22 Sales 5 Exact [100%]", "2026-11 +1 12 Exact [50% 100%]", "2026-11 +2 3 Exact []"]
        );
    }

    #[test]
    fn what_was_not_read_or_fell_makes_its_periods_uncertain() {
        let world = || World::new(POLICY).day(5, &[("+1", "", "USD", "6")]).day(22, &[("+1", "Sales", "USD", "1")]);
        assert_eq!(found(&world().unread(5, 5)), ["2026-11-22 Sales 1 Exact []", "2026-11 +1 7 AtLeast [50%]"]);
        assert_eq!(found(&world().unconfirmed()), ["2026-11-22 Sales 1 Exact []", "2026-11 +1 7 Unconfirmed [50%]"]);
    }

    #[test]
    fn a_fingerprint_is_of_what_a_budget_watches() {
        let of = |only: &str, name: &str, scope: &str| {
            let budget = format!(
                "[[budget]]\nname = {name:?}\nscope = {scope:?}\nonly = {only}\ncurrency = \"USD\"\namount = 1"
            );
            fingerprint(&Policy::parse(&budget).unwrap().budgets[0])
        };
        let one = of("[\"Ops\", \"Sales\"]", "a", "department");
        assert_eq!(one, of("[\"Sales\", \"Ops\"]", "b", "department"));
        assert_ne!(one, of("[\"Sales\"]", "a", "department"));
        assert_ne!(one, of("[\"Sales\", \"Ops\"]", "a", "cost_center"));
    }

    #[test]
    fn what_no_budget_covers_is_summed_until_its_period_ends() {
        let policy =
            "[[budget]]\nname = \"sales\"\nscope = \"department\"\nonly = [\"Sales\"]\ncurrency = \"USD\"\namount = 5";
        let mut world = World::new(policy).day(
            5,
            &[
                ("+1", "Sales", "USD", "9"),
                ("+1", "Ops", "USD", "3"),
                ("+2", "", "USD", "0.5"),
                ("+1", "Sales", "EUR", "7"),
            ],
        );
        let sums = |world: &World| {
            let sums = uncovered(&world.case());
            sums.iter()
                .map(|(currency, sum)| format!("{} {currency} of {}", sum.amount, sum.messages))
                .collect::<Vec<_>>()
        };
        assert_eq!(sums(&world), ["7 EUR of 3", "3.5 USD of 6"]);
        world.as_of = world.periods[0].to() - SignedDuration::from_secs(1);
        assert_eq!(sums(&world).len(), 2);
        world.as_of = world.periods[0].to();
        assert!(sums(&world).is_empty());
    }

    #[test]
    fn the_budgets_that_name_a_subject_are_remembered() {
        let seen = |department: &str| {
            let world = World::new(POLICY).day(22, &[("+1", department, "USD", "1")]);
            let matched = matched(&world.policy, &world.totals, &world.periods);
            (matched, fingerprint(&world.policy.budgets[1]))
        };
        let (matched, sales) = seen("Sales");
        assert_eq!(matched, BTreeSet::from([sales]));
        assert!(seen("Ops").0.is_empty());
    }

    #[test]
    fn a_report_is_stale_after_twice_its_longest_gap() {
        let newest_row = "2026-11-10T00:00:00Z".parse::<Timestamp>().unwrap();
        let freshness = Some(Freshness { newest_row, longest_gap: SignedDuration::from_hours(48) });
        let is_stale = |freshness, hours| {
            let history = History { freshness, ..History::default() };
            history.is_stale(newest_row + SignedDuration::from_hours(hours))
        };
        assert_eq!([is_stale(freshness, 96), is_stale(freshness, 97), is_stale(None, 97)], [false, true, false]);
    }

    proptest! {
        #[test]
        fn what_was_sent_and_recorded_is_not_due_again(cents in proptest::collection::vec(0_u32..3_000, 1..6)) {
            let mut threads = Threads::default();
            for cents in cents {
                let money = format!("{}.{:02}", cents / 100, cents % 100);
                let world = World::new(POLICY).day(22, &[("+1", "Sales", "USD", &money)]);
                let alerts = world.decided(&threads);
                threads = recorded(&threads, &alerts, &world.case());
                let again = world.decided(&threads);
                let due = again.iter().any(|alert| alert.decision == super::super::alert::Decision::Due);
                prop_assert!(!due, "{money}");
            }
        }
    }
}
