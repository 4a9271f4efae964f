//! How long a retry waits.

use std::time::Duration;

/// How often a call is repeated: a server that fails three times in a row is left to the breaker, or to a redelivery of
/// the event.
pub(super) const RETRIES: u32 = 2;

/// The longest that a retry waits by itself.
const LONGEST: Duration = Duration::from_secs(30);

/// How long the `retry`th retry (from 1) waits: `first`, twice that, four times that, up to half a minute. `random` in
/// 0..1 spreads it by half, so that calls that failed together don't come back together.
pub(super) fn delay(first: Duration, retry: u32, random: f64) -> Duration {
    let factor = 2_u32.saturating_pow(retry.saturating_sub(1));
    first.saturating_mul(factor).min(LONGEST).mul_f64(0.5 + random.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_retry_waits_twice_as_long_up_to_a_limit() {
        let second = Duration::from_secs(1);
        assert_eq!(delay(second, 1, 0.5), second);
        assert_eq!(delay(second, 2, 0.5), second * 2);
        assert_eq!(delay(second, 3, 0.5), second * 4);
        assert_eq!(delay(second, 1_000, 0.5), LONGEST);
    }

    #[test]
    fn chance_spreads_the_wait_around_its_middle() {
        let second = Duration::from_secs(1);
        assert_eq!(delay(second, 1, 0.0), second / 2);
        assert_eq!(delay(second, 1, 1.0), second * 3 / 2);
        assert_eq!(delay(second, 1, 7.0), second * 3 / 2);
    }
}
