//! What the fields of a feed and of its entries mean.

use std::{borrow::Cow, time::Duration};

use jiff::Timestamp;
use kos_shared::event::{HttpUrl, Language, OffsetTime};
use url::Url;

use super::name::Vocabulary::{self, Content, Dc, DcTerms, FeedBurner, Itunes, Media, Syndication, Xhtml, Xml};
use super::text::{self, Form};
use super::tree::{Document, Element};
use crate::feed::{Entry, Feed, date, skips::Skips};

/// How many authors and tags of one entry are kept.
const MAX_NAMES: usize = 50;

/// The longest author or tag, in characters.
const MAX_NAME_CHARACTERS: usize = 200;

/// The longest time that a feed may ask not to be polled: a month.
const MAX_TTL: Duration = Duration::from_secs(31 * 24 * 3600);

/// Fields that say when an entry was published, the most telling first.
const PUBLISHED: [(Vocabulary, &str); 8] = [
    (Vocabulary::Plain, "pubdate"),
    (Vocabulary::Plain, "published"),
    (Vocabulary::Plain, "issued"),
    (DcTerms, "issued"),
    (DcTerms, "date"),
    (Dc, "date"),
    (Vocabulary::Plain, "created"),
    (DcTerms, "created"),
];

/// Fields that say when it was changed.
const UPDATED: [(Vocabulary, &str); 4] = [
    (Vocabulary::Plain, "updated"),
    (Vocabulary::Plain, "modified"),
    (DcTerms, "modified"),
    (Vocabulary::Plain, "lastbuilddate"),
];

/// The feed that a document found at `url` is.
pub(super) fn feed_of(document: Document, url: &Url) -> Feed {
    let fields = Fields(&document.fields);
    let base = document.containers.iter().rev().find_map(|c| c.base.as_deref()).unwrap_or(url);
    let container = |local: &str| document.containers.iter().find_map(|c| c.attribute(local));
    let site_url = fields.link(base).or_else(|| http(container("href")?, base));
    let is_atom = document.containers.first().is_some_and(|c| c.name.local == "feed");
    // Relative addresses are relative to the document, but RSS is often written for the site's own pages and
    // served from elsewhere.
    let entries_base = match &site_url {
        Some(site) if !is_atom && document.containers.iter().all(|c| c.base.is_none()) => site.as_url(),
        _ => base,
    };
    let authors = if is_atom { fields.authors() } else { Vec::new() };
    let language = document.containers.iter().find_map(|c| c.attribute_of(Xml, "lang").and_then(language));
    let mut feed = Feed {
        title: fields.title(),
        self_url: fields.hypertext("self").find_map(|l| http(l.attribute("href")?, l.base.as_deref().unwrap_or(base))),
        hubs: Vec::new(),
        language: language.or_else(|| fields.language()),
        ttl: fields.ttl(),
        skips: fields.skips(),
        entries: document.entries.iter().map(|e| entry_of(e, entries_base, &authors)).collect(),
        repairs: document.repairs.into_iter().map(Cow::Borrowed).collect(),
        cut_off: document.cut_off,
        site_url,
    };
    let unreadable = document.entries.iter().map(|e| Fields(&e.children).unreadable_dates()).sum();
    feed.repairs.extend(date::unreadable(unreadable));
    for hub in fields.hypertext("hub").filter_map(|l| http(l.attribute("href")?, l.base.as_deref().unwrap_or(base))) {
        if !feed.hubs.contains(&hub) && feed.hubs.len() < MAX_NAMES {
            feed.hubs.push(hub);
        }
    }
    feed
}

fn entry_of(element: &Element, base: &Url, authors_of_feed: &[String]) -> Entry {
    let fields = Fields(&element.children);
    let base = element.base.as_deref().unwrap_or(base);
    let mut authors = fields.authors();
    if authors.is_empty() {
        authors = fields.source_authors();
    }
    if authors.is_empty() {
        authors = authors_of_feed.to_vec();
    }
    Entry {
        guid: fields.guid(element),
        url: fields.entry_url(element, base),
        title: fields.title(),
        authors,
        published_at: fields.published(),
        updated_at: fields.updated(element),
        language: fields.language().or_else(|| element.attribute_of(Xml, "lang").and_then(language)),
        content_html: fields.content(),
        tags: fields.tags(),
    }
}

/// When an entry was published or else changed, as far as it says.
pub(super) fn time_of(entry: &Element) -> Option<Timestamp> {
    let fields = Fields(&entry.children);
    fields.published().or_else(|| fields.updated(entry)).map(OffsetTime::instant)
}

/// An address on the web, out of what a feed writes for one.
pub(super) fn http(text: &str, base: &Url) -> Option<HttpUrl> {
    let text = text.trim().trim_matches(['<', '>', '"']).trim();
    if text.is_empty() {
        return None;
    }
    // Escaped once too often.
    let unescaped = text.replace("&amp;", "&");
    let text = unescaped.as_str();
    // "www.example.com/x" is meant as an address, not as a file beside the feed.
    let url = if text.get(..4).is_some_and(|s| s.eq_ignore_ascii_case("www.")) {
        Url::parse(&format!("http://{text}"))
    } else {
        base.join(text)
    };
    HttpUrl::try_from(url.ok()?).ok()
}

/// A language tag, of what a feed writes for one: `en_US`, `en-us; charset=…`.
pub(super) fn language(text: &str) -> Option<Language> {
    text.split([',', ';', ' ']).find(|t| !t.is_empty())?.parse().ok()
}

/// The fields of a feed or of an entry.
struct Fields<'a>(&'a [Element]);

impl<'a> Fields<'a> {
    fn of(&self, vocabulary: Vocabulary, local: &'static str) -> impl Iterator<Item = &'a Element> {
        self.0.iter().filter(move |e| e.name.vocabulary == vocabulary && e.name.local == local)
    }

    fn core(&self, local: &'static str) -> impl Iterator<Item = &'a Element> {
        self.0.iter().filter(move |e| e.name.is_core(local))
    }

    /// Links by elements with `href`, of one relation.
    fn hypertext(&self, relation: &'static str) -> impl Iterator<Item = &'a Element> {
        let is = move |e: &&Element| {
            let rel = e.attribute("rel").unwrap_or("alternate").to_ascii_lowercase();
            rel.split_ascii_whitespace().any(|r| r.rsplit('/').next() == Some(relation))
        };
        self.core("link").filter(|e| e.attribute("href").is_some()).filter(is)
    }

    /// The page that this is about: of several, the one in HTML.
    fn link(&self, base: &Url) -> Option<HttpUrl> {
        let address = |e: &Element, text: &str| http(text, e.base.as_deref().unwrap_or(base));
        let plain = self.core("link").filter(|e| e.attribute("href").is_none());
        let plain = plain.filter_map(|e| address(e, &e.text)).next();
        let rank = |e: &&Element| match e.attribute("type") {
            Some("text/html" | "application/xhtml+xml") => 0,
            None => 1,
            Some(_) => 2,
        };
        let alternate = || {
            let mut found: Vec<_> = self.hypertext("alternate").collect();
            found.sort_by_key(rank);
            found.into_iter().find_map(|e| address(e, e.attribute("href")?))
        };
        plain.or_else(alternate)
    }

    fn entry_url(&self, entry: &Element, base: &Url) -> Option<HttpUrl> {
        let own = |e: &Element| http(&e.text, e.base.as_deref().unwrap_or(base));
        let original = self.of(FeedBurner, "origlink").find_map(own);
        // An id is an address by accident, unless it says that it is one.
        let absolute = |e: &&Element| e.text.trim().starts_with("http");
        let permanent = |e: &&Element| !e.attribute("ispermalink").is_some_and(|p| p.eq_ignore_ascii_case("false"));
        original
            .or_else(|| self.link(base))
            .or_else(|| self.core("guid").filter(permanent).filter(absolute).find_map(own))
            .or_else(|| self.core("id").filter(absolute).find_map(own))
            .or_else(|| http(entry.attribute("href").or_else(|| about(entry))?, base))
    }

    fn guid(&self, entry: &Element) -> Option<String> {
        let written = self.core("guid").chain(self.core("id")).chain(self.of(Dc, "identifier"));
        let written = written.map(|e| e.text.trim()).find(|t| !t.is_empty());
        written.or_else(|| about(entry)).filter(|g| g.len() <= text::MAX_GUID_BYTES).map(str::to_owned)
    }

    fn title(&self) -> Option<String> {
        let own = self
            .core("title")
            .chain(self.of(Dc, "title"))
            .chain(self.of(Itunes, "title"))
            .chain(self.of(Media, "title"));
        own.filter_map(|e| text::title(e, Form::of(e))).find(|t| !t.is_empty())
    }

    /// The longest of what has the entry's text.
    fn content(&self) -> Option<String> {
        let longer = |best: Option<String>, next: String| match best {
            Some(best) if best.len() >= next.len() => Some(best),
            _ => Some(next),
        };
        let core = self.0.iter().filter(|e| {
            matches!(e.name.core(), Some("content" | "description" | "summary" | "abstract" | "body" | "fullitem"))
        });
        let others =
            [(Content, "encoded"), (Xhtml, "body"), (Xhtml, "div"), (Dc, "description"), (DcTerms, "abstract")];
        let others = others.into_iter().flat_map(|(vocabulary, local)| self.of(vocabulary, local));
        let main = core.chain(others).filter_map(|e| text::html(e, Form::of(e))).fold(None, longer);
        main.or_else(|| self.of(Itunes, "summary").find_map(|e| text::html(e, Form::Html)))
    }

    fn authors(&self) -> Vec<String> {
        let mut names = Vec::new();
        let mut add = |name: Option<String>| {
            if let Some(name) = name.filter(|n| !names.contains(n) && names.len() < MAX_NAMES) {
                names.push(name);
            }
        };
        for author in self.core("author").chain(self.of(Dc, "creator")).chain(self.of(Dc, "author")) {
            let named = Fields(&author.children).core("name").map(|e| e.text.as_str()).find(|t| !t.trim().is_empty());
            add(person(named.unwrap_or(&author.text)));
        }
        if names.is_empty() {
            self.of(Itunes, "author").take(1).for_each(|e| names.extend(person(&e.text)));
        }
        names
    }

    fn source_authors(&self) -> Vec<String> {
        self.core("source").flat_map(|s| Fields(&s.children).authors()).take(MAX_NAMES).collect()
    }

    fn date(&self, names: &[(Vocabulary, &'static str)]) -> Option<OffsetTime> {
        names.iter().find_map(|(vocabulary, local)| match vocabulary {
            Vocabulary::Plain => self.core(local).find_map(|e| date::parse(&e.text)),
            other => self.of(*other, local).find_map(|e| date::parse(&e.text)),
        })
    }

    fn published(&self) -> Option<OffsetTime> {
        self.date(&PUBLISHED)
    }

    fn updated(&self, entry: &Element) -> Option<OffsetTime> {
        self.date(&UPDATED).or_else(|| date::parse(entry.attribute("lastmod")?))
    }

    /// How many dates stand there that say no day.
    fn unreadable_dates(&self) -> usize {
        let is_date = |e: &&Element| {
            PUBLISHED.iter().chain(&UPDATED).any(|(vocabulary, local)| match vocabulary {
                Vocabulary::Plain => e.name.is_core(local),
                other => e.name.vocabulary == *other && e.name.local == *local,
            })
        };
        let texts = self.0.iter().filter(is_date).map(|e| e.text.as_str());
        texts.filter(|text| !text.trim().is_empty() && date::parse(text).is_none()).count()
    }

    fn language(&self) -> Option<Language> {
        self.core("language").chain(self.of(Dc, "language")).find_map(|e| language(e.text.trim()))
    }

    fn tags(&self) -> Vec<String> {
        let mut tags: Vec<String> = Vec::new();
        for element in self.core("category").chain(self.of(Dc, "subject")) {
            let written = element.attribute("label").or_else(|| element.attribute("term")).unwrap_or(&element.text);
            let tag = short(&entities_gone(written));
            if !tag.is_empty() && tags.len() < MAX_NAMES && !tags.contains(&tag) {
                tags.push(tag);
            }
        }
        tags
    }

    /// RSS 2.0 `ttl` in minutes, or a time divided by how often the feed changes in it (RSS 1.0 syndication
    /// module).
    fn ttl(&self) -> Option<Duration> {
        let minutes = self.core("ttl").find_map(|e| e.text.trim().parse::<u64>().ok());
        let written = minutes.map(|m| Duration::from_secs(m.saturating_mul(60)));
        let period = || {
            let period = self.of(Syndication, "updateperiod").find_map(|e| {
                let hours = match e.text.trim().to_ascii_lowercase().as_str() {
                    "hourly" => 1,
                    "daily" => 24,
                    "weekly" => 7 * 24,
                    "monthly" => 30 * 24,
                    "yearly" => 365 * 24,
                    _ => return None,
                };
                Some(Duration::from_secs(hours * 3600))
            });
            let times = self.of(Syndication, "updatefrequency").find_map(|e| e.text.trim().parse::<u32>().ok());
            period?.checked_div(times.unwrap_or(1))
        };
        written.filter(|t| !t.is_zero()).or_else(period).map(|t| t.min(MAX_TTL))
    }

    /// RSS 2.0 `skipHours` and `skipDays`.
    fn skips(&self) -> Skips {
        let mut skips = Skips::default();
        for list in self.core("skiphours") {
            Fields(&list.children).core("hour").for_each(|hour| skips.add_hour(&hour.text));
        }
        for list in self.core("skipdays") {
            Fields(&list.children).core("day").for_each(|day| skips.add_day(&day.text));
        }
        skips
    }
}

/// What RSS 1.0 calls an entry.
fn about(entry: &Element) -> Option<&str> {
    entry.attribute_of(Vocabulary::Rdf, "about").or_else(|| entry.attribute("about"))
}

fn entities_gone(written: &str) -> String {
    super::entities::plain(written)
}

/// The first characters of a name.
fn short(name: &str) -> String {
    name.chars().take(MAX_NAME_CHARACTERS).collect()
}

/// A person's name, of `name`, `name <address>`, `address (name)`; an address alone is no name.
pub(super) fn person(written: &str) -> Option<String> {
    let text = entities_gone(written);
    let is_address = |t: &str| t.contains('@') && !t.contains(char::is_whitespace);
    let name = match (text.find('('), text.rfind(')')) {
        (Some(open), Some(close)) if open < close && text[..open].contains('@') => &text[open + 1..close],
        _ => match text.find('<') {
            Some(open) if text[open..].contains('@') => &text[..open],
            _ => &text,
        },
    };
    let mut words = name.split_whitespace().filter(|w| !is_address(w)).fold(String::new(), |mut all, word| {
        if !all.is_empty() {
            all.push(' ');
        }
        all.push_str(word);
        all
    });
    let kept = words.trim_matches(|c: char| matches!(c, '"' | ',' | ';' | '-') || c.is_whitespace());
    if kept.len() < words.len() {
        words = kept.to_owned();
    }
    (!words.is_empty() && !words.starts_with("http")).then(|| short(&words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_have_names_and_not_addresses() {
        for (written, name) in [
            ("jane@example.com (Jane Doe)", Some("Jane Doe")),
            ("Jane Doe <jane@example.com>", Some("Jane Doe")),
            ("Jane Doe jane@example.com", Some("Jane Doe")),
            ("jane@example.com", None),
            (" 王小明 ", Some("王小明")),
            ("Jane &amp; John", Some("Jane & John")),
            ("http://example.com/", None),
            ("", None),
        ] {
            assert_eq!(person(written).as_deref(), name, "{written}");
        }
    }

    #[test]
    fn addresses_are_absolute_and_of_the_web() {
        let base: Url = "https://example.com/blog/feed.xml".parse().unwrap();
        let found = |text| http(text, &base).map(|u| u.to_string());
        assert_eq!(found("../a").as_deref(), Some("https://example.com/a"));
        assert_eq!(found("www.example.org/x").as_deref(), Some("http://www.example.org/x"));
        assert_eq!(found(" //cdn.example.com/a b ").as_deref(), Some("https://cdn.example.com/a%20b"));
        for none in ["", "javascript:alert(1)", "urn:uuid:1", "mailto:a@b.c", "http://"] {
            assert_eq!(found(none), None, "{none}");
        }
    }
}
