//! Whether one text's quantities bear another's.

use super::{Hedge, Kind, Quantity};

/// How far off a rounded number may be: 3 million of 3,150,000. More is a figure of its own.
const ROUNDING: f64 = 0.05;

/// From here on a whole number may be a rounded one; smaller ones are counted.
const LEAST_ROUNDED: f64 = 1_000.0;

/// Differences by which two readings of one number differ.
const EPSILON: f64 = 1e-9;

impl Quantity {
    /// Whether `source` states this quantity: the same value, a value that this one is a rounding of, or a range
    /// that has it.
    pub(crate) fn is_stated_by(&self, source: &[Quantity]) -> bool {
        source.iter().any(|s| self.is(s))
    }

    /// Whether this quantity and one of the source are the same.
    pub(crate) fn is(&self, source: &Quantity) -> bool {
        match (self.kind, source.kind) {
            (Kind::Weekday, Kind::Weekday | Kind::ShortWeekday) => same(self.value, source.value),
            (Kind::Weekday | Kind::ShortWeekday, _) | (_, Kind::Weekday | Kind::ShortWeekday) => false,
            (Kind::Month, _) => source.tied && same(self.value, source.value),
            (_, Kind::Month) => self.tied && same(self.value, source.value),
            (Kind::Rough, _) | (_, Kind::Rough) => self.overlaps(source),
            _ => self.agrees_in_unit(source) && (self.same_value(source) || self.rounds(source)),
        }
    }

    fn readings(&self) -> impl Iterator<Item = f64> {
        [Some(self.value), self.also].into_iter().flatten()
    }

    fn same_value(&self, source: &Quantity) -> bool {
        self.readings().any(|a| source.readings().any(|b| same(a, b)))
    }

    /// 30 days aren't 30 years. Where one of the two says nothing, nothing is said against it.
    fn agrees_in_unit(&self, source: &Quantity) -> bool {
        self.unit.is_none() || source.unit.is_none() || self.unit == source.unit
    }

    fn overlaps(&self, source: &Quantity) -> bool {
        // Up to `below` and without it.
        let range = |q: &Quantity, reading: f64| {
            (reading, q.below.map_or(reading, |below| (reading + below - q.value) * (1.0 - EPSILON)))
        };
        self.readings().chain(self.short_year).any(|a| {
            source.readings().chain(source.short_year).any(|b| {
                let ((low, high), (least, most)) = (range(self, a), range(source, b));
                low <= most && least <= high
            })
        })
    }

    /// Whether this is what `source`, which is more precise, comes to at the precision that this is written with.
    fn rounds(&self, source: &Quantity) -> bool {
        if self.step <= 0.0 || self.step <= source.step || source.kind == Kind::Hint {
            return false;
        }
        let off = source.value - self.value;
        let near = |limit: f64| off.abs() <= limit * self.value.abs();
        let whole_and_small = self.value < LEAST_ROUNDED && self.step >= 1.0 && source.step >= 1.0;
        match self.hedge {
            Some(Hedge::Over) => off >= 0.0 && off < self.step && near(0.5),
            Some(Hedge::Under) => off <= 0.0 && -off < self.step && near(0.2),
            Some(Hedge::About) => off.abs() <= self.step / 2.0 && near(2.0 * ROUNDING),
            None => !whole_and_small && off.abs() <= self.step / 2.0 * (1.0 + EPSILON) && near(ROUNDING),
        }
    }
}

fn same(a: f64, b: f64) -> bool {
    a == b || (a - b).abs() <= EPSILON * a.abs().max(b.abs())
}

#[cfg(test)]
mod tests {
    use crate::gate::quantity::quantities;

    fn states(source: &str, summary: &str) -> bool {
        let (source, summary) = (quantities(source), quantities(summary));
        !summary.is_empty() && summary.iter().all(|q| q.is_stated_by(&source))
    }

    #[test]
    fn one_value_has_many_forms() {
        for (a, b) in [
            ("3.2 million people", "320万人"),
            ("3,200,000", "3.2m"),
            ("80,000 homes", "8万户"),
            ("half a million", "50万"),
            ("two-thirds", "三分之二"),
            ("30 percent", "三成"),
            ("12.5%", "百分之十二点五"),
            ("35 per cent", "35%"),
            ("May 3, 2019", "2019年5月3日"),
            ("2019-05-03", "2019年5月3日"),
            ("on Thursday", "周四"),
            ("3 p.m.", "下午3点"),
            ("3:30 pm", "15时30分"),
            ("won 2-1", "2比1"),
            ("$1.5 billion", "15亿美元"),
            ("twenty-one", "２１"),
            ("two dozen", "24"),
            ("tens of thousands", "数万"),
            ("30 days", "30天"),
            ("six months", "6个月"),
            ("10-15 million", "1000万至1500万"),
            ("1.2 trillion yuan", "1.2万亿元"),
            ("the 1990s", "90年代"),
            ("more than 200", "200多"),
            ("80 , 000 people", "80,000 people"),
            ("21 , 200 , 000 people", "21.2 million people"),
            ("six and a half million people", "650万人"),
            ("one in five adults", "五分之一的成年人"),
            ("quarter of the firm", "四分之一"),
            ("the 14th five-year plan", "“十四五”规划"),
            ("on Dec. 1", "12月1日"),
        ] {
            assert!(states(a, b), "{a} / {b}: {:?} {:?}", quantities(a), quantities(b));
            assert!(states(b, a), "{b} / {a}: {:?} {:?}", quantities(b), quantities(a));
        }
    }

    #[test]
    fn a_half_behind_the_unit_belongs_to_the_number() {
        assert!(states("历时两年半", "two and a half years"));
        assert!(!states("历时两年", "two and a half years"));
    }

    #[test]
    fn other_values_are_told_apart() {
        for (source, summary) in [
            ("3.2 million people", "3.2万人"),
            ("80,000 spectators", "18000人"),
            ("$1.8 billion", "$1.8 million"),
            ("30 days", "30 years"),
            ("30天", "30年"),
            ("billions of dollars", "millions of dollars"),
            ("on Thursday", "on Friday"),
            ("周四", "周五"),
            ("in March 2020", "in April 2020"),
            ("5月3日", "6月3日"),
            ("457 deaths", "458 deaths"),
            ("5 percent", "5 weeks"),
            ("三成", "四成"),
            ("21 people", "20 people"),
            ("it was 24 degrees", "in 2024"),
            ("in 1 place", "$1bn"),
            ("10月1日", "on Dec. 1"),
            ("the October ballot", "the November ballot"),
            ("80 , 000 people", "90,000 people"),
            ("seven in ten adults", "五分之一的成年人"),
        ] {
            assert!(!states(source, summary), "{source} / {summary}");
        }
    }

    #[test]
    fn a_rounded_number_is_stated_by_the_precise_one_and_not_the_reverse() {
        for (precise, rounded) in [
            ("3,012,345 people", "more than 3 million people"),
            ("3,248,000", "3.2 million"),
            ("3012345人", "超过300万人"),
            ("2.97 million", "nearly 3 million"),
            ("4.96%", "5%"),
            ("1,987 pages", "2,000 pages"),
            ("213 homes", "over 200 homes"),
        ] {
            assert!(states(precise, rounded), "{precise} / {rounded}");
            assert!(!states(rounded, precise), "{rounded} / {precise}");
        }
        assert!(!states("3.9 million", "3 million"));
        assert!(!states("150 homes", "nearly 100 homes"));
    }
}
