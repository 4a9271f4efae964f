//! Waiting for a condition instead of for a while.

use std::{
    fmt::Display,
    time::{Duration, Instant},
};

const FIRST_PAUSE: Duration = Duration::from_millis(2);
const LONGEST_PAUSE: Duration = Duration::from_millis(100);

/// What a condition answers: `bool`, `Option<T>`, or `Result<T, E>` whose error says how far it has come.
pub trait Outcome {
    /// What is there once the condition holds.
    type Value;

    /// The value, or what is still missing.
    ///
    /// # Errors
    /// The condition doesn't hold yet.
    fn reached(self) -> Result<Self::Value, String>;
}

impl Outcome for bool {
    type Value = ();

    fn reached(self) -> Result<(), String> {
        if self { Ok(()) } else { Err("it doesn't hold".into()) }
    }
}

impl<T> Outcome for Option<T> {
    type Value = T;

    fn reached(self) -> Result<T, String> {
        self.ok_or_else(|| "there is none".into())
    }
}

impl<T, E: Display> Outcome for Result<T, E> {
    type Value = T;

    fn reached(self) -> Result<T, String> {
        self.map_err(|e| e.to_string())
    }
}

/// Asks `condition` again and again, with pauses that grow from 2 to 100 ms, until it holds.
///
/// Its future can't be moved to another thread, as the condition may borrow; what is to be spawned
/// goes through [`Patience`].
///
/// # Panics
/// When `limit` is over; the message names `what` was awaited and the last answer. An attempt that is
/// under way when the limit is reached is given up.
pub async fn eventually<O: Outcome>(limit: Duration, what: &str, mut condition: impl AsyncFnMut() -> O) -> O::Value {
    let mut patience = Patience::new(limit, what);
    loop {
        match tokio::time::timeout(patience.left(), condition()).await {
            Ok(outcome) => match outcome.reached() {
                Ok(value) => return value,
                Err(missing) => patience.pause(missing).await,
            },
            Err(_) => patience.end(),
        }
    }
}

/// The pauses of a loop that waits for something, and the end of it.
#[derive(Debug)]
pub struct Patience {
    what: String,
    limit: Duration,
    start: Instant,
    next_pause: Duration,
    last: String,
}

impl Patience {
    /// Patience for `limit`, with `what` is awaited.
    pub fn new(limit: Duration, what: impl Into<String>) -> Self {
        let last = "no answer at all".to_owned();
        Self { what: what.into(), limit, start: Instant::now(), next_pause: FIRST_PAUSE, last }
    }

    /// Sleeps a little longer than the last time, after an attempt that found `missing`.
    ///
    /// # Panics
    /// When the limit is over.
    pub async fn pause(&mut self, missing: impl Into<String>) {
        self.last = missing.into();
        if self.left().is_zero() {
            self.end();
        }
        tokio::time::sleep(self.next_pause).await;
        self.next_pause = LONGEST_PAUSE.min(self.next_pause * 3 / 2);
    }

    fn left(&self) -> Duration {
        self.limit.saturating_sub(self.start.elapsed())
    }

    fn end(&self) -> ! {
        panic!("waited {:?} for {}, last seen: {}", self.limit, self.what, self.last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_comes_after_a_while_is_returned() {
        let mut asked = 0;
        let found = eventually(Duration::from_secs(10), "the fifth", async || {
            asked += 1;
            (asked == 5).then_some(asked)
        })
        .await;
        assert_eq!(found, 5);
    }

    #[tokio::test]
    #[should_panic(expected = "for 1000 pages, last seen: 17 pages")]
    async fn what_never_comes_is_named() {
        eventually(Duration::from_millis(20), "1000 pages", async || Err::<(), _>("17 pages")).await;
    }

    #[tokio::test]
    #[should_panic(expected = "for an answer, last seen: no answer at all")]
    async fn a_condition_that_hangs_is_given_up() {
        eventually(Duration::from_millis(20), "an answer", async || std::future::pending::<bool>().await).await;
    }
}
