//! Written language: scripts, sentences, tokens.
//!
//! Pure functions over `&str` that take time linear in it, know no dictionary and hold for any script;
//! English and Chinese are what they were made for.
//!
//! - [`script`]: which script a character, a text or a language is written in.
//! - [`sentence`]: where a text's sentences begin and end.
//! - [`token`]: its words, or pairs of characters where a script has no spaces, and how many there are.

mod abbreviation;
pub mod script;
pub mod sentence;
pub mod token;

pub use script::{Counts, Script};
pub use sentence::{Sentences, sentences};
pub use token::{count_words, tokens};
