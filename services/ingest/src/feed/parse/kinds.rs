//! What kind of element a name is that of: what may be in it, and what ends it.

use super::name::{Name, Vocabulary};

/// Around entries and fields.
pub(super) fn is_container(name: &Name) -> bool {
    matches!(name.core(), Some("rss" | "feed" | "channel" | "rdf")) || is_root_of_rdf(name)
}

fn is_root_of_rdf(name: &Name) -> bool {
    name.vocabulary == Vocabulary::Rdf && name.local == "rdf"
}

/// An entry.
pub(super) fn is_entry(name: &Name) -> bool {
    matches!(name.core(), Some("item" | "entry"))
}

/// A field that holds text or markup.
pub(super) fn is_text(name: &Name) -> bool {
    match name.vocabulary {
        Vocabulary::Plain | Vocabulary::Atom => matches!(
            name.local.as_str(),
            "title"
                | "description"
                | "abstract"
                | "summary"
                | "content"
                | "subtitle"
                | "tagline"
                | "info"
                | "rights"
                | "copyright"
                | "body"
                | "fullitem"
        ),
        Vocabulary::Content => name.local == "encoded",
        Vocabulary::Dc | Vocabulary::DcTerms => matches!(name.local.as_str(), "title" | "description" | "abstract"),
        Vocabulary::Itunes => matches!(name.local.as_str(), "title" | "summary" | "subtitle"),
        Vocabulary::Xhtml => matches!(name.local.as_str(), "body" | "div"),
        _ => false,
    }
}

/// A field that has no elements in it, so that the start of another ends it.
pub(super) fn is_leaf(name: &Name) -> bool {
    match name.vocabulary {
        Vocabulary::Plain | Vocabulary::Atom => matches!(
            name.local.as_str(),
            "link"
                | "guid"
                | "id"
                | "pubdate"
                | "lastbuilddate"
                | "updated"
                | "published"
                | "issued"
                | "modified"
                | "created"
                | "language"
                | "ttl"
                | "generator"
                | "docs"
                | "comments"
                | "category"
                | "enclosure"
                | "name"
                | "email"
                | "uri"
                | "url"
                | "managingeditor"
                | "webmaster"
                | "icon"
                | "logo"
        ),
        Vocabulary::Dc | Vocabulary::DcTerms | Vocabulary::Syndication | Vocabulary::FeedBurner => !is_text(name),
        _ => false,
    }
}

/// Whether an element can't be in the text of `field`: `field` was not closed.
pub(super) fn is_outside(name: &Name, field: &Name) -> bool {
    match name.vocabulary {
        Vocabulary::Plain | Vocabulary::Atom => match name.local.as_str() {
            "item" | "entry" | "channel" | "guid" | "pubdate" | "description" | "id" | "updated" | "published"
            | "category" | "comments" | "enclosure" => true,
            // Names that HTML has too.
            "link" | "title" | "summary" | "content" | "author" => field.local == "title",
            _ => false,
        },
        Vocabulary::Dc | Vocabulary::DcTerms | Vocabulary::Content | Vocabulary::FeedBurner => true,
        _ => false,
    }
}
