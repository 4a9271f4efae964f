//! How much two articles are about the same.

use std::collections::HashMap;

use super::profile::{Profile, Term};

/// From which similarity on articles are related. Chosen, as was [`EARLIER`], on half of the labelled topics
/// (`benches/eval/related.rs`): one named article in 131 was wrong there, and one in 129 of the topics that were held out.
pub const RELATED: f64 = 0.09;

/// How many articles are counted as if they had come before all others, without any of their terms: what three articles have
/// in common may still be rare.
const EARLIER: f64 = 100.0;

/// In how many bits the sketches of two tellings of one story differ at most.
const SAME_STORY_BITS: u32 = 12;

/// How many terms two articles have to share.
const SHARED: u32 = 3;

/// After how many days two articles are half as related: news of one time explain each other.
const HALVED_AFTER_DAYS: f64 = 365.0;

/// How rare terms are.
#[derive(Debug, Clone, Default)]
pub struct Rarity(HashMap<u32, f64>);

impl Rarity {
    /// The inverse document frequency (Spärck Jones 1972) of terms: of so many articles, how many have each. `most` is up to
    /// where was counted: a term that so many have counts for nothing.
    pub fn of(articles: u64, counts: impl IntoIterator<Item = (u32, u64)>, most: u64) -> Self {
        let rarity = |having: u64| match having >= most {
            true => 0.0,
            false => ((articles as f64 + EARLIER) / (having as f64 + 0.5)).ln().max(0.0),
        };
        Self(counts.into_iter().map(|(hash, having)| (hash, rarity(having))).collect())
    }

    /// What a term counts: its weight in an article, and how rare it is.
    pub fn weigh(&self, term: Term) -> f64 {
        f64::from(term.weight) * self.0.get(&term.hash).copied().unwrap_or(0.0)
    }

    fn mean(&self, terms: impl Iterator<Item = Term>) -> f64 {
        let (sum, count) =
            terms.fold((0.0, 0_u32), |(sum, n), t| (sum + self.0.get(&t.hash).copied().unwrap_or(0.0), n + 1));
        sum / f64::from(count.max(1))
    }
}

/// The cosine of two profiles, 0 to 1, in the script in which they are closer: an article with a summary in a second language
/// is in that language as near to its likes as they are to each other. `rarity` is known of `one`'s terms; the terms that
/// `other` alone has count as if they were as rare as those on average.
pub fn similarity(one: &Profile, other: &[Term], rarity: &Rarity) -> f64 {
    let mut best = 0.0_f64;
    let lengths: Vec<_> = (0..2).map(|script| in_script(one, other, rarity, script)).collect();
    let longest = |length: fn(&Script) -> f64| lengths.iter().map(length).fold(0.0, f64::max);
    let (longest_one, longest_other) = (longest(|s| s.one), longest(|s| s.other));
    for script in &lengths {
        // A few foreign words, such as names of companies, are no text to compare.
        let lengths = script.one.max(longest_one / 2.0) * script.other.max(longest_other / 2.0);
        if script.shared >= SHARED && lengths > 0.0 {
            best = best.max(script.product / lengths);
        }
    }
    best.min(1.0)
}

struct Script {
    product: f64,
    one: f64,
    other: f64,
    shared: u32,
}

fn in_script(one: &Profile, other: &[Term], rarity: &Rarity, script: usize) -> Script {
    let of_script = |term: &Term| term.script() == script;
    let mine: HashMap<u32, f64> =
        one.terms.iter().filter(|t| of_script(t)).map(|t| (t.hash, rarity.weigh(*t))).collect();
    let usual = rarity.mean(one.terms.iter().copied().filter(of_script));
    let (mut product, mut square, mut shared) = (0.0, 0.0, 0);
    for term in other.iter().filter(|t| of_script(t)) {
        let weight = match mine.get(&term.hash) {
            Some(of_one) => {
                let weight = rarity.weigh(*term);
                product += of_one * weight;
                shared += u32::from(weight > 0.0);
                weight
            }
            None => f64::from(term.weight) * usual,
        };
        square += weight * weight;
    }
    let length = mine.values().map(|weight| weight * weight).sum::<f64>().sqrt();
    Script { product, one: length, other: square.sqrt(), shared }
}

/// Whether two sketches are of bodies that tell one story in nearly the same words.
pub fn is_same_story(one: u64, other: u64) -> bool {
    (one ^ other).count_ones() <= SAME_STORY_BITS
}

/// The similarity of articles that are so many seconds apart, for their order.
pub fn decayed(similarity: f64, seconds: i64) -> f64 {
    let days = seconds.unsigned_abs() as f64 / 86_400.0;
    similarity * (-days / HALVED_AFTER_DAYS).exp2()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(terms: &[u32]) -> Profile {
        Profile { terms: terms.iter().map(|hash| Term { hash: *hash, weight: 100 }).collect(), sketch: 0 }
    }

    fn rarity(counts: &[(u32, u64)]) -> Rarity {
        Rarity::of(1_000, counts.iter().copied(), 500)
    }

    #[test]
    fn rare_terms_count_more_and_common_ones_nothing() {
        let rarity = rarity(&[(2, 2), (4, 2), (6, 2), (8, 499), (10, 499), (12, 499), (14, 500)]);
        let one = profile(&[2, 4, 6, 8, 10, 12, 14]);
        let rare = similarity(&one, &profile(&[2, 4, 6]).terms, &rarity);
        let frequent = similarity(&one, &profile(&[8, 10, 12]).terms, &rarity);
        assert!(rare > 0.9 && frequent < 0.4, "{rare} {frequent}");
        assert_eq!(similarity(&one, &profile(&[2, 4, 14]).terms, &rarity), 0.0, "two are too few");
        assert!(similarity(&one, &one.terms, &rarity) > 0.99);
    }

    #[test]
    fn two_languages_meet_in_the_one_that_both_have() {
        let counts: Vec<_> = (0..40).map(|hash| (hash, 3)).collect();
        let bilingual = profile(&(0..40).collect::<Vec<_>>());
        let one_language = profile(&(0..20).map(|n| n * 2).collect::<Vec<_>>());
        assert!(similarity(&bilingual, &one_language.terms, &rarity(&counts)) > 0.99);
        let few_foreign =
            profile(&[1, 3, 5, 100, 102, 104, 106, 108, 110, 112, 114, 116, 118, 120, 122, 124, 126, 128]);
        let close = similarity(&bilingual, &few_foreign.terms, &rarity(&counts));
        assert!(close < 0.6, "{close}");
    }

    #[test]
    fn time_lessens_what_is_related() {
        assert_eq!(decayed(0.8, 0), 0.8);
        assert!((decayed(0.8, -365 * 86_400) - 0.4).abs() < 1e-9);
    }
}
