//! What readers get: pages, feed and JSON, as plain functions from plain data to text.
//!
//! [`index`], [`sources`], [`article`] and [`error`] render pages from the templates in `templates/`, [`feed`] the
//! feeds, [`api`] the JSON, [`sitemap`] and [`opml`] the lists for machines, [`digest`] what came on a day, [`comments`] what readers say. [`mod@permitted`] takes out what an article's rights don't allow, and
//! `crawlers` says the same to machines. [`messages`] holds the interface's texts (`wording` and `dates` say more with them), [`negotiate`] chooses among them.
//! Bodies pass [`sanitize`] first; [`passages`] finds in them what carries the sentences of summaries. Nothing here reads a clock, a table or a request.

pub mod api;
pub mod article;
pub mod assets;
mod characters;
pub mod comments;
mod crawlers;
mod dates;
mod depth;
pub mod digest;
pub mod error;
pub mod feed;
mod images;
pub mod index;
mod languages;
mod linked_data;
pub mod messages;
pub mod negotiate;
pub mod opml;
mod outline;
pub mod passages;
pub mod permitted;
mod related;
pub mod sanitize;
pub mod search;
pub mod sitemap;
pub mod sources;
mod summaries;
mod tags;
mod uri;
mod wording;

use std::{borrow::Cow, sync::LazyLock};

use askama::Template;
use kos_shared::event::{ArticleId, HttpUrl, Language};
use url::Position;

pub use api::ArticleView;
pub use article::{ArticlePage, Sections, render_article};
pub use crawlers::crawler_headers;
pub use error::{ErrorPage, render_error};
pub use index::{ListPage, render_index};
pub use messages::Messages;
pub use negotiate::{Wish, choose, remember};
pub use passages::Passages;
pub use permitted::permitted;
pub use sanitize::site_body;
pub use search::{ResultsView, render_search, results_view};
pub use sources::{SourcesPage, render_sources, source_path};

use messages::all;

/// Which program makes the pages: two programs may make different ones of the same article. Replicas of one image agree.
pub static BUILD: LazyLock<String> = LazyLock::new(|| {
    let program = std::env::current_exe().and_then(std::fs::metadata);
    let (length, changed) = program.map_or((0, None), |file| (file.len(), file.modified().ok()));
    let seconds = changed.and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok()).map_or(0, |age| age.as_secs());
    format!("{} {length} {seconds}", env!("CARGO_PKG_VERSION"))
});

/// The `Content-Security-Policy` of every page.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The site as a whole.
#[derive(Debug, Clone)]
pub struct SiteInfo {
    /// What it is called.
    pub name: String,
    /// Where readers find it.
    pub url: HttpUrl,
    /// The language of its readers, where they don't say.
    pub language: Language,
}

impl SiteInfo {
    /// The absolute address of a path that begins with a slash.
    pub fn absolute(&self, path: &str) -> String {
        format!("{}{path}", self.url.as_url()[..Position::AfterPath].trim_end_matches('/'))
    }

    /// The absolute address of an article's page.
    pub fn page_url(&self, article_id: ArticleId) -> String {
        self.absolute(&page_path(article_id))
    }
}

/// The path of an article's page.
pub fn page_path(article_id: ArticleId) -> String {
    format!("/articles/{article_id}")
}

/// What surrounds every page.
pub(crate) struct Frame<'a> {
    pub(crate) site: &'a SiteInfo,
    pub(crate) m: &'a Messages,
    pub(crate) stylesheet: &'static str,
    pub(crate) script: &'static str,
    pub(crate) icon: &'static str,
    pub(crate) interfaces: [&'static Messages; 2],
    /// What the address has to keep when the interface's language changes: parameters, each with `&` behind it.
    pub(crate) kept: String,
    /// Which articles the feeds have that the page leads to, as the query of their addresses.
    pub(crate) feeds: String,
}

impl<'a> Frame<'a> {
    pub(crate) fn new(site: &'a SiteInfo, m: &'a Messages) -> Self {
        Self {
            site,
            m,
            stylesheet: &assets::STYLESHEET.path,
            script: &assets::SCRIPT.path,
            icon: &assets::ICON.path,
            interfaces: all(),
            kept: String::new(),
            feeds: String::new(),
        }
    }

    /// The same for a page whose address has this query.
    fn keeping(self, query: &str) -> Self {
        let kept = if query.is_empty() { String::new() } else { format!("{query}&") };
        Self { kept, ..self }
    }

    /// The same for a page that lists a selection of the articles.
    fn of_selection(self, selection: &feed::Selection) -> Self {
        Self { feeds: selection.query(), ..self }
    }
}

/// A template as a document, without the characters that may stand in none.
///
/// # Panics
/// Never: a template writes into a string, which can't fail, and shows nothing that can.
pub(crate) fn rendered(template: &impl Template) -> String {
    #[expect(clippy::expect_used, reason = "see the docstring")]
    let document = template.render().expect("a template is written into a string");
    match characters::writable(&document) {
        Cow::Owned(written) => written,
        Cow::Borrowed(_) => document,
    }
}

#[cfg(test)]
pub(crate) mod fixtures;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_stand_below_the_site() {
        let site = |url: &str| SiteInfo { name: "s".into(), url: url.parse().unwrap(), language: Language::ENGLISH };
        assert_eq!(site("https://News.example").absolute("/feed.atom"), "https://news.example/feed.atom");
        assert_eq!(site("http://127.0.0.1:8080/?x#y").absolute("/"), "http://127.0.0.1:8080/");
    }
}
