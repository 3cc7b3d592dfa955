//! A table in columns as wide as their cells. One that does not fit is shown in other columns, or each row in lines of its own.

use anstyle::Style;
use unicode_width::UnicodeWidthStr as _;

use super::terminal::{Terminal, wrapped};

/// With less room than this for the first column, rows are shown in lines of their own.
const LEAST_FIRST: usize = 16;
/// Blanks between two columns.
const GAP: &str = "  ";

/// What a row says in a column.
#[derive(Clone, Debug, Default)]
pub(super) struct Cell {
    /// The part at the beginning that has a style.
    mark: String,
    style: Style,
    rest: String,
}

impl Cell {
    /// A text whose beginning has a style.
    pub(super) fn marked(mark: impl Into<String>, style: Style, rest: impl Into<String>) -> Cell {
        Cell { mark: mark.into(), style, rest: rest.into() }
    }

    fn is_empty(&self) -> bool {
        self.mark.is_empty() && self.rest.is_empty()
    }

    fn width(&self) -> usize {
        self.mark.width() + self.rest.width()
    }

    fn shown(&self, terminal: &Terminal) -> String {
        format!("{}{}", terminal.paint(self.style, &self.mark), self.rest)
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Cell {
        Cell { rest: text.into(), ..Cell::default() }
    }
}

/// A column's heading, and the side on which its cells stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column<'t> {
    Left(&'t str),
    /// For numbers.
    Right(&'t str),
}

impl<'t> Column<'t> {
    fn heading(self) -> &'t str {
        match self {
            Column::Left(heading) | Column::Right(heading) => heading,
        }
    }

    fn cell(self, cell: &Cell, width: usize, terminal: &Terminal) -> String {
        let (blanks, text) = (" ".repeat(width.saturating_sub(cell.width())), cell.shown(terminal));
        match self {
            Column::Left(_) => text + &blanks,
            Column::Right(_) => blanks + &text,
        }
    }
}

/// A table, without the columns that would be empty.
#[derive(Clone, Debug)]
pub(super) struct Table<'t> {
    columns: Vec<(Column<'t>, usize)>,
    rows: Vec<Vec<Cell>>,
}

impl<'t> Table<'t> {
    pub(super) fn new(columns: &[Column<'t>], rows: impl IntoIterator<Item = Vec<Cell>>) -> Table<'t> {
        let mut rows: Vec<_> = rows.into_iter().collect();
        let is_filled = |place: usize| {
            let mut cells = rows.iter().filter_map(|row| row.get(place));
            cells.any(|cell| !cell.is_empty())
        };
        let filled: Vec<bool> = (0..columns.len()).map(is_filled).collect();
        for row in &mut rows {
            let mut filled = filled.iter();
            row.retain(|_| filled.next().copied().unwrap_or_default());
        }
        let kept = columns.iter().zip(&filled).filter(|(_, filled)| **filled).map(|(column, _)| *column);
        let width = |(place, column): (usize, Column<'t>)| {
            let cells = rows.iter().filter_map(|row| row.get(place)).map(Cell::width);
            (column, cells.max().unwrap_or_default().max(column.heading().width()))
        };
        let columns = kept.enumerate().map(width).collect();
        Table { columns, rows }
    }

    /// Whether its rows fit into lines of this terminal.
    pub(super) fn fits(&self, terminal: &Terminal) -> bool {
        let cells: usize = self.columns.iter().map(|(_, width)| width).sum();
        1 + cells + GAP.len() * self.columns.len().saturating_sub(1) <= terminal.width
    }

    /// A line for the headings and one for each row. What does not fit has a line of its own.
    pub(super) fn lines(&self, terminal: &Terminal) -> Vec<String> {
        let mut columns = self.columns.clone();
        let others: usize = columns.iter().skip(1).map(|(_, width)| GAP.len() + width).sum();
        let room = terminal.width.saturating_sub(1 + others);
        if room < LEAST_FIRST.min(self.columns.first().map_or(0, |(_, width)| *width)) {
            return self.stacked(terminal);
        }
        if let Some((_, width)) = columns.first_mut() {
            *width = room.min(*width);
        }
        let headings = self.columns.iter().map(|(column, _)| Cell::from(column.heading())).collect();
        let rows = std::iter::once(&headings).chain(&self.rows);
        let blank = Cell::default();
        let mut lines = Vec::new();
        for row in rows {
            // A name that is too long for its column has a line of its own.
            let long = row.first().filter(|first| first.width() > room);
            lines.extend(long.map(|first| format!(" {}", first.shown(terminal))));
            let first = if long.is_some() { Some(&blank) } else { row.first() };
            let cells = first.into_iter().chain(row.iter().skip(1)).zip(&columns);
            lines.push(line(cells.map(|(cell, (column, width))| column.cell(cell, *width, terminal))));
        }
        lines
    }

    /// The first cell of each row on a line of its own, and the others below it, each with its heading.
    fn stacked(&self, terminal: &Terminal) -> Vec<String> {
        let mut lines = Vec::new();
        for row in &self.rows {
            let mut cells = row.iter().zip(&self.columns).filter(|(cell, _)| !cell.is_empty());
            if let Some((first, _)) = cells.next() {
                lines.push(format!(" {}", first.shown(terminal)));
            }
            let mut width = 0;
            let mut shown = String::new();
            for (cell, (column, _)) in cells {
                let needed = GAP.len() + column.heading().width() + 1 + cell.width();
                if needed + 1 > terminal.width {
                    // A list, which is broken between its members.
                    lines.extend((width > 0).then(|| std::mem::take(&mut shown)));
                    let text = format!("{} {}{}", column.heading().to_lowercase(), cell.mark, cell.rest);
                    let broken = wrapped(&text, terminal.width.saturating_sub(3));
                    lines.extend(broken.into_iter().map(|line| format!("   {line}")));
                    width = 0;
                    continue;
                }
                if width > 0 && width + needed > terminal.width {
                    lines.push(std::mem::take(&mut shown));
                    width = 0;
                }
                width += if width == 0 { needed + 1 } else { needed };
                let before = if shown.is_empty() { "   " } else { GAP };
                shown += &format!("{before}{} {}", column.heading().to_lowercase(), cell.shown(terminal));
            }
            if !shown.is_empty() {
                lines.push(shown);
            }
        }
        lines
    }
}

fn line(cells: impl Iterator<Item = String>) -> String {
    format!(" {}", cells.collect::<Vec<_>>().join(GAP)).trim_end().to_owned()
}
