//! Whether all clocks show the same time: leases, turns and pauses that workers share are told by them.

use jiff::SignedDuration;
use kos_shared::control::Status;

use super::{Finding, bad, good};

/// A clock that is off by more than this is worth a word. An answer that was on its way for a while isn't.
const TOLERATED_MS: i64 = 3_000;

/// `own_ms` is how far the clock here is ahead of the server's.
pub fn clocks(own_ms: Option<i64>, workers: &[Status]) -> Vec<Finding> {
    let Some(own_ms) = own_ms else { return Vec::new() };
    let workers = workers.iter().filter_map(|worker| {
        Some((format!("{} {}", worker.service, worker.instance), worker.clock_ahead_ms? + own_ms))
    });
    let all = std::iter::once(("this machine".to_owned(), own_ms)).chain(workers);
    let wrong: Vec<Finding> = all.filter_map(|(whose, ahead_ms)| clock(&whose, ahead_ms)).collect();
    match wrong.is_empty() {
        true => vec![good("clocks", "server, workers and this machine agree")],
        false => wrong,
    }
}

fn clock(whose: &str, ahead_ms: i64) -> Option<Finding> {
    if ahead_ms.abs() <= TOLERATED_MS {
        return None;
    }
    let by = SignedDuration::from_secs(ahead_ms.abs() / 1_000);
    let direction = if ahead_ms > 0 { "ahead of" } else { "behind" };
    let remedy = "set the clocks of that machine and of the server's by NTP: `timedatectl set-ntp true`, then see \
                  `timedatectl status`";
    Some(bad(format!("clock of {whose}"), format!("it is {by:#} {direction} the server's"), remedy))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_off_is_named_and_little_delays_are_not() {
        assert!(clock("w", 2_900).is_none() && clock("w", -2_900).is_none());
        assert_eq!(clock("ingest x", 65_000).unwrap().found, "it is 1m 5s ahead of the server's");
        assert_eq!(clock("ingest x", -4_000).unwrap().found, "it is 4s behind the server's");
        assert_eq!(clocks(Some(9_000), &[]).len(), 1);
        assert!(clocks(Some(100), &[])[0].ok);
        assert!(clocks(None, &[]).is_empty());
    }
}
