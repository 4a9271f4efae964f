//! Whether a server that failed is asked at all: the circuit breaker (Nygard, *Release It!*, chapter 5).

use std::time::{Duration, Instant};

/// How many calls in a row have to fail.
const FAILURES: u32 = 5;

/// The longest that a server is left alone.
const LONGEST_REST: Duration = Duration::from_secs(5 * 60);

/// A breaker. Closed, it lets calls through; after five failures in a row it is open for a while and lets none through;
/// then half-open, it lets one through, which closes it or opens it for twice as long.
#[derive(Debug)]
pub(super) struct Breaker {
    state: State,
    first_rest: Duration,
    /// Goes up whenever it opens or half-opens. What a call of an older one came to says nothing of now.
    generation: u64,
}

#[derive(Debug, Clone, Copy)]
enum State {
    Closed { failures: u32 },
    Open { until: Instant, rest: Duration },
    HalfOpen { rest: Duration },
}

/// The right to make one call. What it came to has to be told the breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pass {
    generation: u64,
}

/// Why there is no pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Closed {
    /// The server is left alone until then.
    Until(Instant),
    /// One call finds out right now.
    BeingTried,
}

impl Breaker {
    /// A closed one; when it opens, it is for `first_rest`.
    pub fn new(first_rest: Duration) -> Self {
        let first_rest = first_rest.min(LONGEST_REST);
        Self { state: State::Closed { failures: 0 }, first_rest, generation: 0 }
    }

    /// Whether no call would get through now.
    pub fn refuses(&self, now: Instant) -> Option<Closed> {
        match self.state {
            State::Open { until, .. } if now < until => Some(Closed::Until(until)),
            State::HalfOpen { .. } => Some(Closed::BeingTried),
            _ => None,
        }
    }

    /// Whether it is open or half-open.
    pub fn is_open(&self) -> bool {
        !matches!(self.state, State::Closed { .. })
    }

    /// The pass for one call, if it may be made.
    pub fn admit(&mut self, now: Instant) -> Result<Pass, Closed> {
        if let Some(closed) = self.refuses(now) {
            return Err(closed);
        }
        if let State::Open { rest, .. } = self.state {
            self.state = State::HalfOpen { rest };
            self.generation += 1;
        }
        Ok(Pass { generation: self.generation })
    }

    /// The server answered, if only to say no.
    pub fn answered(&mut self, pass: Pass) {
        if pass.generation == self.generation {
            self.state = State::Closed { failures: 0 };
        }
    }

    /// The server failed; whether that opened the breaker.
    pub fn failed(&mut self, pass: Pass, now: Instant) -> bool {
        if pass.generation != self.generation {
            return false;
        }
        let rest = match self.state {
            State::Closed { failures } if failures + 1 < FAILURES => {
                self.state = State::Closed { failures: failures + 1 };
                return false;
            }
            State::Closed { .. } => self.first_rest,
            State::HalfOpen { rest } => rest.saturating_mul(2).min(LONGEST_REST),
            State::Open { .. } => return false,
        };
        self.state = State::Open { until: now + rest, rest };
        self.generation += 1;
        true
    }

    /// The call was given up before it came to anything: another one may find out.
    pub fn abandoned(&mut self, pass: Pass, now: Instant) {
        if let State::HalfOpen { rest } = self.state
            && pass.generation == self.generation
        {
            self.state = State::Open { until: now, rest };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REST: Duration = Duration::from_secs(8);

    fn opened(now: Instant) -> Breaker {
        let mut breaker = Breaker::new(REST);
        for _ in 0..FAILURES {
            let pass = breaker.admit(now).unwrap_or_else(|e| panic!("opened too early: {e:?}"));
            breaker.failed(pass, now);
        }
        breaker
    }

    #[test]
    fn only_failures_in_a_row_open_it() {
        let now = Instant::now();
        let mut breaker = Breaker::new(REST);
        for _ in 0..10 {
            for _ in 1..FAILURES {
                let pass = breaker.admit(now).unwrap();
                assert!(!breaker.failed(pass, now));
            }
            let pass = breaker.admit(now).unwrap();
            breaker.answered(pass);
        }
        assert!(!breaker.is_open());
        assert_eq!(opened(now).admit(now), Err(Closed::Until(now + REST)));
    }

    #[test]
    fn after_its_rest_it_lets_a_single_call_through() {
        let now = Instant::now();
        let mut breaker = opened(now);
        assert!(breaker.admit(now + REST - Duration::from_millis(1)).is_err());
        let pass = breaker.admit(now + REST).unwrap();
        assert_eq!(breaker.admit(now + REST * 100), Err(Closed::BeingTried));
        breaker.answered(pass);
        assert!(!breaker.is_open() && breaker.admit(now + REST).is_ok());
    }

    #[test]
    fn each_failed_try_doubles_the_rest_up_to_five_minutes() {
        let mut now = Instant::now();
        let mut breaker = opened(now);
        let mut rests = Vec::new();
        for _ in 0..8 {
            let Some(Closed::Until(until)) = breaker.refuses(now) else { panic!("it is not open") };
            rests.push((until - now).as_secs());
            now = until;
            let pass = breaker.admit(now).unwrap();
            assert!(breaker.failed(pass, now));
        }
        assert_eq!(rests, [8, 16, 32, 64, 128, 256, 300, 300]);
    }

    #[test]
    fn the_rest_is_short_again_after_the_server_answered() {
        let now = Instant::now();
        let mut breaker = opened(now);
        let pass = breaker.admit(now + REST).unwrap();
        breaker.failed(pass, now + REST);
        let pass = breaker.admit(now + REST * 3).unwrap();
        breaker.answered(pass);
        for _ in 0..FAILURES {
            let pass = breaker.admit(now).unwrap();
            breaker.failed(pass, now);
        }
        assert_eq!(breaker.refuses(now), Some(Closed::Until(now + REST)));
    }

    #[test]
    fn an_abandoned_try_makes_room_for_another_one() {
        let now = Instant::now();
        let mut breaker = opened(now);
        let pass = breaker.admit(now + REST).unwrap();
        breaker.abandoned(pass, now + REST);
        let second = breaker.admit(now + REST).unwrap();
        // The first one has no say any more.
        breaker.answered(pass);
        assert_eq!(breaker.admit(now + REST), Err(Closed::BeingTried));
        breaker.answered(second);
        assert!(!breaker.is_open());
    }

    #[test]
    fn calls_from_before_it_opened_change_nothing() {
        let now = Instant::now();
        let mut breaker = Breaker::new(REST);
        let early = breaker.admit(now).unwrap();
        for _ in 0..FAILURES {
            let pass = breaker.admit(now).unwrap();
            breaker.failed(pass, now);
        }
        breaker.answered(early);
        assert!(breaker.is_open());
        assert!(!breaker.failed(early, now + REST / 2));
        assert_eq!(breaker.refuses(now), Some(Closed::Until(now + REST)));
    }
}
