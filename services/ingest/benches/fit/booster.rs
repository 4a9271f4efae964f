//! Gradient boosting for the logistic loss (Friedman 2001, "Greedy function approximation"), each leaf a Newton step
//! (his section 4.6) with the L2 penalty of Chen and Guestrin (2016, "XGBoost"). No chance is in it: the same samples
//! in the same order give the same trees.

use std::{
    fmt,
    ops::{AddAssign, Sub},
};

use crate::{
    bins::Bins,
    tree::{Tree, rounded},
};

/// How trees are fitted.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    pub trees: usize,
    /// The most leaves a tree has.
    pub leaves: usize,
    /// How much of its Newton step a leaf takes.
    pub shrinkage: f64,
    /// The least second derivative of the loss that a leaf holds, the unit being a page.
    pub least_weight: f64,
    /// What is added to a leaf's second derivative, in the same unit.
    pub l2: f64,
}

/// What is learnt from.
#[derive(Debug, Clone, Default)]
pub struct Samples {
    /// A row of `width` a sample.
    pub numbers: Vec<f32>,
    pub width: usize,
    /// How likely each is to be answered with yes, zero to one.
    pub labels: Vec<f32>,
    pub weights: Vec<f64>,
}

impl Samples {
    pub fn rows(&self) -> impl Iterator<Item = &[f32]> {
        self.numbers.chunks(self.width.max(1))
    }
}

/// The first and second derivative of the loss by what the trees say.
#[derive(Debug, Clone, Copy, Default)]
pub struct Slope {
    pub first: f64,
    pub second: f64,
}

impl AddAssign for Slope {
    fn add_assign(&mut self, other: Self) {
        self.first += other.first;
        self.second += other.second;
    }
}

impl Sub for Slope {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self { first: self.first - other.first, second: self.second - other.second }
    }
}

/// A sum over trees: positive for yes. Written as the judge's `trees.txt`.
#[derive(Debug, Clone, PartialEq)]
pub struct Boosted {
    pub bias: f64,
    pub trees: Vec<Tree>,
}

impl fmt::Display for Boosted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.bias)?;
        self.trees.iter().try_for_each(|tree| writeln!(f, "{tree}"))
    }
}

/// The trees that tell apart samples by their labels.
pub fn fit(samples: &Samples, settings: &Settings) -> Boosted {
    let bins = Bins::of(samples);
    let of_yes: f64 =
        samples.labels.iter().zip(&samples.weights).map(|(label, weight)| f64::from(*label) * weight).sum();
    let of_no = samples.weights.iter().sum::<f64>() - of_yes;
    // Where all samples agree there is nothing to tell apart, and no logarithm.
    let bias = if of_yes > 0.0 && of_no > 0.0 { rounded((of_yes / of_no).ln()) } else { of_yes - of_no };
    let mut sums = vec![bias; samples.labels.len()];
    let mut boosted = Boosted { bias, trees: vec![] };
    for _ in 0..settings.trees {
        let said = sums.iter().zip(&samples.labels).zip(&samples.weights);
        let slopes: Vec<Slope> = said.map(|((sum, label), weight)| slope(*sum, f64::from(*label), *weight)).collect();
        let tree = Tree::grow(&bins, &slopes, settings);
        for (sum, row) in sums.iter_mut().zip(samples.rows()) {
            *sum += tree.answer(row);
        }
        boosted.trees.push(tree);
    }
    boosted
}

/// Of the logistic loss of a sample.
fn slope(sum: f64, label: f64, weight: f64) -> Slope {
    let likely = 1.0 / (1.0 + (-sum).exp());
    Slope { first: weight * (likely - label), second: weight * likely * (1.0 - likely) }
}
