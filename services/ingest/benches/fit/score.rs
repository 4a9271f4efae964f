//! How much of an article's text was found, and how much else, as the public article-extraction benchmark
//! (scrapinghub/article-extraction-benchmark) has it: shingles of four tokens, counted as often as they stand.

use std::collections::HashMap;

/// Tokens a shingle.
const SHINGLE: usize = 4;

/// A page's precision and recall; `None` where there is nothing to be precise or complete about.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct PageScore {
    pub precision: Option<f64>,
    pub recall: Option<f64>,
}

/// What pages come to: each measure averaged over the pages that have it, F1 of the averages.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Score {
    pub f1: f64,
    pub precision: f64,
    pub recall: f64,
}

impl Score {
    pub fn of(pages: &[PageScore]) -> Self {
        let precision = mean(pages.iter().filter_map(|p| p.precision));
        let recall = mean(pages.iter().filter_map(|p| p.recall));
        let sum = precision + recall;
        Self { f1: if sum > 0.0 { 2.0 * precision * recall / sum } else { 0.0 }, precision, recall }
    }
}

/// The mean; zero of nothing.
pub fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (count, sum) = values.fold((0_u32, 0.0), |(count, sum), value| (count + 1, sum + value));
    sum / f64::from(count.max(1))
}

/// The score of the text that was found on a page whose article is `truth`.
pub fn score(truth: &str, found: &str, by_character: bool) -> PageScore {
    let (truth, found) = (tokens(truth, by_character), tokens(found, by_character));
    let (mut left, wanted, got) = (shingles(&truth), count(&truth), count(&found));
    let mut shared = 0_u32;
    for shingle in each_shingle(&found) {
        if let Some(times) = left.get_mut(shingle).filter(|times| **times > 0) {
            *times -= 1;
            shared += 1;
        }
    }
    let share = |of: u32| (of > 0).then(|| f64::from(shared) / f64::from(of));
    PageScore { precision: share(got), recall: share(wanted) }
}

/// The words of a text; with `by_character` every Han, kana or hangul character is one.
pub fn tokens(text: &str, by_character: bool) -> Vec<&str> {
    let mut tokens = vec![];
    let mut start = None;
    for (at, c) in text.char_indices() {
        let alone = by_character && is_cjk(c);
        let in_word = !alone && (c.is_alphanumeric() || c == '_');
        if in_word {
            start.get_or_insert(at);
            continue;
        }
        tokens.extend(start.take().map(|from| &text[from..at]));
        if alone {
            tokens.push(&text[at..at + c.len_utf8()]);
        }
    }
    tokens.extend(start.map(|from| &text[from..]));
    tokens
}

fn is_cjk(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}')
}

/// A text of fewer tokens than a shingle has is one.
fn each_shingle<'a, 'b>(tokens: &'b [&'a str]) -> impl Iterator<Item = &'b [&'a str]> {
    tokens.windows(SHINGLE.min(tokens.len()).max(1))
}

fn count(tokens: &[&str]) -> u32 {
    u32::try_from(each_shingle(tokens).count()).unwrap_or(u32::MAX)
}

fn shingles<'a, 'b>(tokens: &'b [&'a str]) -> HashMap<&'b [&'a str], u32> {
    let mut counts = HashMap::new();
    for shingle in each_shingle(tokens) {
        *counts.entry(shingle).or_default() += 1;
    }
    counts
}
