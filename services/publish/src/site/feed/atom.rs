//! The Atom feed (RFC 4287).

use std::borrow::Cow;

use askama::Template;

use super::{super::rendered, Feed, html};

#[derive(Template)]
#[template(path = "feed.atom.xml")]
struct Document<'a> {
    feed: &'a Feed<'a>,
    address: &'a str,
}

impl Document<'_> {
    /// The type and the value of a text (RFC 4287, section 3.1). What could be taken for HTML is HTML, so that readers who
    /// take every text for HTML show the same.
    fn construct<'a>(&self, text: &'a str) -> (&'static str, Cow<'a, str>) {
        if text.contains(['<', '&']) { ("html", html(text).into()) } else { ("text", text.into()) }
    }
}

pub(super) fn render(feed: &Feed<'_>, address: &str) -> String {
    rendered(&Document { feed, address })
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use kos_shared::event::{Language, Revision};
    use roxmltree::{Document, Node};

    use super::super::{
        super::{ArticlePage, SiteInfo, fixtures},
        Feed, Format, Selection,
    };

    const ATOM: &str = "http://www.w3.org/2005/Atom";
    const XML: &str = "http://www.w3.org/XML/1998/namespace";

    fn render(site: &SiteInfo, articles: &[ArticlePage], updated: Timestamp) -> String {
        Feed::new(site, &Selection::default(), articles, updated).render(Format::Atom)
    }

    fn feed(articles: &[ArticlePage]) -> String {
        render(&fixtures::site(), articles, "2026-01-22T06:00:01.5Z".parse().unwrap())
    }

    fn child<'a, 'i>(node: Node<'a, 'i>, name: &str) -> Node<'a, 'i> {
        node.children().find(|n| n.has_tag_name((ATOM, name))).unwrap_or_else(|| panic!("no {name} in {node:?}"))
    }

    fn link<'a>(node: Node<'a, '_>, rel: &str) -> Option<&'a str> {
        node.children().find(|n| n.has_tag_name((ATOM, "link")) && n.attribute("rel") == Some(rel))?.attribute("href")
    }

    #[test]
    fn a_feed_has_what_atom_asks_for() {
        let page = fixtures::page();
        let id = page.summarized.article.article_id;
        let xml = feed(&[page]);
        let document = Document::parse(&xml).unwrap();
        let root = document.root_element();
        assert!(root.has_tag_name((ATOM, "feed")));
        assert!(child(root, "id").text().unwrap().starts_with("urn:uuid:"));
        assert_eq!(child(root, "title").text(), Some("Tides &amp; Times"));
        assert_eq!(child(root, "updated").text(), Some("2026-01-22T06:00:01.5Z"));
        assert_eq!(link(root, "self"), Some("https://tides.example/feed.atom"));
        assert_eq!(link(root, "alternate"), Some("https://tides.example/"));

        let entry = child(root, "entry");
        assert_eq!(child(entry, "id").text(), Some(format!("urn:uuid:{id}").as_str()));
        assert_eq!(child(entry, "published").text(), Some("2026-01-22T05:01:44Z"));
        assert_eq!(child(entry, "updated").text(), Some("2026-01-22T06:00:01Z"));
        assert_eq!(link(entry, "alternate"), Some(format!("https://tides.example/articles/{id}").as_str()));
        assert_eq!(link(entry, "via"), Some("https://paper.example/ferry?id=7&x=1"));
        let authors: Vec<_> = entry.children().filter(|n| n.has_tag_name((ATOM, "author"))).collect();
        assert_eq!(authors.len(), 2);
        assert_eq!(child(authors[1], "name").text(), Some("B. Søren"));
        let content = child(entry, "content");
        assert_eq!((content.attribute("type"), content.attribute((XML, "lang"))), (Some("html"), Some("en")));
        assert_eq!(content.text(), Some("<p>The ferry runs again.</p>"));
    }

    #[test]
    fn the_summary_is_in_the_language_of_the_site() {
        let mut pages = [fixtures::page(), fixtures::page()];
        pages[1].summarized.summaries.truncate(1);
        let xml = feed(&pages);
        let document = Document::parse(&xml).unwrap();
        let summaries: Vec<_> = document.descendants().filter(|n| n.has_tag_name((ATOM, "summary"))).collect();
        assert_eq!(summaries[0].attribute((XML, "lang")), Some("zh"));
        assert_eq!(summaries[0].text(), Some("渡轮恢复运行。六点开船。"));
        assert_eq!(summaries[1].attribute((XML, "lang")), Some("en"));
    }

    #[test]
    fn an_article_that_nobody_signed_or_dated_is_still_an_entry() {
        let mut page = fixtures::page();
        let article = &mut page.summarized.article;
        (article.authors, article.published_at, article.language) = (vec![], None, Language::UNDETERMINED);
        page.summarized.summaries.clear();
        let xml = feed(&[page]);
        let document = Document::parse(&xml).unwrap();
        let entry = child(document.root_element(), "entry");
        assert_eq!(child(child(entry, "author"), "name").text(), Some("The Harbour Paper"));
        assert!(!entry.children().any(|n| n.has_tag_name((ATOM, "published")) || n.has_tag_name((ATOM, "summary"))));
        assert_eq!(child(entry, "title").attribute((XML, "lang")), Some(""));
    }

    #[test]
    fn every_entry_has_a_title_an_author_and_words() {
        let mut page = fixtures::page();
        let article = &mut page.summarized.article;
        (article.title, article.site.name, article.authors) = ("\u{b} ".into(), " ".into(), vec![String::new()]);
        page.summarized.summaries.clear();
        page.body = "\n".into();
        let xml = feed(&[page]);
        let document = Document::parse(&xml).unwrap();
        let entry = child(document.root_element(), "entry");
        assert_eq!(child(child(entry, "author"), "name").text(), Some("paper.example"));
        for name in ["title", "summary"] {
            let text = child(entry, name);
            // Escaped, as it has an ampersand in it.
            assert_eq!(text.attribute("type"), Some("html"), "{xml}");
            assert_eq!(text.text(), Some("https://paper.example/ferry?id=7&amp;x=1"), "{xml}");
        }
        assert!(!entry.children().any(|n| n.has_tag_name((ATOM, "content"))), "{xml}");
    }

    #[test]
    fn what_could_be_taken_for_html_is_declared_and_escaped() {
        let mut page = fixtures::page();
        page.summarized.article.title = "R&D: <b> is &lt;bold&gt;".into();
        page.summarized.summaries[1].text = "<script>".into();
        let xml = feed(&[page]);
        let document = Document::parse(&xml).unwrap();
        let entry = child(document.root_element(), "entry");
        let (title, summary) = (child(entry, "title"), child(entry, "summary"));
        assert_eq!(title.attribute("type"), Some("html"));
        assert_eq!(title.text(), Some("R&amp;D: &lt;b> is &amp;lt;bold&amp;gt;"));
        assert_eq!((summary.attribute("type"), summary.text()), (Some("html"), Some("&lt;script>")));
    }

    #[test]
    fn articles_of_one_second_are_updated_at_times_of_their_own() {
        let mut pages = [fixtures::page(), fixtures::page()];
        pages[0].added_at = "2026-01-22T06:00:01.25Z".parse().unwrap();
        pages[1].added_at = "2026-01-22T06:00:01.251Z".parse().unwrap();
        let xml = feed(&pages);
        assert!(
            xml.contains("<updated>2026-01-22T06:00:01.25Z<") && xml.contains("<updated>2026-01-22T06:00:01.251Z<")
        );
    }

    #[test]
    fn a_new_revision_is_an_update() {
        let mut page = fixtures::page();
        page.summarized.article.revision = Revision(2);
        page.summarized.article.fetched_at = "2026-01-23T00:00:00Z".parse().unwrap();
        assert!(feed(&[page]).contains("<updated>2026-01-23T00:00:00Z</updated>"));
    }

    #[test]
    fn no_field_breaks_the_feed() {
        let hostile: String =
            ('\0'..' ').chain(['\u{fffe}', '\u{ffff}', '\u{10ffff}']).collect::<String>() + fixtures::HOSTILE;
        let mut page = fixtures::page();
        let article = &mut page.summarized.article;
        (article.title, article.authors) = (hostile.clone(), vec![hostile.clone()]);
        page.summarized.summaries[1].text = hostile.clone();
        page.body = hostile;
        let mut site = fixtures::site();
        site.name = fixtures::HOSTILE.into();
        let xml = render(&site, &[page], Timestamp::UNIX_EPOCH);
        let document = Document::parse(&xml).unwrap();
        assert!(child(document.root_element(), "title").text().unwrap().starts_with("&lt;/title>&lt;script>"));
    }

    #[test]
    fn an_empty_feed_is_a_feed() {
        let xml = feed(&[]);
        assert!(Document::parse(&xml).is_ok(), "{xml}");
    }
}
