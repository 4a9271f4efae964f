//! The time that a fetch may take. Polite waiting doesn't count.

use std::{
    future::Future,
    time::{Duration, Instant},
};

use kos_shared::event::HttpUrl;
use tokio::time::timeout;

use super::FetchError;

/// What is left of a fetch's time.
#[derive(Debug)]
pub(super) struct Budget {
    whole: Duration,
    left: Duration,
}

impl Budget {
    /// All of it.
    pub fn new(whole: Duration) -> Self {
        Self { whole, left: whole }
    }

    /// Whether nothing was spent yet.
    pub fn is_whole(&self) -> bool {
        self.left == self.whole
    }

    /// What `work` comes to, which takes of what is left.
    ///
    /// # Errors
    /// [`FetchError::Timeout`] where it takes more.
    pub async fn spend<T>(&mut self, url: &HttpUrl, work: impl Future<Output = T>) -> Result<T, FetchError> {
        let started = Instant::now();
        let done = timeout(self.left, work).await;
        self.left = self.left.saturating_sub(started.elapsed());
        let reason = || format!("nothing whole within {:?}", self.whole);
        done.map_err(|_| FetchError::Timeout { url: url.to_string(), reason: reason() })
    }
}
