//! How many comments are taken, counted in the database so that it holds over all replicas.
//!
//! Time is cut into stretches of fixed length, and each has a counter: a stretch costs one row, and at worst twice the
//! limit passes around the moment where one stretch ends and the next begins.

use jiff::Timestamp;
use kos_shared::store::{Store, Tx, rows};
use sqlx::{AnyPool, Row};

use super::draft::Refusal;

/// One limit.
#[derive(Debug, Clone, Copy)]
struct Limit {
    name: &'static str,
    /// Whether each address has a counter of its own.
    is_of_address: bool,
    stretch_ms: i64,
    comments: i64,
}

const MINUTE_MS: i64 = 60 * 1_000;

/// All of them, in the order in which their counters are locked.
const LIMITS: [Limit; 4] = [
    Limit { name: "all-minute", is_of_address: false, stretch_ms: MINUTE_MS, comments: 60 },
    Limit { name: "all-hour", is_of_address: false, stretch_ms: 60 * MINUTE_MS, comments: 1_000 },
    Limit { name: "one-ten-minutes", is_of_address: true, stretch_ms: 10 * MINUTE_MS, comments: 5 },
    Limit { name: "one-day", is_of_address: true, stretch_ms: 24 * 60 * MINUTE_MS, comments: 50 },
];

/// That no comment is taken before a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait {
    /// Who has to wait.
    pub refusal: Refusal,
    /// For how many seconds.
    pub seconds: i64,
}

impl Limit {
    fn bucket(self, address: &str) -> String {
        if self.is_of_address { format!("{} {address}", self.name) } else { self.name.to_owned() }
    }

    fn end_ms(self, now: Timestamp) -> i64 {
        let now = now.as_millisecond();
        now - now.rem_euclid(self.stretch_ms) + self.stretch_ms
    }

    fn wait(self, now: Timestamp) -> Wait {
        let refusal = if self.is_of_address { Refusal::AddressLimit } else { Refusal::GlobalLimit };
        Wait { refusal, seconds: (self.end_ms(now) - now.as_millisecond() + 999) / 1_000 }
    }
}

/// Whether the comments of an address, a keyed hash, have to wait. It only reads, so that a flood costs no write.
///
/// # Errors
/// The database fails.
pub async fn look(pool: &AnyPool, address: &str, now: Timestamp) -> Result<Option<Wait>, sqlx::Error> {
    let sql = format!(
        "select bucket, ends_at_ms, comments from comment_rates where (bucket, ends_at_ms) in (values {})",
        rows::values(LIMITS.len(), 2)
    );
    let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
    for limit in LIMITS {
        query = query.bind(limit.bucket(address)).bind(limit.end_ms(now));
    }
    let mut reached: Option<Wait> = None;
    for row in query.fetch_all(pool).await? {
        let (bucket, comments): (String, i64) = (row.try_get("bucket")?, row.try_get("comments")?);
        let limit = LIMITS.into_iter().find(|limit| limit.bucket(address) == bucket);
        if let Some(limit) = limit.filter(|limit| comments >= limit.comments) {
            let wait = limit.wait(now);
            reached = reached.filter(|longest| longest.seconds >= wait.seconds).or(Some(wait));
        }
    }
    Ok(reached)
}

/// Counts a comment. Where that is one too many, the transaction is to be undone.
///
/// # Errors
/// The database fails.
pub async fn count(tx: &mut Tx, address: &str, now: Timestamp) -> Result<Option<Wait>, sqlx::Error> {
    for limit in LIMITS {
        let sql = "insert into comment_rates (bucket, ends_at_ms, comments) values ($1, $2, 1) \
                   on conflict (bucket, ends_at_ms) do update set comments = comment_rates.comments + 1 \
                   returning comments";
        let query = sqlx::query_scalar::<_, i64>(sql).bind(limit.bucket(address)).bind(limit.end_ms(now));
        if query.fetch_one(&mut **tx).await? > limit.comments {
            return Ok(Some(limit.wait(now)));
        }
    }
    Ok(None)
}

/// Forgets counters of stretches that are over.
///
/// # Errors
/// The database fails.
pub async fn forget(store: &Store, now: Timestamp) -> Result<(), sqlx::Error> {
    let is_any = sqlx::query("select 1 as found from comment_rates where ends_at_ms < $1 limit 1");
    if is_any.bind(now.as_millisecond()).fetch_optional(store.readers()).await?.is_none() {
        return Ok(());
    }
    let sql = "delete from comment_rates where ends_at_ms < $1";
    store.execute(sqlx::query(sql).bind(now.as_millisecond())).await.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stretch_ends_at_the_same_time_for_everyone() {
        let at = |ms| Timestamp::from_millisecond(ms).unwrap();
        let minute = LIMITS[0];
        assert_eq!(
            (minute.end_ms(at(0)), minute.end_ms(at(59_999)), minute.end_ms(at(60_000))),
            (60_000, 60_000, 120_000)
        );
        assert_eq!(minute.wait(at(59_001)).seconds, 1);
        assert_eq!(minute.bucket("x"), minute.bucket("y"));
        assert_ne!(LIMITS[2].bucket("x"), LIMITS[2].bucket("y"));
    }
}
