//! Pages dealt out to folds: each is judged by trees that were fitted without it.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

/// The fold of each page, `0..folds`, pages being `(set, key)`. The pages of a set are dealt out in the order of a
/// hash of their keys, so folds have the same share of each set, whatever the order of the pages. Another `salt` deals
/// them out in another way.
pub fn folds(pages: &[(&str, &str)], folds: usize, salt: &str) -> Vec<usize> {
    let mut sets: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, (set, _)) in pages.iter().enumerate() {
        sets.entry(set).or_default().push(at);
    }
    let mut fold = vec![0; pages.len()];
    for of_set in sets.values_mut() {
        of_set.sort_by_cached_key(|at| Sha256::digest([pages[*at].1, salt].concat()));
        for (place, at) in of_set.iter().enumerate() {
            fold[*at] = place % folds;
        }
    }
    fold
}
