//! Subjects by their places in a list, so that the sums of ten thousand lines a day take one look-up each.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::charge::{Line, Scope};
use super::money::Currency;
use super::totals::Sum;

/// Whose past is followed.
pub type Subject = (Scope, Arc<str>, Currency);

/// The subjects of some scopes, in the order in which they were first seen.
#[derive(Debug)]
pub(super) struct Places {
    account: Arc<str>,
    /// Places by text, which is looked up without a copy.
    scopes: BTreeMap<Scope, BTreeMap<Currency, HashMap<Arc<str>, usize>>>,
    subjects: Vec<Subject>,
}

impl Places {
    pub(super) fn of(scopes: impl Iterator<Item = Scope>, account: &Arc<str>) -> Places {
        let scopes = scopes.map(|scope| (scope, BTreeMap::new())).collect();
        Places { account: Arc::clone(account), scopes, subjects: Vec::new() }
    }

    /// All subjects seen by now; new ones come last.
    pub(super) fn subjects(&self) -> &[Subject] {
        &self.subjects
    }

    /// Forgets all subjects.
    pub(super) fn clear(&mut self) {
        self.scopes.values_mut().for_each(BTreeMap::clear);
        self.subjects.clear();
    }

    /// The sums of a day at the places of all subjects seen by now, those of this day included.
    pub(super) fn sums<'s>(&mut self, cells: impl Iterator<Item = &'s (Line, Sum)>) -> Vec<Sum> {
        let Places { account, scopes, subjects } = self;
        let mut sums = vec![Sum::default(); subjects.len()];
        for (line, sum) in cells {
            for (scope, known) in scopes.iter_mut() {
                let subject = scope.subject(line).unwrap_or(account);
                let known = known.entry(line.currency).or_default();
                let place = known.get(subject).copied().unwrap_or_else(|| {
                    let place = subjects.len();
                    known.insert(Arc::clone(subject), place);
                    subjects.push((*scope, Arc::clone(subject), line.currency));
                    sums.push(Sum::default());
                    place
                });
                if let Some(of_subject) = sums.get_mut(place) {
                    of_subject.add(*sum);
                }
            }
        }
        sums
    }
}
