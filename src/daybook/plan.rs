//! Which dates a run reads from Zoom, and which parts of earlier runs it uses.
//!
//! A run reads a report of up to [`SMALL`] pages whole, if the last run was an hour or more ago; after half an hour one of half as many. A
//! larger report, or one that the last run had no time to finish, is read in parts: open dates by every run, dates that are over but not
//! settled every `late_every`, and all others every `full_every`. For dates that are not read, the run uses the parts of earlier runs.

use std::collections::BTreeSet;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan as _};

use super::{Head, KnownPart};
use crate::clients::zoom::{last_date, last_started};
use crate::domain::dates::Dates;
use crate::domain::period::start_of;

/// The most pages of a report that every hourly run reads whole. What fails or is refused takes requests besides.
const SMALL: u64 = 60;
/// An hour, less a schedule's delay.
const HOURLY: SignedDuration = SignedDuration::from_mins(55);

/// How long a part is used.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// Everything is read again at least this often.
    pub full_every: SignedDuration,
    /// Dates that are over but not settled are read again this often.
    pub late_every: SignedDuration,
    /// How many days after a date is over it is settled.
    pub late_charges_days: u32,
    /// How many reports share the requests of a run.
    pub reports: u64,
}

/// What a run reads from Zoom, and what it uses from the daybook.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// The dates to ask for, oldest first.
    pub ask: Vec<Dates>,
    /// The parts to use.
    pub(super) keep: Vec<KnownPart>,
    /// Whether the run saves what it reads as parts, for the next run.
    pub(super) keeps_parts: bool,
    /// The most pages of a report that every run reads whole.
    pub(super) small: u64,
}

impl Plan {
    /// The plan of a run that needs all rows from `first_day` on, sent before `until`.
    #[must_use]
    pub fn of(
        head: Option<&Head>,
        rules: &Rules,
        first_day: Date,
        until: Timestamp,
        zone: &jiff::tz::TimeZone,
    ) -> Plan {
        let first = listing_of(first_day, zone).map_or(first_day, |listing| listing.from);
        let whole = Dates { from: first, to: last_date(until) };
        let small = SMALL / rules.reports.max(1);
        let Some((head, read_at)) = head.and_then(|head| Some((head, head.read_at?))) else {
            return Plan { ask: vec![whole], small, ..Plan::default() };
        };
        let since = until.duration_since(read_at).clamp(SignedDuration::ZERO, HOURLY);
        let share = small.saturating_mul(since.as_secs().unsigned_abs()) / HOURLY.as_secs().unsigned_abs();
        if head.whole_pages <= share && !head.unfinished {
            return Plan { ask: divided(whole, &head.failed, until), small, ..Plan::default() };
        }
        let falls: Vec<_> = head.falls.iter().filter_map(|fall| listing_of(fall.day, zone)).collect();
        let is_kept = |part: &&KnownPart| {
            part.to > first
                && part.first_day <= first_day
                && until.duration_since(part.read_at) < patience(part, rules, until)
                && !falls.iter().any(|fall| fall.overlap(&part.dates()))
        };
        // Once one part is overdue, everything is read in the same run, unless a reading takes several runs anyway.
        let is_overdue = |part: &KnownPart| {
            let patience = patience(part, rules, until);
            part.to > first && patience == rules.full_every && until.duration_since(part.read_at) >= patience
        };
        let reads_all = !head.unfinished && head.parts.iter().any(is_overdue);
        let keep: Vec<_> = head.parts.iter().filter(|part| !reads_all && is_kept(part)).cloned().collect();
        let ask = missing(whole, &keep).into_iter().flat_map(|dates| cut(dates, rules, until));
        let ask = ask.flat_map(|dates| divided(dates, &head.failed, until)).collect();
        Plan { ask, keep, keeps_parts: true, small }
    }

    /// Whether everything is read.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.keep.is_empty()
    }

    /// How many rows a date has, on average over the parts used.
    #[must_use]
    pub fn rows_a_date(&self) -> Option<u64> {
        let dates = |part: &KnownPart| part.from.until(part.to).map_or(0, |span| span.get_days().unsigned_abs());
        let dates: u64 = self.keep.iter().map(dates).map(u64::from).sum();
        self.keep.iter().map(|part| part.rows).sum::<u64>().checked_div(dates)
    }

    /// Whether a day's figures come from the daybook alone.
    pub(super) fn is_remembered(&self, day: Date, zone: &jiff::tz::TimeZone) -> bool {
        listing_of(day, zone).is_some_and(|listing| !self.ask.iter().any(|dates| dates.overlap(&listing)))
    }
}

/// The dates under which rows of a civil day may be listed.
pub(super) fn listing_of(day: Date, zone: &jiff::tz::TimeZone) -> Option<Dates> {
    Some(Dates::listing(start_of(day, zone).ok()?, start_of(day.tomorrow().ok()?, zone).ok()?))
}

/// How long a part is used. Its last date does not count: it belongs to the next part too.
fn patience(part: &KnownPart, rules: &Rules, now: Timestamp) -> SignedDuration {
    let open = last_started(now);
    let settled = open.saturating_sub(i64::from(rules.late_charges_days).days());
    match part.to {
        to if to > open => SignedDuration::MIN,
        to if to > settled => rules.late_every.min(rules.full_every),
        _ => rules.full_every,
    }
}

/// The dates that no part covers. Neighbors share a date.
fn missing(whole: Dates, parts: &[KnownPart]) -> Vec<Dates> {
    let mut missing = Vec::new();
    let mut from = whole.from;
    for part in parts {
        if part.from > from {
            missing.push(Dates { from, to: part.from });
        }
        from = from.max(part.to);
    }
    missing.push(Dates { from, to: whole.to });
    missing
}

/// Cuts dates where later runs need a part to end: at the first open date, at the first that is not settled today, and at the first that
/// will not be settled tomorrow.
fn cut(dates: Dates, rules: &Rules, now: Timestamp) -> Vec<Dates> {
    let open = last_started(now);
    let settled = open.saturating_sub(i64::from(rules.late_charges_days).days());
    cut_at(dates, [settled, settled.saturating_add(1.day()).min(open), open])
}

/// Asks for the dates of a question that failed apart from others, and in halves: a date that Zoom cannot answer for is found within some
/// runs, and hides its neighbors no longer. A date that has started everywhere hides no later one.
pub(super) fn divided(dates: Dates, failed: &[Dates], now: Timestamp) -> Vec<Dates> {
    let open = last_started(now);
    let places = failed.iter().filter(|failed| failed.cross(&dates)).flat_map(|failed| {
        let over = failed.to.min(open).max(failed.from);
        let half = failed.from.until(over).map_or(0, |span| i64::from(span.get_days()) / 2);
        let is_open = failed.to > open;
        let open = is_open.then(|| [open, open.saturating_add(1.day())]).into_iter().flatten();
        [failed.from, failed.from.saturating_add(half.days()), failed.to].into_iter().chain(open)
    });
    cut_at(dates, places)
}

/// Cuts dates at these places. Neighbors share a date.
fn cut_at(dates: Dates, places: impl IntoIterator<Item = Date>) -> Vec<Dates> {
    let within = places.into_iter().filter(|place| dates.from < *place && *place < dates.to);
    let places: BTreeSet<_> = within.chain([dates.from, dates.to]).collect();
    places.iter().zip(places.iter().skip(1)).map(|(from, to)| Dates { from: *from, to: *to }).collect()
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::super::Fall;
    use super::*;

    const FIRST_DAY: Date = Date::constant(2026, 11, 1);

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn part(from: &str, to: &str, read_at: &str) -> KnownPart {
        let (from, to, read_at) = (from.parse().unwrap(), to.parse().unwrap(), at(read_at));
        KnownPart { from, to, first_day: FIRST_DAY, read_at, rows: 1, units: None, chunks: 1 }
    }

    fn rules() -> Rules {
        let hours = SignedDuration::from_hours;
        Rules { full_every: hours(24), late_every: hours(6), late_charges_days: 3, reports: 1 }
    }

    fn head(requests: u64, read_at: &str, parts: Vec<KnownPart>) -> Head {
        Head { read_at: Some(at(read_at)), whole_pages: requests, parts, ..Head::default() }
    }

    fn shown(dates: Dates) -> String {
        format!("{}..{}", dates.from.strftime("%m-%d"), dates.to.strftime("%m-%d"))
    }

    fn plan(head: &Head, now: &str) -> (Vec<String>, Vec<String>) {
        let plan = Plan::of(Some(head), &rules(), FIRST_DAY, at(now), &TimeZone::UTC);
        (plan.ask.iter().copied().map(shown).collect(), plan.keep.iter().map(|part| shown(part.dates())).collect())
    }

    #[test]
    fn a_small_report_is_read_whole_by_every_hourly_run() {
        let (ask, keep) = plan(&head(60, "2026-11-22T12:00:00Z", Vec::new()), "2026-11-22T13:00:00Z");
        assert_eq!((ask, keep.len()), (vec!["10-28..11-27".to_owned()], 0));
        // One of five requests by a run five minutes after the last.
        let (ask, keep) = plan(&head(5, "2026-11-22T12:55:00Z", Vec::new()), "2026-11-22T13:00:00Z");
        assert_eq!((ask, keep.len()), (vec!["10-28..11-27".to_owned()], 0));
        // Of a larger one it leaves parts for the next run, which reads what is open.
        let (ask, _) = plan(&head(6, "2026-11-22T12:55:00Z", Vec::new()), "2026-11-22T13:00:00Z");
        assert_eq!(ask, ["10-28..11-19", "11-19..11-20", "11-20..11-22", "11-22..11-27"]);
    }

    #[test]
    fn of_a_large_report_open_late_and_old_dates_are_read() {
        let parts = |read_at: &str| {
            vec![
                part("2026-10-28", "2026-11-19", read_at),
                part("2026-11-19", "2026-11-20", read_at),
                part("2026-11-20", "2026-11-22", read_at),
                part("2026-11-22", "2026-11-27", read_at),
            ]
        };
        let head = |parts| head(3_000, "2026-11-22T12:00:00Z", parts);
        // Open dates.
        let (ask, keep) = plan(&head(parts("2026-11-22T12:00:00Z")), "2026-11-22T13:00:00Z");
        assert_eq!((ask, keep.len()), (vec!["11-22..11-27".to_owned()], 3));
        // And dates that are not settled.
        let (ask, _) = plan(&head(parts("2026-11-22T12:00:00Z")), "2026-11-22T18:00:00Z");
        assert_eq!(ask, ["11-19..11-20", "11-20..11-22", "11-22..11-27"]);
        // Everything.
        let (ask, keep) = plan(&head(parts("2026-11-21T13:00:00Z")), "2026-11-22T13:00:00Z");
        assert_eq!((ask.concat(), keep.len()), ("10-28..11-1911-19..11-2011-20..11-2211-22..11-27".to_owned(), 0));
        // A new date has started everywhere. It was open when it was read, so it is read once more, and cut.
        let (ask, _) = plan(&head(parts("2026-11-23T11:00:00Z")), "2026-11-23T12:00:00Z");
        assert_eq!(ask, ["11-22..11-23", "11-23..11-28"]);
        // A part that went missing.
        let mut some = parts("2026-11-22T12:00:00Z");
        some.remove(0);
        let (ask, _) = plan(&head(some), "2026-11-22T13:00:00Z");
        assert_eq!(ask, ["10-28..11-19", "11-22..11-27"]);
    }

    /// What is asked for after each of so many runs in which Zoom failed for these dates.
    fn asked_while_failing(dates: &[&str], runs: usize) -> Vec<Vec<String>> {
        let failing: Vec<Date> = dates.iter().map(|date| date.parse().unwrap()).collect();
        let mut head = head(60, "2026-11-22T12:00:00Z", Vec::new());
        let fails = |asked: &&Dates| failing.iter().any(|date| asked.from <= *date && *date <= asked.to);
        let mut after = || {
            let plan = Plan::of(Some(&head), &rules(), FIRST_DAY, at("2026-11-22T13:00:00Z"), &TimeZone::UTC);
            head.failed = plan.ask.iter().filter(fails).copied().collect();
            assert!(plan.is_whole());
            plan.ask.into_iter().map(shown).collect()
        };
        (0..=runs).map(|_| after()).collect()
    }

    #[test]
    fn dates_that_fail_are_asked_for_in_ever_smaller_questions_and_the_others_as_ever() {
        let asked = asked_while_failing(&["2026-11-03"], 6);
        assert_eq!(asked[0], ["10-28..11-27"]);
        assert_eq!(asked[1], ["10-28..11-09", "11-09..11-22", "11-22..11-23", "11-23..11-27"]);
        assert_eq!(asked[2], ["10-28..11-03", "11-03..11-09", "11-09..11-27"]);
        // In the end its date with each neighbor.
        assert_eq!(asked[6], ["10-28..11-02", "11-02..11-03", "11-03..11-04", "11-04..11-27"]);
        let two = asked_while_failing(&["2026-11-03", "2026-11-17"], 7);
        assert_eq!(two[7].len(), 7);
        assert_eq!(two[7][6], "11-18..11-27");
    }

    #[test]
    fn a_date_that_has_started_everywhere_and_fails_hides_no_later_one() {
        let asked = asked_while_failing(&["2026-11-22"], 6);
        assert_eq!(asked[6], ["10-28..11-21", "11-21..11-22", "11-22..11-23", "11-23..11-27"]);
    }

    #[test]
    fn a_day_whose_figure_fell_is_read_by_every_run() {
        let parts = vec![
            part("2026-10-28", "2026-11-10", "2026-11-22T12:00:00Z"),
            part("2026-11-10", "2026-11-19", "2026-11-22T12:00:00Z"),
        ];
        let mut head = head(3_000, "2026-11-22T12:00:00Z", parts);
        let figure = ("1".to_owned(), 1);
        head.falls = vec![Fall {
            day: Date::constant(2026, 11, 2),
            currency: "USD".to_owned(),
            before: figure.clone(),
            after: figure,
        }];
        assert_eq!(
            plan(&head, "2026-11-22T13:00:00Z").0,
            ["10-28..11-10", "11-19..11-20", "11-20..11-22", "11-22..11-27"]
        );
    }
}
