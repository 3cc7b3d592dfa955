//! What applies to a subject, found without a look at each of a thousand budgets.
//!
//! The rule is that of [`super::subjects::Closeness`]: an exact name before a number without its extension before the longest beginning before
//! everyone. Exact names and beginnings are looked up; of equally close ones, which only a faulty policy has, the last counts.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;

use super::subjects::{Only, Pattern};
use crate::domain::charge::Scope;
use crate::domain::money::Currency;
use crate::domain::number::Number;
use crate::domain::period::PeriodKind;
use crate::domain::product::Products;

/// Among which budgets, or spikes (without a period), the closest is looked for.
pub(super) type Among = (Products, Scope, Currency, Option<PeriodKind>);

/// Budgets or spikes in the order of the policy, with the way from a subject to the one that applies.
#[derive(Clone, Debug)]
pub struct Indexed<T> {
    all: Vec<T>,
    named: BTreeMap<Among, Named>,
}

/// Which place in the list a name leads to.
#[derive(Clone, Debug, Default)]
struct Named {
    everyone: Option<usize>,
    exactly: BTreeMap<String, usize>,
    numbers: BTreeMap<Number, usize>,
    of_text: Beginnings,
    of_digits: Beginnings,
}

#[derive(Clone, Debug, Default)]
struct Beginnings {
    places: BTreeMap<String, usize>,
    lengths: BTreeSet<usize>,
}

impl<T> Indexed<T> {
    pub(super) fn new(all: Vec<T>, of: impl Fn(&T) -> (Among, &Only)) -> Indexed<T> {
        let mut named = BTreeMap::<Among, Named>::new();
        for (place, each) in all.iter().enumerate() {
            let (among, only) = of(each);
            named.entry(among).or_default().add(only, place);
        }
        Indexed { all, named }
    }

    /// The one that names a subject most closely, with its number if it is one.
    pub(super) fn closest(&self, among: Among, subject: &str, number: Option<&Number>) -> Option<&T> {
        self.all.get(self.named.get(&among)?.closest(subject, number)?)
    }
}

impl<T> Deref for Indexed<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.all
    }
}

impl<'a, T> IntoIterator for &'a Indexed<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.all.iter()
    }
}

impl Named {
    fn add(&mut self, only: &Only, place: usize) {
        let Only::These(patterns) = only else {
            self.everyone = Some(place);
            return;
        };
        for pattern in patterns {
            match pattern {
                Pattern::Exactly(text) => _ = self.exactly.insert(text.clone(), place),
                Pattern::Number(number) => _ = self.numbers.insert(number.clone(), place),
                Pattern::Prefix(start) => self.of_text.add(start, place),
                Pattern::Digits(start) => self.of_digits.add(start, place),
            }
        }
    }

    fn closest(&self, subject: &str, number: Option<&Number>) -> Option<usize> {
        let exactly = self.exactly.get(subject).max(number.and_then(|number| self.numbers.get(number)));
        exactly.copied().or_else(|| self.without_extension(number?)).or_else(|| {
            let of_digits = number.and_then(|number| self.of_digits.longest(number.digits()));
            self.of_text.longest(subject).max(of_digits).map(|(_, place)| place).or(self.everyone)
        })
    }

    /// The entry for a number without its extension, for one that has one.
    fn without_extension(&self, number: &Number) -> Option<usize> {
        number.extension()?;
        self.numbers.get(&number.without_extension()).copied()
    }
}

impl Beginnings {
    fn add(&mut self, start: &str, place: usize) {
        self.places.insert(start.to_owned(), place);
        self.lengths.insert(start.len());
    }

    /// The length of the longest beginning that a text has, and where it leads to.
    fn longest(&self, text: &str) -> Option<(usize, usize)> {
        let lengths = self.lengths.range(..=text.len()).rev();
        let mut found = lengths.filter_map(|length| Some((*length, *self.places.get(text.get(..*length)?)?)));
        found.next()
    }
}
