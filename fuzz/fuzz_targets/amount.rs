//! What is read as an amount is written so that it is read as the same amount, without losing or gaining anything.
#![no_main]

use libfuzzer_sys::fuzz_target;
use zoom_sms_cost_alerts::domain::money::Amount;

fuzz_target!(|text: &str| {
    let Ok(amount) = Amount::parse(text) else {
        return;
    };
    let written = amount.to_string();
    assert_eq!(Amount::parse(&written), Ok(amount), "{text:?} is written {written:?}");
    assert!(!written.contains(['e', 'E', '+']), "{written:?} is not plain");
    assert!(!written.contains('.') || !written.ends_with(['0', '.']), "{written:?} has zeros to spare");
    if let Some(difference) = amount.checked_sub(amount) {
        assert!(difference.is_zero());
    }
    if let Some(twice) = amount.checked_add(amount) {
        assert_eq!(twice.checked_sub(amount), Some(amount));
    }
});
