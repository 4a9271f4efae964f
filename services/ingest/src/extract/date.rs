//! Dates as pages write them.

use jiff::{
    SignedDuration, Timestamp,
    civil::{Date, DateTime, Time},
    fmt::{rfc2822, temporal},
    tz::Offset,
};
use kos_shared::event::{HttpUrl, Language, OffsetTime};

use super::date_text;

/// Before this year there was hardly a page to publish on: such dates are misread, or defaults of a template.
const FIRST_YEAR: i16 = 1995;

/// Later years are misread, not meant.
const LAST_YEAR: i16 = 2100;

/// Longer texts are none that hold only a date, in characters.
const MAX_CHARS: usize = 100;

/// How far local time is ahead of UTC at most.
const FARTHEST_EAST: SignedDuration = SignedDuration::from_hours(14);

/// Countries that write the day before the month in English, as subtags and as ends of hosts' names.
const DAY_FIRST: [&str; 12] = ["gb", "uk", "au", "nz", "ie", "in", "za", "sg", "hk", "my", "pk", "ng"];

/// How `5/6/2024` is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// As in Britain and most of the world.
    DayFirst,
    /// As in the United States.
    MonthFirst,
    /// Not at all.
    Unknown,
}

impl Order {
    /// The order that is usual in a language and a country: the tag's region, else the host's name, tells the
    /// kinds of English apart; languages of East Asia put the year first, and so nothing is known of the rest.
    pub(super) fn of(language: &Language, url: &HttpUrl) -> Self {
        let tag = language.as_str().to_ascii_lowercase();
        let region = tag.rsplit('-').next().filter(|r| *r != language.primary() && r.len() == 2);
        let of_host = url.host().rsplit('.').next().filter(|top| top.len() == 2);
        match (language.primary(), region.or(of_host)) {
            ("und" | "zh" | "ja" | "ko", _) => Self::Unknown,
            ("en", Some(region)) if DAY_FIRST.contains(&region) => Self::DayFirst,
            ("en", Some("us") | None) => Self::MonthFirst,
            ("en", Some(_)) => Self::Unknown,
            _ => Self::DayFirst,
        }
    }
}

/// A date as it was written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Reading {
    /// The day.
    pub(super) date: Date,
    /// The time of day, where one is written.
    pub(super) time: Option<Time>,
    /// The zone, where one is written.
    pub(super) offset: Option<Offset>,
}

impl Reading {
    /// The time: in UTC where no zone is written, at midnight where no time is. A zone that nobody names is not
    /// guessed from the language: so the day stays the one that the page shows.
    pub(super) fn whole(self) -> Option<OffsetTime> {
        at(self.date, self.time.unwrap_or(Time::midnight()), self.offset)
    }
}

/// The time that a text names: ISO 8601, RFC 2822, seconds since 1970, or a form that people write.
/// `None` where it names no whole date or is too long to be only that.
pub(super) fn parse(text: &str, order: Order) -> Option<OffsetTime> {
    let text = text.trim();
    if text.is_empty() || text.chars().nth(MAX_CHARS).is_some() {
        return None;
    }
    exact(text).or_else(|| date_text::find(text, order)?.whole()).filter(|time| in_range(*time))
}

/// A date that can be true of a page fetched at `fetched_at`: of the time of the web, and not in the future. A local
/// time whose zone isn't named, or is named wrongly, can be ahead by hours: then the fetch was the latest that it can mean.
pub(super) fn plausible(time: OffsetTime, fetched_at: Timestamp) -> Option<OffsetTime> {
    let latest = fetched_at.checked_add(FARTHEST_EAST).unwrap_or(fetched_at);
    (in_range(time) && time.instant() <= latest).then(|| time.at(time.instant().min(fetched_at)))
}

fn in_range(time: OffsetTime) -> bool {
    (FIRST_YEAR..=LAST_YEAR).contains(&time.date().year())
}

/// The day in an address's path: `/2024/05/06/`, `/2024-05-06`, `/20240506`. Midnight UTC.
pub(super) fn of_path(path: &str) -> Option<OffsetTime> {
    let numbers: Vec<&str> = path.split(['/', '-', '_', '.', '+']).collect();
    let split = numbers.windows(3).find_map(|w| {
        let sized = w[0].len() == 4 && (1..=2).contains(&w[1].len()) && (1..=2).contains(&w[2].len());
        if sized { day(w[0], w[1], w[2]) } else { None }
    });
    let joined = || {
        let eight = numbers.iter().filter(|n| n.len() == 8 && n.is_ascii());
        eight.filter_map(|n| day(&n[..4], &n[4..6], &n[6..])).next()
    };
    split.or_else(joined).and_then(|d| at(d, Time::midnight(), None))
}

fn day(year: &str, month: &str, day: &str) -> Option<Date> {
    let year = digits(year).filter(|y| (FIRST_YEAR..=LAST_YEAR).contains(y))?;
    Date::new(year, digits(month)?.try_into().ok()?, digits(day)?.try_into().ok()?).ok()
}

fn digits(text: &str) -> Option<i16> {
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

fn at(date: Date, time: Time, offset: Option<Offset>) -> Option<OffsetTime> {
    OffsetTime::of_clock(date, time, offset.unwrap_or(Offset::UTC))
}

/// Forms that a standard defines, and seconds or milliseconds since 1970.
fn exact(text: &str) -> Option<OffsetTime> {
    if text.bytes().all(|b| b.is_ascii_digit()) {
        return match (text.len(), text.parse::<i64>()) {
            (10, Ok(seconds)) => Timestamp::from_second(seconds).ok().map(OffsetTime::from),
            (13, Ok(milliseconds)) => Timestamp::from_millisecond(milliseconds).ok().map(OffsetTime::from),
            (8, _) => text
                .is_ascii()
                .then(|| day(&text[..4], &text[4..6], &text[6..]))
                .flatten()
                .and_then(|d| at(d, Time::midnight(), None)),
            _ => None,
        };
    }
    let local = || -> Option<DateTime> { temporal::DateTimeParser::new().parse_datetime(text).ok() };
    let of_mail = || -> Option<OffsetTime> {
        let zoned = rfc2822::DateTimeParser::new().relaxed_weekday(true).parse_zoned_datetime(text).ok()?;
        Some(OffsetTime::new(zoned.timestamp(), zoned.offset()))
    };
    text.parse().ok().or_else(of_mail).or_else(|| local().and_then(|d| at(d.date(), d.time(), None)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_as_pages_write_them() {
        for (text, instant) in [
            ("2024-05-06T07:08:09Z", "2024-05-06T07:08:09Z"),
            ("2024-05-06T07:08:09.123+02:00", "2024-05-06T07:08:09.123+02:00"),
            ("2024-05-06T07:08:09+0800", "2024-05-06T07:08:09+08:00"),
            ("2024-05-06T07:08", "2024-05-06T07:08:00Z"),
            ("2024-05-06 07:08:09", "2024-05-06T07:08:09Z"),
            ("2024-05-06", "2024-05-06T00:00:00Z"),
            ("20240506", "2024-05-06T00:00:00Z"),
            ("1714979289", "2024-05-06T07:08:09Z"),
            ("1714979289000", "2024-05-06T07:08:09Z"),
            ("Mon, 06 May 2024 07:08:09 +0200", "2024-05-06T07:08:09+02:00"),
            ("2024/5/6 7:08", "2024-05-06T07:08:00Z"),
            ("发布时间：2024年5月6日 07:08", "2024-05-06T07:08:00Z"),
            ("2024年05月06日", "2024-05-06T00:00:00Z"),
            ("2024-05-06 07:08:09 +0800", "2024-05-06T07:08:09+08:00"),
            ("May 6, 2024", "2024-05-06T00:00:00Z"),
            ("Published Mon, May 6th 2024 at 7:08 PM", "2024-05-06T19:08:00Z"),
            ("6 May 2024, 12:08 am", "2024-05-06T00:08:00Z"),
            ("Sept. 6, 2024", "2024-09-06T00:00:00Z"),
        ] {
            assert_eq!(parse(text, Order::Unknown).map(|t| t.to_string()).as_deref(), Some(instant), "{text}");
        }
    }

    #[test]
    fn what_is_no_whole_date_is_none() {
        for text in [
            "",
            "yesterday",
            "May 2024",
            "2024",
            "2024-13-45",
            "1714",
            "0001-01-01T00:00:00Z",
            "12:30",
            "９月",
            "24-5-6",
        ] {
            assert_eq!(parse(text, Order::Unknown), None, "{text}");
        }
        assert_eq!(parse(&format!("2024-05-06 {}", "x".repeat(200)), Order::Unknown), None);
    }

    #[test]
    fn a_path_may_hold_a_whole_day() {
        for (path, day) in [
            ("/news/2024/05/06/title", Some("2024-05-06")),
            ("/2024-5-6-title.html", Some("2024-05-06")),
            ("/c/20240506/12345678.html", Some("2024-05-06")),
            ("/2024/05/title", None),
            ("/12345678", None),
            ("/title-2024", None),
        ] {
            let found = of_path(path).map(|t| t.date().to_string());
            assert_eq!(found.as_deref(), day, "{path}");
        }
    }

    #[test]
    fn the_order_of_day_and_month_is_the_countrys() {
        for (language, url, order) in [
            ("en-GB", "https://example.com/", Order::DayFirst),
            ("en", "https://example.co.uk/", Order::DayFirst),
            ("en-US", "https://example.co.uk/", Order::MonthFirst),
            ("en", "https://example.com/", Order::MonthFirst),
            ("en", "https://example.ch/", Order::Unknown),
            ("de", "https://example.com/", Order::DayFirst),
            ("zh-CN", "https://example.com/", Order::Unknown),
        ] {
            let found = Order::of(&language.parse().unwrap(), &url.parse().unwrap());
            assert_eq!(found, order, "{language} {url}");
        }
    }

    #[test]
    fn a_date_is_never_in_the_future() {
        let now: Timestamp = "2024-05-06T07:00:00Z".parse().unwrap();
        for (written, taken) in [
            ("2024-05-06T06:59:59Z", Some("2024-05-06T06:59:59Z")),
            ("2024-05-06T15:00:00Z", Some("2024-05-06T07:00:00Z")),
            ("2024-05-06T16:00:00+08:00", Some("2024-05-06T15:00:00+08:00")),
            ("2024-05-07T00:00:00Z", None),
            ("1994-12-31T00:00:00Z", None),
        ] {
            let found = plausible(written.parse().unwrap(), now).map(|t| t.to_string());
            assert_eq!(found.as_deref(), taken, "{written}");
        }
    }
}
