//! How many searches are at work at once: no more than leave connections for all other pages.

use std::{sync::Arc, time::Duration};

use kos_shared::stage::RecordError;
use sqlx::AnyPool;
use tokio::sync::Semaphore;

use super::{Cursor, Found, Wanted, find};

/// How long a search waits for its turn. Most searches take a few milliseconds, so hundreds pass meanwhile.
const WAIT: Duration = Duration::from_secs(1);

/// After how many seconds one who is turned away is to ask again.
pub const TRY_AGAIN_S: &str = "3";

/// A search that found nothing out.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// Too many were before it.
    #[error("too many searches at once")]
    Busy,
    /// The database fails, or holds what can't be read.
    #[error(transparent)]
    Failed(#[from] RecordError),
}

/// What gives searches their turns.
#[derive(Debug, Clone)]
pub struct Searches(Arc<Semaphore>);

impl Searches {
    /// Turns for half of the connections that `pool` has.
    pub fn of(pool: &AnyPool) -> Self {
        Self::at_once((pool.options().get_max_connections() / 2).max(1) as usize)
    }

    /// Turns for so many searches at once.
    pub fn at_once(searches: usize) -> Self {
        Self(Arc::new(Semaphore::new(searches)))
    }

    /// What [`find()`] finds, when it is its turn.
    ///
    /// # Errors
    /// [`SearchError::Busy`] where its turn doesn't come soon, else what [`find()`] fails with.
    pub async fn find(
        &self,
        pool: &AnyPool,
        wanted: &Wanted,
        after: Option<Cursor>,
        limit: usize,
    ) -> Result<Found, SearchError> {
        let turn = tokio::time::timeout(WAIT, Arc::clone(&self.0).acquire_owned()).await;
        let Ok(Ok(turn)) = turn else { return Err(SearchError::Busy) };
        let (pool, wanted) = (pool.clone(), wanted.clone());
        // Who goes away doesn't end what the database does: the turn is over when the database is done.
        let search = tokio::spawn(async move {
            let found = find(&pool, &wanted, after, limit).await;
            drop(turn);
            found
        });
        let found = search.await.map_err(|e| RecordError::State(format!("a search ended: {e}")))?;
        Ok(found?)
    }
}
