//! What a server's answer to a poll says: the document, nothing new, or what is wrong.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    time::Duration,
};

use bytes::Bytes;
use jiff::Timestamp;
use kos_shared::{
    event::HttpUrl,
    stage::{Failure, on_cpu},
};
use reqwest::header::{AGE, CACHE_CONTROL, ETAG, HeaderMap, HeaderName, LAST_MODIFIED};
use sha2::{Digest, Sha256};

use super::{
    Feed,
    entries::{Candidates, candidates},
    parse::parse,
    subscription::Subscription,
    websub::{Offer, link::Links},
};
use crate::fetch::{Answer, FetchError, Fetcher, Kind, Remedy, Request, Validators};

/// The longest validator that is kept, in bytes.
const MOST_VALIDATOR: usize = 1_000;

/// What a person can do about a feed that is too large.
const SMALLER: &str = "follow the feed of one of its sections, or ask its publisher for one with fewer entries";

/// A document that was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// The feed without its entries.
    pub feed: Feed,
    /// Its entries.
    pub candidates: Candidates,
    /// What it is known by at the next poll.
    pub validators: Validators,
    /// Digest of its bytes; none of a document that was cut off, so that the rest is read when it comes.
    pub body_hash: Option<String>,
    /// The hub that it offers.
    pub offer: Option<Offer>,
}

/// What came of asking.
#[derive(Debug, Clone, PartialEq)]
pub enum Came {
    /// A document that differs from the last one.
    Document(Box<Reading>),
    /// The last one once more; what it is known by from now on, where its server sent it again.
    Unchanged(Option<Validators>),
    /// No feed, and why; what a person can do about it.
    Failed(String),
    /// The server says that there will never be one again.
    Gone(String),
}

/// The outcome of a poll.
#[derive(Debug, Clone, PartialEq)]
pub struct Poll {
    /// What came of it.
    pub came: Came,
    /// The least wait until the next one that the server wants.
    pub asked: Option<Duration>,
    /// Where the feed is from now on.
    pub moved_to: Option<HttpUrl>,
    /// When it was asked for.
    pub at: Timestamp,
}

/// Asks for a feed, and reads what comes.
///
/// # Errors
/// [`Failure`] where nothing was asked: that is not the feed's failure.
pub async fn poll(fetcher: &Fetcher, subscription: &Subscription) -> Result<Poll, Failure> {
    let at = Timestamp::now();
    let validators = subscription.validators.clone();
    let answer = fetcher.get(Request { validators, ..Request::new(&subscription.url, Kind::Feed) }).await;
    let failed = |came, asked| Ok(Poll { came, asked, moved_to: None, at });
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => {
            let reason = reason_of(&error);
            return match (&error, error.remedy()) {
                (_, Remedy::NotBefore(until)) => Err(Failure::NotYet { until, reason }),
                (FetchError::Gone { .. }, _) => failed(Came::Gone(reason), None),
                (_, Remedy::RetryAfter(wait)) => failed(Came::Failed(reason), wait),
                _ => failed(Came::Failed(reason), None),
            };
        }
    };
    let fresh = freshness(&answer.headers);
    let Answer { final_url, moved_to, headers, content_type, body, room: _until_read } = answer;
    let Some(body) = body else {
        return Ok(Poll { came: Came::Unchanged(None), asked: fresh, moved_to, at });
    };
    let came = read(subscription, body, content_type, &headers, final_url).await;
    // What is no feed may be a page for people who have to log in; its address is none to go to for good.
    let moved_to = moved_to.filter(|_| matches!(came, Came::Document(_) | Came::Unchanged(_)));
    Ok(Poll { came, asked: fresh, moved_to, at })
}

/// Reads a document that was found at `found_at` or came by a hub.
pub async fn read(
    subscription: &Subscription,
    body: Bytes,
    content_type: Option<String>,
    headers: &HeaderMap,
    found_at: HttpUrl,
) -> Came {
    let validators = Validators { etag: value(headers, ETAG), last_modified: value(headers, LAST_MODIFIED) };
    let links = Links::of(headers, &found_at);
    let (known, feed_id) = (subscription.body_hash.clone(), subscription.feed_id.clone());
    on_cpu(move || {
        let body_hash: String = Sha256::digest(&body).iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        if known.as_ref() == Some(&body_hash) {
            return Came::Unchanged(Some(validators));
        }
        let read = || {
            let mut feed = parse(&body, content_type.as_deref(), &found_at)?;
            let entries = std::mem::take(&mut feed.entries);
            let candidates = candidates(Feed { entries, ..feed.clone() }, &feed_id, &found_at);
            let offer = Offer::of(&feed, links, &found_at);
            let (validators, body_hash) = known_by(&feed, validators, body_hash);
            Ok::<_, super::parse::NotAFeed>(Reading { feed, candidates, validators, body_hash, offer })
        };
        match catch_unwind(AssertUnwindSafe(read)) {
            Ok(Ok(reading)) => Came::Document(Box::new(reading)),
            Ok(Err(error)) => Came::Failed(format!(
                "{found_at} is no feed: {error}; if the feed is elsewhere now, remove this one and add the site's address"
            )),
            Err(_) => Came::Failed(format!("{found_at} could not be read: it made the parser panic, which is a defect")),
        }
    })
    .await
}

/// Why nothing came, and what a person can do about it.
fn reason_of(error: &FetchError) -> String {
    match error {
        FetchError::TooLarge { .. } => format!("{error}: {SMALLER}"),
        _ => error.to_string(),
    }
}

/// What a document is known by at the next poll. One that was cut off by nothing: else the rest would never be read.
fn known_by(feed: &Feed, validators: Validators, body_hash: String) -> (Validators, Option<String>) {
    if feed.cut_off { (Validators::default(), None) } else { (validators, Some(body_hash)) }
}

fn value(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    let value = headers.get(name)?.to_str().ok()?.trim();
    (!value.is_empty() && value.len() <= MOST_VALIDATOR).then(|| value.to_owned())
}

/// How long an answer is fresh by its Cache-Control (RFC 9111 section 4.2), that is, how long asking again is of no use.
fn freshness(headers: &HeaderMap) -> Option<Duration> {
    let values = headers.get_all(CACHE_CONTROL).iter().filter_map(|v| v.to_str().ok());
    let directives: Vec<String> = values.flat_map(|v| v.split(',')).map(|d| d.trim().to_ascii_lowercase()).collect();
    if directives.iter().any(|d| d == "no-cache" || d == "no-store") {
        return None;
    }
    let seconds = |text: &str| text.trim().trim_matches('"').parse::<u64>().ok();
    let max_age = directives.iter().find_map(|d| seconds(d.strip_prefix("max-age=")?))?;
    let age = headers.get(AGE).and_then(|v| seconds(v.to_str().ok()?)).unwrap_or(0);
    Some(Duration::from_secs(max_age.saturating_sub(age))).filter(|fresh| !fresh.is_zero())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feed::schedule::Bounds;

    /// What comes of `body`, with an ETag, where the last document had the digest `known`.
    async fn reading(body: &'static str, known: Option<String>) -> Came {
        let url: HttpUrl = "https://a.example/feed".parse().unwrap();
        let new = Subscription::new(url.clone(), Timestamp::UNIX_EPOCH, Duration::ZERO, Bounds::default());
        let mut headers = HeaderMap::new();
        headers.insert(ETAG, "\"new\"".parse().unwrap());
        read(&Subscription { body_hash: known, ..new }, Bytes::from(body), None, &headers, url).await
    }

    const FEED: &str = "<rss><channel><item><guid>a</guid><link>https://a.example/a</link></item></channel></rss>";

    #[tokio::test]
    async fn an_equal_document_is_known_by_its_new_validators() {
        let Came::Document(first) = reading(FEED, None).await else { panic!("no document") };
        let etag = Some("\"new\"".to_owned());
        assert_eq!((first.validators.etag.clone(), first.body_hash.is_some()), (etag, true));
        assert_eq!(reading(FEED, first.body_hash).await, Came::Unchanged(Some(first.validators)));
    }

    #[tokio::test]
    async fn a_document_that_was_cut_off_is_asked_for_again_as_a_whole() {
        let cut = FEED.strip_suffix("</channel></rss>").unwrap();
        let Came::Document(read) = reading(cut, None).await else { panic!("no document") };
        assert_eq!((read.candidates.total, read.validators, read.body_hash), (1, Validators::default(), None));
    }

    #[test]
    fn a_feed_that_is_too_large_says_what_to_do() {
        let error = FetchError::TooLarge { url: "https://a.example/feed".into(), limit: 7 };
        assert!(reason_of(&error).contains("larger than 7 bytes: follow the feed of one of its sections"));
    }

    #[test]
    fn an_answer_is_fresh_as_long_as_its_server_says() {
        let of = |pairs: &[(&'static str, &'static str)]| {
            let mut headers = HeaderMap::new();
            for (name, value) in pairs {
                headers.append(*name, value.parse().unwrap());
            }
            freshness(&headers).map(|fresh| fresh.as_secs())
        };
        assert_eq!(of(&[("cache-control", "public, Max-Age=600")]), Some(600));
        assert_eq!(of(&[("cache-control", "max-age=\"600\""), ("age", "100")]), Some(500));
        assert_eq!(of(&[("cache-control", "public"), ("cache-control", "max-age=60")]), Some(60));
        for none in ["no-cache, max-age=600", "max-age=0", "max-age=-1", "max-age=", "private", "s-maxage=600"] {
            assert_eq!(of(&[("cache-control", none)]), None, "{none}");
        }
        assert_eq!(of(&[("cache-control", "max-age=60"), ("age", "100")]), None);
        assert_eq!(of(&[]), None);
    }
}
