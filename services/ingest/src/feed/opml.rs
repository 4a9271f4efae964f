//! Lists of subscriptions (OPML 1.0 and 2.0, opml.org/spec2.opml).

use std::{collections::HashSet, fmt::Write};

use jiff::Timestamp;
use kos_shared::event::HttpUrl;
use quick_xml::{
    Reader,
    escape::escape,
    events::{BytesStart, Event},
};

use super::parse::{NotAFeed, decode_entities, mend, plain_text, read_text, starts_with};

/// The most subscriptions that are read of a list.
pub const MAX_SUBSCRIPTIONS: usize = 50_000;

/// How many folders deep a subscription may be; what is deeper is in the last of these.
const MAX_FOLDERS: usize = 16;

/// The longest title, in characters.
const MAX_TITLE: usize = 300;

/// A feed that somebody reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// Where the feed is.
    pub feed_url: HttpUrl,
    /// What its reader calls it.
    pub title: Option<String>,
    /// The site that it belongs to.
    pub site_url: Option<HttpUrl>,
    /// The folders that it is in, from the outermost.
    pub folder: Vec<String>,
}

/// What a list has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct List {
    /// The feeds, each once, in the order of the document.
    pub subscriptions: Vec<Subscription>,
    /// What stands where a feed's address should and is none; each cut to [`MAX_TITLE`] characters.
    pub broken: Vec<String>,
}

/// Why bytes are no list of subscriptions.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotOpml {
    /// There is nothing there.
    #[error("the list is empty")]
    Empty,
    /// It is something else: a feed, a page.
    #[error("expected opml, got something without outlines")]
    NoOutlines,
    /// It is OPML of another use, or all of its addresses are broken.
    #[error("the opml names no feed with an http address")]
    NoFeeds,
}

/// The subscriptions in `body`. A list that is broken is read as far as possible.
///
/// # Errors
/// [`NotOpml`] if there is none to be found.
pub fn read(body: &[u8], content_type: Option<&str>) -> Result<List, NotOpml> {
    let text = read_text(body, content_type).map_err(|e| match e {
        NotAFeed::Empty => NotOpml::Empty,
        _ => NotOpml::NoOutlines,
    })?;
    let start = text.match_indices('<').map(|(i, _)| i);
    let is_list = |i: &usize| starts_with(&text[*i..], "<opml") || starts_with(&text[*i..], "<outline");
    let start = start.take(1_000).find(is_list).ok_or(NotOpml::NoOutlines)?;
    let (outlines, broken) = outlines(&mend(&text[start..])).ok_or(NotOpml::NoOutlines)?;
    let list = List { subscriptions: subscriptions(outlines), broken };
    if list.subscriptions.is_empty() { Err(NotOpml::NoFeeds) } else { Ok(list) }
}

/// What the outlines of a document are.
enum Outline {
    Folder(String),
    /// A feed, and whether an end tag is to follow.
    Feed(Box<Subscription>, bool),
    /// Something else, such as a feed whose address is this and none, but with an end tag to follow.
    Other(Option<String>),
    End,
}

/// The outlines that matter and the addresses that are none, or `None` where there is no outline at all.
fn outlines(mended: &str) -> Option<(Vec<Outline>, Vec<String>)> {
    let mut reader = Reader::from_str(mended);
    let config = reader.config_mut();
    config.check_end_names = false;
    config.allow_unmatched_ends = true;
    config.allow_dangling_amp = true;
    let (mut found, mut broken) = (Vec::new(), Vec::new());
    let mut any = false;
    let mut feeds = 0;
    while feeds + broken.len() < MAX_SUBSCRIPTIONS {
        match reader.read_event() {
            Ok(Event::Start(tag)) if is_outline(tag.name().as_ref()) => {
                any = true;
                let mut outline = outline(&tag, true);
                if let Outline::Other(written) = &mut outline {
                    broken.extend(written.take());
                }
                feeds += usize::from(matches!(outline, Outline::Feed(..)));
                found.push(outline);
            }
            Ok(Event::Empty(tag)) if is_outline(tag.name().as_ref()) => {
                any = true;
                match outline(&tag, false) {
                    feed @ Outline::Feed(..) => {
                        feeds += 1;
                        found.push(feed);
                    }
                    Outline::Other(written) => broken.extend(written),
                    Outline::Folder(_) | Outline::End => {}
                }
            }
            Ok(Event::End(tag)) if is_outline(tag.name().as_ref()) => found.push(Outline::End),
            Ok(Event::Eof) | Err(_) => break,
            Ok(_) => {}
        }
    }
    any.then_some((found, broken))
}

fn is_outline(name: &str) -> bool {
    name.eq_ignore_ascii_case("outline")
}

fn outline(tag: &BytesStart<'_>, open: bool) -> Outline {
    let attributes: Vec<(String, String)> = tag
        .attributes()
        .with_checks(false)
        .flatten()
        .take(50)
        .map(|a| (AsRef::<str>::as_ref(&a.key).to_ascii_lowercase(), decode_entities(&a.value).into_owned()))
        .collect();
    let value =
        |name: &str| attributes.iter().find(|(n, _)| n == name).map(|(_, v)| v.trim()).filter(|v| !v.is_empty());
    let title = value("title").or_else(|| value("text")).map(plain_text).filter(|t| !t.is_empty());
    let title = title.map(|t| t.chars().take(MAX_TITLE).collect::<String>());
    let is_feed = || value("type").is_some_and(|t| matches!(t.to_ascii_lowercase().as_str(), "rss" | "atom" | "feed"));
    let written = value("xmlurl").or_else(|| value("url").filter(|_| is_feed()));
    match (written.and_then(address), title) {
        (Some(feed_url), title) => {
            let site_url = value("htmlurl").and_then(address);
            Outline::Feed(Box::new(Subscription { feed_url, title, site_url, folder: Vec::new() }), open)
        }
        (None, Some(name)) if written.is_none() && open => Outline::Folder(name),
        _ => Outline::Other(written.map(|text| text.chars().take(MAX_TITLE).collect())),
    }
}

/// An address, also where it is written as `feed://…` or `feed:https://…`.
fn address(text: &str) -> Option<HttpUrl> {
    let rest = text.strip_prefix("feed:").unwrap_or(text);
    if rest.starts_with("//") { format!("http:{rest}").parse().ok() } else { rest.parse().ok() }
}

fn subscriptions(outlines: Vec<Outline>) -> Vec<Subscription> {
    let opened =
        outlines.iter().filter(|o| matches!(o, Outline::Folder(_) | Outline::Other(_) | Outline::Feed(_, true)));
    let ends = outlines.iter().filter(|o| matches!(o, Outline::End)).count();
    // Where end tags are missing, it is those of feeds, written as if they were HTML.
    let feeds_have_ends = ends >= opened.count();
    let mut seen = HashSet::new();
    let mut found = Vec::new();
    // Of each open outline, whether it is a folder.
    let mut open: Vec<bool> = Vec::new();
    let mut folders: Vec<String> = Vec::new();
    for outline in outlines {
        match outline {
            Outline::Folder(name) => {
                open.push(true);
                folders.push(name);
            }
            Outline::Other(_) => open.push(false),
            Outline::Feed(mut feed, has_end) => {
                if has_end && feeds_have_ends {
                    open.push(false);
                }
                if seen.insert(feed.feed_url.clone()) {
                    feed.folder = folders.iter().take(MAX_FOLDERS).cloned().collect();
                    found.push(*feed);
                }
            }
            Outline::End => {
                if open.pop() == Some(true) {
                    folders.pop();
                }
            }
        }
    }
    found
}

/// `subscriptions` as OPML 2.0, in folders, what is in none first.
pub fn write(subscriptions: &[Subscription], title: &str, created: Timestamp) -> String {
    let mut sorted: Vec<&Subscription> = subscriptions.iter().collect();
    sorted.sort_by(|a, b| a.folder.cmp(&b.folder));
    let date = jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_string(&created).unwrap_or_default();
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<opml version=\"2.0\">\n<head>\n<title>{}</title>\n\
        <dateCreated>{date}</dateCreated>\n</head>\n<body>\n",
        escape(title)
    );
    let mut open: &[String] = &[];
    for subscription in sorted {
        let shared = open.iter().zip(&subscription.folder).take_while(|(a, b)| a == b).count();
        for _ in shared..open.len() {
            out.push_str("</outline>\n");
        }
        for name in &subscription.folder[shared..] {
            let name = attribute(name);
            // Writing to a string can't fail.
            let _ = writeln!(out, "<outline text=\"{name}\" title=\"{name}\">");
        }
        open = &subscription.folder;
        let title = attribute(subscription.title.as_deref().unwrap_or(subscription.feed_url.as_str()));
        let site = subscription.site_url.as_ref().map(|u| format!(" htmlUrl=\"{}\"", attribute(u.as_str())));
        let _ = writeln!(
            out,
            "<outline type=\"rss\" text=\"{title}\" title=\"{title}\" xmlUrl=\"{}\"{}/>",
            attribute(subscription.feed_url.as_str()),
            site.unwrap_or_default()
        );
    }
    out.push_str(&"</outline>\n".repeat(open.len()));
    out.push_str("</body>\n</opml>\n");
    out
}

/// A text that stays itself in an attribute: line ends would become spaces, control characters are not XML.
fn attribute(text: &str) -> String {
    let shown: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    escape(&shown).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(opml: &str) -> Vec<(String, Option<String>, Vec<String>)> {
        let read = read(opml.as_bytes(), None).unwrap().subscriptions;
        read.into_iter().map(|s| (s.feed_url.to_string(), s.title, s.folder)).collect()
    }

    fn entry(url: &str, title: &str, folder: &[&str]) -> (String, Option<String>, Vec<String>) {
        (url.to_owned(), Some(title.to_owned()), folder.iter().map(|f| (*f).to_owned()).collect())
    }

    #[test]
    fn nested_outlines_become_folders() {
        let opml = r#"<?xml version="1.0" encoding="UTF-8"?><opml version="1.1"><head><title>x</title></head><body>
            <outline text="新闻"><outline title="Tech &amp; more">
                <outline text="A" type="rss" xmlUrl="https://a.example/feed?x=1&amp;y=2" htmlUrl="https://a.example/"/>
            </outline><outline text="B" xmlurl="feed://b.example/rss"></outline></outline>
            <outline text="C" type="rss" url="https://c.example/"/><outline text="A" xmlUrl="https://a.example/feed?x=1&amp;y=2"/>
        </body></opml>"#;
        assert_eq!(
            found(opml),
            [
                entry("https://a.example/feed?x=1&y=2", "A", &["新闻", "Tech & more"]),
                entry("http://b.example/rss", "B", &["新闻"]),
                entry("https://c.example/", "C", &[]),
            ]
        );
        assert_eq!(
            read(opml.as_bytes(), None).unwrap().subscriptions[0].site_url,
            Some("https://a.example/".parse().unwrap())
        );
    }

    #[test]
    fn broken_lists_are_read_as_far_as_possible() {
        let opml = "PHP Notice: x\n<opml><body><outline text='News'><outline text=A&B xmlUrl=https://a.example/?x=1&y=2>\
            <outline text='C' xmlUrl='https://c.example/'></outline><outline text='More'>\
            <outline text='D' xmlUrl='https://d.example/'></outline>\
            <outline text='bad' xmlUrl='nowhere'/><outline text='E' xmlUrl='https://e.example/";
        assert_eq!(self::read(opml.as_bytes(), None).unwrap().broken, ["nowhere"]);
        let read = found(opml);
        assert_eq!(read[0], entry("https://a.example/?x=1&y=2", "A&B", &["News"]));
        assert_eq!(read[1], entry("https://c.example/", "C", &["News"]));
        assert_eq!(read[2], entry("https://d.example/", "D", &["More"]));
        assert_eq!(read.len(), 4);
    }

    #[test]
    fn what_is_no_list_is_named() {
        assert_eq!(read(b" ", None), Err(NotOpml::Empty));
        assert_eq!(read(b"<html><body>hello", None), Err(NotOpml::NoOutlines));
        assert_eq!(read(b"<opml><body></body></opml>", None), Err(NotOpml::NoOutlines));
        assert_eq!(read(b"<opml><body><outline text='a'/>", None), Err(NotOpml::NoFeeds));
    }

    #[test]
    fn a_written_list_is_read_as_it_was() {
        let subscription = |url: &str, title: Option<&str>, folder: &[&str]| Subscription {
            feed_url: url.parse().unwrap(),
            title: title.map(str::to_owned),
            site_url: Some("https://example.com/?a=1&b=\"".parse().unwrap()),
            folder: folder.iter().map(|f| (*f).to_owned()).collect(),
        };
        let list = [
            subscription("https://a.example/?x=1&y=2", Some("A <3 & \"B\" 中文"), &[]),
            subscription("https://b.example/", Some("B"), &["One"]),
            subscription("https://c.example/", Some("C"), &["One", "Two"]),
            subscription("https://d.example/", Some("D"), &["Three"]),
        ];
        let written = write(&list, "Feeds & more", Timestamp::from_second(1_714_731_630).unwrap());
        assert!(written.contains("<title>Feeds &amp; more</title>") && written.contains("3 May 2024"), "{written}");
        let mut back = read(written.as_bytes(), None).unwrap().subscriptions;
        back.sort_by(|a, b| a.feed_url.as_str().cmp(b.feed_url.as_str()));
        assert_eq!(back, list);
    }

    #[test]
    fn deep_lists_end() {
        let deep = format!("<opml>{}<outline xmlUrl='https://a.example/'/>", "<outline text='x'>".repeat(100_000));
        assert_eq!(found(&deep)[0].2.len(), MAX_FOLDERS);
    }
}
