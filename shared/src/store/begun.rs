//! Events that were delivered so often that their work may be what kills the worker: how many times in a row it was
//! begun and never ended.

use super::Store;
use crate::event::EventId;

/// Notes that work on an event begins once more; how many times in a row it has, this one among them, without an end.
///
/// # Errors
/// The database fails.
pub async fn begin(store: &Store, consumer: &str, id: &EventId) -> Result<u64, sqlx::Error> {
    let sql = "insert into begun (consumer, event_id, times) values ($1, $2, 1) \
               on conflict (consumer, event_id) do update set times = begun.times + 1 returning times";
    let mut tx = store.begin().await?;
    let query = sqlx::query_scalar::<_, i64>(sql).bind(consumer.to_owned()).bind(id.as_str().to_owned());
    let times = query.fetch_one(&mut *tx).await?;
    tx.commit().await?;
    Ok(times.unsigned_abs())
}

/// Notes that work on an event came to an end, whichever.
///
/// # Errors
/// The database fails.
pub async fn end(store: &Store, consumer: &str, id: &EventId) -> Result<(), sqlx::Error> {
    let sql = "delete from begun where consumer = $1 and event_id = $2";
    let mut tx = store.begin().await?;
    sqlx::query(sql).bind(consumer.to_owned()).bind(id.as_str().to_owned()).execute(&mut *tx).await?;
    tx.commit().await
}
