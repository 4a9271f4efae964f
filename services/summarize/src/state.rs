//! What the service knows: which revision of which article it summarized last, and what came of it.

use jiff::Timestamp;
use kos_shared::{
    event::ArticleSummarized,
    stage::RecordError,
    store::{Migration, Tx},
};
use serde::Serialize;

/// The service's tables.
pub const MIGRATIONS: &[Migration] = &[
    Migration { version: 100, name: "summaries", sql: include_str!("../migrations/0100_summaries.sql") },
    Migration { version: 101, name: "models", sql: include_str!("../migrations/0101_models.sql") },
    Migration { version: 102, name: "track_record", sql: include_str!("../migrations/0102_track_record.sql") },
    Migration { version: 103, name: "hosts of records", sql: include_str!("../migrations/0103_hosts_of_records.sql") },
];

/// Writes what came of a revision. Returns whether it is the newest: an older one that comes late changes nothing.
///
/// # Errors
/// The database fails.
pub async fn put_summarized(tx: &mut Tx, done: &ArticleSummarized, now: Timestamp) -> Result<bool, RecordError> {
    let article = &done.article;
    let languages: Vec<&str> = done.summaries.iter().map(|s| s.language.as_str()).collect();
    let changed = sqlx::query(
        "insert into summarized \
         (article_id, revision, content_hash, languages, summarized_at_ms, summaries, missing, attempts) \
         values ($1, $2, $3, $4, $5, $6, $7, $8) \
         on conflict (article_id) do update set revision = excluded.revision, content_hash = excluded.content_hash, \
         languages = excluded.languages, summarized_at_ms = excluded.summarized_at_ms, \
         summaries = excluded.summaries, missing = excluded.missing, attempts = excluded.attempts \
         where excluded.revision >= summarized.revision",
    )
    .bind(article.article_id.to_string())
    .bind(i64::from(article.revision.0))
    .bind(article.content_hash.clone())
    .bind(languages.join(","))
    .bind(now.as_millisecond())
    .bind(json(&done.summaries)?)
    .bind(json(&done.missing)?)
    .bind(json(&done.attempts)?)
    .execute(&mut **tx)
    .await?
    .rows_affected();
    Ok(changed > 0)
}

fn json(value: &impl Serialize) -> Result<String, RecordError> {
    serde_json::to_string(value).map_err(|error| RecordError::State(error.to_string()))
}
