//! The bus: NATS JetStream, behind two small traits.
//!
//! [`Bus`] and [`Delivery`] are all that the worker loop and the relay know of it. [`JetStream`] is the
//! one implementation, [`fault::Faulty`] wraps any of them and fails on demand, [`topology`] names the
//! streams and consumers.

mod connection;
mod durability;
pub mod fault;
mod jetstream;
mod monitor;
mod pull;
mod retention;
pub mod topology;
mod unreadable;

use std::{future::Future, time::Duration};

use futures_util::Stream;

use crate::event::{InvalidEvent, Outgoing, Received};

pub use connection::{ConnectError, Connection, Disconnected, connect};
pub use durability::{Durability, durability};
pub use jetstream::{JetStream, headers_of};
pub use monitor::write_error;
pub use retention::make_room;
pub use topology::{ConsumerSpec, StreamName, TopologyError};

/// Where events come from and go to.
pub trait Bus: Clone + Send + Sync + 'static {
    /// A message that has to be settled.
    type Delivery: Delivery;
    /// Messages as they come, until the pull is used up or expires.
    type Pull: Stream<Item = Result<Self::Delivery, BusError>> + Send + Unpin;

    /// Asks for up to `max` messages. The first comes as soon as there is one.
    ///
    /// # Errors
    /// [`BusError`] where the server is gone or the consumer isn't there.
    fn pull(&self, consumer: &ConsumerSpec, max: usize) -> impl Future<Output = Result<Self::Pull, BusError>> + Send;

    /// How many messages wait for `consumer` and were never delivered.
    ///
    /// # Errors
    /// [`BusError`] where the server is gone or the consumer isn't there.
    fn pending(&self, consumer: &ConsumerSpec) -> impl Future<Output = Result<u64, BusError>> + Send;

    /// The messages that `consumer` can't be given because the client can't read them, among the last `last` sequence
    /// numbers that it was given and not all of which are settled. Each of them is read from the server: this is for
    /// finding out why connections are lost.
    ///
    /// # Errors
    /// [`BusError`] where the server is gone or the consumer isn't there.
    fn unreadable(
        &self,
        consumer: &ConsumerSpec,
        last: u64,
    ) -> impl Future<Output = Result<Vec<Self::Delivery>, BusError>> + Send;

    /// Publishes one event and waits until the server has stored it. An event that it has already is
    /// stored, too.
    ///
    /// # Errors
    /// [`PublishError`], with nothing known to be stored.
    fn publish(&self, event: &Outgoing) -> impl Future<Output = Result<(), PublishError>> + Send;

    /// Publishes events of one stream, all or none of them, and waits until the server has stored them.
    ///
    /// # Errors
    /// [`PublishError::NotAtomic`] where they have to be sent one by one: one of them is there already, or the
    /// server takes no batch like this.
    fn publish_atomically(&self, events: &[Outgoing]) -> impl Future<Output = Result<(), PublishError>> + Send;

    /// Creates streams and consumers that aren't there, and changes what differs.
    ///
    /// # Errors
    /// [`TopologyError`] names the stream or consumer.
    fn prepare(&self) -> impl Future<Output = Result<(), TopologyError>> + Send;

    /// Counts the connections to the server; a new number means that pulls were lost with the old one.
    fn generation(&self) -> tokio::sync::watch::Receiver<u64>;
}

/// A delivered message. It comes again unless it is settled.
pub trait Delivery: Send + Sync + 'static {
    /// The message.
    fn received(&self) -> Received<'_>;

    /// How often it was delivered so far, from 1.
    fn deliveries(&self) -> u64;

    /// Why no pull could bring it, where that is so: then it is no event.
    fn problem(&self) -> Option<&InvalidEvent>;

    /// Tells the server what became of it. The server isn't waited for: a lost answer means a
    /// redelivery, which the inbox knows how to handle.
    ///
    /// # Errors
    /// [`BusError`] where there is no connection.
    fn settle(&self, settlement: Settlement) -> impl Future<Output = Result<(), BusError>> + Send;
}

/// What became of a delivered message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settlement {
    /// It was handled.
    Ack,
    /// It is still being worked on: the ack wait starts anew.
    InProgress,
    /// It should come again after this long; zero is at once.
    Retry(Duration),
    /// It never should come again.
    Terminate,
}

/// The bus could not be reached, or refused.
#[derive(Debug, thiserror::Error)]
#[error("{action}: {cause}")]
pub struct BusError {
    /// What was tried.
    pub action: &'static str,
    /// What came back.
    pub cause: String,
}

impl BusError {
    pub(crate) fn new(action: &'static str, cause: impl ToString) -> Self {
        Self { action, cause: cause.to_string() }
    }
}

/// An event was not stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PublishError {
    /// The server is gone, slow or busy electing a leader. Trying again helps; the event may have been stored.
    #[error("the server did not confirm: {0}")]
    Unavailable(String),
    /// The stream reached its limit. Trying again helps once somebody made room.
    #[error("{0}")]
    StreamFull(String),
    /// No stream takes the subject. Trying again helps once the stream was created.
    #[error("no stream takes {0}")]
    NoStream(String),
    /// The event is larger than the server's `max_payload`. Trying again helps once that was raised.
    #[error("the event has {bytes} bytes, the server takes {limit} (its max_payload)")]
    TooLarge {
        /// Headers and body.
        bytes: usize,
        /// What the server takes.
        limit: usize,
    },
    /// The server refused the batch as a whole: its events have to be sent one by one.
    #[error("the batch was refused: {0}")]
    NotAtomic(String),
    /// The server refused for another reason.
    #[error("the server refused: {0}")]
    Refused(String),
}
