//! What the site knows: its articles, newest revision only.

use jiff::Timestamp;
use kos_shared::{
    event::{ArticleId, ArticleSummarized},
    retraction,
    stage::RecordError,
    store::{Migration, Tx, time},
};
use sqlx::{AnyPool, Row, any::AnyRow};

use crate::{
    site::{ArticlePage, Passages},
    versions,
};

/// The service's tables.
pub const MIGRATIONS: &[Migration] = &[
    retraction::MIGRATION,
    retraction::ADDRESSES,
    Migration { version: 100, name: "articles", sql: include_str!("../migrations/0100_articles.sql") },
    Migration { version: 101, name: "search", sql: include_str!("../migrations/0101_search.sql") },
    Migration { version: 102, name: "related", sql: include_str!("../migrations/0102_related.sql") },
    Migration { version: 103, name: "comments", sql: include_str!("../migrations/0103_comments.sql") },
    versions::MIGRATION,
    Migration { version: 105, name: "lists", sql: include_str!("../migrations/0105_lists.sql") },
    Migration { version: 106, name: "passages", sql: include_str!("../migrations/0106_passages.sql") },
];

/// Puts an article there, or its newer revision in the place of the older one. Returns whether anything changed: an
/// older revision that comes late changes nothing.
///
/// # Errors
/// The database fails.
pub async fn put_article(
    tx: &mut Tx,
    summarized: &ArticleSummarized,
    body: &str,
    passages: &Passages,
    now: Timestamp,
) -> Result<bool, RecordError> {
    // `excerpt` and `excerpt_language` are of versions before `list_entries`: what they hold must not outlive a revision.
    let article = &summarized.article;
    let json = serde_json::to_string(summarized).map_err(|e| RecordError::State(e.to_string()))?;
    let passages = serde_json::to_string(passages).map_err(|e| RecordError::State(e.to_string()))?;
    let changed = sqlx::query(
        "insert into articles (article_id, revision, title, language, site_name, site_host, published_at_ms, \
         added_at_ms, updated_at_ms, summarized, body, passages) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9, $10, $11) \
         on conflict (article_id) do update set revision = excluded.revision, title = excluded.title, \
         language = excluded.language, site_name = excluded.site_name, site_host = excluded.site_host, \
         published_at_ms = excluded.published_at_ms, updated_at_ms = excluded.updated_at_ms, \
         excerpt = null, excerpt_language = null, \
         summarized = excluded.summarized, body = excluded.body, passages = excluded.passages \
         where excluded.revision >= articles.revision",
    )
    .bind(article.article_id.to_string())
    .bind(i64::from(article.revision.0))
    .bind(article.title.clone())
    .bind(article.language.to_string())
    .bind(article.site.name.clone())
    .bind(article.site.host.clone())
    .bind(article.published_at.map(|time| time.instant().as_millisecond()))
    .bind(now.as_millisecond())
    .bind(json)
    .bind(body.to_owned())
    .bind(passages)
    .execute(&mut **tx)
    .await?
    .rows_affected();
    if changed > 0 {
        versions::revised(tx, article.article_id, article.rights.noindex, now).await?;
    }
    Ok(changed > 0)
}

/// An article, whether it was withdrawn or not.
///
/// # Errors
/// The database fails, or holds what can't be read.
pub async fn article(pool: &AnyPool, id: ArticleId) -> Result<Option<ArticlePage>, RecordError> {
    let row = sqlx::query("select summarized, body, passages, added_at_ms from articles where article_id = $1")
        .bind(id.to_string())
        .fetch_optional(pool)
        .await?;
    row.as_ref().map(page).transpose()
}

pub(crate) fn page(row: &AnyRow) -> Result<ArticlePage, RecordError> {
    let json: String = row.try_get("summarized")?;
    let passages: Option<String> = row.try_get("passages")?;
    Ok(ArticlePage {
        summarized: serde_json::from_str(&json).map_err(unreadable)?,
        body: row.try_get("body")?,
        passages: passages.as_deref().map(serde_json::from_str).transpose().map_err(unreadable)?.unwrap_or_default(),
        added_at: time(row, "added_at_ms")?,
    })
}

pub(crate) fn article_id(row: &AnyRow) -> Result<ArticleId, RecordError> {
    let id: String = row.try_get("article_id")?;
    id.parse().map_err(|e| RecordError::State(format!("article id {id:?}: {e}")))
}

fn unreadable(error: serde_json::Error) -> RecordError {
    RecordError::State(error.to_string())
}
