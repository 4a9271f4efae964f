//! What the service does with events: a page that is asked for becomes an article.

use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use kos_shared::{
    event::{Article, Event, HttpUrl, IngestRequested},
    retraction,
    stage::{Failure, RecordError, Recorded, Stage, on_cpu},
    store::{Store, Tx},
};

use crate::{
    article::article_within,
    decode::decode,
    fetch::{FetchError, Fetcher, Kind, Remedy, Request},
    rights::{
        self, Outside, Policy, SiteClaims,
        well_known::{SiteError, site_rights},
    },
    rules::{Facts, Filtered, Rules},
    state::{self, Put, Version},
};

/// `kos.ingest.requested` → `kos.article.ingested`, where there is something new.
pub struct Ingesting {
    /// Brings pages that don't come with their event.
    pub fetcher: Fetcher,
    /// Keeps what sites say about rights.
    pub store: Store,
    /// What the operator says.
    pub rules: Arc<Rules>,
}

/// What became of a page.
#[derive(Debug)]
pub enum Taken {
    /// It is this article.
    In(Box<Article>),
    /// The operator's rules keep it out.
    Out {
        /// In a word, `filtered` or `refused`.
        outcome: &'static str,
        /// Which rule does.
        rule: String,
    },
}

impl From<Filtered> for Taken {
    fn from(filtered: Filtered) -> Self {
        Self::Out { outcome: "filtered", rule: filtered.to_string() }
    }
}

impl Stage for Ingesting {
    type In = IngestRequested;
    type Done = Taken;

    async fn work(&self, event: &Event<IngestRequested>) -> Result<Taken, Failure> {
        let request = event.data.clone();
        let asked = request.url.clone();
        let now = Timestamp::now();
        // What the rules keep out by what is known beforehand isn't even fetched.
        let hinted = Facts::of_hints(&asked, request.hints.as_ref());
        if let Err(out) = self.admit(&asked, request.feed_id.as_deref(), &hinted) {
            return Ok(out);
        }
        // The time of a page that came with its event is the event's: replayed later, it is no newer than it was. A
        // producer's clock that is ahead must not keep later versions out, and what is forced is meant to stand now.
        let sent_at = event.attributes.time.filter(|_| !request.force).map_or(now, |time| time.min(now));
        let (page, fetched_at) = match request.html {
            Some(html) => (Page::of_event(html, asked.clone()), sent_at),
            None => (self.fetch(&asked).await?, Timestamp::now()),
        };
        let Page { content, found_at, mut outside } = page;
        let feed_id = request.feed_id.clone();
        outside.policy = self.rules.of(found_at.host(), feed_id.as_deref(), None).policy();
        let (hints, forced) = (request.hints, request.force);
        let page_at = found_at.clone();
        let read = move || {
            let html = match content {
                Content::Text(html) => html,
                Content::Bytes { body, content_type } => decode(&body, content_type.as_deref()),
            };
            article_within(&outside, &html, &page_at, hints.as_ref(), fetched_at).map(|article| Article {
                url: asked,
                feed_id,
                forced,
                ..article
            })
        };
        let article = on_cpu(read).await.map_err(|reason| Failure::Permanent(reason.to_string()))?;
        match self.admit(&found_at, article.feed_id.as_deref(), &Facts::of(&article)) {
            Ok(()) => Ok(Taken::In(Box::new(article))),
            Err(out) => Ok(out),
        }
    }

    async fn record(
        &self,
        tx: &mut Tx,
        event: &Event<IngestRequested>,
        taken: &Taken,
    ) -> Result<Recorded, RecordError> {
        let article = match taken {
            Taken::In(article) => article.as_ref(),
            Taken::Out { outcome, rule } => {
                return Ok(Recorded { detail: Some(rule.clone()), ..Recorded::new(outcome, None) });
            }
        };
        let id = article.article_id;
        if let Some(retraction) = retraction::find_for(tx, article).await? {
            if !event.data.force {
                return Ok(Recorded { detail: Some(retraction.reason), ..Recorded::new("retracted", Some(id)) });
            }
            retraction::reinstate(tx, id).await?;
        }
        // With other rights it is another version, though its text is the same.
        let content = format!("{} {}", article.content_hash, rights::mark(&article.rights));
        let version = Version {
            article_id: id,
            canonical_url: &article.canonical_url,
            content_hash: content.trim_end(),
            fetched_at: article.fetched_at,
            forced: event.data.force,
        };
        retraction::know_addresses(tx, article).await?;
        let revision = match state::put_version(tx, &version).await? {
            Put::New(revision) => revision,
            Put::Unchanged => return Ok(Recorded::new("unchanged", Some(id))),
            Put::Superseded => return Ok(Recorded::new("superseded", Some(id))),
        };
        let article = Article { revision, ..article.clone() };
        Ok(Recorded {
            outcome: "ingested",
            detail: Some(format!("revision {revision}, {} words, {}", article.words, article.language)),
            article_id: Some(id),
            emit: vec![event.cause("ingest", 0, &article)],
        })
    }
}

/// A page before it is read.
struct Page {
    content: Content,
    /// Where it was found.
    found_at: HttpUrl,
    /// What is said about it elsewhere.
    outside: Outside,
}

enum Content {
    Text(String),
    Bytes { body: Bytes, content_type: Option<String> },
}

impl Page {
    /// A page that came with its event: neither its server nor its site was asked.
    fn of_event(html: String, found_at: HttpUrl) -> Self {
        Self { content: Content::Text(html), found_at, outside: Outside::default() }
    }
}

impl Ingesting {
    /// Whether the rules for the source that a page is found at let it in, as far as the facts tell.
    fn admit(&self, found_at: &HttpUrl, feed_id: Option<&str>, facts: &Facts<'_>) -> Result<(), Taken> {
        let rules = self.rules.of(found_at.host(), feed_id, None);
        if rules.policy() == Some(Policy::None) {
            let rule = format!("the operator's policy for {} is none", found_at.host());
            return Err(Taken::Out { outcome: "refused", rule });
        }
        Ok(rules.admit(facts)?)
    }

    async fn fetch(&self, url: &HttpUrl) -> Result<Page, Failure> {
        // The site is asked first, as the TDM Reservation Protocol wants it.
        let site = self.site(url).await?;
        let answer = self.fetcher.get(Request::new(url, Kind::Page)).await;
        let answer = answer.map_err(|error| failure(&error, Timestamp::now()))?;
        let same_site = answer.final_url.as_url().origin() == url.as_url().origin();
        let site = if same_site { site } else { self.site(&answer.final_url).await? };
        let headers = answer.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
        Ok(Page {
            outside: Outside { headers: rights::of_headers(headers), site, policy: None },
            content: Content::Bytes { body: answer.body.unwrap_or_default(), content_type: answer.content_type },
            found_at: answer.final_url,
        })
    }

    async fn site(&self, url: &HttpUrl) -> Result<SiteClaims, Failure> {
        let now = Timestamp::now();
        site_rights(&self.fetcher, &self.store, url, now).await.map_err(|error| match error {
            SiteError::Database(error) => Failure::Retry(error.to_string()),
            SiteError::NotNow(error) => failure(&error, now),
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
