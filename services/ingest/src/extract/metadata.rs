//! What a page says about its article beside the text: one walk over the tree gathers it.

use dom_query::{Document, NodeRef};
use jiff::Timestamp;
use kos_shared::event::{HttpUrl, Language};
use url::Url;

use super::{
    author, date,
    json_ld::{self, JsonLd},
    text::{collapse, lines},
};
use crate::rights::{self, Said};

/// Names of `<meta>` that date an article's publication, the most trusted first, in lower case.
const DATE_NAMES: [&str; 25] = [
    "article:published_time",
    "og:published_time",
    "og:article:published_time",
    "datepublished",
    "parsely-pub-date",
    "sailthru.date",
    "article.published",
    "rnews:datepublished",
    "dcterms.issued",
    "dcterms.created",
    "dc.date.issued",
    "dc.date.created",
    "dc.date",
    "citation_publication_date",
    "citation_online_date",
    "prism.publicationdate",
    "pubdate",
    "publishdate",
    "publish-date",
    "publish_date",
    "publication_date",
    "originalpublicationdate",
    "bt:pubdate",
    "weibo:article:create_at",
    "date",
];

/// Names of `<meta>` that hold authors, the most trusted first, in lower case.
const AUTHOR_NAMES: [&str; 10] = [
    "author",
    "article:author",
    "og:article:author",
    "parsely-author",
    "sailthru.author",
    "byl",
    "citation_author",
    "dc.creator",
    "dcterms.creator",
    "mediaid",
];

/// The most JSON-LD scripts that are looked at.
const MAX_SCRIPTS: usize = 16;

/// The most `<time>` elements that are looked at.
const MAX_TIMES: usize = 32;

/// What a page says about itself.
#[derive(Debug)]
pub(super) struct Metadata {
    /// What relative addresses are relative to.
    pub(super) base: HttpUrl,
    /// `<link rel=canonical>`, else `og:url`.
    pub(super) canonical_link: Option<HttpUrl>,
    /// The text of the first `<h1>`.
    pub(super) h1: Option<String>,
    json_ld: JsonLd,
    lang: Option<String>,
    metas: Vec<(String, String)>,
    /// What is marked as the date of publication.
    marked_dates: Vec<String>,
    /// What `<time>` elements in the article say.
    times: Vec<String>,
}

impl Metadata {
    /// Gathers what the page at `url` says about itself.
    pub(super) fn of(document: &Document, url: &HttpUrl) -> Self {
        let mut found = Self {
            base: document.base_uri().and_then(|href| absolute(url, &href)).unwrap_or_else(|| url.clone()),
            canonical_link: None,
            h1: None,
            json_ld: JsonLd::default(),
            lang: None,
            metas: vec![],
            marked_dates: vec![],
            times: vec![],
        };
        let mut scripts = Vec::new();
        for node in document.root().descendants_it() {
            let Some(name) = node.qual_name_ref() else { continue };
            match &*name.local {
                "html" if found.lang.is_none() => found.lang = attribute(&node, &["lang", "xml:lang"]),
                "meta" => found.add_meta(&node),
                "link" if found.canonical_link.is_none() => found.canonical_link = canonical_link(&node, &found.base),
                "h1" if found.h1.is_none() => found.h1 = some_text(&lines(&node)),
                "script" if scripts.len() < MAX_SCRIPTS => {
                    let is_json_ld = |t: &String| t.trim().to_ascii_lowercase().starts_with("application/ld+json");
                    scripts.extend(attribute(&node, &["type"]).filter(is_json_ld).map(|_| node.text().to_string()));
                }
                "time" if found.times.len() < MAX_TIMES => found.add_time(&node),
                "span" | "p" | "div" | "abbr" if node.has_attr("itemprop") => found.add_marked(&node),
                _ => {}
            }
        }
        found.json_ld = json_ld::of_scripts(&scripts);
        if found.canonical_link.is_none() {
            found.canonical_link = found.meta(&["og:url"]).and_then(|href| absolute(&found.base, href));
        }
        found
    }

    /// What the page calls its site.
    pub(super) fn site_name(&self) -> Option<String> {
        let name = self.meta(&["og:site_name"]).or(self.json_ld.publisher.as_deref());
        name.or_else(|| self.meta(&["application-name"])).and_then(some_text)
    }

    /// The page's lead image.
    pub(super) fn image(&self) -> Option<HttpUrl> {
        let image =
            self.meta(&["og:image:secure_url", "og:image", "og:image:url", "twitter:image", "twitter:image:src"]);
        image.or(self.json_ld.image.as_deref()).and_then(|href| absolute(&self.base, href))
    }

    /// Names of the authors: from JSON-LD, else from `<meta>`, else from the byline found in the text.
    pub(super) fn authors(&self, byline: Option<&str>) -> Vec<String> {
        let site = self.site_name().unwrap_or_default();
        let people = |names: Vec<String>| -> Vec<String> {
            // Templates name the site where nobody is named.
            if names.len() == 1 && names[0].eq_ignore_ascii_case(&site) { vec![] } else { names }
        };
        let of_meta = || {
            let by_name = |name: &&str| people(author::names(self.all_metas(name)));
            AUTHOR_NAMES.iter().map(by_name).find(|names| !names.is_empty()).unwrap_or_default()
        };
        let first = people(author::names(self.json_ld.authors.iter().map(String::as_str)));
        let then = if first.is_empty() { of_meta() } else { first };
        if then.is_empty() { author::names(byline) } else { then }
    }

    /// When the article was published, by JSON-LD, else `<meta>`, else what is marked up as its date.
    pub(super) fn published_at(&self) -> Option<Timestamp> {
        let of_meta = || DATE_NAMES.iter().flat_map(|n| self.all_metas(n)).find_map(date::parse);
        let of_json_ld = self.json_ld.published.as_deref().and_then(date::parse);
        let marked = || self.marked_dates.iter().chain(&self.times).find_map(|t| date::parse(t));
        of_json_ld.or_else(of_meta).or_else(marked)
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

    fn meta<'a>(&'a self, names: &[&'a str]) -> Option<&'a str> {
        names.iter().find_map(|n| self.all_metas(n).next())
    }

    fn all_metas<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.metas.iter().filter(move |(n, _)| n == name).map(|(_, content)| content.as_str())
    }

    fn add_meta(&mut self, node: &NodeRef<'_>) {
        let content = attribute(node, &["content"]).filter(|c| !c.trim().is_empty());
        let name = attribute(node, &["property", "name", "itemprop", "http-equiv"]);
        if let (Some(name), Some(content)) = (name, content) {
            self.metas.push((name.trim().to_ascii_lowercase(), content));
        }
    }

    fn add_time(&mut self, node: &NodeRef<'_>) {
        if node.has_attr("itemprop") || node.has_attr("pubdate") {
            self.add_marked(node);
            return;
        }
        let elsewhere = |n: &NodeRef<'_>| ["aside", "footer", "nav", "li"].iter().any(|e| n.has_name(e));
        let around: Vec<NodeRef<'_>> = node.ancestors_it(Some(24)).collect();
        let in_article = around.iter().any(|n| n.has_name("article") || n.has_name("main"));
        if in_article && !around.iter().any(elsewhere) {
            self.times.extend(attribute(node, &["datetime"]));
        }
    }

    fn add_marked(&mut self, node: &NodeRef<'_>) {
        let is_date = attribute(node, &["itemprop"])
            .is_none_or(|p| p.split_whitespace().any(|p| p.eq_ignore_ascii_case("datepublished")));
        if is_date && self.marked_dates.len() < MAX_TIMES {
            self.marked_dates.push(attribute(node, &["datetime", "content"]).unwrap_or_else(|| lines(node)));
        }
    }
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
        for (entity, c) in [
            ("&quot;", "\""),
            ("&#39;", "'"),
            ("&#039;", "'"),
            ("&apos;", "'"),
            ("&nbsp;", " "),
            ("&lt;", "<"),
            ("&gt;", ">"),
            ("&amp;", "&"),
        ] {
            text = text.replace(entity, c);
        }
        text = collapse(&text);
    }
    (!text.is_empty()).then_some(text)
}
