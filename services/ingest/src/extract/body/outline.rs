//! A page as the list of its lines, with what its elements say about each.

use dom_query::NodeId;

use super::hints::Hints;

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

    /// Whether white space in it is as its author wrote it, `<pre>`.
    pub(super) fn is_preformatted(&self) -> bool {
        self.own_around >> KIND_SHIFT & 0xf == 11
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

/// Marks an element that makes no lines.
pub(super) const INLINE: u32 = 1 << 31;

/// What elements say, without what they are.
pub(super) const SAID: u32 = 0x00ff_ffff;

/// Marks what stands between a table and its cells.
pub(super) const ROWS: u32 = 1 << 30;

/// Where in the bits of an element its kind is.
pub(super) const KIND_SHIFT: u32 = 24;

impl Outline {
    /// Adds up what elements hold, and hands down what they say.
    pub(super) fn sum_up(&mut self) {
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
        self.hand_down();
    }

    /// Hands down what elements say to those in them.
    pub(super) fn hand_down(&mut self) {
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
