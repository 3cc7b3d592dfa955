//! Money and time in words.

use jiff::Timestamp;
use jiff::civil::Date;
use rust_decimal::{Decimal, RoundingStrategy};

use crate::domain::case::Case;
use crate::domain::charge::Scope;
use crate::domain::dates::Dates;
use crate::domain::estimates::Estimate;
use crate::domain::money::{Amount, Currency};
use crate::domain::period::{Period, PeriodKind};
use crate::error::Code;

/// Gaps that a message names.
const MOST_GAPS: usize = 3;

/// `1 page`, `2 pages`.
#[must_use]
pub fn count(number: u64, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {what}{plural}")
}

/// An amount in the currency's minor units: `1,066.20`. It has more digits where rounding would make it equal to another amount beside it, or
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
    let exact = places.find(|places| is_true(*places));
    in_thousands(&exact.map_or_else(|| amount.to_string(), |places| amount.shown(places)))
}

/// The number with a comma between thousands: `12,345.60`.
#[must_use]
pub fn in_thousands(number: &str) -> String {
    let (whole, rest) = number.find('.').map_or((number, ""), |point| number.split_at(point));
    let (sign, digits) = whole.strip_prefix('-').map_or(("", whole), |digits| ("-", digits));
    let mut grouped = String::with_capacity(number.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{sign}{grouped}{rest}")
}

/// An estimate as people say it: from ten on without minor units, which would promise too much, and rounded up, since it is never below what
/// is spent.
#[must_use]
pub fn about(estimate: Amount, currency: Currency) -> String {
    let is_small = estimate.decimal().ceil() < Decimal::TEN;
    if is_small { money(estimate, currency, &[]) } else { rounded_up(estimate) }
}

/// `1,235`, of 1,234.01.
#[must_use]
pub fn rounded_up(amount: Amount) -> String {
    in_thousands(&amount.decimal().ceil().normalize().to_string())
}

/// Where a period will end: `USD 146 to 171`.
pub(super) fn range(estimate: &Estimate, currency: Currency) -> String {
    let [low, high] = [estimate.low, estimate.high].map(|end| about(end, currency));
    if low == high { format!("{currency} {low}") } else { format!("{currency} {low} to {high}") }
}

/// The amount of a budget: whole where it is whole, exact else: `1,000`, `12.50`.
#[must_use]
pub fn limit(amount: Amount, currency: Currency) -> String {
    let places = if amount.places() == 0 { 0 } else { amount.places().max(currency.minor_places()) };
    in_thousands(&amount.shown(places))
}

/// Days from one to another; none backwards.
#[must_use]
pub fn days_between(from: Date, to: Date) -> u32 {
    from.until(to).map_or(0, |span| span.get_days()).try_into().unwrap_or_default()
}

/// What each of so many days may cost for a sum to stay within a limit: rounded down.
#[must_use]
pub fn a_day(limit: Amount, spent: Amount, days: u32, currency: Currency) -> String {
    let left = limit.checked_sub(spent).map(Amount::decimal).unwrap_or_default();
    let a_day = left.checked_div(days.max(1).into()).unwrap_or_default().max(Decimal::ZERO);
    let places = currency.minor_places();
    let rounded = a_day.round_dp_with_strategy(places, RoundingStrategy::ToZero);
    in_thousands(&format!("{rounded:.0$}", places as usize))
}

/// `22 November, 08:00 EST`, in the policy's zone.
#[must_use]
pub fn moment(at: Timestamp, case: &Case<'_>) -> String {
    at.to_zoned(case.policy.time_zone.clone()).strftime("%-d %B, %H:%M %Z").to_string()
}

/// The period as people say it, with the year only where it is another than that of the moment judged.
pub(in crate::domain) fn period_name(period: &Period, case: &Case<'_>) -> String {
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
pub(in crate::domain) fn days_left(period: &Period, case: &Case<'_>) -> String {
    if case.as_of >= period.to() {
        return format!("the {} is over", period.kind().name());
    }
    let days = days_between(case.policy.time_zone.to_datetime(case.as_of).date(), period.last_day());
    match (period.kind(), days) {
        (PeriodKind::Day, _) | (_, 0) => "hours left".to_owned(),
        (_, days) => format!("{} left", count(u64::from(days), "day")),
    }
}

/// The label of the period before: `Last month`.
pub(super) fn last(kind: PeriodKind) -> &'static str {
    match kind {
        PeriodKind::Day => "Day before",
        PeriodKind::Week => "Last week",
        PeriodKind::Month => "Last month",
    }
}

/// A subject of a scope as one says it the second time.
pub(super) fn this(scope: Scope) -> &'static str {
    match scope {
        Scope::BillingNumber => "this number",
        Scope::Department => "this department",
        Scope::CostCenter => "this cost center",
        Scope::Extension => "this extension",
        Scope::Account => "the account",
    }
}

/// Why something could not be read, in words and as the code that the log has.
pub(in crate::domain) fn cause(code: Code) -> String {
    match code {
        Code::ZoomUnavailable => format!("Zoom answered with errors, {code}"),
        Code::ZoomRateLimited => format!("Zoom's rate limit, {code}"),
        Code::ReportIncomplete => format!("not read to its end, {code}"),
        code => code.to_string(),
    }
}

/// What could not be read, and that it is read again: `The rest (20 to 22 November: ZoomUnavailable) is read again by
/// the next run`. Of the dates, those of days that are judged, if there are such.
pub(in crate::domain) fn gaps(case: &Case<'_>) -> String {
    let coverage = case.coverage;
    let today = case.policy.time_zone.to_datetime(case.as_of).date();
    let first = case.periods.iter().map(Period::first_day).min().unwrap_or(today);
    let mut parts: Vec<String> = Vec::new();
    for gap in &coverage.gaps {
        let judged = Dates { from: gap.dates.from.max(first), to: gap.dates.to.min(today) };
        let Dates { from, to } = if judged.from <= judged.to { judged } else { gap.dates };
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
        parts.push(format!("{} that {} no sense", count(rows, "row"), if rows == 1 { "makes" } else { "make" }));
    }
    format!("The rest ({}) is read again by the next run", parts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_stand_in_groups_of_three() {
        for (number, expected) in [
            ("100", "100"),
            ("1000", "1,000"),
            ("1234567.89", "1,234,567.89"),
            ("-12345", "-12,345"),
            ("-999.5", "-999.5"),
        ] {
            assert_eq!(in_thousands(number), expected);
        }
    }
}
