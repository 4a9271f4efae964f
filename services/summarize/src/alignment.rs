//! Which sentences of an article carry a sentence of its summary.
//!
//! In one language, the sentences that have its words. Across languages, what the model cited, as far as its anchors
//! (numbers, names in Latin letters) don't speak against it. Where nothing can be told, nothing is.

use std::collections::{HashMap, HashSet};

use kos_shared::{
    event::Span,
    text::{sentences, tokens},
};

use crate::{
    gate::{
        Source,
        names::{fold, mentions, same, says_nothing, words},
        quantity::{Kind, Quantity, quantities},
    },
    ranking::{STOP_CHARACTERS, STOP_WORDS},
};

/// At most so many sentences carry one.
const MOST: usize = 3;

/// The share of a sentence's words, by weight, that the first sentence of the source must have, for words to decide.
/// Of pairs of languages hardly any word is shared.
const LEAST_SHARE: f64 = 0.25;

/// What another sentence must add to it.
const LEAST_GAIN: f64 = 0.15;

/// How much an anchor must tell for setting a citation aside, or for doing without: one that stands in one sentence
/// tells 1, one that stands in four 1/4.
const LEAST_ANCHOR: f64 = 0.5;

/// An article's sentences, prepared for finding what carries a summary's. Takes time linear in the article.
#[derive(Debug)]
pub struct Alignment {
    /// The sentences, in code points of the text.
    spans: Vec<Span>,
    /// The sentences that a word stands in, ascending.
    terms: HashMap<String, Vec<usize>>,
    /// The sentences that a name stands in, ascending.
    names: HashMap<String, Vec<usize>>,
    /// The quantities with their sentence.
    quantities: Vec<(usize, Quantity)>,
    stop: HashSet<&'static str>,
}

/// The parts of `source`'s text that carry `sentence`: see [`Alignment::spans`], which is the faster way for
/// several sentences.
pub fn spans(source: &Source<'_>, sentence: &str, cited: &[usize]) -> Vec<Span> {
    Alignment::of(source).spans(sentence, cited)
}

impl Alignment {
    /// Prepares the text of `source`.
    pub fn of(source: &Source<'_>) -> Self {
        let text = source.text;
        let mut alignment = Self {
            spans: Vec::new(),
            terms: HashMap::new(),
            names: HashMap::new(),
            quantities: Vec::new(),
            stop: STOP_WORDS.split_whitespace().collect(),
        };
        let (mut at, mut code_points) = (0, 0_u32);
        let mut stated = quantities(text).into_iter().peekable();
        for (number, range) in sentences(text).enumerate() {
            let sentence = &text[range.clone()];
            let start = code_points + count(&text[at..range.start]);
            let end = start + count(sentence);
            (at, code_points) = (range.end, end);
            alignment.spans.push(Span { start, end });
            for term in content(&alignment.stop, sentence) {
                note(&mut alignment.terms, term, number);
            }
            for word in words(sentence).filter(|w| w.text.contains(char::is_uppercase)) {
                note(&mut alignment.names, fold(word.text), number);
            }
            while let Some(quantity) = stated.next_if(|q| q.range.start < range.end) {
                alignment.quantities.push((number, quantity));
            }
        }
        alignment
    }

    /// The parts of the source's text that carry `sentence`: whole sentences, at most three, in their order, those
    /// that follow each other in one. `cited` are sentences, by their number in `kos_shared::text::sentences` of the
    /// text, that the model says it took it from; numbers that don't exist are left out. Empty where nothing can be
    /// told.
    pub fn spans(&self, sentence: &str, cited: &[usize]) -> Vec<Span> {
        let covering = self.covering(sentence);
        let carrying = if covering.is_empty() { self.anchored(sentence, cited) } else { covering };
        let mut merged: Vec<(usize, Span)> = Vec::new();
        for number in carrying {
            match merged.last_mut() {
                Some((last, span)) if *last + 1 == number => (*last, span.end) = (number, self.spans[number].end),
                _ => merged.push((number, self.spans[number])),
            }
        }
        merged.into_iter().map(|(_, span)| span).collect()
    }

    /// The one to three sentences that have most of the words of `sentence`; none where no sentence has enough.
    fn covering(&self, sentence: &str) -> Vec<usize> {
        let wanted = self.wanted(sentence);
        let all: f64 = wanted.iter().map(|(weight, _)| weight).sum();
        cover(&wanted, &[], |first| if first { LEAST_SHARE } else { LEAST_GAIN } * all).0
    }

    /// The share (0 to 1) of the different words of `sentence` that stand in the three sentences which have most of
    /// them, and how many words that are.
    pub(crate) fn coverage(&self, sentence: &str) -> (f64, usize) {
        let mut wanted = self.wanted(sentence);
        // A word that the source hasn't would weigh most, and a paraphrase has such words.
        wanted.iter_mut().for_each(|(weight, _)| *weight = 1.0);
        let (_, covered) = cover(&wanted, &[], |_| 1.0);
        (covered / wanted.len().max(1) as f64, wanted.len())
    }

    /// The different words of `sentence` that say something, with their weight and the sentences that have them.
    fn wanted(&self, sentence: &str) -> Vec<(f64, &[usize])> {
        let words: HashSet<String> = content(&self.stop, sentence).into_iter().collect();
        let places = |word: &String| self.terms.get(word).map_or(&[][..], Vec::as_slice);
        let mut wanted: Vec<(f64, &[usize])> =
            words.iter().map(places).map(|places| (self.weight(places.len()), places)).collect();
        // A hash's order is none: sums must not depend on it.
        wanted.sort_by(|a, b| a.1.cmp(b.1));
        wanted
    }

    /// What anchors and citations say, where words don't.
    fn anchored(&self, sentence: &str, cited: &[usize]) -> Vec<usize> {
        let anchors = self.anchors(sentence);
        let mut cited: Vec<usize> = cited.iter().copied().filter(|n| *n < self.spans.len()).collect();
        cited.truncate(MOST);
        cited.sort_unstable();
        cited.dedup();
        let supports = |n: &usize| anchors.iter().any(|(_, places)| places.binary_search(n).is_ok());
        let kept: &[usize] = if cited.iter().any(supports) { &cited } else { &[] };
        let (found, _) = cover(&anchors, kept, |_| LEAST_ANCHOR);
        if found.is_empty() { cited } else { found }
    }

    /// The numbers and names of `sentence` that stand in the source, with what each tells and the sentences that
    /// have it.
    fn anchors(&self, sentence: &str) -> Vec<(f64, Vec<usize>)> {
        let mut found: Vec<Vec<usize>> = Vec::new();
        let counts = |q: &Quantity| q.kind() != Kind::Hint && q.value != 0.0 && q.value != 1.0;
        for quantity in quantities(sentence).iter().filter(|q| counts(q)) {
            let mut places: Vec<usize> =
                self.quantities.iter().filter(|(_, q)| quantity.is(q)).map(|(number, _)| *number).collect();
            places.dedup();
            found.push(places);
        }
        for mention in mentions(sentence).iter().filter(|m| !says_nothing(&m.folded, true)) {
            let named = self.names.get(&mention.folded);
            found.extend(named.or_else(|| same(&mention.folded).find_map(|other| self.names.get(other))).cloned());
        }
        found.retain(|places| !places.is_empty());
        found.sort();
        found.dedup();
        found.into_iter().map(|places| (1.0 / places.len() as f64, places)).collect()
    }

    /// The inverse sentence frequency of a word that stands in `frequency` sentences.
    fn weight(&self, frequency: usize) -> f64 {
        ((1.0 + self.spans.len() as f64) / (1.0 + frequency as f64)).ln() + 1.0
    }
}

/// The words of a text that say what it is about, in the form that they are compared in.
fn content(stop: &HashSet<&str>, text: &str) -> Vec<String> {
    let says = |t: &String| !stop.contains(t.as_str()) && !t.contains(|c| STOP_CHARACTERS.contains(c));
    tokens(text).filter(says).map(stem).collect()
}

/// Chooses at most three sentences that have most of what is wanted (its weight, and where it stands), `kept` among
/// them: each must add at least what `least` says, which is told whether it is the first. What they have together
/// comes second.
fn cover<P: AsRef<[usize]>>(wanted: &[(f64, P)], kept: &[usize], least: impl Fn(bool) -> f64) -> (Vec<usize>, f64) {
    let mut chosen = kept.to_vec();
    let has = |places: &P, chosen: &[usize]| chosen.iter().any(|n| places.as_ref().binary_search(n).is_ok());
    let mut left: Vec<&(f64, P)> = wanted.iter().filter(|(_, places)| !has(places, &chosen)).collect();
    let all: f64 = wanted.iter().map(|(weight, _)| weight).sum();
    while chosen.len() < MOST {
        let mut gains: HashMap<usize, f64> = HashMap::new();
        for (weight, places) in &left {
            places.as_ref().iter().for_each(|n| *gains.entry(*n).or_default() += weight);
        }
        let best = gains.into_iter().max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)));
        let Some((number, _)) = best.filter(|(_, gain)| *gain >= least(chosen.is_empty())) else { break };
        chosen.push(number);
        left.retain(|(_, places)| places.as_ref().binary_search(&number).is_err());
    }
    chosen.sort_unstable();
    (chosen, all - left.iter().map(|(weight, _)| weight).sum::<f64>())
}

fn note(places: &mut HashMap<String, Vec<usize>>, what: String, number: usize) {
    let numbers = places.entry(what).or_default();
    if numbers.last() != Some(&number) {
        numbers.push(number);
    }
}

fn count(text: &str) -> u32 {
    u32::try_from(text.chars().count()).unwrap_or(u32::MAX)
}

/// A word without the endings that English sentences are put together with; others stay as they are.
fn stem(word: String) -> String {
    if !word.is_ascii() || word.len() < 4 || word.ends_with("ss") {
        return word;
    }
    let word = word.strip_suffix("'s").unwrap_or(&word);
    let cut = |ending: &str| word.strip_suffix(ending).filter(|s| s.len() >= 3);
    let stem = ["ies", "ing", "ed", "es", "s", "e", "y"].into_iter().find_map(cut).unwrap_or(word);
    // `stopped` and `stop`
    let doubled = stem.len() > 3 && stem.as_bytes()[stem.len() - 1] == stem.as_bytes()[stem.len() - 2];
    stem[..stem.len() - usize::from(doubled)].to_owned()
}

#[cfg(test)]
mod tests {
    use kos_shared::event::Language;

    use super::*;

    const HARBOUR: &str = "The harbour council will rebuild the old lighthouse next spring. It costs 3.2 million euros.\n\
        A café in Brest sold 80,000 crêpes in 2019. The mayor, Anna Berg, opened it. NATO sent nobody.";

    fn carried(sentence: &str, cited: &[usize]) -> Vec<String> {
        let source = Source { title: "", text: HARBOUR, language: &Language::ENGLISH };
        let part = |s: Span| HARBOUR.chars().skip(s.start as usize).take((s.end - s.start) as usize).collect();
        spans(&source, sentence, cited).into_iter().map(part).collect()
    }

    #[test]
    fn a_sentence_is_carried_by_those_that_have_its_words() {
        assert_eq!(
            carried("A café in Brest sold 80,000 crêpes in 2019.", &[]),
            ["A café in Brest sold 80,000 crêpes in 2019."]
        );
        let both = carried("Council rebuilding its lighthouse in spring, which costs 3.2 million euros.", &[4]);
        assert_eq!(
            both,
            ["The harbour council will rebuild the old lighthouse next spring. It costs 3.2 million euros."]
        );
        let apart = carried("The council rebuilds the old lighthouse; mayor Anna Berg opened a café.", &[]);
        assert_eq!(apart.len(), 2);
    }

    #[test]
    fn across_languages_the_citation_holds_unless_anchors_speak_against_it() {
        assert_eq!(
            carried("市政府将重建灯塔。", &[0, 77]),
            ["The harbour council will rebuild the old lighthouse next spring."]
        );
        assert_eq!(carried("费用为320万欧元。", &[1]), ["It costs 3.2 million euros."]);
        assert_eq!(carried("费用为320万欧元。", &[3]), ["It costs 3.2 million euros."]);
        assert_eq!(
            carried("2019年，布雷斯特一家咖啡馆售出8万份可丽饼。", &[]),
            ["A café in Brest sold 80,000 crêpes in 2019."]
        );
        assert_eq!(carried("NATO未派人。", &[0]), ["NATO sent nobody."]);
    }

    #[test]
    fn where_nothing_can_be_told_nothing_is() {
        assert_eq!(carried("天气很好。", &[]), [""; 0]);
        assert_eq!(carried("", &[]), [""; 0]);
        assert_eq!(carried("天气很好。", &[99]), [""; 0]);
    }
}
