//! Tokens: what two texts are compared by, and what a text's length is counted in.

use super::script::{is_hangul, is_unspaced};

/// The tokens of `text` in their order: lower-cased words of scripts that have spaces, pairs of
/// neighbouring characters of Han, kana, hangul and other scripts without spaces (a lone one stands
/// for itself). Full-width letters and digits count as the narrow ones.
///
/// A word is a run of letters, marks and digits, with apostrophes between letters (`don't`), and with
/// points and commas between digits (`3,200.5`).
pub fn tokens(text: &str) -> impl Iterator<Item = String> + '_ {
    runs(text).flat_map(|(kind, run)| {
        let (word, pairs) = match kind {
            Kind::Word => (Some(folded(run)), ""),
            Kind::Unspaced | Kind::Hangul => (None, run),
        };
        word.into_iter().chain(bigrams(pairs).map(str::to_owned))
    })
}

/// The length of `text`: a character of a script without spaces counts one, any other word counts one
/// (Korean has spaces: its words count as words).
pub fn count_words(text: &str) -> usize {
    runs(text)
        .map(|(kind, run)| match kind {
            Kind::Word | Kind::Hangul => 1,
            Kind::Unspaced => run.chars().filter(|c| is_unspaced(*c)).count(),
        })
        .sum()
}

/// The longest start of `text` that [`count_words`] counts no more than `limit` in, trimmed.
pub fn first_words(text: &str, limit: usize) -> &str {
    let mut left = limit;
    let mut end = 0;
    for (kind, run) in runs(text) {
        let start = offset(text, run);
        match kind {
            Kind::Word | Kind::Hangul if left > 0 => {
                left -= 1;
                end = start + run.len();
            }
            Kind::Unspaced => {
                for (at, c) in run.char_indices() {
                    if is_unspaced(c) {
                        if left == 0 {
                            return text[..end].trim();
                        }
                        left -= 1;
                    }
                    end = start + at + c.len_utf8();
                }
            }
            Kind::Word | Kind::Hangul => return text[..end].trim(),
        }
    }
    text.trim()
}

/// How a run of characters is told apart into words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Word,
    Unspaced,
    Hangul,
}

impl Kind {
    fn of(c: char) -> Option<Self> {
        match c {
            _ if c.is_ascii() => c.is_ascii_alphanumeric().then_some(Self::Word),
            _ if is_unspaced(c) => Some(Self::Unspaced),
            _ if is_hangul(c) => Some(Self::Hangul),
            _ => c.is_alphanumeric().then_some(Self::Word),
        }
    }
}

/// The runs of characters of one kind; what lies between them is left out.
fn runs(text: &str) -> impl Iterator<Item = (Kind, &str)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (start, kind) = rest.char_indices().find_map(|(at, c)| Kind::of(c).map(|kind| (at, kind)))?;
        let run = &rest[start..];
        let end = run_end(run, kind);
        rest = &run[end..];
        Some((kind, &run[..end]))
    })
}

/// Where the run that `text` begins with ends.
fn run_end(text: &str, kind: Kind) -> usize {
    let mut before = '\0';
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let next = chars.peek().map(|(_, c)| *c);
        let inside = match c {
            '\'' | '’' => kind == Kind::Word && before.is_alphabetic() && next.is_some_and(is_cased_letter),
            '.' | ',' => before.is_ascii_digit() && next.is_some_and(|c| c.is_ascii_digit()),
            _ => Kind::of(c) == Some(kind) || is_mark(c),
        };
        if !inside {
            return at;
        }
        before = c;
    }
    text.len()
}

fn is_cased_letter(c: char) -> bool {
    c.is_alphabetic() && Kind::of(c) == Some(Kind::Word)
}

/// Marks that Unicode doesn't call alphabetic though words are spelled with them: combining accents,
/// nukta and virama of the Indic blocks, Thai tones, joiners, the soft hyphen.
fn is_mark(c: char) -> bool {
    let code = u32::from(c);
    match code {
        0x0300..=0x036F | 0x0E47..=0x0E4E | 0x0EC8..=0x0ECD | 0x1039..=0x103A | 0x17D2 | 0x200C..=0x200D => true,
        0x0900..=0x0DFF => matches!(code & 0x7F, 0x3C | 0x4D) || code == 0x0DCA,
        _ => c == '\u{AD}',
    }
}

/// A word in the form that it is compared in: lower case, narrow, no soft hyphens, one kind of apostrophe.
fn folded(word: &str) -> String {
    if word.is_ascii() {
        return word.to_ascii_lowercase();
    }
    let narrow = |c: char| match u32::from(c) {
        code @ 0xFF01..=0xFF5E => char::from_u32(code - 0xFEE0).unwrap_or(c),
        0x2019 => '\'',
        _ => c,
    };
    word.chars().filter(|c| *c != '\u{AD}').map(narrow).flat_map(char::to_lowercase).collect()
}

fn bigrams(run: &str) -> impl Iterator<Item = &str> {
    let mut starts = run.char_indices().map(|(at, _)| at).chain([run.len()]).skip(1).peekable();
    let (mut start, mut lone) = (0, true);
    std::iter::from_fn(move || {
        let middle = starts.next()?;
        let pair = match starts.peek() {
            Some(end) => Some(&run[start..*end]),
            None => (lone && middle > 0).then_some(run),
        };
        (start, lone) = (middle, false);
        pair
    })
}

/// Where `part`, a slice of `text`, begins in it.
fn offset(text: &str, part: &str) -> usize {
    part.as_ptr() as usize - text.as_ptr() as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> Vec<String> {
        tokens(text).collect()
    }

    #[test]
    fn words_are_lower_cased_and_numbers_stay_whole() {
        assert_eq!(all("It’s NOT 3,200.5 kilometres, Zoë!"), ["it's", "not", "3,200.5", "kilometres", "zoë"]);
        assert_eq!(all("'quoted' well-known x. y,z"), ["quoted", "well", "known", "x", "y", "z"]);
        assert_eq!(all("ＡＩ２"), ["ai2"]);
        assert_eq!(all("हिन्दी भाषा"), ["हिन्दी", "भाषा"]);
    }

    #[test]
    fn characters_without_spaces_come_in_pairs() {
        assert_eq!(all("消费者。"), ["消费", "费者"]);
        assert_eq!(all("用iPhone 15拍"), ["用", "iphone", "15", "拍"]);
        assert_eq!(all("東京タワー"), ["東京", "京タ", "タワ", "ワー"]);
        assert_eq!(all("한국어 말"), ["한국", "국어", "말"]);
        assert!(all(" …，。!").is_empty());
    }

    #[test]
    fn a_character_counts_one_and_so_does_a_word() {
        for (text, words) in [
            ("", 0),
            ("Don't stop: 3.5 million, it's a U-turn.", 8),
            ("上海明年举办 AI 大会。", 9),
            ("한국어는 띄어쓰기가 있다", 3),
            ("привет, мир", 2),
        ] {
            assert_eq!(count_words(text), words, "{text}");
        }
    }

    #[test]
    fn first_words_never_exceed_the_limit_and_never_split_a_word() {
        assert_eq!(first_words("One, two (three) four.", 3), "One, two (three");
        assert_eq!(first_words("One two.", 2), "One two.");
        assert_eq!(first_words("一二三，四五", 3), "一二三");
        assert_eq!(first_words("一二 three four", 3), "一二 three");
        assert_eq!(first_words("one", 0), "");
        for limit in 0..12 {
            let text = "Ａ中文 mixed, 텍스트 3.5 กขค…";
            assert!(count_words(first_words(text, limit)) <= limit);
        }
    }
}
