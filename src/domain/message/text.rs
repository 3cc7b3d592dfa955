//! Texts held to the limits of those who receive them.

/// Cuts a text to at most `most` characters, on a character, and says how many were left out.
pub(super) fn cut(text: &str, most: usize) -> String {
    let length = text.chars().count();
    if length <= most {
        return text.to_owned();
    }
    let mark = |left_out: usize| format!("... ({left_out} more characters)");
    // The mark's own length depends on the number in it; `length` has at least as many digits.
    let kept = most.saturating_sub(mark(length).chars().count());
    let head: String = text.chars().take(kept).collect();
    head + &mark(length - kept)
}

/// At most `most` characters; what is longer ends in dots.
pub(super) fn short(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most.saturating_sub(3)).collect();
    format!("{kept}...")
}

/// Plain printable ASCII; any other character becomes a question mark.
pub(super) fn ascii(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_graphic() || c == ' ' { c } else { '?' }).collect()
}

/// Lines of at most `width` characters, the first one starts with `first`, the others with as many blanks.
/// A word longer than a line is broken.
pub(super) fn wrap(first: &str, text: &str, width: usize) -> String {
    let indent = first.chars().count();
    let room = width.saturating_sub(indent).max(1);
    let mut lines: Vec<String> = vec![String::new()];
    for word in text.split_whitespace() {
        let mut rest: Vec<char> = word.chars().collect();
        while !rest.is_empty() {
            let line = lines.last().map_or(0, |line| line.chars().count());
            let gap = usize::from(line > 0);
            let fits = rest.len() + gap + line <= room;
            if !fits && line > 0 {
                lines.push(String::new());
                continue;
            }
            let part: String = rest.drain(..rest.len().min(room)).collect();
            if let Some(last) = lines.last_mut() {
                if gap == 1 {
                    last.push(' ');
                }
                last.push_str(&part);
            }
        }
    }
    let blanks = " ".repeat(indent);
    let mut wrapped = String::new();
    for (index, line) in lines.iter().enumerate() {
        wrapped.push_str(if index == 0 { first } else { &blanks });
        wrapped.push_str(line);
        wrapped.push('\n');
    }
    wrapped
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_cut_says_how_much_is_gone() {
        assert_eq!(cut("short", 5), "short");
        let cut = cut(&"é".repeat(100), 40);
        assert_eq!(cut.chars().count(), 39);
        assert!(cut.ends_with("... (85 more characters)"), "{cut}");
    }

    #[test]
    fn text_is_wrapped_under_its_label() {
        assert_eq!(wrap("  Label  ", "one two three", 16), "  Label  one two\n         three\n");
        assert_eq!(wrap("", "abcdefghij k", 4), "abcd\nefgh\nij k\n");
    }

    proptest! {
        #[test]
        fn no_line_is_longer_than_allowed_and_no_letter_is_lost(text in "\\PC{0,200}", width in 20_usize..76) {
            let wrapped = wrap("  ab  ", &text, width);
            prop_assert!(wrapped.lines().all(|line| line.chars().count() <= width));
            let letters = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            prop_assert_eq!(letters(&wrapped), format!("ab{}", letters(&text)));
        }

        #[test]
        fn a_cut_text_is_never_longer_than_allowed(text in "\\PC{0,300}", most in 40_usize..200) {
            prop_assert!(cut(&text, most).chars().count() <= most);
        }
    }
}
