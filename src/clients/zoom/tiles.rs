//! A large report in several windows side by side, each asking for neighbouring dates, so that no row is asked for twice.
//!
//! Whatever zone Zoom reads dates in, neighbouring dates tile the time between them. What is not documented is proven from the rows:
//!
//! - *Whether `to` is inclusive.* It is if the rows of one question lie further apart than the dates before `to` can be, in the simplest
//!   case if a question for a single date has any row. If no answer proves it, single dates are asked for around a row that is known. If none
//!   of them has it, `to` is exclusive: then each window lacks its last date, which is asked for with the next one as `to`.
//! - *That no row came twice.* The rows of a window were all sent before those of the next. If not, nothing here is to be trusted, and the
//!   report is read again one window after the other ([`Tiled::contradicts_itself`]).
//! - *Where the first and the last date begin and end.* Clocks differ from UTC's by whole quarters of an hour, so a row sent soon after the
//!   beginning of the span shows that its date has begun by then. If no row shows it, the date before (or after) is asked for too.

use std::collections::VecDeque;
use std::ops::Range;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::fetch::{Added, Part, out_of_time};
use super::plan::{Dates, FirstPage, plan};
use super::report::{Walks, WindowReader};
use super::seen::Span;
use super::session::Session;
use super::window::{Window, begins_first, begins_last, date};
use super::{ZoomError, ZoomErrorKind};

/// How much longer or shorter than 24 hours a date can be.
const ODD_DAY: SignedDuration = SignedDuration::from_hours(3);
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// How Zoom reads `to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Inclusive,
    Exclusive,
}

/// An answered question.
#[derive(Clone, Debug)]
struct Answered {
    from: Date,
    to: Date,
    /// When the earliest and the latest of its rows were sent.
    sent: Option<Span>,
    whole: bool,
}

impl Answered {
    /// Whether the rows lie further apart than the dates before `to` can be.
    fn proves_inclusive(&self) -> bool {
        let before_to = Dates { first: self.from, last: self.to }.count() - 1;
        let Some((earliest, latest)) = self.sent else { return false };
        let apart = latest.duration_since(earliest);
        before_to == 0 || i32::try_from(before_to).is_ok_and(|days| apart > DAY * days + ODD_DAY)
    }

    /// The dates whose rows are all there, if `to` is read so.
    fn dates(&self, end: End) -> Option<Dates> {
        let last = match end {
            End::Inclusive => self.to,
            End::Exclusive => self.to.yesterday().ok()?,
        };
        (self.whole && last >= self.from).then_some(Dates { first: self.from, last })
    }
}

/// What neighbouring windows came to.
#[derive(Debug)]
pub(super) struct Tiled {
    span: Range<Timestamp>,
    /// How many windows may be read side by side if their rows are kept.
    most_at_once: usize,
    answered: Vec<Answered>,
    end: Option<End>,
    /// Whether any window could not be read.
    failed: bool,
    /// Everything that was read, with what was read before.
    pub(super) part: Part,
}

impl Tiled {
    /// Whether rows of one date came with those of another, so that none can be told from a repeat.
    pub(super) fn contradicts_itself(&self) -> bool {
        let mut answered: Vec<_> = self.answered.iter().filter_map(|one| Some((one.from, one.sent?))).collect();
        answered.sort_unstable();
        answered.iter().zip(answered.iter().skip(1)).any(|((_, (_, latest)), (_, (earliest, _)))| latest >= earliest)
    }

    /// The instants of the span all of whose rows were read.
    pub(super) fn covered(&self) -> Vec<Range<Timestamp>> {
        let Some(end) = self.end else { return Vec::new() };
        let mut runs: Vec<(Dates, Option<Span>)> = Vec::new();
        let mut answered: Vec<_> = self.answered.iter().filter_map(|one| Some((one.dates(end)?, one.sent))).collect();
        answered.sort_unstable_by_key(|(dates, _)| dates.first);
        for (dates, sent) in answered {
            match runs.last_mut() {
                Some((run, of_run)) if run.last.tomorrow().is_ok_and(|next| next == dates.first) => {
                    run.last = dates.last;
                    *of_run = match (*of_run, sent) {
                        (Some((earliest, _)), Some((_, latest))) => Some((earliest, latest)),
                        (before, sent) => before.or(sent),
                    };
                }
                _ => runs.push((dates, sent)),
            }
        }
        runs.into_iter()
            .filter_map(|(dates, sent)| {
                let begins = begins_last(dates.first).ok()?;
                let ends = begins_first(dates.last.tomorrow().ok()?).ok()?;
                let (begins, ends) = match sent {
                    Some((earliest, latest)) => {
                        (begins.min(quarter(earliest)?), ends.max(quarter(latest)?.checked_add(QUARTER).ok()?))
                    }
                    None => (begins, ends),
                };
                let covered = begins.max(self.span.start)..ends.min(self.span.end);
                (covered.start < covered.end).then_some(covered)
            })
            .collect()
    }

    /// The dates just outside those that were read, where the rows do not show that the span ends within.
    fn unproven_edges(&self) -> Vec<Dates> {
        let covered = self.covered();
        let starts = covered.iter().any(|covered| covered.start <= self.span.start);
        let ends = covered.iter().any(|covered| covered.end >= self.span.end);
        let mut edges = Vec::new();
        if !starts
            && let Some(first) = self.answered.iter().map(|one| one.from).min().and_then(|date| date.yesterday().ok())
        {
            edges.push(Dates { first, last: first });
        }
        let last = |one: &Answered| self.end.and_then(|end| one.dates(end)).map(|dates| dates.last);
        if !ends && let Some(last) = self.answered.iter().filter_map(last).max().and_then(|date| date.tomorrow().ok()) {
            edges.push(Dates { first: last, last });
        }
        edges
    }

    /// The dates that an exclusive `to` has cut off.
    fn cut_off(&self) -> Vec<Dates> {
        let tos = self.answered.iter().map(|one| one.to);
        let is_missing = |date: &Date| {
            !self
                .answered
                .iter()
                .any(|one| one.dates(End::Exclusive).is_some_and(|dates| dates.first <= *date && *date <= dates.last))
        };
        tos.filter(is_missing).map(|date| Dates { first: date, last: date }).collect()
    }

    fn take(&mut self, window: &Window, walks: Walks, result: Result<(), ZoomError>) {
        let may_hold = || Ok::<_, jiff::Error>(begins_first(window.from)?..begins_last(window.to.tomorrow()?)?);
        let Added { sent, whole } = self.part.add(walks.into_inner(), result, may_hold().ok());
        self.failed |= !whole;
        let answered = Answered { from: window.from, to: window.to, sent, whole };
        if answered.proves_inclusive() {
            self.end.get_or_insert(End::Inclusive);
        }
        self.answered.push(answered);
    }
}

const QUARTER: SignedDuration = SignedDuration::from_mins(15);

/// The quarter of an hour that the instant lies in, by its beginning.
fn quarter(at: Timestamp) -> Option<Timestamp> {
    Timestamp::from_second(at.as_second() - at.as_second().rem_euclid(QUARTER.as_secs())).ok()
}

/// Reads all rows of `span` in windows side by side and adds them to what was read `before`; `None` if the report is not worth it.
pub(super) async fn read_tiled(
    session: &Session<'_>,
    span: &Range<Timestamp>,
    page: &FirstPage,
    before: Part,
) -> Option<Tiled> {
    let dates = plan(span, page).ok()??;
    if !page.in_order {
        session.keep_rows();
    }
    let most_at_once = page.most_at_once(span, dates.len());
    let span = span.clone();
    let mut tiled = Tiled { span, most_at_once, answered: Vec::new(), end: None, failed: false, part: before };
    read(session, &mut tiled, dates).await;
    if tiled.end.is_none() && !tiled.failed {
        tiled.end = probe(session, &tiled, page).await;
    }
    if tiled.end == Some(End::Exclusive) {
        let cut_off = tiled.cut_off();
        read(session, &mut tiled, cut_off).await;
    }
    if !tiled.failed {
        let edges = tiled.unproven_edges();
        read(session, &mut tiled, edges).await;
    }
    Some(tiled)
}

/// Reads these dates side by side.
async fn read(session: &Session<'_>, tiled: &mut Tiled, dates: Vec<Dates>) {
    let exclusive = tiled.end == Some(End::Exclusive);
    let window = |dates: Dates| {
        let to = if exclusive { dates.last.tomorrow().ok()? } else { dates.last };
        Some(Window { owned: tiled.span.clone(), from: dates.first, to })
    };
    let mut waiting: VecDeque<_> = dates.into_iter().filter_map(window).collect();
    let mut under_way = FuturesUnordered::new();
    loop {
        let most = if session.keeps_rows() { tiled.most_at_once } else { usize::MAX };
        while under_way.len() < session.at_once().min(most)
            && let Some(window) = waiting.pop_front()
        {
            under_way.push(read_window(session, window));
        }
        let Some((window, walks, result)) = under_way.next().await else { return };
        tiled.take(&window, walks, result);
    }
}

async fn read_window(session: &Session<'_>, window: Window) -> (Window, Walks, Result<(), ZoomError>) {
    let walks = Walks::default();
    let reader = WindowReader { session, window: &window, walks: &walks };
    let result = session.deadline.bound(reader.read()).await.unwrap_or_else(|| Err(out_of_time()));
    if let Err(error) = &result {
        session.stop(error);
    }
    (window, walks, result)
}

/// Finds out how `to` is read by asking for each date that a known row can have, as a single one.
async fn probe(session: &Session<'_>, tiled: &Tiled, page: &FirstPage) -> Option<End> {
    let (_, known) = page.sent?;
    let mut day = date(known.checked_sub(SignedDuration::from_hours(12)).ok()?);
    let last = date(known.checked_add(SignedDuration::from_hours(14)).ok()?);
    while day <= last {
        let was_empty = tiled.answered.iter().any(|one| one.from == day && one.to == day && one.whole);
        if !was_empty {
            let window = Window { owned: tiled.span.clone(), from: day, to: day };
            let walks = Walks::default();
            let reader = WindowReader { session, window: &window, walks: &walks };
            match session.deadline.bound(reader.begin()).await {
                // A single date may be no range to Zoom.
                Some(Err(error)) if error.kind == ZoomErrorKind::Refused => {}
                Some(Ok(_)) if walks.borrow().last().is_some_and(|walk| walk.rows_seen > 0) => {
                    return Some(End::Inclusive);
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return None,
            }
        }
        day = day.tomorrow().ok()?;
    }
    Some(End::Exclusive)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    fn november() -> Range<Timestamp> {
        at("2026-11-01T00:00:00Z")..at("2026-11-22T13:00:00Z")
    }

    fn answered(from: &str, to: &str, sent: Option<(&str, &str)>) -> Answered {
        Answered { from: day(from), to: day(to), sent: sent.map(|(one, other)| (at(one), at(other))), whole: true }
    }

    #[test]
    fn only_rows_too_far_apart_for_an_exclusive_end_prove_an_inclusive_one() {
        for (to, sent, proven) in [
            ("2026-11-05", Some(("2026-11-05T10:00:00Z", "2026-11-05T10:00:00Z")), true),
            ("2026-11-05", None, false),
            // One date before `to`, which may have 25 hours.
            ("2026-11-06", Some(("2026-11-05T00:00:00Z", "2026-11-06T01:00:00Z")), false),
            ("2026-11-06", Some(("2026-11-05T00:00:00Z", "2026-11-06T03:00:01Z")), true),
        ] {
            assert_eq!(answered("2026-11-05", to, sent).proves_inclusive(), proven, "{to} {sent:?}");
        }
    }

    fn tiled(answered: Vec<Answered>, end: End) -> Tiled {
        Tiled {
            span: november(),
            most_at_once: usize::MAX,
            answered,
            end: Some(end),
            failed: false,
            part: Part::default(),
        }
    }

    fn covered(tiled: &Tiled) -> Vec<String> {
        tiled.covered().iter().map(|covered| format!("{} {}", covered.start, covered.end)).collect()
    }

    #[test]
    fn what_is_covered_rests_on_rows_or_on_every_zone() {
        let row_at_both_ends = Some(("2026-11-03T00:07:00Z", "2026-11-04T23:52:00Z"));
        let far_from_both_ends = Some(("2026-11-03T09:00:00Z", "2026-11-04T11:00:00Z"));
        for (end, sent, expected) in [
            // The quarters of an hour in which the first and the last row lie begin and end on the other side of midnight at the latest.
            (End::Inclusive, row_at_both_ends, "2026-11-03T00:00:00Z 2026-11-05T00:00:00Z"),
            (End::Inclusive, far_from_both_ends, "2026-11-03T09:00:00Z 2026-11-04T11:15:00Z"),
            // 3 November begins in the far west at noon; the 5th in the far east at ten the day before.
            (End::Inclusive, None, "2026-11-03T12:00:00Z 2026-11-04T10:00:00Z"),
        ] {
            let tiled = tiled(vec![answered("2026-11-03", "2026-11-04", sent)], end);
            assert_eq!(covered(&tiled), [expected], "{sent:?}");
        }
        let exclusive = tiled(vec![answered("2026-11-03", "2026-11-05", None)], End::Exclusive);
        assert_eq!(covered(&exclusive), ["2026-11-03T12:00:00Z 2026-11-04T10:00:00Z"]);
        assert_eq!(exclusive.cut_off(), [Dates { first: day("2026-11-05"), last: day("2026-11-05") }]);
    }

    #[test]
    fn neighbouring_dates_are_covered_without_a_seam_and_others_are_not() {
        let one = || answered("2026-11-03", "2026-11-04", None);
        let next = answered("2026-11-05", "2026-11-06", None);
        let later = answered("2026-11-07", "2026-11-07", None);
        assert_eq!(covered(&tiled(vec![next, one()], End::Inclusive)), ["2026-11-03T12:00:00Z 2026-11-06T10:00:00Z"]);
        // A single date without a row to show for it may lie anywhere around.
        assert_eq!(covered(&tiled(vec![later, one()], End::Inclusive)).len(), 1);
    }

    #[test]
    fn windows_whose_rows_mix_contradict_each_other() {
        let first = || answered("2026-11-03", "2026-11-03", Some(("2026-11-03T00:00:00Z", "2026-11-03T23:59:59Z")));
        let next = |from: &str| answered("2026-11-04", "2026-11-04", Some((from, "2026-11-04T23:59:59Z")));
        assert!(!tiled(vec![next("2026-11-04T00:00:00Z"), first()], End::Inclusive).contradicts_itself());
        assert!(tiled(vec![next("2026-11-03T23:59:59Z"), first()], End::Inclusive).contradicts_itself());
    }
}
