//! What each term of an article weighs, so that results can be ranked by the same figures on both databases.
//!
//! Source: BM25F (Robertson, Zaragoza, Taylor 2004), without the part that depends on the other articles: all results have
//! all terms of the query, and a score that new articles change would make pages of results overlap.

use bytes::Bytes;

use super::query::Query;

/// How much a term's occurrence counts in the title.
pub const TITLE: f32 = 5.0;

/// In a summary.
pub const SUMMARY: f32 = 2.0;

/// In a body of so many terms: 1 in a usual one.
pub fn body(terms: usize) -> f32 {
    1.0 / (1.0 - LENGTH + LENGTH * terms as f32 / USUAL_LENGTH).max(0.5)
}

/// How soon more occurrences stop counting more: the usual 1.2 to 2.
const SATURATION: f32 = 1.6;

/// How much longer bodies count less: the usual 0.75.
const LENGTH: f32 = 0.75;

/// The length of a usual body, in terms.
const USUAL_LENGTH: f32 = 500.0;

/// Terms with their weights: four bytes each, three of them the term's hash, sorted. Two of an article's terms have the
/// same hash about once in 400 articles; then one of them weighs what the other does.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Weights(Bytes);

impl Weights {
    /// The weights of an article's terms, by what their occurrences count together.
    pub fn of<'t>(counts: impl IntoIterator<Item = (&'t str, f32)>) -> Self {
        let mut counts: Vec<(u32, f32)> = counts.into_iter().map(|(term, count)| (hash(term), count)).collect();
        counts.sort_by_key(|(hash, _)| *hash);
        counts.dedup_by(|next, first| {
            let same = next.0 == first.0;
            first.1 += if same { next.1 } else { 0.0 };
            same
        });
        let byte = |count: f32| (count / (count + SATURATION) * 255.0).round().clamp(1.0, 255.0) as u32;
        Self(counts.into_iter().flat_map(|(hash, count)| (hash << 8 | byte(count)).to_be_bytes()).collect())
    }

    /// As they are stored.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// As they were stored.
    pub fn from_bytes(bytes: impl Into<Bytes>) -> Self {
        Self(bytes.into())
    }

    /// What a term weighs, 0 to 255.
    pub fn of_term(&self, term: &str) -> u8 {
        let (entries, _) = self.0.as_chunks::<4>();
        let hash = hash(term);
        let found = entries.binary_search_by_key(&hash, |entry| u32::from_be_bytes(*entry) >> 8);
        found.map_or(0, |index| entries[index][3])
    }

    /// How much an article is about a query: the sum over its clauses, each as much as its least term. More than 0.
    pub fn relevance(&self, query: &Query) -> f64 {
        let least = |clause: &Vec<String>| clause.iter().map(|term| u32::from(self.of_term(term))).min().unwrap_or(0);
        f64::from(query.wanted.iter().map(least).sum::<u32>().max(1))
    }
}

/// FNV-1a, folded to 24 bits.
pub fn hash(term: &str) -> u32 {
    let hash = term.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    (hash >> 8) ^ (hash & 0xff)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn weights(title: &str, body: &str) -> Weights {
        let mut counts: BTreeMap<&str, f32> = BTreeMap::new();
        for (text, count) in [(title, TITLE), (body, super::body(body.split(' ').count()))] {
            text.split(' ').for_each(|term| *counts.entry(term).or_default() += count);
        }
        Weights::of(counts)
    }

    #[test]
    fn a_title_weighs_more_than_a_body_and_often_more_than_once() {
        let long = "word ".repeat(400);
        let query = Query::parse("ferry");
        let relevance = |title: &str, body: &str| weights(title, body).relevance(&Query::parse("ferri")).round();
        let (in_title, once) = (relevance("ferri", &long), relevance("boat", &format!("ferri {long}")));
        let thrice = relevance("boat", &format!("ferri ferri ferri {long}"));
        assert!(in_title > thrice && thrice > once && once > 1.0, "{in_title} {thrice} {once}");
        assert_eq!(query, Query::parse("ferries"));
        assert_eq!(relevance("boat", &long), 1.0);
    }

    #[test]
    fn a_long_body_is_less_about_each_of_its_terms() {
        let body = |words: usize| format!("ferri {}", "word ".repeat(words));
        assert!(weights("x", &body(100)).of_term("ferri") > weights("x", &body(2_000)).of_term("ferri"));
    }

    #[test]
    fn weights_survive_their_storage() {
        let stored = weights("渡轮 复航", "渡轮 六点");
        assert_eq!(Weights::from_bytes(stored.bytes().to_vec()), stored);
        assert!(stored.of_term("渡轮") > stored.of_term("六点") && stored.of_term("山羊") == 0);
        assert_eq!(Weights::from_bytes(vec![1, 2, 3]).of_term("x"), 0);
    }
}
