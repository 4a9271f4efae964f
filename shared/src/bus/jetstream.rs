//! The bus on NATS JetStream.

use std::time::Duration;

use async_nats::{
    HeaderMap,
    client::RequestErrorKind,
    header::{NATS_BATCH_COMMIT, NATS_BATCH_COMMIT_FINAL, NATS_BATCH_ID, NATS_BATCH_SEQUENCE},
    jetstream::{self, AckKind, Context, ErrorCode, consumer::PullConsumer, response::Response},
};
use tokio::sync::watch;
use uuid::Uuid;

use super::{
    Bus, BusError, Connection, ConsumerSpec, Delivery, PublishError, Settlement, TopologyError,
    pull::Pull,
    topology::{self, Limits},
    unreadable::{self, Unreadable},
};
use crate::event::{Headers, InvalidEvent, Outgoing, Received};

/// More than the headers of a batch take, in bytes.
const BATCH_HEADERS: usize = 200;

/// How long an answer to a publish may take. In a cluster whose leader died none comes, and the next try finds the new one.
const PUBLISH_TIMEOUT: Duration = Duration::from_secs(4);

/// How long the server may take to answer a question about streams and consumers that work waits for. One that has no leader
/// is silent, and has one again a few seconds later.
const QUESTION_TIMEOUT: Duration = Duration::from_secs(2);

/// The one implementation of [`Bus`] that talks to a server.
#[derive(Debug, Clone)]
pub struct JetStream {
    context: Context,
    /// The same for what work waits for.
    impatient: Context,
    connection: Connection,
    service: &'static str,
    limits: Limits,
}

impl JetStream {
    /// The bus as `service` uses it.
    pub fn new(connection: Connection, service: &'static str, limits: Limits) -> Self {
        let context = jetstream::new(connection.client.clone());
        let mut impatient = context.clone();
        impatient.set_timeout(QUESTION_TIMEOUT);
        Self { context, impatient, connection, service, limits }
    }

    /// The JetStream context, for what the traits don't cover: status, replay, dead letters.
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// Creates all streams and consumers that aren't there, and changes those with other settings, whosever they are.
    ///
    /// # Errors
    /// [`TopologyError`] for the first that can't be had.
    pub async fn prepare_all(&self) -> Result<(), TopologyError> {
        topology::prepare(&self.context, None, &self.limits).await
    }

    async fn consumer(&self, spec: &ConsumerSpec) -> Result<PullConsumer, BusError> {
        let failed = |e: &dyn std::fmt::Display| BusError::new("could not find the consumer", e.to_string());
        let stream = self.impatient.get_stream_no_info(spec.stream.as_str()).await.map_err(|e| failed(&e))?;
        stream.get_consumer(spec.name).await.map_err(|e| failed(&e))
    }

    /// Publishes with a reply and reads the server's answer.
    async fn store(&self, event: &Outgoing, extra: &[(async_nats::HeaderName, String)]) -> Result<(), PublishError> {
        self.check_size(event, 0)?;
        let request = async_nats::Request::new()
            .headers(header_map(&event.headers, extra))
            .payload(event.body.clone())
            .timeout(Some(PUBLISH_TIMEOUT));
        let answer =
            self.connection.client.send_request(event.subject.clone(), request).await.map_err(|e| match e.kind() {
                RequestErrorKind::NoResponders => PublishError::NoStream(event.subject.clone()),
                _ => PublishError::Unavailable(e.to_string()),
            })?;
        match serde_json::from_slice::<Response<jetstream::publish::PublishAck>>(&answer.payload) {
            Ok(Response::Ok(_)) => Ok(()),
            Ok(Response::Err { error }) => Err(refusal(&error)),
            Err(error) => Err(PublishError::Unavailable(format!("expected an acknowledgement: {error}"))),
        }
    }

    fn check_size(&self, event: &Outgoing, extra: usize) -> Result<(), PublishError> {
        let limit = self.connection.client.server_info().max_payload;
        let bytes = event.size() + extra;
        if limit > 0 && bytes > limit { Err(PublishError::TooLarge { bytes, limit }) } else { Ok(()) }
    }
}

/// What a refusal means for the relay.
fn refusal(error: &jetstream::Error) -> PublishError {
    const MAXIMUM_BYTES_EXCEEDED: u64 = 10_077;
    const INSUFFICIENT_RESOURCES: u64 = 10_023;
    const STORAGE_RESOURCES_EXCEEDED: u64 = 10_047;
    const MESSAGE_EXCEEDS_MAXIMUM: u64 = 10_054;
    // 10174 to 10177 and 10198 to 10212 are the server's refusals of a batch: disabled, incomplete, too large, a
    // duplicate in it (10201), …
    const BATCH: [std::ops::RangeInclusive<u64>; 2] = [10_174..=10_179, 10_198..=10_212];
    let ErrorCode(code) = error.error_code();
    let text = error.to_string();
    match code {
        MAXIMUM_BYTES_EXCEEDED | INSUFFICIENT_RESOURCES | STORAGE_RESOURCES_EXCEEDED => PublishError::StreamFull(text),
        // Somebody gave the stream a limit of its own; as part of a batch, the others need not wait.
        MESSAGE_EXCEEDS_MAXIMUM => PublishError::Refused(text),
        _ if BATCH.iter().any(|codes| codes.contains(&code)) => PublishError::NotAtomic(text),
        _ if error.code() == 503 => PublishError::Unavailable(text),
        _ => PublishError::Refused(text),
    }
}

impl Bus for JetStream {
    type Delivery = JetStreamDelivery;
    type Pull = Pull;

    async fn pull(&self, spec: &ConsumerSpec, max: usize) -> Result<Pull, BusError> {
        let largest = self.connection.client.server_info().max_payload;
        Pull::open(&self.context, spec, max, largest).await
    }

    async fn pending(&self, spec: &ConsumerSpec) -> Result<u64, BusError> {
        let consumer = self.consumer(spec).await?;
        Ok(consumer.cached_info().num_pending)
    }

    async fn unreadable(&self, spec: &ConsumerSpec, last: u64) -> Result<Vec<JetStreamDelivery>, BusError> {
        let found = unreadable::find(&self.impatient, spec, last).await?;
        Ok(found.into_iter().map(JetStreamDelivery::Unreadable).collect())
    }

    async fn publish(&self, event: &Outgoing) -> Result<(), PublishError> {
        match self.store(event, &[]).await {
            Err(PublishError::NotAtomic(text)) => Err(PublishError::Refused(text)),
            other => other,
        }
    }

    async fn publish_atomically(&self, events: &[Outgoing]) -> Result<(), PublishError> {
        let Some((last, others)) = events.split_last() else { return Ok(()) };
        let batch = Uuid::new_v4().to_string();
        for event in events {
            self.check_size(event, BATCH_HEADERS)?;
        }
        for (position, event) in others.iter().enumerate() {
            let extra = [(NATS_BATCH_ID, batch.clone()), (NATS_BATCH_SEQUENCE, (position + 1).to_string())];
            self.connection
                .client
                .publish_with_headers(event.subject.clone(), header_map(&event.headers, &extra), event.body.clone())
                .await
                .map_err(|e| PublishError::Unavailable(e.to_string()))?;
        }
        let extra = [
            (NATS_BATCH_ID, batch),
            (NATS_BATCH_SEQUENCE, events.len().to_string()),
            (NATS_BATCH_COMMIT, NATS_BATCH_COMMIT_FINAL.to_owned()),
        ];
        self.store(last, &extra).await
    }

    async fn prepare(&self) -> Result<(), TopologyError> {
        topology::prepare(&self.impatient, Some(self.service), &self.limits).await
    }

    fn generation(&self) -> watch::Receiver<u64> {
        self.connection.generation.clone()
    }
}

/// A message of a JetStream consumer.
#[derive(Debug)]
pub enum JetStreamDelivery {
    /// The server delivered it.
    Pulled(Pulled),
    /// The server can't deliver it: it was read from its stream.
    Unreadable(Unreadable),
}

impl Delivery for JetStreamDelivery {
    fn received(&self) -> Received<'_> {
        match self {
            Self::Pulled(pulled) => pulled.received(),
            Self::Unreadable(unreadable) => unreadable.received(),
        }
    }

    fn deliveries(&self) -> u64 {
        match self {
            Self::Pulled(pulled) => pulled.deliveries,
            Self::Unreadable(unreadable) => unreadable.deliveries(),
        }
    }

    fn problem(&self) -> Option<&InvalidEvent> {
        match self {
            Self::Pulled(_) => None,
            Self::Unreadable(unreadable) => unreadable.problem(),
        }
    }

    async fn settle(&self, settlement: Settlement) -> Result<(), BusError> {
        match self {
            Self::Pulled(pulled) => pulled.settle(settlement).await,
            Self::Unreadable(unreadable) => unreadable.settle(settlement).await,
        }
    }
}

/// A message that a pull brought.
#[derive(Debug)]
pub struct Pulled {
    message: jetstream::Message,
    headers: Headers,
    stream: String,
    sequence: u64,
    stored_nanos: i128,
    deliveries: u64,
}

impl Pulled {
    pub(super) fn new(message: jetstream::Message) -> Result<Self, BusError> {
        let info = message.info().map_err(|e| BusError::new("a message is none of JetStream", e))?;
        Ok(Self {
            headers: message.headers.as_ref().map(headers_of).unwrap_or_default(),
            stream: info.stream.to_owned(),
            sequence: info.stream_sequence,
            stored_nanos: info.published.unix_timestamp_nanos(),
            deliveries: u64::try_from(info.delivered).unwrap_or(1),
            message,
        })
    }

    fn received(&self) -> Received<'_> {
        Received {
            subject: &self.message.subject,
            headers: &self.headers,
            body: &self.message.payload,
            stream: &self.stream,
            sequence: self.sequence,
            stored_nanos: self.stored_nanos,
        }
    }

    async fn settle(&self, settlement: Settlement) -> Result<(), BusError> {
        let kind = match settlement {
            Settlement::Ack => AckKind::Ack,
            Settlement::InProgress => AckKind::Progress,
            Settlement::Retry(delay) => AckKind::Nak((!delay.is_zero()).then_some(delay)),
            Settlement::Terminate => AckKind::Term,
        };
        self.message.ack_with(kind).await.map_err(|e| BusError::new("could not settle a message", e))
    }
}

/// The headers of a NATS message, in their order where they stand once.
pub fn headers_of(map: &HeaderMap) -> Headers {
    map.iter()
        .flat_map(|(name, values)| values.iter().map(move |value| (name.to_string(), value.to_string())))
        .collect()
}

fn header_map(headers: &Headers, extra: &[(async_nats::HeaderName, String)]) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(name.as_str(), value.as_str());
    }
    for (name, value) in extra {
        map.insert(name.clone(), value.as_str());
    }
    map
}
