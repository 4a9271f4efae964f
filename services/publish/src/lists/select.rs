//! Reading lists. Every statement reads the next rows of an index, however many there are.

use jiff::Timestamp;
use kos_shared::{
    event::{ArticleId, Language},
    stage::RecordError,
    store::{rows, time},
};
use sqlx::{
    Any, AnyPool, Row,
    any::{AnyArguments, AnyRow},
    query::Query,
};

use super::{Cursor, Entry, Turn};

/// What lists are made of: the columns of an entry.
const COLUMNS: &str = "article_id, story_id, leads, added_at_ms, published_at_ms, host, site_name, title, language, \
                       words, summaries";

/// Those that stand. What was withdrawn has no row; of a race between the two this makes nothing that is seen.
const STANDS: &str = "not exists (select 1 from retractions as r where r.article_id = e.article_id)";

/// Which articles are listed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    /// Only those of this host. They are listed one by one then, also where another source leads the story.
    pub host: Option<String>,
    /// Only those written in this language, whatever its script or region.
    pub language: Option<Language>,
}

impl Filter {
    /// Whether this entry is one of those.
    pub fn takes(&self, entry: &Entry) -> bool {
        let host = self.host.as_ref().map_or(entry.leads, |host| *host == entry.host);
        host && self.language.as_ref().is_none_or(|language| language.same_language(&entry.language))
    }

    /// The conditions, and what is bound to them from `$1` on.
    fn conditions(&self) -> (String, Vec<String>) {
        let mut bound = Vec::new();
        let mut conditions = Vec::new();
        match &self.host {
            Some(host) => {
                bound.push(host.clone());
                conditions.push(format!("host = ${}", bound.len()));
            }
            None => conditions.push("leads = 1".to_owned()),
        }
        if let Some(language) = &self.language {
            bound.push(language.primary().to_owned());
            conditions.push(format!("spoken = ${}", bound.len()));
        }
        (conditions.join(" and "), bound)
    }
}

/// A page of a list.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// Its articles, the newest first.
    pub entries: Vec<Entry>,
    /// Whether there are older ones.
    pub older: bool,
    /// Whether there are newer ones.
    pub newer: bool,
}

impl Page {
    /// The place of its last article, behind which the next page begins, if there is one.
    pub fn next(&self) -> Option<Cursor> {
        self.entries.last().filter(|_| self.older).map(Entry::cursor)
    }

    /// The place of its first article, before which the previous page ends, if there is one.
    pub fn previous(&self) -> Option<Cursor> {
        self.entries.first().filter(|_| self.newer).map(Entry::cursor)
    }
}

impl Entry {
    /// Its place in lists.
    pub fn cursor(&self) -> Cursor {
        Cursor { added_at_ms: self.added_at.as_millisecond(), article_id: self.article_id }
    }
}

/// A page of at most `size` articles.
///
/// # Errors
/// The database fails, or holds what can't be read.
pub async fn page(pool: &AnyPool, filter: &Filter, turn: Turn, size: usize) -> Result<Page, RecordError> {
    let mut entries = side(pool, filter, turn, size + 1).await?;
    let more = entries.len() > size;
    entries.truncate(size);
    match turn {
        Turn::First => Ok(Page { entries, older: more, newer: false }),
        // The article that the cursor names is newer.
        Turn::After(_) => Ok(Page { entries, older: more, newer: true }),
        Turn::Before(_) if more => {
            entries.reverse();
            Ok(Page { entries, older: true, newer: true })
        }
        // All that is newer fits on the first page, which has room for more.
        Turn::Before(_) => Box::pin(page(pool, filter, Turn::First, size)).await,
    }
}

/// Up to `limit` entries from a place on, going away from it.
pub(super) async fn side(pool: &AnyPool, filter: &Filter, turn: Turn, limit: usize) -> Result<Vec<Entry>, RecordError> {
    let rows = statement(filter, turn, limit).query("").fetch_all(pool).await?;
    rows.iter().map(entry).collect()
}

/// What reads a page.
#[derive(Debug, Clone)]
pub struct Statement {
    sql: String,
    texts: Vec<String>,
    place: Option<Cursor>,
    limit: i64,
}

impl Statement {
    /// The statement with what is bound to it, and with `before` in front, such as `explain `.
    pub fn query(self, before: &str) -> Query<'static, Any, AnyArguments> {
        let query = sqlx::query(sqlx::AssertSqlSafe(format!("{before}{}", self.sql)));
        let query = self.texts.into_iter().fold(query, Query::bind);
        let query = match self.place {
            Some(cursor) => query.bind(cursor.added_at_ms).bind(cursor.article_id.to_string()),
            None => query,
        };
        query.bind(self.limit)
    }
}

/// What reads up to `limit` entries from a place on, going away from it.
pub fn statement(filter: &Filter, turn: Turn, limit: usize) -> Statement {
    let (conditions, texts) = filter.conditions();
    let (place, than, order) = match turn {
        Turn::First => (None, "", "desc"),
        Turn::After(cursor) => (Some(cursor), "<", "desc"),
        Turn::Before(cursor) => (Some(cursor), ">", "asc"),
    };
    let n = texts.len();
    let (from, limit_at) = match place {
        Some(_) => (format!(" and (added_at_ms, article_id) {than} (${}, ${})", n + 1, n + 2), n + 3),
        None => (String::new(), n + 1),
    };
    let sql = format!(
        "select {COLUMNS} from list_entries as e where {conditions}{from} and {STANDS} \
         order by added_at_ms {order}, article_id {order} limit ${limit_at}"
    );
    Statement { sql, texts, place, limit: i64::try_from(limit).unwrap_or(i64::MAX) }
}

/// The newest of the articles that stand for their story.
///
/// # Errors
/// The database fails, or holds what can't be read.
pub async fn newest(pool: &AnyPool, limit: usize) -> Result<Vec<Entry>, RecordError> {
    side(pool, &Filter::default(), Turn::First, limit).await
}

/// The articles that tell the stories of `entries`, the first to come first.
///
/// # Errors
/// The database fails, or holds what can't be read.
pub async fn also_at(pool: &AnyPool, entries: &[Entry]) -> Result<Vec<Entry>, RecordError> {
    if entries.is_empty() {
        return Ok(Vec::new());
    }
    let mut stories: Vec<_> = entries.iter().map(|entry| entry.story_id.to_string()).collect();
    stories.sort();
    stories.dedup();
    let sql = format!(
        "select {COLUMNS} from list_entries as e where story_id in {} and {STANDS} order by added_at_ms, article_id limit 1000",
        rows::list(1, stories.len())
    );
    let query = stories.into_iter().fold(sqlx::query(sqlx::AssertSqlSafe(sql)), Query::<Any, _>::bind);
    let rows = query.fetch_all(pool).await?;
    rows.iter().map(entry).collect()
}

/// A source: a site that articles are from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Its host.
    pub host: String,
    /// Its name, as its newest article has it.
    pub name: String,
    /// How many articles of it stand.
    pub articles: u64,
    /// When the newest of them came.
    pub newest_at: Timestamp,
}

/// Up to `limit` sources by host, from behind `after` on.
///
/// # Errors
/// The database fails, or holds what can't be read.
pub async fn sources(pool: &AnyPool, after: &str, limit: usize) -> Result<Vec<Source>, RecordError> {
    let sql = "select s.host, s.articles, s.newest_at_ms, (select e.site_name from list_entries as e \
               where e.host = s.host order by e.added_at_ms desc, e.article_id desc limit 1) as site_name \
               from (select host, count(*) as articles, max(added_at_ms) as newest_at_ms from list_entries \
               where host > $1 group by host order by host limit $2) as s order by s.host";
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = sqlx::query(sql).bind(after.to_owned()).bind(limit).fetch_all(pool).await?;
    let source = |row: &AnyRow| {
        let articles: i64 = row.try_get("articles")?;
        Ok(Source {
            host: row.try_get("host")?,
            name: row.try_get("site_name")?,
            articles: articles.unsigned_abs(),
            newest_at: time(row, "newest_at_ms")?,
        })
    };
    rows.iter().map(source).collect()
}

/// Whether there are articles of a host.
///
/// # Errors
/// The database fails.
pub async fn is_source(pool: &AnyPool, host: &str) -> Result<bool, sqlx::Error> {
    let sql = "select 1 as found from list_entries where host = $1 limit 1";
    Ok(sqlx::query(sql).bind(host.to_owned()).fetch_optional(pool).await?.is_some())
}

/// The languages that articles are written in.
///
/// # Errors
/// The database fails, or holds what can't be read.
pub async fn languages(pool: &AnyPool) -> Result<Vec<Language>, RecordError> {
    // Hops from one language to the next in the index instead of reading all of it.
    let sql = "with recursive tags (tag) as (select min(spoken) from list_entries where leads = 1 union all \
               select (select min(spoken) from list_entries where leads = 1 and spoken > tags.tag) from tags \
               where tags.tag is not null) select tag from tags where tag is not null limit 100";
    let tags: Vec<String> = sqlx::query_scalar(sql).fetch_all(pool).await?;
    Ok(tags.into_iter().filter_map(|tag| tag.parse().ok()).filter(|tag| *tag != Language::UNDETERMINED).collect())
}

fn entry(row: &AnyRow) -> Result<Entry, RecordError> {
    let published_at: Option<i64> = row.try_get("published_at_ms")?;
    let words: i64 = row.try_get("words")?;
    let leads: i64 = row.try_get("leads")?;
    let language: String = row.try_get("language")?;
    let summaries: String = row.try_get("summaries")?;
    Ok(Entry {
        article_id: id(row, "article_id")?,
        story_id: id(row, "story_id")?,
        leads: leads == 1,
        added_at: time(row, "added_at_ms")?,
        published_at: published_at.and_then(|ms| Timestamp::from_millisecond(ms).ok()),
        host: row.try_get("host")?,
        site_name: row.try_get("site_name")?,
        title: row.try_get("title")?,
        language: language.parse().unwrap_or(Language::UNDETERMINED),
        words: u32::try_from(words).unwrap_or(u32::MAX),
        leads_in: serde_json::from_str(&summaries).map_err(|e| RecordError::State(e.to_string()))?,
        comments: 0,
    })
}

fn id(row: &AnyRow, column: &str) -> Result<ArticleId, RecordError> {
    let id: String = row.try_get(column)?;
    id.parse().map_err(|e| RecordError::State(format!("{column} {id:?}: {e}")))
}
