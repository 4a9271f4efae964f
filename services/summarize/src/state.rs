//! What the service knows: which revision of which article it summarized last.

use jiff::Timestamp;
use kos_shared::{
    event::{Article, Summary},
    store::{Migration, Tx},
};

/// The service's tables.
pub const MIGRATIONS: &[Migration] =
    &[Migration { version: 100, name: "summaries", sql: include_str!("../migrations/0100_summaries.sql") }];

/// Writes that a revision was summarized. Returns whether it is the newest: an older one that comes late changes
/// nothing.
///
/// # Errors
/// The database fails.
pub async fn put_summarized(
    tx: &mut Tx,
    article: &Article,
    summaries: &[Summary],
    now: Timestamp,
) -> Result<bool, sqlx::Error> {
    let languages: Vec<&str> = summaries.iter().map(|s| s.language.as_str()).collect();
    let changed = sqlx::query(
        "insert into summarized (article_id, revision, content_hash, languages, summarized_at_ms) \
         values ($1, $2, $3, $4, $5) \
         on conflict (article_id) do update set revision = excluded.revision, content_hash = excluded.content_hash, \
         languages = excluded.languages, summarized_at_ms = excluded.summarized_at_ms \
         where excluded.revision >= summarized.revision",
    )
    .bind(article.article_id.to_string())
    .bind(i64::from(article.revision.0))
    .bind(article.content_hash.clone())
    .bind(languages.join(","))
    .bind(now.as_millisecond())
    .execute(&mut **tx)
    .await?
    .rows_affected();
    Ok(changed > 0)
}
