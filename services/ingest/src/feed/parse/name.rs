//! Names of elements and attributes, in the vocabularies that feeds use.

/// A vocabulary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Vocabulary {
    /// RSS, CDF, and whatever has no namespace.
    Plain,
    Atom,
    Content,
    Dc,
    DcTerms,
    FeedBurner,
    Itunes,
    Media,
    Rdf,
    Syndication,
    Xhtml,
    Xml,
    /// None that anything is read of.
    Other,
}

use Vocabulary::{Atom, Content, Dc, DcTerms, FeedBurner, Itunes, Media, Other, Plain, Rdf, Syndication, Xhtml, Xml};

/// Namespaces without scheme, in lower case, without a slash or hash at the end, and the prefix that feeds
/// use for them, often without declaring it.
const KNOWN: [(&str, &str, Vocabulary); 28] = [
    ("", "rss", Plain),
    ("purl.org/rss/1.0", "", Plain),
    ("my.netscape.com/rdf/simple/0.9", "", Plain),
    ("channel.netscape.com/rdf/simple/0.9", "", Plain),
    ("my.netscape.com/publish/formats/rss-0.91.dtd", "", Plain),
    ("backend.userland.com/rss", "", Plain),
    ("backend.userland.com/rss2", "", Plain),
    ("backend.userland.com/rss091", "", Plain),
    ("blogs.law.harvard.edu/tech/rss", "", Plain),
    ("cyber.law.harvard.edu/rss/rss.html", "", Plain),
    ("www.w3.org/2005/atom", "atom", Atom),
    ("www.w3.org/2005/atom", "a10", Atom),
    ("www.w3.org/2005/atom", "atom10", Atom),
    ("purl.org/atom/ns", "atom03", Atom),
    ("purl.org/rss/1.0/modules/content", "content", Content),
    ("purl.org/dc/elements/1.0", "", Dc),
    ("purl.org/dc/elements/1.1", "dc", Dc),
    ("purl.org/dc/terms", "dcterms", DcTerms),
    ("rssnamespace.org/feedburner/ext/1.0", "feedburner", FeedBurner),
    ("www.pheedo.com/namespace/pheedo", "pheedo", FeedBurner),
    ("www.itunes.com/dtds/podcast-1.0.dtd", "itunes", Itunes),
    ("search.yahoo.com/mrss", "media", Media),
    ("www.w3.org/1999/02/22-rdf-syntax-ns", "rdf", Rdf),
    ("purl.org/rss/1.0/modules/syndication", "sy", Syndication),
    ("www.w3.org/1999/xhtml", "xhtml", Xhtml),
    ("www.w3.org/1999/xhtml", "xh", Xhtml),
    ("www.w3.org/tr/rec-html40", "html", Xhtml),
    ("www.w3.org/xml/1998/namespace", "xml", Xml),
];

/// The name of an element or attribute, its local part in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) vocabulary: Vocabulary,
    pub(super) local: String,
}

impl Name {
    /// Whether it is `local` of RSS or Atom itself.
    pub(super) fn is_core(&self, local: &str) -> bool {
        self.core() == Some(local)
    }

    /// The local part, if it is one of RSS or Atom itself.
    pub(super) fn core(&self) -> Option<&str> {
        matches!(self.vocabulary, Plain | Atom).then_some(self.local.as_str())
    }
}

/// What prefixes stand for, as far as the elements that are open declare it.
#[derive(Debug, Default)]
pub(super) struct Scope {
    /// The depth of the element, the prefix, and its vocabulary.
    declared: Vec<(usize, String, Vocabulary)>,
}

impl Scope {
    /// How many declarations count at a time; more are those of an attack.
    const MOST: usize = 256;

    /// Adds what an element at `depth` declares by the attribute `name`, if that is a declaration.
    pub(super) fn declare(&mut self, depth: usize, name: &str, namespace: &str) {
        let prefix = match name.split_once(':') {
            Some((xmlns, prefix)) if xmlns.eq_ignore_ascii_case("xmlns") => prefix.to_ascii_lowercase(),
            None if name.eq_ignore_ascii_case("xmlns") => String::new(),
            _ => return,
        };
        if self.declared.len() < Self::MOST {
            let vocabulary = of_namespace(namespace).unwrap_or_else(|| of_prefix(&prefix));
            self.declared.push((depth, prefix, vocabulary));
        }
    }

    /// How much is declared.
    pub(super) fn declared(&self) -> usize {
        self.declared.len()
    }

    /// Forgets what was declared since there was that much.
    pub(super) fn back_to(&mut self, declared: usize) {
        self.declared.truncate(declared);
    }

    /// Forgets what elements at `depth` and below it declared.
    pub(super) fn leave(&mut self, depth: usize) {
        while self.declared.last().is_some_and(|(at, ..)| *at >= depth) {
            self.declared.pop();
        }
    }

    /// The name of an element.
    pub(super) fn element(&self, name: &str) -> Name {
        let (prefix, local) = name.split_once(':').unwrap_or(("", name));
        let prefix = prefix.to_ascii_lowercase();
        let declared = self.declared.iter().rev().find(|(_, p, _)| *p == prefix).map(|(.., v)| *v);
        Name { vocabulary: declared.unwrap_or_else(|| of_prefix(&prefix)), local: local.to_ascii_lowercase() }
    }

    /// The name of an attribute: without a prefix it is in no namespace, whatever the default is.
    pub(super) fn attribute(&self, name: &str) -> Name {
        if name.contains(':') {
            self.element(name)
        } else {
            Name { vocabulary: Plain, local: name.to_ascii_lowercase() }
        }
    }
}

fn of_namespace(namespace: &str) -> Option<Vocabulary> {
    let namespace = namespace.trim().to_ascii_lowercase();
    let rest = namespace.split_once("://").map_or(namespace.as_str(), |(_, rest)| rest);
    let rest = rest.trim_end_matches(['/', '#']);
    KNOWN.iter().find(|(known, ..)| *known == rest).map(|(.., vocabulary)| *vocabulary)
}

/// What a prefix means that nobody declared, or declared as something unknown.
fn of_prefix(prefix: &str) -> Vocabulary {
    if prefix.is_empty() {
        return Plain;
    }
    KNOWN.iter().find(|(_, known, _)| *known == prefix).map_or(Other, |(.., vocabulary)| *vocabulary)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_mean_what_is_declared_or_what_feeds_mean_by_them() {
        let mut scope = Scope::default();
        assert_eq!(scope.element("DC:Date"), Name { vocabulary: Dc, local: "date".into() });
        assert_eq!(scope.element("item"), Name { vocabulary: Plain, local: "item".into() });
        scope.declare(0, "xmlns", "https://www.w3.org/2005/Atom/");
        scope.declare(1, "xmlns:x", "http://search.yahoo.com/mrss/");
        scope.declare(1, "xmlns:content", "http://nobody.example/");
        assert_eq!(scope.element("entry").vocabulary, Atom);
        assert_eq!(scope.element("x:thumbnail").vocabulary, Media);
        assert_eq!(scope.element("content:encoded").vocabulary, Content);
        assert_eq!(scope.element("y:thumbnail").vocabulary, Other);
        assert_eq!(scope.attribute("href").vocabulary, Plain);
        scope.leave(1);
        assert_eq!(scope.element("x:thumbnail").vocabulary, Other);
        assert_eq!(scope.element("entry").vocabulary, Atom);
    }
}
