//! What a request for a report asks.

use std::sync::Arc;

use axum::http::StatusCode;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

use super::answer::Answer;
use super::range::{Moment, Range, moment};
use super::reports::Report;
use super::row::Row;
use super::switches::{BigPage, Switches};
use super::wire;

const DEFAULT_PAGE: usize = 30;
const MAXIMUM_PAGE: usize = 300;
/// The most ids that may be asked for.
const MAXIMUM_IDS: usize = 100;

/// A question that Zoom would answer.
#[derive(Debug)]
pub(super) struct Question {
    pub(super) report: &'static Report,
    /// The ends of the range as they were given, or as they are by default.
    pub(super) from: String,
    pub(super) to: String,
    /// The time that is answered for.
    pub(super) range: Range,
    /// As it was asked for, within what Zoom allows.
    pub(super) page_size: usize,
    pub(super) charges_only: bool,
    /// The ids of the rows that are asked for; all rows if there are none.
    ids: Vec<String>,
    pub(super) page_token: Option<String>,
    /// What must stay the same from page to page.
    pub(super) parameters: Vec<(String, String)>,
}

impl Question {
    pub(super) fn read(
        report: &'static Report,
        query: &[(String, String)],
        today: Timestamp,
        switches: &Switches,
    ) -> Result<Question, Answer> {
        let value = |name: &str| {
            let found = query.iter().find(|(given, value)| given == name && !value.is_empty());
            found.map(|(_, value)| value.as_str())
        };
        if let Some((_, message)) = report.refused.iter().find(|(name, _)| value(name).is_some()) {
            return Err(bad_request(message));
        }
        let read = ends(value("from"), value("to"), today, &switches.date_zone).and_then(|(from, to)| {
            let range = Range::read(&from, &to, today, switches)?;
            Ok((from, to, range))
        });
        let (from, to, range) = read.map_err(|refusal| report.bad_range.map_or(refusal, bad_request))?;
        let mut parameters: Vec<_> = query.iter().filter(|(name, _)| name != "next_page_token").cloned().collect();
        parameters.sort();
        Ok(Question {
            report,
            from,
            to,
            range,
            page_size: page_size(value("page_size"), switches.big_page)?,
            charges_only: report.knows_charges_only && is_true("show_charges_only", value("show_charges_only"))?,
            ids: ids(report, query)?,
            page_token: value("next_page_token").map(str::to_owned),
            parameters,
        })
    }

    /// Whether the row is in the report that is asked, and one of those that are asked for by their ids.
    pub(super) fn is_about(&self, row: &Row) -> bool {
        let id = self.report.by_id.and_then(|(_, fact)| wire::text(row, fact));
        let is_asked_for = self.ids.is_empty() || id.is_some_and(|id| self.ids.iter().any(|asked| *asked == id));
        row.report == self.report.kind && is_asked_for
    }

    /// Those of the rows that are asked for.
    pub(super) fn listing<'r>(&self, rows: &'r [Arc<Row>]) -> impl Iterator<Item = &'r Arc<Row>> {
        rows.iter().filter(|row| !self.charges_only || row.is_charged())
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

fn bad_request(message: &str) -> Answer {
    Answer::refusal(StatusCode::BAD_REQUEST, 400, message)
}

fn is_true(name: &str, given: Option<&str>) -> Result<bool, Answer> {
    match given {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(_) => Err(Answer::invalid(name, "Must be true or false.")),
    }
}

/// The ids that are asked for, whether in one parameter with commas or in several.
fn ids(report: &Report, query: &[(String, String)]) -> Result<Vec<String>, Answer> {
    let Some((name, _)) = report.by_id else {
        return Ok(Vec::new());
    };
    let given = query.iter().filter(|(given, _)| given == name).flat_map(|(_, value)| value.split(','));
    let ids: Vec<_> = given.filter(|id| !id.is_empty()).map(str::to_owned).collect();
    if ids.len() > MAXIMUM_IDS {
        return Err(Answer::invalid(name, "Must be 100 ids at most."));
    }
    Ok(ids)
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
    use super::super::reports::ReportKind;
    use super::*;

    fn read(query: &[(&str, &str)]) -> Result<Question, Option<u16>> {
        let query: Vec<_> = query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let today = "2026-11-22T13:00:00Z".parse().unwrap();
        Question::read(ReportKind::Sms.report(), &query, today, &Switches::default())
            .map_err(|refusal| refusal.status())
    }

    #[test]
    fn what_zoom_would_refuse_is_refused() {
        let status = |from, to| read(&[("from", from), ("to", to)]).err().flatten();
        for (from, to) in [
            ("2025-10-21", "2025-11-01"),
            ("2026-11-01", ""),
            ("2026-11-02", "2026-10-31"),
            ("2026-13-01", "2026-11-01"),
            ("20261101", "20261102"),
            ("2026-11-01", "2026-11-02T00:00:00Z"),
        ] {
            assert_eq!(status(from, to), Some(400), "{from} {to}");
        }
        assert_eq!(status("2025-10-22", "2025-10-22"), None);
        assert!(read(&[("page_size", "0")]).is_err());
        assert!(read(&[("show_charges_only", "yes")]).is_err());
    }

    #[test]
    fn without_both_ends_the_past_thirty_days_are_asked_for() {
        let question = read(&[]).unwrap();
        assert_eq!((question.from.as_str(), question.to.as_str()), ("2026-10-23", "2026-11-22"));
        assert_eq!(read(&[("to", "2026-11-10")]).unwrap().from, "2026-10-11");
        assert_eq!(question.page_size, DEFAULT_PAGE);
    }
}
