//! No bytes make a page panic, whatever charges it holds; and when it comes again none of its rows is new.
#![no_main]

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use libfuzzer_sys::fuzz_target;
use zoom_sms_cost_alerts::clients::zoom::{PageReader, SMS};

const UNTIL: i64 = 1_800_000_000;

// The rows of a page, or a page.
fuzz_target!(|json: &[u8]| {
    let until = Timestamp::from_second(UNTIL).expect("a moment of 2027");
    let mut reader = PageReader::of(&SMS, TimeZone::UTC, Date::constant(2026, 1, 1), until);
    let whole = [br#"{"next_page_token":"","sms_charges":["#.as_slice(), json, b"]}"].concat();
    for body in [json, &whole] {
        let _ = reader.take(body);
        let rows = reader.rows();
        let _ = reader.take(body);
        assert_eq!(reader.rows(), rows, "a row that comes again is known");
    }
});
