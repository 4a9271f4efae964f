//! Where on a page the article is.

mod caption;
mod cut;
mod evidence;
mod hints;
mod judge;
mod lazy;
mod outline;
mod walk;

use std::{
    collections::HashSet,
    panic::{AssertUnwindSafe, catch_unwind},
};

use dom_query::{Document, NodeId, NodeRef};
use dom_smoothie::{Article, Config, Readability};
use kos_shared::{event::HttpUrl, text::count_words};

use super::{NotReadable, image, metadata::absolute, readable_tree, text::lines};
pub(super) use judge::BUILT_IN;
pub use judge::Trees;
use outline::Outline;

/// The longest title that Readability is shown, in bytes.
const LONGEST_TITLE: usize = 1_000;

/// Elements that are no article, where nothing better tells.
const BOILERPLATE: &str =
    "nav, footer, aside, script, style, noscript, template, iframe, button, dialog, [hidden], [role=navigation]";

/// Images of no more than this count readers, in pixels a side.
const MAX_PIXEL_SIDE: u32 = 2;

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
    /// Its first large image.
    pub(super) image: Option<HttpUrl>,
}

impl Body {
    fn of(html: String, text: String) -> Self {
        Self { words: count_words(&text), html, text, ..Self::default() }
    }
}

/// The article: lines by all that speaks for and against them, Readability's scores among it.
pub(super) fn judged(document: Document, base: &HttpUrl, trees: &Trees) -> Body {
    let page = document.clone();
    let scores = Scores::of(document, base);
    let (outline, captions) = outline(&page, scores.as_ref());
    let keeps = judge::keeps(&outline, &captions, trees);
    let found = match cut::cut(&page, &outline, &keeps, &captions) {
        Some(root) => {
            drop_unseen_images(&root, base);
            caption::drop_lone(&root);
            let html = root.inner_html().to_string();
            // What is said of an image is shown with it, but tells nothing without.
            caption::drop_all(&root);
            Body { image: image::first_large(&root, base), ..Body::of(html, lines(&root)) }
        }
        None => Body::default(),
    };
    let (title, byline) = scores.map(|s| (s.article.title, s.article.byline)).unwrap_or_default();
    Body { title, byline, ..found }
}

/// A page's outline with what the scores kept of it, and which of its lines are captions.
fn outline(page: &Document, scores: Option<&Scores>) -> (Outline, Vec<bool>) {
    let mut outline = walk::of(page, &scores.map(Scores::kept).unwrap_or_default());
    let images = outline.parts.iter().map(|p| lazy::is_image(&page.tree.get_unchecked(&p.node))).collect();
    let captions = caption::captions(&mut outline, images);
    (outline, captions)
}

/// What the trees are asked about on a page, for those who fit them.
#[cfg(feature = "fit")]
pub(super) fn lines_to_judge(document: Document, base: &HttpUrl) -> Vec<super::fit::Line> {
    let page = document.clone();
    let (outline, captions) = outline(&page, Scores::of(document, base).as_ref());
    let numbers = evidence::each(&outline, <[f32]>::to_vec);
    let lines = outline.lines.iter().zip(numbers).zip(captions).filter(|(_, caption)| !caption);
    lines.map(|((l, numbers), _)| super::fit::Line { text: l.text.clone(), weight: l.weight, numbers }).collect()
}

/// The article by the scores of Readability alone; `None` where it finds none. The document is used up.
pub(super) fn scored(document: Document, base: &HttpUrl) -> Option<Body> {
    let Scores { readability, article } = Scores::of(document, base)?;
    let found = readability.doc.select_single(FOUND);
    let root = found.nodes().first()?;
    let html = match unwrapped(&article.content) {
        Some(html) if !drop_unseen_images(root, base) => html.to_owned(),
        _ => root.inner_html().to_string(),
    };
    Some(Body { title: article.title, byline: article.byline, ..Body::of(html, lines(root)) })
}

/// What Readability puts around what it finds.
const FOUND: &str = "#readability-page-1";

/// What Readability made of a page.
struct Scores {
    readability: Readability,
    article: Article,
}

impl Scores {
    fn of(document: Document, base: &HttpUrl) -> Option<Self> {
        // The metadata are read once, by this crate.
        let config = Config { disable_json_ld: true, ..Config::default() };
        shorten_titles(&document);
        let mut readability = Readability::with_document(document, Some(base.as_str()), Some(config)).ok()?;
        // A fault of the library on a strange page must not cost the page: other ways remain.
        let article = catch_unwind(AssertUnwindSafe(|| readability.parse())).ok()?.ok()?;
        Some(Self { readability, article })
    }

    /// The text nodes that were kept. Readability moves and renames elements, but texts stay who they are.
    fn kept(&self) -> HashSet<NodeId> {
        let found = self.readability.doc.select_single(FOUND);
        let roots = found.nodes().iter().take(1);
        roots.flat_map(NodeRef::descendants_it).filter(NodeRef::is_text).map(|n| n.id).collect()
    }
}

/// Cuts what may be the page's title to what a title can be: Readability compares it with each heading, letter by letter.
fn shorten_titles(document: &Document) {
    for node in document.select("title, meta[content]").nodes() {
        if let Some(content) = node.attr("content").filter(|c| c.len() > LONGEST_TITLE) {
            node.set_attr("content", &content[..content.floor_char_boundary(LONGEST_TITLE)]);
        }
        if node.has_name("title") && node.text().len() > LONGEST_TITLE {
            let text = node.text();
            node.set_text(&text[..text.floor_char_boundary(LONGEST_TITLE)]);
        }
    }
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
    let document = readable_tree(html)?;
    document.select(BOILERPLATE).remove();
    Ok(document)
}

/// The article by what elements are called: `<article>`, else `<main>`, else the whole body. For pages so
/// short that scores say nothing.
pub(super) fn named(document: &Document, base: &HttpUrl) -> Body {
    let longest = |selector: &str| {
        let found = document.select(selector);
        // What is inside of another one isn't longer, and counting it again takes time.
        let all: HashSet<NodeId> = found.nodes().iter().map(|n| n.id).collect();
        let outermost = found.nodes().iter().filter(|n| !n.ancestors_it(None).any(|a| all.contains(&a.id)));
        outermost.copied().max_by_key(NodeRef::normalized_char_count)
    };
    let Some(root) = longest("article").or_else(|| longest("main, [role=main]")).or_else(|| document.body()) else {
        return Body::default();
    };
    let heading = root.descendants_it().find(|n| n.has_name("h1"));
    let title = heading.map(|h| lines(&h)).unwrap_or_default();
    if let Some(heading) = heading {
        heading.remove_from_parent();
    }
    drop_unseen_images(&root, base);
    Body { title, ..Body::of(root.inner_html().to_string(), lines(&root)) }
}

/// A piece of HTML that is an article as it stands, as feeds carry it.
pub(super) fn whole(html: &str, base: &HttpUrl) -> Result<Body, NotReadable> {
    let document = readable_tree(html)?;
    let Some(root) = document.body() else { return Ok(Body::default()) };
    drop_unseen_images(&root, base);
    let image = image::first_large(&root, base);
    Ok(Body { image, ..Body::of(root.inner_html().to_string(), lines(&root)) })
}

/// An article as plain text, its paragraphs on lines of their own, or as HTML.
pub(super) fn written_out(text: &str, base: &HttpUrl) -> Result<Body, NotReadable> {
    if ["</p>", "<br", "</div>"].iter().any(|tag| text.contains(tag)) {
        return whole(text, base);
    }
    let paragraphs = text.lines().map(str::trim).filter(|l| !l.is_empty());
    whole(&paragraphs.map(|l| format!("<p>{}</p>", escaped(l))).collect::<String>(), base)
}

/// Text as it stands in HTML; what is an entity already stays one.
fn escaped(text: &str) -> String {
    text.replace('<', "&lt;").replace('>', "&gt;")
}

/// Removes images without an address to load them from, and those too small to see, which count readers; says whether
/// there were any.
fn drop_unseen_images(root: &NodeRef<'_>, base: &HttpUrl) -> bool {
    let images: Vec<NodeRef<'_>> = root.descendants_it().filter(|n| n.has_name("img")).collect();
    let empty = |n: &NodeRef<'_>| n.attr("src").and_then(|src| absolute(base, &src)).is_none();
    let unseen: Vec<_> = images.into_iter().filter(|n| empty(n) || is_pixel(n)).collect();
    unseen.iter().for_each(NodeRef::remove_from_parent);
    !unseen.is_empty()
}

/// Whether an image says that it is a dot.
fn is_pixel(image: &NodeRef<'_>) -> bool {
    let side = |name: &str| image.attr(name).and_then(|v| v.trim().trim_end_matches("px").parse::<u32>().ok());
    let dot = |side: Option<u32>| side.is_some_and(|side| side <= MAX_PIXEL_SIDE);
    dot(side("width")) && dot(side("height"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::tree;

    const SENTENCE: &str = "The city council voted on Monday, after a long debate, to close the old bridge for repairs, which \
        are expected to take two years, cost twelve million and divert the traffic of three districts.";

    fn paragraphs(numbers: std::ops::Range<u32>) -> String {
        numbers.map(|n| format!("<p>{n}. {SENTENCE}</p>")).collect()
    }

    fn body(html: &str) -> Body {
        judged(tree::parse(html).unwrap(), &"https://example.com/news/1".parse().unwrap(), &BUILT_IN)
    }

    #[test]
    fn what_stands_around_an_article_is_no_part_of_it() {
        let html = format!(
            "<title>Old bridge to close - The Example</title><nav><a href=/>Home</a> <a href=/sport>Sport</a></nav><article><h1>Old bridge to close</h1>\
            <div class=byline>By Jane Doe</div>{}<div class=related-posts><h3>Related</h3><ul><li><a href=/a>A tunnel opens</a>\
            <li><a href=/b>A ferry sinks</a></ul></div></article><footer>Copyright The Example</footer>",
            paragraphs(0..6)
        );
        let found = body(&html);
        assert!(found.text.starts_with("0. The city") && found.text.ends_with("three districts."), "{}", found.text);
        assert_eq!(found.text.lines().count(), 6, "{}", found.text);
        assert!(!found.html.contains("ferry") && !found.html.contains("Copyright"), "{}", found.html);
    }

    #[test]
    fn captions_are_shown_with_their_images_and_are_no_text() {
        let html = format!(
            "<article>{}<figure><img src=/a.jpg alt=bridge><figcaption>{SENTENCE}</figcaption></figure>\
            <figure><iframe src=/v></iframe><figcaption>A film of the bridge, and of its river</figcaption></figure>\
            <p><img src=/placeholder.gif data-src=/b.jpg><span class=photo-caption>The bridge in May, as seen from the river.</span></p>{}\
            </article>",
            paragraphs(0..3),
            paragraphs(3..6)
        );
        let found = body(&html);
        assert_eq!(found.text.lines().count(), 6, "{}", found.text);
        assert!(found.html.contains("<figcaption>The city"), "{}", found.html);
        assert!(!found.html.contains("seen from") && !found.html.contains("A film"), "{}", found.html);
        assert!(found.html.contains("src=\"/a.jpg\"") && found.html.contains("src=\"/b.jpg\""), "{}", found.html);
    }

    #[test]
    fn what_is_called_credit_without_an_image_is_text() {
        let html = format!(
            "<main><div>{}</div><blockquote><p>Nobody reads the small print.</p><p class=attribution>Mary Major</p></blockquote>\
            <div class=credit-card-fees><h2>What the card costs</h2>{}</div><div>{}</div></main>",
            paragraphs(0..3),
            paragraphs(3..6),
            paragraphs(6..9)
        );
        let found = body(&html);
        assert!(found.text.contains("What the card costs\n3. ") && found.text.contains("\n5. "), "{}", found.text);
        assert!(found.text.contains("small print.\nMary Major\n"), "{}", found.text);
    }

    #[test]
    fn blanks_between_words_and_in_code_stay() {
        let code =
            "<pre><code><span>fn</span><span> </span>main() {<span></span>\n<span>    </span>run();\n\n}</code></pre>";
        let prose = "<p>Nobody asked<b> </b>those who <em>live</em><span> </span><em>there</em>, as they said on Monday in \
            a letter to the council and its mayor.</p>";
        let html = format!(
            "<article>{}{code}{prose}<p><a href=/x> </a></p><div> <b> </b></div>{}</article>",
            paragraphs(0..3),
            paragraphs(3..6)
        );
        let found = body(&html);
        assert!(
            found.html.contains("<span> </span>main() {") && found.html.contains("\n<span>    </span>run();\n\n}"),
            "{}",
            found.html
        );
        assert!(found.text.contains("fn main() {\nrun();\n}\n"), "{}", found.text);
        assert!(found.text.contains("asked those who live there,"), "{}", found.text);
        assert!(!found.html.contains("href") && !found.html.contains("<div>"), "{}", found.html);
    }

    #[test]
    fn images_that_count_readers_are_gone() {
        let images = "<p><img src=/a.jpg width=640 height=2><img src=https://t.example/p.gif width=1 height=1></p>";
        let found = body(&format!("<article>{}{images}{}</article>", paragraphs(0..3), paragraphs(3..6)));
        assert!(found.html.contains("/a.jpg") && !found.html.contains("p.gif"), "{}", found.html);
    }

    #[test]
    fn an_article_that_its_page_holds_twice_comes_once() {
        let html = format!("<main><div>{0}</div><div style=display:none>{0}</div></main>", paragraphs(0..6));
        assert_eq!(body(&html).text.lines().count(), 6);
    }

    #[test]
    fn text_and_html_say_the_same() {
        let html = format!(
            "<div class=content>{}<ul><li>one of the things, as was said, that matter</li><li>another of the things, as was \
            said, that matter</li></ul><h2>What comes next</h2>{}</div>",
            paragraphs(0..3),
            paragraphs(3..6)
        );
        let found = body(&html);
        let again = tree::parse(&found.html).unwrap();
        assert_eq!(lines(&again.body().unwrap()), found.text);
        assert!(found.html.contains("<li>one of") && found.html.contains("<h2>What comes next</h2>"), "{}", found.html);
    }
}
