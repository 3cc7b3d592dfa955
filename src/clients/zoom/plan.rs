//! How a report is cut into windows that are read side by side, from what its first page tells.

use std::ops::Range;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};

use super::report::Walk;
use super::seen::Span;
use super::window::{MOST_DAYS_ASKED, date, last_instant};

/// Fewer pages are read one after the other: each window more costs half a page in the middle.
const LEAST_PAGES: u64 = 10;
/// The rows of a report whose size nothing tells.
const LARGE: u64 = 1_000_000;
/// Rows that windows under way may keep to know them by, some 30 MiB.
const MOST_ROWS_UNDER_WAY: u64 = 1_000_000;

/// What the first page of a report tells about the rest of it. No figure rests on it, but how soon the report is read, and with how many requests.
#[derive(Clone, Copy, Debug)]
pub(super) struct FirstPage {
    rows: u64,
    pub(super) sent: Option<Span>,
    /// How many rows were sent within which time, apart from the earliest and the latest quarter of the page: some may be late.
    density: (u64, SignedDuration),
    /// Whether rows come in the order of their times, but for some late ones.
    pub(super) in_order: bool,
    total_records: Option<u64>,
}

impl FirstPage {
    pub(super) fn of(walk: &Walk) -> FirstPage {
        let against = |step: fn(&Timestamp, &Timestamp) -> bool| {
            walk.first_page.iter().zip(walk.first_page.iter().skip(1)).filter(|(one, next)| step(one, next)).count()
        };
        let against = against(|one, next| one < next).min(against(|one, next| one > next));
        let mut times = walk.first_page.clone();
        times.sort_unstable();
        let (from, to) = (times.len() / 4, times.len() * 3 / 4);
        let apart = times.get(from).zip(times.get(to)).map(|(from, to)| to.duration_since(*from));
        FirstPage {
            rows: walk.rows_seen,
            sent: walk.sent,
            density: ((to - from) as u64, apart.unwrap_or_default()),
            in_order: against <= 1 + times.len() / 50,
            total_records: walk.total_records,
        }
    }

    /// How many pages `span` has: by Zoom's count, unless that is far more than the density of the rows on this page allows for: it may count
    /// other rows too. Without a count the density is halved, since what was sent last may have been sent in a rush. Rows in no order have
    /// no density; without a count as well, a large report is supposed, since one that is read in one piece might never be read whole.
    fn pages_in(&self, span: &Range<Timestamp>) -> u64 {
        let seconds = |length: SignedDuration| u64::try_from(length.as_secs()).unwrap_or_default().max(1);
        let (rows, apart) = self.density;
        let by_density = rows.saturating_mul(seconds(span.end.duration_since(span.start))) / seconds(apart);
        let total = self.total_records.filter(|total| *total > self.rows);
        let rows = match (self.in_order, total) {
            (true, Some(total)) => total.min(by_density / 2 * 3),
            (true, None) => by_density / 2,
            (false, total) => total.unwrap_or(LARGE),
        };
        rows.div_ceil(self.rows.max(1))
    }

    /// How many of these windows on `span` may be read side by side if their rows are kept.
    pub(super) fn most_at_once(&self, span: &Range<Timestamp>, windows: usize) -> usize {
        let rows_each = self.pages_in(span).saturating_mul(self.rows) / windows.max(1) as u64;
        usize::try_from(MOST_ROWS_UNDER_WAY / rows_each.max(1)).unwrap_or(usize::MAX).max(1)
    }
}

/// Neighbouring dates, both of which are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Dates {
    pub(super) first: Date,
    pub(super) last: Date,
}

impl Dates {
    pub(super) fn count(&self) -> u64 {
        self.first.until(self.last).map_or(0, |between| u64::from(between.get_days().unsigned_abs())) + 1
    }
}

/// The dates to be read at first, in as many windows as their number of pages is worth, newest first; `None` if one window will do.
pub(super) fn plan(span: &Range<Timestamp>, page: &FirstPage) -> Result<Option<Vec<Dates>>, jiff::Error> {
    let pages = page.pages_in(span);
    if pages < LEAST_PAGES {
        return Ok(None);
    }
    let (first, mut last) = (date(span.start), date(last_instant(span.end)?));
    let days = u64::try_from(first.until(last)?.get_days()).unwrap_or_default() + 1;
    // Each window ends with a page that is not full. So many make no more than a tenth of all.
    let windows = (pages / 10 + 1).min(days);
    let fewest = days.div_ceil(MOST_DAYS_ASKED.unsigned_abs() - 2);
    let windows = windows.max(fewest);
    // The longest window is waited for: a few more that are all of one length are sooner done.
    let even = days.div_ceil((days / windows).max(1));
    let windows = if even <= windows + windows / 10 { even } else { windows };
    let mut dates = Vec::new();
    for left in (1..=windows).rev() {
        let taken: u64 = dates.iter().map(Dates::count).sum();
        let length = (days - taken).div_ceil(left).max(1);
        let begin = last.checked_sub(i64::try_from(length - 1).unwrap_or_default().days())?.max(first);
        dates.push(Dates { first: begin, last });
        if begin <= first {
            break;
        }
        last = begin.yesterday()?;
    }
    // Where the day of the span's end is not over yet by UTC it may be the next day for Zoom. Without rows after the span, that costs nothing.
    let nothing_after = page.sent.is_none_or(|(_, latest)| latest < span.end);
    if nothing_after && let Some(newest) = dates.first_mut() {
        newest.last = newest.last.tomorrow()?;
    }
    Ok((dates.len() > 1).then_some(dates))
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn november() -> Range<Timestamp> {
        at("2026-11-01T00:00:00Z")..at("2026-11-22T13:00:00Z")
    }

    /// 300 rows of the last minutes of November so far.
    fn page(minutes: i64, total_records: Option<u64>) -> FirstPage {
        let latest = at("2026-11-22T12:59:00Z");
        let sent = Some((latest - SignedDuration::from_mins(minutes), latest));
        let density = (150, SignedDuration::from_mins(minutes) / 2);
        FirstPage { rows: 300, sent, density, in_order: true, total_records }
    }

    fn planned(page: &FirstPage) -> Vec<String> {
        let told = |dates: &Dates| format!("{} {}", dates.first.strftime("%d"), dates.last.strftime("%d"));
        plan(&november(), page).unwrap().iter().flatten().map(told).collect()
    }

    #[test]
    fn a_report_is_cut_into_as_many_windows_as_its_pages_are_worth() {
        for (minutes, total_records, expected) in [
            // Nine pages by either measure.
            (3_444, Some(2_700), 0),
            // A rush, but few rows in all.
            (10, Some(2_700), 0),
            // Thirty by either, and by density alone: 61, halved.
            (1_033, Some(9_000), 4),
            (508, None, 4),
            // A count that is no more than the page's rows tells nothing.
            (508, Some(300), 4),
        ] {
            let planned = planned(&page(minutes, total_records));
            assert_eq!(planned.len(), expected, "{minutes} {total_records:?}: {planned:?}");
        }
        assert_eq!(planned(&page(1_033, Some(9_000))), ["17 23", "11 16", "06 10", "01 05"]);
        // A hundred pages: eleven windows, or twelve where eleven would be of unequal length.
        assert_eq!(planned(&page(1, Some(30_000))).len(), 11);
        let until_the_23rd = november().start..at("2026-11-23T13:00:00Z");
        assert_eq!(plan(&until_the_23rd, &page(1, Some(30_000))).unwrap().unwrap().len(), 12);
        // So many rows that each date is a window of its own; the running day is asked for with tomorrow.
        let planned = planned(&page(1, Some(1_000_000)));
        assert_eq!(
            (planned.len(), planned[0].as_str(), planned[1].as_str(), planned[21].as_str()),
            (22, "22 23", "21 21", "01 01")
        );
    }

    #[test]
    fn rows_in_no_order_tell_no_density() {
        // Spread over all of the span: by density, a single page.
        let ordered = page(30_000, Some(9_000_000));
        assert!(planned(&ordered).is_empty());
        let shuffled = FirstPage { in_order: false, ..ordered };
        assert_eq!((planned(&shuffled).len(), shuffled.most_at_once(&november(), 22)), (22, 2));
        let uncounted = FirstPage { total_records: None, ..shuffled };
        assert_eq!((planned(&uncounted).len(), uncounted.most_at_once(&november(), 22)), (22, 21));
    }

    /// What is told by rows of these minutes before the span's end.
    fn told(minutes: impl IntoIterator<Item = i64>) -> FirstPage {
        let mut walk = Walk::of(TimeZone::UTC);
        let sent = |minutes: i64| november().end - SignedDuration::from_mins(minutes);
        walk.first_page = minutes.into_iter().map(sent).collect();
        walk.rows_seen = walk.first_page.len() as u64;
        FirstPage::of(&walk)
    }

    #[test]
    fn some_late_rows_change_neither_the_density_nor_the_order() {
        let late = |row: i64| if row % 60 == 30 { row + 20_000 } else { row };
        for rows in [told(0..300), told((0..300).rev()), told((0..300).map(late))] {
            assert!(rows.in_order);
            let pages = rows.pages_in(&november());
            assert!((51..54).contains(&pages), "half of a row a minute: {pages} pages");
        }
        // Each of these numbers' rows in order, one number after the other; and no order at all.
        assert!(!told((0..300).map(|row| row % 20)).in_order);
        assert!(!told((0..300).map(|row| row * 7_919 % 300)).in_order);
        assert!(told([]).in_order);
    }

    #[test]
    fn rows_after_the_span_keep_the_date_after_it_out() {
        let mut page = page(1, Some(1_000_000));
        page.sent = page.sent.map(|(earliest, _)| (earliest, at("2026-11-22T13:00:00Z")));
        assert_eq!(planned(&page)[0], "22 22");
    }
}
