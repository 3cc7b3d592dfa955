//! The values of a policy's keys.

use std::ops::Range;

use rust_decimal::Decimal;
use toml::de::DeValue;

use super::{Reader, Value};
use crate::domain::charge::{NONE, Scope};
use crate::domain::money::{Amount, Currency, MoneyFault};
use crate::domain::number::Number;
use crate::domain::policy::{Only, Pattern};
use crate::domain::text::{did_you_mean, label};

/// Zoom's report goes back 13 months; a month of patience is ample, and each day costs requests.
pub(in crate::domain::policy) const MOST_LATE_DAYS: u32 = 31;
/// Bounds within which amount × level / 100 always has an exact result.
pub(in crate::domain::policy) const MOST_AMOUNT: Decimal = Decimal::from_parts(0xD4A5_0FFF, 0xE8, 0, false, 0);
const MOST_AMOUNT_PLACES: u32 = 6;
pub(in crate::domain::policy) const MOST_PERCENT: Decimal = Decimal::from_parts(100_000, 0, 0, false, 0);
const MOST_PERCENT_PLACES: u32 = 2;

const LIST_FIX: &str =
    "list exact names, or beginnings with a star at the end, such as [\"+14085550000\", \"+1408556*\"]";
const NUMBER_FIX: &str =
    "write the number with its country code, such as \"+14085550000\", or the beginning of some with a star at the end";

impl<'d> Reader<'d> {
    pub(super) fn late_charges_days(&mut self, value: &Value<'d>) -> Option<u32> {
        let days =
            value.get_ref().as_integer().and_then(|number| u32::from_str_radix(number.as_str(), number.radix()).ok());
        let days = days.filter(|days| *days <= MOST_LATE_DAYS);
        if days.is_none() {
            let message = format!("late_charges_days = {} is not a number of days", self.written(value));
            self.fault(value.span(), "bad_value", message, format!("write a whole number from 0 to {MOST_LATE_DAYS}"));
        }
        days
    }

    pub(super) fn only(&mut self, value: &Value<'d>, scope: Option<Scope>) -> Option<Only> {
        let Some(entries) = value.get_ref().as_array() else {
            self.fault(value.span(), "wrong_type", format!("only = {} is not a list", self.written(value)), LIST_FIX);
            return None;
        };
        if entries.is_empty() {
            let fix = "leave the key out to mean every subject, or list some";
            self.fault(value.span(), "bad_value", "only = [] names no subject, so the budget would watch nothing", fix);
            return None;
        }
        let patterns: Vec<_> = entries.iter().map(|entry| self.pattern(entry, scope)).collect();
        patterns.into_iter().collect::<Option<_>>().map(Only::These)
    }

    fn pattern(&mut self, entry: &Value<'d>, scope: Option<Scope>) -> Option<Pattern> {
        let text = self.filled_text(entry, "only")?;
        let (stem, star) = text.strip_suffix('*').map_or((text.as_str(), false), |stem| (stem, true));
        let is_number = scope == Some(Scope::BillingNumber) && text != NONE;
        let digits: String = stem.chars().filter(char::is_ascii_digit).collect();
        let problem = if stem.is_empty() {
            Some(("\"*\", which names everyone".to_owned(), "leave the key \"only\" out to mean every subject"))
        } else if stem.contains('*') {
            Some((format!("{text:?}, whose star is not at the end of a beginning"), LIST_FIX))
        } else if is_number && star && (digits.is_empty() || digits.len() > 15 || stem.contains(char::is_alphabetic)) {
            Some((format!("{text:?}, which no billing number begins with"), NUMBER_FIX))
        } else if is_number && !star && Number::parse(stem).is_none_or(|number| !number.is_possible()) {
            Some((format!("{text:?}, which is no possible number"), NUMBER_FIX))
        } else {
            None
        };
        if let Some((what, fix)) = problem {
            self.fault(entry.span(), "bad_value", format!("only has {what}"), fix);
            return None;
        }
        Some(match (is_number, star) {
            (true, true) => Pattern::Digits(digits),
            (true, false) => Pattern::Number(Number::parse(stem)?),
            (false, true) => Pattern::Prefix(stem.to_owned()),
            (false, false) => Pattern::Exactly(label(stem).into_owned()),
        })
    }

    pub(super) fn currency(&mut self, value: &Value<'d>) -> Option<Currency> {
        let text = self.text(value, "currency")?;
        let currency = Currency::parse(&text).ok();
        if currency.is_none() {
            self.fault(
                value.span(),
                "bad_currency",
                format!("currency {text:?} is not a code of ISO 4217"),
                "write three letters such as \"USD\"",
            );
        }
        currency
    }

    pub(super) fn amount(&mut self, value: &Value<'d>, key: &str, example: &str) -> Option<Amount> {
        let amount = self.number(value, key, MOST_AMOUNT, MOST_AMOUNT_PLACES, example)?;
        Amount::parse(&amount.to_string()).ok()
    }

    pub(super) fn percents(&mut self, value: &Value<'d>, key: &str) -> Option<Vec<Decimal>> {
        const FIX: &str = "list percents of the amount such as [50, 80, 100], or leave the key out";
        let written = self.written(value);
        let entries = match value.get_ref().as_array() {
            Some(entries) if !entries.is_empty() => entries,
            Some(_) => {
                self.fault(value.span(), "bad_value", format!("{key} = {written} lists no level"), FIX);
                return None;
            }
            None => {
                self.fault(value.span(), "wrong_type", format!("{key} = {written} is not a list"), FIX);
                return None;
            }
        };
        let (mut percents, mut is_whole) = (Vec::new(), true);
        for entry in entries.iter() {
            let name = format!("a level of {key}");
            let Some(percent) = self.number(entry, &name, MOST_PERCENT, MOST_PERCENT_PLACES, "80") else {
                is_whole = false;
                continue;
            };
            if percents.contains(&percent) {
                self.fault(
                    entry.span(),
                    "bad_value",
                    format!("{key} has the level {percent} twice"),
                    "keep one of them",
                );
            }
            percents.push(percent);
        }
        percents.sort_unstable();
        is_whole.then_some(percents)
    }

    /// A positive decimal, from a string or from the digits of a number.
    fn number(&mut self, value: &Value<'d>, key: &str, most: Decimal, places: u32, example: &str) -> Option<Decimal> {
        let text = match value.get_ref() {
            DeValue::String(text) => text.to_string(),
            DeValue::Integer(number) if number.radix() == 10 => number.as_str().to_owned(),
            DeValue::Float(number) => number.as_str().to_owned(),
            _ => self.written(value),
        };
        let problem = match Amount::parse(&text).map(Amount::decimal) {
            Ok(number) if number <= Decimal::ZERO => "is not greater than 0".to_owned(),
            Ok(number) if number > most => format!("is more than {most}"),
            Ok(number) if number.scale() > places => {
                format!("has more than {places} decimal places")
            }
            Ok(number) => return Some(number),
            Err(MoneyFault::TooLong) => "has too many digits".to_owned(),
            Err(_) => "is not a decimal number".to_owned(),
        };
        let fix = format!(
            "write a number greater than 0 and at most {most}, with at most {places} decimal places, such as {example}"
        );
        self.fault(value.span(), "bad_value", format!("{key} {} {problem}", self.written(value)), fix);
        None
    }

    pub(super) fn one_of<T: Copy>(&mut self, value: &Value<'d>, key: &str, choices: &[(&str, T)]) -> Option<T> {
        let text = value.get_ref().as_str();
        let found = choices.iter().find(|(name, _)| Some(*name) == text).map(|(_, choice)| *choice);
        if found.is_none() {
            let known: Vec<_> = choices.iter().map(|(name, _)| *name).collect();
            let names: Vec<_> = known.iter().map(|name| format!("{name:?}")).collect();
            let guess = did_you_mean(text.unwrap_or_default(), &known);
            let message = format!("{key} = {} is not one of its values{guess}", self.written(value));
            self.fault(value.span(), "bad_value", message, format!("write {}", names.join(" or ")));
        }
        found
    }

    pub(super) fn filled_text(&mut self, value: &Value<'d>, key: &str) -> Option<String> {
        let text = self.text(value, key)?.trim().to_owned();
        if text.is_empty() {
            self.fault(
                value.span(),
                "bad_value",
                format!("{key} has an empty text"),
                "write a text of at least one character",
            );
            return None;
        }
        Some(text)
    }

    pub(super) fn text(&mut self, value: &Value<'d>, key: &str) -> Option<String> {
        let text = value.get_ref().as_str().map(str::to_owned);
        if text.is_none() {
            self.fault(
                value.span(),
                "wrong_type",
                format!("{key} = {} is not a text", self.written(value)),
                "put it in quotation marks",
            );
        }
        text
    }

    /// The value as it stands in the document, on one line and not too long.
    pub(super) fn written(&self, value: &Value<'d>) -> String {
        let text = self.document.get(value.span()).unwrap_or_default();
        let line = text.lines().next().unwrap_or_default();
        match line.char_indices().nth(40) {
            Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
            None => line.to_owned(),
        }
    }

    pub(super) fn line(&self, place: &Range<usize>) -> usize {
        self.newlines.partition_point(|newline| *newline < place.start) + 1
    }
}
