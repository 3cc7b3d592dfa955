//! What a reader holds a subject's sum against: who sent it, what was spent yesterday and is usual, and what the period before came to.
//!
//! Only known days count: a day that no run has read is not a day without charges.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use jiff::ToSpan as _;
use jiff::civil::Date;
use rust_decimal::Decimal;

use super::case::Case;
use super::contributors::{Among, Contributor, Contributors, Sender, Whose};
use super::money::{Amount, Currency};
use super::period::{Period, PeriodKind};
use super::product::Products;
use super::totals::Sum;

/// Days before yesterday of which the usual day is the mean.
const USUAL_DAYS: i64 = 28;
/// Of these, so many have to be known.
const LEAST_USUAL_DAYS: usize = 14;

/// What surrounds the sum of a subject.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Background {
    /// Who spent most, largest first.
    pub top: Vec<Contributor>,
    /// The company's own senders, largest first; empty if no row names an extension.
    pub senders: Vec<Sender>,
    /// Of a running week or month: what was spent today, if that is anything.
    pub today: Option<Sum>,
    /// Of a running week or month: what was spent yesterday.
    pub yesterday: Option<Sum>,
    /// The mean of the 28 days before yesterday, rounded to the currency's minor units.
    pub usual: Option<Amount>,
    /// What the period before came to.
    pub before: Option<Amount>,
}

/// The first day that the backgrounds of a period look at.
#[must_use]
pub fn first_day(period: &Period, case: &Case<'_>) -> Date {
    let usual = today(case).saturating_sub((USUAL_DAYS + 1).days());
    period.before(&case.policy.time_zone).map_or(usual, |before| before.first_day().min(usual))
}

/// The backgrounds of these subjects; all subjects of a scope are found in one pass.
#[must_use]
pub fn backgrounds(wanted: HashSet<Whose>, case: &Case<'_>) -> HashMap<Whose, Background> {
    let mut contributors = Contributors::of(case.totals);
    let mut groups = HashMap::<Among, HashSet<(Arc<str>, Currency)>>::new();
    for whose in wanted {
        groups.entry(whose.among()).or_default().insert(whose.key());
    }
    let mut backgrounds = HashMap::new();
    for ((period, products, scope), subjects) in groups {
        let past = Past::of(&period, products, case);
        let mut days = case.totals.figures(products).days_of((past.first, today(case)), scope, &subjects);
        for (subject, currency) in subjects {
            let of_subject = days.remove(&(Arc::clone(&subject), currency)).unwrap_or_default();
            let whose = Whose { period, products, scope, subject, currency };
            let (top, senders) = (contributors.behind(&whose), contributors.senders(&whose));
            backgrounds.insert(
                whose,
                past.background(&of_subject, currency, Background { top, senders, ..Background::default() }),
            );
        }
    }
    backgrounds
}

fn today(case: &Case<'_>) -> Date {
    case.policy.time_zone.to_datetime(case.as_of).date()
}

/// The days that a period is held against.
struct Past {
    first: Date,
    yesterday: Date,
    /// Whether it is a week or a month that runs.
    is_running: bool,
    /// Whether all of today was read, as far as it has passed.
    knows_today: bool,
    /// The period before, if all its days are known.
    before: Option<Period>,
    known: BTreeSet<Date>,
}

impl Past {
    fn of(period: &Period, products: Products, case: &Case<'_>) -> Past {
        let zone = &case.policy.time_zone;
        let (first, figures) = (first_day(period, case), case.totals.figures(products));
        let yesterday = today(case).saturating_sub(1.day());
        let is_known = |day: &Date| {
            let is_whole = |day| case.coverage.is_whole(products, &day);
            figures.knows(*day) && Period::of_day(PeriodKind::Day, *day, zone).is_ok_and(is_whole)
        };
        let known: BTreeSet<Date> =
            first.series(1.day()).take_while(|day| *day <= yesterday).filter(is_known).collect();
        let is_whole = |period: &Period| {
            period.first_day().series(1.day()).take_while(|day| *day < period.end_day()).all(|day| known.contains(&day))
        };
        let before = period.before(zone).ok().filter(is_whole);
        let is_running = case.as_of < period.to() && period.kind() != PeriodKind::Day;
        let today = Period::of_day(PeriodKind::Day, today(case), zone);
        let knows_today = today.is_ok_and(|today| case.coverage.is_whole(products, &today));
        Past { first, yesterday, is_running, knows_today, before, known }
    }

    fn background(&self, days: &BTreeMap<Date, Sum>, currency: Currency, background: Background) -> Background {
        let total = |first: Date, last: Date| {
            let days = days.range(first..=last).filter(|(day, _)| self.known.contains(day));
            days.fold(Sum::default(), |mut total, (_, sum)| {
                total.add(*sum);
                total
            })
        };
        let (from, to) = (self.yesterday.saturating_sub(USUAL_DAYS.days()), self.yesterday.saturating_sub(1.day()));
        let count = self.known.range(from..=to).count();
        let mean = || {
            let sum = total(from, to).amount.decimal().checked_div(Decimal::from(count))?;
            Amount::parse(&sum.round_dp(currency.minor_places()).to_string()).ok()
        };
        let is_known = self.is_running && self.known.contains(&self.yesterday);
        let today = self.yesterday.tomorrow().ok().and_then(|today| days.get(&today)).copied();
        Background {
            today: today.filter(|today| self.is_running && self.knows_today && today.messages > 0),
            yesterday: is_known.then(|| total(self.yesterday, self.yesterday)),
            usual: if count >= LEAST_USUAL_DAYS { mean() } else { None },
            before: self.before.as_ref().map(|before| total(before.first_day(), before.last_day()).amount),
            ..background
        }
    }
}
