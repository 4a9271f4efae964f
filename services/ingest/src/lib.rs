//! The ingest service: turns an address into an article. Fetching, decoding, extraction, canonical addresses, rights.
//!
//! [`fetch`] brings a page and refuses every address that [`address`] doesn't permit, every page that [`robots`] says
//! is not for robots, and every host whose turn by [`hosts`] hasn't come; [`decode`] makes text
//! of its bytes; [`extract`] makes an article of the text, with its body made safe by [`sanitize`];
//! [`canonical`] says under which address the article is known, and [`mod@article`] puts all of it together. [`stage`]
//! does so for each event, with what [`mod@page`] brings, within what [`rights`] leave and the operator's [`rules`] let
//! in; [`state`] tells a new revision from a known one, [`near_duplicate`] marks a story that was taken in from elsewhere
//! before, and [`retention`] keeps pages for a while. [`feed`] follows feeds, [`mod@metrics`] counts fetches; [`service`]
//! is the service at work.
//!
//! All that reads pages is plain functions over plain data: no clock, no network, no database. They hold on
//! any input, however hostile: a page is refused with a reason, never a panic or an endless loop. Nothing
//! here executes a script, follows a link that it wasn't asked for, or invents what a page doesn't say.
//!
//! Start reading at [`stage`], or at [`extract::extract`] for what happens to a page.

pub mod address;
pub mod article;
pub mod canonical;
pub mod decode;
pub mod extract;
pub mod feed;
pub mod fetch;
pub mod hosts;
mod lanes;
pub mod metrics;
pub mod near_duplicate;
pub mod page;
pub mod retention;
pub mod rights;
pub mod robots;
pub mod rules;
pub mod sanitize;
pub mod service;
pub mod stage;
pub mod state;
