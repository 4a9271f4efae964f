//! Support: what a summary says is said by its source, sentence by sentence.
//!
//! Compared are the words of a sentence with those of the one to three sentences of the source that have most of
//! them. A paraphrase has few words of its own left, so only a sentence with next to no
//! support fails: one that is about something else. Across languages nothing can be told by words.

use kos_shared::text::sentences;

use super::{Candidate, Finding, Source};
use crate::alignment::Alignment;

/// The check's name.
pub const NAME: &str = "support";

/// The share of a sentence's different words that must be covered. Of 321 consistent summaries of SummEdits none has a
/// sentence with less than 0.33; held against another text, 275 of them have one below 0.2 (289 with words weighed by
/// their rarity, which stops twice as many true ones), and most others are of two texts about one event. It stops 26
/// of 1,100 free retellings of news by people.
const LEAST_SHARE: f64 = 0.2;

/// A sentence with fewer words says too little for being judged.
const LEAST_WORDS: usize = 5;

/// So many sentences are judged: what has more is no summary, and a hostile one would cost its length times the source's.
const MOST_SENTENCES: usize = 100;

/// The figure is the least share (0 to 1) of a sentence's words that the source's best sentences for it
/// have.
pub(super) fn check(source: &Source<'_>, candidate: &Candidate<'_>) -> Finding {
    if !source.language.same_language(candidate.language) {
        return Finding::cannot_judge(NAME);
    }
    let alignment = Alignment::of(source);
    let judged =
        sentences(candidate.text).take(MOST_SENTENCES).map(|range| &candidate.text[range]).filter_map(|sentence| {
            let (share, words) = alignment.coverage(sentence);
            (words >= LEAST_WORDS).then_some((share, sentence))
        });
    match judged.min_by(|a, b| a.0.total_cmp(&b.0)) {
        None => Finding::cannot_judge(NAME),
        Some((share, _)) if share >= LEAST_SHARE => Finding::pass(NAME, share),
        Some((share, sentence)) => Finding::fail(NAME, share, sentence),
    }
}

#[cfg(test)]
mod tests {
    use kos_shared::event::{Language, Verdict};

    use super::*;

    fn verdict(summary: &str, language: &Language) -> Verdict {
        let source = Source {
            title: "",
            text: "The harbour council will rebuild the old lighthouse next spring. The work costs nine million euros.",
            language: &Language::ENGLISH,
        };
        check(&source, &Candidate::of(summary, language)).verdict
    }

    #[test]
    fn a_sentence_about_something_else_has_no_support() {
        let retold = "A lighthouse in the harbour gets rebuilt by the council for millions of euros.";
        assert_eq!(verdict(retold, &Language::ENGLISH), Verdict::Pass);
        let strayed = format!("{retold} Rescuers found several hikers alive after an avalanche buried them.");
        assert_eq!(verdict(&strayed, &Language::ENGLISH), Verdict::Fail);
    }

    #[test]
    fn words_of_another_language_and_few_words_say_nothing() {
        assert_eq!(verdict("市政府将于明年春天重建旧灯塔。", &Language::CHINESE), Verdict::CannotJudge);
        assert_eq!(verdict("Avalanche buries hikers.", &Language::ENGLISH), Verdict::CannotJudge);
    }
}
