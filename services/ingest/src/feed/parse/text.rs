//! Text constructs: what is text in them, and what is HTML.

use base64::{Engine, engine::general_purpose::STANDARD};

use super::tree::Element;
use super::{MAX_CONTENT_BYTES, entities};
use crate::feed::parse::name::Vocabulary;

/// The longest title, in characters.
pub(super) const MAX_TITLE_CHARACTERS: usize = 1_000;

/// The longest name that an entry may have, in bytes; a longer one is none.
pub(super) const MAX_GUID_BYTES: usize = 4_096;

/// How a text construct is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Text as it is.
    Text,
    /// HTML, escaped; RSS says nothing else.
    Html,
    /// Elements of XHTML.
    Xhtml,
    /// HTML in base64, as Atom 0.3 allowed.
    Base64,
    /// Nothing that can be read: a picture, content that is elsewhere.
    Opaque,
}

impl Form {
    /// The form of an element: Atom says it by `type` (RFC 4287 section 3.1), Atom 0.3 by `mode` and `type`.
    pub(super) fn of(element: &Element) -> Self {
        let mode = element.attribute("mode").unwrap_or_default().to_ascii_lowercase();
        if element.attribute("src").is_some() && element.text.trim().is_empty() {
            return Self::Opaque;
        }
        let written = element.attribute("type").map(str::to_ascii_lowercase);
        let core = matches!(element.name.vocabulary, Vocabulary::Plain | Vocabulary::Atom);
        let atom = core && matches!(element.name.local.as_str(), "content" | "summary" | "subtitle" | "tagline");
        match written.as_deref().map(|t| t.split(';').next().unwrap_or(t).trim()) {
            Some(media) if mode == "base64" && (media.contains('/') && !media.starts_with("text/")) => Self::Opaque,
            _ if mode == "base64" => Self::Base64,
            Some("xhtml" | "application/xhtml+xml") => Self::Xhtml,
            Some("html" | "text/html") => Self::Html,
            // Of Atom 0.3, where `xml` is the mode by default.
            Some("text/plain" | "text") if mode == "xml" && element.markup.is_some() => Self::Xhtml,
            Some("text/plain" | "text") => Self::Text,
            Some(other) if other.ends_with("/xml") || other.ends_with("+xml") => Self::Xhtml,
            Some(other) if other.contains('/') && !other.starts_with("text/") => Self::Opaque,
            _ if mode == "escaped" => Self::Html,
            _ if element.markup.is_some() => Self::Xhtml,
            // Without a type an Atom text is text, but many that hold HTML have none.
            _ if atom && !entities::looks_like_html(&element.text) => Self::Text,
            _ => Self::Html,
        }
    }
}

/// A title as one line of text.
pub(super) fn title(element: &Element, form: Form) -> Option<String> {
    let text = match form {
        Form::Opaque => return None,
        Form::Xhtml => entities::plain(element.markup.as_deref().unwrap_or(&element.text)),
        Form::Html => entities::plain(&element.text),
        // What looks like a tag is meant to be seen (RFC 4287 section 3.1.1.1).
        Form::Text => entities::folded(&element.text),
        Form::Base64 => entities::plain(&decoded(&element.text)?),
    };
    shortened(text)
}

/// A title that is no longer than one may be, if there is anything in it.
pub(super) fn shortened(text: String) -> Option<String> {
    if text.is_empty() {
        return None;
    }
    match text.char_indices().nth(MAX_TITLE_CHARACTERS) {
        None => Some(text),
        Some(_) => Some(text.chars().take(MAX_TITLE_CHARACTERS - 1).chain(['…']).collect()),
    }
}

/// A text construct as HTML. What is longer than [`MAX_CONTENT_BYTES`] is none: cut anywhere, it would be a
/// text that its author didn't write.
pub(super) fn html(element: &Element, form: Form) -> Option<String> {
    let html = match form {
        Form::Opaque => return None,
        Form::Text => entities::escape(element.text.trim()),
        Form::Xhtml => match &element.markup {
            // The text itself has tags: markup was written both escaped and not.
            Some(_) if entities::looks_like_html(&untagged(element)) => element.text.trim().to_owned(),
            Some(markup) => unwrapped(markup.trim()).to_owned(),
            None => entities::escape(element.text.trim()),
        },
        Form::Html => from_html(element.text.trim()),
        Form::Base64 => decoded(&element.text)?,
    };
    Some(html).filter(|h| !h.is_empty() && h.len() <= MAX_CONTENT_BYTES)
}

fn decoded(base64: &str) -> Option<String> {
    let joined: String = base64.split_whitespace().collect();
    String::from_utf8(STANDARD.decode(joined).ok()?).ok()
}

/// HTML that was perhaps escaped twice.
pub(super) fn from_html(text: &str) -> String {
    if entities::is_escaped_twice(text) { entities::decode(text).into_owned() } else { text.to_owned() }
}

/// The characters of an element with markup that are not in its tags, decoded.
fn untagged(element: &Element) -> String {
    let markup = element.markup.as_deref().unwrap_or_default();
    if !markup.contains("&lt;") {
        return String::new();
    }
    let mut text = String::new();
    for piece in markup.split('<') {
        text.push_str(piece.split_once('>').map_or(piece, |(_, after)| after));
    }
    entities::decode(&text).into_owned()
}

/// XHTML without the `div` that Atom demands around it.
fn unwrapped(markup: &str) -> &str {
    let inside = || {
        let tag = markup.strip_prefix("<div")?;
        let inside = tag[tag.find('>')? + 1..].strip_suffix("</div>")?;
        // Only if that end tag is the one of this `div`.
        let mut open = 0_i32;
        for (at, _) in inside.match_indices('<') {
            let rest = &inside[at + 1..];
            open += i32::from(rest.starts_with("div")) - i32::from(rest.starts_with("/div"));
            if open < 0 {
                return None;
            }
        }
        tag.starts_with(['>', ' ']).then_some(inside.trim())
    };
    inside().unwrap_or(markup)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_div_around_xhtml_is_left_out() {
        assert_eq!(unwrapped("<div> <p>a</p></div>"), "<p>a</p>");
        assert_eq!(unwrapped("<div class=\"x\"><div>a</div></div>"), "<div>a</div>");
        assert_eq!(unwrapped("<div>a</div><div>b</div>"), "<div>a</div><div>b</div>");
        assert_eq!(unwrapped("<p>a</p>"), "<p>a</p>");
    }

    #[test]
    fn long_titles_are_cut() {
        assert_eq!(shortened("题".repeat(1_000)), Some("题".repeat(1_000)));
        let cut = shortened("题".repeat(1_001)).unwrap();
        assert!(cut.ends_with('…') && cut.chars().count() == 1_000);
        assert_eq!(shortened(String::new()), None);
    }

    #[test]
    fn html_that_was_escaped_twice_is_html() {
        assert_eq!(from_html("&lt;p&gt;a &amp;amp; b&lt;/p&gt;"), "<p>a &amp; b</p>");
        assert_eq!(from_html("<code>&lt;p&gt;</code> x"), "<code>&lt;p&gt;</code> x");
    }
}
