//! The streams and the durable consumers: what there is, and how it comes to be.

use std::{fmt, time::Duration};

use async_nats::jetstream::{
    self, Context,
    consumer::{AckPolicy, DeliverPolicy, ReplayPolicy, pull},
    stream::{self, DiscardPolicy, RetentionPolicy, StorageType},
};
use tracing::{info, warn};

use crate::event::EventType;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// How long a stream recognizes an event that it has already by its `Nats-Msg-Id`.
const DUPLICATE_WINDOW: Duration = Duration::from_secs(10 * 60);

/// The streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum StreamName {
    /// What is to be taken in.
    Ingest,
    /// What was taken in.
    Ingested,
    /// What was summarized.
    Summarized,
    /// What was published.
    Published,
    /// What could not be handled.
    Dead,
}

impl StreamName {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Ingest, Self::Ingested, Self::Summarized, Self::Published, Self::Dead];

    /// The stream's name on the server.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ingest => "KOS_INGEST",
            Self::Ingested => "KOS_INGESTED",
            Self::Summarized => "KOS_SUMMARIZED",
            Self::Published => "KOS_PUBLISHED",
            Self::Dead => "KOS_DEAD",
        }
    }

    /// The service whose events it keeps: the one that makes room in it. Dead letters come from all, and never give way.
    pub const fn writer(self) -> Option<&'static str> {
        match self {
            Self::Ingest | Self::Ingested => Some("ingest"),
            Self::Summarized => Some("summarize"),
            Self::Published => Some("publish"),
            Self::Dead => None,
        }
    }

    /// The subjects that it keeps.
    pub const fn subjects(self) -> &'static [&'static str] {
        match self {
            Self::Ingest => &["kos.ingest.requested", "kos.feed.due"],
            Self::Ingested => &["kos.article.ingested", "kos.article.retracted"],
            Self::Summarized => &["kos.article.summarized"],
            Self::Published => &["kos.article.published", "kos.comment.posted", "kos.webhook.due"],
            Self::Dead => &["kos.dead.>"],
        }
    }

    /// How long it keeps an event.
    pub const fn max_age(self) -> Duration {
        match self {
            Self::Ingest => DAY.saturating_mul(7),
            Self::Ingested | Self::Summarized | Self::Published => DAY.saturating_mul(30),
            Self::Dead => DAY.saturating_mul(90),
        }
    }

    /// The stream that keeps what is published on `subject`.
    pub fn of_subject(subject: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| {
            s.subjects().iter().any(|kept| match kept.strip_suffix('>') {
                Some(prefix) => subject.starts_with(prefix),
                None => subject == *kept,
            })
        })
    }

    /// What of a stream's settings differs from what they should be, as `setting: is → should be`.
    pub fn differences(self, is: &stream::Config, limits: &Limits) -> Vec<String> {
        stream_differences(is, &self.config(limits))
    }

    fn config(self, limits: &Limits) -> stream::Config {
        stream::Config {
            name: self.as_str().into(),
            subjects: self.subjects().iter().map(|s| (*s).into()).collect(),
            retention: RetentionPolicy::Limits,
            storage: StorageType::File,
            // A full stream refuses, so that the outbox waits and nothing is dropped.
            discard: DiscardPolicy::New,
            max_bytes: i64::try_from(limits.stream_bytes).unwrap_or(i64::MAX),
            max_age: self.max_age(),
            duplicate_window: DUPLICATE_WINDOW,
            num_replicas: limits.replicas,
            allow_atomic_publish: true,
            allow_direct: true,
            ..Default::default()
        }
    }
}

impl fmt::Display for StreamName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What configuration decides about streams and consumers.
#[derive(Debug, Clone)]
pub struct Limits {
    /// How many servers keep a copy.
    pub replicas: usize,
    /// The most that one stream may hold, in bytes.
    pub stream_bytes: u64,
    /// How long the server waits for an answer before it delivers a message again.
    pub ack_wait: Duration,
}

/// A durable pull consumer: what one worker loop reads. It is named after its service, or after what it is about where
/// its service reads the stream twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ConsumerSpec {
    /// The service that it belongs to.
    pub service: &'static str,
    /// Its name on the server, used once a stream.
    pub name: &'static str,
    /// The kind of event that it delivers.
    pub event_type: EventType,
    /// The stream that it reads.
    pub stream: StreamName,
}

impl ConsumerSpec {
    /// All consumers of this version.
    pub const ALL: [Self; 7] = [
        Self::new("ingest", EventType::IngestRequested, StreamName::Ingest),
        Self { name: "feeds", ..Self::new("ingest", EventType::FeedDue, StreamName::Ingest) },
        Self::new("ingest", EventType::ArticleRetracted, StreamName::Ingested),
        Self::new("summarize", EventType::ArticleIngested, StreamName::Ingested),
        Self::new("publish", EventType::ArticleSummarized, StreamName::Summarized),
        Self::new("publish", EventType::ArticleRetracted, StreamName::Ingested),
        Self::new("publish", EventType::WebhookDue, StreamName::Published),
    ];

    const fn new(service: &'static str, event_type: EventType, stream: StreamName) -> Self {
        Self { service, name: service, event_type, stream }
    }

    /// The consumer of `service` for one kind of event.
    pub fn of(service: &str, event_type: EventType) -> Option<Self> {
        Self::ALL.into_iter().find(|c| c.service == service && c.event_type == event_type)
    }

    /// What of a consumer's settings differs from what they should be, as `setting: is → should be`.
    pub fn differences(&self, is: &jetstream::consumer::Config, limits: &Limits) -> Vec<String> {
        consumer_differences(is, &self.config(limits))
    }

    pub(super) fn config(&self, limits: &Limits) -> pull::Config {
        pull::Config {
            durable_name: Some(self.name.into()),
            filter_subject: self.event_type.as_str().into(),
            deliver_policy: DeliverPolicy::All,
            replay_policy: ReplayPolicy::Instant,
            ack_policy: AckPolicy::Explicit,
            ack_wait: limits.ack_wait,
            // Attempts are counted in the database, where a killed worker costs none.
            max_deliver: -1,
            // Slots bound what is worked on. Here it would count what waits for its next try as well, and a site that
            // is down would keep all others waiting.
            max_ack_pending: -1,
            ..Default::default()
        }
    }
}

impl fmt::Display for ConsumerSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.stream, self.name)
    }
}

/// A stream or consumer could not be created or read.
#[derive(Debug, thiserror::Error)]
#[error("{name}: {cause}")]
pub struct TopologyError {
    /// The stream or consumer.
    pub name: String,
    /// What the server said, and what helps where that is known.
    pub cause: String,
}

/// Creates what isn't there. What is there with other settings is changed if it is a stream or a consumer
/// of `service`; consumers of other services are theirs to change, unless no service is named.
pub(super) async fn prepare(context: &Context, service: Option<&str>, limits: &Limits) -> Result<(), TopologyError> {
    for name in StreamName::ALL {
        prepare_stream(context, name, limits).await.map_err(|e| failed(name, &*e))?;
    }
    for spec in ConsumerSpec::ALL {
        let stream = context.get_stream_no_info(spec.stream.as_str()).await.map_err(|e| failed(spec, &e))?;
        let wanted = spec.config(limits);
        let existing = stream.get_consumer::<pull::Config>(spec.name).await;
        match existing {
            Ok(consumer) if service.is_none_or(|service| spec.service == service) => {
                let differences = consumer_differences(&consumer.cached_info().config, &wanted);
                if !differences.is_empty() {
                    warn!(consumer = %spec, ?differences, "the consumer has other settings and is changed");
                    stream.update_consumer(wanted).await.map_err(|e| failed(spec, &e))?;
                }
            }
            Ok(_) => {}
            Err(_) => {
                stream.create_consumer(wanted).await.map_err(|e| failed(spec, &e))?;
                info!(consumer = %spec, "consumer created");
            }
        }
    }
    Ok(())
}

fn failed(name: impl ToString, error: &(dyn std::error::Error + 'static)) -> TopologyError {
    let mut cause = error.to_string();
    if let Some(source) = error.source() {
        cause = format!("{cause}: {source}");
    }
    if cause.contains("insufficient storage") {
        cause.push_str("; give the server more (max_file_store) or the streams less (KOS_STREAM_BYTES)");
    }
    // What a user may not ask for is never answered.
    if cause.contains("timed out") {
        cause.push_str("; where the server allows its users little, `kos prepare` makes what is missing");
    }
    TopologyError { name: name.to_string(), cause }
}

async fn prepare_stream(
    context: &Context,
    name: StreamName,
    limits: &Limits,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let wanted = name.config(limits);
    let mut stream = match context.get_stream(name.as_str()).await {
        Ok(stream) => stream,
        Err(error) => match error.kind() {
            jetstream::context::GetStreamErrorKind::JetStream(e) if e.code() == 404 => {
                // Another worker may create it at the same moment: the same settings are no error then.
                context.create_stream(wanted).await?;
                info!(stream = %name, "stream created");
                return Ok(());
            }
            _ => return Err(error.into()),
        },
    };
    let is = stream.info().await?.config.clone();
    let differences = stream_differences(&is, &wanted);
    if differences.is_empty() {
        return Ok(());
    }
    warn!(stream = %name, ?differences, "the stream has other settings and is changed");
    if let Err(error) = context.update_stream(&wanted).await {
        // What can't be changed in place is the operator's decision, not a reason to stand still.
        warn!(stream = %name, %error, "the stream could not be changed whole, and keeps its storage and retention");
        let rest = stream::Config { storage: is.storage, retention: is.retention, ..wanted };
        if let Err(error) = context.update_stream(rest).await {
            warn!(stream = %name, %error, "the stream could not be changed and is used as it is");
        }
    }
    Ok(())
}

/// `setting: is → wanted` for each that differs.
fn stream_differences(is: &stream::Config, wanted: &stream::Config) -> Vec<String> {
    let mut differences = Vec::new();
    let mut compare = |name: &str, is: &dyn fmt::Debug, wanted: &dyn fmt::Debug| {
        let (is, wanted) = (format!("{is:?}"), format!("{wanted:?}"));
        if is != wanted {
            differences.push(format!("{name}: {is} → {wanted}"));
        }
    };
    compare("subjects", &is.subjects, &wanted.subjects);
    compare("retention", &is.retention, &wanted.retention);
    compare("storage", &is.storage, &wanted.storage);
    compare("discard", &is.discard, &wanted.discard);
    compare("max_bytes", &is.max_bytes, &wanted.max_bytes);
    compare("max_age", &is.max_age, &wanted.max_age);
    compare("duplicate_window", &is.duplicate_window, &wanted.duplicate_window);
    compare("num_replicas", &is.num_replicas, &wanted.num_replicas);
    compare("allow_atomic", &is.allow_atomic_publish, &wanted.allow_atomic_publish);
    differences
}

fn consumer_differences(is: &jetstream::consumer::Config, wanted: &pull::Config) -> Vec<String> {
    let mut differences = Vec::new();
    let mut compare = |name: &str, is: String, wanted: String| {
        if is != wanted {
            differences.push(format!("{name}: {is} → {wanted}"));
        }
    };
    compare("ack_wait", format!("{:?}", is.ack_wait), format!("{:?}", wanted.ack_wait));
    compare("max_deliver", is.max_deliver.to_string(), wanted.max_deliver.to_string());
    compare("max_ack_pending", is.max_ack_pending.to_string(), wanted.max_ack_pending.to_string());
    compare("filter_subject", is.filter_subject.clone(), wanted.filter_subject.clone());
    differences
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_has_a_stream() {
        for event_type in EventType::ALL {
            assert!(StreamName::of_subject(event_type.as_str()).is_some(), "{event_type}");
        }
        assert_eq!(StreamName::of_subject("kos.dead.ingest"), Some(StreamName::Dead));
        assert_eq!(StreamName::of_subject("kos.ingest"), None);
    }

    #[test]
    fn a_consumer_reads_the_stream_of_its_event() {
        for spec in ConsumerSpec::ALL {
            assert_eq!(StreamName::of_subject(spec.event_type.as_str()), Some(spec.stream), "{spec}");
        }
    }

    #[test]
    fn a_name_is_used_once_a_stream() {
        let mut names: Vec<_> = ConsumerSpec::ALL.iter().map(|c| (c.stream, c.name)).collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), ConsumerSpec::ALL.len());
    }
}
