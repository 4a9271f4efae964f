//! The languages that readers can choose, kept from one page to the next.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use kos_shared::{event::Language, stage::RecordError};
use sqlx::AnyPool;

use super::{Cursor, select};

/// How long they are kept at most. A new language comes with a new article, which is told at once; the last article of one
/// may go without a word, and then the choice leads to an empty list until the minute is over.
const KEPT: Duration = Duration::from_secs(60);

/// The languages that articles are written in, as they were read last.
#[derive(Debug, Clone, Default)]
pub struct Languages(Arc<Mutex<Option<Kept>>>);

#[derive(Debug, Clone)]
struct Kept {
    languages: Arc<[Language]>,
    /// The newest article when they were read, or an older one.
    newest: Option<Cursor>,
    at: Instant,
}

impl Kept {
    /// Whether they still hold where `newest` is the newest article, as far as that is known.
    fn holds(&self, newest: Option<Cursor>, now: Instant) -> bool {
        now.saturating_duration_since(self.at) < KEPT && newest.is_none_or(|newest| Some(newest) == self.newest)
    }
}

impl Languages {
    /// The languages; `newest` is the newest article of all, where that was just read.
    ///
    /// # Errors
    /// The database fails.
    pub async fn read(&self, pool: &AnyPool, newest: Option<Cursor>) -> Result<Arc<[Language]>, RecordError> {
        let at = Instant::now();
        if let Some(kept) = self.lock().as_ref().filter(|kept| kept.holds(newest, at)) {
            return Ok(Arc::clone(&kept.languages));
        }
        let languages: Arc<[Language]> = select::languages(pool).await?.into();
        *self.lock() = Some(Kept { languages: Arc::clone(&languages), newest, at });
        Ok(languages)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Kept>> {
        // What a panic left behind is whole: it is only ever replaced.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use kos_shared::event::ArticleId;

    use super::*;

    #[test]
    fn they_hold_until_another_article_is_the_newest_and_a_minute_at_most() {
        let id = ArticleId::of_canonical_url(&"https://paper.example/1".parse().unwrap());
        let [one, two] = [1, 2].map(|added_at_ms| Some(Cursor { added_at_ms, article_id: id }));
        let at = Instant::now();
        let kept = Kept { languages: Arc::new([Language::ENGLISH]), newest: one, at };
        assert!(kept.holds(one, at) && kept.holds(None, at));
        assert!(!kept.holds(two, at));
        assert!(!kept.holds(one, at + KEPT) && !kept.holds(None, at + KEPT));
        let unknown = Kept { newest: None, ..kept };
        assert!(!unknown.holds(one, at) && unknown.holds(None, at));
    }
}
