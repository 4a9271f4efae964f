//! Dates in running text: `Posted on May 6th, 2024 at 7:08 pm EST`, `发布时间：2024年5月6日 07:08`.

use jiff::{
    civil::{Date, Time},
    tz::Offset,
};

use super::date::{Order, Reading};

/// More tokens than these are looked through for nothing: texts that name a date are short.
const MAX_TOKENS: usize = 200;

/// How many tokens after a date its time may begin.
const TIME_WITHIN: usize = 5;

/// Names of months, in lower case; a beginning of three letters stands for each, where no other month begins so.
const MONTHS: [&[&str]; 12] = [
    &["january", "januar", "janvier", "enero", "janeiro", "gennaio", "januari", "jänner", "января", "stycznia", "ocak"],
    &["february", "februar", "février", "fevrier", "febrero", "fevereiro", "febbraio", "februari", "февраля"],
    &["march", "märz", "mars", "marzo", "março", "maart", "marts", "mrz", "марта", "marca"],
    &["april", "avril", "abril", "aprile", "апреля"],
    &["may", "mai", "mayo", "maio", "maggio", "mei", "maj", "мая", "maja"],
    &["june", "juni", "juin", "junio", "junho", "giugno", "июня"],
    &["july", "juli", "juillet", "julio", "julho", "luglio", "июля"],
    &["august", "août", "aout", "agosto", "augustus", "augusti", "августа"],
    &["september", "septembre", "septiembre", "setiembre", "setembro", "settembre", "сентября"],
    &["october", "oktober", "octobre", "octubre", "outubro", "ottobre", "октября"],
    &["november", "novembre", "noviembre", "novembro", "ноября"],
    &["december", "dezember", "décembre", "decembre", "diciembre", "dezembro", "dicembre", "декабря"],
];

/// Zones by the letters that stand for one offset only, in hours.
const ZONES: [(&str, i8); 26] = [
    ("z", 0),
    ("utc", 0),
    ("gmt", 0),
    ("bst", 1),
    ("cet", 1),
    ("cest", 2),
    ("msk", 3),
    ("eet", 2),
    ("eest", 3),
    ("wib", 7),
    ("hkt", 8),
    ("sgt", 8),
    ("aest", 10),
    ("aedt", 11),
    ("nzst", 12),
    ("nzdt", 13),
    ("jst", 9),
    ("kst", 9),
    ("est", -5),
    ("edt", -4),
    ("cdt", -5),
    ("mst", -7),
    ("mdt", -6),
    ("pst", -8),
    ("pdt", -7),
    ("akst", -9),
];

/// Zones by letters that stand for several offsets, or for one in summer and another in winter: a time in one of them
/// tells no instant, so only its day is kept.
const AMBIGUOUS_ZONES: [&str; 10] = ["et", "ct", "mt", "pt", "ist", "cst", "ast", "gst", "wst", "act"];

/// A piece of a text: a number, a word, or any other character; white space is gone.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Token<'t> {
    Number { value: u32, digits: usize },
    Word(&'t str),
    Mark(char),
}

/// The first whole date in a text, with the time and the zone that follow it. `order` says how `5/6/2024` is read.
pub(super) fn find(text: &str, order: Order) -> Option<Reading> {
    let tokens = tokens(text);
    (0..tokens.len()).find_map(|at| {
        // A number that others are joined to is a version or a part number.
        let joined = at > 0 && matches!(tokens[at - 1], Token::Mark('.' | '/' | '-' | '_' | '#' | '$' | '€' | '£'));
        if joined
            && matches!(tokens[at], Token::Number { .. })
            && at > 1
            && matches!(tokens[at - 2], Token::Number { .. })
        {
            return None;
        }
        let (date, length) = date(&tokens[at..], order)?;
        let rest = &tokens[at + length..];
        let before = &tokens[at.saturating_sub(TIME_WITHIN)..at];
        let clock = time(rest).or_else(|| time(before).map(|(t, _)| (t, 0)));
        let behind = clock.map(|(_, end)| &rest[end.min(rest.len())..]).unwrap_or_default();
        if is_ambiguous_zone(behind) {
            return Some(Reading { date, time: None, offset: None });
        }
        Some(Reading { date, time: clock.map(|(t, _)| t), offset: zone(behind) })
    })
}

fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let kind = |c: char| (c.is_ascii_digit(), is_word(c));
        let length = match kind(first) {
            (false, false) => first.len_utf8(),
            of_first => rest.find(|c| kind(c) != of_first).unwrap_or(rest.len()),
        };
        let (piece, after) = rest.split_at(length);
        rest = after;
        match first {
            _ if first.is_ascii_digit() => {
                tokens.push(Token::Number { value: piece.parse().unwrap_or(u32::MAX), digits: piece.len() })
            }
            _ if is_word(first) => tokens.push(Token::Word(piece)),
            _ if first.is_whitespace() => {}
            _ => tokens.push(Token::Mark(first)),
        }
        if tokens.len() >= MAX_TOKENS {
            break;
        }
    }
    tokens
}

/// Letters of scripts that make words of them; each Chinese character stands for itself.
fn is_word(c: char) -> bool {
    c.is_alphabetic() && (c as u32) < 0x2e80
}

/// The date that the tokens begin with, and how many of them it takes.
fn date(tokens: &[Token<'_>], order: Order) -> Option<(Date, usize)> {
    year_first(tokens).or_else(|| year_and_name(tokens)).or_else(|| numbers(tokens, order)).or_else(|| named(tokens))
}

fn year_first(tokens: &[Token<'_>]) -> Option<(Date, usize)> {
    let [
        Token::Number { value: year, digits: 4 },
        Token::Mark(a),
        Token::Number { value: month, digits: 1..=2 },
        rest @ ..,
    ] = tokens
    else {
        return None;
    };
    let [Token::Mark(b), Token::Number { value: day, digits: 1..=2 }, ..] = rest else { return None };
    let joined = matches!((a, b), ('-', '-') | ('/', '/') | ('.', '.') | ('年', '月'));
    joined.then(|| whole(*year, *month, *day)).flatten().map(|d| (d, 5))
}

/// `2024 May 6`, as journals write.
fn year_and_name(tokens: &[Token<'_>]) -> Option<(Date, usize)> {
    let [Token::Number { value: year, digits: 4 }, Token::Word(name), Token::Number { value: day, digits: 1..=2 }, ..] =
        tokens
    else {
        return None;
    };
    whole(*year, month(name)?, *day).map(|d| (d, 3))
}

fn numbers(tokens: &[Token<'_>], order: Order) -> Option<(Date, usize)> {
    let [
        Token::Number { value: first, digits: 1..=2 },
        Token::Mark(a),
        Token::Number { value: second, digits: 1..=2 },
        rest @ ..,
    ] = tokens
    else {
        return None;
    };
    let [Token::Mark(b), Token::Number { value: year, digits: 4 }, ..] = rest else { return None };
    if a != b || !matches!(a, '/' | '.' | '-') {
        return None;
    }
    let day_first = match (first, second, a) {
        (13.., _, _) | (_, _, '.') => true,
        (_, 13.., _) => false,
        (first, second, _) if first == second => true,
        _ => match order {
            Order::DayFirst => true,
            Order::MonthFirst => false,
            Order::Unknown => return None,
        },
    };
    let (day, month) = if day_first { (*first, *second) } else { (*second, *first) };
    whole(*year, month, day).map(|d| (d, 5))
}

fn named(tokens: &[Token<'_>]) -> Option<(Date, usize)> {
    let mut at = 0;
    let mut day = day_at(tokens, &mut at);
    if day.is_some() {
        skip_words(tokens, &mut at, &["of", "de", "di", "d"]);
    }
    let Some(Token::Word(word)) = tokens.get(at) else { return None };
    let month = month(word)?;
    at += 1;
    skip_marks(tokens, &mut at, &['.']);
    if day.is_none() {
        day = day_at(tokens, &mut at);
    }
    skip_words(tokens, &mut at, &["de", "del"]);
    skip_marks(tokens, &mut at, &[',', '\'', '/']);
    let Some(Token::Number { value: year, digits: 4 }) = tokens.get(at) else { return None };
    whole(*year, month, day?).map(|d| (d, at + 1))
}

/// A day of a month: `6`, `6th`, `6.`.
fn day_at(tokens: &[Token<'_>], at: &mut usize) -> Option<u32> {
    let Some(Token::Number { value, digits: 1..=2 }) = tokens.get(*at) else { return None };
    *at += 1;
    skip_words(tokens, at, &["st", "nd", "rd", "th", "er", "º"]);
    skip_marks(tokens, at, &['.', '-', '/']);
    Some(*value)
}

fn skip_words(tokens: &[Token<'_>], at: &mut usize, words: &[&str]) {
    if let Some(Token::Word(word)) = tokens.get(*at)
        && words.iter().any(|w| w.eq_ignore_ascii_case(word))
    {
        *at += 1;
    }
}

fn skip_marks(tokens: &[Token<'_>], at: &mut usize, marks: &[char]) {
    if let Some(Token::Mark(mark)) = tokens.get(*at)
        && marks.contains(mark)
    {
        *at += 1;
    }
}

fn month(word: &str) -> Option<u32> {
    let word = word.to_lowercase();
    let letters = word.chars().count();
    let is_of = |names: &&[&str]| names.iter().any(|n| *n == word || letters >= 3 && n.starts_with(&word));
    let mut fitting = (1..).zip(MONTHS.iter()).filter(|(_, names)| is_of(names));
    match (fitting.next(), fitting.next()) {
        (Some((month, _)), None) => Some(month),
        _ => None,
    }
}

fn whole(year: u32, month: u32, day: u32) -> Option<Date> {
    Date::new(year.try_into().ok()?, month.try_into().ok()?, day.try_into().ok()?).ok()
}

/// The first time of day close to the beginning, and the place after it.
fn time(tokens: &[Token<'_>]) -> Option<(Time, usize)> {
    let mut afternoon = None;
    for at in 0..tokens.len().min(TIME_WITHIN) {
        match (tokens[at], tokens.get(at + 1)) {
            (Token::Mark('下' | '晚'), Some(Token::Mark('午' | '上'))) => afternoon = Some(true),
            (Token::Mark('上'), Some(Token::Mark('午'))) => afternoon = Some(false),
            _ => {}
        }
        let Token::Number { value: hour, digits: 1..=2 } = tokens[at] else { continue };
        let [
            Token::Mark(':' | '：' | '时' | '時' | '点' | '點'),
            Token::Number { value: minute, digits: 2 },
            rest @ ..,
        ] = &tokens[at + 1..]
        else {
            continue;
        };
        let mut end = at + 3;
        let mut second = 0;
        if let [Token::Mark(':' | '：' | '分'), Token::Number { value, digits: 2 }, ..] = rest {
            second = *value;
            end += 2;
            if let [_, _, Token::Mark('.'), Token::Number { .. }, ..] = rest {
                end += 2;
            }
        }
        let (half, length) = half(&tokens[end..]);
        let hour = match (hour, half.or(afternoon)) {
            (12, Some(false)) => 0,
            (h @ 1..=11, Some(true)) => h + 12,
            (h, _) => h,
        };
        let small = |n: u32| i8::try_from(n).ok();
        let time = Time::new(small(hour)?, small(*minute)?, small(second)?, 0).ok()?;
        return Some((time, end + length));
    }
    None
}

/// Whether `am` or `pm` follows, and in how many tokens.
fn half(tokens: &[Token<'_>]) -> (Option<bool>, usize) {
    let is = |word: &str, letter: &str| word.eq_ignore_ascii_case(letter);
    match tokens {
        [Token::Word(w), ..] if is(w, "am") => (Some(false), 1),
        [Token::Word(w), ..] if is(w, "pm") => (Some(true), 1),
        [Token::Word(h), Token::Mark('.'), Token::Word(m), ..] if is(m, "m") && is(h, "a") => (Some(false), 4),
        [Token::Word(h), Token::Mark('.'), Token::Word(m), ..] if is(m, "m") && is(h, "p") => (Some(true), 4),
        _ => (None, 0),
    }
}

/// The zone that the tokens behind a time begin with: `Z`, `EST`, `+0800`, `(UTC+8)`.
fn zone(tokens: &[Token<'_>]) -> Option<Offset> {
    let tokens = match tokens {
        [Token::Mark('(' | '（' | '.' | ','), rest @ ..] => rest,
        all => all,
    };
    match tokens {
        [Token::Word(utc), Token::Mark(sign @ ('+' | '-')), rest @ ..]
            if ["utc", "gmt"].iter().any(|z| z.eq_ignore_ascii_case(utc)) =>
        {
            shift(*sign, rest)
        }
        [Token::Word(word), ..] => {
            let known = ZONES.iter().find(|(name, _)| name.eq_ignore_ascii_case(word))?;
            Offset::from_hours(known.1).ok()
        }
        [Token::Mark(sign @ ('+' | '-')), rest @ ..] => shift(*sign, rest),
        _ => None,
    }
}

fn is_ambiguous_zone(tokens: &[Token<'_>]) -> bool {
    let ([Token::Mark('(' | '（' | '.' | ','), tokens @ ..] | tokens) = tokens;
    let capitals = |word: &str| word.chars().all(|c| c.is_ascii_uppercase());
    matches!(tokens, [Token::Word(word), ..] if capitals(word) && AMBIGUOUS_ZONES.iter().any(|z| z.eq_ignore_ascii_case(word)))
}

fn shift(sign: char, tokens: &[Token<'_>]) -> Option<Offset> {
    let (hours, minutes) = match tokens {
        [Token::Number { value, digits: 4 }, ..] => (value / 100, value % 100),
        [Token::Number { value, digits: 1..=2 }, Token::Mark(':'), Token::Number { value: minutes, digits: 2 }, ..] => {
            (*value, *minutes)
        }
        [Token::Number { value, digits: 1..=2 }, ..] => (*value, 0),
        _ => return None,
    };
    let seconds = i32::try_from((hours * 60 + minutes) * 60).ok()?;
    Offset::from_seconds(if sign == '-' { -seconds } else { seconds }).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str, order: Order) -> Option<String> {
        find(text, order).map(|r| r.whole().unwrap().to_string())
    }

    #[test]
    fn a_date_is_found_in_the_line_that_holds_it() {
        for (text, instant) in [
            ("Posted on May 6th, 2024 at 7:08 pm by Jane Doe", "2024-05-06T19:08:00Z"),
            ("Jane Doe | Senior Writer | July 2, 2025", "2025-07-02T00:00:00Z"),
            ("Published online 2023 Jan 7", "2023-01-07T00:00:00Z"),
            ("4 August 2010", "2010-08-04T00:00:00Z"),
            ("Sept. 6, 2024 6:01 a.m. EDT", "2024-09-06T06:01:00-04:00"),
            ("Montag, 6. Mai 2024, 07:08", "2024-05-06T07:08:00Z"),
            ("Publié le 6 août 2024 à 7:08", "2024-08-06T07:08:00Z"),
            ("6 de mayo de 2024", "2024-05-06T00:00:00Z"),
            ("http://www.example.cn 2005年03月21日11:21 《周刊》", "2005-03-21T11:21:00Z"),
            ("发布时间：2024年5月3日 下午3时20分 来源：新华网", "2024-05-03T15:20:00Z"),
            ("公開日：2024年5月3日", "2024-05-03T00:00:00Z"),
            ("2022.01.20 16:31", "2022-01-20T16:31:00Z"),
            ("12.12.2025", "2025-12-12T00:00:00Z"),
            ("Posted on the 15/12/2025 at 19:00", "2025-12-15T19:00:00Z"),
            ("2024-05-06 07:08:09 (UTC+8)", "2024-05-06T07:08:09+08:00"),
            ("May 6, 2024 7:08 PM ET", "2024-05-06T00:00:00Z"),
            ("Dec 19, 2025, 01:00:00 AM IST", "2025-12-19T00:00:00Z"),
            ("6 May 2024 7:08pm AEST", "2024-05-06T19:08:00+10:00"),
            ("May 6, 2024 7:08 pm et al.", "2024-05-06T19:08:00Z"),
            ("07:08, 6 May 2024", "2024-05-06T07:08:00Z"),
        ] {
            assert_eq!(found(text, Order::Unknown).as_deref(), Some(instant), "{text}");
        }
    }

    #[test]
    fn what_is_no_date_is_passed_over() {
        for text in [
            "Marketing 5, 2024 views",
            "1.2.3.2024",
            "version 10.12.1.2024",
            "May 2024",
            "call 555-12-2024-1",
            "31/02/2024",
            "Maybe 6, then 2024",
            "12:30",
        ] {
            assert_eq!(found(text, Order::DayFirst), None, "{text}");
        }
    }

    #[test]
    fn days_and_months_that_could_be_either_need_to_be_told_apart() {
        assert_eq!(found("12/03/2024", Order::Unknown), None);
        assert_eq!(found("12/03/2024", Order::DayFirst).as_deref(), Some("2024-03-12T00:00:00Z"));
        assert_eq!(found("12/03/2024", Order::MonthFirst).as_deref(), Some("2024-12-03T00:00:00Z"));
        assert_eq!(found("12/31/2024", Order::DayFirst).as_deref(), Some("2024-12-31T00:00:00Z"));
    }

    #[test]
    fn months_that_begin_alike_are_told_apart() {
        for (text, month) in [("6 juin 2024", 6), ("6 juil. 2024", 7), ("Jun 6, 2024", 6), ("6 mars 2024", 3)] {
            assert_eq!(find(text, Order::Unknown).map(|r| r.date.month()), Some(month), "{text}");
        }
        assert_eq!(find("6 jui 2024", Order::Unknown), None);
    }
}
