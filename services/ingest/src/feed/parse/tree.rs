//! Which element belongs to which: the entries and the fields of a feed, out of mended text.
//!
//! End tags are a hint here, not a law: an entry ends where the next begins, a field where one begins that
//! can't be inside it. Nothing recurses, and every list has a limit.

use std::rc::Rc;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use url::Url;

use super::bases::Bases;
use super::kinds::{is_container, is_entry, is_leaf, is_outside, is_text};
use super::name::{Name, Scope, Vocabulary};
use super::newest::Newest;
use super::{MAX_CONTENT_BYTES, entities, fields};

/// How many elements may be open at a time; what is deeper is left out.
const MAX_DEPTH: usize = 48;

/// How many fields of an entry or of the feed are kept, and how many containers.
const MAX_FIELDS: usize = 300;

/// How many elements within the fields of an entry, or within one field of the feed, are kept, however they are nested.
const MAX_NESTED: usize = 200;

/// How many attributes of one element are kept.
const MAX_ATTRIBUTES: usize = 48;

/// An element with what is in it.
#[derive(Debug)]
pub(super) struct Element {
    pub(super) name: Name,
    attributes: Vec<(Name, String)>,
    /// Its characters, decoded; where it has [markup](Self::markup), with the tags between them.
    pub(super) text: String,
    /// What is between its tags, as it stands there, if there are tags.
    pub(super) markup: Option<String>,
    pub(super) children: Vec<Element>,
    /// What its addresses are relative to, if the document says.
    pub(super) base: Option<Rc<Url>>,
    /// The language that it or one around it is said to be in.
    pub(super) language: Option<Rc<str>>,
}

impl Element {
    /// An attribute without a namespace.
    pub(super) fn attribute(&self, local: &str) -> Option<&str> {
        self.attribute_of(Vocabulary::Plain, local)
    }

    /// An attribute of a vocabulary.
    pub(super) fn attribute_of(&self, vocabulary: Vocabulary, local: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(n, _)| n.vocabulary == vocabulary && n.local == local);
        found.map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
    }

    fn is_text(&self) -> bool {
        is_text(&self.name)
    }
}

/// What was read of a document.
#[derive(Debug, Default)]
pub(super) struct Document {
    /// The elements around the entries, without what is in them.
    pub(super) containers: Vec<Element>,
    /// The fields of the feed.
    pub(super) fields: Vec<Element>,
    /// The entries in the order of the document; of too many, those that [`Newest`] keeps.
    pub(super) entries: Vec<Element>,
    /// What was wrong, in words.
    pub(super) repairs: Vec<&'static str>,
    /// Whether it ends before its elements do.
    pub(super) cut_off: bool,
}

/// Reads mended text, found at `url`, up to the end of its first element.
pub(super) fn read(text: &str, url: &Url) -> Document {
    let mut reader = Reader::from_str(text);
    let config = reader.config_mut();
    config.check_end_names = false;
    config.allow_unmatched_ends = true;
    config.allow_dangling_amp = true;
    let mut tree = Tree::new(url);
    while !tree.done {
        match reader.read_event() {
            Ok(Event::Start(tag)) => tree.start(&tag, false),
            Ok(Event::Empty(tag)) => tree.start(&tag, true),
            Ok(Event::End(tag)) => tree.end(tag.name().as_ref()),
            Ok(Event::Text(text)) => tree.characters(&text, &text),
            Ok(Event::CData(text)) => tree.cdata(&text),
            Ok(Event::GeneralRef(name)) => {
                let raw = format!("&{};", &*name);
                tree.characters(entities::resolve(&name).as_deref().unwrap_or(&raw), &raw);
            }
            Ok(Event::Eof) => break,
            Ok(_) => {}
            Err(_) => {
                tree.note("what follows a broken tag was left out");
                break;
            }
        }
    }
    tree.finish()
}

/// A text field that is being read.
#[derive(Debug, Default)]
struct Capture {
    /// How many elements of the field's own name are open in it.
    same_name: usize,
}

struct Tree<'a> {
    open: Vec<Element>,
    scope: Scope,
    capture: Option<Capture>,
    /// How many elements are open below [`MAX_DEPTH`].
    too_deep: usize,
    /// How many elements are kept within the fields of the entry that is being read, or within the feed's own.
    nested: usize,
    bases: Bases<'a>,
    entries: Newest<Element>,
    done: bool,
    out: Document,
}

impl<'a> Tree<'a> {
    fn new(url: &'a Url) -> Self {
        Self {
            open: Vec::new(),
            scope: Scope::default(),
            capture: None,
            too_deep: 0,
            nested: 0,
            bases: Bases::new(url),
            entries: Newest::default(),
            done: false,
            out: Document::default(),
        }
    }

    fn note(&mut self, repair: &'static str) {
        if !self.out.repairs.contains(&repair) {
            self.out.repairs.push(repair);
        }
    }

    fn start(&mut self, tag: &BytesStart<'_>, empty: bool) {
        let qualified = tag.name();
        let qualified: &str = qualified.as_ref();
        let depth = self.open.len();
        let attributes: Vec<(String, String)> = tag
            .attributes()
            .with_checks(false)
            .flatten()
            .take(MAX_ATTRIBUTES)
            .map(|a| (AsRef::<str>::as_ref(&a.key).to_owned(), entities::decode(&a.value).into_owned()))
            .collect();
        let declared = self.scope.declared();
        for (name, value) in &attributes {
            self.scope.declare(depth, name, value);
        }
        let name = self.scope.element(qualified);
        self.scope.back_to(declared);
        let parts_entries = is_entry(&name) && self.capture.is_none();
        if self.too_deep > 0 && !parts_entries {
            self.too_deep += usize::from(!empty);
            return;
        }

        if let Some(field) = self.captured() {
            let field = field.name.clone();
            if !is_outside(&name, &field) {
                // A default namespace of XHTML must not become that of the field's own end tag.
                for (name, value) in attributes.iter().filter(|(n, _)| n.contains(':')) {
                    self.scope.declare(depth, name, value);
                }
                let name = self.scope.element(qualified);
                self.write_tag(&name, qualified, &attributes, empty);
                return;
            }
            self.note("an element was not closed");
            self.pop();
        }
        if is_entry(&name) {
            self.too_deep = 0;
            while self.open.iter().any(|e| is_entry(&e.name)) {
                self.note("an element was not closed");
                self.pop();
            }
        }
        if self.open.last().is_some_and(|e| is_leaf(&e.name)) {
            self.pop();
        }
        if self.done {
            return;
        }
        if self.open.len() >= MAX_DEPTH {
            self.note("elements nested too deeply were left out");
            self.too_deep += usize::from(!empty);
            return;
        }
        for (name, value) in &attributes {
            self.scope.declare(self.open.len(), name, value);
        }
        self.push(name, attributes);
        if empty {
            self.pop();
        }
    }

    fn push(&mut self, name: Name, attributes: Vec<(String, String)>) {
        let parent = self.open.last();
        let mut base = parent.and_then(|p| p.base.clone());
        let mut language = parent.and_then(|p| p.language.clone());
        let in_container = parent.is_none_or(|p| is_container(&p.name) || is_entry(&p.name));
        let attributes: Vec<_> = attributes.into_iter().map(|(n, v)| (self.scope.attribute(&n), v)).collect();
        for (name, value) in attributes.iter().filter(|(n, _)| n.vocabulary == Vocabulary::Xml) {
            match name.local.as_str() {
                "base" => base = self.bases.within(base, value.trim()),
                "lang" => language = Some(Rc::from(value.trim())),
                _ => {}
            }
        }
        let element = |name: Name, attributes| Element {
            name,
            attributes,
            text: String::new(),
            markup: None,
            children: Vec::new(),
            base: base.clone(),
            language: language.clone(),
        };
        if is_container(&name) {
            self.open.push(element(name.clone(), Vec::new()));
            if self.out.containers.len() < MAX_FIELDS {
                self.out.containers.push(element(name, attributes));
            }
            return;
        }
        let element = element(name, attributes);
        if element.is_text() && in_container {
            self.capture = Some(Capture::default());
        }
        self.open.push(element);
    }

    /// The text field that is being read.
    fn captured(&mut self) -> Option<&mut Element> {
        self.capture.as_ref()?;
        self.open.last_mut()
    }

    fn write_tag(&mut self, name: &Name, qualified: &str, attributes: &[(String, String)], empty: bool) {
        let Some(field) = self.open.last_mut() else { return };
        let same = *name == field.name && !empty;
        let shown = if name.vocabulary == Vocabulary::Xhtml { name.local.as_str() } else { qualified };
        let mut tag = format!("<{shown}");
        for (name, value) in attributes.iter().filter(|(n, _)| !n.starts_with("xmlns")) {
            tag.push(' ');
            tag.push_str(name);
            tag.push_str("=\"");
            tag.push_str(&entities::escape(value).replace('"', "&quot;"));
            tag.push('"');
        }
        tag.push_str(if empty { "/>" } else { ">" });
        if field.markup.is_none() {
            field.markup = Some(entities::escape(&field.text));
        }
        append(field, &tag, &tag);
        if let Some(capture) = self.capture.as_mut() {
            capture.same_name += usize::from(same);
        }
    }

    fn end(&mut self, qualified: &str) {
        let name = self.scope.element(qualified);
        let outer = is_container(&name) || is_entry(&name);
        if self.too_deep > 0 && !outer {
            self.too_deep -= 1;
            return;
        }
        if let Some(field) = self.captured() {
            let same = field.name == name;
            let has_markup = field.markup.is_some();
            let nested = self.capture.as_ref().is_some_and(|c| c.same_name > 0);
            if !outer && (!same || nested) {
                if let Some(capture) = self.capture.as_mut().filter(|_| same) {
                    capture.same_name -= 1;
                }
                if has_markup && let Some(field) = self.open.last_mut() {
                    let shown = if name.vocabulary == Vocabulary::Xhtml { name.local.as_str() } else { qualified };
                    let tag = format!("</{shown}>");
                    append(field, &tag, &tag);
                }
                return;
            }
        }
        let matching = self.open.iter().enumerate().rev();
        let matching = matching
            .take_while(|(_, e)| outer || !(is_container(&e.name) || is_entry(&e.name)))
            .find(|(_, e)| e.name == name)
            .map(|(i, _)| i);
        match matching {
            Some(index) => {
                if index + 1 < self.open.len() {
                    self.note("an element was not closed");
                }
                self.too_deep = 0;
                while self.open.len() > index && !self.done {
                    self.pop();
                }
            }
            None => {
                self.note("an end tag has no start tag");
                if self.open.last().is_some_and(|e| is_leaf(&e.name)) {
                    self.pop();
                }
            }
        }
        if self.open.is_empty() {
            self.done = true;
        }
    }

    /// Closes the innermost element.
    fn pop(&mut self) {
        let Some(element) = self.open.pop() else { return };
        self.capture = None;
        self.scope.leave(self.open.len());
        if is_entry(&element.name) {
            self.nested = 0;
            self.entries.push(fields::time_of(&element), element);
        } else if !is_container(&element.name) {
            self.keep(element);
        }
    }

    /// Adds an element to what is around it.
    fn keep(&mut self, element: Element) {
        let Some(parent) = self.open.last_mut().filter(|p| !is_container(&p.name)) else {
            // A field of the feed: the next one has a budget of its own.
            self.nested = 0;
            if self.out.fields.len() < MAX_FIELDS {
                self.out.fields.push(element);
            }
            return;
        };
        let is_field = is_entry(&parent.name);
        if is_field && parent.children.len() < MAX_FIELDS {
            parent.children.push(element);
        } else if !is_field && self.nested < MAX_NESTED {
            self.nested += 1;
            parent.children.push(element);
        } else {
            self.note("of an entry with too many elements some were left out");
        }
    }

    fn characters(&mut self, decoded: &str, raw: &str) {
        let captures = self.capture.is_some();
        let Some(element) = self.open.last_mut().filter(|_| self.too_deep == 0) else { return };
        if captures {
            append(element, decoded, raw);
        } else if !is_container(&element.name) && !is_entry(&element.name) && element.text.len() <= MAX_CONTENT_BYTES {
            element.text.push_str(decoded);
        }
    }

    fn cdata(&mut self, text: &str) {
        if self.open.last().is_some_and(|e| e.markup.is_some()) {
            self.characters(text, &entities::escape(text));
        } else {
            self.characters(text, "");
        }
    }

    /// What there is when there is no more. A field that was being read is left out: half an address is a
    /// wrong one.
    fn finish(mut self) -> Document {
        if !self.done && !self.open.is_empty() {
            self.out.cut_off = true;
            let field = self.open.last().is_some_and(|e| !is_container(&e.name) && !is_entry(&e.name));
            if field {
                self.open.pop();
            }
            // Without its address it would be taken for another entry when it is there in full.
            let named = |e: &Element| e.children.iter().any(|c| c.name.is_core("link") || c.name.is_core("guid"));
            if self.open.last().is_some_and(|e| is_entry(&e.name) && !named(e)) {
                self.open.pop();
            }
        }
        while !self.open.is_empty() {
            self.pop();
        }
        if self.bases.are_too_many() {
            self.note("of too many or too long xml:base, some were left out");
        }
        let (entries, repair) = self.entries.in_order();
        self.out.entries = entries;
        self.out.repairs.extend(repair);
        self.out
    }
}

/// Adds to a text field, up to what a field may have and one piece more: enough to see that it is too long.
fn append(field: &mut Element, decoded: &str, raw: &str) {
    if field.text.len() <= MAX_CONTENT_BYTES {
        field.text.push_str(decoded);
    }
    if let Some(markup) = field.markup.as_mut().filter(|m| m.len() <= MAX_CONTENT_BYTES) {
        markup.push_str(raw);
    }
}
