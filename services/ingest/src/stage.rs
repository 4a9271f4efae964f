//! What the service does with events: a page that is asked for becomes an article.

use jiff::Timestamp;
use kos_shared::{
    event::{Article, Event, HttpUrl, IngestRequested},
    retraction,
    stage::{Failure, RecordError, Recorded, Stage, on_cpu},
    store::Tx,
};

use crate::{
    article::article,
    decode::decode,
    fetch::{Answer, FetchError, Fetcher, Kind, Remedy, Request},
    state::{self, Put, Version},
};

/// `kos.ingest.requested` → `kos.article.ingested`, where there is something new.
pub struct Ingesting {
    /// Brings pages that don't come with their event.
    pub fetcher: Fetcher,
}

impl Stage for Ingesting {
    type In = IngestRequested;
    type Done = Article;

    async fn work(&self, event: &Event<IngestRequested>) -> Result<Article, Failure> {
        let request = event.data.clone();
        let asked = request.url.clone();
        let now = Timestamp::now();
        let (page, fetched_at) = match request.html {
            // The time of a page that came with its event is the event's: replayed later, it is no newer than it was. A
            // producer's clock that is ahead must not keep later versions out, and what is forced is meant to stand now.
            Some(html) if request.force => (Page::Text(html), now),
            Some(html) => (Page::Text(html), event.attributes.time.map_or(now, |time| time.min(now))),
            None => (self.fetch(&request.url).await?, Timestamp::now()),
        };
        let (hints, feed_id, forced) = (request.hints, request.feed_id, request.force);
        let read = move || {
            let (html, found_at) = match page {
                Page::Text(html) => (html, asked.clone()),
                Page::Fetched(answer) => {
                    let html = decode(&answer.body.unwrap_or_default(), answer.content_type.as_deref());
                    (html, answer.final_url)
                }
            };
            article(&html, &found_at, hints.as_ref(), fetched_at).map(|article| Article {
                url: asked,
                feed_id,
                forced,
                ..article
            })
        };
        on_cpu(read).await.map_err(|reason| Failure::Permanent(reason.to_string()))
    }

    async fn record(
        &self,
        tx: &mut Tx,
        event: &Event<IngestRequested>,
        article: &Article,
    ) -> Result<Recorded, RecordError> {
        let id = article.article_id;
        if let Some(retraction) = retraction::find_for(tx, article).await? {
            if !event.data.force {
                return Ok(Recorded { detail: Some(retraction.reason), ..Recorded::new("retracted", Some(id)) });
            }
            retraction::reinstate(tx, id).await?;
        }
        let version = Version {
            article_id: id,
            canonical_url: &article.canonical_url,
            content_hash: &article.content_hash,
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
enum Page {
    Text(String),
    Fetched(Box<Answer>),
}

impl Ingesting {
    async fn fetch(&self, url: &HttpUrl) -> Result<Page, Failure> {
        let answer = self.fetcher.get(Request::new(url, Kind::Page)).await;
        answer.map(|answer| Page::Fetched(Box::new(answer))).map_err(|error| failure(&error, Timestamp::now()))
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
