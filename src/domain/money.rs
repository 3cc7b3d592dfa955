//! Exact amounts and ISO 4217 currencies.
//!
//! An amount is a `Decimal` from the text on. `Decimal` itself rounds in silence where 28 digits do not suffice, so every operation here
//! answers "exactly this" or "cannot be done", never "about this".

use std::fmt;

use rust_decimal::{Decimal, RoundingStrategy};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An exact decimal amount of money in a currency that the context names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amount(Decimal);

/// Why a text is no amount or no currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoneyFault {
    /// Not a decimal number in plain or scientific notation.
    #[error("is not a decimal number")]
    NotDecimal,
    /// A number, but of more digits than can be kept exactly (28).
    #[error("has more than 28 digits and cannot be kept exactly")]
    TooLong,
    /// Three letters or otherwise, but no code of ISO 4217.
    #[error("is not an ISO 4217 currency code")]
    NotCurrency,
}

impl std::iter::Sum for Amount {
    #[expect(clippy::expect_used, reason = "charges are bounded (see totals.rs); a wrong figure is worse than a crash")]
    fn sum<I: Iterator<Item = Amount>>(amounts: I) -> Amount {
        amounts.fold(Amount::ZERO, |sum, amount| sum.checked_add(amount).expect("a sum of bounded charges"))
    }
}

impl Amount {
    /// Nothing.
    pub const ZERO: Amount = Amount(Decimal::ZERO);
    /// What percents are of.
    pub const HUNDRED: Amount = Amount(Decimal::ONE_HUNDRED);

    /// Reads plain (`-0.0205`) or scientific (`2.05e-2`) notation, exactly or not at all. Surrounding blanks are ignored.
    ///
    /// # Errors
    /// [`MoneyFault::NotDecimal`], or [`MoneyFault::TooLong`] where digits would be lost.
    pub fn parse(text: &str) -> Result<Amount, MoneyFault> {
        let text = text.trim();
        let (digits, exponent) = match text.split_once(['e', 'E']) {
            Some((digits, exponent)) => (digits, exponent.parse::<i64>().map_err(|_| MoneyFault::NotDecimal)?),
            None => (text, 0),
        };
        let unsigned = digits.strip_prefix(['+', '-']).unwrap_or(digits);
        let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
        let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if !is_digits(whole) || !is_digits(fraction) || whole.len() + fraction.len() == 0 {
            return Err(MoneyFault::NotDecimal);
        }
        // The digits are sound, so whatever is wrong now is their number.
        let decimal = Decimal::from_str_exact(digits).map_err(|_| MoneyFault::TooLong)?;
        if exponent == 0 {
            return Ok(Amount(decimal.normalize()));
        }
        shift(decimal.normalize(), exponent).map(|decimal| Amount(decimal.normalize())).ok_or(MoneyFault::TooLong)
    }

    /// The exact sum; `None` if it needs more than 28 digits.
    #[must_use]
    pub fn checked_add(self, other: Amount) -> Option<Amount> {
        if self.is_zero() {
            return Some(other);
        }
        if other.is_zero() {
            return Some(self);
        }
        let sum = self.0.checked_add(other.0)?;
        // `checked_add` gives up decimal places, with rounding, when the sum does not fit.
        let exact = sum.scale() == self.0.scale().max(other.0.scale());
        exact.then_some(Amount(sum))
    }

    /// The exact difference; `None` if it needs more than 28 digits.
    #[must_use]
    pub fn checked_sub(self, other: Amount) -> Option<Amount> {
        self.checked_add(Amount(-other.0))
    }

    /// `percent` hundredths of the amount, exactly; `None` if that needs more than 28 digits.
    #[must_use]
    pub fn checked_percent(self, percent: Decimal) -> Option<Amount> {
        let places = self.0.scale() + percent.normalize().scale() + 2;
        if places > Decimal::MAX_SCALE {
            return None;
        }
        let product = self.0.checked_mul(percent.normalize())?.normalize();
        shift(product, -2).map(|decimal| Amount(decimal.normalize()))
    }

    /// This amount as whole hundredths of `whole`, the rest cut off: 99.9% is not yet 100%. `None` without a positive whole.
    #[must_use]
    pub fn percent_of(self, whole: Amount) -> Option<Decimal> {
        self.hundredths_of(whole, RoundingStrategy::ToZero)
    }

    /// This amount as a part of `whole`, rounded to two decimal places: 0.41. `None` without a positive whole.
    #[must_use]
    pub fn share_of(self, whole: Amount) -> Option<Decimal> {
        let hundredths = self.hundredths_of(whole, RoundingStrategy::MidpointAwayFromZero)?;
        Some((hundredths / Decimal::ONE_HUNDRED).normalize())
    }

    /// The only inexact figures of the product: for a reader's orientation, never for a decision.
    fn hundredths_of(self, whole: Amount, rounding: RoundingStrategy) -> Option<Decimal> {
        if whole.0 <= Decimal::ZERO {
            return None;
        }
        let ratio = self.0.checked_mul(Decimal::ONE_HUNDRED)?.checked_div(whole.0)?;
        Some(ratio.round_dp_with_strategy(0, rounding).normalize())
    }

    /// The amount with exactly so many decimal places, half away from zero, for people to read: `66.20`.
    #[must_use]
    pub fn shown(self, places: u32) -> String {
        let mut rounded = self.0.round_dp_with_strategy(places, RoundingStrategy::MidpointAwayFromZero);
        rounded.rescale(places);
        rounded.to_string()
    }

    /// The amount without its sign.
    #[must_use]
    pub fn abs(self) -> Amount {
        Amount(self.0.abs())
    }

    /// How many decimal places the amount has.
    #[must_use]
    pub fn places(self) -> u32 {
        self.0.normalize().scale()
    }

    /// Whether the amount is nothing.
    #[must_use]
    pub fn is_zero(self) -> bool {
        self.0.is_zero()
    }

    /// Whether the amount is a credit.
    #[must_use]
    pub fn is_negative(self) -> bool {
        self.0.is_sign_negative() && !self.0.is_zero()
    }

    /// The decimal behind the amount.
    #[must_use]
    pub fn decimal(self) -> Decimal {
        self.0
    }
}

/// Moves the decimal point `places` to the right (left if negative) without losing a digit.
fn shift(decimal: Decimal, places: i64) -> Option<Decimal> {
    if decimal.is_zero() {
        return Some(Decimal::ZERO);
    }
    let scale = i64::from(decimal.scale()).checked_sub(places)?;
    if scale >= 0 {
        let scale = u32::try_from(scale).ok()?;
        return Decimal::try_from_i128_with_scale(decimal.mantissa(), scale).ok();
    }
    let zeros = u32::try_from(scale.unsigned_abs()).ok()?;
    let mantissa = decimal.mantissa().checked_mul(10_i128.checked_pow(zeros)?)?;
    Decimal::try_from_i128_with_scale(mantissa, 0).ok()
}

/// Plain notation without trailing zeros: `66.2023`, `50`, `-0.5`.
impl fmt::Display for Amount {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.normalize().fmt(out)
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Amount, D::Error> {
        Amount::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// A currency of ISO 4217, known by its three letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency(&'static str);

impl Currency {
    /// ISO 4217's code for no currency.
    pub const NONE: Currency = Currency("XXX");

    /// Reads a code in any case, blanks around it ignored.
    ///
    /// # Errors
    /// [`MoneyFault::NotCurrency`] if ISO 4217 has no such code.
    pub fn parse(text: &str) -> Result<Currency, MoneyFault> {
        let text = text.trim();
        let mut letters = <[u8; 3]>::try_from(text.as_bytes()).map_err(|_| MoneyFault::NotCurrency)?;
        letters.make_ascii_uppercase();
        let code = std::str::from_utf8(&letters).map_err(|_| MoneyFault::NotCurrency)?;
        let known = iso_currency::Currency::from_code(code).ok_or(MoneyFault::NotCurrency)?;
        Ok(Currency(known.code()))
    }

    /// Decimal places of the currency's minor unit: 2 for USD, 0 for JPY.
    #[must_use]
    pub fn minor_places(self) -> u32 {
        let currency = iso_currency::Currency::from_code(self.0);
        currency.and_then(iso_currency::Currency::exponent).map_or(2, u32::from)
    }

    /// The three letters.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.0)
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0)
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Currency, D::Error> {
        Currency::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amount(text: &str) -> Amount {
        Amount::parse(text).unwrap()
    }

    #[test]
    fn an_amount_is_read_exactly_or_refused() {
        let read = |text| Amount::parse(text).map(|amount| amount.to_string());
        for (text, expected) in [
            ("0.0205", "0.0205"),
            (" 9.4800 ", "9.48"),
            ("-3", "-3"),
            ("+1.5", "1.5"),
            ("2.05e-2", "0.0205"),
            ("1E3", "1000"),
            ("-0.00", "0"),
            ("0e999999", "0"),
            (".5", "0.5"),
            ("0.0000000000000000000000000001", "0.0000000000000000000000000001"),
        ] {
            assert_eq!(read(text).as_deref(), Ok(expected), "{text}");
        }
        for text in
            ["", "abc", "1,5", "1_000", "0x10", "NaN", "inf", "--1", "1.2.3", "e5", "1e", "1e1.5", "$1", "+", "٣"]
        {
            assert_eq!(read(text), Err(MoneyFault::NotDecimal), "{text}");
        }
        for text in ["0.00000000000000000000000000001", "99999999999999999999999999999999", "1e40", "1e-40"] {
            assert_eq!(read(text), Err(MoneyFault::TooLong), "{text}");
        }
    }

    #[test]
    fn three_times_a_rate_is_exact() {
        let rate = amount("0.0205");
        let sum = rate.checked_add(rate).and_then(|sum| sum.checked_add(rate)).unwrap();
        assert_eq!(sum.to_string(), "0.0615");
    }

    #[test]
    fn a_sum_that_would_round_is_refused() {
        let large = amount("79228162514264337593543950335");
        assert_eq!(large.checked_add(amount("0.0001")), None);
        assert_eq!(large.checked_add(large), None);
        assert_eq!(large.checked_add(Amount::ZERO), Some(large));
    }

    #[test]
    fn a_percentage_is_exact() {
        let percent = |text: &str| text.parse::<Decimal>().unwrap();
        assert_eq!(amount("100").checked_percent(percent("33.5")).unwrap().to_string(), "33.5");
        assert_eq!(amount("0.01").checked_percent(percent("50")).unwrap().to_string(), "0.005");
        assert_eq!(amount("0.0000000000000000000000000001").checked_percent(percent("50")), None);
    }

    #[test]
    fn a_percentage_for_readers_is_cut_and_a_share_is_rounded() {
        let percent =
            |part: &str, whole: &str| amount(part).percent_of(amount(whole)).map(|percent| percent.to_string());
        let share = |part: &str, whole: &str| amount(part).share_of(amount(whole)).map(|share| share.to_string());
        assert_eq!(percent("199.99", "200").as_deref(), Some("99"));
        assert_eq!(percent("66", "50").as_deref(), Some("132"));
        assert_eq!(percent("1", "0"), None);
        assert_eq!(share("85.5", "100").as_deref(), Some("0.86"));
        assert_eq!(share("2", "5").as_deref(), Some("0.4"));
        assert_eq!(share("1", "-1"), None);
    }

    #[test]
    fn a_currency_is_normalised_and_held_to_the_standard() {
        assert_eq!(Currency::parse(" usd ").unwrap().code(), "USD");
        for text in ["", "US", "USDX", "ZZZ", "$", "ÜSD"] {
            assert_eq!(Currency::parse(text), Err(MoneyFault::NotCurrency), "{text}");
        }
    }
}
