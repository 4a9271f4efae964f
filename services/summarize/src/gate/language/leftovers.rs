//! What is left over of another language in English: a word with letters that English has not, words of the article's
//! own language, a sentence none of whose words is English.
//!
//! Small words ([`super::function_words`]) tell clauses of some length; these rules are for those that are too short.
//! An English article is a dictionary for its summary: nearly every sentence of one has a word of it.

use kos_shared::event::Language;

use super::{foreign_words::SourceWords, function_words::Wanted, word_lists::is_common_english_word};

/// How many words of an article in another language, one of them a small one, make a clause foreign.
const MIN_OF_SOURCE: usize = 2;

/// How many words a sentence has at least (names not counted) that has to have an English one.
const MIN_UNKNOWN: usize = 2;

/// From how many small words on that English shares with others a sentence may be English.
const MIN_SHARED: usize = 2;

/// What share of the words of an enumeration have to be English.
const MIN_KNOWN: f64 = 0.5;

/// Endings that words of English have, and words of the other languages seldom.
const ENDINGS: &str = "ing ed ly ness ful less ght ck th sh wn ous ive ity ion ions ty dy ry ny ls ts ks rs ps ds ws ys cks ces \
     ges ses shes ches ies gs ns ees ow ows ay ew gy cy ky";

/// Finds what is left over of other languages in an English text.
#[derive(Debug)]
pub(super) struct Leftovers<'a> {
    english: Wanted,
    source: &'a SourceWords<'a>,
    /// Whether the source is English.
    of_english: bool,
}

impl<'a> Leftovers<'a> {
    /// For a summary of `source`; `None` where another language than English is wanted.
    pub(super) fn of(language: &Language, source: &'a SourceWords<'a>) -> Option<Self> {
        let english = Wanted::of(language).filter(|_| language.primary() == "en")?;
        Some(Self { english, source, of_english: source.is_english() })
    }

    /// Whether something is left over in a clause with these `words`, in lower case, names not among them.
    pub(super) fn clause(&self, words: &[String]) -> bool {
        let accented = |word: &&String| {
            word.chars().count() > 1 && self.english.is_accented(word) && !(self.of_english && self.source.has(word))
        };
        words.iter().any(|w| accented(&w)) || self.is_of_source(words)
    }

    /// Whether the words are of the source's language, and that is not English.
    fn is_of_source(&self, words: &[String]) -> bool {
        let left = |word: &&String| self.source.has_lower(word) && !self.english.is_own(word) && !self.is_english(word);
        let small = words.iter().filter(left).filter(|w| self.english.is_of_another(w)).count();
        !self.of_english && small >= 1 && words.iter().filter(left).count() >= MIN_OF_SOURCE
    }

    /// Whether no word of a sentence with these `words` is English, where one has to be.
    pub(super) fn sentence(&self, words: &[String]) -> bool {
        // Small words of English and of others say nothing.
        let telling: Vec<&String> = words.iter().filter(|w| w.chars().count() > 1 && !self.is_shared(w)).collect();
        let unknown = telling.iter().all(|w| !self.english.is_own(w) && !self.is_english(w));
        // Two small words that English has too are no chance: `in`, `under`.
        let shared = words.iter().filter(|w| w.chars().count() > 1 && self.is_shared(w)).count();
        let unknown = unknown && shared < MIN_SHARED;
        // A Chinese article has no words to compare with.
        let told = self.source.is_in_latin_script() || telling.iter().any(|w| self.english.is_of_another(w));
        let small = !self.of_english && telling.iter().any(|w| self.english.is_evidence(w) && self.source.has(w));
        unknown && ((telling.len() >= MIN_UNKNOWN && told) || small)
    }

    /// Whether most of an enumeration's words are English.
    pub(super) fn mostly_knows(&self, words: &[String]) -> bool {
        let known = words.iter().filter(|w| self.english.is_own(w) || self.is_english(w)).count();
        known as f64 >= MIN_KNOWN * words.len() as f64
    }

    fn is_shared(&self, word: &str) -> bool {
        self.english.is_own(word) && !self.english.is_only_own(word)
    }

    /// Whether `word` is English, as far as it can be known: the source has it, it is a frequent word, or it ends so.
    fn is_english(&self, word: &str) -> bool {
        if self.english.is_of_another(word) || self.english.is_accented(word) {
            return false;
        }
        let stem = word.strip_suffix("'s").unwrap_or(word);
        (self.of_english && self.source.has_lower(stem))
            || is_common_english_word(stem)
            || ENDINGS.split_whitespace().any(|e| stem.len() > e.len() + 1 && stem.ends_with(e))
    }
}
