//! The tags of a sanitized body, which is well-formed and has its values in double quotes.

/// What an image's place holder begins with, see [`outline`](super::outline). No body can have it by itself: the policy
/// leaves no `class`.
pub(super) const IMAGE: &str = r#"<a class="image" "#;

/// A tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tag<'a> {
    /// Where it begins, in bytes.
    pub(super) start: usize,
    /// Where it ends.
    pub(super) end: usize,
    /// The name of its element.
    pub(super) name: &'a str,
    /// Whether it ends its element.
    pub(super) closes: bool,
    /// Where the other tag of its element begins and ends.
    pub(super) partner: Option<(usize, usize)>,
}

impl Tag<'_> {
    /// Whether its element stands in a line of text.
    pub(super) fn is_inline(&self) -> bool {
        matches!(
            self.name,
            "a" | "abbr"
                | "b"
                | "bdi"
                | "bdo"
                | "br"
                | "cite"
                | "code"
                | "del"
                | "dfn"
                | "em"
                | "i"
                | "ins"
                | "kbd"
                | "mark"
                | "q"
                | "rp"
                | "rt"
                | "ruby"
                | "s"
                | "samp"
                | "small"
                | "span"
                | "strong"
                | "sub"
                | "sup"
                | "time"
                | "u"
                | "var"
        )
    }

    /// Whether its element has no other tag.
    pub(super) fn is_void(&self) -> bool {
        matches!(self.name, "br" | "hr" | "img")
    }
}

/// The tags of a body, in order.
pub(super) fn tags(body: &str) -> Vec<Tag<'_>> {
    let mut tags: Vec<Tag<'_>> = vec![];
    let mut open: Vec<usize> = vec![];
    let mut at = 0;
    while let Some(found) = body[at..].find('<') {
        let start = at + found;
        let end = start + tag_length(&body[start..]);
        at = end;
        let closes = body[start..].starts_with("</");
        let name_start = (start + 1 + usize::from(closes)).min(end);
        let name_length = body[name_start..end].find([' ', '>', '/']).unwrap_or(end - name_start);
        let mut tag = Tag { start, end, name: &body[name_start..name_start + name_length], closes, partner: None };
        if closes {
            if let Some(begun) = open.pop_if(|begun| tags[*begun].name == tag.name) {
                tag.partner = Some((tags[begun].start, tags[begun].end));
                tags[begun].partner = Some((start, end));
            }
        } else if !tag.is_void() {
            open.push(tags.len());
        }
        tags.push(tag);
    }
    tags
}

/// The length of the tag that `html` begins with. Values may hold a `>`.
pub(super) fn tag_length(html: &str) -> usize {
    let mut quoted = false;
    for (position, byte) in html.bytes().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b'>' if !quoted => return position + 1,
            _ => {}
        }
    }
    html.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_knows_its_partner() {
        let body = r#"<p>a<br><a href="https://x.example/?>">b</a></p>"#;
        let tags = tags(body);
        let names: Vec<_> = tags.iter().map(|tag| (tag.name, tag.closes)).collect();
        assert_eq!(names, [("p", false), ("br", false), ("a", false), ("a", true), ("p", true)]);
        assert_eq!(tags[0].partner, Some((tags[4].start, tags[4].end)));
        assert_eq!(tags[3].partner, Some((tags[2].start, tags[2].end)));
        assert_eq!(tags[1].partner, None);
    }
}
