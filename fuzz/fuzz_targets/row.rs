//! No JSON makes a row panic; a row has a charge within its window, none, or a fault that says what is wrong. And whatever charges are
//! added one by one, their sums can be had.
#![no_main]

use std::ops::Range;
use std::sync::{Arc, LazyLock};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use libfuzzer_sys::fuzz_target;
use zoom_sms_cost_alerts::domain::charge::Row;
use zoom_sms_cost_alerts::domain::period::{Period, PeriodKind};
use zoom_sms_cost_alerts::domain::totals::{Scope, Spenders, Tally, Totals};

static WINDOW: LazyLock<Range<Timestamp>> = LazyLock::new(|| {
    let at = |text: &str| text.parse().expect("a time");
    at("2026-01-01T00:00:00Z")..at("2027-01-01T00:00:00Z")
});

// One row a line.
fuzz_target!(|json: &[u8]| {
    let mut tally = Tally::of(TimeZone::UTC);
    for line in json.split(|byte| *byte == b'\n') {
        let Ok(row) = serde_json::from_slice::<Row<'_>>(line) else {
            continue;
        };
        match row.charge(&WINDOW) {
            Ok(Some(charge)) => {
                assert!(WINDOW.contains(&charge.sent));
                assert!(!charge.amount.is_zero());
                let _ = tally.add(&charge);
            }
            Ok(None) => {}
            Err(fault) => assert!(fault.to_string().lines().count() == 1, "{fault}"),
        }
    }
    let mut totals = Totals::default();
    // The same rows once and twice.
    for _ in 0..2 {
        if totals.add(&tally).is_err() {
            return;
        }
        let mut spenders = Spenders::of(&totals);
        for month in 0..12 {
            let at = WINDOW.start + jiff::SignedDuration::from_hours(24 * 31 * month);
            let period = Period::containing(PeriodKind::Month, at, &TimeZone::UTC).expect("a month of 2026");
            for scope in [Scope::BillingNumber, Scope::Account] {
                for ((subject, currency), _) in totals.by_subject(&period, scope, &Arc::from("account")) {
                    let _ = spenders.behind(&period, scope, &subject, currency);
                }
            }
        }
    }
});
