//! How good trees are on the pages that they were fitted to, and on pages that they weren't.

use std::thread;

use anyhow::anyhow;
use kos_ingest::extract::fit::Trees;

use crate::{
    booster::{Boosted, Settings, fit},
    corpus::{Page, SETS, samples},
    folds::folds,
    score::{PageScore, Score, mean},
};

/// What the deepest pages need, in bytes.
pub const STACK_BYTES: usize = 64 * 1024 * 1024;

/// A set's score, and how sure its F1 is.
#[derive(Debug, Clone, Copy)]
pub struct Measured {
    pub set: &'static str,
    pub score: Score,
    /// The standard error of F1: the standard deviation between folds by the root of their number.
    pub error: Option<f64>,
}

/// The scores of trees on pages, a set at a time.
pub fn all_at_once(trees: &Trees, pages: &[Page]) -> Vec<Measured> {
    let scores: Vec<PageScore> = pages.iter().map(|p| p.score(trees)).collect();
    by_set(pages, &scores, &vec![0; pages.len()], 1)
}

/// The scores of trees on pages that they weren't fitted to: each fold's by trees that were fitted to the others.
pub fn held_out(pages: &[Page], count: usize, salt: &str, settings: &Settings) -> anyhow::Result<Vec<Measured>> {
    let keys: Vec<(&str, &str)> = pages.iter().map(|p| (p.set.name, p.key.as_str())).collect();
    let fold = folds(&keys, count, salt);
    let of_fold = |wanted: usize| -> Vec<(usize, PageScore)> {
        let others = pages.iter().zip(&fold).filter(|(_, f)| **f != wanted).map(|(page, _)| page);
        let trees = Trees::read(&fitted(others, settings).to_string());
        let own = pages.iter().zip(&fold).enumerate().filter(|(_, (_, f))| **f == wanted);
        own.map(|(at, (page, _))| (at, page.score(&trees))).collect()
    };
    let mut scores = vec![PageScore::default(); pages.len()];
    let wanted: Vec<usize> = (0..count).collect();
    for some in wanted.chunks(thread::available_parallelism()?.get()) {
        let found = thread::scope(|scope| {
            let spawn = |f: &usize| {
                let f = *f;
                let of_fold = &of_fold;
                thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, move || of_fold(f))
            };
            let running: Vec<_> = some.iter().map(spawn).collect::<Result<_, _>>()?;
            running.into_iter().map(|r| r.join().map_err(|_| anyhow!("a fold panicked"))).collect::<Result<Vec<_>, _>>()
        })?;
        found.into_iter().flatten().for_each(|(at, score)| scores[at] = score);
    }
    Ok(by_set(pages, &scores, &fold, count))
}

/// The trees that are fitted to pages.
pub fn fitted<'a>(pages: impl Iterator<Item = &'a Page>, settings: &Settings) -> Boosted {
    fit(&samples(pages), settings)
}

fn by_set(pages: &[Page], scores: &[PageScore], fold: &[usize], count: usize) -> Vec<Measured> {
    let sets = SETS.into_iter().filter(|set| pages.iter().any(|p| p.set.name == set.name));
    let measured = sets.map(|set| {
        let of = |wanted: Option<usize>| -> Score {
            let own = pages.iter().zip(scores).zip(fold);
            let own = own.filter(|((p, _), f)| p.set.name == set.name && wanted.is_none_or(|wanted| **f == wanted));
            Score::of(&own.map(|((_, score), _)| *score).collect::<Vec<_>>())
        };
        let f1: Vec<f64> = (0..count).map(|f| of(Some(f)).f1).collect();
        Measured { set: set.name, score: of(None), error: standard_error(&f1) }
    });
    measured.collect()
}

fn standard_error(values: &[f64]) -> Option<f64> {
    let (count, centre) = (values.len() as f64, mean(values.iter().copied()));
    let squares: f64 = values.iter().map(|v| (v - centre).powi(2)).sum();
    (values.len() > 1).then(|| (squares / (count - 1.0) / count).sqrt())
}
