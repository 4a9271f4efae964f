//! Figures, words, Chinese characters and marks, one after the other.

use std::ops::Range;

use kos_shared::text::script::{is_hangul, is_unspaced};

/// One piece of a text.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Token {
    /// Its bytes.
    pub range: Range<usize>,
    /// Whether white space stands before it.
    pub spaced: bool,
    /// What it is.
    pub kind: Kind,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    /// A figure in digits. `step` is the worth of its last digit that isn't a padding zero: 0.1 of `3.2`,
    /// 1,000 of `3,000`. `in_name` says that it belongs to a name: `A380`, `COVID-19`.
    Figure { value: f64, step: f64, in_name: bool },
    /// A word of a script that has spaces, in lower case; whether it has a capital, and nothing but capitals.
    Word { lower: String, capital: bool, upper: bool },
    /// A character of a script without spaces.
    Character(char),
    /// Anything else that can be seen.
    Mark(char),
}

impl Token {
    /// The word in lower case; empty where this is none.
    pub fn word(&self) -> &str {
        if let Kind::Word { lower, .. } = &self.kind { lower } else { "" }
    }

    /// The character, of a script without spaces or a mark.
    pub fn character(&self) -> Option<char> {
        match self.kind {
            Kind::Character(c) | Kind::Mark(c) => Some(c),
            Kind::Figure { .. } | Kind::Word { .. } => None,
        }
    }
}

/// The pieces of `text` in their order. Full-width letters and digits count as the narrow ones.
pub(super) fn lex(text: &str) -> Vec<Token> {
    let chars: Vec<(usize, char)> = text.char_indices().map(|(at, c)| (at, narrow(c))).collect();
    let end_of = |k: usize| chars.get(k).map_or(text.len(), |(at, _)| *at);
    let mut tokens: Vec<Token> = Vec::new();
    let (mut k, mut spaced) = (0, false);
    while let Some((start, c)) = chars.get(k).copied() {
        if c.is_whitespace() {
            (spaced, k) = (true, k + 1);
            continue;
        }
        let (kind, next) = if c.is_ascii_digit() {
            let in_name = !spaced && belongs_to_a_name(&tokens);
            let (value, step, next) = figure(&chars, k);
            (Kind::Figure { value, step, in_name }, next)
        } else if is_unspaced(c) {
            (Kind::Character(c), k + 1)
        } else if is_letter(c) {
            word(&chars, k)
        } else {
            (Kind::Mark(c), k + 1)
        };
        tokens.push(Token { range: start..end_of(next), spaced, kind });
        (spaced, k) = (false, next);
    }
    tokens
}

/// Whether a figure right behind these pieces belongs to a name: behind a letter, or behind a capitalised
/// word and a hyphen.
fn belongs_to_a_name(before: &[Token]) -> bool {
    match before {
        [.., Token { kind: Kind::Word { .. }, .. }] => true,
        [.., Token { kind: Kind::Word { capital, .. }, .. }, Token { kind: Kind::Mark('-'), spaced, .. }] => {
            *capital && !*spaced
        }
        _ => false,
    }
}

fn word(chars: &[(usize, char)], start: usize) -> (Kind, usize) {
    let length = chars[start..].iter().take_while(|(_, c)| is_letter(*c) && !is_unspaced(*c)).count();
    let end = start + length;
    let letters = || chars[start..end].iter().map(|(_, c)| *c);
    let lower = letters().flat_map(char::to_lowercase).collect();
    let kind =
        Kind::Word { lower, capital: letters().any(char::is_uppercase), upper: letters().all(char::is_uppercase) };
    (kind, end)
}

/// The figure that begins at `start`: its value, its step, and where it ends.
fn figure(chars: &[(usize, char)], start: usize) -> (f64, f64, usize) {
    let is_digit = |k: usize| chars.get(k).is_some_and(|(_, c)| c.is_ascii_digit());
    let mut digits = String::new();
    let mut k = start;
    while is_digit(k) {
        digits.push(chars[k].1);
        k += 1;
    }
    // `3,200`, and what typographers put there instead of a comma.
    while k - start <= 3 || digits.len() > 3 {
        let separates = chars.get(k).is_some_and(|(_, c)| matches!(c, ',' | '\u{A0}' | '\u{2009}' | '\u{202F}'));
        let grouped = separates && (1..=3).all(|n| is_digit(k + n)) && !is_digit(k + 4);
        if !grouped || (k - start > 3 && !digits_were_grouped(chars, start, k)) {
            break;
        }
        digits.extend(chars[k + 1..k + 4].iter().map(|(_, c)| *c));
        k += 4;
    }
    let zeros = digits.bytes().rev().take_while(|b| *b == b'0').count();
    let mut step = if zeros < digits.len() { power_of_ten(zeros) } else { 1.0 };
    let is_point = |k: usize| chars.get(k).is_some_and(|(_, c)| *c == '.');
    if is_point(k) && is_digit(k + 1) {
        let fraction = chars[k + 1..].iter().take_while(|(_, c)| c.is_ascii_digit()).count();
        let end = k + 1 + fraction;
        // Not `1.2.3`: a version, a date, an address.
        let goes_on = is_point(end) && is_digit(end + 1);
        if !goes_on && !follows_a_point(chars, start) {
            digits.push('.');
            digits.extend(chars[k + 1..end].iter().map(|(_, c)| *c));
            step = 1.0 / power_of_ten(fraction);
            k = end;
        }
    }
    (digits.parse().unwrap_or(f64::INFINITY), step, k)
}

/// Whether the last four characters before `k` are a comma and three digits.
fn digits_were_grouped(chars: &[(usize, char)], start: usize, k: usize) -> bool {
    k >= start + 4 && !chars[k - 4].1.is_ascii_digit()
}

fn follows_a_point(chars: &[(usize, char)], start: usize) -> bool {
    start >= 2 && chars[start - 1].1 == '.' && chars[start - 2].1.is_ascii_digit()
}

/// Ten to the power of `exponent`, which is cut where nothing counts so far.
pub(super) fn power_of_ten(exponent: usize) -> f64 {
    10_f64.powi(i32::try_from(exponent.min(300)).unwrap_or(300))
}

fn is_letter(c: char) -> bool {
    c.is_alphabetic() || is_hangul(c)
}

/// Full-width forms as the narrow ones, one kind of hyphen.
fn narrow(c: char) -> char {
    match u32::from(c) {
        code @ (0xFF10..=0xFF19 | 0xFF21..=0xFF3A | 0xFF41..=0xFF5A | 0xFF05 | 0xFF0B | 0xFF0D..=0xFF0F | 0xFF1A) => {
            char::from_u32(code - 0xFEE0).unwrap_or(c)
        }
        0x2010 | 0x2011 => '-',
        _ => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(text: &str) -> Vec<f64> {
        let value = |t: Token| if let Kind::Figure { value, .. } = t.kind { Some(value) } else { None };
        lex(text).into_iter().filter_map(value).collect()
    }

    #[test]
    fn separators_and_points_belong_to_a_figure() {
        for (text, values) in [
            ("3,200.5", &[3200.5][..]),
            ("1,234,567 people", &[1_234_567.0]),
            ("３，２００ and ３.５％", &[3.0, 200.0, 3.5]),
            ("1, 200", &[1.0, 200.0]),
            ("12,34", &[12.0, 34.0]),
            ("1234,567", &[1234.0, 567.0]),
            ("10 000 and 10\u{A0}000", &[10.0, 0.0, 10_000.0]),
            ("v1.2.3", &[1.0, 2.0, 3.0]),
            ("It ended in 2019. 5 left.", &[2019.0, 5.0]),
            ("2-1", &[2.0, 1.0]),
        ] {
            assert_eq!(figures(text), values, "{text}");
        }
    }

    #[test]
    fn a_figure_behind_a_capital_belongs_to_its_name() {
        let in_name = |text: &str| lex(text).iter().any(|t| matches!(t.kind, Kind::Figure { in_name: true, .. }));
        assert!(["A380", "COVID-19", "an F-35 jet", "v2"].into_iter().all(in_name));
        assert!(!["an over-50", "in 2019", "US$5", "May - 19", "第5"].into_iter().any(in_name));
    }

    #[test]
    fn a_step_is_the_worth_of_the_last_digit_that_counts() {
        let step = |text: &str| match lex(text)[0].kind {
            Kind::Figure { step, .. } => step,
            _ => f64::NAN,
        };
        assert_eq!([step("3.2"), step("3,000"), step("21"), step("0")], [0.1, 1_000.0, 1.0, 1.0]);
    }
}
