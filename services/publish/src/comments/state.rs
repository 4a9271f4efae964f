//! Comments in the database: written in transactions that also write what they mean for counts and events.

use jiff::Timestamp;
use kos_shared::{
    event::{ArticleId, Attributes, CommentPosted, EventId, Language, Outgoing},
    retraction,
    stage::RecordError,
    store::{Fault, Tx, fault, outbox, rows, time},
};
use sqlx::{AnyPool, Row, any::AnyRow};
use uuid::Uuid;

use super::{
    comment::{Comment, Cursor, State},
    draft::{Refusal, Words},
};
use crate::{site::SiteInfo, versions};

/// How long an author may change a comment, in milliseconds.
pub const CHANGE_MS: i64 = 10 * 60 * 1_000;

/// How often an author may change a comment.
const CHANGES: i64 = 20;

/// How many comments a page shows at most, the newest.
const ON_PAGE: i64 = 500;

const COLUMNS: &str =
    "comment_id, article_id, parent_id, author_id, name, body, state, revision, posted_at_ms, changed_at_ms";

/// A comment to be put there.
#[derive(Debug, Clone)]
pub struct New<'a> {
    /// What it is about.
    pub article_id: ArticleId,
    /// What it answers.
    pub parent_id: Option<Uuid>,
    /// Who wrote it.
    pub author_id: Uuid,
    /// What it says.
    pub words: &'a Words,
    /// What the same words have in common, a keyed hash.
    pub digest: String,
    /// Where it came from, a keyed hash.
    pub address: String,
    /// Whether it is shown at once.
    pub is_approved: bool,
}

/// Puts a comment there. A refusal is to undo the transaction.
///
/// # Errors
/// The database fails.
pub async fn post(
    tx: &mut Tx,
    site: &SiteInfo,
    new: New<'_>,
    now: Timestamp,
) -> Result<Result<Comment, Refusal>, RecordError> {
    if let Some(parent) = new.parent_id {
        let parent = find(&mut **tx, parent).await?;
        let may_be_answered = |parent: &Comment| {
            parent.article_id == new.article_id && parent.parent_id.is_none() && parent.state == State::Approved
        };
        if !parent.as_ref().is_some_and(may_be_answered) {
            return Ok(Err(Refusal::NothingToAnswer));
        }
    }
    let comment = Comment {
        comment_id: Uuid::now_v7(),
        article_id: new.article_id,
        parent_id: new.parent_id,
        author_id: new.author_id,
        name: new.words.name.clone(),
        text: new.words.text.clone(),
        state: if new.is_approved { State::Approved } else { State::Pending },
        revision: 1,
        posted_at: now,
        changed_at: now,
    };
    let sql = "insert into comments (comment_id, article_id, parent_id, author_id, name, body, state, revision, digest, \
               address, posted_at_ms, changed_at_ms) values ($1, $2, $3, $4, $5, $6, $7, 1, $8, $9, $10, $10) \
               on conflict (article_id, digest) do nothing";
    let inserted = sqlx::query(sql)
        .bind(comment.comment_id.to_string())
        .bind(comment.article_id.to_string())
        .bind(comment.parent_id.map(|id| id.to_string()))
        .bind(comment.author_id.to_string())
        .bind(comment.name.clone())
        .bind(comment.text.clone())
        .bind(comment.state.as_str())
        .bind(new.digest)
        .bind(new.address)
        .bind(now.as_millisecond())
        .execute(&mut **tx)
        .await?
        .rows_affected();
    if inserted == 0 {
        return Ok(Err(Refusal::Duplicate));
    }
    if comment.state == State::Approved {
        count(tx, comment.article_id, 1).await?;
        tell(tx, site, &comment, now).await?;
    }
    Ok(Ok(comment))
}

/// Whether the same was said about an article before.
///
/// # Errors
/// The database fails.
pub async fn is_said(pool: &AnyPool, id: ArticleId, digest: &str) -> Result<bool, sqlx::Error> {
    let sql = "select 1 as found from comments where article_id = $1 and digest = $2";
    let query = sqlx::query(sql).bind(id.to_string()).bind(digest.to_owned());
    Ok(query.fetch_optional(pool).await?.is_some())
}

/// The article that a comment is about, as far as its comments need it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// The article.
    pub article_id: ArticleId,
    /// Its title.
    pub title: String,
    /// The language of its title.
    pub language: Language,
}

/// An article, whether it was withdrawn or not.
///
/// # Errors
/// The database fails.
pub async fn about(pool: &AnyPool, article_id: ArticleId) -> Result<Option<About>, sqlx::Error> {
    let sql = "select title, language from articles where article_id = $1";
    let row = sqlx::query(sql).bind(article_id.to_string()).fetch_optional(pool).await?;
    row.map(|row| {
        let language: String = row.try_get("language")?;
        let language = language.parse().unwrap_or(Language::UNDETERMINED);
        Ok(About { article_id, title: row.try_get("title")?, language })
    })
    .transpose()
}

/// Whether `author` may change a comment at `now`.
///
/// # Errors
/// Why not.
pub fn may_change(comment: &Comment, author: Option<Uuid>, now: Timestamp) -> Result<(), Option<Refusal>> {
    let is_there = matches!(comment.state, State::Pending | State::Approved);
    if !is_there || author != Some(comment.author_id) {
        return Err(None);
    }
    if now.as_millisecond() - comment.posted_at.as_millisecond() > CHANGE_MS {
        return Err(Some(Refusal::TooLate));
    }
    Ok(())
}

/// Gives a comment that may be changed other words; where comments are moderated it waits again. A refusal is to undo the
/// transaction.
///
/// # Errors
/// The database fails.
pub async fn edit(
    tx: &mut Tx,
    site: &SiteInfo,
    before: &Comment,
    words: &Words,
    digest: String,
    is_approved: bool,
    now: Timestamp,
) -> Result<Result<Comment, Refusal>, RecordError> {
    if before.revision >= CHANGES {
        return Ok(Err(Refusal::TooManyChanges));
    }
    let after = Comment {
        name: words.name.clone(),
        text: words.text.clone(),
        state: if is_approved { State::Approved } else { State::Pending },
        revision: before.revision + 1,
        changed_at: now,
        ..before.clone()
    };
    let sql = "update comments set name = $1, body = $2, digest = $3, state = $4, revision = $5, changed_at_ms = $6 \
               where comment_id = $7 and revision = $8 and state = $9";
    let updated = sqlx::query(sql)
        .bind(after.name.clone())
        .bind(after.text.clone())
        .bind(digest)
        .bind(after.state.as_str())
        .bind(after.revision)
        .bind(now.as_millisecond())
        .bind(after.comment_id.to_string())
        .bind(before.revision)
        .bind(before.state.as_str())
        .execute(&mut **tx)
        .await;
    match updated {
        // Somebody else decided about it, or changed it, in between.
        Ok(done) if done.rows_affected() == 0 => return Ok(Err(Refusal::ChangedMeanwhile)),
        Ok(_) => {}
        Err(error) if fault(&error) == Fault::Data => return Ok(Err(Refusal::Duplicate)),
        Err(error) => return Err(error.into()),
    }
    moved(tx, before, after.state).await?;
    if after.state == State::Approved {
        tell(tx, site, &after, now).await?;
    }
    Ok(Ok(after))
}

/// Takes a comment away; its words are forgotten. Whether it was still there.
///
/// # Errors
/// The database fails.
pub async fn delete(tx: &mut Tx, comment: &Comment, now: Timestamp) -> Result<bool, RecordError> {
    let sql = "update comments set state = 'deleted', name = '', body = '', address = '', digest = comment_id, \
               changed_at_ms = $1 where comment_id = $2 and state = $3";
    let query = sqlx::query(sql).bind(now.as_millisecond()).bind(comment.comment_id.to_string());
    let done = query.bind(comment.state.as_str()).execute(&mut **tx).await?.rows_affected() > 0;
    if done {
        moved(tx, comment, State::Deleted).await?;
    }
    Ok(done)
}

/// What came of a decision about a comment.
#[derive(Debug, Clone, PartialEq)]
pub enum Decided {
    /// It is so now, or was before.
    Done(Comment),
    /// There is no such comment, or its author took it away.
    NotFound,
    /// It says something else than what was decided about.
    Changed,
    /// Its article was withdrawn.
    ArticleGone,
}

/// Lets readers see a comment, and says so on the bus. Where the wording that was read is named by its `revision`, no other
/// one is approved: its author may have changed it meanwhile.
///
/// # Errors
/// The database fails.
pub async fn approve(
    tx: &mut Tx,
    site: &SiteInfo,
    id: Uuid,
    revision: Option<i64>,
    now: Timestamp,
) -> Result<Decided, RecordError> {
    decide(tx, Some(site), id, revision, State::Approved, now).await
}

/// Keeps a comment from readers.
///
/// # Errors
/// The database fails.
pub async fn reject(tx: &mut Tx, id: Uuid, now: Timestamp) -> Result<Decided, RecordError> {
    decide(tx, None, id, None, State::Rejected, now).await
}

async fn decide(
    tx: &mut Tx,
    site: Option<&SiteInfo>,
    id: Uuid,
    revision: Option<i64>,
    state: State,
    now: Timestamp,
) -> Result<Decided, RecordError> {
    let Some(before) = find(&mut **tx, id).await?.filter(|comment| comment.state != State::Deleted) else {
        return Ok(Decided::NotFound);
    };
    if site.is_some() && retraction::find(&mut **tx, before.article_id).await?.is_some() {
        return Ok(Decided::ArticleGone);
    }
    if revision.is_some_and(|read| read != before.revision) {
        return Ok(Decided::Changed);
    }
    // Not what was read, but what stands there: its author may have changed it since.
    let sql = "update comments set state = $1 where comment_id = $2 and state = $3 and revision = $4";
    let query = sqlx::query(sql).bind(state.as_str()).bind(id.to_string()).bind(before.state.as_str());
    let changed = query.bind(before.revision).execute(&mut **tx).await?.rows_affected() > 0;
    if !changed {
        return Ok(Decided::Changed);
    }
    let after = Comment { state, ..before.clone() };
    moved(tx, &before, state).await?;
    if let Some(site) = site.filter(|_| before.state != state) {
        tell(tx, site, &after, now).await?;
    }
    Ok(Decided::Done(after))
}

/// Keeps the count of an article true.
async fn moved(tx: &mut Tx, before: &Comment, after: State) -> Result<(), sqlx::Error> {
    let shown = |state| i64::from(state == State::Approved);
    match shown(after) - shown(before.state) {
        0 => Ok(()),
        change => count(tx, before.article_id, change).await,
    }
}

async fn count(tx: &mut Tx, id: ArticleId, change: i64) -> Result<(), sqlx::Error> {
    let sql = "insert into comment_counts (article_id, approved) values ($1, $2) \
               on conflict (article_id) do update set approved = comment_counts.approved + $2";
    sqlx::query(sql).bind(id.to_string()).bind(change).execute(&mut **tx).await?;
    versions::changed(tx, id, Timestamp::now()).await
}

/// Says on the bus that readers see a comment. Its id is derived from the comment and its wording, so that a second
/// approval of the same says nothing new.
async fn tell(tx: &mut Tx, site: &SiteInfo, comment: &Comment, now: Timestamp) -> Result<(), RecordError> {
    versions::changed(tx, comment.article_id, now).await?;
    let page_url = format!("{}#{}", site.page_url(comment.article_id), comment.anchor());
    let posted = CommentPosted {
        comment_id: comment.comment_id.to_string(),
        article_id: comment.article_id,
        parent_id: comment.parent_id.map(|id| id.to_string()),
        revision: u32::try_from(comment.revision).unwrap_or(u32::MAX),
        name: comment.name.clone(),
        text: comment.text.clone(),
        page_url: page_url.parse().map_err(|e| RecordError::State(format!("page address: {e}")))?,
        posted_at: comment.posted_at,
    };
    let index = usize::try_from(comment.revision).unwrap_or_default();
    let id = EventId::from(posted.comment_id.clone()).derive("comment", index);
    let event = Outgoing::new(&Attributes::original(id, "/kos/publish", &posted, now), &posted);
    outbox::insert(tx, &[event], now).await.map_err(RecordError::from)
}

/// A comment, whatever its state.
///
/// # Errors
/// The database fails, or holds what can't be read.
pub async fn find(
    database: impl sqlx::Executor<'_, Database = sqlx::Any>,
    id: Uuid,
) -> Result<Option<Comment>, RecordError> {
    let sql = format!("select {COLUMNS} from comments where comment_id = $1");
    let row = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(id.to_string()).fetch_optional(database).await?;
    row.as_ref().map(read).transpose()
}

/// What a reader may see of the comments on an article: those that are approved, those of their own that wait, and the
/// places of deleted ones; the newest, in the order in which they were written.
///
/// # Errors
/// The database fails, or holds what can't be read.
pub async fn on_article(pool: &AnyPool, id: ArticleId, reader: Option<Uuid>) -> Result<Vec<Comment>, RecordError> {
    let sql = format!(
        "select {COLUMNS} from comments where article_id = $1 and state in ('approved', 'deleted') \
         order by posted_at_ms desc, comment_id desc limit $2"
    );
    let shown = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(id.to_string()).bind(ON_PAGE).fetch_all(pool).await?;
    let mut comments: Vec<Comment> = shown.iter().map(read).collect::<Result<_, _>>()?;
    if let Some(reader) = reader {
        let sql = format!(
            "select {COLUMNS} from comments where author_id = $1 and state = 'pending' and article_id = $2 \
             order by posted_at_ms desc, comment_id desc limit $3"
        );
        let query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(reader.to_string()).bind(id.to_string());
        let waiting = query.bind(ON_PAGE).fetch_all(pool).await?;
        comments.extend(waiting.iter().map(read).collect::<Result<Vec<_>, _>>()?);
    }
    comments.sort_by_key(|comment| (comment.posted_at, comment.comment_id));
    Ok(comments)
}

/// Up to `limit` comments of an article that are approved, in the order in which they were written, after `after`.
///
/// # Errors
/// The database fails, or holds what can't be read.
pub async fn approved(
    pool: &AnyPool,
    id: ArticleId,
    after: Option<Cursor>,
    limit: usize,
) -> Result<Vec<Comment>, RecordError> {
    let start = after.map_or((i64::MIN, String::new()), |c| (c.posted_at_ms, c.comment_id.to_string()));
    let sql = format!(
        "select {COLUMNS} from comments where article_id = $1 and state = 'approved' \
         and (posted_at_ms > $2 or (posted_at_ms = $2 and comment_id > $3)) order by posted_at_ms, comment_id limit $4"
    );
    let query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(id.to_string()).bind(start.0).bind(start.1);
    query.bind(limit as i64).fetch_all(pool).await?.iter().map(read).collect()
}

/// Up to `limit` comments in a state, those that wait longest first, after `after`; none on withdrawn articles.
///
/// # Errors
/// The database fails, or holds what can't be read.
pub async fn queue(
    pool: &AnyPool,
    state: State,
    after: Option<Cursor>,
    limit: usize,
) -> Result<Vec<Comment>, RecordError> {
    let start = after.map_or((i64::MIN, String::new()), |c| (c.posted_at_ms, c.comment_id.to_string()));
    let sql = format!(
        "select {COLUMNS} from comments as c where state = $1 \
         and (posted_at_ms > $2 or (posted_at_ms = $2 and comment_id > $3)) \
         and not exists (select 1 from retractions as r where r.article_id = c.article_id) \
         order by posted_at_ms, comment_id limit $4"
    );
    let query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(state.as_str()).bind(start.0).bind(start.1);
    query.bind(limit as i64).fetch_all(pool).await?.iter().map(read).collect()
}

/// How many comments wait for a decision.
///
/// # Errors
/// The database fails.
pub async fn waiting(pool: &AnyPool) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("select count(*) from comments where state = 'pending'").fetch_one(pool).await
}

/// A comment and the title of its article.
#[derive(Debug, Clone, PartialEq)]
pub struct Titled {
    /// The comment.
    pub comment: Comment,
    /// The title, as the article came with it.
    pub title: String,
}

/// The newest approved comments of all articles that stand, or of one.
///
/// # Errors
/// The database fails, or holds what can't be read.
pub async fn newest(pool: &AnyPool, article: Option<ArticleId>, limit: i64) -> Result<Vec<Titled>, RecordError> {
    let only = if article.is_some() { "and c.article_id = $2 " } else { "" };
    let columns: Vec<String> = COLUMNS.split(", ").map(|column| format!("c.{column}")).collect();
    let sql = format!(
        "select {}, a.title as title from comments as c join articles as a on a.article_id = c.article_id \
         where c.state = 'approved' {only}\
         and not exists (select 1 from retractions as r where r.article_id = c.article_id) \
         order by c.posted_at_ms desc, c.comment_id desc limit $1",
        columns.join(", ")
    );
    let mut query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(limit);
    if let Some(article) = article {
        query = query.bind(article.to_string());
    }
    let found = query.fetch_all(pool).await?;
    found.iter().map(|row| Ok(Titled { comment: read(row)?, title: row.try_get("title")? })).collect()
}

/// How many comments readers see on each of some articles; an article without any is left out.
///
/// # Errors
/// The database fails, or holds what can't be read.
pub async fn counts(
    pool: &AnyPool,
    articles: &[ArticleId],
) -> Result<std::collections::HashMap<ArticleId, u32>, RecordError> {
    let mut counts = std::collections::HashMap::new();
    for some in articles.chunks(rows::MOST_VALUES) {
        let sql = format!(
            "select article_id, approved from comment_counts where approved > 0 and article_id in {}",
            rows::list(1, some.len())
        );
        let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
        for id in some {
            query = query.bind(id.to_string());
        }
        for row in query.fetch_all(pool).await? {
            let approved: i64 = row.try_get("approved")?;
            counts.insert(id(&row, "article_id")?, u32::try_from(approved).unwrap_or(u32::MAX));
        }
    }
    Ok(counts)
}

fn read(row: &AnyRow) -> Result<Comment, RecordError> {
    let parent: Option<String> = row.try_get("parent_id")?;
    let state: String = row.try_get("state")?;
    Ok(Comment {
        comment_id: id(row, "comment_id")?,
        article_id: id(row, "article_id")?,
        parent_id: parent.as_deref().map(str::parse).transpose().map_err(unreadable)?,
        author_id: id(row, "author_id")?,
        name: row.try_get("name")?,
        text: row.try_get("body")?,
        state: state.parse().map_err(|()| RecordError::State(format!("a comment's state is {state:?}")))?,
        revision: row.try_get("revision")?,
        posted_at: time(row, "posted_at_ms")?,
        changed_at: time(row, "changed_at_ms")?,
    })
}

fn id<T: std::str::FromStr<Err = uuid::Error>>(row: &AnyRow, column: &str) -> Result<T, RecordError> {
    row.try_get::<String, _>(column)?.parse().map_err(unreadable)
}

fn unreadable(error: uuid::Error) -> RecordError {
    RecordError::State(format!("an id in the table of comments: {error}"))
}
