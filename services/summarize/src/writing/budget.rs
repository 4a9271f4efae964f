//! The daily budget of tokens, in the database and so shared by all workers.
//!
//! What a call may cost is reserved before it, and settled when its cost is known: workers that ask at the same moment
//! can't spend the same tokens twice. A call that the server refused is settled at nothing; what was reserved stays spent
//! where the server may have written an answer that didn't arrive, and where the worker died.

use jiff::Timestamp;
use kos_shared::store::Store;
use sqlx::Row;

/// How many days are remembered.
const KEPT_DAYS: i64 = 45;

/// What may be spent a day (UTC).
#[derive(Debug, Clone)]
pub struct Budget {
    store: Store,
    daily_tokens: u64,
}

/// Tokens that were set aside for a call.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "what was reserved has to be settled"]
pub struct Reserved {
    day: i64,
    tokens: u64,
}

impl Budget {
    /// A budget of so many tokens a day.
    pub fn new(store: Store, daily_tokens: u64) -> Self {
        Self { store, daily_tokens }
    }

    /// How many tokens may be spent a day.
    pub const fn daily_tokens(&self) -> u64 {
        self.daily_tokens
    }

    /// Sets tokens aside; `None` where the day's rest is smaller.
    ///
    /// # Errors
    /// The database fails.
    pub async fn reserve(&self, tokens: u64, now: Timestamp) -> Result<Option<Reserved>, sqlx::Error> {
        let day = day(now);
        if tokens > self.daily_tokens {
            return Ok(None);
        }
        let statement = sqlx::query(
            "insert into tokens_spent (day, tokens) values ($1, $2) \
             on conflict (day) do update set tokens = tokens_spent.tokens + excluded.tokens \
             where tokens_spent.tokens + excluded.tokens <= $3",
        )
        .bind(day)
        .bind(signed(tokens))
        .bind(signed(self.daily_tokens));
        let reserved = self.store.execute(statement).await?;
        Ok((reserved > 0).then_some(Reserved { day, tokens }))
    }

    /// Puts what a call did cost in the place of what was reserved for it.
    ///
    /// # Errors
    /// The database fails.
    pub async fn settle(&self, reserved: Reserved, tokens: u64) -> Result<(), sqlx::Error> {
        let statement = sqlx::query("update tokens_spent set tokens = tokens + $2 where day = $1")
            .bind(reserved.day)
            .bind(signed(tokens) - signed(reserved.tokens));
        self.store.execute(statement).await?;
        Ok(())
    }

    /// How many tokens were spent or reserved today.
    ///
    /// # Errors
    /// The database fails.
    pub async fn spent(&self, now: Timestamp) -> Result<u64, sqlx::Error> {
        let row = sqlx::query("select tokens from tokens_spent where day = $1")
            .bind(day(now))
            .fetch_optional(self.store.readers())
            .await?;
        let tokens = row.map(|row| row.try_get::<i64, _>("tokens")).transpose()?;
        Ok(tokens.and_then(|n| u64::try_from(n).ok()).unwrap_or(0))
    }
}

/// Forgets days long gone.
///
/// # Errors
/// The database fails.
pub async fn keep_house(store: &Store, now: Timestamp) -> Result<(), sqlx::Error> {
    let statement = sqlx::query("delete from tokens_spent where day < $1").bind(day(now) - KEPT_DAYS);
    store.execute(statement).await?;
    Ok(())
}

/// Days since 1970, UTC.
fn day(now: Timestamp) -> i64 {
    now.as_second().div_euclid(24 * 60 * 60)
}

fn signed(tokens: u64) -> i64 {
    i64::try_from(tokens).unwrap_or(i64::MAX)
}
