//! The worker loop and its relay, run inside of the test, on a bus that fails on demand.

use std::{sync::Arc, time::Duration};

use async_nats::{
    HeaderMap,
    jetstream::{self, consumer::pull, stream},
};
use bytes::Bytes;
use kos_shared::{
    bus::{
        self, Bus, Connection, ConsumerSpec, JetStream,
        fault::{Faults, Faulty},
        topology::Limits,
    },
    config::WorkerConfig,
    event::{EventType, Headers, header},
    health::{Health, Readiness},
    metrics::{Metrics, SentLabels, ServiceLabels},
    stage::{Context, relay, worker},
    store::Store,
};
use tokio::{sync::Notify, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use crate::{
    NatsServer, configuration,
    stage::{Copying, Script},
};

/// How long a worker may take for what a test awaits, on a machine that does much else.
const LIMIT: Duration = Duration::from_secs(30);

/// The service that the tests' stage belongs to.
pub const SERVICE: &str = "ingest";

/// What a test may want differently.
#[derive(Debug, Clone)]
pub struct LoopConfig {
    /// How the loop works.
    pub worker: WorkerConfig,
    /// The most that one stream may hold, in bytes.
    pub stream_bytes: u64,
    /// What the stage writes down as the one who did it.
    pub name: &'static str,
}

impl Default for LoopConfig {
    fn default() -> Self {
        let worker = WorkerConfig {
            concurrency: 32,
            max_attempts: 3,
            retry_delay: Duration::from_millis(20),
            ack_wait: Duration::from_secs(1),
            grace: Duration::from_secs(10),
        };
        Self { worker, stream_bytes: 256 << 20, name: "first" }
    }
}

impl LoopConfig {
    /// What streams and consumers are made with.
    pub fn limits(&self) -> Limits {
        Limits { replicas: 1, stream_bytes: self.stream_bytes, ack_wait: self.worker.ack_wait }
    }
}

/// The consumer of the tests' stage.
///
/// # Panics
/// When there is none any more.
pub fn consumer_spec() -> ConsumerSpec {
    ConsumerSpec::of(SERVICE, EventType::IngestRequested).unwrap_or_else(|| panic!("ingest has no consumer"))
}

/// A connection as a service has one.
///
/// # Panics
/// When the server's address can't be read.
pub async fn connection(server: &NatsServer) -> Connection {
    let nats = configuration(&[("KOS_NATS_URL", &server.url())]).nats;
    bus::connect(&nats, "kos-tests").await.unwrap_or_else(|e| panic!("{e}"))
}

/// A worker loop with its relay.
#[derive(Debug)]
pub struct Loop {
    /// What they share.
    pub context: Context<Faulty<JetStream>>,
    /// What goes wrong on the bus.
    pub faults: Arc<Faults>,
    finish: CancellationToken,
    worker: JoinHandle<()>,
    relay: JoinHandle<()>,
}

impl Loop {
    /// Starts both on streams and consumers that it creates where they are missing.
    ///
    /// # Panics
    /// When the server can't be had.
    pub async fn start(server: &NatsServer, store: &Store, script: &Script, config: LoopConfig) -> Self {
        let faults = Arc::default();
        Self::start_with_faults(server, store, script, config, faults).await
    }

    /// The same with faults from the first moment on.
    ///
    /// # Panics
    /// When the server can't be had.
    pub async fn start_with_faults(
        server: &NatsServer,
        store: &Store,
        script: &Script,
        config: LoopConfig,
        faults: Arc<Faults>,
    ) -> Self {
        let bus = JetStream::new(connection(server).await, SERVICE, config.limits());
        // The client connects in the background.
        crate::eventually(Duration::from_secs(30), "streams and consumers", async || bus.prepare().await).await;
        let health = Health::new(SERVICE);
        health.good("started");
        let context = Context {
            service: SERVICE,
            bus: Faulty::new(bus, Arc::clone(&faults)),
            store: store.clone(),
            config: config.worker,
            health,
            metrics: Metrics::default(),
            outbox: Arc::new(Notify::new()),
            stop: CancellationToken::new(),
            abort: CancellationToken::new(),
        };
        let finish = CancellationToken::new();
        let stage = Copying { script: script.clone(), worker: config.name };
        let worker = tokio::spawn(worker::run(stage, consumer_spec(), context.clone()));
        let relay = tokio::spawn(relay::run(context.clone(), finish.clone()));
        Self { context, faults, finish, worker, relay }
    }

    /// Whether it is fit for work.
    pub fn readiness(&self) -> Readiness {
        self.context.health.readiness()
    }

    /// What is wrong with the condition whose name ends like this; nothing where it holds or was never met.
    pub fn trouble(&self, condition: &str) -> Option<String> {
        let conditions = self.readiness().conditions;
        conditions.into_iter().find(|(name, state)| name.contains(condition) && state != "ok").map(|(_, state)| state)
    }

    /// How many events the relay sent, as batches and one by one.
    pub fn sent(&self) -> (u64, u64) {
        let sent = |mode| self.context.metrics.sent.get_or_create(&SentLabels { service: SERVICE, mode }).get();
        (sent("batch"), sent("single"))
    }

    /// How many pulls the watchdog replaced.
    pub fn rebuilds(&self) -> u64 {
        self.context.metrics.rebuilds.get_or_create(&ServiceLabels { service: SERVICE }).get()
    }

    /// Tells the loop to stop, without waiting for it.
    pub fn tell_to_stop(&self) {
        self.context.stop.cancel();
    }

    /// Stops in the order in which a service does: the loop first, then the relay.
    ///
    /// # Panics
    /// When one of them panicked.
    pub async fn stop(self) {
        self.context.stop.cancel();
        self.worker.await.unwrap_or_else(|e| panic!("the worker loop: {e}"));
        self.finish.cancel();
        self.relay.await.unwrap_or_else(|e| panic!("the relay: {e}"));
    }
}

/// An event in a stream.
#[derive(Debug, Clone)]
pub struct Stored {
    /// What it was published on.
    pub subject: String,
    /// Its headers.
    pub headers: Headers,
    /// Its body.
    pub body: Bytes,
}

impl Stored {
    /// A header, in any letter case.
    ///
    /// # Panics
    /// When it isn't there.
    pub fn header(&self, name: &str) -> &str {
        header(&self.headers, name).unwrap_or_else(|| panic!("no header {name} in {:?}", self.headers))
    }
}

/// What a producer and an operator see of the bus, through a client that isn't ours.
#[derive(Debug, Clone)]
pub struct Outside {
    /// The client's JetStream.
    pub jetstream: jetstream::Context,
}

impl Outside {
    /// Connects.
    ///
    /// # Panics
    /// When the server doesn't run.
    pub async fn connect(server: &NatsServer) -> Self {
        Self { jetstream: jetstream::new(server.connect().await) }
    }

    /// Publishes a bare request for an address.
    ///
    /// # Panics
    /// When the server doesn't take it.
    pub async fn request(&self, url: &str) {
        self.publish(&[], &format!("{{\"url\":\"{url}\"}}")).await;
    }

    /// Publishes on `kos.ingest.requested`.
    ///
    /// # Panics
    /// When the server doesn't take it.
    pub async fn publish(&self, headers: &[(&str, &str)], body: &str) {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, *value);
        }
        let stored = async {
            let ack = self.jetstream.publish_with_headers("kos.ingest.requested", map, body.to_owned().into()).await?;
            ack.await
        };
        stored.await.unwrap_or_else(|e| panic!("can't publish: {e}"));
    }

    /// All that a stream holds, the oldest first.
    ///
    /// # Panics
    /// When it can't be read.
    pub async fn stored(&self, stream: &str) -> Vec<Stored> {
        let mut stream = self.stream(stream).await;
        let state = stream.info().await.unwrap_or_else(|e| panic!("{e}")).state.clone();
        let mut all = Vec::new();
        for sequence in state.first_sequence..=state.last_sequence {
            let Ok(message) = stream.get_raw_message(sequence).await else { continue };
            let headers = bus::headers_of(&message.headers);
            all.push(Stored { subject: message.subject.to_string(), headers, body: message.payload });
        }
        all
    }

    /// All that a stream holds, once it holds so many events.
    ///
    /// # Panics
    /// When that takes too long.
    pub async fn stored_at_least(&self, stream: &str, events: u64) -> Vec<Stored> {
        let what = format!("{events} events in {stream}");
        crate::eventually(LIMIT, &what, async || match self.count(stream).await {
            found if found >= events => Ok(()),
            found => Err(format!("{found} events")),
        })
        .await;
        self.stored(stream).await
    }

    /// Waits until every event was delivered and settled.
    ///
    /// # Panics
    /// When that takes too long.
    pub async fn settled(&self) {
        crate::eventually(LIMIT, "every event to be settled", async || match self.unsettled().await {
            (0, 0) => Ok(()),
            (pending, in_flight) => Err(format!("{pending} pending, {in_flight} in flight")),
        })
        .await;
    }

    /// How many events a stream holds.
    ///
    /// # Panics
    /// When it can't be read.
    pub async fn count(&self, stream: &str) -> u64 {
        self.state(stream).await.messages
    }

    /// How a stream is.
    ///
    /// # Panics
    /// When it can't be read.
    pub async fn state(&self, stream: &str) -> stream::State {
        self.stream(stream).await.info().await.unwrap_or_else(|e| panic!("{e}")).state.clone()
    }

    /// A stream.
    ///
    /// # Panics
    /// When it isn't there.
    pub async fn stream(&self, name: &str) -> stream::Stream {
        self.jetstream.get_stream(name).await.unwrap_or_else(|e| panic!("no stream {name}: {e}"))
    }

    /// How the tests' consumer is: events that wait, and events that were delivered and not settled.
    ///
    /// # Panics
    /// When it isn't there.
    pub async fn unsettled(&self) -> (u64, usize) {
        let stream = self.stream("KOS_INGEST").await;
        let consumer = stream.get_consumer::<pull::Config>(SERVICE).await.unwrap_or_else(|e| panic!("{e}"));
        let info = consumer.cached_info();
        (info.num_pending, info.num_ack_pending)
    }
}
