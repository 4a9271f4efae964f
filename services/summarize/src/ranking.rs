//! How much each sentence says about its article.
//!
//! Few parameters on purpose: a model with 17 learnt features did worse on texts that it hadn't seen. The weights were
//! chosen on one news set and held on another; similarity to the first sentence and to those that follow (PacSum) were
//! tried too and left out: in all of the 50 folds of ten cross-validations the ranking was better without either.

use std::collections::{HashMap, HashSet};

use kos_shared::text::tokens;

/// The first sentence gets 1, the next `exp(-1/2)`, and so on: news put first what matters.
const POSITION_DECAY: f32 = 2.0;
/// Weight of the TF-IDF similarity to the whole article (the centroid of Radev et al. 2004).
const CENTROID_WEIGHT: f32 = 0.3;
/// Weight of the share of the article's keywords that a sentence has.
const KEYWORD_WEIGHT: f32 = 0.3;
/// How many keywords an article has.
const KEYWORDS: usize = 12;
/// What a very short sentence loses.
const SHORT_PENALTY: f32 = 0.5;
/// A sentence with fewer tokens is very short; a Chinese character makes about one token.
const SHORT_TOKENS: usize = 6;
/// What a sentence that is a quotation and nothing else loses: it doesn't say who speaks.
const QUOTE_PENALTY: f32 = 0.3;

/// Words that say nothing about what a text is about.
pub(crate) const STOP_WORDS: &str = "\
    a about after all also an and any are as at be because been before being but by can could did do does for from \
    had has have he her him his how i if in into is it it's its just like may me more most my n't no not now of on \
    one only or other our out over s said says she should so some such t than that the their them then there these \
    they this those to too up us very was we were what when where which while who will with would you your";

/// Characters whose pairs say nothing either.
pub(crate) const STOP_CHARACTERS: &str = "的了是在和与也就都而及或这那有为以于不个一他她它我你们着将被把对从到等说";

/// An article's sentences as vectors, with a score each.
pub(crate) struct Ranking {
    scores: Vec<f32>,
    /// TF-IDF by term, terms ascending, of length 1 (or empty).
    vectors: Vec<Vector>,
}

impl Ranking {
    /// Ranks the sentences of one article, given in their order. Takes time linear in their length.
    pub(crate) fn of(sentences: &[&str]) -> Self {
        let Terms { counts: terms, lengths, vocabulary } = Terms::of(sentences);
        let vectors = weigh(&terms, vocabulary);
        let centroid = {
            let mut sum = vec![0.0; vocabulary];
            vectors.iter().for_each(|v| add(&mut sum, v));
            scaled(vectors.iter().map(|v| dot(v, &sum)).collect())
        };
        let keyword = keywords(&terms, vocabulary);
        let scores = (0..sentences.len())
            .map(|i| {
                let covered = terms[i].iter().filter(|(term, _)| keyword[*term]).count();
                let mut score = (-(i as f32) / POSITION_DECAY).exp()
                    + CENTROID_WEIGHT * centroid[i]
                    + KEYWORD_WEIGHT * covered as f32 / KEYWORDS as f32;
                if lengths[i] < SHORT_TOKENS {
                    score -= SHORT_PENALTY;
                }
                if is_bare_quote(sentences[i]) {
                    score -= QUOTE_PENALTY;
                }
                score
            })
            .collect();
        Self { scores, vectors }
    }

    /// How much sentence `i` says about its article; comparable within the article only.
    pub(crate) fn score(&self, i: usize) -> f32 {
        self.scores[i]
    }

    /// How alike two sentences are, 0 to 1.
    pub(crate) fn similarity(&self, i: usize, j: usize) -> f32 {
        let (mut sum, mut others) = (0.0, self.vectors[j].iter().peekable());
        for (term, weight) in &self.vectors[i] {
            while others.next_if(|(other, _)| other < term).is_some() {}
            if let Some((_, other)) = others.next_if(|(other, _)| other == term) {
                sum += weight * other;
            }
        }
        sum
    }
}

/// Terms and a figure each, terms ascending; a term is the number of its first occurrence.
type Vector = Vec<(usize, f32)>;

/// What stands in each sentence, stop words left out.
struct Terms {
    counts: Vec<Vector>,
    /// How many tokens each sentence has, stop words too.
    lengths: Vec<usize>,
    /// How many different terms there are.
    vocabulary: usize,
}

impl Terms {
    fn of(sentences: &[&str]) -> Self {
        let stop: HashSet<&str> = STOP_WORDS.split_whitespace().collect();
        let (mut numbers, mut lengths) = (HashMap::<String, usize>::new(), Vec::new());
        let mut counts = Vec::new();
        for sentence in sentences {
            let (mut length, mut found) = (0, Vec::new());
            for token in tokens(sentence) {
                length += 1;
                if !stop.contains(token.as_str()) && !token.contains(|c| STOP_CHARACTERS.contains(c)) {
                    let next = numbers.len();
                    found.push(*numbers.entry(token).or_insert(next));
                }
            }
            lengths.push(length);
            found.sort_unstable();
            counts.push(found.chunk_by(|a, b| a == b).map(|same| (same[0], same.len() as f32)).collect());
        }
        Self { counts, lengths, vocabulary: numbers.len() }
    }
}

/// TF-IDF vectors of length 1, with the smoothed inverse sentence frequency `ln((1 + n) / (1 + df)) + 1`.
fn weigh(terms: &[Vector], vocabulary: usize) -> Vec<Vector> {
    let mut frequency = vec![0.0_f32; vocabulary];
    terms.iter().flatten().for_each(|(term, _)| frequency[*term] += 1.0);
    let n = terms.len() as f32;
    terms
        .iter()
        .map(|counts| {
            let weight =
                |(term, count): &(usize, f32)| (*term, count * (((1.0 + n) / (1.0 + frequency[*term])).ln() + 1.0));
            let mut vector: Vec<_> = counts.iter().map(weight).collect();
            let norm = vector.iter().map(|(_, w)| w * w).sum::<f32>().sqrt();
            vector.iter_mut().for_each(|(_, w)| *w /= norm);
            vector
        })
        .collect()
}

/// Which terms are the article's keywords: the most frequent, the earlier one where two are as frequent.
fn keywords(terms: &[Vector], vocabulary: usize) -> Vec<bool> {
    let mut counts = vec![0.0_f32; vocabulary];
    terms.iter().flatten().for_each(|(term, count)| counts[*term] += count);
    let mut order: Vec<usize> = (0..vocabulary).collect();
    order.sort_by(|a, b| counts[*b].total_cmp(&counts[*a]));
    let mut chosen = vec![false; vocabulary];
    order.iter().take(KEYWORDS).for_each(|term| chosen[*term] = true);
    chosen
}

/// Whether a sentence is one quotation from its first to its last character.
fn is_bare_quote(sentence: &str) -> bool {
    let opening = |c: char| "\"'“‘„«「『`".contains(c);
    let closing = |c: char| "\"'”’“»」』".contains(c);
    sentence.starts_with(opening) && sentence.ends_with(closing)
}

fn add(sum: &mut [f32], vector: &[(usize, f32)]) {
    vector.iter().for_each(|(term, weight)| sum[*term] += weight);
}

fn dot(vector: &[(usize, f32)], dense: &[f32]) -> f32 {
    vector.iter().map(|(term, weight)| weight * dense[*term]).sum()
}

/// Divides by the largest, so that the largest is 1.
fn scaled(mut values: Vec<f32>) -> Vec<f32> {
    let largest = values.iter().copied().fold(0.0, f32::max);
    if largest > 0.0 {
        values.iter_mut().for_each(|v| *v /= largest);
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_about_the_whole_counts_more_than_an_aside() {
        let ranking = Ranking::of(&[
            "The harbour council will rebuild the old lighthouse next spring.",
            "The council says the lighthouse needs a new lamp before spring.",
            "A dog barked somewhere behind the grey houses on the hill.",
            "Fishermen want the harbour lighthouse rebuilt with its old lamp.",
        ]);
        assert!(ranking.score(3) > ranking.score(2));
        assert!(ranking.similarity(0, 3) > ranking.similarity(0, 2));
        assert!((ranking.similarity(2, 2) - 1.0).abs() < 1e-5);
    }

    #[test]
    fn bare_quotes_and_scraps_lose() {
        let with =
            |second: &str| Ranking::of(&["The ferry stops running in May.", second, "Nobody knows why."]).score(1);
        let plain = with("The ferry is old and the river is low this year.");
        assert!(with("“The ferry is old and the river is low this year.”") < plain);
        assert!(with("The ferry.") < plain);
    }

    #[test]
    fn sentences_without_a_word_do_no_harm() {
        let ranking = Ranking::of(&["…", "the of and", "!!!"]);
        assert!((0..3).all(|i| ranking.score(i).is_finite()));
    }
}
