//! Which entries of a feed are new, and which were really changed.
//!
//! An entry is known by its article's address without what tells where a reader came from, and by its GUID or content as
//! well where several have one address. What has no address is known by its GUID, or by its content where that doesn't
//! tell it from others. So a changed GUID repeats nothing; a new
//! address under the same GUID with the same content doesn't either; and an entry whose words changed comes again,
//! while one that changed in digits, white space or markup (counters, dates, ads) doesn't.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
};

use jiff::Timestamp;
use kos_shared::event::{Hints, HttpUrl, IngestRequested, OffsetTime};
use sha2::{Digest, Sha256};
use url::Url;

use super::{Entry, Feed, letters::letters, parse::MAX_ENTRIES};
use crate::canonical::canonical_url;

/// How many entries of a feed are taken in when it is read for the first time: the newest.
pub const FIRST_ENTRIES: usize = 50;

/// The longest text of an entry that travels with its event, in bytes: events have a limit, and the page is there.
const MOST_CONTENT: usize = 200_000;

/// How many letters an entry without an address must have to be taken in as an article of its own.
const LEAST_LETTERS: usize = 250;

/// The longest hint of one line that travels with an event, in characters, and the most of a kind.
const MOST_HINT: (usize, usize) = (1_000, 50);

/// An entry that can be taken in, and what it is recognized by.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// Digest of what it is known by.
    pub key: String,
    /// Digest of its GUID, empty where it has none.
    pub guid_key: String,
    /// Digest of the letters in its title and text.
    pub content_hash: String,
    /// When it was published or else changed, as far as it says.
    pub at: Option<Timestamp>,
    /// Whether it has an address that no other entry of its document has.
    pub own_link: bool,
    /// What ingest is asked for.
    pub request: IngestRequested,
}

/// A document's entries.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Candidates {
    /// Those that can be taken in, in the order of the document, none twice.
    pub entries: Vec<Candidate>,
    /// How many the document has.
    pub total: usize,
    /// How many of them have neither an address nor a text that could stand for itself.
    pub without_link: usize,
}

/// The entries of a feed that was found at `url`.
pub fn candidates(feed: Feed, feed_id: &str, url: &HttpUrl) -> Candidates {
    let total = feed.entries.len();
    let marks: Vec<Marks> = feed.entries.iter().map(Marks::of).collect();
    let mut uses: HashMap<&str, usize> = HashMap::new();
    for guid in marks.iter().filter(|m| m.link.is_none()).filter_map(|m| m.guid_key.as_deref()) {
        *uses.entry(guid).or_default() += 1;
    }
    let mut at_link: HashMap<&str, HashSet<&str>> = HashMap::new();
    for mark in &marks {
        if let Some(link) = &mark.link {
            at_link.entry(link).or_default().insert(mark.name());
        }
    }
    let home = feed.site_url.as_ref().unwrap_or(url);
    let (mut found, mut seen) = (Candidates { total, ..Candidates::default() }, HashSet::new());
    for (entry, mark) in feed.entries.into_iter().zip(&marks).take(MAX_ENTRIES) {
        let own_link = mark.link.as_deref().is_some_and(|link| at_link.get(link).is_none_or(|there| there.len() == 1));
        let key = match (&mark.link, &mark.guid_key) {
            (Some(link), _) if own_link => digest(&["link", link]),
            (Some(link), _) => digest(&["link", link, mark.name()]),
            (None, Some(guid)) if uses.get(guid.as_str()) == Some(&1) => guid.clone(),
            (None, _) => mark.content_hash.clone(),
        };
        if !seen.insert(key.clone()) {
            continue;
        }
        let at = entry.published_at.or(entry.updated_at).map(OffsetTime::instant);
        let language = entry.language.clone().or_else(|| feed.language.clone());
        let request = match &entry.url {
            Some(link) => Some((link.clone(), None)),
            None if mark.letters >= LEAST_LETTERS => standing_alone(home, &key, &entry),
            None => None,
        };
        let Some((address, html)) = request else {
            found.without_link += 1;
            continue;
        };
        let hints = Hints {
            title: entry.title.map(short).filter(|t| !t.is_empty()),
            authors: entry.authors.into_iter().take(MOST_HINT.1).map(short).collect(),
            published_at: entry.published_at,
            modified_at: entry.updated_at,
            language,
            // What is the page itself need not be there twice.
            content_html: entry.content_html.filter(|html_of| html.is_none() && html_of.len() <= MOST_CONTENT),
            tags: entry.tags.into_iter().take(MOST_HINT.1).map(short).collect(),
        };
        let request =
            IngestRequested { url: address, html, hints: Some(hints), feed_id: Some(feed_id.to_owned()), force: false };
        let (guid_key, content_hash) = (mark.guid_key.clone().unwrap_or_default(), mark.content_hash.clone());
        found.entries.push(Candidate { key, guid_key, content_hash, at, own_link, request });
    }
    found
}

/// What tells an entry from others.
struct Marks {
    /// Its article's address.
    link: Option<String>,
    /// Digest of its GUID.
    guid_key: Option<String>,
    content_hash: String,
    /// How many letters it has.
    letters: usize,
}

impl Marks {
    fn of(entry: &Entry) -> Self {
        let letters = letters(entry);
        let guid = entry.guid.as_deref().map(str::trim).filter(|guid| !guid.is_empty());
        Self {
            link: entry.url.as_ref().map(|link| secured(canonical_url(link, None).as_str()).into_owned()),
            guid_key: guid.map(|guid| digest(&["guid", &secured(guid)])),
            content_hash: digest(&["content", &letters]),
            letters: letters.chars().count(),
        }
    }

    /// What tells it from others at one address.
    fn name(&self) -> &str {
        self.guid_key.as_ref().unwrap_or(&self.content_hash)
    }
}

/// An address as if it were one of https: a site that changes over repeats nothing.
fn secured(address: &str) -> Cow<'_, str> {
    match address.strip_prefix("http://") {
        Some(rest) => Cow::Owned(format!("https://{rest}")),
        None => Cow::Borrowed(address),
    }
}

/// An entry that was seen before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// As in [`Candidate::key`].
    pub key: String,
    /// As in [`Candidate::guid_key`].
    pub guid_key: String,
    /// As in [`Candidate::content_hash`].
    pub content_hash: String,
    /// When it was last noted that the document has it.
    pub last_seen_at: Timestamp,
}

/// What an entry is, next to those that are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Novelty {
    /// It was never there.
    New,
    /// It was there in other words.
    Changed,
    /// It was there under another address or GUID.
    Renamed,
    /// It was there as it is, last at this time.
    Known(Timestamp),
}

/// What each of `candidates` is, in their order.
pub fn novelties(candidates: &[Candidate], known: &[Known]) -> Vec<Novelty> {
    let by_key: HashMap<&str, &Known> = known.iter().map(|k| (k.key.as_str(), k)).collect();
    let guids: HashSet<(&str, &str)> = known.iter().map(|k| (k.guid_key.as_str(), k.content_hash.as_str())).collect();
    let contents: HashSet<&str> = known.iter().map(|k| k.content_hash.as_str()).collect();
    let novelty = |candidate: &Candidate| match by_key.get(candidate.key.as_str()) {
        Some(known) if known.content_hash != candidate.content_hash => Novelty::Changed,
        Some(known) if known.guid_key != candidate.guid_key => Novelty::Renamed,
        Some(known) => Novelty::Known(known.last_seen_at),
        None if !candidate.guid_key.is_empty() && guids.contains(&(&candidate.guid_key, &candidate.content_hash)) => {
            Novelty::Renamed
        }
        // Without an address of its own nothing but the words tells that it is the same under a GUID that is new at every
        // poll.
        None if !candidate.own_link && contents.contains(candidate.content_hash.as_str()) => Novelty::Renamed,
        None => Novelty::New,
    };
    candidates.iter().map(novelty).collect()
}

/// Which of the entries of a document that is read for the first time are taken in: the newest [`FIRST_ENTRIES`], those
/// without a time in the order of the document.
pub fn newest(candidates: &[Candidate]) -> HashSet<usize> {
    let mut order: Vec<usize> = (0..candidates.len()).collect();
    order.sort_by_key(|i| std::cmp::Reverse(candidates[*i].at));
    order.into_iter().take(FIRST_ENTRIES).collect()
}

/// An entry without an address as a page at an address of its own on the feed's site. The query is no place there; it
/// tells entries apart, and a reader who follows it comes to the site.
fn standing_alone(home: &HttpUrl, key: &str, entry: &Entry) -> Option<(HttpUrl, Option<String>)> {
    let content = entry.content_html.as_deref().filter(|html| html.len() <= MOST_CONTENT)?;
    let mut address: Url = home.as_url().clone();
    address.set_fragment(None);
    address.query_pairs_mut().append_pair("entry", key.get(..16)?);
    let title = escaped(entry.title.as_deref().unwrap_or_default());
    let page = format!(
        "<html><head><title>{title}</title></head><body><article><h1>{title}</h1>{content}</article></body></html>"
    );
    Some((HttpUrl::try_from(address).ok()?, Some(page)))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn short(text: String) -> String {
    match text.char_indices().nth(MOST_HINT.0) {
        Some((end, _)) => text[..end].to_owned(),
        None => text,
    }
}

/// 128 bits of SHA-256 in hexadecimal digits, of parts that no other parts come to.
pub(super) fn digest(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> HttpUrl {
        text.parse().unwrap()
    }

    fn entry(guid: &str, link: &str, title: &str, content: &str) -> Entry {
        Entry {
            guid: (!guid.is_empty()).then(|| guid.into()),
            url: (!link.is_empty()).then(|| url(link)),
            title: Some(title.into()),
            content_html: Some(content.into()),
            ..Entry::default()
        }
    }

    fn read(entries: Vec<Entry>) -> Candidates {
        let feed = Feed { entries, site_url: Some(url("https://a.example/")), ..Feed::default() };
        candidates(feed, "id", &url("https://a.example/feed"))
    }

    fn known(candidates: &Candidates) -> Vec<Known> {
        let known = |c: &Candidate| Known {
            key: c.key.clone(),
            guid_key: c.guid_key.clone(),
            content_hash: c.content_hash.clone(),
            last_seen_at: Timestamp::UNIX_EPOCH,
        };
        candidates.entries.iter().map(known).collect()
    }

    fn then(first: Entry, second: Entry) -> Vec<Novelty> {
        novelties(&read(vec![second]).entries, &known(&read(vec![first])))
    }

    const SEEN: Novelty = Novelty::Known(Timestamp::UNIX_EPOCH);

    #[test]
    fn a_changed_guid_or_tracking_parameter_repeats_nothing() {
        let first = || entry("1", "https://a.example/1?utm_source=rss", "Title", "Text");
        assert_eq!(then(first(), first()), [SEEN]);
        assert_eq!(then(first(), entry("2", "https://a.example/1#top", "Title", "Text")), [Novelty::Renamed]);
        assert_eq!(then(first(), entry("", "https://a.example/1", "Title", "Text")), [Novelty::Renamed]);
    }

    #[test]
    fn a_new_address_of_the_same_entry_repeats_nothing() {
        let first = || entry("1", "https://a.example/1", "Title", "Text");
        assert_eq!(then(first(), entry("1", "https://a.example/2", "Title", "Text")), [Novelty::Renamed]);
        assert_eq!(then(first(), entry("1", "https://a.example/2", "Other", "Words")), [Novelty::New]);
        assert_eq!(then(first(), entry("2", "https://a.example/2", "Title", "Text")), [Novelty::New]);
    }

    #[test]
    fn words_make_a_change_and_digits_markup_and_space_do_not() {
        let first = || entry("1", "https://a.example/1", "Ferry 7", "<p>Runs&nbsp;again <b>at</b> 6</p>");
        for (same, content) in [
            (true, "<div class=x>runs again\n\nat 7:30</div><!-- ad of today -->"),
            (true, "Runs again at<script>var nonce='abc'</script><style>p{color:red}</style>&#160;"),
            (false, "<p>Runs no more at 6</p>"),
            (false, ""),
        ] {
            let novelty = then(first(), entry("1", "https://a.example/1", "Ferry 8", content));
            assert_eq!(novelty, [if same { SEEN } else { Novelty::Changed }], "{content}");
        }
        assert_eq!(
            then(first(), entry("1", "https://a.example/1", "Boat", "<p>Runs again at</p>")),
            [Novelty::Changed]
        );
    }

    #[test]
    fn an_entry_without_an_address_needs_a_text() {
        let text = "<p>The ferry between the two islands runs again after a winter in the yard.</p>".repeat(5);
        let found = read(vec![entry("1", "", "Ferry & <b>boats", &text), entry("2", "", "Short", "Note")]);
        assert_eq!((found.total, found.without_link, found.entries.len()), (2, 1, 1));
        let request = &found.entries[0].request;
        assert!(request.url.as_str().starts_with("https://a.example/?entry="), "{}", request.url);
        let page = request.html.as_deref().unwrap();
        assert!(page.contains("<h1>Ferry &amp; &lt;b&gt;boats</h1><p>The ferry"), "{page}");
        // A GUID that is new at every poll repeats nothing.
        let again = read(vec![entry("3", "", "Ferry & <b>boats", &text)]);
        assert_eq!(novelties(&again.entries, &known(&found)), [Novelty::Renamed]);
        // The same GUID on several entries tells none of them.
        let other = text.replace("ferry", "train");
        let twice = read(vec![entry("1", "", "Ferry", &text), entry("1", "", "Train", &other)]);
        assert_eq!(twice.entries.len(), 2);
        assert_ne!(twice.entries[0].request.url, twice.entries[1].request.url);
    }

    #[test]
    fn an_entry_is_taken_once_a_document() {
        let found = read(vec![
            entry("1", "https://a.example/1", "One", "x"),
            entry("1", "https://a.example/2", "Two", "y"),
            entry("1", "https://a.example/1?utm_source=x", "One again", "z"),
        ]);
        assert_eq!(found.entries.len(), 2);
        assert_eq!((found.total, found.without_link), (3, 0));
    }

    #[test]
    fn entries_of_one_address_are_told_apart_in_any_order() {
        for guids in [["1", "2"], ["", ""]] {
            let one = || entry(guids[0], "https://a.example/live#one", "One", "x");
            let two = || entry(guids[1], "https://a.example/live#two", "Two", "y");
            let first = read(vec![one(), two()]);
            assert_eq!(first.entries.len(), 2);
            let swapped = read(vec![two(), one()]);
            assert_eq!(novelties(&swapped.entries, &known(&first)), [SEEN, SEEN], "{guids:?}");
            // One that was there alone is not new when another comes, whatever it is called then.
            let alone = known(&read(vec![one()]));
            assert_eq!(novelties(&first.entries, &alone), [Novelty::Renamed, Novelty::New], "{guids:?}");
        }
    }

    #[test]
    fn a_site_that_goes_over_to_https_repeats_nothing() {
        let first = |scheme| entry(&format!("{scheme}://a.example/1"), &format!("{scheme}://a.example/1"), "T", "x");
        assert_eq!(then(first("http"), first("https")), [SEEN]);
        assert_eq!(then(first("https"), first("http")), [SEEN]);
        let text = "<p>The ferry between the two islands runs again after a winter in the yard.</p>".repeat(5);
        let alone = |scheme| entry(&format!("{scheme}://a.example/1"), "", "T", &text);
        assert_eq!(then(alone("http"), alone("https")), [SEEN]);
    }

    #[test]
    fn what_a_feed_says_travels_as_hints_within_limits() {
        let mut long = entry("1", "https://a.example/1", &"t".repeat(5_000), &"x".repeat(MOST_CONTENT + 1));
        long.tags = vec!["a".into(); 500];
        let found = read(vec![long, entry("2", "https://a.example/2", "Two", "<p>Text</p>")]);
        let hints = |i: usize| found.entries[i].request.hints.clone().unwrap();
        assert_eq!((hints(0).title.unwrap().len(), hints(0).content_html, hints(0).tags.len()), (1_000, None, 50));
        assert_eq!(hints(1).content_html.as_deref(), Some("<p>Text</p>"));
        assert_eq!(found.entries[1].request.feed_id.as_deref(), Some("id"));
    }

    #[test]
    fn the_first_reading_takes_the_newest() {
        let mut entries: Vec<Entry> =
            (0..200).map(|i| entry("", &format!("https://a.example/{i}"), "t", &i.to_string())).collect();
        for (i, entry) in entries.iter_mut().enumerate().skip(100) {
            entry.published_at = Timestamp::from_second(i as i64).ok().map(OffsetTime::from);
        }
        let newest = newest(&read(entries).entries);
        assert_eq!(newest.len(), FIRST_ENTRIES);
        assert!((150..200).all(|i| newest.contains(&i)), "{newest:?}");
    }
}
