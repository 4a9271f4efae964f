//! Of more entries than are read of a feed, the newest: some feeds have the oldest first.

use std::{cmp::Reverse, collections::BinaryHeap};

use jiff::Timestamp;

use super::MAX_ENTRIES;

const NEWEST: &str = "of more than 1,000 entries the newest were kept";
const FIRST: &str = "of more than 1,000 entries the first were kept: they say no dates";

/// An entry that may have to give way: the oldest does, of equal ones the last. Those without a date are the oldest.
type Place = Reverse<(Option<Timestamp>, Reverse<usize>, usize)>;

/// At most [`MAX_ENTRIES`] entries.
pub(super) struct Newest<T> {
    /// Each with its place in the document.
    kept: Vec<(usize, T)>,
    /// Dates and places in the document of those in `kept`, and where they are there.
    oldest: BinaryHeap<Place>,
    total: usize,
    any_date: bool,
}

impl<T> Default for Newest<T> {
    fn default() -> Self {
        Self { kept: Vec::new(), oldest: BinaryHeap::new(), total: 0, any_date: false }
    }
}

impl<T> Newest<T> {
    /// Takes the next entry, of the time `at` as far as it says one.
    pub(super) fn push(&mut self, at: Option<Timestamp>, entry: T) {
        let order = self.total;
        self.total += 1;
        self.any_date |= at.is_some();
        if self.kept.len() < MAX_ENTRIES {
            self.oldest.push(Reverse((at, Reverse(order), self.kept.len())));
            self.kept.push((order, entry));
            return;
        }
        let Some(mut oldest) = self.oldest.peek_mut() else { return };
        let Reverse((oldest_at, _, index)) = *oldest;
        if at > oldest_at {
            *oldest = Reverse((at, Reverse(order), index));
            // Sifts the place to where it belongs.
            drop(oldest);
            self.kept[index] = (order, entry);
        }
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// Those that were kept, in the order of the document, and what is to say of the others.
    pub(super) fn in_order(mut self) -> (Vec<T>, Option<&'static str>) {
        self.kept.sort_unstable_by_key(|(order, _)| *order);
        let repair = (self.total > MAX_ENTRIES).then_some(if self.any_date { NEWEST } else { FIRST });
        (self.kept.into_iter().map(|(_, entry)| entry).collect(), repair)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(entries: impl IntoIterator<Item = Option<i64>>) -> (Vec<usize>, Option<&'static str>) {
        let mut newest = Newest::default();
        for (order, second) in entries.into_iter().enumerate() {
            newest.push(second.map(|s| Timestamp::from_second(s).unwrap()), order);
        }
        newest.in_order()
    }

    #[test]
    fn of_too_many_the_newest_stay_in_the_order_of_the_document() {
        assert_eq!(kept((0..1_500).map(Some)), ((500..1_500).collect(), Some(NEWEST)));
        assert_eq!(kept((0..1_500).rev().map(Some)), ((0..1_000).collect(), Some(NEWEST)));
        assert_eq!(kept((0..1_000).map(Some)), ((0..1_000).collect(), None));
    }

    #[test]
    fn without_dates_the_first_stay_and_give_way_to_what_has_one() {
        assert_eq!(kept((0..1_500).map(|_| None)), ((0..1_000).collect(), Some(FIRST)));
        let mixed = kept((0..1_500).map(|n| (n >= 1_400).then_some(n)));
        assert_eq!(mixed, ((0..900).chain(1_400..1_500).collect(), Some(NEWEST)));
    }
}
