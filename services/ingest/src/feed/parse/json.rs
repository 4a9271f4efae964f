//! JSON Feed 1.0 and 1.1 (jsonfeed.org).

use std::fmt;

use kos_shared::event::HttpUrl;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use url::Url;

use super::fields::{http, language, person};
use super::{MAX_CONTENT_BYTES, MAX_ENTRIES, NotAFeed, entities, text};
use crate::feed::{Entry, Feed, date};

/// The feed in `json`, found at `url`. Of a document that is cut off, the entries before the cut.
pub(super) fn read(json: &str, url: &Url) -> Result<Feed, NotAFeed> {
    let escaped = without_bare_controls(json);
    let mut members = Members::default();
    let mut reader = serde_json::Deserializer::from_str(escaped.as_deref().unwrap_or(json));
    let whole = TopLevel(&mut members).deserialize(&mut reader);
    let is_feed = members.text("version").is_some_and(|v| v.contains("jsonfeed.org")) || members.has_items;
    if !is_feed {
        return Err(NotAFeed::OtherJson);
    }
    if whole.is_err() && members.items.is_empty() && !members.full {
        return Err(NotAFeed::CutOff);
    }
    let mut feed = feed_of(&members, url);
    if escaped.is_some() {
        feed.repairs.push("control characters in the json were not escaped");
    }
    if whole.is_err() && !members.full {
        feed.repairs.push("the json ends before the feed does");
    }
    Ok(feed)
}

/// The members of the document as far as it could be read.
#[derive(Default)]
struct Members {
    others: Vec<(String, Value)>,
    has_items: bool,
    items: Vec<Value>,
    /// There are more items than are read.
    full: bool,
}

impl Members {
    fn get(&self, name: &str) -> Option<&Value> {
        self.others.iter().find(|(n, _)| n == name).map(|(_, v)| v)
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(Value::as_str)
    }
}

/// The members that are read of a feed; others may be of any size.
const READ: [&str; 8] = ["version", "title", "home_page_url", "feed_url", "language", "author", "authors", "hubs"];

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
        while let Some(name) = map.next_key::<String>()? {
            if name == "items" {
                self.0.has_items = true;
                map.next_value_seed(Items(self.0))?;
            } else if READ.contains(&name.as_str()) {
                let value = map.next_value()?;
                self.0.others.push((name, value));
            } else {
                map.next_value::<IgnoredAny>()?;
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
        while let Some(item) = items.next_element::<Value>()? {
            self.0.items.push(item);
            if self.0.items.len() >= MAX_ENTRIES {
                self.0.full = true;
                return Err(A::Error::custom("enough"));
            }
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

fn feed_of(members: &Members, url: &Url) -> Feed {
    let address = |name: &str| members.text(name).and_then(|t| http(t, url));
    let site_url = address("home_page_url");
    let base = site_url.as_ref().map_or(url, HttpUrl::as_url);
    let authors = authors(members.get("authors"), members.get("author"));
    let hubs = members.get("hubs").and_then(Value::as_array).into_iter().flatten().take(50);
    Feed {
        title: members.text("title").map(entities::plain).and_then(text::shortened),
        self_url: address("feed_url"),
        hubs: hubs.filter_map(|h| http(h.get("url")?.as_str()?, url)).collect(),
        language: members.text("language").and_then(language),
        ttl: None,
        entries: members.items.iter().filter(|i| i.is_object()).map(|i| entry_of(i, base, &authors)).collect(),
        repairs: Vec::new(),
        site_url,
    }
}

fn entry_of(item: &Value, base: &Url, authors_of_feed: &[String]) -> Entry {
    let string = |name: &str| item.get(name).and_then(Value::as_str).map(str::trim).filter(|t| !t.is_empty());
    // Identifiers are strings, says the specification, but numbers are common.
    let guid = match item.get("id") {
        Some(Value::Number(number)) => Some(number.to_string()),
        _ => string("id").map(str::to_owned),
    };
    let html = string("content_html").map(text::from_html);
    let plain = string("content_text").or_else(|| string("summary")).map(paragraphs);
    let mut authors = authors(item.get("authors"), item.get("author"));
    if authors.is_empty() {
        authors = authors_of_feed.to_vec();
    }
    let permalink = || guid.as_deref().filter(|g| g.starts_with("http")).and_then(|g| http(g, base));
    let mut tags: Vec<String> = Vec::new();
    for tag in item.get("tags").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).take(50) {
        let tag: String = entities::plain(tag).chars().take(200).collect();
        if !tag.is_empty() && !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    Entry {
        url: string("url")
            .and_then(|u| http(u, base))
            .or_else(permalink)
            .or_else(|| http(string("external_url")?, base)),
        title: string("title").map(entities::plain).and_then(text::shortened),
        authors,
        published_at: string("date_published").and_then(date::parse),
        updated_at: string("date_modified").and_then(date::parse),
        language: string("language").and_then(language),
        content_html: html.or(plain).filter(|h| h.len() <= MAX_CONTENT_BYTES),
        tags,
        guid: guid.filter(|g| g.len() <= text::MAX_GUID_BYTES),
    }
}

/// Plain text as HTML that keeps its paragraphs.
fn paragraphs(text: &str) -> String {
    let paragraphs = text.split("\n\n").map(str::trim).filter(|p| !p.is_empty());
    paragraphs.map(|p| format!("<p>{}</p>", entities::escape(p))).collect()
}

/// `authors` of version 1.1, or `author` of 1.0.
fn authors(many: Option<&Value>, one: Option<&Value>) -> Vec<String> {
    let many = many.and_then(Value::as_array).into_iter().flatten();
    let written = many.chain(one).take(50).filter_map(|a| a.get("name").unwrap_or(a).as_str());
    let mut names: Vec<String> = Vec::new();
    for name in written.filter_map(person) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}
