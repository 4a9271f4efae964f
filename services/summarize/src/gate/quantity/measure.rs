//! What a number counts, and how far it is taken back: `30 days`, `三成`, `more than`, `近`.

use super::lexer::{Kind, Token};

/// What is counted, as far as a summary could mistake it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    Percent,
    Money,
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Year,
}

/// How a number is taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hedge {
    /// `more than`, `超过`, `多`.
    Over,
    /// `nearly`, `近`.
    Under,
    /// `about`, `约`.
    About,
}

/// What is counted by the number that ends before token `next`, and the token behind it.
pub(super) fn unit(tokens: &[Token], next: usize, value: f64) -> Option<(Unit, usize)> {
    let hyphen = tokens.get(next).is_some_and(|t| t.kind == Kind::Mark('-'));
    let at = next + usize::from(hyphen);
    let token = tokens.get(at)?;
    let second = tokens.get(at + 1);
    let followed_by = |c: char| second.and_then(Token::character) == Some(c);
    let unit = match token.word() {
        "percent" | "pct" | "percentage" => return Some((Unit::Percent, at + 1)),
        "per" if second.is_some_and(|t| t.word() == "cent") => return Some((Unit::Percent, at + 2)),
        "dollar" | "dollars" | "pound" | "pounds" | "euro" | "euros" | "yuan" | "yen" | "rupees" => Unit::Money,
        "second" | "seconds" | "sec" | "secs" => Unit::Second,
        "minute" | "minutes" | "min" | "mins" => Unit::Minute,
        "hour" | "hours" | "hr" | "hrs" => Unit::Hour,
        "day" | "days" => Unit::Day,
        "week" | "weeks" => Unit::Week,
        "month" | "months" => Unit::Month,
        "year" | "years" | "yr" | "yrs" => Unit::Year,
        _ => match token.character()? {
            '%' | '٪' => return Some((Unit::Percent, at + 1)),
            '百' if followed_by('分') => return Some((Unit::Percent, at + 2)),
            '元' => Unit::Money,
            '美' | '日' | '欧' | '歐' | '港' if followed_by('元') => Unit::Money,
            '英' if followed_by('镑') || followed_by('鎊') => Unit::Money,
            '秒' => Unit::Second,
            '分' if followed_by('钟') || followed_by('鐘') => Unit::Minute,
            '小' if followed_by('时') || followed_by('時') => Unit::Hour,
            '天' => Unit::Day,
            '周' | '週' => Unit::Week,
            '个' | '個' if followed_by('月') => Unit::Month,
            '个' | '個' if followed_by('小') => Unit::Hour,
            // Not of 2019年.
            '年' if value < 1000.0 => Unit::Year,
            _ => return None,
        },
    };
    Some((unit, at + 1))
}

/// How the number of these tokens is taken back, by the words around it.
pub(super) fn hedge(tokens: &[Token], first: usize, next: usize) -> Option<Hedge> {
    match tokens.get(next).and_then(Token::character) {
        Some('多' | '余' | '餘' | '+') => return Some(Hedge::Over),
        Some('左') => return Some(Hedge::About),
        _ => {}
    }
    if let Some("plus" | "odd") = tokens.get(next + 1).map(Token::word) {
        return Some(Hedge::Over);
    }
    (1..=4).filter_map(|back| tokens.get(first.checked_sub(back)?)).find_map(|token| match token.word() {
        "over" | "than" | "least" | "above" | "exceeding" | "exceeded" | "exceeds" | "surpassed" | "topped" => {
            // `fewer than`, `less than` are told by what stands before.
            let at = token.range.start;
            let fewer = tokens.iter().take(first).rev().take(5).find(|t| t.range.start < at);
            Some(match fewer.map(Token::word) {
                Some("fewer" | "less" | "lower" | "no") => Hedge::Under,
                _ => Hedge::Over,
            })
        }
        "nearly" | "almost" | "under" | "below" | "approaching" => Some(Hedge::Under),
        "about" | "around" | "roughly" | "approximately" | "some" | "estimated" => Some(Hedge::About),
        _ => match token.character()? {
            '超' | '逾' | '过' | '破' => Some(Hedge::Over),
            '近' | '足' => Some(Hedge::Under),
            '约' | '大' => Some(Hedge::About),
            _ => None,
        },
    })
}
