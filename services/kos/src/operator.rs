//! The operator's end of the bus: streams are read, workers are asked.

use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use async_nats::{
    Client,
    client::RequestErrorKind,
    jetstream::{
        Context,
        consumer::{DeliverPolicy, pull::OrderedConfig},
    },
};
use futures_util::{Stream, StreamExt, stream};
use jiff::Timestamp;
use kos_shared::{
    bus::{Bus, Connection, JetStream, PublishError, StreamName, connect, headers_of},
    config::Config,
    control::{self, AskError, Status, journal_subject, status_subject},
    event::{Headers, Outgoing, Received},
    journal::{Entry, Query},
};
use serde::{Serialize, de::DeserializeOwned};
use tokio::time::timeout;

use crate::arguments::Service;

/// How long a server may take to be there.
const CONNECT: Duration = Duration::from_secs(5);

/// How long workers may take to answer.
const ANSWER: Duration = Duration::from_secs(5);

/// How long more answers are waited for after one came.
const MORE_ANSWERS: Duration = Duration::from_millis(300);

/// A connection to the bus, as an operator uses it.
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
    /// Connects; a server that isn't there is an error that says what to do.
    pub async fn connect(config: &Config) -> anyhow::Result<Self> {
        let connection = connect(&config.nats, "kos").await?;
        let there = async {
            while !connection.is_connected() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            connection.client.flush().await
        };
        match timeout(CONNECT, there).await {
            Ok(flushed) => flushed?,
            Err(_) => {
                bail!("no NATS server at {}: start one with `kos up`, or name yours in KOS_NATS_URL", config.nats.url)
            }
        }
        let bus = JetStream::new(connection.clone(), "kos", config.nats.limits.clone());
        Ok(Self { connection, bus })
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
    pub async fn publish(&self, event: &Outgoing) -> anyhow::Result<()> {
        match self.bus.publish(event).await {
            Err(PublishError::NoStream(_)) => {
                self.bus.prepare().await?;
                Ok(self.bus.publish(event).await?)
            }
            other => Ok(other?),
        }
    }

    /// Asks one worker of each service.
    pub async fn journals(&self, query: &Query) -> anyhow::Result<Journals> {
        let mut journals = Journals { entries: Vec::new(), silent: Vec::new() };
        for service in Service::ALL {
            match self.journal(service, query).await? {
                Some(entries) => journals.entries.extend(entries),
                None => journals.silent.push(service.as_str()),
            }
        }
        Ok(journals)
    }

    /// Asks a worker of one service; `None` where no worker answers.
    pub async fn journal(&self, service: Service, query: &Query) -> anyhow::Result<Option<Vec<Entry>>> {
        let question = serde_json::to_vec(query)?.into();
        let answer = match timeout(ANSWER, self.client().request(journal_subject(service.as_str()), question)).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) if matches!(error.kind(), RequestErrorKind::NoResponders | RequestErrorKind::TimedOut) => {
                return Ok(None);
            }
            Ok(Err(error)) => return Err(error.into()),
            Err(_) => return Ok(None),
        };
        if let Some(error) = answer.headers.as_ref().and_then(|h| h.get("Nats-Service-Error")) {
            bail!("{} could not look it up: {error}", service.as_str());
        }
        let entries =
            serde_json::from_slice(&answer.payload).with_context(|| format!("{}'s answer", service.as_str()))?;
        Ok(Some(entries))
    }

    /// Asks one worker of a service a question of that service's own.
    pub async fn ask<A: DeserializeOwned>(
        &self,
        service: Service,
        name: &str,
        question: &impl Serialize,
        limit: Duration,
    ) -> anyhow::Result<A> {
        control::ask(self.client(), service.as_str(), name, question, limit).await.map_err(|error| match error {
            AskError::NoWorker { service } => anyhow!("no {service} worker answers: start one, or `kos up`"),
            error => error.into(),
        })
    }

    /// Asks every worker how it is.
    pub async fn statuses(&self) -> anyhow::Result<Vec<Status>> {
        let inbox = self.client().new_inbox();
        let mut answers = self.client().subscribe(inbox.clone()).await?;
        for service in Service::ALL {
            let subject = status_subject(service.as_str());
            self.client().publish_with_reply(subject, inbox.clone(), bytes::Bytes::new()).await?;
        }
        let mut statuses: Vec<Status> = Vec::new();
        while let Ok(Some(answer)) = timeout(MORE_ANSWERS, answers.next()).await {
            // A service without workers answers with an empty message that says so.
            if let Ok(status) = serde_json::from_slice(&answer.payload) {
                statuses.push(status);
            }
        }
        let order = |s: &Status| Service::ALL.iter().position(|known| known.as_str() == s.service);
        statuses.sort_by(|a, b| order(a).cmp(&order(b)).then_with(|| a.instance.cmp(&b.instance)));
        Ok(statuses)
    }

    /// The messages of a stream on one subject, from `since` on, up to the last that is there now.
    pub async fn stored(
        &self,
        name: StreamName,
        subject: &str,
        since: Option<Timestamp>,
    ) -> anyhow::Result<impl Stream<Item = anyhow::Result<Stored>> + use<>> {
        let handle = self.jetstream().get_stream_no_info(name.as_str()).await.with_context(|| name.to_string())?;
        let deliver_policy = match since {
            None => DeliverPolicy::All,
            Some(since) => DeliverPolicy::ByStartTime {
                start_time: async_nats::datetime::from_nanos(since.as_nanosecond())
                    .map_err(anyhow::Error::from_boxed)?,
            },
        };
        let config = OrderedConfig { filter_subject: subject.to_owned(), deliver_policy, ..Default::default() };
        let consumer = handle.create_consumer(config).await.with_context(|| format!("could not read {name}"))?;
        let left = consumer.cached_info().num_pending;
        let messages = consumer.messages().await.with_context(|| format!("could not read {name}"))?;
        // The count at the beginning ends the reading: what is published meanwhile is not waited for.
        Ok(stream::unfold((messages, left), move |(mut messages, left)| async move {
            if left == 0 {
                return None;
            }
            // What is removed meanwhile never comes.
            let read = match timeout(ANSWER, messages.next()).await.ok()?? {
                Ok(message) => stored(name, &message),
                Err(error) => Err(error.into()),
            };
            Some((read, (messages, left - 1)))
        }))
    }
}

fn stored(stream: StreamName, message: &async_nats::jetstream::Message) -> anyhow::Result<Stored> {
    let info = message.info().map_err(|e| anyhow::anyhow!("a message is none of JetStream: {e}"))?;
    Ok(Stored {
        sequence: info.stream_sequence,
        stored_at: Timestamp::from_nanosecond(info.published.unix_timestamp_nanos())?,
        subject: message.subject.to_string(),
        headers: message.headers.as_ref().map(headers_of).unwrap_or_default(),
        body: message.payload.clone(),
        stream,
    })
}
