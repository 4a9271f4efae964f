//! Where a text has names.

use kos_shared::text::{
    script::{is_hangul, is_unspaced},
    sentences,
};

/// Where more of the words have capitals, these say nothing: it is a headline.
const TITLE_CASE: f64 = 0.6;

/// The same for what ends with a full stop, as headlines don't: a sentence may be full of names.
const TITLE_CASE_WITH_STOP: f64 = 0.85;

/// The longest run of names whose initials may be an acronym.
const LONGEST_RUN: usize = 8;

/// A word that has the looks of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mention<'a> {
    /// As it is written, without a possessive ending.
    pub text: &'a str,
    /// As it is compared, see [`fold`].
    pub folded: String,
    /// What it looks like.
    pub shape: Shape,
    /// Folded, with the name before it and the name behind it, where they touch.
    pub joined: [Option<String>; 2],
    /// The initials of the run of capitalised words that it stands in; the same without the first word, where that
    /// has its capital from the sentence.
    pub initials: Vec<String>,
}

/// What a name looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// A capital and small letters, within a sentence.
    Capitalised,
    /// The same where any word has a capital: first in a sentence, in a headline.
    Opening,
    /// `NATO`, `U.S.`, `YouTube`.
    Acronym,
    /// Letters and digits: `A380`, `F-35`.
    Code,
}

/// One word of a text with its place.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Word<'a> {
    pub text: &'a str,
    start: usize,
    end: usize,
}

/// The words of `text`: letters and digits, with `'`, `.`, `&` and `-` inside.
pub(crate) fn words(text: &str) -> impl Iterator<Item = Word<'_>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + text[at..].find(is_part)?;
        let mut end = start;
        let mut chars = text[start..].chars().peekable();
        let mut letters = 0;
        while let Some(c) = chars.next() {
            let next = chars.peek().copied().filter(|c| is_part(*c));
            let joins = match c {
                '\'' | '’' | '&' | '-' | '‑' => next.is_some(),
                // `U.S.`, `example.com`; not `the end.Then`, where a blank is missing.
                '.' => next.is_some_and(|n| letters == 1 || !n.is_uppercase()),
                _ => false,
            };
            letters = if joins { 0 } else { letters + 1 };
            if !is_part(c) && !joins {
                break;
            }
            end += c.len_utf8();
        }
        at = end;
        Some(Word { text: &text[start..end], start, end })
    })
}

/// A letter or digit of a script that has spaces. Accents that stand alone belong to their letter.
fn is_part(c: char) -> bool {
    (c.is_alphanumeric() && !is_unspaced(c) && !is_hangul(c)) || matches!(u32::from(c), 0x300..=0x36F)
}

/// The words of `text` that may be names, in their order.
pub(crate) fn mentions(text: &str) -> Vec<Mention<'_>> {
    let mut found: Vec<Mention<'_>> = Vec::new();
    for sentence in sentences(text) {
        let sentence = &text[sentence];
        let words: Vec<Word<'_>> = words(sentence).collect();
        let most = if sentence.ends_with('.') { TITLE_CASE_WITH_STOP } else { TITLE_CASE };
        let headline = is_headline(&words, most);
        if headline == Headline::Capitals {
            continue;
        }
        let mut run: Vec<usize> = Vec::new();
        let first = found.len();
        let mut before = 0;
        for (i, word) in words.iter().enumerate() {
            let gap = &sentence[before..word.start];
            before = word.end;
            let opens = i == 0 || headline == Headline::Words || opens(gap);
            let bare = without_possessive(word.text);
            let connects = matches!(bare, "of" | "and" | "for" | "the" | "de" | "in" | "on") && !run.is_empty();
            let Some(shape) = shape(bare, opens) else {
                if !connects {
                    close(&mut found, &mut run);
                }
                continue;
            };
            if gap.trim() != "" && gap.trim() != "&" {
                close(&mut found, &mut run);
            }
            run.push(found.len());
            let mut joined = [None, None];
            let folded = fold(bare);
            let touches = i > 0 && gap.trim().is_empty() && found.len() > first;
            if let Some(previous) = found.last_mut().filter(|_| touches) {
                let both = format!("{}{folded}", previous.folded);
                previous.joined[1] = Some(both.clone());
                joined[0] = Some(both);
            }
            found.push(Mention { text: bare, folded, shape, joined, initials: Vec::new() });
        }
        close(&mut found, &mut run);
    }
    found
}

/// Gives the words of a run their initials, and ends it.
fn close(found: &mut [Mention<'_>], run: &mut Vec<usize>) {
    if (2..=LONGEST_RUN).contains(&run.len()) {
        let initials: String = run.iter().filter_map(|i| found[*i].folded.chars().next()).collect();
        let mut all = vec![initials];
        if found[run[0]].shape == Shape::Opening {
            all.push(all[0].chars().skip(1).collect());
        }
        run.iter().for_each(|i| found[*i].initials.clone_from(&all));
    }
    run.clear();
}

/// Whether a word behind this gap has a capital whatever it is.
fn opens(gap: &str) -> bool {
    gap.contains(|c: char| "\"“‘'`:：•*—–/|\n".contains(c) || c == '…' || c == '?' || c == '!') || gap.contains(". ")
}

/// How a sentence uses capitals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Headline {
    /// For names.
    No,
    /// For most words.
    Words,
    /// For most letters.
    Capitals,
}

fn is_headline(words: &[Word<'_>], most: f64) -> Headline {
    let (mut letters, mut capitals) = (0_usize, 0_usize);
    for c in words.iter().flat_map(|w| w.text.chars()).filter(|c| c.is_lowercase() || c.is_uppercase()) {
        letters += 1;
        capitals += usize::from(c.is_uppercase());
    }
    let long =
        || words.iter().skip(1).filter(|w| w.text.chars().count() >= 4 && w.text.chars().all(char::is_alphabetic));
    let capitalised = long().filter(|w| w.text.starts_with(char::is_uppercase)).count();
    let spaced = words.len() >= 3;
    if spaced && letters >= 12 && capitals * 2 > letters {
        Headline::Capitals
    } else if spaced && capitalised >= 3 && capitalised as f64 > most * long().count() as f64 {
        Headline::Words
    } else {
        Headline::No
    }
}

/// What a word looks like; `None` where it has no capital, or is one letter.
fn shape(word: &str, opens: bool) -> Option<Shape> {
    let letters = word.chars().filter(|c| c.is_alphabetic()).count();
    let capitals = word.chars().filter(|c| c.is_uppercase()).count();
    let digits = word.chars().filter(char::is_ascii_digit).count();
    if capitals == 0 || letters == 0 {
        return None;
    }
    if digits > 0 {
        // Not `1980S`, `2M`: the check of numbers sees to them.
        return (!word.starts_with(|c: char| c.is_ascii_digit())).then_some(Shape::Code);
    }
    if letters < 2 {
        return None;
    }
    let inner = word.chars().zip(word.chars().skip(1)).any(|(a, b)| a.is_lowercase() && b.is_uppercase());
    if inner || capitals == letters {
        return Some(Shape::Acronym);
    }
    let first = word.chars().next().is_some_and(char::is_uppercase);
    // `al-Assad`, `anti-Trump`: a capital behind a hyphen is enough.
    Some(if opens && first { Shape::Opening } else { Shape::Capitalised })
}

/// `Russia` of `Russia's` and `Russia’s`.
fn without_possessive(word: &str) -> &str {
    ["'s", "’s", "'S", "’S"].iter().find_map(|ending| word.strip_suffix(ending)).unwrap_or(word)
}

/// A word as it is compared: lower case, without accents, points, hyphens and apostrophes.
pub(crate) fn fold(word: &str) -> String {
    if word.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return word.to_ascii_lowercase();
    }
    let kept = word.chars().map(narrow).filter(|c| c.is_alphanumeric() || *c == '&');
    kept.flat_map(char::to_lowercase).flat_map(without_accent).collect()
}

/// Full-width forms as the narrow ones.
fn narrow(c: char) -> char {
    match u32::from(c) {
        code @ 0xFF01..=0xFF5E => char::from_u32(code - 0xFEE0).unwrap_or(c),
        _ => c,
    }
}

/// The plain letters of an accented one, as far as European names need them.
fn without_accent(c: char) -> impl Iterator<Item = char> {
    let (first, second) = match c {
        'à'..='å' | 'ā' | 'ă' | 'ą' | 'ǎ' => ('a', None),
        'æ' => ('a', Some('e')),
        'ç' | 'ć' | 'ĉ' | 'ċ' | 'č' => ('c', None),
        'ď' | 'đ' | 'ð' => ('d', None),
        'è'..='ë' | 'ē' | 'ĕ' | 'ė' | 'ę' | 'ě' => ('e', None),
        'ĝ' | 'ğ' | 'ġ' | 'ģ' => ('g', None),
        'ì'..='ï' | 'ĩ' | 'ī' | 'ĭ' | 'į' | 'ı' | 'ǐ' => ('i', None),
        'ķ' => ('k', None),
        'ĺ' | 'ļ' | 'ľ' | 'ł' => ('l', None),
        'ñ' | 'ń' | 'ņ' | 'ň' => ('n', None),
        'ò'..='ö' | 'ø' | 'ō' | 'ŏ' | 'ő' | 'ǒ' => ('o', None),
        'œ' => ('o', Some('e')),
        'ŕ' | 'ŗ' | 'ř' => ('r', None),
        'ś' | 'ŝ' | 'ş' | 'š' | 'ș' => ('s', None),
        'ß' => ('s', Some('s')),
        'ţ' | 'ť' | 'ț' => ('t', None),
        'þ' => ('t', Some('h')),
        'ù'..='ü' | 'ũ' | 'ū' | 'ŭ' | 'ů' | 'ű' | 'ų' | 'ǔ' => ('u', None),
        'ý' | 'ÿ' => ('y', None),
        'ź' | 'ż' | 'ž' => ('z', None),
        _ => (c, None),
    };
    [Some(first), second].into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(&str, Shape)> {
        mentions(text).into_iter().map(|m| (m.text, m.shape)).collect()
    }

    #[test]
    fn names_have_capitals_that_nothing_else_explains() {
        assert_eq!(
            found("Yesterday Anna Berg’s firm sold an A380 to NATO. Nobody at YouTube knew."),
            [
                ("Yesterday", Shape::Opening),
                ("Anna", Shape::Capitalised),
                ("Berg", Shape::Capitalised),
                ("A380", Shape::Code),
                ("NATO", Shape::Acronym),
                ("Nobody", Shape::Opening),
                ("YouTube", Shape::Acronym),
            ]
        );
        assert_eq!(
            found("He said: “We like Oslo.”"),
            [("He", Shape::Opening), ("We", Shape::Opening), ("Oslo", Shape::Capitalised)]
        );
        assert_eq!(
            found("新款iPhone由Apple在U.S.发布"),
            [("iPhone", Shape::Acronym), ("Apple", Shape::Capitalised), ("U.S", Shape::Acronym)]
        );
    }

    #[test]
    fn capitals_of_headlines_say_nothing() {
        assert!(found("Council Approves New Harbour Bridge After Long Debate").iter().all(|f| f.1 == Shape::Opening));
        assert_eq!(found("COUNCIL APPROVES NEW BRIDGE"), []);
    }

    #[test]
    fn folding_leaves_letters_and_digits() {
        assert_eq!(
            ["São", "U.S.", "Jean-Luc", "O’Neil", "Ａ３８０"].map(fold),
            ["sao", "us", "jeanluc", "oneil", "a380"]
        );
    }
}
