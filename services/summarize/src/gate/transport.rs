//! (being written)

use super::{Candidate, Finding};
pub use crate::model::Finish;

/// The check's name.
pub const NAME: &str = "transport";

pub(super) fn check(_candidate: &Candidate<'_>) -> Finding {
    Finding::cannot_judge(NAME)
}
