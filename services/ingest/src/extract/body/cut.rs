//! The article cut out of its page: what isn't kept goes, from the tree and so from text and HTML alike.

use std::collections::HashSet;

use dom_query::{Document, NodeId, NodeRef};

use super::{
    lazy,
    outline::{INLINE, Kind, Line, Outline},
};

/// Removes from a page all but the lines that are kept and the images among them, with what is said under them in
/// `<figcaption>`. The element that holds all of them, `None` where nothing is kept.
pub(super) fn cut<'a>(
    document: &'a Document,
    outline: &Outline,
    keeps: &[bool],
    captions: &[bool],
) -> Option<NodeRef<'a>> {
    let root = root(outline, keeps)?;
    let kept_shares = kept_shares(outline, keeps, captions);
    let under_kept = |line: &Line| line.kind == Kind::Caption && is_amid_kept(outline, &kept_shares, line.part);
    let stays: Vec<bool> = outline.lines.iter().zip(keeps).map(|(l, keep)| *keep || under_kept(l)).collect();
    // A node belongs to one line at most.
    let kept: HashSet<NodeId> = lines_that(outline, &stays, true).collect();
    for node in lines_that(outline, &stays, false).filter(|n| !kept.contains(n)) {
        document.tree.get_unchecked(&node).remove_from_parent();
    }
    let in_code = in_code(outline);
    // What holds blanks alone and stays: they stand between words and indent code.
    let mut blanks: HashSet<NodeId> = HashSet::new();
    // Children stand behind their parents, so what is emptied is found empty.
    for at in (root + 1..outline.parts.len()).rev() {
        let node = document.tree.get_unchecked(&outline.parts[at].node);
        if lazy::is_image(&node) {
            if is_amid_kept(outline, &kept_shares, at) {
                lazy::load_at_once(&node);
            } else {
                node.remove_from_parent();
            }
        } else if !stands_empty(&node) && is_empty(&node, &blanks) {
            let inline = outline.parts[at].own_around & INLINE != 0;
            if in_code[at] || inline && holds_text(&node, &blanks) {
                blanks.insert(node.id);
            } else {
                node.remove_from_parent();
            }
        }
    }
    Some(document.tree.get_unchecked(&outline.parts[root].node))
}

fn lines_that<'a>(outline: &'a Outline, keeps: &'a [bool], kept: bool) -> impl Iterator<Item = NodeId> + 'a {
    outline.lines.iter().zip(keeps).filter(move |(_, k)| **k == kept).flat_map(|(l, _)| l.nodes.iter().copied())
}

/// The innermost division that holds all that is kept.
fn root(outline: &Outline, keeps: &[bool]) -> Option<usize> {
    let mut kept = vec![0_usize; outline.parts.len()];
    for (line, _) in outline.lines.iter().zip(keeps).filter(|(_, k)| **k) {
        kept[line.part] += 1;
    }
    for at in (1..kept.len()).rev() {
        kept[outline.parts[at].parent] += kept[at];
    }
    let all = *kept.first()?;
    let mut root = (0..kept.len()).rev().find(|at| kept[*at] == all && all > 0)?;
    // Items without their list and cells without their table are no HTML.
    while root != 0 && !outline.parts[root].holds_blocks() {
        root = outline.parts[root].parent;
    }
    Some(root)
}

/// The share that is kept of each element's text, captions aside; `None` of an element without such.
fn kept_shares(outline: &Outline, keeps: &[bool], captions: &[bool]) -> Vec<Option<f32>> {
    let mut sums = vec![(0.0, 0.0); outline.parts.len()];
    let prose = outline.lines.iter().zip(keeps).zip(captions).filter(|(_, caption)| !**caption);
    for ((line, keep), _) in prose {
        let (all, kept) = &mut sums[line.part];
        *all += line.weight;
        *kept += if *keep { line.weight } else { 0.0 };
    }
    for at in (1..sums.len()).rev() {
        let ((all, kept), above) = (sums[at], &mut sums[outline.parts[at].parent]);
        *above = (above.0 + all, above.1 + kept);
    }
    sums.into_iter().map(|(all, kept)| (all > 0.0).then_some(kept / all)).collect()
}

/// Whether an image or a caption stands among what is kept: whether most of the text is that it stands closest to.
fn is_amid_kept(outline: &Outline, kept_shares: &[Option<f32>], part: usize) -> bool {
    let mut at = part;
    while at != 0 && kept_shares[at].is_none() {
        at = outline.parts[at].parent;
    }
    kept_shares[at].is_some_and(|share| share >= 0.5)
}

/// Whether an element means something with nothing in it.
fn stands_empty(node: &NodeRef<'_>) -> bool {
    ["br", "hr", "td", "th", "col", "colgroup", "wbr"].iter().any(|name| node.has_name(name))
}

/// Whether there is nothing to see in an element, `blanks` being what of its children shows blanks alone.
fn is_empty(node: &NodeRef<'_>, blanks: &HashSet<NodeId>) -> bool {
    !node.children_it(false).any(|child| {
        let breaks = child.has_name("br") || child.has_name("wbr");
        child.is_element() && !breaks && !is_silent_element(&child) && !blanks.contains(&child.id)
            || child.is_nonempty_text()
    })
}

fn holds_text(node: &NodeRef<'_>, blanks: &HashSet<NodeId>) -> bool {
    node.children_it(false).any(|child| child.is_text() || blanks.contains(&child.id))
}

/// Whether each element stands in preformatted text, where every blank and every empty line means something.
fn in_code(outline: &Outline) -> Vec<bool> {
    let mut within = vec![false; outline.parts.len()];
    for at in 1..outline.parts.len() {
        let parent = outline.parts[at].parent;
        within[at] = within[parent] || outline.parts[parent].is_preformatted();
    }
    within
}

fn is_silent_element(node: &NodeRef<'_>) -> bool {
    node.qual_name_ref().is_some_and(|name| crate::extract::text::is_silent(&name.local))
}
