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
use zoom_sms_cost_alerts::domain::totals::{Scope, Totals};

static WINDOW: LazyLock<Range<Timestamp>> = LazyLock::new(|| {
    let at = |text: &str| text.parse().expect("a time");
    at("2026-01-01T00:00:00Z")..at("2027-01-01T00:00:00Z")
});

// One row a line.
fuzz_target!(|json: &[u8]| {
    let (mut totals, mut whole) = (Totals::default(), Totals::default());
    for line in json.split(|byte| *byte == b'\n') {
        let Ok(row) = serde_json::from_slice::<Row<'_>>(line) else {
            continue;
        };
        match row.charge(&WINDOW) {
            Ok(Some(charge)) => {
                assert!(WINDOW.contains(&charge.sent));
                assert!(!charge.amount.is_zero());
                let _ = totals.add(&charge, &TimeZone::UTC);
            }
            Ok(None) => {}
            Err(fault) => assert!(fault.to_string().lines().count() == 1, "{fault}"),
        }
    }
    let merged = whole.merge(&totals).and_then(|()| whole.merge(&totals));
    for totals in [Some(&totals), merged.is_ok().then_some(&whole)].into_iter().flatten() {
        for month in 0..12 {
            let at = WINDOW.start + jiff::SignedDuration::from_hours(24 * 31 * month);
            let period = Period::containing(PeriodKind::Month, at, &TimeZone::UTC).expect("a month of 2026");
            for scope in [Scope::BillingNumber, Scope::Account] {
                for ((subject, currency), _) in totals.by_subject(&period, scope, &Arc::from("account")) {
                    let _ = totals.spenders(&period, scope, &subject, currency);
                }
            }
        }
    }
});
