//! Terms: what articles are indexed by, and what queries look for. Both go through [`tokens`], on both databases.
//!
//! A word is folded (NFKC, lower case, without accents) and, where it is plain Latin, stemmed as English (Porter 2), whatever
//! the language: what matters is that article and query agree. Scripts without spaces, and Korean, whose particles hang on
//! its words, become pairs of neighbouring characters: a query's pairs in a row find it inside any longer run, without a
//! dictionary. Traditional and Simplified characters stay what they are.

use std::{
    borrow::Cow,
    ops::{ControlFlow, Range},
    sync::LazyLock,
};

use kos_shared::text::script::{is_hangul, is_unspaced};
use rust_stemmers::{Algorithm, Stemmer};
use unicode_normalization::{IsNormalized, UnicodeNormalization, char::is_combining_mark, is_nfkc_quick};

/// The longest term, in characters; what is longer is cut, here as there.
const TERM_CHARS: usize = 64;

static ENGLISH: LazyLock<Stemmer> = LazyLock::new(|| Stemmer::create(Algorithm::English));

/// A term, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// The term: letters, marks and digits; nothing that any language of queries knows.
    pub term: String,
    /// Where it stands in the text, in bytes. Pairs of characters overlap.
    pub range: Range<usize>,
    /// Whether it is one lone character of a script without spaces.
    pub lone: bool,
}

/// The terms of `text` in their order.
pub fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::with_capacity(text.len() / 5);
    let _: ControlFlow<()> = visit(text, |spelling, range, lone| {
        let term = spelling.term();
        if !term.is_empty() {
            tokens.push(Token { term: term.into_owned(), range, lone });
        }
        ControlFlow::Continue(())
    });
    tokens
}

/// How a text spells a term; the same spelling is always the same term.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Spelling<'t> {
    /// A word as it stands in the text.
    Word(&'t str),
    /// One or two characters, folded already.
    Characters(Cow<'t, str>),
}

impl<'t> Spelling<'t> {
    /// Whether its term may be `term`. Folding and stemming keep a first ASCII letter but for its case, so most that spell
    /// another one are told apart without them.
    pub fn may_be(&self, term: &str) -> bool {
        let spelled = match self {
            Self::Word(word) => word,
            Self::Characters(characters) => characters.as_ref(),
        };
        match (spelled.bytes().next(), term.bytes().next()) {
            (Some(first), Some(wanted)) if first.is_ascii() => first.eq_ignore_ascii_case(&wanted),
            _ => true,
        }
    }

    /// The term. Of a word that has nothing to look for, such as marks alone, it is empty.
    pub fn term(self) -> Cow<'t, str> {
        match self {
            Self::Word(word) => Cow::Owned(folded(word)),
            Self::Characters(characters) => characters,
        }
    }
}

/// Goes through the terms of `text` in their order, each with where it stands and whether it is lone, as far as `each` wants
/// to go on.
pub(crate) fn visit<'t, B>(
    text: &'t str,
    mut each: impl FnMut(Spelling<'t>, Range<usize>, bool) -> ControlFlow<B>,
) -> ControlFlow<B> {
    let mut at = 0;
    while let Some((start, kind)) = next_start(text, at) {
        let end = run_end(text, start, kind);
        match kind {
            Kind::Word => {
                at = end + possessive(&text[end..]);
                each(Spelling::Word(&text[start..end]), start..at, false)?;
            }
            Kind::Unspaced => {
                at = end;
                pairs(text, start..end, &mut each)?;
            }
        }
    }
    ControlFlow::Continue(())
}

/// The characters of `text` that queries of one character look for: those of scripts without spaces, each once.
pub fn characters(text: &str) -> Vec<char> {
    let mut all: Vec<char> = vec![];
    // Nothing that is ASCII is one of them, or becomes one together with what stands beside it.
    for run in text.split(|c: char| c.is_ascii()).filter(|run| !run.is_empty()) {
        match is_folded(run) {
            true => all.extend(run.chars().filter(|c| Kind::of(*c) == Some(Kind::Unspaced))),
            false => all.extend(run.nfkc().filter(|c| Kind::of(*c) == Some(Kind::Unspaced))),
        }
    }
    all.sort_unstable();
    all.dedup();
    all
}

/// How a run of characters becomes terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Whole.
    Word,
    /// In pairs.
    Unspaced,
}

impl Kind {
    fn of(c: char) -> Option<Self> {
        if c.is_ascii() {
            return c.is_ascii_alphanumeric().then_some(Self::Word);
        }
        if is_unspaced(c) || is_hangul(c) {
            return Some(Self::Unspaced);
        }
        (c.is_alphanumeric() && !is_combining_mark(c)).then_some(Self::Word)
    }
}

fn next_start(text: &str, from: usize) -> Option<(usize, Kind)> {
    text[from..].char_indices().find_map(|(at, c)| Kind::of(c).map(|kind| (from + at, kind)))
}

fn run_end(text: &str, start: usize, kind: Kind) -> usize {
    let inside = |c: char| Kind::of(c) == Some(kind) || is_ignored(c) || (!c.is_ascii() && is_combining_mark(c));
    text[start..].find(|c| !inside(c)).map_or(text.len(), |length| start + length)
}

/// The soft hyphen and the joiners, which are written inside of words and not read.
fn is_ignored(c: char) -> bool {
    matches!(c, '\u{AD}' | '\u{200B}'..='\u{200D}' | '\u{2060}')
}

/// The length of the `'s` that `rest` begins with.
fn possessive(rest: &str) -> usize {
    let suffix = ["'s", "’s", "'S", "’S"].into_iter().find(|suffix| rest.starts_with(suffix));
    suffix.filter(|s| !rest[s.len()..].starts_with(char::is_alphanumeric)).map_or(0, str::len)
}

fn folded(word: &str) -> String {
    let folded = if word.is_ascii() { word.to_ascii_lowercase() } else { fold(word) };
    let mut term = match folded.char_indices().nth(TERM_CHARS) {
        Some((end, _)) => folded[..end].to_owned(),
        None => folded,
    };
    if term.len() > 2 && term.bytes().all(|b| b.is_ascii_lowercase()) {
        let stem = ENGLISH.stem(&term).into_owned();
        term = stem;
    }
    term
}

fn fold(word: &str) -> String {
    let lower = word.to_lowercase();
    // The accents of Latin, Greek and Cyrillic; other scripts spell with their marks.
    let is_accent = |c: &char| matches!(c, '\u{300}'..='\u{36F}');
    let bare = lower.nfkd().filter(|c| !is_accent(c) && !is_ignored(*c));
    // Compatibility forms may hold what is no letter, and a capital: ℀, ㏂.
    bare.nfkc().flat_map(char::to_lowercase).filter(|c| c.is_alphanumeric() || is_combining_mark(*c)).collect()
}

/// Whether characters of scripts without spaces are as they are folded: most are, and this is told sooner than folding them.
fn is_folded(run: &str) -> bool {
    run.chars().all(|c| matches!(c, '\u{4E00}'..='\u{9FFF}')) || is_nfkc_quick(run.chars()) == IsNormalized::Yes
}

/// The pairs of a run, the one character of a run that has no other.
fn pairs<'t, B>(
    text: &'t str,
    run: Range<usize>,
    each: &mut impl FnMut(Spelling<'t>, Range<usize>, bool) -> ControlFlow<B>,
) -> ControlFlow<B> {
    let source = text[run.clone()].char_indices().map(|(at, c)| {
        let start = run.start + at;
        (c, start..start + c.len_utf8())
    });
    let is_read = |c: char| !is_combining_mark(c) && !is_ignored(c);
    if text[run.clone()].chars().all(is_read) && is_folded(&text[run.clone()]) {
        let mut places = source.map(|(_, range)| range);
        let Some(mut first) = places.next() else { return ControlFlow::Continue(()) };
        if first.end == run.end {
            return each(Spelling::Characters(text[first.clone()].into()), first, true);
        }
        for second in places {
            let range = first.start..second.end;
            each(Spelling::Characters(text[range.clone()].into()), range, false)?;
            first = second;
        }
        return ControlFlow::Continue(());
    }
    let source: Vec<_> = source.filter(|(c, _)| is_read(*c)).collect();
    // A voiced sound mark that stands alone becomes a blank and a mark, for one.
    let is_character = |c: &char| Kind::of(*c) == Some(Kind::Unspaced) && !is_combining_mark(*c);
    let folded: Vec<char> = text[run.clone()].nfkc().filter(is_character).collect();
    // Where characters were joined (half-width kana, single letters of Korean) nobody knows which are which any more.
    let place = |index: usize| match folded.len() == source.len() {
        true => source[index].1.clone(),
        false => run.clone(),
    };
    if let [only] = folded[..] {
        each(Spelling::Characters(only.to_string().into()), place(0), true)?;
    }
    for (index, pair) in folded.windows(2).enumerate() {
        let range = place(index).start..place(index + 1).end;
        each(Spelling::Characters(pair.iter().collect::<String>().into()), range, false)?;
    }
    ControlFlow::Continue(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(text: &str) -> Vec<String> {
        tokens(text).into_iter().map(|token| token.term).collect()
    }

    #[test]
    fn words_of_one_stem_are_one_term() {
        assert_eq!(terms("run Running RUNS"), ["run", "run", "run"]);
        assert_eq!(terms("The minister's ministers’ budget"), ["the", "minist", "minist", "budget"]);
        assert_eq!(terms("Café cafe ＣＡＦÉ"), ["cafe", "cafe", "cafe"]);
        assert_eq!(terms("COVID-19, 3.5%"), ["covid", "19", "3", "5"]);
        assert_eq!(terms("Ёлка её й"), ["елка", "ее", "и"]);
        assert_eq!(terms("it's 's s’s"), ["it", "s", "s"]);
    }

    #[test]
    fn characters_without_spaces_come_in_pairs() {
        assert_eq!(terms("安装简单。"), ["安装", "装简", "简单"]);
        assert_eq!(terms("A股，Ｇ２０峰会"), ["a", "股", "g20", "峰会"]);
        assert_eq!(terms("서울에서 말"), ["서울", "울에", "에서", "말"]);
        assert_eq!(terms("ｶﾞｽ"), ["ガス"]);
        assert_eq!(terms("か゛く"), ["かく"]);
        assert!(terms(" …，。!\0\u{7f}😀\"*()-+:^{}%_\\'").is_empty());
    }

    #[test]
    fn a_term_knows_where_it_stands() {
        let text = "“Running” 安装简单 Anna’s é";
        let found: Vec<_> = tokens(text).into_iter().map(|token| &text[token.range]).collect();
        assert_eq!(found, ["Running", "安装", "装简", "简单", "Anna’s", "é"]);
    }

    #[test]
    fn a_term_is_letters_marks_and_digits_whatever_the_text() {
        let mut state = 7_u64;
        for _ in 0..2_000 {
            let text: String = (0..30)
                .filter_map(|_| {
                    state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    let range = if state & 3 == 0 { 0x80 } else { 0x2_0000 };
                    char::from_u32((state >> 33) as u32 % range)
                })
                .collect();
            for token in tokens(&text) {
                let syntax = |c: char| c.is_whitespace() || c.is_control() || c.is_ascii_punctuation();
                let private = |c: char| matches!(c, '\u{E000}'..='\u{F8FF}');
                let plain = !token.term.is_empty() && !token.term.contains(|c| syntax(c) || private(c));
                assert!(plain, "{token:?} of {text:?}");
                assert!(text.get(token.range.clone()).is_some_and(|part| !part.is_empty()), "{token:?} of {text:?}");
            }
        }
        assert_eq!(terms(&"x".repeat(10_000))[0].len(), TERM_CHARS);
    }

    #[test]
    fn a_spelling_may_be_its_own_term_and_is_told_apart_from_most_others() {
        let mut state = 11_u64;
        let mut random = |range: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % range
        };
        let exceptions =
            "dying lying tying skis skies idly gently ugly early only singly yes Youth É e\u{301}t Ａb 简单";
        let made_up = (0..20_000).filter_map(|_| {
            let range = [0x80, 0x80, 0x80, 0x500, 0x2_0000][random(5) as usize];
            char::from_u32(random(range) as u32)
        });
        let text: String = exceptions.chars().chain(made_up).collect();
        let _: ControlFlow<()> = visit(&text, |spelling, _, _| {
            let term = spelling.clone().term();
            assert!(term.is_empty() || spelling.may_be(&term), "{spelling:?} {term}");
            ControlFlow::Continue(())
        });
        assert!(!Spelling::Word("Ferries").may_be("boat") && Spelling::Word("Ferries").may_be("ferri"));
    }

    #[test]
    fn each_character_is_there_once() {
        assert_eq!(characters("汽车a车。"), ['汽', '车']);
        assert_eq!(characters("ｶﾞａ \u{1100}\u{1161}か\u{3099}"), ['が', 'ガ', '\u{AC00}']);
    }
}
