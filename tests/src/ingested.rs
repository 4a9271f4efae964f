//! Articles as ingest hands them on.

use jiff::Timestamp;
use kos_shared::event::{Article as Ingested, ArticleId, HttpUrl, IngestRequested};

use crate::{Article, stage};

impl Article {
    /// The payload of `kos.article.ingested`: what ingest makes of the page, for tests of what comes after it.
    ///
    /// # Panics
    /// When its address is none.
    pub fn ingested(&self) -> Ingested {
        let url: HttpUrl = self.url.parse().unwrap_or_else(|e| panic!("{}: {e}", self.url));
        let request = IngestRequested { url: url.clone(), html: None, hints: None, feed_id: None, force: false };
        let language = self.language.parse().unwrap_or_else(|e| panic!("{}: {e}", self.language));
        let text = self.paragraphs.join("\n");
        let body = self.paragraphs.iter().map(|p| format!("<p>{}</p>", p.replace('&', "&amp;").replace('<', "&lt;")));
        Ingested {
            article_id: ArticleId::of_canonical_url(&url),
            title: self.title.clone(),
            fetched_at: Timestamp::now(),
            language,
            body_html: body.collect(),
            words: u32::try_from(kos_shared::text::count_words(&text)).unwrap_or(u32::MAX),
            content_hash: self.title.clone(),
            text,
            ..stage::article_of(&request)
        }
    }
}
