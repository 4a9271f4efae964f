//! The publish service: takes summarized articles from the bus and shows them to readers.
//!
//! - [`comments`]: what readers say about articles.
//! - [`analysis`]: an article taken apart into terms, which the next two read.
//! - [`related`]: which articles are about something related.
//! - [`search`]: finding articles by their words.
//! - [`guard`]: what holds for every request, whatever it asks for.
//! - [`lists`]: the front page and the pages behind it, stories told by several sources, live arrival.
//! - [`site`]: what readers get. Pages, feed and JSON as plain functions from plain data to text.
//! - [`desk`]: what the operator sees and does in a browser.
//! - [`api`]: what programs read and do, and the document that says so.
//! - [`out`]: feeds, sitemaps and digests, for machines and returning readers.
//! - [`client_address`], [`origin`], [`cookies`] and [`signing`]: who asks, and what to believe of it.
//! - [`delivery`]: how answers travel; [`pages`] keeps the pages of articles, [`versions`] and
//!   [`page_states`] say until when.
//! - [`metrics`]: what is counted of requests.
//! - [`webhooks`]: who else is told of an article.
//! - [`websub`]: the address at which hubs reach the ingest workers.
//!
//! It never fetches a page, never calls a model and never reads another service's tables: all that it
//! shows came in an event. It trusts no event: bodies are sanitized again, everything else is escaped.
//! Its pages work without scripts and load nothing from anywhere else.
//!
//! Start reading at [`site::render_article`] and the templates beside it.

pub mod analysis;
pub mod api;
pub mod client_address;
pub mod comments;
pub mod cookies;
pub mod delivery;
pub mod desk;
pub mod guard;
pub mod lists;
pub mod metrics;
pub mod origin;
pub mod out;
pub mod page_states;
pub mod pages;
pub mod related;
pub mod routes;
pub mod search;
pub mod service;
pub mod signing;
pub mod site;
pub mod stage;
pub mod state;
pub mod versions;
pub mod webhooks;
pub mod websub;
