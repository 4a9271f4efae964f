//! What is asked of a server, and what it answers.

use std::time::Duration;

use bytes::Bytes;
use kos_shared::event::HttpUrl;
use reqwest::header::HeaderMap;

use super::{Room, body};
use crate::robots::READ_BYTES;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An HTML page; anything else is an error. Asked for as a robot, so robots.txt decides.
    Page,
    /// A feed, of any content type. An operator subscribed to it, so robots.txt has no say.
    Feed,
    /// Anything else: a hub's answer, an image, a policy file. robots.txt has no say.
    Other,
    /// A robots.txt, whose turn goes ahead of all others: they wait for it, once a day. What is past its limit is left.
    Robots,
}

impl Kind {
    /// Its name in metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Feed => "feed",
            Self::Robots => "robots",
            Self::Other => "other",
        }
    }

    /// The Accept header.
    pub(super) const fn accept(self) -> &'static str {
        match self {
            Self::Page => "text/html,application/xhtml+xml;q=0.9,*/*;q=0.1",
            Self::Feed => {
                "application/atom+xml,application/rss+xml,application/feed+json,application/rdf+xml;q=0.9,\
                 application/xml;q=0.8,text/xml;q=0.8,application/json;q=0.7,*/*;q=0.1"
            }
            Self::Other | Self::Robots => "*/*",
        }
    }
}

/// What an earlier answer is known by, for a conditional GET (RFC 9110 section 13.1).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Validators {
    /// Its ETag, as it came.
    pub etag: Option<String>,
    /// Its Last-Modified, as it came.
    pub last_modified: Option<String>,
}

impl Validators {
    /// Whether there is nothing to compare with, so that 304 is no answer.
    pub fn is_empty(&self) -> bool {
        self.etag.is_none() && self.last_modified.is_none()
    }
}

/// A GET.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    /// The address.
    pub url: &'a HttpUrl,
    /// What is expected there.
    pub kind: Kind,
    /// What is known already.
    pub validators: Validators,
    /// Whether it belongs to what has begun with another request, which would have been made in vain if this one were
    /// handed back: then its host's turn is waited for in place, ahead of others, a minute at most.
    pub begun: bool,
}

impl<'a> Request<'a> {
    /// A GET without conditions.
    pub fn new(url: &'a HttpUrl, kind: Kind) -> Self {
        Self { url, kind, validators: Validators::default(), begun: false }
    }

    /// The same as a part of what has begun.
    #[must_use]
    pub fn begun(self, begun: bool) -> Self {
        Self { begun, ..self }
    }
}

/// A server's answer: a 2xx, or a 304 to a conditional GET.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Where it was found after all redirects.
    pub final_url: HttpUrl,
    /// The same where every redirect on the way was permanent (301 or 308): the address to ask from now on.
    pub moved_to: Option<HttpUrl>,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its Content-Type as the server declared it.
    pub content_type: Option<String>,
    /// Its bytes, decompressed; `None` for a 304, that is, nothing changed.
    pub body: Option<Bytes>,
    /// The room that its bytes take; kept until they were read.
    pub room: Room,
}

/// What a fetch may take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Until a connection stands, TLS and all.
    pub connect: Duration,
    /// Between two pieces of an answer.
    pub idle: Duration,
    /// From the first request to the last byte, redirects and the robots.txt of each host and all, but for the time spent
    /// waiting for a host's turn or for room in memory.
    pub total: Duration,
    /// The largest head of an answer, in bytes.
    pub header_bytes: usize,
    /// The largest page, in bytes: as it travels, and after decompression.
    pub body_bytes: usize,
    /// The same for feeds.
    pub feed_bytes: usize,
    /// How many redirects are followed.
    pub redirects: usize,
}

impl Limits {
    /// The largest body of a kind.
    pub(super) fn bytes(&self, kind: Kind) -> usize {
        match kind {
            Kind::Feed => self.feed_bytes,
            Kind::Page => self.body_bytes,
            // Nothing else is large, and while a page is held, nothing may wait for room beside it.
            Kind::Other => self.body_bytes.min(body::BIG),
            Kind::Robots => READ_BYTES,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            idle: Duration::from_secs(15),
            total: Duration::from_secs(30),
            header_bytes: 64 * 1024,
            body_bytes: 10 * 1024 * 1024,
            feed_bytes: 16 * 1024 * 1024,
            redirects: 10,
        }
    }
}
