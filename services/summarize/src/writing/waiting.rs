//! Since when events wait for endpoints that are down or busy: patience has an end, also over restarts.

use jiff::Timestamp;
use kos_shared::store::{Store, Tx};
use sqlx::Row;

/// How long the row of an event is kept that never came back.
const KEPT_DAYS: i64 = 45;

/// Since when the event waits: since `now` where it didn't before.
///
/// # Errors
/// The database fails.
pub async fn since(store: &Store, event_id: &str, now: Timestamp) -> Result<Timestamp, sqlx::Error> {
    let statement =
        sqlx::query("insert into waiting (event_id, since_ms) values ($1, $2) on conflict (event_id) do nothing")
            .bind(event_id)
            .bind(now.as_millisecond());
    store.execute(statement).await?;
    let row = sqlx::query("select since_ms from waiting where event_id = $1")
        .bind(event_id)
        .fetch_one(store.readers())
        .await?;
    Ok(Timestamp::from_millisecond(row.try_get("since_ms")?).unwrap_or(now))
}

/// The event waits no longer.
///
/// # Errors
/// The database fails.
pub async fn is_over(tx: &mut Tx, event_id: &str) -> Result<(), sqlx::Error> {
    sqlx::query("delete from waiting where event_id = $1").bind(event_id).execute(&mut **tx).await?;
    Ok(())
}

/// Forgets events that never came back.
///
/// # Errors
/// The database fails.
pub async fn keep_house(store: &Store, now: Timestamp) -> Result<(), sqlx::Error> {
    let limit = now.as_millisecond() - KEPT_DAYS * 24 * 60 * 60 * 1000;
    let statement = sqlx::query("delete from waiting where since_ms < $1").bind(limit);
    store.execute(statement).await?;
    Ok(())
}
