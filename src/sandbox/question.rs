//! What a request for the report asks, and which time that is under the reading that the switches choose.

use axum::http::StatusCode;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ToSpan as _, Zoned};

use super::answer::Answer;
use super::switches::{BigPage, Bound, Datetimes, LongRange, Month, Switches};

const DEFAULT_PAGE: usize = 30;
const MAXIMUM_PAGE: usize = 300;

/// A question that Zoom would answer.
#[derive(Debug)]
pub(super) struct Question {
    /// The ends of the range as they were given, or as they are by default.
    pub(super) from: String,
    pub(super) to: String,
    /// The time that the range covers.
    pub(super) start: Timestamp,
    pub(super) end: Timestamp,
    pub(super) page_size: usize,
    pub(super) charges_only: bool,
    pub(super) page_token: Option<String>,
    /// What must stay the same from page to page.
    pub(super) parameters: Vec<(String, String)>,
}

enum Moment {
    Day(Date),
    Second(Timestamp),
}

impl Question {
    pub(super) fn read(query: &[(String, String)], today: Timestamp, switches: &Switches) -> Result<Question, Answer> {
        let value = |name: &str| {
            let found = query.iter().find(|(given, value)| given == name && !value.is_empty());
            found.map(|(_, value)| value.as_str())
        };
        let (from, to) = ends(value("from"), value("to"), today, &switches.date_zone)?;
        let (start, end) = range(&from, &to, today, switches)?;
        let mut parameters: Vec<_> = query.iter().filter(|(name, _)| name != "next_page_token").cloned().collect();
        parameters.sort();
        Ok(Question {
            from,
            to,
            start,
            end,
            page_size: page_size(value("page_size"), switches.big_page)?,
            charges_only: match value("show_charges_only") {
                None | Some("false") => false,
                Some("true") => true,
                Some(_) => {
                    return Err(Answer::invalid("show_charges_only", "Must be true or false."));
                }
            },
            page_token: value("next_page_token").map(str::to_owned),
            parameters,
        })
    }
}

/// Without both ends the past 30 days; without `from` the 30 days before `to`.
fn ends(from: Option<&str>, to: Option<&str>, today: Timestamp, zone: &TimeZone) -> Result<(String, String), Answer> {
    let to = match (from, to) {
        (_, Some(to)) => to.to_owned(),
        (None, None) => today.to_zoned(zone.clone()).date().to_string(),
        (Some(_), None) => return Err(Answer::invalid("to", "Required when from is given.")),
    };
    let from = match from {
        Some(from) => from.to_owned(),
        None => match moment("to", &to)? {
            Moment::Day(date) => date.saturating_sub(30.days()).to_string(),
            Moment::Second(at) => at.saturating_sub((30 * 24).hours()).unwrap_or(Timestamp::MIN).to_string(),
        },
    };
    Ok((from, to))
}

fn moment(field: &str, text: &str) -> Result<Moment, Answer> {
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

fn range(from: &str, to: &str, today: Timestamp, switches: &Switches) -> Result<(Timestamp, Timestamp), Answer> {
    let midnight = |field: &str, date: Date| date.to_zoned(switches.date_zone.clone()).map_err(|_| malformed(field));
    let day_after = |date: Date| match switches.to_dates {
        Bound::Inclusive => date.saturating_add(1.day()),
        Bound::Exclusive => date,
    };
    let utc = |at: Timestamp| at.to_zoned(TimeZone::UTC);
    // `last` is the end that counts for the length; an inclusive second more is not a longer range.
    let (start, last, end) = match (moment("from", from)?, moment("to", to)?, switches.datetimes) {
        (Moment::Day(from), Moment::Day(to), _) => {
            let end = midnight("to", day_after(to))?;
            (midnight("from", from)?, end.clone(), end)
        }
        (Moment::Second(_), Moment::Second(_), Datetimes::Refused) => {
            return Err(Answer::invalid("from", "Must be in yyyy-mm-dd format."));
        }
        (Moment::Second(from), Moment::Second(to), Datetimes::CutToDates) => {
            let end = midnight("to", day_after(utc(to).date()))?;
            (midnight("from", utc(from).date())?, end.clone(), end)
        }
        (Moment::Second(from), Moment::Second(to), Datetimes::Accepted) => match switches.to_datetimes {
            Bound::Inclusive => (utc(from), utc(to), utc(to).saturating_add(1.second())),
            Bound::Exclusive => (utc(from), utc(to), utc(to)),
        },
        _ => return Err(Answer::invalid("to", "Must be in the same format as from.")),
    };
    // Both have the same form, in which the later text is the later time.
    if from > to {
        return Err(Answer::invalid("from", "Must not be after to."));
    }
    let oldest = today.to_zoned(switches.date_zone.clone()).date().saturating_sub(13.months());
    if start < midnight("from", oldest)? {
        let message = "Invalid start date. Report is provided only for recent 13 months";
        return Err(Answer::refusal(StatusCode::BAD_REQUEST, 400, message));
    }
    let (start, end) = at_most_a_month(start, &last, end, switches)?;
    Ok((start.timestamp(), end.timestamp()))
}

fn at_most_a_month(start: Zoned, last: &Zoned, end: Zoned, switches: &Switches) -> Result<(Zoned, Zoned), Answer> {
    let month: Span = match switches.month {
        Month::Calendar => 1.month(),
        Month::Days30 => 30.days(),
        Month::Days28 => 28.days(),
    };
    let month_on = start.saturating_add(month);
    if *last <= month_on {
        return Ok((start, end));
    }
    match switches.long_range {
        LongRange::Served => Ok((start, end)),
        LongRange::TruncatedStart => Ok((start, month_on)),
        LongRange::TruncatedEnd => Ok((last.saturating_sub(month), end)),
        LongRange::Refused => Err(Answer::invalid("from", "The date range should be a month.")),
    }
}

fn page_size(given: Option<&str>, big: BigPage) -> Result<usize, Answer> {
    let invalid = || Answer::invalid("page_size", "Must be a number from 1 to 300.");
    let Some(given) = given else {
        return Ok(DEFAULT_PAGE);
    };
    match (given.parse().map_err(|_| invalid())?, big) {
        (0, _) => Err(invalid()),
        (size, BigPage::Refused) if size > MAXIMUM_PAGE => Err(invalid()),
        (size, _) => Ok(size.min(MAXIMUM_PAGE)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The range covered, or the status of the refusal.
    fn covered(from: &str, to: &str, switches: &Switches) -> String {
        let query = [("from", from), ("to", to)].map(|(name, value)| (name.to_owned(), value.to_owned()));
        let Ok(today) = "2026-11-22T13:00:00Z".parse() else {
            return String::new();
        };
        match Question::read(&query, today, switches) {
            Ok(question) => format!("{} {}", question.start, question.end),
            Err(refusal) => format!("{:?}", refusal.status()),
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
        let Ok(date_zone) = TimeZone::get("America/New_York") else {
            return;
        };
        let switches = Switches { date_zone, ..Switches::default() };
        assert_eq!(covered("2026-11-01", "2026-11-01", &switches), "2026-11-01T04:00:00Z 2026-11-02T05:00:00Z");
    }

    #[test]
    fn a_range_of_more_than_a_month_is_cut_as_the_switches_say() {
        let with = |long_range, month| Switches { long_range, month, ..Switches::default() };
        let long = |long_range| covered("2026-09-10", "2026-10-19", &with(long_range, Month::Calendar));
        assert_eq!(long(LongRange::TruncatedStart), "2026-09-10T00:00:00Z 2026-10-10T00:00:00Z");
        assert_eq!(long(LongRange::TruncatedEnd), "2026-09-20T00:00:00Z 2026-10-20T00:00:00Z");
        assert_eq!(long(LongRange::Served), "2026-09-10T00:00:00Z 2026-10-20T00:00:00Z");
        assert_eq!(long(LongRange::Refused), "Some(400)");
        let october = |month| covered("2026-10-01", "2026-10-31", &with(LongRange::TruncatedStart, month));
        assert_eq!(october(Month::Calendar), "2026-10-01T00:00:00Z 2026-11-01T00:00:00Z");
        assert_eq!(october(Month::Days30), "2026-10-01T00:00:00Z 2026-10-31T00:00:00Z");
    }

    #[test]
    fn what_zoom_would_refuse_is_refused() {
        let usual = Switches::default();
        for (from, to) in [
            ("2025-10-21", "2025-11-01"),
            ("2026-11-01", ""),
            ("2026-11-02", "2026-10-31"),
            ("2026-13-01", "2026-11-01"),
            ("20261101", "20261102"),
            ("2026-11-01", "2026-11-02T00:00:00Z"),
        ] {
            assert_eq!(covered(from, to, &usual), "Some(400)", "{from} {to}");
        }
        assert_eq!(covered("2025-10-22", "2025-10-22", &usual), "2025-10-22T00:00:00Z 2025-10-23T00:00:00Z");
    }
}
