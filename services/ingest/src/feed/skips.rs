//! The hours and days on which a feed asks not to be polled (RSS 2.0 `skipHours` and `skipDays`).

use jiff::{Timestamp, ToSpan, tz::Offset};

/// How many hours ahead one that isn't skipped is looked for: a week.
const HOURS: i64 = 7 * 24;

const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// Hours and days, of UTC.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Skips {
    /// A bit an hour, the lowest for the one after midnight.
    pub hours: u32,
    /// A bit a day, the lowest for Monday.
    pub days: u8,
}

impl Skips {
    /// Adds an hour as feeds write it: 0 to 23, and 24 for 0.
    pub fn add_hour(&mut self, written: &str) {
        if let Some(hour) = written.trim().parse::<u32>().ok().filter(|hour| *hour <= 24) {
            self.hours |= 1 << (hour % 24);
        }
    }

    /// Adds a day by its English name.
    pub fn add_day(&mut self, written: &str) {
        let day = DAYS.iter().position(|day| written.trim().eq_ignore_ascii_case(day));
        self.days |= day.map_or(0, |day| 1 << day);
    }

    /// The first moment from `at` on, by whole hours, that isn't skipped; `at` itself where all are.
    pub fn next(self, at: Timestamp) -> Timestamp {
        if self == Self::default() {
            return at;
        }
        // As late in its hour as before, so that feeds stay spread over it.
        let later = |hours: i64| at.checked_add(hours.hours()).unwrap_or(at);
        (0..HOURS).map(later).find(|at| !self.has(*at)).unwrap_or(at)
    }

    fn has(self, at: Timestamp) -> bool {
        let clock = Offset::UTC.to_datetime(at);
        let day = clock.weekday().to_monday_zero_offset();
        self.hours >> clock.hour() & 1 == 1 || self.days >> day & 1 == 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn skips(hours: &[&str], days: &[&str]) -> Skips {
        let mut skips = Skips::default();
        hours.iter().for_each(|hour| skips.add_hour(hour));
        days.iter().for_each(|day| skips.add_day(day));
        skips
    }

    #[test]
    fn a_feed_is_not_polled_when_it_asks_to_be_skipped() {
        let next = |skips: Skips, at: &str| skips.next(at.parse().unwrap()).to_string();
        // A Saturday.
        let at = "2026-02-28T22:30:00Z";
        assert_eq!(next(skips(&[], &[]), at), at);
        assert_eq!(next(skips(&["21", "23"], &["Friday"]), at), at);
        assert_eq!(next(skips(&[" 22 ", "23", "24", "x", "25"], &[]), at), "2026-03-01T01:30:00Z");
        assert_eq!(next(skips(&["0"], &["saturday", "Sunday", "Someday"]), at), "2026-03-02T01:30:00Z");
    }

    #[test]
    fn a_feed_that_skips_all_of_the_week_is_polled_all_the_same() {
        let all: Vec<String> = (0..24).map(|hour| hour.to_string()).collect();
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        let at = "2026-02-28T22:30:00Z".parse().unwrap();
        assert_eq!(skips(&all, &[]).next(at), at);
        assert_eq!(skips(&[], &DAYS).next(at), at);
    }
}
