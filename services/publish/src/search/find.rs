//! Finding: from a query to the articles that have it, the best first.
//!
//! How long it takes doesn't grow with the number of articles: of all that match, the newest [`WINDOW`] are ranked; what is
//! older follows in the order of its time. Where a page of results ends, the next one begins, whatever came meanwhile: an
//! article's score depends on nothing but the article and the query.

use std::{collections::HashMap, time::Duration};

use jiff::{Timestamp, civil::Date, tz::Offset};
use kos_shared::{
    event::{ArticleSummarized, Language},
    stage::RecordError,
    store::{Dialect, rows, time},
};
use sqlx::{Any, AnyConnection, AnyPool, Connection, Row, any::AnyRow, pool::PoolConnection};

use super::{
    cursor::Cursor,
    document::{language_facet, source_facet},
    index,
    query::Query,
    weights::Weights,
};

/// How many articles are ranked.
pub const WINDOW: usize = 1_000;

/// How long a search may take.
const LIMIT: Duration = Duration::from_secs(2);

/// After how many seconds an article needs to be twice as much about a query to stand where it did: a year. Among articles
/// that are about the same, newer ones are better news; but a title from last year goes before a passing mention of today.
const HALVED_AFTER: f64 = 365.25 * 24.0 * 60.0 * 60.0;

/// What is looked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wanted {
    /// The words.
    pub query: Query,
    /// Only articles in this language, whatever its script and region.
    pub language: Option<Language>,
    /// Only articles from this host.
    pub source: Option<String>,
    /// Only articles of this day (UTC) or later.
    pub from: Option<Date>,
    /// Only articles of this day (UTC) or earlier.
    pub to: Option<Date>,
}

impl Wanted {
    fn facets(&self) -> Vec<String> {
        let language = self.language.as_ref().map(language_facet);
        language.into_iter().chain(self.source.as_deref().map(source_facet)).collect()
    }

    /// The numbers of the articles in question, the first and the last.
    fn numbers(&self) -> (i64, i64) {
        // Days at the ends of the calendar are no points in time in every zone.
        let start = |day: Date| match Offset::UTC.to_timestamp(day.at(0, 0, 0, 0)) {
            Ok(time) => index::first_number(time),
            Err(_) if day.year() < 1970 => 0,
            Err(_) => i64::MAX,
        };
        let end = self.to.and_then(|to| to.tomorrow().ok()).map_or(i64::MAX, start);
        (self.from.map_or(0, start), end.saturating_sub(1))
    }
}

/// An article that was found.
#[derive(Debug, Clone)]
pub struct Hit {
    /// The article and its summaries.
    pub summarized: ArticleSummarized,
    /// When it first came to the site.
    pub added_at: Timestamp,
}

/// How many articles there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Total {
    /// So many.
    Exactly(usize),
    /// More than so many.
    MoreThan(usize),
}

/// A page of results.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// The best first.
    pub hits: Vec<Hit>,
    /// Where the next page begins, if there is one.
    pub next: Option<Cursor>,
    /// How many articles were found, on the first page.
    pub total: Option<Total>,
    /// Whether it took too long, so that there are none though there may be some.
    pub gave_up: bool,
}

/// Up to `limit` articles after `after`.
///
/// # Errors
/// The database fails, or holds what can't be read.
pub async fn find(pool: &AnyPool, wanted: &Wanted, after: Option<Cursor>, limit: usize) -> Result<Found, RecordError> {
    let mut connection = pool.acquire().await?;
    match tokio::time::timeout(LIMIT, search(&mut connection, wanted, after, limit)).await {
        Ok(Err(RecordError::Statement(error))) if is_timeout(&error) => Ok(Found { gave_up: true, ..Found::default() }),
        Ok(found) => found,
        Err(_) => {
            // It may still be at work, which nobody else should have to wait for.
            drop(connection.detach());
            Ok(Found { gave_up: true, ..Found::default() })
        }
    }
}

/// PostgreSQL's `query_canceled`: the statement's time was over.
fn is_timeout(error: &sqlx::Error) -> bool {
    error.as_database_error().and_then(|error| error.code()).is_some_and(|code| code == "57014")
}

async fn search(
    connection: &mut PoolConnection<Any>,
    wanted: &Wanted,
    after: Option<Cursor>,
    limit: usize,
) -> Result<Found, RecordError> {
    let dialect = Dialect::of(connection);
    let Some(expression) = wanted.query.expression(&wanted.facets(), dialect) else { return Ok(Found::default()) };
    let mut tx = connection.begin().await?;
    if dialect == Dialect::Postgres {
        let sql = format!("set local statement_timeout = {}", LIMIT.as_millis());
        sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&mut *tx).await?;
    }
    let mut index = Index { connection: &mut tx, dialect, expression: &expression };
    let (first, last) = wanted.numbers();
    let mut places: Vec<Place> = vec![];
    let mut total = None;
    // Where what is older than all that is ranked begins.
    let older_than = match after {
        Some(Cursor::Older { number }) => Some(number),
        _ => {
            let (scored, window) = ranked(&mut index, wanted, (first, last), after).await?;
            if after.is_none() {
                total = Some(match window {
                    Some(_) => Total::MoreThan(WINDOW),
                    None => Total::Exactly(scored.len()),
                });
            }
            places = scored;
            window
        }
    };
    places.truncate(limit + 1);
    if let Some(older_than) = older_than.filter(|_| places.len() <= limit) {
        let more = index.numbers((first, older_than - 1), limit + 1 - places.len()).await?;
        places.extend(
            more.into_iter().map(|(number, article_id)| Place { cursor: Cursor::Older { number }, article_id }),
        );
    }
    let more = places.len() > limit;
    places.truncate(limit);
    let next = places.last().filter(|_| more).map(|place| place.cursor);
    let hits = hits(&mut tx, &places).await?;
    tx.rollback().await?;
    Ok(Found { hits, next, total, gave_up: false })
}

/// An article's place among the results.
struct Place {
    /// What a page that ends with it says.
    cursor: Cursor,
    article_id: String,
}

/// The newest articles by their score, those after `after`; and the number of the last one of the window, where there
/// are older ones.
async fn ranked(
    index: &mut Index<'_>,
    wanted: &Wanted,
    (first, last): (i64, i64),
    after: Option<Cursor>,
) -> Result<(Vec<Place>, Option<i64>), RecordError> {
    let (first, known_window, most) = match after {
        // The window stays what it was; it may have got more articles.
        Some(Cursor::Ranked { window, .. }) => (first.max(window), (window > 0).then_some(window), 2 * WINDOW),
        _ => (first, None, WINDOW + 1),
    };
    let mut found = index.weighed((first, last), most).await?;
    let mut window = known_window;
    if after.is_none() && found.len() > WINDOW {
        found.truncate(WINDOW);
        window = found.last().map(|(number, ..)| *number);
    }
    let score = |number: i64, weights: &Weights| {
        let time = index::second(number) as f64 / HALVED_AFTER * std::f64::consts::LN_2;
        ((weights.relevance(&wanted.query).ln() + time) * 1e6).round() as i64
    };
    let mut scored: Vec<(i64, i64, String)> =
        found.into_iter().map(|(number, id, weights)| (score(number, &weights), number, id)).collect();
    scored.sort_unstable_by(|a, b| b.cmp(a));
    if let Some(Cursor::Ranked { score, number, .. }) = after {
        scored.retain(|place| (place.0, place.1) < (score, number));
    }
    let window_number = window.unwrap_or(0);
    let place = |(score, number, article_id)| Place {
        cursor: Cursor::Ranked { score, number, window: window_number },
        article_id,
    };
    Ok((scored.into_iter().map(place).collect(), window))
}

/// The index, asked for one expression.
struct Index<'c> {
    connection: &'c mut AnyConnection,
    dialect: Dialect,
    expression: &'c str,
}

impl Index<'_> {
    /// The newest articles with numbers from the first to the last, with what their terms weigh.
    async fn weighed(&mut self, numbers: (i64, i64), limit: usize) -> Result<Vec<(i64, String, Weights)>, RecordError> {
        let rows = self.rows(", weights", numbers, limit).await?;
        let read = |row: &AnyRow| -> Result<_, RecordError> {
            let weights = Weights::from_bytes(row.try_get("weights")?);
            Ok((row.try_get("number")?, row.try_get("article_id")?, weights))
        };
        rows.iter().map(read).collect()
    }

    /// The same without weights.
    async fn numbers(&mut self, numbers: (i64, i64), limit: usize) -> Result<Vec<(i64, String)>, RecordError> {
        let rows = self.rows("", numbers, limit).await?;
        rows.iter().map(|row| Ok((row.try_get("number")?, row.try_get("article_id")?))).collect()
    }

    async fn rows(
        &mut self,
        columns: &str,
        (first, last): (i64, i64),
        limit: usize,
    ) -> Result<Vec<AnyRow>, RecordError> {
        let sql = match self.dialect {
            Dialect::Sqlite => format!(
                "select number, article_id{columns} from search_documents where number in (select rowid from \
                 search_terms where search_terms match $1 and rowid between $2 and $3 order by rowid desc limit $4) \
                 order by number desc"
            ),
            Dialect::Postgres => format!(
                "select number, article_id{columns} from search_documents where terms @@ cast(cast($1 as text) as \
                 tsquery) and number between $2 and $3 order by number desc limit $4"
            ),
        };
        let query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(self.expression.to_owned()).bind(first).bind(last);
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        Ok(query.bind(limit).fetch_all(&mut *self.connection).await?)
    }
}

/// The articles of these places, but for those that were withdrawn just now.
async fn hits(connection: &mut AnyConnection, places: &[Place]) -> Result<Vec<Hit>, RecordError> {
    if places.is_empty() {
        return Ok(vec![]);
    }
    let sql = format!(
        "select article_id, summarized, added_at_ms from articles as a where article_id in {} and not exists \
         (select 1 from retractions as r where r.article_id = a.article_id)",
        rows::list(1, places.len())
    );
    let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
    for place in places {
        query = query.bind(place.article_id.clone());
    }
    let mut by_id = HashMap::new();
    for row in query.fetch_all(connection).await? {
        let json: String = row.try_get("summarized")?;
        let summarized = serde_json::from_str(&json).map_err(|e| RecordError::State(e.to_string()))?;
        by_id.insert(row.try_get::<String, _>("article_id")?, Hit { summarized, added_at: time(&row, "added_at_ms")? });
    }
    Ok(places.iter().filter_map(|place| by_id.remove(&place.article_id)).collect())
}
