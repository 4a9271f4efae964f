//! What of an entry's words makes a change: a counter, a date or an advertisement doesn't.

use super::Entry;

/// The letters of an entry's title and text in lower case: no digits, no markup, no character references.
pub(super) fn letters(entry: &Entry) -> String {
    let mut letters = String::new();
    let title = entry.title.as_deref().unwrap_or_default();
    letters.extend(title.chars().filter(|c| c.is_alphabetic()).flat_map(char::to_lowercase));
    letters.push('\n');
    add_letters_of_html(&mut letters, entry.content_html.as_deref().unwrap_or_default());
    letters
}

/// The longest character reference, from `&` to `;`.
const LONGEST_REFERENCE: usize = 33;

fn add_letters_of_html(letters: &mut String, html: &str) {
    let (mut rest, mut ends) = (html, Ends::default());
    while let Some(at) = rest.find(['<', '&']) {
        let (text, markup) = rest.split_at(at);
        add_letters(letters, text);
        let end = match markup.starts_with('<') {
            true => ends.of_element(markup),
            false => markup.bytes().take(LONGEST_REFERENCE).position(|b| b == b';'),
        };
        // A sign that begins nothing is text.
        rest = &markup[end.unwrap_or(0) + 1..];
    }
    add_letters(letters, rest);
}

/// Finds ends of markup. What was once searched for in vain isn't there later either: without that memory, markup
/// that never ends would take time by the square of its length.
#[derive(Default)]
struct Ends {
    no_tag: bool,
    no_comment: bool,
    no_closing_tag: bool,
}

impl Ends {
    /// Where a tag or comment ends, or with it the script or style that it begins.
    fn of_element(&mut self, markup: &str) -> Option<usize> {
        let find = |text: &str, sign: &str, missing: &mut bool| {
            let found = if *missing { None } else { text.find(sign) };
            *missing = found.is_none();
            found
        };
        if let Some(comment) = markup.strip_prefix("<!--") {
            return find(comment, "-->", &mut self.no_comment).map(|end| end + "<!--".len() + "--".len());
        }
        let end = find(markup, ">", &mut self.no_tag)?;
        let name = markup[1..].split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
        if !["script", "style"].into_iter().any(|raw| name.eq_ignore_ascii_case(raw)) {
            return Some(end);
        }
        let Some(close) = find(&markup[end..], "</", &mut self.no_closing_tag) else { return Some(end) };
        find(&markup[end + close..], ">", &mut self.no_tag).map(|last| end + close + last)
    }
}

fn add_letters(letters: &mut String, text: &str) {
    letters.extend(text.chars().filter(|c| c.is_alphabetic()).flat_map(char::to_lowercase));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_that_never_ends_is_read_all_the_same() {
        for html in ["<", "&", "<script", "<script>x", "<!--", "a<b", "&amp", "<p", "<style></", "&;&;<>", "é<é>é&é;"]
        {
            let entry =
                |content: String| Entry { title: Some("T".into()), content_html: Some(content), ..Entry::default() };
            assert!(letters(&entry(html.repeat(100_000))).starts_with("t\n"), "{html}");
        }
    }
}
