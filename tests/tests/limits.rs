//! Limits of the server: full streams, events that are too large, more waiting events than a consumer holds.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use futures_util::future::join_all;
use jiff::{Timestamp, ToSpan};
use kos_shared::{
    bus::{self, Bus, JetStream},
    event::{Attributes, Event, EventId, Outgoing},
    process::Process,
    retraction,
    runtime::Runtime,
    stage::Failure,
    store::{Store, outbox},
};
use kos_tests::{
    Database, NatsConfig, NatsServer, configuration, eventually,
    stage::{Copying, EFFECTS, Script, Step, article_of, effects, request},
    worker_loop::{Loop, LoopConfig, Outside, SERVICE, connection},
};

const LIMIT: Duration = Duration::from_secs(60);
const KILOBYTE: usize = 1 << 10;

fn small_streams() -> LoopConfig {
    LoopConfig { stream_bytes: 100 << 10, ..LoopConfig::default() }
}

/// A request with a page of so many bytes.
fn with_page(url: &str, bytes: usize) -> String {
    format!(r#"{{"url":"{url}","html":"{}"}}"#, "x".repeat(bytes))
}

/// Fills a stream with events that nobody decided on.
async fn fill(outside: &Outside, subject: &'static str, bytes: usize, events: usize) {
    for _ in 0..events {
        let payload = "x".repeat(bytes).into();
        outside.jetstream.publish(subject, payload).await.unwrap().await.unwrap();
    }
}

async fn prepared(server: &NatsServer, config: &LoopConfig) -> JetStream {
    let bus = JetStream::new(connection(server).await, SERVICE, config.limits());
    eventually(LIMIT, "streams", async || bus.prepare().await).await;
    bus
}

async fn ready(worker: &Loop) {
    eventually(LIMIT, "readiness", async || match worker.readiness() {
        readiness if readiness.ready => Ok(()),
        readiness => Err(format!("{:?}", readiness.conditions)),
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_stream_keeps_the_outbox_waiting_until_there_is_room() {
    let server = NatsServer::start().await;
    let (database, script) = (Database::sqlite(), Script::default());
    let store = database.open().await;
    let worker = Loop::start(&server, &store, &script, small_streams()).await;
    let outside = Outside::connect(&server).await;
    fill(&outside, "kos.article.retracted", 10 * KILOBYTE, 9).await;
    for n in 0..5 {
        outside.publish(&[], &with_page(&format!("https://a.example/{n}"), 4 * KILOBYTE)).await;
    }
    let trouble = eventually(LIMIT, "the trouble", async || worker.trouble("outbox")).await;
    assert!(trouble.contains("KOS_INGESTED takes no more"), "{trouble}");
    outside.settled().await;
    assert_eq!(effects(&store).await.len(), 5, "the work itself goes on");
    let stored = outside.count("KOS_INGESTED").await - 9;
    assert_eq!(outbox::waiting(store.readers()).await.unwrap().0, 5 - stored);
    // What can't be handled goes to another stream, which has room.
    outside.request("no address").await;
    outside.stored_at_least("KOS_DEAD", 1).await;

    outside.stream("KOS_INGESTED").await.purge().filter("kos.article.retracted").await.unwrap();
    outside.stored_at_least("KOS_INGESTED", 5).await;
    ready(&worker).await;
    assert_eq!(outside.count("KOS_INGESTED").await, 5);
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_stream_makes_room_by_itself_where_all_of_it_was_handled() {
    let server = NatsServer::start().await;
    let database = Database::sqlite();
    let folder = format!("sqlite://{}/", database.file().parent().unwrap().display());
    let url = server.url();
    let mut config = configuration(&[("KOS_NATS_URL", &url), ("KOS_DATABASE_URL", &folder)]);
    config.nats.limits.stream_bytes = 100 << 10;
    config.nats.known_durable = true;
    let process = Process::new(SERVICE);
    let migrations = [retraction::MIGRATION, retraction::ADDRESSES, EFFECTS];
    let mut runtime = Runtime::start(SERVICE, &config, &migrations, &process).await.unwrap();
    runtime.handle(Copying { script: Script::default(), worker: "first" }).unwrap();
    let running = tokio::spawn(runtime.until_stopped());
    eventually(LIMIT, "readiness", async || process.health.readiness().ready).await;
    let outside = Outside::connect(&server).await;
    // Nobody reads these, so that they are history from the first moment on.
    fill(&outside, "kos.article.published", 1, 1).await;
    let stream = outside.stream("KOS_INGESTED").await;
    for consumer in ["summarize", "publish", "ingest"] {
        stream.get_consumer::<async_nats::jetstream::consumer::pull::Config>(consumer).await.unwrap();
    }
    for n in 0..30 {
        outside.publish(&[], &with_page(&format!("https://a.example/{n}"), 2 * KILOBYTE)).await;
    }
    eventually(LIMIT, "a full stream", async || !process.health.readiness().ready).await;
    // The next stage catches up.
    let summarize: async_nats::jetstream::consumer::PullConsumer = stream.get_consumer("summarize").await.unwrap();
    let mut handled = 0;
    eventually(LIMIT, "all events to come", async || {
        let mut batch = summarize.fetch().max_messages(100).messages().await.unwrap();
        while let Some(Ok(message)) = futures_util::StreamExt::next(&mut batch).await {
            message.ack().await.unwrap();
            handled += 1;
        }
        if handled == 30 { Ok(()) } else { Err(format!("{handled} of 30")) }
    })
    .await;
    eventually(LIMIT, "readiness", async || process.health.readiness().ready).await;
    process.stop.cancel();
    running.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn history_gives_way_and_work_never_does() {
    let server = NatsServer::start().await;
    let (database, script) = (Database::sqlite(), Script::default());
    let store = database.open().await;
    let outside = Outside::connect(&server).await;
    let bus = prepared(&server, &small_streams()).await;
    for n in 0..22 {
        outside.publish(&[], &with_page(&format!("https://a.example/{n}"), 4 * KILOBYTE)).await;
    }
    bus::make_room(bus.context(), SERVICE).await;
    assert_eq!(outside.count("KOS_INGEST").await, 22, "none of them was handled");

    // The first ten are handled, the others fail and wait to be tried again.
    for n in 10..22 {
        let failure = Failure::RateLimited { until: Timestamp::now() + 1.hour(), reason: "later".into() };
        script.set(&format!("https://a.example/{n}"), [Step::Fail(failure)]);
    }
    let config = LoopConfig { stream_bytes: 100 << 10, ..LoopConfig::default() };
    let worker = Loop::start(&server, &store, &script, config).await;
    eventually(LIMIT, "ten to be handled", async || match outside.unsettled().await {
        (0, 12) => Ok(()),
        other => Err(format!("{other:?}")),
    })
    .await;
    bus::make_room(bus.context(), SERVICE).await;
    let left: Vec<String> = outside.stored("KOS_INGEST").await.iter().map(body_url).collect();
    assert!(left.len() >= 12 && left.len() < 22, "{left:?}");
    for n in 10..22 {
        assert!(left.contains(&format!("https://a.example/{n}")), "{n} was purged: {left:?}");
    }
    let state = outside.state("KOS_INGEST").await;
    assert!(state.bytes <= 80 << 10, "{state:?}");
    worker.stop().await;
}

fn body_url(event: &kos_tests::worker_loop::Stored) -> String {
    let body: serde_json::Value = serde_json::from_slice(&event.body).unwrap();
    body["url"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn work_whose_consumer_is_gone_is_not_taken_for_history() {
    let server = NatsServer::start().await;
    let outside = Outside::connect(&server).await;
    let bus = prepared(&server, &small_streams()).await;
    for n in 0..22 {
        outside.publish(&[], &with_page(&format!("https://a.example/{n}"), 4 * KILOBYTE)).await;
    }
    outside.stream("KOS_INGEST").await.delete_consumer(SERVICE).await.unwrap();
    bus::make_room(bus.context(), SERVICE).await;
    assert_eq!(outside.count("KOS_INGEST").await, 22);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_is_too_large_waits_and_the_others_pass_it() {
    let server = small_server().await;
    let (database, script) = (Database::sqlite(), Script::default());
    let store = database.open().await;
    let worker = Loop::start(&server, &store, &script, LoopConfig::default()).await;
    let outside = Outside::connect(&server).await;
    // What the stage emits is about twice as large as what it reads.
    outside.publish(&[("ce-id", "large")], &with_page("https://a.example/large", 12 * KILOBYTE)).await;
    let trouble = eventually(LIMIT, "the trouble", async || worker.trouble("outbox")).await;
    assert!(trouble.contains("max_payload") && trouble.contains("16384"), "{trouble}");
    for n in 0..10 {
        outside.request(&format!("https://a.example/{n}")).await;
    }
    outside.stored_at_least("KOS_INGESTED", 10).await;
    outside.settled().await;
    eventually(LIMIT, "only the large one to wait", async || outbox::waiting(store.readers()).await.unwrap().0 == 1)
        .await;
    assert!(!worker.readiness().ready);
    worker.context.stop.cancel();
}

/// A batch's own headers take some room as well.
#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_just_fits_alone_keeps_no_batch_back() {
    let server = small_server().await;
    let database = Database::sqlite();
    let store = database.open().await;
    let limit = 16 * KILOBYTE;
    let mut events: Vec<Outgoing> = (0..4).map(|n| sized(n, 500)).collect();
    events.insert(1, sized(10, limit));
    events.push(sized(11, limit - 20));
    put(&store, &events).await;
    let worker = Loop::start(&server, &store, &Script::default(), LoopConfig::default()).await;
    let outside = Outside::connect(&server).await;
    outside.stored_at_least("KOS_INGESTED", 6).await;
    ready(&worker).await;
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_letter_without_room_for_its_reason_waits_until_the_server_takes_larger_ones_and_the_others_pass_it() {
    let mut server = small_server().await;
    let (database, script) = (Database::sqlite(), Script::default());
    let store = database.open().await;
    let worker = Loop::start(&server, &store, &script, LoopConfig::default()).await;
    let outside = Outside::connect(&server).await;
    let nearly_full = "x".repeat(16 * KILOBYTE - 100);
    outside.publish(&[], &nearly_full).await;
    let trouble = eventually(LIMIT, "the trouble", async || worker.trouble("outbox")).await;
    assert!(trouble.contains("max_payload") && trouble.contains("16384"), "{trouble}");
    outside.request("no address").await;
    for n in 0..10 {
        outside.request(&format!("https://a.example/{n}")).await;
    }
    outside.stored_at_least("KOS_INGESTED", 10).await;
    outside.stored_at_least("KOS_DEAD", 1).await;
    outside.settled().await;
    eventually(LIMIT, "only the large one to wait", async || outbox::waiting(store.readers()).await.unwrap().0 == 1)
        .await;
    assert!(!worker.readiness().ready);

    server.restart_with(NatsConfig { server: "max_payload: 32KB".into(), ..NatsConfig::default() }).await;
    let letters = outside.stored_at_least("KOS_DEAD", 2).await;
    assert_eq!(letters[1].body, nearly_full.as_bytes());
    assert!(letters[1].header("Kos-Dead-Reason").starts_with("body: expected JSON"), "{:?}", letters[1].headers);
    ready(&worker).await;
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn events_that_wait_for_their_next_try_keep_no_other_waiting() {
    let server = NatsServer::start().await;
    let (database, script) = (Database::sqlite(), Script::default());
    let store = database.open().await;
    let events = 2_100;
    for n in 0..events {
        let failure = Failure::RateLimited { until: Timestamp::now() + 1.hour(), reason: "later".into() };
        script.set(&format!("https://slow.example/{n}"), [Step::Fail(failure)]);
    }
    let worker = Loop::start(&server, &store, &script, LoopConfig::default()).await;
    let outside = Outside::connect(&server).await;
    for hundred in 0..events / 100 {
        let urls: Vec<String> = (0..100).map(|n| format!("https://slow.example/{}", hundred * 100 + n)).collect();
        join_all(urls.iter().map(|url| outside.request(url))).await;
    }
    outside.request("https://quick.example/").await;
    outside.stored_at_least("KOS_INGESTED", 1).await;
    worker.context.stop.cancel();
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_one_pull_may_bring_comes_with_the_next_ones() {
    let server = NatsServer::start().await;
    let (database, script) = (Database::sqlite(), Script::default());
    let store = database.open().await;
    let outside = Outside::connect(&server).await;
    prepared(&server, &LoopConfig::default()).await;
    for n in 0..9 {
        outside.publish(&[], &with_page(&format!("https://a.example/{n}"), 3 << 20)).await;
    }
    let worker = Loop::start(&server, &store, &script, LoopConfig::default()).await;
    let mut troubles = Vec::new();
    eventually(LIMIT, "all of them", async || {
        troubles.extend(worker.trouble("consumer"));
        effects(&store).await.len() == 9
    })
    .await;
    assert!(troubles.is_empty(), "{troubles:?}");
    worker.stop().await;
}

async fn small_server() -> NatsServer {
    let config = NatsConfig { server: "max_payload: 16KB".into(), ..NatsConfig::default() };
    NatsServer::start_with(config).await
}

/// An event of exactly so many bytes, headers included.
fn sized(n: u64, bytes: usize) -> Outgoing {
    let data = request(&format!("https://a.example/{n}"));
    let attributes = Attributes::original(EventId::new(), "/sized", &data, Timestamp::UNIX_EPOCH);
    let mut event = Event { attributes, data: data.clone() }.cause("ingest", 0, &article_of(&data));
    event.body = Default::default();
    event.body = vec![b'x'; bytes.saturating_sub(event.size())].into();
    event
}

async fn put(store: &Store, events: &[Outgoing]) {
    let mut tx = store.begin().await.unwrap();
    outbox::insert(&mut tx, events, Timestamp::now()).await.unwrap();
    tx.commit().await.unwrap();
}
