//! Withdrawn articles: what the services that take articles in or show them keep about them, and the stage that
//! writes it.

use jiff::Timestamp;
use sqlx::Row;

use crate::{
    address,
    event::{Article, ArticleId, ArticleRetracted, Event},
    stage::{Failure, RecordError, Recorded, Stage},
    store::{Migration, Tx, time},
};

/// The tables. A service that uses this module lists it among its migrations.
pub const MIGRATION: Migration =
    Migration { version: 50, name: "retractions", sql: include_str!("../migrations/0050_retractions.sql") };

/// What was changed about them. It is listed with [`MIGRATION`].
pub const ADDRESSES: Migration =
    Migration { version: 51, name: "addresses", sql: include_str!("../migrations/0051_addresses.sql") };

/// That an article was withdrawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retraction {
    /// Why.
    pub reason: String,
    /// When.
    pub retracted_at: Timestamp,
}

/// Remembers the addresses of an article, also in their normal form.
///
/// # Errors
/// The database fails.
pub async fn know_addresses(tx: &mut Tx, article: &Article) -> Result<(), sqlx::Error> {
    let sql = "insert into addresses (url, article_id) values ($1, $2), ($3, $2), ($4, $2) \
               on conflict (url, article_id) do nothing";
    sqlx::query(sql)
        .bind(article.canonical_url.to_string())
        .bind(article.article_id.to_string())
        .bind(article.url.to_string())
        .bind(address::normal(&article.url).to_string())
        .execute(&mut **tx)
        .await
        .map(drop)
}

/// Whether an article is withdrawn.
///
/// # Errors
/// The database fails.
pub async fn find(
    database: impl sqlx::Executor<'_, Database = sqlx::Any>,
    id: ArticleId,
) -> Result<Option<Retraction>, sqlx::Error> {
    let row = sqlx::query("select reason, retracted_at_ms from retractions where article_id = $1")
        .bind(id.to_string())
        .fetch_optional(database)
        .await?;
    row.map(|row| Ok(Retraction { reason: row.try_get("reason")?, retracted_at: time(&row, "retracted_at_ms")? }))
        .transpose()
}

/// Whether an article is withdrawn, be it by an address that it had not been known by then: a retraction that came
/// before its article was kept under what that address was guessed to stand for.
///
/// # Errors
/// The database fails.
pub async fn find_for(tx: &mut Tx, article: &Article) -> Result<Option<Retraction>, sqlx::Error> {
    let guess = ArticleId::of_canonical_url(&address::normal(&article.url));
    if guess != article.article_id {
        sqlx::query(
            "insert into retractions (article_id, reason, retracted_at_ms) \
             select $1, reason, retracted_at_ms from retractions where article_id = $2 \
             and not exists (select 1 from addresses where url = $3) on conflict (article_id) do nothing",
        )
        .bind(article.article_id.to_string())
        .bind(guess.to_string())
        .bind(address::normal(&article.url).to_string())
        .execute(&mut **tx)
        .await?;
    }
    find(&mut **tx, article.article_id).await
}

/// Lets a withdrawn article stand again.
///
/// # Errors
/// The database fails.
pub async fn reinstate(tx: &mut Tx, id: ArticleId) -> Result<(), sqlx::Error> {
    let sql = "delete from retractions where article_id = $1";
    sqlx::query(sql).bind(id.to_string()).execute(&mut **tx).await.map(drop)
}

/// `kos.article.retracted` → the article is withdrawn here.
pub struct Retracting;

impl Stage for Retracting {
    type In = ArticleRetracted;
    type Done = ();

    async fn work(&self, _: &Event<ArticleRetracted>) -> Result<(), Failure> {
        Ok(())
    }

    async fn record(&self, tx: &mut Tx, event: &Event<ArticleRetracted>, (): &()) -> Result<Recorded, RecordError> {
        let Meant { ids, known } = articles_of(tx, &event.data).await?;
        let now = Timestamp::now();
        // A clock that is ahead must not keep the article away from who takes it in again by force.
        let at = event.attributes.time.map_or(now, |time| time.min(now));
        for id in &ids {
            // The first reason stands.
            let sql = "insert into retractions (article_id, reason, retracted_at_ms) values ($1, $2, $3) \
                       on conflict (article_id) do nothing";
            sqlx::query(sql)
                .bind(id.to_string())
                .bind(event.data.reason.clone())
                .bind(at.as_millisecond())
                .execute(&mut **tx)
                .await?;
        }
        let reason = &event.data.reason;
        let detail = match known {
            true => reason.clone(),
            false => format!("{reason} (no such article is here: it is kept out when it comes)"),
        };
        Ok(Recorded { detail: Some(detail), ..Recorded::new("retracted", ids.first().copied()) })
    }
}

/// The articles that a retraction means.
struct Meant {
    ids: Vec<ArticleId>,
    /// Whether one of them is here.
    known: bool,
}

async fn articles_of(tx: &mut Tx, retraction: &ArticleRetracted) -> Result<Meant, RecordError> {
    let mut ids: Vec<ArticleId> = retraction.article_id.into_iter().collect();
    let mut known = false;
    if let Some(id) = retraction.article_id {
        let sql = "select count(*) from addresses where article_id = $1";
        known = sqlx::query_scalar::<_, i64>(sql).bind(id.to_string()).fetch_one(&mut **tx).await? > 0;
    }
    if let Some(url) = &retraction.url {
        let normal = address::normal(url);
        let rows = sqlx::query_scalar::<_, String>("select article_id from addresses where url in ($1, $2)")
            .bind(url.to_string())
            .bind(normal.to_string())
            .fetch_all(&mut **tx)
            .await?;
        known |= !rows.is_empty();
        for id in rows {
            ids.push(id.parse().map_err(|e| RecordError::State(format!("article id {id:?}: {e}")))?);
        }
        // The article may not have come yet; then its address is the best guess at what it will be known by.
        if ids.is_empty() {
            ids.push(ArticleId::of_canonical_url(&normal));
        }
    }
    ids.sort();
    ids.dedup();
    Ok(Meant { ids, known })
}
