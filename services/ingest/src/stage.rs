//! What the service does with events: a page that is asked for becomes an article.

use std::sync::Arc;

use jiff::Timestamp;
use kos_shared::{
    event::{Article, Event, HttpUrl, IngestRequested},
    retraction,
    stage::{Failure, RecordError, Recorded, Stage, on_cpu},
    store::{Store, Tx},
};
use tracing::warn;

use crate::{
    article::article,
    decode::decode,
    extract::NotReadable,
    fetch::{FetchError, FetchedPage, Fetcher, Remedy},
    near_duplicate::{self, Fingerprint},
    retention::{self, KeptPage, Retention},
    state::{self, Put, Version},
};

/// `kos.ingest.requested` → `kos.article.ingested`, where there is something new.
pub struct Ingesting {
    /// Brings pages that don't come with their event.
    pub fetcher: Arc<Fetcher>,
    /// The service's database, where pages are kept.
    pub store: Store,
    /// For how long they are.
    pub retention: Retention,
}

/// What is to be written about a page.
pub struct Ingested {
    /// The article on it.
    pub article: Article,
    /// What near-duplicates of the article are found by; `None` where it is too short, and where nothing is kept.
    pub fingerprint: Option<Fingerprint>,
    /// The page itself, where it is to be kept.
    pub page: Option<KeptPage>,
}

impl Stage for Ingesting {
    type In = IngestRequested;
    type Done = Ingested;

    async fn work(&self, event: &Event<IngestRequested>) -> Result<Ingested, Failure> {
        let request = event.data.clone();
        let asked = request.url.clone();
        let now = Timestamp::now();
        let (page, fetched_at) = match request.html {
            // The time of a page that came with its event is the event's: replayed later, it is no newer than it was. A
            // producer's clock that is ahead must not keep later versions out, and what is forced is meant to stand now.
            Some(html) if request.force => (Page::Text(html), now),
            Some(html) => (Page::Text(html), event.attributes.time.map_or(now, |time| time.min(now))),
            None => self.bring(event, now).await?,
        };
        let retention = self.retention;
        let (hints, feed_id, forced) = (request.hints, request.feed_id, request.force);
        let read = move || {
            let kept = page.to_keep(retention, fetched_at);
            let (html, found_at) = match page {
                Page::Text(html) => (html, asked.clone()),
                Page::Fetched { body, content_type, final_url, .. } => {
                    (decode(&body, content_type.as_deref()), final_url)
                }
            };
            let article = article(&html, &found_at, hints.as_ref(), fetched_at)?;
            let article = Article { url: asked, feed_id, forced, ..article };
            let fingerprint = if retention.keeps() { Fingerprint::of(&article.text) } else { None };
            Ok::<_, NotReadable>(Ingested { article, fingerprint, page: kept })
        };
        on_cpu(read).await.map_err(|reason| Failure::Permanent(reason.to_string()))
    }

    async fn record(
        &self,
        tx: &mut Tx,
        event: &Event<IngestRequested>,
        done: &Ingested,
    ) -> Result<Recorded, RecordError> {
        let article = &done.article;
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
        if let Some(page) = &done.page {
            retention::keep(tx, &article.url, id, page).await?;
        }
        let revision = match state::put_version(tx, &version).await? {
            Put::New(revision) => revision,
            Put::Unchanged => return Ok(Recorded::new("unchanged", Some(id))),
            Put::Superseded => return Ok(Recorded::new("superseded", Some(id))),
        };
        let duplicate = match &done.fingerprint {
            Some(fingerprint) => near_duplicate::index::put(tx, id, fingerprint, Timestamp::now()).await?,
            None => None,
        };
        let (duplicate_of, similarity) = duplicate.map(|d| (d.of, d.similarity)).unzip();
        let article = Article { revision, duplicate_of, similarity, ..article.clone() };
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
    Fetched {
        body: bytes::Bytes,
        content_type: Option<String>,
        final_url: HttpUrl,
        /// It was kept since then, and so need not be kept again.
        kept: bool,
    },
}

impl Page {
    /// What is kept of it for the next replay.
    fn to_keep(&self, retention: Retention, fetched_at: Timestamp) -> Option<KeptPage> {
        match self {
            Self::Fetched { body, content_type, final_url, kept: false } if retention.keeps() => {
                KeptPage::of(body, content_type.clone(), final_url.clone(), None, fetched_at)
            }
            _ => None,
        }
    }
}

impl Ingesting {
    /// The page that an event asks for, and when it was fetched: for an event that is replayed the one that was kept,
    /// where it was fetched after the event. An earlier one is no answer to it: what the event asked for never came.
    async fn bring(&self, event: &Event<IngestRequested>, now: Timestamp) -> Result<(Page, Timestamp), Failure> {
        let url = &event.data.url;
        if event.attributes.replay > 0
            && let Some(kept) = self.kept(url, event.attributes.time, now).await?
        {
            return Ok(kept);
        }
        Ok((self.fetch(url).await?, Timestamp::now()))
    }

    async fn kept(
        &self,
        url: &HttpUrl,
        asked_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Option<(Page, Timestamp)>, Failure> {
        if !self.retention.keeps() {
            return Ok(None);
        }
        let since = self.retention.since(now);
        let since = asked_at.map_or(since, |asked_at| since.max(asked_at));
        let found = retention::find(self.store.readers(), url, since).await;
        let Some(page) = found.map_err(|error| Failure::Retry(error.to_string()))? else { return Ok(None) };
        let fetched_at = page.fetched_at;
        match on_cpu(move || page.body().map(|body| (body, page))).await {
            Ok((body, KeptPage { content_type, final_url, .. })) => {
                Ok(Some((Page::Fetched { body: body.into(), content_type, final_url, kept: true }, fetched_at)))
            }
            Err(error) => {
                warn!(%url, %error, "fetched again");
                Ok(None)
            }
        }
    }

    async fn fetch(&self, url: &HttpUrl) -> Result<Page, Failure> {
        let page = self.fetcher.fetch(url).await.map_err(|error| failure(&error, Timestamp::now()))?;
        let FetchedPage { final_url, content_type, body } = page;
        Ok(Page::Fetched { body, content_type, final_url, kept: false })
    }
}

/// What a page that can't be had means for its event.
fn failure(error: &FetchError, now: Timestamp) -> Failure {
    let reason = error.to_string();
    match error.remedy() {
        Remedy::Retry | Remedy::RetryAfter(None) => Failure::Retry(reason),
        Remedy::RetryAfter(Some(wait)) => Failure::RateLimited { until: now + wait, reason },
        Remedy::GiveUp => Failure::Permanent(reason),
    }
}
