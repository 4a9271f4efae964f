//! Where on a page the article is.

use std::panic::{AssertUnwindSafe, catch_unwind};

use dom_query::{Document, NodeRef};
use dom_smoothie::{Config, Readability};
use kos_shared::{event::HttpUrl, text::count_words};

use super::{NotReadable, metadata::absolute, text::lines, tree};

/// Elements that are no article, where nothing better tells.
const BOILERPLATE: &str =
    "nav, footer, aside, script, style, noscript, template, iframe, button, dialog, [hidden], [role=navigation]";

/// An article's body.
#[derive(Debug, Default)]
pub(super) struct Body {
    /// As HTML, not yet safe to show.
    pub(super) html: String,
    /// As text, a line a paragraph.
    pub(super) text: String,
    /// As `count_words` counts.
    pub(super) words: usize,
    /// The page's title, with the site's name cut off where that is easily told.
    pub(super) title: String,
    /// The line that names the authors.
    pub(super) byline: Option<String>,
}

impl Body {
    fn of(html: String, text: String) -> Self {
        Self { words: count_words(&text), html, text, ..Self::default() }
    }
}

/// The article by the scores of Readability; `None` where it finds none. The document is used up.
pub(super) fn scored(document: Document, base: &HttpUrl) -> Option<Body> {
    // The metadata are read once, by this crate.
    let config = Config { disable_json_ld: true, ..Config::default() };
    let mut readability = Readability::with_document(document, Some(base.as_str()), Some(config)).ok()?;
    // A fault of the library on a strange page must not cost the page: other ways remain.
    let article = catch_unwind(AssertUnwindSafe(|| readability.parse())).ok()?.ok()?;
    let found = readability.doc.select_single("#readability-page-1");
    let root = found.nodes().first()?;
    let html = match unwrapped(&article.content) {
        Some(html) if !drop_empty_images(root, base) => html.to_owned(),
        _ => root.inner_html().to_string(),
    };
    Some(Body { title: article.title, byline: article.byline, ..Body::of(html, lines(root)) })
}

/// A body without the element that Readability puts around it.
fn unwrapped(content: &str) -> Option<&str> {
    content
        .split_once('>')
        .filter(|(tag, _)| tag.starts_with("<div "))
        .and_then(|(_, rest)| rest.strip_suffix("</div>"))
}

/// The tree of a page without navigation and the like.
pub(super) fn without_boilerplate(html: &str) -> Result<Document, NotReadable> {
    let document = tree::parse(html)?;
    document.select(BOILERPLATE).remove();
    Ok(document)
}

/// The article by what elements are called: `<article>`, else `<main>`, else the whole body. For pages so
/// short that scores say nothing.
pub(super) fn named(document: &Document, base: &HttpUrl) -> Body {
    let longest = |selector: &str| {
        let found = document.select(selector);
        found.nodes().iter().copied().max_by_key(|n| n.normalized_char_count())
    };
    let Some(root) = longest("article").or_else(|| longest("main, [role=main]")).or_else(|| document.body()) else {
        return Body::default();
    };
    let heading = root.descendants_it().find(|n| n.has_name("h1"));
    let title = heading.map(|h| lines(&h)).unwrap_or_default();
    if let Some(heading) = heading {
        heading.remove_from_parent();
    }
    drop_empty_images(&root, base);
    Body { title, ..Body::of(root.inner_html().to_string(), lines(&root)) }
}

/// A piece of HTML that is an article as it stands, as feeds carry it.
pub(super) fn whole(html: &str, base: &HttpUrl) -> Result<Body, NotReadable> {
    let document = tree::parse(html)?;
    let Some(root) = document.body() else { return Ok(Body::default()) };
    drop_empty_images(&root, base);
    Ok(Body::of(root.inner_html().to_string(), lines(&root)))
}

/// Removes images without an address to load them from; says whether there were any.
fn drop_empty_images(root: &NodeRef<'_>, base: &HttpUrl) -> bool {
    let images: Vec<NodeRef<'_>> = root.descendants_it().filter(|n| n.has_name("img")).collect();
    let empty = |n: &NodeRef<'_>| n.attr("src").and_then(|src| absolute(base, &src)).is_none();
    let empty: Vec<_> = images.into_iter().filter(empty).collect();
    empty.iter().for_each(NodeRef::remove_from_parent);
    !empty.is_empty()
}
