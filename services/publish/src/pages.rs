//! Pages of articles as they were rendered and encoded, kept until something changes: what is kept counts only with the
//! state that the database has at the time of the request, so all replicas agree.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
};

use axum::http::HeaderMap;
use bytes::Bytes;
use kos_shared::event::ArticleId;

use crate::delivery::Encoding;

/// How much of pages is kept, in bytes.
const LIMIT: usize = 64 << 20;

/// What an entry costs beside its body: about what its key, headers and places take.
const OVERHEAD: usize = 512;

/// All that tells one page of an article from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key {
    /// The article.
    pub article_id: ArticleId,
    /// The language of the interface, as pages declare it.
    pub lang: &'static str,
    /// The content coding.
    pub encoding: Encoding,
}

/// A page as it is sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept {
    /// The entity tag of the state that it shows.
    pub tag: String,
    /// What else than usual its headers say.
    pub headers: HeaderMap,
    /// Its body, encoded.
    pub body: Bytes,
}

/// The pages that were asked for last. Cheap to clone; clones are the same.
#[derive(Debug, Clone)]
pub struct Pages(Arc<Mutex<Entries>>);

#[derive(Debug)]
struct Entries {
    limit: usize,
    bytes: usize,
    /// Counts uses.
    clock: u64,
    pages: HashMap<Key, (u64, Kept)>,
    /// Which page was used when, the one that waits longest first.
    used: BTreeMap<u64, Key>,
}

impl Default for Pages {
    fn default() -> Self {
        Self::of_bytes(LIMIT)
    }
}

impl Pages {
    /// Room for so many bytes.
    pub fn of_bytes(limit: usize) -> Self {
        let entries = Entries { limit, bytes: 0, clock: 0, pages: HashMap::new(), used: BTreeMap::new() };
        Self(Arc::new(Mutex::new(entries)))
    }

    /// The page, where it is kept in this state.
    pub fn get(&self, key: Key, tag: &str) -> Option<Kept> {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Entries { clock, pages, used, .. } = &mut *entries;
        let (last_used, kept) = pages.get_mut(&key).filter(|(_, kept)| kept.tag == tag)?;
        used.remove(last_used);
        *clock += 1;
        *last_used = *clock;
        used.insert(*clock, key);
        Some(kept.clone())
    }

    /// Keeps a page, at the cost of those that nobody asked for longest.
    pub fn put(&self, key: Key, kept: Kept) {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        entries.remove(key);
        let size = kept.size();
        if size > entries.limit {
            return;
        }
        while entries.bytes + size > entries.limit {
            let Some((_, oldest)) = entries.used.pop_first() else { break };
            entries.remove(oldest);
        }
        entries.clock += 1;
        let now = entries.clock;
        entries.bytes += size;
        entries.used.insert(now, key);
        entries.pages.insert(key, (now, kept));
    }

    /// How many bytes are kept.
    pub fn bytes(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).bytes
    }
}

impl Entries {
    fn remove(&mut self, key: Key) {
        if let Some((used, kept)) = self.pages.remove(&key) {
            self.used.remove(&used);
            self.bytes -= kept.size();
        }
    }
}

impl Kept {
    fn size(&self) -> usize {
        self.body.len() + OVERHEAD
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: u32) -> Key {
        let url = format!("https://paper.example/{number}").parse().unwrap();
        Key { article_id: ArticleId::of_canonical_url(&url), lang: "en", encoding: Encoding::Identity }
    }

    fn kept(version: i64, length: usize) -> Kept {
        Kept { tag: version.to_string(), headers: HeaderMap::new(), body: vec![b'x'; length].into() }
    }

    #[test]
    fn a_page_counts_only_in_its_version_and_for_its_reader() {
        let pages = Pages::of_bytes(10_000);
        pages.put(key(1), kept(7, 100));
        assert_eq!(pages.get(key(1), "7"), Some(kept(7, 100)));
        assert_eq!(pages.get(key(1), "8"), None);
        assert_eq!(pages.get(Key { lang: "zh-Hans", ..key(1) }, "7"), None);
        assert_eq!(pages.get(Key { encoding: Encoding::Gzip, ..key(1) }, "7"), None);
        pages.put(key(1), kept(8, 50));
        assert_eq!(pages.get(key(1), "8"), Some(kept(8, 50)));
        assert_eq!(pages.bytes(), 50 + OVERHEAD);
    }

    #[test]
    fn what_nobody_asked_for_longest_goes_first() {
        let pages = Pages::of_bytes(3 * (1_000 + OVERHEAD));
        (1..=3).for_each(|number| pages.put(key(number), kept(1, 1_000)));
        assert!(pages.get(key(1), "1").is_some());
        pages.put(key(4), kept(1, 1_000));
        let there: Vec<_> = (1..=4).filter(|number| pages.get(key(*number), "1").is_some()).collect();
        assert_eq!(there, [1, 3, 4]);
        assert_eq!(pages.bytes(), 3 * (1_000 + OVERHEAD));
    }

    #[test]
    fn a_page_larger_than_all_room_is_not_kept() {
        let pages = Pages::of_bytes(1_000);
        pages.put(key(1), kept(1, 100));
        pages.put(key(2), kept(1, 5_000));
        assert!(pages.get(key(2), "1").is_none() && pages.get(key(1), "1").is_some());
    }
}
