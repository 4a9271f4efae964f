//! What tests across services stand on: real servers and our own programs, started by the test itself
//! on ports of their own, in temporary folders, and stopped when the test ends, also by a panic.
//!
//! Nothing here knows the services from the inside: they are run as an operator runs them and looked at
//! through the bus, HTTP and their databases. Only the worker loop is also run inside of a test
//! ([`worker_loop`]), with a stage of the tests' own ([`stage`]). Nothing here sleeps for luck: what takes time is awaited
//! with a limit ([`eventually`]). A server that isn't on this machine is a failure that says how to get
//! it, never a test that is left out.
//!
//! Start reading at [`Pipeline`] for all of it at work, at [`Worker`] for our programs one by one, at
//! [`NatsServer`] and [`Postgres`] for what they need, at [`PageServer`] for the web that they fetch from, at
//! [`ModelServer`] for a model that they ask, at [`Browser`] for who reads, and at [`Articles`] for something to feed them.

mod articles;
mod browser;
mod chinese_news;
mod database;
mod eventually;
mod http;
mod ingested;
mod llm_server;
mod manifests;
mod model_server;
mod nats;
mod nats_cluster;
mod observe;
pub mod pipeline;
mod port;
mod postgres;
mod process;
mod related_news;
pub mod rouge;
mod site_tools;
pub mod stage;
pub mod summarizing;
mod worker;
pub mod worker_loop;

pub use articles::{Article, Articles};
pub use browser::{Browser, Noted, Reader};
pub use chinese_news::{NewsText, chinese_news};
pub use database::{Database, configuration};
pub use eventually::{Outcome, Patience, eventually};
pub use http::{Hit, Page, PageServer, http_client};
pub use llm_server::LlmServer;
pub use manifests::{Checked, Manifests};
pub use model_server::{Act, Asked, Call, End, ModelServer};
pub use nats::{NatsConfig, NatsServer, USERS, inbox_prefix, nats_server_program};
pub use nats_cluster::{NatsCluster, all_copies_are_current, stream_leader};
pub use pipeline::{Pipeline, Setup};
pub use port::Port;
pub use postgres::Postgres;
pub use process::Process;
pub use related_news::{TopicText, Translated, related_news};
pub use site_tools::site_tools;
pub use worker::{Worker, command};
