//! HTML as a tree, within bounds.
//!
//! The parser walks its open elements for most tags and the extraction walks trees by recursion: what is
//! nested ten thousand deep takes minutes or the stack. So the input is fed in pieces, the tree is measured
//! as it grows, and what goes over a bound is refused after the piece that did it.

use std::{
    borrow::Cow,
    cell::{Cell, Ref, RefCell},
    time::{Duration, Instant},
};

use dom_query::{Document, NodeId};
use html5ever::{
    Attribute, ParseOpts, QualName, parse_document,
    tendril::{StrTendril, TendrilSink},
    tree_builder::{ElementFlags, NodeOrText, QuirksMode, TreeBuilderOpts, TreeSink},
};

use super::NotReadable;

/// The longest page, in bytes of UTF-8: 10 MiB of GBK are 15 here.
const MAX_BYTES: usize = 16 * 1024 * 1024;

/// The deepest nesting. Real pages stay under 100; the extraction needs about 1 kB of stack a level.
const MAX_DEPTH: u32 = 512;

/// The most elements and texts. Real pages stay under 50,000.
const MAX_NODES: usize = 200_000;

/// The most bytes that are looked through to write the tree, about a second's worth. Real pages stay
/// under a hundredth.
const MAX_ESCAPE_COST: u64 = 10_000_000_000;

/// The most attributes of an element. Real ones have under 50.
const MAX_ATTRIBUTES: usize = 500;

/// How much is fed to the parser between two looks at the tree, in bytes.
const PIECE: usize = 4_096;

/// The longest time that a parse may take: forty times what the largest real page does. It bounds what
/// can't be seen from outside the parser, such as a tag of a hundred thousand attributes.
const MAX_TIME: Duration = Duration::from_secs(2);

/// The tree of a page.
pub(super) fn parse(html: &str) -> Result<Document, NotReadable> {
    parse_within(html, MAX_TIME)
}

fn parse_within(html: &str, limit: Duration) -> Result<Document, NotReadable> {
    if html.len() > MAX_BYTES {
        return Err(NotReadable::TooLarge { what: "bytes", limit: MAX_BYTES });
    }
    let options = ParseOpts {
        tree_builder: TreeBuilderOpts { scripting_enabled: false, ..TreeBuilderOpts::default() },
        ..ParseOpts::default()
    };
    let mut parser = parse_document(MeasuredTree::default(), options);
    let started = Instant::now();
    let mut rest = html;
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(rest.floor_char_boundary(PIECE.min(rest.len())));
        rest = after;
        parser.process(StrTendril::from_slice(piece));
        parser.tokenizer.sink.sink.check()?;
        if started.elapsed() > limit {
            return Err(NotReadable::TooSlow);
        }
    }
    Ok(parser.finish())
}

/// A node, and where it is noted.
#[derive(Debug, Clone, Copy)]
struct Handle {
    id: NodeId,
    slot: usize,
}

/// What is noted about a node.
#[derive(Debug, Clone, Copy, Default)]
struct Note {
    depth: u32,
    /// Its text is written as it is: a script's, a style's.
    raw: bool,
}

/// A text that grows as long as nothing comes after it.
#[derive(Debug, Clone, Copy, Default)]
struct OpenText {
    slot: usize,
    cost: EscapeCost,
}

/// What it takes to write a text: for each `&` and each character of U+0080 to U+00BF, html5ever's serializer
/// looks through all of the text that follows.
#[derive(Debug, Clone, Copy, Default)]
struct EscapeCost {
    bytes: u64,
    escapes: u64,
}

impl EscapeCost {
    fn of(text: &str) -> Self {
        let escapes = text.bytes().filter(|b| matches!(b, b'&' | 0xc2)).count();
        Self { bytes: text.len() as u64, escapes: escapes as u64 }
    }

    fn plus(self, other: Self) -> Self {
        Self { bytes: self.bytes + other.bytes, escapes: self.escapes + other.escapes }
    }

    fn total(self) -> u64 {
        self.bytes * self.escapes
    }
}

/// A tree that knows how deep it is and what it takes to write. The document does the work.
struct MeasuredTree {
    document: Document,
    notes: RefCell<Vec<Note>>,
    deepest: Cell<u32>,
    texts: Cell<usize>,
    open_text: Cell<Option<OpenText>>,
    escape_cost: Cell<u64>,
    most_attributes: Cell<usize>,
}

impl Default for MeasuredTree {
    fn default() -> Self {
        Self {
            document: Document::default(),
            // The first is the document's.
            notes: RefCell::new(vec![Note::default()]),
            deepest: Cell::new(0),
            texts: Cell::new(0),
            open_text: Cell::new(None),
            escape_cost: Cell::new(0),
            most_attributes: Cell::new(0),
        }
    }
}

impl MeasuredTree {
    fn check(&self) -> Result<(), NotReadable> {
        if self.deepest.get() > MAX_DEPTH {
            return Err(NotReadable::TooDeep { limit: MAX_DEPTH as usize });
        }
        if self.notes.borrow().len() + self.texts.get() > MAX_NODES {
            return Err(NotReadable::TooLarge { what: "elements", limit: MAX_NODES });
        }
        if self.most_attributes.get() > MAX_ATTRIBUTES {
            return Err(NotReadable::TooLarge { what: "attributes on one element", limit: MAX_ATTRIBUTES });
        }
        if self.escape_cost.get() > MAX_ESCAPE_COST {
            return Err(NotReadable::TooSlow);
        }
        Ok(())
    }

    fn made(&self, id: NodeId, raw: bool) -> Handle {
        let mut notes = self.notes.borrow_mut();
        notes.push(Note { depth: 0, raw });
        Handle { id, slot: notes.len() - 1 }
    }

    fn note(&self, node: &Handle) -> Note {
        self.notes.borrow()[node.slot]
    }

    /// Notes that `child` is now a child of `beside`, or next to it, in a parent at `depth`.
    fn placed(&self, child: &NodeOrText<Handle>, beside: &Handle, depth: u32) {
        match child {
            NodeOrText::AppendNode(node) => {
                self.notes.borrow_mut()[node.slot].depth = depth + 1;
                self.deepest.set(self.deepest.get().max(depth + 1));
                self.open_text.set(None);
            }
            NodeOrText::AppendText(text) => self.written(text, beside),
        }
    }

    /// Notes a text. It comes in bits, one an entity; the tree makes one of what comes in a row.
    fn written(&self, text: &str, beside: &Handle) {
        let before = self.open_text.get().filter(|o| o.slot == beside.slot);
        if before.is_none() {
            self.texts.set(self.texts.get() + 1);
        }
        let before = before.map(|o| o.cost).unwrap_or_default();
        let after = before.plus(EscapeCost::of(text));
        self.open_text.set(Some(OpenText { slot: beside.slot, cost: after }));
        if !self.note(beside).raw {
            self.add_cost(after.total() - before.total());
        }
    }

    fn add_cost(&self, cost: u64) {
        self.escape_cost.set(self.escape_cost.get().saturating_add(cost));
    }
}

fn plain(child: NodeOrText<Handle>) -> NodeOrText<NodeId> {
    match child {
        NodeOrText::AppendNode(node) => NodeOrText::AppendNode(node.id),
        NodeOrText::AppendText(text) => NodeOrText::AppendText(text),
    }
}

impl TreeSink for MeasuredTree {
    type Handle = Handle;
    type Output = Document;
    type ElemName<'a> = Ref<'a, QualName>;

    fn finish(self) -> Document {
        self.document
    }

    /// Every page has errors and nobody reads them.
    fn parse_error(&self, _: Cow<'static, str>) {}

    fn get_document(&self) -> Handle {
        Handle { id: self.document.get_document(), slot: 0 }
    }

    fn get_template_contents(&self, target: &Handle) -> Handle {
        // A template's contents hang under it, as far as depth goes.
        Handle { id: self.document.get_template_contents(&target.id), slot: target.slot }
    }

    fn set_quirks_mode(&self, mode: QuirksMode) {
        self.document.set_quirks_mode(mode);
    }

    fn same_node(&self, x: &Handle, y: &Handle) -> bool {
        x.id == y.id
    }

    fn elem_name<'a>(&'a self, target: &'a Handle) -> Ref<'a, QualName> {
        self.document.elem_name(&target.id)
    }

    fn create_element(&self, name: QualName, attrs: Vec<Attribute>, flags: ElementFlags) -> Handle {
        let cost = attrs.iter().map(|a| EscapeCost::of(&a.value).total());
        self.add_cost(cost.fold(0, u64::saturating_add));
        self.most_attributes.set(self.most_attributes.get().max(attrs.len()));
        let raw = matches!(&*name.local, "script" | "style");
        self.made(self.document.create_element(name, attrs, flags), raw)
    }

    fn create_comment(&self, text: StrTendril) -> Handle {
        self.made(self.document.create_comment(text), true)
    }

    fn create_pi(&self, target: StrTendril, data: StrTendril) -> Handle {
        self.made(self.document.create_pi(target, data), true)
    }

    fn append(&self, parent: &Handle, child: NodeOrText<Handle>) {
        self.placed(&child, parent, self.note(parent).depth);
        self.document.append(&parent.id, plain(child));
    }

    fn append_before_sibling(&self, sibling: &Handle, child: NodeOrText<Handle>) {
        self.placed(&child, sibling, self.note(sibling).depth.saturating_sub(1));
        self.document.append_before_sibling(&sibling.id, plain(child));
    }

    fn append_based_on_parent_node(&self, element: &Handle, before: &Handle, child: NodeOrText<Handle>) {
        self.placed(&child, element, self.note(element).depth.max(self.note(before).depth));
        self.document.append_based_on_parent_node(&element.id, &before.id, plain(child));
    }

    fn append_doctype_to_document(&self, name: StrTendril, public_id: StrTendril, system_id: StrTendril) {
        self.document.append_doctype_to_document(name, public_id, system_id);
    }

    fn add_attrs_if_missing(&self, target: &Handle, attrs: Vec<Attribute>) {
        self.document.add_attrs_if_missing(&target.id, attrs);
    }

    fn remove_from_parent(&self, target: &Handle) {
        self.document.remove_from_parent(&target.id);
    }

    fn reparent_children(&self, node: &Handle, new_parent: &Handle) {
        // What hangs below the children keeps the depth it had; the parser moves them by one level.
        self.document.reparent_children(&node.id, &new_parent.id);
    }

    fn is_mathml_annotation_xml_integration_point(&self, handle: &Handle) -> bool {
        self.document.is_mathml_annotation_xml_integration_point(&handle.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tree of a page, however busy the machine that tests it.
    fn unhurried(html: &str) -> Result<Document, NotReadable> {
        parse_within(html, Duration::from_secs(600))
    }

    fn refused(html: &str) -> NotReadable {
        unhurried(html).err().expect("the page was taken")
    }

    #[test]
    fn a_tree_is_what_the_document_says() {
        let html = "<p>a<b>b<p>c</b><table>x<tr><td>y</table><template><i>z</i></template><svg><title>t</title></svg>";
        assert_eq!(parse(html).unwrap().html(), Document::from(html).html());
    }

    #[test]
    fn pieces_may_end_anywhere() {
        let html = format!("<p title='{}'>中文 <b>x</b></p>", "文".repeat(3_000));
        assert_eq!(parse(&html).unwrap().html(), Document::from(html).html());
    }

    #[test]
    fn nesting_over_the_bound_is_refused() {
        let deep = |n: usize| "<div>".repeat(n);
        assert!(parse(&deep(500)).is_ok());
        for n in [600, 10_000, 100_000] {
            assert_eq!(refused(&deep(n)), NotReadable::TooDeep { limit: 512 });
        }
        let shielded = "<table><td></div><div>".repeat(10_000);
        assert_eq!(refused(&shielded), NotReadable::TooDeep { limit: 512 });
        let hidden = "<div></span><svg><title></div></title>".repeat(10_000);
        assert_eq!(refused(&hidden), NotReadable::TooDeep { limit: 512 });
    }

    #[test]
    fn formatting_that_is_opened_again_and_again_is_refused() {
        let html: String = (0..20_000).map(|i| format!("<p><b a={i}>")).collect();
        assert!(matches!(refused(&html), NotReadable::TooDeep { .. } | NotReadable::TooLarge { .. }));
    }

    #[test]
    fn an_element_of_too_many_attributes_is_refused() {
        let element = |n: usize| format!("<p{}>text</p>", (0..n).map(|i| format!(" a{i}=x")).collect::<String>());
        assert!(unhurried(&element(MAX_ATTRIBUTES)).is_ok());
        let what = "attributes on one element";
        assert_eq!(refused(&element(MAX_ATTRIBUTES + 1)), NotReadable::TooLarge { what, limit: MAX_ATTRIBUTES });
    }

    #[test]
    fn text_written_in_entities_is_one_text() {
        assert!(unhurried(&format!("<p>{}", "&#20013;".repeat(300_000))).is_ok());
    }

    #[test]
    fn pages_over_the_bounds_are_refused() {
        assert_eq!(refused(&"&".repeat(1_000_000)), NotReadable::TooSlow);
        assert_eq!(refused(&format!("<p title='{}'>", "\u{a0}".repeat(500_000))), NotReadable::TooSlow);
        assert!(unhurried(&format!("<script>{}</script>", "a && b;\n".repeat(200_000))).is_ok());
        assert!(matches!(refused(&"<br>".repeat(250_000)), NotReadable::TooLarge { what: "elements", .. }));
        assert!(matches!(refused(&"x".repeat(MAX_BYTES + 1)), NotReadable::TooLarge { what: "bytes", .. }));
    }
}
