//! The sources of the site as OPML 2.0 (<https://opml.org/spec2.opml>): each with its feed on this site.

use askama::Template;

use super::{SiteInfo, feed::Selection, rendered};
use crate::lists::select::Source;

#[derive(Template)]
#[template(path = "sources.opml.xml")]
struct Document<'a> {
    title: &'a str,
    outlines: Vec<Outline<'a>>,
}

struct Outline<'a> {
    name: &'a str,
    feed: String,
    page: String,
}

/// The list of a site's sources.
pub fn render_opml(site: &SiteInfo, sources: &[Source]) -> String {
    rendered(&Document {
        title: &site.name,
        outlines: sources.iter().map(|source| Outline::new(site, source)).collect(),
    })
}

impl<'a> Outline<'a> {
    fn new(site: &SiteInfo, source: &'a Source) -> Self {
        let selection = Selection { source: Some(source.host.clone()), ..Selection::default() };
        Self {
            name: &source.name,
            feed: site.absolute(&format!("/feed.atom{}", selection.query())),
            page: format!("https://{}/", source.host),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::fixtures, *};

    #[test]
    fn each_source_has_its_feed_here() {
        let source = |host: &str, name: &str| Source {
            host: host.into(),
            name: name.into(),
            articles: 1,
            newest_at: jiff::Timestamp::UNIX_EPOCH,
        };
        let sources =
            [source("paper.example", "The \"Harbour\" & Paper\u{b}"), source("b.example:8080", "b.example:8080")];
        let xml = render_opml(&fixtures::site(), &sources);
        let document = roxmltree::Document::parse(&xml).unwrap();
        assert_eq!(document.root_element().attribute("version"), Some("2.0"));
        let outlines: Vec<_> = document.descendants().filter(|n| n.has_tag_name("outline")).collect();
        assert_eq!(outlines[0].attribute("text"), Some("The \"Harbour\" & Paper"));
        assert_eq!(outlines[0].attribute("type"), Some("rss"));
        assert_eq!(outlines[0].attribute("xmlUrl"), Some("https://tides.example/feed.atom?source=paper.example"));
        assert_eq!(outlines[1].attribute("text"), Some("b.example:8080"));
    }
}
