//! One walk over a page's tree that finds its lines and what stands around them.

use std::collections::{HashMap, HashSet};

use dom_query::{Document, NodeData, NodeId, NodeRef};

use super::{
    hints::{self, Hints},
    outline::{Around, INLINE, KIND_SHIFT, Kind, Line, Outline, Part, ROWS, SAID, Sums},
};
use crate::extract::text::{is_block, is_silent};

/// How much of a page's title is looked at, in characters: every line is looked for in it.
const MAX_TITLE: usize = 500;

/// How a character counts in a line's weight.
fn weight(c: char) -> f32 {
    if matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}' | '\u{20000}'..='\u{3ffff}')
    {
        2.5
    } else {
        1.0
    }
}

/// The outline of a page, and what of it `kept` names.
pub(super) fn of(document: &Document, kept: &HashSet<NodeId>) -> Outline {
    let mut walk = Walk::default();
    if let Some(body) = document.body() {
        walk.all(body, kept);
    }
    let mut outline = walk.outline;
    outline.title = document.select_single("title").text().chars().take(MAX_TITLE).collect::<String>().to_lowercase();
    outline.sum_up();
    outline
}

#[derive(Default)]
struct Walk {
    outline: Outline,
    of_class: HashMap<String, Hints>,
    open: Option<Line>,
    space: bool,
    links: usize,
    strong: usize,
}

impl Walk {
    fn all(&mut self, body: NodeRef<'_>, kept: &HashSet<NodeId>) {
        // The elements around the current node: place in the outline, and whether they are blocks.
        let mut around: Vec<usize> = vec![];
        self.outline.parts.push(Part {
            node: body.id,
            parent: 0,
            own_hints: Hints::default(),
            own_around: 0,
            hints: Hints::default(),
            around: 0,
            sums: Sums::default(),
        });
        around.push(0);
        let mut next = body.first_child();
        while let Some(node) = next {
            let entered = self.enter(&node, &mut around, kept);
            next = if entered { node.first_child() } else { None };
            if next.is_some() {
                continue;
            }
            let mut left = node;
            let mut was_entered = entered;
            next = loop {
                if was_entered {
                    self.leave(&left, &mut around);
                }
                if let Some(sibling) = left.next_sibling() {
                    break Some(sibling);
                }
                match left.parent().filter(|p| p.id != body.id) {
                    Some(parent) => left = parent,
                    None => break None,
                }
                was_entered = true;
            };
        }
        self.end_line();
    }

    /// Notes a node; says whether its children are to be looked at.
    fn enter(&mut self, node: &NodeRef<'_>, around: &mut Vec<usize>, kept: &HashSet<NodeId>) -> bool {
        let parent = around.last().copied().unwrap_or(0);
        node.query_or(false, |n| match &n.data {
            NodeData::Text { contents } => {
                self.push(node.id, contents, parent, kept);
                false
            }
            NodeData::Element(element) => {
                let name = &*element.name.local;
                if is_silent(name) {
                    return false;
                }
                if is_line(name) {
                    self.end_line();
                }
                self.links += usize::from(name == "a");
                self.strong += usize::from(matches!(name, "b" | "strong" | "em" | "i"));
                let attr = |wanted: &str| element.attrs.iter().find(|a| &*a.name.local == wanted).map(|a| &*a.value);
                let class = [attr("class").unwrap_or_default(), attr("id").unwrap_or_default()].join(" ");
                let own_hints = if class.len() > 1 {
                    *self.of_class.entry(class).or_insert_with_key(|c| hints::of_class(c))
                } else {
                    Hints::default()
                };
                around.push(self.outline.parts.len());
                self.outline.parts.push(Part {
                    node: node.id,
                    parent,
                    own_hints,
                    own_around: around_of(name, &attr),
                    hints: Hints::default(),
                    around: 0,
                    sums: Sums::default(),
                });
                true
            }
            _ => false,
        })
    }

    fn leave(&mut self, node: &NodeRef<'_>, around: &mut Vec<usize>) {
        around.pop();
        let name = node.qual_name_ref();
        let Some(name) = name.as_deref().map(|n| &*n.local) else { return };
        self.links -= usize::from(name == "a");
        self.strong -= usize::from(matches!(name, "b" | "strong" | "em" | "i"));
        if is_line(name) {
            self.end_line();
        }
    }

    fn push(&mut self, node: NodeId, text: &str, parent: usize, kept: &HashSet<NodeId>) {
        if self.open.is_none() && text.trim().is_empty() {
            return;
        }
        let (part, inline_hints, inline_around) = self.block_around(parent);
        let kind = self.kind_of(part);
        let line = self.open.get_or_insert_with(|| Line {
            part,
            nodes: vec![],
            text: String::new(),
            kind,
            weight: 0.0,
            linked: 0.0,
            emphasized: 0.0,
            kept: 0.0,
            hints: Hints::default(),
            inline_hints: Hints(u32::MAX),
            inline_around: u32::MAX,
        });
        line.nodes.push(node);
        let mut added = 0.0;
        for c in text.chars() {
            if c.is_whitespace() {
                self.space = true;
                continue;
            }
            if std::mem::take(&mut self.space) && !line.text.is_empty() {
                line.text.push(' ');
                added += 1.0;
            }
            line.text.push(c);
            added += weight(c);
        }
        if added > 0.0 {
            line.inline_hints.0 &= inline_hints.0;
            line.inline_around &= inline_around;
        }
        line.weight += added;
        line.linked += if self.links > 0 { added } else { 0.0 };
        line.emphasized += if self.strong > 0 { added } else { 0.0 };
        line.kept += if kept.contains(&node) { added } else { 0.0 };
    }

    fn end_line(&mut self) {
        self.space = false;
        if let Some(mut line) = self.open.take().filter(|l| !l.text.is_empty()) {
            line.kept /= line.weight.max(1.0);
            line.hints = hints::of_line(&line.text.to_lowercase());
            self.outline.lines.push(line);
        }
    }

    /// The closest element around that makes lines, and what those within it say.
    fn block_around(&self, from: usize) -> (usize, Hints, u32) {
        let (mut at, mut hints, mut around) = (from, Hints::default(), 0);
        while self.outline.parts[at].own_around & INLINE != 0 {
            let part = &self.outline.parts[at];
            hints = hints.and(part.own_hints);
            around |= part.own_around & SAID;
            at = part.parent;
        }
        (at, hints, around)
    }

    fn kind_of(&self, part: usize) -> Kind {
        let mut at = part;
        // What stands in a plain division of an item is the item's.
        for _ in 0..4 {
            let found = self.outline.parts[at].own_around >> KIND_SHIFT & 0xf;
            match found {
                1 => return Kind::Paragraph,
                2 => return Kind::Item,
                3..=8 => return Kind::Heading(u8::try_from(found - 2).unwrap_or(1)),
                9 => return Kind::Cell,
                10 => return Kind::Quote,
                11 => return Kind::Code,
                12 => return Kind::Caption,
                13 => return Kind::Definition,
                _ => at = self.outline.parts[at].parent,
            }
        }
        Kind::Plain
    }
}

fn is_line(name: &str) -> bool {
    is_block(name) || matches!(name, "td" | "th")
}

fn around_of<'a>(name: &str, attr: &impl Fn(&str) -> Option<&'a str>) -> u32 {
    let mut around = match name {
        "article" => Around::ARTICLE,
        "main" => Around::MAIN,
        "aside" => Around::ASIDE,
        "nav" => Around::NAV,
        "footer" => Around::FOOTER,
        "header" => Around::HEADER,
        "form" | "fieldset" | "label" => Around::FORM,
        "figure" | "picture" => Around::FIGURE,
        "table" => Around::TABLE,
        "ul" | "ol" | "dl" => Around::LIST,
        "blockquote" => Around::QUOTE,
        "pre" | "code" => Around::CODE,
        "details" => Around::DETAILS,
        _ => 0,
    };
    match attr("role").unwrap_or_default() {
        "main" => around |= Around::MAIN,
        "article" => around |= Around::ARTICLE,
        "navigation" | "menu" | "menubar" => around |= Around::NAV,
        "complementary" => around |= Around::ASIDE,
        "contentinfo" => around |= Around::FOOTER,
        "banner" => around |= Around::HEADER,
        "dialog" | "alertdialog" | "search" | "form" => around |= Around::FORM,
        _ => {}
    }
    if attr("itemprop").is_some_and(|p| p.split_whitespace().any(|p| p.eq_ignore_ascii_case("articleBody"))) {
        around |= Around::BODY_PROPERTY;
    }
    let style: String = attr("style").unwrap_or_default().chars().filter(|c| !c.is_whitespace()).take(300).collect();
    let unseen = style.contains("display:none") || style.contains("visibility:hidden");
    if unseen || attr("hidden").is_some() || attr("aria-hidden") == Some("true") {
        around |= Around::UNSEEN;
    }
    if !is_line(name) {
        around |= INLINE;
    }
    if matches!(name, "tr" | "tbody" | "thead" | "tfoot") {
        around |= ROWS;
    }
    around | kind_bits(name) << KIND_SHIFT
}

fn kind_bits(name: &str) -> u32 {
    match name {
        "p" => 1,
        "li" => 2,
        "h1" => 3,
        "h2" => 4,
        "h3" => 5,
        "h4" => 6,
        "h5" => 7,
        "h6" => 8,
        "td" | "th" => 9,
        "blockquote" => 10,
        "pre" => 11,
        "figcaption" => 12,
        "dt" | "dd" => 13,
        _ => 0,
    }
}
