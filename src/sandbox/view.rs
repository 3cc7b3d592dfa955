//! Which state of the account a question shows, and where each row stands in it.

use jiff::{SignedDuration, Timestamp};

use super::dice::Dice;
use super::reports::ReportKind;
use super::row::Row;
use super::switches::{CallDates, Switches};

const OFF_SEED: u64 = 0x5A4D_0004;

/// The moment whose state the question of this number (from 0, for each report) shows, asked at `today`: the present,
/// less the lag, not after a stall, and some time ago in every second stretch of a flapping report.
pub(super) fn shown(today: Timestamp, question: u32, switches: &Switches) -> Timestamp {
    let back = question.checked_div(switches.flap).is_some_and(|stretch| stretch % 2 == 1);
    let hours = if back { switches.flap_hours } else { 0 };
    let earlier = |moment: Timestamp, by: SignedDuration| moment.saturating_sub(by).unwrap_or(moment);
    let moment = earlier(today, SignedDuration::from_hours(hours.into()));
    let moment = switches.stalled_at.map_or(moment, |stall| moment.min(stall));
    earlier(moment, SignedDuration::from_mins(switches.lag_minutes.into()))
}

/// Where the row is listed at `moment`: where it says itself, or off by what the switches have for it, or at its time.
pub(super) fn listed(row: &Row, moment: Timestamp, switches: &Switches) -> Timestamp {
    if let Some(listed) = row.listing(moment) {
        return listed;
    }
    let off = SignedDuration::from_hours(24 * i64::from(days_off(row, switches)));
    let moment = match (row.report, switches.call_dates) {
        (ReportKind::Call, CallDates::Start) => row.started(),
        (ReportKind::Call, CallDates::Answer) => row.answered(),
        _ => row.sent,
    };
    moment.saturating_add(off).unwrap_or(moment)
}

fn days_off(row: &Row, switches: &Switches) -> i8 {
    if switches.listed_off == 0 {
        return 0;
    }
    let mut dice = Dice::new(OFF_SEED ^ row.seed());
    let (off, days) = (dice.below(100) < u32::from(switches.listed_off), dice.pick(&[-3, -2, -1, 1, 2, 3]));
    let days = switches.listed_off_days.or(days.copied()).unwrap_or_default();
    if off { days } else { 0 }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// How many of a thousand rows are listed by how many days off.
    fn off(switches: &Switches) -> BTreeMap<i64, u32> {
        let sent = at("2026-11-09T10:00:00Z");
        let mut counts = BTreeMap::new();
        for place in 0..1_000 {
            let row = Row::new(&format!("M-{place}"), sent, 1);
            let days = listed(&row, sent, switches).duration_since(sent).as_hours() / 24;
            *counts.entry(days).or_default() += 1;
        }
        counts
    }

    #[test]
    fn a_share_of_the_rows_is_listed_off_by_up_to_three_days() {
        assert_eq!(off(&Switches::default()), BTreeMap::from([(0, 1_000)]));
        let counts = off(&Switches { listed_off: 30, ..Switches::default() });
        assert_eq!(counts.keys().copied().collect::<Vec<_>>(), [-3, -2, -1, 0, 1, 2, 3]);
        assert!((650..750).contains(&counts[&0]), "{counts:?}");
        assert!(counts.values().all(|count| *count > 30), "{counts:?}");
        let all = off(&Switches { listed_off: 100, listed_off_days: Some(-2), ..Switches::default() });
        assert_eq!(all, BTreeMap::from([(-2, 1_000)]));
    }

    #[test]
    fn a_row_that_says_where_it_is_listed_is_listed_there() {
        let sent = at("2026-11-09T10:00:00Z");
        let row = Row { listed: Some(super::super::Listing::Days(1)), ..Row::new("A", sent, 1) };
        let switches = Switches { listed_off: 100, listed_off_days: Some(-2), ..Switches::default() };
        assert_eq!(listed(&row, sent, &switches), at("2026-11-10T10:00:00Z"));
    }

    #[test]
    fn every_second_stretch_of_a_flapping_report_is_old() {
        let today = at("2026-11-22T13:00:00Z");
        let switches = Switches { flap: 2, flap_hours: 48, ..Switches::default() };
        let dates: Vec<_> = (0..7).map(|question| shown(today, question, &switches).to_string()).collect();
        let (now, old) = ("2026-11-22T13:00:00Z", "2026-11-20T13:00:00Z");
        assert_eq!(dates, [now, now, old, old, now, now, old]);
    }

    #[test]
    fn a_stalled_report_stays_at_its_moment() {
        let stall = at("2026-11-20T00:00:00Z");
        let switches = Switches { stalled_at: Some(stall), lag_minutes: 90, ..Switches::default() };
        assert_eq!(shown(at("2026-11-22T13:00:00Z"), 0, &switches), at("2026-11-19T22:30:00Z"));
        assert_eq!(shown(at("2026-11-19T13:00:00Z"), 0, &switches), at("2026-11-19T11:30:00Z"));
    }
}
