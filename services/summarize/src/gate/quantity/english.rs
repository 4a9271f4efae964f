//! English number words: `twenty-one`, `two hundred and fifty thousand`, `two-thirds`, `millions`.

use super::lexer::{Kind, Token, power_of_ten};

/// What number words come to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Spelled {
    /// Their value.
    pub value: f64,
    /// Another reading.
    pub also: Option<f64>,
    /// The worth of the last digit that isn't a padding zero.
    pub step: f64,
    /// The number of the first token behind them.
    pub next: usize,
}

const ONES: [&str; 20] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];
const TENS: [&str; 8] = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];
const ORDINALS: [&str; 20] = [
    "zeroth",
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
    "twelfth",
    "thirteenth",
    "fourteenth",
    "fifteenth",
    "sixteenth",
    "seventeenth",
    "eighteenth",
    "nineteenth",
];
const ORDINAL_TENS: [&str; 8] =
    ["twentieth", "thirtieth", "fortieth", "fiftieth", "sixtieth", "seventieth", "eightieth", "ninetieth"];

/// Words that state a number without being one; they support it and are never held against a summary.
const HINTS: &[(&str, f64)] = &[
    ("once", 1.0),
    ("a", 1.0),
    ("an", 1.0),
    ("no", 0.0),
    ("none", 0.0),
    ("goalless", 0.0),
    ("scoreless", 0.0),
    ("nil", 0.0),
    ("couple", 2.0),
    ("both", 2.0),
    ("pair", 2.0),
    ("twin", 2.0),
    ("twins", 2.0),
    ("twice", 2.0),
    ("double", 2.0),
    ("doubled", 2.0),
    ("doubles", 2.0),
    ("brace", 2.0),
    ("duo", 2.0),
    ("trio", 3.0),
    ("triple", 3.0),
    ("tripled", 3.0),
    ("triplets", 3.0),
    ("thrice", 3.0),
    ("quarterly", 3.0),
    ("quartet", 4.0),
    ("quadruple", 4.0),
    ("quintet", 5.0),
    ("dozen", 12.0),
    ("noon", 12.0),
    ("midday", 12.0),
    ("midnight", 0.0),
    ("fortnight", 14.0),
    ("decade", 10.0),
    ("century", 100.0),
    ("centenary", 100.0),
    ("bicentenary", 200.0),
    ("hundred", 100.0),
];

/// What a word like `million` multiplies by; short forms too.
pub(super) fn scale(word: &str) -> Option<f64> {
    Some(match word {
        "hundred" => 1e2,
        "thousand" => 1e3,
        "million" | "mn" | "mln" => 1e6,
        "billion" | "bn" | "bln" => 1e9,
        "trillion" | "tn" | "trn" => 1e12,
        _ => return None,
    })
}

/// What a letter glued to a figure may multiply by: `5m` is five million, or five metres.
pub(super) fn suffix(word: &str) -> Option<f64> {
    Some(match word {
        "k" => 1e3,
        "m" => 1e6,
        "b" => 1e9,
        "t" => 1e12,
        _ => return scale(word).filter(|s| *s > 1e2),
    })
}

/// The least that `hundreds`, `tens of thousands`, `millions` can be, the first number above what they are, and
/// the token behind them.
pub(super) fn rough(tokens: &[Token], i: usize) -> Option<(f64, f64, usize)> {
    let plural = |i: usize| {
        Some(match tokens.get(i).map(Token::word)? {
            "tens" => 10.0,
            "dozens" | "scores" => 20.0,
            "hundreds" => 1e2,
            "thousands" => 1e3,
            "millions" => 1e6,
            "billions" => 1e9,
            "trillions" => 1e12,
            _ => return None,
        })
    };
    if let Some((low, next)) = decade(tokens, i) {
        return Some((low, low + 10.0, next));
    }
    let first = plural(i)?;
    let of = tokens.get(i + 1).is_some_and(|t| t.word() == "of");
    match plural(i + 2).filter(|second| of && *second > first) {
        Some(second) => Some((first * second, first * second * 10.0, i + 3)),
        None if first < 1e2 => (first > 10.0).then_some((first, 120.0, i + 1)),
        None => Some((first, first * if first < 1e3 { 100.0 } else { 1000.0 }, i + 1)),
    }
}

/// `thirties`, `nineteen thirties`: the first year, and the token behind them.
fn decade(tokens: &[Token], i: usize) -> Option<(f64, usize)> {
    let tens = |k: usize| {
        let stem = tokens.get(k)?.word().strip_suffix("ies")?;
        TENS.iter().position(|t| t.strip_suffix('y') == Some(stem)).map(|at| (at + 2) as f64 * 10.0)
    };
    let century = cardinal(tokens.get(i)?.word()).filter(|c| (15.0..=20.0).contains(c));
    let behind = i + 1 + usize::from(tokens.get(i + 1).is_some_and(|t| t.kind == Kind::Mark('-')));
    let of_a_century = century.and_then(|c| Some((c * 100.0 + tens(behind)?, behind + 1)));
    of_a_century.or_else(|| Some((tens(i)?, i + 1)))
}

/// A word that states a number without being one.
pub(super) fn hint(word: &str) -> Option<f64> {
    HINTS.iter().find(|(hint, _)| *hint == word).map(|(_, value)| *value)
}

/// A Roman number of two letters or more, as behind kings and wars.
pub(super) fn roman(token: &Token) -> Option<f64> {
    const ROMAN: [&str; 19] = [
        "ii", "iii", "iv", "vi", "vii", "viii", "ix", "xi", "xii", "xiii", "xiv", "xv", "xvi", "xvii", "xviii", "xix",
        "xx", "xxi", "xxii",
    ];
    const VALUES: [f64; 19] =
        [2.0, 3.0, 4.0, 6.0, 7.0, 8.0, 9.0, 11.0, 12.0, 13.0, 14.0, 15.0, 16.0, 17.0, 18.0, 19.0, 20.0, 21.0, 22.0];
    let Kind::Word { lower, upper: true, .. } = &token.kind else { return None };
    ROMAN.iter().position(|r| r == lower).map(|at| VALUES[at])
}

/// The number that is spelled out from token `i` on, the longest there is.
pub(super) fn spelled(tokens: &[Token], i: usize) -> Option<Spelled> {
    let word = |k: usize| tokens.get(k).map_or("", Token::word);
    if word(i) == "half" {
        // `half a million`; a lone half is also 50 percent.
        let scaled = matches!(word(i + 1), "a" | "an").then(|| scale(word(i + 2)).or(hint(word(i + 2)))).flatten();
        return Some(match scaled.filter(|s| *s > 1.0) {
            Some(s) => Spelled { value: s / 2.0, also: None, step: s / 2.0, next: i + 3 },
            None => Spelled { value: 0.5, also: Some(50.0), step: 0.0, next: i + 1 },
        });
    }
    if word(i) == "quarter"
        && word(i + 1) == "of"
        && matches!(word(i + 2), "a" | "an")
        && let Some(s) = scale(word(i + 3))
    {
        return Some(Spelled { value: s / 4.0, also: None, step: s / 4.0, next: i + 4 });
    }
    if word(i) == "quarter" {
        return Some(Spelled { value: 0.25, also: Some(25.0), step: 0.0, next: i + 1 });
    }
    if let Some(value) = position(&ORDINALS, word(i)).or_else(|| tens(&ORDINAL_TENS, word(i))) {
        // `a third` may be a part.
        let also = (value >= 3.0).then(|| 1.0 / value);
        return Some(Spelled { value, also, step: 0.0, next: i + 1 });
    }
    let (mut total, mut current, mut largest) = (0.0, None::<f64>, f64::INFINITY);
    let mut k = i;
    loop {
        let at = k + usize::from(k > i && joins(tokens, k));
        if let Some(value) = cardinal(word(at)) {
            current = Some(match current {
                None => value,
                Some(c) if c % 100.0 >= 20.0 && c % 10.0 == 0.0 && (1.0..10.0).contains(&value) => c + value,
                Some(c) if c >= 100.0 && c % 100.0 == 0.0 && value < 100.0 => c + value,
                // `nineteen eighty-four`
                Some(c) if (10.0..21.0).contains(&c) && value >= 10.0 => c * 100.0 + value,
                Some(_) => break,
            });
        } else if let Some(s) = scale(word(at)).filter(|_| k > i || word(at).len() > 3) {
            if s == 100.0 {
                current = Some(current.unwrap_or(1.0) * s);
            } else if s < largest {
                total += current.take().unwrap_or(1.0) * s;
                largest = s;
            } else {
                break;
            }
        } else if word(at) == "point" && at == k && largest.is_infinite() && current.is_some_and(|c| c.fract() == 0.0) {
            // `forty-two point five million`
            let digits: Vec<f64> = (at + 1..at + 7).map_while(|k| cardinal(word(k)).filter(|d| *d < 10.0)).collect();
            if digits.is_empty() {
                break;
            }
            let read = digits.iter().fold(0.0, |sum, d| sum * 10.0 + d);
            current = current.map(|c| c + read / power_of_ten(digits.len()));
            k = at + digits.len() + 1;
            continue;
        } else if current.is_some() && [word(at), word(at + 1), word(at + 2)] == ["and", "a", "half"] {
            // `six and a half million`
            current = current.map(|c| c + 0.5);
            k = at + 3;
            continue;
        } else if word(at) == "dozen" && k > i {
            current = Some(current.unwrap_or(1.0) * 12.0);
        } else if let Some(value) = position(&ORDINALS, word(at)).filter(|v| (1.0..10.0).contains(v))
            && let Some(c) = current.filter(|c| c % 100.0 >= 20.0 && c % 10.0 == 0.0)
        {
            return Some(Spelled { value: total + c + value, also: None, step: 0.0, next: at + 1 });
        } else {
            break;
        }
        k = at + 1;
    }
    if k == i {
        return None;
    }
    let value = total + current.unwrap_or(0.0);
    if let Some((part, next)) = denominator(tokens, k).filter(|_| (1.0..20.0).contains(&value)) {
        return Some(Spelled { value: value / part, also: None, step: 0.0, next });
    }
    Some(Spelled { value, also: None, step: step(value), next: k })
}

/// The worth of a whole number's last digit that isn't a zero.
pub(super) fn step(value: f64) -> f64 {
    let zeros = (1..=15).take_while(|n| value > 0.0 && value % power_of_ten(*n) == 0.0).count();
    power_of_ten(zeros)
}

/// Whether token `k` is nothing but a joint of a number: a hyphen, or `and` behind hundred and thousand.
fn joins(tokens: &[Token], k: usize) -> bool {
    let number = |k: usize| tokens.get(k).is_some_and(|t| cardinal(t.word()).is_some());
    let Some(token) = tokens.get(k) else { return false };
    match token.word() {
        "and" => matches!(tokens[k - 1].word(), "hundred" | "thousand") && number(k + 1),
        _ => token.kind == Kind::Mark('-') && !token.spaced,
    }
}

/// The denominator of a part and the token behind it, a hyphen before it left out.
fn denominator(tokens: &[Token], k: usize) -> Option<(f64, usize)> {
    let at = k + usize::from(tokens.get(k).is_some_and(|t| t.kind == Kind::Mark('-') && !t.spaced));
    let word = tokens.get(at)?.word();
    let part = match word {
        "half" | "halves" => 2.0,
        "quarter" | "quarters" => 4.0,
        _ => position(&ORDINALS, word.strip_suffix('s').unwrap_or(word)).filter(|v| *v >= 3.0)?,
    };
    Some((part, at + 1))
}

fn cardinal(word: &str) -> Option<f64> {
    position(&ONES, word).or_else(|| tens(&TENS, word))
}

fn position(words: &[&str], word: &str) -> Option<f64> {
    words.iter().position(|w| *w == word).map(|at| at as f64)
}

fn tens(words: &[&str], word: &str) -> Option<f64> {
    position(words, word).map(|at| (at + 2.0) * 10.0)
}

#[cfg(test)]
mod tests {
    use super::{super::lexer::lex, *};

    #[test]
    fn number_words_have_their_value() {
        for (text, value) in [
            ("three", 3.0),
            ("Twenty-one people", 21.0),
            ("two hundred and fifty thousand", 250_000.0),
            ("one million two hundred thousand", 1_200_000.0),
            ("a", f64::NAN),
            ("thousand", 1_000.0),
            ("half a million", 500_000.0),
            ("two dozen", 24.0),
            ("nineteen eighty-four", 1984.0),
            ("twenty-first", 21.0),
            ("twelfth", 12.0),
            ("two-thirds", 2.0 / 3.0),
            ("three quarters", 0.75),
            ("five and six", 5.0),
            ("half", 0.5),
            ("quarter of a million", 250_000.0),
            ("quarter of a ton", 0.25),
            ("forty two point five million", 42_500_000.0),
            ("six and a half million", 6_500_000.0),
            ("two point", 2.0),
        ] {
            let found = spelled(&lex(text), 0).map_or(f64::NAN, |s| s.value);
            assert!(found == value || (found.is_nan() && value.is_nan()), "{text}: {found}");
        }
    }

    #[test]
    fn vague_plurals_are_ranges() {
        let range = |text: &str| rough(&lex(text), 0).map(|(low, high, _)| (low, high));
        assert_eq!(range("tens of thousands"), Some((1e4, 1e5)));
        assert_eq!(range("millions of people"), Some((1e6, 1e9)));
        assert_eq!(range("million"), None);
        assert_eq!(range("nineteen thirties"), Some((1930.0, 1940.0)));
        assert_eq!(range("thirties"), Some((30.0, 40.0)));
    }
}
