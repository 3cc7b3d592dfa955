//! What an account spent in a digest's period and in the one before, and who grew most.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use jiff::ToSpan as _;
use rust_decimal::Decimal;

use super::super::Facts;
use super::super::people::sender_name;
use super::super::words::{money, period_name};
use crate::domain::case::Case;
use crate::domain::charge::{NONE, Scope};
use crate::domain::contributors::Sender;
use crate::domain::money::{Amount, Currency};
use crate::domain::period::{Period, PeriodKind};
use crate::domain::policy::Senders;
use crate::domain::text::label;
use crate::domain::totals::Sum;

/// Senders that grew which a digest names.
const MOST_MOVERS: usize = 3;
/// Currencies that its subject names.
const MOST_CURRENCIES: usize = 2;

/// What the account spent in the period, and in the one before.
pub(super) struct Figures {
    period: Period,
    pub(super) now: BTreeMap<Currency, Sum>,
    /// Days of the period, as far as it has passed, of which nothing is known.
    pub(super) missing: u64,
    /// Whether all of the period was read and is known, as far as it has passed.
    pub(super) is_whole: bool,
    /// `None` if not all its days are known.
    pub(super) before: Option<BTreeMap<Currency, Sum>>,
    /// Who spent most more than before.
    pub(super) movers: Vec<String>,
}

impl Figures {
    pub(super) fn of(period: Period, case: &Case<'_>) -> Figures {
        let sums = |period: &Period| {
            let sums = case.figures().by_subject(period, Scope::Account).into_iter();
            sums.map(|((_, currency), sum)| (currency, sum)).collect::<BTreeMap<_, _>>()
        };
        let is_known =
            |period: &Period| case.figures().knows_all(period) && case.coverage.is_whole(case.policy.all(), period);
        let before = period.before(&case.policy.time_zone).ok().filter(is_known);
        let movers = before.as_ref().map_or_else(Vec::new, |before| movers(&period, before, case));
        let today = case.policy.time_zone.to_datetime(case.as_of).date();
        let days = period.first_day().series(1.day()).take_while(|day| *day <= period.last_day().min(today));
        let missing = days.filter(|day| !case.figures().knows(*day)).count() as u64;
        let is_whole = missing == 0 && case.coverage.is_whole(case.policy.all(), &period);
        let (now, before) = (sums(&period), before.as_ref().map(sums));
        Figures { period, now, missing, is_whole, before, movers }
    }

    pub(super) fn headline(&self) -> String {
        let mut shown: Vec<_> = self.now.iter().map(|(currency, sum)| (sum.messages, currency, sum.amount)).collect();
        shown.sort_by(|one, other| other.cmp(one));
        let named = shown.iter().take(MOST_CURRENCIES);
        let named: Vec<_> =
            named.map(|(_, currency, amount)| format!("{currency} {}", money(*amount, **currency, &[]))).collect();
        let least = if self.is_whole { "" } else { "at least " };
        match (named.as_slice(), shown.len().saturating_sub(MOST_CURRENCIES)) {
            ([], _) if self.is_whole => "nothing spent".to_owned(),
            ([], _) => "no spending known".to_owned(),
            (_, 0) => format!("{least}{}", named.join(" and ")),
            (_, more) => format!("{least}{} and {more} more", named.join(", ")),
        }
    }

    /// A line for each currency: what was spent, and how much more that is than before.
    pub(super) fn facts(&self, case: &Case<'_>) -> Facts {
        let kind = self.period.kind();
        let before_name = match kind {
            PeriodKind::Day => "the day before",
            PeriodKind::Week => "week before",
            PeriodKind::Month => "month before",
        };
        let label = match kind {
            PeriodKind::Week => "The week".to_owned(),
            _ => period_name(&self.period, case),
        };
        let line = |(place, (currency, sum)): (usize, (&Currency, &Sum))| {
            let before = self.before.as_ref().map(|before| before.get(currency).copied().unwrap_or_default().amount);
            let before = before.map_or_else(String::new, |before| {
                format!(" ({before_name}: {}{})", money(before, *currency, &[]), change(before, sum.amount))
            });
            let text = format!("{currency} {}{before}", money(sum.amount, *currency, &[]));
            (if place == 0 { label.clone() } else { String::new() }, text)
        };
        self.now.iter().enumerate().map(line).collect()
    }
}

/// `, up 18%`; nothing where a percentage says nothing.
fn change(before: Amount, now: Amount) -> String {
    let (Some(more), Some(less)) = (now.checked_sub(before), before.checked_sub(now)) else { return String::new() };
    let (word, by) = if more.is_negative() { ("down", less) } else { ("up", more) };
    match by.percent_of(before) {
        Some(percent) if percent >= Decimal::ONE_THOUSAND => ", more than ten times as much".to_owned(),
        Some(percent) if !percent.is_zero() => format!(", {word} {percent}%"),
        Some(_) => ", about the same".to_owned(),
        None => String::new(),
    }
}

/// The senders, or the numbers where no row names one, that spent most more than in the period before, of each currency.
fn movers(period: &Period, before: &Period, case: &Case<'_>) -> Vec<String> {
    let senders = case.policy.senders;
    /// The currency, whether it is a number or else an extension, and which.
    type Key = (Currency, bool, Arc<str>);
    // An extension is one sender, by its latest name: names change.
    let mut names = HashMap::<Arc<str>, Arc<str>>::new();
    let mut sums = |period: &Period| {
        let mut sums = BTreeMap::<Key, Sum>::new();
        for (_, line, sum) in case.figures().cells(period.first_day(), period.last_day()) {
            let is_number = senders == Senders::None || &*line.extension == NONE;
            let who = if is_number { &line.number } else { &line.extension };
            if !is_number {
                names.insert(Arc::clone(who), Arc::clone(&line.name));
            }
            sums.entry((line.currency, is_number, Arc::clone(who))).or_default().add(sum);
        }
        sums
    };
    let (then, now) = (sums(before), sums(period));
    let was = |key: &Key| then.get(key).copied().unwrap_or_default().amount;
    let mut grown: Vec<_> =
        now.iter().filter_map(|(key, sum)| Some((key, sum.amount, sum.amount.checked_sub(was(key))?))).collect();
    grown.retain(|(_, _, more)| !more.is_negative() && !more.is_zero());
    grown.sort_by(|(one, _, a), (other, _, b)| b.cmp(a).then_with(|| one.cmp(other)));
    // Currencies are never compared: each has its own.
    let mut shown = BTreeMap::<Currency, usize>::new();
    let currencies: BTreeSet<_> = now.keys().map(|(currency, ..)| *currency).collect();
    grown.retain(|((currency, ..), ..)| {
        let count = shown.entry(*currency).or_default();
        *count += 1;
        *count <= MOST_MOVERS.div_ceil(currencies.len())
    });
    let line = |(key, amount, _): &(&Key, Amount, Amount)| {
        let (currency, is_number, who) = key;
        let name = match names.get(who).filter(|_| !is_number) {
            Some(name) => {
                let (extension, name) = (Arc::clone(who), Arc::clone(name));
                sender_name(&Sender { extension, name, amount: *amount }, senders)
            }
            None => Scope::BillingNumber.of(&label(who)),
        };
        let [now, was] = [*amount, was(key)].map(|amount| money(amount, *currency, &[]));
        format!("{name}: {currency} {now} (was {was})")
    };
    grown.iter().map(line).collect()
}
