//! One at a time: whoever wants what is being asked for already waits for that instead of asking, too.

use std::{
    collections::hash_map::RandomState,
    hash::{BuildHasher, Hash},
};

use tokio::sync::{Mutex, MutexGuard};

/// How many there are.
const LANES: usize = 32;

/// Lanes for one at a time. Who goes for the same is in the same lane; others may be, now and then.
#[derive(Debug)]
pub struct Lanes {
    lanes: [Mutex<()>; LANES],
    hasher: RandomState,
}

impl Lanes {
    /// The lane of those who go for `what`, as long as the guard lives.
    pub async fn enter(&self, what: impl Hash) -> MutexGuard<'_, ()> {
        self.lanes[self.hasher.hash_one(what) as usize % LANES].lock().await
    }
}

impl Default for Lanes {
    fn default() -> Self {
        Self { lanes: std::array::from_fn(|_| Mutex::default()), hasher: RandomState::new() }
    }
}
