//! JSON Feed 1.0 and 1.1 (jsonfeed.org).

mod value;

use std::{borrow::Cow, fmt};

use kos_shared::event::{HttpUrl, OffsetTime};
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use url::Url;

use self::value::{Item, Many, MaybeItem, One};
use super::fields::{http, language, person};
use super::newest::Newest;
use super::{MAX_CONTENT_BYTES, NotAFeed, entities, text};
use crate::feed::{Entry, Feed, date, skips::Skips};

/// The feed in `json`, found at `url`. Of a document that is cut off, the entries before the cut.
pub(super) fn read(json: &str, url: &Url) -> Result<Feed, NotAFeed> {
    let escaped = without_bare_controls(json);
    let mut members = Members::default();
    let mut reader = serde_json::Deserializer::from_str(escaped.as_deref().unwrap_or(json));
    let whole = TopLevel(&mut members).deserialize(&mut reader);
    let is_feed = members.version.text().is_some_and(|v| v.contains("jsonfeed.org")) || members.has_items;
    if !is_feed {
        return Err(NotAFeed::OtherJson);
    }
    if whole.is_err() && members.items.is_empty() {
        return Err(NotAFeed::CutOff);
    }
    let mut feed = feed_of(members, url);
    if escaped.is_some() {
        feed.repairs.push("control characters in the json were not escaped".into());
    }
    if whole.is_err() {
        feed.cut_off = true;
        feed.repairs.push("the json ends before the feed does".into());
    }
    Ok(feed)
}

/// The members of the document as far as it could be read.
#[derive(Default)]
struct Members {
    version: One,
    title: One,
    home_page_url: One,
    feed_url: One,
    language: One,
    authors: Many,
    author: Many,
    hubs: Many,
    has_items: bool,
    items: Newest<Box<Item>>,
}

struct TopLevel<'a>(&'a mut Members);

impl<'de> DeserializeSeed<'de> for TopLevel<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for TopLevel<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a feed")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let members = self.0;
        while let Some(name) = map.next_key::<String>()? {
            match name.as_str() {
                "version" => members.version = map.next_value()?,
                "title" => members.title = map.next_value()?,
                "home_page_url" => members.home_page_url = map.next_value()?,
                "feed_url" => members.feed_url = map.next_value()?,
                "language" => members.language = map.next_value()?,
                "authors" => members.authors = map.next_value()?,
                "author" => members.author = map.next_value()?,
                "hubs" => members.hubs = map.next_value()?,
                "items" => {
                    members.has_items = true;
                    map.next_value_seed(Items(members))?;
                }
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

struct Items<'a>(&'a mut Members);

impl<'de> DeserializeSeed<'de> for Items<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Items<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("items")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while let Some(MaybeItem(item)) = items.next_element()? {
            let Some(item) = item else { continue };
            let time = item.date_published.text().and_then(date::parse);
            let time = time.or_else(|| item.date_modified.text().and_then(date::parse));
            self.0.items.push(time.map(OffsetTime::instant), item);
        }
        Ok(())
    }
}

/// JSON in which line ends and tabs within strings are escaped, if some aren't.
fn without_bare_controls(json: &str) -> Option<String> {
    let mut out: Option<String> = None;
    let (mut quoted, mut escaped, mut kept) = (false, false, 0);
    for (at, byte) in json.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'\n' | b'\r' | b'\t' if quoted => {
                let out = out.get_or_insert_with(|| String::with_capacity(json.len() + 64));
                out.push_str(&json[kept..at]);
                out.push_str(match byte {
                    b'\t' => "\\t",
                    _ => "\\n",
                });
                kept = at + 1;
            }
            _ => {}
        }
    }
    out.map(|mut out| {
        out.push_str(&json[kept..]);
        out
    })
}

fn feed_of(members: Members, url: &Url) -> Feed {
    let address = |member: &One| member.text().and_then(|t| http(t, url));
    let site_url = address(&members.home_page_url);
    let base = site_url.as_ref().map_or(url, HttpUrl::as_url);
    let authors = names(&members.authors, &members.author);
    let (items, repair) = members.items.in_order();
    let unreadable = items.iter().flat_map(|item| [&item.date_published, &item.date_modified]);
    let unreadable = unreadable.filter_map(One::text).filter(|text| date::parse(text).is_none()).count();
    Feed {
        title: members.title.text().map(entities::plain).and_then(text::shortened),
        self_url: address(&members.feed_url),
        hubs: members.hubs.0.iter().filter_map(|hub| websub_hub(hub, url)).collect(),
        language: members.language.text().and_then(language),
        ttl: None,
        skips: Skips::default(),
        entries: items.iter().map(|item| entry_of(item, base, &authors)).collect(),
        repairs: repair.map(Cow::Borrowed).into_iter().chain(date::unreadable(unreadable)).collect(),
        cut_off: false,
        site_url,
    }
}

/// A hub that speaks WebSub; others, such as rssCloud's, don't know what to do with its requests.
fn websub_hub(hub: &One, url: &Url) -> Option<HttpUrl> {
    let One::Named { url: Some(address), kind: Some(kind), .. } = hub else { return None };
    http(address, url).filter(|_| kind.trim().eq_ignore_ascii_case("websub"))
}

fn entry_of(item: &Item, base: &Url, authors_of_feed: &[String]) -> Entry {
    // Identifiers are strings, says the specification, but numbers are common.
    let guid = match &item.id {
        One::Number(number) => Some(number.as_str()),
        id => id.text(),
    };
    let html = item.content_html.text().map(text::from_html);
    let plain = item.content_text.text().or_else(|| item.summary.text()).map(paragraphs);
    let mut authors = names(&item.authors, &item.author);
    if authors.is_empty() {
        authors = authors_of_feed.to_vec();
    }
    let permalink = || guid.filter(|g| g.starts_with("http")).and_then(|g| http(g, base));
    let mut tags: Vec<String> = Vec::new();
    for tag in item.tags.0.iter().filter_map(One::text) {
        let tag: String = entities::plain(tag).chars().take(200).collect();
        if !tag.is_empty() && !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    Entry {
        url: item
            .url
            .text()
            .and_then(|u| http(u, base))
            .or_else(permalink)
            .or_else(|| http(item.external_url.text()?, base)),
        title: item.title.text().map(entities::plain).and_then(text::shortened),
        authors,
        published_at: item.date_published.text().and_then(date::parse),
        updated_at: item.date_modified.text().and_then(date::parse),
        language: item.language.text().and_then(language),
        content_html: html.or(plain).filter(|h| h.len() <= MAX_CONTENT_BYTES),
        tags,
        guid: guid.filter(|g| g.len() <= text::MAX_GUID_BYTES).map(str::to_owned),
    }
}

/// Plain text as HTML that keeps its paragraphs.
fn paragraphs(text: &str) -> String {
    let paragraphs = text.split("\n\n").map(str::trim).filter(|p| !p.is_empty());
    paragraphs.map(|p| format!("<p>{}</p>", entities::escape(p))).collect()
}

/// `authors` of version 1.1, or `author` of 1.0.
fn names(many: &Many, one: &Many) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for name in many.0.iter().chain(&one.0).filter_map(One::name).filter_map(person) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}
