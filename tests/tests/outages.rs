//! Servers and databases that go away and come back: nothing is lost, no attempt is burnt, readiness says what is
//! wrong, and work goes on by itself.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{sync::atomic::Ordering, time::Duration};

use kos_shared::store::{Store, inbox, outbox};
use kos_tests::{
    Database, NatsServer, eventually,
    stage::{Script, Step, count, effects},
    worker_loop::{Loop, LoopConfig, Outside},
};
use sqlx::{Connection, Executor, SqliteConnection};

const LIMIT: Duration = Duration::from_secs(60);

/// Publishes requests from `first` on.
async fn request(outside: &Outside, numbers: std::ops::Range<u32>) {
    for n in numbers {
        outside.request(&format!("https://a.example/{n:03}")).await;
    }
}

async fn ready(worker: &Loop) {
    eventually(LIMIT, "readiness", async || match worker.readiness() {
        readiness if readiness.ready => Ok(()),
        readiness => Err(format!("{:?}", readiness.conditions)),
    })
    .await;
}

/// Each event was handled once, at the first attempt, and its event stands in the stream once.
async fn assert_all_done_at_once(store: &Store, outside: &Outside, events: u64) {
    assert_eq!(effects(store).await.len() as u64, events);
    assert_eq!((count(store, "inbox").await, count(store, "failures").await), (events, 0));
    let burnt: i64 = sqlx::query_scalar("select count(*) from inbox where attempt <> 1 or outcome <> 'copied'")
        .fetch_one(store.readers())
        .await
        .unwrap();
    assert_eq!(burnt, 0);
    eventually(LIMIT, "an empty outbox", async || outbox::waiting(store.readers()).await.unwrap().0 == 0).await;
    let mut ids: Vec<String> =
        outside.stored("KOS_INGESTED").await.iter().map(|e| e.header("ce-id").to_owned()).collect();
    assert_eq!(ids.len() as u64, events);
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len() as u64, events);
    assert_eq!(outside.count("KOS_DEAD").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn work_goes_on_by_itself_after_the_nats_server_was_killed() {
    let mut server = NatsServer::start().await;
    let (database, script) = (Database::sqlite(), Script::default());
    let store = database.open().await;
    for n in 0..60 {
        script.set(&format!("https://a.example/{n:03}"), [Step::Take(Duration::from_millis(100))]);
    }
    let worker = Loop::start(&server, &store, &script, LoopConfig::default()).await;
    let outside = Outside::connect(&server).await;
    request(&outside, 0..60).await;
    eventually(LIMIT, "work to be under way", async || script.all_tries() >= 20).await;
    server.kill9();
    // What was being worked on is written though it can't be acknowledged, and waits to be sent.
    eventually(LIMIT, "what is in flight", async || count(&store, "inbox").await >= 20).await;
    eventually(LIMIT, "the trouble", async || !worker.readiness().ready).await;
    server.restart().await;
    outside.stored_at_least("KOS_INGESTED", 60).await;
    request(&outside, 60..70).await;
    outside.stored_at_least("KOS_INGESTED", 70).await;
    outside.settled().await;
    ready(&worker).await;
    assert_all_done_at_once(&store, &outside, 70).await;
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_worker_outlives_a_restart_of_the_nats_server() {
    let mut server = NatsServer::start().await;
    let (database, script) = (Database::sqlite(), Script::default());
    let store = database.open().await;
    // Without the watchdog: the pull that was lost with the connection is replaced at once.
    let mut config = LoopConfig::default();
    config.worker.ack_wait = Duration::from_secs(600);
    let worker = Loop::start(&server, &store, &script, config).await;
    let outside = Outside::connect(&server).await;
    request(&outside, 0..1).await;
    outside.settled().await;
    for n in 1..4 {
        server.kill9();
        server.restart().await;
        request(&outside, n..n + 1).await;
        outside.stored_at_least("KOS_INGESTED", u64::from(n) + 1).await;
    }
    assert_eq!(worker.rebuilds(), 0);
    ready(&worker).await;
    assert_all_done_at_once(&store, &outside, 4).await;
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_and_no_attempt_is_burnt_while_postgres_is_down() {
    let server = NatsServer::start().await;
    let mut database = Database::postgres().await;
    let script = Script::default();
    let store = database.open().await;
    for n in 0..40 {
        script.set(&format!("https://a.example/{n:03}"), [Step::Take(Duration::from_millis(50))]);
    }
    let worker = Loop::start(&server, &store, &script, LoopConfig::default()).await;
    let outside = Outside::connect(&server).await;
    request(&outside, 0..40).await;
    eventually(LIMIT, "work to be under way", async || script.all_tries() >= 5).await;
    database.server().kill9();
    eventually(LIMIT, "the trouble", async || worker.trouble("database")).await;
    eventually(LIMIT, "the relay's trouble", async || worker.trouble("outbox")).await;
    // Longer than the ack wait: what waits for the database is not given to anyone else.
    let begun = script.all_tries();
    tokio::time::sleep(LoopConfig::default().worker.ack_wait * 2).await;
    assert_eq!(script.all_tries(), begun.max(script.all_tries().min(40)), "nothing is worked on twice");
    assert!(!worker.readiness().ready);
    database.server().restart().await;
    outside.settled().await;
    outside.stored_at_least("KOS_INGESTED", 40).await;
    ready(&worker).await;
    assert_eq!(script.all_tries(), 40, "nothing is worked on twice");
    assert_all_done_at_once(&store, &outside, 40).await;
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_with_nothing_to_do_says_that_its_database_is_gone_and_that_it_is_back() {
    let server = NatsServer::start().await;
    let mut database = Database::postgres().await;
    let store = database.open().await;
    let worker = Loop::start(&server, &store, &Script::default(), LoopConfig::default()).await;
    database.server().kill9();
    eventually(LIMIT, "the trouble", async || !worker.readiness().ready).await;
    database.server().restart().await;
    ready(&worker).await;
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_is_ready_again_though_all_that_it_met_since_was_handled_before() {
    let server = NatsServer::start().await;
    let mut database = Database::postgres().await;
    let store = database.open().await;
    let worker = Loop::start(&server, &store, &Script::default(), LoopConfig::default()).await;
    worker.faults.acks_lost.store(1, Ordering::Release);
    let outside = Outside::connect(&server).await;
    request(&outside, 0..1).await;
    outside.stored_at_least("KOS_INGESTED", 1).await;
    database.server().kill9();
    // The event comes again, and whether it was handled can't be told.
    eventually(LIMIT, "the trouble", async || worker.trouble("database")).await;
    database.server().restart().await;
    outside.settled().await;
    ready(&worker).await;
    assert_all_done_at_once(&store, &outside, 1).await;
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sqlite_file_that_another_process_locks_is_waited_for() {
    let server = NatsServer::start().await;
    let (database, script) = (Database::sqlite(), Script::default());
    let store = database.open().await;
    let worker = Loop::start(&server, &store, &script, LoopConfig::default()).await;
    let outside = Outside::connect(&server).await;
    let mut other = SqliteConnection::connect(&format!("sqlite://{}", database.file().display())).await.unwrap();
    other.execute("begin immediate").await.unwrap();
    request(&outside, 0..10).await;
    let trouble = eventually(LIMIT, "the trouble", async || worker.trouble("database")).await;
    assert!(trouble.contains("locked"), "{trouble}");
    assert_eq!(outside.unsettled().await, (0, 10), "nothing is acknowledged before it is written");
    assert_eq!(count(&store, "inbox").await, 0);
    other.execute("rollback").await.unwrap();
    outside.stored_at_least("KOS_INGESTED", 10).await;
    outside.settled().await;
    ready(&worker).await;
    assert_eq!(script.all_tries(), 10, "nothing is worked on twice");
    assert_all_done_at_once(&store, &outside, 10).await;
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_is_told_to_stop_while_its_database_is_gone_hands_its_work_back_in_time() {
    let server = NatsServer::start().await;
    let mut database = Database::postgres().await;
    let script = Script::default();
    let store = database.open().await;
    let mut config = LoopConfig::default();
    config.worker.grace = Duration::from_secs(1);
    let worker = Loop::start(&server, &store, &script, config).await;
    let outside = Outside::connect(&server).await;
    database.server().kill9();
    request(&outside, 0..5).await;
    eventually(LIMIT, "the trouble", async || worker.trouble("database")).await;
    // The grace period for the work, one for the relay, and room for a slow machine.
    tokio::time::timeout(Duration::from_secs(20), worker.stop()).await.unwrap();

    database.server().restart().await;
    let store = database.open().await;
    let next = Loop::start(&server, &store, &script, LoopConfig::default()).await;
    outside.settled().await;
    assert_all_done_at_once(&store, &outside, 5).await;
    assert!(inbox::find(store.readers(), inbox::By::Event, &[]).await.unwrap().is_empty());
    next.stop().await;
}
