//! What another policy would have sent that this one would not, and when.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Serialize;

use super::{Replay, Sent};
use crate::domain::alert::Kind;
use crate::domain::contributors::Whose;

/// What makes alerts of two policies the same: to whom they go does not count.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Same {
    kind: Kind,
    whose: Option<Whose>,
    level: Option<String>,
}

/// An alert that both would have sent, on different days.
#[derive(Clone, Copy, Debug)]
pub struct Moved<'r> {
    /// The alert.
    pub sent: &'r Sent,
    /// When the other policy would have sent it.
    pub other: Date,
    /// How many days are between.
    pub days: i32,
}

/// A replay against another one.
#[derive(Clone, Debug, Default)]
pub struct Difference<'r> {
    /// Sent by this one only.
    pub new: Vec<&'r Sent>,
    /// Sent by the other only.
    pub gone: Vec<&'r Sent>,
    /// Sent by this one earlier.
    pub earlier: Vec<Moved<'r>>,
    /// Sent by this one later.
    pub later: Vec<Moved<'r>>,
    /// Sent by both on the same day.
    pub unchanged: u64,
}

/// How many of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Sent by this one only.
    pub new: usize,
    /// Sent by the other only.
    pub gone: usize,
    /// Sent by this one earlier.
    pub earlier: usize,
    /// Sent by this one later.
    pub later: usize,
    /// Sent by both on the same day.
    pub unchanged: u64,
}

impl Difference<'_> {
    /// How many of each.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let Difference { new, gone, earlier, later, unchanged } = self;
        Counts { new: new.len(), gone: gone.len(), earlier: earlier.len(), later: later.len(), unchanged: *unchanged }
    }
}

impl Replay {
    /// What this one sends and the other does not, and the reverse. An alert to two receivers counts once.
    #[must_use]
    pub fn against<'r>(&'r self, other: &'r Replay) -> Difference<'r> {
        let mut others = other.first_of_each();
        let mut difference = Difference::default();
        for (same, sent) in self.first_of_each() {
            let Some(other) = others.remove(&same) else {
                difference.new.push(sent);
                continue;
            };
            let days = sent.day.until(other.day).map_or(0, |span| span.get_days());
            let moved = Moved { sent, other: other.day, days: days.abs() };
            match days {
                0 => difference.unchanged += 1,
                1.. => difference.earlier.push(moved),
                _ => difference.later.push(moved),
            }
        }
        difference.gone.extend(others.into_values());
        [&mut difference.new, &mut difference.gone].into_iter().for_each(|list| list.sort_by_key(|sent| sent.day));
        let moved = [&mut difference.earlier, &mut difference.later];
        moved.into_iter().for_each(|list| list.sort_by_key(|moved| moved.sent.day));
        difference
    }

    fn first_of_each(&self) -> BTreeMap<Same, &Sent> {
        let mut first = BTreeMap::new();
        for sent in &self.sent {
            let (kind, whose, level) = (sent.alert.kind, sent.whose.clone(), sent.alert.level.clone());
            first.entry(Same { kind, whose, level }).or_insert(sent);
        }
        first
    }
}
