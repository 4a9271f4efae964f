//! Lists of articles: the front page, pages by source and by language, the list of sources, and what announces new
//! articles to the pages that are open.
//!
//! A list never reads an article: [`entry`] is the narrow row that it shows, made when the article is published.
//! [`stories`] keeps the rows and decides which article stands for a story that several sources tell, [`select`] reads
//! them, a page at a time by keyset ([`cursor`]), [`Languages`] keeps what can be chosen. [`pages`] and [`live`] are the addresses.

pub mod backfill;
pub mod cursor;
pub mod entry;
mod languages;
pub mod live;
mod pages;
pub mod select;
pub mod stories;

pub use cursor::{Cursor, Turn};
pub use entry::{Entry, Lead};
pub use languages::Languages;
pub use pages::routes;
pub use select::Filter;
