//! Fingerprints in the database.
//!
//! Each band's key belongs to the article that had it first. So a lookup reads at most as many articles as there are
//! bands, however many copies of a text there are, and finds the earliest.

use jiff::Timestamp;
use kos_shared::{
    event::ArticleId,
    store::{
        Tx,
        rows::{list, values},
    },
};
use sqlx::{Row, any::AnyRow};

use super::fingerprint::{Fingerprint, Likeness};

/// How many articles are forgotten in one transaction: others wait for it.
const FORGOTTEN_AT_ONCE: i64 = 500;

/// The earlier article that tells the same story.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NearDuplicate {
    /// The article.
    pub of: ArticleId,
    /// How much of its wording that article has, from 0 to 1, in hundredths: more the estimate doesn't give.
    pub similarity: f64,
}

/// Puts an article's newest text into the index; the earliest article there that tells the same story, where there is
/// one. An article is never its own near-duplicate, nor one of an article that is on the same `site`, came after it or was
/// withdrawn. Keys that its earlier text had and this one hasn't come free.
///
/// Keys are claimed before they are looked up: of two workers that take the same story at once, the second waits for
/// the first to commit, and sees it.
///
/// # Errors
/// The database fails.
pub async fn put(
    tx: &mut Tx,
    id: ArticleId,
    site: &str,
    fingerprint: &Fingerprint,
    now: Timestamp,
) -> Result<Option<NearDuplicate>, sqlx::Error> {
    let number = number(id);
    claim(tx, number, fingerprint).await?;
    let known = look_up(tx, number, fingerprint).await?;
    let own = known.iter().find(|k| k.number == number).map(Known::position);
    if own.is_some() {
        release_others(tx, number, fingerprint).await?;
    }
    let found = known
        .iter()
        .filter(|k| k.number != number && k.site != site && k.likeness.is_same_story())
        // What an article is a copy of was here before it.
        .filter(|k| own.is_none_or(|own| k.position() < own))
        .min_by_key(|k| k.position());
    sqlx::query(
        "insert into fingerprints (number, article_id, sketch, shingles, first_at_ms, last_at_ms, site) \
         values ($1, $2, $3, $4, $5, $5, $6) \
         on conflict (number) do update set sketch = excluded.sketch, shingles = excluded.shingles, \
         last_at_ms = excluded.last_at_ms, site = excluded.site",
    )
    .bind(number)
    .bind(id.to_string())
    .bind(fingerprint.sketch().to_vec())
    .bind(i64::from(fingerprint.shingles()))
    .bind(now.as_millisecond())
    .bind(site.to_owned())
    .execute(&mut **tx)
    .await?;
    let Some(found) = found else { return Ok(None) };
    // Copies that are still to come are compared with it, so it is kept for as long as they do.
    sqlx::query("update fingerprints set last_at_ms = $1 where number = $2")
        .bind(now.as_millisecond())
        .bind(found.number)
        .execute(&mut **tx)
        .await?;
    let similarity = (found.likeness.share * 100.0).round() / 100.0;
    Ok(Some(NearDuplicate { of: found.article_id, similarity }))
}

/// Takes an article out of the index: its text is too short now, or is shown no more.
///
/// # Errors
/// The database fails.
pub async fn take_out(tx: &mut Tx, id: ArticleId) -> Result<(), sqlx::Error> {
    for table in ["fingerprint_bands", "fingerprints"] {
        let sql = format!("delete from {table} where number = $1");
        sqlx::query(sqlx::AssertSqlSafe(sql)).bind(number(id)).execute(&mut **tx).await?;
    }
    Ok(())
}

/// Forgets articles with no copy since `before`, some of them at a call; how many.
///
/// # Errors
/// The database fails.
pub async fn forget(tx: &mut Tx, before: Timestamp) -> Result<u64, sqlx::Error> {
    let old: Vec<i64> = sqlx::query_scalar(
        "select number from fingerprints where last_at_ms < $1 order by last_at_ms, number limit $2",
    )
    .bind(before.as_millisecond())
    .bind(FORGOTTEN_AT_ONCE)
    .fetch_all(&mut **tx)
    .await?;
    if old.is_empty() {
        return Ok(0);
    }
    for table in ["fingerprint_bands", "fingerprints"] {
        let sql = format!("delete from {table} where number in {}", list(1, old.len()));
        let query = old.iter().fold(sqlx::query(sqlx::AssertSqlSafe(sql)), |query, number| query.bind(*number));
        query.execute(&mut **tx).await?;
    }
    Ok(old.len() as u64)
}

/// An article that shares a band with the one that is put.
struct Known {
    number: i64,
    article_id: ArticleId,
    site: String,
    first_at_ms: i64,
    likeness: Likeness,
}

impl Known {
    /// Orders articles by when they were first here.
    fn position(&self) -> (i64, i64) {
        (self.first_at_ms, self.number)
    }

    fn read(row: &AnyRow, fingerprint: &Fingerprint) -> Result<Self, sqlx::Error> {
        let id: String = row.try_get("article_id")?;
        let sketch: Vec<u8> = row.try_get("sketch")?;
        let shingles: i64 = row.try_get("shingles")?;
        Ok(Self {
            number: row.try_get("number")?,
            article_id: id.parse().map_err(|e| sqlx::Error::Decode(Box::new(e)))?,
            site: row.try_get("site")?,
            first_at_ms: row.try_get("first_at_ms")?,
            likeness: fingerprint.likeness(&sketch, u32::try_from(shingles).unwrap_or(u32::MAX)),
        })
    }
}

/// Lets go of the keys of an article's earlier text.
async fn release_others(tx: &mut Tx, number: i64, fingerprint: &Fingerprint) -> Result<(), sqlx::Error> {
    let bands = fingerprint.bands();
    let sql = format!("delete from fingerprint_bands where number = $1 and band not in {}", list(2, bands.len()));
    let query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(number);
    bands.iter().fold(query, |query, band| query.bind(*band)).execute(&mut **tx).await.map(drop)
}

/// Takes the keys that nobody has, or an article that was withdrawn. Keys of others stay unlocked: two workers that take
/// several stories each, in another order, would wait for one another.
async fn claim(tx: &mut Tx, number: i64, fingerprint: &Fingerprint) -> Result<(), sqlx::Error> {
    let bands = fingerprint.bands();
    let sql = format!(
        "delete from fingerprint_bands where band in {} and exists (select 1 from fingerprints f \
         join retractions r on r.article_id = f.article_id where f.number = fingerprint_bands.number)",
        list(1, bands.len())
    );
    let query = sqlx::query(sqlx::AssertSqlSafe(sql));
    bands.iter().fold(query, |query, band| query.bind(*band)).execute(&mut **tx).await?;
    let sql = format!(
        "insert into fingerprint_bands (band, number) values {} on conflict (band) do nothing",
        values(bands.len(), 2)
    );
    let query = bands.iter().fold(sqlx::query(sqlx::AssertSqlSafe(sql)), |query, band| query.bind(*band).bind(number));
    query.execute(&mut **tx).await.map(drop)
}

/// The articles that have one of the keys, and what is known about the article itself.
async fn look_up(tx: &mut Tx, number: i64, fingerprint: &Fingerprint) -> Result<Vec<Known>, sqlx::Error> {
    let bands = fingerprint.bands();
    let sql = format!(
        "select number, article_id, site, sketch, shingles, first_at_ms from fingerprints f \
         where number in (select number from fingerprint_bands where band in {} union select $1) \
         and not exists (select 1 from retractions r where r.article_id = f.article_id)",
        list(2, bands.len())
    );
    let query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(number);
    let query = bands.iter().fold(query, |query, band| query.bind(*band));
    let rows = query.fetch_all(&mut **tx).await?;
    rows.iter().map(|row| Known::read(row, fingerprint)).collect()
}

/// A short name for an article: the first 64 bits of its id, which are a hash.
fn number(id: ArticleId) -> i64 {
    let text = id.to_string();
    let digits = text.bytes().filter_map(|b| char::from(b).to_digit(16)).take(16);
    digits.fold(0_u64, |number, digit| number << 4 | u64::from(digit)) as i64
}
