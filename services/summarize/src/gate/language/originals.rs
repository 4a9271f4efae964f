//! Originals: names and titles in Latin letters that a text in another script sets apart, in title marks, in quotes, or
//! in brackets behind their translation: `《冰与火之歌》（A Song of Ice and Fire）`. They are no part of the sentence, so
//! they are taken out before it is cut into clauses: a comma in a title ends none.

use kos_shared::text::Script;

use super::foreign_words::latin_words;

/// How many words a title or an original may have.
const MAX_WORDS: usize = 8;

/// How many words a slogan may have that is quoted as it is, where the source has it in quotes; a sentence that
/// somebody said is longer, and has a translation.
const MAX_SLOGAN_WORDS: usize = 5;

/// How long an original may be, in bytes.
const REACH: usize = 160;

/// What opens and closes it; the source's quotes are told by the same marks.
const PAIRS: [(char, char); 11] = [
    ('《', '》'),
    ('〈', '〉'),
    ('（', '）'),
    ('(', ')'),
    ('“', '”'),
    ('「', '」'),
    ('『', '』'),
    ('‘', '’'),
    ('"', '"'),
    ('\'', '\''),
    ('【', '】'),
];

/// `text` with its originals left out; their marks stay. `source` is what they may be known from.
pub(super) fn without_originals(text: &str, source: &str) -> String {
    let lower = source.to_lowercase();
    text.split_inclusive('\n').map(|line| without_originals_of_line(line, source, &lower)).collect()
}

fn without_originals_of_line(line: &str, source: &str, lower: &str) -> String {
    let mut kept = String::with_capacity(line.len());
    let mut at = 0;
    while let Some(c) = line[at..].chars().next() {
        kept.push(c);
        at += c.len_utf8();
        let Some((_, close)) = PAIRS.iter().find(|(open, _)| *open == c) else { continue };
        let Some(inside) = inside(&line[at..], *close) else { continue };
        let behind = kept[..kept.len() - c.len_utf8()].chars().rev();
        if is_original(inside, c, behind, source, lower) {
            at += inside.len();
        }
    }
    // What has nothing but originals is no sentence around one.
    let has_own_letter = |text: &str| text.chars().any(|c| Script::of(c).is_some_and(|s| s != Script::Latin));
    if has_own_letter(&kept) { kept } else { line.to_owned() }
}

/// What stands up to `close`, if that comes in reach and only Latin letters stand before it.
fn inside(text: &str, close: char) -> Option<&str> {
    let reach = &text[..text.floor_char_boundary(REACH)];
    // An apostrophe inside a word closes nothing.
    let inside_word = |at: usize| text[at + close.len_utf8()..].starts_with(|c: char| c.is_ascii_alphanumeric());
    let apostrophe =
        |at: usize| "'’".contains(close) && inside_word(at) && reach[..at].ends_with(|c: char| c.is_ascii());
    let end = reach.match_indices(close).map(|(at, _)| at).find(|at| !apostrophe(*at))?;
    let inside = &reach[..end];
    let latin = inside.chars().all(|c| Script::of(c).is_none_or(|s| s == Script::Latin));
    (latin && latin_words(inside).next().is_some()).then_some(inside)
}

/// Whether `inside`, opened by `open` with `behind` before it (backwards), is an original.
fn is_original(inside: &str, open: char, behind: impl Iterator<Item = char>, source: &str, lower: &str) -> bool {
    let bare = inside.trim().trim_end_matches(['.', ',', '!', '?']);
    let words: Vec<&str> = latin_words(bare).map(|(_, w)| w).collect();
    let begins = |w: &&str| w.starts_with(|c: char| c.is_uppercase() || c.is_ascii_digit());
    let as_title = words.first().is_some_and(&begins) && words.last().is_some_and(&begins);
    if words.len() > MAX_WORDS {
        return false;
    }
    let stands = || lower.contains(&bare.to_lowercase());
    match open {
        '《' | '〈' => words.first().is_some_and(&begins) && stands(),
        '（' | '(' => {
            // Behind a word, its closing marks between: `《世界报》（Le Monde）`.
            let mut behind = behind.skip_while(|c| c.is_whitespace() || "》〉”」』’\"'】".contains(*c));
            let translated = behind.next().is_some_and(|c| c.is_alphanumeric() && !c.is_ascii());
            // Whether there is such a name, the check of names says.
            translated && (as_title || stands())
        }
        _ => (as_title && stands()) || (words.len() <= MAX_SLOGAN_WORDS && is_quoted(bare, source)),
    }
}

/// Whether `source` has `words`, which begin with a capital, in quotes; other marks between them are no matter.
fn is_quoted(words: &str, source: &str) -> bool {
    let Some((_, first)) = latin_words(words).next() else { return false };
    let wanted: Vec<String> = plain(words).collect();
    first.starts_with(char::is_uppercase)
        && source.match_indices(first).any(|(at, _)| {
            let quoted = &source[at..source.floor_char_boundary(at + REACH)];
            source[..at].ends_with(['"', '“', '\'', '‘', '«', '„'])
                && quoted
                    .match_indices(['"', '”', '\'', '’', '»', '“'])
                    .any(|(end, _)| plain(&quoted[..end]).eq(wanted.iter().cloned()))
        })
}

/// The words of `text` in lower case with straight apostrophes.
fn plain(text: &str) -> impl Iterator<Item = String> + '_ {
    latin_words(text).map(|(_, word)| word.replace('’', "'").to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "The slogan is “Salt. It's in us.” The novel A Crown of Salt and Sand, the paper said, is out. The \
        ship is the first of its kind, and she said “we like the salt a lot and more”.";

    #[test]
    fn titles_and_translated_names_are_taken_out() {
        for (text, kept) in [
            ("《盐冠》（A Crown of Salt and Sand）出版。", "《盐冠》（）出版。"),
            ("小说《A Crown of Salt and Sand》出版。", "小说《》出版。"),
            ("口号“Salt. It’s in us.”引发讨论。", "口号“”引发讨论。"),
            (
                "口号“盐，就在我们心中”（Salt, it's in us）引发讨论。",
                "口号“盐，就在我们心中”（Salt, it's in us）引发讨论。",
            ),
            ("世界卫生组织（World Health Organization, WHO）称", "世界卫生组织（）称"),
            ("这是同类船中的首艘（first of its kind）。", "这是同类船中的首艘（）。"),
        ] {
            assert_eq!(without_originals(text, SOURCE), kept, "{text}");
        }
    }

    #[test]
    fn what_is_said_in_another_language_stays() {
        for text in [
            "她说“we like the salt a lot and more”。",
            "船很好。(Note: free for all)",
            "“Salt. It’s in us.”",
            "船非常“powerful”。",
            "他说'it is Macy's own'。",
        ] {
            assert_eq!(without_originals(text, SOURCE), text);
        }
    }
}
