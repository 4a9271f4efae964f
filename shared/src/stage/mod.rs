//! The worker loop: the one way in which events are handled, in every service.
//!
//! A service says in a [`Stage`] what to do with one kind of event; [`worker`] pulls events, [`handler`] works on
//! each, [`committer`] writes what is done in groups, [`relay`] sends what was decided on. The promise that comes of
//! it: delivery is at least once, effects on state are once.

mod committer;
mod cpu;
mod dead_letter;
mod handler;
mod meanwhile;
mod panic;
pub mod relay;
mod retry;
pub mod worker;

use std::{future::Future, sync::Arc};

use jiff::Timestamp;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::{
    config::WorkerConfig,
    event::{ArticleId, Attributes, Event, Outgoing, Payload},
    health::Health,
    metrics::Metrics,
    store::{Fault, Store, Tx, fault},
};

pub use cpu::on_cpu;
pub use meanwhile::meanwhile;

/// What one service does with one kind of event.
pub trait Stage: Send + Sync + 'static {
    /// What the event says.
    type In: Payload;
    /// What the work came to.
    type Done: Send + Sync + 'static;

    /// Slow and repeatable: fetch a page, call a model. No transaction is open.
    ///
    /// # Errors
    /// [`Failure`] says whether trying again makes sense.
    fn work(&self, event: &Event<Self::In>) -> impl Future<Output = Result<Self::Done, Failure>> + Send;

    /// Fast: write `done` to this service's tables and say what to emit, inside the transaction that also records the
    /// event as handled. It may run more than once for an event; only one run is committed.
    ///
    /// # Errors
    /// [`RecordError`]; the transaction is undone.
    fn record(
        &self,
        tx: &mut Tx,
        event: &Event<Self::In>,
        done: &Self::Done,
    ) -> impl Future<Output = Result<Recorded, RecordError>> + Send;
}

/// Why work on an event failed, and so what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// It may go well another time: a server that is down, a time-out.
    #[error("{0}")]
    Retry(String),
    /// Somebody asked for patience.
    #[error("{reason}")]
    RateLimited {
        /// When to come back.
        until: Timestamp,
        /// Who asked, and how.
        reason: String,
    },
    /// Nothing was tried, for a reason of our own: it costs no attempt and leaves no trace.
    #[error("{reason}")]
    NotYet {
        /// When to come back.
        until: Timestamp,
        /// What is waited for.
        reason: String,
    },
    /// It never will go well.
    #[error("{0}")]
    Permanent(String),
}

impl Failure {
    /// The failure's class as logs, metrics and dead letters name it.
    pub const fn class(&self) -> &'static str {
        match self {
            Self::Retry(_) => "retry",
            Self::RateLimited { .. } => "rate_limited",
            Self::NotYet { .. } => "not_yet",
            Self::Permanent(_) => "permanent",
        }
    }
}

/// What was written about an event.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    /// What came of it, in a word or two: `ingested`, `unchanged`.
    pub outcome: &'static str,
    /// What there is to add, an address for example.
    pub detail: Option<String>,
    /// The article that the event turned out to be about.
    pub article_id: Option<ArticleId>,
    /// The events to emit, made by [`Event::cause`].
    pub emit: Vec<Outgoing>,
}

impl Recorded {
    /// An outcome about an article that emits nothing.
    pub fn new(outcome: &'static str, article_id: Option<ArticleId>) -> Self {
        Self { outcome, detail: None, article_id, emit: Vec::new() }
    }
}

/// An event's effects could not be written.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// A statement failed.
    #[error("{0}")]
    Statement(#[from] sqlx::Error),
    /// What is in the database can't be read, or doesn't fit what is to be written.
    #[error("{0}")]
    State(String),
}

impl RecordError {
    fn fault(&self) -> Fault {
        match self {
            Self::Statement(error) => fault(error),
            Self::State(_) => Fault::Data,
        }
    }
}

impl<P> Event<P> {
    /// The `index`th event that `stage` emits because of this one.
    pub fn cause<Q: Payload>(&self, stage: &str, index: usize, payload: &Q) -> Outgoing {
        let cause = &self.attributes;
        let id = cause.id.derive(stage, index);
        let attributes = Attributes {
            trace: cause.trace,
            id,
            source: format!("/kos/{stage}"),
            event_type: Q::TYPE,
            time: Some(Timestamp::now()),
            subject: payload.subject(),
            cause: Some(cause.id.clone()),
            // Only the event that was replayed says so: what comes of it is an original.
            replay: 0,
        };
        Outgoing::new(&attributes, payload)
    }
}

/// What a service's loops and its relay share.
#[derive(Debug, Clone)]
pub struct Context<B> {
    /// The service.
    pub service: &'static str,
    /// Where events come from and go to.
    pub bus: B,
    /// Where state is kept.
    pub store: Store,
    /// How the loops work.
    pub config: WorkerConfig,
    /// Where what is wrong is said.
    pub health: Health,
    /// What is counted.
    pub metrics: Metrics,
    /// Wakes the relay.
    pub outbox: Arc<Notify>,
    /// No new events are to be begun.
    pub stop: CancellationToken,
    /// What was begun is to be handed back.
    pub abort: CancellationToken,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{ArticleRetracted, EventId, header};

    #[test]
    fn what_comes_of_a_replayed_event_is_an_original_with_the_same_trace() {
        let data = ArticleRetracted { article_id: None, url: None, reason: "error".into() };
        let mut attributes = Attributes::original(EventId::new(), "/kos/test", &data, Timestamp::UNIX_EPOCH);
        attributes.replay = 7;
        let event = Event { attributes, data };
        let caused = event.cause("ingest", 0, &event.data);
        assert_eq!(header(&caused.headers, "ce-replay"), None);
        assert_eq!(header(&caused.headers, "ce-causationid"), Some(event.id().as_str()));
        let trace = header(&caused.headers, "traceparent").unwrap();
        assert!(trace.contains(&event.attributes.trace.trace_id()), "{trace}");
    }
}
