//! The same story from another source: marked, never thrown away.
//!
//! A text is the set of its shingles: three tokens in a row, a token being a word or a pair of neighbouring characters
//! of a script without spaces. [`fingerprint`] keeps the least of each of many hashes over that set (MinHash, Broder
//! 1997), which tells how much two sets overlap (Jaccard) without either text; [`index`] finds, in the database, the
//! articles whose fingerprint agrees in at least one band of three hashes (locality-sensitive hashing, Indyk and
//! Motwani 1998).
//!
//! Limits: texts of fewer than 30 tokens are not compared, those behind the first 20,000 shingles of a text don't
//! count, and articles are compared with those of the last `KOS_KEEP_DAYS` days. A translation is no near-duplicate.
//! Figures and how they came about: `cargo bench --package kos-tests --bench near_duplicates`.

pub mod fingerprint;
pub mod index;

pub use fingerprint::Fingerprint;
pub use index::NearDuplicate;
