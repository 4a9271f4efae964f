//! (being written)

use kos_shared::event::Span;

use crate::gate::Source;

pub struct Alignment;

impl Alignment {
    pub fn of(_source: &Source<'_>) -> Self {
        Self
    }

    pub fn spans(&self, _sentence: &str, _cited: &[usize]) -> Vec<Span> {
        Vec::new()
    }
}
