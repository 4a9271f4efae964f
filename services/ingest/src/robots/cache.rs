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

/// How long one that is out of reach is not asked for at first; later as long as it has been so.
const FAILED: Duration = Duration::from_secs(60);

/// The longest that one that is out of reach is not asked for.
const FAILED_LONGEST: Duration = Duration::from_secs(60 * 60);

/// How long is waited for one that is out of reach.
const WAITED_FOR: Duration = Duration::from_secs(24 * 60 * 60);

/// How long an old one is used where a new one is out of reach (section 2.3.1.4).
const OLD: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// How many sites one worker remembers.
const REMEMBERED: usize = 1_000;

/// How much memory that takes at most, in bytes.
const REMEMBERED_BYTES: usize = 8 << 20;

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
    /// Nothing: nothing is allowed for now.
    OutOfReach {
        /// What went wrong.
        reason: String,
        /// When it will be asked for again; `None` where that was tried for a day.
        until: Option<Timestamp>,
    },
    /// Nothing yet: somebody else is asking, for longer than was to be waited.
    BeingAsked,
}

/// A robots.txt as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Kept {
    body: String,
    /// 1970 where there never was any.
    fetched_at: Timestamp,
    failed: Option<Failed>,
}

/// That it was out of reach.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Failed {
    /// At every time since then.
    since: Timestamp,
    /// The last time.
    at: Timestamp,
    reason: String,
}

#[derive(Debug)]
struct Remembered {
    known: Known,
    /// How much memory that takes, about.
    bytes: usize,
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

    /// What the site `authority` (scheme, host and port) wants; `ask` fetches its robots.txt where that is needed,
    /// and where somebody else does so already, that is waited for as long as `patience`.
    ///
    /// # Errors
    /// What `ask` fails with, and what `failed` makes of an error of the database.
    pub async fn known<E>(
        &self,
        authority: &str,
        patience: Duration,
        ask: impl AsyncFnOnce() -> Result<Found, E>,
        failed: impl Fn(sqlx::Error) -> E,
    ) -> Result<Known, E> {
        if let Some(known) = self.remembered(authority) {
            return Ok(known);
        }
        let Some(_only_one_asks) = self.lanes.enter(authority, patience).await else { return Ok(Known::BeingAsked) };
        if let Some(known) = self.remembered(authority) {
            return Ok(known);
        }
        let mut kept = self.load(authority).await.map_err(&failed)?.unwrap_or(Kept::nothing());
        if kept.good_until() <= Timestamp::now() {
            kept = kept.after(ask().await?, Timestamp::now());
            self.save(authority, &kept).await.map_err(&failed)?;
        }
        let known = kept.known(self.product, Timestamp::now());
        let bytes = match &known {
            Known::Policy(policy) => policy.bytes(),
            Known::OutOfReach { reason, .. } => reason.len(),
            Known::BeingAsked => 0,
        };
        self.remember(authority, Remembered { known: known.clone(), bytes, until: kept.good_until() });
        Ok(known)
    }

    fn remembered(&self, authority: &str) -> Option<Known> {
        let remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        remembered.get(authority).filter(|r| r.until > Timestamp::now()).map(|r| r.known.clone())
    }

    fn remember(&self, authority: &str, what: Remembered) {
        let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        let is_full = |remembered: &HashMap<String, Remembered>| {
            let bytes: usize = remembered.values().chain([&what]).map(|r| r.bytes).sum();
            remembered.len() >= REMEMBERED || bytes > REMEMBERED_BYTES
        };
        if is_full(&remembered) {
            let now = Timestamp::now();
            remembered.retain(|_, r| r.until > now);
        }
        if is_full(&remembered) {
            remembered.clear();
        }
        remembered.insert(authority.to_owned(), what);
    }

    async fn load(&self, authority: &str) -> Result<Option<Kept>, sqlx::Error> {
        let sql =
            "select body, fetched_at_ms, failing_since_ms, failed_at_ms, failure from robots where authority = $1";
        let row = sqlx::query(sql).bind(authority.to_owned()).fetch_optional(self.store.readers()).await?;
        row.map(|row| {
            let failed = match row.try_get::<Option<String>, _>("failure")? {
                Some(reason) => {
                    let at = time(&row, "failed_at_ms")?;
                    let since =
                        row.try_get::<Option<i64>, _>("failing_since_ms")?.map(|_| time(&row, "failing_since_ms"));
                    Some(Failed { since: since.transpose()?.unwrap_or(at), at, reason })
                }
                None => None,
            };
            Ok(Kept { body: row.try_get("body")?, fetched_at: time(&row, "fetched_at_ms")?, failed })
        })
        .transpose()
    }

    async fn save(&self, authority: &str, kept: &Kept) -> Result<(), sqlx::Error> {
        let failed = kept.failed.as_ref();
        let mut tx = self.store.begin().await?;
        sqlx::query(
            "insert into robots (authority, body, fetched_at_ms, failed_at_ms, failure, failing_since_ms) \
             values ($1, $2, $3, $4, $5, $6) on conflict (authority) do update set body = excluded.body, fetched_at_ms = excluded.fetched_at_ms, \
             failed_at_ms = excluded.failed_at_ms, failure = excluded.failure, \
             failing_since_ms = excluded.failing_since_ms",
        )
        .bind(authority.to_owned())
        .bind(kept.body.clone())
        .bind(kept.fetched_at.as_millisecond())
        .bind(failed.map(|f| f.at.as_millisecond()))
        .bind(failed.map(|f| f.reason.clone()))
        .bind(failed.map(|f| f.since.as_millisecond()))
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
            Some(Failed { since, at, .. }) => {
                let failing = Duration::try_from(at.duration_since(*since)).unwrap_or_default();
                *at + failing.clamp(FAILED, FAILED_LONGEST)
            }
            None => self.fetched_at + FRESH,
        }
    }

    fn after(self, found: Found, now: Timestamp) -> Self {
        let body = match found {
            Found::OutOfReach(reason) => {
                // PostgreSQL takes no NUL.
                let reason = reason.replace('\0', "").chars().take(500).collect();
                // What was so when somebody last asked, long ago, tells nothing about the time between.
                let before = self.failed.as_ref().filter(|f| f.at + FRESH > now);
                let since = before.map_or(now, |f| f.since);
                return Self { failed: Some(Failed { since, at: now, reason }), ..self };
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
            Some(Failed { since, at, reason }) if self.fetched_at + OLD < now => Known::OutOfReach {
                reason: reason.clone(),
                until: (*at < *since + WAITED_FOR).then(|| self.good_until()),
            },
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
            Known::OutOfReach { .. } | Known::BeingAsked => None,
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
        let until = Some(now() + FAILED);
        assert_eq!(kept.known("KnowledgeOS", now()), Known::OutOfReach { reason: "503".into(), until });
        assert_eq!(kept.good_until(), now() + FAILED);
    }

    #[test]
    fn one_that_stays_out_of_reach_is_asked_for_less_and_waited_for_a_day() {
        let (mut kept, mut at, mut asked) = (Kept::nothing(), now(), 0);
        loop {
            kept = kept.after(Found::OutOfReach("503".into()), at);
            asked += 1;
            match kept.known("KnowledgeOS", at) {
                Known::OutOfReach { until: Some(until), .. } => at = until,
                Known::OutOfReach { until: None, .. } => break,
                known => panic!("{known:?}"),
            }
        }
        assert!(at >= now() + WAITED_FOR && at < now() + WAITED_FOR + FAILED_LONGEST, "{at}");
        assert!(asked < 40, "{asked}");
        // Nobody asked for a week: that is another time.
        let later = kept.after(Found::OutOfReach("503".into()), at + FRESH * 7);
        assert!(matches!(later.known("KnowledgeOS", at + FRESH * 7), Known::OutOfReach { until: Some(_), .. }));
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
