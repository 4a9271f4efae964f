//! Hubs in the database: columns of the feed that each tells of.

use std::time::Duration;

use jiff::Timestamp;
use kos_shared::store::{Dialect, Tx};
use sqlx::{AnyPool, AssertSqlSafe, Row, any::AnyRow};

use super::{Hub, Offer, new_secret};
use crate::feed::{schedule::DAY, state::millis};

/// How long a hub that did not agree is left alone; twice as long each time, up to a day.
pub const RETRY: Duration = Duration::from_secs(60 * 60);

/// How long a hub that agreed is left alone at least, or for a fifth of its lease where that is shorter.
const LEAST: Duration = Duration::from_secs(10 * 60);

/// The longest reason that is kept, in characters.
const MOST_CHARACTERS: usize = 300;

/// Whether a hub is to be asked at `$1`. Where it never agreed or its lease is over: after `$2` ([`RETRY`]), doubled with
/// each time that it was asked since it agreed, after `$4` ([`DAY`]) at the latest. Where it agreed: after four fifths of
/// what was left of the lease when it was last asked, but not before `$3` ([`LEAST`]) or a fifth of the whole lease.
const DUE: &str = "state = 'active' and hub_url is not null and case \
    when hub_asked_at_ms is null then true \
    when hub_expires_at_ms is null or hub_expires_at_ms <= $1 then hub_asked_at_ms <= $1 - case \
        when hub_asks <= 1 then $2 when hub_asks = 2 then $2 * 2 when hub_asks = 3 then $2 * 4 \
        when hub_asks = 4 then $2 * 8 when hub_asks = 5 then $2 * 16 else $4 end \
    else hub_asked_at_ms <= $1 - case when hub_lease_ms < $3 * 5 then hub_lease_ms / 5 else $3 end and ($1 - hub_asked_at_ms) * 5 >= (hub_expires_at_ms - hub_asked_at_ms) * 4 end";

const COLUMNS: &str = "feed_id, hub_url, hub_topic, hub_secret, hub_expires_at_ms";

/// Notes what a feed offers now. Another hub or topic begins anew; none ends what there was. Whether that is so.
///
/// # Errors
/// The database fails.
pub async fn offered(tx: &mut Tx, feed_id: &str, offer: Option<&Offer>) -> Result<bool, sqlx::Error> {
    let sql = "update feeds set hub_url = $2, hub_topic = $3, hub_secret = null, hub_asked_at_ms = null, \
         hub_expires_at_ms = null, hub_error = null, hub_asks = 0, hub_lease_ms = null \
         where feed_id = $1 and (coalesce(hub_url, '') <> $4 or coalesce(hub_topic, '') <> $5)";
    let (hub, topic) = offer.map(|o| (o.hub.to_string(), o.topic.to_string())).unzip();
    let changed = sqlx::query(sql)
        .bind(feed_id.to_owned())
        .bind(hub.clone())
        .bind(topic.clone())
        .bind(hub.unwrap_or_default())
        .bind(topic.unwrap_or_default())
        .execute(&mut **tx)
        .await?;
    Ok(changed.rows_affected() > 0)
}

/// Whether any hub is to be asked at `now`.
///
/// # Errors
/// The database fails.
pub async fn is_any_due(pool: &AnyPool, now: Timestamp) -> Result<bool, sqlx::Error> {
    let sql = format!("select feed_id from feeds where {DUE} limit 1");
    let due = sqlx::query(AssertSqlSafe(sql))
        .bind(now.as_millisecond())
        .bind(millis(RETRY))
        .bind(millis(LEAST))
        .bind(millis(DAY))
        .fetch_optional(pool)
        .await?;
    Ok(due.is_some())
}

/// Hubs to be asked at `now`, each with a secret of its own, for this worker alone.
///
/// # Errors
/// The database fails.
pub async fn claim(tx: &mut Tx, dialect: Dialect, now: Timestamp, limit: usize) -> Result<Vec<Hub>, sqlx::Error> {
    let sql = format!(
        "update feeds set hub_asked_at_ms = $1, hub_asks = hub_asks + 1 where feed_id in \
         (select feed_id from feeds where {DUE} limit {limit}{}) returning {COLUMNS}",
        dialect.take_rows()
    );
    let rows = sqlx::query(AssertSqlSafe(sql))
        .bind(now.as_millisecond())
        .bind(millis(RETRY))
        .bind(millis(LEAST))
        .bind(millis(DAY))
        .fetch_all(&mut **tx)
        .await?;
    let mut hubs = Vec::with_capacity(rows.len());
    for row in &rows {
        let known: Option<String> = row.try_get("hub_secret")?;
        let secret = known.unwrap_or_else(new_secret);
        let hub = hub(row, secret)?;
        sqlx::query("update feeds set hub_secret = $2 where feed_id = $1")
            .bind(hub.feed_id.clone())
            .bind(hub.secret.clone())
            .execute(&mut **tx)
            .await?;
        hubs.push(hub);
    }
    Ok(hubs)
}

/// The hub of a feed that is followed, where it was asked.
///
/// # Errors
/// The database fails.
pub async fn find(pool: &AnyPool, feed_id: &str) -> Result<Option<Hub>, sqlx::Error> {
    let sql = format!(
        "select {COLUMNS} from feeds \
         where feed_id = $1 and state = 'active' and hub_url is not null and hub_secret is not null"
    );
    let row = sqlx::query(AssertSqlSafe(sql)).bind(feed_id.to_owned()).fetch_optional(pool).await?;
    row.map(|row| hub(&row, row.try_get("hub_secret")?)).transpose()
}

/// Notes that a hub agreed to tell of its feed until then, when it is polled at the latest.
///
/// # Errors
/// The database fails.
pub async fn agreed(tx: &mut Tx, feed_id: &str, expires_at: Timestamp) -> Result<(), sqlx::Error> {
    let sql = "update feeds set hub_expires_at_ms = $2, hub_error = null, hub_asks = 0, \
         hub_lease_ms = $2 - coalesce(hub_asked_at_ms, $2), \
         next_at_ms = case when next_at_ms > $2 then $2 else next_at_ms end where feed_id = $1";
    sqlx::query(sql).bind(feed_id.to_owned()).bind(expires_at.as_millisecond()).execute(&mut **tx).await.map(drop)
}

/// Notes why a hub couldn't be asked. What it agreed to before holds.
///
/// # Errors
/// The database fails.
pub async fn failed(tx: &mut Tx, feed_id: &str, reason: &str) -> Result<(), sqlx::Error> {
    sqlx::query("update feeds set hub_error = $2 where feed_id = $1")
        .bind(feed_id.to_owned())
        .bind(short(reason))
        .execute(&mut **tx)
        .await
        .map(drop)
}

/// Notes that a hub doesn't tell of its feed, or no longer does: then the feed is polled at once, as its hub may have been
/// silent for a while.
///
/// # Errors
/// The database fails.
pub async fn denied(tx: &mut Tx, feed_id: &str, reason: &str, now: Timestamp) -> Result<(), sqlx::Error> {
    let sql = "update feeds set hub_expires_at_ms = null, hub_error = $2, \
         next_at_ms = case when hub_expires_at_ms is not null and next_at_ms > $3 then $3 else next_at_ms end \
         where feed_id = $1";
    sqlx::query(sql)
        .bind(feed_id.to_owned())
        .bind(short(reason))
        .bind(now.as_millisecond())
        .execute(&mut **tx)
        .await
        .map(drop)
}

fn hub(row: &AnyRow, secret: String) -> Result<Hub, sqlx::Error> {
    let url = |column| {
        let text: String = row.try_get(column)?;
        text.parse().map_err(|e| sqlx::Error::Decode(Box::new(e)))
    };
    let expires_at: Option<i64> = row.try_get("hub_expires_at_ms")?;
    Ok(Hub {
        feed_id: row.try_get("feed_id")?,
        offer: Offer { hub: url("hub_url")?, topic: url("hub_topic")? },
        secret,
        expires_at: expires_at.and_then(|ms| Timestamp::from_millisecond(ms).ok()),
    })
}

fn short(reason: &str) -> String {
    reason.chars().filter(|c| !c.is_control()).take(MOST_CHARACTERS).collect()
}
