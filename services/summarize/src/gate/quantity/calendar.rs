//! Months, days of the week, hours.

use super::{
    Kind, Quantity, chinese,
    lexer::{Kind as Piece, Token},
};

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
const SHORT_MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
const SHORT_WEEKDAYS: [&[&str]; 7] =
    [&["mon"], &["tue", "tues"], &["wed", "weds"], &["thu", "thur", "thurs"], &["fri"], &["sat"], &["sun"]];

/// Words before `May` that make a month of it; others are held to the same.
const BEFORE_MONTHS: [&str; 24] = [
    "in", "of", "since", "until", "till", "by", "last", "next", "this", "from", "to", "before", "after", "early",
    "late", "mid", "through", "on", "for", "between", "and", "during", "is", "every",
];

/// Words before other months than those two that do.
const BEFORE_PLAIN_MONTHS: [&str; 5] = ["the", "a", "an", "each", "and"];

/// A month by its name at token `i`, or `5月`, and the token behind it.
pub(super) fn month(tokens: &[Token], i: usize) -> Option<(Quantity, usize)> {
    let token = &tokens[i];
    if let Piece::Word { lower, capital, .. } = &token.kind {
        if !capital {
            return None;
        }
        let full = MONTHS.iter().position(|m| m == lower);
        let short = || if lower == "sept" { Some(8) } else { SHORT_MONTHS.iter().position(|m| m == lower) };
        let at = full.or_else(short)?;
        let is_figure = |t: Option<&Token>| t.is_some_and(|t| matches!(t.kind, Piece::Figure { .. }));
        let is_mark = |k: usize, mark: char| tokens.get(k).and_then(Token::character) == Some(mark);
        // `mid-November`, `Dec. 1`
        let before = i.checked_sub(1).and_then(|k| if is_mark(k, '-') { k.checked_sub(1) } else { Some(k) });
        let before = before.and_then(|k| tokens.get(k));
        let numbered = is_figure(before) || is_figure(tokens.get(i + 1 + usize::from(is_mark(i + 1, '.'))));
        let worded = before.is_some_and(|t| {
            let plain = !matches!(lower.as_str(), "march" | "may");
            BEFORE_MONTHS.contains(&t.word()) || (plain && BEFORE_PLAIN_MONTHS.contains(&t.word()))
        });
        let kind = if numbered || (full.is_some() && worded) { Kind::Month } else { Kind::Hint };
        // A hint of a month is a month still, for who looks for one.
        let mut month = Quantity::new(tokens, i, i + 1, (at + 1) as f64, kind);
        month.tied = true;
        return Some((month, i + 1));
    }
    let (value, next) = match token.kind {
        Piece::Figure { value, .. } => (value, i + 1),
        Piece::Character(c) if chinese::is_numeral(c) => {
            let counted = chinese::counted(tokens, i)?;
            (counted.value, counted.next)
        }
        _ => return None,
    };
    let named = tokens.get(next).and_then(Token::character) == Some('月') && (1.0..=12.0).contains(&value);
    named.then(|| {
        let mut month = Quantity::new(tokens, i, next + 1, value, Kind::Month);
        month.tied = true;
        (month, next + 1)
    })
}

/// A day of the week at token `i`, and the token behind it.
pub(super) fn weekday(tokens: &[Token], i: usize) -> Option<(Quantity, usize)> {
    let found = |value: f64, next: usize, kind: Kind| Some((Quantity::new(tokens, i, next, value, kind), next));
    if let Piece::Word { lower, capital: true, .. } = &tokens[i].kind {
        let name = lower.strip_suffix('s').unwrap_or(lower);
        if let Some(at) = WEEKDAYS.iter().position(|d| *d == name) {
            return found((at + 1) as f64, i + 1, Kind::Weekday);
        }
        // `Sat.`, `Sun` and others are words, too: they support a day and are held against none.
        let short = SHORT_WEEKDAYS.iter().position(|forms| forms.contains(&lower.as_str()))?;
        return found((short + 1) as f64, i + 1, Kind::ShortWeekday);
    }
    let at = |k: usize| tokens.get(k).and_then(Token::character);
    let name = match (at(i)?, at(i + 1)) {
        ('周' | '週', _) => 1,
        ('星', Some('期')) | ('礼' | '禮', Some('拜')) => 2,
        _ => return None,
    };
    // Not 两周三次, 每周一次.
    let counted = i.checked_sub(1).and_then(at).is_some_and(|c| chinese::is_numeral(c) || c == '每' || c == '几');
    let value = at(i + name).and_then(chinese::weekday)?;
    let goes_on = at(i + name + 1).is_some_and(|c| chinese::is_numeral(c) || "年次天期边围边遭".contains(c));
    if name == 1 && (counted || goes_on) {
        return None;
    }
    found(value, i + name + 1, Kind::Weekday)
}

/// The hour of the day by the other clock, of the hour `value` at token `i`: 15 of `3 p.m.`, 3 of `15时`.
pub(super) fn hour(tokens: &[Token], i: usize, value: f64) -> Option<f64> {
    if !(1.0..=24.0).contains(&value) {
        return None;
    }
    // Behind `3` and `3:30`.
    let minutes = tokens.get(i + 1).and_then(Token::character).is_some_and(|c| c == ':' || c == '.');
    let next = if minutes { i + 3 } else { i + 1 };
    let word = tokens.get(next).map_or("", Token::word);
    let dotted = matches!(word, "p" | "a") && tokens.get(next + 2).is_some_and(|t| t.word() == "m");
    let english = matches!(word, "am" | "pm") || dotted;
    let chinese = tokens.get(next).and_then(Token::character).is_some_and(|c| "点點时時".contains(c));
    let is_hour = english || chinese || (minutes && tokens.get(i + 1).and_then(Token::character) == Some(':'));
    is_hour.then_some(if value > 12.0 { value - 12.0 } else { value + 12.0 })
}
