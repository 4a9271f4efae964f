//! (being written)

use super::{Candidate, Finding, Source};

/// The check's name.
pub const NAME: &str = "obedience";

pub(super) fn check(_source: &Source<'_>, _candidate: &Candidate<'_>) -> Finding {
    Finding::cannot_judge(NAME)
}

pub fn instructions(_text: &str) -> Vec<std::ops::Range<usize>> {
    Vec::new()
}
