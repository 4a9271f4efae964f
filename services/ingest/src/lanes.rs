//! One at a time: whoever wants what is being asked for already waits for that instead of asking, too.

use std::{
    collections::hash_map::RandomState,
    hash::{BuildHasher, Hash},
    time::Duration,
};

use tokio::{
    sync::{Mutex, MutexGuard},
    time::timeout,
};

/// How many there are.
const LANES: usize = 32;

/// Lanes for one at a time. Who goes for the same is in the same lane; others may be, now and then.
#[derive(Debug)]
pub struct Lanes {
    lanes: [Mutex<()>; LANES],
    hasher: RandomState,
}

impl Lanes {
    /// The lane of those who go for `what`, as long as the guard lives; `None` where it wasn't free within `patience`,
    /// so that one slow server doesn't keep all of a worker waiting.
    pub async fn enter(&self, what: impl Hash, patience: Duration) -> Option<MutexGuard<'_, ()>> {
        timeout(patience, self.lanes[self.hasher.hash_one(what) as usize % LANES].lock()).await.ok()
    }
}

impl Default for Lanes {
    fn default() -> Self {
        Self { lanes: std::array::from_fn(|_| Mutex::default()), hasher: RandomState::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_lane_that_stays_taken_is_not_waited_for() {
        let lanes = Lanes::default();
        let taken = lanes.enter("slow.example", Duration::ZERO).await;
        assert!(taken.is_some());
        assert!(lanes.enter("slow.example", Duration::from_millis(5)).await.is_none());
        drop(taken);
        assert!(lanes.enter("slow.example", Duration::ZERO).await.is_some());
    }
}
