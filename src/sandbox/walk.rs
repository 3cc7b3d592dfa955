//! A walk over the rows of a question: which they are, and in which order.

use std::sync::Arc;

use jiff::Timestamp;

use super::data::Dataset;
use super::dice::Dice;
use super::fault::FaultKind;
use super::question::Question;
use super::range::Range;
use super::row::Row;
use super::switches::{FreeRows, Order, Switches};
use super::view;

const SHUFFLE_SEED: u64 = 0x5A4D_0003;

/// A place in the rows of a question.
#[derive(Clone)]
pub(super) struct Walk {
    pub(super) rows: Arc<[Arc<Row>]>,
    /// The rows of the same time, with those without charge.
    pub(super) uncharged_too: usize,
    pub(super) offset: usize,
    /// The time that is answered for, and what the answer says of it.
    pub(super) range: Range,
    /// The place of its question, from 0: among all questions, and among those to the same report.
    pub(super) place: usize,
    pub(super) turn: u32,
}

impl Walk {
    /// The walk of the question at this place and turn, at its first row.
    pub(super) fn begin(data: &Dataset, question: &Question, (place, turn): (usize, u32), switches: &Switches) -> Walk {
        let moment = view::shown(data.today(), turn, switches);
        let listed = |row: &Row| view::listed(row, moment, switches);
        let asked = question.range.start()..question.range.end();
        let rows = data.in_report(moment).filter(|row| question.is_about(row) && asked.contains(&listed(row)));
        let mut rows: Vec<_> = rows.cloned().collect();
        let uncharged_too = rows.len();
        if question.charges_only && switches.free_rows == FreeRows::BeforePaging {
            rows.retain(|row| row.is_charged());
        }
        match switches.order {
            Order::NewestFirst => rows.reverse(),
            Order::OldestFirst => {}
            Order::Shuffled => Dice::new(SHUFFLE_SEED).shuffle(&mut rows),
            Order::ByListing => rows.sort_by_key(|row| listed(row)),
        }
        Walk { rows: rows.into(), uncharged_too, offset: 0, range: question.range.clone(), place, turn }
    }

    /// The same walk at another row.
    pub(super) fn at(&self, offset: usize) -> Walk {
        Walk { offset, ..self.clone() }
    }

    /// What a fault leaves of the walk, from its place to its end. `listed` says where a row is listed.
    pub(super) fn after(self, fault: Option<FaultKind>, listed: impl Fn(&Row) -> Timestamp) -> Walk {
        let narrowed = |at_start, at_end| self.range.clone().narrowed(at_start, at_end);
        let (before, rest) = self.rows.split_at_checked(self.offset).unwrap_or_default();
        let (range, rest) = match fault {
            Some(FaultKind::SilentlyEmpty) => (self.range.clone(), &[][..]),
            Some(FaultKind::SilentlyShort) => (self.range.clone(), rest.get(..rest.len() * 2 / 3).unwrap_or_default()),
            Some(FaultKind::Narrow) => (narrowed(true, true), rest),
            Some(FaultKind::NarrowFrom) => (narrowed(true, false), rest),
            Some(FaultKind::NarrowTo) => (narrowed(false, true), rest),
            _ => return self,
        };
        let kept = rest.iter().filter(|row| range.holds(listed(row)));
        let rows: Arc<[_]> = before.iter().chain(kept).cloned().collect();
        Walk { uncharged_too: rows.len(), rows, range, ..self }
    }
}
