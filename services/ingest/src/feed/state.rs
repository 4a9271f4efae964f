//! Followed feeds in the database.

use std::time::Duration;

use jiff::Timestamp;
use kos_shared::{
    event::HttpUrl,
    stage::RecordError,
    store::{Dialect, Tx, time},
};
use sqlx::{AnyPool, AssertSqlSafe, Row, any::AnyRow};

use super::{
    schedule::merge_changes,
    skips::Skips,
    subscription::{State, Subscription},
};
use crate::{fetch::Validators, rules::RuleSet};

const COLUMNS: &str = "feed_id, url, added_at_ms, title, site_url, state, slot, next_at_ms, interval_ms, ttl_ms, skip_hours, skip_days, etag, \
    last_modified, body_hash, failures, last_success_at_ms, last_error, last_error_at_ms, entries, \
    entries_without_link, recent_ms, hub_expires_at_ms, hub_error";

/// A turn of a feed that has begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// The feed.
    pub feed_id: String,
    /// The number of the turn.
    pub slot: i64,
}

/// Whether any feed is due.
///
/// # Errors
/// The database fails.
pub async fn is_any_due(pool: &AnyPool, now: Timestamp) -> Result<bool, sqlx::Error> {
    let sql = "select feed_id from feeds where state = 'active' and next_at_ms <= $1 limit 1";
    Ok(sqlx::query(sql).bind(now.as_millisecond()).fetch_optional(pool).await?.is_some())
}

/// Begins the turns of feeds that are due. Their next ones are put off by their interval, though not past the end of a
/// hub's lease, or by `least`, so that a turn whose event is lost is made up for.
///
/// # Errors
/// The database fails.
pub async fn begin_turns(
    tx: &mut Tx,
    dialect: Dialect,
    now: Timestamp,
    least: Duration,
    limit: usize,
) -> Result<Vec<Due>, sqlx::Error> {
    let sql = format!(
        "update feeds set slot = slot + 1, \
         next_at_ms = case when hub_expires_at_ms > $1 + $2 and hub_expires_at_ms < $1 + interval_ms \
         then hub_expires_at_ms when interval_ms > $2 then $1 + interval_ms else $1 + $2 end \
         where feed_id in (select feed_id from feeds where state = 'active' and next_at_ms <= $1 \
         order by next_at_ms limit {limit}{}) returning feed_id, slot",
        dialect.take_rows()
    );
    let rows =
        sqlx::query(AssertSqlSafe(sql)).bind(now.as_millisecond()).bind(millis(least)).fetch_all(&mut **tx).await?;
    rows.iter().map(|row| Ok(Due { feed_id: row.try_get("feed_id")?, slot: row.try_get("slot")? })).collect()
}

/// A feed with what the operator decided about it: policy and rules.
pub type Decided = (Subscription, Option<String>, Option<String>);

/// A feed, by its id or one of its addresses.
///
/// # Errors
/// The database fails.
pub async fn find(pool: &AnyPool, key: &str) -> Result<Option<Decided>, sqlx::Error> {
    let sql = format!(
        "select {COLUMNS}, policy, rules from feeds where feed_id = $1 or url = $1 or added_url = $1 \
         order by state limit 1"
    );
    let row = sqlx::query(AssertSqlSafe(sql)).bind(key.to_owned()).fetch_optional(pool).await?;
    row.as_ref().map(decided).transpose()
}

/// What the operator decided about a feed; `None` where that is nothing, and where no such feed is followed.
///
/// # Errors
/// The database fails, or holds rules that this version can't read.
pub async fn rules_of(pool: &AnyPool, feed_id: &str) -> Result<Option<RuleSet>, sqlx::Error> {
    let row =
        sqlx::query("select policy, rules from feeds where feed_id = $1 and (policy is not null or rules is not null)")
            .bind(feed_id.to_owned())
            .fetch_optional(pool)
            .await?;
    let Some(row) = row else { return Ok(None) };
    let (policy, rules): (Option<String>, Option<String>) = (row.try_get("policy")?, row.try_get("rules")?);
    let mut set: RuleSet = match rules {
        Some(rules) => serde_json::from_str(&rules).map_err(|e| sqlx::Error::Decode(Box::new(e)))?,
        None => RuleSet::default(),
    };
    if let Some(policy) = policy {
        set.policy = Some(policy.parse().map_err(|e| sqlx::Error::Decode(Box::new(e)))?);
    }
    Ok(Some(set))
}

/// Feeds in the order of their ids, at most `limit` of those after the id `after`.
///
/// # Errors
/// The database fails.
pub async fn after(pool: &AnyPool, after: &str, limit: usize) -> Result<Vec<Decided>, sqlx::Error> {
    let sql = format!("select {COLUMNS}, policy, rules from feeds where feed_id > $1 order by feed_id limit {limit}");
    let rows = sqlx::query(AssertSqlSafe(sql)).bind(after.to_owned()).fetch_all(pool).await?;
    rows.iter().map(decided).collect()
}

/// Adds a feed; `false` where it is there already.
///
/// # Errors
/// The database fails.
pub async fn add(tx: &mut Tx, new: &Subscription) -> Result<bool, sqlx::Error> {
    let added = sqlx::query(
        "insert into feeds (feed_id, url, added_url, added_at_ms, title, site_url, state, slot, next_at_ms, \
         interval_ms, failures, entries, entries_without_link, recent_ms) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, 0, 0, '[]') on conflict (feed_id) do nothing",
    )
    .bind(new.feed_id.clone())
    .bind(new.url.to_string())
    .bind(new.url.to_string())
    .bind(new.added_at.as_millisecond())
    .bind(new.title.clone())
    .bind(new.site_url.clone())
    .bind(new.state.as_str())
    .bind(new.slot)
    .bind(new.next_at.as_millisecond())
    .bind(millis(new.interval))
    .execute(&mut **tx)
    .await?;
    Ok(added.rows_affected() > 0)
}

/// Removes a feed and forgets its entries.
///
/// # Errors
/// The database fails.
pub async fn remove(tx: &mut Tx, feed_id: &str) -> Result<bool, sqlx::Error> {
    let removed =
        sqlx::query("delete from feeds where feed_id = $1").bind(feed_id.to_owned()).execute(&mut **tx).await?;
    sqlx::query("delete from feed_entries where feed_id = $1").bind(feed_id.to_owned()).execute(&mut **tx).await?;
    Ok(removed.rows_affected() > 0)
}

/// Has a feed's turn begin at once, also where it was gone.
///
/// # Errors
/// The database fails.
pub async fn poll_now(tx: &mut Tx, feed_id: &str, now: Timestamp) -> Result<bool, sqlx::Error> {
    let sql = "update feeds set state = 'active', next_at_ms = $2 where feed_id = $1";
    let updated = sqlx::query(sql).bind(feed_id.to_owned()).bind(now.as_millisecond()).execute(&mut **tx).await?;
    Ok(updated.rows_affected() > 0)
}

/// Notes what the operator decided about a feed; `None` takes a decision back.
///
/// # Errors
/// The database fails.
pub async fn decide(
    tx: &mut Tx,
    feed_id: &str,
    policy: Option<&str>,
    rules: Option<&str>,
) -> Result<bool, sqlx::Error> {
    let updated = sqlx::query("update feeds set policy = $2, rules = $3 where feed_id = $1")
        .bind(feed_id.to_owned())
        .bind(policy.map(str::to_owned))
        .bind(rules.map(str::to_owned))
        .execute(&mut **tx)
        .await?;
    Ok(updated.rows_affected() > 0)
}

/// Notes what a poll came to, unless the feed was removed or another turn has begun: then `false`.
///
/// # Errors
/// The database fails.
pub async fn save(tx: &mut Tx, after: &Subscription) -> Result<bool, RecordError> {
    let recent = written(&after.changes)?;
    let saved = sqlx::query(
        "update feeds set url = $3, title = $4, site_url = $5, state = $6, next_at_ms = $7, interval_ms = $8, \
         etag = $9, last_modified = $10, body_hash = $11, failures = $12, last_success_at_ms = $13, \
         last_error = $14, last_error_at_ms = $15, entries = $16, entries_without_link = $17, recent_ms = $18, \
         ttl_ms = $19, skip_hours = $20, skip_days = $21 \
         where feed_id = $1 and slot = $2",
    )
    .bind(after.feed_id.clone())
    .bind(after.slot)
    .bind(after.url.to_string())
    .bind(after.title.clone())
    .bind(after.site_url.clone())
    .bind(after.state.as_str())
    .bind(after.next_at.as_millisecond())
    .bind(millis(after.interval))
    .bind(after.validators.etag.clone())
    .bind(after.validators.last_modified.clone())
    .bind(after.body_hash.clone())
    .bind(i64::from(after.failures))
    .bind(after.last_success_at.map(|at| at.as_millisecond()))
    .bind(after.last_error.clone())
    .bind(after.last_error_at.map(|at| at.as_millisecond()))
    .bind(i64::try_from(after.entries).unwrap_or(i64::MAX))
    .bind(i64::try_from(after.entries_without_link).unwrap_or(i64::MAX))
    .bind(recent)
    .bind(after.ttl.map(millis))
    .bind(i64::from(after.skips.hours))
    .bind(i64::from(after.skips.days))
    .execute(&mut **tx)
    .await?;
    Ok(saved.rows_affected() > 0)
}

/// Notes when entries of a feed came, and nothing else of it: its polls say all the rest. The feed is [locked](lock).
///
/// # Errors
/// The database fails.
pub async fn came(tx: &mut Tx, feed_id: &str, new_at: Vec<Timestamp>, now: Timestamp) -> Result<(), RecordError> {
    let sql = "select recent_ms from feeds where feed_id = $1";
    let known: Option<String> = sqlx::query_scalar(sql).bind(feed_id.to_owned()).fetch_optional(&mut **tx).await?;
    let Some(known) = known else { return Ok(()) };
    let changes = merge_changes(&changes(&known)?, new_at, now);
    sqlx::query("update feeds set recent_ms = $2 where feed_id = $1")
        .bind(feed_id.to_owned())
        .bind(written(&changes)?)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Keeps others from writing about a feed until the transaction ends, so that what is read of its entries holds. Until
/// when a hub tells of it.
///
/// # Errors
/// The database fails.
pub async fn lock(tx: &mut Tx, feed_id: &str) -> Result<Option<Timestamp>, sqlx::Error> {
    let sql = "update feeds set slot = slot where feed_id = $1 returning hub_expires_at_ms";
    let expires_at: Option<Option<i64>> =
        sqlx::query_scalar(sql).bind(feed_id.to_owned()).fetch_optional(&mut **tx).await?;
    Ok(expires_at.flatten().and_then(|ms| Timestamp::from_millisecond(ms).ok()))
}

/// Another feed that is asked for at `url`: of several, the one whose id comes first.
///
/// # Errors
/// The database fails.
pub async fn other_at(tx: &mut Tx, url: &HttpUrl, feed_id: &str) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar(
        "select feed_id from feeds where url = $1 and feed_id <> $2 and state = 'active' order by feed_id limit 1",
    )
    .bind(url.to_string())
    .bind(feed_id.to_owned())
    .fetch_optional(&mut **tx)
    .await
}

fn decided(row: &AnyRow) -> Result<Decided, sqlx::Error> {
    Ok((subscription(row)?, row.try_get("policy")?, row.try_get("rules")?))
}

fn subscription(row: &AnyRow) -> Result<Subscription, sqlx::Error> {
    let decode = |e: &dyn std::fmt::Display| sqlx::Error::Decode(e.to_string().into());
    let optional_time = |column: &str| {
        let milliseconds: Option<i64> = row.try_get(column)?;
        milliseconds.map(Timestamp::from_millisecond).transpose().map_err(|e| decode(&e))
    };
    let number = |column: &str| Ok::<_, sqlx::Error>(usize::try_from(row.try_get::<i64, _>(column)?).unwrap_or(0));
    Ok(Subscription {
        feed_id: row.try_get("feed_id")?,
        url: row.try_get::<String, _>("url")?.parse().map_err(|e| decode(&e))?,
        added_at: time(row, "added_at_ms")?,
        title: row.try_get("title")?,
        site_url: row.try_get("site_url")?,
        state: if row.try_get::<String, _>("state")? == "active" { State::Active } else { State::Gone },
        slot: row.try_get("slot")?,
        next_at: time(row, "next_at_ms")?,
        interval: duration(row.try_get("interval_ms")?),
        ttl: row.try_get::<Option<i64>, _>("ttl_ms")?.map(duration),
        skips: Skips {
            hours: u32::try_from(row.try_get::<i64, _>("skip_hours")?).unwrap_or(0),
            days: u8::try_from(row.try_get::<i64, _>("skip_days")?).unwrap_or(0),
        },
        validators: Validators { etag: row.try_get("etag")?, last_modified: row.try_get("last_modified")? },
        body_hash: row.try_get("body_hash")?,
        failures: u32::try_from(row.try_get::<i64, _>("failures")?).unwrap_or(u32::MAX),
        last_success_at: optional_time("last_success_at_ms")?,
        last_error: row.try_get("last_error")?,
        last_error_at: optional_time("last_error_at_ms")?,
        entries: number("entries")?,
        entries_without_link: number("entries_without_link")?,
        changes: changes(&row.try_get::<String, _>("recent_ms")?)?,
        hub_expires_at: optional_time("hub_expires_at_ms")?,
        hub_error: row.try_get("hub_error")?,
    })
}

/// Times as they are kept.
fn written(changes: &[Timestamp]) -> Result<String, RecordError> {
    let changes: Vec<i64> = changes.iter().map(|at| at.as_millisecond()).collect();
    serde_json::to_string(&changes).map_err(|e| RecordError::State(e.to_string()))
}

fn changes(written: &str) -> Result<Vec<Timestamp>, sqlx::Error> {
    let changes: Vec<i64> = serde_json::from_str(written).map_err(|e| sqlx::Error::Decode(Box::new(e)))?;
    Ok(changes.into_iter().filter_map(|ms| Timestamp::from_millisecond(ms).ok()).collect())
}

fn duration(milliseconds: i64) -> Duration {
    Duration::from_millis(u64::try_from(milliseconds).unwrap_or(0))
}

/// A duration as it is kept, in milliseconds.
pub(super) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
