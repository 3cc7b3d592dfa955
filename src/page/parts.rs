//! What document and widget share: signs, numbers, amounts.

use maud::{Markup, PreEscaped, html};

use crate::domain::alert::money;
use crate::domain::estimates::Estimate;
use crate::domain::money::{Amount, Currency};
use crate::domain::page::{BudgetRow, NumberRow, Page, Sign, range};

/// Digits of a number that stand out: people know numbers by them.
const LAST: usize = 4;
/// A plus with fewer digits behind it is no telephone number.
const LEAST_DIGITS: usize = 6;

/// A text in which telephone numbers stay in one piece.
pub(super) fn text(text: &str) -> Markup {
    let mut rest = text;
    html! {
        @while let Some((before, number, after)) = number(rest) {
            @let (start, end) = number.split_at(number.len().saturating_sub(LAST));
            @let () = rest = after;
            (before) span.tel { (start) b { (end) } }
        }
        (rest)
    }
}

/// The same with numbers that have little room: `Marketing …0187`.
pub(super) fn narrow(text: &str) -> String {
    let (mut rest, mut narrow) = (text, String::new());
    while let Some((before, number, after)) = number(rest) {
        narrow.push_str(before);
        narrow.push('…');
        narrow.push_str(number.split_at(number.len().saturating_sub(LAST)).1);
        rest = after;
    }
    narrow + rest
}

/// The first telephone number of a text, and what is around it.
fn number(text: &str) -> Option<(&str, &str, &str)> {
    text.match_indices('+').find_map(|(start, _)| {
        let digits = text.get(start + 1..)?;
        let length = digits.bytes().take_while(u8::is_ascii_digit).count();
        let end = start + 1 + length;
        (length >= LEAST_DIGITS).then_some(())?;
        Some((text.get(..start)?, text.get(start..end)?, text.get(end..)?))
    })
}

/// The sign of a finding; a word always stands beside it.
pub(super) fn sign(sign: Sign) -> Markup {
    html! {
        @if sign != Sign::Plain { svg.sym viewBox="0 0 12 12" width="12" height="12" aria-hidden="true" { (shape(sign)) } }
    }
}

/// The shape of a sign, in a square of 12.
pub(super) fn shape(sign: Sign) -> Markup {
    PreEscaped(
        match sign {
            Sign::Over => r#"<path d="M1.5 1.5h9v9h-9z" class="f-over"/>"#,
            Sign::Likely => r#"<path d="M6 .8 11.2 6 6 11.2.8 6z" class="o-fc"/>"#,
            Sign::Spike => r#"<path d="M6 .8 11.6 10.8H.4z" class="f-spk"/>"#,
            Sign::Level => {
                r#"<circle cx="6" cy="6" r="4.6" class="o-ink"/><path d="M1.4 6a4.6 4.6 0 0 0 9.2 0z" class="f-ink"/>"#
            }
            Sign::Silenced => r#"<path d="M2 1h3v10H2zM7 1h3v10H7z" class="f-hold"/>"#,
            Sign::NotRead => r#"<path d="M1.5 1.5h9v9h-9zM1.5 10.5l9-9" class="o-ink"/>"#,
            Sign::NotCovered => r#"<circle cx="6" cy="6" r="4.6" class="o-ink" stroke-dasharray="2 1.6"/>"#,
            Sign::Plain => "",
        }
        .to_owned(),
    )
}

/// The class of a word of this sign.
pub(super) fn colour(sign: Sign) -> &'static str {
    match sign {
        Sign::Over => "w-over",
        Sign::Likely => "w-fc",
        Sign::Spike => "w-spk",
        Sign::Silenced | Sign::Plain => "mut",
        Sign::Level | Sign::NotRead | Sign::NotCovered => "",
    }
}

/// The word beside a sign that begins a statement.
pub(super) fn word(sign: Sign) -> &'static str {
    match sign {
        Sign::Over => "Over",
        Sign::Likely => "Forecast",
        Sign::Spike => "Spike",
        Sign::Level => "Level",
        Sign::Silenced => "Silenced",
        Sign::NotRead => "Not read",
        Sign::NotCovered => "Not covered",
        Sign::Plain => "To know",
    }
}

/// `USD 121.23`, the currency in small.
pub(super) fn with_currency(amount: Amount, currency: Currency, beside: &[Amount]) -> Markup {
    html! { i.cur { (currency.code()) } " " (money(amount, currency, beside)) }
}

/// `152 to 180`; a dash where no estimate is made.
pub(super) fn estimate(estimate: Option<&Estimate>, currency: Currency) -> Markup {
    match estimate {
        Some(estimate) => html! { (range(estimate, currency)) },
        None => none(),
    }
}

/// Whether a column of estimates has anything in it.
pub(super) fn has_estimates(rows: &[BudgetRow]) -> bool {
    rows.iter().any(|row| row.estimate.is_some())
}

/// An amount that may not be known.
pub(super) fn known(amount: Option<Amount>, currency: Currency) -> Markup {
    match amount {
        Some(amount) => html! { (money(amount, currency, &[])) },
        None => none(),
    }
}

/// What is not known.
pub(super) fn none() -> Markup {
    html! { span.mut aria-label="not known" role="img" { "–" } }
}

/// All numbers, each with its department; empty for none.
pub(super) fn rows(page: &Page) -> Vec<(&str, &NumberRow)> {
    page.departments
        .iter()
        .flat_map(|department| {
            let name = if department.is_known { department.name.as_str() } else { "" };
            department.numbers.iter().map(move |row| (name, row))
        })
        .collect()
}

/// `Marketing +12025550187`.
pub(super) fn number_of(department: &str, row: &NumberRow) -> Markup {
    html! { (department) " " (text(&row.number)) }
}

/// A text for those who hear the page.
pub(super) fn heard(text: &str) -> Markup {
    html! { span.vh { (text) } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_stays_in_one_piece_and_nothing_is_markup() {
        assert_eq!(
            text("Marketing’s +12025550187 <b>").into_string(),
            "Marketing’s <span class=\"tel\">+1202555<b>0187</b></span> &lt;b&gt;"
        );
        assert_eq!(narrow("Marketing +12025550187, in USD"), "Marketing …0187, in USD");
        assert_eq!(text("1+1 is +2").into_string(), "1+1 is +2");
        assert_eq!(text("+1+123456").into_string(), "+1<span class=\"tel\">+12<b>3456</b></span>");
    }
}
