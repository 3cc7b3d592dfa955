//! The rows of a window that came before, so that one that comes again is known, in hardly more memory than a page's.
//!
//! A row is known by its identity, of which its time is a part. Where rows come in the order of their times, a repeat comes soon or not at all.
//! So a page is forgotten once another came with rows that were all sent before or all after its own. What is kept of forgotten rows is the
//! span in which they were sent and a byte each in Bloom filters: a row sent outside of that span is new, and so is one within it,
//! such as a late charge, that no filter has. Of any other nobody can tell, and the window has to be read anew with nothing forgotten.
//!
//! Nothing more is forgotten once a row came that was sent among forgotten ones: others will follow, and each may be taken for one that the
//! filters hold. Where rows come in no order at all, no page is apart from another, and nothing is forgotten from the beginning.

use std::collections::{HashSet, VecDeque};
use std::hash::BuildHasherDefault;
use std::mem;

use jiff::Timestamp;

use crate::domain::charge::IdentityHasher;

/// When the earliest and the latest of some rows were sent.
pub(super) type Span = (Timestamp, Timestamp);

/// The span of one's rows and the other's.
pub(super) fn joined(one: Option<Span>, other: Option<Span>) -> Option<Span> {
    match (one, other) {
        (Some((earliest, latest)), Some(other)) => Some((earliest.min(other.0), latest.max(other.1))),
        (one, other) => one.or(other),
    }
}

/// Pages that are kept singly, so that each can be forgotten; of more, the oldest are put together.
const MOST_SINGLE: usize = 8;

/// What is known of a row that comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sight {
    /// It did not come before.
    First,
    /// It came before.
    Again,
    /// It may be one of those that are forgotten.
    Unsure,
}

/// The rows that came so far.
#[derive(Debug)]
pub(super) struct Seen {
    page: Rows,
    pages_before: VecDeque<Rows>,
    forgets: bool,
    forgotten: Forgotten,
}

impl Seen {
    /// None as yet. Who does not forget is never unsure.
    pub(super) fn nothing(forgets: bool) -> Seen {
        Seen { page: Rows::default(), pages_before: VecDeque::new(), forgets, forgotten: Forgotten::default() }
    }

    /// Takes note of a row of the page that is being read.
    pub(super) fn note(&mut self, identity: u128, sent: Option<Timestamp>) -> Sight {
        if !self.page.add(identity, sent) || self.pages_before.iter().any(|rows| rows.hold(identity, sent)) {
            return Sight::Again;
        }
        if !self.forgotten.may_have(sent) {
            return Sight::First;
        }
        self.forgets = false;
        if self.forgotten.may_hold(identity) { Sight::Unsure } else { Sight::First }
    }

    /// Whether rows are still forgotten where they come in order.
    pub(super) fn forgets(&self) -> bool {
        self.forgets
    }

    /// Ends the page.
    pub(super) fn turn_page(&mut self) {
        let next = Rows {
            identities: HashSet::with_capacity_and_hasher(self.page.identities.len(), BuildHasherDefault::new()),
            sent: None,
        };
        let page = mem::replace(&mut self.page, next);
        if self.forgets {
            let forgotten = &mut self.forgotten;
            self.pages_before.retain(|rows| {
                let apart = rows.are_apart_from(&page);
                if apart {
                    forgotten.take(rows);
                }
                !apart
            });
        }
        self.pages_before.push_back(page);
        if self.pages_before.len() > MOST_SINGLE
            && let (Some(mut oldest), Some(next)) = (self.pages_before.pop_front(), self.pages_before.pop_front())
        {
            oldest.join(next);
            self.pages_before.push_front(oldest);
        }
    }
}

/// The rows of a page, or of several.
#[derive(Debug, Default)]
struct Rows {
    identities: HashSet<u128, BuildHasherDefault<IdentityHasher>>,
    sent: Option<Span>,
}

impl Rows {
    /// Says whether the row was not there before.
    fn add(&mut self, identity: u128, sent: Option<Timestamp>) -> bool {
        self.sent = joined(self.sent, sent.map(|sent| (sent, sent)));
        self.identities.insert(identity)
    }

    fn join(&mut self, others: Rows) {
        self.identities.extend(others.identities);
        self.sent = joined(self.sent, others.sent);
    }

    fn hold(&self, identity: u128, sent: Option<Timestamp>) -> bool {
        is_within(self.sent, sent) && self.identities.contains(&identity)
    }

    fn are_apart_from(&self, others: &Rows) -> bool {
        let (Some((earliest, latest)), Some((others_earliest, others_latest))) = (self.sent, others.sent) else {
            return false;
        };
        latest < others_earliest || others_latest < earliest
    }
}

/// Whether a row sent then may be one of those sent in the span. Whatever has no time may be anywhere.
fn is_within(span: Option<Span>, sent: Option<Timestamp>) -> bool {
    let (Some((earliest, latest)), Some(sent)) = (span, sent) else { return true };
    earliest <= sent && sent <= latest
}

/// What is left of rows whose identities are not kept.
#[derive(Debug, Default)]
struct Forgotten {
    sent: Option<Span>,
    filters: Vec<Filter>,
}

impl Forgotten {
    fn take(&mut self, rows: &Rows) {
        self.sent = joined(self.sent, rows.sent);
        for identity in &rows.identities {
            match self.filters.last_mut() {
                Some(filter) if filter.rows < Filter::MOST_ROWS => filter.add(*identity),
                _ => self.filters.push_mut(Filter::default()).add(*identity),
            }
        }
    }

    /// Whether any of them may have been sent then.
    fn may_have(&self, sent: Option<Timestamp>) -> bool {
        self.sent.is_some() && is_within(self.sent, sent)
    }

    fn may_hold(&self, identity: u128) -> bool {
        self.filters.iter().any(|filter| filter.may_hold(identity))
    }
}

/// A Bloom filter. Full, it takes one new row in forty for one that it holds.
#[derive(Debug)]
struct Filter {
    bits: Box<[u64]>,
    rows: usize,
}

impl Default for Filter {
    fn default() -> Filter {
        Filter { bits: vec![0; 1 << (Filter::PLACE_BITS - 6)].into(), rows: 0 }
    }
}

impl Filter {
    const PLACE_BITS: u32 = 18;
    /// Eight bits for each.
    const MOST_ROWS: usize = 1 << (Filter::PLACE_BITS - 3);

    /// Where the row's bits stand: identities are digests, so that their own bits will do.
    fn places(identity: u128) -> impl Iterator<Item = (usize, u64)> {
        (0..u128::BITS / Filter::PLACE_BITS).map(move |nth| {
            let place = (identity >> (nth * Filter::PLACE_BITS)) as usize % (1 << Filter::PLACE_BITS);
            (place / 64, 1 << (place % 64))
        })
    }

    fn add(&mut self, identity: u128) {
        self.rows += 1;
        for (word, bit) in Filter::places(identity) {
            if let Some(word) = self.bits.get_mut(word) {
                *word |= bit;
            }
        }
    }

    fn may_hold(&self, identity: u128) -> bool {
        Filter::places(identity).all(|(word, bit)| self.bits.get(word).is_none_or(|word| word & bit != 0))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A row's identity: a digest, like a real one.
    fn row(number: u64) -> u128 {
        xxhash_rust::xxh3::xxh3_128(&number.to_le_bytes())
    }

    fn at(second: i64) -> Option<Timestamp> {
        Timestamp::from_second(second).ok()
    }

    /// What is said of the rows of a page: their numbers, and the seconds in which they were sent.
    fn page(seen: &mut Seen, rows: impl IntoIterator<Item = (u64, i64)>) -> Vec<Sight> {
        let sights = rows.into_iter().map(|(number, second)| seen.note(row(number), at(second))).collect();
        seen.turn_page();
        sights
    }

    fn kept(seen: &Seen) -> usize {
        seen.pages_before.iter().map(|rows| rows.identities.len()).sum()
    }

    #[test]
    fn of_rows_in_order_a_page_is_kept_and_repeats_are_known() {
        for step in [1, -1] {
            let mut seen = Seen::nothing(true);
            for nth in 0..200_u64 {
                // Each page begins with the last three rows of the one before.
                let numbers = (nth * 300).saturating_sub(3)..(nth + 1) * 300;
                let rows = numbers.map(|number| (number, step * number.cast_signed()));
                let sights = page(&mut seen, rows);
                let again = sights.iter().filter(|sight| **sight == Sight::Again).count();
                let first = sights.iter().filter(|sight| **sight == Sight::First).count();
                assert_eq!((again, first), (if nth == 0 { 0 } else { 3 }, 300), "page {nth}");
                assert!(kept(&seen) <= 2 * 303, "page {nth}: {}", kept(&seen));
            }
        }
    }

    #[test]
    fn a_late_row_among_forgotten_ones_is_new_and_a_forgotten_one_is_unsure() {
        let mut seen = Seen::nothing(true);
        for nth in 0..20_u64 {
            page(&mut seen, (nth * 300..(nth + 1) * 300).map(|number| (number, number.cast_signed())));
        }
        assert_eq!(page(&mut seen, [(1_000_000, 1_234)]), [Sight::First]);
        assert_eq!(page(&mut seen, [(1_234, 1_234)]), [Sight::Unsure]);
        // Since one came out of order, others may.
        page(&mut seen, (6_000..6_300).map(|number| (number, 6_000)));
        page(&mut seen, (6_300..6_600).map(|number| (number, 6_300)));
        page(&mut seen, (6_600..6_900).map(|number| (number, 6_600)));
        assert_eq!(page(&mut seen, [(6_000, 6_000)]), [Sight::Again]);
        // Without a time it may be any of them.
        assert_eq!(seen.note(row(1_000_001), None), Sight::First);
        assert_eq!(seen.note(row(1_235), None), Sight::Unsure);
    }

    #[test]
    fn rows_of_one_second_are_not_forgotten_before_it_is_over() {
        let mut seen = Seen::nothing(true);
        for nth in 0..30 {
            let sights = page(&mut seen, (nth * 300..(nth + 1) * 300).map(|number| (number, 7)));
            assert!(sights.iter().all(|sight| *sight == Sight::First), "page {nth}");
        }
        assert_eq!(page(&mut seen, [(0, 7), (8_999, 7)]), [Sight::Again; 2]);
        page(&mut seen, [(9_000, 8)]);
        assert_eq!(kept(&seen), 1);
    }

    #[test]
    fn a_filter_that_is_full_is_seldom_wrong() {
        let mut forgotten = Forgotten::default();
        let identities = (0..40_000).map(row).collect();
        forgotten.take(&Rows { identities, sent: Some((Timestamp::MIN, Timestamp::MAX)) });
        assert_eq!(forgotten.filters.len(), 2);
        assert!((0..40_000).all(|number| forgotten.may_hold(row(number))));
        let wrong = (40_000..140_000).filter(|number| forgotten.may_hold(row(*number))).count();
        assert!(wrong < 4_000, "{wrong}");
    }

    proptest! {
        /// Whatever comes in whatever order: none that came before is ever said to be new, and who forgets nothing is always sure.
        #[test]
        fn no_repeat_is_taken_for_a_new_row(
            pages in proptest::collection::vec(proptest::collection::vec((0_u64..60, 0_i64..4), 1..8), 1..40),
            spread in 1_i64..20,
            forgets: bool,
        ) {
            let mut seen = Seen::nothing(forgets);
            let mut came = HashSet::new();
            for (nth, rows) in (0_i64..).zip(pages) {
                for (number, shift) in rows {
                    // A row's time is part of what it is known by.
                    let second = nth * spread / 4 + shift;
                    let number = number << 32 | second.cast_unsigned();
                    let sight = seen.note(row(number), at(second));
                    match sight {
                        Sight::First => prop_assert!(came.insert(number)),
                        Sight::Again => prop_assert!(came.contains(&number)),
                        Sight::Unsure => prop_assert!(forgets),
                    }
                }
                seen.turn_page();
            }
        }
    }
}
