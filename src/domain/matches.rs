//! What a policy names and what it covers: an `only` that matches nothing watches nothing, and says so.

use std::collections::{BTreeMap, BTreeSet};

use super::alert::hash;
use super::case::Case;
use super::charge::{Line, Scope};
use super::money::Currency;
use super::period::{Period, PeriodKind};
use super::policy::{Policy, Selector, Subjects};
use super::product::{Product, Products};
use super::text::{label, nearest};
use super::totals::{Sum, Totals};

/// Of a number without its country code, so many digits are given at least.
const LEAST_DIGITS: usize = 6;

/// What was spent in the longest period that applies to no budget, by product and currency: neither by its number, nor by its department, its
/// cost center or the account.
#[must_use]
pub fn uncovered(case: &Case<'_>) -> BTreeMap<(Product, Currency), Sum> {
    let mut sums = BTreeMap::<_, Sum>::new();
    let open = case.periods.iter().filter(|period| case.as_of < period.to());
    let Some(period) = open.max_by_key(|period| period.kind()) else { return sums };
    let is_covered = is_covered(case);
    for product in case.policy.products.iter().copied() {
        let figures = case.totals.figures(Products::One(product));
        for (_, line, sum) in figures.cells(period.first_day(), period.last_day()) {
            if !is_covered(product, line) {
                sums.entry((product, line.currency)).or_default().add(sum);
            }
        }
    }
    sums
}

/// Whether some budget applies to the charges of a line.
pub(super) fn is_covered<'c>(case: &Case<'c>) -> impl Fn(Product, &Line) -> bool + use<'c> {
    let (policy, account, kinds) = (case.policy, case.totals.account(), case.policy.period_kinds());
    move |product, line| {
        Scope::ALL.into_iter().any(|scope| {
            let subject = scope.subject(line).unwrap_or(account);
            let applies = |products, kind: &PeriodKind| {
                policy.budget_for(products, scope, (subject, line.currency), *kind).is_some()
            };
            kinds.iter().any(|kind| [Products::One(product), Products::All].iter().any(|of| applies(*of, kind)))
        })
    }
}

/// What an `only` is known by: its scope and its entries, in any order.
pub(super) fn fingerprint(selector: &Selector<'_>) -> String {
    let mut entries = selector.only.entries();
    entries.sort_unstable();
    let mut parts = vec![selector.scope.name()];
    parts.extend(entries.iter().map(String::as_str));
    hash(&parts, 16)
}

/// The fingerprints of all that matches a subject of these periods: what the next run's history keeps.
#[must_use]
pub fn matched(policy: &Policy, totals: &Totals, periods: &[Period]) -> BTreeSet<String> {
    let mut seen = Seen { totals, periods, subjects: BTreeMap::new() };
    policy.selectors().filter(|selector| seen.matches(selector)).map(|selector| fingerprint(&selector)).collect()
}

/// What has matched nothing so far, by the fingerprints of what has.
#[must_use]
pub fn never_matched<'p>(policy: &'p Policy, matched: &BTreeSet<String>) -> Vec<Selector<'p>> {
    policy.selectors().filter(|selector| !matched.contains(&fingerprint(selector))).collect()
}

/// What matches nothing that this run or an earlier one has seen.
#[must_use]
pub fn unmatched<'p>(
    policy: &'p Policy,
    totals: &Totals,
    periods: &[Period],
    earlier: &BTreeSet<String>,
) -> Vec<Selector<'p>> {
    let mut seen = Seen { totals, periods, subjects: BTreeMap::new() };
    let mut open = never_matched(policy, earlier);
    open.retain(|selector| !seen.matches(selector));
    open
}

/// The seen subject that an entry of an `only` may have meant, if it matches none: a number that ends as it does, or a name that is near.
#[must_use]
pub fn meant(selector: &Selector<'_>, case: &Case<'_>) -> Option<String> {
    let seen = case.periods.iter().flat_map(|period| case.figures().by_subject(period, selector.scope).into_keys());
    let seen: BTreeSet<String> = seen.map(|(subject, _)| label(&subject).into_owned()).collect();
    let names: Vec<&str> = seen.iter().map(String::as_str).collect();
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let meant = |entry: &String| {
        let given = digits(entry);
        let is_number =
            matches!(selector.scope, Scope::BillingNumber | Scope::Extension) && given.len() >= LEAST_DIGITS;
        let same_end = names.iter().find(|name| is_number && digits(name).ends_with(&given)).copied();
        same_end.or_else(|| if is_number { None } else { nearest(entry, &names) })
    };
    selector.only.entries().iter().find_map(meant).map(str::to_owned)
}

/// The subjects of these periods, collected where a scope is asked for.
struct Seen<'t> {
    totals: &'t Totals,
    periods: &'t [Period],
    subjects: BTreeMap<Scope, Subjects>,
}

impl Seen<'_> {
    /// Whether one of them is named.
    fn matches(&mut self, selector: &Selector<'_>) -> bool {
        let scope = selector.scope;
        let of_scope = self.subjects.entry(scope).or_insert_with(|| {
            let sums = self
                .periods
                .iter()
                .flat_map(|period| self.totals.figures(Products::All).by_subject(period, scope).into_keys());
            Subjects::of(scope, sums.map(|(subject, _)| subject).collect())
        });
        of_scope.any(selector.only)
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::domain::world::World;

    const POLICY: &str = r#"
        [[budget]]
        name = "sales"
        scope = "department"
        only = ["Sales"]
        currency = "USD"
        amount = 5
        period = "day"
    "#;

    #[test]
    fn a_fingerprint_is_of_what_a_budget_watches() {
        let of = |only: &str, name: &str, scope: &str| {
            let budget = format!(
                "[[budget]]\nname = {name:?}\nscope = {scope:?}\nonly = {only}\ncurrency = \"USD\"\namount = 1"
            );
            fingerprint(&Policy::parse(&budget).unwrap().selectors().next().unwrap())
        };
        let one = of("[\"Ops\", \"Sales\"]", "a", "department");
        assert_eq!(one, of("[\"Sales\", \"Ops\"]", "b", "department"));
        assert_ne!(one, of("[\"Sales\"]", "a", "department"));
        assert_ne!(one, of("[\"Sales\", \"Ops\"]", "a", "cost_center"));
    }

    #[test]
    fn a_name_that_is_near_and_a_number_without_its_country_are_guessed() {
        let meant = |scope: &str, only: &str| {
            let policy = format!(
                "[[budget]]\nname = \"b\"\nscope = {scope:?}\nonly = [{only:?}]\ncurrency = \"USD\"\namount = 5"
            );
            let world = World::new(&policy).day(5, &[("+12025550143", "Marketing", "USD", "9")]);
            let selector = world.policy.selectors().next().unwrap();
            super::meant(&selector, &world.case())
        };
        assert_eq!(meant("billing_number", "(202) 555-0143").as_deref(), Some("+12025550143"));
        assert_eq!(meant("billing_number", "2025550143").as_deref(), Some("+12025550143"));
        assert_eq!(meant("department", "Markting").as_deref(), Some("Marketing"));
        assert_eq!((meant("department", "Legal"), meant("billing_number", "4085550143")), (None, None));
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
                .map(|((_, currency), sum)| format!("{} {currency} of {}", sum.amount, sum.messages))
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
            (matched, fingerprint(&world.policy.selectors().next().unwrap()))
        };
        let (matched, sales) = seen("Sales");
        assert_eq!(matched, BTreeSet::from([sales]));
        assert!(seen("Ops").0.is_empty());
    }
}
