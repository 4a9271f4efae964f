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
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use tokio::time::{Instant, sleep, timeout};

pub use self::{dead_letters::DeadLetter, stages::StageStatus};
use crate::{
    bus::{Bus, ConnectError, Connection, Disconnected, JetStream, PublishError, StreamName, connect, headers_of},
    config::NatsConfig,
    control::{self, AskError, Status, status_subject},
    event::{Headers, Outgoing, Received},
    journal::{Entry, Query},
};

/// The services, in the order in which an article meets them.
pub const SERVICES: [&str; 3] = ["ingest", "summarize", "publish"];

/// How long a server may take to be there.
const CONNECT: Duration = Duration::from_secs(5);

/// The pause before a server is asked again for what it couldn't do.
const PAUSE: Duration = Duration::from_secs(1);

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
    /// The server doesn't accept who we say we are.
    #[error("{0}: expected a user and a password in KOS_NATS_URL (nats://USER:PASSWORD@HOST), or KOS_NATS_CREDS")]
    Refused(Disconnected),
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
    /// [`OperatorError::NoServer`] where none is there within seconds, [`OperatorError::Refused`],
    /// [`OperatorError::Connect`].
    pub async fn connect(config: &NatsConfig) -> Result<Self, OperatorError> {
        let operator = Self::begin(config).await?;
        operator.connected_within(CONNECT).await?;
        Ok(operator)
    }

    /// Begins to connect, and goes on by itself for as long as it takes.
    ///
    /// # Errors
    /// [`OperatorError::Connect`].
    pub async fn begin(config: &NatsConfig) -> Result<Self, OperatorError> {
        Ok(Self::new(connect(config, "kos").await?, "kos", config))
    }

    /// Waits until the server can be reached.
    ///
    /// # Errors
    /// [`OperatorError::NoServer`] where it can't within `limit`, [`OperatorError::Refused`] at once.
    pub async fn connected_within(&self, limit: Duration) -> Result<(), OperatorError> {
        let there = async {
            loop {
                match self.check_connection() {
                    Err(OperatorError::NoServer(_)) => tokio::time::sleep(Duration::from_millis(20)).await,
                    // Asking again would not help.
                    Err(refused) => return Err(refused),
                    Ok(()) => break,
                }
            }
            self.client().flush().await.map_err(|_| OperatorError::NoServer(self.connection.place().to_owned()))
        };
        match timeout(limit, there).await {
            Ok(ended) => ended,
            Err(_) => Err(OperatorError::NoServer(self.connection.place().to_owned())),
        }
    }

    /// Whether the server can be reached now. A connection that was lost comes back by itself.
    ///
    /// # Errors
    /// [`OperatorError::NoServer`], [`OperatorError::Refused`].
    pub fn check_connection(&self) -> Result<(), OperatorError> {
        self.connection.check().map_err(|error| match error {
            Disconnected::NoServer { place, .. } => OperatorError::NoServer(place),
            refused => OperatorError::Refused(refused),
        })
    }

    /// The server's version where it is too old to work with.
    pub fn too_old_server(&self) -> Option<String> {
        self.connection.too_old()
    }

    /// How many milliseconds this clock is ahead of the server's, by an answer about a stream; `None` where there is no
    /// stream, or no answer.
    pub async fn ahead_of_server_ms(&self) -> Option<i64> {
        #[derive(Deserialize)]
        struct Answer {
            ts: Timestamp,
        }
        let asked = Timestamp::now();
        let stream = format!("STREAM.INFO.{}", StreamName::Ingest);
        let answer: Answer = self.jetstream().request(stream, &()).await.ok()?;
        // The server looked at its clock about half way.
        let middle = asked.as_millisecond().midpoint(Timestamp::now().as_millisecond());
        Some(middle - answer.ts.as_millisecond())
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

    /// The same, begun again within `limit` where it fails: a cluster can't make consumers while it chooses a leader, or gives a
    /// stream more copies.
    ///
    /// # Errors
    /// [`OperatorError::Bus`], as it was at last.
    pub async fn prepare_within(&self, limit: Duration) -> Result<(), OperatorError> {
        let end = Instant::now() + limit;
        loop {
            match self.prepare().await {
                Err(OperatorError::Bus { .. }) if Instant::now() + PAUSE < end => sleep(PAUSE).await,
                ended => return ended,
            }
        }
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
            if let Ok(mut status) = serde_json::from_slice::<Status>(&answer.payload) {
                status.clock_ahead_ms = status.at.map(|at| at.as_millisecond() - Timestamp::now().as_millisecond());
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
