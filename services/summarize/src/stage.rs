//! What the service does with events: an article becomes an article with summaries.

use std::{sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp};
use kos_shared::{
    event::{ArticleIngested, ArticleSummarized, Event, Language},
    stage::{Failure, RecordError, Recorded, Stage},
    store::{Store, Tx},
};

use crate::{state, summaries::Summarizer, writing::waiting};

/// How soon an article that waits for a model is looked at again at the earliest.
const LEAST_WAIT: SignedDuration = SignedDuration::from_secs(1);

/// `kos.article.ingested` → `kos.article.summarized`.
#[derive(Debug, Clone)]
pub struct Summarizing {
    /// Makes the summaries.
    pub summarizer: Summarizer,
    /// Where it is kept since when an article waits.
    pub store: Store,
    /// How long an article waits for endpoints that are down or busy.
    pub patience: Duration,
}

impl Summarizing {
    /// When to look at an event again that waits for a model; `None` when its time is up.
    async fn again(&self, event_id: &str, retry_at: Timestamp) -> Result<Option<Timestamp>, sqlx::Error> {
        if self.patience.is_zero() {
            return Ok(None);
        }
        let now = Timestamp::now();
        let patience = SignedDuration::try_from(self.patience).unwrap_or(SignedDuration::MAX);
        let since = waiting::since(&self.store, event_id, now).await?;
        let end = since.checked_add(patience).unwrap_or(Timestamp::MAX);
        Ok((now < end).then(|| retry_at.max(now + LEAST_WAIT).min(end)))
    }
}

impl Stage for Summarizing {
    type In = ArticleIngested;
    type Done = ArticleSummarized;

    async fn work(&self, event: &Event<ArticleIngested>) -> Result<ArticleSummarized, Failure> {
        let failed = |error: sqlx::Error| Failure::Retry(error.to_string());
        let article = Arc::new(event.data.clone());
        let outcome = self.summarizer.summarize(&article).await.map_err(failed)?;
        if let Some(retry_at) = outcome.retry_at
            && let Some(until) = self.again(event.id().as_str(), retry_at).await.map_err(failed)?
        {
            return Err(Failure::NotYet { until, reason: "the model is down or busy".to_owned() });
        }
        Ok(outcome.of(Arc::unwrap_or_clone(article)))
    }

    async fn record(
        &self,
        tx: &mut Tx,
        event: &Event<ArticleIngested>,
        done: &ArticleSummarized,
    ) -> Result<Recorded, RecordError> {
        let id = Some(done.article.article_id);
        waiting::is_over(tx, event.id().as_str()).await?;
        if !state::put_summarized(tx, done, Timestamp::now()).await? {
            return Ok(Recorded::new("superseded", id));
        }
        self.summarizer.count(done);
        Ok(Recorded {
            outcome: "summarized",
            detail: Some(detail(done)),
            article_id: id,
            emit: vec![event.cause("summarize", 0, done)],
        })
    }
}

/// What there is to say in a line: the languages that were had, and why others weren't.
fn detail(done: &ArticleSummarized) -> String {
    let listed = |languages: Vec<&Language>| {
        let languages: Vec<_> = languages.into_iter().map(Language::as_str).collect();
        if languages.is_empty() { "none".to_owned() } else { languages.join(", ") }
    };
    let mut detail = format!("languages: {}", listed(done.summaries.iter().map(|s| &s.language).collect()));
    for summary in &done.summaries {
        if let Some(fallback) = &summary.fallback {
            detail.push_str(&format!("; {} is an excerpt: {}", summary.language, fallback.reason));
        }
    }
    for missing in &done.missing {
        detail.push_str(&format!("; no {}: {}", missing.language, missing.reason));
    }
    detail
}
