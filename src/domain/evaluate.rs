//! Totals × policy → what is true. A pure function: a run, `check` and `demo` find the same through it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::alert::{Digest, Finding, Forecast, Lately, Spent, SpikeDay, Spiking, Stale, Unwatched, ahead, due_digest};
use super::baselines::{Baseline, Baselines, Episode};
use super::case::Case;
use super::charge::Scope;
use super::contributors::Among;
use super::coverage::Certainty;
use super::estimates::Bound;
use super::matches::unmatched;
use super::money::{Amount, Currency};
use super::period::{Period, PeriodKind};
use super::policy::{self, Spike};
use super::product::{Product, Products};
use super::totals::{Sum, Sums};

/// What earlier runs have seen.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    /// How new each report is, as far as that can be judged.
    pub freshness: Vec<Freshness>,
    /// Fingerprints of budgets whose `only` has matched a subject.
    pub matched: BTreeSet<String>,
    /// What forecasts and spikes of today rest on, by what is counted.
    pub baselines: BTreeMap<Products, Baselines>,
    /// The first day of which figures are known; `None` if all that were judged are.
    pub known_from: Option<Date>,
    /// What happened in the period of a digest; `None` if that is not known.
    pub lately: Option<Arc<Lately>>,
}

impl History {
    /// The reports that have had no new row for much longer than is usual.
    fn stale(&self, as_of: Timestamp) -> impl Iterator<Item = Stale> {
        self.freshness.iter().filter_map(move |freshness| Stale::find(freshness, as_of))
    }

    /// Whether a report has had no new row for much longer than is usual.
    #[must_use]
    pub fn is_stale(&self, as_of: Timestamp) -> bool {
        self.stale(as_of).next().is_some()
    }

    /// What forecasts and spikes of today rest on.
    #[must_use]
    pub fn baseline(
        &self,
        products: Products,
        scope: Scope,
        subject: &Arc<str>,
        currency: Currency,
    ) -> Option<&Baseline> {
        self.baselines.get(&products)?.of(scope, subject, currency)
    }

    /// How many complete, consecutive days are known of all that is counted.
    #[must_use]
    pub fn days(&self) -> u32 {
        self.baselines.values().map(|baselines| baselines.days).min().unwrap_or_default()
    }
}

/// How new a report is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Freshness {
    /// Which report.
    pub product: Product,
    /// When the newest row was sent.
    pub newest_row: Timestamp,
    /// The longest time between two rows of the past 91 days.
    pub longest_gap: SignedDuration,
}

/// Every subject that a budget applies to, what is likely and what is unusual, every currency that no budget covers, and whether the report is
/// stale.
#[must_use]
pub fn evaluate<'a>(case: &Case<'a>, history: &History) -> Vec<Finding<'a>> {
    let mut findings = Vec::new();
    for period in case.periods {
        let budgets = case.policy.budgets.iter().filter(|budget| budget.period == period.kind());
        let mut groups = BTreeMap::<Products, BTreeSet<Scope>>::new();
        budgets.for_each(|budget| _ = groups.entry(budget.products).or_default().insert(budget.scope));
        for (products, scopes) in groups {
            let of_account = case.totals.figures(products).by_subject(period, Scope::Account);
            for scope in scopes {
                let spent = spent(case, (*period, products, scope), &of_account, history);
                findings.extend(spent.iter().filter_map(|spent| forecast(spent, history)));
                findings.extend(spent.into_iter().map(|spent| Finding::Spent(Box::new(spent))));
            }
        }
    }
    findings.extend(spikes(case, history));
    findings.extend(unwatched(case, history));
    findings.extend(history.stale(case.as_of).map(Finding::Stale));
    // A period of which nothing is known has nothing to say.
    let is_known = |period: &Period| history.known_from.is_none_or(|from| period.last_day() >= from);
    let digest = due_digest(case).filter(is_known).map(|period| digest(case, period, &findings, history, None));
    findings.extend(digest);
    findings
}

/// The digest of a period, from what else is true; `request` is what asked for it, if it is not the regular one.
#[must_use]
pub fn digest<'a>(
    case: &Case<'a>,
    period: Period,
    findings: &[Finding<'a>],
    history: &History,
    request: Option<String>,
) -> Finding<'a> {
    Finding::Digest(Box::new(Digest::of(period, findings, case, history.lately.clone(), request)))
}

fn spent<'a>(
    case: &Case<'a>,
    (period, products, scope): Among,
    of_account: &Sums,
    history: &History,
) -> Vec<Spent<'a>> {
    let mut all = Vec::new();
    let figures = case.totals.figures(products);
    let not_priced = case.coverage.not_priced(products, &period, scope, figures.account());
    for ((subject, currency), sum) in figures.by_subject(&period, scope) {
        let Some(budget) = case.policy.budget_for(products, scope, (&subject, currency), period.kind()) else {
            continue;
        };
        let certainty = case.coverage.certainty(products, &period, scope, (&subject, currency));
        let account = of_account.get(&(Arc::clone(figures.account()), currency));
        let account_amount = account.copied().unwrap_or_default().amount;
        // A figure that is not known exactly is no ground for an estimate.
        let baseline = history.baseline(products, scope, &subject, currency);
        let baseline = baseline.filter(|_| certainty == Certainty::Exact);
        let ahead = baseline.and_then(|baseline| ahead(&period, baseline, case));
        // A row without a currency may be of this one.
        let rows = [currency, Currency::NONE].map(|currency| not_priced.get(&(Arc::clone(&subject), currency)));
        let not_priced = rows.into_iter().flatten().sum();
        let days = BTreeMap::new();
        all.push(Spent { scope, subject, period, sum, not_priced, certainty, budget, account_amount, ahead, days });
    }
    all
}

fn forecast<'a>(spent: &Spent<'a>, history: &History) -> Option<Finding<'a>> {
    let budget = spent.budget;
    let baseline = history.baseline(budget.products, spent.scope, &spent.subject, budget.currency)?;
    Forecast::find(spent, baseline.pace).map(|forecast| Finding::Forecast(Box::new(forecast)))
}

/// The subjects with a spike on a day that is judged.
fn spikes<'a>(case: &Case<'a>, history: &History) -> Vec<Finding<'a>> {
    let mut days: Vec<_> = case.periods.iter().filter(|period| period.kind() == PeriodKind::Day).collect();
    days.sort_unstable();
    let groups: BTreeSet<_> = case.policy.spikes.iter().map(|spike| (spike.product, spike.scope)).collect();
    let mut findings = Vec::new();
    let today = case.policy.time_zone.to_datetime(case.as_of).date();
    for (product, scope) in groups {
        let products = Products::One(product);
        // Few days are spikes: the sums of all others are not kept.
        let mut spikes = BTreeMap::<_, Vec<_>>::new();
        for day in &days {
            for ((subject, currency), sum) in case.totals.figures(products).by_subject(day, scope) {
                let baseline = history.baseline(products, scope, &subject, currency);
                let watched = baseline.and_then(|baseline| baseline.watched_on(day.first_day(), today));
                let Some((watched, bound)) = watched.and_then(|watched| Some((watched, watched.bound?))) else {
                    continue;
                };
                if bound.is_spike(sum.messages) {
                    spikes.entry((subject, currency)).or_default().push((**day, sum, bound, watched.episode));
                }
            }
        }
        for ((subject, currency), days) in spikes {
            let Some(rule) = case.policy.spike_for(product, scope, (&subject, currency)) else { continue };
            let days = spike_days(case, rule, &subject, &days);
            findings.extend(Spiking::of(rule, subject, days).map(|spiking| Finding::Spike(Box::new(spiking))));
        }
    }
    findings
}

/// A day that is a spike: what was sent, what is usual, and the episode before it.
type Spiked = (Period, Sum, Bound, Option<Episode>);

/// Of a subject's spikes, oldest first, those that cost enough.
fn spike_days(case: &Case<'_>, rule: &Spike, subject: &Arc<str>, spikes: &[Spiked]) -> Vec<SpikeDay> {
    let mut episode = None;
    let mut days = Vec::new();
    for (period, sum, bound, before) in spikes {
        let now = Episode::with(episode.or(*before), period.first_day());
        episode = Some(now);
        let excess = bound.excess(*sum, rule.currency);
        // The critical count knows only what a message used to cost.
        if excess.extra < rule.min_extra {
            continue;
        }
        let products = Products::One(rule.product);
        let certainty = case.coverage.certainty(products, period, rule.scope, (subject, rule.currency));
        let at_least = certainty == Certainty::AtLeast;
        let hours = case.totals.figures(products).hours(period.first_day(), rule.scope, (subject, rule.currency));
        let first_hour = excess.first_hour(&hours, sum.messages).map(|hour| SignedDuration::from_hours(hour.into()));
        let started = first_hour.and_then(|hour| period.from().checked_add(hour).ok());
        days.push(SpikeDay { period: *period, sum: *sum, excess, since: now.first, started, at_least });
    }
    days
}

fn unwatched<'a>(case: &Case<'a>, history: &History) -> Vec<Finding<'a>> {
    let policy = case.policy;
    if policy.unwatched == policy::Unwatched::Ignore {
        return Vec::new();
    }
    let longest = policy.period_kinds().into_iter().max();
    let without = unmatched(policy, case.totals, case.periods, &history.matched);
    let without: BTreeSet<_> =
        without.iter().filter(|unmatched| unmatched.what == "budget").map(|unmatched| unmatched.name).collect();
    let counting = policy.budgets.iter().filter(|budget| !without.contains(budget.name.as_str()));
    let covered: BTreeSet<_> = counting.map(|budget| (budget.products, budget.currency)).collect();
    let mut findings = Vec::new();
    for period in case.periods.iter().filter(|period| Some(period.kind()) == longest) {
        for product in policy.products.iter().copied() {
            let products = Products::One(product);
            for ((account, currency), sum) in case.totals.figures(products).by_subject(period, Scope::Account) {
                let is_covered =
                    [products, Products::All].iter().any(|counted| covered.contains(&(*counted, currency)));
                // A credit is no spending.
                if is_covered || sum.amount <= Amount::ZERO {
                    continue;
                }
                let certainty = case.coverage.certainty(products, period, Scope::Account, (&account, currency));
                let period = *period;
                findings.push(Finding::Unwatched(Unwatched { product, account, currency, period, sum, certainty }));
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
    fn a_spike_costs_at_least_what_the_policy_says() {
        let found = |usually: &str, (messages, money): (u64, &str), min_extra: &str| {
            let policy = format!(
                "unwatched = \"ignore\"\n[[spike]]\nname = \"all\"\nscope = \"billing_number\"\ncurrency = \"USD\"\nmin_extra = {min_extra}"
            );
            let world = World::new(&policy).sent(22, "+1202", messages, money).usually(120, "+1202", 100, usually);
            world.findings().len() == 1
        };
        assert!(found("2.05", (300, "6.15"), "4.1") && !found("2.05", (300, "6.15"), "4.2"));
        // Messages of half a cent: two hundred more cost a dollar.
        assert!(found("0.5", (300, "1.5"), "1") && !found("0.5", (260, "1.3"), "1"));
        // A credit for many messages costs nothing.
        assert!(!found("2.05", (900, "-18.45"), "1"));
        assert!(found("2.05", (300, "6.15"), "0.001"));
    }

    #[test]
    fn a_spike_starts_in_the_first_hour_with_more_than_a_usual_day() {
        let policy = "time_zone = \"America/New_York\"\nunwatched = \"ignore\"\n[[spike]]\nname = \"all\"\nscope = \"billing_number\"\n\
                      currency = \"USD\"";
        let started = |usually: u64, hours: &[(u32, u64)]| {
            let world = World::new(policy).at("2026-11-22T22:00:00Z").sent(22, "+1202", 412, "8.45");
            let world = world.in_hours(22, "+1202", hours).usually(120, "+1202", usually, "0.25");
            let [Finding::Spike(spiking)] = &world.findings()[..] else { panic!("one spike") };
            spiking.day.started.map(|started| started.to_string())
        };
        let at = |time: &str| Some(format!("2026-11-22T{time}:00Z"));
        assert_eq!(started(12, &[(8, 5), (10, 140), (11, 160), (13, 107)]), at("15:00"));
        // One message is more than is usual of a quiet number, and less than in a mean hour of this day.
        assert_eq!(started(0, &[(8, 1), (14, 411)]), at("19:00"));
        assert_eq!(started(100, &[(8, 90), (9, 90), (10, 91), (11, 70), (12, 71)]), None);
        // Not all of the day's messages were read by this run.
        assert_eq!(started(12, &[(8, 5), (10, 140)]), None);
    }

    #[test]
    fn a_report_is_stale_after_twice_its_longest_gap() {
        let newest_row = "2026-11-10T00:00:00Z".parse::<Timestamp>().unwrap();
        let longest_gap = SignedDuration::from_hours(48);
        let freshness = vec![Freshness { product: Product::Sms, newest_row, longest_gap }];
        let is_stale = |freshness, hours| {
            let history = History { freshness, ..History::default() };
            history.is_stale(newest_row + SignedDuration::from_hours(hours))
        };
        assert_eq!(
            [is_stale(freshness.clone(), 96), is_stale(freshness, 97), is_stale(Vec::new(), 97)],
            [false, true, false]
        );
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
