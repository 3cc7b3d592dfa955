//! Texts from outside, made safe once, at the edge: what a message shows, a log line holds and a key is made of.
//!
//! Whatever Zoom sends, a label holds no control, bidirectional or line-separator character, and at most [`MOST_CHARACTERS`] characters. A
//! longer text keeps its beginning and gets a digest of the whole, so that two long texts stay two subjects.

use std::borrow::Cow;

use xxhash_rust::xxh3::xxh3_64;

/// Characters of a label.
pub const MOST_CHARACTERS: usize = 256;
/// Characters of the digest at the end of a text that was cut.
const DIGEST: usize = 16;
/// Characters of somebody else's text that are looked at.
const MOST_QUOTED: usize = 2_048;
/// So many digits in a row are taken for a phone number.
const LEAST_PHONE_NUMBER: usize = 7;
/// So many characters of all kinds are taken for a credential.
const LEAST_CREDENTIAL: usize = 20;
/// What is written after these is one, whatever it looks like.
const PRIVATE: [&str; 5] = ["secret", "token", "password", "account_id", "client_id"];

/// The text as it is shown, logged and stored everywhere; blanks around it are dropped.
#[must_use]
pub fn label(text: &str) -> Cow<'_, str> {
    let text = text.trim();
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) && text.len() <= MOST_CHARACTERS {
        return Cow::Borrowed(text);
    }
    let clean: String = text.chars().map(|c| if is_unsafe(c) { ' ' } else { c }).collect();
    let clean = clean.trim();
    match clean.char_indices().nth(MOST_CHARACTERS - DIGEST - 1) {
        Some((end, _)) if clean.chars().nth(MOST_CHARACTERS).is_some() => {
            let start = clean.get(..end).unwrap_or_default();
            Cow::Owned(format!("{start}…{:016x}", xxh3_64(text.as_bytes())))
        }
        _ => Cow::Owned(clean.to_owned()),
    }
}

/// What somebody else wrote, for an error or a log line: one line of at most [`MOST_CHARACTERS`]. What looks like a phone number or a
/// credential is left out, since nobody knows what a program of others repeats of a question or a row.
#[must_use]
pub fn quoted(text: &str) -> String {
    let is_inside = |c: char| c.is_ascii_alphanumeric() || "+/=_-.".contains(c);
    let clean: String = text.chars().take(MOST_QUOTED).map(|c| if is_unsafe(c) { ' ' } else { c }).collect();
    let clean = without_written_numbers(&clean);
    let parts = clean.split_inclusive(|c| !is_inside(c)).map(|part| {
        let word = part.trim_end_matches(|c| !is_inside(c));
        if is_private(word) { Cow::Owned(part.replace(word, "…")) } else { Cow::Borrowed(part) }
    });
    let shown: String = parts.collect();
    shown.trim().chars().take(MOST_CHARACTERS).collect()
}

/// A phone number as people write it begins with a plus: `+1 (415) 555-0100`.
fn without_written_numbers(text: &str) -> String {
    let is_inside = |c: &char| c.is_ascii_digit() || " ().-".contains(*c);
    let mut parts = text.split('+');
    let mut shown = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let number: String = part.chars().take_while(is_inside).collect();
        let is_long = number.chars().filter(char::is_ascii_digit).count() >= LEAST_PHONE_NUMBER;
        let rest = part.get(number.trim_end().len()..).filter(|_| is_long);
        shown += &rest.map_or_else(|| format!("+{part}"), |rest| format!("…{rest}"));
    }
    shown
}

/// Seven digits in a row may be a phone number; letters of both cases with digits among them, a credential.
fn is_private(word: &str) -> bool {
    let has = |is_one: fn(&u8) -> bool| word.bytes().any(|byte| is_one(&byte));
    let is_credential = word.len() >= LEAST_CREDENTIAL
        && has(u8::is_ascii_uppercase)
        && has(u8::is_ascii_lowercase)
        && has(u8::is_ascii_digit);
    let is_named = word.split_once('=').is_some_and(|(name, value)| {
        let name = name.to_ascii_lowercase();
        !value.is_empty() && PRIVATE.iter().any(|private| name.ends_with(private))
    });
    let digits = word.split(|c: char| !c.is_ascii_digit()).map(str::len).max();
    is_credential || is_named || digits.is_some_and(|digits| digits >= LEAST_PHONE_NUMBER)
}

/// Characters that change how the text around them is shown: controls (U+0085 too), line and paragraph separators, and all that sets the
/// direction of writing or shows nothing.
fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{061C}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}')
        || matches!(c, '\u{E0000}'..='\u{E007F}')
}

/// The text with its first letter in upper case.
#[must_use]
pub fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// The nearest of the known words, if one is near.
#[must_use]
pub fn nearest<'w>(given: &str, known: &[&'w str]) -> Option<&'w str> {
    let distance = |word: &&str| strsim::damerau_levenshtein(given, word);
    known.iter().copied().min_by_key(distance).filter(|word| distance(word) <= 1 + given.len() / 4)
}

/// `; did you mean "amount"?`, if one of the known words is near.
#[must_use]
pub fn did_you_mean(given: &str, known: &[&str]) -> String {
    nearest(given, known).map_or_else(String::new, |word| format!("; did you mean {word:?}?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_somebody_else_wrote_is_quoted_without_numbers_and_credentials() {
        for (written, shown) in [
            (
                "Validation Failed. from: must be yyyy-mm-dd, not 2026-11-22\n",
                "Validation Failed. from: must be yyyy-mm-dd, not 2026-11-22",
            ),
            ("scopes:[phone:read:list_sms_charges_report:admin]", "scopes:[phone:read:list_sms_charges_report:admin]"),
            ("no such number +1 (415) 555-0100 in +1 of 2", "no such number … in +1 of 2"),
            ("client_secret=abcdefghijklmnop refused, total=3", "… refused, total=3"),
            ("no such number +14155550100, \"14155550100\"\u{202E}", "no such number …, \"…\""),
            ("Authorization: Basic Y2xpZW50LWlkOmNsaWVudC1zZWNyZXQ5 refused", "Authorization: Basic … refused"),
            ("dns error: zoom.example.com:443 (os error 11)", "dns error: zoom.example.com:443 (os error 11)"),
        ] {
            assert_eq!(quoted(written), shown);
        }
        assert_eq!(quoted(&"long ".repeat(1_000)).chars().count(), MOST_CHARACTERS);
    }

    #[test]
    fn what_would_change_the_text_around_it_is_replaced() {
        assert_eq!(label(" Sales "), "Sales");
        assert_eq!(label("Vertrieb Köln"), "Vertrieb Köln");
        for bad in ['\n', '\u{7}', '\u{85}', '\u{2028}', '\u{2029}', '\u{202E}', '\u{2066}', '\u{200F}', '\u{FEFF}'] {
            assert_eq!(label(&format!("a{bad}b")), "a b", "{bad:?}");
        }
    }

    #[test]
    fn two_long_texts_stay_two() {
        let long = |end: char| format!("{}{end}", "x".repeat(3_000));
        let (one, other) = (label(&long('1')).into_owned(), label(&long('2')).into_owned());
        assert_ne!(one, other);
        assert_eq!(one.chars().count(), MOST_CHARACTERS);
        assert_eq!(label(&"é".repeat(256)).chars().count(), 256);
    }
}
