//! Dates as feeds write them: RFC 822 and 3339, W3CDTF, and what comes out of templates instead.

use std::borrow::Cow;

use jiff::{
    Timestamp,
    civil::{Date, Time},
    tz::Offset,
};
use kos_shared::event::OffsetTime;

/// Years outside of these are defaults of software or misread, not meant.
const YEARS: std::ops::RangeInclusive<i16> = 1900..=2200;

/// Longer texts are none that hold only a date, in bytes.
const MAX_BYTES: usize = 120;

/// Hours ahead of UTC of the zones that are known by letters, in quarters of an hour. Those of RFC 822, and
/// what feeds use beside them where one meaning prevails.
const ZONES: [(&str, i32); 36] = [
    ("z", 0),
    ("ut", 0),
    ("utc", 0),
    ("gmt", 0),
    ("wet", 0),
    ("est", -20),
    ("edt", -16),
    ("cst", -24),
    ("cdt", -20),
    ("mst", -28),
    ("mdt", -24),
    ("pst", -32),
    ("pdt", -28),
    ("akst", -36),
    ("akdt", -32),
    ("hst", -40),
    ("ast", -16),
    ("adt", -12),
    ("bst", 4),
    ("west", 4),
    ("cet", 4),
    ("met", 4),
    ("mez", 4),
    ("cest", 8),
    ("mest", 8),
    ("mesz", 8),
    ("eet", 8),
    ("eest", 12),
    ("msk", 12),
    ("ist", 22),
    ("sgt", 32),
    ("hkt", 32),
    ("jst", 36),
    ("kst", 36),
    ("aest", 40),
    ("aedt", 44),
];

/// The first letters of the months in English, German, French, Spanish, Italian, Portuguese and Dutch, as far
/// as they are used in feeds. The longest that fits decides.
const MONTHS: [&[&str]; 12] = [
    &["jan", "jän", "ene", "gen"],
    &["feb", "fev", "fév"],
    &["mar", "mär", "mrz", "mrt", "maa"],
    &["apr", "avr", "abr"],
    &["may", "mai", "mag", "mei"],
    &["jun", "juin", "giu"],
    &["jul", "juil", "lug"],
    &["aug", "aoû", "aou", "ago"],
    &["sep", "set"],
    &["oct", "okt", "out", "ott"],
    &["nov"],
    &["dec", "dez", "déc", "dic"],
];

/// The time that a text names. UTC where it names no zone, the start of what it names where that is a day, a
/// month or a year. `None` where it could mean different days, names none that exists, or is the zero of
/// some clock.
pub fn parse(text: &str) -> Option<OffsetTime> {
    if text.len() > MAX_BYTES {
        return None;
    }
    let tokens = tokens(text);
    let parsed = clock(&tokens).or_else(|| calendar(&tokens))?;
    let meant = YEARS.contains(&parsed.date().year()) && parsed.instant() != Timestamp::UNIX_EPOCH;
    meant.then_some(parsed)
}

/// What is to say of a document in which so many dates can't be read.
pub(super) fn unreadable(dates: usize) -> Option<Cow<'static, str>> {
    match dates {
        0 => None,
        1 => Some("a date could not be read".into()),
        _ => Some(format!("{dates} dates could not be read").into()),
    }
}

/// A piece of a date.
#[derive(Debug, Clone, PartialEq)]
enum Token {
    /// Digits: their number and their value.
    Number(usize, u64),
    /// Letters, in lower case; each of an ideographic script is its own.
    Word(String),
    /// Anything else but white space.
    Sign(char),
}

use Token::{Number, Sign, Word};

fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut spaced = true;
    for c in text.chars() {
        // Full width digits and signs.
        let c = match u32::from(c) {
            wide @ 0xff01..=0xff5e => char::from_u32(wide - 0xff01 + 0x21).unwrap_or(c),
            _ => c,
        };
        let ideograph = matches!(c, '\u{2e80}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}');
        match (c.to_digit(10), tokens.last_mut()) {
            _ if c.is_whitespace() => {}
            (Some(digit), Some(Number(length, value))) if !spaced => {
                *length += 1;
                *value = value.saturating_mul(10).saturating_add(u64::from(digit));
            }
            (Some(digit), _) => tokens.push(Number(1, u64::from(digit))),
            (None, Some(Word(word))) if !spaced && c.is_alphabetic() && !ideograph => word.extend(c.to_lowercase()),
            (None, _) if c.is_alphabetic() => tokens.push(Word(c.to_lowercase().collect())),
            (None, _) => tokens.push(Sign(c)),
        }
        // A word of ideographs must not go on with letters.
        spaced = c.is_whitespace() || ideograph;
    }
    tokens
}

/// A single number: seconds or milliseconds since 1970, or a date without separators.
fn clock(tokens: &[Token]) -> Option<OffsetTime> {
    let [Number(length, value)] = tokens else { return None };
    let signed = i64::try_from(*value).ok()?;
    match length {
        10 => Timestamp::from_second(signed).ok().map(OffsetTime::from),
        13 => Timestamp::from_millisecond(signed).ok().map(OffsetTime::from),
        14 => {
            let date = joined_date(value / 1_000_000)?;
            OffsetTime::of_clock(date, joined_time(6, value % 1_000_000)?, Offset::UTC)
        }
        _ => None,
    }
}

fn calendar(tokens: &[Token]) -> Option<OffsetTime> {
    // Whatever the day of the week is said to be, in whatever language, the date decides.
    let first = tokens.iter().position(|t| matches!(t, Number(..)) || month_of(t).is_some())?;
    let tokens = &tokens[first..];
    let (date, rest) = year_first(tokens).or_else(|| month_named(tokens)).or_else(|| day_first(tokens))?;
    let (time, rest) = time_in(rest);
    let date =
        if let Some(Incomplete { month, day }) = date.left() { year_after(rest, month, day)? } else { date.whole()? };
    let next_day = time.is_none_at_midnight();
    let date = if next_day { date.tomorrow().ok()? } else { date };
    OffsetTime::of_clock(date, time.time()?, zone(rest))
}

/// A date, perhaps without its year.
#[derive(Debug, Clone, Copy)]
enum Found {
    Whole(Date),
    WithoutYear(Incomplete),
}

#[derive(Debug, Clone, Copy)]
struct Incomplete {
    month: i8,
    day: u64,
}

impl Found {
    fn whole(self) -> Option<Date> {
        match self {
            Self::Whole(date) => Some(date),
            Self::WithoutYear(_) => None,
        }
    }

    fn left(self) -> Option<Incomplete> {
        match self {
            Self::Whole(_) => None,
            Self::WithoutYear(left) => Some(left),
        }
    }
}

fn date(year: u64, month: u64, day: u64) -> Option<Date> {
    Date::new(year.try_into().ok()?, month.try_into().ok()?, day.try_into().ok()?).ok()
}

/// `20240503`.
fn joined_date(value: u64) -> Option<Date> {
    date(value / 10_000, value / 100 % 100, value % 100)
}

/// `2024-05-03`, `2024/5/3`, `2024年5月3日`, `2024-124`, `2024-05`, `20240503`, `2024`.
fn year_first(tokens: &[Token]) -> Option<(Found, &[Token])> {
    let separates = |t: &Token, ideographs: [&str; 2]| match t {
        Sign('-' | '/' | '.') => true,
        Word(word) => ideographs.contains(&word.as_str()),
        _ => false,
    };
    let (found, rest) = match tokens {
        [Number(8, joined), rest @ ..] => (joined_date(*joined)?, rest),
        [Number(4, year), Sign('-'), Number(3, of_year), rest @ ..] => {
            let first = date(*year, 1, 1)?;
            let days = i64::try_from(*of_year).ok()?.checked_sub(1).filter(|d| (0..366).contains(d))?;
            (first.checked_add(jiff::Span::new().days(days)).ok()?, rest)
        }
        [Number(4, year), a, Number(1..=2, month), b, Number(1..=2, day), rest @ ..]
            if separates(a, ["年", "년"]) && separates(b, ["月", "월"]) =>
        {
            let rest = match rest {
                [Word(day), rest @ ..] if matches!(day.as_str(), "日" | "号" | "號" | "일") => rest,
                _ => rest,
            };
            (date(*year, *month, *day)?, rest)
        }
        [Number(4, year), Sign('-'), Number(2, month)] => (date(*year, *month, 1)?, &[][..]),
        [Number(4, year)] => (date(*year, 1, 1)?, &[][..]),
        _ => return None,
    };
    Some((Found::Whole(found), rest))
}

/// `3 May 2024`, `03-May-24`, `3. Mai 2024`, `May 3, 2024`, and `May 3` with the year after the time.
fn month_named(tokens: &[Token]) -> Option<(Found, &[Token])> {
    let month_at = month_at(tokens)?;
    let month = month_of(&tokens[month_at])?;
    let day_before = tokens[..month_at].iter().rev().find_map(|t| match t {
        Number(1..=2, day) => Some(*day),
        _ => None,
    });
    let mut rest = past_small_words(&tokens[month_at + 1..]);
    let day = match day_before {
        Some(day) => day,
        None => {
            let [Number(1..=2, day), after @ ..] = rest else { return None };
            rest = past_small_words(after);
            *day
        }
    };
    if let [Number(length, year), after @ ..] = rest
        && !matches!(after, [Sign(':'), ..])
        && let Some(year) = whole_year(*length, *year)
    {
        return Some((Found::Whole(date(year, month.try_into().ok()?, day)?), after));
    }
    Some((Found::WithoutYear(Incomplete { month, day }), rest))
}

/// Where the month is named. "Mar." is a day of the week too; of several such words it is the last that stands beside
/// a day's number.
fn month_at(tokens: &[Token]) -> Option<usize> {
    const WITHIN: usize = 7;
    let named = || (0..tokens.len().min(WITHIN)).filter(|at| month_of(&tokens[*at]).is_some());
    let is_day = |token: Option<&Token>| matches!(token, Some(Number(1..=2, _)));
    let is_beside_day = |at: &usize| {
        let before = tokens[..*at].iter().rev().find(|t| !is_small(t));
        is_day(before) || is_day(past_small_words(&tokens[*at + 1..]).first())
    };
    named().rfind(is_beside_day).or_else(|| named().next())
}

/// `3.5.2024` is German; of `3/5/2024` nobody knows which is the month, unless one of them can't be.
fn day_first(tokens: &[Token]) -> Option<(Found, &[Token])> {
    let (a, separator, b, year, rest) = match tokens {
        [Number(1..=2, a), Sign(s), Number(1..=2, b), Sign(t), Number(4, year), rest @ ..] if s == t => {
            (*a, *s, *b, *year, rest)
        }
        _ => return None,
    };
    let found = match separator {
        '.' => date(year, b, a),
        '/' | '-' if a > 12 || a == b => date(year, b, a),
        '/' | '-' if b > 12 => date(year, a, b),
        _ => None,
    };
    Some((Found::Whole(found?), rest))
}

/// A year of two digits is of 1950 to 2049 (RFC 2822 section 4.3).
fn whole_year(digits: usize, year: u64) -> Option<u64> {
    match digits {
        4 => Some(year),
        2 if year < 50 => Some(2000 + year),
        2 => Some(1900 + year),
        _ => None,
    }
}

fn year_after(rest: &[Token], month: i8, day: u64) -> Option<Date> {
    let year = rest.iter().enumerate().rev().find_map(|(i, t)| match t {
        // `+0800` is a zone.
        Number(4, year) if i == 0 || !matches!(rest[i - 1], Sign('+' | '-')) => Some(*year),
        _ => None,
    })?;
    date(year, month.try_into().ok()?, day)
}

fn month_of(token: &Token) -> Option<i8> {
    let Word(word) = token else { return None };
    let fits = |starts: &&[&str]| starts.iter().filter(|s| word.starts_with(**s)).map(|s| s.len()).max();
    let best = MONTHS.iter().enumerate().filter_map(|(i, m)| Some((fits(m)?, i))).max_by_key(|(length, _)| *length)?;
    // "Mardi", "Martes", "Marți" and "Maandag" are days; no month's name is followed by these letters.
    let is_day = ["mard", "mart", "mare", "marț", "marţ", "maan"].iter().any(|d| word.starts_with(d));
    (!is_day).then(|| i8::try_from(best.1 + 1).ok()).flatten()
}

/// What stands between day, month and year.
fn past_small_words(tokens: &[Token]) -> &[Token] {
    let small = tokens.iter().take_while(|token| is_small(token)).count();
    &tokens[small..]
}

fn is_small(token: &Token) -> bool {
    match token {
        Sign('-' | '.' | ',' | '/' | '\'') => true,
        Word(word) => matches!(word.as_str(), "st" | "nd" | "rd" | "th" | "de" | "del" | "of"),
        _ => false,
    }
}

/// A time of day: hours may be 24, which is the next day.
#[derive(Debug, Clone, Copy, Default)]
struct OfDay {
    hour: u64,
    minute: u64,
    second: u64,
}

impl OfDay {
    fn is_none_at_midnight(self) -> bool {
        self.hour == 24 && self.minute == 0 && self.second == 0
    }

    fn time(self) -> Option<Time> {
        let hour = if self.is_none_at_midnight() { 0 } else { self.hour };
        // A leap second is told as the one before it.
        Time::new(hour.try_into().ok()?, self.minute.try_into().ok()?, self.second.min(59).try_into().ok()?, 0).ok()
    }
}

/// The first time of day in what follows a date, and what follows that. Midnight where there is none.
fn time_in(tokens: &[Token]) -> (OfDay, &[Token]) {
    let after_noon = |t: &Token| match t {
        Word(word) => match word.as_str() {
            "pm" | "p" | "下" | "后" | "後" => Some(true),
            "am" | "a" | "上" | "前" => Some(false),
            _ => None,
        },
        _ => None,
    };
    for at in 0..tokens.len() {
        let (mut time, mut rest) = match &tokens[at..] {
            [Number(1..=2, hour), separator, Number(1..=2, minute), rest @ ..] if parts_hours(separator) => {
                // "+08:00" after a date without a time is a zone.
                let is_zone = at.checked_sub(1).is_some_and(|before| tokens[before] == Sign('+'));
                if is_zone && !matches!(rest, [Sign(':'), ..]) {
                    continue;
                }
                (OfDay { hour: *hour, minute: *minute, second: 0 }, rest)
            }
            // "10.20.30"; two numbers alone could be anything.
            [Number(1..=2, hour), Sign('.'), Number(2, minute), Sign('.'), Number(2, second), rest @ ..] => {
                return (OfDay { hour: *hour, minute: *minute, second: *second }, rest);
            }
            [Word(t), Number(length @ (4 | 6), joined), rest @ ..] if t == "t" => {
                let Some(time) = joined_time(*length, *joined) else { continue };
                return (of(time), rest);
            }
            _ => continue,
        };
        if let [separator, Number(1..=2, second), after @ ..] = rest
            && (parts_hours(separator) || matches!(separator, Word(w) if w == "分" || w == "분"))
        {
            time.second = *second;
            rest = after;
        }
        if let [Sign('.' | ','), Number(..), after @ ..] = rest {
            rest = after;
        }
        let marked =
            tokens[..at].iter().rev().take(2).find_map(after_noon).or_else(|| rest.first().and_then(after_noon));
        match marked {
            Some(true) if time.hour < 12 => time.hour += 12,
            Some(false) if time.hour == 12 => time.hour = 0,
            _ => {}
        }
        return (time, rest);
    }
    (OfDay::default(), tokens)
}

fn parts_hours(token: &Token) -> bool {
    match token {
        Sign(':') => true,
        Word(word) => matches!(word.as_str(), "时" | "時" | "点" | "點" | "시" | "h"),
        _ => false,
    }
}

fn of(time: Time) -> OfDay {
    let part = |n: i8| u64::try_from(n).unwrap_or_default();
    OfDay { hour: part(time.hour()), minute: part(time.minute()), second: part(time.second()) }
}

/// `1020` or `102030`.
fn joined_time(digits: usize, value: u64) -> Option<Time> {
    let (hour, minute, second) =
        if digits == 4 { (value / 100, value % 100, 0) } else { (value / 10_000, value / 100 % 100, value % 100) };
    OfDay { hour, minute, second }.time()
}

/// The zone in what follows a time; UTC where there is none, or one that nobody knows (RFC 2822 section 4.3).
fn zone(tokens: &[Token]) -> Offset {
    let named = tokens.iter().find_map(|t| match t {
        Word(word) => ZONES.iter().find(|(name, _)| name == word).map(|(_, quarters)| quarters * 15 * 60),
        _ => None,
    });
    let signed = tokens.iter().enumerate().find_map(|(i, sign)| {
        let sign = match sign {
            Sign('+') => 1,
            Sign('-' | '−' | '–') => -1,
            _ => return None,
        };
        let (hours, minutes) = match &tokens[i + 1..] {
            [Number(1..=2, hours), Sign(':'), Number(2, minutes), ..] => (*hours, *minutes),
            [Number(3..=4, joined), ..] => (joined / 100, joined % 100),
            [Number(1..=2, hours), ..] => (*hours, 0),
            _ => return None,
        };
        let seconds = i32::try_from(hours * 3600 + minutes * 60).ok()?;
        (hours <= 15 && minutes < 60).then_some(sign * seconds)
    });
    Offset::from_seconds(signed.or(named).unwrap_or(0)).unwrap_or(Offset::UTC)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Option<String> {
        parse(text).map(|t| t.instant().to_string())
    }

    #[test]
    fn a_date_keeps_the_clock_that_it_was_written_by() {
        let written = parse("Fri, 03 May 2024 22:20:30 -0500").unwrap();
        assert_eq!((written.to_string().as_str(), written.date().day()), ("2024-05-03T22:20:30-05:00", 3));
    }

    #[test]
    fn standard_dates_are_read() {
        for (text, expected) in [
            ("Fri, 03 May 2024 10:20:30 GMT", "2024-05-03T10:20:30Z"),
            ("Fri, 03 May 2024 10:20:30 +0800", "2024-05-03T02:20:30Z"),
            ("2024-05-03T10:20:30Z", "2024-05-03T10:20:30Z"),
            ("2024-05-03T10:20:30.123456+08:00", "2024-05-03T02:20:30Z"),
            ("2024-05-03T10:20-05:00", "2024-05-03T15:20:00Z"),
            ("20240503T102030Z", "2024-05-03T10:20:30Z"),
            ("2024-05-03", "2024-05-03T00:00:00Z"),
            ("2024-05-03+08:00", "2024-05-02T16:00:00Z"),
            ("2024-05", "2024-05-01T00:00:00Z"),
            ("2024", "2024-01-01T00:00:00Z"),
            ("2003-365", "2003-12-31T00:00:00Z"),
        ] {
            assert_eq!(parsed(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn broken_dates_are_read() {
        for (text, expected) in [
            ("2024-05-03 10:20:30", "2024-05-03T10:20:30Z"),
            ("2024-05-03 10:20:30 +0800", "2024-05-03T02:20:30Z"),
            ("2024/05/03 10:20", "2024-05-03T10:20:00Z"),
            ("Mon, 3 May 24 10:20 EST", "2024-05-03T15:20:00Z"),
            ("3 May 2024", "2024-05-03T00:00:00Z"),
            ("Friday, 03 May 2024 10:20:30 GMT+8", "2024-05-03T02:20:30Z"),
            ("Freitag, 3. Mai 2024 10:20:30 MESZ", "2024-05-03T08:20:30Z"),
            ("ven., 03 mai 2024 10:20:30 +0200", "2024-05-03T08:20:30Z"),
            ("mardi 7 mars 2023 10:20", "2023-03-07T10:20:00Z"),
            ("mar. 07 mai 2024 10:20", "2024-05-07T10:20:00Z"),
            ("mar. 5 mar. 2024", "2024-03-05T00:00:00Z"),
            ("mar 7 mag 2024", "2024-05-07T00:00:00Z"),
            ("maandag 6 mei 2024", "2024-05-06T00:00:00Z"),
            ("marți, 7 mai 2024", "2024-05-07T00:00:00Z"),
            ("Maart 6, 2024", "2024-03-06T00:00:00Z"),
            ("3 May 2024 - 10:20", "2024-05-03T10:20:00Z"),
            ("2024-05-03 10.20.30 +0800", "2024-05-03T02:20:30Z"),
            ("May 3, 2024 10:20 pm", "2024-05-03T22:20:00Z"),
            ("September 3rd, 2024", "2024-09-03T00:00:00Z"),
            ("Fri May  3 10:20:30 UTC 2024", "2024-05-03T10:20:30Z"),
            ("Fri May  3 10:20:30 +0800 2024", "2024-05-03T02:20:30Z"),
            ("03-May-2024 10:20:30", "2024-05-03T10:20:30Z"),
            ("2024年5月3日", "2024-05-03T00:00:00Z"),
            ("2024年5月3日 星期五 10:20:30", "2024-05-03T10:20:30Z"),
            ("2024年05月03日 下午3时20分", "2024-05-03T15:20:00Z"),
            ("2024년 5월 3일 10:20", "2024-05-03T10:20:00Z"),
            ("３ May ２０２４", "2024-05-03T00:00:00Z"),
            ("3.5.2024 10:20", "2024-05-03T10:20:00Z"),
            ("31/05/2024", "2024-05-31T00:00:00Z"),
            ("Thu, 31 Jun 1999 24:00:00 PDT", "none"),
            ("Thu, 30 Jun 1999 24:00:00 PDT", "1999-07-01T07:00:00Z"),
            ("Fri, 03 May 2024 10:20:60 GMT", "2024-05-03T10:20:59Z"),
            ("1714731630", "2024-05-03T10:20:30Z"),
            ("20240503102030", "2024-05-03T10:20:30Z"),
            ("Fri, 03 May 2024 10:20:30 Nowhere/Land", "2024-05-03T10:20:30Z"),
        ] {
            assert_eq!(parsed(text).as_deref().unwrap_or("none"), expected, "{text}");
        }
    }

    #[test]
    fn no_date_is_invented() {
        for text in [
            "",
            "yesterday",
            "3 May",
            "10:20:30",
            "2024-13-03",
            "2024-02-30",
            "03/05/2024",
            "0001-01-01T00:00:00Z",
            "Thu, 01 Jan 1970 00:00:00 GMT",
            "0000-00-00 00:00:00",
            "12345",
            "99999999999999999999",
            "Mon, , ::",
            "99 May 2024",
            "2024-05-03T99:00:00Z",
            "Issue 17",
        ] {
            assert_eq!(parsed(text), None, "{text}");
        }
        assert_eq!(parsed(&"2024-05-03 ".repeat(1_000)), None);
    }
}
