//! Chinese numbers: `三百二十`, `3.2万`, `1亿2000万`, `二〇一九`, `百分之三十`, `三分之一`, `三成`, `数百万`.

use super::lexer::{Kind, Token, power_of_ten};

/// What a Chinese number comes to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Counted {
    /// Its value.
    pub value: f64,
    /// Another reading: `三千五` as 3,005.
    pub also: Option<f64>,
    /// The worth of the last digit that isn't a padding zero.
    pub step: f64,
    /// How many characters or figures it is written with.
    pub numerals: usize,
    /// Whether a character of it is a digit, Chinese or not: `百万` has none.
    pub has_digit: bool,
    /// Whether a figure in digits is in it.
    pub has_figure: bool,
    /// Whether it is more than that: `20多万`.
    pub more: bool,
    /// The number of the first token behind it.
    pub next: usize,
}

fn digit(c: char) -> Option<f64> {
    Some(match c {
        '零' | '〇' => 0.0,
        '一' | '壹' => 1.0,
        '二' | '两' | '兩' | '贰' => 2.0,
        '三' | '叁' => 3.0,
        '四' => 4.0,
        '五' | '伍' => 5.0,
        '六' => 6.0,
        '七' => 7.0,
        '八' => 8.0,
        '九' => 9.0,
        _ => return None,
    })
}

fn unit(c: char) -> Option<f64> {
    Some(match c {
        '十' | '拾' => 1e1,
        '百' | '佰' => 1e2,
        '千' | '仟' => 1e3,
        '万' | '萬' => 1e4,
        '亿' | '億' => 1e8,
        _ => return None,
    })
}

/// Whether a character is a Chinese digit or unit.
pub(super) fn is_numeral(c: char) -> bool {
    digit(c).is_some() || unit(c).is_some()
}

/// Whether a character is a unit that no number begins with: 万一 and 百般 are words.
pub(super) fn begins_no_number(c: char) -> bool {
    unit(c).is_some_and(|u| u > 10.0)
}

/// The value of a Chinese digit from one to six, and of the names of Sunday: what follows 周 and 星期.
pub(super) fn weekday(c: char) -> Option<f64> {
    if matches!(c, '日' | '天') { Some(7.0) } else { digit(c).filter(|d| (1.0..=6.0).contains(d) && c != '两') }
}

/// A number that begins with the character or figure at token `i`. A lone figure is none: it has no unit behind it.
pub(super) fn counted(tokens: &[Token], i: usize) -> Option<Counted> {
    let character = |k: usize| tokens.get(k).filter(|t| !t.spaced || k == i).and_then(Token::character);
    let mut sum = Sum::default();
    let mut found = Counted {
        value: 0.0,
        also: None,
        step: 1.0,
        numerals: 0,
        has_digit: false,
        has_figure: false,
        more: false,
        next: i,
    };
    let mut k = i;
    while let Some(token) = tokens.get(k) {
        if let Kind::Figure { value, step, .. } = token.kind {
            let follows_a_unit =
                k > i && !token.spaced && sum.last_unit.is_some_and(|u| u > value) && sum.current.is_none();
            if k > i && !follows_a_unit {
                break;
            }
            sum.current = Some((value, step));
            (found.has_digit, found.has_figure) = (true, true);
        } else if let Some(d) = character(k).and_then(digit) {
            match sum.current {
                // Digit by digit: a year, a number plate. Not behind a figure.
                Some(_) if sum.last_was_figure => break,
                Some((value, _)) => sum.current = Some((value * 10.0 + d, 1.0)),
                None => sum.current = Some((d, 1.0)),
            }
            sum.after_zero |= d == 0.0 && sum.current.is_some_and(|(v, _)| v == 0.0);
            sum.digits += 1;
            found.has_digit = true;
        } else if let Some(u) = character(k).and_then(unit) {
            sum.take(u);
        } else if matches!(character(k), Some('多' | '余' | '餘' | '几' | '来')) && sum.any(k > i) {
            // `20多万`; elsewhere it stands behind the number.
            if let Some(u) = character(k + 1).and_then(unit).filter(|u| *u >= 1e4) {
                sum.take(u);
                found.more = true;
                k += 1;
            } else {
                break;
            }
        } else if character(k) == Some('点') && sum.digits > 0 && character(k + 1).and_then(digit).is_some() {
            let mut worth = 1.0;
            let whole = sum.current.map_or(0.0, |(v, _)| v);
            let mut value = whole;
            let mut places = 0;
            while let Some(d) = character(k + 1 + places).and_then(digit) {
                worth /= 10.0;
                value += d * worth;
                places += 1;
            }
            sum.current = Some((round_off(value, places), worth));
            k += places;
        } else {
            break;
        }
        sum.last_was_figure = matches!(token.kind, Kind::Figure { .. });
        found.numerals += 1;
        k += 1;
    }
    let only_a_figure = found.has_figure && sum.last_unit.is_none();
    if k == i || only_a_figure {
        return None;
    }
    found.next = k;
    (found.value, found.also, found.step) = sum.total();
    Some(found)
}

/// A sum of digits and units under way.
#[derive(Debug, Default)]
struct Sum {
    hundreds_of_millions: f64,
    ten_thousands: f64,
    section: f64,
    /// The digits that no unit has followed yet, with the worth of the last.
    current: Option<(f64, f64)>,
    digits: usize,
    step: Option<f64>,
    last_unit: Option<f64>,
    last_was_figure: bool,
    after_zero: bool,
}

impl Sum {
    fn any(&self, begun: bool) -> bool {
        begun && (self.current.is_some() || self.section > 0.0)
    }

    fn take(&mut self, unit: f64) {
        let current = self.current.take();
        let (value, step) = current.unwrap_or((0.0, 1.0));
        let multiplied = unit >= 1e4 && self.last_unit.is_some() && current.is_none();
        let step = if multiplied { self.step.unwrap_or(1.0) * unit } else { step * unit };
        if unit < 1e4 {
            self.section += if current.is_some() { value } else { 1.0 } * unit;
        } else {
            let below = self.section + value;
            self.section = 0.0;
            if unit < 1e8 {
                self.ten_thousands += if below > 0.0 { below } else { 1.0 } * unit;
            } else {
                let all = self.hundreds_of_millions + self.ten_thousands + below;
                self.ten_thousands = 0.0;
                self.hundreds_of_millions = if all > 0.0 { all } else { 1.0 } * unit;
            }
        }
        self.step = Some(step);
        self.last_unit = Some(unit);
        self.digits = 0;
        self.after_zero = false;
    }

    /// The value, another reading, and the step.
    fn total(&self) -> (f64, Option<f64>, f64) {
        let sum = self.hundreds_of_millions + self.ten_thousands + self.section;
        match (self.current, self.last_unit) {
            (None, _) => (sum, None, self.step.unwrap_or(1.0)),
            // `三千五` is 3,500.
            (Some((v, _)), Some(unit)) if self.digits == 1 && unit >= 100.0 && !self.after_zero => {
                (sum + v * unit / 10.0, Some(sum + v), unit / 10.0)
            }
            (Some((v, step)), _) => (sum + v, None, step),
        }
    }
}

/// The least that `数百万`, `几十`, `上千`, `十几` can be, the first number above what they are, and the token behind
/// them.
pub(super) fn rough(tokens: &[Token], i: usize) -> Option<(f64, f64, usize)> {
    let character = |k: usize| tokens.get(k).and_then(Token::character);
    match character(i)? {
        '数' | '几' | '上' | '數' | '幾' => {
            let mut low = 1.0;
            let mut k = i + 1;
            while let Some(u) = character(k).and_then(unit) {
                low *= u;
                k += 1;
            }
            // Not 人数十二万, not 以上百分之三十.
            let goes_on = character(k).is_some_and(|c| digit(c).is_some() || c == '分');
            (low > 1.0 && !goes_on).then_some((low, low * 10.0, k))
        }
        '十' if matches!(character(i + 1), Some('几' | '多' | '余')) => Some((10.0, 20.0, i + 2)),
        _ => None,
    }
}

/// Whether two neighbouring digits guess at a number: `五六个`, `七八十`.
pub(super) fn guesses(tokens: &[Token], i: usize) -> bool {
    let digit = |k: usize| tokens.get(k).and_then(Token::character).and_then(digit);
    match (digit(i), digit(i + 1), digit(i + 2)) {
        (Some(a), Some(b), None) => a > 0.0 && b == a + 1.0,
        _ => false,
    }
}

/// The two numbers of 十四五: a plan's and its years, or a guess.
pub(super) fn teens(tokens: &[Token], i: usize) -> Option<(f64, f64)> {
    let character = |k: usize| tokens.get(k).and_then(Token::character);
    let (tens, ones) = (character(i + 1).and_then(digit)?, character(i + 2).and_then(digit)?);
    (character(i) == Some('十') && !character(i + 3).is_some_and(is_numeral)).then_some((10.0 + tens, ones))
}

/// Takes off what adding tenths has put into the far digits.
fn round_off(value: f64, places: usize) -> f64 {
    let power = power_of_ten(places);
    (value * power).round() / power
}

#[cfg(test)]
mod tests {
    use super::{super::lexer::lex, *};

    #[test]
    fn chinese_numbers_have_their_value() {
        for (text, value) in [
            ("三", 3.0),
            ("十五", 15.0),
            ("三百二十", 320.0),
            ("两千三百四十五人", 2345.0),
            ("一万零五十", 10_050.0),
            ("二〇一九年", 2019.0),
            ("3.2万", 32_000.0),
            ("320万", 3_200_000.0),
            ("1,200万元", 12_000_000.0),
            ("3亿2000万", 320_000_000.0),
            ("3.2万亿", 3.2e12),
            ("2万3000人", 23_000.0),
            ("三千五", 3_500.0),
            ("一万二", 12_000.0),
            ("三点五", 3.5),
            ("十二点五", 12.5),
            ("20多万", 200_000.0),
            ("百万", 1_000_000.0),
            ("千万", 10_000_000.0),
            ("一百零五", 105.0),
            ("萬", 10_000.0),
        ] {
            let found = counted(&lex(text), 0).map_or(f64::NAN, |c| c.value);
            assert!((found - value).abs() < 1e-6 * value, "{text}: {found}");
        }
        assert_eq!(counted(&lex("320人"), 0), None);
    }

    #[test]
    fn guesses_are_no_numbers() {
        assert!(guesses(&lex("五六个"), 0));
        assert!(!guesses(&lex("一九四九"), 0));
        assert_eq!(rough(&lex("数百万人"), 0).map(|r| r.0), Some(1e6));
        for text in ["数字", "数十二万", "上百分之三十"] {
            assert_eq!(rough(&lex(text), 0), None, "{text}");
        }
    }
}
