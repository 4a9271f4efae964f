//! Tables that can be read at a glance: columns as wide as what stands in them, and colour where something is wrong or
//! waits. Colours are escape codes here; printing takes them out where they are not wanted.

use std::fmt::Write;

use anstyle::{AnsiColor, Style};
use unicode_width::UnicodeWidthStr;

/// How a cell stands out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tone {
    /// Not at all.
    #[default]
    Plain,
    /// Something is wrong, and somebody has to do something.
    Wrong,
    /// Something waits, or was tried in vain: it may be all right soon.
    Waits,
    /// It only names what stands beside it.
    Aside,
}

impl Tone {
    const fn style(self) -> Style {
        match self {
            Self::Plain => Style::new(),
            Self::Wrong => AnsiColor::Red.on_default().bold(),
            Self::Waits => AnsiColor::Yellow.on_default(),
            Self::Aside => Style::new().dimmed(),
        }
    }

    /// A line of text in this tone.
    pub fn paint(self, text: &str) -> String {
        let (style, text) = (self.style(), harmless(text));
        format!("{style}{text}{style:#}")
    }
}

/// What stands in one place of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    text: String,
    tone: Tone,
    is_number: bool,
}

impl Cell {
    /// A text in a tone.
    pub fn new(text: impl AsRef<str>, tone: Tone) -> Self {
        Self { text: harmless(text.as_ref()), tone, is_number: false }
    }

    /// A number that is worth a look unless it is zero. Columns of numbers stand on the right.
    pub fn count(number: u64, tone: Tone) -> Self {
        let tone = if number == 0 { Tone::Plain } else { tone };
        Self { is_number: true, ..Self::new(number.to_string(), tone) }
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::new(text, Tone::Plain)
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::new(text, Tone::Plain)
    }
}

/// What comes from pages and servers can't steer a terminal: control characters become spaces.
fn harmless(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// The rows under a header, a line each, with the escape codes of their colours.
pub fn table<C: Into<Cell>>(header: &[&str], rows: impl IntoIterator<Item = Vec<C>>) -> String {
    let mut all: Vec<Vec<Cell>> = Vec::new();
    if header.iter().any(|name| !name.is_empty()) {
        all.push(header.iter().map(|name| Cell::new(*name, Tone::Aside)).collect());
    }
    all.extend(rows.into_iter().map(|row| row.into_iter().map(Into::into).collect()));
    let cells = |column: usize| all.iter().filter_map(move |row| row.get(column));
    let columns: Vec<(usize, bool)> = (0..all.iter().map(Vec::len).max().unwrap_or(0))
        .map(|column| {
            let width = cells(column).map(|cell| cell.text.width()).max().unwrap_or(0);
            (width, cells(column).any(|cell| cell.is_number))
        })
        .collect();
    let mut lines = String::new();
    for row in &all {
        let last = row.iter().rposition(|cell| !cell.text.is_empty()).unwrap_or(0);
        for (cell, (width, is_right)) in row.iter().zip(&columns).take(last + 1) {
            let space = width - cell.text.width();
            let (before, after) = if *is_right { (space, 0) } else { (0, space) };
            // Writing to a string never fails.
            let _ = write!(lines, "{:before$}{}{:after$}  ", "", cell.tone.paint(&cell.text), "");
        }
        lines.truncate(lines.trim_end_matches(' ').len());
        lines.push('\n');
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_what_is_seen_of_them() {
        let rows = vec![
            vec![Cell::from("摘要"), Cell::count(7, Tone::Plain), Cell::new("down", Tone::Wrong), Cell::from("")],
            vec![Cell::from("ingest"), Cell::count(120, Tone::Waits), Cell::from("ready"), Cell::from("x")],
        ];
        let seen = anstream::adapter::strip_str(&table(&["what", "n", "state", ""], rows)).to_string();
        assert_eq!(seen, "what      n  state\n摘要      7  down\ningest  120  ready  x\n");
    }

    #[test]
    fn colour_is_only_where_something_is_wrong_or_waits() {
        let rows = vec![vec![Cell::count(0, Tone::Waits), Cell::count(3, Tone::Waits), Cell::new("!", Tone::Wrong)]];
        assert_eq!(table(&["", "", ""], rows), "0  \u{1b}[33m3\u{1b}[0m  \u{1b}[1m\u{1b}[31m!\u{1b}[0m\n");
    }

    #[test]
    fn a_cell_cannot_steer_the_terminal() {
        assert_eq!(table(&[""], vec![vec!["a\u{1b}[2Jb\nc"]]), "a [2Jb c\n");
    }
}
