//! Looking up: the newest articles that have what an expression wants, whatever the database.
//!
//! PostgreSQL stops a statement whose time is over. SQLite can't be stopped while it matches: so it is asked for one slice of
//! the articles after the other, the newest first, and each is as long as the time that is left allows. Where there is one
//! term only, it has nothing to match: it takes the newest from the term's list.

use std::{
    cmp::Reverse,
    time::{Duration, Instant},
};

use bytes::Bytes;
use kos_shared::{stage::RecordError, store::Dialect};
use sqlx::{AnyConnection, Row};

use super::weights::Weights;

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
    /// Whether it is asked slice by slice, since nobody knows how long all of them at once would take.
    pub(super) in_slices: bool,
    /// When it began.
    pub(super) began: Instant,
    /// How long it may take.
    pub(super) budget: Budget,
}

/// What was looked up.
pub(super) struct LookedUp {
    /// The articles, the newest first: the number and the weights of each.
    pub(super) articles: Vec<(i64, Weights)>,
    /// Where time was over: the number of the oldest article that was looked at.
    pub(super) stopped_at: Option<i64>,
}

impl Lookup<'_> {
    /// The newest articles with numbers from the first to the last, up to `limit`.
    pub(super) async fn newest(
        &mut self,
        (first, mut last): (i64, i64),
        limit: usize,
    ) -> Result<LookedUp, RecordError> {
        let select = match self.dialect {
            Dialect::Postgres => {
                "select number, weights from search_documents where terms @@ cast(cast($1 as text) as tsquery) \
                 and number between $2 and $3 order by number desc limit $4"
            }
            Dialect::Sqlite => {
                "select number, weights from search_documents where number in (select rowid from search_terms \
                 where search_terms match $1 and rowid between $2 and $3 order by rowid desc limit $4)"
            }
        };
        if !self.in_slices {
            return Ok(LookedUp { articles: self.read(select, (first, last), limit).await?, stopped_at: None });
        }
        let (mut articles, mut size) = (vec![], i64::from(self.budget.first_slice));
        loop {
            let began = Instant::now();
            let start = self.start_of_slice((first, last), size).await?;
            let wanted = limit - articles.len();
            articles.extend(self.read(select, (start, last), wanted).await?);
            if articles.len() >= limit || start == first {
                return Ok(LookedUp { articles, stopped_at: None });
            }
            let left = self.budget.time.saturating_sub(self.began.elapsed());
            match next_slice(size, began.elapsed(), left) {
                Some(next) => (size, last) = (next, start - 1),
                None => return Ok(LookedUp { articles, stopped_at: Some(start) }),
            }
        }
    }

    /// The rows of `select`, packed into one: hundreds of rows cost more than what is in them.
    async fn read(
        &mut self,
        select: &str,
        (first, last): (i64, i64),
        limit: usize,
    ) -> Result<Vec<(i64, Weights)>, RecordError> {
        let sql = format!(
            "select string_agg(number || ' ' || length(weights), ' ') as places, \
             cast(string_agg(weights, '') as {}) as weights from ({select}) as found",
            self.dialect.bytes()
        );
        let query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(self.expression.to_owned());
        let query = query.bind(first).bind(last).bind(i64::try_from(limit).unwrap_or(i64::MAX));
        let row = query.fetch_one(&mut *self.connection).await?;
        let Some(places) = row.try_get::<Option<String>, _>("places")? else { return Ok(vec![]) };
        unpacked(&places, row.try_get::<Vec<u8>, _>("weights")?.into())
            .ok_or_else(|| RecordError::State(format!("weights of another length than {places:?}")))
    }

    /// Where a slice of about `size` articles begins that ends with the last number. Nearly every article that is found has a
    /// profile, and their numbers have an index without anything else in it.
    async fn start_of_slice(&mut self, (first, last): (i64, i64), size: i64) -> Result<i64, RecordError> {
        let sql = "select number from profiles where number between $1 and $2 order by number desc limit 1 offset $3";
        let query = sqlx::query_scalar(sql).bind(first).bind(last).bind(size);
        Ok(query.fetch_optional(&mut *self.connection).await?.unwrap_or(first))
    }
}

/// The numbers of articles, each followed by its part of the weights in bytes; the newest first. `None` where lengths don't fit.
fn unpacked(places: &str, mut weights: Bytes) -> Option<Vec<(i64, Weights)>> {
    let mut articles = vec![];
    let mut words = places.split(' ');
    while let Some(number) = words.next() {
        let length = words.next()?.parse().ok().filter(|length| *length <= weights.len())?;
        articles.push((number.parse().ok()?, Weights::from_bytes(weights.split_to(length))));
    }
    articles.sort_unstable_by_key(|(number, _)| Reverse(*number));
    weights.is_empty().then_some(articles)
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

    #[test]
    fn weights_are_told_apart_by_their_lengths() {
        let of = |bytes: &'static [u8]| Weights::from_bytes(bytes);
        let unpacked = |places, weights: &'static [u8]| unpacked(places, Bytes::from_static(weights));
        assert_eq!(unpacked("7 4 9 0 8 2", b"abcdef"), Some(vec![(9, of(b"")), (8, of(b"ef")), (7, of(b"abcd"))]));
        for places in ["7 4", "7 7", "7 4 9", "7 -1", "x 6", ""] {
            assert_eq!(unpacked(places, b"abcdef"), None, "{places}");
        }
    }
}
