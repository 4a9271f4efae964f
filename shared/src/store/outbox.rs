//! The outbox: events that were decided on and have to be sent. They are written in the transaction that decided.

use jiff::Timestamp;
use sqlx::{AnyPool, Row};

use super::{Dialect, Store, Tx, rows, time};
use crate::event::{EventId, Headers, Outgoing};

/// How many events are taken at once.
const TAKE_EVENTS: i64 = 200;

/// How many bytes are taken at once, unless the first event alone is larger.
const TAKE_BYTES: i64 = 8 << 20;

/// How many events one statement writes: SQLite takes 32,766 values, and each event has six.
const INSERT_EVENTS: usize = 1_000;

/// Writes events that have to be sent.
///
/// # Errors
/// The database fails.
pub async fn insert(tx: &mut Tx, events: &[Outgoing], now: Timestamp) -> Result<(), sqlx::Error> {
    for some in events.chunks(INSERT_EVENTS) {
        insert_some(tx, some, now).await?;
    }
    Ok(())
}

async fn insert_some(tx: &mut Tx, events: &[Outgoing], now: Timestamp) -> Result<(), sqlx::Error> {
    let sql = format!(
        "insert into outbox (event_id, subject, headers, body, size, created_at_ms) values {} \
         on conflict (event_id) do nothing",
        rows::values(events.len(), 6)
    );
    let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
    for event in events {
        let headers = serde_json::to_string(&event.headers).map_err(|e| sqlx::Error::Encode(Box::new(e)))?;
        query = query
            .bind(event.id.as_str().to_owned())
            .bind(event.subject.clone())
            .bind(headers)
            .bind(event.body.to_vec())
            .bind(i64::try_from(event.size()).unwrap_or(i64::MAX))
            .bind(now.as_millisecond());
    }
    query.execute(&mut **tx).await.map(drop)
}

/// Events that one relay took for itself.
#[derive(Debug)]
pub struct Taken {
    /// The events, the oldest first.
    pub events: Vec<Outgoing>,
    /// Since when each of them waits.
    pub since: Vec<Timestamp>,
    /// Keeps the rows from other relays where the database can do that.
    tx: Option<Tx>,
    store: Store,
}

impl Taken {
    /// Ends the taking: marks what was sent, and puts off what was not until `retry_at`.
    ///
    /// # Errors
    /// The database fails; then all of them will be taken, and sent, again.
    pub async fn settle(
        self,
        sent: &[EventId],
        put_off: &[EventId],
        now: Timestamp,
        retry_at: Timestamp,
    ) -> Result<(), sqlx::Error> {
        let mut tx = match self.tx {
            Some(tx) => tx,
            None => self.store.begin().await?,
        };
        // A sent event's body is in the stream; here it would only fill the disk.
        let mark_sent = "update outbox set sent_at_ms = $1, body = $2 where event_id in ";
        update(&mut tx, mark_sent, sent, |query| query.bind(now.as_millisecond()).bind(Vec::<u8>::new())).await?;
        let mark_put_off = "update outbox set tries = tries + $1, retry_at_ms = $2 where event_id in ";
        update(&mut tx, mark_put_off, put_off, |query| query.bind(1_i64).bind(retry_at.as_millisecond())).await?;
        tx.commit().await
    }
}

type Query<'q> = sqlx::query::Query<'q, sqlx::Any, sqlx::any::AnyArguments>;

/// Runs a statement that has two values of its own and then a list of ids.
async fn update(
    tx: &mut Tx,
    statement: &str,
    ids: &[EventId],
    bind: impl for<'q> FnOnce(Query<'q>) -> Query<'q>,
) -> Result<(), sqlx::Error> {
    if ids.is_empty() {
        return Ok(());
    }
    let mut query = bind(sqlx::query(sqlx::AssertSqlSafe(format!("{statement}{}", rows::list(3, ids.len())))));
    for id in ids {
        query = query.bind(id.as_str().to_owned());
    }
    query.execute(&mut **tx).await.map(drop)
}

/// Takes the oldest events that are due to be sent. On PostgreSQL no other relay gets them until they are settled.
///
/// # Errors
/// The database fails.
pub async fn take(store: &Store, now: Timestamp) -> Result<Taken, sqlx::Error> {
    let mut tx = match store.dialect() {
        Dialect::Sqlite => None,
        Dialect::Postgres => Some(store.begin().await?),
    };
    let due = format!(
        "select event_id, size from outbox where sent_at_ms is null and retry_at_ms <= $1 \
         order by created_at_ms, event_id limit {TAKE_EVENTS}{}",
        store.dialect().take_rows()
    );
    let due = sqlx::query(sqlx::AssertSqlSafe(due)).bind(now.as_millisecond());
    let due = match tx.as_mut() {
        Some(tx) => due.fetch_all(&mut **tx).await?,
        None => due.fetch_all(store.readers()).await?,
    };
    let mut ids: Vec<String> = Vec::new();
    let mut bytes = 0;
    for row in &due {
        bytes += row.try_get::<i64, _>("size")?;
        if bytes > TAKE_BYTES && !ids.is_empty() {
            break;
        }
        ids.push(row.try_get("event_id")?);
    }
    if ids.is_empty() {
        return Ok(Taken { events: Vec::new(), since: Vec::new(), tx: None, store: store.clone() });
    }
    let sql = format!(
        "select event_id, subject, headers, body, created_at_ms from outbox where event_id in {} order by created_at_ms, event_id",
        rows::list(1, ids.len())
    );
    let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
    for id in ids {
        query = query.bind(id);
    }
    let found = match tx.as_mut() {
        Some(tx) => query.fetch_all(&mut **tx).await?,
        None => query.fetch_all(store.readers()).await?,
    };
    let events = found.iter().map(|row| {
        let headers: String = row.try_get("headers")?;
        let headers: Headers = serde_json::from_str(&headers).map_err(|e| sqlx::Error::Decode(Box::new(e)))?;
        Ok(Outgoing {
            id: row.try_get::<String, _>("event_id")?.into(),
            subject: row.try_get("subject")?,
            headers,
            body: row.try_get::<Vec<u8>, _>("body")?.into(),
        })
    });
    let events = events.collect::<Result<_, sqlx::Error>>()?;
    let since = found.iter().map(|row| time(row, "created_at_ms")).collect::<Result<_, _>>()?;
    Ok(Taken { events, since, tx, store: store.clone() })
}

/// How many events wait, and since when the oldest does.
///
/// # Errors
/// The database fails.
pub async fn waiting(pool: &AnyPool) -> Result<(u64, Option<Timestamp>), sqlx::Error> {
    let row =
        sqlx::query("select count(*) as waiting, min(created_at_ms) as oldest from outbox where sent_at_ms is null")
            .fetch_one(pool)
            .await?;
    let oldest = row.try_get::<Option<i64>, _>("oldest")?.and_then(|ms| Timestamp::from_millisecond(ms).ok());
    Ok((u64::try_from(row.try_get::<i64, _>("waiting")?).unwrap_or(0), oldest))
}

/// Forgets events that were sent before `before`.
///
/// # Errors
/// The database fails.
pub async fn forget(tx: &mut Tx, before: Timestamp) -> Result<u64, sqlx::Error> {
    let sql = "delete from outbox where sent_at_ms < $1";
    Ok(sqlx::query(sql).bind(before.as_millisecond()).execute(&mut **tx).await?.rows_affected())
}
