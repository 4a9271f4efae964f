//! The worker loop at its daily work: an event becomes its effects and the next event, and what fails is tried again
//! or becomes a dead letter.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use kos_shared::{
    event::{ArticleIngested, Envelope, EventId, EventType, Received, TraceContext},
    stage::Failure,
    store::{
        failures::FailedAttempt,
        inbox::{self, By, Handled},
    },
};
use kos_tests::{
    Database, NatsServer, eventually,
    stage::{Script, Step, count, effects},
    worker_loop::{Loop, LoopConfig, Outside, Stored, consumer_spec},
};
use tokio::sync::Semaphore;

const LIMIT: Duration = Duration::from_secs(30);
const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const TRACE_ID: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

fn config(change: impl FnOnce(&mut LoopConfig)) -> LoopConfig {
    let mut config = LoopConfig::default();
    change(&mut config);
    config
}

async fn handled(database: &kos_shared::store::Store, id: &str) -> Handled {
    let found = inbox::find(database.readers(), By::Event, &[id.to_owned()]).await.unwrap();
    found.into_iter().next().unwrap_or_else(|| panic!("{id} wasn't handled"))
}

fn history(letter: &Stored) -> Vec<FailedAttempt> {
    serde_json::from_str(letter.header("Kos-Dead-History")).unwrap()
}

async fn an_event_becomes_its_effects_and_the_next_event(database: Database) {
    let server = NatsServer::start().await;
    let store = database.open().await;
    let worker = Loop::start(&server, &store, &Script::default(), LoopConfig::default()).await;
    let outside = Outside::connect(&server).await;
    let headers = [("ce-id", "7"), ("ce-source", "/desk"), ("ce-specversion", "1.0"), ("traceparent", PARENT)];
    outside.publish(&headers, r#"{"url":"https://a.example/1","html":"<p>新闻</p>"}"#).await;

    let out = outside.stored_at_least("KOS_INGESTED", 1).await.remove(0);
    outside.settled().await;
    worker.stop().await;
    assert_eq!(outside.count("KOS_INGESTED").await, 1);
    let cause = EventId::of_producer("/desk", "7");
    let id = cause.derive("ingest", 0);
    assert_eq!(out.subject, "kos.article.ingested");
    for (name, expected) in [
        ("Nats-Msg-Id", id.as_str()),
        ("ce-id", id.as_str()),
        ("ce-specversion", "1.0"),
        ("ce-type", "kos.article.ingested"),
        ("ce-source", "/kos/ingest"),
        ("content-type", "application/json"),
    ] {
        assert_eq!(out.header(name), expected, "{name}");
    }
    let trace: TraceContext = out.header("traceparent").parse().unwrap();
    assert_eq!(trace.trace_id(), TRACE_ID);
    let received = Received {
        subject: &out.subject,
        headers: &out.headers,
        body: &out.body,
        stream: "KOS_INGESTED",
        sequence: 1,
        stored_nanos: 0,
    };
    let envelope = Envelope::read(received, EventType::ArticleIngested);
    assert_eq!(envelope.attributes.cause, Some(cause.clone()), "ce-causationid");
    assert_eq!(envelope.open::<ArticleIngested>().unwrap().text, "<p>新闻</p>");

    let store = database.open().await;
    assert_eq!(effects(&store).await.iter().map(|e| e.event_id.as_str()).collect::<Vec<_>>(), [cause.as_str()]);
    let row = handled(&store, cause.as_str()).await;
    assert_eq!((row.attempt, row.outcome.as_str(), row.trace_id.as_str()), (1, "copied", TRACE_ID));
    assert_eq!((row.emitted, row.subject.as_deref()), (vec![id], Some("https://a.example/1")));
}

#[tokio::test(flavor = "multi_thread")]
async fn on_sqlite_an_event_becomes_its_effects_and_the_next_event() {
    an_event_becomes_its_effects_and_the_next_event(Database::sqlite()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_postgres_an_event_becomes_its_effects_and_the_next_event() {
    an_event_becomes_its_effects_and_the_next_event(Database::postgres().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_is_published_twice_is_handled_once() {
    let server = NatsServer::start().await;
    let (database, script) = (Database::sqlite(), Script::default());
    let store = database.open().await;
    // Held back, so that some of them are in one group and some in another.
    let gate = Arc::new(Semaphore::new(0));
    script.set("https://a.example/1", (0..3).map(|_| Step::Await(Arc::clone(&gate))));
    let worker = Loop::start(&server, &store, &script, LoopConfig::default()).await;
    let outside = Outside::connect(&server).await;
    for _ in 0..6 {
        outside.publish(&[("ce-id", "same"), ("ce-source", "/s")], r#"{"url":"https://a.example/1"}"#).await;
    }
    eventually(LIMIT, "all to be begun", async || script.all_tries() == 6).await;
    gate.add_permits(3);
    outside.settled().await;
    assert_eq!(effects(&store).await.len(), 1);
    assert_eq!(count(&store, "inbox").await, 1);
    assert_eq!(outside.stored_at_least("KOS_INGESTED", 1).await.len(), 1);
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_go_well_another_time_is_tried_again_ever_later_and_then_given_up_with_its_history() {
    let server = NatsServer::start().await;
    let (database, script) = (Database::sqlite(), Script::default());
    let store = database.open().await;
    let failing = (1..=9).map(|n| Step::Fail(Failure::Retry(format!("down, 第{n}次"))));
    script.set("https://a.example/down", failing);
    script.set("https://a.example/back", [Step::Fail(Failure::Retry("down".into()))]);
    let config = config(|c| {
        c.worker.max_attempts = 4;
        c.worker.retry_delay = Duration::from_millis(40);
    });
    let worker = Loop::start(&server, &store, &script, config).await;
    let outside = Outside::connect(&server).await;
    outside
        .publish(&[("ce-id", "d"), ("ce-source", "/s"), ("x-mine", "1")], r#"{"url":"https://a.example/down"}"#)
        .await;
    outside.publish(&[("ce-id", "b"), ("ce-source", "/s")], r#"{"url":"https://a.example/back"}"#).await;

    let letter = outside.stored_at_least("KOS_DEAD", 1).await.remove(0);
    outside.settled().await;
    let tries = script.tries("https://a.example/down");
    assert_eq!(tries.len(), 4);
    let waits: Vec<Duration> = tries.windows(2).map(|pair| pair[1] - pair[0]).collect();
    // 40, 160 and 640 ms, each a quarter less at the least.
    for (wait, least) in waits.iter().zip([30, 120, 480]) {
        assert!(*wait >= Duration::from_millis(least), "{waits:?}");
    }
    assert_eq!(letter.subject, "kos.dead.ingest");
    assert_eq!(letter.header("Kos-Dead-Attempts"), "4");
    assert_eq!(letter.header("Kos-Dead-Reason"), "down, 第4次");
    assert_eq!(letter.header("x-mine"), "1");
    let expected: Vec<(u32, String)> = (1..=4).map(|n| (n, format!("down, 第{n}次"))).collect();
    let found: Vec<(u32, String)> = history(&letter).into_iter().map(|a| (a.attempt, a.reason)).collect();
    assert_eq!(found, expected);
    assert_eq!(handled(&store, "/s#d").await.outcome, "dead");
    let back = handled(&store, "/s#b").await;
    assert_eq!((back.attempt, back.outcome.as_str()), (2, "copied"));
    assert_eq!((count(&store, "failures").await, effects(&store).await.len()), (5, 1));
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_never_goes_well_is_given_up_at_once() {
    let server = NatsServer::start().await;
    let (database, script) = (Database::sqlite(), Script::default());
    let store = database.open().await;
    script.set("https://a.example/gone", [Step::Fail(Failure::Permanent("404".into()))]);
    let worker = Loop::start(&server, &store, &script, LoopConfig::default()).await;
    let outside = Outside::connect(&server).await;
    outside.request("https://a.example/gone").await;
    let letter = outside.stored_at_least("KOS_DEAD", 1).await.remove(0);
    outside.settled().await;
    assert_eq!((letter.header("Kos-Dead-Reason"), letter.header("Kos-Dead-Attempts")), ("404", "1"));
    assert_eq!(&letter.body[..], br#"{"url":"https://a.example/gone"}"#);
    assert_eq!(script.all_tries(), 1);
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_asks_for_patience_gets_it() {
    let server = NatsServer::start().await;
    let (database, script) = (Database::sqlite(), Script::default());
    let store = database.open().await;
    let patience = Duration::from_millis(1_500);
    let until = Timestamp::now() + patience;
    let asked = Instant::now();
    script.set("https://a.example/1", [Step::Fail(Failure::RateLimited { until, reason: "429".into() })]);
    let worker = Loop::start(&server, &store, &script, LoopConfig::default()).await;
    let outside = Outside::connect(&server).await;
    outside.request("https://a.example/1").await;
    outside.stored_at_least("KOS_INGESTED", 1).await;
    let tries = script.tries("https://a.example/1");
    assert_eq!(tries.len(), 2);
    assert!(tries[1] - asked >= patience, "{:?}", tries[1] - asked);
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_whose_turn_has_not_come_waits_without_losing_a_try() {
    let server = NatsServer::start().await;
    let (database, script) = (Database::sqlite(), Script::default());
    let store = database.open().await;
    let not_yet = || {
        let until = Timestamp::now() + Duration::from_millis(100);
        Step::Fail(Failure::NotYet { until, reason: "others are before it".into() })
    };
    // More often than an event may fail.
    script.set("https://a.example/1", [not_yet(), not_yet(), not_yet(), not_yet(), not_yet(), not_yet()]);
    let worker = Loop::start(&server, &store, &script, LoopConfig::default()).await;
    let outside = Outside::connect(&server).await;
    outside.request("https://a.example/1").await;
    outside.stored_at_least("KOS_INGESTED", 1).await;
    assert_eq!(script.tries("https://a.example/1").len(), 7);
    let failures: i64 = sqlx::query_scalar("select count(*) from failures").fetch_one(store.readers()).await.unwrap();
    assert_eq!(failures, 0);
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_waits_very_often_is_no_dead_letter_but_one_whose_work_never_ends_is() {
    let server = NatsServer::start().await;
    let (database, script) = (Database::sqlite(), Script::default());
    let store = database.open().await;
    // Ten deliveries for each try are beyond suspicion.
    for url in ["https://a.example/waits", "https://a.example/hangs"] {
        let until = Timestamp::now();
        let not_yet = || Step::Fail(Failure::NotYet { until, reason: "others are before it".into() });
        script.set(url, (0..25).map(|_| not_yet()));
    }
    let begun = "insert into begun (consumer, event_id, times) values ($1, $2, 3)";
    let hanging = EventId::of_producer("/s", "hangs");
    let begun = sqlx::query(begun).bind(consumer_spec().to_string()).bind(hanging.as_str().to_owned());
    let mut tx = store.begin().await.unwrap();
    begun.execute(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();
    let worker = Loop::start(&server, &store, &script, config(|c| c.worker.max_attempts = 1)).await;
    let outside = Outside::connect(&server).await;
    for name in ["waits", "hangs"] {
        let body = format!(r#"{{"url":"https://a.example/{name}"}}"#);
        outside.publish(&[("ce-id", name), ("ce-source", "/s")], &body).await;
    }
    outside.stored_at_least("KOS_INGESTED", 1).await;
    let letter = outside.stored_at_least("KOS_DEAD", 1).await.remove(0);
    outside.settled().await;
    assert_eq!(script.tries("https://a.example/waits").len(), 26);
    assert_eq!(script.tries("https://a.example/hangs").len(), 10);
    let reason = &history(&letter)[0].reason;
    assert!(reason.contains("kills or hangs its worker"), "{reason}");
    assert_eq!(count(&store, "begun").await, 0);
    worker.stop().await;
}

async fn a_panic_is_a_failure_of_its_event_and_the_worker_lives(database: Database) {
    let server = NatsServer::start().await;
    let script = Script::default();
    let store = database.open().await;
    script.set("https://a.example/work", [Step::Panic, Step::Panic, Step::Panic]);
    script.set("https://a.example/record", [Step::PanicInRecord, Step::PanicInRecord, Step::PanicInRecord]);
    script.set("https://a.example/once", [Step::PanicInRecord]);
    let worker = Loop::start(&server, &store, &script, LoopConfig::default()).await;
    let outside = Outside::connect(&server).await;
    for name in ["work", "record", "once", "other"] {
        outside.request(&format!("https://a.example/{name}")).await;
    }
    let letters = outside.stored_at_least("KOS_DEAD", 2).await;
    outside.stored_at_least("KOS_INGESTED", 2).await;
    outside.settled().await;
    for letter in &letters {
        let reasons: Vec<String> = history(letter).into_iter().map(|a| a.reason).collect();
        assert_eq!(reasons, ["panicked: as the script says"; 3]);
    }
    let done: Vec<String> = effects(&store).await.into_iter().map(|e| e.url).collect();
    assert_eq!(done, ["https://a.example/once", "https://a.example/other"]);
    assert!(worker.readiness().ready, "{:?}", worker.readiness());
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_sqlite_a_panic_is_a_failure_of_its_event_and_the_worker_lives() {
    a_panic_is_a_failure_of_its_event_and_the_worker_lives(Database::sqlite()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_postgres_a_panic_is_a_failure_of_its_event_and_the_worker_lives() {
    a_panic_is_a_failure_of_its_event_and_the_worker_lives(Database::postgres().await).await;
}

async fn an_event_that_cannot_be_written_does_not_harm_those_beside_it(database: Database) {
    let server = NatsServer::start().await;
    let script = Script::default();
    let store = database.open().await;
    // All are let go at once, so that they meet in one group.
    let gate = Arc::new(Semaphore::new(0));
    for n in 0..20 {
        script.set(&format!("https://a.example/{n:02}"), [Step::Await(Arc::clone(&gate))]);
    }
    script
        .set("https://a.example/poison", [Step::BreakRecord, Step::BreakRecord, Step::BreakRecord, Step::BreakRecord]);
    let worker = Loop::start(&server, &store, &script, LoopConfig::default()).await;
    let outside = Outside::connect(&server).await;
    for n in 0..20 {
        outside.request(&format!("https://a.example/{n:02}")).await;
    }
    eventually(LIMIT, "all to be begun", async || script.all_tries() == 20).await;
    outside.request("https://a.example/poison").await;
    gate.add_permits(20);
    let letter = outside.stored_at_least("KOS_DEAD", 1).await.remove(0);
    outside.stored_at_least("KOS_INGESTED", 20).await;
    outside.settled().await;

    assert_eq!(script.tries("https://a.example/poison").len(), 3);
    assert_eq!(history(&letter).len(), 3);
    let done = effects(&store).await;
    assert_eq!(done.len(), 20, "{done:?}");
    for effect in done {
        assert_eq!(handled(&store, &effect.event_id).await.attempt, 1, "{}", effect.url);
    }
    assert_eq!(script.all_tries(), 23, "the others were worked on once");
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_sqlite_an_event_that_cannot_be_written_does_not_harm_those_beside_it() {
    an_event_that_cannot_be_written_does_not_harm_those_beside_it(Database::sqlite()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_postgres_an_event_that_cannot_be_written_does_not_harm_those_beside_it() {
    an_event_that_cannot_be_written_does_not_harm_those_beside_it(Database::postgres().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lone_event_waits_for_no_other() {
    let server = NatsServer::start().await;
    let (database, script) = (Database::sqlite(), Script::default());
    let store = database.open().await;
    let worker = Loop::start(&server, &store, &script, LoopConfig::default()).await;
    let outside = Outside::connect(&server).await;
    let mut latencies = Vec::new();
    for n in 1..=11 {
        let start = Instant::now();
        outside.request(&format!("https://a.example/{n}")).await;
        outside.stored_at_least("KOS_INGESTED", n).await;
        latencies.push(start.elapsed());
    }
    latencies.sort();
    // A timer on the way, such as the relay's poll each second, would show in half of them.
    assert!(latencies[5] < Duration::from_millis(400), "{latencies:?}");
    worker.stop().await;
}
