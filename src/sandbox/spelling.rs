//! How billing numbers are written.

use std::borrow::Cow;

use super::row::Row;
use super::switches::{NumberSpelling, Switches};

/// The row's billing number as the answer of this number writes it.
pub(super) fn billing_number<'a>(row: &'a Row, answer: u64, switches: &Switches) -> Option<Cow<'a, str>> {
    let text = row.billing_number.as_deref()?;
    let way = match switches.number_spelling {
        NumberSpelling::AsIs | NumberSpelling::Extension => return Some(text.into()),
        NumberSpelling::NoPlus => 1,
        NumberSpelling::ByRow => row.seed() % 3,
        NumberSpelling::Mixed => (row.seed() % 3 + answer) % 3,
    };
    let (number, rest) = text.split_at(text.find(char::is_alphabetic).unwrap_or(text.len()));
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    if digits.is_empty() {
        return Some(text.into());
    }
    let number = match way {
        0 => format!("+{digits}"),
        1 => digits,
        _ => bracketed(&digits),
    };
    let gap = if rest.is_empty() { "" } else { " " };
    Some(format!("{number}{gap}{rest}").into())
}

/// Digits in the manner of `(1408) 555-0000`.
fn bracketed(digits: &str) -> String {
    let (head, last) = digits.split_at(digits.len().saturating_sub(4));
    let (code, middle) = head.split_at(head.len().saturating_sub(3));
    format!("({code}) {middle}-{last}")
}

/// The row with the extension of the company's side behind its billing number, if it is one of the rows that have it.
pub(super) fn with_extension(row: Row) -> Row {
    let extension = row.from_extension_number.as_deref().or(row.to_extension_number.as_deref());
    let number = row.billing_number.as_deref().filter(|number| !number.contains(char::is_alphabetic));
    match (number, extension) {
        (Some(number), Some(extension)) if row.seed() % 2 == 1 => {
            let number = format!("{} Ext. {extension}", number.trim_start_matches('+'));
            Row { billing_number: Some(number), ..row }
        }
        _ => row,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::truth::billing_identity;
    use super::*;

    fn row(place: u32, number: &str) -> Row {
        let row = Row::new(&format!("M-{place}"), jiff::Timestamp::UNIX_EPOCH, 1);
        Row { billing_number: Some(number.to_owned()), from_extension_number: Some("1001".to_owned()), ..row }
    }

    fn written(spelling: NumberSpelling, answer: u64, number: &str) -> Vec<String> {
        let switches = Switches { number_spelling: spelling, ..Switches::default() };
        let rows = (0..40).map(|place| row(place, number));
        rows.map(|row| billing_number(&row, answer, &switches).unwrap().into_owned()).collect()
    }

    fn different(texts: &[String]) -> Vec<&str> {
        texts.iter().map(String::as_str).collect::<BTreeSet<_>>().into_iter().collect()
    }

    #[test]
    fn a_number_is_spelled_as_the_switch_says_and_stays_the_same_number() {
        let number = "+14085550000";
        let all = ["(1408) 555-0000", "+14085550000", "14085550000"];
        assert_eq!(different(&written(NumberSpelling::AsIs, 1, number)), [number]);
        assert_eq!(different(&written(NumberSpelling::NoPlus, 1, number)), ["14085550000"]);
        assert_eq!(different(&written(NumberSpelling::ByRow, 1, number)), all);
        assert_eq!(written(NumberSpelling::ByRow, 1, number), written(NumberSpelling::ByRow, 2, number));
        assert_eq!(different(&written(NumberSpelling::Mixed, 1, number)), all);
        assert_ne!(written(NumberSpelling::Mixed, 1, number), written(NumberSpelling::Mixed, 2, number));
        for text in written(NumberSpelling::Mixed, 1, "2100000980 Ext. 1001") {
            assert_eq!(billing_identity(Some(&text)), "+2100000980 Ext. 1001");
        }
        assert_eq!(different(&written(NumberSpelling::Mixed, 1, "Front Desk")), ["Front Desk"]);
    }

    #[test]
    fn every_second_row_names_its_extension() {
        let named = |number| (0..40).filter_map(move |place| with_extension(row(place, number)).billing_number);
        let texts: Vec<_> = named("+14085550000").collect();
        assert_eq!(different(&texts), ["+14085550000", "14085550000 Ext. 1001"]);
        let texts: Vec<_> = named("2100000980 Ext. 7").collect();
        assert_eq!(different(&texts), ["2100000980 Ext. 7"]);
    }
}
