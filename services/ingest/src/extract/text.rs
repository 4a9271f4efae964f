//! The text of a tree, a line a paragraph.

use dom_query::{NodeData, NodeRef};

/// Elements that end a line before and after them.
pub(super) fn is_block(name: &str) -> bool {
    matches!(
        name,
        "address"
            | "article"
            | "aside"
            | "blockquote"
            | "body"
            | "br"
            | "caption"
            | "center"
            | "dd"
            | "details"
            | "div"
            | "dl"
            | "dt"
            | "fieldset"
            | "figcaption"
            | "figure"
            | "footer"
            | "form"
            | "h1"
            | "h2"
            | "h3"
            | "h4"
            | "h5"
            | "h6"
            | "header"
            | "hr"
            | "li"
            | "main"
            | "nav"
            | "ol"
            | "p"
            | "pre"
            | "section"
            | "summary"
            | "table"
            | "tbody"
            | "tfoot"
            | "thead"
            | "tr"
            | "ul"
    )
}

/// Elements whose content is no text of the page.
pub(super) fn is_silent(name: &str) -> bool {
    matches!(
        name,
        "script"
            | "style"
            | "noscript"
            | "template"
            | "textarea"
            | "select"
            | "button"
            | "svg"
            | "math"
            | "iframe"
            | "object"
            | "embed"
            | "canvas"
            | "audio"
            | "video"
            | "head"
            | "title"
            | "rp"
            | "rt"
    )
}

/// The text under `root`: a line a paragraph and a line of preformatted text, white space collapsed, no control
/// characters, no empty lines.
pub(super) fn lines(root: &NodeRef<'_>) -> String {
    let mut lines = Lines::default();
    let mut node = root.first_child();
    // By hand and not by recursion: the tree may be as deep as its page likes.
    while let Some(current) = node {
        let mut enter = false;
        current.query(|n| match &n.data {
            NodeData::Text { contents } => lines.push(contents),
            NodeData::Element(element) => {
                let name = &*element.name.local;
                enter = !is_silent(name);
                // An empty one isn't left, as it isn't entered.
                lines.preformatted += usize::from(name == "pre" && current.first_child().is_some());
                if is_block(name) {
                    lines.end_line();
                } else if matches!(name, "td" | "th") {
                    lines.space();
                }
            }
            _ => {}
        });
        node = current.first_child().filter(|_| enter).or_else(|| next_after(current, root, &mut lines));
    }
    lines.finish()
}

/// The node that follows `node` and all that is in it, ending the lines of the blocks that are left.
fn next_after<'a>(node: NodeRef<'a>, root: &NodeRef<'a>, lines: &mut Lines) -> Option<NodeRef<'a>> {
    let mut left = node;
    loop {
        let name = left.qual_name_ref();
        let name = name.as_deref().map(|n| &*n.local);
        lines.preformatted -= usize::from(name == Some("pre") && left.first_child().is_some());
        match name {
            Some(name) if is_block(name) => lines.end_line(),
            Some("td" | "th") => lines.space(),
            _ => {}
        }
        if let Some(next) = left.next_sibling() {
            return Some(next);
        }
        left = left.parent().filter(|p| p.id != root.id)?;
    }
}

/// Lines as they are written.
#[derive(Default)]
struct Lines {
    text: String,
    line_start: usize,
    space: bool,
    /// How many `<pre>` the text stands in.
    preformatted: usize,
}

impl Lines {
    fn push(&mut self, text: &str) {
        for c in text.chars() {
            if c == '\n' && self.preformatted > 0 {
                self.end_line();
            } else if c.is_whitespace() {
                self.space = true;
            } else if !is_unwanted(c) {
                if std::mem::take(&mut self.space) && self.text.len() > self.line_start {
                    self.text.push(' ');
                }
                self.text.push(c);
            }
        }
    }

    fn space(&mut self) {
        self.space = true;
    }

    fn end_line(&mut self) {
        if self.text.len() > self.line_start {
            self.text.push('\n');
            self.line_start = self.text.len();
        }
        self.space = false;
    }

    fn finish(mut self) -> String {
        self.text.truncate(self.text.trim_end().len());
        self.text
    }
}

/// Control characters, and characters that only steer how text is broken or shown.
fn is_unwanted(c: char) -> bool {
    c.is_control() || matches!(c, '\u{ad}' | '\u{200b}' | '\u{2060}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

/// A text in one line: white space collapsed, no control characters.
pub(super) fn collapse(text: &str) -> String {
    let mut line = Lines::default();
    line.push(text);
    line.finish()
}

#[cfg(test)]
mod tests {
    use dom_query::Document;

    use super::*;

    fn text(html: &str) -> String {
        let document = Document::from(html);
        lines(&document.body().unwrap())
    }

    #[test]
    fn a_paragraph_is_a_line() {
        assert_eq!(text("<h1>T</h1>\n<p> a <b>b</b>c\n d</p><p></p><div>e<p>f</p>g</div>"), "T\na bc d\ne\nf\ng");
        assert_eq!(text("<ul><li>a<li>b</ul>a<br>b"), "a\nb\na\nb");
        assert_eq!(text("<table><tr><td>a<td>b<tr><td>c</table>"), "a b\nc");
    }

    #[test]
    fn a_line_of_code_is_a_line() {
        assert_eq!(text("a\nb<pre>\n<code>fn <b>f</b>() {\n\n    x\n}</code></pre>c\nd"), "a b\nfn f() {\nx\n}\nc d");
        assert_eq!(text("<pre></pre>a\nb<pre>c\nd"), "a b\nc\nd");
    }

    #[test]
    fn what_is_no_text_of_the_page_is_left_out() {
        assert_eq!(text("a<script>x</script><style>y</style><noscript>z</noscript>b<!-- c -->"), "ab");
        assert_eq!(text("漢<ruby>字<rp>(</rp><rt>じ</rt><rp>)</rp></ruby>"), "漢字");
    }

    #[test]
    fn entities_are_decoded_and_control_characters_gone() {
        assert_eq!(text("a&amp;b&nbsp;&lt;c&gt; &#1;d&shy;e\u{200b}f &#x4e2d;"), "a&b <c> def 中");
        assert_eq!(collapse("  a \n\t b\u{7}c "), "a bc");
    }
}
