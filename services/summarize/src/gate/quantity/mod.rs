//! Quantities: what a text states in numbers, in one form whatever language or digits it is written in.
//!
//! `3.2 million`, `320万` and `3,200,000` are one value; so are `三成` and `30 percent`, `May 3` and `5月3日`,
//! `3 p.m.` and `下午3点`. English and Chinese number words are read, digits in any language.

mod calendar;
mod chinese;
mod english;
mod lexer;
mod measure;
mod support;

use std::ops::Range;

use lexer::{Kind as Piece, Token, lex};
use measure::{Hedge, Unit, hedge, unit};

/// One quantity of a text.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Quantity {
    /// Its bytes in the text.
    pub range: Range<usize>,
    /// Its value; the least that it can be where it is rough.
    pub value: f64,
    /// The first number above what it can be; only where it is rough.
    below: Option<f64>,
    /// Another reading of it: 15 of `3 p.m.`, 0.5 of `50 %`.
    also: Option<f64>,
    /// The year within its century: 95 of 1995.
    short_year: Option<f64>,
    /// The worth of its last digit that counts; 0 where it is nothing that is rounded.
    step: f64,
    unit: Option<Unit>,
    hedge: Option<Hedge>,
    kind: Kind,
    /// Whether a dash, slash or point ties it to another: a date, a score, a range.
    tied: bool,
}

/// How a quantity is written, and so what may be held against it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// In digits.
    Figure,
    /// In number words.
    Words,
    /// As a range: `millions`, `数百万`, `the 1990s`.
    Rough,
    /// A month by its name, 1 to 12.
    Month,
    /// A day of the week, Monday is 1.
    Weekday,
    /// The same by a short form, which may be a word of its own.
    ShortWeekday,
    /// By a word that only implies it (`both`, `twice`), or as part of an idiom or a name.
    Hint,
}

/// The quantities of `text`, in their order.
pub(crate) fn quantities(text: &str) -> Vec<Quantity> {
    let tokens = lex(text);
    let mut found: Vec<Quantity> = Vec::new();
    let mut i = 0;
    while i < tokens.len() {
        let Some((mut quantity, next)) = quantity(&tokens, i) else {
            i += 1;
            continue;
        };
        // `10-15 million`, `1000至1500万`: the first one may have the second one's scale.
        if let Some(before) = found.last_mut() {
            let between = &text[before.range.end.min(quantity.range.start)..quantity.range.start];
            let read = before.also;
            tie(before, &mut quantity, between);
            // `1 , 200 , 000` has a third group.
            let (whole, n) = (before.also, found.len());
            if whole != read && read.is_some() && n > 1 && found[n - 2].also == read {
                found[n - 2].also = whole;
            }
        }
        found.push(quantity);
        i = next.max(i + 1);
    }
    found
}

fn quantity(tokens: &[Token], i: usize) -> Option<(Quantity, usize)> {
    let token = tokens.get(i)?;
    if let Some(found) = calendar::weekday(tokens, i).or_else(|| calendar::month(tokens, i)) {
        return Some(found);
    }
    match &token.kind {
        Piece::Figure { value, step, in_name } => {
            if let Some(counted) = chinese::counted(tokens, i).filter(|_| !tokens.get(i + 1).is_some_and(|t| t.spaced))
            {
                return Some(chinese_quantity(tokens, i, counted));
            }
            Some(figure(tokens, i, *value, *step, *in_name))
        }
        Piece::Word { lower, .. } => {
            if let Some((low, below, next)) = english::rough(tokens, i) {
                let mut rough = Quantity::new(tokens, i, next, low, Kind::Rough);
                rough.below = Some(below);
                return Some((rough, next));
            }
            if let Some(spelled) = english::spelled(tokens, i) {
                let idle = spelled.value < 2.0 || lower == "second" || lower == "hundred" || lower == "quarter";
                let kind = if idle { Kind::Hint } else { Kind::Words };
                let mut words = Quantity::new(tokens, i, spelled.next, spelled.value, kind);
                (words.also, words.step) = (spelled.also, spelled.step);
                return Some(words.finished(tokens, i, spelled.next));
            }
            let hint = english::roman(token).or_else(|| english::hint(lower))?;
            Some((Quantity::new(tokens, i, i + 1, hint, Kind::Hint), i + 1))
        }
        Piece::Character(_) => {
            if let Some((low, below, next)) = chinese::rough(tokens, i) {
                let mut rough = Quantity::new(tokens, i, next, low, Kind::Rough);
                rough.below = Some(below);
                return Some((rough, next));
            }
            character(tokens, i)
        }
        Piece::Mark(c) => {
            let part = match c {
                '½' => 0.5,
                '¼' => 0.25,
                '¾' => 0.75,
                '⅓' => 1.0 / 3.0,
                '⅔' => 2.0 / 3.0,
                _ => return None,
            };
            Some((Quantity::new(tokens, i, i + 1, part, Kind::Hint), i + 1))
        }
    }
}

/// A figure in digits with what belongs to it: a scale, a suffix, a unit.
fn figure(tokens: &[Token], i: usize, value: f64, step: f64, in_name: bool) -> (Quantity, usize) {
    let kind = if in_name { Kind::Hint } else { Kind::Figure };
    let mut figure = Quantity::new(tokens, i, i + 1, value, kind);
    figure.step = step;
    let glued = |k: usize| tokens.get(k).filter(|t| !t.spaced).map_or("", Token::word);
    let hyphen = tokens.get(i + 1).is_some_and(|t| t.kind == Piece::Mark('-') && !t.spaced);
    let scaled_at = i + 1 + usize::from(hyphen);
    let mut next = i + 1;
    if let Some(scale) = tokens.get(scaled_at).and_then(|t| english::scale(t.word())) {
        (figure.value, figure.step) = (value * scale, step * scale);
        next = scaled_at + 1;
    } else if let Some(scale) = english::suffix(glued(i + 1)) {
        (figure.value, figure.step) = (value * scale, step * scale);
        // `5m` may be metres.
        figure.also = (glued(i + 1).len() == 1).then_some(value);
        next = i + 2;
    } else if tokens.get(i + 1).is_some_and(|t| t.word() == "dozen") {
        (figure.value, next) = (value * 12.0, i + 2);
    } else if matches!(glued(i + 1), "st" | "nd" | "rd" | "th") {
        (figure.step, next) = (0.0, i + 2);
    } else if glued(i + 1) == "s" && value % 10.0 == 0.0 {
        // `the 1990s`, `in her 30s`
        (figure.kind, figure.below, next) = (Kind::Rough, Some(value + 10.0), i + 2);
        figure.short_year = (value >= 1000.0).then_some(value % 100.0);
    } else if glued_mark(tokens, i + 1, '年') && glued_mark(tokens, i + 2, '代') {
        (figure.kind, figure.below, next) = (Kind::Rough, Some(value + 10.0), i + 3);
        figure.short_year = (value >= 1000.0).then_some(value % 100.0);
    } else if (1900.0..2100.0).contains(&value) && tokens[i].range.len() == 4 {
        // A year.
        (figure.step, figure.short_year) = (0.0, Some(value % 100.0));
    } else if let Some(hour) = calendar::hour(tokens, i, value) {
        figure.also = Some(hour);
    } else if let (true, Some(Piece::Figure { value: below, .. })) =
        (glued_mark(tokens, i + 1, '/'), tokens.get(i + 2).map(|t| &t.kind))
        && value < *below
    {
        figure.also = Some(value / below);
    }
    figure.finished(tokens, i, next)
}

/// A number in Chinese characters, with or without digits.
fn character(tokens: &[Token], i: usize) -> Option<(Quantity, usize)> {
    let at = |k: usize| tokens.get(k).and_then(Token::character);
    if at(i) == Some('百') && at(i + 1) == Some('分') && at(i + 2) == Some('之') {
        let (value, step, next) = plain(tokens, i + 3)?;
        // 百分之百 is an idiom.
        let kind = if value == 100.0 { Kind::Hint } else { Kind::Words };
        let mut percent = Quantity::new(tokens, i, next, value, kind);
        (percent.unit, percent.also, percent.step) = (Some(Unit::Percent), Some(value / 100.0), step);
        percent.hedge = hedge(tokens, i, next);
        return Some((percent, next));
    }
    let half = at(i) == Some('半') || (at(i) == Some('一') && at(i + 1) == Some('半'));
    if half {
        let next = i + 1 + usize::from(at(i) == Some('一'));
        let mut half = Quantity::new(tokens, i, next, 0.5, Kind::Hint);
        half.also = Some(50.0);
        return Some((half, next));
    }
    if let Some(implied) = match at(i)? {
        '双' | '對' | '翻' | '雙' => Some(2.0),
        _ => None,
    } {
        return Some((Quantity::new(tokens, i, i + 1, implied, Kind::Hint), i + 1));
    }
    at(i).filter(|c| chinese::is_numeral(*c))?;
    let counted = chinese::counted(tokens, i)?;
    if let Some((value, also)) = chinese::teens(tokens, i) {
        let mut teens = Quantity::new(tokens, i, i + 3, value, Kind::Hint);
        teens.also = Some(also);
        return Some((teens, i + 3));
    }
    if chinese::guesses(tokens, i) {
        return Some((Quantity::new(tokens, i, i + 2, counted.value, Kind::Hint), i + 2));
    }
    Some(chinese_quantity(tokens, i, counted))
}

fn chinese_quantity(tokens: &[Token], i: usize, counted: chinese::Counted) -> (Quantity, usize) {
    let at = |k: usize| tokens.get(k).and_then(Token::character);
    let next = counted.next;
    let kind = match counted {
        chinese::Counted { has_figure: true, .. } => Kind::Figure,
        // One character, or units alone, may be idiom: 一切, 万一, 千万, 百万富翁. So may digits in a row (九一八).
        chinese::Counted { numerals: 1, .. } | chinese::Counted { has_digit: false, .. } => Kind::Hint,
        _ if at(i).is_some_and(chinese::begins_no_number) => Kind::Hint,
        _ if (i..next).all(|k| at(k).is_some_and(|c| "一二两三四五六七八九".contains(c))) => Kind::Hint,
        _ => Kind::Words,
    };
    let mut number = Quantity::new(tokens, i, next, counted.value, kind);
    (number.also, number.step) = (counted.also, counted.step);
    number.hedge = counted.more.then_some(Hedge::Over);
    match (at(next), at(next + 1)) {
        // 三分之一
        (Some('分'), Some('之')) => {
            if let Some((above, _, after)) = plain(tokens, next + 2) {
                number.kind = Kind::Words;
                (number.value, number.also, number.step) = (above / counted.value, None, 0.0);
                number.range.end = tokens[after - 1].range.end;
                return (number, after);
            }
        }
        // 三成 is 30 percent, 三成半 35; 一成不变 is an idiom.
        (Some('成'), after) if counted.value < 11.0 && after != Some('不') => {
            let half = after == Some('半');
            number.value = counted.value * 10.0 + if half { 5.0 } else { 0.0 };
            (number.also, number.step, number.unit) = (Some(number.value / 100.0), 5.0, Some(Unit::Percent));
            number.kind = Kind::Words;
            let after = next + 1 + usize::from(half);
            number.range.end = tokens[after - 1].range.end;
            return (number, after);
        }
        _ => {}
    }
    if let Some(hour) = calendar::hour(tokens, i, counted.value) {
        number.also = Some(hour);
    } else if at(next + 1) == Some('半') && at(next).is_some_and(|c| "年天月周个個".contains(c)) {
        // 两年半, 三个半月
        number.also = Some(counted.value + 0.5);
    }
    number.finished(tokens, i, next)
}

/// A number alone at token `i`: its value, its step and the token behind it.
fn plain(tokens: &[Token], i: usize) -> Option<(f64, f64, usize)> {
    if let Some(counted) = chinese::counted(tokens, i) {
        return Some((counted.value, counted.step, counted.next));
    }
    if let Piece::Figure { value, step, .. } = tokens.get(i)?.kind { Some((value, step, i + 1)) } else { None }
}

/// Notes that two quantities stand together; `between` is what stands between them.
fn tie(before: &mut Quantity, quantity: &mut Quantity, between: &str) {
    let joint = between.trim();
    let idiom = matches!((before.value, quantity.value), (9.0, 11.0) | (24.0, 7.0));
    if idiom && matches!(joint, "/" | "·" | "・") {
        (before.kind, quantity.kind) = (Kind::Hint, Kind::Hint);
    }
    if matches!(joint, "in" | "out of") && before.value < quantity.value && quantity.value <= 100.0 {
        // `one in five` is a fifth; it may also be one goal in five games.
        let part = Some(before.value / quantity.value);
        (before.also, quantity.also) = (before.also.or(part), quantity.also.or(part));
    }
    let digits = |q: &Quantity| q.range.len();
    let is_group = quantity.kind == Kind::Figure && digits(quantity) == 3 && quantity.value < 1000.0;
    let is_first = before.kind == Kind::Figure && ((1..=3).contains(&digits(before)) || before.also.is_some());
    if is_first && is_group && !between.is_empty() && matches!(joint, "" | ",") {
        // `80 , 000`, as tokenizers leave it, and `80 000`; it may be a list.
        let whole = Some(before.also.unwrap_or(before.value) * 1000.0 + quantity.value);
        (before.also, quantity.also) = (whole, whole);
    }
    if matches!(joint, "-" | "–" | "—" | "/" | "." | ":" | "：" | "比" | "·" | "・") {
        before.tied = true;
    }
    if matches!(joint, "-" | "–" | "—" | "~" | "～" | "to" | "and" | "or" | "至" | "到" | "和") && before.also.is_none()
    {
        let scale = quantity.value / quantity.step * quantity.step;
        let power = [1e12, 1e9, 1e8, 1e6, 1e4, 1e3].into_iter().find(|p| scale >= *p && before.value < *p);
        before.also =
            power.filter(|_| before.kind == Kind::Figure && quantity.kind == Kind::Figure).map(|p| before.value * p);
    }
}

fn glued_mark(tokens: &[Token], k: usize, mark: char) -> bool {
    tokens.get(k).is_some_and(|t| t.character() == Some(mark) && !t.spaced)
}

impl Quantity {
    fn new(tokens: &[Token], first: usize, next: usize, value: f64, kind: Kind) -> Self {
        let range = tokens[first].range.start..tokens[next - 1].range.end;
        Self {
            range,
            value,
            below: None,
            also: None,
            short_year: None,
            step: 0.0,
            unit: None,
            hedge: None,
            kind,
            tied: false,
        }
    }

    /// With its unit and hedge, and the token behind it.
    fn finished(mut self, tokens: &[Token], first: usize, next: usize) -> (Self, usize) {
        self.hedge = self.hedge.or_else(|| hedge(tokens, first, next));
        let mut end = next;
        if let Some((unit, after)) = unit(tokens, next, self.value) {
            self.unit = Some(unit);
            if unit == Unit::Percent {
                self.also = self.also.or(Some(self.value / 100.0));
                end = after;
            }
        }
        let before = first.checked_sub(1).and_then(|k| tokens[k].character());
        if before.is_some_and(|c| "$£€¥￥₹₩".contains(c)) {
            self.unit = Some(Unit::Money);
        }
        self.range.end = self.range.end.max(tokens[end - 1].range.end);
        (self, end)
    }

    /// How it is written.
    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    /// Whether it counts percent.
    pub(crate) fn is_share(&self) -> bool {
        self.unit == Some(Unit::Percent)
    }
}
