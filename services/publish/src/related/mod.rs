//! Related news: articles about something related, but not the same story again.
//!
//! [`profile`] is what an article is about: its weightiest terms, in the languages of its text and of its summaries, so that
//! articles in two languages meet where one of them has a summary in the other's. [`similarity`] compares two of them.
//! [`state`] keeps both, finds the few articles that are worth comparing, and writes the pairs; in the transaction that puts
//! an article there, and for both articles, so that older pages come to know newer ones.

pub mod profile;
pub mod similarity;
mod state;

pub use profile::Profile;
pub use state::{Related, of, put, remove_withdrawn};
