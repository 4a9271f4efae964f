//! Support: what a summary says is said by its source, sentence by sentence.
//!
//! Compared are the words of a sentence with those of the whole source, rare words counting more: a sentence that draws
//! a paragraph together has few words of each of the sentences that it rests on. A paraphrase has many words of its
//! own, so only a sentence with next to no support fails: one that is about something else. Across languages nothing
//! can be told by words.

use kos_shared::text::sentences;

use super::{Candidate, Finding, Source};
use crate::alignment::Alignment;

/// The check's name.
pub const NAME: &str = "support";

/// The share of words, by weight, that must stand in the source. Of the references of the two news sets
/// 6 % and 3 % have a sentence with less, none of SummEdits' right summaries does, and all of 160 summaries of another
/// article of the same set do. (Held against the best single sentences of the source, 25 % of the references failed.)
const LEAST_SHARE: f64 = 0.2;

/// A sentence with fewer words says too little for being judged.
const LEAST_WORDS: usize = 5;

/// The figure is the least share (0 to 1) of a sentence's words, by weight, that stand in the source.
pub(super) fn check(source: &Source<'_>, candidate: &Candidate<'_>) -> Finding {
    if !source.language.same_language(candidate.language) {
        return Finding::cannot_judge(NAME);
    }
    let alignment = Alignment::of(source);
    let judged = sentences(candidate.text).map(|range| &candidate.text[range]).filter_map(|sentence| {
        let cover = alignment.cover(sentence);
        (cover.words >= LEAST_WORDS).then_some((cover.known, sentence))
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

    const ARTICLE: &str = "The swing bridge over Harwick harbour reopens on 4 May. Inspectors found cracks in three of its \
        bearings. Repairs cost 3.2 million pounds. The county pays two thirds of the sum. Buses use it from the first \
        day. Lorries wait until autumn, when new barriers are finished.";

    fn judged(text: &str) -> Verdict {
        let source = Source { title: "", text: ARTICLE, language: &Language::ENGLISH };
        check(&source, &Candidate::of(text, &Language::ENGLISH)).verdict
    }

    #[test]
    fn a_sentence_that_draws_many_together_has_support() {
        assert_eq!(
            judged("Cracks closed the bridge; the county pays for repairs, buses return and lorries wait."),
            Verdict::Pass
        );
    }

    #[test]
    fn a_sentence_about_something_else_has_none() {
        assert_eq!(judged("The orchestra played two symphonies before a small audience in Vienna."), Verdict::Fail);
        assert_eq!(
            judged("The bridge reopens. A tenor sang forgotten songs for delighted crowds in Vienna."),
            Verdict::Fail
        );
    }

    #[test]
    fn across_languages_nothing_can_be_told() {
        let source = Source { title: "", text: ARTICLE, language: &Language::ENGLISH };
        let candidate = Candidate::of("大桥将于五月重新开放。", &Language::CHINESE);
        assert_eq!(check(&source, &candidate).verdict, Verdict::CannotJudge);
    }
}
