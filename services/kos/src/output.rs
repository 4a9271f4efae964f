//! What commands print: tables for people, JSON for machines.

use comfy_table::{Table, presets::NOTHING};
use jiff::{SignedDuration, Timestamp, Unit};
use kos_shared::event::Verdict;
use serde::Serialize;

/// Prints a value as JSON.
pub fn print_json(value: &impl Serialize) -> anyhow::Result<()> {
    println!("{}", serde_json::to_string_pretty(value)?);
    Ok(())
}

/// Prints rows under a header.
pub fn print_table(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) {
    let mut table = Table::new();
    table.load_style(NOTHING).set_header(header.iter().copied());
    for row in rows {
        table.add_row(row);
    }
    for line in table.lines() {
        println!("{}", line.trim_end());
    }
}

/// How long ago something was, in a form such as `3m 12s`.
pub fn ago(then: Timestamp, now: Timestamp) -> String {
    let age = now.duration_since(then).max(SignedDuration::ZERO);
    let seconds = age.as_secs();
    match seconds {
        0 => format!("{}ms", age.as_millis()),
        1..60 => format!("{seconds}s"),
        60..3_600 => format!("{}m {}s", seconds / 60, seconds % 60),
        3_600..86_400 => format!("{}h {}m", seconds / 3_600, seconds % 3_600 / 60),
        _ => format!("{}d {}h", seconds / 86_400, seconds % 86_400 / 3_600),
    }
}

/// A time to the millisecond, in UTC.
pub fn time(at: Timestamp) -> String {
    format!("{:.3}", at.round(Unit::Millisecond).unwrap_or(at))
}

/// `1 article`, `2 articles`.
pub fn counted(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// A text cut to `characters`, with a sign that it was.
pub fn cut(text: &str, characters: usize) -> String {
    match text.char_indices().nth(characters) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// What a check came to, as people read it: what is wrong stands out.
pub const fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "pass",
        Verdict::Fail => "FAIL",
        Verdict::CannotJudge => "can't judge",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_told_in_two_units() {
        let now = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(1_000);
        let age = |seconds| ago(now - SignedDuration::from_secs(seconds), now);
        assert_eq!([age(0), age(59), age(61), age(3_700), age(90_000)], ["0ms", "59s", "1m 1s", "1h 1m", "1d 1h"]);
        assert_eq!(ago(now + SignedDuration::from_secs(5), now), "0ms");
    }
}
