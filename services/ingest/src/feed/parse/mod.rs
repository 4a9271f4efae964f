//! A feed out of bytes: RSS 0.9x to 2.0, RSS 1.0, Atom 0.3 and 1.0, CDF and JSON Feed, whole or broken.
//!
//! The bytes become text ([`decode`](crate::decode)), the text is [mended](mend) so that an XML reader reads to
//! its end, the [`tree`] says what belongs to what, and [`fields`] what it means. No step recurses, expands
//! an entity that a document declares, or takes more than linear time.

mod bases;
mod encoding;
mod entities;
mod fields;
mod json;
mod kinds;
mod mend;
mod name;
mod newest;
mod repeated;
mod text;
mod tree;

#[cfg(test)]
mod tests;

use kos_shared::event::HttpUrl;

pub(super) use self::entities::{decode as decode_entities, plain as plain_text};
pub(super) use self::mend::starts_with;
use super::Feed;

/// The most entries that are read of a feed: the newest, or the first where they say no dates.
pub const MAX_ENTRIES: usize = 1_000;

/// The most bytes that are read of a feed; what follows is left out as if it had been cut off.
pub const MAX_BYTES: usize = 16 * 1024 * 1024;

/// The most bytes that the text of an entry may have. A longer one is left out.
pub const MAX_CONTENT_BYTES: usize = 256 * 1024;

/// How far into a document its first element is looked for, in bytes.
const ROOT_WINDOW: usize = 64 * 1024;

const BEFORE: &str = "what stood before the feed was left out";

/// Why bytes are no feed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAFeed {
    /// There is nothing there, or only white space: a template that failed, an answer that was cut.
    #[error("the feed is empty")]
    Empty,
    /// It is a page: the address of a site instead of that of its feed, an error page, a login.
    #[error("expected a feed, got an html page; the page may name the site's feed")]
    HtmlPage,
    /// It is XML of another kind: a sitemap, an answer of some API.
    #[error("expected rss, atom or json feed, got xml that starts with <{0}>")]
    OtherXml(String),
    /// It is OPML: a list of feeds.
    #[error("expected a feed, got an opml list of feeds; `kos feed import` follows those in it")]
    FeedList,
    /// It is JSON that is no JSON Feed: the answer of some API.
    #[error("expected a json feed, got json without version and items")]
    OtherJson,
    /// It is neither XML nor JSON: plain text, a picture, an archive.
    #[error("expected rss, atom or json feed, got something that is neither xml nor json")]
    Unknown,
    /// It starts as a feed and ends before the first entry: a connection that broke.
    #[error("the feed ends before its first entry; ask again, and if it stays so, its publisher has to mend it")]
    CutOff,
}

/// The feed that `body` is, found at `url`.
///
/// Addresses are absolute. Titles are text, contents HTML that is not yet made safe. What a feed doesn't say
/// is `None`.
///
/// # Errors
/// [`NotAFeed`] says what it is instead.
pub fn parse(body: &[u8], content_type: Option<&str>, url: &HttpUrl) -> Result<Feed, NotAFeed> {
    let too_long = body.len() > MAX_BYTES;
    let text = read_text(body, content_type)?;
    let start = text.as_str();
    let mut feed = match first_element(start) {
        Root::Feed(at) => {
            let mended = mend::mend(&start[at..]);
            let mut document = tree::read(&mended.text, url.as_url());
            if document.cut_off && document.entries.is_empty() {
                return Err(NotAFeed::CutOff);
            }
            document.repairs.splice(0..0, mended.repairs);
            if document.cut_off {
                document.repairs.push("the feed ends before its elements do");
            }
            if at > 0 && !only_prolog(&start[..at]) {
                document.repairs.insert(0, BEFORE);
            }
            fields::feed_of(document, url.as_url())
        }
        Root::Html => return Err(NotAFeed::HtmlPage),
        Root::List => return Err(NotAFeed::FeedList),
        Root::Other(name) => return Err(NotAFeed::OtherXml(name)),
        Root::Json(at) => {
            let mut feed = json::read(&start[at..], url.as_url())?;
            if at > 0 {
                feed.repairs.insert(0, BEFORE.into());
            }
            feed
        }
        Root::None => return Err(NotAFeed::Unknown),
    };
    if too_long {
        feed.repairs.push("what is longer than 16 MiB was left out".into());
        // However often it is asked for, no more of it will be read.
        feed.cut_off = false;
    }
    repeated::take_out(&mut feed);
    Ok(feed)
}

/// The first [`MAX_BYTES`] of a document as text that starts with something to see.
pub(super) fn read_text(body: &[u8], content_type: Option<&str>) -> Result<String, NotAFeed> {
    let mut text = encoding::decode(&body[..body.len().min(MAX_BYTES)], content_type);
    let blank = text.len() - text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}').len();
    text.drain(..blank);
    if text.is_empty() { Err(NotAFeed::Empty) } else { Ok(text) }
}

/// A document on which an XML reader doesn't fail.
pub(super) fn mend(text: &str) -> String {
    mend::mend(text).text
}

/// What a document starts with.
enum Root {
    /// A feed, at a byte.
    Feed(usize),
    /// A JSON Feed, at a byte.
    Json(usize),
    Html,
    /// A list of feeds.
    List,
    Other(String),
    None,
}

/// Looks for the element that a feed opens with, past whatever stands before it.
fn first_element(text: &str) -> Root {
    if text.starts_with('{') {
        return Root::Json(0);
    }
    let text = &text[..text.floor_char_boundary(ROOT_WINDOW)];
    let json = text.find("jsonfeed.org/version").and_then(|version| text[..version].rfind('{'));
    let mut other = None;
    let mut comments_end = true;
    let mut at = 0;
    while let Some(found) = text[at..].find('<') {
        at += found;
        if let Some(json) = json.filter(|json| *json < at) {
            return Root::Json(json);
        }
        let rest = &text[at..];
        if rest.starts_with("<!--") {
            let end = if comments_end { rest.find("-->") } else { None };
            // Looked for once in vain, there is none further on.
            comments_end = end.is_some();
            at += end.map_or(4, |end| end + 3);
            continue;
        }
        if mend::starts_with(rest, "<!doctype html") {
            return Root::Html;
        }
        if mend::starts_with(rest, "<!doctype") {
            let end = rest.find('>').map_or(rest.len(), |e| e + 1);
            at += if rest[..end].contains('[') { rest.find("]>").map_or(end, |e| e + 2) } else { end };
            continue;
        }
        let name: String =
            rest[1..].chars().take(40).take_while(|c| c.is_alphanumeric() || matches!(c, ':' | '_' | '-')).collect();
        let local = name.rsplit(':').next().unwrap_or(&name).to_ascii_lowercase();
        match local.as_str() {
            "" => {}
            "rss" | "feed" | "rdf" | "channel" | "entry" => return Root::Feed(at),
            "html" => return Root::Html,
            // Of a page, unless something else is around them.
            "head" | "body" if other.is_none() => return Root::Html,
            "opml" if other.is_none() => return Root::List,
            _ => other = other.or(Some(name)),
        }
        at += 1 + usize::from(rest.starts_with("<?")) * rest.find('>').unwrap_or(0);
    }
    match other {
        _ if json.is_some() => json.map_or(Root::None, Root::Json),
        Some(name) if text.starts_with('<') => Root::Other(name),
        _ => Root::None,
    }
}

/// Whether there is only what belongs before the first element: declarations and comments.
fn only_prolog(text: &str) -> bool {
    text.matches("<?xml ").count() <= 1 && mend::mend(text).text.trim().is_empty() && text.starts_with('<')
}
