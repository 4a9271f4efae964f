//! The short lines that a reader sees, with what their elements' names say of them: titles, bylines and dates
//! stand in these.

use std::collections::HashSet;

use dom_query::{NodeData, NodeId, NodeRef};

use super::text::{collapse, is_block, is_silent};

/// Longer lines are text, in characters.
const MAX_CHARS: usize = 240;

/// Lines that are kept; pages have some hundreds.
const MAX_LINES: usize = 4_000;

/// First headings whose surroundings are looked at.
const MAX_HEADINGS: usize = 8;

/// What a line's elements say of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Marks {
    /// Named after a date: `class=post-date`, `<time>`.
    pub(super) date: bool,
    /// Named after the last change: `class=updated-on`.
    pub(super) changed: bool,
    /// Named after an author: `class=byline`, `rel=author`.
    pub(super) author: bool,
    /// In what isn't the article, by its element or its name: navigation, comments, teasers of others.
    pub(super) elsewhere: bool,
    /// In what readers say.
    pub(super) comment: bool,
    /// In what is around or beside articles by its element: `<nav>`, `<footer>`, `<figcaption>`.
    pub(super) frame: bool,
    /// All of it is a link.
    pub(super) linked: bool,
    /// In a first heading, `<h1>`.
    pub(super) h1: bool,
    /// In any heading.
    pub(super) heading: bool,
}

/// A line as a reader sees it.
#[derive(Debug, Default)]
pub(super) struct Line {
    /// Its text; empty where it is long.
    pub(super) text: String,
    /// How long it is, in characters.
    pub(super) chars: usize,
    /// What its elements say.
    pub(super) marks: Marks,
    /// The parts of it that elements named after an author hold.
    pub(super) authors: Vec<String>,
    /// What its `<time>` elements say for machines.
    pub(super) times: Vec<String>,
}

/// The lines under `root` in their order.
pub(super) fn lines(root: &NodeRef<'_>) -> Vec<Line> {
    let headings = root.descendants_it().filter(|n| n.has_name("h1")).take(MAX_HEADINGS);
    let around_headings: HashSet<NodeId> = headings.flat_map(|h| h.ancestors(None)).map(|n| n.id).collect();
    let mut lines = Lines::default();
    let mut stack: Vec<(NodeId, Marks)> = Vec::new();
    let mut marks = Marks::default();
    let mut node = root.first_child();
    while let Some(current) = node {
        let mut enter = false;
        current.query(|n| match &n.data {
            NodeData::Text { contents } => lines.push(contents, marks),
            NodeData::Element(element) => {
                let name = &*element.name.local;
                // Frameworks hide what a script is going to show: where the heading is, that is the page.
                let holds_heading = around_headings.contains(&current.id);
                enter = !is_silent(name) && (holds_heading || !is_hidden(element));
                if is_block(name) || matches!(name, "td" | "th") {
                    lines.end();
                }
                if enter {
                    let inner = marked(marks, name, element, holds_heading);
                    if inner.author && !marks.author {
                        lines.author_starts();
                    }
                    if name == "time" {
                        lines.current.times.extend(attribute(element, "datetime").map(str::to_owned));
                    }
                    stack.push((current.id, marks));
                    marks = inner;
                }
            }
            _ => {}
        });
        if lines.all.len() >= MAX_LINES {
            break;
        }
        if enter && let Some(child) = current.first_child() {
            node = Some(child);
            continue;
        }
        let mut left = current;
        node = loop {
            if stack.last().is_some_and(|(id, _)| *id == left.id) {
                let outer = stack.pop().map(|(_, m)| m).unwrap_or_default();
                if marks.author && !outer.author {
                    lines.author_ends();
                }
                marks = outer;
            }
            if left.qual_name_ref().is_some_and(|n| is_block(&n.local) || matches!(&*n.local, "td" | "th")) {
                lines.end();
            }
            if let Some(next) = left.next_sibling() {
                break Some(next);
            }
            match left.parent().filter(|p| p.id != root.id) {
                Some(parent) => left = parent,
                None => break None,
            }
        };
    }
    lines.end();
    lines.all
}

fn attribute<'e>(element: &'e dom_query::Element, name: &str) -> Option<&'e str> {
    element.attrs.iter().find(|a| &*a.name.local == name).map(|a| &*a.value)
}

fn is_hidden(element: &dom_query::Element) -> bool {
    attribute(element, "hidden").is_some()
        || attribute(element, "style").is_some_and(|s| {
            let s: String = s.chars().filter(|c| !c.is_whitespace()).collect();
            s.to_ascii_lowercase().contains("display:none")
        })
}

/// What an element adds to the marks around it. What holds the heading is not elsewhere, whatever it is called.
fn marked(around: Marks, name: &str, element: &dom_query::Element, holds_heading: bool) -> Marks {
    let mut marks = around;
    match name {
        "nav" | "footer" | "dialog" | "figcaption" => (marks.elsewhere, marks.frame) = (true, true),
        "a" => marks.linked = true,
        "h1" => (marks.h1, marks.heading) = (true, true),
        "h2" | "h3" | "h4" => marks.heading = true,
        "time" => marks.date = true,
        _ => {}
    }
    // What wraps the page is named after all that is on it.
    if matches!(name, "html" | "body" | "main" | "article") {
        return marks;
    }
    if attribute(element, "itemtype").is_some_and(|kind| kind.trim_end_matches('/').ends_with("Comment")) {
        (marks.comment, marks.elsewhere) = (true, true);
    }
    let mut published = false;
    for attribute in element.attrs.iter().filter(|a| matches!(&*a.name.local, "class" | "id" | "itemprop" | "rel")) {
        for word in words(&attribute.value) {
            match &*word {
                "date" | "time" | "datetime" | "timestamp" | "pubdate" | "published" | "pubtime" | "dateline"
                | "datepublished" | "publish" => {
                    marks.date = true;
                    published |= word.starts_with("publish");
                }
                "updated" | "modified" | "lastmod" => {
                    marks.date = true;
                    marks.changed |= !published;
                }
                "comments" | "commentlist" | "disqus" if !holds_heading => {
                    (marks.comment, marks.elsewhere) = (true, true);
                }
                "author" | "authors" | "byline" | "bylines" | "writer" => marks.author = true,
                "comment" | "related" | "recommended" | "recommend" | "sidebar" | "footer" | "copyright" | "teaser"
                | "teasers" | "latest" | "trending" | "popular" | "nav" | "menu" | "breadcrumb" | "breadcrumbs"
                    if !holds_heading =>
                {
                    marks.elsewhere = true
                }
                _ => {}
            }
        }
    }
    marks
}

/// The words that names are made of, in lower case: `postDate_x post-date` has `post` and `date` twice.
fn words(names: &str) -> impl Iterator<Item = String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut before_is_lower = false;
    for c in names.chars().take(400) {
        let joins = c.is_ascii_alphabetic() && !(c.is_ascii_uppercase() && before_is_lower);
        if !joins && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if c.is_ascii_alphabetic() {
            word.push(c.to_ascii_lowercase());
        }
        before_is_lower = c.is_ascii_lowercase();
    }
    words.push(word);
    words.into_iter().filter(|w| !w.is_empty())
}

#[derive(Default)]
struct Lines {
    all: Vec<Line>,
    current: Line,
    raw: String,
    linked: bool,
    author_from: Option<usize>,
}

impl Lines {
    fn push(&mut self, text: &str, marks: Marks) {
        let seen = !text.trim().is_empty();
        if seen {
            self.linked = marks.linked && (self.current.chars == 0 || self.linked);
            let all = &mut self.current.marks;
            all.date |= marks.date;
            all.changed |= marks.changed;
            all.author |= marks.author;
            all.elsewhere |= marks.elsewhere;
            all.comment |= marks.comment;
            all.frame |= marks.frame;
            all.h1 |= marks.h1;
            all.heading |= marks.heading;
            self.current.chars += text.trim().chars().count();
        }
        if self.current.chars <= MAX_CHARS {
            self.raw.push_str(text);
        }
    }

    fn author_starts(&mut self) {
        self.author_from = Some(self.raw.len());
    }

    fn author_ends(&mut self) {
        let named = self.author_from.take().and_then(|from| self.raw.get(from..)).map(collapse);
        self.current.authors.extend(named.filter(|n| !n.is_empty()));
    }

    fn end(&mut self) {
        if self.author_from.is_some() {
            self.author_ends();
            self.author_from = Some(0);
        }
        let raw = std::mem::take(&mut self.raw);
        let mut line = std::mem::take(&mut self.current);
        if line.chars > 0 || !line.times.is_empty() {
            line.marks.linked = self.linked;
            line.text = if line.chars <= MAX_CHARS { collapse(&raw) } else { String::new() };
            self.all.push(line);
        }
        self.linked = false;
    }
}

#[cfg(test)]
mod tests {
    use dom_query::Document;

    use super::*;

    fn of(html: &str) -> Vec<Line> {
        lines(&Document::from(html).root())
    }

    #[test]
    fn lines_know_what_their_elements_are_called() {
        let found = of(
            "<h1>Title</h1><p class=byline>By <a rel=author>Jane Doe</a> <span class='post__date x'>May 6</span></p>\
            <footer>© 2024</footer><a href=/>more</a><time datetime=2024-05-06></time>",
        );
        let texts: Vec<&str> = found.iter().map(|l| l.text.as_str()).collect();
        assert_eq!(texts, ["Title", "By Jane Doe May 6", "© 2024", "more"]);
        assert!(found[0].marks.h1 && found[0].marks.heading && !found[0].marks.date);
        assert!(found[1].marks.date && found[1].marks.author && !found[1].marks.linked);
        assert!(found[2].marks.elsewhere && found[3].marks.linked && !found[3].marks.elsewhere);
        assert_eq!(found[3].times, ["2024-05-06"]);
    }

    #[test]
    fn what_names_an_author_is_kept_apart_in_its_line() {
        let found = of("<p>12 min · <span class=author-name>Jane Doe</span> · May 6</p>");
        assert_eq!(found[0].authors, ["Jane Doe"]);
        let found = of("<div class=author><p>Jane Doe</p><p>Reporter</p></div>");
        assert_eq!(found[0].authors, ["Jane Doe"]);
    }

    #[test]
    fn hidden_and_long_texts_have_no_text() {
        let found = of(&format!(
            "<p style='display: none'>x</p><p hidden>y</p><script>z</script><p>{}</p>",
            "word ".repeat(100)
        ));
        assert_eq!((found.len(), found[0].text.as_str(), found[0].chars > 240), (1, "", true));
    }

    #[test]
    fn names_fall_into_words() {
        let found: Vec<String> = words("postDate_x4 article__pub-dates").collect();
        assert_eq!(found, ["post", "date", "x", "article", "pub", "dates"]);
    }
}
