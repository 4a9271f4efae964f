//! What the site passes on from WebSub hubs to the workers that follow feeds (W3C Recommendation of 23 January 2018).
//!
//! A hub speaks to the subscriber's public address, which is the site's. The workers know the feeds. So the site asks one
//! of them, on the bus: whether a subscription was meant ([`VERIFY`]), whether content is to come at all ([`KNOWN`]), and what
//! to answer to it ([`DELIVER`]).

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// The service that subscribes.
pub const SUBSCRIBER: &str = "ingest";
/// The question whether a subscription was meant ([`Verify`] → [`Verified`]).
pub const VERIFY: &str = "websub-verify";
/// The question whether anybody subscribed to what is told at a callback ([`Callback`] → `bool`): so that nothing is taken
/// in from strangers.
pub const KNOWN: &str = "websub-known";
/// The question that hands over what a hub sent ([`Deliver`] → [`Delivered`]).
pub const DELIVER: &str = "websub-deliver";

/// The path of the callbacks on the site.
pub const PATH: &str = "/websub";

/// How many hexadecimal digits a token has.
const TOKEN_DIGITS: usize = 64;

/// Where a hub speaks to: the feed, and a token that nobody else knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Callback {
    /// The feed's id.
    pub feed_id: String,
    /// 64 hexadecimal digits.
    pub token: String,
}

/// A path that is none of a callback.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected the id of a feed, a slash and {TOKEN_DIGITS} hexadecimal digits")]
pub struct InvalidCallback;

impl FromStr for Callback {
    type Err = InvalidCallback;

    /// Reads what stands after [`PATH`] and a slash.
    fn from_str(text: &str) -> Result<Self, InvalidCallback> {
        let (feed_id, token) = text.split_once('/').ok_or(InvalidCallback)?;
        let is_token = token.len() == TOKEN_DIGITS && token.bytes().all(|b| b.is_ascii_hexdigit());
        let is_id = feed_id.len() == uuid::fmt::Hyphenated::LENGTH && uuid::Uuid::try_parse(feed_id).is_ok();
        if !is_token || !is_id {
            return Err(InvalidCallback);
        }
        Ok(Self { feed_id: feed_id.to_owned(), token: token.to_owned() })
    }
}

impl fmt::Display for Callback {
    /// The path on the site.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PATH}/{}/{}", self.feed_id, self.token)
    }
}

/// What a hub says of a subscription (section 5.3, and 5.2 for a denial).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verify {
    /// Which subscription.
    pub callback: Callback,
    /// `hub.mode`: `subscribe`, `unsubscribe` or `denied`.
    pub mode: String,
    /// `hub.topic`.
    pub topic: String,
    /// `hub.lease_seconds`.
    pub lease_seconds: Option<u64>,
    /// `hub.reason`, of a denial.
    pub reason: Option<String>,
}

/// Whether it was meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verified {
    /// It was: the site answers with the hub's challenge.
    Meant,
    /// It was not: 404.
    Unknown,
}

/// What a hub sent (section 7).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deliver {
    /// For which subscription.
    pub callback: Callback,
    /// `X-Hub-Signature`.
    pub signature: Option<String>,
    /// `Content-Type`.
    pub content_type: Option<String>,
    /// The document in base64; `None` where it is larger than what the bus takes.
    pub body: Option<String>,
}

/// What becomes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Delivered {
    /// It was taken, or passed over because it wasn't signed well: 202 either way (section 7.1.2).
    Taken,
    /// Nobody subscribed to it, or doesn't any more: 410, which ends the subscription (section 7).
    Unwanted,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_callback_is_read_as_it_is_written() {
        let callback =
            Callback { feed_id: "7f0f4a3e-0000-5000-8000-000000000000".into(), token: "0a".repeat(TOKEN_DIGITS / 2) };
        let path = callback.to_string();
        assert_eq!(path.strip_prefix("/websub/").unwrap().parse(), Ok(callback.clone()));
        for wrong in [
            String::new(),
            callback.feed_id.clone(),
            format!("{}/{}", callback.feed_id, &callback.token[1..]),
            format!("{}/{}/", callback.feed_id, callback.token),
            format!("x/{}", callback.token),
            format!("{}/{}", callback.feed_id.replace('-', ""), callback.token),
        ] {
            assert_eq!(wrong.parse::<Callback>(), Err(InvalidCallback), "{wrong}");
        }
    }
}
