//! Numbers in bins, so that a split is looked for among few bounds instead of all values.

use crate::booster::Samples;

/// The most bins a number has. Most numbers are flags and have two.
const MAX_BINS: usize = 64;

/// The bin of each number of each sample.
pub struct Bins {
    /// The bounds between each number's bins, ascending: a value that is at most a bound is in a bin up to it.
    pub bounds: Vec<Vec<f32>>,
    /// Where each number's bins begin among those of all numbers, and where the last one's end.
    pub starts: Vec<usize>,
    /// How many bins there are in all.
    pub count: usize,
    /// Each sample's bins, a row a sample.
    of: Vec<u8>,
    /// What `raised` gives, one sample's after the other's, and where each ends.
    raised: (Vec<usize>, Vec<u16>),
}

impl Bins {
    pub fn of(samples: &Samples) -> Self {
        let numbers = samples.width;
        let bounds: Vec<Vec<f32>> = (0..numbers).map(|n| bounds(samples.rows().map(|row| row[n]).collect())).collect();
        let mut count = 0;
        let end = |b: &Vec<f32>| {
            count += b.len() + 1;
            count
        };
        let starts: Vec<usize> = std::iter::once(0).chain(bounds.iter().map(end)).collect();
        let (mut of, mut ends, mut raised) = (vec![], vec![0], vec![]);
        for row in samples.rows() {
            for ((value, bounds), start) in row.iter().zip(&bounds).zip(&starts) {
                let bin = bounds.partition_point(|bound| *bound < *value);
                of.push(bin as u8);
                raised.extend((bin > 0).then_some((start + bin) as u16));
            }
            ends.push(raised.len());
        }
        Self { bounds, starts, count, of, raised: (ends, raised) }
    }

    /// A sample's bins, one a number.
    pub fn row(&self, sample: usize) -> &[u8] {
        let width = self.bounds.len();
        &self.of[sample * width..(sample + 1) * width]
    }

    /// A sample's bins but for those that are the lowest of their number, as places among all bins: few, most numbers
    /// being zero most of the time.
    pub fn raised(&self, sample: usize) -> &[u16] {
        let (ends, raised) = &self.raised;
        &raised[ends[sample]..ends[sample + 1]]
    }
}

/// Bounds half way between values that differ, at quantiles where there are more values than bins.
fn bounds(mut values: Vec<f32>) -> Vec<f32> {
    values.sort_by(f32::total_cmp);
    let mut distinct = values.clone();
    distinct.dedup();
    if distinct.len() > MAX_BINS {
        let quantile = |i: usize| values[i * (values.len() - 1) / (MAX_BINS - 1)];
        distinct = (0..MAX_BINS).map(quantile).collect();
        distinct.dedup();
    }
    distinct.windows(2).map(|pair| pair[0] + (pair[1] - pair[0]) / 2.0).collect()
}
