//! What the terminal can show: how wide it is, whether it has colours, and which characters.
//!
//! Colour only repeats what a word or a sign says, so that nothing is lost without it. A number is never broken and a name never cut: what
//! does not fit goes to a line of its own.

use std::io::IsTerminal as _;

use anstyle::{AnsiColor, Style};
use console::Term;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;
use unicode_width::UnicodeWidthStr as _;

use super::variable;

/// Columns where nobody says how many there are.
const DEFAULT_WIDTH: usize = 80;
/// Less than this is not taken for a width.
const LEAST_WIDTH: usize = 20;
/// Sentences are not made longer than this, however wide the terminal is.
const MOST_PROSE: usize = 100;

/// A sign that stands beside a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    Over,
    Forecast,
    Level,
    Silenced,
    Bar,
}

/// Where something is shown.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terminal {
    pub(super) width: usize,
    pub(super) is_terminal: bool,
    pub(super) is_utf8: bool,
    pub(super) has_colour: bool,
}

impl Terminal {
    /// One of this width that shows all characters and no colour.
    #[cfg(test)]
    pub(super) fn plain(width: usize) -> Terminal {
        Terminal { width, is_terminal: true, is_utf8: true, has_colour: false }
    }

    /// One of this width that shows ASCII in colours.
    #[cfg(test)]
    pub(super) fn coloured_ascii(width: usize) -> Terminal {
        Terminal { width, is_terminal: true, is_utf8: false, has_colour: true }
    }

    /// The one behind standard output.
    pub(super) fn of_output() -> Terminal {
        Terminal::behind(&Term::stdout(), std::io::stdout().is_terminal())
    }

    /// The one behind standard error.
    pub(super) fn of_errors() -> Terminal {
        Terminal::behind(&Term::stderr(), std::io::stderr().is_terminal())
    }

    fn behind(term: &Term, is_terminal: bool) -> Terminal {
        let measured = term.size_checked().filter(|_| is_terminal).map(|(_, columns)| usize::from(columns));
        Terminal::by(variable, is_terminal, measured)
    }

    fn by(variable: impl Fn(&str) -> Option<String>, is_terminal: bool, measured: Option<usize>) -> Terminal {
        let given = variable("COLUMNS").and_then(|columns| columns.parse().ok());
        let width = given.or(measured).filter(|width| *width >= LEAST_WIDTH).unwrap_or(DEFAULT_WIDTH);
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(&variable);
        // Where no locale is set, as in a container, terminals show UTF-8 all the same.
        let is_utf8 = locale.is_none_or(|locale| {
            let locale = locale.to_ascii_lowercase();
            locale.contains("utf-8") || locale.contains("utf8")
        });
        let is_set = |name: &str| variable(name).is_some_and(|value| value != "0");
        let is_dumb = variable("TERM").is_some_and(|kind| kind == "dumb");
        let has_colour = variable("NO_COLOR").is_none() && (is_set("CLICOLOR_FORCE") || (is_terminal && !is_dumb));
        Terminal { width, is_terminal, is_utf8, has_colour }
    }

    /// A text in a style, where there are styles.
    pub(super) fn paint(&self, style: Style, text: &str) -> String {
        if self.has_colour && style != Style::new() { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }

    /// A sign in the characters that there are.
    pub(super) fn sign(&self, sign: Sign) -> &'static str {
        let (drawn, plain) = match sign {
            Sign::Over => ("■", "!"),
            Sign::Forecast => ("◆", ">"),
            Sign::Level => ("◐", "*"),
            Sign::Silenced => ("‖", "-"),
            Sign::Bar => ("█", "#"),
        };
        if self.is_utf8 { drawn } else { plain }
    }

    /// A bar of so many signs: `part` of `whole` of the longest, and at least one for what is not nothing.
    pub(super) fn bar(&self, part: Decimal, whole: Decimal, longest: u32) -> String {
        let share = part.checked_div(whole).unwrap_or_default() * Decimal::from(longest);
        let share = share.clamp(Decimal::ZERO, longest.into());
        self.sign(Sign::Bar).repeat(share.ceil().to_usize().unwrap_or_default())
    }

    /// What stands where a bar is not filled.
    pub(super) fn open_bar(&self) -> &'static str {
        if self.is_utf8 { "░" } else { "." }
    }

    /// What stands where there is nothing to count.
    pub(super) fn nothing(&self) -> &'static str {
        if self.is_utf8 { "·" } else { "." }
    }

    /// A sentence in lines, each with a blank before it.
    pub(super) fn prose(&self, text: &str) -> Vec<String> {
        wrapped(text, self.width.min(MOST_PROSE) - 1).into_iter().map(|line| format!(" {line}")).collect()
    }

    /// Labels and texts, the texts in a column of their own.
    pub(super) fn labelled(&self, parts: &[(&str, String)]) -> Vec<String> {
        let label_width = parts.iter().map(|(label, _)| label.width()).max().unwrap_or_default();
        let mut last = "";
        let mut lines = Vec::new();
        for (label, text) in parts {
            // Several of one label stand below each other.
            let shown = if *label == last { "" } else { label };
            last = label;
            let room = self.width.min(MOST_PROSE).saturating_sub(label_width + 3);
            for (index, line) in wrapped(text, room).iter().enumerate() {
                let label = if index == 0 { shown } else { "" };
                lines.push(format!(" {}  {line}", left(label, label_width)).trim_end().to_owned());
            }
        }
        lines
    }
}

/// A text in the terminal's own red, yellow, green or magenta.
pub(super) fn coloured(colour: AnsiColor) -> Style {
    Style::new().fg_color(Some(colour.into()))
}

/// Lines of at most so many columns, broken at blanks alone.
pub(super) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let Some(line) = lines.last_mut() else { break };
        if line.is_empty() {
            line.push_str(word);
        } else if line.width() + 1 + word.width() <= width {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

/// The text with blanks after it.
pub(super) fn left(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(text.width())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(variables: &[(&str, &str)], is_terminal: bool, measured: Option<usize>) -> (usize, bool, bool) {
        let variable =
            |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        let Terminal { width, is_utf8, has_colour, .. } = Terminal::by(variable, is_terminal, measured);
        (width, is_utf8, has_colour)
    }

    #[test]
    fn a_terminal_shows_what_its_variables_allow() {
        for (variables, is_terminal, measured, expected) in [
            (&[][..], false, None, (80, true, false)),
            (&[], true, Some(132), (132, true, true)),
            (&[("COLUMNS", "60")], true, Some(132), (60, true, true)),
            (&[("COLUMNS", "3")], true, Some(132), (80, true, true)),
            (&[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")], true, None, (80, true, false)),
            (&[("TERM", "dumb")], true, None, (80, true, false)),
            (&[("CLICOLOR_FORCE", "1")], false, None, (80, true, true)),
            (&[("CLICOLOR_FORCE", "0")], false, None, (80, true, false)),
            (&[("LANG", "en_US.UTF-8")], false, None, (80, true, false)),
            (&[("LANG", "C")], false, None, (80, false, false)),
            (&[("LC_ALL", "POSIX"), ("LANG", "en_US.UTF-8")], false, None, (80, false, false)),
            (&[("LC_ALL", "C.utf8"), ("LANG", "C")], false, None, (80, true, false)),
        ] {
            assert_eq!(seen(variables, is_terminal, measured), expected, "{variables:?}");
        }
    }

    #[test]
    fn texts_beside_labels_are_broken_at_blanks_alone() {
        let terminal = Terminal::plain(40);
        let parts = [
            ("Not covered", "GBP 3.21, Sales +442079460018: no budget in this currency".to_owned()),
            ("Silenced", "1 alert".to_owned()),
            ("Silenced", "2 alerts".to_owned()),
        ];
        insta::assert_snapshot!(terminal.labelled(&parts).join("\n"), @"
        Not covered  GBP 3.21, Sales
                     +442079460018: no budget
                     in this currency
        Silenced     1 alert
                     2 alerts
        ");
    }
}
