//! Character references, and text out of markup.

use std::borrow::Cow;

use quick_xml::escape::resolve_html5_entity;

/// The longest character reference that is looked for, in bytes; the longest of HTML has 33.
const LONGEST: usize = 34;

/// Elements that are markup wherever they are met in a title, with or without an end tag. Others are only
/// where one is closed: "how to use <select>" is a title.
const INLINE: [&str; 30] = [
    "a", "abbr", "acronym", "b", "big", "br", "cite", "code", "del", "em", "font", "i", "img", "ins", "kbd", "mark",
    "nobr", "p", "q", "s", "small", "span", "strike", "strong", "sub", "sup", "tt", "u", "var", "wbr",
];

/// The character that `name` stands for, as it is between `&` and `;`. Control characters stand for nothing.
pub(super) fn resolve(name: &str) -> Option<Cow<'static, str>> {
    let Some(number) = name.strip_prefix('#') else { return resolve_html5_entity(name).map(Cow::Borrowed) };
    let code = match number.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16).ok()?,
        None => number.parse().ok()?,
    };
    // What windows-1252 has there is what is meant (WHATWG HTML, numeric character reference end state).
    if (0x80..0xa0).contains(&code) {
        let byte = [u8::try_from(code).ok()?];
        return Some(Cow::Owned(encoding_rs::WINDOWS_1252.decode_without_bom_handling(&byte).0.into_owned()));
    }
    let c = char::from_u32(code).filter(|c| !c.is_control() || matches!(c, '\t' | '\n' | '\r'))?;
    Some(Cow::Owned(c.to_string()))
}

/// The length in bytes of the character reference that `text` opens with, `&` and `;` included. Only its form
/// counts: whether HTML knows the name is [`resolve`]'s.
pub(super) fn reference_length(text: &str) -> Option<usize> {
    let bytes = text.as_bytes().get(..text.len().min(LONGEST))?;
    let end = bytes.iter().position(|b| *b == b';')?;
    let name = bytes.get(1..end)?;
    let formed = match name {
        [b'#', b'x' | b'X', digits @ ..] => !digits.is_empty() && digits.iter().all(u8::is_ascii_hexdigit),
        [b'#', digits @ ..] => !digits.is_empty() && digits.iter().all(u8::is_ascii_digit),
        [first, rest @ ..] => first.is_ascii_alphabetic() && rest.iter().all(u8::is_ascii_alphanumeric),
        [] => false,
    };
    formed.then_some(end + 1)
}

/// `text` with its character references decoded once. What is none stays: `a & b`, `?x=1&copy=2`.
pub(in crate::feed) fn decode(text: &str) -> Cow<'_, str> {
    let Some(first) = text.find('&') else { return Cow::Borrowed(text) };
    let mut out = String::with_capacity(text.len());
    out.push_str(&text[..first]);
    let mut rest = &text[first..];
    while !rest.is_empty() {
        let length = reference_length(rest);
        if let Some((length, decoded)) = length.and_then(|n| Some((n, resolve(&rest[1..n - 1])?))) {
            out.push_str(&decoded);
            rest = &rest[length..];
        } else {
            out.push('&');
            rest = &rest[1..];
        }
        let next = rest.find('&').unwrap_or(rest.len());
        out.push_str(&rest[..next]);
        rest = &rest[next..];
    }
    Cow::Owned(out)
}

/// Text as HTML that shows it.
pub(super) fn escape(text: &str) -> String {
    quick_xml::escape::partial_escape(text).into_owned()
}

/// Whether `text` has a tag that ends an element, or one that needs no end: it is markup, not text.
pub(super) fn looks_like_html(text: &str) -> bool {
    tags(text).any(|tag| tag.end || matches!(tag.name.as_str(), "br" | "img" | "p" | "hr" | "div"))
}

/// Whether `text` shows markup that was escaped once too often: escaped tags, and no real ones.
pub(super) fn is_escaped_twice(text: &str) -> bool {
    text.contains("&lt;") && tags(text).next().is_none() && looks_like_html(&decode(text))
}

/// HTML or text as one line of text: tags gone, character references decoded, also those that were escaped
/// twice, white space folded.
pub(in crate::feed) fn plain(text: &str) -> String {
    let mut decoded = decode(&without_tags(text)).into_owned();
    // Nobody means to show a reader "&amp;" or "&#8217;".
    for _ in 0..2 {
        let Cow::Owned(again) = decode(&decoded) else { break };
        if again == decoded {
            break;
        }
        decoded = again;
    }
    if looks_like_html(&decoded) {
        decoded = without_tags(&decoded).into_owned();
    }
    folded(&decoded)
}

/// `text` with white space folded and without marks that nobody sees.
pub(super) fn folded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.extend(word.chars().filter(|c| !matches!(c, '\u{feff}' | '\u{ad}') && !c.is_control()));
    }
    out
}

fn without_tags(text: &str) -> Cow<'_, str> {
    if !text.contains('<') {
        return Cow::Borrowed(text);
    }
    let closed: Vec<String> = tags(text).filter(|t| t.end).map(|t| t.name).take(64).collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for tag in tags(text) {
        if tag.start < at {
            continue;
        }
        if matches!(tag.name.as_str(), "script" | "style") && !tag.end {
            let close = format!("</{}", tag.name);
            let end =
                text[tag.stop..].find(&close).and_then(|i| Some(tag.stop + i + text[tag.stop + i..].find('>')? + 1));
            out.push_str(&text[at..tag.start]);
            at = end.unwrap_or(text.len());
        } else if INLINE.contains(&tag.name.as_str()) || closed.contains(&tag.name) {
            out.push_str(&text[at..tag.start]);
            if matches!(tag.name.as_str(), "br" | "p" | "div" | "li" | "tr" | "td") {
                out.push(' ');
            }
            at = tag.stop;
        }
    }
    out.push_str(&text[at..]);
    Cow::Owned(out)
}

/// A tag in text.
struct Tag {
    name: String,
    end: bool,
    start: usize,
    stop: usize,
}

/// What looks like a tag: `<` or `</`, a name, and a `>` before the next `<`.
fn tags(text: &str) -> impl Iterator<Item = Tag> + '_ {
    text.match_indices('<').filter_map(|(start, _)| {
        let inside = &text[start + 1..];
        let inside = &inside[..inside.find(['<', '>']).filter(|i| inside.as_bytes()[*i] == b'>')?];
        let (end, named) = inside.strip_prefix('/').map_or((false, inside), |n| (true, n));
        let length = named.bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b':').count();
        let rest = &named[length..];
        let formed = named.starts_with(|c: char| c.is_ascii_alphabetic())
            && (rest.is_empty() || rest.starts_with(['/', ' ', '\t', '\n', '\r']));
        let stop = start + 1 + inside.len() + 1;
        formed.then(|| Tag { name: named[..length].to_ascii_lowercase(), end, start, stop })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_decoded_once_and_what_is_none_stays() {
        assert_eq!(decode("caf&eacute; &#8217;&#x4e2d; &amp;amp; &lt;"), "café ’中 &amp; <");
        assert_eq!(
            decode("?a=1&copy=2 & AT&T &nosuch; &#0; &#xd800; &"),
            "?a=1&copy=2 & AT&T &nosuch; &#0; &#xd800; &"
        );
        assert_eq!(decode("don&#146;t"), "don’t");
    }

    #[test]
    fn titles_become_text() {
        assert_eq!(plain("A <b>bold</b> &amp;amp; <i>new</i>\n idea"), "A bold & new idea");
        assert_eq!(plain("Jack &amp;#8217;n&amp;#8217; Jill"), "Jack ’n’ Jill");
        assert_eq!(plain("How to use <select> in a < b > c"), "How to use <select> in a < b > c");
        assert_eq!(plain("one<br/>two"), "one two");
        assert_eq!(plain("&lt;em&gt;News&lt;/em&gt; of the day"), "News of the day");
        assert_eq!(plain("中文\u{feff}标题"), "中文标题");
    }

    #[test]
    fn html_is_told_from_text() {
        assert!(looks_like_html("<p>x</p>") && looks_like_html("a<br>b"));
        assert!(!looks_like_html("a < b and c > d") && !looks_like_html("use <select> here"));
        assert!(is_escaped_twice("&lt;p&gt;Hello&lt;/p&gt;"));
        assert!(!is_escaped_twice("<p>&lt;p&gt;Hello&lt;/p&gt;</p>") && !is_escaped_twice("a &lt; b"));
    }
}
