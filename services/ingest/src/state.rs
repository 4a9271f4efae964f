//! What the service knows: which articles it took in, and in which version.

use jiff::Timestamp;
use kos_shared::{
    event::{ArticleId, HttpUrl, Revision},
    retraction,
    stage::RecordError,
    store::{Migration, Tx},
};
use sqlx::{AnyPool, Row};

use crate::rights;

/// The service's tables.
pub const MIGRATIONS: &[Migration] = &[
    retraction::MIGRATION,
    retraction::ADDRESSES,
    Migration { version: 100, name: "articles", sql: include_str!("../migrations/0100_articles.sql") },
    Migration { version: 101, name: "feeds", sql: include_str!("../migrations/0101_feeds.sql") },
    Migration { version: 102, name: "hosts", sql: include_str!("../migrations/0102_hosts.sql") },
    Migration { version: 103, name: "pages", sql: include_str!("../migrations/0103_pages.sql") },
    Migration { version: 104, name: "near-duplicates", sql: include_str!("../migrations/0104_near_duplicates.sql") },
    Migration { version: 105, name: "site rights", sql: include_str!("../migrations/0105_site_rights.sql") },
];

/// A version of an article that may be new.
#[derive(Debug, Clone)]
pub struct Version<'a> {
    /// The article.
    pub article_id: ArticleId,
    /// The address that it is known by.
    pub canonical_url: &'a HttpUrl,
    /// What a reader would call its content.
    pub content_hash: &'a str,
    /// When it was fetched.
    pub fetched_at: Timestamp,
    /// Whether it counts as new though its content is the same.
    pub forced: bool,
}

/// What became of a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    /// It is the article's newest, under this number.
    New(Revision),
    /// The article has that content already.
    Unchanged,
    /// A version that was fetched later is here.
    Superseded,
}

/// Whether an article is here with more than title and link to show: the one with this id, or one that was asked for
/// at `url`.
///
/// # Errors
/// The database fails.
pub async fn is_shown(pool: &AnyPool, id: ArticleId, url: &HttpUrl) -> Result<bool, sqlx::Error> {
    let sql = "select content_hash from articles \
               where article_id = $1 or article_id in (select article_id from addresses where url = $2)";
    let known = sqlx::query_scalar::<_, String>(sql).bind(id.to_string()).bind(url.to_string()).fetch_all(pool).await?;
    Ok(known.iter().any(|content| !rights::shows_nothing(content)))
}

/// Takes a version in.
///
/// One statement, so that two workers with the same article can't both count up.
///
/// # Errors
/// The database fails.
pub async fn put_version(tx: &mut Tx, version: &Version<'_>) -> Result<Put, RecordError> {
    let row = sqlx::query(
        "insert into articles (article_id, canonical_url, revision, content_hash, fetched_at_ms) \
         values ($1, $2, 1, $3, $4) \
         on conflict (article_id) do update set revision = articles.revision + 1, \
         content_hash = excluded.content_hash, fetched_at_ms = excluded.fetched_at_ms \
         where (articles.content_hash <> excluded.content_hash or $5 = 1) \
         and excluded.fetched_at_ms >= articles.fetched_at_ms \
         returning revision",
    )
    .bind(version.article_id.to_string())
    .bind(version.canonical_url.to_string())
    .bind(version.content_hash.to_owned())
    .bind(version.fetched_at.as_millisecond())
    .bind(i64::from(version.forced))
    .fetch_optional(&mut **tx)
    .await?;
    let Some(row) = row else {
        let known = sqlx::query_scalar::<_, String>("select content_hash from articles where article_id = $1")
            .bind(version.article_id.to_string())
            .fetch_one(&mut **tx)
            .await?;
        return Ok(if known == version.content_hash { Put::Unchanged } else { Put::Superseded });
    };
    let number: i64 = row.try_get("revision")?;
    let number = u32::try_from(number)
        .map_err(|_| RecordError::State(format!("revision {number}: expected a number below 2^32")))?;
    Ok(Put::New(Revision(number)))
}
