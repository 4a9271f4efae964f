//! New articles announce themselves to who listens at `/live`, whichever process published them.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use kos_tests::{Articles, Pipeline, Postgres, Setup, pipeline::fetch};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// How long anything may take that takes milliseconds where nothing else is going on.
const LIMIT: Duration = Duration::from_secs(60);

/// A stream of events.
struct Listener {
    stream: TcpStream,
    heard: String,
}

impl Listener {
    async fn at(site: &str, query: &str, last: Option<&str>) -> Self {
        let address = site.trim_start_matches("http://").trim_end_matches('/').to_owned();
        let mut stream = TcpStream::connect(&address).await.unwrap();
        let last = last.map(|id| format!("Last-Event-ID: {id}\r\n")).unwrap_or_default();
        let request = format!("GET /live{query} HTTP/1.1\r\nHost: {address}\r\n{last}\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut listener = Self { stream, heard: String::new() };
        listener.hear("\r\n\r\n").await;
        listener
    }

    /// Reads until a text was heard; whether it was before the stream ended.
    async fn hear(&mut self, text: &str) -> bool {
        let listening = async {
            while !self.heard.contains(text) {
                let mut some = [0; 4096];
                match self.stream.read(&mut some).await {
                    Ok(0) | Err(_) => return false,
                    Ok(length) => self.heard.push_str(&String::from_utf8_lossy(&some[..length])),
                }
            }
            true
        };
        timeout(LIMIT, listening).await.unwrap_or_else(|_| panic!("{text:?} was not heard: {}", self.heard))
    }

    fn ids(&self) -> Vec<String> {
        self.heard.lines().filter_map(|line| line.strip_prefix("id: ")).map(str::to_owned).collect()
    }
}

async fn take_in(pipeline: &Pipeline, number: u64) -> String {
    let article = Articles::new(77).page_bytes(5_000).page(number);
    pipeline.publish("kos.ingest.requested", json!({"url": article.url, "html": article.html}).to_string()).await;
    pipeline.wait_until_idle().await;
    article.title
}

#[tokio::test(flavor = "multi_thread")]
async fn every_process_of_the_site_announces_what_any_of_them_published() {
    let postgres = Postgres::start().await;
    let database = postgres.create_database("live").await;
    let setup = Setup { postgres: Some(&database), replicas: 2, ..Setup::default() };
    let mut pipeline = Pipeline::start_with(setup).await;
    let sites: Vec<String> = pipeline.replicas().iter().filter(|r| r.service() == "publish").map(|r| r.url()).collect();
    let mut listeners = Vec::new();
    for site in &sites {
        listeners.push(Listener::at(site, "", None).await);
    }
    let title = take_in(&pipeline, 2).await;
    for listener in &mut listeners {
        assert!(listener.hear("event: article").await);
        assert!(listener.hear("source").await && listener.heard.contains(&title), "{}", listener.heard);
    }

    // Who was away hears what came meanwhile, and not what was heard before.
    let last = listeners.remove(0).ids().pop().unwrap();
    let missed = take_in(&pipeline, 4).await;
    let mut back = Listener::at(&sites[1], "", Some(&last)).await;
    assert!(back.hear(&missed).await);
    assert!(!back.ids().contains(&last), "{}", back.heard);
    // A page says in its address what it shows.
    let mut opened = Listener::at(&sites[0], &format!("?after={last}"), None).await;
    assert!(opened.hear(&missed).await);

    // A reader of another language hears nothing of it.
    let mut chinese = Listener::at(&sites[0], &format!("?language=zh&after={last}"), None).await;
    let title = take_in(&pipeline, 5).await;
    assert!(chinese.hear(&title).await);
    assert_eq!(chinese.ids().len(), 1, "{}", chinese.heard);
}

#[tokio::test]
async fn listeners_are_bounded_and_hold_up_nobody_who_stops() {
    let variables = [("KOS_LIVE_CONNECTIONS", "2")];
    let mut pipeline = Pipeline::start_with(Setup { variables: &variables, ..Setup::default() }).await;
    let site = pipeline.site("");
    let mut listeners = [Listener::at(&site, "", None).await, Listener::at(&site, "", None).await];
    let refused = fetch(&format!("{site}/live")).await;
    assert_eq!((refused.status, refused.content_type.as_str()), (503, "application/problem+json"));
    let refused = fetch(&format!("{site}/live?language=no+language+at+all!")).await;
    assert!(refused.status == 400 && refused.body.contains("language"), "{}", refused.body);
    assert_eq!(fetch(&format!("{site}/live?after=yesterday")).await.status, 400);
    assert_eq!(fetch(&site).await.status, 200);

    let publish = &mut pipeline.service("publish").worker;
    publish.terminate();
    let ended = publish.wait_for_exit(Duration::from_secs(10)).await;
    assert!(ended.success(), "{ended}");
    for listener in &mut listeners {
        assert!(!listener.hear("nothing that is ever said").await);
    }
}

#[tokio::test]
async fn a_request_for_another_site_is_turned_away() {
    let pipeline =
        Pipeline::start_with(Setup { variables: &[("KOS_SITE_HOSTS", "news.example")], ..Setup::default() }).await;
    let address = pipeline.site("").trim_start_matches("http://").to_owned();
    let ask = async |host: &str| {
        let mut stream = TcpStream::connect(&address).await.unwrap();
        let request = format!("GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        timeout(LIMIT, stream.read_to_string(&mut answer)).await.unwrap().unwrap();
        answer
    };
    assert!(ask("news.example:443").await.starts_with("HTTP/1.1 200 "));
    let turned_away = ask("evil.example").await;
    assert!(turned_away.starts_with("HTTP/1.1 421 ") && turned_away.contains("KOS_SITE_HOSTS"), "{turned_away}");
}
