//! What a page says about its article beside the text: one walk over the tree gathers it.

use dom_query::{Document, NodeRef};
use kos_shared::event::{HttpUrl, Language};
use url::Url;

use super::{
    entity,
    json_ld::{self, JsonLd},
    text::{collapse, lines},
    title::{SiteNames, fold},
    visible::{self, Line},
};
use crate::rights::{self, Said};

/// The most JSON-LD scripts that are looked at.
const MAX_SCRIPTS: usize = 16;

/// The most properties of a `<meta>` that are looked at.
const MAX_PROPERTIES: usize = 4;

/// The most headings that are looked at.
const MAX_HEADINGS: usize = 8;

/// How much of a heading or a claimed title is looked at, in characters: what is longer is none.
const MAX_TITLE_CHARS: usize = 500;

/// The most `<link rel=canonical>` that are looked at. There should be one.
const MAX_CANONICAL_LINKS: usize = 4;

/// The most `<time>` elements that are looked at.
const MAX_TIMES: usize = 32;

/// What a page says about itself.
#[derive(Debug)]
pub(super) struct Metadata {
    /// What relative addresses are relative to.
    pub(super) base: HttpUrl,
    /// The targets of `<link rel=canonical>`, then `og:url`.
    pub(super) canonical_links: Vec<HttpUrl>,
    /// The texts of the first headings, `<h1>`, in their order.
    pub(super) headings: Vec<String>,
    /// There is a field for a password or an e-mail address.
    pub(super) asks_to_sign_in: bool,
    /// What the page shows, as far as lines are short.
    pub(super) lines: Vec<Line>,
    /// What it says as JSON-LD.
    pub(super) json_ld: JsonLd,
    title: Option<String>,
    lang: Option<String>,
    metas: Vec<(String, String)>,
    /// What is marked as the date of publication.
    pub(super) marked_dates: Vec<String>,
    /// What is marked as the date of the last change.
    pub(super) marked_changes: Vec<String>,
    /// What `<time>` elements in the article say.
    pub(super) times: Vec<String>,
}

impl Metadata {
    /// Gathers what the page at `url` says about itself.
    pub(super) fn of(document: &Document, url: &HttpUrl) -> Self {
        let mut found = Self {
            base: document.base_uri().and_then(|href| absolute(url, &href)).unwrap_or_else(|| url.clone()),
            canonical_links: vec![],
            headings: vec![],
            asks_to_sign_in: false,
            lines: visible::lines(&document.root()),
            title: None,
            json_ld: JsonLd::default(),
            lang: None,
            metas: vec![],
            marked_dates: vec![],
            marked_changes: vec![],
            times: vec![],
        };
        let mut scripts = Vec::new();
        for node in document.root().descendants_it() {
            let Some(name) = node.qual_name_ref() else { continue };
            match &*name.local {
                "html" if found.lang.is_none() => found.lang = attribute(&node, &["lang", "xml:lang"]),
                "meta" => found.add_meta(&node),
                "link" if found.canonical_links.len() < MAX_CANONICAL_LINKS => {
                    found.canonical_links.extend(canonical_link(&node, &found.base));
                }
                "h1" if found.headings.len() < MAX_HEADINGS => {
                    // What readers see means what it says: `What does &nbsp; do?`
                    let heading = collapse(&beginning(&lines(&node)));
                    found.headings.extend(Some(heading).filter(|h| !h.is_empty()));
                }
                "input" => {
                    let is = |kind: &str| node.attr("type").is_some_and(|t| t.eq_ignore_ascii_case(kind));
                    found.asks_to_sign_in |= is("password") || is("email");
                }
                "title" if found.title.is_none() => found.title = some_text(&node.text()),
                "script" if scripts.len() < MAX_SCRIPTS => {
                    let is_json_ld = |t: &String| t.trim().to_ascii_lowercase().starts_with("application/ld+json");
                    scripts.extend(attribute(&node, &["type"]).filter(is_json_ld).map(|_| node.text().to_string()));
                }
                "time" if found.times.len() < MAX_TIMES => found.add_time(&node),
                "span" | "p" | "div" | "abbr" if node.has_attr("itemprop") => found.add_marked(&node),
                _ => {}
            }
        }
        let og_url = found.meta(&["og:url"]).and_then(|href| absolute(&found.base, href));
        found.canonical_links.extend(og_url);
        let addresses = std::iter::once(url).chain(&found.canonical_links).collect();
        let titles = found.titles().into_iter().chain(found.headings.iter().cloned()).map(|t| fold(&t)).collect();
        found.json_ld = json_ld::of_scripts(&scripts, &json_ld::Page { addresses, titles });
        found
    }

    /// What the page calls its site.
    pub(super) fn site_name(&self) -> Option<String> {
        let publisher = self.json_ld.article.publisher.as_deref();
        let name = self.meta(&["og:site_name"]).or(publisher).or(self.json_ld.site.as_deref());
        name.or_else(|| self.meta(&["application-name"])).and_then(some_text)
    }

    /// All that the page calls its site, for telling it from titles and people.
    pub(super) fn site_names(&self, url: &HttpUrl) -> SiteNames {
        let metas = ["og:site_name", "application-name", "apple-mobile-web-app-title", "twitter:app:name:iphone"];
        let of_metas = metas.iter().flat_map(|n| self.all_metas(n));
        let json_ld = [&self.json_ld.article.publisher, &self.json_ld.page.publisher, &self.json_ld.site];
        SiteNames::new(of_metas.chain(json_ld.into_iter().filter_map(Option::as_deref)), url.host())
    }

    /// What the page calls its article, the most trusted first.
    pub(super) fn titles(&self) -> Vec<String> {
        let metas =
            ["dc:title", "og:title", "citation_title", "twitter:title", "dcterms.title", "dc.title", "parsely-title"];
        let of_metas = metas.iter().filter_map(|n| self.all_metas(n).next());
        let all = of_metas.chain(self.json_ld.article.headline.as_deref()).chain(self.title.as_deref());
        all.filter_map(|title| some_text(&beginning(title))).collect()
    }

    /// The languages that the page declares, the most trusted first.
    pub(super) fn languages(&self) -> impl Iterator<Item = Language> {
        let of_meta = self.meta(&["content-language", "dc.language", "dcterms.language"]);
        [self.lang.as_deref(), of_meta].into_iter().flatten().filter_map(|l| l.parse().ok())
    }

    /// What the page says about rights, as `(name, content)`.
    pub(super) fn rights(&self) -> Vec<Said> {
        self.metas.iter().filter(|(name, _)| rights::is_meta(name)).cloned().collect()
    }

    pub(super) fn meta<'a>(&'a self, names: &[&'a str]) -> Option<&'a str> {
        names.iter().find_map(|n| self.all_metas(n).next())
    }

    pub(super) fn all_metas<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.metas.iter().filter(move |(n, _)| n == name).map(|(_, content)| content.as_str())
    }

    /// All that have one of these names, in the page's order.
    pub(super) fn metas_of(&self, names: &'static [&'static str]) -> impl Iterator<Item = (&str, &str)> {
        self.metas.iter().map(|(n, content)| (n.as_str(), content.as_str())).filter(|(n, _)| names.contains(n))
    }

    fn add_meta(&mut self, node: &NodeRef<'_>) {
        let content = attribute(node, &["content"]).filter(|c| !c.trim().is_empty());
        let name = attribute(node, &["property", "name", "itemprop", "http-equiv"]);
        if let (Some(name), Some(content)) = (name, content) {
            // RDFa allows a list of properties.
            for name in name.split_whitespace().take(MAX_PROPERTIES) {
                self.metas.push((name.to_ascii_lowercase(), content.clone()));
            }
        }
    }

    fn add_time(&mut self, node: &NodeRef<'_>) {
        if node.has_attr("itemprop") || node.has_attr("pubdate") {
            self.add_marked(node);
            return;
        }
        let in_article = ancestors(node).any(|n| n.has_name("article") || n.has_name("main"));
        if in_article && !is_of_another(node) && !ancestors(node).any(|n| n.has_name("aside") || n.has_name("footer")) {
            self.times.extend(attribute(node, &["datetime"]));
        }
    }

    fn add_marked(&mut self, node: &NodeRef<'_>) {
        if is_of_another(node) {
            return;
        }
        let said = attribute(node, &["itemprop"]);
        let is = |name: &str| said.as_ref().is_some_and(|p| p.split_whitespace().any(|p| p.eq_ignore_ascii_case(name)));
        let value = || attribute(node, &["datetime", "content"]).unwrap_or_else(|| lines(node));
        if (said.is_none() || is("datepublished")) && self.marked_dates.len() < MAX_TIMES {
            self.marked_dates.push(value());
        } else if is("datemodified") && self.marked_changes.len() < MAX_TIMES {
            self.marked_changes.push(value());
        }
    }
}

/// The elements around one, as far as it matters what they are called.
fn ancestors<'n>(node: &NodeRef<'n>) -> impl Iterator<Item = NodeRef<'n>> {
    node.ancestors_it(Some(24))
}

/// Whether an element is in a list, in what leads elsewhere, or in a comment: what it marks is said of another article.
fn is_of_another(node: &NodeRef<'_>) -> bool {
    ancestors(node).any(|n| {
        n.has_name("nav")
            || n.has_name("li")
            || n.attr("itemtype").is_some_and(|kind| kind.trim_end_matches('/').ends_with("Comment"))
    })
}

/// A title, as far as it can be one.
fn beginning(text: &str) -> String {
    text.chars().take(MAX_TITLE_CHARS).collect()
}

/// The first of an element's attributes with one of these names.
fn attribute(node: &NodeRef<'_>, names: &[&str]) -> Option<String> {
    names.iter().find_map(|n| node.attr(n)).map(|v| v.to_string())
}

fn canonical_link(node: &NodeRef<'_>, base: &HttpUrl) -> Option<HttpUrl> {
    let rel = attribute(node, &["rel"])?;
    let is_canonical = rel.split_whitespace().any(|r| r.eq_ignore_ascii_case("canonical"));
    is_canonical.then(|| attribute(node, &["href"])).flatten().and_then(|href| absolute(base, &href))
}

/// An address as it stands on the page at `base`; `None` for what is no web address.
pub(super) fn absolute(base: &HttpUrl, href: &str) -> Option<HttpUrl> {
    let href = href.trim();
    let url: Url = (!href.is_empty()).then(|| base.as_url().join(href).ok()).flatten()?;
    HttpUrl::try_from(url).ok()
}

/// A text in one line, entities decoded that were encoded twice; `None` where nothing is left.
pub(super) fn some_text(text: &str) -> Option<String> {
    let mut text = collapse(text);
    if text.contains('&') {
        text = collapse(&entity::decoded(&text));
    }
    (!text.is_empty()).then_some(text)
}
