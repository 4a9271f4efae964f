//! Politeness: how often, and how often at once, a host is asked, by all workers together.
//!
//! The state is in the database: a host has turns, a delay apart, and so many fetches at once. [`Hosts`] asks for them
//! on behalf of one worker, many at a time in one transaction; [`turns`] has the statements, and [`decide`] the rule.
//! What a worker holds expires, so one that is killed frees it. Workers tell the time by their own clocks.

mod keeper;
pub mod turns;

use std::time::Duration;

use jiff::Timestamp;

pub use keeper::{Hosts, Pass, Waiting};

/// How far ahead turns are given out. Who comes when all of them are taken comes again after that.
const HORIZON: Duration = Duration::from_secs(60 * 60);

/// How far apart the turns of those are who found all connections in use, at least.
const SLOW: Duration = Duration::from_secs(1);

/// How a host is treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// The least time between the beginnings of two fetches; zero for none.
    pub delay: Duration,
    /// How many fetches may be under way at once; zero for any number.
    pub connections: u32,
}

impl Pace {
    /// Whether there is nothing to ask the database for.
    pub fn is_unlimited(&self) -> bool {
        self.delay.is_zero() && self.connections == 0
    }
}

/// What is known about a host when somebody asks for a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Situation {
    /// When somebody last began to fetch.
    pub last_at: Timestamp,
    /// The first turn that nobody has.
    pub next_at: Timestamp,
    /// How many fetches are under way.
    pub under_way: u32,
    /// The turn that was given to who asks, on an earlier occasion.
    pub reserved: Option<Timestamp>,
    /// Whether who asks is still willing to wait for a connection.
    pub patient: bool,
    /// Whether who asks has begun already and waits in place, and until when; its turn goes ahead of all that are reserved.
    pub begun: Option<Timestamp>,
    /// Until when the host asked to be left alone.
    pub left_alone_until: Timestamp,
}

/// What becomes of who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// It may begin; the host's next turn is then.
    Enter {
        /// The first turn that nobody has.
        next_at: Timestamp,
    },
    /// It gets a turn of its own.
    Reserve {
        /// When.
        at: Timestamp,
        /// The first turn that nobody has, after that.
        next_at: Timestamp,
    },
    /// It gets the next turn of all, and those that are reserved come a delay later than that.
    GoAhead {
        /// When.
        at: Timestamp,
    },
    /// It is to ask again then; what it has it keeps.
    Wait(Timestamp),
    /// As many fetches are under way as may be: it is to ask again when one of them is over.
    Busy,
}

/// Whether a fetch may begin now.
pub fn decide(situation: Situation, pace: Pace, now: Timestamp) -> Decision {
    let Situation { last_at, next_at, under_way, reserved, patient, begun, left_alone_until } = situation;
    if left_alone_until > now {
        return Decision::Wait(left_alone_until);
    }
    match reserved {
        Some(at) if at > now => return Decision::Wait(at),
        // Its turn, or past it; somebody else may have been late, though.
        Some(_) if begun.is_none() && last_at + pace.delay > now => return Decision::Wait(last_at + pace.delay),
        Some(_) => {}
        None if pace.delay.is_zero() => {}
        None if begun.is_some() && last_at + pace.delay <= now => {}
        // Who can't wait that long takes no turn.
        None if begun.is_some_and(|until| last_at + pace.delay <= until) => {
            return Decision::GoAhead { at: last_at + pace.delay };
        }
        None if begun.is_some() => return Decision::Wait(last_at + pace.delay),
        None if next_at.max(last_at + pace.delay) <= now => {}
        None => return reserve(next_at.max(last_at + pace.delay), pace.delay, now),
    }
    if pace.connections == 0 || under_way < pace.connections {
        Decision::Enter { next_at: next_at.max(now + pace.delay) }
    } else if patient {
        Decision::Busy
    } else {
        // Behind all others: who asked again at once would be delivered over and over.
        let apart = pace.delay.max(SLOW);
        if begun.is_some() {
            return Decision::Wait(now + apart);
        }
        reserve(next_at.max(now + apart), apart, now)
    }
}

fn reserve(at: Timestamp, apart: Duration, now: Timestamp) -> Decision {
    if at > now + HORIZON { Decision::Wait(now + HORIZON) } else { Decision::Reserve { at, next_at: at + apart } }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACE: Pace = Pace { delay: Duration::from_secs(1), connections: 2 };
    const SECOND: Duration = Duration::from_secs(1);

    fn now() -> Timestamp {
        "2026-01-01T00:00:00Z".parse().unwrap()
    }

    fn quiet() -> Situation {
        let long_ago = Timestamp::UNIX_EPOCH;
        Situation {
            last_at: long_ago,
            next_at: long_ago,
            under_way: 0,
            reserved: None,
            patient: true,
            begun: None,
            left_alone_until: long_ago,
        }
    }

    #[test]
    fn a_quiet_host_is_asked_at_once() {
        assert_eq!(decide(quiet(), PACE, now()), Decision::Enter { next_at: now() + SECOND });
    }

    #[test]
    fn who_comes_together_gets_turns_a_delay_apart() {
        let first = Situation { last_at: now(), next_at: now() + SECOND, ..quiet() };
        let at = now() + SECOND;
        assert_eq!(decide(first, PACE, now()), Decision::Reserve { at, next_at: at + SECOND });
        let second = Situation { next_at: at + SECOND, ..first };
        let later = at + SECOND;
        assert_eq!(decide(second, PACE, now()), Decision::Reserve { at: later, next_at: later + SECOND });
    }

    #[test]
    fn a_turn_is_kept_until_it_comes() {
        let at = now() + SECOND * 5;
        let waiting = Situation { next_at: at + SECOND * 9, reserved: Some(at), ..quiet() };
        assert_eq!(decide(waiting, PACE, now()), Decision::Wait(at));
        assert_eq!(decide(waiting, PACE, at), Decision::Enter { next_at: waiting.next_at });
        // Somebody with the turn before was late.
        let late = Situation { last_at: at, ..waiting };
        assert_eq!(decide(late, PACE, at + SECOND / 2), Decision::Wait(at + SECOND));
    }

    #[test]
    fn who_has_begun_goes_ahead_of_those_who_wait() {
        let begun = Some(now() + SECOND * 60);
        let crowded = Situation { last_at: now(), next_at: now() + SECOND * 900, begun, ..quiet() };
        let at = now() + SECOND;
        assert_eq!(decide(crowded, PACE, now()), Decision::GoAhead { at });
        // The next one that has begun comes a delay after it, and those with a turn after both.
        let second = Situation { last_at: at, ..crowded };
        assert_eq!(decide(second, PACE, now()), Decision::GoAhead { at: at + SECOND });
        let late = Situation { last_at: at + SECOND, reserved: Some(at), begun: None, ..crowded };
        assert_eq!(decide(late, PACE, at), Decision::Wait(at + SECOND * 2));
        let first = Situation { last_at: at + SECOND, reserved: Some(at), ..crowded };
        assert_eq!(decide(first, PACE, at), Decision::Enter { next_at: crowded.next_at });
        // Who would wait longer than it may takes nothing.
        let full = Situation { last_at: now() + SECOND * 60, ..crowded };
        assert_eq!(decide(full, PACE, now()), Decision::Wait(now() + SECOND * 61));
    }

    #[test]
    fn a_host_that_asked_for_it_is_left_alone_by_everybody() {
        let until = now() + SECOND * 90;
        for pace in [PACE, Pace { delay: Duration::ZERO, ..PACE }] {
            for begun in [None, Some(now() + SECOND * 60)] {
                for reserved in [None, Some(now())] {
                    let closed = Situation { left_alone_until: until, begun, reserved, ..quiet() };
                    assert_eq!(decide(closed, pace, now()), Decision::Wait(until));
                    assert!(matches!(decide(closed, pace, until), Decision::Enter { .. }));
                }
            }
        }
    }

    #[test]
    fn turns_are_given_out_for_an_hour_at_most() {
        let crowded = Situation { next_at: now() + HORIZON + SECOND, ..quiet() };
        assert_eq!(decide(crowded, PACE, now()), Decision::Wait(now() + HORIZON));
    }

    #[test]
    fn no_more_are_under_way_than_may_be() {
        for (under_way, enters) in [(0, true), (1, true), (2, false), (3, false)] {
            let decision = decide(Situation { under_way, ..quiet() }, PACE, now());
            assert_eq!(decision != Decision::Busy, enters, "{under_way}: {decision:?}");
        }
        let any = Pace { connections: 0, ..PACE };
        assert!(matches!(decide(Situation { under_way: 99, ..quiet() }, any, now()), Decision::Enter { .. }));
    }

    #[test]
    fn who_waited_for_a_connection_in_vain_goes_to_the_end_of_the_line() {
        for delay in [SECOND, Duration::ZERO] {
            let pace = Pace { delay, ..PACE };
            let busy = Situation { under_way: 2, patient: false, ..quiet() };
            let at = now() + SECOND;
            assert_eq!(decide(busy, pace, now()), Decision::Reserve { at, next_at: at + SECOND });
            let line = Situation { next_at: now() + SECOND * 60, reserved: Some(now()), ..busy };
            let at = line.next_at;
            assert_eq!(decide(line, pace, now()), Decision::Reserve { at, next_at: at + SECOND });
            assert_eq!(decide(Situation { reserved: Some(at), ..quiet() }, pace, now()), Decision::Wait(at));
        }
    }

    #[test]
    fn without_a_delay_nobody_has_a_turn() {
        let pace = Pace { delay: Duration::ZERO, connections: 2 };
        let busy = Situation { last_at: now(), next_at: now() + SECOND, ..quiet() };
        assert!(matches!(decide(busy, pace, now()), Decision::Enter { .. }));
        assert!(!pace.is_unlimited() && Pace { connections: 0, ..pace }.is_unlimited());
    }
}
