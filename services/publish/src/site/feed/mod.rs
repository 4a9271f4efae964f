//! Feeds: one model, and a renderer for each format that feed readers know.

mod atom;
mod json;
mod rss;

use std::borrow::Cow;

use jiff::{Timestamp, tz::Offset};
use kos_shared::event::{Language, OffsetTime, Revision, Show};
use url::form_urlencoded;
use uuid::Uuid;

use super::{
    ArticlePage, Messages, SiteInfo,
    article::{best_summary, seconds},
    characters::writable,
    languages,
    messages::ENGLISH,
    uri::uri,
};

/// The formats that a feed comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// RFC 4287.
    Atom,
    /// RSS 2.0.
    Rss,
    /// JSON Feed 1.1.
    Json,
}

impl Format {
    /// What the address of a feed in this format ends with.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Atom => "atom",
            Self::Rss => "rss",
            Self::Json => "json",
        }
    }

    /// Its `Content-Type`.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Atom => "application/atom+xml; charset=utf-8",
            Self::Rss => "application/rss+xml; charset=utf-8",
            Self::Json => "application/feed+json; charset=utf-8",
        }
    }
}

/// Which articles a feed is of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// Those in this language.
    pub language: Option<Language>,
    /// Those of this host.
    pub source: Option<String>,
    /// Those that a search for this finds.
    pub q: Option<String>,
}

impl Selection {
    /// The selection as an address has it, with the question mark; empty where all articles are meant.
    pub fn query(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in self.parts() {
            query.append_pair(name, value);
        }
        let query = query.finish();
        if query.is_empty() { query } else { format!("?{query}") }
    }

    fn parts(&self) -> impl Iterator<Item = (&'static str, &str)> {
        [
            self.language.as_ref().map(|language| ("language", language.as_str())),
            self.source.as_deref().map(|source| ("source", source)),
            self.q.as_deref().map(|q| ("q", q)),
        ]
        .into_iter()
        .flatten()
    }
}

/// A feed in no format yet.
#[derive(Debug)]
pub struct Feed<'a> {
    id: Uuid,
    site_name: Cow<'a, str>,
    title: String,
    lang: Cow<'a, str>,
    /// The page that it is the feed of.
    home: String,
    /// Where it is itself, without the query and what tells its format.
    base: String,
    query: String,
    updated: Moment,
    entries: Vec<Entry<'a>>,
}

/// An entry of a feed.
#[derive(Debug)]
pub(super) struct Entry<'a> {
    pub(super) id: String,
    pub(super) title: Cow<'a, str>,
    pub(super) lang: &'a str,
    pub(super) page_url: String,
    pub(super) original_url: Option<Cow<'a, str>>,
    pub(super) authors: Vec<Cow<'a, str>>,
    pub(super) published: Option<Moment>,
    pub(super) added: Moment,
    pub(super) updated: Moment,
    pub(super) tags: Vec<Cow<'a, str>>,
    pub(super) summary: Option<(Cow<'a, str>, &'a str)>,
    /// None where no text may be shown.
    pub(super) body: Option<Cow<'a, str>>,
}

/// A point in time that formats write in their ways.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment(OffsetTime);

impl Moment {
    pub(super) fn new(time: impl Into<OffsetTime>) -> Self {
        Self(time.into())
    }

    /// As RFC 3339 has it, as finely as it is known: readers sort by it, and many articles come in one second.
    fn exact(&self) -> String {
        self.0.to_string()
    }

    /// As RFC 3339 has it.
    fn second(&self) -> String {
        seconds(self.0)
    }

    /// As RFC 822 has it, with a year of four digits.
    fn rfc822(&self) -> String {
        Offset::UTC.to_datetime(self.0.instant()).strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
    }
}

impl<'a> Feed<'a> {
    /// The feed of a site's articles, in the order given. `updated` is when something in it last changed.
    pub fn new(site: &'a SiteInfo, selection: &Selection, articles: &'a [ArticlePage], updated: Timestamp) -> Self {
        let home = site.absolute("/");
        let query = selection.query();
        let title: Vec<&str> =
            std::iter::once(site.name.as_str()).chain(selection.parts().map(|(_, value)| value)).collect();
        let language = selection.language.as_ref().unwrap_or(&site.language);
        Self {
            id: Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("{home}{query}").as_bytes()),
            site_name: writable(&site.name),
            title: writable(&title.join(" · ")).into_owned(),
            lang: languages::lang(language).to_owned().into(),
            base: site.absolute("/feed"),
            query,
            home,
            updated: Moment::new(updated),
            entries: articles.iter().map(|article| Entry::new(site, selection, article)).collect(),
        }
    }

    /// A feed whose entries are no articles. `path` is that of its page, `base` its own without the format.
    pub(super) fn of_entries(
        site: &'a SiteInfo,
        title: &str,
        language: &'a Language,
        (path, base, query): (&str, &str, String),
        updated: Timestamp,
        entries: Vec<Entry<'a>>,
    ) -> Self {
        let base = site.absolute(base);
        Self {
            id: Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("{base}{query}").as_bytes()),
            site_name: writable(&site.name),
            title: writable(title).into_owned(),
            lang: languages::lang(language).into(),
            home: site.absolute(path),
            base,
            query,
            updated: Moment::new(updated),
            entries,
        }
    }

    /// The feed as a document.
    pub fn render(&self, format: Format) -> String {
        let address = format!("{}.{}{}", self.base, format.extension(), self.query);
        match format {
            Format::Atom => atom::render(self, &address),
            Format::Rss => rss::render(self, &address),
            Format::Json => json::render(self, &address),
        }
    }
}

impl<'a> Entry<'a> {
    fn new(site: &'a SiteInfo, selection: &Selection, page: &'a ArticlePage) -> Self {
        let article = &page.summarized.article;
        let revised = (article.revision > Revision::FIRST).then_some(article.fetched_at);
        let said = |text: &&'a String| !writable(text).trim().is_empty();
        let named = [&article.site.name, &article.site.host].into_iter().find(said);
        let mut authors: Vec<_> = article.authors.iter().filter(said).map(|name| writable(name)).collect();
        if authors.is_empty() {
            // An entry must name an author; the site that published it answers for what nobody signed.
            authors.extend(named.map(|name| writable(name)));
        }
        let title = writable(Some(&article.title).filter(said).map_or(article.canonical_url.as_str(), String::as_str));
        let lang = languages::lang(&article.language);
        let body = body(site, page).filter(|body| !body.trim().is_empty());
        // An entry has room for one summary: in the language that was asked for, else that of the site's readers.
        let language = selection.language.as_ref().unwrap_or(&site.language);
        Self {
            id: article.article_id.to_string(),
            lang,
            page_url: site.page_url(article.article_id),
            original_url: Some(uri(&article.canonical_url)),
            authors,
            published: article.published_at.map(Moment::new),
            added: Moment::new(page.added_at),
            updated: Moment::new(revised.map_or(page.added_at, |time| time.max(page.added_at))),
            tags: article.tags.iter().map(|tag| writable(tag)).filter(|tag| !tag.trim().is_empty()).collect(),
            summary: best_summary(&page.summarized.summaries, language)
                .map(|summary| (writable(&summary.text), languages::lang(&summary.language)))
                .filter(|(text, _)| !text.trim().is_empty())
                // An entry must say something.
                .or_else(|| body.is_none().then(|| (title.clone(), lang))),
            title,
            body,
        }
    }

    /// When it was published, else when it came.
    fn dated(&self) -> Moment {
        self.published.unwrap_or(self.added)
    }
}

/// An article's body as far as it may be shown, with a link to the rest.
fn body<'a>(site: &SiteInfo, page: &'a ArticlePage) -> Option<Cow<'a, str>> {
    let article = &page.summarized.article;
    match article.rights.show {
        Show::Full => Some(writable(&page.body)),
        Show::Excerpt => {
            let address = article.canonical_url.as_str().replace('&', "&amp;").replace('"', "&quot;");
            let read_on = Messages::of(&site.language).unwrap_or_else(|| &ENGLISH).text("article-read-on");
            Some(format!("{}<p><a href=\"{address}\">{read_on}</a></p>", writable(&page.body)).into())
        }
        Show::Summary | Show::None => None,
    }
}

/// A text as HTML, where readers expect that.
fn html(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_selection_is_the_query_of_its_address() {
        assert_eq!(Selection::default().query(), "");
        let selection = Selection {
            language: Some(Language::CHINESE),
            source: Some("paper.example".into()),
            q: Some("渡 & x".into()),
        };
        assert_eq!(selection.query(), "?language=zh&source=paper.example&q=%E6%B8%A1+%26+x");
    }
}
