//! Search: articles by the words of their titles, summaries and bodies.
//!
//! [`terms`] makes terms of text, [`query`] of what a reader types. [`document`] is an article's terms and what each of them
//! weighs ([`weights`]); [`index`] writes it, [`backfill`] for the articles that were there before, [`mod@find`] finds,
//! `lookup` asks the database for it, in bounded time, and [`Searches`] are how many do so at once.
//! [`snippet`] shows where an article has the words, [`filters`] reads what an address asks for. The databases only look up terms; all that decides what is found, and
//! in which order, happens here, so that both agree.

pub mod backfill;
mod cursor;
mod document;
pub mod filters;
mod find;
pub mod index;
mod lookup;
pub mod query;
mod routes;
mod searches;
pub mod snippet;
pub mod terms;
mod weights;

pub use cursor::Cursor;
pub use document::{ANALYSIS, Document};
pub use find::{Found, Hit, Total, WINDOW, Wanted, find, find_within};
pub use lookup::Budget;
pub use query::Query;
pub use routes::routes;
pub(crate) use routes::{json, refused};
pub use searches::{SearchError, Searches, TRY_AGAIN_S};
pub use weights::{Weights, hash};
