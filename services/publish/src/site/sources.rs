//! The list of sources.

use askama::Template;

use super::{
    Frame, Messages, SiteInfo,
    article::{Time, seconds},
    index::encoded,
    rendered,
};
use crate::lists::select::Source;

/// A page of the list of sources.
#[derive(Debug, Clone, Copy)]
pub struct SourcesPage<'a> {
    /// The sources, by host.
    pub sources: &'a [Source],
    /// Behind which host the page begins; empty for the first page.
    pub after: &'a str,
    /// Whether there are more behind it.
    pub more: bool,
}

#[derive(Template)]
#[template(path = "sources.html")]
struct Page<'a> {
    frame: Frame<'a>,
    url: String,
    lines: Vec<Line<'a>>,
    first: bool,
    next: Option<String>,
}

struct Line<'a> {
    path: String,
    name: &'a str,
    /// Where it is more than the name.
    host: Option<&'a str>,
    articles: String,
    newest: Time,
}

/// The path of a source's page.
pub fn source_path(host: &str) -> String {
    format!("/sources/{}", encoded(host))
}

/// The list of sources.
pub fn render_sources(site: &SiteInfo, messages: &Messages, shown: &SourcesPage<'_>) -> String {
    let path = |after: &str| match after {
        "" => "/sources".to_owned(),
        after => format!("/sources?after={}", encoded(after)),
    };
    let path_of_page = path(shown.after);
    let (_, query_of_page) = path_of_page.split_once('?').unwrap_or_default();
    rendered(&Page {
        frame: Frame::new(site, messages).keeping(query_of_page),
        url: site.absolute(&path_of_page),
        first: shown.after.is_empty(),
        next: shown.sources.last().filter(|_| shown.more).map(|last| path(&last.host)),
        lines: shown.sources.iter().map(|source| Line::new(messages, source)).collect(),
    })
}

impl<'a> Line<'a> {
    fn new(messages: &Messages, source: &'a Source) -> Self {
        Self {
            path: source_path(&source.host),
            name: &source.name,
            host: Some(source.host.as_str()).filter(|host| *host != source.name),
            articles: messages.with("list-source-articles", &[("count", source.articles.into())]),
            newest: Time { machine: seconds(source.newest_at), shown: messages.date(source.newest_at) },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{
            fixtures,
            messages::{CHINESE, ENGLISH},
        },
        *,
    };

    #[test]
    fn a_source_is_named_counted_and_linked() {
        let source = |host: &str, name: &str, articles| Source {
            host: host.into(),
            name: name.into(),
            articles,
            newest_at: "2026-01-22T05:01:44Z".parse().unwrap(),
        };
        let sources = [source("a.example", "a.example", 1), source("b.example", fixtures::HOSTILE, 1_234)];
        let html =
            render_sources(&fixtures::site(), &ENGLISH, &SourcesPage { sources: &sources, after: "", more: true });
        assert!(html.contains(r#"<a href="/sources/a.example" dir="auto">a.example</a>"#), "{html}");
        assert!(html.contains("1 article<") && html.contains("1,234 articles<"), "{html}");
        assert!(html.contains(r#"<a href="/sources?after=b.example" rel="next">"#), "{html}");
        assert!(html.contains(r#"<link rel="canonical" href="https://tides.example/sources">"#), "{html}");
        assert!(!html.contains("<script>"), "{html}");
        let html = render_sources(&fixtures::site(), &CHINESE, &SourcesPage { sources: &[], after: "z", more: false });
        assert!(html.contains(r#"<a href="?after=z&#38;lang=en""#), "{html}");
        assert!(html.contains("rel=\"prev\"") && !html.contains("rel=\"next\""), "{html}");
    }
}
