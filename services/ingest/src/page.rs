//! Where the page that an event asks for comes from: the event itself, what was kept, or its server.

use bytes::Bytes;
use jiff::Timestamp;
use kos_shared::{
    event::{Event, HttpUrl, IngestRequested},
    stage::{Failure, on_cpu},
    store::Store,
};
use tracing::warn;

use crate::{
    decode::decode,
    feed::{self, websub::link::Links},
    fetch::{FetchError, Fetcher, Kind, Remedy, Request, Room},
    retention::{self, KeptPage, Retention},
    rights::{
        Outside, SiteClaims, of_headers,
        well_known::{SiteError, SiteRights},
    },
};

/// Who asks for pages that were made of a feed's entries: polls, and hubs' words.
const OWN_SOURCES: [&str; 2] = ["/kos/feed", "/kos/ingest"];

/// A page before it is read.
#[derive(Debug)]
pub struct Page {
    /// Where it was found.
    pub found_at: HttpUrl,
    /// When.
    pub fetched_at: Timestamp,
    /// What is said about it elsewhere.
    pub outside: Outside,
    /// The room that it takes, to be kept until it was read.
    pub room: Room,
    content: Content,
}

#[derive(Debug)]
enum Content {
    Text(String),
    Bytes {
        body: Bytes,
        content_type: Option<String>,
        /// It was kept since then, and so need not be kept again.
        kept: bool,
    },
}

impl Page {
    /// The page as text.
    pub fn into_html(self) -> String {
        match self.content {
            Content::Text(html) => html,
            Content::Bytes { body, content_type, .. } => decode(&body, content_type.as_deref()),
        }
    }

    /// What is kept of it for the next replay.
    pub fn to_keep(&self, retention: Retention) -> Option<KeptPage> {
        match &self.content {
            Content::Bytes { body, content_type, kept: false } if retention.keeps() => {
                KeptPage::of(body, content_type.clone(), self.found_at.clone(), self.outside.clone(), self.fetched_at)
            }
            _ => None,
        }
    }
}

/// Brings pages.
#[derive(Debug, Clone)]
pub struct Pages {
    /// Asks their servers.
    pub fetcher: Fetcher,
    /// Where pages are kept.
    pub store: Store,
    /// For how long they are.
    pub retention: Retention,
    /// What sites say about rights.
    pub site_rights: SiteRights,
}

impl Pages {
    /// The page that an event asks for. One that came with the event is taken as it is, but where it was made of a feed's
    /// entry here the feed's site is asked what it reserves; for an event that is replayed
    /// the one that was kept is, where it was fetched after the event: an earlier one is no answer to it.
    ///
    /// # Errors
    /// [`Failure`] says whether trying again makes sense.
    pub async fn bring(&self, event: &Event<IngestRequested>) -> Result<Page, Failure> {
        let (request, now) = (&event.data, Timestamp::now());
        if let Some(html) = &request.html {
            // The time of such a page is the event's: replayed later, it is no newer than it was. A producer's clock that
            // is ahead must not keep later versions out, and what is forced is meant to stand now.
            let sent_at = event.attributes.time.filter(|_| !request.force);
            return Ok(Page {
                found_at: request.url.without_login(),
                fetched_at: sent_at.map_or(now, |time| time.min(now)),
                outside: Outside { site: self.site_of_entry(event).await?, ..Outside::default() },
                room: Room::default(),
                content: Content::Text(html.clone()),
            });
        }
        if event.attributes.replay > 0
            && let Some(page) = self.kept(&request.url.without_login(), event.attributes.time, now).await?
        {
            return Ok(page);
        }
        self.fetch(&request.url).await
    }

    async fn kept(&self, url: &HttpUrl, asked_at: Option<Timestamp>, now: Timestamp) -> Result<Option<Page>, Failure> {
        if !self.retention.keeps() {
            return Ok(None);
        }
        let since = self.retention.since(now);
        let since = asked_at.map_or(since, |asked_at| since.max(asked_at));
        let found = retention::find(self.store.readers(), url, since).await;
        let Some(kept) = found.map_err(|error| Failure::Retry(error.to_string()))? else { return Ok(None) };
        let (body, kept) = on_cpu(move || (kept.body(), kept)).await;
        let KeptPage { final_url, content_type, outside, fetched_at, .. } = kept;
        match body {
            Ok(body) => {
                let content = Content::Bytes { body: body.into(), content_type, kept: true };
                Ok(Some(Page { found_at: final_url, fetched_at, outside, room: Room::default(), content }))
            }
            Err(error) => {
                warn!(%url, %error, "fetched again");
                Ok(None)
            }
        }
    }

    async fn fetch(&self, url: &HttpUrl) -> Result<Page, Failure> {
        // The site is asked first, as the TDM Reservation Protocol wants it.
        let site = self.site(url, false).await?;
        let answer = self.fetcher.get(Request::new(url, Kind::Page)).await;
        let answer = answer.map_err(|error| failure(&error, Timestamp::now()))?;
        let same_site = answer.final_url.as_url().origin() == url.as_url().origin();
        let site = if same_site { site } else { self.site(&answer.final_url, true).await? };
        let headers = answer.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
        Ok(Page {
            outside: Outside {
                headers: of_headers(headers),
                site,
                canonical_link: Links::of(&answer.headers, &answer.final_url).canonical,
            },
            content: Content::Bytes {
                body: answer.body.unwrap_or_default(),
                content_type: answer.content_type,
                kept: false,
            },
            room: answer.room,
            found_at: answer.final_url,
            fetched_at: Timestamp::now(),
        })
    }

    /// What the site says of a page that was made here, of an entry that has no page.
    async fn site_of_entry(&self, event: &Event<IngestRequested>) -> Result<SiteClaims, Failure> {
        let (request, source) = (&event.data, event.attributes.source.as_str());
        let Some(feed_id) = request.feed_id.as_deref().filter(|_| OWN_SOURCES.contains(&source)) else {
            return Ok(SiteClaims::default());
        };
        let feed = feed::state::find(self.store.readers(), feed_id).await;
        let feed = feed.map_err(|error| Failure::Retry(error.to_string()))?;
        self.site(feed.as_ref().map_or(&request.url, |(feed, ..)| &feed.url), false).await
    }

    async fn site(&self, url: &HttpUrl, begun: bool) -> Result<SiteClaims, Failure> {
        self.site_rights.of(url, begun).await.map_err(|error| match error {
            SiteError::Database(error) => Failure::Retry(error.to_string()),
            SiteError::NotNow(error) => failure(&error, Timestamp::now()),
        })
    }
}

/// What a page that can't be had means for its event.
fn failure(error: &FetchError, now: Timestamp) -> Failure {
    let reason = error.to_string();
    match error.remedy() {
        Remedy::Retry | Remedy::RetryAfter(None) => Failure::Retry(reason),
        Remedy::NotBefore(until) => Failure::NotYet { until, reason },
        Remedy::RetryAfter(Some(wait)) => Failure::RateLimited { until: now + wait, reason },
        Remedy::GiveUp => Failure::Permanent(reason),
    }
}
