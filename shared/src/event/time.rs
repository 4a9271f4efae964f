//! Times as publishers write them: an instant, and the clock that it was read from.

use std::{fmt, str::FromStr};

use jiff::{
    Timestamp,
    civil::{Date, Time},
    fmt::temporal::Pieces,
    tz::Offset,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

/// A time with its offset from UTC, as RFC 3339 writes it. What a publisher calls the fifth of July at six in the morning
/// may be the fourth elsewhere; readers are to see the fifth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct OffsetTime {
    instant: Timestamp,
    offset: Offset,
}

/// A text that is no such time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected a time as in RFC 3339, such as 2024-05-06T07:08:09+08:00, got {0:?}")]
pub struct InvalidTime(String);

impl OffsetTime {
    /// The instant by a clock that is `offset` ahead of UTC.
    pub const fn new(instant: Timestamp, offset: Offset) -> Self {
        Self { instant, offset }
    }

    /// The time that a clock shows which is `offset` ahead of UTC; `None` where it is out of range.
    pub fn of_clock(date: Date, time: Time, offset: Offset) -> Option<Self> {
        offset.to_timestamp(date.to_datetime(time)).ok().map(|instant| Self { instant, offset })
    }

    /// The instant.
    pub const fn instant(self) -> Timestamp {
        self.instant
    }

    /// How far the clock is ahead of UTC.
    pub const fn offset(self) -> Offset {
        self.offset
    }

    /// The day by the clock.
    pub fn date(self) -> Date {
        self.offset.to_datetime(self.instant).date()
    }

    /// The time of day by the clock.
    pub fn time(self) -> Time {
        self.offset.to_datetime(self.instant).time()
    }

    /// The same clock at another instant.
    pub const fn at(self, instant: Timestamp) -> Self {
        Self { instant, ..self }
    }
}

impl From<Timestamp> for OffsetTime {
    /// By UTC's clock.
    fn from(instant: Timestamp) -> Self {
        Self { instant, offset: Offset::UTC }
    }
}

impl FromStr for OffsetTime {
    type Err = InvalidTime;

    fn from_str(text: &str) -> Result<Self, InvalidTime> {
        let invalid = || InvalidTime(text.chars().take(100).collect());
        let instant: Timestamp = text.parse().map_err(|_| invalid())?;
        let pieces = Pieces::parse(text).map_err(|_| invalid())?;
        Ok(Self { instant, offset: pieces.to_numeric_offset().unwrap_or(Offset::UTC) })
    }
}

impl fmt::Display for OffsetTime {
    /// RFC 3339; `Z` where the clock is UTC's.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.offset == Offset::UTC {
            true => write!(f, "{}", self.instant),
            false => write!(f, "{}", self.instant.display_with_offset(self.offset)),
        }
    }
}

impl Serialize for OffsetTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for OffsetTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_by_the_clock_that_it_was_read_from() {
        for (written, shown, day) in [
            ("2025-07-05T06:03:42+08:00", "2025-07-05T06:03:42+08:00", "2025-07-05"),
            ("2024-12-09T22:52:11-05:00", "2024-12-09T22:52:11-05:00", "2024-12-09"),
            ("2024-12-09T22:52:11Z", "2024-12-09T22:52:11Z", "2024-12-09"),
            ("2024-12-09T22:52:11+00:00", "2024-12-09T22:52:11Z", "2024-12-09"),
            ("2024-12-09t22:52:11.5+05:30", "2024-12-09T22:52:11.5+05:30", "2024-12-09"),
        ] {
            let time: OffsetTime = written.parse().unwrap();
            assert_eq!((time.to_string(), time.date().to_string()), (shown.to_owned(), day.to_owned()));
            assert_eq!(serde_json::from_str::<OffsetTime>(&serde_json::to_string(&time).unwrap()).unwrap(), time);
        }
    }

    #[test]
    fn what_names_no_instant_is_none() {
        for text in ["", "soon", "2024-12-09", "2024-12-09T22:52:11", "2024-13-09T22:52:11Z"] {
            let error = text.parse::<OffsetTime>().unwrap_err().to_string();
            assert!(error.contains("RFC 3339"), "{error}");
        }
    }
}
