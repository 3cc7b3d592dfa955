//! What is remembered of whole past days, so that a run need not read them again.
//!
//! *Grain.* Sums are remembered by civil day of the policy's zone and by [`Line`], the grain of [`Totals`]: every period of the policy is a
//! union of such days, in any zone, also those of 23 and 25 hours, and those a quarter of an hour off. Hours of UTC would take 24 times the
//! room and would not do for India or Nepal; quarters of an hour, which would do for all, would take as much as the rows. The price is that
//! a policy with another zone finds nothing and reads anew, once. A day is remembered with its first and last instant, so that a zone whose
//! rules were changed is noticed too.
//!
//! *Trust.* A day is settled when it has been over for `late_charges_days`; until then every run reads it. A settled day is read once more
//! at least, and then as often as a full read is due: when one remembered day is older than that, all that are older than half of it are
//! read, which makes it one full read. What is then found to differ is a restatement. A run that ends before it has read everything leaves
//! behind the days that it has, settled or not, and the next one goes on from there.
//!
//! Nothing rests on the history alone: a day that is missing, damaged, of another zone or another version is read from Zoom.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use super::money::{Amount, Currency};
use super::period::start_of;
use super::totals::{DaySums, Line, Sum, SumTooLong, Totals};

/// The version of what is remembered of a day.
const VERSION: u32 = 1;
/// For so long a run takes over unsettled days from one that did not come to its end.
const TAKEN_OVER: SignedDuration = SignedDuration::from_mins(90);
/// Days are forgotten after so many months; Zoom's report goes back thirteen.
const REMEMBERED_MONTHS: i32 = 14;

/// When and how a day was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastRead {
    /// As of when it was read.
    pub read_at: Timestamp,
    /// Whether the run that read it did not come to its end.
    pub unfinished: bool,
}

/// The days that are remembered.
#[derive(Debug, Default)]
pub struct Remembered {
    totals: Totals,
    days: BTreeMap<Date, LastRead>,
}

#[derive(Deserialize, Serialize)]
struct Document {
    version: u32,
    day: Date,
    from: Timestamp,
    to: Timestamp,
    read_at: Timestamp,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    unfinished: bool,
    sums: Vec<DocumentSum>,
}

/// Billing number, department, cost center, extension, currency, amount, messages, whether a credit is among them.
type DocumentSum = (String, String, String, String, String, String, u64, bool);

impl Remembered {
    /// Takes in a day's document. Says whether it is one of these days, in this zone.
    pub fn take(&mut self, document: &[u8], zone: &TimeZone) -> bool {
        self.try_take(document, zone).is_some()
    }

    fn try_take(&mut self, document: &[u8], zone: &TimeZone) -> Option<()> {
        let document: Document = serde_json::from_slice(document).ok()?;
        let span = span_of(document.day, zone)?;
        if document.version != VERSION || span != (document.from..document.to) {
            return None;
        }
        let sums: Option<DaySums> = document.sums.into_iter().map(sum_of).collect();
        self.totals.replace_day(document.day, &sums?).ok()?;
        self.days.insert(document.day, LastRead { read_at: document.read_at, unfinished: document.unfinished });
        Some(())
    }
}

fn sum_of(sum: DocumentSum) -> Option<(Line, Sum)> {
    let (billing_number, department, cost_center, extension, currency, amount, messages, has_credit) = sum;
    let [billing_number, department, cost_center, extension] =
        [billing_number, department, cost_center, extension].map(Arc::<str>::from);
    let currency = Currency::parse(&currency).ok()?;
    let line = Line { billing_number, department, cost_center, extension, currency };
    Some((line, Sum { amount: Amount::parse(&amount).ok()?, messages, has_credit }))
}

/// A day to be remembered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DayDocument {
    /// The day.
    pub day: Date,
    /// What is remembered of it (JSON).
    pub document: Vec<u8>,
    /// When it may be forgotten.
    pub expires_at: Timestamp,
}

fn span_of(day: Date, zone: &TimeZone) -> Option<Range<Timestamp>> {
    Some(start_of(day, zone).ok()?..start_of(day.tomorrow().ok()?, zone).ok()?)
}

/// A civil day of the span that is judged.
#[derive(Clone, Debug)]
struct Day {
    date: Date,
    /// The part of it that is judged: all of it, or what has passed of the last.
    span: Range<Timestamp>,
    /// Whether it is over.
    past: bool,
    /// Whether it has been over for so long that late charges are no longer waited for.
    settled: bool,
    /// What is to be done about it.
    action: Action,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    /// Only Zoom knows.
    Read,
    /// It is remembered, and read all the same, to see whether it was restated.
    ReadAgain,
    /// It is remembered.
    Recall,
}

/// What to read, and what to remember.
#[derive(Debug)]
pub struct Plan {
    remembered: Remembered,
    days: Vec<Day>,
    as_of: Timestamp,
}

/// How far what is remembered can be trusted.
#[derive(Clone, Copy, Debug)]
pub struct Trust {
    /// As of when it is judged.
    pub as_of: Timestamp,
    /// For how many days a day that is over is still read.
    pub late_charges_days: u32,
    /// How old a remembered day may become.
    pub full_read_every: SignedDuration,
}

impl Plan {
    /// Decides for each day of `span` whether to read it; `None` if the span lies beyond the calendar.
    #[must_use]
    pub fn of(span: &Range<Timestamp>, zone: &TimeZone, trust: &Trust, remembered: Remembered) -> Option<Plan> {
        let mut days = days_of(span, zone, trust)?;
        let age = |read_at: Timestamp| trust.as_of.duration_since(read_at);
        let known = |day: &Day| -> Option<LastRead> {
            let known = *remembered.days.get(&day.date)?;
            let settles_at = settles_at(day.date, zone, trust.late_charges_days)?;
            let taken_over = known.unfinished && age(known.read_at) <= TAKEN_OVER;
            (day.past && (known.read_at >= settles_at || taken_over)).then_some(known)
        };
        let is_due = days.iter().filter_map(known).any(|known| age(known.read_at) >= trust.full_read_every);
        for day in &mut days {
            day.action = match known(day) {
                None => Action::Read,
                Some(known) if is_due && age(known.read_at) >= trust.full_read_every / 2 => Action::ReadAgain,
                Some(_) => Action::Recall,
            };
        }
        Some(Plan { remembered, days, as_of: trust.as_of })
    }

    /// The days of the span.
    #[must_use]
    pub fn days(&self) -> u64 {
        self.days.len() as u64
    }

    /// The spans to be read, newest first.
    #[must_use]
    pub fn spans(&self) -> Vec<Range<Timestamp>> {
        let mut spans: Vec<Range<Timestamp>> = Vec::new();
        for day in self.days.iter().filter(|day| day.action != Action::Recall) {
            match spans.last_mut() {
                Some(last) if last.end == day.span.start => last.end = day.span.end,
                _ => spans.push(day.span.clone()),
            }
        }
        spans.reverse();
        spans
    }

    /// Puts together what was read and what is remembered. `unread` are the instants of which rows may be missing.
    ///
    /// # Errors
    /// [`SumTooLong`] if both together have too many digits.
    pub fn recall(&self, read: &mut Totals, unread: &[Range<Timestamp>]) -> Result<Recalled, SumTooLong> {
        let overlaps =
            |one: &Range<Timestamp>, other: &Range<Timestamp>| one.start < other.end && other.start < one.end;
        let is_whole = |day: &Day| !unread.iter().any(|unread| overlaps(unread, &day.span));
        let mut recalled = Recalled::default();
        for day in &self.days {
            let whole = is_whole(day);
            match day.action {
                Action::Read if whole && day.past => drop(recalled.whole.insert(day.date)),
                Action::Read if whole => {}
                Action::Read => {
                    let missing = unread.iter().filter(|unread| overlaps(unread, &day.span));
                    recalled
                        .unread
                        .extend(missing.map(|unread| unread.start.max(day.span.start)..unread.end.min(day.span.end)));
                }
                Action::ReadAgain if whole => {
                    recalled.whole.insert(day.date);
                    recalled.restate(day.date, &self.remembered.totals.day(day.date), &read.day(day.date));
                }
                Action::ReadAgain | Action::Recall => {
                    read.replace_day(day.date, &self.remembered.totals.day(day.date))?;
                    recalled.from_history += 1;
                }
            }
        }
        if !recalled.restated.is_empty() {
            let mut before = read.clone();
            for day in recalled.restated_days() {
                before.replace_day(day, &self.remembered.totals.day(day))?;
            }
            recalled.before = Some(before);
        }
        Ok(recalled)
    }

    /// The days to remember of those that were read whole: the settled ones, and if the run did not come to its end, all. `except` these.
    #[must_use]
    pub fn to_remember(
        &self,
        recalled: &Recalled,
        read: &Totals,
        zone: &TimeZone,
        except: &BTreeSet<Date>,
    ) -> Vec<DayDocument> {
        let unfinished = !recalled.unread.is_empty();
        let days = self.days.iter().filter(|day| {
            recalled.whole.contains(&day.date) && (day.settled || unfinished) && !except.contains(&day.date)
        });
        let last_read = |settled: bool| LastRead { read_at: self.as_of, unfinished: unfinished && !settled };
        days.filter_map(|day| document(day.date, last_read(day.settled), &read.day(day.date), zone)).collect()
    }

    /// The days that were restated, and when they were read before.
    #[must_use]
    pub fn restated(&self, recalled: &Recalled) -> Vec<(Date, Timestamp)> {
        let known = |day: Date| Some((day, self.remembered.days.get(&day)?.read_at));
        recalled.restated_days().into_iter().filter_map(known).collect()
    }
}

fn document(day: Date, last_read: LastRead, sums: &[(Line, Sum)], zone: &TimeZone) -> Option<DayDocument> {
    let span = span_of(day, zone)?;
    let sum = |(line, sum): &(Line, Sum)| {
        let text = |text: &Arc<str>| text.to_string();
        (
            text(&line.billing_number),
            text(&line.department),
            text(&line.cost_center),
            text(&line.extension),
            line.currency.code().to_owned(),
            sum.amount.to_string(),
            sum.messages,
            sum.has_credit,
        )
    };
    let document = Document {
        version: VERSION,
        day,
        from: span.start,
        to: span.end,
        read_at: last_read.read_at,
        unfinished: last_read.unfinished,
        sums: sums.iter().map(sum).collect(),
    };
    let expires_at = span.end.to_zoned(TimeZone::UTC).checked_add(REMEMBERED_MONTHS.months()).ok()?.timestamp();
    Some(DayDocument { day, document: serde_json::to_vec(&document).ok()?, expires_at })
}

/// What came of reading and remembering.
#[derive(Debug, Default)]
pub struct Recalled {
    /// The instants for which there is neither a row nor a memory.
    pub unread: Vec<Range<Timestamp>>,
    /// How many days were remembered.
    pub from_history: u64,
    /// What Zoom says otherwise than before.
    pub restated: Vec<Restated>,
    /// The sums as they would be without the restatements.
    pub before: Option<Totals>,
    /// The past days that were read whole.
    whole: BTreeSet<Date>,
}

/// A sum of a past day that Zoom has changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Restated {
    /// The civil day.
    pub day: Date,
    /// The number, or `(none)`.
    pub billing_number: Arc<str>,
    /// ISO 4217.
    pub currency: Currency,
    /// The exact sum as it was remembered.
    pub before: Amount,
    /// The exact sum as it was read now.
    pub after: Amount,
}

impl Recalled {
    /// The days that were restated.
    #[must_use]
    pub fn restated_days(&self) -> BTreeSet<Date> {
        self.restated.iter().map(|restated| restated.day).collect()
    }

    fn restate(&mut self, day: Date, before: &[(Line, Sum)], after: &[(Line, Sum)]) {
        if before == after {
            return;
        }
        let mut sums = BTreeMap::<(Arc<str>, Currency), (Sum, Sum)>::new();
        let key = |line: &Line| (Arc::clone(&line.billing_number), line.currency);
        before.iter().for_each(|(line, sum)| sums.entry(key(line)).or_default().0.add(*sum));
        after.iter().for_each(|(line, sum)| sums.entry(key(line)).or_default().1.add(*sum));
        let is_in = |entry: &(Line, Sum), sums: &[(Line, Sum)]| {
            let place = sums.binary_search_by(|(line, _)| line.cmp(&entry.0));
            place.is_ok_and(|place| sums.get(place) == Some(entry))
        };
        let gone = before.iter().filter(|entry| !is_in(entry, after));
        let new = after.iter().filter(|entry| !is_in(entry, before));
        let changed: BTreeSet<_> = gone.chain(new).map(|(line, _)| key(line)).collect();
        let restated = sums.into_iter().filter(|(key, _)| changed.contains(key));
        self.restated.extend(restated.map(|((billing_number, currency), (before, after))| Restated {
            day,
            billing_number,
            currency,
            before: before.amount,
            after: after.amount,
        }));
    }
}

fn settles_at(day: Date, zone: &TimeZone, late_charges_days: u32) -> Option<Timestamp> {
    let after = day.checked_add((i64::from(late_charges_days) + 1).days()).ok()?;
    start_of(after, zone).ok()
}

/// The civil days that the span touches, in their order.
fn days_of(span: &Range<Timestamp>, zone: &TimeZone, trust: &Trust) -> Option<Vec<Day>> {
    let mut days = Vec::new();
    let mut date = zone.to_datetime(span.start).date();
    loop {
        let whole = span_of(date, zone)?;
        if whole.start >= span.end {
            return Some(days);
        }
        days.push(Day {
            date,
            past: whole.start >= span.start && whole.end <= trust.as_of,
            settled: settles_at(date, zone, trust.late_charges_days)? <= trust.as_of,
            span: whole.start.max(span.start)..whole.end.min(span.end),
            action: Action::Read,
        });
        date = date.tomorrow().ok()?;
    }
}

/// The civil days of `zone` that a span touches; none if it lies beyond the calendar.
#[must_use]
pub fn dates_of(span: &Range<Timestamp>, zone: &TimeZone) -> Vec<Date> {
    let last = span.end.checked_sub(SignedDuration::from_nanos(1)).unwrap_or(span.end);
    let (first, last) = (zone.to_datetime(span.start).date(), zone.to_datetime(last).date());
    first.series(1.day()).take_while(|date| *date <= last).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    const AS_OF: &str = "2026-11-10T12:00:00Z";

    fn trust() -> Trust {
        Trust { as_of: at(AS_OF), late_charges_days: 3, full_read_every: SignedDuration::from_hours(24) }
    }

    fn span() -> Range<Timestamp> {
        at("2026-11-01T00:00:00Z")..at("2026-11-10T12:00:01Z")
    }

    fn sums(amount: &str) -> DaySums {
        let none = || Arc::from(crate::domain::totals::NONE);
        let currency = Currency::parse("USD").unwrap();
        let line =
            Line { billing_number: "+1".into(), department: none(), cost_center: none(), extension: none(), currency };
        let amount = Amount::parse(amount).unwrap();
        vec![(line, Sum { amount, messages: 2, has_credit: amount.is_negative() })]
    }

    /// The first days of November, each read at a moment, by a run that came to its end or not.
    fn remembered(days: &[(i8, &str, bool)]) -> Remembered {
        let mut remembered = Remembered::default();
        for (day, read_at, unfinished) in days {
            let date = jiff::civil::date(2026, 11, *day);
            let last_read = LastRead { read_at: at(read_at), unfinished: *unfinished };
            let kept = document(date, last_read, &sums("1.5"), &TimeZone::UTC).unwrap();
            assert!(remembered.take(&kept.document, &TimeZone::UTC));
        }
        remembered
    }

    fn plan(days: &[(i8, &str, bool)]) -> Plan {
        Plan::of(&span(), &TimeZone::UTC, &trust(), remembered(days)).unwrap()
    }

    fn spans(plan: &Plan) -> Vec<String> {
        let told = |span: &Range<Timestamp>| format!("{} {}", span.start.strftime("%d"), span.end.strftime("%d %H"));
        plan.spans().iter().map(told).collect()
    }

    #[test]
    fn a_day_is_taken_from_the_history_if_it_was_settled_when_it_was_read() {
        let recently = "2026-11-10T11:00:00Z";
        for (days, expected) in [
            (vec![], vec!["01 10 12"]),
            // The 6th settled at the end of the 9th; the 7th may still change.
            ((1..=9).map(|day| (day, recently, false)).collect(), vec!["07 10 12"]),
            // A gap.
            (vec![(1, recently, false), (2, recently, false), (4, recently, false)], vec!["05 10 12", "03 04 00"]),
            // Read a second before its late charges had passed.
            (vec![(1, "2026-11-04T23:59:59Z", false), (2, recently, false)], vec!["03 10 12", "01 02 00"]),
            // A run that did not come to its end leaves its unsettled days to the next ones, for a while.
            ((1..=9).map(|day| (day, "2026-11-10T10:30:00Z", true)).collect(), vec!["10 10 12"]),
            ((1..=9).map(|day| (day, "2026-11-10T10:29:59Z", true)).collect(), vec!["07 10 12"]),
        ] {
            assert_eq!(spans(&plan(&days)), expected, "{days:?}");
        }
    }

    #[test]
    fn a_full_read_reads_all_but_what_a_part_of_it_has_read() {
        let (old, new) = ("2026-11-09T12:00:00Z", "2026-11-10T00:00:01Z");
        let days = |read: [&'static str; 6]| (1..).zip(read).map(|(day, read)| (day, read, false)).collect::<Vec<_>>();
        assert_eq!(spans(&plan(&days([old; 6]))), ["01 10 12"]);
        // The newest two were read by the run before, whose time was up then.
        assert_eq!(spans(&plan(&days([old, old, old, old, new, new]))), ["07 10 12", "01 05 00"]);
        // The 6th was read before it had settled; no other is a day old yet.
        assert_eq!(spans(&plan(&days(["2026-11-09T12:00:01Z"; 6]))), ["06 10 12"]);
    }

    #[test]
    fn what_is_not_of_these_days_is_no_memory() {
        let last_read = LastRead { read_at: at(AS_OF), unfinished: false };
        let day = jiff::civil::date(2026, 11, 5);
        let good = document(day, last_read, &sums("-1.5"), &TimeZone::UTC).unwrap();
        let zone = |name: &str| jiff::tz::TimeZoneDatabase::bundled().get(name).unwrap();
        let text = String::from_utf8(good.document.clone()).unwrap();
        for (document, zone, known) in [
            (text.clone(), TimeZone::UTC, true),
            (text.clone(), zone("America/New_York"), false),
            (text.replace("\"version\":1", "\"version\":2"), TimeZone::UTC, false),
            (text.replace("-1.5", "-1,5"), TimeZone::UTC, false),
            (text.replace("USD", "ZZZ"), TimeZone::UTC, false),
            (text.replace("05T00", "05T01"), TimeZone::UTC, false),
            ("[]".to_owned(), TimeZone::UTC, false),
        ] {
            let mut remembered = Remembered::default();
            assert_eq!(remembered.take(document.as_bytes(), &zone), known, "{document}");
            assert_eq!(remembered.totals.day(day) == sums("-1.5"), known, "{document}");
        }
        assert_eq!(good.expires_at, at("2028-01-06T00:00:00Z"));
    }

    #[test]
    fn a_day_that_cannot_be_read_again_is_remembered_and_one_that_is_not_known_is_missing() {
        let old = "2026-11-09T12:00:00Z";
        let plan = plan(&[(1, old, false), (2, old, false)]);
        let mut read = Totals::default();
        read.replace_day(jiff::civil::date(2026, 11, 2), &sums("7")).unwrap();
        // Of the 2nd and the 4th rows are missing.
        let unread = [
            at("2026-11-02T10:00:00Z")..at("2026-11-02T11:00:00Z"),
            at("2026-11-04T10:00:00Z")..at("2026-11-04T11:00:00Z"),
        ];
        let recalled = plan.recall(&mut read, &unread).unwrap();
        assert_eq!(recalled.unread, [unread[1].clone()]);
        assert_eq!(recalled.from_history, 1);
        assert_eq!(read.day(jiff::civil::date(2026, 11, 2)), sums("1.5"));
        let days = |recalled: &Recalled| -> Vec<i8> {
            let kept = plan.to_remember(recalled, &read, &TimeZone::UTC, &BTreeSet::new());
            kept.iter().map(|kept| kept.day.day()).collect()
        };
        // Unfinished: what is not settled is kept too.
        assert_eq!(days(&recalled), [1, 3, 5, 6, 7, 8, 9]);
        // The 1st was known with charges, and has none now.
        assert_eq!(recalled.restated.len(), 1);
        assert_eq!(
            (recalled.restated[0].before.to_string(), recalled.restated[0].after.is_zero()),
            ("1.5".to_owned(), true)
        );
        assert_eq!(recalled.before.as_ref().unwrap().day(jiff::civil::date(2026, 11, 1)), sums("1.5"));
    }
}
