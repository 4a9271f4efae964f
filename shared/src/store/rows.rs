//! Statements over many rows at once: each statement is a hop to a thread or a round trip.

use std::fmt::Write;

/// How many values a list may have: SQLite takes 32,766 in one statement.
pub const MOST_VALUES: usize = 30_000;

/// `($1, $2), ($3, $4)`: the values of `rows` rows of `columns` columns.
pub fn values(rows: usize, columns: usize) -> String {
    let mut text = String::new();
    for row in 0..rows {
        text.push_str(if row == 0 { "(" } else { ", (" });
        placeholders(&mut text, row * columns + 1, columns);
        text.push(')');
    }
    text
}

/// `($1, $2, $3)`, beginning with `$first`: a list for `in`.
pub fn list(first: usize, count: usize) -> String {
    let mut text = String::from("(");
    placeholders(&mut text, first, count);
    text.push(')');
    text
}

fn placeholders(text: &mut String, first: usize, count: usize) {
    for n in 0..count {
        let comma = if n == 0 { "" } else { ", " };
        let _infallible = write!(text, "{comma}${}", first + n);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_numbered_through() {
        assert_eq!(values(2, 2), "($1, $2), ($3, $4)");
        assert_eq!(list(3, 2), "($3, $4)");
    }
}
