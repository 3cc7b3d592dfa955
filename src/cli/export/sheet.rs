//! Rows for a spreadsheet.
//!
//! A spreadsheet takes a cell that begins with `=`, `+`, `-` or `@` for a formula, and a department's name comes from whoever may set it at
//! Zoom. So such a text gets an apostrophe before it. What is a sign and digits alone stays as it is, since it can do nothing: amounts, and
//! numbers such as +14085550000, which other programs look up exactly so. A spreadsheet that guesses types reads that as 14085550000; up to
//! the fifteen digits that a telephone number can have, no digit is lost.

use std::borrow::Cow;

use super::rows::Row;

const COLUMNS: [&str; 9] =
    ["date", "product", "billing_number", "department", "cost_center", "currency", "amount", "quantity", "unit"];

/// What a formula begins with, in the wide forms of East Asian keyboards too, and what some programs drop before one.
const BEGINNINGS: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

pub(super) fn columns() -> csv::StringRecord {
    COLUMNS.iter().collect()
}

pub(super) fn record(row: &Row<'_>) -> csv::StringRecord {
    let cells: [Cow<'_, str>; COLUMNS.len()] = [
        row.day.to_string().into(),
        row.product.name().into(),
        defused(row.number),
        defused(row.department),
        defused(row.cost_center),
        row.currency.code().into(),
        row.sum.amount.to_string().into(),
        row.sum.messages.to_string().into(),
        row.product.units().into(),
    ];
    cells.iter().collect()
}

fn defused(text: &str) -> Cow<'_, str> {
    let is_digits = |rest: &str| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit());
    let is_number = text.strip_prefix(['+', '-']).is_some_and(is_digits);
    if text.starts_with(BEGINNINGS) && !is_number { format!("'{text}").into() } else { text.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_be_a_formula_gets_an_apostrophe() {
        for text in [
            "=1+1",
            "=HYPERLINK(\"https://example.com\")",
            "+14085550000 Ext. 1001",
            "+1+cmd|' /C calc'!A0",
            "-2+3",
            "-",
            "@SUM(A1)",
            "\t=1+1",
            "\r=1+1",
            "\n=1+1",
            "＝1+1",
        ] {
            assert_eq!(defused(text), format!("'{text}"), "{text}");
        }
        for text in ["", "Sales", "(none)", "R=D", "+14085550000", "-5", "'=1+1", "Müller, \"GmbH\""] {
            assert_eq!(defused(text), text);
        }
    }
}
