//! When a feed is asked for again.
//!
//! A feed is polled twice as often as it changes, within bounds, and never sooner than it asks for. Failures double
//! the wait each time. A share of up to a tenth more or less, which depends on nothing but the feed and its turn, keeps
//! feeds that were added together from coming due together.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

/// A day: the longest that a feed, its server or a row of failures can put off a poll.
pub const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// How many of a feed's last changes are looked at.
pub const CHANGES: usize = 32;

/// How many of them tell of a feed that has become livelier.
const LAST_CHANGES: usize = 8;

/// The part of a wait by which it may be longer or shorter.
const JITTER: f64 = 0.1;

/// The doublings after which the bound is reached from any interval.
const MOST_DOUBLINGS: u32 = 16;

/// How often feeds may be polled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// No feed is polled more often than this, however often it changes.
    pub min: Duration,
    /// A feed that works is polled at least this often, unless it asks for less.
    pub max: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { min: Duration::from_secs(5 * 60), max: DAY }
    }
}

/// The interval that suits a feed which changed at these times, the newest first, and was added at `added_at`.
///
/// It is half the mean gap between changes, up to now: a feed that falls silent is asked less and less. Of the mean over
/// all of them and over the last few the shorter counts, so that a feed that wakes up is noticed.
pub fn interval(changes: &[Timestamp], added_at: Timestamp, now: Timestamp, bounds: Bounds) -> Duration {
    let gap = |changes: &[Timestamp]| {
        let oldest = changes.last().copied().unwrap_or(added_at);
        let span = Duration::try_from(now.duration_since(oldest)).unwrap_or(Duration::ZERO);
        span / u32::try_from(changes.len().max(1)).unwrap_or(u32::MAX)
    };
    let all = &changes[..changes.len().min(CHANGES)];
    let mut mean = gap(all);
    if all.len() > LAST_CHANGES {
        mean = mean.min(gap(&all[..LAST_CHANGES]));
    }
    (mean / 2).clamp(bounds.min, bounds.max.max(bounds.min))
}

/// How many entries a day a feed has had lately.
pub fn entries_a_day(changes: &[Timestamp], now: Timestamp) -> f64 {
    const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);
    let within = changes.iter().take(CHANGES).filter(|at| now.duration_since(**at) <= WEEK);
    let (count, oldest) = within.fold((0_u32, now), |(count, oldest), at| (count + 1, oldest.min(*at)));
    // Where all that are known fall within the week, they were perhaps cut off: the time that they span is what counts.
    let span = if count as usize == CHANGES { now.duration_since(oldest) } else { WEEK };
    let days = (span.as_secs_f64() / DAY.as_secs_f64()).max(1.0 / 24.0);
    (f64::from(count) / days * 100.0).round() / 100.0
}

/// Times of changes, old and new, as they are kept: the newest first, none in the future, at most [`CHANGES`].
pub fn merge_changes(known: &[Timestamp], new: impl IntoIterator<Item = Timestamp>, now: Timestamp) -> Vec<Timestamp> {
    let mut all: Vec<Timestamp> = known.iter().copied().chain(new).map(|at| at.min(now)).collect();
    all.sort_unstable_by(|a, b| b.cmp(a));
    all.truncate(CHANGES);
    all
}

/// A feed's turn, which its waits depend on.
#[derive(Debug, Clone, Copy)]
pub struct Turn<'a> {
    /// The feed.
    pub feed_id: &'a str,
    /// The number of the turn.
    pub slot: i64,
}

impl Turn<'_> {
    /// The wait after a poll that went well. `asked` is the least that the feed or its server asks for; a day at most
    /// is believed.
    pub fn wait(&self, interval: Duration, asked: Option<Duration>) -> Duration {
        let share = self.share();
        let wait = interval.mul_f64(1.0 - JITTER + 2.0 * JITTER * share);
        match asked.map(|asked| asked.min(DAY)) {
            // Never sooner than asked for, so that there is only a later.
            Some(asked) if wait < asked => asked.mul_f64(1.0 + JITTER * share),
            _ => wait,
        }
    }

    /// The wait after the `failures`th poll in a row that failed.
    pub fn backoff(&self, interval: Duration, failures: u32, bounds: Bounds, asked: Option<Duration>) -> Duration {
        let longest = DAY.max(bounds.max);
        let doubled = interval.saturating_mul(1 << failures.min(MOST_DOUBLINGS)).min(longest);
        self.wait(doubled.max(bounds.min), asked)
    }

    /// A moment within `spread` from now, for feeds that are added by the hundred.
    pub fn spread(&self, spread: Duration) -> Duration {
        spread.mul_f64(self.share())
    }

    /// A number from 0 to 1 that is the same whenever it is asked for.
    fn share(&self) -> f64 {
        let digest = Sha256::new().chain_update(self.feed_id).chain_update(self.slot.to_be_bytes()).finalize();
        let number = digest.iter().take(4).fold(0_u32, |number, byte| number << 8 | u32::from(*byte));
        f64::from(number) / f64::from(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3_600);

    fn now() -> Timestamp {
        "2026-03-01T12:00:00Z".parse().unwrap()
    }

    fn every(gap: Duration, count: u32) -> Vec<Timestamp> {
        (1..=count).map(|n| now() - gap * n).collect()
    }

    fn turn(slot: i64) -> Turn<'static> {
        Turn { feed_id: "a", slot }
    }

    #[test]
    fn a_feed_is_polled_twice_as_often_as_it_changes_within_bounds() {
        let of = |changes: &[Timestamp]| interval(changes, now() - HOUR * 1_000, now(), Bounds::default());
        assert_eq!(of(&every(HOUR * 4, 20)), HOUR * 2);
        assert_eq!(of(&every(Duration::from_secs(60), 32)), Duration::from_secs(300));
        assert_eq!(of(&every(HOUR * 24 * 30, 5)), DAY);
    }

    #[test]
    fn a_feed_that_wakes_up_is_noticed_and_one_that_falls_silent_is_let_be() {
        let of = |changes: &[Timestamp]| interval(changes, now() - HOUR * 1_000, now(), Bounds::default());
        let mut awake = every(HOUR, 8);
        awake.extend(every(HOUR * 24 * 7, 20));
        assert_eq!(of(&awake), HOUR / 2);
        let silent: Vec<_> = every(HOUR, 16).into_iter().map(|at| at - HOUR * 24 * 14).collect();
        assert!(of(&silent) > HOUR * 9, "{:?}", of(&silent));
    }

    #[test]
    fn a_feed_of_which_nothing_is_known_is_asked_soon_and_then_less_and_less() {
        let after = |age: Duration| interval(&[], now() - age, now(), Bounds::default());
        assert_eq!(after(Duration::ZERO), Duration::from_secs(300));
        assert_eq!(after(HOUR * 10), HOUR * 5);
        assert_eq!(after(HOUR * 1_000), DAY);
    }

    #[test]
    fn bounds_that_contradict_each_other_do_no_harm() {
        let bounds = Bounds { min: HOUR, max: Duration::from_secs(1) };
        assert_eq!(interval(&[], now(), now(), bounds), HOUR);
        assert_eq!(interval(&[now() + HOUR], now(), now(), bounds), HOUR);
    }

    #[test]
    fn a_wait_differs_by_a_tenth_at_most_and_is_the_same_each_time() {
        let waits: Vec<_> = (0..200).map(|slot| turn(slot).wait(HOUR, None)).collect();
        assert!(waits.iter().all(|w| (HOUR.mul_f64(0.9)..=HOUR.mul_f64(1.1)).contains(w)), "{waits:?}");
        let spread = waits.iter().max().unwrap().abs_diff(*waits.iter().min().unwrap());
        assert!(spread > HOUR / 6, "{spread:?}");
        assert_eq!(turn(7).wait(HOUR, None), turn(7).wait(HOUR, None));
    }

    #[test]
    fn what_a_feed_asks_for_is_the_least_up_to_a_day() {
        for slot in 0..100 {
            let asked = turn(slot).wait(HOUR, Some(HOUR * 2));
            assert!((HOUR * 2..=HOUR * 2 + HOUR / 5).contains(&asked), "{asked:?}");
            let greedy = turn(slot).wait(HOUR, Some(DAY * 365));
            assert!((DAY..=DAY.mul_f64(1.1)).contains(&greedy), "{greedy:?}");
            assert!(turn(slot).wait(HOUR, Some(Duration::from_secs(1))) > HOUR / 2);
        }
    }

    #[test]
    fn failures_double_the_wait_up_to_a_day() {
        let wait = |failures| turn(1).backoff(HOUR, failures, Bounds::default(), None).as_secs_f64() / 3_600.0;
        for (failures, hours) in [(1, 2.0), (2, 4.0), (4, 16.0), (5, 24.0), (60, 24.0), (u32::MAX, 24.0)] {
            assert!((wait(failures) / hours - 1.0).abs() <= JITTER + 1e-9, "{failures}: {}", wait(failures));
        }
        let patient = turn(1).backoff(HOUR, 1, Bounds::default(), Some(HOUR * 5));
        assert!(patient >= HOUR * 5);
    }

    #[test]
    fn entries_a_day_are_those_of_the_last_week() {
        assert_eq!(entries_a_day(&every(HOUR * 24, 30), now()), 1.0);
        assert_eq!(entries_a_day(&every(HOUR, 32), now()), 24.0);
        assert_eq!(entries_a_day(&every(HOUR * 24 * 30, 5), now()), 0.0);
        assert_eq!(entries_a_day(&[], now()), 0.0);
    }

    #[test]
    fn changes_are_kept_newest_first_and_never_in_the_future() {
        let merged = merge_changes(&every(HOUR, 30), [now() + HOUR, now() - HOUR * 500, now() - HOUR * 2], now());
        assert_eq!((merged.len(), merged[0]), (CHANGES, now()));
        assert!(merged.is_sorted_by(|a, b| a >= b));
    }
}
