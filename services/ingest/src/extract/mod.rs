//! An article out of a page.
//!
//! The page becomes a tree once ([`tree`], within bounds); one walk gathers what the page says about
//! itself ([`metadata`]), another the short lines that it shows ([`visible`]): [`title`], [`byline`] and [`published`]
//! choose among both. Then each line of the same tree is judged, Readability's scores being one of the things that speak
//! for it, and what isn't of the article is cut off ([`body`]); the feed's own text is taken where it is longer
//! ([`feed_text`]), and what is no article is refused ([`refusal`]). A second parse happens in the sanitizer, a third only
//! on pages with little text.

mod accordion;
mod author;
mod body;
mod byline;
mod date;
mod date_text;
mod entity;
mod feed_text;
#[cfg(feature = "fit")]
pub mod fit;
mod image;
mod json_ld;
mod language;
mod math;
mod metadata;
mod published;
mod refusal;
mod shown;
mod tag;
#[cfg(test)]
mod tests;
mod text;
mod title;
mod tree;
mod visible;
mod wall_phrases;

use jiff::Timestamp;
use kos_shared::event::{BodySource, Hints, HttpUrl, Language, OffsetTime};
use sha2::{Digest, Sha256};

use crate::{rights::Said, sanitize::sanitize};
use body::{Body, Trees};
use metadata::{Metadata, some_text};
pub use refusal::Wall;
use title::SiteNames;

/// The least that counts as an article, in words or characters: less is what pages without scripts say
/// (`Loading`, `Please enable JavaScript`, `404 Not Found`). News in brief have a dozen words, so not more.
const MIN_WORDS: usize = 4;

/// Below this many words or characters what was judged a page's article is not relied upon alone.
const BRIEF: usize = 25;

/// How many headings beside the first are looked at for the title.
const MAX_SUBHEADINGS: usize = 12;

/// An article as its page has it.
#[derive(Debug, Clone, PartialEq)]
pub struct Extracted {
    /// Its title, never empty.
    pub title: String,
    /// Who wrote it.
    pub authors: Vec<String>,
    /// When it was published, UTC where the page names no offset; `None` where the page doesn't say.
    pub published_at: Option<OffsetTime>,
    /// When it was last changed, where the page says so.
    pub modified_at: Option<OffsetTime>,
    /// Its language, `und` where nothing tells.
    pub language: Language,
    /// The site's name as it calls itself, else its host.
    pub site_name: String,
    /// Its lead image.
    pub image: Option<HttpUrl>,
    /// What it is about, in its publisher's words; at most 16, each once.
    pub tags: Vec<String>,
    /// Its body, safe to show.
    pub body_html: String,
    /// Its body as text, a line a paragraph.
    pub text: String,
    /// Where body and text are from.
    pub body_source: BodySource,
    /// Its length: words, or characters where the script has no spaces.
    pub words: u32,
    /// What the page says about rights, as `(name, content)` of its `<meta>`.
    pub rights: Vec<Said>,
    /// The canonical addresses that the page declares, unchecked, the most trusted first.
    pub canonical_links: Vec<HttpUrl>,
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
    /// There is something else where an article should be. Usual causes: a site that asks visitors for consent, money,
    /// a password or proof that they are people; an article that is gone.
    #[error("no article on the page but {0}")]
    Wall(Wall),
    /// There is no text to read. Usual causes: a page that scripts fill, a list of links.
    #[error("nothing readable on the page: {words} words of text, expected at least {MIN_WORDS}")]
    NoArticle {
        /// How many words or characters there are.
        words: usize,
    },
}

/// The article on the page at `url`, as it was at `fetched_at`: no date is later. `hints` fill in what the page
/// lacks. Takes time linear in the page, for any input; fails where there is nothing to read or the page goes over
/// a bound.
pub fn extract(
    html: &str,
    url: &HttpUrl,
    hints: Option<&Hints>,
    fetched_at: Timestamp,
) -> Result<Extracted, NotReadable> {
    extract_by(&body::BUILT_IN, html, url, hints, fetched_at)
}

/// [`extract`], with lines judged by `trees`.
fn extract_by(
    trees: &Trees,
    html: &str,
    url: &HttpUrl,
    hints: Option<&Hints>,
    fetched_at: Timestamp,
) -> Result<Extracted, NotReadable> {
    let no_hints = Hints::default();
    let hints = hints.unwrap_or(&no_hints);
    if html.trim().is_empty() && hints.content_html.is_none() {
        return Err(NotReadable::Empty);
    }
    let document = readable_tree(html)?;
    let metadata = Metadata::of(&document, url);
    // The page's alone: whether the feed's is better is decided below.
    let body = best_body(trees, html, document, &metadata)?;
    let site = metadata.site_names(url);
    let wall = refusal::wall(&metadata, &site, &body.text, body.words);
    let (body, body_source) = feed_text::chosen(body, wall.is_some(), hints, &metadata.base)?;
    if let Some(wall) = wall.filter(|_| body_source == BodySource::Page && body.words >= MIN_WORDS) {
        return Err(NotReadable::Wall(wall));
    }
    if body.words < MIN_WORDS {
        return Err(NotReadable::NoArticle { words: body.words });
    }

    let title = match &hints.title {
        // What a wall calls itself is no title.
        Some(of_feed) if wall.is_some() => {
            some_text(of_feed).unwrap_or_else(|| title_of(&body, &metadata, &site, hints))
        }
        _ => title_of(&body, &metadata, &site, hints),
    };
    let authors = byline::authors(&metadata, &title, body.byline.as_deref(), &site, hints);
    let declared: Vec<Language> = metadata.languages().chain(hints.language.clone()).collect();
    let language = language::decide(&body.text, &declared);
    let order = date::Order::of(&language, url);
    let dates = published::dates(&metadata, &title, published::Around { url, hints, order, fetched_at });
    Ok(Extracted {
        content_hash: content_hash(&title, &authors, &body.text),
        language,
        published_at: dates.published,
        modified_at: dates.modified,
        site_name: metadata.site_name().unwrap_or_else(|| host_name(url)),
        image: image::lead(&metadata, body.image.as_ref()),
        tags: tag::tags(&metadata, &site, &hints.tags),
        body_source,
        body_html: sanitize(&body.html, &metadata.base),
        words: u32::try_from(body.words).unwrap_or(u32::MAX),
        rights: metadata.rights(),
        canonical_links: metadata.canonical_links,
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
    let declared = Metadata::of(&document, &nowhere).canonical_links;
    declared.into_iter().find(|url| url.host() != nowhere.host())
}

/// The language that a text is written in, `und` where nothing tells.
pub fn language_of(text: &str) -> Language {
    language::decide(text, &[])
}

/// The tree of a page, with what is text in it as such.
fn readable_tree(html: &str) -> Result<dom_query::Document, NotReadable> {
    let document = tree::parse(html)?;
    accordion::open(&document);
    math::write_out(&document);
    Ok(document)
}

/// The body as its lines are judged; where that is short, the best of what the page has without its navigation.
fn best_body(
    trees: &Trees,
    html: &str,
    document: dom_query::Document,
    metadata: &Metadata,
) -> Result<Body, NotReadable> {
    let judged = body::judged(document, &metadata.base, trees);
    if judged.words >= BRIEF {
        return Ok(judged);
    }
    // On a page with little text the scores take navigation for a part of it.
    let cleaned = body::without_boilerplate(html)?;
    let mut best = body::scored(cleaned.clone(), &metadata.base).unwrap_or_default();
    let named = body::named(&cleaned, &metadata.base);
    // Much more text is a better find; a little more is a caption or a byline.
    let better = if best.words < MIN_WORDS { named.words > best.words } else { named.words > 2 * best.words };
    if better {
        best = named;
    }
    // Scripts fill some pages, and tell machines all of it at once.
    if best.words < BRIEF
        && let Some(written) = metadata.json_ld.article.body.as_deref()
    {
        let of_json_ld = body::written_out(written, &metadata.base)?;
        if of_json_ld.words >= 2 * BRIEF {
            best = of_json_ld;
        }
    }
    let title = if judged.title.is_empty() { best.title } else { judged.title };
    Ok(Body { title, byline: judged.byline.or(best.byline), ..best })
}

fn title_of(body: &Body, metadata: &Metadata, site: &SiteNames, hints: &Hints) -> String {
    let claimed = metadata.titles().into_iter().chain(some_text(&body.title)).collect();
    let of_feed = hints.title.as_deref().and_then(some_text);
    let subheadings = metadata.lines.iter().filter(|l| l.marks.heading && !l.marks.h1 && !l.marks.elsewhere);
    let subheadings = subheadings.map(|l| l.text.as_str()).take(MAX_SUBHEADINGS).collect();
    title::title(&title::Claims { headings: &metadata.headings, subheadings, claimed, of_feed, text: &body.text }, site)
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
