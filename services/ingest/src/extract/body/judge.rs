//! Whether a line belongs to the article, by the numbers that speak for and against it.
//!
//! The weighing is a sum over small decision trees (gradient boosting, Friedman 2001) that were fitted to the lines
//! of 346 public pages of which people had marked the article, every page counting the same. A tree asks a few
//! questions of a line; no question is about a site. The numbers, in their order, are those of [`super::evidence`]:
//! who changes them must fit anew, by `make fit ARGS=--write` (`benches/fit`). `trees.txt` holds what the fit found: the
//! bias, then a tree a line, a node a word, either `number<bound?yes:no` or the value of a leaf.
//!
//! On pages that it was fitted to, any such judge looks better than it is. F1 on the three sets of the evaluation is
//! 0.977, 0.966 and 0.949 by the trees that are built in, all of whose pages these are, and 0.977, 0.965 and 0.952 by
//! those that `make fit` fits to the same pages. Fitted to four fifths of the pages and measured on the rest, its trees
//! have 0.973, 0.951 and 0.947 (standard errors 0.003, 0.007 and 0.022); fitted to a half, 0.968, 0.949 and 0.949 (0.008,
//! 0.011 and 0.013). The built-in ones are from a fit that can't be repeated, so for them no such figure is known.

use std::{collections::HashMap, sync::LazyLock};

use super::{
    evidence,
    outline::{Kind, Line, Outline},
};

/// The least weight of a paragraph that stands on a page twice by mistake, not by design.
const REPEATED: f32 = 150.0;

/// The trees that articles are judged by.
pub(in crate::extract) static BUILT_IN: LazyLock<Trees> = LazyLock::new(|| Trees::read(include_str!("trees.txt")));

/// A node of a tree.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Node {
    Leaf(f32),
    /// Whether a number is at most a bound decides where to go on, counted from the tree's root: always further down.
    Question {
        number: u16,
        bound: f32,
        yes: u16,
        no: u16,
    },
}

/// All trees in one row: they are asked about every line of every page.
#[derive(Debug, Default)]
pub struct Trees {
    bias: f32,
    nodes: Vec<Node>,
    roots: Vec<usize>,
}

impl Trees {
    /// The trees that are written as `trees.txt` is; what can't be read in it says nothing of a line.
    pub fn read(text: &str) -> Self {
        let mut rows = text.lines();
        let mut trees = Self { bias: rows.next().and_then(|b| b.parse().ok()).unwrap_or_default(), ..Self::default() };
        for row in rows {
            trees.roots.push(trees.nodes.len());
            trees.nodes.extend(row.split(' ').zip(0..).map(|(word, at)| node(word, at).unwrap_or(Node::Leaf(0.0))));
        }
        trees
    }

    fn sum(&self, numbers: &[f32]) -> f32 {
        self.roots.iter().fold(self.bias, |sum, root| sum + self.answer(*root, numbers))
    }

    fn answer(&self, root: usize, numbers: &[f32]) -> f32 {
        let mut at = root;
        loop {
            match self.nodes.get(at) {
                Some(Node::Leaf(value)) => return *value,
                Some(Node::Question { number, bound, yes, no }) => {
                    let value = numbers.get(usize::from(*number)).copied().unwrap_or_default();
                    at = root + usize::from(if value <= *bound { *yes } else { *no });
                }
                None => return 0.0,
            }
        }
    }
}

/// The node that is written as `word` and stands at `at` in its tree.
fn node(word: &str, at: u16) -> Option<Node> {
    let Some((number, rest)) = word.split_once('<') else { return word.parse().ok().map(Node::Leaf) };
    let (bound, places) = rest.split_once('?')?;
    let (yes, no) = places.split_once(':')?;
    let below = |place: &str| place.parse().ok().filter(|place| *place > at);
    Some(Node::Question { number: number.parse().ok()?, bound: bound.parse().ok()?, yes: below(yes)?, no: below(no)? })
}

/// Whether each line of a page belongs to its article; captions don't, however well they read.
pub(super) fn keeps(outline: &Outline, captions: &[bool], trees: &Trees) -> Vec<bool> {
    let mut keeps = evidence::each(outline, |numbers| trees.sum(numbers) > 0.0);
    for (keep, caption) in keeps.iter_mut().zip(captions) {
        *keep &= !caption;
    }
    drop_title(outline, &mut keeps);
    drop_repeated(&outline.lines, &mut keeps);
    keeps
}

/// Drops the heading above the text that says the page's title: it is shown above the article anyway.
fn drop_title(outline: &Outline, keeps: &mut [bool]) {
    for (line, keep) in outline.lines.iter().zip(keeps).filter(|(_, keep)| **keep) {
        if line.is_prose() {
            return;
        }
        let says_title = || line.weight >= 8.0 && outline.title.trim_start().starts_with(&line.text.to_lowercase());
        if matches!(line.kind, Kind::Heading(1 | 2)) && says_title() {
            *keep = false;
            return;
        }
    }
}

/// Keeps one of the paragraphs that say the same, that which the scores took where there is one: templates hold
/// an article twice or thrice, for screens of different widths.
fn drop_repeated(lines: &[Line], keeps: &mut [bool]) {
    let mut first: HashMap<&str, usize> = HashMap::new();
    for (at, line) in lines.iter().enumerate() {
        if !keeps[at] || line.weight < REPEATED || line.kind == Kind::Item {
            continue;
        }
        let Some(before) = first.get_mut(line.text.as_str()) else {
            first.insert(&line.text, at);
            continue;
        };
        if line.kept > 0.5 && lines[*before].kept <= 0.5 {
            keeps[*before] = false;
            *before = at;
        } else {
            keeps[at] = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_question_can_be_asked_and_leads_on() {
        let text = include_str!("trees.txt");
        assert!(BUILT_IN.roots.len() > 10 && BUILT_IN.roots.len() + 1 == text.lines().count());
        for (row, root) in text.lines().skip(1).zip(&BUILT_IN.roots) {
            for (word, at) in row.split(' ').zip(0..) {
                let node = node(word, at);
                assert_eq!(node, BUILT_IN.nodes.get(root + usize::from(at)).copied(), "{word}");
                if let Some(Node::Question { number, yes, no, .. }) = node {
                    let length = row.split(' ').count();
                    assert!(usize::from(number) < evidence::COUNT && usize::from(yes.max(no)) < length, "{row}");
                }
            }
        }
    }

    #[test]
    fn a_tree_is_answered_from_its_root() {
        let trees = Trees::read("0.5\n1<2.5?1:2 -1 0<0?3:4 2 4\n");
        assert_eq!(trees.sum(&[1.0, 2.0]), -0.5);
        assert_eq!(trees.sum(&[0.0, 3.0]), 2.5);
        assert_eq!(trees.sum(&[1.0, 3.0]), 4.5);
        // What leads nowhere, or back, says nothing.
        assert_eq!(Trees::read("0\n0<1?0:0\n").sum(&[0.0]), 0.0);
        assert_eq!(Trees::read("0\n0<1?7:7\n").sum(&[0.0]), 0.0);
    }
}
