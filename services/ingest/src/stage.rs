//! What the service does with events: a page that is asked for becomes an article.

use std::sync::Arc;

use jiff::Timestamp;
use kos_shared::{
    event::{Article, Event, IngestRequested},
    retraction,
    stage::{Failure, RecordError, Recorded, Stage, on_cpu},
    store::Tx,
};

use crate::{
    article::article_within,
    extract::NotReadable,
    feed,
    near_duplicate::{self, Fingerprint},
    page::Pages,
    retention::{self, KeptPage},
    rights::{self, Policy},
    rules::{Applied, Facts, Rules},
    state::{self, Put, Version},
};

/// `kos.ingest.requested` → `kos.article.ingested`, where there is something new.
pub struct Ingesting {
    /// Brings pages.
    pub pages: Pages,
    /// What the operator says.
    pub rules: Arc<Rules>,
}

/// What became of a page.
#[derive(Debug)]
pub enum Taken {
    /// It is an article.
    In(Box<Ingested>),
    /// The operator's rules keep it out.
    Out {
        /// In a word, `filtered` or `refused`.
        outcome: &'static str,
        /// Which rule does.
        rule: String,
    },
}

/// What is to be written about a page.
#[derive(Debug)]
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
    type Done = Taken;

    async fn work(&self, event: &Event<IngestRequested>) -> Result<Taken, Failure> {
        let request = &event.data;
        let feed_id = request.feed_id.as_deref();
        let of_feed = match feed_id {
            Some(feed_id) => feed::state::rules_of(self.pages.store.readers(), feed_id)
                .await
                .map_err(|error| Failure::Retry(error.to_string()))?,
            None => None,
        };
        // What the rules keep out by what is known beforehand isn't even fetched.
        let rules = self.rules.of(request.url.host(), feed_id, of_feed.as_ref());
        if let Some(out) = kept_out(&rules, &Facts::of_hints(&request.url, request.hints.as_ref())) {
            return Ok(out);
        }

        let mut page = self.pages.bring(event).await?;
        let rules = self.rules.of(page.found_at.host(), feed_id, of_feed.as_ref());
        page.outside.policy = rules.policy();
        let IngestRequested { url, hints, feed_id, force, .. } = request.clone();
        // A login is for the server alone, and not passed on.
        let url = url.without_login();
        let retention = self.pages.retention;
        let read = move || {
            let _until_read = page.room.clone();
            let kept = page.to_keep(retention);
            let (outside, found_at, fetched_at) = (page.outside.clone(), page.found_at.clone(), page.fetched_at);
            let article = article_within(&outside, &page.into_html(), &found_at, hints.as_ref(), fetched_at)?;
            let article = Article { url, feed_id, forced: force, ..article };
            let fingerprint = if retention.keeps() { Fingerprint::of(&article.text) } else { None };
            Ok::<_, NotReadable>(Ingested { article, fingerprint, page: kept })
        };
        let ingested = on_cpu(read).await.map_err(|reason| Failure::Permanent(reason.to_string()))?;
        let out = kept_out(&rules, &Facts::of(&ingested.article));
        Ok(out.unwrap_or_else(|| Taken::In(Box::new(ingested))))
    }

    async fn record(
        &self,
        tx: &mut Tx,
        event: &Event<IngestRequested>,
        taken: &Taken,
    ) -> Result<Recorded, RecordError> {
        let Ingested { article, fingerprint, page } = match taken {
            Taken::In(ingested) => ingested.as_ref(),
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
        if let Some(page) = page {
            retention::keep(tx, &article.url, id, page).await?;
        }
        let revision = match state::put_version(tx, &version).await? {
            Put::New(revision) => revision,
            Put::Unchanged => return Ok(Recorded::new("unchanged", Some(id))),
            Put::Superseded => return Ok(Recorded::new("superseded", Some(id))),
        };
        let duplicate = match fingerprint {
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

/// What becomes of a page that the rules keep out, as far as the facts tell.
fn kept_out(rules: &Applied<'_>, facts: &Facts<'_>) -> Option<Taken> {
    if rules.policy() == Some(Policy::None) {
        let rule = format!("the operator's policy for {} is none", facts.url.host());
        return Some(Taken::Out { outcome: "refused", rule });
    }
    let filtered = rules.admit(facts).err()?;
    Some(Taken::Out { outcome: "filtered", rule: filtered.to_string() })
}
