//! What images and other figures are said to show: beside the article's text, however well it reads.

use dom_query::NodeRef;

use super::{
    hints::Hints,
    lazy,
    outline::{Around, Kind, Line, Outline},
};

/// More text than this is no caption, in weight, whatever its element is called.
const MAX_WEIGHT: f32 = 800.0;

/// How many elements between a caption and what stands beside its image.
const REACH: usize = 3;

/// How much of a figure is looked through for what it shows, in nodes.
const MAX_LOOKED_AT: usize = 500;

/// Whether each line of a page is a caption: it stands in a `<figcaption>`, or in what is named after one, in a figure
/// or beside an image (`images` says which elements are). A name alone says little, and is taken from what holds prose: `credit-card-fees` are no credits.
pub(super) fn captions(outline: &mut Outline, images: Vec<bool>) -> Vec<bool> {
    let holds_image = holds_image(outline, images);
    let beside = beside(outline, &holds_image);
    let is_beside_image = |outline: &Outline, mut at: usize| {
        (0..REACH).any(|_| {
            let small = at != 0 && outline.parts[at].sums.weight <= MAX_WEIGHT;
            let found = small && (holds_image[at] || beside[at]);
            at = outline.parts[at].parent;
            found
        })
    };
    let mut misnamed = false;
    for at in 1..outline.parts.len() {
        let part = &outline.parts[at];
        let named = part.own_hints.any(Hints::CAPTION) && part.around & Around::FIGURE == 0;
        // Who is quoted is named beneath.
        let is_text = part.sums.prose > 0.0 || part.around & Around::QUOTE != 0;
        if named && is_text && !is_beside_image(outline, at) {
            outline.parts[at].own_hints.0 &= !Hints::CAPTION.0;
            misnamed = true;
        }
    }
    if misnamed {
        outline.hand_down();
    }
    let is_caption = |line: &Line| {
        let part = &outline.parts[line.part];
        if line.kind == Kind::Caption {
            return true;
        }
        if !part.hints.and(line.inline_hints).any(Hints::CAPTION) {
            return false;
        }
        if (part.around | line.inline_around) & Around::FIGURE != 0 {
            return true;
        }
        // The outermost that is named so.
        let (mut named, mut at) = (line.part, line.part);
        while at != 0 {
            if outline.parts[at].own_hints.any(Hints::CAPTION) {
                named = at;
            }
            at = outline.parts[at].parent;
        }
        is_beside_image(outline, named)
    };
    outline.lines.iter().map(is_caption).collect()
}

/// Whether there is an image in each element, given which are images.
fn holds_image(outline: &Outline, mut holds: Vec<bool>) -> Vec<bool> {
    for at in (1..holds.len()).rev() {
        let parent = outline.parts[at].parent;
        holds[parent] |= holds[at];
    }
    holds
}

/// Whether the element before or after each holds an image.
fn beside(outline: &Outline, holds_image: &[bool]) -> Vec<bool> {
    let mut beside = vec![false; outline.parts.len()];
    let mut before: Vec<Option<usize>> = vec![None; outline.parts.len()];
    for at in 1..outline.parts.len() {
        if let Some(last) = before[outline.parts[at].parent].replace(at) {
            beside[at] |= holds_image[last];
            beside[last] |= holds_image[at];
        }
    }
    beside
}

fn figcaptions<'a>(root: &NodeRef<'a>) -> Vec<NodeRef<'a>> {
    root.descendants_it().filter(|n| n.has_name("figcaption")).collect()
}

/// Removes the captions of what isn't there: of a video, of an image that was dropped.
pub(super) fn drop_lone(root: &NodeRef<'_>) {
    let shows = |n: &NodeRef<'_>| {
        lazy::is_image(n) || ["table", "pre", "blockquote", "code"].iter().any(|name| n.has_name(name))
    };
    for caption in figcaptions(root) {
        let figure = caption.ancestors_it(Some(REACH)).find(|n| n.has_name("figure"));
        if !figure.is_some_and(|f| f.descendants_it().take(MAX_LOOKED_AT).any(|n| shows(&n))) {
            caption.remove_from_parent();
        }
    }
}

/// Removes all captions.
pub(super) fn drop_all(root: &NodeRef<'_>) {
    figcaptions(root).iter().for_each(NodeRef::remove_from_parent);
}
