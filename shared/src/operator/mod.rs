//! The operator's end of the bus, for the command line and the desk: streams are read, workers are asked, what stages
//! have to do ([`Operator::stages`]) and what they gave up ([`DeadLetter`]) is looked at and mended.

mod dead_letters;
mod stages;

use std::time::Duration;

use async_nats::{
    Client,
    jetstream::{
        Context,
        consumer::{DeliverPolicy, pull::OrderedConfig},
        message::StreamMessage,
    },
};
use futures_util::{Stream, StreamExt, stream};
use jiff::Timestamp;
use serde::{Serialize, de::DeserializeOwned};
use tokio::time::timeout;

pub use self::{dead_letters::DeadLetter, stages::StageStatus};
use crate::{
    bus::{Bus, ConnectError, Connection, JetStream, PublishError, StreamName, connect, headers_of},
    config::NatsConfig,
    control::{self, AskError, Status, status_subject},
    event::{Headers, Outgoing, Received},
    journal::{Entry, Query},
};

/// The services, in the order in which an article meets them.
pub const SERVICES: [&str; 3] = ["ingest", "summarize", "publish"];

/// How long a server may take to be there.
const CONNECT: Duration = Duration::from_secs(5);

/// How long workers may take to answer.
const ANSWER: Duration = Duration::from_secs(5);

/// How long more answers are waited for after one came.
const MORE_ANSWERS: Duration = Duration::from_millis(300);

/// Why the operator did not get what was asked for.
#[derive(Debug, thiserror::Error)]
pub enum OperatorError {
    /// Usual causes: nothing was started yet, `KOS_NATS_URL` names another machine.
    #[error("no NATS server at {0}: start one with `kos up`, or name yours in KOS_NATS_URL")]
    NoServer(String),
    /// The bus's address or credentials can't be used.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// No worker of that service runs, or none is connected.
    #[error("no {0} worker answers: start one, or `kos up`")]
    NoWorker(&'static str),
    /// A worker did not answer, or not in a way that can be used.
    #[error(transparent)]
    Ask(AskError),
    /// An event was not stored.
    #[error(transparent)]
    Publish(#[from] PublishError),
    /// The stream or consumer isn't there, or can't be read. Usual cause: no worker was started yet.
    #[error("{what}: {reason}")]
    Bus {
        /// What was asked for.
        what: String,
        /// What the server or the client says.
        reason: String,
    },
    /// A dead letter has no such event in it that a stage could be given again.
    #[error("dead letter {number}: {reason}")]
    DeadLetter {
        /// Its number in the stream.
        number: u64,
        /// What is wrong with it.
        reason: String,
    },
}

impl OperatorError {
    fn bus(what: impl Into<String>) -> impl FnOnce(&dyn std::fmt::Display) -> Self {
        let what = what.into();
        move |reason| Self::Bus { what, reason: reason.to_string() }
    }
}

/// A connection to the bus, as an operator uses it. Clones share it.
#[derive(Clone)]
pub struct Operator {
    connection: Connection,
    bus: JetStream,
}

/// A message as its stream keeps it.
#[derive(Debug, Clone)]
pub struct Stored {
    /// Its number in the stream.
    pub sequence: u64,
    /// When it was stored.
    pub stored_at: Timestamp,
    /// The subject that it was published on.
    pub subject: String,
    /// Its headers.
    pub headers: Headers,
    /// Its body.
    pub body: bytes::Bytes,
    stream: StreamName,
}

impl Stored {
    /// The message as a worker would have got it.
    pub fn received(&self) -> Received<'_> {
        Received {
            subject: &self.subject,
            headers: &self.headers,
            body: &self.body,
            stream: self.stream.as_str(),
            sequence: self.sequence,
            stored_nanos: self.stored_at.as_nanosecond(),
        }
    }
}

/// What the workers of the services know, and which services did not answer.
pub struct Journals {
    /// What they know.
    pub entries: Vec<Entry>,
    /// Who did not answer.
    pub silent: Vec<&'static str>,
}

impl Operator {
    /// Works over a connection that is there already, and is called `name` by the server.
    pub fn new(connection: Connection, name: &'static str, config: &NatsConfig) -> Self {
        let bus = JetStream::new(connection.clone(), name, config.limits.clone());
        Self { connection, bus }
    }

    /// Connects.
    ///
    /// # Errors
    /// [`OperatorError::NoServer`] where none is there within seconds, [`OperatorError::Connect`].
    pub async fn connect(config: &NatsConfig) -> Result<Self, OperatorError> {
        let connection = connect(config, "kos").await?;
        let there = async {
            while !connection.is_connected() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            connection.client.flush().await
        };
        match timeout(CONNECT, there).await {
            Ok(Ok(())) => Ok(Self::new(connection, "kos", config)),
            Ok(Err(_)) | Err(_) => Err(OperatorError::NoServer(config.place())),
        }
    }

    /// The client.
    pub fn client(&self) -> &Client {
        &self.connection.client
    }

    /// JetStream.
    pub fn jetstream(&self) -> &Context {
        self.bus.context()
    }

    /// Publishes an event and waits until it is stored. Streams that aren't there yet are created: a producer may come
    /// before the workers.
    ///
    /// # Errors
    /// [`OperatorError::Publish`].
    pub async fn publish(&self, event: &Outgoing) -> Result<(), OperatorError> {
        match self.bus.publish(event).await {
            Err(PublishError::NoStream(_)) => {
                self.bus.prepare().await.map_err(|e| OperatorError::bus("the streams")(&e))?;
                Ok(self.bus.publish(event).await?)
            }
            other => Ok(other?),
        }
    }

    /// Makes the streams and consumers that are missing, and changes those with other settings.
    ///
    /// # Errors
    /// [`OperatorError::Bus`].
    pub async fn prepare(&self) -> Result<(), OperatorError> {
        self.bus.prepare_all().await.map_err(|e| OperatorError::bus("the streams")(&e))
    }

    /// Asks one worker of each service.
    ///
    /// # Errors
    /// [`OperatorError::Ask`].
    pub async fn journals(&self, query: &Query) -> Result<Journals, OperatorError> {
        let mut journals = Journals { entries: Vec::new(), silent: Vec::new() };
        for service in SERVICES {
            match self.journal(service, query).await? {
                Some(entries) => journals.entries.extend(entries),
                None => journals.silent.push(service),
            }
        }
        Ok(journals)
    }

    /// Asks a worker of one service; `None` where no worker answers.
    ///
    /// # Errors
    /// [`OperatorError::Ask`].
    pub async fn journal(&self, service: &'static str, query: &Query) -> Result<Option<Vec<Entry>>, OperatorError> {
        match control::ask(self.client(), service, "journal", query, ANSWER).await {
            Ok(entries) => Ok(Some(entries)),
            Err(AskError::NoWorker { .. } | AskError::TimedOut { .. }) => Ok(None),
            Err(error) => Err(OperatorError::Ask(error)),
        }
    }

    /// Asks one worker of a service a question of that service's own.
    ///
    /// # Errors
    /// [`OperatorError::NoWorker`], [`OperatorError::Ask`].
    pub async fn ask<A: DeserializeOwned>(
        &self,
        service: &'static str,
        name: &str,
        question: &impl Serialize,
        limit: Duration,
    ) -> Result<A, OperatorError> {
        control::ask(self.client(), service, name, question, limit).await.map_err(|error| match error {
            AskError::NoWorker { service } => OperatorError::NoWorker(service),
            error => OperatorError::Ask(error),
        })
    }

    /// Asks every worker how it is.
    ///
    /// # Errors
    /// [`OperatorError::Bus`].
    pub async fn statuses(&self) -> Result<Vec<Status>, OperatorError> {
        let inbox = self.client().new_inbox();
        let failed = || OperatorError::bus("the workers' status");
        let mut answers = self.client().subscribe(inbox.clone()).await.map_err(|e| failed()(&e))?;
        for service in SERVICES {
            let subject = status_subject(service);
            let asked = self.client().publish_with_reply(subject, inbox.clone(), bytes::Bytes::new()).await;
            asked.map_err(|e| failed()(&e))?;
        }
        let mut statuses: Vec<Status> = Vec::new();
        while let Ok(Some(answer)) = timeout(MORE_ANSWERS, answers.next()).await {
            // A service without workers answers with an empty message that says so.
            if let Ok(status) = serde_json::from_slice(&answer.payload) {
                statuses.push(status);
            }
        }
        let order = |s: &Status| SERVICES.iter().position(|known| *known == s.service);
        statuses.sort_by(|a, b| order(a).cmp(&order(b)).then_with(|| a.instance.cmp(&b.instance)));
        Ok(statuses)
    }

    /// The messages of a stream on one subject, from `since` on, up to the last that is there now.
    ///
    /// # Errors
    /// [`OperatorError::Bus`].
    pub async fn stored(
        &self,
        name: StreamName,
        subject: &str,
        since: Option<Timestamp>,
    ) -> Result<impl Stream<Item = Result<Stored, OperatorError>> + use<>, OperatorError> {
        let failed = || OperatorError::bus(format!("could not read {name}"));
        let handle = self.jetstream().get_stream_no_info(name.as_str()).await.map_err(|e| failed()(&e))?;
        let deliver_policy = match since {
            None => DeliverPolicy::All,
            Some(since) => DeliverPolicy::ByStartTime {
                start_time: async_nats::datetime::from_nanos(since.as_nanosecond()).map_err(|e| failed()(&e))?,
            },
        };
        let config = OrderedConfig { filter_subject: subject.to_owned(), deliver_policy, ..Default::default() };
        let consumer = handle.create_consumer(config).await.map_err(|e| failed()(&e))?;
        let left = consumer.cached_info().num_pending;
        let messages = consumer.messages().await.map_err(|e| failed()(&e))?;
        // The count at the beginning ends the reading: what is published meanwhile is not waited for.
        Ok(stream::unfold((messages, left), move |(mut messages, left)| async move {
            if left == 0 {
                return None;
            }
            // What is removed meanwhile never comes.
            let read = match timeout(ANSWER, messages.next()).await.ok()?? {
                Ok(message) => stored(name, &message),
                Err(error) => Err(OperatorError::bus(format!("could not read {name}"))(&error)),
            };
            Some((read, (messages, left - 1)))
        }))
    }
}

/// A message that was asked for by its number.
fn stored_raw(stream: StreamName, message: StreamMessage) -> Result<Stored, OperatorError> {
    let stored_at = Timestamp::from_nanosecond(message.time.unix_timestamp_nanos());
    Ok(Stored {
        sequence: message.sequence,
        stored_at: stored_at.map_err(|e| OperatorError::bus(format!("a message of {stream}"))(&e))?,
        subject: message.subject.to_string(),
        headers: headers_of(&message.headers),
        body: message.payload,
        stream,
    })
}

fn stored(stream: StreamName, message: &async_nats::jetstream::Message) -> Result<Stored, OperatorError> {
    let failed = || OperatorError::bus(format!("a message of {stream}"));
    let info = message.info().map_err(|e| failed()(&e))?;
    Ok(Stored {
        sequence: info.stream_sequence,
        stored_at: Timestamp::from_nanosecond(info.published.unix_timestamp_nanos()).map_err(|e| failed()(&e))?,
        subject: message.subject.to_string(),
        headers: message.headers.as_ref().map(headers_of).unwrap_or_default(),
        body: message.payload.clone(),
        stream,
    })
}
