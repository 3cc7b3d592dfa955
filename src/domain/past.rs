//! The past of an account, and its last day as a run would judge it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};

use super::baselines::{Baselines, Maker};
use super::case::Case;
use super::charge::Line;
use super::coverage::{Coverage, Gap, Receipt};
use super::dates::Dates;
use super::evaluate::History;
use super::matches::{is_covered, matched};
use super::money::Currency;
use super::period::{Period, PeriodKind, judged_periods, start_of};
use super::policy::{Policy, Receiver};
use super::product::{Product, Products};
use super::totals::{DaySums, Sum, Totals};
use crate::error::Code;

/// The past of an account.
#[derive(Clone, Debug, Default)]
pub struct Past {
    /// Zoom's account id.
    pub account: String,
    /// The IANA name of the zone in which its civil days turn.
    pub zone: String,
    /// The sums of each known day of each product, those without charges too.
    pub products: BTreeMap<Product, Days>,
}

/// The sums of each known day.
pub type Days = BTreeMap<Date, DaySums>;

static NO_DAYS: Days = Days::new();

/// All that judging the last day of a past rests on.
#[derive(Clone, Debug)]
pub struct LastDay {
    /// The moment judged.
    pub as_of: Timestamp,
    /// The figures.
    pub totals: Totals,
    /// Days of the periods that are not known are gaps.
    pub coverage: Coverage,
    /// What the sums rest on.
    pub receipt: Receipt,
    /// The periods to judge.
    pub periods: Vec<Period>,
    /// Baselines from the days before, and what budgets have matched.
    pub history: History,
}

impl LastDay {
    /// All that judging it for a receiver rests on.
    #[must_use]
    pub fn case<'d>(&'d self, policy: &'d Policy, receiver: &'d Receiver) -> Case<'d> {
        Case {
            policy,
            totals: &self.totals,
            coverage: &self.coverage,
            receipt: &self.receipt,
            periods: &self.periods,
            receiver,
            as_of: self.as_of,
            link: None,
            rerun: false,
        }
    }
}

impl Past {
    /// The known days of a product.
    #[must_use]
    pub fn days(&self, product: Product) -> &Days {
        self.products.get(&product).unwrap_or(&NO_DAYS)
    }

    /// Every cell of these days, of the products that a policy reads: a file may have more.
    pub fn cells(&self, policy: &Policy, first: Date, last: Date) -> impl Iterator<Item = &(Line, Sum)> {
        let read = self.products.iter().filter(|(product, _)| policy.products.contains(product));
        read.map(|(_, days)| days).flat_map(move |days| days.range(first..=last)).flat_map(|(_, sums)| sums)
    }

    /// What was spent on these days that no budget of the policy applies to, by product and currency.
    #[must_use]
    pub fn uncovered(&self, case: &Case<'_>) -> BTreeMap<(Product, Currency), Sum> {
        let mut sums = BTreeMap::<_, Sum>::new();
        let is_covered = is_covered(case);
        for product in case.policy.products.iter().copied() {
            for (line, sum) in self.days(product).values().flatten().filter(|(line, _)| !is_covered(product, line)) {
                sums.entry((product, line.currency)).or_default().add(*sum);
            }
        }
        sums
    }

    /// The sums of a day by product, of what is counted; `None` if one of them is not known.
    #[must_use]
    pub fn day(&self, products: Products, day: Date) -> Option<Vec<&DaySums>> {
        let counted = self.products.iter().filter(|(product, _)| products.include(**product));
        let sums: Vec<_> = counted.map(|(_, days)| days.get(&day)).collect::<Option<_>>()?;
        (!sums.is_empty()).then_some(sums)
    }

    /// The days of which something is known.
    #[must_use]
    pub fn known(&self) -> BTreeSet<Date> {
        self.products.values().flat_map(|days| days.keys().copied()).collect()
    }

    /// The first and the last of them.
    #[must_use]
    pub fn ends(&self) -> Option<(Date, Date)> {
        let first = self.products.values().filter_map(|days| days.keys().next()).min();
        let last = self.products.values().filter_map(|days| days.keys().next_back()).max();
        first.copied().zip(last.copied())
    }

    /// Leaves out days that were not over by then.
    pub fn keep_whole_days(&mut self, until: Timestamp, zone: &TimeZone) {
        self.products.values_mut().for_each(|days| days.retain(|day, _| is_over(*day, until, zone)));
    }

    /// The last known day, as a run of that moment would judge it; `None` without one. What is sent at `until` or later is not in the past.
    ///
    /// # Errors
    /// Only at the ends of the calendar.
    pub fn last_day(&self, until: Timestamp, policy: &Policy) -> Result<Option<LastDay>, jiff::Error> {
        self.last_day_foreseen(until, policy, policy)
    }

    /// The same, with the baselines of another policy.
    ///
    /// # Errors
    /// Only at the ends of the calendar.
    pub fn last_day_foreseen(
        &self,
        until: Timestamp,
        policy: &Policy,
        foreseen: &Policy,
    ) -> Result<Option<LastDay>, jiff::Error> {
        let Some((first_known, today)) = self.ends() else { return Ok(None) };
        let zone = &policy.time_zone;
        let end = start_of(today.tomorrow()?, zone)?;
        // Zoom's rows have whole seconds.
        let as_of = until.min(end.checked_sub(SignedDuration::from_secs(1))?);
        let as_of = Timestamp::from_second(as_of.as_second())?;
        let periods = judged_periods(policy.period_kinds(), as_of, zone, policy.late_charges_days, |_| None)?;
        let first = periods.iter().map(Period::first_day).min().unwrap_or(today);
        let account: Arc<str> = self.account.as_str().into();
        let mut totals = Totals::of(Arc::clone(&account), &policy.products);
        let mut coverage = Coverage::default();
        for product in policy.products.iter().copied() {
            let known = self.days(product);
            known.iter().for_each(|(day, sums)| totals.set(product, *day, sums));
            let judged = first.series(1.day()).take_while(|day| *day <= today);
            for day in judged.filter(|day| !known.contains_key(day)) {
                let (dates, problem) = (Dates { from: day, to: day }, "the past has no figures of this day".to_owned());
                coverage.gaps.push(Gap { product, dates, code: Code::ReportIncomplete, problem });
            }
        }
        let days = first.until(today).map_or(0, |span| u64::from(span.get_days().unsigned_abs())) + 1;
        // Days keep no count of the rows of calls and faxes.
        let counted = policy.products.iter().filter(|product| product.counts_rows());
        let rows = counted.map(|product| totals.figures(Products::One(*product)).messages(first, today)).sum();
        let complete = coverage.is_complete();
        let receipt = Receipt { complete, rows, days, days_from_history: days, ..Receipt::default() };
        let mut months = vec![Period::of_day(PeriodKind::Month, first_known, zone)?];
        while let Some(next) = months.last().map(Period::end_day).filter(|next| *next <= today) {
            months.push(Period::of_day(PeriodKind::Month, next, zone)?);
        }
        let needed = Maker::needed(foreseen).into_iter();
        let baselines =
            needed.map(|products| (products, self.baselines(foreseen, products, today, &periods))).collect();
        let history = History { baselines, matched: matched(policy, &totals, &months), ..History::default() };
        Ok(Some(LastDay { as_of, totals, coverage, receipt, periods, history }))
    }

    fn baselines(&self, policy: &Policy, products: Products, today: Date, periods: &[Period]) -> Baselines {
        let days = periods.iter().filter(|period| period.kind() == PeriodKind::Day);
        let judged = days.map(Period::first_day).min().unwrap_or(today);
        let mut maker = Maker::new(policy, products, &self.account.as_str().into(), today, judged);
        let std::ops::Range { start, end } = Maker::wanted(today);
        for day in start.series(1.day()).take_while(|day| *day < end) {
            match self.day(products, day) {
                Some(sums) => maker.add(day, sums.into_iter().flatten()),
                None => maker.restart(),
            }
        }
        maker.finish(|| true).unwrap_or_default()
    }
}

fn is_over(day: Date, until: Timestamp, zone: &TimeZone) -> bool {
    day.tomorrow().and_then(|next| start_of(next, zone)).is_ok_and(|end| end <= until)
}
