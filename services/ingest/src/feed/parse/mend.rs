//! Makes of a broken document one that an XML reader reads to its end.
//!
//! Only the level of characters is mended here: what is a tag, and what is text. Which end tag belongs to
//! which start tag is the [tree](super::tree)'s. The time is linear in the length, whatever the input: what is
//! looked for far ahead is looked for once ([`Ahead`]).

use super::entities::reference_length;

/// A document and what was wrong with it.
#[derive(Debug, Default)]
pub(super) struct Mended {
    /// Tags, text and CDATA sections; no comments, instructions or document type.
    pub(super) text: String,
    /// In words.
    pub(super) repairs: Vec<&'static str>,
}

impl Mended {
    fn note(&mut self, repair: &'static str) {
        if !self.repairs.contains(&repair) {
            self.repairs.push(repair);
        }
    }
}

const BARE_AMPERSAND: &str = "an ampersand was not escaped";
const BARE_LESS_THAN: &str = "a less-than sign was not escaped";
const BROKEN_TAG: &str = "a tag was not closed or badly quoted";
const UNCLOSED_CDATA: &str = "a cdata section was not closed";
const UNCLOSED_COMMENT: &str = "a comment was not closed";
const CUT_OFF: &str = "the document ends inside a tag";
const CDATA: &str = "<![CDATA[";

/// An instruction that goes on for longer than this, in bytes, was not closed.
const LONGEST_INSTRUCTION: usize = 4_096;

/// Mends `text`. Nothing declared in a document type is kept, so no entity can expand and none is fetched.
pub(super) fn mend(text: &str) -> Mended {
    let mut out = Mended { text: String::with_capacity(text.len() + 64), ..Mended::default() };
    let mut ahead = Ahead::of(text);
    let mut at = 0;
    // The name of the last start tag: where a CDATA section that nobody closed may end.
    let mut element = "";
    while at < text.len() {
        let rest = &text[at..];
        let next = rest.find(['<', '&']).unwrap_or(rest.len());
        out.text.push_str(&rest[..next]);
        let rest = &rest[next..];
        at += next;
        at += if rest.is_empty() {
            0
        } else if rest.starts_with('&') {
            ampersand(rest, &mut out)
        } else if rest.starts_with("<!--") {
            comment(rest, ahead.comment_end.from(at), &mut out)
        } else if starts_with(rest, CDATA) {
            cdata(rest, element, ahead.cdata(at), &mut out)
        } else if rest.starts_with("<!") {
            doctype(rest, ahead.doctype_end(at))
        } else if rest.starts_with("<?") {
            // `?>` ends it; what only has `>` was left open.
            let near = ahead.instruction_end.from(at).filter(|i| *i < LONGEST_INSTRUCTION).map(|i| i + 2);
            near.unwrap_or_else(|| rest.find('>').map_or(rest.len(), |i| i + 1))
        } else {
            let (read, name) = tag(rest, &mut out);
            element = name.unwrap_or(element);
            read
        };
    }
    out
}

/// Where the next of something is.
struct Next<'a> {
    text: &'a str,
    wanted: &'static str,
    /// Where it was last found; past the end where there is none.
    found: Option<usize>,
}

impl Next<'_> {
    /// How far after `at` the next one is.
    fn from(&mut self, at: usize) -> Option<usize> {
        let found = match self.found.filter(|f| *f >= at) {
            Some(found) => found,
            None => self.text[at..].find(self.wanted).map_or(usize::MAX, |i| at + i),
        };
        self.found = Some(found);
        (found != usize::MAX).then(|| found - at)
    }
}

/// What is looked for ahead.
struct Ahead<'a> {
    comment_end: Next<'a>,
    cdata_end: Next<'a>,
    cdata_start: Next<'a>,
    instruction_end: Next<'a>,
    subset_end: Next<'a>,
    /// The end of a tag after that.
    tag_end: Next<'a>,
}

impl<'a> Ahead<'a> {
    fn of(text: &'a str) -> Self {
        let next = |wanted| Next { text, wanted, found: None };
        Self {
            comment_end: next("-->"),
            cdata_end: next("]]>"),
            cdata_start: next(CDATA),
            instruction_end: next("?>"),
            subset_end: next("]"),
            tag_end: next(">"),
        }
    }

    /// The end of the document type at `at` whose declarations end, its `>` included.
    fn doctype_end(&mut self, at: usize) -> Option<usize> {
        let subset_end = self.subset_end.from(at)?;
        Some(subset_end + self.tag_end.from(at + subset_end)? + 1)
    }

    /// The end of the CDATA section at `at`, and the start of the one after it.
    fn cdata(&mut self, at: usize) -> (Option<usize>, Option<usize>) {
        (self.cdata_end.from(at), self.cdata_start.from(at + 1).map(|n| n + 1))
    }
}

/// The start of an ASCII text, in any case.
pub(in crate::feed) fn starts_with(text: &str, start: &str) -> bool {
    text.as_bytes().get(..start.len()).is_some_and(|s| s.eq_ignore_ascii_case(start.as_bytes()))
}

fn ampersand(rest: &str, out: &mut Mended) -> usize {
    if let Some(length) = reference_length(rest) {
        out.text.push_str(&rest[..length]);
        return length;
    }
    out.text.push_str("&amp;");
    out.note(BARE_AMPERSAND);
    1
}

fn comment(rest: &str, end: Option<usize>, out: &mut Mended) -> usize {
    if let Some(end) = end {
        return end + 3;
    }
    out.note(UNCLOSED_COMMENT);
    rest.find('>').map_or(rest.len(), |i| i + 1)
}

/// A CDATA section that ends at `end`, if anywhere. One in which another opens at `nested`, or that never ends,
/// ends where its element does.
fn cdata(rest: &str, element: &str, (end, nested): (Option<usize>, Option<usize>), out: &mut Mended) -> usize {
    let whole = end.unwrap_or(rest.len());
    let doubtful = end.is_none() || nested.is_some_and(|n| n < whole);
    let body = &rest[CDATA.len()..whole.max(CDATA.len())];
    let closing = (doubtful && !element.is_empty()).then(|| body.find(&format!("</{element}"))).flatten();
    if closing.is_some() || end.is_none() {
        out.note(UNCLOSED_CDATA);
    }
    out.text.push_str(CDATA);
    out.text.push_str(&body[..closing.unwrap_or(body.len())]);
    out.text.push_str("]]>");
    match (closing, end) {
        (Some(closing), _) => CDATA.len() + closing,
        (None, Some(end)) => end + 3,
        (None, None) => rest.len(),
    }
}

/// A document type with all that it declares; with its declarations it ends at `whole`, if they end.
fn doctype(rest: &str, whole: Option<usize>) -> usize {
    let end = rest.find('>').map_or(rest.len(), |i| i + 1);
    if rest[..end].contains('[') { whole.unwrap_or(end) } else { end }
}

/// A start or end tag: how much was read, and the name of a start tag.
fn tag<'a>(rest: &'a str, out: &mut Mended) -> (usize, Option<&'a str>) {
    let (is_end, named) = rest[1..].strip_prefix('/').map_or((false, &rest[1..]), |n| (true, n));
    let name_length =
        named.find(|c: char| !(c.is_alphanumeric() || matches!(c, ':' | '_' | '-' | '.'))).unwrap_or(named.len());
    let name = &named[..name_length];
    let after = &named[name_length..];
    let ends = after.starts_with(|c: char| c.is_whitespace() || matches!(c, '/' | '>' | '<'));
    if !name.starts_with(|c: char| c.is_alphabetic() || c == '_') || !(ends || after.is_empty()) {
        // `</>` closes nothing that has a name.
        if rest.starts_with("</>") {
            out.note(BROKEN_TAG);
            return (3, None);
        }
        out.text.push_str("&lt;");
        out.note(BARE_LESS_THAN);
        return (1, None);
    }
    out.text.push_str(if is_end { "</" } else { "<" });
    out.text.push_str(name);
    let start = 1 + usize::from(is_end) + name_length;
    let (read, end) = attributes(&rest[start..], name, is_end, out);
    let read = start + read;
    match end {
        TagEnd::Open | TagEnd::Empty => {}
        TagEnd::Missing if read == rest.len() => out.note(CUT_OFF),
        TagEnd::Missing => out.note(BROKEN_TAG),
    }
    let empty = end == TagEnd::Empty && !is_end;
    out.text.push_str(if empty { "/>" } else { ">" });
    (read, (!is_end && !empty).then_some(name))
}

/// How a tag ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TagEnd {
    /// With `>`.
    Open,
    /// With `/>`.
    Empty,
    /// Before the next `<`, or with the document.
    Missing,
}

/// Writes a tag's attributes with quotes around each value: how much was read, its end included, and which that is.
fn attributes(rest: &str, element: &str, is_end: bool, out: &mut Mended) -> (usize, TagEnd) {
    let mut at = 0;
    loop {
        let here = rest[at..].trim_start_matches(|c: char| c.is_whitespace() || c == '/');
        let slash = rest[at..rest.len() - here.len()].ends_with('/');
        at = rest.len() - here.len();
        let Some(first) = here.chars().next() else { return (rest.len(), TagEnd::Missing) };
        match first {
            '>' if slash => return (at + 1, TagEnd::Empty),
            '>' => return (at + 1, TagEnd::Open),
            '<' => return (at, TagEnd::Missing),
            _ => {}
        }
        let name_length = here.find(|c: char| c.is_whitespace() || matches!(c, '=' | '>' | '<' | '/' | '"' | '\''));
        let name = &here[..name_length.unwrap_or(here.len())];
        if name.is_empty() {
            // A quote or an equals sign with nothing before it.
            at += first.len_utf8();
            out.note(BROKEN_TAG);
            continue;
        }
        let after = here[name.len()..].trim_start();
        let Some(value) = after.strip_prefix('=') else {
            at += name.len();
            continue;
        };
        let value = value.trim_start();
        let (value, read) = attribute_value(value, element.eq_ignore_ascii_case("a"), out);
        if !is_end && name.chars().all(|c| c.is_alphanumeric() || matches!(c, ':' | '_' | '-' | '.')) {
            write_attribute(name, value, out);
        }
        at = rest.len() - after.len() + 1;
        at += rest[at..].len() - rest[at..].trim_start().len() + read;
    }
}

/// The value that `rest` opens with and how much of it that takes.
fn attribute_value<'a>(rest: &'a str, of_html: bool, out: &mut Mended) -> (&'a str, usize) {
    if let Some(quote) = rest.chars().next().filter(|c| matches!(c, '"' | '\'')) {
        let inside = &rest[1..];
        if let Some(end) = inside.find(quote) {
            let after = inside[end + 1..].chars().next();
            let ends_well = after.is_none_or(|c| c.is_whitespace() || matches!(c, '/' | '>' | '?'));
            if ends_well || !inside[..end].contains(['<', '>']) {
                return (&inside[..end], end + 2);
            }
        }
        out.note(BROKEN_TAG);
        let end = inside.find(['>', '<', '\n']).unwrap_or(inside.len());
        return (&inside[..end], end + 1);
    }
    out.note(BROKEN_TAG);
    let end = rest.find(|c: char| c.is_whitespace() || matches!(c, '>' | '<')).unwrap_or(rest.len());
    // `<link href=http://example.com/a/>` ends with its tag, the address of `<a href=http://example.com/>` doesn't.
    let slash = !of_html && rest[end..].starts_with('>') && rest[..end].ends_with('/');
    let end = end - usize::from(slash);
    (&rest[..end], end)
}

fn write_attribute(name: &str, value: &str, out: &mut Mended) {
    out.text.push(' ');
    out.text.push_str(name);
    out.text.push_str("=\"");
    let mut at = 0;
    while let Some(found) = value[at..].find(['&', '<', '"']) {
        out.text.push_str(&value[at..at + found]);
        at += found;
        at += match value.as_bytes()[at] {
            b'&' => ampersand(&value[at..], out),
            b'<' => {
                out.text.push_str("&lt;");
                1
            }
            _ => {
                out.text.push_str("&quot;");
                1
            }
        };
    }
    out.text.push_str(&value[at..]);
    out.text.push('"');
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    fn mended(text: &str) -> String {
        mend(text).text
    }

    #[test]
    fn a_sound_document_stays_as_it_is() {
        let sound =
            "<rss version=\"2.0\"><item><title>a &amp; b &eacute;</title><x a=\"1\"/><![CDATA[<p>]]></item></rss>";
        let out = mend(sound);
        assert_eq!(out.text, sound);
        assert!(out.repairs.is_empty(), "{:?}", out.repairs);
    }

    #[test]
    fn what_is_not_escaped_becomes_text() {
        assert_eq!(mended("<t>AT&T &x= &amp; a < b <3</t>"), "<t>AT&amp;T &amp;x= &amp; a &lt; b &lt;3</t>");
        assert_eq!(mended("<a href='?a=1&b=2&amp;c'>"), "<a href=\"?a=1&amp;b=2&amp;c\">");
    }

    #[test]
    fn tags_are_closed_and_quoted() {
        assert_eq!(mended("<a href=x.html checked>"), "<a href=\"x.html\">");
        assert_eq!(mended("<a href=http://x/>y"), "<a href=\"http://x/\">y");
        assert_eq!(mended("<br clear=all/>"), "<br clear=\"all\"/>");
        assert_eq!(mended("<a href=\"x>y</a> <a href=\"z\">"), "<a href=\"x\">y</a> <a href=\"z\">");
        assert_eq!(mended("<a t=It's>y"), "<a t=\"It's\">y");
        assert_eq!(mended("</title <link>"), "</title><link>");
        assert_eq!(mended("<title>x</title><li"), "<title>x</title><li>");
        assert_eq!(mended("<a t='a \"b\" <c>' >"), "<a t=\"a &quot;b&quot; &lt;c>\">");
    }

    #[test]
    fn a_cdata_section_that_nobody_closed_ends_with_its_element() {
        assert_eq!(mended("<d><![CDATA[<p>x</d><t>y</t>"), "<d><![CDATA[<p>x]]></d><t>y</t>");
        assert_eq!(mended("<d><![CDATA[x</d><d><![CDATA[y]]></d>"), "<d><![CDATA[x]]></d><d><![CDATA[y]]></d>");
        assert_eq!(mended("<d><![CDATA[x"), "<d><![CDATA[x]]>");
    }

    #[test]
    fn document_types_that_end_together_far_away_take_linear_time() {
        let started = Instant::now();
        let text = format!("<rss>{}]{}", "<!a[>".repeat(400_000), "x".repeat(2_000_000));
        assert!(mended(&text).ends_with("xx"));
        assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
    }

    #[test]
    fn what_is_not_content_is_left_out() {
        let bomb = "<!DOCTYPE x [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;\">]><x>&b;</x>";
        assert_eq!(mended(bomb), "<x>&b;</x>");
        assert_eq!(mended("<?xml version='1.0'?><!-- <a> --><b/><!-- x"), "<b/>");
        assert_eq!(mended("<!DOCTYPE rss SYSTEM 'http://x/rss.dtd'><rss/>"), "<rss/>");
    }
}
