//! Knowledge OS, second stage: turns an article into an article with summaries.
//!
//! A summary is published only if it passed the gate, and each of its sentences says which words of the article carry
//! it. What was asked for and can't be had is listed with the reason. It never mixes languages, never passes off one
//! method as another, and pays for no answer twice.
//!
//! Start with [`summaries`]: what an article gets. [`extractive`] picks an article's own sentences (`candidates` says
//! which there are, `ranking` which matter, `boilerplate` which are none of its own, `excerpt` how much may be shown);
//! [`writing`] has models write, through the client in [`model`]; [`gate`] judges what they wrote, and [`alignment`]
//! finds what carries it.

pub mod alignment;
mod boilerplate;
mod candidates;
pub mod control;
pub mod endpoints;
mod excerpt;
pub mod extractive;
pub mod gate;
pub mod metrics;
pub mod model;
mod ranking;
pub mod service;
pub mod stage;
pub mod state;
pub mod summaries;
pub mod writing;
