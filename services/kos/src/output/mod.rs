//! What commands print: tables for people, JSON for machines.

mod screen;
mod table;

use std::time::Duration;

use anstream::{print, println};
use jiff::{SignedDuration, Timestamp, Unit};
use kos_shared::event::Verdict;
use serde::Serialize;

pub use screen::Screen;
pub use table::{Cell, Tone, table};

/// Prints a value as JSON.
pub fn print_json(value: &impl Serialize) -> anyhow::Result<()> {
    println!("{}", serde_json::to_string_pretty(value)?);
    Ok(())
}

/// Prints rows under a header.
pub fn print_table<C: Into<Cell>>(header: &[&str], rows: impl IntoIterator<Item = Vec<C>>) {
    print!("{}", table(header, rows));
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

/// A duration as people write it, such as `2s` or `1m 30s`, and of at least `least`.
pub fn duration_of(text: &str, least: Duration) -> Result<Duration, String> {
    let duration = text.parse::<SignedDuration>().ok().and_then(|d| Duration::try_from(d).ok());
    duration
        .filter(|duration| *duration >= least)
        .ok_or_else(|| format!("expected a duration of at least {least:?}, such as 2s or 1m"))
}

/// A number of bytes in the unit that makes it short.
pub fn bytes(number: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut value = number as f64;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    let decimals = usize::from(unit > 0 && value < 10.0);
    format!("{value:.decimals$} {}", UNITS[unit])
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
    fn bytes_have_the_unit_that_makes_them_short() {
        let all = [0, 1023, 1024, 5 << 20, 1 << 30, 400 << 30].map(bytes);
        assert_eq!(all, ["0 B", "1023 B", "1.0 KiB", "5.0 MiB", "1.0 GiB", "400 GiB"]);
    }

    #[test]
    fn durations_are_read_as_people_write_them() {
        let least = Duration::from_millis(100);
        assert_eq!(duration_of("5s", least), Ok(Duration::from_secs(5)));
        assert_eq!(duration_of("1m 30s", least), Ok(Duration::from_secs(90)));
        for bad in ["", "5", "soon", "-1s", "0s", "10ms"] {
            let error = duration_of(bad, least).unwrap_err();
            assert!(error.contains("such as 2s"), "{bad}: {error}");
        }
    }

    #[test]
    fn ages_are_told_in_two_units() {
        let now = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(1_000);
        let age = |seconds| ago(now - SignedDuration::from_secs(seconds), now);
        assert_eq!([age(0), age(59), age(61), age(3_700), age(90_000)], ["0ms", "59s", "1m 1s", "1h 1m", "1d 1h"]);
        assert_eq!(ago(now + SignedDuration::from_secs(5), now), "0ms");
    }
}
