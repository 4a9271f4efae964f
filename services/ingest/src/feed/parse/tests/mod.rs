//! Feeds in, entries out.

mod bad_input;
mod damage;
mod meaning;
mod samples;

use kos_shared::event::HttpUrl;

use super::{NotAFeed, parse};
use crate::feed::{Entry, Feed};

const URL: &str = "https://example.com/blog/feed.xml";

fn read(body: impl AsRef<[u8]>) -> Result<Feed, NotAFeed> {
    parse(body.as_ref(), None, &url(URL))
}

fn url(text: &str) -> HttpUrl {
    text.parse().unwrap()
}

/// A feed with one RSS item that has `fields`.
fn rss(fields: &str) -> Feed {
    read(format!("<rss version=\"2.0\"><channel><title>T</title>\n<item>{fields}</item></channel></rss>")).unwrap()
}

fn item(fields: &str) -> Entry {
    rss(fields).entries.into_iter().next().unwrap()
}

/// The entry with `fields` of an Atom feed.
fn atom(fields: &str) -> Entry {
    let feed = format!("<feed xmlns=\"http://www.w3.org/2005/Atom\"><title>T</title><entry>{fields}</entry></feed>");
    read(feed).unwrap().entries.into_iter().next().unwrap()
}

fn link(entry: &Entry) -> Option<&str> {
    entry.url.as_ref().map(HttpUrl::as_str)
}
