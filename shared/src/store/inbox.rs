//! The inbox: which events were handled. Its primary key is what makes effects happen once.

use std::collections::HashSet;

use jiff::Timestamp;
use sqlx::{AnyPool, Row, any::AnyRow};

use super::{Tx, rows};
use crate::event::EventId;

/// An event that was handled, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handled {
    /// The consumer that delivered it, as `STREAM/name`.
    pub consumer: String,
    /// The event.
    pub event_id: EventId,
    /// What kind of event it is.
    pub event_type: String,
    /// What it is about.
    pub subject: Option<String>,
    /// The article that it turned out to be about.
    pub article_id: Option<String>,
    /// The trace that it belongs to.
    pub trace_id: String,
    /// The event that caused it.
    pub cause: Option<EventId>,
    /// When this delivery arrived.
    pub received_at: Timestamp,
    /// When its effects were written.
    pub handled_at: Timestamp,
    /// Which try it was, from 1.
    pub attempt: u32,
    /// What came of it, in a word or two.
    pub outcome: String,
    /// What there is to add.
    pub detail: Option<String>,
    /// The events that it caused.
    pub emitted: Vec<EventId>,
}

const COLUMNS: &str = "consumer, event_id, event_type, subject, article_id, trace_id, cause, received_at_ms, \
     handled_at_ms, attempt, outcome, detail, emitted";

/// Which of these events were handled already.
///
/// # Errors
/// The database fails.
pub async fn known(tx: &mut Tx, consumer: &str, ids: &[EventId]) -> Result<HashSet<EventId>, sqlx::Error> {
    let sql = format!("select event_id from inbox where consumer = $1 and event_id in {}", rows::list(2, ids.len()));
    let mut query = sqlx::query_scalar::<_, String>(sqlx::AssertSqlSafe(sql)).bind(consumer.to_owned());
    for id in ids {
        query = query.bind(id.as_str().to_owned());
    }
    Ok(query.fetch_all(&mut **tx).await?.into_iter().map(EventId::from).collect())
}

/// Whether an event was handled already.
///
/// # Errors
/// The database fails.
pub async fn is_known(pool: &AnyPool, consumer: &str, id: &EventId) -> Result<bool, sqlx::Error> {
    let found = sqlx::query("select 1 from inbox where consumer = $1 and event_id = $2")
        .bind(consumer.to_owned())
        .bind(id.as_str().to_owned())
        .fetch_optional(pool)
        .await?;
    Ok(found.is_some())
}

/// Writes that events were handled.
///
/// # Errors
/// The database fails, or one of them was handled already: then the transaction is lost, and with it all that the
/// second handling did.
pub async fn insert(tx: &mut Tx, handled: &[Handled]) -> Result<(), sqlx::Error> {
    if handled.is_empty() {
        return Ok(());
    }
    let sql = format!("insert into inbox ({COLUMNS}) values {}", rows::values(handled.len(), 13));
    let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
    for row in handled {
        let emitted: Vec<&str> = row.emitted.iter().map(EventId::as_str).collect();
        query = query
            .bind(row.consumer.clone())
            .bind(row.event_id.as_str().to_owned())
            .bind(row.event_type.clone())
            .bind(row.subject.clone())
            .bind(row.article_id.clone())
            .bind(row.trace_id.clone())
            .bind(row.cause.as_ref().map(|c| c.as_str().to_owned()))
            .bind(row.received_at.as_millisecond())
            .bind(row.handled_at.as_millisecond())
            .bind(i64::from(row.attempt))
            .bind(row.outcome.clone())
            .bind(row.detail.clone())
            .bind(emitted.join("\n"));
    }
    query.execute(&mut **tx).await.map(drop)
}

/// How many handled events are found at the most.
const FOUND: usize = 500;

/// By what handled events are looked up.
#[derive(Debug, Clone, Copy)]
pub enum By {
    /// The event itself.
    Event,
    /// The article that it was about.
    Article,
    /// Its CloudEvents subject: an address or an article's id.
    Subject,
}

/// The handled events that match any of `keys`, the oldest first, 500 at the most.
///
/// # Errors
/// The database fails.
pub async fn find(pool: &AnyPool, by: By, keys: &[String]) -> Result<Vec<Handled>, sqlx::Error> {
    let column = match by {
        By::Event => "event_id",
        By::Article => "article_id",
        By::Subject => "subject",
    };
    let mut handled = Vec::new();
    for some in keys.chunks(rows::MOST_VALUES) {
        let list = rows::list(1, some.len());
        let sql = format!(
            "select {COLUMNS} from inbox where {column} in {list} order by handled_at_ms desc, event_id limit {FOUND}"
        );
        let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
        for key in some {
            query = query.bind(key.clone());
        }
        for row in query.fetch_all(pool).await? {
            handled.push(read(&row)?);
        }
    }
    if keys.len() > rows::MOST_VALUES {
        handled.sort_by(|a, b| b.handled_at.cmp(&a.handled_at).then_with(|| a.event_id.cmp(&b.event_id)));
        handled.truncate(FOUND);
    }
    handled.reverse();
    Ok(handled)
}

fn read(row: &AnyRow) -> Result<Handled, sqlx::Error> {
    let emitted: String = row.try_get("emitted")?;
    Ok(Handled {
        consumer: row.try_get("consumer")?,
        event_id: row.try_get::<String, _>("event_id")?.into(),
        event_type: row.try_get("event_type")?,
        subject: row.try_get("subject")?,
        article_id: row.try_get("article_id")?,
        trace_id: row.try_get("trace_id")?,
        cause: row.try_get::<Option<String>, _>("cause")?.map(EventId::from),
        received_at: super::time(row, "received_at_ms")?,
        handled_at: super::time(row, "handled_at_ms")?,
        attempt: super::count(row, "attempt")?,
        outcome: row.try_get("outcome")?,
        detail: row.try_get("detail")?,
        emitted: emitted.lines().map(|id| EventId::from(id.to_owned())).collect(),
    })
}

/// How many events were handled since `since`, and when the last was.
///
/// # Errors
/// The database fails.
pub async fn counts(pool: &AnyPool, since: Timestamp) -> Result<Vec<(String, u64)>, sqlx::Error> {
    let rows = sqlx::query(
        "select consumer, count(*) as handled from inbox where handled_at_ms >= $1 group by consumer order by consumer",
    )
    .bind(since.as_millisecond())
    .fetch_all(pool)
    .await?;
    rows.iter()
        .map(|row| Ok((row.try_get("consumer")?, u64::try_from(row.try_get::<i64, _>("handled")?).unwrap_or(0))))
        .collect()
}

/// How many events of a kind were handled in each minute since `since`; minutes are counted since 1970, UTC.
///
/// # Errors
/// The database fails.
pub async fn by_minute(pool: &AnyPool, event_type: &str, since: Timestamp) -> Result<Vec<(i64, u64)>, sqlx::Error> {
    let rows = sqlx::query(
        "select handled_at_ms / 60000 as minute, count(*) as handled from inbox \
         where handled_at_ms >= $1 and event_type = $2 group by handled_at_ms / 60000",
    )
    .bind(since.as_millisecond())
    .bind(event_type.to_owned())
    .fetch_all(pool)
    .await?;
    rows.iter()
        .map(|row| Ok((row.try_get("minute")?, u64::try_from(row.try_get::<i64, _>("handled")?).unwrap_or(0))))
        .collect()
}

/// Forgets events that were handled before `before`, some thousand at a time.
///
/// # Errors
/// The database fails.
pub async fn forget(tx: &mut Tx, before: Timestamp) -> Result<u64, sqlx::Error> {
    let sql = "delete from inbox where handled_at_ms < $1 and handled_at_ms <= \
               (select coalesce(max(t), 0) from (select handled_at_ms as t from inbox order by handled_at_ms limit 5000) as oldest)";
    Ok(sqlx::query(sql).bind(before.as_millisecond()).execute(&mut **tx).await?.rows_affected())
}
