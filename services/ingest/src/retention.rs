//! How long what was taken in is kept, and the pages that are: so that a better extractor can run again without fetching.
//!
//! Kept are pages that were fetched and became an article; one that came with its event is in the stream. A page of
//! which more than 5 MB are left when it is compressed is not kept. After `KOS_KEEP_DAYS` a page is forgotten, and at
//! once when its article is withdrawn; so are the fingerprints that near-duplicates are found by. What is never
//! forgotten is which articles there are, in which revision: an article whose row was gone would come back as new.

use jiff::{Timestamp, ToSpan};
use kos_shared::{
    event::{ArticleId, HttpUrl},
    store::{Store, Tx, time},
};
use sqlx::{AnyPool, Row, any::AnyRow};

use crate::{
    near_duplicate,
    rights::{Outside, well_known},
    robots,
};

/// The largest page that is kept, in bytes, compressed.
const MAX_KEPT_BYTES: usize = 5_000_000;

/// The largest page that is read back, in bytes. No fetch brings a larger one.
const MAX_PAGE_BYTES: usize = 32 * 1024 * 1024;

/// Zstandard's level: the higher ones save a tenth and take several times as long.
const LEVEL: i32 = 3;

/// How many pages are forgotten in one transaction: others wait for it.
const FORGOTTEN_AT_ONCE: i64 = 500;

/// How long pages and fingerprints are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    days: u16,
}

impl Retention {
    /// So many days; 0 keeps nothing.
    pub const fn of_days(days: u16) -> Self {
        Self { days }
    }

    /// Whether anything is kept at all.
    pub const fn keeps(self) -> bool {
        self.days > 0
    }

    /// The time before which nothing is kept.
    pub fn since(self, now: Timestamp) -> Timestamp {
        now.checked_sub((i64::from(self.days) * 24).hours()).unwrap_or(Timestamp::MIN)
    }
}

/// A page as it was fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptPage {
    /// Where it was found after all redirects.
    pub final_url: HttpUrl,
    /// Its Content-Type as its server declared it.
    pub content_type: Option<String>,
    /// What was said elsewhere about what may be done with it.
    pub outside: Outside,
    /// When it was fetched.
    pub fetched_at: Timestamp,
    compressed: Vec<u8>,
}

/// A kept page can't be used.
#[derive(Debug, thiserror::Error)]
pub enum KeptPageError {
    /// The database can't be read. Usual cause: it is gone for a while.
    #[error("the kept page can't be looked up: {0}")]
    Database(#[from] sqlx::Error),
    /// Its bytes can't be decompressed. Usual cause: a damaged database.
    #[error("the kept page can't be decompressed: {0}")]
    Damaged(#[from] std::io::Error),
}

impl KeptPage {
    /// The page with these bytes; `None` where it is too large to be kept.
    pub fn of(
        body: &[u8],
        content_type: Option<String>,
        final_url: HttpUrl,
        outside: Outside,
        fetched_at: Timestamp,
    ) -> Option<Self> {
        if body.len() > MAX_PAGE_BYTES {
            return None;
        }
        // It fails only where there is no memory for it; a page that isn't kept can be fetched again.
        let compressed = zstd::bulk::compress(body, LEVEL).ok().filter(|c| c.len() <= MAX_KEPT_BYTES)?;
        Some(Self { final_url, content_type, outside, fetched_at, compressed })
    }

    /// The page's bytes.
    ///
    /// # Errors
    /// [`KeptPageError::Damaged`].
    pub fn body(&self) -> Result<Vec<u8>, KeptPageError> {
        // What a header claims decides how much memory is taken, up to the bound.
        let claimed = zstd::zstd_safe::get_frame_content_size(&self.compressed).ok().flatten();
        let capacity = claimed.and_then(|size| usize::try_from(size).ok()).unwrap_or(MAX_PAGE_BYTES);
        Ok(zstd::bulk::decompress(&self.compressed, capacity.min(MAX_PAGE_BYTES))?)
    }

    fn read(row: &AnyRow) -> Result<Self, sqlx::Error> {
        let final_url: String = row.try_get("final_url")?;
        Ok(Self {
            final_url: final_url.parse().map_err(|e| sqlx::Error::Decode(Box::new(e)))?,
            content_type: row.try_get("content_type")?,
            outside: serde_json::from_str(row.try_get("outside")?).map_err(|e| sqlx::Error::Decode(Box::new(e)))?,
            fetched_at: time(row, "fetched_at_ms")?,
            compressed: row.try_get("body")?,
        })
    }
}

/// Keeps the page that was found when `url` was asked for, unless one is here that was fetched later.
///
/// # Errors
/// The database fails.
pub async fn keep(tx: &mut Tx, url: &HttpUrl, id: ArticleId, page: &KeptPage) -> Result<(), sqlx::Error> {
    let outside = serde_json::to_string(&page.outside).map_err(|e| sqlx::Error::Encode(Box::new(e)))?;
    sqlx::query(
        "insert into pages (url, article_id, final_url, content_type, outside, body, fetched_at_ms) \
         values ($1, $2, $3, $4, $5, $6, $7) \
         on conflict (url) do update set article_id = excluded.article_id, final_url = excluded.final_url, \
         content_type = excluded.content_type, outside = excluded.outside, body = excluded.body, \
         fetched_at_ms = excluded.fetched_at_ms \
         where excluded.fetched_at_ms >= pages.fetched_at_ms",
    )
    .bind(url.to_string())
    .bind(id.to_string())
    .bind(page.final_url.to_string())
    .bind(page.content_type.clone())
    .bind(outside)
    .bind(page.compressed.clone())
    .bind(page.fetched_at.as_millisecond())
    .execute(&mut **tx)
    .await
    .map(drop)
}

/// The page that is kept for `url`, where it was fetched at `since` or later.
///
/// # Errors
/// [`KeptPageError::Database`].
pub async fn find(readers: &AnyPool, url: &HttpUrl, since: Timestamp) -> Result<Option<KeptPage>, KeptPageError> {
    let row = sqlx::query(
        "select final_url, content_type, outside, body, fetched_at_ms from pages \
         where url = $1 and fetched_at_ms >= $2",
    )
    .bind(url.to_string())
    .bind(since.as_millisecond())
    .fetch_optional(readers)
    .await?;
    Ok(row.as_ref().map(KeptPage::read).transpose()?)
}

/// Forgets the pages that were fetched before `before` and those of withdrawn articles, some of them at a call; how many.
///
/// # Errors
/// The database fails.
pub async fn forget(tx: &mut Tx, before: Timestamp) -> Result<u64, sqlx::Error> {
    let old = sqlx::query(
        "delete from pages where url in \
         (select url from pages where fetched_at_ms < $1 order by fetched_at_ms, url limit $2)",
    )
    .bind(before.as_millisecond())
    .bind(FORGOTTEN_AT_ONCE)
    .execute(&mut **tx)
    .await?;
    let withdrawn = sqlx::query("delete from pages where article_id in (select article_id from retractions)")
        .execute(&mut **tx)
        .await?;
    Ok(old.rows_affected() + withdrawn.rows_affected())
}

/// One turn of the service's housekeeping: all that is older than it may be is forgotten, some of it at a turn.
///
/// # Errors
/// The database fails.
pub async fn keep_house(store: &Store, retention: Retention, now: Timestamp) -> Result<(), sqlx::Error> {
    let before = retention.since(now);
    let mut tx = store.begin().await?;
    let mut rows = forget(&mut tx, before).await? + near_duplicate::index::forget(&mut tx, before).await?;
    rows += robots::cache::forget(&mut tx, now).await? + well_known::forget(&mut tx, now).await?;
    // Nothing to forget is nothing to write.
    if rows > 0 { tx.commit().await } else { tx.rollback().await }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(body: &[u8]) -> Option<KeptPage> {
        let (url, at) = ("https://example.com/a".parse().unwrap(), Timestamp::UNIX_EPOCH);
        KeptPage::of(body, Some("text/html".into()), url, Outside::default(), at)
    }

    #[test]
    fn a_page_comes_back_as_it_was() {
        for body in [&b""[..], b"<p>x</p>", "混\0合\u{feff}".as_bytes(), &[0xff; 3_000_000]] {
            assert_eq!(page(body).unwrap().body().unwrap(), body);
        }
    }

    #[test]
    fn what_stays_too_large_when_it_is_compressed_is_not_kept() {
        // No compression finds anything in the output of a generator of random numbers.
        let mut state = 1_u64;
        let noise = std::iter::repeat_with(|| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 56) as u8
        });
        let noise: Vec<u8> = noise.take(MAX_KEPT_BYTES + 1).collect();
        assert_eq!(page(&noise), None);
        assert!(page(&noise[..1_000_000]).is_some());
        assert_eq!(page(&vec![0; MAX_PAGE_BYTES + 1]), None);
    }

    #[test]
    fn damaged_bytes_are_an_error() {
        let mut kept = page(&[b'x'; 10_000]).unwrap();
        kept.compressed.truncate(kept.compressed.len() / 2);
        assert!(matches!(kept.body(), Err(KeptPageError::Damaged(_))));
        kept.compressed = b"no zstd at all".to_vec();
        assert!(matches!(kept.body(), Err(KeptPageError::Damaged(_))));
    }

    #[test]
    fn any_number_of_days_is_a_time() {
        let now: Timestamp = "2026-01-31T12:00:00Z".parse().unwrap();
        assert_eq!(Retention::of_days(30).since(now).to_string(), "2026-01-01T12:00:00Z");
        assert!(Retention::of_days(u16::MAX).since(now) < now);
        assert_eq!(Retention::of_days(0).since(now), now);
        assert!(!Retention::of_days(0).keeps());
    }
}
