//! An article as the API gives it.

use jiff::Timestamp;
use kos_shared::event::{ArticleId, ArticleSummarized, Language};
use schemars::JsonSchema;
use serde::Serialize;

use super::SiteInfo;
use crate::related::Related;

/// `/api/v1/articles/{id}`: the payload of `kos.article.summarized` as far as its rights let the site
/// have it, with what the site adds.
#[derive(Debug, Clone, JsonSchema, Serialize)]
pub struct ArticleView {
    /// The article and its summaries.
    #[serde(flatten)]
    pub summarized: ArticleSummarized,
    /// Where a reader finds it.
    #[schemars(extend("format" = "uri"))]
    pub page_url: String,
    /// When it first came to the site (RFC 3339).
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub added_at: Timestamp,
    /// Articles about something related, the most related first.
    pub related: Vec<RelatedView>,
}

/// A related article.
#[derive(Debug, Clone, JsonSchema, Serialize)]
pub struct RelatedView {
    /// Its id.
    pub article_id: ArticleId,
    /// Where a reader finds it.
    #[schemars(extend("format" = "uri"))]
    pub page_url: String,
    /// Its title.
    pub title: String,
    /// The language of its title.
    pub language: Language,
    /// The name of the site that published it; its host where it has none.
    pub site_name: String,
    /// When that site published it, or when it came to this one (RFC 3339).
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub time: Timestamp,
}

impl ArticleView {
    /// The view of an article on `site`.
    pub fn new(site: &SiteInfo, mut summarized: ArticleSummarized, added_at: Timestamp) -> Self {
        // A field that a producer made up must not stand beside the site's own of the same name.
        for own in ["page_url", "added_at", "related"] {
            summarized.article.extra.remove(own);
        }
        Self { page_url: site.page_url(summarized.article.article_id), summarized, added_at, related: vec![] }
    }

    /// The same with what is related to it.
    pub fn with_related(mut self, site: &SiteInfo, related: Vec<Related>) -> Self {
        let view = |other: Related| RelatedView {
            page_url: site.page_url(other.article_id),
            article_id: other.article_id,
            title: other.title,
            language: other.language,
            site_name: other.site_name,
            time: other.time,
        };
        self.related = related.into_iter().map(view).collect();
        self
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{super::fixtures, *};

    #[test]
    fn a_view_is_the_event_and_the_address() {
        let mut summarized = fixtures::summarized();
        let event = serde_json::to_value(&summarized).unwrap();
        summarized.article.extra.insert("page_url".into(), json!("https://elsewhere.example/"));
        summarized.article.extra.insert("campaign".into(), json!(7));
        let id = summarized.article.article_id;

        let text =
            serde_json::to_string(&ArticleView::new(&fixtures::site(), summarized, Timestamp::UNIX_EPOCH)).unwrap();
        assert_eq!(text.matches("\"page_url\"").count(), 1, "{text}");
        let mut view: Value = serde_json::from_str(&text).unwrap();
        let object = view.as_object_mut().unwrap();
        assert_eq!(object.remove("page_url"), Some(json!(format!("https://tides.example/articles/{id}"))));
        assert_eq!(object.remove("added_at"), Some(json!("1970-01-01T00:00:00Z")));
        assert_eq!(object.remove("related"), Some(json!([])));
        assert_eq!(object.remove("campaign"), Some(json!(7)));
        assert_eq!(view, event);
    }
}
