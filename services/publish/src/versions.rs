//! Versions of pages: a number an article that grows with all that changes its page, in the transaction that changes it.
//! Every replica reads it before it answers, so none shows what another one knows to be old.

use jiff::Timestamp;
use kos_shared::{
    event::ArticleId,
    stage::RecordError,
    store::{Migration, Tx, time},
};
use sqlx::{AnyPool, Row, any::AnyRow};

/// The table.
pub const MIGRATION: Migration =
    Migration { version: 104, name: "versions", sql: include_str!("../migrations/0104_versions.sql") };

/// The state of an article's page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Version {
    /// Grows with each change.
    pub number: i64,
    /// When the last change was made.
    pub changed_at: Timestamp,
}

/// Counts a revision of an article. `noindex` says whether its publisher wants it in no search results.
///
/// # Errors
/// The database fails.
pub async fn revised(tx: &mut Tx, id: ArticleId, noindex: bool, now: Timestamp) -> Result<(), sqlx::Error> {
    let sql = "insert into versions (article_id, version, changed_at_ms, noindex) values ($1, 1, $2, $3) \
               on conflict (article_id) do update set version = versions.version + 1, \
               changed_at_ms = excluded.changed_at_ms, noindex = excluded.noindex";
    sqlx::query(sql)
        .bind(id.to_string())
        .bind(now.as_millisecond())
        .bind(i64::from(noindex))
        .execute(&mut **tx)
        .await
        .map(drop)
}

/// Counts another change of an article's page: a comment, or what it is related to. To be called in the transaction that
/// makes the change.
///
/// # Errors
/// The database fails.
pub async fn changed(tx: &mut Tx, id: ArticleId, now: Timestamp) -> Result<(), sqlx::Error> {
    let sql = "update versions set version = version + 1, changed_at_ms = $2 where article_id = $1";
    sqlx::query(sql).bind(id.to_string()).bind(now.as_millisecond()).execute(&mut **tx).await.map(drop)
}

/// The version of an article that stands; `None` where it isn't here or is withdrawn.
///
/// # Errors
/// The database fails, or holds what can't be read.
pub async fn of(pool: &AnyPool, id: ArticleId) -> Result<Option<Version>, RecordError> {
    let sql = "select version, changed_at_ms from versions as v where article_id = $1 \
               and not exists (select 1 from retractions as r where r.article_id = v.article_id)";
    let row = sqlx::query(sql).bind(id.to_string()).fetch_optional(pool).await?;
    row.as_ref().map(read).transpose()
}

/// The version in a row.
pub(crate) fn read(row: &AnyRow) -> Result<Version, RecordError> {
    Ok(Version { number: row.try_get("version")?, changed_at: time(row, "changed_at_ms")? })
}
