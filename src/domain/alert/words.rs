//! Money, time and people in words.

use jiff::Timestamp;

use crate::domain::case::Case;
use crate::domain::charge::Scope;
use crate::domain::contributors::{Contributor, ContributorKind};
use crate::domain::dates::Dates;
use crate::domain::money::{Amount, Currency};
use crate::domain::period::{Period, PeriodKind};
use crate::domain::text::label;
use crate::error::Code;

/// Contributors that a message names.
pub(super) const MOST_CONTRIBUTORS: usize = 5;
/// Gaps that a message names.
const MOST_GAPS: usize = 3;

/// `1 page`, `2 pages`.
#[must_use]
pub fn count(number: u64, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {what}{plural}")
}

/// An amount in the currency's minor units: `66.20`. It has more digits where rounding would make it equal to another amount beside it, or
/// put it on the other side of one.
#[must_use]
pub fn money(amount: Amount, currency: Currency, beside: &[Amount]) -> String {
    let least = currency.minor_places();
    let is_true = |places: u32| {
        let shown = amount.shown(places);
        let rounded = Amount::parse(&shown).unwrap_or(amount);
        let differs = |other: &Amount| rounded.cmp(other) == amount.cmp(other) && other.shown(places) != shown;
        beside.iter().all(|other| *other == amount || differs(other))
    };
    let mut places = least..=amount.places().max(least);
    places.find(|places| is_true(*places)).map_or_else(|| amount.to_string(), |places| amount.shown(places))
}

/// An estimate as people say it: from ten on without minor units, which would promise too much.
#[must_use]
pub fn about(estimate: Amount, currency: Currency) -> String {
    let ten = Amount::parse("10").unwrap_or_default();
    if estimate < ten { money(estimate, currency, &[]) } else { estimate.shown(0) }
}

/// The amount of a budget: whole where it is whole, exact else: `100`, `12.50`.
#[must_use]
pub fn limit(amount: Amount, currency: Currency) -> String {
    if amount.places() == 0 { amount.to_string() } else { amount.shown(amount.places().max(currency.minor_places())) }
}

/// `22 November, 08:00 EST`, in the policy's zone.
#[must_use]
pub fn moment(at: Timestamp, case: &Case<'_>) -> String {
    at.to_zoned(case.policy.time_zone.clone()).strftime("%-d %B, %H:%M %Z").to_string()
}

/// The period as people say it, with the year only where it is another than that of the moment judged.
pub(super) fn period_name(period: &Period, case: &Case<'_>) -> String {
    let year = case.policy.time_zone.to_datetime(case.as_of).year();
    let first = period.first_day();
    if first.year() != year {
        return period.to_string();
    }
    match period.kind() {
        PeriodKind::Day => first.strftime("%-d %B").to_string(),
        PeriodKind::Week => format!("the week from {}", first.strftime("%-d %B")),
        PeriodKind::Month => first.strftime("%B").to_string(),
    }
}

/// `8 days left`, `hours left`, or that the period is over.
pub(super) fn days_left(period: &Period, case: &Case<'_>) -> String {
    if case.as_of >= period.to() {
        return format!("the {} is over", period.kind().name());
    }
    let today = case.policy.time_zone.to_datetime(case.as_of).date();
    let days = today.until(period.last_day()).map_or(0, |span| span.get_days()).unsigned_abs();
    match (period.kind(), days) {
        (PeriodKind::Day, _) | (_, 0) => "hours left".to_owned(),
        (_, days) => format!("{} left", count(u64::from(days), "day")),
    }
}

/// The one department that a billing number belongs to.
pub(super) fn owner(scope: Scope, top: &[Contributor]) -> Option<String> {
    match top {
        [only] if scope == Scope::BillingNumber && only.kind == ContributorKind::Department => {
            Some(label(&only.name).into_owned())
        }
        _ => None,
    }
}

/// `Marketing +12025550187`, or the subject alone.
#[must_use]
pub fn who(scope: Scope, subject: &str, top: &[Contributor]) -> String {
    let subject = scope.of(&label(subject));
    owner(scope, top).map_or_else(|| subject.clone(), |owner| format!("{owner} {subject}"))
}

/// `Marketing's number +12025550187`, or the subject alone.
pub(super) fn whose(scope: Scope, subject: &str, top: &[Contributor]) -> String {
    let subject = scope.of(&label(subject));
    match owner(scope, top) {
        Some(owner) if owner.ends_with('s') => format!("{owner}' number {subject}"),
        Some(owner) => format!("{owner}'s number {subject}"),
        None => subject,
    }
}

/// Who spent most, unless that is the one department that has been named.
pub(super) fn sent_by(scope: Scope, top: &[Contributor], currency: Currency) -> Vec<(String, String)> {
    if owner(scope, top).is_some() { Vec::new() } else { spent_by(top, currency) }
}

/// Who spent most, one line each; nothing where it would only repeat the subject.
pub(super) fn spent_by(top: &[Contributor], currency: Currency) -> Vec<(String, String)> {
    let one = |part: &Contributor| {
        let name = label(&part.name).into_owned();
        let name = match part.kind {
            ContributorKind::Department => format!("department {name}"),
            ContributorKind::Extension => format!("ext. {name}"),
            ContributorKind::BillingNumber => name,
        };
        format!("{name}: {currency} {}", money(part.amount, currency, &[]))
    };
    let mut lines: Vec<_> = top.iter().take(MOST_CONTRIBUTORS).map(one).collect();
    let more = top.len().saturating_sub(MOST_CONTRIBUTORS);
    if more > 0 {
        lines.push(format!("and {more} more"));
    }
    let label = |index| if index == 0 { "Sent by".to_owned() } else { String::new() };
    lines.into_iter().enumerate().map(|(index, line)| (label(index), line)).collect()
}

/// Why something could not be read, in words and as the code that the log has.
fn cause(code: Code) -> String {
    match code {
        Code::ZoomUnavailable => format!("Zoom answered with errors, {code}"),
        Code::ZoomRateLimited => format!("Zoom's rate limit, {code}"),
        Code::ReportIncomplete => format!("not read to its end, {code}"),
        code => code.to_string(),
    }
}

/// What could not be read, and that it is read again: `The rest (20 to 22 November: ZoomUnavailable) is read again by
/// the next run;`.
pub(super) fn gaps(case: &Case<'_>) -> String {
    let coverage = case.coverage;
    let mut parts: Vec<String> = Vec::new();
    for gap in &coverage.gaps {
        let Dates { from, to } = gap.dates;
        let start = if from.first_of_month() == to.first_of_month() { "%-d" } else { "%-d %B" };
        let to_text = to.strftime("%-d %B").to_string();
        let dates = if from == to { to_text } else { format!("{} to {to_text}", from.strftime(start)) };
        parts.push(format!("{dates}: {}", cause(gap.code)));
    }
    let more = parts.len().saturating_sub(MOST_GAPS);
    parts.truncate(MOST_GAPS);
    if more > 0 {
        parts.push(format!("{more} more"));
    }
    let rows = coverage.row_faults.len() as u64;
    if rows > 0 {
        parts.push(format!("{} that make no sense", count(rows, "row")));
    }
    format!("The rest ({}) is read again by the next run;", parts.join(", "))
}
