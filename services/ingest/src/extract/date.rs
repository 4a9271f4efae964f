//! Dates as pages write them.

use jiff::{
    Timestamp,
    civil::{Date, DateTime, Time},
    fmt::{rfc2822, temporal},
    tz::Offset,
};

/// Years outside of these are misread, not meant.
const YEARS: std::ops::RangeInclusive<i16> = 1990..=2100;

/// Longer texts are none that hold only a date, in characters.
const MAX_CHARS: usize = 100;

/// The instant that a text names: ISO 8601, RFC 2822, year first (`2024年5月6日 07:08`), or English months.
/// UTC where it names no offset, midnight where it names no time, `None` where it names no whole date.
pub(super) fn parse(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if text.is_empty() || text.chars().nth(MAX_CHARS).is_some() {
        return None;
    }
    let parsed = exact(text).or_else(|| year_first(text)).or_else(|| month_named(text))?;
    YEARS.contains(&Offset::UTC.to_datetime(parsed).year()).then_some(parsed)
}

/// The day in an address's path: `/2024/05/06/`, `/2024-05-06`, `/20240506`. Midnight UTC.
pub(super) fn of_path(path: &str) -> Option<Timestamp> {
    let numbers: Vec<&str> = path.split(['/', '-', '_', '.']).collect();
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
    let year = digits(year).filter(|y| YEARS.contains(y))?;
    Date::new(year, digits(month)?.try_into().ok()?, digits(day)?.try_into().ok()?).ok()
}

fn digits(text: &str) -> Option<i16> {
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

fn at(date: Date, time: Time, offset: Option<Offset>) -> Option<Timestamp> {
    offset.unwrap_or(Offset::UTC).to_timestamp(date.to_datetime(time)).ok()
}

/// Forms that a standard defines, and seconds or milliseconds since 1970.
fn exact(text: &str) -> Option<Timestamp> {
    if text.bytes().all(|b| b.is_ascii_digit()) {
        return match (text.len(), text.parse::<i64>()) {
            (10, Ok(seconds)) => Timestamp::from_second(seconds).ok(),
            (13, Ok(milliseconds)) => Timestamp::from_millisecond(milliseconds).ok(),
            (8, _) => text
                .is_ascii()
                .then(|| day(&text[..4], &text[4..6], &text[6..]))
                .flatten()
                .and_then(|d| at(d, Time::midnight(), None)),
            _ => None,
        };
    }
    let iso = temporal::DateTimeParser::new();
    let local = || -> Option<DateTime> { iso.parse_datetime(text).ok() };
    iso.parse_timestamp(text)
        .ok()
        .or_else(|| rfc2822::DateTimeParser::new().relaxed_weekday(true).parse_timestamp(text).ok())
        .or_else(|| local().and_then(|d| at(d.date(), d.time(), None)))
}

/// A year, month and day in this order with anything between them, then perhaps a time and an offset.
fn year_first(text: &str) -> Option<Timestamp> {
    let start = text.char_indices().map(|(i, _)| i).find(|i| {
        let number = leading_digits(&text[*i..]);
        number.len() == 4 && !text[..*i].ends_with(|c: char| c.is_ascii_digit())
    })?;
    let text = &text[start..];
    let (year, rest) = number(text)?;
    let (month, rest) = number(separated(rest, &['-', '/', '.', '年', ' '])?)?;
    let (of_month, rest) = number(separated(rest, &['-', '/', '.', '月', ' '])?)?;
    at(day(year, month, of_month)?, time_in(rest), offset_in(rest))
}

/// `May 6, 2024 7:08 am`, `6 May 2024`, with names of months that may be shortened.
fn month_named(text: &str) -> Option<Timestamp> {
    const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let words: Vec<&str> = text.split(|c: char| c.is_whitespace() || c == ',').filter(|w| !w.is_empty()).collect();
    let month_of = |w: &str| {
        let start = w.get(..3)?.to_ascii_lowercase();
        let alphabetic = w.trim_end_matches('.').bytes().all(|b| b.is_ascii_alphabetic());
        MONTHS.iter().position(|m| alphabetic && *m == start)
    };
    let (place, month) = words.iter().enumerate().find_map(|(i, w)| Some((i, month_of(w)?)))?;
    let day_of = |w: &&str| {
        let number = leading_digits(w);
        let ordinal = matches!(&w[number.len()..], "" | "st" | "nd" | "rd" | "th");
        (ordinal && (1..=2).contains(&number.len())).then(|| number.to_owned())
    };
    let before = place.checked_sub(1).and_then(|i| words.get(i)).and_then(day_of);
    let (of_month, year_at) = match before {
        Some(d) => (d, place + 1),
        None => (words.get(place + 1).and_then(day_of)?, place + 2),
    };
    let date = day(words.get(year_at).filter(|y| y.len() == 4)?, &(month + 1).to_string(), &of_month)?;
    let rest = words[year_at + 1..].join(" ");
    at(date, time_in(&rest), offset_in(&rest))
}

fn leading_digits(text: &str) -> &str {
    let end = text.bytes().position(|b| !b.is_ascii_digit()).unwrap_or(text.len());
    &text[..end]
}

fn number(text: &str) -> Option<(&str, &str)> {
    let number = leading_digits(text);
    (!number.is_empty()).then(|| (number, &text[number.len()..]))
}

fn separated<'t>(text: &'t str, separators: &[char]) -> Option<&'t str> {
    Some(text.trim_start().strip_prefix(separators).or_else(|| text.strip_prefix(' '))?.trim_start())
}

/// The first `7:08`, `07:08:09` or `7:08 pm` in a text, else midnight.
fn time_in(text: &str) -> Time {
    let Some(colon) = text.find([':', '：']) else { return Time::midnight() };
    let hour: String =
        text[..colon].chars().rev().take_while(char::is_ascii_digit).collect::<Vec<_>>().iter().rev().collect();
    let after = text[colon..].trim_start_matches([':', '：']);
    let minute = leading_digits(after);
    let rest = &after[minute.len()..];
    let second = rest.strip_prefix(':').map(leading_digits).filter(|s| s.len() == 2).unwrap_or("0");
    let half = rest.trim_start_matches(|c: char| !c.is_alphabetic()).get(..2).map(str::to_ascii_lowercase);
    let number = |t: &str| t.parse::<i8>().ok();
    let time = || {
        let hour = match (number(&hour)?, half.as_deref()) {
            (12, Some("am")) => 0,
            (h @ 1..=11, Some("pm")) => h + 12,
            (h, _) => h,
        };
        Time::new(hour, number(minute)?, number(second)?, 0).ok()
    };
    time().unwrap_or_else(Time::midnight)
}

/// The `+08:00`, `+0800` or `Z` behind a time, if there is one.
fn offset_in(text: &str) -> Option<Offset> {
    let after = &text[text.find(':')?..];
    let sign = after.find(['+', '-'])?;
    let digits: String =
        after[sign + 1..].chars().filter(|c| *c != ':').take_while(char::is_ascii_digit).take(4).collect();
    let (hours, minutes) = match digits.len() {
        2 => (digits.parse::<i32>().ok()?, 0),
        4 => (digits[..2].parse::<i32>().ok()?, digits[2..].parse::<i32>().ok()?),
        _ => return None,
    };
    let seconds = (hours * 60 + minutes) * 60;
    Offset::from_seconds(if after[sign..].starts_with('-') { -seconds } else { seconds }).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_as_pages_write_them() {
        for (text, instant) in [
            ("2024-05-06T07:08:09Z", "2024-05-06T07:08:09Z"),
            ("2024-05-06T07:08:09.123+02:00", "2024-05-06T05:08:09.123Z"),
            ("2024-05-06T07:08:09+0800", "2024-05-05T23:08:09Z"),
            ("2024-05-06T07:08", "2024-05-06T07:08:00Z"),
            ("2024-05-06 07:08:09", "2024-05-06T07:08:09Z"),
            ("2024-05-06", "2024-05-06T00:00:00Z"),
            ("20240506", "2024-05-06T00:00:00Z"),
            ("1714979289", "2024-05-06T07:08:09Z"),
            ("1714979289000", "2024-05-06T07:08:09Z"),
            ("Mon, 06 May 2024 07:08:09 +0200", "2024-05-06T05:08:09Z"),
            ("2024/5/6 7:08", "2024-05-06T07:08:00Z"),
            ("发布时间：2024年5月6日 07:08", "2024-05-06T07:08:00Z"),
            ("2024年05月06日", "2024-05-06T00:00:00Z"),
            ("2024-05-06 07:08:09 +0800", "2024-05-05T23:08:09Z"),
            ("May 6, 2024", "2024-05-06T00:00:00Z"),
            ("Published Mon, May 6th 2024 at 7:08 PM", "2024-05-06T19:08:00Z"),
            ("6 May 2024, 12:08 am", "2024-05-06T00:08:00Z"),
            ("Sept. 6, 2024", "2024-09-06T00:00:00Z"),
        ] {
            assert_eq!(parse(text).map(|t| t.to_string()).as_deref(), Some(instant), "{text}");
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
            assert_eq!(parse(text), None, "{text}");
        }
        assert_eq!(parse(&format!("2024-05-06 {}", "x".repeat(200))), None);
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
            let found = of_path(path).map(|t| Offset::UTC.to_datetime(t).date().to_string());
            assert_eq!(found.as_deref(), day, "{path}");
        }
    }
}
