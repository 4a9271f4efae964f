//! How much a client may ask of the API.
//!
//! Each replica counts for itself, in memory: what the limit protects is the replica and its connections to the database,
//! and a count that replicas share would cost a write a request. All clients' windows are the minutes of the clock, so a
//! minute's counts are forgotten at once. The headers are those of draft-ietf-httpapi-ratelimit-headers-10.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use jiff::Timestamp;

use super::problem::Problem;
use crate::client_address::network;

/// Requests of a client a minute: ten a second go on reading, and are a hundredth or so of what a replica answers.
pub const QUOTA: u32 = 600;

/// The length of a window, in seconds.
pub const WINDOW_S: i64 = 60;

/// How many clients of a minute are told apart, some 5 MB of memory. More than that is a flood, and those that come after
/// them share one quota.
const CLIENTS: usize = 100_000;

/// The policy's name.
const POLICY: &str = "address";

/// The type of the problem that it is broken, as the draft registers it.
const QUOTA_EXCEEDED: &str = "https://iana.org/assignments/http-problem-types#quota-exceeded";

/// `RateLimit-Policy`.
pub const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// `RateLimit`.
pub const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// Counts requests. Cheap to clone; clones are the same.
#[derive(Debug, Clone, Default)]
pub struct Limiter(Arc<Mutex<Window>>);

#[derive(Debug, Default)]
struct Window {
    number: i64,
    counts: HashMap<IpAddr, u32>,
    /// The count of all who found no room.
    others: u32,
}

/// How a client stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// How many requests it made in this window.
    count: u32,
    /// In how many seconds the next window begins.
    resets_in_s: i64,
}

impl Limiter {
    /// Counts a request of `client`.
    pub fn count(&self, client: IpAddr, now: Timestamp) -> Standing {
        self.count_among(client, now, CLIENTS)
    }

    fn count_among(&self, client: IpAddr, now: Timestamp, clients: usize) -> Standing {
        let number = now.as_second().div_euclid(WINDOW_S);
        let mut window = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if window.number != number {
            *window = Window { number, ..Window::default() };
        }
        let Window { counts, others, .. } = &mut *window;
        let is_full = counts.len() >= clients;
        let count = match counts.get_mut(&network(client)) {
            Some(count) => count,
            None if is_full => others,
            None => counts.entry(network(client)).or_default(),
        };
        *count = count.saturating_add(1);
        Standing { count: *count, resets_in_s: (number + 1) * WINDOW_S - now.as_second() }
    }
}

impl Standing {
    /// Whether the client made more requests than it may.
    pub fn is_over(self) -> bool {
        self.count > QUOTA
    }

    /// Writes what the client is to know.
    pub fn write(self, headers: &mut HeaderMap) {
        let policy = format!("\"{POLICY}\";q={QUOTA};w={WINDOW_S}");
        let limit = format!("\"{POLICY}\";r={};t={}", QUOTA.saturating_sub(self.count), self.resets_in_s);
        for (name, value) in [(RATE_LIMIT_POLICY, policy), (RATE_LIMIT, limit)] {
            // Digits and a name always are a header's value.
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(name, value);
            }
        }
    }
}

/// The answer to who asks too much.
pub fn too_many(standing: Standing) -> Response {
    let detail = format!(
        "expected up to {QUOTA} requests in {WINDOW_S} seconds from one address: try again in {} seconds",
        standing.resets_in_s
    );
    let problem = Problem {
        kind: QUOTA_EXCEEDED,
        title: "too many requests".into(),
        status: StatusCode::TOO_MANY_REQUESTS.as_u16(),
        detail: detail.into(),
        violated_policies: &[POLICY],
    };
    let mut response = problem.into_response();
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(standing.resets_in_s));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_client_has_its_quota_in_each_minute() {
        let (limiter, client) = (Limiter::default(), address("192.0.2.1"));
        for count in 1..=QUOTA {
            assert_eq!(limiter.count(client, at(119)), Standing { count, resets_in_s: 1 });
        }
        assert!(limiter.count(client, at(119)).is_over());
        assert!(!limiter.count(address("192.0.2.2"), at(119)).is_over());
        assert_eq!(limiter.count(client, at(120)), Standing { count: 1, resets_in_s: 60 });
    }

    #[test]
    fn a_network_of_ipv6_is_one_client() {
        let limiter = Limiter::default();
        for (client, count) in [("2001:db8::1", 1), ("2001:db8::ffff:1", 2), ("2001:db8:0:1::1", 1)] {
            assert_eq!(limiter.count(address(client), at(0)).count, count, "{client}");
        }
        assert_eq!(limiter.count(address("::ffff:192.0.2.1"), at(0)).count, 1);
        assert_eq!(limiter.count(address("192.0.2.1"), at(0)).count, 2);
    }

    #[test]
    fn who_finds_no_room_shares_a_quota_and_who_has_it_keeps_it() {
        let limiter = Limiter::default();
        let count = |client: &str| limiter.count_among(address(client), at(0), 2).count;
        assert_eq!((count("192.0.2.1"), count("192.0.2.2")), (1, 1));
        assert_eq!((count("192.0.2.3"), count("192.0.2.4"), count("192.0.2.1")), (1, 2, 2));
        assert_eq!(limiter.0.lock().unwrap().counts.len(), 2);
    }

    #[test]
    fn a_client_is_told_how_it_stands() {
        let mut headers = HeaderMap::new();
        Standing { count: QUOTA + 5, resets_in_s: 7 }.write(&mut headers);
        assert_eq!(headers[RATE_LIMIT_POLICY], "\"address\";q=600;w=60");
        assert_eq!(headers[RATE_LIMIT], "\"address\";r=0;t=7");
        let response = too_many(Standing { count: QUOTA + 5, resets_in_s: 7 });
        assert_eq!(
            (response.status().as_u16(), &response.headers()[header::RETRY_AFTER]),
            (429, &"7".parse().unwrap())
        );
    }
}
