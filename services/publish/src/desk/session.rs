//! Who is in: a signed cookie, so that all replicas know it, and a token in each form, so that no other site can post
//! one.
//!
//! Both are made with HMAC-SHA256 (RFC 2104) under a key that comes from the admin token: another token ends all
//! sessions.

use std::{
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use kos_shared::config::Secret;
use ring::hmac;

use crate::{
    client_address::network,
    cookies::in_line,
    signing::{is_same, is_signed, signed},
};

/// The cookie's name.
const COOKIE: &str = "kos_desk";

/// How many wrong tokens a replica takes in a minute from one address: its guessing keeps nobody else out.
const OF_ADDRESS: usize = 10;

/// How many it takes from all. So many are no mistakes, and whoever guesses from everywhere is slowed down, too.
const OF_ALL: usize = 1_000;

/// The door.
pub(super) struct Entrance {
    key: hmac::Key,
    token: hmac::Tag,
    /// From where wrong tokens came lately, and when, in milliseconds since 1970.
    failures: Mutex<Vec<(IpAddr, i64)>>,
}

/// Somebody who is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Session {
    /// What each form of this session has to carry.
    pub csrf: String,
}

impl Session {
    /// Whether a form is one that this session was given.
    pub fn confirms(&self, csrf: &str) -> bool {
        !csrf.is_empty() && is_same(csrf, &self.csrf)
    }
}

impl Entrance {
    pub fn new(token: &Secret) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA256, format!("knowledge-os desk {}", token.reveal()).as_bytes());
        let token = hmac::sign(&key, token.reveal().trim().as_bytes());
        Self { key, token, failures: Mutex::default() }
    }

    /// Whether this is the operator's token; takes as long for one that nearly is.
    pub fn is_token(&self, shown: &str) -> bool {
        hmac::verify(&self.key, shown.as_bytes(), self.token.as_ref()).is_ok()
    }

    /// Whether `client` may try a token.
    pub fn may_try(&self, client: IpAddr, now: Timestamp) -> bool {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        failures.retain(|(_, at)| now.as_millisecond() - at < 60_000);
        let own = failures.iter().filter(|(from, _)| *from == network(client)).count();
        own < OF_ADDRESS && failures.len() < OF_ALL
    }

    /// A wrong token came from `client`.
    pub fn failed(&self, client: IpAddr, now: Timestamp) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        failures.push((network(client), now.as_millisecond()));
    }

    /// The cookie's value for a session that begins now.
    pub fn begin(&self, now: Timestamp, length: Duration) -> String {
        let ends = now.as_second().saturating_add_unsigned(length.as_secs());
        let nonce = uuid::Uuid::new_v4().simple().to_string();
        let said = format!("{ends}.{nonce}");
        format!("{said}.{}", signed(&self.key, &session_of(&said)))
    }

    /// The session that a request's cookies tell of, unless it is over.
    pub fn session<'a>(&self, cookies: impl Iterator<Item = &'a str>, now: Timestamp) -> Option<Session> {
        cookies.flat_map(|line| in_line(line, COOKIE)).find_map(|value| {
            let (said, signature) = value.rsplit_once('.')?;
            let (ends, _) = said.split_once('.')?;
            let ends: i64 = ends.parse().ok()?;
            let genuine = is_signed(&self.key, &session_of(said), signature);
            (genuine && now.as_second() < ends).then(|| Session { csrf: signed(&self.key, &format!("form {said}")) })
        })
    }
}

fn session_of(said: &str) -> String {
    format!("session {said}")
}

/// `Set-Cookie` with a session; one without length ends it.
pub(super) fn cookie(value: &str, length: Duration, secure: bool) -> String {
    let secure = if secure { "; Secure" } else { "" };
    format!("{COOKIE}={value}; Path=/desk; Max-Age={}; HttpOnly; SameSite=Strict{secure}", length.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3_600);

    fn entrance(token: &str) -> Entrance {
        Entrance::new(&Secret::new(token))
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    fn of(entrance: &Entrance, cookie: &str, now: Timestamp) -> Option<Session> {
        entrance.session([cookie].into_iter(), now)
    }

    #[test]
    fn a_session_ends_and_all_replicas_know_it_meanwhile() {
        let value = entrance("secret").begin(at(0), HOUR);
        let cookie = format!("kos_lang=en; kos_desk={value}");
        let replica = entrance("secret");
        let session = of(&replica, &cookie, at(3_599)).unwrap();
        assert!(session.confirms(&session.csrf.clone()) && !session.confirms("") && !session.confirms("x"));
        assert_eq!(of(&replica, &cookie, at(3_600)), None);
    }

    #[test]
    fn a_cookie_that_was_made_up_or_changed_is_none() {
        let (one, now) = (entrance("secret"), at(0));
        let value = one.begin(now, HOUR);
        let (said, signature) = value.rsplit_once('.').unwrap();
        let (_, nonce) = said.split_once('.').unwrap();
        let later = format!("{}.{nonce}.{signature}", at(7_200).as_second());
        for made_up in ["", "kos_desk", "kos_desk=", "kos_desk=1.2.3", &format!("kos_desk={later}")] {
            assert_eq!(of(&one, made_up, now), None, "{made_up}");
        }
        assert_eq!(of(&entrance("another"), &format!("kos_desk={value}"), now), None);
        let other = of(&one, &format!("kos_desk={}", one.begin(now, HOUR)), now).unwrap();
        assert!(!of(&one, &format!("kos_desk={value}"), now).unwrap().confirms(&other.csrf));
    }

    #[test]
    fn only_the_whole_token_opens() {
        let entrance = entrance("secret");
        assert!(entrance.is_token("secret"));
        for wrong in ["", "secre", "secret ", "Secret"] {
            assert!(!entrance.is_token(wrong), "{wrong}");
        }
    }

    #[test]
    fn who_guesses_is_slowed_down_and_keeps_nobody_else_out() {
        let entrance = entrance("secret");
        let [one, same, other] =
            ["2001:db8::1", "2001:db8::2", "192.0.2.1"].map(|address| address.parse::<IpAddr>().unwrap());
        for _ in 0..OF_ADDRESS {
            assert!(entrance.may_try(one, at(0)));
            entrance.failed(one, at(0));
        }
        assert!(!entrance.may_try(one, at(59)) && !entrance.may_try(same, at(59)) && entrance.may_try(other, at(59)));
        assert!(entrance.may_try(one, at(60)));
    }

    #[test]
    fn who_guesses_from_everywhere_is_slowed_down() {
        let entrance = entrance("secret");
        for number in 0..OF_ALL as u32 {
            let client = IpAddr::V4(number.into());
            assert!(entrance.may_try(client, at(0)), "{number}");
            entrance.failed(client, at(0));
        }
        assert!(!entrance.may_try(IpAddr::V4(u32::MAX.into()), at(59)));
    }
}
