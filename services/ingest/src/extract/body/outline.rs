//! A page as the list of its lines, with what its elements say about each.

use std::collections::{HashMap, HashSet};

use dom_query::{Document, NodeData, NodeId, NodeRef};

use super::hints::{self, Hints};
use crate::extract::text::{is_block, is_silent};

/// What kind of element a line stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A division or anything not named here.
    Plain,
    Paragraph,
    Item,
    Heading(u8),
    Cell,
    Quote,
    Code,
    Caption,
    Definition,
}

/// Elements around a line that say something.
pub(super) struct Around;

impl Around {
    pub(super) const ARTICLE: u32 = 1;
    pub(super) const MAIN: u32 = 1 << 1;
    pub(super) const BODY_PROPERTY: u32 = 1 << 2;
    pub(super) const ASIDE: u32 = 1 << 3;
    pub(super) const NAV: u32 = 1 << 4;
    pub(super) const FOOTER: u32 = 1 << 5;
    pub(super) const HEADER: u32 = 1 << 6;
    pub(super) const FORM: u32 = 1 << 7;
    pub(super) const FIGURE: u32 = 1 << 8;
    pub(super) const TABLE: u32 = 1 << 9;
    pub(super) const LIST: u32 = 1 << 10;
    pub(super) const QUOTE: u32 = 1 << 11;
    pub(super) const CODE: u32 = 1 << 12;
    pub(super) const DETAILS: u32 = 1 << 13;
    pub(super) const UNSEEN: u32 = 1 << 14;
    pub(super) const COUNT: usize = 15;
}

/// An element.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) node: NodeId,
    /// Its parent's place in the outline; its own for the first.
    pub(super) parent: usize,
    pub(super) own_hints: Hints,
    pub(super) own_around: u32,
    /// Hints of this element and those around it, but for those that hold most of the page.
    pub(super) hints: Hints,
    pub(super) around: u32,
    pub(super) sums: Sums,
}

impl Part {
    /// Whether paragraphs may stand in it: it is neither a paragraph nor a list nor in the frame of a table.
    pub(super) fn holds_blocks(&self) -> bool {
        let kind = self.own_around >> KIND_SHIFT & 0xf;
        self.own_around & (INLINE | ROWS | Around::LIST | Around::TABLE) == 0 && matches!(kind, 0 | 10)
    }
}

/// What an element holds.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sums {
    /// The weight of its text.
    pub(super) weight: f32,
    /// The weight of its text in links.
    pub(super) linked: f32,
    /// The weight of what reads like prose.
    pub(super) prose: f32,
    /// The weight of what the scores kept.
    pub(super) kept: f32,
    pub(super) lines: f32,
}

impl Sums {
    fn add(&mut self, other: Self) {
        self.weight += other.weight;
        self.linked += other.linked;
        self.prose += other.prose;
        self.kept += other.kept;
        self.lines += other.lines;
    }
}

/// A line of text.
#[derive(Debug)]
pub(super) struct Line {
    /// The element that it stands in, as a place in the outline.
    pub(super) part: usize,
    /// Its text nodes.
    pub(super) nodes: Vec<NodeId>,
    /// Its text, white space collapsed.
    pub(super) text: String,
    pub(super) kind: Kind,
    /// Its length in characters, those of scripts without spaces counted as two and a half.
    pub(super) weight: f32,
    pub(super) linked: f32,
    pub(super) emphasized: f32,
    /// The share that the scores kept.
    pub(super) kept: f32,
    /// What its words say.
    pub(super) hints: Hints,
    /// What elements within the line say that hold all of it.
    pub(super) inline_hints: Hints,
    pub(super) inline_around: u32,
}

impl Line {
    pub(super) fn link_density(&self) -> f32 {
        if self.weight > 0.0 { self.linked / self.weight } else { 0.0 }
    }

    /// Whether it reads like a paragraph.
    pub(super) fn is_prose(&self) -> bool {
        self.weight >= 60.0 && self.link_density() < 0.4 && !matches!(self.kind, Kind::Heading(_))
    }
}

/// A page's elements and lines, both in document order.
#[derive(Debug, Default)]
pub(super) struct Outline {
    pub(super) parts: Vec<Part>,
    pub(super) lines: Vec<Line>,
    pub(super) title: String,
}

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

/// Marks an element that makes no lines.
const INLINE: u32 = 1 << 31;

/// What elements say, without what they are.
const SAID: u32 = 0x00ff_ffff;

/// Marks what stands between a table and its cells.
const ROWS: u32 = 1 << 30;

/// Where in the bits of an element its kind is.
const KIND_SHIFT: u32 = 24;

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

impl Outline {
    /// Adds up what elements hold and hands down what they say.
    fn sum_up(&mut self) {
        for line in &self.lines {
            let prose = if line.is_prose() { line.weight } else { 0.0 };
            let sums =
                Sums { weight: line.weight, linked: line.linked, prose, kept: line.kept * line.weight, lines: 1.0 };
            self.parts[line.part].sums.add(sums);
        }
        // Children stand behind their parents.
        for at in (1..self.parts.len()).rev() {
            let (sums, parent) = (self.parts[at].sums, self.parts[at].parent);
            self.parts[parent].sums.add(sums);
        }
        let all = self.parts.first().map(|p| p.sums).unwrap_or_default();
        for at in 1..self.parts.len() {
            let part = &self.parts[at];
            let above = &self.parts[part.parent];
            // What holds most of the page is named after the page.
            let holds_most = part.sums.prose > 0.4 * all.prose;
            let own = if holds_most { Hints(part.own_hints.0 & Hints::ARTICLE.0) } else { part.own_hints };
            let own_around = if holds_most {
                part.own_around & (Around::ARTICLE | Around::MAIN | Around::BODY_PROPERTY)
            } else {
                part.own_around
            };
            let (hints, around) = (above.hints.and(own), above.around | own_around & SAID);
            let part = &mut self.parts[at];
            (part.hints, part.around) = (hints, around);
        }
    }
}
