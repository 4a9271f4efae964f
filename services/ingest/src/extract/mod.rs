//! An article out of a page.
//!
//! The page becomes a tree once ([`tree`], within bounds); one walk gathers what the page says about
//! itself ([`metadata`]); then each line of the same tree is judged, Readability's scores being one of the things that
//! speak for it, and what isn't of the article is cut off ([`body`]). A second parse happens in the sanitizer, a third
//! only on pages with little text.

mod author;
mod body;
mod date;
mod json_ld;
mod language;
mod metadata;
#[cfg(test)]
mod tests;
mod text;
mod tree;

use jiff::Timestamp;
use kos_shared::{
    event::{Hints, HttpUrl, Language, Rights},
    text::count_words,
};
use sha2::{Digest, Sha256};

use crate::sanitize::sanitize;
use body::Body;
use metadata::{Metadata, some_text};

/// The least that counts as an article, in words or characters: less is what pages without scripts say
/// (`Loading`, `Please enable JavaScript`, `404 Not Found`). News in brief have a dozen words, so not more.
const MIN_WORDS: usize = 4;

/// Below this many words or characters what was judged a page's article is not relied upon alone.
const BRIEF: usize = 25;

/// The longest title, in characters.
const MAX_TITLE_CHARS: usize = 300;

/// How much of the text stands in for a title that nobody gave, in characters.
const TITLE_OF_TEXT_CHARS: usize = 80;

/// An article as its page has it.
#[derive(Debug, Clone, PartialEq)]
pub struct Extracted {
    /// Its title, never empty.
    pub title: String,
    /// Who wrote it.
    pub authors: Vec<String>,
    /// When it was published, UTC where the page names no offset; `None` where the page doesn't say.
    pub published_at: Option<Timestamp>,
    /// Its language, `und` where nothing tells.
    pub language: Language,
    /// The site's name as it calls itself, else its host.
    pub site_name: String,
    /// Its lead image.
    pub image: Option<HttpUrl>,
    /// Its body, safe to show.
    pub body_html: String,
    /// Its body as text, a line a paragraph.
    pub text: String,
    /// Its length: words, or characters where the script has no spaces.
    pub words: u32,
    /// What its publisher allows.
    pub rights: Rights,
    /// The canonical address that the page declares, unchecked.
    pub canonical_link: Option<HttpUrl>,
    /// SHA-256 (hexadecimal) of title, authors and text: the same for the same article, whatever else
    /// changed on its page.
    pub content_hash: String,
}

/// Why a page is no article. No retry will mend it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotReadable {
    /// There is nothing on the page at all.
    #[error("the page is empty")]
    Empty,
    /// The page is larger than is worked on. Usual causes: a dump, an attack.
    #[error("the page has more than {limit} {what}")]
    TooLarge {
        /// What there is too much of.
        what: &'static str,
        /// The bound.
        limit: usize,
    },
    /// The page's elements are nested deeper than is worked on. Usual causes: a broken template, an attack.
    #[error("the page is nested more than {limit} levels deep")]
    TooDeep {
        /// The bound.
        limit: usize,
    },
    /// The page takes too long to read. Usual cause: an attack.
    #[error("the page takes too long to read")]
    TooSlow,
    /// There is no text to read. Usual causes: a page that scripts fill, a list of links.
    #[error("nothing readable on the page: {words} words of text, expected at least {MIN_WORDS}")]
    NoArticle {
        /// How many words or characters there are.
        words: usize,
    },
}

/// The article on the page at `url`. `hints` fill in what the page lacks. Takes time linear in the page,
/// for any input; fails where there is nothing to read or the page goes over a bound.
pub fn extract(html: &str, url: &HttpUrl, hints: Option<&Hints>) -> Result<Extracted, NotReadable> {
    let no_hints = Hints::default();
    let hints = hints.unwrap_or(&no_hints);
    if html.trim().is_empty() && hints.content_html.is_none() {
        return Err(NotReadable::Empty);
    }
    let document = tree::parse(html)?;
    let metadata = Metadata::of(&document, url);
    let body = best_body(html, document, &metadata, hints)?;
    if body.words < MIN_WORDS {
        return Err(NotReadable::NoArticle { words: body.words });
    }

    let site_name = metadata.site_name();
    let title = title(&body, &metadata, site_name.as_deref(), hints);
    let authors = or_else(metadata.authors(body.byline.as_deref()), &hints.authors);
    let declared: Vec<Language> = metadata.languages().chain(hints.language.clone()).collect();
    let on_path = || date::of_path(url.as_url().path());
    Ok(Extracted {
        content_hash: content_hash(&title, &authors, &body.text),
        language: language::decide(&body.text, &declared),
        published_at: metadata.published_at().or(hints.published_at).or_else(on_path),
        site_name: site_name.unwrap_or_else(|| host_name(url)),
        image: metadata.image(),
        body_html: sanitize(&body.html, &metadata.base),
        words: u32::try_from(body.words).unwrap_or(u32::MAX),
        rights: metadata.rights(),
        canonical_link: metadata.canonical_link,
        text: body.text,
        title,
        authors,
    })
}

/// The address that a page says it is at, where it says so in full; for a page that came as a file.
pub fn declared_url(html: &str) -> Option<HttpUrl> {
    // A relative address would be resolved against this one, and shows itself by that.
    let nowhere: HttpUrl = "https://nowhere.invalid/".parse().ok()?;
    let document = tree::parse(html).ok()?;
    Metadata::of(&document, &nowhere).canonical_link.filter(|url| url.host() != nowhere.host())
}

/// The language that a text is written in, `und` where nothing tells.
pub fn language_of(text: &str) -> Language {
    language::decide(text, &[])
}

/// The body as its lines are judged; where that is short, the best of what the page has without its navigation and of
/// the feed's own text.
fn best_body(
    html: &str,
    document: dom_query::Document,
    metadata: &Metadata,
    hints: &Hints,
) -> Result<Body, NotReadable> {
    let judged = body::judged(document, &metadata.base);
    if judged.words >= BRIEF {
        return Ok(judged);
    }
    // On a page with little text the scores take navigation for a part of it.
    let cleaned = body::without_boilerplate(html)?;
    let mut best = body::scored(cleaned.clone(), &metadata.base).unwrap_or_default();
    let of_feed = hints.content_html.as_deref().map(|c| body::whole(c, &metadata.base)).transpose()?;
    for other in std::iter::once(body::named(&cleaned, &metadata.base)).chain(of_feed) {
        // Much more text is a better find; a little more is a caption or a byline.
        let better = if best.words < MIN_WORDS { other.words > best.words } else { other.words > 2 * best.words };
        if better {
            best = other;
        }
    }
    let title = if judged.title.is_empty() { best.title } else { judged.title };
    Ok(Body { title, byline: judged.byline.or(best.byline), ..best })
}

/// The title: the page's own without the site's name, else the feed's, else the first heading, else the
/// beginning of the text.
fn title(body: &Body, metadata: &Metadata, site_name: Option<&str>, hints: &Hints) -> String {
    let heading = metadata.h1.as_deref();
    let of_page = some_text(&body.title).map(|t| without_site_name(&t, site_name).to_owned());
    let of_page = of_page.filter(|t| !site_name.is_some_and(|s| s.eq_ignore_ascii_case(t)));
    // A heading that the title begins with is the title without what the template put behind it.
    let of_page = of_page.map(|t| match heading {
        Some(h) if t.starts_with(h) && count_words(h) >= MIN_WORDS => h.to_owned(),
        _ => t,
    });
    let of_feed = || hints.title.as_deref().and_then(some_text);
    let of_text = || body.text.lines().next().unwrap_or_default();
    of_page
        .or_else(of_feed)
        .or_else(|| heading.and_then(some_text))
        .map(|t| shortened(&t, MAX_TITLE_CHARS))
        .unwrap_or_else(|| shortened(of_text(), TITLE_OF_TEXT_CHARS))
}

/// A title without ` - Site Name` behind it.
fn without_site_name<'t>(title: &'t str, site_name: Option<&str>) -> &'t str {
    let Some(name) = site_name.filter(|n| n.len() < title.len()) else { return title };
    let at = title.len() - name.len();
    let separator = |c: char| matches!(c, '|' | '-' | '–' | '—' | '_' | '·' | '»' | ':' | '：');
    match title.get(at..) {
        Some(end) if end.eq_ignore_ascii_case(name) && title[..at].trim_end().ends_with(separator) => {
            let rest = title[..at].trim_end_matches(|c: char| c.is_whitespace() || separator(c));
            if rest.is_empty() { title } else { rest }
        }
        _ => title,
    }
}

/// At most `limit` characters, with a sign where some are missing.
fn shortened(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
        None => text.to_owned(),
    }
}

fn or_else(authors: Vec<String>, hinted: &[String]) -> Vec<String> {
    if authors.is_empty() { author::names(hinted.iter().map(String::as_str)) } else { authors }
}

fn host_name(url: &HttpUrl) -> String {
    url.host().strip_prefix("www.").unwrap_or(url.host()).to_owned()
}

fn content_hash(title: &str, authors: &[String], text: &str) -> String {
    let mut hash = Sha256::new();
    // Lengths keep the parts apart, whatever is in them.
    for part in std::iter::once(title).chain(authors.iter().map(String::as_str)).chain([text]) {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().iter().map(|b| format!("{b:02x}")).collect()
}
