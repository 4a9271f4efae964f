//! `length`: whether a summary is as long as one is: more than a fragment, less than an article.

use kos_shared::text::{
    count_words,
    script::{is_han, is_kana},
};

use super::{Candidate, Finding, Source};

/// The check's name.
pub const NAME: &str = "length";

/// What a summary has at least, in words. The shortest reference of the news sets has 8; a fragment such as
/// `Summer sale` has fewer.
const MIN_WORDS: usize = 5;

/// The same in characters, for scripts without spaces.
const MIN_CHARACTERS: usize = 10;

/// What a summary has at most, in words: about 75 are asked for, and a limit that is half as much again and more tells
/// one that runs on from one that took a sentence more. Of the references of the news sets 2 in 160 have more.
const MAX_WORDS: usize = 150;

/// The same in characters: 120 to 150 are asked for.
const MAX_CHARACTERS: usize = 300;

/// What a title has at most, in words and in characters.
const MAX_TITLE_WORDS: usize = 30;
const MAX_TITLE_CHARACTERS: usize = 60;

/// How much longer than its source a summary in another language may be, where the source is tiny: a word of Chinese
/// is two characters.
const CHARACTERS_A_WORD: f64 = 2.5;

/// Judges `candidate`. The figure is its length, in words or, in a script without spaces, in characters.
pub(super) fn check(source: &Source<'_>, candidate: &Candidate<'_>) -> Finding {
    let length = count_words(candidate.text);
    let characters = is_counted_in_characters(candidate.text);
    let (min, max) = if characters { (MIN_CHARACTERS, MAX_CHARACTERS) } else { (MIN_WORDS, MAX_WORDS) };
    let unit = if characters { "characters" } else { "words" };
    let figure = length as f64;
    if length < min {
        return Finding::fail(NAME, figure, format!("{length} {unit}, expected {min} at least"));
    }
    if length > max {
        return Finding::fail(NAME, figure, format!("{length} {unit}, expected {max} at most"));
    }
    let of_source = length_in(source.text, characters).max(min as f64);
    if figure > of_source {
        return Finding::fail(NAME, figure, format!("{length} {unit}, longer than its article"));
    }
    match candidate.title.and_then(title_fault) {
        Some(fault) => Finding::fail(NAME, figure, fault),
        None => Finding::pass(NAME, figure),
    }
}

/// The length of `text` in characters or in words, whichever it is written in.
fn length_in(text: &str, characters: bool) -> f64 {
    let length = count_words(text) as f64;
    match (characters, is_counted_in_characters(text)) {
        (true, false) => length * CHARACTERS_A_WORD,
        // As many words as characters at most: a word of one character is the shortest.
        _ => length,
    }
}

fn title_fault(title: &str) -> Option<String> {
    let length = count_words(title);
    let characters = is_counted_in_characters(title);
    let max = if characters { MAX_TITLE_CHARACTERS } else { MAX_TITLE_WORDS };
    let unit = if characters { "characters" } else { "words" };
    if length == 0 {
        return Some("a title without a word".into());
    }
    (length > max).then(|| format!("a title of {length} {unit}, expected {max} at most"))
}

/// Whether most of what is counted in `text` are characters of a script without spaces.
fn is_counted_in_characters(text: &str) -> bool {
    2 * text.chars().filter(|c| is_han(*c) || is_kana(*c)).count() > count_words(text)
}

#[cfg(test)]
mod tests {
    use kos_shared::event::{Language, Verdict};

    use super::*;

    fn judged(source: &str, title: Option<&str>, text: &str) -> Finding {
        let source = Source { title: "", text: source, language: &Language::ENGLISH };
        check(&source, &Candidate { title, ..Candidate::of(text, &Language::ENGLISH) })
    }

    #[test]
    fn a_summary_has_a_length() {
        let article = "The bridge reopens in May after two years of repairs, the council says. ".repeat(40);
        let chinese = "大桥经过两年维修将于五月重新开放。".repeat(40);
        for (source, text, verdict) in [
            (&article, "The bridge reopens in May.", Verdict::Pass),
            (&article, "大桥经过两年维修，将于五月重新开放。", Verdict::Pass),
            (&chinese, "The bridge reopens in May after two years of repairs.", Verdict::Pass),
            (&article, "A bridge.", Verdict::Fail),
            (&article, "大桥开放。", Verdict::Fail),
            (&article, &*"The bridge reopens. ".repeat(60), Verdict::Fail),
            (&chinese, &*"大桥重新开放。".repeat(60), Verdict::Fail),
        ] {
            assert_eq!(judged(source, None, text).verdict, verdict, "{text}");
        }
    }

    #[test]
    fn a_summary_is_not_longer_than_its_article() {
        let long = "The bridge reopens in May after two years of repairs, the council says.";
        assert_eq!(judged("The bridge reopens in May.", None, long).verdict, Verdict::Fail);
        assert_eq!(judged(long, None, long).verdict, Verdict::Pass);
        assert_eq!(judged("The bridge reopens in May.", None, "大桥将于五月重新开放。").verdict, Verdict::Pass);
    }

    #[test]
    fn a_title_is_a_line() {
        let article = "The bridge reopens in May after two years of repairs, the council says. ".repeat(4);
        let text = "The bridge reopens in May.";
        assert_eq!(judged(&article, Some("Bridge reopens"), text).verdict, Verdict::Pass);
        assert_eq!(judged(&article, Some("…"), text).verdict, Verdict::Fail);
        assert_eq!(judged(&article, Some(&article), text).verdict, Verdict::Fail);
        assert_eq!(judged(&article, Some(&"大桥重新开放".repeat(20)), text).verdict, Verdict::Fail);
    }
}
