//! What producers send that is odd or wrong: every form that is an event is understood, and whatever is none becomes a
//! dead letter and keeps nobody waiting.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use base64::{Engine, prelude::BASE64_STANDARD};
use kos_shared::{
    process::Process,
    retraction,
    runtime::{RunError, Runtime},
    store::{
        Store,
        inbox::{self, By, Handled},
    },
};
use kos_tests::{
    Database, NatsServer, configuration, eventually,
    stage::{Copying, EFFECTS, Script, count, effects},
    worker_loop::{Loop, LoopConfig, Outside, SERVICE, Stored},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

const LIMIT: Duration = Duration::from_secs(30);
const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const TRACE_ID: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

#[tokio::test(flavor = "multi_thread")]
async fn bare_json_binary_and_structured_events_are_understood_and_stay_in_their_trace() {
    let server = NatsServer::start().await;
    let (database, script) = (Database::sqlite(), Script::default());
    let store = database.open().await;
    let worker = Loop::start(&server, &store, &script, LoopConfig::default()).await;
    let outside = Outside::connect(&server).await;
    outside.publish(&[], r#"{"url":"https://a.example/bare","colour":"unheard of"}"#).await;
    outside
        .publish(
            &[("CE-ID", "b"), ("Ce-Source", "/s"), ("ce-type", "kos.ingest.requested"), ("Traceparent", PARENT)],
            r#"{"url":"https://a.example/binary"}"#,
        )
        .await;
    let structured = |id: &str, extra: &str, url: &str| {
        format!(
            r#"{{"specversion":"1.0","id":"{id}","source":"/s","type":"kos.ingest.requested"{extra},
                 "datacontenttype":"application/json","data":{{"url":"https://a.example/{url}"}}}}"#
        )
    };
    let content_type = ("Content-Type", "application/cloudevents+json; charset=UTF-8");
    outside.publish(&[content_type, ("traceparent", PARENT)], &structured("c", "", "structured")).await;
    // The distributed tracing extension of CloudEvents is an attribute like any other.
    let attribute = format!(r#","traceparent":"{PARENT}""#);
    outside.publish(&[content_type], &structured("d", &attribute, "structured-traced")).await;

    outside.stored_at_least("KOS_INGESTED", 4).await;
    outside.settled().await;
    let effects = effects(&store).await;
    let urls: Vec<&str> = effects.iter().map(|e| e.url.rsplit('/').next().unwrap()).collect();
    assert_eq!(urls, ["bare", "binary", "structured", "structured-traced"]);
    let ids: Vec<&str> = effects.iter().map(|e| e.event_id.as_str()).collect();
    assert_eq!(ids[1..], ["/s#b", "/s#c", "/s#d"]);
    for id in &ids[1..] {
        assert_eq!(handled(&store, id).await.trace_id, TRACE_ID, "{id}");
    }
    assert_eq!(outside.count("KOS_DEAD").await, 0);
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_no_event_becomes_a_dead_letter_that_names_the_field() {
    let server = NatsServer::start().await;
    let (database, script) = (Database::sqlite(), Script::default());
    let store = database.open().await;
    let worker = Loop::start(&server, &store, &script, LoopConfig::default()).await;
    let outside = Outside::connect(&server).await;
    let structured: &'static [(&str, &str)] = &[("content-type", "application/cloudevents+json")];
    let wrong_type: &'static [(&str, &str)] = &[("ce-type", "kos.article.ingested"), ("ce-id", "t")];
    type Case = (&'static [(&'static str, &'static str)], &'static str, &'static str);
    let cases: [Case; 9] = [
        (&[], "no json", "body: expected JSON"),
        (&[], "", "body: expected JSON"),
        (&[], "[1]", "body: expected a JSON object"),
        (&[], "{}", "url: is missing"),
        (&[("x-mine", "ä 1")], r#"{"url":5}"#, "url: invalid type"),
        (&[], r#"{"url":"/news/1"}"#, "url: expected an absolute http or https address, got \"/news/1\""),
        (&[], r#"{"url":"https://a.example/","hints":{"authors":"Ann"}}"#, "hints.authors: "),
        (structured, r#"{"id":"1","source":"/s","specversion":"1.0"}"#, "data: expected the payload"),
        (wrong_type, r#"{"url":"https://a.example/"}"#, "type: expected kos.ingest.requested"),
    ];
    for (headers, body, _) in &cases {
        outside.publish(headers, body).await;
    }
    let letters = outside.stored_at_least("KOS_DEAD", cases.len() as u64).await;
    outside.settled().await;
    for (n, (headers, body, reason)) in cases.iter().enumerate() {
        let sequence = (n + 1).to_string();
        let letter = letters.iter().find(|l| l.header("Kos-Dead-Sequence") == sequence).unwrap();
        assert_eq!(letter.subject, "kos.dead.ingest");
        assert_eq!(letter.body, body.as_bytes());
        for (name, value) in *headers {
            assert_eq!(letter.header(name), *value);
        }
        let given = letter.header("Kos-Dead-Reason");
        assert!(given.starts_with(reason), "{body}: {given}");
        assert_eq!(letter.header("Kos-Dead-Subject"), "kos.ingest.requested");
        assert_eq!(letter.header("Kos-Dead-Service"), "ingest");
        assert_eq!((letter.header("Kos-Dead-Stream"), letter.header("Kos-Dead-Attempts")), ("KOS_INGEST", "1"));
    }
    assert_eq!((script.all_tries(), effects(&store).await.len()), (0, 0));
    worker.stop().await;
}

/// What producers write into attributes is not ours to choose; PostgreSQL takes no NUL, and no index entry longer than
/// some 2,700 bytes.
#[tokio::test(flavor = "multi_thread")]
async fn odd_attributes_do_not_keep_an_event_from_being_handled() {
    let server = NatsServer::start().await;
    let script = Script::default();
    let database = Database::postgres().await;
    let store = database.open().await;
    let worker = Loop::start(&server, &store, &script, LoopConfig::default()).await;
    let outside = Outside::connect(&server).await;
    let fine = r#"{"url":"https://a.example/1"}"#;
    let long: String = (0..6_000).map(|_| random_letter()).collect();
    outside.publish(&[("ce-id", "a"), ("ce-causationid", "x%00y")], fine).await;
    outside.publish(&[("ce-id", "b"), ("ce-subject", "x%00y")], "{}").await;
    outside.publish(&[("ce-id", "c"), ("ce-subject", &long)], "{}").await;
    outside.publish(&[("ce-id", "d"), ("ce-causationid", &long)], fine).await;
    outside.publish(&[("ce-id", "e")], &format!(r#"{{"url":"https://a.example/{long}"}}"#)).await;
    outside.publish(&[("ce-id", "f\u{202e}%00%0A"), ("ce-source", "%00")], fine).await;
    outside.publish(&[("ce-id", "g")], &format!(r#"{{"url":"https://a.example/{}"}}"#, &long[..2_000])).await;
    outside.settled().await;
    assert_eq!(count(&store, "inbox").await, 7);
    let mut letters: Vec<String> = outside.stored_at_least("KOS_DEAD", 3).await.iter().map(reason).collect();
    letters.sort();
    let wrong = ["url: expected an absolute http or https address", "url: is missing", "url: is missing"];
    assert!(letters.iter().zip(wrong).all(|(given, wrong)| given.starts_with(wrong)), "{letters:?}");
    assert_eq!(effects(&store).await.len(), 4);
    worker.stop().await;
}

fn reason(letter: &Stored) -> String {
    letter.header("Kos-Dead-Reason").to_owned()
}

fn random_letter() -> char {
    use std::hash::{BuildHasher, RandomState};
    char::from(b'a' + (RandomState::new().hash_one(0) % 26) as u8)
}

/// The server takes headers that our client refuses to read, at the price of its connection.
#[tokio::test(flavor = "multi_thread")]
async fn headers_that_are_none_do_not_keep_later_events_waiting() {
    let server = NatsServer::start().await;
    let (database, script) = (Database::sqlite(), Script::default());
    let store = database.open().await;
    let worker = Loop::start(&server, &store, &script, LoopConfig::default()).await;
    let outside = Outside::connect(&server).await;
    let name = "header 2: expected a name of printable ASCII without spaces, got";
    let cases = [
        ("mit Leerzeichen: 1", format!("{name} \"mit Leerzeichen\"")),
        ("größe: 1", format!("{name} \"größe\"")),
        ("none", "header 2: expected a name, a colon and a value, got \"none\"".to_owned()),
    ];
    for (n, (line, reason)) in cases.iter().enumerate() {
        let (headers, body) = (format!("NATS/1.0\r\nx-mine: 1\r\n{line}\r\n\r\n"), format!("{{\"n\":{n}}}"));
        publish_raw(&server, &headers, &body).await;
        outside.request(&format!("https://a.example/{n}")).await;
        let letters = outside.stored_at_least("KOS_DEAD", n as u64 + 1).await;
        let letter = letters.last().unwrap();
        assert_eq!(letter.body, body.as_bytes());
        assert_eq!((letter.header("Kos-Dead-Reason"), letter.header("x-mine")), (reason.as_str(), "1"));
        assert_eq!(letter.header("Kos-Dead-Raw-Headers"), BASE64_STANDARD.encode(&headers));
        assert_eq!(letter.header("Kos-Dead-Subject"), "kos.ingest.requested");
        outside.stored_at_least("KOS_INGESTED", n as u64 + 1).await;
    }
    outside.settled().await;
    assert_eq!(outside.count("KOS_INGEST").await, 3, "those that were given up are deleted, the others kept");
    assert_eq!((effects(&store).await.len(), count(&store, "inbox").await), (3, 6));
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn several_workers_give_up_a_message_that_none_can_read_once() {
    let server = NatsServer::start().await;
    let (database, script) = (Database::sqlite(), Script::default());
    let store = database.open().await;
    let outside = Outside::connect(&server).await;
    let first = Loop::start(&server, &store, &script, LoopConfig::default()).await;
    let second = LoopConfig { name: "second", ..LoopConfig::default() };
    let second = Loop::start(&server, &store, &script, second).await;
    for n in 0..40 {
        outside.request(&format!("https://a.example/{n}")).await;
        if n % 10 == 0 {
            publish_raw(&server, "NATS/1.0\r\nnone at all: 1\r\n\r\n", "{}").await;
        }
    }
    outside.stored_at_least("KOS_INGESTED", 40).await;
    outside.stored_at_least("KOS_DEAD", 4).await;
    outside.settled().await;
    assert_eq!((outside.count("KOS_INGESTED").await, outside.count("KOS_DEAD").await), (40, 4));
    assert_eq!((effects(&store).await.len(), count(&store, "inbox").await), (40, 44));
    first.stop().await;
    second.stop().await;
}

/// Over a bare carriage return in a value the client doesn't only drop its connection, it panics.
#[tokio::test(flavor = "multi_thread")]
async fn a_process_whose_client_ends_over_a_header_ends_too_and_the_next_one_gives_the_message_up() {
    let server = NatsServer::start().await;
    let database = Database::sqlite();
    let folder = format!("sqlite://{}/", database.file().parent().unwrap().display());
    let mut config = configuration(&[("KOS_NATS_URL", &server.url()), ("KOS_DATABASE_URL", &folder)]);
    config.nats.known_durable = true;
    let start = async || {
        let process = Process::new(SERVICE);
        let mut runtime =
            Runtime::start(SERVICE, &config, &[retraction::MIGRATION, retraction::ADDRESSES, EFFECTS], &process)
                .await
                .unwrap();
        runtime.handle(Copying { script: Script::default(), worker: "first" }).unwrap();
        (process, tokio::spawn(runtime.until_stopped()))
    };
    let (process, running) = start().await;
    eventually(LIMIT, "readiness", async || process.health.readiness().ready).await;
    publish_raw(&server, "NATS/1.0\r\nx: 1\r2\r\n\r\n", r#"{"url":"https://a.example/1"}"#).await;
    let ended = tokio::time::timeout(LIMIT, running).await.unwrap().unwrap();
    assert!(matches!(&ended, Err(RunError::Broken(reason)) if reason.contains("nats client")), "{ended:?}");

    let (process, running) = start().await;
    let outside = Outside::connect(&server).await;
    let letters = outside.stored_at_least("KOS_DEAD", 1).await;
    assert_eq!(reason(&letters[0]), "header 1: expected a value of one line, got \"1\\r2\"");
    outside.request("https://a.example/2").await;
    outside.stored_at_least("KOS_INGESTED", 1).await;
    process.stop.cancel();
    running.await.unwrap().unwrap();
}

/// Publishes as a client does that checks nothing.
async fn publish_raw(server: &NatsServer, headers: &str, body: &str) {
    let mut stream = TcpStream::connect(server.url().trim_start_matches("nats://")).await.unwrap();
    let (header_bytes, bytes) = (headers.len(), headers.len() + body.len());
    let text = format!(
        "CONNECT {{\"verbose\":false,\"pedantic\":false,\"headers\":true}}\r\n\
         HPUB kos.ingest.requested {header_bytes} {bytes}\r\n{headers}{body}\r\nPING\r\n"
    );
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"PONG\r\n") {
        let mut some = [0; 4_096];
        let read = stream.read(&mut some).await.unwrap();
        assert!(read > 0, "{}", String::from_utf8_lossy(&answer));
        answer.extend_from_slice(&some[..read]);
    }
}

async fn handled(database: &Store, id: &str) -> Handled {
    let found = inbox::find(database.readers(), By::Event, &[id.to_owned()]).await.unwrap();
    found.into_iter().next().unwrap_or_else(|| panic!("{id} wasn't handled"))
}
