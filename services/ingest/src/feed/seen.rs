//! Entries that were seen, in the database.

use jiff::{Timestamp, ToSpan};
use kos_shared::store::{Tx, rows, time};
use sqlx::{AssertSqlSafe, Row};

use super::entries::{Candidate, Known};

/// How long an entry is known after it left its feed.
const KEPT_DAYS: i64 = 90;

/// How many rows one statement writes.
const ROWS: usize = 1_000;

/// What is known of the entries that `candidates` may be.
///
/// # Errors
/// The database fails.
pub async fn known(tx: &mut Tx, feed_id: &str, candidates: &[Candidate]) -> Result<Vec<Known>, sqlx::Error> {
    let keys: Vec<&str> = candidates.iter().map(|c| c.key.as_str()).collect();
    let guids: Vec<&str> = candidates.iter().map(|c| c.guid_key.as_str()).filter(|k| !k.is_empty()).collect();
    let contents: Vec<&str> = candidates.iter().filter(|c| !c.own_link).map(|c| c.content_hash.as_str()).collect();
    let mut known = Vec::new();
    for (column, values) in [("entry_key", keys), ("guid_key", guids), ("content_hash", contents)] {
        if values.is_empty() {
            continue;
        }
        let sql = format!(
            "select entry_key, guid_key, content_hash, last_seen_at_ms from feed_entries \
             where feed_id = $1 and {column} in {}",
            rows::list(2, values.len())
        );
        let mut query = sqlx::query(AssertSqlSafe(sql)).bind(feed_id.to_owned());
        for value in values {
            query = query.bind(value.to_owned());
        }
        for row in query.fetch_all(&mut **tx).await? {
            known.push(Known {
                key: row.try_get("entry_key")?,
                guid_key: row.try_get("guid_key")?,
                content_hash: row.try_get("content_hash")?,
                last_seen_at: time(&row, "last_seen_at_ms")?,
            });
        }
    }
    Ok(known)
}

/// Notes that a feed has these entries.
///
/// # Errors
/// The database fails.
pub async fn note(tx: &mut Tx, feed_id: &str, seen: &[&Candidate], now: Timestamp) -> Result<(), sqlx::Error> {
    for some in seen.chunks(ROWS) {
        let sql = format!(
            "insert into feed_entries (feed_id, entry_key, guid_key, content_hash, first_seen_at_ms, last_seen_at_ms) \
             values {} on conflict (feed_id, entry_key) do update set guid_key = excluded.guid_key, \
             content_hash = excluded.content_hash, last_seen_at_ms = excluded.last_seen_at_ms",
            rows::values(some.len(), 6)
        );
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for candidate in some {
            query = query
                .bind(feed_id.to_owned())
                .bind(candidate.key.clone())
                .bind(candidate.guid_key.clone())
                .bind(candidate.content_hash.clone())
                .bind(now.as_millisecond())
                .bind(now.as_millisecond());
        }
        query.execute(&mut **tx).await?;
    }
    Ok(())
}

/// Forgets what left a feed long ago.
///
/// # Errors
/// The database fails.
pub async fn forget(tx: &mut Tx, feed_id: &str, now: Timestamp) -> Result<(), sqlx::Error> {
    sqlx::query("delete from feed_entries where feed_id = $1 and last_seen_at_ms < $2")
        .bind(feed_id.to_owned())
        .bind((now - (KEPT_DAYS * 24).hours()).as_millisecond())
        .execute(&mut **tx)
        .await
        .map(drop)
}
