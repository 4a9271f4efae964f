//! A summary's clauses: what is judged one by one.

use std::{borrow::Cow, ops::Range};

use kos_shared::text::{Script, sentences};

/// How long a tag may be, in bytes; an angle bracket that nothing closes in that reach is none.
const TAG_REACH: usize = 300;

/// What ends a clause inside a sentence, whatever stands around it.
const CLAUSE_MARKS: &str = "，；：—–;…\t|";

/// Words that keep their full stop, without it: what follows belongs to them.
const WITH_A_STOP: [&str; 14] =
    ["Inc", "Corp", "Ltd", "Co", "Bros", "Jr", "Sr", "Dr", "Mr", "Mrs", "Ms", "St", "No", "Prof"];

/// `text` without what is no language: tags and addresses. A tag ends a line, so that what it parts stays parted.
pub(super) fn without_markup(text: &str) -> Cow<'_, str> {
    if !text.contains(['<', '/']) {
        return Cow::Borrowed(text);
    }
    let mut kept = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        if let Some(length) = tag(rest) {
            kept.push('\n');
            at += length;
        } else if let Some(length) = address(rest) {
            kept.push(' ');
            at += length;
        } else {
            kept.push(c);
            at += c.len_utf8();
        }
    }
    Cow::Owned(kept)
}

/// The length of the tag (`<p>`, `</article>`, `<|im_end|>`, one cut off at the text's end) that `text` begins with.
/// `<The Palace>` is a title, none.
fn tag(text: &str) -> Option<usize> {
    let inside = text.strip_prefix('<')?;
    let name = inside.strip_prefix(['/', '|', '!']).unwrap_or(inside);
    let named = name.trim_start_matches(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-".contains(c));
    if named.len() == name.len() && inside.len() == name.len() {
        return None;
    }
    let formed = named.is_empty() || named.starts_with(['>', ' ', '/', '|', '-', '\n']);
    let reach = &text[..text.floor_char_boundary(TAG_REACH)];
    let end = reach.find('>').map(|end| end + 1).or_else(|| (reach.len() == text.len()).then_some(text.len()));
    end.filter(|_| formed)
}

/// The length of the web address that `text` begins with.
fn address(text: &str) -> Option<usize> {
    let begins = ["https://", "http://", "www."].iter().any(|p| text.starts_with(p));
    let ends = |c: char| !c.is_ascii() || c.is_whitespace() || "<>\"()[]".contains(c);
    begins.then(|| text.find(ends).unwrap_or(text.len()))
}

/// `text` with the full stops left out that belong to a name: those of `Inc.` and `U.S.`, and those inside a Latin
/// name that stands so in the source (`ID. Roomzz`). A sentence in another script would be cut in two there.
pub(super) fn without_stops_of_names(text: &str, source: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let after = at + c.len_utf8();
        let of_a_name = c == '.' && {
            let length: usize = text[..at].bytes().rev().take_while(|b| b.is_ascii_alphabetic() || *b == b'.').count();
            let word = &text[at - length..at];
            let next: &str =
                text[after..].split_inclusive(|c: char| c.is_ascii_alphabetic()).next().unwrap_or_default();
            let joined = next.starts_with(' ') && next.trim_start().len() == 1 && next.is_ascii();
            WITH_A_STOP.contains(&word)
                || (word.contains('.') && !text[after..].starts_with(|c: char| c.is_ascii_alphanumeric()))
                || (joined && !word.is_empty() && stands_joined(word, &text[after..], source))
        };
        kept.push(if of_a_name { ' ' } else { c });
        at = after;
    }
    kept
}

/// Whether the source has `word` with a full stop and a blank behind it, and the next word of `rest` somewhere.
fn stands_joined(word: &str, rest: &str, source: &str) -> bool {
    let rest = rest.trim_start();
    let next = &rest[..rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len())];
    source.contains(&format!("{word}. ")) && source.contains(next)
}

/// The clauses of `text` in their order, each with the sentence that it stands in: sentences, cut at colons,
/// semicolons, dashes and commas. None is without a letter.
pub(super) fn clauses(text: &str) -> Vec<(Range<usize>, Range<usize>)> {
    let mut clauses = Vec::new();
    for sentence in sentences(text) {
        let mut start = sentence.start;
        let mut before = ' ';
        let mut chars = text[sentence.clone()].char_indices().peekable();
        while let Some((at, c)) = chars.next() {
            let next = chars.peek().map_or(' ', |(_, c)| *c);
            let plain = matches!(c, ',' | ':') && !(before.is_ascii_digit() && next.is_ascii_digit());
            if plain || CLAUSE_MARKS.contains(c) {
                clauses.push((start..sentence.start + at, sentence.clone()));
                start = sentence.start + at + c.len_utf8();
            }
            before = c;
        }
        clauses.push((start..sentence.end, sentence));
    }
    clauses.retain(|(clause, _)| text[clause.clone()].chars().any(|c| Script::of(c).is_some()));
    clauses
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clauses_end_at_marks_and_not_inside_numbers() {
        let text = "Prices rose 1,200 points, he said: \"Not bad\". 股价上涨，成交放大。";
        let cut: Vec<_> = clauses(text).into_iter().map(|(c, _)| text[c].trim()).collect();
        assert_eq!(cut, ["Prices rose 1,200 points", "he said", "\"Not bad\".", "股价上涨", "成交放大。"]);
    }

    #[test]
    fn tags_and_addresses_are_no_language_and_titles_in_angles_are() {
        assert_eq!(without_markup("<p class=\"x\">水位下降</p>"), "\n水位下降\n");
        assert_eq!(without_markup("<|im_end|>水<article"), "\n水\n");
        assert_eq!(without_markup("见https://example.com/a?b=c。完"), "见 。完");
        for text in ["《<The Palace>》", "1 < 2 / 3", "<"] {
            assert_eq!(without_markup(text), text);
        }
    }

    #[test]
    fn stops_of_names_end_no_clause() {
        assert_eq!(without_stops_of_names("包括ID. Roomzz。", "the ID. Roomzz is"), "包括ID  Roomzz。");
        assert_eq!(without_stops_of_names("Acme Inc.宣布", ""), "Acme Inc 宣布");
        assert_eq!(without_stops_of_names("METH. 我们", "Meth. We"), "METH. 我们");
    }
}
