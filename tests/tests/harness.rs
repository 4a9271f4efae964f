//! What the other tests rely on: servers that come back with what they had, and end with their test.

use std::{
    process::Command,
    time::{Duration, Instant},
};

use async_nats::jetstream::{self, stream};
use kos_tests::{
    NatsConfig, NatsServer, Page, PageServer, Port, Postgres, Process, Worker, command, eventually, http_client,
};
use sqlx::{Connection, Executor, PgConnection, Row};

const LIMIT: Duration = Duration::from_secs(30);

fn runs(id: u32) -> bool {
    Command::new("sh").args(["-c", "kill -0 $0 2>/dev/null", &id.to_string()]).status().is_ok_and(|s| s.success())
}

#[tokio::test]
async fn a_killed_nats_server_comes_back_at_the_same_address_with_its_streams() {
    let mut server = NatsServer::start().await;
    let url = server.url();
    let jetstream = jetstream::new(server.connect().await);
    let config = stream::Config { name: "KEPT".into(), subjects: vec!["kept".into()], ..Default::default() };
    jetstream.create_stream(config).await.unwrap();
    for n in 0..10 {
        jetstream.publish("kept", n.to_string().into()).await.unwrap().await.unwrap();
    }

    server.kill9();
    server.restart().await;

    assert_eq!(server.url(), url);
    let mut kept = jetstream::new(server.connect().await).get_stream("KEPT").await.unwrap();
    assert_eq!(kept.info().await.unwrap().state.messages, 10);
}

#[tokio::test]
async fn the_monitoring_of_a_nats_server_tells_how_it_syncs() {
    let weak = NatsConfig { sync_interval: "2m".into(), ..Default::default() };
    for (server, always) in [(NatsServer::start().await, true), (NatsServer::start_with(weak).await, false)] {
        let response = http_client().get(format!("{}/jsz?config=true", server.monitor_url())).send().await.unwrap();
        let jsz: serde_json::Value = serde_json::from_slice(&response.bytes().await.unwrap()).unwrap();
        assert_eq!(jsz["config"]["sync_always"].as_bool().unwrap_or(false), always, "{jsz}");
    }
}

#[tokio::test]
async fn a_nats_server_that_is_stopped_ends_in_good_order() {
    let mut server = NatsServer::start().await;
    server.stop().await;
    assert!(server.log().contains("Server Exiting"), "{}", server.log());
}

#[tokio::test]
async fn a_killed_postgres_comes_back_with_what_was_committed() {
    let mut server = Postgres::start().await;
    let url = server.create_database("kept").await;
    let mut connection = PgConnection::connect(&url).await.unwrap();
    connection.execute("create table t (n integer)").await.unwrap();
    connection.execute("insert into t select generate_series(1, 1000)").await.unwrap();

    server.kill9();
    server.restart().await;

    let mut connection = PgConnection::connect(&url).await.unwrap();
    let row = connection.fetch_one("select count(*) from t").await.unwrap();
    assert_eq!(row.get::<i64, _>(0), 1000);

    server.stop().await;
    assert!(PgConnection::connect(&url).await.is_err());
}

#[tokio::test]
async fn servers_end_with_their_test() {
    let nats = NatsServer::start().await;
    let postgres = Postgres::start().await;
    let ids = [nats.id(), postgres.id()];
    assert!(ids.iter().all(|id| runs(*id)));
    drop((nats, postgres));
    assert!(!ids.iter().any(|id| runs(*id)));
}

#[tokio::test]
async fn servers_end_with_a_test_that_panics() {
    let (tell, told) = std::sync::mpsc::channel();
    let failed = tokio::spawn(async move {
        let server = NatsServer::start().await;
        tell.send(server.id()).unwrap();
        panic!("as a failing test does");
    })
    .await;
    assert!(failed.unwrap_err().is_panic());
    assert!(!runs(told.recv().unwrap()));
}

#[tokio::test]
async fn a_process_is_terminated_awaited_and_started_again() {
    let folder = tempfile::TempDir::new().unwrap();
    let mut command = Command::new("sh");
    command.args(["-c", "trap 'echo ended; exit 3' TERM; echo started; while :; do sleep 0.05; done"]);
    let mut process = Process::start("sh", command, &folder.path().join("log"));
    for starts in 1..=2 {
        eventually(LIMIT, "the process to run", async || process.log().matches("started").count() == starts).await;
        process.terminate();
        assert_eq!(process.wait_for_exit(LIMIT).await.code(), Some(3));
        process.terminate();
        assert_eq!(process.log().matches("ended").count(), starts);
        process.start_again();
    }
}

#[tokio::test]
async fn a_page_server_answers_what_it_was_told_and_remembers_who_asked() {
    let server = PageServer::start();
    let url = server.set("/news/1?page=2", Page::html("<p>你好</p>").header("etag", "\"1\""));
    let response = http_client().get(&url).header("if-none-match", "\"0\"").send().await.unwrap();
    assert_eq!((response.status().as_u16(), &response.headers()["etag"]), (200, &"\"1\"".parse().unwrap()));
    assert_eq!(response.text().await.unwrap(), "<p>你好</p>");

    server.set("/news/1?page=2", Page::status(503).header("retry-after", "1"));
    assert_eq!(http_client().get(&url).send().await.unwrap().status().as_u16(), 503);
    assert_eq!(http_client().get(server.url("/other")).send().await.unwrap().status().as_u16(), 404);

    let hits = server.hits("/news/1?page=2");
    assert_eq!(hits.len(), 2);
    assert_eq!(hits[0].headers["if-none-match"], "\"0\"");
}

#[tokio::test]
async fn a_delayed_page_keeps_nobody_else_waiting() {
    let server = PageServer::start();
    let slow = server.set("/slow", Page::status(200).delayed(Duration::from_secs(600)));
    let fast = server.set("/fast", Page::status(200));
    let waiting = tokio::spawn(http_client().get(slow).send());
    eventually(LIMIT, "the slow request", async || !server.hits("/slow").is_empty()).await;
    assert_eq!(http_client().get(fast).send().await.unwrap().status().as_u16(), 200);
    let start = Instant::now();
    drop(server);
    assert!(waiting.await.unwrap().is_err());
    assert!(start.elapsed() < LIMIT, "dropping the server waited for the slow page");
}

#[tokio::test]
async fn a_worker_is_ready_when_it_says_so() {
    let health = PageServer::start();
    let address = health.url("").replace("http://", "");
    health.set("/readyz", Page::status(503));
    let mut worker = Worker::start(sleeping());
    let ready = tokio::spawn(async move {
        worker.wait_until_ready(address).await;
        worker
    });
    eventually(LIMIT, "three questions", async || health.hits("/readyz").len() >= 3).await;
    assert!(!ready.is_finished());
    health.set("/readyz", Page::status(200));
    ready.await.unwrap();
}

#[tokio::test]
#[should_panic(expected = "it ended before it was ready")]
async fn a_worker_that_ends_is_not_awaited() {
    let nobody = Port::free();
    let mut worker = Worker::start(sleeping());
    worker.terminate();
    worker.wait_until_ready(nobody.address()).await;
}

#[test]
#[should_panic(expected = "run `cargo build --workspace --bins")]
fn a_program_that_was_not_built_is_missed_by_name() {
    command("kos-unheard-of", &[]);
}

fn sleeping() -> Command {
    let mut command = Command::new("sleep");
    command.arg("600");
    command
}
