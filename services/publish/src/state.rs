//! What the site knows: its articles, newest revision only.

use jiff::Timestamp;
use kos_shared::{
    event::{ArticleId, ArticleSummarized, Language},
    retraction,
    stage::RecordError,
    store::{Migration, Tx, time},
};
use sqlx::{AnyPool, Row, any::AnyRow};

use crate::{
    site::{ArticlePage, Listed},
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
];

/// Where a page of the list begins: after the article that the page before ended with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// When that article came to the site, in milliseconds since 1970.
    pub added_at_ms: i64,
    /// That article.
    pub article_id: ArticleId,
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.added_at_ms, self.article_id)
    }
}

impl std::str::FromStr for Cursor {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (added_at_ms, article_id) = text.split_once('-').ok_or(())?;
        Ok(Self { added_at_ms: added_at_ms.parse().map_err(drop)?, article_id: article_id.parse().map_err(drop)? })
    }
}

/// Puts an article there, or its newer revision in the place of the older one. Returns whether anything changed: an
/// older revision that comes late changes nothing.
///
/// # Errors
/// The database fails.
pub async fn put_article(
    tx: &mut Tx,
    summarized: &ArticleSummarized,
    body: &str,
    now: Timestamp,
) -> Result<bool, RecordError> {
    let article = &summarized.article;
    let excerpt = summarized.summaries.first().and_then(|summary| {
        let sentence = summary.sentences.first().map(|s| s.text.clone()).unwrap_or_else(|| summary.text.clone());
        Some((sentence, summary.language.to_string())).filter(|(text, _)| !text.is_empty())
    });
    let (excerpt, excerpt_language) = excerpt.unzip();
    let json = serde_json::to_string(summarized).map_err(|e| RecordError::State(e.to_string()))?;
    let changed = sqlx::query(
        "insert into articles (article_id, revision, title, language, site_name, site_host, published_at_ms, \
         added_at_ms, updated_at_ms, excerpt, excerpt_language, summarized, body) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9, $10, $11, $12) \
         on conflict (article_id) do update set revision = excluded.revision, title = excluded.title, \
         language = excluded.language, site_name = excluded.site_name, site_host = excluded.site_host, \
         published_at_ms = excluded.published_at_ms, updated_at_ms = excluded.updated_at_ms, \
         excerpt = excluded.excerpt, excerpt_language = excluded.excerpt_language, \
         summarized = excluded.summarized, body = excluded.body \
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
    .bind(excerpt)
    .bind(excerpt_language)
    .bind(json)
    .bind(body.to_owned())
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
    let row = sqlx::query("select summarized, body, added_at_ms from articles where article_id = $1")
        .bind(id.to_string())
        .fetch_optional(pool)
        .await?;
    row.as_ref().map(page).transpose()
}

/// Up to `limit` articles that stand, the newest first, after `after`.
///
/// # Errors
/// The database fails, or holds what can't be read.
pub async fn listed(pool: &AnyPool, after: Option<Cursor>, limit: u32) -> Result<Vec<Listed>, RecordError> {
    let start = after.map_or((i64::MAX, String::new()), |c| (c.added_at_ms, c.article_id.to_string()));
    let sql = "select article_id, title, language, site_name, site_host, published_at_ms, added_at_ms, excerpt, \
               excerpt_language from articles as a \
               where not exists (select 1 from retractions as r where r.article_id = a.article_id) \
               and (added_at_ms < $1 or (added_at_ms = $1 and article_id < $2)) \
               order by added_at_ms desc, article_id desc limit $3";
    let rows = sqlx::query(sql).bind(start.0).bind(start.1).bind(i64::from(limit)).fetch_all(pool).await?;
    rows.iter().map(line).collect()
}

pub(crate) fn page(row: &AnyRow) -> Result<ArticlePage, RecordError> {
    let json: String = row.try_get("summarized")?;
    Ok(ArticlePage {
        summarized: serde_json::from_str(&json).map_err(|e| RecordError::State(e.to_string()))?,
        body: row.try_get("body")?,
        added_at: time(row, "added_at_ms")?,
        related: vec![],
        comments: String::new(),
    })
}

fn line(row: &AnyRow) -> Result<Listed, RecordError> {
    let published_at: Option<i64> = row.try_get("published_at_ms")?;
    let excerpt: Option<String> = row.try_get("excerpt")?;
    let excerpt_language: Option<String> = row.try_get("excerpt_language")?;
    Ok(Listed {
        article_id: article_id(row)?,
        title: row.try_get("title")?,
        language: language(row.try_get("language")?),
        site_name: row.try_get("site_name")?,
        site_host: row.try_get("site_host")?,
        published_at: published_at.and_then(|ms| Timestamp::from_millisecond(ms).ok()),
        added_at: time(row, "added_at_ms")?,
        excerpt: excerpt.zip(excerpt_language.map(language)),
    })
}

pub(crate) fn article_id(row: &AnyRow) -> Result<ArticleId, RecordError> {
    let id: String = row.try_get("article_id")?;
    id.parse().map_err(|e| RecordError::State(format!("article id {id:?}: {e}")))
}

fn language(tag: String) -> Language {
    tag.parse().unwrap_or(Language::UNDETERMINED)
}

#[cfg(test)]
mod tests {
    use kos_shared::event::HttpUrl;

    use super::*;

    #[test]
    fn a_cursor_survives_the_way_to_the_reader_and_back() {
        let url: HttpUrl = "https://example.com/1".parse().unwrap();
        let cursor = Cursor { added_at_ms: 1_700_000_000_000, article_id: ArticleId::of_canonical_url(&url) };
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        for bad in ["", "1", "x-y", "1-2", "'; drop table articles"] {
            assert!(bad.parse::<Cursor>().is_err(), "{bad:?} was taken");
        }
    }
}
