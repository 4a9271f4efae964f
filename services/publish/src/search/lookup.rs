//! Looking up: the newest articles that have what an expression wants, whatever the database.
//!
//! PostgreSQL stops a statement whose time is over. SQLite can't be stopped while it matches: so it is asked for one slice of
//! the articles after the other, the newest first, and each is as long as the time that is left allows.

use std::time::{Duration, Instant};

use kos_shared::{stage::RecordError, store::Dialect};
use sqlx::{AnyConnection, any::AnyRow};

/// How many times as many the next one has at most: a rare word is found in a few slices.
const GROWTH: i64 = 4;

/// How many a slice has at most. The most expensive expressions take about a millisecond for a thousand.
const LARGEST_SLICE: i64 = 100_000;

/// How many it has at least; where there is no time for them, there is none for another slice.
const SMALLEST_SLICE: i64 = 500;

/// How long a search may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// When it gives up.
    pub time: Duration,
    /// How many articles are looked at before anybody asks what time it is.
    pub first_slice: u32,
}

impl Default for Budget {
    /// 2 seconds; a search for frequent words finds enough among the newest 5,000 articles.
    fn default() -> Self {
        Self { time: Duration::from_secs(2), first_slice: 5_000 }
    }
}

/// The index, asked for one expression.
pub(super) struct Lookup<'c> {
    /// Where it is.
    pub(super) connection: &'c mut AnyConnection,
    /// Which database that is.
    pub(super) dialect: Dialect,
    /// What is looked for, in its language.
    pub(super) expression: &'c str,
    /// When it began.
    pub(super) began: Instant,
    /// How long it may take.
    pub(super) budget: Budget,
}

/// What was looked up.
pub(super) struct LookedUp {
    /// The rows, the newest first.
    pub(super) rows: Vec<AnyRow>,
    /// Where time was over: the number of the oldest article that was looked at.
    pub(super) stopped_at: Option<i64>,
}

impl Lookup<'_> {
    /// `number` and more `columns` of the newest articles with numbers from the first to the last, up to `limit`.
    pub(super) async fn newest(
        &mut self,
        columns: &str,
        (first, mut last): (i64, i64),
        limit: usize,
    ) -> Result<LookedUp, RecordError> {
        if self.dialect == Dialect::Postgres {
            let sql = format!(
                "select number{columns} from search_documents where terms @@ cast(cast($1 as text) as tsquery) \
                 and number between $2 and $3 order by number desc limit $4"
            );
            return Ok(LookedUp { rows: self.rows(sql, (first, last), limit).await?, stopped_at: None });
        }
        let (mut rows, mut size) = (vec![], i64::from(self.budget.first_slice));
        loop {
            let began = Instant::now();
            let start = self.start_of_slice((first, last), size).await?;
            let sql = format!(
                "select number{columns} from search_documents where number in (select rowid from search_terms \
                 where search_terms match $1 and rowid between $2 and $3 order by rowid desc limit $4) \
                 order by number desc"
            );
            let wanted = limit - rows.len();
            rows.extend(self.rows(sql, (start, last), wanted).await?);
            if rows.len() >= limit || start == first {
                return Ok(LookedUp { rows, stopped_at: None });
            }
            let left = self.budget.time.saturating_sub(self.began.elapsed());
            match next_slice(size, began.elapsed(), left) {
                Some(next) => (size, last) = (next, start - 1),
                None => return Ok(LookedUp { rows, stopped_at: Some(start) }),
            }
        }
    }

    async fn rows(&mut self, sql: String, numbers: (i64, i64), limit: usize) -> Result<Vec<AnyRow>, RecordError> {
        let query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(self.expression.to_owned());
        let query = query.bind(numbers.0).bind(numbers.1).bind(i64::try_from(limit).unwrap_or(i64::MAX));
        Ok(query.fetch_all(&mut *self.connection).await?)
    }

    /// Where a slice of about `size` articles begins that ends with the last number. Nearly every article that is found has a
    /// profile, and their numbers have an index without anything else in it.
    async fn start_of_slice(&mut self, (first, last): (i64, i64), size: i64) -> Result<i64, RecordError> {
        let sql = "select number from profiles where number between $1 and $2 order by number desc limit 1 offset $3";
        let query = sqlx::query_scalar(sql).bind(first).bind(last).bind(size);
        Ok(query.fetch_optional(&mut *self.connection).await?.unwrap_or(first))
    }
}

/// How many articles the next slice has, after one of `size` that took so long; `None` where too little time is left.
fn next_slice(size: i64, took: Duration, left: Duration) -> Option<i64> {
    let at_this_pace = size as f64 * left.as_secs_f64() / took.as_secs_f64().max(1e-6);
    let next = (size * GROWTH).min(LARGEST_SLICE).min(at_this_pace as i64);
    (next >= SMALLEST_SLICE.min(size)).then_some(next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_grow_while_there_is_time_and_end_with_it() {
        let ms = Duration::from_millis;
        assert_eq!(next_slice(5_000, ms(1), ms(2_000)), Some(20_000));
        assert_eq!(next_slice(80_000, ms(1), ms(2_000)), Some(LARGEST_SLICE));
        assert_eq!(next_slice(20_000, ms(1_000), ms(500)), Some(10_000), "as many as half the time is enough for");
        assert_eq!(next_slice(20_000, ms(1_000), ms(1)), None);
        assert_eq!(next_slice(5_000, ms(0), ms(0)), None);
        assert_eq!(next_slice(10, ms(1), ms(1_000)), Some(40));
    }
}
