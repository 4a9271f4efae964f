//! What the service does with summarized articles: puts them there. And with those that are withdrawn: takes them out.

use std::sync::Arc;

use jiff::Timestamp;
use kos_shared::{
    event::{ArticlePublished, ArticleRetracted, ArticleSummarized, Event},
    retraction::{self, Retracting},
    stage::{Failure, RecordError, Recorded, Stage, on_cpu},
    store::Tx,
};

use crate::{
    analysis::Analysis,
    comments::text::is_visible,
    lists, related, search,
    site::{Passages, SiteInfo, permitted, site_body},
    state,
    webhooks::{self, Webhooks},
};

/// `kos.article.summarized` → a page, `kos.article.published`, and `kos.webhook.due` for each webhook that wants to be told.
pub struct Publishing {
    /// Where the page will be.
    pub site: Arc<SiteInfo>,
    /// Who is told of it.
    pub webhooks: Arc<Webhooks>,
}

/// What the site may have of an article.
#[derive(Debug)]
pub struct Permitted {
    /// The article and its summaries, within its rights.
    pub summarized: ArticleSummarized,
    /// The body as the site shows it.
    pub body: String,
    /// What in it carries the sentences of the summaries.
    pub passages: Passages,
    /// What search finds it by.
    pub document: Option<search::Document>,
    /// What it is about.
    pub profile: Option<related::Profile>,
}

impl Stage for Publishing {
    type In = ArticleSummarized;
    type Done = Permitted;

    async fn work(&self, event: &Event<ArticleSummarized>) -> Result<Permitted, Failure> {
        let summarized = event.data.clone();
        let made = move || {
            let summarized = titled(permitted(summarized));
            let body = site_body(&summarized.article.body_html);
            let analysis = Analysis::of(&summarized);
            let profile = analysis.as_ref().and_then(related::Profile::of);
            let document = analysis.map(|analysis| search::Document::of(&summarized.article, analysis));
            let passages = Passages::of(&body, &summarized.article.text, &summarized.summaries);
            Permitted { summarized, body, passages, document, profile }
        };
        Ok(on_cpu(made).await)
    }

    async fn record(
        &self,
        tx: &mut Tx,
        event: &Event<ArticleSummarized>,
        permitted: &Permitted,
    ) -> Result<Recorded, RecordError> {
        let Permitted { summarized, body, passages, document, profile } = permitted;
        let article = &summarized.article;
        let id = article.article_id;
        if let Some(retraction) = retraction::find_for(tx, article).await? {
            // What was in flight when the article was withdrawn must not bring it back; only force does.
            if !(article.forced && article.fetched_at > retraction.retracted_at) {
                return Ok(Recorded::new("retracted", Some(id)));
            }
            retraction::reinstate(tx, id).await?;
        }
        let now = Timestamp::now();
        if !state::put_article(tx, summarized, body, passages, now).await? {
            return Ok(Recorded::new("superseded", Some(id)));
        }
        retraction::know_addresses(tx, article).await?;
        search::index::put(tx, id, document.as_ref()).await?;
        related::put(tx, summarized, profile.as_ref()).await?;
        lists::stories::put(tx, summarized, now).await?;
        let page_url = self.site.page_url(id);
        let published = ArticlePublished {
            article_id: id,
            revision: article.revision,
            page_url: page_url.parse().map_err(|e| RecordError::State(format!("page address: {e}")))?,
            languages: summarized.summaries.iter().map(|s| s.language.clone()).collect(),
            published_at: now,
        };
        let due = webhooks::due(&self.webhooks, article, &published);
        let due = due.iter().enumerate().map(|(index, due)| event.cause("publish", index + 1, due));
        Ok(Recorded {
            outcome: "published",
            detail: Some(page_url),
            article_id: Some(id),
            emit: std::iter::once(event.cause("publish", 0, &published)).chain(due).collect(),
        })
    }
}

/// An article with a title that can be read: one without is called by its address, as a page, a line and a link need it.
fn titled(mut summarized: ArticleSummarized) -> ArticleSummarized {
    let article = &mut summarized.article;
    if !is_visible(&article.title) {
        article.title = article.canonical_url.to_string();
    }
    summarized
}

/// `kos.article.retracted` → the article is withdrawn, and nothing finds it any more.
pub struct Withdrawing;

impl Stage for Withdrawing {
    type In = ArticleRetracted;
    type Done = ();

    async fn work(&self, event: &Event<ArticleRetracted>) -> Result<(), Failure> {
        Retracting.work(event).await
    }

    async fn record(&self, tx: &mut Tx, event: &Event<ArticleRetracted>, (): &()) -> Result<Recorded, RecordError> {
        let recorded = Retracting.record(tx, event, &()).await?;
        search::index::remove_withdrawn(tx).await?;
        related::remove_withdrawn(tx).await?;
        lists::stories::remove_withdrawn(tx, Timestamp::now()).await?;
        Ok(recorded)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site::fixtures;

    #[test]
    fn an_article_without_a_title_is_called_by_its_address() {
        let called = |title: &str| {
            let mut summarized = fixtures::summarized();
            summarized.article.title = title.into();
            titled(summarized).article.title
        };
        let address = fixtures::summarized().article.canonical_url.to_string();
        assert_eq!([called(""), called(" \u{200b}\n")], [address.clone(), address]);
        assert_eq!(called("The ferry runs again"), "The ferry runs again");
    }
}
