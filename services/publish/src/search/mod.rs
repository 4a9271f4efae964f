//! Search: articles by the words of their titles, summaries and bodies.
//!
//! [`terms`] makes terms of text, [`query`] of what a reader types. [`document`] is an article's terms and what each of them
//! weighs ([`weights`]); [`index`] writes it, [`backfill`] for the articles that were there before, [`mod@find`] finds.
//! [`snippet`] shows where an article has the words, [`filters`] reads what an address asks for. The databases only look up terms; all that decides what is found, and
//! in which order, happens here, so that both agree.

pub mod backfill;
mod cursor;
mod document;
pub mod filters;
mod find;
pub mod index;
pub mod query;
mod routes;
pub mod snippet;
pub mod terms;
mod weights;

pub use cursor::Cursor;
pub use document::{ANALYSIS, Document};
pub use find::{Found, Hit, Total, WINDOW, Wanted, find};
pub use query::Query;
pub(crate) use routes::json;
pub use routes::routes;
pub use weights::{Weights, hash};
