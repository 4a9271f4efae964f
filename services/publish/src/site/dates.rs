//! How the interface writes dates and times.

use jiff::{Timestamp, civil, tz::Offset};
use kos_shared::event::OffsetTime;

use super::messages::{FluentValue, Messages};

impl Messages {
    /// A date and time by the clock that it was written by, and it says which one that is.
    pub(crate) fn date_time(&self, time: OffsetTime) -> String {
        let zone = match time.offset() {
            Offset::UTC => String::new(),
            offset => offset.to_string(),
        };
        self.dated("date-date-time", time.date(), &[("time", hour(time.time())), ("zone", zone)])
    }

    /// An hour in UTC, and it says so.
    pub(crate) fn hour(&self, time: Timestamp) -> String {
        self.with("date-hour", &[("time", hour(utc(time).time()).into())])
    }

    /// A date in UTC.
    pub(crate) fn date(&self, time: Timestamp) -> String {
        self.dated("date-date", utc(time).date(), &[])
    }

    /// A date in UTC with its weekday.
    pub(crate) fn day(&self, time: Timestamp) -> String {
        self.dated("date-day", utc(time).date(), &[])
    }

    fn dated(&self, id: &str, date: civil::Date, texts: &[(&str, String)]) -> String {
        let mut arguments: Vec<(&str, FluentValue<'_>)> = vec![
            // A year is no quantity: as a number it would be grouped.
            ("year", date.year().to_string().into()),
            ("month", date.month().into()),
            ("day", date.day().into()),
            ("weekday", date.weekday().to_monday_one_offset().into()),
        ];
        arguments.extend(texts.iter().map(|(name, text)| (*name, text.as_str().into())));
        self.with(id, &arguments)
    }
}

fn utc(time: Timestamp) -> civil::DateTime {
    Offset::UTC.to_datetime(time)
}

fn hour(time: civil::Time) -> String {
    time.strftime("%H:%M").to_string()
}

#[cfg(test)]
mod tests {
    use super::super::messages::{CHINESE, ENGLISH};

    use super::*;

    fn time() -> Timestamp {
        "2026-01-22T05:01:44Z".parse().unwrap()
    }

    #[test]
    fn times_say_by_which_clock_they_are() {
        assert_eq!(CHINESE.date_time(time().into()), "2026年1月22日 05:01 UTC");
        assert_eq!(ENGLISH.date_time(time().into()), "22 January 2026 05:01 UTC");
        let of = |text: &str| ENGLISH.date_time(text.parse().unwrap());
        assert_eq!(of("2026-01-22T01:01:44+08:00"), "22 January 2026 01:01 UTC+08");
        assert_eq!(of("2026-01-22T23:31:44-03:30"), "22 January 2026 23:31 UTC-03:30");
    }

    #[test]
    fn a_day_has_its_weekday() {
        assert_eq!(CHINESE.day(time()), "2026年1月22日星期四");
        assert_eq!(ENGLISH.day(time()), "Thursday, 22 January 2026");
    }
}
