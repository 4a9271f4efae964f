//! The rows of lists, and which article stands for a story that several sources tell.
//!
//! Ingest says which article a new one is a copy of (near-duplicates by MinHash). Here the copies are one story, and the
//! article of it that came first and stands leads it. Events come in any order, so a copy may be here before what it is a
//! copy of: then the story has its name already, and the two stories become one when the missing link comes.

use std::collections::BTreeSet;

use jiff::Timestamp;
use kos_shared::{event::ArticleSummarized, stage::RecordError, store::Tx};
use sqlx::Row;

use super::entry;

/// Puts an article's line into the lists, or its newer revision in the place of the older one. It is one of those that the
/// site has already.
///
/// # Errors
/// The database fails.
pub async fn put(tx: &mut Tx, summarized: &ArticleSummarized, now: Timestamp) -> Result<(), RecordError> {
    let article = &summarized.article;
    let id = article.article_id.to_string();
    let earlier =
        article.duplicate_of.filter(|earlier| *earlier != article.article_id).map(|earlier| earlier.to_string());
    // What another worker decides is seen once its lock is had, and may ask for more of them.
    let mut locked = BTreeSet::new();
    let (story, stories) = loop {
        let (story, stories) = touched(tx, &id, earlier.as_deref()).await?;
        let more: BTreeSet<_> = stories.difference(&locked).cloned().collect();
        if more.is_empty() {
            break (story, stories);
        }
        lock(tx, &more, now).await?;
        locked.extend(more);
    };
    write(tx, summarized, &story).await?;
    if story != id {
        // Copies of this article are copies of what it is a copy of.
        let sql = "update list_entries set story_id = $1 where story_id = $2";
        sqlx::query(sql).bind(story).bind(id).execute(&mut **tx).await?;
    }
    settle(tx, &stories).await
}

/// Takes all articles out of the lists that are withdrawn. A story goes on with the next article that tells it.
///
/// # Errors
/// The database fails.
pub async fn remove_withdrawn(tx: &mut Tx, now: Timestamp) -> Result<(), RecordError> {
    let sql = "select e.article_id, e.story_id from retractions as r \
               join list_entries as e on e.article_id = r.article_id";
    let rows = sqlx::query(sql).fetch_all(&mut **tx).await?;
    let mut stories = BTreeSet::new();
    for row in &rows {
        stories.insert(row.try_get("story_id")?);
    }
    lock(tx, &stories, now).await?;
    for row in rows {
        let id: String = row.try_get("article_id")?;
        sqlx::query("delete from list_entries where article_id = $1").bind(id).execute(&mut **tx).await?;
    }
    settle(tx, &stories).await
}

/// The story that an article tells, which is a copy of `earlier` or of nothing, and all stories that putting it there
/// changes.
async fn touched(tx: &mut Tx, id: &str, earlier: Option<&str>) -> Result<(String, BTreeSet<String>), RecordError> {
    let story = match earlier {
        Some(earlier) => story_of(tx, earlier).await?.unwrap_or_else(|| earlier.to_owned()),
        None => id.to_owned(),
    };
    let mut stories = BTreeSet::from([id.to_owned(), story.clone()]);
    stories.extend(story_of(tx, id).await?);
    Ok((story, stories))
}

async fn story_of(tx: &mut Tx, article_id: &str) -> Result<Option<String>, RecordError> {
    let sql = "select story_id from list_entries where article_id = $1";
    Ok(sqlx::query_scalar(sql).bind(article_id.to_owned()).fetch_optional(&mut **tx).await?)
}

/// Makes other workers wait that decide about the same stories; in one order, so that no two wait for each other.
async fn lock(tx: &mut Tx, stories: &BTreeSet<String>, now: Timestamp) -> Result<(), RecordError> {
    let sql = "insert into stories (story_id, changed_at_ms) values ($1, $2) \
               on conflict (story_id) do update set changed_at_ms = excluded.changed_at_ms";
    for story in stories {
        sqlx::query(sql).bind(story.clone()).bind(now.as_millisecond()).execute(&mut **tx).await?;
    }
    Ok(())
}

async fn write(tx: &mut Tx, summarized: &ArticleSummarized, story_id: &str) -> Result<(), RecordError> {
    let article = &summarized.article;
    let summaries = serde_json::to_string(&entry::leads(summarized)).map_err(|e| RecordError::State(e.to_string()))?;
    let site_name = if article.site.name.is_empty() { &article.site.host } else { &article.site.name };
    let sql = "insert into list_entries (article_id, story_id, leads, added_at_ms, published_at_ms, host, site_name, \
               title, language, spoken, words, summaries) \
               select article_id, $2, 0, added_at_ms, published_at_ms, $3, $4, $5, $6, $7, $8, $9 from articles \
               where article_id = $1 \
               on conflict (article_id) do update set story_id = excluded.story_id, leads = 0, \
               published_at_ms = excluded.published_at_ms, host = excluded.host, site_name = excluded.site_name, \
               title = excluded.title, language = excluded.language, spoken = excluded.spoken, words = excluded.words, \
               summaries = excluded.summaries";
    sqlx::query(sql)
        .bind(article.article_id.to_string())
        .bind(story_id.to_owned())
        .bind(article.site.host.clone())
        .bind(site_name.clone())
        .bind(article.title.clone())
        .bind(article.language.to_string())
        .bind(article.language.primary().to_owned())
        .bind(i64::from(article.words))
        .bind(summaries)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Decides who leads each story.
async fn settle(tx: &mut Tx, stories: &BTreeSet<String>) -> Result<(), RecordError> {
    let sql = "update list_entries set leads = case when article_id = (select first.article_id \
               from list_entries as first where first.story_id = $1 \
               order by first.added_at_ms, first.article_id limit 1) then 1 else 0 end where story_id = $1";
    for story in stories {
        sqlx::query(sql).bind(story.clone()).execute(&mut **tx).await?;
    }
    Ok(())
}
