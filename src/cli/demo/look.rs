//! What a terminal can show: colours of its own palette that only repeat what a word or a sign says, and signs with a stand-in in ASCII.

use anstyle::{AnsiColor, Style};

/// What a terminal can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Look {
    /// Whether it shows more than ASCII.
    pub(super) utf8: bool,
    /// Whether it has colours.
    pub(super) colour: bool,
}

/// What a part of a line is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Role {
    #[default]
    Plain,
    Bold,
    Faint,
    Spent,
    SpentNow,
    Limit,
    Ahead,
    AheadOver,
    Over,
    Spike,
    Forecast,
    Correction,
    Good,
}

impl Role {
    fn style(self) -> Style {
        let colour = |colour: AnsiColor| Style::new().fg_color(Some(colour.into()));
        match self {
            Role::Plain => Style::new(),
            Role::Bold | Role::Limit => Style::new().bold(),
            Role::Faint => Style::new().dimmed(),
            Role::Spent => colour(AnsiColor::Blue),
            Role::SpentNow => colour(AnsiColor::Blue).bold(),
            Role::Ahead => colour(AnsiColor::Yellow).dimmed(),
            Role::AheadOver => colour(AnsiColor::Yellow),
            Role::Forecast => colour(AnsiColor::Yellow).bold(),
            Role::Over => colour(AnsiColor::Red).bold(),
            Role::Spike => colour(AnsiColor::Magenta).bold(),
            Role::Correction => colour(AnsiColor::Cyan).bold(),
            Role::Good => colour(AnsiColor::Green).bold(),
        }
    }
}

/// A line on its way to the terminal.
#[derive(Clone, Debug, Default)]
pub(super) struct Line(Vec<(Role, String)>);

impl Line {
    /// A plain line.
    pub(super) fn plain(text: impl Into<String>) -> Line {
        Line::default().with(Role::Plain, text)
    }

    /// The line with a part more.
    #[must_use]
    pub(super) fn with(mut self, role: Role, text: impl Into<String>) -> Line {
        self.0.push((role, text.into()));
        self
    }

    /// How many columns it takes.
    pub(super) fn width(&self) -> usize {
        self.0.iter().map(|(_, text)| text.chars().count()).sum()
    }

    /// The line with blanks up to this column.
    #[must_use]
    pub(super) fn padded_to(self, column: usize) -> Line {
        let blanks = column.saturating_sub(self.width());
        self.with(Role::Plain, " ".repeat(blanks))
    }

    /// The line where `text` stands in another role.
    #[must_use]
    pub(super) fn where_is(self, text: &str, role: Role) -> Line {
        let mut parts = Vec::new();
        for (old, part) in self.0 {
            match part.split_once(text).filter(|_| !text.is_empty()) {
                Some((before, after)) => {
                    parts.extend([(old, before.to_owned()), (role, text.to_owned()), (old, after.to_owned())]);
                }
                None => parts.push((old, part)),
            }
        }
        Line(parts)
    }

    /// The line as the terminal takes it, without blanks at its end.
    pub(super) fn text(&self, look: Look) -> String {
        let end = self.0.iter().rposition(|(_, text)| !text.trim_end().is_empty()).map_or(0, |last| last + 1);
        let mut line = String::new();
        for (place, (role, text)) in self.0.iter().take(end).enumerate() {
            let text = if place + 1 == end { text.trim_end() } else { text };
            let text = if look.utf8 { text.to_owned() } else { ascii(text) };
            let style = if look.colour { role.style() } else { Style::new() };
            line += &format!("{style}{text}{style:#}");
        }
        line
    }
}

/// A text in ASCII, as wide as before.
fn ascii(text: &str) -> String {
    let sign = |c: char| match c {
        '█' => '#',
        '▓' => '+',
        '▒' => '-',
        '·' => '.',
        '░' => '=',
        '│' | '┃' => '|',
        '■' => '!',
        '◆' => '>',
        '▲' => '^',
        '◐' => '*',
        '↺' => '<',
        '✗' => 'x',
        '✓' => 'v',
        '…' => '.',
        c if c.is_ascii() => c,
        _ => '?',
    };
    text.chars().map(sign).collect()
}
