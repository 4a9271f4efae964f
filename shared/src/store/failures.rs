//! The attempts that failed: how an event's tries are counted, and the history that a dead letter carries.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sqlx::{AnyPool, Row, any::AnyRow};

use super::{Tx, rows};
use crate::event::EventId;

/// An attempt that failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedAttempt {
    /// Which one, from 1.
    pub attempt: u32,
    /// When.
    pub failed_at: Timestamp,
    /// What kind of failure: `retry`, `rate_limited` or `permanent`.
    pub class: String,
    /// What happened.
    pub reason: String,
}

/// Which event an attempt was about.
#[derive(Debug, Clone)]
pub struct Attempted {
    /// The consumer that delivered it, as `STREAM/name`.
    pub consumer: String,
    /// The event.
    pub event_id: EventId,
    /// What kind of event it is.
    pub event_type: String,
    /// What it is about.
    pub subject: Option<String>,
}

/// Writes that an attempt failed. The same attempt twice, by two workers that both had the event, counts once.
///
/// # Errors
/// The database fails.
pub async fn insert(tx: &mut Tx, event: &Attempted, failed: &FailedAttempt) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into failures (consumer, event_id, attempt, event_type, subject, failed_at_ms, class, reason) \
         values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (consumer, event_id, attempt) do nothing",
    )
    .bind(event.consumer.clone())
    .bind(event.event_id.as_str().to_owned())
    .bind(i64::from(failed.attempt))
    .bind(event.event_type.clone())
    .bind(event.subject.clone())
    .bind(failed.failed_at.as_millisecond())
    .bind(failed.class.clone())
    .bind(failed.reason.clone())
    .execute(&mut **tx)
    .await
    .map(drop)
}

/// The attempts of an event that failed, the first first.
///
/// # Errors
/// The database fails.
pub async fn of_event(pool: &AnyPool, consumer: &str, id: &EventId) -> Result<Vec<FailedAttempt>, sqlx::Error> {
    let sql = "select attempt, failed_at_ms, class, reason from failures where consumer = $1 and event_id = $2 order by attempt";
    let rows = sqlx::query(sql).bind(consumer.to_owned()).bind(id.as_str().to_owned()).fetch_all(pool).await?;
    rows.iter().map(read).collect()
}

fn read(row: &AnyRow) -> Result<FailedAttempt, sqlx::Error> {
    Ok(FailedAttempt {
        attempt: super::count(row, "attempt")?,
        failed_at: super::time(row, "failed_at_ms")?,
        class: row.try_get("class")?,
        reason: row.try_get("reason")?,
    })
}

/// How many failed attempts are found at the most.
const FOUND: usize = 500;

/// The failed attempts of events that are one of `keys` or are about one of them, 500 at the most.
///
/// # Errors
/// The database fails.
pub async fn find(pool: &AnyPool, keys: &[String]) -> Result<Vec<(Attempted, FailedAttempt)>, sqlx::Error> {
    let mut found = Vec::new();
    for some in keys.chunks(rows::MOST_VALUES) {
        let list = rows::list(1, some.len());
        let sql = format!(
            "select consumer, event_id, event_type, subject, attempt, failed_at_ms, class, reason from failures \
             where event_id in {list} or subject in {list} order by failed_at_ms limit {FOUND}"
        );
        let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
        for key in some {
            query = query.bind(key.clone());
        }
        for row in query.fetch_all(pool).await? {
            let event = Attempted {
                consumer: row.try_get("consumer")?,
                event_id: row.try_get::<String, _>("event_id")?.into(),
                event_type: row.try_get("event_type")?,
                subject: row.try_get("subject")?,
            };
            found.push((event, read(&row)?));
        }
    }
    if keys.len() > rows::MOST_VALUES {
        found.sort_by(|(a, x), (b, y)| {
            (x.failed_at, &a.event_id, &a.consumer).cmp(&(y.failed_at, &b.event_id, &b.consumer))
        });
        // An attempt is found twice where its event and what that is about are in different parts.
        found.dedup_by(|(a, x), (b, y)| (&a.consumer, &a.event_id, x) == (&b.consumer, &b.event_id, y));
        found.truncate(FOUND);
    }
    Ok(found)
}

/// Forgets attempts that failed before `before`.
///
/// # Errors
/// The database fails.
pub async fn forget(tx: &mut Tx, before: Timestamp) -> Result<u64, sqlx::Error> {
    let sql = "delete from failures where failed_at_ms < $1";
    Ok(sqlx::query(sql).bind(before.as_millisecond()).execute(&mut **tx).await?.rows_affected())
}
