//! Where sentences end.
//!
//! Rules without a dictionary but for English abbreviations; in doubt, two sentences are left together
//! rather than one being cut in two.

use std::ops::Range;

use super::{abbreviation::keeps_its_stop, script::is_unspaced};

/// Marks that end a sentence whatever follows them: Chinese and Japanese, Arabic and Urdu, Indic,
/// Armenian, Ethiopic, Khmer, Burmese, the Greek question mark.
const STRONG: &str = "。！？；｡︒؟۔।॥։።፧፨។៕။\u{37E}";

/// Marks that close what a sentence opened.
const CLOSERS: &str = ")]}”’」』）】》〉〕］｝｣＂＇";

/// Marks that open something; the last ones also close, by another country's rules.
const OPENERS: &str = "([{„‚「『（【《〈〔［｛｢¿¡\"'`“‘«»‹›";

/// How far, in characters, the end of a title in 《 》 is looked for.
const TITLE_REACH: usize = 50;

/// How far back, in characters, the word before a mark is looked for. Longer than any abbreviation; it
/// keeps the time linear where a text has no blanks.
const WORD_REACH: usize = 16;

/// The sentences of `text` in their order, as byte ranges: none is empty, none overlaps another, none
/// begins or ends with white space, and everything else of the text is in one of them.
///
/// Closing quotes and brackets stay with their sentence, and a line's end always ends one.
pub fn sentences(text: &str) -> Sentences<'_> {
    Sentences { text, at: 0 }
}

/// Iterates over a text's sentences, see [`sentences`].
#[derive(Debug, Clone)]
pub struct Sentences<'a> {
    text: &'a str,
    at: usize,
}

impl Iterator for Sentences<'_> {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        let start = self.text.len() - self.text[self.at..].trim_start().len();
        if start == self.text.len() {
            return None;
        }
        self.at = sentence_end(self.text, start);
        let length = self.text[start..self.at].trim_end().len();
        Some(start..start + length)
    }
}

/// Whether a character ends a line, and so a paragraph.
pub fn is_line_end(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{B}' | '\u{C}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// What kind of end a run of marks may be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    /// One full stop: perhaps of an abbreviation or a number.
    Stop,
    /// `!`, `?`, an ellipsis: the sentence may go on.
    Weak,
    /// Ends a sentence.
    Strong,
}

impl Mark {
    fn of(c: char) -> Option<Self> {
        match c {
            '.' => Some(Self::Stop),
            '!' | '?' | '…' | '‥' | '．' | '‽' => Some(Self::Weak),
            _ => (!c.is_ascii() && STRONG.contains(c)).then_some(Self::Strong),
        }
    }

    /// What two marks in a row are together.
    fn and(self, other: Self) -> Self {
        if self == Self::Strong || other == Self::Strong { Self::Strong } else { Self::Weak }
    }
}

/// Where the sentence that begins at `start` ends: behind its last mark, or at its line's end.
fn sentence_end(text: &str, start: usize) -> usize {
    let mut at = start;
    let mut quotes = 0_usize;
    let mut title_end = start;
    while let Some(c) = first(&text[at..]) {
        if is_line_end(c) {
            return at;
        }
        let after = at + c.len_utf8();
        let Some(mut mark) = Mark::of(c).filter(|_| at >= title_end) else {
            match c {
                '"' => quotes += 1,
                '《' => title_end = title_end.max(end_of_title(text, after)),
                _ => {}
            }
            at = after;
            continue;
        };
        let mut run_end = after;
        while let Some((next, c)) = first(&text[run_end..]).and_then(|c| Some((Mark::of(c)?, c))) {
            mark = mark.and(next);
            run_end += c.len_utf8();
        }
        let closed = closers_end(text, run_end, quotes % 2 == 1);
        if ends(&text[start..at], mark, &text[closed..]) {
            return closed;
        }
        at = run_end;
    }
    at
}

fn first(text: &str) -> Option<char> {
    text.chars().next()
}

/// Where a title that 《 opened ends: marks inside it end no sentence. `from` where it never ends.
fn end_of_title(text: &str, from: usize) -> usize {
    let reach = text[from..].char_indices().take(TITLE_REACH);
    let mut inside = reach.take_while(|(_, c)| !is_line_end(*c));
    inside.find(|(_, c)| *c == '》').map_or(from, |(at, _)| from + at)
}

/// Where the closing marks at `from` end.
fn closers_end(text: &str, from: usize, inside_quotes: bool) -> usize {
    let mut at = from;
    let mut inside_quotes = inside_quotes;
    while let Some(c) = first(&text[at..]) {
        let after = at + c.len_utf8();
        let free = first(&text[after..]).is_none_or(|c| c.is_whitespace() || CLOSERS.contains(c));
        let closes = match c {
            '"' => std::mem::take(&mut inside_quotes) || free,
            '\'' | '“' | '‘' | '«' | '»' | '‹' | '›' => free,
            // Tokenized text: a quote that stands alone behind the mark.
            ' ' => stands_alone(&text[after..]),
            _ => CLOSERS.contains(c),
        };
        if !closes {
            break;
        }
        at = after;
    }
    at
}

fn stands_alone(text: &str) -> bool {
    let rest = text.strip_prefix("''").or_else(|| text.strip_prefix(['\'', '"', '”', '’', ')']));
    rest.is_some_and(|rest| first(rest).is_none_or(char::is_whitespace))
}

/// Whether `mark` ends the sentence, `before` being what it has so far and `after` what follows the mark
/// and the closing marks behind it.
fn ends(before: &str, mark: Mark, after: &str) -> bool {
    let Some(next) = first(after).filter(|c| !is_line_end(*c)) else { return true };
    if matches!(next, ',' | '，' | '、' | '：' | ':' | ';') {
        return false;
    }
    if mark == Mark::Strong {
        return true;
    }
    let word = last_word(before);
    // `1. First`, `2.其次`, `1.2. Third`: the number of an item.
    let number = |word: &str| word.starts_with(char::is_numeric) && word.chars().all(|c| c.is_numeric() || c == '.');
    if mark == Mark::Stop && word.len() == before.len() && number(word) {
        return false;
    }
    if !next.is_whitespace() {
        let behind_digit = mark == Mark::Stop && word.ends_with(|c: char| c.is_ascii_digit());
        return !behind_digit && (is_unspaced(next) || "“‘「『（【《〈".contains(next));
    }
    let following = after.trim_start_matches(|c: char| (c.is_whitespace() && !is_line_end(c)) || OPENERS.contains(c));
    match first(following) {
        // `. . .` is an ellipsis with spaces.
        Some(c) if c.is_lowercase() || Mark::of(c).is_some() => false,
        Some(c) if !is_line_end(c) => mark != Mark::Stop || !keeps_its_stop(word, following),
        _ => true,
    }
}

/// The end of `text` behind its last blank or opening mark, of a word too long to matter only a part.
fn last_word(text: &str) -> &str {
    let boundary = |c: &char| c.is_whitespace() || OPENERS.contains(*c) || "—–/".contains(*c);
    let length: usize = text.chars().rev().take(WORD_REACH).take_while(|c| !boundary(c)).map(char::len_utf8).sum();
    &text[text.len() - length..]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> Vec<&str> {
        sentences(text).map(|range| &text[range]).collect()
    }

    /// Splits `text` at `|` and expects the sentences to be just these.
    fn expect(text: &str) {
        let expected: Vec<_> = text.split('|').map(str::trim).collect();
        assert_eq!(split(&text.replace('|', "")), expected);
    }

    #[test]
    fn abbreviations_and_initials_end_no_sentence() {
        expect("Mr. Smith met Dr. J. R. Jones of Acme Corp. yesterday.| They spoke.");
        expect("The U.S. Army moved at 5 p.m. on Jan. 5, 2024.| It rained, e.g. Paris got wet.");
        expect("He left the U.S. The next day he was in St. Louis.".replace("S. The", "S.| The").as_str());
        expect("See No. 5 and Fig. 3.| He said no.| Then he left.");
        expect("George W. Bush, Roe v. Wade and John Smith Jr. of Ohio.| A new case.");
        expect("Dekalb, Ill. — Mike of Austin, Tex. won.| He lives in Ore.| The rain fell.");
        expect("She holds a Ph.D. from Oslo.| Prices rose, etc.| The end.");
        expect("Писал А. С. Пушкин.| Потом пришёл Гоголь.");
    }

    #[test]
    fn numbers_addresses_and_items_stay_whole() {
        expect("It rose 3.5 percent to 1.2 million.| See www.example.com for more.| Node.js too.");
        expect("1. Wash the rice.| 2. Boil it.");
        expect("1.2. Boil it.");
        expect("1.1.电子商务的概念");
        expect("2.其次,加水。|然后等待。");
        expect("增长3.5个百分点。|版本2.0发布。");
    }

    #[test]
    fn closing_marks_stay_with_their_sentence() {
        expect("\"I won.\" |\"No!\" |He left (at last.) |Then \"why?\" he asked.");
        expect("He said “it is over.” |“Is it?” |‘Yes.’ |End.");
        expect("他说：“结束了。”|“真的吗？”|（确实如此。）|她走了！");
        expect("彼は「終わった。」|と言った。");
        expect("他说:\"好。\"|\"走吧。\"|完");
        expect("„Schluss.“ |Er ging. |»Nein.« |«Oui.» |Fin.");
    }

    #[test]
    fn chinese_marks_end_sentences_and_titles_hold_them() {
        expect("今天下雨；|明天晴。|后天呢？！|不知道……|算了");
        expect("他读了《你好！世界》和《在吗？》两本书。|很好。");
        expect("他问“好吗？”，没有人答。|《没有结尾。|后来呢");
    }

    #[test]
    fn an_ellipsis_ends_a_sentence_only_where_another_begins() {
        expect("Well... maybe not.| So... |Then he left… |But why?");
        expect("Wait . . . what?");
    }

    #[test]
    fn a_line_always_ends_a_sentence() {
        expect("A heading |\nThe first\tline. |\r\n\r\nMr.|\nNext\u{2028}|last  ");
        assert!(split("").is_empty());
        assert!(split(" \n\t\r\n ").is_empty());
    }

    #[test]
    fn other_scripts_have_their_own_marks() {
        expect("كيف حالك؟ |أنا بخير. |شكرا لك.");
        expect("یہ پہلا جملہ ہے۔ |یہ دوسرا ہے۔");
        expect("यह पहला वाक्य है। |यह दूसरा है॥");
        expect("ሰላም ነው። |ደህና።");
    }

    #[test]
    fn tokenized_text_is_split_too() {
        expect("He drew 0-0 with Burnley on Sunday . |'Just been watching . ' |Merson put it on Twitter .");
    }

    #[test]
    fn nothing_but_white_space_is_lost_whatever_the_text() {
        let alphabet: Vec<char> = "aB.!?… \n\"'“”‘’《》（。？；)1中é,U\u{2028}।-`".chars().collect();
        let mut state = 1_u64;
        for _ in 0..3_000 {
            let text: String = (0..40)
                .map(|_| {
                    state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    alphabet[(state >> 33) as usize % alphabet.len()]
                })
                .collect();
            let mut end = 0;
            for range in sentences(&text) {
                assert!(text[end..range.start].trim().is_empty(), "lost text of {text:?}");
                let sentence = &text[range.clone()];
                assert!(!sentence.is_empty() && sentence.trim() == sentence, "{sentence:?} of {text:?}");
                assert!(!sentence.contains(is_line_end), "{sentence:?} of {text:?}");
                end = range.end;
            }
            assert!(text[end..].trim().is_empty(), "lost text of {text:?}");
        }
    }
}
