//! Why there is no answer of a model.

use jiff::Timestamp;

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// The server wants to be left alone: it answered 429, or another failure with a Retry-After, and the wait is too
    /// long to sit out or didn't help. Usual causes: a vendor's quota for a minute or a day, more workers than the
    /// server has room for.
    #[error("the model is busy until {until}: {reason}")]
    Busy {
        /// When it may be asked again.
        until: Timestamp,
        /// What it said.
        reason: String,
    },
    /// No whole answer came, or the last calls failed and the breaker is open. Usual causes: the server is down or
    /// restarts, an answer that takes longer than the time limits, a model that doesn't fit into memory.
    #[error("the model is not available: {reason}")]
    Unavailable {
        /// What happened.
        reason: String,
        /// When the breaker lets the next call through, where it is open and that is known.
        until: Option<Timestamp>,
    },
    /// The server understood and said no; asking again won't help. Usual causes: a wrong key (401, 403), a model that
    /// isn't there (404), an article that is longer than the model's window (400), a base address that redirects.
    #[error("the model's server refused with status {status}: {reason}")]
    Refused {
        /// The status code.
        status: u16,
        /// What the server said, in short and without the key.
        reason: String,
    },
    /// The answer is larger than is read. Usual causes: an address that isn't a model's, a server gone mad.
    #[error("the model's answer is larger than {limit} bytes")]
    TooLarge {
        /// The limit, in bytes.
        limit: usize,
    },
    /// The server answered 200 with something else than a chat completion. Usual causes: a base address without its
    /// `/v1`, a gateway's login page, an error reported as a success.
    #[error("expected a chat completion, got {reason}")]
    Unreadable {
        /// What came instead.
        reason: String,
    },
}

/// Why an endpoint can't be set up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SetupError {
    /// The HTTP client can't be made. Usual causes: no root certificates on this machine, a proxy that can't be read.
    #[error("the http client can't be made: {reason}")]
    Client {
        /// The cause.
        reason: String,
    },
    /// The key can't be sent. Usual cause: a line break or another control character in it.
    #[error("expected an api key of visible characters, got one that no http header can carry")]
    ApiKey,
}
