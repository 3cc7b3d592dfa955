//! One identity for a telephone number, however it is written.
//!
//! Zoom writes a billing number with or without its plus, and with ` Ext. 1001` behind it, from one report or row to the next. A number is
//! its digits, and its extension if one is written: `+14085550000`, `14085550000` and `(1408) 555-0000` are one number, and
//! `14085550000 Ext. 1001` is another. It is shown with a plus.

use std::fmt;

use super::text::label;

/// A telephone number, known by its digits and its extension.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Number {
    digits: String,
    extension: Option<String>,
}

/// What separates an extension from the number before it, in lower case; the longer ones first.
const EXTENSION_MARKS: [&str; 4] = ["extension", "ext", "x", "#"];

impl Number {
    /// Reads a number; `None` if the text holds no digit.
    #[must_use]
    pub fn parse(text: &str) -> Option<Number> {
        let (number, extension) = split(text);
        let digits = digits_of(number);
        let extension = digits_of(extension);
        (!digits.is_empty()).then(|| Number { digits, extension: (!extension.is_empty()).then_some(extension) })
    }

    /// The digits before the extension.
    #[must_use]
    pub fn digits(&self) -> &str {
        &self.digits
    }

    /// The digits of the extension.
    #[must_use]
    pub fn extension(&self) -> Option<&str> {
        self.extension.as_deref()
    }

    /// The number that the extension is of.
    #[must_use]
    pub fn without_extension(&self) -> Number {
        Number { digits: self.digits.clone(), extension: None }
    }

    /// The first number, in order, whose digits begin so.
    #[must_use]
    pub fn first_with(digits: &str) -> Number {
        Number { digits: digits.to_owned(), extension: None }
    }

    /// Whether a telephone could have this number: three digits of a short code up to the fifteen of E.164.
    #[must_use]
    pub fn is_possible(&self) -> bool {
        (3..=15).contains(&self.digits.len())
    }

    /// Whether this entry of a policy means `other`: the same number, and the same extension if the entry has one.
    #[must_use]
    pub fn covers(&self, other: &Number) -> bool {
        self.digits == other.digits && (self.extension.is_none() || self.extension == other.extension)
    }
}

/// `+14085550000`, `+2100000980 Ext. 1001`.
impl fmt::Display for Number {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "+{}", self.digits)?;
        match &self.extension {
            Some(extension) => write!(out, " Ext. {extension}"),
            None => Ok(()),
        }
    }
}

/// A billing number as totals, threads and messages know it. A text without digits is its own identity.
#[must_use]
pub fn identity(text: &str) -> String {
    Number::parse(text).map_or_else(|| label(text).into_owned(), |number| number.to_string())
}

fn split(text: &str) -> (&str, &str) {
    let lower = text.to_ascii_lowercase();
    let first_digit = lower.find(|c: char| c.is_ascii_digit()).unwrap_or(lower.len());
    let mark = EXTENSION_MARKS
        .iter()
        .filter_map(|mark| Some((lower.get(first_digit..)?.find(mark)? + first_digit, mark.len())))
        .min_by_key(|(place, _)| *place);
    match mark {
        Some((place, length)) => {
            (text.get(..place).unwrap_or_default(), text.get(place + length..).unwrap_or_default())
        }
        None => (text, ""),
    }
}

fn digits_of(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_one_however_it_is_written() {
        for text in ["+14085550000", "14085550000", "(1408) 555-0000", " +1 408.555.0000 ", "tel:+1-408-555-0000"] {
            assert_eq!(identity(text), "+14085550000", "{text}");
        }
        for text in ["2100000980 Ext. 1001", "+2100000980 ext 1001", "2100000980x1001", "+2100000980;ext=1001"] {
            assert_eq!(identity(text), "+2100000980 Ext. 1001", "{text}");
        }
        assert_eq!(identity("2100000980 Ext."), "+2100000980");
        assert_eq!(identity(" anonymous\n"), "anonymous");
    }

    #[test]
    fn an_entry_without_an_extension_covers_them_all() {
        let number = |text| Number::parse(text).unwrap();
        let (main, one) = (number("+2100000980"), number("2100000980 Ext. 1001"));
        assert!(main.covers(&main) && main.covers(&one) && one.covers(&one));
        assert!(!one.covers(&main) && !one.covers(&number("2100000980 Ext. 1002")));
        assert!(
            number("110").is_possible() && !number("12").is_possible() && !number("1234567890123456").is_possible()
        );
    }
}
