//! What one HTTP call came to, for who counts them.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use super::Usage;

/// Is told of every HTTP call that asks the model, retries and those given up included. It must be quick.
pub type Observer = Arc<dyn Fn(&CallReport<'_>) + Send + Sync>;

/// One HTTP call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallReport<'a> {
    /// The endpoint's name.
    pub endpoint: &'a str,
    /// The model that was asked for.
    pub model: &'a str,
    /// What it came to.
    pub outcome: Outcome,
    /// The status code, where one came.
    pub status: Option<u16>,
    /// From the beginning to the end; time in the queue is not part of it.
    pub took: Duration,
    /// What it cost, where there is an answer.
    pub usage: Option<Usage>,
    /// Whether structured output was asked for.
    pub structured: bool,
}

/// What a call came to: a closed set, for metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Outcome {
    /// A chat completion.
    Answered,
    /// 429.
    RateLimited,
    /// 408 or 5xx.
    ServerFailure,
    /// Another status that gives no answer.
    Refused,
    /// No connection in time, or no answer.
    TimedOut,
    /// No connection, or one that broke off.
    Disconnected,
    /// More bytes than are read.
    TooLarge,
    /// 200 without a chat completion.
    Unreadable,
    /// The caller didn't wait for it.
    Abandoned,
}

impl Outcome {
    /// Its name in metrics and logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::RateLimited => "rate_limited",
            Self::ServerFailure => "server_failure",
            Self::Refused => "refused",
            Self::TimedOut => "timed_out",
            Self::Disconnected => "disconnected",
            Self::TooLarge => "too_large",
            Self::Unreadable => "unreadable",
            Self::Abandoned => "abandoned",
        }
    }

    /// What a status code other than 2xx is.
    pub(super) const fn of_status(status: u16) -> Self {
        match status {
            429 => Self::RateLimited,
            408 | 500..=599 => Self::ServerFailure,
            _ => Self::Refused,
        }
    }
}

/// A call that is under way. It is reported when it ends, and as abandoned when it is dropped before.
pub(super) struct Underway<'a> {
    observer: Option<&'a Observer>,
    report: CallReport<'a>,
    began: Instant,
}

impl<'a> Underway<'a> {
    pub fn begin(observer: Option<&'a Observer>, endpoint: &'a str, model: &'a str, structured: bool) -> Self {
        let outcome = Outcome::Abandoned;
        let report =
            CallReport { endpoint, model, outcome, status: None, took: Duration::ZERO, usage: None, structured };
        Self { observer, report, began: Instant::now() }
    }

    /// How long it has taken so far.
    pub fn took(&self) -> Duration {
        self.began.elapsed()
    }

    /// Ends it.
    pub fn end(mut self, outcome: Outcome, status: Option<u16>, usage: Option<Usage>) {
        self.report = CallReport { outcome, status, usage, ..self.report.clone() };
    }
}

impl Drop for Underway<'_> {
    fn drop(&mut self) {
        self.report.took = self.began.elapsed();
        if let Some(observer) = self.observer {
            observer(&self.report);
        }
    }
}
