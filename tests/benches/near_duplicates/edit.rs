//! What becomes of a text on its way to another site.

use kos_shared::text::script::is_unspaced;

/// A text as units that are edited: words, or pairs of characters of a script without spaces.
#[derive(Debug, Clone)]
pub struct Units {
    units: Vec<String>,
    between: &'static str,
}

impl Units {
    /// The units of a text.
    pub fn of(text: &str) -> Self {
        let characters: Vec<char> = text.chars().filter(|c| !c.is_whitespace()).collect();
        let unspaced = characters.iter().filter(|c| is_unspaced(**c)).count();
        if unspaced * 2 > characters.len() {
            Self { units: characters.chunks(2).map(|pair| pair.iter().collect()).collect(), between: "" }
        } else {
            Self { units: text.split_whitespace().map(str::to_owned).collect(), between: " " }
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.units.len()
    }

    /// Whether both are of the same kind.
    pub fn is_like(&self, other: &Self) -> bool {
        self.between == other.between
    }

    /// The text again.
    pub fn text(&self) -> String {
        self.units.join(self.between)
    }

    fn with(&self, units: Vec<String>) -> Self {
        Self { units, between: self.between }
    }

    /// `share` of the units are left out, replaced by others of `donor`, or have one put behind them.
    pub fn edited(&self, share: f64, donor: &Self, random: &mut fastrand::Rng) -> Self {
        let mut units = Vec::new();
        for unit in &self.units {
            let kind = if random.f64() < share { random.u8(0..3) } else { 3 };
            if kind >= 2 {
                units.push(unit.clone());
            }
            if kind == 1 || kind == 2 {
                units.push(donor.units[random.usize(..donor.len())].clone());
            }
        }
        self.with(units)
    }

    /// With the first `count` units of `donor` behind it, as what a site puts under every article.
    pub fn with_boilerplate(&self, donor: &Self, count: usize) -> Self {
        self.with([&self.units[..], &donor.units[..count.min(donor.len())]].concat())
    }

    /// With its first `share` replaced by as much of `donor`.
    pub fn with_other_intro(&self, share: f64, donor: &Self) -> Self {
        let count = (self.len() as f64 * share) as usize;
        self.with([&donor.units[..count.min(donor.len())], &self.units[count..]].concat())
    }

    /// Without its last `share`.
    pub fn shortened(&self, share: f64) -> Self {
        self.with(self.units[..(self.len() as f64 * (1.0 - share)) as usize].to_vec())
    }
}
