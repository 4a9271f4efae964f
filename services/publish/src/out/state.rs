//! What feeds, sitemaps and digests read.

use jiff::Timestamp;
use kos_shared::{
    event::ArticleId,
    stage::RecordError,
    store::{rows, time},
};
use sqlx::{AnyPool, AssertSqlSafe, Row};

use crate::{
    search::{Query, SearchError, Searches, Wanted},
    site::{ArticlePage, feed::Selection, sitemap::LARGEST},
    state::{article_id, page},
    versions::{self, Version},
};

/// Articles that are not withdrawn.
const STANDS: &str = "not exists (select 1 from retractions as r where r.article_id = a.article_id)";

/// The newest articles of a selection by their versions: cheap to read, and different whenever what is made of them is.
///
/// # Errors
/// The database fails, or holds what can't be read.
pub async fn newest(
    pool: &AnyPool,
    searches: &Searches,
    selection: &Selection,
    limit: u32,
) -> Result<Vec<(ArticleId, Version)>, SearchError> {
    if let Some(q) = &selection.q {
        return found(pool, searches, q, selection, limit).await;
    }
    let (mut sql, mut next) = (
        format!(
            "select a.article_id, v.version, v.changed_at_ms from articles as a \
         join versions as v on v.article_id = a.article_id where {STANDS}"
        ),
        1,
    );
    let mut values: Vec<String> = Vec::new();
    if let Some(host) = &selection.source {
        sql += &format!(" and a.site_host = ${next}");
        next += 1;
        values.push(host.clone());
    }
    if let Some(language) = &selection.language {
        sql += &format!(" and (a.language = ${next} or a.language like ${})", next + 1);
        next += 2;
        values.extend([language.primary().to_owned(), format!("{}-%", language.primary())]);
    }
    sql += &format!(" order by a.added_at_ms desc, a.article_id desc limit ${next}");
    let mut query = sqlx::query(AssertSqlSafe(sql));
    for value in values {
        query = query.bind(value);
    }
    let rows = query.bind(i64::from(limit)).fetch_all(pool).await.map_err(RecordError::from)?;
    rows.iter().map(|row| Ok((article_id(row)?, versions::read(row)?))).collect()
}

/// The articles that a search finds, the best first, by their versions.
async fn found(
    pool: &AnyPool,
    searches: &Searches,
    q: &str,
    selection: &Selection,
    limit: u32,
) -> Result<Vec<(ArticleId, Version)>, SearchError> {
    let wanted = Wanted {
        query: Query::parse(q),
        language: selection.language.clone(),
        source: selection.source.clone(),
        ..Wanted::default()
    };
    let found = searches.find(pool, &wanted, None, limit as usize).await?;
    // A feed of a part would come and go with the load.
    if found.gave_up && found.hits.len() < limit as usize {
        return Err(SearchError::Busy);
    }
    let mut versions = Vec::new();
    for hit in found.hits {
        let id = hit.summarized.article.article_id;
        versions.extend(versions::of(pool, id).await?.map(|version| (id, version)));
    }
    Ok(versions)
}

/// These articles, whole, in this order; those that were withdrawn meanwhile are left out.
///
/// # Errors
/// The database fails, or holds what can't be read.
pub async fn whole(pool: &AnyPool, ids: &[ArticleId]) -> Result<Vec<ArticlePage>, RecordError> {
    if ids.is_empty() {
        return Ok(vec![]);
    }
    let sql = format!(
        "select a.summarized, a.body, a.passages, a.added_at_ms from articles as a where {STANDS} and a.article_id in {}",
        rows::list(1, ids.len())
    );
    let mut query = sqlx::query(AssertSqlSafe(sql));
    for id in ids {
        query = query.bind(id.to_string());
    }
    let mut pages: Vec<ArticlePage> =
        query.fetch_all(pool).await?.iter().map(page).collect::<Result<_, RecordError>>()?;
    let position = |page: &ArticlePage| ids.iter().position(|id| *id == page.summarized.article.article_id);
    pages.sort_by_key(position);
    Ok(pages)
}

/// When an article was last withdrawn.
///
/// # Errors
/// The database fails.
pub async fn last_retraction(pool: &AnyPool) -> Result<Option<Timestamp>, RecordError> {
    let sql = "select retracted_at_ms from retractions order by retracted_at_ms desc limit 1";
    let row = sqlx::query(sql).fetch_optional(pool).await?;
    Ok(row.map(|row| time(&row, "retracted_at_ms")).transpose()?)
}

/// The articles that came in a span of time, the newest first, by their versions.
///
/// # Errors
/// The database fails, or holds what can't be read.
pub async fn came(
    pool: &AnyPool,
    from: Timestamp,
    to: Timestamp,
    limit: u32,
) -> Result<Vec<(ArticleId, Version)>, RecordError> {
    let sql = format!(
        "select a.article_id, v.version, v.changed_at_ms from articles as a \
         join versions as v on v.article_id = a.article_id \
         where {STANDS} and a.added_at_ms >= $1 and a.added_at_ms < $2 \
         order by a.added_at_ms desc, a.article_id desc limit $3"
    );
    let query = sqlx::query(AssertSqlSafe(sql)).bind(from.as_millisecond()).bind(to.as_millisecond());
    let rows = query.bind(i64::from(limit)).fetch_all(pool).await?;
    rows.iter().map(|row| Ok((article_id(row)?, versions::read(row)?))).collect()
}

/// How many sitemaps there are: each has as many articles as it may, in the order in which they came, so that an article
/// stays in its sitemap.
///
/// # Errors
/// The database fails.
pub async fn sitemaps(pool: &AnyPool) -> Result<u32, RecordError> {
    let count: i64 = sqlx::query_scalar("select count(*) from articles").fetch_one(pool).await?;
    Ok(u32::try_from(count).unwrap_or(u32::MAX).div_ceil(LARGEST).max(1))
}

/// The articles of a sitemap, counted from 1, with when their pages last changed: withdrawn ones are left out, and those
/// whose publishers want no search engine to have them.
///
/// # Errors
/// The database fails, or holds what can't be read.
pub async fn sitemap(pool: &AnyPool, number: u32) -> Result<Vec<(ArticleId, Timestamp)>, RecordError> {
    let before = i64::from(number.saturating_sub(1)) * i64::from(LARGEST);
    // Where it begins is found in the index alone, without a row.
    let sql = "select added_at_ms, article_id from articles order by added_at_ms, article_id limit 1 offset $1";
    let Some(first) = sqlx::query(sql).bind(before).fetch_optional(pool).await? else { return Ok(vec![]) };
    let (added_at_ms, id): (i64, String) = (first.try_get("added_at_ms")?, first.try_get("article_id")?);
    let sql = "select p.article_id, v.changed_at_ms from (select article_id, added_at_ms from articles \
               where added_at_ms > $1 or (added_at_ms = $1 and article_id >= $2) \
               order by added_at_ms, article_id limit $3) as p \
               join versions as v on v.article_id = p.article_id where v.noindex = 0 \
               and not exists (select 1 from retractions as r where r.article_id = p.article_id) \
               order by p.added_at_ms, p.article_id";
    let rows = sqlx::query(sql).bind(added_at_ms).bind(id).bind(i64::from(LARGEST)).fetch_all(pool).await?;
    rows.iter().map(|row| Ok((article_id(row)?, time(row, "changed_at_ms")?))).collect()
}
