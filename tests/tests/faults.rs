//! What goes wrong between the worker and a server that lives: lost acks, lost confirmations, duplicates in a batch,
//! pulls that bring nothing, consumers and streams that are gone or made otherwise.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    io::Write,
    sync::{Arc, Mutex, PoisonError, atomic::Ordering},
    time::Duration,
};

use async_nats::jetstream::{
    consumer::{AckPolicy, pull},
    stream,
};
use jiff::Timestamp;
use kos_shared::{
    bus::{Bus, JetStream, fault::Faults},
    event::{Attributes, Event, EventId, Outgoing},
    store::{Store, outbox},
};
use kos_tests::{
    Database, NatsServer, eventually,
    stage::{Script, Step, article_of, count, effects, request},
    worker_loop::{Loop, LoopConfig, Outside, SERVICE, connection},
};
use tracing_subscriber::fmt::MakeWriter;

const LIMIT: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_ack_changes_nothing_twice() {
    let server = NatsServer::start().await;
    let (database, script) = (Database::sqlite(), Script::default());
    let store = database.open().await;
    let faults = Arc::new(Faults::default());
    faults.acks_lost.store(5, Ordering::Release);
    let mut config = LoopConfig::default();
    config.worker.ack_wait = Duration::from_millis(500);
    let worker = Loop::start_with_faults(&server, &store, &script, config, Arc::clone(&faults)).await;
    let outside = Outside::connect(&server).await;
    for n in 0..5 {
        outside.request(&format!("https://a.example/{n}")).await;
    }
    outside.stored_at_least("KOS_INGESTED", 5).await;
    outside.settled().await;
    assert_eq!(faults.acks_lost.load(Ordering::Acquire), 0);
    assert_eq!((effects(&store).await.len(), count(&store, "inbox").await), (5, 5));
    assert_eq!(script.all_tries(), 5, "what was handled isn't worked on again");
    worker.stop().await;
    assert_eq!(outside.count("KOS_INGESTED").await, 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_whose_confirmation_was_lost_is_sent_one_by_one_and_stands_in_the_stream_once() {
    let server = NatsServer::start().await;
    let database = Database::sqlite();
    let store = database.open().await;
    decide(&store, 0..12).await;
    let faults = Arc::new(Faults::default());
    faults.confirmations_lost.store(1, Ordering::Release);
    let worker = Loop::start_with_faults(&server, &store, &Script::default(), LoopConfig::default(), faults).await;
    let outside = Outside::connect(&server).await;
    outbox_empty(&store).await;
    assert_eq!(worker.sent(), (0, 12));
    assert_each_once(&outside, 12).await;
    eventually(LIMIT, "the trouble to be over", async || worker.trouble("outbox").is_none()).await;
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_whose_confirmation_was_lost_stands_in_the_stream_once() {
    let server = NatsServer::start().await;
    let database = Database::sqlite();
    let store = database.open().await;
    decide(&store, 0..1).await;
    let faults = Arc::new(Faults::default());
    faults.confirmations_lost.store(3, Ordering::Release);
    let worker = Loop::start_with_faults(&server, &store, &Script::default(), LoopConfig::default(), faults).await;
    let outside = Outside::connect(&server).await;
    outbox_empty(&store).await;
    assert_eq!(worker.sent(), (0, 1));
    assert_each_once(&outside, 1).await;
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_duplicate_in_a_batch_does_not_keep_the_others_back() {
    let server = NatsServer::start().await;
    let database = Database::sqlite();
    let store = database.open().await;
    decide(&store, 0..20).await;
    let outside = Outside::connect(&server).await;
    let bus = JetStream::new(connection(&server).await, SERVICE, LoopConfig::default().limits());
    eventually(LIMIT, "streams", async || bus.prepare().await).await;
    bus.publish(&decided(7)).await.unwrap();
    bus.publish(&decided(7)).await.unwrap();
    assert_eq!(outside.count("KOS_INGESTED").await, 1, "an event that is there already is stored");

    let worker = Loop::start(&server, &store, &Script::default(), LoopConfig::default()).await;
    outbox_empty(&store).await;
    assert_eq!(worker.sent(), (0, 20));
    assert_each_once(&outside, 20).await;
    decide(&store, 20..40).await;
    worker.context.outbox.notify_one();
    outbox_empty(&store).await;
    assert_eq!(worker.sent(), (20, 20), "the next batch goes as one again");
    assert_each_once(&outside, 40).await;
    assert!(worker.readiness().ready, "{:?}", worker.readiness());
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_never_reached_the_server_is_sent_again() {
    let server = NatsServer::start().await;
    let database = Database::sqlite();
    let store = database.open().await;
    decide(&store, 0..3).await;
    let faults = Arc::new(Faults::default());
    faults.publishes_lost.store(u64::MAX, Ordering::Release);
    let faulty = Arc::clone(&faults);
    let worker = Loop::start_with_faults(&server, &store, &Script::default(), LoopConfig::default(), faulty).await;
    let outside = Outside::connect(&server).await;
    let trouble = eventually(LIMIT, "the trouble", async || worker.trouble("outbox")).await;
    assert!(trouble.contains("the publish was lost"), "{trouble}");
    assert_eq!((outside.count("KOS_INGESTED").await, outbox::waiting(store.readers()).await.unwrap().0), (0, 3));
    faults.publishes_lost.store(0, Ordering::Release);
    outbox_empty(&store).await;
    assert_each_once(&outside, 3).await;
    eventually(LIMIT, "readiness", async || worker.readiness().ready).await;
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_relays_on_one_database_send_each_event_once() {
    let server = NatsServer::start().await;
    let database = Database::postgres().await;
    let (one, two) = (database.open().await, database.open().await);
    decide(&one, 0..1_000).await;
    let first = Loop::start(&server, &one, &Script::default(), LoopConfig::default()).await;
    let second = Loop::start(&server, &two, &Script::default(), LoopConfig::default()).await;
    let outside = Outside::connect(&server).await;
    outbox_empty(&one).await;
    assert_each_once(&outside, 1_000).await;
    let (a, b) = (first.sent(), second.sent());
    assert_eq!(a.0 + b.0, 1_000, "no batch met an event of another one: {a:?}, {b:?}");
    first.stop().await;
    second.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pull_that_brings_nothing_is_noticed_said_and_replaced() {
    let server = NatsServer::start().await;
    let (database, script) = (Database::sqlite(), Script::default());
    let store = database.open().await;
    let faults = Arc::new(Faults::default());
    faults.pulls_stalled.store(3, Ordering::Release);
    let mut config = LoopConfig::default();
    config.worker.ack_wait = Duration::from_millis(500);
    let worker = Loop::start_with_faults(&server, &store, &script, config, faults).await;
    let outside = Outside::connect(&server).await;
    outside.request("https://a.example/1").await;
    let trouble = eventually(LIMIT, "the watchdog", async || worker.trouble("deliveries")).await;
    assert!(trouble.contains("1 events are pending"), "{trouble}");
    outside.stored_at_least("KOS_INGESTED", 1).await;
    assert_eq!(worker.rebuilds(), 3);
    eventually(LIMIT, "readiness", async || worker.readiness().ready).await;
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quiet_stream_is_no_stalled_one() {
    let server = NatsServer::start().await;
    let (database, script) = (Database::sqlite(), Script::default());
    let store = database.open().await;
    let mut config = LoopConfig::default();
    config.worker.ack_wait = Duration::from_millis(100);
    let worker = Loop::start(&server, &store, &script, config).await;
    let outside = Outside::connect(&server).await;
    outside.request("https://a.example/1").await;
    outside.settled().await;
    // The watchdog looks ten times meanwhile.
    let quiet = tokio::time::Instant::now() + Duration::from_secs(1);
    while tokio::time::Instant::now() < quiet {
        assert!(worker.readiness().ready, "{:?}", worker.readiness());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(worker.rebuilds(), 0);
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pull_that_fails_is_tried_again() {
    let server = NatsServer::start().await;
    let (database, script) = (Database::sqlite(), Script::default());
    let store = database.open().await;
    let faults = Arc::new(Faults::default());
    faults.pulls_failed.store(3, Ordering::Release);
    let worker = Loop::start_with_faults(&server, &store, &script, LoopConfig::default(), faults).await;
    let outside = Outside::connect(&server).await;
    outside.request("https://a.example/1").await;
    outside.stored_at_least("KOS_INGESTED", 1).await;
    eventually(LIMIT, "readiness", async || worker.readiness().ready).await;
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consumer_that_is_deleted_is_created_again_and_handles_nothing_twice() {
    let server = NatsServer::start().await;
    let (database, script) = (Database::sqlite(), Script::default());
    let store = database.open().await;
    let worker = Loop::start(&server, &store, &script, LoopConfig::default()).await;
    let outside = Outside::connect(&server).await;
    outside.request("https://a.example/1").await;
    outside.settled().await;
    outside.stream("KOS_INGEST").await.delete_consumer(SERVICE).await.unwrap();
    outside.request("https://a.example/2").await;
    outside.stored_at_least("KOS_INGESTED", 2).await;
    outside.settled().await;
    assert_eq!(effects(&store).await.len(), 2);
    eventually(LIMIT, "readiness", async || worker.readiness().ready).await;
    worker.stop().await;
    assert_eq!(outside.count("KOS_INGESTED").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consumer_that_is_deleted_while_all_slots_are_busy_is_created_again() {
    let server = NatsServer::start().await;
    let (database, script) = (Database::sqlite(), Script::default());
    let store = database.open().await;
    let gate = Arc::new(tokio::sync::Semaphore::new(0));
    script.set("https://a.example/1", [Step::Await(Arc::clone(&gate))]);
    let mut config = LoopConfig::default();
    config.worker.concurrency = 1;
    let worker = Loop::start(&server, &store, &script, config).await;
    let outside = Outside::connect(&server).await;
    outside.request("https://a.example/1").await;
    eventually(LIMIT, "it to be begun", async || script.all_tries() == 1).await;
    outside.stream("KOS_INGEST").await.delete_consumer(SERVICE).await.unwrap();
    outside.request("https://a.example/2").await;
    gate.add_permits(5);
    outside.stored_at_least("KOS_INGESTED", 2).await;
    eventually(LIMIT, "readiness", async || worker.readiness().ready).await;
    worker.stop().await;
    assert_eq!(effects(&store).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_that_are_deleted_are_created_again_and_take_what_waits_in_the_outbox() {
    let server = NatsServer::start().await;
    let (database, script) = (Database::sqlite(), Script::default());
    let store = database.open().await;
    let worker = Loop::start(&server, &store, &script, LoopConfig::default()).await;
    let outside = Outside::connect(&server).await;
    for stream in ["KOS_INGEST", "KOS_INGESTED"] {
        outside.jetstream.delete_stream(stream).await.unwrap();
    }
    decide(&store, 0..3).await;
    eventually(LIMIT, "the streams", async || {
        outside.jetstream.get_stream("KOS_INGEST").await.map_err(|e| e.to_string())?;
        outside.jetstream.get_stream("KOS_INGESTED").await.map(drop).map_err(|e| e.to_string())
    })
    .await;
    outside.request("https://a.example/after").await;
    outside.stored_at_least("KOS_INGESTED", 4).await;
    eventually(LIMIT, "readiness", async || worker.readiness().ready).await;
    worker.stop().await;
}

// The log is captured on one thread, and so all of the test runs on it.
#[tokio::test]
async fn streams_and_consumers_with_other_settings_are_changed_and_said_so() {
    let server = NatsServer::start().await;
    let outside = Outside::connect(&server).await;
    let other = stream::Config {
        name: "KOS_INGEST".into(),
        subjects: vec!["kos.ingest.requested".into()],
        max_bytes: 1 << 20,
        max_age: Duration::from_secs(3_600),
        discard: stream::DiscardPolicy::Old,
        ..Default::default()
    };
    let stream = outside.jetstream.create_stream(other).await.unwrap();
    let consumer = pull::Config {
        durable_name: Some(SERVICE.into()),
        filter_subject: "kos.ingest.requested".into(),
        ack_policy: AckPolicy::Explicit,
        ack_wait: Duration::from_secs(77),
        max_deliver: 3,
        ..Default::default()
    };
    stream.create_consumer(consumer).await.unwrap();
    // What can't be changed in place must not keep the rest from being changed.
    let memory = stream::Config {
        name: "KOS_PUBLISHED".into(),
        subjects: vec!["kos.article.published".into()],
        storage: stream::StorageType::Memory,
        max_age: Duration::from_secs(3_600),
        ..Default::default()
    };
    outside.jetstream.create_stream(memory).await.unwrap();

    let log = Log::default();
    let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(log.clone()).finish();
    let _guard = tracing_subscriber::util::SubscriberInitExt::set_default(subscriber);
    let config = LoopConfig::default();
    let bus = JetStream::new(connection(&server).await, SERVICE, config.limits());
    eventually(LIMIT, "preparation", async || bus.prepare().await).await;

    let changed = outside.stream("KOS_INGEST").await.cached_info().config.clone();
    assert_eq!(changed.subjects, ["kos.ingest.requested", "kos.feed.due"]);
    assert_eq!(changed.max_bytes, i64::try_from(config.stream_bytes).unwrap());
    assert_eq!(changed.discard, stream::DiscardPolicy::New);
    assert_eq!(changed.max_age, Duration::from_secs(7 * 24 * 3_600));
    assert!(changed.allow_atomic_publish);
    let stream = outside.stream("KOS_INGEST").await;
    let consumer = stream.get_consumer::<pull::Config>(SERVICE).await.unwrap().cached_info().config.clone();
    assert_eq!((consumer.ack_wait, consumer.max_deliver), (config.worker.ack_wait, -1));
    let text = log.text();
    for said in ["KOS_INGEST", "KOS_INGEST/ingest", "max_bytes: 1048576 → ", "ack_wait: 77s → ", "max_deliver: 3 → -1"]
    {
        assert!(text.contains(said), "{said:?} is not in {text}");
    }

    assert!(text.contains("storage: Memory → File"), "{text}");
    let partly = outside.stream("KOS_PUBLISHED").await.cached_info().config.clone();
    assert_eq!(partly.storage, stream::StorageType::Memory);
    assert_eq!(partly.max_age, Duration::from_secs(30 * 24 * 3_600), "what can be changed is changed");
}

/// Where a log goes that a test reads.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()).unwrap()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

/// The event that was decided on because of the `n`th cause.
fn decided(n: u64) -> Outgoing {
    let data = request(&format!("https://a.example/{n}"));
    let id = EventId::of_producer("/decided", &n.to_string());
    let attributes = Attributes::original(id, "/decided", &data, Timestamp::UNIX_EPOCH);
    Event { attributes, data: data.clone() }.cause("ingest", 0, &article_of(&data))
}

/// Puts events into the outbox, all at once.
async fn decide(store: &Store, numbers: std::ops::Range<u64>) {
    let events: Vec<Outgoing> = numbers.map(decided).collect();
    let mut tx = store.begin().await.unwrap();
    outbox::insert(&mut tx, &events, Timestamp::now()).await.unwrap();
    tx.commit().await.unwrap();
}

async fn outbox_empty(store: &Store) {
    eventually(LIMIT, "an empty outbox", async || match outbox::waiting(store.readers()).await {
        Ok((0, _)) => Ok(()),
        other => Err(format!("{other:?}")),
    })
    .await;
}

async fn assert_each_once(outside: &Outside, events: u64) {
    let stored = outside.stored("KOS_INGESTED").await;
    let mut ids: Vec<&str> = stored.iter().map(|e| e.header("ce-id")).collect();
    ids.sort_unstable();
    let mut expected: Vec<String> = (0..events).map(|n| decided(n).id.to_string()).collect();
    expected.sort_unstable();
    assert_eq!(ids, expected);
}
