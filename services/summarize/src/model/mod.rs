//! The model client: one chat completion of any OpenAI-compatible server (Ollama, vLLM, llama.cpp, a vendor).
//!
//! It keeps a server that is slow, busy, down or mad from hurting anybody else: every call has three time limits and a
//! size limit, a busy server is asked less and when it says so, and one that fails again and again is left alone for a
//! while. It knows nothing of prompts and believes nothing of what an answer says; that is the gate's business.
//!
//! Start at [`Endpoint::ask`]. What decides is plain data with the time as an argument: `breaker` (whether to ask at
//! all), `concurrency` (how many calls at a time), `backoff` (when again), `dialect` (how to say it), `answer` (what
//! came). `turn` holds the first two for one endpoint, `wire` is the HTTP.

mod address;
mod answer;
mod backoff;
mod breaker;
mod complaint;
mod concurrency;
mod dialect;
mod endpoint;
mod error;
mod probe;
mod report;
mod turn;
mod wire;

use std::{fmt, time::Duration};

use kos_shared::{config::Secret, event::HttpUrl};

pub use answer::{Answer, Finish, Usage};
pub use endpoint::{Asked, Endpoint};
pub use error::{CallError, SetupError};
pub use probe::{Probe, StructuredOutput, Window};
pub use report::{CallReport, Observer, Outcome};

/// The largest answer that is read, in bytes. A summary in two languages with its JSON has a few thousand.
pub const MAX_ANSWER_BYTES: usize = 1 << 20;

/// What is known of a model endpoint.
#[derive(Clone)]
pub struct Settings {
    /// How logs and metrics call it: host and port, or the operator's name for it.
    pub name: String,
    /// The base address: `https://api.example.com/v1`, a host alone, or the whole address of its chat completions.
    pub url: HttpUrl,
    /// The model that is asked for.
    pub model: String,
    /// Sent as a bearer token, and shown nowhere.
    pub api_key: Option<Secret>,
    /// The most calls at a time, at least 1.
    pub concurrency: usize,
    /// How long a connection may take.
    pub connect_timeout: Duration,
    /// How long the head of the answer may take, from the beginning of the call. Without streaming it comes when the
    /// model is done.
    pub first_byte_timeout: Duration,
    /// How long a call may take as a whole.
    pub total_timeout: Duration,
    /// The longest that [`Endpoint::ask`] waits because the server asks for it; for longer it is [`CallError::Busy`].
    pub max_wait: Duration,
    /// How fast things are tried again.
    pub pace: Pace,
    /// Is told of every HTTP call that asks the model.
    pub observer: Option<Observer>,
}

impl Settings {
    /// An endpoint without a key that takes two calls at a time; answers may take two minutes, as those of a small
    /// machine do.
    pub fn new(url: HttpUrl, model: impl Into<String>) -> Self {
        let name = match url.as_url().port_or_known_default() {
            Some(port) => format!("{}:{port}", url.host()),
            None => url.host().to_owned(),
        };
        Self {
            name,
            url,
            model: model.into(),
            api_key: None,
            concurrency: 2,
            connect_timeout: Duration::from_secs(5),
            first_byte_timeout: Duration::from_secs(110),
            total_timeout: Duration::from_secs(120),
            max_wait: Duration::from_secs(20),
            pace: Pace::default(),
            observer: None,
        }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("name", &self.name)
            .field("url", &self.url.without_login())
            .field("model", &self.model)
            .field("api_key", &self.api_key)
            .field("concurrency", &self.concurrency)
            .finish_non_exhaustive()
    }
}

/// How fast things are tried again; shorter in tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// How long the first retry of a call waits; the second waits twice as long.
    pub backoff: Duration,
    /// How long the breaker stays open for the first time; up to five minutes when that doesn't help.
    pub rest: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self { backoff: Duration::from_millis(500), rest: Duration::from_secs(5) }
    }
}

/// What a model is asked.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The instruction.
    pub system: &'a str,
    /// What it is about.
    pub user: &'a str,
    /// The JSON Schema that the answer is to follow, as it is sent: servers have models write properties in the order
    /// in which it has them. Servers that don't know it are asked without.
    pub schema: Option<&'a str>,
    /// The most tokens that the answer may have.
    pub max_tokens: u32,
    /// How much chance there is in the choice of words; 0 is none.
    pub temperature: f32,
}
