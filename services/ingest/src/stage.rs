//! What the service does with events: a page that is asked for becomes an article.

use std::sync::Arc;

use jiff::Timestamp;
use kos_shared::{
    event::{Article, ArticleId, Event, HttpUrl, IngestRequested},
    retraction,
    stage::{Failure, RecordError, Recorded, Stage, on_cpu},
    store::Tx,
};

use crate::{
    article::article_within,
    canonical::{shown_url, site},
    extract::NotReadable,
    feed,
    near_duplicate::{self, Fingerprint},
    page::{Page, Pages},
    retention::{self, KeptPage, Retention},
    rights,
    rules::{Applied, Facts, RuleSet, Rules},
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
        let of_feed = match &request.feed_id {
            Some(feed_id) => feed::state::rules_of(self.pages.store.readers(), feed_id).await.map_err(|e| retry(&e))?,
            None => None,
        };
        // What the rules keep out by what is known beforehand isn't even fetched.
        let before = self.rules_at(&[&request.url], request, of_feed.as_ref());
        if let Some(out) = kept_out_unseen(&before, request)
            && !(before.refuses() && self.is_shown(ArticleId::of_canonical_url(&request.url), request).await?)
        {
            return Ok(out);
        }

        let page = self.pages.bring(event).await?;
        let found_at = page.found_at.clone();
        let mut ingested = read(page, request.clone(), self.pages.retention).await?;
        let article = &mut ingested.article;
        let rules = self.rules_at(&[&request.url, &found_at, &article.canonical_url], request, of_feed.as_ref());
        if rules.refuses() {
            if !self.is_shown(article.article_id, request).await? {
                return Ok(refused(&article.canonical_url));
            }
            // What is on the site already is taken down by a revision that shows nothing.
            (ingested.page, ingested.fingerprint) = (None, None);
        } else if let Err(filtered) = rules.admit(&Facts::of(article)) {
            return Ok(Taken::Out { outcome: "filtered", rule: filtered.to_string() });
        }
        if let Some(policy) = rules.policy() {
            policy.tighten(&mut ingested.article.rights);
        }
        Ok(Taken::In(Box::new(ingested)))
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
            Some(fingerprint) => {
                let site = site(article.canonical_url.host());
                near_duplicate::index::put(tx, id, &site, fingerprint, Timestamp::now()).await?
            }
            None => {
                near_duplicate::index::take_out(tx, id).await?;
                None
            }
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

impl Ingesting {
    /// The rules for an article with these addresses: those for the pages that viewers and caches show by them, too.
    fn rules_at<'r>(
        &'r self,
        urls: &[&HttpUrl],
        request: &IngestRequested,
        of_feed: Option<&'r RuleSet>,
    ) -> Applied<'r> {
        let shown: Vec<HttpUrl> = urls.iter().filter_map(|url| shown_url(url)).collect();
        let hosts = urls.iter().copied().chain(&shown).map(HttpUrl::host);
        self.rules.of_hosts(hosts, request.feed_id.as_deref(), of_feed)
    }

    async fn is_shown(&self, id: ArticleId, request: &IngestRequested) -> Result<bool, Failure> {
        state::is_shown(self.pages.store.readers(), id, &request.url).await.map_err(|error| retry(&error))
    }
}

/// The article on a page, by what page, server and site say.
async fn read(page: Page, request: IngestRequested, retention: Retention) -> Result<Ingested, Failure> {
    let IngestRequested { url, hints, feed_id, force, .. } = request;
    // A login is for the server alone, and not passed on.
    let url = url.without_login();
    let read = move || {
        let _until_read = page.room.clone();
        let kept = page.to_keep(retention);
        let (outside, found_at, fetched_at) = (page.outside.clone(), page.found_at.clone(), page.fetched_at);
        let article = article_within(&outside, &page.into_html(), &found_at, hints.as_ref(), fetched_at)?;
        let article = Article { url, feed_id, forced: force, ..article };
        let fingerprint = if retention.keeps() { Fingerprint::of(&article.text) } else { None };
        Ok::<_, NotReadable>(Ingested { article, fingerprint, page: kept })
    };
    on_cpu(read).await.map_err(|reason| Failure::Permanent(reason.to_string()))
}

/// What becomes of a page that the rules keep out before anybody reads it.
fn kept_out_unseen(rules: &Applied<'_>, request: &IngestRequested) -> Option<Taken> {
    if rules.refuses() {
        return Some(refused(&request.url));
    }
    let title = request.hints.as_ref().and_then(|hints| hints.title.as_deref());
    let filtered = rules.admit_unseen(&request.url, title).err()?;
    Some(Taken::Out { outcome: "filtered", rule: filtered.to_string() })
}

fn refused(url: &HttpUrl) -> Taken {
    Taken::Out { outcome: "refused", rule: format!("the operator's policy for {} is none", url.host()) }
}

fn retry(error: &sqlx::Error) -> Failure {
    Failure::Retry(error.to_string())
}
