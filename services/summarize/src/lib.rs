//! Knowledge OS, second stage: turns an article into an article with summaries.
//!
//! Every sentence of an extractive summary is a sentence of the article, with its place in it, and says
//! so; what was asked for and can't be had is listed with the reason. It never mixes languages, never
//! invents a word, and never passes off one method as another.
//!
//! Start with [`summaries`]: what an article gets. [`extractive`] picks the sentences; `candidates` says which there
//! are, `ranking` which matter, `boilerplate` which are none of the article's own.

mod boilerplate;
mod candidates;
pub mod extractive;
pub mod gate;
mod ranking;
pub mod service;
pub mod stage;
pub mod state;
pub mod summaries;
