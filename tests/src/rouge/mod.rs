//! ROUGE: how much of a reference summary's wording a summary has.
//!
//! Source: C.-Y. Lin, ROUGE: A Package for Automatic Evaluation of Summaries (2004); tokens, stems and clipping as in
//! the Python package `rouge-score` 0.1.2 with its stemmer, so that figures can be laid beside published ones.

mod porter;

use std::collections::HashMap;

/// Cuts a text into the tokens that are compared.
pub type Tokenize = fn(&str) -> Vec<String>;

/// F1, 0 to 1, of a summary against one reference.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Rouge {
    /// ROUGE-1: single tokens.
    pub one: f64,
    /// ROUGE-2: pairs of neighbours.
    pub two: f64,
    /// ROUGE-L over whole summaries (`rougeLsum` of the package): what is in the same order, sentence by sentence.
    pub l: f64,
}

/// Compares a summary with a reference, both given as sentences.
pub fn rouge(summary: &[&str], reference: &[&str], tokenize: Tokenize) -> Rouge {
    let tokens = |sentences: &[&str]| sentences.iter().map(|s| tokenize(s)).collect::<Vec<_>>();
    let (summary, reference) = (tokens(summary), tokens(reference));
    let (flat_summary, flat_reference) = (summary.concat(), reference.concat());
    Rouge {
        one: of_ngrams(&flat_summary, &flat_reference, 1),
        two: of_ngrams(&flat_summary, &flat_reference, 2),
        l: of_subsequences(&summary, &reference),
    }
}

/// Words of the Latin alphabet and numbers, in lower case, those longer than three letters stemmed; for English.
pub fn stemmed_words(text: &str) -> Vec<String> {
    let lower = text.to_lowercase();
    let words = lower.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.map(|word| if word.len() > 3 { porter::stem(word) } else { word.to_owned() }).collect()
}

/// Each letter and digit by itself, in lower case; for Chinese.
pub fn characters(text: &str) -> Vec<String> {
    text.chars().filter(|c| c.is_alphanumeric()).map(|c| c.to_lowercase().collect()).collect()
}

fn of_ngrams(summary: &[String], reference: &[String], n: usize) -> f64 {
    let count = |tokens: &[String]| tokens.len().saturating_sub(n - 1);
    let mut open: HashMap<&[String], usize> = HashMap::new();
    for ngram in reference.windows(n) {
        *open.entry(ngram).or_default() += 1;
    }
    let hits = summary.windows(n).filter(|ngram| take(&mut open, ngram)).count();
    f1(hits, count(summary), count(reference))
}

/// The union of the longest common subsequences of each sentence of the reference with all of the summary's; a token
/// counts no more often than it stands in either.
fn of_subsequences(summary: &[Vec<String>], reference: &[Vec<String>]) -> f64 {
    let counts = |sentences: &[Vec<String>]| {
        let mut counts: HashMap<String, usize> = HashMap::new();
        sentences.iter().flatten().for_each(|token| *counts.entry(token.clone()).or_default() += 1);
        counts
    };
    let (mut in_summary, mut in_reference) = (counts(summary), counts(reference));
    let mut hits = 0;
    for sentence in reference {
        let mut common = vec![false; sentence.len()];
        summary.iter().for_each(|other| mark_common(sentence, other, &mut common));
        for (token, _) in sentence.iter().zip(common).filter(|(_, common)| *common) {
            if in_summary.get(token).is_some_and(|n| *n > 0) && take(&mut in_reference, token) {
                take(&mut in_summary, token);
                hits += 1;
            }
        }
    }
    let count = |sentences: &[Vec<String>]| sentences.iter().map(Vec::len).sum();
    f1(hits, count(summary), count(reference))
}

/// Marks which tokens of `reference` are in its longest common subsequence with `other`; of several the one that the
/// package's way back through the table finds.
fn mark_common(reference: &[String], other: &[String], common: &mut [bool]) {
    let mut longest = vec![vec![0_usize; other.len() + 1]; reference.len() + 1];
    for (i, a) in reference.iter().enumerate() {
        for (j, b) in other.iter().enumerate() {
            longest[i + 1][j + 1] = if a == b { longest[i][j] + 1 } else { longest[i][j + 1].max(longest[i + 1][j]) };
        }
    }
    let (mut i, mut j) = (reference.len(), other.len());
    while i > 0 && j > 0 {
        if reference[i - 1] == other[j - 1] {
            common[i - 1] = true;
            (i, j) = (i - 1, j - 1);
        } else if longest[i][j - 1] > longest[i - 1][j] {
            j -= 1;
        } else {
            i -= 1;
        }
    }
}

/// Takes one of `key`; `false` where none is left.
fn take<K, Q>(counts: &mut HashMap<K, usize>, key: &Q) -> bool
where
    K: std::borrow::Borrow<Q> + Eq + std::hash::Hash,
    Q: Eq + std::hash::Hash + ?Sized,
{
    let Some(count) = counts.get_mut(key).filter(|count| **count > 0) else { return false };
    *count -= 1;
    true
}

fn f1(hits: usize, in_summary: usize, in_reference: usize) -> f64 {
    if hits == 0 { 0.0 } else { 2.0 * hits as f64 / (in_summary + in_reference) as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// In thousandths, to compare with what the package prints.
    fn thousandths(summary: &[&str], reference: &[&str], tokenize: Tokenize) -> [u32; 3] {
        let rouge = rouge(summary, reference, tokenize);
        [rouge.one, rouge.two, rouge.l].map(|f1| (f1 * 1_000.0).round() as u32)
    }

    #[test]
    fn english_figures_are_those_of_the_package() {
        let reference = ["The council closes the old ferry in May.", "A new boat would cost too much, it says."];
        for (summary, expected) in [
            (&["The ferry is closed in May by the council.", "The boat costs a lot."][..], [645, 138, 387]),
            (&["It says a new boat would cost too much.", "The ferries closed."], [828, 519, 621]),
            (&["Nothing of this."], [0, 0, 0]),
            (&[], [0, 0, 0]),
        ] {
            assert_eq!(thousandths(summary, &reference, stemmed_words), expected, "{summary:?}");
        }
    }

    #[test]
    fn chinese_is_compared_character_by_character() {
        assert_eq!(characters("用 AI，写！"), ["用", "a", "i", "写"]);
        assert_eq!(thousandths(&["古桥封闭。"], &["古桥封闭。"], characters), [1_000, 1_000, 1_000]);
        // 4 of 5 and 6 characters, 2 of 4 and 5 pairs.
        assert_eq!(thousandths(&["古桥封闭了"], &["桥封闭检修了"], characters), [727, 444, 727]);
    }
}
