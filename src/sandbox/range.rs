//! The time that a question covers, under the reading that the switches choose, and what the answer says of it.

use axum::http::StatusCode;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ToSpan as _, Zoned};

use super::answer::Answer;
use super::switches::{Bound, Datetimes, FutureDates, LongRange, LongRangeEcho, Month, SameDate, Switches};

/// By how many dates a narrow answer is short at an end.
const NARROWER: i32 = 3;

/// An end of a range as it was given.
#[derive(Clone, Copy)]
pub(super) enum Moment {
    Day(Date),
    Second(Timestamp),
}

/// The time covered: `start` belongs to it, `end` does not.
#[derive(Clone, Debug)]
pub(super) struct Range {
    start: Zoned,
    end: Zoned,
    bound: Bound,
    in_dates: bool,
    /// What the answer says of its ends.
    pub(super) from: String,
    pub(super) to: String,
}

impl Range {
    pub(super) fn read(from: &str, to: &str, today: Timestamp, switches: &Switches) -> Result<Range, Answer> {
        let (first, last) = (moment("from", from)?, moment("to", to)?);
        let utc = |at: Timestamp| at.to_zoned(TimeZone::UTC).date();
        let echo = (from.to_owned(), to.to_owned());
        let range = match (first, last, switches.datetimes) {
            (Moment::Day(first), Moment::Day(last), _) => {
                if first == last && switches.same_date == SameDate::Refused {
                    return Err(Answer::invalid("to", "Must be after from."));
                }
                Range::of_dates(first, last, echo, switches)?
            }
            (Moment::Second(_), Moment::Second(_), Datetimes::Refused) => {
                return Err(Answer::invalid("from", "Must be in yyyy-mm-dd format."));
            }
            (Moment::Second(first), Moment::Second(last), Datetimes::CutToDates) => {
                Range::of_dates(utc(first), utc(last), echo, switches)?
            }
            (Moment::Second(first), Moment::Second(last), Datetimes::Accepted) => {
                Range::of_datetimes(first, last, echo, switches)
            }
            _ => return Err(Answer::invalid("to", "Must be in the same format as from.")),
        };
        // Both have the same form, in which the later text is the later time.
        if from > to {
            return Err(Answer::invalid("from", "Must not be after to."));
        }
        let today = today.to_zoned(switches.date_zone.clone());
        let oldest = midnight("from", today.date().saturating_sub(13.months()), switches)?;
        if range.start < oldest {
            let message = "Invalid start date. Report is provided only for recent 13 months";
            return Err(Answer::refusal(StatusCode::BAD_REQUEST, 400, message));
        }
        range.until_today(&today, switches)?.of_a_month(switches)
    }

    fn of_dates(first: Date, last: Date, echo: (String, String), switches: &Switches) -> Result<Range, Answer> {
        let after = match switches.to_dates {
            Bound::Inclusive => last.saturating_add(1.day()),
            Bound::Exclusive => last,
        };
        let (start, end) = (midnight("from", first, switches)?, midnight("to", after, switches)?);
        let (from, to) = echo;
        Ok(Range { start, end, bound: switches.to_dates, in_dates: true, from, to })
    }

    fn of_datetimes(first: Timestamp, last: Timestamp, echo: (String, String), switches: &Switches) -> Range {
        let bound = switches.to_datetimes;
        let (start, last) = (first.to_zoned(TimeZone::UTC), last.to_zoned(TimeZone::UTC));
        let end = match bound {
            Bound::Inclusive => last.saturating_add(1.second()),
            Bound::Exclusive => last,
        };
        let (from, to) = echo;
        Range { start, end, bound, in_dates: false, from, to }
    }

    /// What the switches leave of a range that ends after today.
    fn until_today(self, today: &Zoned, switches: &Switches) -> Result<Range, Answer> {
        let latest = match self.in_dates {
            true => Range::of_dates(today.date(), today.date(), Default::default(), switches)?.end,
            false => Range::of_datetimes(today.timestamp(), today.timestamp(), Default::default(), switches).end,
        };
        match switches.future_dates {
            FutureDates::Refused if self.end > latest => Err(Answer::invalid("to", "Must not be after today.")),
            FutureDates::Clamped if self.end > latest => {
                let clamped = Range { end: latest, ..self };
                // A range of the future alone holds nothing; its `to` comes before its `from`.
                Ok(Range { to: clamped.last(), ..clamped })
            }
            _ => Ok(self),
        }
    }

    /// What the switches leave of a range of more than a month.
    fn of_a_month(self, switches: &Switches) -> Result<Range, Answer> {
        let month: Span = match switches.month {
            Month::Calendar => 1.month(),
            Month::Days32 => 32.days(),
            Month::Days31 => 31.days(),
            Month::Days30 => 30.days(),
            Month::Days28 => 28.days(),
        };
        // The end that counts for the length: an inclusive second more is not a longer range.
        let last = match (self.in_dates, self.bound) {
            (false, Bound::Inclusive) => self.end.saturating_sub(1.second()),
            _ => self.end.clone(),
        };
        let month_on = self.start.saturating_add(month);
        if last <= month_on {
            return Ok(self);
        }
        let cut = match switches.long_range {
            LongRange::Served => return Ok(self),
            LongRange::Refused => return Err(Answer::invalid("from", "The date range should be a month.")),
            LongRange::TruncatedStart => Range { end: month_on, ..self },
            LongRange::TruncatedEnd => Range { start: last.saturating_sub(month), ..self },
        };
        Ok(match (switches.long_range_echo, switches.long_range) {
            (LongRangeEcho::Asked, _) => cut,
            (LongRangeEcho::Served, LongRange::TruncatedEnd) => Range { from: cut.first(), ..cut },
            (LongRangeEcho::Served, _) => Range { to: cut.last(), ..cut },
        })
    }

    /// The same without some dates at its ends, and saying so; at least one date is left.
    pub(super) fn narrowed(mut self, at_start: bool, at_end: bool) -> Range {
        let dates = |range: &Range| range.start.until((jiff::Unit::Day, &range.end)).map_or(0, |span| span.get_days());
        if at_start {
            let fewer = NARROWER.min(dates(&self) - 1).max(0);
            self.start = self.start.saturating_add(fewer.days());
            self.from = if fewer > 0 { self.first() } else { self.from };
        }
        if at_end {
            let fewer = NARROWER.min(dates(&self) - 1).max(0);
            self.end = self.end.saturating_sub(fewer.days());
            self.to = if fewer > 0 { self.last() } else { self.to };
        }
        self
    }

    /// `from` as it is written for this start.
    fn first(&self) -> String {
        self.written(&self.start)
    }

    /// `to` as it is written for this end.
    fn last(&self) -> String {
        match (self.bound, self.in_dates) {
            (Bound::Exclusive, _) => self.written(&self.end),
            (Bound::Inclusive, true) => self.written(&self.end.saturating_sub(1.day())),
            (Bound::Inclusive, false) => self.written(&self.end.saturating_sub(1.second())),
        }
    }

    fn written(&self, moment: &Zoned) -> String {
        match self.in_dates {
            true => moment.date().to_string(),
            false => moment.timestamp().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        }
    }

    pub(super) fn start(&self) -> Timestamp {
        self.start.timestamp()
    }

    pub(super) fn end(&self) -> Timestamp {
        self.end.timestamp()
    }

    pub(super) fn holds(&self, moment: Timestamp) -> bool {
        moment >= self.start.timestamp() && moment < self.end.timestamp()
    }

    /// Whether the range covers a part of any date from `first` to `last`.
    pub(super) fn covers_any(&self, first: Date, last: Date) -> bool {
        let (start, end) = (self.start.date(), self.end.saturating_sub(1.nanosecond()).date());
        self.start < self.end && start <= last && first <= end
    }
}

fn midnight(field: &str, date: Date, switches: &Switches) -> Result<Zoned, Answer> {
    date.to_zoned(switches.date_zone.clone()).map_err(|_| malformed(field))
}

pub(super) fn moment(field: &str, text: &str) -> Result<Moment, Answer> {
    let read = match text.len() {
        10 => Date::strptime("%Y-%m-%d", text).map(Moment::Day),
        20 => DateTime::strptime("%Y-%m-%dT%H:%M:%SZ", text)
            .and_then(|datetime| datetime.to_zoned(TimeZone::UTC))
            .map(|zoned| Moment::Second(zoned.timestamp())),
        _ => return Err(malformed(field)),
    };
    read.map_err(|_| malformed(field))
}

fn malformed(field: &str) -> Answer {
    Answer::invalid(field, "Must be in yyyy-mm-dd or yyyy-MM-dd'T'HH:mm:ss'Z' format.")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The range of these ends, or the status of the refusal.
    fn range(from: &str, to: &str, switches: &Switches) -> Result<Range, Option<u16>> {
        let today = "2026-11-22T13:00:00Z".parse().unwrap();
        Range::read(from, to, today, switches).map_err(|refusal| refusal.status())
    }

    /// The time covered.
    fn covered(from: &str, to: &str, switches: &Switches) -> String {
        match range(from, to, switches) {
            Ok(range) => format!("{} {}", range.start(), range.end()),
            Err(status) => format!("{status:?}"),
        }
    }

    /// What the answer says of its ends, and which dates it covers.
    fn said(from: &str, to: &str, switches: &Switches) -> String {
        match range(from, to, switches) {
            Ok(range) => {
                let dates = format!("{}..{}", range.start.date(), range.end.date());
                format!("{} to {} for {dates}", range.from, range.to)
            }
            Err(status) => format!("{status:?}"),
        }
    }

    #[test]
    fn the_end_of_a_range_is_read_as_the_switches_say() {
        let inclusive = Switches::default();
        let exclusive = Switches { to_dates: Bound::Exclusive, to_datetimes: Bound::Exclusive, ..Switches::default() };
        let cut = Switches { datetimes: Datetimes::CutToDates, ..Switches::default() };
        let dates = |switches| covered("2026-11-01", "2026-11-02", switches);
        let times = |switches| covered("2026-11-01T10:00:00Z", "2026-11-02T10:00:00Z", switches);
        assert_eq!(dates(&inclusive), "2026-11-01T00:00:00Z 2026-11-03T00:00:00Z");
        assert_eq!(dates(&exclusive), "2026-11-01T00:00:00Z 2026-11-02T00:00:00Z");
        assert_eq!(times(&inclusive), "2026-11-01T10:00:00Z 2026-11-02T10:00:01Z");
        assert_eq!(times(&exclusive), "2026-11-01T10:00:00Z 2026-11-02T10:00:00Z");
        assert_eq!(times(&cut), "2026-11-01T00:00:00Z 2026-11-03T00:00:00Z");
    }

    #[test]
    fn dates_turn_in_their_zone() {
        let switches = Switches { date_zone: TimeZone::get("America/New_York").unwrap(), ..Switches::default() };
        assert_eq!(covered("2026-11-01", "2026-11-01", &switches), "2026-11-01T04:00:00Z 2026-11-02T05:00:00Z");
    }

    #[test]
    fn a_date_to_itself_is_answered_or_refused() {
        let with = |same_date, to_dates| Switches { same_date, to_dates, ..Switches::default() };
        let same = |switches| covered("2026-11-09", "2026-11-09", &switches);
        let nothing = "2026-11-09T00:00:00Z 2026-11-09T00:00:00Z";
        assert_eq!(same(with(SameDate::Accepted, Bound::Inclusive)), "2026-11-09T00:00:00Z 2026-11-10T00:00:00Z");
        assert_eq!(same(with(SameDate::Accepted, Bound::Exclusive)), nothing);
        assert_eq!(same(with(SameDate::Refused, Bound::Inclusive)), "Some(400)");
        let two = covered("2026-11-09", "2026-11-10", &with(SameDate::Refused, Bound::Inclusive));
        assert_eq!(two, "2026-11-09T00:00:00Z 2026-11-11T00:00:00Z");
    }

    #[test]
    fn a_range_that_ends_after_today_is_answered_refused_or_clamped() {
        let with = |future_dates, to_dates| Switches { future_dates, to_dates, ..Switches::default() };
        let until = |to, switches: &Switches| said("2026-11-20", to, switches);
        let answered = with(FutureDates::Answered, Bound::Inclusive);
        let refused = with(FutureDates::Refused, Bound::Inclusive);
        let clamped = with(FutureDates::Clamped, Bound::Inclusive);
        assert_eq!(until("2026-11-26", &answered), "2026-11-20 to 2026-11-26 for 2026-11-20..2026-11-27");
        assert_eq!(until("2026-11-23", &refused), "Some(400)");
        assert_eq!(until("2026-11-22", &refused), "2026-11-20 to 2026-11-22 for 2026-11-20..2026-11-23");
        assert_eq!(until("2026-11-26", &clamped), "2026-11-20 to 2026-11-22 for 2026-11-20..2026-11-23");
        let exclusive = with(FutureDates::Clamped, Bound::Exclusive);
        assert_eq!(until("2026-11-26", &exclusive), "2026-11-20 to 2026-11-22 for 2026-11-20..2026-11-22");
        let ahead = said("2026-11-24", "2026-11-26", &clamped);
        assert_eq!(ahead, "2026-11-24 to 2026-11-22 for 2026-11-24..2026-11-23");
        assert!(!range("2026-11-24", "2026-11-26", &clamped).unwrap().holds("2026-11-24T01:00:00Z".parse().unwrap()));
    }

    #[test]
    fn today_is_the_date_of_the_zone_in_which_dates_are_read() {
        let date_zone = TimeZone::get("Pacific/Kiritimati").unwrap();
        let switches = Switches { future_dates: FutureDates::Clamped, date_zone, ..Switches::default() };
        assert_eq!(said("2026-11-20", "2026-11-26", &switches), "2026-11-20 to 2026-11-23 for 2026-11-20..2026-11-24");
    }

    #[test]
    fn datetimes_of_the_future_are_clamped_to_the_present() {
        let switches = Switches { future_dates: FutureDates::Clamped, ..Switches::default() };
        let range = range("2026-11-20T00:00:00Z", "2026-11-22T18:00:00Z", &switches).unwrap();
        assert_eq!(range.to, "2026-11-22T13:00:00Z");
        assert_eq!(range.end().to_string(), "2026-11-22T13:00:01Z");
    }

    #[test]
    fn a_range_of_more_than_a_month_is_cut_as_the_switches_say() {
        let with = |long_range, month| Switches { long_range, month, ..Switches::default() };
        let long = |long_range| covered("2026-09-10", "2026-10-19", &with(long_range, Month::Calendar));
        assert_eq!(long(LongRange::TruncatedStart), "2026-09-10T00:00:00Z 2026-10-10T00:00:00Z");
        assert_eq!(long(LongRange::TruncatedEnd), "2026-09-20T00:00:00Z 2026-10-20T00:00:00Z");
        assert_eq!(long(LongRange::Served), "2026-09-10T00:00:00Z 2026-10-20T00:00:00Z");
        assert_eq!(long(LongRange::Refused), "Some(400)");
        let october = |month| covered("2026-10-01", "2026-11-05", &with(LongRange::TruncatedStart, month));
        for (month, end) in [
            (Month::Calendar, "2026-11-01"),
            (Month::Days28, "2026-10-29"),
            (Month::Days30, "2026-10-31"),
            (Month::Days31, "2026-11-01"),
            (Month::Days32, "2026-11-02"),
        ] {
            assert_eq!(october(month), format!("2026-10-01T00:00:00Z {end}T00:00:00Z"));
        }
    }

    #[test]
    fn an_answer_to_a_long_range_says_what_it_serves_if_the_switch_wants_it() {
        let with = |long_range| Switches {
            long_range,
            month: Month::Days28,
            long_range_echo: LongRangeEcho::Served,
            ..Switches::default()
        };
        let long = |long_range| said("2026-10-01", "2026-10-31", &with(long_range));
        assert_eq!(long(LongRange::TruncatedStart), "2026-10-01 to 2026-10-28 for 2026-10-01..2026-10-29");
        assert_eq!(long(LongRange::TruncatedEnd), "2026-10-04 to 2026-10-31 for 2026-10-04..2026-11-01");
        let asked = Switches { long_range_echo: LongRangeEcho::Asked, ..with(LongRange::TruncatedStart) };
        assert_eq!(said("2026-10-01", "2026-10-31", &asked), "2026-10-01 to 2026-10-31 for 2026-10-01..2026-10-29");
    }

    #[test]
    fn a_narrowed_range_says_so_and_keeps_a_date() {
        let narrowed = |from, to, at_start, at_end| {
            let range = range(from, to, &Switches::default()).unwrap().narrowed(at_start, at_end);
            format!("{} to {} for {}..{}", range.from, range.to, range.start.date(), range.end.date())
        };
        let (from, to) = ("2026-11-01", "2026-11-20");
        assert_eq!(narrowed(from, to, true, false), "2026-11-04 to 2026-11-20 for 2026-11-04..2026-11-21");
        assert_eq!(narrowed(from, to, false, true), "2026-11-01 to 2026-11-17 for 2026-11-01..2026-11-18");
        assert_eq!(narrowed(from, to, true, true), "2026-11-04 to 2026-11-17 for 2026-11-04..2026-11-18");
        assert_eq!(narrowed(from, "2026-11-02", true, true), "2026-11-02 to 2026-11-02 for 2026-11-02..2026-11-03");
        assert_eq!(narrowed(from, from, true, true), "2026-11-01 to 2026-11-01 for 2026-11-01..2026-11-02");
    }

    #[test]
    fn a_range_covers_the_dates_that_it_serves() {
        let date = |day: i8| Date::constant(2026, 11, day);
        let range =
            |to_dates| range("2026-11-05", "2026-11-08", &Switches { to_dates, ..Switches::default() }).unwrap();
        assert!(range(Bound::Inclusive).covers_any(date(8), date(12)));
        assert!(!range(Bound::Exclusive).covers_any(date(8), date(12)));
        assert!(range(Bound::Inclusive).covers_any(date(1), date(5)));
        assert!(!range(Bound::Inclusive).covers_any(date(1), date(4)));
    }
}
