//! Sitemaps (<https://www.sitemaps.org/protocol.html>) and robots.txt (RFC 9309).

use std::fmt::Write;

use jiff::Timestamp;
use kos_shared::event::ArticleId;

use super::{SiteInfo, article::seconds};

/// How many articles a sitemap has at most. The protocol allows 50,000; a smaller one is made sooner.
pub const LARGEST: u32 = 10_000;

/// What crawlers need not ask for: what has no end, and what is nobody's to find.
const DISALLOWED: [&str; 5] = ["/api/", "/desk", "/live", "/search", "/websub/"];

/// The path of a sitemap, counted from 1.
pub fn path(number: u32) -> String {
    format!("/sitemaps/{number}.xml")
}

/// The index of so many sitemaps.
pub fn render_index(site: &SiteInfo, count: u32) -> String {
    let mut xml = String::from(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<sitemapindex xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n",
    );
    for number in 1..=count {
        let address = site.absolute(&path(number));
        // Writing into a string can't fail.
        let _ = writeln!(xml, "<sitemap><loc>{}</loc></sitemap>", escaped(&address));
    }
    xml + "</sitemapindex>\n"
}

/// A sitemap of articles, each with when its page last changed. The first one (`number` 1) has the front page, too: a sitemap
/// must not be empty.
pub fn render(site: &SiteInfo, number: u32, articles: &[(ArticleId, Timestamp)]) -> String {
    let mut xml = String::with_capacity(200 + articles.len() * 150);
    xml.push_str(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n",
    );
    if number == 1 {
        let _ = writeln!(xml, "<url><loc>{}</loc></url>", escaped(&site.absolute("/")));
    }
    for (id, changed_at) in articles {
        let (address, time) = (site.page_url(*id), seconds(*changed_at));
        let _ = writeln!(xml, "<url><loc>{}</loc><lastmod>{time}</lastmod></url>", escaped(&address));
    }
    xml + "</urlset>\n"
}

/// What robots are told.
pub fn robots(site: &SiteInfo) -> String {
    let disallowed: String = DISALLOWED.iter().map(|path| format!("Disallow: {path}\n")).collect();
    format!("User-agent: *\n{disallowed}\nSitemap: {}\n", site.absolute("/sitemap.xml"))
}

fn escaped(address: &str) -> String {
    address.replace('&', "&amp;").replace('<', "&lt;").replace('\'', "&apos;")
}

#[cfg(test)]
mod tests {
    use roxmltree::Document;

    use super::{super::fixtures, *};

    #[test]
    fn a_sitemap_names_pages_and_when_they_changed() {
        let id = fixtures::summarized().article.article_id;
        let xml = render(&fixtures::site(), 2, &[(id, "2026-01-22T06:00:01.25Z".parse().unwrap())]);
        let document = Document::parse(&xml).unwrap();
        let url = document.root_element().first_element_child().unwrap();
        let texts: Vec<_> = url.children().filter_map(|n| n.text()).collect();
        assert_eq!(texts, [format!("https://tides.example/articles/{id}").as_str(), "2026-01-22T06:00:01Z"]);
        let empty = render(&fixtures::site(), 1, &[]);
        assert!(empty.contains("<url><loc>https://tides.example/</loc></url>"), "a sitemap must not be empty: {empty}");
    }

    #[test]
    fn the_index_names_every_sitemap() {
        let xml = render_index(&fixtures::site(), 2);
        let document = Document::parse(&xml).unwrap();
        let texts: Vec<_> = document
            .descendants()
            .filter(|n| n.has_tag_name(("http://www.sitemaps.org/schemas/sitemap/0.9", "loc")))
            .filter_map(|n| n.text())
            .collect();
        assert_eq!(texts, ["https://tides.example/sitemaps/1.xml", "https://tides.example/sitemaps/2.xml"]);
    }

    #[test]
    fn robots_are_told_where_the_sitemap_is() {
        let text = robots(&fixtures::site());
        assert!(text.starts_with("User-agent: *\nDisallow: "), "{text}");
        assert!(
            text.contains("\nDisallow: /search\n") && text.contains("\nSitemap: https://tides.example/sitemap.xml\n")
        );
    }
}
