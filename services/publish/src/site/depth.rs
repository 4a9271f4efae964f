//! How deep HTML may be nested before anybody parses it.

/// The elements that never have an end tag (HTML, section 13.1.2).
const VOID: [&str; 13] =
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"];

/// Whether elements may be nested deeper than `limit`. For what a serializer wrote the answer is exact.
/// Otherwise it errs to yes: an end tag counts only where it closes the innermost open element, and no
/// longer after the first markup that no serializer writes, such as a comment, which could hide one.
pub(super) fn exceeds(html: &str, limit: usize) -> bool {
    let mut open: Vec<&str> = vec![];
    let mut as_serialized = true;
    let mut rest = html;
    while let Some((_, markup)) = rest.split_once('<') {
        let (closes, tag) = markup.strip_prefix('/').map_or((false, markup), |tag| (true, tag));
        let (name, attributes) = split_name(tag);
        let after = after_attributes(attributes);
        as_serialized &= !name.is_empty() && after.is_some();
        if closes {
            open.pop_if(|innermost| as_serialized && innermost.eq_ignore_ascii_case(name));
        } else if !name.is_empty() && !VOID.iter().any(|void| void.eq_ignore_ascii_case(name)) {
            open.push(name);
            if open.len() > limit {
                return true;
            }
        }
        rest = after.unwrap_or(markup);
    }
    false
}

/// What follows a tag whose attributes are all written as ` name="value"`.
fn after_attributes(mut attributes: &str) -> Option<&str> {
    loop {
        if let Some(after) = attributes.strip_prefix('>') {
            return Some(after);
        }
        let (name, value) = split_name(attributes.strip_prefix(' ')?);
        if name.is_empty() {
            return None;
        }
        (_, attributes) = value.strip_prefix("=\"")?.split_once('"')?;
    }
}

fn split_name(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c: char| !c.is_ascii_alphanumeric() && c != '-').unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_closed_is_not_deep() {
        let long =
            "<p lang=\"en\">one<br>two<hr></p><h2>three</h2><a href=\"https://x.example/?<p>\">4</a>".repeat(500);
        assert!(!exceeds(&long, 2));
        assert!(exceeds("<ul><li><p>x</p></li></ul>", 2));
    }

    #[test]
    fn depth_cannot_be_hidden() {
        for trick in [
            "<div>",
            "<DIV></div x",
            "<a><div></a>",
            "<div><!--</div>-->",
            "<div title=\"</div>\">",
            "<div title='</div>'>",
            "<div x\" y=\"></div>\">",
            "<div =\"a y=\"></div>\">",
            "<div><textarea></div></textarea>",
            "<div></>",
            "<div><?</div>?>",
        ] {
            assert!(exceeds(&trick.repeat(100), 50), "{trick}");
        }
    }
}
