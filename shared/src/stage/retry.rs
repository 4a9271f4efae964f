//! When a failed event is tried again.

use std::time::Duration;

use jiff::Timestamp;

use super::Failure;

/// The longest that a retry waits by itself.
const LONGEST: Duration = Duration::from_secs(10 * 60);

/// The longest that a retry waits because somebody asked for it.
const LONGEST_ASKED: Duration = Duration::from_secs(24 * 60 * 60);

/// How long to wait after the `attempt`th attempt (from 1): `first`, four times that, sixteen times, up to ten
/// minutes; or as long as the failure asks for. `random` in 0..1 spreads it by a quarter, so that events that failed
/// together don't come back together.
pub fn delay(failure: &Failure, attempt: u32, first: Duration, now: Timestamp, random: f64) -> Duration {
    let spread = 0.75 + random / 2.0;
    match failure {
        Failure::RateLimited { until, .. } | Failure::NotYet { until, .. } => {
            // Never before the time that was asked for.
            let asked = Duration::try_from(until.duration_since(now)).unwrap_or_default().min(LONGEST_ASKED);
            asked + first.mul_f64(spread)
        }
        _ => {
            let factor = 4_u32.saturating_pow(attempt.saturating_sub(1));
            first.saturating_mul(factor).min(LONGEST).mul_f64(spread)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn each_retry_waits_longer_up_to_a_limit() {
        let failure = Failure::Retry("down".into());
        let delay = |attempt| delay(&failure, attempt, SECOND, Timestamp::UNIX_EPOCH, 0.5);
        assert_eq!(delay(1), SECOND);
        assert_eq!(delay(2), SECOND * 4);
        assert_eq!(delay(3), SECOND * 16);
        assert_eq!(delay(1_000), LONGEST);
    }

    #[test]
    fn a_rate_limit_is_never_undercut() {
        let now = Timestamp::UNIX_EPOCH;
        let failure = Failure::RateLimited { until: now + SECOND * 90, reason: "429".into() };
        for random in [0.0, 0.5, 0.99] {
            assert!(delay(&failure, 1, SECOND, now, random) >= SECOND * 90);
        }
        let past = Failure::RateLimited { until: now - SECOND * 90, reason: "429".into() };
        assert!(delay(&past, 1, SECOND, now, 0.0) < SECOND);
    }
}
