//! Whose turn it is: the queue before one endpoint.
//!
//! A call needs a slot, of which there are as many as [`Concurrency`] says, and a pass of the [`Breaker`]; and nobody
//! has a turn while the server wants to be left alone. A [`Turn`] that is dropped gives everything back.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use jiff::Timestamp;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

use super::{
    CallError, Settings,
    breaker::{Breaker, Closed, Pass},
    concurrency::{Concurrency, Window},
};

/// The turns of one endpoint.
#[derive(Debug)]
pub(super) struct Turns {
    state: Mutex<State>,
    /// First come, first served.
    slots: Arc<Semaphore>,
    /// Wakes those in the queue when there is no use in standing there any more.
    closed: Notify,
    max_wait: Duration,
    /// By how much those that waited for the same moment are spread.
    spread: Duration,
}

#[derive(Debug)]
struct State {
    breaker: Breaker,
    concurrency: Concurrency,
    /// Slots that are still out, but more than the limit: they are withdrawn when they come back.
    surplus: usize,
    paused_until: Option<Instant>,
    last_failure: String,
}

/// The right to make one call now.
#[derive(Debug)]
pub(super) struct Turn<'a> {
    turns: &'a Turns,
    slot: Option<OwnedSemaphorePermit>,
    pass: Option<Pass>,
    window: Window,
}

impl Turns {
    pub fn new(settings: &Settings) -> Self {
        let concurrency = Concurrency::new(settings.concurrency.min(Semaphore::MAX_PERMITS));
        Self {
            slots: Arc::new(Semaphore::new(concurrency.limit())),
            state: Mutex::new(State {
                breaker: Breaker::new(settings.pace.rest),
                concurrency,
                surplus: 0,
                paused_until: None,
                last_failure: String::new(),
            }),
            closed: Notify::new(),
            max_wait: settings.max_wait,
            spread: settings.pace.backoff,
        }
    }

    /// Whether the breaker is open, and how many calls there may be at a time.
    pub fn state(&self) -> (bool, usize) {
        let state = self.lock();
        (state.breaker.is_open(), state.concurrency.limit())
    }

    /// The next turn. `waited` is how long the caller has waited for the server's sake, and grows.
    ///
    /// # Errors
    /// [`CallError::Unavailable`] at once where the breaker is open, [`CallError::Busy`] where the server wants to be
    /// left alone for longer than is waited.
    pub async fn next(&self, waited: &mut Duration) -> Result<Turn<'_>, CallError> {
        loop {
            let closed = self.closed.notified();
            tokio::pin!(closed);
            // From here on nothing is missed.
            closed.as_mut().enable();
            if let Some(pause) = self.pause(*waited)? {
                let spread = self.spread.mul_f64(fastrand::f64() / 2.0);
                tokio::time::sleep(pause + spread).await;
                *waited += pause;
                continue;
            }
            self.check()?;
            let slot = tokio::select! {
                slot = Arc::clone(&self.slots).acquire_owned() => slot,
                () = closed => continue,
            };
            // Nobody closes the semaphore.
            let Ok(slot) = slot else { continue };
            let now = Instant::now();
            let mut state = self.lock();
            if state.surplus > 0 {
                state.surplus -= 1;
                slot.forget();
            } else if state.paused_until.is_none_or(|until| until <= now) {
                let pass = state.breaker.admit(now).map_err(|closed| state.unavailable(closed, now))?;
                let window = state.concurrency.window();
                return Ok(Turn { turns: self, slot: Some(slot), pass: Some(pass), window });
            }
        }
    }

    /// Fails where the breaker lets nobody through.
    ///
    /// # Errors
    /// [`CallError::Unavailable`].
    pub fn check(&self) -> Result<(), CallError> {
        let now = Instant::now();
        let state = self.lock();
        state.breaker.refuses(now).map_or(Ok(()), |closed| Err(state.unavailable(closed, now)))
    }

    /// How long the server is to be left alone.
    fn pause(&self, waited: Duration) -> Result<Option<Duration>, CallError> {
        let now = Instant::now();
        let mut state = self.lock();
        let pause = state.paused_until.map(|until| until.saturating_duration_since(now)).filter(|p| !p.is_zero());
        match pause {
            None => {
                state.paused_until = None;
                Ok(None)
            }
            Some(pause) if waited + pause > self.max_wait => {
                Err(CallError::Busy { until: Timestamp::now() + pause, reason: state.last_failure.clone() })
            }
            pause => Ok(pause),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn unavailable(&self, closed: Closed, now: Instant) -> CallError {
        let last = &self.last_failure;
        match closed {
            Closed::Until(until) => CallError::Unavailable {
                reason: format!("it is left alone for a while after it failed again and again, last with {last}"),
                until: Some(Timestamp::now() + until.saturating_duration_since(now)),
            },
            Closed::BeingTried => CallError::Unavailable {
                reason: format!("another call finds out right now if it is back; it failed with {last}"),
                until: None,
            },
        }
    }

    fn pause(&mut self, pause: Option<Duration>, now: Instant) -> bool {
        let until = pause.map(|pause| now + pause);
        let longer = until > self.paused_until;
        if longer {
            self.paused_until = until;
        }
        longer
    }
}

impl Turn<'_> {
    /// The server answered, if only to say no.
    pub fn answered(mut self) {
        self.settle(|state, pass, window, _| {
            state.breaker.answered(pass);
            state.concurrency.answered(window);
            false
        });
    }

    /// The server has too much to do; all calls leave it alone for as long as it says.
    pub fn rate_limited(mut self, reason: &str, pause: Option<Duration>) {
        self.settle(|state, pass, window, now| {
            state.breaker.answered(pass);
            state.concurrency.limited(window);
            reason.clone_into(&mut state.last_failure);
            state.pause(pause, now)
        });
    }

    /// The server failed; all calls leave it alone for as long as it says.
    pub fn failed(mut self, reason: &str, pause: Option<Duration>) {
        self.settle(|state, pass, _, now| {
            reason.clone_into(&mut state.last_failure);
            let opened = state.breaker.failed(pass, now);
            state.pause(pause, now) || opened
        });
    }

    /// Takes down what the call came to; `change` says whether the queue has to know.
    fn settle(&mut self, change: impl FnOnce(&mut State, Pass, Window, Instant) -> bool) {
        let Some(pass) = self.pass.take() else { return };
        let mut state = self.turns.lock();
        let before = state.concurrency.limit();
        let closed = change(&mut state, pass, self.window, Instant::now());
        let after = state.concurrency.limit();
        if after < before {
            let withdrawn = self.turns.slots.forget_permits(before - after);
            state.surplus += before - after - withdrawn;
        }
        for _ in before..after {
            if state.surplus > 0 {
                state.surplus -= 1;
            } else {
                self.turns.slots.add_permits(1);
            }
        }
        drop(state);
        if closed {
            self.turns.closed.notify_waiters();
        }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut state = self.turns.lock();
        if let Some(pass) = self.pass.take() {
            state.breaker.abandoned(pass, Instant::now());
        }
        if let Some(slot) = self.slot.take()
            && state.surplus > 0
        {
            state.surplus -= 1;
            slot.forget();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{future::Future, pin::pin, task::Context};

    use super::*;

    fn turns(concurrency: usize) -> Turns {
        let url = "http://127.0.0.1:1/v1".parse().unwrap_or_else(|e| panic!("{e}"));
        Turns::new(&Settings { concurrency, max_wait: Duration::ZERO, ..Settings::new(url, "m") })
    }

    /// The next turn if there is one now.
    fn now(turns: &Turns) -> Option<Result<Turn<'_>, CallError>> {
        let mut waited = Duration::ZERO;
        let next = pin!(turns.next(&mut waited));
        match next.poll(&mut Context::from_waker(std::task::Waker::noop())) {
            std::task::Poll::Ready(turn) => Some(turn),
            std::task::Poll::Pending => None,
        }
    }

    fn take(turns: &Turns, count: usize) -> Vec<Turn<'_>> {
        let turn = |_| now(turns).unwrap_or_else(|| panic!("no turn is left")).unwrap_or_else(|e| panic!("{e}"));
        (0..count).map(turn).collect()
    }

    #[test]
    fn there_are_as_many_turns_as_calls_at_a_time() {
        let turns = turns(3);
        let mut taken = take(&turns, 3);
        assert!(now(&turns).is_none());
        drop(taken.pop());
        taken.extend(take(&turns, 1));
        assert!(now(&turns).is_none());
    }

    #[test]
    fn a_smaller_limit_holds_once_those_under_way_are_back() {
        let turns = turns(8);
        let mut taken = take(&turns, 8);
        taken.remove(0).rate_limited("429", None);
        // Seven are out, four are allowed: the first three that come back are not given out again.
        for _ in 0..3 {
            assert!(now(&turns).is_none());
            taken.remove(0).answered();
        }
        assert!(now(&turns).is_none());
        drop(taken);
        assert_eq!(take(&turns, 4).len(), 4);
        let _four = take(&turns, 4);
        assert!(now(&turns).is_none());
    }

    #[test]
    fn a_smaller_limit_takes_free_turns_away_at_once() {
        let turns = turns(8);
        let turn = take(&turns, 1).remove(0);
        turn.rate_limited("429", None);
        let _four = take(&turns, 4);
        assert!(now(&turns).is_none());
    }

    #[test]
    fn the_limit_grows_back_to_what_it_was_and_no_further() {
        let turns = turns(4);
        take(&turns, 1).remove(0).rate_limited("429", None);
        take(&turns, 1).remove(0).rate_limited("429", None);
        assert_eq!(turns.state().1, 1);
        for _ in 0..100 {
            take(&turns, 1).remove(0).answered();
        }
        let _four = take(&turns, 4);
        assert!(now(&turns).is_none());
    }

    #[test]
    fn nobody_has_a_turn_while_the_server_wants_to_be_left_alone() {
        let turns = turns(4);
        let mut taken = take(&turns, 2);
        taken.remove(0).rate_limited("429: slow down", Some(Duration::from_secs(60)));
        let Some(Err(CallError::Busy { reason, .. })) = now(&turns) else { panic!("there was a turn") };
        assert_eq!(reason, "429: slow down");
        // A shorter wait doesn't undercut a longer one.
        taken.remove(0).failed("503", Some(Duration::ZERO));
        assert!(matches!(now(&turns), Some(Err(CallError::Busy { .. }))));
    }

    #[tokio::test]
    async fn the_queue_hears_that_the_server_wants_to_be_left_alone() {
        let turns = turns(2);
        let mut taken = take(&turns, 2);
        let mut waited = Duration::ZERO;
        let mut queued = pin!(turns.next(&mut waited));
        assert!(queued.as_mut().poll(&mut Context::from_waker(std::task::Waker::noop())).is_pending());
        let minute = Duration::from_secs(60);
        taken.remove(0).rate_limited("429", Some(minute));
        // The other one is still out, and there is one turn now.
        let heard = tokio::time::timeout(minute, queued).await.unwrap();
        assert!(matches!(heard, Err(CallError::Busy { .. })));
    }
}
