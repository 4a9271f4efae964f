//! What a text is recognized by.

use kos_shared::text::tokens;

/// How many tokens a shingle has.
const SHINGLE: usize = 3;

/// Fewer tokens than this say too little: captions and one-line notices are alike everywhere.
const MIN_TOKENS: usize = 30;

/// The most shingles of a text that count.
const MAX_SHINGLES: usize = 20_000;

/// How many hashes estimate an overlap: the standard error is at most 0.045.
const HASHES: usize = 128;

/// How many bands there are. With three hashes each, an overlap of 0.6 is found 99.7 times in 100, one of 0.4 80 times,
/// one of 0.1 twice and one of 0.01 not in a thousand.
const BANDS: usize = 24;

/// How many hashes must agree in a band.
const ROWS: usize = 3;

/// The least overlap (Jaccard) that makes two texts the same story. Texts of which every fifth word was changed overlap
/// by 0.4, unrelated ones of one site by less than 0.2.
const THRESHOLD: f64 = 0.3;

/// The MinHash of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint {
    bands: Vec<i32>,
    sketch: Vec<u8>,
    shingles: u32,
}

/// How alike two texts are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Likeness {
    /// The part of all their shingles that both have (Jaccard), from 0 to 1.
    pub overlap: f64,
    /// The part of the first text's shingles that the other one has, from 0 to 1.
    pub share: f64,
}

impl Likeness {
    /// Whether they tell the same story in nearly the same words.
    pub fn is_same_story(&self) -> bool {
        self.overlap >= THRESHOLD
    }
}

impl Fingerprint {
    /// The fingerprint of a text; `None` where the text is too short to say anything. Takes time linear in the text.
    pub fn of(text: &str) -> Option<Self> {
        let shingles = shingles(text)?;
        let least = least_hashes(&shingles);
        let bands = least.chunks_exact(ROWS).take(BANDS).enumerate().map(|(band, rows)| key(band, rows));
        let mut bands: Vec<i32> = bands.collect();
        bands.sort_unstable();
        bands.dedup();
        // Half of a hash tells two texts apart as well as all of it.
        let sketch = least.iter().flat_map(|hash| (*hash as u16).to_be_bytes()).collect();
        Some(Self { bands, sketch, shingles: u32::try_from(shingles.len()).unwrap_or(u32::MAX) })
    }

    /// The keys by which it is found, each once, in order.
    pub fn bands(&self) -> &[i32] {
        &self.bands
    }

    /// The hashes, as a database keeps them.
    pub fn sketch(&self) -> &[u8] {
        &self.sketch
    }

    /// How many different shingles the text has.
    pub fn shingles(&self) -> u32 {
        self.shingles
    }

    /// How alike this text is to one of which `sketch` and `shingles` were kept. What is no sketch is like nothing.
    pub fn likeness(&self, sketch: &[u8], shingles: u32) -> Likeness {
        if sketch.len() != self.sketch.len() || self.shingles == 0 {
            return Likeness { overlap: 0.0, share: 0.0 };
        }
        let pairs = self.sketch.chunks_exact(2).zip(sketch.chunks_exact(2));
        let overlap = pairs.filter(|(own, other)| own == other).count() as f64 / HASHES as f64;
        let both = overlap / (1.0 + overlap) * (f64::from(self.shingles) + f64::from(shingles));
        Likeness { overlap, share: (both / f64::from(self.shingles)).min(1.0) }
    }
}

/// The hashes of a text's shingles, each once; `None` where there are too few tokens.
fn shingles(text: &str) -> Option<Vec<u64>> {
    let tokens: Vec<u64> = tokens(text).take(MAX_SHINGLES + SHINGLE - 1).map(|token| mixed(fnv_1a(&token))).collect();
    if tokens.len() < MIN_TOKENS {
        return None;
    }
    let hash = |window: &[u64]| window.iter().fold(0, |hash, token| mixed(hash ^ token));
    let mut shingles: Vec<u64> = tokens.windows(SHINGLE).map(hash).collect();
    shingles.sort_unstable();
    shingles.dedup();
    Some(shingles)
}

/// For each of [`HASHES`] functions the least value that it has over the shingles. The functions are multiply-shift
/// ones (Dietzfelbinger et al. 1997) with constants that never change: fingerprints are kept.
fn least_hashes(shingles: &[u64]) -> Vec<u32> {
    (0..HASHES as u64)
        .map(|function| {
            let (factor, term) = (mixed(2 * function) | 1, mixed(2 * function + 1));
            let hash = |shingle: &u64| (shingle.wrapping_mul(factor).wrapping_add(term) >> 32) as u32;
            shingles.iter().map(hash).min().unwrap_or(u32::MAX)
        })
        .collect()
}

/// A band's key: 32 bits, by which a row of SQLite can be named. That two bands of a million articles share one by
/// chance is rare, and the sketch shows it.
fn key(band: usize, rows: &[u32]) -> i32 {
    let hash = rows.iter().fold(mixed(band as u64), |hash, row| mixed(hash ^ u64::from(*row)));
    (hash >> 32) as u32 as i32
}

/// FNV-1a with 64 bits (Fowler, Noll and Vo).
fn fnv_1a(token: &str) -> u64 {
    token.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// A number that looks like chance, the same for the same one (SplitMix64, Steele et al. 2014).
fn mixed(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    /// A text of so many words, none of which another `seed` has in the same order.
    fn story(seed: u64, words: u64) -> Vec<String> {
        (0..words).map(|n| format!("w{}", mixed(seed << 32 | n) % 5_000)).collect()
    }

    fn of(words: &[String]) -> Fingerprint {
        Fingerprint::of(&words.join(" ")).unwrap()
    }

    fn likeness(one: &Fingerprint, other: &Fingerprint) -> Likeness {
        one.likeness(other.sketch(), other.shingles())
    }

    fn share_a_band(one: &Fingerprint, other: &Fingerprint) -> bool {
        one.bands().iter().any(|band| other.bands().contains(band))
    }

    #[test]
    fn the_same_words_are_the_same_whatever_stands_between_them() {
        let words = story(1, 200);
        let (one, other) = (of(&words), Fingerprint::of(&words.join(",\n— ").to_uppercase()).unwrap());
        assert_eq!(one, other);
        assert_eq!(likeness(&one, &other), Likeness { overlap: 1.0, share: 1.0 });
        let chinese = "两座岛屿之间的渡轮在船厂度过一个冬天之后恢复运行，船长告诉记者。每天早晨六点开船，傍晚返回。";
        let one = Fingerprint::of(chinese).unwrap();
        assert_eq!(Fingerprint::of(&chinese.replace('，', " ， \n")), Some(one));
    }

    #[test]
    fn an_edited_text_is_the_same_story_and_another_one_is_not() {
        for seed in 0..50 {
            let original = story(seed, 400);
            let mut edited = original.clone();
            // Every twelfth word is another one.
            edited.iter_mut().step_by(12).for_each(|word| word.push('x'));
            let (one, other, third) = (of(&original), of(&edited), of(&story(seed + 1_000, 400)));
            assert!(likeness(&one, &other).is_same_story() && share_a_band(&one, &other), "story {seed}");
            assert!(!likeness(&one, &third).is_same_story() && !share_a_band(&one, &third), "story {seed}");
        }
    }

    #[test]
    fn a_share_is_estimated_of_the_text_that_is_asked() {
        let (whole, intro) = (story(3, 600), story(4, 200));
        let part = &whole[..400];
        let asked = likeness(&of(part), &of(&whole));
        assert!(asked.share > 0.9, "all of it is there: {asked:?}");
        let longer: Vec<String> = intro.iter().chain(part).cloned().collect();
        let asked = likeness(&of(&longer), &of(&whole));
        assert!((asked.share - 2.0 / 3.0).abs() < 0.15, "two thirds of it are there: {asked:?}");
        let shingle_sets = [part, &whole[..]].map(|words| {
            let text = words.join(" ");
            HashSet::<u64>::from_iter(shingles(&text).unwrap())
        });
        let true_overlap = shingle_sets[0].intersection(&shingle_sets[1]).count() as f64
            / shingle_sets[0].union(&shingle_sets[1]).count() as f64;
        assert!((likeness(&of(part), &of(&whole)).overlap - true_overlap).abs() < 0.15);
    }

    #[test]
    fn a_short_text_has_no_fingerprint_and_a_dull_or_long_one_does_no_harm() {
        assert_eq!(Fingerprint::of(""), None);
        assert_eq!(Fingerprint::of(&"word ".repeat(MIN_TOKENS - 1)), None);
        assert_eq!(Fingerprint::of("短消息，没有多少字。"), None);
        assert_eq!(Fingerprint::of(&"word ".repeat(1_000_000)).unwrap().shingles(), 1);
        let long = of(&story(5, 100_000));
        assert!(long.shingles() as usize <= MAX_SHINGLES);
        assert_eq!(long.likeness(&[1, 2, 3], 7), Likeness { overlap: 0.0, share: 0.0 });
    }

    #[test]
    fn fingerprints_that_were_kept_stay_comparable() {
        let print = of(&story(1, 100));
        assert_eq!((print.bands().len(), print.sketch().len()), (BANDS, 2 * HASHES));
        // A change of any constant or of the tokens would make new articles unlike all that are known.
        assert_eq!((print.bands()[0], &print.sketch()[..4]), (-2_058_472_516, &[157, 133, 138, 206][..]));
    }
}
