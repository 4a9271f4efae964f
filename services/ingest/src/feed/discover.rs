//! The feeds of a site: those that its page names, and where others may be.

use std::collections::HashSet;

use kos_shared::event::HttpUrl;
use quick_xml::{Reader, events::Event};
use url::Url;

use super::parse::{decode_entities, mend, starts_with};

/// How much of a page is looked through, in bytes. Feeds are named in its head.
const MAX_BYTES: usize = 1024 * 1024;

/// How long a tag may be, in bytes.
const MAX_TAG_BYTES: usize = 4_096;

/// How many links of a page are looked at.
const MAX_LINKS: usize = 500;

/// Where sites have their feeds that don't say so, the usual first.
const USUAL: [&str; 9] =
    ["feed", "rss.xml", "atom.xml", "feed.xml", "index.xml", "rss", "feed.json", "feeds/posts/default", "?feed=rss2"];

/// A feed that a page names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferedFeed {
    /// Where it is.
    pub url: HttpUrl,
    /// What the page calls it.
    pub title: Option<String>,
    /// Whether it seems to hold comments rather than articles.
    pub comments: bool,
}

/// The feeds that the page `html`, found at `url`, names by `<link rel=alternate>` (RSS Board, "RSS
/// Autodiscovery") or `rel=feed`: each once, in the order of the page, those of comments last.
pub fn offered(html: &str, url: &HttpUrl) -> Vec<OfferedFeed> {
    let mut base = url.as_url().clone();
    let mut seen = HashSet::new();
    let mut found = Vec::new();
    let mut has_base = false;
    for tag in tags(html) {
        if tag.name == "base" {
            if let Some(joined) = tag.value("href").and_then(|h| base.join(h).ok()).filter(|_| !has_base) {
                base = joined;
                has_base = true;
            }
            continue;
        }
        if let Some(feed) = offer(&tag, &base)
            && seen.insert(feed.url.clone())
        {
            found.push(feed);
        }
    }
    found.sort_by_key(|f| f.comments);
    found
}

/// Addresses at which a site may have a feed that its page doesn't name, to be tried in this order.
pub fn guesses(site: &HttpUrl) -> Vec<HttpUrl> {
    let mut folder = site.as_url().clone();
    let path = folder.path().to_owned();
    // `/blog` is a folder too, `/index.html` is not.
    if path.rsplit('/').next().is_some_and(|last| !last.is_empty() && !last.contains('.')) {
        folder.set_path(&format!("{path}/"));
    }
    let folder = folder.join(".").ok();
    let root = folder.as_ref().and_then(|f| f.join("/").ok());
    let mut seen = HashSet::new();
    [folder, root]
        .into_iter()
        .flatten()
        .flat_map(|base| USUAL.iter().filter_map(move |name| HttpUrl::try_from(base.join(name).ok()?).ok()))
        .filter(|guess| guess != site && seen.insert(guess.clone()))
        .collect()
}

fn offer(tag: &Tag, base: &Url) -> Option<OfferedFeed> {
    let rel = tag.value("rel")?.to_ascii_lowercase();
    let is = |wanted: &str| rel.split_ascii_whitespace().any(|r| r == wanted);
    let media = tag.value("type").unwrap_or_default().to_ascii_lowercase();
    let media = media.split(';').next().unwrap_or_default().trim();
    let href = tag.value("href")?;
    let of_feed = match media {
        "application/rss+xml"
        | "application/atom+xml"
        | "application/rdf+xml"
        | "application/feed+json"
        | "application/rss"
        | "application/atom"
        | "application/x-rss+xml"
        | "application/x-atom+xml"
        | "text/rss+xml"
        | "text/atom+xml"
        | "text/rss" => true,
        // Any API is announced as JSON and any XML as XML.
        "application/json" | "application/xml" | "text/xml" => {
            let href = href.to_ascii_lowercase();
            ["feed", "rss", "atom"].iter().any(|w| href.contains(w)) && !href.contains("oembed")
        }
        "" => is("feed"),
        _ => false,
    };
    if !of_feed || !(is("alternate") || is("feed")) || is("stylesheet") {
        return None;
    }
    let href = href.strip_prefix("feed:").map_or(href, |rest| if rest.starts_with("http") { rest } else { href });
    let mut url = base.join(href).ok()?;
    url.set_fragment(None);
    let url = HttpUrl::try_from(url).ok()?;
    let title = tag.value("title").map(|t| t.split_whitespace().collect::<Vec<_>>().join(" "));
    let title = title.filter(|t| !t.is_empty()).map(|t| t.chars().take(300).collect::<String>());
    let comments = is_of_comments(&url, title.as_deref().unwrap_or_default());
    Some(OfferedFeed { url, title, comments })
}

fn is_of_comments(url: &HttpUrl, title: &str) -> bool {
    let (title, url) = (title.to_lowercase(), url.as_url());
    let in_address = url.path_segments().is_some_and(|mut s| s.any(|s| matches!(s, "comments" | "comment")))
        || url.query().is_some_and(|q| q.contains("comments"));
    let words =
        ["comment", "kommentar", "comentario", "comentário", "reacties", "评论", "評論", "留言", "コメント", "댓글"];
    in_address || words.iter().any(|w| title.contains(w))
}

/// A `link` or `base` tag.
struct Tag {
    name: &'static str,
    attributes: Vec<(String, String)>,
}

impl Tag {
    fn value(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(n, _)| n.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.trim()).filter(|v| !v.is_empty())
    }
}

/// The `link` and `base` tags of a page that are not in comments, scripts or styles.
fn tags(html: &str) -> Vec<Tag> {
    let html = &html[..html.floor_char_boundary(MAX_BYTES)];
    let mut hidden =
        [("<!--", "-->"), ("<script", "</script"), ("<style", "</style"), ("<textarea", "</textarea")].map(Some);
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(next) = html[at..].find('<') {
        at += next;
        let rest = &html[at..];
        if let Some(index) = hidden.iter().position(|h| h.is_some_and(|(start, _)| starts_with(rest, start))) {
            let length = hidden[index].and_then(|(_, end)| end_of(rest, end));
            at += length.unwrap_or(1);
            // What is not closed hides nothing: the page is cut off, or written by hand.
            if length.is_none() {
                hidden[index] = None;
            }
            continue;
        }
        let name = ["link", "base"].into_iter().find(|name| {
            starts_with(&rest[1..], name) && rest[1 + name.len()..].starts_with(|c: char| c.is_whitespace() || c == '/')
        });
        if let Some(name) = name
            && let Some(tag) = tag(&rest[..rest.floor_char_boundary(MAX_TAG_BYTES)], name)
        {
            found.push(tag);
        }
        if found.len() >= MAX_LINKS {
            break;
        }
        at += 1;
    }
    found
}

fn end_of(text: &str, end: &str) -> Option<usize> {
    text.as_bytes().windows(end.len()).position(|w| w.eq_ignore_ascii_case(end.as_bytes())).map(|i| i + end.len())
}

fn tag(text: &str, name: &'static str) -> Option<Tag> {
    let mended = mend(text);
    let mut reader = Reader::from_str(&mended);
    let (Ok(Event::Start(tag)) | Ok(Event::Empty(tag))) = reader.read_event() else { return None };
    let attributes = tag
        .attributes()
        .with_checks(false)
        .flatten()
        .take(50)
        .map(|a| (AsRef::<str>::as_ref(&a.key).to_owned(), decode_entities(&a.value).into_owned()))
        .collect();
    Some(Tag { name, attributes })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> HttpUrl {
        text.parse().unwrap()
    }

    fn found(html: &str) -> Vec<String> {
        offered(html, &url("https://example.com/blog/post")).into_iter().map(|f| f.url.to_string()).collect()
    }

    #[test]
    fn feeds_are_found_in_the_order_of_the_page_with_comments_last() {
        let html = r#"<html><head>
            <link rel="alternate" type="application/rss+xml" title="Site &raquo; Comments Feed" href="/comments/feed/">
            <LINK REL='Alternate' TYPE='application/atom+xml' HREF='../atom.xml?a=1&amp;b=2' />
            <link href=feed.json type=application/feed+json rel=alternate>
            <link rel="alternate" type="application/rss+xml" href="//cdn.example.org/rss#top" title="文章">
            <link rel="alternate" type="application/rss+xml" href="https://cdn.example.org/rss">"#;
        assert_eq!(
            found(html),
            [
                "https://example.com/atom.xml?a=1&b=2",
                "https://example.com/blog/feed.json",
                "https://cdn.example.org/rss",
                "https://example.com/comments/feed/",
            ]
        );
        let feeds = offered(html, &url("https://example.com/"));
        assert_eq!(feeds[3].title.as_deref(), Some("Site » Comments Feed"));
        assert!(feeds[3].comments && !feeds[2].comments);
        assert_eq!(feeds[2].title.as_deref(), Some("文章"));
    }

    #[test]
    fn what_is_no_feed_is_not_offered() {
        let none = r#"
            <link rel="alternate" hreflang="de" href="/de/"> <link rel="stylesheet" type="text/css" href="/feed.css">
            <link rel="alternate" type="application/json" href="/wp-json/wp/v2/posts/1">
            <link rel="alternate" type="application/json+oembed" href="/wp-json/oembed/1.0/embed?url=feed">
            <link rel="alternate" type="application/rss+xml" href="javascript:alert(1)">
            <link rel="alternate" type="application/rss+xml" href="">
            <!-- <link rel="alternate" type="application/rss+xml" href="/old"> -->
            <script>document.write('<link rel="alternate" type="application/rss+xml" href="/written">')</script>
            <linkage rel="alternate" type="application/rss+xml" href="/x">"#;
        assert_eq!(found(none), Vec::<String>::new());
    }

    #[test]
    fn the_base_of_the_page_counts() {
        let html =
            "<base href='https://www.example.net/a/'><link rel=feed href=b><base href='/c/'><link rel=feed href=d>";
        assert_eq!(found(html), ["https://www.example.net/a/b", "https://www.example.net/a/d"]);
    }

    #[test]
    fn broken_and_endless_pages_end() {
        assert_eq!(found("<link rel=alternate type=application/rss+xml href='/feed"), ["https://example.com/feed"]);
        assert!(found(&"<link rel=alternate type=application/rss+xml href=/x".repeat(50_000)).len() <= 1);
        assert!(found(&"<script>".repeat(100)).is_empty());
        assert!(found(&"题<link ".repeat(20_000)).is_empty());
    }

    #[test]
    fn the_usual_places_are_guessed_under_the_page_and_the_site() {
        let guessed: Vec<String> =
            guesses(&url("https://example.com/blog?x=1")).iter().map(HttpUrl::to_string).collect();
        assert_eq!(guessed[0], "https://example.com/blog/feed");
        assert!(guessed.contains(&"https://example.com/rss.xml".to_owned()));
        assert_eq!(guessed.len(), 2 * USUAL.len());
        let of_root = guesses(&url("https://example.com/index.html"));
        assert_eq!(of_root.len(), USUAL.len());
        assert_eq!(of_root[2].as_str(), "https://example.com/atom.xml");
        assert_eq!(of_root[8].as_str(), "https://example.com/?feed=rss2");
    }
}
