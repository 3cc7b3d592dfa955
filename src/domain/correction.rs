//! Figures that were told and that Zoom has since restated.
//!
//! A restatement of past days is always in the run's answer. It is told to people if it takes a figure that they were alerted on across one
//! of its levels, down or up: what they were told no longer holds.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;

use super::budget::Standing;
use super::money::Amount;
use super::policy::Level;

/// A figure across a level that it was not across before, or the other way round.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Correction<'p> {
    /// Where the subject stands now.
    pub standing: Standing<'p>,
    /// What it had spent before the restatement.
    pub before: Amount,
    /// The levels that are no longer reached, lowest first.
    pub no_longer: Vec<&'p Level>,
    /// The levels that are reached only now, lowest first.
    pub only_now: Vec<&'p Level>,
    /// The restated days of the period, and when they were read before.
    pub days: Vec<(Date, Timestamp)>,
}

impl<'p> Correction<'p> {
    /// The highest level that the figure has crossed.
    #[must_use]
    pub fn level(&self) -> Option<&'p Level> {
        self.only_now.last().or(self.no_longer.last()).copied()
    }
}

/// Compares where all watched subjects stand with where they stood without the restatements of `days`, each of which is given with the
/// moment at which it was read before.
#[must_use]
pub fn corrections<'p>(
    before: &[Standing<'p>],
    after: &[Standing<'p>],
    days: &[(Date, Timestamp)],
) -> Vec<Correction<'p>> {
    let key =
        |standing: &Standing<'p>| (standing.scope, Arc::clone(&standing.subject), standing.currency, standing.period);
    let mut pairs = BTreeMap::<_, (Option<&Standing<'p>>, Option<&Standing<'p>>)>::new();
    before.iter().for_each(|standing| pairs.entry(key(standing)).or_default().0 = Some(standing));
    after.iter().for_each(|standing| pairs.entry(key(standing)).or_default().1 = Some(standing));
    let correction = |(before, after): (Option<&Standing<'p>>, Option<&Standing<'p>>)| {
        let standing = after.or(before)?.clone();
        let amount = |standing: Option<&Standing<'_>>| standing.map_or(Amount::ZERO, |standing| standing.amount);
        let (was, is) = (amount(before), amount(after));
        // A subject all of whose charges are gone has no standing any more.
        let messages = after.map_or(0, |standing| standing.messages);
        let levels = standing.budget.map(|budget| budget.levels.iter()).into_iter().flatten();
        let (mut no_longer, mut only_now) = (Vec::new(), Vec::new());
        for level in levels {
            match (was >= level.threshold, is >= level.threshold) {
                (true, false) => no_longer.push(level),
                (false, true) => only_now.push(level),
                _ => {}
            }
        }
        if no_longer.is_empty() && only_now.is_empty() {
            return None;
        }
        let (first, last) = (standing.period.first_day(), standing.period.last_day());
        let days = days.iter().copied().filter(|(day, _)| first <= *day && *day <= last).collect();
        let standing = Standing { amount: is, messages, ..standing };
        Some(Correction { standing, before: was, no_longer, only_now, days })
    };
    pairs.into_values().filter_map(correction).collect()
}
