//! Finding: from a query to the articles that have it, the best first.
//!
//! How long it takes doesn't grow with the number of articles: of all that match, the newest [`WINDOW`] are ranked; what is
//! older follows in the order of its time. Where a page of results ends, the next one begins, whatever came meanwhile: an
//! article's score depends on nothing but the article and the query.

use std::{collections::HashMap, time::Instant};

use jiff::{Timestamp, civil::Date, tz::Offset};
use kos_shared::{
    event::{ArticleSummarized, Language},
    stage::RecordError,
    store::{Dialect, rows, time},
};
use sqlx::{AnyConnection, AnyPool, Row};

use super::{
    cursor::Cursor,
    document::{language_facet, source_facet},
    index,
    lookup::{Budget, LookedUp, Lookup},
    query::Query,
    weights::Weights,
};

/// How many articles are ranked.
pub const WINDOW: usize = 500;

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
    /// Whether it took too long, so that only the newest articles were looked at, or none.
    pub gave_up: bool,
}

/// Up to `limit` articles after `after`.
///
/// # Errors
/// The database fails, or holds what can't be read.
pub async fn find(pool: &AnyPool, wanted: &Wanted, after: Option<Cursor>, limit: usize) -> Result<Found, RecordError> {
    find_within(pool, wanted, after, limit, Budget::default()).await
}

/// The same, as long as `budget` says.
///
/// # Errors
/// The database fails, or holds what can't be read.
pub async fn find_within(
    pool: &AnyPool,
    wanted: &Wanted,
    after: Option<Cursor>,
    limit: usize,
    budget: Budget,
) -> Result<Found, RecordError> {
    let mut tx = pool.begin().await?;
    match search(&mut tx, wanted, after, limit, budget).await {
        Err(RecordError::Statement(error)) if is_timeout(&error) => Ok(Found { gave_up: true, ..Found::default() }),
        found => found,
    }
}

/// PostgreSQL's `query_canceled`: the statement's time was over.
fn is_timeout(error: &sqlx::Error) -> bool {
    error.as_database_error().and_then(|error| error.code()).is_some_and(|code| code == "57014")
}

async fn search(
    connection: &mut AnyConnection,
    wanted: &Wanted,
    after: Option<Cursor>,
    limit: usize,
    budget: Budget,
) -> Result<Found, RecordError> {
    let dialect = Dialect::of(connection);
    let facets = wanted.facets();
    let Some(expression) = wanted.query.expression(&facets, dialect) else { return Ok(Found::default()) };
    let terms = wanted.query.wanted.iter().chain(&wanted.query.unwanted).flatten().count() + facets.len();
    if dialect == Dialect::Postgres {
        let sql = format!("set local statement_timeout = {}", budget.time.as_millis().max(1));
        sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&mut *connection).await?;
    }
    let began = Instant::now();
    let in_slices = dialect == Dialect::Sqlite && terms > 1;
    let mut index = Lookup { connection: &mut *connection, dialect, expression: &expression, in_slices, began, budget };
    let (first, last) = wanted.numbers();
    let mut found = Found::default();
    let mut places: Vec<Cursor> = vec![];
    // Where what is older than all that is ranked begins.
    let mut older_than = match after {
        Some(Cursor::Older { number }) => Some(number),
        _ => {
            let ranked = ranked(&mut index, wanted, (first, last), after).await?;
            found.gave_up = ranked.gave_up;
            if after.is_none() {
                found.total = Some(match ranked.window {
                    Some(_) => Total::MoreThan(ranked.places.len()),
                    None => Total::Exactly(ranked.places.len()),
                });
            }
            places = ranked.places;
            ranked.window
        }
    };
    places.truncate(limit + 1);
    if let Some(before) = older_than.filter(|_| places.len() <= limit && !found.gave_up) {
        let LookedUp { articles, stopped_at } = index.newest((first, before - 1), limit + 1 - places.len()).await?;
        places.extend(articles.into_iter().map(|(number, _)| Cursor::Older { number }));
        found.gave_up = stopped_at.is_some();
        older_than = stopped_at.or(older_than);
    }
    let more = places.len() > limit;
    places.truncate(limit);
    found.next = match places.last() {
        Some(place) if more => Some(*place),
        // Who has time goes on where time was over.
        _ => older_than.filter(|_| found.gave_up).map(|number| Cursor::Older { number }),
    };
    found.hits = hits(connection, &places).await?;
    Ok(found)
}

/// The articles that are ranked.
struct Ranked {
    /// Their places, the best first.
    places: Vec<Cursor>,
    /// The number of the oldest article that is ranked or was looked at, where there are, or may be, older ones.
    window: Option<i64>,
    /// Whether time was over.
    gave_up: bool,
}

/// The newest articles by their score, those after `after`.
async fn ranked(
    index: &mut Lookup<'_>,
    wanted: &Wanted,
    (first, last): (i64, i64),
    after: Option<Cursor>,
) -> Result<Ranked, RecordError> {
    let (first, known_window, most) = match after {
        // The window stays what it was; it may have got more articles.
        Some(Cursor::Ranked { window, .. }) => (first.max(window), (window > 0).then_some(window), 2 * WINDOW),
        _ => (first, None, WINDOW + 1),
    };
    let LookedUp { articles, stopped_at } = index.newest((first, last), most).await?;
    let scored = articles.iter().map(|(number, weights)| (score(*number, weights, &wanted.query), *number));
    let mut scored: Vec<(i64, i64)> = scored.collect();
    let mut window = stopped_at.or(known_window);
    if after.is_none() && scored.len() > WINDOW {
        scored.truncate(WINDOW);
        window = scored.last().map(|(_, number)| *number);
    }
    scored.sort_unstable_by(|a, b| b.cmp(a));
    if let Some(Cursor::Ranked { score, number, .. }) = after {
        scored.retain(|place| *place < (score, number));
    }
    let window_number = window.unwrap_or(0);
    let place = |(score, number)| Cursor::Ranked { score, number, window: window_number };
    Ok(Ranked { places: scored.into_iter().map(place).collect(), window, gave_up: stopped_at.is_some() })
}

/// How good a result is an article with this number and these weights: its relevance and its time.
fn score(number: i64, weights: &Weights, query: &Query) -> i64 {
    let time = index::second(number) as f64 / HALVED_AFTER * std::f64::consts::LN_2;
    ((weights.relevance(query).ln() + time) * 1e6).round() as i64
}

/// The articles of these places, but for those that were withdrawn just now.
async fn hits(connection: &mut AnyConnection, places: &[Cursor]) -> Result<Vec<Hit>, RecordError> {
    if places.is_empty() {
        return Ok(vec![]);
    }
    let sql = format!(
        "select d.number, a.summarized, a.added_at_ms from search_documents as d \
         join articles as a on a.article_id = d.article_id where d.number in {} and not exists \
         (select 1 from retractions as r where r.article_id = a.article_id)",
        rows::list(1, places.len())
    );
    let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
    for place in places {
        query = query.bind(place.number());
    }
    let mut by_number = HashMap::new();
    for row in query.fetch_all(connection).await? {
        let json: String = row.try_get("summarized")?;
        let summarized = serde_json::from_str(&json).map_err(|e| RecordError::State(e.to_string()))?;
        by_number.insert(row.try_get::<i64, _>("number")?, Hit { summarized, added_at: time(&row, "added_at_ms")? });
    }
    Ok(places.iter().filter_map(|place| by_number.remove(&place.number())).collect())
}
