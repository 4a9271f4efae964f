//! Hubs: who tells of a feed's changes as they happen, so that polls only make up for what a hub forgets.
//!
//! W3C Recommendation WebSub of 23 January 2018. A poll notes the [`Offer`] of a feed; [`subscriber`] asks the hub to
//! tell of the feed, and again before that lapses; [`callback`] answers what the hub says to the site's address, which
//! the site passes on. [`link`] reads offers in headers, [`signature`] tells a hub's words from anybody's.

pub mod callback;
pub mod link;
pub mod signature;
pub mod state;
pub mod subscriber;

use std::time::Duration;

use jiff::Timestamp;
use kos_shared::{event::HttpUrl, websub::Callback};
use url::Host;
use uuid::Uuid;

use self::link::Links;
use super::Feed;
use crate::address::{AllowedNetworks, is_private_name};

/// How long a hub is asked to tell of a feed.
pub const LEASE: Duration = Duration::from_secs(10 * 24 * 60 * 60);

/// The shortest and the longest lease that is believed.
const LEASES: (Duration, Duration) = (Duration::from_secs(60), Duration::from_secs(90 * 24 * 60 * 60));

/// The hub that a feed offers, and what the feed is called there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// The hub.
    pub hub: HttpUrl,
    /// The feed's topic, its own address in its own words.
    pub topic: HttpUrl,
}

impl Offer {
    /// What a feed that was found at `found_at` offers: by its answer's headers, else by itself (section 4).
    pub fn of(feed: &Feed, links: Links, found_at: &HttpUrl) -> Option<Self> {
        let hub = links.hub.or_else(|| feed.hubs.first().cloned())?;
        let topic = links.topic.or_else(|| feed.self_url.clone()).unwrap_or_else(|| found_at.clone());
        Some(Self { hub, topic })
    }
}

/// A hub that was asked to tell of a feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hub {
    /// The feed.
    pub feed_id: String,
    /// What was offered.
    pub offer: Offer,
    /// What the hub signs with, and what the callback's token is made of.
    pub secret: String,
    /// Until when it tells of the feed, where it agreed to.
    pub expires_at: Option<Timestamp>,
}

impl Hub {
    /// Where it is to speak to.
    pub fn callback(&self) -> Callback {
        Callback { feed_id: self.feed_id.clone(), token: signature::token(&self.secret, &self.feed_id) }
    }

    /// Whether `callback` is the one that it was given.
    pub fn was_given(&self, callback: &Callback) -> bool {
        callback.feed_id == self.feed_id && signature::is_token(&self.secret, &self.feed_id, &callback.token)
    }
}

/// A new secret of 244 random bits: well within the 200 bytes that hubs take (section 5.1).
fn new_secret() -> String {
    format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple())
}

/// When a lease that a hub granted at `now` ends.
fn lease_end(granted: Option<Duration>, now: Timestamp) -> Timestamp {
    let (shortest, longest) = LEASES;
    now.saturating_add(granted.unwrap_or(LEASE).clamp(shortest, longest)).unwrap_or(Timestamp::MAX)
}

/// Whether hubs can speak to a site at `url`: its address is one of the public internet, or of a network that the
/// operator allows.
pub fn is_within_reach(url: &HttpUrl, allowed: &AllowedNetworks) -> bool {
    match url.as_url().host() {
        Some(Host::Ipv4(address)) => allowed.permit(address.into()),
        Some(Host::Ipv6(address)) => allowed.permit(address.into()),
        Some(Host::Domain(name)) => !is_private_name(name),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> HttpUrl {
        text.parse().unwrap()
    }

    #[test]
    fn headers_say_more_than_the_feed_and_the_feed_more_than_its_address() {
        let (found_at, feed) = (url("https://a.example/feed"), Feed::default());
        assert_eq!(Offer::of(&feed, Links::default(), &found_at), None);
        let feed = Feed { hubs: vec![url("https://hub.example/"), url("https://other.example/")], ..feed };
        let offer = |hub, topic| Some(Offer { hub: url(hub), topic: url(topic) });
        assert_eq!(Offer::of(&feed, Links::default(), &found_at), offer("https://hub.example/", found_at.as_str()));
        let feed = Feed { self_url: Some(url("https://a.example/self")), ..feed };
        assert_eq!(
            Offer::of(&feed, Links::default(), &found_at),
            offer("https://hub.example/", "https://a.example/self")
        );
        let (hub, topic) = (Some(url("https://h.example/")), Some(url("https://a.example/topic")));
        let links = Links { hub, topic, canonical: None };
        assert_eq!(Offer::of(&feed, links, &found_at), offer("https://h.example/", "https://a.example/topic"));
    }

    #[test]
    fn a_hub_knows_no_other_callback_than_its_own() {
        let offer = Offer { hub: url("https://hub.example/"), topic: url("https://a.example/feed") };
        let hub = Hub { feed_id: "a".into(), offer, secret: new_secret(), expires_at: None };
        assert!(hub.was_given(&hub.callback()));
        let of_another = Hub { secret: new_secret(), ..hub.clone() };
        assert!(!of_another.was_given(&hub.callback()));
        assert!(!hub.was_given(&Callback { feed_id: "b".into(), ..hub.callback() }));
        assert!(!hub.callback().token.contains(&hub.secret));
    }

    #[test]
    fn a_lease_is_neither_endless_nor_over_at_once() {
        let now = Timestamp::UNIX_EPOCH;
        let seconds = |granted: Option<u64>| lease_end(granted.map(Duration::from_secs), now).as_second();
        assert_eq!(seconds(Some(3_600)), 3_600);
        assert_eq!((seconds(None), seconds(Some(0)), seconds(Some(u64::MAX))), (864_000, 60, 7_776_000));
    }

    #[test]
    fn hubs_reach_public_sites() {
        let nobody = AllowedNetworks::default();
        for public in ["https://news.example.com/", "http://93.184.216.34:8080/", "https://news.example.com./x"] {
            assert!(is_within_reach(&url(public), &nobody), "{public}");
        }
        for private in ["http://127.0.0.1:8080/", "http://localhost/", "http://news/", "http://[::1]/", "http://a.lan/"]
        {
            assert!(!is_within_reach(&url(private), &nobody), "{private}");
        }
        assert!(is_within_reach(&url("http://127.0.0.1:8080/"), &"127.0.0.0/8".parse().unwrap()));
    }
}
