//! The fetcher against servers of the tests' own, on real sockets.

#![allow(clippy::unwrap_used, reason = "what fails to unwrap fails the test")]

mod bombs;
mod manners;
mod odd_answers;
mod pages;
mod proxies;
mod room;
mod server;
mod ssrf;
