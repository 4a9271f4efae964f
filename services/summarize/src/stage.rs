//! What the service does with events: an article becomes an article with summaries.

use std::sync::Arc;

use jiff::Timestamp;
use kos_shared::{
    event::{ArticleIngested, ArticleSummarized, Event, Language},
    stage::{Failure, RecordError, Recorded, Stage, on_cpu},
    store::Tx,
};

use crate::{state, summaries::summaries};

/// `kos.article.ingested` → `kos.article.summarized`.
pub struct Summarizing {
    /// The languages that readers want.
    pub wanted: Arc<[Language]>,
}

impl Stage for Summarizing {
    type In = ArticleIngested;
    type Done = ArticleSummarized;

    async fn work(&self, event: &Event<ArticleIngested>) -> Result<ArticleSummarized, Failure> {
        let (article, wanted) = (event.data.clone(), Arc::clone(&self.wanted));
        let summarize = move || {
            let (summaries, missing) = summaries(&article, &wanted);
            ArticleSummarized { article, summaries, missing }
        };
        Ok(on_cpu(summarize).await)
    }

    async fn record(
        &self,
        tx: &mut Tx,
        event: &Event<ArticleIngested>,
        done: &ArticleSummarized,
    ) -> Result<Recorded, RecordError> {
        let id = Some(done.article.article_id);
        if !state::put_summarized(tx, &done.article, &done.summaries, Timestamp::now()).await? {
            return Ok(Recorded::new("superseded", id));
        }
        let languages: Vec<_> = done.summaries.iter().map(|s| s.language.as_str()).collect();
        Ok(Recorded {
            outcome: "summarized",
            detail: Some(format!(
                "languages: {}",
                if languages.is_empty() { "none".into() } else { languages.join(", ") }
            )),
            article_id: id,
            emit: vec![event.cause("summarize", 0, done)],
        })
    }
}
