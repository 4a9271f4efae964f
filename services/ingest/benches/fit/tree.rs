//! A regression tree, grown leaf by leaf where that lowers the loss most.

use std::fmt;

use crate::{
    bins::Bins,
    booster::{Settings, Slope},
};

/// The places after the point that leaves are written with, so that trees are fitted as they are read.
const PLACES: f64 = 10_000.0;

/// A node; places are in the tree, always further down.
#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    Leaf(f64),
    Question { number: usize, bound: f32, yes: usize, no: usize },
}

/// A tree, its root first. Written as a row of the judge's `trees.txt`.
#[derive(Debug, Clone, PartialEq)]
pub struct Tree(pub Vec<Node>);

impl Tree {
    /// What it answers for a sample.
    pub fn answer(&self, numbers: &[f32]) -> f64 {
        let mut at = 0;
        loop {
            match &self.0[at] {
                Node::Leaf(value) => return *value,
                Node::Question { number, bound, yes, no } => at = if numbers[*number] <= *bound { *yes } else { *no },
            }
        }
    }

    /// The tree whose leaves take a Newton step against the slopes, with at most `settings.leaves` of them.
    pub fn grow(bins: &Bins, slopes: &[Slope], settings: &Settings) -> Self {
        let mut nodes = vec![];
        let all = Open::of((0..slopes.len()).collect(), bins, slopes);
        let mut open = vec![(push_leaf(&mut nodes, all.total, settings), all.best_split(bins, settings), all)];
        for _ in 1..settings.leaves {
            let gain = |(_, split, _): &(usize, Option<Split>, Open)| split.as_ref().map_or(0.0, |s| s.gain);
            // The first of equals, so that the same samples give the same tree.
            let Some(best) = (0..open.len()).rev().max_by(|a, b| gain(&open[*a]).total_cmp(&gain(&open[*b]))) else {
                break;
            };
            if open[best].1.is_none() {
                break;
            }
            let (node, Some(split), leaf) = open.swap_remove(best) else { break };
            let (yes, no) = leaf.part(&split, bins, slopes);
            let places = [&yes, &no].map(|side| push_leaf(&mut nodes, side.total, settings));
            let bound = bins.bounds[split.number][split.bin];
            nodes[node] = Node::Question { number: split.number, bound, yes: places[0], no: places[1] };
            for (place, side) in places.into_iter().zip([yes, no]) {
                open.push((place, side.best_split(bins, settings), side));
            }
        }
        Self(nodes)
    }
}

impl fmt::Display for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, node) in self.0.iter().enumerate() {
            let space = if at == 0 { "" } else { " " };
            match node {
                Node::Leaf(value) => write!(f, "{space}{value}")?,
                Node::Question { number, bound, yes, no } => write!(f, "{space}{number}<{bound}?{yes}:{no}")?,
            }
        }
        Ok(())
    }
}

/// A value as it is written.
pub fn rounded(value: f64) -> f64 {
    (value * PLACES).round() / PLACES
}

fn push_leaf(nodes: &mut Vec<Node>, total: Slope, settings: &Settings) -> usize {
    nodes.push(Node::Leaf(rounded(-settings.shrinkage * total.first / (total.second + settings.l2))));
    nodes.len() - 1
}

/// Where to part a leaf: samples whose number is in that bin or a lower one go one way.
struct Split {
    number: usize,
    bin: usize,
    gain: f64,
}

/// A leaf that may be parted.
struct Open {
    samples: Vec<usize>,
    /// The slopes summed up by bin, those of a number's lowest bin left out: they are what the others leave of the total.
    sums: Vec<Slope>,
    total: Slope,
}

impl Open {
    fn of(samples: Vec<usize>, bins: &Bins, slopes: &[Slope]) -> Self {
        let mut leaf = Self { samples, sums: vec![Slope::default(); bins.count], total: Slope::default() };
        for sample in &leaf.samples {
            leaf.total += slopes[*sample];
            for bin in bins.raised(*sample) {
                leaf.sums[usize::from(*bin)] += slopes[*sample];
            }
        }
        leaf
    }

    /// The two leaves that a split makes of this one. Only the smaller is summed up, the other is what is left.
    fn part(self, split: &Split, bins: &Bins, slopes: &[Slope]) -> (Self, Self) {
        let goes = |sample: &usize| usize::from(bins.row(*sample)[split.number]) <= split.bin;
        let (yes, no): (Vec<usize>, Vec<usize>) = self.samples.iter().partition(|sample| goes(sample));
        let yes_is_smaller = yes.len() < no.len();
        let (few, many) = if yes_is_smaller { (yes, no) } else { (no, yes) };
        let few = Self::of(few, bins, slopes);
        let sums = self.sums.iter().zip(&few.sums).map(|(all, few)| *all - *few).collect();
        let many = Self { samples: many, sums, total: self.total - few.total };
        if yes_is_smaller { (few, many) } else { (many, few) }
    }

    /// The split that lowers the loss most, where one does; Chen and Guestrin (2016), equation 7.
    fn best_split(&self, bins: &Bins, settings: &Settings) -> Option<Split> {
        let score = |s: Slope| s.first * s.first / (s.second + settings.l2);
        let mut best: Option<Split> = None;
        for (number, bounds) in bins.bounds.iter().enumerate() {
            let sums = &self.sums[bins.starts[number]..=bins.starts[number] + bounds.len()];
            // The lowest bin, whose sum isn't kept.
            let mut below = sums.iter().fold(self.total, |rest, sum| rest - *sum);
            for (bin, sum) in sums.iter().enumerate().take(bounds.len()) {
                below += *sum;
                let above = self.total - below;
                if below.second.min(above.second) < settings.least_weight {
                    continue;
                }
                let gain = score(below) + score(above) - score(self.total);
                // A gain has to be more than what rounding makes of none.
                if gain > best.as_ref().map_or(1e-9, |b| b.gain) {
                    best = Some(Split { number, bin, gain });
                }
            }
        }
        best
    }
}
