//! What sites say in robots.txt, kept for a day in the database that all workers share.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use jiff::Timestamp;
use kos_shared::store::{Store, Tx, time};
use sqlx::Row;

use super::{READ_BYTES, RobotsPolicy};
use crate::lanes::Lanes;

/// How long a robots.txt is used without asking again (RFC 9309 section 2.4).
const FRESH: Duration = Duration::from_secs(24 * 60 * 60);

/// How long one that is out of reach is not asked for.
const FAILED: Duration = Duration::from_secs(60);

/// How long an old one is used where a new one is out of reach (section 2.3.1.4).
const OLD: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// How many sites one worker remembers.
const REMEMBERED: usize = 1_000;

/// What came of asking for a robots.txt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// It is this.
    Text(Bytes),
    /// There is none, or none for us: everything is allowed (section 2.3.1.3).
    None,
    /// It may exist, so nothing is allowed until that is known (section 2.3.1.4). This is what went wrong.
    OutOfReach(String),
}

/// What is known about a site's robots.txt.
#[derive(Debug, Clone, PartialEq)]
pub enum Known {
    /// What it says to us.
    Policy(Arc<RobotsPolicy>),
    /// Nothing, for this reason: nothing is allowed for now.
    OutOfReach(String),
}

/// A robots.txt as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Kept {
    body: String,
    /// 1970 where there never was any.
    fetched_at: Timestamp,
    failed: Option<(Timestamp, String)>,
}

#[derive(Debug)]
struct Remembered {
    known: Known,
    until: Timestamp,
}

/// Keeps robots.txt files, in this worker's memory and in its database.
#[derive(Debug)]
pub struct RobotsCache {
    store: Store,
    product: &'static str,
    remembered: Mutex<HashMap<String, Remembered>>,
    lanes: Lanes,
}

impl RobotsCache {
    /// A cache for the robot `product`.
    pub fn new(store: Store, product: &'static str) -> Self {
        Self { store, product, remembered: Mutex::default(), lanes: Lanes::default() }
    }

    /// What the site `authority` (scheme, host and port) wants; `ask` fetches its robots.txt where that is needed.
    ///
    /// # Errors
    /// What `ask` fails with, and what `failed` makes of an error of the database.
    pub async fn known<E>(
        &self,
        authority: &str,
        ask: impl AsyncFnOnce() -> Result<Found, E>,
        failed: impl Fn(sqlx::Error) -> E,
    ) -> Result<Known, E> {
        if let Some(known) = self.remembered(authority) {
            return Ok(known);
        }
        let _only_one_asks = self.lanes.enter(authority).await;
        if let Some(known) = self.remembered(authority) {
            return Ok(known);
        }
        let mut kept = self.load(authority).await.map_err(&failed)?.unwrap_or(Kept::nothing());
        if kept.good_until() <= Timestamp::now() {
            kept = kept.after(ask().await?, Timestamp::now());
            self.save(authority, &kept).await.map_err(&failed)?;
        }
        let known = kept.known(self.product, Timestamp::now());
        self.remember(authority, Remembered { known: known.clone(), until: kept.good_until() });
        Ok(known)
    }

    fn remembered(&self, authority: &str) -> Option<Known> {
        let remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        remembered.get(authority).filter(|r| r.until > Timestamp::now()).map(|r| r.known.clone())
    }

    fn remember(&self, authority: &str, what: Remembered) {
        let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        if remembered.len() >= REMEMBERED {
            let now = Timestamp::now();
            remembered.retain(|_, r| r.until > now);
        }
        if remembered.len() >= REMEMBERED {
            remembered.clear();
        }
        remembered.insert(authority.to_owned(), what);
    }

    async fn load(&self, authority: &str) -> Result<Option<Kept>, sqlx::Error> {
        let sql = "select body, fetched_at_ms, failed_at_ms, failure from robots where authority = $1";
        let row = sqlx::query(sql).bind(authority.to_owned()).fetch_optional(self.store.readers()).await?;
        row.map(|row| {
            let failed = match row.try_get::<Option<String>, _>("failure")? {
                Some(reason) => Some((time(&row, "failed_at_ms")?, reason)),
                None => None,
            };
            Ok(Kept { body: row.try_get("body")?, fetched_at: time(&row, "fetched_at_ms")?, failed })
        })
        .transpose()
    }

    async fn save(&self, authority: &str, kept: &Kept) -> Result<(), sqlx::Error> {
        let (failed_at, failure) = kept.failed.clone().map(|(at, why)| (at.as_millisecond(), why)).unzip();
        let mut tx = self.store.begin().await?;
        sqlx::query(
            "insert into robots (authority, body, fetched_at_ms, failed_at_ms, failure) values ($1, $2, $3, $4, $5) \
             on conflict (authority) do update set body = excluded.body, fetched_at_ms = excluded.fetched_at_ms, \
             failed_at_ms = excluded.failed_at_ms, failure = excluded.failure",
        )
        .bind(authority.to_owned())
        .bind(kept.body.clone())
        .bind(kept.fetched_at.as_millisecond())
        .bind(failed_at)
        .bind(failure)
        .execute(&mut *tx)
        .await?;
        tx.commit().await
    }
}

/// Forgets what nobody asked for in so long that it is of no use to anybody; how many sites.
///
/// # Errors
/// The database fails.
pub async fn forget(tx: &mut Tx, now: Timestamp) -> Result<u64, sqlx::Error> {
    let sql = "delete from robots where fetched_at_ms < $1 and (failed_at_ms is null or failed_at_ms < $2)";
    let done = sqlx::query(sql)
        .bind((now - OLD).as_millisecond())
        .bind((now - FRESH).as_millisecond())
        .execute(&mut **tx)
        .await?;
    Ok(done.rows_affected())
}

impl Kept {
    const fn nothing() -> Self {
        Self { body: String::new(), fetched_at: Timestamp::UNIX_EPOCH, failed: None }
    }

    /// Until when it need not be asked for.
    fn good_until(&self) -> Timestamp {
        match &self.failed {
            Some((at, _)) => *at + FAILED,
            None => self.fetched_at + FRESH,
        }
    }

    fn after(self, found: Found, now: Timestamp) -> Self {
        let body = match found {
            Found::OutOfReach(reason) => {
                // PostgreSQL takes no NUL.
                let reason = reason.replace('\0', "").chars().take(500).collect();
                return Self { failed: Some((now, reason)), ..self };
            }
            Found::None => String::new(),
            Found::Text(bytes) => {
                String::from_utf8_lossy(&bytes[..bytes.len().min(READ_BYTES)]).replace('\0', "\u{fffd}")
            }
        };
        Self { body, fetched_at: now, failed: None }
    }

    fn known(&self, product: &str, now: Timestamp) -> Known {
        match &self.failed {
            Some((_, reason)) if self.fetched_at + OLD < now => Known::OutOfReach(reason.clone()),
            _ => Known::Policy(Arc::new(RobotsPolicy::read(self.body.as_bytes(), product))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-01-01T00:00:00Z".parse().unwrap()
    }

    fn text() -> Found {
        Found::Text(Bytes::from_static(b"User-agent: *\nDisallow: /x"))
    }

    fn allowed(kept: &Kept, now: Timestamp) -> Option<bool> {
        match kept.known("KnowledgeOS", now) {
            Known::Policy(policy) => Some(policy.allowed("/x")),
            Known::OutOfReach(_) => None,
        }
    }

    #[test]
    fn one_that_was_found_is_good_for_a_day() {
        let kept = Kept::nothing().after(text(), now());
        assert_eq!(allowed(&kept, now()), Some(false));
        assert_eq!(kept.good_until(), now() + FRESH);
        assert_eq!(allowed(&kept.after(Found::None, now()), now()), Some(true));
    }

    #[test]
    fn one_that_never_was_in_reach_allows_nothing_for_a_while() {
        let kept = Kept::nothing().after(Found::OutOfReach("503".into()), now());
        assert_eq!(kept.known("KnowledgeOS", now()), Known::OutOfReach("503".into()));
        assert_eq!(kept.good_until(), now() + FAILED);
    }

    #[test]
    fn an_old_one_stands_in_for_one_out_of_reach_but_not_for_ever() {
        let later = now() + FRESH * 2;
        let kept = Kept::nothing().after(text(), now()).after(Found::OutOfReach("503".into()), later);
        assert_eq!(allowed(&kept, later), Some(false));
        assert_eq!(allowed(&kept, now() + OLD + FRESH), None);
        assert_eq!(kept.after(text(), later).good_until(), later + FRESH);
    }
}
