//! The model client against a server of the tests' own that misbehaves as told, on real sockets.

#![allow(clippy::unwrap_used, reason = "what fails to unwrap fails the test")]

mod answers;
mod breaker;
mod queue;
mod refusals;
mod retries;
mod self_description;
mod server;
