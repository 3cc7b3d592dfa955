//! From exact amounts to places in a picture, in whole numbers: a picture needs no more.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;

use crate::domain::money::Amount;

/// `part` of `whole` as so many steps of `size`, rounded down and never below nothing; nothing without a positive whole.
pub(super) fn scaled(part: Amount, whole: Amount, size: i64) -> i64 {
    let (part, whole) = (part.decimal(), whole.decimal());
    if whole <= Decimal::ZERO || part <= Decimal::ZERO {
        return 0;
    }
    let steps = part.checked_div(whole).and_then(|ratio| ratio.checked_mul(size.into()));
    steps.and_then(|steps| steps.trunc().to_i64()).unwrap_or(i64::MAX / 1_000)
}

/// Tenths as a number of CSS or SVG: `12.5`, `7`.
pub(super) fn tenths(tenths: i64) -> String {
    match tenths % 10 {
        0 => (tenths / 10).to_string(),
        rest => format!("{}.{}", tenths / 10, rest.abs()),
    }
}

/// Thousandths as percent: `12.5%`.
pub(super) fn percent(thousandths: i64) -> String {
    tenths(thousandths.clamp(0, 1_000)) + "%"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_whole_steps_within_the_picture() {
        let amount = |text| Amount::parse(text).unwrap();
        assert_eq!(scaled(amount("121.23"), amount("100"), 1_000), 1_212);
        assert_eq!(scaled(amount("-3"), amount("100"), 1_000), 0);
        assert_eq!(scaled(amount("3"), amount("0"), 1_000), 0);
        assert_eq!([percent(655), percent(540), percent(2_000)], ["65.5%", "54%", "100%"]);
    }
}
