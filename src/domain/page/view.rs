//! What all parts of a page look at: the running month, what is known of each day, and whose a number is.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jiff::ToSpan as _;
use jiff::civil::Date;
use rust_decimal::Decimal;

use super::{MOST_TEXT, SentSpike, Story};
use crate::domain::alert::{Finding, SpikeDay, Spiking, about, ahead, in_thousands, money, rounded_up};
use crate::domain::charge::{Line, NONE, Scope};
use crate::domain::contributors::Whose;
use crate::domain::coverage::Certainty;
use crate::domain::estimates::{Ahead, Estimate};
use crate::domain::money::{Amount, Currency};
use crate::domain::period::{Period, PeriodKind};
use crate::domain::product::{Product, Products};
use crate::domain::text::{capitalised, label};
use crate::domain::totals::{Figures, Sum, Sums};

/// Months before the running one that are shown.
const MONTHS_BEFORE: i64 = 12;

/// A story, and what is asked of it again and again.
pub(super) struct View<'a> {
    pub(super) story: &'a Story<'a>,
    /// The civil day of the moment judged.
    pub(super) today: Date,
    /// The running month.
    pub(super) month: Period,
    /// The running month and the twelve before it, oldest first.
    pub(super) months: Vec<Period>,
    /// What each line was charged in the running month.
    pub(super) lines: Vec<(&'a Line, Sum)>,
    /// The same of the month before.
    pub(super) last_lines: Vec<(&'a Line, Sum)>,
    /// The department that sent most from each number, and whether it is the only one.
    departments: HashMap<&'a str, (&'a Arc<str>, bool)>,
    /// The days that are spikes, as found now and as reported before.
    pub(super) spikes: BTreeMap<SpikeOf, SentSpike>,
}

/// The day of a spike, and whose it is.
pub(super) type SpikeOf = (Date, Product, Scope, Arc<str>, Currency);

impl<'a> View<'a> {
    /// `None` only at the ends of the calendar.
    pub(super) fn of(story: &'a Story<'a>) -> Option<View<'a>> {
        let (case, figures) = (&story.case, story.case.figures());
        let zone = &case.policy.time_zone;
        let today = zone.to_datetime(case.as_of).date();
        let first = today.first_of_month();
        let back = |months: i64| Period::of_day(PeriodKind::Month, first.checked_sub(months.months()).ok()?, zone).ok();
        let months: Vec<_> = (0..=MONTHS_BEFORE).rev().map(back).collect::<Option<_>>()?;
        let (month, last) = (back(0)?, back(1)?);
        let (lines, last_lines) = (figures.by_line(&month), figures.by_line(&last));
        let older = back(2).map(|month| figures.by_line(&month)).unwrap_or_default();
        let departments = departments(lines.iter().chain(&last_lines).chain(&older).copied());
        Some(View { story, today, month, months, lines, last_lines, departments, spikes: spikes(story) })
    }

    /// What days are counted of: messages, if they are read.
    pub(super) fn product(&self) -> Product {
        self.story.case.policy.products.first().copied().unwrap_or(Product::Sms)
    }

    /// Its figures.
    pub(super) fn counted(&self) -> Figures<'a> {
        self.story.case.totals.figures(Products::One(self.product()))
    }

    /// Whether a day's figures are known whole: its sums are there, and no gap covers it.
    pub(super) fn knows(&self, day: Date) -> bool {
        let gaps = &self.story.case.coverage.gaps;
        self.story.case.figures().knows(day) && !gaps.iter().any(|gap| (gap.dates.from..=gap.dates.to).contains(&day))
    }

    /// The days of a period that have started.
    pub(super) fn started(&self, period: &Period) -> impl Iterator<Item = Date> {
        let last = period.last_day().min(self.today);
        period.first_day().series(1.day()).take_while(move |day| *day <= last)
    }

    /// Whether all days of a period that have started are known.
    pub(super) fn is_whole(&self, period: &Period) -> bool {
        self.started(period).all(|day| self.knows(day))
    }

    /// The sums of a month by subject; `None` if nothing is known of it.
    pub(super) fn sums(&self, period: &Period, scope: Scope) -> Option<Sums> {
        let figures = self.story.case.figures();
        self.started(period).any(|day| figures.knows(day)).then(|| figures.by_subject(period, scope))
    }

    /// The department that sent most from a number.
    pub(super) fn department(&self, number: &str) -> &str {
        self.departments.get(number).map_or(NONE, |(department, _)| department)
    }

    /// The one department that a number belongs to.
    fn owner(&self, scope: Scope, subject: &str) -> Option<String> {
        if subject == NONE {
            return None;
        }
        let (department, is_only) = self.departments.get(subject).filter(|_| scope == Scope::BillingNumber)?;
        (*is_only && &***department != NONE).then(|| short(department))
    }

    /// `Marketing +12025550187`, `Department Sales`, `The whole account`.
    pub(super) fn who(&self, scope: Scope, subject: &str) -> String {
        let name = scope.of(&short(subject));
        match self.owner(scope, subject) {
            Some(owner) => format!("{owner} {name}"),
            None => capitalised(&name),
        }
    }

    /// `Marketing’s +12025550187`, in a sentence.
    pub(super) fn whose(&self, scope: Scope, subject: &str) -> String {
        let name = scope.of(&short(subject));
        match self.owner(scope, subject) {
            Some(owner) if owner.ends_with('s') => format!("{owner}’ {name}"),
            Some(owner) => format!("{owner}’s {name}"),
            None => name,
        }
    }

    /// What is still to come for a subject; `None` where no estimate is made, or the figure is not known exactly.
    pub(super) fn ahead(&self, whose: &Whose) -> Option<Ahead> {
        let Whose { period, products, scope, subject, currency } = whose;
        let case = &self.story.case;
        let baseline = self.story.history.baseline(*products, *scope, subject, *currency)?;
        let certainty = case.coverage.certainty(*products, period, *scope, (subject, *currency));
        let is_exact = certainty == Certainty::Exact;
        if is_exact && self.is_whole(period) { ahead(period, baseline, case) } else { None }
    }

    /// Where the running month will end for a subject that has spent so much.
    pub(super) fn estimate(
        &self,
        scope: Scope,
        subject: &Arc<str>,
        currency: Currency,
        spent: Amount,
    ) -> Option<Estimate> {
        let (period, products, subject) = (self.month, self.story.case.policy.all(), Arc::clone(subject));
        let whose = Whose { period, products, scope, subject, currency };
        Some(estimate(&self.ahead(&whose)?, spent, currency))
    }

    /// `30 Nov`.
    pub(super) fn short_day(day: Date) -> String {
        day.strftime("%-d %b").to_string()
    }
}

/// What is most likely is within the range, also of a subject that rarely sends and then much.
pub(super) fn estimate(ahead: &Ahead, spent: Amount, currency: Currency) -> Estimate {
    let Estimate { low, likely, high } = ahead.estimate(spent, currency);
    Estimate { low: low.min(likely), likely, high: high.max(likely) }
}

fn spikes(story: &Story<'_>) -> BTreeMap<SpikeOf, SentSpike> {
    let mut spikes = BTreeMap::new();
    for sent in story.sent {
        if let (Some((scope, subject, currency)), Products::One(product), Some(spike)) =
            (&sent.whose, sent.products, sent.spike)
        {
            spikes.insert((spike.day, product, *scope, Arc::clone(subject), *currency), spike);
        }
    }
    // What is found now is newer.
    for finding in story.findings {
        if let Finding::Spike(spiking) = finding {
            let Spiking { rule, subject, days, .. } = &**spiking;
            for SpikeDay { period, sum, excess, .. } in days {
                let spike = SentSpike { day: period.first_day(), count: sum.messages, usual: excess.usual };
                spikes.insert((spike.day, rule.product, rule.scope, Arc::clone(subject), rule.currency), spike);
            }
        }
    }
    spikes
}

fn departments<'a>(lines: impl Iterator<Item = (&'a Line, Sum)>) -> HashMap<&'a str, (&'a Arc<str>, bool)> {
    let mut sent = HashMap::<&str, Vec<(&Arc<str>, u64)>>::new();
    for (line, sum) in lines {
        let departments = sent.entry(&line.number).or_default();
        match departments.iter_mut().find(|(department, _)| **department == line.department) {
            Some((_, messages)) => *messages += sum.messages,
            None => departments.push((&line.department, sum.messages)),
        }
    }
    let most = |departments: Vec<(&'a Arc<str>, u64)>| {
        let is_only = departments.len() == 1;
        let most = departments.into_iter().max_by(|a, b| a.1.cmp(&b.1).then_with(|| b.0.cmp(a.0)))?;
        Some((most.0, is_only))
    };
    sent.into_iter().filter_map(|(number, departments)| Some((number, most(departments)?))).collect()
}

/// A text from Zoom or the policy, short enough for a page that has many. A long one keeps its beginning and its end, which tells it from
/// others.
pub(super) fn short(text: &str) -> String {
    const END: usize = 12;
    let text = label(text);
    let length = text.chars().count();
    if length <= MOST_TEXT {
        return text.into_owned();
    }
    let start: String = text.chars().take(MOST_TEXT - END - 1).collect();
    let end: String = text.chars().skip(length - END).collect();
    format!("{start}…{end}")
}

/// A part of a whole; zero without a positive whole.
pub(super) fn ratio(part: Amount, whole: Amount) -> Decimal {
    if whole.is_zero() || whole.is_negative() {
        return Decimal::ZERO;
    }
    part.decimal().checked_div(whole.decimal()).unwrap_or_default()
}

/// Hundredths, rounded down, within what a page can show.
pub(super) fn percent(part: Amount, whole: Amount) -> i64 {
    use rust_decimal::prelude::ToPrimitive as _;
    let percent = ratio(part, whole).checked_mul(Decimal::ONE_HUNDRED).unwrap_or(Decimal::MAX);
    percent.trunc().to_i64().unwrap_or(i64::MAX)
}

/// The sum of two bounded amounts.
pub(super) fn add(to: &mut Amount, more: Amount) {
    *to = to.checked_add(more).unwrap_or(*to);
}

/// The sums by currency, in the order of the currencies.
pub(super) fn by_currency(sums: impl Iterator<Item = (Currency, Amount)>) -> Vec<(Currency, Amount)> {
    let mut all = BTreeMap::<Currency, Amount>::new();
    sums.for_each(|(currency, amount)| add(all.entry(currency).or_default(), amount));
    all.into_iter().collect()
}

/// `12,345`.
pub(super) fn grouped(number: u64) -> String {
    in_thousands(&number.to_string())
}

/// `1,443 messages`.
pub(super) fn grouped_count(number: u64, what: &str) -> String {
    format!("{} {what}{}", grouped(number), if number == 1 { "" } else { "s" })
}

/// Where a period will end: `152 to 180`. Both ends are as exact as the larger one deserves.
#[must_use]
pub fn range(estimate: &Estimate, currency: Currency) -> String {
    let ends = [estimate.low, estimate.high];
    let is_small = about(estimate.high, currency) == money(estimate.high, currency, &[]);
    let [low, high] = ends.map(|end| if is_small { money(end, currency, &[]) } else { rounded_up(end) });
    if low == high { format!("about {low}") } else { format!("{low} to {high}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_keeps_its_beginning_and_its_end() {
        let long = format!("{}{}", "é".repeat(300), "end");
        assert_eq!(short(&long).chars().count(), MOST_TEXT);
        assert_eq!(short("Sales\u{202E}"), "Sales");
    }

    #[test]
    fn an_estimate_is_never_below_what_is_spent() {
        let usd = Currency::parse("USD").unwrap();
        let ends = |low: &str, high: &str| {
            let amount = |text: &str| Amount::parse(text).unwrap();
            range(&Estimate { low: amount(low), likely: amount(high), high: amount(high) }, usd)
        };
        assert_eq!(
            [ends("35.19", "35.4"), ends("1234.01", "2000"), ends("3.5", "4")],
            ["about 36", "1,235 to 2,000", "3.50 to 4.00"]
        );
    }
}
