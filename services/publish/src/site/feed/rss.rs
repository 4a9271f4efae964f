//! RSS 2.0, with what the W3C's validator recommends beside it: atom:link, dc:creator, content:encoded.

use askama::Template;

use super::{super::rendered, Feed, html};

#[derive(Template)]
#[template(path = "feed.rss.xml")]
struct Document<'a> {
    feed: &'a Feed<'a>,
    address: &'a str,
}

impl Document<'_> {
    /// A text that is no HTML, as the RSS Best Practices Profile wants it written: as XML with hexadecimal references, which
    /// no reader takes for HTML.
    fn plain(&self, text: &str) -> String {
        text.replace('&', "&#x26;").replace('<', "&#x3C;").replace('>', "&#x3E;")
    }

    /// A text where readers take all texts for HTML.
    fn html(&self, text: &str) -> String {
        html(text)
    }
}

pub(super) fn render(feed: &Feed<'_>, address: &str) -> String {
    rendered(&Document { feed, address })
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use roxmltree::{Document, Node};

    use super::super::{super::fixtures, Feed, Format, Selection};

    const ATOM: &str = "http://www.w3.org/2005/Atom";
    const CONTENT: &str = "http://purl.org/rss/1.0/modules/content/";
    const DC: &str = "http://purl.org/dc/elements/1.1/";

    fn text(node: Node<'_, '_>, name: impl Into<roxmltree::ExpandedName<'static, 'static>>) -> String {
        let name = name.into();
        let child = node.children().find(|n| n.has_tag_name(name));
        child.unwrap_or_else(|| panic!("no {name:?}")).text().unwrap_or_default().to_owned()
    }

    #[test]
    fn a_feed_has_what_rss_asks_for() {
        let pages = [fixtures::page()];
        let site = fixtures::site();
        let selection = Selection { source: Some("paper.example".into()), ..Selection::default() };
        let xml = Feed::new(&site, &selection, &pages, "2026-01-22T06:00:01Z".parse().unwrap()).render(Format::Rss);
        let document = Document::parse(&xml).unwrap();
        let channel = document.root_element().first_element_child().unwrap();
        assert_eq!(document.root_element().attribute("version"), Some("2.0"));
        assert_eq!(text(channel, "title"), "Tides & Times · paper.example");
        assert_eq!(text(channel, "link"), "https://tides.example/");
        assert_eq!(text(channel, "language"), "zh");
        assert_eq!(text(channel, "lastBuildDate"), "Thu, 22 Jan 2026 06:00:01 GMT");
        assert!(!text(channel, "description").is_empty());
        let itself = channel.children().find(|n| n.has_tag_name((ATOM, "link"))).unwrap();
        assert_eq!(itself.attribute("rel"), Some("self"));
        assert_eq!(itself.attribute("href"), Some("https://tides.example/feed.rss?source=paper.example"));
        let item = channel.children().find(|n| n.has_tag_name("item")).unwrap();
        let guid = item.children().find(|n| n.has_tag_name("guid")).unwrap();
        assert_eq!(guid.attribute("isPermaLink"), Some("false"));
        assert_eq!(text(item, "pubDate"), "Thu, 22 Jan 2026 05:01:44 GMT");
        assert_eq!(text(item, "description"), "渡轮恢复运行。六点开船。");
        assert_eq!(text(item, (CONTENT, "encoded")), "<p>The ferry runs again.</p>");
        let creators: Vec<_> = item.children().filter(|n| n.has_tag_name((DC, "creator"))).collect();
        assert_eq!(creators.len(), 2);
    }

    #[test]
    fn an_items_description_is_html_and_comes_before_its_content() {
        let mut pages = [fixtures::page(), fixtures::page()];
        pages[0].summarized.summaries[1].text = "AT&T <tr style='x'> 渡轮".into();
        pages[1].summarized.summaries.clear();
        let (site, selection) = (fixtures::site(), Selection::default());
        let xml = Feed::new(&site, &selection, &pages, Timestamp::UNIX_EPOCH).render(Format::Rss);
        let document = Document::parse(&xml).unwrap();
        let items: Vec<_> = document.descendants().filter(|n| n.has_tag_name("item")).collect();
        assert_eq!(text(items[0], "description"), "AT&amp;T &lt;tr style='x'> 渡轮");
        let names: Vec<_> = items[0].children().map(|n| n.tag_name().name()).collect();
        let place = |name: &str| names.iter().position(|n| *n == name);
        assert!(place("description") < place("encoded") && place("encoded").is_some(), "{names:?}");
        // Without a summary the body is the description, and stands there once.
        assert_eq!(text(items[1], "description"), "<p>The ferry runs again.</p>");
        assert!(!items[1].children().any(|n| n.has_tag_name((CONTENT, "encoded"))));
    }

    #[test]
    fn a_title_is_text_that_no_reader_takes_for_html() {
        let mut page = fixtures::page();
        page.summarized.article.title = "R&D: &lt;b&gt; or <b>".into();
        let (site, pages) = (fixtures::site(), [page]);
        let xml = Feed::new(&site, &Selection::default(), &pages, Timestamp::UNIX_EPOCH).render(Format::Rss);
        let title = "<title>R&#x26;D: &#x26;lt;b&#x26;gt; or &#x3C;b&#x3E;</title>";
        assert!(xml.contains(title) && xml.contains("<title>Tides &#x26; Times</title>"), "{xml}");
    }

    #[test]
    fn no_field_breaks_the_feed() {
        let mut page = fixtures::page();
        let hostile = || fixtures::HOSTILE.to_owned();
        let article = &mut page.summarized.article;
        (article.title, article.authors, article.tags) = (hostile(), vec![hostile()], vec![hostile(), " ".into()]);
        page.summarized.summaries[1].text = hostile();
        page.body = hostile();
        let (site, pages) = (fixtures::site(), [page]);
        let xml = Feed::new(&site, &Selection::default(), &pages, Timestamp::UNIX_EPOCH).render(Format::Rss);
        let document = Document::parse(&xml).unwrap();
        assert_eq!(document.descendants().filter(|n| n.has_tag_name("category")).count(), 1);
        assert!(!xml.contains("<script"), "{xml}");
    }
}
